"""Models of strangers: hostile sizes, weights that are not finite or do not fit. One clear error by each reader."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from quartetvae import config
from quartetvae.errors import ModelError
from quartetvae.model import architecture as architectures
from quartetvae.model import composer
from quartetvae.model.composer import ComposerArchitecture
from quartetvae.model.keras import saving
from quartetvae.model.keras.composer import ComposerNetwork
from quartetvae.model.numpy import composer as numpy_composer
from quartetvae.model.numpy import network as numpy_network
from quartetvae.music.ensemble import VOICES
from quartetvae.music.quartet import Grid
from tests import networks
from tests.building import ALPHABET

GRID = Grid(1, ALPHABET)
COMPOSER = config.Composer(window_beats=4, units=8, decoder_units=6, head_units=8, embedding_dim=3, attention_heads=2)

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """What reads a model's folder, and the section of its architecture.json that holds sizes."""

    load: Callable[[Path], Any]
    section: str
    weights: str


READERS = {
    "Keras": Reader(saving.load, "network", architectures.WEIGHTS),
    "NumPy": Reader(numpy_network.load, "network", architectures.WEIGHTS),
    "composer": Reader(numpy_composer.load, "composer", composer.WEIGHTS),
}


@pytest.fixture(scope="module")
def saved() -> dict[str, dict[str, bytes]]:
    """The files of a whole model for each reader, by name; networks that are as small as can be."""
    return {}


@pytest.fixture
def folders(saved: dict[str, dict[str, bytes]], tmp_path: Path) -> Callable[[str], Path]:
    """Give a folder with a whole model, for a reader by its name."""

    def make(name: str) -> Path:
        section = READERS[name].section
        if section not in saved:
            made = tmp_path / "made"
            if section == "network":
                saving.save(made, networks.network(grid=GRID))
            else:
                made.mkdir()
                model = ComposerNetwork(ComposerArchitecture(COMPOSER, Grid(2, ALPHABET)), seed=1)
                composer.save(made, model.architecture, model.arrays())
            saved[section] = {path.name: path.read_bytes() for path in made.iterdir()}
        folder = tmp_path / "model"
        folder.mkdir()
        for file, content in saved[section].items():
            (folder / file).write_bytes(content)
        READERS[name].load(folder)
        return folder

    return make


def refused(reader: Reader, folder: Path, file: str) -> str:
    """Check that a folder is refused in one line that names a file and says what to do; give the line."""
    with pytest.raises(ModelError) as caught:
        reader.load(folder)
    said = str(caught.value)
    assert said.startswith(f"{folder / file}: ")
    assert "\n" not in said
    assert "rain again" in said
    return said


SIZES = [0, -1, 10**9, 10**40, 2.5, float("nan"), float("inf"), "64", None, True, [64]]


