"""Diagnostics of latent codes, against values by hand and limits that they cannot pass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quartetvae.errors import ModelError
from quartetvae.metrics import diagnostics


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_divergence_of_a_posterior_moved_by_1_is_half_a_nat() -> None:
    mean = np.array([[1.0, 0.0, 2.0], [1.0, 0.0, 0.0]])
    assert diagnostics.kl_nats(mean, np.zeros_like(mean)).tolist() == [[0.5, 0.0, 2.0], [0.5, 0.0, 0.0]]


def test_the_divergence_of_a_narrow_posterior() -> None:
    log_var = np.full((1, 1), np.log(0.25))
    assert diagnostics.kl_nats(np.zeros((1, 1)), log_var)[0, 0] == pytest.approx(0.5 * (0.25 - 1 + np.log(4)))


def test_active_units_vary_over_phrases() -> None:
    mean = np.array([[0.0, 5.0, 0.3], [0.0, 5.0, -0.3], [0.0, 5.1, 0.0]])
    assert diagnostics.active_units(mean) == 1
    assert diagnostics.active_units(mean, threshold=0.001) == 2


def test_posteriors_like_the_prior_carry_no_information() -> None:
    zeros = np.zeros((200, 5))
    assert diagnostics.mutual_information(zeros, zeros, rng=rng()) == pytest.approx(0.0, abs=1e-9)


def test_codes_that_lie_apart_carry_as_much_as_can_be_seen() -> None:
    mean = np.eye(64) * 50
    found = diagnostics.mutual_information(mean, np.full_like(mean, -2.0), rng=rng())
    assert found == pytest.approx(np.log(64), abs=1e-6)


def test_two_kinds_of_phrases_carry_one_bit() -> None:
    mean = np.repeat([[20.0], [-20.0]], 50, axis=0)
    assert diagnostics.mutual_information(mean, np.zeros_like(mean), rng=rng()) == pytest.approx(np.log(2), abs=1e-6)


def test_mutual_information_of_a_gaussian_channel() -> None:
    """Means of variance 3 and noise of variance 1: log(4) / 2."""
    mean = rng().standard_normal((3000, 1)) * np.sqrt(3)
    found = diagnostics.mutual_information(mean, np.zeros_like(mean), rng=rng(1))
    assert found == pytest.approx(0.5 * np.log(4), abs=0.03)


def test_mutual_information_is_that_of_scipys_densities() -> None:
    mean, log_var = rng(1).normal(0, 1, (40, 3)), rng(2).normal(-1, 1.5, (40, 3))
    width = np.exp(log_var / 2)
    z = mean + width * rng(3).standard_normal((40, 3))
    # Of each draw under each posterior.
    log_q = stats.norm.logpdf(z[:, np.newaxis], mean, width).sum(axis=2)
    wanted = np.mean(np.diag(log_q) - np.log(np.exp(log_q).mean(axis=1)))
    assert diagnostics.mutual_information(mean, log_var, rng=rng(3)) == pytest.approx(wanted, rel=1e-9)


def test_phrases_are_compared_with_all_others_in_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    mean, log_var = rng(1).normal(0, 1, (40, 3)), rng(2).normal(-1, 1.5, (40, 3))
    whole = diagnostics.mutual_information(mean, log_var, rng=rng(3))
    monkeypatch.setattr(diagnostics, "ROWS", 7)
    assert diagnostics.mutual_information(mean, log_var, rng=rng(3)) == pytest.approx(whole, rel=1e-12)


@given(st.integers(0, 10_000))
def test_mutual_information_is_at_most_the_divergence_and_the_logarithm_of_the_number(seed: int) -> None:
    mean, log_var = rng(seed).normal(0, 1, (50, 6)), rng(seed).normal(-1, 1, (50, 6))
    found = diagnostics.mutual_information(mean, log_var, rng=rng(seed + 1))
    assert found <= np.log(50) + 1e-9
    # A draw of each posterior: the bound holds on average.
    assert found <= diagnostics.kl_nats(mean, log_var).sum(axis=1).mean() + 2.0


@pytest.mark.parametrize("shapes", [((3, 2), (3, 1)), ((0, 2), (0, 2)), ((4,), (4,))])
def test_other_shapes_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    mean, log_var = (np.zeros(shape) for shape in shapes)
    with pytest.raises(ModelError, match=r"\(phrases, latent_dim\) of a phrase at least"):
        diagnostics.kl_nats(mean, log_var)
