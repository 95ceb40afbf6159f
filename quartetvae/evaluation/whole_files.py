"""Whole files of a split: their notes as played, against what comes out of the grid alone and of the model.

A file is as the corpus has it: repeats as often as it plays them, on both sides. `quartetvae.metrics.whole_files` says
which notes match.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from quartetvae.corpus import encoding
from quartetvae.corpus.records import Pieces
from quartetvae.errors import CorpusError
from quartetvae.evaluation import works
from quartetvae.metrics import whole_files
from quartetvae.metrics.figures import FileFigures, FileGroupScores, FileScores, WorstWork
from quartetvae.metrics.whole_files import Counts, Played
from quartetvae.music.quartet import Grid, Piece


@dataclass(frozen=True)
class Matched:
    """A piece, and the counts of its notes by part and pitch."""

    piece: Piece
    codec: Sequence[Mapping[int, Counts]]
    """The piece on the grid against the file: what no model can bring back."""
    model: Sequence[Mapping[int, Counts]]
    """The piece as the model decodes it against the file."""


def match(
    originals: Sequence[Piece], rebuilt: Sequence[Piece], grid: Grid, table: pd.DataFrame, raw: Path
) -> Iterator[Matched]:
    """Match pieces on the grid, and as the model gave them back, with their files, one after the other.

    Parameters
    ----------
    originals, rebuilt
        The same pieces in one order, as they were encoded and as they were decoded.
    table, raw
        The table of `corpus.survey.survey` and its folder.

    Raises
    ------
    CorpusError
        If a piece is not in the table.
    """
    rows = {str(row["id"]): row for row in table.to_dict("records")}
    for original, made in zip(originals, rebuilt, strict=True):
        if original.id not in rows:
            raise CorpusError(
                f"piece '{original.id}' is not in the table of the corpus; run `dvc repro filter encode`."
            )
        music, notes = encoding.read_parts(raw, rows[original.id])
        file = Played(notes, music.ticks_per_beat)
        yield Matched(
            original,
            whole_files.match(file, whole_files.of_tokens(original.tokens, grid)),
            whole_files.match(file, whole_files.of_tokens(made.tokens, grid)),
        )


def figures(matched: Sequence[Matched], pieces: Pieces) -> FileFigures:
    """Score the pieces of one split: `file` in metrics/reconstruct.json. `pieces` knows their sources."""
    return {
        "codec": _scores(matched, pieces, lambda one: one.codec),
        "model": _scores(matched, pieces, lambda one: one.model),
    }


def _scores(
    matched: Sequence[Matched], pieces: Pieces, of: Callable[[Matched], Sequence[Mapping[int, Counts]]]
) -> FileScores:
    parts = [part for one in matched for part in of(one)]
    every, high = whole_files.total(parts), whole_files.total(parts, lowest=whole_files.HIGH)

    def by(name: Callable[[Piece], str]) -> dict[str, FileGroupScores]:
        names = [name(one.piece) for one in matched]
        return {
            group: _group(part for one, its in zip(matched, names, strict=True) if its == group for part in of(one))
            for group in sorted(set(names))
        }

    known = works.names(pieces)
    by_work = by(lambda piece: known[piece.id])
    return {
        "notes": every.true,
        "onset": every.onset,
        "offset": every.offset,
        "notes_from_92": high.true,
        "recall_from_92": high.onset["recall"],
        "by_source": by(pieces.source),
        "by_composer": by(lambda piece: piece.composer),
        "by_work": by_work,
        "worst_work": _worst(by_work),
    }


def _group(parts: Iterator[Mapping[int, Counts]]) -> FileGroupScores:
    counts = whole_files.total(parts)
    return {
        "notes": counts.true,
        "onset_precision": counts.onset["precision"],
        "onset_recall": counts.onset["recall"],
        "onset_f1": counts.onset["f1"],
        "offset_f1": counts.offset["f1"],
    }


def _worst(by_work: Mapping[str, FileGroupScores]) -> WorstWork | None:
    """Find the work of the lowest onset F1, the first by name of several; None without works that have notes."""
    scored = [(of["onset_f1"], name) for name, of in by_work.items() if of["onset_f1"] is not None]
    if not scored:
        return None
    f1, name = min(scored)
    return {"name": name, "onset_f1": f1}
