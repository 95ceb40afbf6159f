"""Our Adam does what Keras' does."""

from typing import Any

import keras
import numpy as np
import pytest

from quartetvae.model.keras.optimizer import Adam


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


def test_amsgrad_is_refused() -> None:
    with pytest.raises(ValueError, match="amsgrad"):
        Adam(0.01, amsgrad=True)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="sparse gradients are TensorFlow's")
@pytest.mark.parametrize("clip", [None, 0.5])
def test_a_gradient_by_rows_is_the_sum_of_its_rows(clip: float | None) -> None:
    """An embedding's names the rows of a batch, some of them again and again; clipping measures what they come to."""
    import tensorflow as tf

    rows = tf.IndexedSlices(tf.ones((4, 3)), tf.constant([2, 2, 2, 4]), tf.constant([5, 3]))
    dense = np.zeros((5, 3), np.float32)
    dense[2], dense[4] = 3.0, 1.0
    other = tf.constant([[0.1, 0.2]])
    found = []
    for gradient in (rows, tf.constant(dense)):
        weights = keras.Variable(np.ones((5, 3), np.float32)), keras.Variable(np.ones((1, 2), np.float32))
        # A large epsilon, so that the size of a gradient matters.
        optimizer = Adam(0.01, epsilon=1.0, global_clipnorm=clip)
        optimizer.build(list(weights))
        optimizer.apply([gradient, other], list(weights))
        found.append(np.concatenate([np.asarray(weight).ravel() for weight in weights]))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    assert np.unique(found[0][:15]).size == 3
