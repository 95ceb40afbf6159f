"""The bytes of a Standard MIDI File as events, and back; chunks are found wherever they lie.

What is odd in how a file is put together is read all the same, if it is certain what is meant: a RIFF around it, bytes
between its chunks, a header longer than six bytes or with another count of tracks, a track whose length is wrong or
that lacks its end, running status that goes on across a sysex or meta event. What is cut short is an error.

Conventions
-----------
Times are in ticks from the beginning. Events are arrays of dtype `EVENT`, in the order of the file; `status` is never
running. Of meta events `meta` is the place in `Events.metas` of their kind and content; of others it is -1.

Most bytes of a file are notes. Where an event would end if one began there is computed for all bytes at once; what is
left to a loop is to go on from there, eight events at a time.
"""

import itertools
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import MidiError

EVENT = np.dtype([("tick", "<i8"), ("status", "u1"), ("first", "u1"), ("second", "u1"), ("meta", "<i4")])

META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
NAME, INSTRUMENT, CHANNEL, END, TEMPO, TIME_SIGNATURE = 0x03, 0x04, 0x20, 0x2F, 0x51, 0x58
"""Kinds of meta events."""

MOST_TRACKS = 1000
"""No music has more; to read what has would take long."""

_SYSTEM_DATA = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of system messages; the others have none. None belongs into a file."""

_KEYS = 16 * 128
"""Of a track: pitches times channels."""

_LONGEST_PLAIN = 7
"""Bytes of an event with two data bytes and a time of four."""

_AT_ONCE = 3 << 14
"""Bytes of small tracks that are read together. The arrays of more would be larger than the processor's caches."""

_LONGEST_END = 5
"""Bytes of an end of track; with any event before it there are more."""


@dataclass(frozen=True)
class Events:
    """The events of one track."""

    events: NDArray[Any]
    """Of dtype `EVENT`, without the end of the track."""
    metas: tuple[tuple[int, bytes], ...]
    """Kind and content of its meta events."""
    end: int
    """The tick at which the track ends."""

    @cached_property
    def channel(self) -> NDArray[Any]:
        """Each event's channel, from 0; -1 for what has none."""
        status = self.events["status"]
        return np.where(status < SYSEX, status & 15, np.int16(-1))

    @cached_property
    def begins(self) -> NDArray[np.bool_]:
        """Which events begin a note."""
        return np.asarray((self.events["status"] >> 4 == 9) & (self.events["second"] > 0))

    @cached_property
    def stops(self) -> NDArray[np.bool_]:
        """Which events end a note."""
        kind = self.events["status"] >> 4
        return np.asarray((kind == 8) | ((kind == 9) & (self.events["second"] == 0)))

    @cached_property
    def programs(self) -> NDArray[np.bool_]:
        """Which events change a program."""
        return np.asarray(self.events["status"] >> 4 == 12)

    def of_kind(self, kind: int) -> list[tuple[int, bytes]]:
        """List the meta events of a kind: where in `events`, and their contents."""
        return self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[int, list[tuple[int, bytes]]]:
        places = (self.events["meta"] >= 0).nonzero()[0]
        return _sorted_by_kind(places.tolist(), [self.metas[meta] for meta in self.events["meta"][places].tolist()])

    @cached_property
    def keys(self) -> NDArray[Any]:
        """128 times each event's channel plus its first byte: of notes their pitch."""
        return np.asarray(self.channel * 128 + self.events["first"])

    @cached_property
    def body(self) -> bytes:
        """The bytes of the track, as `serialise` writes them."""
        return _serialised(self)

    @cached_property
    def playing(self) -> list[int]:
        """The channels that have notes, in rising order."""
        of = self.sounding
        channels = of.keys[of.sign > 0] >> 7
        # They are in rising order, and mostly all the same.
        is_one = not len(channels) or channels[0] == channels[-1]
        return [int(channel) for channel in (channels[:1] if is_one else np.unique(channels))]

    @cached_property
    def last_tick(self) -> int:
        """The tick of the last event of a note; 0 if there is none."""
        return int(self.sounding.ticks.max(initial=0))

    @cached_property
    def sounding(self) -> "Sounding":
        """The beginnings and ends of notes."""
        return _sounding(self.begins | self.stops, self.begins, self.keys, self.events["tick"])


