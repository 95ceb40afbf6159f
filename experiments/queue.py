"""Experiments by DVC's queue: run one after the other, and keep what they found in experiments/runs/.

An experiment's name in DVC is that in experiments.yaml, so `dvc exp show` and `dvc plots diff` know it. Hours of
training are better run in the working tree, where one that was killed goes on from its checkpoint, and recorded there.
"""

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import hardware
from experiments.definitions import ROOT, RUNS, command, experiments, kept, settings
from quartetvae import files
from quartetvae.pipeline import params

LOOKS = 3
"""So often in a row nothing works on the queue before another worker is started: one may fall between two tasks."""

WORKERS = 3
"""That may end one after the other with nothing done."""


def run(names: list[str]) -> None:
    """Queue, wait, collect."""
    if _output(["git", "status", "--porcelain"]):
        sys.exit("There are changes that are not committed, which an experiment would take along; commit them first.")
    if old := [name for name in names if _references(name) or name in _states()]:
        sys.exit(f"{', '.join(old)}: run before; `dvc exp remove {' '.join(old)}` (or `dvc queue remove`) first.")
    known = experiments()
    for name in names:
        _do(command(name, known[name]))
    follow(names)


def follow(names: list[str]) -> None:
    """Have queued experiments worked on until all are done, and collect each.

    A worker of DVC's may end before the queue does; another one is started then, and given up if it does nothing.
    """
    if absent := [name for name in names if name not in _states()]:
        sys.exit(f"{', '.join(absent)}: not in DVC's queue (dvc queue status); `run` puts them there.")
    waiting, failed, in_vain = list(names), [], 0
    # At first nothing works.
    idle = LOOKS
    while waiting:
        if idle >= LOOKS:
            if in_vain >= WORKERS:
                sys.exit(f"{', '.join(waiting)}: nothing works on them; see `dvc queue status`.")
            _do(["dvc", "queue", "start", "--jobs", "1"])
            idle, in_vain = 0, in_vain + 1
        # To ask takes seconds of the processor that trains.
        time.sleep(60)
        # Asked before the states: once nothing works any more, they are final.
        idle = idle + 1 if "Worker status: 0 active" in _output(["dvc", "queue", "status"]) else 0
        states = _states()
        for name in [name for name in waiting if states.get(name) in ("Success", "Failed")]:
            waiting.remove(name)
            in_vain = 0
            print(f"{name}: {states[name]}", flush=True)
            if states[name] == "Success":
                collect(name)
            else:
                failed.append(name)
    if failed:
        sys.exit(f"{', '.join(failed)}: failed; `dvc queue logs {failed[0]}` says why.")


def collect(name: str) -> None:
    """Write experiments/runs/<name>.json from a finished experiment."""
    revision = _revision(name)
    commit = _output(["git", "rev-parse", f"{revision}^"]).strip()
    _write(name, revision, commit, f"python -m experiments run {name}", _output(["dvc", "queue", "logs", name]))


def record(name: str, log: Path) -> None:
    """Write the same from the last commit, whose figures `dvc repro` made; `log` is what the stage `train` said."""
    if not log.is_file():
        sys.exit(f"{log}: no such file; it has to be what `dvc repro` printed while it trained, for the minutes.")
    commit = _output(["git", "log", "-1", "--format=%H", "--", "metrics/train.json"]).strip()
    content = params.parse_yaml(_output(["git", "show", f"{commit}:params.yaml"]), Path("params.yaml"))
    for section, values in settings(experiments()[name]).items():
        for key, value in values.items():
            if content[section][key] != value:
                was = content[section][key]
                sys.exit(f"{section}.{key} is {value} in the experiment {name}, {was} in the run of {commit[:7]}.")
    _write(name, commit, commit, "dvc repro", log.read_text(encoding="utf-8"))


def _write(name: str, revision: str, commit: str, how: str, log: str) -> None:
    """Keep the figures of a revision; `commit` has the code that made them."""
    entry = experiments()[name]
    metrics = {stage: json.loads(_output(["git", "show", f"{revision}:metrics/{stage}.json"])) for stage in kept(entry)}
    content = params.parse_yaml(_output(["git", "show", f"{revision}:params.yaml"]), Path("params.yaml"))
    minutes, machine = _spent(name, metrics["train"], content["train"], log)
    found = {
        "about": entry["about"],
        "commit": commit,
        "date": _output(["git", "log", "-1", "--format=%cs", revision]).strip(),
        "command": how,
        "minutes": minutes,
        "hardware": machine,
        "params": content,
        **metrics,
    }
    files.write_json(RUNS / f"{name}.json", found)


def apply(name: str) -> None:
    """Take over what an experiment's run made, and nothing else: `dvc exp apply` would bring its old code along."""
    _do(["git", "checkout", _revision(name), "--", "dvc.lock", "metrics", "plots", "params.yaml"])
    _do(["dvc", "checkout"])


def _spent(name: str, train: dict[str, Any], train_section: dict[str, Any], log: str) -> tuple[float, str]:
    """Tell minutes and hardware of a training: from its log, or from the run whose training DVC took from its cache."""
    if trained := re.findall(r"^trained in ([\d.]+) minutes$", log, flags=re.MULTILINE):
        return float(trained[-1]), hardware.used(1 if train_section["devices"] == "one" else None)
    for path in sorted(RUNS.glob("*.json")):
        other = json.loads(path.read_text(encoding="utf-8"))
        if other["train"] == train:
            return float(other["minutes"]), str(other["hardware"])
    sys.exit(f"{name}: neither its log nor another run says how long it trained; DVC had the result in its cache.")


def _references(name: str) -> list[str]:
    references = _output(["git", "for-each-ref", "--format=%(refname)", "refs/exps"]).split()
    return [reference for reference in references if reference.rsplit("/", 1)[-1] == name]


def _revision(name: str) -> str:
    """Find the commit of a DVC experiment."""
    found = _references(name)
    if len(found) != 1:
        sys.exit(f"{name}: {len(found)} experiments of that name found (dvc exp list --all); one is needed.")
    return _output(["git", "rev-parse", found[0]]).strip()


def _states() -> dict[str, str]:
    """Look up the state of each queued experiment, by name."""
    lines = _output(["dvc", "queue", "status"]).splitlines()
    rows = [line.split() for line in lines[1:] if line.strip() and not line.startswith("Worker")]
    return {row[1]: row[-1] for row in rows if len(row) > 2}


def _do(words: list[str]) -> None:
    print(shlex.join(words), flush=True)
    subprocess.run(words, cwd=ROOT, check=True)


def _output(words: list[str]) -> str:
    return subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
