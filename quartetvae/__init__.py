"""The latent space of string quartets: read music, encode it, walk between two pieces, write what lies there.

All of `quartetvae.api` is here as well.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quartetvae.api import (
        bridge,
        continue_,
        decode,
        encode,
        harmonise,
        in_key_of,
        infill,
        interpolate,
        interpolate_grid,
        load,
        load_composer,
        load_pretrained,
        morph,
        nearest,
        origin,
        read,
        read_codes,
        read_melody,
        reconstruct,
        sample,
        vary,
        write,
        write_codes,
    )
    from quartetvae.music.quartet import Quartet

__version__ = "0.2.0.dev0"

__all__ = [
    "Quartet",
    "bridge",
    "continue_",
    "decode",
    "encode",
    "harmonise",
    "in_key_of",
    "infill",
    "interpolate",
    "interpolate_grid",
    "load",
    "load_composer",
    "load_pretrained",
    "morph",
    "nearest",
    "origin",
    "read",
    "read_codes",
    "read_melody",
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
    return getattr(importlib.import_module("quartetvae.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
