"""Phrases of a corpus by their codes: which of them are most like a phrase?

The file, .npz of NumPy, has a row for each phrase, in its own key: `of`, its row among the pieces (`piece`, `composer`,
`work`), `bar` (from 1, that in which it begins), `beat` (from 0), and `z`, its posterior mean. That is kept in 8-bit
numbers, in units of `z_unit`, small enough to come with the package: distances are right to about 0.16, where two
phrases are 12 apart.
"""

import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quartetvae.corpus.records import Pieces
from quartetvae.errors import ModelError
from quartetvae.files import replacing
from quartetvae.latent import codes as latent_codes
from quartetvae.model.autoencoder import Autoencoder, Codes

FILE = "corpus.npz"
"""The corpus of a model, in its folder."""

DAMAGES = (OSError, EOFError, AttributeError, IndexError, KeyError, TypeError, ValueError, BadZipFile, zlib.error)
"""What NumPy says of a file that is no .npz with these arrays: it takes it for a single array, or for a pickle."""

OF_PIECE, OF_PHRASE = ("piece", "composer", "work"), ("bar", "beat")
LARGEST = 127


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


def build(model: Autoencoder, pieces: Pieces) -> Corpus:
    """Encode all pieces, phrase by phrase; phrases in which all parts rest are left out."""
    places: list[dict[str, object]] = []
    codes = [np.zeros((0, model.architecture.network.latent_dim), np.float32)]
    for piece in pieces.pieces:
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
    """Write the corpus as .npz."""
    pieces = list(dict.fromkeys(tuple(str(place[name]) for name in OF_PIECE) for place in corpus.places))
    row = {piece: number for number, piece in enumerate(pieces)}
    unit = float(np.abs(corpus.codes).max(initial=0.0)) / LARGEST or 1.0
    content = io.BytesIO()
    arrays: dict[str, Any] = dict(
        z=np.round(corpus.codes / unit).astype(np.int8),
        z_unit=np.float64(unit),
        of=np.array([row[tuple(str(place[name]) for name in OF_PIECE)] for place in corpus.places], dtype=np.int32),
        **{name: np.array([piece[k] for piece in pieces], dtype=np.str_) for k, name in enumerate(OF_PIECE)},
        **{name: np.array([place[name] for place in corpus.places], dtype=np.int32) for name in OF_PHRASE},
    )
    np.savez_compressed(content, **arrays)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getvalue())


def read(path: Path) -> Corpus:
    """Read a corpus; raises `ModelError`."""
    try:
        # Opened here: NumPy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            codes = found["z"].astype(np.float32) * np.float32(found["z_unit"])
            of = found["of"]
            columns = {name: found[name][of].tolist() for name in OF_PIECE}
            columns |= {name: found[name].tolist() for name in OF_PHRASE}
        if codes.ndim != 2 or not np.isfinite(codes).all():
            raise ValueError(f"codes of shape {codes.shape}")
        places = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        if len(places) != len(codes):
            raise ValueError(f"{len(places)} places for {len(codes)} codes")
    except DAMAGES as error:
        detail = " ".join(str(error).split())
        raise ModelError(f"{path}: no codes of a corpus ({detail}); the stage `describe` writes {FILE}.") from error
    return Corpus(places, codes)
