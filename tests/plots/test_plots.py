"""Pictures: the same bytes for the same music, the size that was asked for, and errors for bad input."""

import functools
import itertools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from quartetvae.errors import CodecError, QuartetError, TrainingError
from quartetvae.io import piano_roll
from quartetvae.io.picture import DPI
from quartetvae.metrics import comparison
from quartetvae.metrics.figures import AttributeName, CellScores, SetName
from quartetvae.music.codec import Alphabet
from quartetvae.pipeline import params
from quartetvae.plots import between, composed, labels, latent, pitches, reconstruction, sets, training
from quartetvae.plots.colours import ABOUT
from tests.building import REST, phrase_set, piece, pieces, random_tokens

ALPHABET = Alphabet(36, 99)
MUSIC = np.random.default_rng(0).integers(0, ALPHABET.size, (3, 16, 4)).astype(np.uint8)
SILENCE = np.full((3, 16, 4), ALPHABET.rest, dtype=np.uint8)
SETS = {"real": MUSIC, "reconstructions": MUSIC[1:], "interpolations": MUSIC[:1]}
SHARES = {"real": [1 / 12] * 12, "reconstructions": [0.5, *[0.0] * 10, 0.5]}
NAMES = ("loss", "reconstruction", "kl", "val_loss", "val_reconstruction", "val_kl")
HISTORY: dict[str, list[float]] = {"epoch": [1, 2, 3], **{name: [3.0, 1.0, 2.0] for name in NAMES}}

FIGURES: CellScores = {"token_accuracy": 0.9, "onset_f1": 0.8}
BOTH: dict[str, CellScores] = {"test": FIGURES, "validation": {"token_accuracy": 0.95, "onset_f1": None}}

FEATURE: dict[str, Any] = {"overlap": 0.8, "low": 0.7, "high": 0.9, "kl_nats": 0.1, "left_out": 0}
WITHOUT: dict[str, Any] = {"overlap": None, "low": None, "high": None, "kl_nats": None, "left_out": 0}
COMPARED: Any = {
    **dict.fromkeys(comparison.FEATURES, FEATURE),
    **{"pitch_count": WITHOUT, "mean_overlap": 0.8, "mean_low": 0.75, "mean_high": 0.85},
}
LIKENESS = {"real": COMPARED, "reconstructions": COMPARED, "prior": COMPARED}
ATTRIBUTES: Any = {
    "amounts": [-1.0, 0.0, 1.0],
    "phrases": 4,
    **{
        name: {"length": 1.0, "means": [0.1, None, 0.3], "spearman": 1.0, "spearman_by_phrase": None, "changing": 1.0}
        for name in get_args(AttributeName)
    },
}
LEVEL: dict[str, float | None] = {"value": 0.2, "low": 0.1, "high": 0.3}
UNKNOWN: dict[str, float | None] = {"value": None, "low": None, "high": None}
WRITTEN: Any = {
    "onset_f1": {"infill": {"composed": LEVEL, "copy": UNKNOWN}, "viola": {"composed": {**LEVEL, "low": None}}},
    "self_similarity": {"real": [LEVEL, UNKNOWN, LEVEL], "composed": [LEVEL] * 3},
}
APART: Any = {
    "two_sample": {
        "real": {"auc": 0.5, "low": 0.45, "high": 0.55},
        "composed": {"auc": 0.75, "low": 0.7, "high": 0.8},
        "crossfade": {"auc": 0.95, "low": None, "high": None},
        "silent": {"auc": None, "low": None, "high": None},
        "prior": {"auc": 0.8, "low": 0.7, "high": 0.9},
    },
    "kept": {
        "real": {"a": 0.1, "b": 0.1},
        "crossfade": {"a": 0.5, "b": 0.7},
        "composed": {"a": 0.4, "b": 0.3},
        "silent": {"a": 0.2, "b": 0.2},
        "prior": {"a": None, "b": 0.3},
    },
}
MOVED = {name: np.random.default_rng(2).random((4, 3)) for name in get_args(AttributeName)}
CODES = np.random.default_rng(1).normal(size=(6, 3))
PHRASES = phrase_set(random_tokens(6, 4, 4))
CORPUS = pieces(train=[], test=[piece("one", PHRASES.tokens[0])])