class Sounding(NamedTuple):
    """The beginnings and ends of a track's notes by key, then as they stand; arrays of one length."""

    places: NDArray[Any]
    """Where they are in `Events.events`."""
    sign: NDArray[Any]
    """1 or -1."""
    depth: NDArray[Any]
    """How many notes of the key then sound; below 0 where ends have no beginning."""
    keys: NDArray[Any]
    ticks: NDArray[Any]


def _sounding(
    sounds: NDArray[np.bool_], begins: NDArray[np.bool_], keys: NDArray[Any], ticks: NDArray[np.int64]
) -> Sounding:
    places = sounds.nonzero()[0]
    keys = keys[places]
    # Of 16 bits, for which NumPy has a faster way to sort.
    order = np.argsort(keys.astype(np.uint16) if keys.max(initial=0) < 1 << 16 else keys, kind="stable")
    places, keys = places[order], keys[order]
    sign = np.where(begins[places], np.int8(1), np.int8(-1))
    total = np.cumsum(sign, dtype=np.int64)
    edges = np.concatenate([[0], (keys[1:] != keys[:-1]).nonzero()[0] + 1, [len(keys)]])
    first = edges[:-1] if len(keys) else edges[:0]
    depth = total - np.repeat(total[first] - sign[first], (edges[1:] - edges[:-1])[: len(first)])
    return Sounding(places, sign, depth, keys, ticks[places])


def _sorted_by_kind(places: Sequence[int], metas: Sequence[tuple[int, bytes]]) -> dict[int, list[tuple[int, bytes]]]:
    found: dict[int, list[tuple[int, bytes]]] = {}
    for place, (kind, content) in zip(places, metas, strict=True):
        found.setdefault(kind, []).append((place, content))
    return found


@dataclass(frozen=True)
class Content:
    """A MIDI file: its format (0, 1 or 2) and tracks."""

    format: int
    division: int
    """Ticks of a beat; above 32767 it counts frames of a film (SMPTE)."""
    tracks: tuple[Events, ...]
    tidy: bool
    """Whether every reader will understand its bytes."""
    missing: int
    """Tracks that the header counts and that are not there."""


def parse(content: bytes, name: str) -> Content:
    """Find the events of a file; `name` is for messages.

    Raises
    ------
    MidiError
        If there is no header, a track is damaged or cut short, or there is no track.
    """
    if not content:
        raise _unreadable(name, "empty")
    start = content.find(b"MThd")
    if start < 0 or len(content) < start + 14:
        raise _unreadable(name, "no header 'MThd'" if start < 0 else "cut short in its header")
    length, kind, count, division = struct.unpack(">IHHH", content[start + 4 : start + 14])
    after = start + 8 + length
    tidy = start == 0 and length == 6 and content[after : after + 4] == b"MTrk"
    place = after if length >= 6 and after <= len(content) else start + 14
    tracks: list[Events] = []
    if tidy and (found := _all_tracks(content, after)):
        tracks, tidy = found
        place = len(content)
    while (at := _next_track(content, place)) is not None:
        # After the last that the header counts, and bytes of no chunk, lies what an older file has left.
        if at > place and 0 < count <= len(tracks):
            break
        tidy &= at == place
        if len(tracks) == MOST_TRACKS:
            raise _unreadable(name, f"more than {MOST_TRACKS} tracks")
        label = f"track {len(tracks) + 1} of {max(count, len(tracks) + 1)}"
        track, place, well = _track(content, at + 8, name, label, is_last=len(tracks) + 1 >= count)
        tidy &= well
        tracks.append(track)
    rest = content[place:]
    if len(tracks) < count and rest and rest[:4] == b"MTrk"[: len(rest)]:
        raise _cut(name, f"track {len(tracks) + 1} of {count} has no content")
    if not tracks:
        raise _unreadable(name, f"no track, though its header counts {count}" if count else "no track")
    # Of an unknown format the tracks run side by side, as nearly always.
    known = kind if kind in (1, 2) or (kind == 0 and len(tracks) == 1) else 1
    tidy &= not rest and known == kind and count == len(tracks)
    return Content(known, division, tuple(tracks), tidy, max(0, count - len(tracks)))


