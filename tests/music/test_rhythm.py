"""Notes on a grid as they are written: hand-worked bars, and what holds for any music."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartetvae.music import codec, rhythm
from quartetvae.music.codec import Alphabet
from quartetvae.music.rhythm import TICKS, Written
from tests.building import Row, notes

SIGNS = {"whole": "w", "half": "h", "quarter": "q", "eighth": "8", "16th": "16", "32nd": "32", "64th": "64"}


def bars_of(*rows: Row, lengths: Sequence[int] = (48,), spb: int = 12) -> list[list[list[Written]]]:
    """Write one part; onsets, lengths and bars are in steps."""
    bars = np.repeat(np.arange(len(lengths)), lengths)
    lines = rhythm.bar_lines(bars, steps_per_beat=spb)
    return rhythm.write(notes(*rows), lines, steps_per_beat=spb)


def in_words(voice: Sequence[Written]) -> str:
    """A voice in signs: note values, `.` for a dot, r for a rest, ~ for a tie, (3: and ) around a triplet."""
    words = []
    for w in voice:
        sign = f"{'r' * (not w.pitches)}{'bar' if w.is_bar else SIGNS[w.value]}{'.' * w.dots}{'~' * w.tied_to}"
        sign = f"[{sign}]" if w.is_hidden else sign
        words.append(f"{f'({w.tuplet[0]}:' if w.tuplet and w.tuplet_begins else ''}{sign}{')' * w.tuplet_ends}")
    return " ".join(words)


def line(*onsets: int, end: int = 48) -> list[Row]:
    """Notes that last until the next one."""
    return [(a, b - a, 60 + k) for k, (a, b) in enumerate(zip(onsets, [*onsets[1:], end], strict=True))]


@pytest.mark.parametrize(
    ("onsets", "written"),
    [
        ([0, 12, 24, 36], "q q q q"),
        ([0, 6, 18, 24, 42], "8 q 8 q. 8"),
        ([0, 9, 12, 21, 24], "8. 16 8. 16 h"),
        # Twelfths of a beat: triplets of eighths, of sixteenths in half a beat, sextuplets.
        ([0, 4, 8, 12], "(3:8 8 8) h."),
        ([0, 8, 12, 16, 24], "(3:q 8) (3:8 q) h"),
        ([0, 2, 4, 6, 12], "(3:16 16 16) 8 h."),
        ([0, 4, 6, 8, 10, 12], "(6:8 16 16 16 16) h."),
        ([0, 4, 6, 10, 12], "(3:8 16) (3:8 16) h."),
        ([0, 2, 4, 6, 8, 10, 12], "(6:16 16 16 16 16 16) h."),
        ([*range(12), 12], "(6:32 32 32 32 32 32) (6:32 32 32 32 32 32) h."),
        # Thirty-seconds lie between the steps: 1.5 is rounded to 2.
        ([0, 2, 3, 5, 6, 8, 9, 11, 12], "32 32 32 32 32 32 32 32 h."),
        ([0, 9, 11, 12], "8. 32 32 h."),
        ([0, 11, 12], "8.. 32 h."),
        ([0, 9, 10, 11, 12], "8. (3:32 32 32) h."),
        # Quarter notes in threes.
        ([0, 8, 16, 24], "(3:q q q) h"),
        # A note that goes on from a triplet, and one into it.
        ([0, 4, 8, 36], "(3:8 8 8~) h q"),
        ([0, 16, 20, 24], "q~ (3:8 8 8) h"),
    ],
)
def test_onsets_say_how_a_beat_is_divided(onsets: list[int], written: str) -> None:
    ((voice,),) = bars_of(*line(*onsets))
    assert in_words(voice) == written


@pytest.mark.parametrize(
    ("rows", "written"),
    [
        # A gap of one or two twelfths is articulation.
        ([(0, 11, 60), (12, 10, 60), (24, 5, 60), (30, 18, 60)], "q q 8 q."),
        ([(0, 10, 60)], "q rq rh"),
        # A longer one is a rest, from the nearest sixteenth.
        ([(0, 9, 60), (12, 36, 60)], "8. r16 h."),
        ([(0, 2, 60), (6, 2, 60), (12, 36, 60)], "16 r16 16 r16 h."),
        ([(0, 8, 60), (12, 36, 60)], "8. r16 h."),
        # In a triplet, from its nearest note.
        ([(0, 4, 60), (4, 4, 60), (12, 36, 60)], "(3:8 8 r8) h."),
        ([(4, 4, 60), (8, 4, 60)], "(3:r8 8 8) rq rh"),
        ([(8, 16, 60)], "(3:rq 8~) q rh"),
        ([(0, 8, 60), (8, 4, 60), (16, 32, 60)], "(3:q 8 r8 q~) h"),
        # So is a little that one note of a chord lasts longer; on a beat an end stays.
        ([(0, 12, 60), (0, 10, 64), (14, 34, 62)], "q r32 16.~ 8~ h"),
        # A little overlap is legato.
        ([(0, 13, 60), (12, 36, 62)], "q h."),
    ],
)
def test_ends_give_way_to_what_is_easy_to_read(rows: list[Row], written: str) -> None:
    ((voice,),) = bars_of(*rows)
    assert in_words(voice) == written


def test_rests_show_the_beat() -> None:
    ((voice,),) = bars_of((3, 3, 60))
    assert in_words(voice) == "r16 16 r8 rq rh"
    assert in_words(bars_of((0, 12, 60), lengths=(36,))[0][0]) == "q rq rq"
    assert [in_words(bar[0]) for bar in bars_of((48, 48, 60), lengths=(48, 48))] == ["rbar", "w"]


def test_a_note_over_a_bar_line_is_tied() -> None:
    bars = bars_of((0, 42, 60), (42, 18, 62), (60, 36, 64), lengths=(48, 48))
    assert [in_words(bar[0]) for bar in bars] == ["h.~ 8 8~", "q h."]
    assert [w.tied_from for w in bars[1][0]] == [True, False]


def test_bars_without_quarter_notes_are_counted_in_dotted_ones() -> None:
    ((voice,),) = bars_of((0, 18, 60), (18, 6, 60), (24, 6, 62), (30, 6, 64), (36, 18, 60), lengths=(54,))
    assert in_words(voice) == "q. 8 8 8 q."
    assert [w.beams for w in voice[1:4]] == [("start",), ("continue",), ("stop",)]


def test_notes_that_begin_and_end_together_are_a_chord() -> None:
    ((voice,),) = bars_of((0, 24, 60), (0, 23, 67), (24, 24, 62), (24, 24, 65))
    assert [w.pitches for w in voice] == [(60, 67), (62, 65)]


def test_other_notes_that_sound_together_need_a_second_voice_in_that_bar_only() -> None:
    bars = bars_of((0, 24, 72), (0, 12, 60), (12, 12, 62), (24, 24, 64), (48, 48, 65), lengths=(48, 48))
    assert [[in_words(voice) for voice in bar] for bar in bars] == [["h h", "q q [rh]"], ["w"]]
    upper, lower = bars[0]
    assert [w.pitches for w in upper] == [(72,), (64,)]
    assert [w.pitches for w in lower] == [(60,), (62,), ()]


def test_what_lies_above_is_the_first_voice_whichever_begins_first() -> None:
    ((upper, lower),) = bars_of((0, 48, 60), (12, 12, 72), (24, 24, 74))
    assert [w.pitches for w in lower] == [(60,)]
    assert in_words(upper) == "rq q h"


def test_two_voices_are_divided_each_for_itself() -> None:
    rows = [*line(0, 4, 8, end=12), (12, 36, 62), (0, 6, 48), (6, 6, 50)]
    ((upper, lower),) = bars_of(*rows)
    assert in_words(upper) == "(3:8 8 8) h."
    assert in_words(lower) == "8 8 [rq] [rh]"


@pytest.mark.parametrize(
    ("onsets", "beams"),
    [
        ([0, 6, 12, 24, 36], ["s", "e", "", "", ""]),
        ([0, 3, 6, 9, 12], ["s s", "c c", "c c", "e e", ""]),
        ([0, 9, 12], ["s", "e left", ""]),
        ([0, 3, 9, 12], ["s right", "c", "e left", ""]),
        ([0, 6, 9, 12], ["s", "c s", "e e", ""]),
        # Fast notes show the half of the beat.
        ([0, 2, 3, 5, 6, 9, 12], ["s s s", "c c c", "c c c", "c e e", "c s", "e e", ""]),
    ],
)
def test_beams_join_the_notes_of_a_beat(onsets: list[int], beams: list[str]) -> None:
    ((voice,),) = bars_of(*line(*onsets))
    short = {"start": "s", "continue": "c", "stop": "e"}
    assert [" ".join(short.get(beam, beam) for beam in w.beams) for w in voice] == beams


def test_a_bracket_stands_where_beams_do_not_show_the_triplet() -> None:
    assert not any(w.bracket for w in bars_of(*line(0, 4, 8, 12))[0][0])
    assert bars_of(*line(0, 8, 12))[0][0][0].bracket
    assert bars_of((0, 4, 60), (4, 4, 60))[0][0][0].bracket


def test_bars_that_no_time_signature_has_are_moved_to_sixteenths() -> None:
    bars = np.repeat(np.arange(3), [48, 29, 19])
    assert rhythm.bar_lines(bars, steps_per_beat=12) == [0, 192, 192 + 120, 192 + 2 * 120]


def test_a_last_bar_that_is_cut_short_is_filled_up() -> None:
    assert rhythm.bar_lines(np.repeat([0, 1], [36, 12]), steps_per_beat=12) == [0, 3 * TICKS, 6 * TICKS]
    assert rhythm.bar_lines(np.repeat([0, 1], [12, 36]), steps_per_beat=12) == [0, TICKS, 4 * TICKS]
    assert rhythm.bar_lines(np.zeros(7, np.int64), steps_per_beat=12) == [0, 36]


ROW = st.tuples(st.integers(0, 90), st.integers(1, 40), st.integers(36, 90))


@given(st.lists(ROW, min_size=1, max_size=20), st.sampled_from([1, 3, 4, 5, 6, 8, 12, 16, 24, 48]), st.data())
def test_every_voice_fills_its_bar_and_every_onset_is_there(rows: list[Row], spb: int, data: st.DataObject) -> None:
    """For any part: bars are full, note values as long as they say, onsets where the grid has them."""
    alphabet = Alphabet(36, 107)
    tokens, _ = codec.encode(
        [notes(*rows), *[notes()] * 3], ticks_per_beat=1, steps_per_beat=1, alphabet=alphabet, chords="double"
    )
    part = codec.decode(tokens, alphabet)[0]
    end = len(tokens)
    cuts = data.draw(st.lists(st.integers(1, end), max_size=4))
    bars = np.searchsorted(sorted(set(cuts)), np.arange(end), side="right")
    lines = rhythm.bar_lines(bars, steps_per_beat=spb)
    found: set[tuple[int, int]] = set()
    for bar, (start, stop) in zip(rhythm.write(part, lines, steps_per_beat=spb), pairwise(lines), strict=True):
        assert 1 <= len(bar) <= 2
        for voice in bar:
            at = 0
            for w in voice:
                assert w.onset == at
                at += w.length
                long = next(ticks for ticks, value in rhythm.VALUES.items() if value == w.value)
                actual, normal = w.tuplet or (1, 1)
                assert w.is_bar or long * (2 - 2.0**-w.dots) * normal / actual == w.length
                if w.pitches and not w.tied_from:
                    found |= {(start + w.onset, pitch) for pitch in w.pitches}
            assert at == stop - start
            assert sum(w.tuplet_begins for w in voice) == sum(w.tuplet_ends for w in voice)
    if spb in rhythm.EXACT:
        read = {((2 * tick * spb + TICKS) // (2 * TICKS), pitch) for tick, pitch in found}
        assert read == {(onset, pitch) for onset, _, pitch, _ in part.tolist()}
