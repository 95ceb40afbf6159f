"""Our Adam does what Keras' does."""

from typing import Any

import keras
import numpy as np
import pytest

from quartetvae.model.optimizer import Adam


def after_five_steps(kind: Any, **options: Any) -> np.ndarray[Any, Any]:
    """A table of weights after steps on gradients that grow, so that a clipping acts."""
    rng = np.random.default_rng(0)
    table = keras.Variable(rng.standard_normal((5, 3)).astype(np.float32))
    optimizer = kind(0.01, beta_2=0.98, **options)
    optimizer.build([table])
    for step in range(5):
        gradient = keras.ops.convert_to_tensor(10.0**step * rng.standard_normal((5, 3)).astype(np.float32))
        optimizer.apply([gradient], [table])
    return np.asarray(table)


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"global_clipnorm": 1.0}], ids=str)
def test_adam_is_that_of_keras(options: dict[str, float]) -> None:
    ours = after_five_steps(Adam, **options)
    np.testing.assert_allclose(ours, after_five_steps(keras.optimizers.Adam, **options), rtol=1e-5)
    if options:
        assert not np.allclose(ours, after_five_steps(Adam))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="sparse gradients are TensorFlow's")
def test_rows_that_a_batch_does_not_name_have_gradient_0() -> None:
    import tensorflow as tf

    dense = np.zeros((5, 3), np.float32)
    dense[2] = 1.0
    found = []
    for gradient in (tf.IndexedSlices(tf.ones((1, 3)), tf.constant([2]), tf.constant([5, 3])), tf.constant(dense)):
        table = keras.Variable(np.ones((5, 3), np.float32))
        optimizer = Adam(0.01)
        optimizer.build([table])
        optimizer.apply([gradient], [table])
        found.append(np.asarray(table))
    assert np.array_equal(found[0], found[1])
    assert np.unique(found[0]).size == 2
