"""What one does with a trained model and music of one's own; `import quartetvae` has it all.

Conventions
-----------
Music is a `Quartet`; a model is whatever has `Autoencoder`'s methods, as `load` gives it, a composer whatever has
`Composer`'s, as `load_composer` gives it. Codes are float32, (phrases, latent_dim): music is cut into phrases of
`model.architecture.form.beats_per_phrase` beats from its first beat on, and each has a code. A beat is a quarter note.
Everything that draws numbers takes a `seed`; the same seed gives the same music. All errors are `QuartetError`s, which
are also `ValueError`s.
"""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.composing import exchange as exchanging
from quartetvae.composing import keys, originality, requests
from quartetvae.composing.filling import Progress
from quartetvae.composing.requests import Drawing
from quartetvae.config import Spacing, Way
from quartetvae.corpus import phrases
from quartetvae.corpus.records import PhraseSet
from quartetvae.errors import ArgumentError, ModelError, check_mode
from quartetvae.io import read as files
from quartetvae.io import write as writing
from quartetvae.latent import code_files, neighbours, paths
from quartetvae.latent import codes as latent_codes
from quartetvae.latent import directions as latent_directions
from quartetvae.latent.directions import Directions
from quartetvae.latent.neighbours import Corpus, Neighbour
from quartetvae.model import pretrained
from quartetvae.model.autoencoder import Autoencoder, Codes
from quartetvae.model.composer import Composer
from quartetvae.model.numpy import composer as numpy_composer
from quartetvae.model.numpy import network
from quartetvae.model.numpy.composer import NumpyComposer
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.quartet import TEMPO_QPM, Quartet
from quartetvae.music.tracks import mean_tempo

if TYPE_CHECKING:
    from quartetvae.model.keras.vae import QuartetVAE

Dial = NDArray[np.float32]
"""What a key dial adds to logits, (symbols,)."""

FARTHEST = 100.0
"""Codes are moved by at most; far beyond where music is, but nothing overflows there."""

LARGEST = 1e6
"""No number of a code may be further from 0: beyond, the network overflows."""


def load(folder: Path | str | None = None) -> NumpyAutoencoder:
    """Load a model, ready in a fraction of a second: the network in NumPy, with the same output as Keras.

    Parameters
    ----------
    folder
        One that the stage `train` made; by default the weights that come with the package.

    Returns
    -------
    A model with `encode`, `decode` and `architecture`: its grid (steps per beat, alphabet), phrase length and sizes.

    Raises
    ------
    ModelError
        If a file is missing or damaged, or the two do not belong together.

    Examples
    --------
    >>> model = load()
    >>> model.architecture.form.beats_per_phrase
    4
    """
    return network.load(pretrained.FOLDER if folder is None else Path(folder))


def load_composer(folder: Path | str | None = None) -> NumpyComposer:
    """Load a composer, which fills in what is unknown of music.

    Parameters
    ----------
    folder
        One that the stage `compose` made; by default the composer that comes with the package.

    Returns
    -------
    A composer with `fill`, `nats` and `architecture`: its grid and how many beats it sees at a time.

    Raises
    ------
    ModelError
        If a file is missing or damaged, or the two do not belong together.

    Examples
    --------
    >>> composer = load_composer()
    >>> composer.architecture.beats
    16
    """
    return numpy_composer.load(pretrained.COMPOSER if folder is None else Path(folder))


def load_pretrained() -> "QuartetVAE":
    """Load the package's weights as a Keras model, ready to encode and decode; Keras itself takes seconds to import.

    Returns
    -------
    A `QuartetVAE`, a `keras.Model`, with the methods of the model that `load` gives, and those of training.

    Raises
    ------
    ModelError
        If its files are missing or damaged.

    Examples
    --------
    >>> load_pretrained().count_params()
    1732635
    """
    return pretrained.load()


