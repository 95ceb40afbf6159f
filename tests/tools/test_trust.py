"""docs/trust.md says what trust/*.json have."""

import copy
from typing import Any

import pytest

from tools import trust


def test_the_page_has_the_committed_figures() -> None:
    assert trust.page(*trust.read()) == trust.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("number", "key", "value", "told"),
    [
        (0, "findings", ["kill 3: a file is left"], "Findings: kill 3: a file is left."),
        (0, "lock_halved_by_dvc", 17, "half of a dvc.lock 17 time(s)"),
        (1, "differ", ["plots/loss.csv"], "Different: plots/loss.csv."),
        (2, "seconds", 1234.0, "21 minutes"),
    ],
)
def test_another_figure_is_another_page(number: int, key: str, value: Any, told: str) -> None:
    figures = copy.deepcopy(list(trust.read()))
    assert told not in trust.page(*figures)
    figures[number] = {**figures[number], key: value}
    assert told in trust.page(*figures)


def test_findings_that_are_known_stand_apart() -> None:
    kills, of_bytes, mutations = trust.read()
    finding = {"kind": "weights", "error": "KeyError: 'x'", "times": 2, "first": 7, "known": False}
    page = trust.page(kills, of_bytes, {**mutations, "findings": [finding, {**finding, "known": True, "times": 5}]})
    assert "Findings: weights: KeyError: 'x'." in page
    assert "5 damaged tables" in page
