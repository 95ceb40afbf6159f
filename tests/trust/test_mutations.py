"""Damaged files end in a result or in an error of our own; what does not is found, named and kept."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from quartetvae.errors import ModelError
from trust import mutations, samples
from trust.mutations import Result
from trust.samples import Kind


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one kind of file, for which each test has a reader."""
    folder = tmp_path / "whole"
    (folder / "text").mkdir(parents=True)
    (folder / "text" / "a.txt").write_bytes(b"one 2 three")
    monkeypatch.setattr(mutations, "_folder", lambda whole: folder.parent / "read")
    (tmp_path / "read" / "text").mkdir(parents=True)
    return folder


def result(whole: Path, read: Any, monkeypatch: pytest.MonkeyPatch, number: int = 0) -> Result:
    monkeypatch.setattr(samples, "KINDS", {"text": Kind("a.txt", read)})
    return mutations.attempt((whole, 0, number))


def fails(error: Exception) -> Any:
    def read(path: Path) -> None:
        raise error

    return read


def test_what_is_read_or_refused_in_a_line_is_no_finding(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert result(whole, Path.read_bytes, monkeypatch)[:3] == ("text", "read", "")
    refused = result(whole, fails(ModelError("a.txt: no text")), monkeypatch)
    assert refused[:3] == ("text", "refused", "ModelError")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("a 12"), "KeyError: 'a ##', outside the package"),
        (MemoryError(), "MemoryError: , outside the package"),
        (ModelError("one\ntwo"), "ModelError of 2 lines"),
    ],
)
def test_other_errors_are_findings(error: Exception, told: str, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert result(whole, fails(error), monkeypatch)[1:3] == ("finding", told)


def test_what_takes_long_is_a_finding(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "SECONDS", 0.05)

    def read(path: Path) -> None:
        while time.process_time() < end:
            pass

    end = time.process_time() + 0.1
    assert result(whole, read, monkeypatch)[1:3] == ("finding", "read after more than 0.05 seconds")


def test_a_case_is_of_its_seed_and_number(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "KINDS", {"text": Kind("a.txt", Path.read_bytes)})
    assert mutations.case(whole, 0, 5) == mutations.case(whole, 0, 5)
    contents = {mutations.case(whole, seed, number) for seed in range(4) for number in range(4)}
    assert len(contents) > 10
    findings = [{"first": 5}]
    mutations.keep(whole, 0, findings, whole / "kept")
    assert (whole / "kept" / "0-5-a.txt").read_bytes() == mutations.case(whole, 0, 5)[1]


def test_like_findings_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "KINDS", {"text": Kind("a.txt", Path.read_bytes)})
    found = mutations.summed(
        [
            (4, Result("text", "finding", "E: #", 0.5)),
            (1, Result("text", "finding", "E: #", 0.1)),
            (2, Result("text", "read", "", 0.2)),
            (3, Result("text", "refused", "ModelError", 0.1)),
        ]
    )
    assert found["kinds"] == {"text": {"read": 1, "refused": 1, "finding": 2, "slowest_seconds": 0.5}}
    assert found["findings"] == [{"kind": "text", "error": "E: #", "times": 2, "first": 1}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole file of each kind."""
    folder = tmp_path_factory.mktemp("made") / "whole"
    samples.make(folder)
    return folder


@pytest.mark.slow
def test_whole_files_are_read(made: Path) -> None:
    for name, kind in samples.KINDS.items():
        kind.read(made / name / kind.file)


@pytest.mark.slow
def test_samples_are_the_same_in_every_run(made: Path, tmp_path: Path) -> None:
    samples.make(tmp_path / "whole")
    for name, kind in samples.KINDS.items():
        assert (tmp_path / "whole" / name / kind.file).read_bytes() == (made / name / kind.file).read_bytes(), name


@pytest.mark.slow
def test_damaged_files_end_in_a_result_or_in_our_own_error(made: Path) -> None:
    results = list(mutations.run(made, range(10_000), seed=0, workers=1))
    assert sorted(number for number, _ in results) == list(range(10_000))
    findings = [(number, *of[:3]) for number, of in results if of.outcome == "finding"]
    assert findings == []
    counts = Counter(of.outcome for _, of in results)
    assert min(counts["read"], counts["refused"]) > 1000


@pytest.mark.slow
def test_memory_is_limited(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; import sys; import numpy as np\n"
        "from trust import mutations, samples\n"
        "def read(path): np.ones(len(path.read_bytes()) * size, np.uint8)\n"
        "samples.KINDS = {'text': samples.Kind('a.txt', read)}\n"
        "size = 1\n"
        "folder = mutations._folder(Path(sys.argv[1]))\n"
        "size = mutations.MEMORY + 2**26\n"
        "print(mutations.attempt((Path(sys.argv[1]), 0, 1)).error)"
    )
    (tmp_path / "whole" / "text").mkdir(parents=True)
    (tmp_path / "whole" / "text" / "a.txt").write_bytes(b"some text that stays")
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "whole"], capture_output=True, text=True, check=True)
    assert "MemoryError" in done.stdout
