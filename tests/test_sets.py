"""Sets of excerpts: as many of each, drawn by a seed."""

import numpy as np
import pytest

from quartetvae import params
from quartetvae.dataset import Piece
from quartetvae.errors import DatasetError
from quartetvae.metrics import sets
from tests.building import ALPHABET, GRID, part_array, piece, random_tokens

SECTION = params.Evaluate(excerpt_beats=1, excerpts=5, seed=0)


def pieces(*lengths: int, seed: int = 0) -> list[Piece]:
    return [piece(str(k), random_tokens(steps, 4, seed=seed + k)) for k, steps in enumerate(lengths)]


def section(**changes: int) -> params.Evaluate:
    return params.Evaluate.model_validate(SECTION.model_dump() | changes)


def test_all_sets_give_as_many_as_the_smallest_has() -> None:
    found = sets.draw({"real": pieces(40, 40), "made": pieces(9, 7)}, GRID, SECTION)
    # 9 steps hold two excerpts of 4, 7 hold one.
    assert {name: tokens.shape for name, tokens in found.items()} == {"real": (3, 4, 4), "made": (3, 4, 4)}


def test_no_set_gives_more_than_asked_for() -> None:
    found = sets.draw({"real": pieces(40, 40), "made": pieces(80)}, GRID, SECTION)
    assert {len(tokens) for tokens in found.values()} == {5}


def test_excerpts_are_of_the_pieces_and_none_comes_twice() -> None:
    one = pieces(40)
    (found,) = sets.draw({"real": one}, GRID, section(excerpts=99)).values()
    wanted = one[0].tokens.reshape(10, 4, 4).copy()
    # Held notes are struck again at the beginning of an excerpt; all else is as it was.
    assert sorted(found[:, 1:].tolist()) == sorted(wanted[:, 1:].tolist())
    assert (found[:, 0] != ALPHABET.sustain).all()


def test_an_excerpt_inside_a_held_note_begins_with_its_onset() -> None:
    held = piece("a", part_array("60 - - - - - 62 -"))
    (found,) = sets.draw({"real": [held]}, GRID, section(excerpts=2)).values()
    wanted = [part_array("60 - - -"), part_array("60 - 62 -")]
    assert sorted(found.tolist()) == sorted(tokens.tolist() for tokens in wanted)


def test_a_draw_is_its_seed() -> None:
    music = {"real": pieces(400), "made": pieces(400, seed=9)}
    one, same, other = (sets.draw(music, GRID, section(seed=seed)) for seed in (0, 0, 1))
    for name in music:
        assert np.array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


def test_every_parameter_changes_the_draw() -> None:
    music = {"real": pieces(400)}
    plain = sets.draw(music, GRID, SECTION)["real"].tolist()
    for changes in ({"excerpt_beats": 2}, {"excerpts": 4}, {"seed": 1}):
        assert sets.draw(music, GRID, section(**changes))["real"].tolist() != plain, changes


def test_excerpts_that_are_too_long_are_an_error() -> None:
    with pytest.raises(DatasetError, match=r"no excerpt of 3 beats in: made; make evaluate\.excerpt_beats smaller"):
        sets.draw({"real": pieces(40), "made": pieces(11)}, GRID, section(excerpt_beats=3))
    with pytest.raises(DatasetError, match="in: made, none"):
        sets.draw({"real": pieces(40), "made": pieces(3), "none": []}, GRID, SECTION)


def test_the_figures_of_each_set_count_its_excerpts() -> None:
    drawn = sets.draw({"real": pieces(40), "made": pieces(40, seed=3)}, GRID, SECTION)
    figures = sets.figures(drawn, ALPHABET)
    assert set(figures) == {"real", "made"}
    assert figures["real"]["excerpts"] == 5
    assert figures["real"]["silent_phrases"] == 0
