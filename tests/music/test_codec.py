"""Notes to part arrays and back."""

import random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quartetvae.config import Chords
from quartetvae.errors import ArgumentError, CodecError
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Losses, Tokens
from tests.building import ALPHABET, REST, SUSTAIN, Row, canonical, notes, part_array

WIDE = Alphabet(36, 99)
TOKENS = st.sampled_from([*range(ALPHABET.pitches), *[REST] * 6, *[SUSTAIN] * 12])


def part_arrays(steps: int = 24) -> st.SearchStrategy[Tokens]:
    return st.integers(1, steps).flatmap(lambda length: arrays(np.uint8, (length, 4), elements=TOKENS))


def encode(
    *parts: list[Row], tpb: int = 480, spb: int = 4, alphabet: Alphabet = ALPHABET, chords: Chords = "lowest"
) -> tuple[Tokens, Losses]:
    """Encode lists of (onset, duration, pitch); parts not given rest."""
    every = [notes(*rows) for rows in (*parts, *[[]] * (4 - len(parts)))]
    return codec.encode(every, ticks_per_beat=tpb, steps_per_beat=spb, alphabet=alphabet, chords=chords)


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


@pytest.mark.parametrize(
    ("pitch", "token"),
    [(36, 36), (35, 47), (24, 36), (23, 47), (0, 36), (99, 99), (100, 88), (111, 99), (112, 88), (127, 91)],
)
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


@pytest.mark.parametrize("chords", ["lowest", "double"])
def test_a_part_is_the_same_whatever_the_others_play(chords: Chords) -> None:
    """One step a beat: the last note rounds up to a step that begins after it has ended."""
    low, high = [(0, 470, 60)], [(0, 470, 62), (470, 5, 64)]
    tokens, _ = encode(low, high, high, low, spb=1, alphabet=WIDE, chords=chords)
    rest, sustain = WIDE.rest, WIDE.sustain
    assert tokens[:, :4].T.tolist() == [[24, rest], [26, 28], [26, 28], [24, rest]]
    tokens, _ = encode([], high, spb=2, alphabet=WIDE, chords=chords)
    assert tokens[:, :4].T.tolist() == [[rest] * 3, [26, sustain, 28], [rest] * 3, [rest] * 3]


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


@pytest.mark.parametrize("order", [[3, 1, 0, 2], [3, 2, 1, 0], [1, 0, 2, 3]])
def test_the_order_of_notes_does_not_matter(order: list[int]) -> None:
    sorted_notes = notes((0, 240, 60), (0, 240, 64), (240, 240, 65), (500, 20, 67))
    shuffled = sorted_notes[order]
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


def test_a_mode_of_chords_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentError, match="chords 'triple' found; one of 'lowest', 'double' is needed"):
        encode([(0, 48, 60)], chords="triple")  # type: ignore[arg-type]  # mypy refuses it; so must we


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


# Two notes of a part at a time


def two(*rows: Row, spb: int = 4) -> tuple[list[list[int]], Losses]:
    """The two columns of one part, which holds these notes (a beat has 48 ticks); the array is as it should be."""
    tokens, losses = encode(list(rows), tpb=48, spb=spb, alphabet=WIDE, chords="double")
    assert tokens.shape[1] == 8
    assert (tokens[:, [1, 2, 3, 5, 6, 7]] == WIDE.rest).all()
    return [tokens[:, 0].tolist(), tokens[:, 4].tolist()], losses


R, S = WIDE.rest, WIDE.sustain


