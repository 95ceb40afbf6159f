"""The split: which works are held out for validation and test."""

import hashlib
from collections.abc import Mapping, Sequence

from quartetvae import config
from quartetvae.corpus.outlines import Outline
from quartetvae.corpus.records import Origin
from quartetvae.errors import DatasetError

_Title = tuple[str, str]
"""Composer and title of a work."""


def by_work(
    pieces: Sequence[Outline], split: config.Split, origins: Mapping[str, Origin] | None = None
) -> dict[str, str]:
    """Give each piece its split; all pieces of a work go together, and each source is split on its own.

    So what is held out of one source hangs on no other. A work is of the source of the piece that its id names, under
    the title that it has there, and weighs what its pieces of that source do. Works of a source are put in an order
    given by a hash of the seed and their composer and title, then taken for the test set while that brings it nearer
    to its share of the source's steps; the same for validation; the rest is for training. With `split.by` `tail` only
    the test works are set apart. A source with too few works is for training, if another has enough.

    Parameters
    ----------
    origins
        Of the pieces, by id. Those without are of one source, and those of one composer and title are one work.

    Raises
    ------
    DatasetError
        If every source has fewer works than there are sets to fill.
    """
    homes = _homes(pieces, origins or {})
    weights: dict[str, dict[_Title, int]] = {}
    for piece, (source, title) in zip(pieces, homes, strict=True):
        of_source = weights.setdefault(source, {})
        origin = (origins or {}).get(piece.id)
        of_source.setdefault(title, 0)
        if origin is None or origin.source == source:
            of_source[title] += piece.steps

    shares = {"test": split.test, "validation": split.validation if split.by == "work" else 0.0}
    wanted = {name: share for name, share in shares.items() if share > 0}
    if all(len(of_source) <= len(wanted) for of_source in weights.values()):
        found = ", ".join(f"{len(works)} of {source}" for source, works in weights.items() if source)
        raise DatasetError(
            f"{sum(map(len, weights.values()))} work(s) found{f' ({found})' if found else ''}; split by work needs "
            f"{len(wanted) + 1} at least{' of one source' if len(weights) > 1 else ''}, one each for training, "
            f"{' and '.join(wanted)}. Add works, or say in metadata.csv which pieces belong to different works."
        )
    held_out = {source: _held_out(works, wanted, split.seed) for source, works in weights.items()}
    return {
        piece.id: held_out[source].get(title, "train") for piece, (source, title) in zip(pieces, homes, strict=True)
    }


def _homes(pieces: Sequence[Outline], origins: Mapping[str, Origin]) -> list[tuple[str, _Title]]:
    """Find the source and title of each piece's work."""
    named = {piece.id: piece for piece in pieces}
    homes = []
    for piece in pieces:
        first, source = piece, ""
        if piece.id in origins:
            # The first piece of a work may be missing in a part of a corpus.
            first = named.setdefault(origins[piece.id].work_id, piece)
            source = origins[first.id].source
        homes.append((source, (first.composer, first.work)))
    return homes


def _held_out(weights: Mapping[_Title, int], wanted: Mapping[str, float], seed: int) -> dict[_Title, str]:
    """Choose the works of a source for each of the sets `wanted`, a share of all steps for each."""
    if len(weights) <= len(wanted):
        return {}

    def rank(title: _Title) -> str:
        return hashlib.sha256("\0".join((str(seed), *title)).encode()).hexdigest()

    total = sum(weights.values())
    remaining = sorted(weights, key=rank)
    of_work: dict[_Title, str] = {}
    for position, (name, share) in enumerate(wanted.items()):
        target, taken = share * total, 0
        spare = len(remaining) - (len(wanted) - position)
        chosen: list[_Title] = []
        for title in remaining:
            if len(chosen) < spare and taken + weights[title] / 2 <= target:
                chosen.append(title)
                taken += weights[title]
        for title in chosen or [min(remaining, key=lambda title: weights[title])]:
            of_work[title] = name
            remaining.remove(title)
    return of_work
