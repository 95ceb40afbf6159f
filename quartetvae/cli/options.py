"""What the commands for music of one's own have in common: their options, how music is read and how it is written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from quartetvae import api
from quartetvae.cli import common
from quartetvae.cli.common import FILE, PLAYERS, Tracks, spread_option
from quartetvae.composing import keys, originality, requests
from quartetvae.composing.filling import Window
from quartetvae.errors import ArgumentError, RenderingError
from quartetvae.files import replacing, write_json
from quartetvae.io import read, write
from quartetvae.latent import neighbours
from quartetvae.model.autoencoder import Autoencoder
from quartetvae.model.composer import Composer
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music.quartet import Quartet
from quartetvae.studio import page

HTML = ".html"
"""The page that `listen` writes."""

KINDS = {suffix.removeprefix("."): suffix for suffix in write.WRITERS}

MOST_BYTES = 6_000_000
"""Of a page to play on, before it is said."""

NOTES, SHOWN = (".mid", ".musicxml"), 32
"""What is written of all of the music in any case; beats of it that all else is made of, which takes longer."""

LEAD = 8
"""Beats of what was there that are shown before what is composed."""


def _kinds(known: Mapping[str, str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Make what tells suffixes of what to write from names with commas between them."""

    def told(ctx: click.Context, param: click.Parameter, value: str) -> list[str]:
        wanted = list(dict.fromkeys(kind.strip().lower() for kind in value.split(",")))
        if unknown := [kind for kind in wanted if kind not in known]:
            raise click.BadParameter(f"'{', '.join(unknown)}' is none of {', '.join(known)}.", ctx, param)
        suffixes = [known[kind] for kind in wanted]
        # Now, and not when all is made that was to be written.
        for suffix in suffixes:
            write.check(suffix)
        return suffixes

    return told


