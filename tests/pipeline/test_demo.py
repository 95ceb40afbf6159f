"""`make demo` runs beside the project, changes nothing in it, and says which page to open."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quartetvae.pipeline import params
from tests import workspace
from tests.imports import ROOT

DVC = f"""#!/bin/sh
mkdir -p metrics plots outputs/interpolations/a-b outputs/reconstructions/c
cp {ROOT}/metrics/*.json metrics/
echo "$@" > plots/asked.txt
"""
"""Stands for DVC: what it would make, at once."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed copy of the project, in which `make demo` was said."""
    folder = workspace.make(tmp_path_factory.mktemp("project"))
    git(folder, "add", ".")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "A project")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "dvc").write_text(DVC, encoding="utf-8")
    (folder / ".venv" / "bin" / "dvc").chmod(0o755)
    (folder / ".venv" / "ready").touch()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # Run by `make test`, it would be told the flags of that make, and say which folder it leaves.
    plain = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(
        ["make", "demo"],
        cwd=folder,
        env=plain | {"PATH": path, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / ".work" / "said.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_no_file_of_the_project_changes(project: Path) -> None:
    assert git(project, "status", "--porcelain") == ""
    assert (project / ".work" / "demo" / "plots" / "asked.txt").read_text(encoding="utf-8") == "repro\n"


def test_it_runs_in_a_copy_of_the_files_that_git_knows(project: Path) -> None:
    copy = project / ".work" / "demo"
    made = ("metrics/", "plots/", "dvc.lock", "params.yaml")
    names = [name for name in git(project, "ls-files").splitlines() if not name.startswith(made)]
    assert {"Makefile", "stages/train.py", "data/own/README.md"} <= set(names)
    assert all((copy / name).read_bytes() == (project / name).read_bytes() for name in names)
    assert params.read_yaml(copy / "params.yaml")["download"]["sources"] == ["music21"]


def test_it_says_that_it_trains_and_which_page_to_open(project: Path) -> None:
    said = (project / ".work" / "said.txt").read_text(encoding="utf-8")
    assert "trains two small networks from nothing" in said
    page = (project / ".work" / "demo" / "outputs" / "report" / "index.html").as_uri()
    assert said.splitlines()[-1].strip() == page
    assert "notes of their files" in said
