"""Paths by exchange: part after part, A gives way to B, and what lies between the two is composed anew.

An average of two codes is neither music. A bar that has its melody from A and its bass from B, in one key, nearly is; a
composer makes the rest of the way: the other parts are written to fit both. Of several orders in which the parts may
give way it takes the one whose music it finds likeliest.

Conventions
-----------
Part arrays are uint8, (pairs, steps, columns). `share` is how far on the way from A to B one is, 0..1, both excluded:
up to half of the way B is moved to A's key, from there on A to B's. In each turn of `TURN_BEATS` beats the parts give
way in an order of its own, the same one for all shares, so that a part that has given way does not come back. A part is
A's, then composed for a while, then B's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.corpus import phrases
from quartetvae.errors import ArgumentError
from quartetvae.metrics import tonality
from quartetvae.model.composer import Composer
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES

FARTHEST = range(-6, 6)
"""Semitones by which music is moved to another key."""

TURN_BEATS = 8
"""Beats after which the parts give way in another order."""

NATS_PER_ONSET = 3.0
"""What is added for each onset when orders are compared: else the one with the fewest notes would be the likeliest."""

SEEDS_APART = 1_000_003
"""Between those by which one turn and the next are drawn."""

A, COMPOSED, B = 0, 1, 2
"""Where a part is from."""


@dataclass(frozen=True)
class Manner:
    """How a path is made."""

    freedom: float = 0.25
    """Share of the parts that is composed half-way, 0..1; less towards the ends."""
    tries: int = 5
    """Orders in which the parts may give way, of which one is taken."""
    temperature: float = 1.0
    """0 takes the likeliest note, 1 draws by the composer's probabilities."""
    seed: int = 0
    """Of the orders, and of what is drawn."""
    dial: NDArray[np.float32] | None = None
    """What is added to the logits, (symbols,): `quartetvae.composing.keys.bias` of a key."""

    def __post_init__(self) -> None:
        if not 0 <= self.freedom <= 1:
            raise ArgumentError(f"freedom {self.freedom:g}; 0 (nothing is composed) to 1 is needed.")
        if self.tries < 1:
            raise ArgumentError(f"{self.tries} tries; 1 at least is needed.")


PLAIN = Manner()

Progress = Callable[[Sequence[Any]], Iterable[Any]]
"""Goes through the turns one by one; `tqdm` would show how far it is."""


