"""What programs show in the terminal: tables, and their help; one look for all."""

import argparse
from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

WIDEST = 10_000
"""Columns that a table may take where nobody looks at a screen."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Lay rows out in aligned columns, no cell cut short.

    Parameters
    ----------
    right
        Columns that are aligned to the right: numbers.

    Examples
    --------
    >>> print(table(("name", "notes"), [("violin I", "812"), ("cello", "64")], right=(1,)))
    name      notes
    violin I    812
    cello        64
    """
    content = StringIO()
    screen = Console()
    console = Console(
        file=content,
        width=screen.width if screen.is_terminal else WIDEST,
        force_terminal=screen.is_terminal,
        color_system=None,
        highlight=False,
        markup=False,
    )
    columns = Table(box=None, pad_edge=False, header_style="")
    for place, name in enumerate(head):
        columns.add_column(name, justify="right" if place in right else "left", overflow="fold", no_wrap=place == 0)
    for row in rows:
        columns.add_row(*row)
    console.print(columns)
    return "\n".join(line.rstrip() for line in content.getvalue().splitlines())


def parser(program: str, header: str | None) -> argparse.ArgumentParser:
    r"""Make the parser of a program whose help is its module's header: the first paragraph above, the rest below.

    >>> parser("python -m example", "Do this.\n\nAnd how.").description
    'Do this.'
    """
    about, _, usage = (header or "").partition("\n\n")
    return argparse.ArgumentParser(
        prog=program,
        description=about,
        epilog=usage or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
