"""Codec between notes and part arrays.

Conventions
-----------
A part array is uint8, shape (steps, columns): a row per grid step, a column per part in the order of the ensemble. A
cell is a pitch token (0 is the lowest pitch of the alphabet), `alphabet.rest`, or `alphabet.sustain` (the note above
goes on). The grid has `steps_per_beat` steps to a quarter note; onsets and ends are rounded to it, halves upwards.

With `chords` `double` a part has two columns, for double stops and for lines that move above or below a held note: the
second ones follow the four first ones, so column k is of part k % 4 and `tokens[:, :4]` are the parts without their
second notes. A note goes to the first column if that is free; of two struck together the upper one.

A phrase may also begin with tokens of a third kind, from `alphabet.held` on: a note held from before, with its pitch
(`corpus.phrases.cut` writes them, `untile` joins such notes again). They stand in a phrase's first step only.

Lossy on purpose
----------------
- Of a chord (notes of one part with one onset) the lowest note stays; with `double` the lowest and the highest.
- Of several notes that round to one step and do not sound together, the one nearest to the grid stays.
- A note lasts until its end or the part's next onset, and for one step at least. With `double` until the next onset of
  its column: one that sounds on for over an eighth of a beat is held beside those that follow.
- A pitch outside the range is moved by octaves. All of this is counted.

Differs from the paper's code
-----------------------------
Onsets are rounded, not truncated; an array is as long as its music; a leading SUSTAIN decodes as a rest, so that parts
never drift apart; the last note of a part keeps its length; the alphabet is fixed, not what training has seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quartetvae.config import Chords
from quartetvae.errors import CodecError, check_mode
from quartetvae.music.ensemble import VOICES
from quartetvae.music.notes import Notes, make_notes

Tokens = NDArray[np.uint8]

COLUMNS: dict[Chords, int] = {"lowest": VOICES, "double": 2 * VOICES}
"""Of a part array, by `encode.chords`."""


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
        """How many symbols a part array has."""
        return self.pitches + 2

    @property
    def held(self) -> int:
        """The token of the lowest pitch held from before: in the first step of a phrase only."""
        return self.size

    @property
    def size_with_held(self) -> int:
        """How many symbols a phrase has that may begin with held notes."""
        return self.size + self.pitches


@dataclass(frozen=True, slots=True)
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
    parts: Sequence[Notes],
    *,
    ticks_per_beat: int,
    steps_per_beat: int,
    alphabet: Alphabet,
    chords: Chords = "lowest",
) -> tuple[Tokens, Losses]:
    """Encode the notes of four parts.

    Parameters
    ----------
    parts
        Four arrays of notes (dtype `notes.NOTE`), in the order of the ensemble.
    chords
        `lowest`: a part has one note at a time. `double`: two.

    Returns
    -------
    tokens, losses
        uint8, shape (steps, 4) or (steps, 8), as long as the last note, and what was changed on the way.

    Raises
    ------
    CodecError
        If there are not four parts, or no notes at all.
    """
    if len(parts) != VOICES:
        raise CodecError(f"{len(parts)} parts found; {VOICES} are needed, in the order of the ensemble.")
    check_mode("chords", chords, Chords)
    if not any(map(len, parts)):
        raise CodecError("no notes in any of the four parts; a piece needs one at least.")
    notes, length = _in_a_row(parts, ticks_per_beat, steps_per_beat)
    place = {"lowest": _one_voice, "double": _two_voices}[chords]
    voices, losses = place(notes, ticks_per_beat, steps_per_beat)
    steps = max(int(((ends - 1) % length).max()) + 1 for _, ends, _ in voices if len(ends))
    tokens = np.empty((steps, COLUMNS[chords]), dtype=np.uint8)
    moved = 0
    for voice, (onsets, ends, pitches) in enumerate(voices):
        within = _in_range(pitches, alphabet)
        moved += int(np.count_nonzero(within != pitches))
        row = np.full(VOICES * length, alphabet.rest, dtype=np.uint8)
        # Rest and sustain take turns, from edge to edge.
        edges = np.stack([onsets, ends], axis=1).ravel()
        held = np.tile(np.array([alphabet.rest, alphabet.sustain], np.uint8), len(onsets))
        row[: edges[-1] if len(edges) else 0] = np.repeat(held, np.diff(edges, prepend=0))
        row[onsets] = within - alphabet.pitch_min
        tokens[:, voice * VOICES : (voice + 1) * VOICES] = row.reshape(VOICES, length)[:, :steps].T
    off_grid = int(np.count_nonzero(notes.distances))
    return tokens, losses + Losses(off_grid=off_grid, moved_into_range=moved)


Voice = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""The notes of one column of each part, all in a row: onset steps, end steps, MIDI pitches."""


