"""From pieces to phrases: cut, transpose, window.

Conventions
-----------
A phrase is `steps` grid steps of a piece, all its columns; the last one of a piece is filled up with rests. Validation
and test phrases tile their pieces: once with `align` `beat`; with `bar` they overlap where bars do not fill a phrase.
Only training phrases are augmented, after the split, so that no altered copy of a held-out work is ever trained on;
`tail_share` turns that upside down on purpose, as the paper's code did.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.config import Align, Boundary
from quartetvae.corpus import records
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import DatasetError, check_mode
from quartetvae.metrics.figures import PhraseCounts, SourcePhraseCounts
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Grid, Piece

LARGEST_ALPHABET = 256
"""Tokens that a byte can tell apart."""


def phrase_starts(bars: NDArray[np.int64], steps: int, align: Align) -> list[int]:
    """Find where phrases that tile a piece begin, in steps.

    `beat`: every `steps` steps. `bar`: on bar lines; each phrase begins on the last bar line that leaves no gap to the
    phrase before (so phrases may overlap), or right after it where a bar is longer than a phrase.
    """
    check_mode("align", align, Align)
    total = len(bars)
    if align == "beat":
        return list(range(0, total, steps))
    lines = np.flatnonzero(np.diff(bars, prepend=-1) > 0)
    starts = [0]
    while starts[-1] + steps < total:
        within = lines[(lines > starts[-1]) & (lines <= starts[-1] + steps)]
        starts.append(int(within[-1]) if len(within) else starts[-1] + steps)
    return starts


def window_starts(bars: NDArray[np.int64], hop: int, align: Align) -> list[int]:
    """Find where training windows begin: every `hop` steps, counted from the piece's start or from each bar line."""
    check_mode("align", align, Align)
    if align == "beat":
        return list(range(0, len(bars), hop))
    lines = [*np.flatnonzero(np.diff(bars, prepend=-1) > 0).tolist(), len(bars)]
    return [start for line, stop in itertools.pairwise(lines) for start in range(line, stop, hop)]


def cut(tokens: Tokens, starts: Sequence[int], steps: int, *, alphabet: Alphabet, boundary: Boundary) -> Tokens:
    """Cut a part array into phrases.

    Parameters
    ----------
    tokens
        uint8, shape (steps of the piece, columns).
    boundary
        A phrase that begins inside a held note begins with: `held` that note's token among those held from before;
        `onset` its onset; `sustain` a sustain.

    Returns
    -------
    uint8, shape (len(starts), steps, columns).

    Raises
    ------
    DatasetError
        If a byte cannot hold the tokens of all pitches twice, which `held` needs.
    """
    check_mode("boundary", boundary, Boundary)
    if boundary == "held" and alphabet.size_with_held > LARGEST_ALPHABET:
        raise DatasetError(
            f"phrases.boundary 'held' and pitches {alphabet.pitch_min} to {alphabet.pitch_max}: "
            f"{alphabet.size_with_held} tokens, and {LARGEST_ALPHABET} is the limit; make encode.pitch_min to "
            "pitch_max narrower by an octave, or take boundary 'onset'."
        )
    at = np.asarray(starts, dtype=np.int64)
    padded = np.concatenate([tokens, np.full((steps, tokens.shape[1]), alphabet.rest, dtype=np.uint8)])
    phrases: Tokens = padded[at[:, None] + np.arange(steps)[None, :]]
    if boundary != "sustain":
        first = phrases[:, 0, :]
        held = as_begun(padded, alphabet)[at] if boundary == "held" else _held(padded, alphabet)[at]
        phrases[:, 0, :] = np.where(first == alphabet.sustain, held, first)
    return phrases


def as_begun(tokens: Tokens, alphabet: Alphabet) -> Tokens:
    """Say of each cell of a part array how a phrase begins there with `boundary` `held`: (steps, columns)."""
    held = _held(tokens, alphabet)
    held = np.where(held < alphabet.rest, held + np.uint8(alphabet.held), held)
    return np.where(tokens == alphabet.sustain, held, tokens).astype(np.uint8)


