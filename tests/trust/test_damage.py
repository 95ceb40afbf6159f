"""Damage to files is by the seed, and of every kind."""

import gzip
import io
import zipfile

import numpy as np
import pytest

from trust import damage

CONTENT = bytes(range(256)) * 4 + b'{"steps": 12, "pitch": -3.5}'


def damaged(seed: int, content: bytes = CONTENT, packing: damage.Packing = "") -> bytes:
    return damage.damaged(content, np.random.default_rng(seed), packing)


def test_the_same_seed_does_the_same_damage_and_another_one_other() -> None:
    assert damaged(3) == damaged(3)
    assert len({damaged(seed) for seed in range(50)} | {CONTENT}) > 45


@pytest.mark.parametrize("content", [b"", b"a", b"12"])
def test_of_little_or_nothing_little_is_made(content: bytes) -> None:
    most = (damage.TIMES + 1) ** damage.MOST
    for seed in range(200):
        assert len(damaged(seed, content)) <= max(1, len(content)) * most


def test_what_is_repeated_stays_bounded() -> None:
    large = bytes(damage.LARGEST - 10)
    assert max(len(damaged(seed, large)) for seed in range(12)) == damage.LARGEST


def test_bytes_are_flipped_cut_repeated_and_numbers_changed() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        flipped = damage._flipped(CONTENT, rng)
        assert len(flipped) == len(CONTENT)
        assert 0 <= sum(a != b for a, b in zip(flipped, CONTENT, strict=True)) <= 8
        assert len(damage._cut(CONTENT, rng)) <= len(CONTENT)
        assert len(damage._repeated(CONTENT, rng)) >= len(CONTENT)
    texts = {damage._other_length(b"a 12 b", np.random.default_rng(seed)) for seed in range(300)}
    assert {b"a " + number + b" b" for number in damage.NUMBERS} <= texts
    assert any(b"\xff\xff\xff\xff" in text for text in texts)


def test_what_is_packed_is_damaged_inside_too() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a", CONTENT)
        file.writestr("b", b"second")
    assert 20 <= sum(_is_zip(damaged(seed, archive.getvalue(), "zip")) for seed in range(60)) < 60
    packed = gzip.compress(CONTENT, mtime=0)
    assert 20 <= sum(_is_gzip(damaged(seed, packed, "gzip")) for seed in range(60)) < 60


def _is_zip(content: bytes) -> bool:
    try:
        return zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    except Exception:  # whatever a damaged archive raises
        return False


def _is_gzip(content: bytes) -> bool:
    try:
        return bool(gzip.decompress(content))
    except Exception:  # likewise
        return False