def roll(path: Path) -> None:
    piano_roll.draw(path, [("A", MUSIC[0]), ("B", MUSIC[1])], ALPHABET, steps_per_beat=4, title="A to B")


def curve(path: Path) -> None:
    training.training_curve(path, HISTORY)


def distribution(path: Path) -> None:
    pitches.pitch_distribution(path, SETS, ALPHABET)


def classes(path: Path) -> None:
    pitches.pitch_classes(path, SHARES)


def groups(path: Path) -> None:
    reconstruction.draw(path, [{"all": BOTH}, {"violin 1": BOTH, "viola": {"validation": FIGURES}}], title="Works")


def points(path: Path) -> None:
    curves = {"sweep": [("1", 60.0, 0.7), ("0.1", 140.0, 0.97)], "default": [("", 130.0, 0.98)]}
    training.operating_points(path, curves)


def overlap(path: Path) -> None:
    sets.overlap(path, LIKENESS)


def transitions(path: Path) -> None:
    sets.transitions(path, {"real": np.eye(12), "prior": np.ones((12, 12)), "silent": np.zeros((12, 12))})


def distances(path: Path) -> None:
    latent.step_distances(path, {"path": MUSIC[:, :4, 0] / 80, "crossfade": MUSIC[:, :4, 1] / 80})


def divergence(path: Path) -> None:
    latent.kl_by_dimension(path, np.array([0.1, 2.0, 0.7]))


def codes(path: Path) -> None:
    latent.latent_map(path, CODES, PHRASES, CORPUS)


def attributes(path: Path) -> None:
    latent.attributes(path, ATTRIBUTES, MOVED)


def written(path: Path) -> None:
    composed.draw(path, WRITTEN)


def told_apart(path: Path) -> None:
    between.told_apart(path, APART)


PICTURES = {
    told_apart: (1080, 648),
    attributes: (1500, 420),
    written: (1320, 480),
    overlap: (1440, 675),
    transitions: (1440, 558),
    distances: (960, 504),
    divergence: (960, 432),
    codes: (1440, 576),
    roll: (1440, 600),
    curve: (1440, 456),
    distribution: (1440, 408),
    classes: (1440, 292),
    groups: (1440, 270),
    points: (960, 576),
}


Draw = Callable[[Path], None]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Draw], Path]:
    """What gives a picture that is drawn once for all tests."""

    @functools.cache
    def picture(draw: Draw) -> Path:
        path = tmp_path_factory.mktemp("pictures") / "picture.png"
        draw(path)
        return path

    return picture


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from a PNG file's header."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.mark.parametrize("draw", PICTURES, ids=lambda draw: draw.__name__)
def test_the_same_arguments_give_the_same_bytes(draw: Draw, drawn: Callable[[Draw], Path], tmp_path: Path) -> None:
    draw(tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == drawn(draw).read_bytes()


@pytest.mark.parametrize("draw", PICTURES, ids=lambda draw: draw.__name__)
def test_a_picture_says_nothing_of_when_and_by_what_it_was_made(draw: Draw, drawn: Callable[[Draw], Path]) -> None:
    content = drawn(draw).read_bytes()
    assert not any(chunk in content for chunk in (b"tEXt", b"iTXt", b"tIME"))


@pytest.mark.parametrize(("draw", "size"), PICTURES.items())
def test_a_picture_has_its_size(draw: Draw, size: tuple[int, int], drawn: Callable[[Draw], Path]) -> None:
    assert size_of(drawn(draw)) == size


def test_the_users_matplotlib_settings_change_nothing(drawn: Callable[[Draw], Path], tmp_path: Path) -> None:
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "black", "savefig.bbox": "tight"}):
        roll(tmp_path / "roll.png")
    assert (tmp_path / "roll.png").read_bytes() == drawn(roll).read_bytes()


