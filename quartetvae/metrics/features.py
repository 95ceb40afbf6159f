"""Features of music after Yang & Lerch, *On the Evaluation of Generative Models in Music* (2020).

Conventions
-----------
Music comes as a `Table` of notes: of one file in the order of its events (`evaluation.file_features`), or of many
excerpts cut from part arrays (`of_phrases`). Every feature has a value for each excerpt, over some of its parts:

pitch_count, pitch_range, pitch_class_histogram
    Over what sounds: each pitch weighs velocity times time. A note too short for the table's clock weighs nothing and
    does not count. Range in semitones; the histogram (12, from C) sums to 1.
pitch_class_transition_matrix
    Counts (12, 12), from row to column, of pairs of successive notes of one part.
pitch_interval
    Mean absolute interval between such pairs, in semitones.
note_count
    Notes.
inter_onset_interval
    Mean time from one onset to the next, notes that begin together counting once; in `beats` and in `seconds`.
note_length_histogram, note_length_histogram_with_rests
    Counts by `NOTE_LENGTHS` (12); with rests 24, first the notes, then the silences before notes. A silence counts if
    it is within a 32nd of its class.
note_length_transition_matrix
    Counts (12, 12), from row to column, of the classes of successive notes of one part.

Differs from the authors' toolbox (mgeval), as metrics that are to be compared must: lengths are shares of a whole note
whatever the metre; a pair is of successive notes, not of any two that meet; onsets that coincide count once. A value
that cannot be made (no notes; no pairs) is NaN, a histogram or matrix of counts then is 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import PARTS, VOICES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOTE_LENGTHS = {
    **{"whole": 96, "half": 48, "quarter": 24, "eighth": 12, "sixteenth": 6},
    **{"dotted half": 72, "dotted quarter": 36, "dotted eighth": 18, "dotted sixteenth": 9},
    **{"triplet half": 32, "triplet quarter": 16, "triplet eighth": 8},
}
"""Classes of lengths in units of a 96th of a whole note; the nearest wins, the first on a tie."""

UNITS_PER_BEAT = 24
"""96ths of a whole note in a quarter note."""

REST_TOLERANCE = 3
"""A silence farther than this from every class is none: notes are rarely held to their full length."""

FEATURES = (
    "pitch_count",
    "pitch_class_histogram",
    "pitch_class_transition_matrix",
    "pitch_range",
    "pitch_interval",
    "note_count",
    "inter_onset_interval_beats",
    "inter_onset_interval_seconds",
    "note_length_histogram",
    "note_length_histogram_with_rests",
    "note_length_transition_matrix",
)


COUNTS = ("pitch_count", "pitch_range", "note_count")
"""Features that are whole numbers."""


@dataclass(frozen=True)
class Table:
    """Notes of `excerpts` excerpts, by excerpt, then part, then in the order of their events; columns of one length."""

    excerpts: int
    excerpt: Ints
    part: Ints
    """Column of `PARTS`, or the number of a track."""
    pitch: Ints
    weight: Floats
    """Velocity times time sounding; its unit cancels."""
    onset_beats: Floats
    onset_seconds: Floats
    length: Floats
    """In 96ths of a whole note; NaN if the note never ends."""
    rest: Floats
    """Silence before the note, likewise; NaN if something of its track sounds until it begins, or it is the first."""

    def of_parts(self, parts: Sequence[int]) -> "Table":
        """Take the notes of some parts."""
        kept = np.isin(self.part, parts)
        columns = ("excerpt", "part", "pitch", "weight", "onset_beats", "onset_seconds", "length", "rest")
        return Table(self.excerpts, **{name: getattr(self, name)[kept] for name in columns})


def of_phrases(phrases: Tokens, alphabet: Alphabet, *, steps_per_beat: int, tempo_qpm: float) -> Table:
    """List the notes of phrases (excerpts, steps, columns) at a tempo; all velocities are alike.

    Notes held from before are struck; those of a part's two columns are in one order.

    Raises `CodecError` if the array does not hold phrases over the alphabet.
    """
    codec.check_phrases(phrases, alphabet)
    steps = phrases.shape[1]
    by_column = codec.struck(phrases, alphabet).transpose(0, 2, 1)
    excerpt, column, step = np.nonzero(codec.onset_mask(by_column, alphabet))
    # The notes of a part follow one another.
    pitch = by_column[excerpt, column, step].astype(np.int64) + alphabet.pitch_min
    order = np.lexsort((pitch, step, column % VOICES, excerpt))
    excerpt, column, step, pitch = excerpt[order], column[order], step[order], pitch[order]
    part = column % VOICES
    # The first cell after an onset that is no sustain: from the right, the nearest such step so far.
    ends = np.where(by_column == alphabet.sustain, steps, np.arange(steps))
    ends = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    after = np.concatenate([ends[..., 1:], np.full((*ends.shape[:2], 1), steps)], axis=-1)
    end = after[excerpt, column, step]
    units = UNITS_PER_BEAT / steps_per_beat
    rest = np.full(len(step), np.nan)
    follows = _follows(excerpt, part)
    # Until when anything of the part has sounded: the highest end so far, each part beginning anew above the last one.
    above = (steps + 1) * np.cumsum(np.concatenate([[0], ~follows]))[: len(step)]
    sounding = np.maximum.accumulate(end + above) - above
    gap = step[1:] - sounding[:-1]
    rest[1:] = np.where(follows & (gap > 0), gap * units, np.nan)
    beats = step / steps_per_beat
    return Table(
        excerpts=len(phrases),
        excerpt=excerpt,
        part=part,
        pitch=pitch,
        weight=(end - step).astype(np.float64),
        onset_beats=beats,
        onset_seconds=beats * 60.0 / tempo_qpm,
        length=np.asarray((end - step) * units, dtype=np.float64),
        rest=rest,
    )


def features(table: Table) -> dict[str, Floats]:
    """Compute every feature of `FEATURES`, of all parts of the table together; the first axis is the excerpt."""
    excerpts, excerpt, pitch = table.excerpts, table.excerpt, table.pitch
    follows = _follows(excerpt, table.part)
    at = excerpt[1:][follows]

    energy = np.bincount(excerpt * 128 + pitch, table.weight, excerpts * 128).reshape(excerpts, 128)
    sounding = energy > 0
    count = sounding.sum(axis=1).astype(np.float64)
    spread = (127 - sounding[:, ::-1].argmax(axis=1) - sounding.argmax(axis=1)).astype(np.float64)
    classes = np.stack([energy[:, first::12].sum(axis=1) for first in range(12)], axis=1)

    leaps = np.bincount(at, np.abs(np.diff(pitch))[follows].astype(np.float64), excerpts)
    length = length_class(table.length)
    rest = length_class(table.rest, within=REST_TOLERANCE)
    lengths, rests = (_counts(excerpts, excerpt[kind >= 0], kind[kind >= 0], 12) for kind in (length, rest))
    both = follows & (length[1:] >= 0) & (length[:-1] >= 0)
    return {
        "pitch_count": count,
        "pitch_class_histogram": _over(classes, classes.sum(axis=1, keepdims=True), empty=0.0),
        "pitch_class_transition_matrix": _pairs(excerpts, at, (pitch % 12)[:-1][follows], (pitch % 12)[1:][follows]),
        "pitch_range": np.where(count > 0, spread, np.nan),
        "pitch_interval": _over(leaps, np.bincount(at, minlength=excerpts)),
        "note_count": np.bincount(excerpt, minlength=excerpts).astype(np.float64),
        "inter_onset_interval_beats": _mean_gap(excerpts, excerpt, table.onset_beats),
        "inter_onset_interval_seconds": _mean_gap(excerpts, excerpt, table.onset_seconds),
        "note_length_histogram": lengths,
        "note_length_histogram_with_rests": np.concatenate([lengths, rests], axis=1),
        "note_length_transition_matrix": _pairs(excerpts, excerpt[1:][both], length[:-1][both], length[1:][both]),
    }


def of_all_and_parts(table: Table, parts: Sequence[str] = PARTS) -> dict[str, dict[str, Floats]]:
    """Compute the features of `whole`, and of each part by its name."""
    found = {"whole": features(table)}
    return found | {name: features(table.of_parts([column])) for column, name in enumerate(parts)}


def plain(features: Mapping[str, Floats]) -> dict[str, Any]:
    """Turn the features of a table of one excerpt into numbers and lists for JSON; None for NaN.

    `inter_onset_interval` has its two units beneath it.
    """
    found: dict[str, Any] = {}
    for name, values in features.items():
        value = values[0].tolist()
        if isinstance(value, float):
            value = None if np.isnan(value) else int(value) if name in COUNTS else value
        for unit in ("beats", "seconds"):
            if name == f"inter_onset_interval_{unit}":
                found.setdefault("inter_onset_interval", {})[unit] = value
                break
        else:
            found[name] = value
    return found


def length_class(lengths: Floats, *, within: float = np.inf) -> Ints:
    """Find the class in `NOTE_LENGTHS` of each length in 96ths of a whole note; -1 for NaN, or if `within` away."""
    classes = np.array(list(NOTE_LENGTHS.values()), dtype=np.float64)
    away = np.abs(np.nan_to_num(lengths, nan=0.0)[:, np.newaxis] - classes)
    nearest = away.argmin(axis=1)
    good = ~np.isnan(lengths) & (away[np.arange(len(nearest)), nearest] < within)
    return np.where(good, nearest, -1)


def _follows(excerpt: Ints, part: Ints) -> NDArray[np.bool_]:
    """Tell whether each note but the first is of the same part and excerpt as the one before it."""
    return np.asarray((excerpt[1:] == excerpt[:-1]) & (part[1:] == part[:-1]))


def _mean_gap(excerpts: int, excerpt: Ints, onset: Floats) -> Floats:
    """Average the time between each excerpt's distinct onsets: from the first to the last, over their number."""
    found = np.unique(np.stack([excerpt.astype(np.float64), onset]), axis=1)
    places = found[0].astype(np.int64)
    first, last = np.full(excerpts, np.inf), np.full(excerpts, -np.inf)
    np.minimum.at(first, places, found[1])
    np.maximum.at(last, places, found[1])
    gaps = np.bincount(places, minlength=excerpts) - 1
    return _over(np.where(gaps > 0, last - first, 0.0), gaps)


def _pairs(excerpts: int, excerpt: Ints, first: Ints, second: Ints) -> Floats:
    return _counts(excerpts, excerpt, first * 12 + second, 144).reshape(excerpts, 12, 12)


def _counts(excerpts: int, excerpt: Ints, kind: Ints, kinds: int) -> Floats:
    counts = np.bincount(excerpt * kinds + kind, minlength=excerpts * kinds)
    return counts.reshape(excerpts, kinds).astype(np.float64)


def _over(above: NDArray[Any], below: NDArray[Any], empty: float = np.nan) -> Floats:
    """Divide; `empty` where there is nothing to divide by."""
    result = np.full(above.shape, empty)
    np.divide(above, below, out=result, where=np.broadcast_to(below > 0, above.shape))
    return result
