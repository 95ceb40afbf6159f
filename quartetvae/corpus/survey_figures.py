"""What was decided on the files of a corpus, counted: the figures of metrics/filter.json."""

from collections import Counter
from pathlib import Path

import pandas as pd

from quartetvae.corpus.survey import DUPLICATE, REJECTED, SELECTED, UNREADABLE
from quartetvae.corpus.tables import LOST
from quartetvae.metrics.figures import Edition, FilterCounts, FilterFigures, SharedWork, SourceFilterCounts

COUNTED = (
    *("id", "source", "composer", "work", "file", "decision", "reason", "notes", "beats", "share", "work_id"),
    *(*LOST, "left_out"),
)
"""Columns of the table of `survey.survey` that `figures` wants."""


def figures(table: pd.DataFrame) -> FilterFigures:
    """Count what was decided, of each source, too: from the table of `survey.survey`."""
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
