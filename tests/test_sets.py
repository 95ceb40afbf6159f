"""Sets of excerpts: as many of each, drawn by a seed; the reference and the real set share none."""

from typing import Any

import numpy as np
import pytest

from quartetvae.errors import DatasetError
from quartetvae.evaluation import excerpts
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Piece
from quartetvae.pipeline import params
from tests.building import ALPHABET, GRID, part_array, piece, random_tokens

SECTION = params.Evaluate(excerpt_beats=1, excerpts=5, replicates=0, temperature=0.0, seed=0)


def pieces(*lengths: int, seed: int = 0) -> list[Piece]:
    return [piece(str(k), random_tokens(steps, 4, seed=seed + k)) for k, steps in enumerate(lengths)]


def section(**changes: Any) -> params.Evaluate:
    return params.Evaluate.model_validate(SECTION.model_dump() | changes)


def excerpts(count: int, seed: int = 0) -> Tokens:
    return random_tokens(count, 4, 4, seed=seed)


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
        drawn = excerpts.draw({name: excerpts(size) for name, size in every.items()}, SECTION)
        assert {name: len(of) for name, of in drawn.items()} == {"reference": count, "real": count, "made": count}


def test_no_excerpt_comes_twice_and_none_is_in_both_halves_of_the_real_set() -> None:
    numbered = np.arange(11, dtype=np.uint8)[:, np.newaxis, np.newaxis].repeat(4, axis=1).repeat(4, axis=2)
    drawn = excerpts.draw({"real": numbered, "made": excerpts(40)}, section(excerpts=99))
    seen = [*drawn["real"][:, 0, 0], *drawn["reference"][:, 0, 0]]
    assert len(seen) == len(set(seen)) == 10


def test_a_draw_is_its_seed() -> None:
    every = {"real": excerpts(100), "made": excerpts(100, seed=9)}
    one, same, other = (excerpts.draw(every, section(seed=seed)) for seed in (0, 0, 1))
    for name in one:
        assert np.array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


def test_too_few_excerpts_are_an_error() -> None:
    with pytest.raises(DatasetError, match=r"too few excerpts of 1 beats in: made .*evaluate\.excerpt_beats smaller"):
        excerpts.draw({"real": excerpts(9), "made": excerpts(0)}, SECTION)
    with pytest.raises(DatasetError, match="in: real, none"):
        excerpts.draw({"real": excerpts(1), "made": excerpts(3), "none": excerpts(0)}, SECTION)


def test_crossfades_go_from_one_end_to_the_other() -> None:
    (low,), (high,) = pieces(400), pieces(400, seed=5)
    rng = np.random.default_rng(0)
    faded = excerpts.crossfades([(low, high)], 5, rng=rng)
    assert [len(made.tokens) for made in faded] == [400] * 3
    from_high = [float((made.tokens == high.tokens).mean() - (made.tokens == low.tokens).mean()) for made in faded]
    assert from_high == sorted(from_high)
    for made in faded:
        assert ((made.tokens == low.tokens) | (made.tokens == high.tokens)).all()
