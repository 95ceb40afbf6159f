"""Pieces to the phrases of training: cut, transposed and windowed as params.yaml says.

The stage `augment` without its files, of the movements of music21's corpus that benchmarks/music.py names. Beside it
stands a plain copy of the bytes that come out, which nothing can undercut. CPU seconds of one core.
"""

from typing import Any

from benchmarks import music, turns
from quartetvae import config
from quartetvae.corpus import phrases
from quartetvae.corpus.records import PhraseSet, Pieces

TURNS = 7


def measure() -> dict[str, Any]:
    """Time the phrases of all movements."""
    form, augment = music.sections("phrases", "augment")
    grid = music.grid()
    pieces = tuple(music.pieces(grid))
    return of(Pieces(pieces, ("train",) * len(pieces), grid, 0.0), form, augment, turns_of_all=TURNS)


def of(corpus: Pieces, form: config.Phrases, augment: config.Augment, *, turns_of_all: int) -> dict[str, Any]:
    """Time the training phrases of a corpus."""
    made = _made(corpus, form, augment)
    count, size = sum(map(len, made)), sum(batch.tokens.nbytes for batch in made)
    seconds = turns.medians(
        {
            "ours": lambda: _made(corpus, form, augment),
            "copy": lambda: [batch.tokens.copy() for batch in made],
        },
        turns_of_all,
        warm=True,
    )
    return {
        "pieces": len(corpus.pieces),
        "phrases": count,
        "phrases_per_second": count / seconds["ours"],
        "megabytes_per_second": size / 1e6 / seconds["ours"],
        "ratio_copy": seconds["copy"] / seconds["ours"],
    }


def _made(corpus: Pieces, form: config.Phrases, augment: config.Augment) -> list[PhraseSet]:
    return list(phrases.plan(corpus, form, augment)["train"].batches())
