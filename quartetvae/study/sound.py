"""Sound of excerpts: as long, as loud and faded as each other, and small enough for one page.

Loudness
--------
That of ITU-R BS.1770-4, in LUFS: both channels through the K weighting, the mean square in blocks of 0.4 s that begin
every 0.1 s, and of these the mean over those that are above -70 LUFS and at most 10 LU below the mean of such blocks.
A pause makes an excerpt no quieter, and a low note counts by how loud it is heard.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import RenderingError

Sound = NDArray[np.float32]
"""Samples, shape (samples, 2), -1 to 1, at `RATE`."""

RATE = 48_000
"""Samples per second; the filters below are those that the standard gives for this rate."""

TARGET_LUFS = -23.0
"""Of every excerpt: EBU R 128's."""

FADE_SECONDS = 2.0
"""How long the end of an excerpt fades."""

LOUDEST = 0.89
"""Of the highest sample, -1 dB."""

MP3: dict[str, Any] = {
    **{"samplerate": RATE, "format": "MP3", "subtype": "MPEG_LAYER_III"},
    **{"compression_level": 0.5, "bitrate_mode": "VARIABLE"},
}
"""What libsndfile is asked for. All browsers play it, so that all listeners hear the same."""

_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
"""The K weighting, BS.1770-4, tables 1 and 2: coefficients of the numerator and of the denominator."""

_OFFSET = -0.691
"""BS.1770-4, equation 2."""

_GATE_LUFS, _GATE_LU = -70.0, -10.0


def resampled(samples: Sound, rate: int) -> Sound:
    """Bring samples of another rate, (samples, 1 or 2), to `RATE`, and to two channels."""
    from scipy import signal

    stereo = np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples[:, :2]
    return np.asarray(signal.resample_poly(stereo, RATE, rate, axis=0), np.float32)


def cut(samples: Sound, seconds: float) -> Sound:
    """Take the first seconds, the last `FADE_SECONDS` of them fading (half a cosine); less if there is not as much.

    >>> bool(cut(np.ones((RATE, 2), np.float32), 0.5)[-1, 0] < 1e-6)
    True
    """
    taken = samples[: round(seconds * RATE)].copy()
    fading = min(len(taken), round(FADE_SECONDS * RATE))
    taken[len(taken) - fading :] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fading, dtype=np.float32)))[:, None]
    return taken


def loudness(samples: Sound) -> float:
    """Measure the loudness in LUFS; minus infinity of silence and of less than 0.4 s."""
    from scipy import signal

    weighted = signal.lfilter(*_HIGH_PASS, signal.lfilter(*_SHELF, samples.astype(np.float64), axis=0), axis=0)
    # A block of 0.4 s is four of these.
    hop = RATE // 10
    tenths = np.square(weighted[: len(weighted) // hop * hop]).reshape(-1, hop * weighted.shape[1]).sum(axis=1)
    if len(tenths) < 4:
        return -np.inf
    blocks = np.convolve(tenths, np.ones(4), mode="valid") / (4 * hop)
    audible = blocks[blocks > _power(_GATE_LUFS)]
    if not len(audible):
        return -np.inf
    return _lufs(audible[audible > audible.mean() * 10 ** (_GATE_LU / 10)].mean())


def level(sounds: Sequence[Sound]) -> list[Sound]:
    """Make sounds as loud as each other: `TARGET_LUFS`, or the most at which none of them is clipped.

    Raises
    ------
    RenderingError
        If one of them is silent.
    """
    found = [loudness(sound) for sound in sounds]
    if silent := [number for number, value in enumerate(found) if value == -np.inf]:
        raise RenderingError(f"sound {silent[0]} of {len(sounds)}: silence; leave out the file that it is of.")
    room = [value + 20 * np.log10(LOUDEST / np.abs(sound).max()) for value, sound in zip(found, sounds, strict=True)]
    target = min(TARGET_LUFS, *room)
    return [sound * np.float32(10 ** ((target - value) / 20)) for value, sound in zip(found, sounds, strict=True)]


def mp3(sound: Sound) -> bytes:
    """Encode as MP3; the same samples, the same bytes."""
    import soundfile

    content = BytesIO()
    with soundfile.SoundFile(content, "w", channels=sound.shape[1], **MP3) as file:
        # In blocks: given much at once, an encoder may overflow the stack.
        for start in range(0, len(sound), RATE):
            file.write(sound[start : start + RATE])
    return content.getvalue()


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


def _lufs(power: float) -> float:
    return float(_OFFSET + 10 * np.log10(power))
