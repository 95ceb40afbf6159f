"""The model that comes with the package: the default profile's, of MusicNet and OpenScore."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartetvae.errors import ModelError, missing

if TYPE_CHECKING:
    from quartetvae.model.keras.vae import QuartetVAE

FOLDER = Path(__file__).parent.parent / "weights"
"""`architecture.json`, `model.weights.h5`, `directions.json`, `corpus.npz`; `card.json` for programs and
README.md for people: data, licences, commit and figures."""

COMPOSER = FOLDER / "composer"
"""The composer's."""


def load() -> "QuartetVAE":
    """Load the Keras model, ready to encode and decode; raises `ModelError` if its files are missing or damaged.

    Keras is imported here, which takes seconds; raises `MissingError` if it is not installed.
    """
    try:
        from quartetvae.model.keras import saving
    except ImportError as error:
        raise missing(error) from error
    try:
        return saving.load(FOLDER)
    except ModelError as error:
        raise ModelError(f"{FOLDER}: the weights of the package cannot be loaded; install quartetvae anew.") from error


def card() -> dict[str, Any]:
    """Say what the weights were made from and what they reach: data, licences, commit, hardware, figures."""
    content: dict[str, Any] = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    return content
