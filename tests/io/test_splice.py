"""Composed bars in a MIDI file: what is replaced goes, and not one other event changes; read by mido."""

import io
from pathlib import Path

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from quartetvae.errors import RenderingError
from quartetvae.io import midi, read, splice
from quartetvae.music.codec import Alphabet
from quartetvae.music.ensemble import VOICES
from quartetvae.music.quartet import Grid, Quartet
from tests import building
from tests.io import smf
from tests.io.smf import BEAT, BEATS, note

GRID = Grid(12, Alphabet(36, 107), "double")
STEPS = 12 * BEATS
REST, SUSTAIN = GRID.alphabet.rest, GRID.alphabet.sustain

Mask = NDArray[np.bool_]


def rich(*, channels: bool = True) -> bytes:
    """A quartet with tempos, controllers, a sysex, a lyric and a fifth track, its notes of different velocities."""
    tempos = [smf.meta(0, 0x51, b"\x07\xa1\x20"), smf.meta(BEAT, 0x51, b"\x09\x27\xc0"), smf.sysex(30)]
    bodies = [smf.body([smf.meta(0, 0x58, b"\x04\x02\x18\x08"), *tempos])]
    for part in range(VOICES):
        channel = part if channels else 0
        events = [smf.name(smf.NAMES[part]), smf.program(0, smf.PROGRAMS[part], channel)]
        for k, (at, length, pitch) in enumerate(smf.line(part)):
            events += [(at, bytes((0xB0 | channel, 7, 90 + k))), smf.on(at, pitch, channel, 60 + k)]
            events += [(at + 100, bytes((0xE0 | channel, k, 64))), smf.off(at + length, pitch, channel)]
        bodies.append(smf.body(events, running=True))
    bell = [smf.name("Bell"), smf.program(0, 14, 9 - 1), *note(700, 300, 96, 8), *note(1300, 100, 97, 8)]
    return smf.file(*bodies, smf.body(bell))


def opened(content: bytes, tmp_path: Path) -> tuple[read.MusicFile, Quartet]:
    """A file and what is read from it."""
    path = tmp_path / "one.mid"
    path.write_bytes(content)
    file = read.read(path)
    piece = read.to_piece(file, GRID)
    return file, Quartet(piece.tokens, GRID, piece.bars)


def of_part(part: int, begin: int, end: int, steps: int = STEPS) -> Mask:
    unknown = np.zeros((steps, VOICES), np.bool_)
    unknown[begin:end, part] = True
    return unknown


def with_notes(music: Quartet, part: int, begin: int, end: int, *pitches: int) -> Quartet:
    """Music in which a part has these pitches, a beat each, from a step on, and rests up to another."""
    tokens = music.tokens.copy()
    tokens[begin:end, part::VOICES] = REST
    for k, pitch in enumerate(pitches):
        at = begin + 12 * k
        tokens[at : at + 12, part] = [pitch - 36, *[SUSTAIN] * 11]
    return Quartet(tokens, GRID, music.bars)


def heard(content: bytes) -> list[list[tuple[int, str]]]:
    """The events of each track as mido reads them, with their ticks; those of one tick in the order of their names."""
    found = []
    for of in mido.MidiFile(file=io.BytesIO(content)).tracks:
        tick, events = 0, []
        for message in of:
            tick += message.time
            events.append((tick, str(message.copy(time=0))))
        found.append(sorted(events))
    return found


