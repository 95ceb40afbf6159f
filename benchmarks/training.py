"""Training speed of the paper's network: ours against plain Keras layers, in one run: `python -m benchmarks.training`.

Both have the paper's sizes (two LSTM layers of 128, latent 512, batches of 32) and the same optimizer and losses, and
see made-up phrases. `plain` is put together as the paper describes: embedding, LSTM, RepeatVector, LSTM, four dense
layers, and runs as Keras runs it; once more with the threads of our training. Ours multiplies z by the decoder's kernel
once instead of at every step, and every other input for some steps at once, so that a layer can begin before the one
below has ended; its loops over time are unrolled, and Adam is one kernel for each weight. Each has its own process, and
they take turns, so that a noisy machine slows all; what counts is the ratio.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks import hardware
from quartetvae import config, files
from quartetvae.corpus import encoding
from quartetvae.model.architecture import Architecture
from quartetvae.model.keras import devices
from quartetvae.model.keras.network import cell_nats
from quartetvae.model.keras.vae import QuartetVAE, kl_nats
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import PARTS
from quartetvae.pipeline import params

ROOT = Path(__file__).resolve().parent.parent


def settings(profile: str) -> tuple[Architecture, config.Train]:
    """Read network and training of a profile."""
    sections = params.read_yaml(ROOT / "profiles" / f"{profile}.yaml")
    grid = encoding.grid_for(config.Encode(**sections["encode"]))
    network, form = config.Model(**sections["model"]), config.Phrases(**sections["phrases"])
    return Architecture(network, grid, form), config.Train(**sections["train"])


def ours(architecture: Architecture, train: config.Train) -> Callable[[Tokens], object]:
    """Make a step of training of our network."""
    model = QuartetVAE(architecture)
    model.prepare(train, 1_000_000)
    return lambda tokens: model.train_batch(tokens, 0)


def plain(architecture: Architecture, train: config.Train) -> Callable[[Tokens], object]:
    """Make a step of training of the same network, of Keras' own layers."""
    import keras
    from keras import layers, ops

    network, symbols = architecture.network, architecture.grid.alphabet.size

    class Plain(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.embeddings = [layers.Embedding(symbols, network.embedding_dim) for _ in PARTS]
            self.encoder = [
                layers.LSTM(network.encoder_units, return_sequences=level < network.encoder_layers - 1)
                for level in range(network.encoder_layers)
            ]
            self.dropout = layers.Dropout(network.dropout)
            self.mean, self.log_var = layers.Dense(network.latent_dim), layers.Dense(network.latent_dim)
            self.noise = keras.random.SeedGenerator(0)
            self.repeat = layers.RepeatVector(architecture.steps)
            self.decoder = [
                layers.LSTM(network.decoder_units, return_sequences=True) for _ in range(network.decoder_layers)
            ]
            self.heads = [layers.Dense(symbols) for _ in PARTS]

        def call(self, tokens: Any, training: bool = False) -> Any:
            embedded = [layer(tokens[..., part]) for part, layer in enumerate(self.embeddings)]
            state = self._stack(self.encoder, ops.concatenate(embedded, axis=-1), training)
            mean, log_var = self.mean(state), self.log_var(state)
            z = mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), seed=self.noise)
            states = self._stack(self.decoder, self.repeat(z), training)
            logits = ops.stack([head(states) for head in self.heads], axis=-2)
            return {"logits": logits, "mean": mean, "log_var": log_var}

        def _stack(self, stack: Any, outputs: Any, training: bool) -> Any:
            for level, layer in enumerate(stack):
                outputs = layer(self.dropout(outputs, training=training) if level else outputs)
            return outputs

        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *_: Any, **__: Any) -> Any:
            kl = ops.sum(kl_nats(y_pred["mean"], y_pred["log_var"]), axis=-1)
            return ops.mean(ops.sum(cell_nats(x, y_pred["logits"]), axis=(1, 2)) + y * kl)

    model = Plain()
    model.compile(optimizer=keras.optimizers.Adam(train.learning_rate))
    beta = train.beta * architecture.steps / network.latent_dim

    def step(tokens: Tokens) -> object:
        return model.train_on_batch(tokens.astype("int32"), np.full(len(tokens), beta, np.float32), return_dict=True)

    return step


def work(name: str, turns: Connection) -> None:
    """Measure phrases per second of a contender whenever it is its turn, in a process of its own."""
    if name != "plain":
        devices.share_threads()
    architecture, train = settings("default" if name == "default" else "paper")
    make = plain if name.startswith("plain") else ours
    step, rng = make(architecture, train), np.random.default_rng(0)
    while batches := turns.recv():
        shape = (train.batch_size, architecture.steps, architecture.columns)
        phrases = rng.integers(0, architecture.grid.alphabet.size, shape, dtype=np.uint8)
        began = time.perf_counter()
        for _ in range(batches):
            step(phrases)
        turns.send(batches * train.batch_size / (time.perf_counter() - began))


CONTENDERS = {
    "plain": "plain Keras layers",
    "plain, threads": "plain Keras layers, our threads",
    "ours": "ours",
    "default": "the default profile",
}


def measure(rounds: int, batches: int) -> dict[str, float]:
    """Measure phrases per second of each, the median over rounds in which they take turns, one process at a time."""
    context = multiprocessing.get_context("spawn")
    found: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    ends: dict[str, Connection] = {}
    for name in CONTENDERS:
        ends[name], theirs = context.Pipe()
        context.Process(target=work, args=(name, theirs), daemon=True).start()
    # The first round compiles.
    for turn in tqdm(range(rounds + 1), unit="round"):
        for name, end in ends.items():
            end.send(batches if turn else 3)
            rate = end.recv()
            if turn:
                found[name].append(rate)
    for end in ends.values():
        end.send(0)
    return {name: statistics.median(rates) for name, rates in found.items()}


def main() -> None:
    """Measure, print, and write benchmarks/speed.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="how often they take turns (9)")
    parser.add_argument("--batches", type=int, default=60, help="batches in a turn (60)")
    arguments = parser.parse_args()
    rates = measure(arguments.rounds, arguments.batches)
    for name, label in CONTENDERS.items():
        print(f"{label:34} {rates[name]:8.0f} phrases/s")
    for name in ("plain", "plain, threads"):
        print(f"ours: {rates['ours'] / rates[name]:.2f} times {CONTENDERS[name]}")
    print(hardware.used())
    files.write_json(
        ROOT / "benchmarks" / "speed.json",
        {
            "phrases_per_second": rates,
            "ratio": rates["ours"] / rates["plain"],
            "ratio_with_our_threads": rates["ours"] / rates["plain, threads"],
            "command": "python -m benchmarks.training",
            "date": time.strftime("%Y-%m-%d"),
            "hardware": hardware.used(),
            "commit": hardware.commit(),
        },
    )


if __name__ == "__main__":
    main()
