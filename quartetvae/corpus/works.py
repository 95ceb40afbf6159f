"""Works: which files hold the same music."""

import hashlib

import numpy as np

from quartetvae.music.notes import Notes


def fingerprint(quartet: list[Notes], ticks_per_beat: int) -> str:
    """Hash who plays what when, whatever the file's resolution, velocities and track layout."""
    times = [np.concatenate([notes["onset"], notes["duration"]]) for notes in quartet]
    unit = int(np.gcd.reduce(np.concatenate([*times, [ticks_per_beat]])))
    digest = hashlib.sha256(str(ticks_per_beat // unit).encode())
    for notes in quartet:
        for column in (notes["onset"] // unit, notes["duration"] // unit, notes["pitch"]):
            digest.update(np.ascontiguousarray(column).tobytes())
        digest.update(b"|")
    return digest.hexdigest()
