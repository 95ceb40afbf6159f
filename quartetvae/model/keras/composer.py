"""The network that composes; conventions are those of `quartetvae.model.composer`.

A reader makes a vector of each beat, once with what is unknown left out and once as it is. What is known of the window,
before and after, comes to a beat by a recurrent layer in both directions over the vectors of the first kind; what came
before it by one forwards over those of the second. Attention to all vectors of the first kind and the earlier ones of
the second, by content and distance, finds what may come again. All that is the code of a beat, from which a recurrent
decoder writes it step by step, column by column. A pitch is also weighed by its intervals to what sounds around it.

The loss is the cross-entropy of what is unknown, in nats per beat of a part.
"""

from functools import partial
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.model import architecture as architectures
from quartetvae.model import composer
from quartetvae.model.architecture import NEVER, STEP_DIM, SYMBOL_DIM
from quartetvae.model.composer import (
    CHROMAS,
    FADING,
    GATES,
    HARMONIES,
    HEAD_DIM,
    LINES,
    MELODIES,
    SHARE_DIM,
    STEP_UNITS,
    ComposerArchitecture,
    Mask,
)
from quartetvae.model.keras.layers import GRU, RecurrentStack, TokenEmbedding
from quartetvae.model.keras.network import Network, cell_nats, seeded
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import VOICES


