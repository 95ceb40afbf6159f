"""Stage `report`: a page to listen on, in one folder that opens from disk."""

import json

from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.corpus import pairs, piece_file, survey, tables
from quartetvae.pipeline import artifacts, locations, params
from quartetvae.report import overview, page, players

PICTURES = {
    locations.plot(
        "training"
    ): "Training: the loss and its two terms after each epoch, on training and validation phrases.",
    locations.plot("scores"): "What comes back, by part, composer and work: 1 is without a fault.",
    locations.plot("overlap"): (
        "How like real music: the overlap, feature by feature, of what the model makes with test works. 1 is no "
        "difference; the grey mark is what other real music reaches."
    ),
    locations.plot("pitch_classes"): "Which pitch classes sound how often, in real music and in what the model makes.",
    locations.plot(
        "latent_map"
    ): "What codes are sorted by: note density and register can be read off them, composers hardly.",
}


def main() -> None:
    """Put paths and reconstructions on a page, each between its originals."""
    section, walked = params.load("report", "interpolate")
    pieces = piece_file.read(locations.PIECES)
    table = tables.read_quartets(locations.QUARTETS)
    excerpts = players.Excerpts(pieces.grid, section.beats, section.tempo_qpm, survey.movements(table))
    ends = {artifacts.pair_name(pair): pair for pair in pairs.choose(walked.pairs, pieces, table, locations.RAW)}
    points = piece_file.read(locations.INTERPOLATIONS / artifacts.PIECES).pieces
    rebuilt = piece_file.read(locations.RECONSTRUCTIONS / artifacts.PIECES).pieces
    trained = survey.with_duplicates(table, (piece.id for piece in pieces.in_split("train")))
    paths = players.paths(ends, points, excerpts, trained=trained)
    reconstructions = players.reconstructions(pieces.pieces, artifacts.spread(rebuilt, artifacts.SHOWN), excerpts)

    overview.draw(locations.plot("paths"), paths)
    metrics = json.loads(locations.metrics("reconstruct").read_text(encoding="utf-8"))
    count = sum(len(player.stops) for player in (*paths, *reconstructions))
    with (
        files.replacing_folder(locations.REPORT) as folder,
        tqdm(total=count, desc="report", unit="stop") as progress,
    ):
        page.build(
            folder,
            paths=paths,
            reconstructions=reconstructions,
            metrics=metrics,
            pictures=PICTURES,
            progress=progress.update,
        )


if __name__ == "__main__":
    errors.run(main)
