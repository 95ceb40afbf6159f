"""Music of one's own: any MIDI file or score as a part array.

A file is read as the corpus is: its tracks are given to the four parts by name, program, register. Where that fails,
the user says which tracks play the parts, or has all notes spread over them.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido
import numpy as np

from quartetvae import codec, corpus, midi, parts, score
from quartetvae.codec import PART_NAMES, PARTS, PROGRAMS
from quartetvae.dataset import Grid, Piece
from quartetvae.errors import CorpusError
from quartetvae.midi import Midi, Track
from quartetvae.notes import Notes, make_notes

MIDI_SUFFIXES = (".mid", ".midi")

CENTRES = {"violin_1": 76, "violin_2": 69, "viola": 62, "cello": 50}
"""MIDI pitches about which the parts of quartets lie, for notes that belong to none yet."""


@dataclass(frozen=True)
class Heard:
    """A file's music, and whose part each of its tracks is."""

    name: str
    music: Midi
    found: parts.Assignment

    def track(self, number: int) -> str:
        """A line on a track: its number, name, program and notes."""
        of = self.music.tracks[number]
        kind = "drums" if of.is_drum else f"program {of.program}"
        return f"{number} {of.name or 'unnamed'} ({kind}, {len(of.notes)} notes)"


def hear(path: Path) -> Heard:
    """Read a MIDI file (.mid, .midi) or score (.xml, .musicxml, .mxl, .krn) and find its parts.

    Raises
    ------
    CorpusError, MidiError, ScoreError
        If it is of another kind, missing, damaged, or has no notes.
    """
    suffix = path.suffix.lower()
    if suffix in MIDI_SUFFIXES:
        music = midi.read(path)
    elif suffix in score.SUFFIXES:
        music = score.read(path)
    else:
        kinds = ", ".join((*MIDI_SUFFIXES, *score.SUFFIXES))
        raise CorpusError(f"{path.name}: neither MIDI nor a score by its name; one of {kinds} is needed.")
    if music.end == 0:
        raise CorpusError(f"{path.name}: no notes; a file with notes is needed.")
    if music.ticks_per_beat < 1:
        raise CorpusError(
            f"{path.name}: a beat of {music.ticks_per_beat} ticks; 1 at least is needed: export it again."
        )
    heard = Heard(path.name, music, parts.assign(music))
    return heard if heard.found.refusal is None else _with_silent_parts(path, heard)


def _with_silent_parts(path: Path, heard: Heard) -> Heard:
    """The same, if that makes a quartet with the tracks that bear a part's name and have no note: parts that rest."""
    silent = [track for track in heard.music.tracks if not len(track.notes)]
    if path.suffix.lower() in MIDI_SUFFIXES:
        # symusic leaves them out.
        silent = [Track(name, PROGRAMS[0], False, make_notes([], [], [])) for name in _names_without_notes(path)]
    silent = [track for track in silent if parts.part_by_name(track.name)]
    sounding = tuple(track for track in heard.music.tracks if len(track.notes))
    one = make_notes([0], [1], [60])
    probe = replace(heard.music, tracks=(*sounding, *(replace(track, notes=one) for track in silent)))
    found = parts.assign(probe)
    if not silent or found.refusal is not None:
        return heard
    return Heard(heard.name, replace(heard.music, tracks=(*sounding, *silent)), found)


def _names_without_notes(path: Path) -> list[str]:
    try:
        tracks = mido.MidiFile(path, clip=True).tracks
    # Whatever mido refuses, and symusic did not.
    except Exception:
        return []
    return [track.name for track in tracks if track.name and not any(message.type == "note_on" for message in track)]


