"""Quartets as files: what is written reads back as the same music."""

import os
import re
import wave
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from quartetvae.errors import CodecError, RenderingError
from quartetvae.io import audio, engraving, read, write
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Grid, Quartet
from quartetvae.music.tracks import mean_tempo
from tests.building import canonical, random_tokens

GRID = Grid(4, Alphabet(36, 99))


def music(steps: int = 64, seed: int = 0, **options: Any) -> Quartet:
    """Notes in the parts' ranges, half of the cells held."""
    rng = np.random.default_rng(seed)
    tokens: Tokens = np.stack([rng.integers(low, low + 20, steps, dtype=np.uint8) for low in (30, 24, 18, 4)], axis=1)
    tokens[rng.random(tokens.shape) < 0.6] = GRID.alphabet.sustain
    tokens[rng.random(tokens.shape) < 0.1] = GRID.alphabet.rest
    tokens[-1] = 30  # so that the last step is no rest
    return Quartet(canonical(tokens, GRID.alphabet), GRID, **options)


@pytest.mark.parametrize("suffix", [".mid", ".musicxml"])
@pytest.mark.parametrize("seed", range(3))
def test_a_file_reads_back_as_the_same_music(suffix: str, seed: int, tmp_path: Path) -> None:
    made = music(seed=seed, tempo_qpm=72.0)
    write.write(tmp_path / f"q{suffix}", made)
    heard = read.read(tmp_path / f"q{suffix}")
    assert read.to_piece(heard, GRID).tokens.tolist() == made.tokens.tolist()
    assert mean_tempo(heard.music) == pytest.approx(72, abs=0.01)


@pytest.mark.parametrize("suffix", [".mid", ".musicxml"])
@pytest.mark.parametrize("lengths", [[16] * 4, [4, 16, 16, 16, 12], [12] * 5, [12, 16, 6, 16, 14], [10, 54]])
def test_bars_of_any_length_are_the_files_bars(lengths: list[int], suffix: str, tmp_path: Path) -> None:
    bars = np.repeat(np.arange(len(lengths)), lengths)
    made = music(len(bars), bars=bars)
    write.write(tmp_path / f"q{suffix}", made)
    found = read.read_piece(tmp_path / f"q{suffix}", GRID)
    assert found.tokens.tolist() == made.tokens.tolist()
    assert found.bars[: len(bars)].tolist() == made.bars.tolist()


def test_a_score_has_the_quartets_clefs_and_names(tmp_path: Path) -> None:
    score = ElementTree.fromstring(engraving.musicxml(music(title="Two & three", composer="Me")))
    assert [clef.findtext("sign") for clef in score.iter("clef")] == ["G", "G", "C", "F"]
    names = [part.findtext("part-name") for part in score.iter("score-part")]
    assert names == ["Violin I", "Violin II", "Viola", "Cello"]
    assert "Two & three" in {text.text for text in score.iter() if text.text}


def test_a_note_over_a_bar_line_is_tied() -> None:
    tokens = np.full((32, 4), GRID.alphabet.sustain, np.uint8)
    tokens[0] = 30
    score = ElementTree.fromstring(engraving.musicxml(Quartet(tokens, GRID)))
    ties = [tie.get("type") for tie in score.iter("tie")]
    assert ties == ["start", "stop"] * 4


@pytest.mark.parametrize(
    ("pitch", "sharps", "expected"),
    [
        (60, 0, ("C", 0, 4)),
        (66, 0, ("F", 1, 4)),
        (66, -5, ("G", -1, 4)),
        (70, 0, ("B", -1, 4)),
        (70, 4, ("A", 1, 4)),
        (59, -7, ("C", -1, 4)),
        (60, 7, ("B", 1, 3)),
        (68, 0, ("G", 1, 4)),  # the leading note of A minor
        (63, 0, ("E", -1, 4)),
    ],
)
def test_spelling_follows_the_key(pitch: int, sharps: int, expected: tuple[str, int, int]) -> None:
    assert engraving.spelling(pitch, sharps) == expected


def test_every_pitch_has_one_spelling_that_sounds_as_it() -> None:
    naturals = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    for sharps in range(-7, 8):
        for pitch in range(36, 100):
            letter, alteration, octave = engraving.spelling(pitch, sharps)
            assert 12 * (octave + 1) + naturals[letter] + alteration == pitch
            assert abs(alteration) <= 2


def test_an_engraved_page_has_the_notes(tmp_path: Path) -> None:
    made = music(32)
    write.write(tmp_path / "q.svg", made)
    write.write(tmp_path / "q.png", made)
    onsets = int((made.tokens < GRID.alphabet.rest).sum())
    assert (tmp_path / "q.svg").read_text().count('class="note"') >= onsets
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")


