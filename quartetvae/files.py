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


def _left(path: Path, kind: str) -> Iterator[Path]:
    """Find what processes that were killed left beside `path`, under names of a kind."""
    for left in path.parent.glob(f".{kind}-*-{glob.escape(path.name)}"):
        number = left.name.split("-")[1]
        # The asterisk may also have met a part of another file's name.
        is_ours = number.isdecimal() and left.name == f".{kind}-{number}-{path.name}"
        if is_ours and not machine.runs(int(number)):
            yield left


def _beside(path: Path) -> Path:
    """Choose a temporary name beside `path`; what processes that were killed left under such names is removed."""
    for left in _left(path, "partial"):
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
    except OSError as error:
        # pyarrow says what was wrong, and not where.
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Do as `replacing`, for a folder; what `path` held before is gone afterwards.

    Python has no call that swaps two folders in one step, so there are two: the earlier folder is moved aside, the new
    one into its place. At any moment one of them is whole on the disk; what is read at `path` is one of them, whole, or
    nothing between those two steps. An error there puts the earlier folder back. A process that is killed just there
    leaves it beside `path`, as `.earlier-...`, and the next call puts it back before anything else.
    """
    earlier = path.with_name(f".earlier-{os.getpid()}-{path.name}")
    # Our own number may have been that of a process that was killed; in containers it often is.
    for left in [*_left(path, "earlier"), earlier]:
        _settle(left, path)
    temporary = _beside(path)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        # A file or a link is not ours to move away: to put a folder in its place is an error.
        if path.is_dir() and not path.is_symlink():
            path.replace(earlier)
        temporary.replace(path)
    finally:
        _settle(earlier, path)
        shutil.rmtree(temporary, ignore_errors=True)


def _settle(earlier: Path, path: Path) -> None:
    """Put a folder that was moved aside back, unless another is in its place: then remove it."""
    if not earlier.is_dir():
        return
    if path.exists():
        shutil.rmtree(earlier, ignore_errors=True)
    else:
        earlier.replace(path)


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