def read(
    path: Path | str | files.MusicFile,
    model: Autoencoder | Composer,
    *,
    tracks: Sequence[int] | None = None,
    spread: bool = False,
    from_beat: int = 0,
    beats: int | None = None,
    ensemble: Ensemble = DEFAULT_ENSEMBLE,
) -> Quartet:
    """Read music from a MIDI file or score, on the model's grid.

    Parameters
    ----------
    path
        .mid, .midi, .xml, .musicxml, .mxl or .krn; or what `quartetvae.io.read.read` has read.
    model
        A model or composer, whose grid the music is put on.
    tracks
        Numbers of the tracks that play the four parts, from the top down; by default they are found by name, program
        and register.
    spread
        Where the four parts are not found, make four parts of all notes.
    from_beat, beats
        An excerpt: its first beat, counted from 0, and how many beats; by default all of the music.
    ensemble
        Whose parts to look for.

    Returns
    -------
    A `Quartet`: `tokens` uint8, (steps, columns), `bars` int64, (steps,), the file's name as title, its mean tempo in
    quarter notes per minute.

    Raises
    ------
    CorpusError, MidiError, ScoreError
        If the file cannot be read, or the four parts are not found in it.
    ModelError
        If nothing is left from `from_beat` on.

    Examples
    --------
    >>> model = load()
    >>> write("a.mid", sample(model, beats=8))
    >>> read("a.mid", model, from_beat=2, beats=4).tokens.shape
    (48, 8)
    """
    from_beat = _whole(from_beat, "as the beat to begin with", least=0)
    beats = None if beats is None else _whole(beats, "beats", least=1)
    grid = model.architecture.grid
    file = path if isinstance(path, files.MusicFile) else files.read(Path(path), ensemble=ensemble)
    found = files.to_piece(file, grid, tracks=tracks, spread=spread)
    start = from_beat * grid.steps_per_beat
    stop = len(found.tokens) if beats is None else start + beats * grid.steps_per_beat
    if start >= len(found.tokens):
        length = -(-len(found.tokens) // grid.steps_per_beat)
        raise ModelError(f"{file.name}: nothing from beat {from_beat} on; it has {length} beats.")
    cut = phrases.cut(
        found.tokens, [start], min(stop, len(found.tokens)) - start, alphabet=grid.alphabet, boundary="onset"
    )
    bars = found.bars[start:stop]
    excerpt = (min(stop, len(found.tokens)) - start) / grid.steps_per_beat
    tempo = mean_tempo(file.music, from_beat=from_beat, beats=excerpt) or TEMPO_QPM
    return Quartet(cut[0], grid, bars - bars[0], title=found.work, tempo_qpm=tempo, ensemble=file.ensemble)


def read_melody(
    path: Path | str | files.MusicFile,
    model: Autoencoder | Composer,
    *,
    part: str = "violin_1",
    track: int | None = None,
    ensemble: Ensemble = DEFAULT_ENSEMBLE,
) -> Quartet:
    """Read one line of a MIDI file or score as a part, on the model's grid; the other parts rest.

    Parameters
    ----------
    path
        .mid, .midi, .xml, .musicxml, .mxl or .krn; or what `quartetvae.io.read.read` has read.
    model
        A model or composer, whose grid the music is put on.
    part
        The part that it becomes: `violin_1`, `violin_2`, `viola` or `cello`.
    track
        The number of the track that has it; by default that of the part, if the file is of a quartet, or the only one.
    ensemble
        Whose parts to look for.

    Returns
    -------
    A `Quartet`: `tokens` uint8, (steps, columns), the file's name as title, its mean tempo in quarter notes per minute.

    Raises
    ------
    ArgumentError
        If the part is none of the ensemble.
    CorpusError, MidiError, ScoreError
        If the file cannot be read, or it is not clear which of its tracks is meant.

    Examples
    --------
    >>> composer = load()
    >>> write("b.mid", sample(composer, beats=8))
    >>> read_melody("b.mid", composer, part="cello").tokens.shape[1]
    8
    """
    number = requests.part_number(part, ensemble)
    file = path if isinstance(path, files.MusicFile) else files.read(Path(path), ensemble=ensemble)
    grid = model.architecture.grid
    found = files.melody(file, grid, part=number, track=track)
    tempo = mean_tempo(file.music) or TEMPO_QPM
    return Quartet(found.tokens, grid, found.bars, title=found.work, tempo_qpm=tempo, ensemble=file.ensemble)


def write(path: Path | str, music: Quartet) -> None:
    """Write music to a file; the same music gives the same bytes.

    Parameters
    ----------
    path
        Its suffix says as what: .mid, .musicxml, a score (.svg, .png, .pdf), sound (.wav, .ogg, .mp3), or a piano
        roll (.roll.png). The picture of a score of several pages is several files: a.1.png, a.2.png and so on.
    music
        What to write; its `ensemble` gives names, clefs and sounds.

    Raises
    ------
    RenderingError
        If the suffix is another, the file cannot be written, or a package for it is not installed.

    Examples
    --------
    >>> write("sample.musicxml", sample(load(), beats=8))
    """
    writing.write(path, music)


def encode(model: Autoencoder, music: Quartet) -> Codes:
    """Encode music: the posterior means of its phrases.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    music
        On the model's grid: `tokens` uint8, (steps, columns).

    Returns
    -------
    float32, shape (phrases, latent_dim); the last phrase is filled up with rests.

    Raises
    ------
    ModelError
        If the music is on another grid than the model's.

    Examples
    --------
    >>> model = load()
    >>> encode(model, sample(model, beats=10)).shape
    (3, 128)
    """
    return model.encode(_tiles(model, music).tokens)[0]


def decode(
    model: Autoencoder, codes: Codes, *, temperature: float = 0.0, seed: int = 0, like: Quartet | None = None
) -> Quartet:
    """Decode codes to music, one phrase after the other.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    codes
        Numbers, (phrases, latent_dim).
    temperature
        0 takes the likeliest note, 1 draws by the model's probabilities; `seed` says what is drawn.
    like
        Music whose bars, length, title and tempo it takes over; it has as many phrases.

    Returns
    -------
    A `Quartet` of as many phrases as codes: `tokens` uint8, (phrases * steps of a phrase, columns); as long as `like`.

    Raises
    ------
    ModelError
        If codes are not finite, too large, of another shape, or not as many as the phrases of `like`.

    Examples
    --------
    >>> import numpy as np
    >>> model = load()
    >>> decode(model, np.zeros((2, 128))).tokens.shape
    (96, 8)
    """
    return _decode(model, codes, temperature=temperature, seed=seed, like=like)


def _decode(
    model: Autoencoder,
    codes: Codes,
    *,
    temperature: float = 0.0,
    seed: int = 0,
    like: Quartet | None = None,
    dial: Dial | None = None,
) -> Quartet:
    """Decode codes, and with a key dial in its key."""
    codes = code_files.checked(codes, "codes")
    temperature = _number(temperature, "a temperature of")
    if (farthest := np.abs(codes).max(initial=0)) > LARGEST:
        raise ModelError(f"codes with numbers up to {farthest:g}; {-LARGEST:g} to {LARGEST:g} is needed.")
    seed = _whole(seed, "as the seed", least=0)
    grid = model.architecture.grid
    if dial is None:
        tokens = model.decode(codes, temperature=temperature, seed=seed)
    else:
        tokens = paths.dialled(model).decode(codes, temperature=temperature, seed=seed, bias=dial)
    if like is None:
        steps = tokens.shape[1]
        starts = steps * np.arange(len(tokens))
        return Quartet(phrases.untile(tokens, starts, steps * len(tokens), alphabet=grid.alphabet), grid)
    starts = _tiles(model, like).starts
    if len(starts) != len(tokens):
        raise ModelError(f"{len(tokens)} codes for music of {len(starts)} phrases; as many are needed.")
    return replace(like, tokens=phrases.untile(tokens, starts, len(like.tokens), alphabet=grid.alphabet))


def reconstruct(model: Autoencoder, music: Quartet) -> Quartet:
    """Give music back as the model decodes its codes; as long as the original.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    music
        On the model's grid: `tokens` uint8, (steps, columns).

    Returns
    -------
    A `Quartet` with all that the music has but its tokens, uint8, (steps, columns).

    Raises
    ------
    ModelError
        If the music is on another grid than the model's.

    Examples
    --------
    >>> model = load()
    >>> reconstruct(model, sample(model, beats=6)).tokens.shape
    (72, 8)
    """
    _check_grid(model, music)
    return replace(music, tokens=paths.reconstruct(model, music.piece("music")).tokens)


def interpolate(
    model: Autoencoder,
    a: Quartet,
    b: Quartet,
    *,
    points: int = 5,
    path: Way = "exchange",
    composer: Composer | None = None,
    freedom: float | None = None,
    tries: int | None = None,
    temperature: float | None = None,
    seed: int | None = None,
    spacing: Spacing | None = None,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
    progress: exchanging.Progress = iter,
) -> list[Quartet]:
    """Find music on the way from A to B.

    By `exchange` one part after the other gives way, and what joins the two is composed: of several orders in which
    parts may do so that is taken which the composer finds likeliest. Up to half of the way B is moved to A's key, from
    there A to B's. The other kinds of path lie between the codes of A and B, phrase by phrase.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    a, b
        The ends, on the model's grid: `tokens` uint8, (steps, columns).
    points
        How many quartets, the reconstructions of A and B included; 2 at least.
    path
        `exchange`; or `spherical` or `linear`, see `quartetvae.latent.paths.between`.
    composer
        Of `exchange`: a trained composer, as `load_composer` gives it; by default the one of the package.
    freedom
        Of `exchange`: share of the parts half-way that is composed, 0 to 1, less towards the ends; by default 0.25.
    tries
        Of `exchange`: in how many orders parts may give way; by default 5.
    temperature, seed
        Of `exchange`: 0 takes the likeliest note, 1, the default, draws; `seed` (0) says what is drawn.
    spacing
        Of the others: `heard`, the default, for even steps of what is heard, `codes` for even steps of the codes.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the key of both), `C major`, `a minor`.
        It leaves the ends as they are.
    progress
        Of `exchange`: goes through what is composed, eight beats at a time, as `tqdm.tqdm` does.

    Returns
    -------
    `points` quartets, the first the reconstruction of A, the last that of B. The longer one is cut to the length of the
    other. Bars are those of the nearer end, tempos (quarter notes per minute) lie between theirs.

    Raises
    ------
    ArgumentError
        If `path` or `spacing` is of no known kind, something is given that this path has no use for, a number is out of
        range, or the key is none.
    ModelError
        If there are too few points, the music or the composer is on another grid than the model's, or there is a key
        and the model is none of `load`'s.

    Examples
    --------
    >>> model = load()
    >>> a, b = sample(model, beats=8, seed=1), sample(model, beats=12, seed=2)
    >>> [point.tokens.shape for point in interpolate(model, a, b, points=3)]
    [(96, 8), (96, 8), (96, 8)]
    """
    points = _whole(points, "points", least=2)
    _check_grid(model, a, b)
    dials = {"composer": composer, "freedom": freedom, "tries": tries, "temperature": temperature, "seed": seed}
    _check_dials(path, dials, spacing)
    a, b = paths.same_length([a, b])
    dial = _dial(key, [a, b], a.grid.alphabet, key_strength, strict_key)
    ends = [end.piece("end") for end in (a, b)]
    if path == "exchange":
        manner = _manner(freedom, tries, temperature, seed, dial)
        whole = [paths.reconstruct(model, end).tokens for end in ends]
        inner = exchanging.between(
            _composer(composer, model), whole[0][None], whole[1][None], exchanging.shares(points), manner, progress
        )
        made = [whole[0], *inner[0], whole[1]]
    else:
        walked = paths.interpolate(model, *ends, points=points, kind=path, spacing=spacing or "heard")
        walked = paths.in_key(model, walked, list(range(1, points - 1)), dial)
        made = [walked.point(k) for k in range(points)]
    return [
        replace(_between({0: a, 1: b}, share), tokens=tokens)
        for share, tokens in zip(np.linspace(0, 1, points), made, strict=True)
    ]


def interpolate_grid(
    model: Autoencoder,
    corners: Sequence[Quartet],
    *,
    points: int = 5,
    path: Way = "exchange",
    composer: Composer | None = None,
    freedom: float | None = None,
    tries: int | None = None,
    temperature: float | None = None,
    seed: int | None = None,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
    progress: exchanging.Progress = iter,
) -> list[list[Quartet]]:
    """Find music between four quartets at the corners of a grid.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    corners
        A, B, C and D: A and B end the first row, C and D the last.
    points
        Of each row and of each column, the ends included; 2 at least.
    path
        As of `interpolate`. By `exchange` the sides are made from A to C and from B to D, then every row between them;
        the others go along columns and rows alike, in even steps of the codes.
    composer, freedom, tries, temperature, seed
        Of `exchange`, as of `interpolate`.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the key of all four), `C major`, `a minor`.
        It leaves the corners as they are.
    progress
        Of `exchange`, as of `interpolate`.

    Returns
    -------
    `points` rows of `points` quartets each, as long as the shortest corner.

    Raises
    ------
    ArgumentError
        If `path` is of no known kind, something is given that it has no use for, a number is out of range, or the key
        is none.
    ModelError
        If there are not four corners, too few points, the music or the composer is on another grid than the model's,
        or there is a key and the model is none of `load`'s.

    Examples
    --------
    >>> model = load()
    >>> corners = [sample(model, beats=4, seed=seed) for seed in range(4)]
    >>> grid = interpolate_grid(model, corners, points=2)
    >>> len(grid), len(grid[0])
    (2, 2)
    """
    points = _whole(points, "points", least=2)
    _check_grid(model, *corners)
    dials = {"composer": composer, "freedom": freedom, "tries": tries, "temperature": temperature, "seed": seed}
    _check_dials(path, dials)
    pieces = [corner.piece("corner") for corner in corners]
    cut = paths.same_length(corners)
    dial = _dial(key, cut, model.architecture.grid.alphabet, key_strength, strict_key)
    made: list[list[Tokens]]
    if path == "exchange":
        manner = _manner(freedom, tries, temperature, seed, dial)
        whole = [paths.reconstruct(model, end).tokens for end in paths.same_length(paths.four(pieces))]
        composed = exchanging.corners(
            _composer(composer, model), whole, points=points, manner=manner, progress=progress
        )
        made = [list(row) for row in composed]
    else:
        inner, every = list(range(1, points - 1)), list(range(points))
        rows = paths.interpolate_grid(model, pieces, points=points, kind=path)
        keyed = [
            paths.in_key(model, row, inner if number in (0, points - 1) else every, dial)
            for number, row in enumerate(rows)
        ]
        made = [[row.point(k) for k in range(points)] for row in keyed]
    a, b, c, d = cut
    shares = np.linspace(0, 1, points)
    found = []
    for row, down in zip(made, shares, strict=True):
        sides = {0: _between({0: a, 1: c}, down), 1: _between({0: b, 1: d}, down)}
        found.append(
            [replace(_between(sides, share), tokens=tokens) for share, tokens in zip(shares, row, strict=True)]
        )
    return found


def _check_dials(path: Way, dials: Mapping[str, object], spacing: Spacing | None = None) -> None:
    """Raise `ArgumentError` for what a path has no use for."""
    check_mode("path", path, Way)
    unused = [name for name, value in dials.items() if value is not None] if path != "exchange" else []
    if unused:
        raise ArgumentError(f"{', '.join(unused)} with path '{path}', which composes nothing; take path 'exchange'.")
    if path == "exchange" and spacing is not None:
        raise ArgumentError(f"spacing '{spacing}' with path 'exchange'; it is of the paths 'spherical' and 'linear'.")


def _manner(
    freedom: float | None, tries: int | None, temperature: float | None, seed: int | None, dial: Dial | None
) -> exchanging.Manner:
    plain = exchanging.PLAIN
    return exchanging.Manner(
        plain.freedom if freedom is None else _number(freedom, "a freedom of"),
        plain.tries if tries is None else _whole(tries, "tries", least=1),
        plain.temperature if temperature is None else _number(temperature, "a temperature of"),
        plain.seed if seed is None else _whole(seed, "as the seed", least=0),
        dial,
    )


def _composer(composer: Composer | None, model: Autoencoder) -> Composer:
    """Take the composer of the package where none is given; raises `ModelError` if it has another grid."""
    found = load_composer() if composer is None else composer
    if found.architecture.grid != model.architecture.grid:
        raise ModelError(
            f"a composer on {found.architecture.grid} and a model on {model.architecture.grid}; take two that were "
            "trained on the same encoding, or path 'spherical', which needs no composer."
        )
    return found


def _dial(key: str, music: Sequence[Quartet], alphabet: Alphabet, key_strength: float, strict_key: bool) -> Dial | None:
    """Compute what the key dial adds to logits, (symbols,); `auto` takes the key of music. None if it is free."""
    given = np.concatenate([one.tokens for one in music]) if music else None
    strength = _number(key_strength, "a key strength of")
    found = keys.bias(key, given, alphabet, strength=strength, strict=strict_key)
    return None if key == keys.FREE else found


def _between(ends: Mapping[int, Quartet], share: float) -> Quartet:
    """Choose what music so far on the way from the one to the other takes over from them: all but its tokens."""
    a, b = ends[0], ends[1]
    if share in ends:
        return ends[int(share)]
    tempo = a.tempo_qpm + share * (b.tempo_qpm - a.tempo_qpm)
    title = f"{a.title} \N{RIGHTWARDS ARROW} {b.title}, {share:.0%}" if a.title or b.title else ""
    return replace(a if share <= 0.5 else b, title=title, tempo_qpm=tempo)


def sample(
    model: Autoencoder | Composer,
    *,
    beats: int = 16,
    temperature: float | None = None,
    seed: int = 0,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
    progress: Progress = iter,
) -> Quartet:
    """Make music from nothing.

    By a composer it is of one piece; by a model it comes from codes drawn from the prior N(0, I), each phrase by
    itself.

    Parameters
    ----------
    model
        A composer, as `load_composer` gives it, or a trained model, as `load` does.
    beats
        How many beats (quarter notes), 1 at least.
    temperature
        0 takes the likeliest note, 1 draws by the probabilities; by default 1 for a composer, 0 for a model.
    seed
        Says what is drawn.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`; there is no music whose key `auto` could take.
    progress
        Goes through a composer's windows, as `tqdm.tqdm` does.

    Returns
    -------
    A `Quartet`: `tokens` uint8, (beats * steps per beat, columns).

    Raises
    ------
    ArgumentError
        If the key is none.
    ModelError
        If `beats` is no whole number above 0, `seed` none from 0 on, or the temperature is below 0 or not finite.

    Examples
    --------
    >>> sample(load(), beats=3, seed=7).tokens.shape
    (36, 8)
    """
    beats = _whole(beats, "beats", least=1)
    if isinstance(model, Composer):
        warm = 1.0 if temperature is None else temperature
        return requests.sample(model, beats, _drawing(warm, seed, key, key_strength, strict_key, progress))
    count = -(-beats // model.architecture.form.beats_per_phrase)
    drawn = latent_codes.sample_prior(count, model.architecture.network.latent_dim, rng=_codes_rng(seed))
    dial = _dial(key, [], model.architecture.grid.alphabet, key_strength, strict_key)
    made = _decode(model, drawn, temperature=temperature or 0.0, seed=seed, dial=dial)
    steps = beats * made.grid.steps_per_beat
    return Quartet(made.tokens[:steps], made.grid)


def infill(
    composer: Composer,
    music: Quartet,
    *,
    bars: tuple[int, int] | None = None,
    beats: tuple[int, int] | None = None,
    parts: Sequence[str] | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
    progress: Progress = iter,
) -> Quartet:
    """Compose some bars of some parts anew; all else stays as it is, and so do notes that reach over the edges.

    Parameters
    ----------
    composer
        As `load_composer` gives it.
    music
        On the composer's grid: `tokens` uint8, (steps, columns).
    bars
        The first and the last, counted from 1; a pickup is one.
    beats
        The first and the last, counted from 0, instead of bars.
    parts
        `violin_1`, `violin_2`, `viola`, `cello`; by default all.
    temperature
        0 takes the likeliest note, 1 draws by the composer's probabilities; `seed` says what is drawn.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the key of what is given), `C major`, `a minor`.
    progress
        Goes through the windows, as `tqdm.tqdm` does.

    Returns
    -------
    A `Quartet` that has all that the music has, but for the cells that were composed.

    Raises
    ------
    ArgumentError
        If the music does not have these bars or beats, both or none are given, a part is unknown, or the key is.
    ModelError
        If the music is on another grid than the composer's, or `temperature` or `seed` is out of range.

    Examples
    --------
    >>> composer = load_composer()
    >>> music = sample(composer, beats=16)
    >>> filled = infill(composer, music, bars=(2, 3), parts=["viola"], seed=1)
    >>> filled.tokens.shape == music.tokens.shape
    True
    """
    drawing = _drawing(temperature, seed, key, key_strength, strict_key, progress)
    return requests.infill(composer, music, requests.asked(music, bars=bars, beats=beats, parts=parts), drawing)


def harmonise(
    composer: Composer,
    melody: Quartet,
    *,
    part: str = "violin_1",
    temperature: float = 1.0,
    seed: int = 0,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
    progress: Progress = iter,
) -> Quartet:
    """Compose three parts to one that is given.

    Parameters
    ----------
    composer
        As `load_composer` gives it.
    melody
        On the composer's grid, as `read_melody` or `read` give it; what stands in the other parts is passed over.
    part
        Which part is given: `violin_1`, `violin_2`, `viola` or `cello`.
    temperature
        0 takes the likeliest note, 1 draws by the composer's probabilities; `seed` says what is drawn.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the melody's key), `C major`, `a minor`.
    progress
        Goes through the windows, as `tqdm.tqdm` does.

    Returns
    -------
    A `Quartet` as long as the melody, which is one of its parts.

    Raises
    ------
    ArgumentError
        If the part is unknown or has no notes, or the key is unknown.
    ModelError
        If the melody is on another grid than the composer's, or `temperature` or `seed` is out of range.

    Examples
    --------
    >>> composer = load_composer()
    >>> melody = sample(composer, beats=16)
    >>> made = harmonise(composer, melody, part="cello")
    >>> bool((made.tokens[:, 3] == melody.tokens[:, 3]).all())
    True
    """
    drawing = _drawing(temperature, seed, key, key_strength, strict_key, progress)
    return requests.harmonise(composer, melody, requests.part_number(part, melody.ensemble), drawing)


def continue_(
    composer: Composer,
    music: Quartet,
    *,
    beats: int = 16,
    temperature: float = 1.0,
    seed: int = 0,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
    progress: Progress = iter,
) -> Quartet:
    """Compose what follows on music.

    Parameters
    ----------
    composer
        As `load_composer` gives it.
    music
        On the composer's grid: `tokens` uint8, (steps, columns).
    beats
        How many beats (quarter notes) follow, 1 at least.
    temperature
        0 takes the likeliest note, 1 draws by the composer's probabilities; `seed` says what is drawn.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the music's key), `C major`, `a minor`.
    progress
        Goes through the windows, as `tqdm.tqdm` does.

    Returns
    -------
    A `Quartet`: the music, then so many beats more. A last beat that is cut short is filled up with rests.

    Raises
    ------
    ArgumentError
        If the key is unknown.
    ModelError
        If the music is on another grid than the composer's, or `beats`, `temperature` or `seed` is out of range.

    Examples
    --------
    >>> composer = load_composer()
    >>> music = sample(composer, beats=8)
    >>> continue_(composer, music, beats=4).tokens.shape
    (144, 8)
    """
    drawing = _drawing(temperature, seed, key, key_strength, strict_key, progress)
    return requests.continuation(composer, music, _whole(beats, "beats", least=1), drawing)


def bridge(
    composer: Composer,
    a: Quartet,
    b: Quartet,
    *,
    beats: int = 16,
    temperature: float = 1.0,
    seed: int = 0,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
    progress: Progress = iter,
) -> Quartet:
    """Compose what leads from A to B: one piece that begins as A and ends as B.

    Parameters
    ----------
    composer
        As `load_composer` gives it.
    a, b
        On the composer's grid: `tokens` uint8, (steps, columns).
    beats
        How many beats (quarter notes) lie between them, 1 at least.
    temperature
        0 takes the likeliest note, 1 draws by the composer's probabilities; `seed` says what is drawn.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the key of both), `C major`, `a minor`.
    progress
        Goes through the windows, as `tqdm.tqdm` does.

    Returns
    -------
    A `Quartet`: A, what lies between in bars like A's, and B, at the mean of their tempos.

    Raises
    ------
    ArgumentError
        If the key is unknown.
    ModelError
        If the music is on another grid than the composer's, or `beats`, `temperature` or `seed` is out of range.

    Examples
    --------
    >>> composer = load_composer()
    >>> a, b = sample(composer, beats=4, seed=1), sample(composer, beats=4, seed=2)
    >>> bridge(composer, a, b, beats=8).tokens.shape
    (192, 8)
    """
    drawing = _drawing(temperature, seed, key, key_strength, strict_key, progress)
    return requests.bridge(composer, a, b, _whole(beats, "beats", least=1), drawing)


def in_key_of(music: Quartet, of: Quartet) -> Quartet:
    """Move music to the key of other music, before a path or a bridge between the two, say.

    Parameters
    ----------
    music, of
        On one grid: `tokens` uint8, (steps, columns).

    Returns
    -------
    `music`, moved by that of -6 to 5 semitones which brings its pitch classes closest to those of `of`, see
    `quartetvae.composing.keys.to_key`; as it is where the two are close already, or no shift keeps it in its range.

    Raises
    ------
    ModelError
        If the two are on different grids.

    Examples
    --------
    >>> model = load()
    >>> music = sample(model, beats=8)
    >>> moved = in_key_of(music, music)
    >>> np.array_equal(moved.tokens, music.tokens)
    True
    """
    if music.grid != of.grid:
        raise ModelError(f"music on {music.grid} and on {of.grid}; read both with one model.")
    moved = keys.to_key(music.tokens[None], of.tokens[None], of.grid.alphabet)[0]
    return replace(music, tokens=moved)


def _drawing(
    temperature: float, seed: int, key: str, key_strength: float, strict_key: bool, progress: Progress
) -> Drawing:
    """Check how something is to be drawn."""
    return Drawing(
        temperature=_number(temperature, "a temperature of"),
        seed=_whole(seed, "as the seed", least=0),
        key=key,
        key_strength=_number(key_strength, "a key strength of"),
        strict_key=strict_key,
        progress=progress,
    )


def vary(
    model: Autoencoder,
    music: Quartet,
    *,
    amount: float = 0.5,
    temperature: float = 0.0,
    seed: int = 0,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
) -> Quartet:
    """Vary music: decode its codes with noise in them.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    music
        On the model's grid: `tokens` uint8, (steps, columns).
    amount
        The standard deviation of the noise, 0 (none) to 100; the prior's is 1.
    temperature
        0 takes the likeliest note, 1 draws by the model's probabilities.
    seed
        Says what is drawn, noise and notes.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the music's key), `C major`, `a minor`.

    Returns
    -------
    A `Quartet` as long as the music: `tokens` uint8, (steps, columns).

    Raises
    ------
    ArgumentError
        If the key is none.
    ModelError
        If the amount is out of range, the music is on another grid than the model's, or there is a key and the model is
        none of `load`'s.

    Examples
    --------
    >>> model = load()
    >>> music = sample(model, beats=8)
    >>> varied = vary(model, music, amount=0.3, seed=1)
    >>> varied.tokens.shape == music.tokens.shape
    True
    """
    amount = _number(amount, "an amount of")
    if not 0 <= amount <= FARTHEST:
        raise ModelError(f"an amount of {amount:g}; 0 (none) to {FARTHEST:g} is needed, 1 at most as a rule.")
    found = encode(model, music)
    noise = _codes_rng(seed).standard_normal(found.shape, dtype=np.float32)
    dial = _dial(key, [music], music.grid.alphabet, key_strength, strict_key)
    moved = found + np.float32(amount) * noise
    return _decode(model, moved, temperature=temperature, seed=seed, like=music, dial=dial)


def morph(
    model: Autoencoder,
    music: Quartet,
    *,
    toward: str,
    by: float = 1.0,
    directions: Directions | None = None,
    key: str = "free",
    key_strength: float = 1.0,
    strict_key: bool = False,
) -> Quartet:
    """Give music more of an attribute, or less: decode its codes moved along the attribute's direction.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    music
        On the model's grid: `tokens` uint8, (steps, columns).
    toward
        `note_density`, `register`, `chromaticism`, `syncopation` or `rhythmic_unison`; see
        `quartetvae.metrics.attributes`.
    by
        How far, -100 to 100; below 0 there is less of it. Beyond 2 nothing is promised.
    directions
        As `quartetvae.latent.directions.read` gives them; by default those in the model's folder.
    key, key_strength, strict_key
        The key dial, see `quartetvae.composing.keys`: `free`, `auto` (the music's key), `C major`, `a minor`.

    Returns
    -------
    A `Quartet` as long as the music: `tokens` uint8, (steps, columns).

    Raises
    ------
    ArgumentError
        If the key is none.
    ModelError
        If the attribute is unknown, or the model has no direction in which it rises, the distance is out of range, the
        directions are of another model, or there is a key and the model is none of `load`'s.

    Examples
    --------
    >>> model = load()
    >>> music = sample(model, beats=8)
    >>> denser = morph(model, music, toward="note_density", by=1.5)
    >>> denser.tokens.shape == music.tokens.shape
    True
    """
    by = _number(by, "by")
    # Codes of the prior are about the root of latent_dim from 0.
    if abs(by) > FARTHEST:
        raise ModelError(f"by {by:g}; {-FARTHEST:g} to {FARTHEST:g} is needed, -2 to 2 as a rule.")
    known = latent_directions.read(_beside(model, "directions.json")) if directions is None else directions
    if toward not in known:
        raise ModelError(f"attribute '{toward}' is unknown; there are {', '.join(known)}.")
    tokens = _tiles(model, music).tokens
    found = model.encode(tokens)[0]
    if known[toward].shape[1] != found.shape[1]:
        raise ModelError(
            f"directions of {known[toward].shape[1]} dimensions, codes of {found.shape[1]}: they belong to different "
            "models."
        )
    if not known[toward].any():
        others = ", ".join(name for name, direction in known.items() if direction.any()) or "none"
        raise ModelError(
            f"attribute '{toward}' rises in no direction of this model's codes (validation phrases were moved and "
            f"measured, metrics/attributes.json); those that do: {others}."
        )
    direction = latent_directions.of_each(known[toward], tokens, music.grid.alphabet)
    dial = _dial(key, [music], music.grid.alphabet, key_strength, strict_key)
    return _decode(model, found + np.float32(by) * direction, like=music, dial=dial)


def nearest(
    model: Autoencoder, music: Quartet, *, count: int = 5, corpus: Corpus | None = None
) -> list[list[Neighbour]]:
    """Find, for each phrase of the music, the phrases of a corpus whose codes are nearest to its own.

    Parameters
    ----------
    model
        A trained model, as `load` gives it.
    music
        On the model's grid: `tokens` uint8, (steps, columns).
    count
        How many for each phrase.
    corpus
        As `quartetvae.latent.neighbours.read` gives it; by default the one in the model's folder.

    Returns
    -------
    For each phrase its neighbours, the nearest first, each with its place (piece, composer, work, bar, beat) and the
    Euclidean distance of the codes.

    Raises
    ------
    ModelError
        If `count` is no whole number above 0, or there is no corpus of this model.

    Examples
    --------
    >>> model = load()
    >>> found = nearest(model, sample(model, beats=8), count=3)
    >>> len(found), len(found[0])
    (2, 3)
    """
    count = _whole(count, "neighbours", least=1)
    corpus = neighbours.read(_beside(model, neighbours.FILE)) if corpus is None else corpus
    return [neighbours.nearest(corpus, code, count) for code in encode(model, music)]


def origin(model: Autoencoder, music: Quartet, *, composed: NDArray[np.bool_] | None = None) -> dict[str, Any]:
    """Tell where made music comes from: how much of it training had, and which phrases of the corpus are nearest to it.

    Parameters
    ----------
    model
        A trained model, as `load` gives it, whose folder has the corpus.
    music
        On the model's grid: `tokens` uint8, (steps, columns).
    composed
        bool, (steps,): which steps are new, where not all are; the others count for nothing.

    Returns
    -------
    `originality`, the share of the one-beat windows that training did not have, at whatever pitch; `copied`, the share
    of those of four beats that it had; and `phrases`: of each its `bar` (from 1), `beat` (from 0), `originality` and
    `nearest` phrase of the corpus (piece, composer, work, bar, beat, and the distance of the codes). Shares are None
    where nothing begins. See `quartetvae.composing.originality`.

    Raises
    ------
    ModelError
        If the music is on another grid than the model's, or the model's folder lacks its corpus.

    Examples
    --------
    >>> model = load()
    >>> found = origin(model, sample(model, beats=8))
    >>> [(phrase["bar"], phrase["beat"]) for phrase in found["phrases"]]
    [(1, 0), (2, 4)]
    """
    tiles = _tiles(model, music)
    beats, per_beat = model.architecture.form.beats_per_phrase, music.grid.steps_per_beat
    index = originality.read(_beside(model, originality.FILE))
    found = originality.measure(index, music.tokens, music.grid, phrase_beats=beats, composed=composed)
    steps = beats * per_beat
    new = [composed is None or bool(composed[start : start + steps].any()) for start in tiles.starts.tolist()]
    near = neighbours.nearest_in(_beside(model, neighbours.FILE), model.encode(tiles.tokens[new])[0])
    places = ({**one.place, "distance": one.distance} for one in near)
    told = [
        {
            "bar": int(music.bars[start]) + 1,
            "beat": start // per_beat,
            "originality": share,
            "nearest": next(places),
        }
        for start, share, is_new in zip(tiles.starts.tolist(), found.by_phrase, new, strict=True)
        if is_new
    ]
    return {"originality": found.originality, "copied": found.copied, "phrases": told}


def write_codes(path: Path | str, codes: Codes) -> None:
    """Write codes (phrases, latent_dim) to a file.

    Parameters
    ----------
    path
        .npy, or .parquet with a column for each dimension (z_0, z_1 ...).
    codes
        Finite numbers, (phrases, latent_dim).

    Raises
    ------
    ModelError
        If the suffix is another, or the file cannot be written.

    Examples
    --------
    >>> model = load()
    >>> write_codes("codes.npy", encode(model, sample(model, beats=8)))
    """
    code_files.write(Path(path), codes)


def read_codes(path: Path | str) -> Codes:
    """Read codes from a file.

    Parameters
    ----------
    path
        .npy or .parquet, as `write_codes` writes them.

    Returns
    -------
    float32, shape (phrases, latent_dim), all finite.

    Raises
    ------
    ModelError
        If the file holds none.

    Examples
    --------
    >>> import numpy as np
    >>> write_codes("codes.parquet", np.zeros((2, 128), np.float32))
    >>> read_codes("codes.parquet").shape
    (2, 128)
    """
    return code_files.read(Path(path))


def _codes_rng(seed: int) -> np.random.Generator:
    """Make a generator for codes; with the seed alone `decode` would draw its tokens by the same numbers."""
    return np.random.default_rng([_whole(seed, "as the seed", least=0), 1])


def _whole(value: int, what: str, *, least: int) -> int:
    """Check for a whole number that is large enough."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ModelError(f"{value} {what}; a whole number, {least} at least, is needed.")
    return number


def _number(value: float, what: str) -> float:
    """Check for a finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ModelError(f"{what} {value}, which is not finite; a number is needed.")
    return number


def _beside(model: Autoencoder, name: str) -> Path:
    """Name a file in the folder that a model was read from: no other model's would fit."""
    folder = getattr(model, "folder", None)
    if folder is None:
        raise ModelError(f"a model that was not read from a folder: {name} of the stage `describe` is needed.")
    return Path(folder) / name


def _check_grid(model: Autoencoder, *music: Quartet) -> None:
    for one in music:
        if one.grid != model.architecture.grid:
            raise ModelError(
                f"music on {one.grid}; the model needs {model.architecture.grid}: read it with this model."
            )


def _tiles(model: Autoencoder, music: Quartet) -> PhraseSet:
    _check_grid(model, music)
    return latent_codes.tile(model, music.piece("music"), music.grid)
