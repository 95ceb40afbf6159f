"""Faults of MIDI files: what is read in spite of them is what was meant, and what is left out or refused is said."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import MidiError, QuartetError
from quartetvae.evaluation import file_features
from quartetvae.io import midi, midi_bytes, midi_events, midi_repair, read
from quartetvae.metrics import features
from quartetvae.music.ensemble import PARTS
from quartetvae.music.tracks import Track
from tests.io import smf
from tests.io.smf import BEAT, NAMES, body, chunk, file, head, line, meta, name, note, off, on, player, program, sysex

Row = tuple[int, int, int]


def tracks(content: bytes, path: Path) -> tuple[Track, ...]:
    """The tracks with notes of a file."""
    (path / "a.mid").write_bytes(content)
    return tuple(track for track in midi.read(path / "a.mid").tracks if len(track.notes))


def rows(track: Track) -> list[Row]:
    """Onset, duration and pitch of a track's notes."""
    return [(onset, duration, pitch) for onset, duration, pitch, _ in track.notes.tolist()]


def left_out(content: bytes, path: Path) -> dict[str, int]:
    (path / "a.mid").write_bytes(content)
    return dict(midi.read(path / "a.mid").left_out)


def check_quartet(content: bytes, path: Path) -> None:
    """The quartet of `smf.quartet` is in a file, whole, for all that read it, and nothing else."""
    (path / "a.mid").write_bytes(content)
    found = read.read(path / "a.mid")
    assert found.assignment.refusal is None
    assert sorted(filter(None, found.assignment.parts)) == sorted(PARTS)
    own = {part: track for part, track in zip(found.assignment.parts, found.music.tracks, strict=True) if part}
    assert [rows(own[part]) for part in PARTS] == [line(part) for part in range(4)]
    assert sum(len(track.notes) for track in found.music.tracks) == 4 * smf.BEATS
    events = midi_events.read(path / "a.mid")
    assert events.refusal is None
    for number, part in enumerate(PARTS):
        (voice,) = events.voices[part]
        assert [(of.onset, of.end, of.pitch) for of in voice.notes] == [(a, a + b, c) for a, b, c in line(number)]


def with_changed(change: Callable[[int, list[smf.Event]], list[smf.Event]], **options: bool) -> bytes:
    """A quartet, each of whose players is changed; events of one tick stay as `change` puts them."""
    return file(*(body(change(part, player(part, **options))) for part in range(4)))


def test_a_file_without_faults_passes_as_it_is(tmp_path: Path) -> None:
    content = smf.quartet()
    assert midi_repair.repair(content, "a.mid").content is content
    check_quartet(content, tmp_path)


# How a file is put together


def players(**options: bool) -> list[bytes]:
    return [body(player(part, **options)) for part in range(4)]


def riff(content: bytes, *, after: bytes = b"") -> bytes:
    data = b"data" + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2) + after
    return b"RIFF" + (4 + len(data)).to_bytes(4, "little") + b"RMID" + data


