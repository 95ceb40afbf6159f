"""Composed bars in one's own MIDI file: every other event of it stays, at its tick.

Only the two events of each note that is replaced go, and those of new notes come; tempos, controllers, programs, sysex,
other parts and other tracks are the file's. Tracks in which nothing is replaced stay byte by byte. Of a file that had
to be mended to be read (quartetvae/io/midi_repair.py) the mended one is what stays.

Conventions
-----------
Times are in ticks. Of a part's notes those are replaced that begin and end, rounded to the grid, within the steps that
were asked for; what reaches over their edges stays. New notes go to the track that had most of those replaced, and are
as loud as they were on average.
"""

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import RenderingError
from quartetvae.io import midi_repair
from quartetvae.io.midi_bytes import ESCAPE, META, SYSEX
from quartetvae.io.read import MusicFile
from quartetvae.music import codec
from quartetvae.music.ensemble import VOICES
from quartetvae.music.notes import VELOCITY, Notes, make_notes
from quartetvae.music.quartet import Grid, Quartet

Mask = NDArray[np.bool_]

_BEFORE, _THERE, _AFTER = 0, 1, 2
"""Of what happens at one tick: new ends, what is there, new beginnings."""


@dataclass(frozen=True)
class _Note:
    """A note of a file: its chunk, channel, and the places of its two events."""

    chunk: int
    channel: int
    begins: int
    stops: int
    row: tuple[int, int, int, int]
    """Onset, duration, pitch, velocity."""


@dataclass(frozen=True)
class _Event:
    tick: int
    content: bytes
    """With its status."""


def splice(
    content: bytes,
    file: MusicFile,
    made: Quartet,
    *,
    asked: Mask,
    composed: Mask,
    tracks: Sequence[int] | None = None,
) -> bytes:
    """Put what was composed into the MIDI file that it was composed for.

    Parameters
    ----------
    content
        The file's bytes.
    file
        What was read from them.
    made
        The music with what was composed.
    asked, composed
        bool, (steps, 4), by step and part: what was to be replaced, and what was composed of it, all but the notes that
        reach over an edge; see `quartetvae.composing.filling.settle`.
    tracks
        Numbers of the tracks that play the four parts, if they were said.

    Returns
    -------
    The bytes of a MIDI file.

    Raises
    ------
    MidiError
        If the file is damaged.
    RenderingError
        If its parts are no tracks of it: all its notes were spread over four parts.
    """
    repaired = midi_repair.repair(content, file.name, ensemble=file.ensemble)
    chunks, places = _chunks(repaired.content)
    parsed = [_parsed(body) for body in chunks]
    notes = [note for number, events in enumerate(parsed) for note in _notes(events, number)]
    of_track = _of_tracks(file, notes)
    new = _composed(made, composed, file.music.ticks_per_beat)
    gone: set[tuple[int, int]] = set()
    added: defaultdict[int, list[tuple[int, int, bytes]]] = defaultdict(list)
    for part in np.flatnonzero(asked.any(axis=0)).tolist():
        own = [note for number in _tracks_of(file, part, tracks) for note in of_track[number]]
        inside = [note for note in own if _is_inside(note, asked[:, part], made.grid, file.music.ticks_per_beat)]
        home = Counter((note.chunk, note.channel) for note in inside or own).most_common(1)[0][0]
        loud = [note.row[3] for note in inside or own]
        velocity = round(sum(loud) / len(loud)) if loud else VELOCITY
        gone |= {(note.chunk, place) for note in inside for place in (note.begins, note.stops)}
        replaced = set(inside)
        kept = [note.row for note in notes if (note.chunk, note.channel) == home and note not in replaced]
        for onset, end, pitch in _beside(new[part], kept):
            added[home[0]].append((onset, _AFTER, bytes((0x90 | home[1], pitch, velocity))))
            added[home[0]].append((end, _BEFORE, bytes((0x80 | home[1], pitch, 64))))
    found, last = [], 0
    for number, (body, (begin, stop)) in enumerate(zip(chunks, places, strict=True)):
        changed = number in added or any(chunk == number for chunk, _ in gone)
        if changed:
            left = {place for chunk, place in gone if chunk == number}
            body = _written(parsed[number], left, added[number])
        found += [repaired.content[last:begin], b"MTrk", struct.pack(">I", len(body)), body]
        last = stop
    return b"".join([*found, repaired.content[last:]])


def _tracks_of(file: MusicFile, part: int, tracks: Sequence[int] | None) -> list[int]:
    """List the tracks that play a part."""
    if tracks is not None:
        return [tracks[part]]
    name = file.ensemble.ids[part]
    found = [number for number, of in enumerate(file.assignment.parts) if of == name]
    if file.assignment.refusal is not None or not any(len(file.music.tracks[number].notes) for number in found):
        raise RenderingError(
            f"{file.name}: {name} is no track with notes of this file, so nothing can be put into it; write the whole "
            "piece anew."
        )
    return found


def _is_inside(note: _Note, asked: Mask, grid: Grid, ticks_per_beat: int) -> bool:
    """Tell whether a note begins and ends within the steps that were asked for."""
    onset, duration, *_ = note.row
    begin, end = codec.to_steps(
        np.array([onset, onset + duration]), ticks_per_beat=ticks_per_beat, steps_per_beat=grid.steps_per_beat
    ).tolist()
    end = max(end, begin + 1)
    return end <= len(asked) and bool(asked[begin:end].all())


