"""Stage `reconstruct`: held-out music through the model and back, judged, written as MIDI and drawn."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from quartetvae import dataset, errors, files, judging, latent, params, rendering
from quartetvae.model import saving


def main() -> None:
    """Reconstruct the validation and test phrases for figures, the test pieces for listening."""
    (section,) = params.load("reconstruct")
    model = saving.load(Path("models/quartetvae"))
    training = dataset.read_phrases(Path("data/phrases/train.parquet"))
    figures = {}
    for split in ("validation", "test"):
        held_out = dataset.read_phrases(Path(f"data/phrases/{split}.parquet"))
        pieces = dataset.read_pieces(Path("data/pieces.parquet"))
        figures[split] = judging.reconstructions(model, held_out, training, pieces, section)

    rng = np.random.default_rng(section.seed)
    test = pieces.of("test")
    rebuilt = [
        latent.reconstruct(model, piece, decode=section.decode, rng=rng)
        for piece in tqdm(test, desc="reconstruct", unit="piece")
    ]
    with files.replacing_folder(Path("outputs/reconstructions")) as folder:
        rendering.reconstructions(folder, test, rebuilt, pieces.grid, section)
    rendering.reconstruction_example(Path("plots/reconstruction.png"), test[0], rebuilt[0], pieces.grid, section)
    rendering.scores(Path("plots/scores.png"), figures)
    files.write_json(Path("metrics/reconstruct.json"), figures)


if __name__ == "__main__":
    errors.run(main)
