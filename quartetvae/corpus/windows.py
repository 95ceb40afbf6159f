"""Windows of pieces for training, cut and transposed as they are asked for: a table of them all would be gigabytes.

They have the methods of `quartetvae.corpus.streams.PhraseStream`.
"""

import dataclasses
from collections.abc import Generator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.corpus import phrases
from quartetvae.corpus.phrases import Plan
from quartetvae.corpus.records import Pieces
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid


@dataclasses.dataclass(frozen=True)
class Windows:
    """The windows of one split, in all its transpositions; none reaches beyond a piece that is longer."""

    plan: Plan

    @property
    def grid(self) -> Grid:
        """The grid of their steps, and the alphabet."""
        return self.plan.grid

    @property
    def steps(self) -> int:
        """Grid steps of a window."""
        return self.plan.form.beats_per_phrase * self.grid.steps_per_beat

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """List all windows: the transposition, in semitones, and the number in the plan, (windows, 2)."""
        lengths = np.array([len(piece.tokens) for piece in self.plan.pieces])[self.plan.numbers]
        whole = (self.plan.starts + self.steps <= lengths) | (self.plan.starts == 0)
        found = [np.zeros((0, 2), np.int64)]
        for semitones in self.plan.copies:
            fits = (self.plan.lowest + semitones >= 0) & (self.plan.highest + semitones < self.grid.alphabet.pitches)
            windows = np.flatnonzero(fits & whole)
            found.append(np.stack([np.full(len(windows), semitones), windows], axis=1))
        return np.concatenate(found)

    @cached_property
    def _music(self) -> tuple[Tokens, Tokens, NDArray[np.int64]]:
        """Put all pieces one after the other, rests between them: cells as they are, as a window begins, and where."""
        alphabet = self.grid.alphabet
        rests = np.full((self.steps, self.grid.columns), alphabet.rest, np.uint8)
        padded = [np.concatenate([piece.tokens, rests]) for piece in self.plan.pieces]
        begun = [phrases.as_begun(tokens, alphabet) for tokens in padded]
        ends = np.cumsum([0, *(len(tokens) for tokens in padded)])
        return np.concatenate(padded), np.concatenate(begun), ends[:-1]

    def _cut(self, places: NDArray[np.int64]) -> Tokens:
        tokens, begun, offsets = self._music
        alphabet, windows = self.grid.alphabet, places[:, 1]
        at = offsets[self.plan.numbers[windows]] + self.plan.starts[windows]
        found: Tokens = tokens[at[:, None] + np.arange(self.steps)]
        found[:, 0] = begun[at]
        pitched = (found < alphabet.rest) | (found >= alphabet.held)
        # They fit: see `_places`. Downwards by a sum that wraps.
        moved = found + (places[:, 0] % 256).astype(np.uint8)[:, None, None]
        return np.where(pitched, moved, found).astype(np.uint8)

    def mixed(self, size: int, *, seed: int, epoch: int, count: int) -> Generator[Tokens]:
        """Give the batches of an epoch, uint8, (size, steps, columns); the last one may be smaller."""
        order = np.random.default_rng([seed, epoch]).permutation(len(self))[:count]
        for start in range(0, count, size):
            yield self._cut(self._places[order[start : start + size]])

    def in_order(self, size: int, *, count: int) -> Generator[Tokens]:
        """Give the batches of the first `count` windows."""
        for start in range(0, count, size):
            yield self._cut(self._places[start : min(start + size, count)])


def of(pieces: Pieces, form: config.Phrases, augment: config.Augment) -> dict[str, Windows]:
    """Make the windows of each split; those for training in all transpositions and at every `augment.hop_steps`.

    Notes that are moved one by one, `augment.kind: noise`, are no music to learn from: windows are not augmented then.

    Raises
    ------
    DatasetError
        If a window is longer than every piece, or nothing is left to train on.
    """
    if augment.kind == "noise":
        augment = augment.model_copy(update={"kind": "none"})
    return {name: Windows(plan) for name, plan in phrases.plan(pieces, form, augment).items()}
