"""Telling music from real music, what is kept of a piece, and harsh intervals; values by hand and of the reference.

`made` draws phrases from a seed; the figures of theirs were computed by the script that defines the measure, which is
not part of this project.
"""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from quartetvae.errors import CodecError
from quartetvae.metrics import two_sample
from quartetvae.metrics.two_sample import Scores
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from tests.building import part_array

WIDE = Alphabet(36, 99)


def made(count: int, *, seed: int, widest: int = 12) -> Tokens:
    """Phrases of four beats whose parts strike about 40 % of their steps, at random pitches of an octave or so."""
    rng = np.random.default_rng(seed)
    struck = rng.random((count, 16, 4)) < 0.4
    pitch = np.array([40, 33, 24, 9]) + rng.integers(0, widest, (count, 16, 4))
    tokens = np.where(struck, pitch, 65)
    return np.where(rng.random((count, 16, 4)) < 0.1, 64, tokens).astype(np.uint8)


REAL, NEAR, FAR = made(150, seed=1), made(120, seed=2), made(120, seed=3, widest=13)


def told(other: Tokens, *, real: Tokens = REAL, seed: int = 0, groups: int = 7) -> Scores | None:
    sides = (real, np.arange(len(real)) % groups, other, np.arange(len(other)) % groups)
    return two_sample.told_apart(*sides, WIDE, seed=seed)


def auc(other: Tokens, **options: Any) -> float:
    found = told(other, **options)
    assert found is not None
    return found.auc()


def test_the_features_are_the_references() -> None:
    found = two_sample.features(REAL, WIDE)
    assert found.shape == (150, 272)
    # Highest and lowest pitches count from token 0 there, from MIDI pitch 0 here; 99 there is what 128 is here.
    pitches = found[:, 258:266]
    found[:, 258:266] = np.select([pitches == -1, pitches == 128], [-1, 99], pitches - WIDE.pitch_min)
    assert found.sum() == pytest.approx(65693.99963512266)
    assert (found @ np.arange(272)).sum() == pytest.approx(13906836.784156922)
    assert np.square(found).sum() == pytest.approx(1541739.211498628)


@pytest.mark.slow
def test_the_area_is_the_references() -> None:
    assert auc(NEAR) == pytest.approx(0.5234027777777778, abs=1e-9)
    assert auc(FAR, seed=1) == pytest.approx(0.923888888888889, abs=1e-9)


def test_the_onsets_kept_are_the_references() -> None:
    assert two_sample.kept(REAL[:120], NEAR, WIDE) == pytest.approx(0.02596465921384782)
    assert two_sample.kept(REAL[:120], FAR, WIDE) == pytest.approx(0.03068141277202997)


def test_features_by_hand() -> None:
    # Violins in thirds, then crossing; the viola silent; the cello on C.
    tokens = part_array("76 - 72 74", "72 - 76 .", ". . . .", "48 - - -", alphabet=WIDE)
    found = two_sample.features(tokens[np.newaxis], WIDE)[0].tolist()
    blocks = iter(found)

    def take(count: int) -> list[float]:
        return [next(blocks) for _ in range(count)]

    assert take(4) == [3, 2, 0, 1]  # onsets
    assert take(4) == [0, 1, 4, 0]  # silent steps
    assert take(4) == [3, 0, 2, 1]  # parts that begin a note, by step
    third, sixth = 4, 8  # the crossed third is a minor sixth below, octaves aside
    violins = take(12)
    assert violins == [{third: 2 / 3, sixth: 1 / 3}.get(k, 0) for k in range(12)]
    assert take(1) == [1]  # they cross at one step
    assert take(13) == [0] * 13  # violin I and viola
    first = take(12)
    assert first == [{0: 1 / 4, 2: 1 / 4, 4: 2 / 4}.get(k, 0) for k in range(12)]
    assert take(1 + 13) == [0] * 14
    second = take(12)
    assert second == [{0: 2 / 3, 4: 1 / 3}.get(k, 0) for k in range(12)]
    assert take(1 + 13) == [0] * 14
    assert take(12) == [one + other + more for one, other, more in zip(violins, first, second, strict=True)]
    leaps = [take(26) for _ in range(4)]
    assert leaps[0] == [{4: 1, 2: 1}.get(k, 0) for k in range(26)]
    assert leaps[1] == [{4: 1}.get(k, 0) for k in range(26)]
    assert leaps[2] == leaps[3] == [0] * 26
    assert take(26) == [{4: 2, 2: 1}.get(k, 0) for k in range(26)]
    assert take(12) == [7, 3, 1] + [0] * 9  # steps on C, E and D
    assert take(2) == [3, 1]  # three classes, all in C major
    assert take(4) == [76, 76, -1, 48]  # highest
    assert take(4) == [72, 72, 128, 48]  # lowest
    assert take(6) == [2, 0, 1, 0, 1, 0]  # onsets in common
    assert next(blocks, None) is None


def test_a_leap_is_from_note_to_note_whatever_silence_is_between_and_wide_ones_count_alike() -> None:
    tokens = part_array("60 . 61 90", alphabet=WIDE)
    leaps = two_sample.features(tokens[np.newaxis], WIDE)[0][102:128]
    assert np.flatnonzero(leaps).tolist() == [1, 25]


