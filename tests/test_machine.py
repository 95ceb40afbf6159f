"""What the machine has, on every operating system."""

import contextlib
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import psutil
import pytest

from quartetvae import machine
from tests.imports import ROOT


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


FREED = """
import numpy as np, psutil
from quartetvae import machine

def held():
    return psutil.Process().memory_info().rss / 2**20

before = held()
blocks = [np.ones(1 << 13) for _ in range(2048)]
last = blocks[-1]
del blocks[:-1]
kept = held()
machine.release()
print(kept - before, held() - before)
"""
"""128 MiB in small blocks are freed, but for the last one, behind all others."""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is for glibc to keep what was freed")
def test_what_was_freed_is_given_back_to_the_system() -> None:
    line = [sys.executable, "-c", FREED]
    setting = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONPATH": str(ROOT)}
    told = subprocess.run(line, env=setting, capture_output=True, text=True, check=True).stdout
    kept, left = map(float, told.split())
    assert kept > 120
    assert left < 40


def test_a_process_runs_until_it_has_ended() -> None:
    assert machine.runs(os.getpid())
    assert machine.runs(os.getppid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert machine.runs(process.pid)
        process.communicate(b"\n")
    assert not machine.runs(process.pid)


def test_a_process_that_has_ended_runs_no_more_before_it_was_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout
        # Its end is the end of this; nobody has asked for its status.
        process.stdout.read()
        until = time.monotonic() + 10
        while machine.runs(process.pid) and time.monotonic() < until:
            time.sleep(0.01)
        assert psutil.pid_exists(process.pid) or os.name == "nt"
        assert not machine.runs(process.pid)


STAGE = "import stages, sys, time; print('at work', flush=True); time.sleep(60)"
"""Stands for a stage."""

STARTER = "import subprocess, sys; subprocess.run(sys.argv[1:])"
"""Stands for DVC, which starts a stage by a shell: that becomes the stage, or waits for it."""


GROUP = "import os, sys; hasattr(os, 'setpgid') and os.setpgid(0, 0); os.execvp(sys.argv[1], sys.argv[1:])"
"""What makes a process group for what comes after it, as `setsid` and shells with job control do."""


def outlives(command: Sequence[str], environment: dict[str, str]) -> bool:
    """Whether the stage that is started by this command is still there a while after its starter was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, *command],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == b"at work\n"
        (stage,) = [child for child in psutil.Process(starter.pid).children(recursive=True) if not child.children()]
        starter.kill()
        try:
            stage.wait(timeout=10 if environment else 1)
        except psutil.TimeoutExpired:
            stage.kill()
            return True
    return False


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", STAGE],
        ["sh", "-c", 'exec "$0" -c "$1"', sys.executable, STAGE],
        ["sh", "-c", '"$0" -c "$1"; true', sys.executable, STAGE],
        [sys.executable, "-c", GROUP, sys.executable, "-c", STAGE],
        [sys.executable, "-c", GROUP, "sh", "-c", '"$0" -c "$1"; true', sys.executable, STAGE],
    ],
    ids=["alone", "a shell before it", "a shell around it", "in a group of its own", "a shell in a group of its own"],
)
def test_a_stage_ends_with_the_dvc_that_started_it(command: Sequence[str]) -> None:
    assert not outlives(command, {"DVC_STAGE": "filter"})


LATE = """
import psutil, sys, time
while psutil.pid_exists(int(sys.argv[1])):
    time.sleep(0.01)
import stages
time.sleep(60)
"""
"""A stage that comes to look for its starter when that has ended."""

QUITTER = """
import os, subprocess, sys
line = [*sys.argv[1:], str(os.getpid())]
print(subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)
"""
"""A starter that ends at once."""


@pytest.mark.skipif(not hasattr(os, "getpgid"), reason="there are no process groups")
@pytest.mark.parametrize(
    "command", [[sys.executable, "-c", LATE], ["sh", "-c", '"$0" -c "$1" "$2"; true', sys.executable, LATE]]
)
def test_a_stage_ends_if_its_dvc_had_ended_before_it_looked(command: Sequence[str]) -> None:
    told = subprocess.run(
        [sys.executable, "-c", QUITTER, *command],
        cwd=ROOT,
        env=os.environ | {"DVC_STAGE": "filter"},
        stdout=subprocess.PIPE,
        check=True,
        # As a terminal gives each command a group of its own.
        start_new_session=True,
    )
    started = psutil.Process(int(told.stdout))
    try:
        started.wait(timeout=20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpgid(started.pid), signal.SIGKILL)


def test_a_stage_that_dvc_did_not_start_stays() -> None:
    assert outlives([sys.executable, "-c", STAGE], {})
