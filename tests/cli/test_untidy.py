"""Music as it comes: exports of notation programs, odd MIDI files, files that are none; real music there and back."""

import shutil
import zipfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pandas as pd
import pytest

from quartetvae import api
from quartetvae.errors import QuartetError
from quartetvae.io import midi, read, write
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import PARTS
from quartetvae.music.quartet import Grid, Quartet
from quartetvae.music.tracks import Music, TimeSignature, Track
from tests import building
from tests.building import line, track

NAMES, PROGRAMS, LOWS = ("Violin I", "Violin II", "Viola", "Violoncello"), (40, 40, 41, 42), (76, 69, 60, 48)


@pytest.fixture(scope="module")
def model() -> NumpyAutoencoder:
    return api.load()


def written(path: Path, *players: Track) -> Path:
    midi.write(path, Music(480, players), tempo_qpm=120)
    return path


def players(*, skip: str = "") -> list[Track]:
    """Four players of eight notes each, less one if it is to be skipped."""
    return [
        track(name, program, *line(low))
        for name, program, low in zip(NAMES, PROGRAMS, LOWS, strict=True)
        if name != skip
    ]


def lowest(music: Quartet) -> list[int]:
    """The lowest pitch of each part, which plays one note at a time; 0 without notes."""
    alphabet = music.grid.alphabet
    assert (music.tokens[:, 4:] == alphabet.rest).all()
    return [
        min((int(token) + alphabet.pitch_min for token in column if token < alphabet.rest), default=0)
        for column in music.tokens[:, :4].T
    ]


Line = Sequence[tuple[float, float, int]]
"""Notes: onset and length in beats, MIDI pitch."""


def on_grid(grid: Grid, *columns: Line) -> Tokens:
    """A part array as it should be: a line for each of its columns, the four parts first; missing ones rest."""
    alphabet, beat = grid.alphabet, grid.steps_per_beat
    steps = max(round((onset + length) * beat) for column in columns for onset, length, _ in column)
    tokens = np.full((steps, grid.columns), alphabet.rest, np.uint8)
    for k, column in enumerate(columns):
        for onset, length, pitch in column:
            first, end = round(onset * beat), round((onset + length) * beat)
            tokens[first:end, k] = alphabet.sustain
            tokens[first, k] = pitch - alphabet.pitch_min
    return tokens


# MIDI files of others


def timed(events: Sequence[tuple[int, Any]], *, type: int = 1) -> mido.MidiTrack:
    """A track of messages at times in ticks; of several at one time, those that end notes come first."""
    ordered = sorted(events, key=lambda event: (event[0], event[1].type == "note_on"))
    times = [0, *(at for at, _ in ordered)]
    return mido.MidiTrack(m.copy(time=b - a) for (a, b), (_, m) in zip(pairwise(times), ordered, strict=True))


def played(channel: int, low: int, *, sounds: int = 455, count: int = 16) -> list[tuple[int, Any]]:
    """A quarter note a beat, ended a little early, as notation programs do."""
    return [
        (
            480 * k + shift,
            mido.Message(kind, channel=channel, note=low + k % 5, velocity=80 if kind == "note_on" else 0),
        )
        for k in range(count)
        for kind, shift in (("note_on", 0), ("note_off", sounds))
    ]


def musescore(path: Path, names: Sequence[str] = NAMES) -> Path:
    """As MuseScore exports MIDI: a track for each staff; controllers before the program; lyrics, key, port."""
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    for channel, (name, program, low) in enumerate(zip(names, PROGRAMS, LOWS, strict=True)):
        start: list[Any] = [mido.MetaMessage("track_name", name=name)]
        if channel == 0:
            start += [
                mido.MetaMessage("time_signature", numerator=3, denominator=4),
                mido.MetaMessage("key_signature", key="F"),
                mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(80)),
            ]
        start.append(mido.Message("control_change", channel=channel, control=121))
        start.append(mido.Message("program_change", channel=channel, program=program))
        start += [mido.Message("control_change", channel=channel, control=c, value=64) for c in (7, 10, 91, 93)]
        start.append(mido.MetaMessage("midi_port", port=0))
        lyrics = [(480 * k, mido.MetaMessage("lyrics", text="la")) for k in range(4)]
        file.tracks.append(timed([(0, message) for message in start] + lyrics + played(channel, low)))
    file.save(path)
    return path


