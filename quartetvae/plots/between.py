"""A picture of what lies between two pieces: how easily it is told from real music, and how much of both it keeps.

Conventions are those of `quartetvae.io.picture`.
"""

from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

from quartetvae.errors import QuartetError
from quartetvae.io.picture import STYLE, save
from quartetvae.metrics.figures import BetweenFigures, ToldApart
from quartetvae.plots import colours

CEILING = "real"


def told_apart(path: Path, figures: BetweenFigures) -> None:
    """Draw the area under the classifier's ROC curve, with its interval, against the mean of what both ends keep.

    A set without an area, or without both shares, has no point; the ceiling is a line. Labels stand in a column beside
    the points, in the order of the areas. Raises `QuartetError` if no set has a point.
    """
    points = sorted(
        ((told["auc"], (a + b) / 2, name) for name, told, a, b in _known(figures) if told["auc"] is not None),
        key=lambda point: point[:2],
    )
    if not points:
        raise QuartetError(f"{path.name}: no set with an area and kept onsets found; a picture needs one at least.")
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(9, 5.4), layout="constrained")
        axes = figure.subplots()
        lowest, highest = min(0.45, points[0][0] - 0.05), 1.02
        apart = (highest - lowest) / (len(points) + 1)
        for rank, (auc, kept, name) in enumerate(points):
            told = figures["two_sample"][name]
            if told["low"] is not None and told["high"] is not None:
                axes.plot([kept] * 2, [told["low"], told["high"]], color=colours.ACCENT, linewidth=1.4)
            axes.plot([kept], [auc], "o", color=colours.ACCENT, markersize=5)
            axes.annotate(
                name.replace("_", " "),
                (kept, auc),
                xytext=(1.03, lowest + apart * (rank + 1)),
                textcoords=axes.get_yaxis_transform(),
                va="center",
                arrowprops={"arrowstyle": "-", "color": "#BBBBBB", "linewidth": 0.6},
                annotation_clip=False,
            )
        ceiling = figures["two_sample"][CEILING]["auc"]
        if ceiling is not None:
            axes.axhline(ceiling, color=colours.SET_COLOURS[0], linewidth=3, zorder=0)
        axes.set_xlim(0, 1)
        axes.set_ylim(lowest, highest)
        axes.grid(True)
        axes.set_xlabel("Onsets kept, mean of both ends")
        axes.set_ylabel("Told from real music: AUC (grey: real music)")
        save(figure, path)


def _known(figures: BetweenFigures) -> list[tuple[str, ToldApart, float, float]]:
    return [
        (name, figures["two_sample"][name], kept["a"], kept["b"])
        for name, kept in figures["kept"].items()
        if name != CEILING and kept["a"] is not None and kept["b"] is not None
    ]
