"""Notes of whole files: what matches, by hand at every limit, and that pitch by pitch is the same as all at once."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mir_eval import transcription
from mir_eval.util import midi_to_hz

from quartetvae.errors import CodecError, MissingError
from quartetvae.io import midi, read
from quartetvae.metrics import whole_files
from quartetvae.metrics.whole_files import Counts, Played
from quartetvae.music import codec
from quartetvae.music.quartet import Grid
from tests.building import ALPHABET, GRID, Row, canonical, notes, part_array, random_tokens

BEAT = 480
"""Ticks: 1/24 beat is 20 of them, 1/8 beat 60."""


def played(*parts: list[Row], ticks_per_beat: int = BEAT) -> Played:
    return Played([notes(*rows) for rows in parts], ticks_per_beat)


def counted(original: list[Row], copy: list[Row]) -> tuple[int, int, int, int]:
    """What matches in one part: notes of the original, of the copy, hits by onset, hits with ends."""
    of = whole_files.total(whole_files.match(played(original), played(copy)))
    return of.true, of.found, of.onset_hits, of.offset_hits


@pytest.mark.parametrize(
    ("onset", "hits"),
    [(480, 1), (500, 1), (501, 0), (460, 1), (459, 0)],  # 20 ticks from 480 are within, 21 are not
)
def test_onsets_match_up_to_a_24th_of_a_beat(onset: int, hits: int) -> None:
    assert counted([(480, 480, 60)], [(onset, 480, 60)]) == (1, 1, hits, hits)


@pytest.mark.parametrize(
    ("length", "copy", "hits"),
    [
        # A fifth of 480 is 96.
        *[(480, 576, 1), (480, 577, 0), (480, 384, 1), (480, 383, 0)],
        # A fifth of 120 is 24, so the 60 of 1/8 beat count.
        *[(120, 180, 1), (120, 181, 0), (120, 60, 1), (120, 59, 0)],
        # A fifth of 333 is 66.6, of 335 exactly 67.
        *[(333, 399, 1), (333, 400, 0), (335, 402, 1), (335, 403, 0)],
        # It is the original's length that counts: a fifth of 600 would be the 120 between them.
        *[(480, 600, 0), (600, 480, 1)],
    ],
)
def test_ends_match_up_to_an_eighth_of_a_beat_or_a_fifth_of_the_originals_length(
    length: int, copy: int, hits: int
) -> None:
    assert counted([(0, length, 60)], [(0, copy, 60)]) == (1, 1, 1, hits)


@pytest.mark.parametrize(("onset", "hits"), [(336, 1), (335, 1), (395, 1), (396, 0), (324, 0)])
def test_files_of_different_resolutions_are_compared_exactly(onset: int, hits: int) -> None:
    # 3 of 7 ticks are 360 of 840, of which 1/24 beat is 35; 840 has both 7 and 24.
    original, copy = played([(3, 3, 60)], ticks_per_beat=7), played([(onset, 360, 60)], ticks_per_beat=840)
    assert whole_files.total(whole_files.match(original, copy)).onset_hits == hits
    assert whole_files.total(whole_files.match(copy, original)).onset_hits == hits


def test_a_note_is_matched_once() -> None:
    of = whole_files.total(whole_files.match(played([(0, 480, 60)]), played([(0, 480, 60), (20, 480, 60)])))
    assert of == Counts(true=1, found=2, onset_hits=1, offset_hits=1)
    assert of.onset == {"precision": 1 / 2, "recall": 1.0, "f1": 2 / 3}


def test_as_many_are_matched_as_can_be() -> None:
    # 100 can have 80 or 120, 120 only 120: whoever gives 120 to 100 finds one match.
    assert counted([(100, 480, 60), (120, 480, 60)], [(80, 480, 60), (120, 480, 60)]) == (2, 2, 2, 2)
    # By onset both match; the copy at 0 ends far too early, and there is one other for both.
    assert counted([(0, 480, 60), (20, 480, 60)], [(0, 60, 60), (20, 480, 60)]) == (2, 2, 2, 1)


def test_struck_twice_or_held() -> None:
    twice: list[Row] = [(0, 480, 60), (480, 480, 60)]
    held: list[Row] = [(0, 960, 60)]
    # The end of 960 is 480 from that of the first note, of whose length a fifth is 96; of 960 it is 192.
    assert counted(twice, held) == (2, 1, 1, 0)
    assert counted(held, twice) == (1, 2, 1, 0)


def test_pitch_and_part_must_be_equal() -> None:
    assert counted([(0, 480, 60)], [(0, 480, 61)]) == (1, 1, 0, 0)
    assert counted([(0, 480, 60)], [(0, 480, 72)]) == (1, 1, 0, 0)
    one, other = played([(0, 480, 60)], []), played([], [(0, 480, 60)])
    assert whole_files.match(one, other) == [{60: Counts(true=1)}, {60: Counts(found=1)}]
    assert whole_files.match(one, one) == [{60: Counts(1, 1, 1, 1)}, {}]


def test_scores_where_there_is_nothing() -> None:
    nothing = {"precision": None, "recall": None, "f1": None}
    assert whole_files.match(played([], []), played([], [])) == [{}, {}]
    assert whole_files.total([]).onset == whole_files.total([{}]).offset == nothing
    assert Counts(true=3).onset == {"precision": None, "recall": 0.0, "f1": 0.0}
    assert Counts(found=3).onset == {"precision": 0.0, "recall": None, "f1": 0.0}


def test_counts_add_up_by_part_and_by_pitch() -> None:
    original = played([(0, 480, 91), (480, 480, 92), (960, 480, 99)], [(0, 480, 92)])
    copy = played([(0, 480, 91), (480, 480, 80), (960, 480, 99)], [(0, 480, 92), (480, 480, 95)])
    found = whole_files.match(original, copy)
    # 91 and 99 come back in the first part, 92 in the second; 92 of the first is 80.
    assert whole_files.total(found) == Counts(true=4, found=5, onset_hits=3, offset_hits=3)
    # From 92 up there are 92, 99 and 92, and 99, 92 and 95 come.
    assert whole_files.total(found, lowest=92) == Counts(true=3, found=3, onset_hits=2, offset_hits=2)
    assert whole_files.total(found[1:]) == Counts(true=1, found=2, onset_hits=1, offset_hits=1)


def test_a_note_without_length_is_a_note() -> None:
    assert counted([(480, 0, 60)], [(480, 0, 60)]) == (1, 1, 1, 1)


def test_times_below_zero_are_times() -> None:
    assert counted([(-480, 480, 60), (0, 480, 60)], [(-470, 480, 60), (10, 480, 60)]) == (2, 2, 2, 2)


def random_part(count: int, seed: int) -> Any:
    """Notes of six pitches, so dense that many can match several."""
    rng = np.random.default_rng(seed)
    columns = rng.integers(0, 15 * count, count), rng.integers(100, 300, count), rng.integers(60, 66, count)
    return notes(*zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("run", [1, 7, whole_files.RUN])
@pytest.mark.parametrize("ends", [False, True])
def test_pitch_by_pitch_is_the_same_as_one_call_of_mir_eval(
    run: int, ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also cut into runs, however short."""
    monkeypatch.setattr(whole_files, "RUN", run)
    original, copy = random_part(600, 0), random_part(700, 1)
    precision, recall, f1, _ = transcription.precision_recall_f1_overlap(
        *(value for part in (original, copy) for value in (intervals(part), midi_to_hz(part["pitch"].astype(float)))),
        onset_tolerance=20,
        offset_ratio=0.2 if ends else None,
        offset_min_tolerance=60,
    )
    of = whole_files.total(whole_files.match(Played([original], BEAT), Played([copy], BEAT)))
    found = of.offset if ends else of.onset
    assert 0.05 < recall < 0.9
    # A ratio of the same whole numbers; mir_eval's F1 is computed from the other two.
    assert (found["precision"], found["recall"]) == (precision, recall)
    assert found["f1"] == pytest.approx(f1, abs=1e-12)


