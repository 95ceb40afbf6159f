"""The decoders: latent codes to the symbols of a phrase.

Conventions
-----------
`call(z, tokens)` gives the logits (batch, steps, columns, symbols) of each cell, for a decoder with feedback given the
true tokens before it; `generate(z, noise)` decodes by itself, each cell seeing what was chosen before. `noise` is added
to the logits before the highest is taken: 0 is greedy, Gumbel noise times a temperature draws from the softmax at that
temperature (Gumbel-max trick; Maddison, Tarlow & Minka 2014).
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from quartetvae import config
from quartetvae.model import architecture as architectures
from quartetvae.model.architecture import NEVER, STEP_DIM, SYMBOL_DIM, Z_STEP_DIM, Architecture
from quartetvae.model.keras.layers import CELLS, RecurrentStack, TokenEmbedding


def _stack(network: config.Model, name: str, steps: int, seed: int) -> RecurrentStack:
    """Build a decoder's recurrent layers, over so many steps."""
    return RecurrentStack(
        network.cell,
        network.decoder_units,
        network.decoder_layers,
        steps=steps,
        dropout=network.dropout,
        seed=seed,
        name=name,
    )


class Starts(keras.layers.Layer):
    """The initial states of a decoder's recurrent layers, from z: a list for each layer."""

    def __init__(self, network: config.Model) -> None:
        super().__init__(name="starts")
        self.layers = [
            [
                keras.layers.Dense(network.decoder_units, activation="tanh", name=f"start_{level}_{state}")
                for state in range(CELLS[network.cell].STATES)
            ]
            for level in range(network.decoder_layers)
        ]

    def call(self, z: Any) -> Any:
        """Compute the states, each (batch, units)."""
        return [[start(z) for start in states] for states in self.layers]


