"""What a network looks like that fills in what is unknown of four parts, given the rest; no Keras here.

Conventions
-----------
Music comes in windows: uint8, (windows, steps, columns), cut as phrases with `boundary` `held` are. What is unknown is
bool, (windows, steps, parts): a part's columns at a step are known or not together. A window's unknown cells are chosen
one after the other, step by step and within a step from the bass upwards, each seeing all that is known of the window,
after it too, and all that was chosen before it. So the model has the probability of any filling, and with everything
unknown it is a language model of quartets.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.corpus.records import Cut
from quartetvae.errors import ModelError
from quartetvae.model import architecture as architectures
from quartetvae.model.architecture import FILE
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES
from quartetvae.music.quartet import Grid

FORMAT = 1
WEIGHTS = "weights.npz"
"""The file of weights, beside `architecture.json`: an array for each variable, by Keras' path of it."""

STEP_UNITS, SHARE_DIM, HEAD_DIM = 96, 64, 32
"""Of the dense layer over each step that reads a beat; what of its code goes to each step; of a head of attention."""

CHROMAS, HARMONIES = 4, 8
"""What a pitch is weighed by besides: so many chroma vectors, in so many ways; see `Surroundings`."""

LINES, MELODIES = ("last", "next", "below", "above"), 2
"""And, in so many ways each: the pitch before in its column, the next one there that is known, and what sounds in the
column below and in that above."""

GATES = HARMONIES + len(LINES) * MELODIES

FADING = (0.8, 0.97)
"""Of the music around: what of a beat's chroma is left a beat away, in two of the chroma vectors."""

PITCHES = 0.7
"""At which share of the temperature pitches are drawn, once a note is to begin. Chosen on validation phrases, on which
0.6 to 0.8 are told from music least; the same for rests and sustains would leave too few notes."""

Mask = NDArray[np.bool_]
"""What is unknown, (windows, steps, parts)."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ComposerArchitecture:
    """Layers (`network`), and what tokens mean (`grid`)."""

    network: config.Composer
    grid: Grid

    @property
    def beats(self) -> int:
        """Beats of a window, at most."""
        return self.network.window_beats

    @property
    def steps(self) -> int:
        """Grid steps of a window, at most."""
        return self.beats * self.grid.steps_per_beat

    @property
    def columns(self) -> int:
        """Columns of a window: one or two for each part."""
        return self.grid.columns

    @property
    def symbols(self) -> int:
        """Symbols of a cell, those of held notes among them. One more, the last, says that a cell is unknown."""
        return self.grid.alphabet.size_with_held

    @property
    def form(self) -> config.Phrases:
        """How windows are cut."""
        return config.Phrases(beats_per_phrase=self.beats, boundary="held", align="beat")

    def check(self, phrases: Cut) -> None:
        """Raise `ModelError` unless these windows are what the network was built for."""
        if (phrases.grid, phrases.steps) != (self.grid, self.steps):
            raise ModelError(
                f"windows of {phrases.steps} steps ({phrases.grid}) found; the composer was trained on {self.steps} "
                f"steps ({self.grid}). Train again (dvc repro compose) or load the one that belongs to them."
            )

    def check_windows(self, tokens: Tokens, unknown: Mask) -> None:
        """Raise `ModelError` unless these are windows of whole beats, of the network's columns, and what is unknown."""
        per_beat = self.grid.steps_per_beat
        if (
            tokens.ndim != 3
            or tokens.shape[2] != self.columns
            or not 0 < tokens.shape[1] <= self.steps
            or tokens.shape[1] % per_beat
        ):
            raise ModelError(
                f"windows of shape {tokens.shape}; (windows, steps, {self.columns}) is needed, steps a multiple of "
                f"{per_beat}, {self.steps} at most."
            )
        if unknown.shape != (*tokens.shape[:2], VOICES) or unknown.dtype != np.bool_:
            raise ModelError(
                f"what is unknown of shape {unknown.shape} ({unknown.dtype}); bool, {(*tokens.shape[:2], VOICES)} is "
                "needed: by window, step and part."
            )


