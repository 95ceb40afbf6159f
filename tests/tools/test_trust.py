"""docs/trust.md says what trust/*.json have."""

from typing import Any

import pytest

from tools import trust

MADE = {"command": "python -m trust.x", "date": "2026-01-02", "seconds": 60.0, "hardware": "2 cores", "commit": "abc"}

TARGET: dict[str, Any] = {
    **{"mutants": 295, "tried": 100, "killed": 81, "survived": 9, "equivalent": 10, "share": 0.9},
    **{"interval": [0.8212, 0.9461], "findings": [], "commit": "def", "seed": 3},
}

COVERED = {"num_statements": 1234, "num_branches": 200, "branch_percent": 95.5, "percent": 98.25}

FOUND: dict[str, Any] = {
    "kills": {
        **MADE,
        **{"kills": 7, "in_stage": 5, "while_storing": 2, "by_signal": {"SIGKILL to dvc": 7}, "by_stage": {"train": 7}},
        "in_stage_by_stage": {"train": 5},
        **{"files_compared": 99, "longest_outlived_seconds": 0.21, "temporary_bytes_left": 12, "findings": []},
        "halved_by_dvc": {"dvc.lock": 1},
    },
    "bytes": {**MADE, "conditions": [{"TZ": "UTC"}, {"TZ": "Asia/Tokyo"}], "files_compared": 88, "differ": []},
    "mutations": {
        **MADE,
        **{"count": 1000, "seconds_limit": 2.0, "memory_limit_mib": 512, "findings": []},
        "kinds": {"kern": {"read": 3, "refused": 4, "finding": 0, "slowest_seconds": 0.5}},
    },
    "mutants": {**MADE, "targets": {"codec": TARGET}},
    "coverage": {**MADE, "passed": True, "total": COVERED, "folders": {"music": COVERED}},
}


def test_the_page_is_that_of_the_committed_figures() -> None:
    assert trust.page(trust.read()) == trust.PAGE.read_text(encoding="utf-8")


def test_figures_are_told() -> None:
    page = trust.page(FOUND)
    assert "`python -m trust.x`: 2026-01-02, 60 seconds, 2 cores, at commit abc." in page
    assert "7 kills: 5 in a stage, 2 while DVC stored" in page
    assert "| TZ | UTC | Asia/Tokyo |" in page
    assert "| kern | 3 | 4 | 0 | 0.50 |" in page
    assert "| codec | def | 3 | 295 | 100 | 10 | 81 | 9 | 90.0%, 82.1% to 94.6% |" in page
    assert "| music | 1,234 | 200 | 95.5 % | 98.2 % |" in page
    assert page.count("Findings: none.") == 3


@pytest.mark.parametrize(
    ("name", "key", "value", "told"),
    [
        ("kills", "findings", ["kill 3: a file is left"], "Findings: kill 3: a file is left."),
        ("kills", "halved_by_dvc", {"dvc.lock": 17, "rwlock": 3}, "needs: dvc.lock 17, rwlock 3; see below"),
        ("bytes", "differ", ["plots/loss.csv"], "Different: plots/loss.csv."),
        ("mutations", "seconds", 1234.0, "21 minutes"),
        ("mutants", "targets", {"codec": {**TARGET, "findings": ["it died"]}}, "Findings: codec: it died."),
        ("coverage", "passed", False, "Not all tests passed in this run."),
    ],
)
def test_another_figure_is_another_page(name: str, key: str, value: Any, told: str) -> None:
    assert told not in trust.page(FOUND)
    assert told in trust.page({**FOUND, name: {**FOUND[name], key: value}})


def test_every_finding_of_a_damaged_file_is_listed() -> None:
    findings = [{"kind": "weights", "error": error, "times": 2} for error in ("KeyError: 'x'", "OSError: y")]
    page = trust.page({**FOUND, "mutations": {**FOUND["mutations"], "findings": findings}})
    assert "Findings: weights: KeyError: 'x'; weights: OSError: y." in page


def test_what_was_not_run_is_said() -> None:
    assert "Not run yet: `python -m trust.bytes`." in trust.page({**FOUND, "bytes": None})
