"""Training speed of the paper's network: ours against plain Keras layers, in one run: `python -m benchmarks.training`.

Both have the paper's sizes (two LSTM layers of 128, latent 512, batches of 32) and the same optimizer and losses, and
see made-up phrases. `plain` is put together as the paper describes: embedding, LSTM, RepeatVector, LSTM, four dense
layers. Ours multiplies z by the decoder's kernel once instead of at every step, and every other input for all steps at
once; its loops over time are unrolled. They take turns, so that a noisy machine slows both; what counts is the ratio.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import hardware
from quartetvae import files, params
from quartetvae.codec import PARTS, Alphabet, Tokens
from quartetvae.dataset import Grid
from quartetvae.model.architecture import Architecture
from quartetvae.model.vae import QuartetVAE, cell_nats, kl_nats

ROOT = Path(__file__).resolve().parent.parent


def settings(profile: str) -> tuple[Architecture, params.Train]:
    """Network and training of a profile."""
    sections = params.read_yaml(ROOT / "profiles" / f"{profile}.yaml")
    grid = Grid(sections["encode"]["steps_per_beat"], Alphabet(36, 99))
    network, form = params.Model(**sections["model"]), params.Phrases(**sections["phrases"])
    return Architecture(network, grid, form), params.Train(**sections["train"])


def ours(architecture: Architecture, train: params.Train) -> Callable[[Tokens], object]:
    """A step of training of our network."""
    model = QuartetVAE(architecture)
    model.prepare(train, 1_000_000)
    return lambda tokens: model.train_batch(tokens, 0)


def plain(architecture: Architecture, train: params.Train) -> Callable[[Tokens], object]:
    """A step of training of the same network, of Keras' own layers."""
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
    model.compile(optimizer=keras.optimizers.Adam(train.learning_rate), jit_compile=False)
    beta = train.beta * architecture.steps / network.latent_dim

    def step(tokens: Tokens) -> object:
        return model.train_on_batch(tokens.astype("int32"), np.full(len(tokens), beta, np.float32), return_dict=True)

    return step


def measure(steps: dict[str, tuple[Callable[[Tokens], object], int]], *, rounds: int, batches: int) -> dict[str, float]:
    """Phrases per second of each, the median over rounds in which they take turns."""
    rng = np.random.default_rng(0)
    found: dict[str, list[float]] = {name: [] for name in steps}
    # The first round compiles.
    for turn in range(rounds + 1):
        for name, (step, size) in steps.items():
            phrases = rng.integers(0, 66, (size, 16, len(PARTS)), dtype=np.uint8)
            began = time.perf_counter()
            for _ in range(batches if turn else 3):
                step(phrases)
            if turn:
                found[name].append(batches * size / (time.perf_counter() - began))
    return {name: statistics.median(rates) for name, rates in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often they take turns (7)")
    parser.add_argument("--batches", type=int, default=60, help="batches in a turn (60)")
    arguments = parser.parse_args()
    (paper, train), (default, default_train) = settings("paper"), settings("default")
    rates = measure(
        {
            "plain": (plain(paper, train), train.batch_size),
            "ours": (ours(paper, train), train.batch_size),
            "default": (ours(default, default_train), default_train.batch_size),
        },
        rounds=arguments.rounds,
        batches=arguments.batches,
    )
    ratio = rates["ours"] / rates["plain"]
    print(f"paper's network, batches of {train.batch_size}, phrases/s, median of {arguments.rounds} rounds")
    print(f"  plain Keras layers    {rates['plain']:8.0f}")
    print(f"  ours                  {rates['ours']:8.0f}   {ratio:.2f} times as many")
    print(f"default profile, batches of {default_train.batch_size}")
    print(f"  ours                  {rates['default']:8.0f}")
    print(hardware.used())
    files.write_json(
        ROOT / "benchmarks" / "speed.json",
        {"phrases_per_second": rates, "ratio": ratio, "date": time.strftime("%Y-%m-%d"), "hardware": hardware.used()},
    )


if __name__ == "__main__":
    main()