def one_track(path: Path, *, programs: bool = True, channels: bool = True) -> Path:
    """A type-0 file: all channels in one track."""
    events: list[tuple[int, Any]] = []
    for channel, (program, low) in enumerate(zip(PROGRAMS, LOWS, strict=True)):
        on = channel if channels else 0
        if programs:
            events.append((0, mido.Message("program_change", channel=on, program=program)))
        events += played(on, low)
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    file.tracks.append(timed(events))
    file.save(path)
    return path


@pytest.mark.parametrize("names", [NAMES, ("Violin", "Violin", "Viola", "Violoncello"), ("", "", "", "")])
def test_a_musescore_midi_export(names: Sequence[str], model: NumpyAutoencoder, tmp_path: Path) -> None:
    music = api.read(musescore(tmp_path / "export.mid", names), model)
    # A quarter that ends early, after 455 of 480 ticks, is 11 of 12 steps long.
    expected = on_grid(music.grid, *[[(k, 11 / 12, low + k % 5) for k in range(16)] for low in LOWS])
    assert music.tokens.tolist() == expected.tolist()
    assert music.tempo_qpm == pytest.approx(80, abs=0.01)
    # Of three beats.
    assert np.flatnonzero(np.diff(music.bars)).tolist() == [35, 71, 107, 143, 179]


def test_the_numbers_that_an_error_suggests_are_of_tracks_with_notes(model: NumpyAutoencoder, tmp_path: Path) -> None:
    """MuseScore's controllers before the program give symusic a silent track beside each."""
    path = musescore(tmp_path / "export.mid", ("Flute", "Flute", "Oboe", "Bassoon"))
    file = mido.MidiFile(path)
    for part in file.tracks:
        part[:] = [m.copy(program=73) if m.type == "program_change" else m for m in part]
    file.save(path)
    with pytest.raises(QuartetError, match=r"no quartet found") as error:
        api.read(path, model)
    heard = read.read(path)
    sounding = [number for number, of in enumerate(heard.music.tracks) if len(of.notes)]
    assert f"--parts {','.join(map(str, sounding))}" in str(error.value)
    assert "0 notes" not in str(error.value)
    assert lowest(api.read(path, model, tracks=sounding)) == list(LOWS)
    if silent := [number for number, of in enumerate(heard.music.tracks) if not len(of.notes)]:
        with pytest.raises(QuartetError, match="four different ones"):
            api.read(path, model, tracks=[silent[0], *sounding[1:]])


def test_a_type_0_file(model: NumpyAutoencoder, tmp_path: Path) -> None:
    assert lowest(api.read(one_track(tmp_path / "zero.mid"), model)) == list(LOWS)
    bare = one_track(tmp_path / "bare.mid", programs=False)
    with pytest.raises(QuartetError, match=r"bare\.mid: no quartet found.*3 unnamed \(program 0, 16 notes\).*0,1,2,3"):
        api.read(bare, model)
    assert lowest(api.read(bare, model, tracks=[0, 1, 2, 3])) == list(LOWS)
    mixed = one_track(tmp_path / "mixed.mid", channels=False)
    with pytest.raises(QuartetError, match=r"mixed\.mid: no quartet found.*--spread"):
        api.read(mixed, model)
    # Chords of four go to the four parts from the top.
    assert lowest(api.read(mixed, model, spread=True)) == list(LOWS)


