"""What a latent code is used for: divergence by dimension, active dimensions, mutual information.

Conventions
-----------
A posterior is `mean` and `log_var`, both (phrases, latent_dim): for each phrase a normal distribution with independent
dimensions, `log_var` the natural logarithm of its variances. The prior is the standard normal distribution. All figures
are in nats.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import ModelError

Floats = NDArray[np.float64]

ACTIVE = 0.01
"""A dimension is active if its posterior mean varies by more than this over phrases (Burda et al. 2016)."""

ROWS = 512
"""Phrases that are compared with all others at once."""


def kl_nats(mean: NDArray[Any], log_var: NDArray[Any]) -> Floats:
    """Compute the divergence of each phrase's posterior from the prior in each dimension: (phrases, latent_dim).

    Kingma & Welling 2014, appendix B. Raises `ModelError` unless both are (phrases, latent_dim), a phrase at least.
    """
    mean, log_var = _checked(mean, log_var)
    return np.asarray(0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var))


def active_units(mean: NDArray[Any], *, threshold: float = ACTIVE) -> int:
    """Count the dimensions that have a posterior mean whose variance over phrases is above the threshold."""
    return int((mean.astype(np.float64).var(axis=0) > threshold).sum())


def mutual_information(mean: NDArray[Any], log_var: NDArray[Any], *, rng: np.random.Generator) -> float:
    """Estimate the mutual information of phrase and code by minibatch, with one draw of each posterior.

    The mean over phrases of log q(z|x) - log q(z), where q(z) is the mean of the posteriors of all phrases given
    (Hoffman & Johnson 2016; He et al. 2019). It cannot exceed the logarithm of their number: at that, each code tells
    its phrase from all others, and the estimate says no more. Raises `ModelError` as `kl_nats`.
    """
    # Imported here: SciPy is not in the base package, and only the pipeline asks.
    from scipy.special import logsumexp

    mean, log_var = _checked(mean, log_var)
    z = mean + np.exp(0.5 * log_var) * rng.standard_normal(mean.shape)
    precision = np.exp(-log_var)
    own = (mean**2 * precision).sum(axis=1) + log_var.sum(axis=1) + mean.shape[1] * np.log(2 * np.pi)
    found = []
    for rows in np.array_split(np.arange(len(z)), -(-len(z) // ROWS)):
        # log N(z_i; mean_j, var_j) of all pairs, the square multiplied out: no array of (rows, phrases, latent_dim).
        log_q = -0.5 * (z[rows] ** 2 @ precision.T - 2 * z[rows] @ (mean * precision).T + own)
        marginal = logsumexp(log_q, axis=1) - np.log(len(mean))
        found.append(log_q[np.arange(len(rows)), rows] - marginal)
    return float(np.concatenate(found).mean())


def _checked(mean: NDArray[Any], log_var: NDArray[Any]) -> tuple[Floats, Floats]:
    if mean.ndim != 2 or mean.shape != log_var.shape or not len(mean):
        raise ModelError(
            f"posterior mean of shape {mean.shape}, log_var of shape {log_var.shape}; (phrases, latent_dim) of a "
            "phrase at least is needed for both."
        )
    return mean.astype(np.float64), log_var.astype(np.float64)
