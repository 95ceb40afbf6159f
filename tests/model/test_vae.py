"""The network: what is built, its losses in nats, saving and loading, batches. Its tests' networks are tiny."""

import dataclasses
import errno
import json
import math
import os
import typing
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from quartetvae import config
from quartetvae.errors import ArgumentError, ModelError
from quartetvae.model import architecture as architectures
from quartetvae.model.keras import saving
from quartetvae.model.keras.decoders import DECODERS
from quartetvae.model.keras.encoder import Encoder
from quartetvae.model.keras.network import cell_nats
from quartetvae.model.keras.vae import QuartetVAE, kl_nats
from quartetvae.model.numpy import network as numpy_network
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid
from tests.building import ALPHABET, FORM, GRID, TRAIN, architecture, phrase_set, random_tokens, train
from tests.networks import network

PHRASES = random_tokens(600, 4, 4)
ONE, TWO = Grid(1, ALPHABET), Grid(2, ALPHABET)
"""For phrases of one step, or two, where more would only take longer."""

LONG = FORM.model_copy(update={"beats_per_phrase": 2})
KINDS: dict[str, dict[str, Any]] = {
    "flat": {},
    "autoregressive": {"decoder": "autoregressive", "pooling": "full", "word_dropout": 0.3, "grid": TWO},
    "hierarchical": {"decoder": "hierarchical", "pooling": "full", "form": LONG, "grid": ONE},
    "lstm": {"decoder": "autoregressive", "cell": "lstm", "bidirectional": True, "decoder_layers": 2, "grid": TWO},
}
"""Networks of every kind; hierarchical: two segments of a beat."""


@pytest.fixture
def model() -> QuartetVAE:
    return network()


def flatten(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


# What is built


def recurrent(cell: str, features: int, units: int) -> int:
    """Parameters of a layer: for each gate a matrix for the input, one for the state, a bias; a GRU has one more."""
    return {"lstm": 4 * units * (features + units + 1), "gru": 3 * units * (features + units + 1) + units}[cell]


def count(section: Mapping[str, Any], symbols: int) -> int:
    """Parameters of the paper's network, by hand."""
    cell, units, latent = section["cell"], section["encoder_units"], section["latent_dim"]
    ways = 2 if section["bidirectional"] else 1
    total, features = 4 * symbols * section["embedding_dim"], 4 * section["embedding_dim"]
    for _ in range(section["encoder_layers"]):
        total += ways * recurrent(cell, features, units)
        features = ways * units
    total += 2 * (features + 1) * latent
    features, units = latent, section["decoder_units"]
    for _ in range(section["decoder_layers"]):
        total += recurrent(cell, features, units)
        features = units
    return int(total + (features + 1) * 4 * symbols)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_each_cell_and_direction_is_really_built(cell: str, bidirectional: bool) -> None:
    built = network(grid=ONE, cell=cell, bidirectional=bidirectional, encoder_layers=2, decoder_layers=2)
    assert built.count_params() == count(built.architecture.network.model_dump(), ALPHABET.size)
    paths = [variable.path for variable in built.weights]
    assert any(f"{cell}_1" in path for path in paths)
    assert any("backwards" in path for path in paths) == bidirectional


def test_the_papers_network_has_842056_parameters() -> None:
    changes: dict[str, Any] = {
        **{"cell": "lstm", "encoder_units": 128, "encoder_layers": 2, "decoder_units": 128, "decoder_layers": 2},
        **{"latent_dim": 512, "embedding_dim": 8},
    }
    # No parameter hangs on the number of steps.
    paper = network(grid=Grid(1, Alphabet(36, 99)), **changes)
    # 2112 embedding, 82432 + 131584 encoder, 2 x 65664 mean and log_var, 328192 + 131584 decoder, 34056 heads.
    assert paper.count_params() == 842_056


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cell", "lstm"),
        ("bidirectional", True),
        ("encoder_units", 9),
        ("encoder_layers", 2),
        ("pooling", "full"),
        ("decoder", "autoregressive"),
        ("decoder_units", 9),
        ("decoder_layers", 2),
        ("latent_dim", 5),
        ("embedding_dim", 3),
    ],
)
def test_every_key_changes_the_network(key: str, value: Any) -> None:
    changes: dict[str, Any] = {"grid": ONE, key: value}
    assert network(**changes).count_params() != network(grid=ONE).count_params()


