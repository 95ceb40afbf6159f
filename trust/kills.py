"""Kills: `python -m trust.kills --count 60 --seed 0` ends `dvc repro` of the tiny pipeline again and again.

First the pipeline runs undisturbed, for its bytes and for how long its stages take. Then passes: in a new folder
`dvc repro` is said, killed in the first stage, said again at once, killed in the second stage, and so on; last it runs
to its end. What is random, by the seed: the moment (in the stage, or while DVC stores what it made), the signal
(SIGKILL, SIGTERM), and whom it hits (the stage's process, `dvc`, or their group).

A finding is what a person could not trust:

- a file at its place that is not the undisturbed run's, right after a kill or in the end: outs, metrics, plots,
  dvc.lock
- a process that outlives its `dvc` by more than `OUTLIVES` seconds, or a `dvc` that does not end with its stage
- a `dvc repro` that fails, because of a lock, say
- .partial-, .earlier-, checkpoints or damaged files of DVC's cache in the end

DVC itself does not write dvc.lock in one step, nor its list of who is at work, .dvc/tmp/rwlock: killed meanwhile, it
leaves half of the one or an empty other, and does not start with that any more. This is counted apart. The remedy is
tried, too: the file is removed. What was made comes from DVC's cache.

Writes trust/kills.json; the logs of runs with findings stay in .work/trust/kills.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import psutil
from tqdm import tqdm

from trust import about, tiny
from trust.tiny import Digests

LOOKING = 0.02
"""Seconds between two looks at what runs."""

OUTLIVES = 5.0
"""Seconds that a process may outlive its `dvc`."""

STOPS = 10.0
"""Seconds within which a stage stops that is told to."""

PATIENCE = 1200.0
"""Seconds for a run of DVC to come to a stage, or to its end."""

HALVED = {
    "dvc.lock": re.compile(r"dvc\.lock'(?: validation failed| is invalid|, YAML file structure is corrupted)"),
    ".dvc/tmp/rwlock": re.compile(r"RWLock-file .*(?:corrupted|format error)"),
}
"""Files that DVC does not write in one step, and what it says of half of one."""

STORING = 1.0
"""Seconds in which DVC stores what a stage made and starts the next one, about."""

Signal = Literal["SIGKILL", "SIGTERM"]
Target = Literal["stage", "dvc", "group"]
SIGNALS: tuple[Signal, ...] = ("SIGKILL", "SIGTERM")
TARGETS: tuple[Target, ...] = ("stage", "dvc", "group")


@dataclass(frozen=True)
class Kill:
    """When a run is to be killed, and how."""

    number: int
    stage: str
    signal: Signal
    target: Target
    storing: bool
    """After the stage, while DVC stores what it made."""
    share: float
    """Of the time that the stage takes, or of `STORING`, after which it is killed."""


@dataclass
class Found:
    """What came of the kills."""

    hit: list[dict[str, Any]] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    outlived: float = 0.0
    """The longest that a process outlived its `dvc`, in seconds."""
    halved: Counter[str] = field(default_factory=Counter)
    """How often DVC left half of a file that it does not read any more, by its name."""
    temporary: int = 0
    """Bytes in the folder for temporary files after the passes."""


def plan(count: int, seed: int, stages: Sequence[str]) -> list[list[Kill]]:
    """Draw the kills of each pass: one in each stage; of the last pass in some of them."""
    rng, passes, number = np.random.default_rng(seed), [], 0
    while number < count:
        chosen = sorted(rng.permutation(len(stages))[: count - number].tolist())
        kills = []
        for place in chosen:
            storing = bool(rng.random() < 0.2)
            # A stage that has ended cannot be hit.
            target = TARGETS[rng.integers(1 if storing else 0, len(TARGETS))]
            kills.append(Kill(number, stages[place], SIGNALS[rng.integers(2)], target, storing, float(rng.random())))
            number += 1
        passes.append(kills)
    return passes


class Run:
    """A `dvc repro` that is watched."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.dvc = tiny.repro(folder, log, tiny.environment(folder))
        self.log = log
        self.begun = time.monotonic()

    def processes(self) -> list[psutil.Process]:
        """List the processes of its session that have not ended."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if os.getsid(process.pid) == self.dvc.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def stage(self) -> tuple[str, psutil.Process] | None:
        """Name the stage that runs, and its process."""
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.dvc.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    line = process.cmdline()
                    named = [word.removeprefix("stages.") for word in line if word.startswith("stages.")]
                    # The shell before it becomes the stage has all in one word.
                    if named and line[-2:-1] == ["-m"]:
                        return named[0], process
        return None

    def wait_for(self, name: str) -> psutil.Process | None:
        """Wait until a stage runs; None if DVC ended before."""
        while self.dvc.poll() is None:
            found = self.stage()
            if found and found[0] == name:
                return found[1]
            self._check_patience()
            time.sleep(LOOKING)
        return None

    def end(self) -> int:
        """Wait for its end; gives its status."""
        return self.dvc.wait(timeout=PATIENCE)

    def _check_patience(self) -> None:
        if time.monotonic() - self.begun > PATIENCE:
            self.kill_all()
            sys.exit(f"error: `dvc repro` at work for more than {PATIENCE:g} seconds; see {self.log}.")

    def kill_all(self) -> None:
        """End all that is left of it."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.dvc.wait()

    def said(self) -> str:
        """Give the last lines of its output."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").splitlines()
        return " / ".join(line for line in lines[-6:] if line.strip())


def undisturbed(folder: Path, log: Path) -> dict[str, float]:
    """Run the pipeline to its end; gives the seconds of each stage."""
    run, seconds = Run(folder, log), dict.fromkeys(tiny.stages(), 0.0)
    for name in seconds:
        process = run.wait_for(name)
        if process is None:
            break
        began = time.monotonic()
        with contextlib.suppress(psutil.NoSuchProcess):
            process.wait()
        seconds[name] = time.monotonic() - began
    if run.end() != 0:
        sys.exit(f"error: the pipeline fails undisturbed: {run.said()}")
    return seconds


def hit(run: Run, kill: Kill, process: psutil.Process, seconds: dict[str, float]) -> dict[str, Any]:
    """Kill at the moment that was drawn; tells what was hit.

    `seconds` are those that each stage takes, and become fewer where one has ended before its moment.
    """
    if kill.storing:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            process.wait(timeout=PATIENCE)
        time.sleep(kill.share * STORING)
    else:
        began = time.monotonic()
        deadline = began + kill.share * seconds[kill.stage]
        while time.monotonic() < deadline and process.is_running():
            time.sleep(min(LOOKING, max(0.0, deadline - time.monotonic())))
    in_stage = stopped(process)
    if not in_stage and not kill.storing:
        # It is faster than it was undisturbed: the kills of later passes are to hit it.
        seconds[kill.stage] = min(seconds[kill.stage], time.monotonic() - began)
    number = signal.Signals[kill.signal]
    target: Target = kill.target if in_stage or kill.target != "stage" else "dvc"
    try:
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if target == "group":
                os.killpg(run.dvc.pid, number)
            elif target == "dvc":
                run.dvc.send_signal(number)
            else:
                process.send_signal(number)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()
    return {**asdict(kill), "target": target, "in_stage": in_stage}


def stopped(process: psutil.Process) -> bool:
    """Stop a process, so that it cannot end by itself before it is killed; tells whether it had not ended yet.

    Without this a kill can come between a stage's end and its `dvc`, which then goes on with the next stage. One that
    does not stop within `STOPS` seconds is killed as it is.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        process.suspend()
        until = time.monotonic() + STOPS
        # One that is about to end does not stop any more.
        while (status := process.status()) not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            if status == psutil.STATUS_STOPPED or time.monotonic() > until:
                return True
            time.sleep(LOOKING / 10)
    return False


