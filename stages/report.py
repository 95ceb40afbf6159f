"""Stage `report`: a page to listen on, in one folder that opens from disk."""

import json
from pathlib import Path

from tqdm import tqdm

from quartetvae import dataset, errors, files, params, report
from quartetvae.dataset import Grid, Piece
from quartetvae.quartet import Quartet
from quartetvae.report import Player, Stop

PICTURES = {
    Path("plots/training.png"): "Loss curves",
    Path("plots/scores.png"): "How well, by part, composer and work",
    Path("plots/overlap.png"): "How like real music, by feature",
}


def main() -> None:
    """Put paths and reconstructions, originals beside them, on a page."""
    (section,) = params.load("report")
    pieces = dataset.read_pieces(Path("data/pieces.parquet"))
    grid, originals = pieces.grid, {piece.id: piece for piece in pieces.pieces}

    def music(piece: Piece, *, like: Piece | None = None) -> Quartet:
        """A piece as a quartet, from its beginning; as long as another and with its own names."""
        steps = min(section.beats * grid.steps_per_beat, len(piece.tokens if like is None else like.tokens))
        return _quartet(piece, steps, grid, section.tempo_qpm)

    rebuilt = dataset.read_pieces(Path("outputs/reconstructions/pieces.parquet")).pieces
    reconstructions = [
        Player(
            f"reconstruction-{piece.id}",
            f"{piece.composer}, {piece.work} ({piece.id})",
            [Stop("original", music(originals[piece.id])), Stop("reconstruction", music(piece))],
        )
        for piece in rebuilt
    ]
    points: dict[str, list[Piece]] = {}
    for point in dataset.read_pieces(Path("outputs/interpolations/pieces.parquet")).pieces:
        points.setdefault(point.work, []).append(point)
    ends = {name: name.split("-", 1) for name in points}
    paths = report.players_of_paths(
        {name: [music(point) for point in of] for name, of in points.items()},
        {
            name: (music(originals[a], like=points[name][0]), music(originals[b], like=points[name][0]))
            for name, (a, b) in ends.items()
        },
    )
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
    return Quartet(piece.tokens[:steps], grid, piece.bars[:steps], piece.work, piece.composer, tempo_qpm)


if __name__ == "__main__":
    errors.run(main)
