"""The same network under TensorFlow and JAX, and on one device and two."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.model.keras import devices, saving
from tests import backends, networks
from tests.backends import KINDS
from tests.imports import ROOT

OTHER = "jax" if devices.backend() == "tensorflow" else "tensorflow"
"""The backend that this process does not run on."""

QUICK = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"
"""Two devices; and programs that are compiled fast, for they run once."""


def python(*arguments: str, **environment: str) -> str:
    """What a program prints."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models, and what the program `backends` made of them under the other backend."""
    folder = tmp_path_factory.mktemp("backends")
    for kind, changes in KINDS.items():
        # Weights of a size that makes a difference.
        saving.save(folder / kind, networks.network(scale=2, **changes))
    python("-m", "tests.backends", str(folder), KERAS_BACKEND=OTHER, XLA_FLAGS=QUICK)
    return folder


@pytest.fixture(scope="module")
def told(folder: Path) -> Any:
    content = json.loads((folder / "told.json").read_text())
    assert content["backend"] == OTHER
    return content


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_same_weights_give_the_same_output_under_tensorflow_and_jax(kind: str, folder: Path) -> None:
    here = backends.outputs(networks.network(scale=2, **KINDS[kind]))
    with np.load(folder / f"{kind}.npz") as there:
        for name in ("mean", "log_var", "nats"):
            np.testing.assert_allclose(there[name], here[name], rtol=1e-5, atol=1e-5)
        for name in ("decoded", "drawn"):
            assert np.array_equal(there[name], here[name])


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_training_takes_the_same_steps_under_tensorflow_and_jax(kind: str, told: Any) -> None:
    here = backends.losses(networks.network(scale=2, **KINDS[kind]))
    assert here[0]["loss"] != here[-1]["loss"]
    for one, other in zip(here, told["losses"][kind], strict=True):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-5)


@pytest.mark.slow
def test_what_was_built_in_mixed_precision_decodes_under_the_other_backend(told: Any) -> None:
    assert told["mixed"] == [2, 2, 4]


@pytest.mark.slow
@pytest.mark.skipif(OTHER != "jax", reason="Keras trains on several devices under JAX only")
def test_two_devices_give_the_losses_of_one(told: Any) -> None:
    assert (told["one"]["devices"], told["all"]["devices"]) == (1, 2)
    for one, other in zip(told["one"]["history"], told["all"]["history"], strict=True):
        assert other == pytest.approx(one, rel=1e-4)


def test_all_devices_are_one_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.distribution.list_devices", lambda: ["cpu:0"])
    with devices.used("all") as number:
        assert number == 1


THREADS = """
import tensorflow as tf
from quartetvae import machine
from quartetvae.errors import ModelError
from quartetvae.model.keras import devices
threads = tf.config.threading.get_intra_op_parallelism_threads
devices.share_threads()
print(threads() == max(1, machine.cores() // 2))
tf.constant(1) + 1
machine.cores = lambda: 14
try:
    devices.share_threads()
except ModelError as error:
    print(error)
print(threads() == 7)
"""


@pytest.mark.slow
def test_threads_are_shared_before_anything_is_computed() -> None:
    shared, refusal, again = python("-c", THREADS, KERAS_BACKEND="tensorflow").splitlines()
    assert shared == "True"
    assert refusal.startswith("threads cannot be set once TensorFlow has computed something")
    assert again == "False"
