"""A model that needs no network: its code of a phrase is the phrase."""

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from quartetvae.model.architecture import Architecture
from quartetvae.model.autoencoder import Codes
from quartetvae.music.codec import Tokens
from tests.building import ALPHABET, FORM, GRID, architecture

STEPS = FORM.beats_per_phrase * GRID.steps_per_beat


@dataclasses.dataclass
class Toy:
    """A model whose code of a phrase is its tokens, as numbers: decoding rounds them. Its posterior is 3 wide."""

    architecture: Architecture

    def encode(self, tokens: Tokens) -> tuple[Codes, Codes]:
        mean = tokens.reshape(len(tokens), -1).astype(np.float32)
        return mean, np.full_like(mean, 2 * math.log(3))

    def decode(self, z: Codes, *, temperature: float = 0.0, seed: int = 0) -> Tokens:
        rounded = np.clip(np.rint(z), 0, ALPHABET.size - 1)
        return rounded.reshape(len(z), STEPS, 4).astype(np.uint8)

    def reconstruction(self, tokens: Tokens, z: Codes) -> NDArray[np.float64]:
        return np.asarray(np.abs(tokens.reshape(len(tokens), -1) - z).sum(axis=1), dtype=np.float64)

    def teacher_forced(self, tokens: Tokens, z: Codes) -> Tokens | None:
        return None


TOY = Toy(architecture(latent_dim=4 * STEPS))
