"""Packs: the many files of a folder as few archives, and how a file is read, packed or not.

DVC looks at each file of an out, whatever it is asked, and is slow with many. A pack is a zip file that compresses
nothing, so that any program can take it apart. A packed file has the path that it would have if the pack were a folder:
`directory/0003.zip/Haydn/op33-1.mid`.
"""

import errno
import functools
import hashlib
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from quartetvae.errors import CorpusError

MOST_FILES = 2_000
"""Of a corpus with its metadata.csv; more are packed."""

SIZE = 1_000
"""Files of a pack."""

SUFFIX = ".zip"

CHUNK = 1 << 20
"""Bytes that are hashed at a time."""

DAMAGE = (
    *(zipfile.BadZipFile, EOFError, zlib.error, struct.error),
    *(KeyError, ValueError),  # a name that is not there, or no text
    RuntimeError,  # a byte has changed that says how a member is written (compressed, encrypted)
)
"""What zipfile raises when it opens a damaged archive, or a member of one."""


def pack(folder: Path, files: Sequence[str]) -> dict[str, str]:
    """Pack the files of a folder, `SIZE` at a time, in their order; the same files make the same bytes.

    Parameters
    ----------
    files
        All that the folder holds, by their paths in it, with `/`.

    Returns
    -------
    packed
        The new path in the folder of each file.
    """
    packed: dict[str, str] = {}
    # Beside what is there: a folder in it may be called as a pack is.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packs-") as temporary:
        for number, first in enumerate(range(0, len(files), SIZE)):
            name = f"{number:04d}{SUFFIX}"
            with zipfile.ZipFile(Path(temporary) / name, "w") as archive:
                for file in files[first : first + SIZE]:
                    path, member = folder / file, _member(file)
                    member.file_size = path.stat().st_size
                    with path.open("rb") as source, archive.open(member, "w") as target:
                        shutil.copyfileobj(source, target)
                    packed[file] = f"{name}/{file}"
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for new in Path(temporary).iterdir():
            new.replace(folder / new.name)
    return packed


def _member(file: str) -> zipfile.ZipInfo:
    """Describe a file in a pack: of no time, and written on no system of its own."""
    member = zipfile.ZipInfo(file)
    member.create_system = 3
    return member


def is_file(path: Path) -> bool:
    """Whether a file is there, packed or not; raises `CorpusError` for a damaged pack."""
    archive = _pack_of(path)
    return path.is_file() if archive is None else _inside(path, archive) in _names(archive)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, packed or not, to read its bytes.

    Raises
    ------
    CorpusError
        If it is not there, or the pack is damaged; also from within, where the damage is met as the file is read.
    """
    archive = _pack_of(path)
    try:
        file = path.open("rb") if archive is None else _member_of(archive, path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CorpusError(f"{path}: not there any more; run the stage `download` again.") from error
    with file:
        try:
            yield file
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            if archive is None:
                raise
            raise _damaged(archive, error) from error


def _member_of(archive: Path, path: Path) -> IO[bytes]:
    opened = _open(archive)
    try:
        return opened.open(_inside(path, archive))
    except OSError as error:
        # The place in the file that the list gives is none; anything else is the disk's.
        if error.errno != errno.EINVAL:
            raise
        raise _damaged(archive, error) from error
    except DAMAGE as error:
        raise _damaged(archive, error) from error


@contextmanager
def on_disk(path: Path) -> Iterator[Path]:
    """Give a path of this name at which a file lies, packed or not, for readers that take paths."""
    if _pack_of(path) is None:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with opened(path) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield copy


def sha256(path: Path) -> str:
    """Hash a file, packed or not; hexadecimal."""
    digest = hashlib.sha256()
    with opened(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _pack_of(path: Path) -> Path | None:
    # Only of what is called so is the disk asked: a folder may have the name of a pack.
    return next((parent for parent in path.parents if parent.suffix == SUFFIX and parent.is_file()), None)


def _inside(path: Path, archive: Path) -> str:
    return PurePosixPath(path.relative_to(archive)).as_posix()


def _names(archive: Path) -> dict[str, zipfile.ZipInfo]:
    return _open(archive).NameToInfo


def _open(archive: Path) -> zipfile.ZipFile:
    """Open a pack, or give it as it was opened last: to read its list takes as long as to read a piece."""
    about = archive.stat()
    try:
        # A process that was forked must not read from its parent's place in the file.
        return _kept(archive, about.st_mtime_ns, about.st_size, os.getpid())
    except DAMAGE as error:
        raise _damaged(archive, error) from error
    except FileNotFoundError as error:
        raise CorpusError(f"{archive}: not there any more; run the stage `download` again.") from error


@functools.lru_cache(maxsize=2)
def _kept(archive: Path, _time: int, _size: int, _process: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive)


def _damaged(archive: Path, error: Exception) -> CorpusError:
    detail = " ".join(str(error).split()) or type(error).__name__
    return CorpusError(f"{archive}: a damaged pack of music ({detail}); run the stage `download` again.")
