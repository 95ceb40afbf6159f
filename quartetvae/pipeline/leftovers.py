"""What trainings left that were killed and did not go on: told, and removed when a person says so.

Nothing is removed by itself. A checkpoint is known by its parameters, data and code; with those it can be gone on with
at any time, and only a person knows whether they are still wanted: another experiment's, another commit's.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from quartetvae import machine
from quartetvae.errors import ArgumentError
from quartetvae.training import checkpoints

OLD = 30
"""Days after which a person who does not say how many has most likely forgotten a training."""


@dataclass(frozen=True)
class Leftover:
    """The folder of a training that is not running and has not ended."""

    folder: Path
    bytes: int
    days: float
    """Since it was last written to."""

    def __str__(self) -> str:
        return f"{self.folder}: {self.bytes / 1e6:,.1f} MB, {self.days:.0f} day(s) old"


def found(folder: Path) -> list[Leftover]:
    """List what trainings left in the folder of all checkpoints, the oldest first."""
    left = [_leftover(path) for path in folder.glob("*") if path.is_dir() and not _is_at_work(path)]
    return sorted(left, key=lambda one: (-one.days, one.folder))


def _leftover(folder: Path) -> Leftover:
    about = [path.lstat() for path in folder.iterdir()]
    written = max([folder.stat().st_mtime, *(of.st_mtime for of in about)])
    return Leftover(folder, sum(of.st_size for of in about), max(0.0, time.time() - written) / 86_400)


def _is_at_work(folder: Path) -> bool:
    """Whether the process that a checkpoint names is there."""
    process = folder / "process"
    number = process.read_text(encoding="utf-8") if process.is_file() else ""
    return number.isdecimal() and machine.runs(int(number))


def told(folder: Path) -> str:
    """Say what is left and what can be done with it, in some lines; "" if nothing is."""
    left = found(folder)
    if not left:
        return ""
    listed = "\n".join(f"  {one}" for one in left)
    return (
        f"\n{len(left)} training(s) did not end; said again with the same parameters, a training goes on from there:\n"
        f"{listed}\n`python -m stages --clean` removes those of more than {OLD} days, `--clean 0` all of them.\n"
    )


def clean(folder: Path, days: int) -> str:
    """Remove what was not written to for so many days, and say in lines what was removed and what is kept.

    A training that is running, or begins meanwhile, keeps its folder. Raises `ArgumentError` for days below 0.
    """
    if days < 0:
        raise ArgumentError(f"--clean {days} found; a number of days from 0 on is needed, 0 for all.")
    lines = []
    for one in found(folder):
        if one.days < days:
            lines.append(f"kept     {one}")
        elif checkpoints.remove(one.folder):
            lines.append(f"removed  {one}")
    return "\n".join(lines or [f"{folder}: no training there that did not end."])
