"""How far our measures of music agree with what listeners say: `python -m benchmarks.listeners FOLDER`.

FOLDER, or the environment variable `QUARTETVAE_AIMGEF`, names the rated excerpts (`stimuli`); no note and no rating of
them is kept. Each excerpt is measured (`measures`) and the measures held against the mean ratings (`agreement`): over
all excerpts, and once more without those that the models were trained on, of which `KNOWN` or more of the four-beat
windows stand in training. Real music is that of data/pieces.parquet which was held out, but for pieces that have a
passage in common with an excerpt; the bigram model is of data/phrases/train.parquet. So the pipeline has to have run;
the networks are those of the package. Writes benchmarks/listeners.json and the tables of docs/measures.md.
"""

import argparse
import datetime
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import quartetvae
from benchmarks import hardware
from benchmarks.listeners import agreement, measures, stimuli
from benchmarks.listeners.measures import Models
from benchmarks.listeners.stimuli import QUESTIONS, Excerpt
from quartetvae import errors, files
from quartetvae.composing import originality
from quartetvae.corpus import piece_file, tables
from quartetvae.corpus.records import Pieces
from quartetvae.errors import DatasetError
from quartetvae.latent import neighbours
from quartetvae.metrics import bigram
from quartetvae.model import pretrained
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid
from tools import listeners

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "QUARTETVAE_AIMGEF"

PEOPLE = ("CSQ-Orig", "CSQ-BeAf")
"""Sources of music that people wrote."""

KNOWN = 0.1
"""Share of four-beat windows; by chance next to none are alike."""

REAL, BEATS = 120, 64
"""Excerpts of held-out music that stand for real music, and their length, about that of the rated ones."""

REPLICATES, SPLITS, SEED = 2000, 1000, 0

Floats = NDArray[np.float64]


def real_music(pieces: Pieces, excerpts: Sequence[Tokens]) -> tuple[list[Tokens], int]:
    """Cut held-out pieces into excerpts, parts assigned as theirs; also how many pieces were left out.

    A piece is left out that has a passage of `originality.LONG` beats in common with one of the excerpts.
    """
    grid = pieces.grid

    def passages(tokens: Tokens) -> NDArray[np.uint32]:
        return originality.windows(tokens, grid, beats=originality.LONG, events=originality.EVENTS).hashes

    known = np.concatenate([passages(tokens) for tokens in excerpts])
    held_out = [*pieces.in_split("validation"), *pieces.in_split("test")]
    used = [piece for piece in held_out if not np.isin(passages(piece.tokens), known).any()]
    steps = BEATS * grid.steps_per_beat
    cut = [piece.tokens[at : at + steps] for piece in used for at in range(0, len(piece.tokens) - steps + 1, steps)]
    chosen = np.unique(np.linspace(0, len(cut) - 1, min(REAL, len(cut))).round().astype(int)).tolist()
    found = (stimuli.spread(cut[place], grid) for place in chosen)
    return [tokens for tokens in found if tokens is not None], len(held_out) - len(used)


def trained(grid: Grid) -> Models:
    """Load the package's networks, and fit a bigram model on the phrases for training."""
    folder = pretrained.FOLDER
    phrases = tables.read_phrases(ROOT / "data" / "phrases" / "train.parquet")
    if phrases.grid != grid:
        raise DatasetError(f"data/phrases is on {phrases.grid}; {grid} is needed, that of the package: `dvc repro`.")
    return Models(
        quartetvae.load(),
        quartetvae.load_composer(),
        bigram.fit(phrases.tokens, grid.alphabet),
        originality.read(folder / originality.FILE),
        folder / neighbours.FILE,
    )


def measured(excerpts: Sequence[Excerpt], models: Models, pieces: Pieces) -> tuple[dict[str, Floats], dict[str, int]]:
    """Take all measures of all excerpts, (excerpts,) each, and count the real music that they were held against."""
    rows = [measures.of_excerpt(one.tokens, models) for one in tqdm(excerpts, unit="excerpt")]
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    tokens, sources = [one.tokens for one in excerpts], [one.source for one in excerpts]
    real, left_out = real_music(pieces, tokens)
    found |= measures.of_real_music(tokens, sources, real, models.grid, people=PEOPLE)
    return found, {"excerpts": len(real), "beats": BEATS, "pieces_left_out": left_out}


