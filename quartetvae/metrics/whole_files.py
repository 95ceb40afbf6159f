"""How many notes of a file come back? Its notes against those of another, part by part, on no grid.

Conventions
-----------
A note of the original and one of the copy match if they are of the same part, have the same pitch, and

- `onset`: begin within 1/24 beat of each other (what a grid of 12 steps to the beat moves a note by at most);
- `offset`: begin likewise, and end within 1/8 beat of each other or within 20 % of the original's length, whichever is
  more.

A limit itself is within. Each note matches one other at most, and as many are matched as can be (`onset` and `offset`
each for itself). mir_eval.transcription does the matching (Raffel et al., ISMIR 2014), by the rules of MIREX' note
tracking with beats in place of seconds.

Exact: all times are whole numbers in a common unit of both files of which 1/24 and 1/8 beat are multiples, too, so no
limit is rounded. A note without length, which mir_eval refuses, gets the length of one unit.

Since pitches must be equal, notes of one pitch are matched by themselves, and the hits of all pitches added up: the
same as with one matrix of all the notes of a part, and far faster. Counts by pitch are what comes out.

A share of nothing is None, never NaN or 0.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import CodecError, missing
from quartetvae.metrics.figures import MatchScores
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from quartetvae.music.notes import Notes
from quartetvae.music.quartet import Grid

ONSETS_PER_BEAT = 24
"""The inverse of how far onsets may lie apart, in beats."""

OFFSETS_PER_BEAT = 8
"""Likewise of offsets; divides `ONSETS_PER_BEAT`."""

OFFSET_SHARE = 0.2
"""Of the original's length, by which offsets may always lie apart."""

HIGH = 92
"""MIDI pitch, G sharp 6: few notes lie as high, and those are the first to be lost."""

RUN = 500
"""Notes of one pitch that are matched at once, about: memory grows with the square."""


@dataclass(frozen=True)
class Played:
    """The notes of each part as they are played, in ticks, and how many of those a beat (quarter note) has."""

    parts: Sequence[Notes]
    ticks_per_beat: int


@dataclass(frozen=True)
class Counts:
    """Notes of an original and its copy, and how many match; counts of different notes add up."""

    true: int = 0
    """Notes of the original."""
    found: int = 0
    """Notes of the copy."""
    onset_hits: int = 0
    offset_hits: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true + other.true,
            self.found + other.found,
            self.onset_hits + other.onset_hits,
            self.offset_hits + other.offset_hits,
        )

    @property
    def onset(self) -> MatchScores:
        """Shares of notes whose part, pitch and onset match."""
        return _scores(self.onset_hits, self)

    @property
    def offset(self) -> MatchScores:
        """Shares of notes that also end at the right time."""
        return _scores(self.offset_hits, self)


def match(original: Played, copy: Played) -> list[dict[int, Counts]]:
    """Match the notes of a copy with those of its original.

    Parameters
    ----------
    original, copy
        As many parts in both, each in ticks of its own. Only differences of times count, so the first beat may have any
        number.

    Returns
    -------
    For each part, the counts of each pitch (MIDI number) that occurs in either.

    Raises
    ------
    CodecError
        If there are not as many parts in both, a beat has no ticks, or a note ends before it begins.

    Examples
    --------
    >>> from quartetvae.music.notes import make_notes
    >>> original = Played([make_notes([0, 480], [480, 480], [60, 62])], ticks_per_beat=480)
    >>> copy = Played([make_notes([0, 4], [4, 1], [60, 62])], ticks_per_beat=4)
    >>> counts = total(match(original, copy))
    >>> counts
    Counts(true=2, found=2, onset_hits=2, offset_hits=1)
    >>> counts.offset
    {'precision': 0.5, 'recall': 0.5, 'f1': 0.5}
    """
    if len(original.parts) != len(copy.parts):
        raise CodecError(
            f"{len(original.parts)} parts of the original, {len(copy.parts)} of the copy; as many are needed in both."
        )
    _check(original, "original")
    _check(copy, "copy")
    unit = math.lcm(original.ticks_per_beat, copy.ticks_per_beat, ONSETS_PER_BEAT)
    scales = unit // original.ticks_per_beat, unit // copy.ticks_per_beat
    return [
        _by_pitch(_times(true, scales[0]), _times(found, scales[1]), true["pitch"], found["pitch"], unit)
        for true, found in zip(original.parts, copy.parts, strict=True)
    ]


def of_tokens(tokens: Tokens, grid: Grid) -> Played:
    """Decode a part array to notes; a tick is a grid step."""
    return Played(codec.decode(tokens, grid.alphabet), grid.steps_per_beat)


