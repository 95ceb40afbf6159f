"""Recurrent and other layers in NumPy.

Conventions
-----------
Arrays are float32. A recurrent layer's weights are kernel, recurrent kernel, bias and, of a GRU, the recurrent bias;
gates lie side by side in the order of `quartetvae.model.keras.layers`.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quartetvae.model.numpy.weights import Floats, Weights
from quartetvae.music.codec import Tokens

State = tuple[Floats, ...]
"""Of a recurrent layer: its output, and the memory of an LSTM; each (batch, units)."""


def dense(inputs: Floats, weights: Sequence[Floats]) -> Floats:
    """Apply a dense layer, with a bias if it has one."""
    kernel, *bias = weights
    product = inputs @ kernel
    return product + bias[0] if bias else product


def _sigmoid(x: Floats) -> Floats:
    # By tanh, which does not overflow.
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5, dtype=np.float32)


WIDEST, FINENESS = 6, 4096
"""Beyond so far from 0 GELU is 0 or its input, to a float32; and entries of the table for each unit up to there."""


@functools.cache
def _normal_shares() -> tuple[Floats, Floats]:
    """Tabulate the normal distribution's share below each entry, and by how much the next one's is larger."""
    places = np.arange(-WIDEST * FINENESS, WIDEST * FINENESS + 2) / FINENESS
    shares = np.array([0.5 * math.erfc(-place / math.sqrt(2.0)) for place in places.tolist()])
    return shares[:-1].astype(np.float32), np.diff(shares).astype(np.float32)


def gelu(x: Floats) -> Floats:
    """Apply GELU (Hendrycks & Gimpel 2016), as a layer's activation does.

    By a table, right to 1.3e-7 of the input: NumPy has no error function, and SciPy, which has, is larger than all else
    that the base package needs.
    """
    shares, steps = _normal_shares()
    # A power of two, so that the products are exact.
    at = np.clip(x, -WIDEST, WIDEST) * np.float32(FINENESS)
    below = np.floor(at)
    entry = below.astype(np.intp) + WIDEST * FINENESS
    return np.asarray(x * (shares[entry] + (at - below) * steps[entry]), dtype=np.float32)


def gelu_by_tanh(x: Floats) -> Floats:
    """Apply its approximation by tanh: what `keras.ops.gelu` gives, and a layer's activation does not."""
    # A product, since a power is far slower.
    inner = np.float32(np.sqrt(2.0 / np.pi)) * (x + np.float32(0.044715) * (x * x * x))
    return np.asarray(0.5 * x * (1.0 + np.tanh(inner)), dtype=np.float32)


def _lstm(projected: Floats, state: State, weights: Sequence[Floats]) -> State:
    output, memory = state
    gates = projected + output @ weights[1]
    units = output.shape[-1]
    write, keep, show = np.split(_sigmoid(gates[:, : 3 * units]), 3, axis=-1)
    memory = keep * memory + write * np.tanh(gates[:, 3 * units :])
    return show * np.tanh(memory), memory


def _gru(projected: Floats, state: State, weights: Sequence[Floats]) -> State:
    (output,) = state
    units = output.shape[-1]
    inner = output @ weights[1]
    update, reset = np.split(_sigmoid(projected[:, : 2 * units] + inner[:, : 2 * units]), 2, axis=-1)
    candidate = np.tanh(projected[:, 2 * units :] + reset * (inner[:, 2 * units :] + weights[3]))
    return (candidate + update * (output - candidate),)


CELLS = {"lstm": (_lstm, 2), "gru": (_gru, 1)}
"""By `model.cell`: one step, and how many arrays its state has."""


@dataclass(frozen=True)
class Stack:
    """Recurrent layers on top of each other."""

    cell: str
    forwards: list[list[Floats]]
    backwards: list[list[Floats]]

    @classmethod
    def from_weights(
        cls, weights: Weights, cell: str, units: int, depth: int, *, bidirectional: bool = False
    ) -> "Stack":
        """Build the stack whose weights are these."""
        directions = [
            weights.below(direction).layers(cell, depth) for direction in ("forwards", "backwards")[: 1 + bidirectional]
        ]
        if found := {len(layer[1]) for direction in directions for layer in direction} - {units}:
            raise ValueError(f"layers of {', '.join(map(str, found))} units, not {units}")
        return cls(cell, directions[0], directions[1] if bidirectional else [])

    def run(self, inputs: Floats, initial: Sequence[State] | None = None) -> Floats:
        """Compute all outputs of the last layer, (batch, steps, width), of inputs (batch, steps, features)."""
        for level, forward in enumerate(self.forwards):
            directions = [self._over_time(inputs, forward, None if initial is None else initial[level])]
            for backward in self.backwards[level : level + 1]:
                directions.append(self._over_time(inputs[:, ::-1], backward, None)[:, ::-1])
            inputs = np.concatenate(directions, axis=-1)
        return inputs

    def _over_time(self, inputs: Floats, weights: list[Floats], state: State | None) -> Floats:
        advance, states = CELLS[self.cell]
        if state is None:
            state = (np.zeros((len(inputs), len(weights[1])), np.float32),) * states
        projected = inputs @ weights[0] + weights[2]
        outputs = []
        for step in range(inputs.shape[1]):
            state = advance(projected[:, step], state, weights)
            outputs.append(state[0])
        return np.stack(outputs, axis=1)

    def step(self, inputs: Floats, states: Sequence[State]) -> tuple[Floats, list[State]]:
        """Compute the output after one step of inputs (batch, features), and the new states."""
        advance, _ = CELLS[self.cell]
        following = []
        for weights, state in zip(self.forwards, states, strict=True):
            following.append(advance(inputs @ weights[0] + weights[2], state, weights))
            inputs = following[-1][0]
        return inputs, following


def last_state(outputs: Floats, *, bidirectional: bool) -> Floats:
    """Take the final output of each direction, (batch, width), of all outputs (batch, steps, width)."""
    if not bidirectional:
        return outputs[:, -1]
    units = outputs.shape[-1] // 2
    return np.concatenate([outputs[:, -1, :units], outputs[:, 0, units:]], axis=-1)


def embed(tokens: Tokens, table: Floats, apart: int) -> Floats:
    """Turn tokens (..., columns) into vectors (..., columns, dim); rows of columns lie so far `apart` in the table."""
    return np.asarray(table[tokens.astype(np.int64) + apart * np.arange(tokens.shape[-1])])
