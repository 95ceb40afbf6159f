"""A picture of what a composer writes: how it fills windows in, and how much of its bars comes again.

Conventions are those of `quartetvae.io.picture`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from quartetvae.errors import QuartetError
from quartetvae.io.picture import STYLE, save
from quartetvae.metrics.figures import ComposedFigures, Level
from quartetvae.plots import colours

COMPOSED = "composed"


def draw(path: Path, figures: ComposedFigures) -> None:
    """Draw two panels: F1 of onsets by task beside the baselines, and the likeness of bars by their distance.

    A figure that is None is left out. Raises `QuartetError` if no F1 is known.
    """
    if not any(_known(level) for ways in figures["onset_f1"].values() for level in ways.values()):
        raise QuartetError(f"{path.name}: no F1 of onsets found; a picture needs one at least.")
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(11, 4), layout="constrained")
        left, right = figure.subplots(1, 2)
        _bars(left, figures["onset_f1"])
        alike = figures["self_similarity"]
        _curve(right, alike["real"], colours.SET_COLOURS[0], "test pieces")
        _curve(right, alike["composed"], colours.ACCENT, "composed from nothing")
        right.set_title("How alike bars are")
        right.set_xlabel("Distance, bars of four beats")
        right.set_ylabel("Onsets in common (Jaccard); bands: 95 %")
        right.set_ylim(bottom=0)
        right.grid(True)
        if right.get_legend_handles_labels()[0]:
            right.legend()
        save(figure, path)


def _bars(axes: Axes, tasks: Mapping[str, Mapping[str, Level]]) -> None:
    """Draw a bar for each way of each task, from the top down, with its interval."""
    labels = []
    place = 0.0
    places = []
    for task, ways in tasks.items():
        for way, level in ways.items():
            places.append(place)
            labels.append(f"{task}: {way}" if way == COMPOSED else way)
            if level["value"] is not None:
                colour = colours.ACCENT if way == COMPOSED else colours.SET_COLOURS[0]
                axes.barh(place, level["value"], color=colour)
            if level["low"] is not None and level["high"] is not None:
                axes.plot([level["low"], level["high"]], [place, place], color="#333333", linewidth=1.4)
            place += 1
        place += 0.6
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.grid(True, axis="x")
    axes.set_title("What is unknown of windows, filled in")
    axes.set_xlabel("Onset F1; lines: 95 %")


def _curve(axes: Axes, levels: Sequence[Level], colour: str, label: str) -> None:
    """Draw levels at the distances 1, 2, ... with their intervals as a band."""
    distances = np.arange(1, len(levels) + 1)
    values, low, high = (np.array([level[name] for level in levels], np.float64) for name in ("value", "low", "high"))
    if np.isnan(values).all():
        return
    axes.plot(distances, values, "o-", color=colour, markersize=3, label=label)
    axes.fill_between(distances, low, high, color=colour, alpha=0.25, linewidth=0)


def _known(level: Level) -> bool:
    return level["value"] is not None
