"""`quartetvae interpolate`, `reconstruct`, `sample`, `vary` ...: a model and music of one's own."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click

from quartetvae import api
from quartetvae.cli import common, options
from quartetvae.cli.common import FILE, Tracks, parts_of_each_option
from quartetvae.composing import requests
from quartetvae.config import Chords, Spacing, Way
from quartetvae.errors import MissingError, ModelError
from quartetvae.io import read, write
from quartetvae.latent import directions, neighbours
from quartetvae.metrics import whole_files
from quartetvae.metrics.attributes import ATTRIBUTES
from quartetvae.model import architecture, pretrained
from quartetvae.music.codec import Losses
from quartetvae.music.tracks import Music

POINT = re.compile(rf"(point_\d+|row_\d+_\d+)(\.\d+)?({'|'.join(map(re.escape, write.WRITERS))})")
"""A file that `interpolate` writes."""


def _say_what_is_older(out: Path, written: Iterable[Path]) -> None:
    """Name the points of another path that lie among those just written: one would take them for points of this one."""
    new = {path.name for path in written}
    older = sorted(path.name for path in out.iterdir() if POINT.fullmatch(path.name) and path.name not in new)
    if older:
        names = older[0] if len(older) == 1 else f"{older[0]} to {older[-1]} ({len(older)} files)"
        click.echo(f"note: {names} in {click.format_filename(out)} are of an earlier run, not of this path.", err=True)


@click.command()
@click.argument("files", nargs=-1, type=FILE, required=True, metavar="A B [C D]")
@click.option("--points", default=5, show_default=True, type=click.IntRange(2, 100), help="The ends included.")
@click.option(
    "--path",
    "kind",
    default="exchange",
    show_default=True,
    type=click.Choice(get_args(Way)),
    help="Part after part, what joins them composed; or between the codes of the two, phrase by phrase.",
)
@click.option("--freedom", type=click.FloatRange(0, 1), help="exchange: share composed half-way; by default 0.25.")
@click.option(
    "--tries", type=click.IntRange(1, 24), help="exchange: orders of the parts, the best taken; by default 5."
)
@click.option("--temperature", type=click.FloatRange(0, 10), help="exchange: 0 takes the likeliest note; by default 1.")
@click.option("--seed", type=click.IntRange(0), help="exchange: of what is drawn; by default 0.")
@click.option("--composer", type=FILE, help="exchange: a trained composer's folder; by default the package's.")
@click.option(
    "--spacing",
    type=click.Choice(get_args(Spacing)),
    help="spherical, linear: even steps of what is heard, the default, or of the codes. Not for four pieces.",
)
@options.excerpt_options
@parts_of_each_option
@options.key_options
@options.same_key_option
@options.model_option
@options.page_output_options
@options.whole_option
def interpolate(
    files: tuple[Path, ...],
    points: int,
    kind: Way,
    composer: Path | None,
    spacing: Spacing | None,
    from_beat: int,
    beats: int | None,
    tracks: list[Tracks],
    spread: bool,
    same_key: bool,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    whole: bool,
    **dials: Any,
) -> None:
    """Find what lies between two pieces, or between four at the corners of a grid.

    Writes point_0 (A as the model gives it back) to the last point (B). With four pieces the points of a grid, row_0_0
    to the last: A and B end its first row, C and D the last. The shortest piece decides the length. --as html writes
    studio.html, a page on which a point is dragged between the pieces: by their codes, whatever --path says.

    \b
    Examples:
      quartetvae interpolate a.mid b.mid
      quartetvae interpolate a.mid b.musicxml --points 9 --from-beat 16 --beats 32 --as mid,ogg
      quartetvae interpolate a.mid b.mid c.mid d.mid --points 3 --out grid
      quartetvae interpolate quartet.mid five-tracks.mid --parts auto --parts 1,2,3,4
      quartetvae interpolate a.mid b.mid --freedom 0.5 --seed 3
      quartetvae interpolate a.mid b.mid --path spherical --same-key
      quartetvae interpolate a.mid b.mid --as mid,html
    """
    if len(files) not in (2, 4):
        count = f"{len(files)} piece{'s' if len(files) != 1 else ''}"
        raise click.UsageError(f"{count}; two, or four for a grid, are needed.")
    of_each = common.for_each(tracks, len(files))
    model = api.load(folder)
    pieces = [
        options.read_music(model, path, from_beat, beats, chosen, spread)
        for path, chosen in zip(files, of_each, strict=True)
    ]
    if same_key:
        pieces = options.to_key_of_first(pieces, files)
    whole = whole or beats is not None
    if options.HTML in kinds:
        most = options.SHOWN * model.architecture.grid.steps_per_beat
        shown = pieces if whole else [requests.excerpt(music, 0, most) for music in pieces]
        options.write_page(out / "studio.html", model, shown, [path.stem for path in files], tempo)
        kinds = [kind for kind in kinds if kind != options.HTML]
        if not kinds:
            return
    digits = len(str(points - 1))
    dials["composer"] = None if composer is None else api.load_composer(composer)
    if len(pieces) == 2:
        found = api.interpolate(
            model, *pieces, points=points, path=kind, spacing=spacing, progress=options.progress, **dials
        )
        music = {f"point_{k:0{digits}}": made for k, made in enumerate(found)}
        ends = {f"point_{k:0{digits}}" for k in (0, points - 1)}
    else:
        if spacing is not None:
            raise click.UsageError("--spacing with four pieces; it is of a path between two.")
        rows = api.interpolate_grid(model, pieces, points=points, path=kind, progress=options.progress, **dials)
        music = {f"row_{i:0{digits}}_{j:0{digits}}": made for i, row in enumerate(rows) for j, made in enumerate(row)}
        ends = {f"row_{i:0{digits}}_{j:0{digits}}" for i in (0, points - 1) for j in (0, points - 1)}
    _say_what_is_older(out, options.written(out, music, kinds, tempo, whole=whole))
    options.write_origins(out, {name: made for name, made in music.items() if name not in ends}, model=model)


@click.command()
@click.argument("file", type=FILE)
@options.input_options
@options.model_option
@options.output_options
@options.whole_option
def reconstruct(
    file: Path,
    from_beat: int,
    beats: int | None,
    tracks: Tracks,
    spread: bool,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    whole: bool,
) -> None:
    """Give a piece back as the model decodes it, beside the piece as the model sees it.

    Also says how many notes of the file come back in their parts, through the grid alone and through the model; what
    counts is told by `quartetvae match --help`, which also counts part by part. Where the extra `measures` is not
    installed the count is left out.

    \b
    Examples:
      quartetvae reconstruct quartet.mid
      quartetvae reconstruct quartet.musicxml --beats 64 --as mid,svg
    """
    model = api.load(folder)
    found = read.read(file)
    music = options.read_music(model, found, from_beat, beats, tracks, spread)
    rebuilt = api.reconstruct(model, music)
    options.written(out, {"original": music, "reconstruction": rebuilt}, kinds, tempo, whole=whole or beats is not None)
    played = whole_files.Played(read.part_notes(found, tracks=tracks, spread=spread), found.music.ticks_per_beat)
    asked = whole_files.excerpt(played, from_beat=from_beat, beats=beats)
    try:
        rows = [
            ([name], whole_files.total(whole_files.match(asked, whole_files.of_tokens(made.tokens, made.grid))))
            for name, made in (("on the grid", music), ("by the model", rebuilt))
        ]
    except MissingError as error:
        click.echo(f"note: how many notes come back is not counted: {error}", err=True)
        return
    notes = sum(map(len, asked.parts))
    click.echo(common.matches((f"of {notes:,} note{'' if notes == 1 else 's'}",), rows))


@click.command()
@click.option("--beats", default=16, show_default=True, type=click.IntRange(1, 100_000), help="How much.")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@click.option(
    "--by",
    default="codes",
    show_default=True,
    type=click.Choice(["codes", "composer"]),
    help="Codes drawn for each phrase, or a composer, which remembers what it began with.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0, 10),
    help="0 takes the likeliest note, 1 draws; by default 0 with codes, 1 with a composer.",
)
@options.seed_option
@options.key_options
@options.model_option
@click.option(
    "--composer", type=FILE, help="A trained composer's folder; by default the one that comes with the package."
)
@options.output_options
def sample(
    beats: int,
    count: int,
    by: str,
    temperature: float | None,
    seed: int,
    folder: Path | None,
    composer: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    **key: Any,
) -> None:
    """Make music from nothing: from codes drawn from the prior, each phrase by itself, or by a composer.

    \b
    Examples:
      quartetvae sample --beats 64 --by composer --key "D major"
      quartetvae sample --beats 32 --temperature 0.8 --seed 7
      quartetvae sample --count 10 --as mid,ogg
    """
    other = {"codes": ("--composer", composer), "composer": ("--model", folder)}[by]
    if other[1] is not None:
        raise click.UsageError(f"--by {by}, and {other[0]}, which has no part in it; leave one of them out.")
    model = None if by == "composer" else api.load(folder)
    if model is None:
        compose = partial(api.sample, api.load_composer(composer), progress=options.progress)
    else:
        compose = partial(api.sample, model)
    music = options.of_seeds(
        "sample", count, partial(compose, beats=beats), {"temperature": temperature, "seed": seed, **key}
    )
    options.written(out, music, kinds, tempo, whole=True)
    options.write_origins(out, music, model=model)


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--amount", default=0.5, show_default=True, type=click.FloatRange(0, 100), help="Of noise; the prior is 1 wide."
)
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@options.temperature_option
@options.seed_option
@options.key_options
@options.input_options
@options.model_option
@options.output_options
@options.whole_option
def vary(
    file: Path,
    amount: float,
    count: int,
    temperature: float,
    seed: int,
    from_beat: int,
    beats: int | None,
    tracks: Tracks,
    spread: bool,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    whole: bool,
    **key: Any,
) -> None:
    """Vary a piece: put noise into the codes of its phrases.

    \b
    Examples:
      quartetvae vary quartet.mid --amount 0.3
      quartetvae vary quartet.mid --count 5 --seed 1 --as mid,ogg
    """
    model = api.load(folder)
    music = options.read_music(model, file, from_beat, beats, tracks, spread)
    compose = partial(api.vary, model, music, amount=amount)
    made = options.of_seeds("variation", count, compose, {"temperature": temperature, "seed": seed, **key})
    options.written(out, made, kinds, tempo, whole=whole or beats is not None)
    options.write_origins(out, made, model=model)


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--toward", required=True, type=click.Choice(list(ATTRIBUTES)), help="The attribute that there is to be more of."
)
@click.option("--by", default=1.0, show_default=True, type=float, help="How much more; below 0 less; -2 to 2 is tried.")
@click.option("--directions", "path", type=FILE, help="directions.json of the model, if it is one of your own.")
@options.key_options
@options.input_options
@options.model_option
@options.output_options
@options.whole_option
def morph(
    file: Path,
    toward: str,
    by: float,
    path: Path | None,
    from_beat: int,
    beats: int | None,
    tracks: Tracks,
    spread: bool,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    whole: bool,
    **key: Any,
) -> None:
    """Give a piece more or less of an attribute: denser, higher, more syncopated, more together.

    What comes of it on the test phrases, from -2 to 2, is in metrics/attributes.json.

    \b
    Examples:
      quartetvae morph quartet.mid --toward note_density --by 1.5
      quartetvae morph quartet.mid --toward syncopation --by -1 --as mid,ogg
    """
    if folder is not None and path is None and not (folder / "directions.json").exists():
        raise click.UsageError("a model of one's own has directions of its own: name them with --directions.")
    model = api.load(folder)
    music = options.read_music(model, file, from_beat, beats, tracks, spread)
    found = None if path is None else directions.read(path)
    made = {f"{toward}_{by:+g}": api.morph(model, music, toward=toward, by=by, directions=found, **key)}
    options.written(out, made, kinds, tempo, whole=whole or beats is not None)
    options.write_origins(out, made, model=model)


@click.command()
@click.argument("file", type=FILE)
@click.option("--count", default=3, show_default=True, type=click.IntRange(1, 1000), help="How many for each phrase.")
@click.option("--corpus", "path", type=FILE, help=f"{neighbours.FILE} of the model, if it is one of your own.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.input_options
@options.model_option
def nearest(
    file: Path,
    count: int,
    path: Path | None,
    as_json: bool,
    from_beat: int,
    beats: int | None,
    tracks: Tracks,
    spread: bool,
    folder: Path | None,
) -> None:
    """Find the phrases of the corpus that are most like those of a piece, by the distance of their codes.

    \b
    Examples:
      quartetvae nearest quartet.mid --beats 16
      quartetvae nearest quartet.mid --count 10 --json
    """
    if folder is not None and path is None and not (folder / neighbours.FILE).exists():
        raise click.UsageError("a model of one's own has codes of its own: name them with --corpus.")
    model = api.load(folder)
    music = options.read_music(model, file, from_beat, beats, tracks, spread)
    found = api.nearest(model, music, count=count, corpus=None if path is None else neighbours.read(path))
    each = model.architecture.form.beats_per_phrase
    if as_json:
        content = [
            {"beat": from_beat + k * each, "nearest": [{**one.place, "distance": one.distance} for one in near]}
            for k, near in enumerate(found)
        ]
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    for k, near in enumerate(found):
        click.echo(f"beat {from_beat + k * each}:")
        for one in near:
            place = one.place
            click.echo(
                f"  {one.distance:6.2f}  {place['composer']}: {place['work']} ({place['piece']}), bar {place['bar']}"
            )


@click.command()
@click.argument("file", type=FILE)
@click.argument("codes", type=FILE)
@options.input_options
@options.model_option
def encode(
    file: Path,
    codes: Path,
    from_beat: int,
    beats: int | None,
    tracks: Tracks,
    spread: bool,
    folder: Path | None,
) -> None:
    """Write the codes of a piece, one row for each phrase, as .npy or .parquet.

    \b
    Examples:
      quartetvae encode quartet.mid codes.npy
      quartetvae encode quartet.mid codes.parquet --beats 64
    """
    model = api.load(folder)
    found = api.encode(model, options.read_music(model, file, from_beat, beats, tracks, spread))
    api.write_codes(codes, found)
    click.echo(f"{codes}: {len(found)} phrases, {found.shape[1]} dimensions")


@click.command()
@click.argument("codes", type=FILE)
@options.temperature_option
@options.seed_option
@options.model_option
@options.output_options
@options.whole_option
def decode(
    codes: Path,
    temperature: float,
    seed: int,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    whole: bool,
) -> None:
    """Make music from codes, .npy or .parquet: a row for each phrase.

    \b
    Examples:
      quartetvae decode codes.npy --as mid,ogg
    """
    model = api.load(folder)
    found = api.read_codes(codes)
    try:
        music = api.decode(model, found, temperature=temperature, seed=seed)
    except ModelError as error:
        raise ModelError(f"{click.format_filename(codes)}: {error}") from error
    options.written(out, {codes.stem: music}, kinds, tempo, whole=whole)


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--steps-per-beat", type=click.IntRange(1, 96), help="Of the grid; by default that of the package's weights."
)
@click.option(
    "--chords",
    type=click.Choice(get_args(Chords)),
    help="Notes a part at a time: one, of a chord the lowest, or two; by default as with those weights.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(file: Path, steps_per_beat: int | None, chords: Chords | None, as_json: bool) -> None:
    """Show what is in a file: its tracks, whose part each is, and why it is or is not a quartet.

    Also its composer, work and movements, as far as it names them, and what it loses on the grid.

    \b
    Examples:
      quartetvae inspect quartet.mid
      quartetvae inspect quartet.musicxml --steps-per-beat 4 --chords lowest --json
    """
    found = read.read(file)
    grid = architecture.read(pretrained.FOLDER).grid
    grid = replace(grid, steps_per_beat=steps_per_beat or grid.steps_per_beat, chords=chords or grid.chords)
    lost = read.encode(found, grid)[1] if found.assignment.refusal is None else None
    if as_json:
        click.echo(json.dumps(_inspected(found, lost), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_described(found, lost)))


def _inspected(found: read.MusicFile, lost: read.Lost | None) -> dict[str, Any]:
    """Make what `inspect --json` prints."""
    music, assignment = found.music, found.assignment
    tracks = [
        {
            "track": number,
            "name": track.name,
            "program": track.program,
            "drums": track.is_drum,
            "notes": len(track.notes),
            "part": part,
            "why": why,
            "out_of_range": _outside(found, number),
        }
        for number, (track, part, why) in enumerate(
            zip(music.tracks, assignment.parts, assignment.reasons, strict=True)
        )
    ]
    return {
        "file": click.format_filename(found.name),
        "beats": music.end / music.ticks_per_beat,
        **asdict(music.credits),
        "movements": [
            {"number": number, "title": title, "from_beat": start, "beats": beats}
            for number, title, start, beats in _movements(music)
        ],
        "not_a_quartet": assignment.refusal,
        "tracks": tracks,
        "left_out": dict(music.left_out),
        "grid": None if lost is None else _on_grid(lost),
    }


def _on_grid(lost: read.Lost) -> dict[str, int]:
    losses = asdict(lost.losses)
    return {"steps_per_beat": lost.steps_per_beat, **losses, "of_no_part": lost.of_no_part}


def _outside(found: read.MusicFile, number: int) -> int:
    """Count the notes of a track that lie outside its part's range."""
    part = found.assignment.parts[number]
    return found.ensemble.out_of_range(part, found.music.tracks[number].notes["pitch"].tolist()) if part else 0


