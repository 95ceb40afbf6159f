"""A disk that is full and folders that are not to be written: one clear line, and all that was there is as it was.

A limit on the size of files stands for the full disk: every writer meets it, also those that are not Python's own.
"""

import contextlib
import errno
import hashlib
import importlib
import io
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from quartetvae import cli, errors, files
from quartetvae.corpus import piece_file
from quartetvae.model.keras import devices
from quartetvae.music.quartet import Grid, Piece
from quartetvae.pipeline import artifacts
from tests import workspace

MADE = ("download", "filter", "encode", "augment")
"""Stages that take no time; each can be run again on what those before it made."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project in which these stages have run."""
    made = workspace.make(tmp_path_factory.mktemp("project"), works=3, pieces_per_work=1, beats=16)
    with contextlib.chdir(made), pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUARTETVAE_MIRROR", "")
        for stage in MADE:
            assert ended(importlib.import_module(f"stages.{stage}").main) is None
        yield made


def ended(main: Callable[[], None]) -> str | None:
    """Call a program, and give what it ends with; None if all is well."""
    # Its output to memory: files have no room.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            errors.run(main)
        except SystemExit as end:
            return None if not end.code else str(end.code)
    return None


@contextlib.contextmanager
def full(room: int) -> Iterator[None]:
    """Let no file grow beyond `room` bytes."""
    resource = pytest.importorskip("resource", reason="no limits of a process on this system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)


def content(folder: Path) -> dict[str, str]:
    """The sha256 of every file, by name."""
    passed_over = {".git", ".work", "__pycache__"}
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
        if not passed_over & set(path.relative_to(folder).parts)
    }


def check_line(said: str | None, *words: str) -> None:
    """Check that a program ended in one line that says what is wrong and what to do."""
    assert said is not None
    assert said.startswith("error: ")
    assert len(said.splitlines()) == 1
    assert ".partial-" not in said
    for word in ("cannot be", *words):
        assert word in said


# With room for their first bytes these two would train; what they write then is tested with checkpoints and models.
@pytest.mark.parametrize(
    ("room", "stage"), [*((room, stage) for room in (0, 100) for stage in MADE), (0, "train"), (0, "compose")]
)
def test_a_stage_on_a_full_disk(folder: Path, stage: str, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, main = content(folder), importlib.import_module(f"stages.{stage}").main
    # In this process TensorFlow may have computed something: then its threads cannot be set any more.
    monkeypatch.setattr(devices, "share_threads", lambda: None)
    with full(room):
        said = ended(main)
    check_line(said, "room on the disk")
    assert content(folder) == before


@pytest.mark.parametrize("stage", MADE)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_stage_whose_results_cannot_be_moved_to_their_place(
    folder: Path, stage: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last moment: all is written, and is not to be there."""

    def fails(self: Path, target: Path) -> Path:
        raise OSError(number, os.strerror(number), str(self), None, str(target))

    monkeypatch.setattr(Path, "replace", fails)
    before = content(folder)
    said = ended(importlib.import_module(f"stages.{stage}").main)
    check_line(said, os.strerror(number), "data/")
    assert content(folder) == before


@pytest.mark.parametrize("stage", ["filter", "encode", "augment"])
def test_a_stage_in_a_folder_that_is_read_only(folder: Path, stage: str) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("this user may write everywhere")
    before = content(folder)
    (folder / "data").chmod(0o555)
    try:
        said = ended(importlib.import_module(f"stages.{stage}").main)
    finally:
        (folder / "data").chmod(0o755)
    check_line(said, "data/", "Permission denied", "see who may read and write there")
    assert content(folder) == before


def test_a_file_where_a_folder_is_needed(folder: Path) -> None:
    (folder / "metrics").rename(folder / "elsewhere")
    (folder / "metrics").write_text("a file")
    try:
        check_line(ended(importlib.import_module("stages.filter").main), "metrics", "where a folder is needed")
        assert (folder / "metrics").read_text() == "a file"
    finally:
        (folder / "metrics").unlink()
        (folder / "elsewhere").rename(folder / "metrics")


GRID = Grid(4, workspace.ALPHABET)


def pieces() -> list[Piece]:
    tokens = np.full((64, 4), workspace.ALPHABET.sustain, np.uint8)
    tokens[::2] = np.array([40, 33, 24, 9], np.uint8)
    return [Piece(name, "Haydn", "one", tokens, np.arange(64) // 16) for name in ("a", "b")]


def reconstructions(folder: Path) -> None:
    """What stage `reconstruct` writes."""
    artifacts.reconstructions(folder, pieces(), pieces(), GRID, tempo_qpm=120, plot_beats=8)


def roll(folder: Path) -> None:
    """Its plot."""
    artifacts.reconstruction_roll(folder / "roll.png", pieces()[0], pieces()[1], GRID, beats=8)


def table(folder: Path) -> None:
    """A table of pieces, as stages `encode`, `reconstruct` and `interpolate` write it."""
    piece_file.write(folder / artifacts.PIECES, pieces(), {"a": "test", "b": "test"}, grid=GRID)


@pytest.mark.parametrize("write", [reconstructions, roll, table], ids=lambda write: write.__name__)
@pytest.mark.parametrize("room", [0, 50])
def test_what_is_made_with_a_model_on_a_full_disk(write: Callable[[Path], None], room: int, tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.mkdir()
    (place / "earlier").write_text("earlier")

    def main() -> None:
        with files.replacing_folder(place) as temporary:
            write(temporary)

    with full(room):
        check_line(ended(main), "room on the disk")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["out", "out/earlier"]


@pytest.mark.parametrize("kind", ["mid", "musicxml", "roll.png", "svg", "wav", "ogg"])
def test_a_command_on_a_full_disk(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "earlier").write_text("earlier")
    command = ["sample", "--beats", "4", "--as", kind, "--out", str(out)]

    def main() -> None:
        cli.app(command, standalone_mode=False)

    with full(20):
        said = ended(main)
    check_line(said, str(out))
    assert content(out) == {"earlier": hashlib.sha256(b"earlier").hexdigest()}


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        *((number, "room on the disk") for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)),
        *((number, "who may read and write there") for number in (errno.EACCES, errno.EPERM, errno.EROFS)),
        *((number, "where a folder is needed") for number in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)),
        (errno.ENAMETOOLONG, "a shorter name"),
        *((number, "ulimit -n") for number in (errno.EMFILE, errno.ENFILE)),
        (errno.EIO, "see to the disk"),
    ],
)
def test_each_bad_day_has_its_remedy_and_names_the_place(number: int, remedy: str) -> None:
    def main() -> None:
        raise OSError(number, os.strerror(number), "out/.partial-12-a/.partial-12-b.mid")

    check_line(ended(main), "out/a/b.mid", os.strerror(number), remedy)


def test_an_error_of_our_own_keeps_its_traceback() -> None:
    def main() -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        ended(main)


def test_a_file_that_is_not_named_is_an_error_in_one_line_too() -> None:
    """pyarrow says the number of the error and no name."""

    def main() -> None:
        raise OSError(errno.ENOSPC, "Error writing bytes to file")

    check_line(ended(main), "a file", "room on the disk")
