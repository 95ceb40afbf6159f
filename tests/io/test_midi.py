"""MIDI files by symusic: what is written is read back, and what is damaged is refused."""

from pathlib import Path

import pytest
import symusic

from quartetvae.errors import MidiError
from quartetvae.io import midi
from quartetvae.music import codec, tracks
from tests.building import ALPHABET, canonical, part_array, piece, quartet, random_tokens

ONE = piece("2313", canonical(random_tokens(24, 4)))


def written(path: Path) -> symusic.Score:
    return symusic.Score(str(path))


def test_a_quartet_has_four_named_tracks_with_their_programs_and_its_tempo(tmp_path: Path) -> None:
    midi.write_quartet(tmp_path / "a.mid", ONE.tokens, ALPHABET, steps_per_beat=4, tempo_qpm=72)
    score = written(tmp_path / "a.mid")
    assert [(track.name, track.program, track.is_drum) for track in score.tracks] == [
        ("Violin I", 40, False),
        ("Violin II", 40, False),
        ("Viola", 41, False),
        ("Cello", 42, False),
    ]
    # MIDI keeps whole microseconds of a beat.
    assert [tempo.qpm for tempo in score.tempos] == pytest.approx([72], abs=1e-3)


def test_the_right_notes_are_read_back(tmp_path: Path) -> None:
    tokens = part_array("60 - . 62", "- - 64 -", "71 71 71 71", ". . - -")
    midi.write_quartet(tmp_path / "a.mid", tokens, ALPHABET, steps_per_beat=4, tempo_qpm=120)
    score = written(tmp_path / "a.mid")
    unit = score.ticks_per_quarter // 4
    assert unit * 4 == score.ticks_per_quarter
    found = [[(n.time / unit, n.duration / unit, n.pitch) for n in track.notes] for track in score.tracks]
    # symusic passes over a track without notes; it is in the file all the same.
    assert found == [[(0, 2, 60), (3, 1, 62)], [(2, 2, 64)], [(k, 1, 71) for k in range(4)]]
    assert (tmp_path / "a.mid").read_bytes().count(b"MTrk") == 4
    assert b"Cello" in (tmp_path / "a.mid").read_bytes()


@pytest.mark.parametrize("steps_per_beat", [1, 4, 7, 8, 12, 96])
def test_a_written_quartet_encodes_to_itself_on_any_grid(steps_per_beat: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    midi.write_quartet(path, ONE.tokens, ALPHABET, steps_per_beat=steps_per_beat, tempo_qpm=120)
    read = midi.read(path)
    again, losses = codec.encode(
        [track.notes for track in read.tracks],
        ticks_per_beat=read.ticks_per_beat,
        steps_per_beat=steps_per_beat,
        alphabet=ALPHABET,
    )
    assert again.tolist() == ONE.tokens.tolist()
    assert losses.off_grid == 0


def test_the_same_quartet_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        midi.write_quartet(tmp_path / name, ONE.tokens, ALPHABET, steps_per_beat=4, tempo_qpm=120)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_midi_survives_writing_and_reading(tmp_path: Path) -> None:
    before = quartet(signatures=[tracks.TimeSignature(0, 3, 4), tracks.TimeSignature(1440, 6, 8)])
    midi.write(tmp_path / "a.mid", before, tempo_qpm=100)
    after = midi.read(tmp_path / "a.mid")
    assert (after.ticks_per_beat, after.time_signatures, after.end) == (480, before.time_signatures, before.end)
    for one, other in zip(before.tracks, after.tracks, strict=True):
        assert (one.name, one.program, one.is_drum) == (other.name, other.program, other.is_drum)
        assert one.notes.tolist() == other.notes.tolist()


@pytest.mark.parametrize("content", [b"", b"MThd", b"not MIDI at all"])
def test_what_is_no_midi_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(content)
    with pytest.raises(
        MidiError, match=r"^a\.mid: not a readable MIDI file \(.*\); export it again or leave it out\.$"
    ):
        midi.read(tmp_path / "a.mid")


def test_a_file_that_is_missing_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(MidiError, match=r"a\.mid: there is no such file; check its name and folder\.$"):
        midi.read(tmp_path / "a.mid")
    with pytest.raises(MidiError, match="a folder; a file is needed"):
        midi.read(tmp_path)
