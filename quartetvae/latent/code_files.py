"""Files of codes: .npy, or .parquet with a column for each dimension (z_0, z_1 ...)."""

import io
from pathlib import Path

import numpy as np

from quartetvae.errors import ModelError, missing, no_file
from quartetvae.files import replacing
from quartetvae.latent.array_files import DAMAGES
from quartetvae.model.autoencoder import Codes


def write(path: Path, codes: Codes) -> None:
    """Write codes (phrases, latent_dim).

    Raises `ModelError` for another suffix, for what is no codes, or if the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".npy", ".parquet"):
        raise ModelError(f"{path.name or path}: codes are written as .npy or .parquet; choose one of them.")
    codes = checked(codes, path.name)
    try:
        with replacing(path) as temporary:
            if suffix == ".npy":
                # By Python's own file: where the disk is full NumPy's says nothing.
                content = io.BytesIO()
                np.save(content, codes)
                temporary.write_bytes(content.getvalue())
            else:
                import pyarrow as pa
                import pyarrow.parquet as pq

                pq.write_table(pa.table({f"z_{k}": column for k, column in enumerate(codes.T)}), temporary)
    except ImportError as error:
        raise missing(error, f"{path.name}, which could be .npy: ") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be written ({error.strerror or error}); choose another place.") from error


def read(path: Path) -> Codes:
    """Read codes (phrases, latent_dim); raises `ModelError` for a file that has none, or numbers not finite."""
    suffix = path.suffix.lower()
    if reason := no_file(path):
        raise ModelError(reason)
    if suffix not in (".npy", ".parquet"):
        raise ModelError(f"{path.name}: no codes by its name; .npy or .parquet from `encode` is needed.")
    try:
        if suffix == ".parquet":
            import pyarrow.parquet as pq

            table = pq.read_table(path)
            found = np.stack([table[f"z_{k}"].to_numpy() for k in range(table.num_columns)], axis=1)
        else:
            # Opened here: NumPy leaves a damaged file open.
            with path.open("rb") as file:
                found = np.load(file, allow_pickle=False)
        codes = _numbers(found)
    except ImportError as error:
        raise missing(error, f"{path.name}, which could be .npy: ") from error
    # A damaged header may also promise more than there is memory for. Arrow's errors are of these kinds too.
    except DAMAGES as error:
        detail = " ".join(str(error).split())
        raise ModelError(f"{path.name}: no codes ({detail}); .npy or .parquet from `encode` is needed.") from error
    return checked(codes, path.name)


def checked(codes: object, name: str) -> Codes:
    """Check that something is codes, finite numbers (phrases, latent_dim), as float32; raises `ModelError`."""
    try:
        found = _numbers(np.asarray(codes))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{name}: no codes ({' '.join(str(error).split())}); numbers are needed.") from error
    unusable = np.count_nonzero(~np.isfinite(found))
    if found.ndim != 2 or not found.size or unusable:
        raise ModelError(
            f"{name}: codes of shape {found.shape}, {unusable} of their numbers not finite; finite numbers "
            "(phrases, latent_dim) are needed."
        )
    return found


def _numbers(found: object) -> Codes:
    # Neither complex numbers nor dates, of which NumPy would make numbers all the same.
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iuf":
        raise ValueError(f"an array of {getattr(found, 'dtype', 'arrays')}")
    with np.errstate(over="ignore"):
        return np.asarray(found, dtype=np.float32)
