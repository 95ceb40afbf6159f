"""Instruments of a SoundFont 2 file (.sf2), played by NumPy.

Conventions
-----------
Of the format (SoundFont Technical Specification 2.04) that is read which the instruments of an ensemble are made of:
zones by key and velocity, samples with loops, tuning, panning, attenuation, the volume envelope, vibrato, and a low
pass that stays, throughout a note, where its envelope has it halfway. Modulators, tremolo, chorus and reverb are not.
A time is in timecents, 1200 log2 of seconds, a level in centibels. Sound is float32, (samples, 2): left and right.
"""

import functools
import itertools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import RenderingError

Sound = NDArray[np.float32]

INSTRUMENT, KEYS, VELOCITIES, SAMPLE = 41, 43, 44, 53
"""Generators that say what a zone has, and for which keys and velocities it is."""

DEFAULTS: Mapping[int, int] = {8: 13_500, 56: 100, 58: -1} | dict.fromkeys(
    (21, 23, *range(25, 29), *range(33, 37), 38), -12_000
)
"""Of the generators that are not 0 where a zone does not say: filter, scale, root key, times."""

LOWEST = 8.176
"""Hertz: 0 cents of a frequency."""

VIBRATOS = ((5, 21, 22), (6, 23, 24))
"""Generators of what bends a pitch up and down: how far, after what delay, how often."""

OPEN = 13_500
"""Cents: a filter from there on lets all pass."""

FLOOR_DB = 100.0
"""By how much a decay or release goes down in its time; what is so far down is silent."""

COMPRESSED = 0x10
"""The kind of a sample that is Ogg inside, as .sf3 files have them."""


@dataclass(frozen=True)
class Zone:
    """A sample and how it is played, for some keys and velocities."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    of: Mapping[int, int]
    """Generators, by number; those that it does not have are `DEFAULTS`' or 0."""
    start: int
    end: int
    loop: tuple[int, int]
    rate: int
    root: int
    correction: int

    def __getitem__(self, generator: int) -> int:
        """Look up a generator."""
        return self.of.get(generator, DEFAULTS.get(generator, 0))

    def seconds(self, generator: int) -> float:
        """Tell a time."""
        return float(2.0 ** (self[generator] / 1200.0))


@dataclass(frozen=True)
class Soundfont:
    """The samples of a file, and the zones of its instruments by bank and program."""

    samples: NDArray[np.float32]
    presets: Mapping[tuple[int, int], tuple[Zone, ...]]
    _played: dict[tuple[int, int, int, int], Sound] = field(default_factory=dict, repr=False)

    def note(self, program: int, pitch: int, velocity: int, held: int, rate: int) -> Sound:
        """Play a note of bank 0 for `held` samples and let it fade: (samples, 2), longer than held.

        Raises `RenderingError` if there is no such program.
        """
        if (0, program) not in self.presets:
            raise RenderingError(f"a soundfont without the General MIDI program {program}; name another file.")
        key = (program, pitch, velocity, held)
        if key not in self._played:
            sounds = [
                _played(self.samples, zone, pitch, held, rate)
                for zone in self.presets[0, program]
                if zone.keys[0] <= pitch <= zone.keys[1] and zone.velocities[0] <= velocity <= zone.velocities[1]
            ]
            whole = np.zeros((max((len(sound) for sound in sounds), default=held), 2), np.float32)
            for sound in sounds:
                whole[: len(sound)] += sound
            self._played[key] = whole
        return self._played[key]