def test_a_piano_roll_grows_with_its_rows(tmp_path: Path) -> None:
    heights = []
    for count in (1, 3):
        rows = [(str(row), MUSIC[row]) for row in range(count)]
        piano_roll.draw(tmp_path / "roll.png", rows, ALPHABET, steps_per_beat=4, title="rows")
        heights.append(size_of(tmp_path / "roll.png")[1])
    assert heights[1] - heights[0] == 2 * 1.9 * DPI


def test_a_repeated_note_does_not_look_like_a_held_one(tmp_path: Path) -> None:
    held = SILENCE[0].copy()
    held[0, 0], held[1:, 0] = 30, ALPHABET.sustain
    repeated = held.copy()
    repeated[8, 0] = 30
    for name, tokens in {"held": held, "repeated": repeated}.items():
        piano_roll.draw(tmp_path / f"{name}.png", [("", tokens)], ALPHABET, steps_per_beat=4, title="")
    one, other = (imread(tmp_path / f"{name}.png") for name in ("held", "repeated"))
    # 16 steps over some 1,400 pixels: a step has about 85, the gap 15 % of them; a mere seam would be one or two.
    assert (one != other).any(axis=(0, 2)).sum() > 8


def test_a_piano_roll_looks_the_same_on_a_finer_grid() -> None:
    tokens = MUSIC[0].repeat(3, axis=0)
    later = (np.arange(len(tokens)) % 3 > 0)[:, np.newaxis] & (tokens < ALPHABET.rest)
    fine = np.where(later, ALPHABET.sustain, tokens).astype(np.uint8)
    for one, other in zip(
        piano_roll.note_bars(MUSIC[0], ALPHABET, 4), piano_roll.note_bars(fine, ALPHABET, 12), strict=True
    ):
        assert one.shape == other.shape
        assert np.allclose(one, other)


def test_the_shortest_note_of_a_fine_grid_can_be_seen() -> None:
    one = SILENCE[0].copy()
    one[0, 0] = 30
    (bar,) = piano_roll.note_bars(one, ALPHABET, 96)[0]
    assert bar[1, 0] - bar[0, 0] == pytest.approx(0.5 / 96)


def test_both_notes_of_a_part_are_in_a_piano_roll(tmp_path: Path) -> None:
    double = np.concatenate([MUSIC[0], MUSIC[1]], axis=1)
    assert sum(map(len, piano_roll.note_bars(double, ALPHABET, 12))) > sum(
        map(len, piano_roll.note_bars(MUSIC[0], ALPHABET, 12))
    )
    piano_roll.draw(tmp_path / "roll.png", [("A", double)], ALPHABET, steps_per_beat=12, title="")
    assert (tmp_path / "roll.png").exists()


def test_dollar_signs_in_a_title_are_no_formula(tmp_path: Path) -> None:
    piano_roll.draw(tmp_path / "roll.png", [("$\\frac$", MUSIC[0])], ALPHABET, steps_per_beat=4, title="$^$")
    assert (tmp_path / "roll.png").exists()


@pytest.mark.parametrize("rows", [[], [("A", MUSIC[0, :0])]])
def test_a_piano_roll_of_nothing_is_refused(rows: list[tuple[str, np.ndarray]], tmp_path: Path) -> None:
    with pytest.raises(CodecError, match=r"roll\.png.*one step at least"):
        piano_roll.draw(tmp_path / "roll.png", rows, ALPHABET, steps_per_beat=4, title="")
    assert list(tmp_path.iterdir()) == []


def test_a_piano_roll_of_something_else_than_part_arrays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodecError, match=r"shape \(3, 16, 4\)"):
        piano_roll.draw(tmp_path / "roll.png", [("A", MUSIC)], ALPHABET, steps_per_beat=4, title="")


