"""Nothing to do: how long `dvc status` and `dvc repro` take to say so.

In a temporary copy of the project whose stages write their outputs at once, with nothing in them, but for data/raw,
which has many files: what is left is what DVC itself takes to read the pipeline and to look at every dependency.
`dvc version --help` stands beside them: what DVC takes to start.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks import turns

ROOT = Path(__file__).resolve().parent.parent
TURNS = 5
FILES = 3_300
"""In data/raw; MusicNet and OpenScore together have some 800."""

COMMANDS = {"start": ("version", "--help"), "status": ("status",), "repro": ("repro",)}


def measure(*, files: int = FILES, turns_of_all: int = TURNS) -> dict[str, Any]:
    """Time the three commands in turns."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        prepare(project, files)
        seconds = turns.medians(
            {name: lambda words=words: dvc(project, words) for name, words in COMMANDS.items()},  # type: ignore[misc]
            turns_of_all,
            clock=time.perf_counter,
            warm=True,
        )
        said = dvc(project, COMMANDS["repro"])
    if "up to date" not in said:
        raise RuntimeError(f"dvc repro found something to do, where there should be nothing:\n{said}")
    return {
        "files_in_data_raw": files,
        "seconds": seconds,
        "ratio_start": seconds["start"] / seconds["repro"],
        "slower_of_both": max(seconds["status"], seconds["repro"]),
    }


def prepare(project: Path, files: int) -> None:
    """Copy the project into an empty folder, let its stages write next to nothing, and run them."""
    subprocess.run([ROOT / ".ci" / "copy", project], check=True, capture_output=True)
    yaml = YAML()
    path = project / "dvc.yaml"
    pipeline = yaml.load(path.read_text(encoding="utf-8"))
    for stage in pipeline["stages"].values():
        stage["cmd"] = "; ".join(_write(out, files) for out in _outs(stage))
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(pipeline, file)
    dvc(project, COMMANDS["repro"])


def dvc(project: Path, words: Sequence[str]) -> str:
    """Run DVC in a project; give what it said."""
    command = [sys.executable, "-m", "dvc", *words]
    return subprocess.run(command, cwd=project, check=True, capture_output=True, text=True, env=os.environ).stdout


def _outs(stage: dict[str, Any]) -> list[str]:
    outs = [*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())]
    return [out if isinstance(out, str) else next(iter(out)) for out in outs]


def _write(out: str, files: int) -> str:
    """Say in the shell's words how an output is written: data/raw is a folder of files, others one file."""
    if out == "data/raw":
        return f"mkdir -p {out} && for n in $(seq {files}); do echo $n > {out}/$n.mid; done"
    return f"mkdir -p $(dirname {out}) && echo {out} > {out}"
