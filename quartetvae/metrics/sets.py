"""Sets of excerpts: equal numbers of equal length, drawn from pieces by a seed, and the paper's figures of each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quartetvae import params
from quartetvae.codec import Alphabet, Tokens
from quartetvae.dataset import Grid, Piece
from quartetvae.errors import DatasetError
from quartetvae.metrics import paper
from quartetvae.phrases import cut


def draw(pieces: Mapping[str, Sequence[Piece]], grid: Grid, section: params.Evaluate) -> dict[str, Tokens]:
    """Draw excerpts from each set of pieces, without replacement.

    Pieces are cut into excerpts of `excerpt_beats` beats, one after the other; a rest at the end is left out. All sets
    give as many as the smallest has, `excerpts` at most.

    Returns
    -------
    For each name uint8, shape (excerpts, steps, 4).

    Raises
    ------
    DatasetError
        If a set has no piece as long as an excerpt.
    """
    steps = section.excerpt_beats * grid.steps_per_beat
    every = {name: [_excerpts(piece, steps, grid) for piece in members] for name, members in pieces.items()}
    joined = {name: np.concatenate([np.zeros((0, steps, 4), np.uint8), *cuts]) for name, cuts in every.items()}
    count = min(section.excerpts, *(len(excerpts) for excerpts in joined.values()))
    if not count:
        empty = ", ".join(name for name, excerpts in joined.items() if not len(excerpts))
        raise DatasetError(
            f"no excerpt of {section.excerpt_beats} beats in: {empty}; make evaluate.excerpt_beats smaller, "
            "or interpolate.beats larger."
        )
    rng = np.random.default_rng(section.seed)
    return {name: excerpts[rng.permutation(len(excerpts))[:count]] for name, excerpts in joined.items()}


def _excerpts(piece: Piece, steps: int, grid: Grid) -> Tokens:
    starts = range(0, len(piece.tokens) - steps + 1, steps)
    return cut(piece.tokens, list(starts), steps, alphabet=grid.alphabet, boundary="onset")


def figures(excerpts: Mapping[str, Tokens], alphabet: Alphabet) -> dict[str, Any]:
    """The figures of metrics/evaluate.json: for each set the paper's own four, and how many excerpts."""
    return {name: {"excerpts": len(tokens), **paper.figures(tokens, alphabet)} for name, tokens in excerpts.items()}
