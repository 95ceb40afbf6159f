"""The arrays of a weights file, by their place in it, as Keras names places."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.model import architecture

Floats = NDArray[np.float32]


class Weights:
    """The arrays of a weights file, by their place in it."""

    def __init__(self, arrays: dict[str, Floats], above: str = "") -> None:
        self.arrays, self.above = arrays, above

    def below(self, place: str) -> "Weights":
        """Go to the arrays of a layer."""
        return Weights(self.arrays, f"{self.above}{place}/")

    def layer(self, place: str) -> list[Floats]:
        """List the arrays of a layer in their order."""
        found: list[Floats] = []
        while (name := f"{self.above}{place}/vars/{len(found)}") in self.arrays:
            found.append(self.arrays[name])
        if not found:
            raise KeyError(f"{self.above}{place}")
        return found

    def layers(self, kind: str, count: int) -> list[list[Floats]]:
        """List those of several layers of one kind, which Keras numbers."""
        return [self.layer(kind if k == 0 else f"{kind}_{k}") for k in range(count)]


def read(content: bytes) -> Weights:
    """Read the bytes of a weights file, of floats of any size; raises `OSError` if it is damaged."""
    import h5py

    arrays: dict[str, Floats] = {}

    def keep(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            architecture.check_sizes({name: found.nbytes}, len(content))
            arrays[name] = np.asarray(found, dtype=np.float32)

    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(keep)
    return Weights(arrays)