def outlived(run: Run) -> float:
    """Wait until all processes of a run have ended; gives the seconds that this takes, at most `OUTLIVES`."""
    began = time.monotonic()
    while run.processes():
        if time.monotonic() - began > OUTLIVES:
            return OUTLIVES
        time.sleep(LOOKING)
    return time.monotonic() - began


def one_pass(
    folder: Path, logs: Path, kills: Sequence[Kill], reference: Digests, seconds: dict[str, float], found: Found
) -> None:
    """Kill in one stage after the other, then let the pipeline end, and compare."""
    stages = tiny.stages()
    where = f"pass with kills {kills[0].number} to {kills[-1].number}"

    def check(what: str, outs: Sequence[str], *, whole: bool) -> None:
        wanted = {name: of for name, of in reference.items() if any(_within(name, out) for out in outs)}
        there = tiny.digests(folder, outs)
        if not whole:  # what is there must be right; what is not will be made
            wanted = {name: of for name, of in wanted.items() if name in there}
        if wrong := tiny.different(wanted, there):
            found.findings.append(f"{what}: not as undisturbed: {', '.join(wrong[:5])} ({len(wrong)} files)")

    before: Run | None = None
    for kill in kills:
        run = Run(folder, logs / f"{kill.number}.log")
        if before is not None:
            # The next run is started at once, as a person would; what is left of the last one is looked at meanwhile.
            took = outlived(before)
            found.outlived = max(found.outlived, took)
            if took >= OUTLIVES:
                found.findings.append(f"kill {kill.number - 1}: a process outlives its dvc by {OUTLIVES:g} s")
                before.kill_all()
        process = run.wait_for(kill.stage)
        while process is None and remedied(run, folder, found):
            run = Run(folder, logs / f"{kill.number}-again.log")
            process = run.wait_for(kill.stage)
        if process is None:
            found.findings.append(f"before kill {kill.number}: `dvc repro` ends: {run.said()}")
            before = run
            continue
        done = list(stages)[: list(stages).index(kill.stage)]
        check(f"before kill {kill.number}", [out for name in done for out in stages[name]], whole=True)
        found.hit.append(hit(run, kill, process, seconds))
        try:
            run.dvc.wait(timeout=60)
        except subprocess.TimeoutExpired:
            found.findings.append(f"kill {kill.number}: `dvc` did not end with its stage")
            run.kill_all()
        check(f"after kill {kill.number}", stages[kill.stage], whole=False)
        before = run
    last = Run(folder, logs / f"{kills[-1].number}-end.log")
    if before is not None:
        found.outlived = max(found.outlived, outlived(before))
    while last.end() != 0 and remedied(last, folder, found):
        last = Run(folder, logs / f"{kills[-1].number}-end-again.log")
    if last.end() != 0:
        found.findings.append(f"{where}: `dvc repro` fails in the end: {last.said()}")
    found.findings += [f"{where}: {problem}" for problem in _left(folder, logs, reference)]
    temporary = folder / ".work" / "tmp"
    found.temporary += sum(path.stat().st_size for path in temporary.rglob("*") if path.is_file())


