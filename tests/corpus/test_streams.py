"""Streams of phrases: each phrase once an epoch, mixed far, in bounded memory, and no thread is left behind."""

import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quartetvae.corpus import streams, tables
from quartetvae.corpus.records import PhraseSet
from quartetvae.corpus.streams import PhraseStream
from quartetvae.errors import DatasetError
from quartetvae.music.codec import Tokens
from tests.building import FORM, GRID, phrase_set, random_tokens

CELLS = 4 * 4
"""Of a phrase of one beat."""


def numbered(count: int) -> PhraseSet:
    """Phrases that tell their number: its two bytes are the first two cells."""
    tokens = np.zeros((count, 4, 4), np.uint8)
    tokens[:, 0, 0], tokens[:, 0, 1] = np.divmod(np.arange(count), 256)
    return phrase_set(tokens)


def numbers(batches: Iterator[Tokens]) -> list[list[int]]:
    """The numbers of the phrases of each batch."""
    return [(batch[:, 0, 0].astype(int) * 256 + batch[:, 0, 1]).tolist() for batch in batches]


def epoch(stream: PhraseStream, size: int = 16, *, seed: int = 0, epoch: int = 1) -> list[list[int]]:
    return numbers(stream.mixed(size, seed=seed, epoch=epoch, count=len(stream)))


def flat(batches: list[list[int]]) -> list[int]:
    return [number for batch in batches for number in batch]


def written(path: Path, phrases: PhraseSet, monkeypatch: pytest.MonkeyPatch, *, group: int) -> PhraseStream:
    """A stream of a table with row groups of so many phrases."""
    monkeypatch.setattr(tables, "GROUP", group)
    tables.write_phrases(path, [phrases], phrases.grid, phrases.form)
    return streams.opened(path)


POOLS = {"whole": 1000 * CELLS, "a few groups": 100 * CELLS, "none": 0}
"""Of 1000 phrases in groups of 32, in bytes."""


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("size", [1, 16, 300, 2000])
def test_an_epoch_has_every_phrase_once_in_batches_of_one_size(pool: str, size: int) -> None:
    stream = streams.of(numbered(1000), group=32, pool=POOLS[pool])
    assert stream.fits == (pool == "whole")
    batches = epoch(stream, size)
    assert sorted(flat(batches)) == list(range(1000))
    assert {len(batch) for batch in batches[:-1]} <= {size}
    assert 0 < len(batches[-1]) <= size


@pytest.mark.parametrize("pool", POOLS)
def test_the_order_hangs_on_seed_and_epoch_alone(pool: str) -> None:
    first, again = (streams.of(numbered(1000), group=32, pool=POOLS[pool]) for _ in range(2))
    epochs = [epoch(first, epoch=number) for number in (1, 2)]
    # Whatever was read before: a training goes on in the middle.
    assert epoch(again, epoch=2) == epochs[1]
    assert epoch(first, epoch=1) == epochs[0]
    others = [flat(epochs[1]), flat(epoch(first, seed=1)), list(range(1000))]
    assert all(flat(epochs[0]) != other for other in others)


def test_what_fits_the_pool_is_permuted_as_a_whole_and_read_once() -> None:
    stream, reads = streams.of(numbered(1000), group=32, pool=POOLS["whole"]), []

    def read(groups: Sequence[int]) -> Iterator[Tokens]:
        reads.append(len(groups))
        return stream.read(groups)

    counted = replace(stream, read=read)
    assert flat(epoch(counted)) == np.random.default_rng([0, 1]).permutation(1000).tolist()
    epoch(counted, epoch=2)
    assert reads == [32]


