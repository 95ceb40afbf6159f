"""What is asked of a composer: to fill in what is unknown of a window of music, given what is known.

Conventions
-----------
Windows are uint8, (windows, steps, columns), phrases with boundary `held`: the first step may hold tokens of notes held
from before. What is unknown is bool, (windows, steps, 4), by step and part; a part's columns are p and p + 4.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid


@dataclass(frozen=True)
class ComposerArchitecture:
    """What tokens mean (`grid`), and how long a window is (`beats`)."""

    grid: Grid
    beats: int

    @property
    def steps(self) -> int:
        """Grid steps of a window."""
        return self.beats * self.grid.steps_per_beat

    @property
    def columns(self) -> int:
        """Columns of a window."""
        return self.grid.columns

    @property
    def symbols(self) -> int:
        """Symbols of a cell, those of held notes among them."""
        return self.grid.alphabet.size_with_held


class Composer(Protocol):
    """A trained composer."""

    architecture: ComposerArchitecture

    def fill(
        self,
        tokens: Tokens,
        unknown: NDArray[np.bool_],
        *,
        temperature: float = 1.0,
        seed: int = 0,
        bias: NDArray[np.float32] | None = None,
    ) -> Tokens:
        """Fill in the unknown cells; the known ones come back untouched.

        `bias`, broadcastable to (windows, steps, columns, symbols), is added to the logits before drawing; -1e9 forbids
        a symbol. Window k is drawn by a generator of [seed, k].
        """

    def nats(self, tokens: Tokens, unknown: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Give the nats of the unknown cells given the known ones: (windows,)."""