class Reader(keras.layers.Layer):
    """A beat as a vector: embedded cells (beats, steps, features) to (beats, units)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.by_step = keras.layers.Dense(STEP_UNITS, activation="gelu", name="by_step")
        self.direct = keras.layers.Dense(units, activation="gelu", name="direct")

    def call(self, embedded: Any) -> Any:
        """Read."""
        hidden = self.by_step(embedded)
        return self.direct(ops.reshape(hidden, (-1, hidden.shape[1] * hidden.shape[2])))


class Attention(keras.layers.Layer):
    """What other beats have that a beat may need (Vaswani et al. 2017), by content and distance (Shaw et al. 2018).

    Of (batch, beats, features) questions and (batch, beats, units) vectors of beats without and with what is unknown;
    of the latter only earlier ones are seen.
    """

    def __init__(self, beats: int, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.beats, self.heads = beats, heads
        self.query = keras.layers.Dense(heads * HEAD_DIM, name="query")
        self.known = keras.layers.Dense(2 * heads * HEAD_DIM, name="known")
        self.whole = keras.layers.Dense(2 * heads * HEAD_DIM, name="whole")
        places = np.arange(beats)
        self.apart = places[None, :] - places[:, None] + beats - 1
        seen = np.concatenate([np.zeros((beats, beats)), np.where(places[None] < places[:, None], 0.0, NEVER)], axis=1)
        self.seen = seen.astype(np.float32)

    def build(self, shape: Any, *_: Any) -> None:
        """Make the weights of distances."""
        self.distance = self.add_weight((2, 2 * self.beats - 1, self.heads), "zeros", name="distance")

    def call(self, questions: Any, known: Any, whole: Any) -> Any:
        """Look: (batch, beats, heads * `HEAD_DIM`)."""
        query = ops.reshape(self.query(questions), (-1, self.beats, self.heads, HEAD_DIM))
        memory = ops.concatenate([self.known(known), self.whole(whole)], axis=1)
        memory = ops.reshape(memory, (-1, 2 * self.beats, self.heads, 2 * HEAD_DIM))
        keys, values = ops.split(memory, 2, axis=-1)
        near = ops.concatenate([ops.take(self.distance[kind], self.apart, axis=0) for kind in (0, 1)], axis=1)
        scores = ops.einsum("bqhd,bkhd->bqkh", query, keys) / HEAD_DIM**0.5 + near + self.seen[..., None]
        found = ops.einsum("bqkh,bkhd->bqhd", ops.softmax(scores, axis=2), values)
        return ops.reshape(found, (-1, self.beats, self.heads * HEAD_DIM))


class Intervals(keras.layers.Layer):
    """What speaks for a pitch by its intervals, the same in all keys; see `quartetvae.model.composer.Surroundings`.

    Of chroma vectors (beats, steps, columns, `CHROMAS`, 12), the pitches of `LINES` (beats, steps, columns, lines), and
    how much each way of weighing counts, `gates` (beats, steps, columns, `GATES`), it makes logits (beats, steps,
    columns, pitches).
    """

    def __init__(self, pitches: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pitches = pitches
        classes, places = np.arange(12), np.arange(pitches)
        self.classes_apart = (classes[None] - classes[:, None]) % 12
        self.apart = places[None] - places[:, None] + pitches - 1

    def build(self, *_: Any) -> None:
        """Make the weights of intervals."""
        self.harmony = self.add_weight((HARMONIES, CHROMAS, 12), "zeros", name="harmony")
        self.melody = self.add_weight((len(LINES), MELODIES, 2 * self.pitches - 1), "zeros", name="melody")

    def call(self, chromas: Any, lines: Any, gates: Any) -> Any:
        """Weigh."""
        cells = chromas.shape[1:3]
        # Splits and no slices, sums of products and no einsum: what TensorFlow is quick at, backwards too.
        harmonies, melodies = ops.split(ops.expand_dims(gates, -1), [HARMONIES], axis=-2)
        by_class = ops.einsum("kcij->cikj", ops.take(self.harmony, self.classes_apart, axis=2))
        by_class = ops.reshape(by_class, (CHROMAS * 12, HARMONIES * 12))
        found = ops.matmul(ops.reshape(chromas, (-1, CHROMAS * 12)), by_class)
        classes = ops.sum(harmonies * ops.reshape(found, (-1, *cells, HARMONIES, 12)), axis=-2)
        logits = ops.split(ops.tile(classes, (1, 1, 1, -(-self.pitches // 12))), [self.pitches], axis=-1)[0]
        for kind, weights in enumerate(ops.split(melodies, len(LINES), axis=-2)):
            by_pitch = ops.transpose(ops.take(self.melody[kind], self.apart, axis=1), (1, 0, 2))
            by_pitch = ops.reshape(by_pitch, (self.pitches, MELODIES * self.pitches))
            # A product and no look-up: its gradient is one too.
            there = ops.reshape(ops.one_hot(lines[..., kind], self.pitches), (-1, self.pitches))
            found = ops.reshape(ops.matmul(there, by_pitch), (-1, *cells, MELODIES, self.pitches))
            logits = logits + ops.sum(weights * found, axis=-2)
        return logits


class ComposerNetwork(Network):
    """The network; it is trained here and composes by `quartetvae.model.numpy.composer`, the same function.

    `dropout` is the share that a step of training does not see: of the vectors of beats, of the code, and of what the
    heads are given (Srivastava et al. 2014).
    """

    def __init__(self, architecture: ComposerArchitecture, *, seed: int = 0, dropout: float = 0.0) -> None:
        with seeded(seed):
            super().__init__(name="composer")
            self.architecture = architecture
            network, alphabet = architecture.network, architecture.grid.alphabet
            self.per_beat, self.columns = architecture.grid.steps_per_beat, architecture.columns
            self.order, self.pitches, self.unknown_symbol = (
                architectures.order(self.columns),
                alphabet.pitches,
                architecture.symbols,
            )
            self.width = self.columns * network.embedding_dim
            self.embedding = TokenEmbedding(
                self.columns, architecture.symbols + 1, network.embedding_dim, by="shared", name="embedding"
            )
            self.reader = Reader(network.units, name="reader")
            self.around = RecurrentStack(
                "gru", network.units // 2, 1, steps=architecture.beats, dropout=0.0, bidirectional=True, name="around"
            )
            self.before = GRU(network.units, architecture.beats, name="before")
            self.attention = Attention(architecture.beats, network.attention_heads, name="attention")
            self.code = keras.layers.Dense(network.units, activation="gelu", name="code")
            self.dropouts = {
                what: keras.layers.Dropout(dropout, seed=seed + place, name=f"dropout_{what}")
                for place, what in enumerate(("known", "whole", "code", "inner"))
            }
            self.step_vectors = keras.layers.Embedding(self.per_beat, STEP_DIM, name="step_vectors")
            self.spread = keras.layers.Dense(self.per_beat * SHARE_DIM, name="spread")
            self.start = keras.layers.Dense(network.decoder_units, activation="tanh", name="start")
            self.writer = GRU(network.decoder_units, self.per_beat, name="writer")
            widths = architectures.head_widths(self.columns, network.head_units)
            self.hidden = keras.layers.Dense(sum(widths), name="hidden")
            self.parts_of_hidden = np.cumsum(widths)[:-1].tolist()
            self.chosen = [
                keras.layers.Dense(width, use_bias=False, name=f"chosen_{column}")
                for column, width in list(zip(self.order, widths, strict=True))[1:]
            ]
            self.heads = [keras.layers.Dense(SYMBOL_DIM + GATES, name=f"head_{column}") for column in self.order]
            self.intervals = Intervals(self.pitches, name="intervals")
            # The last logit is what a held note adds to that of its pitch.
            self.common = keras.layers.Dense(alphabet.size + 1, name="common")
            shape = (1, architecture.steps)
            self(self._inputs(np.zeros((*shape, self.columns), np.uint8), np.ones((*shape, VOICES), np.bool_)))
            # Kept from Keras' eyes, as what a training needs and no file holds.
            self.drawing = SimpleNamespace(rng=np.random.default_rng(seed))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the nats of every cell, (batch, steps, columns), given what is known and all cells before it."""
        beats, tokens, unknown = self.architecture.beats, inputs["tokens"], inputs["unknown"]
        by_beat = (-1, self.per_beat, self.columns)
        tokens = ops.reshape(tokens, by_beat)
        known = ops.where(ops.reshape(unknown, by_beat) > 0, self.unknown_symbol, tokens)
        whole_cells, known_cells = self.embedding(tokens), self.embedding(known)
        flat = (-1, self.per_beat, self.width)
        shown = ops.reshape(known_cells, flat)
        units = self.architecture.network.units
        dropped = {what: partial(dropout, training=training) for what, dropout in self.dropouts.items()}
        known_beats, whole_beats = (
            dropped[name](ops.reshape(self.reader(cells), (-1, beats, units)))
            for name, cells in (("known", shown), ("whole", ops.reshape(whole_cells, flat)))
        )
        earlier = ops.pad(self.before(whole_beats)[:, :-1], ((0, 0), (1, 0), (0, 0)))
        context = ops.concatenate([self.around(known_beats), earlier], axis=-1)
        context = ops.concatenate([context, self.attention(context, known_beats, whole_beats)], axis=-1)
        code = ops.reshape(dropped["code"](self.code(context)), (-1, units))
        shares = ops.reshape(self.spread(code), (-1, self.per_beat, SHARE_DIM))
        vectors = self.step_vectors(ops.arange(self.per_beat))
        vectors = ops.broadcast_to(vectors[None], (ops.shape(shares)[0], self.per_beat, STEP_DIM))
        last = ops.pad(ops.reshape(whole_cells, flat)[:, :-1], ((0, 0), (1, 0), (0, 0)))
        given = ops.concatenate([shares, shown], axis=-1)
        states = self.writer(ops.concatenate([last, vectors, given], axis=-1), [self.start(code)])
        hidden = ops.split(self.hidden(ops.concatenate([states, given], axis=-1)), self.parts_of_hidden, axis=-1)
        cells = ops.unstack(whole_cells, self.columns, axis=-2)
        told = {}
        for place, column in enumerate(self.order):
            inner = hidden[place]
            if place:
                inner = inner + self.chosen[place - 1](
                    ops.concatenate([cells[earlier] for earlier in self.order[:place]], axis=-1)
                )
            told[column] = self.heads[place](dropped["inner"](ops.gelu(inner)))
        symbols, gates = ops.split(
            ops.stack([told[column] for column in range(self.columns)], axis=-2), [SYMBOL_DIM], axis=-1
        )
        pitches, others = ops.split(self.common(symbols), [self.pitches], axis=-1)
        pitches = pitches + self.intervals(self._chromas(inputs), self._lines(inputs), gates)
        found = ops.concatenate([pitches, others], axis=-1)
        found = ops.reshape(found, (-1, self.architecture.steps, self.columns, found.shape[-1]))
        pitches, others, held = ops.split(found, [self.pitches, found.shape[-1] - 1], axis=-1)
        barred = NEVER * ops.cast(ops.arange(self.architecture.steps) > 0, "float32")[:, None, None]
        found = ops.concatenate([pitches, others, pitches + (held + barred)], axis=-1)
        return cell_nats(inputs["tokens"], found)

    def _chromas(self, inputs: Any) -> Any:
        """Give what pitches are weighed by, (beats, steps, columns, `CHROMAS`, 12).

        What else sounds, as far as it is chosen or known, or sounded a step before; the bass; the music around.
        """
        by_beat = (-1, self.per_beat, self.columns)
        now, before = (
            ops.one_hot(ops.where(pitches < self.pitches, pitches % 12, -1), 12)
            for pitches in (ops.reshape(inputs[name], by_beat) for name in ("now", "before"))
        )
        unknown = ops.reshape(inputs["unknown"], by_beat)[..., None]
        until = ops.unstack(unknown * before + (1.0 - unknown) * now, self.columns, axis=-2)
        now = ops.unstack(now, self.columns, axis=-2)
        around = ops.reshape(inputs["around"], (-1, 1, len(FADING), 12))
        around = ops.broadcast_to(around, (ops.shape(around)[0], self.per_beat, len(FADING), 12))
        bass, found = self.order[0], [None] * self.columns
        for place, column in enumerate(self.order):
            others = sum([now[k] for k in self.order[:place]] + [until[k] for k in self.order[place + 1 :]])
            below = now[bass] if place else ops.zeros_like(now[bass])
            found[column] = ops.concatenate([ops.stack([others, below], axis=-2), around], axis=-2)
        return ops.stack(found, axis=2)

    def _lines(self, inputs: Any) -> Any:
        """Give the pitches of `LINES`, (beats, steps, columns, lines)."""
        by_beat = (-1, self.per_beat, self.columns)
        names = ("now", "before", "last", "next", "unknown")
        found = {name: ops.unstack(ops.reshape(inputs[name], by_beat), self.columns, axis=-1) for name in names}
        place = {column: place for place, column in enumerate(self.order)}

        def beside(column: int, other: int | None) -> Any:
            if other is None:
                return ops.full_like(found["now"][column], self.pitches)
            if place[other] < place[column]:
                return found["now"][other]
            return ops.where(found["unknown"][other] > 0, found["before"][other], found["now"][other])

        by_column = [
            ops.stack([found["last"][k], found["next"][k], *(beside(k, other) for other in composer.neighbours(k))], -1)
            for k in range(self.columns)
        ]
        return ops.stack(by_column, axis=-2)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Compute the nats per beat of a part of what is unknown."""
        unknown = x["unknown"]
        parts = ops.sum(unknown) * (VOICES / (self.columns * self.per_beat))
        return ops.sum(y_pred * unknown) / ops.maximum(parts, 1e-6)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Compute the loss, which is all that a step of training or testing gives."""
        return {"loss": self.compute_loss(x, y, y_pred)}

    def prepare(self, train: config.Compose, steps: int) -> None:
        """Make ready for a training of so many steps of the optimizer."""
        self.optimise(train, steps)

    def reseed(self, *numbers: int) -> None:
        """Set the generators: of what is unknown, and of what is dropped."""
        super().reseed(*numbers)
        self.drawing.rng = np.random.default_rng(numbers)

    def train_batch(self, tokens: Tokens, step: int) -> dict[str, float]:
        """Take one step of the optimizer on windows, some of each unknown; gives the loss."""
        return {"loss": float(self.train_on_batch(self._drawn(tokens), return_dict=True)["loss"])}

    def test_batch(self, tokens: Tokens) -> dict[str, float]:
        """Compute the loss of windows, some of each unknown."""
        return {"loss": float(self.test_on_batch(self._drawn(tokens), return_dict=True)["loss"])}

    def _drawn(self, tokens: Tokens) -> dict[str, Any]:
        return self._inputs(tokens, composer.masks(len(tokens), self.architecture, self.drawing.rng))

    def _inputs(self, tokens: Tokens, unknown: Mask) -> dict[str, Any]:
        cells, alphabet = composer.of_columns(unknown, self.columns), self.architecture.grid.alphabet
        seen = composer.surroundings(tokens, cells, alphabet)
        around = composer.music_around(seen.now, seen.known, self.per_beat, alphabet.pitches)
        names = ("now", "before", "last", "next")
        return {
            **{"tokens": tokens.astype("int32"), "unknown": cells.astype("float32"), "around": around},
            **{name: getattr(seen, name).astype("int32") for name in names},
        }

    def nats(self, tokens: Tokens, unknown: Mask) -> NDArray[np.float64]:
        """Compute the cross-entropy of what is unknown given what is known, summed over each window: nats, (windows,).

        Of windows as long as the network's.
        """
        self.architecture.check_windows(tokens, unknown)
        inputs = self._inputs(tokens, unknown)
        cells = np.asarray(self.predict_on_batch(inputs), np.float64)
        return np.asarray((cells * inputs["unknown"]).sum(axis=(1, 2)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Copy the weights by Keras' path, without the network's name."""
        return {variable.path.partition("/")[2]: np.array(variable) for variable in self.weights}
