"""Pictures of sets of music beside each other, as PNG files.

Conventions are those of `quartetvae.io.picture`. Sets keep one colour in every picture, in the order in which they
come; real music is grey.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import matplotlib.style
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from quartetvae.errors import QuartetError
from quartetvae.evaluation import excerpts
from quartetvae.io.picture import STYLE, save
from quartetvae.metrics import comparison, features
from quartetvae.metrics.figures import Feature, SetFigures, SetLikeness
from quartetvae.music.codec import Tokens
from quartetvae.music.notes import PITCH_CLASSES
from quartetvae.music.quartet import Grid
from quartetvae.plots import colours, pitches
from quartetvae.plots.colours import SET_COLOURS

Floats = NDArray[np.float64]


def draw(folder: Path, drawn: Mapping[str, Tokens], figures: Mapping[str, SetFigures], grid: Grid) -> None:
    """Write all pictures of sets: `overlap`, `transitions`, `pitch_distribution` and `pitch_classes`, all .png."""
    shown = {name: tokens for name, tokens in drawn.items() if name != excerpts.REFERENCE}
    overlap(folder / "overlap.png", figures)
    matrices = {
        name: features.features(
            features.of_phrases(tokens, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=60)
        )["pitch_class_transition_matrix"].sum(axis=0)
        for name, tokens in shown.items()
    }
    transitions(folder / "transitions.png", matrices)
    pitches.pitch_distribution(folder / "pitch_distribution.png", shown, grid.alphabet)
    shares = {name: list(figures[name]["pitch_classes"].values()) for name in shown}
    pitches.pitch_classes(folder / "pitch_classes.png", shares)


def overlap(path: Path, figures: Mapping[str, SetLikeness], *, reference: str = "real music") -> None:
    """Draw the overlap of each set with real music, by feature, with 95 % intervals; real music's own is the ceiling.

    Parameters
    ----------
    figures
        By set what `metrics.comparison.compare` gives; `real` is the ceiling. A feature without overlap has no point.
    reference
        What the sets are compared with, for the axis.

    Raises
    ------
    QuartetError
        If there is no set `real`, or no other, or more than there are colours.
    """
    others = {name: likeness for name, likeness in figures.items() if name != excerpts.REAL}
    if len(others) == len(figures):
        raise QuartetError(f"{path.name}: no set '{excerpts.REAL}' found; it is the ceiling for all others.")
    colours.check_sets(path, others)
    rows: list[Feature | Literal["mean"]] = [*comparison.FEATURES, "mean"]
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 1.6 + 0.16 * len(rows) * (len(others) + 1)), layout="constrained")
        axes = figure.subplots()
        lowest = 1.0
        for row, feature in enumerate(rows):
            if (ceiling := _interval(figures[excerpts.REAL], feature)) is not None:
                axes.plot([ceiling[0]] * 2, [row - 0.4, row + 0.4], color=SET_COLOURS[0], linewidth=3)
            for index, likeness in enumerate(others.values()):
                if (found := _interval(likeness, feature)) is None:
                    continue
                height = row + 0.7 * ((index + 0.5) / len(others) - 0.5)
                value, low, high = found
                lowest = min(lowest, low)
                axes.plot([low, high], [height] * 2, color=SET_COLOURS[index + 1], linewidth=1.4)
                axes.plot([value], [height], "o", color=SET_COLOURS[index + 1], markersize=5)
        axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(min(0.9, max(0.0, np.floor(10 * lowest) / 10)), 1)
        axes.grid(True, axis="x")
        axes.axhline(len(rows) - 1.5, color="#666666", linewidth=0.8)
        axes.set_xlabel(f"Overlap with {reference}")
        names = [name.replace("_", " ") for name in others]
        handles = [
            Line2D([], [], color=colour, marker="o", label=name)
            for name, colour in zip(names, SET_COLOURS[1:], strict=False)
        ]
        handles.append(Line2D([], [], color=SET_COLOURS[0], linewidth=3, label=f"other {reference} (the ceiling)"))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        save(figure, path)


def _interval(figures: SetLikeness, feature: Feature | Literal["mean"]) -> tuple[float, float, float] | None:
    """Give an overlap and its interval, or the overlap alone three times."""
    if feature == "mean":
        value, low, high = figures["mean_overlap"], figures["mean_low"], figures["mean_high"]
    else:
        value, low, high = figures[feature]["overlap"], figures[feature]["low"], figures[feature]["high"]
    if value is None:
        return None
    return (value, value, value) if low is None or high is None else (value, low, high)


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
            # By the square root: what a part does most, repeat a pitch, would else leave the rest in the dark.
            image = axes.imshow(matrix, norm=PowerNorm(0.5, vmin=0, vmax=highest), cmap="cividis")
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
        save(figure, path)
