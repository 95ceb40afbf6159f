"""How well do decoded phrases give back the true ones, and what do trivial guesses reach?

Conventions
-----------
Phrases are uint8, shape (phrases, steps, columns), tokens over `codec.Alphabet`. A *cell* is one (phrase, step,
column); it holds one symbol, so the set of onsets (phrase, step, column, pitch) has one member at most per cell, and
two sets meet exactly in the cells that are equal and hold a pitch. Durations count in token accuracy only, and so do
notes held from before.

Token accuracy flatters: nearly half of all cells are sustains, and a decoder with every rest and sustain right and
every pitch wrong reaches about 0.70. Hence the onset scores, and the baselines to read both against.

A figure that cannot be made (no phrases, no notes) is None, never NaN or 0. Precision, recall and F1 are those of
information retrieval (van Rijsbergen 1979), as mir_eval uses them for notes, with exact times.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import CodecError
from quartetvae.metrics import bigram
from quartetvae.metrics.figures import Baselines, CellScores, GroupScores, KindScores, NoteKind, PhraseScores
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import PARTS, VOICES

MOST_PHRASES, MOST_TRAINING = 2_000, 50_000
"""Phrases whose nearest one is looked for, and among how many, at most: the time grows with one times the other."""


class OnsetScores(NamedTuple):
    """Shares in 0..1, or None where nothing can be said."""

    precision: float | None
    """Of the decoded onsets, how many are true; None without decoded onsets."""
    recall: float | None
    """Of the true onsets, how many were decoded; None without true onsets."""
    f1: float | None
    """Their harmonic mean, 2 hits / (true + decoded); None without any onsets."""


def token_accuracy(truth: Tokens, decoded: Tokens) -> float | None:
    """Give the share of cells that are equal, of two arrays of one shape; None without cells."""
    _check_shapes(truth, decoded)
    return _share(int((truth == decoded).sum()), truth.size)


def exact_phrase(truth: Tokens, decoded: Tokens) -> float | None:
    """Give the share of phrases with all cells equal; None without phrases."""
    _check_shapes(truth, decoded)
    return _share(int((truth == decoded).all(axis=tuple(range(1, truth.ndim))).sum()), len(truth))


def onset_scores(truth: Tokens, decoded: Tokens, alphabet: Alphabet) -> OnsetScores:
    """Give precision, recall and F1 of the sets of (phrase, step, part, pitch) of note onsets."""
    _check_shapes(truth, decoded)
    true_onsets = codec.onset_mask(truth, alphabet)
    hits = int((true_onsets & (truth == decoded)).sum())
    true, found = int(true_onsets.sum()), int(codec.onset_mask(decoded, alphabet).sum())
    return OnsetScores(_share(hits, found), _share(hits, true), _share(2 * hits, true + found))


def compare(truth: Tokens, decoded: Tokens, alphabet: Alphabet) -> PhraseScores:
    """Compare decoded phrases with the true ones.

    Returns
    -------
    dict
        `token_accuracy`, `onset_precision`, `onset_recall`, `onset_f1`, `exact_phrase`, and under
        `parts.<part>` the token accuracy and onset F1 of each of `PARTS`. None where there is nothing to count.

    Raises
    ------
    CodecError
        If the arrays differ in shape or do not hold phrases over the alphabet.
    """
    _check_shapes(truth, decoded)
    codec.check_phrases(truth, alphabet)
    codec.check_phrases(decoded, alphabet)
    onsets = onset_scores(truth, decoded, alphabet)
    return {
        "token_accuracy": token_accuracy(truth, decoded),
        "onset_precision": onsets.precision,
        "onset_recall": onsets.recall,
        "onset_f1": onsets.f1,
        "exact_phrase": exact_phrase(truth, decoded),
        "parts": {
            # With their second notes.
            part: _scores(truth[..., number::VOICES], decoded[..., number::VOICES], alphabet)
            for number, part in enumerate(PARTS)
        },
    }


def by_group(
    truth: Tokens,
    decoded: Tokens,
    groups: Sequence[str],
    alphabet: Alphabet,
    values: Mapping[Literal["kl_nats", "elbo_nats"], NDArray[np.float64]] | None = None,
) -> dict[str, GroupScores]:
    """Compare the phrases of each group, by name in alphabetical order.

    `groups` names the group of each phrase. Each has `phrases` (how many), `token_accuracy`, `onset_f1`,
    `exact_phrase`, and the means of further `values`, one per phrase.
    """
    _check_shapes(truth, decoded)
    names = np.array(groups, dtype=str)
    found: dict[str, GroupScores] = {}
    for name in sorted(set(groups)):
        chosen = names == name
        scores = _scores(truth[chosen], decoded[chosen], alphabet)
        found[name] = {
            "phrases": int(chosen.sum()),
            "token_accuracy": scores["token_accuracy"],
            "onset_f1": scores["onset_f1"],
            "exact_phrase": exact_phrase(truth[chosen], decoded[chosen]),
        }
        for key, column in values.items() if values else ():
            found[name][key] = float(column[chosen].mean())
    return found


def by_kind(truth: Tokens, decoded: Tokens, alphabet: Alphabet, *, steps_per_beat: int) -> dict[NoteKind, KindScores]:
    """Compare onsets by kind of note: the rare ones are lost first, and hide among the others.

    Parameters
    ----------
    truth, decoded
        Phrases that begin on a beat.
    steps_per_beat
        Of the grid.

    Returns
    -------
    dict
        For `second_notes`, `off_sixteenths` and `others` (`KindScores`), but for those for which the grid has no cells:
        precision, recall and F1 of the onsets, and which share they are of the true ones and of those that did not come
        back. None where there is nothing to count.

    Raises
    ------
    CodecError
        If the arrays differ in shape or do not hold phrases over the alphabet, or a beat has no steps.

    Examples
    --------
    >>> truth = np.zeros((1, 2, 8), np.uint8)
    >>> decoded = truth.copy()
    >>> decoded[0, 1, 4:] = 1
    >>> found = by_kind(truth, decoded, Alphabet(60, 71), steps_per_beat=12)
    >>> [round(found[kind]["onset_f1"], 3) for kind in ("second_notes", "off_sixteenths", "others")]
    [0.5, 0.5, 1.0]
    """
    _check_shapes(truth, decoded)
    codec.check_phrases(truth, alphabet)
    codec.check_phrases(decoded, alphabet)
    if steps_per_beat < 1:
        raise CodecError(f"steps_per_beat {steps_per_beat} found; 1 at least is needed.")
    second = np.broadcast_to(np.arange(truth.shape[2]) >= VOICES, truth.shape)
    off = np.broadcast_to((4 * np.arange(truth.shape[1]) % steps_per_beat != 0)[:, np.newaxis], truth.shape)
    true, found = codec.onset_mask(truth, alphabet), codec.onset_mask(decoded, alphabet)
    hits = true & (truth == decoded)

    def scores(cells: NDArray[np.bool_]) -> KindScores:
        of_true, of_found, of_hits = (int((onsets & cells).sum()) for onsets in (true, found, hits))
        return {
            "share_of_notes": _share(of_true, int(true.sum())),
            "share_of_missed": _share(of_true - of_hits, int((true & ~hits).sum())),
            "onset_precision": _share(of_hits, of_found),
            "onset_recall": _share(of_hits, of_true),
            "onset_f1": _share(2 * of_hits, of_true + of_found),
        }

    kinds: dict[NoteKind, NDArray[np.bool_]] = {
        "second_notes": second,
        "off_sixteenths": off,
        "others": ~(second | off),
    }
    return {kind: scores(cells) for kind, cells in kinds.items() if cells.any()}


def baselines(truth: Tokens, training: Tokens, alphabet: Alphabet, *, seed: int) -> Baselines:
    """Find what guesses without a model of music reach on the true phrases.

    Parameters
    ----------
    truth
        The held-out phrases, shape (phrases, steps, columns).
    training
        Phrases to guess from, shape (any number but 0, steps, columns).
    seed
        Of the phrases that are drawn where there are more than `MOST_PHRASES` or `MOST_TRAINING`; for the nearest
        phrase only.

    Returns
    -------
    dict
        Token accuracy and onset F1 of `sustain` (every cell), `likeliest_symbol` (per step and part),
        `nearest_phrase` (the training phrase with most cells equal: it has seen the answer, and is what
        remembering would give; of `phrases` true phrases, among `training` others) and `wrong_pitch` (rhythm right,
        every pitch wrong); and `bigram.nats_per_phrase` (mean over phrases).

    Raises
    ------
    CodecError
        If there are no training phrases, or the two do not fit each other or the alphabet.
    """
    codec.check_phrases(truth, alphabet)
    codec.check_phrases(training, alphabet)
    _check_training(truth, training)
    guesses = {
        "sustain": np.full_like(truth, alphabet.sustain),
        "likeliest_symbol": np.broadcast_to(likeliest_symbols(training, alphabet), truth.shape),
        "wrong_pitch": wrong_pitches(truth, alphabet),
    }
    rng = np.random.default_rng(seed)
    asked, known = _drawn(truth, MOST_PHRASES, rng), _drawn(training, MOST_TRAINING, rng)
    nearest = known[nearest_phrases(asked, known)]
    nats = bigram.fit(training, alphabet).nats(truth)
    return {
        "sustain": _scores(truth, guesses["sustain"], alphabet),
        "likeliest_symbol": _scores(truth, guesses["likeliest_symbol"], alphabet),
        "nearest_phrase": {
            **_scores(asked, nearest, alphabet),
            "phrases": len(asked),
            "training": len(known),
        },
        "wrong_pitch": _scores(truth, guesses["wrong_pitch"], alphabet),
        "bigram": {"nats_per_phrase": float(nats.mean()) if len(nats) else None},
    }


def likeliest_symbols(training: Tokens, alphabet: Alphabet) -> Tokens:
    """Find the most frequent symbol of each step and part, shape (steps, columns); the lowest token of those on a tie.

    Raises `CodecError` without phrases.
    """
    if len(training) == 0:
        raise CodecError("likeliest symbols: no training phrases found; one at least is needed to count in.")
    cells = training.reshape(len(training), -1)
    symbols = [np.bincount(cell, minlength=alphabet.size).argmax() for cell in cells.T]
    return np.array(symbols, dtype=np.uint8).reshape(training.shape[1:])


def nearest_phrases(phrases: Tokens, training: Tokens) -> NDArray[np.int64]:
    """Find the training phrase with the most equal cells (least Hamming distance), by its index; the first on a tie.

    Takes (n, steps, columns) and (m, steps, columns) and gives (n,). Needs memory for one copy of `training` and a few
    vectors of length m; time grows with n * m. Raises `CodecError` without training phrases or for other shapes.
    """
    _check_training(phrases, training)
    rows = phrases.reshape(len(phrases), -1)
    # One contiguous row per cell: a comparison then runs over bytes that lie side by side and fit the cache.
    columns = np.ascontiguousarray(training.reshape(len(training), -1).T)
    equal = np.empty(len(training), dtype=np.bool_)
    block = np.empty(len(training), dtype=np.uint8)
    nearest = np.empty(len(phrases), dtype=np.int64)
    for index, row in enumerate(rows):
        matches = np.zeros(len(training), dtype=np.int64)
        # Counted in bytes, several times faster than in words, as far as a byte can count.
        for start in range(0, len(columns), 255):
            block[:] = 0
            for column, token in zip(columns[start : start + 255], row[start : start + 255], strict=True):
                np.equal(column, token, out=equal)
                np.add(block, equal.view(np.uint8), out=block)
            matches += block
        nearest[index] = matches.argmax()
    return nearest


def wrong_pitches(truth: Tokens, alphabet: Alphabet) -> Tokens:
    """Give `truth` with every rest and sustain, and every onset a semitone too high (the highest: the lowest)."""
    higher = (truth.astype(np.int64) + 1) % alphabet.pitches
    return np.where(codec.onset_mask(truth, alphabet), higher, truth).astype(np.uint8)


def _drawn(phrases: Tokens, count: int, rng: np.random.Generator) -> Tokens:
    """Draw so many phrases, in their order; all of them if there are no more."""
    if len(phrases) <= count:
        return phrases
    return phrases[np.sort(rng.choice(len(phrases), count, replace=False))]


def _scores(truth: Tokens, decoded: Tokens, alphabet: Alphabet) -> CellScores:
    return {
        "token_accuracy": token_accuracy(truth, decoded),
        "onset_f1": onset_scores(truth, decoded, alphabet).f1,
    }


def _share(count: int, total: int) -> float | None:
    return count / total if total else None


def _check_shapes(truth: Tokens, decoded: Tokens) -> None:
    if truth.shape != decoded.shape:
        raise CodecError(
            f"true phrases of shape {truth.shape}, decoded ones of shape {decoded.shape}; the same is needed."
        )


def _check_training(phrases: Tokens, training: Tokens) -> None:
    if len(training) == 0 or phrases.shape[1:] != training.shape[1:]:
        raise CodecError(
            f"phrases of shape {phrases.shape}, training phrases of shape {training.shape}; one training phrase at "
            "least is needed, and the same steps and parts in both: cut both with the same params `phrases`."
        )
