"""What coverage.py measured is added up by folder."""

from pathlib import Path
from typing import Any

import pytest

from trust import coverage


def of(lines: int, covered: int, branches: int, taken: int) -> dict[str, dict[str, int]]:
    return {"summary": dict(zip(coverage.COUNTS, (lines, covered, branches, taken), strict=True))}


def test_files_are_added_up_by_their_folders() -> None:
    files = {
        "quartetvae/music/codec.py": of(10, 9, 4, 3),
        "quartetvae/music/a/b.py": of(10, 10, 4, 4),
        "quartetvae/errors.py": of(5, 5, 0, 0),
    }
    found = coverage.summed({"files": files})
    assert list(found["folders"]) == ["errors", "music"]
    music = found["folders"]["music"]
    # 7 of 8 branches; 26 of 28 lines and branches.
    assert (music["branch_percent"], music["percent"]) == (87.5, pytest.approx(92.857, abs=0.001))
    assert found["folders"]["errors"]["branch_percent"] == 100
    assert found["total"]["percent"] == pytest.approx(100 * 31 / 33)


def test_tests_are_run_and_what_they_cover_is_read(tmp_path: Path) -> None:
    passing, failing = tmp_path / "test_passing.py", tmp_path / "test_failing.py"
    passing.write_text(
        "from quartetvae import terminal\nfrom quartetvae.music.codec import Alphabet\n"
        "def test(): assert Alphabet(60, 71).rest == 12"
    )
    failing.write_text("def test(): assert False")
    quiet: Any = ("--quiet", "-p", "no:cacheprovider", "-p", "no:xdist")
    passed, found = coverage.measure(tmp_path / "data", [*quiet, str(passing)])
    assert passed
    codec = found["files"]["quartetvae/music/codec.py"]["summary"]
    assert 0 < codec["covered_lines"] < codec["num_statements"]
    # Of `if not 0 <= ...: raise` one way.
    assert codec["covered_branches"] == 1
    assert not coverage.measure(tmp_path / "data", [*quiet, str(passing), str(failing)])[0]