def _composed(made: Quartet, composed: Mask, ticks_per_beat: int) -> list[Notes]:
    """Take the notes of each part that were composed, in ticks."""
    grid = made.grid
    cells = np.tile(composed, grid.columns // VOICES)
    tokens = np.where(cells, made.tokens, np.uint8(grid.alphabet.rest))
    found = []
    for notes in codec.decode(tokens, grid.alphabet):
        onsets, ends = (
            (2 * steps * ticks_per_beat + grid.steps_per_beat) // (2 * grid.steps_per_beat)
            for steps in (notes["onset"], notes["onset"] + notes["duration"])
        )
        found.append(make_notes(onsets, np.maximum(ends - onsets, 1), notes["pitch"]))
    return found


def _beside(new: Notes, kept: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int, int]]:
    """Cut new notes where one of their pitch is kept, which would end with them: onset, end and pitch of each."""
    sounding: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for onset, duration, pitch, _ in kept:
        sounding[pitch].append((onset, onset + duration))
    found = []
    for onset, duration, pitch, _ in new.tolist():
        begin, end = onset, onset + duration
        for other, until in sorted(sounding[pitch]):
            if other <= begin < until:
                begin = until
            elif begin < other < end:
                end = other
        if begin < end:
            found.append((begin, end, pitch))
    return found


def _of_tracks(file: MusicFile, notes: Sequence[_Note]) -> list[list[_Note]]:
    """Find the notes of each track as they stand in the file.

    A track is a channel of a chunk, or what of it has one program; of equal ones the first is the first's.
    """
    free: dict[tuple[int, int], defaultdict[tuple[int, int, int, int], list[_Note]]] = {}
    for note in notes:
        free.setdefault((note.chunk, note.channel), defaultdict(list))[note.row].append(note)
    found: list[list[_Note]] = []
    for number, track in enumerate(file.music.tracks):
        wanted = Counter(track.notes.tolist())
        for rows in free.values():
            if all(len(rows[row]) >= count for row, count in wanted.items()):
                found.append([rows[row].pop(0) for row, count in wanted.items() for _ in range(count)])
                break
        else:
            raise RenderingError(
                f"{file.name}: the notes of track {file.track_label(number)} are not found in the file as they were "
                "read; write the whole piece anew."
            )
    return found


def _chunks(content: bytes) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Find the contents of a tidy file's tracks, and where each begins and ends with its head."""
    bodies, places = [], []
    at = 8 + struct.unpack(">I", content[4:8])[0]
    while at + 8 <= len(content):
        size = struct.unpack(">I", content[at + 4 : at + 8])[0]
        if content[at : at + 4] == b"MTrk":
            bodies.append(content[at + 8 : at + 8 + size])
            places.append((at, at + 8 + size))
        at += 8 + size
    return bodies, places


def _parsed(body: bytes) -> list[_Event]:
    """List the events of a tidy track, the end of the track among them."""
    found, tick, at, status = [], 0, 0, 0
    while at < len(body):
        delta, at = _number(body, at)
        tick += delta
        if body[at] >= 0x80:
            status, at = body[at], at + 1
        if status in (META, SYSEX, ESCAPE):
            size, stop = _number(body, at + (status == META))
            stop += size
        else:
            stop = at + (1 if status >> 5 == 6 else 2)
        found.append(_Event(tick, bytes((status,)) + body[at:stop]))
        at = stop
    return found


def _number(body: bytes, at: int) -> tuple[int, int]:
    """Read a number of variable length: it, and where it ends."""
    value = 0
    while True:
        value, at = value << 7 | body[at] & 127, at + 1
        if body[at - 1] < 0x80:
            return value, at


def _variable(number: int) -> bytes:
    found = [number & 127]
    while number := number >> 7:
        found.append(128 | number & 127)
    return bytes(reversed(found))


def _notes(events: Sequence[_Event], chunk: int) -> list[_Note]:
    """Pair the beginnings and ends of notes: of one channel and pitch the first that began ends first."""
    sounding: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    found = []
    for place, event in enumerate(events):
        kind, channel = event.content[0] >> 4, event.content[0] & 15
        if kind not in (8, 9):
            continue
        _, pitch, velocity = event.content
        if kind == 9 and velocity:
            sounding[channel, pitch].append(place)
        elif sounding[channel, pitch]:
            first = sounding[channel, pitch].pop(0)
            begun = events[first]
            row = (begun.tick, event.tick - begun.tick, pitch, begun.content[2])
            found.append(_Note(chunk, channel, first, place, row))
    return found


def _written(events: Sequence[_Event], gone: set[int], added: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Write a track without some of its events and with others, its end last."""
    *music, end = events
    there = [(event.tick, _THERE, event.content) for place, event in enumerate(music) if place not in gone]
    ordered = sorted([*there, *added], key=lambda event: event[:2])
    until = max([end.tick, *(tick for tick, _, _ in ordered)])
    found, last = [], 0
    for tick, _, content in [*ordered, (until, _AFTER, end.content)]:
        found += [_variable(tick - last), content]
        last = tick
    return b"".join(found)
