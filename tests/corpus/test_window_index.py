"""The index of windows on disk: it finds what is found in memory, however little of it is in memory."""

from pathlib import Path

import numpy as np
import pytest

from quartetvae.corpus import window_index, works
from quartetvae.corpus.works import Windows


def random_pieces(seed: int, *, count: int = 60) -> list[Windows]:
    """Pieces of up to 40 windows of 500, of which some are in nearly all pieces."""
    rng = np.random.default_rng(seed)
    pool = rng.integers(0, 2**64, 500, dtype=np.uint64, endpoint=False)
    popular = np.arange(len(pool)) < 5
    return [np.unique(pool[popular | (rng.random(len(pool)) < rng.random() * 0.16)]) for _ in range(count)]


@pytest.mark.parametrize("bucket", [10, 300, 1 << 20])
@pytest.mark.parametrize("pairs", [1, 100, 1 << 20])
def test_it_finds_what_is_found_in_memory(bucket: int, pairs: int) -> None:
    for seed in range(3):
        pieces = random_pieces(seed)
        wanted = [match for match in works.matches(pieces) if match.is_same]
        total = sum(map(len, pieces))
        found = window_index.same_music(enumerate(pieces), len(pieces), total, bucket=bucket, pairs=pairs)
        assert found == wanted
        assert 0 < len(wanted) < len(works.matches(pieces))


@pytest.mark.parametrize("filled", [1, 50, 1 << 20])
def test_windows_are_sorted_into_their_buckets_some_at_a_time(filled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_index, "FILLED", filled)
    pieces = random_pieces(7)
    wanted = [match for match in works.matches(pieces) if match.is_same]
    assert window_index.same_music(enumerate(pieces), len(pieces), 1000, bucket=30) == wanted != []


def test_many_buckets_are_few_open_files() -> None:
    resource = pytest.importorskip("resource")
    pieces = random_pieces(1)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/dev/fd").iterdir())) if Path("/dev/fd").is_dir() else 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 8, before[1]))
    try:
        # Of 4,096 buckets.
        found = window_index.same_music(enumerate(pieces), len(pieces), 10**6, bucket=1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert found == [match for match in works.matches(pieces) if match.is_same]


def test_a_wrong_number_of_windows_changes_nothing() -> None:
    pieces = random_pieces(0)
    found = [window_index.same_music(enumerate(pieces), len(pieces), total, bucket=10) for total in (0, 10, 10**6)]
    assert found[0] == found[1] == found[2] != []


def test_windows_of_the_lowest_and_highest_hashes_meet() -> None:
    edges = [np.uint64(0), np.uint64(2**63 - 1), np.uint64(2**63), np.uint64(2**64 - 1)]
    piece: Windows = np.unique(np.array([edge ^ np.uint64(k) for edge in edges for k in range(4)], np.uint64))
    (match,) = window_index.same_music([(0, piece), (1, piece)], 2, 32, bucket=1)
    assert (match.common, match.share) == (16, 1.0)


def test_no_pieces_are_no_matches() -> None:
    assert window_index.same_music([], 0, 0) == []
    nothing: Windows = np.zeros(0, np.uint64)
    assert window_index.same_music([(0, nothing), (1, nothing)], 2, 0) == []
