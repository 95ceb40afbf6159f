"""The README tells the truth: its figures are those of metrics/, its commands and parameters exist."""

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks import experiments, results
from quartetvae import params
from quartetvae.metrics import comparison
from tests.imports import ROOT


def committed(path: str) -> str:
    """A file as it was committed: a `make demo` since then has changed metrics/ in the working tree."""
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return shown.stdout if shown.returncode == 0 else (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture
def found() -> tuple[dict[str, Any], dict[str, Any]]:
    """Committed metrics, and committed runs of experiments."""
    names = ("train", "encode", "reconstruct", "interpolate", "evaluate", "attributes")
    runs: dict[str, Any] = {}
    for name, entry in experiments.experiments().items():
        if (experiments.RUNS / f"{name}.json").exists():
            runs.setdefault(entry["group"], {})[name] = json.loads(committed(f"benchmarks/runs/{name}.json"))
    return {name: json.loads(committed(f"metrics/{name}.json")) for name in names}, runs


def test_the_results_are_those_of_the_committed_metrics(found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    readme = committed("README.md")
    assert results.BEGIN in readme
    assert results.updated(readme, *found) == readme


def test_a_changed_figure_would_be_seen(found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    readme = committed("README.md")
    found[0]["reconstruct"]["test"]["token_accuracy"] -= 0.1
    assert results.updated(readme, *found) != readme


EXPERIMENTS = experiments.experiments()


def content_of(name: str) -> dict[str, Any]:
    """params.yaml as an experiment has it."""
    content = params.read_yaml(ROOT / "params.yaml")
    for section, values in experiments.settings(EXPERIMENTS[name]).items():
        content[section].update(values)
    return content


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_can_be_queued(name: str) -> None:
    command = experiments.command(name, EXPERIMENTS[name])
    content = params.read_yaml(ROOT / "params.yaml")
    for setting in [word for before, word in itertools.pairwise(command) if before == "-S"]:
        key, value = setting.split("=", 1)
        section, key = key.split(".")
        content[section][key] = yaml.load(value, Loader=params.Yaml12Loader)
    assert content == content_of(name)
    params.check(content, ROOT / "params.yaml")


def test_no_experiment_is_called_like_a_group() -> None:
    assert not set(EXPERIMENTS) & {entry["group"] for entry in EXPERIMENTS.values()}


def test_every_run_is_of_an_experiment() -> None:
    assert {path.stem for path in experiments.RUNS.glob("*.json")} <= set(EXPERIMENTS)


@pytest.mark.parametrize("path", sorted(experiments.RUNS.glob("*.json")), ids=lambda path: path.stem)
def test_a_run_was_of_what_the_experiment_is_now(path: Path) -> None:
    run, now = json.loads(path.read_text(encoding="utf-8")), content_of(path.stem)
    for section in ("filter", "encode", "split", "phrases", "augment", "model", "train"):
        assert run["params"][section] == now[section]
    assert run["params"]["reconstruct"]["decode"] == now["reconstruct"]["decode"]


def test_tables_of_experiments_have_a_row_for_each(found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    metrics, runs = found
    one = {**runs["main"]["default"], "train": metrics["train"], "reconstruct": metrics["reconstruct"]}
    made_up = {
        **runs,
        **{group: {f"{group} {k}": {**one, "about": f"{group} {k}"} for k in (1, 2)} for group in ("paper", "long")},
    }
    text = results.block(metrics, made_up)
    for label in ("paper 1", "paper 2", "long 1", "long 2", "the whole default profile"):
        (line,) = [line for line in text.splitlines() if line.startswith("|") and label in line]
        assert line.count("|") == 9
    assert f"| {metrics['train']['parameters']:,} |" in text


def test_sets_have_a_row_each_and_what_has_no_figure_says_so(found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    evaluated = found[0]["evaluate"]
    for feature in comparison.FEATURES:
        evaluated["prior"][feature]["overlap"] = None
    evaluated["prior"] |= {"mean_overlap": None, "mean_low": None, "same_pitch_class_share": None}
    rows = [line for line in results._sets(evaluated) if line.startswith("| ")]
    assert len(rows) == len(results.SETS) + 1
    assert all(row.count("|") == 7 for row in rows)
    (prior,) = [row for row in rows if "from the prior" in row]
    assert prior.count("n/a") == 3


def test_claims_are_judged_by_the_figures() -> None:
    def run(elbo_nats: float) -> dict[str, Any]:
        return {"reconstruct": {"test": {"by_work": {results.COMMON: {"elbo_nats": elbo_nats}}}}}

    group = {
        **{"paper-as-coded": run(-190.0), "paper-no-augmentation": run(-191.5)},
        **{"corrected": run(-130.0), "corrected-no-augmentation": run(-140.0), "corrected-gru": run(-120.0)},
        **{"corrected-latent-128": run(-134.0), "corrected-latent-32": run(-150.0)},
    }
    text = "".join(results._claims(group))
    for expected in ("which is noise, makes no difference", "transposition helps (-130 with it, -140 without)"):
        assert expected in text
    assert "LSTM or GRU makes no difference* does not survive" in text
    assert "512 latent dimensions are best* survives (512: -130, 128: -134, 32: -150)" in text
    group["corrected-latent-128"] = run(-131.0)
    assert "512 latent dimensions are best* does not survive" in "".join(results._claims(group))
    group["corrected-no-augmentation"] = run(-120.0)
    assert "transposition harms" in "".join(results._claims(group))
    del group["corrected-gru"]
    assert "LSTM" not in "".join(results._claims(group))
    assert results._claims({}) == []


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?:^|`)make ([a-z]+)\b", (ROOT / "README.md").read_text(), flags=re.MULTILINE)))
)
def test_each_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_each_parameter_named_exists() -> None:
    named = re.findall(r"`([a-z]+)\.([a-z_]+)(?::[^`]*)?`", (ROOT / "README.md").read_text(encoding="utf-8"))
    sections = {name: field.annotation for name, field in params.Params.model_fields.items()}
    named = [(section, key) for section, key in named if section in sections]
    assert len(named) > 5
    for section, key in named:
        assert key in getattr(sections[section], "model_fields", {}), f"{section}.{key}"
