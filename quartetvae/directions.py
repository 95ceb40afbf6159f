"""Directions in the latent space in which attributes of music grow, and whether they do.

A direction is fitted on training phrases (`metrics.attributes.direction`); going along it by 1 adds what tells the top
quarter of them from the bottom quarter. Held-out phrases show what comes of it: encoded, moved, decoded.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from quartetvae import files
from quartetvae.codec import Tokens
from quartetvae.errors import ModelError
from quartetvae.latent import Autoencoder, Codes
from quartetvae.metrics import attributes

Directions = dict[str, Codes]
"""By attribute, (latent_dim,) each."""

AMOUNTS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""How far held-out phrases are moved."""


def fit(model: Autoencoder, tokens: Tokens) -> Directions:
    """The direction of each attribute, of phrases (phrases, steps, 4)."""
    grid = model.architecture.grid
    codes = model.encode(tokens)[0]
    return {
        name: attributes.direction(codes, of(tokens, grid.alphabet, grid.steps_per_beat))
        for name, of in attributes.ATTRIBUTES.items()
    }


def judge(
    model: Autoencoder, directions: Mapping[str, Codes], tokens: Tokens, *, amounts: Sequence[float] = AMOUNTS
) -> dict[str, Any]:
    """What becomes of attributes as phrases (phrases, steps, 4) are moved.

    For each attribute `means`, over phrases, at each of `amounts`; `spearman` of these with the amounts; and
    `spearman_by_phrase`, the mean of each phrase's own correlation, of those in which the attribute changes at all
    (`changing`, a share of all).
    """
    grid = model.architecture.grid
    codes = model.encode(tokens)[0]
    found: dict[str, Any] = {"amounts": list(amounts), "phrases": len(tokens)}
    for name, way in directions.items():
        measure = attributes.ATTRIBUTES[name]
        values = np.stack(
            [
                measure(model.decode(codes + np.float32(amount) * way), grid.alphabet, grid.steps_per_beat)
                for amount in amounts
            ],
            axis=1,
        )
        whole = values[~np.isnan(values).any(axis=1)]
        changing = whole[np.ptp(whole, axis=1) > 0]
        means = whole.mean(axis=0) if len(whole) else np.full(len(amounts), np.nan)
        found[name] = {
            "means": [None if np.isnan(mean) else float(mean) for mean in means],
            "spearman": _spearman(means[np.newaxis], amounts),
            "spearman_by_phrase": _spearman(changing, amounts),
            "changing": len(changing) / max(1, len(tokens)),
        }
    return found


def _spearman(values: NDArray[np.float64], amounts: Sequence[float]) -> float | None:
    """The mean rank correlation of rows (n, amounts) with the amounts; None without any."""
    if not len(values) or np.isnan(values).any():
        return None
    ranks = stats.rankdata(values, axis=1)
    of_amounts = stats.rankdata(amounts)
    ranks -= ranks.mean(axis=1, keepdims=True)
    of_amounts -= of_amounts.mean()
    spread = np.linalg.norm(ranks, axis=1) * np.linalg.norm(of_amounts)
    return float(np.mean(np.divide(ranks @ of_amounts, spread, out=np.zeros(len(ranks)), where=spread > 0)))


def write(path: Path, directions: Mapping[str, Codes]) -> None:
    """Write directions as JSON."""
    files.write_json(path, {name: way.tolist() for name, way in directions.items()})


def read(path: Path) -> Directions:
    """Read directions; raises `ModelError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {str(name): np.array(way, dtype=np.float32) for name, way in content.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        detail = " ".join(str(error).split())
        raise ModelError(
            f"{path}: no directions of attributes ({detail}); the stage `describe` writes directions.json."
        ) from error
    if not found or len({way.shape for way in found.values()}) != 1 or any(way.ndim != 1 for way in found.values()):
        raise ModelError(f"{path}: no directions of one length; the stage `describe` writes directions.json.")
    return found
