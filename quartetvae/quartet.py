"""A quartet, and the files it can be written to.

Conventions
-----------
`tokens` is a part array, uint8 (steps, 4); `bars` says which bar each step is in, int64 (steps,). The suffix of a file
says what is written: MIDI (.mid), MusicXML (.musicxml), an engraved score (.svg, .png), sound (.wav, .ogg), a piano
roll (.roll.png). What takes long to import is imported when it is asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quartetvae import codec, engraving, midi
from quartetvae.codec import Tokens
from quartetvae.dataset import Grid, Piece
from quartetvae.errors import RenderingError
from quartetvae.files import replacing

TEMPO_QPM = 100.0
"""Of music whose file says none."""


@dataclass(frozen=True)
class Quartet:
    """Music for four parts, ready to be written."""

    tokens: Tokens
    grid: Grid
    bars: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Of each step; bars of four beats if there are none."""
    title: str = ""
    composer: str = ""
    tempo_qpm: float = TEMPO_QPM
    """Quarter notes per minute."""

    def __post_init__(self) -> None:
        codec.check(self.tokens, self.grid.alphabet)
        if not len(self.bars):
            steps = np.arange(len(self.tokens), dtype=np.int64)
            object.__setattr__(self, "bars", steps // (4 * self.grid.steps_per_beat))
        if len(self.bars) != len(self.tokens):
            raise RenderingError(f"{len(self.tokens)} steps, but bars for {len(self.bars)}; one for each is needed.")
        if not 1 <= self.tempo_qpm <= 1000:
            raise RenderingError(f"a tempo of {self.tempo_qpm:g}; 1 to 1000 quarter notes per minute are needed.")

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.tokens) / self.grid.steps_per_beat * 60.0 / self.tempo_qpm

    def piece(self, id: str) -> Piece:
        """The same as a piece of the pipeline."""
        return Piece(id, self.composer, self.title or id, self.tokens, self.bars)


def write(path: Path | str, quartet: Quartet) -> None:
    """Write a quartet; the suffix says as what. The same arguments give the same bytes.

    Raises
    ------
    RenderingError
        If the suffix is none of `WRITERS`, the file cannot be written, or a package for it is not installed.
    """
    path = Path(path)
    suffix = ".roll.png" if path.name.lower().endswith(".roll.png") else path.suffix.lower()
    if suffix not in WRITERS:
        raise RenderingError(f"{path.name}: written can be {', '.join(WRITERS)}; give the file one of these suffixes.")
    try:
        WRITERS[suffix](path, quartet)
    except ImportError as error:
        raise RenderingError(
            f"{path.name}: the package '{error.name}' is needed for {suffix} and is not installed; for sound: "
            "pip install pretty_midi soundfile && pip install --no-deps tinysoundfont."
        ) from error
    # libsndfile and symusic say by RuntimeError that a file cannot be opened.
    except (OSError, RuntimeError) as error:
        detail = getattr(error, "strerror", None) or error
        raise RenderingError(f"{path}: cannot be written ({detail}); choose another folder.") from error


def _midi(path: Path, quartet: Quartet) -> None:
    grid = quartet.grid
    midi.write_quartet(
        path,
        quartet.tokens,
        grid.alphabet,
        steps_per_beat=grid.steps_per_beat,
        tempo_qpm=quartet.tempo_qpm,
        metre=engraving.metre(quartet),
    )


def _musicxml(path: Path, quartet: Quartet) -> None:
    with replacing(path) as temporary:
        temporary.write_text(engraving.musicxml(quartet), encoding="utf-8")


def _svg(path: Path, quartet: Quartet) -> None:
    with replacing(path) as temporary:
        temporary.write_text(engraving.svg(engraving.musicxml(quartet)), encoding="utf-8")


def _png(path: Path, quartet: Quartet) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(engraving.png(engraving.svg(engraving.musicxml(quartet))))


def _sound(path: Path, quartet: Quartet) -> None:
    from quartetvae import audio

    audio.write(path, quartet)


def _roll(path: Path, quartet: Quartet) -> None:
    from quartetvae import plots

    grid = quartet.grid
    plots.piano_roll(
        path, [("", quartet.tokens)], grid.alphabet, steps_per_beat=grid.steps_per_beat, title=quartet.title
    )


WRITERS: Mapping[str, Callable[[Path, Quartet], None]] = {
    ".mid": _midi,
    ".musicxml": _musicxml,
    ".svg": _svg,
    ".png": _png,
    ".wav": _sound,
    ".ogg": _sound,
    ".roll.png": _roll,
}
"""What a quartet can be written as, by suffix."""
