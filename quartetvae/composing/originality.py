"""Where composed music comes from: how much of it stands in the music that was trained on, and what is nearest to it.

Windows
-------
A window is one beat of music, on its beat grid: which pitches begin at which step, all parts together, relative to the
lowest of them. So neither key nor who plays a note counts, nor how long it is held; windows in which nothing begins
tell nothing and are left out. The originality of music is the share of its windows that training did not have; a
passage is copied if `LONG` beats of it, in which `EVENTS` notes at least begin, stand there as they are. An index keeps
of each window 32 bits: one in some ten thousand is taken for known though it is new.

The file of an index, .npz of NumPy, has `short` and `long` (of `LONG` beats), sorted hashes as differences, each from
the one before it, the first from 0: half as large as the hashes themselves. `steps_per_beat` is that of the grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.corpus.records import Pieces
from quartetvae.errors import ModelError
from quartetvae.latent import array_files
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid

FILE = "windows.npz"
LONG, EVENTS = 4, 8

Hashes = NDArray[np.uint32]


@dataclass(frozen=True)
class Index:
    """The windows of music that was trained on: hashes, each once, sorted."""

    short: Hashes
    """Of one beat."""
    long: Hashes
    """Of `LONG` beats."""
    steps_per_beat: int


@dataclass(frozen=True)
class Windows:
    """The windows of a piece in which enough begins: the beat of each, from 0, and its hash."""

    beats: NDArray[np.int64]
    hashes: Hashes


def windows(tokens: Tokens, grid: Grid, *, beats: int = 1, events: int = 1) -> Windows:
    """Hash the windows of a part array (steps, columns), `beats` long, in which `events` notes at least begin.

    There is one from each beat on, as long as it lies within the music; a last beat may be cut short.
    """
    per_beat = grid.steps_per_beat
    steps, columns = np.nonzero(tokens < grid.alphabet.rest)
    pitches = tokens[steps, columns].astype(np.int64)
    count = max(0, -(-len(tokens) // per_beat) - beats + 1)
    # Each onset lies in as many windows as a window has beats. Unisons are one event.
    first = (steps // per_beat)[:, None] - np.arange(beats)
    since = steps[:, None] - first * per_beat
    rows = np.stack([first, since, np.broadcast_to(pitches[:, None], first.shape)], axis=-1).reshape(-1, 3)
    rows = np.unique(rows[(rows[:, 0] >= 0) & (rows[:, 0] < count)], axis=0)
    owners, begins, sizes = np.unique(rows[:, 0], return_index=True, return_counts=True)
    if not len(owners):
        return Windows(owners, np.zeros(0, np.uint32))
    lowest = np.minimum.reduceat(rows[:, 2], begins)
    above = rows[:, 2] - np.repeat(lowest, sizes)
    hashes = np.add.reduceat(_mixed((rows[:, 1] * 256 + above).astype(np.uint64)), begins)
    telling = sizes >= events
    return Windows(owners[telling], (_mixed(hashes)[telling] >> np.uint64(32)).astype(np.uint32))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread numbers over 64 bits (splitmix64, Steele, Lea & Flood 2014)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def build(pieces: Pieces) -> Index:
    """Index the windows of all training pieces."""
    training = pieces.in_split("train")
    short = [windows(piece.tokens, pieces.grid).hashes for piece in training]
    long = [windows(piece.tokens, pieces.grid, beats=LONG, events=EVENTS).hashes for piece in training]
    return Index(_once(short), _once(long), pieces.grid.steps_per_beat)


def _once(hashes: Sequence[Hashes]) -> Hashes:
    return np.unique(np.concatenate([np.zeros(0, np.uint32), *hashes]))


@dataclass(frozen=True)
class Originality:
    """How much of music is new; shares are None where nothing begins."""

    originality: float | None
    """Share of the windows that training did not have."""
    copied: float | None
    """Share of the long windows that it had."""
    by_phrase: list[float | None]
    """The originality of each phrase."""


def measure(
    index: Index, tokens: Tokens, grid: Grid, *, phrase_beats: int, composed: NDArray[np.bool_] | None = None
) -> Originality:
    """Measure the originality of music, of each phrase too.

    Parameters
    ----------
    tokens
        uint8, (steps, columns).
    phrase_beats
        Beats of a phrase.
    composed
        bool, (steps,): the steps that are new, where not all are. Only windows count in which something is.

    Raises
    ------
    ModelError
        If the index is of another grid.
    """
    if index.steps_per_beat != grid.steps_per_beat:
        raise ModelError(
            f"music of {grid.steps_per_beat} steps a beat, and an index of windows of {index.steps_per_beat}; they "
            "belong to different models."
        )
    count = -(-len(tokens) // grid.steps_per_beat)
    steps = np.ones(len(tokens), np.bool_) if composed is None else composed
    new = np.zeros(count * grid.steps_per_beat, np.bool_)
    new[: len(steps)] = steps
    beat_is_new: NDArray[np.bool_] = np.logical_or.reduce(new.reshape(count, grid.steps_per_beat), axis=1)
    short = windows(tokens, grid)
    counted = beat_is_new[short.beats]
    beats, unknown = short.beats[counted], ~_among(short.hashes[counted], index.short)
    long = windows(tokens, grid, beats=LONG, events=EVENTS)
    within = np.array([beat_is_new[beat : beat + LONG].any() for beat in long.beats.tolist()], np.bool_)
    phrases = [
        _share(unknown[(beats >= first) & (beats < first + phrase_beats)]) for first in range(0, count, phrase_beats)
    ]
    return Originality(_share(unknown), _share(_among(long.hashes[within], index.long)), phrases)


def _among(hashes: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Tell which hashes are among known ones, which are sorted: `np.isin` would sort them anew for every piece."""
    places = np.searchsorted(known, hashes)
    inside = places < len(known)
    found = np.zeros(len(hashes), np.bool_)
    found[inside] = known[places[inside]] == hashes[inside]
    return found