@pytest.mark.parametrize(
    ("rows", "first", "second", "lost"),
    [
        pytest.param([(0, 48, 60)], [24, S, S, S], [R] * 4, (0, 0), id="one note: the first column"),
        pytest.param([(0, 48, 60), (0, 48, 64)], [28, S, S, S], [24, S, S, S], (0, 0), id="a double stop: upper first"),
        pytest.param(
            [(0, 48, 60), (0, 48, 64), (0, 48, 67)], [31, S, S, S], [24, S, S, S], (1, 0), id="of three the outer two"
        ),
        pytest.param([(0, 48, 60), (0, 24, 60)], [24, S, S, S], [R] * 4, (1, 0), id="one pitch twice: the longer"),
        pytest.param([(0, 24, 60), (0, 48, 64)], [28, S, S, S], [24, S, R, R], (0, 0), id="lengths of their own"),
        pytest.param(
            [(0, 48, 60), (12, 12, 72), (24, 12, 74)],
            [24, S, S, S],
            [R, 36, 38, R],
            (0, 0),
            id="a line above a held note",
        ),
        pytest.param(
            [(0, 18, 60), (12, 12, 62)], [24, 26], [R, R], (0, 0), id="an eighth of a beat over: legato, one line"
        ),
        pytest.param([(0, 19, 60), (12, 12, 62)], [24, S], [R, 26], (0, 0), id="more: one beside the other"),
        pytest.param([(0, 24, 60), (12, 12, 60)], [24, 24], [R, R], (0, 0), id="struck again: the first one ends"),
        pytest.param(
            [(0, 48, 48), (0, 48, 72), (24, 24, 70)],
            [36, S, 34, S],
            [12, S, S, S],
            (0, 0),
            id="a third note ends the nearer one",
        ),
        pytest.param(
            [(0, 48, 60), (12, 12, 72), (24, 12, 74), (48, 12, 62), (60, 12, 64), (72, 24, 65), (84, 12, 77)],
            [24, S, S, S, 26, 28, 29, S],
            [R, 36, 38, R, R, R, R, 41],
            (0, 0),
            id="twice a held note, and one line between",
        ),
        pytest.param(
            [(0, 48, 60), (12, 24, 72), (24, 24, 72)],
            [24, S, S, S],
            [R, 36, 36, S],
            (0, 0),
            id="struck again above a held note",
        ),
        pytest.param([(0, 12, 60), (36, 12, 62)], [24, R, R, 26], [R] * 4, (0, 0), id="a rest between"),
        pytest.param([(0, 0, 60), (12, 0, 62)], [24, 26], [R, R], (0, 0), id="without length: a step each"),
        pytest.param([(0, 12, 60), (3, 12, 64)], [28], [24], (0, 0), id="fingers do not come down at once"),
        pytest.param(
            [(0, 12, 60), (24, 12, 70), (26, 12, 64)],
            [24, R, 34],
            [R, R, 28],
            (0, 0),
            id="the upper finger comes down first",
        ),
        pytest.param(
            [(48, 4, 60), (50, 20, 64)],
            [R, R, R, R, 28, S],
            [R, R, R, R, 24, R],
            (0, 0),
            id="half of the shorter one, which is the nearer",
        ),
        pytest.param([(0, 3, 60), (3, 3, 64)], [24], [R], (0, 1), id="one after the other in one step: the nearer"),
    ],
)
def test_two_notes_of_a_part(rows: list[Row], first: list[int], second: list[int], lost: tuple[int, int]) -> None:
    columns, losses = two(*rows)
    length = len(first)
    assert [column[:length] for column in columns] == [first, second]
    assert set(columns[0][length:] + columns[1][length:]) <= {R, S}
    assert (losses.notes, losses.dropped_from_chords, losses.merged_on_grid) == (len(rows), *lost)


def test_the_second_columns_follow_the_four_first_ones() -> None:
    stop = [(0, 48, 60), (0, 48, 64)]
    for part in range(4):
        tokens, _ = encode(*[[]] * part, stop, tpb=48, alphabet=WIDE, chords="double")
        assert [int(tokens[0, part]), int(tokens[0, part + 4])] == [28, 24]
        assert [len(found) for found in codec.decode(tokens, WIDE)] == [2 * (k == part) for k in range(4)]


@given(st.lists(ROW, min_size=1, max_size=12), st.sampled_from([4, 12]))
def test_decoding_and_encoding_two_voices_again_gives_the_same_notes(rows: list[Row], spb: int) -> None:
    tokens, _ = encode(rows, tpb=480, spb=spb, alphabet=WIDE, chords="double")
    found = codec.decode(tokens, WIDE)
    again, losses = codec.encode(found, ticks_per_beat=spb, steps_per_beat=spb, alphabet=WIDE, chords="double")
    assert (losses.dropped_from_chords, losses.merged_on_grid) == (0, 0)
    onsets = [(note["onset"], note["pitch"]) for note in found[0]]
    assert [(note["onset"], note["pitch"]) for note in codec.decode(again, WIDE)[0]] == onsets


