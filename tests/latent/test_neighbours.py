"""Phrases of a corpus by their codes: the nearest first, in their own places."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import ModelError
from quartetvae.latent import neighbours
from quartetvae.latent.neighbours import Corpus
from quartetvae.music.quartet import Piece
from tests.building import REST, part_array, piece, pieces, random_tokens
from tests.toy import STEPS, TOY

PLACES: list[dict[str, object]] = [
    {"piece": str(k), "composer": "Dvořák", "work": "No 12", "bar": k + 1, "beat": 4 * k} for k in range(4)
]


def corpus(*codes: list[float]) -> Corpus:
    return Corpus(PLACES[: len(codes)], np.array(codes, dtype=np.float32))


def test_the_nearest_come_first() -> None:
    of = corpus([0, 0], [3, 4], [0, 1], [-6, 8])
    found = neighbours.nearest(of, np.zeros(2, np.float32), 3)
    assert [(one.place["piece"], one.distance) for one in found] == [("0", 0), ("2", 1), ("1", 5)]
    assert len(neighbours.nearest(of, np.zeros(2, np.float32), 9)) == 4


def test_of_equally_near_ones_the_first_in_the_corpus() -> None:
    found = neighbours.nearest(corpus([1, 0], [0, 1], [-1, 0]), np.zeros(2, np.float32), 3)
    assert [one.place["piece"] for one in found] == ["0", "1", "2"]


def test_codes_of_another_model_are_refused() -> None:
    with pytest.raises(ModelError, match=r"a code of shape \(3,\); the corpus has codes of shape \(2,\)"):
        neighbours.nearest(corpus([1, 2]), np.zeros(3, np.float32), 1)


def test_a_corpus_has_every_phrase_that_sounds_in_its_place() -> None:
    rest = np.full((STEPS, 4), REST, np.uint8)
    sounding = [part_array(f"{pitch} - - -") for pitch in (60, 65)]
    one = piece("one", np.concatenate([sounding[0], rest, rest, rest, rest, sounding[1]]), work="W")
    two = piece("two", random_tokens(2 * STEPS + 1, 4), steps_per_bar=STEPS)
    passed: list[str] = []

    def progress(some: Sequence[Piece]) -> Iterator[Piece]:
        for each in some:
            yield each
            passed.append(each.id)

    found = neighbours.build(TOY, pieces(train=[one], test=[two]), progress=progress)
    assert passed == ["one", "two"]
    assert [(of["piece"], of["bar"], of["beat"]) for of in found.places] == [
        ("one", 1, 0),
        ("one", 2, 5),  # bars of four beats, phrases of one
        ("two", 1, 0),
        ("two", 2, 1),
        ("two", 3, 2),
    ]
    assert found.places[0]["work"] == "W"
    assert found.codes[:2].tolist() == [tokens.ravel().tolist() for tokens in sounding]


def test_a_corpus_reads_back_to_a_127th_of_its_largest_number(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).normal(size=(4, 16)).astype(np.float32)
    made = Corpus(PLACES, codes)
    neighbours.write(tmp_path / "c.npz", made)
    read = neighbours.read(tmp_path / "c.npz")
    assert read.places == PLACES
    assert read.codes.dtype == np.float32
    np.testing.assert_allclose(read.codes, codes, atol=np.abs(codes).max() / 127 / 2 * 1.001)
    assert [one.place for one in neighbours.nearest(read, codes[2], 1)] == [PLACES[2]]
    zeros = Corpus(PLACES, np.zeros_like(codes))
    neighbours.write(tmp_path / "zeros.npz", zeros)
    assert not neighbours.read(tmp_path / "zeros.npz").codes.any()


def test_the_nearest_in_a_file_is_the_nearest(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    neighbours.write(tmp_path / "c.npz", Corpus(PLACES, rng.normal(size=(4, 16)).astype(np.float32)))
    asked = rng.normal(size=(20, 16)).astype(np.float32)
    whole = neighbours.read(tmp_path / "c.npz")
    found = neighbours.nearest_in(tmp_path / "c.npz", asked)
    wanted = [neighbours.nearest(whole, code, 1)[0] for code in asked]
    assert [one.place for one in found] == [one.place for one in wanted]
    assert [one.distance for one in found] == pytest.approx([one.distance for one in wanted])
    assert neighbours.nearest_in(tmp_path / "c.npz", asked[:0]) == []
    with pytest.raises(ModelError, match=r"codes of shape \(20, 3\); the corpus has codes of shape \(16,\)"):
        neighbours.nearest_in(tmp_path / "c.npz", asked[:, :3])


def test_what_is_no_corpus_is_named(tmp_path: Path) -> None:
    neighbours.write(tmp_path / "good.npz", corpus([1, 2], [3, 4]))
    with np.load(tmp_path / "good.npz") as found:
        good: dict[str, Any] = dict(found)
    (tmp_path / "text.npz").write_text("no table")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:-20])
    damaged = bytearray((tmp_path / "good.npz").read_bytes())
    damaged[45:60] = bytes(15)
    (tmp_path / "damaged.npz").write_bytes(damaged)
    (tmp_path / "folder.npz").mkdir()
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, good["z"])
    changes: dict[str, dict[str, Any]] = {
        "codeless": {"z": None},
        "placeless": {"bar": None},
        "unitless": {"z_unit": None},
        "endless": {"z_unit": np.float64(np.inf)},
        "flat": {"z": good["z"][0]},
        "short": {"z": good["z"][:1]},
        "elsewhere": {"of": np.array([0, 7], np.int32)},
        # A text of a sign that there is none of.
        "signs": {"composer": np.full(len(good["composer"]), 0x7FFFFFFF, np.uint32).view("<U1")},
    }
    for name, change in changes.items():
        np.savez(tmp_path / f"{name}.npz", **{key: of for key, of in (good | change).items() if of is not None})
    with zipfile.ZipFile(tmp_path / "good.npz") as before, zipfile.ZipFile(tmp_path / "bytes.npz", "w") as after:
        for name in before.namelist():
            after.writestr(name, b"no array" if name == "bar.npy" else before.read(name))
    kinds = ("text", "cut", "damaged", "folder", "array", "missing", "bytes", *changes)
    for path in (tmp_path / f"{name}.npz" for name in kinds):
        with pytest.raises(ModelError, match=rf"{path.name}: no codes of a corpus .*`describe`"):
            neighbours.read(path)
