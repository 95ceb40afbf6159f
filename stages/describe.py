"""Stage `describe`: the corpus' codes, to find neighbours in, and the directions in which attributes grow."""

from quartetvae import errors, files
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
    figures = directions.judge(model, found, test.tokens)
    with files.replacing_folder(locations.LATENT) as folder:
        neighbours.write(folder / neighbours.FILE, neighbours.build(model, pieces))
        directions.write(folder / "directions.json", found)
    latent.attributes(locations.plot("attributes"), figures)
    files.write_json(locations.metrics("attributes"), figures)


if __name__ == "__main__":
    errors.run(main)
