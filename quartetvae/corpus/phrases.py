"""From pieces to phrases: cut, transpose, window.

Conventions
-----------
A phrase is `steps` grid steps of a piece, all four parts; the last one of a piece is filled up with rests. Validation
and test phrases tile their pieces: once with `align` `beat`; with `bar` they overlap where bars do not fill a phrase.
Only training phrases are augmented, after the split, so that no altered copy of a held-out work is ever trained on;
`tail_share` turns that upside down on purpose, as the paper's code did.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.config import Align, Boundary
from quartetvae.corpus import records
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import DatasetError, check_mode
from quartetvae.metrics.figures import PhraseCounts
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Grid, Piece


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
        uint8, shape (steps of the piece, 4).
    boundary
        `onset`: a phrase that begins inside a held note begins with that note's onset. `sustain`: with a sustain.

    Returns
    -------
    uint8, shape (len(starts), steps, 4).
    """
    check_mode("boundary", boundary, Boundary)
    at = np.asarray(starts, dtype=np.int64)
    padded = np.concatenate([tokens, np.full((steps, tokens.shape[1]), alphabet.rest, dtype=np.uint8)])
    phrases: Tokens = padded[at[:, None] + np.arange(steps)[None, :]]
    if boundary == "onset":
        first = phrases[:, 0, :]
        held = _held(padded, alphabet)[at]
        phrases[:, 0, :] = np.where(first == alphabet.sustain, held, first)
    return phrases


def _held(tokens: Tokens, alphabet: Alphabet) -> Tokens:
    """Find at each cell the last token that is no sustain; a rest before the first."""
    index = np.where(tokens != alphabet.sustain, np.arange(len(tokens))[:, None], -1)
    index = np.maximum.accumulate(index, axis=0)
    held = np.take_along_axis(tokens, np.maximum(index, 0), axis=0)
    return np.asarray(np.where(index >= 0, held, alphabet.rest), dtype=np.uint8)


def transpose(phrases: Tokens, semitones: int, alphabet: Alphabet) -> tuple[Tokens, NDArray[np.bool_]]:
    """Move whole phrases by `semitones`; also which of them stay within the alphabet (the others are wrong)."""
    onsets = phrases < alphabet.rest
    moved = phrases.astype(np.int64) + semitones * onsets
    fits = np.all(~onsets | ((moved >= 0) & (moved < alphabet.pitches)), axis=(1, 2))
    return np.where(onsets, moved % alphabet.pitches, phrases).astype(np.uint8), fits


def noise(phrases: Tokens, low: int, high: int, alphabet: Alphabet, rng: np.random.Generator) -> Tokens:
    """Move every single note by a shift of its own, `low` to `high` semitones: the paper's augmentation.

    It calls this a pitch shift. A note stays within the alphabet.
    """
    shift = rng.integers(low, high, size=phrases.shape, endpoint=True)
    moved = np.clip(phrases.astype(np.int64) + shift, 0, alphabet.pitches - 1)
    return np.where(phrases < alphabet.rest, moved, phrases).astype(np.uint8)


def tile(piece: Piece, form: config.Phrases, grid: Grid) -> PhraseSet:
    """Cut a piece into the phrases that tile it once, silent ones among them."""
    starts = phrase_starts(piece.bars, form.beats_per_phrase * grid.steps_per_beat, form.align)
    return _phrase_set(piece, starts, form, grid)


def untile(tokens: Tokens, starts: NDArray[np.int64], steps: int) -> Tokens:
    """Put phrases (phrases, steps, 4) that tile a piece together again: (steps of the piece, 4).

    Where phrases overlap, the later one begins.
    """
    whole = np.zeros((steps, tokens.shape[2]), dtype=np.uint8)
    for phrase, start in zip(tokens, starts, strict=True):
        whole[start : start + len(phrase)] = phrase[: steps - start]
    return whole


def build(pieces: Pieces, form: config.Phrases, augment: config.Augment) -> dict[str, PhraseSet]:
    """Cut all pieces into the phrases of each split, those for training augmented.

    Phrases in which all four parts rest throughout are left out. The same arguments give the same arrays.

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
    grid = pieces.grid
    empty = _no_phrases(form, grid)
    sets = {
        name: _sounding(records.join([empty, *(tile(piece, form, grid) for piece in pieces.in_split(name))]))
        for name in ("validation", "test")
    }
    windows = [
        _phrase_set(piece, window_starts(piece.bars, augment.hop_steps, form.align), form, grid)
        for piece in pieces.in_split("train")
    ]
    training = _augmented(_sounding(records.join([empty, *windows])), augment)
    if pieces.tail_share:
        keep = len(training) - round(pieces.tail_share * len(training))
        sets["validation"] = training.take(slice(keep, None))
        training = training.take(slice(0, keep))
    if not len(training):
        raise DatasetError("no phrases left for training; give `split` more works or `augment` a wider range.")
    return {"train": training, **sets}


def _augmented(plain: PhraseSet, augment: config.Augment) -> PhraseSet:
    alphabet = plain.grid.alphabet
    if augment.kind == "none":
        return plain
    if augment.kind == "noise":
        rng = np.random.default_rng(augment.seed)
        shifted = noise(plain.tokens, augment.semitones_min, augment.semitones_max, alphabet, rng)
        return records.join([plain, dataclasses.replace(plain, tokens=shifted)])
    copies = []
    for semitones in range(augment.semitones_min, augment.semitones_max + 1):
        moved, fits = transpose(plain.tokens, semitones, alphabet)
        every = dataclasses.replace(plain, tokens=moved, semitones=plain.semitones + semitones)
        copies.append(every.take(fits))
    return records.join(copies)


def _phrase_set(piece: Piece, starts: Sequence[int], form: config.Phrases, grid: Grid) -> PhraseSet:
    steps, count = form.beats_per_phrase * grid.steps_per_beat, len(starts)
    tokens = cut(piece.tokens, starts, steps, alphabet=grid.alphabet, boundary=form.boundary)
    at = np.asarray(starts, dtype=np.int64)
    return PhraseSet(tokens, np.full(count, piece.id), at, np.zeros(count, np.int64), grid, form)


def _no_phrases(form: config.Phrases, grid: Grid) -> PhraseSet:
    none = np.zeros(0, np.int64)
    tokens = np.zeros((0, form.beats_per_phrase * grid.steps_per_beat, 4), np.uint8)
    return PhraseSet(tokens, np.zeros(0, "<U1"), none, none, grid, form)


def _sounding(phrases: PhraseSet) -> PhraseSet:
    silent = (phrases.tokens == phrases.grid.alphabet.rest).all(axis=(1, 2))
    return phrases.take(~silent)


def figures(sets: Mapping[str, PhraseSet]) -> dict[str, PhraseCounts]:
    """Count the phrases of each split, the windows that they come from, and pieces: metrics/augment.json."""
    return {
        name: {
            "phrases": len(phrases),
            "windows": len(set(zip(phrases.pieces.tolist(), phrases.starts.tolist(), strict=True))),
            "pieces": len(np.unique(phrases.pieces)),
        }
        for name, phrases in sets.items()
    }