LONG = [body(player(part), running=True) for part in range(4)]
A, B, C, D = players()
ODD = {
    "riff": riff(smf.quartet()),
    "riff, padded to an even size": riff(file(A, B, C, D + b"\0")),
    "riff with what belongs to a collection": riff(smf.quartet(), after=b"LIST\x04\0\0\0INFO"),
    "junk after the header": head(4) + b"\x12\x34\x56" + b"".join(map(chunk, (A, B, C, D))),
    "junk between tracks": head(4) + chunk(A) + b"\0\x85\0\x12" + chunk(B) + b"\xff" + chunk(C) + chunk(D),
    "junk at the end": smf.quartet() + b"\0" * 100 + b"MTr",
    "junk before the header": b"\0" * 128 + smf.quartet(),
    "a chunk of another kind": head(4) + chunk(b"MTrk\0\0\0\1", tag=b"XFIH") + b"".join(map(chunk, (A, B, C, D))),
    "a header of seven bytes": head(4, more=b"\0") + b"".join(map(chunk, (A, B, C, D))),
    "a header of ten bytes": head(4, more=b"MTrk") + b"".join(map(chunk, (A, B, C, D))),
    "fewer tracks than the header says": head(9) + b"".join(map(chunk, (A, B, C, D))),
    "more tracks than the header says": head(1) + b"".join(map(chunk, (A, B, C, D))),
    "no track by the header": head(0) + b"".join(map(chunk, (A, B, C, D))),
    "an older file's end behind": smf.quartet() + b"\x40\0" + chunk(A),
    "format 0 of four tracks": head(4, format=0) + b"".join(map(chunk, (A, B, C, D))),
    "format 7": head(4, format=7) + b"".join(map(chunk, (A, B, C, D))),
    "a length too small": head(4) + chunk(A, length=20) + chunk(B) + chunk(C, length=3) + chunk(D),
    "a length of 0": head(4) + chunk(A) + chunk(B, length=0) + chunk(C) + chunk(D, length=0),
    "a length too large": head(4) + chunk(A, length=len(A) + 30) + chunk(B) + chunk(C) + chunk(D, length=1 << 30),
    "no ends": file(*(body(player(part), end=-1) for part in range(4))),
    "an end in the middle": file(A, B, C, body(player(3)[:6]) + body([(t - 960, e) for t, e in player(3)[6:]])),
    "rubbish after an end": file(A, B + b"\xfe\xfe\x90", C, D + b"\0\0"),
    "running status": file(*LONG),
    "status bytes of the system": file(A.replace(b"\x80\x4c\x40", b"\x80\x4c\x40\x00\xf8\x00\xfe", 1), B, C, D),
    "cut in the last end": smf.quartet()[:-2],
    "the last end cut off": smf.quartet()[:-4],
}


@pytest.mark.parametrize("kind", ODD)
def test_however_it_is_put_together(kind: str, tmp_path: Path) -> None:
    check_quartet(ODD[kind], tmp_path)


def across(part: int, events: list[smf.Event], *between: Callable[[int], smf.Event]) -> bytes:
    """Running status that goes on across events that end it."""
    found = list(events)
    for place in (8, 5, 3):
        found[place:place] = [make(found[place - 1][0]) for make in between]
    return body(
        [(tick, event if event[0] >> 4 != 8 else bytes([0x90 | part, event[1], 0])) for tick, event in found],
        running=True,
    )


@pytest.mark.parametrize(
    "between",
    [(sysex,), (sysex, sysex), (lambda tick: meta(tick, 0x06, b"A"),), (lambda tick: (tick, b"\xf7\x02\x01\x02"),)],
    ids=["sysex", "two sysex", "marker", "escape"],
)
def test_running_status_goes_on(between: tuple[Callable[[int], smf.Event], ...], tmp_path: Path) -> None:
    check_quartet(file(*(across(part, player(part), *between) for part in range(4))), tmp_path)


def test_what_the_header_counts_and_is_not_there_is_said(tmp_path: Path) -> None:
    assert left_out(ODD["fewer tracks than the header says"], tmp_path) == {"missing tracks": 5}
    assert left_out(ODD["more tracks than the header says"], tmp_path) == {}


@pytest.mark.parametrize("cut", range(5, 200, 3))
def test_a_file_cut_short_is_refused(cut: int, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(smf.quartet()[:-cut])
    for reader in (midi.read, midi_events.read, read.read):
        with pytest.raises(MidiError, match=r"a\.mid: not a readable MIDI file \(cut short: .*\); export it again"):
            reader(tmp_path / "a.mid")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"no MIDI at all", "no header"),
        (b"MThd", "cut short in its header"),
        (head(4), "no track, though its header counts 4"),
        (head(1) + chunk(b"\0\x90\x40\x90\x00\xff\x2f\x00"), "track 1 of 1 is damaged at byte 22"),
        (head(1) + chunk(b"\0\x40\x40\0\xff\x2f\0"), "track 1 of 1 is damaged"),
        (head(1) + chunk(b"\xff\xff\xff\xff\xff\x7f\x90\x40\x40\0\xff\x2f\0"), "track 1 of 1 is damaged"),
        (file(*[b"\0\xff\x2f\0"] * 1001), "more than 1000 tracks"),
        (head(2) + chunk(A) + b"MTrk\0", "cut short: track 2 of 2 has no content"),
    ],
)
def test_damage_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.mid").write_bytes(content)
    with pytest.raises(MidiError, match=rf"^bad\.mid: not a readable MIDI file \({message}.*\); export it again"):
        midi.read(tmp_path / "bad.mid")


