"""Encode and decode: the package's network in NumPy, beside the same network in Keras.

Both have loaded already and see the same phrases, of music21's corpus; they take turns in one process. Wall time, since
both use all cores.
"""

import time
from typing import Any

from benchmarks import music, turns
from quartetvae import api
from quartetvae.corpus import phrases, records
from quartetvae.music.codec import Tokens

TURNS = 5
PHRASES = 512


def measure(*, count: int = PHRASES, turns_of_all: int = TURNS) -> dict[str, Any]:
    """Time both ways of both networks."""
    numpy, keras = api.load(), api.load_pretrained()
    form, grid = numpy.architecture.form, numpy.architecture.grid
    tokens: Tokens = (
        records.join([phrases.tile(piece, form, grid) for piece in music.pieces(grid)]).spread(count).tokens
    )
    codes = numpy.encode(tokens)[0]
    seconds = turns.medians(
        {
            "encode, NumPy": lambda: numpy.encode(tokens),
            "encode, Keras": lambda: keras.encode(tokens),
            "decode, NumPy": lambda: numpy.decode(codes),
            "decode, Keras": lambda: keras.decode(codes),
        },
        turns_of_all,
        clock=time.perf_counter,
        warm=True,
    )
    spent = {name: 1000 * took / len(tokens) for name, took in seconds.items()}
    return {
        "phrases": len(tokens),
        "milliseconds_per_phrase": spent,
        "ratio_keras_encode": spent["encode, Keras"] / spent["encode, NumPy"],
        "ratio_keras_decode": spent["decode, Keras"] / spent["decode, NumPy"],
    }
