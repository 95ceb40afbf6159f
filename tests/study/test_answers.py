"""Answers are read whole, or refused with what is wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from quartetvae.study.answers import QUESTIONS, Rating, StudyError, read_answers, read_key
from tests.study.answering import PAGE, answers, key, write

KEY = key(a=1, b=1)
GIVEN: dict[str, Sequence[int] | int] = {"a0": 3, "b0": (1, 2, 3, 4, 5, 7)}


def changed(change: Any) -> dict[str, Any]:
    """Answers with a change made to them."""
    content = answers("one", GIVEN)
    change(content)
    return content


def test_answers_come_back_as_given(tmp_path: Path) -> None:
    found, ratings = read_answers(write(tmp_path / "one.json", answers("one", GIVEN)), KEY)
    assert found.listener == "one"
    assert [getattr(ratings["b0"], question) for question in QUESTIONS] == [1, 2, 3, 4, 5, 7]
    assert read_key(write(tmp_path / "key.json", KEY.model_dump())) == KEY


def test_the_questions_are_those_of_a_rating_and_of_the_published_study() -> None:
    # The columns of its ratings.csv.
    published = "stylistic_success,aesthetic_pleasure,repetition,melody,harmony,rhythm"
    assert list(QUESTIONS) == published.split(",")
    assert set(QUESTIONS) < Rating.model_fields.keys()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.update(page="b" * 64), "answers to page bbbbbbbbbbbb; the key is that of page aaaa"),
        (lambda content: content["ratings"].pop("b0"), "no rating of 1 of 2 excerpts .b0."),
        (
            lambda content: content["ratings"].update(c0=content["ratings"]["a0"]),
            "a rating of 'c0', which is no excerpt",
        ),
        (lambda content: content["ratings"]["a0"].pop("melody"), "ratings.a0.melody: missing"),
        (
            lambda content: content["ratings"]["a0"].update(melody=8),
            "ratings.a0.melody: 8 found; a whole number 1 to 7",
        ),
        (
            lambda content: content["ratings"]["a0"].update(melody=0),
            "ratings.a0.melody: 0 found; a whole number 1 to 7",
        ),
        (lambda content: content["ratings"]["a0"].update(melody=3.5), "ratings.a0.melody: 3.5 found"),
        (lambda content: content.pop("finished"), "finished: missing"),
        (lambda content: content.update(experience=6), "experience: 6 found"),
        (lambda content: content.update(listener=""), "listener: '' found"),
        (lambda content: content.update(extra=1), "extra: unknown key"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, change: Any, said: str) -> None:
    path = write(tmp_path / "one.json", changed(change))
    with pytest.raises(StudyError, match=said) as raised:
        read_answers(path, KEY)
    assert "one.json" in str(raised.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"page": 1}'])
def test_what_is_no_answers_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "one.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StudyError, match=r"one\.json"):
        read_answers(path, KEY)
    with pytest.raises(StudyError, match=r"one\.json"):
        read_key(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="there is no such file"):
        read_key(tmp_path / "study.key.json")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "key.json", {"page": PAGE, "excerpts": {"a0": {"source": "a"}}})
    with pytest.raises(StudyError, match="excerpts: missing"):
        read_key(path)
