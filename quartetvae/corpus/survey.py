"""Which files of a corpus are quartets, and which are the same: a decision on every file, and the reason.

A corpus is a folder of MIDI files with metadata.csv; see `quartetvae.corpus.metadata`. What counts as the same work is
in `quartetvae.corpus.works`.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quartetvae import machine
from quartetvae.config import Match
from quartetvae.corpus import encoding, metadata, packs, paper_files, tables, window_index, works
from quartetvae.corpus.parallel import shards as parallel
from quartetvae.corpus.parallel.shards import IN_MEMORY, Item, Shards
from quartetvae.corpus.tables import LOST
from quartetvae.corpus.works import Places, Windows
from quartetvae.errors import CorpusError, QuartetError, check_mode
from quartetvae.music import codec, part_assignment
from quartetvae.music.codec import Alphabet
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE
from quartetvae.music.notes import Notes
from quartetvae.music.quartet import Grid

SELECTED, DUPLICATE, REJECTED, UNREADABLE = "selected", "duplicate", "rejected", "unreadable"
"""The decisions on a file."""

GRID = Grid(4, Alphabet(36, 99))


@dataclass(frozen=True)
class Survey:
    """The decisions on the files of a corpus, within `surveyed`: what they rest on is on disk until that ends."""

    parts: Sequence[Path]
    """Tables of schema `_EXAMINED`, one after the other."""
    quartets: pa.Table
    """Of schema `works.CANDIDATE`, in the order of metadata.csv."""
    places: Places
    """Of the quartets."""
    position: NDArray[np.int64]
    """Of each quartet: its place among the selected pieces, -1 if it is not selected."""

    def rows(self) -> Iterator[pa.Table]:
        """Read the table of `survey`, those of a part at a time, of schema `tables.QUARTETS`."""
        first = 0
        for part in self.parts:
            rows = parallel.read(part, _ROWS.names)
            changed = {name: rows[name].to_pylist() for name in _DECIDED} | {"position": [-1] * len(rows)}
            quartets = [row for row, decision in enumerate(changed["decision"]) if decision == SELECTED]
            for number, row in enumerate(quartets, start=first):
                for name, value in self._decided(number).items():
                    changed[name][row] = value
            first += len(quartets)
            columns = {name: changed[name] if name in changed else rows[name] for name in tables.QUARTETS.names}
            yield pa.table(columns, schema=tables.QUARTETS)

    def _decided(self, number: int) -> dict[str, Any]:
        """Give the columns of a quartet in which other files have a say."""
        places = self.places
        known = {
            "work_id": self.quartets["id"][int(places.work[number])].as_py(),
            "position": int(self.position[number]),
        }
        if self.position[number] >= 0:
            return known
        one, other = (self.quartets.slice(k, 1).to_pylist()[0] for k in (number, int(places.duplicate_of[number])))
        share = float(places.share[number])
        if places.same_notes[number]:
            reason = f"same notes as {other['id']}"
        else:
            reason = (
                f"same music as {other['id']}, {share:.0%} of its windows of {works.BEATS} beats "
                f"({other['composer']}: {other['work']})"
            )
        if other["source"] != one["source"]:
            reason += f"; the edition of {other['source']} is used"
        return known | {"decision": DUPLICATE, "reason": reason, "duplicate_of": other["id"], "share": share}


_DECIDED = ("work_id", "decision", "reason", "duplicate_of", "share")
"""Columns in which other files have a say."""


def survey(
    raw: Path,
    *,
    match: Match,
    prefer: Sequence[str] = (),
    grid: Grid = GRID,
    shards: Shards = IN_MEMORY,
) -> pd.DataFrame:
    """Decide on every file of a corpus, and give all decisions at once.

    Parameters and errors are those of `surveyed`.

    Returns
    -------
    table
        A row per file, in the order of metadata.csv: the metadata, `sha256` of the file, `decision`, `reason`,
        `programs`, `tracks` and `parts` (lists, an entry per track), `notes`, `beats`, `duplicate_of` (an id or "") and
        the `share` of windows in common with it, `work_id` (see `records.Origin`; "" for what is no quartet), what is
        lost on the grid (`tables.LOST`), `left_out` (kinds of notes that were not read, of the MIDI file or the score
        that it comes from, and how many), and `position`: the place among the selected pieces, -1 for other files.
    """
    with surveyed(raw, match=match, prefer=prefer, grid=grid, shards=shards) as found:
        return tables.with_lists(pa.concat_tables(found.rows()))


@contextmanager
def surveyed(
    raw: Path,
    *,
    match: Match,
    prefer: Sequence[str] = (),
    grid: Grid = GRID,
    shards: Shards = IN_MEMORY,
) -> Iterator[Survey]:
    """Decide on every file of a corpus, of which only some are in memory at a time.

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

    Yields
    ------
    survey
        Of which `rows` gives the table.

    Raises
    ------
    CorpusError
        If no file is selected, or one of the paper's is missing.
    """
    check_mode("match", match, Match)
    with shards.parts(examined, _items(raw), label="filter", match=match, grid=grid) as parts:
        quartets = _quartets(parts)
        same = window_index.same_music(_windows(parts), len(quartets), _window_count(parts))
        places = works.sort_out(quartets, same, prefer)
        position = _papers(raw, quartets) if match == "paper" else _numbered(places.duplicate_of < 0)
        if not len(quartets):
            raise _none_found(raw, parts)
        del same
        machine.release()
        yield Survey(parts, quartets, places, position)


def _numbered(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number those that are chosen, from 0; -1 for the others."""
    return np.where(chosen, np.cumsum(chosen) - 1, -1)


