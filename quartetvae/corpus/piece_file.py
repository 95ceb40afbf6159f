"""pieces.parquet, opened: what each piece is, and the pieces themselves one by one, never all in memory."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from quartetvae.corpus import tables
from quartetvae.errors import DatasetError
from quartetvae.music.quartet import Grid, Piece


@dataclass(frozen=True)
class PieceFile:
    """The table of `tables.write_pieces`; a piece is known by its number, from 0, which is that of its row group."""

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
        about = self._file.metadata
        with self._damage_told():
            return tuple(about.row_group(number).num_rows for number in range(about.num_row_groups))

    @cached_property
    def splits(self) -> Sequence[str]:
        """The split of each piece."""
        return self._names("split")

    @cached_property
    def sources(self) -> Sequence[str]:
        """Where each piece comes from; "" if nothing is known of it."""
        return self._names("source")

    def _names(self, column: str) -> tuple[str, ...]:
        read = self._file.read_row_group
        with self._damage_told():
            return tuple(str(read(number, columns=[column])[column][0].as_py()) for number in range(len(self.steps)))

    def piece(self, number: int) -> Piece:
        """Read a piece; raises `DatasetError` if the table is damaged there."""
        with self._damage_told():
            table = self._file.read_row_group(number)
            id, composer, work = (str(table[name][0].as_py()) for name in ("piece", "composer", "work"))
            tokens = np.stack([table[column].to_numpy() for column in tables.columns_of(self.grid)], axis=1)
            return Piece(id, composer, work, tokens, table["bar"].to_numpy().astype(np.int64))

    def content(self, number: int) -> str:
        """Hash the bytes of a piece, which do not hang on the pieces before it."""
        about = self._file.metadata.row_group(number)
        columns = [about.column(place) for place in range(about.num_columns)]
        with self._damage_told(), self.path.open("rb") as file:
            begin = min(
                at for column in columns for at in (column.dictionary_page_offset, column.data_page_offset) if at
            )
            file.seek(begin)
            return hashlib.sha256(file.read(sum(column.total_compressed_size for column in columns))).hexdigest()


def opened(path: Path) -> PieceFile:
    """Open a table of pieces.

    Raises
    ------
    DatasetError
        If it is missing, damaged, not ours, or empty.
    """
    found = PieceFile(path.absolute())
    if not found.steps or not found._metadata:
        raise DatasetError(f"{path}: no pieces in it; run `dvc repro encode`.")
    return found
