"""Phrases of any grid on the grid of sixteenths, one note a part."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartetvae.errors import CodecError
from quartetvae.metrics import sixteenths
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from tests.building import ALPHABET, REST, SUSTAIN, canonical, part_array, random_tokens


def rounded(*parts: str, second: tuple[str, ...] = (), steps_per_beat: int = 12) -> list[str]:
    """The parts of one phrase on the grid of sixteenths, as `part_array` reads them; no resting ones at the end."""
    tokens = part_array(*parts)
    if second:
        tokens = np.concatenate([tokens, part_array(*second)], axis=1)
    found = sixteenths.of_phrases(tokens[np.newaxis], ALPHABET, steps_per_beat=steps_per_beat)[0]
    signs = {REST: ".", SUSTAIN: "-"}
    lines = [" ".join(signs.get(token, str(token + ALPHABET.pitch_min)) for token in column) for column in found.T]
    while lines and set(lines[-1].split()) == {"."}:
        lines.pop()
    return lines


def test_onsets_and_ends_go_to_the_nearest_sixteenth_halves_upwards() -> None:
    # Of a sixteenth's three steps the first is on the grid, the second nearer to it, the third to the next one.
    assert rounded("60 61 . 62 - - . . 63 - - -") == ["60 62 . 63"]
    assert rounded("60 - - - - - - - 62 - - -") == ["60 - - 62"]
    assert rounded("60 - - - - 62 - - - - - -") == ["60 - 62 -"]
    assert rounded("60 - 62 -", steps_per_beat=8) == ["60 62"]
    assert rounded("60 62 - -", steps_per_beat=8) == ["60 62"]
    assert rounded("60 62", steps_per_beat=2) == ["60 - 62 -"]


def test_of_notes_that_round_to_one_step_the_nearest_one_stays() -> None:
    # Steps 2, 3 and 4 round to the second sixteenth, which is at 3.
    assert rounded("60 - 62 64 - - - - - - - -") == ["60 64 - -"]
    assert rounded("60 - - 64 65 - - - - - - -") == ["60 64 . ."]
    assert rounded("60 - 62 - 65 - - - - - - -") == ["60 62 . ."]


def test_an_onset_that_rounds_to_the_end_is_left_out() -> None:
    assert rounded("60 . . . . . . . . . . 62") == ["60 . . ."]


def test_a_note_shorter_than_a_step_lasts_for_one() -> None:
    assert rounded("60 . . . . . . . . . . .") == ["60 . . ."]


def test_of_double_stops_the_lower_note_counts_and_a_held_one_ends_at_the_next() -> None:
    upper, lower = "67 - - - - - 65 - - - - -", "60 - - - - - - - - - - -"
    assert rounded(upper, second=(lower,)) == ["60 - 65 -"]
    assert rounded(lower, second=(upper,)) == ["60 - 65 -"]


def test_notes_held_from_before_are_struck_and_a_sustain_of_nothing_is_a_rest() -> None:
    tokens = part_array("60 - - -", "- - 62 -")
    tokens[0, 0] += ALPHABET.held
    found = sixteenths.of_phrases(tokens[np.newaxis], ALPHABET, steps_per_beat=4)[0]
    assert np.array_equal(found, part_array("60 - - -", ". . 62 -"))


@given(st.integers(0, 2**32 - 1))
def test_phrases_on_that_grid_stay_as_they_are(seed: int) -> None:
    tokens = canonical(random_tokens(16, 4, seed=seed))
    tokens = np.pad(tokens, ((0, 16 - len(tokens)), (0, 0)), constant_values=REST)
    assert np.array_equal(sixteenths.of_phrases(tokens[np.newaxis], ALPHABET, steps_per_beat=4)[0], tokens)


@given(st.integers(0, 2**32 - 1), st.sampled_from([(12, 4), (12, 8), (8, 4), (6, 8), (4, 8)]))
def test_it_is_what_the_codec_makes_of_the_notes(seed: int, grid: tuple[int, int]) -> None:
    steps_per_beat, columns = grid
    phrases = random_tokens(3, 4 * steps_per_beat, columns, seed=seed)
    if columns == 8:
        # What sounds in both columns of a part at one pitch would be one note: here they have none in common.
        upper, onsets = phrases[..., :4], codec.onset_mask(phrases, ALPHABET)
        upper[onsets[..., :4]] |= 1
        phrases[..., 4:][onsets[..., 4:]] &= 0b1110
    found = sixteenths.of_phrases(phrases, ALPHABET, steps_per_beat=steps_per_beat)
    assert found.shape == (3, 16, 4)
    for phrase, of in zip(phrases, found, strict=True):
        notes = codec.decode(phrase, ALPHABET)
        wanted, _ = codec.encode(notes, ticks_per_beat=steps_per_beat, steps_per_beat=4, alphabet=ALPHABET)
        wanted = np.pad(wanted, ((0, 17), (0, 0)), constant_values=REST)[:16]
        assert np.array_equal(of, wanted)


def test_the_pitch_of_each_cell() -> None:
    tokens = part_array("60 - . -", "- 62 - 64")[np.newaxis]
    silent = -1  # which is no pitch
    assert sixteenths.sounding(tokens, ALPHABET)[0, :, :2].T.tolist() == [
        [60, 60, silent, silent],
        [silent, 62, 62, 64],
    ]
    # As many steps as there are.
    tokens = part_array("60 - . - 71 -")[np.newaxis]
    assert sixteenths.sounding(tokens, ALPHABET)[0, :, 0].tolist() == [60, 60, silent, silent, 71, 71]


def test_no_phrases_and_none_at_all() -> None:
    none: Tokens = np.zeros((0, 12, 4), np.uint8)
    assert sixteenths.of_phrases(none, ALPHABET, steps_per_beat=12).shape == (0, 4, 4)
    with pytest.raises(CodecError, match=r"\(phrases, steps, 4\) is needed"):
        sixteenths.of_phrases(np.zeros((12, 4), np.uint8), ALPHABET, steps_per_beat=12)
