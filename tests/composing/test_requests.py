"""What one may ask a composer for: what is given stays, the rest is composed, and what cannot be is said."""

from typing import Any

import numpy as np
import pytest

from quartetvae.composing import requests
from quartetvae.composing.requests import Drawing
from quartetvae.errors import ArgumentError, ModelError
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid, Quartet
from tests.building import GRID
from tests.composing.composers import REST, SMALL, SUSTAIN, Fake, fake

BAR = 8
"""Steps of a bar of four beats."""


def music(beats: int, seed: int = 0, **options: Any) -> Quartet:
    """Music in which every note is short: none reaches over an edge."""
    rng = np.random.default_rng(seed)
    return Quartet(rng.integers(0, REST + 1, (2 * beats, 8)).astype(np.uint8), SMALL, **options)


def composer() -> Fake:
    return fake(sustain=2.0)


@pytest.mark.parametrize(
    ("name", "number"),
    [("viola", 2), ("Viola", 2), ("violin_1", 0), ("violin 2", 1), ("Violin II", 1), ("Violoncello", 3), ("vc", 3)],
)
def test_names_of_parts(name: str, number: int) -> None:
    assert requests.part_number(name) == number


@pytest.mark.parametrize("name", ["violin", "flute", ""])
def test_what_is_no_part_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match="one of violin_1, violin_2, viola, cello is needed"):
        requests.part_number(name)


def test_bars_are_counted_from_1_and_a_pickup_is_one() -> None:
    pickup = music(9, bars=np.array([0] * 2 + [1] * 8 + [2] * 8))
    assert requests.steps_of_bars(pickup, 1, 1) == (0, 2)
    assert requests.steps_of_bars(pickup, 2, 3) == (2, 18)
    for first, last in ((0, 1), (2, 4), (3, 2)):
        with pytest.raises(ArgumentError, match=f"bars {first} to {last}; the music has bars 1 to 3"):
            requests.steps_of_bars(pickup, first, last)


def test_beats_are_counted_from_0() -> None:
    short = Quartet(music(5).tokens[:9], SMALL)
    assert requests.steps_of_beats(short, 1, 4) == (2, 9)
    assert requests.steps_of_beats(short, 0, 0) == (0, 2)
    for first, last in ((-1, 2), (4, 5), (2, 1)):
        with pytest.raises(ArgumentError, match=f"beats {first} to {last}; the music has beats 0 to 4"):
            requests.steps_of_beats(short, first, last)


def test_infill_changes_the_bars_and_parts_that_are_asked_for() -> None:
    given = music(40, title="A", tempo_qpm=70.0)
    unknown = requests.place(given, requests.steps_of_bars(given, 3, 4), [2])
    made = requests.infill(composer(), given, unknown)
    changed = np.argwhere(made.tokens != given.tokens)
    assert {int(column) for column in changed[:, 1]} == {2, 6}
    assert (changed[:, 0].min(), changed[:, 0].max() + 1) == (2 * BAR, 4 * BAR)
    assert (made.title, made.tempo_qpm, made.bars.tolist()) == ("A", 70.0, given.bars.tolist())


def test_parts_are_named_once() -> None:
    for parts in ([], [1, 1]):
        with pytest.raises(ArgumentError, match="name one to four different ones"):
            requests.place(music(4), (0, 8), parts)


def test_harmonise_keeps_the_melody_alone() -> None:
    given, other = music(20), music(20, seed=1)
    own = [1, 5]
    other.tokens[:, own] = given.tokens[:, own]
    made = [requests.harmonise(composer(), of, 1).tokens for of in (given, other)]
    assert (made[0][:, own] == given.tokens[:, own]).all()
    # What stood in the other parts counts for nothing.
    assert np.array_equal(made[0], made[1])
    assert all((made[0][:, column] != REST).any() for column in range(8))


def test_there_is_a_melody_to_harmonise() -> None:
    given = music(4, title="A")
    given.tokens[:, 1::4] = REST
    with pytest.raises(ArgumentError, match="A: no notes in violin_2"):
        requests.harmonise(composer(), given, 1)


