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

from quartetvae.corpus import packs
from quartetvae.corpus.parallel import versions
from quartetvae.corpus.parallel.engines import Engine, Here
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


def item(path: Path, known: Mapping[str, Any]) -> Item:
    """Make an item of a whole file of a corpus, packed or not."""
    return Item(path.absolute(), packs.sha256(path), known)


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
        yield paths
        for path in {*self.folder.glob("*.parquet")} - {*paths}:
            path.unlink()

    def _made(
        self, folder: Path, function: Function, items: Sequence[Item], label: str, parameters: Mapping[str, Any]
    ) -> list[Path]:
        shards = [list(items[first : first + self.size]) for first in range(0, len(items), self.size)]
        version = _version(function.__module__)
        paths = [folder / f"{_key(shard, function, version, parameters)}.parquet" for shard in shards]
        # Two shards may be of the same items.
        todo = {path: shard for path, shard in zip(paths, shards, strict=True) if not _is_whole(path)}
        failures: list[tuple[list[Item], str]] = []
        done = len(items) - sum(map(len, todo.values()))
        with tqdm(desc=label, total=len(items), initial=done, unit="file") as bar:
            waiting = list(todo.items())
            arguments = [(function, shard, dict(parameters)) for _, shard in waiting]
            for number, result in self.engine.each(_part, arguments, renew_after=RENEW_AFTER):
                path, shard = waiting[number]
                if isinstance(result, Failure):
                    failures.append((shard, result.reason))
                else:
                    with replacing(path) as temporary:
                        temporary.write_bytes(result)
                bar.update(len(shard))
        if failures:
            shard, reason = failures[0]
            raise EngineError(
                f"{label}: {len(failures)} of {len(shards)} shards failed, the first of them {shard[0].path} to "
                f"{shard[-1].path}: {reason}. What was done is kept; run the command again."
            )
        return paths


IN_MEMORY = Shards()
"""In this process, and nothing is kept."""


def read(path: Path) -> Any:
    """Read a part."""
    return pq.read_table(path)


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
        pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException):
        return False
    return True