def test_nothing_but_the_notes_that_were_asked_for_changes(tmp_path: Path) -> None:
    before = rich()
    file, music = opened(before, tmp_path)
    asked = of_part(2, 24, 60)  # beats 2 to 4 of the viola
    made = with_notes(music, 2, 24, 60, 65, 67, 69)
    after = splice.splice(before, file, made, asked=asked, composed=asked)
    old, new = heard(before), heard(after)
    assert [of for k, of in enumerate(old) if k != 3] == [of for k, of in enumerate(new) if k != 3]
    gone, come = set(old[3]) - set(new[3]), set(new[3]) - set(old[3])
    # Pitches 62 63 64 of velocities 62 63 64, a beat each, and their ends.
    assert gone == {
        *((BEAT * k, f"note_on channel=2 note={60 + k} velocity={60 + k} time=0") for k in (2, 3, 4)),
        *((BEAT * (k + 1), f"note_off channel=2 note={60 + k} velocity=64 time=0") for k in (2, 3, 4)),
    }
    assert come == {
        *((BEAT * k, f"note_on channel=2 note={61 + 2 * k} velocity=63 time=0") for k in (2, 3, 4)),
        *((BEAT * (k + 1), f"note_off channel=2 note={61 + 2 * k} velocity=64 time=0") for k in (2, 3, 4)),
    }
    assert len(old[3]) == len(new[3])
    # Chunks of other tracks are the same bytes.
    assert before.split(b"MTrk")[1:4] == after.split(b"MTrk")[1:4]
    assert before.split(b"MTrk")[5:] == after.split(b"MTrk")[5:]


def test_symusic_reads_the_music_that_was_made(tmp_path: Path) -> None:
    file, music = opened(rich(), tmp_path)
    asked = of_part(3, 0, STEPS)
    made = with_notes(music, 3, 0, STEPS, 40, 41, 40, 45, 52, 52, 41, 40)
    path = tmp_path / "after.mid"
    path.write_bytes(splice.splice(rich(), file, made, asked=asked, composed=asked))
    assert building.ends_in_file(path, GRID) == building.ends(made)
    assert [track.name for track in midi.read(path).tracks] == [track.name for track in file.music.tracks]


def test_a_file_into_which_its_own_notes_are_put_is_as_it_was(tmp_path: Path) -> None:
    """But for velocities, which are the mean of those replaced."""
    before = smf.quartet()
    file, music = opened(before, tmp_path)
    asked = np.ones((STEPS, VOICES), np.bool_)
    after = splice.splice(before, file, music, asked=asked, composed=asked)
    assert heard(after) == heard(before)


def test_a_note_that_reaches_over_an_edge_stays(tmp_path: Path) -> None:
    before = rich()
    file, music = opened(before, tmp_path)
    # From the middle of the second note to the middle of the sixth: three notes lie within.
    asked, composed = of_part(0, 18, 66), of_part(0, 24, 60)
    made = with_notes(music, 0, 24, 60)
    after = splice.splice(before, file, made, asked=asked, composed=composed)
    gone = set(heard(before)[1]) - set(heard(after)[1])
    assert sorted(int(event.split("note=")[1].split()[0]) for _, event in gone) == [78, 78, 79, 79, 80, 80]
    assert not set(heard(after)[1]) - set(heard(before)[1])


def test_a_new_note_does_not_end_one_of_its_pitch_that_stays(tmp_path: Path) -> None:
    first = [smf.name("Violin I"), smf.program(0, 40), *note(0, 1000, 76), *note(960, 960, 80)]
    # It sounds 40 ticks into beat 2, less than half a step more than the grid holds.
    others = [smf.body(smf.player(part)) for part in (1, 2, 3)]
    before = smf.file(smf.body(first), *others)
    file, music = opened(before, tmp_path)
    asked = of_part(0, 24, 48)
    made = with_notes(music, 0, 24, 48, 76, 76)
    after = splice.splice(before, file, made, asked=asked, composed=asked)
    rows = midi.read(_written(tmp_path, after)).tracks[0].notes[["onset", "duration", "pitch"]].tolist()
    assert rows == [(0, 1000, 76), (1000, 440, 76), (1440, 480, 76)]


def _written(folder: Path, content: bytes) -> Path:
    (folder / "written.mid").write_bytes(content)
    return folder / "written.mid"


