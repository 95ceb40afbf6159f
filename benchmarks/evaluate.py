"""Music beside real music: Yang & Lerch's features, by feature, and how the time grows with the number of excerpts.

What the stage `evaluate` asks of one set beside the reference, as params.yaml says (beats of an excerpt, replicates of
the bootstrap), of excerpts of the movements that benchmarks/music.py names; where they are fewer than asked, they come
again. All pairs of excerpts have a distance, so that twice the excerpts take at most four times as long: an exponent of
2. CPU seconds. The authors' own toolbox, mgeval, is on no package registry and was not measured.
"""

import math
import statistics
import time
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks import music
from quartetvae.evaluation import excerpts
from quartetvae.metrics import comparison, features
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid

COUNTS = (64, 128, 256, 512)
"""Excerpts of each of the two sets."""

TURNS = 3

TEMPO_QPM = 120.0


def measure(*, counts: tuple[int, ...] = COUNTS) -> dict[str, Any]:
    """Time the comparison of each number of excerpts."""
    (section,) = music.sections("evaluate")
    grid = music.grid()
    every = excerpts.of_pieces(music.pieces(grid), grid, beats=section.excerpt_beats)
    return of(every, grid, counts=counts, replicates=section.replicates, turns=TURNS)


def of(every: Tokens, grid: Grid, *, counts: tuple[int, ...], replicates: int, turns: int) -> dict[str, Any]:
    """Time the comparison of excerpts (any number, steps, columns): of each count as many of both sets."""
    _seconds(every[:4], every[-4:], grid, 1)  # what is made once
    chosen = np.random.default_rng(0).permutation(len(every))
    found: dict[str, dict[str, float]] = {}
    for count in tqdm(counts, unit="size"):
        both = np.resize(chosen, 2 * count)
        one, other = every[both[:count]], every[both[count:]]
        rounds = [_seconds(one, other, grid, replicates) for _ in range(turns)]
        found[str(count)] = {name: statistics.median(times[name] for times in rounds) for name in rounds[0]}
    total = {count: sum(parts.values()) for count, parts in found.items()}
    (fewer, before), (more, after) = list(total.items())[-2:]
    return {
        "different_excerpts": len(every),
        "replicates": replicates,
        "seconds_by_excerpts": total,
        "seconds_by_feature": {name: {count: found[count][name] for count in found} for name in found[fewer]},
        "exponent": math.log(after / before) / math.log(int(more) / int(fewer)),
    }


def _seconds(one: Tokens, other: Tokens, grid: Grid, replicates: int) -> dict[str, float]:
    """Time what is read of the excerpts, and each feature's comparison."""
    marks = [time.process_time()]
    tables = [
        features.features(
            features.of_phrases(tokens, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=TEMPO_QPM)
        )
        for tokens in (one, other)
    ]
    marks.append(time.process_time())
    reference, compared = tables
    comparison.compare(
        reference,
        {"other": compared},
        seed=0,
        replicates=replicates,
        progress=lambda: marks.append(time.process_time()),
    )
    return dict(zip(("reading", *comparison.FEATURES), np.diff(marks).tolist(), strict=True))
