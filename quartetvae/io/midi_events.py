"""The notes of a MIDI file at its own resolution, in the order of its events: what features of a file are taken from.

The codec needs notes only, and symusic reads those in no time (`quartetvae.io.midi`). In what order notes begin that
begin together, and whether a note ends before or after the next one of its pitch begins, symusic does not say. The
events are those of the file as it is mended for symusic (`quartetvae.io.midi_repair`), and whose part is which is
decided where it is for all (`quartetvae.io.read`).

Conventions
-----------
A note's written length goes to the first note-off of its pitch after it in its track, be it on the same tick. It sounds
until the first note-off on a later tick, in the hundredths of a second from its beginning to then, both rounded down:
that is the clock of the piano roll by which Yang & Lerch's toolbox weighs pitches. Seconds follow the tempo changes of
the first track. The toolbox lets a pedal (controller 64) prolong what the roll holds; here it does not.

A track is one player, whatever its channels; if one track holds all notes (type 0), each of its channels is.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import MidiError, no_file
from quartetvae.io import limits, midi, midi_bytes, midi_repair
from quartetvae.io import read as reading
from quartetvae.io.midi_bytes import Events
from quartetvae.io.midi_repair import Repaired
from quartetvae.io.read import MusicFile
from quartetvae.music.ensemble import PARTS

DEFAULT_TEMPO = 500_000
"""Microseconds per quarter note until a file says otherwise."""


class Note(NamedTuple):
    """A note-on, in ticks: the end of its written length, until when it sounds, and the silence before it, or None."""

    onset: int
    pitch: int
    velocity: int
    end: int | None
    until: int
    rest: int | None


@dataclass(frozen=True)
class Voice:
    """What one track plays with one program, in the order of its events."""

    track: int
    name: str
    program: int
    is_drum: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class File:
    """A MIDI file: its voices by the part that they belong to, or by track if it is no quartet."""

    ticks_per_beat: int
    tempos: tuple[tuple[int, int], ...]
    """From this tick on, so many microseconds per quarter note."""
    voices: dict[str, list[Voice]]
    refusal: str | None
    """Why it is no quartet."""


def read(path: Path) -> File:
    """Read a MIDI file and find its parts.

    Raises
    ------
    MidiError
        If it is missing, damaged, without notes, or its tracks do not run side by side (type 2).
    """
    if reason := no_file(path):
        raise MidiError(reason)
    repaired = midi_repair.repair(limits.read(path, limits.MIDI_BYTES, MidiError), path.name)
    voices = [voice for number, track in enumerate(_players(repaired)) for voice in _voices(number, *track)]
    if not any(voice.notes for voice in voices if not voice.is_drum):
        raise MidiError(f"{path.name}: no notes; a file with notes (not of drums only) is needed.")
    found = reading.of_music(path.name, midi.of_repaired(repaired, path.name))
    return File(repaired.ticks_per_beat, _tempos(repaired), _grouped(voices, found), found.assignment.refusal)


def seconds(ticks: NDArray[np.float64], file: File) -> NDArray[np.float64]:
    """Tell when ticks are, in seconds from the beginning."""
    starts = [0.0]
    for (tick, tempo), (following, _) in zip(file.tempos, file.tempos[1:], strict=False):
        starts.append(starts[-1] + (following - tick) * _scale(tempo, file))
    section = np.searchsorted([tick for tick, _ in file.tempos], ticks, side="right") - 1
    begun = np.array([tick for tick, _ in file.tempos])[section]
    scale = np.array([_scale(tempo, file) for _, tempo in file.tempos])[section]
    return np.asarray(np.array(starts)[section] + (ticks - begun) * scale)


def _scale(tempo: int, file: File) -> float:
    return 60.0 / (6e7 / tempo * file.ticks_per_beat)


def _players(repaired: Repaired) -> list[tuple[str, Events]]:
    """List the tracks of a file with their names; of one track that holds all notes, a track for each channel."""
    tracks = list(zip(repaired.names, repaired.tracks, strict=True))
    playing = [(name, track) for name, track in tracks if track.begins.any()]
    if len(playing) != 1:
        return tracks
    ((name, track),) = playing
    channels = np.unique(track.channel[track.begins])
    if len(channels) == 1:
        return tracks
    return [(name, replace(track, events=track.events[track.channel == channel])) for channel in channels]


def _voices(number: int, name: str, track: Events) -> list[Voice]:
    """List the voices of a track, one for each program, drums apart."""
    events: list[tuple[int, bool, int, int]] = []
    sources: list[tuple[int, bool]] = []
    programs: dict[int, int] = defaultdict(int)
    kept = track.begins | track.stops | track.programs
    for tick, status, first, second, _ in track.events[kept].tolist():
        if status >> 4 == 12:
            programs[status & 15] = first
        else:
            events.append((tick, status >> 4 == 9 and second > 0, first, second))
            sources.append((programs[status & 15], status & 15 == midi_repair.DRUMS))
    ends: dict[int, list[int]] = defaultdict(list)
    for place, (_, begins, pitch, _) in enumerate(events):
        if not begins:
            ends[pitch].append(place)
    until = _until(events)
    found: dict[tuple[int, bool], list[Note]] = defaultdict(list)
    for place, (tick, begins, pitch, velocity) in enumerate(events):
        if begins:
            after = bisect_right(ends[pitch], place)
            closed = ends[pitch][after] if after < len(ends[pitch]) else None
            end = None if closed is None else events[closed][0]
            rest = _rest(events, place, closed)
            found[sources[place]].append(Note(tick, pitch, velocity, end, until.get(place, tick), rest))
    return [Voice(number, name, program, drum, tuple(notes)) for (program, drum), notes in found.items()]


def _until(events: list[tuple[int, bool, int, int]]) -> dict[int, int]:
    """Find, for the place of each note-on that sounds, the tick of the note-off that ends it."""
    found: dict[int, int] = {}
    playing: dict[int, list[int]] = defaultdict(list)
    for place, (tick, begins, pitch, _) in enumerate(events):
        if begins:
            playing[pitch].append(place)
            continue
        ended = [at for at in playing[pitch] if events[at][0] < tick]
        found |= dict.fromkeys(ended, tick)
        # What begins on this tick goes on if the note-off was another's; else it is over before it sounds.
        playing[pitch] = [at for at in playing[pitch] if events[at][0] == tick] if ended else []
    return found


def _rest(events: list[tuple[int, bool, int, int]], place: int, closed: int | None) -> int | None:
    """Count the ticks of silence before a note-on, since the last note-off; None if another note ends on its tick."""
    tick, _, pitch, _ = events[place]
    for later, begins, other, _ in events[place + 1 : closed]:
        if later > tick:
            break
        if not begins and other != pitch:
            return None
    if place == 0 or events[place - 1][1]:
        return None
    return tick - events[place - 1][0]


def _grouped(voices: Sequence[Voice], found: MusicFile) -> dict[str, list[Voice]]:
    """Give the notes to the parts of a quartet, as the codec would; else to their tracks."""
    groups: dict[str, list[Voice]] = {}
    if found.assignment.refusal is not None:
        for voice in voices:
            if not voice.is_drum:
                groups.setdefault(f"track_{voice.track}", []).append(voice)
        return groups
    owners: dict[tuple[str, int, int, int], list[str | None]] = defaultdict(list)
    for track, part in zip(found.music.tracks, found.assignment.parts, strict=True):
        for onset, _, pitch, _ in track.notes.tolist():
            owners[track.name, track.program, onset, pitch].append(part)
    for part in PARTS:
        groups[part] = []
    for voice in voices:
        notes: dict[str, list[Note]] = defaultdict(list)
        for note in voice.notes:
            of = owners.get((voice.name, voice.program, note.onset, note.pitch))
            # Of a unison that two tracks of one name and program play, each has one.
            part = of.pop(0) if of else None
            if part is not None:
                notes[part].append(note)
        for part, own in notes.items():
            groups[part].append(replace(voice, notes=tuple(own)))
    return groups


def _tempos(repaired: Repaired) -> tuple[tuple[int, int], ...]:
    """List the changes of tempo of the first track."""
    tempos = [(0, DEFAULT_TEMPO)]
    for place, content in repaired.tracks[0].of_kind(midi_bytes.TEMPO):
        tempo = int.from_bytes(content[:3], "big")
        # A tempo said again is no new section: sums of more terms would be rounded otherwise.
        if tempo != tempos[-1][1]:
            tempos.append((int(repaired.tracks[0].events["tick"][place]), tempo))
    return tuple(tempos)
