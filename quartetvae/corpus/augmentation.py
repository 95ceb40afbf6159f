"""The phrases of a corpus as `phrases.plan` gives them, shard by shard: neither pieces nor windows are all in memory.

A shard's part has the places of its pieces' windows: where each begins, and its lowest and highest pitch. From these
the phrases of a split are cut, those of a shard at a time: the same ones in the same order and batches as from a plan
of all pieces. What they are is said in `quartetvae.corpus.phrases`, of which the plan of a shard is made.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.corpus import phrases, piece_file, records
from quartetvae.corpus.parallel import shards as parallel
from quartetvae.corpus.parallel.shards import IN_MEMORY, Item, Shards
from quartetvae.corpus.phrases import Plan
from quartetvae.corpus.piece_file import PieceFile
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import DatasetError
from quartetvae.metrics.figures import PhraseCounts, SourcePhraseCounts
from quartetvae.music.quartet import Grid, Piece

REMEMBERED = 1024
"""Pieces that are kept in memory, since each is cut anew for each transposition."""

_PLACES = pa.schema({"piece": pa.int32(), "start": pa.int32(), "lowest": pa.int16(), "highest": pa.int16()})
"""A row for each window, in the order of pieces and places; `piece` is the number in the table of pieces."""


def places(items: Sequence[Item], *, form: config.Phrases, augment: config.Augment, grid: Grid) -> pa.Table:
    """Find the windows of some pieces, each item being one, on this grid: a shard of an augmentation."""
    opened = functools.cache(piece_file.opened)
    found = [_places_in(opened(one.path), one.known, form, augment, grid) for one in items]
    return pa.concat_tables(found)


def _places_in(
    file: PieceFile, known: Mapping[str, Any], form: config.Phrases, augment: config.Augment, grid: Grid
) -> pa.Table:
    number, split = known["number"], known["split"]
    steps = form.beats_per_phrase * grid.steps_per_beat

    def starts(piece: Piece) -> list[int]:
        if split == "train":
            return phrases.window_starts(piece.bars, augment.hop_steps, form.align)
        return phrases.phrase_starts(piece.bars, steps, form.align)

    # Private, but phrases.py is among the files that make the composer's training run again.
    plan = phrases._plan(Pieces((file.piece(number),), (split,), grid, 0.0), split, form, starts)
    columns = [plan.numbers + np.int32(number), plan.starts, plan.lowest, plan.highest]
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=_PLACES)


@dataclass(frozen=True)
class Augmented:
    """The phrases of one split before they are cut; like `phrases.Plan`, but for what is in memory."""

    file: PieceFile
    parts: Sequence[Path]
    """With places."""
    split: str
    form: config.Phrases
    copies: tuple[int, ...]
    noise: config.Augment | None
    begin: int = 0
    end: int = 0

    def __len__(self) -> int:
        return self.end - self.begin

    def batches(self) -> Iterator[PhraseSet]:
        """Cut the phrases, at most `phrases.ROWS` of one copy at a time."""
        rng = np.random.default_rng(self.noise.seed) if self.noise else None
        piece = functools.lru_cache(REMEMBERED)(self.file.piece)
        done = 0
        for copy, semitones in enumerate(self._copies):
            for batch in _batched(self._cut(semitones, piece)):
                whole = batch
                if copy == len(self.copies) and self.noise and rng:
                    low, high = self.noise.semitones_min, self.noise.semitones_max
                    shifted = phrases.noise(batch.tokens, low, high, self.file.grid.alphabet, rng)
                    whole = dataclasses.replace(batch, tokens=shifted)
                begin, end = (min(max(at - done, 0), len(batch)) for at in (self.begin, self.end))
                done += len(batch)
                if begin < end:
                    yield whole.take(slice(begin, end))

    def count(self) -> PhraseCounts:
        """Count the phrases, the windows that they come from, and pieces; of each source, too."""
        whole, sources = np.zeros(3, np.int64), np.array(self.file.sources, object)
        in_split = np.array(self.file.splits) == self.split
        of_source = {name: np.zeros(3, np.int64) for name in dict.fromkeys(sources[in_split].tolist()) if name}
        # Where the phrases of each copy and shard begin among all: copy after copy.
        sizes = np.array([places.sizes(self._copies) for places in self._shards()]).reshape(-1, len(self._copies)).T
        begins = (np.cumsum(sizes) - sizes.reshape(-1)).reshape(sizes.shape).T
        for places, first in zip(self._shards(), begins.tolist(), strict=True):
            times = np.zeros(len(places.pieces), np.int64)
            for semitones, begin in zip(self._copies, first, strict=True):
                fits = places.fit(semitones)
                number = begin + np.cumsum(fits) - 1
                times += fits & (number >= self.begin) & (number < self.end)
            whole += _counted(places.pieces, times)
            for name, counts in of_source.items():
                counts += _counted(places.pieces, times * (sources[places.pieces] == name))
        return {**_named(whole), "sources": {name: _named(counts) for name, counts in of_source.items()}}

    def total(self) -> int:
        """Count all phrases of the split's pieces, with those before `begin` and from `end` on."""
        return sum(sum(places.sizes(self._copies)) for places in self._shards())

    @property
    def _copies(self) -> tuple[int, ...]:
        return (*self.copies, 0) if self.noise else self.copies

    def _shards(self) -> Iterator["_Places"]:
        in_split = np.array(self.file.splits) == self.split
        for part in self.parts:
            table = parallel.read(part)
            piece, start, lowest, highest = (table[name].to_numpy() for name in _PLACES.names)
            some = in_split[piece]
            yield _Places(piece[some], start[some], lowest[some], highest[some], self.file.grid.alphabet.pitches)

    def _cut(self, semitones: int, piece: Callable[[int], Piece]) -> Iterator[PhraseSet]:
        """Cut the phrases of a copy, those of a shard at a time."""
        for places in self._shards():
            numbers, order = np.unique(places.pieces, return_inverse=True)
            plan = Plan(
                tuple(piece(number) for number in numbers.tolist()),
                tuple(self.file.sources[number] for number in numbers.tolist()),
                self.file.grid,
                self.form,
                (semitones,),
                None,
                order.astype(np.int32),
                places.starts,
                places.lowest,
                places.highest,
                end=len(order),
            )
            yield from plan.batches()


