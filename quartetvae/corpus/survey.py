"""Which files of a corpus are quartets, and which are the same: a decision on every file, and the reason.

A corpus is a folder of MIDI files with metadata.csv; see `quartetvae.corpus.metadata`. What counts as the same work is
in `quartetvae.corpus.works`.
"""

import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from quartetvae.config import Match
from quartetvae.corpus import encoding, metadata, packs, paper_files, tables, window_index, works
from quartetvae.corpus.parallel import shards as parallel
from quartetvae.corpus.parallel.shards import IN_MEMORY, Item, Shards
from quartetvae.corpus.tables import LOST
from quartetvae.corpus.works import Candidate, Place, Windows
from quartetvae.errors import CorpusError, QuartetError, check_mode
from quartetvae.metrics.figures import Edition, FilterCounts, FilterFigures, SharedWork, SourceFilterCounts
from quartetvae.music import codec, part_assignment
from quartetvae.music.codec import Alphabet
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE
from quartetvae.music.notes import Notes
from quartetvae.music.quartet import Grid

SELECTED, DUPLICATE, REJECTED, UNREADABLE = "selected", "duplicate", "rejected", "unreadable"
"""The decisions on a file."""

GRID = Grid(4, Alphabet(36, 99))


def survey(
    raw: Path,
    *,
    match: Match,
    prefer: Sequence[str] = (),
    grid: Grid = GRID,
    shards: Shards = IN_MEMORY,
) -> pd.DataFrame:
    """Decide on every file of a corpus.

    Parameters
    ----------
    raw
        Folder with MIDI files and metadata.csv.
    match
        `quartet`: every distinct string quartet. `paper`: the paper's 36 files, its duplicates and solo among them.
    prefer
        Sources, the one first whose edition is used where several have the same music; see `works.sort_out`.
    grid
        On which quartets lose what the table tells.
    shards
        How the files are gone over: where, and what is kept of it. It changes nothing of the table.

    Returns
    -------
    table
        A row per file, in the order of metadata.csv: the metadata, `sha256` of the file, `decision`, `reason`,
        `programs`, `tracks` and `parts` (lists, an entry per track), `notes`, `beats`, `duplicate_of` (an id or "") and
        the `share` of windows in common with it, `work_id` (see `records.Origin`; "" for what is no quartet), what is
        lost on the grid (`tables.LOST`), `left_out` (kinds of notes that were not read, of the MIDI file or the score
        that it comes from, and how many), and `position`: the place among the selected pieces, -1 for other files.

    Raises
    ------
    CorpusError
        If no file is selected, or one of the paper's is missing.
    """
    check_mode("match", match, Match)
    with shards.parts(examined, _items(raw), label="filter", match=match, grid=grid) as parts:
        found = pa.concat_tables([_ROWS.empty_table(), *(parallel.read(part, _ROWS.names) for part in parts)])
        candidates = list(_candidates(parts))
        total = pc.sum(found["window_count"]).as_py() or 0
        same = window_index.same_music(_windows(parts), len(candidates), total)
    table = tables.with_lists(found.drop_columns(["window_count"]))
    del found
    _sort_out(table, works.sort_out(candidates, same, prefer), match)

    selected = table.loc[table["decision"] == SELECTED, "id"].tolist()
    if match == "paper":
        absent = [id for id in paper_files.IDS if id not in selected]
        if absent:
            raise CorpusError(
                f"{raw}: filter.match is 'paper', but {len(absent)} of its {len(paper_files.IDS)} files are not there "
                f"or not readable ({', '.join(absent[:3])} ...); it needs musicnet in download.sources."
            )
        selected = list(paper_files.IDS)
    if not selected:
        counts = table["decision"].value_counts().to_dict()
        found = ", ".join(f"{count} {decision}" for decision, count in counts.items()) or "none"
        ensemble = DEFAULT_ENSEMBLE
        example = f"; {table['file'].iloc[0]}: {table['reason'].iloc[0]}" if len(table) else ""
        raise CorpusError(
            f"{raw}: no {ensemble.name} among {len(table)} files ({found}{example}). It has tracks for "
            f"{ensemble.instruments}, known by their names or programs {', '.join(map(str, ensemble.programs))}; a "
            f"metadata.csv may say so in its column `ensemble` ({ensemble.name.title()})."
        )
    position = {id: k for k, id in enumerate(selected)}
    table["position"] = [position.get(id, -1) for id in table["id"]]
    return table


