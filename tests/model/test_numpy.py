"""The network in NumPy is the network in Keras: the same weights, the same codes, the same tokens."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import ModelError
from quartetvae.model import architecture as architectures
from quartetvae.model.architecture import WEIGHTS
from quartetvae.model.keras import saving
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.model.numpy import network
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid
from tests import networks
from tests.building import ALPHABET, FORM, architecture, random_phrases

PLAIN = FORM.model_copy(update={"beats_per_phrase": 2})
HELD = PLAIN.model_copy(update={"boundary": "held"})

NETWORKS: dict[str, dict[str, Any]] = {
    "flat": {"decoder": "flat", "cell": "lstm", "decoder_layers": 2},
    "flat of GRUs": {"decoder": "flat", "cell": "gru", "encoder_layers": 2, "pooling": "full"},
    "autoregressive": {"decoder": "autoregressive", "bidirectional": True, "encoder_layers": 2, "pooling": "full"},
    "of LSTMs": {"decoder": "autoregressive", "cell": "lstm", "decoder_layers": 2, "bidirectional": True},
    "hierarchical": {"decoder": "hierarchical", "bidirectional": True, "decoder_layers": 2, "pooling": "full"},
    "of LSTMs, hierarchical": {"decoder": "hierarchical", "cell": "lstm", "encoder_layers": 2},
}
SHARED = {"symbols": "shared", "pooling": "dense"}
NETWORKS |= {
    "autoregressive, shared symbols": NETWORKS["autoregressive"] | {"symbols": "shared"},
    "hierarchical, shared symbols": NETWORKS["hierarchical"] | SHARED,
}
NETWORKS |= {
    f"{kind}, two notes a part": {**NETWORKS[kind], "grid": Grid(2, ALPHABET, "double"), "form": HELD}
    for kind in ("flat", "autoregressive", "hierarchical", "hierarchical, shared symbols")
}


@pytest.fixture(scope="module", params=NETWORKS)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[QuartetVAE, network.NumpyAutoencoder]:
    """A network of random weights, far from small, in Keras and in NumPy."""
    model = QuartetVAE(architecture(**{"form": PLAIN, "grid": Grid(2, ALPHABET), **NETWORKS[request.param]}), seed=3)
    rng = np.random.default_rng(0)
    model.set_weights([(of + rng.normal(0, 0.3, of.shape)).astype(of.dtype) for of in model.get_weights()])
    # As `saving.save` does, which builds the network once more.
    folder = tmp_path_factory.mktemp("model")
    model.save_weights(folder / WEIGHTS)
    architectures.write(folder, model.architecture, (folder / WEIGHTS).read_bytes())
    return model, network.load(folder)


def phrases_for(model: QuartetVAE) -> Tokens:
    return random_phrases(70, model.architecture)


def test_codes_are_the_same(both: tuple[QuartetVAE, network.NumpyAutoencoder]) -> None:
    for one, other in zip(*(model.encode(phrases_for(both[0])) for model in both), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(other, one, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("count", [3, 70])
def test_tokens_are_the_same(both: tuple[QuartetVAE, network.NumpyAutoencoder], temperature: float, count: int) -> None:
    z = np.random.default_rng(1).normal(size=(count, 4)).astype(np.float32)
    keras, numpy = (model.decode(z, temperature=temperature, seed=5) for model in both)
    assert numpy.dtype == keras.dtype
    assert np.array_equal(numpy, keras)


def test_nats_and_what_the_truth_would_give_are_the_same(both: tuple[QuartetVAE, network.NumpyAutoencoder]) -> None:
    keras, numpy = both
    phrases = phrases_for(keras)
    z = np.random.default_rng(2).normal(size=(len(phrases), 4)).astype(np.float32)
    np.testing.assert_allclose(numpy.reconstruction(phrases, z), keras.reconstruction(phrases, z), rtol=1e-4)
    one, other = keras.teacher_forced(phrases, z), numpy.teacher_forced(phrases, z)
    assert (one is None) == (other is None) == (keras.architecture.network.decoder == "flat")
    assert one is None or other is None or np.array_equal(one, other)


def test_no_phrases_and_no_codes(both: tuple[QuartetVAE, network.NumpyAutoencoder]) -> None:
    keras, numpy = both
    assert numpy.decode(np.zeros((0, 4), np.float32)).shape == (0, 4, keras.architecture.columns)
    assert numpy.encode(phrases_for(keras)[:0])[0].shape == (0, 4)


def test_other_shapes_are_refused(both: tuple[QuartetVAE, network.NumpyAutoencoder]) -> None:
    keras, numpy = both
    phrases = phrases_for(keras)
    with pytest.raises(ModelError, match="phrases of shape"):
        numpy.encode(phrases[:, :3])
    with pytest.raises(ModelError, match="phrases of shape"):
        numpy.encode(np.repeat(phrases, 2, axis=2))
    with pytest.raises(ModelError, match="codes of shape"):
        numpy.decode(np.zeros((2, 5), np.float32))
    with pytest.raises(ModelError, match="temperature -1"):
        numpy.decode(np.zeros((2, 4), np.float32), temperature=-1)
    with pytest.raises(ModelError, match="a code for each phrase"):
        numpy.reconstruction(phrases, np.zeros((2, 4), np.float32))


ONE = Grid(1, ALPHABET)
"""For phrases of one step."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    saving.save(folder, networks.network(grid=ONE))
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of a model's folder, to be damaged."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def test_a_damaged_file_is_an_error(folder: Path) -> None:
    path = folder / WEIGHTS
    content = path.read_bytes()
    architecture = architectures.read(folder)
    for damaged in (b"", b"no weights", content[: len(content) // 2], content.replace(b"SNOD", b"NONE")):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"damaged, or another model's: [\d,]+ bytes of sha256"):
            network.load(folder)
        # As if it had been so from the beginning.
        architectures.write(folder, architecture, damaged)
        with pytest.raises(ModelError, match="not the weights of this architecture"):
            network.load(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"model\.weights\.h5: cannot be read \(No such file"):
        network.load(folder)
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="no trained model there"):
        network.load(folder)


@pytest.mark.parametrize("change", [{"encoder_units": 9}, {"decoder": "autoregressive"}, {"cell": "lstm"}])
def test_weights_of_another_architecture_are_an_error(folder: Path, change: dict[str, Any]) -> None:
    architectures.write(folder, architecture(grid=ONE, **change), (folder / WEIGHTS).read_bytes())
    with pytest.raises(ModelError, match="not the weights of this architecture"):
        network.load(folder)
