"""What a corpus becomes: encoded pieces with their splits, and sets of phrases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quartetvae.config import Phrases
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid, Piece

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a piece comes from."""

    source: str
    work_id: str
    """The same for all pieces of a work, from whatever source: the id of the first one in its preferred source."""


@dataclass(frozen=True)
class Pieces:
    """All encoded pieces, the split of each, and how the split was made."""

    pieces: tuple[Piece, ...]
    splits: tuple[str, ...]
    grid: Grid
    tail_share: float
    """Share of the augmented training phrases, from their end, that becomes the validation set; usually 0."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Of the pieces of a corpus, by id."""

    def source(self, piece: Piece) -> str:
        """Tell where a piece comes from; "" if nothing is known of it."""
        return self.origins[piece.id].source if piece.id in self.origins else ""

    def in_split(self, split: str) -> list[Piece]:
        """List the pieces of one split."""
        return [piece for piece, name in zip(self.pieces, self.splits, strict=True) if name == split]


class Cut(Protocol):
    """Phrases, in memory or not: what their tokens mean, and how long they are."""

    @property
    def grid(self) -> Grid:
        """The grid of their steps, and the alphabet."""

    @property
    def steps(self) -> int:
        """Grid steps of a phrase."""


@dataclass(frozen=True)
class PhraseSet:
    """Phrases of one split.

    tokens : uint8, shape (phrases, steps, columns)
    pieces : ids, shape (phrases,), of dtype object: one string for all phrases of a piece
    starts : first step in the piece, int32, shape (phrases,)
    semitones : transposition, int8, shape (phrases,)
    form : how they were cut
    """

    tokens: Tokens
    pieces: NDArray[Any]
    starts: NDArray[Any]
    semitones: NDArray[Any]
    grid: Grid
    form: Phrases

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def steps(self) -> int:
        """Grid steps of a phrase."""
        return int(self.tokens.shape[1])

    def spread(self, count: int) -> "PhraseSet":
        """Take so many of the phrases, from the first to the last at even distances; all if there are no more."""
        rows = np.unique(np.linspace(0, len(self) - 1, count).round().astype(int))
        return self.take(rows)

    def take(self, rows: NDArray[Any] | slice) -> "PhraseSet":
        """Take some of the phrases, by index, mask or slice."""
        return PhraseSet(
            self.tokens[rows], self.pieces[rows], self.starts[rows], self.semitones[rows], self.grid, self.form
        )


def join(sets: Sequence[PhraseSet]) -> PhraseSet:
    """Put one set after the other; they must share a grid and a length."""
    return PhraseSet(
        np.concatenate([s.tokens for s in sets]),
        np.concatenate([s.pieces for s in sets]),
        np.concatenate([s.starts for s in sets]),
        np.concatenate([s.semitones for s in sets]),
        sets[0].grid,
        sets[0].form,
    )
