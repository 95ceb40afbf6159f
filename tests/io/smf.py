"""Standard MIDI Files from readable lists, byte by byte: right ones, and those that are put together oddly."""

import struct
from collections.abc import Sequence

Event = tuple[int, bytes]
"""A tick from the beginning, and the bytes of an event without its time."""

NAMES, PROGRAMS, LOWS = ("Violin I", "Violin II", "Viola", "Violoncello"), (40, 40, 41, 42), (76, 69, 60, 48)

BEAT = 480
"""Ticks of a beat."""

BEATS = 8
"""Notes of each part of `quartet`, a beat each."""


def variable(number: int) -> bytes:
    """A number of variable length."""
    found = [number & 127]
    while number := number >> 7:
        found.insert(0, 128 | number & 127)
    return bytes(found)


def on(tick: int, pitch: int, channel: int = 0, velocity: int = 80) -> Event:
    return tick, bytes([0x90 | channel, pitch, velocity])


def off(tick: int, pitch: int, channel: int = 0) -> Event:
    return tick, bytes([0x80 | channel, pitch, 64])


def note(tick: int, length: int, pitch: int, channel: int = 0) -> list[Event]:
    return [on(tick, pitch, channel), off(tick + length, pitch, channel)]


def program(tick: int, number: int, channel: int = 0) -> Event:
    return tick, bytes([0xC0 | channel, number])


def meta(tick: int, kind: int, content: bytes) -> Event:
    return tick, bytes([0xFF, kind]) + variable(len(content)) + content


def name(content: str | bytes) -> Event:
    return meta(0, 0x03, content if isinstance(content, bytes) else content.encode("ascii"))


def sysex(tick: int, content: bytes = b"\x7e\x7f\x09\x01\xf7") -> Event:
    return tick, b"\xf0" + variable(len(content)) + content


def body(events: Sequence[Event], *, end: int | None = None, running: bool = False) -> bytes:
    """The events of a track by their ticks, those of one tick as they stand.

    Its end lies at a tick of its own, or nowhere (-1). `running`: status is left out where it can be.
    """
    found, last, status = b"", 0, b""
    for tick, event in sorted(events, key=lambda event: event[0]):
        found += variable(tick - last)
        last = tick
        found += event[1:] if running and event[:1] == status else event
        # As careless programs have it, a sysex or meta event leaves running status as it was.
        status = event[:1] if event[0] < 0xF0 else status
    if end == -1:
        return found
    return found + variable(0 if end is None else max(0, end - last)) + b"\xff\x2f\x00"


def chunk(content: bytes, *, length: int | None = None, tag: bytes = b"MTrk") -> bytes:
    return tag + struct.pack(">I", len(content) if length is None else length) + content


def head(count: int, *, format: int = 1, division: int = BEAT, more: bytes = b"") -> bytes:
    return chunk(struct.pack(">HHH", format, count, division) + more, tag=b"MThd")


def file(*bodies: bytes, format: int = 1, division: int = BEAT) -> bytes:
    return head(len(bodies), format=format, division=division) + b"".join(chunk(content) for content in bodies)


def line(part: int, *, beats: int = BEATS) -> list[tuple[int, int, int]]:
    """Onset and length in ticks and pitch of a part's notes: five pitches up, again and again."""
    return [(BEAT * k, BEAT, LOWS[part] + k % 5) for k in range(beats)]


def player(part: int, *, named: bool = True, told: bool = True, channel: int | None = None) -> list[Event]:
    """One part's events: its name and program, then its notes."""
    on_channel = part if channel is None else channel
    start = [name(NAMES[part])] if named else []
    start += [program(0, PROGRAMS[part], on_channel)] if told else []
    return start + [event for at, length, pitch in line(part) for event in note(at, length, pitch, on_channel)]


def quartet(**changes: bool) -> bytes:
    """A quartet without faults."""
    return file(*(body(player(part, **changes)) for part in range(4)))
