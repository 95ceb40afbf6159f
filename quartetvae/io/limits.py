"""How large a file of music may be, and how it is read without ever holding more.

A file says of itself how large it is, and may be wrong: what it says is looked at first, then the bytes are counted as
they come. Memory follows bytes by a factor: an element of XML of four bytes takes two hundred, an event of MIDI forty.
"""

import zipfile
from pathlib import Path

from quartetvae.errors import MidiError, ScoreError

MIDI_BYTES = 4 << 20
"""Of a MIDI file: twenty-five times the largest of MusicNet."""

KERN_BYTES = 2 << 20
"""Of a kern file: sixteen times the largest quartet of music21's corpus."""

XML_BYTES = 64 << 20
"""Of MusicXML, unpacked: five times the largest score of OpenScore."""

PACKED_BYTES = 16 << 20
"""Of compressed MusicXML (.mxl), which may hold pictures too."""

CONTAINER_BYTES = 1 << 20
"""Of the list in a container that names the score."""

XML_SIGNS = 4_000_000
"""Signs `<` and `=` of MusicXML, so tags and attributes together: five times those of the largest score."""


def read(path: Path, most: int, error: type[MidiError] | type[ScoreError]) -> bytes:
    """Read a file of `most` bytes at most; raises `error` for a larger one, and `OSError` as Python does."""
    size = path.stat().st_size
    if size <= most:
        with path.open("rb") as file:
            # One byte more: a file may grow, and some (of /proc) say that they are empty.
            content = file.read(size + 1)
        if len(content) <= size:
            return content
    raise error(f"{path.name}: {_larger(size, most)}")


def unpack(archive: zipfile.ZipFile, name: str, path: Path, most: int) -> bytes:
    """Read a file of an archive, `most` bytes at most; raises `ScoreError` for a larger one."""
    size = archive.getinfo(name).file_size
    if size <= most:
        with archive.open(name) as file:
            content = file.read(size + 1)
        if len(content) <= size:
            return content
    raise ScoreError(f"{path.name}: {name} in it: {_larger(size, most)}")


def check_xml(content: bytes, name: str) -> None:
    """Refuse XML that would take far more memory than it has bytes, before it is parsed.

    MusicXML has no use for entities of its own, which may stand for millions of elements.

    Raises
    ------
    ScoreError
        If it declares entities, or has more tags and attributes than any score.
    """
    if any("<!ENTITY".encode(encoding) in content for encoding in ("ascii", "utf-16-le", "utf-16-be")):
        raise ScoreError(
            f"{name}: not a readable musicxml file (it declares entities, which may stand for any amount of text); "
            "export it again or leave it out."
        )
    signs = content.count(b"<") + content.count(b"=")
    if signs > XML_SIGNS:
        raise ScoreError(
            f"{name}: {signs:,} tags and attributes; {XML_SIGNS:,} at most are read: cut the score into movements."
        )


def _larger(size: int, most: int) -> str:
    found = f"{size:,} bytes" if size > most else f"more than the {size:,} bytes that it says"
    return f"{found}; {most:,} at most are read: cut the music into movements, or leave it out."