def test_silence_can_be_drawn(tmp_path: Path) -> None:
    piano_roll.draw(tmp_path / "roll.png", [("A", SILENCE[0])], ALPHABET, steps_per_beat=4, title="silence")
    pitches.pitch_distribution(tmp_path / "distribution.png", {"real": MUSIC, "prior": SILENCE}, ALPHABET)
    pitches.pitch_distribution(tmp_path / "silence.png", {"prior": SILENCE}, ALPHABET)
    pitches.pitch_classes(tmp_path / "classes.png", {"real": SHARES["real"], "prior": [None] * 12})
    assert len(list(tmp_path.iterdir())) == 4


def test_training_without_validation_can_be_drawn(drawn: Callable[[Draw], Path], tmp_path: Path) -> None:
    history = {name: values for name, values in HISTORY.items() if not name.startswith("val_")}
    training.training_curve(tmp_path / "loss.png", history)
    assert (tmp_path / "loss.png").read_bytes() != drawn(curve).read_bytes()


@pytest.mark.parametrize(
    ("name", "values", "found"), [("kl", [], "kl 0"), ("val_kl", [1.0], "val_kl 1"), ("epoch", [], "epoch 0")]
)
def test_a_training_history_with_gaps_is_refused(name: str, values: list[float], found: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=f"{found}.*the same number"):
        training.training_curve(tmp_path / "loss.png", {**HISTORY, name: values})


def test_a_training_history_without_a_name_is_refused(tmp_path: Path) -> None:
    history = {name: values for name, values in HISTORY.items() if name != "val_loss"}
    with pytest.raises(TrainingError, match="val_loss 0"):
        training.training_curve(tmp_path / "loss.png", history)


@pytest.mark.parametrize("count", [0, 7])
def test_more_sets_than_colours_are_refused(count: int, tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match=f"{count} sets found; 1 to 6"):
        pitches.pitch_distribution(tmp_path / "pitches.png", {str(name): MUSIC for name in range(count)}, ALPHABET)


def test_eleven_pitch_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match="set 'real': 11 shares found; 12 are needed"):
        pitches.pitch_classes(tmp_path / "classes.png", {"real": [0.1] * 11})


@pytest.mark.parametrize("blocks", [[], [{}]])
def test_scores_of_nothing_are_refused(blocks: list[dict[str, dict[str, CellScores]]], tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match=r"scores\.png: no groups found"):
        reconstruction.draw(tmp_path / "scores.png", blocks, title="")


def test_no_curves_are_refused(tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match=r"points\.png: 0 sets found"):
        training.operating_points(tmp_path / "points.png", {})


def test_what_is_composed_needs_an_f1(tmp_path: Path) -> None:
    nothing: Any = {**WRITTEN, "onset_f1": {"infill": {"composed": UNKNOWN}}}
    with pytest.raises(QuartetError, match=r"f\.png: no F1 of onsets found; a picture needs one at least"):
        composed.draw(tmp_path / "f.png", nothing)


def test_what_is_composed_needs_no_real_music_to_compare(tmp_path: Path, drawn: Callable[[Draw], Path]) -> None:
    alone: Any = {**WRITTEN, "self_similarity": {"real": [UNKNOWN] * 3, "composed": [LEVEL] * 3}}
    composed.draw(tmp_path / "f.png", alone)
    assert (tmp_path / "f.png").read_bytes() != drawn(written).read_bytes()


