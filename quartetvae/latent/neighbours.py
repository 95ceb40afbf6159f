"""Phrases of a corpus by their codes: which of them are most like a phrase?

The table has a row for each phrase, in its own key: `piece`, `composer`, `work`, `bar` (from 1, that in which it
begins), `beat` (from 0), and `z`, its posterior mean. That is kept in 8-bit numbers, in units of the file's metadatum
`z_unit`, small enough to come with the package: distances are right to about 0.16, where two phrases are 12 apart.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from quartetvae.corpus.records import Pieces
from quartetvae.errors import ModelError
from quartetvae.files import replacing
from quartetvae.latent import codes as latent_codes
from quartetvae.model.autoencoder import Autoencoder, Codes
from quartetvae.music.quartet import Piece

COLUMNS = ("piece", "composer", "work", "bar", "beat", "z")
UNIT, LARGEST = "z_unit", 127


@dataclass(frozen=True)
class Corpus:
    """Phrases and their codes, (phrases, latent_dim)."""

    places: list[dict[str, object]]
    """Of each phrase: piece, composer, work, bar and beat."""
    codes: Codes


@dataclass(frozen=True)
class Neighbour:
    """A phrase of the corpus, and how far its code is from the one asked for."""

    place: dict[str, object]
    distance: float


def build(
    model: Autoencoder, pieces: Pieces, *, progress: Callable[[Sequence[Piece]], Iterable[Piece]] = iter
) -> Corpus:
    """Encode all pieces, phrase by phrase; phrases in which all parts rest are left out.

    `progress` goes through the pieces, as `tqdm.tqdm` does.
    """
    places: list[dict[str, object]] = []
    codes = [np.zeros((0, model.architecture.network.latent_dim), np.float32)]
    for piece in progress(pieces.pieces):
        tiles = latent_codes.tile(model, piece, pieces.grid)
        sounding = ~(tiles.tokens == pieces.grid.alphabet.rest).all(axis=(1, 2))
        codes.append(model.encode(tiles.tokens[sounding])[0])
        for start in tiles.starts[sounding].tolist():
            beat, bar = start // pieces.grid.steps_per_beat, int(piece.bars[start]) + 1
            places.append({"piece": piece.id, "composer": piece.composer, "work": piece.work, "bar": bar, "beat": beat})
    return Corpus(places, np.concatenate(codes))


def nearest(corpus: Corpus, code: NDArray[np.float32], count: int) -> list[Neighbour]:
    """Find the phrases whose codes are nearest to one, (latent_dim,), by Euclidean distance; the nearest first."""
    if code.shape != corpus.codes.shape[1:]:
        raise ModelError(f"a code of shape {code.shape}; the corpus has codes of shape {corpus.codes.shape[1:]}.")
    distance = np.linalg.norm(corpus.codes - code, axis=1)
    order = np.argsort(distance, kind="stable")[:count]
    return [Neighbour(corpus.places[k], float(distance[k])) for k in order]


def write(path: Path, corpus: Corpus) -> None:
    """Write the corpus as Parquet."""
    columns = {name: pa.array([place[name] for place in corpus.places]) for name in COLUMNS[:-1]}
    unit = float(np.abs(corpus.codes).max(initial=0.0)) / LARGEST or 1.0
    short = pa.array(np.round(corpus.codes / unit).astype(np.int8).ravel())
    columns["z"] = pa.FixedSizeListArray.from_arrays(short, corpus.codes.shape[1])
    with replacing(path) as temporary:
        table = pa.table(columns).replace_schema_metadata({UNIT: repr(unit)})
        pq.write_table(table, temporary, compression="zstd")


def read(path: Path) -> Corpus:
    """Read a corpus; raises `ModelError`."""
    codes, places = _read(path)
    return Corpus(places.to_pylist(), codes)


def nearest_in(path: Path, codes: Codes) -> list[Neighbour]:
    """Find the phrase of a file's corpus that is nearest to each of some codes, (codes, latent_dim).

    As `read` and `nearest` do, without making places of all phrases. Raises `ModelError`.
    """
    modified = path.stat().st_mtime_ns if path.is_file() else 0
    corpus, places = _remembered(path.resolve(), modified)
    if codes.shape[1:] != corpus.shape[1:]:
        raise ModelError(f"codes of shape {codes.shape}; the corpus has codes of shape {corpus.shape[1:]}.")
    lengths = (corpus**2).sum(axis=1)
    rows = [int((lengths - 2 * corpus @ code).argmin()) for code in codes]
    distances = [float(np.linalg.norm(corpus[row] - code)) for row, code in zip(rows, codes, strict=True)]
    found = places.take(np.array(rows, np.int64)).to_pylist()
    return [Neighbour(place, distance) for place, distance in zip(found, distances, strict=True)]


@lru_cache(maxsize=1)
def _remembered(path: Path, modified: int) -> tuple[Codes, pa.Table]:
    """Read a corpus once for all that a program makes, unless the file is another by then."""
    return _read(path)


def _read(path: Path) -> tuple[Codes, pa.Table]:
    """Read the codes of a corpus, and the table of its places."""
    try:
        table = pq.read_table(path)
        dimensions = table.schema.field("z").type.list_size
        unit = np.float32(float(table.schema.metadata[UNIT.encode()]))
        flat = table["z"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        codes = flat.reshape(table.num_rows, dimensions).astype(np.float32) * unit
        return codes, table.select(list(COLUMNS[:-1]))
    except (OSError, KeyError, AttributeError, TypeError, ValueError, pa.ArrowException) as error:
        detail = " ".join(str(error).split())
        raise ModelError(
            f"{path}: no codes of a corpus ({detail}); the stage `describe` writes corpus.parquet."
        ) from error
