"""metadata.csv: what a source says of its files, a row for each."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pandas as pd

from quartetvae.corpus import packs
from quartetvae.errors import CorpusError

FILE = "metadata.csv"

ROWS = 1024
"""Of metadata.csv that are read at a time."""


@dataclass(frozen=True, slots=True)
class MetadataRow:
    """A row of metadata.csv: one file."""

    id: str
    source: str
    """Where the file comes from, one of `config.Source`; its folder is called so too."""
    composer: str
    work: str
    movement: str
    ensemble: str
    file: str
    """Relative to the folder, with `/`: `musicnet/Beethoven/2313_qt15_1.mid`; of packed files see `corpus.packs`."""
    left_out: str = ""
    """Notes of a score that its MIDI file lacks, by kind: `cue notes 3; grace notes 12`; "" for none.

    What a score of several movements lacks is said of the first of its files alone, so that sums are right.
    """


COLUMNS = tuple(field.name for field in fields(MetadataRow))


def left_out_text(counts: Mapping[str, int]) -> str:
    """Write counts of notes by kind as the column `left_out` has them.

    >>> left_out_text({"grace notes": 12, "cue notes": 3})
    'cue notes 3; grace notes 12'
    """
    return "; ".join(f"{kind} {count}" for kind, count in sorted(counts.items()) if count)


def left_out_counts(text: str) -> dict[str, int]:
    """Read what `left_out_text` wrote.

    >>> left_out_counts("cue notes 3; grace notes 12")
    {'cue notes': 3, 'grace notes': 12}

    Raises
    ------
    CorpusError
        If it is something else.
    """
    counts = {}
    for item in filter(None, text.split("; ")):
        kind, _, count = item.rpartition(" ")
        if not kind or not (count.isascii() and count.isdecimal()):
            raise CorpusError(
                f"{FILE}: left_out '{text}' found; kinds of notes and their numbers are needed, as "
                "'cue notes 3; grace notes 12'."
            )
        counts[kind] = int(count)
    return counts


def write(folder: Path, rows: Iterable[MetadataRow]) -> None:
    """Write metadata.csv into a folder, sorted by file."""
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(row) for row in sorted(rows, key=lambda row: row.file))


def read(raw: Path) -> pd.DataFrame:
    """Read metadata.csv of a folder: one row per file, all columns strings.

    Raises
    ------
    CorpusError
        If it is missing, lacks a column, names an id twice or a file that is not there; or if a pack is damaged.
    """
    path = raw / FILE
    try:
        # At once, each cell would be an object before it is a part of a column.
        with pd.read_csv(path, dtype=str, keep_default_na=False, chunksize=ROWS) as rows:
            table = pd.concat(rows, ignore_index=True)
    except (OSError, ValueError) as error:
        detail = " ".join(str(error).split())
        raise CorpusError(f"{path}: not a readable table ({detail}); run the stage `download` first.") from error
    lacking = [name for name in COLUMNS if name not in table.columns]
    if lacking:
        raise CorpusError(f"{path}: no column {', '.join(lacking)}; needed are {', '.join(COLUMNS)}.")
    twice = table["id"][table["id"].duplicated()].tolist()
    if twice:
        raise CorpusError(f"{path}: id {twice[0]} is there twice; each file needs an id of its own.")
    absent = [file for file in table["file"] if not packs.is_file(raw / file)]
    if absent:
        raise CorpusError(f"{path}: names {absent[0]}, which is not in {raw}; run the stage `download` again.")
    return table[list(COLUMNS)]
