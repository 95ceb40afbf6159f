"""pieces.parquet: written and read, all pieces at once or one by one, never all in memory.

A row per grid step, a column of tokens per part, named after it. With `encode.chords` `double` four more columns have
the parts' second notes: violin_1_second and so on. Pieces are one after the other; a row group has whole ones, so many
that it has `GROUP` rows, since a writer keeps some kilobytes of each group until the file is closed. How many steps
each piece has is in the file's metadata, as `steps`: a list in JSON.
"""

import functools
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quartetvae.corpus import tables
from quartetvae.corpus.records import Origin, Pieces
from quartetvae.errors import DatasetError
from quartetvae.files import replacing
from quartetvae.music.quartet import Grid, Piece

GROUP = 1 << 16
"""Rows from which on a row group is full; it is longer only by the rest of its last piece."""

_NAMES = ("piece", "composer", "work", "source", "work_id", "split")
_UNKNOWN = Origin("", "")


def write(
    path: Path,
    pieces: Iterable[Piece],
    splits: Mapping[str, str],
    *,
    grid: Grid,
    tail_share: float = 0.0,
    origins: Mapping[str, Origin] | None = None,
) -> None:
    """Write pieces as they come; `splits` and `origins` give each id its split and where it comes from."""
    metadata = tables.grid_metadata(grid) | {"tail_share": json.dumps(tail_share)}
    schema = tables.schema_of(
        {
            **dict.fromkeys(_NAMES, tables.NAME),
            "step": pa.uint32(),
            "bar": pa.uint32(),
            **{column: pa.uint8() for column in tables.columns_of(grid)},
        },
        metadata,
    )

    def names(piece: Piece) -> tuple[str, ...]:
        origin = (origins or {}).get(piece.id, _UNKNOWN)
        return piece.id, piece.composer, piece.work, origin.source, origin.work_id, splits[piece.id]

    steps: list[int] = []
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for group in _groups(pieces):
            sizes = [len(piece.tokens) for piece in group]
            named = zip(*map(names, group), strict=True)
            columns: list[pa.Array] = [_repeated(values, sizes) for values in named]
            columns.append(pa.array(np.concatenate([np.arange(size) for size in sizes]), pa.uint32()))
            columns.append(pa.array(np.concatenate([piece.bars for piece in group]), pa.uint32()))
            tokens = np.concatenate([piece.tokens for piece in group])
            columns += [pa.array(np.ascontiguousarray(column)) for column in tokens.T]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=len(tokens))
            steps += sizes
        writer.add_key_value_metadata({"steps": json.dumps(steps, separators=(",", ":"))})


def _sizes(text: bytes) -> tuple[int, ...]:
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("`steps` is nested without end") from error
    if not isinstance(found, list) or not all(type(size) is int and size > 0 for size in found):
        raise ValueError("`steps` is no list of lengths")
    return tuple(found)


def _groups(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    group: list[Piece] = []
    rows = 0
    for piece in pieces:
        if not len(piece.tokens):
            raise DatasetError(f"piece {piece.id}: no grid steps in it; leave it out, one at least is needed.")
        group.append(piece)
        rows += len(piece.tokens)
        if rows >= GROUP:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _repeated(values: Sequence[str], times: Sequence[int]) -> pa.Array:
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    indices = np.repeat(np.array([numbers[value] for value in values], np.int32), times)
    return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(list(numbers), pa.string()))


