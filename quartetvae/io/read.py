"""Any file of music as a part array.

A file is read as the corpus is: its tracks are given to the four parts by name, program, register. Where that fails,
the user says which tracks play the parts, or has all notes spread over them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido

from quartetvae.errors import CorpusError
from quartetvae.io import midi, scores
from quartetvae.music import arrangement, codec, metre, part_assignment
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES, Ensemble
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.part_assignment import Assignment
from quartetvae.music.quartet import Grid, Piece
from quartetvae.music.tracks import Music, Track

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
        return f"{number} {track.name or 'unnamed'} ({kind}, {len(track.notes)} notes)"


def read(path: Path, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> MusicFile:
    """Read a MIDI file (.mid, .midi) or score (.xml, .musicxml, .mxl, .krn) and find the parts of an ensemble.

    Raises
    ------
    CorpusError, MidiError, ScoreError
        If it is of another kind, missing, damaged, or has no notes.
    """
    suffix = path.suffix.lower()
    if suffix in MIDI_SUFFIXES:
        music = midi.read(path)
    elif suffix in scores.SUFFIXES:
        music = scores.read(path, ensemble=ensemble)
    else:
        kinds = ", ".join((*MIDI_SUFFIXES, *scores.SUFFIXES))
        raise CorpusError(f"{path.name}: neither MIDI nor a score by its name; one of {kinds} is needed.")
    if music.end == 0:
        raise CorpusError(f"{path.name}: no notes; a file with notes is needed.")
    if music.ticks_per_beat < 1:
        raise CorpusError(
            f"{path.name}: a beat of {music.ticks_per_beat} ticks; 1 at least is needed: export it again."
        )
    file = MusicFile(path.name, music, part_assignment.assign(music, ensemble=ensemble), ensemble)
    return file if file.assignment.refusal is None else _with_silent_parts(path, file)


def _with_silent_parts(path: Path, file: MusicFile) -> MusicFile:
    """Add the tracks that bear a part's name and have no note, parts that rest, if that makes an ensemble."""
    ensemble = file.ensemble
    silent = [track for track in file.music.tracks if not len(track.notes)]
    if path.suffix.lower() in MIDI_SUFFIXES:
        # symusic leaves them out.
        program = ensemble.programs[0]
        silent = [Track(name, program, False, make_notes([], [], [])) for name in _names_without_notes(path)]
    silent = [track for track in silent if ensemble.part_by_name(track.name)]
    sounding = tuple(track for track in file.music.tracks if len(track.notes))
    one = make_notes([0], [1], [60])
    probe = replace(file.music, tracks=(*sounding, *(replace(track, notes=one) for track in silent)))
    found = part_assignment.assign(probe, ensemble=ensemble)
    if not silent or found.refusal is not None:
        return file
    return replace(file, music=replace(file.music, tracks=(*sounding, *silent)), assignment=found)


def _names_without_notes(path: Path) -> list[str]:
    try:
        tracks = mido.MidiFile(path, clip=True).tracks
    # Whatever mido refuses, and symusic did not.
    except Exception:
        return []
    return [track.name for track in tracks if track.name and not any(message.type == "note_on" for message in track)]


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
    music, assignment = file.music, file.assignment
    if tracks is not None:
        notes = _chosen(file, tracks)
    elif assignment.refusal is None:
        notes = part_assignment.merge(music.tracks, assignment.parts, ensemble=file.ensemble)
    elif spread:
        notes = arrangement.spread(music, assignment.parts, ensemble=file.ensemble)
        if not sum(map(len, notes)):
            raise CorpusError(f"{file.name}: no notes but those of drums; notes with pitches are needed.")
    else:
        raise CorpusError(
            f"{file.name}: no quartet found ({assignment.refusal}). Its tracks: {_listed(file)}. {remedy(file)}"
        )
    tokens, _ = codec.encode(
        notes, ticks_per_beat=music.ticks_per_beat, steps_per_beat=grid.steps_per_beat, alphabet=grid.alphabet
    )
    bars = metre.bar_numbers(music, steps=len(tokens), steps_per_beat=grid.steps_per_beat)
    # A name may have what no text may: bytes that are not UTF-8, control characters.
    title = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in Path(file.name).stem)
    return Piece(title, "", title, tokens, bars)


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
