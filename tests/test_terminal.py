"""Tables in the terminal."""

import io

import pytest

from quartetvae import terminal

HEAD = ("name", "notes", "why")
LONG = "because " * 100
ROWS = [("violin I", "812", LONG.strip()), ("cello", "64", "")]


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_numbers_to_the_right() -> None:
    lines = terminal.table(("name", "notes", "part"), [("a", "7", "viola"), ("longer", "812", "cello")], right=(1,))
    assert lines.splitlines() == [
        "name    notes  part",
        "a           7  viola",
        "longer    812  cello",
    ]


def test_a_table_has_a_line_for_each_row_and_no_cell_is_cut_where_there_is_no_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    head, first, second = terminal.table(HEAD, ROWS).splitlines()
    assert head.split() == list(HEAD)
    assert first.split("  ") == ["violin I", "812", "", LONG.strip()]
    assert second.split() == ["cello", "64"]


def test_on_a_screen_a_long_cell_is_folded_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Screen())
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    lines = terminal.table(HEAD, ROWS).splitlines()
    assert max(map(len, lines)) <= 40
    assert sum(line.count("because") for line in lines) == LONG.count("because")
    assert len([line for line in lines if line.startswith("violin I")]) == 1


def test_lines_end_without_spaces() -> None:
    lines = terminal.table(HEAD, [*ROWS, ("", "", "")]).splitlines()
    assert all(line == line.rstrip() for line in lines)


def test_what_looks_like_markup_is_text() -> None:
    assert "[bold]x[/bold]" in terminal.table(("name",), [("[bold]x[/bold]",)])


def test_a_table_without_rows_is_its_head() -> None:
    assert terminal.table(HEAD, []) == "name  notes  why"
