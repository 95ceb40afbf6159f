"""Notes as arrays: what files and the codec have in common."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTE = np.dtype([("onset", "<i8"), ("duration", "<i8"), ("pitch", "u1"), ("velocity", "u1")])
"""A note: onset and duration in ticks, MIDI pitch 0..127, velocity 1..127."""

Notes = NDArray[Any]
"""Structured array of dtype `NOTE`, shape (notes,), sorted by onset, then pitch."""

VELOCITY = 80

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def make_notes(onset: Any, duration: Any, pitch: Any, velocity: Any = VELOCITY) -> Notes:
    """Make notes from columns (array-likes of one length; `velocity` may be a number), sorted by onset, then pitch."""
    onset = np.asarray(onset, dtype=np.int64)
    notes = np.empty(len(onset), dtype=NOTE)
    notes["onset"], notes["duration"], notes["pitch"], notes["velocity"] = onset, duration, pitch, velocity
    return in_order(notes)


def in_order(notes: Notes) -> Notes:
    """Sort notes by onset, then pitch; what is sorted is given back as it is."""
    key = notes["onset"] * 256 + notes["pitch"]
    return notes if (key[1:] >= key[:-1]).all() else notes[np.argsort(key, kind="stable")]
