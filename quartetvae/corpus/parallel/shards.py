"""Shards: a function on many files, so many at a time, each time to one Parquet file that is kept.

A shard is a fixed number of items, one after the other. Its part hangs on the items (what is known of them, and a hash
of their contents), the function with its parameters, and the function's version: the text of its module and of all that
this imports, and libraries. A hash of these is the part's name. So a part that is there is not made again, whichever
engine made it; a run that was killed goes on where it stopped, and the parts, read in their order, are the same however
many workers made them, and in which order.

A change of one file makes one shard anew; a file more in the middle moves those after it, which are made anew too.
"""

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from quartetvae import machine
from quartetvae.corpus import packs
from quartetvae.corpus.parallel import versions
from quartetvae.corpus.parallel.engines import Engine, Here
from quartetvae.corpus.parallel.made import Made
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.errors import EngineError
from quartetvae.files import replacing

SIZE = 64
"""Items of a shard: a few seconds of work, and a few megabytes of a part."""

RENEW_AFTER = 16
"""Shards after which a process of this machine is replaced by a new one, so that its memory stays bounded."""


@dataclass(frozen=True)
class Item:
    """What a function is given of one file, or of a part of one."""

    path: Path
    """Absolute, and the same on every machine; no part hangs on it."""
    content: str
    """Hash of what is there to be read."""
    known: Mapping[str, Any]
    """What else is known of it, its name among it."""


Function = Callable[..., Any]
"""Of a module; takes a list of items and parameters by their names, gives an Arrow table. It must be pure."""


def files(raw: Path, table: pa.Table) -> Sequence[Item]:
    """Give the items of files of a corpus, packed or not: a row for each, with its name in `raw` as `file`.

    What is in the files is hashed here; the rest is made when it is asked for.
    """
    contents = [bytes.fromhex(packs.sha256(raw / name)) for name in table["file"].to_pylist()]

    def item(number: int) -> Item:
        (known,) = table.slice(number, 1).to_pylist()
        return Item((raw / known["file"]).absolute(), contents[number].hex(), known)

    return Made(table.num_rows, item)


@dataclass(frozen=True)
class Shards:
    """How a function goes over many items."""

    folder: Path | None = None
    """Where parts are kept; None for a temporary one."""
    engine: Engine = field(default_factory=Here)
    size: int = SIZE
    """Items of a shard. No row of a part hangs on it."""

    @contextmanager
    def parts(
        self, function: Function, items: Sequence[Item], *, label: str, **parameters: Any
    ) -> Iterator[list[Path]]:
        """Make the parts of a function's shards, as far as they are not there; give their paths in order.

        At the end, if there was no error, the folder's other parts are removed: they are of other items or code.

        Parameters
        ----------
        label
            What the line of progress says.

        Raises
        ------
        EngineError
            If a part cannot be made; those that can be are made and kept.
        """
        if self.folder is None:
            with tempfile.TemporaryDirectory() as folder:
                yield self._made(Path(folder), function, items, label, parameters)
            return
        paths = self._made(self.folder, function, items, label, parameters)
        del items  # what they are made of is a table of all files
        machine.release()
        yield paths
        for path in {*self.folder.glob("*.parquet")} - {*paths}:
            path.unlink()

    def _made(
        self, folder: Path, function: Function, items: Sequence[Item], label: str, parameters: Mapping[str, Any]
    ) -> list[Path]:
        def shard(first: int) -> Sequence[Item]:
            return items[first : first + self.size]

        version = _version(function.__module__)
        begins = range(0, len(items), self.size)
        paths = [folder / f"{_key(shard(first), function, version, parameters)}.parquet" for first in begins]
        # Two shards may be of the same items.
        todo = {path: first for path, first in zip(paths, begins, strict=True) if not _is_whole(path)}
        failures: list[tuple[int, str]] = []
        size = {first: min(self.size, len(items) - first) for first in begins}
        done = len(items) - sum(size[first] for first in todo.values())
        waiting = list(todo.items())

        def argument(number: int) -> tuple[Function, list[Item], dict[str, Any]]:
            return function, list(shard(waiting[number][1])), dict(parameters)

        with tqdm(desc=label, total=len(items), initial=done, unit="file") as bar:
            arguments = Made(len(waiting), argument)
            for number, result in self.engine.each(_part, arguments, renew_after=RENEW_AFTER):
                path, first = waiting[number]
                if isinstance(result, Failure):
                    failures.append((first, result.reason))
                else:
                    with replacing(path) as temporary:
                        temporary.write_bytes(result)
                bar.update(size[first])
        if failures:
            first, reason = failures[0]
            failed = shard(first)
            raise EngineError(
                f"{label}: {len(failures)} of {len(paths)} shards failed, the first of them {failed[0].path} to "
                f"{failed[-1].path}: {reason}. What was done is kept; run the command again."
            )
        return paths


IN_MEMORY = Shards()
"""In this process, and nothing is kept."""


def read(path: Path, columns: Sequence[str] | None = None) -> Any:
    """Read a part, or some of its columns."""
    # Each thread would have memory of its own, and a part is small.
    return pq.read_table(path, columns=columns and [*columns], use_threads=False)


def _part(argument: tuple[Function, list[Item], dict[str, Any]]) -> bytes:
    """Make a part: the bytes of a Parquet file."""
    function, items, parameters = argument
    table = function(items, **parameters)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    content: bytes = sink.getvalue().to_pybytes()
    return content


@functools.cache
def _version(module: str) -> str:
    """Give the version of a module's functions; the module does not change while a process runs."""
    return versions.of(module, versions.LIBRARIES)


def _key(shard: Sequence[Item], function: Function, version: str, parameters: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(f"{version} {function.__module__}.{function.__qualname__}\n".encode())
    digest.update(f"{sorted(parameters.items())!r}\n".encode())
    for one in shard:
        digest.update(f"{one.content} {sorted(one.known.items())!r}\n".encode())
    return digest.hexdigest()


def _is_whole(path: Path) -> bool:
    """Tell whether a part is there and as it was written; it was moved there in one step, but disks forget."""
    try:
        pq.read_table(path, page_checksum_verification=True, use_threads=False)
    except (OSError, pa.ArrowException):
        return False
    return True