@pytest.mark.parametrize(
    ("fifth", "is_quartet"),
    [
        (track("Piano", 0, *line(60)), False),
        (track("Viola 2", 41, *line(62)), False),
        (track("Contrabass", 43, *line(36)), False),
        (track("Drums", 0, *line(40), is_drum=True), True),
        (track("Conductor", 0), True),
        (track("Metronome", 115, (0, 200, 76)), True),
    ],
)
def test_a_quartet_with_a_fifth_track(fifth: Track, is_quartet: bool, model: NumpyAutoencoder, tmp_path: Path) -> None:
    path = written(tmp_path / "five.mid", *players(), fifth)
    if is_quartet:
        assert lowest(api.read(path, model)) == list(LOWS)
    else:
        message = rf"five\.mid: no quartet found \(a fifth part: {fifth.name} .*4 {fifth.name} .*--parts 0,1,2,3"
        with pytest.raises(QuartetError, match=message):
            api.read(path, model)
        assert lowest(api.read(path, model, tracks=[0, 1, 2, 3])) == list(LOWS)


@pytest.mark.parametrize("missing", NAMES)
def test_a_piece_in_three_parts(missing: str, model: NumpyAutoencoder, tmp_path: Path) -> None:
    path = written(tmp_path / "three.mid", *players(skip=missing))
    part = PARTS[NAMES.index(missing)]
    with pytest.raises(QuartetError, match=rf"no quartet found \(no track for {part} .*Its tracks: 0 .*; 2 .*--spread"):
        api.read(path, model)
    music = api.read(path, model, spread=True)
    # All is there, three notes at a time.
    assert int((music.tokens < music.grid.alphabet.rest).sum()) == 3 * 8


@pytest.mark.parametrize("jitter", [0, 12])
def test_chords_of_a_piano_that_was_played(jitter: int, model: NumpyAutoencoder, tmp_path: Path) -> None:
    """Fingers come down a hundredth of a second apart: a note for each part all the same. Fast runs are no chords."""
    rng = np.random.default_rng(0)
    chords = [(48, 60, 64, 67), (43, 59, 62, 67), (45, 60, 64, 69), (41, 60, 65, 69)] * 4
    notes = [
        (240 + 480 * k + int(rng.integers(-jitter, jitter + 1)), 400, pitch)
        for k, chord in enumerate(chords)
        for pitch in chord
    ]
    music = api.read(written(tmp_path / "played.mid", track("Piano", 0, *notes)), model, spread=True)
    # On the half of each beat.
    steps = music.tokens[6::12, :4]
    assert [sorted(row) for row in (steps.astype(int) + 36).tolist()] == [sorted(chord) for chord in chords]
    assert (music.tokens[:, 4:] == music.grid.alphabet.rest).all()
    run = [(30 * k, 30, 76 + k % 3) for k in range(64)]
    music = api.read(written(tmp_path / "run.mid", track("Flute", 73, *run)), model, spread=True)
    assert lowest(music)[1:] == [0, 0, 0]


def test_forty_minutes(model: NumpyAutoencoder, tmp_path: Path) -> None:
    """4800 beats at 120: by its tracks, and spread."""
    onsets = range(0, 4800 * 480, 480)
    four = [
        track(name, program, *line(low, onsets=onsets))
        for name, program, low in zip(NAMES, PROGRAMS, LOWS, strict=True)
    ]
    music = api.read(written(tmp_path / "long.mid", *four), model)
    assert music.seconds == pytest.approx(40 * 60, abs=1)
    assert len(api.encode(model, music)) == 1200
    piano = written(tmp_path / "piano.mid", *(Track("Piano", 0, False, of.notes) for of in four[:3]))
    assert len(api.read(piano, model, spread=True).tokens) == len(music.tokens)


