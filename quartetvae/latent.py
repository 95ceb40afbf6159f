"""The latent space: from pieces to codes, along paths between them, and back.

Conventions
-----------
A piece is cut into phrases that tile it; each phrase has a code z, (latent_dim,). Encoding gives the posterior mean, or
a sample of the posterior if asked for. Paths run from A to B, both ends included.
"""

import dataclasses
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quartetvae import phrases
from quartetvae.architecture import Architecture
from quartetvae.codec import Tokens
from quartetvae.dataset import Piece
from quartetvae.errors import ModelError
from quartetvae.metrics import diagnostics

Codes = NDArray[np.float32]


class Autoencoder(Protocol):
    """What is asked of a model here; `model.vae.QuartetVAE` has it, and says what each does."""

    architecture: Architecture

    def encode(self, tokens: Tokens) -> tuple[Codes, Codes]: ...

    def decode(self, z: Codes, *, temperature: float = 0.0, seed: int = 0) -> Tokens: ...

    def reconstruction(self, tokens: Tokens, z: Codes) -> NDArray[np.float64]: ...

    def teacher_forced(self, tokens: Tokens, z: Codes) -> Tokens | None: ...


def codes(model: Autoencoder, tokens: Tokens, *, decode: str, rng: np.random.Generator) -> Codes:
    """The codes (phrases, latent_dim) of phrases: the posterior's `mean`, or a `sample` of it."""
    mean, log_var = model.encode(tokens)
    return mean if decode == "mean" else sample_posterior(mean, log_var, rng)


def sample_posterior(mean: Codes, log_var: Codes, rng: np.random.Generator) -> Codes:
    """One draw from N(mean, exp(log_var)) for each row."""
    noise = rng.standard_normal(mean.shape, dtype=np.float32)
    return np.asarray(mean + np.exp(0.5 * log_var) * noise)


def path(a: Codes, b: Codes, *, points: int, kind: str) -> Codes:
    """Codes on the way from `a` to `b`.

    Parameters
    ----------
    a, b
        Shape (phrases, latent_dim).
    points
        How many, both ends included; at least 2.
    kind
        `linear`: a straight line. `spherical`: along the great circle between their directions, with the length
        growing linearly (slerp; Shoemake 1985); the straight line where they point the same way or one is 0.

    Returns
    -------
    Shape (phrases, points, latent_dim). The first and last are `a` and `b`, exactly.
    """
    if points < 2:
        raise ModelError(f"{points} point(s) on a path; 2 at least are needed, its ends.")
    share = np.linspace(0.0, 1.0, points)[None, :, None]
    start, end = a.astype(np.float64)[:, None, :], b.astype(np.float64)[:, None, :]
    line = (1 - share) * start + share * end
    if kind == "spherical":
        lengths = np.linalg.norm(start, axis=-1, keepdims=True), np.linalg.norm(end, axis=-1, keepdims=True)
        safe = [np.where(length > 0, length, 1.0) for length in lengths]
        unit_start, unit_end = start / safe[0], end / safe[1]
        # Exact for small and large angles too, where the arc cosine of the dot product is not.
        apart = np.linalg.norm(unit_start - unit_end, axis=-1, keepdims=True)
        angle = 2 * np.arctan2(apart, np.linalg.norm(unit_start + unit_end, axis=-1, keepdims=True))
        sine = np.sin(angle)
        usable = (sine > 1e-6) & (lengths[0] > 0) & (lengths[1] > 0)
        divisor = np.where(usable, sine, 1.0)
        direction = np.sin((1 - share) * angle) / divisor * unit_start
        direction = direction + np.sin(share * angle) / divisor * unit_end
        arc = direction * ((1 - share) * lengths[0] + share * lengths[1])
        line = np.where(usable, arc, line)
    elif kind != "linear":
        raise ModelError(f"path '{kind}' found; 'linear' or 'spherical' is needed.")
    result = line.astype(np.float32)
    result[:, 0], result[:, -1] = a, b
    return result


