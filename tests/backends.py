"""What a network gives under the backend of this process; as a program, under another one's and on two devices."""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from quartetvae.config import Devices
from quartetvae.corpus import streams
from quartetvae.model.keras import devices, saving
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.music.quartet import Grid
from quartetvae.training import loop
from tests.building import ALPHABET, FORM, architecture, phrase_set, random_tokens, train

HALVES, WHOLES = Grid(2, ALPHABET), Grid(1, ALPHABET)
KINDS: dict[str, dict[str, Any]] = {
    "flat": {"cell": "lstm", "grid": HALVES},
    "autoregressive": {"decoder": "autoregressive", "bidirectional": True, "pooling": "full", "grid": HALVES},
    "hierarchical": {
        **{"decoder": "hierarchical", "grid": HALVES},
        **{"form": FORM.model_copy(update={"beats_per_phrase": 2})},
    },
}


def outputs(model: QuartetVAE) -> dict[str, Any]:
    """Codes, nats and tokens, greedy and drawn, of some phrases."""
    tokens = random_tokens(30, model.architecture.steps, 4)
    mean, log_var = model.encode(tokens)
    nats = model.reconstruction(tokens, mean)
    drawn = model.decode(mean, temperature=0.5, seed=1)
    return {"mean": mean, "log_var": log_var, "nats": nats, "decoded": model.decode(mean), "drawn": drawn}


def losses(model: QuartetVAE) -> list[dict[str, float]]:
    """Losses of four steps of training, without noise: each backend draws numbers of its own."""
    tokens, normal = random_tokens(30, model.architecture.steps, 4), keras.random.normal
    keras.random.normal = lambda shape, **_: keras.ops.zeros(shape)
    try:
        model.prepare(train(clip_norm=0.05, learning_rate=0.01, weight_decay=0.01, free_bits=1.0, onset_weight=2.0), 4)
        return [model.train_batch(tokens, step) for step in range(4)]
    finally:
        keras.random.normal = normal


def on_devices(wanted: Devices) -> dict[str, Any]:
    """How many devices a training is on, and its history."""
    section = train(epochs=2, batch_size=16, warmup_steps=2, beta_warmup=0.5, clip_norm=1.0, devices=wanted)
    # Odd numbers on one device less one are what is left of them on two.
    sizes = (33, 9) if wanted == "all" else (32, 8)
    phrases, held_out = (
        streams.of(phrase_set(random_tokens(33, 1, 4, seed=seed)[:size], grid=WHOLES))
        for seed, size in enumerate(sizes)
    )
    with devices.used(wanted) as number:
        model = QuartetVAE(architecture(encoder_layers=2, dropout=0.3, grid=WHOLES))
        outcome = loop.fit(model, phrases, held_out, section, devices=number)
    if devices.backend() == "jax":
        # The weights are on all of them.
        assert len(model.weights[0].value.sharding.device_set) == number
    return {"devices": number, "history": outcome.history}


def main(folder: Path) -> None:
    """Write all of it beside the models in a folder."""
    told: dict[str, Any] = {"backend": devices.backend(), "losses": {}}
    for kind in KINDS:
        model = saving.load(folder / kind)
        np.savez(folder / f"{kind}.npz", **outputs(model))
        told["losses"][kind] = losses(model)
    mixed = QuartetVAE(architecture(decoder="autoregressive", grid=HALVES), precision="mixed_bfloat16")
    told["mixed"] = mixed.decode(np.zeros((2, 4), np.float32)).shape
    told |= {wanted: on_devices(wanted) for wanted in ("one", "all")}
    (folder / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
