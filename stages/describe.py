"""Stage `describe`: the corpus' codes, to find neighbours in, and the directions in which attributes grow."""

from pathlib import Path

import numpy as np

from quartetvae import dataset, directions, errors, files, latent_plots, neighbours
from quartetvae.model import saving


def main() -> None:
    """Encode all pieces; fit directions on training phrases in their own keys, and judge them on test phrases."""
    model = saving.load(Path("models/quartetvae"))
    pieces = dataset.read_pieces(Path("data/pieces.parquet"))
    training = dataset.read_phrases(Path("data/phrases/train.parquet"))
    test = dataset.read_phrases(Path("data/phrases/test.parquet"))
    # Transposed copies would tell the same about everything but register.
    own_keys = training.take(np.flatnonzero(training.semitones == 0))
    ways = directions.fit(model, own_keys.tokens)
    figures = directions.judge(model, ways, test.tokens)
    with files.replacing_folder(Path("outputs/latent")) as folder:
        neighbours.write(folder / "corpus.parquet", neighbours.build(model, pieces))
        directions.write(folder / "directions.json", ways)
    latent_plots.attributes(Path("plots/attributes.png"), figures)
    files.write_json(Path("metrics/attributes.json"), figures)


if __name__ == "__main__":
    errors.run(main)
