"""Shards: each is made once, whatever makes it, and its bytes hang on nothing but what is in it."""

import dataclasses
import hashlib
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from quartetvae.corpus.parallel import engines, shards, versions
from quartetvae.corpus.parallel.engines import Cluster, Engine, Here, Processes
from quartetvae.corpus.parallel.made import Made
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.corpus.parallel.shards import Item, Shards
from quartetvae.errors import EngineError
from tests.sharding import files, lengths

CONTENTS = ("a", "bb", "ccc", "dddd", "eeeee")


def made(folder: Path, items: Sequence[Item], *, size: int = 2, engine: Engine | None = None, **parameters: Any) -> Any:
    """All rows, and the bytes of the parts, in order."""
    with Shards(folder, engine or Here(), size).parts(lengths, items, label="test", **parameters) as parts:
        rows = [(row["name"], row["length"]) for part in parts for row in shards.read(part).to_pylist()]
        return rows, [part.read_bytes() for part in parts]


def calls(log: Path) -> list[str]:
    found = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def test_rows_come_in_the_order_of_the_items(tmp_path: Path) -> None:
    items = files(tmp_path / "in", *CONTENTS)
    rows, parts = made(tmp_path / "parts", items, times=2)
    assert rows == [("0", 2), ("1", 4), ("2", 6), ("3", 8), ("4", 10)]
    assert len(parts) == 3


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_size_of_shards_changes_no_row(tmp_path: Path, size: int) -> None:
    items = files(tmp_path / "in", *CONTENTS)
    assert made(tmp_path / "parts", items, size=size)[0] == made(tmp_path / "other", items)[0]


class Backwards:
    """An engine whose results come in another order."""

    def each(self, function: Any, arguments: Any, **settings: Any) -> Any:
        """See `Engine.each`."""
        return reversed(list(Here().each(function, arguments, **settings)))


@pytest.mark.parametrize("engine", [Backwards(), Processes(1), Processes(2)])
def test_parts_hang_on_no_engine(tmp_path: Path, engine: Engine) -> None:
    items = files(tmp_path / "in", *CONTENTS)
    assert made(tmp_path / "parts", items, engine=engine) == made(tmp_path / "other", items)


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    log, items = tmp_path / "log", files(tmp_path / "in", *CONTENTS)
    first = made(tmp_path / "parts", items, log=str(log))
    assert calls(log) == ["0 1", "2 3", "4"]
    assert made(tmp_path / "parts", items, log=str(log)) == first
    assert calls(log) == []


def test_only_the_shard_that_changed_is_made_anew(tmp_path: Path) -> None:
    log, items = tmp_path / "log", files(tmp_path / "in", *CONTENTS)
    made(tmp_path / "parts", items, log=str(log))
    calls(log)
    changed = files(tmp_path / "in", *CONTENTS[:2], "another", *CONTENTS[3:])
    assert made(tmp_path / "parts", changed, log=str(log))[0][2] == ("2", 7)
    assert calls(log) == ["2 3"]


def test_a_file_that_lies_elsewhere_is_the_same(tmp_path: Path) -> None:
    log = tmp_path / "log"
    made(tmp_path / "parts", files(tmp_path / "in", *CONTENTS), log=str(log))
    calls(log)
    made(tmp_path / "parts", files(tmp_path / "moved", *CONTENTS), log=str(log))
    assert calls(log) == []


def test_other_parameters_and_other_code_are_other_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, items = tmp_path / "log", files(tmp_path / "in", *CONTENTS)
    made(tmp_path / "parts", items, log=str(log))
    assert made(tmp_path / "parts", items, log=str(log), times=3)[0][0] == ("0", 3)
    assert len(calls(log)) == 6
    monkeypatch.setattr(shards, "_version", lambda module: "another")
    made(tmp_path / "parts", items, log=str(log), times=3)
    assert len(calls(log)) == 3


def test_a_version_is_of_all_that_a_module_imports() -> None:
    texts = versions.texts("quartetvae.corpus.survey")
    assert {"quartetvae.corpus.works", "quartetvae.corpus.encoding", "quartetvae.io.midi"} <= texts.keys()
    # Networks are no part of it, nor is what is imported for types alone.
    assert not [name for name in texts if name.startswith(("quartetvae.model", "quartetvae.api"))]
    assert versions.of("quartetvae.corpus.survey", []) != versions.of("quartetvae.corpus.encoding", [])


def test_parts_of_other_items_are_removed(tmp_path: Path) -> None:
    made(tmp_path / "parts", files(tmp_path / "in", *CONTENTS))
    made(tmp_path / "parts", files(tmp_path / "in", "only"))
    assert len(list((tmp_path / "parts").iterdir())) == 1


