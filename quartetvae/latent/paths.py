"""Reconstructions and paths: music to codes, along a path, and back to music.

Conventions are those of `quartetvae.latent.codes`. Paths run from A to B, both ends included, phrase by phrase; a
reconstruction is what both ends of a path from a piece to itself are.
"""

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quartetvae.config import PathKind, Posterior, Spacing
from quartetvae.corpus import phrases
from quartetvae.errors import ModelError, check_mode
from quartetvae.latent import codes
from quartetvae.metrics import interpolation
from quartetvae.model.autoencoder import Autoencoder, Codes
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Piece, Quartet

Cut = TypeVar("Cut", Piece, Quartet)

CANDIDATES = 33
"""Codes of a path among which those are chosen that are heard as evenly spread, at least."""


def between(a: Codes, b: Codes, *, points: int, kind: PathKind) -> Codes:
    """Find codes on the way from `a` to `b`.

    Parameters
    ----------
    a, b
        Shape (phrases, latent_dim).
    points
        How many, both ends included; at least 2.
    kind
        `linear`: a straight line. `spherical`: along the great circle between their directions, with the length
        growing linearly (slerp; Shoemake 1985); the straight line where they point the same way or one is 0.

    Returns
    -------
    Shape (phrases, points, latent_dim). The first and last are `a` and `b`, exactly.
    """
    check_mode("path", kind, PathKind)
    if points < 2:
        raise ModelError(f"{points} point(s) on a path; 2 at least are needed, its ends.")
    share = np.linspace(0.0, 1.0, points)[None, :, None]
    start, end = a.astype(np.float64)[:, None, :], b.astype(np.float64)[:, None, :]
    line = (1 - share) * start + share * end
    if kind == "spherical":
        lengths = np.linalg.norm(start, axis=-1, keepdims=True), np.linalg.norm(end, axis=-1, keepdims=True)
        safe = [np.where(length > 0, length, 1.0) for length in lengths]
        unit_start, unit_end = start / safe[0], end / safe[1]
        # Exact for small and large angles too, where the arc cosine of the dot product is not.
        apart = np.linalg.norm(unit_start - unit_end, axis=-1, keepdims=True)
        angle = 2 * np.arctan2(apart, np.linalg.norm(unit_start + unit_end, axis=-1, keepdims=True))
        sine = np.sin(angle)
        usable = (sine > 1e-6) & (lengths[0] > 0) & (lengths[1] > 0)
        divisor = np.where(usable, sine, 1.0)
        direction = np.sin((1 - share) * angle) / divisor * unit_start
        direction = direction + np.sin(share * angle) / divisor * unit_end
        arc = direction * ((1 - share) * lengths[0] + share * lengths[1])
        line = np.where(usable, arc, line)
    result = line.astype(np.float32)
    result[:, 0], result[:, -1] = a, b
    return result


def reconstruct(
    model: Autoencoder, piece: Piece, *, decode: Posterior = "mean", rng: np.random.Generator | None = None
) -> Piece:
    """Decode the codes of a piece, phrase by phrase: a piece as long as the original."""
    tiles = codes.tile(model, piece, model.architecture.grid)
    decoded = model.decode(codes.encode(model, tiles.tokens, decode=decode, rng=rng))
    alphabet = model.architecture.grid.alphabet
    whole = phrases.untile(decoded, tiles.starts, len(piece.tokens), alphabet=alphabet)
    return dataclasses.replace(piece, tokens=whole)


@dataclasses.dataclass(frozen=True)
class LatentPath:
    """A path between two pieces.

    originals : A and B, cut to a common length
    z : codes along the path, (phrases, points, latent_dim)
    tokens : the music of its points, what the codes decode to as a rule, (phrases, points, steps, columns)
    starts : first step of each phrase, (phrases,)
    """

    originals: tuple[Piece, Piece]
    z: Codes
    tokens: Tokens
    starts: NDArray[np.int64]
    alphabet: Alphabet

    @property
    def names(self) -> tuple[str, str]:
        """The ids of A and B."""
        a, b = self.originals
        return a.id, b.id

    @property
    def points(self) -> int:
        """How many points it has, both ends included."""
        return int(self.z.shape[1])

    def point(self, k: int) -> Tokens:
        """Put the phrases of the k-th point together: a part array, (steps, columns)."""
        steps = len(self.originals[0].tokens)
        return phrases.untile(self.tokens[:, k], self.starts, steps, alphabet=self.alphabet)


def interpolate(
    model: Autoencoder,
    a: Piece,
    b: Piece,
    *,
    points: int,
    kind: PathKind = "spherical",
    spacing: Spacing = "codes",
    decode: Posterior = "mean",
    rng: np.random.Generator | None = None,
) -> LatentPath:
    """Walk from A to B, phrase by phrase; the longer piece is cut to the length of the other.

    Points are even steps apart, of the codes, or, `heard`, of what they decode to: see `evenly`.
    """
    check_mode("spacing", spacing, Spacing)
    a, b = same_length([a, b])
    tiles = [codes.tile(model, end, model.architecture.grid) for end in (a, b)]
    z_a, z_b = (codes.encode(model, tile.tokens, decode=decode, rng=rng) for tile in tiles)
    heard = spacing == "heard" and points > 2
    z = between(z_a, z_b, points=max(CANDIDATES, 2 * points - 1) if heard else points, kind=kind)
    tokens = _decoded(model, z)
    if heard:
        chosen = evenly(tokens, points=points)
        rows = np.arange(len(z))[:, None]
        z, tokens = z[rows, chosen], tokens[rows, chosen]
    return LatentPath((a, b), z, tokens, tiles[0].starts, model.architecture.grid.alphabet)


