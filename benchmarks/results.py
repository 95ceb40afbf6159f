"""benchmarks/results.json: for each item when, where and of what it was measured, and its figures.

Figures of an item that has a file of its own (`items.Item.file`) are that file's, whoever wrote it.
"""

import datetime
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

from benchmarks import hardware
from benchmarks.items import ABOUT, HERE, ITEMS, Figures, Item
from quartetvae import files

FILE = HERE / "results.json"

Results = dict[str, dict[str, Any]]
"""By item: `about` and `figures`."""


def read(path: Path = FILE) -> Results:
    """Read what was found so far, of the items that there are, in their order."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found = {}
    for name, item in ITEMS.items():
        if own := item.own():
            about = {key: own[key] for key in ABOUT if key in own}
            before = kept.get(name, {}).get("about", {})
            # Of another run, nothing that stands there is true of this one.
            if all(before.get(key) == about.get(key, before.get(key)) for key in ("date", "commit")):
                about = before | about
            found[name] = {"about": about, "figures": item.own_figures()}
        elif name in kept:
            found[name] = kept[name]
    return found


def write(results: Results, path: Path = FILE) -> None:
    """Write all."""
    files.write_json(path, results)


def record(item: Item, figures: Figures, *, command: str, load: float | None) -> dict[str, Any]:
    """Make an item's entry; `load` is the machine's before it began, see `load`."""
    return {
        "about": {
            "command": command,
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "hardware": hardware.used(),
            "commit": hardware.commit(),
            "load_before": load,
            "versions": versions(item),
        },
        "figures": dict(figures),
    }


def load() -> float | None:
    """Tell how many processes were running or waiting to, on average of the last minute; None where nobody tells."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def versions(item: Item) -> dict[str, str]:
    """Tell the versions of Python and of the packages that an item compares, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in item.packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
