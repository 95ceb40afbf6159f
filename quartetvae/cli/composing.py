"""`quartetvae infill`, `harmonise`, `continue`, `bridge`: a composer and music of one's own."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from quartetvae import api
from quartetvae.cli import common, options
from quartetvae.cli.common import FILE, PLAYERS, Tracks, parts_of_each_option, spread_option
from quartetvae.composing import filling, requests
from quartetvae.errors import ArgumentError, RenderingError
from quartetvae.io import midi_repair, read, splice
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE
from quartetvae.music.quartet import Quartet

PARTS = ", ".join(DEFAULT_ENSEMBLE.ids)


def _range(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read a range, as 5-8, or one number."""
    if value is None:
        return None
    found = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", value)
    if found is None:
        raise click.BadParameter(f"'{value}' is no range; as 5-8, or 5, is needed.", ctx, param)
    return int(found[1]), int(found[2] or found[1])


def _part(name: str, ctx: click.Context, param: click.Parameter) -> str:
    """Read the name of a part."""
    try:
        return DEFAULT_ENSEMBLE.ids[requests.part_number(name)]
    except ArgumentError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def _parts(ctx: click.Context, param: click.Parameter, value: str | None) -> list[str] | None:
    """Read names of parts with commas between them."""
    return None if value is None else list(dict.fromkeys(_part(name, ctx, param) for name in value.split(",")))


def _one_part(ctx: click.Context, param: click.Parameter, value: str) -> str:
    return _part(value, ctx, param)


count_option = click.option("--count", default=1, show_default=True, type=click.IntRange(1, 1000), help="How many.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--bars", callback=_range, metavar="N-N", help="Which, the first and the last, from 1.")
@click.option("--beats", callback=_range, metavar="N-N", help="Beats instead of bars, from 0.")
@click.option("--parts", callback=_parts, metavar="NAMES", help=f"Any of {PARTS}; by default all.")
@count_option
@options.drawing_options
@click.option("--tracks", callback=common.tracks, metavar="N,N,N,N", help=f"Tracks that play {PLAYERS}.")
@spread_option
@options.composer_option
@options.place_options
@options.whole_option
def infill(
    file: Path,
    bars: tuple[int, int] | None,
    beats: tuple[int, int] | None,
    parts: list[str] | None,
    count: int,
    tracks: Tracks,
    spread: bool,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    whole: bool,
    **drawing: Any,
) -> None:
    """Compose some bars of some parts anew; all else stays.

    A MIDI file comes back with not one other event changed: tempos, controllers, other tracks are the file's (one that
    has faults is mended first, and that is said). Notes that reach over the edges of the bars stay as well. Scores and
    sound are of 32 beats, from a little before those bars on, unless --whole is said.

    \b
    Examples:
      quartetvae infill quartet.mid --bars 5-8 --parts viola
      quartetvae infill quartet.musicxml --bars 12 --count 3 --key auto --as musicxml,ogg
    """
    if (bars is None) == (beats is None):
        raise click.UsageError("which bars? Say --bars 5-8, or --beats 16-31.")
    composer = api.load_composer(folder)
    found = read.read(file)
    music = options.read_music(composer, found, 0, None, tracks, spread, whose="--tracks")
    asked = requests.asked(music, bars=bars, beats=beats, parts=parts)
    composed = filling.settle(music.tokens, asked, music.grid.alphabet)[1]
    if not composed.any():
        click.echo("note: nothing to compose there: notes that are held over the edges fill it.", err=True)
    compose = partial(api.infill, composer, music, bars=bars, beats=beats, parts=parts, progress=options.progress)
    made = options.of_seeds("infill", count, compose, drawing)
    spliced: dict[str, bytes] = {}
    if file.suffix.lower() in read.MIDI_SUFFIXES and ".mid" in kinds:
        content = file.read_bytes()
        if midi_repair.repair(content, file.name).content != content:
            click.echo(f"note: {file.name} had faults and is read as mended; the mended file is what stays.", err=True)
        try:
            for name, one in made.items():
                spliced[name] = splice.splice(content, found, one, asked=asked, composed=composed, tracks=tracks)
        except RenderingError as error:
            click.echo(f"note: {error} That is what is done.", err=True)
    new = np.logical_or.reduce(composed, axis=1)
    options.written(out, made, kinds, None, spliced, whole=whole, composed=new)
    options.write_origins(out, made, composed=new)


