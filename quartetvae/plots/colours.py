"""Colours of sets of phrases, the same in every picture, and what each set is.

After Okabe and Ito (Color Universal Design, 2008), which the colour-blind can tell apart. Parts have the colours of
their ensemble.
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

ABOUT = {
    "real": "test works",
    "reconstructions": "test works, through the model",
    "interpolations": "between two pieces",
    "prior": "codes drawn at random",
    "aggregate": "codes drawn where training\nphrases lie",
    "crossfade": "two pieces mixed cell by\ncell, without the model",
}
"""What the sets of `metrics/evaluate.json` are, in lines that fit beside a picture."""


def described(name: str) -> str:
    r"""Give a set's name and, in the lines below, what it is.

    >>> described("prior")
    'prior\ncodes drawn at random'
    """
    return "\n".join([name.replace("_", " "), *([ABOUT[name]] if name in ABOUT else [])])


def check_sets(path: Path, sets: Mapping[str, Any]) -> None:
    """Raise `QuartetError` if there are no sets, or more than can be told apart."""
    if not 1 <= len(sets) <= len(SET_COLOURS):
        raise QuartetError(f"{path.name}: {len(sets)} sets found; 1 to {len(SET_COLOURS)} can be told apart.")
