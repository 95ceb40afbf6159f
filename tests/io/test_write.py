"""Quartets as files: what is written reads back as the same music."""

import math
import os
import re
import sys
import wave
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from quartetvae.errors import CodecError, MissingError, RenderingError
from quartetvae.io import audio, engraving, read, write
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.notes import Notes
from quartetvae.music.quartet import Grid, Quartet
from quartetvae.music.tracks import mean_tempo
from tests.building import Row, canonical, notes, random_tokens

GRID = Grid(4, Alphabet(36, 99))
FINE = Grid(12, Alphabet(36, 107), "double")
GOLDEN = Path(__file__).parents[1] / "golden"


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


# Twelve steps a beat, two notes a part


def played(*parts: Sequence[Row], **options: Any) -> Quartet:
    """A quartet of notes (onset and duration in twelfths of a beat, pitch), as a file of them would be encoded."""
    rows = [notes(*part) for part in (*parts, *[[]] * (4 - len(parts)))]
    tokens, _ = codec.encode(rows, ticks_per_beat=12, steps_per_beat=12, alphabet=FINE.alphabet, chords="double")
    return Quartet(tokens, FINE, **options)


def lines(low: int) -> st.SearchStrategy[list[Row]]:
    """Notes in an instrument's range: one far below is taken for a key that switches a sampler."""
    row = st.tuples(st.integers(0, 96), st.integers(1, 40), st.integers(low, low + 40))
    return st.lists(row, min_size=1, max_size=24)


MUSIC = st.tuples(lines(55), lines(55), lines(48), lines(36))


def onsets(parts: Sequence[Notes]) -> list[list[tuple[int, int]]]:
    """Onsets and pitches of each part."""
    return [sorted(zip(part["onset"].tolist(), part["pitch"].tolist(), strict=True)) for part in parts]


@given(MUSIC)
@settings(deadline=None, max_examples=25)
def test_a_score_has_every_onset_and_ends_within_half_a_beat(rows: Sequence[list[Row]]) -> None:
    made = played(*rows)
    with TemporaryDirectory() as folder:
        write.write(Path(folder) / "q.musicxml", made)
        heard = read.read(Path(folder) / "q.musicxml")
    parts = codec.decode(made.tokens, FINE.alphabet)
    scale = heard.music.ticks_per_beat
    for part, found in zip(parts, read.part_notes(heard), strict=True):
        ends = {(onset, pitch): onset + length for onset, length, pitch, _ in part.tolist()}
        begun, stopped = (
            codec.to_steps(times.astype(np.int64), ticks_per_beat=scale, steps_per_beat=12).tolist()
            for times in (found["onset"], found["onset"] + found["duration"])
        )
        written = dict(zip(zip(begun, found["pitch"].tolist(), strict=True), stopped, strict=True))
        assert written.keys() == ends.keys()
        assert all(abs(written[note] - end) <= 6 for note, end in ends.items())
    again = read.to_piece(heard, FINE)
    assert onsets(codec.decode(again.tokens, FINE.alphabet)) == onsets(parts)


@given(MUSIC)
@settings(deadline=None, max_examples=5)
def test_music21_reads_the_same_score(rows: Sequence[list[Row]]) -> None:
    from music21 import converter

    made = played(*rows)
    score: Any = converter.parse(engraving.musicxml(made), format="musicxml")
    found = []
    for part in score.parts:
        begun = [
            (math.floor(12 * one.getOffsetInHierarchy(part) + 0.5), note.pitch.midi)
            for one in part.recurse().notes
            for note in getattr(one, "notes", [one])
            if note.tie is None or note.tie.type == "start"
        ]
        found.append(sorted(begun))
    assert found == onsets(codec.decode(made.tokens, FINE.alphabet))


@given(MUSIC)
@settings(deadline=None, max_examples=25)
def test_midi_has_both_notes_of_a_part_as_they_are(rows: Sequence[list[Row]]) -> None:
    made = played(*rows)
    # The same array, but where an overlap of one step is left, which the codec takes for legato.
    again = played(*[[row[:3] for row in part.tolist()] for part in codec.decode(made.tokens, FINE.alphabet)])
    with TemporaryDirectory() as folder:
        write.write(Path(folder) / "q.mid", made)
        assert read.read_piece(Path(folder) / "q.mid", FINE).tokens.tolist() == again.tokens.tolist()


def test_midi_has_a_note_held_beside_others_and_double_stops(tmp_path: Path) -> None:
    rows = [(0, 36, 67), (12, 4, 71), (16, 4, 72), (20, 4, 74), (36, 12, 67), (36, 12, 76)]
    made = played(rows, *[[(0, 48, 60)]] * 3)
    write.write(tmp_path / "q.mid", made)
    assert read.read_piece(tmp_path / "q.mid", FINE).tokens.tolist() == made.tokens.tolist()


@pytest.mark.parametrize("suffix", [".mid", ".musicxml"])
def test_bars_of_twelve_steps_a_beat_are_the_files_bars(suffix: str, tmp_path: Path) -> None:
    lengths = [12, 48, 36, 18, 54, 36]
    bars = np.repeat(np.arange(len(lengths)), lengths)
    made = played([(0, sum(lengths), 70)], *[[(0, 12, 60)]] * 3, bars=bars)
    write.write(tmp_path / f"q{suffix}", made)
    assert read.read_piece(tmp_path / f"q{suffix}", FINE).bars.tolist() == bars.tolist()


def test_bars_that_no_time_signature_has_are_in_a_midi_file(tmp_path: Path) -> None:
    bars = np.repeat(np.arange(4), [48, 29, 29, 36])
    made = played([(0, len(bars), 70)], *[[(0, 12, 60)]] * 3, bars=bars)
    write.write(tmp_path / "q.mid", made)
    assert read.read_piece(tmp_path / "q.mid", FINE).bars.tolist() == bars.tolist()


