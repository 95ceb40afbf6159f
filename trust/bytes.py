"""Bytes: `python -m trust.bytes` runs the tiny pipeline in two folders under other conditions and compares all files.

Other are the folder's path (blanks and letters beyond ASCII in one), the umask, the language, the time zone, the seed
of Python's hashes, the threads that libraries are told to use, the width of the terminal. The same must be the bytes of
all outs, metrics, plots and pages, and of dvc.lock. Writes trust/bytes.json, with the files that differ.

`--until STAGE` stops after a stage: those up to `augment` take seconds, the others minutes. `--cores 1` gives the
second run fewer cores, too: what a network learns may then differ in its last digits, which nobody promises.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from trust import about, tiny

Condition = dict[str, str]
"""Variables of the environment; `umask` and `folder` besides."""

CONDITIONS: tuple[Condition, Condition] = (
    {
        "folder": "one",
        "umask": "022",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "COLUMNS": "80",
    },
    {
        "folder": "another folder, ćwierć/ton",
        "umask": "077",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Pacific/Auckland",
        "PYTHONHASHSEED": "4242",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
        "TF_NUM_INTRAOP_THREADS": "2",
        "TF_NUM_INTEROP_THREADS": "2",
        "COLUMNS": "200",
    },
)

PLAIN = "C"
"""The language where that of a condition is not installed."""


def installed(language: str) -> bool:
    """Whether the system has a language; `C.UTF-8` may be called `C.utf8`."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.lower().split()
    return language.lower().replace("-", "") in {name.replace("-", "") for name in known}


def setting(condition: Condition) -> Condition:
    """Give a condition as it can be had here."""
    has = installed(condition["LC_ALL"])
    return condition if has else {**condition, "LC_ALL": PLAIN}


def run(
    root: Path, condition: Condition, log: Path, profiles: Sequence[Path] = (), *, cores: int = 0, until: str = ""
) -> tiny.Digests:
    """Run the pipeline under a condition, to a stage or its end; `cores` 0 for all. Gives what it made."""
    before = os.umask(int(condition["umask"], 8))
    allowed = os.sched_getaffinity(0)
    try:
        if cores:
            os.sched_setaffinity(0, sorted(allowed)[:cores])
        folder = tiny.prepare(root / condition["folder"], profiles)
        variables = {name: value for name, value in condition.items() if name not in ("folder", "umask")}
        asked = ["repro", *filter(None, [until])]
        status = tiny.repro(folder, log, tiny.environment(folder, **variables), *asked).wait()
    finally:
        os.umask(before)
        os.sched_setaffinity(0, allowed)
    if status:
        sys.exit(f"error: the pipeline fails in '{condition['folder']}'; see {log}.")
    return tiny.everything(folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run twice, write trust/bytes.json, and end with status 1 if a file differs."""
    parser = argparse.ArgumentParser(prog="python -m trust.bytes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cores", type=int, default=0, help="of the second run; 0 for all")
    parser.add_argument("--until", default="", choices=tiny.stages(), help="the last stage that is run")
    parser.add_argument(
        "--profile", type=Path, action="append", default=[], help="parameters other than those of profiles/tiny.yaml"
    )
    options = parser.parse_args(arguments)
    commit = about.commit()
    began, profiles = time.monotonic(), [path.resolve() for path in options.profile]
    kept = about.ROOT / about.KEPT / "bytes"
    kept.mkdir(parents=True, exist_ok=True)
    conditions = [setting(condition) for condition in CONDITIONS]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        found = []
        for number, condition in enumerate(conditions):
            log = kept / f"{number}.log"
            log.unlink(missing_ok=True)
            cores = options.cores if number else 0
            found.append(run(Path(temporary), condition, log, profiles, cores=cores, until=options.until))
    differ = tiny.different(*found)
    command = ["python -m trust.bytes"]
    command += [f"--cores {options.cores}"] if options.cores else []
    command += [f"--until {options.until}"] if options.until else []
    command += [f"--profile {about.named(path)}" for path in options.profile]
    result = {"seconds": time.monotonic() - began, "conditions": conditions, "cores_of_the_second": options.cores}
    counted = {"files_compared": len(found[0].keys() | found[1].keys()), "differ": differ}
    name = "bytes" if not options.cores else "bytes_cores"
    about.write(name, " ".join(command), commit, {**result, **counted})
    print(f"{counted['files_compared']} files, {len(differ)} differ")
    if differ:
        sys.exit("error: not the same bytes: " + ", ".join(differ))


if __name__ == "__main__":
    main()
