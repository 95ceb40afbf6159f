"""The command `quartetvae`, for people with music of their own.

Results go to standard output, all else to standard error. Exit status: 0 done, 1 something is wrong with the input, 2
wrong usage.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table as Columns
from tqdm import tqdm

from quartetvae import errors, events, set_plots
from quartetvae.errors import CorpusError, MidiError
from quartetvae.metrics import comparison, music, sets
from quartetvae.metrics.paper import PITCH_CLASSES

MIDI_NAMES = (".mid", ".midi")

MIN_REFERENCE = 6
"""Files: half of them make three distances, the fewest that have a density."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="quartetvae")
def app() -> None:
    """String quartets: what is in a MIDI file, and how alike two collections of music are."""


def main() -> None:
    """Run the command."""
    errors.run(app)


@app.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def features(file: Path, as_json: bool) -> None:
    r"""Features of one MIDI file, as a whole and by part.

    They are Yang & Lerch's (2020), taken from the file at its own resolution. In JSON: {"whole": {feature: value},
    "parts": {"violin_1": {...}, ...}}; a file that is no quartet has its tracks for parts, and says why.

    \b
    Examples:
      quartetvae features quartet.mid
      quartetvae features quartet.mid --json | jq .parts.cello.pitch_range
    """
    read = events.read(file)
    table = events.table(read)
    found = music.of_all_and_parts(table, list(read.voices))
    shown = {name: music.plain(of) for name, of in found.items()}
    if as_json:
        content: dict[str, Any] = {"whole": shown.pop("whole"), "parts": shown}
        if read.refusal:
            content["not_a_quartet"] = read.refusal
        click.echo(json.dumps(content, indent=2))
        return
    if read.refusal:
        click.echo(f"{file.name} is no quartet: {read.refusal}. Its tracks stand for parts.", err=True)
    _print_features(shown)


def _print_features(shown: Mapping[str, Mapping[str, Any]]) -> None:
    """A row for each number; of histograms and matrices the largest entries."""
    columns = Columns("feature", *(name.replace("_", " ") for name in shown), box=None, pad_edge=False)
    for feature, value in next(iter(shown.values())).items():
        if isinstance(value, dict):
            for unit in value:
                columns.add_row(
                    f"{feature.replace('_', ' ')}, {unit}", *(_number(of[feature][unit]) for of in shown.values())
                )
        elif not isinstance(value, list):
            columns.add_row(feature.replace("_", " "), *(_number(of[feature]) for of in shown.values()))
    rows = {
        "most frequent pitch class": ("pitch_class_histogram", PITCH_CLASSES),
        "most frequent length": ("note_length_histogram", tuple(music.NOTE_LENGTHS)),
    }
    for label, (feature, names) in rows.items():
        columns.add_row(label, *(_highest(of[feature], names) for of in shown.values()))
    Console().print(columns)


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4g}"


def _highest(shares: Sequence[float], names: Sequence[str]) -> str:
    total = sum(shares)
    if not total:
        return "n/a"
    place = int(np.argmax(shares))
    return f"{names[place]} ({shares[place] / total:.0%})"


@app.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--plot", type=click.Path(path_type=Path), help="Also draw the overlaps into this PNG file.")
@click.option(
    "--replicates", default=200, show_default=True, type=click.IntRange(0), help="Of the bootstrap; 0: no intervals."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the bootstrap and the halves.")
def compare(a: Path, b: Path, as_json: bool, plot: Path | None, replicates: int, seed: int) -> None:
    r"""How alike two folders of MIDI files are, feature by feature.

    A is the reference: real music, as a rule. Each file counts as one excerpt, with its subfolders' files. For each
    feature the distances among A's files are set beside those between A's and B's: `overlap` is what their densities
    share (1: B's music is as far from A's as A's is from itself), `kl_nats` their divergence. The column `A with A`
    compares one half of A with the other: no set can be expected to do better. In JSON: {"real": {feature: {"overlap":
    ..., "low": ..., "high": ..., "kl_nats": ...}, ..., "mean_overlap": ...}, "b": likewise}, where "real" is A with A.

    \b
    Examples:
      quartetvae compare real/ generated/
      quartetvae compare real/ generated/ --json --plot overlap.png > figures.json
    """
    # Both folders are looked at before the files of one are read, which may take long.
    listed = {"a": _midi_files(a, fewest=MIN_REFERENCE), "b": _midi_files(b, fewest=2)}
    found = {name: _features_of(paths) for name, paths in listed.items()}
    count = len(found["a"]["note_count"])
    half = np.random.default_rng(seed).permutation(count)
    first, second = ({name: of[half[start::2]] for name, of in found["a"].items()} for start in (0, 1))
    work = comparison.compare(found["a"], {"b": found["b"]}, seed=seed, replicates=replicates)
    ceiling = comparison.compare(first, {sets.REAL: second}, seed=seed, replicates=replicates)
    figures = {**ceiling, **work}
    if plot is not None:
        set_plots.overlap(plot, figures)
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    columns = Columns("feature", "overlap", "95 %", "KL, nats", "A with A", box=None, pad_edge=False)
    for feature in comparison.FEATURES:
        of, best = figures["b"][feature], figures[sets.REAL][feature]
        reason = of.get("reason", "")
        span = "" if of["low"] is None else f"{of['low']:.3f} to {of['high']:.3f}"
        numbers = _number(of["kl_nats"]), _number(best["overlap"])
        columns.add_row(feature.replace("_", " "), _number(of["overlap"]), span or reason, *numbers)
    of = figures["b"]
    span = "" if of["mean_low"] is None else f"{of['mean_low']:.3f} to {of['mean_high']:.3f}"
    ceiling_mean = _number(figures[sets.REAL]["mean_overlap"])
    columns.add_row("mean", _number(of["mean_overlap"]), span, "", ceiling_mean, style="bold")
    Console().print(columns)
    click.echo(f"{count} files in A, {of['excerpts']} in B.", err=True)


def _midi_files(folder: Path, *, fewest: int) -> list[Path]:
    """All MIDI files under a folder."""
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no folder; a folder of MIDI files is needed.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in MIDI_NAMES and path.is_file())
    if len(paths) < fewest:
        raise CorpusError(f"{folder}: {len(paths)} MIDI files (.mid, .midi); {fewest} at least are needed.")
    return paths


def _features_of(paths: Sequence[Path]) -> dict[str, Any]:
    """Features of MIDI files, one row each; unreadable ones are named and left out."""
    rows, left_out = [], 0
    for path in tqdm(paths, unit="file", disable=not sys.stderr.isatty()):
        try:
            rows.append(music.features(events.table(events.read(path))))
        except MidiError as error:
            left_out += 1
            click.echo(f"left out: {error}", err=True)
    if not rows:
        raise CorpusError(f"{paths[0].parent}: none of {left_out} MIDI files can be read; put others there.")
    return {name: np.concatenate([row[name] for row in rows]) for name in music.FEATURES}


if __name__ == "__main__":
    main()
