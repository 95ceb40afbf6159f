"""Figures of decoded paths: smoothness, direction, likeness to music, and the crossfade beside them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from quartetvae.errors import CodecError
from quartetvae.metrics import bigram, interpolation, tonality
from quartetvae.music.codec import Alphabet, Tokens

ALPHABET = Alphabet(60, 83)
R, S = ALPHABET.rest, ALPHABET.sustain
MODEL = bigram.fit(np.arange(24, dtype=np.uint8).reshape(3, 2, 4), ALPHABET)


def paths(count: int = 2, points: int = 4, *, size: int = ALPHABET.size) -> st.SearchStrategy[Tokens]:
    return arrays(np.uint8, (count, points, 2, 4), elements=st.integers(0, size - 1))


def path_of(changed: list[int]) -> Tokens:
    """One path of phrases of 8 cells, of which so many differ from the first point's."""
    path = np.zeros((1, len(changed), 8), dtype=np.uint8)
    for point, cells in enumerate(changed):
        path[0, point, :cells] = 1
    return path.reshape(1, -1, 2, 4)


def melody(*pitches: int) -> Tokens:
    """One phrase in which violin I plays these MIDI pitches."""
    phrase = np.full((1, len(pitches), 4), R, dtype=np.uint8)
    phrase[0, :, 0] = np.array(pitches) - ALPHABET.pitch_min
    return phrase


def test_distance_is_the_share_of_the_last_two_axes_whatever_comes_before_them() -> None:
    path = path_of([0, 2, 2, 8])[0]
    assert interpolation.distance(path[0], path[1]).tolist() == 2 / 8
    assert interpolation.distance(path, path[1]).tolist() == [2 / 8, 0, 0, 6 / 8]
    every_pair = interpolation.distance(path[:, np.newaxis, np.newaxis], path[np.newaxis, :, np.newaxis])
    assert every_pair[..., 0].tolist() == [[0, 2 / 8, 2 / 8, 1], *[[2 / 8, 0, 0, 6 / 8]] * 2, [1, 6 / 8, 6 / 8, 0]]


def test_step_distances_counted_by_hand() -> None:
    assert interpolation.step_distances(path_of([0, 2, 2, 8])).tolist() == [[0.25, 0.0, 0.75]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [([0, 2, 4, 8], 1.0), ([0, 8, 4, 2], 0.2), ([0, 4, 4, 4], 3 / 15**0.5)],
)
def test_monotonicity_worked_by_hand(changed: list[int], expected: float) -> None:
    mean, left_out = interpolation.monotonicity(path_of(changed))
    assert mean == pytest.approx(expected)
    assert left_out == 0


@given(paths(1, 6, size=2))
def test_monotonicity_of_a_path_is_scipys_spearman_correlation(path: Tokens) -> None:
    distances = (path[0] != path[0, :1]).mean(axis=(1, 2))
    mean, left_out = interpolation.monotonicity(path)
    if distances.any():
        assert mean == pytest.approx(spearmanr(distances, np.arange(6)).statistic)
    else:
        assert (mean, left_out) == (None, 1)


def test_paths_that_never_leave_a_are_left_out_and_counted() -> None:
    mean, left_out = interpolation.monotonicity(np.concatenate([path_of([0, 0, 0]), path_of([0, 1, 2])]))
    assert mean == pytest.approx(1)
    assert left_out == 1


@given(paths())
def test_crossfade_starts_at_a_and_ends_at_b(path: Tokens) -> None:
    first, last = path[:, 0], path[:, -1]
    fade = interpolation.crossfade(first, last, np.array([0.0, 0.5, 1.0]), rng=np.random.default_rng(0))
    assert np.array_equal(fade[:, 0], first)
    assert np.array_equal(fade[:, 2], last)
    assert ((fade[:, 1] == first) | (fade[:, 1] == last)).all()


def test_crossfade_takes_from_b_with_the_probability_of_the_position() -> None:
    first, last = np.zeros((100, 25, 4), dtype=np.uint8), np.ones((100, 25, 4), dtype=np.uint8)
    fade = interpolation.crossfade(first, last, np.array([0.25, 0.75]), rng=np.random.default_rng(0))
    # 10,000 coins a point: a standard deviation of 0.0043, so 0.02 is more than four of them.
    assert fade.mean(axis=(0, 2, 3)) == pytest.approx([0.25, 0.75], abs=0.02)


