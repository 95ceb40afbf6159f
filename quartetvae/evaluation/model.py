"""What a model does with held-out music: what comes back, what lies on its paths, what its codes are used for."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quartetvae.config import Posterior, Way
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.evaluation import works
from quartetvae.latent import codes
from quartetvae.latent.paths import LatentPath
from quartetvae.metrics import bigram, diagnostics, interpolation, reconstruction
from quartetvae.metrics.figures import CodeUse, InterpolateFigures, PhraseFigures
from quartetvae.model.autoencoder import Autoencoder


def reconstructions(
    model: Autoencoder, held_out: PhraseSet, training: PhraseSet, pieces: Pieces, *, decode: Posterior, seed: int
) -> PhraseFigures:
    """Score what comes back of the phrases of one split: its figures in metrics/reconstruct.json, but for `file`.

    Decoded greedily from the posterior mean (or a sample, if `decode` says so); the bounds from one sample each.
    """
    model.architecture.check(held_out)
    alphabet = model.architecture.grid.alphabet
    rng = np.random.default_rng(seed)
    posterior = model.encode(held_out.tokens)
    z = codes.of_posterior(posterior, decode=decode, rng=rng)
    decoded = model.decode(z)
    bounds = codes.bounds(model, held_out.tokens, posterior, rng=rng)
    groups: dict[Literal["kl_nats", "elbo_nats"], NDArray[np.float64]] = {
        "kl_nats": bounds["kl_nats"],
        "elbo_nats": bounds["elbo_nats"],
    }
    forced = model.teacher_forced(held_out.tokens, z)
    by_id = {piece.id: piece for piece in pieces.pieces}
    of_phrase = [by_id[id] for id in held_out.pieces.tolist()]
    of_source = [pieces.source(piece) for piece in of_phrase]
    of_composer = [piece.composer for piece in of_phrase]
    known = works.names(pieces)
    of_work = [known[piece.id] for piece in of_phrase]
    return {
        "phrases": len(held_out),
        "works": len(set(of_work)),
        **reconstruction.compare(held_out.tokens, decoded, alphabet),
        "by_kind": reconstruction.by_kind(
            held_out.tokens, decoded, alphabet, steps_per_beat=model.architecture.grid.steps_per_beat
        ),
        "teacher_forced_accuracy": None if forced is None else reconstruction.token_accuracy(held_out.tokens, forced),
        "kl_nats": float(bounds["kl_nats"].mean()),
        "reconstruction_nats": float(bounds["reconstruction_nats"].mean()),
        "elbo_nats": float(bounds["elbo_nats"].mean()),
        "active_units": diagnostics.active_units(posterior[0]),
        "by_source": reconstruction.by_group(held_out.tokens, decoded, of_source, alphabet, groups),
        "by_composer": reconstruction.by_group(held_out.tokens, decoded, of_composer, alphabet, groups),
        "by_work": reconstruction.by_group(held_out.tokens, decoded, of_work, alphabet, groups),
        "baselines": reconstruction.baselines(held_out.tokens, training.tokens, alphabet, seed=seed),
    }


def interpolations(
    model: Autoencoder,
    walks: Sequence[LatentPath],
    training: PhraseSet,
    pieces: Pieces,
    *,
    kind: Way,
    seed: int,
) -> InterpolateFigures:
    """Score what lies on paths, over all phrases of all of them: the figures of metrics/interpolate.json."""
    alphabet = model.architecture.grid.alphabet
    z = np.concatenate([walk.z for walk in walks])
    tokens = np.concatenate([walk.tokens for walk in walks])
    plain = np.stack([model.decode(z[:, 0]), model.decode(z[:, -1])], axis=1)
    inner = tokens[:, 1:-1].reshape(-1, *tokens.shape[2:])
    # The codes of a path by exchange are read off its music: they come back of themselves.
    again = None if kind == "exchange" else model.encode(inner)[0]
    split_of = {piece.id: split for piece, split in zip(pieces.pieces, pieces.splits, strict=True)}
    unseen = [walk for walk in walks if all(split_of.get(name) == "test" for name in walk.names)]
    return {
        "pairs": len(walks),
        "pairs_of_test_works": len(unseen),
        "points": walks[0].points,
        "path": kind,
        "phrases": len(tokens),
        **interpolation.summarise(tokens, plain, bigram.fit(training.tokens, alphabet), alphabet, seed=seed),
        "round_trip": again
        if again is None
        else interpolation.round_trip(z[:, 1:-1].reshape(again.shape), again, seed=seed),
    }


def step_distances(walks: Sequence[LatentPath], *, seed: int) -> dict[str, NDArray[np.float64]]:
    """Measure how far each point of each phrase's path is from the one before it: (paths, points - 1), shares of cells.

    Of the `path` itself, and of the `crossfade` between its ends.
    """
    tokens = np.concatenate([walk.tokens for walk in walks])
    positions = np.linspace(0, 1, tokens.shape[1])
    faded = interpolation.crossfade(tokens[:, 0], tokens[:, -1], positions, rng=np.random.default_rng(seed))
    return {name: interpolation.step_distances(walked) for name, walked in {"path": tokens, "crossfade": faded}.items()}


def code_use(model: Autoencoder, held_out: PhraseSet, *, seed: int) -> tuple[CodeUse, NDArray[np.float64]]:
    """Find what the codes of held-out phrases are used for; and their divergence by dimension, (latent_dim,).

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
