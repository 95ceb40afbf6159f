"""What lies between two phrases: the ways, the key B is moved to, the pairs, and the figures of every set."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from quartetvae.composing import originality
from quartetvae.config import PathKind
from quartetvae.corpus.records import PhraseSet
from quartetvae.errors import DatasetError
from quartetvae.evaluation import between
from quartetvae.evaluation.between import WAYS, Ends, Way
from quartetvae.latent import paths
from quartetvae.metrics import two_sample
from quartetvae.metrics.figures import BetweenFigures
from quartetvae.model.composer import Composer
from quartetvae.music.codec import Tokens
from tests.building import ALPHABET, part_array, phrase_set, piece, pieces, random_tokens
from tests.composing.composers import fake
from tests.toy import STEPS, TOY, Toy


def of_pieces(count: int, *, pieces: int, seed: int = 0) -> PhraseSet:
    """Random phrases, dealt out among so many pieces."""
    phrases = phrase_set(random_tokens(count, STEPS, 4, seed=seed))
    names = np.array([f"piece {k % pieces}" for k in range(count)], dtype=object)
    return dataclasses.replace(phrases, pieces=names)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the classifier tells is tested with the measure itself."""
    monkeypatch.setitem(two_sample.TREES, "max_iter", 3)


HELD_OUT, TRAINING = of_pieces(80, pieces=4), of_pieces(60, pieces=3, seed=1)
INDEX = originality.build(pieces(train=[piece(str(k), TRAINING.tokens[k]) for k in range(20)]))
ONE = phrase_set(random_tokens(60, STEPS, 4, seed=1))
A, B = random_tokens(40, STEPS, 4, seed=2), random_tokens(40, STEPS, 4, seed=3)
ENDS = Ends(A, B, TOY.encode(A)[0], TOY.encode(B)[0], ALPHABET)


def made(name: str, ends: Ends = ENDS) -> Tokens:
    return WAYS[name].make(TOY, ends, np.random.default_rng(0))


def figures(*, composer: Composer | None = None, **changes: Any) -> BetweenFigures:
    options: dict[str, Any] = {"pairs": 30, "temperature": 0.0, "replicates": 20, "seed": 0, **changes}
    return between.figures(TOY, composer, HELD_OUT, TRAINING, INDEX, **options)


def test_the_models_ways() -> None:
    assert np.array_equal(made("reconstructions"), A)  # the toy is perfect
    assert 0 < (made("posterior_sample") != A).mean() < 1
    kinds: tuple[PathKind, ...] = ("linear", "spherical")
    for kind in kinds:
        z = paths.between(ENDS.z_a, ENDS.z_b, points=5, kind=kind)
        assert np.array_equal(made(f"{kind}_quarter"), TOY.decode(z[:, 1]))
        assert np.array_equal(made(f"{kind}_half"), TOY.decode(z[:, 2]))


def test_a_crossfade_takes_cells_and_parts_takes_parts() -> None:
    different = A != B
    cells = (made("crossfade") == B)[different]
    assert ((made("crossfade") == A) | (made("crossfade") == B)).all()
    assert 0.4 < cells.mean() < 0.6
    by_part = made("parts")
    whole = (by_part == A).all(axis=1) | (by_part == B).all(axis=1)
    assert whole.all()
    assert 0.3 < (by_part == B)[different].mean() < 0.7


def test_parts_take_their_second_notes_with_them() -> None:
    a, b = (np.concatenate([tokens, tokens], axis=2) for tokens in (A, B))
    found = made("parts", dataclasses.replace(ENDS, a=a, b=b))
    assert np.array_equal(found[..., :4], found[..., 4:])


def test_halves_strike_what_b_holds_at_the_seam() -> None:
    a = part_array("60 - - -", "62 - - -", "60 - - -", "60 - - -")[np.newaxis]
    b = part_array("64 - - -", ". . - 65", "64 - 66 -", ". 67 - -")[np.newaxis]
    b[0, 0, 0] += ALPHABET.held
    found = made("halves", dataclasses.replace(ENDS, a=a, b=b))[0]
    assert np.array_equal(found, part_array("60 - 64 -", "62 - . 65", "60 - 66 -", "60 - 67 -"))


