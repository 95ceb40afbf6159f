"""A bigram model per part: how surprising is a phrase, in nats?

Conventions
-----------
Phrases are uint8, shape (phrases, steps, columns), tokens over `codec.Alphabet`. The columns (parts, and the parts'
second notes) have a model each and do not see one another. A symbol (a pitch, rest or sustain; a held pitch where
phrases begin with them) depends on the symbol one step before it in its column, the first one on a start mark:

    p(x | previous) = (count(previous, x) + alpha) / (count(previous) + alpha * symbols)

with add-alpha (Lidstone) smoothing, so that no phrase is impossible (Manning & Schuetze, Foundations of Statistical
Natural Language Processing, 1999, section 6.2.2). After a sustain the model has forgotten the pitch that is held: it
is a yardstick, not a good model of music. MusicVAE judges its interpolations with a language model in the same way
(Roberts et al., ICML 2018).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import CodecError
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens

ALPHA = 0.1
"""Default smoothing: most pitches never follow a given one, so a whole count for each would drown what was seen."""

BATCH = 50_000
"""Phrases that are counted at once: a pair of symbols takes 16 bytes while it is counted."""


@dataclass(frozen=True)
class Bigram:
    """A fitted model; make one with `fit`."""

    alphabet: Alphabet
    log_probabilities: NDArray[np.float64]
    """Natural logarithms, (columns, symbols + 1, symbols): by previous symbol (the last: the start mark) and symbol."""

    def nats(self, phrases: Tokens) -> NDArray[np.float64]:
        """Compute the negative log-likelihood of each phrase, summed over its cells: shape (phrases,).

        Raises `CodecError` for an array that does not hold phrases over the model's alphabet, as those were that it was
        fitted on.
        """
        codec.check_phrases(phrases, self.alphabet)
        columns, _, size = self.log_probabilities.shape
        if phrases.shape[2] != columns or int(phrases.max(initial=0)) >= size:
            raise CodecError(
                f"bigram model: phrases of {phrases.shape[2]} columns and tokens up to {phrases.max(initial=0)} found; "
                f"it was fitted on {columns} columns and {size} symbols: fit it on phrases of the same kind."
            )
        total = np.zeros(len(phrases))
        for column, table in enumerate(self.log_probabilities):
            symbols = phrases[:, :, column]
            total -= table[_previous(symbols, size), symbols].sum(axis=1)
        return total


def fit(phrases: Tokens, alphabet: Alphabet, *, alpha: float = ALPHA) -> Bigram:
    """Count the pairs of neighbouring symbols in each column of the training phrases.

    Parameters
    ----------
    phrases
        Shape (phrases, steps, columns), one phrase at least.
    alpha
        What is added to each count; above 0.

    Raises
    ------
    CodecError
        If there are no phrases, the array does not hold phrases, or `alpha` is not above 0.
    """
    codec.check_phrases(phrases, alphabet)
    if phrases.size == 0:
        raise CodecError(f"bigram model: phrases of shape {phrases.shape} found; one at least is needed to count in.")
    if not alpha > 0:
        raise CodecError(f"bigram model: alpha {alpha:g} found; it must be above 0, or unseen pairs cost infinity.")
    size = alphabet.size_with_held if int(phrases.max()) >= alphabet.held else alphabet.size
    shape = (size + 1, size)
    tables = []
    for column in range(phrases.shape[2]):
        found = np.zeros(shape[0] * shape[1], dtype=np.int64)
        for start in range(0, len(phrases), BATCH):
            symbols = phrases[start : start + BATCH, :, column]
            pairs = _previous(symbols, size) * size + symbols
            found += np.bincount(pairs.ravel(), minlength=len(found))
        counts = found.reshape(shape) + alpha
        tables.append(np.log(counts / counts.sum(axis=1, keepdims=True)))
    return Bigram(alphabet, np.stack(tables))


def _previous(symbols: NDArray[np.uint8], start: int) -> NDArray[np.int64]:
    """Find the symbol before each one of (phrases, steps); the `start` mark before the first."""
    previous = np.full(symbols.shape, start, dtype=np.int64)
    previous[:, 1:] = symbols[:, :-1]
    return previous
