"""MusicXML to bars: each element that says something about what is played, said rightly and wrongly."""

import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from quartetvae.errors import ScoreError
from quartetvae.io import limits, musicxml, scores
from quartetvae.music.bars import TICKS_PER_BEAT, Bar, ScorePart
from quartetvae.music.tracks import Credits

HEAD = '<part-list><score-part id="P1"><part-name>Violin I</part-name></score-part></part-list>'
FOUR_FOUR = "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"


def note(pitch: str, duration: object = 4, extra: str = "") -> str:
    """A note; `pitch` like C4, `extra` what follows its duration."""
    return (
        f"<note><pitch><step>{pitch[0]}</step><octave>{pitch[1]}</octave></pitch><duration>{duration}</duration>"
        f"{extra}</note>"
    )


def score(*bars: str, head: str = HEAD, before: str = "", first: str = FOUR_FOUR) -> str:
    """A score of one part, from its bars; one that is none begins with `<measure`."""
    measures = [
        bar
        if bar.startswith("<measure")
        else f'<measure number="{number}">{first if number == 1 else ""}{bar}</measure>'
        for number, bar in enumerate(bars, start=1)
    ]
    return f'<score-partwise>{before}{head}<part id="P1">{"".join(measures)}</part></score-partwise>'


def read_bars(tmp_path: Path, *bars: str, **more: str) -> tuple[Bar, ...]:
    """The bars of a score of one part, as they are read."""
    (tmp_path / "a.musicxml").write_text(score(*bars, **more))
    return musicxml.read(tmp_path / "a.musicxml").parts[0].bars


def beats(bar: Bar) -> list[tuple[float, float, int]]:
    """Onset and duration in beats, and pitch, of a bar's notes."""
    return [(n.onset / TICKS_PER_BEAT, (n.end - n.onset) / TICKS_PER_BEAT, n.pitch) for n in bar.notes]


# Notes.


def test_voices_stand_one_over_the_other(tmp_path: Path) -> None:
    backup, forward = "<backup><duration>4</duration></backup>", "<forward><duration>1</duration></forward>"
    (bar,) = read_bars(tmp_path, note("C5") + backup + forward + note("E4", 2))
    assert beats(bar) == [(0, 4, 72), (1, 2, 64)]
    assert bar.length == 4 * TICKS_PER_BEAT


def test_rests_count_to_the_length(tmp_path: Path) -> None:
    bars = read_bars(
        tmp_path,
        note("C4", 1) + "<note><rest/><duration>2</duration></note>",
        "<forward><duration>3</duration></forward>",
    )
    assert [bar.length / TICKS_PER_BEAT for bar in bars] == [3, 3]


def test_divisions_may_change_within_a_bar(tmp_path: Path) -> None:
    finer = "<attributes><divisions>3</divisions></attributes>"
    (bar,) = read_bars(tmp_path, note("C4", 1) + finer + note("D4", 1) + note("E4", 2))
    assert beats(bar) == [(0, 1, 60), (1, 1 / 3, 62), (4 / 3, 2 / 3, 64)]


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        ("<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>", "grace notes"),
        ("<note><cue/><pitch><step>D</step><octave>4</octave></pitch><duration>0</duration></note>", "cue notes"),
        ("<note><unpitched/><duration>0</duration></note>", "unpitched notes"),
        ("<note><pitch><step>D</step><octave>4</octave></pitch><duration>0</duration></note>", "notes without length"),
        (
            "<note><pitch><step>D</step><octave>12</octave></pitch><duration>0.1</duration></note>",
            "notes out of MIDI's range",
        ),
    ],
)
def test_notes_that_are_not_played_are_counted(tmp_path: Path, element: str, kind: str) -> None:
    (tmp_path / "a.xml").write_text(score(note("C4") + element))
    read = musicxml.read(tmp_path / "a.xml")
    assert read.left_out == {kind: 1}
    assert beats(read.parts[0].bars[0]) == [(0, 4, 60)]


def test_small_print_is_no_cue(tmp_path: Path) -> None:
    (bar,) = read_bars(tmp_path, note("C4", 4, '<type size="cue">whole</type>'))
    assert beats(bar) == [(0, 4, 60)]


