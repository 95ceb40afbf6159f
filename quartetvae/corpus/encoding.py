"""Part arrays of the selected files of a corpus, and what was lost on the way."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from quartetvae.config import Encode
from quartetvae.corpus import outlines, packs
from quartetvae.corpus.outlines import Outline
from quartetvae.corpus.parallel import shards as parallel
from quartetvae.corpus.parallel.shards import IN_MEMORY, Item, Shards
from quartetvae.corpus.records import SPLITS, Origin
from quartetvae.errors import CorpusError
from quartetvae.io import read as reading
from quartetvae.metrics.figures import EncodeFigures, SourceEncodeCounts, SplitCounts
from quartetvae.metrics.figures import Losses as LossCounts
from quartetvae.music import codec, metre, part_assignment
from quartetvae.music.codec import Alphabet, Losses
from quartetvae.music.ensemble import PARTS
from quartetvae.music.notes import Notes
from quartetvae.music.part_assignment import Assignment
from quartetvae.music.quartet import Grid, Piece
from quartetvae.music.tracks import Music


def grid_for(encode: Encode) -> Grid:
    """Make the grid that a record describes."""
    return Grid(encode.steps_per_beat, Alphabet(encode.pitch_min, encode.pitch_max), encode.chords)


def read(path: Path, *, label: str = "") -> tuple[Music, Assignment]:
    """Read a file of a corpus and find its parts, as commands do; `label` is what the metadata call its ensemble."""
    with packs.on_disk(path) as there:
        file = reading.read(there, label=label)
    return file.music, file.assignment


def encode_all(raw: Path, table: pd.DataFrame, grid: Grid) -> Iterator[tuple[Piece, Losses]]:
    """Encode the selected files of a corpus, in the order of their `position`."""
    selected = table[table["position"] >= 0].sort_values("position")
    for row in selected.to_dict("records"):
        yield encode_file(raw, row, grid)


@contextmanager
def encoded(raw: Path, table: pd.DataFrame, grid: Grid, shards: Shards = IN_MEMORY) -> Iterator["Encoded"]:
    """Encode as `encode_all` does, but shard by shard: only some pieces are in memory at a time."""
    items = _items(raw, table)
    del table  # all that is wanted of it is in the items
    making = shards.parts(encoded_rows, items, label="encode", grid=grid)
    del items
    with making as parts:
        yield Encoded(parts, grid)


def _items(raw: Path, table: pd.DataFrame) -> Sequence[Item]:
    selected = table.loc[table["position"] >= 0, ["position", *_KNOWN]].sort_values("position")
    return parallel.files(raw, pa.Table.from_pandas(selected[[*_KNOWN]], preserve_index=False))


_KNOWN = ("id", "composer", "work", "file", "reason", "parts")
"""Columns of the table of `survey` that encoding a file wants."""

COLUMNS = (*_KNOWN, "position")
"""Those that encoding a corpus wants."""

OF_ORIGIN = ("id", "source", "work_id")
"""Those that `origins` wants."""


@dataclass(frozen=True)
class Encoded:
    """The pieces of a corpus, on disk."""

    parts: Sequence[Path]
    grid: Grid

    def outlines(self) -> list[Outline]:
        """Read what is known of the pieces beside their tokens."""
        losses = [field.name for field in fields(Losses)]
        known = [name for name in _ROWS.names if name not in ("tokens", "bars")]
        return [
            Outline(
                # One string for all that have it.
                sys.intern(row["id"]),
                sys.intern(row["composer"]),
                sys.intern(row["work"]),
                row["steps"],
                Losses(*(row[name] for name in losses)),
                row["symbols"],
            )
            for part in self.parts
            for row in parallel.read(part, known).to_pylist()
        ]

    def __iter__(self) -> Iterator[Piece]:
        """Read the pieces, those of a part at a time."""
        for part in self.parts:
            for row in parallel.read(part).to_pylist():
                tokens = np.frombuffer(row["tokens"], np.uint8).reshape(row["steps"], self.grid.columns)
                yield Piece(row["id"], row["composer"], row["work"], tokens, np.frombuffer(row["bars"], "<i8"))


_ROWS = pa.schema(
    {
        **dict.fromkeys(("id", "composer", "work"), pa.string()),
        "steps": pa.int64(),
        **{field.name: pa.int64() for field in fields(Losses)},
        "symbols": pa.binary(),
        "tokens": pa.binary(),
        "bars": pa.binary(),
    }
)
"""A piece: its outline, then its arrays as they are in memory, row by row."""


def encoded_rows(items: Sequence[Item], *, grid: Grid) -> pa.Table:
    """Encode some files: a shard of a corpus."""
    rows = []
    for one in items:
        piece, losses = _encode(one.path, one.known, grid)
        known = outlines.outline(piece, losses)
        rows.append(
            {
                **{"id": known.id, "composer": known.composer, "work": known.work, "steps": known.steps},
                **asdict(losses),
                "symbols": known.symbols,
                "tokens": np.ascontiguousarray(piece.tokens).tobytes(),
                "bars": piece.bars.astype("<i8").tobytes(),
            }
        )
    return pa.Table.from_pylist(rows, schema=_ROWS)


def encode_file(raw: Path, row: Any, grid: Grid) -> tuple[Piece, Losses]:
    """Encode one file by its row of the table of `survey`; any file whose four parts were found will do."""
    return _encode(raw / row["file"], row, grid)


def _encode(path: Path, row: Any, grid: Grid) -> tuple[Piece, Losses]:
    music, notes = _read_parts(path, row)
    tokens, losses = codec.encode(
        notes,
        ticks_per_beat=music.ticks_per_beat,
        steps_per_beat=grid.steps_per_beat,
        alphabet=grid.alphabet,
        chords=grid.chords,
    )
    bars = metre.bar_numbers(music, steps=len(tokens), steps_per_beat=grid.steps_per_beat)
    return Piece(row["id"], row["composer"], row["work"], tokens, bars), losses


def read_parts(raw: Path, row: Any) -> tuple[Music, list[Notes]]:
    """Read a file by its row of the table of `survey`: the notes of its four parts, in ticks of the music.

    They are all that the tracks of the parts play, repeats as often as they are played.
    """
    return _read_parts(raw / row["file"], row)


def _read_parts(path: Path, row: Any) -> tuple[Music, list[Notes]]:
    parts = [part or None for part in row["parts"]]
    if not set(parts).issuperset(PARTS):
        raise CorpusError(f"{row['id']} ({row['file']}): its four parts were not found ({row['reason']}).")
    music, _ = read(path)
    return music, part_assignment.merge(music.tracks, parts)


def origins(table: pd.DataFrame) -> dict[str, Origin]:
    """Tell where the quartets of the table of `survey` come from, by id."""
    rows = table[table["work_id"] != ""]
    return {
        sys.intern(id): Origin(sys.intern(source), sys.intern(work_id))
        for id, source, work_id in zip(rows["id"], rows["source"], rows["work_id"], strict=True)
    }


def figures(
    encoded: Sequence[Outline],
    splits: Mapping[str, str],
    grid: Grid,
    origins: Mapping[str, Origin] | None = None,
) -> EncodeFigures:
    """Count what was encoded and what was lost, of each source, too: the figures of metrics/encode.json.

    `phrases` are of four beats, whatever length params.yaml gives to the phrases that the model sees.
    """
    losses = sum((piece.losses for piece in encoded), Losses())
    steps = sum(piece.steps for piece in encoded)
    symbols = set[int]().union(*(piece.symbols for piece in encoded))
    pitches = [token + grid.alphabet.pitch_min for token in symbols if token < grid.alphabet.rest]
    of = dict(origins or {})
    by_source: dict[str, list[Outline]] = {}
    for piece in encoded:
        if piece.id in of:
            by_source.setdefault(of[piece.id].source, []).append(piece)
    return {
        "pieces": len(encoded),
        "steps": steps,
        "phrases": sum(-(-piece.steps // (4 * grid.steps_per_beat)) for piece in encoded),
        "beats": -(-steps // grid.steps_per_beat),
        "alphabet": grid.alphabet.size,
        "symbols_used": len(symbols),
        "pitch_lowest": min(pitches),
        "pitch_highest": max(pitches),
        **_lost(losses),
        "onsets_off_grid_share": losses.off_grid / losses.notes,
        "splits": _by_split(encoded, splits, grid, of),
        "sources": {source: _of_source(some, splits, grid, of) for source, some in by_source.items()},
    }


def _of_source(
    pieces: Sequence[Outline], splits: Mapping[str, str], grid: Grid, origins: Mapping[str, Origin]
) -> SourceEncodeCounts:
    steps = sum(piece.steps for piece in pieces)
    return {
        "works": len({_work(piece, origins) for piece in pieces}),
        "composers": len({piece.composer for piece in pieces}),
        "pieces": len(pieces),
        "steps": steps,
        "beats": -(-steps // grid.steps_per_beat),
        **_lost(sum((piece.losses for piece in pieces), Losses())),
        "splits": _by_split(pieces, splits, grid, origins),
    }


def _by_split(
    pieces: Sequence[Outline], splits: Mapping[str, str], grid: Grid, origins: Mapping[str, Origin]
) -> dict[str, SplitCounts]:
    in_split = {name: [piece for piece in pieces if splits[piece.id] == name] for name in SPLITS}
    steps = {name: sum(piece.steps for piece in chosen) for name, chosen in in_split.items()}
    return {
        name: {
            "works": len({_work(piece, origins) for piece in chosen}),
            "pieces": len(chosen),
            "steps": steps[name],
            "beats": -(-steps[name] // grid.steps_per_beat),
        }
        for name, chosen in in_split.items()
    }


def _work(piece: Outline, origins: Mapping[str, Origin]) -> object:
    return origins[piece.id].work_id if piece.id in origins else (piece.composer, piece.work)


def _lost(losses: Losses) -> LossCounts:
    return {
        "notes": losses.notes,
        "notes_dropped_from_chords": losses.dropped_from_chords,
        "notes_merged_on_grid": losses.merged_on_grid,
        "notes_moved_into_range": losses.moved_into_range,
    }
