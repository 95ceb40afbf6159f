"""The model that comes with the package: the default profile's, trained on MusicNet."""

import json
from pathlib import Path
from typing import Any

from quartetvae.errors import ModelError
from quartetvae.model import saving
from quartetvae.model.vae import QuartetVAE

FOLDER = Path(__file__).parent / "weights"
"""`architecture.json`, `model.weights.h5`, and `card.json`: data, licences, commit and figures."""


def load() -> QuartetVAE:
    """The model, ready to encode and decode; raises `ModelError` if its files are missing or damaged."""
    try:
        return saving.load(FOLDER)
    except ModelError as error:
        raise ModelError(f"{FOLDER}: the weights of the package cannot be loaded; install quartetvae anew.") from error


def card() -> dict[str, Any]:
    """What the weights were made from and what they reach: data, licences, commit, hardware, figures."""
    content: dict[str, Any] = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    return content
