"""Stage `interpolate`: walks through the latent space between pairs of pieces."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from quartetvae import dataset, errors, files, judging, latent, latent_plots, pairs, params, rendering
from quartetvae.model import saving


def main() -> None:
    """Walk between the pairs of params, write each point as MIDI, and judge the paths."""
    (section,) = params.load("interpolate")
    model = saving.load(Path("models/quartetvae"))
    pieces = dataset.read_pieces(Path("data/pieces.parquet"))
    table = dataset.read_quartets(Path("data/quartets.parquet"))
    chosen = pairs.choose(section.pairs, pieces, table, Path("data/raw"))
    rng = np.random.default_rng(section.seed)
    walks = [
        latent.walk(
            model,
            a,
            b,
            points=section.points,
            kind=section.path,
            beats=section.beats,
            decode=section.decode,
            rng=rng,
        )
        for a, b in tqdm(chosen, desc="interpolate", unit="pair")
    ]
    with files.replacing_folder(Path("outputs/interpolations")) as folder:
        rendering.interpolations(folder, walks, pieces.grid, section)
    rendering.interpolation_example(Path("plots/interpolation.png"), walks[0], pieces.grid)
    latent_plots.step_distances(Path("plots/step_distance.png"), judging.step_distances(walks, seed=section.seed))
    training = dataset.read_phrases(Path("data/phrases/train.parquet"))
    figures = judging.interpolations(model, walks, training, pieces, section)
    files.write_json(Path("metrics/interpolate.json"), figures)


if __name__ == "__main__":
    errors.run(main)
