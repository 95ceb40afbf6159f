"""Measures beside ratings: correlations as other libraries have them, parts for any tracks, bad folders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.listeners import __main__ as listeners
from benchmarks.listeners import agreement, measures, stimuli
from benchmarks.listeners.stimuli import QUESTIONS
from quartetvae.errors import QuartetError
from quartetvae.io import midi
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from quartetvae.music.tracks import Music, Track
from tests.building import notes, pieces, random_tokens
from tests.building import piece as of_tokens
from tests.composing.composers import SMALL, fake

GRID = SMALL


def made_up(sources: int = 4, each: int = 20, seed: int = 0) -> tuple[Any, Any, Any]:
    """Measures and ratings that share a source's level and something of their own; the source of each."""
    rng = np.random.default_rng(seed)
    source = np.repeat(np.arange(sources), each)
    own, level = rng.normal(size=(len(source), 1)), rng.normal(size=(sources, 1))[source]
    return own + 2 * level + rng.normal(size=(len(source), 3)), own - level + rng.normal(size=(len(source), 2)), source


def test_correlations_are_those_of_pandas() -> None:
    one, other, source = made_up()
    found = agreement.agreement(one, other, source, replicates=20, seed=0)
    table = pd.DataFrame(np.concatenate([one, other], axis=1))
    rest = table - table.groupby(source).transform("mean")
    for values, rho in ((table, found.all), (rest, found.within), (table.groupby(source).mean(), found.between)):
        np.testing.assert_allclose(rho, values.corr(method="spearman").to_numpy()[:3, 3:], atol=1e-12)


def test_ties_share_their_rank_as_in_scipy() -> None:
    one, other = np.array([[1.0], [1], [2], [3], [3]]), np.array([[2.0], [1], [1], [5], [4]])
    assert agreement.rank_correlation(one, other).item() == pytest.approx(stats.spearmanr(one, other).statistic)


def test_a_constant_has_no_correlation() -> None:
    assert np.isnan(agreement.rank_correlation(np.ones((4, 1)), np.arange(4.0)[:, None])).all()


def test_what_only_tells_sources_apart_has_no_correlation_within() -> None:
    source = np.repeat([0, 1], 4)
    # By hand: both rise from the first source to the second; within, they are (0, 1, 0, 1) and (0, 0, 1, 1).
    one = source[:, None] * 10.0 + np.tile([0, 1, 0, 1], 2)[:, None]
    other = source[:, None] * 10.0 + np.tile([0, 0, 1, 1], 2)[:, None]
    found = agreement.agreement(one, other, source, replicates=50, seed=0)
    assert found.all.item() > 0.7
    assert found.within.item() == pytest.approx(0.0)
    assert found.between.item() == pytest.approx(1.0)


def test_an_interval_is_about_as_wide_as_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(1).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 400)
    found = agreement.agreement(values[:, :1], values[:, 1:], np.zeros(400, np.int64), replicates=500, seed=0)
    rho = found.all.item()
    # Fisher's z, with the variance of a rank correlation by Bonett & Wright (2000).
    half = 1.96 * np.sqrt((1 + rho**2 / 2) / 397)
    expected = np.tanh(np.arctanh(rho) + np.array([-half, half]))
    np.testing.assert_allclose([found.all_low.item(), found.all_high.item()], expected, atol=0.03)


def test_the_interval_is_of_its_seed() -> None:
    one, other, source = made_up()
    same = [agreement.agreement(one, other, source, replicates=30, seed=seed).within_low for seed in (0, 0, 1)]
    np.testing.assert_array_equal(same[0], same[1])
    assert (same[0] != same[2]).any()


def test_reliability_is_that_of_the_model_it_is_drawn_from() -> None:
    rng = np.random.default_rng(0)
    # Excerpts differ with variance 1, ratings of one with variance 2: of 8 ratings 1 / (1 + 2 / 8). All of one source.
    ratings = [level + rng.normal(scale=2**0.5, size=(8, 1)) for level in rng.normal(size=3000)]
    found = agreement.reliability(ratings, np.zeros(3000, np.int64), splits=5, seed=0)
    assert found["all"].item() == pytest.approx(0.8, abs=0.02)
    assert found["within"].item() == pytest.approx(0.8, abs=0.02)