@dataclass(frozen=True)
class PieceFile:
    """The table of `write`, opened; a piece is known by its number, from 0."""

    path: Path

    @cached_property
    def _file(self) -> Any:
        with self._damage_told():
            return pq.ParquetFile(self.path)

    def _damage_told(self) -> AbstractContextManager[None]:
        return tables.damage_told(self.path, "encode")

    @cached_property
    def _metadata(self) -> dict[str, str]:
        with self._damage_told():
            return tables.metadata_of(self._file.schema_arrow, self.path, "tail_share")

    @cached_property
    def grid(self) -> Grid:
        """The grid of all pieces."""
        with self._damage_told():
            return tables.grid_of(self._metadata)

    @property
    def tail_share(self) -> float:
        """See `records.Pieces`."""
        with self._damage_told():
            return float(self._metadata["tail_share"])

    @cached_property
    def steps(self) -> Sequence[int]:
        """How many grid steps each piece has."""
        with self._damage_told():
            text = (self._file.metadata.metadata or {}).get(b"steps")
            if text is None:
                raise DatasetError(
                    f"{self.path}: of an earlier version (no `steps` in its metadata); run `dvc repro` to make it anew."
                )
            return _sizes(text)

    @cached_property
    def _places(self) -> Sequence[tuple[int, int]]:
        """Row group of each piece, and its first row there."""
        with self._damage_told():
            about = self._file.metadata
            left = [about.row_group(number).num_rows for number in range(about.num_row_groups)]
            found, group, row = [], 0, 0
            for size in self.steps:
                while group < len(left) and row == left[group]:
                    group, row = group + 1, 0
                found.append((group, row))
                row += size
                if group == len(left) or row > left[group]:
                    raise ValueError(
                        f"piece {len(found) - 1} has {size} steps by the metadata, but not so many rows in a row group"
                    )
            if found and (group, row) != (len(left) - 1, left[-1]):
                raise ValueError("rows that are of no piece")
            return found

    @cached_property
    def _group(self) -> Callable[[int], pa.Table]:
        # The last one is kept: pieces are mostly read in their order. Threads would have memory of their own.
        return functools.lru_cache(1)(functools.partial(self._file.read_row_group, use_threads=False))

    @cached_property
    def splits(self) -> Sequence[str]:
        """The split of each piece."""
        return self._first("split")

    @cached_property
    def sources(self) -> Sequence[str]:
        """Where each piece comes from; "" if nothing is known of it."""
        return self._first("source")

    def _first(self, column: str) -> tuple[str, ...]:
        """Read what a column has at each piece's beginning."""
        found: list[str] = []
        known: dict[str, str] = {}
        with self._damage_told():
            for group, places in itertools.groupby(self._places, key=lambda place: place[0]):
                values = self._file.read_row_group(group, columns=[column])[column].take([row for _, row in places])
                found += [known.setdefault(value, value) for value in map(str, values.to_pylist())]
        return tuple(found)

    def _rows(self, number: int) -> pa.Table:
        group, row = self._places[number]
        rows = self._group(group).slice(row, self.steps[number])
        step = rows["step"].to_numpy()
        if len(step) != self.steps[number] or (step != np.arange(len(step))).any():
            raise ValueError(f"the steps of piece {number} are not counted from 0")
        if len(names := rows["piece"].unique()) > 1:
            raise ValueError(f"the rows of piece {number} have several ids: {', '.join(map(str, names[:3]))}")
        return rows

    def piece(self, number: int) -> Piece:
        """Read a piece; raises `DatasetError` if the table is damaged there."""
        return self.described(number)[0]

    def described(self, number: int) -> tuple[Piece, str, Origin]:
        """Read a piece, its split, and where it comes from; raises `DatasetError` if the table is damaged there."""
        with self._damage_told():
            rows = self._rows(number)
            first = {name: str(rows[name][0].as_py()) for name in _NAMES}
            tokens = np.stack([rows[column].to_numpy() for column in tables.columns_of(self.grid)], axis=1)
            bars = rows["bar"].to_numpy().astype(np.int64)
            piece = Piece(first["piece"], first["composer"], first["work"], tokens, bars)
            return piece, first["split"], Origin(first["source"], first["work_id"])

    def content(self, number: int) -> str:
        """Hash all that is known of a piece, which does not hang on the pieces before it."""
        piece, split, origin = self.described(number)
        about = (piece.id, piece.composer, piece.work, split, origin.source, origin.work_id, piece.tokens.shape)
        digest = hashlib.sha256(repr(about).encode())
        digest.update(np.ascontiguousarray(piece.tokens).tobytes())
        digest.update(piece.bars.tobytes())
        return digest.hexdigest()


def opened(path: Path) -> PieceFile:
    """Open a table of pieces.

    Raises
    ------
    DatasetError
        If it is missing, damaged, not ours, or empty.
    """
    found = PieceFile(path.absolute())
    if not found._metadata or not found.steps:
        raise DatasetError(f"{path}: no pieces in it; run `dvc repro encode`.")
    return found


def read(path: Path) -> Pieces:
    """Read all pieces.

    Raises
    ------
    DatasetError
        If the table is missing, damaged, not ours, or empty.
    """
    file = opened(path)
    found = [file.described(number) for number in range(len(file.steps))]
    pieces, splits, origins = zip(*found, strict=True)
    known = {piece.id: origin for piece, origin in zip(pieces, origins, strict=True) if origin.work_id}
    return Pieces(pieces, splits, file.grid, file.tail_share, known)
