"""Scores to notes: what is heard of what is written. (The parts of reading have tests of their own.)"""

import random
import re
import zipfile
from pathlib import Path

import pytest

from quartetvae.errors import ScoreError
from quartetvae.io import musicxml, scores
from quartetvae.music import repeats
from quartetvae.music.bars import TICKS_PER_BEAT, aligned
from quartetvae.music.tracks import Music, Tempo, TimeSignature

ATTRIBUTES = (
    "<attributes><divisions>{divisions}</divisions>"
    "<time><beats>{beats}</beats><beat-type>4</beat-type></time></attributes>"
)


def note(pitch: str, duration: float, extra: str = "", *, chord: bool = False) -> str:
    """A note of MusicXML; `pitch` like C4, `duration` in divisions, "" for a rest."""
    what = f"<pitch><step>{pitch[0]}</step><octave>{pitch[1]}</octave></pitch>" if pitch else "<rest/>"
    return f"<note>{'<chord/>' if chord else ''}{what}<duration>{duration}</duration>{extra}</note>"


def write_score(path: Path, *parts: list[str], name: str = "Part", divisions: int = 1, beats: int = 4) -> Path:
    """Parts as lists of bars; the first bar gets the time signature."""
    listed = "".join(f'<score-part id="P{k}"><part-name>{name}</part-name></score-part>' for k, _ in enumerate(parts))
    body = ""
    for k, bars in enumerate(parts):
        first = ATTRIBUTES.format(divisions=divisions, beats=beats)
        measures = "".join(
            f'<measure number="{n}">{first if n == 1 else ""}{bar}</measure>' for n, bar in enumerate(bars, start=1)
        )
        body += f'<part id="P{k}">{measures}</part>'
    path.write_text(f'<score-partwise version="3.1"><part-list>{listed}</part-list>{body}</score-partwise>')
    return path


def heard(midi: Music, track: int = 0) -> list[tuple[float, float, int]]:
    """Onset and duration in beats, and pitch, of a track's notes."""
    return [
        (int(n["onset"]) / TICKS_PER_BEAT, int(n["duration"]) / TICKS_PER_BEAT, int(n["pitch"]))
        for n in midi.tracks[track].notes
    ]


def test_tied_notes_are_one_note(tmp_path: Path) -> None:
    bars = [note("C4", 4, '<tie type="start"/>'), note("C4", 2, '<tie type="stop"/>') + note("C4", 2)]
    assert heard(scores.read(write_score(tmp_path / "a.xml", bars))) == [(0, 6, 60), (6, 2, 60)]


def test_all_notes_of_a_chord_stay(tmp_path: Path) -> None:
    bars = [note("C4", 4) + note("E4", 4, chord=True)]
    assert heard(scores.read(write_score(tmp_path / "a.xml", bars))) == [(0, 4, 60), (0, 4, 64)]


def test_a_tie_holds_only_its_own_note_of_a_chord(tmp_path: Path) -> None:
    bars = [
        note("C4", 4, '<tie type="start"/>') + note("E4", 4, chord=True),
        note("C4", 4, '<tie type="stop"/>') + note("E4", 4, chord=True),
    ]
    assert heard(scores.read(write_score(tmp_path / "a.xml", bars))) == [(0, 8, 60), (0, 4, 64), (4, 4, 64)]


def test_a_unison_of_two_voices_is_one_note(tmp_path: Path) -> None:
    bar = (
        note("C4", 4, "<voice>1</voice>")
        + "<backup><duration>4</duration></backup>"
        + note("C4", 2, "<voice>2</voice>")
        + note("G4", 2, "<voice>2</voice>")
    )
    assert heard(scores.read(write_score(tmp_path / "a.xml", [bar]))) == [(0, 4, 60), (2, 2, 67)]


@pytest.mark.parametrize("notes_per_beat", [3, 5, 7, 9, 16, 32])
def test_tuplets_and_short_notes_are_exact(tmp_path: Path, notes_per_beat: int) -> None:
    bars = ["".join(note("C4", 1) for _ in range(4 * notes_per_beat))]
    midi = scores.read(write_score(tmp_path / "a.xml", bars, divisions=notes_per_beat))
    step = TICKS_PER_BEAT // notes_per_beat
    assert midi.tracks[0].notes["onset"].tolist() == list(range(0, 4 * TICKS_PER_BEAT, step))


def test_repeats_are_played_and_move_what_follows(tmp_path: Path) -> None:
    end = '<barline location="right"><repeat direction="backward"/></barline>'
    bars = [note("C4", 4) + end, note("D4", 4)]
    assert heard(scores.read(write_score(tmp_path / "a.xml", bars))) == [(0, 4, 60), (4, 4, 60), (8, 4, 62)]