def test_cue_rests_are_no_notes_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(score("<note><cue/><rest/><duration>4</duration></note>"))
    assert musicxml.read(tmp_path / "a.xml").left_out == {}


@pytest.mark.parametrize(
    ("alter", "pitch"),
    [("1", 61), ("-1", 59), ("2", 62), ("0.5", 61), ("-0.5", 60), ("-0.75", 59), ("", 60), ("sharp", 60)],
)
def test_alterations(tmp_path: Path, alter: str, pitch: int) -> None:
    (bar,) = read_bars(tmp_path, note("C4").replace("<octave>", f"<alter>{alter}</alter><octave>"))
    assert [n.pitch for n in bar.notes] == [pitch]


@pytest.mark.parametrize(
    ("extra", "tied"),
    [
        ('<tie type="start"/>', (False, True)),
        ('<tie type="stop"/>', (True, False)),
        ('<tie type="stop"/><tie type="start"/>', (True, True)),
        # Some programs write what is seen only.
        ('<notations><tied type="start"/></notations>', (False, True)),
        ('<notations><tied type="continue"/></notations>', (True, True)),
        ('<tie type="let-ring"/>', (False, False)),
        ("", (False, False)),
    ],
)
def test_ties(tmp_path: Path, extra: str, tied: tuple[bool, bool]) -> None:
    (bar,) = read_bars(tmp_path, note("C4", 4, extra))
    assert [(n.tied_from, n.tied_to) for n in bar.notes] == [tied]


@pytest.mark.parametrize(
    ("transpose", "pitch"),
    [
        ("<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>", 58),
        ("<transpose><chromatic>-2</chromatic></transpose>", 58),
        ("<transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>", 48),
        ("<transpose><octave-change>1</octave-change></transpose>", 72),
        ("<transpose></transpose>", 60),
        # Of one staff only; the note is on the first.
        ('<transpose number="1"><chromatic>3</chromatic></transpose>', 63),
        ('<transpose number="2"><chromatic>3</chromatic></transpose>', 60),
        (
            '<transpose number="1"><chromatic>3</chromatic></transpose><transpose><chromatic>1</chromatic></transpose>',
            61,
        ),
    ],
)
def test_pitches_are_as_they_sound(tmp_path: Path, transpose: str, pitch: int) -> None:
    (bar,) = read_bars(tmp_path, f"<attributes>{transpose}</attributes>" + note("C4"))
    assert [n.pitch for n in bar.notes] == [pitch]


def test_each_staff_is_a_part(tmp_path: Path) -> None:
    low = "<backup><duration>4</duration></backup>" + note("C3", 4, "<staff>2</staff>")
    (tmp_path / "a.xml").write_text(score(note("C5", 4, "<staff>1</staff>") + low, note("D5", 4, "<staff>1</staff>")))
    upper, lower = musicxml.read(tmp_path / "a.xml").parts
    assert [beats(bar) for bar in upper.bars] == [[(0, 4, 72)], [(0, 4, 74)]]
    assert [beats(bar) for bar in lower.bars] == [[(0, 4, 48)], []]


# Metres, tempos, numbers.


@pytest.mark.parametrize(
    ("written", "signature"),
    [
        ("<beats>3</beats><beat-type>4</beat-type>", (3, 4)),
        ("<beats>3+2</beats><beat-type>8</beat-type>", (5, 8)),
        ("<beats>3</beats><beat-type>4</beat-type><beats>3</beats><beat-type>8</beat-type>", (9, 8)),
        # What says nothing leaves the one before; a denominator that MIDI can't say does too.
        ("<senza-misura/>", (4, 4)),
        ("<beats>0</beats><beat-type>4</beat-type>", (4, 4)),
        ("<beats>x</beats><beat-type>4</beat-type>", (4, 4)),
        ("<beats>3</beats><beat-type>0</beat-type>", (4, 4)),
        ("<beats>3</beats><beat-type>5</beat-type>", (4, 4)),
        ("<beats>1000</beats><beat-type>4</beat-type>", (4, 4)),
    ],
)
def test_time_signatures(tmp_path: Path, written: str, signature: tuple[int, int]) -> None:
    bars = read_bars(tmp_path, note("C4"), f"<attributes><time>{written}</time></attributes>" + note("C4"))
    assert [bar.signature for bar in bars] == [(4, 4), signature]


