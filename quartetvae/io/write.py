"""The files that a quartet can be written to.

The suffix of a file says what is written: MIDI (.mid), MusicXML (.musicxml), a score (.svg, .png, .pdf), sound
(.wav, .ogg, .mp3), a piano roll (.roll.png). What takes long to import is imported when it is asked for.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from quartetvae.errors import RenderingError, is_installed, missing
from quartetvae.files import replacing
from quartetvae.io import engraving, midi
from quartetvae.music import metre
from quartetvae.music.quartet import Quartet


def write(path: Path | str, quartet: Quartet) -> list[Path]:
    """Write a quartet, and name the files; the suffix says as what. The same arguments give the same bytes.

    The picture of a score that has more than a page is several: a.1.png, a.2.png and so on.

    Raises
    ------
    RenderingError
        If the suffix is none of `WRITERS`, or the file cannot be written.
    MissingError
        If a package for it is not installed.
    """
    path = Path(path)
    suffix = ".roll.png" if path.name.lower().endswith(".roll.png") else path.suffix.lower()
    if suffix not in WRITERS:
        raise RenderingError(f"{path.name}: written can be {', '.join(WRITERS)}; give the file one of these suffixes.")
    try:
        return WRITERS[suffix](path, quartet) or [path]
    except ImportError as error:
        raise missing(error, f"{path.name}: ") from error
    # libsndfile and symusic say by RuntimeError that a file cannot be opened.
    except (OSError, RuntimeError) as error:
        detail = getattr(error, "strerror", None) or getattr(error, "error_string", None) or error
        raise RenderingError(f"{path}: cannot be written ({detail}); choose another folder.") from error


def _midi(path: Path, quartet: Quartet) -> None:
    grid = quartet.grid
    midi.write_quartet(
        path,
        quartet.tokens,
        grid.alphabet,
        steps_per_beat=grid.steps_per_beat,
        tempo_qpm=quartet.tempo_qpm,
        time_signatures=metre.time_signatures(quartet.bars, steps_per_beat=grid.steps_per_beat),
        ensemble=quartet.ensemble,
    )


def _musicxml(path: Path, quartet: Quartet) -> None:
    with replacing(path) as temporary:
        temporary.write_text(engraving.musicxml(quartet), encoding="utf-8")


def _svg(path: Path, quartet: Quartet) -> None:
    with replacing(path) as temporary:
        temporary.write_text(engraving.svg(engraving.musicxml(quartet)), encoding="utf-8")


def _png(path: Path, quartet: Quartet) -> list[Path]:
    pages = engraving.pages(engraving.musicxml(quartet))
    paths = [path.with_suffix(f".{number}.png") for number in range(1, len(pages) + 1)] if len(pages) > 1 else [path]
    for file, page in zip(paths, pages, strict=True):
        with replacing(file) as temporary:
            temporary.write_bytes(engraving.png(page))
    return paths


def _pdf(path: Path, quartet: Quartet) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(engraving.pdf(engraving.pages(engraving.musicxml(quartet), whole_sheets=True)))


def _sound(path: Path, quartet: Quartet) -> None:
    from quartetvae.io import audio

    audio.write(path, quartet)


def _roll(path: Path, quartet: Quartet) -> None:
    from quartetvae.io import piano_roll

    grid = quartet.grid
    piano_roll.draw(
        path,
        [("", quartet.tokens)],
        grid.alphabet,
        steps_per_beat=grid.steps_per_beat,
        title=quartet.title,
        ensemble=quartet.ensemble,
    )


WRITERS: Mapping[str, Callable[[Path, Quartet], list[Path] | None]] = {
    ".mid": _midi,
    ".musicxml": _musicxml,
    ".svg": _svg,
    ".png": _png,
    ".pdf": _pdf,
    ".wav": _sound,
    ".ogg": _sound,
    ".mp3": _sound,
    ".roll.png": _roll,
}
"""What a quartet can be written as, by suffix; what writes several files names them."""

PACKAGES: Mapping[str, tuple[str, ...]] = {
    ".musicxml": ("music21",),
    ".svg": ("music21", "verovio"),
    ".png": ("music21", "verovio", "resvg_py", "matplotlib"),
    ".pdf": ("music21", "verovio", "typst", "matplotlib"),
    **dict.fromkeys((".wav", ".ogg", ".mp3"), ("soundfile",)),
    ".roll.png": ("matplotlib",),
}
"""What each needs of the packages that the base package does without."""


def check(suffix: str) -> None:
    """Look, without importing it, whether what one of `WRITERS` needs is installed, before anything is made to write.

    Raises
    ------
    MissingError
        If a package for it is not installed.
    """
    for name in PACKAGES.get(suffix, ()):
        if not is_installed(name):
            raise missing(ImportError(name=name), f"{suffix}: ")
