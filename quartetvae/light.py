"""A trained network without Keras: encoding and decoding in NumPy, ready in a fraction of a second.

Importing a network library takes longer than decoding a movement. This is the same function of the same weights as
`quartetvae.model` outside training, written out once more; the two agree token for token but for rounding
(tests/test_light.py holds them together), draws at a temperature included.

Conventions
-----------
Arrays are float32. A recurrent layer's weights are kernel, recurrent kernel, bias and, of a GRU, the recurrent bias;
gates lie side by side in the order of `quartetvae.model.layers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, logsumexp

from quartetvae import architecture as architectures
from quartetvae.architecture import Architecture
from quartetvae.codec import PARTS, Tokens
from quartetvae.errors import ModelError

Floats = NDArray[np.float32]
State = tuple[Floats, ...]
"""Of a recurrent layer: its output, and the memory of an LSTM; each (batch, units)."""

WEIGHTS = "model.weights.h5"
Z_STEP_DIM = 64
ORDER = tuple(reversed(range(len(PARTS))))
"""Within a step the parts are chosen from the bass upwards."""

BATCH, SMALL_BATCH = 512, 64
"""Phrases for which noise is drawn together, as `quartetvae.model` does."""


class Weights:
    """The arrays of a weights file, by their place in it."""

    def __init__(self, arrays: dict[str, Floats], above: str = "") -> None:
        self.arrays, self.above = arrays, above

    def below(self, place: str) -> "Weights":
        """Those of a layer."""
        return Weights(self.arrays, f"{self.above}{place}/")

    def layer(self, place: str) -> list[Floats]:
        """The arrays of a layer in their order."""
        found: list[Floats] = []
        while (name := f"{self.above}{place}/vars/{len(found)}") in self.arrays:
            found.append(self.arrays[name])
        if not found:
            raise KeyError(f"{self.above}{place}")
        return found

    def layers(self, kind: str, count: int) -> list[list[Floats]]:
        """Those of a list of layers of one kind, which Keras numbers."""
        return [self.layer(kind if k == 0 else f"{kind}_{k}") for k in range(count)]


def _dense(inputs: Floats, weights: Sequence[Floats]) -> Floats:
    kernel, *bias = weights
    product = inputs @ kernel
    return product + bias[0] if bias else product


def _sigmoid(x: Floats) -> Floats:
    # By tanh, which does not overflow.
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5, dtype=np.float32)


def _gelu(x: Floats) -> Floats:
    return np.asarray(0.5 * x * (1.0 + erf(x / np.float32(np.sqrt(2.0)))), dtype=np.float32)


def _gelu_by_tanh(x: Floats) -> Floats:
    """Its approximation (Hendrycks & Gimpel 2016): what `keras.ops.gelu` gives, and a layer's activation does not."""
    inner = np.float32(np.sqrt(2.0 / np.pi)) * (x + np.float32(0.044715) * x**3)
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
    def of(cls, weights: Weights, cell: str, units: int, depth: int, *, bidirectional: bool = False) -> "Stack":
        """The stack whose weights are these."""
        ways = [weights.below(way).layers(cell, depth) for way in ("forwards", "backwards")[: 1 + bidirectional]]
        if found := {len(layer[1]) for way in ways for layer in way} - {units}:
            raise ValueError(f"layers of {', '.join(map(str, found))} units, not {units}")
        return cls(cell, ways[0], ways[1] if bidirectional else [])

    def run(self, inputs: Floats, initial: Sequence[State] | None = None) -> Floats:
        """All outputs of the last layer, (batch, steps, width), of inputs (batch, steps, features)."""
        for level, forward in enumerate(self.forwards):
            ways = [self._over_time(inputs, forward, None if initial is None else initial[level])]
            for backward in self.backwards[level : level + 1]:
                ways.append(self._over_time(inputs[:, ::-1], backward, None)[:, ::-1])
            inputs = np.concatenate(ways, axis=-1)
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
        """The output after one step of inputs (batch, features), and the new states."""
        advance, _ = CELLS[self.cell]
        following = []
        for weights, state in zip(self.forwards, states, strict=True):
            following.append(advance(inputs @ weights[0] + weights[2], state, weights))
            inputs = following[-1][0]
        return inputs, following


