"""The Parquet tables of quartets and phrases, and what all tables share; that of pieces is in `corpus.piece_file`.

Explicit Arrow schemas, units in their metadata, fixed bytes.

phrases/<split>.parquet
    A row per phrase, a fixed-size list of tokens for each column of tokens that pieces have; row groups of at most
    `GROUP` phrases, so that neither writing nor reading holds it twice, and training can mix phrases without holding
    them all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from quartetvae.config import Chords, Phrases
from quartetvae.corpus.records import PhraseSet
from quartetvae.errors import DatasetError, QuartetError
from quartetvae.files import replacing
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import PARTS
from quartetvae.music.quartet import Grid

LOST = ("notes_dropped_from_chords", "notes_merged_on_grid", "notes_moved_into_range")
"""Columns of quartets.parquet: what becomes of notes on the grid; see `music.codec.Losses`."""

DAMAGES = (
    *(pa.ArrowException, OSError, MemoryError, OverflowError),
    *(ValueError, TypeError, LookupError, AttributeError, AssertionError),
)
"""What Arrow, pandas and NumPy say of a table that is damaged, or whose schema is not ours."""

GROUP = 8192
"""Phrases of a row group, at most."""

QUARTETS_GROUP = 2048
"""Rows of a row group of quartets.parquet, whose columns are many."""

NAME = pa.dictionary(pa.int32(), pa.string())
"""The type of names."""

_CELL_UNIT = "token: 0 is pitch_min, then upwards by semitones; rest; sustain; pitches held from before, as the first"
_COLUMN_UNITS = {
    "piece": "id in metadata.csv",
    "source": "where it comes from, as in metadata.csv",
    "work_id": "the same for all pieces of a work: the id of the first one in its preferred source",
    "split": "train, validation or test; the same for all pieces of a work",
    "step": "grid steps from the piece's beginning",
    "bar": "bars from the piece's beginning, from 0",
    "start": "first grid step in the piece",
    "semitones": "transposition, upwards",
}


QUARTETS = pa.schema(
    [
        *(
            pa.field(name, pa.string())
            for name in ("id", "source", "composer", "work", "movement", "ensemble", "file", "sha256")
        ),
        pa.field("decision", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("programs", pa.list_(pa.uint8())),
        pa.field("tracks", pa.list_(pa.string())),
        pa.field("parts", pa.list_(pa.string())),
        pa.field("notes", pa.uint32()),
        pa.field("beats", pa.float64(), metadata={"unit": "quarter notes"}),
        pa.field("duplicate_of", pa.string()),
        pa.field("share", pa.float64(), metadata={"unit": "share of windows in common with duplicate_of, 0..1"}),
        pa.field("work_id", pa.string(), metadata={"unit": _COLUMN_UNITS["work_id"]}),
        *(pa.field(name, pa.uint32(), metadata={"unit": "notes"}) for name in LOST),
        pa.field("left_out", pa.map_(pa.string(), pa.uint32()), metadata={"unit": "notes not read, by kind"}),
        pa.field("position", pa.int32(), metadata={"unit": "place among the selected, -1 for the others"}),
    ]
)
"""Columns of quartets.parquet; what they hold is in `corpus.survey.survey`."""

_SECOND = "_second"


def columns_of(grid: Grid) -> tuple[str, ...]:
    """Name the columns of tokens: the parts, then those of their second notes, if the grid has any."""
    return (*PARTS, *(part + _SECOND for part in PARTS))[: grid.columns]


def write_quartets(path: Path, rows: Iterable[pa.Table]) -> None:
    """Write the rows of a `corpus.survey.Survey` as they come, `QUARTETS_GROUP` at a time."""
    with replacing(path) as temporary, pq.ParquetWriter(temporary, QUARTETS) as writer:
        waiting = [QUARTETS.empty_table()]
        for some in rows:
            waiting.append(some)
            while sum(map(len, waiting)) >= QUARTETS_GROUP:
                whole = pa.concat_tables(waiting)
                writer.write_table(whole.slice(0, QUARTETS_GROUP).combine_chunks(), row_group_size=QUARTETS_GROUP)
                waiting = [whole.slice(QUARTETS_GROUP)]
        if len(rest := pa.concat_tables(waiting).combine_chunks()):
            writer.write_table(rest, row_group_size=QUARTETS_GROUP)


def read_quartets(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read the table of `corpus.survey.survey`, or some of its columns; one that is not there is a `DatasetError`."""
    with _open(path, "filter") as file:
        lacking = [name for name in columns or () if name not in file.schema_arrow.names]
        if lacking:
            raise DatasetError(f"{path}: no column {', '.join(lacking)} in it; run `dvc repro filter`.")
        # Threads would have memory of their own.
        table = file.read(columns, use_threads=False)
        empty = [name for name in table.column_names if table[name].null_count]
        if empty:
            raise DatasetError(f"{path}: empty cells in column {', '.join(empty)}; run `dvc repro filter`.")
        return with_lists(table)


