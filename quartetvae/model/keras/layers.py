"""Layers that encoder and decoders share.

The recurrent layers are our own, for speed: Keras' multiply the input by its kernel at every step. Here that is one
product for several steps (in the first layer for all), and a single one where the input is the same at every step
(`benchmarks/training.py` compares). Their arithmetic and initial weights are Keras'.
"""

from typing import Any

import keras
from keras import ops

from quartetvae.config import Cell, Pooling, Symbols
from quartetvae.errors import check_mode
from quartetvae.model.architecture import DIRECT_UNITS, STEP_UNITS

CHUNK = 4
"""Steps of a phrase that a layer hands on together, so that the next one can begin before it has ended."""

UNROLLED = 64
"""Steps up to which a loop over time is unrolled; longer ones would take long to compile."""


@keras.saving.register_keras_serializable("quartetvae")
class TokenEmbedding(keras.layers.Layer):
    """An embedding for each symbol, or for each column and symbol: tokens (..., columns) to (..., columns, dim).

    `apart` is how far the rows of one column lie from those of the next one: 0 where all columns share them.
    """

    def __init__(self, columns: int, symbols: int, dim: int, *, by: Symbols = "by_column", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns, self.symbols, self.dim, self.by = columns, symbols, dim, by
        self.apart = symbols if by == "by_column" else 0
        self.table = keras.layers.Embedding((columns if self.apart else 1) * symbols, dim, name="table")

    def call(self, tokens: Any) -> Any:
        """Look the tokens up."""
        return self.table(ops.cast(tokens, "int32") + self.apart * ops.arange(self.columns, dtype="int32"))

    def of_column(self, tokens: Any, column: int) -> Any:
        """Look up the vectors (..., dim) of tokens (...) of one column."""
        return self.table(tokens + self.apart * column)

    def get_config(self) -> dict[str, Any]:
        """List the constructor's arguments."""
        own = {"columns": self.columns, "symbols": self.symbols, "dim": self.dim, "by": self.by}
        return {**super().get_config(), **own}


def joined(chunks: list[Any]) -> Any:
    """Join a phrase in chunks (batch, some, features) to one array."""
    return chunks[0] if len(chunks) == 1 else ops.concatenate(chunks, axis=1)


class Recurrent(keras.layers.Layer):
    """One recurrent layer in one direction: (batch, steps, features) to all outputs, (batch, steps, units).

    `steps` says how many; an input with one step is the same at every step. States are a list of (batch, units).
    """

    GATES = 0
    STATES = 0

    def __init__(self, units: int, steps: int, *, backwards: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.steps, self.backwards = units, steps, backwards

    def build(self, shape: Any) -> None:
        """Make the weights."""
        width = self.GATES * self.units
        self.kernel = self.add_weight((shape[-1], width), "glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, width), "orthogonal", name="recurrent_kernel")
        self.bias = self.add_weight((width,), self.initial_bias, name="bias")

    def initial_bias(self, shape: Any, dtype: Any = None) -> Any:
        """Make zeros."""
        return ops.zeros(shape, dtype)

    def call(self, inputs: Any, initial: Any = None) -> Any:
        """Run over time from zero states or from `initial`; backwards too, outputs are in the order of the music."""
        return joined(self.run([inputs], initial))

    def run(self, chunks: list[Any], initial: Any = None) -> list[Any]:
        """Do the same for a phrase in chunks of some steps, to chunks of the outputs."""
        given = sum(chunk.shape[1] for chunk in chunks)
        if given not in (1, self.steps):
            raise ValueError(f"{given} steps found; 1 or {self.steps} are needed.")
        projected = [self._project(chunk) for chunk in chunks]
        batch = ops.shape(projected[0])[0]
        if initial is None:
            initial = [ops.zeros((batch, self.units), projected[0].dtype) for _ in range(self.STATES)]
        if self.steps > UNROLLED:
            return [
                self._scan(ops.broadcast_to(joined(projected), (batch, self.steps, projected[0].shape[-1])), initial)
            ]
        # Unstacked at once: the gradient of a slice is a whole array of zeros around it, for every step.
        by_step = [step for chunk in projected for step in ops.unstack(chunk, chunk.shape[1], axis=1)]
        by_step *= self.steps // given
        states, outputs = initial, []
        for now in by_step[::-1] if self.backwards else by_step:
            states = self.advance(now, states)
            outputs.append(states[0])
        if self.backwards:
            outputs.reverse()
        return [ops.stack(outputs[first : first + CHUNK], axis=1) for first in range(0, self.steps, CHUNK)]

    def _scan(self, projected: Any, initial: Any) -> Any:
        # Keras' scan under TensorFlow can only stack what has the form of the carry.
        def body(states: Any, now: Any) -> Any:
            states = self.advance(now, states)
            return states, states

        _, outputs = ops.scan(body, initial, ops.swapaxes(projected, 0, 1), reverse=self.backwards)
        return ops.swapaxes(outputs[0], 0, 1)

    def step(self, inputs: Any, states: Any) -> Any:
        """Compute the states after one step with inputs (batch, features); the first of them is the output."""
        return self.advance(self._project(inputs), states)

    def _project(self, inputs: Any) -> Any:
        return ops.matmul(self.ready(inputs), self.ready(self.kernel)) + self.ready(self.bias)

    def ready(self, array: Any) -> Any:
        """Cast an input or weight: a call does so in mixed precision, but `run` and `step` go past it."""
        return ops.cast(array, self.compute_dtype)

    def advance(self, projected: Any, states: Any) -> Any:
        """Compute the states after one step whose input is projected, (batch, gates * units)."""
        raise NotImplementedError  # each kind of cell has its own; this class is none

    def get_config(self) -> dict[str, Any]:
        """List the constructor's arguments."""
        return {**super().get_config(), "units": self.units, "steps": self.steps, "backwards": self.backwards}


@keras.saving.register_keras_serializable("quartetvae")
class LSTM(Recurrent):
    """Hochreiter & Schmidhuber (1997) with forget gates, whose bias begins at 1 (Jozefowicz et al. 2015)."""

    GATES, STATES = 4, 2

    def initial_bias(self, shape: Any, dtype: Any = None) -> Any:
        """Make ones for the forget gate."""
        return ops.concatenate(
            [ops.zeros(self.units, dtype), ops.ones(self.units, dtype), ops.zeros(2 * self.units, dtype)]
        )

    def advance(self, projected: Any, states: Any) -> Any:
        """Take a step; gates are in the order input, forget, output, candidate: those squashed alike side by side."""
        output, memory = states
        gates = projected + ops.matmul(output, self.ready(self.recurrent_kernel))
        inner, candidate = ops.split(gates, [3 * self.units], axis=-1)
        write, keep, show = ops.split(ops.sigmoid(inner), 3, axis=-1)
        memory = keep * memory + write * ops.tanh(candidate)
        return [show * ops.tanh(memory), memory]


@keras.saving.register_keras_serializable("quartetvae")
class GRU(Recurrent):
    """Cho et al. (2014), the reset gate after the product with the state, which then has a bias of its own."""

    GATES, STATES = 3, 1

    def build(self, shape: Any) -> None:
        """Make the weights."""
        super().build(shape)
        self.recurrent_bias = self.add_weight((self.units,), "zeros", name="recurrent_bias")

    def advance(self, projected: Any, states: Any) -> Any:
        """Take a step; gates are in the order update, reset, candidate."""
        (state,) = states
        inner = ops.matmul(state, self.ready(self.recurrent_kernel))
        given, own = (ops.split(array, [2 * self.units], axis=-1) for array in (projected, inner))
        update, reset = ops.split(ops.sigmoid(given[0] + own[0]), 2, axis=-1)
        candidate = ops.tanh(given[1] + reset * (own[1] + self.ready(self.recurrent_bias)))
        return [candidate + update * (state - candidate)]


CELLS = {"lstm": LSTM, "gru": GRU}


@keras.saving.register_keras_serializable("quartetvae")
class RecurrentStack(keras.layers.Layer):
    """Recurrent layers on top of each other with dropout between them.

    Input shape (batch, steps, features), or (batch, 1, features) for one that is the same at every step; output (batch,
    steps, width); width is `units`, or twice that when `bidirectional`.
    """

    def __init__(
        self,
        cell: Cell,
        units: int,
        depth: int,
        *,
        steps: int,
        dropout: float,
        bidirectional: bool = False,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        check_mode("cell", cell, Cell)
        super().__init__(**kwargs)
        self.config = {
            **{"cell": cell, "units": units, "depth": depth, "steps": steps, "dropout": dropout},
            **{"bidirectional": bidirectional, "seed": seed},
        }
        self.states = CELLS[cell].STATES
        # Names of our own: Keras' would depend on what was built before, and so would the saved bytes.
        self.forwards = [CELLS[cell](units, steps, name=f"{cell}_{level}") for level in range(depth)]
        self.backwards = [
            CELLS[cell](units, steps, backwards=True, name=f"{cell}_{level}_backwards")
            for level in range(depth if bidirectional else 0)
        ]
        self.dropouts = [
            keras.layers.Dropout(dropout, seed=seed + level, name=f"dropout_{level}") for level in range(depth - 1)
        ]

    def build(self, shape: Any) -> None:
        """Make the weights of the layers."""
        for level, layer in enumerate(self.forwards):
            directions = (layer, *self.backwards[level : level + 1])
            for direction in directions:
                direction.build(shape)
            shape = (*shape[:-1], len(directions) * layer.units)

    def call(self, inputs: Any, initial: Any = None, training: bool = False) -> Any:
        """Run the stack from zero states or from `initial`, a list for each layer; dropout acts in training only."""
        chunks = [inputs]
        for level, layer in enumerate(self.forwards):
            if level:
                chunks = [self.dropouts[level - 1](chunk, training=training) for chunk in chunks]
            directions = [layer.run(chunks, None if initial is None else initial[level])]
            directions += [layer.run(chunks) for layer in self.backwards[level : level + 1]]
            chunks = (
                directions[0]
                if len(directions) == 1
                else [ops.concatenate(both, axis=-1) for both in zip(*directions, strict=True)]
            )
        return joined(chunks)

    def step(self, inputs: Any, states: Any) -> tuple[Any, Any]:
        """Take one step outside training: inputs (batch, features) and states as `initial`; output and new states."""
        following = []
        for layer, before in zip(self.forwards, states, strict=True):
            following.append(layer.step(inputs, before))
            inputs = following[-1][0]
        return inputs, following

    def last(self, outputs: Any) -> Any:
        """Take the last layer's final output, (batch, width), of the outputs of all steps; of both directions."""
        if not self.backwards:
            return outputs[:, -1]
        # The backward layer ends at the first step.
        units = self.config["units"]
        return ops.concatenate([outputs[:, -1, :units], outputs[:, 0, units:]], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """List the constructor's arguments."""
        return {**super().get_config(), **self.config}


@keras.saving.register_keras_serializable("quartetvae")
class Summary(keras.layers.Layer):
    """A recurrent stack and what is kept of it: (batch, steps, features) to (batch, kept).

    `last`: the final states. `full`: those, the mean over steps, and a dense layer over all inputs, which keeps what
    happened where without passing through the recurrence. `dense`: no recurrence, but a dense layer over each step, the
    same for all, and one over all of these: for short segments. `stack` are the arguments of `RecurrentStack`.
    """

    def __init__(self, pooling: Pooling, name: str, stack: dict[str, Any], **kwargs: Any) -> None:
        check_mode("pooling", pooling, Pooling)
        super().__init__(name=name, **kwargs)
        self.pooling, self.config = pooling, stack
        if pooling != "dense":
            self.stack = RecurrentStack(**stack, name="stack")
        if pooling != "last":
            self.direct = keras.layers.Dense(DIRECT_UNITS, activation="gelu", name="direct")
        if pooling == "dense":
            self.by_step = keras.layers.Dense(STEP_UNITS, activation="gelu", name="by_step")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Read, and keep."""
        if self.pooling == "dense":
            hidden = self.by_step(inputs)
            return self.direct(ops.reshape(hidden, (-1, hidden.shape[1] * hidden.shape[2])))
        outputs = self.stack(inputs, training=training)
        last = self.stack.last(outputs)
        if self.pooling == "last":
            return last
        flat = ops.reshape(inputs, (-1, inputs.shape[1] * inputs.shape[2]))
        return ops.concatenate([last, ops.mean(outputs, axis=1), self.direct(flat)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """List the constructor's arguments."""
        return {**super().get_config(), "pooling": self.pooling, "stack": self.config}