def test_dropout_acts_between_layers_and_in_training_only() -> None:
    plain, dropped = (Encoder(architecture(grid=ONE, encoder_layers=2, dropout=share)) for share in (0.0, 0.5))
    tokens = PHRASES[:8, :1].astype("int32")
    for encoder in (plain, dropped):
        encoder(tokens)
    dropped.set_weights(plain.get_weights())
    for training in (False, True):
        one, other = (np.asarray(encoder(tokens, training=training)[0]) for encoder in (plain, dropped))
        assert np.allclose(one, other) == (not training)


def test_every_decoder_of_the_parameters_is_there() -> None:
    assert typing.get_args(config.Model.model_fields["decoder"].annotation) == tuple(DECODERS)


def test_the_same_seed_gives_the_same_network() -> None:
    one, (same, other) = network(grid=ONE), (QuartetVAE(architecture(grid=ONE), seed=seed) for seed in (0, 4))
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        assert np.array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_the_four_parts_have_embeddings_of_their_own(model: QuartetVAE) -> None:
    tokens = np.full((1, 4, 4), ALPHABET.rest, dtype=np.uint8)
    with_note = [tokens.copy() for _ in range(4)]
    for part, array in enumerate(with_note):
        array[0, 0, part] = 5
    means, _ = model.encode(np.concatenate(with_note))
    assert len(np.unique(means.round(6), axis=0)) == 4


# Losses


def test_kl_of_mean_one_and_variance_one_is_half_a_nat_per_dimension() -> None:
    assert np.asarray(kl_nats(np.ones((2, 3)), np.zeros((2, 3)))).tolist() == [[0.5] * 3] * 2


def test_kl_of_the_prior_is_nothing_and_of_another_variance_by_hand() -> None:
    assert float(kl_nats(np.zeros(1), np.zeros(1))[0]) == 0
    assert float(kl_nats(np.zeros(1), np.log([4.0]))[0]) == pytest.approx(0.5 * (4 - 1 - math.log(4)))


def test_a_cell_with_uniform_logits_costs_the_logarithm_of_the_alphabet() -> None:
    tokens = np.random.default_rng(0).integers(0, 66, (2, 5, 4))
    found = np.asarray(cell_nats(tokens, np.zeros((2, 5, 4, 66), np.float32)))
    np.testing.assert_allclose(found, np.full((2, 5, 4), math.log(66)), rtol=1e-6)


def test_reconstruction_of_one_cell_by_hand() -> None:
    # Probabilities 1/4 and 3/4 of two symbols; the other cells are certain.
    logits = np.full((1, 1, 4, 2), [0.0, 100.0], np.float32)
    logits[0, 0, 0] = [0.0, math.log(3)]
    found = [float(np.asarray(cell_nats(np.array([[[k, 1, 1, 1]]]), logits)).sum()) for k in (0, 1)]
    assert found == pytest.approx([math.log(4), math.log(4 / 3)], rel=1e-6)


def test_a_network_without_opinion_costs_the_logarithm_of_the_alphabet_for_each_cell(model: QuartetVAE) -> None:
    model.decoder.heads.kernel.assign(np.zeros_like(model.decoder.heads.kernel))
    uniform = 16 * math.log(ALPHABET.size)
    z = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_allclose(model.reconstruction(PHRASES[:5], z), [uniform] * 5, rtol=1e-6)
    model.prepare(train(beta=0.0, onset_weight=3.0), 1)
    found = model.test_batch(PHRASES[:5])
    assert found["reconstruction"] == pytest.approx(uniform, rel=1e-6)
    # In the loss onsets count three times.
    onsets = float((PHRASES[:5] < ALPHABET.pitches).sum(axis=(1, 2)).mean())
    assert found["loss"] == pytest.approx(uniform + 2 * onsets * math.log(ALPHABET.size), rel=1e-6)


SMALL = PHRASES[:20, :2]


def opinionated() -> QuartetVAE:
    """A network for phrases of two steps whose posterior is far from the prior."""
    return network(grid=TWO, scale=10)


@pytest.fixture(scope="module")
def losses() -> dict[tuple[str, float], dict[str, float]]:
    """Losses of one batch by kl_reduction and beta, with the same noise."""
    model, found = opinionated(), {}
    for reduction, betas in {"sum": (0.0, 0.5, 2.0), "mean": (0.5, 2.0)}.items():
        for beta in betas:
            model.prepare(train(beta=beta, kl_reduction=reduction), 1)
            model.reseed(0)
            found[reduction, beta] = model.test_batch(SMALL)
    mean, log_var = model.encode(SMALL)
    kl = 0.5 * (mean.astype(np.float64) ** 2 + np.exp(log_var) - 1 - log_var)
    found["by hand", 0.0] = {"kl": float(kl.sum(axis=1).mean())}
    return found


