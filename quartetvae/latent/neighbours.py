"""Phrases of a corpus by their codes: which of them are most like a phrase?

The file, .npz of NumPy, has a row for each phrase, in its own key: `of`, its row among the pieces (`piece`, `composer`,
`work`), `bar` (from 1, that in which it begins), `beat` (from 0), and `z`, its posterior mean. That is kept in 8-bit
numbers, in units of `z_unit`, small enough to come with the package: distances are right to about 0.16, where two
phrases are 12 apart.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.corpus.records import Pieces
from quartetvae.errors import ModelError
from quartetvae.latent import array_files
from quartetvae.latent import codes as latent_codes
from quartetvae.model.autoencoder import Autoencoder, Codes
from quartetvae.music.quartet import Piece

FILE = "corpus.npz"
"""The corpus of a model, in its folder."""

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
    """Write the corpus as .npz."""
    pieces = list(dict.fromkeys(tuple(str(place[name]) for name in OF_PIECE) for place in corpus.places))
    row = {piece: number for number, piece in enumerate(pieces)}
    unit = float(np.abs(corpus.codes).max(initial=0.0)) / LARGEST or 1.0
    numbers = [row[tuple(str(place[name]) for name in OF_PIECE)] for place in corpus.places]
    array_files.write(
        path,
        {
            "z": np.round(corpus.codes / unit).astype(np.int8),
            "z_unit": np.array(unit, np.float64),
            "of": np.array(numbers, dtype=np.int32),
            **{name: np.array([piece[k] for piece in pieces], dtype=np.str_) for k, name in enumerate(OF_PIECE)},
            **{name: np.array([place[name] for place in corpus.places], dtype=np.int32) for name in OF_PHRASE},
        },
    )


def read(path: Path) -> Corpus:
    """Read a corpus; raises `ModelError`."""
    stored = _read(path)
    return Corpus(stored.places(np.arange(len(stored.codes))), stored.codes)


def nearest_in(path: Path, codes: Codes) -> list[Neighbour]:
    """Find the phrase of a file's corpus that is nearest to each of some codes, (codes, latent_dim).

    As `read` and `nearest` do, without making places of all phrases. Raises `ModelError`.
    """
    modified = path.stat().st_mtime_ns if path.is_file() else 0
    stored = _remembered(path.resolve(), modified)
    corpus = stored.codes
    if codes.shape[1:] != corpus.shape[1:]:
        raise ModelError(f"codes of shape {codes.shape}; the corpus has codes of shape {corpus.shape[1:]}.")
    lengths = (corpus**2).sum(axis=1)
    rows = (lengths - 2 * (codes @ corpus.T)).argmin(axis=1).tolist()
    distances = [float(np.linalg.norm(corpus[row] - code)) for row, code in zip(rows, codes, strict=True)]
    found = stored.places(np.array(rows, np.intp))
    return [Neighbour(place, distance) for place, distance in zip(found, distances, strict=True)]


@dataclass(frozen=True)
class _Stored:
    """What a file has: codes, and the columns that places are made of."""

    codes: Codes
    of: NDArray[np.int32]
    pieces: dict[str, NDArray[Any]]
    phrases: dict[str, NDArray[Any]]

    def places(self, rows: NDArray[np.intp]) -> list[dict[str, object]]:
        """Make the places of some rows."""
        columns = {name: column[self.of[rows]].tolist() for name, column in self.pieces.items()}
        columns |= {name: column[rows].tolist() for name, column in self.phrases.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@lru_cache(maxsize=1)
def _remembered(path: Path, modified: int) -> _Stored:
    """Read a corpus once for all that a program makes, unless the file is another by then."""
    return _read(path)


def _read(path: Path) -> _Stored:
    """Read what a file has, and check that it fits together."""
    try:
        found = array_files.read(path, ("z", "z_unit", "of", *OF_PIECE, *OF_PHRASE))
        codes = found["z"].astype(np.float32) * np.float32(found["z_unit"])
        of, pieces, phrases = found["of"], *({name: found[name] for name in names} for names in (OF_PIECE, OF_PHRASE))
        if codes.ndim != 2 or not np.isfinite(codes).all():
            raise ValueError(f"codes of shape {codes.shape}")
        if wrong := [column.shape for column in (of, *phrases.values()) if column.shape != codes.shape[:1]]:
            raise ValueError(f"places of shape {wrong[0]} for {len(codes)} codes")
        if wrong := [column.shape for column in pieces.values() if column.ndim != 1]:
            raise ValueError(f"pieces of shape {wrong[0]}")
        for column in pieces.values():
            column.tolist()
        if len(of) and not 0 <= of.min() <= of.max() < min(map(len, pieces.values())):
            raise ValueError(f"a phrase of piece {of.max()}, which is not there")
    # NumPy says SystemError of texts with signs that there are none of.
    except (TypeError, ValueError, SystemError) as error:
        raise ModelError(f"{path}: no codes of a corpus ({error}); the stage `describe` writes {FILE}.") from error
    return _Stored(codes, of, pieces, phrases)
