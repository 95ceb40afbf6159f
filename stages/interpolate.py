"""Stage `interpolate`: walks through the latent space between pairs of pieces."""

import numpy as np
from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.corpus import pairs, tables
from quartetvae.evaluation import model as evaluation
from quartetvae.latent import paths
from quartetvae.model.keras import saving
from quartetvae.pipeline import artifacts, locations, params
from quartetvae.plots import latent


def main() -> None:
    """Walk between the pairs of params, write each point as MIDI, and judge the paths."""
    (section,) = params.load("interpolate")
    model = saving.load(locations.MODEL)
    pieces = tables.read_pieces(locations.PIECES)
    table = tables.read_quartets(locations.QUARTETS)
    chosen = pairs.choose(section.pairs, pieces, table, locations.RAW)
    rng = np.random.default_rng(section.seed)
    steps = section.beats * pieces.grid.steps_per_beat
    options = {"points": section.points, "kind": section.path, "decode": section.decode}
    walks = [
        paths.interpolate(model, *(paths.excerpt(end, steps=steps) for end in ends), rng=rng, **options)
        for ends in tqdm(chosen, desc="interpolate", unit="pair")
    ]
    with files.replacing_folder(locations.INTERPOLATIONS) as folder:
        artifacts.interpolations(folder, walks, pieces.grid, tempo_qpm=section.tempo_qpm)
    artifacts.path_roll(locations.plot("interpolation"), walks[0], pieces.grid)
    latent.step_distances(locations.plot("step_distance"), evaluation.step_distances(walks, seed=section.seed))
    training = tables.read_phrases(locations.phrases("train"))
    figures = evaluation.interpolations(model, walks, training, pieces, kind=section.path, seed=section.seed)
    files.write_json(locations.metrics("interpolate"), figures)


if __name__ == "__main__":
    errors.run(main)