@pytest.mark.parametrize("reader", [midi.read, midi_events.read, read.read])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (head(4, format=2) + b"".join(map(chunk, (A, B, C, D))), "a MIDI file of type 2, whose tracks are songs"),
        (head(4, division=0) + b"".join(map(chunk, (A, B, C, D))), r"no ticks per beat \(division 0\)"),
        (head(4, division=0xE728) + b"".join(map(chunk, (A, B, C, D))), r"no ticks per beat \(division -6360\)"),
    ],
)
def test_what_cannot_be_read_is_refused_by_all(
    reader: Callable[[Path], Any], content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.mid").write_bytes(content)
    with pytest.raises(MidiError, match=rf"a\.mid: {message}"):
        reader(tmp_path / "a.mid")


def test_any_bytes_are_read_or_refused_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sources = [smf.quartet(), ODD["riff"], file(*LONG), ODD["a length too large"]]
    began, readable, count = time.process_time(), 0, 400
    for k in range(count):
        content = bytearray(sources[k % len(sources)])
        for at in rng.integers(len(content), size=1 + k % 6):
            content[at] = rng.integers(256)
        (tmp_path / "a.mid").write_bytes(content if k % 5 else content[: rng.integers(len(content))])
        try:
            read.read(tmp_path / "a.mid")
            features.features(file_features.table(midi_events.read(tmp_path / "a.mid")))
            readable += 1
        except QuartetError as error:
            assert "a.mid" in str(error)
    assert 20 < readable < count
    assert time.process_time() - began < 0.2 * count


def test_bytes_are_written_as_they_are_understood() -> None:
    """Reading what was written gives the same events: times of one to four bytes, programs, bends, metas, no sysex."""
    events = [name("a"), program(0, 40), (1, b"\xe0\x01\x02"), on(127, 60), sysex(128), off(128, 60), on(16_511, 61)]
    events += [off(2_113_662, 61), meta(2_113_663, 0x06, b"x" * 200), on(200_000_000, 62), off(200_000_001, 62)]
    before = midi_bytes.parse(file(body(events)), "a")
    content = midi_bytes.serialise(before)
    assert content == file(body([event for event in events if event[1][0] != 0xF0]))


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 15, 16, 17, 30])
@pytest.mark.parametrize("running", [False, True])
def test_events_in_rows_of_any_length(count: int, running: bool) -> None:
    row = [on(tick, tick) for tick in range(count)]
    more = [on(count + tick, tick) for tick in range(1, count)]
    (track,) = midi_bytes.parse(file(body([*row, meta(count, 0x06, b"A"), *more], running=running)), "a").tracks
    assert track.events["tick"].tolist() == [*range(count), count, *range(count + 1, 2 * count)]
    assert track.events["first"].tolist() == [*range(count), 0, *range(1, count)]
    assert track.of_kind(0x06) == [(count, b"A")]


def test_tracks_that_are_read_together_are_read_each_for_itself() -> None:
    bodies = [
        body([name("a"), meta(3, 0x06, b"x"), *note(5, 9, 60), *note(20, 9, 60, 3)]),
        body([]),
        body([*note(1, 2, 60), *note(300, 2, 61), program(400, 40)], end=1000, running=True),
    ]
    together = midi_bytes.parse(file(*bodies), "a").tracks
    alone = [midi_bytes.parse(file(content), "a").tracks[0] for content in bodies]
    for found, wanted in zip(together, alone, strict=True):
        assert found.events.tolist() == wanted.events.tolist()
        assert (found.metas, found.end) == (wanted.metas, wanted.end)
        for column, own in zip(found.sounding, wanted.sounding, strict=True):
            assert column.tolist() == own.tolist()
    assert [track.playing for track in together] == [[0, 3], [], [0]]
    assert [track.end for track in together] == [29, 0, 1000]


def test_running_status_does_not_go_on_in_the_next_track() -> None:
    with pytest.raises(MidiError, match="track 2 of 2 is damaged"):
        midi_bytes.parse(file(body(note(0, 5, 60)), b"\x00\x3c\x50" + body([])), "a")


