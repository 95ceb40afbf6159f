"""Files that are whole or not there: everything is written beside its place and moved there in one step."""

import glob
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quartetvae import machine


def _beside(path: Path) -> Path:
    """Choose a temporary name beside `path`; what processes that were killed left under such names is removed."""
    for left in path.parent.glob(f".partial-*-{glob.escape(path.name)}"):
        number = left.name.split("-")[1]
        if number.isdecimal() and not machine.runs(int(number)):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    # The suffix stays last: some writers choose their format by it.
    return path.with_name(f".partial-{os.getpid()}-{path.name}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write a file to; move it there at the end, remove it on an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Do as `replacing`, for a folder; what `path` held before is gone afterwards."""
    temporary = _beside(path)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with two spaces of indent and numbers of six decimals, in the order given.

    Raises `ValueError` for NaN and infinite numbers, which JSON does not know.
    """
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(_rounded(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n", "utf-8"
        )


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if hasattr(value, "item"):  # a NumPy number
        value = value.item()
    return round(value, 6) if isinstance(value, float) else value
