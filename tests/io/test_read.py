"""Music of one's own: whose part is which track, and what is said when nobody can tell."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import symusic

from quartetvae.errors import CorpusError, QuartetError
from quartetvae.io import midi, read, write
from quartetvae.music import arrangement
from quartetvae.music.codec import Alphabet
from quartetvae.music.ensemble import PARTS
from quartetvae.music.quartet import Grid, Quartet
from quartetvae.music.tracks import Music, Tempo, TimeSignature, mean_tempo
from tests.building import line, notes, quartet, track

GRID = Grid(4, Alphabet(36, 99))


def written(path: Path, music: Music, tempo_qpm: float = 120.0) -> Path:
    midi.write(path, music, tempo_qpm=tempo_qpm)
    return path


def pitches(path: Path, **options: Any) -> list[set[int]]:
    """The pitches of each part."""
    tokens = read.read_piece(path, GRID, **options).tokens
    return [{int(token) + 36 for token in column if token < GRID.alphabet.rest} for column in tokens.T]


def test_a_quartet_is_read_as_the_corpus_is(tmp_path: Path) -> None:
    path = written(tmp_path / "q.mid", quartet())
    assert [min(of) for of in pitches(path)] == [76, 69, 60, 48]
    assert read.read(path).assignment.parts == PARTS
    assert read.read_piece(path, GRID).work == "q"


def test_tracks_can_be_named(tmp_path: Path) -> None:
    music = Music(480, tuple(track(name, 0, *line(low)) for name, low in (("a", 50), ("b", 60), ("c", 70), ("d", 80))))
    path = written(tmp_path / "four.mid", music)
    assert [min(of) for of in pitches(path, tracks=[3, 2, 1, 0])] == [80, 70, 60, 50]


@pytest.mark.parametrize("tracks", [[0, 1, 2], [0, 1, 2, 2], [0, 1, 2, 9], [0, 1, 2, 3, 4]])
def test_tracks_that_are_not_four_of_the_file(tracks: list[int], tmp_path: Path) -> None:
    path = written(tmp_path / "q.mid", quartet())
    with pytest.raises(CorpusError, match=r"q\.mid: tracks .* four different ones are needed.* 0 Violin I"):
        read.read_piece(path, GRID, tracks=tracks)


def test_what_is_no_quartet_says_what_it_has_and_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path / "piano.mid", Music(480, (track("Piano", 0, *line(60)),)))
    with pytest.raises(CorpusError, match=r"no quartet found \(.*0 Piano \(program 0, 8 notes\).*--spread"):
        read.read_piece(path, GRID)


def test_a_chord_is_spread_from_the_top_down(tmp_path: Path) -> None:
    chord = [(0, 480, pitch) for pitch in (48, 55, 64, 72)]
    path = written(tmp_path / "chord.mid", Music(480, (track("Piano", 0, *chord),)))
    assert pitches(path, spread=True) == [{72}, {64}, {55}, {48}]


def test_a_melody_stays_with_one_part(tmp_path: Path) -> None:
    path = written(tmp_path / "melody.mid", Music(480, (track("Flute", 73, *line(74)),)))
    first, *others = pitches(path, spread=True)
    assert min(first) == 74
    assert others == [set(), set(), set()]


def test_of_a_chord_of_many_the_outer_notes_stay_and_none_is_doubled() -> None:
    many = notes(*((0, 480, pitch) for pitch in (40, 45, 52, 57, 64, 69, 76, 76)))
    parts = arrangement.over_parts([many])
    assert [of["pitch"].tolist() for of in parts] == [[76], [69], [64], [40]]


@pytest.mark.parametrize("suffix", [".mid", ".musicxml"])
@pytest.mark.parametrize("part", range(4))
def test_a_part_that_rests_throughout_is_a_part(part: int, suffix: str, tmp_path: Path) -> None:
    tokens = np.full((32, 4), GRID.alphabet.sustain, np.uint8)
    tokens[::8] = (40, 33, 28, 12)
    tokens[:, part] = GRID.alphabet.rest
    write.write(tmp_path / f"q{suffix}", Quartet(tokens, GRID))
    assert read.read_piece(tmp_path / f"q{suffix}", GRID).tokens.tolist() == tokens.tolist()


def test_tracks_that_have_a_part_keep_it_and_lines_stay_whole(tmp_path: Path) -> None:
    # The violin comes down to where the viola is.
    trio = [track("Violin", 40, *line(57)), track("Viola", 41, *line(60)), track("Violoncello", 42, *line(48))]
    path = written(tmp_path / "trio.mid", Music(480, tuple(trio)))
    found = pitches(path, spread=True)
    assert [min(of, default=0) for of in found] == [57, 0, 60, 48]
    melody = [(480 * k, 240, 55 + 5 * (k % 8)) for k in range(16)]
    path = written(tmp_path / "melody.mid", Music(480, (track("Flute", 73, *melody),)))
    assert sorted(len(of) for of in pitches(path, spread=True)) == [0, 0, 0, 8]


def test_the_tempo_is_that_at_which_an_excerpt_lasts_as_long(tmp_path: Path) -> None:
    path = tmp_path / "q.mid"
    written(path, quartet(), tempo_qpm=60)
    score = symusic.Score(str(path))
    score.tempos.append(symusic.Tempo(4 * score.ticks_per_quarter, 120))
    path.write_bytes(score.dumps_midi())
    music = midi.read(path)
    assert mean_tempo(music, from_beat=0, beats=4) == pytest.approx(60)
    assert mean_tempo(music, from_beat=4, beats=2) == pytest.approx(120)
    assert mean_tempo(music, from_beat=2, beats=4) == pytest.approx(80)


def test_drums_are_not_spread(tmp_path: Path) -> None:
    drums = track("Drums", 0, *line(40), is_drum=True)
    path = written(tmp_path / "band.mid", Music(480, (track("Flute", 73, *line(74)), drums)))
    assert pitches(path, spread=True)[3] == set()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.mid", b"", "empty.mid: not a readable MIDI file"),
        ("text.mid", b"not music at all\n" * 20, "text.mid: not a readable MIDI file"),
        ("empty.musicxml", b"", "empty.musicxml: not a readable"),
        ("song.mp3", b"ID3", "song.mp3: neither MIDI nor a score by its name"),
    ],
)
def test_a_file_that_is_no_music_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(QuartetError, match=message):
        read.read_piece(tmp_path / name, GRID)


def test_a_file_without_notes(tmp_path: Path) -> None:
    path = written(tmp_path / "silent.mid", Music(480, (track("Violin I", 40),)))
    with pytest.raises(CorpusError, match="no notes"):
        read.read(path)


def test_the_tempo_is_the_files(tmp_path: Path) -> None:
    music = midi.read(written(tmp_path / "q.mid", quartet(), tempo_qpm=72))
    assert mean_tempo(music) == pytest.approx(72, abs=0.01)
    assert mean_tempo(replace(music, tempos=())) is None
    assert mean_tempo(replace(music, tempos=(Tempo(0, 0.5), Tempo(0, 80)))) == 80


def test_bars_come_along(tmp_path: Path) -> None:
    waltz = quartet(signatures=[TimeSignature(0, 3, 4)])
    bars = read.read_piece(written(tmp_path / "waltz.mid", waltz), GRID).bars
    assert np.flatnonzero(np.diff(bars)).tolist() == [11]
