"""Is a path between two phrases smooth, does it go from one to the other, and is it music on the way?

Conventions
-----------
Paths are uint8, shape (paths, points, steps, columns): the phrases decoded at evenly spaced points from z_A (position
0) to z_B (position 1), tokens over `codec.Alphabet`. "Path" figures are of the inner points, "ends" of the first and
last.
Distances are normalised Hamming: the share of cells that differ, 0..1.

The crossfade is what a path has to beat: it takes each cell from A or B by coin, with the odds of its position. It is
MusicVAE's baseline (Roberts et al., A Hierarchical Latent Vector Model for Learning Long-Term Structure in Music,
ICML 2018), which draws for a whole time step of its one melody. It moves from A to B as steadily as can be, so a good
path is no steadier, but likelier (lower bigram nats) and more in key (higher scale consistency).

A figure that cannot be made (no paths, no inner points, no notes) is None, never NaN.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import CodecError
from quartetvae.metrics.bigram import Bigram
from quartetvae.metrics.figures import AlongPaths, PathFigures, SilentPhrases
from quartetvae.metrics.reconstruction import token_accuracy
from quartetvae.metrics.tonality import scale_consistency
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES

Floats = NDArray[np.float64]


def summarise(decoded: Tokens, ends: Tokens, bigram: Bigram, alphabet: Alphabet, *, seed: int) -> PathFigures:
    """Read all figures off decoded paths that can be.

    Parameters
    ----------
    decoded
        Paths, shape (paths, points, steps, columns), two points at least.
    ends
        The plain reconstructions of the phrases A and B, shape (paths, 2, steps, columns).
    bigram
        Fitted on the training phrases.
    seed
        Of the crossfade's coins.

    Returns
    -------
    dict
        `endpoint_token_accuracy`, `step_distance.mean` and `.max`, `monotonicity`, and for `path`, `ends` and
        `crossfade` (as many phrases as `path`): `bigram_nats` and `scale_consistency`, means over phrases. Counts of
        what was left out: `constant_paths` of the monotonicity, `silent_phrases` of the scale consistency.

    Raises
    ------
    CodecError
        If the arrays have other shapes or hold tokens outside the alphabet.
    """
    _check_paths(decoded)
    steps = step_distances(decoded)
    steadiness, constant = monotonicity(decoded)
    positions = np.linspace(0, 1, decoded.shape[1])[1:-1]
    fade = crossfade(decoded[:, 0], decoded[:, -1], positions, rng=np.random.default_rng(seed))
    sets = {"path": decoded[:, 1:-1], "ends": decoded[:, [0, -1]], "crossfade": fade}
    phrases = {name: points.reshape(-1, *points.shape[2:]) for name, points in sets.items()}
    consistency = {name: scale_consistency(points, alphabet) for name, points in phrases.items()}
    return {
        "endpoint_token_accuracy": endpoint_token_accuracy(decoded, ends),
        "step_distance": {"mean": _mean(steps), "max": float(steps.max()) if steps.size else None},
        "monotonicity": steadiness,
        "constant_paths": constant,
        "bigram_nats": _along({name: _mean(bigram.nats(points)) for name, points in phrases.items()}),
        "scale_consistency": _along({name: _mean(values) for name, values in consistency.items()}),
        "silent_phrases": SilentPhrases(
            path=_silent(consistency["path"]),
            ends=_silent(consistency["ends"]),
            crossfade=_silent(consistency["crossfade"]),
        ),
    }


def _along(figures: Mapping[str, float | None]) -> AlongPaths:
    return {"path": figures["path"], "ends": figures["ends"], "crossfade": figures["crossfade"]}


def _silent(consistency: Floats) -> int:
    return int(np.isnan(consistency).sum())


def endpoint_token_accuracy(decoded: Tokens, ends: Tokens) -> float | None:
    """Share of equal cells between the two ends of each path and plain reconstructions, (paths, 2, steps, columns)."""
    _check_paths(decoded)
    return token_accuracy(ends, decoded[:, [0, -1]])


def distance(one: Tokens, other: Tokens) -> Floats:
    """Measure the share of the cells (the last two axes) that differ; the axes before them broadcast."""
    return np.asarray((one != other).mean(axis=(-2, -1)), dtype=np.float64)


def step_distances(decoded: Tokens) -> Floats:
    """Measure the distance between each point and the next, shape (paths, points - 1), 0..1."""
    _check_paths(decoded)
    return distance(decoded[:, 1:], decoded[:, :-1])


def monotonicity(decoded: Tokens) -> tuple[float | None, int]:
    """Average over paths Spearman's rank correlation between the distance to A and the position on the path.

    1 if every point is farther from A than the one before it. Equal distances share their mean rank (Spearman 1904;
    the values of `scipy.stats.spearmanr`).

    Returns
    -------
    mean, left_out
        In -1..1, None if no path is left; and the number of paths that never leave A, which have no correlation.
    """
    _check_paths(decoded)
    distances = distance(decoded, decoded[:, :1])
    moving = distances.any(axis=1)
    left_out = int((~moving).sum())
    if left_out == len(decoded):
        return None, left_out
    ranks = _ranks(distances[moving])
    position = np.arange(decoded.shape[1], dtype=np.float64)
    ranks -= ranks.mean(axis=1, keepdims=True)
    position -= position.mean()
    correlation = ranks @ position / (np.linalg.norm(ranks, axis=1) * np.linalg.norm(position))
    return float(correlation.mean()), left_out


def crossfade(first: Tokens, last: Tokens, positions: Floats, *, rng: np.random.Generator) -> Tokens:
    """Make paths that take each cell from `last` with the probability of the position, else from `first`.

    Parameters
    ----------
    first, last
        The ends A and B, shape (paths, steps, columns).
    positions
        Shape (points,), 0 (all of A) to 1 (all of B).

    Returns
    -------
    Tokens
        Shape (paths, points, steps, columns). A sustain may follow a rest in it; the codec reads that as a rest.
    """
    if first.shape != last.shape:
        raise CodecError(f"ends of shapes {first.shape} and {last.shape} found; the same is needed to mix their cells.")
    odds = positions[np.newaxis, :, np.newaxis, np.newaxis]
    # Random numbers lie in [0, 1): position 0 never takes from B, position 1 always.
    from_last = rng.random((len(first), len(positions), *first.shape[1:])) < odds
    return np.where(from_last, last[:, np.newaxis], first[:, np.newaxis])


def round_trip(
    z: NDArray[np.floating[Any]], encoded: NDArray[np.floating[Any]], *, seed: int, pairs: int = 10_000
) -> float | None:
    """Measure how far from z one lands after decoding it and encoding what came out.

    Parameters
    ----------
    z, encoded
        Points and the posterior means of their decodings, both (points, latent_dim).
    seed, pairs
        Random pairs of different points of `z` set the scale: so many are drawn, with replacement.

    Returns
    -------
    float or None
        Mean Euclidean distance between z and `encoded`, over the mean distance of the pairs: 0 is a perfect return, 1
        as far as anywhere. None with fewer than two points, or if all points are one.
    """
    if z.ndim != 2 or z.shape != encoded.shape:
        raise CodecError(f"z of shape {z.shape}, encoded again {encoded.shape}; both must be (points, latent_dim).")
    if len(z) < 2:
        return None
    rng = np.random.default_rng(seed)
    one = rng.integers(len(z), size=pairs)
    other = (one + rng.integers(1, len(z), size=pairs)) % len(z)
    scale = float(np.linalg.norm(z[one] - z[other], axis=1).mean())
    return float(np.linalg.norm(z - encoded, axis=1).mean()) / scale if scale > 0 else None


def _ranks(values: Floats) -> Floats:
    """Rank along the last axis from 1; equal values share their mean rank."""
    below = values[:, np.newaxis, :] < values[:, :, np.newaxis]
    equal = values[:, np.newaxis, :] == values[:, :, np.newaxis]
    return np.asarray(below.sum(axis=-1) + (equal.sum(axis=-1) + 1) / 2, dtype=np.float64)


def _mean(values: Floats) -> float | None:
    """Average the values that are not NaN; None if there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _check_paths(decoded: Tokens) -> None:
    if decoded.ndim != 4 or decoded.shape[1] < 2 or decoded.shape[2] < 1 or decoded.shape[3] % VOICES:
        raise CodecError(
            f"paths of shape {decoded.shape} found; (paths, points, steps, columns) is needed, "
            "with two points and a step at least."
        )
