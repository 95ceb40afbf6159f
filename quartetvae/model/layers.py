"""Layers that encoder and decoders share."""

from typing import Any

import keras

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@keras.saving.register_keras_serializable("quartetvae")
class RecurrentStack(keras.layers.Layer):
    """Recurrent layers on top of each other with dropout between them.

    Input shape (batch, steps, features). Output (batch, steps, width) with `return_sequences`, else the last layer's
    final output, (batch, width); width is `units`, or twice that when `bidirectional`.
    """

    def __init__(
        self,
        cell: str,
        units: int,
        depth: int,
        *,
        dropout: float,
        bidirectional: bool = False,
        return_sequences: bool = False,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = {
            **{"cell": cell, "units": units, "depth": depth, "dropout": dropout},
            **{"bidirectional": bidirectional, "return_sequences": return_sequences, "seed": seed},
        }
        self.recurrent = []
        for level in range(depth):
            # Names of our own: Keras' would depend on what was built before, and so would the saved bytes.
            name = f"{cell}_{level}"
            layer = CELLS[cell](units, return_sequences=return_sequences or level < depth - 1, name=name)
            self.recurrent.append(
                keras.layers.Bidirectional(layer, name=f"bidirectional_{name}") if bidirectional else layer
            )
        self.dropouts = [
            keras.layers.Dropout(dropout, seed=seed + level, name=f"dropout_{level}") for level in range(depth - 1)
        ]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Run the stack; dropout acts in training only."""
        outputs = self.recurrent[0](inputs)
        for dropout, layer in zip(self.dropouts, self.recurrent[1:], strict=True):
            outputs = layer(dropout(outputs, training=training))
        return outputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **self.config}