def metronome(unit: str, count: str, dots: int = 0) -> str:
    return (
        f"<direction-type><metronome><beat-unit>{unit}</beat-unit>{'<beat-unit-dot/>' * dots}"
        f"<per-minute>{count}</per-minute></metronome></direction-type>"
    )


@pytest.mark.parametrize(
    ("direction", "qpm"),
    [
        (metronome("quarter", "72"), [72]),
        (metronome("half", "60"), [120]),
        (metronome("quarter", "60", dots=1), [90]),
        (metronome("eighth", "120", dots=2), [105]),
        (metronome("quarter", "c. 72"), [72]),
        (metronome("quarter", "72.5"), [72.5]),
        # What is played counts, not what is seen, if it says anything.
        (metronome("quarter", "72") + '<sound tempo="80"/>', [80]),
        (metronome("quarter", "72") + '<sound tempo="0"/>', [72]),
        (metronome("quarter", "72") + '<sound dynamics="80"/>', [72]),
        # Marks that say nothing.
        (metronome("", "72"), []),
        (metronome("quarter", ""), []),
        (metronome("quarter", "fast"), []),
        (metronome("quarter", "0"), []),
        ('<sound tempo="1e9999"/>', []),
        ('<sound tempo="5000"/>', []),
    ],
)
def test_tempos(tmp_path: Path, direction: str, qpm: list[float]) -> None:
    (bar,) = read_bars(tmp_path, f"<direction>{direction}</direction>" + note("C4"))
    assert [tempo.qpm for tempo in bar.tempos] == qpm


def test_a_tempo_holds_from_where_it_stands_to_the_next(tmp_path: Path) -> None:
    later = '<direction><offset>-1</offset><sound tempo="90"/></direction>'
    first, second = read_bars(tmp_path, '<sound tempo="60"/>' + note("C4", 3) + later + note("C4", 1), note("C4"))
    assert [(tempo.tick / TICKS_PER_BEAT, tempo.qpm) for tempo in first.tempos] == [(0, 60), (2, 90)]
    assert [(tempo.tick, tempo.qpm) for tempo in second.tempos] == [(0, 90)]


@pytest.mark.parametrize(("written", "number"), [("12", 12), ("0", 0), ("X1", None), ("", None), ("12a", None)])
def test_numbers_of_bars(tmp_path: Path, written: str, number: int | None) -> None:
    (bar,) = read_bars(tmp_path, f'<measure number="{written}">{FOUR_FOUR}{note("C4")}</measure>')
    assert bar.number == number


# Repeats and endings.


def barline(where: str, *, ending: str = "", kind: str = "", repeat: str = "", times: str = "", style: str = "") -> str:
    """A bar line of MusicXML."""
    how_often = f' times="{times}"' if times else ""
    return (
        f'<barline location="{where}">'
        + (f"<bar-style>{style}</bar-style>" if style else "")
        + (f'<ending number="{ending}" type="{kind}"/>' if ending else "")
        + (f'<repeat direction="{repeat}"{how_often}/>' if repeat else "")
        + "</barline>"
    )


START = {number: barline("left", ending=number, kind="start") for number in ("1", "2")}
BACK = barline("right", repeat="backward")


def stop(number: str, *, back: bool, kind: str = "stop") -> str:
    return barline("right", ending=number, kind=kind, repeat="backward" if back else "")