def _played(samples: NDArray[np.float32], zone: Zone, pitch: int, held: int, rate: int) -> Sound:
    """Play a zone's sample."""
    fading = round(min(zone.seconds(38), 1.5) * rate) + 1
    seconds = np.arange(held + fading) / rate
    root = zone[58] if zone[58] >= 0 else zone.root
    cents = (pitch - root) * zone[56] + 100 * zone[51] + zone[52] + zone.correction
    bent = np.zeros(1)
    for depth, delay, frequency in VIBRATOS:
        if zone[depth]:
            # A triangle, which begins at 0 after a delay.
            phase = np.maximum(seconds - zone.seconds(delay), 0.0) * LOWEST * 2.0 ** (zone[frequency] / 1200.0)
            bent = bent + zone[depth] * (2.0 * np.abs(2.0 * ((phase + 0.75) % 1.0) - 1.0) - 1.0)
    speed = np.broadcast_to(2.0 ** ((cents + bent) / 1200.0) * zone.rate / rate, seconds.shape)
    at = zone.start + np.cumsum(speed) - speed[0]
    first, last = zone.loop
    if zone[54] & 1 and last > first:
        at = np.where(at < last, at, first + (at - first) % (last - first))
    sounding = at < zone.end - 1
    below = np.where(sounding, at, zone.start).astype(np.intp)
    above = np.minimum(below + 1, len(samples) - 1)
    if zone[54] & 1 and last > first:
        above = np.where(above >= last, first, above)
    part = at - below
    sound = np.where(sounding, samples[below] * (1.0 - part) + samples[above] * part, 0.0)
    cutoff = zone[8] + zone[11] * _opening(zone, held / rate / 2.0)
    if cutoff < OPEN:
        sound = _low_pass(sound, LOWEST * 2.0 ** (cutoff / 1200.0) / rate, resonance=zone[9] / 10.0)
    sound *= _envelope(zone, seconds, held / rate) * 10.0 ** (-zone[48] / 200.0)
    right = np.clip(0.5 + zone[17] / 1000.0, 0.0, 1.0)
    return np.stack([sound * np.sqrt(1.0 - right), sound * np.sqrt(right)], axis=1).astype(np.float32)


def _envelope(zone: Zone, seconds: NDArray[np.float64], held: float) -> NDArray[np.float64]:
    """Give the level of each moment: up in a line, then down in decibels to what is sustained, and to nothing."""

    def level(at: NDArray[np.float64]) -> NDArray[np.float64]:
        after = at - zone.seconds(33)
        attack, decay = zone.seconds(34), zone.seconds(36)
        rising = np.clip(after / attack, 0.0, 1.0)
        down = np.clip((after - attack - zone.seconds(35)) / decay * FLOOR_DB, 0.0, zone[37] / 10.0)
        return np.asarray(rising * 10.0 ** (-down / 20.0))

    past = np.maximum(seconds - held, 0.0) / zone.seconds(38) * FLOOR_DB
    fades = np.where(past < FLOOR_DB, 10.0 ** (-past / 20.0), 0.0)
    return np.asarray(level(np.minimum(seconds, held)) * fades)


def _opening(zone: Zone, at: float) -> float:
    """Tell how far the filter's envelope is up at a moment, 0 to 1."""
    after = at - zone.seconds(25)
    attack, hold, decay = (zone.seconds(generator) for generator in (26, 27, 28))
    down = max(after - attack - hold, 0.0) / decay
    return float(np.clip(after / attack, 0.0, 1.0) * max(1.0 - down, 1.0 - zone[29] / 1000.0, 0.0))


