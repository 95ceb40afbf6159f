"""Damage to files: bytes flipped, cut out, repeated, and lengths changed; all of it by a random generator.

What is packed (zip, gzip) is damaged outside or inside: outside, a check sum mostly tells; inside it does not.
"""

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

Packing = Literal["", "zip", "gzip"]
"""How a file is packed: not at all, as an archive, as one stream."""

MOST = 3
"""Damages at a time."""

TIMES = 40
"""A slice is repeated as often as this, at most."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a damaged file, at most; what repetition makes longer is cut."""

NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"3",
    b"255",
    b"256",
    b"65536",
    b"2147483648",
    b"99999999999999999999",
    b"1e308",
    b"NaN",
    b"",
)
"""What takes the place of a number in a text."""

WORDS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""What takes the place of a number of one, two or four bytes."""


def damaged(content: bytes, rng: np.random.Generator, packing: Packing = "") -> bytes:
    """Damage the content of a file, once or a few times; half of the times, what it packs."""
    if packing and rng.random() < 0.5:
        return _inside(content, rng, packing)
    # Mostly one: of a file that is damaged all over little is read.
    for _ in range(min(MOST, rng.geometric(0.6))):
        content = _KINDS[rng.integers(len(_KINDS))](content, rng)
    return content[:LARGEST]


def _inside(content: bytes, rng: np.random.Generator, packing: Packing) -> bytes:
    if packing == "gzip":
        return gzip.compress(damaged(gzip.decompress(content), rng), mtime=0)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    chosen = list(inside)[rng.integers(len(inside))]
    return packed({**inside, chosen: damaged(inside[chosen], rng)})


def packed(inside: Mapping[str, bytes]) -> bytes:
    """Make a zip file; the same content gives the same bytes: without the date of today."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in inside.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def _flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """Change one to eight bytes: one bit of each, or all of it."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 9) if changed else 0):
        place = rng.integers(len(changed))
        changed[place] ^= int(rng.choice([1 << rng.integers(8), rng.integers(1, 256)]))
    return bytes(changed)


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut the end off, or a slice out."""
    begin, end = _slice(content, rng)
    return content[:begin] if rng.random() < 0.5 else content[:begin] + content[end:]


def _repeated(content: bytes, rng: np.random.Generator) -> bytes:
    """Repeat a slice, where it is or somewhere else."""
    begin, end = _slice(content, rng)
    place = end if rng.random() < 0.5 else int(rng.integers(len(content) + 1))
    return content[:place] + content[begin:end] * int(rng.integers(1, TIMES + 1)) + content[place:]


def _other_length(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a number: one that is written out, or one of one, two or four bytes."""
    written = list(re.finditer(rb"-?\d+(?:\.\d+)?", content))
    if written and rng.random() < 0.5:
        found = written[rng.integers(len(written))]
        return content[: found.start()] + NUMBERS[rng.integers(len(NUMBERS))] + content[found.end() :]
    size = int(rng.choice([1, 2, 4]))
    if len(content) < size:
        return content
    place = int(rng.integers(len(content) - size + 1))
    order, sign = ("<", ">")[rng.integers(2)], {1: "B", 2: "H", 4: "I"}[size]
    (number,) = struct.unpack_from(order + sign, content, place)
    other = number + int(rng.choice([-1, 1])) if rng.random() < 0.5 else WORDS[rng.integers(len(WORDS))]
    return content[:place] + struct.pack(order + sign, other % 256**size) + content[place + size :]


def _slice(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """Choose a slice: short ones are as likely as long ones."""
    begin = int(rng.integers(len(content) + 1))
    return begin, min(len(content), begin + int(2 ** rng.uniform(0, np.log2(len(content) + 2))))


_KINDS: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (_flipped, _cut, _repeated, _other_length)
