"""Pictures of the latent space and of paths through it, as PNG files.

Conventions are those of `quartetvae.io.picture`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import QuartetError
from quartetvae.io.picture import STYLE, save
from quartetvae.metrics.figures import AttributeName, AttributesFigures
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE
from quartetvae.plots import colours
from quartetvae.plots.colours import SET_COLOURS

Floats = NDArray[np.float64]


def step_distances(path: Path, distances: Mapping[str, Floats]) -> None:
    """Draw how far each point of a path is from the one before it: the median, and the middle 90 % as a band.

    `distances`: shares of cells (paths, points - 1), by the kind of path. Raises `QuartetError` without paths.
    """
    colours.check_sets(path, distances)
    if not all(shares.size for shares in distances.values()):
        raise QuartetError(f"{path.name}: no paths found; a picture needs one at least.")
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.subplots()
        for (name, shares), colour in zip(distances.items(), (colours.ACCENT, *SET_COLOURS), strict=False):
            low, middle, high = np.quantile(shares, [0.05, 0.5, 0.95], axis=0)
            places = np.arange(shares.shape[1])
            axes.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(places, middle, "o-", color=colour, label=name)
        steps = next(iter(distances.values())).shape[1]
        axes.set_xticks(range(steps), [f"{k} \u2192 {k + 1}" for k in range(steps)])
        axes.set_ylim(0, 1)
        axes.grid(True, axis="y")
        axes.set_xlabel("From point to point of a path, 0 is its beginning")
        axes.set_ylabel("Share of cells that change")
        axes.legend(loc="upper right")
        save(figure, path)


def kl_by_dimension(path: Path, kl: Floats) -> None:
    """Draw the divergence of each dimension from the prior, in nats, largest first; (latent_dim,)."""
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.bar(np.arange(1, len(kl) + 1), np.sort(kl)[::-1], width=1.0, color=colours.ACCENT)
        axes.set_xlim(0.5, len(kl) + 0.5)
        axes.grid(True, axis="y")
        axes.set_title(f"{kl.sum():.1f} nats per phrase in {len(kl)} dimensions")
        axes.set_xlabel("Dimension of the code, by rank")
        axes.set_ylabel("KL divergence, nats")
        save(figure, path)


def latent_map(path: Path, mean: NDArray[Any], phrases: PhraseSet, pieces: Pieces) -> None:
    """Draw the posterior means (phrases, latent_dim) on their first two principal components, coloured by composer."""
    centred = mean.astype(np.float64) - mean.mean(axis=0)
    _, spread, directions = np.linalg.svd(centred, full_matrices=False)
    # A singular vector has no sign of its own: its largest number is made positive.
    directions *= np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])[:, np.newaxis]
    places = centred @ directions[:2].T
    if places.shape[1] < 2:
        places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    explained = np.square(spread) / max(np.square(spread).sum(), 1e-12)
    by_id = {piece.id: piece.composer for piece in pieces.pieces}
    composers = np.array([by_id[id] for id in phrases.pieces.tolist()])
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 6.4), layout="constrained")
        axes = figure.subplots()
        palette = (*DEFAULT_ENSEMBLE.colours, *SET_COLOURS[1:])
        for index, composer in enumerate(sorted(set(composers.tolist()))):
            chosen = places[composers == composer]
            # More composers than colours: the same colours again, with another marker.
            marker = "o^s"[index // len(palette) % 3]
            colour = palette[index % len(palette)]
            axes.scatter(
                chosen[:, 0], chosen[:, 1], s=9, alpha=0.6, linewidths=0, c=colour, marker=marker, label=composer
            )
        axes.grid(True)
        axes.set_xlabel(f"First principal component ({100 * explained[0]:.1f} % of the variance)")
        second = explained[1] if len(explained) > 1 else 0.0
        axes.set_ylabel(f"Second ({100 * second:.1f} %)")
        axes.set_title(f"Codes of {len(mean):,} phrases that training never saw")
        axes.legend(loc="upper right", markerscale=2)
        save(figure, path)


def attributes(path: Path, figures: AttributesFigures) -> None:
    """Draw what becomes of attributes as phrases move along their directions; `figures` as `directions.judge` gives."""
    every: tuple[AttributeName, ...] = get_args(AttributeName)
    names = [name for name in every if name in figures]
    if not names:
        raise QuartetError(f"{path.name}: no attributes found; a picture needs one at least.")
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(2.6 * len(names), 2.9), layout="constrained")
        panels = figure.subplots(1, len(names), squeeze=False)[0]
        for axes, name in zip(panels, names, strict=True):
            # Where no phrase has the attribute there is no point.
            means = [np.nan if mean is None else mean for mean in figures[name]["means"]]
            axes.plot(figures["amounts"], means, "o-", color=colours.ACCENT)
            axes.set_title(name.replace("_", " "))
            axes.set_xticks(figures["amounts"], [f"{amount:g}" for amount in figures["amounts"]])
            axes.grid(True, axis="y")
        figure.supxlabel("How far along the direction")
        figure.supylabel("Mean over phrases")
        save(figure, path)
