"""Excerpts begin on a beat, do not overlap, and differ from source to source by their music only."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import CorpusError
from quartetvae.io import audio, midi, write
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid, Quartet
from quartetvae.music.tracks import Music, Track
from quartetvae.study import excerpts, sound
from quartetvae.study.excerpts import Excerpt
from tests.building import notes

SECONDS = 5.0
BEAT = 480
PLAYERS = (("Violin I", 40, 76), ("Violin II", 40, 69), ("Viola", 41, 60), ("Cello", 42, 48))


def music(beats: int, *, late: int = 0, lift: int = 0) -> Music:
    """A quartet in quarter notes; all of it begins so many ticks late."""
    return Music(
        BEAT,
        tuple(
            Track(name, program, False, notes(*((late + k * BEAT, BEAT, low + lift + k % 5) for k in range(beats))))
            for name, program, low in PLAYERS
        ),
    )


def folder(path: Path, *lengths: int, tempo_qpm: float = 60, **music_of: int) -> Path:
    """A folder of quartets of so many beats."""
    path.mkdir()
    for number, beats in enumerate(lengths):
        midi.write(path / f"{number}.mid", music(beats, lift=number, **music_of), tempo_qpm=tempo_qpm)
    return path


def draw(path: Path, **changes: Any) -> list[Excerpt]:
    """Excerpts of five seconds at 60 beats a minute."""
    chosen = {
        "count": 1,
        "seconds": SECONDS,
        "tempo_qpm": 60.0,
        "spread": False,
        "seed": 0,
        "left_out": print,
        **changes,
    }
    return excerpts.draw(path, source="one", **chosen)


def places(found: list[Excerpt]) -> list[tuple[str, int]]:
    return [(excerpt.file, excerpt.from_beat) for excerpt in found]


def test_each_is_as_long_as_asked(tmp_path: Path) -> None:
    found = draw(folder(tmp_path / "one", 12, 12), count=4)
    assert {len(excerpt.sound) for excerpt in found} == {round(SECONDS * sound.RATE)}
    assert {excerpt.source for excerpt in found} == {"one"}
    assert len(draw(tmp_path / "one", seconds=6.0)[0].sound) == 6 * sound.RATE


def test_files_come_first_and_then_other_places_that_do_not_overlap(tmp_path: Path) -> None:
    found = places(draw(folder(tmp_path / "one", 15, 16, 19), count=9))
    assert {file for file, _ in found[:3]} == {"0.mid", "1.mid", "2.mid"}
    assert sorted(found) == [(f"{k}.mid", beat) for k in range(3) for beat in (0, 5, 10)]


def test_the_seed_changes_what_is_drawn(tmp_path: Path) -> None:
    path = folder(tmp_path / "one", *[40] * 6)
    assert places(draw(path, count=4)) == places(draw(path, count=4))
    assert len({tuple(places(draw(path, count=4, seed=seed))) for seed in range(5)}) > 1


def test_an_excerpt_begins_on_a_beat_with_a_note(tmp_path: Path) -> None:
    # All is half a beat late but for one note on beat 7: it is the only place.
    path = folder(tmp_path / "one", 20, late=BEAT // 2)
    late = music(20, late=BEAT // 2)
    first = Track(
        "Violin I",
        40,
        False,
        notes((7 * BEAT, BEAT // 2, 84), *late.tracks[0].notes[["onset", "duration", "pitch"]].tolist()),
    )
    midi.write(path / "0.mid", Music(BEAT, (first, *late.tracks[1:])), tempo_qpm=60)
    assert places(draw(path)) == [("0.mid", 7)]


def test_all_go_at_one_tempo_or_each_at_its_own(tmp_path: Path) -> None:
    slow, fast = folder(tmp_path / "slow", 10, tempo_qpm=60), folder(tmp_path / "fast", 10, tempo_qpm=120)
    one = [draw(path)[0].sound for path in (slow, fast)]
    assert np.array_equal(one[0], one[1])
    own = [draw(path, tempo_qpm=None)[0].sound for path in (slow, fast)]
    assert np.array_equal(own[0], one[0])
    assert not np.array_equal(own[0], own[1])
    # Ten beats at 120 a minute are five seconds, and no more.
    with pytest.raises(CorpusError, match=r"longest file that can be read lasts 5\.0 s"):
        draw(fast, tempo_qpm=None, seconds=5.5)


def test_velocity_and_program_of_a_file_are_not_heard(tmp_path: Path) -> None:
    plain = folder(tmp_path / "plain", 10)
    loud = tmp_path / "loud"
    loud.mkdir()
    tracks = []
    for track in music(10).tracks:
        struck = track.notes.copy()
        struck["velocity"] = 127
        tracks.append(Track(track.name, 0, False, struck))
    midi.write(loud / "0.mid", Music(BEAT, tuple(tracks)), tempo_qpm=60)
    assert np.array_equal(draw(plain)[0].sound, draw(loud)[0].sound)


def quartet(beats: int) -> Quartet:
    """Music of one's own, as commands of this package write it."""
    alphabet = Alphabet(36, 107)
    tokens = np.full((beats * 12, 8), alphabet.rest, np.uint8)
    tokens[::12, :4] = np.array([76, 69, 60, 48]) - 36
    return Quartet(tokens, Grid(12, alphabet, "double"), tempo_qpm=60.0)


