"""A model's figures: what comes back of held-out music, and what lies on its paths."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae import latent, params
from quartetvae.dataset import PhraseSet, Pieces
from quartetvae.latent import Autoencoder, Walk
from quartetvae.metrics import bigram, diagnostics, interpolation, reconstruction


def reconstructions(
    model: Autoencoder, held_out: PhraseSet, training: PhraseSet, pieces: Pieces, section: params.Reconstruct
) -> dict[str, Any]:
    """The figures of metrics/reconstruct.json for the phrases of one split.

    Decoded greedily from the posterior mean (or a sample, as the parameters say); the bounds from one sample each.
    """
    model.architecture.check(held_out)
    alphabet = model.architecture.grid.alphabet
    rng = np.random.default_rng(section.seed)
    posterior = model.encode(held_out.tokens)
    z = posterior[0] if section.decode == "mean" else latent.sample_posterior(*posterior, rng)
    decoded = model.decode(z)
    bounds = latent.bounds(model, held_out.tokens, posterior, rng=rng)
    groups = {"kl_nats": bounds["kl_nats"], "elbo_nats": bounds["elbo_nats"]}
    forced = model.teacher_forced(held_out.tokens, z)
    by_id = {piece.id: piece for piece in pieces.pieces}
    of_phrase = [by_id[id] for id in held_out.pieces.tolist()]
    of_composer = [piece.composer for piece in of_phrase]
    of_work = [f"{piece.composer}: {piece.work}" for piece in of_phrase]
    return {
        "phrases": len(held_out),
        "works": len(set(of_work)),
        **reconstruction.compare(held_out.tokens, decoded, alphabet),
        "teacher_forced_accuracy": None if forced is None else reconstruction.token_accuracy(held_out.tokens, forced),
        **{name: float(nats.mean()) for name, nats in bounds.items()},
        "active_units": diagnostics.active_units(posterior[0]),
        "by_composer": reconstruction.by_group(held_out.tokens, decoded, of_composer, alphabet, groups),
        "by_work": reconstruction.by_group(held_out.tokens, decoded, of_work, alphabet, groups),
        "baselines": reconstruction.baselines(held_out.tokens, training.tokens, alphabet),
    }


def interpolations(
    model: Autoencoder, walks: Sequence[Walk], training: PhraseSet, pieces: Pieces, section: params.Interpolate
) -> dict[str, Any]:
    """The figures of metrics/interpolate.json, over all phrases of all walks."""
    alphabet = model.architecture.grid.alphabet
    z = np.concatenate([walk.z for walk in walks])
    tokens = np.concatenate([walk.tokens for walk in walks])
    plain = np.stack([model.decode(z[:, 0]), model.decode(z[:, -1])], axis=1)
    inner = tokens[:, 1:-1].reshape(-1, *tokens.shape[2:])
    again, _ = model.encode(inner)
    split_of = {piece.id: split for piece, split in zip(pieces.pieces, pieces.splits, strict=True)}
    unseen = [walk for walk in walks if all(split_of.get(name) == "test" for name in walk.names)]
    return {
        "pairs": len(walks),
        "pairs_of_test_works": len(unseen),
        "points": section.points,
        "path": section.path,
        "phrases": len(tokens),
        **interpolation.summarise(tokens, plain, bigram.fit(training.tokens, alphabet), alphabet, seed=section.seed),
        "round_trip": interpolation.round_trip(z[:, 1:-1].reshape(-1, z.shape[-1]), again, seed=section.seed),
    }


def step_distances(walks: Sequence[Walk], *, seed: int) -> dict[str, NDArray[np.float64]]:
    """How far each point of each phrase's path is from the one before it: (paths, points - 1), shares of cells.

    Of the `path` itself, and of the `crossfade` between its ends.
    """
    tokens = np.concatenate([walk.tokens for walk in walks])
    positions = np.linspace(0, 1, tokens.shape[1])
    faded = interpolation.crossfade(tokens[:, 0], tokens[:, -1], positions, rng=np.random.default_rng(seed))
    return {name: interpolation.step_distances(of) for name, of in {"path": tokens, "crossfade": faded}.items()}
