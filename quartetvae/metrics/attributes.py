"""Attributes of phrases: one number each for what a listener may want more or less of.

Conventions
-----------
Phrases are uint8, shape (phrases, steps, columns), heard by themselves: a note held from before is struck. An attribute
is float64, shape (phrases,), NaN for a phrase that has none (without notes, mostly).

note_density
    Notes per beat of all four parts together.
register
    Mean MIDI pitch of the notes, each counting once.
chromaticism
    Share of the notes outside the scale that fits best (1 - scale consistency; `metrics.tonality`).
syncopation
    Share of the notes that begin at a weak place and sound on through a stronger one, which is what Longuet-Higgins &
    Lee (1984) call a syncopation. A beat is as strong as the largest power of two that divides its number, halves of
    beats are weaker than beats, quarters weaker than halves, and so on; a beat in three has thirds, weaker than beats,
    and their halves. The phrase's first step is stronger than any.
rhythmic_unison
    Of the steps at which any part begins a note, how many of the other three do so too: 0 if always one alone, 1 if
    always all together. Two notes of one part are one part's.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from quartetvae.metrics.tonality import scale_consistency
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES

Floats = NDArray[np.float64]


def note_density(phrases: Tokens, alphabet: Alphabet, steps_per_beat: int) -> Floats:
    """Count notes per beat."""
    onsets = codec.onset_mask(_struck(phrases, alphabet), alphabet)
    return np.asarray(onsets.sum(axis=(1, 2)) * steps_per_beat / phrases.shape[1])


def register(phrases: Tokens, alphabet: Alphabet, steps_per_beat: int) -> Floats:
    """Average the MIDI pitch."""
    phrases = _struck(phrases, alphabet)
    onsets = codec.onset_mask(phrases, alphabet)
    total = np.where(onsets, phrases.astype(np.float64) + alphabet.pitch_min, 0.0).sum(axis=(1, 2))
    return _over(total, onsets.sum(axis=(1, 2)))


def chromaticism(phrases: Tokens, alphabet: Alphabet, steps_per_beat: int) -> Floats:
    """Share of notes outside the best scale, 0..5/12."""
    return 1.0 - scale_consistency(phrases, alphabet)


def syncopation(phrases: Tokens, alphabet: Alphabet, steps_per_beat: int) -> Floats:
    """Share of notes that are syncopated, 0..1."""
    phrases = _struck(phrases, alphabet)
    onsets = codec.onset_mask(phrases, alphabet)
    steps = phrases.shape[1]
    sustained = phrases == alphabet.sustain
    syncopated = np.zeros(onsets.shape, dtype=bool)
    for step in range(1, steps):
        stronger = next_stronger(step, steps_per_beat)
        if stronger < steps:
            # Still sounding there, as long as nothing but sustains came.
            syncopated[:, step] = onsets[:, step] & sustained[:, step + 1 : stronger + 1].all(axis=1)
    return _over(syncopated.sum(axis=(1, 2)), onsets.sum(axis=(1, 2)))


def next_stronger(step: int, steps_per_beat: int) -> int:
    """Find the next step that is stronger than one, counted from a phrase's beginning; not for step 0.

    >>> [next_stronger(step, 12) for step in (3, 4, 6, 12, 24)]
    [6, 12, 12, 24, 48]
    """
    beat, within = divmod(step, steps_per_beat)
    if within == 0:
        distance = 2 * (beat & -beat) * steps_per_beat
    else:
        # The coarsest division of the beat that the step is of, and the one that this divides.
        division = steps_per_beat // math.gcd(within, steps_per_beat)
        distance = steps_per_beat // (division // 2 if division % 2 == 0 else 1)
    return (step // distance + 1) * distance


def rhythmic_unison(phrases: Tokens, alphabet: Alphabet, steps_per_beat: int) -> Floats:
    """Tell how many of the other parts begin a note with one, 0..1."""
    onsets = codec.onset_mask(_struck(phrases, alphabet), alphabet)
    together = np.stack([onsets[..., part::VOICES].any(axis=-1) for part in range(VOICES)], axis=-1).sum(axis=2)
    others = np.where(together > 0, (together - 1) / (VOICES - 1), 0.0)
    return _over(others.sum(axis=1), (together > 0).sum(axis=1))


ATTRIBUTES: Mapping[str, Callable[[Tokens, Alphabet, int], Floats]] = {
    "note_density": note_density,
    "register": register,
    "chromaticism": chromaticism,
    "syncopation": syncopation,
    "rhythmic_unison": rhythmic_unison,
}
"""By name, what gives an attribute of phrases, their alphabet and the grid's steps per beat."""


def direction(codes: NDArray[np.float32], values: Floats) -> NDArray[np.float32]:
    """Find the direction in which an attribute grows, (latent_dim,), by codes (phrases, latent_dim) and values.

    The mean of the codes in the top quarter of the values less that in the bottom quarter (MusicVAE, Roberts et al.
    2018, section 5.4). Phrases without a value are left out; 0 if the others all have the same.
    """
    known = ~np.isnan(values)
    codes, values = codes[known].astype(np.float64), values[known]
    if not len(values) or np.ptp(values) == 0:
        return np.zeros(codes.shape[1], np.float32)
    low, high = np.quantile(values, [0.25, 0.75])
    # Where many values are alike (no chromatic note at all) a quartile can be all of them: strictly beyond, if any are.
    top = values > low if high == low else values >= high
    bottom = values <= low
    if not top.any():
        # And where they are all alike at the top (every note together), the few below are the bottom.
        top, bottom = values >= high, values < low
    return np.asarray(codes[top].mean(axis=0) - codes[bottom].mean(axis=0), dtype=np.float32)


def _struck(phrases: Tokens, alphabet: Alphabet) -> Tokens:
    codec.check_phrases(phrases, alphabet)
    return codec.struck(phrases, alphabet)


def _over(above: NDArray[np.number], below: NDArray[np.number]) -> Floats:
    result = np.full(above.shape, np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result