@pytest.mark.parametrize("beta", [0.0, 0.5, 2.0])
def test_the_loss_is_reconstruction_and_beta_times_kl(
    losses: dict[tuple[str, float], dict[str, float]], beta: float
) -> None:
    of = losses["sum", beta]
    assert of["loss"] == pytest.approx(of["reconstruction"] + beta * of["kl"], rel=1e-6)
    assert of["reconstruction"] == pytest.approx(losses["sum", 0.0]["reconstruction"], rel=1e-6)


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_a_mean_kl_divides_beta_by_dimensions_per_step(
    losses: dict[tuple[str, float], dict[str, float]], beta: float
) -> None:
    of = losses["mean", beta]
    # 4 dimensions, 2 steps.
    assert of["loss"] == pytest.approx(of["reconstruction"] + beta / 2 * of["kl"], rel=1e-6)
    assert of["kl"] == pytest.approx(losses["sum", beta]["kl"], rel=1e-6)


def test_free_bits_are_counted_for_each_phrase_on_its_total() -> None:
    model = opinionated()
    model.prepare(train(beta=0.5), 1)
    model.reseed(0)
    plain = model.test_batch(SMALL)
    mean, log_var = model.encode(SMALL)
    kl = np.asarray(kl_nats(mean, log_var)).sum(axis=1)
    # Between the phrases' own, so that a mean over the batch would give another loss.
    free = float(np.median(kl))
    model.prepare(train(beta=0.5, free_bits=free), 1)
    model.reseed(0)
    found = model.test_batch(SMALL)
    assert found["loss"] == pytest.approx(plain["reconstruction"] + 0.5 * np.maximum(kl, free).mean(), rel=1e-5)
    assert found["kl"] == pytest.approx(plain["kl"], rel=1e-6)


def test_beta_rises_in_training_and_is_whole_in_validation() -> None:
    model = opinionated()
    model.prepare(train(beta=0.5, beta_warmup=0.5, learning_rate=1e-9), 8)
    shares = []
    for step in range(6):
        model.reseed(0)
        losses = model.train_batch(SMALL, step)
        shares.append((losses["loss"] - losses["reconstruction"]) / losses["kl"])
    assert shares == pytest.approx([0, 0.125, 0.25, 0.375, 0.5, 0.5], abs=1e-3)
    losses = model.test_batch(SMALL)
    assert losses["loss"] == pytest.approx(losses["reconstruction"] + 0.5 * losses["kl"], rel=1e-5)


def test_the_kl_is_summed_over_dimensions_and_averaged_over_the_batch(
    losses: dict[tuple[str, float], dict[str, float]],
) -> None:
    assert losses["sum", 0.5]["kl"] > 0
    assert losses["sum", 0.5]["kl"] == pytest.approx(losses["by hand", 0.0]["kl"], rel=1e-5)


def test_the_losses_of_a_batch_do_not_depend_on_the_batch_before(model: QuartetVAE) -> None:
    model.prepare(TRAIN, 1)
    model.reseed(0)
    alone = model.test_batch(PHRASES[:8])
    model.test_batch(PHRASES[100:108])
    model.reseed(0)
    assert model.test_batch(PHRASES[:8]) == alone


def test_testing_changes_no_weights_and_training_does() -> None:
    model = opinionated()
    model.prepare(TRAIN, 1)
    before = [variable.numpy().copy() for variable in model.trainable_variables]
    model.test_batch(SMALL)
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, model.trainable_variables, strict=True))
    model.train_batch(SMALL, 0)
    changed = [not np.array_equal(a, v.numpy()) for a, v in zip(before, model.trainable_variables, strict=True)]
    assert all(changed)


def test_the_learning_rate_rises_and_ends_at_nothing() -> None:
    model, rates = network(grid=ONE), []
    model.prepare(train(learning_rate=0.01, schedule="cosine", warmup_steps=4), 20)
    for step in range(20):
        rates.append(float(model.optimizer.learning_rate))
        model.train_batch(PHRASES[:2, :1], step)
    assert rates[:4] == pytest.approx([0.0025, 0.005, 0.0075, 0.01])
    assert rates[12] == pytest.approx(0.005)
    assert rates[-1] == pytest.approx(0.01 * 0.5 * (1 - np.cos(np.pi / 16)), rel=1e-4)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0, abs=1e-9)


