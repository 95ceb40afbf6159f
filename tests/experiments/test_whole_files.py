"""Models that the project had before, on whole files: where they are taken from."""

import subprocess
from pathlib import Path

import pytest

from experiments import whole_files
from quartetvae.errors import ModelError
from tests.imports import ROOT

FOLDER = Path("quartetvae/weights")


def test_a_folder_is_as_git_has_it_at_a_revision(tmp_path: Path) -> None:
    whole_files.extract("HEAD", FOLDER, tmp_path)
    committed = subprocess.run(["git", "show", f"HEAD:{FOLDER}/architecture.json"], cwd=ROOT, capture_output=True)
    assert (tmp_path / FOLDER / "architecture.json").read_bytes() == committed.stdout
    assert (tmp_path / FOLDER / "model.weights.h5").exists()


@pytest.mark.parametrize(("revision", "folder"), [("nowhere", FOLDER), ("HEAD", Path("no/folder"))])
def test_what_git_does_not_have(revision: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{folder} at {revision}: not in git"):
        whole_files.extract(revision, folder, tmp_path)
    assert not list(tmp_path.iterdir())