@pytest.mark.parametrize(
    ("pitches", "expected"),
    [
        ((60, 62, 64, 65, 67, 69, 71, 72), 1.0),  # C major
        ((69, 71, 72, 74, 76, 77, 79), 1.0),  # A natural minor
        ((69, 71, 72, 74, 76, 77, 80), 6 / 7),  # A harmonic minor
        (tuple(range(60, 72)), 7 / 12),  # chromatic
        ((60, 60, 60, 61, 62), 4 / 5),  # C, C sharp and D are in no one scale
    ],
)
def test_scale_consistency_of_known_scales(pitches: tuple[int, ...], expected: float) -> None:
    assert tonality.scale_consistency(melody(*pitches), ALPHABET)[0] == pytest.approx(expected)


@given(arrays(np.uint8, (2, 3, 4), elements=st.integers(0, 11)), st.integers(1, 12))
def test_scale_consistency_is_the_same_after_transposing(phrases: Tokens, semitones: int) -> None:
    before = tonality.scale_consistency(phrases, ALPHABET)
    assert np.array_equal(tonality.scale_consistency(phrases + np.uint8(semitones), ALPHABET), before)
    assert (before >= 7 / 12).all()


def test_a_phrase_without_notes_has_no_scale_consistency() -> None:
    phrases = np.concatenate([np.full((1, 2, 4), S, dtype=np.uint8), melody(60, 62)])
    consistency = tonality.scale_consistency(phrases, ALPHABET)
    assert np.isnan(consistency).tolist() == [True, False]


def test_a_held_note_counts_once_in_scale_consistency() -> None:
    phrase = melody(60, 61, 62)
    longer = np.concatenate([phrase, np.full((1, 5, 4), S, dtype=np.uint8)], axis=1)
    assert tonality.scale_consistency(longer, ALPHABET) == tonality.scale_consistency(phrase, ALPHABET)


def test_round_trip_of_a_perfect_return_is_zero() -> None:
    z = np.random.default_rng(0).normal(size=(20, 3))
    assert interpolation.round_trip(z, z.copy(), seed=0) == 0


def test_round_trip_worked_by_hand() -> None:
    z = np.array([[0.0, 0.0], [0.0, 4.0]])  # every pair is 4 apart
    assert interpolation.round_trip(z, z + np.array([1.0, 0.0]), seed=0) == pytest.approx(0.25)
    # Codes that lie close together, too.
    assert interpolation.round_trip(z / 100, z / 100 + np.array([0.01, 0.0]), seed=0) == pytest.approx(0.25)


def test_round_trip_to_anywhere_is_about_one() -> None:
    rng = np.random.default_rng(0)
    z, other = rng.normal(size=(2, 2000, 8))
    # Means of 2,000 and 10,000 distances, each with a standard deviation of a quarter of its mean: 0.6 % together.
    assert interpolation.round_trip(z, other, seed=0) == pytest.approx(1, abs=0.03)


def test_the_scale_of_a_round_trip_is_that_of_so_many_pairs_ten_thousand_if_not_said() -> None:
    z = np.array([[0.0], [1.0], [3.0]])
    # Another number of pairs gives another mean, so close to the first as two of so many are.
    found = {pairs: interpolation.round_trip(z, z + 1, seed=0, pairs=pairs) for pairs in (1, 9_999, 10_000, 10_001)}
    assert len(set(found.values())) == len(found)
    assert interpolation.round_trip(z, z + 1, seed=0) == found[10_000]
    # The pair is one of three, which are 1, 2 and 3 apart.
    assert found[1] in (1.0, 1 / 2, 1 / 3)


@pytest.mark.parametrize("z", [np.zeros((0, 2)), np.zeros((1, 2)), np.zeros((5, 2))])
def test_round_trip_without_two_different_points_is_none(z: np.ndarray) -> None:
    assert interpolation.round_trip(z, z + 1, seed=0) is None


def test_summary_of_a_path_worked_by_hand() -> None:
    decoded = path_of([0, 2, 8])
    summary = interpolation.summarise(decoded, decoded[:, [0, -1]], MODEL, ALPHABET, seed=0)
    assert summary["endpoint_token_accuracy"] == 1
    assert summary["step_distance"] == {"mean": 0.5, "max": 0.75}
    assert summary["monotonicity"] == pytest.approx(1)
    assert summary["constant_paths"] == 0
    assert summary["bigram_nats"]["path"] == pytest.approx(MODEL.nats(decoded[:, 1])[0])
    assert summary["bigram_nats"]["ends"] == pytest.approx(MODEL.nats(decoded[0, [0, 2]]).mean())
    # Two semitone neighbours in 8 notes: the point in between has 6 of one and 2 of the other, both in one scale.
    assert summary["scale_consistency"]["path"] == summary["scale_consistency"]["ends"] == 1