def excerpt(piece: Piece, *, steps: int) -> Piece:
    """The first `steps` steps of a piece, or all of it if it is shorter."""
    return dataclasses.replace(piece, tokens=piece.tokens[:steps], bars=piece.bars[:steps])


def reconstruct(model: Autoencoder, piece: Piece, *, decode: str, rng: np.random.Generator) -> Piece:
    """A piece as the model decodes it, phrase by phrase; as long as the original."""
    tiles = phrases.tile(piece, model.architecture.form, model.architecture.grid)
    decoded = model.decode(codes(model, tiles.tokens, decode=decode, rng=rng))
    return dataclasses.replace(piece, tokens=phrases.untile(decoded, tiles.starts, len(piece.tokens)))


@dataclasses.dataclass(frozen=True)
class Walk:
    """Decoded paths between two pieces.

    names : ids of A and B
    originals : part arrays of A and B, cut to a common length
    z : codes along the paths, (phrases, points, latent_dim)
    tokens : what they decode to, (phrases, points, steps, 4)
    starts : first step of each phrase, (phrases,)
    """

    names: tuple[str, str]
    originals: tuple[Piece, Piece]
    z: Codes
    tokens: Tokens
    starts: NDArray[np.int64]

    def point(self, k: int) -> Tokens:
        """The part array, (steps, 4), of the k-th point: all its phrases, one after the other."""
        return phrases.untile(self.tokens[:, k], self.starts, len(self.originals[0].tokens))


def walk(
    model: Autoencoder,
    a: Piece,
    b: Piece,
    *,
    points: int,
    kind: str,
    beats: int,
    decode: str,
    rng: np.random.Generator,
) -> Walk:
    """Walk from the first `beats` beats of A to those of B, phrase by phrase.

    A piece that is shorter shortens the walk to its length. Phrases are cut on the beat grid, for both pieces alike.
    """
    grid = model.architecture.grid
    form = model.architecture.form.model_copy(update={"align": "beat"})
    steps = min(beats * grid.steps_per_beat, len(a.tokens), len(b.tokens))
    ends = excerpt(a, steps=steps), excerpt(b, steps=steps)
    tiles = [phrases.tile(end, form, grid) for end in ends]
    z_a, z_b = (codes(model, tile.tokens, decode=decode, rng=rng) for tile in tiles)
    z = path(z_a, z_b, points=points, kind=kind)
    decoded = model.decode(z.reshape(-1, z.shape[-1]))
    tokens = decoded.reshape(*z.shape[:2], *decoded.shape[1:])
    return Walk((a.id, b.id), ends, z, tokens, tiles[0].starts)


def sample_prior(count: int, latent_dim: int, *, rng: np.random.Generator) -> Codes:
    """Codes (count, latent_dim) drawn from the standard normal distribution."""
    return rng.standard_normal((count, latent_dim), dtype=np.float32)


def sample_aggregate(model: Autoencoder, tokens: Tokens, count: int, *, rng: np.random.Generator) -> Codes:
    """Codes (count, latent_dim) drawn from the aggregate posterior of phrases: of one at random, its posterior.

    Each phrase is taken once at most, as long as there are enough.
    """
    chosen = rng.choice(len(tokens), count, replace=count > len(tokens))
    return sample_posterior(*model.encode(tokens[chosen]), rng)


def bounds(
    model: Autoencoder, tokens: Tokens, posterior: tuple[Codes, Codes], *, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """`kl_nats`, `reconstruction_nats`, `elbo_nats` of each phrase at beta 1, with one posterior sample: (phrases,).

    `posterior`: what `model.encode` gives for the phrases.
    """
    mean, log_var = posterior
    kl = diagnostics.kl_nats(mean, log_var).sum(axis=1)
    nats = model.reconstruction(tokens, sample_posterior(mean, log_var, rng))
    return {"kl_nats": kl, "reconstruction_nats": nats, "elbo_nats": -(nats + kl)}
