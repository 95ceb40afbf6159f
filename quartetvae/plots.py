"""Pictures of phrases, training and figures, as PNG files.

Conventions
-----------
Every function takes the path to write first. Drawing is by matplotlib's Agg on `Figure` objects, without pyplot, in
matplotlib's own default style: no display, no state, and the same arguments give the same bytes (with one version of
matplotlib). Times are in beats (quarter notes), pitches in MIDI numbers, labelled by name (C4 is 60).

Colours are after Okabe and Ito's (Color Universal Design, 2008), which the colour-blind can tell apart: one for each
part in every picture, others for sets of phrases. Lines differ in their dashes too.
"""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from quartetvae import codec
from quartetvae.codec import Alphabet, Tokens
from quartetvae.errors import CodecError, QuartetError, TrainingError
from quartetvae.files import replacing
from quartetvae.metrics.paper import PITCH_CLASSES

DPI = 120

PART_COLOURS = ("#D55E00", "#E69F00", "#009E73", "#0072B2")
"""Violin I vermillion, violin II orange, viola green, cello blue."""

SET_COLOURS = ("#8C8C8C", "#CC79A7", "#56B4E9", "#000000", "#B8A900", "#5D3A9B")
"""The first set, real music as a rule, is grey: what the others are held against."""

SET_DASHES: tuple[Any, ...] = ("-", "-", (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (2, 2)))

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

_TRAINING_PANELS = {
    "loss": "Loss",
    "reconstruction": "Reconstruction",
    "kl": "KL divergence",
}


def piano_roll(
    path: Path,
    rows: Sequence[tuple[str, Tokens]],
    alphabet: Alphabet,
    *,
    steps_per_beat: int,
    title: str,
) -> None:
    """Draw part arrays below one another as piano rolls over one time axis and one range of pitches.

    Parameters
    ----------
    rows
        A label and a part array, shape (steps, 4), for each roll, from the top down. Rolls may differ in length.

    Raises
    ------
    CodecError
        If there are no rows or no steps, or a row is not a part array over the alphabet.
    """
    steps = max((len(tokens) for _, tokens in rows), default=0)
    if steps == 0:
        raise CodecError(f"{path.name}: {len(rows)} rows with {steps} steps found; a picture needs one step at least.")
    bars = [note_bars(tokens, alphabet, steps_per_beat) for _, tokens in rows]
    pitches = np.concatenate([part[:, :, 1].ravel() for row in bars for part in row])
    low, high = (pitches.min() - 1, pitches.max() + 1) if pitches.size else (alphabet.pitch_min, alphabet.pitch_max)
    beats = steps / steps_per_beat

    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 1.2 + 1.9 * len(rows)), layout="constrained")
        panels = figure.subplots(len(rows), sharex=True, sharey=True, squeeze=False)[:, 0]
        for axes, (label, _), row in zip(panels, rows, bars, strict=True):
            axes.set_title(label)
            for part, colour in zip(row, PART_COLOURS, strict=True):
                # Part-transparent, so that a unison shows as a mixture; not snapped to pixels, so that all bars are
                # of one height.
                axes.add_collection(PolyCollection(list(part), facecolors=colour, linewidths=0, alpha=0.85, snap=False))
            axes.grid(True)
        panels[0].set_xlim(0, beats)
        panels[0].set_ylim(low, high)
        panels[0].xaxis.set_major_locator(MultipleLocator(_tick_distance(beats)))
        panels[0].yaxis.set_major_locator(FixedLocator(_octaves(low, high)))
        panels[0].yaxis.set_major_formatter(lambda pitch, _: _pitch_name(round(pitch)))
        panels[-1].set_xlabel("Beat")
        figure.suptitle(title, x=0.005, horizontalalignment="left")
        handles = [Patch(color=c, label=n) for c, n in zip(PART_COLOURS, codec.PART_NAMES, strict=True)]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        save(figure, path)


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
    lines: list[tuple[str, str, str, Any]] = [("training", "", PART_COLOURS[3], "-")]
    if validated:
        lines.append(("validation", "val_", PART_COLOURS[0], "--"))
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


