"""Sets of excerpts: as many of each, drawn by a seed; the reference and the real set share none."""

import numpy as np
import pytest

from quartetvae.errors import DatasetError
from quartetvae.evaluation import excerpts
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Piece
from tests.building import ALPHABET, GRID, part_array, piece, random_tokens


def pieces(*lengths: int, seed: int = 0) -> list[Piece]:
    return [piece(str(k), random_tokens(steps, 4, seed=seed + k)) for k, steps in enumerate(lengths)]


def beats(count: int, seed: int = 0) -> Tokens:
    """Excerpts of a beat."""
    return random_tokens(count, 4, 4, seed=seed)


def draw(every: dict[str, Tokens], *, count: int = 5, seed: int = 0) -> dict[str, Tokens]:
    return excerpts.draw(every, count=count, steps_per_beat=GRID.steps_per_beat, seed=seed)


def test_pieces_are_cut_one_excerpt_after_the_other() -> None:
    found = excerpts.of_pieces(pieces(9, 7), GRID, beats=1)
    assert found.shape == (3, 4, 4)  # 9 steps hold two excerpts of 4, 7 hold one
    assert excerpts.of_pieces(pieces(9), GRID, beats=3).shape == (0, 12, 4)


def test_excerpts_are_of_the_pieces() -> None:
    one = pieces(40)
    found = excerpts.of_pieces(one, GRID, beats=1)
    # Held notes are struck again at the beginning of an excerpt; all else is as it was.
    assert np.array_equal(found[:, 1:], one[0].tokens.reshape(10, 4, 4)[:, 1:])
    assert (found[:, 0] != ALPHABET.sustain).all()


def test_an_excerpt_inside_a_held_note_begins_with_its_onset() -> None:
    found = excerpts.of_pieces([piece("a", part_array("60 - - - - - 62 -"))], GRID, beats=1)
    assert found.tolist() == [part_array("60 - - -").tolist(), part_array("60 - 62 -").tolist()]


def test_all_sets_give_as_many_as_the_smallest_allows() -> None:
    for every, count in (({"real": 40, "made": 3}, 3), ({"real": 7, "made": 9}, 3), ({"real": 40, "made": 40}, 5)):
        drawn = draw({name: beats(size) for name, size in every.items()})
        assert {name: len(of) for name, of in drawn.items()} == {"reference": count, "real": count, "made": count}


def test_no_excerpt_comes_twice_and_none_is_in_both_halves_of_the_real_set() -> None:
    numbered = np.arange(11, dtype=np.uint8)[:, np.newaxis, np.newaxis].repeat(4, axis=1).repeat(4, axis=2)
    drawn = draw({"real": numbered, "made": beats(40)}, count=99)
    seen = [*drawn["real"][:, 0, 0], *drawn["reference"][:, 0, 0]]
    assert len(seen) == len(set(seen)) == 10


def test_a_draw_is_its_seed() -> None:
    every = {"real": beats(100), "made": beats(100, seed=9)}
    one, same, other = (draw(every, seed=seed) for seed in (0, 0, 1))
    for name in one:
        assert np.array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


def test_too_few_excerpts_are_an_error() -> None:
    with pytest.raises(DatasetError, match=r"too few excerpts of 1 beats in: made .*evaluate\.excerpt_beats smaller"):
        draw({"real": beats(9), "made": beats(0)})
    with pytest.raises(DatasetError, match="in: real, none"):
        draw({"real": beats(1), "made": beats(3), "none": beats(0)})


def test_crossfades_go_from_one_end_to_the_other() -> None:
    (low,), (high,) = pieces(400), pieces(400, seed=5)
    rng = np.random.default_rng(0)
    faded = excerpts.crossfades([(low, high)], 5, rng=rng)
    assert [len(made.tokens) for made in faded] == [400] * 3
    from_high = [float((made.tokens == high.tokens).mean() - (made.tokens == low.tokens).mean()) for made in faded]
    assert from_high == sorted(from_high)
    for made in faded:
        assert ((made.tokens == low.tokens) | (made.tokens == high.tokens)).all()
