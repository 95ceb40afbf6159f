"""Music as files have it: tracks with notes, time signatures and tempos.

Conventions
-----------
Times are integers in ticks; a beat is a quarter note and has `ticks_per_beat` ticks. Tracks keep the order of the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Protocol, Self, TypeVar

import numpy as np

from quartetvae.music.notes import Notes

MOST_BEATS = 100_000
"""Of a file. It is fourteen hours at 120; what has more is damaged, and would fill memory or disk further on."""


@dataclass(frozen=True)
class Track:
    """One track: its name, General MIDI program (0-based; 40 is a violin) and notes."""

    name: str
    program: int
    is_drum: bool
    notes: Notes


class TimeSignature(NamedTuple):
    """From `tick` on, bars of `numerator`/`denominator`."""

    tick: int
    numerator: int
    denominator: int


class Tempo(NamedTuple):
    """From `tick` on, `qpm` quarter notes per minute."""

    tick: int
    qpm: float


@dataclass(frozen=True)
class Movement:
    """A movement of a file that holds several; it begins at `tick` and lasts until the next one."""

    tick: int
    title: str = ""
    """As the file has it: `II. Andante`, or a heading; "" if it says none."""


@dataclass(frozen=True, slots=True)
class Credits:
    """What a file says of itself; "" where it says nothing."""

    composer: str = ""
    work: str = ""
    movement: str = ""


@dataclass(frozen=True)
class Music:
    """What a file holds: its tracks with their notes; time signatures, tempos and movements in order; its credits."""

    ticks_per_beat: int
    tracks: tuple[Track, ...]
    time_signatures: tuple[TimeSignature, ...] = ()
    tempos: tuple[Tempo, ...] = ()
    movements: tuple[Movement, ...] = ()
    """Empty where nothing is known of movements, as in MIDI files; else the first begins at 0."""
    credits: Credits = Credits()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """What was not read on purpose, as counts of notes by kind: `keyswitches`, `cue notes` ..."""

    @cached_property
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


class _From(Protocol):
    """A time signature or a tempo, which holds from a tick on."""

    @property
    def tick(self) -> int: ...

    def _replace(self, *, tick: int) -> Self: ...


_Change = TypeVar("_Change", bound=_From)


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


def split_movements(music: Music) -> list[Music]:
    """Cut music where its movements begin: a `Music` for each, with its own credits, time signatures and tempo.

    A note that is held over the beginning of a movement ends there. Music of no or one known movement is given back
    as one.
    """
    if len(music.movements) < 2:
        return [music]
    starts = [movement.tick for movement in music.movements]
    ends = [*starts[1:], max(music.end, starts[-1])]
    return [
        _between(music, movement, start, end)
        for movement, start, end in zip(music.movements, starts, ends, strict=True)
    ]


def _between(music: Music, movement: Movement, start: int, end: int) -> Music:
    tracks = []
    for track in music.tracks:
        notes = track.notes[(track.notes["onset"] >= start) & (track.notes["onset"] < end)].copy()
        notes["duration"] = np.minimum(notes["duration"], end - notes["onset"])
        notes["onset"] -= start
        tracks.append(replace(track, notes=notes))
    return replace(
        music,
        tracks=tuple(tracks),
        time_signatures=_from(music.time_signatures, start, end),
        tempos=_from(music.tempos, start, end),
        movements=(),
        credits=replace(music.credits, movement=movement.title or music.credits.movement),
        left_out={},
    )


def _from(changes: Sequence[_Change], start: int, end: int) -> tuple[_Change, ...]:
    """Take the changes between two ticks, with what is in force at the first; ticks are counted from there."""
    before = [change._replace(tick=0) for change in changes if change.tick <= start]
    within = [change._replace(tick=change.tick - start) for change in changes if start < change.tick < end]
    return (*before[-1:], *within)