def test_a_continuation_begins_with_the_music_and_goes_on_in_its_bars() -> None:
    # Bars of three beats; the last one is cut short, in its second beat.
    given = Quartet(music(11).tokens[:21], SMALL, np.arange(21) // 6)
    made = requests.continuation(composer(), given, 16)
    assert len(made.tokens) == 22 + 32
    assert (made.tokens[:21] == given.tokens).all()
    assert (made.tokens[21] == REST).all()
    assert made.bars.tolist() == (np.arange(54) // 6).tolist()
    assert (made.tokens[22:] != REST).any(axis=1).mean() > 0.9


@pytest.mark.parametrize(("steps", "bars"), [(4, [0] * 8 + [1] * 4), (12, [0] * 12 + [1] * 8)])
def test_after_one_bar_come_bars_as_long_or_of_four_beats(steps: int, bars: list[int]) -> None:
    given = Quartet(music(6).tokens[:steps], SMALL, np.zeros(steps, np.int64))
    made = requests.continuation(composer(), given, 4)
    assert made.bars.tolist() == bars[: steps + 8]


def test_a_bridge_begins_as_a_and_ends_as_b() -> None:
    a = Quartet(music(6).tokens, SMALL, np.arange(12) // 6, title="A", tempo_qpm=60.0)
    b = music(5, seed=1, title="B", tempo_qpm=80.0)
    made = requests.bridge(composer(), a, b, 32)
    assert len(made.tokens) == 12 + 64 + 10
    assert (made.tokens[:12] == a.tokens).all()
    assert (made.tokens[-10:] == b.tokens).all()
    assert (made.title, made.tempo_qpm) == ("A → B", 70.0)
    assert made.bars[:76].tolist() == (np.arange(76) // 6).tolist()
    assert (made.bars[76:] - made.bars[75]).tolist() == [1] * 8 + [2] * 2
    # Both ends are known to what lies beside them.
    spy = composer()
    requests.bridge(spy, a, b, 4)
    ((window, unknown, _),) = spy.asked
    assert (window[:12] == a.tokens).all()
    assert (window[20:30] == b.tokens).all()
    assert not unknown[20:].any()


def test_a_sample_is_composed_throughout() -> None:
    made = requests.sample(composer(), 24)
    assert made.tokens.shape == (48, 8)
    assert made.bars.tolist() == (np.arange(48) // 8).tolist()
    assert (made.tokens != REST).mean() > 0.5


def test_several_samples_are_different_and_the_first_is_that_of_one_alone() -> None:
    one, *others = requests.samples(composer(), 3, 24, Drawing(seed=5))
    assert np.array_equal(one.tokens, requests.sample(composer(), 24, Drawing(seed=5)).tokens)
    assert len(others) == 2
    assert all(other.tokens.shape == (48, 8) and not np.array_equal(other.tokens, one.tokens) for other in others)
    with pytest.raises(ArgumentError, match="0 pieces to compose; 1 at least"):
        requests.samples(composer(), 0, 24)


@pytest.mark.parametrize("beats", [0, -1])
def test_there_is_something_to_compose(beats: int) -> None:
    wanted = f"{beats} beats to compose; 1 at least"
    with pytest.raises(ArgumentError, match=wanted):
        requests.sample(composer(), beats)
    with pytest.raises(ArgumentError, match=wanted):
        requests.continuation(composer(), music(4), beats)
    with pytest.raises(ArgumentError, match=wanted):
        requests.bridge(composer(), music(4), music(4), beats)


def test_music_on_another_grid_is_refused() -> None:
    other = Quartet(np.full((16, 4), REST, np.uint8), GRID)
    with pytest.raises(ModelError, match="the composer needs"):
        requests.infill(composer(), other, requests.place(other, (0, 8), [0]))
    with pytest.raises(ModelError, match="read both with the composer"):
        requests.bridge(composer(), music(4), other, 4)


def test_how_it_is_drawn_counts() -> None:
    plain = requests.sample(composer(), 24).tokens
    assert np.array_equal(plain, requests.sample(composer(), 24).tokens)
    for other in (Drawing(seed=1), Drawing(temperature=0.5), Drawing(key="C major", key_strength=3.0)):
        assert not np.array_equal(plain, requests.sample(composer(), 24, other).tokens)
    one = requests.sample(composer(), 24, Drawing(key="C major", key_strength=3.0)).tokens
    assert not np.array_equal(one, requests.sample(composer(), 24, Drawing(key="C major")).tokens)
    strict = requests.sample(composer(), 24, Drawing(key="C major", strict_key=True)).tokens
    assert set(strict[strict < REST].tolist()) == {0, 2, 4, 5, 7, 9, 11}
    with pytest.raises(ArgumentError, match="there are none; name a key"):
        requests.sample(composer(), 24, Drawing(key="auto"))


def test_auto_takes_the_key_of_what_is_given_not_of_what_is_replaced() -> None:
    given = music(16)
    given.tokens[:BAR][given.tokens[:BAR] < REST] = 0
    given.tokens[BAR:][given.tokens[BAR:] < REST] = 2
    unknown = requests.place(given, (BAR, 2 * BAR), range(4))
    unknown[2 * BAR :] = True
    made = requests.infill(composer(), given, unknown, Drawing(key="auto", strict_key=True))
    assert set(made.tokens[made.tokens < REST].tolist()) == {0}


def test_no_part_goes_below_its_lowest_note() -> None:
    wide = Grid(2, Alphabet(36, 71), "double")
    made = requests.sample(fake(wide), 64).tokens.astype(int) + 36
    lowest = [made[:, part::4][made[:, part::4] < 72].min() for part in range(4)]
    assert lowest == [55, 55, 48, 36]


def test_the_last_beats_strike_what_sounds_into_them() -> None:
    given = music(4)
    given.tokens[:, 0] = [3, SUSTAIN, SUSTAIN, SUSTAIN, SUSTAIN, SUSTAIN, 4, SUSTAIN]
    taken = requests.last(given, 2)
    assert taken.tokens[:, 0].tolist() == [3, SUSTAIN, 4, SUSTAIN]
    assert taken.bars.tolist() == [0] * 4
    assert requests.last(given, 9).tokens.tolist() == given.tokens.tolist()