@dataclass(frozen=True)
class Memorised:
    """How much of many phrases stands in training; shares are None where nothing begins."""

    originality: float | None
    """Share of all their windows that training did not have."""
    copied: int
    """How many phrases have a long window that stands there as it is."""


def memorised(index: Index, phrases: Tokens, grid: Grid) -> Memorised:
    """Measure phrases (phrases, steps, columns), each by itself; see `measure`."""
    short = [windows(phrase, grid).hashes for phrase in phrases]
    long = [windows(phrase, grid, beats=LONG, events=EVENTS).hashes for phrase in phrases]
    copied = sum(bool(np.isin(hashes, index.long).any()) for hashes in long)
    return Memorised(_share(~np.isin(np.concatenate([np.zeros(0, np.uint32), *short]), index.short)), copied)


def _share(those: NDArray[np.bool_]) -> float | None:
    return float(those.mean()) if len(those) else None


def write(path: Path, index: Index) -> None:
    """Write an index as .npz."""
    differences = {
        name: np.diff(of, prepend=np.uint32(0)) for name, of in (("short", index.short), ("long", index.long))
    }
    array_files.write(path, {**differences, "steps_per_beat": np.array(index.steps_per_beat, np.int32)})


def read(path: Path) -> Index:
    """Read an index; raises `ModelError`."""
    try:
        found = array_files.read(path, ("short", "long", "steps_per_beat"))
        short, long = (_hashes(found[name]) for name in ("short", "long"))
        return Index(short, long, int(found["steps_per_beat"]))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: no index of windows ({error}); the stage `describe` writes {FILE}.") from error


def _hashes(differences: NDArray[Any]) -> Hashes:
    """Add differences up; raises `ValueError` if they are none of sorted hashes."""
    if differences.ndim != 1 or differences.dtype != np.uint32:
        raise ValueError(f"{differences.dtype} of shape {differences.shape}")
    sums = np.cumsum(differences, dtype=np.uint64)
    if sums[-1:].max(initial=0) >= 2**32:
        raise ValueError("hashes of more than 32 bits")
    return sums.astype(np.uint32)
