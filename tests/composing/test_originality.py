"""Where music comes from: which windows training had, at whatever pitch, and what an index remembers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.composing import originality
from quartetvae.composing.originality import Index
from quartetvae.errors import ModelError
from quartetvae.music.codec import Tokens
from tests.building import GRID, part_array, piece, pieces

ONE = part_array("60 - 62 -  64 - 65 67  . . . .  60 62 64 65", "64 - - -  60 - - -  . . . .  - - - -")
"""Four beats of four steps; nothing begins in the third."""


def index(*music: Tokens) -> Index:
    return originality.build(pieces(train=[piece(str(k), of) for k, of in enumerate(music)]))


def share(of: Index, tokens: Tokens) -> float | None:
    return originality.measure(of, tokens, GRID, phrase_beats=1).originality


def test_windows_are_those_in_which_something_begins() -> None:
    found = originality.windows(ONE, GRID)
    assert found.beats.tolist() == [0, 1, 3]
    assert len(set(found.hashes.tolist())) == 3
    assert originality.windows(ONE, GRID, events=4).beats.tolist() == [1, 3]
    # Of two beats: from the first, the second and the third beat on.
    assert originality.windows(ONE, GRID, beats=2).beats.tolist() == [0, 1, 2]
    assert originality.windows(ONE, GRID, beats=5).beats.tolist() == []
    assert originality.windows(part_array(". . . ."), GRID).beats.tolist() == []


def test_neither_key_nor_player_nor_length_counts() -> None:
    known = index(ONE)
    higher = np.where(ONE < 12, ONE + 2, ONE).astype(np.uint8)
    assert share(known, higher) == 0
    assert share(known, ONE[:, [2, 1, 3, 0]]) == 0
    assert share(known, np.where(ONE == 13, 12, ONE).astype(np.uint8)) == 0


@pytest.mark.parametrize(("step", "to"), [(0, 12), (2, 3), (1, 5)])
def test_a_note_more_less_or_other_is_new(step: int, to: int) -> None:
    other = ONE.copy()
    other[step, 0] = to
    assert share(index(ONE), other) == pytest.approx(1 / 3)


def test_only_training_is_indexed() -> None:
    found = originality.build(pieces(train=[piece("a", ONE)], test=[piece("b", ONE[4:8, ::-1][:, [3, 3, 3, 3]])]))
    assert np.array_equal(found.short, index(ONE).short)
    assert found.steps_per_beat == 4


def test_copies_are_passages_of_four_beats() -> None:
    known = index(ONE)
    again = originality.measure(known, np.concatenate([ONE, ONE]), GRID, phrase_beats=4)
    assert again.originality == 0
    # Of five passages the first and the last stand in training.
    assert again.copied == pytest.approx(2 / 5)
    assert again.by_phrase == [0, 0]
    # Too few notes tell nothing.
    assert originality.measure(known, ONE[:4], GRID, phrase_beats=4).copied is None


def test_what_was_given_counts_for_nothing() -> None:
    new = np.zeros(16, np.bool_)
    new[5] = True
    other = ONE.copy()
    other[5, 2] = 7
    found = originality.measure(index(ONE), other, GRID, phrase_beats=1, composed=new)
    assert (found.originality, found.by_phrase) == (1, [None, 1, None, None])
    assert found.copied == 0
    nothing = originality.measure(index(ONE), other, GRID, phrase_beats=1, composed=np.zeros(16, np.bool_))
    assert (nothing.originality, nothing.copied) == (None, None)


def test_music_that_ends_within_a_beat() -> None:
    found = originality.measure(index(ONE), ONE[:7], GRID, phrase_beats=1)
    assert found.by_phrase == [0, 1]


def test_an_index_of_another_grid_is_refused() -> None:
    other = Index(index(ONE).short, index(ONE).long, 12)
    with pytest.raises(ModelError, match="music of 4 steps a beat, and an index of windows of 12"):
        share(other, ONE)


def test_an_index_reads_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    short, long = (np.unique(rng.integers(0, 2**32, 500, dtype=np.uint32)) for _ in range(2))
    nothing = np.zeros(0, np.uint32)
    for made in (Index(short, long, 12), Index(np.array([0, 2**32 - 1], np.uint32), nothing, 4)):
        originality.write(tmp_path / "w.npz", made)
        read = originality.read(tmp_path / "w.npz")
        assert read.short.dtype == read.long.dtype == np.uint32
        assert np.array_equal(read.short, made.short)
        assert np.array_equal(read.long, made.long)
        assert read.steps_per_beat == made.steps_per_beat


def test_what_is_no_index_is_named(tmp_path: Path) -> None:
    originality.write(tmp_path / "good.npz", index(ONE))
    with np.load(tmp_path / "good.npz") as found:
        good: dict[str, Any] = dict(found)
    (tmp_path / "text.npz").write_text("no arrays")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:-20])
    changes: dict[str, dict[str, Any]] = {
        "gridless": {"steps_per_beat": None},
        "two_grids": {"steps_per_beat": np.array([4, 12])},
        "hashless": {"long": None},
        "words": {"short": np.array(["a"])},
        "square": {"short": np.zeros((2, 2), np.uint32)},
        "beyond": {"long": np.array([2**31, 2**31], np.uint32)},
    }
    for name, change in changes.items():
        np.savez(tmp_path / f"{name}.npz", **{key: of for key, of in (good | change).items() if of is not None})
    for name in ("text", "cut", "missing", *changes):
        with pytest.raises(ModelError, match=rf"{name}\.npz: no index of windows .*`describe`"):
            originality.read(tmp_path / f"{name}.npz")


def test_phrases_that_stand_in_training_are_counted() -> None:
    """Two are copies, one of them in another key; the third has 16 beginnings in four beats of its own."""
    higher = np.where(GRID.alphabet.rest > ONE, ONE + 3, ONE).astype(np.uint8)
    other = part_array("60 73 61 75  60 76 61 77  60 78 61 79  60 80 61 81", ". . . .  . . . .  . . . .  . . . .")
    found = originality.memorised(index(ONE), np.stack([ONE, higher, other]), GRID)
    assert found.copied == 2
    # Three beats each of the copies are known, the four of the third are not.
    assert found.originality == pytest.approx(4 / 10)


def test_phrases_in_which_nothing_begins_tell_nothing() -> None:
    silent = np.full((2, len(ONE), ONE.shape[1]), GRID.alphabet.rest, np.uint8)
    assert originality.memorised(index(ONE), silent, GRID) == originality.Memorised(None, 0)