@pytest.mark.parametrize(
    ("odd", "more"),
    [
        (body(note(0, 200, 60)), []),
        (body([*note(0, 200, 60), sysex(200)]), []),
        (body(note(0, 200, 60)).replace(b"\x81\x48", b"\x80\x81\x48"), []),
        (body([*note(0, 200, 60), meta(200, 0x06, b"")]).replace(b"\x06\x00", b"\x06\x80\x00"), [meta(200, 0x06, b"")]),
        (body([*note(0, 200, 60), off(210, 60)], running=True), [off(210, 60)]),
    ],
    ids=["plain", "sysex", "long time", "long length", "running"],
)
def test_beside_a_track_that_is_mended_the_others_are_written_plainly(odd: bytes, more: list[smf.Event]) -> None:
    tempo = meta(0, 0x51, bytes(3))
    content = midi_repair.repair(file(body([tempo, *note(0, 9, 72)]), odd), "a").content
    assert content == file(body(note(0, 9, 72)), body([*note(0, 200, 60), *more]))


# Notes


@pytest.mark.parametrize(
    "order",
    [
        lambda at, n, p, c: [on(at, p, c), off(at, p, c), *note(at, n, p, c)],
        lambda at, n, p, c: [on(at, p, c), on(at, p, c), off(at, p, c), off(at + n, p, c)],
        lambda at, n, p, c: [on(at, p, c), off(at, p, c), on(at, p, c), off(at, p, c), *note(at, n, p, c)],
    ],
    ids=["before", "after", "two"],
)
def test_an_empty_note_beside_a_real_one_is_left_out(order: Callable[..., list[smf.Event]], tmp_path: Path) -> None:
    content = file(
        *(
            body([name(NAMES[part]), *(event for at, n, p in line(part) for event in order(at, n, p, part))])
            for part in range(4)
        )
    )
    check_quartet(content, tmp_path)
    assert set(left_out(content, tmp_path)) == {"empty notes"}


def test_an_empty_note_alone_stays(tmp_path: Path) -> None:
    (found,) = tracks(file(body([*note(0, 0, 60), *note(480, 480, 60), *note(480, 0, 62)])), tmp_path)
    assert rows(found) == [(0, 0, 60), (480, 480, 60), (480, 0, 62)]


def test_of_equal_onset_and_pitch_the_longest_comes_first(tmp_path: Path) -> None:
    """The codec keeps the first of several of one onset and pitch."""
    (found,) = tracks(file(body([on(0, 60), on(0, 60), off(240, 60), off(960, 60), *note(960, 480, 62)])), tmp_path)
    assert rows(found) == [(0, 960, 60), (0, 240, 60), (960, 480, 62)]


@pytest.mark.parametrize(
    ("events", "end", "expected"),
    [
        # Never ended: with the track.
        ([*note(0, 480, 60), on(480, 62)], 960, [(0, 480, 60), (480, 480, 62)]),
        # The track ends as it begins.
        ([*note(0, 480, 60), on(480, 62)], 480, [(0, 480, 60), (480, 1, 62)]),
        # In the middle, then the pitch again: there it ends, and all that follow keep their own ends.
        (
            [on(0, 60), *note(480, 480, 62), *note(960, 480, 60), *note(1440, 240, 60)],
            1680,
            [(0, 960, 60), (480, 480, 62), (960, 480, 60), (1440, 240, 60)],
        ),
        # Begun twice, ended once.
        ([on(0, 60), on(480, 60), off(960, 60)], 1920, [(0, 480, 60), (480, 480, 60)]),
        # Each end is written just after the next beginning, and the last is missing.
        (
            [on(0, 60), on(480, 60), off(480, 60), on(960, 60), off(960, 60)],
            1440,
            [(0, 480, 60), (480, 480, 60), (960, 480, 60)],
        ),
        # Ends without beginnings, and one that hangs all the same.
        (
            [off(0, 60), *note(480, 480, 60), off(960, 60), off(960, 64), on(960, 64)],
            1440,
            [(480, 480, 60), (960, 480, 64)],
        ),
        # The track goes on long after its music: a beat, or as long as others play.
        ([*note(0, 480, 60), on(480, 62)], 4_000_000, [(0, 480, 60), (480, 480, 62)]),
        # What overlaps itself and is ended as often as it begins stays as it is.
        ([on(0, 60), on(480, 60), off(960, 60), off(1440, 60)], 1440, [(0, 960, 60), (480, 960, 60)]),
    ],
)
def test_a_note_that_hangs(events: list[smf.Event], end: int, expected: Sequence[Row], tmp_path: Path) -> None:
    content = file(body(events, end=end))
    (found,) = tracks(content, tmp_path)
    assert rows(found) == expected
    (voices,) = midi_events.read(tmp_path / "a.mid").voices.values()
    assert [(of.onset, of.pitch) for voice in voices for of in voice.notes] == [(a, c) for a, _, c in expected]


