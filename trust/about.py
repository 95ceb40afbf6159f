"""What is said of every trial: by which command it was made, when, on what, of which commit."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quartetvae import files

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(".work/trust")
"""Where what fails is kept, from the project's root."""


def write(name: str, command: str, found: Mapping[str, Any]) -> Path:
    """Write trust/NAME.json: what was found, below what it was made by; gives its path."""
    # Here: it brings a library of networks, which processes that read files do without.
    from benchmarks import hardware

    about = {
        "command": command,
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "hardware": hardware.used(),
        "commit": hardware.commit(),
    }
    path = ROOT / "trust" / f"{name}.json"
    files.write_json(path, {**about, **found})
    return path
