"""Stage `report`: a page to listen on, in one folder that opens from disk."""

import json
from pathlib import Path

from tqdm import tqdm

from quartetvae import dataset, errors, files, pairs, params, report
from quartetvae.dataset import Piece
from quartetvae.quartet import Quartet
from quartetvae.report import overview

PICTURES = {
    Path(
        "plots/training.png"
    ): "Training: the loss and its two terms after each epoch, on training and validation phrases.",
    Path("plots/scores.png"): "What comes back, by part, composer and work: 1 is without a fault.",
    Path("plots/overlap.png"): (
        "How like real music: the overlap, feature by feature, of what the model makes with test works. 1 is no "
        "difference; the grey mark is what other real music reaches."
    ),
}


def main() -> None:
    """Put paths and reconstructions on a page, each between its originals."""
    section, walked = params.load("report", "interpolate")
    pieces = dataset.read_pieces(Path("data/pieces.parquet"))
    table = dataset.read_quartets(Path("data/quartets.parquet"))
    movements = dict(zip(table["id"], table["movement"], strict=True))
    heard = {piece.id for piece in pieces.of("train")}
    heard |= set(table["id"][table["duplicate_of"].isin(heard)])

    def music(piece: Piece, steps: int = section.beats * pieces.grid.steps_per_beat) -> Quartet:
        """The beginning of a piece; phrases cut inside held notes begin with their onsets, as everywhere here."""
        title = report.joined(piece.work, movements.get(piece.id, ""))
        return Quartet(piece.tokens[:steps], pieces.grid, piece.bars[:steps], title, piece.composer, section.tempo_qpm)

    points: dict[str, list[Quartet]] = {}
    for point in dataset.read_pieces(Path("outputs/interpolations/pieces.parquet")).pieces:
        points.setdefault(point.work, []).append(music(point))
    paths = []
    for ends in pairs.choose(walked.pairs, pieces, table, Path("data/raw")):
        name = "-".join(end.id for end in ends)
        # A path is as long as the shorter of its ends.
        a, b = (music(end, len(points[name][0].tokens)) for end in ends)
        paths.append(
            report.path(name, a, points[name], b, notes=["in training" if end.id in heard else "" for end in ends])
        )

    originals = {piece.id: piece for piece in pieces.pieces}
    rebuilt = dataset.read_pieces(Path("outputs/reconstructions/pieces.parquet")).pieces
    reconstructions = [report.reconstruction(piece.id, music(originals[piece.id]), music(piece)) for piece in rebuilt]

    overview.draw(Path("plots/paths.png"), paths)
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


if __name__ == "__main__":
    errors.run(main)
