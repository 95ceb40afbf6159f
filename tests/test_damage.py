"""Files of a model and of a corpus that were cut, or of which bytes have changed: an error of ours, or the right thing.

What each damage is called is tested beside each reader; here all are given the same damages.
"""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import quartetvae
from quartetvae.composing import originality
from quartetvae.corpus import piece_file
from quartetvae.errors import ModelError, QuartetError
from quartetvae.latent import code_files, directions, neighbours
from quartetvae.model import architecture, composer
from quartetvae.model.numpy import network, weights
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid, Piece

PACKAGE = Path(quartetvae.__file__).parent / "weights"

ALPHABET = Alphabet(36, 99)


def _pieces(path: Path) -> None:
    tokens = np.random.default_rng(0).integers(0, ALPHABET.rest, (400, 4)).astype(np.uint8)
    piece = Piece("a", "Haydn", "one", tokens, np.arange(400) // 16)
    piece_file.write(path, [piece], {"a": "test"}, grid=Grid(4, ALPHABET))


def _codes(path: Path) -> None:
    code_files.write(path, np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32))


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "weights": ("model.weights.h5", lambda path: network.load(path.parent)),
    "architecture": ("architecture.json", lambda path: architecture.read_with_weights(path.parent)),
    "composer": ("composer/weights.npz", lambda path: composer.load(path.parent)),
    "composer's architecture": ("composer/architecture.json", lambda path: composer.load(path.parent)),
    "neighbours": ("corpus.npz", neighbours.read),
    "originality": ("windows.npz", originality.read),
    "directions": ("directions.json", directions.read),
    "pieces": ("pieces.parquet", piece_file.read),
    "codes": ("codes.npy", code_files.read),
}
"""A file of each kind, and what reads it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = Path(shutil.copytree(PACKAGE, tmp_path / "model"))
    _pieces(copied / "pieces.parquet")
    _codes(copied / "codes.npy")
    return copied


@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_is_cut_is_an_error_that_names_it(kind: str, folder: Path) -> None:
    name, read = READERS[kind]
    whole = (folder / name).read_bytes()
    for keep in (0, 1, len(whole) // 4, len(whole) // 2, len(whole) - 9):
        (folder / name).write_bytes(whole[:keep])
        with pytest.raises(QuartetError, match=Path(name).name) as caught:
            read(folder / name)
        assert "\n" not in str(caught.value)


# Not tables: of some changed bytes Arrow says that by an `OSError` of its own, which passes through.
@pytest.mark.parametrize("kind", [kind for kind in READERS if kind != "pieces"])
def test_a_file_with_changed_bytes_is_an_error_or_is_read(kind: str, folder: Path) -> None:
    name, read = READERS[kind]
    whole = (folder / name).read_bytes()
    rng = np.random.default_rng(0)
    for k in range(9):
        content = bytearray(whole)
        # Anywhere, in the head, and at the end, where archives and tables have their lists.
        places = (0, len(whole)), (0, min(200, len(whole))), (max(0, len(whole) - 300), len(whole))
        for at in rng.integers(*places[k % 3], size=1 + k):
            content[at] ^= 1 << int(rng.integers(8))
        (folder / name).write_bytes(content)
        try:
            read(folder / name)
            # By its sha256 every change of weights is found out.
            assert kind not in ("weights", "composer")
        except QuartetError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(("name", "read"), [READERS["architecture"], READERS["composer's architecture"]])
@pytest.mark.parametrize("change", [{"format": 999}, {"format": "1"}, {"parts": ["flute"]}, {"weights": {}}])
def test_a_model_of_another_version_is_refused(
    name: str, read: Callable[[Path], object], change: dict[str, Any], folder: Path
) -> None:
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps({**content, **change}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"architecture\.json: not the architecture of a .*train again"):
        read(folder / name)


def test_weights_that_say_they_are_larger_than_their_file_are_refused() -> None:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("layers/dense/vars/0", shape=(1 << 40,), chunks=(1 << 10,), dtype=np.float32)
    with pytest.raises(OSError, match=r"layers/dense/vars/0: 4,398,046,511,104 bytes in a file of [\d,]+"):
        weights.read(content.getvalue())
