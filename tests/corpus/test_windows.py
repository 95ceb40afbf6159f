"""Windows for training: those that `phrases.build` would cut, cut when they are asked for."""

import numpy as np

from quartetvae import config
from quartetvae.corpus import phrases, windows
from quartetvae.corpus.records import Pieces
from quartetvae.music.quartet import Grid, Piece
from tests.building import ALPHABET

GRID = Grid(2, ALPHABET)
FORM = config.Phrases(beats_per_phrase=3, boundary="held", align="beat")
AUGMENT = config.Augment(kind="transpose", semitones_min=-2, semitones_max=1, hop_steps=2, seed=0)


def pieces(lengths: tuple[int, ...] = (20, 13, 4)) -> Pieces:
    rng = np.random.default_rng(0)
    found = []
    for number, steps in enumerate(lengths):
        tokens = rng.integers(3, 9, (steps, 4)).astype(np.uint8)
        tokens[rng.random(tokens.shape) < 0.4] = ALPHABET.sustain
        found.append(Piece(f"piece {number}", "", "", tokens, np.arange(steps) // 8))
    return Pieces(tuple(found), ("train",) * len(found), GRID, 0.0)


def test_they_are_the_phrases_of_a_table_but_for_those_that_reach_beyond_a_longer_piece() -> None:
    music = pieces()
    table = phrases.build(music, FORM, AUGMENT)["train"]
    lengths = {piece.id: len(piece.tokens) for piece in music.pieces}
    within = np.array(
        [start == 0 or start + 6 <= lengths[piece] for piece, start in zip(table.pieces, table.starts, strict=True)]
    )
    found = windows.of(music, FORM, AUGMENT)["train"]
    assert 0 < len(found) == within.sum() < len(table)
    cut = np.concatenate(list(found.in_order(5, count=len(found))))
    assert np.array_equal(cut, table.tokens[within])
    assert {ALPHABET.held <= token for token in np.unique(cut[:, 0])} == {True, False}


def test_an_epoch_has_each_window_once_in_an_order_of_seed_and_epoch() -> None:
    found = windows.of(pieces(), FORM, AUGMENT)["train"]

    def epoch(seed: int, number: int) -> list[bytes]:
        batches = list(found.mixed(5, seed=seed, epoch=number, count=len(found)))
        assert {len(batch) for batch in batches[:-1]} == {5}
        return [window.tobytes() for batch in batches for window in batch]

    first = epoch(0, 1)
    assert first == epoch(0, 1)
    assert first != epoch(0, 2)
    assert first != epoch(1, 1)
    in_order = [window.tobytes() for batch in found.in_order(4, count=len(found)) for window in batch]
    assert sorted(first) == sorted(epoch(0, 2)) == sorted(in_order)


def test_notes_moved_one_by_one_are_no_music_to_learn_from() -> None:
    noisy, plain = (
        windows.of(pieces(), FORM, AUGMENT.model_copy(update={"kind": kind}))["train"] for kind in ("noise", "none")
    )
    (first,), (other,) = (of.in_order(len(of), count=len(of)) for of in (noisy, plain))
    assert np.array_equal(first, other)