@pytest.mark.parametrize("damage", [lambda content: content[:40], lambda content: content.replace(b"dddd", b"dXdd")])
def test_a_damaged_part_is_made_anew(tmp_path: Path, damage: Any) -> None:
    items = files(tmp_path / "in", *CONTENTS)
    first = made(tmp_path / "parts", items)
    for path in (tmp_path / "parts").iterdir():
        content = path.read_bytes()
        path.write_bytes(damage(content[:10] + content[10:]))
    assert made(tmp_path / "parts", items) == first


def test_a_shard_that_fails_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    log, items = tmp_path / "log", files(tmp_path / "in", "a", "bb", "bad", "dddd", "eeeee")
    message = r"test: 1 of 3 shards failed, the first of them .*/in/2 to .*/in/3: ValueError: one of them is bad\. What"
    with pytest.raises(EngineError, match=message):
        made(tmp_path / "parts", items, log=str(log))
    calls(log)
    with pytest.raises(EngineError):
        made(tmp_path / "parts", items, log=str(log))
    assert calls(log) == ["2 3"]


def test_no_items_are_no_parts(tmp_path: Path) -> None:
    assert made(tmp_path / "parts", []) == ([], [])


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    with Shards().parts(lengths, files(tmp_path / "in", *CONTENTS), label="test") as parts:
        assert [part.exists() for part in parts] == [True]
    assert not parts[0].exists()


# Engines


@pytest.mark.parametrize(
    ("workers", "scheduler", "engine"),
    [
        ("3", "", Processes(3)),
        ("", "tcp://host:8786", Cluster("tcp://host:8786")),
        ("1", "tcp://h:1", Cluster("tcp://h:1")),
    ],
)
def test_the_environment_chooses(workers: str, scheduler: str, engine: Engine) -> None:
    assert engines.chosen(workers=workers, scheduler=scheduler) == engine


def test_without_a_word_there_are_as_many_processes_as_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quartetvae.machine.cores", lambda: 7)
    assert engines.chosen(workers="", scheduler="") == Processes(7)


@pytest.mark.parametrize("workers", ["0", "-1", "many", "1.5", "\u0663", "10000"])
def test_a_number_of_processes_that_is_none_is_refused(workers: str) -> None:
    with pytest.raises(EngineError, match=f"QUARTETVAE_WORKERS is '{workers}'; a number of processes from 1 to 9999"):
        engines.chosen(workers=workers, scheduler="")


def test_a_failure_is_that_of_one_argument_here_too() -> None:
    found = dict(Here().each(int, ["1", "x"], renew_after=1))
    assert found[0] == 1
    assert isinstance(found[1], Failure)
    assert "ValueError: invalid literal" in found[1].reason


def test_a_worker_with_other_code_is_refused() -> None:
    (found,) = engines._answers(int, ["1"], None, 1, "another version")
    assert "a worker of the cluster has another version of quartetvae" in found.reason
    assert engines._answers(int, ["1", "2"], None, 1, versions.package()) == [1, 2]


def test_items_are_made_when_they_are_asked_for_and_dropped_again(tmp_path: Path) -> None:
    items = files(tmp_path / "in", *(["a"] * 40))
    fresh: list[weakref.ref[Item]] = []
    alive = []

    def item(number: int) -> Item:
        one = dataclasses.replace(items[number])
        fresh.append(weakref.ref(one))
        alive.append(sum(ref() is not None for ref in fresh))
        return one

    with Shards(tmp_path / "parts", Here(), 2).parts(lengths, Made(40, item), label="test") as parts:
        assert len(parts) == 20
    # Those of a shard, and of the one before while the next is made.
    assert max(alive) <= 4
    assert made(tmp_path / "other", Made(40, item))[1] == made(tmp_path / "another", items)[1]


@pytest.mark.parametrize("at", [0, 2, -1, slice(1, 3), slice(None), slice(5, 9), slice(None, None, -1)])
def test_a_made_sequence_is_like_a_list(at: Any) -> None:
    squares = [number**2 for number in range(4)]
    assert Made(4, lambda number: number**2)[at] == squares[at]
    assert list(Made(4, lambda number: number**2)) == squares


def test_a_made_sequence_ends(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        Made(4, lambda number: number)[4]


def test_files_of_a_table_are_items(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.mid").write_bytes(b"x")
    (tmp_path / "y.mid").write_bytes(b"abc")
    table = pa.table({"file": ["a/x.mid", "y.mid"], "parts": [["cello", ""], []]})
    one, two = shards.files(tmp_path, table)
    assert one == Item(
        tmp_path / "a" / "x.mid", hashlib.sha256(b"x").hexdigest(), {"file": "a/x.mid", "parts": ["cello", ""]}
    )
    # Of abc: FIPS 180-2, appendix B.1.
    assert two.content == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
