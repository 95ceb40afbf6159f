"""Whole files of a split: what the grid and a model give back of them, by source, composer and work."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from quartetvae.corpus import encoding, survey
from quartetvae.corpus.records import Origin, Pieces
from quartetvae.errors import CorpusError
from quartetvae.evaluation import whole_files
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid, Piece
from quartetvae.music.tracks import Music
from tests.building import line, quartet, track, write_corpus

GRID = Grid(4, Alphabet(36, 99))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two quartets of 8 notes a part, on the grid; the second with three triplets more, and higher by 14 semitones."""
    triplets = track("Violin I", 40, (1920, 160, 90), (2080, 160, 92), (2240, 160, 94))
    files: dict[str, Music | bytes] = {"plain": quartet(), "high": quartet(triplets, lift=14)}
    return write_corpus(tmp_path / "raw", files, composer={"plain": "Haydn", "high": "Mozart"})


@pytest.fixture
def table(raw: Path) -> pd.DataFrame:
    return survey.survey(raw, match="quartet")


def encoded(raw: Path, table: pd.DataFrame) -> dict[str, Piece]:
    rows = table.to_dict("records")
    return {str(row["id"]): encoding.encode_file(raw, row, GRID)[0] for row in rows}


def without_cello(piece: Piece) -> Piece:
    tokens = piece.tokens.copy()
    tokens[:, 3] = GRID.alphabet.rest
    return dataclasses.replace(piece, tokens=tokens)


def figures(raw: Path, table: pd.DataFrame, *ids: str) -> Any:
    """Those of a model that leaves out the cello."""
    pieces = [encoded(raw, table)[id] for id in ids]
    known = Pieces(tuple(pieces), ("test",) * len(ids), GRID, 0.0, {"plain": Origin("musicnet", "plain")})
    matched = list(whole_files.match(pieces, [without_cello(of) for of in pieces], GRID, table, raw))
    return whole_files.figures(matched, known)


def test_figures_counted_by_hand(raw: Path, table: pd.DataFrame) -> None:
    found = figures(raw, table, "plain")
    # All onsets are on the grid; notes of 200 ticks become such of 240, where 60 more or less will do.
    every = {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert (found["codec"]["notes"], found["codec"]["onset"], found["codec"]["offset"]) == (32, every, every)
    # 24 of 32 come back, and nothing else comes.
    assert found["model"]["onset"] == {"precision": 1.0, "recall": 24 / 32, "f1": 48 / 56}
    assert (found["model"]["notes_from_92"], found["model"]["recall_from_92"]) == (0, None)


def test_what_is_off_the_grid_is_the_codecs_loss(raw: Path, table: pd.DataFrame) -> None:
    found = figures(raw, table, "high")
    # Of three triplets the first is on the grid of 4, the others are 40 ticks off it; 20 are within.
    assert found["codec"]["notes"] == 35
    assert found["codec"]["onset"]["recall"] == 33 / 35
    # Violin I plays 93, 92, 91, 90, 91, 92, 93, 92 and then 90, 92, 94.
    assert (found["codec"]["notes_from_92"], found["codec"]["recall_from_92"]) == (7, 5 / 7)


def test_figures_are_given_by_source_composer_and_work(raw: Path, table: pd.DataFrame) -> None:
    found = figures(raw, table, "plain", "high")["model"]
    # 24 of 32, and 25 of 35 with 27 that came.
    assert found["notes"] == 67
    assert found["onset"] == {"precision": 49 / 51, "recall": 49 / 67, "f1": 98 / 118}
    assert list(found["by_work"]) == ["Haydn: work plain", "Mozart: work high"]
    assert list(found["by_composer"]) == ["Haydn", "Mozart"]
    # Of the other file nothing is known.
    assert list(found["by_source"]) == ["", "musicnet"]
    plain, high = found["by_work"].values()
    assert plain == found["by_composer"]["Haydn"] == found["by_source"]["musicnet"]
    assert (plain["notes"], plain["onset_precision"], plain["onset_recall"]) == (32, 1.0, 24 / 32)
    assert (high["notes"], high["onset_precision"], high["onset_recall"]) == (35, 25 / 27, 25 / 35)
    assert (high["onset_f1"], plain["offset_f1"]) == (50 / 62, 48 / 56)
    assert found["worst_work"] == {"name": "Mozart: work high", "onset_f1": 50 / 62}


def test_the_notes_are_those_that_are_encoded(raw: Path, table: pd.DataFrame) -> None:
    """Tracks of no part count on neither side."""
    write_corpus(raw, {"plain": quartet(track("Piano", 0, *line(60, onsets=[0, 240, 480])))})
    found = figures(raw, survey.survey(raw, match="quartet"), "plain")
    assert found["codec"]["notes"] == 32
    assert found["codec"]["onset"]["f1"] == 1


def test_no_pieces_have_no_figures(raw: Path, table: pd.DataFrame) -> None:
    found = figures(raw, table)["model"]
    assert (found["notes"], found["onset"]["f1"], found["by_work"], found["worst_work"]) == (0, None, {}, None)


def test_silence_gives_nothing_back(raw: Path, table: pd.DataFrame) -> None:
    (piece,) = (of for of in encoded(raw, table).values() if of.id == "plain")
    silent = dataclasses.replace(piece, tokens=np.full_like(piece.tokens, GRID.alphabet.rest))
    (matched,) = whole_files.match([piece], [silent], GRID, table, raw)
    found = whole_files.figures([matched], Pieces((piece,), ("test",), GRID, 0.0))
    assert found["model"]["onset"] == {"precision": None, "recall": 0.0, "f1": 0.0}


def test_a_piece_that_the_table_lacks_is_named(raw: Path, table: pd.DataFrame) -> None:
    (piece, *_) = encoded(raw, table).values()
    with pytest.raises(CorpusError, match=r"piece 'other' is not in the table .*run `dvc repro filter encode`"):
        list(whole_files.match([dataclasses.replace(piece, id="other")], [piece], GRID, table, raw))