def between(
    composer: Composer,
    a: Tokens,
    b: Tokens,
    shares: Sequence[float],
    manner: Manner = PLAIN,
    progress: Progress = iter,
) -> Tokens:
    """Make music on the way from A to B, for many pairs at a time.

    Parameters
    ----------
    composer
        A trained composer.
    a, b
        Part arrays on its grid, (pairs, steps, columns).
    shares
        How far on the way, each above 0 and below 1.
    manner
        How; the same manner makes the same music of the same pairs.
    progress
        Goes through the turns.

    Returns
    -------
    uint8, (pairs, shares, steps, columns).

    Raises
    ------
    ArgumentError
        If A and B are not of one shape, or a share is out of range.
    """
    grid = composer.architecture.grid
    if a.shape != b.shape or a.ndim != 3:
        raise ArgumentError(f"arrays of shape {a.shape} and {b.shape}; the same is needed, (pairs, steps, columns).")
    for share in shares:
        if not 0 < share < 1:
            raise ArgumentError(
                f"{share:g} of the way; more than 0 and less than 1 is needed: the ends are A and B themselves."
            )
    steps, beat = a.shape[1], grid.steps_per_beat
    padding = np.full((len(a), -steps % beat, grid.columns), grid.alphabet.rest, np.uint8)
    a, b = (np.concatenate([end, padding], axis=1) for end in (a, b))
    ends = [in_one_key(one, other, share, grid.alphabet) for one, other in zip(a, b, strict=True) for share in shares]
    both = np.array(ends, np.uint8).reshape(len(a), len(shares), 2, -1, grid.columns)
    # Sustains, so that behind what is written sounds what sounds at its end.
    written = np.full((len(a), len(shares), *both.shape[3:]), grid.alphabet.sustain, np.uint8)
    turn = TURN_BEATS * beat
    for number in progress(range(-(-written.shape[2] // turn))):
        now = slice(number * turn, min((number + 1) * turn, written.shape[2]))
        before = _cut(written, now.start - turn, turn, grid.alphabet) if number else written[:, :, :0]
        sounding = _cut(written, now.start, 1, grid.alphabet)
        given = _cut(both, now.start, now.stop - now.start, grid.alphabet)
        written[:, :, now] = _turn(composer, before, sounding, given, shares, manner, number)
    return codec.struck(written[:, :, :steps], grid.alphabet)


def _cut(music: Tokens, start: int, steps: int, alphabet: Alphabet) -> Tokens:
    """Cut steps of music (..., steps, columns); what is held from before is told."""
    flat = music.reshape(-1, *music.shape[-2:])
    found = [phrases.cut(one, [start], steps, alphabet=alphabet, boundary="held")[0] for one in flat]
    return np.array(found, np.uint8).reshape(*music.shape[:-2], steps, music.shape[-1])


def _turn(
    composer: Composer,
    before: Tokens,
    sounding: Tokens,
    ends: Tokens,
    shares: Sequence[float],
    manner: Manner,
    number: int,
) -> Tokens:
    """Make a turn, (pairs, shares, steps, columns), of both `ends`, after what is written `before`, which ends so."""
    alphabet = composer.architecture.grid.alphabet
    pairs, points, _, steps, columns = ends.shape
    orders = np.random.default_rng([manner.seed, number]).random((pairs, manner.tries, VOICES + 1))
    sources = plan(orders, shares, manner.freedom)
    by_step = np.broadcast_to(sources[:, :, :, None], (*sources.shape[:3], steps, VOICES))
    by_cell = np.tile(by_step, columns // VOICES)
    given = np.where(by_cell == B, ends[:, None, :, 1], ends[:, None, :, 0])
    given = np.where(by_cell == COMPOSED, alphabet.rest, given).astype(np.uint8)
    if number:
        # What is held goes on where it sounds, and is struck elsewhere.
        first = given[..., 0, :]
        goes_on = (first >= alphabet.held) & (first == sounding[:, None, :, 0])
        given[..., 0, :] = np.where(goes_on, alphabet.sustain, codec.struck(first, alphabet))
    behind = np.broadcast_to(before[:, None], (pairs, manner.tries, *before.shape[1:]))
    windows = np.concatenate([behind, given], axis=3).reshape(-1, before.shape[2] + steps, columns)
    within = np.arange(windows.shape[1]) >= before.shape[2]
    unknown = np.zeros((len(windows), windows.shape[1], VOICES), np.bool_)
    unknown[:, within] = by_step.reshape(-1, steps, VOICES) == COMPOSED
    filled = composer.fill(
        windows,
        unknown,
        temperature=manner.temperature,
        seed=manner.seed + number * SEEDS_APART,
        bias=manner.dial,
    )
    made = filled[:, within].reshape(pairs, manner.tries, points, steps, columns)
    if manner.tries == 1:
        return made[:, 0]
    everything = np.broadcast_to(within[:, None], unknown.shape).copy()
    nats = composer.nats(filled, everything).reshape(pairs, manner.tries, points)
    onsets = codec.onset_mask(codec.struck(made, alphabet), alphabet).sum(axis=(-1, -2))
    best = (nats - NATS_PER_ONSET * onsets).sum(axis=-1).argmin(axis=1)
    return np.asarray(made[np.arange(pairs), best])


def plan(orders: NDArray[np.float64], shares: Sequence[float], freedom: float) -> NDArray[np.int64]:
    """Say where each part is from, `A`, `COMPOSED` or `B`: (..., shares, parts).

    `orders` are numbers 0..1, (..., parts + 1): by those of the parts they give way one after the other, evenly spread
    from A to B but for what the last number says.
    """
    rank = orders[..., :-1].argsort(axis=-1).argsort(axis=-1)
    middle = ((rank + orders[..., -1:]) / VOICES)[..., None, :]
    share = np.asarray(shares)[:, None]
    width = freedom * np.minimum(2 * share, 2 - 2 * share)
    return np.where(share < middle - width / 2, A, np.where(share > middle + width / 2, B, COMPOSED))


def in_one_key(a: Tokens, b: Tokens, share: float, alphabet: Alphabet) -> tuple[Tokens, Tokens]:
    """Move B to A's key up to half of the way, and A to B's from there on; both (steps, columns)."""
    if share <= 0.5:
        return a, _moved(b, shift_to(a, b, alphabet), alphabet)
    return _moved(a, shift_to(b, a, alphabet), alphabet), b


def _moved(tokens: Tokens, semitones: int, alphabet: Alphabet) -> Tokens:
    moved, _ = phrases.transpose(tokens[None], semitones, alphabet)
    return np.asarray(moved[0], np.uint8)


def shift_to(key: Tokens, moved: Tokens, alphabet: Alphabet) -> int:
    """Find the semitones, -6 to 5, by which music fits the key of other music best and stays within the alphabet.

    Best is the highest correlation of their pitch classes (onsets); of several the smallest step. 0 where one of the
    two has no notes, or nothing fits.
    """
    one, other = (tonality.pitch_class_counts(music[None], alphabet)[0] for music in (key, moved))
    if not one.std() or not other.std():
        return 0
    found = {
        semitones: round(float(np.corrcoef(one, np.roll(other, semitones))[0, 1]), 9)
        for semitones in FARTHEST
        if phrases.transpose(moved[None], semitones, alphabet)[1][0]
    }
    best: int = max(found, key=lambda semitones: (found[semitones], -abs(semitones)), default=0)
    return best
