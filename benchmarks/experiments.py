"""Run the experiments of benchmarks/experiments.yaml by DVC's queue, and keep what they found in benchmarks/runs/.

    python -m benchmarks.experiments                  # what there is, and what has been run
    python -m benchmarks.experiments run NAME...      # queue, run one after the other, collect
    python -m benchmarks.experiments collect NAME...  # of experiments that are done

An experiment is a profile with some values changed. Its name in DVC is that in the file, so `dvc exp show`, `dvc exp
apply NAME` and `dvc plots diff` know it. The README's tables are made from benchmarks/runs/ (benchmarks/results.py).
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

from quartetvae import files, params

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
            found[name] = {
                "group": group,
                "about": entry["about"],
                "profile": base["profile"],
                "set": settings,
            }
    return found


def command(name: str, entry: dict[str, Any]) -> list[str]:
    """The command that queues an experiment, whatever params.yaml holds now."""
    sections = params.read_yaml(ROOT / "profiles" / f"{entry['profile']}.yaml")
    for section, values in entry["set"].items():
        sections.setdefault(section, {}).update(values)
    settings = [f"{section}.{key}={_plain(value)}" for section, of in sections.items() for key, value in of.items()]
    return ["dvc", "exp", "run", "--queue", "--name", name, *(word for s in settings for word in ("-S", s))]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def run(names: list[str]) -> None:
    """Queue, wait, collect."""
    known = experiments()
    for name in names:
        _do(command(name, known[name]))
    _do(["dvc", "queue", "start", "--jobs", "1"])
    waiting = list(names)
    while waiting:
        time.sleep(10)
        for name, state in _states().items():
            if name in waiting and state in ("Success", "Failed"):
                waiting.remove(name)
                print(f"{name}: {state}", flush=True)
                if state == "Success":
                    collect(name)


def collect(name: str) -> None:
    """Write benchmarks/runs/<name>.json from a finished experiment."""
    entry = experiments()[name]
    revision = _revision(name)
    log = _output(["dvc", "queue", "logs", name])
    trained = re.findall(r"^trained in ([\d.]+) minutes on (.+)$", log, flags=re.MULTILINE)
    if not trained:
        sys.exit(f"{name}: its log does not say how long it trained; DVC had the result in its cache. Run it anew.")
    minutes, hardware = trained[-1]
    files.write_json(
        RUNS / f"{name}.json",
        {
            "about": entry["about"],
            "profile": entry["profile"],
            "set": entry["set"],
            "commit": _output(["git", "rev-parse", f"{revision}^"]).strip(),
            "date": _output(["git", "log", "-1", "--format=%cs", revision]).strip(),
            "command": f"python -m benchmarks.experiments run {name}",
            "minutes": float(minutes),
            "hardware": hardware,
            **{
                stage: json.loads(_output(["git", "show", f"{revision}:metrics/{stage}.json"]))
                for stage in ("train", "reconstruct")
            },
        },
    )


def _revision(name: str) -> str:
    """The commit of a DVC experiment."""
    refs = _output(["git", "for-each-ref", "--format=%(refname)", "refs/exps"]).split()
    found = [ref for ref in refs if ref.rsplit("/", 1)[-1] == name]
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
    parser.add_argument("action", choices=["list", "run", "collect"], nargs="?", default="list")
    parser.add_argument("names", nargs="*", help="of experiments.yaml; a group's name means all of it")
    arguments = parser.parse_args()
    known = experiments()
    groups = {entry["group"] for entry in known.values()}
    if unknown := [name for name in arguments.names if name not in known and name not in groups]:
        parser.error(f"no experiment {', '.join(unknown)}; there are {', '.join(known)}")
    names = [name for name, entry in known.items() if name in arguments.names or entry["group"] in arguments.names]
    if arguments.action == "list":
        for name, entry in known.items():
            print(f"{'done' if (RUNS / f'{name}.json').exists() else '    '}  {name:24} {entry['about']}")
    elif arguments.action == "run":
        run(names)
    else:
        for name in names:
            collect(name)


if __name__ == "__main__":
    main()