def test_the_area_is_scikit_learns_and_ties_count_half() -> None:
    rng = np.random.default_rng(0)
    is_real, values = rng.random(200) < 0.4, rng.integers(0, 20, 200) / 20
    scores = Scores(is_real, values, np.zeros(200))
    assert scores.auc() == pytest.approx(roc_auc_score(is_real, values))
    assert Scores(np.array([True, False]), np.array([1.0, 1.0]), np.zeros(2)).auc() == 0.5
    assert np.isnan(Scores(np.array([True, True]), np.array([1.0, 2.0]), np.zeros(2)).auc())


def test_replicates_draw_groups() -> None:
    is_real, values = np.array([True, False, True, False]), np.array([1.0, 0.0, 0.0, 1.0])
    scores = Scores(is_real, values, np.array(["a", "a", "b", "b"]))
    found = scores.replicates(100, rng=np.random.default_rng(0))
    # Both groups once: a half. One of them twice: what it has alone.
    assert set(found.tolist()) == {0.0, 0.5, 1.0}
    assert np.array_equal(found, scores.replicates(100, rng=np.random.default_rng(0)))
    alone = Scores(is_real, values, np.array(["a", "b", "a", "a"]))
    assert np.isnan(alone.replicates(100, rng=np.random.default_rng(0))).any()  # only "b": nothing real


@pytest.mark.slow
def test_no_piece_is_on_both_sides() -> None:
    # Each phrase can be told by its piece alone: a classifier that has seen the piece would know it.
    real = np.concatenate([made(1, seed=piece).repeat(20, axis=0) for piece in range(10)])
    other = np.concatenate([made(1, seed=piece).repeat(20, axis=0) for piece in range(10, 20)])
    pieces = np.repeat(np.arange(10), 20)
    found = two_sample.told_apart(real, pieces, other, pieces + 10, WIDE, seed=0)
    assert found is not None
    assert found.auc() < 0.9
    leaking = two_sample.told_apart(real, np.arange(200) % 7, other, np.arange(200) % 7, WIDE, seed=0)
    assert leaking is not None
    assert leaking.auc() == 1


def test_there_is_nothing_to_say_without_two_groups_or_with_one_kind_only_to_learn_from() -> None:
    assert told(NEAR, groups=1) is None
    apart = two_sample.told_apart(REAL, np.zeros(150), FAR, np.ones(120), WIDE, seed=0)
    assert apart is None


def test_two_groups_are_enough_each_is_told_by_the_other() -> None:
    # Ten semitones higher: the highest pitches alone tell it, whichever half of the phrases one has heard.
    pitched = codec.onset_mask(NEAR, WIDE)
    higher = np.where(pitched, NEAR + np.uint8(10), NEAR)
    found = told(higher, groups=2)
    assert found is not None
    assert found.auc() > 0.99
    assert set(found.groups.tolist()) == {0, 1}


def test_a_group_for_each_phrase_is_needed_and_four_columns() -> None:
    with pytest.raises(CodecError, match="150 phrases and 149 groups"):
        two_sample.told_apart(REAL, np.zeros(149), NEAR, np.zeros(120), WIDE, seed=0)
    with pytest.raises(CodecError, match=r"8 columns found; 4 are needed: round them by sixteenths\.of_phrases"):
        two_sample.features(np.concatenate([REAL, REAL], axis=2), WIDE)


def test_kept_counts_onsets_in_their_place() -> None:
    of = part_array("60 - 62 -", "55 - - 57", alphabet=WIDE)[np.newaxis]
    other = part_array("60 - 64 -", "- 55 - 57", alphabet=WIDE)[np.newaxis]
    assert two_sample.kept(other, of, WIDE) == 2 / 4
    assert two_sample.kept(of, of, WIDE) == 1
    silent = np.full((1, 4, 4), WIDE.rest, np.uint8)
    assert two_sample.kept(silent, of, WIDE) == 0
    assert two_sample.kept(of, silent, WIDE) is None
    with pytest.raises(CodecError, match="the same is needed"):
        two_sample.kept(of[:, :2], of, WIDE)


def test_dissonant_pairs_by_hand() -> None:
    # C under C sharp, then F sharp an octave up, then B; with G they are a semitone, a fourth and a third.
    harsh = part_array("61 78 71 .", "60 - - -", alphabet=WIDE)
    mixed = part_array("61 79 71 .", "60 - - -", ". . . 48", alphabet=WIDE)
    silent = np.full((4, 4), WIDE.rest, np.uint8)
    phrases = np.stack([harsh, mixed, silent])
    assert two_sample.dissonant(phrases, WIDE)[:2].tolist() == [1, 2 / 4]
    assert np.isnan(two_sample.dissonant(phrases, WIDE)[2])
    assert two_sample.dissonant_share(phrases, WIDE) == 5 / 7
    assert two_sample.dissonant_share(phrases[2:], WIDE) is None


def test_dissonance_does_not_hang_on_the_key_nor_on_who_is_above() -> None:
    shares = two_sample.dissonant(REAL, WIDE)
    onsets = WIDE.rest > REAL
    assert np.array_equal(two_sample.dissonant(np.where(onsets, REAL + 5, REAL).astype(np.uint8), WIDE), shares)
    assert np.allclose(two_sample.dissonant(REAL[:, :, ::-1], WIDE), shares)


def test_a_phrase_of_one_short_note_lies_in_a_scale() -> None:
    found = two_sample.features(part_array("60 . . .", alphabet=WIDE)[np.newaxis], WIDE)[0]
    # As above: one class, and all of its steps in one scale.
    assert found[244:246].tolist() == [1, 1]
