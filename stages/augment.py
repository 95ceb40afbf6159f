"""Stage `augment`: pieces are cut into phrases; those for training are transposed and windowed."""

from collections.abc import Iterator

from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.corpus import augmentation, piece_file, tables
from quartetvae.corpus.augmentation import Augmented
from quartetvae.corpus.records import PhraseSet
from quartetvae.pipeline import locations, params, sharding


def main() -> None:
    """Cut data/pieces.parquet into data/phrases/<split>.parquet."""
    form, augment = params.load("phrases", "augment")
    pieces = piece_file.opened(locations.PIECES)
    with augmentation.planned(pieces, form, augment, sharding.shards("augment")) as plans:
        with files.replacing_folder(locations.PHRASES) as folder:
            for split, plan in plans.items():
                tables.write_phrases(folder / locations.phrases(split).name, _batches(split, plan), pieces.grid, form)
        figures = augmentation.figures(plans)
    files.write_json(locations.metrics("augment"), figures)
    print(", ".join(f"{name}: {count['phrases']} phrases" for name, count in figures.items()))


def _batches(split: str, plan: Augmented) -> Iterator[PhraseSet]:
    with tqdm(desc=f"augment {split}", total=len(plan), unit="phrase") as progress:
        for batch in plan.batches():
            yield batch
            progress.update(len(batch))


if __name__ == "__main__":
    errors.run(main)
