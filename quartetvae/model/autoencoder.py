"""What is asked of a model: to encode phrases and to decode codes; and what it is trained by.

Conventions
-----------
Phrases are uint8, (phrases, steps, columns); a code z is float32, (latent_dim,). All methods raise `ModelError` for
phrases or codes of another shape than the architecture's.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import ModelError
from quartetvae.model.architecture import Architecture
from quartetvae.music.codec import Tokens

Codes = NDArray[np.float32]

LOSSES = ("loss", "reconstruction", "kl")
"""What a batch of training or testing gives, in nats per phrase; see `quartetvae.model.keras.vae`."""


def check_temperature(temperature: float) -> None:
    """Raise `ModelError` for a temperature below 0, or one that is no number."""
    if not temperature >= 0:
        raise ModelError(f"temperature {temperature:g}; 0 (the likeliest) or above is needed.")


class Autoencoder(Protocol):
    """A trained model."""

    architecture: Architecture

    def encode(self, tokens: Tokens) -> tuple[Codes, Codes]:
        """Give the posterior's `mean` and `log_var`, each (phrases, latent_dim)."""

    def decode(self, z: Codes, *, temperature: float = 0.0, seed: int = 0) -> Tokens:
        """Decode codes (codes, latent_dim) to tokens (codes, steps, columns), each seeing what was chosen before it.

        At temperature 0 the likeliest symbol is chosen; above, one is drawn from the softmax of the logits divided by
        it. Raises `ModelError` below.
        """

    def reconstruction(self, tokens: Tokens, z: Codes) -> NDArray[np.float64]:
        """Give the cross-entropy of phrases given their codes, summed over cells: nats, (phrases,)."""

    def teacher_forced(self, tokens: Tokens, z: Codes) -> Tokens | None:
        """Give the likeliest token of each cell given the code and the true cells before; None without feedback."""
