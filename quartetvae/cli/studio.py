"""`quartetvae listen`: what lies between pieces, in the browser."""

import webbrowser
from pathlib import Path

import click

from quartetvae import api
from quartetvae.cli import common, options
from quartetvae.cli.common import FILE, Tracks, parts_of_each_option


@click.command()
@click.argument("files", nargs=-1, type=FILE, required=True, metavar="A B [C [D]]")
@options.excerpt_options
@parts_of_each_option
@options.model_option
@click.option("-o", "--out", type=FILE, default=Path("studio.html"), show_default=True, help="The file to write.")
@click.option("--tempo", type=click.FloatRange(30, 240), help="Quarter notes a minute; by default the pieces' mean.")
@click.option("--no-open", is_flag=True, help="Write the file and do not open it in the browser.")
def listen(
    files: tuple[Path, ...],
    from_beat: int,
    beats: int | None,
    tracks: list[Tracks],
    spread: bool,
    folder: Path | None,
    out: Path,
    tempo: float | None,
    no_open: bool,
) -> None:
    """Hear what lies between two to four pieces: a page to play on, in one file.

    A point is dragged between the pieces, and what lies there is written, shown and played as it moves. The file needs
    no server and no network. Without --beats the pieces' first 32 beats are taken.

    \b
    Examples:
      quartetvae listen a.mid b.mid
      quartetvae listen a.mid b.mid c.mid d.mid --from-beat 16 --no-open -o between.html
    """
    if not 2 <= len(files) <= 4:
        raise click.UsageError(f"{len(files)} piece{'s' if len(files) != 1 else ''}; two to four are needed.")
    of_each = common.for_each(tracks, len(files))
    model = api.load(folder)
    music = [
        options.read_music(model, path, from_beat, beats or options.SHOWN, chosen, spread)
        for path, chosen in zip(files, of_each, strict=True)
    ]
    options.write_page(out, model, music, [path.stem for path in files], tempo)
    if not no_open:
        webbrowser.open(out.resolve().as_uri())
