"""What is said of ratings is what a hand finds, and what other tables say."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from quartetvae.study import bayes
from quartetvae.study.analysis import analyse, holm
from quartetvae.study.answers import QUESTIONS, Answers, Key, Rating, StudyError
from tests.study.answering import answers, key

KEY = key(a=2, b=2)


def listeners(*given: Mapping[str, Any]) -> list[tuple[Answers, dict[str, Rating]]]:
    """Answers of several listeners, each the scores by excerpt."""
    found = []
    for number, scores in enumerate(given):
        content = Answers.model_validate(answers(f"listener {number}", scores))
        found.append((content, {id: Rating.model_validate(rating) for id, rating in content.ratings.items()}))
    return found


def scores(a: int, b: int) -> dict[str, int]:
    """The same score for both excerpts of each source."""
    return {"a0": a, "a1": a, "b0": b, "b1": b}


def evaluate(*given: Mapping[str, Any], key: Key = KEY, replicates: int = 500, seed: int = 0) -> dict[str, Any]:
    return analyse(key, listeners(*given), replicates=replicates, seed=seed)


def test_means_are_over_excerpts_and_listeners() -> None:
    found = evaluate({"a0": 1, "a1": 4, "b0": 7, "b1": 7}, {"a0": 3, "a1": 4, "b0": 5, "b1": 7})
    assert {source: found["means"][source]["melody"]["mean"] for source in "ab"} == {"a": 3.0, "b": 6.5}
    assert found["listeners"] == 2
    assert found["excerpts"] == {"a": 2, "b": 2}
    assert found["experience"] == {"amateur musician": 2}


def test_each_question_has_its_own_figures() -> None:
    own = {"a0": (1, 2, 3, 4, 5, 6), "a1": (1, 2, 3, 4, 5, 6), "b0": 7, "b1": 7}
    found = evaluate(own, own)["means"]["a"]
    assert [found[question]["mean"] for question in QUESTIONS] == [1, 2, 3, 4, 5, 6]


def test_an_interval_is_as_wide_as_listeners_differ() -> None:
    found = evaluate(*(scores(a, 4) for a in (2, 3, 4, 5, 6)))["means"]
    assert found["b"]["melody"] == {"mean": 4.0, "low": 4.0, "high": 4.0}
    low, high = found["a"]["melody"]["low"], found["a"]["melody"]["high"]
    # The standard error of the mean of 2, 3, 4, 5, 6 as a population is 0.632: 1.96 times that is 1.24.
    assert (low, high) == pytest.approx((4 - 1.24, 4 + 1.24), abs=0.25)


def test_replicates_and_seed_change_the_interval_only() -> None:
    given = [scores(a, b) for a, b in ((2, 5), (3, 4), (6, 1), (5, 7))]
    first, other, fewer = evaluate(*given), evaluate(*given, seed=1), evaluate(*given, replicates=101)
    assert evaluate(*given) == first
    assert other["means"] != first["means"] != fewer["means"]
    assert other["tests"] == first["tests"]


@pytest.mark.parametrize(("count", "p"), [(5, 2 / 2**5), (6, 2 / 2**6)])
def test_of_listeners_who_all_prefer_one_source_p_is_that_of_a_table(count: int, p: float) -> None:
    # All differences of one sign and unlike in size: the two-sided p of the signed rank is 2 / 2^n.
    base = {"a0": 7, "a1": 7}
    sums = range(2, 2 + count)
    found = evaluate(*({**base, "b0": one // 2, "b1": one - one // 2} for one in sums))["tests"]
    assert [test["p"] for test in found] == pytest.approx([p] * len(QUESTIONS))
    assert all((test["a"], test["b"]) == ("a", "b") for test in found)
    assert found[0]["difference"] == pytest.approx(7 - sum(sums) / count / 2)
    assert found[0]["p_holm"] == pytest.approx(min(1, 6 * p))


def test_of_no_difference_nothing_is_found() -> None:
    found = evaluate(scores(4, 4), scores(5, 5))["tests"]
    assert [test["p"] for test in found] == [1.0] * len(QUESTIONS)
    assert [test["log10_bayes_factor"] for test in found] == [None] * len(QUESTIONS)


def test_bayes_factors_are_of_listeners_differences() -> None:
    found = evaluate(scores(5, 4), scores(7, 5), scores(6, 3))["tests"]
    assert found[0]["log10_bayes_factor"] == pytest.approx(bayes.log10_factor(np.array([1.0, 2.0, 3.0])))


def test_three_sources_are_compared_two_by_two() -> None:
    three = {"a0": 1, "b0": 4, "c0": 7}
    found = evaluate(three, three, key=key(c=1, a=1, b=1))["tests"]
    assert [(test["a"], test["b"]) for test in found[:3]] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert len(found) == 3 * len(QUESTIONS)


def test_holms_correction_of_a_worked_example() -> None:
    # Four p values, as worked out in many courses: 4 x .005, 3 x .01, 2 x .03, and no less than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


def test_agreement_is_over_excerpts() -> None:
    same = {"a0": 1, "a1": 3, "b0": 5, "b1": 7}
    assert evaluate(same, same)["agreement"]["rhythm"] == {"interval": 1.0, "ordinal": 1.0}
    turned = {"a0": 7, "a1": 5, "b0": 3, "b1": 1}
    assert evaluate(same, turned)["agreement"]["rhythm"]["interval"] < 0
    assert evaluate(scores(4, 4), scores(4, 4))["agreement"]["rhythm"]["interval"] is None


def test_one_listener_is_too_few() -> None:
    with pytest.raises(StudyError, match="answers of 1 listener; two"):
        evaluate(scores(1, 2))


def test_one_source_is_too_few() -> None:
    with pytest.raises(StudyError, match="excerpts of 1 source; two"):
        evaluate({"a0": 1}, {"a0": 2}, key=key(a=1))


def test_a_listener_twice_is_refused() -> None:
    one = listeners(scores(1, 2))
    with pytest.raises(StudyError, match="'listener 0': answers 2 times"):
        analyse(KEY, [*one, *one], replicates=100, seed=0)
