"""Paths in the latent space, and what a model makes of them."""

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quartetvae.config import PathKind
from quartetvae.errors import ArgumentError, ModelError
from quartetvae.latent import paths
from quartetvae.latent.paths import LatentPath
from quartetvae.model.autoencoder import Codes
from quartetvae.music.quartet import Piece
from tests.building import FORM, GRID, piece, random_tokens
from tests.toy import STEPS, TOY, Toy

KINDS: tuple[PathKind, ...] = ("linear", "spherical")

A, B = piece("a", random_tokens(30, 4, seed=1)), piece("b", random_tokens(22, 4, seed=2))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def walk(a: Piece = A, b: Piece = B, *, beats: int = 4, **changes: Any) -> LatentPath:
    """A path between the beginnings of two pieces."""
    steps = beats * GRID.steps_per_beat
    options: dict[str, Any] = {"points": 5, "kind": "linear", "decode": "mean", **changes}
    return paths.interpolate(TOY, paths.excerpt(a, steps=steps), paths.excerpt(b, steps=steps), **options, rng=rng())


def some_codes(phrases: int = 3, dims: int = 5) -> st.SearchStrategy[Codes]:
    numbers = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 1.0])
    return arrays(np.float32, (phrases, dims), elements=numbers)


# Paths


@given(some_codes(), some_codes(), st.integers(2, 9), st.sampled_from(KINDS))
def test_a_path_begins_and_ends_exactly_at_its_ends(a: Codes, b: Codes, points: int, kind: PathKind) -> None:
    path = paths.between(a, b, points=points, kind=kind)
    assert path.shape == (3, points, 5)
    assert path.dtype == np.float32
    assert np.isfinite(path).all()
    assert np.array_equal(path[:, 0], a)
    assert np.array_equal(path[:, -1], b)


@given(some_codes(), some_codes(), st.integers(2, 9), st.sampled_from(KINDS))
def test_the_way_back_is_the_path_reversed(a: Codes, b: Codes, points: int, kind: PathKind) -> None:
    there, back = paths.between(a, b, points=points, kind=kind), paths.between(b, a, points=points, kind=kind)
    # Next to antipodes no great circle is defined: which way the path goes hangs on the last digit.
    start, end = a.astype(np.float64), b.astype(np.float64)
    lengths = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
    usual = (kind == "linear") | ((start * end).sum(axis=1) > -0.999 * lengths)
    # Single precision has 7 digits.
    scale = max(1.0, float(np.abs(a).max()), float(np.abs(b).max()))
    np.testing.assert_allclose(there[usual], back[usual][:, ::-1], atol=1e-5 * scale)


def test_a_straight_line_counted_by_hand() -> None:
    a, b = np.array([[0, 8]], np.float32), np.array([[4, 0]], np.float32)
    assert paths.between(a, b, points=5, kind="linear").tolist() == [[[0, 8], [1, 6], [2, 4], [3, 2], [4, 0]]]


def test_a_quarter_of_a_circle_counted_by_hand() -> None:
    a, b = np.array([[2, 0]], np.float32), np.array([[0, 2]], np.float32)
    half, root = 1.0, math.sqrt(3)
    expected: list[list[float]] = [[2, 0], [root, half], [half, root], [0, 2]]
    np.testing.assert_allclose(paths.between(a, b, points=4, kind="spherical")[0], expected, rtol=1e-6, atol=1e-6)


def test_the_length_grows_linearly_along_an_arc() -> None:
    a, b = np.array([[1, 0]], np.float32), np.array([[0, 3]], np.float32)
    path = paths.between(a, b, points=3, kind="spherical")
    np.testing.assert_allclose(path[0, 1], [math.sqrt(2), math.sqrt(2)], rtol=1e-6)


@given(some_codes(), some_codes())
def test_an_arc_between_codes_of_one_length_keeps_it(a: Codes, b: Codes) -> None:
    a, b = a + np.float32(1e-3), b + np.float32(1e-3)
    unit_a, unit_b = (x / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True) for x in (a, b))
    cosine = (unit_a * unit_b).sum(axis=1)
    path = paths.between(unit_a.astype(np.float32), unit_b.astype(np.float32), points=5, kind="spherical")
    lengths = np.linalg.norm(path, axis=-1)
    # Away from antipodes, where no great circle is defined.
    np.testing.assert_allclose(lengths[cosine > -0.999], 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("a", "b"), [([1, 2], [2, 4]), ([0, 0], [3, 1]), ([3, 1], [0, 0]), ([0, 0], [0, 0]), ([1, 1], [1, 1])]
)
def test_where_there_is_no_arc_the_path_is_straight(a: list[float], b: list[float]) -> None:
    ends = np.array([a], np.float32), np.array([b], np.float32)
    line, arc = (paths.between(*ends, points=5, kind=kind) for kind in KINDS)
    np.testing.assert_allclose(arc, line, rtol=1e-6)


def test_each_phrase_has_a_path_of_its_own() -> None:
    a, b = np.array([[1, 0], [1, 2]], np.float32), np.array([[0, 1], [2, 4]], np.float32)
    both = paths.between(a, b, points=3, kind="spherical")
    each = [paths.between(a[k : k + 1], b[k : k + 1], points=3, kind="spherical")[0] for k in range(2)]
    assert both.tolist() == np.stack(each).tolist()


@pytest.mark.parametrize("points", [1, 0, -1])
def test_a_path_needs_two_points(points: int) -> None:
    with pytest.raises(ModelError, match=rf"{points} point\(s\) on a path; 2 at least are needed"):
        paths.between(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32), points=points, kind="linear")


