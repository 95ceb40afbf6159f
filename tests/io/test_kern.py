"""kern to bars: what is right is reckoned by hand from the Humdrum Guide."""

import re
from pathlib import Path

import pytest

from quartetvae.errors import ScoreError
from quartetvae.io import kern, scores
from quartetvae.music.bars import TICKS_PER_BEAT, Bar, Score
from quartetvae.music.ensemble import STRING_QUARTET
from quartetvae.music.repeats import Marks
from quartetvae.music.tracks import Credits

BEGIN, END = Marks(begins=True), Marks(ends=True)


def text(*lines: str, spines: int = 1) -> str:
    """A kern file of so many spines; cells are parted by blanks of two, a line of one cell holds for all spines."""
    rows = []
    for line in (f"**kern{'  **kern' * (spines - 1)}", *lines, "*-"):
        cells = line.split("  ")
        if len(cells) == 1 and spines > 1 and not line.startswith("!"):
            cells *= spines
        rows.append("\t".join(cells))
    return "\n".join(rows) + "\n"


def read(tmp_path: Path, *lines: str, spines: int = 1) -> Score:
    """Read a kern file of these lines."""
    (tmp_path / "a.krn").write_text(text(*lines, spines=spines))
    return kern.read(tmp_path / "a.krn")


def beats(bar: Bar) -> list[tuple[float, float, int]]:
    """Onset and duration in beats, and pitch, of a bar's notes."""
    return [(n.onset / TICKS_PER_BEAT, (n.end - n.onset) / TICKS_PER_BEAT, n.pitch) for n in bar.notes]


def only_bar(tmp_path: Path, *lines: str) -> list[tuple[float, float, int]]:
    """The notes of a score of one spine and one bar."""
    (part,) = read(tmp_path, *lines).parts
    (bar,) = part.bars
    return beats(bar)


def heard(path: Path) -> list[list[tuple[float, float, int]]]:
    """Onset and duration in beats, and pitch, of each part's notes as they are heard."""
    return [
        [(int(n["onset"]) / TICKS_PER_BEAT, int(n["duration"]) / TICKS_PER_BEAT, int(n["pitch"])) for n in track.notes]
        for track in scores.read(path).tracks
    ]


# Notes.


@pytest.mark.parametrize(
    ("cell", "length"),
    [
        ("4c", 1),
        ("1c", 4),
        ("2.c", 3),
        ("4..c", 1.75),
        ("8c", 0.5),
        ("12c", 1 / 3),
        ("0c", 8),
        ("00c", 16),
        # Two thirds of a whole note; three of five parts of it.
        ("3%2c", 8 / 3),
        ("5%3c", 12 / 5),
        ("(4c;", 1),
        ("4cL", 1),
        ("&4c>", 1),
    ],
)
def test_durations(tmp_path: Path, cell: str, length: float) -> None:
    ((onset, duration, pitch),) = only_bar(tmp_path, cell)
    assert (onset, pitch) == (0, 60)
    assert duration == pytest.approx(length, abs=1e-4)


@pytest.mark.parametrize(
    ("cell", "pitch"),
    [
        ("4c", 60),
        ("4cc", 72),
        ("4ccc", 84),
        ("4C", 48),
        ("4CC", 36),
        ("4B", 59),
        ("4b", 71),
        ("4f#", 66),
        ("4B-", 58),
        ("4cn", 60),
        ("4c##", 62),
        ("4BB--", 45),
        ("4a-X", 68),
    ],
)
def test_pitches(tmp_path: Path, cell: str, pitch: int) -> None:
    assert only_bar(tmp_path, cell) == [(0, 1, pitch)]


def test_rests_take_their_time(tmp_path: Path) -> None:
    # A rest may say where it stands on the staff.
    assert only_bar(tmp_path, "4r", "4ryy", "4ggr", "4c") == [(3, 1, 60)]


