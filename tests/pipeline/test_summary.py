"""The summary at the end of a run says what to do where nothing has run."""

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
