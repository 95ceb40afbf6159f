"""Repeats: the order in which written bars are played, reckoned by hand."""

import contextlib
import re
import time

import pytest

from quartetvae.errors import ScoreError
from quartetvae.music.repeats import MOST_BARS, MOST_TIMES, Marks, expanded, play_order, vote


def marks(text: str) -> Marks:
    """Marks of a bar as they look: `[` begins, `]` ends (`]x3`: three times), `1,2` is the ending that it is under."""
    times = re.search(r"x(\d+)", text)
    endings = re.findall(r"\d+", text.partition("x")[0])
    return Marks("[" in text, "]" in text, int(times[1]) if times else 2, frozenset(map(int, endings)))


@pytest.mark.parametrize(
    ("bars", "order"),
    [
        ([], []),
        (["", ""], [0, 1]),
        (["", "[", "]", ""], [0, 1, 2, 1, 2, 3]),
        (["", "]", "", "]"], [0, 1, 0, 1, 2, 3, 2, 3]),
        (["]", ""], [0, 0, 1]),
        (["[]", "[]"], [0, 0, 1, 1]),
        (["]x3"], [0, 0, 0]),
        (["[", ""], [0, 1]),
        (["[", "", "[", "]"], [0, 1, 2, 3, 2, 3]),
    ],
)
def test_signs_alone(bars: list[str], order: list[int]) -> None:
    assert play_order(list(map(marks, bars))) == order


@pytest.mark.parametrize(
    ("bars", "order"),
    [
        # After the endings a new section begins.
        (["", "1]", "2", "", "]"], [0, 1, 0, 2, 3, 4, 3, 4]),
        # Of three bars each, as long as their brackets.
        (["", "1", "1", "1]", "2", "2", "2", ""], [0, 1, 2, 3, 0, 4, 5, 6, 7]),
        (["", "1", "1", "1", "1]", "2"], [0, 1, 2, 3, 4, 0, 5]),
        (["", "1,2]", "3"], [0, 1, 0, 1, 0, 2]),
        (["", "1,2,3]", "4", ""], [0, 1, 0, 1, 0, 1, 0, 2, 3]),
        (["", "1]", "2]", "3", ""], [0, 1, 0, 2, 0, 3, 4]),
        # A sign under the last ending is no further repeat.
        (["", "1]", "2]", ""], [0, 1, 0, 2, 3]),
        # A first ending alone is left out the second time.
        (["", "1]", ""], [0, 1, 0, 2]),
        (["", "1,2]", ""], [0, 1, 0, 1, 0, 2]),
        # An ending that is followed by another one goes back, be its sign written or not.
        (["", "1", "2]", "3", ""], [0, 1, 0, 2, 0, 3, 4]),
        (["", "[", "1]", "2", ""], [0, 1, 2, 1, 3, 4]),
        # A section of its own begins under the second ending.
        (["", "1]", "2", "[2", "]", ""], [0, 1, 0, 2, 3, 4, 3, 4, 5]),
        # Slips of the pen: the same number twice, a number left out. Every bar is played.
        (["", "1]", "1", ""], [0, 1, 0, 2, 3]),
        (["", "1]", "3", ""], [0, 1, 0, 2, 3]),
        (["", "2]", "3", ""], [0, 1, 0, 2, 3]),
        # The second bracket is for a section that begins with it.
        (["", "1]", "2[", "2]"], [0, 1, 0, 2, 3, 2, 3]),
        # Two sections with endings, one after the other.
        (["", "1]", "2", "[", "1]", "2"], [0, 1, 0, 2, 3, 4, 3, 5]),
    ],
)
def test_endings(bars: list[str], order: list[int]) -> None:
    assert play_order(list(map(marks, bars))) == order


def test_endings_without_a_repeat_sign_are_both_played_in_order() -> None:
    assert play_order(list(map(marks, ["", "1", "2", ""]))) == [0, 1, 2, 3]


