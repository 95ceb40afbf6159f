"""Run the experiments of benchmarks/experiments.yaml by DVC's queue, and keep what they found in benchmarks/runs/.

    python -m benchmarks.experiments                  # what there is, and what has been run
    python -m benchmarks.experiments run NAME...      # queue, run one after the other, collect
    python -m benchmarks.experiments collect NAME...  # of experiments that are done
    python -m benchmarks.experiments apply NAME       # its dvc.lock, metrics/ and plots/ into the working tree

An experiment is a profile with some values changed. Its name in DVC is that in the file, so `dvc exp show` and
`dvc plots diff` know it. The README's tables are made from benchmarks/runs/ (benchmarks/results.py).
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import hardware
from quartetvae import files
from quartetvae.pipeline import params

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "benchmarks" / "runs"


def experiments() -> dict[str, dict[str, Any]]:
    """All of experiments.yaml: by name, `group`, `profile`, `set` (section, key, value) and `about`."""
    groups = params.read_yaml(ROOT / "benchmarks" / "experiments.yaml")
    found: dict[str, dict[str, Any]] = {}
    for group, entries in groups.items():
        for name, entry in entries.items():
            base = found[entry["base"]] if "base" in entry else {"profile": entry["profile"], "set": {}}
            changed = {section: {**base["set"].get(section, {}), **of} for section, of in entry.get("set", {}).items()}
            settings = {**base["set"], **changed}
            found[name] = {"group": group, "about": entry["about"], "profile": base["profile"], "set": settings}
    return found


def settings(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an experiment sets, by section and key: all that its profile does, with its own values."""
    sections = params.read_yaml(ROOT / "profiles" / f"{entry['profile']}.yaml")
    for section, values in entry["set"].items():
        sections.setdefault(section, {}).update(values)
    return sections


def command(name: str, entry: dict[str, Any]) -> list[str]:
    """The command that queues an experiment, up to its figures: a page to listen on would take longer than some train.

    What no profile sets (plots, tempo) comes from params.yaml.
    """
    pairs = [f"{section}.{key}={_plain(value)}" for section, of in settings(entry).items() for key, value in of.items()]
    return [
        "dvc",
        "exp",
        "run",
        "--queue",
        "--name",
        name,
        *(word for pair in pairs for word in ("-S", pair)),
        *targets(entry),
    ]


def targets(entry: dict[str, Any]) -> tuple[str, ...]:
    """Stages that an experiment runs, with all that they need: those whose metrics are kept, or may be applied."""
    return ("evaluate", "describe") if entry["group"] in ("main", "seeds") else ("reconstruct",)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def run(names: list[str]) -> None:
    """Queue, wait, collect."""
    if _output(["git", "status", "--porcelain"]):
        sys.exit("There are changes that are not committed, which an experiment would take along; commit them first.")
    if old := [name for name in names if _references(name) or name in _states()]:
        sys.exit(f"{', '.join(old)}: run before; `dvc exp remove {' '.join(old)}` (or `dvc queue remove`) first.")
    known = experiments()
    for name in names:
        _do(command(name, known[name]))
    _do(["dvc", "queue", "start", "--jobs", "1"])
    waiting, failed, idle = list(names), [], 0
    while waiting:
        time.sleep(10)
        # Asked before the states: once nothing works any more, they are final. One look may fall between two tasks.
        idle = idle + 1 if "Worker status: 0 active" in _output(["dvc", "queue", "status"]) else 0
        states = _states()
        for name in [name for name in waiting if states.get(name) in ("Success", "Failed")]:
            waiting.remove(name)
            print(f"{name}: {states[name]}", flush=True)
            if states[name] == "Success":
                collect(name)
            else:
                failed.append(name)
        if waiting and idle > 6:
            sys.exit(f"{', '.join(waiting)}: nothing works on the queue any more; `dvc queue start`, then collect.")
    if failed:
        sys.exit(f"{', '.join(failed)}: failed; `dvc queue logs {failed[0]}` says why.")


def kept(entry: dict[str, Any]) -> tuple[str, ...]:
    """Which metrics of an experiment are kept: what the README shows, or all that the gate may ask for."""
    return ("train", "reconstruct", *(("interpolate", "evaluate") if entry["group"] == "seeds" else ()))


