"""Directions in the latent space in which attributes of music grow, and whether they do.

A direction is fitted on training phrases: from the mean code of the quarter with least of the attribute to that of the
quarter with most (`metrics.attributes.direction`). What is chromatic depends on the scale, so chromaticism has twelve,
one for each major scale (minor ones count as their relative major).

That difference of means says where to, not how far: for an attribute that codes hardly tell it is short. So each is
drawn out to a length at which something happens. It is chosen on validation phrases: the longest of `LENGTHS` at which
more of the way clearly means more of the attribute. If there is none, the network has no direction of this attribute,
whatever the means say: it is 0. Test phrases then show what comes of it: encoded, moved, decoded.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from quartetvae import files
from quartetvae.errors import ModelError
from quartetvae.metrics import attributes, tonality
from quartetvae.metrics.figures import AttributeFigures, AttributesFigures
from quartetvae.model.autoencoder import Autoencoder, Codes
from quartetvae.music.codec import Alphabet, Tokens

Directions = dict[str, Codes]
"""By attribute, (1, latent_dim), or (12, latent_dim) if it depends on the scale (`tonality.scale`)."""

BY_SCALE = ("chromaticism",)
SCALES = 12

AMOUNTS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""How far phrases are moved to see what becomes of them."""

LENGTHS = (4.0, 3.0, 2.5, 2.0, 1.5, 1.0)
"""That a direction may have; codes of the prior are about the root of latent_dim from 0."""

MARGIN = 1.25
"""So much further than `AMOUNTS` the attribute must still rise on validation phrases, for it to do so on others."""


def of_each(direction: Codes, tokens: Tokens, alphabet: Alphabet) -> Codes:
    """Choose the direction of each phrase (phrases, steps, columns): (phrases, latent_dim)."""
    if len(direction) == 1:
        return np.broadcast_to(direction[0], (len(tokens), direction.shape[1]))
    return np.asarray(direction[tonality.scale(tokens, alphabet)])


def fit(
    model: Autoencoder, training: Tokens, validation: Tokens, *, progress: Callable[[], object] = lambda: None
) -> Directions:
    """Fit each attribute's direction on training phrases (phrases, steps, columns), its length on validation phrases.

    Where an attribute has no direction (all codes are alike, or all values, or it rises at no length), it is 0.
    `progress` is called after each attribute.
    """
    grid = model.architecture.grid
    codes = model.encode(training)[0]
    scales = tonality.scale(training, grid.alphabet)
    found = {}
    for name, measure in attributes.ATTRIBUTES.items():
        values = measure(training, grid.alphabet, grid.steps_per_beat)
        groups = [scales == scale for scale in range(SCALES)] if name in BY_SCALE else [slice(None)]
        means = np.stack([attributes.direction(codes[group], values[group]) for group in groups])
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        unit = np.divide(means, lengths, out=np.zeros_like(means), where=lengths > 0)
        found[name] = _lengthened(model, name, unit, validation)
        progress()
    return found


def _lengthened(model: Autoencoder, name: str, unit: Codes, phrases: Tokens) -> Codes:
    """Give a direction the longest length at which the attribute rises from amount to amount, 0 if there is none."""
    for length in LENGTHS:
        direction = np.float32(length) * unit
        if _rising(_moved(model, name, direction, phrases, [MARGIN * amount for amount in AMOUNTS])):
            return direction
    return np.zeros_like(unit)


def _rising(values: NDArray[np.float64]) -> bool:
    """Tell whether the mean of (phrases, amounts) rises with each amount, by more than twice its standard error.

    Without that margin the longest length that does would, by its choice, be one that only just does.
    """
    steps = np.diff(values[~np.isnan(values).any(axis=1)], axis=1)
    if len(steps) < 2:
        return False
    errors = steps.std(axis=0, ddof=1) / np.sqrt(len(steps))
    return bool((steps.mean(axis=0) > 2 * errors).all())


