"""Can a classifier tell music from real music, how much of two pieces is left in it, and is it harsh?

Conventions
-----------
Phrases are uint8, shape (phrases, steps, 4), on the grid of sixteenths (`metrics.sixteenths`), tokens over
`codec.Alphabet`.

Two samples
    Gradient-boosted trees learn to tell real phrases from others, as many of each, by what `features` counts, and
    score phrases of pieces that they did not learn from: in five folds, in none of which phrases of one group (a piece)
    are on both sides. The figure is the area under the ROC curve (AUC) of those scores: how often a real phrase is
    scored above another one. 0.5: they cannot be told apart; 1: always. (Lopez-Paz & Oquab, Revisiting Classifier
    Two-Sample Tests, ICLR 2017.) What a classifier of such features cannot see, it does not tell.
kept
    Share of the onsets (step, part, pitch) of a phrase that another has, too. Real music can be told from nothing and
    keeps nothing: the two figures belong together.
dissonant
    Of the pairs of parts that sound at a step, the share that are a semitone, a major seventh or a tritone apart, with
    octaves between them or not.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from quartetvae.errors import CodecError
from quartetvae.metrics import sixteenths
from quartetvae.metrics.tonality import major_scales
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 5

TREES: dict[str, Any] = {"max_iter": 150, "learning_rate": 0.08, "max_leaf_nodes": 15}
"""Of `HistGradientBoostingClassifier`; what is not named has scikit-learn's default."""

WIDEST = 25
"""Leaps of so many semitones or more count alike."""

HARSH = (1, 6, 11)
"""Intervals in semitones, without their octaves, that are dissonant."""

PAIRS = tuple(combinations(range(VOICES), 2))
"""Of parts, the upper one first."""


def features(phrases: Tokens, alphabet: Alphabet) -> Floats:
    """Count what a classifier tells phrases by: shape (phrases, features).

    By part onsets and silent steps; by step the parts that begin a note; for each pair of parts the shares of the
    twelve intervals between them and the steps at which they cross, and those shares for all pairs; by part and for all
    the leaps from note to note; the steps that each pitch class sounds, the most frequent first, how many classes
    sound, and the share in the best major scale; the highest and lowest pitch of each part; by pair onsets in common.

    Raises `CodecError` if the array does not hold phrases of four columns over the alphabet.
    """
    _check(phrases, alphabet)
    count = len(phrases)
    onsets, pitch = codec.onset_mask(phrases, alphabet), sixteenths.sounding(phrases, alphabet)
    heard = pitch != sixteenths.SILENT
    vertical, crossing = _between_parts(pitch, heard)
    leaps = _leaps(phrases, onsets)
    phrase, step, part = np.nonzero(heard)
    classes = _counts(phrase, pitch[phrase, step, part] % 12, (count, 12))
    in_scale = (classes @ major_scales().T).max(axis=1) / np.maximum(1, classes.sum(axis=1))
    found = [
        *(onsets.sum(axis=1), (~heard).sum(axis=1), onsets.sum(axis=2)),
        *(column for pair in range(len(PAIRS)) for column in (vertical[:, pair], crossing[:, pair, np.newaxis])),
        vertical.sum(axis=1),
        *(leaps.reshape(count, VOICES * (WIDEST + 1)), leaps.sum(axis=1)),
        *(-np.sort(-classes, axis=1), (classes > 0).sum(axis=1)[:, np.newaxis], in_scale[:, np.newaxis]),
        *(pitch.max(axis=1), np.where(heard, pitch, _ABOVE).min(axis=1)),
        np.stack([(onsets[..., i] & onsets[..., j]).sum(axis=1) for i, j in PAIRS], axis=1),
    ]
    return np.concatenate(found, axis=1, dtype=np.float64)


_ABOVE = 128
"""Higher than any pitch: the lowest one of a part that is silent."""


def _between_parts(pitch: Ints, heard: NDArray[np.bool_]) -> tuple[Floats, Ints]:
    """Find for each pair of parts the shares of the intervals between them, and the steps at which they cross.

    Shapes (phrases, pairs, 12) and (phrases, pairs).
    """
    upper, lower = (pitch[..., list(parts)] for parts in zip(*PAIRS, strict=True))
    both = np.logical_and(*(heard[..., list(parts)] for parts in zip(*PAIRS, strict=True)))
    phrase, step, pair = np.nonzero(both)
    interval = (upper - lower)[phrase, step, pair] % 12
    counts = _counts(phrase * len(PAIRS) + pair, interval, (len(pitch) * len(PAIRS), 12))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    return shares.reshape(len(pitch), len(PAIRS), 12), (both & (upper < lower)).sum(axis=1)


def _leaps(phrases: Tokens, onsets: NDArray[np.bool_]) -> Ints:
    """Count by part the intervals from each note to the next, whatever silence is between: (phrases, 4, 26)."""
    phrase, part, step = np.nonzero(onsets.transpose(0, 2, 1))
    line = phrase * VOICES + part
    leap = np.abs(np.diff(phrases[phrase, step, part].astype(np.int64)))
    follows = line[1:] == line[:-1]
    shape = (len(phrases) * VOICES, WIDEST + 1)
    return _counts(line[1:][follows], np.minimum(leap[follows], WIDEST), shape).reshape(len(phrases), VOICES, -1)


def _counts(row: Ints, column: Ints, shape: tuple[int, int]) -> Ints:
    return np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1]).reshape(shape)