@pytest.mark.parametrize("suffix", [".wav", ".ogg"])
def test_sound_is_taken_from_its_beginning(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "one"
    path.mkdir()
    audio.write(path / f"a{suffix}", quartet(8))
    (found,) = draw(path)
    assert places([found]) == [(f"a{suffix}", 0)]
    assert found.sound.shape == (round(SECONDS * sound.RATE), 2)
    assert np.abs(found.sound).max() > 0.1


def test_of_one_name_notes_are_used_and_not_sound(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.mkdir()
    for suffix in (".ogg", ".musicxml", ".mid"):
        write.write(path / f"a{suffix}", quartet(8))
    (path / "notes.txt").write_text("no music")
    assert places(draw(path)) == [("a.mid", 0)]


def test_scores_are_read_and_folders_within(tmp_path: Path) -> None:
    (tmp_path / "one" / "within").mkdir(parents=True)
    write.write(tmp_path / "one" / "within" / "a.musicxml", quartet(8))
    assert places(draw(tmp_path / "one")) == [("within/a.musicxml", 0)]


def test_what_cannot_be_used_is_said_and_passed_over(tmp_path: Path) -> None:
    path = folder(tmp_path / "one", 3, 8)
    (path / "broken.mid").write_bytes(b"nothing")
    (path / "broken.wav").write_bytes(b"nothing")
    (path / "other.wav").write_bytes(b"nothing")
    midi.write(path / "alone.mid", Music(BEAT, music(8).tracks[:1]), tempo_qpm=60)
    said: list[str] = []
    with pytest.raises(CorpusError, match=r"1 excerpts of 5 s in 5 files; 2 are needed, and the longest .* 8\.0 s"):
        draw(path, count=2, left_out=said.append)
    assert sorted(line.split(":")[0] for line in said) == ["0.mid", "alone.mid", "broken.mid", "other.wav"]
    assert any("3.0 s at its tempo; 5 are needed" in line for line in said)
    found = draw(path, count=2, spread=True)
    assert sorted(places(found)) == [("1.mid", 0), ("alone.mid", 0)]


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no music in it; files that end in \.mid"):
        draw(tmp_path)
    with pytest.raises(CorpusError, match="no folder"):
        draw(tmp_path / "none")
    (tmp_path / "bad.mid").write_bytes(b"nothing")
    with pytest.raises(CorpusError, match="none of its 1 files can be read"):
        draw(tmp_path)
