"""Bars: how parts meet, where movements begin, what is filled up to the beat; all of it reckoned by hand."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import ScoreError
from quartetvae.music import bars, metre
from quartetvae.music.bars import TICKS_PER_BEAT, Bar, ScorePart, WrittenNote, ticks
from quartetvae.music.repeats import Marks
from quartetvae.music.tracks import Music, Tempo, TimeSignature, split_movements

BEGIN, END = Marks(begins=True), Marks(ends=True)


def note(
    onset: float, length: float, pitch: int = 60, *, tied_from: bool = False, tied_to: bool = False
) -> WrittenNote:
    """A note; times in beats."""
    return WrittenNote(ticks(onset), ticks(onset + length), pitch, tied_from, tied_to)


def rests(length: float, signature: tuple[int, int] | None = (4, 4), **more: Any) -> Bar:
    """A bar without notes; its length in beats."""
    return Bar(ticks(length), signature=signature, **more)


def bar(length: float, signature: tuple[int, int] | None = (4, 4), **more: Any) -> Bar:
    """A bar with one note that lasts as long as the bar; in beats."""
    return rests(length, signature, notes=(note(0, length),), **more)


def perform(*columns: Sequence[Bar], expansion: Sequence[str] = ()) -> Music:
    """Play parts."""
    return bars.perform([ScorePart(f"{k}", 40, tuple(column)) for k, column in enumerate(columns)], expansion=expansion)


def heard(music: Music, part: int = 0) -> list[tuple[float, float]]:
    """Onset and duration of the notes of a part, in beats."""
    notes = music.tracks[part].notes
    return [(int(n["onset"]) / TICKS_PER_BEAT, int(n["duration"]) / TICKS_PER_BEAT) for n in notes]


def onsets(music: Music, part: int = 0) -> list[float]:
    """Onsets of the notes of a part, in beats."""
    return [onset for onset, _ in heard(music, part)]


def bar_lines(music: Music) -> list[float]:
    """Where the bars begin that are found in music, in beats."""
    steps = -(-music.end * 4 // TICKS_PER_BEAT)
    numbers = metre.bar_numbers(music, steps=steps, steps_per_beat=4)
    return [step / 4 for step in np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()]


# How parts meet.


@pytest.mark.parametrize(
    ("lengths", "common"),
    [
        ([4, 4, 4, 4], 4),
        ([4, 4, 4, 3], 4),
        ([4, 3, 3, 3], 3),
        # Longer than the metre in most parts: a cadenza.
        ([6, 6, 6, 4], 6),
        # No majority: the metre decides, or what is nearest to it.
        ([4, 4, 3, 3], 4),
        ([5, 5, 4, 3], 4),
        ([6, 5, 7, 8], 5),
        # A part without anything has no vote.
        ([1, 0, 0, 0], 1),
        ([3, 3, 0, 4], 3),
        ([0, 0, 0, 0], 4),
    ],
)
def test_a_bar_is_as_long_as_most_parts_have_it(lengths: list[int], common: int) -> None:
    row = bars.aligned([bar(length) if length else rests(0) for length in lengths])
    assert [one.length for one in row] == [ticks(common)] * len(lengths)


def test_a_part_that_plays_on_while_others_rest_is_not_cut() -> None:
    row = bars.aligned([bar(7), rests(4), rests(4), rests(4)])
    assert {one.length for one in row} == {ticks(7)}


def test_a_part_that_plays_on_while_another_plays_a_full_bar_is_cut() -> None:
    row = bars.aligned([bar(7), bar(4), rests(4), rests(4)])
    assert row[0].notes == (note(0, 4),)


def test_rests_beyond_the_bar_have_no_say() -> None:
    left_over = rests(6, notes=(note(0, 4),))
    row = bars.aligned([left_over, left_over, bar(4), bar(3)])
    assert {one.length for one in row} == {ticks(4)}


def test_what_lies_beyond_the_bar_is_left_out() -> None:
    over = rests(5, notes=(note(3, 2), note(4, 1)), tempos=(Tempo(0, 60.0), Tempo(ticks(4.5), 90.0)))
    row = bars.aligned([over, bar(4), bar(4)])
    assert row[0].notes == (note(3, 1),)
    assert row[0].tempos == (Tempo(0, 60.0),)


def test_rests_alone_make_no_bar_longer_than_its_metre() -> None:
    whole = rests(4, (3, 4))
    assert {one.length for one in bars.aligned([bar(3, (3, 4)), whole, whole, whole])} == {ticks(3)}
    assert {one.length for one in bars.aligned([whole] * 4)} == {ticks(3)}
    # A cadenza does: notes say so.
    assert {one.length for one in bars.aligned([bar(6), rests(6), rests(6), rests(6)])} == {ticks(6)}


@pytest.mark.parametrize("more", [{"begins": True}, {}])
def test_whole_rests_beside_a_pickup_have_no_say(more: dict[str, bool]) -> None:
    number = None if more else 0
    row = bars.aligned([bar(0.5, number=number), *[rests(4, number=number)] * 3], **more)
    assert {one.length for one in row} == {ticks(0.5)}
    # Amid a piece a part may lack its rests.
    assert {one.length for one in bars.aligned([bar(0.5), *[rests(4)] * 3])} == {ticks(4)}


def test_a_part_with_a_metre_of_its_own_plays_in_the_time_of_the_others() -> None:
    eighths = tuple(note(k / 2, 0.5) for k in range(6))
    row = bars.aligned([bar(2, (2, 4)), rests(3, (6, 8), notes=eighths), bar(2, (2, 4)), bar(2, (2, 4))])
    assert {one.length for one in row} == {ticks(2)}
    assert [n.onset for n in row[1].notes] == [ticks(2) * k // 6 for k in range(6)]


def test_notes_behind_their_bar_are_counted() -> None:
    over = rests(5, notes=(note(0, 4), note(4, 1)))
    music = perform([over, bar(4)], [bar(4)] * 2, [bar(4)] * 2)
    assert music.left_out == {"notes behind their bar": 1}
    assert perform([bar(4)], [bar(4)]).left_out == {}


def test_most_parts_say_the_metre() -> None:
    row = bars.aligned([rests(3, (4, 4)), rests(3, (3, 4)), rests(3, (3, 4)), rests(3, None)])
    assert {one.signature for one in row} == {(3, 4)}


def test_parts_of_unequal_numbers_of_bars_are_played_each_by_itself() -> None:
    music = perform([bar(4), bar(3), bar(4)], [bar(4), bar(4)])
    assert (onsets(music, 0), onsets(music, 1)) == ([0, 4, 7], [0, 4])
    assert music.movements == ()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_no_bars_are_no_music(count: int) -> None:
    assert perform(*[[]] * count).end == 0


@pytest.mark.parametrize("second", [[bar(75_000)] * 2, [bar(75_000)] * 3])
def test_an_absurd_length_is_an_error(second: list[Bar]) -> None:
    with pytest.raises(ScoreError, match="100,000 beats"):
        perform([bar(75_000)] * 2, second)


# Ties.


def test_a_tie_joins_notes_over_bar_lines() -> None:
    first = rests(4, notes=(note(0, 4, tied_to=True),))
    middle = rests(4, notes=(note(0, 4, tied_from=True, tied_to=True),))
    last = rests(4, notes=(note(0, 2, tied_from=True), note(2, 2)))
    assert heard(perform([first, middle, last])) == [(0, 10), (10, 2)]


def test_a_tie_from_nowhere_begins_a_note() -> None:
    assert heard(perform([bar(4), rests(4, notes=(note(0, 4, tied_from=True),))])) == [(0, 4), (4, 4)]


def test_a_tie_into_a_second_ending_begins_a_note() -> None:
    before = rests(4, notes=(note(0, 4, tied_to=True),))
    tied = (note(0, 4, tied_from=True),)
    first = rests(4, notes=tied, marks=Marks(ends=True, endings=frozenset({1})))
    second = rests(4, notes=tied, marks=Marks(endings=frozenset({2})))
    # The second time the tie leads into the second ending as it did into the first.
    assert heard(perform([before, first, second])) == [(0, 8), (8, 8)]


def test_a_note_that_is_struck_while_it_sounds_ends_the_one_before() -> None:
    assert heard(perform([rests(4, notes=(note(0, 4), note(2, 1)))])) == [(0, 2), (2, 1)]


def test_of_a_unison_the_longer_note_stays() -> None:
    assert heard(perform([rests(4, notes=(note(0, 1), note(0, 3)))])) == [(0, 3)]


# Movements.


def numbered(numbers: Sequence[int | None], *, length: float = 4, **more: Any) -> list[Bar]:
    """Bars with these numbers."""
    return [bar(length, number=number, **more) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "begin"),
    [
        ([1, 2, 3, 1, 2], [0, 12]),
        ([0, 1, 2, 0, 1, 2], [0, 12]),
        ([1, 2, 0, 1], [0, 8]),
        # Bars that are not counted: in the middle, at the end.
        ([1, None, 2, None, 3], [0]),
        ([1, 2, None, 1, 2], [0, 12]),
        # Some programs count a pickup as 1, or leave a number out or say it twice.
        ([1, 1, 2, 4, 4, 3], [0]),
        # A number that goes back, but not to the beginning: an edition's slip.
        ([1, 2, 3, 2, 3], [0]),
        ([None, 1, 2, None, 3], [0]),
    ],
)
def test_a_movement_begins_where_bar_numbers_begin_anew(numbers: list[int | None], begin: list[int]) -> None:
    music = perform(numbered(numbers))
    assert [movement.tick / TICKS_PER_BEAT for movement in music.movements] == begin


def test_a_movement_that_the_page_begins_with_a_pickup_is_one() -> None:
    column = numbered([1, 2, None, 1, 2])
    column[2] = replace(column[2], begins_movement=True, title="II. Andante")
    music = perform(column)
    assert [(m.tick / TICKS_PER_BEAT, m.title) for m in music.movements] == [(0, ""), (8, "II. Andante")]


def test_nothing_is_repeated_across_the_beginning_of_a_movement() -> None:
    column = [*numbered([1, 2]), *numbered([1]), bar(4, number=2, marks=END)]
    # 2 bars, and 2 bars twice.
    assert len(onsets(perform(column))) == 6
    # A section that begins in one movement does not end in the next.
    column[1] = replace(column[1], marks=BEGIN)
    assert len(onsets(perform(column))) == 6


def test_a_movement_begins_on_a_beat_with_notes_of_its_own() -> None:
    held = rests(1.5, (3, 8), notes=(note(0, 1.5, tied_to=True),), number=3)
    column = [*numbered([1, 2], length=1.5), held]
    column = [replace(one, signature=(3, 8)) for one in column]
    music = perform([*column, rests(4, number=1, notes=(note(0, 4, tied_from=True),))])
    # Three bars of 1 1/2 beats end at 4 1/2.
    assert onsets(music) == [0, 1.5, 3, 5]
    # The last of them is longer.
    assert music.time_signatures[1:] == (TimeSignature(ticks(3), 2, 4), TimeSignature(ticks(5), 4, 4))
    assert [m.tick / TICKS_PER_BEAT for m in music.movements] == [0, 5]
    assert [heard(movement)[0] for movement in split_movements(music)] == [(0, 1.5), (0, 4)]


# The beat grid.

IRREGULAR: list[tuple[str, list[Bar], list[float]]] = [
    ("a pickup of half a beat", [bar(0.5), bar(4), bar(4)], [0.5, 1, 5]),
    ("a pickup of one beat", [bar(1), bar(4), bar(4)], [0, 1, 5]),
    ("a pickup of one and a half", [bar(1.5), bar(4)], [0.5, 2]),
    ("a pickup in 3/4", [bar(0.25, (3, 4)), bar(3, (3, 4)), bar(3, (3, 4))], [0.75, 1, 4]),
    ("a pickup in 6/8", [bar(0.5, (6, 8)), bar(3, (6, 8)), bar(3, (6, 8))], [0.5, 1, 4]),
    ("a pickup in 3/8", [bar(0.5, (3, 8)), bar(1.5, (3, 8)), bar(1.5, (3, 8))], [0.5, 1, 2.5]),
    (
        "a bar that a repeat sign cuts in two",
        [bar(4), bar(3.5, marks=END), bar(0.5), bar(4)],
        # The first time a full bar follows it.
        [0, 4, 8, 12, 15.5, 16],
    ),
    (
        "a pickup, and bars that it completes at both repeats",
        [bar(0.5), bar(3.5, marks=END), bar(0.5), bar(3.5, marks=END)],
        [0.5, 1, 4.5, 5, 8.5, 9, 12.5, 13],
    ),
    ("three pieces of one bar", [bar(4), bar(1.5), bar(1.25), bar(1.25), bar(4)], [0, 4, 5.5, 6.75, 8]),
    ("a short last bar before a full one", [bar(4), bar(3.5, marks=END), bar(4)], [0, 4, 8, 12, 16]),
    ("a pickup to a new section", [bar(4), bar(4, marks=END), bar(0.5), bar(4)], [0, 4, 8, 12, 16.5, 17]),
    ("a pickup to a section that begins", [bar(4), bar(2.25), bar(0.5, marks=BEGIN), bar(4)], [0, 4, 7.5, 8]),
    ("a short bar that ends a section", [bar(4), bar(0.5, marks=END), bar(4)], [0, 4, 5, 9, 10]),
    ("a pickup of whole beats to a new section", [bar(4), bar(4), bar(1), bar(4)], [0, 4, 8, 9]),
    ("a bar that is too long", [bar(4), bar(4.5), bar(4)], [0, 4, 9]),
    ("3/8 as it is", [bar(1.5, (3, 8))] * 4, [0, 1.5, 3, 4.5]),
    ("5/8 as it is", [bar(2.5, (5, 8))] * 3, [0, 2.5, 5]),
    ("short bars of whole eighths in 3/8", [bar(1.5, (3, 8)), bar(1, (3, 8)), bar(1.5, (3, 8))], [0, 1.5, 2.5]),
    ("a bar in 3/8 that leaves the eighth", [bar(1.5, (3, 8)), bar(1.25, (3, 8)), bar(1.5, (3, 8))], [0, 1.5, 3]),
    ("3/4 + 3/8 as it is", [bar(4.5, (9, 8))] * 3, [0, 4.5, 9]),
    ("a beat found again for good", [bar(1.5, (3, 8)), *[bar(2, (2, 4))] * 4], [0, 2, 4, 6, 8]),
    (
        "a passing bar of 2/4 among 3/8",
        [bar(1.5, (3, 8)), bar(2, (2, 4)), *[bar(1.5, (3, 8))] * 3],
        [0, 1.5, 3.5, 5, 6.5],
    ),
]


@pytest.mark.parametrize(("column", "begin"), [case[1:] for case in IRREGULAR], ids=[case[0] for case in IRREGULAR])
def test_bars_are_filled_up_to_the_beat(column: list[Bar], begin: list[float]) -> None:
    assert onsets(perform(column)) == begin


def test_all_parts_are_filled_alike() -> None:
    pickup = [rests(0.5), bar(4), bar(4)]
    music = perform([bar(0.5), bar(4), bar(4)], pickup, pickup, [rests(0), bar(4), bar(4)])
    assert [onsets(music, part) for part in range(4)] == [[0.5, 1, 5], [1, 5], [1, 5], [1, 5]]


def test_a_tied_note_lasts_through_the_rests_of_a_filling() -> None:
    short = rests(3.5, notes=(note(0, 3.5, tied_to=True),))
    after = rests(4, notes=(note(0, 4, tied_from=True),))
    assert heard(perform([bar(4), short, after])) == [(0, 4), (4, 8)]


def test_a_note_that_is_tied_into_a_pickup_lasts_through_the_rests_before_it() -> None:
    held = rests(4, notes=(note(0, 4, tied_to=True),))
    pickup = rests(0.5, notes=(note(0, 0.5, tied_from=True),))
    assert heard(perform([held, pickup, bar(4)])) == [(0, 5), (5, 4)]


def test_a_note_that_is_not_tied_keeps_its_length_in_a_filled_bar() -> None:
    assert heard(perform([bar(4), bar(3.5), bar(4)])) == [(0, 4), (4, 3.5), (8, 4)]


def test_a_tempo_moves_with_the_notes_of_a_filled_bar() -> None:
    pickup = rests(1.5, notes=(note(0, 1.5),), tempos=(Tempo(0, 60.0), Tempo(ticks(1), 90.0)))
    said = perform([pickup, bar(4)]).tempos
    assert [(tempo.tick / TICKS_PER_BEAT, tempo.qpm) for tempo in said] == [(0, 60.0), (1.5, 90.0)]


# Bar lines.


def column_of(lengths: Sequence[float], signature: tuple[int, int] | None, *, first: int = 1) -> list[Bar]:
    """Bars of these lengths, numbered from `first`."""
    return [bar(length, signature, number=first + k) for k, length in enumerate(lengths)]


@pytest.mark.parametrize(
    ("signature", "lengths", "lines"),
    [
        ((4, 4), [4, 4, 4], [0, 4, 8]),
        ((4, 4), [1, 4, 4, 3], [0, 1, 5, 9]),
        # A filled pickup is a bar of a whole beat.
        ((4, 4), [0.5, 4, 4], [0, 1, 5]),
        ((3, 4), [3, 2, 3, 3], [0, 3, 5, 8]),
        ((4, 4), [4, 3.5, 4, 4], [0, 4, 8, 12]),
        ((4, 4), [4, 10, 4, 4], [0, 4, 14, 18]),
        ((6, 8), [0.5, 3, 3], [0, 1, 4]),
        # Where a score says no metre, bars are of four beats.
        (None, [1, 4, 4], [0, 1, 5]),
        (None, [4, 4], [0, 4]),
    ],
)
def test_bar_lines_lie_where_the_score_has_them(
    signature: tuple[int, int] | None, lengths: list[float], lines: list[float]
) -> None:
    assert bar_lines(perform(column_of(lengths, signature))) == lines


def test_bar_lines_lie_where_the_score_has_them_in_every_movement() -> None:
    first = column_of([1, 4, 4, 3], (4, 4), first=0)
    second = column_of([0.5, 3, 3, 2.5], (3, 4), first=0)
    third = column_of([2, 2, 2], (2, 4))
    music = perform([*first, *second, *third])
    # 12 beats; a beat, three, three and three; the third from 22.
    assert bar_lines(music) == [0, 1, 5, 9, 12, 13, 16, 19, 22, 24, 26]
    assert [bar_lines(part) for part in split_movements(music)] == [[0, 1, 5, 9], [0, 1, 4, 7], [0, 2, 4]]


def test_each_movement_is_a_piece_with_its_tempo() -> None:
    first = column_of([4, 4], (4, 4))
    second = [replace(one, tempos=(Tempo(0, 50.0),)) for one in column_of([3, 3], (3, 4))]
    first[0] = replace(first[0], tempos=(Tempo(0, 120.0),))
    pieces = split_movements(perform([*first, *second]))
    assert [(piece.time_signatures, piece.tempos) for piece in pieces] == [
        ((TimeSignature(0, 4, 4),), (Tempo(0, 120.0),)),
        ((TimeSignature(0, 3, 4),), (Tempo(0, 50.0),)),
    ]


@pytest.mark.parametrize("lengths", [[300], [1300], [20], [3 + 1 / 7, 6 / 7], [4 / 7, 4 / 7, 20 / 7]])
def test_a_bar_of_any_length_has_a_signature_that_midi_can_say(lengths: list[float]) -> None:
    music = perform(column_of([4, *lengths, 4, 4], (4, 4)))
    assert all(0 < s.numerator <= 255 and s.denominator in bars.DENOMINATORS for s in music.time_signatures)
    said = [signature.tick for signature in music.time_signatures]
    # At the first bar, at each that does not fit, and where the metre comes back.
    assert said == [ticks(beat) for beat in (0, *accumulate(lengths, initial=4))]


@pytest.mark.parametrize("length", [3.994, 4.006])
def test_a_bar_of_rounded_tuplets_is_a_full_one(length: float) -> None:
    music = perform([bar(length), bar(4), bar(4)])
    assert onsets(music) == [0, 4, 8]
    assert music.time_signatures == (TimeSignature(0, 4, 4),)


def test_a_tie_holds_over_the_end_of_a_bar_of_rounded_tuplets() -> None:
    rounded = rests(3.994, notes=(note(0, 3.994, tied_to=True),))
    after = rests(4, notes=(note(0, 4, tied_from=True),))
    assert heard(perform([rounded, after])) == [(0, 8)]


def test_a_bar_that_lacks_a_64th_lacks_it() -> None:
    row = bars.aligned([bar(3 + 15 / 16)])
    assert row[0].length == ticks(3 + 15 / 16)


def test_an_expansion_list_orders_sections() -> None:
    column = [bar(1, (1, 4), label=label, marks=END) for label in ("A", "B", "A2")]
    # Signs count no more.
    assert len(onsets(perform(column, expansion=("A", "B", "A", "A2")))) == 4
    # A list whose labels no bar has says nothing.
    assert len(onsets(perform(column, expansion=("X",)))) == 6