def serialise(content: Content) -> bytes:
    """Write a file as every reader understands it: no running status, no sysex, each track with its end."""
    chunks = [b"MThd" + struct.pack(">IHHH", 6, content.format, len(content.tracks), content.division)]
    for track in content.tracks:
        chunks.append(b"MTrk" + struct.pack(">I", len(track.body)) + track.body)
    return b"".join(chunks)


def _serialised(track: Events) -> bytes:
    events = track.events[(track.events["status"] < SYSEX) | (track.events["meta"] >= 0)]
    ticks = np.ascontiguousarray(events["tick"])
    ends = np.append(ticks, max(track.end, int(ticks.max(initial=0))))
    # The largest number of variable length is that of four bytes.
    delta = np.clip(np.diff(ends, prepend=0), 0, (1 << 28) - 1)
    wider = [np.flatnonzero(delta >= 1 << 7 * place) for place in range(1, 4)]
    width = np.ones(len(delta), dtype=np.int64)
    for within in wider:
        width[within] += 1
    metas = (events["meta"] >= 0).nonzero()[0]
    said = [track.metas[meta] for meta in events["meta"][metas].tolist()]
    tails = [bytes((META, kind)) + _variable(len(data)) + data for kind, data in said]
    single = events["status"] >> 5 == 6
    size = np.append(np.where(single, 2, 3), 3)
    size[metas] = [len(tail) for tail in tails]
    stops = np.cumsum(width + size)
    heads = stops - size
    body = np.zeros(int(stops[-1]), dtype=np.uint8)
    body[heads - 1] = delta & 127
    for place, within in enumerate(wider, 1):
        body[heads[within] - 1 - place] = delta[within] >> 7 * place & 127 | 128
    # Of metas, and of what has one data byte, this is written over.
    body[heads[:-1]], body[heads[:-1] + 1] = events["status"], events["first"]
    two = (~single & (events["meta"] < 0)).nonzero()[0]
    body[heads[two] + 2] = events["second"][two]
    for head, tail in zip(heads[metas].tolist(), tails, strict=True):
        body[head : head + len(tail)] = np.frombuffer(tail, dtype=np.uint8)
    body[-3:] = META, END, 0
    return body.tobytes()


def _variable(number: int) -> bytes:
    """Write a number of variable length."""
    found = [number & 127]
    while number := number >> 7:
        found.append(128 | number & 127)
    return bytes(reversed(found))


def _unreadable(name: str, detail: str) -> MidiError:
    return MidiError(f"{name}: not a readable MIDI file ({detail}); export it again or leave it out.")


def _cut(name: str, detail: str) -> MidiError:
    return _unreadable(name, f"cut short: {detail}")


def _next_track(content: bytes, place: int) -> int | None:
    """Find where the next track begins, past chunks of other kinds and bytes that belong to none."""
    while (tag := content[place : place + 4]) != b"MTrk" and re.fullmatch(rb"[A-Za-z0-9 ]{4}", tag):
        after = place + 8 + int.from_bytes(content[place + 4 : place + 8], "big")
        if not _is_between(content, after):
            break
        place = after
    at = content.find(b"MTrk", place)
    return at if 0 <= at <= len(content) - 8 else None


def _is_between(content: bytes, place: int) -> bool:
    """Tell whether a chunk may end here."""
    return place == len(content) or re.fullmatch(rb"MTrk|[A-Z]{3}[A-Z0-9]", content[place : place + 4]) is not None


