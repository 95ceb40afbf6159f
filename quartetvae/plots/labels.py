"""Labels beside points, none on top of another.

A label is tried at eight places around its point, and then further out; the first that covers no point, no line and no
label that was placed before is taken, or the one that covers least.
"""

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""Right, left, above, below, and the corners."""

DISTANCES = (7, 14, 24, 36)
"""Between a point and its label, in points of print."""

LINE = {"arrowstyle": "-", "color": "#888888", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3}
"""From a point to a label that is far."""

POINT = 5
"""Half the side of a point, in pixels."""


def place(
    figure: Figure,
    axes: Axes,
    labels: Sequence[tuple[str, float, float]],
    *,
    lines: Sequence[Sequence[tuple[float, float]]] = (),
) -> None:
    """Write labels beside their points, once the figure has its limits and all else is drawn.

    Labels are placed in their order. One that is far from its point has a thin line to it.

    Parameters
    ----------
    labels
        Text, x and y in data.
    lines
        What else is not to be covered: the corners of each line, in data.
    """
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    points = axes.transData.transform([(x, y) for _, x, y in labels]) if labels else np.zeros((0, 2))
    taken = [Bbox([point - POINT, point + POINT]) for point in points]
    for line in lines:
        corners = axes.transData.transform(line)
        for begin, end in pairwise(corners):
            count = 2 + int(np.linalg.norm(end - begin))
            taken += [Bbox([at - 1, at + 1]) for at in np.linspace(begin, end, count)]
    inside = axes.get_window_extent()
    for (text, x, y), point in zip(labels, points, strict=True):
        note = axes.annotate(text, (x, y), (0, 0), textcoords="offset points", fontsize=8, in_layout=False)
        size = np.array(note.get_window_extent().size)
        best = np.inf
        for distance, side in product(DISTANCES, SIDES):
            anchor = point + np.multiply(side, distance * figure.dpi / 72)
            # Aligned on the side towards the point.
            corner = anchor + size * (np.array(side) - 1) / 2
            box = Bbox([corner - 2, corner + size + 2])
            cost = sum(_common(box, other) for other in taken) + 4 * (_area(box) - _common(box, inside))
            if cost < best - 0.5:
                best, chosen, (across, up), reach = cost, box, side, distance
            if best <= 0.5:
                break
        note.set_position((across * reach, up * reach))
        note.set_horizontalalignment(("right", "center", "left")[across + 1])
        note.set_verticalalignment(("top", "center", "bottom")[up + 1])
        if reach > DISTANCES[1]:
            end = (across * reach, up * reach)
            axes.annotate("", (x, y), end, textcoords="offset points", in_layout=False, arrowprops=LINE)
        taken.append(chosen)


def _area(box: Bbox) -> float:
    return float(box.width * box.height)


def _common(one: Bbox, other: Bbox) -> float:
    both = Bbox.intersection(one, other)
    return 0.0 if both is None else _area(both)