@dataclass(frozen=True)
class Scores:
    """How real phrases and others seem to a classifier that learned from other groups; shapes (phrases,)."""

    is_real: NDArray[np.bool_]
    values: Floats
    groups: NDArray[Any]

    def auc(self) -> float:
        """Give the area under the ROC curve, 0..1: how often a real phrase has the higher score; equal ones count half.

        >>> Scores(np.array([True, True, False]), np.array([0.9, 0.4, 0.4]), np.zeros(3)).auc()
        0.75
        """
        return float(self._weighted(np.ones((1, len(self.values))))[0])

    def replicates(self, count: int, *, rng: np.random.Generator) -> Floats:
        """Give the area in each of so many bootstrap replicates, which draw groups; NaN where one kind is missing."""
        names, group = np.unique(self.groups, return_inverse=True)
        times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), count)
        return self._weighted(times[:, group].astype(np.float64))

    def _weighted(self, weights: Floats) -> Floats:
        """Compute the area with each row of weights, (rows, phrases)."""
        scores, place = np.unique(self.values, return_inverse=True)
        real, other = (
            np.array([np.bincount(place, row * kind, len(scores)) for row in weights]).reshape(
                len(weights), len(scores)
            )
            for kind in (self.is_real, ~self.is_real)
        )
        above = (real * (np.cumsum(other, axis=1) - other / 2)).sum(axis=1)
        possible = real.sum(axis=1) * other.sum(axis=1)
        areas = np.full(len(weights), np.nan)
        np.divide(above, possible, out=areas, where=possible > 0)
        return areas


def told_apart(
    real: Tokens, real_groups: NDArray[Any], other: Tokens, other_groups: NDArray[Any], alphabet: Alphabet, *, seed: int
) -> Scores | None:
    """Score real phrases and others by a classifier that learned to tell them apart from other groups.

    Parameters
    ----------
    real, other
        Phrases; of the larger set as many are drawn by the seed as the smaller one has.
    real_groups, other_groups
        Of each phrase, its piece: what must not be on both sides of a fold.

    Returns
    -------
    Scores or None
        None where there are fewer than two groups, or a fold leaves nothing of one kind to learn from.

    Raises
    ------
    CodecError
        If groups and phrases are not of one number, or an array does not hold phrases of four columns.
    """
    for phrases, groups in ((real, real_groups), (other, other_groups)):
        if len(phrases) != len(groups):
            raise CodecError(f"two samples: {len(phrases)} phrases and {len(groups)} groups; each needs its own.")
    count, rng = min(len(real), len(other)), np.random.default_rng(seed)
    first, second = (rng.choice(len(phrases), count, replace=False) for phrases in (real, other))
    counted = features(np.concatenate([real[first], other[second]]), alphabet)
    is_real = np.arange(2 * count) < count
    groups = np.concatenate([real_groups[first], other_groups[second]])
    folds = min(FOLDS, len(np.unique(groups)))
    if folds < 2:
        return None
    scores = np.zeros(len(groups))
    # So few phrases are no work for several threads, which would wait for each other, all the longer on a busy machine.
    with threadpool_limits(1, user_api="openmp"):
        for known, unknown in GroupKFold(folds).split(counted, is_real, groups):
            if len(np.unique(is_real[known])) < 2:
                return None
            trees = HistGradientBoostingClassifier(**TREES, random_state=0).fit(counted[known], is_real[known])
            scores[unknown] = trees.predict_proba(counted[unknown])[:, 1]
    return Scores(is_real, scores, groups)


def kept(phrases: Tokens, of: Tokens, alphabet: Alphabet) -> float | None:
    """Give the share of the onsets of the phrases `of` that are in `phrases` too, 0..1; None if there are none.

    Both of one shape. All onsets count alike, whatever phrase they are in.
    """
    if phrases.shape != of.shape:
        raise CodecError(f"phrases of shapes {phrases.shape} and {of.shape} found; the same is needed to compare.")
    onsets = codec.onset_mask(of, alphabet)
    return float((onsets & (phrases == of)).sum() / onsets.sum()) if onsets.any() else None


def dissonant(phrases: Tokens, alphabet: Alphabet) -> Floats:
    """Give the share of each phrase's sounding pairs of parts that are dissonant, (phrases,); NaN without any."""
    harsh, pairs = _sounding_pairs(phrases, alphabet)
    shares = np.full(len(phrases), np.nan)
    np.divide(harsh, pairs, out=shares, where=pairs > 0)
    return shares


def dissonant_share(phrases: Tokens, alphabet: Alphabet) -> float | None:
    """Give the share of all sounding pairs of parts that are dissonant, 0..1; None without any."""
    harsh, pairs = (counts.sum() for counts in _sounding_pairs(phrases, alphabet))
    return float(harsh / pairs) if pairs else None


def _sounding_pairs(phrases: Tokens, alphabet: Alphabet) -> tuple[Ints, Ints]:
    """Count for each phrase the dissonant pairs of parts at all steps, and all that sound."""
    _check(phrases, alphabet)
    pitch = sixteenths.sounding(phrases, alphabet)
    upper, lower = (pitch[..., list(parts)] for parts in zip(*PAIRS, strict=True))
    both = (upper != sixteenths.SILENT) & (lower != sixteenths.SILENT)
    harsh = both & np.isin((upper - lower) % 12, HARSH)
    return harsh.sum(axis=(1, 2)), both.sum(axis=(1, 2))


def _check(phrases: Tokens, alphabet: Alphabet) -> None:
    codec.check_phrases(phrases, alphabet)
    if phrases.shape[2] != VOICES:
        raise CodecError(
            f"phrases of {phrases.shape[2]} columns found; {VOICES} are needed: round them by sixteenths.of_phrases."
        )
