"""The four figures that the paper compares its generated music by, so that its numbers can stand beside ours.

Conventions
-----------
Phrases are uint8, shape (phrases, steps, columns), tokens over `codec.Alphabet`. A note is an onset cell, or one held
from before; notes are not weighted by length. Pitches and range of a phrase are over its four parts together; a
transition is between consecutive notes of one part within one phrase, however long the rest between them, and all
transitions count alike.

The paper (on its own, mostly training, material): median of 11 distinct pitches in the source and 8 in what it
generated; mean range 30.5 and 26.3 semitones; 25 % and 48 % of transitions on the same pitch class.
"""

import numpy as np

from quartetvae.metrics.figures import PaperFigures
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES
from quartetvae.music.notes import PITCH_CLASSES


def figures(phrases: Tokens, alphabet: Alphabet) -> PaperFigures:
    """Compute the paper's figures of a set of phrases.

    Returns
    -------
    dict
        `distinct_pitches_median` and `pitch_range_mean` (semitones, highest less lowest), over the phrases that
        have notes; `same_pitch_class_share`, of all transitions; `pitch_classes`, for each of `PITCH_CLASSES` its
        share of all onsets; `silent_phrases`, the number of those without notes. None where there is nothing to count.

    Raises
    ------
    CodecError
        If the array does not hold phrases over the alphabet.
    """
    codec.check_phrases(phrases, alphabet)
    phrases = codec.struck(phrases, alphabet)
    phrase, step, column = np.nonzero(codec.onset_mask(phrases, alphabet))
    token, part = phrases[phrase, step, column].astype(np.int64), column % VOICES
    # The notes of one part of one phrase in a row, in order of time.
    order = np.lexsort((token, step, part, phrase))
    phrase, part, token = phrase[order], part[order], token[order]
    pitch_class = (token + alphabet.pitch_min) % 12

    present = np.zeros((len(phrases), alphabet.pitches), dtype=np.bool_)
    present[phrase, token] = True
    sounding = present[present.any(axis=1)]
    highest = alphabet.pitches - 1 - sounding[:, ::-1].argmax(axis=1)
    ranges = highest - sounding.argmax(axis=1)

    voice = phrase * VOICES + part
    same_class = (pitch_class[1:] == pitch_class[:-1])[voice[1:] == voice[:-1]]
    shares = np.bincount(pitch_class, minlength=12) / len(token) if len(token) else [None] * 12
    return {
        "distinct_pitches_median": float(np.median(sounding.sum(axis=1))) if len(sounding) else None,
        "pitch_range_mean": float(ranges.mean()) if len(ranges) else None,
        "same_pitch_class_share": float(same_class.mean()) if len(same_class) else None,
        "pitch_classes": {
            name: None if share is None else float(share) for name, share in zip(PITCH_CLASSES, shares, strict=True)
        },
        "silent_phrases": len(phrases) - len(sounding),
    }
