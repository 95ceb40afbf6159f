"""Music of one's own: any MIDI file or score as a part array.

A file is read as the corpus is: its tracks are given to the four parts by name, program, register. Where that fails,
the user says which tracks play the parts, or has all notes spread over them.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import symusic

from quartetvae import codec, corpus, midi, parts, score
from quartetvae.codec import PART_NAMES, PARTS
from quartetvae.dataset import Grid, Piece
from quartetvae.errors import CorpusError
from quartetvae.midi import Midi
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
    return Heard(path.name, music, parts.assign(music))


def piece(path: Path, grid: Grid, *, tracks: Sequence[int] | None = None, spread: bool = False) -> Piece:
    """A file as a part array.

    Parameters
    ----------
    tracks
        Numbers of the tracks that play violin I, violin II, viola and cello, as `hear` counts them; None to find out.
    spread
        Where no quartet is found, give every note to the part that it fits, whatever its track: for a melody, a piano
        piece, a score with more or fewer parts. Chords go to several parts, from the top down.

    Raises
    ------
    CorpusError
        If no quartet is found, with its tracks and what can be done; or if `tracks` are not four of them with notes.
    """
    heard = hear(path)
    music = heard.music
    if tracks is not None:
        notes = _chosen(heard, tracks)
    elif heard.found.refusal is None:
        notes = parts.merge(music.tracks, heard.found.parts)
    elif spread:
        notes = spread_over_parts(
            [track.notes for track in music.tracks if not track.is_drum], within=max(1, music.ticks_per_beat // 16)
        )
        if not sum(map(len, notes)):
            raise CorpusError(f"{heard.name}: no notes but those of drums; notes with pitches are needed.")
    else:
        raise CorpusError(
            f"{heard.name}: no quartet found ({heard.found.refusal}). Its tracks: {_listed(heard)}. Say which of them "
            f"play {', '.join(PART_NAMES)} (--parts {example(heard)}), or spread all notes over four parts (--spread)."
        )
    tokens, _ = codec.encode(
        notes, ticks_per_beat=music.ticks_per_beat, steps_per_beat=grid.steps_per_beat, alphabet=grid.alphabet
    )
    bars = corpus.bar_numbers(music, steps=len(tokens), steps_per_beat=grid.steps_per_beat)
    # A name may have what no text may: bytes that are not UTF-8, control characters.
    title = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in path.stem)
    return Piece(title, "", title, tokens, bars)


def tempo_qpm(path: Path) -> float | None:
    """The first tempo of a MIDI file, in quarter notes per minute; None for a score, or if there is none in reach."""
    if path.suffix.lower() not in MIDI_SUFFIXES:
        return None
    tempos = symusic.Score(str(path)).tempos
    return float(tempos[0].qpm) if len(tempos) and 1 <= tempos[0].qpm <= 1000 else None


def _listed(heard: Heard) -> str:
    return "; ".join(heard.track(number) for number in playing(heard))


def playing(heard: Heard) -> list[int]:
    """The numbers of the tracks with notes."""
    # A track without notes may stand beside each: symusic makes one of controllers set before the program (MuseScore).
    return [number for number, track in enumerate(heard.music.tracks) if len(track.notes)]


def example(heard: Heard) -> str:
    """Four of its tracks, as `--parts` takes them."""
    pitched = [number for number in playing(heard) if not heard.music.tracks[number].is_drum]
    return ",".join(map(str, pitched[: len(PARTS)] if len(pitched) >= len(PARTS) else range(len(PARTS))))


def _chosen(heard: Heard, tracks: Sequence[int]) -> list[Notes]:
    if len(tracks) != len(PARTS) or len(set(tracks)) < len(PARTS) or not set(tracks) <= set(playing(heard)):
        asked = ",".join(map(str, tracks)) or "none"
        raise CorpusError(
            f"{heard.name}: tracks {asked} found; four different ones are needed, for {', '.join(PART_NAMES)}, of: "
            f"{_listed(heard)}."
        )
    return [heard.music.tracks[number].notes for number in tracks]


def spread_over_parts(tracks: Sequence[Notes], *, within: int = 1) -> list[Notes]:
    """The notes of any number of tracks as those of four parts, in the order of `PARTS`.

    Of notes that begin together the highest goes to the highest part that plays, and so on downwards, each note to one
    part; which parts play is what leads to the smallest leaps, from each part's last note and the middle of its range.
    Of more than four, the highest, the lowest and the two next to the highest stay. Notes that begin less than `within`
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
        if len(together) > len(PARTS):
            together = together[[0, 1, 2, len(together) - 1]]
        best = min(
            itertools.combinations(PARTS, len(together)),
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
