"""Studies made small: sounds, keys and listeners' answers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quartetvae.study import sound
from quartetvae.study.answers import QUESTIONS, Key, Origin
from quartetvae.study.excerpts import Excerpt
from quartetvae.study.sound import Sound

PAGE = "a" * 64


def sine(hertz: float, *parts: tuple[float, float]) -> Sound:
    """A sine in both channels, in parts of so many seconds and so many dB below full scale."""
    peaks = np.concatenate([np.full(round(seconds * sound.RATE), 10 ** (decibels / 20)) for seconds, decibels in parts])
    wave = peaks * np.sin(2 * np.pi * hertz * np.arange(len(peaks)) / sound.RATE)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def excerpt(source: str, number: int) -> Excerpt:
    """Six seconds of a tone."""
    return Excerpt(source, f"{source}-{number}.mid", 4 * number, sine(220 + 40 * number + len(source), (6, -12)))


def key(**sources: int) -> Key:
    """The key of a page with so many excerpts of each source; their ids are the source and a number."""
    return Key(
        page=PAGE,
        excerpts={
            f"{source}{k}": Origin(source=source, file=f"{k}.mid", from_beat=0)
            for source, count in sources.items()
            for k in range(count)
        },
    )


def answers(listener: str, scores: Mapping[str, Sequence[int] | int]) -> dict[str, Any]:
    """What the page saves: for each excerpt one score for all questions, or one for each."""
    ratings = {}
    for id, given in scores.items():
        each = [given] * len(QUESTIONS) if isinstance(given, int) else given
        ratings[id] = {
            **{"played": "2026-11-27T05:00:00.000Z", "rated": "2026-11-27T05:01:00.000Z", "heard_seconds": 30.0},
            **dict(zip(QUESTIONS, each, strict=True)),
        }
    return {
        **{"page": PAGE, "listener": listener, "experience": 2, "seed": 1, "order": list(scores)},
        **{"started": "2026-11-27T05:00:00.000Z", "finished": "2026-11-27T05:09:00.000Z", "ratings": ratings},
    }


def write(path: Path, content: Any) -> Path:
    """Write JSON."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