def _key(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Check the name of a key."""
    if value not in (keys.FREE, keys.AUTO):
        try:
            keys.parse(value)
        except ArgumentError as error:
            raise click.BadParameter(str(error), ctx, param) from error
    return value


def grouped(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Put several options into one decorator, in their order."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


model_option = click.option(
    "--model", "folder", type=FILE, help="A trained model's folder; by default the weights that come with the package."
)
seed_option = click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of what is drawn.")
temperature_option = click.option(
    "--temperature",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 10),
    help="0 takes the likeliest note, 1 draws.",
)
key_options = grouped(
    click.option(
        "--key",
        default="free",
        show_default=True,
        callback=_key,
        metavar="KEY",
        help="Make its notes likelier: 'C major', 'f# minor' ..., auto (of the music that is given), or free.",
    ),
    click.option("--key-strength", default=1.0, show_default=True, type=click.FloatRange(0, 10), help="By how much."),
    click.option("--strict-key", is_flag=True, help="Bar all other notes that are drawn."),
)
same_key_option = click.option("--same-key", is_flag=True, help="Move the other pieces to A's key first.")
excerpt_options = grouped(
    click.option("--from-beat", default=0, show_default=True, type=click.IntRange(0), help="Where to begin, from 0."),
    click.option("--beats", type=click.IntRange(1), help="How much; by default all of it, of a page 32."),
    spread_option,
)
input_options = grouped(
    excerpt_options,
    click.option("--parts", "tracks", callback=common.tracks, metavar="N,N,N,N", help=f"Tracks that play {PLAYERS}."),
)
composer_option = click.option(
    "--composer",
    "folder",
    type=FILE,
    help="A trained composer's folder; by default the one that comes with the package.",
)
drawing_options = grouped(
    click.option(
        "--temperature",
        default=1.0,
        show_default=True,
        type=click.FloatRange(0, 10),
        help="0 takes the likeliest note, 1 draws.",
    ),
    seed_option,
    key_options,
)


def _place_options(known: Mapping[str, str], about: str = "") -> Callable[[Any], Any]:
    """Make the options for where and as what to write."""
    return grouped(
        click.option(
            "-o",
            "--out",
            type=FILE,
            default=Path("quartetvae-out"),
            show_default=True,
            help="Folder for what is written.",
        ),
        click.option(
            "--as",
            "kinds",
            callback=_kinds(known),
            metavar="KINDS",
            default="mid",
            show_default=True,
            help=f"Any of {', '.join(known)}{about}.",
        ),
    )


place_options = _place_options(KINDS)
_tempo_option = click.option(
    "--tempo",
    type=click.FloatRange(1, 1000),
    help="Quarter notes a minute; by default a MIDI file's, else 100.",
)
whole_option = click.option(
    "--whole", is_flag=True, help=f"Scores, pictures and sound of all of it, where it has more than {SHOWN} beats."
)
output_options = grouped(place_options, _tempo_option)
page_output_options = grouped(
    _place_options({**KINDS, "html": HTML}, " (one page to play on, as `quartetvae listen` writes it)"), _tempo_option
)


def of_seeds(name: str, count: int, compose: Callable[..., Quartet], drawing: Mapping[str, Any]) -> dict[str, Quartet]:
    """Compose several, each by a seed of its own that its name says."""
    seed = drawing["seed"]
    return {f"{name}_{seed + k}": compose(**{**drawing, "seed": seed + k}) for k in counted(count)}


def written(
    out: Path,
    music: dict[str, Quartet],
    kinds: Sequence[str],
    tempo: float | None,
    midi: Mapping[str, bytes] | None = None,
    *,
    whole: bool,
    composed: NDArray[np.bool_] | None = None,
) -> list[Path]:
    """Write quartets by name, and print the files' names.

    Parameters
    ----------
    midi
        MIDI files that are there already, by name.
    whole
        All of the music, in whatever kind; otherwise what is not for notes only has `SHOWN` beats of it.
    composed
        bool, (steps,): what is new of the music, if not all is; those beats are shown.
    """
    if tempo is not None:
        music = {name: replace(made, tempo_qpm=tempo) for name, made in music.items()}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RenderingError(f"--out {out}: no folder there ({error.strerror}); choose another.") from error
    work = [(name, kind) for name in music for kind in kinds]
    # MIDI takes no time; a bar for it would only flicker.
    quick = set(kinds) <= {".mid"}
    written = []
    for name, kind in tqdm(work, unit="file", disable=True if quick else None):
        path = out / f"{name}{kind}"
        if kind == ".mid" and midi and name in midi:
            _write_bytes(path, midi[name])
            files = [path]
        else:
            made = music[name] if whole or kind in NOTES else _shown(music[name], composed)
            files = write.write(path, made)
        for file in files:
            tqdm.write(str(file))
        written += files
    return written


def _shown(music: Quartet, composed: NDArray[np.bool_] | None) -> Quartet:
    """Cut music down to what is shown of it: its beginning, or from the bar a little before what is composed on."""
    per_beat, first = music.grid.steps_per_beat, 0
    if composed is not None and composed.any():
        wanted = max(0, int(composed.argmax()) - LEAD * per_beat)
        first = int(np.flatnonzero(music.bars == music.bars[wanted])[0])
    return requests.excerpt(music, first, first + SHOWN * per_beat)


def write_page(
    path: Path, model: NumpyAutoencoder, pieces: Sequence[Quartet], names: Sequence[str], tempo: float | None
) -> None:
    """Write the page to play on that has these pieces, two to four, at its corners, and print its name."""
    corners = [
        page.Corner(music, api.encode(model, music), name, music.title if music.title != name else "")
        for music, name in zip(pieces, names, strict=True)
    ]
    page.write(path, model, corners, tempo_qpm=tempo)
    click.echo(path)
    if (size := path.stat().st_size) > MOST_BYTES:
        click.echo(f"note: it has {size / 1e6:.1f} MB; with fewer --beats it has less.", err=True)


def write_origins(
    out: Path,
    music: Mapping[str, Quartet],
    *,
    model: NumpyAutoencoder | None = None,
    composed: NDArray[np.bool_] | None = None,
) -> None:
    """Write beside made music where it comes from, NAME.origin.json.

    Parameters
    ----------
    model
        What made it; by default that of the package. One of one's own without a corpus in its folder tells nothing.
    composed
        bool, (steps,): what is new of it, if not all is.
    """
    reader = api.load() if model is None else model
    corpus = [(reader.folder or out) / name for name in (neighbours.FILE, originality.FILE)]
    if not all(path.is_file() for path in corpus) or any(of.grid != reader.architecture.grid for of in music.values()):
        return
    for name, made in music.items():
        path = out / f"{name}.origin.json"
        try:
            write_json(path, api.origin(reader, made, composed=composed))
        except OSError as error:
            raise _unwritable(path, error) from error


def _write_bytes(path: Path, content: bytes) -> None:
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> RenderingError:
    return RenderingError(f"{path}: cannot be written ({error.strerror}); choose another folder.")


def progress(windows: Sequence[Window]) -> Iterable[Window]:
    """Go through windows with a progress bar on a terminal, where there is more than a moment's work."""
    return tqdm(windows, unit="window", leave=False, disable=None if len(windows) > 1 else True)


def counted(count: int) -> Iterable[int]:
    """Count from 0 to count - 1, with a progress bar on a terminal where there is more than a moment's work."""
    return tqdm(range(count), unit="piece", leave=False, disable=True if count < 5 else None)


def to_key_of_first(pieces: Sequence[Quartet], files: Sequence[Path]) -> list[Quartet]:
    """Move all but the first piece to the key of the first, and say by how much."""
    found = [pieces[0]]
    for piece, path in zip(pieces[1:], files[1:], strict=True):
        moved = api.in_key_of(piece, pieces[0])
        semitones = np.trim_zeros((moved.tokens.astype(int) - piece.tokens).ravel())[:1].tolist()
        told = f"is moved by {semitones[0]:+d} semitones" if semitones else "stays where it is"
        click.echo(f"note: {click.format_filename(path)} {told}.", err=True)
        found.append(moved)
    return found


def read_music(
    model: Autoencoder | Composer,
    path: Path | read.MusicFile,
    from_beat: int,
    beats: int | None,
    tracks: Tracks,
    spread: bool,
    *,
    whose: str = "--parts",
) -> Quartet:
    """Read music, and say on standard error what the grid loses of it; `whose` is the option that names the tracks."""
    common.check_parts(tracks, spread, whose)
    file = path if isinstance(path, read.MusicFile) else read.read(path)
    music = api.read(file, model, tracks=tracks, spread=spread, from_beat=from_beat, beats=beats)
    _, lost = read.encode(file, model.architecture.grid, tracks=tracks, spread=spread)
    if said := lost.lines():
        where = " (the whole of it)" if from_beat or beats is not None else ""
        click.echo(f"note: {click.format_filename(file.name)}{where}: {'; '.join(said)}.", err=True)
    return music