def test_gradients_are_clipped_as_a_whole() -> None:
    """After one step Adam's first moment is (1 - beta_1) times the gradient that it was given."""
    model = network(grid=ONE)
    model.prepare(train(clip_norm=0.5, beta=0.0), 1)
    model.train_batch(PHRASES[:4, :1], 0)
    moments = [np.asarray(moment) for moment in model.optimizer._momentums]
    norm = np.sqrt(sum(float((moment**2).sum()) for moment in moments)) / 0.1
    assert norm == pytest.approx(0.5, rel=1e-4)
    assert sum(float(np.abs(moment).max()) > 0 for moment in moments) > 5


def test_a_state_of_the_generators_is_its_numbers(model: QuartetVAE) -> None:
    tokens = PHRASES[:2].astype("int32")

    def cells(*numbers: int) -> Any:
        model.reseed(*numbers)
        return np.asarray(model(tokens)["cells"])

    assert np.array_equal(cells(0, 1), cells(0, 1))
    assert not np.array_equal(cells(0, 1), cells(0, 2))
    assert not np.array_equal(cells(0, 1), cells(1, 1))


@pytest.mark.parametrize("kind", list(KINDS))
def test_other_shapes_are_refused(kind: str) -> None:
    each = network(**KINDS[kind])
    steps, dimensions = each.architecture.steps, each.architecture.network.latent_dim
    phrases, z = random_tokens(3, steps, 4), np.zeros((3, dimensions), np.float32)
    # Twice as long, half as long, one phrase without its axis: none of them may pass for something else.
    for bad in (phrases.repeat(2, axis=1), phrases[:, : steps // 2], phrases[0]):
        for use in (each.encode, lambda tokens: each.reconstruction(tokens, z)):
            with pytest.raises(ModelError, match=rf"phrases of shape .*; \(phrases, {steps}, 4\) is needed"):
                use(bad)
    for bad in (z[:, 1:], z[0]):
        with pytest.raises(ModelError, match=rf"codes of shape .*; \(codes, {dimensions}\) is needed"):
            each.decode(bad)
    with pytest.raises(ModelError, match="3 phrases and 2 codes"):
        each.reconstruction(phrases, z[:2])


# Batches

ROWS = [0, 1, 31, 63, 64, 65, 300, 511, 512, 513, 599]


@pytest.fixture(scope="module")
def singles() -> dict[int, tuple[Any, Any, Any, Any]]:
    """Phrases one by one: mean, log_var, tokens decoded from the mean, and reconstruction."""
    model, found = network(), {}
    for row in ROWS:
        phrase = PHRASES[row : row + 1]
        mean, log_var = model.encode(phrase)
        found[row] = mean[0], log_var[0], model.decode(mean)[0], model.reconstruction(phrase, mean)[0]
    return found


@pytest.mark.parametrize("number", [0, 1, 64, 65, 512, 600])
def test_many_phrases_are_encoded_and_decoded_as_one_by_one(
    model: QuartetVAE, singles: dict[int, tuple[Any, Any, Any, Any]], number: int
) -> None:
    phrases = PHRASES[:number]
    mean, log_var = model.encode(phrases)
    tokens, nats = model.decode(mean), model.reconstruction(phrases, mean)
    assert mean.shape == log_var.shape == (number, 4)
    assert [str(array.dtype) for array in (mean, tokens, nats)] == ["float32", "uint8", "float64"]
    assert (tokens.shape, nats.shape) == ((number, 4, 4), (number,))
    for row in (row for row in ROWS if row < number):
        # The batch's size may change the order in which floats are added.
        np.testing.assert_allclose(mean[row], singles[row][0], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(log_var[row], singles[row][1], rtol=1e-5, atol=1e-5)
        assert tokens[row].tolist() == singles[row][2].tolist()
        assert nats[row] == pytest.approx(singles[row][3], rel=1e-5)


def test_decoding_takes_the_likeliest_token(model: QuartetVAE) -> None:
    z = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    logits = np.asarray(model.decoder(z))
    assert logits.shape == (6, 4, 4, ALPHABET.size)
    assert model.decode(z).tolist() == logits.argmax(axis=-1).tolist()


def test_encoding_leaves_the_generators_alone(model: QuartetVAE) -> None:
    one, two = model.encode(PHRASES[:3])[0], model.encode(PHRASES[:3])[0]
    assert np.array_equal(one, two)


# On disk


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "quartetvae"
    saving.save(folder, network(grid=ONE))
    return folder


@pytest.mark.parametrize("changes", [{}, {"cell": "lstm", "bidirectional": True, "encoder_layers": 2, "dropout": 0.5}])
def test_a_model_survives_saving_and_loading(changes: dict[str, Any], tmp_path: Path) -> None:
    model = network(grid=ONE, scale=2, **changes)
    saving.save(tmp_path / "model", model)
    again = saving.load(tmp_path / "model")
    assert again.architecture == model.architecture
    phrases = PHRASES[:9, :1]
    mean, _ = model.encode(phrases)
    assert np.array_equal(again.encode(phrases)[0], mean)
    assert np.array_equal(again.decode(mean), model.decode(mean))


def test_saving_replaces_what_was_there_and_the_same_model_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()
    model = network(grid=ONE)
    # Of a trained model the optimizer is not saved.
    model.prepare(TRAIN, 1)
    saving.save(tmp_path / "model", model)
    assert flatten(tmp_path / "model") == flatten(saved)
    assert set(flatten(saved)) == {"architecture.json", "model.weights.h5"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_architecture_says_what_tokens_mean(tmp_path: Path) -> None:
    architectures.write(tmp_path, architecture(), b"weights")
    content = json.loads((tmp_path / "architecture.json").read_text())
    assert content["alphabet"] == {"pitch_min": 60, "pitch_max": 71, "rest": 12, "sustain": 13}
    assert content["steps_per_beat"] == 4
    assert content["parts"] == ["violin_1", "violin_2", "viola", "cello"]
    assert content["weights"] == {"sha256": sha256(b"weights").hexdigest()}
    assert architectures.read(tmp_path) == architecture()


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for name, content in flatten(saved).items():
        (folder / name).write_bytes(content)
    return folder


def test_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"architecture\.json: no trained model there; run the stage `train` first"):
        saving.load(tmp_path / "none")


def one_line(error: pytest.ExceptionInfo[ModelError]) -> bool:
    return "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff", b'{"alphabet": {"pitch_min": 0, "pitch_max": 1}}'],
)
def test_a_damaged_architecture_is_an_error(copied: Path, content: bytes) -> None:
    (copied / "architecture.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"architecture\.json: not the architecture of a model") as caught:
        saving.load(copied)
    assert one_line(caught)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("network", "decoder_units", 0),
        ("network", "colour", 1),
        ("", "format", 3),
        ("weights", "sha256", None),
        ("phrases", "align", "page"),
        ("", "steps_per_beat", "4"),
    ],
)
def test_a_wrong_value_in_the_architecture_is_an_error(copied: Path, section: str, key: str, value: Any) -> None:
    content = json.loads((copied / "architecture.json").read_text())
    (content[section] if section else content)[key] = value
    (copied / "architecture.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"architecture\.json: not the architecture of a model") as caught:
        saving.load(copied)
    assert one_line(caught)


@pytest.mark.parametrize("left", [None, {}, "text"])
def test_an_architecture_without_the_hash_of_its_weights_says_what_is_missing(copied: Path, left: Any) -> None:
    content = json.loads((copied / "architecture.json").read_text())
    content.pop("weights")
    (copied / "architecture.json").write_text(json.dumps(content if left is None else {**content, "weights": left}))
    with pytest.raises(ModelError, match=r"weights\.sha256, a text by which damaged weights are told, is missing"):
        saving.load(copied)


def test_missing_weights_are_an_error(copied: Path) -> None:
    (copied / "model.weights.h5").unlink()
    with pytest.raises(
        ModelError, match=r"model\.weights\.h5: cannot be read \(No such file.+copy the model's"
    ) as caught:
        saving.load(copied)
    assert one_line(caught)


@pytest.mark.parametrize("keep", [0, 100, 3000])
def test_damaged_weights_are_an_error(copied: Path, keep: int) -> None:
    path, there = copied / "model.weights.h5", architectures.read(copied)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"model\.weights\.h5: damaged, .* of sha256 .*; copy the model's") as caught:
        saving.load(copied)
    assert one_line(caught)
    # As if they had been so from the beginning.
    architectures.write(copied, there, path.read_bytes())
    with pytest.raises(ModelError, match=r"model\.weights\.h5: cannot be loaded \(.+\); train again") as caught:
        saving.load(copied)
    assert one_line(caught)


