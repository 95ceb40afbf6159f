"""Damaged files: `python -m trust.mutations --count 10000 --seed 0`, or `--only NUMBER` for one of them.

A whole file of each kind (`trust.samples`) is damaged at random (`trust.damage`) and read. What may come of it: a
result, or an error of this package in one line. What may not is a finding, of which the first damaged file is kept in
.work/trust/mutations: any other exception, an error of several lines, the end or the hang of the process, more time
or memory than `SECONDS` and `MEMORY`. Writes trust/mutations.json.

Files are read in processes of their own, whose memory the system limits; time is the processor's, so that a busy
machine counts for nothing.
"""

import argparse
import functools
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import psutil
from tqdm import tqdm

from quartetvae.corpus.parallel import processes
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.errors import QuartetError
from trust import about, damage, samples

SECONDS = 2.0
"""Of the processor, for a file."""

MEMORY = 512 * 1024 * 1024
"""Bytes more than the process has when all is imported and each whole file was read."""

HANG = 60.0
"""Seconds by the clock after which a process is ended."""

RENEW_AFTER = 2000
"""Files that a process reads before another takes its place."""

Outcome = Literal["read", "refused", "finding"]


class Result(NamedTuple):
    """What came of reading one damaged file."""

    kind: str
    outcome: Outcome
    error: str
    """Its class; for a finding also what it says and where it was raised."""
    seconds: float
    """Of the processor."""


def case(whole: Path, seed: int, number: int) -> tuple[str, bytes]:
    """Choose a kind and damage its file, as `samples.make` wrote it; the same numbers give the same bytes."""
    rng = np.random.default_rng([seed, number])
    kind = list(samples.KINDS)[number % len(samples.KINDS)]
    of = samples.KINDS[kind]
    return kind, damage.damaged((whole / kind / of.file).read_bytes(), rng, of.packing)


def attempt(job: tuple[Path, int, int]) -> Result:
    """Damage and read one file, in a process of its own."""
    whole, seed, number = job
    kind, content = case(whole, seed, number)
    folder = _folder(whole)
    shutil.rmtree(folder / kind)
    shutil.copytree(whole / kind, folder / kind)
    of = samples.KINDS[kind]
    path = folder / kind / of.file
    path.write_bytes(content)
    began = time.process_time()
    outcome: Outcome = "read"
    error = ""
    try:
        of.read(path)
    except QuartetError as raised:
        outcome, error = "refused", type(raised).__name__
        if len(str(raised).splitlines()) != 1:
            outcome, error = "finding", f"{error} of {len(str(raised).splitlines())} lines"
    except Exception as raised:
        outcome, error = "finding", f"{_told(raised)}, {_place(raised)}"
    seconds = time.process_time() - began
    if seconds > SECONDS:
        outcome, error = "finding", f"{error or 'read'} after more than {SECONDS:g} seconds"
    return Result(kind, outcome, error, seconds)


def _told(error: Exception) -> str:
    """Give an exception in a short line without its digits, so that like ones are counted together."""
    line = " ".join(str(error).split())
    return f"{type(error).__name__}: " + "".join("#" if sign.isdigit() else sign for sign in line)[:120]


def _place(error: Exception) -> str:
    """Name the last line of this package that an exception went through."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "quartetvae" in Path(frame.filename).parts
    ]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside the package"


@functools.cache
def _folder(whole: Path) -> Path:
    """Make ready, once in a process: a folder to read in, all imported, the memory limited."""
    folder = Path(tempfile.mkdtemp(prefix="damaged-", dir=whole.parent))
    for kind, of in samples.KINDS.items():
        shutil.copytree(whole / kind, folder / kind)
        of.read(folder / kind / of.file)
    most = int(psutil.Process().memory_info().data) + MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    return folder


def run(whole: Path, numbers: Sequence[int], seed: int, workers: int) -> Iterator[tuple[int, Result]]:
    """Try so many cases in several processes; gives each result as it comes, with its number."""
    jobs = [(whole, seed, number) for number in numbers]
    for place, result in processes.each(attempt, jobs, processes=workers, seconds=HANG, renew_after=RENEW_AFTER):
        if isinstance(result, Failure):
            kind, _ = case(whole, seed, numbers[place])
            result = Result(kind, "finding", result.reason, 0.0)
        yield numbers[place], result


def summed(results: Sequence[tuple[int, Result]]) -> dict[str, Any]:
    """Count what came of files by kind; list findings, like ones together with the first number of each."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in samples.KINDS}
    slowest: defaultdict[str, float] = defaultdict(float)
    alike: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, result in results:
        counts[result.kind][result.outcome] += 1
        slowest[result.kind] = max(slowest[result.kind], result.seconds)
        if result.outcome == "finding":
            alike[result.kind, result.error].append(number)
    kinds = {
        kind: {**{name: count[name] for name in ("read", "refused", "finding")}, "slowest_seconds": slowest[kind]}
        for kind, count in counts.items()
    }
    findings = [
        {"kind": kind, "error": error, "times": len(numbers), "first": min(numbers)}
        for (kind, error), numbers in alike.items()
    ]
    return {"kinds": kinds, "findings": sorted(findings, key=lambda finding: finding["first"])}


def keep(whole: Path, seed: int, findings: Sequence[dict[str, Any]], folder: Path) -> None:
    """Keep the first damaged file of each finding."""
    for finding in findings:
        kind, content = case(whole, seed, finding["first"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{seed}-{finding['first']}-{samples.KINDS[kind].file}").write_bytes(content)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trust.mutations", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="how many damaged files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="how many processes read")
    parser.add_argument("--only", type=int, help="the number of one case: keep its file, say what came of it")
    return parser


def main() -> None:
    """Try all, write trust/mutations.json, and end with status 1 on a finding."""
    options = _parser().parse_args()
    began, commit = time.monotonic(), about.commit()
    kept = about.ROOT / about.KEPT / "mutations"
    with tempfile.TemporaryDirectory() as temporary:
        whole = Path(temporary) / "whole"
        samples.make(whole)
        if options.only is not None:
            keep(whole, options.seed, [{"first": options.only}], kept)
            print(*next(run(whole, [options.only], options.seed, 1)))
            return
        results = list(
            tqdm(
                run(whole, range(options.count), options.seed, options.workers),
                total=options.count,
                unit="file",
                desc="damaged",
            )
        )
        found = summed(results)
        with suppress(FileNotFoundError):
            shutil.rmtree(kept)
        keep(whole, options.seed, found["findings"], kept)
    command = f"python -m trust.mutations --count {options.count} --seed {options.seed}"
    asked = {"count": options.count, "seed": options.seed, "seconds": time.monotonic() - began}
    limits = {"seconds_limit": SECONDS, "memory_limit_mib": MEMORY // 2**20}
    about.write("mutations", command, commit, {**asked, **limits, **found})
    for finding in found["findings"]:
        print("{kind}: {error} ({times} times, first in number {first})".format(**finding))
    if found["findings"]:
        sys.exit(f"error: findings; their files are in {about.KEPT / 'mutations'}.")


if __name__ == "__main__":
    main()
