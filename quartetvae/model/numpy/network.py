"""A trained network without Keras: encoding and decoding in NumPy, ready in a fraction of a second.

Importing a network library takes longer than decoding a movement. This is the same function of the same weights as
`quartetvae.model.keras` outside training, written out once more; the two agree token for token but for rounding
(tests/model/test_numpy.py holds them together), draws at a temperature included.
"""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import ModelError
from quartetvae.model import architecture as architectures
from quartetvae.model.architecture import BATCH, NEVER, SMALL_BATCH, WEIGHTS, Z_STEP_DIM, Architecture
from quartetvae.model.autoencoder import check_temperature
from quartetvae.model.numpy import weights
from quartetvae.model.numpy.layers import CELLS, Stack, State, dense, embed, gelu, gelu_by_tanh, last_state
from quartetvae.model.numpy.threads import in_shares
from quartetvae.model.numpy.weights import Floats, Weights
from quartetvae.music.codec import Tokens

DECODERS = ("autoregressive", "flat", "hierarchical")
"""That are written out here, by `model.decoder`."""


def _starts(z: Floats, weights: Weights, cell: str, depth: int) -> list[State]:
    """Compute the initial states that z gives to a decoder's layers."""
    below = weights.below("layers/starts/layers")
    found = []
    for level in range(depth):
        places = below.below("container" if level == 0 else f"container_{level}")
        found.append(tuple(np.tanh(dense(z, layer)) for layer in places.layers("dense", CELLS[cell][1])))
    return found


