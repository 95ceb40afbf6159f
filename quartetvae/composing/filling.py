"""Filling in what is unknown of a piece of any length, by windows that overlap.

Conventions
-----------
A piece is a part array, uint8 (steps, columns). What is unknown is bool, (steps, 4), by step and part; a part's columns
are p and p + 4. Windows begin on beats and overlap by half at least: what is filled of one is known to the next.

The edges of what is unknown
----------------------------
What lies outside stays as it is, cell by cell, and so do the notes that reach over an edge: one that begins outside and
sounds in keeps its cells until it ends, one that begins inside and sounds out keeps them from its onset on. Where such
a note is held, the part has it alone. Nothing composed ties over an edge: the first unknown cell holds no sustain.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae.composing.keys import FORBIDDEN
from quartetvae.corpus import phrases
from quartetvae.errors import ArgumentError
from quartetvae.model.composer import Composer
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Window:
    """Where a window begins, and up to where what it fills is kept, both in steps."""

    start: int
    stop: int


Progress = Callable[[Sequence[Window]], Iterable[Window]]
"""Goes through the windows one by one; `tqdm` would show how far it is."""


def settle(tokens: Tokens, unknown: Mask, alphabet: Alphabet) -> tuple[Tokens, Mask]:
    """Keep the notes that reach over the edges of what is unknown; see the header.

    Parameters
    ----------
    tokens
        uint8, (steps, columns); what stands in unknown cells counts only for notes that reach over an edge.
    unknown
        bool, (steps, 4).

    Returns
    -------
    tokens, unknown
        The part array with rests in unknown cells and beside kept notes (also in place of sustains that follow no
        note: so they sound), and what remains unknown.

    Raises
    ------
    ArgumentError
        If `unknown` is not (steps, 4).
    """
    if unknown.shape != (len(tokens), VOICES):
        raise ArgumentError(
            f"unknown cells of shape {unknown.shape} for {len(tokens)} steps; {(len(tokens), VOICES)}, by step and "
            "part, is needed."
        )
    tokens = _tidy(tokens, alphabet)
    found, remaining = tokens.copy(), unknown.copy()
    for part in range(VOICES):
        columns = range(part, tokens.shape[1], VOICES)
        for begin, end in runs(unknown[:, part]):
            found[begin:end, part::VOICES] = alphabet.rest
            for column in columns:
                inside = tokens[begin:end, column]
                held = inside == alphabet.sustain
                # Sounding in: the sustains with which the run begins, of a note and not of silence.
                if _sounds(tokens[:begin, column], alphabet):
                    length = int(np.argmin(held)) if not held.all() else len(held)
                    found[begin : begin + length, column] = alphabet.sustain
                    remaining[begin : begin + length, part] = False
                # Sounding out: from the last onset on, if nothing but sustains follows it and the first step outside.
                after = tokens[end, column] if end < len(tokens) else alphabet.rest
                struck = np.flatnonzero(~held)
                if after == alphabet.sustain and len(struck) and inside[struck[-1]] < alphabet.rest:
                    onset = begin + int(struck[-1])
                    found[onset:end, column] = tokens[onset:end, column]
                    remaining[onset:end, part] = False
    return found, remaining


def _sounds(column: Tokens, alphabet: Alphabet) -> bool:
    """Tell whether a note sounds at the end of a column."""
    struck = np.flatnonzero(column != alphabet.sustain)
    return bool(len(struck)) and bool(column[struck[-1]] < alphabet.rest)


def runs(unknown: Mask) -> list[tuple[int, int]]:
    """List where runs of True begin and end, of bool (steps,).

    >>> runs(np.array([False, True, True, False, True]))
    [(1, 3), (4, 5)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], unknown, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def windows(unknown: Mask, *, length: int, beat: int) -> list[Window]:
    """Choose the windows that fill in what is unknown.

    Each place that is unknown is filled with a quarter of a window known on either side, as far as the piece goes; a
    longer one by windows at even distances of half a window at most, each of which keeps what lies before the middle of
    the next.

    Parameters
    ----------
    unknown
        bool, (steps,): steps in which any part is. There are whole beats, and as many as a window has, at least.
    length, beat
        Of a window and of a beat, in steps.
    """
    half, context = length // 2, length // 4
    places: list[tuple[int, int]] = []
    for begin, end in runs(unknown):
        if places and begin - places[-1][1] < half:
            places[-1] = places[-1][0], end
        else:
            places.append((begin, end))
    found: list[Window] = []
    for begin, end in places:
        latest = len(unknown) - length
        first = min(latest, max(0, begin - context) // beat * beat)
        last = min(latest, max(first, -(-(end + context - length) // beat) * beat))
        count = 1 + -(-(last - first) // half)
        starts = sorted({round(at / beat) * beat for at in np.linspace(first, last, count).tolist()})
        stops = [*(start + half for start in starts[1:]), end]
        found += [Window(start, stop) for start, stop in zip(starts, stops, strict=True)]
    return found


def fill(
    composer: Composer,
    tokens: Tokens,
    unknown: Mask,
    *,
    temperature: float = 1.0,
    seed: int = 0,
    bias: NDArray[np.float32] | None = None,
    progress: Progress = iter,
) -> Tokens:
    """Fill in what is unknown of a piece.

    Parameters
    ----------
    composer
        A trained composer.
    tokens
        uint8, (steps, columns of the composer), of any length. A last beat that is cut short is filled up with rests.
    unknown
        bool, (steps, 4), by step and part.
    temperature, seed
        0 takes the likeliest note, 1 draws by the composer's probabilities; `seed` says what is drawn.
    bias
        float32, (symbols,) or (columns, symbols): added to the logits of every cell; see `quartetvae.composing.keys`.
    progress
        Goes through the windows.

    Returns
    -------
    A part array as long as the piece; its known cells are those of `tokens`.
    """
    together = fill_all(
        composer, tokens[None], unknown, temperature=temperature, seed=seed, bias=bias, progress=progress
    )
    return np.asarray(together[0], np.uint8)


def fill_all(
    composer: Composer,
    pieces: Tokens,
    unknown: Mask,
    *,
    temperature: float = 1.0,
    seed: int = 0,
    bias: NDArray[np.float32] | None = None,
    progress: Progress = iter,
) -> Tokens:
    """Fill in what is unknown of several pieces of one length, uint8 (pieces, steps, columns), all at a time.

    The same steps of the same parts are unknown in each; what is drawn differs. All else is as in `fill`.
    """
    form, alphabet = composer.architecture, composer.architecture.grid.alphabet
    count, length, columns = pieces.shape
    padding = -length % form.grid.steps_per_beat
    filled = np.full((count, length + padding, columns), alphabet.rest, np.uint8)
    open_ = np.zeros((count, length + padding, VOICES), np.bool_)
    for number, tokens in enumerate(pieces):
        filled[number, :length], open_[number, :length] = settle(tokens, unknown, alphabet)
    edges = open_ & ~np.concatenate([np.zeros((count, 1, VOICES), np.bool_), open_[:, :-1]], axis=1)
    steps = min(form.steps, filled.shape[1])
    some = np.logical_or.reduce(open_, axis=(0, 2))
    for number, window in enumerate(progress(windows(some, length=steps, beat=form.grid.steps_per_beat))):
        within = slice(window.start, window.start + steps)
        cut = [phrases.cut(one, [window.start], steps, alphabet=alphabet, boundary="held")[0] for one in filled]
        own = np.zeros((count, steps, form.columns, form.symbols), np.float32)
        if bias is not None:
            own += bias
        for piece, step, part in np.argwhere(edges[:, within]).tolist():
            own[piece, step, part::VOICES, alphabet.sustain] = FORBIDDEN
        # What sounds into a window is known: there is nothing before the piece, and later windows begin in known cells.
        own[:, 0, :, alphabet.held :] = FORBIDDEN
        drawn = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        made = composer.fill(np.stack(cut), open_[:, within], temperature=temperature, seed=drawn, bias=own)
        kept = open_[:, within] & (np.arange(window.start, window.start + steps) < window.stop)[:, None]
        cells = np.tile(kept, form.columns // VOICES)
        filled[:, within] = np.where(cells, made, filled[:, within])
        filled = np.stack([_tidy(one, alphabet) for one in filled])
        open_[:, within] &= ~kept
    return filled[:, :length]


def _tidy(tokens: Tokens, alphabet: Alphabet) -> Tokens:
    """Make rests of sustains that follow no note."""
    struck = np.where(tokens != alphabet.sustain, np.arange(len(tokens))[:, None], -1)
    last = np.maximum.accumulate(struck, axis=0)
    sounding = np.where(last >= 0, np.take_along_axis(tokens, np.maximum(last, 0), axis=0), alphabet.rest)
    silent = (tokens == alphabet.sustain) & (sounding >= alphabet.rest)
    return np.where(silent, np.uint8(alphabet.rest), tokens)