def _held(tokens: Tokens, alphabet: Alphabet) -> Tokens:
    """Find at each cell the last token that is no sustain; a rest before the first."""
    index = np.where(tokens != alphabet.sustain, np.arange(len(tokens))[:, None], -1)
    index = np.maximum.accumulate(index, axis=0)
    held = np.take_along_axis(tokens, np.maximum(index, 0), axis=0)
    return np.asarray(np.where(index >= 0, held, alphabet.rest), dtype=np.uint8)


def transpose(phrases: Tokens, semitones: int, alphabet: Alphabet) -> tuple[Tokens, NDArray[np.bool_]]:
    """Move whole phrases by `semitones`; also which of them stay within the alphabet (the others are wrong)."""
    held = phrases >= alphabet.held
    pitched = held | (phrases < alphabet.rest)
    moved = codec.struck(phrases, alphabet).astype(np.int16) + np.int16(semitones)
    fits = np.all(~pitched | ((moved >= 0) & (moved < alphabet.pitches)), axis=(1, 2))
    return np.where(pitched, moved % alphabet.pitches + alphabet.held * held, phrases).astype(np.uint8), fits


def noise(phrases: Tokens, low: int, high: int, alphabet: Alphabet, rng: np.random.Generator) -> Tokens:
    """Move every single note by a shift of its own, `low` to `high` semitones: the paper's augmentation.

    It calls this a pitch shift. A note stays within the alphabet.
    """
    shift = rng.integers(low, high, size=phrases.shape, endpoint=True)
    held = phrases >= alphabet.held
    moved = np.clip(codec.struck(phrases, alphabet) + shift, 0, alphabet.pitches - 1) + alphabet.held * held
    return np.where(held | (phrases < alphabet.rest), moved, phrases).astype(np.uint8)


def tile(piece: Piece, form: config.Phrases, grid: Grid) -> PhraseSet:
    """Cut a piece into the phrases that tile it once, silent ones among them."""
    starts = phrase_starts(piece.bars, form.beats_per_phrase * grid.steps_per_beat, form.align)
    return _phrase_set(piece, starts, form, grid)


def untile(tokens: Tokens, starts: NDArray[np.int64], steps: int, *, alphabet: Alphabet) -> Tokens:
    """Put phrases (phrases, steps, columns) that tile a piece together again: (steps of the piece, columns).

    A note held from before is joined to the note of its pitch that sounds there; where none does, it is struck. Where
    phrases overlap, the later one begins.
    """
    whole = np.zeros((steps, tokens.shape[2]), dtype=np.uint8)
    for phrase, start in zip(tokens, starts.tolist(), strict=True):
        first = codec.struck(phrase[0], alphabet)
        for column in np.flatnonzero(phrase[0] >= alphabet.held):
            if _sounding(whole[:start, column], alphabet) == first[column]:
                first[column] = alphabet.sustain
        whole[start : start + len(phrase)] = phrase[: steps - start]
        whole[start] = first
    return whole


def _sounding(column: Tokens, alphabet: Alphabet) -> int:
    """Tell which token sounds at the end of a column (steps,), however long it has been held."""
    return next((token for token in column[::-1].tolist() if token != alphabet.sustain), alphabet.rest)


ROWS = 65_536
"""Phrases of a batch, at most."""

_SILENT = np.int16(1000)
"""Lowest pitch token of a phrase without onsets, and minus the highest: it fits wherever it is moved."""


