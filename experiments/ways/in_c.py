"""Music in C: its key is found, and it is moved to C major or a minor and back, so that no key is learned but one.

Conventions
-----------
Phrases and windows are uint8, (phrases, steps, columns). One is moved by -6 to 5 semitones, whatever its range: moved
music has an alphabet of its own, wider by `FARTHEST` semitones at both ends.
"""

import dataclasses
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae.composing import keys
from quartetvae.corpus.windows import Windows
from quartetvae.evaluation.between import Ends, Way
from quartetvae.metrics import tonality
from quartetvae.model.autoencoder import Autoencoder
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Grid

FARTHEST = 6

Semitones = NDArray[np.int64]
"""By which each phrase is moved, (phrases,)."""


def wide(alphabet: Alphabet) -> Alphabet:
    """Give the alphabet of moved music."""
    return Alphabet(alphabet.pitch_min - FARTHEST, alphabet.pitch_max + FARTHEST)


def shifts(phrases: Tokens, alphabet: Alphabet) -> Semitones:
    """Find the semitones, -6 to 5, by which each phrase comes to C."""
    found = keys.scales(tonality.pitch_class_counts(phrases, alphabet))
    return np.asarray((FARTHEST - found) % 12 - FARTHEST)


def moved(phrases: Tokens, semitones: Semitones, of: Alphabet, to: Alphabet) -> Tokens:
    """Move phrases and write them in another alphabet; a pitch that is not in it is moved by octaves."""
    held = phrases >= of.held
    pitched = held | (phrases < of.rest)
    found = codec.struck(phrases, of) + (of.pitch_min - to.pitch_min + semitones[:, None, None])
    found = np.where(found < 0, found % 12, found)
    found = np.where(found >= to.pitches, to.pitches - 12 + (found - to.pitches) % 12, found)
    others = phrases.astype(np.int64) - of.rest + to.rest
    return np.where(pitched, found + to.held * held, others).astype(np.uint8)


@dataclass(frozen=True)
class WindowsInC:
    """Windows for training, each moved to C."""

    windows: Windows

    @property
    def grid(self) -> Grid:
        """The grid of moved music."""
        return dataclasses.replace(self.windows.grid, alphabet=wide(self.windows.grid.alphabet))

    @property
    def steps(self) -> int:
        """Grid steps of a window."""
        return self.windows.steps

    def __len__(self) -> int:
        return len(self.windows)

    def mixed(self, size: int, *, seed: int, epoch: int, count: int) -> Generator[Tokens]:
        """Give the batches of an epoch in a mixed order."""
        for batch in self.windows.mixed(size, seed=seed, epoch=epoch, count=count):
            yield to_c(batch, self.windows.grid.alphabet)

    def in_order(self, size: int, *, count: int) -> Generator[Tokens]:
        """Give the batches of the first `count` windows."""
        for batch in self.windows.in_order(size, count=count):
            yield to_c(batch, self.windows.grid.alphabet)


def to_c(phrases: Tokens, alphabet: Alphabet) -> Tokens:
    """Move phrases to C, each from its own key."""
    return moved(phrases, shifts(phrases, alphabet), alphabet, wide(alphabet))


def made_in_c(way: Way) -> Way:
    """Make in C what a way makes, of A in C and B moved along with it; then back to A's key."""

    def make(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
        semitones, to = shifts(ends.a, ends.alphabet), wide(ends.alphabet)
        a, b = (moved(end, semitones, ends.alphabet, to) for end in (ends.a, ends.b))
        made = way.make(model, dataclasses.replace(ends, a=a, b=b, alphabet=to), rng)
        return moved(made, -semitones, to, ends.alphabet)

    return dataclasses.replace(way, make=make)
