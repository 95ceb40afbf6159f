"""Metre: the bar of each step, from the time signatures of a file."""

import tracemalloc

import numpy as np
import pytest

from quartetvae.music import metre
from quartetvae.music.tracks import Music, TimeSignature
from tests.building import track


def bars(signatures: list[TimeSignature], *, steps: int, tpb: int = 480, spb: int = 4) -> list[int]:
    """How many steps each bar has."""
    player = track("", 40, (0, steps * tpb // spb, 60))
    numbers = metre.bar_numbers(Music(tpb, (player,), tuple(signatures)), steps=steps, steps_per_beat=spb)
    assert (np.diff(numbers, prepend=0) >= 0).all()
    assert len(numbers) == steps
    return [int(count) for count in np.bincount(numbers)]


def test_without_a_signature_bars_have_four_beats() -> None:
    assert bars([], steps=40) == [16, 16, 8]


def test_bars_of_three_four_and_six_eight() -> None:
    assert bars([TimeSignature(0, 3, 4)], steps=30) == [12, 12, 6]
    assert bars([TimeSignature(0, 6, 8)], steps=30, spb=12) == [30]
    assert bars([TimeSignature(0, 6, 8)], steps=80, spb=12) == [36, 36, 8]


@pytest.mark.parametrize("tick", [200_000_000, 2**40, -(2**40)])
def test_a_signature_ages_away_makes_no_bars_of_its_own(tick: int) -> None:
    """A beat of one tick, as a damaged file had it: all bars up to tick 200 million took 8.7 GB."""
    tracemalloc.start()
    assert bars([TimeSignature(0, 1, 4), TimeSignature(tick, 3, 4)][:: 1 if tick > 0 else -1], steps=40, tpb=1)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_bars_shorter_than_a_step_are_a_step_each() -> None:
    tracemalloc.start()
    assert bars([TimeSignature(0, 1, 1 << 30)], steps=400, tpb=32_767) == [1] * 400
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_pickup_bar_is_a_bar() -> None:
    assert bars([TimeSignature(0, 1, 4), TimeSignature(480, 4, 4)], steps=40) == [4, 16, 16, 4]


def test_bars_before_the_first_signature_have_four_beats() -> None:
    assert bars([TimeSignature(1920, 3, 4)], steps=40) == [16, 12, 12]


def test_a_change_of_signature_begins_a_bar() -> None:
    assert bars([TimeSignature(0, 4, 4), TimeSignature(3840, 3, 4)], steps=56) == [16, 16, 12, 12]
    # In the middle of a bar, too.
    assert bars([TimeSignature(0, 4, 4), TimeSignature(2400, 2, 4)], steps=36) == [16, 4, 8, 8]


def test_a_repeated_signature_on_a_bar_line_changes_nothing() -> None:
    assert bars([TimeSignature(0, 4, 4), TimeSignature(1920, 4, 4)], steps=40) == [16, 16, 8]


def test_a_signature_after_the_end_changes_nothing() -> None:
    assert bars([TimeSignature(0, 3, 4), TimeSignature(48000, 2, 4)], steps=30) == [12, 12, 6]


def test_of_two_signatures_at_one_tick_the_later_in_the_file_counts() -> None:
    assert bars([TimeSignature(0, 4, 4), TimeSignature(0, 3, 4)], steps=30) == [12, 12, 6]
    assert bars([TimeSignature(0, 3, 4), TimeSignature(0, 4, 4)], steps=30) == [16, 14]


def test_bar_lines_are_rounded_to_the_grid() -> None:
    # Bars of 7/16 are 3.5 steps at 2 steps per beat; halves go up.
    assert bars([TimeSignature(0, 7, 16)], steps=14, spb=2) == [4, 3, 4, 3]


def test_a_file_without_notes_has_bars_too() -> None:
    assert metre.bar_numbers(Music(480, ()), steps=20, steps_per_beat=4).tolist() == [0] * 16 + [1] * 4
