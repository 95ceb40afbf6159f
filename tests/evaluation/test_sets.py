"""Sets of music beside real music: what is in each, and its figures."""

from typing import Any

import numpy as np

from quartetvae.corpus.records import Pieces
from quartetvae.evaluation import excerpts, sets
from quartetvae.metrics import comparison
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Piece
from tests.building import GRID, phrase_set, piece, pieces, random_tokens
from tests.toy import STEPS, TOY, Toy

SETS = ("real", "reconstructions", "interpolations", "prior", "aggregate", "crossfade")

REAL = pieces(train=[], test=[piece("a", random_tokens(200, 4, seed=1)), piece("b", random_tokens(60, 4, seed=2))])
REBUILT = Pieces(tuple(piece(p.id, random_tokens(100, 4, seed=3)) for p in REAL.pieces), ("test",) * 2, GRID, 0.0)
TRAINING = phrase_set(random_tokens(40, STEPS, 4, seed=4))


def walked(*pairs: str) -> Pieces:
    """Paths of four points as the stage `interpolate` leaves them; the token of a point is its number."""
    made: list[Piece] = []
    for pair in pairs:
        made += [piece(f"{pair}/{k}", np.full((40, 4), k, np.uint8), work=pair) for k in range(4)]
    return Pieces(tuple(made), ("end", "between", "between", "end") * len(pairs), GRID, 0.0)


def drawn(model: Toy = TOY, **changes: Any) -> dict[str, Tokens]:
    options: dict[str, Any] = {"beats": 1, "count": 6, "temperature": 0.0, "seed": 0, **changes}
    return excerpts.collect(model, REAL, REBUILT, walked("a-b", "b-c"), TRAINING, **options)


def test_each_set_has_as_many_excerpts_of_its_own_music() -> None:
    found = drawn()
    assert set(found) == {"reference", *SETS}
    assert all(of.shape == (6, STEPS, 4) for of in found.values())
    assert set(found["interpolations"].ravel().tolist()) == {1, 2}  # the inner points
    assert set(found["crossfade"].ravel().tolist()) == {0, 3}  # cells of one end or the other


def test_excerpts_longer_than_phrases_are_phrases_side_by_side() -> None:
    found = drawn(beats=3, count=2)
    assert all(of.shape == (2, 3 * STEPS, 4) for of in found.values())


def test_temperature_and_seed_change_what_is_sampled() -> None:
    class Warm(Toy):
        def decode(self, z: Any, *, temperature: float = 0.0, seed: int = 0) -> Tokens:
            return super().decode(z + temperature + seed)

    def prior(**changes: Any) -> Any:
        return drawn(Warm(TOY.architecture), **changes)["prior"]

    assert np.array_equal(prior(), prior())
    assert prior(temperature=5.0).mean() > prior().mean() + 2
    assert not np.array_equal(prior(seed=1), prior())


def test_figures_of_sets() -> None:
    told: list[int] = []
    found = sets.figures(drawn(), GRID, replicates=4, seed=0, progress=lambda: told.append(1))
    assert tuple(found) == SETS
    assert len(told) == len(comparison.FEATURES)
    for of in found.values():
        assert of["excerpts"] == 6
        assert {"mean_overlap", "mean_low", "mean_high", "distinct_pitches_median", "pitch_classes"} <= set(of)
        assert set(comparison.FEATURES) <= set(of)
