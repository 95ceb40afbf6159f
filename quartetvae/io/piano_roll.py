"""Piano rolls of part arrays, as PNG files.

Conventions
-----------
Times are in beats (quarter notes), pitches in MIDI numbers, labelled by name (C4 is 60). Each part has its colour of
the ensemble, as in every picture.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MultipleLocator
from numpy.typing import NDArray

from quartetvae.errors import CodecError
from quartetvae.io.picture import STYLE, save
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.notes import PITCH_CLASSES

GAP = 0.15 / 4
"""Between two notes of one pitch, in beats; half of a note at most."""


def draw(
    path: Path,
    rows: Sequence[tuple[str, Tokens]],
    alphabet: Alphabet,
    *,
    steps_per_beat: int,
    title: str,
    ensemble: Ensemble = DEFAULT_ENSEMBLE,
) -> None:
    """Draw part arrays below one another as piano rolls over one time axis and one range of pitches.

    Parameters
    ----------
    rows
        A label and a part array, shape (steps, columns), for each roll, from the top down. Rolls may differ in length.

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
            for part, colour in zip(row, ensemble.colours, strict=True):
                # Part-transparent, so that a unison shows as a mixture; not snapped to pixels, so that all bars are
                # of one height.
                axes.add_collection(PolyCollection(list(part), facecolors=colour, linewidths=0, alpha=0.85, snap=False))
            axes.grid(True)
        panels[0].set_xlim(0, beats)
        panels[0].set_ylim(low, high)
        panels[0].xaxis.set_major_locator(MultipleLocator(_tick_distance(beats)))
        panels[0].yaxis.set_major_locator(FixedLocator(octaves(low, high)))
        panels[0].yaxis.set_major_formatter(lambda pitch, _: pitch_name(round(pitch)))
        panels[-1].set_xlabel("Beat")
        figure.suptitle(title, x=0.005, horizontalalignment="left")
        handles = [Patch(color=part.colour, label=part.name) for part in ensemble.parts]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        save(figure, path)


def note_bars(tokens: Tokens, alphabet: Alphabet, steps_per_beat: int) -> list[NDArray[np.float64]]:
    """Give rectangles of the notes of each part, shape (notes, 4 corners, 2): beat and pitch."""
    rectangles = []
    for notes in codec.decode(tokens, alphabet):
        # A gap at the end, the same on every grid, keeps a repeated pitch from looking like one long note. A bar is a
        # little higher than a semitone: over five octaves it would be a hair line.
        gap = np.minimum(GAP * steps_per_beat, notes["duration"] / 2)
        start = notes["onset"] / steps_per_beat
        end = (notes["onset"] + notes["duration"] - gap) / steps_per_beat
        low, high = notes["pitch"] - 0.6, notes["pitch"] + 0.6
        corners = [(start, low), (end, low), (end, high), (start, high)]
        rectangles.append(np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1))
    return rectangles


def _tick_distance(beats: float) -> int:
    """Choose the power of two that puts at most 16 ticks on the axis."""
    distance = 1
    while beats / distance > 16:
        distance *= 2
    return distance


def octaves(low: float, high: float) -> list[int]:
    """Choose the pitches to label from `low` to `high`: every C, or the lowest pitch where there is none."""
    return [pitch for pitch in range(0, 128, 12) if low <= pitch <= high] or [int(np.ceil(low))]


def pitch_name(pitch: int) -> str:
    """Name a MIDI pitch.

    >>> pitch_name(60)
    'C4'
    """
    return f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"
