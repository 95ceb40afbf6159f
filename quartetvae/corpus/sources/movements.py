"""What the movements of a converted score are called."""

import sys

from tqdm import tqdm

from quartetvae.corpus.sources.archives import Converted, ConvertedMovement


def movement_name(movement: ConvertedMovement, *, is_one: bool, known: str = "") -> str:
    """Say which movement one is, for metadata.csv.

    Parameters
    ----------
    is_one
        Whether the score holds no other.
    known
        Which movement the score is, if somebody knows that: better than what the score says.
    """
    if is_one:
        return known or movement.title
    return f"{known}.{movement.number}" if known else movement.title or str(movement.number)


def warn_of_silence(name: str, converted: Converted) -> None:
    """Say on stderr which movements of a score have no notes, and so no file."""
    if converted.silent:
        which = ", ".join(map(str, converted.silent))
        count = len(converted.silent) + len(converted.movements)
        tqdm.write(f"warning: {name}: no notes in movement {which} of {count}; it is left out", file=sys.stderr)
