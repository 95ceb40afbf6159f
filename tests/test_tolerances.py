"""Tolerances of the gates: measured over seeds, never chosen."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import tolerances
from quartetvae import gate
from quartetvae.gate import Rule

FIGURES = {"a.b.f1": [0.90, 0.93, 0.92], "a.c.f1": [0.5, 0.51, 0.5]}


def test_the_widest_range_counts_twice_and_is_rounded_up() -> None:
    assert tolerances.tolerance(FIGURES) == 0.06
    assert tolerances.tolerance({"x": [1.0, 1.0, 1.0]}) == 0
    assert tolerances.tolerance({"x": [0.0, 0.00101, 0.0]}) == 0.0021
    assert tolerances.tolerance({"x": [100.0, 161.7, 120.0]}) == 130


def test_the_spread_is_of_figures_that_have_a_better_and_a_worse() -> None:
    runs = [{"a": {"b": {"f1": k}, "c": {"f1": 2 * k}, "n": 7}} for k in (1.0, 2.0, 3.0)]
    rules = [
        Rule(metric="a.*.f1", direction="higher", tolerance=1),
        Rule(metric="a.n", direction="same", tolerance=0),
        Rule(metric="a.old", direction="gone"),
    ]
    assert tolerances.spread(runs, rules) == {"a.*.f1": {"a.b.f1": [1, 2, 3], "a.c.f1": [2, 4, 6]}}


@pytest.mark.parametrize("path", tolerances.RULES.values(), ids=list(tolerances.RULES))
def test_committed_tolerances_are_those_of_the_committed_spread(path: Path) -> None:
    found: dict[str, Any] = json.loads(tolerances.spread_path(path).read_text(encoding="utf-8"))
    assert found["seeds"] >= 3
    trained = [rule for rule in gate.read_rules(path) if rule.direction in ("higher", "lower")]
    assert {rule.metric for rule in trained} == set(found["figures"])
    for rule in trained:
        figures = found["figures"][rule.metric]
        assert all(len(values) == found["seeds"] for values in figures.values())
        assert rule.tolerance == pytest.approx(tolerances.tolerance(figures))
