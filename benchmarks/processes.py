"""What a process takes: time, and the most memory. Linux and macOS tell."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """What a process took, and those that it started: seconds, and MiB of the largest."""

    cpu: float
    wall: float
    peak: float


def spent(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Spent:
    """Run a command and tell what it took; raises `CalledProcessError` with what it said if it fails."""
    with tempfile.TemporaryFile() as said:
        since = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - since
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(process.returncode, list(command), stderr=said.read().decode())
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


def median(rounds: Sequence[Spent]) -> Spent:
    """Take the median of each figure."""
    return Spent(*map(statistics.median, zip(*map(astuple, rounds), strict=True)))
