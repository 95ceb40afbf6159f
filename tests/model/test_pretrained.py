"""The weights in the package are those that the committed dvc.lock describes."""

import doctest
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quartetvae
from quartetvae.errors import ModelError
from quartetvae.metrics import attributes
from quartetvae.model import architecture, pretrained
from quartetvae.model.numpy import network
from quartetvae.pipeline import params
from tests import networks
from tests.building import random_tokens
from tests.imports import ROOT
from tests.tools.test_results import committed
from tools import weights


def test_the_weights_are_those_of_the_committed_lock_file() -> None:
    lock = committed("dvc.lock")
    for key, names in {
        "model_md5": (architecture.FILE, architecture.WEIGHTS),
        "latent_md5": ("corpus.parquet", "directions.json"),
    }.items():
        copied = {name: (pretrained.FOLDER / name).read_bytes() for name in names}
        assert weights.dvc_md5(copied) == pretrained.card()[key]
        assert f"md5: {pretrained.card()[key]}" in lock


def test_they_are_small_enough() -> None:
    assert sum(path.stat().st_size for path in pretrained.FOLDER.iterdir()) <= weights.LARGEST


def test_the_card_tells_data_licence_commit_and_the_committed_figures() -> None:
    card = pretrained.card()
    for name in ("train", "reconstruct", "attributes"):
        assert card[name] == json.loads(committed(f"metrics/{name}.json"))
    assert "MusicNet" in card["data"]["name"]
    assert card["data"]["licence"] == "CC BY 4.0"
    assert card["minutes"] > 0
    known = subprocess.run(["git", "cat-file", "-t", card["commit"]], cwd=ROOT, capture_output=True, text=True)
    assert known.stdout.strip() in ("commit", "")  # a shallow clone does not have it


def test_every_attribute_rises_along_its_direction() -> None:
    figures = json.loads(committed("metrics/attributes.json"))
    assert {name: figures[name]["spearman"] >= 0.9 for name in attributes.ATTRIBUTES} == dict.fromkeys(
        attributes.ATTRIBUTES, True
    )


@pytest.mark.slow
def test_one_line_loads_them_and_they_reconstruct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "load", networks.pretrained_network)
    model = quartetvae.load_pretrained()
    assert model.architecture.network.decoder == "autoregressive"
    alphabet = model.architecture.grid.alphabet
    # A made-up cadence in C major: each part a half note, twice.
    phrase: Any = np.full((1, 16, 4), alphabet.sustain, dtype=np.uint8)
    phrase[0, 0] = [token - alphabet.pitch_min for token in (71, 65, 62, 55)]
    phrase[0, 8] = [token - alphabet.pitch_min for token in (72, 64, 60, 48)]
    mean, _ = model.encode(phrase)
    assert np.array_equal(model.decode(mean), phrase)


@pytest.mark.slow
def test_they_give_the_same_tokens_in_numpy() -> None:
    """As tests/model/test_numpy.py has it of toys."""
    keras, numpy = networks.pretrained_network(), network.load(pretrained.FOLDER)
    steps, alphabet = keras.architecture.steps, keras.architecture.grid.alphabet
    z = np.random.default_rng(0).normal(size=(60, keras.architecture.network.latent_dim)).astype(np.float32)
    for temperature in (0.0, 1.0):
        found = keras.decode(z, temperature=temperature, seed=1)
        assert np.array_equal(numpy.decode(z, temperature=temperature, seed=1), found)
    phrases = random_tokens(40, steps, 4, alphabet=alphabet)
    for one, other in zip(keras.encode(phrases), numpy.encode(phrases), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-4)


@pytest.mark.slow
def test_the_example_in_the_docs_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "load", networks.pretrained_network)
    (example,) = doctest.DocTestFinder(recurse=False).find(quartetvae.load_pretrained, "load_pretrained")
    assert doctest.DocTestRunner().run(example) == (0, 1)


def test_damaged_weights_ask_for_another_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    with pytest.raises(ModelError, match="install quartetvae anew"):
        quartetvae.load_pretrained()


def test_the_architecture_is_that_of_their_profile() -> None:
    """Of `musicnet`, until the default's network is published."""
    profile = params.read_yaml(ROOT / "profiles" / "musicnet.yaml")
    assert architecture.read(pretrained.FOLDER).network.model_dump() == profile["model"]