def test_chords(tmp_path: Path) -> None:
    assert only_bar(tmp_path, "4c 4e 4g", "4d 4f") == [(0, 1, 60), (0, 1, 64), (0, 1, 67), (1, 1, 62), (1, 1, 65)]


def test_a_chord_goes_on_after_its_shortest_note(tmp_path: Path) -> None:
    assert only_bar(tmp_path, "2c 4e", "4f") == [(0, 2, 60), (0, 1, 64), (1, 1, 65)]


def test_a_note_of_a_chord_may_leave_its_duration_to_the_first(tmp_path: Path) -> None:
    assert only_bar(tmp_path, "2c e", "4f") == [(0, 2, 60), (0, 2, 64), (2, 1, 65)]


@pytest.mark.parametrize("cell", ["8qc", "qc", "8Qc", "8qqc", "8qc 8qe"])
def test_grace_notes_are_left_out_and_counted(tmp_path: Path, cell: str) -> None:
    score = read(tmp_path, cell, "4d")
    assert beats(score.parts[0].bars[0]) == [(0, 1, 62)]
    assert score.left_out == {"grace notes": len(cell.split())}


def test_a_tie_joins_its_own_note_of_a_chord(tmp_path: Path) -> None:
    (tmp_path / "a.krn").write_text(text("[1c 1e", "=2", "1c_ 1e", "=3", "1c] 1e"))
    assert heard(tmp_path / "a.krn") == [[(0, 12, 60), (0, 4, 64), (4, 4, 64), (8, 4, 64)]]


@pytest.mark.parametrize("cell", ["4", "4%0c", "4x"])
def test_what_has_no_pitch_or_no_length_is_no_note(tmp_path: Path, cell: str) -> None:
    assert [pitch for _, _, pitch in only_bar(tmp_path, "4d", cell, "4e")] == [62, 64]


@pytest.mark.parametrize("cell", ["c", ".c", "x"])
def test_a_cell_without_a_duration_is_an_error_with_its_line(tmp_path: Path, cell: str) -> None:
    with pytest.raises(ScoreError, match=rf"a\.krn, line 3: '{re.escape(cell)}' has no duration"):
        read(tmp_path, "4d", cell)


# Lines and spines.


def test_cells_of_a_line_begin_together(tmp_path: Path) -> None:
    upper, lower = read(tmp_path, "2C  4c", ".  4d", "2D  2e", spines=2).parts
    assert beats(upper.bars[0]) == [(0, 1, 60), (1, 1, 62), (2, 2, 64)]
    assert beats(lower.bars[0]) == [(0, 2, 48), (2, 2, 50)]


def test_a_spine_that_splits_is_a_part_of_two_voices(tmp_path: Path) -> None:
    lines = ["1C  4c", "*  *^", ".  4d  2f", ".  4e  .", "*  *v  *v", ".  4g"]
    upper, lower = read(tmp_path, *lines, spines=2).parts
    assert sorted(beats(upper.bars[0])) == [(0, 1, 60), (1, 1, 62), (1, 2, 65), (2, 1, 64), (3, 1, 67)]
    assert beats(lower.bars[0]) == [(0, 4, 48)]


def test_a_voice_that_was_silent_without_rests_begins_with_the_others(tmp_path: Path) -> None:
    lines = ["*^", "4c  4e", "4d  .", "4e  4g", "*v  *v"]
    (part,) = read(tmp_path, *lines).parts
    assert (2, 1, 67) in beats(part.bars[0])


def test_spines_may_be_exchanged(tmp_path: Path) -> None:
    upper, lower = read(tmp_path, "4C  4c", "*x  *x", "4d  4D", spines=2).parts
    assert [pitch for _, _, pitch in beats(upper.bars[0])] == [60, 62]
    assert [pitch for _, _, pitch in beats(lower.bars[0])] == [48, 50]


def test_spines_may_be_added_and_ended(tmp_path: Path) -> None:
    lines = ["4C  4c", "*+  *", "*  **text  *", "4D  word  4d", "*  *-  *", "4E  4e"]
    upper, lower = read(tmp_path, *lines, spines=2).parts
    assert [pitch for _, _, pitch in beats(upper.bars[0])] == [60, 62, 64]
    assert [pitch for _, _, pitch in beats(lower.bars[0])] == [48, 50, 52]


