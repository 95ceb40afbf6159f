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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.composing import keys
from quartetvae.config import Posterior
from quartetvae.corpus import phrases
from quartetvae.errors import ArgumentError
from quartetvae.latent import codes, paths
from quartetvae.latent.paths import LatentPath
from quartetvae.model.autoencoder import Autoencoder
from quartetvae.model.composer import Composer
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES
from quartetvae.music.quartet import Piece

TURN_BEATS = 8
"""Beats after which the parts give way in another order; half a window, where that is less."""

NATS_PER_ONSET = 2.0
"""What is taken off for each onset when orders are compared: else the one with the fewest notes would be the likeliest.

By so much what is made of validation phrases has as many onsets as they have; with 3 it has a fifth more.
"""

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
    if not shares:
        return np.zeros((len(a), 0, *a.shape[1:]), np.uint8)
    steps, beat = a.shape[1], grid.steps_per_beat
    padding = np.full((len(a), -steps % beat, grid.columns), grid.alphabet.rest, np.uint8)
    a, b = (np.concatenate([end, padding], axis=1) for end in (a, b))
    in_keys = {True: (a, keys.to_key(b, a, grid.alphabet)), False: (keys.to_key(a, b, grid.alphabet), b)}
    both = np.stack([np.stack(in_keys[share <= 0.5], axis=1) for share in shares], axis=1)
    # Sustains, so that behind what is written sounds what sounds at its end.
    written = np.full((len(a), len(shares), *both.shape[3:]), grid.alphabet.sustain, np.uint8)
    # What was written in the turn before is seen, too: both fit into a window.
    turn = min(TURN_BEATS, composer.architecture.beats // 2) * beat
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


def shares(points: int) -> list[float]:
    """Tell how far on the way the points lie that are evenly spread between the two ends of a path of `points`."""
    return [float(share) for share in np.linspace(0, 1, points)[1:-1]]


def walk(
    model: Autoencoder,
    composer: Composer,
    a: Piece,
    b: Piece,
    *,
    points: int,
    manner: Manner = PLAIN,
    decode: Posterior = "mean",
    rng: np.random.Generator | None = None,
    progress: Progress = iter,
) -> LatentPath:
    """Walk from A to B by exchange; the longer piece is cut to the length of the other.

    The ends are what a model gives back of A and B, phrase by phrase, and between those the rest is made. The codes of
    inner points are those of what was made.
    """
    ends = paths.interpolate(model, a, b, points=2, decode=decode, rng=rng)
    made = between(composer, ends.point(0)[None], ends.point(1)[None], shares(points), manner, progress)[0]
    cut = [codes.tile(model, replace(ends.originals[0], tokens=tokens), model.architecture.grid) for tokens in made]
    tokens = np.stack([ends.tokens[:, 0], *(phrases.tokens for phrases in cut), ends.tokens[:, 1]], axis=1)
    z = np.stack([ends.z[:, 0], *(model.encode(phrases.tokens)[0] for phrases in cut), ends.z[:, 1]], axis=1)
    return replace(ends, tokens=tokens, z=z)


def corners(
    composer: Composer, ends: Sequence[Tokens], *, points: int, manner: Manner = PLAIN, progress: Progress = iter
) -> Tokens:
    """Fill a grid between A and B, the ends of its first row, and C and D, those of the last.

    First its sides are made, from A to C and from B to D, then every row between them.

    Returns
    -------
    uint8, (points, points, steps, columns), of `ends` (steps, columns) each.
    """
    a, b, c, d = ends

    def between_both(first: Tokens, last: Tokens) -> Tokens:
        inner = between(composer, first, last, shares(points), manner, progress)
        return np.concatenate([first[:, None], inner, last[:, None]], axis=1)

    left, right = between_both(np.stack([a, b]), np.stack([c, d]))
    return between_both(left, right)