@dataclass(frozen=True)
class Plan:
    """The phrases of one split before they are cut: a place for each window, and how windows are copied.

    All windows come once for each copy: first copy first, in each the pieces in their order.
    """

    pieces: tuple[Piece, ...]
    sources: tuple[str, ...]
    """Of the pieces."""
    grid: Grid
    form: config.Phrases
    copies: tuple[int, ...]
    """Semitones by which each copy is moved up. What leaves the alphabet is left out of it."""
    noise: config.Augment | None
    """With noise there is one more copy, whose notes are moved one by one."""
    numbers: NDArray[np.int32]
    """The piece of each window, by its place."""
    starts: NDArray[np.int32]
    """Where each window begins in its piece, in steps."""
    lowest: NDArray[np.int16]
    highest: NDArray[np.int16]
    """Pitch tokens of each window."""
    begin: int = 0
    end: int = 0
    """Which of all these phrases are the split's."""

    def __len__(self) -> int:
        return self.end - self.begin

    def batches(self) -> Iterator[PhraseSet]:
        """Cut the phrases, at most `ROWS` of one copy at a time. The same plan gives the same batches."""
        rng = np.random.default_rng(self.noise.seed) if self.noise else None
        for (copy, semitones), windows, within in self._batches():
            if copy < len(self.copies):
                if len(windows[within]):
                    yield self._cut(windows[within], semitones)
            elif self.noise and rng:
                # Drawn for the phrases before the split's, too, so that they are the same wherever it begins.
                plain = self._cut(windows, 0)
                low, high = self.noise.semitones_min, self.noise.semitones_max
                shifted = noise(plain.tokens, low, high, self.grid.alphabet, rng)
                if len(windows[within]):
                    yield dataclasses.replace(plain, tokens=shifted).take(within)

    def count(self) -> PhraseCounts:
        """Count the phrases, the windows that they come from, and pieces; of each source, too."""
        times = np.zeros(len(self.numbers), np.int64)
        for _, windows, within in self._batches():
            times[windows[within]] += 1
        source = np.array(self.sources, object)[self.numbers] if self.sources else np.zeros(0, object)
        named = [name for name in dict.fromkeys(self.sources) if name]
        return {
            **self._counted(times),
            "sources": {name: self._counted(times * (source == name)) for name in named},
        }

    def _counted(self, times: NDArray[np.int64]) -> SourcePhraseCounts:
        used = times > 0
        return {
            "phrases": int(times.sum()),
            "windows": int(used.sum()),
            "pieces": len(np.unique(self.numbers[used])),
        }

    def _batches(self) -> Iterator[tuple[tuple[int, int], NDArray[np.int64], slice]]:
        """List for each batch the copy's number and semitones, the windows, and which of these are the split's."""
        done = 0
        for copy, semitones in enumerate((*self.copies, 0) if self.noise else self.copies):
            fits = (self.lowest + semitones >= 0) & (self.highest + semitones < self.grid.alphabet.pitches)
            windows = np.flatnonzero(fits)
            for first in range(0, len(windows), ROWS):
                batch = windows[first : first + ROWS]
                begin, end = (min(max(at - done, 0), len(batch)) for at in (self.begin, self.end))
                yield (copy, semitones), batch, slice(begin, end)
                done += len(batch)

    def _cut(self, windows: NDArray[np.int64], semitones: int) -> PhraseSet:
        of_piece = np.split(windows, np.flatnonzero(np.diff(self.numbers[windows])) + 1)
        found = [
            _phrase_set(self.pieces[self.numbers[some[0]]], self.starts[some].tolist(), self.form, self.grid)
            for some in of_piece
        ]
        plain, shift = records.join(found), np.uint8(semitones % 256)
        # All of them fit: as `transpose`, in a quarter of the time. Downwards by a sum that wraps.
        alphabet = self.grid.alphabet
        pitched = (plain.tokens < alphabet.rest) | (plain.tokens >= alphabet.held)
        moved = np.where(pitched, plain.tokens + shift, plain.tokens)
        return dataclasses.replace(plain, tokens=moved, semitones=np.full(len(plain), semitones, np.int8))


