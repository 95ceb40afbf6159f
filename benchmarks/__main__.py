"""Run benchmarks, one at a time, and write benchmarks/results.json and docs/benchmarks.md.

python -m benchmarks [ITEM ...] runs the items named, or all; figures of the others stay. An item that fails is told,
and the others go on; the exit status is then 1. What an item has found is written before the next one begins.
"""

import argparse
import shlex
import sys
import time
from collections.abc import Sequence

from benchmarks import page, results
from benchmarks.items import ITEMS, FailedError, Figures


def main(words: Sequence[str] | None = None) -> int:
    """Run what is asked for; give the exit status."""
    listed = "\n".join(f"  {name:14} {item.title}" for name, item in ITEMS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"items:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("items", nargs="*", metavar="ITEM", help="one of those below; all if none is named")
    parser.add_argument("--files", type=int, help="growth: the largest number of files (33000, a quarter of an hour)")
    parser.add_argument("--write", action="store_true", help="run nothing: write both files anew from what was found")
    arguments = parser.parse_args(words)
    if unknown := [name for name in arguments.items if name not in ITEMS]:
        parser.error(f"no item {', '.join(unknown)}; there are {', '.join(ITEMS)}.")
    names = [] if arguments.write else [name for name in ITEMS if name in arguments.items or not arguments.items]
    if arguments.files is not None and "growth" not in names:
        parser.error(f"--files {arguments.files} is for the item growth, which is not run; name it.")
    failed = [name for number, name in enumerate(names, start=1) if not _run(name, number, len(names), arguments.files)]
    found = results.read()
    results.write(found)
    page.write(found)
    if failed:
        print(f"failed: {', '.join(failed)}; their figures are those of before", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str, number: int, total: int, files: int | None) -> bool:
    """Run an item and write what it found; say whether there was anything."""
    item, load, since = ITEMS[name], results.load(), time.perf_counter()
    print(f"[{number}/{total}] {name}: {item.title}", flush=True)
    try:
        figures = item.measure(files)
    except FailedError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return False
    sized = ["--files", str(files)] if item.size and files is not None else []
    command = shlex.join(["python", "-m", "benchmarks", name, *sized])
    found = results.read()
    found[name] = results.record(item, figures, command=command, load=load)
    results.write(found)
    print(f"{name}: {time.perf_counter() - since:.0f} s; {_summary(figures)}", flush=True)
    return True


def _summary(figures: Figures) -> str:
    ratios = {key: value for key, value in figures.items() if key.startswith("ratio") and value is not None}
    return ", ".join(f"{key} {value:.3g}" for key, value in ratios.items()) or "no ratios"


if __name__ == "__main__":
    sys.exit(main())
