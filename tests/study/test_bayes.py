"""The Bayes factor is that of another program, and speaks for an effect and against one."""

import numpy as np
import pytest

from quartetvae.study.bayes import log10_factor

SLEEP = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0), (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
"""Student's hours of sleep won by two drugs (R's data set `sleep`)."""


def test_it_is_that_of_the_r_package_bayesfactor() -> None:
    # ttestBF(..., paired = TRUE) on these data says 17.25888.
    found = log10_factor(np.subtract(*SLEEP))
    assert found is not None
    assert 10**found == pytest.approx(17.25888, rel=1e-6)


def test_its_sign_is_for_or_against_an_effect() -> None:
    drawn = np.random.default_rng(0).normal(size=200)
    against, strong = log10_factor(drawn - drawn.mean()), log10_factor(drawn + 1)
    assert against is not None
    assert strong is not None
    assert against < -0.5
    assert strong > 2


def test_neither_sign_nor_unit_of_the_differences_changes_it() -> None:
    differences = np.subtract(*SLEEP)
    assert log10_factor(-3 * differences) == pytest.approx(log10_factor(differences))


def test_a_huge_effect_is_still_a_number() -> None:
    found = log10_factor(5 + 0.01 * np.random.default_rng(0).normal(size=200))
    assert found is not None
    assert np.isfinite(found)


@pytest.mark.parametrize("differences", [[], [2.0], [1.0, 1.0, 1.0], [0.0, 0.0]])
def test_without_spread_there_is_none(differences: list[float]) -> None:
    assert log10_factor(np.array(differences)) is None