class NumpyAutoencoder:
    """A trained network: an `Autoencoder` by NumPy alone."""

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        self.architecture = architecture
        self.folder: Path | None = None
        network = architecture.network
        if network.decoder not in DECODERS:
            raise ModelError(f"decoder '{network.decoder}': NumPy knows {', '.join(DECODERS)}; load it with Keras.")
        self._network, self._symbols, self._columns = network, architecture.symbols, architecture.columns
        self._apart = self._symbols if network.symbols == "by_column" else 0
        self._order = architectures.order(self._columns)
        self._parts_of_hidden = np.cumsum(architectures.head_widths(self._columns, network.head_units))[:-1]
        encoder, decoder = weights.below("encoder"), weights.below("decoder")
        read = partial(
            Stack.from_weights,
            cell=network.cell,
            units=network.encoder_units,
            depth=network.encoder_layers,
            bidirectional=network.bidirectional,
        )
        write = partial(
            Stack.from_weights, cell=network.cell, units=network.decoder_units, depth=network.decoder_layers
        )
        self._encoder, self._decoder = encoder, decoder
        self._read = None if network.pooling == "dense" else read(encoder.below("layers/summary/stack"))
        self._read_segments = read(encoder.below("layers/recurrent_stack")) if architecture.segments > 1 else None
        self._below = decoder.below("below") if network.decoder == "hierarchical" else decoder
        self._write = write(self._below.below("layers/recurrent_stack"))
        self._conductor = write(decoder.below("conductor")) if network.decoder == "hierarchical" else None

    # Encoding

    def encode(self, tokens: Tokens) -> tuple[Floats, Floats]:
        """Compute the posterior's `mean` and `log_var`, each (phrases, latent_dim), of (phrases, steps, columns)."""
        self.architecture.check_tokens(tokens)
        empty = np.zeros((0, self._network.latent_dim), np.float32)
        found = in_shares(self._posterior, tokens)
        mean, log_var = (np.concatenate([empty, *(share[of] for share in found)]) for of in (0, 1))
        return mean, log_var

    def _posterior(self, tokens: Tokens) -> tuple[Floats, Floats]:
        segments, network = self.architecture.segments, self._network
        (table,) = self._encoder.layer("embedding/table")
        embedded = embed(tokens, table, self._apart)
        width = self._columns * table.shape[1]
        inputs = embedded.reshape(len(tokens) * segments, self.architecture.steps // segments, width)
        state = self._summary(inputs)
        if self._read_segments is not None:
            state = state.reshape(len(tokens), segments, state.shape[-1])
            state = np.concatenate([state, self._read_segments.run(state)], axis=-1)
        mean, log_var = (
            dense(state, layer).reshape(len(tokens), network.latent_dim)
            for layer in self._encoder.layers("layers/dense", 2)
        )
        return mean, log_var

    def _summary(self, inputs: Floats) -> Floats:
        """Read segments (segments, steps, features) and keep of each what the encoder keeps."""
        below = self._encoder.below("layers/summary")
        if self._read is None:
            return self._direct(gelu(dense(inputs, below.layer("by_step"))))
        outputs = self._read.run(inputs)
        state = last_state(outputs, bidirectional=self._network.bidirectional)
        if self._network.pooling == "last":
            return state
        return np.concatenate([state, outputs.mean(axis=1), self._direct(inputs)], axis=-1)

    def _direct(self, inputs: Floats) -> Floats:
        flat = inputs.reshape(len(inputs), inputs.shape[1] * inputs.shape[2])
        return gelu(dense(flat, self._encoder.layer("layers/summary/direct")))

    # Decoding

    def decode(
        self, z: Floats, *, temperature: float = 0.0, seed: int = 0, bias: NDArray[np.float32] | None = None
    ) -> Tokens:
        """Decode to tokens, uint8, (codes, steps, columns), of latent codes (codes, latent_dim).

        At temperature 0 the likeliest symbol is chosen; above, one is drawn from the softmax of the logits divided by
        it. `bias`, (symbols of held notes among them,), is added to the logits of every cell. Raises `ModelError` for a
        temperature below 0, and for codes of another shape.
        """
        self.architecture.check_codes(z)
        check_temperature(temperature)
        rng = np.random.default_rng(seed)
        steps, columns = self.architecture.steps, self._columns
        found = [np.zeros((0, steps, columns), np.uint8)]
        for start in range(0, len(z), BATCH):
            codes = np.asarray(z[start : start + BATCH], dtype=np.float32)
            noise = np.zeros((len(codes), steps, columns, 1), np.float32)
            if temperature:
                drawn = BATCH if len(codes) > SMALL_BATCH else SMALL_BATCH
                gumbel = rng.gumbel(size=(drawn, steps, columns, self._symbols))
                noise = (temperature * gumbel[: len(codes)]).astype(np.float32)
            if bias is not None:
                noise = noise + bias[: self._symbols]
            found += in_shares(self._generate, codes, noise)
        return np.concatenate(found)

    def reconstruction(self, tokens: Tokens, z: Floats) -> NDArray[np.float64]:
        """Compute the cross-entropy of phrases given their codes, summed over cells: nats, (phrases,)."""
        self._check_pairs(tokens, z)
        return np.concatenate([np.zeros(0), *in_shares(self._nats, tokens, z)])

    def _nats(self, tokens: Tokens, z: Floats) -> NDArray[np.float64]:
        logits = self._logits(tokens, z).astype(np.float64)
        chosen = np.take_along_axis(logits, tokens[..., None].astype(np.int64), axis=-1)[..., 0]
        return np.asarray((np.logaddexp.reduce(logits, axis=-1) - chosen).sum(axis=(1, 2)))

    def teacher_forced(self, tokens: Tokens, z: Floats) -> Tokens | None:
        """Find the likeliest token of each cell given the code and the true cells before it; None without feedback."""
        self._check_pairs(tokens, z)
        if self._network.decoder == "flat":
            return None
        return np.concatenate([tokens[:0], *in_shares(self._likeliest, tokens, z)])

    def _likeliest(self, tokens: Tokens, z: Floats) -> Tokens:
        return np.asarray(self._logits(tokens, z).argmax(axis=-1), dtype=np.uint8)

    def _check_pairs(self, tokens: Tokens, z: Floats) -> None:
        self.architecture.check_tokens(tokens)
        self.architecture.check_codes(z)
        if len(tokens) != len(z):
            raise ModelError(f"{len(tokens)} phrases and {len(z)} codes; a code for each phrase is needed.")

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
        last = np.zeros((len(codes), self._columns * table.shape[1]), np.float32)
        tokens = np.zeros((len(codes), steps, self._columns), np.uint8)
        chosen = np.zeros((len(codes), self._columns, table.shape[1]), np.float32)
        barred = self._barred(len(codes), steps)
        for step in range(steps):
            share = shares[:, step]
            vector = np.broadcast_to(vectors[step], (len(codes), vectors.shape[1]))
            output, states = self._write.step(np.concatenate([last, vector, share], axis=-1), states)
            hidden = self._hidden(output, share)
            for place, column in enumerate(self._order):
                before = [chosen[:, earlier] for earlier in self._order[:place]]
                logits = self._head(place, hidden, before, barred[:, step])
                tokens[:, step, column] = (logits + noise[:, step, column]).argmax(axis=-1)
                chosen[:, column] = table[tokens[:, step, column].astype(np.int64) + self._apart * column]
            last = chosen.reshape(len(codes), -1)
        return tokens.reshape(len(z), self.architecture.steps, self._columns)

    def _logits(self, tokens: Tokens, z: Floats) -> Floats:
        """Compute the logits of every cell given the true ones before it, (phrases, steps, columns, symbols)."""
        if self._network.decoder == "flat":
            return self._flat(z)
        codes = self._codes(z)
        steps = self.architecture.steps // self.architecture.segments
        (table,) = self._below.layer("embedding/table")
        (vectors,) = self._below.layer("layers/embedding")
        embedded = embed(tokens.reshape(len(codes), steps, self._columns), table, self._apart)
        last = embedded.reshape(len(codes), steps, -1)
        last = np.concatenate([np.zeros_like(last[:, :1]), last[:, :-1]], axis=1)
        shares = self._shares(codes, steps)
        over_time = np.broadcast_to(vectors, (len(codes), *vectors.shape))
        initial = _starts(codes, self._below, self._network.cell, self._network.decoder_layers)
        states = self._write.run(np.concatenate([last, over_time, shares], axis=-1), initial)
        hidden = self._hidden(states, shares)
        barred = self._barred(len(codes), steps)
        logits = {
            column: self._head(place, hidden, [embedded[:, :, earlier] for earlier in self._order[:place]], barred)
            for place, column in enumerate(self._order)
        }
        found = np.stack([logits[column] for column in range(self._columns)], axis=-2)
        return found.reshape(*tokens.shape, self._symbols)

    def _flat(self, z: Floats) -> Floats:
        over_time = np.repeat(z[:, np.newaxis], self.architecture.steps, axis=1)
        logits = dense(self._write.run(over_time), self._decoder.layer("heads"))
        return logits.reshape(len(z), self.architecture.steps, self._columns, self._symbols) + self.architecture.never

    def _codes(self, z: Floats) -> Floats:
        """Make what the autoregressive decoder gets: z, or the code of each segment."""
        if self._conductor is None:
            return z
        segments = self.architecture.segments
        shares = z.reshape(len(z), segments, z.shape[1] // segments)
        starts = _starts(z, self._decoder, self._network.cell, self._network.decoder_layers)
        codes = np.concatenate([shares, self._conductor.run(shares, starts)], axis=-1)
        return codes.reshape(len(z) * segments, codes.shape[-1])

    def _shares(self, codes: Floats, steps: int) -> Floats:
        return dense(codes, self._below.layer("layers/dense")).reshape(len(codes), steps, Z_STEP_DIM)

    def _barred(self, codes: int, steps: int) -> Floats:
        """Say what is added to the logits of held notes, (codes, steps, 1): 0 where a phrase begins, or `NEVER`."""
        barred = np.full((codes, steps, 1), NEVER, np.float32)
        barred[:: self.architecture.segments, 0] = 0.0
        return barred

    def _hidden(self, states: Floats, shares: Floats) -> list[Floats]:
        both = np.concatenate([states, shares], axis=-1)
        return np.split(dense(both, self._below.layer("hidden")), self._parts_of_hidden, axis=-1)

    def _head(self, place: int, hidden: list[Floats], before: list[Floats], barred: Floats) -> Floats:
        inner = hidden[place]
        if before:
            (kernel,) = self._below.layers("chosen/dense", place)[-1]
            inner = inner + np.concatenate(before, axis=-1) @ kernel
        logits = dense(gelu_by_tanh(inner), self._below.layers("heads/dense", place + 1)[-1])
        if self._network.symbols == "shared":
            logits = dense(logits, self._below.layer("common"))
        alphabet = self.architecture.grid.alphabet
        if self._symbols == alphabet.size:
            return logits
        held = logits[..., : alphabet.pitches] + (logits[..., -1:] + barred)
        return np.concatenate([logits[..., :-1], held], axis=-1)


def load(folder: Path) -> NumpyAutoencoder:
    """Read a model's folder.

    Raises
    ------
    ModelError
        If a file is missing or damaged, the two do not belong together, or a weight is not finite.
    """
    architecture, content = architectures.read_with_weights(folder)
    path = folder / WEIGHTS
    try:
        found = weights.read(content)
        architectures.check_finite(path, found.arrays)
        model = NumpyAutoencoder(architecture, found)
        # All of the last symbol, so that every row of a table has to be there.
        last = np.full((1, architecture.steps, architecture.columns), architecture.symbols - 1, np.uint8)
        model.decode(model.encode(last)[0])
    except ModelError:
        raise
    # h5py and NumPy raise many kinds of error for files that are damaged or of another shape.
    except Exception as error:
        detail = " ".join(str(error).split())
        raise ModelError(f"{path}: not the weights of this architecture ({detail}); train again.") from error
    model.folder = folder
    return model
