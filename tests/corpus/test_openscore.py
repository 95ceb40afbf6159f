"""The scores of OpenScore: each is a quartet, of as many movements and beats as it should be.

golden/openscore.csv was written before the reader that is tested. `movements`: what the corpus' own table (sets.tsv)
says of the work. `bars`, `beats_written`: a count of the XML by a program of its own that knows no repeats, a bar being
as long as most parts have it. `beats_played`: the same with repeats and endings in their simplest reading, or, `by
hand`, with the order of bars read off the repeat signs (rondos whose theme comes back under endings like `0, 1, 4`;
sections that begin under a second ending).
"""

import csv
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from quartetvae.io import musicxml, read
from quartetvae.music import bars
from quartetvae.music.tracks import split_movements
from tests.imports import ROOT

OTHER_MOVEMENTS = {
    "sq14387632": 1,  # bars are numbered on, and no number stands over the others
    "sq7295726": 4,  # the introduction to the last has a number of its own
    "sq7551068": 2,  # the first and the last are not in the file
}
"""Where the file has others than sets.tsv lists, by its pages."""

SAMPLE = ("sq7158117", "sq7267316", "sq8438840", "sq8438999", "sq7070781", "sq7551068", "sq8807040")
"""Both of Janacek's (whose tempo marks are empty), rondos, single movements, a section under a second ending."""

MOVEMENTS, BEATS = 435, 319_093
"""In all: the sums of the table, with the exceptions."""


class Expected(NamedTuple):
    """A row of the table."""

    movements: int
    bars: int
    beats_played: float


class Found(NamedTuple):
    """What was read."""

    movements: int
    bars: int
    beats: float
    refusal: str | None
    begin_on_beats: bool


def table() -> dict[str, Expected]:
    with (ROOT / "tests/golden/openscore.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["id"]: Expected(
                OTHER_MOVEMENTS.get(row["id"], int(row["movements"])), int(row["bars"]), float(row["beats_played"])
            )
            for row in csv.DictReader(file)
        }


def found(path: Path) -> Found:
    score = musicxml.read(path)
    music = bars.perform(score.parts)
    refusal = read.of_music(path.name, music).assignment.refusal
    on_beats = all(movement.tick % music.ticks_per_beat == 0 for movement in music.movements)
    pieces = split_movements(music)
    beats = sum(piece.end for piece in pieces) / music.ticks_per_beat
    return Found(len(pieces), len(score.parts[0].bars), beats, refusal, on_beats)


@pytest.fixture(scope="session")
def scores(mirror: Path) -> dict[str, Path]:
    """The files by id."""
    paths = {path.stem: path for path in mirror.rglob("sq*.mxl")}
    if not paths:
        pytest.skip("set QUARTETVAE_MIRROR to a folder that holds OpenScore's files too to run this test")
    return paths


def check(id: str, got: Found) -> None:
    wanted = table()[id]
    assert got.refusal is None, (id, got.refusal)
    assert got.begin_on_beats, id
    assert (got.movements, got.bars) == (wanted.movements, wanted.bars), id
    # Rests at the end of a movement are no beats of a piece, and filled bars are longer: some beats for each movement.
    assert abs(got.beats - wanted.beats_played) <= max(8, 0.01 * wanted.beats_played), (id, got.beats, wanted)


def test_the_table_is_that_of_122_scores() -> None:
    rows = table()
    assert len(rows) == 122
    assert sum(row.movements for row in rows.values()) == MOVEMENTS
    assert round(sum(row.beats_played for row in rows.values())) == BEATS


@pytest.mark.parametrize("id", SAMPLE)
def test_a_score_of_the_sample_is_read_right(id: str, scores: dict[str, Path]) -> None:
    check(id, found(scores[id]))


@pytest.mark.corpus
def test_every_score_is_read_right(scores: dict[str, Path]) -> None:
    ids = sorted(table())
    with ProcessPoolExecutor() as executor:
        got = dict(zip(ids, executor.map(found, [scores[id] for id in ids]), strict=True))
    wrong = []
    for id in ids:
        try:
            check(id, got[id])
        except AssertionError as error:
            wrong.append(str(error).splitlines()[0])
    assert not wrong, wrong
    assert sum(one.movements for one in got.values()) == MOVEMENTS
    assert sum(one.beats for one in got.values()) == pytest.approx(BEATS, rel=0.01)