def intervals(part: Any) -> Any:
    return np.stack([part["onset"], part["onset"] + part["duration"]], axis=1).astype(float)


def test_one_pitch_throughout_a_long_file() -> None:
    # All at once would be matrices of 30,000 by 30,000: 7 GB each.
    tremolo: list[Row] = [(60 * k, 60, 60) for k in range(30_000)]
    moved: list[Row] = [(onset + 20, length, pitch) for onset, length, pitch in tremolo]
    assert counted(tremolo, moved) == (30_000, 30_000, 30_000, 30_000)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_exchanging_original_and_copy_exchanges_precision_and_recall_of_onsets(one: int, other: int) -> None:
    a, b = Played([random_part(30, one)], BEAT), Played([random_part(20, other)], BEAT)
    there, back = whole_files.total(whole_files.match(a, b)), whole_files.total(whole_files.match(b, a))
    assert (there.onset["precision"], there.onset["recall"]) == (back.onset["recall"], back.onset["precision"])
    assert there.onset_hits >= there.offset_hits


def test_what_a_grid_of_four_does_to_triplets() -> None:
    # Of 0, 160 and 320 the grid makes 0, 120 and 360: 40 ticks away, twice what matches.
    file = played([(0, 160, 60), (160, 160, 62), (320, 160, 64)], [], [], [])
    tokens, _ = codec.encode(file.parts, ticks_per_beat=BEAT, steps_per_beat=4, alphabet=ALPHABET)
    on_grid = whole_files.of_tokens(tokens, GRID)
    assert whole_files.total(whole_files.match(file, on_grid)).onset_hits == 1
    # On one of twelve steps nothing moves.
    tokens, _ = codec.encode(file.parts, ticks_per_beat=BEAT, steps_per_beat=12, alphabet=ALPHABET)
    on_grid = whole_files.of_tokens(tokens, Grid(12, ALPHABET))
    assert whole_files.total(whole_files.match(file, on_grid)) == Counts(3, 3, 3, 3)


