"""Which of many pieces are the same music, from an index of their windows on disk: exactly what `works.matches` finds.

Windows are sorted into buckets by the first bits of their hashes: all pieces that have a window meet in its bucket,
and a bucket fits into memory. Each bucket gives the pairs of pieces that have windows in it, and how many; the sums
over all buckets say what two pieces have in common. They are added up for some pieces at a time. So memory holds a
bucket, or the pairs of some pieces, and a few numbers for each piece; nothing is estimated, and nothing is missed that
`works.matches` would find.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.corpus import works
from quartetvae.corpus.works import Match, Windows

BUCKET = 1 << 16
"""Windows of a bucket, about: a MiB of them, of which sorting makes some copies."""

PAIRS = 1 << 22
"""Pairs that are added up at a time, about."""

MOST_BITS = 12
"""4,096 buckets at most: beyond 268 million windows they grow."""

FILLED = 1 << 17
"""Windows that are sorted into their buckets at a time, about; no two of the files are open at once."""

_ENTRY = np.dtype([("hash", np.uint64), ("number", np.int64)])


def same_music(
    pieces: Iterable[tuple[int, Windows]], count: int, total: int, *, bucket: int = BUCKET, pairs: int = PAIRS
) -> list[Match]:
    """Find the pairs of pieces that are the same music (`Match.is_same`), in the order of their numbers.

    Parameters
    ----------
    pieces
        Number and windows of each piece, in the order of their numbers, 0 to `count` - 1.
    total
        How many windows there are, about; says how many buckets are made.
    """
    if not count:
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bits = min(max(-(-total // bucket) - 1, 0).bit_length(), MOST_BITS)
        _fill(folder, pieces, bits)
        telling, starting = np.zeros(count, np.int64), np.zeros(count, np.int64)
        for path in sorted(folder.glob("*.windows")):
            entries = np.fromfile(path, _ENTRY)
            path.unlink()
            found = works.tally(entries["hash"], entries["number"], count)
            telling += found.telling
            starting += np.bincount(found.pairs // count, minlength=count)
            found.pairs.tofile(path.with_suffix(".pairs"))
            found.common.tofile(path.with_suffix(".common"))
        return [match for some in _added(folder, telling, starting, pairs) for match in some if match.is_same]


def _fill(folder: Path, pieces: Iterable[tuple[int, Windows]], bits: int) -> None:
    """Write the windows of each piece into their buckets, in the order of pieces."""
    waiting: list[NDArray[Any]] = []

    def write() -> None:
        entries = np.concatenate([np.zeros(0, _ENTRY), *waiting])
        waiting.clear()
        # In two steps: a number of 64 bits is not moved by 64.
        bucket = (entries["hash"] >> np.uint64(63 - bits) >> np.uint64(1)).astype(np.int64)
        order = np.argsort(bucket, kind="stable")
        edges = np.searchsorted(bucket[order], np.arange((1 << bits) + 1))
        for number in np.flatnonzero(np.diff(edges)).tolist():
            with (folder / f"{number:04}.windows").open("ab") as file:
                file.write(entries[order[edges[number] : edges[number + 1]]].tobytes())

    size = 0
    for number, windows in pieces:
        entries = np.empty(len(windows), _ENTRY)
        entries["hash"], entries["number"] = windows, number
        waiting.append(entries)
        size += len(entries)
        if size >= FILLED:
            write()
            size = 0
    write()


def _added(folder: Path, telling: NDArray[np.int64], starting: NDArray[np.int64], most: int) -> Iterator[list[Match]]:
    """Add up the pairs of all buckets, those of some first pieces at a time: about `most` of them."""
    count = len(telling)
    # A new block where the number of pairs so far passes a multiple of `most`.
    block = np.cumsum(starting) // most
    begins = np.append(np.flatnonzero(np.diff(block, prepend=-1)), count)
    edges = {
        path: np.searchsorted(np.fromfile(path, np.int64), begins * count) for path in sorted(folder.glob("*.pairs"))
    }
    for number in range(len(begins) - 1):
        keys, times = ([np.zeros(0, np.int64)] for _ in range(2))
        for path, at in edges.items():
            for found, file in ((keys, path), (times, path.with_suffix(".common"))):
                found.append(np.fromfile(file, np.int64, int(at[number + 1] - at[number]), offset=8 * int(at[number])))
        pairs, common = works.summed(np.concatenate(keys), np.concatenate(times))
        likely = common >= works.SAME_WINDOWS
        yield works.matches_of(pairs[likely], common[likely], telling)
