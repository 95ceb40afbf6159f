"""Networks' weights as bytes and as text, for JavaScript.

Conventions
-----------
Matrices are integers of 12 or 8 bits with a float32 scale for each column, all else is float32. The autoencoder has
12: so its phrases are those of float32 in 399 of 400 cases, with 11 in 398. The composer has 8, which changes its nats
by less than a thousandth.

Little-endian; first all float32; then the upper eight bits of all integers, which deflate makes smaller; then the lower
four, two in a byte, the first in the lower half. The index says where each array lies: `floats` and `ints` count
numbers of their kind. The bytes are compressed by deflate (zlib), and written in base 85, four bytes in five letters.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from quartetvae.errors import ModelError
from quartetvae.model.architecture import Architecture, head_widths, order
from quartetvae.model.composer import ComposerArchitecture
from quartetvae.model.numpy.weights import Floats

Bits = Literal[8, 12]

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%()*+,-./:;=?@[]^_{}"
"""Of base 85; none of them means anything in HTML."""

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
    """Weights as bytes, where each array lies in them, and of how many bits integers are."""

    index: dict[str, dict[str, Any]]
    content: bytes
    bits: Bits

    def written(self) -> tuple[dict[str, Any], str]:
        """Give what JavaScript has to know to unpack the weights, and the text that they are packed into."""
        compressed = zlib.compress(self.content, 9)
        head = {"index": self.index, "bits": self.bits, "letters": LETTERS, "bytes": len(compressed)}
        return head, as_text(compressed)


def as_text(content: bytes) -> str:
    """Write bytes in base 85, four in five letters; zeros fill up the last four.

    >>> as_text(bytes([0, 0, 0, 86]))
    '00011'
    """
    numbers = np.frombuffer(content + bytes(-len(content) % 4), ">u4").astype(np.int64)
    digits = numbers[:, None] // 85 ** np.arange(4, -1, -1) % 85
    return str(np.frombuffer(LETTERS.encode("ascii"), np.uint8)[digits].tobytes(), "ascii")


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


def pack(arrays: Mapping[str, Floats], bits: Bits) -> Packed:
    """Pack the arrays of a network."""
    largest = 2 ** (bits - 1) - 1
    floats: list[Floats] = []
    integers: list[Any] = []
    index: dict[str, dict[str, Any]] = {}
    at, integers_at = 0, 0
    for name, array in sorted(arrays.items()):
        entry: dict[str, Any] = {"shape": list(array.shape), "floats": at}
        plain = np.asarray(array, np.float32)
        if array.ndim == 2:
            scale = np.abs(plain).max(axis=0) / np.float32(largest)
            scale[scale == 0] = 1
            entry["ints"] = integers_at
            integers.append(np.round(plain / scale).astype(np.int16).ravel())
            integers_at += array.size
            plain = scale
        floats.append(plain.astype("<f4").ravel())
        at += plain.size
        index[name] = entry
    whole = np.concatenate(integers) if integers else np.zeros(0, np.int16)
    upper, lower = whole >> (bits - 8), np.zeros(0, np.uint8)
    if bits > 8:
        fours = np.append(whole & 15, np.zeros(len(whole) % 2, np.int16)).reshape(-1, 2)
        lower = (fours[:, 0] | fours[:, 1] << 4).astype(np.uint8)
    planes = (upper.astype(np.int8).tobytes(), lower.tobytes())
    return Packed(index, b"".join([*(array.tobytes() for array in floats), *planes]), bits)


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


def composer_sizes(architecture: ComposerArchitecture) -> dict[str, Any]:
    """Say what JavaScript has to know of a composer beside its weights."""
    alphabet = architecture.grid.alphabet
    return {
        "beats": architecture.beats,
        "heads": architecture.network.attention_heads,
        "stepsPerBeat": architecture.grid.steps_per_beat,
        "columns": architecture.columns,
        "symbols": architecture.symbols,
        "pitches": alphabet.pitches,
        "rest": alphabet.rest,
        "sustain": alphabet.sustain,
        "held": alphabet.held,
        "order": list(order(architecture.columns)),
        "widths": head_widths(architecture.columns, architecture.network.head_units),
    }
