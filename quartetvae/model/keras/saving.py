"""Models on disk: `architecture.json` and `model.weights.h5`, whose bytes depend on nothing but the training."""

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from quartetvae.config import Storage
from quartetvae.errors import ModelError, check_mode
from quartetvae.files import replacing_folder
from quartetvae.model import architecture
from quartetvae.model.architecture import WEIGHTS
from quartetvae.model.keras.vae import QuartetVAE


class _InMemory(io.BytesIO):
    """A file in memory that Keras takes: it asks of one how its name ends, and opens it with h5py.

    On a full disk h5py ends the process without a word.
    """

    def __str__(self) -> str:
        return WEIGHTS


def save(folder: Path, model: QuartetVAE, *, storage: Storage = "float32") -> None:
    """Write a model's folder, whole or not at all.

    Parameters
    ----------
    storage
        `float16` makes the file half as large. What is loaded from it is float32 again, of half the digits.

    Raises
    ------
    ModelError
        If the folder cannot be written, or a weight is too large for `storage`.
    """
    check_mode("storage", storage, Storage)
    # A model that was trained would also save its optimizer.
    bare = QuartetVAE(model.architecture)
    bare.set_weights(model.get_weights())
    content = _InMemory()
    bare.save_weights(content)
    weights = content.getvalue() if storage == "float32" else _halved(content.getvalue())
    try:
        with replacing_folder(folder) as temporary:
            architecture.write(temporary, model.architecture, weights)
    except OSError as error:
        raise ModelError(
            f"{folder}: cannot be written ({error.strerror or error}); make room on the disk, or see who may write "
            "there, and save it again (after a training `dvc repro` does, without training anew)."
        ) from error


def _halved(weights: bytes) -> bytes:
    """Copy a weights file with float16 for float32."""
    content = io.BytesIO()
    with h5py.File(io.BytesIO(weights)) as file, h5py.File(content, "w") as copy:

        def add(place: str, found: Any) -> None:
            if not isinstance(found, h5py.Dataset):
                copy.require_group(place)
            elif found.dtype == np.float32:
                values = found[()]
                if np.abs(values).max(initial=0) > np.finfo(np.float16).max:
                    raise ModelError(f"{place}: a weight of {np.abs(values).max():g} is too large for float16.")
                copy[place] = values.astype(np.float16)
            else:
                copy[place] = found[()]
            copy[place].attrs.update(found.attrs)

        file.visititems(add)
    return content.getvalue()


def load(folder: Path) -> QuartetVAE:
    """Rebuild a model from its folder.

    Raises
    ------
    ModelError
        If a file is missing or damaged, the two do not belong together, or a weight is not finite.
    """
    found, weights = architecture.read_with_weights(folder)
    path = folder / WEIGHTS
    try:
        _check_sizes(weights)
        model = QuartetVAE(found)
        model.load_weights(_InMemory(weights))
    # Keras and h5py raise many kinds of error for files that are damaged or of another shape.
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{path}: cannot be loaded ({reason[0]}); train again (dvc repro).") from error
    architecture.check_finite(path, {variable.path: np.array(variable) for variable in model.weights})
    return model


def _check_sizes(weights: bytes) -> None:
    """Raise `OSError` unless all arrays of a weights file have room in it."""
    sizes: dict[str, int] = {}

    def add(place: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            sizes[place] = found.nbytes

    with h5py.File(io.BytesIO(weights)) as file:
        file.visititems(add)
    architecture.check_sizes(sizes, len(weights))
