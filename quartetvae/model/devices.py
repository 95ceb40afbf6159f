"""Training on several devices at once: each batch is cut into as many shares, and the weights are on all of them."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from quartetvae.errors import ModelError


def backend() -> str:
    """What Keras runs on: `tensorflow` or `jax`."""
    return str(keras.backend.backend())


def hardware() -> str:
    """What is computed on, for people: processor or GPU, how many, and by which backend."""
    accelerators = [name for name in keras.distribution.list_devices() if not name.lower().startswith("cpu")]
    if accelerators:
        return f"{len(accelerators)} x {_accelerator()}, {backend()}"
    return f"{os.cpu_count()} x {_processor()}, {backend()}"


def _accelerator() -> str:
    if backend() == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    return str(details.get("device_name", "GPU"))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@contextmanager
def used(devices: str) -> Iterator[int]:
    """Make models that are built within use `one` device or `all` visible ones; gives their number.

    Raises
    ------
    ModelError
        For `all` under TensorFlow when it sees several GPUs: Keras distributes under JAX only.
    """
    found = keras.distribution.list_devices()
    if devices == "one" or len(found) < 2:
        yield 1
        return
    if backend() != "jax":
        raise ModelError(
            f"train.devices 'all' with {len(found)} devices: Keras trains on several under JAX only. Set the "
            "environment variable KERAS_BACKEND=jax (pip install .[jax], or jax[cuda12]), or train.devices to 'one'."
        )
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=found, auto_shard_dataset=False))
    try:
        yield len(found)
    finally:
        keras.distribution.set_distribution(before)
