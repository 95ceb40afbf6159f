"""Sound of quartets: samples of a soundfont (`quartetvae.io.soundfont`), files by libsndfile, inside a Python package.

The soundfont is TimGM6mb (Tim Brechbill, GPL 2) as the package pretty_midi brings it along; nothing of it is in this
project. Another General MIDI soundfont (.sf2) can be named by the environment variable QUARTETVAE_SOUNDFONT.
"""

import importlib.util
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import RenderingError, missing
from quartetvae.files import replacing
from quartetvae.io import soundfont as soundfonts
from quartetvae.music import codec

if TYPE_CHECKING:
    from quartetvae.music.quartet import Quartet

RATE = 44_100
"""Samples per second."""

TAIL = 1.5
"""Seconds after the last note, for it to fade."""

VELOCITY = 0.7
LOUDEST = 0.89
"""Of the highest sample, -1 dB: so that no quartet is louder than another, and none is clipped."""

BLOCK = RATE
"""Samples that are written at once."""

FORMATS: Mapping[str, Mapping[str, Any]] = {
    ".wav": {"format": "WAV", "subtype": "PCM_16"},
    ".mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III", "compression_level": 0.6},
    ".ogg": {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.75},
}
"""What libsndfile is asked for, by suffix. The compression is Vorbis' quality 2.5, some 75 kbit/s for these sounds."""

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the opposite order."""


def soundfont() -> Path:
    """Find the soundfont's file; raises `RenderingError` if that named is none, `MissingError` if there is none."""
    if chosen := os.environ.get("QUARTETVAE_SOUNDFONT"):
        if not Path(chosen).is_file():
            raise RenderingError(f"QUARTETVAE_SOUNDFONT is '{chosen}', which is no file; name a .sf2 file.")
        return Path(chosen)
    # Looked up without importing the package, of which nothing else is needed.
    found = importlib.util.find_spec("pretty_midi")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (path := Path(folder) / "TimGM6mb.sf2").is_file():
            return path
    raise missing(ImportError(name="pretty_midi"), "no soundfont is named by QUARTETVAE_SOUNDFONT: ")


def samples(quartet: "Quartet") -> NDArray[np.float32]:
    """Make the sound, (samples, 2), -1 to 1, at `RATE`; silent music is silence."""
    font = soundfonts.read(soundfont())
    seconds = 60.0 / quartet.tempo_qpm / quartet.grid.steps_per_beat
    whole = np.zeros((round(quartet.seconds * RATE) + round(TAIL * RATE), 2), np.float32)
    columns = codec.decode(quartet.tokens, quartet.grid.alphabet)
    for part, notes in zip(quartet.ensemble.parts, columns, strict=True):
        # Equal power: as loud wherever the part sits.
        sides = np.sqrt(2.0 * np.array([1.0 - part.pan, part.pan])).astype(np.float32)
        for onset, duration, pitch, _ in notes.tolist():
            begin, end = (round(step * seconds * RATE) for step in (onset, onset + duration))
            sound = font.note(part.program, pitch, round(127 * VELOCITY), end - begin, RATE)[: len(whole) - begin]
            whole[begin : begin + len(sound)] += sound * sides
    highest = float(np.abs(whole).max(initial=0.0))
    return whole * np.float32(LOUDEST / highest) if highest > 0 else whole


def write(path: Path, quartet: "Quartet") -> None:
    """Write .wav (16 bits), .ogg (Vorbis) or .mp3, stereo; the same quartet gives the same bytes."""
    import soundfile

    options = FORMATS[path.suffix.lower()]
    sound = samples(quartet)
    with replacing(path) as temporary:
        with soundfile.SoundFile(temporary, "w", RATE, sound.shape[1], **options) as file:
            # In blocks: given more than half a minute at once, libvorbis overflows the stack and the process dies.
            for start in range(0, len(sound), BLOCK):
                file.write(sound[start : start + BLOCK])
        if options["format"] == "OGG":
            temporary.write_bytes(serial_zero(temporary.read_bytes()))


def serial_zero(ogg: bytes) -> bytes:
    """Give an Ogg file of one stream 0 for its serial number, which libsndfile draws by chance (RFC 3533)."""
    pages = []
    start = 0
    while start < len(ogg):
        segments = ogg[start + 26]
        end = start + 27 + segments + sum(ogg[start + 27 : start + 27 + segments])
        page = bytearray(ogg[start:end])
        page[14:18] = bytes(4)
        page[22:26] = bytes(4)  # the checksum counts as 0 while it is taken
        page[22:26] = _ogg_checksum(page).to_bytes(4, "little")
        pages.append(bytes(page))
        start = end
    return b"".join(pages)


def _ogg_checksum(page: bytes | bytearray) -> int:
    """Compute Ogg's CRC-32: zlib's polynomial, but the highest bit first, from 0, and not inverted at the end."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
