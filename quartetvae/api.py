"""What one does with a trained model and music of one's own; `import quartetvae` has it all.

Conventions
-----------
Music is a `Quartet`; a model is whatever has `latent.Autoencoder`'s methods. Codes are float32, (phrases, latent_dim):
music is cut into phrases of `model.architecture.form.beats_per_phrase` beats from its first beat on, and each has a
code. Everything that draws numbers takes a `seed`.
"""

import io
import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quartetvae import directions, latent, light, neighbours, phrases, reading
from quartetvae.dataset import PhraseSet
from quartetvae.directions import Directions
from quartetvae.errors import ModelError, no_file
from quartetvae.files import replacing
from quartetvae.latent import Autoencoder, Codes
from quartetvae.neighbours import Corpus, Neighbour
from quartetvae.quartet import TEMPO_QPM, Quartet

PRETRAINED = Path(__file__).parent / "weights"

FARTHEST = 100.0
"""Codes are moved by at most; far beyond where music is, but nothing overflows there."""

LARGEST = 1e6
"""No number of a code may be further from 0: beyond, the network overflows."""


def load(folder: Path | str | None = None) -> light.Light:
    """A model ready in a fraction of a second: of a folder that the stage `train` made, or the pretrained one."""
    return light.load(PRETRAINED if folder is None else Path(folder))