def test_a_piano_roll(tmp_path: Path) -> None:
    write.write(tmp_path / "q.roll.png", music(16))
    assert (tmp_path / "q.roll.png").read_bytes().startswith(b"\x89PNG")


def test_a_score_that_is_longer_than_a_page_has_all_its_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engraving, "PAGE_HEIGHT", 2000)
    made = music(16 * 24)
    picture = engraving.svg(engraving.musicxml(made))
    assert picture.count("<svg ") > 4
    ElementTree.fromstring(picture)
    # Ties make two notes of one, rests are none.
    notes = sum(len(of) for of in codec.decode(made.tokens, GRID.alphabet))
    assert len(re.findall(r'class="note\b', picture)) >= notes > 300


@pytest.mark.parametrize("suffix", write.WRITERS)
def test_the_same_music_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write.write(tmp_path / name / f"q{suffix}", music(32))
    assert (tmp_path / "a" / f"q{suffix}").read_bytes() == (tmp_path / "b" / f"q{suffix}").read_bytes()


# Sound


def test_sound_of_minutes_can_be_written(tmp_path: Path) -> None:
    # libvorbis brings the process down if it is given so much at once.
    write.write(tmp_path / "q.ogg", music(4 * 400, tempo_qpm=100))
    assert soundfile.info(tmp_path / "q.ogg").duration > 240


def test_sound_lasts_as_long_as_the_music_and_is_loud_enough(tmp_path: Path) -> None:
    made = music(32, tempo_qpm=120.0)
    write.write(tmp_path / "q.wav", made)
    with wave.open(str(tmp_path / "q.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 44_100, 2)
        seconds = file.getnframes() / 44_100
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert seconds == pytest.approx(made.seconds + audio.TAIL, abs=0.01)
    assert made.seconds == pytest.approx(32 / 4 * 60 / 120)
    assert np.abs(samples).max() / 2**15 == pytest.approx(audio.LOUDEST, abs=0.01)


def test_a_note_sounds_at_its_pitch_when_it_is_played() -> None:
    """A4 for a beat after a beat of rest: silence first, then most of the energy near a multiple of 440 Hz."""
    tokens = np.full((8, 4), GRID.alphabet.rest, np.uint8)
    tokens[4:, 0] = [69 - 36, *[GRID.alphabet.sustain] * 3]
    sound = audio.samples(Quartet(tokens, GRID, tempo_qpm=60.0)).mean(axis=1)
    assert np.abs(sound[: audio.RATE - 100]).max() < 1e-4
    note = sound[audio.RATE + 10_000 : audio.RATE + 40_000]
    spectrum = np.abs(np.fft.rfft(note * np.hanning(len(note))))
    frequency = np.fft.rfftfreq(len(note), 1 / audio.RATE)
    loud = frequency[spectrum > 0.2 * spectrum.max()]
    assert np.abs(loud / 440 - np.rint(loud / 440)).max() < 0.03


def test_a_repeated_note_is_struck_again() -> None:
    held, repeated = (np.full((8, 4), GRID.alphabet.rest, np.uint8) for _ in range(2))
    held[:, 0] = [30, *[GRID.alphabet.sustain] * 7]
    repeated[:, 0] = 30
    one, other = (audio.samples(Quartet(tokens, GRID)) for tokens in (held, repeated))
    assert not np.allclose(one, other, atol=0.01)


def test_silence_is_silent() -> None:
    silent = Quartet(np.full((8, 4), GRID.alphabet.rest, np.uint8), GRID)
    assert not audio.samples(silent).any()


def test_a_soundfont_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert audio.soundfont().suffix == ".sf2"
    monkeypatch.setenv("QUARTETVAE_SOUNDFONT", str(tmp_path / "none.sf2"))
    with pytest.raises(RenderingError, match="which is no file"):
        audio.soundfont()


# Bad input


def test_an_unknown_suffix_names_the_others(tmp_path: Path) -> None:
    with pytest.raises(RenderingError, match=r"q\.mp3: written can be \.mid, \.musicxml"):
        write.write(tmp_path / "q.mp3", music(16))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RenderingError, match="cannot be written"):
        write.write(tmp_path / "q.mid", music(16))


def test_a_quartet_is_checked() -> None:
    with pytest.raises(CodecError, match="shape"):
        Quartet(random_tokens(4, 3), GRID)
    with pytest.raises(RenderingError, match="bars for 3"):
        Quartet(random_tokens(4, 4), GRID, bars=np.zeros(3, np.int64))
    with pytest.raises(RenderingError, match="a tempo of 0"):
        Quartet(random_tokens(4, 4), GRID, tempo_qpm=0)
