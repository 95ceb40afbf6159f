"""The encoder: phrases to the parameters of their posterior."""

from typing import Any

import keras
from keras import ops

from quartetvae.codec import PARTS
from quartetvae.model.architecture import Architecture
from quartetvae.model.layers import RecurrentStack


class Encoder(keras.Model):
    """Tokens (batch, steps, 4) to `mean` and `log_var`, each (batch, latent_dim).

    An embedding for each part and symbol, side by side at each step, then the recurrent stack; two affine maps of its
    final output. `log_var` is the natural logarithm of the variance.
    """

    def __init__(self, architecture: Architecture, *, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        network = architecture.network
        self.symbols = architecture.grid.alphabet.size
        self.steps = architecture.steps
        self.width = len(PARTS) * network.embedding_dim
        self.embedding = keras.layers.Embedding(len(PARTS) * self.symbols, network.embedding_dim, name="embedding")
        self.recurrent = RecurrentStack(
            network.cell,
            network.units,
            network.layers,
            dropout=network.dropout,
            bidirectional=network.bidirectional,
            seed=seed,
            name="recurrent",
        )
        self.mean = keras.layers.Dense(network.latent_dim, name="mean")
        self.log_var = keras.layers.Dense(network.latent_dim, name="log_var")

    def call(self, tokens: Any, training: bool = False) -> tuple[Any, Any]:
        """Posterior of each phrase."""
        rows = ops.cast(tokens, "int32") + self.symbols * ops.arange(len(PARTS), dtype="int32")
        embedded = ops.reshape(self.embedding(rows), (-1, self.steps, self.width))
        state = self.recurrent(embedded, training=training)
        return self.mean(state), self.log_var(state)
