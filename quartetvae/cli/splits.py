"""`quartetvae export-split` and `score`: held-out music as files, and what anybody's model gives back of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from quartetvae.cli import common
from quartetvae.cli.common import FILE
from quartetvae.corpus import phrases
from quartetvae.corpus.records import SPLITS
from quartetvae.errors import CorpusError, QuartetError, RenderingError, shortened
from quartetvae.evaluation import works
from quartetvae.files import write_json
from quartetvae.io import midi, read
from quartetvae.io.read import MusicFile
from quartetvae.metrics import reconstruction, whole_files
from quartetvae.metrics.whole_files import Counts, Played
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Grid

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
    # Not in the base package: pandas and pyarrow.
    from quartetvae.corpus import piece_file

    found = piece_file.read(table)
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
@click.option(
    "--beats", default=4, show_default=True, type=click.IntRange(1, 1000), help="Of a phrase: phrases.beats_per_phrase."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def score(truth: Path, output: Path, beats: int, as_json: bool) -> None:
    """Count how much of an exported split another model gives back.

    TRUTH is a folder that `export-split` wrote, OUTPUT one with a MIDI file of the same name for each of its pieces. A
    note matches as `quartetvae match --help` says. Rows: all pieces, then composers, then works. Below them the same
    music in phrases on the split's grid: the figures of a model of phrases, cell by cell.

    In JSON: {"whole": {"notes": ..., "notes_of_output": ..., "onset": {"precision": ..., "recall": ..., "f1": ...},
    "offset": likewise, with ends, "notes_from_92": ..., "recall_from_92": ...}, "by_composer": {"...": likewise},
    "by_work": likewise, "phrases": {"count": ..., "token_accuracy": ..., "exact_phrase": ..., "onset_f1": ...,
    "onset_precision": ..., "onset_recall": ..., "parts": {"cello": {"token_accuracy": ..., "onset_f1": ...}}}}.

    \b
    Examples:
      quartetvae score truth mine
      quartetvae score truth mine --json | jq .whole.onset.f1
    """
    entries, grid = _manifest(truth)
    for folder in (truth, output):
        if missing := [entry.file for entry in entries if not (folder / entry.file).is_file()]:
            raise CorpusError(
                f"{folder}: {len(missing)} of {len(entries)} pieces are not there ({shortened(missing)}); a file for "
                f"each in {truth / MANIFEST} is needed."
            )
    matched, cut = {}, []
    for entry in tqdm(entries, unit="piece", leave=False, disable=None):
        files = [_read(folder / entry.file) for folder in (truth, output)]
        matched[entry] = whole_files.match(*(Played(read.part_notes(f), f.music.ticks_per_beat) for f in files))
        cut.append(_phrases([read.to_piece(file, grid).tokens for file in files], grid, beats))
    true, given = (np.concatenate(pieces) for pieces in zip(*cut, strict=True))
    by_cell: dict[str, Any] = {"count": len(true), **reconstruction.compare(true, given, grid.alphabet)}
    groups = {
        "by_composer": _grouped(matched, lambda entry: entry.composer),
        "by_work": _grouped(matched, lambda entry: entry.work),
    }
    whole = [part for parts in matched.values() for part in parts]
    if as_json:
        content = {name: {of: _figures(parts) for of, parts in group.items()} for name, group in groups.items()}
        found = {"whole": _figures(whole), **content, "phrases": by_cell}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    shown: list[tuple[str, Parts]] = [
        ("all pieces", whole),
        *(row for group in groups.values() for row in group.items()),
    ]
    counts = [(name, whole_files.total(parts)) for name, parts in shown]
    rows = [((name, f"{of.true:,}", f"{of.found:,}"), of) for name, of in counts]
    click.echo(common.matches(("", "notes", "of the output"), rows))
    click.echo(
        f"\n{len(true):,} phrases of {beats} beats on the grid: "
        + ", ".join(f"{name} {common.share(by_cell[key])}" for name, key in OF_PHRASES.items())
    )


OF_PHRASES: dict[str, Any] = {"token accuracy": "token_accuracy", "onset F1": "onset_f1", "exact": "exact_phrase"}
"""What is shown of phrases, and its key."""

Parts = Sequence[Mapping[int, Counts]]


def _manifest(truth: Path) -> tuple[list[Entry], Grid]:
    path = truth / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = [Entry(**entry) for entry in content["pieces"]]
        grid = Grid(**{**content["grid"], "alphabet": Alphabet(**content["grid"]["alphabet"])})
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
    return found, grid


def _read(path: Path) -> MusicFile:
    try:
        file = read.read(path)
        read.part_notes(file)  # it is refused here, with its folder, if there is no quartet in it
        return file
    except QuartetError as error:
        raise CorpusError(f"{path.parent}: {error}") from error


def _phrases(music: Sequence[Tokens], grid: Grid, beats: int) -> list[Tokens]:
    """Cut the same piece twice into phrases; what one of them lacks at its end is rests."""
    steps = beats * grid.steps_per_beat
    whole = max(map(len, music)) + -max(map(len, music)) % steps
    padded = [
        np.pad(tokens, ((0, whole - len(tokens)), (0, 0)), constant_values=grid.alphabet.rest) for tokens in music
    ]
    starts = range(0, whole, steps)
    return [phrases.cut(tokens, starts, steps, alphabet=grid.alphabet, boundary="held") for tokens in padded]


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
