"""The split: which works are held out for validation and test."""

import hashlib
from collections.abc import Sequence

from quartetvae import config
from quartetvae.errors import DatasetError
from quartetvae.music.quartet import Piece


def by_work(pieces: Sequence[Piece], split: config.Split) -> dict[str, str]:
    """Give each piece its split; all pieces of a work (composer and title) go together.

    Works are put in an order given by a hash of the seed and their name, then taken for the test set while that brings
    it nearer to its share of all steps; the same for validation; the rest is for training. With `split.by` `tail` only
    the test works are set apart.

    Raises
    ------
    DatasetError
        If there are fewer works than sets to fill.
    """
    weights: dict[tuple[str, str], int] = {}
    for piece in pieces:
        key = (piece.composer, piece.work)
        weights[key] = weights.get(key, 0) + len(piece.tokens)

    def rank(key: tuple[str, str]) -> str:
        return hashlib.sha256("\0".join((str(split.seed), *key)).encode()).hexdigest()

    shares = {"test": split.test, "validation": split.validation if split.by == "work" else 0.0}
    wanted = [name for name, share in shares.items() if share > 0]
    if len(weights) <= len(wanted):
        raise DatasetError(
            f"{len(weights)} work(s) found; split by work needs {len(wanted) + 1} at least, one each for training, "
            f"{' and '.join(wanted)}. Add works, or say in metadata.csv which pieces belong to different works."
        )
    total = sum(weights.values())
    remaining = sorted(weights, key=rank)
    of_work: dict[tuple[str, str], str] = {}
    for position, name in enumerate(wanted):
        target, taken = shares[name] * total, 0
        spare = len(remaining) - (len(wanted) - position)
        chosen: list[tuple[str, str]] = []
        for key in remaining:
            if len(chosen) < spare and taken + weights[key] / 2 <= target:
                chosen.append(key)
                taken += weights[key]
        for key in chosen or [min(remaining, key=lambda key: weights[key])]:
            of_work[key] = name
            remaining.remove(key)
    return {piece.id: of_work.get((piece.composer, piece.work), "train") for piece in pieces}
