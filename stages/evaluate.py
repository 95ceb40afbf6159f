"""Stage `evaluate`: what the model makes beside real music, what its codes are used for, and the plots that show it."""

from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.composing import originality
from quartetvae.corpus import piece_file, tables
from quartetvae.corpus.records import SPLITS
from quartetvae.evaluation import between, composed, excerpts, sets
from quartetvae.evaluation import model as evaluation
from quartetvae.metrics import comparison
from quartetvae.model.keras import saving
from quartetvae.model.numpy import composer
from quartetvae.pipeline import artifacts, locations, params
from quartetvae.plots import between as between_plots
from quartetvae.plots import composed as composed_plots
from quartetvae.plots import latent, training
from quartetvae.plots import sets as set_plots
from quartetvae.training import history


def main() -> None:
    """Compare real test pieces with what the model makes of music, between two phrases, of paths, and of nothing."""
    section, trained, augment = params.load("evaluate", "train", "augment")
    network = composer.load(locations.COMPOSER)
    model = saving.load(locations.MODEL)
    real = piece_file.read(locations.PIECES)
    train, validation, held_out = (tables.read_phrases(locations.phrases(split)) for split in SPLITS)
    drawn = excerpts.collect(
        model,
        real,
        piece_file.read(locations.RECONSTRUCTIONS / artifacts.PIECES),
        piece_file.read(locations.INTERPOLATIONS / artifacts.PIECES),
        train,
        beats=section.excerpt_beats,
        count=section.excerpts,
        temperature=section.temperature,
        seed=section.seed,
    )
    with tqdm(total=len(comparison.FEATURES), desc="evaluate", unit="feature") as progress:
        figures = sets.figures(
            drawn, real.grid, replicates=section.replicates, seed=section.seed, progress=progress.update
        )
    with tqdm(total=len(between.NAMES), desc="between", unit="set") as progress:
        pairs = between.figures(
            model,
            network,
            between.held_out(held_out, validation),
            train,
            originality.build(real),
            pairs=section.pairs,
            temperature=section.temperature,
            replicates=section.replicates,
            seed=section.seed,
            progress=progress.update,
        )
    with tqdm(total=len(composed.NAMES), desc="composed", unit="task") as progress:
        written = composed.figures(
            network,
            real,
            held_out,
            train,
            augment,
            count=section.windows,
            replicates=section.replicates,
            seed=section.seed,
            progress=progress.update,
        )
    code, kl = evaluation.code_use(model, held_out, seed=section.seed)

    training.training_curve(locations.plot("training"), history.read(locations.LOSS), training.beta_rises(trained))
    set_plots.draw(locations.PLOTS, drawn, figures, real.grid)
    between_plots.told_apart(locations.plot("between"), pairs)
    composed_plots.draw(locations.plot("composed"), written["composed"])
    latent.kl_by_dimension(locations.plot("kl_by_dimension"), kl)
    latent.latent_map(locations.plot("latent_map"), model.encode(held_out.tokens)[0], held_out, real)
    files.write_json(locations.metrics("evaluate"), {**figures, **pairs, **written, "latent": code})


if __name__ == "__main__":
    errors.run(main)
