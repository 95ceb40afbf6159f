"""What is tried: how each way is trained, and what it makes of pairs of phrases."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.ways import budget, in_c
from experiments.ways.budget import Spent
from experiments.ways.noised import NoisedDecoder
from quartetvae import config
from quartetvae.corpus import streams, windows
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.evaluation import between
from quartetvae.evaluation.between import WAYS, Ends, Make, Way
from quartetvae.latent import codes
from quartetvae.model import pretrained
from quartetvae.model.autoencoder import Autoencoder
from quartetvae.model.composer import Composer, ComposerArchitecture
from quartetvae.model.keras.composer import ComposerNetwork
from quartetvae.model.numpy.composer import NumpyComposer
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import VOICES
from quartetvae.training.loop import Phrases

FURTHER = 0.001
"""The learning rate of what is trained already."""

SHARES_OF_NOISE = (0.0, 0.25, 0.5)
"""That a decoder is told half-way."""

Nats = Callable[[Tokens], NDArray[np.float64]]
"""Gives what each phrase costs from nothing: nats, (phrases,)."""


@dataclass(frozen=True)
class Material:
    """What trials are made of: the corpus, sections of params.yaml, and the published autoencoder."""

    pieces: Pieces
    training: PhraseSet
    validation: PhraseSet
    model: Autoencoder
    composer: config.Composer
    compose: config.Compose
    augment: config.Augment
    train: config.Train


@dataclass(frozen=True)
class Trial:
    """A way, ready to be judged."""

    ways: Mapping[str, Way]
    nats: Nats | None = None
    """As a model of phrases, where it is one; a bound from above where it has a code."""
    spent: Spent | None = None
    """None where nothing was trained."""


def baselines(material: Material, seconds: float) -> Trial:
    """Take the published autoencoder's spherical path, and the trick of whole parts."""
    names = ("spherical_quarter", "spherical_half", "parts_in_key")
    in_key = replace(WAYS["spherical_half"], in_key=True)

    def nats(phrases: Tokens) -> NDArray[np.float64]:
        posterior, rng = material.model.encode(phrases), np.random.default_rng(material.train.seed)
        return -codes.bounds(material.model, phrases, posterior, rng=rng)["elbo_nats"]

    return Trial({**{name: WAYS[name] for name in names}, "spherical_half_in_key": in_key}, nats)


def shares(material: Material, seconds: float) -> Trial:
    """Exchange the code's shares of segments, which are beats, in place of an average; with no training."""
    segments = material.model.architecture.segments
    return Trial(
        {
            "quarter": Way(exchanged_shares(segments, 0.25), in_key=True),
            "half": Way(exchanged_shares(segments, 0.5), in_key=True),
            "half_in_order": Way(exchanged_shares(segments, 0.5, in_order=True), in_key=True),
        }
    )


def exchanged_shares(segments: int, share: float, *, in_order: bool = False) -> Make:
    """Take this share of the segments' codes from B: any of them, or with `in_order` the last ones."""

    def make(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
        places = rng.random((len(ends.z_a), segments))
        if in_order:
            places = np.broadcast_to(-np.arange(segments), places.shape)
        from_b = places.argsort(axis=1).argsort(axis=1) < round(share * segments)
        by_dimension = np.repeat(from_b, ends.z_a.shape[1] // segments, axis=1)
        return model.decode(np.where(by_dimension, ends.z_b, ends.z_a))

    return make


def composer(material: Material, seconds: float) -> Trial:
    """Train the composer from nothing; its path is the one by exchange."""
    form = ComposerArchitecture(material.composer, material.pieces.grid)
    found = windows.of(material.pieces, form.form, material.augment)
    trained, spent = _composer(material, form, found["train"], found["validation"], seconds)
    return Trial(_by(trained, material), lambda phrases: nats_from_nothing(trained, phrases), spent)


def composer_in_c(material: Material, seconds: float) -> Trial:
    """Train the composer on music that is in C, all of it; what it makes is moved back."""
    alphabet, augment = material.pieces.grid.alphabet, material.augment.model_copy(update={"kind": "none"})
    form = ComposerArchitecture(material.composer, replace(material.pieces.grid, alphabet=in_c.wide(alphabet)))
    found = windows.of(material.pieces, form.form, augment)
    moved = {split: in_c.WindowsInC(found[split]) for split in ("train", "validation")}
    trained, spent = _composer(material, form, moved["train"], moved["validation"], seconds)

    def nats(phrases: Tokens) -> NDArray[np.float64]:
        # To say which of twelve keys a phrase is moved back to costs something, too.
        return nats_from_nothing(trained, in_c.to_c(phrases, alphabet)) + math.log(12)

    return Trial({name: in_c.made_in_c(way) for name, way in _by(trained, material).items()}, nats, spent)


def _composer(
    material: Material, form: ComposerArchitecture, training: Phrases, validation: Phrases, seconds: float
) -> tuple[NumpyComposer, Spent]:
    network = ComposerNetwork(form, seed=material.compose.seed, dropout=material.compose.dropout)
    spent = budget.fit(network, training, validation, material.compose, seconds=seconds)
    return NumpyComposer(form, network.arrays()), spent


def _by(composer: Composer, material: Material) -> dict[str, Way]:
    found = between.by_composer(composer, seed=material.compose.seed)
    names = {"quarter": "exchange_quarter", "half": "exchange_half", "from_nothing": "composed"}
    return {name: found[of] for name, of in names.items()}


def nats_from_nothing(composer: Composer, phrases: Tokens) -> NDArray[np.float64]:
    """Compute what phrases cost a composer that knows nothing of them: nats, (phrases,)."""
    return composer.nats(phrases, np.ones((*phrases.shape[:2], VOICES), np.bool_))


def noised(material: Material, seconds: float) -> Trial:
    """Train the published decoder further, so that it knows how sure a code is; it draws at temperature 1."""
    decoder = NoisedDecoder(pretrained.load(), seed=material.train.seed)
    train = material.train.model_copy(update={"learning_rate": FURTHER})
    training, validation = (streams.of(phrases) for phrases in (material.training, material.validation))
    spent = budget.fit(decoder, training, validation, train, seconds=seconds)
    seed, latent_dim = material.train.seed, material.model.architecture.network.latent_dim

    def on_line(share: float, noise: float) -> Way:
        def make(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
            return decoder.decode((1 - share) * ends.z_a + share * ends.z_b, noise, seed=seed)

        return Way(make, in_key=True)

    def from_nothing(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
        return decoder.decode(codes.sample_prior(len(ends.a), latent_dim, rng=rng), 1.0, seed=seed)

    def nats(phrases: Tokens) -> NDArray[np.float64]:
        z = codes.sample_prior(len(phrases), latent_dim, rng=np.random.default_rng(seed))
        return decoder.nats(phrases, z, 1.0)

    ways = {
        "quarter_told_0.25": on_line(0.25, 0.25),
        **{f"half_told_{noise:g}": on_line(0.5, noise) for noise in SHARES_OF_NOISE},
        "from_nothing": Way(from_nothing),
    }
    return Trial(ways, nats, spent)


TRIALS: dict[str, Callable[[Material, float], Trial]] = {
    "baselines": baselines,
    "shares": shares,
    "composer": composer,
    "in-c": composer_in_c,
    "noised": noised,
}
"""By name; what each is is said in `records.ABOUT`."""
