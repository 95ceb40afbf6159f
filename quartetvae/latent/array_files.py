"""Arrays of a model's corpus in .npz files of NumPy, which the base package reads: by name, without pickles."""

import io
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quartetvae.files import replacing

DAMAGES = (OSError, EOFError, AttributeError, KeyError, TypeError, ValueError, NotImplementedError, MemoryError)
"""What NumPy says of a file that is no .npz with some arrays: it takes it for a single array, for a pickle, or for one
that there is not the memory for."""


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
            return {name: found[name] for name in names}
    except (*DAMAGES, BadZipFile, zlib.error) as error:
        raise ValueError(" ".join(str(error).split())) from error