def test_a_rondos_theme_comes_back_in_its_first_ending() -> None:
    # The brackets say `1, 4` (first and last time), `2` and `3`, each after its episode.
    assert play_order(list(map(marks, ["", "1,4]", "2", "3", ""]))) == [0, 1, 0, 2, 0, 3, 0, 1, 4]


def test_a_section_is_played_so_often_and_no_more() -> None:
    assert len(play_order([marks(f"]x{MOST_TIMES}")])) == MOST_TIMES
    with pytest.raises(ScoreError, match=f"bar 2 .* {MOST_TIMES + 1} times"):
        play_order([marks(""), marks(f"]x{MOST_TIMES + 1}")])


def test_endings_for_turns_too_many_are_an_error() -> None:
    turns = ",".join(map(str, range(1, MOST_TIMES + 1)))
    with pytest.raises(ScoreError, match=f"{MOST_TIMES + 1} times"):
        play_order([marks(""), marks(f"{turns}]"), marks(str(MOST_TIMES + 1))])


@pytest.mark.parametrize("bar", ["1]", "1,2", "2]"])
def test_thousands_of_endings_take_no_minutes(bar: str) -> None:
    # Half a second on one core; to look at all the others for each of them took hours.
    since = time.process_time()
    with contextlib.suppress(ScoreError):
        play_order([marks(bar), marks("3]")] * 5000)
    assert time.process_time() - since < 30


PLAIN, END = marks(""), marks("]")


@pytest.mark.parametrize(
    ("bars_of_parts", "is_repeat"),
    [
        ("yyyy", True),
        ("nyyy", True),
        ("yynn", True),
        ("ynnn", True),
        ("nnny", False),
        ("nnyn", False),
        ("nnnn", False),
    ],
)
def test_the_parts_vote_on_a_sign(bars_of_parts: str, is_repeat: bool) -> None:
    parts = [[PLAIN, END if says == "y" else PLAIN] for says in bars_of_parts]
    assert vote(parts) == [PLAIN, END if is_repeat else PLAIN]


def test_the_top_part_alone_speaks_only_if_no_other_part_has_any_sign() -> None:
    # The second part has signs too, elsewhere: so both are votes among four.
    parts = [[END, PLAIN], [PLAIN, END], [PLAIN, PLAIN], [PLAIN, PLAIN]]
    assert vote(parts) == [PLAIN, PLAIN]


def test_a_section_begins_where_most_parts_say_so() -> None:
    begin = marks("[")
    assert vote([[PLAIN], [begin], [begin], [begin]]) == [begin]
    assert vote([[begin], [PLAIN], [END], [PLAIN]]) == [PLAIN]


def test_brackets_stand_in_the_top_part_as_a_rule() -> None:
    top = [PLAIN, marks("1]"), marks("2")]
    other = [PLAIN, END, PLAIN]
    assert vote([top, other, other, other]) == top


def test_most_signs_say_how_often() -> None:
    assert vote([[marks("]x2")], [marks("]x3")], [marks("]x3")], [PLAIN]]) == [marks("]x3")]


def test_no_parts_have_no_signs() -> None:
    assert vote([]) == []


@pytest.mark.parametrize(
    ("labels", "expansion", "order"),
    [
        (["A", "A", "B"], ["A", "A", "B"], [0, 1, 0, 1, 2]),
        (["A", "A1", "A2", "B"], ["A", "A1", "A", "A2", "B"], [0, 1, 0, 2, 3]),
        # What comes before the first label is played once, first.
        (["", "A", "B"], ["A", "B", "A"], [0, 1, 2, 1]),
        # Labels that no bar has; sections that are not listed.
        (["A", "B", "C"], ["A", "X", "C"], [0, 2]),
        (["A"], [], []),
    ],
)
def test_an_expansion_list_says_the_order(labels: list[str], expansion: list[str], order: list[int]) -> None:
    assert expanded(labels, expansion) == order


def test_an_endless_expansion_list_is_an_error() -> None:
    with pytest.raises(ScoreError, match="expansion list"):
        expanded(["A"] * 1000, ["A"] * (MOST_BARS // 1000 + 1))
