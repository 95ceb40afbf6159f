"""Loss curves, and what the weight of the divergence decides, as PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from quartetvae import config
from quartetvae.errors import TrainingError
from quartetvae.io.picture import STYLE, save
from quartetvae.plots import labels
from quartetvae.plots.colours import ACCENT, SECOND, SET_COLOURS, check_sets

_TRAINING_PANELS = {
    "loss": "Loss",
    "reconstruction": "Reconstruction",
    "kl": "KL divergence",
}


def beta_rises(train: config.Train) -> list[tuple[float, float]]:
    """Tell from where to where beta rises in the course of a training, in epochs: once in each of its cycles."""
    cycle = train.epochs / train.beta_cycles
    return [(k * cycle, (k + train.beta_warmup) * cycle) for k in range(train.beta_cycles) if train.beta_warmup]


def training_curve(
    path: Path, history: Mapping[str, Sequence[float]], rises: Sequence[tuple[float, float]] = ()
) -> None:
    """Draw loss, reconstruction and KL divergence over epochs, for training and validation, on logarithmic scales.

    Parameters
    ----------
    history
        `epoch`, `loss`, `reconstruction` and `kl`, and the same with `val_` before the last three names unless
        there was no validation: sequences of one length; all but the first in nats per phrase. Epoch 1 ends at 1:
        validation is measured there, training is the mean of the epoch.
    rises
        From where to where, in epochs, beta rises, as `beta_rises` gives them: shaded.

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
            for begin, end in rises:
                axes.axvspan(begin, min(end, epochs[-1]), color="#E9D8A6", alpha=0.6, linewidth=0)
            axes.grid(True)
            axes.set_xlim(0, epochs[-1] * 1.02)
            values = np.concatenate([history[prefix + name] for _, prefix, _, _ in lines])
            if (values > 0).all():
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7)))
                axes.yaxis.set_major_formatter(lambda nats, _: f"{nats:g}")
                axes.yaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
            axes.set_xlabel("Epoch")
        panels[0].set_ylabel("Nats per phrase")
        handles: list[Line2D | Patch] = [
            Line2D([], [], color=colour, linestyle=dashes, label=label) for label, _, colour, dashes in lines
        ]
        if validated:
            best = epochs[int(np.argmin(history["val_loss"]))]
            for axes in panels:
                axes.axvline(best, color="#666666", linewidth=0.9, linestyle=":")
            label = f"lowest validation loss (epoch {best:g})"
            handles.append(Line2D([], [], color="#666666", linewidth=0.9, linestyle=":", label=label))
        if rises:
            handles.append(Patch(color="#E9D8A6", alpha=0.6, label="beta, the weight of the KL divergence, rises"))
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
        axes.grid(True)
        axes.set_xlabel("What a code costs: KL divergence, nats per phrase")
        axes.set_ylabel("What comes back: onset F1")
        axes.set_ylim(top=1.06)
        axes.margins(x=0.08)
        axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1])
        axes.set_title("Faithful or smooth: test works, by beta")
        axes.legend(loc="lower right")
        named = [(f"\N{GREEK SMALL LETTER BETA} {label}", x, y) for points in curves.values() for label, x, y in points]
        labels.place(figure, axes, named, lines=[[(x, y) for _, x, y in points] for points in curves.values()])
        save(figure, path)
