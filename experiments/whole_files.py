"""Any model on the whole files of the held-out works: `python -m experiments.whole_files NAME FOLDER`.

With `--revision REV` the folder is as git has it at that revision: weights that the package had before.

Takes the corpus and the split of the last run of the pipeline (data/), and a folder with a model on whatever grid, and
writes `file` of metrics/reconstruct.json for both splits to experiments/files/NAME.json. So models on different grids
are held against the same notes; docs/results.md shows them side by side.
"""

import argparse
import datetime
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks import hardware
from quartetvae import errors, files
from quartetvae.corpus import encoding, piece_file, tables
from quartetvae.errors import ModelError
from quartetvae.evaluation import whole_files
from quartetvae.latent import paths
from quartetvae.model.numpy import network
from quartetvae.pipeline import locations

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "experiments" / "files"


def record(folder: Path) -> dict[str, Any]:
    """Reconstruct the held-out pieces by the model in a folder and score them against their files."""
    model = network.load(folder)
    grid, corpus = model.architecture.grid, piece_file.read(locations.PIECES)
    table = tables.read_quartets(locations.QUARTETS)
    rows = {str(row["id"]): row for row in table.to_dict("records")}
    found: dict[str, Any] = {}
    for split in ("validation", "test"):
        held_out = tqdm(corpus.in_split(split), desc=split, unit="piece")
        originals = [encoding.encode_file(locations.RAW, rows[piece.id], grid)[0] for piece in held_out]
        rebuilt = [paths.reconstruct(model, piece) for piece in tqdm(originals, desc=f"{split}: model", unit="piece")]
        matched = list(whole_files.match(originals, rebuilt, grid, table, locations.RAW))
        found[split] = whole_files.figures(matched, corpus)
    return {
        "steps_per_beat": grid.steps_per_beat,
        "chords": grid.chords,
        "boundary": model.architecture.form.boundary,
        **found,
    }


def extract(revision: str, folder: Path, to: Path) -> None:
    """Put a folder of the project as git has it at a revision below another folder."""
    found = subprocess.run(["git", "archive", revision, str(folder)], cwd=ROOT, capture_output=True)
    if found.returncode:
        raise ModelError(f"{folder} at {revision}: not in git ({found.stderr.decode().strip()}).")
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
        # Of our own git; Python 3.11 before 3.11.4 knows no filters.
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(to, **safely)


def main() -> None:
    """Measure, and write the record."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.whole_files", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("name", help="of the record, such as version-0.1")
    parser.add_argument("folder", type=Path, help="a model's folder, such as quartetvae/weights")
    parser.add_argument("--revision", metavar="REV", help="take the folder as git has it there")
    arguments = parser.parse_args()
    asked = "" if arguments.revision is None else f" --revision {arguments.revision}"
    with tempfile.TemporaryDirectory() as temporary:
        if asked:
            extract(arguments.revision, arguments.folder, Path(temporary))
        measured = record(Path(temporary) / arguments.folder if asked else arguments.folder)
    content = {
        "about": arguments.name,
        "commit": hardware.commit(),
        "date": datetime.date.today().isoformat(),
        "command": f"python -m experiments.whole_files {arguments.name} {arguments.folder}{asked}",
        "hardware": hardware.used(),
        **measured,
    }
    FILES.mkdir(exist_ok=True)
    files.write_json(FILES / f"{arguments.name}.json", content)
    test = content["test"]
    for name in ("codec", "model"):
        print(f"{name}, test: onset F1 {test[name]['onset']['f1']:.4f}, with ends {test[name]['offset']['f1']:.4f}")


if __name__ == "__main__":
    errors.run(main)