def piece(path: Path, grid: Grid, *, tracks: Sequence[int] | None = None, spread: bool = False) -> Piece:
    """A file as a part array.

    Parameters
    ----------
    tracks
        Numbers of the tracks that play violin I, violin II, viola and cello, as `hear` counts them; None to find out.
    spread
        Where no quartet is found, make four parts all the same: of a melody, a piano piece, a score with more or fewer
        parts. Tracks that have a part keep it, single lines go to the free part that lies nearest, and the notes of
        what plays chords are spread over the parts left (`spread_over_parts`); over all four, if none are left.

    Raises
    ------
    CorpusError
        If no quartet is found, with its tracks and what can be done; or if `tracks` are not four of them with notes.
    """
    return as_piece(hear(path), grid, tracks=tracks, spread=spread)


def as_piece(heard: Heard, grid: Grid, *, tracks: Sequence[int] | None = None, spread: bool = False) -> Piece:
    """The same of a file that has been read."""
    music = heard.music
    if tracks is not None:
        notes = _chosen(heard, tracks)
    elif heard.found.refusal is None:
        notes = parts.merge(music.tracks, heard.found.parts)
    elif spread:
        notes = _spread(heard)
        if not sum(map(len, notes)):
            raise CorpusError(f"{heard.name}: no notes but those of drums; notes with pitches are needed.")
    else:
        raise CorpusError(
            f"{heard.name}: no quartet found ({heard.found.refusal}). Its tracks: {_listed(heard)}. {advice(heard)}"
        )
    tokens, _ = codec.encode(
        notes, ticks_per_beat=music.ticks_per_beat, steps_per_beat=grid.steps_per_beat, alphabet=grid.alphabet
    )
    bars = corpus.bar_numbers(music, steps=len(tokens), steps_per_beat=grid.steps_per_beat)
    # A name may have what no text may: bytes that are not UTF-8, control characters.
    title = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in Path(heard.name).stem)
    return Piece(title, "", title, tokens, bars)


def tempo_qpm(music: Midi, *, from_beat: int = 0, beats: float | None = None) -> float | None:
    """The tempo of music in quarter notes per minute; None if it says none within 1..1000.

    It is the one at which an excerpt (by default all of it) lasts as long as with all its changes of tempo.
    """
    said = [tempo for tempo in music.tempos if 1 <= tempo.qpm <= 1000]
    if not said:
        return None
    start = from_beat * music.ticks_per_beat
    stop = max(start + 1, music.end if beats is None else start + round(beats * music.ticks_per_beat))
    # What comes before the first goes at its tempo.
    since = np.clip([start, *(tempo.tick for tempo in said[1:]), stop], start, stop)
    seconds = np.diff(since) / np.array([tempo.qpm for tempo in said])
    return float((stop - start) / seconds.sum())


def _listed(heard: Heard) -> str:
    return "; ".join(heard.track(number) for number in playing(heard))


def playing(heard: Heard) -> list[int]:
    """The numbers of the tracks with notes."""
    # A track without notes may stand beside each: symusic makes one of controllers set before the program (MuseScore).
    return [number for number, track in enumerate(heard.music.tracks) if len(track.notes)]


def advice(heard: Heard) -> str:
    """What can be done about a file that is no quartet."""
    pitched = [number for number in playing(heard) if not heard.music.tracks[number].is_drum]
    if len(pitched) < len(PARTS):
        return "Make four parts of its notes by --spread."
    example = ",".join(map(str, pitched[: len(PARTS)]))
    return (
        f"Say which of them play {', '.join(PART_NAMES)} (--parts {example}), or make four parts of all notes "
        "(--spread)."
    )


def _chosen(heard: Heard, tracks: Sequence[int]) -> list[Notes]:
    if len(tracks) != len(PARTS) or len(set(tracks)) < len(PARTS) or not set(tracks) <= set(playing(heard)):
        asked = ",".join(map(str, tracks)) or "none"
        raise CorpusError(
            f"{heard.name}: tracks {asked} asked for; four different ones are needed, for {', '.join(PART_NAMES)}, of: "
            f"{_listed(heard)}."
        )
    return [heard.music.tracks[number].notes for number in tracks]


