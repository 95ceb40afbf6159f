"""Coverage: `python -m trust.coverage` runs the tests and says which branches of quartetvae/ none of them takes.

Measured are lines and branches, by coverage.py, in all processes that the tests start; pyproject.toml says what is left
out of the count, and why. `--fail-under` is a percentage below which the program ends with status 1. Writes
trust/coverage.json; what it read stays in .work/trust/coverage, so that `coverage report` and `coverage html` there
tell the lines (`COVERAGE_FILE=.work/trust/coverage/data coverage report --show-missing`).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trust import about

TESTS = ("--numprocesses", "0", "-m", "not slow and not corpus")
"""Those of `make test`, in one process: in a run with two of xdist's workers what one of them had covered was lost."""

COUNTS = ("num_statements", "covered_lines", "num_branches", "covered_branches")
"""What coverage.py counts of a file, as in its JSON."""


def measure(folder: Path, tests: Sequence[str]) -> tuple[bool, Mapping[str, Any]]:
    """Run tests and gather in a folder what they cover; whether all pass, and coverage.py's own JSON."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    environment = os.environ | {"COVERAGE_FILE": str(folder / "data")}

    def coverage(*arguments: str, **more: Any) -> int:
        return subprocess.run(
            [sys.executable, "-m", "coverage", *arguments], cwd=about.ROOT, env=environment, **more
        ).returncode

    passed = coverage("run", "-m", "pytest", *tests) == 0
    coverage("combine", "--quiet", check=True)
    told = folder / "coverage.json"
    coverage("json", "--quiet", "-o", str(told), check=True)
    return passed, json.loads(told.read_text(encoding="utf-8"))


def summed(measured: Mapping[str, Any]) -> dict[str, Any]:
    """Add up files by the folder of quartetvae/ that they lie in; shares are of branches, and of lines and branches."""
    folders: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for name, of in measured["files"].items():
        first, *inside = Path(name).parts
        if first != "quartetvae":
            # A copy of the package, in which a test ran the pipeline.
            continue
        for count in COUNTS:
            folders[inside[0].removesuffix(".py")][count] += of["summary"][count]
    total = {count: sum(of[count] for of in folders.values()) for count in COUNTS}
    return {"total": _shares(total), "folders": {name: _shares(folders[name]) for name in sorted(folders)}}


def _shares(counts: Mapping[str, int]) -> dict[str, int | float]:
    lines, branches = counts["num_statements"], counts["num_branches"]
    covered = counts["covered_lines"] + counts["covered_branches"]
    return {
        **counts,
        "branch_percent": 100 * counts["covered_branches"] / branches if branches else 100.0,
        "percent": 100 * covered / (lines + branches) if lines + branches else 100.0,
    }


def main() -> None:
    """Measure, write trust/coverage.json, and end with status 1 if a test fails or too little is covered."""
    parser = argparse.ArgumentParser(prog="python -m trust.coverage", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fail-under", type=float, default=0.0, help="percent of branches")
    options = parser.parse_args()
    began, commit = time.monotonic(), about.commit()
    passed, measured = measure(about.ROOT / about.KEPT / "coverage", TESTS)
    found = summed(measured)
    command = "python -m trust.coverage" + (f" --fail-under {options.fail_under:g}" if options.fail_under else "")
    about.write("coverage", command, commit, {"seconds": time.monotonic() - began, "passed": passed, **found})
    percent = found["total"]["branch_percent"]
    print(f"{percent:.1f} % of branches, {found['total']['percent']:.1f} % of lines and branches")
    if not passed:
        sys.exit("error: a test fails; see above.")
    if percent < options.fail_under:
        sys.exit(f"error: {percent:.1f} % of branches are covered; {options.fail_under:g} % is needed. Add tests.")


if __name__ == "__main__":
    main()