def test_pairs_are_of_different_pieces_and_the_reference_has_no_a() -> None:
    drawn = between.draw(HELD_OUT, pairs=30, rng=np.random.default_rng(0))
    assert len(drawn.a) == len(drawn.b) == len(drawn.reference) == 30
    assert (HELD_OUT.pieces[drawn.a] != HELD_OUT.pieces[drawn.b]).all()
    assert not set(drawn.a.tolist()) & set(drawn.reference.tolist())
    assert len(between.draw(HELD_OUT, pairs=1000, rng=np.random.default_rng(0)).a) == 40


def test_one_piece_has_no_pairs() -> None:
    with pytest.raises(DatasetError, match=r"60 held-out phrases of 1 piece\(s\); pairs need phrases of two pieces"):
        between.draw(ONE, pairs=3, rng=np.random.default_rng(0))


def test_validation_helps_out_where_one_test_piece_is_held_out() -> None:
    assert between.held_out(HELD_OUT, ONE) is HELD_OUT
    both = between.held_out(ONE, HELD_OUT)
    assert len(both) == 140
    assert len(set(both.pieces.tolist())) == 5


def test_every_set_has_its_figures() -> None:
    seen: list[int] = []
    found = figures(composer=fake(TOY.architecture.grid), progress=lambda: seen.append(1))
    assert len(seen) == len(between.NAMES)
    assert found["pairs"] == 30
    for name in between.NAMES:
        told = found["two_sample"][name]
        assert told["auc"] is not None
        assert told["low"] is not None
        assert told["high"] is not None
        assert 0 <= told["low"] <= told["high"] <= 1
        assert found["bigram_nats"][name] > 0
        assert 0 < (found["scale_consistency"][name] or 0) <= 1
        assert 0 <= (found["dissonant"][name] or 0) <= 1
    assert found["kept"].keys() == set(between.NAMES) - {"training"}
    assert found["kept"]["real"]["a"] == found["kept"]["reconstructions"]["a"] == 1
    assert (found["kept"]["linear_half"]["a"] or 0) < 0.5


def test_without_a_composer_its_ways_are_left_out() -> None:
    assert figures()["two_sample"].keys() == set(between.NAMES) - set(between.OF_COMPOSER)


def test_other_ways_are_measured_on_the_same_pairs() -> None:
    found, usual = figures(ways={"same": Way(lambda model, ends, rng: ends.a)}), figures()
    assert list(found["two_sample"]) == ["real", "same", "prior", "training"]
    assert found["kept"]["same"] == usual["kept"]["real"]
    assert found["two_sample"]["training"] == usual["two_sample"]["training"]


def test_what_a_composer_is_given_of_a_is_kept() -> None:
    ways = between.by_composer(fake(TOY.architecture.grid, sustain=-9.0), seed=1)
    infilled, harmonised = (ways[name].make(TOY, ENDS, np.random.default_rng(0)) for name in ("infilled", "harmonised"))
    quarter = STEPS // 4
    assert np.array_equal(infilled[:, :quarter], A[:, :quarter])
    assert np.array_equal(infilled[:, -quarter:], A[:, -quarter:])
    assert (infilled != A)[:, quarter:-quarter].mean() > 0.5
    assert np.array_equal(harmonised[:, :, 0], A[:, :, 0])
    assert (harmonised != A)[:, :, 1:].mean() > 0.5


def test_seed_pairs_and_replicates_change_something() -> None:
    base = figures()
    assert figures() == base
    assert figures(seed=1)["kept"] != base["kept"]
    assert figures(pairs=20)["pairs"] == 20
    none = figures(replicates=0)["two_sample"]["real"]
    assert (none["low"], none["high"]) == (None, None)


def test_the_prior_is_decoded_at_the_temperature() -> None:
    class Warm(Toy):
        def decode(self, z: Any, *, temperature: float = 0.0, seed: int = 0) -> Tokens:
            return super().decode(z + 3 * temperature, seed=seed)

    warm = Warm(TOY.architecture)
    options: dict[str, Any] = {"pairs": 20, "replicates": 0, "seed": 0}
    cold, hot = (between.figures(warm, None, HELD_OUT, TRAINING, INDEX, temperature=t, **options) for t in (0.0, 1.0))
    assert cold["bigram_nats"]["prior"] != hot["bigram_nats"]["prior"]
    assert cold["bigram_nats"]["linear_half"] == hot["bigram_nats"]["linear_half"]
