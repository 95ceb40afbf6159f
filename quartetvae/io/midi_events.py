"""The notes of a MIDI file at its own resolution, in the order of its events: what features of a file are taken from.

The codec needs notes only, and symusic reads those in no time (`quartetvae.io.midi`). In what order notes begin that
begin together, and whether a note ends before or after the next one of its pitch begins, symusic does not say.

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
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import MidiError, no_file
from quartetvae.music import part_assignment
from quartetvae.music.ensemble import PARTS
from quartetvae.music.notes import make_notes
from quartetvae.music.tracks import Music, Track

DEFAULT_TEMPO = 500_000
"""Microseconds per quarter note until a file says otherwise."""


DRUMS = 9
"""The channel of General MIDI whose notes are no pitches."""


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
    try:
        content = mido.MidiFile(path)
    # mido raises OSError, EOFError, ValueError or KeyError by the kind of damage.
    except Exception as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise MidiError(
            f"{path.name}: not a readable MIDI file ({detail}); export it again or leave it out."
        ) from error
    if content.type == 2:
        raise MidiError(f"{path.name}: a MIDI file of type 2, whose tracks are songs; type 0 or 1 is needed.")
    # Below 0 it counts the frames of a film (SMPTE), not beats.
    if content.ticks_per_beat < 1:
        raise MidiError(f"{path.name}: no ticks per beat (division {content.ticks_per_beat}); export it by beats.")
    if any(message.type == "set_tempo" and not message.tempo for track in content.tracks for message in track):
        raise MidiError(f"{path.name}: a tempo of 0 microseconds per beat; export it again or leave it out.")
    voices = [voice for number, track in enumerate(_players(content)) for voice in _voices(number, track)]
    if not any(voice.notes for voice in voices if not voice.is_drum):
        raise MidiError(f"{path.name}: no notes; a file with notes (not of drums only) is needed.")
    return _assigned(content, voices)


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


def _players(content: mido.MidiFile) -> list[mido.MidiTrack]:
    """List the tracks of a file; for one that holds all notes in one track, a track for each channel."""
    channels: dict[int, set[int]] = {}
    for number, track in enumerate(content.tracks):
        if found := {message.channel for message in track if message.type == "note_on"}:
            channels[number] = found
    if len(channels) != 1:
        return list(content.tracks)
    ((number, found),) = channels.items()
    if len(found) == 1:
        return list(content.tracks)
    split = []
    for channel in sorted(found):
        waited = 0
        player = mido.MidiTrack()
        for message in content.tracks[number]:
            waited += message.time
            if getattr(message, "channel", channel) == channel:
                player.append(message.copy(time=waited))
                waited = 0
        split.append(player)
    return split


def _voices(number: int, track: mido.MidiTrack) -> list[Voice]:
    """List the voices of a track, one for each program, drums apart."""
    events: list[tuple[int, bool, int, int]] = []
    sources: list[tuple[int, bool]] = []
    programs: dict[int, int] = defaultdict(int)
    tick = 0
    for message in track:
        tick += message.time
        if message.type == "program_change":
            programs[message.channel] = message.program
        elif message.type in ("note_on", "note_off"):
            begins = message.type == "note_on" and message.velocity > 0
            events.append((tick, begins, message.note, message.velocity))
            sources.append((programs[message.channel], message.channel == DRUMS))
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
    return [Voice(number, track.name, program, drum, tuple(notes)) for (program, drum), notes in found.items()]


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


def _assigned(content: mido.MidiFile, voices: list[Voice]) -> File:
    """Give the voices to the parts of a quartet, as the codec would; else to their tracks."""
    tracks = []
    for voice in voices:
        onset = [note.onset for note in voice.notes]
        duration = [note.until - note.onset for note in voice.notes]
        notes = make_notes(onset, duration, [note.pitch for note in voice.notes], [n.velocity for n in voice.notes])
        tracks.append(Track(voice.name.rstrip("\0").strip(), voice.program, voice.is_drum, notes))
    assigned = part_assignment.assign(Music(content.ticks_per_beat, tuple(tracks)))
    groups: dict[str, list[Voice]] = {}
    if assigned.refusal is None:
        for part in PARTS:
            groups[part] = [voice for voice, own in zip(voices, assigned.parts, strict=True) if own == part]
    else:
        for voice in voices:
            if not voice.is_drum:
                groups.setdefault(f"track_{voice.track}", []).append(voice)
    tempos = [(0, DEFAULT_TEMPO)]
    tick = 0
    for message in content.tracks[0]:
        tick += message.time
        # A tempo said again is no new section: sums of more terms would be rounded otherwise.
        if message.type == "set_tempo" and message.tempo != tempos[-1][1]:
            tempos.append((tick, message.tempo))
    return File(content.ticks_per_beat, tuple(tempos), groups, assigned.refusal)