def figures(excerpts: Sequence[Excerpt], found: dict[str, Floats]) -> dict[str, Any]:
    """Hold measures against ratings.

    Raises
    ------
    DatasetError
        If a measure has no value for an excerpt.
    """
    for name in measures.ABOUT:
        if np.isnan(found[name]).any():
            number = excerpts[int(np.isnan(found[name]).argmax())].number
            raise DatasetError(f"stimulus {number}: no {name}; music with more notes is needed for it.")
    values = np.stack([found[name] for name in measures.ABOUT], axis=1)
    means = np.stack([one.ratings.mean(axis=0) for one in excerpts])
    names, source = np.unique([one.source for one in excerpts], return_inverse=True)
    known = np.nan_to_num(found["copied"]) >= KNOWN
    sure = agreement.reliability([one.ratings for one in excerpts], source, splits=SPLITS, seed=SEED)
    return {
        "excerpts": len(excerpts),
        "ratings": sum(len(one.ratings) for one in excerpts),
        "known_to_training": {name: int(known[source == k].sum()) for k, name in enumerate(names.tolist())},
        "mean_ratings": _by_source(names, agreement.source_means(means, source), QUESTIONS),
        "mean_measures": _by_source(names, agreement.source_means(values, source), tuple(measures.ABOUT)),
        "reliability": {
            question: {name: float(each[k]) for name, each in sure.items()} for k, question in enumerate(QUESTIONS)
        },
        "about": measures.ABOUT,
        "agreement": _agreement(values, means, source),
        "agreement_unseen": _agreement(values[~known], means[~known], source[~known]),
    }


def _by_source(names: NDArray[Any], means: Floats, columns: Sequence[str]) -> dict[str, dict[str, float]]:
    return {
        name: dict(zip(columns, row, strict=True)) for name, row in zip(names.tolist(), means.tolist(), strict=True)
    }


def _agreement(values: Floats, means: Floats, source: NDArray[np.int64]) -> dict[str, Any]:
    """Give the correlations by measure, then question, each with its interval."""
    # Every source is numbered anew: one may have gone.
    _, source = np.unique(source, return_inverse=True)
    found = agreement.agreement(values, means, source, replicates=REPLICATES, seed=SEED)
    return {
        name: {
            question: {
                "all": _interval(found.all[m, q], found.all_low[m, q], found.all_high[m, q]),
                "within": _interval(found.within[m, q], found.within_low[m, q], found.within_high[m, q]),
                "between": float(found.between[m, q]),
            }
            for q, question in enumerate(QUESTIONS)
        }
        for m, name in enumerate(measures.ABOUT)
    }


def _interval(rho: float, low: float, high: float) -> dict[str, float]:
    return {"rho": float(rho), "low": float(low), "high": float(high)}


def main() -> None:
    """Measure, and write the figures and the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.listeners",
        description=(__doc__ or "").split("\n")[0],
        epilog="Takes minutes, more on a busy machine. After new weights the same command writes all anew.",
    )
    parser.add_argument("folder", nargs="?", help=f"the rated excerpts; by default what {FOLDER} names")
    folder = parser.parse_args().folder or os.environ.get(FOLDER)
    if not folder:
        sys.exit(f"error: no folder of rated excerpts; name it, or set {FOLDER}.")
    began = time.perf_counter()
    pieces = piece_file.read(ROOT / "data" / "pieces.parquet")
    excerpts = stimuli.read(Path(folder), pieces.grid)
    found, real = measured(excerpts, trained(pieces.grid), pieces)
    files.write_json(
        ROOT / "benchmarks" / "listeners.json",
        {
            "data": "AIMGEF, the string quartets: Yin, Reuben, Stepney & Collins, Machine Learning 112 (2023), "
            "doi 10.1007/s10994-023-06309-w",
            **figures(excerpts, found),
            "real_music": real,
            "replicates": REPLICATES,
            "splits": SPLITS,
            "seed": SEED,
            "command": "python -m benchmarks.listeners FOLDER",
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "minutes": (time.perf_counter() - began) / 60,
            "hardware": hardware.used(),
            "commit": hardware.commit(),
        },
    )
    listeners.write()
    print("benchmarks/listeners.json and docs/measures.md written")


if __name__ == "__main__":
    errors.run(main)