def plan(pieces: Pieces, form: config.Phrases, augment: config.Augment) -> dict[str, Plan]:
    """Say which phrases each split has, those for training augmented; `Plan.batches` cuts them.

    Phrases in which all four parts rest throughout are left out. The same arguments give the same phrases.

    Raises
    ------
    DatasetError
        If a phrase is longer than every piece, or nothing is left to train on.
    """
    longest = max(len(piece.tokens) for piece in pieces.pieces) // pieces.grid.steps_per_beat
    if form.beats_per_phrase > longest:
        raise DatasetError(
            f"phrases.beats_per_phrase is {form.beats_per_phrase}, but the longest piece has {longest} whole beats; "
            "make phrases shorter."
        )
    steps = form.beats_per_phrase * pieces.grid.steps_per_beat
    plans = {
        name: _plan(pieces, name, form, lambda piece: phrase_starts(piece.bars, steps, form.align))
        for name in ("validation", "test")
    }
    training = _plan(
        pieces, "train", form, lambda piece: window_starts(piece.bars, augment.hop_steps, form.align), augment
    )
    if pieces.tail_share:
        keep = len(training) - round(pieces.tail_share * len(training))
        plans["validation"] = dataclasses.replace(training, begin=keep)
        training = dataclasses.replace(training, end=keep)
    if not len(training):
        raise DatasetError("no phrases left for training; give `split` more works or `augment` a wider range.")
    return {"train": training, **plans}


def _plan(
    pieces: Pieces,
    split: str,
    form: config.Phrases,
    starts_of: Callable[[Piece], list[int]],
    augment: config.Augment | None = None,
) -> Plan:
    chosen, alphabet = tuple(pieces.in_split(split)), pieces.grid.alphabet
    numbers, starts = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    lowest, highest = [np.zeros(0, np.int16)], [np.zeros(0, np.int16)]
    for number, piece in enumerate(chosen):
        phrases = _phrase_set(piece, starts_of(piece), form, pieces.grid)
        sounding = phrases.take(~(phrases.tokens == alphabet.rest).all(axis=(1, 2)))
        struck = codec.struck(sounding.tokens, alphabet)
        onsets = struck < alphabet.rest
        numbers.append(np.full(len(sounding), number, np.int32))
        starts.append(sounding.starts)
        lowest.append(np.where(onsets, struck, _SILENT).min(axis=(1, 2)))
        highest.append(np.where(onsets, struck, -_SILENT).max(axis=(1, 2)))
    copies: tuple[int, ...] = (0,)
    noisy = None
    if augment is not None and augment.kind == "transpose":
        copies = tuple(range(augment.semitones_min, augment.semitones_max + 1))
    elif augment is not None and augment.kind == "noise":
        noisy = augment
    found = Plan(
        chosen,
        tuple(pieces.source(piece) for piece in chosen),
        pieces.grid,
        form,
        copies,
        noisy,
        np.concatenate(numbers),
        np.concatenate(starts),
        np.concatenate(lowest),
        np.concatenate(highest),
    )
    return dataclasses.replace(found, end=sum(len(windows) for _, windows, _ in found._batches()))


def build(pieces: Pieces, form: config.Phrases, augment: config.Augment) -> dict[str, PhraseSet]:
    """Cut all pieces into the phrases of each split, all at once; `plan` says which they are."""
    empty = _no_phrases(form, pieces.grid)
    return {name: records.join([empty, *planned.batches()]) for name, planned in plan(pieces, form, augment).items()}


def _phrase_set(piece: Piece, starts: Sequence[int], form: config.Phrases, grid: Grid) -> PhraseSet:
    steps, count = form.beats_per_phrase * grid.steps_per_beat, len(starts)
    tokens = cut(piece.tokens, starts, steps, alphabet=grid.alphabet, boundary=form.boundary)
    # `np.full` would make a string for each.
    ids = np.empty(count, object)
    ids.fill(piece.id)
    return PhraseSet(tokens, ids, np.asarray(starts, dtype=np.int32), np.zeros(count, np.int8), grid, form)


def _no_phrases(form: config.Phrases, grid: Grid) -> PhraseSet:
    tokens = np.zeros((0, form.beats_per_phrase * grid.steps_per_beat, grid.columns), np.uint8)
    return PhraseSet(tokens, np.zeros(0, object), np.zeros(0, np.int32), np.zeros(0, np.int8), grid, form)


def figures(plans: Mapping[str, Plan]) -> dict[str, PhraseCounts]:
    """Count the phrases of each split: metrics/augment.json."""
    return {name: planned.count() for name, planned in plans.items()}