_EXAMINED = pa.schema(
    {
        **dict.fromkeys((*metadata.COLUMNS, "sha256", "decision", "reason"), pa.string()),
        "programs": pa.list_(pa.int64()),
        **dict.fromkeys(("tracks", "parts"), pa.list_(pa.string())),
        "notes": pa.int64(),
        "beats": pa.float64(),
        "duplicate_of": pa.string(),
        "share": pa.float64(),
        "work_id": pa.string(),
        **dict.fromkeys(LOST, pa.int64()),
        "left_out": pa.map_(pa.string(), pa.int64()),
        "fingerprint": pa.string(),
        "window_count": pa.int64(),
        "windows": pa.list_(pa.uint64()),
    }
)
"""Of a shard's table: a row of the survey's for each file, and of quartets what tells the same music."""

_ROWS = pa.schema([field for field in _EXAMINED if field.name not in ("fingerprint", "windows")])
_ENTRIES = pa.schema(dict.fromkeys(metadata.COLUMNS, pa.string()))


def examined(items: Sequence[Item], *, match: Match, grid: Grid) -> pa.Table:
    """Decide on each file by itself, and find what tells whether it is the same as another: a shard of a survey."""
    rows = []
    for one in items:
        row, notes, ticks_per_beat = _decide(one.path, dict(one.known), match)
        fingerprint, windows = "", np.zeros(0, np.uint64)
        if row["decision"] == SELECTED:
            row |= _lost(notes, ticks_per_beat, grid)
            fingerprint = works.fingerprint(notes, ticks_per_beat)
            windows = works.windows(notes, ticks_per_beat)
        found = {"fingerprint": fingerprint, "window_count": len(windows), "windows": windows}
        rows.append({**one.known, **row, **found})
    return pa.Table.from_pylist(rows, schema=_EXAMINED)


def _items(raw: Path) -> Sequence[Item]:
    entries = pa.Table.from_pandas(metadata.read(raw), schema=_ENTRIES, preserve_index=False)
    return parallel.files(raw, entries)


def _candidates(parts: Sequence[Path]) -> Iterator[Candidate]:
    """Read what is known of each quartet in the parts of a survey."""
    names = [field.name for field in fields(Candidate)]
    for part in parts:
        for row in parallel.read(part, ["decision", *names]).to_pylist():
            if row["decision"] == SELECTED:
                # Names come again and again.
                yield Candidate(*(sys.intern(row[name]) for name in names))


def _windows(parts: Sequence[Path]) -> Iterator[tuple[int, Windows]]:
    """Read the windows of each quartet in the parts of a survey, a part at a time; the quartets are numbered."""
    numbers = itertools.count()
    for part in parts:
        table = parallel.read(part, ["decision", "windows"])
        for decision, windows in zip(table["decision"].to_pylist(), table["windows"], strict=True):
            if decision == SELECTED:
                yield next(numbers), windows.values.to_numpy()


