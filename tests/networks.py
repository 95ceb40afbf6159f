"""Keras networks, each built once for all tests of a process: to build one takes a second or more."""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.config import Precision
from quartetvae.model.architecture import Architecture
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.model.pretrained import load
from tests.building import architecture

RISING = ("note_density", "register", "syncopation", "rhythmic_unison")
"""The attributes for which the package's network has a direction; of chromaticism it has none."""


@functools.cache
def _built(of: Architecture, precision: Precision) -> tuple[QuartetVAE, list[NDArray[Any]]]:
    """A network, and the first values of its variables."""
    model = QuartetVAE(of, precision=precision)
    return model, [np.array(variable) for variable in model.variables]


def network(*, scale: float = 1.0, precision: Precision = "float32", **changes: Any) -> QuartetVAE:
    """The network of `building.architecture(**changes)` as it was built, its first weights times `scale`.

    The same object for the same changes: what an earlier test did to its variables is undone.
    """
    model, first = _built(architecture(**changes), precision)
    for variable, value in zip(model.variables, first, strict=True):
        variable.assign(value)
    if scale != 1.0:
        model.set_weights([scale * weights for weights in model.get_weights()])
    return model


@functools.cache
def pretrained_network() -> QuartetVAE:
    """The package's weights in Keras, which takes half a minute; not to be changed."""
    return load()
