"""Excerpts of sources: as many of each, as long, each from a beat on which a note begins.

A source is a folder of music: MIDI files, scores, or sound that this package made. Of files whose names differ in
their suffix only one is used, notes rather than sound.

So that sources differ by their music only
------------------------------------------
- Notes of every source go on one grid, 24 steps to the beat and two notes a part, all pitches. It is finer than the
  models', holds sixteenths and triplets exactly, and takes velocities and small delays away from all alike.
- They are played by one soundfont, by the same four instruments, at one tempo, or each at its file's mean tempo.
- What is cut out has one length, fades at its end, and is as loud as the others (`quartetvae.study.sound`).
- A note that is held when an excerpt begins is struck there.

Sound that is given as sound keeps its tempo and begins where its file begins, for where its beats are is not known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

import numpy as np

from quartetvae.corpus import phrases
from quartetvae.errors import CorpusError, QuartetError, RenderingError
from quartetvae.io import audio, read, scores
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import TEMPO_QPM, Grid, Quartet
from quartetvae.music.tracks import mean_tempo
from quartetvae.study import sound
from quartetvae.study.sound import Sound

GRID = Grid(24, Alphabet(0, 127), "double")
"""On which notes of all sources are put."""

SOUND_SUFFIXES = (".wav", ".ogg", ".mp3")
SUFFIXES = (*read.MIDI_SUFFIXES, *scores.SUFFIXES, *SOUND_SUFFIXES)
"""What is read, and of one name what is preferred."""


@dataclass(frozen=True)
class Excerpt:
    """A piece of sound, and where it is from."""

    source: str
    file: str
    """Its path in the folder of the source."""
    from_beat: int
    sound: Sound


@dataclass(frozen=True)
class _Place:
    """A place in a file that may become an excerpt, not yet heard."""

    path: Path
    from_beat: int
    content: Quartet | Sound


def draw(
    folder: Path,
    *,
    source: str,
    count: int,
    seconds: float,
    tempo_qpm: float | None,
    spread: bool,
    seed: int,
    left_out: Callable[[str], object],
) -> list[Excerpt]:
    """Draw excerpts of a source, from as many files as there are; those of one file do not overlap.

    Parameters
    ----------
    source
        What it is called.
    tempo_qpm
        Quarter notes per minute of all music, or None for the mean tempo of each file.
    spread
        Spread the notes of a file over four parts where no quartet is found in it.
    left_out
        Called with a line for each file that is passed over.

    Returns
    -------
    As many as asked for, in the order in which they were drawn, each `seconds` long, not yet of one loudness.

    Raises
    ------
    CorpusError
        If the folder is missing or empty, or holds fewer excerpts.
    """
    paths = _files(folder)
    rng = np.random.default_rng(seed)
    found: list[_Place] = []
    more: list[list[_Place]] = []
    longest = 0.0
    for number in rng.permutation(len(paths)):
        if len(found) == count:
            break
        path = paths[number]
        try:
            places, lasts = _places(path, seconds, tempo_qpm, spread)
        except QuartetError as error:
            left_out(str(error))
            continue
        longest = max(longest, lasts)
        if not places:
            left_out(f"{path.name}: {lasts:.1f} s at its tempo; {seconds:g} are needed.")
            continue
        order = rng.permutation(len(places))
        found.append(places[order[0]])
        more.append([places[k] for k in order[1:]])
    # Where there are fewer files than excerpts, other places of the same files, one of each in turn.
    others = (place for place in chain.from_iterable(zip_longest(*more)) if place is not None)
    found += islice(others, count - len(found))
    if not longest:
        raise CorpusError(f"{folder}: none of its {len(paths)} files can be read as quartets; see what was left out.")
    if len(found) < count:
        raise CorpusError(
            f"{folder}: {len(found)} excerpts of {seconds:g} s in {len(paths)} files; {count} are needed, and the "
            f"longest file that can be read lasts {longest:.1f} s. Ask for fewer (--excerpts) or shorter ones "
            "(--seconds), or add music."
        )
    return [
        Excerpt(source, place.path.relative_to(folder).as_posix(), place.from_beat, _heard(place, seconds))
        for place in found
    ]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no folder; a folder of music is needed for each source.")
    names: dict[Path, Path] = {}
    every = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    for path in sorted(every, key=lambda path: (list(SUFFIXES).index(path.suffix.lower()), path)):
        names.setdefault(path.with_suffix(""), path)
    if not names:
        raise CorpusError(f"{folder}: no music in it; files that end in {', '.join(SUFFIXES)} are needed.")
    return sorted(names.values())


def _places(path: Path, seconds: float, tempo_qpm: float | None, spread: bool) -> tuple[list[_Place], float]:
    """Find the places of a file that do not overlap, and how many seconds the file lasts."""
    if path.suffix.lower() in SOUND_SUFFIXES:
        samples = _recorded(path)
        lasts = len(samples) / sound.RATE
        return ([_Place(path, 0, samples)] if lasts >= seconds else []), lasts
    file = read.read(path)
    piece = read.to_piece(file, GRID, spread=spread)
    tempo = tempo_qpm or mean_tempo(file.music) or TEMPO_QPM
    beats = -int(-seconds * tempo // 60)
    places = []
    for beat in _starts(piece.tokens, beats):
        start = beat * GRID.steps_per_beat
        steps = beats * GRID.steps_per_beat
        (tokens,) = phrases.cut(piece.tokens, [start], steps, alphabet=GRID.alphabet, boundary="onset")
        places.append(_Place(path, beat, Quartet(tokens, GRID, tempo_qpm=tempo, ensemble=file.ensemble)))
    return places, len(piece.tokens) / GRID.steps_per_beat * 60 / tempo


def _starts(tokens: codec.Tokens, beats: int) -> Iterator[int]:
    """Find beats on which a note begins and after which there is as much music, `beats` at least apart."""
    begins = codec.onset_mask(tokens[:: GRID.steps_per_beat], GRID.alphabet).any(axis=1)
    free = 0
    for beat in np.flatnonzero(begins).tolist():
        if beat >= free and (beat + beats) * GRID.steps_per_beat <= len(tokens):
            yield beat
            free = beat + beats


def _recorded(path: Path) -> Sound:
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise RenderingError(
            f"{path.name}: no sound that can be read ({error}); write it anew or leave it out."
        ) from error
    return sound.resampled(samples, rate)


def _heard(place: _Place, seconds: float) -> Sound:
    content = place.content
    samples = sound.resampled(audio.samples(content), audio.RATE) if isinstance(content, Quartet) else content
    return sound.cut(samples, seconds)
