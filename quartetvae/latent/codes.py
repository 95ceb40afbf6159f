"""Codes: from phrases to points of the latent space.

Conventions
-----------
A piece is cut into phrases that tile it on its beat grid, from its first beat on; each phrase has a code z,
(latent_dim,). A phrase's posterior is normal, with `mean` and `log_var`; its code is the mean, or a sample of the
posterior if asked for.
"""

import numpy as np
from numpy.typing import NDArray

from quartetvae.config import Posterior
from quartetvae.corpus import phrases
from quartetvae.corpus.records import PhraseSet
from quartetvae.errors import check_mode
from quartetvae.metrics import diagnostics
from quartetvae.model.autoencoder import Autoencoder, Codes
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid, Piece


def tile(model: Autoencoder, piece: Piece, grid: Grid) -> PhraseSet:
    """Cut a piece into the phrases that have codes: on its beat grid, whatever bars training phrases were cut by.

    Two pieces between which a path leads have no bar lines in common, but beats they have.
    """
    form = model.architecture.form.model_copy(update={"align": "beat"})
    return phrases.tile(piece, form, grid)


def encode(
    model: Autoencoder, tokens: Tokens, *, decode: Posterior = "mean", rng: np.random.Generator | None = None
) -> Codes:
    """Encode phrases (phrases, steps, columns) to codes (phrases, latent_dim): the posterior's `mean`, or a `sample`.

    `rng` draws the samples; a mean needs none.
    """
    return of_posterior(model.encode(tokens), decode=decode, rng=rng)


def of_posterior(posterior: tuple[Codes, Codes], *, decode: Posterior, rng: np.random.Generator | None = None) -> Codes:
    """Choose the codes of phrases by their posterior, as `model.encode` gives it; see `encode`."""
    check_mode("decode", decode, Posterior)
    mean, log_var = posterior
    if decode == "mean":
        return mean
    return sample_posterior(mean, log_var, np.random.default_rng(0) if rng is None else rng)


def sample_posterior(mean: Codes, log_var: Codes, rng: np.random.Generator) -> Codes:
    """Draw once from N(mean, exp(log_var)) for each row."""
    noise = rng.standard_normal(mean.shape, dtype=np.float32)
    return np.asarray(mean + np.exp(0.5 * log_var) * noise)


def sample_prior(count: int, latent_dim: int, *, rng: np.random.Generator) -> Codes:
    """Draw codes (count, latent_dim) from the standard normal distribution."""
    return rng.standard_normal((count, latent_dim), dtype=np.float32)


def sample_aggregate(model: Autoencoder, tokens: Tokens, count: int, *, rng: np.random.Generator) -> Codes:
    """Draw codes (count, latent_dim) from the aggregate posterior of phrases: of one at random, its posterior.

    Each phrase is taken once at most, as long as there are enough.
    """
    chosen = rng.choice(len(tokens), count, replace=count > len(tokens))
    return sample_posterior(*model.encode(tokens[chosen]), rng)


def bounds(
    model: Autoencoder, tokens: Tokens, posterior: tuple[Codes, Codes], *, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Bound the likelihood of each phrase at beta 1, with one posterior sample.

    Gives `kl_nats`, `reconstruction_nats` and `elbo_nats`, each (phrases,). `posterior`: what `model.encode` gives for
    the phrases.
    """
    mean, log_var = posterior
    kl = diagnostics.kl_nats(mean, log_var).sum(axis=1)
    nats = model.reconstruction(tokens, sample_posterior(mean, log_var, rng))
    return {"kl_nats": kl, "reconstruction_nats": nats, "elbo_nats": -(nats + kl)}