def test_other_spines_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.krn").write_text(
        "**dynam\t**kern\t**text\t**kern\n*M2/4\t*M2/4\t*\t*M2/4\n=1\t=1\t=1\t=1\n4c\t2C\t4d\t4c\n.\t.\t.\t4d\n"
        "*-\t*-\t*-\t*-\n"
    )
    upper, lower = kern.read(tmp_path / "a.krn").parts
    assert ([beats(bar) for bar in upper.bars], [beats(bar) for bar in lower.bars]) == (
        [[(0, 1, 60), (1, 1, 62)]],
        [[(0, 2, 48)]],
    )


@pytest.mark.parametrize("line", ["4c", "4c  4d  4e", "*  *  *", "=2"])
def test_a_line_that_does_not_fit_the_spines_is_an_error_with_its_number(tmp_path: Path, line: str) -> None:
    content = "\n".join(["**kern\t**kern", "4c\t4d", line.replace("  ", "\t"), "*-\t*-"])
    (tmp_path / "a.krn").write_text(content)
    with pytest.raises(ScoreError, match=r"a\.krn, line 3: . columns where the spines are 2"):
        kern.read(tmp_path / "a.krn")


def test_comments_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    assert only_bar(tmp_path, "!! a global comment\twith a tab", "!", "", "4c", "! local") == [(0, 1, 60)]


@pytest.mark.parametrize(
    "content",
    [
        text("4c", "4d").replace("\n", "\r\n").encode(),
        text("4c", "4d").replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + text("4c", "4d").encode(),
        # Latin-1, with a byte that Unicode takes for the end of a line.
        text("4c", "4d").replace("**kern", "!!!COM: Dvo\x85r\xe1k\n**kern").encode("latin-1"),
    ],
)
def test_line_ends_and_encodings(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.krn").write_bytes(content)
    assert heard(tmp_path / "a.krn") == [[(0, 1, 60), (1, 1, 62)]]


# Bars.


def bars_of(tmp_path: Path, *lines: str) -> tuple[Bar, ...]:
    (part,) = read(tmp_path, *lines).parts
    return part.bars


def test_bar_lines_part_bars(tmp_path: Path) -> None:
    bars = bars_of(tmp_path, "4c", "=1", "1d", "=2||", "1e", "=3a", "1f", "=-", "1g", "==")
    assert [(bar.length / TICKS_PER_BEAT, bar.number) for bar in bars] == [(1, None), (4, 1), (4, 2), (4, 3), (4, None)]


def test_a_metre_counts_from_its_own_bar_also_after_a_bar_line_without_number(tmp_path: Path) -> None:
    bars = bars_of(tmp_path, "*M4/4", "=1", "1c", "=||", "*M3/4", "2.d", "*M2/4", "=2", "2e")
    # The last one stands before its bar line.
    assert [bar.signature for bar in bars] == [(4, 4), (3, 4), (2, 4)]


@pytest.mark.parametrize(
    ("cell", "signature"),
    [("*M3+2/8", (5, 8)), ("*M0/4", (4, 4)), ("*M3/5", (4, 4)), ("*M999/4", (4, 4)), ("*Mx", (4, 4))],
)
def test_metres(tmp_path: Path, cell: str, signature: tuple[int, int]) -> None:
    (bar,) = bars_of(tmp_path, "*M4/4", cell, "1c")
    assert bar.signature == signature


def test_tempos(tmp_path: Path) -> None:
    first, second = bars_of(tmp_path, "*MM60", "2c", "*MM90.5", "2d", "=2", "*MM[Allegro]", "*MM0", "1e")
    assert [(tempo.tick / TICKS_PER_BEAT, tempo.qpm) for tempo in first.tempos] == [(0, 60), (2, 90.5)]
    assert [(tempo.tick, tempo.qpm) for tempo in second.tempos] == [(0, 90.5)]


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("=2:|!", END, Marks()),
        ("=2!|:", Marks(), BEGIN),
        ("=2|:", Marks(), BEGIN),
        ("=2:|!|:", END, BEGIN),
        ("=2:!!:", END, BEGIN),
        ("=:|!|:", END, BEGIN),
        ("=2", Marks(), Marks()),
        ("=2||", Marks(), Marks()),
        ("==:|!", END, Marks()),
    ],
)
def test_repeat_signs(tmp_path: Path, line: str, before: Marks, after: Marks) -> None:
    first, second = bars_of(tmp_path, "=1", "1c", line, "1d", "=3")
    assert (first.marks, second.marks) == (before, after)


