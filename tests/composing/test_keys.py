"""The key dial: which pitches it makes likelier, by how much, and what it never touches."""

import numpy as np
import pytest
from music21 import note, stream
from music21.analysis import discrete

from quartetvae.composing import keys
from quartetvae.errors import ArgumentError
from quartetvae.music.codec import Alphabet
from tests.building import ALPHABET, REST, part_array

TWO_OCTAVES = Alphabet(60, 83)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("C major", (0, "major")),
        ("a minor", (9, "minor")),
        ("F# minor", (6, "minor")),
        ("Bb major", (10, "major")),
        ("b major", (11, "major")),
        ("E-flat Major", (3, "major")),
        (" g sharp  minor ", (8, "minor")),
        ("C♭ major", (11, "major")),
    ],
)
def test_names_of_keys(name: str, expected: tuple[int, str]) -> None:
    assert keys.parse(name) == expected


@pytest.mark.parametrize("name", ["", "C", "H major", "C dorian", "major", "C majors"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=r"'C major', 'a minor', 'F# minor', is needed"):
        keys.parse(name)


def test_keys_are_those_that_music21_finds() -> None:
    counts = np.random.default_rng(0).integers(0, 6, (40, 12))
    for row, tonic in zip(counts, keys.scales(counts), strict=True):
        music = stream.Stream([note.Note(60 + k) for k in range(12) for _ in range(row[k])])
        found = discrete.KrumhanslKessler().getSolution(music)
        relative = found if found.mode == "major" else found.relative
        assert relative.tonic.pitchClass == tonic


def test_music_that_is_moved_has_a_key_that_is_moved() -> None:
    # A melody in a minor, by hand: the relative major is C.
    minor = np.bincount([9, 11, 0, 2, 4, 5, 4, 8, 9, 9, 4, 9], minlength=12)
    rows = np.array([np.roll(minor, semitones) for semitones in range(12)])
    assert keys.scales(rows).tolist() == list(range(12))
    assert keys.scales(np.zeros((1, 12), np.int64)).tolist() == [0]


def test_free_adds_nothing() -> None:
    assert not keys.bias("free", None, ALPHABET).any()


def test_a_key_adds_the_logarithm_of_its_profile_in_every_octave() -> None:
    added = keys.bias("G major", None, TWO_OCTAVES)
    # 5.19 of 41.79 is what the fifth of a key has: D in G major.
    assert added[2] == pytest.approx(np.log(12 * 5.19 / 41.79), abs=1e-5)
    assert added[2] == added[14]
    assert added[:12].argmax() == 7
    # Shares add up to one.
    assert np.exp(added[:12]).sum() == pytest.approx(12, abs=1e-4)
    assert not added[TWO_OCTAVES.rest :].any()
    assert keys.bias("G major", None, TWO_OCTAVES, strength=2.0)[2] == pytest.approx(2 * added[2])


def test_auto_takes_the_pitch_classes_of_the_music() -> None:
    # Three Cs, one D; each class counts once more.
    given = part_array("60 - 60 .", "60 62 - -", alphabet=TWO_OCTAVES)
    added = keys.bias("auto", given, TWO_OCTAVES)
    assert added[:3] == pytest.approx(np.log([12 * 4 / 16, 12 * 1 / 16, 12 * 2 / 16]), abs=1e-6)
    assert added[12] == added[0]


def test_strict_bars_what_is_outside() -> None:
    barred = np.flatnonzero(keys.bias("a minor", None, ALPHABET, strict=True) == keys.FORBIDDEN)
    # Of A minor F sharp and G sharp are wanted on the way up. Notes held from before are barred, too.
    assert barred.tolist() == [1, 3, 10, *(ALPHABET.held + pitch for pitch in (1, 3, 10))]
    given = part_array("60 62 - 64")
    barred = np.flatnonzero(keys.bias("auto", given, ALPHABET, strict=True) == keys.FORBIDDEN)
    assert barred[barred < ALPHABET.rest].tolist() == [1, 3, *range(5, 12)]


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(ArgumentError, match="strict about the key, and key 'free'"):
        keys.bias("free", None, ALPHABET, strict=True)
    for given in (None, part_array(". . . .")):
        with pytest.raises(ArgumentError, match="there are none; name a key"):
            keys.bias("auto", given, ALPHABET)


# Moved to a key

WIDE = Alphabet(36, 99)


def test_b_is_moved_to_the_key_of_a() -> None:
    scale = part_array("60 62 64 65 67 69 71 72", alphabet=WIDE)[np.newaxis]
    for shift in range(-5, 7):
        other = np.where(scale < WIDE.rest, scale.astype(int) + shift, scale).astype(np.uint8)
        assert np.array_equal(keys.to_key(other, scale, WIDE), scale), shift


def test_no_note_leaves_the_alphabet_and_silence_stays() -> None:
    low = part_array("60 60 60 60", "60 62 . -")[np.newaxis]
    wanted = part_array("58 58 58 58", "58 60 . -", alphabet=Alphabet(36, 71))[np.newaxis]
    # Two semitones down would be it; ten up leaves -6..5.
    moved = keys.to_key(low, (wanted - 24 + 12).clip(0, 11).astype(np.uint8), ALPHABET)
    assert moved[moved < REST].min() >= 0
    silent = np.full((1, 4, 4), REST, np.uint8)
    assert np.array_equal(keys.to_key(silent, low, ALPHABET), silent)
    assert np.array_equal(keys.to_key(low, silent, ALPHABET), low)


def test_held_notes_move_with_the_others_and_sustains_do_not() -> None:
    a = part_array("62 64 66 -", alphabet=WIDE)[np.newaxis]
    b = part_array("60 62 64 -", alphabet=WIDE)[np.newaxis]
    b[0, 0, 0] += WIDE.held
    moved = keys.to_key(b, a, WIDE)[0, :, 0].tolist()
    assert moved == [62 - 36 + WIDE.held, 64 - 36, 66 - 36, WIDE.sustain]
