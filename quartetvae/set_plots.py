"""Pictures of sets of music beside each other, of paths, and of the latent space, as PNG files.

Conventions are those of `quartetvae.plots`. Sets keep one colour in every picture, in the order in which they come;
real music is grey or black.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from quartetvae import plots
from quartetvae.codec import Tokens
from quartetvae.dataset import Grid, PhraseSet, Pieces
from quartetvae.errors import QuartetError
from quartetvae.metrics import comparison, music, sets
from quartetvae.metrics.paper import PITCH_CLASSES
from quartetvae.plots import SET_COLOURS, STYLE

Floats = NDArray[np.float64]


def draw(folder: Path, drawn: Mapping[str, Tokens], figures: Mapping[str, Any], grid: Grid) -> None:
    """Write all pictures of sets: `overlap`, `transitions`, `pitch_distribution` and `pitch_classes`, all .png."""
    shown = {name: tokens for name, tokens in drawn.items() if name != sets.REFERENCE}
    overlap(folder / "overlap.png", figures)
    matrices = {
        name: music.features(music.of_phrases(tokens, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=60))[
            "pitch_class_transition_matrix"
        ].sum(axis=0)
        for name, tokens in shown.items()
    }
    transitions(folder / "transitions.png", matrices)
    plots.pitch_distribution(folder / "pitch_distribution.png", shown, grid.alphabet)
    shares = {name: list(figures[name]["pitch_classes"].values()) for name in shown}
    plots.pitch_classes(folder / "pitch_classes.png", shares)


def overlap(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw the overlap of each set with real music, by feature, with 95 % intervals; real music's own is the ceiling.

    Parameters
    ----------
    figures
        By set what `metrics.comparison.compare` gives; `real` is the ceiling. A feature without overlap has no point.

    Raises
    ------
    QuartetError
        If there is no set `real`, or no other, or more than there are colours.
    """
    others = {name: of for name, of in figures.items() if name != sets.REAL}
    if len(others) == len(figures):
        raise QuartetError(f"{path.name}: no set '{sets.REAL}' found; it is the ceiling for all others.")
    plots.check_sets(path, others)
    rows = [*comparison.FEATURES, "mean"]
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 1.6 + 0.16 * len(rows) * (len(others) + 1)), layout="constrained")
        axes = figure.subplots()
        lowest = 1.0
        for row, feature in enumerate(rows):
            if (ceiling := _interval(figures[sets.REAL], feature)) is not None:
                axes.plot([ceiling[0]] * 2, [row - 0.4, row + 0.4], color="black", linewidth=1.6)
            for index, of in enumerate(others.values()):
                if (found := _interval(of, feature)) is None:
                    continue
                height = row + 0.7 * ((index + 0.5) / len(others) - 0.5)
                value, low, high = found
                lowest = min(lowest, low)
                axes.plot([low, high], [height] * 2, color=SET_COLOURS[index + 1], linewidth=1.4)
                axes.plot([value], [height], "o", color=SET_COLOURS[index + 1], markersize=5)
        axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(max(0.0, np.floor(10 * lowest) / 10), 1)
        axes.grid(True, axis="x")
        axes.axhline(len(rows) - 1.5, color="#666666", linewidth=0.8)
        axes.set_xlabel("Overlap with real music")
        names = [name.replace("_", " ") for name in others]
        handles = [
            Line2D([], [], color=colour, marker="o", label=name)
            for name, colour in zip(names, SET_COLOURS[1:], strict=False)
        ]
        handles.append(Line2D([], [], color="black", linewidth=1.6, label="other real music (the ceiling)"))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        plots.save(figure, path)


def _interval(of: Mapping[str, Any], feature: str) -> tuple[float, float, float] | None:
    """An overlap and its interval, or the overlap alone three times."""
    if feature == "mean":
        value, low, high = (of[key] for key in ("mean_overlap", "mean_low", "mean_high"))
    else:
        value, low, high = (of[feature][key] for key in ("overlap", "low", "high"))
    if value is None:
        return None
    return (value, value, value) if low is None else (value, low, high)


