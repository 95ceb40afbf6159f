"""Part arrays of the selected files of a corpus, and what was lost on the way."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from quartetvae.config import Encode
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
    file = reading.read(path, label=label)
    return file.music, file.assignment


def encode_all(raw: Path, table: pd.DataFrame, grid: Grid) -> Iterator[tuple[Piece, Losses]]:
    """Encode the selected files of a corpus, in the order of their `position`."""
    selected = table[table["position"] >= 0].sort_values("position")
    for row in selected.to_dict("records"):
        yield encode_file(raw, row, grid)


def encode_file(raw: Path, row: Any, grid: Grid) -> tuple[Piece, Losses]:
    """Encode one file by its row of the table of `survey`; any file whose four parts were found will do."""
    music, notes = read_parts(raw, row)
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
    parts = [part or None for part in row["parts"]]
    if not set(parts).issuperset(PARTS):
        raise CorpusError(f"{row['id']} ({row['file']}): its four parts were not found ({row['reason']}).")
    music, _ = read(raw / row["file"])
    return music, part_assignment.merge(music.tracks, parts)


def origins(table: pd.DataFrame) -> dict[str, Origin]:
    """Tell where the quartets of the table of `survey` come from, by id."""
    rows = table[table["work_id"] != ""]
    return {row["id"]: Origin(row["source"], row["work_id"]) for row in rows.to_dict("records")}


def figures(
    encoded: Sequence[tuple[Piece, Losses]],
    splits: Mapping[str, str],
    grid: Grid,
    origins: Mapping[str, Origin] | None = None,
) -> EncodeFigures:
    """Count what was encoded and what was lost, of each source, too: the figures of metrics/encode.json.

    `phrases` are of four beats, whatever length params.yaml gives to the phrases that the model sees.
    """
    losses = sum((losses for _, losses in encoded), Losses())
    tokens = np.concatenate([piece.tokens for piece, _ in encoded])
    pitches = np.unique(tokens[codec.onset_mask(tokens, grid.alphabet)]).astype(int) + grid.alphabet.pitch_min
    of = dict(origins or {})
    sources = dict.fromkeys(of[piece.id].source for piece, _ in encoded if piece.id in of)
    return {
        "pieces": len(encoded),
        "steps": len(tokens),
        "phrases": sum(-(-len(piece.tokens) // (4 * grid.steps_per_beat)) for piece, _ in encoded),
        "beats": -(-len(tokens) // grid.steps_per_beat),
        "alphabet": grid.alphabet.size,
        "symbols_used": len(np.unique(tokens)),
        "pitch_lowest": int(pitches.min()),
        "pitch_highest": int(pitches.max()),
        **_lost(losses),
        "onsets_off_grid_share": losses.off_grid / losses.notes,
        "splits": _by_split([piece for piece, _ in encoded], splits, grid, of),
        "sources": {
            source: _of_source(
                [(piece, losses) for piece, losses in encoded if piece.id in of and of[piece.id].source == source],
                splits,
                grid,
                of,
            )
            for source in sources
        },
    }


def _of_source(
    encoded: Sequence[tuple[Piece, Losses]], splits: Mapping[str, str], grid: Grid, origins: Mapping[str, Origin]
) -> SourceEncodeCounts:
    pieces = [piece for piece, _ in encoded]
    steps = sum(len(piece.tokens) for piece in pieces)
    return {
        "works": len({_work(piece, origins) for piece in pieces}),
        "composers": len({piece.composer for piece in pieces}),
        "pieces": len(pieces),
        "steps": steps,
        "beats": -(-steps // grid.steps_per_beat),
        **_lost(sum((losses for _, losses in encoded), Losses())),
        "splits": _by_split(pieces, splits, grid, origins),
    }


def _by_split(
    pieces: Sequence[Piece], splits: Mapping[str, str], grid: Grid, origins: Mapping[str, Origin]
) -> dict[str, SplitCounts]:
    in_split = {name: [piece for piece in pieces if splits[piece.id] == name] for name in SPLITS}
    steps = {name: sum(len(piece.tokens) for piece in chosen) for name, chosen in in_split.items()}
    return {
        name: {
            "works": len({_work(piece, origins) for piece in chosen}),
            "pieces": len(chosen),
            "steps": steps[name],
            "beats": -(-steps[name] // grid.steps_per_beat),
        }
        for name, chosen in in_split.items()
    }


def _work(piece: Piece, origins: Mapping[str, Origin]) -> object:
    return origins[piece.id].work_id if piece.id in origins else (piece.composer, piece.work)


def _lost(losses: Losses) -> LossCounts:
    return {
        "notes": losses.notes,
        "notes_dropped_from_chords": losses.dropped_from_chords,
        "notes_merged_on_grid": losses.merged_on_grid,
        "notes_moved_into_range": losses.moved_into_range,
    }