def test_a_repeat_sign_in_mid_bar_parts_it(tmp_path: Path) -> None:
    lines = ("*M4/4", "=1", "1c", "=2", "2.d", "=:|!|:", "4e", "=3", "2.f", "=:|!", "*-")
    (tmp_path / "a.krn").write_text(text(*lines[:-1]))
    onsets = [(onset, pitch) for onset, _, pitch in heard(tmp_path / "a.krn")[0]]
    # Seven beats twice, then four twice.
    assert onsets == [(0, 60), (4, 62), (7, 60), (11, 62), (14, 64), (15, 65), (18, 64), (19, 65)]


def test_a_sign_at_a_bar_line_that_ends_nothing_is_the_last_bars(tmp_path: Path) -> None:
    first, second = bars_of(tmp_path, "=1", "1c", "=2", "=:|!", "1d")
    assert (first.marks, second.marks) == (END, Marks())


# Sections.

SECTIONS = ("*>[A,A,B]", "*>norep[A,B]", "*>A", "=1", "1c", "*>B", "=2", "1d", "==")


def test_an_expansion_list_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.krn").write_text(text(*SECTIONS))
    assert [pitch for _, _, pitch in heard(tmp_path / "a.krn")[0]] == [60, 60, 62]


def test_an_expansion_list_counts_more_than_signs(tmp_path: Path) -> None:
    lines = [line.replace("=2", "=2:|!|:").replace("==", "==:|!") for line in SECTIONS]
    (tmp_path / "a.krn").write_text(text(*lines))
    assert [pitch for _, _, pitch in heard(tmp_path / "a.krn")[0]] == [60, 60, 62]


def test_first_and_second_endings_by_expansion(tmp_path: Path) -> None:
    lines = ("*>[A,A1,A,A2]", "*>A", "=1", "1c", "=2", "*>A1", "1d", "=:|!", "*>A2", "1e", "==")
    (tmp_path / "a.krn").write_text(text(*lines))
    assert [pitch for _, _, pitch in heard(tmp_path / "a.krn")[0]] == [60, 62, 60, 64]


def test_what_comes_before_the_first_section_is_played_once(tmp_path: Path) -> None:
    (tmp_path / "a.krn").write_text(text("*>[A,A]", "=1", "1c", "=2", "*>A", "1d", "=="))
    assert [pitch for _, _, pitch in heard(tmp_path / "a.krn")[0]] == [60, 62, 62]


def test_several_scores_in_a_file_are_movements(tmp_path: Path) -> None:
    first = text("4c", "=1", "1d", "=2", "1e", "==")
    second = text("8f", "=1", "1g", "==:|!")
    (tmp_path / "a.krn").write_text(first + second)
    music = scores.read(tmp_path / "a.krn")
    # The second pickup is filled up to a beat; its sign does not lead back into the first score.
    assert [movement.tick / TICKS_PER_BEAT for movement in music.movements] == [0, 9]
    assert heard(tmp_path / "a.krn")[0][2:] == [(5, 4, 64), (9.5, 0.5, 65), (10, 4, 67), (14.5, 0.5, 65), (15, 4, 67)]