def with_lists(table: pa.Table) -> pd.DataFrame:
    """Turn a table into one of pandas, in which lists stay as they are in Arrow, which is far smaller."""

    def nested(kind: pa.DataType) -> pd.ArrowDtype | None:
        return pd.ArrowDtype(kind) if pa.types.is_nested(kind) else None

    frame: pd.DataFrame = table.to_pandas(types_mapper=nested)
    return frame


def write_phrases(path: Path, batches: Iterable[PhraseSet], grid: Grid, form: Phrases) -> None:
    """Write the phrases of one split as they come, one row group or several for each batch."""
    steps = form.beats_per_phrase * grid.steps_per_beat
    schema = schema_of(
        {
            "piece": NAME,
            "start": pa.uint32(),
            "semitones": pa.int8(),
            **{column: pa.list_(pa.uint8(), steps) for column in columns_of(grid)},
        },
        grid_metadata(grid) | {"form": form.model_dump_json()},
    )
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for batch in filter(len, batches):
            columns = [
                pa.array(batch.pieces.tolist(), pa.string()).dictionary_encode(),
                pa.array(batch.starts, pa.uint32()),
                pa.array(batch.semitones, pa.int8()),
            ]
            for column in range(grid.columns):
                flat = pa.array(np.ascontiguousarray(batch.tokens[:, :, column]).reshape(-1))
                columns.append(pa.FixedSizeListArray.from_arrays(flat, steps))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=GROUP)


def read_phrases(path: Path) -> PhraseSet:
    """Read the phrases of one split; raises `DatasetError` if the table is missing, not ours, or empty."""
    opened = open_phrases(path)
    count, grid, form = sum(opened.rows), opened.grid, opened.form
    with _open(path, "augment") as file:
        phrases = PhraseSet(
            np.empty((count, opened.shape[0], grid.columns), np.uint8),
            np.empty(count, object),
            np.empty(count, np.int32),
            np.empty(count, np.int8),
            grid,
            form,
        )
        # A string for each piece, whichever row groups it is in.
        known: dict[str, str] = {}
        stop = 0
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).combine_chunks()
            rows = slice(stop, stop := stop + len(table))
            for place, name in enumerate(columns_of(grid)):
                column = table[name].chunk(0)
                phrases.tokens[rows, :, place] = column.flatten().to_numpy().reshape(len(table), phrases.steps)
            piece = table["piece"].chunk(0)
            names = [known.setdefault(name, name) for name in piece.dictionary.to_pylist()]
            phrases.pieces[rows] = np.array(names, object)[piece.indices.to_numpy()]
            phrases.starts[rows] = table["start"].to_numpy()
            phrases.semitones[rows] = table["semitones"].to_numpy()
    return phrases


