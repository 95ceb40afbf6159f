"""Paths by exchange: what comes from where, and how it is joined."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quartetvae.composing import exchange
from quartetvae.composing.exchange import COMPOSED, A, B, Manner
from quartetvae.errors import ArgumentError
from quartetvae.latent import paths
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Grid
from tests.building import GRID as BUILDING
from tests.building import piece, random_tokens
from tests.composing.composers import Fake, fake
from tests.toy import STEPS, TOY

GRID = Grid(2, Alphabet(48, 83), "double")
COMPOSER = fake(GRID)
REST, SUSTAIN = GRID.alphabet.rest, GRID.alphabet.sustain


def music(beats: int, seed: int, low: int = 12) -> Tokens:
    """Random notes of one or two steps in C major: (1, steps, columns)."""
    rng = np.random.default_rng(seed)
    tokens = (low + rng.choice([0, 2, 4, 5, 7, 9, 11], (beats * GRID.steps_per_beat, GRID.columns))).astype(np.uint8)
    tokens[1::2][rng.random(tokens[1::2].shape) < 0.5] = SUSTAIN
    return tokens[None]


def test_parts_give_way_and_do_not_come_back() -> None:
    orders = np.random.default_rng(0).random((50, 5))
    shares = np.linspace(0.05, 0.95, 19)
    for freedom in (0.0, 0.3, 1.0):
        sources = exchange.plan(orders, shares.tolist(), freedom)
        assert sources.shape == (50, 19, 4)
        assert (np.diff(sources, axis=1) >= 0).all()
    without = exchange.plan(orders, [0.5], 0.0)
    assert set(np.unique(without)) == {A, B}
    # Half of the parts are B's, evenly: two of four, but for the turns' own beginnings.
    assert (without == B).mean() == pytest.approx(0.5, abs=0.03)
    assert (exchange.plan(orders, [0.5], 0.5) == COMPOSED).mean() == pytest.approx(0.5, abs=0.05)
    assert (exchange.plan(orders, [0.25], 0.5) == COMPOSED).mean() == pytest.approx(0.25, abs=0.05)


def test_all_that_is_not_composed_comes_from_a_or_b_in_its_place() -> None:
    a, b = music(20, 1), music(20, 2)
    found = exchange.between(COMPOSER, a, b, [0.4], Manner(freedom=0.0, tries=1))[0, 0]
    turn = exchange.TURN_BEATS * GRID.steps_per_beat
    for start in range(0, len(found), turn):
        for column in range(GRID.columns):
            # From its second note on; the first may be struck where it was held.
            made = found[start + 2 : start + turn, column]
            assert any(np.array_equal(made, end[0, start + 2 : start + turn, column]) for end in (a, b))
    assert (found != a[0]).any()
    assert (found != b[0]).any()


def test_the_same_manner_makes_the_same_music_and_another_seed_other_music() -> None:
    a, b = music(12, 1), music(12, 2)
    shares = [0.25, 0.5, 0.75]
    first = exchange.between(COMPOSER, a, b, shares, Manner(seed=3))
    assert first.shape == (1, 3, 12 * GRID.steps_per_beat, GRID.columns)
    assert np.array_equal(first, exchange.between(COMPOSER, a, b, shares, Manner(seed=3)))
    for other in (Manner(seed=4), Manner(seed=3, freedom=1.0), Manner(seed=3, tries=1)):
        assert not np.array_equal(first, exchange.between(COMPOSER, a, b, shares, other))
    codec.check(first[0, 0], GRID.alphabet)


def test_pairs_are_made_side_by_side() -> None:
    a, b = np.concatenate([music(4, 1), music(4, 3)]), np.concatenate([music(4, 2), music(4, 4)])
    found = exchange.between(COMPOSER, a, b, [0.5], Manner(freedom=0.0))
    assert found.shape == (2, 1, 4 * GRID.steps_per_beat, GRID.columns)


def test_of_several_orders_the_likeliest_is_taken() -> None:
    """To this composer low pitches are likely: with many tries more of the lower music is taken."""

    class Low(Fake):
        def nats(self, tokens: Tokens, unknown: NDArray[np.bool_]) -> NDArray[np.float64]:
            return np.asarray(np.where(tokens < REST, tokens, 0).sum(axis=(1, 2)), np.float64)

    composer = Low(COMPOSER.architecture, COMPOSER.logits)
    low, high = music(4, 1, low=0), music(4, 2, low=12)
    tried = {}
    for tries in (1, 24):
        found = exchange.between(composer, low, high, [0.5], Manner(freedom=0.0, tries=tries))
        pitched = found[found < REST]
        tried[tries] = float(pitched.mean())
    assert tried[24] < tried[1]


def test_b_is_moved_to_the_key_of_a_and_then_a_to_that_of_b() -> None:
    a = music(8, 1)
    b = (a + (a < REST) * np.uint8(2)).astype(np.uint8)
    found = exchange.between(COMPOSER, a, b, [0.3, 0.6], Manner(freedom=0.0))[0]
    # In one key the two are the same.
    assert np.array_equal(found[0], a[0])
    assert np.array_equal(found[1], b[0])


def test_a_note_that_is_held_into_a_turn_goes_on_where_it_sounds_and_is_struck_elsewhere() -> None:
    steps = 2 * exchange.TURN_BEATS * GRID.steps_per_beat
    a, b = (np.full((1, steps, GRID.columns), SUSTAIN, np.uint8) for _ in "ab")
    a[:, 0], b[:, 0] = 12, 24
    found = exchange.between(COMPOSER, a, b, [0.45], Manner(freedom=0.0, tries=1, seed=5))[0, 0]
    turn = steps // 2
    for column in found.T:
        first, second = column[0], column[turn]
        assert first in (12, 24)
        assert second == SUSTAIN or (second in (12, 24) and second != first)
        assert (np.delete(column, [0, turn]) == SUSTAIN).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"share": 0.0}, "0 of the way; more than 0"),
        ({"share": 1.0}, "1 of the way"),
        ({"b": music(5, 1)}, "arrays of shape"),
    ],
)
def test_what_cannot_be_walked_is_named(change: dict[str, Any], told: str) -> None:
    asked: dict[str, Any] = {"a": music(4, 1), "b": music(4, 2), "share": 0.5, **change}
    with pytest.raises(ArgumentError, match=told):
        exchange.between(COMPOSER, asked["a"], asked["b"], [asked["share"]])


@pytest.mark.parametrize(("field", "value"), [("freedom", 1.5), ("freedom", -0.1), ("tries", 0)])
def test_a_manner_out_of_range_is_named(field: str, value: float) -> None:
    changed: dict[str, Any] = {field: value}
    with pytest.raises(ArgumentError, match="is needed"):
        Manner(**changed)


def test_a_walk_has_what_the_model_gives_back_at_its_ends_and_codes_of_its_music() -> None:
    composer = fake(BUILDING)
    a, b = (piece(name, random_tokens(1, 3 * STEPS, 4, seed=seed)[0]) for seed, name in enumerate("ab"))
    walked = exchange.walk(TOY, composer, a, b, points=4)
    plain = paths.interpolate(TOY, a, b, points=2)
    assert walked.points == 4
    assert walked.tokens.shape[0] == 3
    for end, there in ((0, 0), (-1, -1)):
        assert np.array_equal(walked.tokens[:, end], plain.tokens[:, there])
        assert np.array_equal(walked.z[:, end], plain.z[:, there])
    made = exchange.between(composer, plain.point(0)[None], plain.point(1)[None], exchange.shares(4))[0]
    for k in (1, 2):
        assert np.array_equal(walked.point(k), made[k - 1])
        assert np.array_equal(walked.z[:, k], TOY.encode(walked.tokens[:, k])[0])
