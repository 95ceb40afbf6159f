"""Learning rate and beta in the course of a training."""

import numpy as np
import pytest

from quartetvae.config import Schedule
from quartetvae.model.keras.schedules import LearningRate, beta_share


def rates(kind: Schedule, warmup: int, steps: int = 12) -> list[float]:
    schedule = LearningRate(0.1, kind, warmup, steps)
    return [float(np.asarray(schedule(step))) for step in range(steps + 1)]


def test_a_constant_rate_is_constant() -> None:
    assert rates("constant", 0) == pytest.approx([0.1] * 13)


def test_a_warm_up_rises_in_a_line_and_begins_above_nothing() -> None:
    assert rates("constant", 4) == pytest.approx([0.025, 0.05, 0.075, 0.1, *[0.1] * 9])


def test_a_cosine_falls_from_the_peak_to_0_after_the_warm_up() -> None:
    found = rates("cosine", 4)
    assert found[4] == pytest.approx(0.1)
    assert found[8] == pytest.approx(0.05)
    assert found[12] == pytest.approx(0, abs=1e-9)
    assert rates("cosine", 0)[3] == pytest.approx(0.1 * 0.5 * (1 + np.cos(np.pi / 4)))


def test_a_warm_up_longer_than_the_training_is_no_error() -> None:
    assert max(rates("cosine", 100)) < 0.1


def shares(rise: float, cycle: float, steps: int) -> list[float]:
    return [beta_share(step, rise=rise, cycle=cycle) for step in range(steps)]


def test_beta_rises_in_a_line_and_stays() -> None:
    assert shares(0.5, 8, 8) == [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]


def test_beta_without_a_rise_is_whole_at_once() -> None:
    assert shares(0, 8, 3) == [1, 1, 1]


def test_beta_rises_again_in_each_cycle() -> None:
    assert shares(0.5, 4, 8) == [0, 0.5, 1, 1] * 2