@pytest.mark.parametrize(
    ("bars", "endings"),
    [
        (["", START["1"] + stop("1", back=True), START["2"] + stop("2", back=False), ""], ["", "1", "2", ""]),
        (
            ["", START["1"], "", stop("1", back=True), START["2"], stop("2", back=False, kind="discontinue")],
            ["", "1", "1", "1", "2", "2"],
        ),
        # Brackets that are never closed: until the repeat sign, or one bar.
        (["", START["1"], BACK, START["2"], "", ""], ["", "1", "1", "2", "", ""]),
        (["", START["1"], "", "", ""], ["", "1", "", "", ""]),
        # A bracket that is closed without having been opened.
        (["", stop("1", back=True), ""], ["", "", ""]),
        # The same before another bracket: the minuet of K. 458 in music21's corpus.
        (["", stop("1", back=True).replace('"1"', '""'), START["2"], ""], ["", "1", "2", ""]),
    ],
)
def test_endings_are_as_long_as_their_brackets(tmp_path: Path, bars: list[str], endings: list[str]) -> None:
    read = read_bars(tmp_path, *(note("C4") + signs for signs in bars))
    assert ["".join(map(str, bar.marks.endings)) for bar in read] == endings


@pytest.mark.parametrize(
    ("number", "turns"),
    [
        ("1", {1}),
        ("1, 2", {1, 2}),
        ("1,2", {1, 2}),
        ("1.", {1}),
        ("1-3", {1, 2, 3}),
        ("1\N{EN DASH}3", {1, 2, 3}),
        ("0, 1, 4", {1, 4}),
        (" 2 ", {2}),
        ("first", set()),
    ],
)
def test_the_turns_of_an_ending(tmp_path: Path, number: str, turns: set[int]) -> None:
    (bar,) = read_bars(tmp_path, barline("left", ending=number, kind="start") + note("C4") + stop(number, back=True))
    assert bar.marks.endings == turns


@pytest.mark.parametrize(("times", "played"), [("", 2), ("3", 3), ("2", 2), ("1", 2), ("0", 2), ("x", 2), ("-4", 2)])
def test_how_often_a_section_is_played(tmp_path: Path, times: str, played: int) -> None:
    (bar,) = read_bars(tmp_path, note("C4") + barline("right", repeat="backward", times=times))
    assert (bar.marks.ends, bar.marks.times) == (True, played)


