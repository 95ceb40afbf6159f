"""What is said of every trial: by which command it was made, when, on what, of which commit."""

import datetime
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quartetvae import files

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(".work/trust")
"""Where what fails is kept, from the project's root."""


def commit() -> str:
    """Tell the commit that is checked out; to be asked when a trial begins, which may take an hour."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"]
    return subprocess.run(describe, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def named(path: Path) -> str:
    """Name a file by its path from the project's root, if it lies there."""
    full = path.resolve()
    return full.relative_to(ROOT).as_posix() if full.is_relative_to(ROOT) else path.name


def write(name: str, command: str, commit: str, found: Mapping[str, Any]) -> Path:
    """Write trust/NAME.json: what was found, below what it was made by; gives its path."""
    # Here: it brings a library of networks, which processes that read files do without.
    from benchmarks import hardware

    about = {
        "command": command,
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "hardware": hardware.used(),
        "commit": commit,
    }
    path = ROOT / "trust" / f"{name}.json"
    files.write_json(path, {**about, **found})
    return path
