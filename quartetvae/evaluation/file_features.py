"""Features of single MIDI files: from the events of a file to the notes that `metrics.features` takes.

How long a note is, and how long it sounds, is told in `quartetvae.io.midi_events`.
"""

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.io.midi_events import File, seconds
from quartetvae.metrics.features import UNITS_PER_BEAT, Table


def table(file: File) -> Table:
    """Make the notes of a file one excerpt; the parts are numbered in the order of `File.voices`."""
    beat = file.ticks_per_beat
    columns: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for number, voices in enumerate(file.voices.values()):
        notes = [note for voice in voices for note in voice.notes]
        # A part that rests throughout.
        if not notes:
            continue
        if len(voices) > 1:
            notes.sort(key=lambda note: note.onset)
        onset, pitch, velocity, end, until, rest = (
            np.array([np.nan if value is None else value for value in column], dtype=np.float64)
            for column in zip(*notes, strict=True)
        )
        start, stop = seconds(onset, file), seconds(until, file)
        columns["part"].append(np.full(len(notes), number, dtype=np.float64))
        columns["pitch"].append(pitch)
        columns["weight"].append(velocity * (np.floor(stop * 100) - np.floor(start * 100)))
        columns["onset_beats"].append(onset / beat)
        columns["onset_seconds"].append(start)
        columns["length"].append((end - onset) * UNITS_PER_BEAT / beat)
        columns["rest"].append(rest * UNITS_PER_BEAT / beat)
    joined: dict[str, Any] = {name: np.concatenate(parts) for name, parts in columns.items()}
    joined |= {name: joined[name].astype(np.int64) for name in ("part", "pitch")}
    return Table(excerpts=1, excerpt=np.zeros_like(joined["part"]), **joined)