@pytest.mark.parametrize("times", ["100000", "9" * 100])
def test_an_endless_repeat_is_an_error_at_once(tmp_path: Path, times: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(score(note("C4") + barline("right", repeat="backward", times=times)))
    since = time.process_time()
    with pytest.raises(ScoreError, match=r"a\.xml, bar 1 .* 32 at most"):
        scores.read(path)
    assert time.process_time() - since < 30


def test_a_forward_sign_begins_a_section(tmp_path: Path) -> None:
    first, second = read_bars(tmp_path, note("C4"), barline("left", repeat="forward") + note("C4"))
    assert (first.marks.begins, second.marks.begins) == (False, True)


# Movements.

FINAL = barline("right", style="light-heavy")
SYSTEM = '<print new-system="yes"/>'


def words(text: str) -> str:
    return f"<direction><direction-type><words>{text}</words></direction-type></direction>"


@pytest.mark.parametrize(
    ("last", "first", "begins"),
    [
        (FINAL, SYSTEM + words("II.") + words("Andante"), True),
        (FINAL, '<print new-page="yes"/>' + words("II. ") + words("Andante"), True),
        (FINAL, SYSTEM + words("No. 3"), True),
        (FINAL, SYSTEM + words("II. Menuetto"), True),
        # On a new page a number with a tempo does without the final bar line; a string's number says no tempo.
        ("", '<print new-page="yes"/>' + words("IV") + words("Allegro"), True),
        ("", '<print new-page="yes"/>' + words("IV"), False),
        ("", '<print new-page="yes"/>' + words("2") + words("Allegro"), False),
        ("", '<print new-page="yes"/>' + words("IV Corda"), False),
        # A trio, and a rehearsal letter, begin no movement; nor does a number amid a system, or without a final line.
        (FINAL, SYSTEM + words("Trio"), False),
        (FINAL, SYSTEM + words("A"), False),
        (FINAL, SYSTEM, False),
        (FINAL, words("II."), False),
        ("", SYSTEM + words("II."), False),
        (barline("right", style="light-light"), SYSTEM + words("II."), False),
    ],
)
def test_a_numbered_heading_after_a_final_bar_line_begins_a_movement(
    tmp_path: Path, last: str, first: str, *, begins: bool
) -> None:
    bars = read_bars(tmp_path, note("C4") + last, first + note("C4"), note("C4"))
    assert [bar.begins_movement for bar in bars] == [False, begins, False]


@pytest.mark.parametrize(
    ("texts", "title"),
    [
        (["II.", "Andante"], "II. Andante"),
        (["II. Menuetto"], "II. Menuetto"),
        (["II. Romanze", "Poco adagio"], "II. Romanze"),
        (["No. 2 Scherzo"], "No. 2 Scherzo"),
        (["III Rondo (", "pizz."], "III Rondo"),
        (["dolce", "Presto. (M.M."], "Presto."),
        (["dolce"], ""),
    ],
)
def test_the_title_of_a_movement(tmp_path: Path, texts: list[str], title: str) -> None:
    (bar,) = read_bars(tmp_path, "".join(map(words, texts)) + note("C4"))
    assert bar.title == title


def test_a_pickup_that_is_not_counted_belongs_to_the_movement_after_it(tmp_path: Path) -> None:
    def bar(number: str, rest: str = "") -> str:
        return f'<measure number="{number}">{note("C4")}{rest}</measure>'

    bars = read_bars(tmp_path, bar("1"), bar("2", FINAL), bar("X1"), bar("1"), bar("2", FINAL), bar("X2"), bar("3"))
    assert [bar.begins_movement for bar in bars] == [False, False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("before", "title"),
    [
        (words("Andante"), "Andante"),
        (words("II.") + words("Andante  con moto"), "II. Andante con moto"),
        (words("dolce") + words("Allegro"), "Allegro"),
        ("", ""),
        (note("C4", 1) + words("Andante"), ""),
    ],
)
def test_what_stands_over_the_beginning_is_the_title(tmp_path: Path, before: str, title: str) -> None:
    (bar,) = read_bars(tmp_path, before + note("C4"))
    assert bar.title == title


# Who plays what, and what the file says of itself.


def part_of(tmp_path: Path, head: str) -> ScorePart:
    (tmp_path / "a.xml").write_text(
        score(note("C4"), head=f'<part-list><score-part id="P1">{head}</score-part></part-list>')
    )
    return musicxml.read(tmp_path / "a.xml").parts[0]


@pytest.mark.parametrize(
    ("head", "name", "program"),
    [
        ("<part-name>Violin II</part-name>", "Violin II", 40),
        ("<part-name>Viola</part-name>", "Viola", 41),
        ("<part-name>Violoncello</part-name>", "Violoncello", 42),
        ("<part-name>Oboe</part-name>", "Oboe", 0),
        ("<part-name>Viola</part-name><midi-instrument><midi-program>49</midi-program></midi-instrument>", "Viola", 48),
        ("<part-name>Viola</part-name><midi-instrument><midi-program>0</midi-program></midi-instrument>", "Viola", 41),
        (
            "<part-name></part-name><score-instrument><instrument-name>Viola</instrument-name></score-instrument>",
            "Viola",
            41,
        ),
        ("<part-name>\n  Violin\n  I</part-name>", "Violin I", 40),
        ("", "", 0),
    ],
)
def test_a_part_has_its_name_and_a_program(tmp_path: Path, head: str, name: str, program: int) -> None:
    part = part_of(tmp_path, head)
    assert (part.name, part.program) == (name, program)


def test_credits(tmp_path: Path) -> None:
    before = (
        "<work><work-title>String Quartet\n No. 1</work-title></work><movement-title>Allegro</movement-title>"
        '<identification><creator type="lyricist">A. B.</creator>'
        '<creator type="composer">C. D.</creator></identification>'
    )
    (tmp_path / "a.xml").write_text(score(note("C4"), before=before))
    assert musicxml.read(tmp_path / "a.xml").credits == Credits("C. D.", "String Quartet No. 1", "Allegro")


def test_a_file_that_says_nothing_of_itself(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(score(note("C4")))
    assert musicxml.read(tmp_path / "a.xml").credits == Credits()


def test_part_names_come_from_the_head_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(
        '<score-partwise><part-list><score-part id="P1"><part-name>Viola</part-name></score-part></part-list>'
    )
    assert musicxml.part_names(path) == ["Viola"]


def test_part_names_of_no_score_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("no markup")
    with pytest.raises(ScoreError, match=r"a\.xml"):
        musicxml.part_names(tmp_path / "a.xml")


# Files.


def read_note(path: Path) -> int:
    """The pitch of a file's first note."""
    return musicxml.read(path).parts[0].bars[0].notes[0].pitch


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    name = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{name}"?>' + score(note("C4")).replace("Violin I", "Höhe")
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))
    assert musicxml.read(tmp_path / "a.xml").parts[0].name == "Höhe"


