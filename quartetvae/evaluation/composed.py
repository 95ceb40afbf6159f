"""What a composer writes where test pieces have something to compare it with.

Conventions
-----------
All music is of test pieces, and drawn by the seed. Windows are as long as the composer's (16 beats by default) and tile
their pieces; those count that lie within the piece and have a whole window before them.

Tasks: part of a window is unknown, and composed at temperature 1, cell by cell (notes that reach over an edge are not
given). `infill`: its third quarter, of all parts (beats 8 to 11 of 16). `viola`: that part, throughout. `harmonise`:
all parts but the first violin. The figure is the F1 of the onsets in the unknown cells, as
`quartetvae.metrics.reconstruction` counts them: music has more than one good way to go on, so that far less than 1 is
to be had. Beside it what needs no model: `copy`, the quarter before; `repeat`, the same cells of the window before;
`nearest`, those of the training window that differs in the fewest of the known cells, out of `NEAREST` that are drawn
in the keys that training has.

Intervals are of a bootstrap over pieces (`quartetvae.metrics.bootstrap`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.composing import originality, requests
from quartetvae.composing.originality import Index
from quartetvae.composing.requests import Drawing
from quartetvae.config import Augment, Phrases
from quartetvae.corpus import phrases, records, windows
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import DatasetError
from quartetvae.metrics import bigram, bootstrap, reconstruction, self_similarity
from quartetvae.metrics.figures import (
    ComposedFigures,
    LanguageModelFigures,
    Level,
    OfComposer,
    SelfSimilarityFigures,
    Sources,
)
from quartetvae.model.composer import Composer, ComposerArchitecture, Mask, of_columns
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import PARTS, VOICES
from quartetvae.music.quartet import Grid

NEAREST = 20_000
"""Training windows among which the nearest is looked for, at most: 30 MB of them in the default profile."""

BATCH = 1_000
"""Of them that are cut at a time."""

PIECE_BEATS, BAR_BEATS = 64, 4
"""Of music composed from nothing, and of what is called a bar of it and of test pieces, whatever their metre."""

WINDOWS_PER_PIECE = 10
"""For so many windows one piece is composed from nothing."""

NAMES = ("language_model", "infill", "viola", "harmonise", "self_similarity", "originality")
"""What is measured, in this order."""


@dataclass(frozen=True)
class Drawn:
    """Windows of test pieces, those before them, (windows, steps, columns), and the piece of each."""

    tokens: Tokens
    before: Tokens
    pieces: NDArray[Any]


@dataclass(frozen=True)
class Sample:
    """How intervals are made."""

    replicates: int
    seed: int

    def level(self, statistic: bootstrap.Statistic, pieces: NDArray[Any], *, highest: float = 1.0) -> Level:
        """Take a figure of rows that belong to these pieces."""
        return bootstrap.over_groups(statistic, pieces, replicates=self.replicates, seed=self.seed, highest=highest)


def draw(pieces: Pieces, form: Phrases, *, count: int, rng: np.random.Generator) -> Drawn:
    """Draw windows of test pieces, all of them if there are no more.

    Raises
    ------
    DatasetError
        If no test piece is two windows long.
    """
    steps = form.beats_per_phrase * pieces.grid.steps_per_beat
    found, before = [], []
    for piece in pieces.in_split("test"):
        tiles, whole = phrases.tile(piece, form, pieces.grid), len(piece.tokens) // steps
        found.append(tiles.take(slice(1, max(1, whole))))
        before.append(tiles.take(slice(0, max(0, whole - 1))))
    if not sum(map(len, found)):
        raise DatasetError(
            f"evaluate.windows: no test piece of {2 * form.beats_per_phrase} beats found, two of the composer's "
            "windows; make composer.window_beats smaller or split.test larger."
        )
    every, earlier = records.join(found), records.join(before)
    rows = np.sort(rng.permutation(len(every))[:count])
    return Drawn(every.tokens[rows], earlier.tokens[rows], every.pieces[rows])


def tasks(architecture: ComposerArchitecture) -> dict[str, Mask]:
    """Say by task what is unknown of a window: (steps, parts)."""
    unknown = {name: np.zeros((architecture.steps, VOICES), np.bool_) for name in ("infill", "viola", "harmonise")}
    unknown["infill"][_hole(architecture)] = True
    unknown["viola"][:, PARTS.index("viola")] = True
    unknown["harmonise"][:, 1:] = True
    return unknown


def _hole(architecture: ComposerArchitecture) -> slice:
    """Find the third quarter of a window, in steps; of a window of two or three beats the second beat."""
    first, length = architecture.beats // 2, max(1, architecture.beats // 4)
    per_beat = architecture.grid.steps_per_beat
    return slice(first * per_beat, (first + length) * per_beat)


def copied(drawn: Drawn, hole: slice) -> Tokens:
    """Put into the hole of each window what stands right before it."""
    found = drawn.tokens.copy()
    found[:, hole] = drawn.tokens[:, 2 * hole.start - hole.stop : hole.start]
    return found


def nearest(asked: Tokens, training: Tokens, cells: NDArray[np.bool_]) -> Tokens:
    """Find for each window the training window that differs in the fewest cells outside `cells`, (steps, columns)."""
    known, theirs = (music[:, ~cells][..., None] for music in (asked, training))
    return np.asarray(training[reconstruction.nearest_phrases(known, theirs)])


def figures(
    composer: Composer | None,
    pieces: Pieces,
    test: PhraseSet,
    training: PhraseSet,
    augment: Augment,
    *,
    count: int,
    replicates: int,
    seed: int,
    progress: Callable[[], object] = lambda: None,
) -> OfComposer:
    """Measure what a composer writes: `composed` in metrics/evaluate.json; nothing without a composer.

    Parameters
    ----------
    composer
        On the grid of the pieces.
    pieces
        All of them: windows are cut from those for test, and what is remembered is looked for in those for training.
    test, training
        All phrases of test, and of training.
    augment
        In which keys training has its windows.
    count
        Windows, or as many as there are; as much music in phrases for the language model, and a tenth as many pieces
        from nothing.
    replicates, seed
        Of the bootstrap, 0 gives no intervals; of everything that is drawn.
    progress
        Called after each of the `NAMES`.

    Raises
    ------
    DatasetError
        If no test piece is two windows long, or there is nothing to cut training windows from.
    """
    if composer is None:
        return OfComposer()
    form, rng, sample = composer.architecture, np.random.default_rng(seed), Sample(replicates, seed)
    drawn = draw(pieces, form.form, count=count, rng=rng)
    phrase_count = math.ceil(count * form.beats / test.form.beats_per_phrase)
    some = test.take(np.sort(rng.permutation(len(test))[:phrase_count]))
    language = language_model(composer, some, training, sample)
    progress()

    found = windows.of(pieces, form.form, augment)["train"]
    batches = found.mixed(BATCH, seed=seed, epoch=0, count=min(NEAREST, len(found)))
    known = np.concatenate(list(batches), dtype=np.uint8)
    filled: dict[str, Tokens] = {}
    onset_f1: dict[str, dict[str, Level]] = {}
    for name, unknown in tasks(form).items():
        filled[name] = composer.fill(
            drawn.tokens, np.broadcast_to(unknown, (len(drawn.tokens), *unknown.shape)), seed=seed
        )
        onset_f1[name] = _onset_f1s(name, drawn, filled[name], known, form, sample)
        progress()

    excerpts = of_test(pieces, beats=PIECE_BEATS)
    free = requests.samples(composer, math.ceil(count / WINDOWS_PER_PIECE), PIECE_BEATS, Drawing(seed=seed))
    written = np.stack([music.tokens for music in free])
    alike = self_similarities(excerpts, written, form.grid, sample)
    progress()

    found_again = originalities(originality.build(pieces), drawn, filled, excerpts, written, form, sample)
    progress()
    return OfComposer(
        composed=ComposedFigures(
            windows=len(drawn.tokens),
            pieces=len(set(drawn.pieces.tolist())),
            language_model=language,
            onset_f1=onset_f1,
            self_similarity=alike,
            originality=found_again,
        )
    )


def language_model(composer: Composer, test: PhraseSet, training: PhraseSet, sample: Sample) -> LanguageModelFigures:
    """Compare what phrases cost a composer that knows nothing of them with what they cost a bigram model of training.

    Both are asked for the very same cells: the phrases as the stage `augment` cut them, so that of a note that is held
    where a phrase begins both have to tell the pitch and that it is held. Where no phrase of training holds a note,
    they are struck for both: the bigram model has seen nothing else; the composer has, and pays a little for it.
    """
    alphabet = test.grid.alphabet
    likelihood = bigram.fit(training.tokens, alphabet)
    holds = bool((training.tokens >= alphabet.held).any())
    tokens = test.tokens if holds else codec.struck(test.tokens, alphabet)
    nats = composer.nats(tokens, np.ones((*tokens.shape[:2], VOICES), np.bool_))
    plain = likelihood.nats(tokens)

    def share(rows: NDArray[np.int64]) -> float | None:
        return float(nats[rows].sum() / plain[rows].sum()) if len(rows) else None

    return LanguageModelFigures(
        phrases=len(tokens),
        composer_nats=float(nats.mean()),
        bigram_nats=float(plain.mean()),
        share=sample.level(share, test.pieces, highest=np.inf),
    )


def _onset_f1s(
    task: str, drawn: Drawn, filled: Tokens, known: Tokens, form: ComposerArchitecture, sample: Sample
) -> dict[str, Level]:
    """Compare what was filled in, and what needs no model, with the true windows; `known` are windows of training."""
    cells = of_columns(tasks(form)[task][None], form.columns)[0]
    trick = {"copy": copied(drawn, _hole(form))} if task == "infill" else {"repeat": drawn.before}
    ways = {"composed": filled, **trick, "nearest": nearest(drawn.tokens, known, cells)}
    true = drawn.tokens[:, cells]

    def level(guess: Tokens) -> Level:
        def f1(rows: NDArray[np.int64]) -> float | None:
            return reconstruction.onset_scores(true[rows], guess[rows], form.grid.alphabet).f1

        return sample.level(f1, drawn.pieces)

    return {way: level(guess[:, cells]) for way, guess in ways.items()}


def of_test(pieces: Pieces, *, beats: int) -> PhraseSet:
    """Cut all test pieces into excerpts of so many beats, whole ones; a note that is held at the start is struck."""
    form = Phrases(beats_per_phrase=beats, boundary="onset", align="beat")
    steps = beats * pieces.grid.steps_per_beat
    return records.join(
        [
            phrases.tile(piece, form, pieces.grid).take(slice(0, len(piece.tokens) // steps))
            for piece in pieces.in_split("test")
        ]
    )


def self_similarities(real: PhraseSet, written: Tokens, grid: Grid, sample: Sample) -> SelfSimilarityFigures:
    """Compare how alike bars are, by their distance: of excerpts of test pieces, and of pieces from nothing.

    A bar is four beats, from the beginning on: what is in another metre comes again at other distances.
    """
    own = np.arange(len(written))

    def levels(music: Tokens, pieces: NDArray[Any]) -> list[Level]:
        alike = self_similarity.by_distance(music, grid.alphabet, bar_steps=BAR_BEATS * grid.steps_per_beat)
        return [sample.level(bootstrap.mean(values), pieces) for values in alike.T]

    of_real, of_written = levels(real.tokens, real.pieces), levels(written, own)
    return SelfSimilarityFigures(
        excerpts=len(real),
        composed_pieces=len(written),
        real=of_real,
        composed=of_written,
        within=within(of_real, of_written),
    )


def within(real: list[Level], others: list[Level]) -> int | None:
    """Count the others that lie within real's interval; None where real has none.

    >>> real = [Level(value=0.3, low=0.2, high=0.4)] * 2
    >>> within(real, [Level(value=0.2, low=None, high=None), Level(value=0.5, low=None, high=None)])
    1
    """
    told = [
        one["low"] <= other["value"] <= one["high"]
        for one, other in zip(real, others, strict=True)
        if one["low"] is not None and one["high"] is not None and other["value"] is not None
    ]
    return sum(told) if told else None


def originalities(
    index: Index,
    drawn: Drawn,
    filled: Mapping[str, Tokens],
    excerpts: PhraseSet,
    written: Tokens,
    form: ComposerArchitecture,
    sample: Sample,
) -> dict[str, dict[str, Sources]]:
    """Tell what training had of what was filled in and of pieces from nothing, and of test music in their place."""
    found: dict[str, dict[str, Sources]] = {}
    for name in ("infill", "harmonise"):
        steps = np.logical_or.reduce(tasks(form)[name], axis=1)
        found[name] = {
            way: _sources(index, music, drawn.pieces, steps, form.grid, sample)
            for way, music in (("composed", filled[name]), ("real", drawn.tokens))
        }
    everything, own = np.ones(written.shape[1], np.bool_), np.arange(len(written))
    found["pieces"] = {
        "composed": _sources(index, written, own, everything, form.grid, sample),
        "real": _sources(index, excerpts.tokens, excerpts.pieces, everything, form.grid, sample),
    }
    return found


def _sources(
    index: Index, music: Tokens, pieces: NDArray[Any], composed: NDArray[np.bool_], grid: Grid, sample: Sample
) -> Sources:
    """Average what is new of music, and what is copied, over windows; `composed` says of which steps, (steps,)."""
    beats = max(1, music.shape[1] // grid.steps_per_beat)
    found = [originality.measure(index, one, grid, phrase_beats=beats, composed=composed) for one in music]
    new, old = (
        np.array([getattr(one, name) for one in found], np.float64).reshape(len(found))
        for name in ("originality", "copied")
    )
    return Sources(
        originality=sample.level(bootstrap.mean(new), pieces), copied=sample.level(bootstrap.mean(old), pieces)
    )
