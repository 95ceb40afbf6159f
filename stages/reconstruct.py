"""Stage `reconstruct`: held-out music through the model and back, judged, written as MIDI and drawn."""

import numpy as np
from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.corpus import tables
from quartetvae.evaluation import model as evaluation
from quartetvae.latent import paths
from quartetvae.metrics.figures import ReconstructFigures
from quartetvae.model.keras import saving
from quartetvae.pipeline import artifacts, locations, params
from quartetvae.plots import reconstruction


def main() -> None:
    """Reconstruct the validation and test phrases for figures, the test pieces for listening."""
    (section,) = params.load("reconstruct")
    model = saving.load(locations.MODEL)
    training = tables.read_phrases(locations.phrases("train"))
    validation, test = (tables.read_phrases(locations.phrases(split)) for split in ("validation", "test"))
    pieces = tables.read_pieces(locations.PIECES)
    options = {"decode": section.decode, "seed": section.seed}
    figures: ReconstructFigures = {
        "validation": evaluation.reconstructions(model, validation, training, pieces, **options),
        "test": evaluation.reconstructions(model, test, training, pieces, **options),
    }

    rng = np.random.default_rng(section.seed)
    originals = pieces.in_split("test")
    rebuilt = [
        paths.reconstruct(model, piece, decode=section.decode, rng=rng)
        for piece in tqdm(originals, desc="reconstruct", unit="piece")
    ]
    with files.replacing_folder(locations.RECONSTRUCTIONS) as folder:
        artifacts.reconstructions(
            folder, originals, rebuilt, pieces.grid, tempo_qpm=section.tempo_qpm, plot_beats=section.plot_beats
        )
    example = locations.plot("reconstruction")
    artifacts.reconstruction_roll(example, originals[0], rebuilt[0], pieces.grid, beats=section.plot_beats)
    reconstruction.reconstructions(locations.plot("scores"), figures)
    files.write_json(locations.metrics("reconstruct"), figures)


if __name__ == "__main__":
    errors.run(main)
