"""Put the composer of the last run of the default profile into the package: `python -m tools.composer_weights`.

Copies models/composer to quartetvae/weights/composer, its numbers at half their size, and writes card.json from
metrics/compose.json. So `quartetvae.load_composer()` gives the composer that dvc.lock describes, but for rounding.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from quartetvae import files
from quartetvae.model import composer, pretrained
from quartetvae.pipeline import params

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "composer"


def card() -> dict[str, Any]:
    """Write down what card.json says about the weights."""
    locked = params.read_yaml(ROOT / "dvc.lock")["stages"]["compose"]
    made = next(out for out in locked["outs"] if out["path"] == "models/composer")
    return {
        "about": "quartetvae, the network that fills in what is unknown of four parts",
        "licence": "MIT",
        "model_md5": made["md5"],
        "network": locked["params"]["params.yaml"]["composer"],
        "training": locked["params"]["params.yaml"]["compose"],
        "compose": json.loads((ROOT / "metrics" / "compose.json").read_text(encoding="utf-8")),
    }


def main() -> None:
    """Copy and describe, or say why not."""
    if not MODEL.is_dir():
        sys.exit("models/composer: not there; run `dvc repro compose`, or `dvc checkout`.")
    architecture, weights = composer.load(MODEL)
    halved = {name: array.astype(np.float16) for name, array in weights.items()}
    with files.replacing_folder(pretrained.COMPOSER) as folder:
        composer.save(folder, architecture, halved)
        files.write_json(folder / "card.json", card())
    size = sum(path.stat().st_size for path in pretrained.COMPOSER.iterdir())
    print(f"{pretrained.COMPOSER.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
