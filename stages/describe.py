"""Stage `describe`: the corpus' codes and windows, to find neighbours and copies, and directions of attributes."""

from quartetvae import errors, files
from quartetvae.composing import originality
from quartetvae.corpus import tables
from quartetvae.latent import directions, neighbours
from quartetvae.model.keras import saving
from quartetvae.pipeline import locations, params
from quartetvae.plots import latent


def main() -> None:
    """Encode all pieces; fit directions on training and validation phrases, and judge them on test phrases."""
    (section,) = params.load("describe")
    model = saving.load(locations.MODEL)
    pieces = tables.read_pieces(locations.PIECES)
    training, validation, test = (
        tables.read_phrases(locations.phrases(split)) for split in ("train", "validation", "test")
    )
    # A part of them, spread over all works, tells as much as all: windows overlap and are transposed, and each held-out
    # phrase is decoded dozens of times.
    validation, test = validation.spread(section.held_out), test.spread(section.held_out)
    found = directions.fit(model, training.spread(section.phrases).tokens, validation.tokens)
    moved = directions.move(model, found, test.tokens)
    figures = directions.judge(found, moved)
    with files.replacing_folder(locations.LATENT) as folder:
        neighbours.write(folder / neighbours.FILE, neighbours.build(model, pieces))
        directions.write(folder / "directions.json", found)
        originality.write(folder / originality.FILE, originality.build(pieces))
    latent.attributes(locations.plot("attributes"), figures, moved)
    files.write_json(locations.metrics("attributes"), figures)


if __name__ == "__main__":
    errors.run(main)
