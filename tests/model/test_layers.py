"""Our recurrent layers do what Keras' do, with the same weights; stacks and summaries of them."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from quartetvae.config import Cell
from quartetvae.model.keras import layers
from quartetvae.model.keras.layers import GRU, LSTM, RecurrentStack, Summary

INPUTS = np.random.default_rng(0).standard_normal((3, 7, 5))
UNITS = 4

CLOSE = 1e-12


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    """In float32, sums of the same terms in another order differ by 1e-6 after a few steps, now and then by more."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


def keras_twin(layer: Any, shape: tuple[int, ...] = INPUTS.shape) -> Any:
    """Keras' layer with the weights of ours."""
    kind = {LSTM: keras.layers.LSTM, GRU: keras.layers.GRU}[type(layer)]
    twin = kind(UNITS, return_sequences=True, go_backwards=layer.backwards)
    twin.build(shape)
    kernel, recurrent, bias, *own = [np.asarray(weights) for weights in layer.weights]
    if kind is keras.layers.LSTM:  # candidate before output
        write, keep, show, candidate = (np.arange(4 * UNITS).reshape(4, UNITS)[gate] for gate in range(4))
        order = np.concatenate([write, keep, candidate, show])
        kernel, recurrent, bias = kernel[:, order], recurrent[:, order], bias[order]
    if own:
        second = np.zeros_like(bias)
        second[2 * UNITS :] = own[0]
        bias = np.stack([bias, second])
    twin.set_weights([kernel, recurrent, bias])
    return twin


def built(kind: Any, **options: Any) -> Any:
    layer = kind(UNITS, INPUTS.shape[1], **options)
    layer.build(INPUTS.shape)
    # Biases that make a difference.
    layer.set_weights(
        [weights + 0.1 * np.arange(weights.size).reshape(weights.shape) for weights in layer.get_weights()]
    )
    return layer


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_a_layer_does_what_that_of_keras_does(
    kind: Any, backwards: bool, unrolled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "UNROLLED", 64 if unrolled else 0)
    layer = built(kind, backwards=backwards)
    expected = np.asarray(keras_twin(layer)(INPUTS))
    if backwards:  # Keras gives them in the order in which they were computed
        expected = expected[:, ::-1]
    np.testing.assert_allclose(np.asarray(layer(INPUTS)), expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_the_initial_weights_are_distributed_as_those_of_keras(kind: Any) -> None:
    layer = kind(64, 3)
    layer.build((None, 3, 32))
    kernel, recurrent, bias = (np.asarray(weights) for weights in layer.weights[:3])
    limit = np.sqrt(6 / sum(kernel.shape))
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).std() > 0.2 * limit
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(64), atol=1e-5)
    assert bias.reshape(-1, 64).mean(axis=1).tolist() == ([0, 1, 0, 0] if kind is LSTM else [0, 0, 0])


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("unrolled", [True, False])
def test_an_input_of_one_step_is_the_same_at_every_step(
    kind: Any, unrolled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "UNROLLED", 64 if unrolled else 0)
    layer = built(kind)
    once = np.asarray(layer(INPUTS[:, :1]))
    np.testing.assert_allclose(once, np.asarray(layer(np.repeat(INPUTS[:, :1], 7, axis=1))), rtol=0, atol=CLOSE)


@pytest.mark.parametrize("steps", [1, 3, 4, 7, 16, 65])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_stack_in_both_directions_is_one_of_keras_layers(cell: Cell, steps: int) -> None:
    inputs = np.random.default_rng(1).standard_normal((3, steps, 5))
    stack = RecurrentStack(cell, UNITS, 2, steps=steps, dropout=0.5, bidirectional=True)
    found = np.asarray(stack(inputs))
    expected: Any = inputs
    for forwards, backwards in zip(stack.forwards, stack.backwards, strict=True):
        ways = [np.asarray(keras_twin(layer, expected.shape)(expected)) for layer in (forwards, backwards)]
        expected = np.concatenate([ways[0], ways[1][:, ::-1]], axis=-1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("given", [2, 5, 9])
@pytest.mark.parametrize("unrolled", [True, False])
def test_another_number_of_steps_is_refused(given: int, unrolled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "UNROLLED", 64 if unrolled else 0)
    layer = built(GRU)
    with pytest.raises(ValueError, match=f"{given} steps found; 1 or 7 are needed"):
        layer(np.zeros((3, given, 5), np.float32))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_step_by_step_is_all_at_once(cell: Cell) -> None:
    stack = RecurrentStack(cell, UNITS, 2, steps=7, dropout=0.5)
    initial = [[np.full((3, UNITS), 0.1 * (level + state)) for state in range(stack.states)] for level in (1, 2)]
    expected = np.asarray(stack(INPUTS, initial))
    states: Any = initial
    for step in range(7):
        output, states = stack.step(INPUTS[:, step], states)
        np.testing.assert_allclose(np.asarray(output), expected[:, step], rtol=0, atol=CLOSE)


def test_the_last_states_of_both_directions() -> None:
    stack = RecurrentStack("gru", UNITS, 1, steps=7, dropout=0.0, bidirectional=True)
    outputs = stack(INPUTS)
    assert outputs.shape == (3, 7, 2 * UNITS)
    last = np.asarray(stack.last(outputs))
    forwards, backwards = (np.asarray(way[0](INPUTS)) for way in (stack.forwards, stack.backwards))
    np.testing.assert_allclose(last, np.concatenate([forwards[:, -1], backwards[:, 0]], axis=1), rtol=0, atol=CLOSE)


@pytest.mark.parametrize(
    "layer",
    [
        LSTM(3, 5, backwards=True),
        GRU(3, 5),
        RecurrentStack("gru", 3, 2, steps=5, dropout=0.1, bidirectional=True, seed=4),
        Summary("full", "summary", {"cell": "gru", "units": 3, "depth": 1, "steps": 5, "dropout": 0.0}),
        layers.TokenEmbedding(4, 7, 3),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_can_be_made_again_from_its_configuration(layer: Any) -> None:
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config
