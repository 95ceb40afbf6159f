"""Any file of music as a part array.

A file is read as the corpus is: its tracks are given to the four parts by name, program, register. Where that fails,
the user says which tracks play the parts, or has all notes spread over them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quartetvae.errors import CorpusError
from quartetvae.io import midi, scores
from quartetvae.music import arrangement, codec, metre, part_assignment
from quartetvae.music.codec import Losses
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES, Ensemble
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.part_assignment import Assignment
from quartetvae.music.quartet import Grid, Piece
from quartetvae.music.tracks import Music

MIDI_SUFFIXES = (".mid", ".midi")


@dataclass(frozen=True)
class MusicFile:
    """A file's music, and whose part each of its tracks is."""

    name: str
    music: Music
    assignment: Assignment
    ensemble: Ensemble

    def track_label(self, number: int) -> str:
        """Tell about a track in a line: its number, name, program and notes."""
        track = self.music.tracks[number]
        kind = "drums" if track.is_drum else f"program {track.program}"
        notes = f"{len(track.notes)} note{'s' if len(track.notes) != 1 else ''}"
        return f"{number} {track.name or 'unnamed'} ({kind}, {notes})"


@dataclass(frozen=True)
class Lost:
    """What becomes of a file's notes on the way to a part array."""

    losses: Losses
    """Of the notes of the four parts."""
    of_no_part: int
    """Notes of tracks that no part has, or for which four parts have no room."""
    left_out: Mapping[str, int]
    """What was not read on purpose; see `quartetvae.music.tracks.Music`."""
    steps_per_beat: int
    """Of the grid."""

    def lines(self) -> list[str]:
        """Say in words what is lost; nothing if nothing is.

        >>> Lost(Losses(notes=1200, dropped_from_chords=10, merged_on_grid=2), 0, {}, 4).lines()
        ['of 1,200 notes 12 are lost on the grid of 4 steps a beat: 10 of chords, 2 merged']
        """
        found = []
        losses = self.losses
        gone = losses.lost
        if gone or losses.moved_into_range:
            kinds = {"of chords": losses.dropped_from_chords, "merged": losses.merged_on_grid}
            told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
            line = f"of {_counted(losses.notes)} {gone:,} {'is' if gone == 1 else 'are'} lost on the grid of "
            line += f"{self.steps_per_beat} steps a beat" + (f": {told}" if told else "")
            found.append(line + (f"; {losses.moved_into_range:,} moved by octaves" if losses.moved_into_range else ""))
        if self.of_no_part:
            found.append(f"{_counted(self.of_no_part)} of no part left out")
        if self.left_out:
            told = ", ".join(
                f"{count:,} {kind.removesuffix('s') if count == 1 else kind}" for kind, count in self.left_out.items()
            )
            found.append(f"not read: {told}")
        return found


def _counted(notes: int) -> str:
    return f"{notes:,} note{'' if notes == 1 else 's'}"


def read(path: Path, *, label: str = "", ensemble: Ensemble = DEFAULT_ENSEMBLE) -> MusicFile:
    """Read a MIDI file (.mid, .midi) or score (.xml, .musicxml, .mxl, .krn) and find the parts of an ensemble.

    Whatever asks whose part is which asks here: commands, features, the filter of a corpus.

    Parameters
    ----------
    label
        What the corpus' metadata call the ensemble; "" if unknown.

    Raises
    ------
    CorpusError, MidiError, ScoreError
        If it is of another kind, missing, damaged, or has no notes.
    """
    suffix = path.suffix.lower()
    if suffix in MIDI_SUFFIXES:
        music = midi.read(path, ensemble=ensemble)
    elif suffix in scores.SUFFIXES:
        music = scores.read(path, ensemble=ensemble)
    else:
        kinds = ", ".join((*MIDI_SUFFIXES, *scores.SUFFIXES))
        raise CorpusError(f"{path.name}: neither MIDI nor a score by its name; one of {kinds} is needed.")
    return of_music(path.name, music, label=label, ensemble=ensemble)


def of_music(name: str, music: Music, *, label: str = "", ensemble: Ensemble = DEFAULT_ENSEMBLE) -> MusicFile:
    """Find the parts of an ensemble in music that has been read; `name` is the file's. See `read`."""
    if music.end == 0:
        raise CorpusError(f"{name}: no notes; a file with notes is needed.")
    if music.ticks_per_beat < 1:
        raise CorpusError(f"{name}: a beat of {music.ticks_per_beat} ticks; 1 at least is needed: export it again.")
    assignment = part_assignment.assign(music, label=label, ensemble=ensemble)
    file = MusicFile(name, music, assignment, ensemble)
    return file if assignment.refusal is None else _with_silent_parts(file, label)


def _with_silent_parts(file: MusicFile, label: str) -> MusicFile:
    """Let the tracks that bear the name of a part not found, and have no note, be parts that rest, if that is all."""
    ensemble = file.ensemble
    tracks = list(file.music.tracks)
    absent = set(ensemble.ids) - set(file.assignment.parts)
    one = make_notes([0], [1], [60])
    for number, track in enumerate(tracks):
        part = None if len(track.notes) else ensemble.part_by_name(track.name)
        if part in absent:
            absent.remove(part)
            tracks[number] = replace(track, notes=one)
    found = part_assignment.assign(replace(file.music, tracks=tuple(tracks)), label=label, ensemble=ensemble)
    return file if found.refusal is not None else replace(file, assignment=found)