def test_drums_alone_are_no_music_to_spread(model: NumpyAutoencoder, tmp_path: Path) -> None:
    path = written(tmp_path / "drums.mid", track("Drums", 0, *line(40), is_drum=True))
    with pytest.raises(QuartetError, match=r"drums\.mid: no notes but those of drums"):
        api.read(path, model, spread=True)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (12, b"\x00\x00", "no ticks per beat"),
        (12, b"\xe7\x28", "no ticks per beat"),  # time code, 25 frames of 40 ticks
        (0, b"RIFF", "not a readable MIDI file"),
        (22, b"\xf4", "not a readable MIDI file"),  # no event
    ],
)
def test_a_damaged_head(place: int, value: bytes, message: str, model: NumpyAutoencoder, tmp_path: Path) -> None:
    content = bytearray(written(tmp_path / "head.mid", *players()).read_bytes())
    content[place : place + len(value)] = value
    (tmp_path / "head.mid").write_bytes(content)
    with pytest.raises(QuartetError, match=rf"head\.mid: {message}"):
        api.read(tmp_path / "head.mid", model)


@pytest.mark.parametrize(("numerator", "power"), [(0, 2), (4, 8), (4, 200)])
def test_a_time_signature_that_is_none_is_passed_over(
    numerator: int, power: int, model: NumpyAutoencoder, tmp_path: Path
) -> None:
    midi.write(tmp_path / "q.mid", Music(480, tuple(players()), (TimeSignature(0, 3, 4),)), tempo_qpm=120)
    content = (tmp_path / "q.mid").read_bytes()
    broken = content.replace(b"\xff\x58\x04\x03\x02", bytes([0xFF, 0x58, 4, numerator, power]))
    assert broken != content
    (tmp_path / "q.mid").write_bytes(broken)
    assert np.flatnonzero(np.diff(api.read(tmp_path / "q.mid", model).bars)).tolist() == []


def test_a_truncated_or_altered_file_is_read_or_refused_but_breaks_nothing(
    model: NumpyAutoencoder, tmp_path: Path
) -> None:
    whole = musescore(tmp_path / "whole.mid").read_bytes()
    rng = np.random.default_rng(0)
    path, readable = tmp_path / "broken.mid", 0
    for k in range(300):
        content = bytearray(whole)
        if k % 3 == 0:
            content = content[: rng.integers(len(content))]
        else:
            for at in rng.integers(len(content), size=1 + k % 4):
                content[at] = rng.integers(256)
        path.write_bytes(content)
        try:
            api.read(path, model, spread=bool(k % 2))
            readable += 1
        except QuartetError as error:
            assert "broken.mid" in str(error)
    assert 10 < readable < 290


# Files that are something else


def xml(*parts: str, divisions: Sequence[int], names: Sequence[str] = NAMES) -> str:
    """MusicXML as MuseScore writes it: an instrument for each part, and divisions of its own."""
    listed, body = "", ""
    for k, (name, program, bars, of) in enumerate(zip(names, PROGRAMS, parts, divisions, strict=False)):
        listed += (
            f'<score-part id="P{k}"><part-name>{name}</part-name><score-instrument id="P{k}-I1"><instrument-name>{name}'
            f'</instrument-name></score-instrument><midi-device id="P{k}-I1" port="1"/><midi-instrument id="P{k}-I1">'
            f"<midi-channel>{k + 1}</midi-channel><midi-program>{program + 1}</midi-program></midi-instrument>"
            "</score-part>"
        )
        start = (
            f"<attributes><divisions>{of}</divisions><key><fifths>-1</fifths></key><time><beats>4</beats>"
            "<beat-type>4</beat-type></time></attributes>"
        )
        measures = [
            f'<measure number="{n}" width="120.5">{start if n == 1 else ""}{bar}</measure>'
            for n, bar in enumerate(bars.split("|"), start=1)
        ]
        body += f'<part id="P{k}">{"".join(measures)}</part>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 '
        'Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n<score-partwise version="4.0"><work><work-title>'
        f"Q &amp; A</work-title></work><part-list>{listed}</part-list>{body}</score-partwise>"
    )


def n(pitch: str, duration: float, more: str = "", *, voice: int = 1, chord: bool = False) -> str:
    """A note as C4, or a rest as ""; `duration` 0 is a grace note."""
    what = f"<pitch><step>{pitch[0]}</step><octave>{pitch[1]}</octave></pitch>" if pitch else "<rest/>"
    lasts = f"<duration>{duration}</duration>" if duration else ""
    before = ("" if duration else '<grace slash="yes"/>') + ("<chord/>" if chord else "")
    return f"<note>{before}{what}{lasts}{more}<voice>{voice}</voice></note>"


