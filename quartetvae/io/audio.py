"""Sound of quartets: samples by TinySoundFont, files by libsndfile; both come inside Python packages.

The soundfont is TimGM6mb (Tim Brechbill, GPL 2) as the package pretty_midi brings it along; nothing of it is in this
project. Another General MIDI soundfont (.sf2, .sf3) can be named by the environment variable QUARTETVAE_SOUNDFONT.
"""

import importlib.util
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import RenderingError
from quartetvae.files import replacing
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
    ".ogg": {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.75},
}
"""What libsndfile is asked for, by suffix. The compression is Vorbis' quality 2.5, some 75 kbit/s for these sounds."""

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the opposite order."""


def soundfont() -> Path:
    """Find the soundfont's file; raises `RenderingError` if there is none."""
    if chosen := os.environ.get("QUARTETVAE_SOUNDFONT"):
        if not Path(chosen).is_file():
            raise RenderingError(f"QUARTETVAE_SOUNDFONT is '{chosen}', which is no file; name a .sf2 file.")
        return Path(chosen)
    # Looked up without importing the package, of which nothing else is needed.
    found = importlib.util.find_spec("pretty_midi")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (path := Path(folder) / "TimGM6mb.sf2").is_file():
            return path
    raise RenderingError(
        "no soundfont: the package pretty_midi, which brings one along, is not installed; install it, or name a .sf2 "
        "file by QUARTETVAE_SOUNDFONT."
    )


def samples(quartet: "Quartet") -> NDArray[np.float32]:
    """Make the sound, (samples, 2), -1 to 1, at `RATE`; silent music is silence."""
    import tinysoundfont

    synth = tinysoundfont.Synth(samplerate=RATE)
    font = synth.sfload(str(soundfont()))
    for channel, part in enumerate(quartet.ensemble.parts):
        synth.program_select(channel, font, 0, part.program)
        synth.control_change(channel, 10, round(127 * part.pan))
    seconds = 60.0 / quartet.tempo_qpm / quartet.grid.steps_per_beat
    events: list[tuple[int, bool, int, int]] = []
    for channel, notes in enumerate(codec.decode(quartet.tokens, quartet.grid.alphabet)):
        for onset, duration, pitch, _ in notes.tolist():
            events.append((round(onset * seconds * RATE), True, channel, pitch))
            events.append((round((onset + duration) * seconds * RATE), False, channel, pitch))
    # At one moment what ends comes first, or a repeated note would end at once.
    sound = []
    now = 0
    for moment, begins, channel, pitch in sorted(events, key=lambda event: event[:2]):
        if moment > now:
            sound.append(_rendered(synth, moment - now))
            now = moment
        if begins:
            synth.noteon(channel, pitch, round(127 * VELOCITY))
        else:
            synth.noteoff(channel, pitch)
    sound.append(_rendered(synth, max(0, round(quartet.seconds * RATE) - now) + round(TAIL * RATE)))
    whole = np.concatenate(sound)
    highest = float(np.abs(whole).max(initial=0.0))
    return whole * np.float32(LOUDEST / highest) if highest > 0 else whole


def _rendered(synth: object, count: int) -> NDArray[np.float32]:
    generated = synth.generate(count)  # type: ignore[attr-defined]
    return np.frombuffer(bytes(generated), dtype=np.float32).reshape(-1, 2)


def write(path: Path, quartet: "Quartet") -> None:
    """Write .wav (16 bits) or .ogg (Vorbis), stereo; the same quartet gives the same bytes."""
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