def read_piece(
    path: Path,
    grid: Grid,
    *,
    tracks: Sequence[int] | None = None,
    spread: bool = False,
    ensemble: Ensemble = DEFAULT_ENSEMBLE,
) -> Piece:
    """Read a file as a part array.

    Parameters
    ----------
    tracks
        Numbers of the tracks that play the four parts, from the top down, as `read` counts them; None to find out.
    spread
        Where the parts are not found, make four parts all the same: of a melody, a piano piece, a score with more or
        fewer parts; see `quartetvae.music.arrangement`.

    Raises
    ------
    CorpusError
        If the parts are not found, with the tracks and what can be done; or if `tracks` are not four of them with
        notes.
    """
    return to_piece(read(path, ensemble=ensemble), grid, tracks=tracks, spread=spread)


def to_piece(file: MusicFile, grid: Grid, *, tracks: Sequence[int] | None = None, spread: bool = False) -> Piece:
    """Encode a file that has been read; see `read_piece`."""
    return encode(file, grid, tracks=tracks, spread=spread)[0]


def encode(
    file: MusicFile, grid: Grid, *, tracks: Sequence[int] | None = None, spread: bool = False
) -> tuple[Piece, Lost]:
    """Encode a file that has been read, and count what is lost; see `read_piece`."""
    music = file.music
    notes = part_notes(file, tracks=tracks, spread=spread)
    tokens, losses = codec.encode(
        notes,
        ticks_per_beat=music.ticks_per_beat,
        steps_per_beat=grid.steps_per_beat,
        alphabet=grid.alphabet,
        chords=grid.chords,
    )
    bars = metre.bar_numbers(music, steps=len(tokens), steps_per_beat=grid.steps_per_beat)
    lost = Lost(losses, of_no_part(file, notes), music.left_out, grid.steps_per_beat)
    return Piece(title(file), "", title(file), tokens, bars), lost


def part_notes(file: MusicFile, *, tracks: Sequence[int] | None = None, spread: bool = False) -> list[Notes]:
    """Take the notes of the four parts, in ticks of `file.music`; see `read_piece`."""
    music, assignment = file.music, file.assignment
    if tracks is not None:
        return _chosen(file, tracks)
    if assignment.refusal is None:
        return part_assignment.merge(music.tracks, assignment.parts, ensemble=file.ensemble)
    if not spread:
        raise CorpusError(
            f"{file.name}: no quartet found ({assignment.refusal}). Its tracks: {_listed(file)}. {remedy(file)}"
        )
    notes = arrangement.spread(music, assignment.parts, ensemble=file.ensemble)
    if not sum(map(len, notes)):
        raise CorpusError(f"{file.name}: no notes but those of drums; notes with pitches are needed.")
    return notes


def melody(file: MusicFile, grid: Grid, *, part: int, track: int | None = None) -> Piece:
    """Encode one line of a file as a part, the others resting.

    Parameters
    ----------
    part
        Which it becomes, from the top down.
    track
        The number of the track that has it; by default that of the part, in a file of a quartet, or the only one.

    Raises
    ------
    CorpusError
        If there are several tracks and none is told, or the one that is has no notes.
    """
    music = file.music
    pitched = [number for number in music.playing if not music.tracks[number].is_drum]
    if track is not None:
        if track not in pitched:
            raise CorpusError(f"{file.name}: track {track} asked for; one with notes is needed, of: {_listed(file)}.")
        line = music.tracks[track].notes
    elif file.assignment.refusal is None:
        line = part_assignment.merge(music.tracks, file.assignment.parts, ensemble=file.ensemble)[part]
    elif len(pitched) == 1:
        line = music.tracks[pitched[0]].notes
    else:
        raise CorpusError(
            f"{file.name}: no quartet, and {len(pitched)} tracks that may be the melody; say which (--track): "
            f"{_listed(file)}."
        )
    if not len(line):
        raise CorpusError(f"{file.name}: no notes in {file.ensemble.ids[part]}; choose another part or track.")
    silent = make_notes([], [], [])
    tokens, _ = codec.encode(
        [line if number == part else silent for number in range(VOICES)],
        ticks_per_beat=music.ticks_per_beat,
        steps_per_beat=grid.steps_per_beat,
        alphabet=grid.alphabet,
        chords=grid.chords,
    )
    bars = metre.bar_numbers(music, steps=len(tokens), steps_per_beat=grid.steps_per_beat)
    return Piece(title(file), "", title(file), tokens, bars)


def title(file: MusicFile) -> str:
    """Make a title of a file's name, which may have what no text may: bytes that are not UTF-8, control characters."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in Path(file.name).stem)


def of_no_part(file: MusicFile, parts: Sequence[Notes]) -> int:
    """Count the notes with pitches that none of the parts has."""
    pitched = sum(len(track.notes) for track in file.music.tracks if not track.is_drum)
    return max(0, pitched - sum(map(len, parts)))


def _listed(file: MusicFile) -> str:
    return "; ".join(file.track_label(number) for number in file.music.playing)


def remedy(file: MusicFile) -> str:
    """Say what can be done about a file in which the four parts are not found."""
    pitched = [number for number in file.music.playing if not file.music.tracks[number].is_drum]
    if len(pitched) < VOICES:
        return "Make four parts of its notes by --spread."
    example = ",".join(map(str, pitched[:VOICES]))
    return (
        f"Say which of them play {', '.join(file.ensemble.names)} (--parts {example}), or make four parts of all notes "
        "(--spread)."
    )


def _chosen(file: MusicFile, tracks: Sequence[int]) -> list[Notes]:
    if len(tracks) != VOICES or len(set(tracks)) < VOICES or not set(tracks) <= set(file.music.playing):
        asked = ",".join(map(str, tracks)) or "none"
        raise CorpusError(
            f"{file.name}: tracks {asked} asked for; four different ones are needed, for "
            f"{', '.join(file.ensemble.names)}, of: {_listed(file)}."
        )
    return [file.music.tracks[number].notes for number in tracks]
