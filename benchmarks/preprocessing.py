"""How long filter and encode take on all of data/raw, start-up included; run after the stage `download`.

    python -m benchmarks.preprocessing

Each stage runs as DVC runs it, in a process of its own, in a temporary copy of its inputs; the table gives the fastest
and the slowest of five runs, in seconds of wall time. Beside them stands the start of an interpreter that imports
pandas and pyarrow, which no change of ours can undercut: on a machine that is busy, compare with that.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from quartetvae.pipeline import locations

RUNS = 5
ROOT = Path(__file__).resolve().parent.parent


def measure() -> dict[str, Any]:
    """Time the two stages; `ratio_import` is how many times as fast both are as the import, so below 1."""
    files, seconds = _turns()
    medians = {label: statistics.median(times) for label, times in seconds.items()}
    return {
        "files": files,
        "seconds": medians,
        "ratio_import": medians["import only"] / (medians["filter"] + medians["encode"]),
    }


def main() -> None:
    """Time the two stages and print a table."""
    files, seconds = _turns()
    print(f"{files} files, {os.cpu_count()} CPU cores, seconds of wall time")
    for label, times in seconds.items():
        print(f"{label:<12} {min(times):6.2f} to {max(times):.2f}")
    both = [a + b for a, b in zip(seconds["filter"], seconds["encode"], strict=True)]
    ratio = min(both) / min(seconds["import only"])
    print(f"{'both':<12} {min(both):6.2f} to {max(both):.2f}   ({ratio:.1f} times the import)")


def _turns() -> tuple[int, dict[str, list[float]]]:
    """Count the files of data/raw, and time each command as often as `RUNS` says."""
    if not (ROOT / "data" / "raw" / "metadata.csv").is_file():
        sys.exit("data/raw/metadata.csv: not there; run `dvc repro download` first.")
    commands = {
        "filter": ["-m", "stages.filter"],
        "encode": ["-m", "stages.encode"],
        "import only": ["-c", "import pandas, pyarrow.parquet"],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / "params.yaml", folder)
        (folder / "data").mkdir()
        (folder / "data" / "raw").symlink_to(ROOT / "data" / "raw")
        files = len((folder / "data" / "raw" / "metadata.csv").read_text(encoding="utf-8").splitlines()) - 1
        seconds: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(RUNS):
            for label, command in commands.items():
                seconds[label].append(_seconds(folder, command))
    return files, seconds


def _seconds(folder: Path, command: list[str]) -> float:
    # Shards of the turn before would be used again.
    shutil.rmtree(folder / locations.SHARDS, ignore_errors=True)
    start = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *command], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
