"""What people listen to and look at: MIDI files and piano rolls of reconstructions and interpolations."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from quartetvae.corpus import piece_file
from quartetvae.io import midi, piano_roll
from quartetvae.latent.paths import LatentPath
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid, Piece

T = TypeVar("T")

PIECES = "pieces.parquet"
"""Beside the MIDI files: the same music as part arrays, for the stages that follow."""

HEARD = 600
"""Reconstructions that are written to listen to, at most: DVC is slow with an out of more than 2,000 files."""

SHOWN = 100
"""Reconstructions on the page, at most; eleven files each."""


def spread(pieces: Sequence[T], most: int) -> Sequence[T]:
    """Take `most` of the pieces, or all if there are no more, at equal distances and in their order; says so on stderr.

    >>> spread("abcdefg", 3)
    ['a', 'c', 'e']
    """
    if len(pieces) <= most:
        return pieces
    tqdm.write(f"{most:,} of {len(pieces):,} pieces are taken to listen to, from first to last", file=sys.stderr)
    return [pieces[number * len(pieces) // most] for number in range(most)]


def reconstructions(
    folder: Path,
    originals: Sequence[Piece],
    rebuilt: Sequence[Piece],
    grid: Grid,
    *,
    tempo_qpm: float,
    plot_beats: int,
) -> None:
    """Write `<id>/original.mid`, `reconstruction.mid` and `piano_roll.png` of `HEARD` pieces, the tables of all."""
    both = spread(list(zip(originals, rebuilt, strict=True)), HEARD)
    for original, made in tqdm(both, desc="write", unit="piece"):
        _write_midi(folder / original.id / "original.mid", original.tokens, grid, tempo_qpm)
        _write_midi(folder / original.id / "reconstruction.mid", made.tokens, grid, tempo_qpm)
        reconstruction_roll(folder / original.id / "piano_roll.png", original, made, grid, beats=plot_beats)
    piece_file.write(folder / PIECES, rebuilt, {piece.id: "test" for piece in rebuilt}, grid=grid)


def reconstruction_roll(path: Path, original: Piece, rebuilt: Piece, grid: Grid, *, beats: int) -> None:
    """Draw the first beats of a piece above its reconstruction."""
    shown = slice(0, beats * grid.steps_per_beat)
    rows = [("original", original.tokens[shown]), ("reconstruction", rebuilt.tokens[shown])]
    title = f"{original.composer}, {original.work} ({original.id})"
    piano_roll.draw(path, rows, grid.alphabet, steps_per_beat=grid.steps_per_beat, title=title)


def interpolations(folder: Path, walks: Sequence[LatentPath], grid: Grid, *, tempo_qpm: float) -> None:
    """Write, for each pair, `<a>-<b>/point_<k>.mid`, both originals and `piano_roll.png`.

    Point 0 is the reconstruction of A, the last one that of B.
    """
    made, splits = [], {}
    for walk in tqdm(walks, desc="write", unit="pair"):
        name = pair_name(walk.originals)
        for original in walk.originals:
            _write_midi(folder / name / f"original_{original.id}.mid", original.tokens, grid, tempo_qpm)
        for k in range(walk.points):
            tokens = walk.point(k)
            _write_midi(folder / name / f"point_{k}.mid", tokens, grid, tempo_qpm)
            id = f"{name}/{k}"
            made.append(dataclasses.replace(walk.originals[0], id=id, composer="", work=name, tokens=tokens))
            splits[id] = "end" if k in (0, walk.points - 1) else "between"
        path_roll(folder / name / "piano_roll.png", walk, grid)
    piece_file.write(folder / PIECES, made, splits, grid=grid)


def path_roll(path: Path, walk: LatentPath, grid: Grid) -> None:
    """Draw all points of a path, A at the top."""
    last = walk.points - 1
    a, b = walk.originals
    ends = {0: f" (reconstruction of {a.id})", last: f" (reconstruction of {b.id})"}
    rows = [(f"{k}/{last}{ends.get(k, '')}", walk.point(k)) for k in range(last + 1)]
    title = f"{a.composer}, {a.work} ({a.id})  \u2192  {b.composer}, {b.work} ({b.id})"
    piano_roll.draw(path, rows, grid.alphabet, steps_per_beat=grid.steps_per_beat, title=title)


def pair_name(ends: Sequence[Piece]) -> str:
    """Name a pair of pieces: its folder, and the work of its points."""
    return "-".join(end.id for end in ends)


def _write_midi(path: Path, tokens: Tokens, grid: Grid, tempo_qpm: float) -> None:
    midi.write_quartet(path, tokens, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=tempo_qpm)
