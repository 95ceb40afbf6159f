"""Notes of MIDI files in the order of their events; features of files against independent values."""

import json
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from quartetvae import events, midi
from quartetvae.codec import PARTS
from quartetvae.errors import MidiError
from quartetvae.metrics import music
from tests.building import quartet, track

GOLDEN = json.loads((Path(__file__).parent / "golden" / "yang_lerch.json").read_text(encoding="utf-8"))

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


def notes_of(path: Path) -> list[events.Note]:
    ((voice,),) = events.read(path).voices.values()
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
    check(music.features(events.table(events.read(toy(tmp_path, name)))), GOLDEN["toys"][name]["values"])


@pytest.mark.parametrize("name", GOLDEN["files"])
def test_a_quartet_has_the_features_that_others_found(name: str, musicnet_raw: Path) -> None:
    piece = Path(name).name.split("_")[0]
    (path,) = musicnet_raw.rglob(f"{piece}*.mid")
    file = events.read(path)
    assert list(file.voices) == list(PARTS)
    found = music.of_all_and_parts(events.table(file))
    check(found["whole"], GOLDEN["files"][name]["whole"])
    for part, expected in GOLDEN["files"][name]["parts"].items():
        check(found[part], expected)


def test_notes_that_begin_together_keep_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(0, 67), on(0, 60), off(480, 67), off(480, 60)])
    assert [note.pitch for note in notes_of(path)] == [67, 60]


def test_a_note_on_of_velocity_0_ends_a_note(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(0, 60), on(240, 60, velocity=0)])
    assert notes_of(path) == [events.Note(0, 60, 64, end=240, until=240, rest=None)]


def test_a_note_that_never_ends_has_no_length(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(0, 60), off(480, 60), on(480, 62)])
    assert [note.end for note in notes_of(path)] == [480, None]
    found = music.features(events.table(events.read(path)))
    assert found["note_count"].tolist() == [2]
    assert found["note_length_histogram"].sum() == 1


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
    file = events.read(write(tmp_path / "a.mid", tempos, [on(0, 60), off(480, 60)]))
    # 120 beats a minute until told otherwise; of two changes on one tick the last counts.
    assert events.seconds(np.array([0.0, 240.0, 480.0, 960.0]), file).tolist() == [0.0, 0.25, 0.5, 0.75]


def test_parts_are_those_that_the_codec_finds(tmp_path: Path) -> None:
    low = [(onset, 100, 50 + onset % 7) for onset in range(4000, 5920, 240)]
    midi.write(tmp_path / "a.mid", quartet(track("Cello pizz", 45, *low)), tempo_qpm=100)
    file = events.read(tmp_path / "a.mid")
    assert file.refusal is None
    assert {part: sum(len(voice.notes) for voice in of) for part, of in file.voices.items()} == {
        **dict.fromkeys(PARTS[:3], 8),
        "cello": 16,
    }
    assert (np.diff(events.table(file).of_parts([3]).onset_beats) > 0).all()


def test_what_is_no_quartet_has_its_tracks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [], [on(0, 60), off(480, 60)], [on(0, 50), off(480, 50)])
    file = events.read(path)
    assert list(file.voices) == ["track_1", "track_2"]
    assert "no track for" in str(file.refusal)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "not a readable MIDI file"), (b"MThd no", "not a readable"), (b"hello, I am text" * 9, "not a readable")],
)
def test_a_damaged_file_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.mid").write_bytes(content)
    with pytest.raises(MidiError, match=rf"bad\.mid: {message}"):
        events.read(tmp_path / "bad.mid")


def test_a_file_without_notes_or_of_songs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MidiError, match="no notes"):
        events.read(write(tmp_path / "a.mid", []))
    with pytest.raises(MidiError, match="type 2"):
        events.read(write(tmp_path / "b.mid", [on(0, 60), off(480, 60)], kind=2))
