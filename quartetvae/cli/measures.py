"""`quartetvae features`, `compare` and `match`: music by the measures of `quartetvae.metrics`."""

import functools
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from quartetvae import terminal
from quartetvae.cli import common
from quartetvae.cli.common import FILE, Tracks, parts_of_each_option, share, spread_option
from quartetvae.errors import CorpusError, MidiError
from quartetvae.evaluation import excerpts, file_features
from quartetvae.io import midi_events, read, scores
from quartetvae.io.read import MIDI_SUFFIXES
from quartetvae.metrics import features as measures
from quartetvae.metrics import whole_files
from quartetvae.metrics.figures import FeatureLikeness, SetLikeness
from quartetvae.metrics.whole_files import Counts, Played
from quartetvae.music.codec import Losses
from quartetvae.music.ensemble import PARTS
from quartetvae.music.notes import PITCH_CLASSES

MIN_REFERENCE, MIN_OTHER = 6, 3
"""Files: three make three distances, the fewest that have a density; the reference is cut in two."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def features(file: Path, as_json: bool) -> None:
    """Show the features of one MIDI file, as a whole and by part.

    They are Yang & Lerch's (2020), taken from the file at its own resolution. In JSON: {"whole": {feature: value},
    "parts": {"violin_1": {...}, ...}}; a file that is no quartet has its tracks for parts, and says why.

    \b
    Examples:
      quartetvae features quartet.mid
      quartetvae features quartet.mid --json | jq .parts.cello.pitch_range
    """
    if file.suffix.lower() in scores.SUFFIXES and file.is_file():
        raise CorpusError(f"{file.name}: a score; features are of what is played: export it as MIDI (.mid).")
    content = midi_events.read(file)
    table = file_features.table(content)
    found = measures.of_all_and_parts(table, list(content.voices))
    shown = {name: measures.plain(values) for name, values in found.items()}
    if as_json:
        printed: dict[str, Any] = {"whole": shown.pop("whole"), "parts": shown}
        if content.refusal:
            printed["not_a_quartet"] = content.refusal
        click.echo(json.dumps(printed, indent=2))
        return
    if content.refusal:
        click.echo(f"{file.name} is no quartet: {content.refusal}. Its tracks stand for parts.", err=True)
    _print_features(shown)


def _print_features(shown: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a row for each number; of histograms and matrices the largest entries."""
    rows: list[tuple[str, ...]] = []
    for feature, value in next(iter(shown.values())).items():
        name = feature.replace("_", " ")
        if isinstance(value, dict):
            for unit in value:
                rows.append((f"{name}, {unit}", *(_number(found[feature][unit]) for found in shown.values())))
        elif not isinstance(value, list):
            rows.append((name, *(_number(found[feature]) for found in shown.values())))
    highest = {
        "commonest pitch class": ("pitch_class_histogram", PITCH_CLASSES),
        "commonest note length": ("note_length_histogram", tuple(measures.NOTE_LENGTHS)),
    }
    for label, (feature, names) in highest.items():
        rows.append((label, *(_highest(found[feature], names) for found in shown.values())))
    click.echo(terminal.table(("feature", *(name.replace("_", " ") for name in shown)), rows))


