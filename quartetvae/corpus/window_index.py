"""Which of many pieces are the same music, from an index of their windows on disk: exactly what `works.matches` finds.

Windows are sorted into buckets by the first bits of their hashes: all pieces that have a window meet in its bucket,
and a bucket fits into memory. Each bucket gives the pairs of pieces that have windows in it, and how many; the sums
over all buckets say what two pieces have in common. They are added up for some pieces at a time. So memory holds a
bucket, or the pairs of some pieces, and a few numbers for each piece; nothing is estimated, and nothing is missed that
`works.matches` would find.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quartetvae.corpus import works
from quartetvae.corpus.works import Match, Windows

BUCKET = 1 << 18
"""Windows of a bucket, about: 4 MiB, and some times that while it is sorted."""

PAIRS = 1 << 22
"""Pairs that are added up at a time, about."""

MOST_BITS = 8
"""256 buckets at most, of which each is an open file: beyond 67 million windows they grow."""

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
            np.save(path.with_suffix(".pairs.npy"), found.pairs)
            np.save(path.with_suffix(".common.npy"), found.common)
        return [match for some in _added(folder, telling, starting, pairs) for match in some if match.is_same]


def _fill(folder: Path, pieces: Iterable[tuple[int, Windows]], bits: int) -> None:
    """Write the windows of each piece into their buckets; a piece's are sorted, so that each bucket's are a slice."""
    edges = (np.arange(1, 1 << bits, dtype=np.uint64) << np.uint64(64 - bits)) if bits else np.zeros(0, np.uint64)
    with ExitStack() as stack:
        files = [stack.enter_context((folder / f"{number:03}.windows").open("wb")) for number in range(1 << bits)]
        for number, windows in pieces:
            entries = np.empty(len(windows), _ENTRY)
            entries["hash"], entries["number"] = windows, number
            for file, some in zip(files, np.split(entries, np.searchsorted(windows, edges)), strict=True):
                file.write(some.tobytes())


def _added(folder: Path, telling: NDArray[np.int64], starting: NDArray[np.int64], most: int) -> Iterator[list[Match]]:
    """Add up the pairs of all buckets, those of some first pieces at a time: about `most` of them."""
    count = len(telling)
    tables = [
        (np.load(path, mmap_mode="r", allow_pickle=False), np.load(_common(path), mmap_mode="r", allow_pickle=False))
        for path in sorted(folder.glob("*.pairs.npy"))
    ]
    # A new block where the number of pairs so far passes a multiple of `most`.
    block = np.cumsum(starting) // most
    begins = np.flatnonzero(np.diff(block, prepend=-1))
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), count], strict=True):
        slices = [(keys, times, np.searchsorted(keys, [begin * count, end * count])) for keys, times in tables]
        keys, common = works.summed(
            np.concatenate([keys[a:b] for keys, _, (a, b) in slices]),
            np.concatenate([times[a:b] for _, times, (a, b) in slices]),
        )
        likely = common >= works.SAME_WINDOWS
        yield works.matches_of(keys[likely], common[likely], telling)


def _common(path: Path) -> Path:
    return path.with_name(path.name.replace(".pairs.", ".common."))
