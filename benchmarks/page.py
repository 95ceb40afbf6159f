"""docs/benchmarks.md, made of benchmarks/results.json and of what the modules say of themselves."""

import ast
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.items import HERE, ITEMS, Asked, Item, figure
from benchmarks.results import Results

PAGE = HERE.parent / "docs" / "benchmarks.md"

BUSY = 0.5
"""From this load on, other work ran beside."""

HEAD = """\
# Benchmarks

Written by `python -m benchmarks` (`make bench`) from benchmarks/results.json; nothing here is typed by hand. An item is
run by its name, `python -m benchmarks ingest growth`; figures of items that were not run stay.

A time hangs on the machine and its day. What is compared was measured in one run, in turns, and the median counts:
`ratio_PEER` says how many times as fast as the peer ours is. What is asked of a figure stands beside it, reached or
not.
"""


def page(results: Results) -> str:
    """Make the page: first what is asked, then the items."""
    parts = [HEAD, *_asked(results)]
    for name, entry in results.items():
        parts += _item(ITEMS[name], entry)
    if unknown := [name for name in ITEMS if name not in results]:
        parts += ["## Not measured", "", *(f"- {name}: {ITEMS[name].title}" for name in unknown), ""]
    return "\n".join(parts)


def _asked(results: Results) -> list[str]:
    """Say of every bound whether it is kept."""
    lines = ["## What is asked", "", "| item | figure | asked | found | |", "|---|---|---|---|---|"]
    for name, item in ITEMS.items():
        for asked in item.asked:
            value = figure(results[name]["figures"], asked.figure) if name in results else None
            found = "not measured" if value is None else _number(value)
            verdict = "reached" if asked.holds(value) else "**not reached**" if value is not None else ""
            lines.append(f"| [{name}](#{name}) | {asked.figure} | {_bound(asked)} | {found} | {verdict} |")
    return [*lines, ""]


def _bound(asked: Asked) -> str:
    words = [
        f"{word} {_number(bound)}"
        for word, bound in (("at least", asked.least), ("at most", asked.most))
        if bound is not None
    ]
    return ", ".join(words)


def _item(item: Item, entry: Mapping[str, Any]) -> list[str]:
    figures, about = entry["figures"], entry["about"]
    plain = {name: value for name, value in figures.items() if not isinstance(value, Mapping | list)}
    lines = [f"## {item.name}", "", _doc(item), ""]
    if told := _about(about):
        lines += [told, ""]
    if plain:
        lines += [*_table(("", ""), [(name.replace("_", " "), value) for name, value in plain.items()]), ""]
    for name, value in figures.items():
        if isinstance(value, Mapping):
            lines += [f"{_sentence(name)}:", "", *_mapping(value), ""]
        elif isinstance(value, list) and value:
            lines += [f"{_sentence(name)}: {', '.join(map(str, value))}.", ""]
    return lines


def _doc(item: Item) -> str:
    """Take what the module says of itself, without importing it, and without its examples and sections."""
    tree = ast.parse((HERE / f"{item.name}.py").read_text(encoding="utf-8"))
    paragraphs = inspect.cleandoc(ast.get_docstring(tree) or "").split("\n\n")
    # A line that is indented is a command or explains a word before it.
    return "\n\n".join(text for text in paragraphs if "\n    " not in f"\n{text}")


def _about(about: Mapping[str, Any]) -> str:
    """Say when and where: what is known of it."""
    told = [f"`{about['command']}`"] if "command" in about else []
    told += [about[key] for key in ("date", "hardware") if key in about]
    if "commit" in about:
        clean = about["commit"].removesuffix("-dirty")
        told.append(f"at {clean}" + (" with changes that were not committed" if clean != about["commit"] else ""))
    told += [f"{name} {version}" for name, version in about.get("versions", {}).items()]
    said = f"Measured: {'; '.join(told)}." if told else ""
    load = about.get("load_before")
    if load is not None and load >= BUSY:
        said += f" **Other work ran beside it**: a load of {load:.1f} before it began."
    return said


def _mapping(values: Mapping[str, Any]) -> list[str]:
    """Make a table: of one column, or a row for each of several mappings with the same keys."""
    rows = [value for value in values.values() if isinstance(value, Mapping)]
    if len(rows) < len(values):
        return _table(("", ""), [(name, value) for name, value in values.items()])
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [(name, *(row.get(key) for key in columns)) for name, row in values.items()]
    return _table(("", *columns), cells)


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "n/a" if value is None else _number(value)


def _number(value: float) -> str:
    """Write whole numbers as they are, others with three digits that count."""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _sentence(name: str) -> str:
    words = name.replace("_", " ")
    return f"{words[0].upper()}{words[1:]}"


def write(results: Results, path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(results), encoding="utf-8")