@dataclass(frozen=True)
class _Places:
    """The windows of a shard that are of one split: (windows,) each."""

    pieces: NDArray[np.int32]
    """Numbers in the table of pieces."""
    starts: NDArray[np.int32]
    lowest: NDArray[np.int16]
    highest: NDArray[np.int16]
    pitches: int
    """Of the alphabet."""

    def fit(self, semitones: int) -> NDArray[np.bool_]:
        """Tell which windows stay within the alphabet if they are moved up."""
        return (self.lowest + semitones >= 0) & (self.highest + semitones < self.pitches)

    def sizes(self, copies: Iterable[int]) -> list[int]:
        """Count the windows that each copy has."""
        return [int(self.fit(semitones).sum()) for semitones in copies]


@contextmanager
def planned(
    file: PieceFile, form: config.Phrases, augment: config.Augment, shards: Shards = IN_MEMORY
) -> Iterator[Mapping[str, Augmented]]:
    """Say which phrases each split has; see `phrases.plan`.

    Raises
    ------
    DatasetError
        If a phrase is longer than every piece, or nothing is left to train on.
    """
    longest = max(file.steps) // file.grid.steps_per_beat
    if form.beats_per_phrase > longest:
        raise DatasetError(
            f"phrases.beats_per_phrase is {form.beats_per_phrase}, but the longest piece has {longest} whole beats; "
            "make phrases shorter."
        )
    items = [
        Item(file.path, file.content(number), {"number": number, "split": split})
        for number, split in enumerate(file.splits)
    ]
    with shards.parts(places, items, label="augment", form=form, augment=augment, grid=file.grid) as parts:
        plain = Augmented(file, parts, "train", form, (0,), None)
        copies: tuple[int, ...] = (0,)
        if augment.kind == "transpose":
            copies = tuple(range(augment.semitones_min, augment.semitones_max + 1))
        noise = augment if augment.kind == "noise" else None
        training = dataclasses.replace(plain, copies=copies, noise=noise)
        training = dataclasses.replace(training, end=training.total())
        found = {}
        for name in ("validation", "test"):
            held_out = dataclasses.replace(plain, split=name)
            found[name] = dataclasses.replace(held_out, end=held_out.total())
        if file.tail_share:
            keep = len(training) - round(file.tail_share * len(training))
            found["validation"] = dataclasses.replace(training, begin=keep)
            training = dataclasses.replace(training, end=keep)
        if not len(training):
            raise DatasetError("no phrases left for training; give `split` more works or `augment` a wider range.")
        yield {"train": training, **found}


def figures(plans: Mapping[str, Augmented]) -> dict[str, PhraseCounts]:
    """Count the phrases of each split: metrics/augment.json."""
    return {name: plan.count() for name, plan in plans.items()}


def _batched(sets: Iterable[PhraseSet]) -> Iterator[PhraseSet]:
    """Put sets together and cut them into batches of `phrases.ROWS`, of which the last one may be smaller."""
    waiting: list[PhraseSet] = []
    for some in sets:
        waiting.append(some)
        if sum(map(len, waiting)) >= phrases.ROWS:
            whole, done = records.join(waiting), 0
            while len(whole) - done >= phrases.ROWS:
                yield whole.take(slice(done, done := done + phrases.ROWS))
            waiting = [whole.take(slice(done, None))]
    if sum(map(len, waiting)):
        yield records.join(waiting)


def _counted(pieces: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count phrases, windows and pieces."""
    return np.array([times.sum(), (times > 0).sum(), len(np.unique(pieces[times > 0]))])


def _named(counts: NDArray[np.int64]) -> SourcePhraseCounts:
    total, windows, pieces = counts.tolist()
    return {"phrases": total, "windows": windows, "pieces": pieces}
