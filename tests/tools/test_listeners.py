"""The page says of measures and listeners what benchmarks/listeners.json has."""

import json
from typing import Any

import pytest

from tests.imports import ROOT
from tools import listeners

FIGURES = ROOT / "benchmarks" / "listeners.json"


@pytest.fixture
def figures() -> dict[str, Any]:
    """What the last run of the benchmark found."""
    content: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return content


def test_the_page_has_the_committed_figures(figures: dict[str, Any]) -> None:
    page = listeners.PAGE.read_text(encoding="utf-8")
    assert listeners.BEGIN in page
    assert listeners.updated(page, listeners.block(figures)) == page


def test_a_changed_figure_would_be_seen(figures: dict[str, Any]) -> None:
    page = listeners.PAGE.read_text(encoding="utf-8")
    figures["agreement"]["dissonant"]["melody"]["within"]["rho"] = 0.987
    assert listeners.updated(page, listeners.block(figures)) != page


def signed(all_: list[int], within: list[int], *, unseen: list[int] | None = None) -> dict[str, Any]:
    """Figures of one measure on two questions, by the signs of its intervals; `unseen`: those within, of the unseen."""

    def interval(sign: int) -> dict[str, float]:
        return {"rho": 0.3 * sign, "low": 0.3 * sign - 0.2, "high": 0.3 * sign + 0.2}

    def questions(signs: list[int]) -> dict[str, Any]:
        return {
            name: {"all": interval(one), "within": interval(other), "between": 0.5}
            for name, one, other in zip(("melody", "rhythm"), all_, signs, strict=True)
        }

    return {
        "agreement": {"measure": questions(within)},
        "agreement_unseen": {"measure": questions(within if unseen is None else unseen)},
    }


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        (signed([1, 1], [1, 1]), "yes"),
        (signed([-1, -1], [-1, -1]), "yes"),
        (signed([1, 1], [1, 0]), "partly"),
        (signed([1, 1], [-1, -1]), "partly"),
        (signed([0, 0], [1, 1]), "partly"),
        (signed([1, 1], [1, 1], unseen=[1, 0]), "partly"),
        (signed([1, 0], [0, 0]), "sources"),
        (signed([1, 1], [1, 1], unseen=[0, 0]), "sources"),
        (signed([0, 0], [0, 0]), "no"),
    ],
)
def test_a_measure_stands_for_listeners_if_all_its_intervals_leave_0_out(figures: dict[str, Any], verdict: str) -> None:
    assert listeners.verdict(figures, "measure") == verdict


def test_an_interval_that_leaves_0_out_is_bold() -> None:
    assert listeners._cell({"rho": -0.25, "low": -0.5, "high": -0.125}) == "**-.25 (-.50 to -.12)**"
    assert listeners._cell({"rho": 0.25, "low": -0.5, "high": 1.0}) == ".25 (-.50 to 1.00)"
