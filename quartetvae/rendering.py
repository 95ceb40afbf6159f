"""What people listen to and look at: MIDI files and piano rolls of reconstructions and interpolations."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from quartetvae import dataset, midi, params, plots
from quartetvae.codec import Tokens
from quartetvae.dataset import Grid, Piece
from quartetvae.latent import Walk

PIECES = "pieces.parquet"
"""Beside the MIDI files: the same music as part arrays, for the stages that follow."""


def reconstructions(
    folder: Path, originals: Sequence[Piece], rebuilt: Sequence[Piece], grid: Grid, section: params.Reconstruct
) -> None:
    """Write, for each piece, `<id>/original.mid`, `reconstruction.mid` and `piano_roll.png`."""
    for original, made in zip(originals, rebuilt, strict=True):
        _write_midi(folder / original.id / "original.mid", original.tokens, grid, section.tempo_qpm)
        _write_midi(folder / original.id / "reconstruction.mid", made.tokens, grid, section.tempo_qpm)
        reconstruction_example(folder / original.id / "piano_roll.png", original, made, grid, section)
    dataset.write_pieces(folder / PIECES, rebuilt, {piece.id: "test" for piece in rebuilt}, grid=grid)


def reconstruction_example(
    path: Path, original: Piece, rebuilt: Piece, grid: Grid, section: params.Reconstruct
) -> None:
    """Draw the first `plot_beats` beats of a piece above its reconstruction."""
    shown = slice(0, section.plot_beats * grid.steps_per_beat)
    rows = [("original", original.tokens[shown]), ("reconstruction", rebuilt.tokens[shown])]
    title = f"{original.composer}, {original.work} ({original.id})"
    plots.piano_roll(path, rows, grid.alphabet, steps_per_beat=grid.steps_per_beat, title=title)


def scores(path: Path, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw metrics/reconstruct.json: test beside validation, as a whole, by part, by composer and by work."""
    splits = {name: figures[name] for name in ("test", "validation")}

    def block(found: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        names = dict.fromkeys(name for split in splits.values() for name in found(split))
        return {
            name.replace("_", " "): {split: found(of)[name] for split, of in splits.items() if name in found(of)}
            for name in names
        }

    test = splits["test"]
    plots.scores(
        path,
        [
            block(lambda of: {"all": of}),
            block(lambda of: of["parts"]),
            block(lambda of: of["by_composer"]),
            block(lambda of: of["by_work"]),
        ],
        title=f"Works that training never saw: {test['works']} for testing, {test['phrases']:,} phrases",
    )


def interpolations(folder: Path, walks: Sequence[Walk], grid: Grid, section: params.Interpolate) -> None:
    """Write, for each pair, `<a>-<b>/point_<k>.mid`, both originals and `piano_roll.png`.

    Point 0 is the reconstruction of A, the last one that of B.
    """
    made, splits = [], {}
    for walk in walks:
        pair = folder / _name(walk)
        for original in walk.originals:
            _write_midi(pair / f"original_{original.id}.mid", original.tokens, grid, section.tempo_qpm)
        last = walk.z.shape[1] - 1
        for k in range(last + 1):
            tokens = walk.point(k)
            _write_midi(pair / f"point_{k}.mid", tokens, grid, section.tempo_qpm)
            id = f"{_name(walk)}/{k}"
            made.append(dataclasses.replace(walk.originals[0], id=id, composer="", work=_name(walk), tokens=tokens))
            splits[id] = "end" if k in (0, last) else "between"
        interpolation_example(pair / "piano_roll.png", walk, grid)
    dataset.write_pieces(folder / PIECES, made, splits, grid=grid)


def interpolation_example(path: Path, walk: Walk, grid: Grid) -> None:
    """Draw all points of a walk, A at the top."""
    last = walk.z.shape[1] - 1
    a, b = walk.originals
    ends = {0: f" (reconstruction of {a.id})", last: f" (reconstruction of {b.id})"}
    rows = [(f"{k}/{last}{ends.get(k, '')}", walk.point(k)) for k in range(last + 1)]
    title = f"{a.composer}, {a.work} ({a.id})  \u2192  {b.composer}, {b.work} ({b.id})"
    plots.piano_roll(path, rows, grid.alphabet, steps_per_beat=grid.steps_per_beat, title=title)


def _write_midi(path: Path, tokens: Tokens, grid: Grid, tempo_qpm: float) -> None:
    midi.write_quartet(path, tokens, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=tempo_qpm)


def _name(walk: Walk) -> str:
    return "-".join(walk.names)