def test_what_lies_between_is_a_point_for_each_set_that_has_an_area_and_both_shares(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr(between, "save", lambda figure, path: kept.append(figure))
    told_apart(tmp_path / "none.png")
    (axes,) = kept[0].axes
    points = [np.asarray(line.get_xydata())[0].tolist() for line in axes.lines if line.get_marker() == "o"]
    assert np.allclose(points, [(0.35, 0.75), (0.6, 0.95)])
    assert [text.get_text() for text in axes.texts] == ["composed", "crossfade"]
    spans = [np.asarray(line.get_ydata()).tolist() for line in axes.lines if line.get_marker() != "o"]
    # The interval of the one that has one, and the ceiling.
    assert spans == [[0.7, 0.8], [0.5, 0.5]]


def test_what_lies_between_needs_a_point(tmp_path: Path) -> None:
    nothing: Any = {**APART, "kept": {"real": {"a": 0.1, "b": 0.1}, "prior": {"a": None, "b": 0.3}}}
    with pytest.raises(QuartetError, match=r"b\.png: no set with an area and kept onsets found"):
        between.told_apart(tmp_path / "b.png", nothing)


def test_overlap_needs_the_ceiling_and_a_set(tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match="no set 'real' found"):
        sets.overlap(tmp_path / "x.png", {"prior": COMPARED})
    with pytest.raises(QuartetError, match="0 sets found"):
        sets.overlap(tmp_path / "x.png", {"real": COMPARED})


def test_an_overlap_without_interval_is_a_point(tmp_path: Path) -> None:
    bare: Any = {**COMPARED, "mean_low": None, "mean_high": None}
    sets.overlap(tmp_path / "bare.png", {"real": COMPARED, "prior": bare})
    sets.overlap(tmp_path / "with.png", {"real": COMPARED, "prior": COMPARED})
    assert (tmp_path / "bare.png").read_bytes() != (tmp_path / "with.png").read_bytes()


def test_a_title_that_the_font_cannot_write_is_no_matter(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    piano_roll.draw(
        tmp_path / "x.png", [("", np.full((4, 4), 30, np.uint8))], ALPHABET, steps_per_beat=4, title="四重奏"
    )
    assert (tmp_path / "x.png").exists()
    assert not recwarn.list


def test_transitions_are_on_one_scale(tmp_path: Path) -> None:
    """Twice the counts are the same shares; another set's larger share changes the colours of the first."""
    one, spread = np.eye(12), np.ones((12, 12))
    sets.transitions(tmp_path / "a.png", {"real": one})
    sets.transitions(tmp_path / "b.png", {"real": 2 * one})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    # Beside a diagonal, even transitions are pale; alone they would be as dark as can be.
    sets.transitions(tmp_path / "c.png", {"real": one, "prior": spread})
    sets.transitions(tmp_path / "d.png", {"real": spread, "prior": spread})
    both, alone = (imread(tmp_path / name) for name in ("c.png", "d.png"))
    middle = (slice(200, 300), slice(500, 800))
    assert both[middle].mean() > alone[middle].mean() + 0.1


def test_transitions_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match="no sets found"):
        sets.transitions(tmp_path / "x.png", {})


def test_step_distances_without_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(QuartetError, match="no paths found"):
        latent.step_distances(tmp_path / "x.png", {"path": np.zeros((0, 4))})


def test_a_map_tells_what_can_be_read_off_the_codes(tmp_path: Path) -> None:
    """Codes that hold the register are another picture than codes of noise; where they lie is no matter."""
    tokens = random_tokens(60, 4, 4)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, 2))
    told = noise.copy()
    told[:, 0] = np.where(tokens < 12, tokens, 0).sum(axis=(1, 2))
    phrases, corpus = phrase_set(tokens), pieces(train=[], test=[piece("one", tokens[0])])
    for name, mean in {"noise": noise, "told": told, "moved": told + 8}.items():
        latent.latent_map(tmp_path / f"{name}.png", mean, phrases, corpus)
    noise_, told_, moved = ((tmp_path / f"{name}.png").read_bytes() for name in ("noise", "told", "moved"))
    assert told_ == moved != noise_


