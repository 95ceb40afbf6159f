"""Phrases on the grid of sixteenths, with one note a part at a time: what music of any grid can be compared on.

Conventions
-----------
Phrases are uint8, shape (phrases, steps, columns), tokens over `codec.Alphabet`, heard by themselves: a note held from
before is struck. On the grid of sixteenths they have four steps a beat and four columns, one for each part.

Rounding is that of `codec.encode` with `chords` `lowest`: onsets and ends go to the nearest step, halves upwards; of
notes of a part that begin together the lower one counts, of those that round to one step the one nearest to it; a note
lasts until its part's next one, and for one step at least. An onset that rounds to the end of its phrase is left out.
"""

import numpy as np
from numpy.typing import NDArray

from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES

STEPS_PER_BEAT = 4

SILENT = -1
"""Stands for a pitch where none sounds."""

Ints = NDArray[np.int64]


def of_phrases(phrases: Tokens, alphabet: Alphabet, *, steps_per_beat: int) -> Tokens:
    """Round phrases of any grid to sixteenths: uint8, (phrases, steps, 4).

    A sustain that follows no note becomes a rest. Raises `CodecError` if the array holds no phrases over the alphabet.

    Examples
    --------
    A triplet of eighths and a double stop, at twelve steps a beat: the second eighth rounds to the second step.

    >>> alphabet = Alphabet(48, 71)
    >>> beat = np.full((1, 12, 8), alphabet.rest, dtype=np.uint8)
    >>> beat[0, [0, 4, 8], 0] = [12, 14, 16]
    >>> beat[0, 0, [3, 7]] = [9, 2]
    >>> of_phrases(beat, alphabet, steps_per_beat=12)[0, :, [0, 3]].tolist()
    [[12, 14, 24, 16], [2, 24, 24, 24]]
    """
    codec.check_phrases(phrases, alphabet)
    count, steps, _ = phrases.shape
    by_column = codec.struck(phrases, alphabet).transpose(0, 2, 1)
    phrase, column, step = np.nonzero(codec.onset_mask(by_column, alphabet))
    token = by_column[phrase, column, step]
    ends = _ends(by_column, alphabet)[phrase, column, step]
    onset, end = (
        codec.to_steps(time, ticks_per_beat=steps_per_beat, steps_per_beat=STEPS_PER_BEAT) for time in (step, ends)
    )
    away = np.abs(onset * steps_per_beat - step * STEPS_PER_BEAT)
    line = phrase * VOICES + column % VOICES
    order = np.lexsort((token, step, away, onset, line))
    line, onset, end, token = line[order], onset[order], end[order], token[order]
    length = steps * STEPS_PER_BEAT // steps_per_beat
    chosen = ((np.diff(line, prepend=-1) != 0) | (np.diff(onset, prepend=-1) != 0)) & (onset < length)
    return _written(line[chosen], onset[chosen], end[chosen], token[chosen], (count, length), alphabet)


def _ends(by_column: Tokens, alphabet: Alphabet) -> Ints:
    """Find the step at which a note of each cell (phrases, columns, steps) would end: the next that is no sustain."""
    steps = by_column.shape[-1]
    stops = np.where(by_column == alphabet.sustain, steps, np.arange(steps))
    nearest = np.minimum.accumulate(stops[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([nearest[..., 1:], np.full((*nearest.shape[:-1], 1), steps)], axis=-1)


def _written(line: Ints, onset: Ints, end: Ints, token: Tokens, shape: tuple[int, int], alphabet: Alphabet) -> Tokens:
    """Write notes, by line (one for each part of each phrase), then onset, as phrases of a shape (phrases, steps)."""
    count, steps = shape
    cells = np.full((count * VOICES, steps), alphabet.rest, dtype=np.uint8)
    # A note goes on to its end: one more from the step after its onset, one less from there.
    sounding = np.zeros((count * VOICES, steps + 1), dtype=np.int64)
    until = np.clip(end, onset + 1, steps)
    follows = line[1:] == line[:-1]
    until[:-1] = np.where(follows, np.minimum(until[:-1], onset[1:]), until[:-1])
    np.add.at(sounding, (line, onset + 1), 1)
    np.add.at(sounding, (line, until), -1)
    cells[np.cumsum(sounding[:, :steps], axis=1) > 0] = alphabet.sustain
    cells[line, onset] = token
    return cells.reshape(count, VOICES, steps).transpose(0, 2, 1)


def sounding(phrases: Tokens, alphabet: Alphabet) -> Ints:
    """Tell which MIDI pitch sounds in each cell of phrases (phrases, steps, 4); `SILENT` where none does."""
    steps = np.arange(phrases.shape[1])[:, np.newaxis]
    # The last step that was no sustain says what sounds; before the first there is none.
    spoken = np.maximum.accumulate(np.where(phrases != alphabet.sustain, steps, -1), axis=1)
    symbol = np.take_along_axis(phrases, np.maximum(spoken, 0), axis=1)
    pitch = symbol.astype(np.int64) + alphabet.pitch_min
    return np.where((spoken >= 0) & codec.onset_mask(symbol, alphabet), pitch, SILENT)
