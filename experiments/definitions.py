"""What experiments there are: experiments.yaml, and the records of those that were run, runs/<name>.json."""

from pathlib import Path
from typing import Any, NotRequired, TypedDict

from quartetvae.metrics.figures import EvaluateFigures, InterpolateFigures, ReconstructFigures, TrainFigures
from quartetvae.pipeline import params

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "experiments" / "runs"

Settings = dict[str, dict[str, Any]]
"""Values of params.yaml by section and key."""


class Experiment(TypedDict):
    """An entry of experiments.yaml."""

    group: str
    about: str
    profile: str
    set: Settings
    """What it changes in the profile."""


class Run(TypedDict):
    """The record of an experiment that was run."""

    about: str
    commit: str
    date: str
    command: str
    minutes: float
    hardware: str
    params: Settings
    train: TrainFigures
    reconstruct: ReconstructFigures
    interpolate: NotRequired[InterpolateFigures]
    evaluate: NotRequired[EvaluateFigures]


def experiments() -> dict[str, Experiment]:
    """Read all of experiments.yaml, by name."""
    groups = params.read_yaml(ROOT / "experiments" / "experiments.yaml")
    found: dict[str, Experiment] = {}
    for group, entries in groups.items():
        for name, entry in entries.items():
            base: Any = found[entry["base"]] if "base" in entry else {"profile": entry["profile"], "set": {}}
            changed = {
                section: {**base["set"].get(section, {}), **values} for section, values in entry.get("set", {}).items()
            }
            found[name] = {
                "group": group,
                "about": entry["about"],
                "profile": base["profile"],
                "set": {**base["set"], **changed},
            }
    return found


def settings(entry: Experiment) -> Settings:
    """List what an experiment sets, by section and key: all that its profile does, with its own values."""
    sections = params.read_yaml(ROOT / "profiles" / f"{entry['profile']}.yaml")
    for section, values in entry["set"].items():
        sections.setdefault(section, {}).update(values)
    return sections


def command(name: str, entry: Experiment) -> list[str]:
    """Give the command that queues an experiment, up to its figures: a page takes longer than some train.

    What no profile sets (plots, tempo) comes from params.yaml.
    """
    pairs = [
        f"{section}.{key}={_plain(value)}"
        for section, values in settings(entry).items()
        for key, value in values.items()
    ]
    changes = [word for pair in pairs for word in ("-S", pair)]
    return ["dvc", "exp", "run", "--queue", "--name", name, *changes, *targets(entry)]


def targets(entry: Experiment) -> tuple[str, ...]:
    """List the stages that an experiment runs, with all that they need: those whose metrics are kept, or applied."""
    return {"main": ("evaluate", "describe"), "seeds": ("evaluate",)}.get(entry["group"], ("reconstruct",))


def kept(entry: Experiment) -> tuple[str, ...]:
    """List the metrics of an experiment that are kept: what docs/results.md shows, or all that the gate may ask for."""
    return ("train", "reconstruct", *(("interpolate", "evaluate") if entry["group"] == "seeds" else ()))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
