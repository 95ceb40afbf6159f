"""Stage `reconstruct`: held-out music through the model and back, judged, written as MIDI and drawn."""

from typing import Literal

import numpy as np
from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.corpus import piece_file, tables
from quartetvae.evaluation import model as evaluation
from quartetvae.evaluation import whole_files
from quartetvae.latent import paths
from quartetvae.metrics.figures import ReconstructFigures, SplitScores
from quartetvae.model.keras import saving
from quartetvae.music.quartet import Piece
from quartetvae.pipeline import artifacts, locations, params
from quartetvae.plots import reconstruction


def main() -> None:
    """Reconstruct validation and test works, phrases and whole pieces, for figures; the test pieces for listening."""
    (section,) = params.load("reconstruct")
    model = saving.load(locations.MODEL)
    training = tables.read_phrases(locations.phrases("train"))
    pieces = piece_file.read(locations.PIECES)
    table = tables.read_quartets(locations.QUARTETS)

    def rebuild(split: str) -> list[Piece]:
        rng = np.random.default_rng(section.seed)
        return [
            paths.reconstruct(model, piece, decode=section.decode, rng=rng)
            for piece in tqdm(pieces.in_split(split), desc=f"reconstruct {split}", unit="piece")
        ]

    def judge(split: Literal["validation", "test"], rebuilt: list[Piece]) -> SplitScores:
        held_out = tables.read_phrases(locations.phrases(split))
        originals = pieces.in_split(split)
        matched = whole_files.match(originals, rebuilt, pieces.grid, table, locations.RAW)
        found = list(tqdm(matched, desc=f"match {split}", unit="piece", total=len(originals)))
        scores = evaluation.reconstructions(model, held_out, training, pieces, decode=section.decode, seed=section.seed)
        return {**scores, "file": whole_files.figures(found, pieces)}

    originals, rebuilt = pieces.in_split("test"), rebuild("test")
    figures: ReconstructFigures = {
        "validation": judge("validation", rebuild("validation")),
        "test": judge("test", rebuilt),
    }
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
