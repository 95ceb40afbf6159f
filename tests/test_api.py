"""What one does with a model and music: on the weights of the package, and on a toy where codes can be counted."""

import copy
import dataclasses
import inspect
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import quartetvae
from quartetvae import api, config
from quartetvae.errors import ArgumentError, ModelError, QuartetError
from quartetvae.io import midi
from quartetvae.latent import neighbours, paths
from quartetvae.latent.neighbours import Corpus
from quartetvae.metrics import attributes
from quartetvae.model import pretrained
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music import tracks
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import TEMPO_QPM, Quartet
from tests.building import FORM, GRID, REST, SUSTAIN, part_array, quartet, random_tokens
from tests.networks import RISING
from tests.toy import STEPS, TOY, Toy

WIDTH = 4 * STEPS
UP = np.ones((1, WIDTH), np.float32)
HIGHER = {"register": UP}
KINDS: tuple[config.PathKind, ...] = ("linear", "spherical")
BEAT, PHRASE = 12, 48
"""Steps of the package's grid, which has two columns a part: eight."""


@pytest.fixture(scope="module")
def model() -> NumpyAutoencoder:
    return api.load()


def music(steps: int, seed: int = 0, **options: Any) -> Quartet:
    """Music on the grid of the package's weights, with a few double stops."""
    grid = api.load().architecture.grid
    rng = np.random.default_rng(seed)
    lows = np.array([30, 24, 18, 4])
    upper: Tokens = (lows + rng.integers(3, 20, (steps, 4))).astype(np.uint8)
    upper[rng.random(upper.shape) < 0.8] = grid.alphabet.sustain
    lower = np.full_like(upper, grid.alphabet.rest)
    stopped = (upper < grid.alphabet.rest) & (rng.random(upper.shape) < 0.1)
    lower[stopped] = upper[stopped] - 3
    return Quartet(np.concatenate([upper, lower], axis=1), grid, **options)


def small(*parts: str, **options: Any) -> Quartet:
    """Music for the toy, a line for each part."""
    return Quartet(part_array(*parts), GRID, **options)


def changed(one: Quartet, other: Quartet) -> float:
    """Share of the cells that differ."""
    return float((one.tokens != other.tokens).mean())


def new_notes(one: Quartet, other: Quartet) -> float:
    """Share of the other's notes that the one does not begin at that place; most cells of both are sustains."""
    begun = other.tokens < other.grid.alphabet.rest
    return float((one.tokens != other.tokens)[begun].mean())


def test_directions_and_corpus_are_those_of_the_models_own_folder(model: NumpyAutoencoder, tmp_path: Path) -> None:
    piece, bare = music(2 * PHRASE, seed=1), copy.copy(model)
    bare.folder = None
    with pytest.raises(ModelError, match=r"not read from a folder: directions\.json"):
        api.morph(bare, piece, toward="register")
    with pytest.raises(ModelError, match=r"not read from a folder: corpus\.npz"):
        api.nearest(bare, piece)
    assert api.load().folder == pretrained.FOLDER
    for name in ("architecture.json", "model.weights.h5"):
        (tmp_path / name).write_bytes((pretrained.FOLDER / name).read_bytes())
    other = api.load(tmp_path)
    with pytest.raises(ModelError, match=r"directions\.json"):
        api.morph(other, api.sample(other), toward="register")


def test_the_package_has_what_the_api_has() -> None:
    functions = {name for name, found in vars(api).items() if inspect.isfunction(found) and name[0] != "_"}
    own = {name for name in functions if getattr(api, name).__module__ == api.__name__}
    assert sorted(own | {"Quartet"}) == sorted(quartetvae.__all__)
    for name in quartetvae.__all__:
        assert getattr(quartetvae, name) is getattr(api, name)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        quartetvae.lod  # noqa: B018