def total(parts: Iterable[Mapping[int, Counts]], *, lowest: int = 0) -> Counts:
    """Add up the counts of some parts, of pitches from `lowest` (MIDI number) up."""
    counts = (of for part in parts for pitch, of in part.items() if pitch >= lowest)
    return sum(counts, Counts())


def excerpt(played: Played, *, from_beat: int = 0, beats: int | None = None) -> Played:
    """Take what sounds in an excerpt, its first beat being 0; `beats` None: to the end of the music.

    A note held over the beginning begins there, as in the excerpts that a model sees; one held over the end ends there.
    """
    start = from_beat * played.ticks_per_beat
    stop = None if beats is None else start + beats * played.ticks_per_beat
    return Played([_between(notes, start, stop) for notes in played.parts], played.ticks_per_beat)


def _between(notes: Notes, start: int, stop: int | None) -> Notes:
    ends = notes["onset"] + notes["duration"]
    inside = (notes["onset"] >= start) | (ends > start)
    if stop is not None:
        inside &= notes["onset"] < stop
        ends = np.minimum(ends, stop)
    cut: Notes = notes[inside].copy()
    cut["onset"] = np.maximum(cut["onset"], start) - start
    cut["duration"] = ends[inside] - start - cut["onset"]
    ordered: Notes = cut[np.lexsort((cut["pitch"], cut["onset"]))]
    return ordered


def _check(played: Played, name: str) -> None:
    if played.ticks_per_beat < 1:
        raise CodecError(f"the {name}: a beat of {played.ticks_per_beat} ticks; 1 at least is needed.")
    for number, notes in enumerate(played.parts):
        wrong = np.flatnonzero(notes["duration"] < 0)
        if len(wrong):
            beat = notes["onset"][wrong[0]] / played.ticks_per_beat
            raise CodecError(
                f"the {name}, part {number}, beat {beat:g}: a note that ends before it begins; a duration of 0 ticks "
                "at least is needed."
            )


def _times(notes: Notes, scale: int) -> NDArray[np.int64]:
    """Give onsets and ends in the common unit, (notes, 2)."""
    onsets = notes["onset"] * scale
    return np.stack([onsets, onsets + np.maximum(notes["duration"] * scale, 1)], axis=1)


def _by_pitch(
    true: NDArray[np.int64],
    found: NDArray[np.int64],
    true_pitches: NDArray[np.uint8],
    found_pitches: NDArray[np.uint8],
    unit: int,
) -> dict[int, Counts]:
    return {
        int(pitch): _count(true[true_pitches == pitch], found[found_pitches == pitch], unit)
        for pitch in np.union1d(true_pitches, found_pitches)
    }


def _count(true: NDArray[np.int64], found: NDArray[np.int64], unit: int) -> Counts:
    """Count what matches among notes of one pitch, given as (notes, 2)."""
    runs = list(_runs(true, found, unit // ONSETS_PER_BEAT))
    onset_hits, offset_hits = (sum(_hits(*run, unit, ends=ends) for run in runs) for ends in (False, True))
    return Counts(len(true), len(found), onset_hits, offset_hits)


def _runs(
    true: NDArray[np.int64], found: NDArray[np.int64], reach: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Cut notes into runs so far apart that no note of one can match one of another; count from the first onset."""
    onsets = np.sort(np.concatenate([true[:, 0], found[:, 0]]))
    gaps = np.flatnonzero(np.diff(onsets) > reach) + 1
    # Not at each gap: a call for every note takes longer than a matrix of a few hundred.
    chosen = np.searchsorted(gaps, np.arange(RUN, len(onsets), RUN))
    starts = onsets[gaps[np.unique(chosen[chosen < len(gaps)])]]
    sides = []
    for times in (true, found):
        ordered = times[np.argsort(times[:, 0], kind="stable")]
        sides.append(np.split(ordered - onsets[0], np.searchsorted(ordered[:, 0], starts)))
    yield from zip(*sides, strict=True)


def _hits(true: NDArray[np.int64], found: NDArray[np.int64], unit: int, *, ends: bool) -> int:
    # Where it is needed: to import it takes longer than most commands do, and the base package is without it.
    try:
        from mir_eval import transcription
    except ImportError as error:
        raise missing(error) from error

    matched = transcription.match_notes(
        true,
        np.ones(len(true)),  # one pitch
        found,
        np.ones(len(found)),
        onset_tolerance=unit // ONSETS_PER_BEAT,
        offset_ratio=OFFSET_SHARE if ends else None,
        offset_min_tolerance=unit // OFFSETS_PER_BEAT,
    )
    return len(matched)


def _scores(hits: int, counts: Counts) -> MatchScores:
    return {
        "precision": _share(hits, counts.found),
        "recall": _share(hits, counts.true),
        "f1": _share(2 * hits, counts.true + counts.found),
    }


def _share(count: int, of: int) -> float | None:
    return count / of if of else None
