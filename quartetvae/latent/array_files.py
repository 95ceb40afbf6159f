"""Arrays of a model's corpus in .npz files of NumPy, which the base package reads: by name, without pickles."""

import io
import tokenize
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quartetvae.files import replacing

DAMAGES = (
    *(OSError, EOFError, AttributeError, KeyError, TypeError, ValueError, NotImplementedError, MemoryError),
    *(BadZipFile, zlib.error, tokenize.TokenError, SyntaxError, RecursionError, OverflowError),
)
"""What NumPy says of a file that is no .npz with some arrays: it takes it for a single array, for a pickle, for one
that there is not the memory for, or for one of Python 2, whose header it reads as Python."""


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name, compressed; the same arrays give the same bytes."""
    content = io.BytesIO()
    # The names go in one by one; its own argument `allow_pickle` is none of them.
    np.savez_compressed(content, **dict(arrays))  # type: ignore[arg-type]
    with replacing(path) as temporary:
        temporary.write_bytes(content.getvalue())


def read(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read arrays by name; raises `ValueError` if the file is none or lacks one, whatever is wrong with it."""
    try:
        # Opened here: NumPy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in names}
    except DAMAGES as error:
        raise ValueError(" ".join(str(error).split())) from error
    # A member that does not begin as an array comes as its bytes.
    if wrong := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
        raise ValueError(f"'{wrong[0]}' is no array")
    return arrays