def test_first_and_second_ending_are_played_in_turn(tmp_path: Path) -> None:
    def ending(number: int, *, back: bool) -> str:
        repeat = '<repeat direction="backward"/>' if back else ""
        return (
            f'<barline location="left"><ending number="{number}" type="start"/></barline>{{}}'
            f'<barline location="right"><ending number="{number}" type="stop"/>{repeat}</barline>'
        )

    bars = [
        note("C4", 4),
        ending(1, back=True).format(note("D4", 4)),
        ending(2, back=False).format(note("E4", 4)),
        note("F4", 4),
    ]
    pitches = [pitch for _, _, pitch in heard(scores.read(write_score(tmp_path / "a.xml", bars)))]
    assert pitches == [60, 62, 60, 64, 65]


def test_parts_meet_again_after_a_bar_that_is_too_short_in_one(tmp_path: Path) -> None:
    whole = [note("C4", 4)] * 3
    short = [note("C4", 4), note("C4", 3), note("C4", 4)]
    midi = scores.read(write_score(tmp_path / "a.xml", whole, short, whole))
    assert heard(midi, 1) == [(0, 4, 60), (4, 3, 60), (8, 4, 60)]


def test_time_signatures_lie_where_their_bars_are_played(tmp_path: Path) -> None:
    end = '<barline location="right"><repeat direction="backward"/></barline>'
    bars = [note("C4", 4) + end, ATTRIBUTES.format(divisions=1, beats=3) + note("D4", 3)]
    assert scores.read(write_score(tmp_path / "a.xml", bars)).time_signatures == (
        TimeSignature(0, 4, 4),
        TimeSignature(8 * TICKS_PER_BEAT, 3, 4),
    )


def test_a_pickup_bar_has_a_time_signature_of_its_own(tmp_path: Path) -> None:
    midi = scores.read(write_score(tmp_path / "a.xml", [note("C4", 1), note("D4", 4)]))
    assert midi.time_signatures == (TimeSignature(0, 1, 4), TimeSignature(TICKS_PER_BEAT, 4, 4))


def metronome(qpm: int) -> str:
    return (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit>"
        f"<per-minute>{qpm}</per-minute></metronome></direction-type></direction>"
    )


def test_tempos_lie_where_they_are_played(tmp_path: Path) -> None:
    start, end = (
        f'<barline location="{place}"><repeat direction="{way}"/></barline>'
        for place, way in (("left", "forward"), ("right", "backward"))
    )
    first = metronome(60) + note("C4", 4)
    repeated = start + note("D4", 2) + metronome(90) + note("E4", 2) + end
    midi = scores.read(write_score(tmp_path / "a.xml", [first, repeated, note("F4", 4)]))
    # A bar that is played again begins at the tempo that it had, not at that of its end.
    expected = [(0, 60), (6, 90), (8, 60), (10, 90)]
    assert [(tempo.tick / TICKS_PER_BEAT, tempo.qpm) for tempo in midi.tempos] == expected


def test_a_score_may_say_its_tempo_in_any_part_or_not_at_all(tmp_path: Path) -> None:
    plain = [note("C4", 4)]
    assert scores.read(write_score(tmp_path / "a.xml", plain, plain)).tempos == ()
    below = write_score(tmp_path / "b.xml", plain, [metronome(72) + note("C3", 4)])
    assert scores.read(below).tempos == (Tempo(0, 72.0),)


def test_two_editions_of_one_movement_agree(embedded: Path) -> None:
    # Made by different editors in different formats; the MusicXML one has bars that are too short in some parts.
    xml, kern = (scores.read(embedded / f"beethoven/opus18no1/movement2{suffix}") for suffix in (".mxl", ".krn"))
    for a, b in zip(xml.tracks, kern.tracks, strict=True):
        ours, theirs = ({(int(n["onset"]), int(n["pitch"])) for n in track.notes} for track in (a, b))
        # 0.93 and more; 0.15 to 0.25 if one bar in a hundred is half a beat too long.
        assert len(ours & theirs) > 0.9 * len(ours | theirs)


@pytest.fixture(scope="module")
def embedded() -> Path:
    """The folder of music21's corpus."""
    from music21 import common

    return Path(common.getCorpusFilePath())


PLAYED_BEATS = {
    "beethoven/opus59no2/movement1": 1395,
    "beethoven/opus59no2/movement3": 561,
    "beethoven/opus59no3/movement1": 1351,
    "schumann_robert/opus41no1/movement1": 1368,
    "schumann_robert/opus41no1/movement2": 309,
    "schumann_robert/opus41no1/movement5": 1600,
}
"""Counted from the scores, with all repeats, by others: files whose endings or signs are easily read wrongly."""


