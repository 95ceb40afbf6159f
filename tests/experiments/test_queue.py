"""What an experiment found is kept as it was, or not at all."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from experiments import definitions, queue
from quartetvae.pipeline import params
from tests.imports import ROOT

TRAINED = "  5%\nepochs: ...\ntrained in 170.2 minutes\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the figures of a run of the default profile, and params.yaml as it had it."""
    folder = tmp_path / "repository"
    (folder / "metrics").mkdir(parents=True)
    content = params.read_yaml(ROOT / "params.yaml")
    for section, values in definitions.settings(definitions.experiments()["default"]).items():
        content[section].update(values)
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
    for stage in ("train", "reconstruct"):
        (folder / "metrics" / f"{stage}.json").write_text(json.dumps({"of": stage}), encoding="utf-8")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A run"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    monkeypatch.setattr(queue, "ROOT", folder)
    monkeypatch.setattr(queue, "RUNS", tmp_path)
    return folder


def test_a_run_of_the_working_tree_is_recorded(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(TRAINED, encoding="utf-8")
    # Not committed, so not of the record.
    (repository / "metrics" / "train.json").write_text("{}", encoding="utf-8")
    queue.record("default", tmp_path / "log")
    found: dict[str, Any] = json.loads((tmp_path / "default.json").read_text(encoding="utf-8"))
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True)
    assert found["commit"] == head.stdout.strip()
    assert found["minutes"] == 170.2
    assert found["command"] == "dvc repro"
    assert found["train"] == {"of": "train"}
    assert found["reconstruct"] == {"of": "reconstruct"}
    assert found["params"]["encode"]["steps_per_beat"] == 12


def test_another_run_than_the_experiment_is_not_recorded(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(TRAINED, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"download\.sources is \['musicnet'\] in the experiment version-0\.1, "):
        queue.record("version-0.1", tmp_path / "log")
    assert not (tmp_path / "version-0.1.json").exists()


def test_a_log_that_is_not_there_is_asked_for(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"log: no such file; it has to be what `dvc repro` printed"):
        queue.record("default", tmp_path / "log")


def test_a_log_without_minutes_is_no_record(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("Stage 'train' didn't change\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="how long it trained"):
        queue.record("default", tmp_path / "log")


def test_a_worker_that_ended_too_early_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first experiment nothing works any more, though the second one waits."""
    states = {"one": "Queued", "two": "Queued"}
    started: list[list[str]] = []
    collected: list[str] = []

    def start(words: list[str]) -> None:
        started.append(words)
        states[next(name for name, state in states.items() if state == "Queued")] = "Success"

    monkeypatch.setattr(queue, "_do", start)
    monkeypatch.setattr(queue, "_states", lambda: states)
    monkeypatch.setattr(queue, "_output", lambda words: "Worker status: 0 active, 0 idle")
    monkeypatch.setattr(queue, "collect", collected.append)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    queue.follow(["one", "two"])
    assert collected == ["one", "two"]
    assert len(started) == 2


def test_what_is_not_queued_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_states", lambda: {"one": "Queued"})
    with pytest.raises(SystemExit, match="two: not in DVC's queue"):
        queue.follow(["one", "two"])


def test_workers_that_do_nothing_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_do", lambda words: None)
    monkeypatch.setattr(queue, "_states", lambda: {"one": "Queued"})
    monkeypatch.setattr(queue, "_output", lambda words: "Worker status: 0 active, 0 idle")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(SystemExit, match="one: nothing works on them"):
        queue.follow(["one"])
