"""The music that timings and docs/ are made with: a few scores out of music21's corpus, in one folder."""

import shutil
from pathlib import Path

import quartetvae

SCORES = {"haydn.mxl": "haydn/opus74no1/movement3.mxl", "mozart.mxl": "mozart/k458/movement2.mxl"}
FOLDERS = {"haydn": ("haydn/opus1no1", "haydn/opus74no1"), "mozart": ("mozart/k155", "mozart/k156", "mozart/k458")}


def prepare(folder: Path) -> None:
    """Put haydn.mxl (op. 74 no. 1, minuet), mozart.mxl (K. 458, minuet) and folders of movements as MIDI there."""
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    for name, source in SCORES.items():
        shutil.copyfile(corpus / source, folder / name)
    model = quartetvae.load()
    for name, sources in FOLDERS.items():
        (folder / name).mkdir()
        for source in sources:
            for score in sorted((corpus / source).glob("*.mxl")):
                made = folder / name / f"{score.parent.name}_{score.stem}.mid"
                quartetvae.write(made, quartetvae.read(score, model, spread=True))
