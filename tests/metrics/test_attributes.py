"""Attributes of phrases, counted by hand, and the direction in which one grows."""

import numpy as np
import pytest

from quartetvae.errors import CodecError
from quartetvae.metrics import attributes
from quartetvae.metrics.attributes import ATTRIBUTES, direction
from tests.building import ALPHABET, part_array, random_tokens

STEPS_PER_BEAT = 4


def value(name: str, *parts: str) -> float:
    """An attribute of one phrase, given as a line for each part."""
    (found,) = ATTRIBUTES[name](part_array(*parts)[np.newaxis], ALPHABET, STEPS_PER_BEAT)
    return float(found)


@pytest.mark.parametrize(
    ("parts", "notes_per_beat"),
    [
        (["60 - - -"], 1.0),
        (["60 - 62 64", ". 67 - -"], 4.0),
        (["60 - - - - - - -", "64 - 65 - . . 67 -"], 2.0),
        (["60 61 62 63", "60 61 62 63", "60 61 62 63", "60 61 62 63"], 16.0),
        (["- - - -"], 0.0),
    ],
)
def test_density_is_notes_a_beat_of_all_parts(parts: list[str], notes_per_beat: float) -> None:
    assert value("note_density", *parts) == notes_per_beat


def test_density_is_of_the_beat_not_the_step() -> None:
    phrases = part_array("60 - 62 64 60 - 62 64")[np.newaxis]
    assert attributes.note_density(phrases, ALPHABET, 2) == pytest.approx([1.5])
    assert attributes.note_density(phrases, ALPHABET, 8) == pytest.approx([6.0])


@pytest.mark.parametrize(
    ("parts", "pitch"),
    [
        (["60 - 62 64", ". 67 - -"], (60 + 62 + 64 + 67) / 4),
        (["60 - - -", "71 71 . ."], (60 + 71 + 71) / 3),  # a long note counts once
    ],
)
def test_register_is_the_mean_pitch_of_the_notes(parts: list[str], pitch: float) -> None:
    assert value("register", *parts) == pytest.approx(pitch)


@pytest.mark.parametrize(
    ("parts", "outside"),
    [
        (["60 62 64 65", "67 69 71 -"], 0.0),
        (["60 61 62 63"], 1 / 4),  # three of four semitones in a row lie in D flat major
        (["60 60 60 60", "60 61 62 ."], 1 / 7),
        (["60 61 62 63", "64 65 66 67", "68 69 70 71"], 5 / 12),
    ],
)
def test_chromaticism_is_what_lies_outside_the_best_scale(parts: list[str], outside: float) -> None:
    assert value("chromaticism", *parts) == pytest.approx(outside)


@pytest.mark.parametrize(
    ("parts", "share"),
    [
        (["60 - - -"], 0),
        ([". 60 - ."], 1),
        ([". 60 . ."], 0),  # it stops before the stronger place
        ([". 60 62 ."], 0),  # another begins there
        ([". . 60 - - . . ."], 1),  # on through the weaker step 3 to step 4
        ([". . 60 - 62 - . ."], 0),
        ([". . 60 - . - . ."], 0),  # a sustain after a rest sounds nothing
        ([". . . . 60 - - -"], 0),  # nothing stronger comes
        ([". . . 60 - - - -"], 1),
        (["60 - 62 - - - - -", "64 . . . . . . ."], 1 / 3),
        ([". 60 - 62 - 64 - 65"], 3 / 4),
    ],
)
def test_syncopation_is_a_note_from_a_weak_place_through_a_stronger(parts: list[str], share: float) -> None:
    assert value("syncopation", *parts) == pytest.approx(share)


@pytest.mark.parametrize("steps_per_beat", [1, 4, 12])
@pytest.mark.parametrize(
    ("beat", "stronger"), [(1, 2), (2, 4), (3, 4), (4, 8), (5, 6), (6, 8), (7, 8), (9, 10), (10, 12), (12, 16)]
)
def test_a_beat_is_as_strong_as_the_largest_power_of_two_that_divides_its_number(
    beat: int, stronger: int, steps_per_beat: int
) -> None:
    assert attributes.next_stronger(beat * steps_per_beat, steps_per_beat) == stronger * steps_per_beat


