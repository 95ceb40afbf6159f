"""Layers that encoder and decoders share."""

from typing import Any

import keras
from keras import ops

from quartetvae.codec import PARTS

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
STATES = {"lstm": 2, "gru": 1}
"""State vectors of a cell."""


@keras.saving.register_keras_serializable("quartetvae")
class TokenEmbedding(keras.layers.Layer):
    """An embedding for each part and symbol: tokens (..., 4) to vectors (..., 4, dim)."""

    def __init__(self, symbols: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.symbols, self.dim = symbols, dim
        self.table = keras.layers.Embedding(len(PARTS) * symbols, dim, name="table")

    def call(self, tokens: Any) -> Any:
        """Look the tokens up."""
        return self.table(ops.cast(tokens, "int32") + self.symbols * ops.arange(len(PARTS), dtype="int32"))

    def of_part(self, tokens: Any, part: int) -> Any:
        """The vectors (..., dim) of tokens (...) of one part."""
        return self.table(tokens + self.symbols * part)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "symbols": self.symbols, "dim": self.dim}


@keras.saving.register_keras_serializable("quartetvae")
class RecurrentStack(keras.layers.Layer):
    """Recurrent layers on top of each other with dropout between them.

    Input shape (batch, steps, features), output (batch, steps, width); width is `units`, or twice that when
    `bidirectional`. Short sequences are unrolled, which is faster on every device and lets XLA compile them.
    """

    UNROLLED = 64
    """Steps up to which a sequence is unrolled."""

    def __init__(
        self,
        cell: str,
        units: int,
        depth: int,
        *,
        steps: int,
        dropout: float,
        bidirectional: bool = False,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = {
            **{"cell": cell, "units": units, "depth": depth, "steps": steps, "dropout": dropout},
            **{"bidirectional": bidirectional, "seed": seed},
        }
        self.bidirectional, self.states = bidirectional, STATES[cell]
        self.recurrent = []
        for level in range(depth):
            # Names of our own: Keras' would depend on what was built before, and so would the saved bytes.
            name = f"{cell}_{level}"
            layer = CELLS[cell](units, return_sequences=True, unroll=steps <= self.UNROLLED, use_cudnn=False, name=name)
            self.recurrent.append(
                keras.layers.Bidirectional(layer, name=f"bidirectional_{name}") if bidirectional else layer
            )
        self.dropouts = [
            keras.layers.Dropout(dropout, seed=seed + level, name=f"dropout_{level}") for level in range(depth - 1)
        ]

    def call(self, inputs: Any, initial: Any = None, training: bool = False) -> Any:
        """Run the stack from zero states or from `initial`, a list for each layer; dropout acts in training only."""
        outputs = inputs
        for level, layer in enumerate(self.recurrent):
            if level:
                outputs = self.dropouts[level - 1](outputs, training=training)
            outputs = layer(outputs, initial_state=None if initial is None else initial[level])
        return outputs

    def step(self, inputs: Any, states: Any) -> tuple[Any, Any]:
        """One step outside training: inputs (batch, features) and states as `initial`; output and new states."""
        following = []
        for layer, before in zip(self.recurrent, states, strict=True):
            inputs, after = layer.cell(inputs, before, training=False)
            following.append(list(after) if isinstance(after, list | tuple) else [after])
        return inputs, following

    def last(self, outputs: Any) -> Any:
        """The last layer's final output, (batch, width), of the outputs of all steps; of both directions."""
        if not self.bidirectional:
            return outputs[:, -1]
        # The backward layer's outputs are in the order of the music: it ends at the first step.
        units = self.config["units"]
        return ops.concatenate([outputs[:, -1, :units], outputs[:, 0, units:]], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **self.config}
