"""Works: which files hold the same music, whatever they are called.

Windows
-------
A window is four beats of a piece from one of its onsets on: which pitches begin when, all parts together, relative to
the lowest pitch of that onset. So neither key nor pickup matters, nor who plays a note and for how long; a repeat that
is not played takes no window away. Windows that tell nothing are left out: with fewer than `EVENTS` notes, `PITCHES`
different pitches or `CHORDS` different chords (silence, single notes, scales in unison, repeated chords), and those
that more than `COMMON` pieces have.

The share of two pieces is that of the smaller one's windows that the other has too, unchanged. Among 57 quartets of
MusicNet, 60 of OpenScore and 51 of music21 it is .03 to .97 for the same movement, all but four of them above .14; .02
or less for others, and 0 for most two movements of one work. A movement that is missed is there twice, but on one side
of the split, as long as another one of its work is found.
"""

import hashlib
import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartetvae.music import codec
from quartetvae.music.notes import Notes

BEATS = 4
STEPS_PER_BEAT = 12
EVENTS, PITCHES, CHORDS = 8, 4, 4
COMMON = 32
"""Pieces that may have a window; those of more are no sign of a common origin."""

SAME = 0.03
SAME_WINDOWS = 8
"""Two pieces are the same music from this share on, if it is of so many windows at least."""

Windows = NDArray[np.uint64]
"""Hashes of a piece's windows, each once, sorted."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quartet among the files of a corpus: what its source says of it, and what is in it."""

    id: str
    source: str
    composer: str
    work: str
    fingerprint: str

    @property
    def edition(self) -> tuple[str, str, str]:
        """Source, composer and work: files of one edition of a work are its movements."""
        return self.source, self.composer, self.work


@dataclass(frozen=True, slots=True)
class Place:
    """Where a candidate belongs."""

    work_id: str
    """Id of the first file of the work, in its preferred source."""
    duplicate_of: str = ""
    """Id of the file that is used in its place; "" if it is used itself."""
    share: float = 0.0
    """Share of windows that it has in common with that one."""
    same_notes: bool = False
    """Whether it has all notes in common with that one."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two pieces, by their numbers, that have windows in common."""

    first: int
    second: int
    common: int
    share: float

    @property
    def is_same(self) -> bool:
        """Whether the two are the same music."""
        return self.share >= SAME and self.common >= SAME_WINDOWS


