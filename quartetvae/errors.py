"""Errors that a user may meet, and how a program ends on one.

A message says where, what was found, what is needed and what to do. Each class is also a `ValueError`, so that
library users need not know this module.
"""

import errno
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args


class QuartetError(ValueError):
    """Root of all errors that are about the user's input, files or parameters, not about our own bugs."""


class ArgumentError(QuartetError):
    """An argument whose value is none of those that it can have."""


class ParamsError(QuartetError):
    """params.yaml or a profile: an unknown or missing key, a wrong type, a value out of range."""


class SourceError(QuartetError):
    """A source of music: unreachable, incomplete, a wrong checksum, an unsafe archive, nothing to read."""


class MidiError(QuartetError):
    """A MIDI file that cannot be read or written."""


class ScoreError(QuartetError):
    """A MusicXML or kern file that cannot be read."""


class CorpusError(QuartetError):
    """A corpus without quartets, or a piece that is not in it."""


class EngineError(QuartetError):
    """Processes or a cluster that cannot be had, or did not do what they were given."""


class CodecError(QuartetError):
    """Notes or part arrays that the codec cannot represent."""


class DatasetError(QuartetError):
    """A Parquet table that is missing, empty, or does not fit the parameters."""


class ModelError(QuartetError):
    """A saved model that cannot be read, or an input that does not fit it."""


class TrainingError(QuartetError):
    """Training that cannot start or went wrong (a loss that is not finite, another process at work)."""


class RenderingError(QuartetError):
    """Music that cannot be written as a file: an unknown suffix, no soundfont, no room."""


class MissingError(QuartetError):
    """A package that is not installed, since it belongs to an extra of this one."""


class GateError(QuartetError):
    """Figures that cannot be compared: an unknown revision, rules that cannot be read or that concern nothing."""


EXTRAS: Mapping[str, tuple[str, ...]] = {
    "scores": ("matplotlib", "music21", "resvg_py", "typst", "verovio"),
    "sound": ("pretty_midi", "soundfile"),
    "measures": ("matplotlib", "mir_eval", "scipy"),
    "study": ("jinja2", "scipy"),
    "train": (
        *("dvc", "filelock", "jinja2", "keras", "pandas", "pyarrow", "requests", "ruamel", "sklearn", "tensorflow"),
        "urllib3",
    ),
    "dask": ("distributed",),
    "jax": ("jax",),
}
"""What each extra of pyproject.toml brings, as modules: what the base package does without."""


def missing(error: ImportError, what: str = "") -> MissingError:
    """Make the error that names the extra with a package that is not installed, and the command that brings it.

    Raises the import's own error again where no extra has the package: then it is a bug, or a broken installation.

    >>> str(missing(ImportError(name="verovio"), "a.svg: "))
    "a.svg: the package 'verovio' is not installed; it is needed here: pip install 'quartetvae[scores]'."
    """
    name = (error.name or "").partition(".")[0]
    extra = next((extra for extra, names in EXTRAS.items() if name in names), None)
    if extra is None:
        raise error
    return MissingError(
        f"{what}the package '{name}' is not installed; it is needed here: pip install 'quartetvae[{extra}]'."
    )


def is_installed(package: str) -> bool:
    """Tell whether a package can be imported, without importing it.

    >>> is_installed("numpy"), is_installed("no_such_package")
    (True, False)
    """
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:
        # Of a module that was imported and has no origin, or one that is barred.
        return sys.modules[package] is not None


def no_file(path: Path) -> str | None:
    """Say why there is nothing to read at a path, for a message; None if a file is there."""
    if path.is_file():
        return None
    if path.is_dir():
        return f"{path}: a folder; a file is needed: name one of those in it."
    return f"{path}: there is no such file; check its name and folder."


def shortened(names: Iterable[str]) -> str:
    """List the first three of some names, in alphabetical order, and how many more there are."""
    every = sorted(names)
    return ", ".join(every[:3]) + (f" and {len(every) - 3} more" if len(every) > 3 else "")


def check_mode(name: str, value: str, modes: Any) -> None:
    """Raise `ArgumentError` unless `value` is one of the values of the `Literal` type `modes`.

    A type checker finds a wrong mode before the code runs; this finds it where there is none.

    >>> from typing import Literal
    >>> check_mode("boundary", "onsets", Literal["onset", "sustain"])
    Traceback (most recent call last):
    ...
    quartetvae.errors.ArgumentError: boundary 'onsets' found; one of 'onset', 'sustain' is needed.
    """
    if value not in get_args(modes):
        listed = ", ".join(repr(mode) for mode in get_args(modes))
        raise ArgumentError(f"{name} {value!r} found; one of {listed} is needed.")


_ROOM = "make room on the disk, or raise the quota"
_RIGHTS = "see who may read and write there, or choose another place"
_PLACE = "a file stands where a folder is needed, or a folder where a file is: move it, or choose another name"
_BAD_DAYS: Mapping[int, str] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _ROOM),
    errno.EFBIG: f"{_ROOM}, or the largest file that a process may write (`ulimit -f`)",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _RIGHTS),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR, errno.EISDIR), _PLACE),
    errno.ENAMETOOLONG: "choose a shorter name",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "close other programs, or raise the limit (`ulimit -n`)"),
    **dict.fromkeys((errno.EIO, errno.ESTALE), "see to the disk, or to the network that it is on"),
}
"""What a machine may say to any reading and writing, and what helps; other errors of its kind are our bugs."""


def bad_day(error: OSError) -> str | None:
    """Say in a line what a machine lacks that could not read or write a file; None if the error is of another kind.

    >>> bad_day(PermissionError(errno.EACCES, "Permission denied", "a.mid"))
    'a.mid: cannot be read or written (Permission denied); see who may read and write there, or choose another place.'
    """
    if error.errno is None or error.errno not in _BAD_DAYS:
        return None
    # Of a file that is moved, the second name is the one to which.
    name = next((str(name) for name in (error.filename2, error.filename) if name), "a file")
    # What is being written has another name until it is whole (`quartetvae.files`).
    name = re.sub(r"\.(partial|earlier)-\d+-", "", name)
    return f"{name}: cannot be read or written ({os.strerror(error.errno)}); {_BAD_DAYS[error.errno]}."


def run(main: Callable[[], None]) -> None:
    """Call `main`; on a `QuartetError` print one line to stderr and exit with status 1, without a traceback.

    So it does where a package of an extra is not installed, and on a full disk, a folder that is read-only and the
    like; see `bad_day`.
    """
    try:
        main()
    except ImportError as error:
        sys.exit(f"error: {missing(error)}")
    except QuartetError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        said = bad_day(error)
        if said is None:
            raise
        sys.exit(f"error: {said}")