def changed_weights(folder: Path, change: Callable[[Any], Any]) -> None:
    """Write a model's folder with other weights, as if they had been so from the beginning."""
    path, there = folder / "model.weights.h5", architectures.read(folder)
    with h5py.File(path, "r+") as file:
        kernel = file["decoder/heads/vars/0"]
        kernel[...] = change(kernel[()])
    architectures.write(folder, there, path.read_bytes())


@pytest.mark.parametrize("load", [saving.load, numpy_network.load])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_an_error(copied: Path, load: Callable[[Path], Any], value: float) -> None:
    changed_weights(copied, lambda kernel: np.where(kernel == kernel.max(), value, kernel))
    with pytest.raises(
        ModelError, match=r"model\.weights\.h5: numbers that are not finite in .*heads.*Train again"
    ) as caught:
        load(copied)
    assert one_line(caught)


@pytest.mark.parametrize("load", [saving.load, numpy_network.load])
def test_other_weights_than_those_written_are_an_error(copied: Path, load: Callable[[Path], Any]) -> None:
    path = copied / "model.weights.h5"
    with h5py.File(path, "r+") as file:
        file["decoder/heads/vars/0"][...] *= 2
    with pytest.raises(ModelError, match=r"damaged, or another model's: .* copy the model's folder whole"):
        load(copied)


