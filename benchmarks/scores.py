"""How long a score takes to read, and how long music21 alone takes to parse it.

    python -m benchmarks.scores FILE [FILE...]

CPU seconds, imports left out, both in one run, so that their ratio means something on a busy machine.
"""

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import hardware, music
from quartetvae.io import scores


def measure() -> dict[str, Any]:
    """Time the scores of benchmarks/music.py, one after the other."""
    found = seconds(music.scores())
    ours, theirs = (sum(times) for times in zip(*found.values(), strict=True))
    return {
        "seconds": {name: {"ours": own, "music21": other} for name, (own, other) in found.items()},
        "ratio_music21": theirs / ours,
    }


def seconds(paths: Sequence[Path]) -> dict[str, tuple[float, float]]:
    """Time each file, by its name: ours, music21."""
    from music21 import converter

    found = {}
    for path in paths:
        ours = _seconds(partial(scores.read, path))
        found[path.name] = (ours, _seconds(partial(converter.parse, path, forceSource=True, storePickle=False)))
    return found


def main() -> None:
    """Time each file and print a table."""
    print(f"CPU seconds, at {hardware.commit()}")
    print(f"{'file':<32} {'ours':>7} {'music21':>8} {'ratio':>6}")
    for name in sys.argv[1:]:
        for file, (ours, theirs) in seconds([Path(name)]).items():
            print(f"{file:<32} {ours:7.1f} {theirs:8.1f} {theirs / ours:6.1f}")


def _seconds(work: Callable[[], Any]) -> float:
    since = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns of bars that are too full
        work()
    return time.process_time() - since


if __name__ == "__main__":
    main()