@given(st.integers(0, 1000), st.sampled_from([1, 4, 7, 12]))
def test_what_is_written_and_read_back_is_what_was_decoded(seed: int, steps_per_beat: int) -> None:
    tokens, grid = canonical(random_tokens(24, 4, seed=seed)), Grid(steps_per_beat, ALPHABET)
    decoded = whole_files.of_tokens(tokens, grid)
    path = Path("quartet.mid")
    midi.write_quartet(path, tokens, ALPHABET, steps_per_beat=steps_per_beat, tempo_qpm=120)
    file = read.read(path)
    again = Played(read.part_notes(file), file.music.ticks_per_beat)
    scale, rest = divmod(again.ticks_per_beat, steps_per_beat)
    assert rest == 0
    for one, other in zip(decoded.parts, again.parts, strict=True):
        assert np.array_equal(one["onset"] * scale, other["onset"])
        assert np.array_equal(one["duration"] * scale, other["duration"])
        assert np.array_equal(one["pitch"], other["pitch"])
    count = sum(map(len, decoded.parts))
    assert whole_files.total(whole_files.match(decoded, again)) == Counts(count, count, count, count)


@pytest.fixture(autouse=True, scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder to write in; one for all examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("files"))
        yield


# Excerpts

PART: list[Row] = [(0, 8, 60), (0, 4, 67), (4, 4, 62), (6, 10, 64), (12, 4, 65)]
"""Four ticks to the beat: 60 is held to beat 2, 67 to beat 1, 64 from 1.5 to 4; 62 begins at beat 1, 65 at beat 3."""


@pytest.mark.parametrize(
    ("from_beat", "beats", "expected"),
    [
        (0, None, PART),
        (1, 2, [(0, 4, 60), (0, 4, 62), (2, 6, 64)]),
        (1, None, [(0, 4, 60), (0, 4, 62), (2, 10, 64), (8, 4, 65)]),
        (0, 1, [(0, 4, 60), (0, 4, 67)]),
        (4, None, []),
    ],
)
def test_an_excerpt_cuts_what_is_held_over_its_ends(from_beat: int, beats: int | None, expected: list[Row]) -> None:
    cut = whole_files.excerpt(played(PART, ticks_per_beat=4), from_beat=from_beat, beats=beats)
    assert cut.ticks_per_beat == 4
    assert np.array_equal(cut.parts[0], notes(*expected))


def test_an_excerpt_is_cut_as_the_codec_cuts_it() -> None:
    tokens = part_array("60 - - - - 62 - 64", ". 65 - - 65 - . .")
    cut = whole_files.excerpt(whole_files.of_tokens(tokens, Grid(2, ALPHABET)), from_beat=1, beats=2)
    held = whole_files.of_tokens(part_array("60 - - 62", "65 - 65 -"), Grid(2, ALPHABET))
    assert all(np.array_equal(one, other) for one, other in zip(cut.parts, held.parts, strict=True))


# Bad input


def test_without_mir_eval_the_extra_that_has_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mir_eval", None)
    one = played([(0, 480, 60)])
    with pytest.raises(MissingError, match=r"the package 'mir_eval' is not installed"):
        whole_files.match(one, one)


def test_as_many_parts_are_needed() -> None:
    with pytest.raises(CodecError, match="2 parts of the original, 1 of the copy; as many are needed in both"):
        whole_files.match(played([], []), played([]))


def test_a_beat_needs_ticks() -> None:
    with pytest.raises(CodecError, match="the copy: a beat of 0 ticks; 1 at least is needed"):
        whole_files.match(played([]), played([], ticks_per_beat=0))


def test_a_note_ends_after_it_begins() -> None:
    wrong = played([], [(0, 480, 60), (720, -1, 60)])
    with pytest.raises(CodecError, match=r"the original, part 1, beat 1\.5: a note that ends before it begins"):
        whole_files.match(wrong, played([], []))


@pytest.mark.parametrize(("onset", "count"), [(4, 1), (3, 0), (5, 1)])
def test_a_note_without_length_is_in_the_excerpt_that_it_begins_in(onset: int, count: int) -> None:
    cut = whole_files.excerpt(played([(onset, 0, 60)], ticks_per_beat=4), from_beat=1, beats=1)
    assert len(cut.parts[0]) == count
