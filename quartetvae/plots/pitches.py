"""Pitches and pitch classes of sets of phrases, as PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from quartetvae.errors import QuartetError
from quartetvae.io.piano_roll import octaves, pitch_name
from quartetvae.io.picture import STYLE, save
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES
from quartetvae.music.notes import PITCH_CLASSES
from quartetvae.plots.colours import SET_COLOURS, SET_DASHES, check_sets


def pitch_distribution(path: Path, sets: Mapping[str, Tokens], alphabet: Alphabet) -> None:
    """Draw how often each part plays each pitch, in each set of phrases: the paper's figure 1.

    Parameters
    ----------
    sets
        Phrases, shape (phrases, steps, columns), by the name of their set; the first is drawn as an area, the others as
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
        for part, (axes, player) in enumerate(zip(panels.flat, DEFAULT_ENSEMBLE.parts, strict=True)):
            axes.set_title(player.name, color=player.colour, fontweight="bold")
            for index, count in enumerate(counts.values()):
                if count[part].any():
                    _steps(axes, count[part] / count[part].sum(), edges, index)
            axes.grid(True)
        axes = panels[0, 0]
        axes.set_xlim(low, high)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(FixedLocator(octaves(low, high)))
        axes.xaxis.set_major_formatter(lambda pitch, _: pitch_name(round(pitch)))
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


def _pitch_counts(phrases: Tokens, alphabet: Alphabet) -> NDArray[np.int64]:
    """Count the onsets of each pitch in each part, shape (4, pitches)."""
    struck = codec.struck(phrases, alphabet)
    parts = [struck[..., part::VOICES].ravel() for part in range(VOICES)]
    return np.stack([np.bincount(part, minlength=alphabet.size)[: alphabet.pitches] for part in parts])


def _steps(axes: Axes, shares: NDArray[Any], edges: NDArray[np.float64], index: int) -> None:
    if index == 0:
        axes.stairs(shares, edges, fill=True, color=SET_COLOURS[0], alpha=0.45, linewidth=0)
    else:
        axes.stairs(shares, edges, color=SET_COLOURS[index], linestyle=SET_DASHES[index], linewidth=1.4)


def _set_handles(sets: Mapping[str, bool], *, lines: bool) -> list[Patch | Line2D]:
    """Make legend entries of sets, by name and whether they have notes."""
    handles: list[Patch | Line2D] = []
    for index, (name, sounds) in enumerate(sets.items()):
        label = name if sounds else f"{name} (no notes)"
        if lines and index > 0:
            handles.append(Line2D([], [], color=SET_COLOURS[index], linestyle=SET_DASHES[index], label=label))
        else:
            handles.append(Patch(color=SET_COLOURS[index], alpha=0.45 if lines else 1, linewidth=0, label=label))
    return handles
