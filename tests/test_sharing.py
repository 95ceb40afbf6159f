"""The commands of docs/sharing.md work as they stand there, from one checkout by way of a folder to another."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import ROOT

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"))
}


def blocks(document: str) -> list[str]:
    """What a page of docs/ says to type, block by block."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def typed(commands: str, folder: Path, **stands_for: Path) -> str:
    """Type commands in a folder, with paths for the words that stand for them."""
    for word, place in {"URL": stands_for["url"], "/mnt/quartets": stands_for["remote"]}.items():
        commands = commands.replace(word, str(place))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=folder,
        env=os.environ | WHO | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_data_and_models_go_through_a_folder_to_others(tmp_path: Path) -> None:
    project, remote, elsewhere = (tmp_path / name for name in ("project", "remote", "elsewhere"))
    for folder in (project, remote, elsewhere):
        folder.mkdir()
    made = ("models/quartetvae", "outputs/report", "data/pieces.parquet")
    make = "; ".join(f"mkdir -p $(dirname {out}) && echo {out} > {out}" for out in made)
    stage = f"stages: {{all: {{cmd: '{make}', outs: [{', '.join(made)}]}}}}\n"
    (project / "dvc.yaml").write_text(stage, encoding="utf-8")
    typed(
        "git init --quiet && dvc init --quiet && dvc repro && git add . && git commit --quiet --message 'A run'",
        project,
        url=project,
        remote=remote,
    )
    give, take, single, *_ = blocks("sharing.md")

    typed(give, project, url=project, remote=remote)
    assert [path for path in remote.rglob("*") if path.is_file()]
    said = typed(take.replace("make setup\n", ""), elsewhere, url=project, remote=remote)
    assert "Data and pipelines are up to date" in said
    typed(single, elsewhere, url=project, remote=remote)
    for out in made:
        assert (elsewhere / "quartetvae" / out).read_text(encoding="utf-8") == f"{out}\n"
    assert (elsewhere / "trained").read_text(encoding="utf-8") == "models/quartetvae\n"
    assert (elsewhere / "report").read_text(encoding="utf-8") == "outputs/report\n"


@pytest.mark.slow
def test_another_machine_trains_on_what_it_is_given_and_gives_the_networks_back(tmp_path: Path) -> None:
    project, remote, elsewhere = (tmp_path / name for name in ("project", "remote", "elsewhere"))
    for folder in (project, remote, elsewhere):
        folder.mkdir()
    (project / "dvc.yaml").write_text(
        """
stages:
  download: {cmd: mkdir -p data/raw && echo raw > data/raw/a, outs: [data/raw]}
  encode: {cmd: mkdir -p data/phrases && cp data/raw/a data/pieces.parquet && cp data/raw/a data/phrases/a,
    deps: [data/raw], outs: [data/pieces.parquet, data/phrases]}
  train: {cmd: mkdir -p models && (cat data/phrases/a; echo $KERAS_BACKEND) > models/quartetvae, deps: [data/phrases],
    params: [epochs], outs: [models/quartetvae]}
  compose: {cmd: mkdir -p models && cat data/pieces.parquet > models/composer, deps: [data/pieces.parquet],
    params: [epochs], outs: [models/composer]}
  evaluate: {cmd: mkdir -p metrics && cat models/quartetvae models/composer > metrics/a,
    deps: [models/quartetvae, models/composer], outs: [metrics/a]}
""",
        encoding="utf-8",
    )
    (project / "params.yaml").write_text("epochs: 1\n", encoding="utf-8")
    give, _, _, train, back = blocks("sharing.md")
    begin = "git init --quiet && dvc init --quiet && dvc repro && git add . && git commit --quiet --message 'A run'"
    typed(begin, project, url=project, remote=remote)
    typed(give, project, url=project, remote=remote)
    change = "sed -i 's/epochs: 1/epochs: 2/' params.yaml && git commit --quiet --all --message More"
    typed(change, project, url=project, remote=remote)

    train = "".join(line for line in train.splitlines(keepends=True) if not line.startswith(("make setup", ".venv/")))
    said = typed(train, elsewhere, url=project, remote=remote)
    assert not (elsewhere / "quartetvae" / "data" / "raw").exists()
    assert "Running stage 'train'" in said
    assert "Running stage 'compose'" in said

    said = typed(back, project, url=project, remote=remote)
    assert (project / "metrics" / "a").read_text(encoding="utf-8") == "raw\njax\nraw\n"
    assert "Stage 'train' didn't change, skipping" in said
    assert "Running stage 'evaluate'" in said


def test_a_grid_of_values_is_queued_as_an_experiment_for_each(tmp_path: Path) -> None:
    (command,) = re.findall(r"`(dvc exp run [^`]*)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    (tmp_path / "params.yaml").write_text("train: {beta: 0.2}\n", encoding="utf-8")
    stage = "stages: {train: {cmd: cat params.yaml > made, params: [train], outs: [made]}}\n"
    (tmp_path / "dvc.yaml").write_text(stage, encoding="utf-8")
    setup = "git init --quiet && dvc init --quiet && git add . && git commit --quiet --message 'A pipeline'"
    said = typed(f"{setup} && {command} && dvc exp list", tmp_path, url=tmp_path, remote=tmp_path)
    assert "train.beta=0.05" in said
    assert "train.beta=0.1" in said
    assert said.count("Queued experiment") == 2
