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
from quartetvae.music.quartet import Grid
from quartetvae.plots import colours, pitches
from quartetvae.plots.colours import SET_COLOURS, described

Floats = NDArray[np.float64]


NAMES: Mapping[Feature, str] = {
    "pitch_count": "different pitches",
    "pitch_class_histogram": "pitch classes",
    "pitch_class_transition_matrix": "pitch class to pitch class",
    "pitch_range": "pitch range",
    "pitch_interval": "size of intervals",
    "note_count": "notes",
    "inter_onset_interval_beats": "beats from onset to onset",
    "note_length_histogram": "note lengths",
    "note_length_transition_matrix": "note length to note length",
}
"""Features of metrics/evaluate.json, for people."""


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
    colour_of = dict(zip(others, SET_COLOURS[1:], strict=False))
    ranked = sorted(others, key=lambda name: -(others[name]["mean_overlap"] or 0.0))
    # What tells the sets from real music most stands at the bottom.
    sorted_features = sorted(comparison.FEATURES, key=lambda feature: -_lowest(others, feature))
    rows: list[Feature | Literal["mean"]] = ["mean", *sorted_features]
    band = {row: at * (len(ranked) + 1.5) + (1.0 if at else 0.0) for at, row in enumerate(rows)}
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 1.6 + 0.115 * len(rows) * (len(ranked) + 1.5)), layout="constrained")
        axes = figure.subplots()
        lowest = 1.0
        for at, row in enumerate(rows):
            edges = band[row] - 0.9, band[row] + len(ranked) - 0.1
            axes.axhspan(*edges, color="#F4F1EA" if at else "#E9E3D7", linewidth=0)
            if (ceiling := _interval(figures[excerpts.REAL], row)) is not None:
                axes.plot([ceiling[0]] * 2, edges, color=SET_COLOURS[0], linewidth=3, solid_capstyle="butt")
            for index, name in enumerate(ranked):
                if (found := _interval(others[name], row)) is None:
                    continue
                value, low, high = found
                lowest = min(lowest, low)
                axes.plot([low, high], [band[row] + index] * 2, color=colour_of[name], linewidth=1.6)
                axes.plot([value], [band[row] + index], "o", color=colour_of[name], markersize=5)
        middle = (len(ranked) - 1) / 2
        names = ["mean of all", *(NAMES[feature] for feature in sorted_features)]
        axes.set_yticks([band[row] + middle for row in rows], names)
        axes.get_yticklabels()[0].set_fontweight("bold")
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(band[rows[-1]] + len(ranked), -1.2)
        axes.set_xlim(min(0.9, max(0.0, np.floor(10 * lowest) / 10)), 1)
        axes.grid(True, axis="x")
        axes.set_xlabel(f"Overlap with {reference}: 1 is no difference; lines are 95 % intervals")
        handles = [Line2D([], [], color=SET_COLOURS[0], linewidth=3, label=f"the ceiling\nother {reference}")]
        handles += [Line2D([], [], color=colour_of[name], marker="o", label=described(name)) for name in ranked]
        figure.legend(handles=handles, loc="outside right upper", labelspacing=1.2)
        title = f"How like {reference}, feature by feature; the best set first"
        figure.suptitle(title, x=0.005, horizontalalignment="left")
        save(figure, path)


def _lowest(sets: Mapping[str, SetLikeness], feature: Feature) -> float:
    """Find the lowest overlap that a set has by a feature; 1 if none has any."""
    found = [likeness[feature]["overlap"] for likeness in sets.values()]
    return min((overlap for overlap in found if overlap is not None), default=1.0)


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

    Pitch classes stand in the order of fifths, so that what one key has lies together; the first set comes first, then
    the others by what they have in common with it.

    `matrices`: counts (12, 12) from row to column, by set. Raises `QuartetError` without any.
    """
    if not matrices:
        raise QuartetError(f"{path.name}: no sets found; a picture needs one at least.")
    fifths = np.ix_(pitches.FIFTHS, pitches.FIFTHS)
    shares = {name: (counts / max(1.0, counts.sum()))[fifths] for name, counts in matrices.items()}
    first, *others = shares
    common = {name: pitches.shared(shares[first], shares[name]) for name in others}
    order = [first, *sorted(others, key=lambda name: -common[name])]
    highest = max(float(matrix.max()) for matrix in shares.values()) or 1.0
    with matplotlib.style.context(["default", STYLE]):
        columns = min(3, len(shares))
        rows = -(-len(shares) // columns)
        figure = Figure(figsize=(12, 0.9 + 3.75 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        image = None
        for axes, name in zip(panels, order, strict=False):
            # By the square root: what a part does most, repeat a pitch, would else leave the rest in the dark.
            image = axes.imshow(shares[name], norm=PowerNorm(0.5, vmin=0, vmax=highest), cmap="Blues")
            about = described(name).replace("\n", " ").removeprefix(name.replace("_", " ")).strip()
            beside = f", {100 * common[name]:.0f} % shared" if name in common else ""
            axes.set_title(f"{name.replace('_', ' ')}{beside}\n{about}", fontsize=9)
            axes.set_xticks(range(12), pitches.FIFTHS_NAMES)
            axes.set_yticks(range(12), pitches.FIFTHS_NAMES)
            axes.tick_params(length=0, labelsize=7)
        for axes in panels[len(shares) :]:
            axes.set_visible(False)
        figure.supxlabel("To pitch class, in the order of fifths", fontsize=9)
        figure.supylabel("From pitch class", fontsize=9)
        assert image is not None
        bar = figure.colorbar(image, ax=panels.tolist(), shrink=0.6, format=lambda share, _: f"{100 * share:.3g} %")
        bar.set_label("Share of transitions")
        figure.suptitle(
            "Which pitch class follows which: the diagonal repeats, beside it lie fifths",
            x=0.005,
            horizontalalignment="left",
        )
        save(figure, path)
