"""What the machine has: cores for this process, and other processes; whatever the operating system."""

import os


def cores() -> int:
    """Count the cores that this process may use, where the system tells; else all of them."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def runs(process: int) -> bool:
    """Tell whether there is a process of this number."""
    # Imported where it is needed, which is seldom: commands are to start at once.
    import psutil

    return bool(psutil.pid_exists(process))