class InARow(NamedTuple):
    """Notes by onset, then pitch; arrays of one length.

    The four parts stand one behind the other, each in a stretch of as many whole beats, in which its notes end before
    the next one begins. So they are placed all at once, as one part would be.
    """

    onsets: NDArray[np.int64]
    """In ticks."""
    ends: NDArray[np.int64]
    """In ticks."""
    pitches: NDArray[np.int64]
    steps: NDArray[np.int64]
    """Those to which the onsets round."""
    distances: NDArray[np.int64]
    """From there to the onsets, in ticks times steps of a beat."""

    def at(self, places: NDArray[Any]) -> "InARow":
        """Take some of the notes."""
        return InARow(*(column[places] for column in self))


def _in_a_row(parts: Sequence[Notes], ticks_per_beat: int, steps_per_beat: int) -> tuple[InARow, int]:
    """Put the notes of four parts into a row; also gives the steps of each stretch."""
    onsets, durations, pitches = (
        np.concatenate([notes[of] for notes in parts], dtype=np.int64) for of in ("onset", "duration", "pitch")
    )
    # A note lasts for a step at least: hence one more beat than the last note needs.
    beats = int((onsets + durations).max()) // ticks_per_beat + 2
    onsets += np.repeat(np.arange(VOICES) * (beats * ticks_per_beat), [len(notes) for notes in parts])
    key = onsets * 256 + pitches
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        onsets, durations, pitches = onsets[order], durations[order], pitches[order]
    steps = to_steps(onsets, ticks_per_beat=ticks_per_beat, steps_per_beat=steps_per_beat)
    distances = np.abs(steps * ticks_per_beat - onsets * steps_per_beat)
    return InARow(onsets, onsets + durations, pitches, steps, distances), beats * steps_per_beat


