"""The key dial: how much likelier the pitches of a key are to be drawn.

Conventions
-----------
A dial is `free`, `auto` (the key of the music that is given) or the name of a key, as `C major`, `a minor`, `F# minor`.
It adds strength * log(12 * profile) to the logit of each pitch, where the profile is the share of each pitch class: of
the music's onsets, each class counted once more than it occurs, or of a key (Krumhansl & Kessler 1982). Even shares add
nothing. Rests, sustains and notes held from before stay as they are. With `strict` no other pitch is drawn or held than
those of the key, of a minor one its raised sixth and seventh among them; of music, than those that it has.
"""

import re

import numpy as np
from numpy.typing import NDArray

from quartetvae.corpus.phrases import transpose
from quartetvae.errors import ArgumentError
from quartetvae.metrics import tonality
from quartetvae.music.codec import Alphabet, Tokens

FORBIDDEN = np.float32(-1e9)
"""Added to the logit of what may not be."""

FREE, AUTO = "free", "auto"

SHIFTS = tuple(sorted(range(-6, 6), key=abs))
"""Semitones by which music may be moved to another key; of equally good ones the first counts."""

Profile = NDArray[np.float64]
"""The share of each pitch class, from C, (12,)."""

# Krumhansl & Kessler, Tracing the dynamic changes in perceived tonal organization, 1982: probe tones, from the tonic.
_RATINGS = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 9, 10, 11)}
_NATURAL = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SIGNS = {"": 0, "#": 1, "\N{MUSIC SHARP SIGN}": 1, "sharp": 1, "b": -1, "\N{MUSIC FLAT SIGN}": -1, "flat": -1}
_NAME = re.compile(rf"\s*([a-g])[\s-]?({'|'.join(filter(None, _SIGNS))}|)[\s-]+(major|minor)\s*", re.IGNORECASE)


def parse(name: str) -> tuple[int, str]:
    """Read the name of a key: its tonic's pitch class and its mode.

    Raises
    ------
    ArgumentError
        If it is none.

    Examples
    --------
    >>> parse("F# minor"), parse("E flat major"), parse("b minor")
    ((6, 'minor'), (3, 'major'), (11, 'minor'))
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ArgumentError(
            f"key '{name}'; {FREE}, {AUTO} or the name of a key, as 'C major', 'a minor', 'F# minor', is needed."
        )
    letter, sign, mode = (group.lower() for group in found.groups())
    return (_NATURAL[letter] + _SIGNS[sign]) % 12, mode


def counts(tokens: Tokens, alphabet: Alphabet) -> NDArray[np.int64]:
    """Count the onsets of each pitch class of a part array (steps, columns): (12,)."""
    return np.asarray(tonality.pitch_class_counts(tokens[None], alphabet)[0])


def to_key(music: Tokens, of: Tokens, alphabet: Alphabet) -> Tokens:
    """Move music by the shift within -6..5 semitones that brings its pitch classes closest to those of other music.

    Both are part arrays, (pieces, steps, columns), of as many pieces. Closest: the highest correlation of the counts of
    onsets by pitch class; of several the smallest step. No pitch may leave the alphabet; music without notes, or beside
    music without any, stays as it is.
    """
    own, wanted = (tonality.pitch_class_counts(tokens, alphabet) for tokens in (music, of))
    # Mean and spread of the counts are the same in every key: the sum of products alone tells what correlates best.
    fits = np.stack([(np.roll(own, shift, axis=1) * wanted).sum(axis=1) for shift in SHIFTS], axis=1)
    moved, stays = (
        np.stack(found, axis=1) for found in zip(*(transpose(music, shift, alphabet) for shift in SHIFTS), strict=True)
    )
    best = np.where(stays, fits, -1).argmax(axis=1)
    return np.asarray(moved[np.arange(len(music)), best])


def scales(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the key of each row of counts of pitch classes, (rows, 12), as a major scale: its tonic's class, (rows,).

    It is the key with whose ratings the counts correlate best (Krumhansl, Cognitive Foundations of Musical Pitch, 1990,
    chapter 4), of several the first; a minor key counts as its relative major. 0 for a row without notes.
    """
    minor = [np.roll(_RATINGS["minor"], tonic - 3) for tonic in range(12)]
    ratings = np.array([*(np.roll(_RATINGS["major"], tonic) for tonic in range(12)), *minor])
    ratings -= ratings.mean(axis=1, keepdims=True)
    ratings /= np.linalg.norm(ratings, axis=1, keepdims=True)
    # The spread of the counts is the same for all keys: the product alone tells which correlates best.
    return np.asarray((counts @ ratings.T).round(9).argmax(axis=1) % 12)


def bias(
    dial: str, given: Tokens | None, alphabet: Alphabet, *, strength: float = 1.0, strict: bool = False
) -> NDArray[np.float32]:
    """Compute what a dial adds to logits.

    Parameters
    ----------
    dial
        `free`, `auto` or a key; see the header.
    given
        The music whose key `auto` takes, uint8, (steps, columns); None if there is none.
    strength
        0 adds nothing, 1 is the key's own profile.
    strict
        Bar the pitches outside of the key.

    Returns
    -------
    float32, (symbols,), those of held notes among them; all 0 with `free`.

    Raises
    ------
    ArgumentError
        If the dial is none, asks for the key of music that is not there, or is `free` and strict.
    """
    added = np.zeros(alphabet.size_with_held, np.float32)
    if dial == FREE:
        if strict:
            raise ArgumentError("strict about the key, and key 'free'; name a key, or take 'auto'.")
        return added
    if dial == AUTO:
        found = np.zeros(12, np.int64) if given is None else counts(given, alphabet)
        if not found.any():
            raise ArgumentError("key 'auto' takes the key of the notes that are given, and there are none; name a key.")
        profile, within = (found + 1) / (found.sum() + 12), found > 0
    else:
        tonic, mode = parse(dial)
        ratings = np.array(_RATINGS[mode])
        profile = np.roll(ratings / ratings.sum(), tonic)
        within = np.roll(np.isin(np.arange(12), _SCALES[mode]), tonic)
    of_pitch = np.arange(alphabet.pitch_min, alphabet.pitch_max + 1) % 12
    added[: alphabet.pitches] = (strength * np.log(12 * profile))[of_pitch]
    if strict:
        # A note held from before is struck where none of its pitch sounds.
        for first in (0, alphabet.held):
            added[first : first + alphabet.pitches][~within[of_pitch]] = FORBIDDEN
    return added
