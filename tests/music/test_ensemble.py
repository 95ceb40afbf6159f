"""Ensembles: what the string quartet is, and two others that are taken through all that reads and writes."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib.image
import mido
import numpy as np
import pytest
from music21 import clef, converter, instrument, pitch

from quartetvae.errors import ArgumentError, CorpusError
from quartetvae.io import audio, midi, read, scores, write
from quartetvae.music import part_assignment
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, STRING_QUARTET, Ensemble, Part
from quartetvae.music.instrument_names import Instrument
from quartetvae.music.quartet import Grid, Quartet
from quartetvae.music.tracks import Music
from tests.building import line, track

GRID = Grid(4, Alphabet(36, 99))


# The string quartet


def test_the_default_is_the_string_quartet() -> None:
    assert DEFAULT_ENSEMBLE is STRING_QUARTET
    assert STRING_QUARTET.ids == ("violin_1", "violin_2", "viola", "cello")
    assert STRING_QUARTET.names == ("Violin I", "Violin II", "Viola", "Cello")


def test_its_programs_are_general_midis() -> None:
    players = instrument.Violin(), instrument.Violin(), instrument.Viola(), instrument.Violoncello()
    assert STRING_QUARTET.programs == tuple(player.midiProgram for player in players) == (40, 40, 41, 42)


@pytest.mark.parametrize(
    ("part", "names", "outside"),
    [
        ("violin_1", ["F#3", "G3", "E7", "F7"], 2),
        ("violin_2", ["F#3", "G3", "E7", "F7"], 2),
        ("viola", ["B2", "C3", "A6", "A#6"], 2),
        ("cello", ["B1", "C2", "C6", "C#6"], 2),
        ("cello", ["A1", "A1", "B1"], 3),
        ("viola", [], 0),
    ],
)
def test_pitches_below_the_lowest_string_or_above_the_highest_note_are_counted(
    part: str, names: list[str], outside: int
) -> None:
    assert STRING_QUARTET.out_of_range(part, [pitch.Pitch(name).midi for name in names]) == outside


# What is no ensemble

VIOLIN, SECOND, VIOLA, CELLO = STRING_QUARTET.parts


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((VIOLIN, VIOLA, CELLO), "'trio': parts violin_1, viola, cello; 4 parts with different ids are needed"),
        ((VIOLIN, VIOLIN, VIOLA, CELLO), "4 parts with different ids"),
        ((*STRING_QUARTET.parts, dataclasses.replace(CELLO, id="bass")), "4 parts with different ids"),
        ((), "'trio': parts none; 4 parts"),
        (
            (VIOLIN, SECOND, VIOLA, dataclasses.replace(CELLO, lowest=60, highest=60)),
            "'trio', cello: a range of 60 to 60; MIDI pitches, the lowest first",
        ),
        ((VIOLIN, SECOND, VIOLA, dataclasses.replace(CELLO, lowest=70, highest=60)), "a range of 70 to 60"),
        ((VIOLIN, SECOND, VIOLA, dataclasses.replace(CELLO, highest=128)), "a range of 36 to 128"),
    ],
)
def test_a_bad_ensemble_is_refused(parts: tuple[Part, ...], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Ensemble("trio", "what there is", parts)


# Other ensembles: all that is said of them is said here.


def part(
    id: str,
    name: str,
    short_name: str,
    program: int,
    clef: str,
    pan: float,
    colour: str,
    range: tuple[int, int, int],
    names: str,
) -> Part:
    """A part; `range` is its lowest pitch, its centre and its highest, `names` what its player is called."""
    lowest, centre, highest = range
    player = Instrument({"any language": names})
    return Part(id, name, short_name, program, clef, pan, colour, centre, lowest, highest, player)


# Programs are General MIDI's, from 0. Ranges: what sounds of a saxophone's B flat (or A) to its high F sharp.
SAXOPHONES = Ensemble(
    "saxophone quartet",
    "soprano, alto, tenor and baritone saxophone",
    (
        part(
            "soprano",
            "Soprano saxophone",
            "S. sax.",
            64,
            "TrebleClef",
            0.0,
            "#882255",
            (56, 74, 88),
            "soprano, sopransaxophon",
        ),
        part("alto", "Alto saxophone", "A. sax.", 65, "TrebleClef", 0.4, "#44AA99", (49, 67, 81), "alto, altsaxophon"),
        part("tenor", "Tenor saxophone", "T. sax.", 66, "TrebleClef", 0.6, "#999933", (44, 60, 76), "tenor, tenore"),
        part(
            "baritone", "Baritone saxophone", "B. sax.", 67, "BassClef", 1.0, "#332288", (36, 50, 69), "baritone, bari"
        ),
    ),
)
CHOIR = Ensemble(
    "SATB choir",
    "soprano, alto, tenor and bass",
    (
        part("soprano", "Soprano", "S.", 52, "TrebleClef", 0.0, "#117733", (60, 71, 81), "soprano, sopran"),
        part("alto", "Alto", "A.", 52, "TrebleClef", 0.4, "#88CCEE", (55, 65, 76), "alto, alt"),
        part("tenor", "Tenor", "T.", 52, "Treble8vbClef", 0.6, "#DDCC77", (48, 59, 69), "tenor, tenore"),
        part("bass", "Bass", "B.", 52, "BassClef", 1.0, "#CC6677", (40, 50, 64), "bass, basso"),
    ),
)

TUNE = (
    (74, 76, 77, 79, 81, 79, 77, 76),
    (69, 67, 69, 70, 72, 70, 69, 67),
    (62, 60, 60, 62, 64, 62, 65, 60),
    (50, 48, 53, 46, 45, 43, 41, 48),
)
"""A quarter note each, by part: they sound as they are named here."""


@dataclass(frozen=True)
class Case:
    """An ensemble, the parts' programs from 0, what a score is called that has no title, and a file's tracks."""

    ensemble: Ensemble
    programs: tuple[int, ...]
    title: str
    tracks: Mapping[str, str]
    """Their names, in the file's order, with the part of each."""