@given(st.lists(ROW, min_size=1, max_size=12))
def test_a_part_never_sounds_one_pitch_twice_at_a_time(rows: list[Row]) -> None:
    tokens, _ = encode(rows, tpb=480, spb=12, alphabet=WIDE, chords="double")
    last: dict[int, int] = {}
    for onset, duration, pitch, _ in codec.decode(tokens, WIDE)[0].tolist():
        assert last.get(pitch, 0) <= onset
        last[pitch] = onset + duration


def test_what_sounds_in_both_columns_is_one_note() -> None:
    tokens = np.full((6, 8), WIDE.rest, np.uint8)
    tokens[:4, 0] = 24, S, S, S
    tokens[2:6, 4] = 24, S, S, S
    assert codec.decode(tokens, WIDE)[0][["onset", "duration"]].tolist() == [(0, 2), (2, 4)]
    tokens[:, 4] = R
    tokens[0, 4] = 24
    assert codec.decode(tokens, WIDE)[0][["onset", "duration"]].tolist() == [(0, 4)]


def test_struck_gives_held_notes_their_onset() -> None:
    phrase = np.array([[WIDE.held, WIDE.held + 71 - 36, R, S]], np.uint8)
    assert codec.struck(phrase, WIDE).tolist() == [[0, 35, R, S]]


def test_held_notes_may_stand_in_the_first_step_of_a_phrase_only() -> None:
    phrases = np.full((1, 2, 4), REST, np.uint8)
    phrases[0, 0, 0] = ALPHABET.held
    codec.check_phrases(phrases, ALPHABET)
    with pytest.raises(CodecError, match="token 14 found"):
        codec.check(phrases[0], ALPHABET)
    with pytest.raises(CodecError, match="token 14 found"):
        codec.check_phrases(phrases[:, ::-1], ALPHABET)


# What mutants survived (trust/mutants.py)


def test_lost_notes_are_those_of_chords_and_those_of_full_steps() -> None:
    assert Losses(notes=9, dropped_from_chords=2, merged_on_grid=3).lost == 5


def test_of_two_notes_on_a_step_the_nearer_stays_if_it_comes_first_too() -> None:
    # Step 1 is tick 120; the first is 2 ticks early, the second 30 late.
    tokens, losses = encode([(118, 60, 60), (150, 60, 65)])
    assert tokens[:, 0].tolist() == part_array(". 60")[:, 0].tolist()
    assert losses == Losses(notes=2, off_grid=2, merged_on_grid=1)


def test_of_two_notes_as_near_to_a_step_the_earlier_stays() -> None:
    tokens, _ = encode([(110, 60, 65), (130, 60, 60)])
    assert tokens[:, 0].tolist() == part_array(". 65")[:, 0].tolist()


@pytest.mark.parametrize(
    ("rows", "first", "second"),
    [
        # A beat has 48 ticks, a step 12.
        pytest.param([(0, 6, 60), (3, 6, 64)], [28], [24], id="half of the shorter one overlaps: a chord"),
        pytest.param([(0, 24, 60), (3, 6, 64)], [28, R], [24, S], id="half of the shorter one, whatever the longer"),
        pytest.param([(0, 6, 60), (4, 6, 64)], [24], [R], id="less than half: two notes, of which the nearer stays"),
        pytest.param([(0, 12, 60), (3, 0, 64)], [24], [R], id="a note without length overlaps nothing"),
        pytest.param([(0, 12, 60), (36, 12, 62)], [24, R, R, 26], [R] * 4, id="a rest between two notes stays"),
        pytest.param([(0, 48, 60), (12, 12, 60)], [24, 24], [R, R], id="struck again, the first one does not go on"),
        pytest.param(
            [(0, 12, 72), (0, 12, 60), (24, 12, 60)], [36, R, 24], [24, R, R], id="the first column if both are free"
        ),
        pytest.param(
            [(0, 12, 72), (0, 12, 60), (12, 12, 60)], [36, 24], [24, R], id="ended, its pitch goes to the first column"
        ),
        pytest.param([(0, 17, 60), (8, 12, 62)], [24, 26], [R, R], id="ended on the grid, it is held beside nothing"),
        pytest.param(
            [(0, 48, 72), (0, 48, 48), (24, 24, 50)],
            [36, S, S, S],
            [12, S, 14, S],
            id="a third note ends the nearer one, below",
        ),
        pytest.param(
            [(0, 48, 60), (0, 24, 64), (24, 24, 65)], [28, S, 29, S], [24, S, S, S], id="the second column is held"
        ),
        pytest.param(
            [(0, 48, 60), (0, 48, 64), (24, 24, 60)], [28, S, S, S], [24, S, 24, S], id="struck again where it sounds"
        ),
    ],
)
def test_two_columns_worked_by_hand(rows: list[Row], first: list[int], second: list[int]) -> None:
    assert two(*rows)[0] == [first, second]


