"""What one asks a composer for from Python, and the key dial of models that decode codes."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae import api
from quartetvae.composing import originality, requests
from quartetvae.composing.filling import Window
from quartetvae.composing.requests import Drawing
from quartetvae.errors import ArgumentError, ModelError
from quartetvae.latent.directions import Directions
from quartetvae.metrics import tonality
from quartetvae.model import pretrained
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music.quartet import Quartet
from tests.composing.composers import fake
from tests.test_api import music
from tests.toy import TOY

SHARP = (0, 1, 3, 5, 6, 8, 10)
"""The pitch classes of C sharp major, or D flat major."""


@pytest.fixture(scope="module")
def model() -> NumpyAutoencoder:
    return api.load()


COMPOSER = fake(api.load().architecture.grid)
PIECE, OTHER = music(192, seed=1), music(96, seed=2)


def in_sharp(one: Quartet) -> float:
    """Share of the onsets that lie in C sharp major."""
    counts = tonality.pitch_class_counts(one.tokens[None], one.grid.alphabet)[0]
    return float(counts[list(SHARP)].sum() / counts.sum())


def test_music_is_moved_to_the_key_of_other_music() -> None:
    low = music(96, seed=3)
    alphabet, pitched = low.grid.alphabet, low.tokens < low.grid.alphabet.rest
    up = replace(
        low, tokens=np.where(pitched, np.clip(low.tokens, 10, alphabet.pitches - 10), low.tokens).astype(np.uint8)
    )
    other = replace(up, tokens=np.where(pitched, up.tokens + 3, up.tokens).astype(np.uint8))
    assert np.array_equal(api.in_key_of(other, up).tokens, up.tokens)
    assert np.array_equal(api.in_key_of(up, up).tokens, up.tokens)
    with pytest.raises(ModelError, match="read both with one model"):
        api.in_key_of(up, replace(up, grid=replace(up.grid, steps_per_beat=4)))


# A composer

ASKED: dict[str, tuple[Callable[..., Quartet], Callable[[Drawing], Quartet]]] = {
    "infill": (
        lambda **options: api.infill(COMPOSER, PIECE, bars=(2, 3), parts=["viola"], **options),
        lambda drawing: requests.infill(COMPOSER, PIECE, requests.place(PIECE, (48, 144), [2]), drawing),
    ),
    "harmonise": (
        lambda **options: api.harmonise(COMPOSER, PIECE, part="cello", **options),
        lambda drawing: requests.harmonise(COMPOSER, PIECE, 3, drawing),
    ),
    "continue": (
        lambda **options: api.continue_(COMPOSER, PIECE, beats=5, **options),
        lambda drawing: requests.continuation(COMPOSER, PIECE, 5, drawing),
    ),
    "bridge": (
        lambda **options: api.bridge(COMPOSER, PIECE, OTHER, beats=5, **options),
        lambda drawing: requests.bridge(COMPOSER, PIECE, OTHER, 5, drawing),
    ),
    "sample": (
        lambda **options: api.sample(COMPOSER, beats=5, **options),
        lambda drawing: requests.sample(COMPOSER, 5, drawing),
    ),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"seed": 3, "temperature": 0.5},
        {"key": "C# major", "key_strength": 3.0},
        {"key": "C# major", "strict_key": True},
    ],
    ids=str,
)
def test_a_composer_is_asked_as_it_was_said(name: str, options: dict[str, Any]) -> None:
    ask, expected = ASKED[name]
    assert np.array_equal(ask(**options).tokens, expected(Drawing(**options)).tokens)


@pytest.mark.parametrize("name", ASKED)
def test_progress_sees_the_windows(name: str) -> None:
    seen: list[Window] = []

    def watch(windows: Sequence[Window]) -> Iterable[Window]:
        seen.extend(windows)
        return windows

    ASKED[name][0](progress=watch)
    assert seen


def test_infill_takes_bars_or_beats() -> None:
    by_bars = api.infill(COMPOSER, PIECE, bars=(2, 3)).tokens
    assert np.array_equal(by_bars, api.infill(COMPOSER, PIECE, beats=(4, 11)).tokens)
    with pytest.raises(ArgumentError, match="give one of the two"):
        api.infill(COMPOSER, PIECE)
    with pytest.raises(ArgumentError, match="give one of the two"):
        api.infill(COMPOSER, PIECE, bars=(1, 1), beats=(0, 3))
    with pytest.raises(ArgumentError, match="part 'flute'; one of violin_1"):
        api.infill(COMPOSER, PIECE, bars=(1, 1), parts=["flute"])


def test_music_is_read_with_a_composer(tmp_path: Path) -> None:
    api.write(tmp_path / "a.mid", PIECE)
    assert np.array_equal(
        api.read(tmp_path / "a.mid", COMPOSER).tokens, api.read(tmp_path / "a.mid", api.load()).tokens
    )
    whole = api.read(tmp_path / "a.mid", COMPOSER).tokens
    melody = api.read_melody(tmp_path / "a.mid", COMPOSER, part="viola").tokens
    assert np.array_equal(melody[:, 2::4], whole[: len(melody), 2::4])
    silent = [column for column in range(8) if column % 4 != 2]
    assert (melody[:, silent] == PIECE.grid.alphabet.rest).all()
    lower = api.read_melody(tmp_path / "a.mid", COMPOSER, part="viola", track=3).tokens
    assert np.array_equal(lower[:, 2::4], whole[: len(lower), 3::4])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: api.continue_(COMPOSER, PIECE, beats=0), "0 beats; a whole number, 1 at least"),
        (lambda: api.bridge(COMPOSER, PIECE, OTHER, beats=0), "0 beats; a whole number"),
        (lambda: api.sample(COMPOSER, beats=4, seed=-1), "-1 as the seed"),
        (lambda: api.sample(COMPOSER, beats=4, temperature=float("nan")), "a temperature of nan"),
        (lambda: api.sample(COMPOSER, beats=4, key="C major", key_strength=float("inf")), "a key strength of inf"),
        (lambda: api.sample(TOY, beats=4, key="C major"), "a model that has no dial"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        call()


# The key dial of a model

UP: Directions = {"register": np.ones((1, 128), np.float32)}

MADE: dict[str, Callable[..., Quartet]] = {
    "path": lambda of, **options: api.interpolate(of, PIECE, OTHER, points=3, path="spherical", **options)[1],
    "grid": lambda of, **options: api.interpolate_grid(of, [PIECE, OTHER] * 2, points=3, path="linear", **options)[1][
        0
    ],
    "sample": lambda of, **options: api.sample(of, beats=16, temperature=1.0, **options),
    "vary": lambda of, **options: api.vary(of, PIECE, **options),
    "morph": lambda of, **options: api.morph(of, PIECE, toward="register", directions=UP, **options),
}


@pytest.mark.parametrize("name", MADE)
def test_a_key_brings_notes_into_it(name: str, model: NumpyAutoencoder) -> None:
    make = MADE[name]
    free, keyed = make(model), make(model, key="C# major", key_strength=3.0)
    assert np.array_equal(free.tokens, make(model, key="free").tokens)
    assert in_sharp(keyed) > in_sharp(free)
    assert not np.array_equal(keyed.tokens, make(model, key="C# major").tokens)
    assert in_sharp(make(model, key="C# major", strict_key=True)) == 1


@pytest.mark.parametrize("name", ["path", "grid", "vary", "morph"])
def test_auto_takes_the_key_of_what_is_given(name: str, model: NumpyAutoencoder) -> None:
    assert not np.array_equal(MADE[name](model).tokens, MADE[name](model, key="auto", key_strength=4.0).tokens)


def test_the_ends_of_a_path_and_the_corners_of_a_grid_stay_as_they_are(model: NumpyAutoencoder) -> None:
    free = api.interpolate(model, PIECE, OTHER, points=4, path="spherical")
    keyed = api.interpolate(model, PIECE, OTHER, points=4, path="spherical", key="C# major", strict_key=True)
    same = [np.array_equal(one.tokens, other.tokens) for one, other in zip(free, keyed, strict=True)]
    assert same == [True, False, False, True]
    corners = [music(48, seed=seed) for seed in range(4)]
    free_grid = api.interpolate_grid(model, corners, points=3, path="spherical")
    keyed_grid = api.interpolate_grid(model, corners, points=3, path="spherical", key="C# major", strict_key=True)
    for i in range(3):
        for j in range(3):
            is_corner = i != 1 and j != 1
            assert np.array_equal(free_grid[i][j].tokens, keyed_grid[i][j].tokens) == is_corner


def test_a_sample_has_no_music_whose_key_could_be_taken(model: NumpyAutoencoder) -> None:
    with pytest.raises(ArgumentError, match="there are none; name a key"):
        api.sample(model, key="auto")


# Where it comes from


def test_origins_of_phrases_that_are_new(model: NumpyAutoencoder) -> None:
    whole = api.origin(model, PIECE)
    assert [(phrase["bar"], phrase["beat"]) for phrase in whole["phrases"]] == [(1, 0), (2, 4), (3, 8), (4, 12)]
    nearest = api.nearest(model, PIECE, count=1)
    for phrase, (near,) in zip(whole["phrases"], nearest, strict=True):
        found = dict(phrase["nearest"])
        assert found.pop("distance") == pytest.approx(near.distance, rel=1e-4)
        assert found == near.place
    new = np.zeros(192, np.bool_)
    new[100:150] = True
    part = api.origin(model, PIECE, composed=new)
    assert part["phrases"][0]["nearest"] == whole["phrases"][2]["nearest"]
    assert [phrase["beat"] for phrase in part["phrases"]] == [8, 12]
    assert 0 < part["originality"] <= 1


def test_the_packages_index_is_of_its_training_pieces(model: NumpyAutoencoder) -> None:
    """Random notes are new; a beat with one note is not."""
    index = originality.read(pretrained.FOLDER / originality.FILE)
    assert index.steps_per_beat == model.architecture.grid.steps_per_beat
    assert originality.measure(index, PIECE.tokens, PIECE.grid, phrase_beats=4).copied in (0, None)
    single = np.full((12, 8), PIECE.grid.alphabet.rest, np.uint8)
    single[0, 0] = 40
    assert originality.measure(index, single, PIECE.grid, phrase_beats=4).originality == 0


def test_a_model_without_a_corpus_is_told(model: NumpyAutoencoder) -> None:
    bare = copy.copy(model)
    bare.folder = None
    with pytest.raises(ModelError, match=r"not read from a folder: windows\.npz of the stage `describe`"):
        api.origin(bare, PIECE)


# Paths by exchange


def exchanged(**options: Any) -> list[Quartet]:
    return api.interpolate(api.load(), PIECE, OTHER, **{"composer": COMPOSER, **options})


def test_the_ends_of_an_exchange_are_the_reconstructions(model: NumpyAutoencoder) -> None:
    found = exchanged(points=4)
    plain = api.interpolate(model, PIECE, OTHER, points=4, path="spherical")
    assert [one.title for one in found] == [one.title for one in plain]
    assert [len(one.tokens) for one in found] == [96] * 4
    for end in (0, -1):
        assert np.array_equal(found[end].tokens, plain[end].tokens)
        assert not np.array_equal(found[1].tokens, found[end].tokens)


@pytest.mark.parametrize(
    "changed",
    [{"freedom": 1.0}, {"tries": 1}, {"temperature": 0.0}, {"seed": 1}, {"key": "C# major", "strict_key": True}],
)
def test_every_option_of_an_exchange_counts(changed: dict[str, Any]) -> None:
    before = exchanged(points=3, freedom=0.5)[1].tokens
    after = exchanged(**{"points": 3, "freedom": 0.5, **changed})[1].tokens
    assert not np.array_equal(before, after)


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"freedom": 2.0}, "freedom 2"), ({"tries": 0}, "tries"), ({"points": 1}, "points"), ({"key": "H"}, "key 'H'")],
)
def test_an_exchange_out_of_range_is_named(changed: dict[str, Any], told: str) -> None:
    with pytest.raises((ArgumentError, ModelError), match=told):
        exchanged(**changed)


def test_a_composer_on_another_grid_than_the_model_is_named(model: NumpyAutoencoder) -> None:
    with pytest.raises(ModelError, match="trained on the same encoding"):
        exchanged(composer=fake())
    with pytest.raises(ModelError, match="path 'spherical', which needs no composer"):
        api.interpolate_grid(model, [PIECE] * 4, composer=fake())


def test_four_corners_by_exchange(model: NumpyAutoencoder) -> None:
    corners = [music(96, seed=seed) for seed in (1, 2, 3, 4)]
    rows = api.interpolate_grid(model, corners, points=3, composer=COMPOSER)
    assert [len(row) for row in rows] == [3, 3, 3]
    for corner, found in zip(corners, (rows[0][0], rows[0][-1], rows[-1][0], rows[-1][-1]), strict=True):
        assert np.array_equal(found.tokens, api.reconstruct(model, corner).tokens)
    # The sides are paths between two corners; the middle is none of them.
    side = api.interpolate(model, corners[0], corners[2], points=3, composer=COMPOSER)[1]
    assert np.array_equal(rows[1][0].tokens, side.tokens)
    assert all((rows[1][1].tokens != one.tokens).any() for row in rows for one in row if one is not rows[1][1])


@pytest.mark.parametrize(
    "changed",
    [{"freedom": 1.0}, {"tries": 1}, {"temperature": 0.0}, {"seed": 1}, {"key": "C# major", "strict_key": True}],
)
def test_every_option_of_a_grid_by_exchange_counts(model: NumpyAutoencoder, changed: dict[str, Any]) -> None:
    options: dict[str, Any] = {"points": 3, "composer": COMPOSER, "freedom": 0.5}
    corners = [music(48, seed=seed) for seed in (1, 2, 3, 4)]
    before = api.interpolate_grid(model, corners, **options)[1][1].tokens
    assert not np.array_equal(before, api.interpolate_grid(model, corners, **{**options, **changed})[1][1].tokens)


@pytest.mark.parametrize(
    "given", [{"composer": COMPOSER}, {"freedom": 0.5}, {"tries": 2}, {"temperature": 1.0}, {"seed": 0}]
)
def test_what_a_path_has_no_use_for_is_named(model: NumpyAutoencoder, given: dict[str, Any]) -> None:
    told = rf"{next(iter(given))} with path 'linear', which composes nothing"
    with pytest.raises(ArgumentError, match=told):
        api.interpolate(model, PIECE, OTHER, path="linear", **given)
    with pytest.raises(ArgumentError, match=told):
        api.interpolate_grid(model, [PIECE] * 4, path="linear", **given)
    with pytest.raises(ArgumentError, match="spacing 'heard' with path 'exchange'"):
        exchanged(spacing="heard")