def test_a_small_pool_mixes_over_many_groups() -> None:
    """A pool of 25 of 125 groups: a batch of 32 has phrases of about 25 * (1 - exp(-32 / 25)) = 18 of them."""
    stream = streams.of(numbered(4000), group=32, pool=800 * CELLS)
    batches = epoch(stream, 32)
    groups = [len({number // 32 for number in batch}) for batch in batches]
    assert np.mean(groups) > 12
    # And of all parts of the table: the mean of a batch is that of the table, as closely as chance has it.
    means = np.array([np.mean(batch) for batch in batches])
    assert abs(means - 2000).max() < 1500
    # A group is spread over many batches.
    assert sum(any(number // 32 == 10 for number in batch) for batch in batches) > 10


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("count", [998, 1000])
def test_phrases_that_devices_cannot_share_are_left_out(pool: str, count: int) -> None:
    stream = streams.of(numbered(1000), group=32, pool=POOLS[pool])
    found = flat(numbers(stream.mixed(16, seed=0, epoch=1, count=count)))
    assert len(found) == len(set(found)) == count
    assert flat(numbers(stream.in_order(16, count=count))) == list(range(count))


@pytest.mark.parametrize("size", [1, 16, 32, 300, 2000])
def test_in_order_batches_are_those_of_the_table(size: int) -> None:
    stream = streams.of(numbered(1000), group=32)
    batches = numbers(stream.in_order(size, count=1000))
    assert batches == [list(range(start, min(start + size, 1000))) for start in range(0, 1000, size)]


# Tables


def test_a_table_gives_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phrases = numbered(1000)
    stream = written(tmp_path / "train.parquet", phrases, monkeypatch, group=100)
    assert (stream.grid, stream.form, stream.shape, stream.rows) == (GRID, FORM, (4, 4), (100,) * 10)
    assert len(stream) == 1000
    assert np.array_equal(np.concatenate(list(stream.in_order(64, count=1000))), phrases.tokens)
    # The same as in memory, in one way and the other.
    for pool in POOLS.values():
        assert epoch(replace(stream, pool=pool)) == epoch(streams.of(phrases, group=100, pool=pool))


def test_columns_of_tokens_are_told_by_their_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a table has for each part."""
    path, phrases = tmp_path / "train.parquet", phrase_set(random_tokens(20, 4, 4))
    written(path, phrases, monkeypatch, group=8)
    with pq.ParquetFile(path) as file:
        table = file.read()
    second = table.schema.field("cello").with_name("cello_second")
    pq.write_table(table.append_column(second, table["viola"]), path, row_group_size=8)
    (batch,) = streams.opened(path).in_order(20, count=20)
    assert batch.shape == (20, 4, 5)
    assert np.array_equal(batch, phrases.tokens[:, :, [0, 1, 2, 3, 2]])


def test_only_tokens_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    plain = pq.ParquetFile.read_row_group

    def read(file: pq.ParquetFile, group: int, columns: list[str], **options: object) -> pa.Table:
        asked.append(columns)
        return plain(file, group, columns=columns, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", read)
    stream = written(tmp_path / "train.parquet", numbered(100), monkeypatch, group=50)
    assert asked == []
    epoch(stream)
    assert asked == [["violin_1", "violin_2", "viola", "cello"]] * 2


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy tells its memory to tracemalloc; 64 cells make what is not tokens small."""
    form = FORM.model_copy(update={"beats_per_phrase": 16})
    phrases = phrase_set(random_tokens(20_000, 64, 4), form=form)
    stream = written(tmp_path / "train.parquet", phrases, monkeypatch, group=500)
    pool = phrases.tokens.nbytes // 8
    tracemalloc.start()
    try:
        for _ in replace(stream, pool=pool).mixed(64, seed=0, epoch=1, count=len(stream)):
            pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Besides the pool a row group, stacked, and the batches that wait.
    assert most < 1.5 * pool + 4 * 500 * 256


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda path: path.unlink(), r"not there; run the stage `augment` first"),
        (lambda path: path.write_bytes(b"PAR1 and then nothing"), "not a readable Parquet table"),
        (lambda path: path.write_bytes(path.read_bytes()[:-50]), "not a readable Parquet table"),
        (lambda path: tables.write_phrases(path, [], GRID, FORM), "no phrases in it; give this split a share"),
        (lambda path: pq.write_table(pa.table({"a": [1]}), path), "not a table of this project"),
        (
            lambda path: pq.write_table(pq.read_table(path).select(["start"]), path),
            r"no column of fixed_size_list<.*uint8.*>\[4\] in it.*dvc repro augment",
        ),
    ],
)
def test_what_is_no_table_of_phrases_is_an_error(damage: Callable[[Path], object], match: str, tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    tables.write_phrases(path, [numbered(10)], GRID, FORM)
    damage(path)
    with pytest.raises(DatasetError, match=rf"train\.parquet: {match}"):
        streams.opened(path)


@pytest.mark.parametrize("pool", POOLS)
def test_a_damaged_row_group_is_an_error_where_batches_are_taken(
    pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "train.parquet"
    stream = replace(written(path, phrase_set(random_tokens(1000, 4, 4)), monkeypatch, group=100), pool=POOLS[pool])
    content = bytearray(path.read_bytes())
    content[len(content) // 4 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 4)
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"train\.parquet, row group \d+: cannot be read .*dvc repro augment"):
        epoch(stream)


# The thread


def waiting() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_an_error_in_the_thread_is_raised_after_the_batches_before_it() -> None:
    stream = streams.of(numbered(1000), group=10, pool=0)

    def read(groups: Sequence[int]) -> Iterator[Tokens]:
        yield from list(stream.read(groups))[:50]
        raise KeyError("a row group")

    batches = replace(stream, read=read).in_order(10, count=1000)
    assert len([next(batches) for _ in range(50)]) == 50
    with pytest.raises(KeyError, match="a row group"):
        next(batches)
    assert waiting() == []


def test_the_thread_ends_when_nobody_takes_batches_any_more() -> None:
    closed: list[bool] = []
    stream = streams.of(numbered(1000), group=10, pool=0)

    def read(groups: Sequence[int]) -> Iterator[Tokens]:
        try:
            yield from stream.read(groups)
        finally:
            closed.append(True)

    with closing(replace(stream, read=read).mixed(4, seed=0, epoch=1, count=1000)) as batches:
        next(batches)
        assert len(waiting()) == 1
    assert waiting() == []
    assert closed == [True]


def test_no_more_is_read_ahead_than_so_many_batches() -> None:
    read_groups: list[int] = []
    stream = streams.of(numbered(1000), group=10)

    def read(groups: Sequence[int]) -> Iterator[Tokens]:
        for group in stream.read(groups):
            read_groups.append(len(group))
            yield group

    with closing(replace(stream, read=read).in_order(10, count=1000)) as batches:
        for _ in range(5):
            next(batches)
    assert len(read_groups) <= streams.AHEAD + 5
