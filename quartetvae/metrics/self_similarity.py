"""How much of a bar comes again in bars after it?

Conventions
-----------
Music is uint8, shape (excerpts, steps, columns), tokens over `codec.Alphabet`, cut into bars of one number of steps. A
bar is the set of its onsets (step in the bar, pitch), whoever plays them and for however long. Two bars are as alike as
their sets: what both have of what one of them has (Jaccard), 0..1; of two bars without onsets nothing can be said. An
excerpt's figure at a distance of d bars is the mean over its pairs of bars that are d apart.

After Yu et al., Museformer (NeurIPS 2022), who compare the curve of what a model writes with that of real music. There
notes have to be of one length, too, which is not asked here: notes are counted as everywhere else, by onset.
"""

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import CodecError
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens


def by_distance(music: Tokens, alphabet: Alphabet, *, bar_steps: int) -> NDArray[np.float64]:
    """Measure how alike bars are that are 1, 2, ... bars apart: (excerpts, bars - 1), NaN without onsets to compare.

    Steps after the last whole bar do not count. Raises `CodecError` if the array does not hold phrases over the
    alphabet, or there are not two bars.

    Examples
    --------
    Three bars of two steps: C and D, then C and E, then C and D again.

    >>> alphabet = Alphabet(60, 71)
    >>> music = np.full((1, 6, 4), alphabet.rest, dtype=np.uint8)
    >>> music[0, :, 0] = [0, 2, 0, 4, 0, 2]
    >>> by_distance(music, alphabet, bar_steps=2).round(3).tolist()
    [[0.333, 1.0]]
    """
    codec.check_phrases(music, alphabet)
    bars = music.shape[1] // bar_steps
    if bars < 2:
        raise CodecError(
            f"self-similarity: music of {music.shape[1]} steps in bars of {bar_steps} found; two bars at least are "
            "needed to compare."
        )
    found = np.full((len(music), bars - 1), np.nan)
    for number, tokens in enumerate(music[:, : bars * bar_steps]):
        alike = _alike(tokens, alphabet, bar_steps, bars)
        for distance in range(1, bars):
            pairs = np.diagonal(alike, distance)
            if not np.isnan(pairs).all():
                found[number, distance - 1] = np.nanmean(pairs)
    return found


def _alike(tokens: Tokens, alphabet: Alphabet, bar_steps: int, bars: int) -> NDArray[np.float64]:
    """Compare the bars of one excerpt: (bars, bars)."""
    step, column = np.nonzero(codec.onset_mask(tokens, alphabet))
    onsets = np.zeros((bars, bar_steps, alphabet.pitches))
    onsets[step // bar_steps, step % bar_steps, tokens[step, column]] = 1
    sets = onsets.reshape(bars, -1)
    common = sets @ sets.T
    size = np.diagonal(common)
    either = size[:, None] + size - common
    alike = np.full(common.shape, np.nan)
    np.divide(common, either, out=alike, where=either > 0)
    return alike
