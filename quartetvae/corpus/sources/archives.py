"""What a score is converted to: an archive with a MIDI file for each movement, and what the score says of itself.

An archive is a zip file: `score.json` with the credits, the movements' titles and counts of the notes left out, and
`1.mid`, `2.mid` ... of the movements that have notes.
"""

import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from quartetvae.errors import ScoreError
from quartetvae.io import midi, scores
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE
from quartetvae.music.tracks import Credits, Music, split_movements

TEMPO_QPM = 120.0
"""Of the MIDI files written from scores."""

_INDEX = "score.json"

_NOTHING: Mapping[str, int] = {}
"""One for all scores that lack nothing."""

MOST_BYTES = 64 << 20
"""Of an archive, unpacked; no score has a tenth of it. What says more was not written here."""

DAMAGE = (
    *(OSError, EOFError, zlib.error, zipfile.BadZipFile),
    NotImplementedError,  # zipfile: a byte that says how a file is compressed has changed
    *(ValueError, KeyError, TypeError, AttributeError),  # the index is no JSON, or not ours
)
"""What a damaged archive raises; the score is converted anew then."""


@dataclass(frozen=True, slots=True)
class ConvertedMovement:
    """A movement with notes: its place among all movements of the score, from 1, and its title or ""."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Converted:
    """What a score was converted to; the MIDI files stay in the archive until they are written."""

    archive: str
    """Its path; text, since there may be many."""
    credits: Credits
    movements: tuple[ConvertedMovement, ...]
    silent: tuple[int, ...]
    """Movements without any note, by number; there is no file of them."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Of the whole score, see `Music.left_out`."""

    @property
    def is_one(self) -> bool:
        """Whether the score holds no more than one movement."""
        return len(self.movements) + len(self.silent) == 1

    def left_out_of(self, movement: ConvertedMovement) -> Mapping[str, int]:
        """Give the counts of the whole score for the first movement with notes, none for others: sums are right."""
        return self.left_out if movement == self.movements[0] else {}

    def write(self, movement: ConvertedMovement, target: Path) -> None:
        """Write the MIDI file of a movement."""
        with zipfile.ZipFile(self.archive) as archive:
            content = archive.read(_member(movement.number))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def pack(path: Path, *, is_quartet: bool) -> bytes:
    """Convert a score to the content of an archive; the tracks of a known quartet get its parts' names and programs.

    Raises
    ------
    ScoreError
        If it cannot be read.
    """
    music = scores.read(path)
    if is_quartet:
        if len(music.tracks) != len(DEFAULT_ENSEMBLE.parts):
            raise ScoreError(
                f"{path.name}: {len(music.tracks)} parts found; {len(DEFAULT_ENSEMBLE.parts)} are needed in a quartet."
            )
        named = zip(music.tracks, DEFAULT_ENSEMBLE.parts, strict=True)
        tracks = tuple(replace(track, name=part.name, program=part.program) for track, part in named)
        music = replace(music, tracks=tracks)
    movements = split_movements(music)
    titles = [movement.title for movement in music.movements]
    if len(movements) == 1:
        titles = [music.credits.movement or next(iter(titles), "")]
    return _packed(music, list(zip(titles, movements, strict=True)))


def _packed(whole: Music, movements: Sequence[tuple[str, Music]]) -> bytes:
    numbered = list(enumerate(movements, start=1))
    index = {
        "composer": whole.credits.composer,
        "work": whole.credits.work,
        "movement": whole.credits.movement,
        "movements": [[number, title] for number, (title, music) in numbered if music.end],
        "silent": [number for number, (_, music) in numbered if not music.end],
        "left_out": dict(whole.left_out),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as folder:
        archive.writestr(_INDEX, json.dumps(index, ensure_ascii=False))
        for number, (_, music) in numbered:
            if music.end:
                path = Path(folder) / _member(number)
                midi.write(path, music, tempo_qpm=TEMPO_QPM)
                archive.writestr(_member(number), path.read_bytes())
    return content.getvalue()


def _member(number: int) -> str:
    return f"{number}.mid"


def read(archive: Path) -> Converted | None:
    """Read what is in an archive, the MIDI files apart; None if there is no archive, or a damaged one."""
    try:
        with zipfile.ZipFile(archive) as file:
            if sum(member.file_size for member in file.infolist()) > MOST_BYTES:
                return None
            index: dict[str, Any] = json.loads(file.read(_INDEX))
            movements = tuple(ConvertedMovement(int(number), str(title)) for number, title in index["movements"])
            whole = file.testzip() is None and {_INDEX, *(_member(m.number) for m in movements)} == {*file.namelist()}
            credits = Credits(*(str(index[name]) for name in ("composer", "work", "movement")))
            silent = tuple(int(number) for number in index["silent"])
            left_out = {str(kind): int(count) for kind, count in index["left_out"].items()}
    except DAMAGE:
        return None
    return Converted(str(archive), credits, movements, silent, left_out or _NOTHING) if whole else None