TRIPLET = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
START, STOP = '<tie type="start"/>', '<tie type="stop"/>'
UGLY = (
    n("B4", 0)
    + n("C5", 6)
    + n("E5", 6)
    + n("G5", 12, START)
    + "|"
    + n("G5", 6, STOP)
    + n("F5", 2, TRIPLET) * 3
    + n("", 12),
    n("E4", 8) + n("G4", 8) + "<backup><duration>16</duration></backup>" + n("C4", 16, voice=2) + "|" + n("C4", 16),
    n("C4", 2) + n("E4", 2, chord=True) + n("", 6) + "|" + n("C4", 8),
    n("C3", 4) + "|" + n("B2", 4),
)
"""Grace note, tie over the bar, triplets; two voices; a chord; and divisions 6, 4, 2, 1."""
DIVISIONS = (6, 4, 2, 1)
EXPECTED: Sequence[Line] = (
    [(0, 1, 72), (1, 1, 76), (2, 3, 79), (5, 1 / 3, 77), (16 / 3, 1 / 3, 77), (17 / 3, 1 / 3, 77)],
    [(0, 2, 64), (2, 2, 67), (4, 4, 60)],
    [(0, 1, 64), (4, 4, 60)],
    [(0, 4, 48), (4, 4, 47)],
    # The second notes: of violin 2 what its other voice holds, of the viola the lower one of its chord.
    [],
    [(0, 4, 60)],
    [(0, 1, 60)],
)


@pytest.mark.parametrize("names", [NAMES, ("Violin", "Violin", "Viola", "Violoncello")])
def test_a_musescore_musicxml_export(names: Sequence[str], model: NumpyAutoencoder, tmp_path: Path) -> None:
    content = xml(*UGLY, divisions=DIVISIONS, names=names)
    (tmp_path / "q.musicxml").write_text(content, encoding="utf-8")
    (tmp_path / "bom.xml").write_bytes(b"\xef\xbb\xbf" + content.encode())
    (tmp_path / "wide.xml").write_bytes(content.replace("UTF-8", "UTF-16").encode("utf-16"))
    with zipfile.ZipFile(tmp_path / "q.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml", '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
        )
        archive.writestr("score.xml", content)
    for name in ("q.musicxml", "bom.xml", "wide.xml", "q.mxl"):
        music = api.read(tmp_path / name, model)
        assert music.tokens.tolist() == on_grid(music.grid, *EXPECTED).tolist(), name
        assert music.bars.tolist() == [0] * 48 + [1] * 48


def test_kern_in_its_own_order(model: NumpyAutoencoder, tmp_path: Path) -> None:
    """Spines go from the cello up."""
    rows = ["**kern", "*Icello", "*Iviola", "*Ivioln", "*Ivioln"], ["*M4/4"] * 4, ["=1"] * 4, ["1C", "1c", "1g", "1cc"]
    lines = [["**kern"] * 4, rows[0][1:], *rows[1:], ["=="] * 4, ["*-"] * 4]
    (tmp_path / "q.krn").write_text("".join("\t".join(row) + "\n" for row in lines))
    assert lowest(api.read(tmp_path / "q.krn", model)) == [72, 67, 60, 48]


@pytest.mark.parametrize("suffix", [".mid", ".midi", ".xml", ".musicxml", ".mxl", ".krn"])
@pytest.mark.parametrize(
    "content",
    [b"", b"These are words, and no notes.\n" * 40, b"<html><body>404</body></html>", b"PK\x03\x04", b"\x00" * 500],
    ids=["empty", "text", "html", "half a zip", "zeros"],
)
def test_a_file_that_is_something_else_than_its_name_says(
    suffix: str, content: bytes, model: NumpyAutoencoder, tmp_path: Path
) -> None:
    (tmp_path / f"file{suffix}").write_bytes(content)
    with pytest.raises(QuartetError, match=rf"file\{suffix}: not a readable .* export it again") as error:
        api.read(tmp_path / f"file{suffix}", model)
    assert "\n" not in str(error.value)


