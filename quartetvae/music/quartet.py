"""Music on a grid: a piece of a corpus, and a quartet that is ready to be written.

Conventions
-----------
`tokens` is a part array, uint8 (steps, columns of the grid); `bars` says which bar each step is in, from 0, int64
(steps,).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quartetvae.config import Chords
from quartetvae.errors import CodecError, RenderingError
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble

TEMPO_QPM = 100.0
"""Of music whose file says none."""


@dataclass(frozen=True)
class Grid:
    """What tokens mean: their alphabet, how many steps a beat (quarter note) has, and notes a part at a time."""

    steps_per_beat: int
    alphabet: Alphabet
    chords: Chords = "lowest"

    @property
    def columns(self) -> int:
        """Columns of a part array: one for each part, or two."""
        return codec.COLUMNS[self.chords]


@dataclass(frozen=True)
class Piece:
    """One encoded file: its part array and the number of the bar that each step is in (from 0)."""

    id: str
    composer: str
    work: str
    tokens: Tokens
    bars: NDArray[np.int64]


@dataclass(frozen=True)
class Quartet:
    """Music for four parts, ready to be written.

    Raises
    ------
    CodecError
        If `tokens` is no part array over the grid's alphabet with its columns.
    RenderingError
        If `bars` has another length than `tokens`, or the tempo is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> grid = Grid(4, Alphabet(36, 99))
    >>> silence = np.full((8, 4), grid.alphabet.rest, dtype=np.uint8)
    >>> Quartet(silence, grid, tempo_qpm=60.0).seconds
    2.0
    """

    tokens: Tokens
    grid: Grid
    bars: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Of each step; bars of four beats if there are none."""
    title: str = ""
    composer: str = ""
    tempo_qpm: float = TEMPO_QPM
    """Quarter notes per minute, 1 to 1000."""
    ensemble: Ensemble = DEFAULT_ENSEMBLE
    """Who plays the four parts."""

    def __post_init__(self) -> None:
        codec.check(self.tokens, self.grid.alphabet)
        if self.tokens.shape[1] != self.grid.columns:
            raise CodecError(
                f"a part array of {self.tokens.shape[1]} columns; the grid (chords '{self.grid.chords}') has "
                f"{self.grid.columns}."
            )
        if not len(self.bars):
            steps = np.arange(len(self.tokens), dtype=np.int64)
            object.__setattr__(self, "bars", steps // (4 * self.grid.steps_per_beat))
        if len(self.bars) != len(self.tokens):
            raise RenderingError(f"{len(self.tokens)} steps, but bars for {len(self.bars)}; one for each is needed.")
        if not 1 <= self.tempo_qpm <= 1000:
            raise RenderingError(f"a tempo of {self.tempo_qpm:g}; 1 to 1000 quarter notes per minute are needed.")

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.tokens) / self.grid.steps_per_beat * 60.0 / self.tempo_qpm

    def piece(self, id: str) -> Piece:
        """Give the same as a piece of a corpus."""
        return Piece(id, self.composer, self.title or id, self.tokens, self.bars)
