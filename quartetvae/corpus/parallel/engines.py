"""Engines: where a function is called with each of many arguments. None of them changes a result.

`Here` is this process, `Processes` several of this machine, `Cluster` the workers of a Dask cluster, which the address
of its scheduler names. A worker must have this version of the package and see the files that it is given under the same
names (a file system that all machines share); it needs nothing else, and writes nothing. What it is given and what it
returns goes over the network by pickle: a scheduler runs what it is sent, so that only those who are trusted may reach
it.

A worker that ends on the way costs what it was at: the scheduler gives that to another. An argument at which several
workers ended is a `Failure`.
"""

import logging
import multiprocessing
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from quartetvae import machine
from quartetvae.corpus.parallel import processes, versions
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.errors import EngineError

AHEAD = 2
"""Tasks of a cluster that are under way for each thread of its workers, so that finished results do not pile up."""

TOGETHER = 8
"""Arguments with a limit of time that are one task of a cluster: they share a process, whose start takes a second."""

LONGEST = 40
"""Characters of a wrong value that an error shows."""

ADDRESS = r"(tcp|tls|ucx|ws|wss)://[^\s/]+:[0-9]{1,5}"
"""Of a scheduler."""

WORKERS_WITHIN = 60
"""Seconds in which a cluster must have a worker."""

Function = Callable[[Any], Any]
"""Of a module, so that other processes find it."""


class Engine(Protocol):
    """What calls a function with each of many arguments."""

    def each(
        self,
        function: Function,
        arguments: Sequence[Any],
        *,
        seconds: float | None = None,
        renew_after: int,
    ) -> Iterator[tuple[int, Any]]:
        """Call a function with each argument; give each result, as it comes, with the number of its argument.

        Parameters
        ----------
        seconds
            For one argument, after which its process is ended; None for no limit.
        renew_after
            After how many arguments a process is replaced by a new one.

        Yields
        ------
        number, result
            What the function returned; a `Failure` where it raised an exception, took too long or ended its process.
        """


@dataclass(frozen=True)
class Here:
    """The process that asks, in the order of the arguments; without a limit of time."""

    def each(
        self,
        function: Function,
        arguments: Sequence[Any],
        *,
        seconds: float | None = None,
        renew_after: int,
    ) -> Iterator[tuple[int, Any]]:
        """See `Engine.each`."""
        for number, argument in enumerate(arguments):
            yield number, processes.called(function, argument)


@dataclass(frozen=True)
class Processes:
    """So many processes of this machine at a time, at most."""

    count: int

    def each(
        self,
        function: Function,
        arguments: Sequence[Any],
        *,
        seconds: float | None = None,
        renew_after: int,
    ) -> Iterator[tuple[int, Any]]:
        """See `Engine.each`. One argument without a limit of time is not worth a process."""
        if seconds is None and (self.count == 1 or len(arguments) == 1):
            return Here().each(function, arguments, renew_after=renew_after)
        return processes.each(
            function,
            arguments,
            processes=max(1, min(self.count, len(arguments))),
            seconds=processes.EVER if seconds is None else seconds,
            renew_after=renew_after,
        )


