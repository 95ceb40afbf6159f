"""A bigram model per part: how surprising is a phrase, in nats?

Conventions
-----------
Phrases are uint8, shape (phrases, steps, 4), tokens over `codec.Alphabet`. The four parts have a model each and do not
see one another. A symbol (a pitch, rest or sustain) depends on the symbol one step before it in its part, the first
one on a start mark:

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
from quartetvae.music.ensemble import VOICES

ALPHA = 0.1
"""Default smoothing: most pitches never follow a given one, so a whole count for each would drown what was seen."""

BATCH = 50_000
"""Phrases that are counted at once: a pair of symbols takes 16 bytes while it is counted."""


@dataclass(frozen=True)
class Bigram:
    """A fitted model; make one with `fit`."""

    alphabet: Alphabet
    log_probabilities: NDArray[np.float64]
    """Natural logarithms, shape (4, symbols + 1, symbols): part, previous symbol (the last is the start mark), symbol.
    """

    def nats(self, phrases: Tokens) -> NDArray[np.float64]:
        """Compute the negative log-likelihood of each phrase, summed over its cells: shape (phrases,).

        Raises `CodecError` for an array that does not hold phrases over the model's alphabet.
        """
        codec.check_phrases(phrases, self.alphabet)
        total = np.zeros(len(phrases))
        for part, table in enumerate(self.log_probabilities):
            symbols = phrases[:, :, part]
            total -= table[_previous(symbols, self.alphabet), symbols].sum(axis=1)
        return total


def fit(phrases: Tokens, alphabet: Alphabet, *, alpha: float = ALPHA) -> Bigram:
    """Count the pairs of neighbouring symbols in each part of the training phrases.

    Parameters
    ----------
    phrases
        Shape (phrases, steps, 4), one phrase at least.
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
    shape = (alphabet.size + 1, alphabet.size)
    tables = []
    for part in range(VOICES):
        found = np.zeros(shape[0] * shape[1], dtype=np.int64)
        for start in range(0, len(phrases), BATCH):
            symbols = phrases[start : start + BATCH, :, part]
            pairs = _previous(symbols, alphabet) * alphabet.size + symbols
            found += np.bincount(pairs.ravel(), minlength=len(found))
        counts = found.reshape(shape) + alpha
        tables.append(np.log(counts / counts.sum(axis=1, keepdims=True)))
    return Bigram(alphabet, np.stack(tables))


def _previous(symbols: NDArray[np.uint8], alphabet: Alphabet) -> NDArray[np.int64]:
    """Find the symbol before each one of (phrases, steps); the start mark, `alphabet.size`, before the first."""
    previous = np.full(symbols.shape, alphabet.size, dtype=np.int64)
    previous[:, 1:] = symbols[:, :-1]
    return previous
