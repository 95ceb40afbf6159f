"""A copy of the project in a temporary folder, with a small corpus of its own, to run stages and DVC in."""

import contextlib
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from dvc.repo import Repo
from ruamel.yaml import YAML

from quartetvae.io import midi
from quartetvae.music.codec import Alphabet
from tests.imports import ROOT

ALPHABET = Alphabet(36, 99)

TINY: dict[str, Any] = {
    "download": {"sources": ["directory"]},
    "augment": {"semitones_min": 0, "semitones_max": 1},
    "model": {
        "encoder_units": 8,
        "encoder_layers": 1,
        "decoder_units": 8,
        "head_units": 8,
        "latent_dim": 4,
        "embedding_dim": 4,
    },
    "train": {"epochs": 2, "epoch_phrases": 0, "batch_size": 16, "learning_rate": 0.02, "warmup_steps": 0},
    "composer": {"window_beats": 4, "units": 8, "decoder_units": 8, "head_units": 8, "embedding_dim": 4},
    "compose": {"epochs": 2, "epoch_phrases": 64, "batch_size": 16, "warmup_steps": 0},
    "interpolate": {"pairs": "auto", "points": 3, "beats": 8},
    "evaluate": {"excerpts": 10, "windows": 8},
    "report": {"beats": 4},
}
"""What the small corpus is run with; the other parameters are those of the committed params.yaml."""


def make(folder: Path, *, works: int = 4, pieces_per_work: int = 2, beats: int = 24) -> Path:
    """Copy the project's files, with made-up quartets in data/own and the `TINY` parameters."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in listed:
        # What a run makes must come from the run.
        if name and (ROOT / name).is_file() and not name.startswith(("metrics/", "plots/", "dvc.lock")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    change_params(folder, committed_params())
    change_params(folder, TINY)
    write_corpus(folder / "data" / "own", works=works, pieces_per_work=pieces_per_work, beats=beats)
    return folder


def committed_params() -> dict[str, Any]:
    """The values of the default profile, whatever params.yaml holds just now."""
    content: dict[str, Any] = YAML(typ="safe").load((ROOT / "profiles" / "default.yaml").read_text(encoding="utf-8"))
    return content


def write_corpus(folder: Path, *, works: int, pieces_per_work: int, beats: int) -> None:
    """Write made-up quartets as MIDI files, with a metadata.csv that says which belong to one work."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["file,id,composer,work,movement,ensemble"]
    for work in range(works):
        for movement in range(pieces_per_work):
            rng = np.random.default_rng([work, movement])
            tokens = np.full((4 * beats, 4), ALPHABET.sustain, dtype=np.uint8)
            for part, low in enumerate((40, 33, 24, 9)):
                tokens[::2, part] = low + rng.integers(0, 12, size=len(tokens[::2]))
            name = f"work{work}_{movement}.mid"
            midi.write_quartet(folder / name, tokens, ALPHABET, steps_per_beat=4, tempo_qpm=120)
            rows.append(f"{name},w{work}m{movement},Composer {work % 2},Quartet {work},{movement + 1},String Quartet")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def change_params(folder: Path, changes: dict[str, dict[str, Any]]) -> None:
    """Set keys of the copy's params.yaml."""
    yaml = YAML()
    path = folder / "params.yaml"
    content = yaml.load(path.read_text(encoding="utf-8"))
    for section, values in changes.items():
        content[section].update(values)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module (`stages.filter`, `dvc repro`) in the copy, with this interpreter first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {"PATH": path, "CI": "true", "QUARTETVAE_MIRROR": "", "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def stages_to_run(folder: Path) -> list[str]:
    """List what `dvc repro` would run, in order.

    A dry run of DVC alone ends at the first stage that changed, since nobody knows what its outs will be; with
    --force-downstream it counts them as changed.
    """
    return reproduce(folder, dry=True, force_downstream=True)


def reproduce(folder: Path, **options: bool) -> list[str]:
    """Run `dvc repro` in the copy, and give the stages that it ran, in order.

    In this process: a new interpreter would take longer to start than DVC takes to look.
    """
    with contextlib.chdir(folder), warnings.catch_warnings(), Repo(".") as repo:
        warnings.simplefilter("ignore")
        return [str(stage.name) for stage in repo.reproduce(**options)]


def made(stage: dict[str, Any]) -> list[str]:
    """List the files and folders that a stage of dvc.yaml writes."""
    outs = [*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())]
    return [out if isinstance(out, str) else next(iter(out)) for out in outs]


def wire(folder: Path) -> Path:
    """Make the stages of a copy write their outs at once, with nothing in them: what is left is the wiring."""
    yaml = YAML()
    path = folder / "dvc.yaml"
    pipeline = yaml.load(path.read_text(encoding="utf-8"))
    for stage in pipeline["stages"].values():
        stage["cmd"] = "; ".join(f"mkdir -p $(dirname {out}) && cat params.yaml > {out}" for out in made(stage))
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(pipeline, file)
    reproduce(folder)
    return folder
