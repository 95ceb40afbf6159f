"""How far figures lie apart that only the training's seed tells apart; the gates' tolerances come from that.

    python -m experiments.tolerances tiny     # for .ci/tiny/gate.yaml: the tiny pipeline with five seeds (minutes)
    python -m experiments.tolerances default  # for gate.yaml: from the experiments `seed-...` in experiments/runs/

The tolerance of a figure that has a better and a worse is by how much one further seed is worse than another in one
case of a hundred, if figures are normally distributed: t * s * sqrt(2), with s their standard deviation over the seeds
and t Student's quantile, rounded up. Few seeds make it wide. Of several figures under one rule the widest counts. A
figure that these runs do not have, and that stands in metrics/ between a `low` and a `high` of 95 %, has that interval
for a spread. The figures themselves are kept beside the rules, in *.spread.json.
"""

import datetime
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from scipy import stats

from benchmarks import hardware
from experiments import definitions
from quartetvae import files, terminal
from quartetvae.pipeline import gate

ROOT = Path(__file__).resolve().parent.parent
RULES = {"tiny": ROOT / ".ci" / "tiny" / "gate.yaml", "default": ROOT / "gate.yaml"}
TINY_SEEDS = 5

SURE = 0.99


def spread_path(rules: Path) -> Path:
    """Name the file in which the figures behind a rules file are kept."""
    return rules.with_suffix(".spread.json")


def of_tiny() -> list[dict[str, Any]]:
    """Collect metrics/ of the tiny pipeline under several seeds."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(TINY_SEEDS):
            profile = Path(folder) / f"seed-{seed}.yaml"
            profile.write_text(f"train: {{seed: {seed}}}\n", encoding="utf-8")
            copy = Path(folder) / str(seed)
            subprocess.run([str(ROOT / ".ci" / "tiny" / "once"), str(copy), str(profile)], check=True)
            found.append(gate.read_workspace(copy / "metrics"))
            print(f"seed {seed}: done", flush=True)
    return found


def of_default() -> list[dict[str, Any]]:
    """Collect metrics of the experiments of the group `seeds`."""
    names = [name for name, entry in definitions.experiments().items() if entry["group"] == "seeds"]
    done = [path for name in names if (path := definitions.RUNS / f"{name}.json").exists()]
    if len(done) < 3:
        sys.exit(f"{len(done)} runs of the group `seeds`; three are needed: python -m experiments run seeds")
    return [json.loads(path.read_text(encoding="utf-8")) for path in done]


def spread(metrics: Sequence[dict[str, Any]], rules: Sequence[gate.Rule]) -> dict[str, dict[str, list[float]]]:
    """Collect, for each rule with a better and a worse, the figures that it concerns over the runs, by name."""
    flat = [gate.flatten(one) for one in metrics]
    return {
        rule.metric: figures
        for rule in rules
        if rule.direction in ("higher", "lower")
        and (figures := {".".join(name): [one[name] for one in flat] for name in flat[0] if rule.concerns(name)})
    }


def intervals(metrics: dict[str, Any], rules: Sequence[gate.Rule]) -> dict[str, dict[str, list[float]]]:
    """Collect, for each of these rules, the intervals of the figures that it concerns, by name: low and high."""
    flat = gate.flatten(metrics)
    return {
        rule.metric: {
            ".".join(name): [flat[(*name[:-1], end)] for end in ("low", "high")] for name in flat if rule.concerns(name)
        }
        for rule in rules
    }


def tolerance_of_intervals(found: dict[str, list[float]]) -> float:
    """Compute the tolerance of a rule by the 95 % intervals of its figures, as if these were normally distributed."""
    wide = max(high - low for low, high in found.values()) / (2 * stats.norm.ppf(0.975))
    return _rounded_up(float(wide * stats.norm.ppf(SURE) * math.sqrt(2)))


def tolerance(figures: dict[str, list[float]], *, sides: int = 1) -> float:
    """Compute the tolerance of a rule by the figures that it concerns; two significant digits, rounded up.

    `sides`: 1 if only the one way counts (worse), 2 if either does (different).
    """
    wide = max(float(np.std(values, ddof=1)) * _quantile(len(values), sides) for values in figures.values())
    return _rounded_up(wide)


def _rounded_up(wide: float) -> float:
    if wide == 0:
        return 0
    unit = 10.0 ** (math.floor(math.log10(wide)) - 1)
    found = round(math.ceil(round(wide / unit, 6)) * unit, 12)
    return int(found) if found.is_integer() else found


def _quantile(seeds: int, sides: int = 1) -> float:
    """Tell by how many standard deviations a further draw is above another at most, `SURE` times; of so many seeds.

    With two sides: how many they lie apart at most.
    """
    return float(stats.t.ppf(1 - (1 - SURE) / sides, seeds - 1) * math.sqrt(2))


def main() -> None:
    """Read the command line."""
    parser = terminal.parser("python -m experiments.tolerances", __doc__)
    parser.add_argument("which", choices=list(RULES))
    which = parser.parse_args().which
    path = RULES[which]
    rules = gate.read_rules(path)
    found = {"tiny": of_tiny, "default": of_default}[which]()
    figures = spread(found, rules)
    about_it = {
        "command": f"python -m experiments.tolerances {which}",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "hardware": hardware.used(),
        "seeds": len(found),
    }
    others = [rule for rule in rules if rule.direction in ("higher", "lower") and rule.metric not in figures]
    spans = intervals(gate.read_workspace(ROOT / "metrics"), others)
    files.write_json(spread_path(path), {**about_it, "figures": figures, "intervals": spans})
    found_tolerances = {metric: tolerance(of) for metric, of in figures.items()}
    found_tolerances |= {metric: tolerance_of_intervals(of) for metric, of in spans.items()}
    yaml = YAML()
    yaml.width = 200
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(path.read_text(encoding="utf-8"))
    for entry, rule in zip(content["rules"], rules, strict=True):
        if rule.metric in found_tolerances:
            entry["tolerance"] = found_tolerances[rule.metric]
            print(f"{rule.metric}: {entry['tolerance']:g}")
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


if __name__ == "__main__":
    main()