@runtime_checkable
class Composer(Protocol):
    """A trained network."""

    architecture: ComposerArchitecture

    def fill(
        self,
        tokens: Tokens,
        unknown: Mask,
        *,
        temperature: float = 1.0,
        seed: int = 0,
        bias: NDArray[np.float32] | None = None,
        pitches: float = PITCHES,
    ) -> Tokens:
        """Choose what is unknown of windows; what is known comes back as it is.

        Windows may be shorter than the network's: whole beats. `bias`, broadcastable to (windows, steps, columns,
        symbols), is added to the logits. At temperature 0 the likeliest symbol is chosen; above, one is drawn from the
        softmax of the logits divided by it, window k by a generator of `seed` and k. That a note begins is drawn so;
        which pitch it has, at the share `pitches` of that temperature.
        """

    def nats(self, tokens: Tokens, unknown: Mask) -> NDArray[np.float64]:
        """Give the cross-entropy of what is unknown given what is known, summed over each window: nats, (windows,)."""


def of_columns(unknown: Mask, columns: int) -> Mask:
    """Say of each column what is said of its part: (windows, steps, parts) to (windows, steps, columns)."""
    return np.tile(unknown, columns // VOICES)


@dataclass(frozen=True)
class Surroundings:
    """What sounds around each cell, by pitch token, (windows, steps, columns); `alphabet.pitches` where nothing does.

    From these a network has the chances of intervals: between a note and what else sounds, the notes of its own column
    before and after it, and the music around; they are the same in all keys, so that none has to be learned twelve
    times. A cell may see `now` of what is chosen before it or known, `before` of the other cells, its own `last` and
    `next`.
    """

    now: Ints
    """What sounds in a cell."""
    before: Ints
    """What sounded there a step before."""
    last: Ints
    """The pitch that was last struck or held there, before this step."""
    next: Ints
    """The pitch that is next struck there, at this step or after it, among what is known."""
    known: Ints
    """What is known to sound in a cell, whatever is chosen for those that are unknown."""


def surroundings(tokens: Tokens, cells: NDArray[np.bool_], alphabet: Alphabet) -> Surroundings:
    """Look around each cell of windows (windows, steps, columns); `cells` says which are unknown, in the same shape."""
    none, places = alphabet.pitches, np.arange(tokens.shape[1])[:, None]
    struck = codec.struck(tokens, alphabet).astype(np.int64)
    pitched = struck < alphabet.rest

    def at(told: NDArray[np.bool_], symbols: Ints, *, forwards: bool = True) -> Ints:
        """Find the symbol of the nearest cell where something is told: up to this step, or from it on."""
        if forwards:
            place = np.maximum.accumulate(np.where(told, places, -1), axis=1)
        else:
            place = np.minimum.accumulate(np.where(told, places, len(places))[:, ::-1], axis=1)[:, ::-1]
        there = (place >= 0) & (place < len(places))
        symbol = np.take_along_axis(symbols, np.where(there, place, 0), axis=1)
        return np.where(there & (symbol < none), symbol, none)

    now = at(tokens != alphabet.sustain, struck)
    known = at((tokens != alphabet.sustain) | cells, np.where(cells, alphabet.rest, struck))
    nothing = np.full_like(now[:, :1], none)
    before = np.concatenate([nothing, now[:, :-1]], axis=1)
    last = np.concatenate([nothing, at(pitched, struck)[:, :-1]], axis=1)
    return Surroundings(now, before, last, at(pitched & ~cells, struck, forwards=False), known)


def chroma(pitches: Ints, none: int) -> Floats:
    """Give one-hot vectors (..., 12) of pitch tokens, in which 0 is the lowest pitch's class; zeros where none is."""
    classes = np.eye(13, 12, dtype=np.float32)
    return np.asarray(classes[np.where(pitches < none, pitches % 12, 12)])


def music_around(now: Ints, known: Ints, steps_per_beat: int, none: int) -> Floats:
    """Give the chroma of the music around each beat, fading: (windows, beats, len(FADING), 12), each a share of 1.

    Of earlier beats all, of the beat itself and later ones what is known. `now` and `known` are `Surroundings`'.
    """
    windows, steps, columns = now.shape
    by_beat = (windows, steps // steps_per_beat, steps_per_beat * columns, 12)
    whole, sure = (chroma(pitches, none).reshape(by_beat).sum(axis=2) for pitches in (now, known))
    apart = np.arange(by_beat[1])[None] - np.arange(by_beat[1])[:, None]
    found = []
    for left in FADING:
        weight = (left ** np.abs(apart)).astype(np.float32)
        earlier = np.einsum("qk,wkc->wqc", np.where(apart < 0, weight, 0), whole)
        found.append(earlier + np.einsum("qk,wkc->wqc", np.where(apart < 0, 0, weight), sure))
    together = np.stack(found, axis=2)
    return np.asarray(together / np.maximum(together.sum(axis=-1, keepdims=True), 1e-6), np.float32)


def neighbours(column: int) -> tuple[int | None, int | None]:
    """Name the columns below and above one, as parts lie; a second note has its part's first one above it."""
    part, second = column % VOICES, column >= VOICES
    return (part + 1 if part + 1 < VOICES else None), (part if second else part - 1 if part else None)


def masks(count: int, architecture: ComposerArchitecture, rng: np.random.Generator) -> Mask:
    """Draw what is unknown of training windows: what people ask for, and anything else.

    Three in ten: all from a beat on, two of five times from the first. Two in ten: some beats of some parts. Two in
    ten: whole parts, one to three. The others: beats of parts here and there, any share of them. Of three windows in
    ten all is unknown from some beat on, too, as in music that is shorter than a window. One window in three is moved
    along time, so that what is unknown also begins between beats.

    Returns
    -------
    bool, (count, steps, parts); something is unknown in each window.
    """
    beats, per_beat = architecture.beats, architecture.grid.steps_per_beat
    unknown = np.zeros((count, beats, VOICES), np.bool_)
    for window in unknown:
        kind = rng.random()
        if kind < 0.3:
            window[0 if rng.random() < 0.4 else rng.integers(1, beats) :] = True
        elif kind < 0.5:
            first, length = rng.integers(beats), rng.integers(1, beats // 2 + 1)
            window[first : first + length, _some_parts(rng, VOICES)] = True
        elif kind < 0.7:
            window[:, _some_parts(rng, VOICES - 1)] = True
        else:
            run = int(rng.choice((1, 2, 4)))
            blocks = rng.random((-(-beats // run), VOICES)) < rng.uniform(0.1, 0.9)
            blocks[rng.integers(len(blocks)), rng.integers(VOICES)] = True
            window[:] = np.repeat(blocks, run, axis=0)[:beats]
        if rng.random() < 0.3:
            window[rng.integers(1, beats + 1) :] = True
    by_step = np.repeat(unknown, per_beat, axis=1)
    for moved in np.flatnonzero(rng.random(count) < 1 / 3):
        later = np.maximum(0, np.arange(beats * per_beat) - int(rng.integers(per_beat)))
        by_step[moved] = by_step[moved][later]
    return by_step


def _some_parts(rng: np.random.Generator, most: int) -> NDArray[np.int64]:
    return rng.permutation(VOICES)[: rng.integers(1, most + 1)]


def save(folder: Path, architecture: ComposerArchitecture, weights: Mapping[str, NDArray[Any]]) -> None:
    """Write a composer's folder, of whatever size its numbers are; the same weights give the same bytes."""
    content, arrays = io.BytesIO(), dict[str, Any](weights)
    np.savez(content, **arrays)
    told = {
        "format": FORMAT,
        "composer": architecture.network.model_dump(),
        **architectures.described(architecture.grid),
    }
    architectures.write_files(folder, told, WEIGHTS, content.getvalue())


def load(folder: Path) -> tuple[ComposerArchitecture, dict[str, NDArray[np.float32]]]:
    """Read a composer's folder: what it looks like, and its weights, as float32.

    Raises
    ------
    ModelError
        If a file is missing or damaged, the two do not belong together, or a weight is not finite.
    """
    path = folder / FILE
    content: Any = None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        architectures.check_content(content, FORMAT)
        architecture = ComposerArchitecture(config.Composer(**content["composer"]), architectures.grid_of(content))
    except OSError as error:
        raise ModelError(f"{path}: no composer there; run the stage `compose` first (dvc repro compose).") from error
    except architectures.NO_ARCHITECTURE as error:
        detail = architectures.explain(error, content)
        raise ModelError(f"{path}: not the architecture of a composer ({detail}); train again.") from error
    weights, path = architectures.read_weights(folder, WEIGHTS), folder / WEIGHTS
    try:
        with np.load(io.BytesIO(weights), allow_pickle=False) as arrays:
            architectures.check_sizes({of.filename: of.file_size for of in arrays.zip.infolist()}, len(weights))
            found = {name: np.asarray(arrays[name], np.float32) for name in arrays.files}
    # zipfile and NumPy have errors of their own for files that are cut or overwritten.
    except Exception as error:
        raise ModelError(f"{path}: not a file of weights ({error}); train again (dvc repro compose).") from error
    architectures.check_finite(path, found)
    return architecture, found