def test_codes_of_one_dimension_and_one_phrase_and_none_that_sounds_can_be_drawn(tmp_path: Path) -> None:
    latent.latent_map(tmp_path / "x.png", CODES[:, :1], PHRASES, CORPUS)
    latent.latent_map(tmp_path / "y.png", CODES[:1], PHRASES.take(slice(1)), CORPUS)
    silent = np.full_like(PHRASES.tokens, REST)
    latent.latent_map(tmp_path / "z.png", CODES, phrase_set(silent), CORPUS)
    assert size_of(tmp_path / "x.png") == size_of(tmp_path / "y.png") == size_of(tmp_path / "z.png")


def test_attributes_show_how_phrases_spread(drawn: Callable[[Draw], Path], tmp_path: Path) -> None:
    latent.attributes(tmp_path / "x.png", ATTRIBUTES, {name: 2 * values for name, values in MOVED.items()})
    assert (tmp_path / "x.png").read_bytes() != drawn(attributes).read_bytes()
    nowhere = {name: np.full((4, 3), np.nan) for name in MOVED}
    latent.attributes(tmp_path / "y.png", ATTRIBUTES, nowhere)
    nothing: Any = {"amounts": [], "phrases": 0}
    with pytest.raises(QuartetError, match=r"z\.png: no attributes found"):
        latent.attributes(tmp_path / "z.png", nothing, {})


def test_an_attribute_without_direction_says_so(drawn: Callable[[Draw], Path], tmp_path: Path) -> None:
    found: Any = {**ATTRIBUTES, "register": {**ATTRIBUTES["register"], "length": 0.0}}
    latent.attributes(tmp_path / "x.png", found, MOVED)
    assert (tmp_path / "x.png").read_bytes() != drawn(attributes).read_bytes()


def test_betas_rise_is_marked(drawn: Callable[[Draw], Path], tmp_path: Path) -> None:
    train = params.load("train")[0].model_copy(update={"epochs": 12, "beta_warmup": 0.5, "beta_cycles": 3})
    assert training.beta_rises(train) == [(0, 2), (4, 6), (8, 10)]
    assert training.beta_rises(train.model_copy(update={"beta_warmup": 0.0, "beta_cycles": 1})) == []
    training.training_curve(tmp_path / "loss.png", HISTORY, [(0.0, 1.5)])
    marked, plain = (imread(path) for path in (tmp_path / "loss.png", drawn(curve)))
    assert (marked[:300] != plain[:300]).any(axis=-1).mean() > 0.1


def test_no_label_lies_on_a_point_a_line_or_another_label() -> None:
    rng = np.random.default_rng(0)
    figure = Figure(figsize=(6, 6))
    axes = figure.subplots()
    places = rng.uniform(0.2, 0.8, (12, 2)).tolist()
    points: list[tuple[str, float, float]] = [(f"point {k}", x, y) for k, (x, y) in enumerate(places)]
    points.append(("twin", places[0][0] + 0.001, places[0][1]))
    line = [(0.0, 0.4), (1.0, 0.6)]
    labels.place(figure, axes, points, lines=[line])
    figure.draw_without_rendering()
    boxes = [note.get_window_extent() for note in axes.texts if note.get_text()]
    assert len(boxes) == 13
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    across = axes.transData.transform([(x, 0.4 + 0.2 * x) for x in np.linspace(0, 1, 400)])
    for spot in (*axes.transData.transform([(x, y) for _, x, y in points]), *across):
        assert not any(box.contains(*spot) for box in boxes)


def test_what_two_sets_share_is_written_beside_them(tmp_path: Path) -> None:
    """The same shares, in another order of sets, are other words; transitions are sorted by them."""
    one, spread = np.eye(12), np.ones((12, 12))
    sets.transitions(tmp_path / "a.png", {"real": one, "prior": spread, "aggregate": one})
    sets.transitions(tmp_path / "b.png", {"real": one, "aggregate": one, "prior": spread})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert pitches.shared(np.array([0.5, 0.5]), np.array([0.25, 0.75])) == 0.75
    assert pitches.shared(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 0


def test_every_set_that_is_drawn_is_explained() -> None:
    assert set(ABOUT) == set(get_args(SetName))