def test_a_double_stop_is_a_chord_and_a_held_note_a_second_voice() -> None:
    made = played([(0, 24, 67), (0, 24, 76), (48, 48, 60), (48, 24, 72), (72, 24, 74)])
    score = ElementTree.fromstring(engraving.musicxml(made))
    first, second = score.findall("part")[0].findall("measure")
    assert len(first.findall("note/chord")) == 1
    assert {note.findtext("voice") for note in first.iter("note")} <= {None, "1"}
    assert not second.findall("note/chord")
    assert {note.findtext("voice") for note in second.iter("note")} == {"1", "2"}


def test_a_triplet_is_marked_as_one() -> None:
    made = played([(0, 4, 67), (4, 4, 69), (8, 4, 71), (12, 12, 72)])
    triplet = ElementTree.fromstring(engraving.musicxml(made)).findall("part/measure/note")[:4]
    assert [note.findtext("type") for note in triplet] == ["eighth", "eighth", "eighth", "quarter"]
    assert [note.findtext("time-modification/actual-notes") for note in triplet] == ["3", "3", "3", None]
    assert [[t.get("type") for t in note.iter("tuplet")] for note in triplet] == [["start"], [], ["stop"], []]
    assert [note.findtext("beam") for note in triplet] == ["begin", "continue", "end", None]


def test_four_steps_a_beat_are_written_as_they_were() -> None:
    """Against a file that was written before the grid of twelve steps; its bytes, but for music21's version."""
    made = music(20, bars=np.repeat([0, 1, 2], [4, 12, 4]), title="Four steps", composer="Anon")
    written = re.sub(r"music21 v\.[0-9.]+", "music21", engraving.musicxml(made))
    assert written == (GOLDEN / "four_steps.musicxml").read_text(encoding="utf-8")


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


@pytest.mark.parametrize(
    ("tempo_qpm", "shown"), [(60e6 / 394_737, "152"), (120.0, "120"), (72.256, "72.26"), (99.5, "99.5")]
)
def test_a_tempo_is_shown_with_two_decimals_at_most(tempo_qpm: float, shown: str) -> None:
    """394,737 microseconds a beat are what a MIDI file has for 152 beats a minute."""
    written = engraving.musicxml(music(16, tempo_qpm=tempo_qpm))
    assert [mark.text for mark in ElementTree.fromstring(written).iter("per-minute")] == [shown]
    seen = re.sub(r"<[^>]*>|\s+", "", engraving.svg(written))
    assert f"\N{QUARTER NOTE}={shown}" in seen


def test_an_engraved_page_has_the_notes(tmp_path: Path) -> None:
    made = music(32)
    write.write(tmp_path / "q.svg", made)
    assert write.write(tmp_path / "q.png", made) == [tmp_path / "q.png"]
    onsets = int((made.tokens < GRID.alphabet.rest).sum())
    assert (tmp_path / "q.svg").read_text().count('class="note"') >= onsets
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_as_large_as_its_music(tmp_path: Path) -> None:
    width, height = 1400, 1400 * 297 // 210
    heights = []
    for name, steps in (("short.png", 16), ("long.png", 4 * 96)):
        first = write.write(tmp_path / name, music(steps))[0].read_bytes()
        assert int.from_bytes(first[16:20]) == width
        heights.append(int.from_bytes(first[20:24]))
    assert heights[0] < 0.6 * height < heights[1] <= height


def test_a_long_score_is_pictures_page_by_page_and_one_pdf(tmp_path: Path) -> None:
    made = music(4 * 96)
    pages = write.write(tmp_path / "q.png", made)
    assert [path.name for path in pages] == [f"q.{number}.png" for number in range(1, len(pages) + 1)]
    assert len(pages) > 1
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pages)
    assert write.write(tmp_path / "q.pdf", made) == [tmp_path / "q.pdf"]
    content = (tmp_path / "q.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert int(re.findall(rb"/Count (\d+)", content)[0]) == len(pages)


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


@pytest.mark.parametrize(
    ("suffix", "package"), [(suffix, package) for suffix, some in write.PACKAGES.items() for package in some]
)
def test_what_a_kind_needs_is_missed_before_it_is_written_and_then(
    suffix: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write.check(suffix)
    monkeypatch.setitem(sys.modules, package, None)
    music = Quartet(canonical(random_tokens(8, 4)), GRID)
    for missed in (lambda: write.check(suffix), lambda: write.write(tmp_path / f"a{suffix}", music)):
        with pytest.raises(MissingError, match=f"the package '{package}' is not installed"):
            missed()
    assert not list(tmp_path.iterdir())


def test_midi_needs_nothing_more() -> None:
    assert {*write.WRITERS} - {*write.PACKAGES} == {".mid"}
    write.check(".mid")


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


@pytest.mark.parametrize("rows", [[(0, 24, 57), (0, 24, 64)], [(0, 24, 57), (6, 18, 64)]], ids=["struck", "held"])
def test_both_notes_of_a_part_sound(rows: list[Row]) -> None:
    """A3 and E4 of one violin: both have their own share of the energy, an E that is struck while the A is held too."""
    sound = audio.samples(played(rows, tempo_qpm=60.0)).mean(axis=1)[40_000:80_000]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / audio.RATE)
    for pitch in (57, 64):
        fundamental = 440 * 2 ** ((pitch - 69) / 12)
        near = spectrum[np.abs(frequency / fundamental - 1) < 0.02].sum()
        assert near > 0.02 * spectrum.sum()


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
    with pytest.raises(RenderingError, match=r"q\.flac: written can be \.mid, \.musicxml"):
        write.write(tmp_path / "q.flac", music(16))


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
