"""What the networks have in common that are trained here."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.model.keras.optimizer import Adam
from quartetvae.model.keras.schedules import LearningRate


class Network(keras.Model):
    """A network that `quartetvae.training.loop` can train, but for its loss and its batches."""

    @property
    def metrics(self) -> list[Any]:
        """None: Keras' add up over batches, and to reset them at each batch would take longer than to compute them."""
        return []

    def optimise(self, train: config.Fitting, steps: int) -> None:
        """Make ready for a training of so many steps of the optimizer.

        Under TensorFlow all operations of the process are deterministic from then on.
        """
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # Some of its kernels add up in the order in which threads finish.
            tf.config.experimental.enable_op_determinism()
        # With weight_decay it is AdamW: the decay is Keras' decoupled one.
        optimizer = Adam(
            LearningRate(train.learning_rate, train.schedule, train.warmup_steps, steps),
            weight_decay=train.weight_decay or None,
            beta_2=train.adam_beta_2,
            global_clipnorm=train.clip_norm or None,
        )
        # Step by step is faster than XLA for these loops on a CPU; JAX compiles in any case.
        self.compile(optimizer=optimizer, jit_compile=keras.backend.backend() == "jax")
        optimizer.build(self.trainable_variables)

    def reseed(self, *numbers: int) -> None:
        """Set the state of every random generator in the network from these numbers."""
        states = [variable for variable in self.variables if variable.path.endswith("seed_generator_state")]
        for state, words in zip(states, np.random.SeedSequence(numbers).spawn(len(states)), strict=True):
            state.assign(words.generate_state(2))

    def state(self) -> list[NDArray[Any]]:
        """Collect weights and the optimizer's variables: with `reseed`, all that a training goes on from."""
        return [np.array(variable) for variable in (*self.weights, *self.optimizer.variables)]

    def set_state(self, state: list[NDArray[Any]]) -> None:
        """Go back to a `state`."""
        for variable, value in zip((*self.weights, *self.optimizer.variables), state, strict=True):
            variable.assign(value)


def cell_nats(tokens: Any, logits: Any) -> Any:
    """Compute the cross-entropy of each cell of (batch, steps, columns) given logits (..., symbols), in nats."""
    return keras.losses.sparse_categorical_crossentropy(ops.cast(tokens, "int32"), logits, from_logits=True)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators that Keras draws initial weights by; Python's and NumPy's are the user's own afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