def test_weights_of_half_the_size_are_nearly_the_same(saved: Path, tmp_path: Path) -> None:
    model = network(grid=ONE)
    for folder in (tmp_path / "one", tmp_path / "two"):
        saving.save(folder, model, storage="float16")
    assert flatten(tmp_path / "one") == flatten(tmp_path / "two")
    assert (tmp_path / "one" / "model.weights.h5").stat().st_size < (saved / "model.weights.h5").stat().st_size
    phrases = PHRASES[:9, :1]
    keras, numpy, whole = saving.load(tmp_path / "one"), numpy_network.load(tmp_path / "one"), numpy_network.load(saved)
    assert {str(weights.dtype) for weights in keras.get_weights()} == {"float32"}
    codes = [each.encode(phrases)[0] for each in (keras, numpy, whole)]
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-5)
    # float16 has 11 bits.
    np.testing.assert_allclose(codes[1], codes[2], atol=1e-2)
    assert not np.array_equal(codes[1], codes[2])


def test_weights_too_large_for_half_the_size_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a weight of .* is too large for float16"):
        saving.save(tmp_path / "model", network(grid=ONE, scale=1e6), storage="float16")
    with pytest.raises(ArgumentError, match="storage 'float8' found"):
        saving.save(tmp_path / "model", network(grid=ONE), storage=typing.cast(Any, "float8"))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_error_and_keeps_the_model_before(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = flatten(copied)

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ModelError, match=r"model: cannot be written \(No space left on device\); make room") as caught:
        saving.save(copied, network(grid=ONE))
    assert one_line(caught)
    monkeypatch.undo()
    assert flatten(copied) == before
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]


@pytest.mark.parametrize(("key", "value"), [("decoder_units", 9), ("cell", "lstm"), ("encoder_layers", 2)])
def test_weights_of_another_network_are_an_error(copied: Path, key: str, value: Any) -> None:
    changes: dict[str, Any] = {"grid": ONE, key: value}
    architectures.write(copied, architecture(**changes), (copied / "model.weights.h5").read_bytes())
    with pytest.raises(ModelError, match=r"model\.weights\.h5: cannot be loaded \(.+\); train again") as caught:
        saving.load(copied)
    assert one_line(caught)


def test_phrases_that_do_not_fit_are_an_error() -> None:
    built = architecture()
    built.check(phrase_set(PHRASES[:2]))
    with pytest.raises(ModelError, match=r"phrases of 8 steps .* found; the model was trained on 4 steps"):
        built.check(phrase_set(random_tokens(2, 8, 4)))
    other = dataclasses.replace(GRID, alphabet=Alphabet(48, 59))
    with pytest.raises(ModelError, match=r"pitch_min=48.* found; the model was trained on 4 steps .*pitch_min=60"):
        built.check(phrase_set(PHRASES[:2], grid=other))
    with pytest.raises(ModelError, match=r"steps_per_beat=2"):
        built.check(phrase_set(PHRASES[:2], grid=dataclasses.replace(GRID, steps_per_beat=2)))
