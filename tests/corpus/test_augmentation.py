"""The phrases of a corpus shard by shard: those of a plan of all pieces, in its order and batches."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae import config
from quartetvae.config import Align, Boundary
from quartetvae.corpus import augmentation, phrases, piece_file
from quartetvae.corpus.parallel.engines import Here
from quartetvae.corpus.parallel.shards import Shards
from quartetvae.corpus.records import Origin, PhraseSet, Pieces
from quartetvae.errors import DatasetError
from tests.building import FORM, REST, piece, pieces, random_tokens

AUGMENT = config.Augment(kind="transpose", semitones_min=-2, semitones_max=3, hop_steps=2, seed=1)
SILENT = piece("silent", np.full((9, 4), REST, np.uint8))
CORPUS = dataclasses.replace(
    pieces(
        train=[piece(f"t{k}", random_tokens(9 + 5 * k, 4, seed=k), steps_per_bar=5) for k in range(5)] + [SILENT],
        validation=[piece("v", random_tokens(12, 4, seed=11))],
        test=[piece("w", random_tokens(13, 4, seed=12)), piece("x", random_tokens(4, 4, seed=13))],
    ),
    origins={
        **{f"t{k}": Origin("musicnet" if k % 2 else "openscore", f"t{k}") for k in range(4)},
        "silent": Origin("directory", "silent"),
    },
)


def written(folder: Path, corpus: Pieces) -> Path:
    splits = {one.id: split for one, split in zip(corpus.pieces, corpus.splits, strict=True)}
    path = folder / "pieces.parquet"
    piece_file.write(
        path, corpus.pieces, splits, grid=corpus.grid, tail_share=corpus.tail_share, origins=corpus.origins
    )
    return path


def as_lists(batch: PhraseSet) -> list[Any]:
    return [batch.tokens.tolist(), batch.pieces.tolist(), batch.starts.tolist(), batch.semitones.tolist()]


@pytest.mark.parametrize("kind", ["none", "transpose", "noise"])
@pytest.mark.parametrize(("align", "boundary"), [("beat", "held"), ("bar", "onset")])
@pytest.mark.parametrize("tail", [0.0, 0.3])
@pytest.mark.parametrize(("size", "rows"), [(1, 7), (4, 1), (100, 100_000)])
def test_shards_give_the_batches_and_counts_of_one_plan(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    align: Align,
    boundary: Boundary,
    tail: float,
    size: int,
    rows: int,
) -> None:
    monkeypatch.setattr(phrases, "ROWS", rows)
    corpus = dataclasses.replace(CORPUS, tail_share=tail)
    form = FORM.model_copy(update={"align": align, "boundary": boundary})
    augment = AUGMENT.model_copy(update={"kind": kind})
    wanted = phrases.plan(corpus, form, augment)
    file = piece_file.opened(written(tmp_path, corpus))
    with augmentation.planned(file, form, augment, Shards(tmp_path / "parts", Here(), size)) as plans:
        assert list(plans) == list(wanted)
        for name, plan in plans.items():
            assert len(plan) == len(wanted[name])
            assert [as_lists(one) for one in plan.batches()] == [as_lists(one) for one in wanted[name].batches()]
        assert augmentation.figures(plans) == phrases.figures(wanted)


def test_pieces_are_read_one_by_one(tmp_path: Path) -> None:
    path = written(tmp_path, dataclasses.replace(CORPUS, tail_share=0.25))
    file, whole = piece_file.opened(path), piece_file.read(path)
    assert (file.grid, file.tail_share, file.splits) == (whole.grid, whole.tail_share, whole.splits)
    assert list(file.sources) == [whole.source(one) for one in whole.pieces]
    assert list(file.steps) == [len(one.tokens) for one in whole.pieces]
    for number, wanted in enumerate(whole.pieces):
        found = file.piece(number)
        assert (found.id, found.composer, found.work) == (wanted.id, wanted.composer, wanted.work)
        assert np.array_equal(found.tokens, wanted.tokens)
        assert np.array_equal(found.bars, wanted.bars)


def test_the_content_of_a_piece_is_its_own(tmp_path: Path) -> None:
    whole = piece_file.opened(written(tmp_path / "whole", CORPUS))
    changed = dataclasses.replace(CORPUS, pieces=(SILENT, *CORPUS.pieces[1:]))
    other = piece_file.opened(written(tmp_path / "other", changed))
    assert whole.content(0) != other.content(0)
    # Though they lie at another place of the file.
    assert [whole.content(k) for k in range(1, 5)] == [other.content(k) for k in range(1, 5)]


def test_a_phrase_longer_than_all_pieces_is_an_error(tmp_path: Path) -> None:
    file = piece_file.opened(written(tmp_path, CORPUS))
    long = FORM.model_copy(update={"beats_per_phrase": 60})
    with (
        pytest.raises(DatasetError, match=r"beats_per_phrase is 60, but the longest piece has 7 whole beats"),
        augmentation.planned(file, long, AUGMENT),
    ):
        pass


def test_nothing_to_train_on_is_an_error(tmp_path: Path) -> None:
    file = piece_file.opened(written(tmp_path, pieces(train=[SILENT], test=[CORPUS.pieces[0]])))
    with pytest.raises(DatasetError, match="no phrases left for training"), augmentation.planned(file, FORM, AUGMENT):
        pass


def test_a_table_of_no_pieces_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, pieces(train=[]))
    with pytest.raises(DatasetError, match=r"no pieces in it; run `dvc repro encode`"):
        piece_file.opened(path)
    with pytest.raises(DatasetError, match=r"not there; run the stage `encode` first"):
        piece_file.opened(tmp_path / "none.parquet")
