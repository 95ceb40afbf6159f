"""What `python -m benchmarks` runs: the items, what is asked of each, and how an item is measured."""

import importlib
import json
import multiprocessing
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from quartetvae import machine

HERE = Path(__file__).resolve().parent

ABOUT = ("command", "date", "hardware", "commit")
"""What a benchmark with a file of its own says of itself there."""

Figures = Mapping[str, Any]


class FailedError(Exception):
    """An item gave no figures."""


@dataclass(frozen=True)
class Asked:
    """A bound on a figure, by its name."""

    figure: str
    least: float | None = None
    most: float | None = None

    def holds(self, value: float | None) -> bool:
        """Say whether a figure is within the bound; one that was not measured is not."""
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True)
class Item:
    """A module of benchmarks/ and how its figures are had.

    One with a `file` runs by itself and writes its figures there, where docs/results.md is made from them; the others
    have a function `measure`.
    """

    name: str
    title: str
    packages: tuple[str, ...] = ()
    """Whose versions matter."""
    asked: tuple[Asked, ...] = ()
    file: str = ""
    ratios: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Of a `file`: names of ratios, each with the two figures (above, below) that make it."""
    size: str = ""
    """The argument of `measure` that --files sets, if there is one."""

    @property
    def module(self) -> str:
        """Its full name."""
        return f"benchmarks.{self.name}"

    def measure(self, files: int | None = None) -> Figures:
        """Run it in a process of its own; raises `FailedError` with the reason if there are no figures."""
        if self.file:
            done = subprocess.run([sys.executable, "-m", self.module], cwd=HERE.parent, check=False)
            if done.returncode:
                raise FailedError(f"python -m {self.module} ended with status {done.returncode}")
            return self.own_figures()
        sizes = {self.size: files} if self.size and files is not None else {}
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_measure, args=(self.module, sizes, theirs))
        process.start()
        theirs.close()
        try:
            found, reason = ours.recv()
        except EOFError:
            process.join()
            raise FailedError(f"its process ended with status {process.exitcode}") from None
        process.join()
        if found is None:
            raise FailedError(reason)
        return dict(found)

    def own(self) -> dict[str, Any]:
        """Read its file; empty if there is none."""
        path = HERE / self.file
        return dict(json.loads(path.read_text(encoding="utf-8"))) if self.file and path.is_file() else {}

    def own_figures(self) -> dict[str, Any]:
        """Read the figures of its file, with its ratios."""
        content = {name: value for name, value in self.own().items() if name not in ABOUT}
        # With the decimals that files are written with.
        made = {
            name: round(figure(content, above) / figure(content, below), 6)
            for name, (above, below) in self.ratios.items()
        }
        return {**{name: value for name, value in content.items() if not name.startswith("ratio")}, **made}


def figure(figures: Figures, name: str) -> Any:
    """Find a figure by its name, `seconds/keras` say."""
    value: Any = figures
    for word in name.split("/"):
        value = value[word]
    return value


def _measure(module: str, sizes: dict[str, int], out: Connection) -> None:
    """Send the figures of a module, or None and why there are none."""
    machine.end_with_parent()
    try:
        out.send((dict(importlib.import_module(module).measure(**sizes)), ""))
    # Whatever it is: the other items go on.
    except (Exception, SystemExit) as error:
        said = getattr(error, "stderr", None)
        out.send((None, f"{type(error).__name__}: {error}" + (f"\n{said}" if said else "")))
    finally:
        out.close()


ITEMS = {
    item.name: item
    for item in (
        Item(
            "ingest",
            "MIDI files to what a model reads",
            packages=("music21", "pretty_midi", "muspy", "symusic", "numpy"),
            asked=(Asked("ratio_music21", least=500), Asked("ratio_next_best", least=5)),
        ),
        Item("scores", "scores, beside music21", packages=("music21",)),
        Item("preprocessing", "filter and encode of data/raw", packages=("pandas", "pyarrow")),
        Item("augment", "pieces to phrases", packages=("numpy",)),
        Item("network", "encode and decode, NumPy and Keras", packages=("numpy", "keras", "tensorflow")),
        Item(
            "start",
            "commands from a cold start, beside Keras",
            packages=("numpy", "keras", "tensorflow"),
            file="start.json",
            ratios={"ratio_keras": ("seconds/keras", "seconds/path")},
        ),
        Item("evaluate", "features of music, and growth with excerpts", packages=("numpy", "scipy")),
        Item(
            "training",
            "training, beside plain Keras layers",
            packages=("keras", "tensorflow"),
            file="speed.json",
            ratios={"ratio_plain": ("phrases_per_second/ours", "phrases_per_second/plain")},
        ),
        Item(
            "backends",
            "training by batch size and compiler",
            packages=("keras", "tensorflow", "jax", "numpy"),
            asked=(Asked("best_share", least=0.8),),
        ),
        Item(
            "streaming",
            "training from a table that memory does not hold",
            packages=("keras", "tensorflow", "pyarrow"),
            file="streaming.json",
            ratios={"ratio_memory": ("phrases_per_second/table", "phrases_per_second/memory")},
        ),
        Item(
            "growth",
            "ten times as many files",
            packages=("numpy", "pandas", "pyarrow", "symusic"),
            asked=(Asked("growth_of_time", most=1.2), Asked("growth_of_memory", most=1.2)),
            size="largest",
        ),
        Item("idle", "DVC with nothing to do", packages=("dvc",), asked=(Asked("slower_of_both", most=3),)),
        Item("install", "what the package takes to install", file="install.json"),
    )
}
"""In the order in which they run."""
