"""The same network under TensorFlow and JAX, and on one device and two. Each runs in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.model.keras import saving
from quartetvae.model.keras.vae import QuartetVAE
from tests.building import FORM, architecture, random_tokens
from tests.imports import ROOT

KINDS: dict[str, dict[str, Any]] = {
    "flat": {"cell": "lstm"},
    "autoregressive": {"decoder": "autoregressive", "bidirectional": True, "pooling": "full"},
    "hierarchical": {"decoder": "hierarchical", "form": FORM.model_copy(update={"beats_per_phrase": 2})},
}

OUTPUTS = """
import sys
from pathlib import Path
import numpy as np
from quartetvae.model import devices, saving
folder, backend = Path(sys.argv[1]), sys.argv[2]
assert devices.backend() == backend
model = saving.load(folder / "model")
tokens = np.load(folder / "tokens.npy")
mean, log_var = model.encode(tokens)
nats = model.reconstruction(tokens, mean)
np.savez(folder / f"{backend}.npz", mean=mean, log_var=log_var, nats=nats, decoded=model.decode(mean),
         drawn=model.decode(mean, temperature=0.5, seed=1))
"""

TRAINING = """
import json, sys
from quartetvae import training
from quartetvae.model import devices
from quartetvae.model.vae import QuartetVAE
from tests.building import architecture, phrase_set, random_tokens, train
section = train(epochs=2, batch_size=16, warmup_steps=2, beta_warmup=0.5, clip_norm=1.0, devices=sys.argv[1])
# Odd numbers on one device less one are what is left of them on two.
count, held = (85, 21) if section.devices == "all" else (84, 20)
phrases, held_out = phrase_set(random_tokens(85, 4, 4)[:count]), phrase_set(random_tokens(21, 4, 4, seed=1)[:held])
with devices.used(section.devices) as number:
    model = QuartetVAE(architecture(decoder="autoregressive", word_dropout=0.3))
    outcome = training.fit(model, phrases, held_out, section, devices=number)
if devices.backend() == "jax":
    # The weights are on all of them.
    assert len(model.weights[0].value.sharding.device_set) == number
print(json.dumps({"devices": number, "history": outcome.history}))
"""


def python(program: str, *arguments: str, **environment: str) -> str:
    """What a program prints."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_same_weights_give_the_same_output_under_tensorflow_and_jax(kind: str, tmp_path: Path) -> None:
    network = QuartetVAE(architecture(**KINDS[kind]))
    # Weights of a size that makes a difference.
    network.set_weights([2 * weights for weights in network.get_weights()])
    saving.save(tmp_path / "model", network)
    np.save(tmp_path / "tokens.npy", random_tokens(30, network.architecture.steps, 4))
    found = {}
    for backend in ("tensorflow", "jax"):
        python(OUTPUTS, str(tmp_path), backend, KERAS_BACKEND=backend)
        with np.load(tmp_path / f"{backend}.npz") as arrays:
            found[backend] = dict(arrays)
    for name in ("mean", "log_var", "nats"):
        np.testing.assert_allclose(found["jax"][name], found["tensorflow"][name], rtol=1e-5, atol=1e-5)
    for name in ("decoded", "drawn"):
        assert np.array_equal(found["jax"][name], found["tensorflow"][name])


def trained(devices: str, **environment: str) -> tuple[int, list[dict[str, float]]]:
    told = json.loads(python(TRAINING, devices, **environment).splitlines()[-1])
    return told["devices"], told["history"]


def test_two_devices_give_the_losses_of_one() -> None:
    two = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    number, alone = trained("one", **two)
    assert number == 1
    number, shared = trained("all", **two)
    assert number == 2
    for one, other in zip(alone, shared, strict=True):
        assert other == pytest.approx(one, rel=1e-4)


def test_all_devices_are_one_where_there_is_one() -> None:
    assert trained("all")[0] == 1


THREADS = """
import os, sys
import tensorflow as tf
from quartetvae.errors import ModelError
from quartetvae.model import devices
if sys.argv[1] == "late":
    tf.constant(1) + 1
try:
    devices.share_threads()
except ModelError as error:
    print(error)
print(tf.config.threading.get_intra_op_parallelism_threads() == max(1, len(os.sched_getaffinity(0)) // 2))
"""


def test_threads_are_shared_before_anything_is_computed() -> None:
    assert python(THREADS, "early", KERAS_BACKEND="tensorflow").splitlines() == ["True"]
    refusal, shared = python(THREADS, "late", KERAS_BACKEND="tensorflow").splitlines()
    assert refusal.startswith("threads cannot be set once TensorFlow has computed something")
    assert shared == "False"


STEPS = """
import json, sys
from pathlib import Path
import keras
import numpy as np
from quartetvae.model import saving
from tests.building import train
folder = Path(sys.argv[1])
# Each backend draws numbers of its own.
keras.random.normal = lambda shape, **_: keras.ops.zeros(shape)
model = saving.load(folder / "model")
tokens = np.load(folder / "tokens.npy")
model.prepare(train(clip_norm=0.05, learning_rate=0.01, weight_decay=0.01, free_bits=1.0, onset_weight=2.0), 4)
print(json.dumps([model.train_batch(tokens, step) for step in range(4)]))
"""


@pytest.mark.parametrize("kind", list(KINDS))
def test_training_takes_the_same_steps_under_tensorflow_and_jax(kind: str, tmp_path: Path) -> None:
    network = QuartetVAE(architecture(**KINDS[kind]))
    saving.save(tmp_path / "model", network)
    np.save(tmp_path / "tokens.npy", random_tokens(30, network.architecture.steps, 4))
    tensorflow, jax = (
        json.loads(python(STEPS, str(tmp_path), KERAS_BACKEND=backend)) for backend in ("tensorflow", "jax")
    )
    assert tensorflow[0]["loss"] != tensorflow[-1]["loss"]
    for one, other in zip(tensorflow, jax, strict=True):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-5)


MIXED = """
import numpy as np
from quartetvae.model.vae import QuartetVAE
from tests.building import architecture
model = QuartetVAE(architecture(decoder="autoregressive", decoder_layers=2), precision="mixed_bfloat16")
print(model.decode(np.zeros((2, model.architecture.network.latent_dim), np.float32)).shape)
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_what_was_built_in_mixed_precision_decodes(backend: str) -> None:
    assert python(MIXED, KERAS_BACKEND=backend).strip() == "(2, 4, 4)"
