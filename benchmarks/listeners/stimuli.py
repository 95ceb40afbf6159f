"""Music that people rated, in four parts, and their ratings.

The folder
----------
`ratings.csv` has a row for each rating: `stimulus` (a number) and a column for each of `QUESTIONS`, 1 (low) to 7
(high). `stimuli/<source>/<number>.mid` are what was rated. Nothing says who rated.

How parts are assigned
----------------------
Some files have all notes on one track, some four tracks or more. If only those that have parts kept them, a measure of
parts would tell the sources apart by their files. So the tracks of all are thrown together, and the notes spread over
four parts by `quartetvae.music.arrangement.over_parts`, as `--spread` does with one track of chords: of notes that
begin together the highest goes to the highest part, and so on downwards, with the smallest leaps. Real music that
stands beside the excerpts goes the same way (`spread`).

An excerpt begins with the beat of its first note. Where that note is late by less than a step of the grid all are
moved forward by as much: some files lie half a step beside it as a whole. The last beat is filled up with rests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quartetvae.errors import CorpusError, DatasetError, no_file
from quartetvae.io import read as files
from quartetvae.music import arrangement, codec
from quartetvae.music.codec import Tokens
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.quartet import Grid

Floats = NDArray[np.float64]

QUESTIONS = ("stylistic_success", "aesthetic_pleasure", "repetition", "melody", "harmony", "rhythm")

LOWEST, HIGHEST = 1, 7


@dataclass(frozen=True)
class Excerpt:
    """A stimulus: its number, where it comes from, its part array (steps, columns), and its ratings.

    `ratings` has shape (ratings, questions), two rows at least.
    """

    number: int
    source: str
    tokens: Tokens
    ratings: Floats


def read(folder: Path, grid: Grid) -> list[Excerpt]:
    """Read all stimuli of a folder and their ratings, by number.

    Raises
    ------
    DatasetError
        If the folder, its ratings or a column of them is missing, a rating is no number from 1 to 7, or a stimulus has
        fewer than two ratings or no file.
    CorpusError, MidiError
        If there are two files of one stimulus, or a file has no notes or cannot be read.
    """
    if not folder.is_dir():
        raise DatasetError(
            f"{folder}: no such folder; one with ratings.csv and stimuli/<source>/<number>.mid is needed."
        )
    ratings = read_ratings(folder / "ratings.csv")
    paths = _paths(folder / "stimuli")
    if missing := sorted(set(ratings) - set(paths)):
        raise DatasetError(
            f"{folder}: {len(missing)} rated stimuli without a file, the first is {missing[0]}; "
            f"stimuli/<source>/{missing[0]}.mid is needed."
        )
    return [
        Excerpt(number, paths[number].parent.name, of_file(paths[number], grid), ratings[number]) for number in ratings
    ]


def read_ratings(path: Path) -> dict[int, Floats]:
    """Read the ratings of each stimulus, (ratings, questions), by number."""
    if problem := no_file(path):
        raise DatasetError(problem)
    table = pd.read_csv(path)
    if missing := [name for name in ("stimulus", *QUESTIONS) if name not in table.columns]:
        raise DatasetError(
            f"{path.name}: no column {', '.join(missing)} (found: {', '.join(map(str, table.columns))}); a row for "
            f"each rating is needed, with stimulus, {', '.join(QUESTIONS)}."
        )
    # Whatever is no number becomes NaN, which lies in no range.
    numbers, values = (
        table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
        for columns in (["stimulus"], list(QUESTIONS))
    )
    numbers = numbers[:, 0]
    named = {"stimulus": numbers == np.floor(numbers)}
    named |= {name: (column >= LOWEST) & (column <= HIGHEST) for name, column in zip(QUESTIONS, values.T, strict=True)}
    for name, good in named.items():
        if not good.all():
            row = int(np.argmin(good))
            needed = "a whole number" if name == "stimulus" else f"a number from {LOWEST} to {HIGHEST}"
            raise DatasetError(f"{path.name}, line {row + 2}: {name} is {table[name].iloc[row]}; {needed} is needed.")
    found = {int(number): values[numbers == number] for number in np.unique(numbers)}
    if not found:
        raise DatasetError(f"{path.name}: no ratings in it; a row for each is needed.")
    if few := [number for number, rows in found.items() if len(rows) < 2]:
        raise DatasetError(
            f"{path.name}: stimulus {few[0]} has one rating; two at least are needed to tell how sure they are."
        )
    return found


def _paths(folder: Path) -> dict[int, Path]:
    """Find the files of stimuli by their number."""
    found: dict[int, Path] = {}
    for path in sorted(folder.glob("*/*.mid")):
        if not path.stem.isdecimal():
            raise CorpusError(f"{path.parent.name}/{path.name}: a number is needed as a name, that of the stimulus.")
        if int(path.stem) in found:
            raise CorpusError(
                f"stimulus {path.stem}: two files, in {found[int(path.stem)].parent.name} and {path.parent.name}."
            )
        found[int(path.stem)] = path
    return found


def of_file(path: Path, grid: Grid) -> Tokens:
    """Read a file as four parts, whatever its tracks: uint8, (steps, columns), whole beats.

    Raises `CorpusError` for a file without notes that have pitches.
    """
    music = files.read(path).music
    tracks = [track.notes for track in music.tracks if not track.is_drum and len(track.notes)]
    if not tracks:
        raise CorpusError(
            f"{path.parent.name}/{path.name}: no notes but those of drums; notes with pitches are needed."
        )
    return on_four_parts(tracks, grid, ticks_per_beat=music.ticks_per_beat)


def spread(tokens: Tokens, grid: Grid) -> Tokens | None:
    """Throw the parts of a part array together and make four anew, as of an excerpt; None without notes."""
    tracks = [notes for notes in codec.decode(tokens, grid.alphabet) if len(notes)]
    return on_four_parts(tracks, grid, ticks_per_beat=grid.steps_per_beat) if tracks else None


def on_four_parts(tracks: Sequence[Notes], grid: Grid, *, ticks_per_beat: int) -> Tokens:
    """Spread notes over four parts and encode them; see the header."""
    every = np.concatenate(tracks)
    first = int(every["onset"].min())
    beat_start = first // ticks_per_beat * ticks_per_beat
    late = first % max(1, ticks_per_beat // grid.steps_per_beat)
    moved = make_notes(every["onset"] - beat_start - late, every["duration"], every["pitch"], every["velocity"])
    # As near to one another as `arrangement.spread` takes for one chord.
    parts = arrangement.over_parts([moved], within=max(1, ticks_per_beat // 16))
    tokens, _ = codec.encode(
        parts,
        ticks_per_beat=ticks_per_beat,
        steps_per_beat=grid.steps_per_beat,
        alphabet=grid.alphabet,
        chords=grid.chords,
    )
    rests = np.full((-len(tokens) % grid.steps_per_beat, tokens.shape[1]), grid.alphabet.rest, np.uint8)
    return np.concatenate([tokens, rests])
