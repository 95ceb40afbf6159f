"""Checkpoints: what a training that was killed goes on from.

A checkpoint belongs to one training: its folder's name is a hash of the parameters, the data, the code and the
libraries, so another training never goes on from it. It is written whole after each epoch and removed when the training
is done.
"""

import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from quartetvae.errors import TrainingError
from quartetvae.files import replacing
from quartetvae.training.history import Epoch

CHECKING_ONLY = (
    *("quartetvae", "quartetvae.config", "quartetvae.errors", "quartetvae.machine"),
    "quartetvae.pipeline.params",
)

LIBRARIES = ("jax", "keras", "numpy", "tensorflow")


@dataclass(frozen=True)
class Progress:
    """A training after so many epochs."""

    history: tuple[Epoch, ...]
    best_epoch: int
    state: list[NDArray[Any]]
    best_weights: list[NDArray[Any]]
    seconds: float = 0.0
    """How long it took, interruptions left out."""


def key(sections: Sequence[BaseModel], data: Sequence[Path], *settings: str) -> str:
    """Name a training by a hash: a hash of its parameters, its data, the code that is loaded, and the libraries.

    As in dvc.yaml, the modules of `CHECKING_ONLY` do not count, which check and never compute.
    """
    digest = hashlib.sha256()

    def add(*values: bytes) -> None:
        for value in values:
            digest.update(len(value).to_bytes(8, "big") + value)

    for section in sections:
        add(section.model_dump_json().encode())
    for path in data:
        with path.open("rb") as file:  # which may be larger than memory
            add(path.name.encode(), hashlib.file_digest(file, "sha256").digest())
    for name, module in sorted(sys.modules.items()):
        ours = name.split(".")[0] in ("quartetvae", "__main__") and name not in CHECKING_ONLY
        if ours and getattr(module, "__file__", None):
            add(name.encode(), Path(str(module.__file__)).read_bytes())
    for library in LIBRARIES:
        add(library.encode(), _version(library).encode())
    add(*(setting.encode() for setting in settings))
    return digest.hexdigest()[:32]


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


class Checkpoint:
    """A folder with the last whole epoch of one training."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "progress.npz"

    def write(self, progress: Progress) -> None:
        """Write it, in place of the one before; raises `TrainingError` where that cannot be done."""
        told = json.dumps({"history": progress.history, "best_epoch": progress.best_epoch, "seconds": progress.seconds})
        arrays: dict[str, Any] = {f"state_{k:05}": array for k, array in enumerate(progress.state)}
        arrays |= {f"best_{k:05}": array for k, array in enumerate(progress.best_weights)}
        # By Python's own file: where the disk is full zipfile's errors say nothing.
        content = io.BytesIO()
        np.savez(content, told=np.array(told), **arrays)
        try:
            with replacing(self.path) as temporary:
                temporary.write_bytes(content.getbuffer())
        except OSError as error:
            raise _not_written(self.path, error) from error

    def read(self) -> Progress | None:
        """Read what was written last; None if nothing was.

        Raises `TrainingError` for a file that cannot be read.
        """
        try:
            content = io.BytesIO(self.path.read_bytes())
        except FileNotFoundError:
            return None
        try:
            with np.load(content, allow_pickle=False) as arrays:
                told = json.loads(str(arrays["told"]))
                state, best = (
                    [arrays[name] for name in sorted(arrays.files) if name.startswith(prefix)]
                    for prefix in ("state_", "best_")
                )
            history = tuple(told["history"])
            if not 1 <= told["best_epoch"] <= len([row["val_loss"] for row in history]):
                raise ValueError(f"best epoch {told['best_epoch']} of {len(history)}")
            return Progress(history, told["best_epoch"], state, best, told["seconds"])
        # zipfile, NumPy and json have errors of their own for files that are cut or overwritten.
        except Exception as error:
            raise TrainingError(f"{self.path}: a damaged checkpoint ({error}); remove it to start anew.") from error


@contextmanager
def opened(folder: Path) -> Iterator[Checkpoint]:
    """Open the checkpoint in a folder, for one training at a time; removed when the training is done without an error.

    Raises
    ------
    TrainingError
        If the same training is running already: stopping `dvc` may leave its stage at work. Or if nothing can be
        written there.
    """
    # A file of its own: what is locked cannot be read everywhere.
    checkpoint, lock, holder = Checkpoint(folder), filelock.FileLock(folder / "lock"), folder / "process"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        holder.write_text(str(os.getpid()), encoding="utf-8")
    except filelock.Timeout as error:
        process = holder.read_text(encoding="utf-8") if holder.is_file() else "unknown"
        raise TrainingError(
            f"{folder}: the same training is running already, in process {process}, which a stopped `dvc` may have "
            f"left behind. Wait for its end, or stop it (kill {process}) and say `dvc repro` again."
        ) from error
    except OSError as error:
        raise _not_written(folder, error) from error
    try:
        yield checkpoint
        checkpoint.path.unlink(missing_ok=True)
    finally:
        lock.release()
    # Not everywhere can a lock be removed while it is held.
    shutil.rmtree(folder, ignore_errors=True)


def remove(folder: Path) -> bool:
    """Remove the folder of a training that nobody wants to go on with; False, and all is left, if it is running."""
    try:
        # The lock, not the number in the file `process`: another process may have that number by now.
        with filelock.FileLock(folder / "lock", timeout=0):
            Checkpoint(folder).path.unlink(missing_ok=True)
    except filelock.Timeout:
        return False
    shutil.rmtree(folder)
    return True


def _not_written(path: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"{path}: cannot be written ({error.strerror or error}); make room on the disk, or see who may write there, "
        "then say `dvc repro` again: training goes on after the last epoch that was written."
    )
