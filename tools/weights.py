"""Put the model of the last run of the default profile into the package: `python -m tools.weights`.

Copies models/quartetvae and outputs/latent to quartetvae/weights and writes card.json from
experiments/runs/default.json, so that `quartetvae.load_pretrained()` gives the model that dvc.lock describes, and the
directions and the corpus beside it are that model's (tests/model/test_pretrained.py).
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from quartetvae import files
from quartetvae.pipeline import params

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 10_000_000
"""Bytes that the package may grow by."""

DATA = {
    "name": "MusicNet (Thickstun, Harchaoui & Kakade 2017), Zenodo record 5120004",
    "licence": "CC BY 4.0",
}


def dvc_md5(contents: dict[str, bytes]) -> str:
    """Compute the hash of a folder with these files, as DVC writes it into dvc.lock."""
    listing = [
        {"md5": hashlib.md5(content, usedforsecurity=False).hexdigest(), "relpath": name}
        for name, content in sorted(contents.items())
    ]
    return hashlib.md5(json.dumps(listing, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


FOLDERS = {"models/quartetvae": "train", "outputs/latent": "describe"}
"""What is copied, and the stage that makes it."""


def locked_md5(folder: str) -> str:
    """Look up the hash of one of `FOLDERS` in dvc.lock."""
    outs: list[dict[str, Any]] = params.read_yaml(ROOT / "dvc.lock")["stages"][FOLDERS[folder]]["outs"]
    return next(str(out["md5"]) for out in outs if out["path"] == folder)


def card(run: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Write down what card.json says about the weights."""
    return {
        "about": "quartetvae, default profile",
        "data": DATA,
        "licence": "MIT",
        **{key: run[key] for key in ("commit", "date", "command", "minutes", "hardware")},
        "model_md5": locked_md5("models/quartetvae"),
        "latent_md5": locked_md5("outputs/latent"),
        **metrics,
    }


def _read(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def main() -> None:
    """Copy and describe, or say why not."""
    contents: dict[str, bytes] = {}
    for name in FOLDERS:
        found = {path.name: path.read_bytes() for path in (ROOT / name).glob("*")}
        if dvc_md5(found) != locked_md5(name):
            sys.exit(f"{name} is not what dvc.lock describes; run `dvc checkout`.")
        contents |= found
    run = _read("experiments/runs/default.json")
    metrics = {name: _read(f"metrics/{name}.json") for name in ("train", "reconstruct", "attributes")}
    if run["train"] != metrics["train"]:
        sys.exit("experiments/runs/default.json is of another training than metrics/; run the experiment `default`.")
    size = sum(map(len, contents.values()))
    if size > LARGEST:
        sys.exit(f"The model and its corpus have {size:,} bytes; {LARGEST:,} is the limit. Make the network smaller.")
    with files.replacing_folder(ROOT / "quartetvae" / "weights") as folder:
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        files.write_json(folder / "card.json", card(run, metrics))
    print(f"quartetvae/weights: {size:,} bytes")


if __name__ == "__main__":
    main()
