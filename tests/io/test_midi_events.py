"""Notes of MIDI files in the order of their events; features of files against independent values."""

import json
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from quartetvae.errors import MidiError
from quartetvae.evaluation import file_features
from quartetvae.io import midi, midi_events
from quartetvae.metrics import features
from quartetvae.music.ensemble import PARTS
from tests.building import quartet, track

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "yang_lerch.json").read_text(encoding="utf-8"))

Event = tuple[int, mido.Message | mido.MetaMessage]


def write(path: Path, *tracks: list[Event], ticks_per_beat: int = 480, kind: int = 1) -> Path:
    """A MIDI file from events with ticks of their own."""
    content = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    for of in tracks:
        written, last = mido.MidiTrack(), 0
        for tick, message in of:
            written.append(message.copy(time=tick - last))
            last = tick
        content.tracks.append(written)
    content.save(path)
    return path


def on(tick: int, pitch: int, velocity: int = 64) -> Event:
    return tick, mido.Message("note_on", note=pitch, velocity=velocity)


def off(tick: int, pitch: int) -> Event:
    return tick, mido.Message("note_off", note=pitch)


def notes_of(path: Path) -> list[midi_events.Note]:
    ((voice,),) = midi_events.read(path).voices.values()
    return list(voice.notes)


def toy(path: Path, name: str) -> Path:
    """One of the tiny melodies."""
    found = GOLDEN["toys"][name]
    rows: list[tuple[int, int, int, Event]] = []
    for place, (pitch, onset, duration, velocity) in enumerate(found["notes"]):
        rows.append((onset, int(found["off_first"]), place, on(onset, pitch, velocity)))
        rows.append((onset + duration, int(not found["off_first"]), place, off(onset + duration, pitch)))
    tempos = [(tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in found["tempos"]]
    return write(path / "toy.mid", tempos, [event for *_, event in sorted(rows, key=lambda row: row[:3])])


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare with golden values: counts exactly, else to 1e-9."""
    for name, value in expected.items():
        if isinstance(value, dict):
            matrix = np.zeros((12, 12))
            for place, count in value.items():
                row, column = place.split(",")
                matrix[int(row), int(column)] = count
            value = matrix
        wanted = np.array(np.nan if value is None else value, dtype=np.float64)
        np.testing.assert_allclose(found[name][0], wanted, rtol=1e-9, atol=0, err_msg=name)


@pytest.mark.parametrize("name", GOLDEN["toys"])
def test_a_tiny_melody_has_the_features_that_others_found(name: str, tmp_path: Path) -> None:
    check(features.features(file_features.table(midi_events.read(toy(tmp_path, name)))), GOLDEN["toys"][name]["values"])


@pytest.mark.parametrize("name", GOLDEN["files"])
def test_a_quartet_has_the_features_that_others_found(name: str, musicnet_raw: Path) -> None:
    piece = Path(name).name.split("_")[0]
    (path,) = musicnet_raw.rglob(f"{piece}*.mid")
    file = midi_events.read(path)
    assert list(file.voices) == list(PARTS)
    found = features.of_all_and_parts(file_features.table(file))
    check(found["whole"], GOLDEN["files"][name]["whole"])
    for part, expected in GOLDEN["files"][name]["parts"].items():
        check(found[part], expected)


def test_notes_that_begin_together_keep_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(0, 67), on(0, 60), off(480, 67), off(480, 60)])
    assert [note.pitch for note in notes_of(path)] == [67, 60]


def test_a_note_on_of_velocity_0_ends_a_note(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(0, 60), on(240, 60, velocity=0)])
    assert notes_of(path) == [midi_events.Note(0, 60, 64, end=240, until=240, rest=None)]


def test_a_note_that_never_ends_ends_with_its_track(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.mid", [on(0, 60), off(480, 60), on(480, 62), (960, mido.MetaMessage("marker", text="end"))]
    )
    assert [note.end for note in notes_of(path)] == [480, 960]
    found = features.features(file_features.table(midi_events.read(path)))
    assert found["note_count"].tolist() == [2]
    assert found["note_length_histogram"].sum() == 2


def test_silence_is_since_the_last_end_unless_something_sounds(tmp_path: Path) -> None:
    rests = write(
        tmp_path / "a.mid",
        [on(0, 60), off(240, 60), on(480, 62), on(480, 65), off(720, 62), off(720, 65), on(720, 60), off(960, 60)],
    )
    assert [note.rest for note in notes_of(rests)] == [None, 240, None, 0]
    touching = write(tmp_path / "b.mid", [on(0, 60), on(240, 62), off(240, 60), off(480, 62)])
    assert [note.rest for note in notes_of(touching)] == [None, None]


def test_seconds_follow_the_tempo(tmp_path: Path) -> None:
    tempos = [
        (480, mido.MetaMessage("set_tempo", tempo=1_000_000)),
        (480, mido.MetaMessage("set_tempo", tempo=250_000)),
    ]
    file = midi_events.read(write(tmp_path / "a.mid", tempos, [on(0, 60), off(480, 60)]))
    # 120 beats a minute until told otherwise; of two changes on one tick the last counts.
    assert midi_events.seconds(np.array([0.0, 240.0, 480.0, 960.0]), file).tolist() == [0.0, 0.25, 0.5, 0.75]


def test_a_tempo_said_again_changes_nothing(tmp_path: Path) -> None:
    def seconds(*ticks: int) -> Any:
        tempos = [(tick, mido.MetaMessage("set_tempo", tempo=450_450)) for tick in ticks]
        file = midi_events.read(write(tmp_path / "a.mid", tempos, [on(0, 60), off(480, 60)]))
        return midi_events.seconds(np.arange(0, 60_000, 40, dtype=np.float64), file)

    assert np.array_equal(seconds(0), seconds(0, 1111, 23_333))


def test_a_note_off_ends_no_note_that_begins_on_its_tick_unless_it_is_its_own(tmp_path: Path) -> None:
    # The second note-off ends nothing that sounds: what began on its tick is over before it sounds.
    path = write(tmp_path / "a.mid", [on(0, 60), off(240, 60), on(480, 60), off(480, 60), on(500, 62), off(960, 62)])
    assert [(note.onset, note.until) for note in notes_of(path)] == [(0, 240), (480, 480), (500, 960)]


def one_track(path: Path, *, drums: bool = False) -> Path:
    """A quartet in a single track, a channel for each part; the parts meet in one pitch, held by one of them."""
    rows: list[tuple[int, int, Event]] = []
    players = [(0, 40, 72, 120), (1, 40, 72, 480), (2, 41, 60, 240), (3, 42, 48, 480)]
    for channel, program, pitch, length in players:
        rows.append((0, 0, (0, mido.Message("program_change", channel=channel, program=program))))
        for onset in range(0, 1920, length):
            rows.append((onset, 2, (onset, mido.Message("note_on", channel=channel, note=pitch, velocity=64))))
            end = onset + length
            rows.append((end, 1, (end, mido.Message("note_off", channel=channel, note=pitch))))
    if drums:
        rows.append((0, 2, (0, mido.Message("note_on", channel=9, note=100, velocity=64))))
        rows.append((1920, 1, (1920, mido.Message("note_off", channel=9, note=100))))
    return write(path, [event for *_, event in sorted(rows, key=lambda row: row[:2])], kind=0)


def test_in_a_file_of_one_track_each_channel_is_a_player(tmp_path: Path) -> None:
    file = midi_events.read(one_track(tmp_path / "a.mid"))
    assert list(file.voices) == list(PARTS)
    found = features.of_all_and_parts(file_features.table(file))
    assert [found[part]["note_count"].tolist() for part in PARTS] == [[16], [4], [8], [4]]
    # The unison of the violins: each note has its own length.
    assert found["violin_2"]["note_length_histogram"][0, 2] == 4
    assert found["violin_1"]["note_length_histogram"][0, 4] == 16
    assert found["whole"]["pitch_interval"].tolist() == [0]


def test_drums_have_no_pitch(tmp_path: Path) -> None:
    path = one_track(tmp_path / "a.mid", drums=True)
    assert list(midi_events.read(path).voices) == list(PARTS)
    drum = [(0, mido.Message("note_on", channel=9, note=100)), (480, mido.Message("note_off", channel=9, note=100))]
    solo = midi_events.read(write(tmp_path / "b.mid", [], [on(0, 60), off(480, 60)], drum))
    assert list(solo.voices) == ["track_1"]
    with pytest.raises(MidiError, match="no notes"):
        midi_events.read(write(tmp_path / "c.mid", drum))


def test_a_tempo_of_0_says_nothing(tmp_path: Path) -> None:
    tempos = [(tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in ((0, 1_000_000), (240, 0))]
    file = midi_events.read(write(tmp_path / "a.mid", tempos, [on(0, 60), off(480, 60)]))
    assert midi_events.seconds(np.array([480.0]), file).tolist() == [1.0]


def test_times_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    notes = [on(0, 60), off(480, 60)]
    path = write(tmp_path / "b.mid", notes)
    for division in (b"\x00\x00", b"\xe7\x28"):  # none; 25 frames a second of 40 ticks
        content = path.read_bytes()
        path.write_bytes(content[:12] + division + content[14:])
        with pytest.raises(MidiError, match="no ticks per beat"):
            midi_events.read(path)


def test_parts_are_those_that_the_codec_finds(tmp_path: Path) -> None:
    low = [(onset, 100, 50 + onset % 7) for onset in range(120, 2040, 240)]
    midi.write(tmp_path / "a.mid", quartet(track("Cello pizz", 45, *low)), tempo_qpm=100)
    file = midi_events.read(tmp_path / "a.mid")
    assert file.refusal is None
    assert {part: sum(len(voice.notes) for voice in of) for part, of in file.voices.items()} == {
        **dict.fromkeys(PARTS[:3], 8),
        "cello": 16,
    }
    assert (np.diff(file_features.table(file).of_parts([3]).onset_beats) > 0).all()


def test_what_is_no_quartet_has_its_tracks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [], [on(0, 60), off(480, 60)], [on(0, 50), off(480, 50)])
    file = midi_events.read(path)
    assert list(file.voices) == ["track_1", "track_2"]
    assert "no track for" in str(file.refusal)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "not a readable MIDI file"), (b"MThd no", "not a readable"), (b"hello, I am text" * 9, "not a readable")],
)
def test_a_damaged_file_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.mid").write_bytes(content)
    with pytest.raises(MidiError, match=rf"bad\.mid: {message}"):
        midi_events.read(tmp_path / "bad.mid")


def test_a_file_without_notes_or_of_songs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MidiError, match="no notes"):
        midi_events.read(write(tmp_path / "a.mid", []))
    with pytest.raises(MidiError, match="type 2"):
        midi_events.read(write(tmp_path / "b.mid", [on(0, 60), off(480, 60)], kind=2))
