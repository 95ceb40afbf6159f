"""A network's weights as bytes, for JavaScript.

Conventions
-----------
Matrices are int16 with a float32 scale for each column, all else is float32: half the size of float32, and nearer to
it than float16, whose phrases differ from the NumPy network's three times as often. Little-endian; first all float32,
then all int16. The index says where each array lies: `floats` and `ints` count numbers of their kind.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from quartetvae.errors import ModelError
from quartetvae.model.architecture import Architecture, head_widths, order
from quartetvae.model.numpy.weights import Floats, Weights

LARGEST = 32767
"""The int16 that the largest number of a column becomes."""

WRITTEN = {
    "decoder": "hierarchical",
    "cell": "gru",
    "pooling": "dense",
    "symbols": "shared",
    "bidirectional": True,
    "encoder_layers": 1,
    "decoder_layers": 1,
}
"""The network that is written out in JavaScript; its sizes may be any."""


@dataclass(frozen=True)
class Packed:
    """Weights as bytes, and where each array lies in them."""

    index: dict[str, dict[str, Any]]
    content: bytes


def check(architecture: Architecture) -> None:
    """Raise `ModelError` unless the network is one that JavaScript has."""
    network = architecture.network.model_dump()
    other = [f"{name} {network[name]}" for name, value in WRITTEN.items() if network[name] != value]
    if architecture.form.boundary != "held":
        other.append(f"boundary {architecture.form.boundary}")
    if other:
        needed = ", ".join(f"{name} {value}" for name, value in WRITTEN.items())
        raise ModelError(
            f"a network of {', '.join(other)}: the studio computes in the browser, where there is {needed}, boundary "
            "held. Leave out --model, or train a network of the default profile's kind."
        )


def pack(weights: Weights) -> Packed:
    """Pack the arrays of a weights file."""
    floats: list[Floats] = []
    integers: list[Any] = []
    index: dict[str, dict[str, Any]] = {}
    at, integers_at = 0, 0
    for name, array in sorted(weights.arrays.items()):
        entry: dict[str, Any] = {"shape": list(array.shape), "floats": at}
        plain = np.asarray(array, np.float32)
        if array.ndim == 2:
            scale = np.abs(plain).max(axis=0) / np.float32(LARGEST)
            scale[scale == 0] = 1
            entry["ints"] = integers_at
            integers.append(np.round(plain / scale).astype("<i2").ravel())
            integers_at += array.size
            plain = scale
        floats.append(plain.astype("<f4").ravel())
        at += plain.size
        index[name] = entry
    return Packed(index, b"".join(array.tobytes() for array in [*floats, *integers]))


def sizes(architecture: Architecture) -> dict[str, Any]:
    """Say what JavaScript has to know of a network beside its weights."""
    alphabet, network = architecture.grid.alphabet, architecture.network
    return {
        "steps": architecture.steps,
        "stepsPerBeat": architecture.grid.steps_per_beat,
        "columns": architecture.columns,
        "segments": architecture.segments,
        "latent": network.latent_dim,
        "symbols": architecture.symbols,
        "pitchMin": alphabet.pitch_min,
        "pitches": alphabet.pitches,
        "rest": alphabet.rest,
        "sustain": alphabet.sustain,
        "held": alphabet.held,
        "order": list(order(architecture.columns)),
        "widths": head_widths(architecture.columns, network.head_units),
    }