def _low_pass(sound: NDArray[np.float64], frequency: float, *, resonance: float) -> NDArray[np.float64]:
    """Let a sound pass up to a frequency, in cycles a sample, with so many decibels there; by its spectrum."""
    # Longer, or the end would come round to the beginning; a power of two, or it would take long.
    size = 1 << (len(sound) + len(sound) // 8).bit_length()
    at = np.fft.rfftfreq(size) / frequency
    response = 1.0 / (1.0 - at**2 + 1j * at / 10.0 ** ((resonance - 3.01) / 20.0))
    return np.asarray(np.fft.irfft(np.fft.rfft(sound, size) * response, size)[: len(sound)])


def _chunks(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Walk through RIFF chunks: name, begin and end of each."""
    while start + 8 <= end:
        (size,) = struct.unpack_from("<I", content, start + 4)
        yield content[start : start + 4], start + 8, start + 8 + size
        start += 8 + size + size % 2


@functools.lru_cache(maxsize=2)
def read(path: Path) -> Soundfont:
    """Read a soundfont; raises `RenderingError` for what is none, or is compressed."""
    try:
        content = path.read_bytes()
        if content[:4] != b"RIFF" or content[8:12] != b"sfbk":
            raise ValueError("no RIFF file of the kind sfbk")
        found = {
            name: content[begin:end]
            for kind, outer, to in _chunks(content, 12, len(content))
            if kind == b"LIST"
            for name, begin, end in _chunks(content, outer + 4, to)
        }
        return Soundfont(np.frombuffer(found[b"smpl"], "<i2").astype(np.float32) / np.float32(2**15), _presets(found))
    except (OSError, ValueError, KeyError, IndexError, struct.error) as error:
        raise RenderingError(f"{path}: no soundfont ({error}); a .sf2 file is needed.") from error


def _presets(found: Mapping[bytes, bytes]) -> dict[tuple[int, int], tuple[Zone, ...]]:
    """Put the file's tables together: presets have zones of instruments, which have zones of samples."""
    presets = list(struct.iter_unpack("<20sHHHIII", found[b"phdr"]))
    instruments = list(struct.iter_unpack("<20sH", found[b"inst"]))
    samples = list(struct.iter_unpack("<20sIIIIIBbHH", found[b"shdr"]))
    inner = [
        _zones(found[b"ibag"], found[b"igen"], one[1], after[1], SAMPLE)
        for one, after in itertools.pairwise(instruments)
    ]
    made: dict[tuple[int, int], tuple[Zone, ...]] = {}
    for (_, program, bank, bag, *_), after in itertools.pairwise(presets):
        zones = []
        for outer in _zones(found[b"pbag"], found[b"pgen"], bag, after[3], INSTRUMENT):
            for own in inner[outer[INSTRUMENT]]:
                sample = samples[own[SAMPLE]]
                if sample[9] & COMPRESSED:
                    raise ValueError("its samples are compressed, as in .sf3")
                zones.append(_zone(outer, own, sample))
        made[bank, program] = tuple(zones)
    return made


def _zones(bags: bytes, generators: bytes, first: int, last: int, kind: int) -> list[dict[int, int]]:
    """List the zones between two bags that name an instrument or sample, with what a first one that does not says."""
    every: dict[int, int] = {}
    found = []
    for bag in range(first, last):
        begin, end = (struct.unpack_from("<H", bags, 4 * at)[0] for at in (bag, bag + 1))
        of = dict(struct.unpack_from("<Hh", generators, 4 * at) for at in range(begin, end))
        if kind in of:
            found.append(every | of)
        elif bag == first:
            every = of
    return found


def _zone(outer: Mapping[int, int], own: Mapping[int, int], sample: tuple[int, ...]) -> Zone:
    """Make a zone: a preset's generators are added to an instrument's, their ranges are cut with each other."""
    ranges = []
    for kind in (KEYS, VELOCITIES):
        spans = [divmod(of.get(kind, 127 << 8) & 0xFFFF, 256) for of in (outer, own)]
        ranges.append((max(low for _, low in spans), min(high for high, _ in spans)))
    of = dict(own)
    for generator, amount in outer.items():
        if generator not in (INSTRUMENT, KEYS, VELOCITIES):
            of[generator] = of.get(generator, DEFAULTS.get(generator, 0)) + amount
    start, end, loop_start, loop_end, rate, root, correction = sample[1:8]
    shift = {name: of.get(fine, 0) + 32_768 * of.get(coarse, 0) for name, fine, coarse in OFFSETS}
    return Zone(
        ranges[0],
        ranges[1],
        of,
        start + shift["start"],
        end + shift["end"],
        (loop_start + shift["loop start"], loop_end + shift["loop end"]),
        rate,
        root,
        correction,
    )


OFFSETS = (("start", 0, 4), ("end", 1, 12), ("loop start", 2, 45), ("loop end", 3, 50))
"""Generators that move a sample's ends and its loop's, by samples and by 32,768."""