def _decide(path: Path, entry: dict[str, Any], match: Match) -> tuple[dict[str, Any], list[Notes], int]:
    """Decide on one file, but for duplicates; give its four parts and ticks per beat, too, if it is a quartet.

    `entry` is its row of metadata.csv.
    """
    row: dict[str, Any] = {
        "sha256": packs.sha256(path),
        **{"decision": REJECTED, "reason": "", "programs": [], "tracks": [], "parts": []},
        **{"notes": 0, "beats": 0.0, "duplicate_of": "", "share": 0.0, "work_id": ""},
        **dict.fromkeys(LOST, 0),
        "left_out": [],
    }
    paper_file = entry["id"] in paper_files.IDS
    # What the paper took for quartets is judged by its tracks alone.
    label = "" if match == "paper" and paper_file else entry["ensemble"]
    # A pack that is damaged is no fault of the file's.
    with packs.on_disk(path) as there:
        try:
            music, found = encoding.read(there, label=label)
        except QuartetError as error:
            # A file that can be read, but has no notes, is a `CorpusError`.
            decision = REJECTED if isinstance(error, CorpusError) else UNREADABLE
            return row | {"decision": decision, "reason": str(error)}, [], 0
    row |= {
        "programs": [track.program for track in music.tracks],
        "tracks": [track.name for track in music.tracks],
        "parts": [part or "" for part in found.parts],
        "notes": sum(len(track.notes) for track in music.tracks),
        "beats": music.end / music.ticks_per_beat,
        "left_out": sorted((Counter(metadata.left_out_counts(entry["left_out"])) + Counter(music.left_out)).items()),
    }
    if found.refusal:
        return row | {"reason": found.refusal}, [], 0
    if match == "paper" and not paper_file:
        return row | {"reason": "not among the paper's 36 files"}, [], 0
    reason = "among the paper's 36 files" if match == "paper" else DEFAULT_ENSEMBLE.instruments
    left_out = [track.name or "unnamed" for track, part in zip(music.tracks, found.parts, strict=True) if not part]
    if left_out:
        reason += f"; left out: {', '.join(left_out)}"
    notes = part_assignment.merge(music.tracks, found.parts)
    return row | {"decision": SELECTED, "reason": reason}, notes, music.ticks_per_beat


def _lost(notes: list[Notes], ticks_per_beat: int, grid: Grid) -> dict[str, int]:
    _, losses = codec.encode(
        notes,
        ticks_per_beat=ticks_per_beat,
        steps_per_beat=grid.steps_per_beat,
        alphabet=grid.alphabet,
        chords=grid.chords,
    )
    return {name: getattr(losses, name.removeprefix("notes_")) for name in LOST}


def _sort_out(table: pd.DataFrame, places: Sequence[Place], match: Match) -> None:
    """Write into the table which work each quartet is of, and which are not used for another's sake."""
    quartets = np.flatnonzero(table["decision"] == SELECTED)
    row_of = dict(zip(table["id"].iloc[quartets], quartets.tolist(), strict=True))
    changed = {name: table[name].to_numpy(object, copy=True) for name in _DECIDED}
    for row, place in zip(quartets.tolist(), places, strict=True):
        changed["work_id"][row] = place.work_id
        if not place.duplicate_of or match == "paper":
            continue
        other = {name: table[name].iloc[row_of[place.duplicate_of]] for name in ("id", "source", "composer", "work")}
        if place.same_notes:
            reason = f"same notes as {other['id']}"
        else:
            reason = (
                f"same music as {other['id']}, {place.share:.0%} of its windows of {works.BEATS} beats "
                f"({other['composer']}: {other['work']})"
            )
        if other["source"] != table["source"].iloc[row]:
            reason += f"; the edition of {other['source']} is used"
        for name, value in zip(_DECIDED[1:], (DUPLICATE, reason, other["id"], place.share), strict=True):
            changed[name][row] = value
    for name, column in changed.items():
        table[name] = pd.Series(column, dtype=table[name].dtype)


_DECIDED = ("work_id", "decision", "reason", "duplicate_of", "share")
"""Columns in which other files have a say."""