def fingerprint(quartet: list[Notes], ticks_per_beat: int) -> str:
    """Hash who plays what when, whatever the file's resolution, velocities and track layout."""
    times = [np.concatenate([notes["onset"], notes["duration"]]) for notes in quartet]
    unit = int(np.gcd.reduce(np.concatenate([*times, [ticks_per_beat]])))
    digest = hashlib.sha256(str(ticks_per_beat // unit).encode())
    for notes in quartet:
        for column in (notes["onset"] // unit, notes["duration"] // unit, notes["pitch"]):
            digest.update(np.ascontiguousarray(column).tobytes())
        digest.update(b"|")
    return digest.hexdigest()


def windows(parts: Sequence[Notes], ticks_per_beat: int) -> Windows:
    """Hash the telling windows of a piece, given as the notes of its parts."""
    every = np.concatenate([notes[["onset", "pitch"]] for notes in parts])
    steps = codec.to_steps(every["onset"], ticks_per_beat=ticks_per_beat, steps_per_beat=STEPS_PER_BEAT)
    # Unisons are one event; sorted by step, then pitch.
    events = np.unique(steps * 128 + every["pitch"])
    steps, pitches = events // 128, events % 128
    anchors, first = np.unique(steps, return_index=True)
    if not len(anchors):
        return np.zeros(0, np.uint64)
    # Each anchor's events are those from its own first one to the first one four beats later.
    stop_anchor = np.searchsorted(anchors, anchors + BEATS * STEPS_PER_BEAT)
    stop = np.append(first, np.int64(len(events))).astype(np.int64)[stop_anchor]
    telling = _telling(pitches, first, stop, stop_anchor)
    first, stop = first[telling], stop[telling]
    if not len(first):
        return np.zeros(0, np.uint64)
    owner, rows = _expand(first, stop)
    since = steps[rows] - anchors[telling][owner]
    above = pitches[rows] - pitches[first][owner] + 128
    begins = np.cumsum(stop - first) - (stop - first)
    return np.unique(np.add.reduceat(_mixed((since * 256 + above).astype(np.uint64)), begins))


def _telling(
    pitches: NDArray[np.int64], first: NDArray[np.int64], stop: NDArray[np.int64], stop_anchor: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which windows have enough notes, pitches and chords: (anchors,)."""
    chords = np.add.reduceat(_mixed(pitches.astype(np.uint64)), first)
    numbers = np.arange(len(first))
    return (
        (stop - first >= EVENTS)
        & (_distinct(chords, numbers, stop_anchor) >= CHORDS)
        & (_distinct(pitches, first, stop) >= PITCHES)
    )


def _distinct(values: NDArray[np.generic], first: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the different values in each of the ranges `first` to `stop`, none of which is empty."""
    _, same = np.unique(values, return_inverse=True)
    order = np.argsort(same, kind="stable")
    previous = np.full(len(values), -1)
    again = np.flatnonzero(np.diff(same[order]) == 0)
    previous[order[again + 1]] = order[again]
    owner, rows = _expand(first, stop)
    # A value counts where it comes for the first time since the range began.
    return np.bincount(owner, weights=previous[rows] < first[owner], minlength=len(first)).astype(np.int64)


def _expand(first: NDArray[np.int64], stop: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the members of all ranges, one after the other, and the number of the range that each is of."""
    lengths = stop - first
    owner = np.repeat(np.arange(len(first)), lengths)
    rows = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[owner]
    return owner, rows


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash numbers, so that sums of them are hashes of sets: SplitMix64."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


@dataclass(frozen=True)
class Tally:
    """Which of `count` pieces have windows in common, and how many each has that count."""

    pairs: NDArray[np.int64]
    """first * count + second, each once, sorted; first < second."""
    common: NDArray[np.int64]
    """Windows of each pair."""
    telling: NDArray[np.int64]
    """Windows of each piece, without those of more than `COMMON` pieces."""


def tally(hashes: Windows, number: NDArray[np.int64], count: int) -> Tally:
    """Count windows in common from an index of the windows, so that pairs with none cost nothing.

    Parameters
    ----------
    hashes, number
        (windows,): windows, and the piece that each is of; pieces in their order.
    count
        How many pieces there are.
    """
    # Stable: the pieces that have a window stay in their order.
    order = np.argsort(hashes, kind="stable")
    hashes, number = hashes[order], number[order]
    first = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]) != 0)
    sizes = np.diff(first, append=len(hashes))
    left_out = np.repeat(sizes > COMMON, sizes)
    keys: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    times: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= COMMON)]).tolist():
        sharing = number[first[sizes == size][:, None] + np.arange(size)]
        for a, b in itertools.combinations(range(size), 2):
            found, common = np.unique(sharing[:, a] * count + sharing[:, b], return_counts=True)
            keys.append(found)
            times.append(common)
    pairs, common = summed(np.concatenate(keys), np.concatenate(times))
    return Tally(pairs, common, np.bincount(number[~left_out], minlength=count))


def summed(keys: NDArray[np.int64], times: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add up what there is of each key: the keys, each once, sorted, and their sums."""
    found, place = np.unique(keys, return_inverse=True)
    return found, np.bincount(place, weights=times, minlength=len(found)).astype(np.int64)


def matches(pieces: Sequence[Windows]) -> list[Match]:
    """Find the pairs of pieces with windows in common, in the order of their numbers, all in memory.

    Windows of more than `COMMON` pieces count for none of them. `window_index.same_music` is for many pieces.
    """
    hashes = np.concatenate([np.zeros(0, np.uint64), *pieces])
    number = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
    found = tally(hashes, number, len(pieces))
    return matches_of(found.pairs, found.common, found.telling)


def matches_of(pairs: NDArray[np.int64], common: NDArray[np.int64], telling: NDArray[np.int64]) -> list[Match]:
    """Give pairs (see `Tally`) as matches."""
    first, second = np.divmod(pairs, max(len(telling), 1))
    least = np.minimum(telling[first], telling[second])
    return [
        Match(a, b, times, times / of)
        for a, b, times, of in zip(first.tolist(), second.tolist(), common.tolist(), least.tolist(), strict=True)
    ]


def sort_out(candidates: Sequence[Candidate], same: Iterable[Match], prefer: Sequence[str]) -> list[Place]:
    """Find the work of each candidate, and which of them are there twice.

    A work is what hangs together: files that hold the same music, and the movements of an edition. Where a movement is
    in several editions (sources, composers or titles), the one of the preferred source is used; the others are its
    duplicates. So a movement that the preferred edition lacks is used all the same, and lies with its work. Of files
    that have all notes in common, one is used. A file that holds a whole work gives way to a movement of it, and is not
    cut.

    Parameters
    ----------
    same
        The pairs of candidates that are the same music: those of `matches` that `is_same` is true of, in their order.
    prefer
        Names of sources, the preferred one first. Those that it does not name come last; of one source, the edition
        that comes first.

    Returns
    -------
    places
        In the order of the candidates.
    """
    same = list(same)
    shares: dict[int, list[tuple[int, float]]] = {}
    for match in same:
        shares.setdefault(match.first, []).append((match.second, match.share))
        shares.setdefault(match.second, []).append((match.first, match.share))
    of_edition = _firsts(candidate.edition for candidate in candidates)
    of_notes = _firsts(candidate.fingerprint for candidate in candidates)

    rank = {source: place for place, source in enumerate(prefer)}
    order = sorted(
        range(len(candidates)),
        key=lambda k: (rank.get(candidates[k].source, len(rank)), of_edition[k], k),
    )
    links = ((match.first, match.second) for match in same)
    work = _connected(len(candidates), itertools.chain(links, enumerate(of_edition), enumerate(of_notes)))
    names: dict[int, str] = {}
    used: set[int] = set()
    twin: dict[int, int] = {}
    places = [Place("")] * len(candidates)
    for k in order:
        candidate = candidates[k]
        work_id = names.setdefault(work[k], candidate.id)
        # Of files that have all notes in common one is used.
        is_twin = of_notes[k] in twin
        others = [
            (share, other)
            for other, share in shares.get(k, [])
            if other in used and candidates[other].edition != candidate.edition
        ]
        if is_twin:
            others = [(1.0, twin[of_notes[k]])]
        if others:
            share, other = max(others, key=lambda found: (found[0], -found[1]))
            places[k] = Place(work_id, candidates[other].id, share, is_twin)
        else:
            used.add(k)
            twin[of_notes[k]] = k
            places[k] = Place(work_id)
    return places


def _firsts(keys: Iterable[Hashable]) -> list[int]:
    """Give for each key the number of the first one that is equal to it."""
    first: dict[Hashable, int] = {}
    return [first.setdefault(key, number) for number, key in enumerate(keys)]


def _connected(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Give all members of what is linked, directly or not, one number."""
    above = list(range(count))

    def top(k: int) -> int:
        while above[k] != k:
            above[k] = above[above[k]]
            k = above[k]
        return k

    for a, b in links:
        above[top(a)] = top(b)
    return [top(k) for k in range(count)]
