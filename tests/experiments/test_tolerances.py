"""Tolerances of the gates: measured over seeds, never chosen."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments import tolerances
from quartetvae.pipeline import gate
from quartetvae.pipeline.gate import Rule


def test_a_tolerance_is_the_quantile_of_differences_and_is_rounded_up() -> None:
    # Of three numbers: Student's t for 2 degrees of freedom is 6.9646 at .99.
    assert tolerances.tolerance({"x": [0.0, 1.0, 2.0]}) == 9.9
    assert tolerances.tolerance({"x": [0.0, 1.0, 2.0], "y": [5.0, 5.1, 5.0]}) == 9.9
    assert tolerances.tolerance({"x": [0.0, 0.001, 0.002]}) == 0.0099
    assert tolerances.tolerance({"x": [0.0, 100.0, 200.0]}) == 990
    assert tolerances.tolerance({"x": [1.0, 1.0, 1.0]}) == 0
    # 9.925 at .995: one per cent is shared by both sides.
    assert tolerances.tolerance({"x": [0.0, 1.0, 2.0]}, sides=2) == 15


@pytest.mark.parametrize("seeds", [3, 5])
def test_two_further_draws_differ_by_more_in_one_case_of_a_hundred(seeds: int) -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(20_000, seeds + 2))
    limits = draws[:, :seeds].std(axis=1, ddof=1) * tolerances._quantile(seeds)
    assert (draws[:, -1] - draws[:, -2] > limits).mean() == pytest.approx(0.01, abs=0.003)
    assert (np.abs(draws[:, -1] - draws[:, -2]) > limits).mean() == pytest.approx(0.02, abs=0.005)
    both = limits * tolerances._quantile(seeds, 2) / tolerances._quantile(seeds)
    assert (np.abs(draws[:, -1] - draws[:, -2]) > both).mean() == pytest.approx(0.01, abs=0.003)


def test_the_spread_is_of_figures_that_have_a_better_and_a_worse() -> None:
    runs = [{"a": {"b": {"f1": k}, "c": {"f1": 2 * k}, "n": 7}} for k in (1.0, 2.0, 3.0)]
    rules = [
        Rule(metric="a.*.f1", direction="higher", tolerance=1),
        Rule(metric="a.n", direction="same", tolerance=0),
        Rule(metric="a.old", direction="gone"),
    ]
    assert tolerances.spread(runs, rules) == {"a.*.f1": {"a.b.f1": [1, 2, 3], "a.c.f1": [2, 4, 6]}}


def test_a_figure_that_no_seed_has_takes_its_interval() -> None:
    now = {"auc": {"half": {"auc": 0.78, "low": 0.76, "high": 0.8}}, "f1": 1.0}
    rules = [
        Rule(metric="auc.*.auc", direction="lower", tolerance=1),
        Rule(metric="f1", direction="higher", tolerance=1),
    ]
    assert tolerances.spread([{"f1": 1.0}, {"f1": 2.0}], rules) == {"f1": {"f1": [1.0, 2.0]}}
    found = tolerances.intervals(now, rules[:1])
    assert found == {"auc.*.auc": {"auc.half.auc": [0.76, 0.8]}}
    # .04 are 3.92 standard deviations; two draws differ by more than 2.326 * sqrt(2) in one case of a hundred: .0336.
    assert tolerances.tolerance_of_intervals(found["auc.*.auc"]) == 0.034


@pytest.mark.parametrize("path", tolerances.RULES.values(), ids=list(tolerances.RULES))
def test_committed_tolerances_are_those_of_the_committed_spread(path: Path) -> None:
    found: dict[str, Any] = json.loads(tolerances.spread_path(path).read_text(encoding="utf-8"))
    assert found["seeds"] >= 3
    trained = [rule for rule in gate.read_rules(path) if rule.direction in ("higher", "lower")]
    spans = found.get("intervals", {})
    assert {rule.metric for rule in trained} == {*found["figures"], *spans}
    for rule in trained:
        if rule.metric in spans:
            assert rule.tolerance == pytest.approx(tolerances.tolerance_of_intervals(spans[rule.metric]))
            continue
        figures = found["figures"][rule.metric]
        assert all(len(values) == found["seeds"] for values in figures.values())
        assert rule.tolerance == pytest.approx(tolerances.tolerance(figures))
