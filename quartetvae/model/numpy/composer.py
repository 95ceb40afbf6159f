"""The network that composes, in NumPy: the same function of the same weights as `quartetvae.model.keras.composer`.

Conventions are those of `quartetvae.model.composer`. Beats are written one after the other: of each the code is made
when all before it are there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import ModelError
from quartetvae.model import architecture as architectures
from quartetvae.model import composer
from quartetvae.model.architecture import NEVER, SYMBOL_DIM
from quartetvae.model.autoencoder import check_temperature
from quartetvae.model.composer import (
    HARMONIES,
    HEAD_DIM,
    LINES,
    PITCHES,
    SHARE_DIM,
    WEIGHTS,
    ComposerArchitecture,
    Ints,
    Mask,
)
from quartetvae.model.numpy.layers import CELLS, dense, gelu, gelu_by_tanh
from quartetvae.model.numpy.threads import in_shares
from quartetvae.model.numpy.weights import Floats
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import VOICES

Choose = Callable[[int, int, NDArray[np.int64], Floats], NDArray[Any]]
"""Given step, column, the windows whose cell is unknown, and its logits there (windows, symbols): what stands there."""


@dataclass
class _Hand:
    """What is being written, and what whoever writes has in mind; arrays are (windows, steps, columns)."""

    written: Tokens
    cells: NDArray[np.bool_]
    """Which are unknown."""
    heard: Ints
    """What sounds in all steps that are done."""
    last: Ints
    """The pitch that each column has struck last, (windows, columns)."""
    following: Ints
    """The pitch that is next known."""
    choose: Choose


def _sharpened(logits: Floats, temperature: float, share: float) -> Floats:
    """Change logits (windows, pitches) so that pitches are drawn at a share of a temperature, as many as before.

    These are to be divided by the temperature.
    """
    even, sharp = logits / np.float32(temperature), logits / np.float32(temperature * share)
    every = np.logaddexp.reduce(even, axis=-1, keepdims=True) - np.logaddexp.reduce(sharp, axis=-1, keepdims=True)
    return np.asarray(np.float32(temperature) * (sharp + every), np.float32)


class NumpyComposer:
    """A trained network: a `Composer` by NumPy alone."""

    def __init__(self, architecture: ComposerArchitecture, weights: dict[str, Floats]) -> None:
        self.architecture = architecture
        self._weights = weights
        self._columns, self._per_beat = architecture.columns, architecture.grid.steps_per_beat
        self._order, self._units = architectures.order(architecture.columns), architecture.network.units
        widths = architectures.head_widths(architecture.columns, architecture.network.head_units)
        self._parts_of_hidden = np.cumsum(widths)[:-1]
        self._table = weights["embedding/table/embeddings"]
        self._none = architecture.grid.alphabet.pitches
        classes = np.arange(12)
        self._by_class = weights["intervals/harmony"][:, :, (classes[None] - classes[:, None]) % 12]
        places = np.arange(self._none)
        apart = places[None] - places[:, None] + self._none - 1
        by_pitch = np.swapaxes(weights["intervals/melody"][:, :, apart], 1, 2)
        self._by_pitch = np.pad(by_pitch, ((0, 0), (0, 1), (0, 0), (0, 0)))

    def fill(
        self,
        tokens: Tokens,
        unknown: Mask,
        *,
        temperature: float = 1.0,
        seed: int = 0,
        bias: NDArray[np.float32] | None = None,
        pitches: float = PITCHES,
    ) -> Tokens:
        """Choose what is unknown of windows; see `quartetvae.model.composer.Composer`.

        Raises
        ------
        ModelError
            If the windows are no whole beats or too long, the temperature is below 0, or `pitches` is not above it.
        """
        self.architecture.check_windows(tokens, unknown)
        check_temperature(temperature)
        if not pitches > 0:
            raise ModelError(f"pitches at {pitches:g} of the temperature; more than 0 is needed.")
        shape = (*tokens.shape, self.architecture.symbols)
        added = np.zeros((1, 1, 1, 1), np.float32) if bias is None else np.asarray(bias)[(None,) * (4 - np.ndim(bias))]
        try:
            added = np.broadcast_to(added, (len(tokens), *np.broadcast_shapes(added.shape, (1, *shape[1:]))[1:]))
        except ValueError as error:
            raise ModelError(f"a bias of shape {added.shape}; one that fits {shape} is needed.") from error

        def share(tokens: Tokens, unknown: Mask, added: Floats, numbers: NDArray[np.int64]) -> Tokens:
            noise = np.zeros((1, 1, 1, 1), np.float32)
            if temperature:
                drawn = (np.random.default_rng([seed, number]).gumbel(size=shape[1:]) for number in numbers.tolist())
                noise = np.stack([temperature * window.astype(np.float32) for window in drawn])
            noise = np.broadcast_to(noise, (len(tokens), *shape[1:]))

            def choose(step: int, column: int, windows: NDArray[np.int64], logits: Floats) -> NDArray[Any]:
                symbols = logits.shape[1]
                asked = logits + added[windows, step, column, :symbols]
                if temperature:
                    asked[:, : self._none] = _sharpened(asked[:, : self._none], temperature, pitches)
                return np.asarray((asked + noise[windows, step, column, :symbols]).argmax(axis=-1))

            return self._written(tokens, unknown, choose)

        filled = tokens.copy()
        if len(numbers := np.flatnonzero(unknown.any(axis=(1, 2)))):
            filled[numbers] = np.concatenate(
                in_shares(share, tokens[numbers], unknown[numbers], added[numbers], numbers)
            )
        return filled

    def nats(self, tokens: Tokens, unknown: Mask) -> NDArray[np.float64]:
        """Compute the cross-entropy of what is unknown given what is known, summed over each window: nats, (windows,).

        Raises `ModelError` as `fill` does.
        """
        self.architecture.check_windows(tokens, unknown)

        return np.concatenate([np.zeros(0), *in_shares(self._missed, tokens, unknown)])

    def _missed(self, tokens: Tokens, unknown: Mask) -> NDArray[np.float64]:
        """Compute nats all at once, since all that was chosen is known: what Keras computes, in its order."""
        windows, steps, columns = tokens.shape
        beats, per_beat, none = steps // self._per_beat, self._per_beat, self._none
        cells = composer.of_columns(unknown, columns)
        known = self._known(tokens, cells)
        shown = self._table[known].reshape(windows, self.architecture.beats, per_beat, -1)
        whole = self._table[tokens.astype(np.int64)].reshape(windows, beats, per_beat, -1)
        vectors, whole_vectors = self._read(shown), self._read(whole)
        around, near = self._around(vectors), self._dense("attention/known", vectors)
        far = self._dense("attention/whole", whole_vectors)
        before, codes = np.zeros((windows, self._units), np.float32), []
        for beat in range(beats):
            context = np.concatenate([around[:, beat], before], axis=-1)
            context = np.concatenate([context, self._attended(beat, context, near, far[:, :beat])], axis=-1)
            codes.append(gelu(self._dense("code", context)))
            before = self._advance("before", whole_vectors[:, beat], before)
        # From here on beats are written side by side, those of which something is unknown.
        unread = np.flatnonzero(cells.reshape(windows * beats, -1).any(axis=1))

        def of_beats(array: NDArray[Any]) -> NDArray[Any]:
            return array.reshape(windows * beats, per_beat, -1)[unread]

        code = np.stack(codes, axis=1).reshape(windows * beats, -1)[unread]
        shares = self._dense("spread", code).reshape(len(code), per_beat, SHARE_DIM)
        given = np.concatenate([shares, of_beats(shown[:, :beats])], axis=-1)
        flat = of_beats(whole)
        state, last, states = np.tanh(self._dense("start", code)), np.zeros_like(flat[:, 0]), []
        for step, vector in enumerate(self._weights["step_vectors/embeddings"]):
            moment = np.broadcast_to(vector, (len(code), len(vector)))
            state = self._advance("writer", np.concatenate([last, moment, given[:, step]], axis=-1), state)
            last = flat[:, step]
            states.append(state)
        hidden = self._dense("hidden", np.concatenate([np.stack(states, axis=1), given], axis=-1))
        moments = len(code) * per_beat
        inner = np.split(hidden.reshape(moments, -1), self._parts_of_hidden, axis=-1)
        seen = composer.surroundings(tokens, cells, self.architecture.grid.alphabet)
        music = composer.music_around(seen.now, seen.known, per_beat, none)
        music = np.repeat(music.reshape(windows * beats, *music.shape[2:])[unread], per_beat, axis=0)
        written, asked, now, earlier, struck, following = (
            of_beats(array).reshape(moments, columns)
            for array in (tokens, cells, seen.now, seen.before, seen.last, seen.next)
        )
        begins = np.repeat(unread % beats == 0, per_beat) & (np.arange(moments) % per_beat == 0)
        sounding = np.where(asked, earlier, now)
        nats = np.zeros(moments)
        for place, column in enumerate(self._order):
            logits = self._logits(
                place, inner[place], written, sounding, music, struck[:, column], following[:, column]
            )
            # Held notes are only where a window begins.
            logits[~begins, self.architecture.grid.alphabet.size :] = NEVER
            wanted = written[:, column].astype(np.int64)[:, None]
            found = logits.astype(np.float64)
            missed = np.logaddexp.reduce(found, axis=-1) - np.take_along_axis(found, wanted, axis=-1)[:, 0]
            nats += np.where(asked[:, column], missed, 0.0)
            sounding[:, column] = now[:, column]
        by_beat = np.zeros(windows * beats)
        by_beat[unread] = nats.reshape(len(code), per_beat).sum(axis=1)
        return np.asarray(by_beat.reshape(windows, beats).sum(axis=1))

    def _written(self, tokens: Tokens, unknown: Mask, choose: Choose) -> Tokens:
        """Write windows beat by beat, whatever `choose` chooses for the cells that are unknown."""
        beats, per_beat = tokens.shape[1] // self._per_beat, self._per_beat
        cells = composer.of_columns(unknown, self._columns)
        known = self._known(tokens, cells)
        flat = self._table[known].reshape(len(tokens), self.architecture.steps, -1)
        vectors = self._read(flat.reshape(len(tokens), self.architecture.beats, per_beat, -1))
        around, near = self._around(vectors), self._dense("attention/known", vectors)
        seen = composer.surroundings(tokens, cells, self.architecture.grid.alphabet)
        written, before = tokens.copy(), np.zeros((len(tokens), self._units), np.float32)
        whole, heard = near[:, :0], np.full_like(seen.now, self._none)
        hand = _Hand(written, cells, heard, np.full_like(heard[:, 0], self._none), seen.next, choose)
        for beat in range(beats):
            steps = slice(beat * per_beat, (beat + 1) * per_beat)
            code = None
            if cells[:, steps].any():
                context = np.concatenate([around[:, beat], before], axis=-1)
                context = np.concatenate([context, self._attended(beat, context, near, whole)], axis=-1)
                code = gelu(self._dense("code", context))
            music = composer.music_around(heard, seen.known, per_beat, self._none)[:, beat]
            self._write_beat(beat, code, flat[:, steps], music, hand)
            if beat + 1 < beats:
                embedded = self._table[written[:, steps].astype(np.int64)].reshape(len(tokens), per_beat, -1)
                vector = self._read(embedded)
                whole = np.concatenate([whole, self._dense("attention/whole", vector)[:, None]], axis=1)
                before = self._advance("before", vector, before)
        return written

    def _known(self, tokens: Tokens, cells: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Leave what is unknown out, and what a shorter window lacks."""
        known = np.full((len(tokens), self.architecture.steps, self._columns), self.architecture.symbols, np.int64)
        known[:, : tokens.shape[1]] = np.where(cells, self.architecture.symbols, tokens)
        return known

    def _write_beat(self, beat: int, code: Floats | None, shown: Floats, music: Floats, hand: "_Hand") -> None:
        """Write what is unknown of a beat, if it has a code, and hear what sounds in it."""
        per_beat, first = self._per_beat, beat * self._per_beat
        if code is not None:
            shares = self._dense("spread", code).reshape(len(code), per_beat, SHARE_DIM)
            vectors = self._weights["step_vectors/embeddings"]
            state = np.tanh(self._dense("start", code))
            last = np.zeros((len(code), shown.shape[-1]), np.float32)
        for step in range(first, first + per_beat):
            cells = hand.cells[:, step]
            before = hand.heard[:, step - 1] if step else np.full_like(hand.last, self._none)
            sounding = np.where(cells, before, self._resolved(hand.written[:, step], before))
            if code is not None:
                given = np.concatenate([shares[:, step - first], shown[:, step - first]], axis=-1)
                vector = np.broadcast_to(vectors[step - first], (len(code), vectors.shape[1]))
                state = self._advance("writer", np.concatenate([last, vector, given], axis=-1), state)
                if cells.any():
                    hidden = self._dense("hidden", np.concatenate([state, given], axis=-1))
                    inner = np.split(hidden, self._parts_of_hidden, axis=-1)
                    for place, column in enumerate(self._order):
                        if len(asked := np.flatnonzero(cells[:, column])):
                            logits = self._head(place, inner[place], step, sounding, music, hand, asked)
                            hand.written[asked, step, column] = hand.choose(step, column, asked, logits)
                        chosen = self._resolved(hand.written[:, step, column], before[:, column])
                        sounding[:, column] = chosen
                last = self._table[hand.written[:, step].astype(np.int64)].reshape(len(code), -1)
            hand.heard[:, step] = sounding
            pitched = self._resolved(hand.written[:, step], np.full_like(before, self._none))
            hand.last = np.where(pitched < self._none, pitched, hand.last)

    def _resolved(self, tokens: Tokens, before: Ints) -> Ints:
        """Tell which pitch sounds where these tokens are, of the same shape as what sounded before."""
        alphabet = self.architecture.grid.alphabet
        struck = codec.struck(tokens, alphabet).astype(np.int64)
        return np.where(struck == alphabet.sustain, before, np.minimum(struck, self._none))

    def _head(
        self,
        place: int,
        inner: Floats,
        step: int,
        sounding: Ints,
        music: Floats,
        hand: "_Hand",
        asked: NDArray[np.int64],
    ) -> Floats:
        """Compute the logits of a column in some windows, those of held notes only where a window begins."""
        column = self._order[place]
        logits = self._logits(
            place,
            inner[asked],
            hand.written[asked, step],
            sounding[asked],
            music[asked],
            hand.last[asked, column],
            hand.following[asked, step, column],
        )
        return logits if step == 0 else logits[:, : self.architecture.grid.alphabet.size]

    def _logits(
        self, place: int, inner: Floats, written: Tokens, sounding: Ints, music: Floats, last: Ints, following: Ints
    ) -> Floats:
        """Compute the logits of a column in moments of music, those of held notes among them: (moments, symbols)."""
        column = self._order[place]
        if place:
            earlier = written[:, list(self._order[:place])].astype(np.int64)
            inner = inner + self._table[earlier].reshape(len(inner), -1) @ self._weights[f"chosen_{column}/kernel"]
        symbols, gates = np.split(self._dense(f"head_{column}", gelu_by_tanh(inner)), [SYMBOL_DIM], axis=-1)
        logits = self._dense("common", symbols)
        logits[:, : self._none] += self._intervals(place, sounding, music, gates, last, following)
        return np.concatenate([logits[:, :-1], logits[:, : self._none] + logits[:, -1:]], axis=-1)

    def _intervals(
        self, place: int, sounding: Ints, music: Floats, gates: Floats, last: Ints, following: Ints
    ) -> Floats:
        """Weigh pitches by their intervals to what sounds around them: logits (moments, pitches)."""
        column, heard = self._order[place], composer.chroma(sounding, self._none)
        others = heard.sum(axis=1) - heard[:, column]
        bass = heard[:, self._order[0]] if place else np.zeros_like(others)
        chromas = np.concatenate([np.stack([others, bass], axis=1), music], axis=1)
        harmonies, melodies = np.split(gates, [HARMONIES], axis=-1)
        by_class = np.tensordot(chromas, self._by_class, axes=((1, 2), (1, 2)))
        classes = np.einsum("wk,wkj->wj", harmonies, by_class)
        logits = np.tile(classes, -(-self._none // 12))[:, : self._none]
        silence = np.full(len(sounding), self._none)
        beside = (silence if other is None else sounding[:, other] for other in composer.neighbours(column))
        for kind, (pitch, weight) in enumerate(
            zip((last, following, *beside), np.split(melodies, len(LINES), axis=-1), strict=True)
        ):
            # A row of the table for each pitch, and one of zeros where there is none.
            logits = logits + np.einsum("wk,wkj->wj", weight, self._by_pitch[kind][pitch])
        return np.asarray(logits, np.float32)

    def _attended(self, beat: int, context: Floats, near: Floats, whole: Floats) -> Floats:
        """Look at all beats without what is unknown, and at the earlier ones as they are: (windows, features)."""
        beats, heads = self.architecture.beats, self.architecture.network.attention_heads
        query = self._dense("attention/query", context).reshape(len(context), heads, HEAD_DIM)
        memory = np.concatenate([near, whole], axis=1).reshape(len(context), -1, heads, 2 * HEAD_DIM)
        keys, values = memory[..., :HEAD_DIM], memory[..., HEAD_DIM:]
        distance, apart = self._weights["attention/distance"], np.arange(beats) - beat + beats - 1
        bias = np.concatenate([distance[0][apart], distance[1][apart[:beat]]])
        scores = np.einsum("whd,wkhd->wkh", query, keys) / np.float32(HEAD_DIM**0.5) + bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = scores / scores.sum(axis=1, keepdims=True)
        return np.asarray(np.einsum("wkh,wkhd->whd", shares, values)).reshape(len(context), -1)

    def _read(self, embedded: Floats) -> Floats:
        """Make vectors of beats (..., steps, features)."""
        hidden = gelu(self._dense("reader/by_step", embedded))
        return gelu(self._dense("reader/direct", hidden.reshape(*hidden.shape[:-2], -1)))

    def _around(self, vectors: Floats) -> Floats:
        directions = []
        for name, order in (("gru_0", 1), ("gru_0_backwards", -1)):
            state = np.zeros((len(vectors), self._units // 2), np.float32)
            states = []
            for beat in range(vectors.shape[1])[::order]:
                state = self._advance(f"around/{name}", vectors[:, beat], state)
                states.append(state)
            directions.append(np.stack(states[::order], axis=1))
        return np.concatenate(directions, axis=-1)

    def _advance(self, place: str, inputs: Floats, state: Floats) -> Floats:
        advance, _ = CELLS["gru"]
        names = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
        weights = [self._weights[f"{place}/{name}"] for name in names]
        return advance(inputs @ weights[0] + weights[2], (state,), weights)[0]

    def _dense(self, place: str, inputs: Floats) -> Floats:
        return dense(inputs, (self._weights[f"{place}/kernel"], self._weights[f"{place}/bias"]))


def load(folder: Path) -> NumpyComposer:
    """Read a composer's folder.

    Raises
    ------
    ModelError
        If a file is missing or damaged, the two do not belong together, or a weight is not finite or lacks.
    """
    architecture, weights = composer.load(folder)
    # Whole windows of which a part is known, so that all weights are asked for; two beats, which are written in turn.
    tokens = np.zeros((2, architecture.steps, architecture.columns), np.uint8)
    unknown = np.ones((2, architecture.steps, VOICES), np.bool_)
    unknown[:, :, 0] = False
    written = slice(2 * architecture.grid.steps_per_beat)
    try:
        model = NumpyComposer(architecture, weights)
        model.nats(tokens, unknown)
        model.fill(tokens[:, written], unknown[:, written])
    # NumPy raises many kinds of error for arrays of another shape.
    except Exception as error:
        detail = " ".join(str(error).split())
        raise ModelError(
            f"{folder / WEIGHTS}: not the weights of this architecture ({detail}); train again."
        ) from error
    return model
