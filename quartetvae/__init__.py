"""The latent space of string quartets."""

import importlib
from typing import Any


def load_pretrained() -> Any:
    """The model whose weights come with the package: a `model.vae.QuartetVAE`, ready to encode and decode.

    Its network library is imported here and not with the package, which takes seconds.
    """
    return importlib.import_module("quartetvae.pretrained").load()
