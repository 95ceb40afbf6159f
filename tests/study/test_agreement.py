"""Krippendorff's alpha is that of its author's examples."""

from typing import Any

import numpy as np
import pytest

from quartetvae.errors import ArgumentError
from quartetvae.study.agreement import alpha

WORKED = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)
"""Krippendorff (2011), example C: four observers, twelve units; 0 where there is no value."""

UNITS = [[value for value in unit if value] for unit in zip(*WORKED, strict=True)]


def test_the_worked_example_at_interval_level() -> None:
    assert alpha(UNITS, "interval") == pytest.approx(0.849, abs=5e-4)


def test_the_worked_example_at_ordinal_level() -> None:
    assert alpha(UNITS, "ordinal") == pytest.approx(0.815, abs=5e-4)


def test_the_scale_changes_interval_and_not_ordinal() -> None:
    stretched = [[value**3 for value in unit] for unit in UNITS]
    assert alpha(stretched, "ordinal") == pytest.approx(alpha(UNITS, "ordinal"))
    assert alpha(stretched, "interval") != pytest.approx(alpha(UNITS, "interval"))


def test_the_order_of_raters_and_units_changes_nothing() -> None:
    mixed = [unit[::-1] for unit in UNITS[::-1]]
    assert alpha(mixed, "interval") == pytest.approx(alpha(UNITS, "interval"))


def test_values_by_chance_agree_by_chance_only() -> None:
    drawn = np.random.default_rng(0).integers(1, 8, (500, 10)).tolist()
    assert alpha(drawn, "interval") == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("units", [[], [[1], [2]], [[4, 4], [4, 4]]], ids=["nothing", "one rater", "all equal"])
def test_where_no_disagreement_is_to_be_expected_there_is_no_alpha(units: list[list[float]]) -> None:
    assert alpha(units, "interval") is None


def test_another_scale_is_refused() -> None:
    unknown: Any = "nominal"
    with pytest.raises(ArgumentError, match="scale 'nominal'"):
        alpha(UNITS, unknown)
