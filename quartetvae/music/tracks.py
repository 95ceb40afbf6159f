"""Music as files have it: tracks with notes, time signatures and tempos.

Conventions
-----------
Times are integers in ticks; a beat is a quarter note and has `ticks_per_beat` ticks. Tracks keep the order of the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quartetvae.music.notes import Notes


@dataclass(frozen=True)
class Track:
    """One track: its name, General MIDI program (0-based; 40 is a violin) and notes."""

    name: str
    program: int
    is_drum: bool
    notes: Notes


@dataclass(frozen=True)
class TimeSignature:
    """From `tick` on, bars of `numerator`/`denominator`."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Tempo:
    """From `tick` on, `qpm` quarter notes per minute."""

    tick: int
    qpm: float


@dataclass(frozen=True)
class Music:
    """What a file holds: tracks with their notes, and its time signatures and tempos in order."""

    ticks_per_beat: int
    tracks: tuple[Track, ...]
    time_signatures: tuple[TimeSignature, ...] = ()
    tempos: tuple[Tempo, ...] = ()

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 without notes."""
        ends = [int((t.notes["onset"] + t.notes["duration"]).max()) for t in self.tracks if len(t.notes)]
        return max(ends, default=0)

    @property
    def playing(self) -> list[int]:
        """The numbers of the tracks with notes.

        A track without notes may stand beside each: symusic makes one of controllers set before the program
        (MuseScore).
        """
        return [number for number, track in enumerate(self.tracks) if len(track.notes)]


def mean_tempo(music: Music, *, from_beat: int = 0, beats: float | None = None) -> float | None:
    """Give the tempo of music in quarter notes per minute; None if it says none within 1..1000.

    It is the one at which an excerpt (by default all of it) lasts as long as with all its changes of tempo.
    """
    said: Sequence[Tempo] = [tempo for tempo in music.tempos if 1 <= tempo.qpm <= 1000]
    if not said:
        return None
    start = from_beat * music.ticks_per_beat
    stop = max(start + 1, music.end if beats is None else start + round(beats * music.ticks_per_beat))
    # What comes before the first goes at its tempo.
    since = np.clip([start, *(tempo.tick for tempo in said[1:]), stop], start, stop)
    seconds = np.diff(since) / np.array([tempo.qpm for tempo in said])
    return float((stop - start) / seconds.sum())
