"""The network that composes: what it may see, and that NumPy's is Keras'."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.errors import ModelError
from quartetvae.model import composer
from quartetvae.model.composer import ComposerArchitecture, Mask
from quartetvae.model.keras.composer import ComposerNetwork
from quartetvae.model.numpy import composer as in_numpy
from quartetvae.model.numpy.composer import NumpyComposer
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import VOICES
from quartetvae.music.quartet import Grid
from tests.building import ALPHABET

NETWORK = config.Composer(window_beats=4, units=8, decoder_units=6, head_units=8, embedding_dim=3, attention_heads=2)
GRIDS = {"one note a part": Grid(3, ALPHABET), "two notes a part": Grid(2, ALPHABET, "double")}


@pytest.fixture(scope="module", params=GRIDS)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ComposerNetwork, NumpyComposer]:
    """A network of random weights, far from small, in Keras and in NumPy."""
    model = ComposerNetwork(ComposerArchitecture(NETWORK, GRIDS[request.param]), seed=3)
    rng = np.random.default_rng(0)
    model.set_weights([(of + rng.normal(0, 0.4, of.shape)).astype(of.dtype) for of in model.get_weights()])
    folder = tmp_path_factory.mktemp("composer")
    composer.save(folder, model.architecture, model.arrays())
    return model, in_numpy.load(folder)


def windows(architecture: ComposerArchitecture, count: int = 5, seed: int = 1) -> tuple[Tokens, Mask]:
    rng = np.random.default_rng(seed)
    alphabet = architecture.grid.alphabet
    tokens = rng.integers(0, alphabet.size, (count, architecture.steps, architecture.columns)).astype(np.uint8)
    tokens[:, 0] = rng.integers(0, alphabet.size_with_held, tokens[:, 0].shape)
    tokens[:, 0][tokens[:, 0] == alphabet.sustain] = alphabet.rest
    return tokens, rng.random((count, architecture.steps, VOICES)) < 0.5


def test_nats_are_the_same(both: tuple[ComposerNetwork, NumpyComposer]) -> None:
    tokens, unknown = windows(both[0].architecture, 70)
    keras, numpy = (model.nats(tokens, unknown) for model in both)
    np.testing.assert_allclose(numpy, keras, rtol=1e-4)


def test_what_is_known_stays_and_what_is_unknown_does_not_matter(both: tuple[ComposerNetwork, NumpyComposer]) -> None:
    _, model = both
    tokens, unknown = windows(model.architecture)
    cells = composer.of_columns(unknown, model.architecture.columns)
    filled = model.fill(tokens, unknown, seed=4)
    assert np.array_equal(filled[~cells], tokens[~cells])
    assert (filled != tokens)[cells].any()
    scrambled = np.where(cells, 0, tokens).astype(np.uint8)
    assert np.array_equal(model.fill(scrambled, unknown, seed=4), filled)


def test_it_draws_by_its_own_probabilities(both: tuple[ComposerNetwork, NumpyComposer]) -> None:
    """The logits behind a draw are those behind nats: one unknown cell, drawn often, counted."""
    _, model = both
    architecture = model.architecture
    tokens, unknown = windows(architecture, 1)
    unknown[:] = False
    unknown[0, 2, 1] = True
    many, masked = np.repeat(tokens, 3000, axis=0), np.repeat(unknown, 3000, axis=0)
    drawn = model.fill(many, masked, seed=1, pitches=1.0)[:, 2, 1::VOICES]
    symbols = architecture.grid.alphabet.size
    pairs = np.stack(np.meshgrid(*[np.arange(symbols)] * drawn.shape[1], indexing="ij"), axis=-1).reshape(
        -1, drawn.shape[1]
    )
    every = np.repeat(tokens, len(pairs), axis=0)
    every[:, 2, 1::VOICES] = pairs
    chances = np.exp(-model.nats(every, np.repeat(unknown, len(pairs), axis=0)))
    assert chances.sum() == pytest.approx(1, abs=1e-4)
    counts = (drawn[:, None] == pairs[None]).all(axis=-1).sum(axis=0)
    likely = chances > 0.01
    np.testing.assert_allclose(counts[likely] / 3000, chances[likely], atol=4 * 0.5 / 3000**0.5)


def test_nothing_sees_what_is_unknown_after_it(both: tuple[ComposerNetwork, NumpyComposer]) -> None:
    """In NumPy each cell is chosen before the next one is there; nats in Keras must not see it either."""
    keras, _ = both
    tokens, unknown = windows(keras.architecture)
    steps, alphabet = keras.architecture.grid.steps_per_beat, keras.architecture.grid.alphabet
    tokens[:, 0::3] = alphabet.sustain  # much that hangs on what is before it
    tokens[:, 0] = alphabet.rest
    cells = composer.of_columns(unknown, keras.architecture.columns)
    later = cells & (np.arange(tokens.shape[1]) >= 2 * steps)[:, None]
    changed = np.where(later, (tokens + 1) % alphabet.size, tokens).astype(np.uint8)
    inputs = [keras._inputs(found, unknown) for found in (tokens, changed)]
    before, after = (np.asarray(keras.predict_on_batch(found))[:, : 2 * steps] for found in inputs)
    np.testing.assert_allclose(before, after, atol=1e-5)


def test_a_shorter_window_is_the_beginning_of_one_whose_rest_is_unknown(
    both: tuple[ComposerNetwork, NumpyComposer],
) -> None:
    _, model = both
    tokens, unknown = windows(model.architecture)
    steps = 2 * model.architecture.grid.steps_per_beat
    unknown[:, steps:] = True
    filled = model.fill(tokens, unknown, temperature=0)
    assert np.array_equal(model.fill(tokens[:, :steps], unknown[:, :steps], temperature=0), filled[:, :steps])


def test_temperature_and_seed_and_bias_change_what_is_drawn(both: tuple[ComposerNetwork, NumpyComposer]) -> None:
    _, model = both
    tokens, unknown = windows(model.architecture)
    plain = model.fill(tokens, unknown, seed=1)
    assert np.array_equal(model.fill(tokens, unknown, seed=1), plain)
    assert not np.array_equal(model.fill(tokens, unknown, seed=2), plain)
    assert not np.array_equal(model.fill(tokens, unknown, seed=1, temperature=0), plain)
    assert np.array_equal(
        model.fill(tokens[2:], unknown[2:], temperature=0), model.fill(tokens, unknown, temperature=0)[2:]
    )
    alphabet = model.architecture.grid.alphabet
    bias = np.full((1, 1, 1, model.architecture.symbols), -1e9, np.float32)
    bias[..., alphabet.rest] = 0
    cells = composer.of_columns(unknown, model.architecture.columns)
    assert (model.fill(tokens, unknown, bias=bias)[cells] == alphabet.rest).all()


def wrong(tokens: Tokens, unknown: Mask) -> dict[str, tuple[Any, Any]]:
    return {
        "no whole beats": (tokens[:, :-1], unknown[:, :-1]),
        "too long": (np.tile(tokens, (1, 2, 1)), np.tile(unknown, (1, 2, 1))),
        "of columns": (tokens, np.tile(unknown, 3)),
        "of numbers": (tokens, unknown.astype(int)),
    }


@pytest.mark.parametrize("kind", ["no whole beats", "too long", "of columns", "of numbers"])
def test_windows_of_another_shape_are_named(both: tuple[ComposerNetwork, NumpyComposer], kind: str) -> None:
    _, model = both
    tokens, unknown = wrong(*windows(model.architecture))[kind]
    with pytest.raises(ModelError, match=r"needed"):
        model.fill(tokens, unknown)


def test_a_bias_of_another_shape_and_a_negative_temperature_are_named(
    both: tuple[ComposerNetwork, NumpyComposer],
) -> None:
    _, model = both
    tokens, unknown = windows(model.architecture)
    with pytest.raises(ModelError, match="a bias of shape"):
        model.fill(tokens, unknown, bias=np.zeros((1, 1, 1, 3), np.float32))
    with pytest.raises(ModelError, match="temperature -1"):
        model.fill(tokens, unknown, temperature=-1)


def test_masks_leave_something_unknown_and_are_of_all_kinds() -> None:
    architecture = ComposerArchitecture(NETWORK.model_copy(update={"window_beats": 16}), GRIDS["one note a part"])
    masks = composer.masks(2000, architecture, np.random.default_rng(0))
    assert masks.any(axis=(1, 2)).all()
    share: NDArray[Any] = masks.mean(axis=(1, 2))
    assert (share == 1).mean() == pytest.approx(0.12, abs=0.03)  # from the first beat on: .3 * .4, and moved in part
    whole_parts = (masks.all(axis=1) | ~masks.any(axis=1)).all(axis=-1) & (share < 1)
    assert whole_parts.mean() == pytest.approx(0.15, abs=0.03)  # but for those whose end is unknown
    per_beat = architecture.grid.steps_per_beat
    by_beat = masks.reshape(2000, -1, per_beat, VOICES)
    between = np.logical_and(by_beat.any(axis=2), ~by_beat.all(axis=2))
    assert 0.1 < between.reshape(2000, -1).any(axis=1).mean() < 0.25


def test_a_folder_without_a_composer_or_with_a_damaged_one_is_named(
    both: tuple[ComposerNetwork, NumpyComposer], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="no composer there; run the stage `compose`"):
        in_numpy.load(tmp_path)
    weights = both[0].arrays()
    composer.save(tmp_path, both[0].architecture, weights | {"common/bias": np.array([np.nan])})
    with pytest.raises(ModelError, match="not finite in common/bias"):
        in_numpy.load(tmp_path)
    composer.save(tmp_path, both[0].architecture, {name: of for name, of in weights.items() if name != "code/bias"})
    with pytest.raises(ModelError, match=r"not the weights of this architecture.*code/bias"):
        in_numpy.load(tmp_path)
    (tmp_path / composer.WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(ModelError, match="damaged, or another model's"):
        in_numpy.load(tmp_path)


def test_pitches_are_drawn_at_a_share_of_the_temperature_and_notes_as_often(
    both: tuple[ComposerNetwork, NumpyComposer],
) -> None:
    """One unknown cell, drawn often: its chances are those of nats, but pitches among themselves squared at a half."""
    _, model = both
    alphabet = model.architecture.grid.alphabet
    tokens, unknown = windows(model.architecture, 1)
    unknown[:] = False
    unknown[0, 2, 1] = True
    # The first column of the part alone: the others follow it and may be anything.
    count = 6000
    many, masked = np.repeat(tokens, count, axis=0), np.repeat(unknown, count, axis=0)
    even, sharp = (model.fill(many, masked, seed=1, pitches=share)[:, 2, 1] for share in (1.0, 0.5))
    before, after = (np.bincount(drawn, minlength=alphabet.size) / count for drawn in (even, sharp))
    assert before[: alphabet.pitches].sum() == pytest.approx(after[: alphabet.pitches].sum(), abs=0.03)
    squared = before[: alphabet.pitches] ** 2
    expected = squared / squared.sum() * before[: alphabet.pitches].sum()
    np.testing.assert_allclose(after[: alphabet.pitches], expected, atol=0.03)
    with pytest.raises(ModelError, match="pitches at 0 of the temperature"):
        model.fill(tokens, unknown, pitches=0.0)
