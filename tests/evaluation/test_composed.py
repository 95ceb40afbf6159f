"""What a composer writes on test pieces: the windows, the tasks, the baselines, and figures that are known."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quartetvae import config
from quartetvae.corpus import phrases
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import DatasetError
from quartetvae.evaluation import composed
from quartetvae.evaluation.composed import Sample
from quartetvae.metrics import bigram
from quartetvae.metrics.figures import ComposedFigures, Level
from quartetvae.model.composer import Composer
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from tests.building import ALPHABET, GRID, REST, phrase_set, piece, pieces, random_tokens
from tests.composing.composers import Fake, fake

STEPS = 64
"""Of a window of sixteen beats."""

FORM = config.Phrases(beats_per_phrase=4, boundary="held", align="beat")
AUGMENT = config.Augment(kind="transpose", semitones_min=-1, semitones_max=1, hop_steps=16, seed=0)
AS_IT_IS = config.Augment(kind="none", semitones_min=0, semitones_max=0, hop_steps=STEPS, seed=0)


def music(number: int, *, windows: int = 5) -> Tokens:
    return random_tokens(windows * STEPS, 4, seed=number)


def corpus(*test: Tokens, train: Tokens | None = None) -> Pieces:
    known = music(99) if train is None else train
    return pieces(train=[piece("known", known)], test=[piece(f"test {k}", one) for k, one in enumerate(test)])


CORPUS = corpus(music(0), music(1), music(2))


class Knowing(Fake):
    """A composer that knows what is unknown."""

    def fill(self, tokens: Tokens, unknown: NDArray[np.bool_], **options: Any) -> Tokens:
        return tokens.copy()


def figures(of: Pieces = CORPUS, composer: Composer | None = None, **changes: Any) -> ComposedFigures:
    augment = changes.pop("augment", AUGMENT)
    sets = phrases.build(of, FORM, augment)
    options: dict[str, Any] = {"count": 12, "replicates": 10, "seed": 0, **changes}
    found = composed.figures(composer or fake(GRID), of, sets["test"], sets["train"], augment, **options)
    return found["composed"]


def values(found: dict[str, Level]) -> dict[str, float | None]:
    return {way: level["value"] for way, level in found.items()}


def test_windows_have_one_before_them_in_their_piece() -> None:
    drawn = composed.draw(CORPUS, fake(GRID).architecture.form, count=100, rng=np.random.default_rng(0))
    assert len(drawn.tokens) == 3 * 4
    # Where a window begins inside a held note its first step says which; the others are the piece's.
    for number, (window, before, name) in enumerate(zip(drawn.tokens, drawn.before, drawn.pieces, strict=True)):
        whole, first = music(number // 4), (1 + number % 4) * STEPS
        assert name == f"test {number // 4}"
        assert np.array_equal(window[1:], whole[first + 1 : first + STEPS])
        assert np.array_equal(before[1:], whole[first - STEPS + 1 : first])
    fewer = composed.draw(CORPUS, fake(GRID).architecture.form, count=5, rng=np.random.default_rng(0))
    assert len(fewer.tokens) == 5


def test_a_window_that_the_end_of_its_piece_cuts_short_does_not_count() -> None:
    short = corpus(music(0)[: 3 * STEPS - 1], music(1)[: STEPS // 2])
    drawn = composed.draw(short, fake(GRID).architecture.form, count=100, rng=np.random.default_rng(0))
    assert len(drawn.tokens) == 1


def test_pieces_of_less_than_two_windows_are_refused() -> None:
    with pytest.raises(DatasetError, match="no test piece of 32 beats found, two of the composer's windows"):
        figures(corpus(music(0)[: 2 * STEPS - 1]))


def test_what_is_unknown() -> None:
    tasks = composed.tasks(fake(GRID).architecture)
    infill, viola, harmonise = (tasks[name] for name in ("infill", "viola", "harmonise"))
    # Beats 8 to 11 of 0 to 15, four steps each.
    assert np.flatnonzero(infill.all(axis=1)).tolist() == list(range(32, 48))
    assert infill.sum() == 16 * 4
    assert viola.all(axis=0).tolist() == [False, False, True, False]
    assert harmonise.all(axis=0).tolist() == [False, True, True, True]
    assert (viola.sum(), harmonise.sum()) == (STEPS, 3 * STEPS)


@pytest.mark.parametrize("beats", [2, 3, 4])
def test_small_windows_have_a_hole_and_a_beat_before_it(beats: int) -> None:
    hole = composed.tasks(fake(GRID, beats=beats).architecture)["infill"].all(axis=1)
    assert hole.sum() == GRID.steps_per_beat
    assert np.flatnonzero(hole)[0] >= GRID.steps_per_beat


def test_a_composer_that_knows_is_right() -> None:
    found = figures(composer=Knowing(fake(GRID).architecture, np.zeros(1, np.float32)))["onset_f1"]
    for ways in found.values():
        assert ways["composed"] == {"value": 1.0, "low": 1.0, "high": 1.0}
        assert all((level["value"] or 0) < 0.5 for way, level in ways.items() if way != "composed")


def test_a_copy_is_right_where_each_four_beats_are_those_before() -> None:
    found = figures(corpus(np.tile(music(0)[:16], (20, 1))))["onset_f1"]
    assert values(found["infill"])["copy"] == 1
    assert found["infill"].keys() == {"composed", "copy", "nearest"}


def test_a_repeat_is_right_where_each_window_is_the_one_before() -> None:
    found = figures(corpus(np.tile(music(0)[:STEPS], (4, 1))))["onset_f1"]
    assert values(found["viola"])["repeat"] == values(found["harmonise"])["repeat"] == 1
    assert (values(found["infill"])["copy"] or 0) < 0.5


def test_the_nearest_is_found_by_what_is_known() -> None:
    training, cells = random_tokens(30, STEPS, 4), np.zeros((STEPS, 4), np.bool_)
    cells[:, 2] = True
    asked = training[[7, 3]].copy()
    asked[:, :, 2] = REST
    assert np.array_equal(composed.nearest(asked, training, cells), training[[7, 3]])


def test_the_nearest_is_right_where_training_has_the_piece_in_another_key() -> None:
    low = np.where(music(0) < REST, music(0) % 6, music(0)).astype(np.uint8)
    high = np.where(low < REST, low + 1, low).astype(np.uint8)
    ways = values(figures(corpus(low, train=high))["onset_f1"]["harmonise"])
    assert ways["nearest"] == 1
    assert (values(figures(corpus(low, train=high), augment=AS_IT_IS)["onset_f1"]["harmonise"])["nearest"] or 0) < 0.5


def test_the_nearest_is_one_of_those_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composed, "NEAREST", 1)
    same = figures(corpus(music(0), train=music(0)))["onset_f1"]["infill"]
    assert (values(same)["nearest"] or 0) < 0.5


def test_both_models_are_asked_for_the_same_phrases() -> None:
    sets = phrases.build(CORPUS, FORM, AUGMENT)
    test, training = sets["test"], sets["train"]
    found = composed.language_model(fake(GRID), test, training, Sample(10, 0))
    assert found["phrases"] == len(test)
    assert found["composer_nats"] == 16 * 4  # a nat for each cell
    expected = bigram.fit(training.tokens, ALPHABET).nats(test.tokens).mean()
    assert found["bigram_nats"] == pytest.approx(expected)
    assert found["share"]["value"] == pytest.approx(64 / expected)
    assert None not in found["share"].values()


def test_where_training_holds_no_note_none_is_held() -> None:
    asked: list[Tokens] = []

    class Listening(Fake):
        def nats(self, tokens: Tokens, unknown: NDArray[np.bool_]) -> NDArray[np.float64]:
            asked.append(tokens)
            return super().nats(tokens, unknown)

    def ask(training: PhraseSet) -> Tokens:
        listening = Listening(fake(GRID).architecture, np.zeros(1, np.float32))
        composed.language_model(listening, test, training, Sample(0, 0))
        return asked[-1]

    test = phrases.build(CORPUS, FORM, AUGMENT)["test"]
    assert (test.tokens >= ALPHABET.held).any()
    assert np.array_equal(ask(test), test.tokens)
    assert np.array_equal(ask(phrase_set(random_tokens(9, 16, 4))), codec.struck(test.tokens, ALPHABET))


def test_music_that_training_has_is_not_original() -> None:
    found = figures(corpus(music(0), train=music(0)))["originality"]
    assert found.keys() == {"infill", "harmonise", "pieces"}
    for task in found.values():
        assert task["real"]["originality"]["value"] == 0
        assert task["real"]["copied"]["value"] == 1
        assert (task["composed"]["originality"]["value"] or 0) > 0.5
        assert task["composed"]["copied"]["value"] == 0


def test_self_similarity_is_of_whole_excerpts_and_of_pieces_from_nothing() -> None:
    found = figures(corpus(np.tile(music(0)[:16], (20, 1)), music(1), music(2, windows=3)))["self_similarity"]
    assert (found["excerpts"], found["composed_pieces"]) == (2, 2)  # of 80, 80 and 48 beats; for 12 windows
    assert len(found["real"]) == len(found["composed"]) == 15
    # One of the two comes again in every bar, the other is random.
    assert all(0.5 < (level["value"] or 0) < 0.6 for level in found["real"])
    assert found["within"] is not None


def test_where_test_pieces_are_short_there_is_nothing_real_to_compare() -> None:
    found = figures(corpus(music(0, windows=3), music(1, windows=3)))["self_similarity"]
    assert (found["excerpts"], found["within"]) == (0, None)
    assert {level["value"] for level in found["real"]} == {None}
    assert None not in {level["value"] for level in found["composed"]}


def test_of_one_piece_there_are_no_intervals() -> None:
    found = figures(corpus(music(0)))
    assert found["pieces"] == 1
    assert (found["language_model"]["share"]["low"], found["onset_f1"]["viola"]["composed"]["low"]) == (None, None)
    assert found["self_similarity"]["within"] is None


def test_without_a_composer_there_are_no_figures() -> None:
    sets = phrases.build(CORPUS, FORM, AUGMENT)
    options: dict[str, Any] = {"count": 4, "replicates": 0, "seed": 0}
    assert composed.figures(None, CORPUS, sets["test"], sets["train"], AUGMENT, **options) == {}


def test_count_seed_and_replicates_change_something() -> None:
    seen: list[int] = []
    base = figures(count=6, progress=lambda: seen.append(1))
    assert len(seen) == len(composed.NAMES)
    assert figures(count=6) == base
    assert (base["windows"], base["language_model"]["phrases"]) == (6, 24)
    assert figures(count=2)["windows"] == 2
    assert figures(count=6, seed=1)["onset_f1"] != base["onset_f1"]
    assert figures(count=6, replicates=20)["onset_f1"] != base["onset_f1"]
    assert figures(count=6, replicates=0)["onset_f1"]["viola"]["composed"]["low"] is None
