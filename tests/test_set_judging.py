"""A model's figures beside real music, and what its codes are used for."""

from typing import Any

import numpy as np
import pytest

from quartetvae.corpus.records import Pieces
from quartetvae.evaluation import excerpts, model, sets
from quartetvae.metrics import comparison
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Piece
from quartetvae.pipeline import params
from tests.building import ALPHABET, GRID, phrase_set, piece, pieces, random_tokens
from tests.toy import STEPS, TOY, Toy

SECTION = params.Evaluate(excerpt_beats=1, excerpts=6, replicates=4, temperature=0.0, seed=0)
SETS = ("real", "reconstructions", "interpolations", "prior", "aggregate", "crossfade")

REAL = pieces(train=[], test=[piece("a", random_tokens(200, 4, seed=1)), piece("b", random_tokens(60, 4, seed=2))])
REBUILT = Pieces(tuple(piece(p.id, random_tokens(100, 4, seed=3)) for p in REAL.pieces), ("test",) * 2, GRID, 0.0)
TRAINING = phrase_set(random_tokens(40, STEPS, 4, seed=4))


def section(**changes: Any) -> params.Evaluate:
    return params.Evaluate.model_validate(SECTION.model_dump() | changes)


def walked(*pairs: str) -> Pieces:
    """Paths of four points as the stage `interpolate` leaves them; the token of a point is its number."""
    made: list[Piece] = []
    for pair in pairs:
        made += [piece(f"{pair}/{k}", np.full((40, 4), k, np.uint8), work=pair) for k in range(4)]
    return Pieces(tuple(made), ("end", "between", "between", "end") * len(pairs), GRID, 0.0)


def drawn(of: params.Evaluate = SECTION) -> dict[str, Tokens]:
    return excerpts.excerpts(TOY, REAL, REBUILT, walked("a-b", "b-c"), TRAINING, of)


def test_each_set_has_as_many_excerpts_of_its_own_music() -> None:
    found = drawn()
    assert set(found) == {"reference", *SETS}
    assert all(of.shape == (6, STEPS, 4) for of in found.values())
    assert set(found["interpolations"].ravel().tolist()) == {1, 2}  # the inner points
    assert set(found["crossfade"].ravel().tolist()) == {0, 3}  # cells of one end or the other


def test_excerpts_longer_than_phrases_are_phrases_side_by_side() -> None:
    found = drawn(section(excerpt_beats=3, excerpts=2))
    assert all(of.shape == (2, 3 * STEPS, 4) for of in found.values())


def test_temperature_and_seed_change_what_is_sampled() -> None:
    class Warm(Toy):
        def decode(self, z: Any, *, temperature: float = 0.0, seed: int = 0) -> Tokens:
            return super().decode(z + temperature + seed)

    def prior(**changes: Any) -> Any:
        model = Warm(TOY.architecture)
        return excerpts.excerpts(model, REAL, REBUILT, walked("a-b"), TRAINING, section(**changes))["prior"]

    assert np.array_equal(prior(), prior())
    assert prior(temperature=5.0).mean() > prior().mean() + 2
    assert not np.array_equal(prior(seed=1), prior())


def test_figures_of_sets() -> None:
    told: list[int] = []
    found = sets.music_sets(drawn(), GRID, SECTION, progress=lambda: told.append(1))
    assert tuple(found) == SETS
    assert len(told) == len(comparison.FEATURES)
    for of in found.values():
        assert of["excerpts"] == 6
        assert {"mean_overlap", "mean_low", "mean_high", "distinct_pitches_median", "pitch_classes"} <= set(of)
        assert set(comparison.FEATURES) <= set(of)


def test_what_codes_are_used_for() -> None:
    held_out = phrase_set(random_tokens(50, STEPS, 4, seed=5))
    found, kl = model.code_use(TOY, held_out, seed=0)
    assert kl.shape == (4 * STEPS,)
    assert found["phrases"] == 50
    assert found["kl_nats"] == pytest.approx(kl.sum())
    assert found["mutual_information_limit"] == pytest.approx(np.log(50))
    assert 0 < found["mutual_information_nats"] <= found["mutual_information_limit"]
    # The toy's reconstruction is the distance of tokens and code: none from a phrase's own.
    assert found["shuffled_z"]["own_nats"] == 0
    assert found["shuffled_z"]["others_nats"] > 4 * STEPS


def test_others_codes_are_never_a_phrases_own() -> None:
    numbered = np.repeat(np.arange(ALPHABET.size, dtype=np.uint8), 4 * STEPS).reshape(-1, STEPS, 4)
    seen: list[float] = []

    class Listening(Toy):
        def reconstruction(self, tokens: Tokens, z: Any) -> Any:
            seen.extend(np.abs(tokens.reshape(len(tokens), -1) - z).min(axis=1).tolist())
            return super().reconstruction(tokens, z)

    model.code_use(Listening(TOY.architecture), phrase_set(numbered), seed=0)
    own, others = seen[: len(numbered)], seen[len(numbered) :]
    assert max(own) == 0
    assert min(others) >= 1