CASES = {
    "saxophones": Case(
        SAXOPHONES,
        (64, 65, 66, 67),
        "Saxophone quartet",
        {"Bari": "baritone", "Sopransaxophon": "soprano", "Sax. Tenore": "tenor", "Altsaxophon in Es": "alto"},
    ),
    "choir": Case(
        CHOIR,
        (52,) * 4,
        "SATB choir",
        {"Basso": "bass", "ALT": "alto", "Coro - Tenore": "tenor", "Sopran 1": "soprano"},
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def midi_file(case: Case, tmp_path: Path) -> Path:
    """The tune for an ensemble, written by another library than ours."""
    content = mido.MidiFile(ticks_per_beat=96)
    for channel, (name, id) in enumerate(case.tracks.items()):
        place = case.ensemble.ids.index(id)
        written = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        written.append(mido.Message("program_change", channel=channel, program=case.programs[place]))
        for note in TUNE[place]:
            written.append(mido.Message("note_on", channel=channel, note=note, velocity=64))
            written.append(mido.Message("note_off", channel=channel, note=note, time=96))
        content.tracks.append(written)
    content.save(tmp_path / "tune.mid")
    return tmp_path / "tune.mid"


@pytest.fixture
def tokens() -> Tokens:
    """The tune as a part array of four steps to the quarter, the lowest pitch of which is 36."""
    found = np.full((32, 4), 65, np.uint8)
    found[::4] = np.transpose(TUNE) - 36
    return found


@pytest.fixture
def quartet(case: Case, tokens: Tokens) -> Quartet:
    return Quartet(tokens, GRID, ensemble=case.ensemble)


def test_a_files_own_names_tell_its_parts(case: Case, midi_file: Path) -> None:
    found = read.read(midi_file, ensemble=case.ensemble)
    assert found.assignment.refusal is None
    assert [(found.music.tracks[k].name, part) for k, part in enumerate(found.assignment.parts)] == [
        *case.tracks.items()
    ]


def test_a_file_for_another_ensemble_is_a_part_array(case: Case, midi_file: Path, tokens: Tokens) -> None:
    assert read.read_piece(midi_file, GRID, ensemble=case.ensemble).tokens.tolist() == tokens.tolist()


def test_the_string_quartet_does_not_find_it(midi_file: Path) -> None:
    with pytest.raises(CorpusError, match="no track for violin_1, violin_2, viola, cello"):
        read.read_piece(midi_file, GRID)


def test_an_ensemble_that_is_not_found_is_named(case: Case, tmp_path: Path, tokens: Tokens) -> None:
    write.write(tmp_path / "strings.mid", Quartet(tokens, GRID))
    with pytest.raises(CorpusError, match=rf"no track for .*Say which of them play {', '.join(case.ensemble.names)}"):
        read.read_piece(tmp_path / "strings.mid", GRID, ensemble=case.ensemble)


@pytest.mark.parametrize("suffix", [".mid", ".musicxml"])
def test_what_is_written_reads_back_as_the_same_music(
    case: Case, suffix: str, tmp_path: Path, midi_file: Path, tokens: Tokens
) -> None:
    piece = read.read_piece(midi_file, GRID, ensemble=case.ensemble)
    write.write(tmp_path / f"again{suffix}", Quartet(piece.tokens, GRID, piece.bars, ensemble=case.ensemble))
    again = read.read_piece(tmp_path / f"again{suffix}", GRID, ensemble=case.ensemble)
    assert again.tokens.tolist() == tokens.tolist()
    assert again.bars.tolist() == [0] * 16 + [1] * 16


def test_a_midi_file_has_the_ensembles_names_and_programs(case: Case, quartet: Quartet, tmp_path: Path) -> None:
    write.write(tmp_path / "q.mid", quartet)
    found: dict[str, tuple[set[int], tuple[int, ...]]] = {}
    for of in mido.MidiFile(tmp_path / "q.mid").tracks:
        notes = tuple(message.note for message in of if message.type == "note_on" and message.velocity)
        if notes:
            found[of.name] = {message.program for message in of if message.type == "program_change"}, notes
    every = zip(case.ensemble.names, case.programs, TUNE, strict=True)
    assert found == {name: ({program}, notes) for name, program, notes in every}


def test_a_score_has_the_ensembles_names_programs_and_title(case: Case, quartet: Quartet, tmp_path: Path) -> None:
    write.write(tmp_path / "q.musicxml", quartet)
    score = ElementTree.parse(tmp_path / "q.musicxml").getroot()
    listed = list(score.iter("score-part"))
    assert tuple(of.findtext("part-name") for of in listed) == case.ensemble.names
    assert [of.findtext("part-abbreviation") for of in listed] == [of.short_name for of in case.ensemble.parts]
    # MusicXML counts programs from 1.
    programs = [str(program + 1) for program in case.programs]
    assert [of.findtext("midi-instrument/midi-program") for of in listed] == programs
    assert score.findtext("movement-title") == case.title


def test_a_score_sounds_as_it_is_written_in_the_ensembles_clefs(case: Case, quartet: Quartet, tmp_path: Path) -> None:
    write.write(tmp_path / "q.musicxml", quartet)
    assert "<transpose>" not in (tmp_path / "q.musicxml").read_text()
    score: Any = converter.parse(tmp_path / "q.musicxml", forceSource=True)
    clefs = [type(of[clef.Clef].first()).__name__ for of in score.parts]
    assert clefs == [of.clef for of in case.ensemble.parts]
    for sounding in (score, score.toSoundingPitch()):
        heard = [tuple(note.pitch.midi for note in of.flatten().notes) for of in sounding.parts]
        assert tuple(heard) == TUNE


def test_a_score_without_programs_gets_the_ensembles(case: Case, quartet: Quartet, tmp_path: Path) -> None:
    write.write(tmp_path / "q.musicxml", quartet)
    text = (tmp_path / "q.musicxml").read_text()
    for element in ("score-instrument", "midi-instrument"):
        text = re.sub(rf"<{element}.*?</{element}>", "", text, flags=re.DOTALL)
    (tmp_path / "bare.musicxml").write_text(text)
    tracks = scores.read(tmp_path / "bare.musicxml", ensemble=case.ensemble).tracks
    assert tuple(of.program for of in tracks) == case.programs


def test_a_piano_roll_has_the_ensembles_colours(case: Case, quartet: Quartet, tmp_path: Path) -> None:
    write.write(tmp_path / "q.roll.png", quartet)
    pixels = np.rint(255 * matplotlib.image.imread(tmp_path / "q.roll.png")[..., :3]).astype(int)
    drawn = {f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in np.unique(pixels.reshape(-1, 3), axis=0)}
    assert drawn >= set(case.ensemble.colours)
    assert not drawn & set(STRING_QUARTET.colours)


@pytest.mark.parametrize("place", [0, 3])
def test_a_part_is_heard_where_it_sits(case: Case, place: int, tokens: Tokens) -> None:
    alone = np.where(np.arange(4) == place, tokens, GRID.alphabet.rest).astype(np.uint8)
    left, right = np.square(audio.samples(Quartet(alone[:8], GRID, ensemble=case.ensemble))).sum(axis=0)
    near, far = (left, right) if case.ensemble.parts[place].pan == 0 else (right, left)
    assert near > 4 * far


def test_the_same_music_sounds_otherwise_from_others(tokens: Tokens) -> None:
    strings, saxophones, choir = (
        audio.samples(Quartet(tokens[:8], GRID, ensemble=of)) for of in (STRING_QUARTET, SAXOPHONES, CHOIR)
    )
    assert not np.allclose(saxophones, strings, atol=0.01)
    assert not np.allclose(choir, strings, atol=0.01)


@pytest.mark.parametrize("place", range(4))
def test_a_line_is_spread_to_the_part_that_lies_there(case: Case, place: int, tmp_path: Path) -> None:
    flute = track("Flute", 73, *line(case.ensemble.parts[place].centre - 1))
    midi.write(tmp_path / "line.mid", Music(480, (flute,)), tempo_qpm=120)
    found = read.read_piece(tmp_path / "line.mid", GRID, spread=True, ensemble=case.ensemble).tokens
    assert np.flatnonzero((found < GRID.alphabet.rest).any(axis=0)).tolist() == [place]


def test_metadata_may_call_an_ensemble_by_its_name(case: Case) -> None:
    tracks = [track("", 0, *line(low)) for low in (76, 67, 60, 48)]
    label = case.ensemble.name.title()
    found = part_assignment.assign(Music(480, tuple(tracks)), label=label, ensemble=case.ensemble)
    assert (found.parts, found.refusal) == (case.ensemble.ids, None)
    other = part_assignment.assign(Music(480, tuple(tracks)), label="String Quartet", ensemble=case.ensemble)
    assert other.refusal == "its ensemble is String Quartet"
