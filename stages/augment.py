"""Stage `augment`: pieces are cut into phrases; those for training are transposed and windowed."""

from pathlib import Path

from quartetvae import dataset, errors, files, params, phrases


def main() -> None:
    """Cut data/pieces.parquet into data/phrases/<split>.parquet."""
    form, augment = params.load("phrases", "augment")
    sets = phrases.build(dataset.read_pieces(Path("data/pieces.parquet")), form, augment)
    with files.replacing_folder(Path("data/phrases")) as folder:
        for split, phrase_set in sets.items():
            dataset.write_phrases(folder / f"{split}.parquet", phrase_set)
    figures = phrases.figures(sets)
    files.write_json(Path("metrics/augment.json"), figures)
    print(", ".join(f"{name}: {count['phrases']} phrases" for name, count in figures.items()))


if __name__ == "__main__":
    errors.run(main)
