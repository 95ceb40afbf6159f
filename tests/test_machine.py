"""What the machine has, on every operating system."""

import os
import subprocess
import sys

import pytest

from quartetvae import machine


def test_cores_are_those_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 5, 7}, raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    assert machine.cores() == 3
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2, raising=False)
    assert machine.cores() == 2


@pytest.mark.parametrize(("count", "cores"), [(8, 8), (None, 1)])
def test_where_nobody_tells_all_cores_are_ours(count: int | None, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert machine.cores() == cores


def test_a_process_runs_until_it_has_ended() -> None:
    assert machine.runs(os.getpid())
    assert machine.runs(os.getppid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert machine.runs(process.pid)
        process.communicate(b"\n")
    assert not machine.runs(process.pid)