@pytest.mark.parametrize("name", READERS)
def test_every_size_in_an_architecture_is_checked(name: str, folders: Callable[[str], Path]) -> None:
    reader, folder = READERS[name], folders(name)
    path = folder / architectures.FILE
    whole = json.loads(path.read_text())
    places = [(reader.section, key) for key, value in whole[reader.section].items() if type(value) is int]
    places += [("alphabet", "pitch_min"), ("alphabet", "pitch_max"), ("", "steps_per_beat")]
    if "phrases" in whole:
        places.append(("phrases", "beats_per_phrase"))
    assert len(places) >= 9
    for section, key in places:
        for size in SIZES:
            if (key, size) == ("pitch_min", 0):
                continue
            content = json.loads(json.dumps(whole))
            (content[section] if section else content)[key] = size
            path.write_text(json.dumps(content))
            said = refused(reader, folder, architectures.FILE)
            assert "http" not in said
            if section not in ("", "alphabet"):
                assert f"{section}.{key}" in said


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": ' * 5_000, "1" * 5_000, "null", '"text"', "\ud800"])
def test_what_is_no_architecture_is_refused(name: str, text: str, folders: Callable[[str], Path]) -> None:
    folder = folders(name)
    (folder / architectures.FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    refused(READERS[name], folder, architectures.FILE)


@pytest.mark.parametrize("name", ["Keras", "NumPy"])
def test_a_network_whose_parts_do_not_go_together_is_refused(name: str, folders: Callable[[str], Path]) -> None:
    folder = folders(name)
    path = folder / architectures.FILE
    content = json.loads(path.read_text())
    content["network"] |= {"decoder": "hierarchical", "segment_beats": 3}
    path.write_text(json.dumps(content))
    assert "two whole segments at least" in refused(READERS[name], folder, architectures.FILE)


def read(path: Path) -> Arrays:
    """Read the arrays of a file of weights."""
    found: Arrays = {}
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return dict(arrays)
    with h5py.File(path) as file:
        file.visititems(lambda place, of: found.update({place: of[()]}) if isinstance(of, h5py.Dataset) else None)
    return found


def write(folder: Path, reader: Reader, changed: Arrays) -> None:
    """Write other arrays into a file of weights, with the sum that belongs to them; None takes one out."""
    path = folder / reader.weights
    if path.suffix == ".npz":
        content = io.BytesIO()
        arrays: Arrays = {name: of for name, of in (read(path) | changed).items() if of is not None}
        np.savez(content, **arrays)
        path.write_bytes(content.getvalue())
    else:
        with h5py.File(path, "r+") as file:
            for place, of in changed.items():
                del file[place]
                if of is not None:
                    file[place] = of
    sign(folder, path.read_bytes(), reader)


def sign(folder: Path, weights: bytes, reader: Reader) -> None:
    """Write a file of weights as if it had been so from the beginning."""
    content = json.loads((folder / architectures.FILE).read_text())
    architectures.write_files(folder, content, reader.weights, weights)


DAMAGES: dict[str, Callable[[Any], Any]] = {
    "not a number": lambda of: np.full_like(of, np.nan),
    "infinite": lambda of: np.where(np.arange(of.size).reshape(of.shape) == of.size - 1, -np.inf, of),
    "cut": lambda of: of[: of.shape[0] - 1],
    "cut across": lambda of: of[..., : of.shape[-1] - 1],
    "longer": lambda of: np.concatenate([of, of[:1]]),
    "another rank": lambda of: of[None],
    "a number": lambda of: np.float32(1),
    "empty": lambda of: of[:0],
    "text": lambda of: np.full(of.shape, b"text"),
    "gone": lambda of: None,
}


ALWAYS = ("not a number", "infinite", "text")
"""Damages that NumPy always sees. Otherwise it takes arrays whose shape will do: longer ones, one number for many."""


def use(model: Any) -> None:
    """Let a network do all that it can."""
    rng = np.random.default_rng(0)
    of = model.architecture
    tokens = rng.integers(0, of.grid.alphabet.size, (3, of.steps, of.columns)).astype(np.uint8)
    if isinstance(of, ComposerArchitecture):
        unknown = rng.random((3, of.steps, VOICES)) < 0.5
        model.nats(model.fill(tokens, unknown), unknown)
    else:
        model.decode(model.encode(tokens)[0], temperature=1.0)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["NumPy", "composer"])
def test_every_array_is_refused_or_will_do(name: str, damage: str, folders: Callable[[str], Path]) -> None:
    reader, folder = READERS[name], folders(name)
    whole, arrays = (folder / reader.weights).read_bytes(), read(folder / reader.weights)
    places = [place for place, of in arrays.items() if of.dtype.kind == "f"]
    assert len(places) > 9
    for place in places:
        (folder / reader.weights).write_bytes(whole)
        write(folder, reader, {place: DAMAGES[damage](arrays[place])})
        try:
            model = reader.load(folder)
        except ModelError:
            refused(reader, folder, reader.weights)
        else:
            assert damage not in ALWAYS, place
            use(model)


@pytest.mark.parametrize("damage", DAMAGES)
def test_keras_checks_its_arrays_too(damage: str, folders: Callable[[str], Path]) -> None:
    reader, folder = READERS["Keras"], folders("Keras")
    place = "decoder/heads/vars/0"
    write(folder, reader, {place: DAMAGES[damage](read(folder / reader.weights)[place])})
    refused(reader, folder, reader.weights)


@pytest.mark.parametrize("name", READERS)
def test_half_a_file_is_refused(name: str, folders: Callable[[str], Path]) -> None:
    reader, folder = READERS[name], folders(name)
    whole = (folder / reader.weights).read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"\0" * len(whole)):
        sign(folder, content, reader)
        refused(reader, folder, reader.weights)


@pytest.mark.parametrize("name", ["Keras", "NumPy"])
def test_an_array_that_says_it_is_larger_than_its_file_is_refused(name: str, folders: Callable[[str], Path]) -> None:
    reader, folder = READERS[name], folders(name)
    with h5py.File(folder / reader.weights, "r+") as file:
        del file["decoder/heads/vars/0"]
        file.create_dataset("decoder/heads/vars/0", shape=(1 << 40,), chunks=(1 << 10,), dtype=np.float32)
    sign(folder, (folder / reader.weights).read_bytes(), reader)
    assert "4,398,046,511,104 bytes in a file of" in refused(reader, folder, reader.weights)


def test_packed_arrays_that_say_they_are_larger_than_their_file_are_refused(folders: Callable[[str], Path]) -> None:
    reader, folder = READERS["composer"], folders("composer")
    with zipfile.ZipFile(folder / reader.weights, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("more.npy", bytes(10_000_000))
    sign(folder, (folder / reader.weights).read_bytes(), reader)
    assert "more.npy: 10,000,000 bytes in a file of" in refused(reader, folder, reader.weights)