@dataclass(frozen=True)
class Cluster:
    """The workers of a Dask cluster.

    Raises `EngineError` if its scheduler does not answer, or has no worker within `WORKERS_WITHIN` seconds.
    """

    scheduler: str
    """Address: tcp://host:port."""

    def each(
        self,
        function: Function,
        arguments: Sequence[Any],
        *,
        seconds: float | None = None,
        renew_after: int,
    ) -> Iterator[tuple[int, Any]]:
        """See `Engine.each`."""
        together = 1 if seconds is None else TOGETHER
        waiting = iter(range(0, len(arguments), together))
        if not arguments:
            return
        # An extra: the base and the pipeline do without.
        import distributed

        with _quiet(), self._client() as client:
            tasks = distributed.as_completed(loop=client.loop)
            running: dict[Any, int] = {}

            def fill() -> None:
                room = AHEAD * max(1, sum(client.nthreads().values())) - len(running)
                for _, first in zip(range(room), waiting, strict=False):
                    some = list(arguments[first : first + together])
                    # Not pure: that a task was done before is not for the scheduler to know.
                    task = client.submit(_answers, function, some, seconds, renew_after, versions.package(), pure=False)
                    running[task.key] = first
                    tasks.add(task)

            with self._loss_told():
                fill()
                while running:
                    task = next(tasks)
                    first = running.pop(task.key)
                    try:
                        answers = task.result()
                    except Exception as error:  # of the cluster: those of the function are answers
                        count = min(together, len(arguments) - first)
                        answers = [Failure(f"{type(error).__name__}: {' '.join(str(error).split())}")] * count
                    del task
                    fill()
                    yield from enumerate(answers, start=first)

    @contextmanager
    def _loss_told(self) -> Iterator[None]:
        """Turn what is raised where the scheduler has gone into one error."""
        try:
            yield
        except OSError as error:
            raise EngineError(
                f"QUARTETVAE_DASK is '{self.scheduler}': the scheduler answers no more "
                f"({' '.join(str(error).split())}). What was done is kept; start it again and run the command again."
            ) from error

    def _client(self) -> Any:
        # Dask looks long for what is no address, too.
        if not re.fullmatch(ADDRESS, self.scheduler):
            raise EngineError(
                f"QUARTETVAE_DASK is '{self.scheduler}'; the address of a scheduler is needed, as tcp://host:8786. "
                "Give it, or leave the variable out."
            )
        import distributed

        try:
            client = distributed.Client(self.scheduler, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise EngineError(
                f"QUARTETVAE_DASK is '{self.scheduler}': no scheduler answers there ({' '.join(str(error).split())}); "
                "start one (dask scheduler) and give its address, as tcp://host:8786, or leave the variable out."
            ) from error
        try:
            client.wait_for_workers(1, timeout=WORKERS_WITHIN)
        except TimeoutError as error:
            client.close()
            raise EngineError(
                f"QUARTETVAE_DASK is '{self.scheduler}': no worker within {WORKERS_WITHIN} seconds; start some "
                f"(dask worker {self.scheduler} --nthreads 1)."
            ) from error
        return client


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Dask log nothing meanwhile: it would print tracebacks before our one line."""
    # It gives the second a level of its own.
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def chosen(*, workers: str, scheduler: str) -> Engine:
    """Choose the engine that the environment asks for.

    Parameters
    ----------
    workers
        A number of processes; "" for as many as cores.
    scheduler
        Address of a Dask scheduler; "" for processes of this machine.

    Raises
    ------
    EngineError
        If `workers` is anything but a whole number from 1 to 9999.
    """
    if workers and not re.fullmatch("[1-9][0-9]{0,3}", workers):
        found = workers if len(workers) <= LONGEST else f"{workers[:LONGEST]}..."
        raise EngineError(f"QUARTETVAE_WORKERS is '{found}'; a number of processes from 1 to 9999 is needed.")
    if scheduler:
        return Cluster(scheduler)
    return Processes(int(workers) if workers else machine.cores())


def _answers(
    function: Function, arguments: Sequence[Any], seconds: float | None, renew_after: int, version: str
) -> list[Any]:
    """Call a function with each argument, on a worker; with a limit of time in a process of its own."""
    if versions.package() != version:
        reason = (
            "a worker of the cluster has another version of quartetvae, NumPy, pyarrow, symusic or Python; install "
            "what this machine has, and start the worker anew"
        )
        return [Failure(reason)] * len(arguments)
    if seconds is None:
        return [processes.called(function, argument) for argument in arguments]
    if multiprocessing.current_process().daemon:
        reason = (
            "the workers of the cluster may not start processes, in which scores are read; start them with "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False in their environment"
        )
        return [Failure(reason)] * len(arguments)
    found = dict(processes.each(function, arguments, processes=1, seconds=seconds, renew_after=renew_after))
    return [found[number] for number in range(len(arguments))]
