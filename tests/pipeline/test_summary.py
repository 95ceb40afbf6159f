"""The summary at the end of a run says what to do where nothing has run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quartetvae.errors import QuartetError
from quartetvae.pipeline import summary
from tests import workspace
from tests.imports import ROOT


def test_without_outputs_it_says_to_run_the_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace.make(tmp_path))
    with pytest.raises(QuartetError, match=r"metrics/filter\.json: not there; run the pipeline first"):
        summary.main()
    (tmp_path / "metrics").mkdir()
    for path in (ROOT / "metrics").glob("*.json"):
        (tmp_path / "metrics" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(QuartetError, match=r"outputs/interpolations: nothing there; run the pipeline first"):
        summary.main()


def test_what_killed_trainings_left_is_said_but_not_of_one_that_runs(tmp_path: Path) -> None:
    assert summary.left(tmp_path / "none") == ""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    for name, process in (("dead", ended.pid), ("alive", os.getpid())):
        (tmp_path / name).mkdir()
        (tmp_path / name / "progress.npz").write_bytes(bytes(3_000_000))
        (tmp_path / name / "process").write_text(str(process))
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "lock").touch()
    assert summary.left(tmp_path).startswith(f"\n1 training(s) that did not end left 3 MB in {tmp_path}: ")
