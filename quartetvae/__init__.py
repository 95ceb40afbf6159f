"""The latent space of string quartets.

What `quartetvae.api` has is here as well, and `Quartet` and `write` from `quartetvae.quartet`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quartetvae.api import (
        decode,
        encode,
        interpolate,
        interpolate_grid,
        load,
        morph,
        nearest,
        read,
        read_codes,
        reconstruct,
        sample,
        vary,
        write_codes,
    )
    from quartetvae.quartet import Quartet, write

__all__ = [
    "Quartet",
    "decode",
    "encode",
    "interpolate",
    "interpolate_grid",
    "load",
    "load_pretrained",
    "morph",
    "nearest",
    "read",
    "read_codes",
    "reconstruct",
    "sample",
    "vary",
    "write",
    "write_codes",
]


def __getattr__(name: str) -> Any:
    # Looked up when asked for: a stage that imports one module must not import them all.
    if name == "api":
        return importlib.import_module("quartetvae.api")
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    home = "quartetvae.quartet" if name in ("Quartet", "write") else "quartetvae.api"
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_pretrained() -> Any:
    """The model whose weights come with the package: a `model.vae.QuartetVAE`, ready to encode and decode.

    Its network library is imported here and not with the package, which takes seconds.
    """
    return importlib.import_module("quartetvae.pretrained").load()