def figures(table: pd.DataFrame) -> FilterFigures:
    """Count what was decided, of each source, too: the figures of metrics/filter.json, from the table of `survey`."""
    with_quartets = table.loc[table["decision"].isin((SELECTED, DUPLICATE)), "composer"]
    return {
        **_counts(table),
        "composers": {name: _counts(table[table["composer"] == name]) for name in sorted(set(with_quartets))},
        "sources": {name: _of_source(table[table["source"] == name]) for name in _sources(table)},
        "works_in_several_sources": _shared(table),
    }


def _sources(table: pd.DataFrame) -> list[str]:
    return [name for name in dict.fromkeys(table["source"]) if name]


def _counts(rows: pd.DataFrame) -> FilterCounts:
    decisions = rows["decision"].value_counts()
    chosen = rows[rows["decision"] == SELECTED]
    return {
        "files_read": len(rows),
        "unreadable": int(decisions.get(UNREADABLE, 0)),
        "quartets": int(decisions.get(SELECTED, 0) + decisions.get(DUPLICATE, 0)),
        "duplicates": int(decisions.get(DUPLICATE, 0)),
        "selected": int(decisions.get(SELECTED, 0)),
        "works": chosen["work_id"].nunique(),
    }


def _of_source(rows: pd.DataFrame) -> SourceFilterCounts:
    chosen = rows[rows["decision"] == SELECTED]
    others = rows[rows["decision"].isin((REJECTED, UNREADABLE))]
    refused = Counter(map(_kind, others["reason"], others["file"]))
    left_out: Counter[str] = Counter()
    for kinds in chosen["left_out"]:
        left_out.update(dict(kinds))
    lost = {name: int(chosen[name].sum()) for name in LOST}
    return {
        **_counts(rows),
        "composers": chosen["composer"].nunique(),
        "beats": float(chosen["beats"].sum()),
        "notes": int(chosen["notes"].sum()),
        "notes_dropped_from_chords": lost["notes_dropped_from_chords"],
        "notes_merged_on_grid": lost["notes_merged_on_grid"],
        "notes_moved_into_range": lost["notes_moved_into_range"],
        "left_out": dict(sorted(left_out.items())),
        "refused": dict(sorted(refused.items(), key=lambda found: (-found[1], found[0]))),
    }


def _kind(reason: str, file: str) -> str:
    """Give the reason of a refusal without what is of this file alone: its name, tracks and details."""
    reason = reason.removeprefix(f"{Path(file).name}: ")
    return reason.split(" (")[0].split(": ")[0]


def _shared(table: pd.DataFrame) -> dict[str, SharedWork]:
    quartets = table[table["work_id"] != ""]
    found: dict[str, SharedWork] = {}
    for work_id, rows in quartets.groupby("work_id", sort=False):
        if rows["source"].nunique() < 2:
            continue
        home = table[table["id"] == work_id].iloc[0]
        sources = sorted(set(rows["source"]), key=lambda source: (source != home["source"], source))
        found[str(work_id)] = {
            "composer": home["composer"],
            "work": home["work"],
            "editions": {source: _edition(rows[rows["source"] == source]) for source in sources},
        }
    return found


def _edition(rows: pd.DataFrame) -> Edition:
    twice = rows[rows["decision"] == DUPLICATE]
    shares = [float(share) for share in twice["share"]]
    return {
        "composer": str(rows["composer"].iloc[0]),
        "work": "; ".join(dict.fromkeys(rows["work"])),
        "files_used": int((rows["decision"] == SELECTED).sum()),
        "duplicates": len(twice),
        "share_lowest": min(shares, default=None),
        "share_highest": max(shares, default=None),
    }


def movements(table: pd.DataFrame) -> dict[str, str]:
    """Look up which movement each file of a surveyed corpus is, by its id."""
    return dict(zip(table["id"], table["movement"], strict=True))


def with_duplicates(table: pd.DataFrame, ids: Iterable[str]) -> set[str]:
    """Add to the ids of pieces those of the files that are their duplicates."""
    found = set(ids)
    return found | set(table["id"][table["duplicate_of"].isin(found)])
