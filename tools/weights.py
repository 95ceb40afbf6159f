"""Put the model of the last run of the default profile into the package: `python -m tools.weights`.

Copies models/quartetvae and outputs/latent to quartetvae/weights, writes card.json from experiments/runs/default.json
and metrics/, and README.md, the card for people and for hubs of models. So `quartetvae.load_pretrained()` gives the
model that dvc.lock describes, and the directions and the corpus beside it are that model's
(tests/model/test_pretrained.py).
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from quartetvae import files
from quartetvae.model import pretrained
from quartetvae.pipeline import params
from tools import model_card

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 20_000_000
"""Bytes that the package may grow by."""

RUN = "experiments/runs/default.json"
PROFILE = "default"


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


def card(run: dict[str, Any], metrics: dict[str, Any], md5: dict[str, str]) -> dict[str, Any]:
    """Write down what card.json says about the weights.

    Parameters
    ----------
    run
        The record of the experiment that trained them.
    metrics
        `train`, `reconstruct` and `attributes`: the files of metrics/.
    md5
        `model` and `latent`: what dvc.lock says of the two folders.
    """
    return {
        "about": "quartetvae, default profile",
        "profile": PROFILE,
        "data": [model_card.DATA[source] for source in run["params"]["download"]["sources"]],
        "licence": "MIT",
        **{key: run[key] for key in ("commit", "date", "command", "minutes", "hardware")},
        "model_md5": md5["model"],
        "latent_md5": md5["latent"],
        "train": metrics["train"],
        "reconstruct": {name: _of_split(split) for name, split in metrics["reconstruct"].items()},
        "attributes": metrics["attributes"],
    }


SCORES = ("works", "phrases", "token_accuracy", "onset_f1", "exact_phrase", "kl_nats", "elbo_nats")
FILE_SCORES = ("notes", "onset", "offset", "notes_from_92", "recall_from_92", "by_source", "worst_work")
"""What of metrics/reconstruct.json goes along: nothing by work or composer."""


def _of_split(split: dict[str, Any]) -> dict[str, Any]:
    file = split["file"]["model"]
    return {**{key: split[key] for key in SCORES}, "file": {key: file[key] for key in FILE_SCORES}}


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
    if not (ROOT / RUN).is_file():
        sys.exit(f"{RUN}: there is no record of the training; `python -m experiments record {PROFILE} LOG` makes it.")
    run = _read(RUN)
    metrics = {name: _read(f"metrics/{name}.json") for name in ("train", "reconstruct", "attributes")}
    if run["train"] != metrics["train"]:
        sys.exit(f"{RUN} is of another training than metrics/; run or record the experiment `{PROFILE}`.")
    size = sum(map(len, contents.values()))
    if size > LARGEST:
        sys.exit(f"The model and its corpus have {size:,} bytes; {LARGEST:,} is the limit. Make the network smaller.")
    md5 = {"model": locked_md5("models/quartetvae"), "latent": locked_md5("outputs/latent")}
    told = card(run, metrics, md5)
    with files.replacing_folder(ROOT / "quartetvae" / "weights") as folder:
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        files.write_json(folder / "card.json", told)
        text = model_card.markdown(told, json.loads(contents["architecture.json"]))
        (folder / "README.md").write_text(text, encoding="utf-8")
        if pretrained.COMPOSER.is_dir():
            # It has a program of its own, tools/composer_weights.py.
            shutil.copytree(pretrained.COMPOSER, folder / pretrained.COMPOSER.name)
    print(f"quartetvae/weights: {size:,} bytes")


if __name__ == "__main__":
    main()
