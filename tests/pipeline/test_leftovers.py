"""What killed trainings left is told, and removed only when a person says so, never under a training at work."""

import os
import subprocess
import sys
import time
from pathlib import Path

import filelock
import pytest

from quartetvae.errors import ArgumentError
from quartetvae.pipeline import leftovers, locations
from stages import __main__ as stages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Checkpoints of an old training, a new one, one that was killed in its first epoch, and one at work."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    days = {"old": (40, ended.pid), "new": (3, ended.pid), "begun": (50, ended.pid), "alive": (60, os.getpid())}
    for name, (age, process) in days.items():
        one = tmp_path / locations.CHECKPOINTS / name
        one.mkdir(parents=True)
        (one / "process").write_text(str(process))
        (one / "lock").touch()
        if name != "begun":
            (one / "progress.npz").write_bytes(bytes(3_000_000))
        for path in [*one.iterdir(), one]:
            os.utime(path, (time.time() - age * 86_400,) * 2)
    return tmp_path / locations.CHECKPOINTS


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_left_is_told_with_size_and_age_but_not_of_a_training_at_work(folder: Path) -> None:
    assert leftovers.told(folder / "none") == ""
    told = leftovers.told(folder)
    assert "3 training(s) did not end" in told
    assert f"{folder / 'old'}: 3.0 MB, 40 day(s) old" in told
    assert f"{folder / 'new'}: 3.0 MB, 3 day(s) old" in told
    assert "alive" not in told
    assert "--clean" in told
    assert names(folder) == {"old", "new", "begun", "alive"}


@pytest.mark.parametrize(("days", "kept"), [(41, {"old", "new", "alive"}), (30, {"new", "alive"}), (0, {"alive"})])
def test_what_is_older_is_removed_and_said(folder: Path, days: int, kept: set[str]) -> None:
    said = leftovers.clean(folder, days).splitlines()
    assert names(folder) == kept
    assert {line.split()[1] for line in said if line.startswith("removed")} == {
        f"{folder / name}:" for name in {"old", "new", "begun"} - kept
    }
    assert {line.split()[1] for line in said if line.startswith("kept")} == {
        f"{folder / name}:" for name in kept - {"alive"}
    }


def test_a_training_whose_process_is_not_known_keeps_its_folder_by_its_lock(folder: Path) -> None:
    """As in a container, where processes have other numbers."""
    with filelock.FileLock(folder / "old" / "lock"):
        said = leftovers.clean(folder, 0)
    assert names(folder) == {"old", "alive"}
    assert (folder / "old" / "progress.npz").is_file()
    assert str(folder / "old") not in said


def test_a_link_to_nothing_in_a_folder_is_counted_and_removed(folder: Path) -> None:
    (folder / "old" / "link").symlink_to("none")
    os.utime(folder / "old", (time.time() - 40 * 86_400,) * 2)
    assert "old" in leftovers.told(folder)
    leftovers.clean(folder, 0)
    assert names(folder) == {"alive"}


def test_where_nothing_is_left_that_is_said(tmp_path: Path) -> None:
    assert leftovers.clean(tmp_path, 0) == f"{tmp_path}: no training there that did not end."


def test_days_below_none_are_refused(folder: Path) -> None:
    with pytest.raises(ArgumentError, match=r"--clean -1 found; .* from 0 on"):
        leftovers.clean(folder, -1)
    assert names(folder) == {"old", "new", "begun", "alive"}


@pytest.mark.parametrize(("words", "kept"), [([], {"new", "alive"}), (["0"], {"alive"})])
def test_the_command_removes_what_is_forgotten_or_what_is_asked_for(
    tmp_path: Path,
    folder: Path,
    words: list[str],
    kept: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["stages", "--clean", *words])
    stages.main()
    assert names(folder) == kept
    assert "removed  .work/checkpoints/old: 3.0 MB, 40 day(s) old" in capsys.readouterr().out
