"""Pitches and pitch classes of sets of phrases, as PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from quartetvae.errors import QuartetError
from quartetvae.io.piano_roll import octaves, pitch_name
from quartetvae.io.picture import STYLE, save
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES
from quartetvae.music.notes import PITCH_CLASSES
from quartetvae.plots.colours import SET_COLOURS, check_sets, described

Floats = NDArray[np.float64]

FIFTHS = [7 * step % 12 for step in range(-1, 11)]
"""Pitch classes from F up in fifths: what a key has lies side by side."""

FIFTHS_NAMES = [PITCH_CLASSES[pitch_class] for pitch_class in FIFTHS]


def shared(one: Floats, other: Floats) -> float:
    """Tell how much two distributions have in common: the sum of the lower shares, 0 to 1.

    >>> shared(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.0, 0.5]))
    0.5
    """
    return float(np.minimum(one, other).sum())


def pitch_distribution(path: Path, sets: Mapping[str, Tokens], alphabet: Alphabet) -> None:
    """Draw how often each part plays each pitch, a row for each set of phrases: the paper's figure 1.

    Parameters
    ----------
    sets
        Phrases, shape (phrases, steps, columns), by the name of their set. The first is the grey area behind each of
        the others, with the share that they have in common; alone it has a row of its own. Shares are of the onsets of
        one part of one set; a part without onsets says so.

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
    first, *others = sets
    shares = {name: count / np.maximum(1, count.sum(axis=1, keepdims=True)) for name, count in counts.items()}

    with matplotlib.style.context(["default", STYLE]):
        rows = others or [first]
        figure = Figure(figsize=(12, 1.3 + 1.05 * len(rows)), layout="constrained")
        panels = figure.subplots(len(rows), VOICES, sharex=True, sharey=True, squeeze=False)
        for row, (name, line) in enumerate(zip(rows, panels, strict=True)):
            for part, axes in enumerate(line):
                axes.stairs(shares[first][part], edges, fill=True, color=SET_COLOURS[0], alpha=0.5, linewidth=0)
                beside = "" if shares[name][part].any() else "no notes"
                if name != first and not beside:
                    axes.stairs(shares[name][part], edges, color=SET_COLOURS[row + 1], linewidth=1.3)
                    beside = f"{100 * shared(shares[first][part], shares[name][part]):.0f} %"
                axes.text(0.98, 0.9, beside, transform=axes.transAxes, ha="right", va="top", fontsize=9)
                axes.grid(True, axis="x")
            line[0].set_ylabel(described(name), rotation=0, ha="right", va="center", labelpad=10)
        for axes, player in zip(panels[0], DEFAULT_ENSEMBLE.parts, strict=True):
            axes.set_title(player.name, color=player.colour, fontweight="bold")
        axes = panels[0, 0]
        axes.set_xlim(low, high)
        axes.set_ylim(bottom=0)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(FixedLocator(octaves(low, high)))
        axes.xaxis.set_major_formatter(lambda pitch, _: pitch_name(round(pitch)))
        title = f"Which pitches the parts play: grey is {first.replace('_', ' ')} music, in percent what both share"
        figure.suptitle(title if others else "Which pitches the parts play", x=0.005, horizontalalignment="left")
        save(figure, path)


def pitch_classes(path: Path, sets: Mapping[str, Sequence[float | None]]) -> None:
    """Draw the shares of the 12 pitch classes as a table of shades, a row for each set, in the order of fifths.

    Parameters
    ----------
    sets
        12 shares from C to B by the name of their set, as `metrics.paper.figures` gives them; None leaves a cell empty.
        Beside each row but the first stands what it has in common with the first.

    Raises
    ------
    QuartetError
        If there are no sets or more than there are colours, or one does not have 12 shares.
    """
    check_sets(path, sets)
    for name, shares in sets.items():
        if len(shares) != 12:
            raise QuartetError(f"{path.name}, set '{name}': {len(shares)} shares found; 12 are needed, from C to B.")
    table = np.array([[np.nan if share is None else share for share in shares] for shares in sets.values()])
    table = table[:, FIFTHS]
    highest = float(np.nanmax(table, initial=0.0)) or 1.0
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 1.2 + 0.62 * len(sets)), layout="constrained")
        axes = figure.subplots()
        axes.imshow(np.ma.masked_invalid(table), cmap="Blues", vmin=0, vmax=highest, aspect="auto")
        for (row, column), share in np.ndenumerate(table):
            if not np.isnan(share):
                colour = "white" if share > 0.7 * highest else "#333333"
                axes.text(column, row, f"{100 * share:.1f}", ha="center", va="center", color=colour)
        for row in range(len(sets)):
            if not table[row].any() or np.isnan(table[row]).all():
                beside = "no notes"
            else:
                common = shared(np.nan_to_num(table[0]), np.nan_to_num(table[row]))
                beside = f"{100 * common:.0f} % shared" if row else ""
            axes.text(11.65, row, beside, va="center", color="#333333")
        axes.set_xticks(range(12), FIFTHS_NAMES)
        axes.set_yticks(range(len(sets)), [described(name) for name in sets])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("Pitch class, in the order of fifths")
        first = next(iter(sets)).replace("_", " ")
        figure.suptitle(
            f"Share of the onsets of each pitch class, in percent; at the right what a set shares with {first} music",
            x=0.005,
            horizontalalignment="left",
        )
        save(figure, path)


def _pitch_counts(phrases: Tokens, alphabet: Alphabet) -> NDArray[np.int64]:
    """Count the onsets of each pitch in each part, shape (4, pitches)."""
    struck = codec.struck(phrases, alphabet)
    parts = [struck[..., part::VOICES].ravel() for part in range(VOICES)]
    return np.stack([np.bincount(part, minlength=alphabet.size)[: alphabet.pitches] for part in parts])
