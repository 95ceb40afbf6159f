"""Part arrays of the selected files of a corpus, and what was lost on the way."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from quartetvae.config import Encode
from quartetvae.corpus.records import SPLITS
from quartetvae.errors import CorpusError
from quartetvae.io import midi
from quartetvae.metrics.figures import EncodeFigures
from quartetvae.music import codec, metre, part_assignment
from quartetvae.music.codec import Alphabet, Losses
from quartetvae.music.ensemble import PARTS
from quartetvae.music.quartet import Grid, Piece


def grid_for(encode: Encode) -> Grid:
    """Make the grid that a record describes."""
    return Grid(encode.steps_per_beat, Alphabet(encode.pitch_min, encode.pitch_max))


def encode_all(raw: Path, table: pd.DataFrame, grid: Grid) -> Iterator[tuple[Piece, Losses]]:
    """Encode the selected files of a corpus, in the order of their `position`."""
    selected = table[table["position"] >= 0].sort_values("position")
    for row in selected.to_dict("records"):
        yield encode_file(raw, row, grid)


def encode_file(raw: Path, row: Any, grid: Grid) -> tuple[Piece, Losses]:
    """Encode one file by its row of the table of `survey`; any file whose four parts were found will do."""
    path = raw / row["file"]
    found = {part or None for part in row["parts"]}
    if not found.issuperset(PARTS):
        raise CorpusError(f"{row['id']} ({row['file']}): its four parts were not found ({row['reason']}).")
    music = midi.read(path)
    notes = part_assignment.merge(music.tracks, [part or None for part in row["parts"]])
    tokens, losses = codec.encode(
        notes, ticks_per_beat=music.ticks_per_beat, steps_per_beat=grid.steps_per_beat, alphabet=grid.alphabet
    )
    bars = metre.bar_numbers(music, steps=len(tokens), steps_per_beat=grid.steps_per_beat)
    return Piece(row["id"], row["composer"], row["work"], tokens, bars), losses


def figures(encoded: Sequence[tuple[Piece, Losses]], splits: Mapping[str, str], grid: Grid) -> EncodeFigures:
    """Count what was encoded and what was lost: the figures of metrics/encode.json.

    `phrases` are of four beats, whatever length params.yaml gives to the phrases that the model sees.
    """
    losses = sum((losses for _, losses in encoded), Losses())
    tokens = np.concatenate([piece.tokens for piece, _ in encoded])
    pitches = np.unique(tokens[codec.onset_mask(tokens, grid.alphabet)]).astype(int) + grid.alphabet.pitch_min
    beats = -(-len(tokens) // grid.steps_per_beat)
    in_split = {name: [p for p, _ in encoded if splits[p.id] == name] for name in SPLITS}
    return {
        "pieces": len(encoded),
        "steps": len(tokens),
        "phrases": sum(-(-len(piece.tokens) // (4 * grid.steps_per_beat)) for piece, _ in encoded),
        "beats": beats,
        "alphabet": grid.alphabet.size,
        "symbols_used": len(np.unique(tokens)),
        "pitch_lowest": int(pitches.min()),
        "pitch_highest": int(pitches.max()),
        "notes": losses.notes,
        "notes_moved_into_range": losses.moved_into_range,
        "notes_dropped_from_chords": losses.dropped_from_chords,
        "notes_merged_on_grid": losses.merged_on_grid,
        "onsets_off_grid_share": losses.off_grid / losses.notes,
        "splits": {
            name: {
                "works": len({(p.composer, p.work) for p in chosen}),
                "pieces": len(chosen),
                "steps": sum(len(p.tokens) for p in chosen),
            }
            for name, chosen in in_split.items()
        },
    }
