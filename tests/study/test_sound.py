"""Excerpts sound as long and as loud as each other; loudness is what the standards say it is."""

import numpy as np
import pytest

from quartetvae.errors import RenderingError
from quartetvae.study import sound
from tests.study.answering import sine

EBU_3341: dict[int, list[tuple[float, float]]] = {
    1: [(20, -23)],
    2: [(20, -33)],
    3: [(10, -36), (60, -23), (10, -36)],
    4: [(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)],
    5: [(20, -26), (20.1, -20), (20, -26)],
}
"""Test signals of EBU Tech 3341 (2016), table 1: seconds and peak level, by number, of 1 kHz in both channels."""

LUFS = {1: -23.0, 2: -33.0, 3: -23.0, 4: -23.0, 5: -23.0}
"""What a meter must show of them, to 0.1."""


@pytest.mark.parametrize("number", EBU_3341)
def test_loudness_is_that_of_the_test_signals_of_the_ebu(number: int) -> None:
    assert sound.loudness(sine(1000, *EBU_3341[number])) == pytest.approx(LUFS[number], abs=0.1)


def test_a_sine_in_one_channel_is_as_loud_as_the_standard_says() -> None:
    # BS.1770-4, annex 1: 997 Hz at full scale in one front channel is -3.01 LKFS.
    one = sine(997, (5, 0)) * np.array([1, 0], np.float32)
    assert sound.loudness(one) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize(
    "samples", [np.zeros((sound.RATE, 2), np.float32), sine(440, (0.39, 0))], ids=["silent", "short"]
)
def test_of_nothing_to_measure_there_is_no_loudness(samples: sound.Sound) -> None:
    assert sound.loudness(samples) == -np.inf


def test_sounds_become_as_loud_as_each_other() -> None:
    found = sound.level([sine(220, (5, -30)), sine(2000, (5, -6), (5, -60))])
    assert [sound.loudness(each) for each in found] == pytest.approx([sound.TARGET_LUFS] * 2, abs=0.01)


def test_none_is_clipped_and_all_are_less_loud_for_it() -> None:
    click = sine(1000, (5, -60))
    click[1000] = 1.0
    found = sound.level([click, sine(1000, (5, -20))])
    assert max(np.abs(each).max() for each in found) == pytest.approx(sound.LOUDEST, abs=1e-3)
    first, second = (sound.loudness(each) for each in found)
    assert first == pytest.approx(second, abs=0.01)
    assert first < sound.TARGET_LUFS


def test_silence_is_refused() -> None:
    with pytest.raises(RenderingError, match="sound 1 of 2: silence"):
        sound.level([sine(440, (1, -20)), np.zeros((sound.RATE, 2), np.float32)])


def test_what_is_cut_is_as_long_as_asked_and_fades() -> None:
    found = sound.cut(np.ones((10 * sound.RATE, 2), np.float32), 6.0)
    assert len(found) == 6 * sound.RATE
    assert (found[: 4 * sound.RATE] == 1).all()
    assert found[5 * sound.RATE, 0] == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(found[4 * sound.RATE :, 0]) <= 0).all()
    assert found[-1, 0] == pytest.approx(0, abs=1e-6)


def test_other_rates_and_one_channel_become_the_pages() -> None:
    found = sound.resampled(np.ones((22_050, 1), np.float32), 22_050)
    assert found.shape == (sound.RATE, 2)


def test_mp3_is_the_same_bytes_and_of_that_length() -> None:
    import io

    import soundfile

    tone = sine(440, (6, -12))
    content = sound.mp3(tone)
    assert content == sound.mp3(tone)
    back, rate = soundfile.read(io.BytesIO(content))
    assert rate == sound.RATE
    assert len(back) / rate == pytest.approx(6, abs=0.1)
    assert len(content) < 6 * 20_000
