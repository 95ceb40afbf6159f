"""Stage `evaluate`: what the model makes beside real music, what its codes are used for, and the plots that show it."""

from pathlib import Path

from tqdm import tqdm

from quartetvae import dataset, errors, files, history, latent_plots, params, plots, set_judging, set_plots
from quartetvae.metrics import comparison
from quartetvae.model import saving


def main() -> None:
    """Compare excerpts of real test pieces with what the model makes of music, of paths, and of nothing."""
    (section,) = params.load("evaluate")
    model = saving.load(Path("models/quartetvae"))
    real = dataset.read_pieces(Path("data/pieces.parquet"))
    drawn = set_judging.excerpts(
        model,
        real,
        dataset.read_pieces(Path("outputs/reconstructions/pieces.parquet")),
        dataset.read_pieces(Path("outputs/interpolations/pieces.parquet")),
        dataset.read_phrases(Path("data/phrases/train.parquet")),
        section,
    )
    with tqdm(total=len(comparison.FEATURES), desc="evaluate", unit="feature") as progress:
        figures = set_judging.music_sets(drawn, real.grid, section, progress=progress.update)
    held_out = dataset.read_phrases(Path("data/phrases/test.parquet"))
    code, kl = set_judging.code_use(model, held_out, seed=section.seed)

    plots.training_curve(Path("plots/training.png"), history.read(Path("plots/loss.csv")))
    set_plots.draw(Path("plots"), drawn, figures, real.grid)
    latent_plots.kl_by_dimension(Path("plots/kl_by_dimension.png"), kl)
    latent_plots.latent_map(Path("plots/latent_map.png"), model.encode(held_out.tokens)[0], held_out, real)
    files.write_json(Path("metrics/evaluate.json"), {**figures, "latent": code})


if __name__ == "__main__":
    errors.run(main)
