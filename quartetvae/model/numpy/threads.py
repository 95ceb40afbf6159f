"""Phrases in shares, each on a core of its own.

The network's products are too small for BLAS to cut them up among threads, which would wait for each other: with its
own threads it takes several times longer, the more so where another program computes beside it. So here BLAS has one
thread, and as many shares of phrases are computed at a time as there are cores. The shares are the same on every
machine, and so are the results.
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from quartetvae import machine

SHARE = 64
"""Phrases of a share, at most."""

T = TypeVar("T")


@functools.cache
def _libraries() -> ThreadpoolController:
    # It looks through all libraries that are loaded: once.
    return ThreadpoolController()


def in_shares(function: Callable[..., T], *arrays: NDArray[Any]) -> list[T]:
    """Compute a function of arrays of one length, share by share; its results in their order, none for no rows."""
    shares = [[array[start : start + SHARE] for array in arrays] for start in range(0, len(arrays[0]), SHARE)]
    with _libraries().limit(limits=1, user_api="blas"):
        if len(shares) < 2:
            return [function(*share) for share in shares]
        with ThreadPoolExecutor(machine.cores(), "phrases") as threads:
            return list(threads.map(lambda share: function(*share), shares))