def test_the_last_notes_of_all_parts_hang(tmp_path: Path) -> None:
    content = file(*(body(player(part)[:-1], end=smf.BEATS * BEAT) for part in range(4)))
    check_quartet(content, tmp_path)


# Programs


def test_a_program_that_comes_late_holds_from_the_beginning(tmp_path: Path) -> None:
    def late(part: int, events: list[smf.Event]) -> list[smf.Event]:
        return [events[1], program(10, smf.PROGRAMS[part], part), *events[2:]]

    check_quartet(with_changed(late, named=False), tmp_path)
    # In the middle of the music as well, where the channel had none before.
    (found,) = tracks(
        file(body([*note(0, 480, 60), *note(480, 480, 62), program(960, 42), *note(960, 480, 64)])), tmp_path
    )
    assert (found.program, len(found.notes)) == (42, 3)


def test_late_programs_of_two_channels_in_one_track(tmp_path: Path) -> None:
    events = sorted(
        [event for part in range(4) for event in player(part, named=False, told=False)],
        key=lambda event: (event[0], event[1][0] >> 4 == 9),
    )
    events[4:4] = [program(5, smf.PROGRAMS[part], part) for part in range(4)]
    check_quartet(file(body(events), format=0), tmp_path)


def test_a_program_just_after_the_note_that_it_is_meant_for(tmp_path: Path) -> None:
    """First another program, then the right one: 10 ticks after the note began, or on its tick but after it."""
    for tick in (0, 10):
        events = [program(0, 0), on(0, 60), program(tick, 42), off(480, 60), *note(480, 480, 62)]
        (found,) = tracks(file(body(events)), tmp_path)
        assert (found.program, rows(found)) == (42, [(0, 480, 60), (480, 480, 62)])


def test_arco_and_pizzicato_change_where_they_stand(tmp_path: Path) -> None:
    # A change comes before its note, even where that is short.
    events = [
        program(0, 40),
        *note(0, 60, 60),
        program(60, 45),
        *note(60, 60, 62),
        program(120, 40),
        *note(120, 60, 64),
    ]
    content = file(body(events))
    assert {track.program: rows(track) for track in tracks(content, tmp_path)} == {
        40: [(0, 60, 60), (120, 60, 64)],
        45: [(60, 60, 62)],
    }
    assert midi_repair.repair(content, "a.mid").content is content


def test_programs_that_a_track_without_notes_sets(tmp_path: Path) -> None:
    setting = body([program(0, smf.PROGRAMS[part], part) for part in range(4)])
    content = file(setting, *players(named=False, told=False))
    check_quartet(content, tmp_path)
    # With ports (FF 21) channels of one number are several.
    ported = file(setting, body([meta(0, 0x21, b"\1"), *player(3, named=False, told=False)]))
    assert [track.program for track in tracks(ported, tmp_path)] == [0]


def test_many_changes_of_program_take_no_time() -> None:
    """A file of a megabyte, made to take long: a program before each of 30,000 notes, or each note struck and held."""
    changing = [
        event for k in range(30_000) for event in (program(60 * k, 40 + 5 * (k % 2)), *note(60 * k, 60, 60 + k % 7))
    ]
    for events in (changing, [on(60 * k, 60) for k in range(60_000)], [on(0, 60), *note(0, 0, 60)] * 20_000):
        content = file(body(events))
        began = time.process_time()
        midi_repair.repair(content, "a.mid")
        assert time.process_time() - began < 10


# Names