# Interpolation


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("points", [2, 4])
def test_the_ends_are_the_reconstructions(path: config.PathKind, points: int, model: NumpyAutoencoder) -> None:
    # Two phrases and a half, in bars of three beats.
    steps = 10 * BEAT
    a, b = music(steps, seed=1, bars=np.arange(steps) // 36, title="A", tempo_qpm=72.0), music(steps, seed=2)
    made = api.interpolate(model, a, b, points=points, path=path)
    assert len(made) == points
    assert made[0].tokens.tolist() == api.reconstruct(model, a).tokens.tolist()
    assert made[-1].tokens.tolist() == api.reconstruct(model, b).tokens.tolist()
    for k, one in enumerate(made):
        share = k / (points - 1)
        assert one.bars.tolist() == (a if share <= 0.5 else b).bars.tolist()
        assert one.tempo_qpm == pytest.approx(72 + share * (b.tempo_qpm - 72))
    assert (made[0].title, made[-1].title) == (a.title, b.title)


@pytest.mark.parametrize("align", get_args(config.Align))
def test_the_pipeline_and_the_api_reconstruct_and_walk_alike(align: config.Align) -> None:
    """On the beat grid, whatever bars training phrases were cut by."""
    toy = Toy(dataclasses.replace(TOY.architecture, form=FORM.model_copy(update={"align": align})))
    # Bars of three steps and of seven; beats have four.
    a, b = (
        Quartet(random_tokens(26, 4, seed=of_bar), GRID, np.arange(26, dtype=np.int64) // of_bar) for of_bar in (3, 7)
    )
    points = api.interpolate(toy, a, b, points=4, path="spherical", spacing="codes")
    walked = paths.interpolate(toy, a.piece("a"), b.piece("b"), points=4)
    assert all(np.array_equal(point.tokens, walked.point(k)) for k, point in enumerate(points))
    for end, point in ((a, points[0]), (b, points[-1])):
        rebuilt = api.reconstruct(toy, end).tokens
        assert np.array_equal(rebuilt, paths.reconstruct(toy, end.piece("end")).tokens)
        assert np.array_equal(rebuilt, api.reconstruct(TOY, end).tokens)
        assert np.array_equal(rebuilt, point.tokens)


@pytest.mark.parametrize("path", KINDS)
def test_a_grids_corners_are_the_reconstructions(path: config.PathKind, model: NumpyAutoencoder) -> None:
    corners = [music(2 * PHRASE, seed=seed) for seed in range(4)]
    rows = api.interpolate_grid(model, corners, points=3, path=path)
    assert [len(row) for row in rows] == [3, 3, 3]
    found = (rows[0][0], rows[0][-1], rows[-1][0], rows[-1][-1])
    for one, corner in zip(found, corners, strict=True):
        assert one.tokens.tolist() == api.reconstruct(model, corner).tokens.tolist()
    # Each edge is the path between its two corners.
    edge = api.interpolate(model, corners[0], corners[1], points=3, path=path, spacing="codes")
    assert [one.tokens.tolist() for one in rows[0]] == [one.tokens.tolist() for one in edge]


def test_the_middle_of_a_straight_path_is_the_mean_of_the_codes() -> None:
    low, high = small("60 60 60 60"), small("64 70 66 62")
    middle = api.interpolate(TOY, low, high, points=3, path="linear", spacing="codes")[1]
    assert middle.tokens[:, 0].tolist() == [2, 5, 3, 1]


def test_the_paths_differ(model: NumpyAutoencoder) -> None:
    ends = music(2 * PHRASE, seed=1), music(2 * PHRASE, seed=2)
    linear, spherical = (api.interpolate(model, *ends, points=3, path=path)[1] for path in KINDS)
    assert changed(linear, spherical) > 0


def test_steps_of_what_is_heard_are_more_even_than_those_of_the_codes(model: NumpyAutoencoder) -> None:
    ends = music(PHRASE, seed=1), music(PHRASE, seed=2)
    uneven = {}
    for spacing in get_args(config.Spacing):
        points = np.stack([one.tokens for one in api.interpolate(model, *ends, path="spherical", spacing=spacing)])
        uneven[spacing] = ((points[1:] != points[:-1]).mean(axis=(1, 2)) ** 2).sum()
    assert uneven["heard"] < uneven["codes"]


def test_the_shortest_decides_the_length(model: NumpyAutoencoder) -> None:
    pieces = [music(steps, seed=steps) for steps in (150, 114, 192, 120)]
    ends = api.interpolate(model, pieces[0], pieces[1], points=2, path="spherical")
    cut = Quartet(pieces[0].tokens[:114], pieces[0].grid)
    assert ends[0].tokens.tolist() == api.reconstruct(model, cut).tokens.tolist()
    rows = api.interpolate_grid(model, pieces, points=2, path="spherical")
    assert {len(one.tokens) for row in rows for one in row} == {114}


# What is drawn


def test_a_sample_is_of_its_seed_and_length(model: NumpyAutoencoder) -> None:
    one = api.sample(model, beats=6, seed=3)
    assert one.tokens.shape == (6 * BEAT, 8)
    assert one.tokens.tolist() == api.sample(model, beats=6, seed=3).tokens.tolist()
    assert new_notes(one, api.sample(model, beats=6, seed=4)) > 0.5
    # More beats go on where fewer stop.
    assert api.sample(model, beats=12, seed=3).tokens[: 6 * BEAT].tolist() == one.tokens.tolist()


def test_temperature_draws(model: NumpyAutoencoder) -> None:
    likeliest, drawn, again = (api.sample(model, temperature=t, seed=1) for t in (0.0, 1.0, 1.0))
    assert changed(likeliest, drawn) > 0
    assert changed(drawn, again) == 0
    hot = api.sample(model, temperature=5.0, seed=1)
    assert changed(likeliest, hot) > changed(likeliest, drawn)


def test_codes_and_tokens_are_drawn_by_different_numbers() -> None:
    # With one stream for both, the width of the second number and the first noise correlate by 0.7.
    seeds = range(400)
    codes = [abs(api._codes_rng(seed).standard_normal(2, dtype=np.float32)[1]) for seed in seeds]
    noise = [np.random.default_rng(seed).gumbel() for seed in seeds]
    assert abs(np.corrcoef(codes, noise)[0, 1]) < 0.2


def test_no_variation_is_the_reconstruction_and_more_amount_is_further_from_it(model: NumpyAutoencoder) -> None:
    piece = music(4 * PHRASE)
    plain = api.reconstruct(model, piece)
    near, far, other = (
        api.vary(model, piece, amount=amount, seed=seed) for amount, seed in ((0.0, 0), (1.5, 0), (1.5, 1))
    )
    assert changed(near, plain) == 0
    little = changed(api.vary(model, piece, amount=0.2), plain)
    assert 0 <= little < changed(far, plain)
    assert changed(far, other) > 0
    drawn = [api.vary(model, piece, amount=0.0, temperature=2.0, seed=seed) for seed in (0, 1)]
    assert changed(drawn[0], plain) > 0
    assert changed(*drawn) > 0


# Attributes


@pytest.mark.parametrize("by", [-2.0, -1.0, 0.0, 1.0, 2.0])
def test_morphing_moves_the_codes_along_the_direction(by: float) -> None:
    piece = small("64 65 66 67", "64 65 64 65", "66 66 66 66", "65 65 65 65")
    # The violins one way, the others the other.
    way = np.tile(np.array([1, 1, -1, -1], np.float32), STEPS)[np.newaxis]
    made = api.morph(TOY, piece, toward="register", by=by, directions={"register": way})
    assert (made.tokens.astype(int) - piece.tokens == by * way.reshape(STEPS, 4)).all()


def test_a_direction_by_scale_is_that_of_each_phrase() -> None:
    ways = np.zeros((12, WIDTH), np.float32)
    ways[2] = 1  # D major
    in_c, in_d = "60 62 64 65", "62 64 66 67"
    piece = small(f"{in_c} {in_d}", f"67 69 71 60 {'69 71 61 62'}", *["64 64 64 64 64 64 64 64"] * 2)
    made = api.morph(TOY, piece, toward="chromaticism", by=1, directions={"chromaticism": ways})
    moved = (made.tokens.astype(int) - piece.tokens).tolist()
    # The B of the second phrase is the alphabet's last pitch.
    assert np.array(moved[:4]).any(axis=None) == np.False_
    assert moved[4:] == [[1] * 4, [1] * 4, [1] * 4, [1] * 4]


def test_the_packages_own_directions_and_corpus(model: NumpyAutoencoder) -> None:
    """More and less of each attribute is more and less of it; real phrases have real neighbours."""
    codes = neighbours.read(pretrained.FOLDER / "corpus.npz").codes
    # Music as composed: in samples of the prior so many notes are chromatic that a direction adds few.
    piece = api.decode(model, codes[:: len(codes) // 48][:48])
    for name in RISING:
        measure = attributes.ATTRIBUTES[name]
        moved = (api.morph(model, piece, toward=name, by=by).tokens.reshape(-1, PHRASE, 8) for by in (-2.0, 2.0))
        less, more = (np.nanmean(measure(phrases, piece.grid.alphabet, BEAT)) for phrases in moved)
        assert more > less, name
    found = api.nearest(model, api.sample(model, beats=16), count=3)
    assert len(found) == 4
    for near in found:
        assert [one.distance for one in near] == sorted(one.distance for one in near)
        assert all(set(one.place) == {*neighbours.OF_PIECE, *neighbours.OF_PHRASE} for one in near)


def test_the_nearest_of_a_phrase_of_the_corpus_is_itself(model: NumpyAutoencoder) -> None:
    piece = music(4 * PHRASE)
    codes = api.encode(model, piece)
    places: list[dict[str, object]] = [{"beat": 4 * k} for k in range(4)]
    found = api.nearest(model, piece, count=2, corpus=Corpus(places, codes))
    assert [near[0].place["beat"] for near in found] == [0, 4, 8, 12]
    assert all(near[0].distance == 0 < near[1].distance for near in found)


# Codes


def test_encoding_then_decoding_is_reconstruction(model: NumpyAutoencoder) -> None:
    # Four phrases and three beats and a half, in bars of a beat and a half.
    steps = 4 * PHRASE + 42
    piece = music(steps, bars=np.arange(steps) // 18, title="T", tempo_qpm=60.0)
    codes = api.encode(model, piece)
    assert codes.shape == (5, model.architecture.network.latent_dim)
    assert codes.dtype == np.float32
    whole = api.decode(model, codes)
    like = api.decode(model, codes, like=piece)
    assert len(whole.tokens) == 5 * PHRASE
    assert whole.tempo_qpm == TEMPO_QPM
    assert like.tokens.tolist() == whole.tokens[:steps].tolist() == api.reconstruct(model, piece).tokens.tolist()
    assert (like.title, like.tempo_qpm, like.bars.tolist()) == ("T", 60, piece.bars.tolist())


@pytest.mark.parametrize("name", ["codes.npy", "codes.parquet", "CODES.NPY", "deep/er/codes.Parquet"])
def test_codes_read_back_exactly(name: str, tmp_path: Path) -> None:
    codes = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    api.write_codes(tmp_path / name, codes)
    read = api.read_codes(tmp_path / name)
    assert read.dtype == np.float32
    assert np.array_equal(read, codes)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_codes_of_whole_numbers_and_doubles_are_read(tmp_path: Path) -> None:
    for kind in (np.int64, np.uint8, np.float64, np.float16):
        np.save(tmp_path / "codes.npy", np.array([[1, 2]], dtype=kind))
        assert api.read_codes(tmp_path / "codes.npy").tolist() == [[1, 2]]


def _header(path: Path) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 128)})


def _headed(header: str) -> Callable[[Path], Any]:
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    return lambda path: path.write_bytes(start + header.encode())


_TOO_LARGE = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({9**30}, 4)}}"


