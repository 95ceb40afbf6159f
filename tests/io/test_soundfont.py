"""The sampler, on a soundfont that is made here: a sine of 441 Hz (key 69) in a loop."""

import struct
from pathlib import Path

import numpy as np
import pytest

from quartetvae.errors import RenderingError
from quartetvae.io import soundfont

RATE = 44_100


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def listed(kind: bytes, *chunks: bytes) -> bytes:
    return chunk(b"LIST", kind + b"".join(chunks))


def made(path: Path, *, own: dict[int, int], outer: dict[int, int] | None = None, kind: int = 1) -> Path:
    """Write a soundfont of one sample, with an instrument's and a preset's generators."""
    wave = np.round(20_000 * np.sin(2 * np.pi * np.arange(1000) / 100)).astype("<i2")
    inside = list((own | {53: 0}).items())
    around = list(((outer or {}) | {41: 0}).items())
    tables = {
        b"phdr": b"".join(struct.pack("<20sHHHIII", b"p", 40, 0, bag, 0, 0, 0) for bag in (0, 1)),
        b"pbag": struct.pack("<HHHH", 0, 0, len(around), 0),
        b"pgen": b"".join(struct.pack("<Hh", *pair) for pair in around),
        b"inst": b"".join(struct.pack("<20sH", b"i", bag) for bag in (0, 1)),
        b"ibag": struct.pack("<HHHH", 0, 0, len(inside), 0),
        b"igen": b"".join(struct.pack("<Hh", *pair) for pair in inside),
        b"shdr": struct.pack("<20sIIIIIBbHH", b"s", 0, 1000, 100, 900, RATE, 69, 0, 0, kind) + bytes(46),
    }
    content = listed(b"sdta", chunk(b"smpl", wave.tobytes()))
    content += listed(b"pdta", *(chunk(name, table) for name, table in tables.items()))
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(content)) + b"sfbk" + content)
    return path


def played(path: Path, pitch: int = 69, *, held: int = RATE) -> soundfont.Sound:
    return soundfont.read(path).note(40, pitch, 89, held, RATE)


def frequency(sound: soundfont.Sound) -> float:
    heard = sound[2000:32_000].sum(axis=1)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 1 << 18))
    return float(np.argmax(spectrum) * RATE / (1 << 18))


def loudness(sound: soundfont.Sound) -> float:
    return float(np.sqrt(np.square(sound[2000:RATE]).mean()))


def test_a_loop_sounds_as_long_as_the_note_at_its_pitch(tmp_path: Path) -> None:
    font = made(tmp_path / "a.sf2", own={54: 1})
    assert frequency(played(font)) == pytest.approx(441, rel=0.001)
    assert frequency(played(font, 81)) == pytest.approx(882, rel=0.001)
    assert np.abs(played(font)[RATE - 2000 : RATE]).max() > 0.4
    # Without a loop it ends with the sample.
    assert not played(made(tmp_path / "b.sf2", own={}))[1100:].any()


def test_a_presets_generators_are_added_to_an_instruments(tmp_path: Path) -> None:
    font = made(tmp_path / "a.sf2", own={54: 1, 51: 5}, outer={51: 7})
    assert frequency(played(font)) == pytest.approx(882, rel=0.001)


@pytest.mark.parametrize(
    ("generators", "expected"),
    [
        ({48: 200}, 0.1),
        ({8: 6000}, 0.35),
        ({8: 6000, 11: 7500, 29: 0}, 1.0),
        ({34: 3600}, 0.09),
        ({36: 0, 37: 1000}, 0.1),
    ],
    ids=["attenuation", "low pass", "opened low pass", "slow attack", "decay"],
)
def test_each_generator_changes_the_sound(generators: dict[int, int], expected: float, tmp_path: Path) -> None:
    plain = loudness(played(made(tmp_path / "a.sf2", own={54: 1})))
    changed = loudness(played(made(tmp_path / "b.sf2", own={54: 1} | generators)))
    assert changed / plain == pytest.approx(expected, rel=0.5)


def test_panning_and_release(tmp_path: Path) -> None:
    right = played(made(tmp_path / "a.sf2", own={54: 1, 17: 500}))
    assert not right[:, 0].any()
    assert len(right) < RATE + 100 < len(played(made(tmp_path / "b.sf2", own={54: 1, 38: 0})))


def test_vibrato_widens_the_spectrum(tmp_path: Path) -> None:
    steady = played(made(tmp_path / "a.sf2", own={54: 1}))
    shaking = played(made(tmp_path / "b.sf2", own={54: 1, 6: 100}))
    assert np.abs(steady[20_000:40_000] - shaking[20_000:40_000]).max() > 0.1


def test_a_key_outside_all_zones_is_silent(tmp_path: Path) -> None:
    font = made(tmp_path / "a.sf2", own={43: 60 | 70 << 8, 54: 1})
    assert not played(font, 71).any()
    assert played(font, 70).any()


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.sf2").write_text("no soundfont")
    whole = made(tmp_path / "a.sf2", own={54: 1})
    (tmp_path / "cut.sf2").write_bytes(whole.read_bytes()[:-60])
    packed = made(tmp_path / "packed.sf2", own={54: 1}, kind=0x11)
    for path in (tmp_path / "text.sf2", tmp_path / "cut.sf2", packed, tmp_path / "none.sf2"):
        with pytest.raises(RenderingError, match=rf"{path.name}: no soundfont .*\.sf2 file is needed"):
            soundfont.read(path)
    with pytest.raises(RenderingError, match="without the General MIDI program 73"):
        soundfont.read(whole).note(73, 60, 89, 100, RATE)
