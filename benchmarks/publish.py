"""Put the model of the last run of the default profile into the package: `python -m benchmarks.publish`.

Copies models/quartetvae to quartetvae/weights and writes card.json from benchmarks/runs/default.json, so that
`quartetvae.load_pretrained()` gives the model that dvc.lock describes (tests/test_pretrained.py).
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from quartetvae import files, params

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 10_000_000
"""Bytes that the package may grow by."""

DATA = {
    "name": "MusicNet (Thickstun, Harchaoui & Kakade 2017), Zenodo record 5120004",
    "licence": "CC BY 4.0",
}


def dvc_md5(contents: dict[str, bytes]) -> str:
    """The hash of a folder with these files, as DVC writes it into dvc.lock."""
    listing = [
        {"md5": hashlib.md5(content, usedforsecurity=False).hexdigest(), "relpath": name}
        for name, content in sorted(contents.items())
    ]
    return hashlib.md5(json.dumps(listing, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def locked_md5() -> str:
    """The hash of the model in dvc.lock."""
    outs: list[dict[str, Any]] = params.read_yaml(ROOT / "dvc.lock")["stages"]["train"]["outs"]
    return next(str(out["md5"]) for out in outs if out["path"] == "models/quartetvae")


def card(run: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """What card.json says about the weights."""
    return {
        "about": "quartetvae, default profile",
        "data": DATA,
        "licence": "MIT",
        **{key: run[key] for key in ("commit", "date", "command", "minutes", "hardware")},
        "model_md5": locked_md5(),
        **metrics,
    }


def _read(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def main() -> None:
    """Copy and describe, or say why not."""
    source, target = ROOT / "models" / "quartetvae", ROOT / "quartetvae" / "weights"
    model = {path.name: path.read_bytes() for path in source.glob("*")}
    if dvc_md5(model) != locked_md5():
        sys.exit("models/quartetvae is not what dvc.lock describes; run `dvc checkout`.")
    run = _read("benchmarks/runs/default.json")
    metrics = {name: _read(f"metrics/{name}.json") for name in ("train", "reconstruct")}
    if run["train"] != metrics["train"]:
        sys.exit("benchmarks/runs/default.json is of another training than metrics/; run the experiment `default`.")
    size = sum(map(len, model.values()))
    if size > LARGEST:
        sys.exit(f"models/quartetvae has {size:,} bytes; {LARGEST:,} is the limit. Make the network smaller.")
    with files.replacing_folder(target) as folder:
        for name, content in model.items():
            (folder / name).write_bytes(content)
        files.write_json(folder / "card.json", card(run, metrics))
    print(f"quartetvae/weights: {size:,} bytes, {locked_md5()}")


if __name__ == "__main__":
    main()