def test_names_of_instruments_count_where_tracks_have_none(tmp_path: Path) -> None:
    def instrument(part: int, events: list[smf.Event]) -> list[smf.Event]:
        return [meta(0, 0x04, NAMES[part].encode()), *events]

    check_quartet(with_changed(instrument, named=False, told=False), tmp_path)
    staffs = file(
        *(
            body([name(f"Staff-{part}"), meta(0, 0x04, NAMES[part].encode()), *player(part, named=False, told=False)])
            for part in range(4)
        )
    )
    check_quartet(staffs, tmp_path)


def test_a_name_that_tells_more_than_the_instruments_stays(tmp_path: Path) -> None:
    content = file(*(body([*player(part), meta(4000, 0x04, b"Violin")]) for part in range(4)))
    check_quartet(content, tmp_path)


def check_names_in_one_track(start: list[Any], folder: Path) -> None:
    """Check that four players in one track, which begins with `start`, are told by its names."""
    events = sorted(
        [event for part in range(4) for event in player(part, named=False, told=False)],
        key=lambda event: (event[0], event[1][0] >> 4 == 9),
    )
    content = file(body(start + events), format=0)
    check_quartet(content, folder)
    assert [track.name for track in tracks(content, folder)] == list(NAMES)


def test_names_of_channels_in_one_track(tmp_path: Path) -> None:
    start = [name("Quartet")]
    for part in range(4):
        start += [meta(0, 0x20, bytes([part])), meta(0, 0x04, NAMES[part].encode())]
    check_names_in_one_track(start, tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"Violin I", "Violin I"),
        ("Гармонь".encode(), "Гармонь"),
        ("Flûte à bec".encode("latin-1"), "Flûte à bec"),
        ("für Viola".encode("cp1252"), "für Viola"),
        ("ヴァイオリン".encode("cp932"), "ヴァイオリン"),
        ("Скрипка".encode("cp1251"), "Скрипка"),
        ("小提琴".encode("gb18030"), "小提琴"),
        ("Violine Ⅱ".encode("utf-16"), "Violine Ⅱ"),
        ("Viola".encode("utf-16-le"), "Viola"),
        ("Viola".encode("utf-16-be"), "Viola"),
        ("Cello".encode("utf-8-sig"), "Cello"),
        (b"Cello\0\0", "Cello"),
        (b"\x81\x8d\x90", "\x81\x8d\x90"),
        (b"", ""),
    ],
)
def test_names_in_any_encoding(content: bytes, expected: str, tmp_path: Path) -> None:
    assert midi_repair.text(content) == expected
    (found,) = tracks(file(body([name(content), *note(0, 480, 60)])), tmp_path)
    assert found.name == expected


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gb18030", ("第一小提琴", "第二小提琴", "中提琴", "大提琴")),
        ("big5", ("第一小提琴", "第二小提琴", "中提琴", "大提琴")),
        ("cp932", ("バイオリン1", "バイオリン2", "ビオラ", "チェロ")),
        ("euc-kr", ("바이올린 1", "바이올린 2", "비올라", "첼로")),
        ("koi8-r", ("Скрипка 1", "Скрипка 2", "Альт", "Виолончель")),
        ("cp1251", ("Скрипка 1", "Скрипка 2", "Альт", "Виолончель")),
        ("cp1250", ("Violin 1", "Violin 2", "Viola", "Čelo")),
        ("latin-1", ("Violín 1", "Violín 2", "Viola für alle", "Violoncelle à 4")),
        ("utf-8", ("Hegedű 1", "Hegedű 2", "Brácsa", "Cselló")),
    ],
)
def test_the_names_of_a_file_are_in_one_encoding(encoding: str, names: tuple[str, ...], tmp_path: Path) -> None:
    """Alone 中提琴 in GB 18030 is six letters of Windows 1251."""
    named = [name(of.encode(encoding)) for of in names]
    content = file(*(body([of, *player(part, named=False, told=False)]) for part, of in enumerate(named)))
    assert [track.name for track in tracks(content, tmp_path)] == list(names)
    check_quartet(content, tmp_path)


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize("kind", [0x03, 0x04])
def test_names_beside_programs_in_one_track(kind: int, is_before: bool, tmp_path: Path) -> None:
    start = [name("Quartet")] if kind == 0x04 else []
    for part in range(4):
        pair = [meta(0, kind, NAMES[part].encode()), program(0, 0, part)]
        start += pair if is_before else pair[::-1]
    check_names_in_one_track(start, tmp_path)


