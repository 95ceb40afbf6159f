"""Metre: from the time signatures of a file to the bar of each grid step, and back.

A bar shorter or longer than the one before it gets a time signature of its own; a last bar that is cut short does not.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from quartetvae.music import codec
from quartetvae.music.tracks import Music


def bar_numbers(music: Music, *, steps: int, steps_per_beat: int) -> NDArray[np.int64]:
    """Number the bars: that in which each grid step is, from 0, shape (steps,). Bar lines are rounded to the grid.

    Without a time signature, and until the first, bars are of four beats.
    """
    end = max(music.end, steps * music.ticks_per_beat // steps_per_beat + 1)
    # Of several at one tick the last counts; `sorted` keeps their order.
    signatures = [
        (s.tick, s.numerator * 4 * music.ticks_per_beat // s.denominator)
        for s in sorted(music.time_signatures, key=lambda s: s.tick)
    ]
    if not signatures or signatures[0][0] > 0:
        signatures.insert(0, (0, 4 * music.ticks_per_beat))
    # Damaged files have changes ages after the last note, and bars of a tick: neither may make more lines than steps.
    shortest = max(1, music.ticks_per_beat // steps_per_beat)
    lines: list[int] = []
    for (start, length), (stop, _) in zip(signatures, [*signatures[1:], (end, 0)], strict=True):
        lines.extend(range(max(start, 0), min(stop, end), max(length, shortest)))
    at = codec.to_steps(
        np.array(lines, dtype=np.int64), ticks_per_beat=music.ticks_per_beat, steps_per_beat=steps_per_beat
    )
    begins = np.zeros(steps, dtype=bool)
    begins[at[at < steps]] = True
    return np.cumsum(begins) - 1


def bar_lengths(bars: NDArray[np.int64]) -> list[int]:
    """Count the steps of each bar, of the bar of each step, (steps,).

    >>> bar_lengths(np.array([0, 0, 0, 1, 1]))
    [3, 2]
    """
    _, lengths = np.unique(bars, return_counts=True)
    return [int(length) for length in lengths]


def time_signatures(bars: NDArray[np.int64], *, steps_per_beat: int) -> Iterator[tuple[int, int, int]]:
    """Find the time signatures: the step from which each holds, its numerator and denominator.

    A bar that no time signature has (five twelfths of a beat) gets a longer one, and the next bar one of its own.

    >>> list(time_signatures(np.arange(32) // 12, steps_per_beat=4))
    [(0, 3, 4)]
    """
    lengths = bar_lengths(bars)
    starts = [0, *itertools.accumulate(lengths)]
    last = 0
    for index, (start, length) in enumerate(zip(starts, lengths, strict=False)):
        # The last bar may be cut short.
        if length != last and not (0 < index == len(lengths) - 1 and length < last):
            numerator, denominator = _signature(length, steps_per_beat)
            yield start, numerator, denominator
            last = length if numerator * 4 * steps_per_beat == length * denominator else 0


def _signature(length: int, steps_per_beat: int) -> tuple[int, int]:
    """Choose a time signature for a bar of so many steps: in quarters if it has whole ones, else in eighths or less."""
    for denominator in (4, 8, 16, 32, 64):
        numerator, rest = divmod(length * denominator, 4 * steps_per_beat)
        if not rest and numerator:
            return numerator, denominator
    return -(-length // steps_per_beat), 4