def _track(content: bytes, start: int, name: str, label: str, *, is_last: bool) -> tuple[Events, int, bool]:
    """Read the track whose events begin at `start`: its events, where it ends, and whether it is tidy."""
    declared = start + int.from_bytes(content[start - 4 : start], "big")
    scan = _scan(content[start:declared])
    stop = start + scan.stop
    if scan.state == "end":
        if stop == declared:
            return scan.track(), declared, scan.tidy
        rest = content[stop:declared]
        if declared > len(content) or b"MTrk" in rest:
            # The length is wrong, not the track.
            return scan.track(), stop, False
        # An end in the middle: what follows counts if it is events to the last byte, and is rubbish if it is not.
        more = _scan(rest)
        if more.state != "bad" and more.state != "cut" and more.notes:
            return _joined(scan.track(), more.track()), declared, False
        return scan.track(), declared, False
    if declared <= len(content):
        if scan.state == "whole" and _is_between(content, declared):
            return scan.track(), declared, False
        # Its length says too little if its end comes later, and before the next track.
        later = content.find(b"MTrk", declared)
        longer = _scan(content[start : later if later >= 0 else len(content)])
        if longer.state == "end" and declared < start + longer.stop:
            return longer.track(), start + longer.stop, False
        raise _unreadable(name, f"{label} is damaged at byte {stop}")
    rest, missing = content[stop:], declared - len(content)
    is_end = re.fullmatch(rb"[\x80-\xff]{0,3}([\x00-\x7f](\xff\x2f?)?)?", rest) is not None
    if is_last and scan.state != "bad" and is_end and (len(rest) + missing <= _LONGEST_END or rest[-2:] == b"\xff\x2f"):
        return scan.track(), len(content), False
    if scan.state == "bad":
        raise _unreadable(name, f"{label} is damaged at byte {stop}")
    raise _cut(name, f"{missing} bytes of {label} are missing")


def _all_tracks(content: bytes, start: int) -> tuple[list[Events], bool] | None:
    """Read all the tracks from `start` on at once, and tell whether they are tidy; None unless each is as it says."""
    bodies: list[bytes] = []
    place = start
    while content[place : place + 4] == b"MTrk" and place + 8 <= len(content):
        begin = place + 8
        place = begin + int.from_bytes(content[begin - 4 : begin], "big")
        bodies.append(content[begin:place])
    if place != len(content) or len(bodies) > MOST_TRACKS:
        return None
    tracks: list[Events] = []
    tidy = True
    for group in _groups(bodies):
        scan = _scan(b"".join(group), through=True)
        if scan.state != "end" or scan.ends != list(itertools.accumulate(map(len, group))):
            return None
        tracks += scan.tracks()
        tidy &= scan.tidy
    return tracks, tidy


def _groups(bodies: Sequence[bytes]) -> list[list[bytes]]:
    """Put neighbouring tracks together, of `_AT_ONCE` bytes at most unless one has more."""
    groups: list[list[bytes]] = [[]]
    size = 0
    for body in bodies:
        size += len(body)
        if size > _AT_ONCE and groups[-1]:
            groups.append([])
            size = len(body)
        groups[-1].append(body)
    return groups


def _joined(track: Events, more: Events) -> Events:
    events = more.events.copy()
    events["tick"] += track.end
    events["meta"][events["meta"] >= 0] += len(track.metas)
    return Events(np.concatenate([track.events, events]), (*track.metas, *more.metas), track.end + more.end)