def test_namespaces_are_passed_over(tmp_path: Path) -> None:
    text = score(note("C4")).replace("<score-partwise>", '<score-partwise xmlns="http://www.musicxml.org/ns">')
    (tmp_path / "a.xml").write_text(text)
    assert read_note(tmp_path / "a.xml") == 60


def test_a_score_by_bars_is_the_same_score(tmp_path: Path) -> None:
    heads = HEAD.replace("</part-list>", '<score-part id="P2"><part-name>Viola</part-name></score-part></part-list>')
    first, second = (
        f'<measure number="{number}">'
        f'<part id="P1">{signature}{note("C5")}</part><part id="P2">{signature}{note("C4")}{rest}</part></measure>'
        for number, signature, rest in ((1, FOUR_FOUR, ""), (2, "", BACK))
    )
    (tmp_path / "a.xml").write_text(f"<score-timewise>{heads}{first}{second}</score-timewise>")
    upper, lower = musicxml.read(tmp_path / "a.xml").parts
    assert [beats(bar) for bar in upper.bars] == [[(0, 4, 72)]] * 2
    assert [(beats(bar), bar.number, bar.marks.ends) for bar in lower.bars] == [
        ([(0, 4, 60)], 1, False),
        ([(0, 4, 60)], 2, True),
    ]


CONTAINER = '<container xmlns="urn:x"><rootfiles>{}</rootfiles></container>'
PDF = '<rootfile full-path="a.pdf" media-type="application/pdf"/>'
DECOY, SCORE = score(note("D4")), score(note("C4"))