# Channel 10


def test_a_cello_on_the_channel_of_drums_is_a_cello(tmp_path: Path) -> None:
    for options in ({}, {"told": False}, {"named": False}):
        content = file(*players(**options)[:3], body(player(3, channel=9, **options)))
        check_quartet(content, tmp_path)


def test_a_violin_there_is_one_by_its_program_if_it_plays_no_bass_drum(tmp_path: Path) -> None:
    """Program 40 chooses brushes there; but a kit's bass drum and snare, 35 to 40, lie below a violin."""
    (violin,) = tracks(file(body([program(0, 40, 9), *note(0, 480, 76, 9)])), tmp_path)
    assert not violin.is_drum
    (kit,) = tracks(file(body([program(0, 40, 9), *note(0, 480, 36, 9), *note(480, 480, 76, 9)])), tmp_path)
    assert kit.is_drum


@pytest.mark.parametrize(
    "start", [[], [name("Drums")], [name("Drums"), program(0, 42, 9)], [program(0, 0, 9)], [name("")]]
)
def test_drums_stay_drums(start: list[smf.Event], tmp_path: Path) -> None:
    content = file(A, B, C, D, body([*start, *note(0, 480, 60, 9), *note(480, 480, 62, 9)]))
    assert [track.is_drum for track in tracks(content, tmp_path)] == [False] * 4 + [True]
    assert midi_events.read(tmp_path / "a.mid").refusal is None
    assert sum(len(v.notes) for of in midi_events.read(tmp_path / "a.mid").voices.values() for v in of) == 4 * smf.BEATS


# Keyswitches


def switched(*, every: int = 1, low: int = 12, early: int = 0, part: int | None = None) -> bytes:
    """A quartet with keys struck at every so many notes, or a little before them."""

    def change(number: int, events: list[smf.Event]) -> list[smf.Event]:
        if part not in (None, number):
            return events
        keys = [
            event
            for k in range(0, smf.BEATS, every)
            for event in note(max(0, k * BEAT - early), 30, low + k % 4, number)
        ]
        return sorted(events + keys, key=lambda event: event[0])

    return with_changed(change)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (switched(), 32),
        (switched(every=3), 12),
        (switched(early=20), 32),
        (switched(low=0), 32),
        (switched(low=24, every=2), 16),  # near a cello's range, but with its notes
        (switched(low=115, part=0), 8),  # above a violin's
        (switched(part=2, every=8), 1),
        (file(A, B, C, body([*note(0, 30, 12, 3)[:1], *player(3), *note(9 * BEAT, 30, 12, 3), off(30, 12, 3)])), 2),
    ],
)
def test_keyswitches_are_left_out_and_said(content: bytes, count: int, tmp_path: Path) -> None:
    check_quartet(content, tmp_path)
    assert left_out(content, tmp_path) == {"keyswitches": count}


def test_notes_that_are_low_but_music_stay(tmp_path: Path) -> None:
    # An octave too low for a viola, in a line of its own: a passage, not keys.
    low = [event for k in range(4) for event in note(k * BEAT, BEAT, 38 + k)]
    high = [event for k in range(4, 8) for event in note(k * BEAT, BEAT, 60 + k)]
    (found,) = tracks(file(body([name("Viola"), *low, *high])), tmp_path)
    assert len(found.notes) == 8
    # One note three octaves too low, in its own time.
    slip = [*note(0, BEAT, 76), *note(BEAT, BEAT, 30), *note(2 * BEAT, BEAT, 77)]
    assert len(tracks(file(body([name("Violin I"), *slip])), tmp_path)[0].notes) == 3
    # A contrabass goes lower than a cello, and a piano than both.
    bass = file(body([name("Contrabass"), program(0, 43), *note(0, 480, 28), *note(480, 480, 50)]))
    assert len(tracks(bass, tmp_path)[0].notes) == 2
    piano = file(body([on(0, 21), on(0, 60), off(480, 21), off(480, 60)] * 1))
    assert len(tracks(piano, tmp_path)[0].notes) == 2
    # A line from bottom to top has no gap.
    scale = file(body([name("Violin I"), *(event for k in range(12) for event in note(k * BEAT, BEAT, 24 + 5 * k))]))
    assert len(tracks(scale, tmp_path)[0].notes) == 12


