"""How long a score takes to read, and how long music21 alone takes to parse it.

    python -m benchmarks.scores FILE [FILE...]

CPU seconds, imports left out, both in one run, so that their ratio means something on a busy machine.
"""

import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import hardware
from quartetvae.io import scores


def main() -> None:
    """Time each file and print a table."""
    from music21 import converter

    print(f"CPU seconds, at {hardware.commit()}")
    print(f"{'file':<32} {'ours':>7} {'music21':>8} {'ratio':>6}")
    for name in sys.argv[1:]:
        path = Path(name)
        ours = _seconds(partial(scores.read, path))
        theirs = _seconds(partial(converter.parse, path, forceSource=True, storePickle=False))
        print(f"{path.name:<32} {ours:7.1f} {theirs:8.1f} {theirs / ours:6.1f}")


def _seconds(work: Callable[[], Any]) -> float:
    since = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns of bars that are too full
        work()
    return time.process_time() - since


if __name__ == "__main__":
    main()
