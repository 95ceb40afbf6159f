"""Outlines: what is known of pieces beside their tokens, of which a large corpus has more than memory holds."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from quartetvae.music.codec import Losses
from quartetvae.music.quartet import Piece


@dataclass(frozen=True, slots=True)
class Outline:
    """A piece without its tokens."""

    id: str
    composer: str
    work: str
    steps: int
    losses: Losses
    """What encoding it changed."""
    symbols: bytes
    """The tokens that it has, each once, sorted."""


def outline(piece: Piece, losses: Losses | None = None) -> Outline:
    """Outline a piece; without `losses` as if encoding had changed nothing."""
    symbols = np.unique(piece.tokens).tobytes()
    return Outline(piece.id, piece.composer, piece.work, len(piece.tokens), losses or Losses(), symbols)


def outlines(pieces: Iterable[Piece]) -> list[Outline]:
    """Outline pieces, as if encoding had changed nothing."""
    return [outline(piece) for piece in pieces]