def test_onsets_are_the_cells_with_pitches() -> None:
    tokens = part_array("60 - . 71")
    assert codec.onset_mask(tokens, ALPHABET)[:, 0].tolist() == [True, False, False, True]
    assert not codec.onset_mask(tokens, ALPHABET)[:, 1:].any()


def test_the_alphabet_of_the_default_range_has_64_held_pitches() -> None:
    assert (WIDE.held, WIDE.size_with_held) == (66, 130)


@pytest.mark.parametrize(("low", "high"), [(0, 11), (116, 127), (0, 127)])
def test_an_alphabet_may_reach_the_ends_of_midi(low: int, high: int) -> None:
    assert Alphabet(low, high).rest == high - low + 1


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 5)])
def test_phrases_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(CodecError, match=r"shape \(.*\) found; \(phrases, steps, 4\) is needed"):
        codec.check_phrases(np.zeros(shape, np.uint8), ALPHABET)


def test_the_highest_held_pitch_is_the_last_token_of_a_phrase() -> None:
    phrases = np.full((1, 2, 4), REST, np.uint8)
    phrases[0, 0, 0] = ALPHABET.size_with_held - 1
    codec.check_phrases(phrases, ALPHABET)
    phrases[0, 0, 0] += 1
    with pytest.raises(CodecError, match=r"token 26 found; .* has the tokens 0 to 25"):
        codec.check_phrases(phrases, ALPHABET)


def test_of_one_pitch_in_both_columns_the_earlier_ends_where_the_later_begins() -> None:
    tokens = np.full((6, 8), R, np.uint8)
    tokens[:, 0] = 24, S, S, 26, S, S
    tokens[2:6, 4] = 26, S, S, S
    found = codec.decode(tokens, WIDE)[0][["onset", "duration", "pitch"]].tolist()
    # 62 of the second column sounds on until the first one strikes it again.
    assert found == [(0, 3, 60), (2, 1, 62), (3, 3, 62)]


def test_notes_that_do_not_meet_keep_their_lengths() -> None:
    tokens = np.full((7, 8), R, np.uint8)
    tokens[:, 0] = 24, 26, S, R, 26, S, 28
    found = codec.decode(tokens, WIDE)[0][["onset", "duration", "pitch"]].tolist()
    assert found == [(0, 1, 60), (1, 2, 62), (4, 2, 62), (6, 1, 64)]


def test_after_the_first_step_of_a_phrase_the_alphabet_is_that_of_a_part_array() -> None:
    phrases = np.full((1, 2, 4), REST, np.uint8)
    phrases[0, 1, 0] = ALPHABET.size_with_held
    with pytest.raises(CodecError, match="token 26 found; the alphabet of pitches 60 to 71 has the tokens 0 to 13"):
        codec.check_phrases(phrases, ALPHABET)


def test_one_note_that_lies_between_two_steps() -> None:
    # A step has a tick and a quarter: tick 1 is four fifths of one, and its end, tick 6, four steps and four fifths.
    tokens, losses = encode([(1, 5, 60)], tpb=5)
    assert tokens[:, 0].tolist() == part_array(". 60 - - -")[:, 0].tolist()
    assert losses == Losses(notes=1, off_grid=1)


@pytest.mark.parametrize("chords", ["lowest", "double"])
def test_a_part_may_begin_at_the_second_step(chords: Chords) -> None:
    tokens, _ = encode([(12, 12, 60), (24, 12, 62)], tpb=48, chords=chords)
    assert tokens[:, 0].tolist() == part_array(". 60 62")[:, 0].tolist()


