"""The decoders: latent codes to the symbols of a phrase."""

from typing import Any

import keras
from keras import ops

from quartetvae.codec import PARTS
from quartetvae.model.architecture import Architecture
from quartetvae.model.layers import RecurrentStack


class FlatDecoder(keras.Model):
    """The paper's decoder: z (batch, latent_dim) to logits (batch, steps, 4, symbols).

    z repeated at each step, a recurrent stack, one affine map per part. No step index, no feedback of what was chosen,
    no coupling between the parts: each cell is independent of the others given z.
    """

    def __init__(self, architecture: Architecture, *, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        network = architecture.network
        self.steps, self.symbols = architecture.steps, architecture.grid.alphabet.size
        self.repeat = keras.layers.RepeatVector(self.steps, name="repeat")
        self.recurrent = RecurrentStack(
            network.cell,
            network.units,
            network.layers,
            dropout=network.dropout,
            return_sequences=True,
            seed=seed,
            name="recurrent",
        )
        # One matrix for the four parts' affine maps: the same function as four layers, in one product.
        self.heads = keras.layers.Dense(len(PARTS) * self.symbols, name="heads")

    def call(self, z: Any, training: bool = False) -> Any:
        """Logits of every cell."""
        states = self.recurrent(self.repeat(z), training=training)
        return ops.reshape(self.heads(states), (-1, self.steps, len(PARTS), self.symbols))


DECODERS = {"flat": FlatDecoder}
"""By their name in params.yaml, `model.decoder`."""
