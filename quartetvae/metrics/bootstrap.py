"""How sure is a figure of some music, if other pieces might have been there?

The interval is the middle 95 % of a bootstrap (Efron 1979) over groups, as a rule pieces: each replicate draws as many
groups as there are, with replacement, and all rows of each; rows of one group are no independent witnesses.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.metrics import comparison
from quartetvae.metrics.figures import Level

Statistic = Callable[[NDArray[np.int64]], float | None]
"""A figure of some rows, each perhaps several times; None where it cannot be made."""


def over_groups(
    statistic: Statistic, groups: NDArray[Any], *, replicates: int, seed: int, highest: float = 1.0
) -> Level:
    """Take a figure of all rows, and its interval.

    Parameters
    ----------
    statistic
        The figure, from 0 to `highest`.
    groups
        Of each row, (rows,).
    replicates, seed
        Of the bootstrap; without replicates, or of one group, there is no interval.

    Examples
    --------
    >>> shares = np.array([0.0, 0.5, 1.0])
    >>> mean = lambda rows: float(shares[rows].mean())
    >>> over_groups(mean, np.array(["a", "a", "b"]), replicates=0, seed=0)
    {'value': 0.5, 'low': None, 'high': None}
    """
    names, numbers = np.unique(groups, return_inverse=True)
    rows = [np.flatnonzero(numbers == number) for number in range(len(names))]
    value = statistic(np.arange(len(groups)))
    if len(names) < 2:
        return Level(value=value, low=None, high=None)
    draws = np.random.default_rng(seed).integers(len(names), size=(replicates, len(names)))
    # None becomes NaN.
    found = np.array([statistic(np.concatenate([rows[name] for name in draw])) for draw in draws], np.float64)
    low, high = comparison.interval(value, found, highest=highest)
    return Level(value=value, low=low, high=high)


def mean(values: NDArray[np.float64]) -> Statistic:
    """Make the mean of those of some values that are known, (rows,); NaN stands for one that is not.

    >>> mean(np.array([1.0, np.nan, 3.0]))(np.array([0, 1, 2]))
    2.0
    """

    def of(rows: NDArray[np.int64]) -> float | None:
        known = values[rows][~np.isnan(values[rows])]
        return float(known.mean()) if known.size else None

    return of
