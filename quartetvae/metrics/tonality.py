"""In which keys is music? Major and natural minor scales, and the notes of phrases that lie in them.

Conventions
-----------
Phrases are uint8, shape (phrases, steps, columns), tokens over `codec.Alphabet`. Each onset counts once, whatever its
length; a note held from before is one, too.
"""

import numpy as np
from numpy.typing import NDArray

from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens

Floats = NDArray[np.float64]

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_NATURAL_MINOR = (0, 2, 3, 5, 7, 8, 10)


def scale_consistency(phrases: Tokens, alphabet: Alphabet) -> Floats:
    """Give the largest share of a phrase's notes that lie in one scale, of the 12 major and 12 natural minor ones.

    Each onset counts once, whatever its length. This is the definition of muspy
    (https://salu133445.github.io/muspy/metrics.html#muspy.scale_consistency), after Mogren, C-RNN-GAN, 2016; its
    minor is the natural one, which has the pitch classes of the relative major.

    Returns
    -------
    NDArray
        Shape (phrases,), 7/12..1 (the mean over the 12 major scales is 7/12), or NaN for a phrase without notes.
    """
    counts = pitch_class_counts(phrases, alphabet)
    notes = counts.sum(axis=1)
    shares = np.full(len(phrases), np.nan)
    np.divide((counts @ _scales().T).max(axis=1), notes, out=shares, where=notes > 0)
    return shares


def scale(phrases: Tokens, alphabet: Alphabet) -> NDArray[np.int64]:
    """Find the major scale that most notes of a phrase lie in, by its tonic's pitch class (C: 0): shape (phrases,).

    Of several the first; 0 for a phrase without notes.
    """
    return np.asarray((pitch_class_counts(phrases, alphabet) @ major_scales().T).argmax(axis=1))


def pitch_class_counts(phrases: Tokens, alphabet: Alphabet) -> NDArray[np.int64]:
    """Count the onsets of each pitch class, (phrases, 12)."""
    codec.check_phrases(phrases, alphabet)
    phrases = codec.struck(phrases, alphabet)
    phrase, step, column = np.nonzero(codec.onset_mask(phrases, alphabet))
    pitch_class = (phrases[phrase, step, column].astype(np.int64) + alphabet.pitch_min) % 12
    return np.bincount(phrase * 12 + pitch_class, minlength=len(phrases) * 12).reshape(-1, 12)


def major_scales() -> NDArray[np.int64]:
    """Mark which pitch classes belong to the major scales, by their tonics from C on: 0 or 1, shape (12, 12)."""
    return _scales()[::2]


def _scales() -> NDArray[np.int64]:
    """Mark which pitch classes belong to the scales, 0 or 1, shape (24, 12)."""
    masks = np.zeros((2, 12), dtype=np.int64)
    masks[0, list(_MAJOR)] = 1
    masks[1, list(_NATURAL_MINOR)] = 1
    return np.concatenate([np.roll(masks, root, axis=1) for root in range(12)])
