"""Sets of excerpts: equal numbers of equal length, drawn from music by a seed.

The real set is there twice: as the reference that all are held against, and, other excerpts of the same pieces, as a
set like the others. How alike those two are is the most that any set can reach.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from quartetvae.corpus.phrases import cut, untile
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import DatasetError
from quartetvae.latent import codes
from quartetvae.metrics.interpolation import crossfade
from quartetvae.model.autoencoder import Autoencoder
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid, Piece

REFERENCE, REAL = "reference", "real"


def collect(
    model: Autoencoder,
    real: Pieces,
    rebuilt: Pieces,
    walked: Pieces,
    training: PhraseSet,
    *,
    beats: int,
    count: int,
    temperature: float,
    seed: int,
) -> dict[str, Tokens]:
    """Draw the sets of metrics/evaluate.json: as many excerpts of each, (excerpts, steps, columns).

    `reference` and `real` are excerpts of the test pieces, none in both; `reconstructions` of these pieces as the model
    decodes them; `interpolations` of the inner points of paths; `prior` of what codes drawn from the prior decode to;
    `aggregate` likewise, codes drawn from the aggregate posterior of the training phrases; `crossfade` of the baseline
    of paths.

    Parameters
    ----------
    rebuilt, walked
        Reconstructions; points of paths, whose splits are `end` and `between`.
    beats, count
        Of an excerpt; of excerpts of each set, or as many as the smallest allows.
    temperature
        At which codes are decoded.

    Raises
    ------
    DatasetError
        If a set has no excerpt.
    """
    grid, rng = real.grid, np.random.default_rng(seed)
    by_path: dict[str, list[Piece]] = {}
    for piece in walked.in_split("end"):
        by_path.setdefault(piece.work, []).append(piece)
    points = len(walked.pieces) // max(1, len(by_path))
    faded = crossfades([(a, b) for a, b in by_path.values()], points, rng=rng)
    own_keys = training.take(training.semitones == 0)
    phrases = count * -(-beats // model.architecture.form.beats_per_phrase)
    drawn = {
        "prior": codes.sample_prior(phrases, model.architecture.network.latent_dim, rng=rng),
        "aggregate": codes.sample_aggregate(model, own_keys.tokens, phrases, rng=rng),
    }
    steps = beats * grid.steps_per_beat
    # Another seed than the codes': the same numbers would draw the tokens.
    sampled = {name: model.decode(z, temperature=temperature, seed=seed + 1) for name, z in drawn.items()}
    every = {
        "real": of_pieces(real.in_split("test"), grid, beats=beats),
        "reconstructions": of_pieces(rebuilt.pieces, grid, beats=beats),
        "interpolations": of_pieces(walked.in_split("between"), grid, beats=beats),
        # Phrases put side by side, or cut.
        **{name: _side_by_side(tokens, count, grid)[:, :steps] for name, tokens in sampled.items()},
        "crossfade": of_pieces(faded, grid, beats=beats),
    }
    return draw(every, count=count, steps_per_beat=grid.steps_per_beat, seed=seed)


def of_pieces(pieces: Sequence[Piece], grid: Grid, *, beats: int) -> Tokens:
    """Cut all excerpts of so many beats, (excerpts, steps, columns), one after the other, but for a piece's rest."""
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
    return np.concatenate([np.zeros((0, steps, grid.columns), np.uint8), *cuts])


def _side_by_side(tokens: Tokens, count: int, grid: Grid) -> Tokens:
    """Join phrases to so many excerpts, each of as many phrases."""
    steps, each = tokens.shape[1], len(tokens) // count
    starts = steps * np.arange(each)
    groups = tokens.reshape(count, each, *tokens.shape[1:])
    return np.stack([untile(group, starts, steps * each, alphabet=grid.alphabet) for group in groups])


def crossfades(ends: Sequence[tuple[Piece, Piece]], points: int, *, rng: np.random.Generator) -> list[Piece]:
    """Make the baseline of paths: between two pieces of one length, each cell of one or the other by coin.

    As many pieces for each pair as a path of so many points has inner ones.
    """
    positions = np.linspace(0, 1, points)[1:-1]
    found = []
    for a, b in ends:
        for tokens in crossfade(a.tokens[np.newaxis], b.tokens[np.newaxis], positions, rng=rng)[0]:
            found.append(Piece(id=f"{a.work}/crossfade", composer="", work=a.work, tokens=tokens, bars=a.bars))
    return found


def draw(every: Mapping[str, Tokens], *, count: int, steps_per_beat: int, seed: int) -> dict[str, Tokens]:
    """Draw as many excerpts from each set, without replacement, and as many again from `real` as the `reference`.

    Parameters
    ----------
    every
        Excerpts (any number, steps, columns) by the name of their set; one is `real`.

    Returns
    -------
    For `reference` and each name uint8, (excerpts, steps, columns): `count` or as many as the smallest set allows.

    Raises
    ------
    DatasetError
        If a set has no excerpt, or `real` has but one.
    """
    most = {name: len(excerpts) // 2 if name == REAL else len(excerpts) for name, excerpts in every.items()}
    count = min(count, *most.values())
    if not count:
        empty = ", ".join(name for name, found in most.items() if not found)
        beats = next(iter(every.values())).shape[1] / steps_per_beat
        raise DatasetError(
            f"too few excerpts of {beats:g} beats in: {empty} (two are needed of real music, else one); "
            "make evaluate.excerpt_beats smaller, or interpolate.beats larger."
        )
    rng = np.random.default_rng(seed)
    order = {name: rng.permutation(len(excerpts)) for name, excerpts in every.items()}
    drawn = {name: excerpts[order[name][:count]] for name, excerpts in every.items()}
    return {REFERENCE: every[REAL][order[REAL][count : 2 * count]], **drawn}
