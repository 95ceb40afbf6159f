"""A decoder that knows how sure its code is: the published one, trained further on codes with noise in them.

Conventions
-----------
A code with a share `t` of noise, 0..1, is (1 - t) z + t e, with z a sample of a phrase's posterior and e standard
normal: at 0 it is the phrase's own, at 1 it says nothing. The mean of two phrases' codes is to either of them what a
code with t = 0.5 is to its own. The decoder is told t by what a small network of t adds to the code, nothing before it
is trained. The encoder stays as it is.

The loss is the reconstruction's cross-entropy, in nats per phrase, the mean over the batch.
"""

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.latent import codes
from quartetvae.model.autoencoder import Codes
from quartetvae.model.keras.network import Network, cell_nats, seeded
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.music.codec import Tokens

CERTAIN = 0.25
"""The share of training phrases whose codes have no noise; of the others it is uniform, 0..1."""

TOLD_UNITS = 32


class NoisedDecoder(Network):
    """The decoder of an autoencoder, which is trained here, and what tells it of the noise."""

    def __init__(self, vae: QuartetVAE, *, seed: int = 0) -> None:
        with seeded(seed):
            super().__init__(name="noised")
            self.architecture, self.decoder = vae.architecture, vae.decoder
            self.hidden = keras.layers.Dense(TOLD_UNITS, activation="gelu", name="hidden")
            latent_dim = vae.architecture.network.latent_dim
            self.told = keras.layers.Dense(latent_dim, kernel_initializer="zeros", name="told")
            # Kept from Keras' eyes: the encoder is none of the weights that are trained.
            self.kept = SimpleNamespace(vae=vae, rng=np.random.default_rng(seed))
            tokens = np.zeros((1, vae.architecture.steps, vae.architecture.columns), np.uint8)
            self(_inputs(tokens, np.zeros((1, latent_dim), np.float32), np.zeros(1, np.float32)))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the nats of each phrase given its code, (batch,)."""
        tokens = inputs["tokens"]
        logits = self.decoder(self.informed(inputs["z"], inputs["noise"]), tokens, training=training)
        return ops.sum(cell_nats(tokens, logits), axis=(1, 2))

    def informed(self, z: Any, noise: Any) -> Any:
        """Tell codes (batch, latent_dim) their share of noise, (batch, 1)."""
        return z + self.told(self.hidden(noise))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Compute the mean over the batch."""
        return ops.mean(y_pred)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Compute the loss, which is all that a step of training or testing gives."""
        return {"loss": self.compute_loss(x, y, y_pred)}

    def prepare(self, train: config.Fitting, steps: int) -> None:
        """Make ready for a training of so many steps of the optimizer."""
        self.optimise(train, steps)

    def reseed(self, *numbers: int) -> None:
        """Set the generators that draw codes and noise, and what the decoder is not shown."""
        self.kept.rng = np.random.default_rng(numbers)
        self.kept.vae.reseed(*numbers)

    def train_batch(self, tokens: Tokens, step: int) -> dict[str, float]:
        """Take one step of the optimizer on phrases, with noise in their codes; gives the loss."""
        return {"loss": float(self.train_on_batch(self._drawn(tokens), return_dict=True)["loss"])}

    def test_batch(self, tokens: Tokens) -> dict[str, float]:
        """Compute the loss of phrases, with noise in their codes."""
        return {"loss": float(self.test_on_batch(self._drawn(tokens), return_dict=True)["loss"])}

    def _drawn(self, tokens: Tokens) -> dict[str, Any]:
        rng = self.kept.rng
        z = codes.encode(self.kept.vae, tokens, decode="sample", rng=rng)
        noise = np.where(rng.random(len(z)) < CERTAIN, 0.0, rng.random(len(z))).astype(np.float32)
        return _inputs(tokens, with_noise(z, noise, rng), noise)

    def decode(self, z: Codes, noise: float, *, temperature: float = 1.0, seed: int = 0) -> Tokens:
        """Decode codes (codes, latent_dim) as if so much of them were noise, as `QuartetVAE.decode` does."""
        decoded: Tokens = self.kept.vae.decode(self._informed(z, noise), temperature=temperature, seed=seed)
        return decoded

    def nats(self, tokens: Tokens, z: Codes, noise: float) -> NDArray[np.float64]:
        """Compute the cross-entropy of phrases given codes with so much noise in them: nats, (phrases,)."""
        found: NDArray[np.float64] = self.kept.vae.reconstruction(tokens, self._informed(z, noise))
        return found

    def _informed(self, z: Codes, noise: float) -> Codes:
        return np.asarray(self.informed(z, np.full((len(z), 1), noise, np.float32)))


def with_noise(z: Codes, noise: NDArray[np.float32], rng: np.random.Generator) -> Codes:
    """Put a share of noise, (codes,), into codes (codes, latent_dim)."""
    share = noise[:, np.newaxis]
    return np.asarray((1 - share) * z + share * rng.standard_normal(z.shape, dtype=np.float32))


def _inputs(tokens: Tokens, z: Codes, noise: NDArray[np.float32]) -> dict[str, Any]:
    return {"tokens": tokens.astype("int32"), "z": z, "noise": noise[:, np.newaxis]}