def test_each_score_of_a_file_has_sections_of_its_own(tmp_path: Path) -> None:
    second = text("*>[B,A]", "*>A", "=1", "1e", "*>B", "=2", "1f", "==")
    (tmp_path / "a.krn").write_text(text(*SECTIONS) + second)
    assert [pitch for _, _, pitch in heard(tmp_path / "a.krn")[0]] == [60, 60, 62, 65, 64]


def test_notes_out_of_range_are_counted(tmp_path: Path) -> None:
    assert read(tmp_path, "4" + "c" * 9, "4d").left_out == {"notes out of MIDI's range": 1}


def test_scores_for_different_numbers_of_parts_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.krn").write_text(text("4c") + text("4c", spines=2))
    with pytest.raises(ScoreError, match="scores of 1 and 2 parts"):
        kern.read(tmp_path / "a.krn")


# Who plays.

NOTES = "4C  4c  4cc  4ccc"


@pytest.mark.parametrize(
    ("lines", "names", "programs"),
    [
        (
            ['*I"Cello  *I"Viola  *I"Violin II  *I"Violin I'],
            ["Violin I", "Violin II", "Viola", "Cello"],
            [40, 40, 41, 42],
        ),
        (
            ["*I:Cello  *I:Viola  *I:Violin 2  *I:Violin 1"],
            ["Violin 1", "Violin 2", "Viola", "Cello"],
            [40, 40, 41, 42],
        ),
        (["*Icello  *Iviola  *Ivioln  *Ivioln"], ["Violin", "Violin", "Viola", "Cello"], [40, 40, 41, 42]),
        # The name counts more than the code, whichever stands first; classes (`*ICstr`) say nothing.
        (
            ["*ICstr", "*Icello  *Iviola  *Ivioln  *Ivioln", '*I"Violoncello  *I"Viola  *I"Violino II  *I"Violino I'],
            ["Violino I", "Violino II", "Viola", "Violoncello"],
            [40, 40, 41, 42],
        ),
        (["*Iflt  *Ioboe  *Iclars  *Ifagot"], ["Bassoon", "Clarinet", "Oboe", "Flute"], [0, 0, 0, 0]),
        # The program is told from the code where the name is none of the ensemble's.
        (["*Icello  *Iviola  *Ivioln  *Ivioln", '*I"x  *I"y  *I"z  *I"w'], ["w", "z", "y", "x"], [40, 40, 41, 42]),
    ],
)
def test_parts_have_names_and_programs(tmp_path: Path, lines: list[str], names: list[str], programs: list[int]) -> None:
    parts = read(tmp_path, *lines, NOTES, spines=4).parts
    assert ([part.name for part in parts], [part.program for part in parts]) == (names, programs)


@pytest.mark.parametrize(
    "lines",
    [
        ["!!!OTL: String Quartet in D"],
        ["!!!OPR: Streichquartett D-Dur"],
        ["!!!OTL@@FR: Quatuor no. 1"],
        ["!!!AIN: cello viola violn; string quartet"],
        ["!!!OTL: Quartet in D"],
        ["!!!OTL: Quartett B-Dur"],
        ["!!!OTL: Quatuor pour deux violons, alto et basse"],
        ["!!!OTL: Quatuor à cordes"],
        ["!!!OTL: Quartetto d'archi"],
        ["!!!OTL: Cuarteto de cuerdas"],
        # The name of one by Beethoven.
        ["!!!OTL: String Quartet no. 10, The Harp"],
        ["*clefF4  *clefC3  *clefG2  *clefG2"],
        # The first clefs count: a cello climbs.
        ["*clefF4  *clefC3  *clefG2  *clefG2", "*clefC4  *clefG2  *clefG2  *clefG2"],
    ],
)
def test_four_unnamed_spines_are_a_quartet_by_title_or_clefs(tmp_path: Path, lines: list[str]) -> None:
    parts = read(tmp_path, *lines, NOTES, spines=4).parts
    assert tuple(part.name for part in parts) == STRING_QUARTET.names
    assert tuple(part.program for part in parts) == STRING_QUARTET.programs


