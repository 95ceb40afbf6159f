"""Nothing to do: how long `dvc status` and `dvc repro` take to say so.

In a temporary copy of the project whose stages write their outputs at once, with nothing in them, but for data/raw,
which has many files: what is left is what DVC itself takes to read the pipeline and to look at every dependency.
`dvc version --help` stands beside them: what DVC takes to start. What is asked is asked of wall time; on a machine that
is busy, CPU seconds say more.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from tqdm import tqdm

from benchmarks import processes
from benchmarks.processes import Spent
from quartetvae.corpus import packs

ROOT = Path(__file__).resolve().parent.parent
TURNS = 3
FILES = packs.MOST_FILES + 1
"""In data/raw, with metadata.csv: as many as it ever has. MusicNet and OpenScore together have some 800."""

COMMANDS = {"start": ("version", "--help"), "status": ("status",), "repro": ("repro",)}


def measure(*, files: int = FILES, turns: int = TURNS) -> dict[str, Any]:
    """Time the three commands in turns."""
    found: dict[str, list[Spent]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        prepare(project, files)
        for _ in tqdm(range(turns), unit="turn"):
            for name, words in COMMANDS.items():
                found[name].append(processes.spent(_dvc(words), project, os.environ))
        said = run(project, COMMANDS["repro"])
    if "up to date" not in said:
        raise RuntimeError(f"dvc repro found something to do, where there should be nothing:\n{said}")
    medians = {name: processes.median(rounds) for name, rounds in found.items()}
    return {
        "files_in_data_raw": files,
        "seconds": {name: {"CPU": one.cpu, "wall": one.wall} for name, one in medians.items()},
        "ratio_start": medians["start"].cpu / medians["repro"].cpu,
        "slower_of_both": max(medians[name].wall for name in ("status", "repro")),
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
    run(project, COMMANDS["repro"])


def run(project: Path, words: Sequence[str]) -> str:
    """Run DVC in a project; give what it said."""
    return subprocess.run(_dvc(words), cwd=project, check=True, capture_output=True, text=True).stdout


def _dvc(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "dvc", *words]


def _outs(stage: dict[str, Any]) -> list[str]:
    outs = [*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())]
    return [out if isinstance(out, str) else next(iter(out)) for out in outs]


def _write(out: str, files: int) -> str:
    """Say in the shell's words how an output is written: data/raw is a folder of files, others one file."""
    if out == "data/raw":
        return f"mkdir -p {out} && for n in $(seq {files}); do echo $n > {out}/$n.mid; done"
    return f"mkdir -p $(dirname {out}) && echo {out} > {out}"
