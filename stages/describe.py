"""Stage `describe`: the corpus' codes, to find neighbours in, and the directions in which attributes grow."""

from pathlib import Path

import numpy as np

from quartetvae import dataset, directions, errors, files, latent_plots, neighbours
from quartetvae.model import saving

FITTED = 40_000
"""Training phrases by which directions are fitted, at most."""


def main() -> None:
    """Encode all pieces; fit directions on training and validation phrases, and judge them on test phrases."""
    model = saving.load(Path("models/quartetvae"))
    pieces = dataset.read_pieces(Path("data/pieces.parquet"))
    training = dataset.read_phrases(Path("data/phrases/train.parquet"))
    validation = dataset.read_phrases(Path("data/phrases/validation.parquet"))
    test = dataset.read_phrases(Path("data/phrases/test.parquet"))
    # Windows overlap and are transposed: a part of them tells as much as all.
    some = np.unique(np.linspace(0, len(training.tokens) - 1, FITTED).round().astype(int))
    ways = directions.fit(model, training.take(some).tokens, validation.tokens)
    figures = directions.judge(model, ways, test.tokens)
    with files.replacing_folder(Path("outputs/latent")) as folder:
        neighbours.write(folder / "corpus.parquet", neighbours.build(model, pieces))
        directions.write(folder / "directions.json", ways)
    latent_plots.attributes(Path("plots/attributes.png"), figures)
    files.write_json(Path("metrics/attributes.json"), figures)


if __name__ == "__main__":
    errors.run(main)
