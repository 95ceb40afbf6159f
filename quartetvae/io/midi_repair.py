"""Faults of MIDI files, mended before anything else reads them: what a musician would hear in spite of them.

A file without faults passes as it is, byte by byte; one with faults is written anew. What is mended:

- how the file is put together: see `quartetvae.io.midi_bytes`
- a note that is never ended: it ends where its pitch begins again in its channel, else with its track
- an empty note beside a real one of the same onset and pitch
- a program that comes after the first note of its channel, or just after the note that it is meant for
- programs that a track without notes sets for the channels of others
- a name of a track that is none or tells nothing, where an instrument's name (FF 04) tells it
- names in other encodings: all of a file in the one by which most of them tell an instrument
- a pitched instrument on channel 10, which is for drums
- keys that switch a sampler, far below or above what the instrument has
- notes far beyond all others
- tempos of 0, and meta events that hold less than they must

Conventions
-----------
Times are in ticks. Of several notes of one pitch and channel the first that began ends first, as for all readers.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import MidiError
from quartetvae.io import midi_bytes
from quartetvae.io.midi_bytes import EVENT, Content, Events
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble, Part
from quartetvae.music.tracks import MOST_BEATS

DRUMS = 9
"""The channel of General MIDI whose notes are no pitches, from 0."""

LATE = 1 / 8
"""Beats: a program that comes less than this after a note began is meant for that note."""

FAR = 7
"""Semitones below an instrument's lowest string from which on a note may be a keyswitch."""

FARTHEST = 13
"""Semitones below it from which on it is one if it is short; above its highest note, from which on it may be one."""

UNKNOWN_LOWEST = 28
"""The lowest pitch of an instrument that nothing tells: a piano's key, A0 (21), lies `FAR` below it."""

FEWEST = 4
"""So many keys at least make keyswitches of an instrument that nothing tells; of fewer each may be a slip."""

LONGEST_SILENCE = 1000
"""Beats of silence, or of one note, that no music has."""

STRAY = 16
"""So many notes beyond such a silence are stray; more of them are music."""

_KITS = frozenset({0, 8, 16, 24, 25, 32, 40, 48, 56})
"""Programs that choose a drum kit on the channel of drums (General MIDI 2, GS)."""

_LEAST = {midi_bytes.TEMPO: 3, midi_bytes.TIME_SIGNATURE: 2, 0x00: 2, 0x54: 5, 0x59: 2}
"""Bytes that meta events have at least."""

_ENCODINGS = ("gb18030", "big5", "cp932", "cp949", "cp1251", "koi8-r", "cp1250", "cp1252", "latin-1")
"""What names may be in that are not Unicode: Chinese, Japanese, Korean, Russian, Central and Western European."""

_NOTE = np.dtype([("begins", "<i8"), ("stops", "<i8"), ("onset", "<i8"), ("end", "<i8"), ("key", "<i8")])
"""A note: the places of its two events, their ticks, and 128 times its channel plus its pitch."""


@dataclass(frozen=True)
class Repaired:
    """A file that any reader understands."""

    content: bytes
    ticks_per_beat: int
    tracks: tuple[Events, ...]
    """The events in `content`."""
    names: tuple[str, ...]
    """Of the tracks."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Notes by kind, as in `quartetvae.music.tracks.Music`; `missing tracks` are tracks."""


