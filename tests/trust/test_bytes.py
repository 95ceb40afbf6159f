"""The two runs whose bytes are compared differ in all that they say, and one file that differs is named."""

import os
from pathlib import Path
from typing import Any

import pytest

from trust import bytes as trust_bytes
from trust import tiny


def test_conditions_are_other_in_everything() -> None:
    one, other = trust_bytes.CONDITIONS
    assert one.keys() == other.keys()
    assert not [name for name in one if one[name] == other[name]]
    assert not other["folder"].isascii()


def test_a_language_that_is_not_there_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_bytes, "installed", lambda language: language == "C.UTF-8")
    one, other = map(trust_bytes.setting, trust_bytes.CONDITIONS)
    assert (one["LC_ALL"], other["LC_ALL"]) == ("C.UTF-8", "C")
    assert other["TZ"] == trust_bytes.CONDITIONS[1]["TZ"]


def test_a_run_has_its_condition_and_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    class Done:
        def wait(self) -> int:
            return 0

    def repro(folder: Path, log: Path, setting: dict[str, str], *more: str) -> Done:
        mask = os.umask(0)
        os.umask(mask)
        seen.update(asked=more, mask=mask, zone=setting["TZ"], folder=folder, cores=os.sched_getaffinity(0))
        return Done()

    def prepare(folder: Path, profiles: list[Path]) -> Path:
        folder.mkdir(parents=True)
        return folder

    monkeypatch.setattr(tiny, "repro", repro)
    monkeypatch.setattr(tiny, "prepare", prepare)
    before, allowed = os.umask(0o022), os.sched_getaffinity(0)
    try:
        condition = trust_bytes.CONDITIONS[1]
        assert trust_bytes.run(tmp_path, condition, tmp_path / "log", cores=1, until="encode") == {}
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert seen["asked"] == ("repro", "encode")
    assert (seen["mask"], seen["zone"], len(seen["cores"])) == (0o077, "Pacific/Auckland", 1)
    assert seen["folder"] == tmp_path / "another folder, ćwierć" / "ton"
    assert os.sched_getaffinity(0) == allowed
