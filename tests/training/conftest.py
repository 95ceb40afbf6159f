"""What the tests of training share."""

from collections.abc import Iterator

import pytest
import tensorflow as tf


@pytest.fixture(scope="module", autouse=True)
def step_by_step() -> Iterator[None]:
    """Let TensorFlow run each operation at once: to trace a graph takes longer than these networks train.

    test_a_traced_graph_trains_alike holds that a graph gives the same.
    """
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
