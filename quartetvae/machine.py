"""What the machine has: cores for this process, and other processes; whatever the operating system."""

import os
import threading
import time

SHELLS = ("sh", "bash", "dash", "zsh", "fish", "ksh", "cmd.exe")
"""What a program may start another one by."""

LOOKING = 0.2
"""Seconds between two looks at the process that started this one."""


def cores() -> int:
    """Count the cores that this process may use, where the system tells; else all of them."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def release() -> None:
    """Give back to the system what was freed; it is kept otherwise, in gaps that do not fit what comes next."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def runs(process: int) -> bool:
    """Tell whether there is a process of this number."""
    # Imported where it is needed, which is seldom: commands are to start at once.
    import psutil

    return bool(psutil.pid_exists(process))


def end_with_parent() -> None:
    """Let this process end, at once and with status 1, when the one that started it has ended, however it did.

    Of a shell in between, the one that started the shell counts too; either must be of this process' group, as what
    starts a process is if nobody asks for a new one. What a process leaves that is ended like this is what it would
    leave if it were killed.
    """
    first = _starters()
    if not all(map(_is_of_this_group, first)):
        # It ended while this process was starting, and somebody else is in its place.
        os._exit(1)

    def look() -> None:
        # On Unix a child gets another parent; on Windows it keeps the number, of which there is no process any more.
        while _starters() == first and all(runs(number) for number in first if number):
            time.sleep(LOOKING)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def _is_of_this_group(process: int) -> bool:
    """Tell whether a process is of the same process group as this one; on Windows, which has none, they all are."""
    if not hasattr(os, "getpgid"):
        return True
    try:
        return os.getpgid(process) == os.getpgid(0)
    except OSError:  # it has ended, or may not be looked at
        return False


def _starters() -> list[int]:
    """Give the number of the process that started this one; if that is a shell, of the one that started it too."""
    import psutil

    parent = os.getppid()
    try:
        shell = psutil.Process(parent)
        return [parent, shell.ppid()] if shell.name() in SHELLS else [parent]
    except psutil.Error:  # it has ended, or may not be looked at
        return [parent]
