"""Players: several stops between which one moves, a path or an original and its reconstruction."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from quartetvae.music.quartet import Grid, Piece, Quartet

ORIGINAL, REBUILT, BETWEEN = "original", "rebuilt", "between"
"""What a stop can be: the composer's notes, the model's copy of them, or a point of the path that no one composed."""


@dataclass(frozen=True)
class Stop:
    """One thing to listen to: its label, what it is, and the music."""

    label: str
    kind: str
    music: Quartet


@dataclass(frozen=True)
class End:
    """A piece that a player leads from or to."""

    composer: str
    title: str
    note: str = ""
    """What else there is to say of it."""


@dataclass(frozen=True)
class Player:
    """Several stops between which one moves: a path, or an original and its reconstruction."""

    id: str
    ends: Sequence[End]
    """Of a path both, else one."""
    stops: Sequence[Stop]


def path(name: str, a: Quartet, points: Sequence[Quartet], b: Quartet, *, notes: Sequence[str] = ("", "")) -> Player:
    """Make the player of a path: the original that it leaves, its points, the original that it reaches.

    Parameters
    ----------
    points
        From the model's copy of `a` to that of `b`, in equal steps: two at least.
    notes
        What else there is to say of `a` and `b`.
    """
    last = len(points) - 1
    stops = [
        Stop("A", ORIGINAL, a),
        Stop("A", REBUILT, points[0]),
        *(Stop(f"{100 * k / last:.0f} %", BETWEEN, points[k]) for k in range(1, last)),
        Stop("B", REBUILT, points[-1]),
        Stop("B", ORIGINAL, b),
    ]
    ends = [End(end.composer, end.title, note) for end, note in zip((a, b), notes, strict=True)]
    return Player(f"path-{name}", ends, stops)


def reconstruction(id: str, original: Quartet, rebuilt: Quartet) -> Player:
    """Make the player of an original and of what the model gives back of it."""
    stops = (Stop("composer", ORIGINAL, original), Stop("model", REBUILT, rebuilt))
    return Player(f"reconstruction-{id}", [End(original.composer, original.title)], stops)


def comma_joined(*names: str) -> str:
    """Join those names that are not empty, with commas."""
    return ", ".join(name for name in names if name)


@dataclass(frozen=True)
class Excerpts:
    """How pieces become music to listen to: their beginnings, at one tempo."""

    grid: Grid
    beats: int
    tempo_qpm: float
    movements: Mapping[str, str]
    """Of pieces, by id."""

    def music(self, piece: Piece, steps: int | None = None) -> Quartet:
        """Take the beginning of a piece, of so many steps if they are given."""
        steps = self.beats * self.grid.steps_per_beat if steps is None else steps
        title = comma_joined(piece.work, self.movements.get(piece.id, ""))
        return Quartet(piece.tokens[:steps], self.grid, piece.bars[:steps], title, piece.composer, self.tempo_qpm)


def paths(
    pairs: Mapping[str, tuple[Piece, Piece]], points: Sequence[Piece], excerpts: Excerpts, *, trained: Container[str]
) -> list[Player]:
    """Make the players of paths between pairs of pieces.

    Parameters
    ----------
    pairs
        The originals at both ends, by the name of the pair.
    points
        Of all paths, in order; their `work` is the name of the pair.
    trained
        Ids of pieces that training saw, which is said of them.
    """
    by_pair: dict[str, list[Quartet]] = {}
    for point in points:
        by_pair.setdefault(point.work, []).append(excerpts.music(point))
    players = []
    for name, ends in pairs.items():
        # A path is as long as the shorter of its ends.
        a, b = (excerpts.music(end, len(by_pair[name][0].tokens)) for end in ends)
        notes = ["in training" if end.id in trained else "" for end in ends]
        players.append(path(name, a, by_pair[name], b, notes=notes))
    return players


def reconstructions(originals: Sequence[Piece], rebuilt: Sequence[Piece], excerpts: Excerpts) -> list[Player]:
    """Make the players of reconstructions, each with the original of its id."""
    by_id = {piece.id: piece for piece in originals}
    return [reconstruction(piece.id, excerpts.music(by_id[piece.id]), excerpts.music(piece)) for piece in rebuilt]