def _last(outputs: Floats, *, bidirectional: bool) -> Floats:
    if not bidirectional:
        return outputs[:, -1]
    units = outputs.shape[-1] // 2
    return np.concatenate([outputs[:, -1, :units], outputs[:, 0, units:]], axis=-1)


def _starts(z: Floats, weights: Weights, cell: str, depth: int) -> list[State]:
    """The initial states that z gives to a decoder's layers."""
    below = weights.below("layers/starts/layers")
    found = []
    for level in range(depth):
        places = below.below("container" if level == 0 else f"container_{level}")
        found.append(tuple(np.tanh(_dense(z, of)) for of in places.layers("dense", CELLS[cell][1])))
    return found


class Light:
    """A trained network: a `latent.Autoencoder` by NumPy alone."""

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        self.architecture = architecture
        self.folder: Path | None = None
        network = architecture.network
        self._network, self._symbols = network, architecture.grid.alphabet.size
        encoder, decoder = weights.below("encoder"), weights.below("decoder")
        read = partial(
            Stack.of,
            cell=network.cell,
            units=network.encoder_units,
            depth=network.encoder_layers,
            bidirectional=network.bidirectional,
        )
        write = partial(Stack.of, cell=network.cell, units=network.decoder_units, depth=network.decoder_layers)
        self._encoder, self._decoder = encoder, decoder
        self._read = read(encoder.below("layers/summary/stack"))
        self._read_segments = read(encoder.below("layers/recurrent_stack")) if architecture.segments > 1 else None
        self._below = decoder.below("below") if network.decoder == "hierarchical" else decoder
        self._write = write(self._below.below("layers/recurrent_stack"))
        self._conductor = write(decoder.below("conductor")) if network.decoder == "hierarchical" else None

    # Encoding

    def encode(self, tokens: Tokens) -> tuple[Floats, Floats]:
        """Posterior `mean` and `log_var`, each (phrases, latent_dim), of phrases (phrases, steps, 4)."""
        self._check_tokens(tokens)
        segments, network = self.architecture.segments, self._network
        (table,) = self._encoder.layer("embedding/table")
        embedded = _embedded(tokens, table, self._symbols)
        width = len(PARTS) * table.shape[1]
        inputs = embedded.reshape(len(tokens) * segments, self.architecture.steps // segments, width)
        outputs = self._read.run(inputs)
        state = _last(outputs, bidirectional=network.bidirectional)
        if network.pooling == "full":
            flat = inputs.reshape(len(inputs), inputs.shape[1] * inputs.shape[2])
            direct = _gelu(_dense(flat, self._encoder.layer("layers/summary/direct")))
            state = np.concatenate([state, outputs.mean(axis=1), direct], axis=-1)
        if self._read_segments is not None:
            state = state.reshape(len(tokens), segments, state.shape[-1])
            state = np.concatenate([state, self._read_segments.run(state)], axis=-1)
        mean, log_var = (
            _dense(state, of).reshape(len(tokens), network.latent_dim) for of in self._encoder.layers("layers/dense", 2)
        )
        return mean, log_var

    # Decoding

    def decode(self, z: Floats, *, temperature: float = 0.0, seed: int = 0) -> Tokens:
        """Tokens, uint8, (codes, steps, 4), of latent codes (codes, latent_dim).

        At temperature 0 the likeliest symbol is chosen; above, one is drawn from the softmax of the logits divided by
        it. Raises `ModelError` below, and for codes of another shape.
        """
        self._check_codes(z)
        if temperature < 0:
            raise ModelError(f"temperature {temperature:g}; 0 (the likeliest) or above is needed.")
        rng = np.random.default_rng(seed)
        steps = self.architecture.steps
        found = [np.zeros((0, steps, len(PARTS)), np.uint8)]
        for start in range(0, len(z), BATCH):
            codes = np.asarray(z[start : start + BATCH], dtype=np.float32)
            noise = np.zeros((len(codes), steps, len(PARTS), 1), np.float32)
            if temperature:
                drawn = BATCH if len(codes) > SMALL_BATCH else SMALL_BATCH
                gumbel = rng.gumbel(size=(drawn, steps, len(PARTS), self._symbols))
                noise = (temperature * gumbel[: len(codes)]).astype(np.float32)
            found.append(self._generate(codes, noise))
        return np.concatenate(found)

    def reconstruction(self, tokens: Tokens, z: Floats) -> NDArray[np.float64]:
        """Cross-entropy of phrases (phrases, steps, 4) given their codes, summed over cells: nats, (phrases,)."""
        logits = self._logits(tokens, z).astype(np.float64)
        chosen = np.take_along_axis(logits, tokens[..., None].astype(np.int64), axis=-1)[..., 0]
        return np.asarray((logsumexp(logits, axis=-1) - chosen).sum(axis=(1, 2)))

    def teacher_forced(self, tokens: Tokens, z: Floats) -> Tokens | None:
        """The likeliest token of each cell given the code and the true cells before it; None without feedback."""
        if self._network.decoder == "flat":
            return None
        return np.asarray(self._logits(tokens, z).argmax(axis=-1), dtype=np.uint8)

    def _generate(self, z: Floats, noise: Floats) -> Tokens:
        if self._network.decoder == "flat":
            return np.asarray((self._flat(z) + noise).argmax(axis=-1), dtype=np.uint8)
        codes = self._codes(z)
        steps = self.architecture.steps // self.architecture.segments
        noise = noise.reshape(len(codes), steps, *noise.shape[2:])
        shares = self._shares(codes, steps)
        (table,) = self._below.layer("embedding/table")
        (vectors,) = self._below.layer("layers/embedding")
        states = _starts(codes, self._below, self._network.cell, self._network.decoder_layers)
        last = np.zeros((len(codes), len(PARTS) * table.shape[1]), np.float32)
        tokens = np.zeros((len(codes), steps, len(PARTS)), np.uint8)
        for step in range(steps):
            share = shares[:, step]
            vector = np.broadcast_to(vectors[step], (len(codes), vectors.shape[1]))
            output, states = self._write.step(np.concatenate([last, vector, share], axis=-1), states)
            hidden = self._hidden(output, share)
            before: list[Floats] = []
            for place, part in enumerate(ORDER):
                logits = self._head(place, part, hidden, before)
                tokens[:, step, part] = (logits + noise[:, step, part]).argmax(axis=-1)
                before.append(table[tokens[:, step, part].astype(np.int64) + self._symbols * part])
            last = np.concatenate(before[::-1], axis=-1)
        return tokens.reshape(len(z), self.architecture.steps, len(PARTS))

    def _logits(self, tokens: Tokens, z: Floats) -> Floats:
        """Of every cell given the true ones before it, (phrases, steps, 4, symbols)."""
        self._check_tokens(tokens)
        self._check_codes(z)
        if len(tokens) != len(z):
            raise ModelError(f"{len(tokens)} phrases and {len(z)} codes; a code for each phrase is needed.")
        if self._network.decoder == "flat":
            return self._flat(z)
        codes = self._codes(z)
        steps = self.architecture.steps // self.architecture.segments
        (table,) = self._below.layer("embedding/table")
        (vectors,) = self._below.layer("layers/embedding")
        embedded = _embedded(tokens.reshape(len(codes), steps, len(PARTS)), table, self._symbols)
        last = embedded.reshape(len(codes), steps, -1)
        last = np.concatenate([np.zeros_like(last[:, :1]), last[:, :-1]], axis=1)
        shares = self._shares(codes, steps)
        over_time = np.broadcast_to(vectors, (len(codes), *vectors.shape))
        initial = _starts(codes, self._below, self._network.cell, self._network.decoder_layers)
        states = self._write.run(np.concatenate([last, over_time, shares], axis=-1), initial)
        hidden = self._hidden(states, shares)
        logits = [
            self._head(place, part, hidden, [embedded[:, :, earlier] for earlier in ORDER[:place]])
            for place, part in enumerate(ORDER)
        ]
        return np.stack(logits[::-1], axis=-2).reshape(*tokens.shape, self._symbols)

    def _flat(self, z: Floats) -> Floats:
        over_time = np.repeat(z[:, np.newaxis], self.architecture.steps, axis=1)
        logits = _dense(self._write.run(over_time), self._decoder.layer("heads"))
        return logits.reshape(len(z), self.architecture.steps, len(PARTS), self._symbols)

    def _codes(self, z: Floats) -> Floats:
        """What the autoregressive decoder gets: z, or the code of each segment."""
        if self._conductor is None:
            return z
        segments = self.architecture.segments
        shares = z.reshape(len(z), segments, z.shape[1] // segments)
        starts = _starts(z, self._decoder, self._network.cell, self._network.decoder_layers)
        codes = np.concatenate([shares, self._conductor.run(shares, starts)], axis=-1)
        return codes.reshape(len(z) * segments, codes.shape[-1])

    def _shares(self, codes: Floats, steps: int) -> Floats:
        return _dense(codes, self._below.layer("layers/dense")).reshape(len(codes), steps, Z_STEP_DIM)

    def _hidden(self, states: Floats, shares: Floats) -> list[Floats]:
        both = np.concatenate([states, shares], axis=-1)
        return np.split(_dense(both, self._below.layer("hidden")), len(PARTS), axis=-1)

    def _head(self, place: int, part: int, hidden: list[Floats], before: list[Floats]) -> Floats:
        inner = hidden[part]
        if before:
            (kernel,) = self._below.layers("chosen/dense", place)[-1]
            inner = inner + np.concatenate(before, axis=-1) @ kernel
        return _dense(_gelu_by_tanh(inner), self._below.layers("heads/dense", place + 1)[-1])

    def _check_tokens(self, tokens: Tokens) -> None:
        wanted = (self.architecture.steps, len(PARTS))
        if tokens.ndim != 3 or tokens.shape[1:] != wanted:
            raise ModelError(
                f"phrases of shape {tokens.shape}; (phrases, {wanted[0]}, {wanted[1]}) is needed: cut them into "
                f"phrases of {self.architecture.form.beats_per_phrase} beats."
            )

    def _check_codes(self, z: NDArray[Any]) -> None:
        dimensions = self._network.latent_dim
        if z.ndim != 2 or z.shape[1] != dimensions:
            raise ModelError(f"codes of shape {z.shape}; (codes, {dimensions}) is needed.")


def _embedded(tokens: Tokens, table: Floats, symbols: int) -> Floats:
    """Tokens (..., 4) to vectors (..., 4, dim)."""
    return np.asarray(table[tokens.astype(np.int64) + symbols * np.arange(len(PARTS))])


def load(folder: Path) -> Light:
    """Read a model's folder.

    Raises
    ------
    ModelError
        If a file is missing or damaged, or the two do not belong together.
    """
    import h5py

    architecture = architectures.read(folder)
    path = folder / WEIGHTS
    arrays: dict[str, Floats] = {}

    def keep(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            arrays[name] = np.asarray(found, dtype=np.float32)

    try:
        with h5py.File(path) as file:
            file.visititems(keep)
        model = Light(architecture, Weights(arrays))
        model.decode(model.encode(np.zeros((1, architecture.steps, len(PARTS)), np.uint8))[0])
    except (OSError, KeyError, ValueError) as error:
        detail = " ".join(str(error).split())
        raise ModelError(f"{path}: not the weights of this architecture ({detail}); train again.") from error
    model.folder = folder
    return model