def _zipped(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, np.zeros((1, 2)))


def _saved(array: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, np.array(array), allow_pickle=True)


def _table(**columns: Any) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


BAD_CODES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "empty": (".npy", lambda path: path.write_bytes(b"")),
    "text": (".npy", lambda path: path.write_text("1, 2")),
    "half a zip": (".npy", lambda path: path.write_bytes(b"PK\x03\x04 and no more")),
    "a zip of arrays": (".npy", _zipped),
    "a header for more than there is": (".npy", _header),
    "a header that does not end": (".npy", _headed("{'shape': (1L, ")),
    "a header of a number without end": (
        ".npy",
        _headed(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({9**30},)}}"),
    ),
    "objects": (".npy", _saved([[None]])),
    "strings": (".npy", _saved([["1", "2"]])),
    "dates": (".npy", _saved([["2020-01-01"]] * 2)),
    "complex": (".npy", _saved([[1j]])),
    "records": (".npy", lambda path: np.save(path, np.zeros(2, [("a", "f4"), ("b", "f4")]))),
    "one dimension": (".npy", _saved([1.0, 2.0])),
    "three dimensions": (".npy", _saved([[[1.0]]])),
    "no rows": (".npy", _saved(np.zeros((0, 4)))),
    "not a number": (".npy", _saved([[1.0, np.nan]])),
    "infinite": (".npy", _saved([[1.0, -np.inf]])),
    "beyond single precision": (".npy", _saved([[1e300]])),
    "a folder": (".npy", lambda path: path.mkdir()),
    "missing": (".npy", lambda path: None),
    "an empty table": (".parquet", lambda path: path.write_bytes(b"")),
    "text for a table": (".parquet", lambda path: path.write_text("z_0")),
    "a folder for a table": (".parquet", lambda path: path.mkdir()),
    "no columns": (".parquet", _table()),
    "other columns": (".parquet", _table(a=[1.0])),
    "a column that is missing": (".parquet", _table(z_0=[1.0], z_2=[1.0])),
    "words": (".parquet", _table(z_0=["a"])),
    "lists": (".parquet", _table(z_0=[[1.0], [2.0]])),
    "gaps": (".parquet", _table(z_0=[1.0, None])),
}


