"""The variational autoencoder.

Losses, in nats per phrase
--------------------------
reconstruction
    Cross-entropy, summed over all cells (steps and parts), of one sample of z; the mean over the batch.
kl
    Divergence of the posterior N(mean, exp(log_var)) from N(0, 1), summed over latent dimensions, in closed form
    (Kingma & Welling 2014, appendix B); the mean over the batch.
loss
    reconstruction + beta * kl. At beta 1 it is the negative ELBO.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import logsumexp

from quartetvae import params
from quartetvae.codec import PARTS, Tokens
from quartetvae.history import LOSSES
from quartetvae.model.architecture import Architecture
from quartetvae.model.decoders import DECODERS
from quartetvae.model.encoder import Encoder

BATCH, SMALL_BATCH = 512, 64
"""Phrases at a time where no gradient is needed: many, or a few."""


class QuartetVAE(keras.Model):
    """Encoder, sampling and decoder; in training all three, otherwise by the methods for arrays below."""

    def __init__(self, architecture: Architecture, *, seed: int = 0) -> None:
        super().__init__(name="quartetvae")
        self.architecture = architecture
        with _seeded(seed):
            self.encoder = Encoder(architecture, seed=seed, name="encoder")
            self.decoder = DECODERS[architecture.network.decoder](architecture, seed=seed + 1000, name="decoder")
            self.noise = keras.random.SeedGenerator(seed)
            self.beta = 1.0
            self.trackers = {name: keras.metrics.Mean(name=name) for name in LOSSES[1:]}
            self(np.zeros((1, architecture.steps, len(PARTS)), dtype="int32"))

    def call(self, tokens: Any, training: bool = False) -> dict[str, Any]:
        """Logits (batch, steps, 4, symbols) of one sample of z, with its posterior's `mean` and `log_var`."""
        mean, log_var = self.encoder(tokens, training=training)
        epsilon = keras.random.normal(ops.shape(mean), seed=self.noise)
        z = mean + ops.exp(0.5 * log_var) * epsilon
        return {"logits": self.decoder(z, training=training), "mean": mean, "log_var": log_var}

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The loss of a batch, see the module's header; `x` is its own target."""
        reconstruction = ops.mean(reconstruction_nats(x, y_pred["logits"]))
        kl = ops.mean(ops.sum(kl_nats(y_pred["mean"], y_pred["log_var"]), axis=-1))
        self.trackers["reconstruction"].update_state(reconstruction)
        self.trackers["kl"].update_state(kl)
        return reconstruction + self.beta * kl

    def prepare(self, train: params.Train) -> None:
        """Set optimizer and beta for training.

        With `kl_reduction` `mean` the KL divergence counts as its mean over dimensions against a reconstruction that is
        a mean over steps: beta is divided by latent_dim / steps, and so depends on both.
        """
        self.beta = train.beta
        if train.kl_reduction == "mean":
            self.beta *= self.architecture.steps / self.architecture.network.latent_dim
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # Some of its kernels add up in the order in which threads finish.
            tf.config.experimental.enable_op_determinism()
        # Step by step is faster than XLA for these loops on a CPU; JAX compiles in any case.
        jit = keras.backend.backend() == "jax"
        self.compile(optimizer=keras.optimizers.Adam(train.learning_rate), jit_compile=jit)

    def reseed(self, *numbers: int) -> None:
        """Set the state of every random generator in the network from these numbers."""
        states = [variable for variable in self.variables if variable.path.endswith("seed_generator_state")]
        for state, words in zip(states, np.random.SeedSequence(numbers).spawn(len(states)), strict=True):
            state.assign(words.generate_state(2))

    def train_batch(self, tokens: Tokens) -> dict[str, float]:
        """One step of the optimizer; the losses of this batch."""
        return _losses(self.train_on_batch(tokens.astype("int32"), return_dict=True))

    def test_batch(self, tokens: Tokens) -> dict[str, float]:
        """The losses of a batch, without dropout."""
        return _losses(self.test_on_batch(tokens.astype("int32"), return_dict=True))

    def encode(self, tokens: Tokens) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Posterior `mean` and `log_var`, each (phrases, latent_dim), of phrases (phrases, steps, 4)."""
        empty = np.zeros((0, self.architecture.network.latent_dim), np.float32)
        parts = [self.encoder.predict_on_batch(_padded(batch.astype("int32"))) for batch in _batches(tokens)]
        mean, log_var = (np.concatenate([empty, *(part[k] for part in parts)])[: len(tokens)] for k in (0, 1))
        return mean, log_var

    def decode(self, z: NDArray[np.float32]) -> Tokens:
        """The likeliest tokens, uint8, (codes, steps, 4), of latent codes (codes, latent_dim)."""
        empty = np.zeros((0, self.architecture.steps, len(PARTS)), np.uint8)
        parts = [self.decoder.predict_on_batch(_padded(batch)).argmax(axis=-1) for batch in _batches(z)]
        return np.concatenate([empty, *(part.astype(np.uint8) for part in parts)])[: len(z)]

    def reconstruction(self, tokens: Tokens, z: NDArray[np.float32]) -> NDArray[np.float64]:
        """Cross-entropy of phrases (phrases, steps, 4) given their codes, summed over cells: nats, (phrases,)."""
        nats = [np.zeros(0)]
        for phrases, codes in zip(_batches(tokens), _batches(z), strict=True):
            logits = self.decoder.predict_on_batch(_padded(codes))[: len(codes)].astype(np.float64)
            logits -= logsumexp(logits, axis=-1, keepdims=True)
            chosen = np.take_along_axis(logits, phrases[..., None].astype(np.int64), axis=-1)
            nats.append(-chosen.sum(axis=(1, 2, 3)))
        return np.concatenate(nats)


def _batches(array: NDArray[Any]) -> list[NDArray[Any]]:
    return [array[start : start + BATCH] for start in range(0, len(array), BATCH)]


def _padded(batch: NDArray[Any]) -> NDArray[Any]:
    """Fill up the last batch, so that two shapes are ever compiled."""
    size = BATCH if len(batch) > SMALL_BATCH else SMALL_BATCH
    return np.concatenate([batch, np.zeros((size - len(batch), *batch.shape[1:]), batch.dtype)])


def reconstruction_nats(tokens: Any, logits: Any) -> Any:
    """Cross-entropy of tokens (batch, steps, 4) given logits, summed over cells: nats, (batch,)."""
    cells = keras.losses.sparse_categorical_crossentropy(ops.cast(tokens, "int32"), logits, from_logits=True)
    return ops.sum(cells, axis=(1, 2))


def kl_nats(mean: Any, log_var: Any) -> Any:
    """KL(N(mean, exp(log_var)) || N(0, 1)) of each dimension, in nats; works on NumPy arrays too."""
    return 0.5 * (ops.square(mean) + ops.exp(log_var) - 1.0 - log_var)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the generators that Keras draws initial weights by; Python's and NumPy's are the user's own afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _losses(logs: Any) -> dict[str, float]:
    return {name: float(logs[name]) for name in LOSSES}
