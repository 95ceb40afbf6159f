"""The page says of measures and listeners what benchmarks/listeners.json has."""

import copy
import json
from typing import Any

import pytest

from tests.imports import ROOT
from tools import listeners

FIGURES = json.loads((ROOT / "benchmarks" / "listeners.json").read_text(encoding="utf-8"))


def test_the_page_has_the_committed_figures() -> None:
    page = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    assert listeners.BEGIN in page
    assert listeners.updated(page, listeners.block(FIGURES)) == page


def test_a_changed_figure_would_be_seen() -> None:
    page = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    changed = copy.deepcopy(FIGURES)
    changed["agreement"]["dissonant"]["melody"]["within"]["rho"] = 0.987
    assert listeners.updated(page, listeners.block(changed)) != page


def made_up(all_: list[int], within: list[int], *, unseen: list[int] | None = None) -> dict[str, Any]:
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
        (made_up([1, 1], [1, 1]), "yes"),
        (made_up([-1, -1], [-1, -1]), "yes"),
        (made_up([1, 1], [1, 0]), "partly"),
        (made_up([1, 1], [-1, -1]), "partly"),
        (made_up([0, 0], [1, 1]), "partly"),
        (made_up([1, 1], [1, 1], unseen=[1, 0]), "partly"),
        (made_up([1, 0], [0, 0]), "sources"),
        (made_up([1, 1], [1, 1], unseen=[0, 0]), "sources"),
        (made_up([0, 0], [0, 0]), "no"),
    ],
)
def test_a_measure_stands_for_listeners_if_all_its_intervals_leave_0_out(figures: dict[str, Any], verdict: str) -> None:
    assert listeners.verdict(figures, "measure") == verdict


def test_an_interval_that_leaves_0_out_is_bold() -> None:
    assert listeners._cell({"rho": -0.25, "low": -0.5, "high": -0.125}) == "**-.25 (-.50 to -.12)**"
    assert listeners._cell({"rho": 0.25, "low": -0.5, "high": 1.0}) == ".25 (-.50 to 1.00)"