def _spread(heard: Heard) -> list[Notes]:
    """Four parts of any tracks."""
    music, within = heard.music, max(1, heard.music.ticks_per_beat // 16)
    pitched = [k for k in playing(heard) if not music.tracks[k].is_drum]
    # A player's double stops are few; a track of chords is more than its one part, whatever its name.
    kept = [
        part if part and _alone(track.notes, within) >= 0.5 else None
        for track, part in zip(music.tracks, heard.found.parts, strict=True)
    ]
    taken = dict(zip(PARTS, parts.merge(music.tracks, kept), strict=True))
    free = [part for part in PARTS if not len(taken[part])]
    left = [k for k in pitched if kept[k] is None]
    lines = [k for k in left if _alone(music.tracks[k].notes, within) == 1]
    chords = [music.tracks[k].notes for k in left if k not in lines]
    if len(lines) + bool(chords) > len(free):
        return spread_over_parts([music.tracks[k].notes for k in pitched], within=within)
    for k in sorted(lines, key=lambda k: -float(music.tracks[k].notes["pitch"].mean())):
        mean = float(music.tracks[k].notes["pitch"].mean())
        nearest = min(free, key=lambda part: abs(CENTRES[part] - mean))
        taken[nearest] = music.tracks[k].notes
        free.remove(nearest)
    if chords:
        found = dict(zip(PARTS, spread_over_parts(chords, among=free, within=within), strict=True))
        taken |= {part: found[part] for part in free}
    return [taken[part] for part in PARTS]


def _alone(notes: Notes, within: int) -> float:
    """The share of notes with which no other begins; 1 without any."""
    apart = np.concatenate([[True], np.diff(np.sort(notes["onset"])) >= within, [True]])
    return float((apart[:-1] & apart[1:])[: len(notes)].mean()) if len(notes) else 1.0


def spread_over_parts(tracks: Sequence[Notes], *, among: Sequence[str] = PARTS, within: int = 1) -> list[Notes]:
    """The notes of any number of tracks as those of four parts, in the order of `PARTS`, of which `among` play.

    Of notes that begin together the highest goes to the highest part that plays, and so on downwards, each note to one
    part; which parts play is what leads to the smallest leaps, from each part's last note and the middle of its range.
    Of more than there are parts the highest ones and the lowest stay. Notes that begin less than `within`
    ticks after the first of them begin together: fingers do not come down at once.
    """
    every = np.concatenate([make_notes([], [], []), *tracks])
    every = every[np.lexsort((every["pitch"], every["onset"]))]
    last = {part: float(CENTRES[part]) for part in PARTS}
    taken: dict[str, list[Notes]] = {part: [] for part in PARTS}
    begins: list[int] = []
    for place, onset in enumerate(every["onset"].tolist()):
        if not begins or onset - every["onset"][begins[-1]] >= within:
            begins.append(place)
    for chord in np.split(every, begins[1:]) if begins else []:
        together = chord[np.argsort(chord["pitch"], kind="stable")][::-1]
        _, first = np.unique(together["pitch"], return_index=True)
        together = together[np.sort(first)]
        if len(together) > len(among):
            together = together[[*range(len(among) - 1), len(together) - 1]]
        best = min(
            itertools.combinations(among, len(together)),
            key=lambda playing: _leaps(together["pitch"].tolist(), playing, last),
        )
        for part, note in zip(best, together, strict=True):
            taken[part].append(note.reshape(1))
            last[part] = float(note["pitch"])
    return [np.concatenate([make_notes([], [], []), *taken[part]]) for part in PARTS]


def _leaps(pitches: Sequence[int], playing: Sequence[str], last: dict[str, float]) -> float:
    return sum(
        abs(pitch - last[part]) + abs(pitch - CENTRES[part]) for pitch, part in zip(pitches, playing, strict=True)
    )
