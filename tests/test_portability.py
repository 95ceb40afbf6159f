"""Nothing hangs on one operating system: what only Linux, or only Unix, has is not asked for where it is not there."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quartetvae.corpus.parallel import processes
from tests import workspace
from tests.imports import ROOT

MODULES = ("fcntl", "grp", "posix", "pwd", "resource", "syslog", "termios", "tty")
"""Of the standard library, those that Windows has not."""

NAMES = {
    "os": (
        *("chown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getloadavg", "getpgid", "getuid", "killpg"),
        *("memfd_create", "mkfifo", "nice", "posix_fadvise", "posix_fallocate", "pread", "sched_getaffinity"),
        *("sched_setaffinity", "setsid", "statvfs", "sysconf", "wait", "wait3", "wait4"),
    ),
    "signal": ("SIGALRM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "alarm", "setitimer"),
}
"""Functions and constants, likewise, or those that macOS has not."""

SOURCES = [path for folder in ("quartetvae", "stages") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_asks_for_nothing_that_one_system_only_has(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    assert not imported & set(MODULES)
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [text for text in texts if text.startswith(("/proc", "/dev/", "/sys/", "/tmp"))]
    used = {
        (node.value.id, node.attr)
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    hidden = {(module, name) for module, names in NAMES.items() for name in (*names, "SIGKILL")}
    # Asked for by hasattr first.
    asked = {("os", "sched_getaffinity"), ("os", "getpgid")}
    allowed = asked if path == ROOT / "quartetvae" / "machine.py" else set()
    assert used & hidden <= allowed


def test_how_a_process_ended_is_told_without_the_signals_of_unix(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes._ended(-9) == "the process that read it was ended by signal 9, perhaps for want of memory"
    monkeypatch.delattr(signal, "SIGKILL")
    assert processes._ended(-15) == "the process that read it was ended by signal 15"
    assert processes._ended(3) == "the process that read it ended with status 3"


ELSEWHERE = """
import json, os, signal, sys
# Libraries have ways of their own for each system; they are to take this one's.
import dvc.repo, filelock, keras, pandas, psutil, pyarrow.parquet, scipy.signal, sklearn, symusic, tensorflow, tqdm
modules, names = json.loads(sys.argv.pop(1))
for module in modules:
    sys.modules[module] = None
for holder, hidden in names.items():
    for name in hidden:
        if hasattr(sys.modules[holder], name):
            delattr(sys.modules[holder], name)

import importlib
from quartetvae import cli
# To trace a graph takes longer than this network trains.
tensorflow.config.run_functions_eagerly(True)
for stage in ("download", "filter", "encode", "augment", "train"):
    importlib.import_module(f"stages.{stage}").main()
a, b = (f"data/own/work{work}_0.mid" for work in (0, 1))
few = ["--beats", "8", "--points", "3"]
sys.argv[1:] = ["interpolate", a, b, *few, "--model", "models/quartetvae", "--out", "between"]
cli.main()
"""
"""Run the pipeline up to a training, and a command, as on another system."""


@pytest.mark.slow
def test_a_training_and_a_command_run_where_unix_is_not(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path, works=3, pieces_per_work=1, beats=16)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, json.dumps([MODULES, NAMES])],
        cwd=folder,
        env=os.environ | {"QUARTETVAE_MIRROR": "", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "metrics" / "train.json").read_text(encoding="utf-8"))["epochs"] == 2
    assert (folder / "between" / "point_1.mid").is_file()
