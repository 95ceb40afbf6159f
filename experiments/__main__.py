"""Run the experiments of experiments/experiments.yaml, and keep what they found in experiments/runs/.

    python -m experiments                  # what there is, and what has been run
    python -m experiments run NAME...      # queue, run one after the other, collect
    python -m experiments follow NAME...   # of such as are queued already: wait, collect
    python -m experiments collect NAME...  # of experiments that are done
    python -m experiments record NAME LOG  # of one that `dvc repro` ran here, and whose figures are committed
    python -m experiments apply NAME       # its dvc.lock, metrics/ and plots/ into the working tree

An experiment is a profile with some values changed. The tables of docs/results.md are made from experiments/runs/
(`python -m tools.results`).
"""

from pathlib import Path

from experiments import queue
from experiments.definitions import RUNS, experiments
from quartetvae import terminal


def main() -> None:
    """Read the command line."""
    parser = terminal.parser("python -m experiments", __doc__)
    parser.add_argument(
        "action", choices=["list", "run", "follow", "collect", "record", "apply"], nargs="?", default="list"
    )
    parser.add_argument("names", nargs="*", help="of experiments.yaml; a group's name means all of it")
    arguments = parser.parse_args()
    known = experiments()
    if arguments.action == "record":
        if len(arguments.names) != 2 or arguments.names[0] not in known:
            parser.error("record: the name of an experiment, and what the stage `train` printed as a file")
        queue.record(arguments.names[0], Path(arguments.names[1]))
        return
    groups = {entry["group"] for entry in known.values()}
    if unknown := [name for name in arguments.names if name not in known and name not in groups]:
        parser.error(f"no experiment {', '.join(unknown)}; there are {', '.join(known)}")
    names = [name for name, entry in known.items() if name in arguments.names or entry["group"] in arguments.names]
    if arguments.action == "list":
        rows = [
            (name, entry["group"], "done" if (RUNS / f"{name}.json").exists() else "", entry["about"])
            for name, entry in known.items()
        ]
        print(terminal.table(("name", "group", "run", "about"), rows))
    elif not names:
        parser.error(f"{arguments.action}: which? There are {', '.join(known)}")
    elif arguments.action == "run":
        queue.run(names)
    elif arguments.action == "follow":
        queue.follow(names)
    else:
        for name in names:
            {"collect": queue.collect, "apply": queue.apply}[arguments.action](name)


if __name__ == "__main__":
    main()