def remedied(run: Run, folder: Path, found: Found) -> bool:
    """Remove a file of which DVC left half, as the documentation says; tells whether that was it."""
    if run.end() == 0:
        return False
    told = run.said()
    for name, says in HALVED.items():
        if says.search(told) and (folder / name).exists():
            (folder / name).unlink()
            found.halved[name] += 1
            return True
    return False


def _within(name: str, out: str) -> bool:
    return name == out or name.startswith(f"{out}/")


def _left(folder: Path, logs: Path, reference: Digests) -> list[str]:
    """Say what is not as it should be when the pipeline has ended."""
    found = []
    if wrong := tiny.different(tiny.everything(folder), reference):
        found.append(f"not as undisturbed in the end: {', '.join(wrong[:5])} ({len(wrong)} files)")
    if names := tiny.partial(folder):
        found.append(f"left behind: {', '.join(names[:5])} ({len(names)})")
    if folders := [path.name for path in (folder / ".work" / "checkpoints").glob("*")]:
        found.append(f"checkpoints left behind: {', '.join(folders)}")
    if names := tiny.damaged_cache(folder):
        found.append(f"damaged in DVC's cache: {', '.join(names[:5])} ({len(names)})")
    log = logs / "status.log"
    log.unlink(missing_ok=True)
    tiny.repro(folder, log, tiny.environment(folder), "status", "--json").wait(timeout=PATIENCE)
    told = log.read_text(encoding="utf-8").strip().splitlines()
    if told[-1:] != ["{}"]:
        found.append(f"`dvc status` has something to do: {' / '.join(told[-6:])}")
    return found


def table(found: Found) -> dict[str, Any]:
    """Count the kills by stage, by signal and target, and by moment."""
    return {
        "kills": len(found.hit),
        "by_stage": dict(Counter(cast(str, one["stage"]) for one in found.hit)),
        "by_signal": dict(sorted(Counter(f"{one['signal']} to {one['target']}" for one in found.hit).items())),
        "in_stage": sum(bool(one["in_stage"]) for one in found.hit),
        "in_stage_by_stage": dict(Counter(cast(str, one["stage"]) for one in found.hit if one["in_stage"])),
        "while_storing": sum(not one["in_stage"] for one in found.hit),
        "longest_outlived_seconds": found.outlived,
        "halved_by_dvc": {name: found.halved[name] for name in HALVED},
        "temporary_bytes_left": found.temporary,
        "findings": found.findings,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trust.kills", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="how many kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--profile", type=Path, action="append", default=[], help="parameters other than those of profiles/tiny.yaml"
    )
    return parser


def trial(count: int, seed: int, profiles: Sequence[Path], logs: Path) -> dict[str, Any]:
    """Kill so many times; gives what trust/kills.json has. `profiles` change parameters of profiles/tiny.yaml."""
    began, found = time.monotonic(), Found()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        whole = tiny.prepare(Path(temporary) / "undisturbed", profiles)
        seconds = undisturbed(whole, logs / "undisturbed.log")
        reference = tiny.everything(whole)
        with tqdm(total=count, unit="kill") as progress:
            for kills in plan(count, seed, list(tiny.stages())):
                folder = tiny.prepare(Path(temporary) / f"pass-{kills[0].number}", profiles)
                one_pass(folder, logs, kills, reference, seconds, found)
                shutil.rmtree(folder, ignore_errors=True)
                progress.update(len(kills))
    asked = {"count": count, "seed": seed, "seconds": time.monotonic() - began}
    told = {"files_compared": len(reference), "undisturbed_seconds": sum(seconds.values())}
    return {**asked, **told, **table(found)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill so many times, write trust/kills.json, and end with status 1 on a finding."""
    options = _parser().parse_args(arguments)
    logs = about.ROOT / about.KEPT / "kills"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    commit = about.commit()
    result = trial(options.count, options.seed, [path.resolve() for path in options.profile], logs)
    changed = " ".join(f"--profile {about.named(path)}" for path in options.profile)
    command = f"python -m trust.kills --count {options.count} --seed {options.seed} {changed}".strip()
    about.write("kills", command, commit, result)
    for finding in result["findings"]:
        print(finding)
    if result["findings"]:
        sys.exit(f"error: {len(result['findings'])} findings in {result['kills']} kills; logs are in {logs}.")


if __name__ == "__main__":
    main()
