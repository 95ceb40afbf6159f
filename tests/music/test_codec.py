"""Notes to part arrays and back."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quartetvae.errors import CodecError
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Losses, Tokens
from tests.building import ALPHABET, REST, SUSTAIN, Row, canonical, notes, part_array

WIDE = Alphabet(36, 99)
TOKENS = st.sampled_from([*range(ALPHABET.pitches), *[REST] * 6, *[SUSTAIN] * 12])


def part_arrays(steps: int = 24) -> st.SearchStrategy[Tokens]:
    return st.integers(1, steps).flatmap(lambda length: arrays(np.uint8, (length, 4), elements=TOKENS))


def encode(*parts: list[Row], tpb: int = 480, spb: int = 4, alphabet: Alphabet = ALPHABET) -> tuple[Tokens, Losses]:
    """Encode lists of (onset, duration, pitch); parts not given rest."""
    every = [notes(*rows) for rows in (*parts, *[[]] * (4 - len(parts)))]
    return codec.encode(every, ticks_per_beat=tpb, steps_per_beat=spb, alphabet=alphabet)


@given(part_arrays())
def test_encoding_what_was_decoded_is_the_identity(tokens: Tokens) -> None:
    tokens = canonical(tokens)
    assume(len(tokens) > 0)
    again, losses = codec.encode(codec.decode(tokens, ALPHABET), ticks_per_beat=4, steps_per_beat=4, alphabet=ALPHABET)
    assert again.dtype == np.uint8
    assert again.tolist() == tokens.tolist()
    assert losses == Losses(notes=int((tokens < REST).sum()))


@given(part_arrays())
def test_any_array_decodes_as_its_canonical_form_does(tokens: Tokens) -> None:
    for found, wanted in zip(codec.decode(tokens, ALPHABET), codec.decode(canonical(tokens), ALPHABET), strict=True):
        assert found.tolist() == wanted.tolist()


ROW = st.tuples(st.integers(0, 3000), st.integers(0, 2000), st.integers(0, 127))


@given(
    st.lists(st.lists(ROW, max_size=12), min_size=4, max_size=4),
    st.sampled_from([1, 5, 7, 96, 101, 480, 1023]),
    st.sampled_from([4, 8, 12]),
)
def test_every_onset_is_kept_within_half_a_step(parts: list[list[Row]], tpb: int, spb: int) -> None:
    assume(any(parts))
    tokens, losses = encode(*parts, tpb=tpb, spb=spb)
    for rows, column in zip(parts, tokens.T, strict=True):
        ticks = np.array([onset for onset, _, _ in rows], dtype=np.int64)
        steps = np.flatnonzero(column < REST)
        near = 2 * np.abs(steps[:, None] * tpb - ticks[None, :] * spb) <= tpb
        assert near.any(axis=0).all(), "a note has no onset in the array"
        assert near.any(axis=1).all(), "an onset in the array has no note"
    kept = int((tokens < REST).sum())
    assert losses.notes == kept + losses.dropped_from_chords + losses.merged_on_grid


def test_a_quartet_written_by_hand() -> None:
    tokens, losses = encode([(0, 480, 60), (480, 240, 62)], [(120, 120, 64)], [(0, 960, 67)], [(720, 120, 71)], spb=4)
    assert (
        tokens.tolist()
        == part_array(
            "60 - - - 62 - . .",
            ". 64 . . . . . .",
            "67 - - - - - - -",
            ". . . . . . 71 .",
        ).tolist()
    )
    assert losses == Losses(notes=5)


def test_notes_of_a_part_array_counted_by_hand() -> None:
    violin, second, viola, cello = codec.decode(part_array("60 - 60 . - 62", "- - 64 - - -"), ALPHABET)
    assert violin[["onset", "duration", "pitch"]].tolist() == [(0, 2, 60), (2, 1, 60), (5, 1, 62)]
    assert second[["onset", "duration", "pitch"]].tolist() == [(2, 4, 64)]
    assert len(viola) == len(cello) == 0


@pytest.mark.parametrize(("tick", "step"), [(0, 0), (59, 0), (60, 1), (61, 1), (179, 1), (180, 2), (299, 2), (300, 3)])
def test_halves_are_rounded_up(tick: int, step: int) -> None:
    found = codec.to_steps(np.array([tick]), ticks_per_beat=480, steps_per_beat=4)
    assert found.tolist() == [step]


def test_rounding_is_exact_where_floats_are_not() -> None:
    # 2**60 ticks are one step off if they go through a double.
    ticks = np.array([2**58 + 1])
    assert codec.to_steps(ticks, ticks_per_beat=1, steps_per_beat=4).tolist() == [2**60 + 4]


def test_triplets_are_exact_at_twelve_steps_per_beat() -> None:
    triplet = [(0, 160, 60), (160, 160, 62), (320, 160, 64), (480, 480, 65)]
    tokens, losses = encode(triplet, spb=12)
    assert tokens[:, 0].tolist() == part_array("60 - - - 62 - - - 64 - - - 65" + " -" * 11)[:, 0].tolist()
    assert losses.off_grid == 0
    assert encode(triplet, spb=4)[1].off_grid == 2


def test_of_a_chord_the_lowest_note_stays() -> None:
    tokens, losses = encode([(0, 120, 67), (0, 480, 64), (0, 240, 71)])
    assert tokens[:, 0].tolist() == part_array("64 - - -")[:, 0].tolist()
    assert losses == Losses(notes=3, dropped_from_chords=2)


def test_of_two_notes_on_a_step_the_nearer_stays_and_the_other_is_counted() -> None:
    # Step 1 is tick 120; the first is 50 ticks early, the second 10 late.
    tokens, losses = encode([(70, 60, 60), (130, 110, 65)])
    assert tokens[:, 0].tolist() == part_array(". 65")[:, 0].tolist()
    assert losses == Losses(notes=2, off_grid=2, merged_on_grid=1)


@pytest.mark.parametrize(("pitch", "token"), [(36, 36), (35, 47), (24, 36), (0, 36), (99, 99), (100, 88), (127, 91)])
def test_a_pitch_out_of_range_is_moved_by_octaves_and_counted(pitch: int, token: int) -> None:
    tokens, losses = encode([(0, 480, pitch)], alphabet=WIDE)
    assert tokens[0, 0] + 36 == token
    assert losses.moved_into_range == (pitch != token)


@given(st.integers(0, 127), st.integers(0, 116), st.integers(11, 127))
def test_a_moved_pitch_keeps_its_pitch_class_and_takes_the_shortest_way(pitch: int, low: int, span: int) -> None:
    alphabet = Alphabet(low, min(low + span, 127))
    tokens, _ = encode([(0, 480, pitch)], alphabet=alphabet)
    found = int(tokens[0, 0]) + low
    inside = [p for p in range(alphabet.pitch_min, alphabet.pitch_max + 1) if (p - pitch) % 12 == 0]
    assert found in inside
    assert abs(found - pitch) == min(abs(p - pitch) for p in inside)


def test_a_note_lasts_one_step_at_least() -> None:
    tokens, _ = encode([(0, 1, 60), (240, 0, 62)])
    assert tokens[:, 0].tolist() == part_array("60 . 62")[:, 0].tolist()


def test_a_later_onset_ends_a_held_note() -> None:
    tokens, _ = encode([(0, 1920, 60), (240, 120, 62)])
    assert tokens[:, 0].tolist() == part_array("60 - 62")[:, 0].tolist()


def test_the_last_note_keeps_its_length() -> None:
    assert encode([(0, 1920, 60)])[0][:, 0].tolist() == [0, *[SUSTAIN] * 15]


def test_a_leading_sustain_is_a_rest_and_does_not_shift_its_part() -> None:
    first, second, *_ = codec.decode(part_array("- - 60 -", "64 - 65 -"), ALPHABET)
    assert first[["onset", "duration"]].tolist() == [(2, 2)]
    assert second[["onset", "duration"]].tolist() == [(0, 2), (2, 2)]


def test_encoding_leaves_its_arguments_alone() -> None:
    parts = [notes((70, 60, 20), (0, 240, 67), (0, 240, 64)), *[notes()] * 3]
    before = [part.tolist() for part in parts]
    codec.encode(parts, ticks_per_beat=480, steps_per_beat=4, alphabet=ALPHABET)
    assert [part.tolist() for part in parts] == before


def test_the_order_of_notes_does_not_matter() -> None:
    sorted_notes = notes((0, 240, 60), (0, 240, 64), (240, 240, 65), (500, 20, 67))
    shuffled = sorted_notes[[3, 1, 0, 2]]
    one, other = (
        codec.encode([part, *[notes()] * 3], ticks_per_beat=480, steps_per_beat=4, alphabet=ALPHABET)
        for part in (sorted_notes, shuffled)
    )
    assert one[0].tolist() == other[0].tolist()
    assert one[1] == other[1]


def test_the_alphabet_of_the_default_range_has_66_symbols() -> None:
    assert (WIDE.pitches, WIDE.rest, WIDE.sustain, WIDE.size) == (64, 64, 65, 66)


def test_losses_add_up() -> None:
    assert Losses(1, 2, 3, 4, 5) + Losses(10, 20, 30, 40, 50) == Losses(11, 22, 33, 44, 55)


@pytest.mark.parametrize(("low", "high"), [(60, 70), (-1, 40), (100, 128), (70, 60)])
def test_an_alphabet_needs_an_octave_of_midi_pitches(low: int, high: int) -> None:
    with pytest.raises(CodecError, match=rf"pitch range {low}\.\.{high}: an octave at least, within 0\.\.127"):
        Alphabet(low, high)


def test_an_alphabet_of_just_an_octave_will_do() -> None:
    assert Alphabet(60, 71).pitches == 12


def test_three_parts_are_refused() -> None:
    with pytest.raises(CodecError, match="3 parts found; 4 are needed, in the order of the ensemble"):
        codec.encode([notes((0, 1, 60))] * 3, ticks_per_beat=480, steps_per_beat=4, alphabet=ALPHABET)


def test_a_piece_without_notes_is_refused() -> None:
    with pytest.raises(CodecError, match="no notes in any of the four parts"):
        encode()


@pytest.mark.parametrize("shape", [(4,), (4, 3), (2, 4, 4)])
def test_an_array_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(CodecError, match=r"shape \(.*\) found; \(steps, 4\) is needed"):
        codec.decode(np.zeros(shape, np.uint8), ALPHABET)


def test_a_token_outside_the_alphabet_is_refused() -> None:
    with pytest.raises(CodecError, match="token 14 found; the alphabet of pitches 60 to 71 has the tokens 0 to 13"):
        codec.decode(np.full((2, 4), 14, np.uint8), ALPHABET)
    codec.decode(np.full((2, 4), 13, np.uint8), ALPHABET)