def repair(content: bytes, name: str, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Repaired:
    """Mend a MIDI file; `name` is for messages, `ensemble` says which instruments its names and programs may tell.

    Raises
    ------
    MidiError
        If it is damaged, of songs (type 2), counts no ticks per beat, or is silent or endless for longer than music is.
    """
    found = midi_bytes.parse(content, name)
    if found.format == 2:
        raise MidiError(f"{name}: a MIDI file of type 2, whose tracks are songs; type 0 or 1 is needed.")
    beat = found.division
    # Above that it counts the frames of a film (SMPTE), not beats.
    if not 0 < beat < 0x8000:
        division = beat if beat < 0x8000 else beat - 0x10000
        raise MidiError(f"{name}: no ticks per beat (division {division}); export it by beats.")
    left_out: Counter[str] = Counter({"missing tracks": found.missing} if found.missing else {})
    ports = any(content[0] for track in found.tracks for _, content in track.of_kind(0x21) if content)
    before = found.tracks
    tracks = list(before)
    if sum(bool(track.playing) for track in before) == 1:
        tracks = [part for track in before for part in _split_by_names(track)]
    tracks = [_without_damaged(track) for track in tracks]
    encoding = _common_encoding(tracks, ensemble)
    names = [_name(track, ensemble, encoding) for track in tracks]
    tracks = [_named(track, of) for track, of in zip(tracks, names, strict=True)]
    if not ports:
        tracks = _with_programs_of_others(tracks)
    tracks = [_with_programs_in_time(track, beat) for track in tracks]
    last = max(track.last_tick for track in tracks)
    for number, track in enumerate(tracks):
        if not track.playing:
            continue
        mended = _with_ends(track, last, beat)
        mended = _pitched(mended, names[number], ensemble)
        mended = _without_empty(mended, left_out)
        tracks[number] = _without_keyswitches(mended, names[number], beat, ensemble, left_out)
    tracks = _without_strays(tracks, name, beat, left_out)
    if found.tidy and len(tracks) == len(before) and all(a is b for a, b in zip(tracks, before, strict=True)):
        return Repaired(content, beat, tuple(tracks), tuple(names), dict(left_out))
    # A track of its own for each channel is a file of type 1.
    form = found.format if len(tracks) == 1 else 1
    mended_content = Content(form, beat, tuple(tracks), tidy=True, missing=0)
    return Repaired(midi_bytes.serialise(mended_content), beat, tuple(tracks), tuple(names), dict(left_out))


def text(content: bytes, encoding: str | None = None) -> str:
    """Decode a name, whose encoding a file does not say.

    It is UTF-16 if it begins as such; UTF-8 if it can be; then what the other names of the file are in (`encoding`);
    else what its bytes look like: Japanese (Shift JIS), Russian (Windows 1251: words of high bytes), Chinese (GB 18030:
    pairs of them), or Western European.
    """
    content = content.rstrip(b"\0") if content[:2] not in (b"\xff\xfe", b"\xfe\xff") else content
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace").strip("\0 \t\r\n\ufeff")
    if len(content) > 2 and content[::2].count(0) * 2 > len(content[::2]):
        return content.decode("utf-16-be", "replace").strip("\0 \t\r\n")
    if len(content) > 2 and content[1::2].count(0) * 2 > len(content[1::2]):
        return (content + b"\0" * (len(content) % 2)).decode("utf-16-le", "replace").strip("\0 \t\r\n")
    for tried in _encodings(content, encoding):
        try:
            return content.decode(tried).strip("\0 \t\r\n\ufeff")
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1").strip("\0 \t\r\n")


def _encodings(content: bytes, encoding: str | None) -> Iterable[str]:
    """List the encodings to be tried, the likeliest first."""
    yield "utf-8"
    if encoding is not None:
        yield encoding
    high = [byte for byte in content if byte >= 0x80]
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", content)]
    if any(byte in range(0x81, 0xA0) for byte in high):
        yield "cp932"
    if max(runs, default=0) >= 3 and min(high, default=0) >= 0xC0:
        yield "cp1251"
    if runs and all(run % 2 == 0 for run in runs):
        yield "gb18030"
    yield "cp1252"


def _common_encoding(tracks: Sequence[Events], ensemble: Ensemble) -> str | None:
    """Find the encoding by which most names of a file tell an instrument.

    None if it tells fewer than are told when each name is read alone; of several the one that agrees most with that.
    """
    kinds = (midi_bytes.NAME, midi_bytes.INSTRUMENT)
    every = {content for track in tracks for kind in kinds for _, content in track.of_kind(kind)}
    said = [content for content in every if not _is_utf8([content])]
    if not said:
        return None
    alone = [text(content) for content in said]
    best, most = None, (sum(_tells_any(name, ensemble) for name in alone), 0)
    for encoding in _ENCODINGS:
        names = [text(content, encoding) for content in said if _is_in(content, encoding)]
        agreeing = sum(name == text(content, encoding) for name, content in zip(alone, said, strict=True))
        found = sum(_tells_any(name, ensemble) for name in names), agreeing
        if found[0] and found > most:
            best, most = encoding, found
    return best


def _tells_any(name: str, ensemble: Ensemble) -> bool:
    """Whether a name tells an instrument, be it one of the ensemble or not."""
    reading = ensemble.read_name(name)
    return reading.instrument is not None or reading.is_other


def _name(track: Events, ensemble: Ensemble, encoding: str | None) -> str:
    """Tell a track's name: its own, unless that tells nothing and an instrument's name does."""
    names = [name for _, content in track.of_kind(midi_bytes.NAME) if (name := text(content, encoding))]
    # Of several the last counts, for symusic too, unless another tells more.
    own = next((name for name in names if _tells(name, ensemble)), (names or [""])[-1])
    # Several channels are several players, whom one instrument does not name.
    if (own and _tells(own, ensemble)) or len(track.playing) > 1:
        return own
    instruments = [text(content, encoding) for _, content in track.of_kind(midi_bytes.INSTRUMENT)]
    telling = next((name for name in instruments if _tells(name, ensemble)), "")
    return telling or own or next(filter(None, instruments), "")


@lru_cache(maxsize=4096)
def told(name: str, ensemble: Ensemble) -> tuple[str | None, int | None]:
    """Tell part and program by the name of a track; the same names come again and again in a corpus."""
    return ensemble.part_by_name(name), ensemble.program_by_name(name)


def _tells(name: str, ensemble: Ensemble) -> bool:
    return told(name, ensemble) != (None, None)


def _named(track: Events, name: str) -> Events:
    """Let the name of a track, and no other, stand in it as UTF-8, unless it does."""
    found = track.of_kind(midi_bytes.NAME)
    encoded = name.encode("utf-8")
    if not found and not name:
        return track
    said = [content for _, content in found if content]
    if said and said[-1].rstrip(b"\0").strip() == encoded and _is_utf8(said):
        return track
    metas = [(kind, content) for kind, content in track.metas]
    events = track.events[[place for place in range(len(track.events)) if place not in {at for at, _ in found}]]
    event = np.zeros(1, dtype=EVENT)
    event["status"], event["meta"] = midi_bytes.META, len(metas)
    return Events(np.concatenate([event, events]), (*metas, (midi_bytes.NAME, encoded)), track.end)


def _is_utf8(contents: Iterable[bytes]) -> bool:
    return all(_is_in(content, "utf-8") for content in contents)


def _is_in(content: bytes, encoding: str) -> bool:
    """Whether bytes can be text in an encoding."""
    try:
        content.rstrip(b"\0").decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _split_by_names(track: Events) -> list[Events]:
    """Make a track for each channel of one whose channels have names (FF 03 or FF 04).

    Whose a name is says the channel (FF 20) before it; in a track without any, the program beside each of the names.
    """
    channels = track.channel
    of_meta = _beside_programs(track)
    current = -1
    named = set(of_meta.values())
    if not named and not track.of_kind(midi_bytes.CHANNEL):
        return [track]
    for place, event in enumerate(track.events):
        if event["meta"] < 0:
            current = -1
            continue
        kind, content = track.metas[event["meta"]]
        if kind == midi_bytes.CHANNEL and content:
            current = content[0] & 15
        elif current >= 0:
            of_meta[place] = current
            if kind in (midi_bytes.NAME, midi_bytes.INSTRUMENT):
                named.add(current)
    playing = track.playing
    if len(playing) < 2 or not named & set(playing):
        return [track]
    belongs = channels.copy()
    for place, channel in of_meta.items():
        belongs[place] = channel
    split = []
    for number, channel in enumerate(playing):
        kept = (belongs == channel) | ((belongs < 0) & (number == 0))
        # The name of the whole is none of a part's.
        own = {place for place, of in of_meta.items() if of == channel}
        whole = {place for place, _ in track.of_kind(midi_bytes.NAME)} - own
        kept[list(whole)] = False
        split.append(Events(track.events[kept], track.metas, track.end))
    return split


def _beside_programs(track: Events) -> dict[int, int]:
    """Find the channels of names each of which stands just before, or each just after, a program of another channel."""
    if track.of_kind(midi_bytes.CHANNEL):
        return {}
    names = [place for place, _ in track.of_kind(midi_bytes.INSTRUMENT) or track.of_kind(midi_bytes.NAME)]
    for step in (1, -1):
        beside = [at for place in names if 0 <= (at := place + step) < len(track.events) and track.programs[at]]
        found = track.channel[beside].tolist()
        if len(names) > 1 and len(set(found)) == len(names):
            return dict(zip(names, found, strict=True))
    return {}


def _without_damaged(track: Events) -> Events:
    """Leave out meta events that are too short, or say a tempo of 0."""
    damaged = [
        place
        for kind, least in _LEAST.items()
        for place, content in track.of_kind(kind)
        if len(content) < least or (kind == midi_bytes.TEMPO and not any(content[:3]))
    ]
    return track if not damaged else replace(track, events=np.delete(track.events, damaged))


def _with_programs_of_others(tracks: Sequence[Events]) -> list[Events]:
    """Give the channels of tracks without any program those that tracks without notes set for them."""
    silent = [track for track in tracks if not track.playing and track.programs.any()]
    if not silent:
        return list(tracks)
    mended = []
    for track in tracks:
        bare = set(track.playing) - set(track.channel[track.programs].tolist())
        found = [of.events[of.programs & np.isin(of.channel, list(bare))] for of in silent] if bare else []
        more = np.concatenate([np.zeros(0, dtype=EVENT), *found])
        if len(more):
            events = np.concatenate([more, track.events])
            track = replace(track, events=events[np.argsort(events["tick"], kind="stable")])
        mended.append(track)
    return mended


def _with_programs_in_time(track: Events, beat: int) -> Events:
    """Put programs before the notes that they are meant for."""
    places = track.programs.nonzero()[0]
    if not len(places) or not track.begins[: places[-1]].any():
        return track
    channels, ticks = track.channel, track.events["tick"]
    begins = track.begins.nonzero()[0]
    of_channel = {channel: begins[channels[begins] == channel] for channel in set(channels[places].tolist())}
    onsets = {channel: ticks[own] for channel, own in of_channel.items()}
    to: dict[int, int] = {}
    current: dict[int, int] = {}
    for place in places.tolist():
        channel, program = int(channels[place]), int(track.events["first"][place])
        own = of_channel[channel]
        before = int(np.searchsorted(own, place))
        if channel not in current and before:
            to[place] = 0
        elif current.get(channel) != program:
            late = int(np.searchsorted(onsets[channel], ticks[place] - LATE * beat, side="right"))
            if late < before:
                to[place] = int(own[late])
        current[channel] = program
    if not to:
        return track
    order = np.arange(len(track.events), dtype=np.float64)
    events = track.events.copy()
    for place, target in to.items():
        order[place] = target - 0.5
        events["tick"][place] = ticks[target] if target else 0
    return replace(track, events=events[np.argsort(order, kind="stable")])


def _notes(track: Events) -> NDArray[Any]:
    """Pair the events of a track without notes that never end: dtype `_NOTE`, by key, then in order of the file.

    Ends without a beginning are passed over.
    """
    begins, stops = _paired(track)
    notes = np.zeros(len(begins), dtype=_NOTE)
    notes["begins"], notes["stops"], notes["key"] = begins, stops, track.keys[begins]
    notes["onset"], notes["end"] = track.events["tick"][begins], track.events["tick"][stops]
    return notes


def _paired(track: Events) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    places, sign, depth, keys, _ = track.sounding
    group = np.concatenate([[True], keys[1:] > keys[:-1]])[: len(keys)]
    # Where the count falls to a new low below 0, an end has no beginning.
    number = np.cumsum(group) - 1
    low = _running_minimum(depth, number)
    before = np.where(group, 0, np.concatenate([[0], low[:-1]]))
    orphan = (sign < 0) & (low < np.minimum(before, 0))
    return places[sign > 0], places[(sign < 0) & ~orphan]


def _running_minimum(depth: NDArray[np.int64], group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the smallest so far within each group."""
    if not len(depth):
        return depth
    step = int(depth.max() - depth.min()) + 1
    # Later groups lie lower than all before, so that a minimum so far is one of its own group.
    return np.asarray(np.minimum.accumulate(depth - group * step) + group * step)


def _with_ends(track: Events, last: int, beat: int) -> Events:
    """End the notes that never end; `last` is the tick of the last note's event in the file."""
    places, sign, depth, keys, _ = track.sounding
    if not len(places) or (not sign.sum() and depth.min() >= 0):
        return track
    final = np.append((keys[1:] != keys[:-1]).nonzero()[0], len(keys) - 1)
    first = np.concatenate([[0], final[:-1] + 1])
    lowest = np.minimum(np.minimum.reduceat(depth, first), 0)
    added: list[tuple[int, int, int]] = []
    end = track.end
    for k in np.flatnonzero(depth[final] > lowest):
        ticks = track.events["tick"]
        own = places[first[k] : final[k] + 1].tolist()
        signs = sign[first[k] : final[k] + 1].tolist()
        # From where it no longer ceases to sound, a beginning ends what sounds.
        sounding, since = 0, 0
        for at, one in enumerate(signs):
            sounding = max(0, sounding + one)
            since = at + 1 if not sounding else since
        is_open = False
        for at in range(since, len(own)):
            if signs[at] <= 0:
                is_open &= signs[at] == 0
                continue
            following = at + 1
            if is_open:
                if following < len(own) and signs[following] < 0 and ticks[own[following]] == ticks[own[at]]:
                    # Its end is just written after the next beginning.
                    signs[following] = 0
                else:
                    added.append((own[at], int(ticks[own[at]]), int(keys[first[k]])))
            is_open = True
        if is_open:
            onset = int(ticks[[at for at, one in zip(own, signs, strict=True) if one > 0][-1]])
            # A track may end long after its music.
            until = max(onset + 1, min(track.end, max(last, onset + beat)))
            end = max(end, until)
            added.append((len(ticks), until, int(keys[first[k]])))
    if not added:
        return track
    more = np.zeros(len(added), dtype=EVENT)
    more["meta"] = -1
    for row, (_, tick, key) in zip(more, added, strict=True):
        row["tick"], row["status"], row["first"] = tick, 0x80 | key // 128, key % 128
    events = np.concatenate([track.events, more])
    order = np.concatenate([np.arange(len(track.events)), [place - 0.5 for place, _, _ in added]])
    by_place = events[np.argsort(order, kind="stable")]
    return replace(track, events=by_place[np.argsort(by_place["tick"], kind="stable")], end=end)


def _pitched(track: Events, name: str, ensemble: Ensemble) -> Events:
    """Move a pitched instrument from the channel of drums to one that is free."""
    channels = track.channel
    mine = channels == DRUMS
    if DRUMS not in track.playing or len(free := sorted({*range(16)} - {DRUMS} - set(channels.tolist()))) == 0:
        return track
    if not _tells(name, ensemble):
        told = set(track.events["first"][track.programs & mine].tolist()) & {*ensemble.programs}
        lowest = int(track.events["first"][track.begins & mine].min())
        # Some programs choose a drum kit here; but its bass drum lies below a violin.
        kits = {part.program for part in ensemble.parts if part.program in _KITS and lowest < part.lowest}
        if name or not told - kits:
            return track
    elif re.search(r"(?i)drum|percuss|batterie|schlag", name) or len(track.playing) > 1:
        return track
    events = track.events.copy()
    events["status"][mine] = (events["status"][mine] & 0xF0) | free[0]
    return replace(track, events=events)


def _without_empty(track: Events, left_out: Counter[str]) -> Events:
    """Leave out notes without length where one with the same channel, pitch and onset is longer."""
    _, sign, _, keys, ticks = track.sounding
    at_once = (ticks[:-1] == ticks[1:]).nonzero()[0]
    if not ((sign[at_once] > 0) & (sign[at_once + 1] < 0) & (keys[at_once] == keys[at_once + 1])).any():
        return track
    notes = _notes(track)
    empty = notes["end"] == notes["onset"]
    if not empty.any():
        return track
    real: dict[tuple[int, int], int] = defaultdict(int)
    for note in notes:
        at = (int(note["key"]), int(note["onset"]))
        real[at] = max(real[at], int(note["end"] - note["onset"]))
    gone = [note for note in notes[empty] if real[int(note["key"]), int(note["onset"])]]
    if not gone:
        return track
    left_out["empty notes"] += len(gone)
    return _without(track, gone)


def _without(track: Events, notes: Iterable[Any]) -> Events:
    return replace(track, events=np.delete(track.events, [place for n in notes for place in (n["begins"], n["stops"])]))


def _without_keyswitches(track: Events, name: str, beat: int, ensemble: Ensemble, left_out: Counter[str]) -> Events:
    """Leave out the keys that switch a sampler's articulations: far from the instrument, and from all that it plays."""
    channels, begins, keys = track.channel, track.begins, track.keys
    struck_keys = track.sounding.keys[track.sounding.sign > 0]
    switches: list[int] = []
    for channel in track.playing:
        if channel == DRUMS:
            continue
        programs = track.events["first"][track.programs & (channels == channel)].tolist()
        part = _instrument(name, programs, ensemble)
        low = (part.lowest if part else UNKNOWN_LOWEST) - FAR
        high = part.highest + FARTHEST if part else 128
        # In rising order.
        own = struck_keys[struck_keys >> 7 == channel] - channel * 128
        if own[0] > low and own[-1] < high:
            continue
        pitches = np.unique(own)
        played = pitches[(pitches > low) & (pitches < high)]
        for far in (pitches[pitches <= low], pitches[pitches >= high]):
            if len(far) and len(played) and max(played[0] - far[-1], far[0] - played[-1]) >= FAR:
                notes = _notes(track)
                struck, music = (notes[np.isin(notes["key"], channel * 128 + of)] for of in (far, played))
                lies_low = part is not None and far[-1] <= part.lowest - FARTHEST
                if len(struck) >= FEWEST * (part is None) and _are_keys(struck, music, beat, lies_low):
                    switches += (channel * 128 + far).tolist()
    if not switches:
        return track
    gone = np.isin(keys, switches) & (begins | track.stops)
    left_out["keyswitches"] += int((gone & begins).sum())
    return replace(track, events=track.events[~gone])


def _instrument(name: str, programs: Iterable[int], ensemble: Ensemble) -> Part | None:
    by_name, program = told(name, ensemble)
    if program is None:
        program = next((of for of in programs if of in ensemble.programs), None)
    return next(
        (part for part in ensemble.parts if part.id == by_name or (not by_name and part.program == program)), None
    )


def _are_keys(struck: NDArray[Any], music: NDArray[Any], beat: int, lies_low: bool) -> bool:
    """Tell whether nine of ten notes are no line of their own: struck while another sounds or just before one.

    Of those that lie very low it is enough that they are short.
    """
    onsets, ends = np.sort(music["onset"]), np.sort(music["end"])
    at = struck["onset"]
    sounding = np.searchsorted(onsets, at, side="right") > np.searchsorted(ends, at, side="right")
    soon = np.searchsorted(onsets, at + beat / 4) > np.searchsorted(onsets, at)
    short = lies_low & (struck["end"] - at < beat / 4)
    return bool((sounding | soon | short).mean() >= 0.9)


def _without_strays(tracks: Sequence[Events], name: str, beat: int, left_out: Counter[str]) -> list[Events]:
    """Leave out a few notes that lie far beyond all others."""
    if max(track.last_tick for track in tracks) <= LONGEST_SILENCE * beat:
        return list(tracks)
    of_each = [_notes(track) for track in tracks]
    notes = np.concatenate(of_each)
    onsets = np.sort(notes["onset"])
    sounds_until = np.maximum.accumulate(notes["end"][np.argsort(notes["onset"], kind="stable")])
    gaps = np.flatnonzero(onsets[1:] - sounds_until[:-1] > LONGEST_SILENCE * beat)
    if len(gaps):
        first = int(gaps[0])
        fewer = len(onsets) - first - 1
        since, until = sounds_until[first] / beat, onsets[first + 1] / beat
        if fewer > STRAY or fewer >= first + 1:
            raise MidiError(
                f"{name}: silence from beat {since:.0f} to beat {until:.0f}; music without a rest of more than "
                f"{LONGEST_SILENCE} beats is needed: cut it there."
            )
        left_out["stray notes"] += fewer
        tracks = [
            _without(track, own[own["onset"] >= onsets[first + 1]])
            if (own["onset"] >= onsets[first + 1]).any()
            else track
            for track, own in zip(tracks, of_each, strict=True)
        ]
        notes = notes[notes["onset"] < onsets[first + 1]]
    lengths = notes["end"] - notes["onset"]
    if len(lengths) and lengths.max() > LONGEST_SILENCE * beat:
        longest = notes[np.argmax(lengths)]
        raise MidiError(
            f"{name}: a note of {lengths.max() / beat:.0f} beats, from beat {longest['onset'] / beat:.0f} on; notes of "
            f"{LONGEST_SILENCE} at most are needed: mend its end in a sequencer."
        )
    if len(notes) and notes["end"].max() > MOST_BEATS * beat:
        raise MidiError(
            f"{name}: {notes['end'].max() / beat:,.0f} beats; {MOST_BEATS:,} at most are read: cut it in pieces, or "
            f"export it with more than {beat} ticks per beat."
        )
    return list(tracks)
