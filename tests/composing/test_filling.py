"""Filling in: what is known stays, notes that reach over an edge stay whole, and windows cover what is unknown."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from quartetvae.composing import filling, keys
from quartetvae.errors import ArgumentError
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid
from tests.building import ALPHABET, canonical, random_tokens
from tests.building import part_array as one_column
from tests.composing.composers import REST, SMALL, SUSTAIN, fake

LENGTH, BEAT = 32, 2
"""Steps of a window and of a beat of the small grid."""


def part_array(*columns: str) -> Tokens:
    """Eight columns from a line for each; missing ones rest."""
    found = np.full((len(columns[0].split()), 8), REST, np.uint8)
    for k, column in enumerate(columns):
        found[:, k] = one_column(column)[:, 0]
    return found


def of_part(steps: int, part: int, begin: int, end: int) -> NDArray[np.bool_]:
    """What is unknown: some steps of one part."""
    unknown = np.zeros((steps, 4), np.bool_)
    unknown[begin:end, part] = True
    return unknown


# Edges


def test_a_note_that_sounds_in_is_kept_until_it_ends() -> None:
    tokens = part_array("60 - - - 62 -  64 -")
    found, unknown = filling.settle(tokens, of_part(8, 0, 2, 6), ALPHABET)
    assert found[:, 0].tolist() == part_array("60 - - - . . 64 -")[:, 0].tolist()
    assert np.flatnonzero(unknown[:, 0]).tolist() == [4, 5]
    assert not unknown[:, 1:].any()


def test_a_note_that_sounds_out_is_kept_from_its_onset_on() -> None:
    tokens = part_array("60 - 62 - 64 - - 65")
    found, unknown = filling.settle(tokens, of_part(8, 0, 2, 6), ALPHABET)
    assert found[:, 0].tolist() == part_array("60 - . . 64 - - 65")[:, 0].tolist()
    assert np.flatnonzero(unknown[:, 0]).tolist() == [2, 3]


def test_a_note_that_sounds_through_leaves_nothing_to_fill() -> None:
    tokens = part_array("60 - - - - -")
    found, unknown = filling.settle(tokens, of_part(6, 0, 1, 5), ALPHABET)
    assert found.tolist() == tokens.tolist()
    assert not unknown.any()


def test_beside_a_kept_note_the_part_has_nothing_else() -> None:
    upper, lower = "60 - - 62 64 -", "65 - 67 - - -"
    tokens = part_array(upper, ". . . . . .", ". . . . . .", ". . . . . .", lower)
    found, unknown = filling.settle(tokens, of_part(6, 0, 1, 5), ALPHABET)
    # The upper column sounds in until step 3 and its 64 sounds out; the lower one has 65 until step 2, 67 sounds out.
    assert found[:, 0].tolist() == part_array("60 - - . 64 -")[:, 0].tolist()
    assert found[:, 4].tolist() == part_array("65 - 67 - - -")[:, 0].tolist()
    assert not unknown.any()


def test_a_rest_over_an_edge_is_no_note() -> None:
    tokens = part_array("60 . - . - .")
    found, unknown = filling.settle(tokens, of_part(6, 0, 2, 4), ALPHABET)
    assert np.flatnonzero(unknown[:, 0]).tolist() == [2, 3]
    # What sustains silence is written as the rest that it sounds as.
    assert found[:, 0].tolist() == part_array("60 . . . . .")[:, 0].tolist()


def test_unknown_cells_of_another_shape_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"shape \(6, 8\) for 6 steps; \(6, 4\), by step and part"):
        filling.settle(part_array("60 - - - - -"), np.zeros((6, 8), np.bool_), ALPHABET)


# Windows


@given(
    unknown=st.lists(st.tuples(st.integers(0, 150), st.integers(1, 90)), min_size=1, max_size=3),
    beats=st.integers(LENGTH // BEAT, 80),
)
def test_windows_cover_what_is_unknown_in_order(unknown: list[tuple[int, int]], beats: int) -> None:
    steps = beats * BEAT
    mask = np.zeros(steps, np.bool_)
    for begin, length in unknown:
        mask[begin : begin + length] = True
    known = ~mask
    for window in filling.windows(mask, length=LENGTH, beat=BEAT):
        assert window.start % BEAT == 0
        assert 0 <= window.start <= steps - LENGTH
        # What lies before a window is known, and so is its first step, unless nothing lies before it.
        assert window.start == 0 or known[window.start]
        known[window.start : min(window.start + LENGTH, window.stop)] = True
    assert known.all()


def test_a_short_place_lies_in_the_middle_of_one_window_where_there_is_room() -> None:
    def at(begin: int, end: int) -> list[tuple[int, int]]:
        mask = np.zeros(160, np.bool_)
        mask[begin:end] = True
        return [(window.start, window.stop) for window in filling.windows(mask, length=LENGTH, beat=BEAT)]

    assert at(64, 80) == [(56, 80)]
    assert at(0, 8) == [(0, 8)]
    assert at(150, 160) == [(128, 160)]
    # Of a longer one each window knows half of what it sees from the one before, and the last sees what follows.
    assert at(64, 96) == [(56, 88), (72, 96)]
    assert at(0, 160) == [(start, start + 32) for start in range(0, 144, 16)]


# Filling


@given(
    steps=st.integers(1, 90),
    seed=st.integers(0, 1000),
    places=st.lists(st.tuples(st.integers(0, 89), st.integers(1, 60), st.integers(0, 3)), min_size=1, max_size=4),
)
def test_what_is_known_stays_and_no_note_crosses_an_edge(
    steps: int, seed: int, places: list[tuple[int, int, int]]
) -> None:
    tokens = random_tokens(steps, 8, seed=seed)
    sounding = filling.settle(tokens, np.zeros((steps, 4), np.bool_), ALPHABET)[0]
    unknown = np.zeros((steps, 4), np.bool_)
    for begin, length, part in places:
        unknown[begin : begin + length, part] = True
    composer = fake(SMALL)
    made = filling.fill(composer, tokens, unknown, seed=seed)
    kept, open_ = filling.settle(tokens, unknown, ALPHABET)
    known = np.tile(~unknown, 2)
    assert made.dtype == np.uint8
    assert (made[known] == sounding[known]).all()
    assert (made[np.tile(~open_, 2)] == kept[np.tile(~open_, 2)]).all()
    assert made.max(initial=0) <= SUSTAIN
    # The first unknown cell of each part is struck or rests, and nothing sustains silence.
    for part in range(4):
        for begin, _ in filling.runs(open_[:, part]):
            assert (made[begin, part::4] != SUSTAIN).all()
    for column in range(8):
        assert canonical(np.tile(made[:, column], (4, 1)).T).tolist() == trimmed(np.tile(made[:, column], (4, 1)).T)


def trimmed(tokens: Tokens) -> list[list[int]]:
    """Without silent steps at the end."""
    sounding = np.flatnonzero((tokens != REST).any(axis=1))
    found: list[list[int]] = tokens[: sounding[-1] + 1 if len(sounding) else 0].tolist()
    return found


def test_windows_know_what_was_filled_before_and_what_is_held_into_them() -> None:
    composer = fake(SMALL, sustain=3.0)
    unknown = np.ones((64, 4), np.bool_)
    made = filling.fill(composer, np.full((64, 8), REST, np.uint8), unknown)
    first, second, third = composer.asked
    assert first[1].all()
    for number, (window, asked, _) in ((1, second), (2, third)):
        assert not asked[:16].any()
        assert asked[16:].all()
        start = 16 * number
        assert (window[1:16] == made[start + 1 : start + 16]).all()
        held = (made[start] == SUSTAIN) & (window[0] != REST)
        assert held.any()
        assert (window[0][held] >= SMALL.alphabet.held).all()


def test_a_beat_that_is_cut_short_is_filled_up_with_known_rests() -> None:
    composer = fake(SMALL)
    made = filling.fill(composer, np.full((5, 8), REST, np.uint8), np.ones((5, 4), np.bool_))
    ((window, asked, _),) = composer.asked
    assert made.shape == (5, 8)
    assert asked[:, 0].tolist() == [True] * 5 + [False]
    assert (window[5:] == REST).all()


def test_seed_temperature_and_bias_change_what_is_filled() -> None:
    silence, unknown = np.full((48, 8), REST, np.uint8), np.ones((48, 4), np.bool_)
    plain = filling.fill(fake(), silence, unknown)
    assert np.array_equal(plain, filling.fill(fake(), silence, unknown))
    assert not np.array_equal(plain, filling.fill(fake(), silence, unknown, seed=1))
    # No window draws what another one does.
    assert not np.array_equal(plain[:16], plain[32:])
    # The likeliest are sustains, which may not come first.
    cold = filling.fill(fake(), silence, unknown, temperature=0.0)
    assert (cold[1:] == SUSTAIN).all()
    bias = np.full(SMALL.alphabet.size_with_held, keys.FORBIDDEN)
    bias[7] = 0
    assert (filling.fill(fake(), silence, unknown, bias=bias) == 7).all()


def test_progress_goes_through_the_windows() -> None:
    seen: list[filling.Window] = []

    def watch(windows: Sequence[filling.Window]) -> list[filling.Window]:
        seen.extend(windows)
        return seen

    filling.fill(fake(), np.full((64, 8), REST, np.uint8), np.ones((64, 4), np.bool_), progress=watch)
    assert [window.start for window in seen] == [0, 16, 32]


def test_pieces_that_are_filled_together_keep_what_is_known_of_each() -> None:
    pieces = np.stack([canonical(random_tokens(80, 8, seed=seed))[:70] for seed in (1, 2)])
    unknown = of_part(70, 1, 10, 60)
    filled = filling.fill_all(fake(sustain=-9.0), pieces, unknown, seed=3)
    assert np.array_equal(filled[0], filling.fill(fake(sustain=-9.0), pieces[0], unknown, seed=3))
    outside = ~np.tile(unknown, 2)
    assert np.array_equal(filled[:, outside], pieces[:, outside])
    cells = np.tile(unknown, 2)
    assert (filled[1] != filled[0])[cells].mean() > 0.5


def test_a_grid_of_one_column_a_part_is_filled_too() -> None:
    composer = fake(Grid(2, ALPHABET))
    made = filling.fill(composer, np.full((40, 4), REST, np.uint8), np.ones((40, 4), np.bool_))
    assert made.shape == (40, 4)
