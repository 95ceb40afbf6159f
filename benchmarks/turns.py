"""Contenders that take turns, so that what else the machine does weighs on all alike; the median counts."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from tqdm import tqdm


def medians(
    contenders: Mapping[str, Callable[[], Any]],
    turns: int,
    *,
    clock: Callable[[], float] = time.process_time,
    warm: bool = False,
) -> dict[str, float]:
    """Time each contender once a turn; give the median of each, in seconds.

    Parameters
    ----------
    clock
        CPU seconds of this process by default, which other work on the machine hardly changes; `time.perf_counter`
        where threads share the work.
    warm
        Whether a first turn is not counted: in it networks are compiled and caches filled.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    with tqdm(total=(turns + warm) * len(contenders), unit="turn") as progress:
        for turn in range(turns + warm):
            for name, work in contenders.items():
                progress.set_description(name)
                # What one leaves behind is not the next one's to clear.
                gc.collect()
                since = clock()
                work()
                spent = clock() - since
                if turn or not warm:
                    found[name].append(spent)
                progress.update()
    return {name: statistics.median(times) for name, times in found.items()}
