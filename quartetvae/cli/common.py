"""What the modules of commands have in common: which tracks play the parts, and how matches of notes are shown."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from quartetvae import terminal
from quartetvae.metrics.whole_files import Counts
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES

FILE = click.Path(path_type=Path)

PLAYERS = ", ".join(DEFAULT_ENSEMBLE.names)

Tracks = list[int] | None
"""The tracks that play the four parts; None to find out."""


def tracks(ctx: click.Context, param: click.Parameter, value: str | None) -> Tracks:
    """Read track numbers from text with commas between them."""
    if value in (None, "auto"):
        return None
    numbers = str(value).split(",")
    if len(numbers) != VOICES or not all(re.fullmatch(r"\s*[0-9]{1,4}\s*", number) for number in numbers):
        raise click.BadParameter(
            f"'{value}' is not the numbers of four tracks with commas between them, as 0,1,2,3.", ctx, param
        )
    return [int(number) for number in numbers]


def tracks_of_each(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> list[Tracks]:
    """Read those of several pieces."""
    return [tracks(ctx, param, one) for one in value]


parts_of_each_option = click.option(
    "--parts",
    "tracks",
    multiple=True,
    callback=tracks_of_each,
    metavar="N,N,N,N",
    help=f"Tracks that play {PLAYERS}: once for all pieces, or for each ('auto': to be found).",
)
spread_option = click.option(
    "--spread", is_flag=True, help="Spread the notes over four parts where no quartet is found."
)


def for_each(given: list[Tracks], count: int) -> list[Tracks]:
    """Give each of `count` pieces its tracks, which were said once or once for each."""
    if len(given) not in (0, 1, count):
        raise click.UsageError(f"--parts {len(given)} times for {count} pieces; say it once, or once for each.")
    return given * count if len(given) == 1 else given or [None] * count


def check_parts(given: Tracks, spread: bool, option: str = "--parts") -> None:
    """Raise `UsageError` if tracks are said to have parts, by an option, and to have none."""
    if given is not None and spread:
        raise click.UsageError(f"{option} says where the parts are, --spread that they are nowhere; say one of them.")


def share(value: float | None) -> str:
    """Show a share of 1.

    >>> share(0.8125), share(1.0), share(None)
    ('.812', '1.000', 'n/a')
    """
    return "n/a" if value is None else f"{value:.3f}".removeprefix("0")


def matches(head: Sequence[str], rows: Iterable[tuple[Sequence[str], Counts]]) -> str:
    """Lay out what matches in a table: what stands before each row, then its shares."""
    ends = ("precision", "recall", "F1")
    shown = [
        (*first, *(share(of[key]) for of in (counts.onset, counts.offset) for key in ("precision", "recall", "f1")))
        for first, counts in rows
    ]
    names = (*head, f"onsets: {ends[0]}", *ends[1:], f"with ends: {ends[0]}", *ends[1:])
    return terminal.table(names, shown, right=range(1, len(names)))
