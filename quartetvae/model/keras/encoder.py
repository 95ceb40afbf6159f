"""The encoders: phrases to the parameters of their posterior."""

from typing import Any

import keras
from keras import ops

from quartetvae.model.architecture import Architecture
from quartetvae.model.keras.layers import RecurrentStack, Summary, TokenEmbedding


class Encoder(keras.Model):
    """Tokens (batch, steps, columns) to `mean` and `log_var`, each (batch, latent_dim).

    Embeddings of the symbols, side by side at each step, then a recurrent stack; two affine maps of what
    is kept of it. `log_var` is the natural logarithm of the variance. With `segments` above 1 the stack reads each
    segment of the phrase by itself, and a second one reads the segments; each segment then gives its share of the
    dimensions.
    """

    def __init__(self, architecture: Architecture, *, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        network = architecture.network
        self.steps, self.segments = architecture.steps, architecture.segments
        self.latent_dim = network.latent_dim
        self.width = architecture.columns * network.embedding_dim
        self.embedding = TokenEmbedding(
            architecture.columns, architecture.symbols, network.embedding_dim, by=network.symbols, name="embedding"
        )

        stack: dict[str, Any] = {
            **{"cell": network.cell, "units": network.encoder_units, "depth": network.encoder_layers},
            **{"dropout": network.dropout, "bidirectional": network.bidirectional},
        }
        lower = {**stack, "steps": self.steps // self.segments, "seed": seed}
        self.lower = Summary(network.pooling, "steps", lower)
        upper = {**stack, "steps": self.segments, "seed": seed + 100}
        self.upper = RecurrentStack(**upper, name="segments") if self.segments > 1 else None
        share = network.latent_dim // self.segments
        self.mean = keras.layers.Dense(share, name="mean", dtype="float32")
        self.log_var = keras.layers.Dense(share, name="log_var", dtype="float32")

    def call(self, tokens: Any, training: bool = False) -> tuple[Any, Any]:
        """Compute the posterior of each phrase."""
        steps = self.steps // self.segments
        embedded = ops.reshape(self.embedding(tokens), (-1, steps, self.width))
        state = self.lower(embedded, training=training)
        if self.upper is not None:
            state = ops.reshape(state, (-1, self.segments, state.shape[-1]))
            state = ops.concatenate([state, self.upper(state, training=training)], axis=-1)
        return tuple(ops.reshape(layer(state), (-1, self.latent_dim)) for layer in (self.mean, self.log_var))
