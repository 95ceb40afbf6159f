"""Scores to MIDI files, several at a time."""

import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from quartetvae.errors import ScoreError, SourceError
from quartetvae.io import midi, scores
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE

TEMPO_QPM = 120.0
"""Of the MIDI files written from scores."""


def workers(setting: str) -> int:
    """Choose how many processes convert scores: the number that the environment sets, as many as cores if it is "".

    Raises `SourceError` for anything but a whole number of 1 or more.
    """
    if not setting:
        return os.cpu_count() or 1
    if not setting.isdecimal() or int(setting) < 1:
        raise SourceError(f"QUARTETVAE_WORKERS is '{setting}'; a number of processes, 1 or more, is needed.")
    return int(setting)


@dataclass(frozen=True)
class Conversion:
    """A score to convert; the tracks of a known quartet get the names and programs of its parts."""

    source: Path
    target: Path
    is_quartet: bool


def convert_all(jobs: Sequence[Conversion], workers: int) -> list[str | None]:
    """Convert scores in several processes; for each, in order, why it could not be read, or None."""
    if not jobs:
        return []
    # Started afresh: a fork of a process with threads (TensorFlow's, say) may hang.
    context = multiprocessing.get_context("spawn")
    processes = max(1, min(workers, len(jobs)))
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent) as executor:
        return list(tqdm(executor.map(_convert, jobs), desc="scores to MIDI", total=len(jobs), unit="score"))


def _end_with_parent() -> None:
    """Let this process end when the one that started it does: killed, it cannot say so any more."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _convert(job: Conversion) -> str | None:
    try:
        music = scores.read(job.source)
    except ScoreError as error:
        return str(error)
    if job.is_quartet:
        named = zip(music.tracks, DEFAULT_ENSEMBLE.parts, strict=True)
        tracks = tuple(replace(track, name=part.name, program=part.program) for track, part in named)
        music = replace(music, tracks=tracks)
    midi.write(job.target, music, tempo_qpm=TEMPO_QPM)
    return None
