"""Codes of phrases: encoded, drawn from posterior, prior and aggregate posterior; bounds of the likelihood."""

import math
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import ArgumentError
from quartetvae.latent import codes
from tests.building import random_tokens
from tests.toy import STEPS, TOY


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_phrases_are_encoded_as_the_mean_or_a_sample_of_their_posterior() -> None:
    tokens = random_tokens(5, STEPS, 4)
    assert np.array_equal(codes.encode(TOY, tokens), TOY.encode(tokens)[0])
    drawn = codes.encode(TOY, tokens, decode="sample", rng=rng())
    assert np.array_equal(drawn, codes.sample_posterior(*TOY.encode(tokens), rng()))


def test_an_unknown_code_is_refused() -> None:
    wrong: Any = "maen"
    with pytest.raises(ArgumentError, match="decode 'maen' found; one of 'mean', 'sample' is needed"):
        codes.encode(TOY, random_tokens(1, STEPS, 4), decode=wrong)


def test_codes_of_the_prior_are_normal_and_of_their_seed() -> None:
    found = codes.sample_prior(20_000, 3, rng=rng())
    assert found.shape == (20_000, 3)
    assert found.dtype == np.float32
    assert found.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.03)
    assert np.cov(found.T) == pytest.approx(np.eye(3), abs=0.03)
    assert np.array_equal(found[:5], codes.sample_prior(5, 3, rng=rng()))


def test_codes_of_the_aggregate_posterior_are_those_of_phrases() -> None:
    # The toy's codes are the tokens, with a standard deviation of 3.
    tokens = np.repeat(np.array([[0], [60]], np.uint8), STEPS * 4, axis=1).reshape(2, STEPS, 4)
    found = codes.sample_aggregate(TOY, tokens, 2, rng=rng())
    assert sorted(found.mean(axis=1).tolist()) == pytest.approx([0, 60], abs=4)
    assert found.std(axis=1) == pytest.approx([3, 3], rel=0.5)
    many = codes.sample_aggregate(TOY, tokens, 400, rng=rng())
    assert (many.mean(axis=1) > 30).mean() == pytest.approx(0.5, abs=0.1)


def test_samples_of_the_posterior_have_its_mean_and_variance() -> None:
    mean = np.tile(np.array([-2, 5], np.float32), (20_000, 1))
    log_var = np.tile(np.log(np.array([0.25, 9], np.float32)), (20_000, 1))
    drawn = codes.sample_posterior(mean, log_var, rng())
    assert drawn.dtype == np.float32
    # Five standard errors: of the mean sd / sqrt(n); of the sd sd / sqrt(2 n).
    np.testing.assert_allclose(drawn.mean(axis=0), [-2, 5], atol=5 * 3 / math.sqrt(20_000))
    np.testing.assert_allclose(drawn.std(axis=0), [0.5, 3], rtol=5 / math.sqrt(40_000))


def test_the_bounds_add_up() -> None:
    tokens = np.zeros((3, STEPS, 4), np.uint8)
    found = codes.bounds(TOY, tokens, TOY.encode(tokens), rng=rng())
    # Mean 0 and standard deviation 3 in each of the dimensions, one for each cell.
    assert found["kl_nats"] == pytest.approx(4 * STEPS * 0.5 * (9 - 1 - 2 * math.log(3)), rel=1e-6)
    mean, log_var = TOY.encode(tokens)
    drawn = codes.sample_posterior(mean, log_var, rng())
    assert found["reconstruction_nats"] == pytest.approx(np.abs(drawn).sum(axis=1), rel=1e-6)
    assert found["elbo_nats"].tolist() == (-(found["kl_nats"] + found["reconstruction_nats"])).tolist()
