"""Phrases in shares: the same on any number of cores, with one thread of BLAS each, whose own setting comes back."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from quartetvae import machine
from quartetvae.model.numpy import threads


def blas_threads() -> set[int]:
    return {int(library["num_threads"]) for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("rows", [0, 1, threads.SHARE, 2 * threads.SHARE + 1])
def test_shares_are_whole_in_order_and_the_same_on_any_machine(
    rows: int, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    first, second = np.arange(rows), np.arange(rows) * 10
    found = threads.in_shares(lambda one, other: one + other, first, second)
    assert [len(share) for share in found] == [
        min(threads.SHARE, rows - start) for start in range(0, rows, threads.SHARE)
    ]
    assert np.concatenate([first[:0], *found]).tolist() == (first + second).tolist()


def test_blas_has_one_thread_within_and_its_own_number_afterwards() -> None:
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        within = threads.in_shares(lambda _: blas_threads(), np.zeros(3 * threads.SHARE))
        assert within == [{1}] * 3
        assert blas_threads() == before


def test_an_error_in_a_share_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        threads.in_shares(lambda share: 1 // (len(share) - threads.SHARE), np.zeros(2 * threads.SHARE))
