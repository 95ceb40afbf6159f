"""What a model does with held-out music: what comes back, and what its codes are used for."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from quartetvae.corpus.records import Origin
from quartetvae.errors import ArgumentError
from quartetvae.evaluation import model
from quartetvae.latent import paths
from quartetvae.latent.paths import LatentPath
from quartetvae.music.codec import Tokens
from tests.building import ALPHABET, phrase_set, piece, pieces, random_tokens
from tests.toy import STEPS, TOY, Toy

HELD_OUT = phrase_set(random_tokens(50, STEPS, 4, seed=5))
PIECES = pieces(train=[], test=[piece("one", HELD_OUT.tokens.reshape(-1, 4), work="W")])


def test_a_perfect_model_gives_everything_back_from_means() -> None:
    found = model.reconstructions(TOY, HELD_OUT, HELD_OUT, PIECES, decode="mean", seed=0)
    assert (found["phrases"], found["works"], found["token_accuracy"], found["exact_phrase"]) == (50, 1, 1, 1)
    assert list(found["by_work"]) == ["Haydn: W"]
    assert found["elbo_nats"] == pytest.approx(-found["kl_nats"] - found["reconstruction_nats"])
    # The toy's posterior is three tokens wide.
    sampled = model.reconstructions(TOY, HELD_OUT, HELD_OUT, PIECES, decode="sample", seed=0)
    assert sampled["token_accuracy"] is not None
    assert sampled["token_accuracy"] < 0.5


def test_figures_are_given_by_source() -> None:
    half = phrase_set(HELD_OUT.tokens[:30])
    tokens = half.tokens.reshape(-1, 4)
    both = pieces(train=[], test=[piece("one", tokens, work="W"), piece("two", tokens, work="W")])
    known = dataclasses.replace(both, origins={"one": Origin("musicnet", "one"), "two": Origin("openscore", "one")})
    of_two = dataclasses.replace(half, pieces=np.array(["one"] * 10 + ["two"] * 20, dtype=object))
    found = model.reconstructions(TOY, of_two, half, known, decode="mean", seed=0)
    assert {name: scores["phrases"] for name, scores in found["by_source"].items()} == {"musicnet": 10, "openscore": 20}


def test_an_unknown_decoding_is_refused() -> None:
    wrong: Any = "men"
    with pytest.raises(ArgumentError, match="decode 'men' found; one of 'mean', 'sample' is needed"):
        model.reconstructions(TOY, HELD_OUT, HELD_OUT, PIECES, decode=wrong, seed=0)


def test_what_codes_are_used_for() -> None:
    found, kl = model.code_use(TOY, HELD_OUT, seed=0)
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


def walk(a: str, b: str) -> LatentPath:
    """A path of four points between two pieces of three phrases; the toy's codes are their tokens."""
    ends = [piece(name, random_tokens(3 * STEPS, 4, seed=seed)) for seed, name in enumerate((a, b))]
    return paths.interpolate(TOY, *ends, points=4, kind="linear")


def test_paths_are_scored_over_all_their_phrases() -> None:
    both = pieces(train=[piece("seen", HELD_OUT.tokens[0])], test=[piece(name, HELD_OUT.tokens[0]) for name in "ab"])
    found = model.interpolations(TOY, [walk("a", "b"), walk("a", "seen")], HELD_OUT, both, kind="linear", seed=0)
    assert (found["pairs"], found["pairs_of_test_works"], found["points"], found["path"]) == (2, 1, 4, "linear")
    assert found["phrases"] == sum(len(one.z) for one in (walk("a", "b"), walk("a", "seen")))
    # Half a step of rounding lies between a code and the code of what it decodes to.
    assert found["round_trip"] is not None
    assert 0 <= found["round_trip"] < 0.1


def test_codes_that_are_read_off_the_music_have_no_round_trip() -> None:
    both = pieces(train=[], test=[piece(name, HELD_OUT.tokens[0]) for name in "ab"])
    found = model.interpolations(TOY, [walk("a", "b")], HELD_OUT, both, kind="exchange", seed=0)
    assert found["round_trip"] is None


def test_steps_are_measured_of_the_path_and_of_the_crossfade() -> None:
    found = model.step_distances([walk("a", "b")], seed=0)
    assert {name: distances.shape for name, distances in found.items()} == {
        "path": (len(walk("a", "b").z), 3),
        "crossfade": (len(walk("a", "b").z), 3),
    }
    tokens = walk("a", "b").tokens
    np.testing.assert_allclose(found["path"][:, 0], (tokens[:, 0] != tokens[:, 1]).mean(axis=(1, 2)))
    # Each point draws for itself whose each cell is, so that a way of steps is as long as the straight one, or longer.
    assert (found["crossfade"].sum(axis=1) >= (tokens[:, 0] != tokens[:, -1]).mean(axis=(1, 2))).all()
    assert not np.array_equal(found["crossfade"], found["path"])
