"""Features of music: independent values, values by hand, and what moving the music must or must not change."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quartetvae.metrics import features
from quartetvae.metrics.features import Table
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import PARTS
from tests.building import random_tokens

ALPHABET = Alphabet(57, 92)  # from an A: pitch classes do not start where tokens do
R, S = ALPHABET.rest, ALPHABET.sustain
C4 = 60 - ALPHABET.pitch_min

# Violin I: C4, C5 of two steps, D5 after a step of rest. Violin II: C4 for four. The viola rests. Cello: A3, B3 twice.
PHRASE = np.array(
    [[[C4, C4, R, 0], [C4 + 12, S, R, 2], [S, S, R, 2], [R, S, R, S], [C4 + 14, R, R, S]]],
    dtype=np.uint8,
)
SILENT = np.full((1, 4, 4), R, dtype=np.uint8)

music_of_any_kind = arrays(np.uint8, (3, 8, 4), elements=st.integers(0, ALPHABET.size - 1))


def table(phrases: Tokens, tempo_qpm: float = 120.0, alphabet: Alphabet = ALPHABET) -> Table:
    return features.of_phrases(phrases, alphabet, steps_per_beat=4, tempo_qpm=tempo_qpm)


def features_of(phrases: Tokens, tempo_qpm: float = 120.0, alphabet: Alphabet = ALPHABET) -> dict[str, Any]:
    return features.features(table(phrases, tempo_qpm, alphabet))


def nonzero(matrix: Any) -> dict[Any, float]:
    return {
        place if len(place) > 1 else place[0]: float(matrix[place]) for place in zip(*np.nonzero(matrix), strict=True)
    }


def test_features_of_a_phrase_counted_by_hand() -> None:
    found = {name: value[0] for name, value in features_of(PHRASE).items()}
    assert found["note_count"] == 7
    assert found["pitch_count"] == 5  # A3 B3 C4 C5 D5
    assert found["pitch_range"] == 17  # A3 to D5
    # Steps: C 1 + 2 + 4, D 1, A 1, B 1 + 3.
    assert nonzero(found["pitch_class_histogram"]) == {0: 7 / 13, 2: 1 / 13, 9: 1 / 13, 11: 4 / 13}
    assert nonzero(found["pitch_class_transition_matrix"]) == {(0, 0): 1, (0, 2): 1, (9, 11): 1, (11, 11): 1}
    assert found["pitch_interval"] == (12 + 2 + 2 + 0) / 4
    assert found["inter_onset_interval_beats"] == pytest.approx((1 / 4 + 1 / 4 + 2 / 4) / 3)  # steps 0, 1, 2, 4
    assert found["inter_onset_interval_seconds"] == pytest.approx(found["inter_onset_interval_beats"] / 2)
    sixteenth, eighth, quarter, dotted_eighth = 4, 3, 2, 7
    counts = {sixteenth: 4, eighth: 1, quarter: 1, dotted_eighth: 1}
    assert nonzero(found["note_length_histogram"]) == counts
    assert nonzero(found["note_length_histogram_with_rests"]) == {**counts, 12 + sixteenth: 1}
    assert nonzero(found["note_length_transition_matrix"]) == {
        (sixteenth, eighth): 1,
        (eighth, sixteenth): 1,
        (sixteenth, sixteenth): 1,
        (sixteenth, dotted_eighth): 1,
    }


def test_silence_has_no_values() -> None:
    found = {name: value[0] for name, value in features_of(SILENT).items()}
    assert found["note_count"] == found["pitch_count"] == 0
    for name in ("pitch_range", "pitch_interval", "inter_onset_interval_beats", "inter_onset_interval_seconds"):
        assert np.isnan(found[name])
    for name in ("pitch_class_histogram", "pitch_class_transition_matrix", "note_length_histogram"):
        assert not found[name].any()


@given(music_of_any_kind)
def test_many_excerpts_are_as_one_by_one(phrases: Tokens) -> None:
    together = features_of(phrases)
    for k in range(len(phrases)):
        for name, alone in features_of(phrases[k : k + 1]).items():
            np.testing.assert_array_equal(together[name][k], alone[0], err_msg=name)


@given(music_of_any_kind)
def test_the_whole_is_the_sum_of_its_parts(phrases: Tokens) -> None:
    found = features.of_all_and_parts(table(phrases))
    parts = [found[part] for part in PARTS]
    for name in ("note_count", "pitch_class_transition_matrix", "note_length_histogram_with_rests"):
        np.testing.assert_array_equal(found["whole"][name], sum(part[name] for part in parts))


@given(arrays(np.uint8, (2, 8, 4), elements=st.sampled_from([*range(10), R, S])), st.integers(1, 20))
def test_transposing_moves_pitch_classes_and_nothing_else(phrases: Tokens, semitones: int) -> None:
    higher = np.where(phrases < ALPHABET.pitches, phrases + semitones, phrases).astype(np.uint8)
    plain, moved = features_of(phrases), features_of(higher)
    for name in features.FEATURES:
        expected = plain[name]
        if name.startswith("pitch_class"):
            for axis in range(1, expected.ndim):
                expected = np.roll(expected, semitones, axis=axis)
        np.testing.assert_allclose(moved[name], expected, err_msg=name)


def test_twice_the_tempo_halves_seconds_and_nothing_else() -> None:
    phrases = random_tokens(5, 16, 4)
    slow, fast = (features_of(phrases, tempo, Alphabet(60, 71)) for tempo in (60.0, 120.0))
    for name in features.FEATURES:
        factor = 2.0 if name == "inter_onset_interval_seconds" else 1.0
        np.testing.assert_allclose(slow[name], factor * fast[name], err_msg=name)


@pytest.mark.parametrize(
    ("length", "kind"),
    [(96, 0), (1000, 0), (24, 2), (7, 4), (8, 11), (0, 4), (42, 1), (10.5, 3), (2, 4), (np.nan, -1)],
)
def test_a_length_is_of_the_nearest_class_the_first_on_a_tie(length: float, kind: int) -> None:
    assert features.length_class(np.array([length])).tolist() == [kind]


def test_a_silence_far_from_every_class_is_none() -> None:
    near = features.length_class(np.array([3.0, 3.1, 27.0, 26.9]), within=features.REST_TOLERANCE)
    assert near.tolist() == [-1, 4, -1, 2]


def test_the_notes_of_some_parts() -> None:
    both = table(PHRASE).of_parts([1, 3])
    assert both.pitch.tolist() == [60, 57, 59, 59]
    assert all(len(getattr(both, field.name)) == 4 for field in dataclasses.fields(Table) if field.name != "excerpts")


def test_lengths_and_rests_are_in_96ths_of_a_whole_note() -> None:
    found = table(PHRASE)
    # Steps are sixteenths: by part, in the order of onsets.
    assert found.length.tolist() == [6, 12, 6, 24, 6, 6, 18]
    assert found.rest[~np.isnan(found.rest)].tolist() == [6]
    at_twelve = features.of_phrases(PHRASE, ALPHABET, steps_per_beat=12, tempo_qpm=120)
    assert at_twelve.length.tolist() == [2, 4, 2, 8, 2, 2, 6]


def test_features_as_plain_numbers() -> None:
    values: dict[str, Any] = {
        **{"pitch_count": np.array([3.0]), "pitch_range": np.array([np.nan]), "pitch_interval": np.array([2.5])},
        **{"inter_onset_interval_beats": np.array([0.5]), "inter_onset_interval_seconds": np.array([0.25])},
        "note_length_histogram": np.array([[1.0, 2.0]]),
    }
    found = features.plain(values)
    assert found == {
        **{"pitch_count": 3, "pitch_range": None, "pitch_interval": 2.5},
        **{"inter_onset_interval": {"beats": 0.5, "seconds": 0.25}, "note_length_histogram": [1.0, 2.0]},
    }
    assert isinstance(found["pitch_count"], int)


def test_whole_notes_are_in_the_transitions() -> None:
    phrase = np.full((1, 24, 4), R, np.uint8)
    phrase[0, :, 0] = [C4, S, S, S, C4, *[S] * 15, C4, S, S, S]
    whole, quarter = 0, 2
    found = features_of(phrase)["note_length_transition_matrix"][0]
    assert nonzero(found) == {(quarter, whole): 1, (whole, quarter): 1}