@pytest.mark.parametrize("kind", BAD_CODES)
def test_what_are_no_codes_is_named(kind: str, tmp_path: Path) -> None:
    suffix, write = BAD_CODES[kind]
    write(tmp_path / f"bad{suffix}")
    with pytest.raises(
        ModelError, match=rf"bad\{suffix}: .*((no codes|codes of shape|a folder).* (is|are) needed|no such file)"
    ):
        api.read_codes(tmp_path / f"bad{suffix}")


@pytest.mark.parametrize(
    "name", ["codes.txt", "codes", "new/codes.csv", "file/codes.npy", "folder.npy", "file.npy/x.npy"]
)
def test_codes_that_cannot_be_written_leave_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "file.npy").write_text("in the way")
    (tmp_path / "folder.npy").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelError, match=r"codes are written as|cannot be written"):
        api.write_codes(tmp_path / name, np.zeros((1, 2), np.float32))
    assert sorted(tmp_path.rglob("*")) == before


# Reading


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Eight notes a part, four beats, at 90 quarters a minute."""
    midi.write(tmp_path / "piece.mid", quartet(), tempo_qpm=90)
    return tmp_path / "piece.mid"


def test_an_excerpt_is_cut_out(file: Path, model: NumpyAutoencoder) -> None:
    whole = api.read(file, model)
    part, rest = (api.read(file, model, from_beat=start, beats=beats) for start, beats in ((1, 2), (3, 99)))
    # The last notes of 200 ticks, five steps, begin half a beat before the fourth beat ends.
    assert len(whole.tokens) == 4 * BEAT - 1
    assert whole.title == "piece"
    assert whole.tempo_qpm == pytest.approx(90, abs=0.01)
    assert part.tokens.tolist() == whole.tokens[BEAT : 3 * BEAT].tolist()
    assert rest.tokens.tolist() == whole.tokens[3 * BEAT :].tolist()


def test_an_excerpt_from_within_a_held_note_begins_with_it(tmp_path: Path, model: NumpyAutoencoder) -> None:
    held = tracks.Music(480, tuple(tracks.Track(t.name, t.program, False, t.notes[:1]) for t in quartet().tracks))
    for track in held.tracks:
        track.notes["duration"] = 4 * 480
    midi.write(tmp_path / "held.mid", held, tempo_qpm=90)
    cut = api.read(tmp_path / "held.mid", model, from_beat=2)
    alphabet = model.architecture.grid.alphabet
    assert cut.tokens[0, :4].tolist() == [int(track.notes["pitch"][0]) - 36 for track in held.tracks]
    assert (cut.tokens[1:, :4] == alphabet.sustain).all()
    assert (cut.tokens[:, 4:] == alphabet.rest).all()
    assert len(cut.tokens) == 2 * BEAT


def test_bars_of_an_excerpt_begin_anew(tmp_path: Path, model: NumpyAutoencoder) -> None:
    waltz = quartet(signatures=[tracks.TimeSignature(0, 3, 4)])
    midi.write(tmp_path / "waltz.mid", waltz, tempo_qpm=90)
    # A bar line at beat 3; the last notes end a step before the fourth beat does.
    for start, bars in ((2, [0] * 12 + [1] * 11), (3, [0] * 11)):
        assert api.read(tmp_path / "waltz.mid", model, from_beat=start).bars.tolist() == bars


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_beat": 4}, r"piece\.mid: nothing from beat 4 on; it has 4 beats"),
        ({"from_beat": -1}, "-1 as the beat to begin with; a whole number, 0 at least"),
        ({"beats": 0}, "0 beats"),
        ({"beats": -3}, "-3 beats"),
        ({"beats": 1.5}, r"1\.5 beats; a whole number"),
        ({"tracks": [0, 1, 2, 9]}, "four different ones"),
    ],
)
def test_an_excerpt_that_there_is_not(
    options: dict[str, Any], message: str, file: Path, model: NumpyAutoencoder
) -> None:
    with pytest.raises(QuartetError, match=message):
        api.read(file, model, **options)


# Bad input

CODES = np.zeros((1, WIDTH), np.float32)
NAN, PIECE = float("nan"), small("60 62 - .")
NARROW = {"register": UP[:, :5]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: api.interpolate(TOY, PIECE, PIECE, points=1), "1 point"),
        (lambda: api.interpolate_grid(TOY, [PIECE] * 3, path="spherical"), "3 quartets; four are needed"),
        (lambda: api.interpolate(TOY, PIECE, PIECE, points=2.5), r"2\.5 points; a whole number, 2 at least"),  # type: ignore[arg-type]
        (lambda: api.interpolate_grid(TOY, [PIECE] * 4, points=1), "1 points"),
        (lambda: api.sample(TOY, beats=0), "0 beats"),
        (lambda: api.sample(TOY, seed=-1), "-1 as the seed; a whole number, 0 at least"),
        (lambda: api.vary(TOY, PIECE, seed=-1), "-1 as the seed"),
        (lambda: api.decode(TOY, CODES, temperature=1.0, seed=-1), "-1 as the seed"),
        (lambda: api.sample(TOY, temperature=NAN), "not finite"),
        (lambda: api.vary(TOY, PIECE, amount=-0.1), r"an amount of -0\.1"),
        (lambda: api.vary(TOY, PIECE, amount=NAN), "an amount of nan"),
        (lambda: api.vary(TOY, PIECE, amount=float("inf")), "an amount of inf"),
        (
            lambda: api.morph(TOY, PIECE, toward="loudness", directions=HIGHER),
            "'loudness' is unknown.* register",
        ),
        (
            lambda: api.morph(TOY, PIECE, toward="register", directions={"register": UP[:, :5]}),
            "5 dimensions, codes of 16",
        ),
        (lambda: api.morph(TOY, PIECE, toward="register", by=NAN, directions=HIGHER), "by nan"),
        (
            lambda: api.morph(TOY, PIECE, toward="register", directions={"register": 0 * UP, "syncopation": UP}),
            "'register' rises in no direction.* those that do: syncopation",
        ),
        (
            lambda: api.morph(TOY, PIECE, toward="register", by=-1e39, directions=HIGHER),
            r"by -1e\+39; -100 to 100",
        ),
        (lambda: api.nearest(TOY, PIECE, count=0, corpus=Corpus([{}], CODES)), "0 neighbours"),
        (lambda: api.nearest(TOY, PIECE, corpus=Corpus([{}], CODES[:, :3])), r"the corpus has codes of shape \(3,\)"),
        (lambda: api.decode(TOY, CODES * NAN), "not finite"),
        (lambda: api.decode(TOY, CODES - np.float32(1e30)), r"up to 1e\+30; -1e\+06 to 1e\+06 is needed"),
        (lambda: api.decode(TOY, np.repeat(CODES, 3, axis=0), like=PIECE), "3 codes for music of 1 phrases"),
        (lambda: api.encode(TOY, api.sample(api.load(), beats=1)), "read it with this model"),
        (lambda: api.decode(api.load(), CODES), r"codes of shape \(1, 16\); \(codes, 128\) is needed"),
        (lambda: api.load("nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        call()


def test_an_unknown_path_is_refused() -> None:
    walks: list[Callable[..., Any]] = [
        api.interpolate,
        lambda *ends, **options: api.interpolate_grid(TOY, [PIECE] * 4, **options),
    ]
    for walk in walks:
        with pytest.raises(
            ArgumentError, match="path 'bent' found; one of 'exchange', 'linear', 'spherical' is needed"
        ):
            walk(TOY, PIECE, PIECE, path="bent")


def test_arguments_are_not_changed() -> None:
    piece = Quartet(random_tokens(20, 4), GRID)
    tokens, bars = piece.tokens.copy(), piece.bars.copy()
    api.interpolate(TOY, piece, small("60 " * 8), path="spherical")
    api.morph(TOY, piece, toward="register", directions=HIGHER)
    api.vary(TOY, piece)
    assert np.array_equal(piece.tokens, tokens)
    assert np.array_equal(piece.bars, bars)
    assert set(tokens.ravel().tolist()) >= {REST, SUSTAIN}