@pytest.mark.parametrize(
    ("step", "stronger"), [(2, 4), (3, 6), (4, 12), (6, 12), (8, 12), (9, 12), (10, 12), (16, 24), (20, 24), (22, 24)]
)
def test_in_a_beat_of_twelve_thirds_and_halves_are_weaker_than_beats_and_their_halves_weaker_than_they(
    step: int, stronger: int
) -> None:
    assert attributes.next_stronger(step, 12) == stronger


@pytest.mark.parametrize(
    ("parts", "share"),
    [
        (["60 - 62 .", "64 - 65 .", "60 . 62 -", "60 - 60 -"], 1),
        (["60 . . .", ". 62 . .", ". . 64 .", ". . . 65"], 0),
        (["60 - - -", "64 - - -"], 1 / 3),
        (["60 - 62 -", "64 - . .", "67 - . .", "60 - - -"], 1 / 2),  # all at step 0, one alone at step 2
        (["60 - 62 64", "64 - 65 -"], (1 / 3 + 1 / 3 + 0) / 3),
    ],
)
def test_rhythmic_unison_is_how_many_others_begin_with_one(parts: list[str], share: float) -> None:
    assert value("rhythmic_unison", *parts) == pytest.approx(share)


def test_a_note_in_the_second_column_of_a_part_is_that_parts() -> None:
    # Step 0: both notes of violin I, alone. Step 1: its second note and the viola's first. Step 2: two second notes.
    first = part_array("60 - - .", ". . . .", ". 64 - .", ". . . .")
    second = part_array("67 69 71 .", ". . . .", ". . . .", ". . 62 .")
    phrases = np.concatenate([first, second], axis=1)[np.newaxis]
    found = attributes.rhythmic_unison(phrases, ALPHABET, STEPS_PER_BEAT)
    np.testing.assert_allclose(found, [(0 + 1 / 3 + 1 / 3) / 3])


def test_silence_has_no_attribute_but_density() -> None:
    for name in ATTRIBUTES:
        found = value(name, ". . . .", "- - . .")
        assert found == 0 if name == "note_density" else np.isnan(found)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_are_of_each_phrase_and_of_no_part_in_particular(name: str) -> None:
    phrases = random_tokens(20, 16, 4, seed=3)
    measure = ATTRIBUTES[name]
    together = measure(phrases, ALPHABET, STEPS_PER_BEAT)
    one_by_one = [measure(phrase[np.newaxis], ALPHABET, STEPS_PER_BEAT)[0] for phrase in phrases]
    np.testing.assert_array_equal(together, one_by_one)
    assert len(set(together.tolist())) > 5
    np.testing.assert_allclose(measure(phrases[:, :, ::-1], ALPHABET, STEPS_PER_BEAT), together)
    assert measure(phrases[:0], ALPHABET, STEPS_PER_BEAT).shape == (0,)
    with pytest.raises(CodecError, match="phrases of shape"):
        measure(phrases[0], ALPHABET, STEPS_PER_BEAT)


# The direction


@pytest.mark.parametrize(
    ("values", "codes", "expected"),
    [
        # Quartiles of 1..8 are 2.75 and 6.25: the means of 10, 20 and of 70, 100.
        ([1, 2, 3, 4, 5, 6, 7, 8], [10, 20, 0, 0, 0, 0, 70, 100], 70.0),
        ([8, 7, 6, 5, 4, 3, 2, 1], [10, 20, 0, 0, 0, 0, 70, 100], -70.0),
        # Of 1..5 they are values themselves, 2 and 4, and in their quarters: the means of 0, 2 and of 4, 10.
        ([1, 2, 3, 4, 5], [0, 2, 50, 4, 10], 6.0),
        ([1, np.nan, 2, 3, 4, np.nan], [1, 900, 0, 0, 9, 900], 8.0),  # those without a value are left out
        ([0, 0, 0, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1, 8, 10], 8.0),  # quartiles alike: the one beyond against the rest
        ([1, 1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 8, 10], -8.0),
        ([5, 5, 5, 5], [1, 2, 3, 4], 0.0),
        ([np.nan, np.nan], [1, 2], 0.0),
        ([3], [7], 0.0),
        ([], [], 0.0),
    ],
)
def test_a_direction_is_the_top_quarters_mean_less_the_bottoms(
    values: list[float], codes: list[float], expected: float
) -> None:
    column = np.array(codes, dtype=np.float32)
    both = np.stack([column, -2 * column], axis=1)
    found = direction(both, np.array(values, dtype=np.float64))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [expected, -2 * expected], rtol=1e-6)
