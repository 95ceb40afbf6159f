"""A model's figures beside real music, set against set; and what its codes are used for."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae import latent, params
from quartetvae.codec import Tokens
from quartetvae.dataset import Grid, PhraseSet, Pieces
from quartetvae.latent import Autoencoder, Codes
from quartetvae.metrics import comparison, diagnostics, music, paper, sets

TEMPO_QPM = 120.0
"""Of excerpts, which are compared in beats: a tempo is needed to say the same in seconds."""


def excerpts(
    model: Autoencoder,
    real: Pieces,
    rebuilt: Pieces,
    paths: Pieces,
    training: PhraseSet,
    section: params.Evaluate,
) -> dict[str, Tokens]:
    """The sets of metrics/evaluate.json: as many excerpts of each, (excerpts, steps, 4).

    `reference` and `real` are excerpts of the test pieces, none in both; `reconstructions` of these pieces as the model
    decodes them; `interpolations` of the inner points of paths; `prior` of what codes drawn from the prior decode to;
    `aggregate` likewise, codes drawn from the aggregate posterior of the training phrases; `crossfade` of the baseline
    of paths.
    """
    grid, beats = real.grid, section.excerpt_beats
    rng = np.random.default_rng(section.seed)
    by_path: dict[str, list[Any]] = {}
    for piece in paths.of("end"):
        by_path.setdefault(piece.work, []).append(piece)
    points = len(paths.pieces) // max(1, len(by_path))
    faded = sets.crossfades([(a, b) for a, b in by_path.values()], points, rng=rng)
    own_keys = training.take(training.semitones == 0)
    count = section.excerpts * _phrases_per_excerpt(model, section)
    codes = {
        "prior": latent.sample_prior(count, model.architecture.network.latent_dim, rng=rng),
        "aggregate": latent.sample_aggregate(model, own_keys.tokens, count, rng=rng),
    }
    every = {
        "real": sets.of_pieces(real.of("test"), grid, beats=beats),
        "reconstructions": sets.of_pieces(rebuilt.pieces, grid, beats=beats),
        "interpolations": sets.of_pieces(paths.of("between"), grid, beats=beats),
        **{name: _sampled(model, z, section) for name, z in codes.items()},
        "crossfade": sets.of_pieces(faded, grid, beats=beats),
    }
    return sets.draw(every, section)


def _sampled(model: Autoencoder, z: Codes, section: params.Evaluate) -> Tokens:
    """What codes decode to, as excerpts: phrases put side by side, or cut."""
    # Another seed than the codes': the same numbers would draw the tokens.
    tokens = model.decode(z, temperature=section.temperature, seed=section.seed + 1)
    whole = tokens.reshape(section.excerpts, -1, tokens.shape[2])
    return whole[:, : section.excerpt_beats * model.architecture.grid.steps_per_beat]


def _phrases_per_excerpt(model: Autoencoder, section: params.Evaluate) -> int:
    return -(-section.excerpt_beats // model.architecture.form.beats_per_phrase)


def music_sets(
    drawn: Mapping[str, Tokens], grid: Grid, section: params.Evaluate, *, progress: Callable[[], object] = lambda: None
) -> dict[str, Any]:
    """The figures of each set: beside the reference by Yang & Lerch's features, and the paper's four."""
    features = {
        name: music.features(
            music.of_phrases(tokens, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=TEMPO_QPM)
        )
        for name, tokens in drawn.items()
    }
    others = {name: of for name, of in features.items() if name != sets.REFERENCE}
    compared = comparison.compare(
        features[sets.REFERENCE], others, seed=section.seed, replicates=section.replicates, progress=progress
    )
    return {name: {**of, **paper.figures(drawn[name], grid.alphabet)} for name, of in compared.items()}


def code_use(model: Autoencoder, held_out: PhraseSet, *, seed: int) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """What the codes of held-out phrases are used for; and their divergence by dimension, (latent_dim,).

    `mutual_information_nats` of phrase and code, which cannot exceed `mutual_information_limit`; `shuffled_z`: the
    cross-entropy of phrases given their `own` codes and given `others`', both posterior means, in nats per phrase. A
    decoder that does not read z has the same for both.
    """
    rng = np.random.default_rng(seed)
    mean, log_var = model.encode(held_out.tokens)
    # Each phrase the code of the next one in a random circle: never its own.
    circle = rng.permutation(len(mean))
    others = np.empty_like(mean)
    others[circle] = mean[np.roll(circle, 1)]
    kl = diagnostics.kl_nats(mean, log_var).mean(axis=0)
    return {
        "phrases": len(mean),
        "kl_nats": float(kl.sum()),
        "active_units": diagnostics.active_units(mean),
        "mutual_information_nats": diagnostics.mutual_information(mean, log_var, rng=rng),
        "mutual_information_limit": float(np.log(len(mean))),
        "shuffled_z": {
            "own_nats": float(model.reconstruction(held_out.tokens, mean).mean()),
            "others_nats": float(model.reconstruction(held_out.tokens, others).mean()),
        },
    }, kl