class FlatDecoder(keras.Model):
    """The paper's decoder.

    z repeated at each step, a recurrent stack, one affine map per part. No step index, no feedback of what was chosen,
    no coupling between the parts: each cell is independent of the others given z.
    """

    feedback = False

    def __init__(self, architecture: Architecture, *, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        network = architecture.network
        self.steps, self.columns, self.symbols = architecture.steps, architecture.columns, architecture.symbols
        self.recurrent = _stack(network, "recurrent", self.steps, seed)
        self.never = architecture.never
        # One matrix for the columns' affine maps: the same function as a layer for each, in one product.
        self.heads = keras.layers.Dense(self.columns * self.symbols, name="heads", dtype="float32")

    def call(self, z: Any, tokens: Any = None, training: bool = False) -> Any:
        """Compute the logits of every cell."""
        states = self.recurrent(z[:, None], training=training)
        logits = ops.reshape(self.heads(states), (-1, self.steps, self.columns, self.symbols))
        return logits + self.never

    def generate(self, z: Any, noise: Any) -> Any:
        """Generate tokens, int32 (batch, steps, columns)."""
        return ops.argmax(self.call(z) + noise, axis=-1)


class AutoregressiveDecoder(keras.Model):
    """A recurrent decoder that sees z spread over time, its own last step, and the notes chosen within the step.

    At each step: a recurrent stack on the embeddings of the last step's tokens (each left out with probability
    `word_dropout` in training, so that z is not ignored; Bowman et al. 2016), a learned vector of the step, and that
    step's share of z; its initial state comes from z. Then a head per column, cello first, that also sees the
    embeddings of what is already chosen. With `symbols` `shared` all columns have the embeddings and the last layer in
    common: what a pitch is they learn together.
    """

    feedback = True

    def __init__(self, architecture: Architecture, *, steps: int = 0, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        network, alphabet = architecture.network, architecture.grid.alphabet
        self.steps, self.columns, self.symbols = steps or architecture.steps, architecture.columns, architecture.symbols
        self.order, self.pitches = architectures.order(self.columns), alphabet.pitches
        self.has_held = self.symbols > alphabet.size
        self.width = self.columns * network.embedding_dim
        self.embedding = TokenEmbedding(
            self.columns, self.symbols, network.embedding_dim, by=network.symbols, name="embedding"
        )
        self.word_dropout = keras.layers.Dropout(
            network.word_dropout, noise_shape=(None, None, None, 1), seed=seed + 50, name="word_dropout"
        )
        self.step_vectors = keras.layers.Embedding(self.steps, STEP_DIM, name="step_vectors")
        self.spread = keras.layers.Dense(self.steps * Z_STEP_DIM, name="spread")
        self.recurrent = _stack(network, "recurrent", self.steps, seed)
        self.starts = Starts(network)
        # The share of the recurrent state in all heads in one product; then, by column, that of what is chosen.
        widths = architectures.head_widths(self.columns, network.head_units)
        self.hidden = keras.layers.Dense(sum(widths), name="hidden")
        self.parts_of_hidden = np.cumsum(widths)[:-1].tolist()
        self.chosen = [
            keras.layers.Dense(width, use_bias=False, name=f"chosen_{column}")
            for column, width in list(zip(self.order, widths, strict=True))[1:]
        ]
        # With held notes one logit more: what it adds to a pitch's logit is that of the pitch held from before.
        outputs = alphabet.size + self.has_held
        self.common = None
        if network.symbols == "shared":
            self.common = keras.layers.Dense(outputs, name="common", dtype="float32")
            outputs = SYMBOL_DIM
        self.heads = [keras.layers.Dense(outputs, name=f"head_{column}", dtype="float32") for column in self.order]

    def call(self, z: Any, tokens: Any, begins: Any = None, training: bool = False) -> Any:
        """Compute the logits of every cell given the true ones before it.

        `begins`, (batch,), is 1 where a phrase begins here, and else 0; everywhere if it is not given.
        """
        embedded = self.embedding(tokens)
        shown = self.word_dropout(embedded, training=training)
        if training:
            # Dropout scales up what it keeps; a word is there or not.
            shown = shown * (1.0 - self.word_dropout.rate)
        last = ops.reshape(shown[:, :-1], (-1, self.steps - 1, self.width))
        last = ops.pad(last, ((0, 0), (1, 0), (0, 0)))
        shares = self._shares(z)
        vectors = ops.broadcast_to(self._vectors()[None], (*ops.shape(shares)[:2], STEP_DIM))
        states = self.recurrent(ops.concatenate([last, vectors, shares], axis=-1), self.starts(z), training=training)
        hidden = self._hidden(states, shares)
        barred = ops.swapaxes(self._barred(z, begins), 0, 1)[..., None]
        # Unstacked at once: the gradient of a slice is a whole array of zeros around it.
        by_column = ops.unstack(embedded, self.columns, axis=-2)
        logits: dict[int, Any] = {}
        for place, column in enumerate(self.order):
            logits[column] = self._head(place, hidden, [by_column[earlier] for earlier in self.order[:place]], barred)
        return ops.stack([logits[column] for column in range(self.columns)], axis=-2)

    def generate(self, z: Any, noise: Any, begins: Any = None) -> Any:
        """Generate tokens, int32 (batch, steps, columns); `begins` as in `call`."""
        shares = self._shares(z)

        def step(carry: Any, now: Any) -> Any:
            last, states = carry
            begun, vector, share, extra, barred = now
            shown = ops.reshape(self.embedding(last), (-1, self.width)) * begun
            vector = ops.broadcast_to(vector[None], (ops.shape(share)[0], STEP_DIM))
            output, states = self.recurrent.step(ops.concatenate([shown, vector, share], axis=-1), states)
            hidden = self._hidden(output, share)
            tokens: dict[int, Any] = {}
            before: list[Any] = []
            for place, column in enumerate(self.order):
                logits = self._head(place, hidden, before, barred[:, None])
                tokens[column] = ops.cast(ops.argmax(logits + extra[:, column], axis=-1), "int32")
                before.append(self.embedding.of_column(tokens[column], column))
            # Keras' scan under TensorFlow can only stack what has the form of the carry.
            carry = (ops.stack([tokens[column] for column in range(self.columns)], axis=-1), states)
            return carry, carry

        start = ops.zeros((ops.shape(z)[0], self.columns), dtype="int32")
        begun = ops.cast(ops.arange(self.steps) > 0, shares.dtype)
        by_step = (ops.swapaxes(array, 0, 1) for array in (shares, noise))
        over_time = (begun, self._vectors(), *by_step, self._barred(z, begins))
        _, (tokens, _) = ops.scan(step, (start, self.starts(z)), over_time)
        return ops.swapaxes(tokens, 0, 1)

    def _barred(self, z: Any, begins: Any) -> Any:
        """Say what is added to the logits of held notes: (steps, batch), 0 where a phrase begins and `NEVER` else."""
        begins = ops.ones_like(z[:, 0]) if begins is None else begins
        first = ops.cast(ops.arange(self.steps) == 0, "float32")
        return NEVER * (1.0 - first[:, None] * ops.cast(begins, "float32")[None])

    def _shares(self, z: Any) -> Any:
        return ops.reshape(self.spread(z), (-1, self.steps, Z_STEP_DIM))

    def _vectors(self) -> Any:
        return self.step_vectors(ops.arange(self.steps))

    def _hidden(self, states: Any, shares: Any) -> Any:
        hidden = self.hidden(ops.concatenate([states, shares], axis=-1))
        return ops.split(hidden, self.parts_of_hidden, axis=-1)

    def _head(self, place: int, hidden: Any, before: list[Any], barred: Any) -> Any:
        inner = hidden[place]
        if before:
            inner = inner + self.chosen[place - 1](ops.concatenate(before, axis=-1))
        logits = self.heads[place](ops.gelu(inner))
        if self.common is not None:
            logits = self.common(logits)
        if not self.has_held:
            return logits
        pitches, others, held = ops.split(logits, [self.pitches, logits.shape[-1] - 1], axis=-1)
        return ops.concatenate([pitches, others, pitches + (held + barred)], axis=-1)


class HierarchicalDecoder(keras.Model):
    """After MusicVAE (Roberts et al. 2018): a conductor makes a code for each segment, and each is decoded from it.

    The conductor is a recurrent stack over segments, on that segment's share of z's dimensions; its initial state comes
    from all of z. The decoder below is the autoregressive one, on the share and what the conductor says. It begins anew
    at each segment, so that these have to say what the music is. (MusicVAE's has no shares: the conductor is all that
    sees z. With them, what belongs to one segment need not pass through it.)
    """

    feedback = True

    def __init__(self, architecture: Architecture, *, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        network = architecture.network
        self.steps, self.segments = architecture.steps, architecture.segments
        self.columns, self.symbols = architecture.columns, architecture.symbols
        self.starts = Starts(network)
        self.conductor = _stack(network, "conductor", self.segments, seed + 500)
        self.below = AutoregressiveDecoder(architecture, steps=self.steps // self.segments, seed=seed, name="below")

    def call(self, z: Any, tokens: Any, training: bool = False) -> Any:
        """Compute the logits of every cell given the true ones before it in its segment."""
        segments = ops.reshape(tokens, (-1, self.below.steps, self.columns))
        codes = self._codes(z, training=training)
        logits = self.below(codes, segments, self._begins(codes), training=training)
        return ops.reshape(logits, (-1, self.steps, self.columns, self.symbols))

    def generate(self, z: Any, noise: Any) -> Any:
        """Generate tokens, int32 (batch, steps, columns)."""
        segments = ops.reshape(noise, (-1, self.below.steps, self.columns, ops.shape(noise)[-1]))
        codes = self._codes(z)
        tokens = self.below.generate(codes, segments, self._begins(codes))
        return ops.reshape(tokens, (-1, self.steps, self.columns))

    def _begins(self, codes: Any) -> Any:
        return ops.cast(ops.arange(ops.shape(codes)[0]) % self.segments == 0, "float32")

    def _codes(self, z: Any, training: bool = False) -> Any:
        """Make the code of each segment, (batch * segments, ...): its share of z, and what the conductor says."""
        shares = ops.reshape(z, (-1, self.segments, z.shape[-1] // self.segments))
        codes = ops.concatenate([shares, self.conductor(shares, self.starts(z), training=training)], axis=-1)
        return ops.reshape(codes, (-1, codes.shape[-1]))


DECODERS: dict[str, Any] = {
    "autoregressive": AutoregressiveDecoder,
    "flat": FlatDecoder,
    "hierarchical": HierarchicalDecoder,
}
"""By their name in params.yaml, `model.decoder`."""