@pytest.mark.parametrize(
    ("rows", "first", "second"),
    [
        # Of a beat's one tick a step is a fourth.
        pytest.param(
            [(0, 1, 72), (0, 4, 60), (1, 1, 60)],
            [36, S, S, S, R, R, R, R],
            [24, S, S, S, 24, S, S, S],
            id="what sounds in the second column is struck again there",
        ),
        pytest.param(
            [(0, 2, 60), (1, 1, 72)], [24, *[S] * 7], [R, R, R, R, 36, S, S, S], id="held by more than an eighth of it"
        ),
        pytest.param(
            [(0, 1, 72), (0, 1, 60), (3, 1, 60)],
            [36, S, S, S, *[R] * 8, 24, S, S, S],
            [24, S, S, S, *[R] * 12],
            id="what has ended is struck in the first column",
        ),
    ],
)
def test_two_columns_where_steps_are_finer_than_ticks(rows: list[Row], first: list[int], second: list[int]) -> None:
    tokens, _ = encode(rows, tpb=1, alphabet=WIDE, chords="double")
    assert [tokens[:, 0].tolist(), tokens[:, 4].tolist()] == [first, second]


def one_after_the_other(struck: list[tuple[int, list[tuple[int, int]]]]) -> list[list[int]]:
    """The two columns, by the rules said note by note: of struck notes the tick, and of each its length and pitch.

    A beat has 48 ticks, a step 12, and the eighth of a beat that counts as legato 6.
    """
    columns: list[list[list[int]]] = [[], []]
    for tick, found in struck:
        step = (tick + 6) // 12
        # Of each: the step, the end in steps, the tick until which others begin beside it, the pitch.
        placed = [
            [step, max(step + 1, (tick + length + 6) // 12), tick + length - 6, pitch]
            for pitch, length in sorted((pitch, length) for length, pitch in found)
        ]
        pitch = placed[0][3]
        sounding = [column for column in (0, 1) if columns[column] and columns[column][-1][1] > step]
        again = [column for column in sounding if columns[column][-1][3] == pitch]
        held = [column for column in sounding if columns[column][-1][2] > tick]
        if len(placed) > 1:
            goes = {0: placed[-1], 1: placed[0]}
        elif again:
            goes = {again[0]: placed[0]}
        elif held == [0, 1]:
            # One of the two has to end, the nearer, and of two as near that in the first column.
            away = [abs(columns[column][-1][3] - pitch) for column in held]
            goes = {int(away[1] < away[0]): placed[0]}
        else:
            goes = {int(held == [0]): placed[0]}
        for column, note in goes.items():
            if columns[column]:
                columns[column][-1][1] = min(columns[column][-1][1], step)
            columns[column].append(note)
    steps = max(end for column in columns for _, end, _, _ in column)
    cells = [[R] * steps, [R] * steps]
    for side, every in zip(cells, columns, strict=True):
        for step, end, _, pitch in every:
            side[step:end] = [pitch - 36, *[S] * (end - step - 1)]
    return cells


@pytest.mark.parametrize("seed", range(40))
def test_notes_go_to_the_columns_that_rules_said_note_by_note_give_them(seed: int) -> None:
    # Lines with double stops, legato to the tick, held notes and rests; onsets are as far off the grid as they can be
    # without being another step's, and pitches few, so that some are struck again and some lie midway.
    rng = random.Random(seed)
    struck = []
    step = 0
    for _ in range(60):
        tick = max(0, 12 * step + rng.choice([0, 0, rng.randint(-6, 5)]))
        pitches = rng.sample(range(60, 69, rng.choice([1, 2, 4])), 1 + (rng.random() < 0.15))
        lengths = [rng.choice([rng.randint(0, 12), rng.randint(15, 21), rng.randint(12, 60)]) for _ in pitches]
        struck.append((tick, list(zip(lengths, pitches, strict=True))))
        step += rng.choice([1, 1, 1, 2, 4])
    rows = [(tick, length, pitch) for tick, found in struck for length, pitch in found]
    columns, losses = two(*rows)
    assert columns == one_after_the_other(struck)
    assert (losses.dropped_from_chords, losses.merged_on_grid) == (0, 0)