@dataclass
class _Scan:
    """Events found in bytes, from the first on, and how far and why."""

    data: NDArray[np.uint8]
    width: NDArray[np.uint8]
    following: NDArray[np.int64]
    """Where a plain event ends, if one begins here; here, if none does."""
    eighths: list[int] = field(default_factory=list)
    """Where plain events begin, in a row each eighth, from its first on."""
    others: list[int] = field(default_factory=list)
    """Where all other events begin."""
    metas: list[tuple[int, bytes]] = field(default_factory=list)
    metas_at: list[int] = field(default_factory=list)
    """Where they begin."""
    ends: list[int] = field(default_factory=list)
    """Where ends of tracks end."""
    stop: int = 0
    state: str = "whole"
    """`end`: at an end of track; `whole`: all bytes are events; `cut`: the last is not whole; `bad`: no event."""
    tidy: bool = True

    @property
    def notes(self) -> bool:
        """Whether there are any."""
        return bool(self.track().begins.any())

    def track(self) -> Events:
        """Put the events of one track into arrays."""
        (track,) = self.tracks()
        return track

    def tracks(self) -> list[Events]:
        """Put the events of tracks into arrays, up to the end of each; the last may lack its end."""
        starts = self._starts()
        tick, status, first, second = self._columns(starts)
        at = np.searchsorted(starts, self.metas_at)
        ends = [number for number, (kind, _) in enumerate(self.metas) if kind == END]
        stops = at[ends].tolist()
        if self.state != "end":
            ends.append(len(self.metas))
            stops.append(len(starts))
        begins = [0, *(end + 1 for end in ends)]
        size = np.diff(stops, prepend=-1)
        # Each track begins anew.
        tick -= np.repeat(np.append(0, tick[stops[:-1]]), size)[: len(tick)]
        numbers = [np.arange(end + 1 - begin) for begin, end in zip(begins, ends, strict=False)]
        events = np.zeros(len(starts), dtype=EVENT)
        events["tick"], events["status"], events["first"], events["second"] = tick, status, first, second
        events["meta"] = -1
        events["meta"][at] = np.concatenate(numbers)[: len(at)]
        as_written = self._as_written(starts, at)
        # What is asked of every track is found out for all of them at once.
        whole = Events(events, (), 0)
        known = {name: getattr(whole, name) for name in ("channel", "begins", "stops", "programs", "keys")}
        keys = np.repeat(np.arange(len(size)) * _KEYS, size)[: len(tick)] + whole.keys
        sounding = _sounding(whole.begins | whole.stops, whole.begins, keys, tick)
        edges = np.searchsorted(sounding.keys, np.arange(len(size) + 1) * _KEYS).tolist()
        tracks = []
        start = byte = 0
        for k, (stop, begin, end) in enumerate(zip(stops, begins, ends, strict=False)):
            metas = tuple(self.metas[begin:end])
            track = Events(events[start:stop], metas, int(tick[min(stop, len(tick) - 1)]) if len(tick) else 0)
            found = vars(track)
            for name, column in known.items():
                found[name] = column[start:stop]
            places, sign, depth, keys, ticks = (column[edges[k] : edges[k + 1]] for column in sounding)
            found["sounding"] = Sounding(places - start, sign, depth, keys - k * _KEYS, ticks)
            found["_by_kind"] = _sorted_by_kind((at[begin:end] - start).tolist(), metas)
            if stop < len(starts):
                if as_written[start : stop + 1].all() and not self.metas[end][1]:
                    found["body"] = self.data[byte : self.ends[k]].tobytes()
                byte = self.ends[k]
            tracks.append(track)
            start = stop + 1
        return tracks

    def _as_written(self, starts: NDArray[np.int64], metas: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which events stand as `serialise` would write them; `metas` are the places of meta events.

        They have their status, and no number of variable length begins with an empty byte.
        """
        heads = starts + self.width[starts]
        status = self.data[heads]
        found = np.asarray((status >= 0x80) & ((status < SYSEX) | (status == META)) & (self.data[starts] != 0x80))
        found[metas] &= self.data[heads[metas] + 2] != 0x80
        return found

    def _columns(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Read events: ticks from the first on, status, first and second data byte."""
        data, width = self.data, self.width[starts]
        at = starts + width
        # The last byte of a number of variable length, then the others, of which few numbers have any.
        delta = (data[at - 1] & 127).astype(np.int64)
        for place in range(1, 4):
            within = (width > place).nonzero()[0]
            delta[within] |= (data[at[within] - 1 - place] & np.int64(127)) << 7 * place
        status = data[at]
        said = status >= 0x80
        if not said.all():
            # Running status: that of the last event of a channel.
            last = np.maximum.accumulate(np.where(said & (status < SYSEX), np.arange(len(starts)), 0))
            status = np.where(said, status, status[last])
        at += said
        first, second = data[at], data[at + 1]
        second[status >> 5 == 6] = 0
        others = (status >= SYSEX).nonzero()[0]
        first[others] = second[others] = 0
        return np.cumsum(delta), status, first, second

    def _starts(self) -> NDArray[np.int64]:
        """Find where events begin, those between the eighths too."""
        begins = np.zeros(len(self.following), dtype=bool)
        row = np.array(self.eighths, dtype=np.int64)
        begins[row] = True
        for _ in range(7):
            row = self.following.take(row)
            begins[row] = True
        # At the end of a row its last place comes again: it is another event's, or none's.
        begins[self.others] = True
        return begins[: self.stop].nonzero()[0]


def _scan(content: bytes, *, through: bool = False) -> _Scan:
    """Find the events that bytes begin with, up to an end of track, or `through` it to the last byte."""
    count = len(content)
    padded = content + bytes(8)
    data = np.frombuffer(padded, dtype=np.uint8)
    high = data >= 0x80
    more = [high[k : count + k] for k in range(4)]
    second = more[0] & more[1]
    third = second & more[2]
    width = 1 + more[0].view(np.uint8) + second + third
    # From its status, or where that is running from its data, an event of two data bytes has three or two.
    low, two = ~high[:-2], ~high[1:-1]
    plain = ((data[:-2] < SYSEX) & (data[:-2] >> 5 != 6)) & ~low & two & ~high[2:]
    length = 2 * (low & two).view(np.uint8) + 3 * plain.view(np.uint8)
    # Behind the time, which has one byte or two mostly; all in arrays of bytes, which are small.
    size = np.where(more[0], length[2 : count + 2], length[1 : count + 1])
    for longer, bytes_of_time in ((second, 3), (third, 4)):
        places = longer.nonzero()[0]
        size[places] = length[places + bytes_of_time]
    size += width * (size > 0)
    size[(third & more[3]).nonzero()[0]] = 0
    last = size[-_LONGEST_PLAIN:]
    last[last > np.arange(len(last), 0, -1)] = 0
    following = np.arange(count + 1)
    following[:count] += size
    fourfold = (twice := following.take(following)).take(twice)
    steps, leaps, widths = following.data, fourfold.take(fourfold).data, width.data

    found = _Scan(data, width, following)
    begin = found.eighths.append
    place, data_bytes, is_across = 0, 0, False
    while place < count:
        if steps[place] != place and (data_bytes == 2 or content[place + widths[place]] >= 0x80):
            found.tidy &= not is_across or content[place + widths[place]] >= 0x80
            while (leap := leaps[place]) != place:
                begin(place)
                place = leap
            data_bytes, is_across = 2, False
            continue
        # One of the rarer events, or none.
        head = place + widths[place]
        if head >= count or content[head - 1] >= 0x80:
            return _stopped(found, place, "cut" if head >= count else "bad")
        if (sort := content[head]) < SYSEX:
            if sort >= 0x80:
                data_bytes = 1 if sort >> 5 == 6 else 2
            elif not data_bytes:
                return _stopped(found, place, "bad")
            else:
                found.tidy &= not is_across
            is_across = False
            stop = head + (sort >= 0x80) + data_bytes
            if any(byte >= 0x80 for byte in content[stop - data_bytes : stop]):
                return _stopped(found, place, "bad")
        elif sort in (META, SYSEX, ESCAPE):
            opening = head + 1 + (sort == META)
            size = padded[opening]
            stop = opening + 1 + size
            if size >= 0x80:
                stop, size = _sized(content, opening)
            if stop > count:
                return _stopped(found, place, "cut" if stop <= count + (1 << 28) else "bad")
            if sort == META:
                found.metas_at.append(place)
                found.metas.append((content[head + 1], content[stop - size : stop]))
                if content[head + 1] == END:
                    found.others.append(place)
                    found.ends.append(stop)
                    if not through or stop == count:
                        return _stopped(found, stop, "end")
                    place, data_bytes, is_across = stop, 0, False
                    continue
            is_across = True
        else:
            stop = head + 1 + _SYSTEM_DATA.get(sort, 0)
            found.tidy = False
        if stop > count:
            return _stopped(found, place, "cut")
        found.others.append(place)
        place = stop
    return _stopped(found, place, "whole")


def _stopped(found: _Scan, place: int, state: str) -> _Scan:
    found.stop, found.state = place, state
    return found


def _sized(content: bytes, place: int) -> tuple[int, int]:
    """Read a length of variable length: where what is so long ends, and the length; beyond all files if it is none."""
    size = 0
    for k in range(place, place + 4):
        if k >= len(content):
            return len(content) + 1, 0
        size = size << 7 | content[k] & 127
        if content[k] < 0x80:
            return k + 1 + size, size
    return len(content) + (1 << 29), 0
