"""The README tells the truth: its figures are those of metrics/, its commands and parameters exist."""

import json
import re
import subprocess
from typing import Any

import pytest

from benchmarks import results
from quartetvae import params
from tests.imports import ROOT


def committed(path: str) -> str:
    """A file as it was committed: a `make demo` since then has changed metrics/ in the working tree."""
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return shown.stdout if shown.returncode == 0 else (ROOT / path).read_text(encoding="utf-8")


def test_the_results_are_those_of_the_committed_metrics() -> None:
    names = ("train", "encode", "reconstruct", "interpolate", "evaluate")
    metrics: dict[str, Any] = {name: json.loads(committed(f"metrics/{name}.json")) for name in names}
    readme = committed("README.md")
    assert results.BEGIN in readme
    assert results.updated(readme, metrics) == readme


def test_a_changed_figure_would_be_seen() -> None:
    readme = committed("README.md")
    names = ("train", "encode", "reconstruct", "interpolate", "evaluate")
    metrics: dict[str, Any] = {name: json.loads(committed(f"metrics/{name}.json")) for name in names}
    metrics["reconstruct"]["test"]["token_accuracy"] -= 0.1
    assert results.updated(readme, metrics) != readme


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
