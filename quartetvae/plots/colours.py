"""Colours and dashes of sets of phrases, the same in every picture.

After Okabe and Ito (Color Universal Design, 2008), which the colour-blind can tell apart. Lines differ in their dashes
too. Parts have the colours of their ensemble.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quartetvae.errors import QuartetError
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE

ACCENT, SECOND = DEFAULT_ENSEMBLE.colours[3], DEFAULT_ENSEMBLE.colours[0]
"""Of what a picture is about, and of what stands beside it."""

SET_COLOURS = ("#8C8C8C", "#CC79A7", "#56B4E9", "#000000", "#B8A900", "#5D3A9B")
"""The first set, real music as a rule, is grey: what the others are held against."""


SET_DASHES: tuple[Any, ...] = ("-", "-", (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (2, 2)))


def check_sets(path: Path, sets: Mapping[str, Any]) -> None:
    """Raise `QuartetError` if there are no sets, or more than can be told apart."""
    if not 1 <= len(sets) <= len(SET_COLOURS):
        raise QuartetError(f"{path.name}: {len(sets)} sets found; 1 to {len(SET_COLOURS)} can be told apart.")
