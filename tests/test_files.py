"""Files that are whole or not there, and what is left of a process that was killed."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quartetvae.files import replacing, replacing_folder
from tests.imports import ROOT


def dead() -> int:
    """The number of a process that has ended."""
    return int(subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True).stdout)


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old"}


def test_an_error_of_the_disk_says_at_which_file(tmp_path: Path) -> None:
    # As pyarrow raises it.
    with pytest.raises(OSError, match="No space") as told, replacing(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert told.value.filename == str(tmp_path / "a.txt")
    with pytest.raises(OSError, match="of its own") as told, replacing(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "of its own", "b.txt")
    assert told.value.filename == "b.txt"


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


def content(folder: Path) -> dict[str, str]:
    """All files below a folder, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    }


EARLIER = {"a-b/one": "earlier", "a-b/two": "earlier"}
NEW = {"a-b/one": "new", "a-b/three": "new"}


def earlier(folder: Path) -> Path:
    """Write the earlier folder."""
    (folder / "a-b").mkdir(parents=True)
    for name, text in EARLIER.items():
        (folder / name).write_text(text)
    return folder / "a-b"


KILLED = """
import os, shutil, sys
from pathlib import Path
from quartetvae import files

left = int(sys.argv[1])

def dying(plain):
    def call(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return plain(*arguments, **options)
    return call

Path.replace, shutil.rmtree = dying(Path.replace), dying(shutil.rmtree)
Path.write_text, os.unlink, os.rmdir = dying(Path.write_text), dying(os.unlink), dying(os.rmdir)
with files.replacing_folder(Path("a-b")) as temporary:
    for name in ("one", "three"):
        (temporary / name).write_text("new")
"""
"""A program that ends without a word, as if killed, before one of the steps that change the disk."""

# Room made, two files written, the earlier folder moved aside, the new one moved in; then the earlier one is removed,
# file by file, and the temporary folder, which is gone.
STEPS = [*[EARLIER] * 5, *[NEW] * 5]


@pytest.mark.parametrize(("step", "expected"), [*enumerate(STEPS), (len(STEPS), NEW)])
def test_killed_at_any_step_the_earlier_folder_or_the_new_one_is_whole(
    step: int, expected: dict[str, str], tmp_path: Path
) -> None:
    place = earlier(tmp_path)
    (tmp_path / "b").mkdir()
    command = [sys.executable, "-c", KILLED, str(step)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, cwd=tmp_path, env=environment, check=False).returncode == (
        9 if step < len(STEPS) else 0
    )
    # Another folder's writing leaves all alone, whose name ends alike.
    with replacing_folder(tmp_path / "b"):
        pass
    with pytest.raises(ZeroDivisionError), replacing_folder(place):
        raise ZeroDivisionError
    assert content(tmp_path) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-b", "b"]


def test_an_error_between_the_two_moves_puts_the_earlier_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, plain = earlier(tmp_path), Path.replace

    def fails(self: Path, target: Path) -> Path:
        if self.name.startswith(".partial-"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return plain(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)), replacing_folder(place) as temporary:
        (temporary / "one").write_text("new")
    assert content(tmp_path) == EARLIER


def test_a_folder_moved_aside_by_a_process_of_our_number_is_put_back(tmp_path: Path) -> None:
    place = earlier(tmp_path)
    place.rename(tmp_path / f".earlier-{os.getpid()}-a-b")
    with pytest.raises(ZeroDivisionError), replacing_folder(place):
        raise ZeroDivisionError
    assert content(tmp_path) == EARLIER


def test_what_a_running_process_moved_aside_is_left_alone(tmp_path: Path) -> None:
    aside = tmp_path / f".earlier-{os.getppid()}-a-b"
    earlier(tmp_path).rename(aside)
    with replacing_folder(tmp_path / "a-b"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [aside.name, "a-b"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_not_replaced_by_one(kind: str, tmp_path: Path) -> None:
    other = earlier(tmp_path / "elsewhere")
    place = tmp_path / "place"
    place.write_text("a file") if kind == "file" else place.symlink_to(other)
    with pytest.raises(OSError, match=os.strerror(errno.ENOTDIR)), replacing_folder(place) as temporary:
        (temporary / "one").write_text("new")
    assert content(tmp_path / "elsewhere") == EARLIER
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "place"]