def read(
    path: Path | str,
    model: Autoencoder,
    *,
    tracks: Sequence[int] | None = None,
    spread: bool = False,
    from_beat: int = 0,
    beats: int | None = None,
) -> Quartet:
    """Music from a MIDI file or score, on the model's grid; see `reading.piece`.

    `from_beat` (counted from 0) and `beats` choose an excerpt; by default all of it. Raises `ModelError` if nothing is
    left.
    """
    from_beat = _whole(from_beat, "as the beat to begin with", least=0)
    beats = None if beats is None else _whole(beats, "beats", least=1)
    grid = model.architecture.grid
    heard = reading.hear(Path(path))
    found = reading.as_piece(heard, grid, tracks=tracks, spread=spread)
    start = from_beat * grid.steps_per_beat
    stop = len(found.tokens) if beats is None else start + beats * grid.steps_per_beat
    if start >= len(found.tokens):
        length = -(-len(found.tokens) // grid.steps_per_beat)
        raise ModelError(f"{Path(path).name}: nothing from beat {from_beat} on; it has {length} beats.")
    cut = phrases.cut(
        found.tokens, [start], min(stop, len(found.tokens)) - start, alphabet=grid.alphabet, boundary="onset"
    )
    bars = found.bars[start:stop]
    excerpt = (min(stop, len(found.tokens)) - start) / grid.steps_per_beat
    tempo = reading.tempo_qpm(heard.music, from_beat=from_beat, beats=excerpt) or TEMPO_QPM
    return Quartet(cut[0], grid, bars - bars[0], title=found.work, tempo_qpm=tempo)


def encode(model: Autoencoder, music: Quartet) -> Codes:
    """The posterior means of its phrases, (phrases, latent_dim)."""
    return model.encode(_tiles(model, music).tokens)[0]


def decode(
    model: Autoencoder, codes: Codes, *, temperature: float = 0.0, seed: int = 0, like: Quartet | None = None
) -> Quartet:
    """Music from codes, (phrases, latent_dim), one phrase after the other.

    `like`: music whose bars, length, title and tempo it takes over.
    """
    codes = np.asarray(codes, dtype=np.float32)
    if not np.isfinite(codes).all() or not np.isfinite(temperature):
        raise ModelError("codes or a temperature that are not finite; numbers are needed.")
    if (farthest := np.abs(codes).max(initial=0)) > LARGEST:
        raise ModelError(f"codes with numbers up to {farthest:g}; {-LARGEST:g} to {LARGEST:g} is needed.")
    seed = _whole(seed, "as the seed", least=0)
    tokens = model.decode(codes, temperature=temperature, seed=seed)
    whole = tokens.reshape(-1, tokens.shape[2])
    if like is None:
        return Quartet(whole, model.architecture.grid)
    starts = _tiles(model, like).starts
    if len(starts) != len(tokens):
        raise ModelError(f"{len(tokens)} codes for music of {len(starts)} phrases; as many are needed.")
    return replace(like, tokens=phrases.untile(tokens, starts, len(like.tokens)))


def reconstruct(model: Autoencoder, music: Quartet) -> Quartet:
    """The music as the model gives it back."""
    return decode(model, encode(model, music), like=music)


def interpolate(
    model: Autoencoder, a: Quartet, b: Quartet, *, points: int = 5, path: str = "spherical"
) -> list[Quartet]:
    """Music on the way from A to B, phrase by phrase: `points` quartets, the reconstructions of both included.

    The longer one is cut to the length of the other. `path`: `spherical` or `linear`, see `latent.path`. Bars are those
    of the nearer end, tempos lie between theirs.
    """
    points = _whole(points, "points", least=2)
    a, b = _alike(a, b)
    codes = latent.path(encode(model, a), encode(model, b), points=points, kind=path)
    shares = np.linspace(0, 1, points)
    return [decode(model, codes[:, k], like=_between({0: a, 1: b}, share)) for k, share in enumerate(shares)]


def _between(ends: Mapping[int, Quartet], share: float) -> Quartet:
    """What music so far on the way from the one to the other takes over from them: all but its tokens."""
    a, b = ends[0], ends[1]
    if share in ends:
        return ends[int(share)]
    tempo = a.tempo_qpm + share * (b.tempo_qpm - a.tempo_qpm)
    title = f"{a.title} \N{RIGHTWARDS ARROW} {b.title}, {share:.0%}" if a.title or b.title else ""
    return replace(a if share <= 0.5 else b, title=title, tempo_qpm=tempo)


def interpolate_grid(
    model: Autoencoder, corners: Sequence[Quartet], *, points: int = 5, path: str = "spherical"
) -> list[list[Quartet]]:
    """Music between four quartets at the corners of a grid, in rows: A and B end the first, C and D the last."""
    if len(corners) != 4:
        raise ModelError(f"{len(corners)} quartets; four are needed for the corners of a grid.")
    points = _whole(points, "points", least=2)
    a, b, c, d = _alike(*corners)
    left, right = (
        latent.path(encode(model, top), encode(model, bottom), points=points, kind=path)
        for top, bottom in ((a, c), (b, d))
    )
    rows = []
    shares = np.linspace(0, 1, points)
    for k, down in enumerate(shares):
        row = latent.path(left[:, k], right[:, k], points=points, kind=path)
        sides = {0: _between({0: a, 1: c}, down), 1: _between({0: b, 1: d}, down)}
        rows.append([decode(model, row[:, j], like=_between(sides, share)) for j, share in enumerate(shares)])
    return rows


def sample(model: Autoencoder, *, beats: int = 16, temperature: float = 0.0, seed: int = 0) -> Quartet:
    """Music from codes drawn from the prior N(0, I), each phrase by itself."""
    beats = _whole(beats, "beats", least=1)
    count = -(-beats // model.architecture.form.beats_per_phrase)
    codes = latent.sample_prior(count, model.architecture.network.latent_dim, rng=_codes_rng(seed))
    made = decode(model, codes, temperature=temperature, seed=seed)
    steps = beats * made.grid.steps_per_beat
    return Quartet(made.tokens[:steps], made.grid)


def vary(
    model: Autoencoder, music: Quartet, *, amount: float = 0.5, temperature: float = 0.0, seed: int = 0
) -> Quartet:
    """The music with noise in its codes: normal, `amount` wide, where 1 is as wide as the prior."""
    if not 0 <= amount <= FARTHEST:
        raise ModelError(f"an amount of {amount:g}; 0 (none) to {FARTHEST:g} is needed, 1 at most as a rule.")
    codes = encode(model, music)
    noise = _codes_rng(seed).standard_normal(codes.shape, dtype=np.float32)
    return decode(model, codes + np.float32(amount) * noise, temperature=temperature, seed=seed, like=music)


def morph(
    model: Autoencoder, music: Quartet, *, toward: str, by: float = 1.0, ways: Directions | None = None
) -> Quartet:
    """The music with more of an attribute (less, if `by` is below 0); see `directions`. Beyond 2 nothing is promised.

    `ways`: directions, as `directions.read` gives them; by default those in the model's folder.
    """
    # Also not by NaN. Codes of the prior are about the root of latent_dim from 0.
    if not abs(by) <= FARTHEST:
        raise ModelError(f"by {by:g}; {-FARTHEST:g} to {FARTHEST:g} is needed, -2 to 2 as a rule.")
    ways = directions.read(_beside(model, "directions.json")) if ways is None else ways
    if toward not in ways:
        raise ModelError(f"attribute '{toward}' is unknown; there are {', '.join(ways)}.")
    tokens = _tiles(model, music).tokens
    codes = model.encode(tokens)[0]
    if ways[toward].shape[1] != codes.shape[1]:
        raise ModelError(
            f"directions of {ways[toward].shape[1]} dimensions, codes of {codes.shape[1]}: they belong to different "
            "models."
        )
    way = directions.along(ways[toward], tokens, music.grid.alphabet)
    return decode(model, codes + np.float32(by) * way, like=music)


def nearest(
    model: Autoencoder, music: Quartet, *, count: int = 5, corpus: Corpus | None = None
) -> list[list[Neighbour]]:
    """For each phrase of the music the phrases of the corpus that are most like it, by their codes.

    `corpus`: as `neighbours.read` gives it; by default the one in the model's folder.
    """
    count = _whole(count, "neighbours", least=1)
    corpus = neighbours.read(_beside(model, "corpus.parquet")) if corpus is None else corpus
    return [neighbours.nearest(corpus, code, count) for code in encode(model, music)]


def _codes_rng(seed: int) -> np.random.Generator:
    """For codes; with the seed alone `decode` would draw its tokens by the same numbers."""
    return np.random.default_rng([_whole(seed, "as the seed", least=0), 1])


def _whole(value: int, what: str, *, least: int) -> int:
    """A whole number that is large enough."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ModelError(f"{value} {what}; a whole number, {least} at least, is needed.")
    return number


def _beside(model: Autoencoder, name: str) -> Path:
    """A file in the folder that a model was read from: no other model's would fit."""
    folder = getattr(model, "folder", None)
    if folder is None:
        raise ModelError(f"a model that was not read from a folder: {name} of the stage `describe` is needed.")
    return Path(folder) / name


def _tiles(model: Autoencoder, music: Quartet) -> PhraseSet:
    architecture = model.architecture
    if music.grid != architecture.grid:
        raise ModelError(f"music on {music.grid}; the model needs {architecture.grid}: read it with this model.")
    form = architecture.form.model_copy(update={"align": "beat"})
    return phrases.tile(music.piece("music"), form, architecture.grid)


def _alike(*music: Quartet) -> list[Quartet]:
    """Cut to the length of the shortest."""
    steps = min(len(one.tokens) for one in music)
    return [replace(one, tokens=one.tokens[:steps], bars=one.bars[:steps]) for one in music]


def write_codes(path: Path | str, codes: Codes) -> None:
    """Write codes (phrases, latent_dim) as .npy, or as .parquet with a column for each dimension (z_0, z_1 ...).

    Raises
    ------
    ModelError
        If the suffix is another, or the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".npy", ".parquet"):
        raise ModelError(f"{path.name or path}: codes are written as .npy or .parquet; choose one of them.")
    try:
        with replacing(path) as temporary:
            if suffix == ".npy":
                # By Python's own file: where the disk is full NumPy's says nothing.
                content = io.BytesIO()
                np.save(content, codes)
                temporary.write_bytes(content.getvalue())
            else:
                pq.write_table(pa.table({f"z_{k}": column for k, column in enumerate(codes.T)}), temporary)
    except OSError as error:
        raise ModelError(f"{path}: cannot be written ({error.strerror or error}); choose another place.") from error


def read_codes(path: Path | str) -> Codes:
    """Read codes (phrases, latent_dim) from .npy or .parquet; raises `ModelError`."""
    path = Path(path)
    suffix = path.suffix.lower()
    if reason := no_file(path):
        raise ModelError(reason)
    if suffix not in (".npy", ".parquet"):
        raise ModelError(f"{path.name}: no codes by its name; .npy or .parquet from `encode` is needed.")
    try:
        if suffix == ".parquet":
            table = pq.read_table(path)
            found = np.stack([table[f"z_{k}"].to_numpy() for k in range(table.num_columns)], axis=1)
        else:
            # Opened here: NumPy leaves a damaged file open.
            with path.open("rb") as file:
                found = np.load(file, allow_pickle=False)
        # Neither complex numbers nor dates, of which NumPy would make numbers all the same.
        if not isinstance(found, np.ndarray) or found.dtype.kind not in "iuf":
            raise ValueError(f"an array of {getattr(found, 'dtype', 'arrays')}")
        with np.errstate(over="ignore"):
            codes = np.asarray(found, dtype=np.float32)
    # A damaged header may also promise more than there is memory for.
    except (OSError, EOFError, ValueError, TypeError, KeyError, MemoryError, BadZipFile, pa.ArrowException) as error:
        detail = " ".join(str(error).split())
        raise ModelError(f"{path.name}: no codes ({detail}); .npy or .parquet from `encode` is needed.") from error
    unusable = np.count_nonzero(~np.isfinite(codes))
    if codes.ndim != 2 or not codes.size or unusable:
        raise ModelError(
            f"{path.name}: codes of shape {codes.shape}, {unusable} of their numbers not finite; finite numbers "
            "(phrases, latent_dim) are needed."
        )
    return codes
