"""Loss curves, and what the weight of the divergence decides, as PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from quartetvae.errors import TrainingError
from quartetvae.io.picture import STYLE, save
from quartetvae.plots.colours import ACCENT, SECOND, SET_COLOURS, check_sets

_TRAINING_PANELS = {
    "loss": "Loss",
    "reconstruction": "Reconstruction",
    "kl": "KL divergence",
}


def training_curve(path: Path, history: Mapping[str, Sequence[float]]) -> None:
    """Draw loss, reconstruction and KL divergence over epochs, for training and validation.

    Parameters
    ----------
    history
        `epoch`, `loss`, `reconstruction` and `kl`, and the same with `val_` before the last three names unless
        there was no validation: sequences of one length; all but the first in nats per phrase.

    Raises
    ------
    TrainingError
        If a sequence is missing, empty, or longer or shorter than the others.
    """
    validated = any(name.startswith("val_") for name in history)
    names = [*_TRAINING_PANELS, *(f"val_{name}" for name in _TRAINING_PANELS if validated)]
    lengths = {name: len(history[name]) if name in history else 0 for name in ["epoch", *names]}
    if min(lengths.values()) == 0 or len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise TrainingError(f"{path.name}: epochs found: {found}; every sequence needs the same number, one at least.")

    epochs = np.asarray(history["epoch"])
    lines: list[tuple[str, str, str, Any]] = [("training", "", ACCENT, "-")]
    if validated:
        lines.append(("validation", "val_", SECOND, "--"))
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 3.8), layout="constrained")
        panels = figure.subplots(1, len(_TRAINING_PANELS))
        for axes, (name, label) in zip(panels, _TRAINING_PANELS.items(), strict=True):
            axes.set_title(label)
            for _, prefix, colour, dashes in lines:
                # A line through one epoch would not show.
                marker = "o" if len(epochs) == 1 else None
                axes.plot(epochs, history[prefix + name], color=colour, linestyle=dashes, marker=marker)
            axes.grid(True)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
            axes.set_xlabel("Epoch")
        panels[0].set_ylabel("Nats per phrase")
        handles = [Line2D([], [], color=colour, linestyle=dashes, label=label) for label, _, colour, dashes in lines]
        if validated:
            best = epochs[int(np.argmin(history["val_loss"]))]
            for axes in panels:
                axes.axvline(best, color="#666666", linewidth=0.9, linestyle=":")
            label = f"lowest validation loss (epoch {best:g})"
            handles.append(Line2D([], [], color="#666666", linewidth=0.9, linestyle=":", label=label))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        save(figure, path)


def operating_points(path: Path, curves: Mapping[str, Sequence[tuple[str, float, float]]]) -> None:
    """Draw onset F1 against KL divergence: what a code costs and what it gives back.

    Parameters
    ----------
    curves
        By name: points in order, each a label, the KL divergence in nats per phrase, and the onset F1.

    Raises
    ------
    QuartetError
        If there are no curves or more than there are colours.
    """
    check_sets(path, curves)
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 4.8), layout="constrained")
        axes = figure.subplots()
        colours = [ACCENT, *SET_COLOURS[1:]][: len(curves)]
        for (name, points), colour in zip(curves.items(), colours, strict=True):
            axes.plot([x for _, x, _ in points], [y for _, _, y in points], "o-", color=colour, label=name)
            for label, x, y in points:
                axes.annotate(label, (x, y), (6, -10), textcoords="offset points", fontsize=8)
        axes.grid(True)
        axes.set_xlabel("KL divergence, nats per phrase")
        axes.set_ylabel("Onset F1")
        axes.set_ylim(top=1)
        axes.set_title("Faithful or smooth: test works, by beta")
        axes.legend(loc="lower right")
        save(figure, path)