def evenly(decoded: Tokens, *, points: int) -> NDArray[np.int64]:
    """Choose points of decoded paths, so that the steps between them are as even as can be.

    As even as can be: the sum of the squares of the distances between neighbours is least, found by dynamic
    programming; a distance is the share of cells that differ. Where nothing changes, points lie where they would.

    Parameters
    ----------
    decoded
        Paths, (paths, candidates, steps, columns).
    points
        How many to choose, the first and the last among them; at least 2 and at most the candidates.

    Returns
    -------
    Their numbers, (paths, points), rising.

    Examples
    --------
    >>> path = np.zeros((1, 5, 4, 1), np.uint8)  # Nothing, then a cell, then three more at once, then nothing.
    >>> path[0, 1:, 0], path[0, 3:] = 1, 1
    >>> evenly(path, points=3)
    array([[0, 2, 4]])
    """
    count = decoded.shape[1]
    apart = np.stack([interpolation.distance(decoded, decoded[:, k : k + 1]) for k in range(count)], axis=1)
    # Of equal ways the one whose points lie most evenly among the candidates, a tie-break too small to matter else.
    places = np.arange(count)
    squares = apart**2 + 1e-9 * ((places[None] - places[:, None]) / count) ** 2
    squares[:, places[:, None] >= places[None]] = np.inf
    best, before = squares[:, 0], []
    for _ in range(points - 2):
        ways = best[:, :, None] + squares
        before.append(ways.argmin(axis=1))
        best = ways.min(axis=1)
    chosen = [np.full(len(decoded), count - 1)]
    for earlier in reversed(before):
        chosen.append(earlier[np.arange(len(decoded)), chosen[-1]])
    chosen.append(np.zeros(len(decoded), np.int64))
    return np.stack(chosen[::-1], axis=1)


def interpolate_grid(
    model: Autoencoder, corners: Sequence[Piece], *, points: int, kind: PathKind = "spherical"
) -> list[LatentPath]:
    """Walk between four pieces at the corners of a grid: a path for each row.

    A and B end the first row, C and D the last. The longer pieces are cut to the length of the shortest. Every row's
    `originals` are A and B.
    """
    cut = same_length(four(corners))
    tiles = [codes.tile(model, corner, model.architecture.grid) for corner in cut]
    a, b, c, d = (codes.encode(model, tile.tokens) for tile in tiles)
    left, right = (between(top, bottom, points=points, kind=kind) for top, bottom in ((a, c), (b, d)))
    rows = [between(left[:, k], right[:, k], points=points, kind=kind) for k in range(points)]
    alphabet = model.architecture.grid.alphabet
    return [LatentPath((cut[0], cut[1]), z, _decoded(model, z), tiles[0].starts, alphabet) for z in rows]


def dialled(model: Autoencoder) -> NumpyAutoencoder:
    """Give a model that has a key dial, or raise `ModelError`."""
    if not isinstance(model, NumpyAutoencoder):
        raise ModelError("a key, and a model that has no dial for it; quartetvae.load gives one, or take 'free'.")
    return model


def in_key(
    model: Autoencoder, walked: LatentPath, points: Sequence[int], dial: NDArray[np.float32] | None
) -> LatentPath:
    """Decode some points of a path anew, with a key dial: what is added to the logits, (symbols,)."""
    if dial is None or not points:
        return walked
    chosen = list(points)
    z, tokens = walked.z[:, chosen], walked.tokens.copy()
    decoded = dialled(model).decode(z.reshape(-1, z.shape[-1]), bias=dial)
    tokens[:, chosen] = decoded.reshape(*z.shape[:2], *decoded.shape[1:])
    return dataclasses.replace(walked, tokens=tokens)


def four(corners: Sequence[Cut]) -> Sequence[Cut]:
    """Raise `ModelError` unless there are four corners."""
    if len(corners) != 4:
        raise ModelError(f"{len(corners)} quartets; four are needed for the corners of a grid.")
    return corners


def excerpt(piece: Cut, *, steps: int) -> Cut:
    """Take the first `steps` steps of a piece, or all of it if it is shorter."""
    return dataclasses.replace(piece, tokens=piece.tokens[:steps], bars=piece.bars[:steps])


def same_length(pieces: Sequence[Cut]) -> list[Cut]:
    """Cut pieces to the length of the shortest."""
    steps = min(len(piece.tokens) for piece in pieces)
    return [excerpt(piece, steps=steps) for piece in pieces]


def _decoded(model: Autoencoder, z: Codes) -> Tokens:
    """Decode codes (phrases, points, latent_dim) to (phrases, points, steps, columns)."""
    decoded = model.decode(z.reshape(-1, z.shape[-1]))
    return decoded.reshape(*z.shape[:2], *decoded.shape[1:])