def test_notes_go_to_the_track_of_their_part_that_had_most_of_them(tmp_path: Path) -> None:
    bowed, plucked = smf.line(3)[:5], smf.line(3)[5:]
    cello = [smf.name("Cello"), smf.program(0, 42, 3), *(e for row in bowed for e in note(*row, 3))]
    pizzicato = [smf.name("Cello pizz."), smf.program(0, 45, 4), *(e for row in plucked for e in note(*row, 4))]
    uppers = [smf.body(smf.player(part)) for part in range(3)]
    before = smf.file(*uppers, smf.body(cello), smf.body(pizzicato))
    file, music = opened(before, tmp_path)
    for (begin, end), home in (((12, 36), 3), ((72, 96), 4)):
        asked = of_part(3, begin, end)
        made = with_notes(music, 3, begin, end, 40, 41)
        after = splice.splice(before, file, made, asked=asked, composed=asked)
        assert [k for k, (a, b) in enumerate(zip(heard(before), heard(after), strict=True)) if a != b] == [home]


def test_parts_that_play_the_same_are_told_apart(tmp_path: Path) -> None:
    same = [e for row in smf.line(0) for e in note(*row)]
    violins = [smf.body([smf.name(smf.NAMES[part]), smf.program(0, 40), *same]) for part in (0, 1)]
    before = smf.file(*violins, *(smf.body(smf.player(part)) for part in (2, 3)))
    file, music = opened(before, tmp_path)
    for part in (0, 1):
        asked = of_part(part, 24, 48)
        made = with_notes(music, part, 24, 48, 60, 61)
        after = splice.splice(before, file, made, asked=asked, composed=asked)
        assert [k for k, (a, b) in enumerate(zip(heard(before), heard(after), strict=True)) if a != b] == [part]


def test_all_parts_on_one_channel_of_one_track_each(tmp_path: Path) -> None:
    before = rich(channels=False)
    file, music = opened(before, tmp_path)
    asked = of_part(1, 0, 24)
    after = splice.splice(before, file, with_notes(music, 1, 0, 24), asked=asked, composed=asked)
    assert [k for k, (a, b) in enumerate(zip(heard(before), heard(after), strict=True)) if a != b] == [2]


def test_a_faulty_file_is_mended_first(tmp_path: Path) -> None:
    # The last note of the cello is never ended.
    cello = smf.player(3)[:-1]
    before = smf.file(*(smf.body(smf.player(part)) for part in range(3)), smf.body(cello))
    file, music = opened(before, tmp_path)
    asked = of_part(0, 0, 24, len(music.tokens))
    after = splice.splice(before, file, with_notes(music, 0, 0, 24, 70), asked=asked, composed=asked)
    assert len(midi.read(_written(tmp_path, after)).tracks[3].notes) == BEATS


def test_tracks_that_were_said_are_those_that_change(tmp_path: Path) -> None:
    before = rich()
    file, _ = opened(before, tmp_path)
    tracks = [3, 2, 1, 0]
    music = Quartet(read.to_piece(file, GRID, tracks=tracks).tokens, GRID)
    asked = of_part(0, 0, 24)
    made = with_notes(music, 0, 0, 24, 40)
    after = splice.splice(before, file, made, asked=asked, composed=asked, tracks=tracks)
    assert [k for k, (a, b) in enumerate(zip(heard(before), heard(after), strict=True)) if a != b] == [4]


def test_what_is_no_quartet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trio.mid"
    path.write_bytes(smf.file(*(smf.body(smf.player(part)) for part in (0, 2, 3))))
    file = read.read(path)
    music = Quartet(read.to_piece(file, GRID, spread=True).tokens, GRID)
    asked = of_part(0, 0, 24)
    with pytest.raises(RenderingError, match=r"trio\.mid: violin_1 is no track .* write the whole piece anew"):
        splice.splice(path.read_bytes(), file, music, asked=asked, composed=asked)
