"""Trials that are trained: for as long as was asked, and a decoder that is told how sure its code is."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from experiments.ways import budget
from experiments.ways.budget import Pace
from experiments.ways.noised import CERTAIN, NoisedDecoder, with_noise
from quartetvae.corpus import streams
from quartetvae.errors import TrainingError
from quartetvae.training import loop
from tests.building import phrase_set, random_tokens, train
from tests.networks import network


@pytest.fixture(scope="module", autouse=True)
def step_by_step() -> Iterator[None]:
    """As the tests of training do: to trace a graph takes longer than these networks train."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


TRAINING = streams.of(phrase_set(np.tile(random_tokens(4, 4, 4), (10, 1, 1))))
VALIDATION = streams.of(phrase_set(random_tokens(4, 4, 4)))
TRAIN = train(batch_size=8, learning_rate=0.02, warmup_steps=500, schedule="cosine")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is half a second after the one before."""
    looks = iter(range(10_000))
    monkeypatch.setattr(budget, "monotonic", lambda: next(looks) / 2)


def test_steps_of_a_budget() -> None:
    assert Pace(first=10.0, each=0.5).steps(60.0) == 101
    assert Pace(first=10.0, each=0.5).steps(5.0) == 1


def test_a_pace_is_measured_and_weights_are_as_before(clock: None) -> None:
    model = network(latent_dim=8)
    before = model.get_weights()
    found = budget.pace(model, TRAINING, TRAIN, seconds=1.0)
    assert found == Pace(first=0.5, each=0.5)
    assert all(np.array_equal(one, other) for one, other in zip(model.get_weights(), before, strict=True))


def test_one_batch_cannot_be_timed() -> None:
    with pytest.raises(TrainingError, match="40 windows in batches of 64: two batches are needed to time a step"):
        budget.pace(network(latent_dim=8), TRAINING, train(batch_size=64), seconds=1.0)


def test_a_training_is_as_long_as_its_budget(clock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    fit = loop.fit

    def watched(model: Any, training: Any, validation: Any, section: Any) -> Any:
        asked.append(section)
        return fit(model, training, validation, section)

    monkeypatch.setattr(loop, "fit", watched)
    model = network(latent_dim=8)
    spent = budget.fit(model, TRAINING, VALIDATION, TRAIN, seconds=10.0)
    assert (spent["steps"], spent["windows"]) == (20, 160)
    assert (asked[0].epochs, asked[0].epoch_phrases, asked[0].warmup_steps) == (1, 160, 2)
    # What else was asked for stays.
    assert (asked[0].learning_rate, asked[0].schedule) == (0.02, "cosine")
    assert spent["parameters"] == model.count_params()
    assert spent["val_loss"] > 0
    assert spent["seconds"] > 0
    assert spent["processor_seconds"] > 0
    assert budget.fit(model, TRAINING, VALIDATION, TRAIN, seconds=5.0)["steps"] == 10


def test_noise_takes_the_place_of_the_code() -> None:
    z, rng = np.full((20_000, 2), 3.0, np.float32), np.random.default_rng(0)
    assert np.array_equal(with_noise(z, np.zeros(len(z), np.float32), rng), z)
    half = with_noise(z, np.full(len(z), 0.5, np.float32), rng)
    assert half.mean() == pytest.approx(1.5, abs=0.02)
    assert half.std() == pytest.approx(0.5, abs=0.02)
    nothing = with_noise(z, np.ones(len(z), np.float32), rng)
    assert nothing.mean() == pytest.approx(0, abs=0.03)
    assert nothing.std() == pytest.approx(1, abs=0.03)


def noised() -> NoisedDecoder:
    return NoisedDecoder(network(latent_dim=8, decoder="autoregressive", word_dropout=0.3), seed=1)


def test_before_training_it_is_the_decoder_that_it_was() -> None:
    model, vae = noised(), network(latent_dim=8, decoder="autoregressive", word_dropout=0.3)
    z = np.random.default_rng(0).standard_normal((5, 8), dtype=np.float32)
    for share in (0.0, 0.7):
        assert np.array_equal(model.decode(z, share, temperature=0.0), vae.decode(z))
        assert np.array_equal(model.decode(z, share, seed=3), vae.decode(z, temperature=1.0, seed=3))
    assert not np.array_equal(model.decode(z, 0.0, seed=3), model.decode(z, 0.0, seed=4))
    tokens = random_tokens(5, 4, 4)
    np.testing.assert_allclose(model.nats(tokens, z, 0.5), vae.reconstruction(tokens, z))


def test_training_changes_decoder_and_what_it_is_told_and_no_encoder() -> None:
    model = noised()
    vae = model.kept.vae
    encoder, decoder = (part.get_weights() for part in (vae.encoder, vae.decoder))
    section = train(batch_size=8, learning_rate=0.02, epochs=2, patience=2)
    outcome = loop.fit(model, TRAINING, VALIDATION, section)
    assert outcome.history[1]["loss"] < outcome.history[0]["loss"]
    assert all(np.array_equal(one, other) for one, other in zip(vae.encoder.get_weights(), encoder, strict=True))
    assert any((one != other).any() for one, other in zip(vae.decoder.get_weights(), decoder, strict=True))
    tokens, z = random_tokens(5, 4, 4), np.random.default_rng(0).standard_normal((5, 8), dtype=np.float32)
    assert (model.nats(tokens, z, 0.0) != model.nats(tokens, z, 0.5)).all()
    assert model.count_params() == vae.decoder.count_params() + (1 + 1) * 32 + (32 + 1) * 8


def test_noise_is_drawn_by_the_seed_and_a_share_of_codes_has_none() -> None:
    model = noised()
    tokens = np.tile(random_tokens(4, 4, 4), (500, 1, 1))
    model.reseed(0, 1)
    drawn = model._drawn(tokens)
    model.reseed(0, 1)
    again = model._drawn(tokens)
    assert np.array_equal(drawn["z"], again["z"])
    none = drawn["noise"] == 0
    assert none.mean() == pytest.approx(CERTAIN, abs=0.03)
    assert drawn["noise"][~none].mean() == pytest.approx(0.5, abs=0.03)
