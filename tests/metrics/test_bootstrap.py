"""Intervals over pieces: as wide as theory says, and rows of one piece are one witness."""

import numpy as np
import pytest

from quartetvae.metrics import bootstrap

VALUES = np.random.default_rng(0).normal(0.5, 0.1, 200)
ALONE = np.arange(200)


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    found = bootstrap.over_groups(bootstrap.mean(VALUES), ALONE, replicates=2000, seed=0)
    error = VALUES.std() / np.sqrt(len(VALUES))
    assert found["value"] == pytest.approx(VALUES.mean())
    # 1.96 standard errors to either side (the central limit theorem); 2,000 replicates know quantiles to some 5 %.
    assert found["low"] == pytest.approx(VALUES.mean() - 1.96 * error, abs=0.1 * error)
    assert found["high"] == pytest.approx(VALUES.mean() + 1.96 * error, abs=0.1 * error)


def test_rows_of_one_piece_are_drawn_together() -> None:
    once = bootstrap.over_groups(bootstrap.mean(VALUES), ALONE, replicates=50, seed=0)
    often = bootstrap.over_groups(bootstrap.mean(np.repeat(VALUES, 3)), np.repeat(ALONE, 3), replicates=50, seed=0)
    assert list(often.values()) == pytest.approx(list(once.values()))


def test_seed_replicates_and_highest_change_the_interval() -> None:
    def interval(*, replicates: int = 50, seed: int = 0, highest: float = 1.0) -> tuple[float | None, float | None]:
        of = bootstrap.mean(2 * VALUES)
        found = bootstrap.over_groups(of, ALONE, replicates=replicates, seed=seed, highest=highest)
        return found["low"], found["high"]

    assert interval() == interval()
    assert interval(seed=1) != interval()
    assert interval(replicates=60) != interval()
    assert interval(highest=0.99)[1] == 0.99
    assert (interval(highest=2.0)[1] or 0) > 1
    # A figure is a share if nothing else is said.
    assert bootstrap.over_groups(bootstrap.mean(2 * VALUES), ALONE, replicates=50, seed=0)["high"] == 1


@pytest.mark.parametrize(("groups", "replicates"), [(ALONE, 0), (np.zeros(200), 50), (np.zeros(0), 50)])
def test_without_replicates_or_of_one_piece_there_is_no_interval(groups: np.ndarray, replicates: int) -> None:
    found = bootstrap.over_groups(bootstrap.mean(VALUES[: len(groups)]), groups, replicates=replicates, seed=0)
    assert (found["low"], found["high"]) == (None, None)
    assert (found["value"] is None) == (not len(groups))


def test_a_mean_of_nothing_known_is_none() -> None:
    nothing = bootstrap.over_groups(bootstrap.mean(np.full(3, np.nan)), np.arange(3), replicates=5, seed=0)
    assert nothing == {"value": None, "low": None, "high": None}


def test_of_two_pieces_there_is_an_interval() -> None:
    # Each piece twice, or both once: 0, 1/2 and 1 in a quarter, a half and a quarter of the replicates.
    found = bootstrap.over_groups(bootstrap.mean(np.array([0.0, 1.0])), np.array(["a", "b"]), replicates=200, seed=0)
    assert found["value"] == 0.5
    assert found["low"] == pytest.approx(0.0, abs=0.1)
    assert found["high"] == pytest.approx(1.0, abs=0.1)