def _in_range(pitches: NDArray[np.int64], alphabet: Alphabet) -> NDArray[np.int64]:
    """Move pitches into the alphabet's range by octaves."""
    if not ((pitches < alphabet.pitch_min) | (pitches > alphabet.pitch_max)).any():
        return pitches
    below = np.maximum(0, -(-(alphabet.pitch_min - pitches) // 12))
    above = np.maximum(0, -(-(pitches - alphabet.pitch_max) // 12))
    return np.asarray(pitches + 12 * (below - above))


def _nearest_to_grid(notes: InARow, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose for each step the note that is nearest to it; `first` is the first of each step."""
    # Of equally near ones the first.
    rank = notes.distances * len(notes.steps) + np.arange(len(notes.steps))
    return np.asarray(np.minimum.reduceat(rank, first) % len(notes.steps))


def _first_of_each(rising: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find where each value of an array in rising order, of 0 or more, stands first."""
    is_first = np.ones(len(rising), dtype=bool)
    is_first[1:] = rising[1:] != rising[:-1]
    return is_first.nonzero()[0]


def _ends(notes: InARow, ticks_per_beat: int, steps_per_beat: int) -> NDArray[np.int64]:
    """Round the ends of notes to the grid; each lasts for one step at least."""
    ends = to_steps(notes.ends, ticks_per_beat=ticks_per_beat, steps_per_beat=steps_per_beat)
    return np.maximum(ends, notes.steps + 1)


def _one_voice(notes: InARow, ticks_per_beat: int, steps_per_beat: int) -> tuple[list[Voice], Losses]:
    """Place each part in one column: one note at a time."""
    lowest = notes.at(_first_of_each(notes.onsets))
    kept = lowest.at(_nearest_to_grid(lowest, _first_of_each(lowest.steps)))
    ends = _ends(kept, ticks_per_beat, steps_per_beat)
    ends[:-1] = np.minimum(ends[:-1], kept.steps[1:])
    count, left = len(notes.steps), len(lowest.steps)
    losses = Losses(notes=count, dropped_from_chords=count - left, merged_on_grid=left - len(kept.steps))
    return [(kept.steps, ends, kept.pitches)], losses


LEGATO = 8
"""A note that sounds into the next one by an eighth of a beat or less is legato; by more, it is held beside it."""


def _two_voices(notes: InARow, ticks_per_beat: int, steps_per_beat: int) -> tuple[list[Voice], Losses]:
    """Place each part in two columns: double stops, and what moves beside a held note."""
    together = _struck_together(notes)
    count, left = len(notes.steps), len(together.steps)
    ends = _ends(together, ticks_per_beat, steps_per_beat)
    # By step, then pitch; a pitch that is there twice counts once, the longer one.
    places = together.steps * 256 + together.pitches
    if (places[1:] <= places[:-1]).any():
        order = np.lexsort((-ends, places))
        order = order[_first_of_each(places[order])]
        together, ends = together.at(order), ends[order]
    onsets = together.steps
    lowest = _first_of_each(onsets)
    highest = np.append(lowest[1:], len(onsets)) - 1
    # A note is cut within its column; whether it is held beside the next one, its own length says.
    until = together.ends - ticks_per_beat / LEGATO
    struck = Struck(onsets, together.onsets, ends, until, together.pitches)
    below = _beside_held(struck, lowest, highest)
    double = lowest != highest
    losses = Losses(
        notes=count,
        dropped_from_chords=left - len(lowest) - int(np.count_nonzero(double)),
        merged_on_grid=count - left,
    )
    return [_voice(struck, highest[~below]), _voice(struck, lowest[below | double])], losses


def _struck_together(notes: InARow) -> InARow:
    """Keep of the notes that round to one step the one nearest to it, and those that sound together with it.

    Fingers do not come down at once: what overlaps the nearest note by half the shorter one's length is of one chord.
    """
    onset, end = notes.onsets, notes.ends
    first = _first_of_each(notes.steps)
    nearest = np.repeat(_nearest_to_grid(notes, first), np.diff(first, append=len(onset)))
    together = onset == onset[nearest]
    if together.all():
        return notes
    overlap = np.minimum(end, end[nearest]) - np.maximum(onset, onset[nearest])
    together |= 2 * overlap >= np.maximum(1, np.minimum(end - onset, (end - onset)[nearest]))
    return notes.at(together)


class Struck(NamedTuple):
    """The notes of a part by step, then pitch; arrays of one length."""

    onsets: NDArray[np.int64]
    """In steps."""
    ticks: NDArray[np.int64]
    """Onsets in ticks."""
    ends: NDArray[np.int64]
    """In steps."""
    until: NDArray[np.floating]
    """The ticks before which another note begins beside it, not after it."""
    pitches: NDArray[np.int64]


def _beside_held(notes: Struck, lowest: NDArray[np.int64], highest: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which notes go to the second column though they are struck alone: shape (steps with onsets,).

    `lowest` and `highest` are the places of the notes of each onset: the same one, if it is alone.
    """
    below = np.zeros(len(lowest), dtype=bool)
    before, after = highest[:-1], lowest[1:]
    # Where all before are in the first column, only these may lead to the second one: two notes of which the lower one
    # sounds on, and a note that sounds on.
    leads = lowest != highest
    leads[:-1] &= notes.ends[lowest[:-1]] > notes.onsets[after]
    leads[1:] |= (
        (notes.ends[before] > notes.onsets[after])
        & (notes.until[before] > notes.ticks[after])
        & (notes.pitches[before] != notes.pitches[after])
    )
    if not leads.any():
        return below
    # These give Python's numbers, only where they are asked for: few notes are.
    onsets, ticks, ends, until, pitches = (column.data for column in notes)
    low, high = lowest.data, highest.data
    first: Last = (0, -1.0, -1)
    second: Last = (0, -1.0, -1)
    step = 0
    for start in np.flatnonzero(leads).tolist():
        if start < step:
            continue
        if start:
            at = high[start - 1]
            first = ends[at], until[at], pitches[at]
        step, is_plain = start, False
        # To where the second column is silent and the last note in the first one.
        while step < len(low) and not is_plain:
            at, top = low[step], high[step]
            note: Last = ends[at], until[at], pitches[at]
            if at != top:
                first, second = (ends[top], until[top], pitches[top]), note
            elif _is_second(onsets[at], ticks[at], note[2], first, second):
                below[step], second = True, note
            else:
                first = note
            step += 1
            is_plain = not below[step - 1] and step < len(low) and second[0] <= onsets[low[step]]
    return below


Last = tuple[int, float, int]
"""Of the last note of a column: its end in steps, the tick before which another begins beside it, its pitch."""


def _is_second(onset: int, tick: int, pitch: int, first: Last, second: Last) -> bool:
    """Tell whether a note goes to the second column, after the last notes of both."""
    in_first, in_second = first[0] > onset, second[0] > onset
    # What sounds is struck again where it is.
    if in_first and first[2] == pitch:
        return False
    if in_second and second[2] == pitch:
        return True
    if not (in_first and first[1] > tick):
        return False
    # Where both are held something has to end: what lies nearer.
    return not (in_second and second[1] > tick) or abs(second[2] - pitch) < abs(first[2] - pitch)


def _voice(notes: Struck, places: NDArray[np.int64]) -> Voice:
    """Take the notes of one column; each ends where the next one begins, if not before."""
    onsets, ends = notes.onsets[places], notes.ends[places]
    ends[:-1] = np.minimum(ends[:-1], onsets[1:])
    return onsets, ends, notes.pitches[places]


def onset_mask(tokens: Tokens, alphabet: Alphabet) -> NDArray[np.bool_]:
    """Tell which cells of part arrays (any shape) are note onsets."""
    return tokens < alphabet.rest


def decode(tokens: Tokens, alphabet: Alphabet) -> list[Notes]:
    """Decode a part array to the notes of its four parts; times are in steps.

    A sustain that follows no note of its column is a rest. A part's two columns may hold one pitch at a time: what
    sounds in both is one note, struck again where the other begins.

    Raises
    ------
    CodecError
        If the array is not (steps, 4) or (steps, 8), or holds a token outside the alphabet.
    """
    check(tokens, alphabet)
    columns = [_of_column(column, alphabet) for column in tokens.T]
    if len(columns) == VOICES:
        return columns
    return [_without_doubles(np.concatenate(columns[part::VOICES])) for part in range(VOICES)]


def _of_column(column: Tokens, alphabet: Alphabet) -> Notes:
    onsets = np.flatnonzero(column < alphabet.rest)
    # A note ends at the first cell after its onset that is no sustain.
    stops = np.append(np.flatnonzero(column != alphabet.sustain), len(column))
    ends = stops[np.searchsorted(stops, onsets, side="right")]
    return make_notes(onsets, ends - onsets, column[onsets].astype(np.int64) + alphabet.pitch_min)


def _without_doubles(notes: Notes) -> Notes:
    """End each note where the next one of its pitch begins; of two that begin together the longer one stays."""
    order = np.lexsort((-notes["duration"], notes["onset"], notes["pitch"]))
    by_pitch = notes[order]
    same = np.diff(by_pitch["pitch"].astype(np.int64), prepend=-1) == 0
    by_pitch = by_pitch[~(same & (np.diff(by_pitch["onset"], prepend=-1) == 0))]
    apart = np.diff(by_pitch["onset"])
    follows = np.diff(by_pitch["pitch"].astype(np.int64)) == 0
    by_pitch["duration"][:-1] = np.where(
        follows, np.minimum(by_pitch["duration"][:-1], apart), by_pitch["duration"][:-1]
    )
    return np.asarray(by_pitch[np.lexsort((by_pitch["pitch"], by_pitch["onset"]))])


def struck(phrases: Tokens, alphabet: Alphabet) -> Tokens:
    """Strike the notes that are held from before: phrases of any shape as they sound by themselves."""
    return np.where(phrases >= alphabet.held, phrases - alphabet.held, phrases).astype(np.uint8)


def check(tokens: Tokens, alphabet: Alphabet) -> None:
    """Raise `CodecError` unless `tokens` is a part array over `alphabet`."""
    if tokens.ndim != 2 or tokens.shape[1] not in COLUMNS.values():
        raise CodecError(f"part array of shape {tokens.shape} found; (steps, 4) is needed, or (steps, 8).")
    _check_tokens(tokens, alphabet, alphabet.size)


def check_phrases(phrases: Tokens, alphabet: Alphabet) -> None:
    """Raise `CodecError` unless `phrases` is (phrases, steps, 4) or (phrases, steps, 8) with tokens of `alphabet`."""
    if phrases.ndim != 3 or phrases.shape[-1] not in COLUMNS.values():
        raise CodecError(
            f"phrases of shape {phrases.shape} found; (phrases, steps, 4) is needed, or (phrases, steps, 8): "
            "give a single part array as tokens[np.newaxis]."
        )
    _check_tokens(phrases[:, :1], alphabet, alphabet.size_with_held)
    _check_tokens(phrases[:, 1:], alphabet, alphabet.size)


def _check_tokens(tokens: Tokens, alphabet: Alphabet, size: int) -> None:
    if tokens.size and int(tokens.max()) >= size:
        raise CodecError(
            f"token {int(tokens.max())} found; the alphabet of pitches {alphabet.pitch_min} to "
            f"{alphabet.pitch_max} has the tokens 0 to {size - 1}."
        )