def test_levels_of_sources_make_ratings_reliable_over_all_alone() -> None:
    rng = np.random.default_rng(0)
    source = np.repeat([0, 1], 300)
    ratings = [3.0 * number + rng.normal(size=(8, 1)) for number in source.tolist()]
    found = agreement.reliability(ratings, source, splits=5, seed=0)
    assert found["all"].item() > 0.9
    assert abs(found["within"].item()) < 0.2


TRACK = Track("", 0, False, notes((0, 480, 72), (0, 480, 67), (0, 480, 64), (0, 960, 60), (480, 480, 71)))


def write(path: Path, *tracks: Track) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.write(path, Music(480, tracks), tempo_qpm=120.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two stimuli of a source each, with two ratings each."""
    for number, source in ((1, "people"), (2, "machine")):
        write(tmp_path / "stimuli" / source / f"{number}.mid", TRACK)
    rated(tmp_path, [(1, 7), (1, 6), (2, 3), (2, 1)])
    return tmp_path


def rated(folder: Path, rows: Sequence[tuple[Any, Any]], *, without: str = "") -> None:
    """Write ratings: of each stimulus one number on all questions."""
    table = pd.DataFrame([{"stimulus": number, **dict.fromkeys(QUESTIONS, value)} for number, value in rows])
    table.drop(columns=[without] if without else []).to_csv(folder / "ratings.csv", index=False)


def test_stimuli_are_read_with_their_ratings(folder: Path) -> None:
    first, second = stimuli.read(folder, GRID)
    assert (first.number, first.source, second.source) == (1, "people", "machine")
    assert first.ratings.shape == (2, len(QUESTIONS))
    assert first.ratings.mean() == 6.5
    assert second.ratings.mean() == 2.0
    assert first.tokens.shape == (4, 8)


def test_notes_that_begin_together_go_to_the_parts_from_the_top_down(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.mid", TRACK)
    tokens = stimuli.of_file(tmp_path / "a" / "1.mid", GRID)
    sounding = [part["pitch"].tolist() for part in codec.decode(tokens, GRID.alphabet)]
    # The small grid has an octave: 72 becomes 60 there. 71 is nearest to what the highest part had before.
    assert sounding == [[60, 71], [67], [64], [60]]


def test_parts_are_the_same_however_a_file_has_its_tracks(tmp_path: Path) -> None:
    split = [Track("", 0, False, TRACK.notes[rows]) for rows in ([0, 3], [1, 4], [2])]
    for name, tracks in (("one", [TRACK]), ("three", split)):
        write(tmp_path / name / "1.mid", *tracks)
    one, three = (stimuli.of_file(tmp_path / name / "1.mid", GRID) for name in ("one", "three"))
    np.testing.assert_array_equal(one, three)


def test_music_begins_with_the_beat_of_its_first_note_and_on_the_grid() -> None:
    early, late = (notes((960 + shift, 240, 60), (1440 + shift, 240, 62)) for shift in (0, 60))
    found = [stimuli.on_four_parts([rows], GRID, ticks_per_beat=480) for rows in (early, late)]
    np.testing.assert_array_equal(found[0], found[1])
    assert codec.onset_mask(found[0], GRID.alphabet).any(axis=1).tolist() == [True, False, True, False]


def test_real_music_goes_the_way_of_the_excerpts() -> None:
    chord = notes((0, 480, 70), (0, 480, 67), (0, 480, 64), (0, 960, 60), (480, 480, 71))
    tokens = stimuli.on_four_parts([chord], GRID, ticks_per_beat=480)
    # Parts that are turned round come back from the top down.
    turned = tokens[:, [3, 2, 1, 0, 7, 6, 5, 4]]
    spread = stimuli.spread(turned, GRID)
    assert spread is not None
    np.testing.assert_array_equal(spread, stimuli.spread(tokens, GRID))
    assert stimuli.spread(np.full((4, 8), GRID.alphabet.rest, np.uint8), GRID) is None


def nothing(folder: Path) -> None:
    write(folder / "stimuli" / "machine" / "2.mid", Track("", 0, False, notes()))


def drums(folder: Path) -> None:
    write(folder / "stimuli" / "machine" / "2.mid", Track("", 0, True, TRACK.notes))


def twice(folder: Path) -> None:
    write(folder / "stimuli" / "people" / "2.mid", TRACK)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "ratings.csv").unlink(), r"ratings.csv: there is no such file"),
        (lambda folder: rated(folder, [(1, 7), (1, 6)], without="melody"), "no column melody .*is needed"),
        (lambda folder: rated(folder, [(1, 7), (1, 8)]), "line 3: stylistic_success is 8; a number from 1 to 7"),
        (lambda folder: rated(folder, [(1, 7), (1, "good")]), "line 3: stylistic_success is good"),
        (lambda folder: rated(folder, [(1, 7), ("one", 6)]), "line 3: stimulus is one; a whole number"),
        (lambda folder: rated(folder, [(1, 7), (1, 6), (2, 1)]), "stimulus 2 has one rating; two"),
        (lambda folder: (folder / "ratings.csv").write_text("stimulus," + ",".join(QUESTIONS)), "no ratings in it"),
        (
            lambda folder: rated(folder, [(1, 7), (1, 6), (3, 1), (3, 1)]),
            "rated stimuli without a file, the first is 3",
        ),
        (nothing, "2.mid: no notes"),
        (drums, "2.mid: no notes"),
        (twice, "stimulus 2: two files, in machine and people"),
        (lambda folder: write(folder / "stimuli" / "people" / "first.mid", TRACK), "first.mid: a number is needed"),
    ],
)
def test_a_bad_folder_is_named(spoil: Any, message: str, folder: Path) -> None:
    spoil(folder)
    with pytest.raises(QuartetError, match=message):
        stimuli.read(folder, GRID)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match="no such folder; one with ratings"):
        stimuli.read(tmp_path / "nowhere", GRID)


def test_no_folder_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(listeners.FOLDER, raising=False)
    monkeypatch.setattr("sys.argv", ["listeners"])
    with pytest.raises(SystemExit, match="no folder of rated excerpts; name it, or set"):
        listeners.main()


def music(steps: int = 64, seed: int = 0) -> Tokens:
    return random_tokens(steps, 8, seed=seed, alphabet=GRID.alphabet)


@pytest.mark.parametrize(("beats", "length"), [(3, 16), (16, 16), (17, 16), (24, 16), (63, 16)])
def test_every_beat_is_asked_for_once_and_in_its_window(beats: int, length: int) -> None:
    places = measures.windows(beats, length)
    asked = [beat for start, first in places for beat in range(first, min(beats, start + length))]
    assert asked == list(range(beats))
    # Half a window is known before what is asked for, but in the first one.
    assert all(first - start >= length // 2 for start, first in places[1:])


def test_the_composer_is_asked_for_every_cell_once() -> None:
    # The composer that draws by itself counts a nat for each cell it is asked for: of two steps and four parts.
    tokens = music(2 * 41)
    found = measures.of_composer(tokens, fake())
    notes_in_all = int((tokens < GRID.alphabet.rest).sum())
    assert found["composer_nats_per_beat"] == 8.0
    assert found["composer_nats_per_note"] == pytest.approx(8.0 * 41 / notes_in_all)


def test_measures_of_notes_by_hand() -> None:
    alphabet = GRID.alphabet
    tokens = np.full((32, 8), alphabet.rest, np.uint8)
    # C and F sharp, struck together on each beat, for four beats; then twelve beats of silence.
    tokens[0:8:2, 0], tokens[0:8:2, 1] = 6, 0
    tokens[1:8:2, :2] = alphabet.sustain
    found = measures.of_notes(tokens, GRID)
    assert found["dissonant"] == 1.0
    assert found["note_density"] == 2.0
    assert found["register"] == 63.0
    assert found["same_pitch_class"] == 1.0
    assert found["distinct_pitches"] == 2.0
    assert found["rhythmic_unison"] == pytest.approx(1 / 3)
    assert found["pitch_interval"] == 0.0
    assert found["inter_onset_interval"] == 1.0
    assert found["pitch_range"] == 6.0
    assert found["pitch_class_entropy"] == pytest.approx(np.log(2))
    assert found["note_length_entropy"] == 0.0
    # G and D flat major have both.
    assert found["scale_consistency"] == 1.0


def test_what_is_cut_short_counts_as_a_segment_only_if_there_is_no_other() -> None:
    steps = measures.SEGMENT * GRID.steps_per_beat
    assert [len(measures.segments(music(count), GRID)) for count in (steps - 2, steps, 2 * steps - 2)] == [1, 1, 1]


def test_a_machines_own_excerpts_do_not_judge_it() -> None:
    own = [music(seed=seed) for seed in range(9)]
    sources = ["people"] * 3 + ["one"] * 3 + ["two"] * 3
    real = [np.roll(music(seed=seed), 1, axis=1) for seed in range(20, 26)]
    others = [*own[:4], *(np.full_like(tokens, 0) for tokens in own[4:6]), *own[6:]]
    found, changed = (
        measures.of_real_music(tokens, sources, real, GRID, people=["people"])["real_by_classifier"]
        for tokens in (own, others)
    )
    assert found[3] == changed[3]
    assert (found[6:] != changed[6:]).any()
    assert ((found >= 0) & (found <= 1)).all()


def test_real_music_is_nearer_to_real_music_and_taken_for_it() -> None:
    alphabet = GRID.alphabet

    def steady(seed: int) -> Tokens:
        tokens = np.full((64, 8), alphabet.sustain, np.uint8)
        tokens[::4, :4] = np.random.default_rng(seed).choice([0, 4, 7], (16, 4))
        tokens[:, 4:] = alphabet.rest
        return tokens

    excerpts = [steady(0), music(seed=1), music(seed=2)]
    sources, real = ["people", "one", "two"], [steady(seed) for seed in range(10, 30)]
    found = measures.of_real_music(excerpts, sources, real, GRID, people=["people"])
    assert found["distance_to_real"].argmin() == 0
    assert found["distance_to_real"][0] == pytest.approx(1.0, abs=0.3)
    assert found["real_by_classifier"].argmax() == 0


@pytest.mark.parametrize(("sources", "real"), [(["people", "one"], 1), (["one", "two"], 0)])
def test_too_little_to_learn_from_is_told(sources: list[str], real: int) -> None:
    with pytest.raises(QuartetError, match="two machines and a real excerpt at least"):
        measures.of_real_music([music(), music()], sources, [music()] * real, GRID, people=["people"])


def test_held_out_pieces_that_share_a_passage_are_left_out() -> None:
    steps = listeners.BEATS * GRID.steps_per_beat
    train, same, other = (of_tokens(name, music(2 * steps, seed), work=name) for seed, name in enumerate("abc"))
    split = pieces(train=[train], validation=[same], test=[other])
    split = type(split)(split.pieces, split.splits, GRID, 0.0)
    real, left_out = listeners.real_music(split, [same.tokens[16:64]])
    assert left_out == 1
    assert len(real) == 2
    np.testing.assert_array_equal(real[0], stimuli.spread(other.tokens[:steps], GRID))


def excerpts_with(found: dict[str, Any]) -> list[stimuli.Excerpt]:
    rng = np.random.default_rng(0)
    sources = np.repeat(["one", "two"], 10).tolist()
    ratings = [rng.integers(1, 8, (4, len(QUESTIONS))).astype(float) for _ in sources]
    found |= {name: rng.normal(size=20) for name in measures.ABOUT}
    # All that is known to training is of the second source, whose first half that is.
    found["copied"] = np.where((np.arange(20) >= 10) & (np.arange(20) < 15), 1.0, 0.0)
    return [
        stimuli.Excerpt(k, source, music(8), rows)
        for k, (source, rows) in enumerate(zip(sources, ratings, strict=True))
    ]


def test_figures_are_of_all_and_of_what_training_did_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "REPLICATES", 20)
    monkeypatch.setattr(listeners, "SPLITS", 3)
    found: dict[str, Any] = {}
    excerpts = excerpts_with(found)
    figures = listeners.figures(excerpts, found)
    assert figures["known_to_training"] == {"one": 0, "two": 5}
    means = [one.ratings.mean(axis=0)[2] for one in excerpts]
    for name, kept in (("agreement", slice(0, 20)), ("agreement_unseen", [*range(10), *range(15, 20)])):
        expected = stats.spearmanr(found["syncopation"][kept], np.array(means)[kept]).statistic
        assert figures[name]["syncopation"]["repetition"]["all"]["rho"] == pytest.approx(expected)


def test_a_measure_without_a_value_is_named() -> None:
    found: dict[str, Any] = {}
    excerpts = excerpts_with(found)
    found["dissonant"][3] = np.nan
    with pytest.raises(QuartetError, match="stimulus 3: no dissonant; music with more notes"):
        listeners.figures(excerpts, found)