def _movements(music: Music) -> list[tuple[int, str, float, float]]:
    """List the movements: their numbers from 1, titles, first beats and lengths."""
    starts = [movement.tick for movement in music.movements]
    ends = [*starts[1:], music.end]
    beat = music.ticks_per_beat
    return [
        (number, movement.title, start / beat, (end - start) / beat)
        for number, (movement, start, end) in enumerate(zip(music.movements, starts, ends, strict=False), start=1)
    ]


def _described(found: read.MusicFile, lost: read.Lost | None) -> list[str]:
    """Make the lines that `inspect` prints."""
    music, assignment = found.music, found.assignment
    beats = music.end / music.ticks_per_beat
    # A part that rests throughout is a track too.
    listed = [k for k, part in enumerate(assignment.parts) if len(music.tracks[k].notes) or part]
    count = f"{len(listed)} track{'s' if len(listed) != 1 else ''}, {beats:.0f} beat{'s' if round(beats) != 1 else ''}"
    lines = [f"{click.format_filename(found.name)}: {count}"]
    credits = [of for of in (music.credits.composer, music.credits.work, music.credits.movement) if of]
    lines += [", ".join(credits)] if credits else []
    movements = _movements(music)
    # One without a title is the file.
    for number, title, start, length in movements if len(movements) > 1 or any(of[1] for of in movements) else []:
        lines.append(f"  movement {number}{f', {title}' if title else ''}: {length:g} beats, from beat {start:g} on")
    for number in listed:
        part, why = assignment.parts[number], assignment.reasons[number]
        outside = _outside(found, number)
        beyond = f"; {outside} note{'s' if outside != 1 else ''} out of its range" if outside else ""
        reason = f"{why}{beyond}" if len(music.tracks[number].notes) else f"{why}; it rests throughout"
        whose = part.replace("_", " ") if part else "no part of a quartet"
        lines.append(f"  {found.track_label(number)}: {whose} ({reason})")
    off = lost.losses.off_grid if lost else 0
    if lost and off:
        lines.append(f"{off:,} of {lost.losses.notes:,} onsets are off the grid of {lost.steps_per_beat} steps a beat.")
    said = lost or read.Lost(Losses(), 0, music.left_out, 1)
    lines += [f"{line[0].upper()}{line[1:]}." for line in said.lines()]
    if lost is None:
        return [*lines, f"No {found.ensemble.name}: {assignment.refusal}. {read.remedy(found)}"]
    if not lost.losses.lost and not lost.losses.moved_into_range and not off:
        lines.append(f"Nothing is lost on the grid of {lost.steps_per_beat} steps a beat.")
    return [*lines, f"A {found.ensemble.name}."]
