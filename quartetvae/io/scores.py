"""Scores (MusicXML and kern) to notes, as they are heard.

Conventions
-----------
A score becomes the same `Music` that a MIDI file does: a track per part, in the order of the page, at sounding pitch,
with its movements and what it says of itself. Tied notes are one note; all notes of a chord stay; of a unison of two
voices one note stays, the longer one. What is not played (grace and cue notes, unpitched percussion) is left out, and
counted in `Music.left_out`.

Reading is in two steps: a file to the bars of its parts (`quartetvae.io.musicxml`, `quartetvae.io.kern`), and these to
what is heard, which is the same for both (`quartetvae.music.bars`, `quartetvae.music.repeats`).
"""

from dataclasses import replace
from pathlib import Path

from quartetvae.errors import ScoreError, no_file
from quartetvae.io import kern, musicxml
from quartetvae.music import bars
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.tracks import Music

SUFFIXES = {".xml": "musicxml", ".musicxml": "musicxml", ".mxl": "musicxml", ".krn": "kern"}
"""File suffixes of scores, in lower case, and the format that each stands for."""


def read(path: Path, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Music:
    """Read a score; its format is told by its suffix, one of `SUFFIXES`.

    Where the file says no program, the name of an instrument of the ensemble does.

    Raises
    ------
    ScoreError
        If the file is missing, damaged, or has no notes; if a repeat in it would not end.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise ScoreError(f"{path.name}: not a score by its suffix; one of {', '.join(SUFFIXES)} is needed.")
    if reason := no_file(path):
        raise ScoreError(reason)
    score = (kern if kind == "kern" else musicxml).read(path, ensemble=ensemble)
    try:
        music = bars.perform(score.parts, expansion=score.expansion)
    except ScoreError as error:
        raise ScoreError(f"{path.name}, {error}") from error
    if music.end == 0:
        raise ScoreError(f"{path.name}: no notes found; export it again or leave it out.")
    return replace(music, credits=score.credits, left_out={**score.left_out, **music.left_out})
