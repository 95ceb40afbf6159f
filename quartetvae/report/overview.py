"""All paths of a report in one picture, small: a row for each, from the one original to the other."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from quartetvae.errors import RenderingError
from quartetvae.io import piano_roll
from quartetvae.io.picture import STYLE, save
from quartetvae.report.players import Player

ROW_HEIGHT, WIDTH = 0.62, 12.0
"""Inches."""


def draw(path: Path, players: Sequence[Player]) -> None:
    """Draw the piano rolls of paths, each row on a range of pitches of its own.

    Raises
    ------
    RenderingError
        If there are no paths, or they differ in their number of stops.
    """
    counts = {len(player.stops) for player in players}
    if len(counts) != 1:
        raise RenderingError(
            f"{path.name}: {len(players)} paths of {sorted(counts)} stops; paths of one number of stops are needed."
        )
    (count,) = counts
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(WIDTH, 0.5 + ROW_HEIGHT * len(players)), layout="constrained")
        grid = figure.subplots(len(players), count, sharex="row", sharey="row", squeeze=False)
        for row, player in zip(grid, players, strict=True):
            for axes, stop in zip(row, player.stops, strict=True):
                music = stop.music
                bars = piano_roll.note_bars(music.tokens, music.grid.alphabet, music.grid.steps_per_beat)
                for part, colour in zip(bars, music.ensemble.colours, strict=True):
                    axes.add_collection(PolyCollection(list(part), facecolors=colour, linewidths=0, alpha=0.85))
                axes.set_xticks([])
                axes.set_yticks([])
            pitches = np.concatenate(
                [stop.music.tokens[stop.music.tokens < stop.music.grid.alphabet.rest] for stop in player.stops]
            )
            first = player.stops[0].music
            lowest = first.grid.alphabet.pitch_min
            low, high = (pitches.min() + lowest, pitches.max() + lowest) if pitches.size else (60, 72)
            row[0].set_ylim(low - 2, high + 2)
            row[0].set_xlim(0, len(first.tokens) / first.grid.steps_per_beat)
            names = f"{first.composer}\n\N{RIGHTWARDS ARROW} {player.stops[-1].music.composer}"
            row[0].set_ylabel(names, rotation=0, horizontalalignment="right", verticalalignment="center")
        for axes, stop in zip(grid[0], players[0].stops, strict=True):
            axes.set_title(f"{stop.label} {stop.kind}")
        save(figure, path)
