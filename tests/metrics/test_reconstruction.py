"""Reconstruction scores, the baselines beside them, and the bigram model."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quartetvae.errors import CodecError
from quartetvae.metrics import bigram, reconstruction
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens

ALPHABET = Alphabet(60, 71)
R, S = ALPHABET.rest, ALPHABET.sustain

# One phrase of four steps. Columns: violin I, violin II, viola, cello.
TRUTH = np.array([[[0, 4, 7, R], [S, S, 9, R], [2, S, S, R], [S, 5, S, 0]]], dtype=np.uint8)
# Two wrong pitches (violin II at step 3, viola at step 1), one note too many and one sustain lost (viola at step 3).
DECODED = np.array([[[0, 4, 7, R], [S, S, 8, R], [2, S, S, R], [S, 6, 7, 0]]], dtype=np.uint8)


def phrases(count: int = 3, steps: int = 4) -> st.SearchStrategy[Tokens]:
    return arrays(np.uint8, (count, steps, 4), elements=st.integers(0, ALPHABET.size - 1))


def test_scores_of_a_phrase_counted_by_hand() -> None:
    scores = reconstruction.compare(TRUTH, DECODED, ALPHABET)
    assert scores["token_accuracy"] == 13 / 16
    assert scores["onset_precision"] == 5 / 8  # 0, 4, 7, 2 and the cello's 0, of 8 decoded
    assert scores["onset_recall"] == 5 / 7
    assert scores["onset_f1"] == 10 / 15
    assert scores["exact_phrase"] == 0


def test_scores_of_each_part_counted_by_hand() -> None:
    parts = reconstruction.compare(TRUTH, DECODED, ALPHABET)["parts"]
    assert parts == {
        "violin_1": {"token_accuracy": 1.0, "onset_f1": 1.0},
        "violin_2": {"token_accuracy": 0.75, "onset_f1": 0.5},
        "viola": {"token_accuracy": 0.5, "onset_f1": 0.4},
        "cello": {"token_accuracy": 1.0, "onset_f1": 1.0},
    }


def test_exact_phrase_counts_whole_phrases() -> None:
    assert reconstruction.exact_phrase(np.concatenate([TRUTH, TRUTH]), np.concatenate([TRUTH, DECODED])) == 0.5


@given(phrases())
def test_a_perfect_reconstruction_scores_one_or_has_nothing_to_score(truth: Tokens) -> None:
    scores = reconstruction.compare(truth, truth.copy(), ALPHABET)
    assert scores["token_accuracy"] == scores["exact_phrase"] == 1
    assert scores["onset_f1"] == (1 if (truth < R).any() else None)


@given(phrases(), phrases())
def test_exchanging_truth_and_decoding_exchanges_precision_and_recall(one: Tokens, other: Tokens) -> None:
    there = reconstruction.onset_scores(one, other, ALPHABET)
    back = reconstruction.onset_scores(other, one, ALPHABET)
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


@given(phrases(), phrases())
def test_onset_scores_are_those_of_python_sets(truth: Tokens, decoded: Tokens) -> None:
    def onsets(tokens: Tokens) -> set[tuple[int, ...]]:
        return {(*place, int(token)) for place, token in np.ndenumerate(tokens) if token < R}

    true, found = onsets(truth), onsets(decoded)
    scores = reconstruction.onset_scores(truth, decoded, ALPHABET)
    assert scores.precision == (len(true & found) / len(found) if found else None)
    assert scores.recall == (len(true & found) / len(true) if true else None)


def test_a_decoding_without_onsets_has_no_precision_but_recall_and_f1_of_zero() -> None:
    silent = np.full_like(TRUTH, S)
    assert reconstruction.onset_scores(TRUTH, silent, ALPHABET) == (None, 0.0, 0.0)


def test_no_phrases_give_none_in_every_figure() -> None:
    scores = reconstruction.compare(TRUTH[:0], TRUTH[:0], ALPHABET)
    assert {name for name, value in scores.items() if value is not None} == {"parts"}
    assert all(set(part.values()) == {None} for part in scores["parts"].values())


def test_groups_are_scored_by_themselves() -> None:
    truth = np.zeros((3, 1, 4), dtype=np.uint8)
    decoded = truth.copy()
    decoded[2, 0, :2] = 1
    found = reconstruction.by_group(truth, decoded, ["Mozart", "Haydn", "Mozart"], ALPHABET)
    assert list(found) == ["Haydn", "Mozart"]
    assert found["Haydn"] == {"phrases": 1, "token_accuracy": 1.0, "onset_f1": 1.0, "exact_phrase": 1.0}
    assert found["Mozart"] == {"phrases": 2, "token_accuracy": 0.75, "onset_f1": 0.75, "exact_phrase": 0.5}
    values = np.array([1.0, 5.0, 3.0])
    found = reconstruction.by_group(truth, decoded, ["Mozart", "Haydn", "Mozart"], ALPHABET, {"kl_nats": values})
    assert [found[name]["kl_nats"] for name in ("Haydn", "Mozart")] == [5.0, 2.0]


def test_kinds_of_notes_counted_by_hand() -> None:
    # Six steps of half a beat's twelve: steps 0 and 3 are sixteenths.
    truth = np.full((1, 6, 8), R, dtype=np.uint8)
    truth[0, 0] = [0, 0, 0, 0, 5, R, R, R]
    truth[0, 2] = [1, 1, R, R, 6, R, R, R]
    truth[0, 3] = [2, R, R, R, R, R, R, R]
    decoded = truth.copy()
    decoded[0, 0, 4] = 6  # a second note on a sixteenth
    decoded[0, 2, 1] = R  # off the sixteenths
    decoded[0, 2, 4] = R  # both
    decoded[0, 3, 1] = 3  # invented
    found = reconstruction.by_kind(truth, decoded, ALPHABET, steps_per_beat=12)
    assert found == {
        "second_notes": {
            **{"share_of_notes": 2 / 9, "share_of_missed": 2 / 3},
            **{"onset_precision": 0.0, "onset_recall": 0.0, "onset_f1": 0.0},
        },
        "off_sixteenths": {
            **{"share_of_notes": 3 / 9, "share_of_missed": 2 / 3},
            **{"onset_precision": 1.0, "onset_recall": 1 / 3, "onset_f1": 1 / 2},
        },
        "others": {
            **{"share_of_notes": 5 / 9, "share_of_missed": 0.0},
            **{"onset_precision": 5 / 6, "onset_recall": 1.0, "onset_f1": 10 / 11},
        },
    }


def test_kinds_that_a_grid_does_not_have_are_left_out() -> None:
    assert list(reconstruction.by_kind(TRUTH, DECODED, ALPHABET, steps_per_beat=4)) == ["others"]
    assert list(reconstruction.by_kind(TRUTH, DECODED, ALPHABET, steps_per_beat=6)) == ["off_sixteenths", "others"]
    silent = np.full_like(TRUTH, R)
    others = reconstruction.by_kind(silent, silent, ALPHABET, steps_per_beat=2)["others"]
    assert set(others.values()) == {None}
    with pytest.raises(CodecError, match="steps_per_beat 0 found"):
        reconstruction.by_kind(TRUTH, DECODED, ALPHABET, steps_per_beat=0)


def test_arrays_of_different_shape_are_refused() -> None:
    with pytest.raises(CodecError, match=r"\(1, 4, 4\), decoded ones of shape \(1, 3, 4\)"):
        reconstruction.compare(TRUTH, DECODED[:, :3], ALPHABET)


@pytest.mark.parametrize("score", [reconstruction.token_accuracy, reconstruction.exact_phrase])
def test_every_score_refuses_arrays_of_different_shape(score: Callable[..., float | None]) -> None:
    # One phrase, and two: NumPy would compare it with both.
    two = np.concatenate([DECODED, DECODED])
    with pytest.raises(CodecError, match=r"\(1, 4, 4\), decoded ones of shape \(2, 4, 4\)"):
        score(TRUTH, two)
    with pytest.raises(CodecError, match=r"\(1, 4, 4\), decoded ones of shape \(2, 4, 4\)"):
        reconstruction.onset_scores(TRUTH, two, ALPHABET)
    with pytest.raises(CodecError, match=r"\(1, 4, 4\), decoded ones of shape \(2, 4, 4\)"):
        reconstruction.by_group(TRUTH, two, ["Haydn"], ALPHABET)
    with pytest.raises(CodecError, match=r"\(1, 4, 4\), decoded ones of shape \(2, 4, 4\)"):
        reconstruction.by_kind(TRUTH, two, ALPHABET, steps_per_beat=4)


def test_a_single_part_array_is_refused_with_a_hint() -> None:
    with pytest.raises(CodecError, match=r"\(4, 4\) found.*tokens\[np.newaxis\]"):
        reconstruction.compare(TRUTH[0], DECODED[0], ALPHABET)


def test_a_token_outside_the_alphabet_is_refused() -> None:
    with pytest.raises(CodecError, match="token 14 found"):
        reconstruction.compare(TRUTH, np.full_like(TRUTH, ALPHABET.size), ALPHABET)


def test_baselines_counted_by_hand() -> None:
    training = np.concatenate([DECODED, DECODED, np.full_like(TRUTH, R)])
    nats = bigram.fit(training, ALPHABET).nats(TRUTH)[0]
    assert reconstruction.baselines(TRUTH, training, ALPHABET, seed=0) == {
        "sustain": {"token_accuracy": 6 / 16, "onset_f1": 0.0},
        "likeliest_symbol": {"token_accuracy": 13 / 16, "onset_f1": 10 / 15},
        "nearest_phrase": {"token_accuracy": 13 / 16, "onset_f1": 10 / 15, "phrases": 1, "training": 3},
        "wrong_pitch": {"token_accuracy": 9 / 16, "onset_f1": 0.0},
        "bigram": {"nats_per_phrase": pytest.approx(nats)},
    }


def test_the_nearest_phrase_is_looked_for_in_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    # Ten phrases, each with its copy in training: found where both are drawn, and the seed says which are.
    truth = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    every = reconstruction.baselines(truth, truth, ALPHABET, seed=0)["nearest_phrase"]
    assert every == {"token_accuracy": 1.0, "onset_f1": 1.0, "phrases": 10, "training": 10}
    monkeypatch.setattr(reconstruction, "MOST_PHRASES", 3)
    monkeypatch.setattr(reconstruction, "MOST_TRAINING", 5)
    found = [reconstruction.baselines(truth, truth, ALPHABET, seed=seed) for seed in (0, 0, *range(1, 20))]
    nearest = [of["nearest_phrase"] for of in found]
    assert all((of["phrases"], of["training"]) == (3, 5) for of in nearest)
    # Of three phrases none, one, two or all have theirs among the five.
    assert {of["token_accuracy"] for of in nearest} <= {0, 1 / 3, 2 / 3, 1}
    assert len({of["token_accuracy"] for of in nearest}) > 1
    assert found[0] == found[1]
    # The other baselines are of all phrases.
    assert all({**of, "nearest_phrase": None} == {**found[0], "nearest_phrase": None} for of in found)


def test_baselines_without_training_phrases_are_refused() -> None:
    with pytest.raises(CodecError, match="one training phrase at least"):
        reconstruction.baselines(TRUTH, TRUTH[:0], ALPHABET, seed=0)


def test_baselines_of_phrases_of_another_length_are_refused() -> None:
    with pytest.raises(CodecError, match="same params `phrases`"):
        reconstruction.baselines(TRUTH, TRUTH[:, :3], ALPHABET, seed=0)


def test_likeliest_symbol_is_chosen_for_each_step_and_part() -> None:
    training = np.concatenate([TRUTH, DECODED, DECODED])
    assert np.array_equal(reconstruction.likeliest_symbols(training, ALPHABET), DECODED[0])


def test_without_phrases_no_symbol_is_the_likeliest() -> None:
    with pytest.raises(CodecError, match="no training phrases found; one at least"):
        reconstruction.likeliest_symbols(TRUTH[:0], ALPHABET)


@given(phrases(3), phrases(5))
def test_nearest_phrase_has_the_least_hamming_distance_and_comes_first(queries: Tokens, training: Tokens) -> None:
    distances = (queries[:, np.newaxis] != training).sum(axis=(2, 3))
    assert np.array_equal(reconstruction.nearest_phrases(queries, training), distances.argmin(axis=1))


def test_nearest_phrase_counts_more_cells_than_a_byte_holds() -> None:
    # 512 cells, of which now more, now fewer than 256 are equal.
    queries, training = (np.random.default_rng(0).random((2, 30, 128, 4)) < 0.5).astype(np.uint8)
    distances = (queries[:, np.newaxis] != training).sum(axis=(2, 3))
    assert np.array_equal(reconstruction.nearest_phrases(queries, training), distances.argmin(axis=1))


@given(phrases())
def test_wrong_pitches_keep_the_rhythm_and_miss_every_onset(truth: Tokens) -> None:
    wrong = reconstruction.wrong_pitches(truth, ALPHABET)
    assert np.array_equal(codec.onset_mask(wrong, ALPHABET), codec.onset_mask(truth, ALPHABET))
    assert np.array_equal(wrong != truth, codec.onset_mask(truth, ALPHABET))


def test_wrong_pitches_are_a_semitone_too_high_and_the_highest_is_the_lowest() -> None:
    highest = ALPHABET.pitches - 1
    truth = np.array([[[0, highest, R, S], [S, 4, 0, 7]]], np.uint8)
    assert reconstruction.wrong_pitches(truth, ALPHABET).tolist() == [[[1, 0, R, S], [S, 5, 1, 8]]]


@given(phrases(), st.floats(0.001, 10))
def test_bigram_probabilities_sum_to_one_after_every_symbol(training: Tokens, alpha: float) -> None:
    model = bigram.fit(training, ALPHABET, alpha=alpha)
    assert model.log_probabilities.shape == (4, ALPHABET.size + 1, ALPHABET.size)
    # 14 rounded terms: an error of a few units in the sixteenth place.
    assert np.exp(model.log_probabilities).sum(axis=-1) == pytest.approx(1, abs=1e-12)


def test_bigram_nats_worked_by_hand() -> None:
    # Each part plays a pitch, then holds it: both transitions are seen twice in two phrases.
    training = np.array([[[0, 0, 0, 0], [S, S, S, S]]] * 2, dtype=np.uint8)
    model = bigram.fit(training, ALPHABET, alpha=0.5)
    seen = (2 + 0.5) / (2 + 0.5 * ALPHABET.size)
    unseen = 0.5 / (2 + 0.5 * ALPHABET.size)
    assert model.nats(training[:1])[0] == pytest.approx(-8 * math.log(seen))
    changed = training[:1].copy()
    changed[0, 1, 3] = 5
    assert model.nats(changed)[0] == pytest.approx(-7 * math.log(seen) - math.log(unseen))


def test_a_tenth_is_added_to_the_counts_of_a_bigram_if_nothing_else_is_said() -> None:
    model = bigram.fit(TRUTH, ALPHABET)
    # Violin I begins with token 0, once of once; there are 14 symbols.
    assert model.log_probabilities[0, 14, :2] == pytest.approx(np.log([1.1 / 2.4, 0.1 / 2.4]))


def test_a_bigram_goes_from_each_step_to_the_next() -> None:
    phrase = np.array([[[0] * 4, [1] * 4, [2] * 4]], np.uint8)
    # In each of four parts three steps, each after another one: one count and a half, of one and 14 halves.
    assert bigram.fit(phrase, ALPHABET, alpha=0.5).nats(phrase) == pytest.approx([12 * -np.log(1.5 / 8)])


def test_a_bigram_model_without_counts_is_uniform() -> None:
    training = np.full((1, 1, 4), R, dtype=np.uint8)  # only the start mark is followed by anything
    after_a_pitch = bigram.fit(training, ALPHABET).log_probabilities[:, 0]
    assert after_a_pitch == pytest.approx(-math.log(ALPHABET.size))


@given(phrases(7))
def test_a_bigram_model_counted_in_batches_is_the_same(training: Tokens) -> None:
    whole = bigram.fit(training, ALPHABET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bigram, "BATCH", 3)
        assert np.array_equal(bigram.fit(training, ALPHABET).log_probabilities, whole.log_probabilities)


def test_bigram_parts_do_not_share_counts() -> None:
    training = np.full((5, 4, 4), R, dtype=np.uint8)
    training[:, :, 3] = 0
    model = bigram.fit(training, ALPHABET)
    rows = np.full((1, 4, 4), R, dtype=np.uint8)
    assert model.nats(training[:1])[0] < model.nats(rows)[0]


@given(phrases(4))
def test_bigram_nats_of_a_batch_are_those_one_by_one(batch: Tokens) -> None:
    model = bigram.fit(batch, ALPHABET)
    assert np.array_equal(model.nats(batch), [model.nats(phrase[np.newaxis])[0] for phrase in batch])


HELD = TRUTH.copy()
HELD[0, 0, 0] = 5 + ALPHABET.held  # a note held from before


@pytest.mark.parametrize(
    ("phrases", "found"), [(np.concatenate([TRUTH, TRUTH], axis=2), "8 columns and tokens up to 13"), (HELD, "4 .* 19")]
)
def test_a_bigram_model_refuses_phrases_of_another_kind_than_those_it_was_fitted_on(
    phrases: Tokens, found: str
) -> None:
    model = bigram.fit(TRUTH, ALPHABET)
    with pytest.raises(CodecError, match=f"phrases of {found} found; it was fitted on 4 columns and 14 symbols"):
        model.nats(phrases)


def test_a_bigram_model_of_phrases_with_held_notes_knows_them() -> None:
    model = bigram.fit(HELD, ALPHABET, alpha=0.5)
    # By column the start and 12 pitches, rest, sustain and 12 pitches held.
    assert model.log_probabilities.shape == (4, 27, 26)
    # The only first symbol seen in violin I: one count and a half, of one and 26 halves.
    assert model.log_probabilities[0, 26, 19] == pytest.approx(np.log(1.5 / 14))
    assert np.isfinite(model.nats(TRUTH)).all()


def test_bigram_refuses_no_phrases() -> None:
    with pytest.raises(CodecError, match="one at least is needed to count in"):
        bigram.fit(TRUTH[:0], ALPHABET)


@pytest.mark.parametrize("alpha", [0, -1, math.nan])
def test_bigram_refuses_smoothing_that_makes_phrases_impossible(alpha: float) -> None:
    with pytest.raises(CodecError, match="must be above 0"):
        bigram.fit(TRUTH, ALPHABET, alpha=alpha)