def test_music_of_another_kind_than_its_name_says(model: NumpyAutoencoder, tmp_path: Path) -> None:
    written(tmp_path / "q.mid", *players())
    (tmp_path / "q.musicxml").write_text(xml(*UGLY, divisions=DIVISIONS))
    for one, other in (("q.mid", "m.musicxml"), ("q.mid", "m.krn"), ("q.mid", "m.mxl"), ("q.musicxml", "x.mid")):
        shutil.copy(tmp_path / one, tmp_path / other)
        with pytest.raises(QuartetError, match=f"{other}: not a readable"):
            api.read(tmp_path / other, model)


def test_a_score_cut_short(model: NumpyAutoencoder, tmp_path: Path) -> None:
    content = xml(*UGLY, divisions=DIVISIONS)
    for k in range(0, len(content), len(content) // 15):
        (tmp_path / "cut.musicxml").write_text(content[:k])
        with pytest.raises(QuartetError, match=r"cut\.musicxml: not a readable"):
            api.read(tmp_path / "cut.musicxml", model)


def test_a_name_that_is_no_text(model: NumpyAutoencoder, tmp_path: Path) -> None:
    """An old archive's name in Latin-1, and one with a control character, are no title; the music is the same."""
    for raw in (b"caf\xe9.mid", b"a\x07b.mid"):
        path = tmp_path / raw.decode("utf-8", "surrogateescape")
        written(tmp_path / "q.mid", *players()).rename(path)
        music = api.read(path, model)
        assert music.title.isprintable()
        write.write(tmp_path / "q.musicxml", music)
        assert lowest(api.read(tmp_path / "q.musicxml", model)) == list(LOWS)


# Round trips of real music


def _there_and_back(music: Quartet, folder: Path) -> None:
    """A MIDI file has every note as it is; a score its onset, and its end within half a beat."""
    wanted = building.ends(music)
    write.write(folder / "there.mid", music)
    assert building.ends_in_file(folder / "there.mid", music.grid) == wanted
    write.write(folder / "there.musicxml", music)
    for part, back in zip(wanted, building.ends_in_file(folder / "there.musicxml", music.grid), strict=True):
        assert back.keys() == part.keys()
        assert all(abs(back[note] - end) <= 6 for note, end in part.items())
    bars = read.read_piece(folder / "there.musicxml", music.grid).bars
    assert bars[: len(music.bars)].tolist() == music.bars[: len(bars)].tolist()


@pytest.mark.parametrize("place", range(10))
def test_quartets_of_musicnet_there_and_back(
    place: int, musicnet_raw: Path, model: NumpyAutoencoder, tmp_path: Path
) -> None:
    table = pd.read_csv(musicnet_raw / "metadata.csv")
    files = table.loc[table["ensemble"] == "String Quartet", "file"].tolist()
    path = musicnet_raw / files[place * len(files) // 10]
    _there_and_back(api.read(path, model, from_beat=8 * place, beats=48), tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *["haydn/opus1no1/movement1.mxl", "haydn/opus1no1/movement3.mxl", "haydn/opus74no1/movement3.mxl"],
        *["mozart/k80/movement3.mxl", "mozart/k155/movement2.mxl", "mozart/k156/movement2.mxl"],
        *["mozart/k156/movement4.mxl", "mozart/k458/movement2.mxl"],
        *["beethoven/opus18no1/movement3.mxl", "beethoven/opus18no1/movement3.krn"],
    ],
)
def test_quartets_of_music21_there_and_back(name: str, model: NumpyAutoencoder, tmp_path: Path) -> None:
    from music21 import common

    path = Path(common.getCorpusFilePath()) / name
    _there_and_back(api.read(path, model, from_beat=6, beats=48), tmp_path)