# Silence


def test_a_stray_note_far_beyond_is_left_out_and_said(tmp_path: Path) -> None:
    for late in (50_000_000, 1_000_000):
        content = file(
            body([*player(0), *note(late, 480, 76)]), B, C, body([*player(3), *note(late + 480, 480, 48, 3)])
        )
        check_quartet(content, tmp_path)
        assert left_out(content, tmp_path) == {"stray notes": 2}


def test_music_after_a_silence_of_hours_is_refused_at_once(tmp_path: Path) -> None:
    parts = [
        body([*player(part), *((tick + 50_000_000, event) for tick, event in player(part)[2:])]) for part in range(4)
    ]
    (tmp_path / "a.mid").write_bytes(file(*parts))
    for reader in (midi.read, midi_events.read):
        with pytest.raises(MidiError, match=r"a\.mid: silence from beat 8 to beat 104167; .*: cut it there"):
            reader(tmp_path / "a.mid")
    # The first note alone, and all else hours later: nobody can tell which is meant.
    (tmp_path / "a.mid").write_bytes(file(body([*note(0, 480, 60), *((t + 50_000_000, e) for t, e in player(0)[2:])])))
    with pytest.raises(MidiError, match="silence from beat 1 to beat 104167"):
        midi.read(tmp_path / "a.mid")


def test_a_note_of_hours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(file(body([*player(0), *note(8 * BEAT, 50_000_000, 76)])))
    with pytest.raises(MidiError, match=r"a\.mid: a note of 104167 beats, from beat 8 on; notes of 1000 at most"):
        midi.read(tmp_path / "a.mid")


def test_a_long_rest_is_music(tmp_path: Path) -> None:
    (found,) = tracks(file(body([*note(0, 480, 60), *note(900 * BEAT, 480, 60)])), tmp_path)
    assert len(found.notes) == 2


# Metas


def test_metas_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    broken = [
        meta(0, 0x51, b"\0\0\0"),
        meta(0, 0x51, b"\7"),
        meta(0, 0x58, b"\3"),
        meta(0, 0x59, b""),
        meta(0, 0x54, b""),
    ]
    content = file(body([*broken, *player(0)]), B, C, D)
    check_quartet(content, tmp_path)
    assert midi.read(tmp_path / "a.mid").tempos == ()


# Parts that rest


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("told", [True, False])
def test_a_part_that_rests_throughout_is_there_for_all(part: int, told: bool, tmp_path: Path) -> None:
    bodies = players()
    bodies[part] = body(player(part, told=told)[: 1 + told])
    (tmp_path / "a.mid").write_bytes(file(*bodies))
    found = read.read(tmp_path / "a.mid")
    assert found.assignment.refusal is None
    silent = found.music.tracks[found.assignment.parts.index(PARTS[part])]
    assert (silent.name, silent.program, len(silent.notes)) == (NAMES[part], smf.PROGRAMS[part], 0)
    assert len(found.music.playing) == 3
    events = midi_events.read(tmp_path / "a.mid")
    assert events.refusal is None
    assert list(events.voices) == list(PARTS)
    counts = features.of_all_and_parts(file_features.table(events))
    assert [int(counts[of]["note_count"][0]) for of in PARTS] == [0 if k == part else 8 for k in range(4)]


def test_a_title_or_a_second_track_of_a_part_is_no_part_that_rests(tmp_path: Path) -> None:
    title = body([name("Quartet in G for two violins, viola and cello")])
    (tmp_path / "a.mid").write_bytes(file(title, A, body([name("Violin I")]), C, D))
    assert "violin_2" in str(read.read(tmp_path / "a.mid").assignment.refusal)
    assert [track.name for track in midi.read(tmp_path / "a.mid").tracks] == ["Violin I", "Viola", "Violoncello"]


def test_another_label_refuses_what_rests_too(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(file(A, body(player(1)[:2]), C, D))
    assert read.read(tmp_path / "a.mid", label="String Quartet").assignment.refusal is None
    assert read.read(tmp_path / "a.mid", label="Piano Trio").assignment.refusal == "its ensemble is Piano Trio"
