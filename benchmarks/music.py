"""The music that timings and docs/ are made with: a few scores out of music21's corpus, in one folder."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import quartetvae
from quartetvae.corpus import encoding
from quartetvae.io import read
from quartetvae.music.quartet import Grid, Piece
from quartetvae.pipeline import params

ROOT = Path(__file__).resolve().parent.parent

SCORES = {"haydn.mxl": "haydn/opus74no1/movement3.mxl", "mozart.mxl": "mozart/k458/movement2.mxl"}
FOLDERS = {"haydn": ("haydn/opus1no1", "haydn/opus74no1"), "mozart": ("mozart/k155", "mozart/k156", "mozart/k458")}


def prepare(folder: Path) -> None:
    """Put haydn.mxl (op. 74 no. 1, minuet), mozart.mxl (K. 458, minuet) and folders of movements as MIDI there."""
    corpus = _corpus()
    for name, source in SCORES.items():
        shutil.copyfile(corpus / source, folder / name)
    model = quartetvae.load()
    for name, sources in FOLDERS.items():
        (folder / name).mkdir()
        for source in sources:
            for score in sorted((corpus / source).glob("*.mxl")):
                made = folder / name / f"{score.parent.name}_{score.stem}.mid"
                quartetvae.write(made, quartetvae.read(score, model, spread=True))


def scores() -> list[Path]:
    """List the scores of `SCORES` where they lie."""
    return [_corpus() / source for source in SCORES.values()]


def _corpus() -> Path:
    import music21

    return Path(music21.__file__).parent / "corpus"


def sections(*names: str) -> tuple[Any, ...]:
    """Read sections of the committed params.yaml, as stages do."""
    return params.load(*names, path=ROOT / "params.yaml")


def grid() -> Grid:
    """Make the grid of params.yaml."""
    (encode,) = sections("encode")
    return encoding.grid_for(encode)


def pieces(on: Grid) -> list[Piece]:
    """Encode the movements of `prepare` on a grid, in the order of their names."""
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        return [read.read_piece(path, on, spread=True) for path in sorted(Path(name).glob("*/*.mid"))]
