"""What one may ask a composer for: infill, harmonies, what follows, what lies between two pieces, music from nothing.

Conventions
-----------
Music is a `Quartet` on the composer's grid. Bars are counted from 1, a pickup being one. What is given stays as it is,
cell by cell; see `quartetvae.composing.filling` about edges. No part is given a note below its instrument's lowest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quartetvae.composing import filling, keys
from quartetvae.composing.filling import Mask, Progress
from quartetvae.corpus import phrases
from quartetvae.errors import ArgumentError, ModelError
from quartetvae.model.composer import Composer
from quartetvae.music import metre
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES, Ensemble
from quartetvae.music.quartet import Quartet


@dataclass(frozen=True)
class Drawing:
    """How what is composed is drawn."""

    temperature: float = 1.0
    """0 takes the likeliest note, 1 draws by the composer's probabilities."""
    seed: int = 0
    key: str = keys.FREE
    """The key dial; see `quartetvae.composing.keys`."""
    key_strength: float = 1.0
    strict_key: bool = False
    progress: Progress = iter
    """Goes through the windows."""


PLAIN = Drawing()


def part_number(name: str, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> int:
    """Tell which part a name means, from the top down: an id, or what a track of it may be called.

    Raises
    ------
    ArgumentError
        If it means none, or more than one.

    Examples
    --------
    >>> part_number("violin_2"), part_number("Violin II"), part_number("cello")
    (1, 1, 3)
    """
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    found = plain if plain in ensemble.ids else ensemble.part_by_name(name)
    if found is None:
        raise ArgumentError(f"part '{name}'; one of {', '.join(ensemble.ids)} is needed.")
    return ensemble.ids.index(found)


def steps_of_bars(music: Quartet, first: int, last: int) -> tuple[int, int]:
    """Find the steps of bars, counted from 1: the first step, and the one after the last.

    Raises
    ------
    ArgumentError
        If the music has not all of them, or the last comes before the first.
    """
    count = int(music.bars[-1]) + 1
    if not 1 <= first <= last <= count:
        raise ArgumentError(f"bars {first} to {last}; the music has bars 1 to {count}: name some of them, in order.")
    begin, end = np.searchsorted(music.bars, (first - 1, last))
    return int(begin), int(end)


def steps_of_beats(music: Quartet, first: int, last: int) -> tuple[int, int]:
    """Find the steps of beats, counted from 0: the first step, and the one after the last.

    Raises
    ------
    ArgumentError
        If the music has not all of them, or the last comes before the first.
    """
    per_beat = music.grid.steps_per_beat
    count = -(-len(music.tokens) // per_beat)
    if not 0 <= first <= last < count:
        raise ArgumentError(
            f"beats {first} to {last}; the music has beats 0 to {count - 1}: name some of them, in order."
        )
    return first * per_beat, min((last + 1) * per_beat, len(music.tokens))


def place(music: Quartet, steps: tuple[int, int], parts: Sequence[int]) -> Mask:
    """Mark steps of parts as unknown: bool, (steps, 4)."""
    if not parts or len(set(parts)) < len(parts):
        raise ArgumentError("no parts to fill in, or one of them twice; name one to four different ones.")
    unknown = np.zeros((len(music.tokens), VOICES), np.bool_)
    unknown[steps[0] : steps[1], list(parts)] = True
    return unknown


def asked(
    music: Quartet,
    *,
    bars: tuple[int, int] | None = None,
    beats: tuple[int, int] | None = None,
    parts: Sequence[str] | None = None,
) -> Mask:
    """Mark what is asked for: bars (from 1) or beats (from 0), the first and the last, of parts by name, or of all.

    Raises
    ------
    ArgumentError
        If not one of bars and beats is given, the music does not have them, or a part is unknown.
    """
    if (bars is None) == (beats is None):
        raise ArgumentError("bars or beats to fill in: give one of the two, the first and the last.")
    steps = steps_of_bars(music, *bars) if bars is not None else steps_of_beats(music, *(beats or (0, 0)))
    names = music.ensemble.ids if parts is None else parts
    return place(music, steps, [part_number(name, music.ensemble) for name in names])


def infill(composer: Composer, music: Quartet, unknown: Mask, drawing: Drawing = PLAIN) -> Quartet:
    """Compose what is unknown of music, bool (steps, 4), as `place` marks it; all else stays."""
    return replace(music, tokens=_filled(composer, music, unknown, drawing))


def harmonise(composer: Composer, melody: Quartet, part: int, drawing: Drawing = PLAIN) -> Quartet:
    """Compose three parts to one that is given; what stands in the others is passed over.

    Raises
    ------
    ArgumentError
        If the part has no notes.
    """
    own = melody.tokens[:, part::VOICES]
    if not (own < melody.grid.alphabet.rest).any():
        raise ArgumentError(f"{melody.title or 'the music'}: no notes in {melody.ensemble.ids[part]}; choose another.")
    tokens = np.full_like(melody.tokens, melody.grid.alphabet.rest)
    tokens[:, part::VOICES] = own
    others = [other for other in range(VOICES) if other != part]
    return infill(composer, replace(melody, tokens=tokens), place(melody, (0, len(tokens)), others), drawing)


def continuation(composer: Composer, music: Quartet, beats: int, drawing: Drawing = PLAIN) -> Quartet:
    """Compose what follows: the music, then so many beats more. A last beat that is cut short is filled up with rests.

    Raises
    ------
    ArgumentError
        If there is no beat to compose.
    """
    longer, start = _lengthened(music, _counted(beats))
    return infill(composer, longer, place(longer, (start, len(longer.tokens)), range(VOICES)), drawing)


def bridge(composer: Composer, a: Quartet, b: Quartet, beats: int, drawing: Drawing = PLAIN) -> Quartet:
    """Compose so many beats between A and B: one piece that begins as A and ends as B.

    Its bars are A's, as long as what is composed lasts, and then B's. Its tempo is the mean of theirs.

    Raises
    ------
    ArgumentError
        If there is no beat to compose.
    ModelError
        If the two are on different grids.
    """
    if a.grid != b.grid:
        raise ModelError(f"music on {a.grid} and on {b.grid}; read both with the composer.")
    longer, start = _lengthened(a, _counted(beats))
    whole = replace(
        longer,
        tokens=np.concatenate([longer.tokens, b.tokens]),
        bars=np.concatenate([longer.bars, b.bars - b.bars[0] + longer.bars[-1] + 1]),
        title=f"{a.title} \N{RIGHTWARDS ARROW} {b.title}" if a.title or b.title else "",
        tempo_qpm=(a.tempo_qpm + b.tempo_qpm) / 2,
    )
    return infill(composer, whole, place(whole, (start, len(longer.tokens)), range(VOICES)), drawing)


def sample(composer: Composer, beats: int, drawing: Drawing = PLAIN) -> Quartet:
    """Compose music from nothing, in bars of four beats.

    Raises
    ------
    ArgumentError
        If there is no beat to compose.
    """
    return samples(composer, 1, beats, drawing)[0]


def samples(composer: Composer, count: int, beats: int, drawing: Drawing = PLAIN) -> list[Quartet]:
    """Compose so many pieces from nothing at a time, as `sample` does one: the first is what that gives.

    Raises
    ------
    ArgumentError
        If there is no piece or no beat to compose.
    """
    if count < 1:
        raise ArgumentError(f"{count} pieces to compose; 1 at least is needed.")
    grid = composer.architecture.grid
    silence = np.full((_counted(beats) * grid.steps_per_beat, grid.columns), grid.alphabet.rest, np.uint8)
    nothing = Quartet(silence, grid)
    made = filling.fill_all(
        composer,
        np.broadcast_to(silence, (count, *silence.shape)),
        place(nothing, (0, len(silence)), range(VOICES)),
        temperature=drawing.temperature,
        seed=drawing.seed,
        bias=_bias(nothing, silence, drawing),
        progress=drawing.progress,
    )
    return [replace(nothing, tokens=tokens) for tokens in made]


def last(music: Quartet, beats: int) -> Quartet:
    """Take the last beats of music, or all of it if there are no more; what sounds into them is struck there."""
    per_beat = music.grid.steps_per_beat
    start = max(0, -(-len(music.tokens) // per_beat) - beats) * per_beat
    return excerpt(music, start, len(music.tokens))


def excerpt(music: Quartet, start: int, stop: int) -> Quartet:
    """Take some steps of music, as many as there are of them; what sounds into them is struck there."""
    steps = min(stop, len(music.tokens)) - start
    tokens = phrases.cut(music.tokens, [start], steps, alphabet=music.grid.alphabet, boundary="onset")[0]
    bars = music.bars[start : start + steps]
    return replace(music, tokens=tokens, bars=bars - bars[:1])


def _counted(beats: int) -> int:
    if beats < 1:
        raise ArgumentError(f"{beats} beats to compose; 1 at least is needed.")
    return beats


def _lengthened(music: Quartet, beats: int) -> tuple[Quartet, int]:
    """Add rests to music, from its last beat on, and bars as before; also the step from which on they are."""
    per_beat, rest = music.grid.steps_per_beat, music.grid.alphabet.rest
    start = -(-len(music.tokens) // per_beat) * per_beat
    stop = start + beats * per_beat
    tokens = np.full((stop, music.grid.columns), rest, np.uint8)
    tokens[: len(music.tokens)] = music.tokens
    return replace(music, tokens=tokens, bars=_more_bars(music.bars, stop, 4 * per_beat)), start


def _more_bars(bars: NDArray[np.int64], steps: int, usual: int) -> NDArray[np.int64]:
    """Go on with bars, (steps,), as long as the last whole one; `usual` is a bar's length where there is none."""
    lengths = metre.bar_lengths(bars)
    whole = max(lengths[-2:]) if len(lengths) > 1 else max([*lengths, usual])
    more = (lengths[-1] + np.arange(steps - len(bars))) // whole
    return np.concatenate([bars, bars[-1] + more])


def _filled(composer: Composer, music: Quartet, unknown: Mask, drawing: Drawing) -> Tokens:
    grid = composer.architecture.grid
    if music.grid != grid:
        raise ModelError(f"music on {music.grid}; the composer needs {grid}: read it with the composer.")
    given = np.where(np.tile(unknown, grid.columns // VOICES), np.uint8(grid.alphabet.rest), music.tokens)
    return filling.fill(
        composer,
        music.tokens,
        unknown,
        temperature=drawing.temperature,
        seed=drawing.seed,
        bias=_bias(music, given, drawing),
        progress=drawing.progress,
    )


def _bias(music: Quartet, given: Tokens, drawing: Drawing) -> NDArray[np.float32]:
    """Add up the key dial and what bars the notes that instruments do not have: (columns, symbols)."""
    alphabet = music.grid.alphabet
    added = keys.bias(drawing.key, given, alphabet, strength=drawing.key_strength, strict=drawing.strict_key)
    found = np.tile(added, (music.grid.columns, 1))
    for number, part in enumerate(music.ensemble.parts):
        found[number::VOICES, : max(0, min(part.lowest - alphabet.pitch_min, alphabet.pitches))] = keys.FORBIDDEN
    return found