def test_a_crossfade_is_as_far_from_its_ends_as_the_points_of_the_path() -> None:
    decoded = np.random.default_rng(0).integers(0, ALPHABET.size, (4, 5, 2, 4)).astype(np.uint8)
    first, last = decoded[:, 0], decoded[:, 4]
    rng = np.random.default_rng(3)
    fade = interpolation.crossfade(first, last, np.array([1 / 4, 2 / 4, 3 / 4]), rng=rng).reshape(12, 2, 4)
    found = interpolation.summarise(decoded, decoded[:, [0, 4]], MODEL, ALPHABET, seed=3)
    assert found["bigram_nats"]["crossfade"] == pytest.approx(MODEL.nats(fade).mean())
    both = tonality.scale_consistency(np.concatenate([first, last]), ALPHABET)
    assert found["scale_consistency"]["ends"] == pytest.approx(both.mean())


def test_endpoint_accuracy_sees_ends_that_are_not_the_reconstructions() -> None:
    decoded = path_of([0, 2, 8])
    ends = decoded[:, [0, -1]].copy()
    ends[0, 0, 0, 0] = 9
    assert interpolation.endpoint_token_accuracy(decoded, ends) == 15 / 16


def test_the_seed_decides_the_crossfade_and_nothing_else() -> None:
    decoded = np.random.default_rng(0).integers(0, ALPHABET.size, (4, 5, 2, 4)).astype(np.uint8)
    ends = decoded[:, [0, -1]]
    one, again, other = (interpolation.summarise(decoded, ends, MODEL, ALPHABET, seed=seed) for seed in (1, 1, 2))
    assert one == again
    fade = one["bigram_nats"]["crossfade"]
    assert fade != other["bigram_nats"]["crossfade"]
    assert one["bigram_nats"] == other["bigram_nats"] | {"crossfade": fade}


def test_a_path_of_two_points_has_no_inner_figures() -> None:
    decoded = path_of([0, 8])
    summary = interpolation.summarise(decoded, decoded, MODEL, ALPHABET, seed=0)
    assert summary["bigram_nats"]["path"] is None
    assert summary["scale_consistency"]["crossfade"] is None
    assert summary["bigram_nats"]["ends"] is not None
    assert summary["bigram_nats"]["ends"] > 0


def test_silent_phrases_are_counted_and_not_averaged() -> None:
    decoded = np.full((1, 4, 2, 4), R, dtype=np.uint8)
    decoded[0, 1] = 0
    summary = interpolation.summarise(decoded, decoded[:, [0, -1]], MODEL, ALPHABET, seed=0)
    assert summary["scale_consistency"] == {"path": 1.0, "ends": None, "crossfade": None}
    assert summary["silent_phrases"] == {"path": 1, "ends": 2, "crossfade": 2}


def test_no_paths_give_none_and_not_nan() -> None:
    decoded = np.zeros((0, 3, 2, 4), dtype=np.uint8)
    summary = interpolation.summarise(decoded, decoded[:, [0, -1]], MODEL, ALPHABET, seed=0)
    assert summary["endpoint_token_accuracy"] is None
    assert summary["monotonicity"] is None
    assert summary["step_distance"] == {"mean": None, "max": None}
    assert summary["bigram_nats"] == {"path": None, "ends": None, "crossfade": None}


@pytest.mark.parametrize("shape", [(3, 2, 4), (1, 1, 2, 4), (1, 3, 0, 4), (1, 3, 2, 3)])
def test_arrays_that_are_no_paths_are_refused(shape: tuple[int, ...]) -> None:
    decoded = np.zeros(shape, dtype=np.uint8)
    for measure in (
        interpolation.step_distances,
        interpolation.monotonicity,
        lambda wrong: interpolation.endpoint_token_accuracy(wrong, wrong),
        lambda wrong: interpolation.summarise(wrong, wrong, MODEL, ALPHABET, seed=0),
    ):
        with pytest.raises(CodecError, match=r"\(paths, points, steps, columns\) is needed"):
            measure(decoded)


def test_a_path_of_phrases_of_a_single_step_is_one() -> None:
    path = np.array([[[[0, 0, 0, 0]], [[1, 0, 0, 0]], [[1, 1, 1, 0]]]], np.uint8)
    assert interpolation.step_distances(path).tolist() == [[1 / 4, 2 / 4]]


def test_ends_of_different_shape_cannot_be_mixed() -> None:
    with pytest.raises(CodecError, match="the same is needed to mix"):
        interpolation.crossfade(
            np.zeros((1, 2, 4), np.uint8), np.zeros((1, 3, 4), np.uint8), np.array([0.5]), rng=np.random.default_rng(0)
        )


def test_round_trip_of_arrays_of_different_shape_is_refused() -> None:
    with pytest.raises(CodecError, match=r"z of shape \(2, 3\), encoded again \(2, 4\)"):
        interpolation.round_trip(np.zeros((2, 3)), np.zeros((2, 4)), seed=0)