@pytest.mark.parametrize(("name", "beats"), PLAYED_BEATS.items())
def test_repeats_of_real_scores_come_to_what_was_counted(embedded: Path, name: str, beats: int) -> None:
    parts = musicxml.read(embedded / f"{name}.mxl").parts
    rows = [aligned(row) for row in zip(*(part.bars for part in parts), strict=True)]
    order = repeats.play_order(repeats.vote([[bar.marks for bar in part.bars] for part in parts]))
    assert sum(rows[index][0].length for index in order) == beats * TICKS_PER_BEAT


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    cue = "<note><cue/><pitch><step>D</step><octave>4</octave></pitch><duration>2</duration></note>"
    music = scores.read(write_score(tmp_path / "a.xml", [cue * 2, note("C4", 4)]))
    # They take their time as rests.
    assert (heard(music), music.left_out) == ([(4, 4, 60)], {"cue notes": 2})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.xml", b"no markup"),
        ("empty.krn", b""),
        ("page.musicxml", b"<html></html>"),
        ("cut.mxl", b"PK\x03\x04 and then nothing"),
        ("words.krn", b"these are words\n"),
        ("silent.xml", b'<score-partwise version="3.1"><part-list/></score-partwise>'),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScoreError, match=name):
        scores.read(tmp_path / name)


def test_a_score_of_rests_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="no notes"):
        scores.read(write_score(tmp_path / "a.xml", [note("", 4)]))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"nothing\.mxl"):
        scores.read(tmp_path / "nothing.mxl")


def test_another_suffix_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="suffix"):
        scores.read(tmp_path / "a.txt")


FEATURES = """<score-partwise><part-list><score-part id="P1"><part-name>Violin</part-name></score-part>
<score-part id="P2"><part-name>Viola</part-name></score-part></part-list>{parts}</score-partwise>"""

BARS = """<measure number="1"><attributes><divisions>4</divisions><time><beats>4</beats><beat-type>4</beat-type></time>
<transpose><chromatic>-2</chromatic></transpose></attributes><direction><direction-type><metronome><beat-unit>quarter
</beat-unit><per-minute>72</per-minute></metronome></direction-type><sound tempo="72"/></direction>
<note><pitch><step>C</step><alter>1</alter><octave>5</octave></pitch><duration>12</duration><tie type="start"/></note>
<note><chord/><pitch><step>E</step><octave>5</octave></pitch><duration>12</duration></note>
<note><rest/><duration>4</duration></note><backup><duration>16</duration></backup><note><pitch><step>A</step>
<octave>3</octave></pitch><duration>16</duration><voice>2</voice></note></measure>
<measure number="2"><barline location="left"><ending number="1" type="start"/></barline><note><grace/><pitch><step>C
</step><octave>5</octave></pitch></note><note><pitch><step>C</step><octave>5</octave></pitch><duration>16</duration>
</note><barline location="right"><ending number="1" type="stop"/><repeat direction="backward" times="2"/></barline>
</measure><measure number="3"><note><pitch><step>C</step><octave>5</octave></pitch><duration>16</duration></note>
</measure>"""

KERN = """!!!COM: Haydn, Joseph
**kern\t**dynam\t**kern
*>[A,A,B]\t*\t*>[A,A,B]
*I"Cello\t*\t*I"Violin
*M3/4\t*\t*M3/4
*MM90\t*\t*
*>A\t*\t*>A
=1\t=1\t=1
2.C\tp\t4cc#
.\t.\t8qdd
.\t.\t[4dd 4f
.\t.\t8ee-L
.\t.\t8.%2ffJ
*>B\t*\t*>B
=2:|!|:\t=2\t=2:|!|:
*^\t*\t*
4D\t2.F\t.\t4dd]
2r\t.\t.\t3%2g
*v\t*v\t*\t*
==\t==\t==
*-\t*-\t*-
"""

SPOILT = ("0", "-1", "1e999999999", "9" * 60, "NaN", "", "x", "0.001", "100000", "1-999", "*^", "*v", "*-", "0000000")


@pytest.mark.parametrize("suffix", [".musicxml", ".krn", ".mxl"])
def test_a_spoilt_file_is_read_or_an_error(tmp_path: Path, suffix: str) -> None:
    rng = random.Random(suffix)
    path = tmp_path / f"a{suffix}"
    text = (
        KERN if suffix == ".krn" else FEATURES.format(parts=f'<part id="P1">{BARS}</part><part id="P2">{BARS}</part>')
    )
    whole = text.encode()
    if suffix == ".mxl":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("score.xml", text)
        whole = path.read_bytes()
    path.write_bytes(whole)
    assert scores.read(path).end > 0
    outcomes = set()
    for _ in range(400):
        path.write_bytes(spoilt(whole, rng))
        try:
            outcomes.add(scores.read(path).end > 0)
        except ScoreError as error:
            assert path.name in str(error)
            outcomes.add(False)
    # Some are read, some are not.
    assert outcomes == {True, False}


def spoilt(content: bytes, rng: random.Random) -> bytes:
    """Spoil a file: bytes, numbers, or lines of it, or its end."""
    how = rng.randrange(4)
    at = rng.randrange(len(content))
    if how == 0:
        return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
    if how == 1:
        return content[:at]
    if how == 2:
        words = list(re.finditer(rb"[0-9.]+|\*\S*", content))
        word = rng.choice(words)
        return content[: word.start()] + rng.choice(SPOILT).encode() + content[word.end() :]
    lines = content.split(b"\n")
    lines[rng.randrange(len(lines))] = rng.choice(lines)
    return b"\n".join(lines)