def pitch_distribution(path: Path, sets: Mapping[str, Tokens], alphabet: Alphabet) -> None:
    """Draw how often each part plays each pitch, in each set of phrases: the paper's figure 1.

    Parameters
    ----------
    sets
        Phrases, shape (phrases, steps, 4), by the name of their set; the first is drawn as an area, the others as
        lines over it. Shares are of the onsets of one part of one set; a part without onsets is left out.

    Raises
    ------
    QuartetError
        If there are no sets or more than there are colours, or one does not hold phrases over the alphabet.
    """
    check_sets(path, sets)
    for phrases in sets.values():
        codec.check_phrases(phrases, alphabet)
    counts = {name: _pitch_counts(phrases, alphabet) for name, phrases in sets.items()}
    edges = np.arange(alphabet.pitch_min - 0.5, alphabet.pitch_max + 1.5)
    used = np.flatnonzero(sum(count.sum(axis=0) for count in counts.values()))
    low, high = (edges[used[0]] - 1, edges[used[-1] + 1] + 1) if len(used) else (edges[0], edges[-1])

    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 6.2), layout="constrained")
        panels = figure.subplots(2, 2, sharex=True, sharey=True)
        for part, (axes, label) in enumerate(zip(panels.flat, codec.PART_NAMES, strict=True)):
            axes.set_title(label, color=PART_COLOURS[part], fontweight="bold")
            for index, count in enumerate(counts.values()):
                if count[part].any():
                    _steps(axes, count[part] / count[part].sum(), edges, index)
            axes.grid(True)
        axes = panels[0, 0]
        axes.set_xlim(low, high)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(FixedLocator(_octaves(low, high)))
        axes.xaxis.set_major_formatter(lambda pitch, _: _pitch_name(round(pitch)))
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
        for axes in panels[-1]:
            axes.set_xlabel("Pitch")
        for axes in panels[:, 0]:
            axes.set_ylabel("Share of onsets")
        labels = {name: bool(count.any()) for name, count in counts.items()}
        figure.legend(handles=_set_handles(labels, lines=True), loc="outside lower center", ncols=len(sets))
        save(figure, path)


def pitch_classes(path: Path, sets: Mapping[str, Sequence[float | None]]) -> None:
    """Draw the shares of the 12 pitch classes as bars, one beside the other for the sets.

    Parameters
    ----------
    sets
        12 shares from C to B by the name of their set, as `metrics.paper.figures` gives them; None draws no bar.

    Raises
    ------
    QuartetError
        If there are no sets or more than there are colours, or one does not have 12 shares.
    """
    check_sets(path, sets)
    for name, shares in sets.items():
        if len(shares) != 12:
            raise QuartetError(f"{path.name}, set '{name}': {len(shares)} shares found; 12 are needed, from C to B.")
    width = 0.8 / len(sets)
    heights = {name: [share or 0.0 for share in shares] for name, shares in sets.items()}
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 3.8), layout="constrained")
        axes = figure.subplots()
        for index, values in enumerate(heights.values()):
            centres = np.arange(12) + (index - (len(sets) - 1) / 2) * width
            axes.bar(centres, values, width=0.9 * width, color=SET_COLOURS[index])
        axes.set_xticks(range(12), PITCH_CLASSES)
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.6, 11.6)
        axes.grid(True, axis="y")
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
        axes.set_xlabel("Pitch class")
        axes.set_ylabel("Share of onsets")
        labels = {name: any(values) for name, values in heights.items()}
        figure.legend(handles=_set_handles(labels, lines=False), loc="outside lower center", ncols=len(sets))
        save(figure, path)


def scores(path: Path, blocks: Sequence[Mapping[str, Mapping[str, Mapping[str, float | None]]]], *, title: str) -> None:
    """Draw token accuracy and onset F1 of groups of phrases as points, one group below the other.

    Parameters
    ----------
    blocks
        Groups that belong together (parts, composers ...), with a gap between blocks: by the name of the group, then of
        the set of phrases (`test`, `validation`), its `token_accuracy` and `onset_f1`. None draws no point; the first
        set has its figures written beside.

    Raises
    ------
    QuartetError
        If there is no group, or more sets than there are colours.
    """
    rows = [(block, name, sets) for block, groups in enumerate(blocks) for name, sets in groups.items()]
    if not rows:
        raise QuartetError(f"{path.name}: no groups found; a picture needs one at least.")
    names = list(dict.fromkeys(name for _, _, sets in rows for name in sets))
    check_sets(path, dict.fromkeys(names))
    panels = {"token_accuracy": "Token accuracy", "onset_f1": "Onset F1"}
    heights = [row + 0.5 * block for row, (block, _, _) in enumerate(rows)]
    lowest = 1.0
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 1.5 + 0.3 * heights[-1]), layout="constrained")
        both = figure.subplots(1, 2, sharey=True, sharex=True)
        for axes, (key, label) in zip(both, panels.items(), strict=True):
            axes.set_title(label)
            for height, (_, _, sets) in zip(heights, rows, strict=True):
                for name, figures in reversed(list(sets.items())):
                    value = figures[key]
                    if value is None:
                        continue
                    lowest = min(lowest, value)
                    first = name == names[0]
                    colour = PART_COLOURS[3] if first else SET_COLOURS[names.index(name) - 1]
                    axes.plot([value], [height], "o", color=colour, markersize=7 if first else 5, clip_on=False)
                    if first:
                        beside: dict[str, Any] = {"textcoords": "offset points", "va": "bottom", "ha": "center"}
                        axes.annotate(f"{value:.3f}", (value, height), (0, 3.5), fontsize=7, **beside)
            axes.grid(True)
        both[0].set_xlim(max(0.0, np.floor(20 * lowest - 0.2) / 20), 1)
        both[0].set_yticks(heights, [name for _, name, _ in rows])
        both[0].set_ylim(heights[-1] + 0.7, -0.9)
        figure.suptitle(title, x=0.005, horizontalalignment="left")
        colours = [PART_COLOURS[3], *SET_COLOURS][: len(names)]
        dots = [
            Line2D([], [], color=colour, marker="o", linestyle="", label=name)
            for name, colour in zip(names, colours, strict=True)
        ]
        figure.legend(handles=dots, loc="outside lower center", ncols=len(dots))
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
        colours = [PART_COLOURS[3], *SET_COLOURS[1:]][: len(curves)]
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


