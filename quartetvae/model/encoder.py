"""The encoders: phrases to the parameters of their posterior."""

from typing import Any

import keras
from keras import ops

from quartetvae.codec import PARTS
from quartetvae.model.architecture import Architecture
from quartetvae.model.layers import RecurrentStack, TokenEmbedding


class Pooling(keras.layers.Layer):
    """What is kept of a recurrent stack's outputs (batch, steps, width), and of its inputs.

    `last`: the final states. `full`: those, the mean over steps, and a dense layer over all inputs, which keeps what
    happened where without passing through the recurrence.
    """

    def __init__(self, kind: str, stack: RecurrentStack, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.stack = kind, stack
        if kind == "full":
            self.direct = keras.layers.Dense(256, activation="gelu", name="direct")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The stack's pooled outputs, (batch, features)."""
        outputs = self.stack(inputs, training=training)
        last = self.stack.last(outputs)
        if self.kind == "last":
            return last
        flat = ops.reshape(inputs, (-1, inputs.shape[1] * inputs.shape[2]))
        return ops.concatenate([last, ops.mean(outputs, axis=1), self.direct(flat)], axis=-1)


class Encoder(keras.Model):
    """Tokens (batch, steps, 4) to `mean` and `log_var`, each (batch, latent_dim).

    An embedding for each part and symbol, side by side at each step, then a recurrent stack, pooled; two affine maps.
    `log_var` is the natural logarithm of the variance. With `segments` above 1 the stack reads each segment of the
    phrase by itself, and a second one reads the segments.
    """

    def __init__(self, architecture: Architecture, *, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        network = architecture.network
        self.steps, self.segments = architecture.steps, architecture.segments
        self.width = len(PARTS) * network.embedding_dim
        self.embedding = TokenEmbedding(architecture.grid.alphabet.size, network.embedding_dim, name="embedding")

        def pooled(name: str, steps: int, seed: int) -> Pooling:
            stack = RecurrentStack(
                network.cell,
                network.encoder_units,
                network.encoder_layers,
                steps=steps,
                dropout=network.dropout,
                bidirectional=network.bidirectional,
                seed=seed,
                name=f"{name}_stack",
            )
            return Pooling(network.pooling, stack, name=name)

        self.lower = pooled("steps", self.steps // self.segments, seed)
        self.upper = pooled("segments", self.segments, seed + 100) if self.segments > 1 else None
        self.mean = keras.layers.Dense(network.latent_dim, name="mean", dtype="float32")
        self.log_var = keras.layers.Dense(network.latent_dim, name="log_var", dtype="float32")

    def call(self, tokens: Any, training: bool = False) -> tuple[Any, Any]:
        """Posterior of each phrase."""
        steps = self.steps // self.segments
        embedded = ops.reshape(self.embedding(tokens), (-1, steps, self.width))
        state = self.lower(embedded, training=training)
        if self.upper is not None:
            state = self.upper(ops.reshape(state, (-1, self.segments, state.shape[-1])), training=training)
        return self.mean(state), self.log_var(state)
