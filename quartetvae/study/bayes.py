"""The Bayes factor of a paired comparison: how much likelier differences are with an effect than without one.

The JZS Bayes factor of one sample: a Cauchy prior on the size of the effect (the mean difference in standard
deviations), Jeffreys' prior on the variance. Unlike p it can speak for there being no difference.

Source: Rouder, Speckman, Sun, Morey & Iverson, *Psychonomic Bulletin & Review* 16 (2009), equation 1, with the width of
the prior as a parameter, as in the R package BayesFactor.
"""

import math

import numpy as np
from numpy.typing import NDArray

WIDTH = math.sqrt(2) / 2
"""Of the prior: half of all effects are at most as large. BayesFactor calls it medium."""

_LOG_G = np.linspace(-15, 40, 5501)
"""Where the integrand is taken: it is smooth in the logarithm of g, and nothing is left of it beyond the ends."""


def log10_factor(differences: NDArray[np.float64]) -> float | None:
    """Compute the logarithm, to base 10, of the Bayes factor for a difference against none.

    Parameters
    ----------
    differences
        One for each pair, (pairs,).

    Returns
    -------
    1 says that the differences are 10 times likelier with an effect, -1 that they are so without one. None where all
    are equal or there is only one, so that nothing says how much they vary.

    Examples
    --------
    >>> round(10 ** log10_factor(np.array([1.0, 2.0, 3.0])), 2)
    2.01
    """
    from scipy import special

    count = len(differences)
    if count < 2 or np.ptp(differences) == 0:
        return None
    share = count * differences.mean() ** 2 / differences.var(ddof=1) / (count - 1)
    wider = 1 + count * np.exp(_LOG_G)
    likelihood = -0.5 * np.log(wider) - count / 2 * (np.log1p(share / wider) - np.log1p(share))
    prior = math.log(WIDTH) - 0.5 * math.log(2 * math.pi) - 1.5 * _LOG_G - WIDTH**2 / 2 * np.exp(-_LOG_G)
    step = _LOG_G[1] - _LOG_G[0]
    return float((special.logsumexp(likelihood + prior + _LOG_G) + math.log(step)) / math.log(10))