def move(
    model: Autoencoder,
    directions: Mapping[str, Codes],
    tokens: Tokens,
    *,
    amounts: Sequence[float] = AMOUNTS,
    progress: Callable[[], object] = lambda: None,
) -> dict[str, NDArray[np.float64]]:
    """Measure attributes of phrases (phrases, steps, columns) that are moved along their directions by each amount.

    By attribute float64, (phrases, amounts); NaN for a phrase that, moved so, has none. `progress` is called after each
    attribute.
    """
    found = {}
    for name, direction in directions.items():
        found[name] = _moved(model, name, direction, tokens, amounts)
        progress()
    return found


def judge(
    directions: Mapping[str, Codes], moved: Mapping[str, NDArray[np.float64]], *, amounts: Sequence[float] = AMOUNTS
) -> AttributesFigures:
    """Sum up what became of attributes as phrases were moved by amounts: `moved` as `move` gives it.

    For each attribute its direction's `length`; `means`, over phrases, at each of `amounts`; `spearman`, of these with
    the amounts; `spearman_by_phrase`, the mean of each phrase's own correlation, of those in which the attribute
    changes at all (`changing`, a share of all).
    """
    found: dict[str, AttributeFigures] = {}
    for name, direction in directions.items():
        values = moved[name]
        whole = values[~np.isnan(values).any(axis=1)]
        changing = whole[np.ptp(whole, axis=1) > 0]
        means = _means(values)
        found[name] = {
            "length": float(np.linalg.norm(direction, axis=1).max()),
            "means": [None if np.isnan(mean) else float(mean) for mean in means],
            "spearman": _spearman(means[np.newaxis], amounts),
            "spearman_by_phrase": _spearman(changing, amounts),
            "changing": len(changing) / max(1, len(values)),
        }
    phrases = len(next(iter(moved.values()), ()))
    # All attributes are there, in their order.
    return cast(AttributesFigures, {"amounts": list(amounts), "phrases": phrases, **found})


def _moved(
    model: Autoencoder, name: str, direction: Codes, tokens: Tokens, amounts: Sequence[float]
) -> NDArray[np.float64]:
    """Measure the attribute of each phrase moved by each amount, (phrases, amounts); NaN where it has none."""
    grid = model.architecture.grid
    codes, steps = model.encode(tokens)[0], of_each(direction, tokens, grid.alphabet)
    moved = (model.decode(codes + np.float32(amount) * steps) for amount in amounts)
    measure = attributes.ATTRIBUTES[name]
    return np.stack([measure(phrases, grid.alphabet, grid.steps_per_beat) for phrases in moved], axis=1)


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the phrases that have the attribute at every amount; NaN if none has."""
    whole = values[~np.isnan(values).any(axis=1)]
    return np.asarray(whole.mean(axis=0)) if len(whole) else np.full(values.shape[1], np.nan)


def _spearman(values: NDArray[np.float64], amounts: Sequence[float]) -> float | None:
    """Average the rank correlation of rows (n, amounts) with the amounts; None without any."""
    # Imported here: it takes longer than decoding does, and only the pipeline judges.
    from scipy import stats

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
    files.write_json(path, {name: direction.tolist() for name, direction in directions.items()})


def read(path: Path) -> Directions:
    """Read directions; raises `ModelError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {str(name): np.array(direction, dtype=np.float32) for name, direction in content.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        detail = " ".join(str(error).split())
        raise ModelError(
            f"{path}: no directions of attributes ({detail}); the stage `describe` writes directions.json."
        ) from error
    shapes = {direction.shape for direction in found.values()}
    sound = all(np.isfinite(direction).all() for direction in found.values())
    if not found or not sound or any(len(shape) != 2 or shape[0] not in (1, SCALES) for shape in shapes):
        raise ModelError(f"{path}: no directions by attribute; the stage `describe` writes directions.json.")
    if len({shape[1] for shape in shapes}) != 1:
        raise ModelError(f"{path}: directions of different lengths; the stage `describe` writes directions.json.")
    return found
