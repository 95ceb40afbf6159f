"""Sets of excerpts: equal numbers of equal length, drawn from music by a seed.

The real set is there twice: as the reference that all are held against, and, other excerpts of the same pieces, as a
set like the others. How alike those two are is the most that any set can reach.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from quartetvae import params
from quartetvae.codec import PARTS, Tokens
from quartetvae.dataset import Grid, Piece
from quartetvae.errors import DatasetError
from quartetvae.metrics.interpolation import crossfade
from quartetvae.phrases import cut

REFERENCE, REAL = "reference", "real"


def of_pieces(pieces: Sequence[Piece], grid: Grid, *, beats: int) -> Tokens:
    """All excerpts of so many beats, (excerpts, steps, 4), one after the other; a rest at a piece's end is left out."""
    steps = beats * grid.steps_per_beat
    cuts = [
        cut(
            piece.tokens,
            list(range(0, len(piece.tokens) - steps + 1, steps)),
            steps,
            alphabet=grid.alphabet,
            boundary="onset",
        )
        for piece in pieces
    ]
    return np.concatenate([np.zeros((0, steps, len(PARTS)), np.uint8), *cuts])


def crossfades(ends: Sequence[tuple[Piece, Piece]], points: int, *, rng: np.random.Generator) -> list[Piece]:
    """The baseline of paths: between two pieces of one length, each cell of one or the other by coin.

    As many pieces for each pair as a path of so many points has inner ones.
    """
    positions = np.linspace(0, 1, points)[1:-1]
    found = []
    for a, b in ends:
        for tokens in crossfade(a.tokens[np.newaxis], b.tokens[np.newaxis], positions, rng=rng)[0]:
            found.append(Piece(id=f"{a.work}/crossfade", composer="", work=a.work, tokens=tokens, bars=a.bars))
    return found


def draw(every: Mapping[str, Tokens], section: params.Evaluate) -> dict[str, Tokens]:
    """Draw as many excerpts from each set, without replacement, and as many again from `real` as the `reference`.

    Parameters
    ----------
    every
        Excerpts (any number, steps, 4) by the name of their set; one is `real`.

    Returns
    -------
    For `reference` and each name uint8, shape (excerpts, steps, 4): `excerpts` or as many as the smallest set allows.

    Raises
    ------
    DatasetError
        If a set has no excerpt, or `real` has but one.
    """
    most = {name: len(excerpts) // 2 if name == REAL else len(excerpts) for name, excerpts in every.items()}
    count = min(section.excerpts, *most.values())
    if not count:
        empty = ", ".join(name for name, found in most.items() if not found)
        raise DatasetError(
            f"too few excerpts of {section.excerpt_beats} beats in: {empty} (two are needed of real music, else one); "
            "make evaluate.excerpt_beats smaller, or interpolate.beats larger."
        )
    rng = np.random.default_rng(section.seed)
    order = {name: rng.permutation(len(excerpts)) for name, excerpts in every.items()}
    drawn = {name: excerpts[order[name][:count]] for name, excerpts in every.items()}
    return {REFERENCE: every[REAL][order[REAL][count : 2 * count]], **drawn}
