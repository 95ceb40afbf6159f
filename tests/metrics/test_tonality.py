"""Scales and the keys of phrases, by hand."""

import numpy as np
import pytest

from quartetvae.errors import CodecError
from quartetvae.metrics import tonality
from quartetvae.music.codec import Alphabet
from tests.building import part_array

WIDE = Alphabet(36, 99)


def test_the_major_scales_from_c_on() -> None:
    scales = tonality.major_scales()
    assert scales.shape == (12, 12)
    # C D E F G A B; then those of D flat; G has F sharp.
    assert np.flatnonzero(scales[0]).tolist() == [0, 2, 4, 5, 7, 9, 11]
    assert np.flatnonzero(scales[1]).tolist() == [0, 1, 3, 5, 6, 8, 10]
    assert np.flatnonzero(scales[7]).tolist() == [0, 2, 4, 6, 7, 9, 11]
    assert scales.sum() == 84


def test_pitch_classes_are_counted_in_each_phrase_with_those_held_from_before() -> None:
    phrases = np.stack([part_array("60 - 72 62", "67 . . .", alphabet=WIDE), part_array("59 - - -", alphabet=WIDE)])
    phrases[1, 0, 3] = WIDE.held
    # The lowest pitch of the alphabet is a C.
    assert [np.flatnonzero(row).tolist() for row in tonality.pitch_class_counts(phrases, WIDE)] == [[0, 2, 7], [0, 11]]
    assert tonality.pitch_class_counts(phrases, WIDE)[0, 0] == 2


@pytest.mark.parametrize(
    ("pitches", "tonic"),
    [
        ("60 62 64 65 67 69 71", 0),
        ("67 69 71 72 74 76 78", 7),  # F sharp: G major
        ("69 71 72 74 76 77 79", 0),  # A minor is C major
        ("65 67 69 70 72 74 76", 5),  # B flat: F major
        ("60", 0),  # of several the first
        (".", 0),
    ],
)
def test_the_scale_that_most_notes_lie_in(pitches: str, tonic: int) -> None:
    assert tonality.scale(part_array(pitches, alphabet=WIDE)[np.newaxis], WIDE).tolist() == [tonic]


def test_pitch_classes_count_from_c_wherever_the_alphabet_begins() -> None:
    from_a = Alphabet(57, 92)
    phrase = part_array("57 60 62 -", alphabet=from_a)[np.newaxis]
    assert np.flatnonzero(tonality.pitch_class_counts(phrase, from_a)[0]).tolist() == [0, 2, 9]


@pytest.mark.parametrize(
    ("pitches", "share"),
    [
        ("61", 1),
        ("60 62 64 65 67 68 70", 6 / 7),  # major below, minor above
        ("60 62 63 65 67 68 71", 6 / 7),  # the harmonic minor is none of them
    ],
)
def test_scales_are_major_and_natural_minor_ones(pitches: str, share: float) -> None:
    phrase = part_array(pitches, alphabet=WIDE)[np.newaxis]
    assert tonality.scale_consistency(phrase, WIDE).tolist() == pytest.approx([share])


def test_what_holds_no_phrases_has_no_keys() -> None:
    with pytest.raises(CodecError, match=r"\(phrases, steps, 4\) is needed"):
        tonality.pitch_class_counts(part_array("60", alphabet=WIDE), WIDE)
