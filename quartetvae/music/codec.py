"""Codec between notes and part arrays.

Conventions
-----------
A part array is uint8, shape (steps, 4): a row per grid step, a column per part in the order of the ensemble. A cell is
a pitch token (0 is the lowest pitch of the alphabet), `alphabet.rest`, or `alphabet.sustain` (the note above goes on).
The grid has `steps_per_beat` steps to a quarter note; onsets and ends are rounded to it, halves upwards.

Lossy on purpose
----------------
- Of a chord (notes of one part with one onset) the lowest note stays.
- Of several notes that round to one step, the one nearest to the grid stays.
- A note lasts until its end or the part's next onset, and for one step at least.
- A pitch outside the range is moved by octaves. All of this is counted.

Differs from the paper's code
-----------------------------
Onsets are rounded, not truncated; an array is as long as its music; a leading SUSTAIN decodes as a rest, so that parts
never drift apart; the last note of a part keeps its length; the alphabet is fixed, not what training has seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import CodecError
from quartetvae.music.ensemble import VOICES
from quartetvae.music.notes import Notes, make_notes

Tokens = NDArray[np.uint8]


@dataclass(frozen=True)
class Alphabet:
    """The symbols of a part array: the pitches `pitch_min` to `pitch_max` (MIDI numbers), rest and sustain."""

    pitch_min: int
    pitch_max: int

    def __post_init__(self) -> None:
        if not 0 <= self.pitch_min <= self.pitch_max - 11 <= 127 - 11:
            raise CodecError(
                f"pitch range {self.pitch_min}..{self.pitch_max}: an octave at least, within 0..127, is needed."
            )

    @property
    def pitches(self) -> int:
        """How many pitches; the pitch tokens are 0 to `pitches` - 1."""
        return self.pitch_max - self.pitch_min + 1

    @property
    def rest(self) -> int:
        """The token of silence."""
        return self.pitches

    @property
    def sustain(self) -> int:
        """The token of a note held on."""
        return self.pitches + 1

    @property
    def size(self) -> int:
        """How many symbols in all."""
        return self.pitches + 2


@dataclass(frozen=True)
class Losses:
    """What encoding a piece or part changed, as counts of notes."""

    notes: int = 0
    off_grid: int = 0
    """Onsets that are not on a grid step."""
    moved_into_range: int = 0
    dropped_from_chords: int = 0
    merged_on_grid: int = 0
    """Notes left out because a nearer note of the part rounds to the same step."""

    @property
    def lost(self) -> int:
        """Notes that the grid does not hold."""
        return self.dropped_from_chords + self.merged_on_grid

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(
            self.notes + other.notes,
            self.off_grid + other.off_grid,
            self.moved_into_range + other.moved_into_range,
            self.dropped_from_chords + other.dropped_from_chords,
            self.merged_on_grid + other.merged_on_grid,
        )


def to_steps(ticks: NDArray[np.int64], *, ticks_per_beat: int, steps_per_beat: int) -> NDArray[np.int64]:
    """Round times in ticks to grid steps, halves upwards, in integer arithmetic."""
    return (2 * ticks * steps_per_beat + ticks_per_beat) // (2 * ticks_per_beat)


def encode(
    parts: Sequence[Notes], *, ticks_per_beat: int, steps_per_beat: int, alphabet: Alphabet
) -> tuple[Tokens, Losses]:
    """Encode the notes of four parts.

    Parameters
    ----------
    parts
        Four arrays of notes (dtype `notes.NOTE`), in the order of the ensemble.

    Returns
    -------
    tokens, losses
        uint8, shape (steps, 4), as long as the last note, and what was changed on the way.

    Raises
    ------
    CodecError
        If there are not four parts, or no notes at all.
    """
    if len(parts) != VOICES:
        raise CodecError(f"{len(parts)} parts found; {VOICES} are needed, in the order of the ensemble.")
    columns = [_place(notes, ticks_per_beat, steps_per_beat, alphabet) for notes in parts]
    steps = max((int(ends.max()) for _, ends, _, _ in columns if len(ends)), default=0)
    if steps == 0:
        raise CodecError("no notes in any of the four parts; a piece needs one at least.")
    tokens = np.full((steps, VOICES), alphabet.rest, dtype=np.uint8)
    for column, (onsets, ends, pitches, _) in enumerate(columns):
        for onset, end, pitch in zip(onsets, ends, pitches, strict=True):
            tokens[onset, column] = pitch
            tokens[onset + 1 : end, column] = alphabet.sustain
    return tokens, sum((losses for _, _, _, losses in columns), Losses())


def _place(
    notes: Notes, ticks_per_beat: int, steps_per_beat: int, alphabet: Alphabet
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Losses]:
    """Find the onset steps, end steps and pitch tokens of one part, a note at a time; and what was lost."""
    notes = notes[np.lexsort((notes["pitch"], notes["onset"]))]
    count = len(notes)
    lowest = notes[np.concatenate([[True], np.diff(notes["onset"]) > 0])] if count else notes

    onsets = to_steps(lowest["onset"], ticks_per_beat=ticks_per_beat, steps_per_beat=steps_per_beat)
    distance = np.abs(onsets * ticks_per_beat - lowest["onset"] * steps_per_beat)
    order = np.lexsort((lowest["onset"], distance, onsets))
    _, first = np.unique(onsets[order], return_index=True)
    kept = order[first]

    onsets = onsets[kept]
    ends = to_steps(
        lowest["onset"][kept] + lowest["duration"][kept],
        ticks_per_beat=ticks_per_beat,
        steps_per_beat=steps_per_beat,
    )
    ends = np.maximum(ends, onsets + 1)
    ends[:-1] = np.minimum(ends[:-1], onsets[1:])

    pitches = lowest["pitch"][kept].astype(np.int64)
    below = np.maximum(0, -(-(alphabet.pitch_min - pitches) // 12))
    above = np.maximum(0, -(-(pitches - alphabet.pitch_max) // 12))
    pitches = pitches + 12 * (below - above)

    return (
        onsets,
        ends,
        pitches - alphabet.pitch_min,
        Losses(
            notes=count,
            off_grid=int((notes["onset"] * steps_per_beat % ticks_per_beat != 0).sum()),
            moved_into_range=int(((below > 0) | (above > 0)).sum()),
            dropped_from_chords=count - len(lowest),
            merged_on_grid=len(lowest) - len(kept),
        ),
    )


def onset_mask(tokens: Tokens, alphabet: Alphabet) -> NDArray[np.bool_]:
    """Tell which cells of part arrays (any shape) are note onsets."""
    return tokens < alphabet.rest


def decode(tokens: Tokens, alphabet: Alphabet) -> list[Notes]:
    """Decode a part array to the notes of its four parts; times are in steps.

    A sustain that follows no note of its part is a rest.

    Raises
    ------
    CodecError
        If the array is not (steps, 4) or holds a token outside the alphabet.
    """
    check(tokens, alphabet)
    parts = []
    for column in tokens.T:
        onsets = np.flatnonzero(column < alphabet.rest)
        # A note ends at the first cell after its onset that is no sustain.
        stops = np.append(np.flatnonzero(column != alphabet.sustain), len(column))
        ends = stops[np.searchsorted(stops, onsets, side="right")]
        parts.append(make_notes(onsets, ends - onsets, column[onsets].astype(np.int64) + alphabet.pitch_min))
    return parts


def check(tokens: Tokens, alphabet: Alphabet) -> None:
    """Raise `CodecError` unless `tokens` is a part array over `alphabet`."""
    if tokens.ndim != 2 or tokens.shape[1] != VOICES:
        raise CodecError(f"part array of shape {tokens.shape} found; (steps, {VOICES}) is needed.")
    if tokens.size and int(tokens.max()) >= alphabet.size:
        raise CodecError(
            f"token {int(tokens.max())} found; the alphabet of pitches {alphabet.pitch_min} to "
            f"{alphabet.pitch_max} has the tokens 0 to {alphabet.size - 1}."
        )


def check_phrases(phrases: Tokens, alphabet: Alphabet) -> None:
    """Raise `CodecError` unless `phrases` is (phrases, steps, 4) with tokens of `alphabet`."""
    if phrases.ndim != 3 or phrases.shape[-1] != VOICES:
        raise CodecError(
            f"phrases of shape {phrases.shape} found; (phrases, steps, {VOICES}) is needed: "
            "give a single part array as tokens[np.newaxis]."
        )
    check(phrases.reshape(-1, VOICES), alphabet)
