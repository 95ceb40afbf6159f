"""Figures as PNG files: one style for all, the same bytes for the same picture.

Conventions
-----------
Drawing is by matplotlib's Agg on `Figure` objects, without pyplot, in matplotlib's own default style with `STYLE` over
it: no display, no state, and the same arguments give the same bytes (with one version of matplotlib). Functions that
draw take the path to write first.
"""

import warnings
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from quartetvae.files import replacing

DPI = 120

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": "#333333",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 9,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign in a file's name is no formula
    "xtick.color": "#666666",
    "xtick.labelcolor": "#333333",
    "ytick.color": "#666666",
    "ytick.labelcolor": "#333333",
}


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, the same bytes for the same picture."""
    FigureCanvasAgg(figure)
    with replacing(path) as temporary, warnings.catch_warnings():
        # A title in a script that the font does not have is drawn as boxes; no more is to be said of it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # No name of the writing software: its version would change the bytes.
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
