"""Files that are whole or not there, and what is left of a process that was killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quartetvae.files import replacing, replacing_folder


def dead() -> int:
    """The number of a process that has ended."""
    return int(subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True).stdout)


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old"}


@pytest.mark.parametrize("name", ["a.txt", "a[1].txt"])
def test_what_a_killed_process_left_is_removed_at_the_next_writing(tmp_path: Path, name: str) -> None:
    number = dead()
    (tmp_path / f".partial-{number}-{name}").write_text("half")
    with replacing(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_left_behind_is_removed_too(tmp_path: Path) -> None:
    left = tmp_path / f".partial-{dead()}-folder"
    left.mkdir()
    (left / "half").touch()
    with replacing_folder(tmp_path / "folder") as temporary:
        (temporary / "whole").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["whole"]


def test_what_a_running_process_writes_is_left_alone(tmp_path: Path) -> None:
    # Our parent runs; another file's leftovers are not ours to judge here.
    others = {f".partial-{os.getppid()}-a.txt", f".partial-{dead()}-b.txt", ".partial-x-a.txt"}
    for name in others:
        (tmp_path / name).touch()
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.touch()
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", *others}