def test_abbreviations_are_names_where_no_others_are(tmp_path: Path) -> None:
    said = ["*I'Vc  *I'Va  *I'V2  *I'V1", "*Icello  *  *  *", '*  *  *I"Violino II  *']
    parts = read(tmp_path, *said, NOTES, spines=4).parts
    assert [part.name for part in parts] == ["V1", "Violino II", "Va", "Cello"]
    assert [part.program for part in parts] == [40, 40, 41, 42]


@pytest.mark.parametrize(
    ("lines", "spines"),
    [
        ([], 4),
        (["!!!OTL: Choral"], 4),
        (["*clefF4  *clefF4  *clefG2  *clefG2"], 4),
        (["!!!OTL: String Quartet"], 2),
        *[
            ([f"!!!OTL: {title}", "*clefF4  *clefC3  *clefG2  *clefG2"], 4)
            for title in (
                *("Quartetto vocale", "Flute Quartet in D", "Piano Quartet", "Flötenquartett", "Oboenquartett"),
                *("Quartet for four voices", "Quatuor de saxophones", "Quartet for flute and strings", "Brass Quartet"),
            )
        ],
        (["!!!OTL: Quartetto vocale"], 4),
        (["!!!AIN: cello viola violn flt", "*clefF4  *clefC3  *clefG2  *clefG2"], 4),
    ],
)
def test_other_unnamed_spines_stay_unnamed(tmp_path: Path, lines: list[str], spines: int) -> None:
    parts = read(tmp_path, *lines, "4C" if spines == 2 else NOTES, spines=spines).parts
    assert [(part.name, part.program) for part in parts] == [("", 0)] * spines


@pytest.mark.parametrize(
    ("lines", "credits"),
    [
        (
            ["!!!COM: Haydn, Joseph", "!!!OTL: Quartet", "!!!OMV: 2", "!!!OMD: Largo"],
            Credits("Joseph Haydn", "Quartet", "2 Largo"),
        ),
        (["!!!COM: Haydn", "!!!OPR: Quartets", "!!!OTL: Menuet"], Credits("Haydn", "Quartets", "Menuet")),
        (["!!!OTL@@DE: Quartett", "!!!OTL@EN: Quartet"], Credits("", "Quartett", "")),
        (["!!!OTL:", "!!!COM: "], Credits()),
        ([], Credits()),
    ],
)
def test_credits(tmp_path: Path, lines: list[str], credits: Credits) -> None:
    assert read(tmp_path, *lines, "4c").credits == credits


# Files.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"no \*\*kern spine"),
        ("!!!COM: Haydn\n", r"no \*\*kern spine"),
        ("**dynam\np\n*-\n", r"no \*\*kern spine"),
        ("4c\n", r"line 1 comes before any \*\*kern spine"),
        (text("4c") + "4d\n", r"line 4 comes before any"),
        (text("c"), "line 2: 'c' has no duration"),
    ],
)
def test_what_is_no_kern_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.krn").write_text(content)
    with pytest.raises(ScoreError, match=rf"a\.krn.*{message}"):
        kern.read(tmp_path / "a.krn")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"nothing\.krn"):
        kern.read(tmp_path / "nothing.krn")


def test_a_file_that_is_cut_anywhere_is_read_or_an_error(tmp_path: Path) -> None:
    lines = (
        "*>[A,A]  *>[A,A]",
        "*M3/4",
        "*>A  *>A",
        "=1",
        "*^  *",
        "4C  2r  4c 4e",
        "4D  .  [8dd",
        "*v  *v  *",
        "=2:|!|:",
        "2.C  2.dd]",
    )
    whole = text(*lines, spines=2)
    read_whole = 0
    for end in range(len(whole)):
        (tmp_path / "a.krn").write_text(whole[:end])
        try:
            read_whole += scores.read(tmp_path / "a.krn").end > 0
        except ScoreError as error:
            assert "a.krn" in str(error)
    assert 0 < read_whole < len(whole)