def _number(value: float | None) -> str:
    if value is None:
        return "n/a"
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _highest(shares: Sequence[float], names: Sequence[str]) -> str:
    total = sum(shares)
    if not total:
        return "n/a"
    place = int(np.argmax(shares))
    return f"{names[place]} ({shares[place] / total:.0%})"


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--plot", type=click.Path(path_type=Path), help="Also draw the overlaps into this PNG file.")
@click.option(
    "--replicates", default=200, show_default=True, type=click.IntRange(0), help="Of the bootstrap; 0: no intervals."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the bootstrap and the halves.")
def compare(a: Path, b: Path, as_json: bool, plot: Path | None, replicates: int, seed: int) -> None:
    """Compare two folders of MIDI files, feature by feature.

    A is the reference: real music, as a rule. Each file counts as one excerpt, with its subfolders' files. For each
    feature the distances among A's files are set beside those between A's and B's: `overlap` is what their densities
    share (1: B's music is as far from A's as A's is from itself), `kl_nats` their divergence, with 95 % bootstrap
    intervals.

    How much can be expected? Overlap falls with the number of files. So A is cut in two, and one half compared with the
    other, then with as many files of B: `A with A` and `B with A` are at equal numbers, and B cannot be asked for more
    than A with A.

    In JSON: {"b": {feature: {"overlap": ..., "low": ..., "high": ..., "kl_nats": ...}, ..., "mean_overlap": ...},
    "equal_numbers": {"real": likewise, A with A; "b": likewise, B with A}}.

    \b
    Examples:
      quartetvae compare real/ generated/
      quartetvae compare real/ generated/ --json --plot overlap.png > figures.json
    """
    if plot is not None and (plot.suffix.lower() != ".png" or plot.is_dir()):
        raise CorpusError(f"--plot {plot}: no file to draw into; a name that ends in .png is needed.")
    # Not in the base package: SciPy and matplotlib.
    from quartetvae.metrics import comparison

    if plot is not None:
        from quartetvae.plots import sets
    # Both folders are looked at before the files of one are read, which may take long.
    listed = {"a": _midi_files(a, fewest=MIN_REFERENCE), "b": _midi_files(b, fewest=MIN_OTHER)}
    found = {name: _features_of(paths) for name, paths in listed.items()}
    sizes = {name: len(values["note_count"]) for name, values in found.items()}
    for folder, name, fewest in ((a, "a", MIN_REFERENCE), (b, "b", MIN_OTHER)):
        if sizes[name] < fewest:
            raise CorpusError(f"{folder}: {sizes[name]} MIDI files that can be read; {fewest} at least are needed.")
    drawn = _equal_numbers(found["a"], found["b"], np.random.default_rng(seed))
    reference = drawn.pop(excerpts.REFERENCE)
    with tqdm(total=2 * len(comparison.FEATURES), unit="feature", leave=False, disable=None) as progress:
        compared = functools.partial(comparison.compare, seed=seed, replicates=replicates, progress=progress.update)
        whole = compared(found["a"], {"b": found["b"]})["b"]
        equal = compared(reference, drawn)
    if as_json:
        click.echo(json.dumps({"b": whole, "equal_numbers": equal}, indent=2))
    else:
        _print_comparison(whole, equal)
        count = equal["b"]["excerpts"]
        click.echo(f"{sizes['a']} files in A, {sizes['b']} in B; at equal numbers {count} of each.", err=True)
    if plot is not None:
        shown = {
            excerpts.REAL: equal[excerpts.REAL],
            b.resolve().name: equal["b"],
        }
        try:
            sets.overlap(plot, shown, reference=a.resolve().name)
        except OSError as error:
            raise CorpusError(f"--plot {plot}: cannot be written ({error.strerror}).") from error


def _equal_numbers(a: Mapping[str, Any], b: Mapping[str, Any], rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Draw as many files of A for `reference`, others of A for `real`, and of B for `b`."""
    count = min(len(a["note_count"]) // 2, len(b["note_count"]))
    of_a, of_b = (rng.permutation(len(table["note_count"])) for table in (a, b))
    rows = {excerpts.REFERENCE: (a, of_a[:count]), excerpts.REAL: (a, of_a[count : 2 * count]), "b": (b, of_b[:count])}
    return {
        name: {feature: values[chosen] for feature, values in table.items()} for name, (table, chosen) in rows.items()
    }


def _print_comparison(whole: SetLikeness, equal: Mapping[str, SetLikeness]) -> None:
    from quartetvae.metrics import comparison

    rows = []
    for feature in comparison.FEATURES:
        both = (share(equal[name][feature]["overlap"]) for name in (excerpts.REAL, "b"))
        rows.append((feature.replace("_", " "), _said(whole[feature]), _number(whole[feature]["kl_nats"]), *both))
    mean = _spanned(whole["mean_overlap"], whole["mean_low"], whole["mean_high"])
    rows.append(("mean", mean, "", *(share(equal[name]["mean_overlap"]) for name in (excerpts.REAL, "b"))))
    click.echo(terminal.table(("feature", "overlap (95 %)", "KL, nats", "A with A", "B with A"), rows))


def _said(likeness: FeatureLikeness) -> str:
    return likeness.get("reason") or _spanned(likeness["overlap"], likeness["low"], likeness["high"])


def _spanned(value: float | None, low: float | None, high: float | None) -> str:
    return share(value) if low is None else f"{share(value)} ({share(low)}-{share(high)})"


def _midi_files(folder: Path, *, fewest: int) -> list[Path]:
    """List all MIDI files under a folder."""
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no folder; a folder of MIDI files is needed.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in MIDI_SUFFIXES and path.is_file())
    if len(paths) < fewest:
        raise CorpusError(f"{folder}: {len(paths)} MIDI files (.mid, .midi); {fewest} at least are needed.")
    return paths


def _features_of(paths: Sequence[Path]) -> dict[str, Any]:
    """Take the features of MIDI files, one row each; unreadable ones are named and left out."""
    rows, left_out = [], 0
    for path in tqdm(paths, unit="file", disable=not sys.stderr.isatty()):
        try:
            rows.append(measures.features(file_features.table(midi_events.read(path))))
        except (CorpusError, MidiError) as error:
            left_out += 1
            click.echo(f"left out: {error}", err=True)
    if not rows:
        raise CorpusError(f"{paths[0].parent}: none of {left_out} MIDI files can be read; put others there.")
    return {name: np.concatenate([row[name] for row in rows]) for name in measures.FEATURES}


@click.command()
@click.argument("original", type=FILE)
@click.argument("copy", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@spread_option
@parts_of_each_option
def match(original: Path, copy: Path, as_json: bool, spread: bool, tracks: list[Tracks]) -> None:
    """Count the notes of a quartet that another file of it has, too.

    Any two MIDI files or scores, each at its own resolution. Part by part, a note matches one of the same pitch that
    begins within 1/24 beat of it; `with ends` it also has to end within 1/8 beat, or within 20 % of the original's
    length. Each matches one other at most. Precision is the share of the copy's notes that match, recall that of the
    original's, F1 their harmonic mean. Beats count from the beginning of each file; repeats are played.

    In JSON: {"whole": {"notes": ..., "notes_of_copy": ..., "onset": {"precision": ..., "recall": ..., "f1": ...},
    "offset": likewise, with ends, "notes_from_92": those of the original from MIDI pitch 92 up, "recall_from_92": by
    onset}, "parts": {"violin_1": likewise, ...}}.

    \b
    Examples:
      quartetvae match quartet.mid quartetvae-out/reconstruction.mid
      quartetvae match score.musicxml played.mid --json | jq .whole.onset.f1
      quartetvae match five-tracks.mid quartet.mid --parts 1,2,3,4 --parts auto
    """
    of_each = common.for_each(tracks, 2)
    for chosen in of_each:
        common.check_parts(chosen, spread)
    both = [_played(path, chosen, spread) for path, chosen in zip((original, copy), of_each, strict=True)]
    parts = dict(zip(PARTS, whole_files.match(*both), strict=True))
    if as_json:
        content = {"whole": _matched(parts.values()), "parts": {name: _matched([of]) for name, of in parts.items()}}
        click.echo(json.dumps(content, indent=2))
        return
    counts = {name.replace("_", " "): whole_files.total([of]) for name, of in parts.items()}
    counts["whole"] = whole_files.total(parts.values())
    rows = [((name, f"{of.true:,}", f"{of.found:,}"), of) for name, of in counts.items()]
    click.echo(common.matches(("part", "notes", "of the copy"), rows))


def _played(path: Path, tracks: Tracks, spread: bool) -> Played:
    """Read the notes of a file's parts; what is not read is said."""
    file = read.read(path)
    parts = read.part_notes(file, tracks=tracks, spread=spread)
    lost = read.Lost(Losses(), read.of_no_part(file, parts), file.music.left_out, 1)
    if said := lost.lines():
        click.echo(f"note: {click.format_filename(file.name)}: {'; '.join(said)}.", err=True)
    return Played(parts, file.music.ticks_per_beat)


def _matched(parts: Iterable[Mapping[int, Counts]]) -> dict[str, Any]:
    """Make what `match --json` prints of some parts."""
    parts = list(parts)
    every, high = whole_files.total(parts), whole_files.total(parts, lowest=whole_files.HIGH)
    return {
        "notes": every.true,
        "notes_of_copy": every.found,
        "onset": every.onset,
        "offset": every.offset,
        "notes_from_92": high.true,
        "recall_from_92": high.onset["recall"],
    }