def collect(name: str) -> None:
    """Write benchmarks/runs/<name>.json from a finished experiment."""
    revision, entry = _revision(name), experiments()[name]
    metrics = {stage: json.loads(_output(["git", "show", f"{revision}:metrics/{stage}.json"])) for stage in kept(entry)}
    content = params.parse_yaml(_output(["git", "show", f"{revision}:params.yaml"]), Path("params.yaml"))
    minutes, machine = _spent(name, metrics["train"], content["train"])
    run = {
        "about": entry["about"],
        "commit": _output(["git", "rev-parse", f"{revision}^"]).strip(),
        "date": _output(["git", "log", "-1", "--format=%cs", revision]).strip(),
        "command": f"python -m benchmarks.experiments run {name}",
        "minutes": minutes,
        "hardware": machine,
        "params": content,
        **metrics,
    }
    files.write_json(RUNS / f"{name}.json", run)


def _spent(name: str, train: dict[str, Any], train_section: dict[str, Any]) -> tuple[float, str]:
    """Minutes and hardware of a training: from its log, or from the run whose training DVC took from its cache."""
    log = _output(["dvc", "queue", "logs", name])
    if trained := re.findall(r"^trained in ([\d.]+) minutes$", log, flags=re.MULTILINE):
        return float(trained[-1]), hardware.used(1 if train_section["devices"] == "one" else None)
    for path in sorted(RUNS.glob("*.json")):
        other = json.loads(path.read_text(encoding="utf-8"))
        if other["train"] == train:
            return float(other["minutes"]), str(other["hardware"])
    sys.exit(f"{name}: neither its log nor another run says how long it trained; DVC had the result in its cache.")


def apply(name: str) -> None:
    """Take over what an experiment's run made, and nothing else: `dvc exp apply` would bring its old code along."""
    _do(["git", "checkout", _revision(name), "--", "dvc.lock", "metrics", "plots", "params.yaml"])
    _do(["dvc", "checkout"])


def _references(name: str) -> list[str]:
    references = _output(["git", "for-each-ref", "--format=%(refname)", "refs/exps"]).split()
    return [reference for reference in references if reference.rsplit("/", 1)[-1] == name]


def _revision(name: str) -> str:
    """The commit of a DVC experiment."""
    found = _references(name)
    if len(found) != 1:
        sys.exit(f"{name}: {len(found)} experiments of that name found (dvc exp list --all); one is needed.")
    return _output(["git", "rev-parse", found[0]]).strip()


def _states() -> dict[str, str]:
    """The state of each queued experiment, by name."""
    lines = _output(["dvc", "queue", "status"]).splitlines()
    rows = [line.split() for line in lines[1:] if line.strip() and not line.startswith("Worker")]
    return {row[1]: row[-1] for row in rows if len(row) > 2}


def _do(words: list[str]) -> None:
    print(shlex.join(words), flush=True)
    subprocess.run(words, cwd=ROOT, check=True)


def _output(words: list[str]) -> str:
    return subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Read the command line."""
    summary, usage = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experiments",
        description=summary,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=["list", "run", "collect", "apply"], nargs="?", default="list")
    parser.add_argument("names", nargs="*", help="of experiments.yaml; a group's name means all of it")
    arguments = parser.parse_args()
    known = experiments()
    groups = {entry["group"] for entry in known.values()}
    if unknown := [name for name in arguments.names if name not in known and name not in groups]:
        parser.error(f"no experiment {', '.join(unknown)}; there are {', '.join(known)}")
    names = [name for name, entry in known.items() if name in arguments.names or entry["group"] in arguments.names]
    if arguments.action == "list":
        for name, entry in known.items():
            print(f"{'done' if (RUNS / f'{name}.json').exists() else '    '}  {name:26} {entry['about']}")
    elif not names:
        parser.error(f"{arguments.action}: which? There are {', '.join(known)}")
    elif arguments.action == "run":
        run(names)
    else:
        for name in names:
            {"collect": collect, "apply": apply}[arguments.action](name)


if __name__ == "__main__":
    main()
