"""The weights in the package are those that the committed dvc.lock describes."""

import doctest
import json
import subprocess
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import quartetvae
from quartetvae.errors import ModelError
from quartetvae.metrics.figures import AttributeName
from quartetvae.model import architecture, pretrained
from quartetvae.model.numpy import network
from quartetvae.pipeline import params
from tests import networks
from tests.building import random_phrases
from tests.imports import ROOT
from tests.networks import RISING
from tests.tools.test_results import committed
from tools import model_card, weights


def test_the_weights_are_those_of_the_committed_lock_file() -> None:
    lock = committed("dvc.lock")
    for key, names in {
        "model_md5": (architecture.FILE, architecture.WEIGHTS),
        "latent_md5": ("corpus.npz", "directions.json", "windows.npz"),
    }.items():
        copied = {name: (pretrained.FOLDER / name).read_bytes() for name in names}
        assert weights.dvc_md5(copied) == pretrained.card()[key]
        assert f"md5: {pretrained.card()[key]}" in lock


def test_they_are_small_enough() -> None:
    assert sum(path.stat().st_size for path in pretrained.FOLDER.rglob("*")) <= weights.LARGEST


def test_the_card_tells_data_licence_commit_and_the_committed_figures() -> None:
    card = pretrained.card()
    for name in ("train", "attributes"):
        assert card[name] == json.loads(committed(f"metrics/{name}.json"))
    for split, scores in json.loads(committed("metrics/reconstruct.json")).items():
        told = dict(card["reconstruct"][split])
        file = told.pop("file")
        assert told == {key: scores[key] for key in told}
        assert file == {key: scores["file"]["model"][key] for key in file}
    assert {data["licence"] for data in card["data"]} == {"CC BY 4.0", "CC0 1.0"}
    assert card["minutes"] > 0
    known = subprocess.run(["git", "cat-file", "-t", card["commit"]], cwd=ROOT, capture_output=True, text=True)
    assert known.stdout.strip() in ("commit", "")  # a shallow clone does not have it


def test_attributes_rise_along_their_directions() -> None:
    figures = json.loads(committed("metrics/attributes.json"))
    rises = {name: figures[name]["spearman"] >= 0.9 for name in get_args(AttributeName) if figures[name]["length"]}
    assert rises == dict.fromkeys(RISING, True)


@pytest.mark.slow
def test_one_line_loads_them_and_they_reconstruct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "load", networks.pretrained_network)
    model = quartetvae.load_pretrained()
    assert model.architecture.network.decoder == "hierarchical"
    alphabet = model.architecture.grid.alphabet
    # A made-up cadence in C major: each part a half note, twice, and no second notes.
    phrase: Any = np.full((1, 48, 8), alphabet.rest, dtype=np.uint8)
    phrase[0, :, :4] = alphabet.sustain
    phrase[0, 0, :4] = [pitch - alphabet.pitch_min for pitch in (71, 65, 62, 55)]
    phrase[0, 24, :4] = [pitch - alphabet.pitch_min for pitch in (72, 64, 60, 48)]
    mean, _ = model.encode(phrase)
    assert np.array_equal(model.decode(mean), phrase)


@pytest.mark.slow
def test_they_give_the_same_tokens_in_numpy() -> None:
    """As tests/model/test_numpy.py has it of toys."""
    keras, numpy = networks.pretrained_network(), network.load(pretrained.FOLDER)
    z = np.random.default_rng(0).normal(size=(60, keras.architecture.network.latent_dim)).astype(np.float32)
    for temperature in (0.0, 1.0):
        found = keras.decode(z, temperature=temperature, seed=1)
        assert np.array_equal(numpy.decode(z, temperature=temperature, seed=1), found)
    phrases = random_phrases(40, keras.architecture)
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
    found, profile = architecture.read(pretrained.FOLDER), params.read_yaml(ROOT / "profiles" / "default.yaml")
    assert found.network.model_dump() == profile["model"]
    assert found.form.model_dump() == profile["phrases"]
    assert (found.grid.steps_per_beat, found.grid.chords) == (12, "double")


def test_the_card_in_markdown_is_of_the_card() -> None:
    described = json.loads((pretrained.FOLDER / architecture.FILE).read_text(encoding="utf-8"))
    written = (pretrained.FOLDER / "README.md").read_text(encoding="utf-8")
    assert written == model_card.markdown(pretrained.card(), described)