@pytest.mark.parametrize(
    "files",
    [
        {"score.xml": SCORE},
        {"parts/score.musicxml": SCORE},
        # The score that the container names, not the first one; and of what it names, the one in MusicXML.
        {"a.xml": DECOY, "META-INF/container.xml": CONTAINER.format('<rootfile full-path="b.xml"/>'), "b.xml": SCORE},
        {
            "META-INF/container.xml": CONTAINER.format(PDF + '<rootfile full-path="b.xml"/>'),
            "a.pdf": "",
            "b.xml": SCORE,
        },
        # A container that names nothing, or what is not there, or is no XML.
        {"META-INF/container.xml": CONTAINER.format(""), "b.xml": SCORE},
        {"META-INF/container.xml": CONTAINER.format('<rootfile full-path="c.xml"/>'), "b.xml": SCORE},
        {"META-INF/container.xml": "no markup", "b.xml": SCORE},
        {"__MACOSX/._b.xml": "resource fork", "b.xml": SCORE},
    ],
)
def test_compressed_scores(tmp_path: Path, files: dict[str, str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    assert read_note(tmp_path / "a.mxl") == 60


def test_an_archive_without_a_score_is_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as archive:
        archive.writestr("a.pdf", "")
    with pytest.raises(ScoreError, match=r"a\.mxl: no score in the archive \(1 files\)"):
        musicxml.read(tmp_path / "a.mxl")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_an_error(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.mxl"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.xml", SCORE)
    content = bytearray(path.read_bytes())
    # Within the data of the file, behind its header of 30 bytes, its name, and LZMA's own header.
    content[60:80] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(ScoreError, match=r"a\.mxl: cannot be unpacked"):
        musicxml.read(path)


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_file_that_would_fill_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_packed: bool
) -> None:
    path = tmp_path / "a.mxl"
    long = SCORE + " " * 100_000
    if is_packed:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.xml", long)
        assert path.stat().st_size < 5000
    else:
        path.write_text(long)
    assert read_note(path) == 60
    monkeypatch.setattr(limits, "XML_BYTES", 50_000)
    with pytest.raises(ScoreError, match=r"a\.mxl: .*50,000"):
        musicxml.read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<opus/>", "a list of scores"),
        ("<html/>", "its root is 'html'"),
        ("<score-partwise/>", "no parts"),
        (f"<score-partwise>{HEAD}</score-partwise>", "no parts"),
        ('<?xml version="1.0" encoding="none"?><score-partwise/>', "not a readable musicxml file"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><score-partwise>&d;</score-partwise>', "not a readable musicxml file"),
    ],
)
def test_what_is_no_score_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.xml").write_text(content)
    with pytest.raises(ScoreError, match=message):
        musicxml.read(tmp_path / "a.xml")


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        *(
            ("<duration>4<", f"<duration>{number}<", "part Violin I, bar 1: a duration of")
            for number in ("", "x", "-1", "NaN", "inf", "1e9999", "1e999999999", "1/0", "4,5")
        ),
        ("<duration>4</duration>", "", "part Violin I, bar 1: a duration of ''"),
        *(
            ("<divisions>1<", f"<divisions>{number}<", f"'{number}' divisions")
            for number in ("0", "-1", "x", "", "1e9999")
        ),
        *(("<octave>4<", f"<octave>{octave}<", "a pitch without") for octave in ("q", "", "99999")),
        *(("<step>C<", f"<step>{step}<", "a pitch without") for step in ("H", "")),
    ],
)
def test_a_broken_number_is_an_error_that_says_where(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    text = score(note("C4"))
    assert right in text
    (tmp_path / "a.xml").write_text(text.replace(right, wrong))
    with pytest.raises(ScoreError, match=rf"a\.xml, .*{message}"):
        musicxml.read(tmp_path / "a.xml")


@pytest.mark.parametrize("number", ["4.0", " 4 ", "+4", "4.", "04"])
def test_a_number_may_be_written_in_other_ways(tmp_path: Path, number: str) -> None:
    (bar,) = read_bars(tmp_path, note("C4", number))
    assert beats(bar) == [(0, 4, 60)]


# An independent reader.


def by_music21(path: Path) -> list[list[Counter[tuple[float, float, int]]]]:
    """Onset and duration in beats, and pitch, of the notes of each bar of each part, as music21 reads them."""
    from music21 import chord, converter, harmony, stream
    from music21 import note as note21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read: Any = converter.parse(str(path), forceSource=True)
        parts = []
        for part in read.parts:
            part.toSoundingPitch(inPlace=True)
            bars = []
            for measure in part.getElementsByClass(stream.Measure):
                found: Counter[tuple[float, float, int]] = Counter()
                for one in measure.recurse().notes:
                    if one.duration.isGrace or isinstance(one, note21.Unpitched | harmony.Harmony):
                        continue
                    onset = float(one.getOffsetInHierarchy(measure))
                    for single in one.notes if isinstance(one, chord.Chord) else [one]:
                        found[round(onset, 3), round(float(one.quarterLength), 3), single.pitch.midi] += 1
                bars.append(found)
            parts.append(bars)
    return parts


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        # Chords and double stops; triplets; a pickup and short bars; a quartet of one file.
        "beethoven/opus18no1/movement2",
        "haydn/opus74no1/movement3",
        "mozart/k458/movement1",
        "schumann_robert/opus41no1/movement2",
    ],
)
def test_written_notes_are_those_that_music21_reads(embedded: Path, name: str) -> None:
    path = embedded / f"{name}.mxl"
    ours = [
        [Counter((round(a, 3), round(b, 3), pitch) for a, b, pitch in beats(bar)) for bar in part.bars]
        for part in musicxml.read(path).parts
    ]
    assert ours == by_music21(path)


@pytest.fixture(scope="module")
def embedded() -> Path:
    """The folder of music21's corpus."""
    from music21 import common

    return Path(common.getCorpusFilePath())
