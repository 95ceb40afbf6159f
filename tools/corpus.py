"""Write docs/corpus.md: `python -m tools.corpus`, or `--check` to see whether it is up to date.

It is made from metrics/filter.json, encode.json and augment.json alone, which the stages of those names write: what the
sources hold and how it is split, which works are there twice, what was refused and why, and what the grid loses.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, cast

from quartetvae.metrics.figures import (
    Edition,
    EncodeFigures,
    FilterFigures,
    Losses,
    PhraseCounts,
    SharedWork,
)

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "corpus.md"


class Metrics(TypedDict):
    """The files of metrics/ that the page is made from."""

    filter: FilterFigures
    encode: EncodeFigures
    augment: dict[str, PhraseCounts]


NAMES = ("filter", "encode", "augment")


def read_metrics(folder: Path) -> Metrics:
    """Read what the page is made from; exits with what to do if it is missing or of a run that had no sources."""
    found = {}
    for name in NAMES:
        path = folder / f"{name}.json"
        try:
            found[name] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            sys.exit(f"{path}: cannot be read ({error}); run `dvc repro {name}` first.")
    if "sources" not in found["filter"] or "sources" not in found["encode"]:
        sys.exit(f"{folder}: no figures by source; they are of an older run: run `dvc repro augment` first.")
    return cast(Metrics, found)


def page(metrics: Metrics) -> str:
    """Make the whole page."""
    training = metrics["augment"]["train"]
    lines = [
        "# Corpus",
        "",
        "What the default profile reads, by source. Written by `python -m tools.corpus` from metrics/; "
        "data/quartets.parquet has every file, with the decision on it and the reason.",
        "",
        *_files(metrics["filter"]),
        "",
        "## Split",
        "",
        "Each source is split on its own, by work: what one holds out hangs on no other. A work that several sources "
        "have lies where its preferred one puts it, so that no edition of a held-out work is trained on. Works with "
        f"pieces of two sources count for both. Training reads {training['phrases']:,} phrases an epoch: "
        f"{training['windows']:,} windows, in all the keys that fit.",
        "",
        *_splits(metrics),
        "",
        "## In several sources",
        "",
        *_shared(metrics["filter"]["works_in_several_sources"].values()),
        "",
        "## Refused",
        "",
        *_refused(metrics["filter"]),
        "",
        "## What the grid loses",
        "",
        "Of the notes of the pieces used: those of chords of one part that its columns do not hold; those that "
        "round to the step of a nearer note; those that are moved by octaves into the range. Left out before that "
        "are a score's grace notes, cue notes and what else its MIDI file has no place for, and notes of MIDI files "
        "that no part plays, such as keys that switch a sampler.",
        "",
        *_lost(metrics),
    ]
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lay out a table; its first column is of words, the others of numbers unless they are strings."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in ([*head], ["---"] * len(head), *cells)]


def _files(figures: FilterFigures) -> list[str]:
    rows: list[Sequence[object]] = [
        (
            source,
            of["files_read"],
            of["quartets"],
            of["duplicates"],
            of["selected"],
            of["works"],
            of["composers"],
            round(of["beats"]),
        )
        for source, of in figures["sources"].items()
    ]
    composers = sum(of["selected"] > 0 for of in figures["composers"].values())
    beats = round(sum(of["beats"] for of in figures["sources"].values()))
    rows.append(
        (
            "**all**",
            figures["files_read"],
            figures["quartets"],
            figures["duplicates"],
            figures["selected"],
            figures["works"],
            composers,
            beats,
        )
    )
    return _table(("", "files", "quartets", "duplicates", "pieces used", "works", "composers", "beats"), rows)


def _splits(metrics: Metrics) -> list[str]:
    encode, augment = metrics["encode"], metrics["augment"]
    rows: list[Sequence[object]] = []
    for source, of in encode["sources"].items():
        for split, counts in of["splits"].items():
            phrases = augment[split]["sources"].get(source, {"phrases": 0, "windows": 0})
            rows.append(
                (
                    source,
                    split,
                    counts["works"],
                    counts["pieces"],
                    counts["beats"],
                    phrases["windows"],
                    phrases["phrases"],
                )
            )
    for split, counts in encode["splits"].items():
        whole = augment[split]
        rows.append(
            ("**all**", split, counts["works"], counts["pieces"], counts["beats"], whole["windows"], whole["phrases"])
        )
    return _table(("", "split", "works", "pieces", "beats", "windows", "phrases"), rows)


def _shared(works: Iterable[SharedWork]) -> list[str]:
    rows = []
    for work in sorted(works, key=lambda work: (work["composer"], work["work"])):
        for source, edition in work["editions"].items():
            rows.append(
                (
                    f"{edition['composer']}: {edition['work']}",
                    source,
                    edition["files_used"],
                    edition["duplicates"],
                    _range(edition),
                )
            )
    if not rows:
        return ["No work is in two sources."]
    return [
        "Found by content: the share of windows of four beats that occur unchanged in the other edition, at whatever "
        "pitch (quartetvae/corpus/works.py). The edition of the source named first is used; a movement that it lacks "
        "is taken from the other.",
        "",
        *_table(("work", "source", "pieces used", "duplicates", "share of windows"), rows),
    ]


def _range(edition: Edition) -> str:
    low, high = edition["share_lowest"], edition["share_highest"]
    if low is None or high is None:
        return ""
    return f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"


def _refused(figures: FilterFigures) -> list[str]:
    rows = [
        (source, reason, count) for source, of in figures["sources"].items() for reason, count in of["refused"].items()
    ]
    return _table(("", "reason", "files"), rows) if rows else ["Nothing: every file is a quartet."]


def _lost(metrics: Metrics) -> list[str]:
    sources = metrics["encode"]["sources"]
    rows = [_lost_row(source, of, metrics["filter"]["sources"][source]["left_out"]) for source, of in sources.items()]
    left_out: dict[str, int] = {}
    for of in metrics["filter"]["sources"].values():
        for kind, count in of["left_out"].items():
            left_out[kind] = left_out.get(kind, 0) + count
    rows.append(_lost_row("**all**", metrics["encode"], left_out))
    return _table(("", "notes", "of chords", "merged", "moved by octaves", "left out"), rows)


def _lost_row(name: str, losses: Losses, left_out: Mapping[str, int]) -> tuple[str, ...]:
    def share(count: int) -> str:
        return f"{count:,} ({count / max(losses['notes'], 1):.1%})"

    return (
        name,
        f"{losses['notes']:,}",
        share(losses["notes_dropped_from_chords"]),
        share(losses["notes_merged_on_grid"]),
        share(losses["notes_moved_into_range"]),
        ", ".join(f"{count:,} {kind}" for kind, count in left_out.items()) or "nothing",
    )


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.corpus", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the page is not up to date")
    arguments = parser.parse_args()
    new = page(read_metrics(ROOT / "metrics"))
    if not arguments.check:
        PAGE.write_text(new, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != new:
        sys.exit(f"{PAGE.relative_to(ROOT)}: not what metrics/ say; run `python -m tools.corpus`")


if __name__ == "__main__":
    main()
