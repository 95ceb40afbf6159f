"""Sound on the page: Ogg Opus for browsers that play it, MP3 for the others, both small.

A second of the one is 5 kB, stereo; of the other 4 kB, of both channels together at 32 kHz. So 20 seconds are some 190
kB, and a report of 18 paths stays below 30 MB.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.files import replacing
from quartetvae.io import audio
from quartetvae.music.quartet import Quartet

OPUS: dict[str, Any] = {"samplerate": 48_000, "format": "OGG", "subtype": "OPUS", "compression_level": 0.94}
MP3: dict[str, Any] = {
    **{"samplerate": 32_000, "format": "MP3", "subtype": "MPEG_LAYER_III"},
    **{"compression_level": 0.9, "bitrate_mode": "VARIABLE"},
}
"""What libsndfile is asked for."""


def write(path: Path, quartet: Quartet) -> None:
    """Write what a quartet sounds like as `path` with the suffixes .ogg and .mp3; the same music, the same bytes."""
    sound = audio.samples(quartet)
    ogg = path.with_suffix(".ogg")
    _encode(ogg, sound, OPUS)
    ogg.write_bytes(audio.serial_zero(ogg.read_bytes()))
    _encode(path.with_suffix(".mp3"), sound.mean(axis=1, keepdims=True), MP3)


def _encode(path: Path, sound: NDArray[np.float32], options: dict[str, Any]) -> None:
    import soundfile
    from scipy import signal

    rate = options["samplerate"]
    resampled = np.clip(signal.resample_poly(sound, rate, audio.RATE, axis=0), -1, 1)
    with replacing(path) as temporary, soundfile.SoundFile(temporary, "w", channels=sound.shape[1], **options) as file:
        # In blocks: given much at once, an encoder may overflow the stack.
        for start in range(0, len(resampled), rate):
            file.write(resampled[start : start + rate])
