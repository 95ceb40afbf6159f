"""`quartetvae export-split` and `score`: held-out music as files, and what anybody's model gives back of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from quartetvae.cli import common
from quartetvae.cli.common import FILE
from quartetvae.corpus.records import SPLITS
from quartetvae.errors import CorpusError, QuartetError, RenderingError, shortened
from quartetvae.evaluation import works
from quartetvae.files import write_json
from quartetvae.io import midi, read
from quartetvae.metrics import whole_files
from quartetvae.metrics.whole_files import Counts, Played

MANIFEST = "manifest.json"

TEMPO_QPM = 100.0
"""Of the files: a part array has none, and beats are what counts."""


@dataclass(frozen=True)
class Entry:
    """A piece of the manifest."""

    file: str
    composer: str
    work: str
    """Composer and title, the same for all its movements."""


@click.command()
@click.argument("folder", type=FILE)
@click.option("--pieces", "table", type=FILE, required=True, help="Table of pieces of the pipeline: pieces.parquet.")
@click.option("--split", default="test", show_default=True, type=click.Choice(SPLITS), help="Which one.")
def export_split(folder: Path, table: Path, split: str) -> None:
    """Write the pieces of a split as MIDI files, for models of any make.

    Beside them lies manifest.json: the grid, and of each piece its file, composer and work. They are on the grid, so
    that what a model is asked for can be given back. Where another model has put what it makes of each, under the same
    names in a folder of its own, `quartetvae score` counts.

    \b
    Examples:
      quartetvae export-split truth --pieces data/pieces.parquet
      quartetvae export-split tuning --pieces data/pieces.parquet --split validation
    """
    # Not in the base package: pandas.
    from quartetvae.corpus import tables

    found = tables.read_pieces(table)
    chosen = found.in_split(split)
    if not chosen:
        raise CorpusError(f"{table}: no pieces in the split '{split}'; choose another --split.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RenderingError(f"{folder}: something is there already; name a new folder.")
    known = works.names(found)
    for piece in tqdm(chosen, unit="piece", leave=False, disable=None):
        midi.write_quartet(
            folder / f"{piece.id}.mid",
            piece.tokens,
            found.grid.alphabet,
            steps_per_beat=found.grid.steps_per_beat,
            tempo_qpm=TEMPO_QPM,
        )
    entries = [Entry(f"{piece.id}.mid", piece.composer, known[piece.id]) for piece in chosen]
    manifest = {"split": split, "grid": asdict(found.grid), "pieces": [asdict(entry) for entry in entries]}
    write_json(folder / MANIFEST, manifest)
    count = len({entry.work for entry in entries})
    click.echo(f"{folder / MANIFEST}: {len(entries)} pieces of {count} works")


@click.command()
@click.argument("truth", type=FILE)
@click.argument("output", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def score(truth: Path, output: Path, as_json: bool) -> None:
    """Count how much of an exported split another model gives back.

    TRUTH is a folder that `export-split` wrote, OUTPUT one with a MIDI file of the same name for each of its pieces. A
    note matches as `quartetvae match --help` says. Rows: all pieces, then composers, then works.

    In JSON: {"whole": {"notes": ..., "notes_of_output": ..., "onset": {"precision": ..., "recall": ..., "f1": ...},
    "offset": likewise, with ends, "notes_from_92": ..., "recall_from_92": ...}, "by_composer": {"...": likewise},
    "by_work": likewise}.

    \b
    Examples:
      quartetvae score truth mine
      quartetvae score truth mine --json | jq .whole.onset.f1
    """
    entries = _entries(truth)
    for folder in (truth, output):
        if missing := [entry.file for entry in entries if not (folder / entry.file).is_file()]:
            raise CorpusError(
                f"{folder}: {len(missing)} of {len(entries)} pieces are not there ({shortened(missing)}); a file for "
                f"each in {truth / MANIFEST} is needed."
            )
    matched = {
        entry: whole_files.match(*(_played(f / entry.file) for f in (truth, output)))
        for entry in tqdm(entries, unit="piece", leave=False, disable=None)
    }
    groups = {
        "by_composer": _grouped(matched, lambda entry: entry.composer),
        "by_work": _grouped(matched, lambda entry: entry.work),
    }
    whole = [part for parts in matched.values() for part in parts]
    if as_json:
        content = {name: {of: _figures(parts) for of, parts in group.items()} for name, group in groups.items()}
        click.echo(json.dumps({"whole": _figures(whole), **content}, indent=2, ensure_ascii=False))
        return
    shown: list[tuple[str, Parts]] = [
        ("all pieces", whole),
        *(row for group in groups.values() for row in group.items()),
    ]
    counts = [(name, whole_files.total(parts)) for name, parts in shown]
    rows = [((name, f"{of.true:,}", f"{of.found:,}"), of) for name, of in counts]
    click.echo(common.matches(("", "notes", "of the output"), rows))


Parts = Sequence[Mapping[int, Counts]]


def _entries(truth: Path) -> list[Entry]:
    path = truth / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = [Entry(**entry) for entry in content["pieces"]]
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be read ({error.strerror}); a folder that `quartetvae export-split` wrote is needed."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(
            f"{path}: no manifest of `quartetvae export-split` ({error}); export the split anew."
        ) from error
    if not found:
        raise CorpusError(f"{path}: no pieces; export the split anew.")
    return found


def _played(path: Path) -> Played:
    try:
        file = read.read(path)
        return Played(read.part_notes(file), file.music.ticks_per_beat)
    except QuartetError as error:
        raise CorpusError(f"{path.parent}: {error}") from error


def _grouped(matched: Mapping[Entry, Parts], name: Callable[[Entry], str]) -> dict[str, list[Mapping[int, Counts]]]:
    return {
        group: [part for entry, parts in matched.items() if name(entry) == group for part in parts]
        for group in sorted({name(entry) for entry in matched})
    }


def _figures(parts: Parts) -> dict[str, Any]:
    every, high = whole_files.total(parts), whole_files.total(parts, lowest=whole_files.HIGH)
    return {
        "notes": every.true,
        "notes_of_output": every.found,
        "onset": every.onset,
        "offset": every.offset,
        "notes_from_92": high.true,
        "recall_from_92": high.onset["recall"],
    }
