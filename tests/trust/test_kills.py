"""Kills are planned by their seed; the tiny pipeline, killed and said again, makes the same bytes."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import psutil
import pytest

from tests.imports import ROOT
from trust import kills, tiny
from trust.kills import Found, Kill, Run, Signal

STAGES = list(tiny.stages())

QUICK = ROOT / "trust" / "quick.yaml"
"""Less than profiles/tiny.yaml computes."""


def test_a_pass_has_a_kill_in_each_stage_and_the_last_one_in_some() -> None:
    assert STAGES[0] == "download"
    assert STAGES[-1] == "summary"
    passes = kills.plan(2 * len(STAGES) + 5, 0, STAGES)
    assert [len(each) for each in passes] == [len(STAGES), len(STAGES), 5]
    assert [kill.stage for kill in passes[0]] == STAGES
    last = [STAGES.index(kill.stage) for kill in passes[2]]
    assert last == sorted(set(last))
    assert [kill.number for each in passes for kill in each] == list(range(2 * len(STAGES) + 5))


def test_kills_are_drawn_by_the_seed_of_all_kinds() -> None:
    drawn = [kill for each in kills.plan(600, 1, STAGES) for kill in each]
    assert drawn == [kill for each in kills.plan(600, 1, STAGES) for kill in each]
    assert drawn != [kill for each in kills.plan(600, 2, STAGES) for kill in each]
    counts = Counter((kill.signal, kill.target, kill.storing) for kill in drawn)
    # All but a stage that has ended.
    assert len(counts) == 2 * 5
    assert min(counts.values()) > 10
    assert all(0 <= kill.share < 1 for kill in drawn)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("'./dvc.lock' validation failed.\n\nrequired key not provided, in schema", "dvc.lock"),
        ("ERROR: unable to read: 'dvc.lock', YAML file structure is corrupted", "dvc.lock"),
        (
            "ERROR: failed to reproduce 'download': Unable to read RWLock-file '.dvc/tmp/rwlock'. JSON structure is "
            "corrupted: Expecting value: line 1 column 1 (char 0)",
            ".dvc/tmp/rwlock",
        ),
        ("Updating lock file 'dvc.lock'\n\nERROR: failed to reproduce 'filter'", None),
    ],
)
def test_half_of_a_file_of_dvc_is_told_from_other_failures(
    said: str, name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for half in kills.HALVED:
        (tmp_path / half).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / half).write_text("schema:")
    (tmp_path / "log").write_text(said)
    run = object.__new__(Run)
    run.log = tmp_path / "log"
    monkeypatch.setattr(Run, "end", lambda self: 1)
    found = Found()
    assert kills.remedied(run, tmp_path, found) == (name is not None)
    assert dict(found.halved) == ({name: 1} if name else {})
    assert [half for half in kills.HALVED if not (tmp_path / half).exists()] == ([name] if name else [])
    # What is not there any more is no remedy: it ends.
    assert not kills.remedied(run, tmp_path, found)


@pytest.fixture
def dvc() -> Iterator[Run]:
    """A `dvc` that does not end by itself."""
    run = object.__new__(Run)
    with Popen(["sleep", "600"], start_new_session=True) as run.dvc:
        yield run
        run.dvc.kill()


@pytest.fixture
def stage() -> Iterator[Popen[bytes]]:
    """A stage that does not end by itself."""
    with Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("signal", kills.SIGNALS)
def test_a_stage_is_hit_as_it_runs(signal: Signal, dvc: Run, stage: Popen[bytes]) -> None:
    kill = Kill(0, "train", signal, "stage", storing=False, share=0.5)
    told = kills.hit(dvc, kill, psutil.Process(stage.pid), {"train": 0.1})
    assert -stage.wait(timeout=60) == {"SIGKILL": 9, "SIGTERM": 15}[signal]
    assert (told["target"], told["in_stage"]) == ("stage", True)
    assert dvc.dvc.poll() is None


def test_a_stage_that_does_not_stop_is_hit_as_it_is(
    dvc: Run, stage: Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "STOPS", 0.1)
    monkeypatch.setattr(psutil.Process, "suspend", lambda self: None)
    kill = Kill(0, "train", "SIGKILL", "stage", storing=False, share=0.0)
    assert kills.hit(dvc, kill, psutil.Process(stage.pid), {"train": 0.0})["in_stage"]
    assert stage.wait(timeout=60) == -9


def test_a_stage_is_not_left_stopped_by_an_interruption(
    dvc: Run, stage: Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(number: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dvc.dvc, "send_signal", interrupted)
    process = psutil.Process(stage.pid)
    with pytest.raises(KeyboardInterrupt):
        kills.hit(dvc, Kill(0, "train", "SIGTERM", "dvc", storing=False, share=0.0), process, {"train": 0.0})
    assert process.status() != psutil.STATUS_STOPPED


def test_a_stage_that_ended_before_its_moment_is_not_hit_but_its_dvc(dvc: Run) -> None:
    with Popen(["true"]) as stage:
        process, seconds = psutil.Process(stage.pid), {"train": 0.5}
        # As long as its parent has not asked, an ended process is still there.
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        told = kills.hit(dvc, Kill(0, "train", "SIGKILL", "stage", storing=False, share=0.0), process, seconds)
        assert stage.wait(timeout=60) == 0
    assert (told["target"], told["in_stage"]) == ("dvc", False)
    assert dvc.dvc.wait(timeout=60) == -9
    assert seconds["train"] < 0.5


def test_a_stage_whose_dvc_is_killed_goes_on_until_it_sees_that(dvc: Run, stage: Popen[bytes]) -> None:
    process = psutil.Process(stage.pid)
    told = kills.hit(dvc, Kill(0, "train", "SIGTERM", "dvc", storing=False, share=0.0), process, {"train": 0.0})
    assert process.status() != psutil.STATUS_STOPPED
    assert (told["target"], told["in_stage"]) == ("dvc", True)
    assert dvc.dvc.wait(timeout=60) == -15


def test_files_are_compared_by_content_and_by_being_there(tmp_path: Path) -> None:
    for name, content in (("a/outs/x", "1"), ("a/outs/y/z", "2"), ("b/outs/x", "1"), ("b/outs/y/w", "2")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    a, b = (tiny.digests(tmp_path / name, ["outs", "missing"]) for name in "ab")
    assert a.keys() == {"outs/x", "outs/y/z"}
    assert tiny.different(a, b) == ["outs/y/w", "outs/y/z"]
    (tmp_path / "b" / "outs" / "x").write_text("3")
    assert tiny.different(tiny.digests(tmp_path / "b", ["outs/x"]), {"outs/x": a["outs/x"]}) == ["outs/x"]


def test_what_is_left_behind_is_seen(tmp_path: Path) -> None:
    (tmp_path / "data" / ".partial-7-x").mkdir(parents=True)
    (tmp_path / ".git" / ".partial-7-x").mkdir(parents=True)
    (tmp_path / "data" / ".earlier-7-x").mkdir()
    assert tiny.partial(tmp_path) == ["data/.earlier-7-x", "data/.partial-7-x"]
    cache = tmp_path / ".dvc" / "cache" / "files" / "md5"
    # The sums of "a" and of nothing.
    for name in ("0c/c175b9c0f1b6a831c399e269772661", "d4/1d8cd98f00b204e9800998ecf8427e"):
        (cache / name).parent.mkdir(parents=True)
        (cache / name).write_text("a")
    assert tiny.damaged_cache(tmp_path) == [".dvc/cache/files/md5/d4/1d8cd98f00b204e9800998ecf8427e"]


@pytest.mark.slow
def test_killed_at_random_the_pipeline_makes_the_same_bytes(tmp_path: Path) -> None:
    found = kills.trial(60, 0, [QUICK], tmp_path)
    assert found["findings"] == []
    assert found["kills"] == 60
    assert found["files_compared"] > 50
