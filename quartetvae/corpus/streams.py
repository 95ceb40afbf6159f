"""Phrases for training, as a stream of batches: mixed by seed and epoch, and never all of them in memory.

The row groups of the table are read in a mixed order into a pool of at most `POOL` bytes, from which batches are drawn
at random; what was drawn makes room for the next row group. Row groups hold neighbours (one transposition, piece after
piece), so a batch has phrases of as many places as the pool has row groups. A split that fits into the pool whole is
read once and kept, and the order of an epoch is a permutation of all its phrases. In every case an epoch has each
phrase once, in an order that hangs on the table, the seed and the epoch alone.

A thread reads and mixes some batches ahead, so that training does not wait for the disk.
"""

import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from quartetvae import config
from quartetvae.corpus import tables
from quartetvae.corpus.records import PhraseSet
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid

POOL = 512 * 2**20
"""Bytes of tokens in memory, at most: with the default network a training then stays within 2 GiB."""

AHEAD = 16
"""Batches that are ready before they are asked for, at most."""

T = TypeVar("T")


@dataclass(frozen=True)
class PhraseStream:
    """The phrases of one split, not read yet."""

    grid: Grid
    form: config.Phrases
    rows: tuple[int, ...]
    """How many phrases each row group has."""
    shape: tuple[int, int]
    """Of a phrase: grid steps, and columns of tokens."""
    read: Callable[[Sequence[int]], Iterator[Tokens]] = field(repr=False)
    """Gives the tokens of row groups, uint8, (phrases, steps, columns), one group after the other."""
    pool: int = POOL
    """Bytes of tokens in memory, at most; more if it takes more for a batch beside a row group."""

    def __len__(self) -> int:
        return sum(self.rows)

    @property
    def steps(self) -> int:
        """Grid steps of a phrase."""
        return self.shape[0]

    @property
    def fits(self) -> bool:
        """Whether the pool holds all phrases."""
        return len(self) * math.prod(self.shape) <= self.pool

    def mixed(self, size: int, *, seed: int, epoch: int, count: int) -> Generator[Tokens]:
        """Give the batches of an epoch, uint8, (size, steps, columns); the last one may be smaller.

        Parameters
        ----------
        count
            How many phrases: all, or a few less.

        Raises
        ------
        DatasetError
            If the table cannot be read, at the batch whose phrases it is about.
        """
        rng = np.random.default_rng([seed, epoch])
        return _ahead(self._permuted(size, count, rng) if self.fits else _first(self._drawn(size, rng), count))

    def in_order(self, size: int, *, count: int) -> Generator[Tokens]:
        """Give the batches of the first `count` phrases in the table's order; nothing is kept."""
        return _ahead(_first(_batches(self.read(range(len(self.rows))), size), count))

    def _permuted(self, size: int, count: int, rng: np.random.Generator) -> Generator[Tokens]:
        order = rng.permutation(count)
        for start in range(0, count, size):
            yield self._all[order[start : start + size]]

    @cached_property
    def _all(self) -> Tokens:
        tokens, stop = self._room(len(self)), 0
        for group in self.read(range(len(self.rows))):
            tokens[stop : (stop := stop + len(group))] = group
        return tokens

    def _drawn(self, size: int, rng: np.random.Generator) -> Generator[Tokens]:
        """Draw batches from a pool that is filled up with row group after row group, then emptied."""
        pool = self._room(max(self.pool // math.prod(self.shape), max(self.rows) + size))
        filled = 0
        for group in self.read(rng.permutation(len(self.rows)).tolist()):
            while filled + len(group) > len(pool):
                yield _draw(pool, filled, size, rng)
                filled -= size
            pool[filled : filled + len(group)] = group
            filled += len(group)
        while filled:
            yield _draw(pool, filled, min(size, filled), rng)
            filled -= min(size, filled)

    def _room(self, phrases: int) -> Tokens:
        return np.empty((phrases, *self.shape), np.uint8)


def opened(path: Path) -> PhraseStream:
    """Make a stream of the table of one split, without reading a row.

    Raises `DatasetError` if the table is missing, not ours, or empty.
    """
    table = tables.open_phrases(path)
    return PhraseStream(table.grid, table.form, table.rows, table.shape, table.tokens)


def of(phrases: PhraseSet, *, group: int = tables.GROUP, pool: int = POOL) -> PhraseStream:
    """Make a stream of phrases that are in memory, in groups of so many."""
    starts = range(0, len(phrases), group)

    def read(groups: Sequence[int]) -> Iterator[Tokens]:
        for number in groups:
            yield phrases.tokens[starts[number] : starts[number] + group]

    rows = tuple(min(group, len(phrases) - start) for start in starts)
    return PhraseStream(phrases.grid, phrases.form, rows, (phrases.steps, phrases.tokens.shape[2]), read, pool)


def _draw(pool: Tokens, filled: int, size: int, rng: np.random.Generator) -> Tokens:
    """Take `size` of the first `filled` phrases of a pool at random; the rest move together, to its beginning."""
    drawn = rng.choice(filled, size, replace=False)
    batch = pool[drawn]
    left = filled - size
    pool[drawn[drawn < left]] = pool[np.setdiff1d(np.arange(left, filled), drawn)]
    return batch


def _batches(groups: Iterator[Tokens], size: int) -> Iterator[Tokens]:
    """Cut what comes in groups into batches, of which the last one may be smaller."""
    rest: Tokens | None = None
    for group in groups:
        rest = group if rest is None else np.concatenate([rest, group])
        whole = len(rest) - len(rest) % size
        for start in range(0, whole, size):
            yield rest[start : start + size]
        rest = rest[whole:]
    if rest is not None and len(rest):
        yield rest


def _first(batches: Iterator[Tokens], count: int) -> Generator[Tokens]:
    """Give the first `count` phrases of batches."""
    for batch in batches:
        if count > 0:
            yield batch[:count]
        count -= len(batch)


def _ahead(items: Generator[T]) -> Generator[T]:
    """Give items that a thread makes ahead; its error is raised in their place, and it ends when they are closed."""
    with closing(items), ThreadPoolExecutor(1, "batches") as thread:
        waiting = deque(thread.submit(next, items, None) for _ in range(AHEAD))
        try:
            while (item := waiting.popleft().result()) is not None:
                waiting.append(thread.submit(next, items, None))
                yield item
        finally:
            for future in waiting:
                future.cancel()
