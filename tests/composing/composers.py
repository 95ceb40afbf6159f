"""A composer that needs no network: it draws every cell by itself."""

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.model import architecture, pretrained
from quartetvae.model.composer import ComposerArchitecture
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Grid

SMALL = Grid(2, Alphabet(60, 71), "double")
"""Two steps a beat, an octave from middle C, two columns a part."""
REST, SUSTAIN = SMALL.alphabet.rest, SMALL.alphabet.sustain


@dataclasses.dataclass
class Fake:
    """Draws each unknown cell by `logits`, (symbols,) or as broadcasts to a window, plus the bias.

    It keeps what it was asked for in `asked`: tokens, unknown cells and bias of each window.
    """

    architecture: ComposerArchitecture
    logits: NDArray[np.float32]
    asked: list[tuple[Tokens, NDArray[np.bool_], NDArray[np.float32]]] = dataclasses.field(default_factory=list)

    def fill(
        self,
        tokens: Tokens,
        unknown: NDArray[np.bool_],
        *,
        temperature: float = 1.0,
        seed: int = 0,
        bias: NDArray[np.float32] | None = None,
        pitches: float = 1.0,
    ) -> Tokens:
        form, found = self.architecture, tokens.copy()
        steps = tokens.shape[1]
        assert steps <= form.steps
        assert steps % form.grid.steps_per_beat == 0
        assert tokens.shape[2] == form.columns
        assert unknown.shape == (len(tokens), steps, 4)
        for k, window in enumerate(tokens):
            added = np.zeros((steps, form.columns, form.symbols), np.float32)
            added += self.logits
            if bias is not None:
                own = np.broadcast_to(bias, (len(tokens), *added.shape))[k]
                self.asked.append((window.copy(), unknown[k].copy(), own.copy()))
                added += own
            added[1:, :, form.grid.alphabet.held :] = -1e9
            noise = np.random.default_rng([seed, k]).gumbel(size=added.shape)
            drawn = (added + temperature * noise).argmax(axis=-1)
            cells = np.tile(unknown[k], form.columns // 4)
            found[k][cells] = drawn[cells]
        return found

    def nats(self, tokens: Tokens, unknown: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(unknown.sum(axis=(1, 2)), np.float64)


def fake(grid: Grid = SMALL, *, beats: int = 16, sustain: float = 1.0) -> Fake:
    """A composer to which all pitches and rests are alike, and sustains likelier by a factor of e ** `sustain`."""
    layers = config.Composer(
        window_beats=beats, units=8, decoder_units=8, head_units=8, embedding_dim=8, attention_heads=1
    )
    form = ComposerArchitecture(layers, grid)
    logits = np.zeros(form.symbols, np.float32)
    logits[grid.alphabet.sustain] += sustain
    return Fake(form, logits)


def loaded(folder: Path | str | None = None) -> Fake:
    """What stands in for `api.load_composer`: a composer on the grid of the package's weights, another for a folder."""
    return fake(architecture.read(pretrained.FOLDER).grid, sustain=1.0 if folder is None else 4.0)
