"""Stage `evaluate`: what the model makes beside real music, and the plots that show it."""

from pathlib import Path

from quartetvae import dataset, errors, files, history, params, plots
from quartetvae.metrics import sets


def main() -> None:
    """Compare excerpts of real test pieces, their reconstructions, and interpolations."""
    (section,) = params.load("evaluate")
    real = dataset.read_pieces(Path("data/pieces.parquet"))
    rebuilt = dataset.read_pieces(Path("outputs/reconstructions/pieces.parquet"))
    between = dataset.read_pieces(Path("outputs/interpolations/pieces.parquet"))
    excerpts = sets.draw(
        {
            "real": real.of("test"),
            "reconstructions": list(rebuilt.pieces),
            "interpolations": between.of("between"),
        },
        real.grid,
        section,
    )
    figures = sets.figures(excerpts, real.grid.alphabet)
    shares = {name: list(figures[name]["pitch_classes"].values()) for name in excerpts}
    plots.training_curve(Path("plots/training.png"), history.read(Path("plots/loss.csv")))
    plots.pitch_distribution(Path("plots/pitch_distribution.png"), excerpts, real.grid.alphabet)
    plots.pitch_classes(Path("plots/pitch_classes.png"), shares)
    files.write_json(Path("metrics/evaluate.json"), figures)


if __name__ == "__main__":
    errors.run(main)
