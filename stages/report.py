"""Stage `report`: a page to listen on, in one folder that opens from disk."""

import json
from pathlib import Path

from tqdm import tqdm

from quartetvae import dataset, errors, files, pairs, params, report
from quartetvae.dataset import Grid, Piece
from quartetvae.quartet import Quartet
from quartetvae.report import Player, Stop

PICTURES = {
    Path("plots/training.png"): "Loss curves",
    Path("plots/scores.png"): "How well, by part, composer and work",
    Path("plots/overlap.png"): "How like real music, by feature",
}


def main() -> None:
    """Put paths and reconstructions on a page, each between its originals."""
    section, walked = params.load("report", "interpolate")
    pieces = dataset.read_pieces(Path("data/pieces.parquet"))
    table = dataset.read_quartets(Path("data/quartets.parquet"))
    steps = section.beats * pieces.grid.steps_per_beat

    points: dict[str, list[Piece]] = {}
    for point in dataset.read_pieces(Path("outputs/interpolations/pieces.parquet")).pieces:
        points.setdefault(point.work, []).append(point)
    ends = {f"{a.id}-{b.id}": (a, b) for a, b in pairs.choose(walked.pairs, pieces, table, Path("data/raw"))}
    paths = []
    for name, of in points.items():
        length = min(steps, len(of[0].tokens))
        a, b = (_quartet(end, length, pieces.grid, section.tempo_qpm) for end in ends[name])
        between = [_quartet(point, length, pieces.grid, section.tempo_qpm) for point in of]
        paths.append(report.path(name, a, between, b))

    originals = {piece.id: piece for piece in pieces.pieces}
    reconstructions = []
    for rebuilt in dataset.read_pieces(Path("outputs/reconstructions/pieces.parquet")).pieces:
        both = (_quartet(piece, steps, pieces.grid, section.tempo_qpm) for piece in (originals[rebuilt.id], rebuilt))
        stops = [Stop(label, music) for label, music in zip(("original", "reconstruction"), both, strict=True)]
        title = f"{rebuilt.composer}, {rebuilt.work} ({rebuilt.id})"
        reconstructions.append(Player(f"reconstruction-{rebuilt.id}", title, stops))

    metrics = json.loads(Path("metrics/reconstruct.json").read_text(encoding="utf-8"))
    count = sum(len(player.stops) for player in (*paths, *reconstructions))
    with (
        files.replacing_folder(Path("outputs/report")) as folder,
        tqdm(total=count, desc="report", unit="stop") as progress,
    ):
        report.build(
            folder,
            paths=paths,
            reconstructions=reconstructions,
            metrics=metrics,
            pictures=PICTURES,
            progress=progress.update,
        )


def _quartet(piece: Piece, steps: int, grid: Grid, tempo_qpm: float) -> Quartet:
    """The beginning of a piece; phrases cut inside held notes begin with their onsets, as everywhere here."""
    return Quartet(piece.tokens[:steps], grid, piece.bars[:steps], piece.work, piece.composer, tempo_qpm)


if __name__ == "__main__":
    errors.run(main)