@click.command()
@click.argument("melody", type=FILE)
@click.option("--part", default="violin_1", show_default=True, callback=_one_part, help=f"Which it is: {PARTS}.")
@click.option("--track", type=click.IntRange(0), help="The track that has it; by default that of the part.")
@count_option
@options.drawing_options
@options.composer_option
@options.output_options
@options.whole_option
def harmonise(
    melody: Path,
    part: str,
    track: int | None,
    count: int,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    whole: bool,
    **drawing: Any,
) -> None:
    """Compose three parts to one that is given.

    Of a quartet one of its parts is taken, of another file the only track or the one that is named.

    \b
    Examples:
      quartetvae harmonise melody.mid --key "D major"
      quartetvae harmonise quartet.mid --part cello --count 3 --as mid,ogg
    """
    composer = api.load_composer(folder)
    music = api.read_melody(melody, composer, part=part, track=track)
    compose = partial(api.harmonise, composer, music, part=part, progress=options.progress)
    made = options.of_seeds("harmony", count, compose, drawing)
    options.written(out, made, kinds, tempo, whole=whole)
    options.write_origins(out, made)


@click.command(name="continue")
@click.argument("file", type=FILE)
@click.option("--beats", default=16, show_default=True, type=click.IntRange(1, 100_000), help="How much follows.")
@count_option
@options.drawing_options
@click.option("--parts", "tracks", callback=common.tracks, metavar="N,N,N,N", help=f"Tracks that play {PLAYERS}.")
@spread_option
@options.composer_option
@options.output_options
@options.whole_option
def continue_(
    file: Path,
    beats: int,
    count: int,
    tracks: Tracks,
    spread: bool,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    whole: bool,
    **drawing: Any,
) -> None:
    """Compose what follows on a piece: it is written with that at its end.

    Scores and sound are of 32 beats, from a little before what is new on, unless --whole is said.

    \b
    Examples:
      quartetvae continue quartet.mid --beats 32
      quartetvae continue opening.musicxml --count 5 --temperature 0.9 --as mid,musicxml
    """
    composer = api.load_composer(folder)
    music = options.read_music(composer, file, 0, None, tracks, spread)
    compose = partial(api.continue_, composer, music, beats=beats, progress=options.progress)
    made = options.of_seeds("continuation", count, compose, drawing)
    new = _between(made, len(music.tokens), 0)
    options.written(out, made, kinds, tempo, whole=whole, composed=new)
    options.write_origins(out, made, composed=new)


@click.command()
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@click.option("--beats", default=16, show_default=True, type=click.IntRange(1, 100_000), help="How much is composed.")
@click.option(
    "--of-each",
    default=16,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="How many beats of A, from its beginning, and of B, up to its end.",
)
@count_option
@options.drawing_options
@parts_of_each_option
@spread_option
@options.same_key_option
@options.composer_option
@options.output_options
def bridge(
    a: Path,
    b: Path,
    beats: int,
    of_each: int,
    count: int,
    tracks: list[Tracks],
    spread: bool,
    same_key: bool,
    folder: Path | None,
    out: Path,
    kinds: list[str],
    tempo: float | None,
    **drawing: Any,
) -> None:
    """Compose one piece that begins as A and ends as B.

    \b
    Examples:
      quartetvae bridge a.mid b.mid --beats 32
      quartetvae bridge a.mid b.mid --of-each 8 --same-key --key auto --as mid,png
    """
    of_a, of_b = common.for_each(tracks, 2)
    composer = api.load_composer(folder)
    first = options.read_music(composer, a, 0, of_each, of_a, spread)
    second = requests.last(options.read_music(composer, b, 0, None, of_b, spread), of_each)
    if same_key:
        first, second = options.to_key_of_first([first, second], [a, b])
    compose = partial(api.bridge, composer, first, second, beats=beats, progress=options.progress)
    made = options.of_seeds("bridge", count, compose, drawing)
    options.written(out, made, kinds, tempo, whole=True)
    options.write_origins(out, made, composed=_between(made, len(first.tokens), len(second.tokens)))


def _between(made: Mapping[str, Quartet], first: int, last: int) -> NDArray[np.bool_]:
    """Mark what is neither in the first steps of pieces, up to a beat, nor in the last: (steps,); of one length all."""
    one = next(iter(made.values()))
    per_beat, steps = one.grid.steps_per_beat, np.arange(len(one.tokens))
    return (steps >= -(-first // per_beat) * per_beat) & (steps < len(steps) - last)
