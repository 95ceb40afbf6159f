"""The paper's own four figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quartetvae.errors import CodecError
from quartetvae.metrics import paper
from quartetvae.music.codec import Alphabet, Tokens

ALPHABET = Alphabet(57, 92)  # from an A: pitch classes do not start where tokens do
R, S = ALPHABET.rest, ALPHABET.sustain
C4 = 60 - ALPHABET.pitch_min

# Violin I: C4, C5 (an octave: the same class), a rest, D5. Violin II: C4, held. The viola rests. Cello: A3, B3, B3.
PHRASE = np.array(
    [[[C4, C4, R, 0], [C4 + 12, S, R, 2], [R, S, R, 2], [C4 + 14, S, R, S]]],
    dtype=np.uint8,
)
SILENT = np.full((1, 4, 4), S, dtype=np.uint8)


def test_figures_of_a_phrase_counted_by_hand() -> None:
    figures = paper.figures(PHRASE, ALPHABET)
    assert figures["distinct_pitches_median"] == 5  # A3 B3 C4 C5 D5
    assert figures["pitch_range_mean"] == 17  # A3 to D5
    assert figures["same_pitch_class_share"] == 2 / 4  # C-C, C-D; A-B, B-B
    shares = {name: share for name, share in figures["pitch_classes"].items() if share}
    assert shares == {"C": 3 / 7, "D": 1 / 7, "A": 1 / 7, "B": 2 / 7}
    assert figures["silent_phrases"] == 0


def test_a_transition_does_not_cross_from_one_phrase_or_part_to_the_next() -> None:
    lone = np.full((2, 3, 4), R, dtype=np.uint8)
    lone[:, 1] = C4  # one note in every part of every phrase
    assert paper.figures(lone, ALPHABET)["same_pitch_class_share"] is None


def test_silent_phrases_are_counted_and_not_averaged() -> None:
    with_silence = paper.figures(np.concatenate([SILENT, PHRASE, SILENT]), ALPHABET)
    alone = paper.figures(PHRASE, ALPHABET)
    assert alone["silent_phrases"] == 0
    assert with_silence == alone | {"silent_phrases": 2}


def test_the_median_is_over_phrases() -> None:
    one_pitch, two_pitches = SILENT.copy(), SILENT.copy()
    one_pitch[0, 0, 0] = 0
    two_pitches[0, 0, :2] = (0, 5)
    figures = paper.figures(np.concatenate([one_pitch, two_pitches, PHRASE, PHRASE]), ALPHABET)
    assert figures["distinct_pitches_median"] == 3.5
    assert figures["pitch_range_mean"] == (0 + 5 + 17 + 17) / 4


@pytest.mark.parametrize("phrases", [SILENT, SILENT[:0]])
def test_without_notes_every_figure_is_none(phrases: Tokens) -> None:
    figures = paper.figures(phrases, ALPHABET)
    assert figures["silent_phrases"] == len(phrases)
    assert set(figures["pitch_classes"].values()) == {None}
    assert {name for name, value in figures.items() if value is not None} == {"silent_phrases", "pitch_classes"}


@given(arrays(np.uint8, (3, 4, 4), elements=st.sampled_from([*range(24), R, S])), st.integers(1, 12))
def test_transposing_rolls_the_pitch_classes_and_changes_nothing_else(phrases: Tokens, semitones: int) -> None:
    moved = np.where(phrases < R, phrases + np.uint8(semitones), phrases)
    before, after = paper.figures(phrases, ALPHABET), paper.figures(moved, ALPHABET)
    classes = list(before["pitch_classes"].values())
    rolled = [classes[(place - semitones) % 12] for place in range(12)]
    assert after == before | {"pitch_classes": dict(zip(before["pitch_classes"], rolled, strict=True))}


@given(arrays(np.uint8, (3, 4, 4), elements=st.integers(0, ALPHABET.pitches - 1)))
def test_pitch_class_shares_sum_to_one(phrases: Tokens) -> None:
    shares = paper.figures(phrases, ALPHABET)["pitch_classes"].values()
    assert sum(share for share in shares if share is not None) == pytest.approx(1)


def test_an_array_that_holds_no_phrases_is_refused() -> None:
    with pytest.raises(CodecError, match=r"\(phrases, steps, 4\) is needed"):
        paper.figures(PHRASE[0], ALPHABET)


def test_a_transition_does_not_cross_silent_phrases() -> None:
    phrases = np.full((5, 2, 4), R, np.uint8)
    # One note of violin II, and four phrases later one of violin I.
    phrases[0, 0, 1] = phrases[4, 0, 0] = C4
    assert paper.figures(phrases, ALPHABET)["same_pitch_class_share"] is None


def test_transitions_on_the_same_pitch_class_counted_by_hand() -> None:
    # Violin I: C4, C5, C4, D4, D4. Then with a cello: A3, B3.
    phrase = np.full((1, 5, 4), R, np.uint8)
    phrase[0, :, 0] = [C4, C4 + 12, C4, C4 + 2, C4 + 2]
    assert paper.figures(phrase, ALPHABET)["same_pitch_class_share"] == 3 / 4
    phrase[0, :2, 3] = [0, 2]
    assert paper.figures(phrase, ALPHABET)["same_pitch_class_share"] == 3 / 5


def test_notes_of_both_columns_of_a_part_are_one_line() -> None:
    phrase = np.full((1, 2, 8), R, np.uint8)
    phrase[0, 0, 0], phrase[0, 1, 4] = C4, C4 + 12
    assert paper.figures(phrase, ALPHABET)["same_pitch_class_share"] == 1


def test_a_transition_does_not_cross_from_a_part_to_the_one_above_in_the_next_phrase() -> None:
    phrases = np.full((2, 2, 4), R, np.uint8)
    phrases[0, 0, 1] = phrases[1, 0, 0] = C4
    assert paper.figures(phrases, ALPHABET)["same_pitch_class_share"] is None
