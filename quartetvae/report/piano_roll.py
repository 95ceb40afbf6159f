"""Piano rolls on the page, as SVG."""

import numpy as np

from quartetvae.music import codec
from quartetvae.music.quartet import Quartet

BEAT, SEMITONE = 24, 5
"""Of a piano roll's drawing, in its own unit."""


def svg(music: Quartet, low: int, high: int) -> str:
    """Draw a piano roll as SVG, the pitch tokens `low` to `high`; colours are those of the parts everywhere."""
    alphabet, beat = music.grid.alphabet, music.grid.steps_per_beat
    steps = len(music.tokens)
    step = BEAT / beat
    width, height = f"{steps * step:g}", (high - low + 3) * SEMITONE
    bars = (np.flatnonzero(np.diff(music.bars)) + 1).tolist()
    beats = sorted({*range(0, steps, beat)} - {*bars})
    lines = []
    for at, shade in ((beats, 0.25), (bars, 0.7)):
        shape = "".join(f"M{line * step:g} 0V{height}" for line in at)
        lines.append(f'<path d="{shape}" stroke="#888" stroke-opacity="{shade}"/>')
    # Part-transparent, so that a unison shows as a mixture.
    notes = []
    for part, colour in zip(codec.decode(music.tokens, alphabet), music.ensemble.colours, strict=True):
        notes.append(f'<g fill="{colour}" fill-opacity=".85">')
        for onset, length, pitch, _ in part.tolist():
            y = (high + 1 - (pitch - alphabet.pitch_min)) * SEMITONE
            size = f'width="{max(1, length * step - 1):g}" height="{SEMITONE}"'
            notes.append(f'<rect x="{onset * step:g}" y="{y}" {size}/>')
        notes.append("</g>")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'preserveAspectRatio="none">{"".join(lines)}{"".join(notes)}</svg>\n'
    )
