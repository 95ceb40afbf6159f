"""A function on many arguments in several processes, where no argument can stop the rest.

Python's own pools give up all that is left to do when one process dies, and wait for ever for one that hangs. Here each
of these is the failure of the one argument that the process was at.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

STARTING = 120.0
"""Seconds that a process may take to start, besides those for its first argument."""

EVER = 7 * 86_400.0
"""Seconds that stand for no limit: a week."""

_READY, _DONE = "ready", "done"


@dataclass(frozen=True)
class Failure:
    """Why there is no result."""

    reason: str


def each(
    function: Callable[[Any], Any], arguments: Sequence[Any], *, processes: int, seconds: float, renew_after: int
) -> Iterator[tuple[int, Any]]:
    """Call a function with each argument; give each result, as it comes, with the number of its argument.

    Parameters
    ----------
    processes
        How many at a time.
    seconds
        For one argument; a process that takes longer is ended.
    renew_after
        After how many arguments a process is replaced by a new one, and what it held is given back to the system.

    Yields
    ------
    number, result
        What the function returned; a `Failure` where it raised an exception, took too long or ended its process.
    """
    waiting = deque(range(len(arguments)))
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < processes:
                worker = _Worker(function, seconds)
                workers.append(worker)
                worker.give(waiting[0], arguments[waiting.popleft()])
            patience = max(0.0, min(worker.deadline for worker in workers) - time.monotonic())
            speaking = multiprocessing.connection.wait([worker.connection for worker in workers], patience)
            for worker in list(workers):
                if worker.connection in speaking:
                    result = worker.listen()
                    if result is None:
                        continue
                elif time.monotonic() >= worker.deadline:
                    worker.end()
                    result = (worker.number, Failure(f"it took longer than {seconds:g} seconds"))
                else:
                    continue
                if waiting and worker.is_alive and worker.served < renew_after:
                    worker.give(waiting[0], arguments[waiting.popleft()])
                else:
                    worker.end()
                    workers.remove(worker)
                yield result
    finally:
        for worker in workers:
            worker.end()


def called(function: Callable[[Any], Any], argument: Any) -> Any:
    """Call a function; give what it returns, or a `Failure` with what it raises."""
    try:
        return function(argument)
    # Whatever it is, it is this argument's; the caller says which that was.
    except Exception as error:
        return Failure(f"{type(error).__name__}: {' '.join(str(error).split())}")


class _Worker:
    """A process, and the argument that it is at."""

    def __init__(self, function: Callable[[Any], Any], seconds: float) -> None:
        # Started afresh: a fork of a process with threads (TensorFlow's, say) may hang.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, function), daemon=True)
        self.process.start()
        theirs.close()
        self.seconds = seconds
        self.number = -1
        self.served = 0
        self.is_alive = True
        self.is_ready = False
        self.deadline = 0.0

    def give(self, number: int, argument: Any) -> None:
        self.number = number
        self.deadline = time.monotonic() + self.seconds + (0.0 if self.is_ready else STARTING)
        with suppress(OSError):  # it has ended; so says the connection in a moment
            self.connection.send(argument)

    def listen(self) -> tuple[int, Any] | None:
        """Take what the process says; None if that is no result."""
        try:
            kind, value = self.connection.recv()
        except (EOFError, OSError):
            self.end(is_ending=True)
            return self.number, Failure(_ended(self.process.exitcode))
        if kind == _READY:
            # The time that it took to start is no argument's.
            self.is_ready = True
            self.deadline = time.monotonic() + self.seconds
            return None
        self.served += 1
        return self.number, value

    def end(self, *, is_ending: bool = False) -> None:
        if not self.is_alive:
            return
        self.is_alive = False
        self.connection.close()
        if not is_ending:
            self.process.kill()
        self.process.join()


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        # Windows has no such signal.
        out_of_memory = ", perhaps for want of memory" if -code == getattr(signal, "SIGKILL", None) else ""
        return f"the process that read it was ended by signal {-code}{out_of_memory}"
    return f"the process that read it ended with status {code}"


def _serve(connection: Any, function: Callable[[Any], Any]) -> None:
    """Answer until nobody asks any more; runs in a process of its own."""
    _end_with_parent()
    # Ctrl-C is for the process that started this one, which ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        connection.send((_READY, None))
        while True:
            argument = connection.recv()
            connection.send((_DONE, called(function, argument)))


def _end_with_parent() -> None:
    """Let this process end when the one that started it does: killed, it cannot say so any more."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