@dataclass(frozen=True)
class PhraseTable:
    """A table of phrases of which all is known but the rows."""

    path: Path
    grid: Grid
    form: Phrases
    columns: tuple[str, ...]
    """That hold tokens, in their order."""
    rows: tuple[int, ...]
    """How many phrases each row group has."""

    @property
    def shape(self) -> tuple[int, int]:
        """Of a phrase: grid steps, and columns of tokens."""
        return self.form.beats_per_phrase * self.grid.steps_per_beat, len(self.columns)

    def tokens(self, groups: Sequence[int]) -> Iterator[Tokens]:
        """Read the tokens of row groups, uint8, (phrases, steps, columns), one group after the other."""
        with _open(self.path, "augment") as file:
            for group in groups:
                try:
                    # In the thread of whoever asks: training has the cores.
                    table = file.read_row_group(group, columns=list(self.columns), use_threads=False)
                except (OSError, pa.ArrowException) as error:
                    detail = " ".join(str(error).split())
                    raise DatasetError(
                        f"{self.path}, row group {group}: cannot be read ({detail}); run `dvc repro augment`."
                    ) from error
                found = [table[name].combine_chunks().flatten().to_numpy() for name in self.columns]
                yield np.stack([column.reshape(len(table), -1) for column in found], axis=-1)


def open_phrases(path: Path) -> PhraseTable:
    """Look what a table of phrases holds; raises `DatasetError` if it is missing, not ours, or empty."""
    with _open(path, "augment") as file:
        metadata, schema = metadata_of(file.schema_arrow, path, "form"), file.schema_arrow
        groups = range(file.num_row_groups)
        rows = tuple(int(file.metadata.row_group(group).num_rows) for group in groups)
        grid, form = grid_of(metadata), Phrases.model_validate_json(metadata["form"])
    if not sum(rows):
        raise DatasetError(f"{path}: no phrases in it; give this split a share in params.yaml (section `split`).")
    # Told by their type: how many there are for a part is the encoding's affair.
    cells = pa.list_(pa.uint8(), form.beats_per_phrase * grid.steps_per_beat)
    columns = tuple(column.name for column in schema if column.type.equals(cells))
    if not columns:
        raise DatasetError(f"{path}: no column of {cells} in it, which phrases are; run `dvc repro augment`.")
    return PhraseTable(path, grid, form, columns, rows)


def schema_of(types: Mapping[str, pa.DataType], metadata: Mapping[str, str]) -> pa.Schema:
    """Make a schema of these columns, with their units."""
    fields = []
    for name, kind in types.items():
        unit = _CELL_UNIT if name.removesuffix(_SECOND) in PARTS else _COLUMN_UNITS.get(name)
        fields.append(pa.field(name, kind, nullable=False, metadata={"unit": unit} if unit else None))
    return pa.schema(fields, metadata=dict(metadata))


def grid_metadata(grid: Grid) -> dict[str, str]:
    """Give what a table says of its grid, for `grid_of`."""
    return {
        "steps_per_beat": str(grid.steps_per_beat),
        "pitch_min": str(grid.alphabet.pitch_min),
        "pitch_max": str(grid.alphabet.pitch_max),
        "chords": grid.chords,
    }


def metadata_of(schema: pa.Schema, path: Path, kind: str) -> dict[str, str]:
    """Read the schema's metadata, which must have what all our tables have and what this kind of table has."""
    found = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    for name in ("steps_per_beat", "chords", kind):
        if name not in found:
            raise DatasetError(f"{path}: not a table of this project (its schema has no {name}).")
    return found


def grid_of(metadata: Mapping[str, str]) -> Grid:
    """Take the grid from a table's metadata."""
    alphabet = Alphabet(int(metadata["pitch_min"]), int(metadata["pitch_max"]))
    return Grid(int(metadata["steps_per_beat"]), alphabet, cast(Chords, metadata["chords"]))


@contextmanager
def damage_told(path: Path, stage: str) -> Iterator[None]:
    """Turn what a damaged table, or one that is not there, raises within into a `DatasetError`."""
    if not path.is_file():
        raise DatasetError(f"{path}: not there; run the stage `{stage}` first (dvc repro {stage}).")
    try:
        yield
    except QuartetError:
        raise
    except DAMAGES as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise DatasetError(f"{path}: not a readable Parquet table ({detail}); run `dvc repro {stage}`.") from error


@contextmanager
def _open(path: Path, stage: str) -> Iterator[pq.ParquetFile]:
    """Open a table to read it; whatever damage does meanwhile is a `DatasetError`."""
    with damage_told(path, stage), pq.ParquetFile(path) as file:
        yield file