def transitions(path: Path, matrices: Mapping[str, Floats]) -> None:
    """Draw pitch-class transition matrices side by side, as shares of each set's transitions on one scale of colours.

    `matrices`: counts (12, 12) from row to column, by set. Raises `QuartetError` without any.
    """
    if not matrices:
        raise QuartetError(f"{path.name}: no sets found; a picture needs one at least.")
    shares = {name: counts / max(1.0, counts.sum()) for name, counts in matrices.items()}
    highest = max(float(matrix.max()) for matrix in shares.values()) or 1.0
    with matplotlib.style.context(["default", STYLE]):
        columns = min(3, len(shares))
        rows = -(-len(shares) // columns)
        figure = Figure(figsize=(12, 0.6 + 3.7 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        image = None
        for axes, (name, matrix) in zip(panels, shares.items(), strict=False):
            image = axes.imshow(matrix, vmin=0, vmax=highest, cmap="cividis")
            axes.set_title(name.replace("_", " "))
            axes.set_xticks(range(12), PITCH_CLASSES)
            axes.set_yticks(range(12), PITCH_CLASSES)
            axes.tick_params(length=0, labelsize=7)
        for axes in panels[len(shares) :]:
            axes.set_visible(False)
        figure.supxlabel("To pitch class")
        figure.supylabel("From pitch class")
        assert image is not None
        bar = figure.colorbar(image, ax=panels.tolist(), shrink=0.6, format=lambda share, _: f"{100 * share:.3g} %")
        bar.set_label("Share of transitions")
        plots.save(figure, path)


def step_distances(path: Path, distances: Mapping[str, Floats]) -> None:
    """Draw how far each point of a path is from the one before it: the median, and the middle 90 % as a band.

    `distances`: shares of cells (paths, steps), by the kind of path. Raises `QuartetError` without paths.
    """
    plots.check_sets(path, distances)
    if not all(of.size for of in distances.values()):
        raise QuartetError(f"{path.name}: no paths found; a picture needs one at least.")
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.subplots()
        for (name, of), colour in zip(distances.items(), (plots.PART_COLOURS[3], *SET_COLOURS), strict=False):
            low, middle, high = np.quantile(of, [0.05, 0.5, 0.95], axis=0)
            places = np.arange(of.shape[1])
            axes.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(places, middle, "o-", color=colour, label=name)
        steps = next(iter(distances.values())).shape[1]
        axes.set_xticks(range(steps), [f"{k} \u2192 {k + 1}" for k in range(steps)])
        axes.set_ylim(0, 1)
        axes.grid(True, axis="y")
        axes.set_xlabel("From point to point of a path, 0 is its beginning")
        axes.set_ylabel("Share of cells that change")
        axes.legend(loc="upper right")
        plots.save(figure, path)


def kl_by_dimension(path: Path, kl: Floats) -> None:
    """Draw the divergence of each dimension from the prior, in nats, largest first; (latent_dim,)."""
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.bar(np.arange(1, len(kl) + 1), np.sort(kl)[::-1], width=1.0, color=plots.PART_COLOURS[3])
        axes.set_xlim(0.5, len(kl) + 0.5)
        axes.grid(True, axis="y")
        axes.set_title(f"{kl.sum():.1f} nats per phrase in {len(kl)} dimensions")
        axes.set_xlabel("Dimension of the code, by rank")
        axes.set_ylabel("KL divergence, nats")
        plots.save(figure, path)


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
    of = np.array([by_id[id] for id in phrases.pieces.tolist()])
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 6.4), layout="constrained")
        axes = figure.subplots()
        colours = (*plots.PART_COLOURS, *SET_COLOURS[1:])
        for index, composer in enumerate(sorted(set(of.tolist()))):
            chosen = places[of == composer]
            # More composers than colours: the same colours again, with another marker.
            marker = "o^s"[index // len(colours) % 3]
            colour = colours[index % len(colours)]
            axes.scatter(
                chosen[:, 0], chosen[:, 1], s=9, alpha=0.6, linewidths=0, c=colour, marker=marker, label=composer
            )
        axes.grid(True)
        axes.set_xlabel(f"First principal component ({100 * explained[0]:.1f} % of the variance)")
        second = explained[1] if len(explained) > 1 else 0.0
        axes.set_ylabel(f"Second ({100 * second:.1f} %)")
        axes.set_title(f"Codes of {len(mean):,} phrases that training never saw")
        axes.legend(loc="upper right", markerscale=2)
        plots.save(figure, path)
