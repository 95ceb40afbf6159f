"""Which files of a corpus are quartets, and which are the same: a decision on every file, and the reason.

A corpus is a folder of MIDI files with metadata.csv; see `quartetvae.corpus.metadata`.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from quartetvae.config import Match
from quartetvae.corpus import metadata, paper_files, works
from quartetvae.errors import CorpusError, MidiError, check_mode
from quartetvae.io import midi
from quartetvae.metrics.figures import FilterCounts, FilterFigures
from quartetvae.music import part_assignment
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE

SELECTED, DUPLICATE, REJECTED, UNREADABLE = "selected", "duplicate", "rejected", "unreadable"
"""The decisions on a file."""


def survey(raw: Path, *, match: Match) -> pd.DataFrame:
    """Decide on every file of a corpus.

    Parameters
    ----------
    raw
        Folder with MIDI files and metadata.csv.
    match
        `quartet`: every distinct string quartet. `paper`: the paper's 36 files, its duplicates and solo among them.

    Returns
    -------
    table
        A row per file, in the order of metadata.csv: the metadata, `sha256` of the file, `decision`, `reason`,
        `programs`, `tracks` and `parts` (lists, an entry per track), `notes`, `beats`, `duplicate_of` (an id or ""),
        and `position`: the place among the selected pieces, -1 for other files.

    Raises
    ------
    CorpusError
        If no file is selected, or one of the paper's is missing.
    """
    check_mode("match", match, Match)
    rows: list[dict[str, Any]] = []
    first_with: dict[str, str] = {}
    for entry in metadata.read(raw).to_dict("records"):
        row = {str(key): value for key, value in entry.items()} | _decide(raw / entry["file"], entry, match)
        fingerprint = row.pop("fingerprint")
        if row["decision"] == SELECTED and match == "quartet":
            original = first_with.setdefault(fingerprint, row["id"])
            if original != row["id"]:
                row |= {"decision": DUPLICATE, "reason": f"same notes as {original}", "duplicate_of": original}
        rows.append(row)

    selected = [row["id"] for row in rows if row["decision"] == SELECTED]
    if match == "paper":
        absent = [id for id in paper_files.IDS if id not in selected]
        if absent:
            raise CorpusError(
                f"{raw}: filter.match is 'paper', but {len(absent)} of its {len(paper_files.IDS)} files are not there "
                f"or not readable ({', '.join(absent[:3])} ...); it needs download.source 'musicnet'."
            )
        selected = list(paper_files.IDS)
    if not selected:
        counts = pd.Series([row["decision"] for row in rows]).value_counts().to_dict()
        found = ", ".join(f"{count} {decision}" for decision, count in counts.items()) or "none"
        ensemble = DEFAULT_ENSEMBLE
        example = f"; {rows[0]['file']}: {rows[0]['reason']}" if rows else ""
        raise CorpusError(
            f"{raw}: no {ensemble.name} among {len(rows)} files ({found}{example}). It has tracks for "
            f"{ensemble.instruments}, known by their names or programs {', '.join(map(str, ensemble.programs))}; a "
            f"metadata.csv may say so in its column `ensemble` ({ensemble.name.title()})."
        )
    position = {id: k for k, id in enumerate(selected)}
    table = pd.DataFrame(rows)
    table["position"] = [position.get(id, -1) for id in table["id"]]
    return table


def _decide(path: Path, entry: dict[Any, Any], match: Match) -> dict[str, Any]:
    """Decide on one file, but for duplicates; `entry` is its row of metadata.csv."""
    row: dict[str, Any] = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **{"decision": REJECTED, "reason": "", "programs": [], "tracks": [], "parts": []},
        **{"notes": 0, "beats": 0.0, "duplicate_of": "", "fingerprint": ""},
    }
    try:
        music = midi.read(path)
    except MidiError as error:
        return row | {"decision": UNREADABLE, "reason": str(error)}
    paper_file = entry["id"] in paper_files.IDS
    # What the paper took for quartets is judged by its tracks alone.
    found = part_assignment.assign(music, label="" if match == "paper" and paper_file else entry["ensemble"])
    row |= {
        "programs": [track.program for track in music.tracks],
        "tracks": [track.name for track in music.tracks],
        "parts": [part or "" for part in found.parts],
        "notes": sum(len(track.notes) for track in music.tracks),
        "beats": music.end / music.ticks_per_beat,
    }
    if found.refusal:
        return row | {"reason": found.refusal}
    if match == "paper" and not paper_file:
        return row | {"reason": "not among the paper's 36 files"}
    reason = "among the paper's 36 files" if match == "paper" else DEFAULT_ENSEMBLE.instruments
    left_out = [track.name or "unnamed" for track, part in zip(music.tracks, found.parts, strict=True) if not part]
    if left_out:
        reason += f"; left out: {', '.join(left_out)}"
    notes = part_assignment.merge(music.tracks, found.parts)
    return row | {
        "decision": SELECTED,
        "reason": reason,
        "fingerprint": works.fingerprint(notes, music.ticks_per_beat),
    }


def figures(table: pd.DataFrame) -> FilterFigures:
    """Count what was decided: the figures of metrics/filter.json, from the table of `survey`."""
    with_quartets = table.loc[table["decision"].isin((SELECTED, DUPLICATE)), "composer"]
    composers = {name: _counts(table[table["composer"] == name]) for name in sorted(set(with_quartets))}
    return {**_counts(table), "composers": composers}


def _counts(rows: pd.DataFrame) -> FilterCounts:
    decisions = rows["decision"].value_counts()
    chosen = rows[rows["decision"] == SELECTED]
    return {
        "files_read": len(rows),
        "unreadable": int(decisions.get(UNREADABLE, 0)),
        "quartets": int(decisions.get(SELECTED, 0) + decisions.get(DUPLICATE, 0)),
        "duplicates": int(decisions.get(DUPLICATE, 0)),
        "selected": int(decisions.get(SELECTED, 0)),
        "works": len(chosen[["composer", "work"]].drop_duplicates()),
    }


def movements(table: pd.DataFrame) -> dict[str, str]:
    """Look up which movement each file of a surveyed corpus is, by its id."""
    return dict(zip(table["id"], table["movement"], strict=True))


def with_duplicates(table: pd.DataFrame, ids: Iterable[str]) -> set[str]:
    """Add to the ids of pieces those of the files that hold the same notes."""
    found = set(ids)
    return found | set(table["id"][table["duplicate_of"].isin(found)])
