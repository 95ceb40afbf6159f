"""What the machine has: cores for this process, and other processes; whatever the operating system."""

import contextlib
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
    """Give back to the system what was freed; it is kept otherwise, in gaps that do not fit what comes next.

    So far as Arrow's pool is the system's, as that of the stages is.
    """
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def runs(process: int) -> bool:
    """Tell whether there is a process of this number that has not ended.

    One that has ended keeps its number until somebody asks how: after seconds, or never, in some containers.
    """
    # Imported where it is needed, which is seldom: commands are to start at once.
    import psutil

    try:
        return psutil.Process(process).status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # it may not be looked at
        return True


def end_with_parent() -> None:
    """Let this process end, at once and with status 1, when the one that started it has ended, however it did.

    Of a shell in between, the one that started the shell counts too. That it had ended before this process could look
    is told by what took its place, if that is of another process group; if it is of the same, as in a container whose
    first process is a shell with a script, this process stays. What a process leaves that is ended like this is what it
    would leave if it were killed.
    """
    first = _starters()
    if _is_left_alone(first):
        with contextlib.suppress(OSError):
            os.write(2, b"error: what started this process has ended; so it ends, too. Start it again.\n")
        os._exit(1)

    def look() -> None:
        # On Unix a child gets another parent; on Windows it keeps the number, of which there is no process any more.
        while _starters() == first and all(runs(number) for number in first if number):
            time.sleep(LOOKING)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def _is_left_alone(starters: list[int]) -> bool:
    """Tell whether what is said to have started this process only took the place of what did.

    What starts a process is of the same process group, and what takes its place is of another one. Programs that make a
    new group (`setsid`, `script`, `srun`, a shell with job control) look alike; but the first process of their group is
    this one, or one that waits for it.
    """
    import psutil

    if not hasattr(os, "getpgid"):  # on Windows
        return False
    group = os.getpgid(0)
    try:
        if all(os.getpgid(process) == group for process in starters):
            return False
        return group not in {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    except (OSError, psutil.Error):  # one has ended meanwhile, which is seen by `look`, or may not be looked at
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