def _papers(raw: Path, quartets: pa.Table) -> NDArray[np.int64]:
    """Give the paper's files their places, all of which must be there; no other file is a quartet then."""
    ids = quartets["id"].to_pylist()
    absent = [id for id in paper_files.IDS if id not in ids]
    if absent:
        raise CorpusError(
            f"{raw}: filter.match is 'paper', but {len(absent)} of its {len(paper_files.IDS)} files are not there "
            f"or not readable ({', '.join(absent[:3])} ...); it needs musicnet in download.sources."
        )
    return np.array([paper_files.IDS.index(id) for id in ids], np.int64)


def _none_found(raw: Path, parts: Sequence[Path]) -> CorpusError:
    """Say that there is no quartet, and what there is instead."""
    rows = [row for part in parts for row in parallel.read(part, ["file", "decision", "reason"]).to_pylist()]
    counts = Counter(row["decision"] for row in rows)
    found = ", ".join(f"{count} {decision}" for decision, count in counts.most_common()) or "none"
    ensemble = DEFAULT_ENSEMBLE
    example = f"; {rows[0]['file']}: {rows[0]['reason']}" if rows else ""
    return CorpusError(
        f"{raw}: no {ensemble.name} among {len(rows)} files ({found}{example}). It has tracks for "
        f"{ensemble.instruments}, known by their names or programs {', '.join(map(str, ensemble.programs))}; a "
        f"metadata.csv may say so in its column `ensemble` ({ensemble.name.title()})."
    )


_ROWS = pa.schema([field for field in tables.QUARTETS if field.name != "position"])
_EXAMINED = pa.schema(
    [
        *_ROWS,
        pa.field("fingerprint", pa.string()),
        pa.field("window_count", pa.int64()),
        pa.field("windows", pa.list_(pa.uint64())),
    ]
)
"""Of a shard's table: a row of the survey's for each file, and of quartets what tells the same music."""

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


def _quartets(parts: Sequence[Path]) -> pa.Table:
    """Read what is known of each quartet in the parts of a survey, of schema `works.CANDIDATE`."""
    found = [works.CANDIDATE.empty_table()]
    for part in parts:
        rows = parallel.read(part, ["decision", *works.CANDIDATE.names])
        some = rows.filter(pc.equal(rows["decision"], SELECTED)).select(works.CANDIDATE.names)
        found.append(some.replace_schema_metadata())
    return pa.concat_tables(found).combine_chunks()


def _window_count(parts: Sequence[Path]) -> int:
    return sum(pc.sum(parallel.read(part, ["window_count"])["window_count"]).as_py() or 0 for part in parts)


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


def movements(table: pd.DataFrame) -> dict[str, str]:
    """Look up which movement each file of a surveyed corpus is, by its id."""
    return dict(zip(table["id"], table["movement"], strict=True))


def with_duplicates(table: pd.DataFrame, ids: Iterable[str]) -> set[str]:
    """Add to the ids of pieces those of the files that are their duplicates."""
    found = set(ids)
    return found | set(table["id"][table["duplicate_of"].isin(found)])