def test_an_unknown_path_is_refused() -> None:
    wrong: Any = "bent"
    with pytest.raises(ArgumentError, match="path 'bent' found; one of 'linear', 'spherical' is needed"):
        paths.between(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32), points=2, kind=wrong)


# Pieces


def test_a_perfect_model_reconstructs_a_piece_of_any_length() -> None:
    sustained = dataclasses.replace(TOY.architecture, form=FORM.model_copy(update={"boundary": "sustain"}))
    for steps in (1, STEPS, 22, 30):
        one = paths.excerpt(A, steps=steps)
        found = paths.reconstruct(Toy(sustained), one, decode="mean", rng=rng())
        assert found.tokens.tolist() == one.tokens.tolist()
        assert (found.id, found.composer, found.work) == (A.id, A.composer, A.work)


def test_a_sample_is_not_the_mean() -> None:
    mean = paths.reconstruct(TOY, A, decode="mean", rng=rng())
    sample = paths.reconstruct(TOY, A, decode="sample", rng=rng())
    assert (mean.tokens != sample.tokens).any()
    assert sample.tokens.tolist() == paths.reconstruct(TOY, A, decode="sample", rng=rng()).tokens.tolist()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beats", [1, 3, 4])
def test_the_ends_of_a_walk_are_the_reconstructions(kind: PathKind, beats: int) -> None:
    found = walk(kind=kind, beats=beats, points=3)
    assert found.names == ("a", "b")
    for k, one in ((0, A), (2, B)):
        cut = paths.excerpt(one, steps=beats * GRID.steps_per_beat)
        rebuilt = paths.reconstruct(TOY, cut, decode="mean", rng=rng())
        assert found.point(k).tolist() == rebuilt.tokens.tolist()


def test_a_walk_has_a_path_for_each_phrase() -> None:
    found = walk(beats=4, points=5)
    assert found.z.shape == (4, 5, 4 * STEPS)
    assert found.tokens.shape == (4, 5, STEPS, 4)
    assert found.starts.tolist() == [0, 4, 8, 12]
    halfway = (found.z[:, 0] + found.z[:, 4]) / 2
    np.testing.assert_allclose(found.z[:, 2], halfway, rtol=1e-6)
    assert found.tokens[:, 2].tolist() == TOY.decode(found.z[:, 2]).tolist()


def test_a_shorter_piece_shortens_the_walk() -> None:
    for found in (walk(A, B, beats=64), walk(B, A, beats=64)):
        assert [len(end.tokens) for end in found.originals] == [22, 22]
        assert [len(end.bars) for end in found.originals] == [22, 22]
        assert len(found.point(1)) == 22
        assert len(found.starts) == 6


def test_a_walk_is_cut_on_the_beat_grid_whatever_the_bars() -> None:
    by_bar = dataclasses.replace(TOY.architecture, form=FORM.model_copy(update={"align": "bar"}))
    a, b = piece("a", A.tokens, steps_per_bar=3), piece("b", B.tokens, steps_per_bar=5)
    found = paths.interpolate(Toy(by_bar), a, b, points=3)
    assert found.starts.tolist() == [0, 4, 8, 12, 16, 20]


def test_a_walk_by_samples_is_another_one() -> None:
    assert (walk(decode="sample").tokens != walk(decode="mean").tokens).any()
    assert walk(decode="sample").tokens.tolist() == walk(decode="sample").tokens.tolist()


# Even steps


def test_points_are_chosen_so_that_steps_are_even() -> None:
    """Cells change at the candidates 1, 2, 3 (one each), 6 (three at once): by hand, from 0 to 6 in two steps."""
    decoded = np.zeros((1, 7, 6, 1), np.uint8)
    for cell, since in enumerate((1, 2, 3, 6, 6, 6)):
        decoded[0, since:, cell] = 1
    assert paths.evenly(decoded, points=3).tolist() in ([[0, 3, 6]], [[0, 4, 6]], [[0, 5, 6]])
    # Three cells in three steps, then three in one.
    assert paths.evenly(decoded, points=5).tolist()[0][:3] == [0, 1, 2]
    assert paths.evenly(decoded, points=2).tolist() == [[0, 6]]
    assert paths.evenly(np.zeros((2, 7, 6, 1), np.uint8), points=4).tolist() == [[0, 2, 4, 6]] * 2


def test_no_other_choice_has_a_smaller_sum_of_squares() -> None:
    decoded = random_tokens(9, 4, 4).reshape(1, 9, 4, 4)
    chosen = paths.evenly(decoded, points=4)[0].tolist()

    def cost(places: tuple[int, ...]) -> float:
        steps = [decoded[0, one] != decoded[0, other] for one, other in itertools.pairwise(places)]
        return sum(float(step.mean()) ** 2 for step in steps)

    least = min(cost((0, one, other, 8)) for one, other in itertools.combinations(range(1, 8), 2))
    assert cost(tuple(chosen)) == pytest.approx(least)


def test_spacing_changes_inner_points_and_keeps_the_ends() -> None:
    a, b = (piece(name, random_tokens(1, 3 * STEPS, 4, seed=seed)[0]) for seed, name in enumerate("ab"))
    codes, heard = (paths.interpolate(TOY, a, b, points=4, spacing=spacing) for spacing in ("codes", "heard"))
    assert np.array_equal(codes.tokens[:, [0, -1]], heard.tokens[:, [0, -1]])
    assert np.array_equal(heard.tokens, TOY.decode(heard.z.reshape(-1, heard.z.shape[-1])).reshape(heard.tokens.shape))
    bent: Any = "bent"
    with pytest.raises(ArgumentError, match="spacing 'bent' found"):
        paths.interpolate(TOY, a, b, points=4, spacing=bent)
