"""Stage `describe`: the corpus' codes and windows, to find neighbours and copies, and directions of attributes."""

import functools

from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.composing import originality
from quartetvae.corpus import piece_file, tables
from quartetvae.latent import directions, neighbours
from quartetvae.metrics.attributes import ATTRIBUTES
from quartetvae.model.keras import saving
from quartetvae.pipeline import locations, params
from quartetvae.plots import latent


def main() -> None:
    """Encode all pieces; fit directions on training and validation phrases, and judge them on test phrases."""
    (section,) = params.load("describe")
    model = saving.load(locations.MODEL)
    pieces = piece_file.read(locations.PIECES)
    training, validation, test = (
        tables.read_phrases(locations.phrases(split)) for split in ("train", "validation", "test")
    )
    # A part of them, spread over all works, tells as much as all: windows overlap and are transposed, and each held-out
    # phrase is decoded dozens of times.
    validation, test = validation.spread(section.held_out), test.spread(section.held_out)
    with tqdm(total=2 * len(ATTRIBUTES), desc="directions", unit="attribute") as progress:
        fitted = training.spread(section.phrases).tokens
        found = directions.fit(model, fitted, validation.tokens, progress=progress.update)
        moved = directions.move(model, found, test.tokens, progress=progress.update)
    figures = directions.judge(found, moved)
    encoding = functools.partial(tqdm, desc="codes", unit="piece")
    with files.replacing_folder(locations.LATENT) as folder:
        neighbours.write(folder / neighbours.FILE, neighbours.build(model, pieces, progress=encoding))
        directions.write(folder / "directions.json", found)
        originality.write(folder / originality.FILE, originality.build(pieces))
    latent.attributes(locations.plot("attributes"), figures, moved)
    files.write_json(locations.metrics("attributes"), figures)


if __name__ == "__main__":
    errors.run(main)