def note_bars(tokens: Tokens, alphabet: Alphabet, steps_per_beat: int) -> list[NDArray[np.float64]]:
    """Rectangles of the notes of each part, shape (notes, 4 corners, 2): beat and pitch."""
    rectangles = []
    for notes in codec.decode(tokens, alphabet):
        # A gap at the end keeps a repeated pitch from looking like one long note. A bar is a little higher than a
        # semitone: over five octaves it would be a hair line.
        start = notes["onset"] / steps_per_beat
        end = (notes["onset"] + notes["duration"] - 0.15) / steps_per_beat
        low, high = notes["pitch"] - 0.6, notes["pitch"] + 0.6
        corners = [(start, low), (end, low), (end, high), (start, high)]
        rectangles.append(np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1))
    return rectangles


def _pitch_counts(phrases: Tokens, alphabet: Alphabet) -> NDArray[np.int64]:
    """Onsets of each pitch in each part, shape (4, pitches)."""
    parts = phrases.reshape(-1, len(codec.PARTS)).T
    return np.stack([np.bincount(part, minlength=alphabet.size)[: alphabet.pitches] for part in parts])


def _steps(axes: Axes, shares: NDArray[Any], edges: NDArray[np.float64], index: int) -> None:
    if index == 0:
        axes.stairs(shares, edges, fill=True, color=SET_COLOURS[0], alpha=0.45, linewidth=0)
    else:
        axes.stairs(shares, edges, color=SET_COLOURS[index], linestyle=SET_DASHES[index], linewidth=1.4)


def _set_handles(sets: Mapping[str, bool], *, lines: bool) -> list[Patch | Line2D]:
    """Legend entries of sets, by name and whether they have notes."""
    handles: list[Patch | Line2D] = []
    for index, (name, sounds) in enumerate(sets.items()):
        label = name if sounds else f"{name} (no notes)"
        if lines and index > 0:
            handles.append(Line2D([], [], color=SET_COLOURS[index], linestyle=SET_DASHES[index], label=label))
        else:
            handles.append(Patch(color=SET_COLOURS[index], alpha=0.45 if lines else 1, linewidth=0, label=label))
    return handles


def check_sets(path: Path, sets: Mapping[str, Any]) -> None:
    """Raise `QuartetError` if there are no sets, or more than can be told apart."""
    if not 1 <= len(sets) <= len(SET_COLOURS):
        raise QuartetError(f"{path.name}: {len(sets)} sets found; 1 to {len(SET_COLOURS)} can be told apart.")


def _tick_distance(beats: float) -> int:
    """The power of two that puts at most 16 ticks on the axis."""
    distance = 1
    while beats / distance > 16:
        distance *= 2
    return distance


def _octaves(low: float, high: float) -> list[int]:
    """The pitches to label from `low` to `high`: every C, or the lowest pitch where there is none."""
    return [pitch for pitch in range(0, 128, 12) if low <= pitch <= high] or [int(np.ceil(low))]


def _pitch_name(pitch: int) -> str:
    return f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, the same bytes for the same picture."""
    FigureCanvasAgg(figure)
    with replacing(path) as temporary, warnings.catch_warnings():
        # A title in a script that the font does not have is drawn as boxes; no more is to be said of it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # No name of the writing software: its version would change the bytes.
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
