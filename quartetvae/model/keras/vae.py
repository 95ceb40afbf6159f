"""The variational autoencoder.

Losses, in nats per phrase
--------------------------
reconstruction
    Cross-entropy, summed over all cells (steps and parts), of one sample of z; the mean over the batch.
kl
    Divergence of the posterior N(mean, exp(log_var)) from N(0, 1), summed over latent dimensions, in closed form
    (Kingma & Welling 2014, appendix B); the mean over the batch.
loss
    What training lowers: reconstruction, with onsets counted `onset_weight` times, + beta * kl, where a phrase whose
    kl is under `free_bits` counts as having that many (Kingma et al. 2016, on the total). With both at their neutral
    values, 1 and 0, and beta 1 it is the negative ELBO.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import logsumexp

from quartetvae import config
from quartetvae.config import Precision
from quartetvae.errors import ModelError, check_mode
from quartetvae.model.architecture import BATCH, SMALL_BATCH, Architecture
from quartetvae.model.autoencoder import LOSSES, check_temperature
from quartetvae.model.keras.decoders import DECODERS
from quartetvae.model.keras.encoder import Encoder
from quartetvae.model.keras.network import Network, cell_nats, seeded
from quartetvae.model.keras.schedules import beta_share
from quartetvae.music.codec import Tokens


class QuartetVAE(Network):
    """Encoder, sampling and decoder; in training all three, otherwise by the methods for arrays below."""

    def __init__(self, architecture: Architecture, *, seed: int = 0, precision: Precision = "float32") -> None:
        check_mode("precision", precision, Precision)
        with seeded(seed), _precision(precision):
            super().__init__(name="quartetvae")
            self.architecture = architecture
            self.encoder = Encoder(architecture, seed=seed, name="encoder")
            self.decoder = DECODERS[architecture.network.decoder](architecture, seed=seed + 1000, name="decoder")
            self.noise = keras.random.SeedGenerator(seed)
            self(np.zeros((1, architecture.steps, architecture.columns), dtype="int32"))
            # Kept from Keras' eyes, which would take them for layers and save their weights again.
            self.compiled_calls = SimpleNamespace(
                generate=Call(self.decoder, self.decoder.generate), logits=Call(self.decoder, self.decoder)
            )

    def call(self, tokens: Any, training: bool = False) -> dict[str, Any]:
        """Compute nats of each phrase's `cells`, (batch, steps, columns), given one sample of z; and `kl`, (batch,)."""
        mean, log_var = self.encoder(tokens, training=training)
        epsilon = keras.random.normal(ops.shape(mean), seed=self.noise)
        z = mean + ops.exp(0.5 * log_var) * epsilon
        logits = self.decoder(z, tokens, training=training)
        return {"cells": cell_nats(tokens, logits), "kl": ops.sum(kl_nats(mean, log_var), axis=-1)}

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Compute the loss of a batch (see the module's header); `x` is its own target, `y` holds beta by phrase."""
        cells, kl = y_pred["cells"], y_pred["kl"]
        onsets = ops.cast(x < self.architecture.grid.alphabet.pitches, cells.dtype)
        weighted = ops.sum(cells * (1.0 + (self.onset_weight - 1.0) * onsets), axis=(1, 2))
        return ops.mean(weighted + y * ops.maximum(kl, self.free_bits))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Compute the losses of a batch, which is what a step of training or testing gives."""
        reconstruction, kl = ops.mean(ops.sum(y_pred["cells"], axis=(1, 2))), ops.mean(y_pred["kl"])
        return {"loss": self.compute_loss(x, y, y_pred), "reconstruction": reconstruction, "kl": kl}

    def prepare(self, train: config.Train, steps: int) -> None:
        """Make ready for a training of so many steps of the optimizer.

        With `kl_reduction` `mean` the KL divergence counts as its mean over dimensions against a reconstruction that is
        a mean over steps: beta is divided by latent_dim / steps, and so depends on both.
        """
        self.beta = train.beta
        if train.kl_reduction == "mean":
            self.beta *= self.architecture.steps / self.architecture.network.latent_dim
        self.beta_at = partial(beta_share, rise=train.beta_warmup, cycle=steps / train.beta_cycles)
        self.free_bits, self.onset_weight = train.free_bits, train.onset_weight
        self.optimise(train, steps)

    def train_batch(self, tokens: Tokens, step: int) -> dict[str, float]:
        """Take one step of the optimizer; `step` counts them from 0. Gives the losses of this batch."""
        return _losses(self.train_on_batch(*self._with_beta(tokens, self.beta_at(step)), return_dict=True))

    def test_batch(self, tokens: Tokens) -> dict[str, float]:
        """Compute the losses of a batch, without dropout and with the final beta, so that epochs can be compared."""
        return _losses(self.test_on_batch(*self._with_beta(tokens, 1.0), return_dict=True))

    def _with_beta(self, tokens: Tokens, share: float) -> tuple[Any, Any]:
        return tokens.astype("int32"), np.full(len(tokens), share * self.beta, np.float32)

    def encode(self, tokens: Tokens) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Compute the posterior's `mean` and `log_var`, each (phrases, latent_dim), of (phrases, steps, columns).

        This and the methods below raise `ModelError` for phrases or codes of another shape.
        """
        self.architecture.check_tokens(tokens)
        empty = np.zeros((0, self.architecture.network.latent_dim), np.float32)
        parts = [self.encoder.predict_on_batch(_padded(batch.astype("int32"))) for batch in _batches(tokens)]
        mean, log_var = (np.concatenate([empty, *(part[k] for part in parts)])[: len(tokens)] for k in (0, 1))
        return mean, log_var

    def decode(self, z: NDArray[np.float32], *, temperature: float = 0.0, seed: int = 0) -> Tokens:
        """Decode to tokens, uint8, (codes, steps, columns), of latent codes (codes, latent_dim).

        Each cell sees what was chosen before it, never a truth. At temperature 0 the likeliest symbol is chosen; above,
        one is drawn from the softmax of the logits divided by it. Raises `ModelError` below.
        """
        self.architecture.check_codes(z)
        check_temperature(temperature)
        rng = np.random.default_rng(seed)
        shape = (self.architecture.steps, self.architecture.columns, self.architecture.symbols)
        parts = [np.zeros((0, *shape[:2]), np.uint8)]
        for codes in map(_padded, _batches(z)):
            if temperature:
                noise = (temperature * rng.gumbel(size=(len(codes), *shape))).astype(np.float32)
            else:
                noise = np.zeros((len(codes), *shape[:2], 1), np.float32)
            parts.append(self.compiled_calls.generate.predict_on_batch([codes, noise]).astype(np.uint8))
        return np.concatenate(parts)[: len(z)]

    def reconstruction(self, tokens: Tokens, z: NDArray[np.float32]) -> NDArray[np.float64]:
        """Compute the cross-entropy of phrases given their codes, summed over cells: nats, (phrases,)."""
        nats = [np.zeros(0)]
        for phrases, logits in self._logits(tokens, z):
            chosen = np.take_along_axis(logits, phrases[..., None].astype(np.int64), axis=-1)[..., 0]
            nats.append((logsumexp(logits, axis=-1) - chosen).sum(axis=(1, 2)))
        return np.concatenate(nats)

    def teacher_forced(self, tokens: Tokens, z: NDArray[np.float32]) -> Tokens | None:
        """Find the likeliest token of each cell given the code and the true cells before it; None without feedback."""
        if not self.decoder.feedback:
            return None
        found = [logits.argmax(axis=-1).astype(np.uint8) for _, logits in self._logits(tokens, z)]
        return np.concatenate([np.zeros((0, *tokens.shape[1:]), np.uint8), *found])

    def _logits(self, tokens: Tokens, z: NDArray[np.float32]) -> Iterator[tuple[Tokens, NDArray[np.float64]]]:
        """Give phrases in batches, each with the logits of its cells."""
        self.architecture.check_tokens(tokens)
        self.architecture.check_codes(z)
        if len(tokens) != len(z):
            raise ModelError(f"{len(tokens)} phrases and {len(z)} codes; a code for each phrase is needed.")
        for phrases, codes in zip(_batches(tokens), _batches(z), strict=True):
            inputs = [_padded(codes), _padded(phrases.astype("int32"))]
            yield phrases, self.compiled_calls.logits.predict_on_batch(inputs)[: len(codes)].astype(np.float64)


class Call(keras.Model):
    """A function of a layer, as a model of its own: that is how Keras compiles for every backend."""

    def __init__(self, layer: Any, function: Any) -> None:
        # Its inputs stay as they are: noise is added to logits, which are float32 in mixed precision too.
        super().__init__(autocast=False)
        self.layer, self.function = layer, function

    def call(self, inputs: Any) -> Any:
        """Compute the function of these inputs."""
        return self.function(*inputs)


def _batches(array: NDArray[Any]) -> list[NDArray[Any]]:
    return [array[start : start + BATCH] for start in range(0, len(array), BATCH)]


def _padded(batch: NDArray[Any]) -> NDArray[Any]:
    """Fill up the last batch, so that two shapes are ever compiled."""
    size = BATCH if len(batch) > SMALL_BATCH else SMALL_BATCH
    return np.concatenate([batch, np.zeros((size - len(batch), *batch.shape[1:]), batch.dtype)])


def kl_nats(mean: Any, log_var: Any) -> Any:
    """Compute KL(N(mean, exp(log_var)) || N(0, 1)) of each dimension, in nats; works on NumPy arrays too."""
    return 0.5 * (ops.square(mean) + ops.exp(log_var) - 1.0 - log_var)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _losses(logs: Any) -> dict[str, float]:
    return {name: float(logs[name]) for name in LOSSES}
