"""What a training runs on: threads, and one device or several.

On several, each batch is cut into as many shares, and the weights are on all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from quartetvae import machine
from quartetvae.config import Devices
from quartetvae.errors import ModelError, check_mode


def backend() -> str:
    """Tell what Keras runs on: `tensorflow` or `jax`."""
    return str(keras.backend.backend())


def share_threads() -> None:
    """Let TensorFlow run several operations at a time rather than each on all cores; before anything is computed.

    The products of a recurrent step are too small to be worth sharing: `benchmarks/training.py` compares, on two cores.
    More operations at a time than there are cores, as some only wait for memory.

    Raises
    ------
    ModelError
        If TensorFlow has computed something already: then it is too late.
    """
    if backend() == "tensorflow":
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(max(1, machine.cores() // 2))
            tf.config.threading.set_inter_op_parallelism_threads(2 * machine.cores())
        except RuntimeError as error:
            raise ModelError("threads cannot be set once TensorFlow has computed something; set them first.") from error


@contextmanager
def used(devices: Devices) -> Iterator[int]:
    """Make models that are built within use `one` device or `all` visible ones; gives their number.

    Raises
    ------
    ModelError
        For `all` under TensorFlow when it sees several GPUs: Keras distributes under JAX only.
    """
    check_mode("devices", devices, Devices)
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
