"""How alike bars are: counted by sets of Python, and what does not count."""

import numpy as np
import pytest

from quartetvae.errors import CodecError
from quartetvae.metrics import self_similarity
from quartetvae.music.codec import Tokens
from tests.building import ALPHABET, REST, SUSTAIN, part_array, random_tokens


def measured(music: Tokens, *, bar_steps: int = 4) -> list[float]:
    found: list[float] = self_similarity.by_distance(music[None], ALPHABET, bar_steps=bar_steps)[0].tolist()
    return found


def by_sets(music: Tokens, bar_steps: int) -> list[float]:
    """The same by Python's sets."""
    bars = [
        {(step, token) for step, row in enumerate(music[first : first + bar_steps].tolist()) for token in row}
        for first in range(0, len(music) - bar_steps + 1, bar_steps)
    ]
    bars = [{(step, token) for step, token in bar if token < REST} for bar in bars]
    return [
        float(np.mean([len(a & b) / len(a | b) for a, b in zip(bars, bars[distance:], strict=False)]))
        for distance in range(1, len(bars))
    ]


def test_sets_of_onsets_are_compared() -> None:
    music = random_tokens(32, 4, seed=3)
    assert measured(music) == pytest.approx(by_sets(music, 4))
    assert measured(music, bar_steps=8) == pytest.approx(by_sets(music, 8))


def test_neither_part_nor_length_counts() -> None:
    bars = part_array("60 - 62 -  60 . . .", ". . . .  . . 62 .")
    assert measured(bars) == [1.0]


def test_time_and_pitch_count() -> None:
    assert measured(part_array("60 . . .  . 60 . .")) == [0.0]
    assert measured(part_array("60 . . .  61 . . .")) == [0.0]


def test_bars_without_onsets_say_nothing() -> None:
    silent = np.full((12, 4), REST, np.uint8)
    assert np.isnan(measured(silent)).all()
    one = silent.copy()
    one[0, 0], one[1:, 0] = 3, SUSTAIN
    # The first bar and either other one have nothing in common; those two cannot be compared.
    assert measured(one) == [0.0, 0.0]


def test_a_bar_that_is_cut_short_does_not_count() -> None:
    music = random_tokens(10, 4)
    assert measured(music) == measured(music[:8])


def test_one_bar_is_refused() -> None:
    with pytest.raises(CodecError, match="music of 7 steps in bars of 4 found; two bars at least"):
        measured(random_tokens(7, 4))


def test_what_is_no_phrase_over_the_alphabet_is_refused() -> None:
    with pytest.raises(CodecError, match=r"\(phrases, steps, 4\) is needed"):
        self_similarity.by_distance(random_tokens(8, 4), ALPHABET, bar_steps=4)
    with pytest.raises(CodecError, match="token 26 found"):
        measured(np.full((8, 4), ALPHABET.size_with_held, np.uint8))
