"""Do two orders of excerpts agree? Spearman's rank correlation, of all, within sources and between them.

Conventions
-----------
Values are float64, (excerpts, columns): of measures, or mean ratings of questions. `source` is the number of each
excerpt's source, int64 (excerpts,), from 0.

all
    Spearman's rho (Spearman 1904; equal values share their mean rank), over all excerpts. It is large for any measure
    that tells good sources from bad ones, for whatever reason.
within
    The same of what is left when each source's mean is taken off, of both: does a measure know which of two excerpts of
    one source is better?
between
    The same of the means of sources, so of as many points as there are sources.

Intervals hold the middle 95 % of bootstrap replicates, which draw excerpts anew within each source (Efron & Tibshirani,
An Introduction to the Bootstrap, 1993, chapters 8 and 13).

How sure are the ratings
------------------------
Nobody's measure can agree with mean ratings more than these do with themselves. The ratings of each excerpt are cut in
two halves at random; the correlation r of the halves' means (Pearson's), stepped up to all ratings, 2 r / (1 + r)
(Spearman 1910, Brown 1910), is the reliability. A measure that knew what a crowd without end would say had, on
average, a correlation of its square root: the ceiling.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AT_ONCE = 100
"""Replicates whose ranks are held at once."""


@dataclass(frozen=True)
class Agreement:
    """Correlations of each measure with each question, (measures, questions), with their intervals."""

    all: Floats
    all_low: Floats
    all_high: Floats
    within: Floats
    within_low: Floats
    within_high: Floats
    between: Floats


def rank_correlation(one: Floats, other: Floats) -> Floats:
    """Correlate the ranks of each column with those of each other: (..., n, a), (..., n, b) to (..., a, b).

    NaN where all values of a column are equal.
    """
    return _correlation(*(stats.rankdata(values, axis=-2) for values in (one, other)))


def _correlation(one: Floats, other: Floats) -> Floats:
    """Pearson's, of each column with each."""
    one, other = (values - values.mean(axis=-2, keepdims=True) for values in (one, other))
    lengths = [np.linalg.norm(values, axis=-2) for values in (one, other)]
    scale = lengths[0][..., :, None] * lengths[1][..., None, :]
    found = np.full(scale.shape, np.nan)
    np.divide(np.swapaxes(one, -1, -2) @ other, scale, out=found, where=scale > 0)
    return found


def source_means(values: Floats, source: Ints) -> Floats:
    """Average over each source: (..., excerpts, columns) to (..., sources, columns)."""
    member = (source == np.arange(source.max() + 1)[:, None]).astype(np.float64)
    return np.asarray(member / member.sum(axis=1, keepdims=True) @ values)


def without_source_means(values: Floats, source: Ints) -> Floats:
    """Take each source's mean off, (..., excerpts, columns).

    Rounded, so that what is equal stays equal: ranks would tell apart what rounding alone does.
    """
    return np.round(values - source_means(values, source)[..., source, :], 9)


def agreement(measures: Floats, ratings: Floats, source: Ints, *, replicates: int, seed: int) -> Agreement:
    """Correlate every measure with every question, with intervals of so many bootstrap replicates."""
    rng = np.random.default_rng(seed)
    places = [np.flatnonzero(source == number) for number in range(int(source.max()) + 1)]
    order = np.concatenate(places)
    both, held = (measures[order], ratings[order]), source[order]
    drawn: dict[str, list[Floats]] = {"all": [], "within": []}
    starts = np.cumsum([0, *(len(place) for place in places)])[:-1]
    for done in range(0, replicates, AT_ONCE):
        count = min(AT_ONCE, replicates - done)
        rows = np.concatenate(
            [
                start + rng.integers(len(place), size=(count, len(place)))
                for start, place in zip(starts, places, strict=True)
            ],
            axis=1,
        )
        some = [values[rows] for values in both]
        drawn["all"].append(rank_correlation(some[0], some[1]))
        rest = [without_source_means(values, held) for values in some]
        drawn["within"].append(rank_correlation(rest[0], rest[1]))
    low, high = (
        {name: np.nanquantile(np.concatenate(found), at, axis=0) for name, found in drawn.items()}
        for at in (0.025, 0.975)
    )
    return Agreement(
        all=rank_correlation(measures, ratings),
        all_low=low["all"],
        all_high=high["all"],
        within=rank_correlation(without_source_means(measures, source), without_source_means(ratings, source)),
        within_low=low["within"],
        within_high=high["within"],
        between=rank_correlation(source_means(measures, source), source_means(ratings, source)),
    )


def stepped_up(halves: Floats) -> Floats:
    """Predict the reliability of all ratings from the correlation of their halves (Spearman & Brown).

    >>> float(stepped_up(np.array(0.5)).round(4))
    0.6667
    """
    return np.asarray(2 * halves / (1 + halves))


def reliability(ratings: Sequence[Floats], source: Ints, *, splits: int, seed: int) -> dict[str, Floats]:
    """Give the reliability of mean ratings of each question, `all` and `within` sources, (questions,).

    Parameters
    ----------
    ratings
        Of each excerpt, (ratings, questions), two at least; of an odd number the second half has one more.
    splits
        Random halves, over which the correlation is averaged before it is stepped up.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, list[Floats]] = {"all": [], "within": []}
    for _ in range(splits):
        halves = [np.array_split(rng.permutation(one), [len(one) // 2]) for one in ratings]
        first, second = (np.array([half[side].mean(axis=0) for half in halves]) for side in (0, 1))
        found["all"].append(np.diagonal(_correlation(first, second)))
        rest = (without_source_means(means, source) for means in (first, second))
        found["within"].append(np.diagonal(_correlation(*rest)))
    return {name: stepped_up(np.mean(values, axis=0)) for name, values in found.items()}
