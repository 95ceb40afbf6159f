"""From pieces to phrases: who is held out, where cuts fall, what training sees besides."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import BaseModel

from quartetvae import config
from quartetvae.config import Align, Boundary
from quartetvae.corpus import outlines, phrases, split
from quartetvae.corpus.records import Origin, PhraseSet, Pieces
from quartetvae.errors import ArgumentError, DatasetError
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.quartet import Piece
from tests.building import (
    ALPHABET,
    FORM,
    GRID,
    REST,
    SUSTAIN,
    canonical,
    part_array,
    piece,
    pieces,
    random_tokens,
)

SPLIT = config.Split(by="work", seed=0, validation=0.2, test=0.2)
AUGMENT = config.Augment(kind="transpose", semitones_min=-2, semitones_max=2, hop_steps=2, seed=0)
ALIGNS: tuple[Align, ...] = get_args(Align)
BOUNDARIES: tuple[Boundary, ...] = get_args(Boundary)
TOKENS = st.sampled_from([*range(ALPHABET.pitches), REST, *[SUSTAIN] * 4])


def silence(id: str, steps: int, work: str = "") -> Piece:
    return piece(id, np.full((steps, 4), REST, dtype=np.uint8), work=work)


def movements(*lengths: int) -> list[Piece]:
    """Works of three movements each; a work's lengths are alike."""
    return [silence(f"{k}/{m}", steps, f"work {k}") for k, steps in enumerate(lengths) for m in range(3)]


def held_out(
    pieces: Sequence[Piece], shares: config.Split, origins: Mapping[str, Origin] | None = None
) -> dict[str, str]:
    return split.by_work(outlines.outlines(pieces), shares, origins)


# Who is held out


@given(
    st.integers(0, 2**31 - 1), st.lists(st.integers(1, 500), min_size=3, max_size=12), st.sampled_from(["work", "tail"])
)
def test_a_work_is_on_one_side_and_no_side_is_empty(seed: int, lengths: list[int], by: str) -> None:
    of = held_out(movements(*lengths), SPLIT.model_copy(update={"seed": seed, "by": by}))
    sides = [{of[f"{k}/{movement}"] for movement in range(3)} for k in range(len(lengths))]
    assert all(len(side) == 1 for side in sides)
    wanted = {"train", "validation", "test"} if by == "work" else {"train", "test"}
    assert set.union(*sides) == wanted


@given(st.integers(0, 2**31 - 1), st.lists(st.integers(50, 150), min_size=10, max_size=30))
def test_the_shares_are_met_within_half_a_work(seed: int, lengths: list[int]) -> None:
    all_works = movements(*lengths)
    of = held_out(all_works, SPLIT.model_copy(update={"seed": seed}))
    for name in ("validation", "test"):
        taken = sum(len(piece.tokens) for piece in all_works if of[piece.id] == name)
        assert abs(taken - 0.2 * 3 * sum(lengths)) <= 3 * max(lengths) / 2


@given(st.integers(0, 1000), st.randoms())
def test_the_order_of_the_pieces_does_not_matter(seed: int, random: Any) -> None:
    ordered = movements(30, 50, 80, 20, 60, 90, 10)
    shuffled = list(ordered)
    random.shuffle(shuffled)
    changed = SPLIT.model_copy(update={"seed": seed})
    assert held_out(shuffled, changed) == held_out(ordered, changed)


def test_a_further_work_leaves_most_others_where_they_were() -> None:
    lengths = [40] * 20
    before, after = held_out(movements(*lengths), SPLIT), held_out(movements(*lengths, 40), SPLIT)
    moved = {id.split("/")[0] for id in before if before[id] != after[id]}
    assert len(moved) <= 3


def test_works_of_one_title_by_two_composers_are_two_works() -> None:
    some = movements(10, 10)
    other = [dataclasses.replace(p, id=f"other {p.id}", composer="Mozart") for p in some]
    of = held_out([*some, *other], SPLIT.model_copy(update={"validation": 0.25, "test": 0.5}))
    counted = {name: sum(split == name for split in of.values()) for name in ("train", "validation", "test")}
    assert counted == {"train": 3, "validation": 3, "test": 6}


def of_source(source: str, *lengths: int) -> tuple[list[Piece], dict[str, Origin]]:
    """Works of three movements each, with the origins that they have in a corpus; titles are the same in all."""
    named = [dataclasses.replace(p, id=f"{source}:{p.id}") for p in movements(*lengths)]
    return named, {p.id: Origin(source, f"{p.id[:-1]}0") for p in named}


LENGTHS = st.lists(st.integers(1, 500), min_size=3, max_size=12)


@given(st.integers(0, 1000), LENGTHS, LENGTHS, st.sampled_from(["work", "tail"]))
def test_a_source_is_split_as_if_it_were_alone(seed: int, one: list[int], other: list[int], by: str) -> None:
    shares = SPLIT.model_copy(update={"seed": seed, "by": by})
    sources = [of_source("musicnet", *one), of_source("openscore", *other)]
    together = held_out([p for some, _ in sources for p in some], shares, sources[0][1] | sources[1][1])
    apart = [held_out(some, shares, origins) for some, origins in sources]
    assert together == apart[0] | apart[1]
    # Nor do origins change anything where there is one source.
    assert apart[0] == held_out(sources[0][0], shares)


def test_a_work_of_two_sources_lies_where_its_preferred_one_puts_it() -> None:
    (own, origins), (others, other_origins) = of_source("musicnet", *[40] * 8), of_source("openscore", *[40] * 8)
    alone = held_out(own, SPLIT, origins)
    # Long movements that the preferred edition lacks: they weigh nothing there.
    for id, of in alone.items():
        joined = dataclasses.replace(silence("openscore:more", 5000, "another title"), composer="Another")
        found = held_out(
            [joined, *others, *own],
            SPLIT,
            {**origins, **other_origins, joined.id: Origin("openscore", origins[id].work_id)},
        )
        assert found[joined.id] == of
        assert {id: found[id] for id in alone} == alone


def test_one_title_in_two_sources_is_two_works() -> None:
    (own, origins), (others, other_origins) = of_source("musicnet", *[40] * 5), of_source("openscore", *[40] * 5, 900)
    found = held_out([*own, *others], SPLIT, origins | other_origins)
    assert any(found[p.id] != found[f"openscore:{p.id.split(':')[1]}"] for p in own)


def test_a_source_of_too_few_works_is_for_training_if_another_has_enough() -> None:
    (own, origins), (others, other_origins) = of_source("musicnet", *[40] * 5), of_source("openscore", 40, 40)
    found = held_out([*own, *others], SPLIT, origins | other_origins)
    assert {found[p.id] for p in others} == {"train"}
    assert {found[p.id] for p in own} == {"train", "validation", "test"}
    (few, few_origins) = of_source("musicnet", 40, 40)
    message = r"4 work\(s\) found \(2 of musicnet, 2 of openscore\); split by work needs 3 at least of one source"
    with pytest.raises(DatasetError, match=message):
        held_out([*few, *others], SPLIT, few_origins | other_origins)


def test_a_share_of_nothing_holds_nothing_out() -> None:
    none = SPLIT.model_copy(update={"validation": 0.0, "test": 0.0})
    assert set(held_out(movements(10), none).values()) == {"train"}


@pytest.mark.parametrize(
    ("count", "changes", "message"),
    [
        (2, {}, r"2 work\(s\) found; split by work needs 3 at least.*training, test and validation"),
        (1, {"validation": 0.0}, r"1 work\(s\) found; split by work needs 2 at least.*training, test\."),
        (1, {"by": "tail"}, r"1 work\(s\) found; split by work needs 2"),
        (0, {}, r"0 work\(s\) found"),
    ],
)
def test_too_few_works_are_an_error(count: int, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        held_out(movements(*[10] * count), SPLIT.model_copy(update=changes))


# Where cuts fall


def test_a_phrase_inside_a_held_note_begins_with_its_onset_or_with_a_sustain() -> None:
    tokens = part_array("60 - - - - 62", "64 - . - 65 -", ". . . 67 - -")
    onset = phrases.cut(tokens, [0, 3], 3, alphabet=ALPHABET, boundary="onset")
    assert onset[0].tolist() == tokens[:3].tolist()
    assert onset[1].tolist() == part_array("60 - 62", ". 65 -", "67 - -").tolist()
    sustain = phrases.cut(tokens, [0, 3], 3, alphabet=ALPHABET, boundary="sustain")
    assert sustain[1].tolist() == tokens[3:].tolist()


def test_the_last_phrase_is_filled_up_with_rests() -> None:
    tokens = part_array("60 - 62 - -")
    found = phrases.cut(tokens, [0, 4], 4, alphabet=ALPHABET, boundary="onset")
    assert found[1].tolist() == part_array("62 . . .").tolist()


def test_cutting_leaves_its_argument_alone() -> None:
    tokens = part_array("60 - - -")
    phrases.cut(tokens, [1], 2, alphabet=ALPHABET, boundary="onset")
    assert tokens.tolist() == part_array("60 - - -").tolist()


def test_phrases_on_beats_begin_every_so_many_steps() -> None:
    assert phrases.phrase_starts(np.arange(10) // 3, 4, "beat") == [0, 4, 8]


def test_phrases_on_bars_begin_on_the_last_line_that_leaves_no_gap() -> None:
    # Bar lines at 0, 3, 6, 9: a phrase of 4 steps goes on at 3; one of 7 steps at 6.
    bars = np.arange(12) // 3
    assert phrases.phrase_starts(bars, 4, "bar") == [0, 3, 6, 9]
    assert phrases.phrase_starts(bars, 7, "bar") == [0, 6]
    # Two bars fill a phrase.
    assert phrases.phrase_starts(np.arange(16) // 4, 8, "bar") == [0, 8]
    # A bar that is longer than a phrase is cut within.
    assert phrases.phrase_starts(np.arange(12) // 6, 4, "bar") == [0, 4, 6, 10]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 8), st.sampled_from(ALIGNS))
def test_phrases_cover_a_piece_without_gap_or_silent_surplus(lengths: list[int], steps: int, align: Align) -> None:
    bars = np.repeat(np.arange(len(lengths)), lengths)
    starts = phrases.phrase_starts(bars, steps, align)
    covered = {step for start in starts for step in range(start, start + steps)}
    assert covered >= set(range(len(bars)))
    assert all(0 <= start < len(bars) for start in starts)
    assert sorted(set(starts)) == starts
    lines = {0, *np.cumsum(lengths).tolist()}
    if align == "bar":
        assert all(start in lines or not lines & set(range(start - steps + 1, start + 1)) for start in starts)


@given(
    st.integers(1, 40).flatmap(lambda steps: arrays(np.uint8, (steps, 4), elements=TOKENS)),
    st.integers(1, 3),
    st.integers(1, 20),
    st.sampled_from(ALIGNS),
    st.sampled_from(BOUNDARIES),
)
def test_tiles_put_together_are_the_piece(
    tokens: Tokens, beats: int, bar: int, align: Align, boundary: Boundary
) -> None:
    form = config.Phrases(beats_per_phrase=beats, boundary=boundary, align=align)
    if boundary == "held":
        # A sustain of nothing is a rest where a phrase begins.
        tokens = canonical(tokens)
        assume(len(tokens) > 0)
    one = piece("a", tokens, steps_per_bar=bar)
    tiles = phrases.tile(one, form, GRID)
    whole = phrases.untile(tiles.tokens, tiles.starts, len(tokens), alphabet=ALPHABET)
    if boundary == "onset":
        # Where a phrase begins inside a held note the note is struck again; a lost sustain is a rest.
        struck = np.zeros(len(tokens), dtype=bool)
        struck[tiles.starts] = True
        again = struck[:, None] & (tokens == SUSTAIN)
        assert not (whole[again] == SUSTAIN).any()
        whole = np.where(again, SUSTAIN, whole).astype(np.uint8)
    assert whole.tolist() == tokens.tolist()


def test_held_notes_are_told_by_their_pitch_and_joined_again() -> None:
    # 62 is held over the boundary, 64 is struck on it, 65 begins after it.
    tokens = part_array("62 - - - - .", "64 - - - 64 -", ". . . . . 65")
    tiles = phrases.tile(piece("a", tokens), FORM.model_copy(update={"boundary": "held"}), GRID)
    assert tiles.tokens[1, 0].tolist() == [ALPHABET.held + 2, 4, REST, REST]
    again = phrases.untile(tiles.tokens, tiles.starts, 6, alphabet=ALPHABET)
    assert again.tolist() == tokens.tolist()


def test_a_held_note_that_nothing_of_its_pitch_precedes_is_struck() -> None:
    first, second = part_array("62 - - -"), part_array("62 - . .")
    second[0, 0] = ALPHABET.held + 3
    both = phrases.untile(np.stack([first, second]), np.array([0, 4]), 8, alphabet=ALPHABET)
    assert both[:, 0].tolist() == [2, SUSTAIN, SUSTAIN, SUSTAIN, 3, SUSTAIN, REST, REST]
    # Alone, too; and where the note before has ended.
    alone = phrases.untile(second[np.newaxis], np.array([0]), 4, alphabet=ALPHABET)
    assert alone[:, 0].tolist() == [3, SUSTAIN, REST, REST]
    second[0, 0] = ALPHABET.held + 2
    ended = phrases.untile(np.stack([part_array("62 - . ."), second]), np.array([0, 4]), 8, alphabet=ALPHABET)
    assert ended[4, 0] == 2


def test_a_note_held_over_several_phrases_is_one() -> None:
    tokens = part_array("62" + 11 * " -")
    tiles = phrases.tile(piece("a", tokens), FORM.model_copy(update={"boundary": "held"}), GRID)
    assert tiles.tokens[:, 0, 0].tolist() == [2, ALPHABET.held + 2, ALPHABET.held + 2]
    assert phrases.untile(tiles.tokens, tiles.starts, 12, alphabet=ALPHABET).tolist() == tokens.tolist()


def test_held_notes_need_tokens_of_their_own() -> None:
    def first(alphabet: Alphabet) -> int:
        tokens = np.full((2, 4), alphabet.sustain, np.uint8)
        tokens[0] = alphabet.pitches - 1
        return int(phrases.cut(tokens, [1], 1, alphabet=alphabet, boundary="held")[0, 0, 0])

    # 127 pitches: the last token of a byte.
    assert first(Alphabet(0, 126)) == 255
    with pytest.raises(DatasetError, match=r"pitches 0 to 127: 258 tokens, and 256 is the limit; .* take boundary"):
        first(Alphabet(0, 127))


def test_held_notes_are_transposed_with_the_others() -> None:
    held = np.full((1, 4, 4), REST, np.uint8)
    held[0, 0, 0], held[0, 1, 1] = ALPHABET.held + 2, 5
    moved, fits = phrases.transpose(held, 3, ALPHABET)
    assert (moved[0, 0, 0], moved[0, 1, 1], fits.tolist()) == (ALPHABET.held + 5, 8, [True])
    # 62 and 65 go down by two at most: below, the held one would leave the octave.
    assert [bool(phrases.transpose(held, by, ALPHABET)[1][0]) for by in (-2, -3)] == [True, False]
    form = FORM.model_copy(update={"boundary": "held"})
    one = piece("a", part_array("62 - - - - - - -", ". . . . 65 . . ."))
    augment = config.Augment(kind="transpose", semitones_min=-3, semitones_max=3, hop_steps=4, seed=0)
    found = phrases.build(pieces(train=[one]), form, augment)["train"]
    second = found.take(found.starts == 4)
    first_cells = dict(zip(second.semitones.tolist(), second.tokens[:, 0, 0].tolist(), strict=True))
    assert first_cells == {by: ALPHABET.held + 2 + by for by in range(-2, 4)}


def test_tiles_know_where_they_come_from() -> None:
    tiles = phrases.tile(piece("2313", random_tokens(10, 4)), FORM, GRID)
    assert (tiles.pieces.tolist(), tiles.starts.tolist()) == (["2313"] * 3, [0, 4, 8])
    assert tiles.semitones.tolist() == [0, 0, 0]
    assert (tiles.grid, tiles.form, tiles.steps) == (GRID, FORM, 4)


@pytest.mark.parametrize(
    ("hop", "align", "starts"),
    [
        (2, "beat", [0, 2, 4, 6, 8]),
        (4, "beat", [0, 4, 8]),
        (2, "bar", [0, 2, 3, 5, 6, 8, 9]),
        (3, "bar", [0, 3, 6, 9]),
        (16, "bar", [0, 3, 6, 9]),
        (16, "beat", [0]),
    ],
)
def test_windows_begin_every_hop_from_the_start_or_each_bar_line(hop: int, align: Align, starts: list[int]) -> None:
    assert phrases.window_starts(np.arange(10) // 3, hop, align) == starts


@pytest.mark.parametrize("boundary", ["onsets", "", None])
def test_a_boundary_that_is_none_is_refused(boundary: Any) -> None:
    with pytest.raises(
        ArgumentError, match=f"boundary {boundary!r} found; one of 'held', 'onset', 'sustain' is needed"
    ):
        phrases.cut(part_array("60 - - -"), [0], 2, alphabet=ALPHABET, boundary=boundary)


@pytest.mark.parametrize("starts", [phrases.phrase_starts, phrases.window_starts])
@pytest.mark.parametrize("align", ["bars", "", None])
def test_an_alignment_that_is_none_is_refused(starts: Callable[..., list[int]], align: Any) -> None:
    with pytest.raises(ArgumentError, match=f"align {align!r} found; one of 'beat', 'bar' is needed"):
        starts(np.arange(10) // 3, 4, align)


# What training sees besides


def blocks() -> st.SearchStrategy[Tokens]:
    return arrays(np.uint8, (3, 4, 4), elements=TOKENS)


@given(blocks(), st.integers(-12, 12))
def test_transposing_moves_a_phrase_as_one_block_and_keeps_its_rhythm(tokens: Tokens, semitones: int) -> None:
    moved, fits = phrases.transpose(tokens, semitones, ALPHABET)
    assert moved.dtype == np.uint8
    for before, after, fit in zip(tokens, moved, fits, strict=True):
        shifted = np.where(before < REST, before.astype(int) + semitones, before)
        pitches = shifted[before < REST]
        assert fit == bool(((pitches >= 0) & (pitches < REST)).all())
        if fit:
            assert after.tolist() == shifted.tolist()


@given(blocks(), st.integers(-11, 11))
def test_transposing_back_is_the_identity(tokens: Tokens, semitones: int) -> None:
    moved, fits = phrases.transpose(tokens, semitones, ALPHABET)
    back, fits_again = phrases.transpose(moved[fits], -semitones, ALPHABET)
    assert fits_again.all()
    assert back.tolist() == tokens[fits].tolist()


@given(blocks(), st.integers(-12, 6), st.integers(0, 6), st.integers(0, 99))
def test_noise_moves_each_note_within_its_bounds_and_leaves_the_rest(
    tokens: Tokens, low: int, span: int, seed: int
) -> None:
    moved = phrases.noise(tokens, low, low + span, ALPHABET, np.random.default_rng(seed))
    onsets = tokens < REST
    assert moved[~onsets].tolist() == tokens[~onsets].tolist()
    before, after = tokens[onsets].astype(int), moved[onsets].astype(int)
    assert (after >= np.clip(before + low, 0, REST - 1)).all()
    assert (after <= np.clip(before + low + span, 0, REST - 1)).all()


def test_noise_moves_notes_on_their_own_and_reaches_both_bounds() -> None:
    tokens = np.full((50, 4, 4), 5, dtype=np.uint8)
    moved = phrases.noise(tokens, -2, 3, ALPHABET, np.random.default_rng(0))
    assert np.unique(moved).tolist() == [3, 4, 5, 6, 7, 8]
    assert any(len(np.unique(phrase)) > 1 for phrase in moved)


# All of it together

LOW = piece("low", part_array("60 - 62 - 64 . 65 -", ". . 60 - - - 61 -"))
HELD_OUT = piece("valid", random_tokens(12, 4, seed=1)), piece("test", random_tokens(13, 4, seed=2))
CORPUS = pieces(train=[LOW, piece("b", random_tokens(20, 4))], validation=HELD_OUT[:1], test=HELD_OUT[1:])


def build(form: config.Phrases = FORM, augment: config.Augment = AUGMENT, tail: float = 0.0) -> dict[str, PhraseSet]:
    return phrases.build(dataclasses.replace(CORPUS, tail_share=tail), form, augment)


def as_lists(found: dict[str, PhraseSet]) -> Any:
    return {
        name: [s.tokens.tolist(), s.pieces.tolist(), s.starts.tolist(), s.semitones.tolist()]
        for name, s in found.items()
    }


def changed(section: Any, **changes: Any) -> Any:
    return type(section).model_validate(section.model_dump() | changes)


def test_a_piece_is_seen_in_all_twelve_keys_that_fit() -> None:
    wide = Alphabet(36, 99)
    middle = piece("a", part_array("66 - 70 .", "50 - - -", "60 61 62 63", "45 . . .", alphabet=wide))
    corpus = dataclasses.replace(pieces(train=[middle]), grid=dataclasses.replace(GRID, alphabet=wide))
    twelve = changed(AUGMENT, semitones_min=-6, semitones_max=5, hop_steps=4)
    training = phrases.build(corpus, FORM, twelve)["train"]
    assert training.semitones.tolist() == list(range(-6, 6))
    plain = training.tokens[6].astype(int)
    for semitones, tokens in zip(training.semitones, training.tokens, strict=True):
        assert tokens.tolist() == np.where(plain < wide.rest, plain + semitones, plain).tolist()


def test_transpositions_that_leave_the_range_are_dropped() -> None:
    # Steps 0 to 3 of `low` have the pitches 60 to 62, steps 4 to 7 60 (held) to 65: nothing can go down.
    found = build(augment=changed(AUGMENT, semitones_min=-1, semitones_max=9, hop_steps=4))["train"]
    of_low = found.pieces == "low"
    assert found.semitones[of_low & (found.starts == 0)].tolist() == list(range(10))
    assert found.semitones[of_low & (found.starts == 4)].tolist() == list(range(7))
    assert (found.tokens[of_low] <= SUSTAIN).all()


def test_held_out_pieces_are_never_augmented() -> None:
    for augment in (AUGMENT, changed(AUGMENT, kind="noise"), changed(AUGMENT, kind="none")):
        found = build(augment=augment)
        for name, held_out in zip(("validation", "test"), HELD_OUT, strict=True):
            tiles = phrases.tile(held_out, FORM, GRID)
            assert found[name].tokens.tolist() == tiles.tokens.tolist()
            assert found[name].starts.tolist() == tiles.starts.tolist()
            assert set(found[name].semitones) == {0}
            assert set(found[name].pieces) == {held_out.id}
        assert set(found["train"].pieces) == {"low", "b"}


def test_without_augmentation_training_sees_the_windows_alone() -> None:
    found = build(augment=changed(AUGMENT, kind="none", hop_steps=4))["train"]
    tiles = [phrases.tile(p, FORM, GRID).tokens for p in CORPUS.in_split("train")]
    assert found.tokens.tolist() == np.concatenate(tiles).tolist()


def test_noise_adds_an_altered_copy_of_every_phrase() -> None:
    plain, noisy = (
        build(augment=changed(AUGMENT, kind="none"))["train"],
        build(augment=changed(AUGMENT, kind="noise"))["train"],
    )
    assert len(noisy) == 2 * len(plain)
    assert noisy.tokens[: len(plain)].tolist() == plain.tokens.tolist()
    altered = noisy.tokens[len(plain) :]
    assert (altered != plain.tokens).any()
    assert ((altered < REST) == (plain.tokens < REST)).all()


def test_silent_phrases_are_left_out() -> None:
    gap = piece("gap", part_array("60 - - - . . . . 62 - - -"))
    found = phrases.build(pieces(train=[gap], test=[gap]), FORM, changed(AUGMENT, kind="none", hop_steps=4))
    assert found["train"].starts.tolist() == found["test"].starts.tolist() == [0, 8]
    assert len(found["validation"]) == 0


def test_the_tail_takes_the_validation_from_the_augmented_phrases() -> None:
    whole, cut = build()["train"], build(tail=0.25)
    count = round(0.25 * len(whole))
    assert len(cut["validation"]) == count > 0
    joined = np.concatenate([cut["train"].tokens, cut["validation"].tokens])
    assert joined.tolist() == whole.tokens.tolist()
    assert set(cut["validation"].pieces) <= {"low", "b"}
    assert cut["test"].tokens.tolist() == build()["test"].tokens.tolist()


def test_the_same_arguments_give_the_same_phrases() -> None:
    noise = changed(AUGMENT, kind="noise")
    assert as_lists(build(augment=noise)) == as_lists(build(augment=noise))


CHANGES: list[tuple[str, str, Any]] = [
    ("phrases", "beats_per_phrase", 2),
    ("phrases", "boundary", "sustain"),
    ("phrases", "align", "bar"),
    ("augment", "kind", "none"),
    ("augment", "kind", "noise"),
    ("augment", "semitones_min", 1),
    ("augment", "semitones_max", 1),
    ("augment", "hop_steps", 3),
    ("augment", "seed", 1),
    ("split", "by", "tail"),
    ("split", "seed", 1),
    ("split", "validation", 0.4),
    ("split", "test", 0.4),
]


@pytest.mark.parametrize(("section", "key", "value"), CHANGES)
def test_every_parameter_changes_something(section: str, key: str, value: Any) -> None:
    # Only noise draws from the seed.
    augment = changed(AUGMENT, kind="noise") if key == "seed" else AUGMENT
    bars_of_five = tuple(piece(p.id, p.tokens, steps_per_bar=5) for p in CORPUS.pieces)

    def outcome(form: Any = FORM, augment: Any = augment, shares: Any = SPLIT) -> Any:
        built = phrases.build(dataclasses.replace(CORPUS, pieces=bars_of_five), form, augment)
        return held_out(movements(*range(30, 60)), shares), as_lists(built)

    change = {key: value}
    after = {
        "phrases": lambda: outcome(form=changed(FORM, **change)),
        "augment": lambda: outcome(augment=changed(augment, **change)),
        "split": lambda: outcome(shares=changed(SPLIT, **change)),
    }
    assert after[section]() != outcome()


def test_no_parameter_is_forgotten() -> None:
    records: dict[str, type[BaseModel]] = {"phrases": config.Phrases, "augment": config.Augment, "split": config.Split}
    known = {(section, key) for section, record in records.items() for key in record.model_fields}
    assert {(section, key) for section, key, _ in CHANGES} == known


def test_nothing_to_train_on_is_an_error() -> None:
    silent = pieces(train=[silence("a", 20)], test=[LOW])
    with pytest.raises(DatasetError, match="no phrases left for training"):
        phrases.build(silent, FORM, AUGMENT)
    with pytest.raises(DatasetError, match="no phrases left for training"):
        build(augment=changed(AUGMENT, semitones_min=13, semitones_max=14))


def test_the_figures_count_phrases_and_pieces() -> None:
    augment = changed(AUGMENT, semitones_min=0, semitones_max=1, hop_steps=4)
    counted, found = phrases.figures(phrases.plan(CORPUS, FORM, augment)), build(augment=augment)
    assert set(counted) == {"train", "validation", "test"}
    assert counted["test"] == {"phrases": 4, "windows": 4, "pieces": 1, "sources": {}}
    assert counted["train"]["windows"] == 2 + 5
    assert counted["train"]["phrases"] == len(found["train"])
    assert counted["train"]["pieces"] == 2


@pytest.mark.parametrize("tail", [0.0, 0.25])
@pytest.mark.parametrize("kind", ["none", "transpose", "noise"])
def test_the_figures_are_those_of_the_phrases_by_source_too(kind: str, tail: float) -> None:
    origins = {"low": Origin("openscore", "low"), "b": Origin("musicnet", "b"), "test": Origin("musicnet", "test")}
    corpus = dataclasses.replace(CORPUS, tail_share=tail, origins=origins)
    augment = changed(AUGMENT, kind=kind)
    counted = phrases.figures(phrases.plan(corpus, FORM, augment))
    for name, found in phrases.build(corpus, FORM, augment).items():
        rows = list(zip(found.pieces.tolist(), found.starts.tolist(), strict=True))
        for source in ("openscore", "musicnet", None):
            own = [row for row in rows if source is None or origins.get(row[0], Origin("", "")).source == source]
            figures = counted[name] if source is None else counted[name]["sources"].get(source)
            if figures is None:
                assert not own, (name, source)
                continue
            assert figures["phrases"] == len(own), (name, source)
            assert figures["windows"] == len(set(own)), (name, source)
            assert figures["pieces"] == len({id for id, _ in own}), (name, source)


# A batch at a time


def rows(found: PhraseSet) -> list[tuple[str, int, int, list[list[int]]]]:
    columns = (found.pieces.tolist(), found.starts.tolist(), found.semitones.tolist(), found.tokens.tolist())
    return list(zip(*columns, strict=True))


HELD = ALPHABET.held


def pitched(token: int) -> bool:
    return token < REST or token >= HELD


def by_definition(corpus: Pieces, form: config.Phrases, augment: config.Augment) -> list[Any]:
    """The rows for training, in order, from notes alone: written anew, with nothing of the module."""
    steps, plain = form.beats_per_phrase * GRID.steps_per_beat, []
    for one, name in zip(corpus.pieces, corpus.splits, strict=True):
        lines = [k for k in range(len(one.bars)) if k == 0 or one.bars[k] > one.bars[k - 1]]
        for start in range(len(one.tokens)):
            since = max(line for line in lines if line <= start) if form.align == "bar" else 0
            if name != "train" or (start - since) % augment.hop_steps:
                continue
            cells = [one.tokens[k].tolist() if k < len(one.tokens) else [REST] * 4 for k in range(start, start + steps)]
            for part in range(4):
                if form.boundary != "sustain" and cells[0][part] == SUSTAIN:
                    before = [token for token in one.tokens[:start, part].tolist() if token != SUSTAIN]
                    held = HELD if form.boundary == "held" and before and before[-1] != REST else 0
                    cells[0][part] = before[-1] + held if before else REST
            if any(token != REST for cell in cells for token in cell):
                plain.append((one.id, start, 0, cells))
    if augment.kind == "none":
        return plain
    if augment.kind == "noise":
        rng = np.random.default_rng(augment.seed)
        drawn = rng.integers(augment.semitones_min, augment.semitones_max + 1, size=(len(plain), steps, 4)).tolist()
        moved = [
            [
                [
                    min(max(token % HELD + shift, 0), REST - 1) + token // HELD * HELD if pitched(token) else token
                    for token, shift in zip(*both, strict=True)
                ]
                for both in zip(cells, shifts, strict=True)
            ]
            for (*_, cells), shifts in zip(plain, drawn, strict=True)
        ]
        return plain + [(*row[:3], cells) for row, cells in zip(plain, moved, strict=True)]
    found = []
    for semitones in range(augment.semitones_min, augment.semitones_max + 1):
        for id, start, _, cells in plain:
            pitches = [token % HELD + semitones for cell in cells for token in cell if pitched(token)]
            if all(0 <= pitch < REST for pitch in pitches):
                up = [[token + semitones if pitched(token) else token for token in cell] for cell in cells]
                found.append((id, start, semitones, up))
    return found


@pytest.mark.parametrize("kind", ["none", "transpose", "noise"])
@pytest.mark.parametrize("align", ALIGNS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("batch", [1, 7, 100_000])
def test_batches_are_the_phrases_that_the_definition_gives_in_its_order(
    monkeypatch: pytest.MonkeyPatch, kind: str, align: Align, boundary: Boundary, batch: int
) -> None:
    form, augment = changed(FORM, align=align, boundary=boundary), changed(AUGMENT, kind=kind)
    bars_of_five = [piece(p.id, p.tokens, steps_per_bar=5) for p in CORPUS.pieces]
    quiet = piece("quiet", np.concatenate([random_tokens(3, 4), np.full((20, 4), REST, np.uint8)]))
    corpus = pieces(train=[*bars_of_five[:2], quiet], validation=[bars_of_five[2]], test=[bars_of_five[3]])
    monkeypatch.setattr(phrases, "ROWS", batch)
    planned = phrases.plan(corpus, form, augment)["train"]
    batches = list(planned.batches())
    assert max(len(one) for one in batches) <= batch
    assert len(planned) == sum(len(one) for one in batches)
    assert [row for one in batches for row in rows(one)] == by_definition(corpus, form, augment)


@pytest.mark.parametrize("kind", ["none", "transpose", "noise"])
@pytest.mark.parametrize("batch", [1, 7])
def test_the_tail_is_the_same_whatever_the_batches(monkeypatch: pytest.MonkeyPatch, kind: str, batch: int) -> None:
    augment = changed(AUGMENT, kind=kind)
    whole = build(augment=augment, tail=0.6)
    monkeypatch.setattr(phrases, "ROWS", batch)
    assert as_lists(build(augment=augment, tail=0.6)) == as_lists(whole)


def test_a_phrase_costs_few_bytes_beside_its_tokens() -> None:
    found = build()["train"]
    assert found.starts.dtype == np.int32
    assert found.semitones.dtype == np.int8
    # A reference to a string that all phrases of a piece share.
    assert found.pieces.dtype == object
    assert len({id(name) for name in found.pieces}) == 2


# What mutants survived (trust/mutants.py)


@pytest.mark.parametrize("tail", [0.0, 0.25, 0.6])
def test_a_plan_is_as_long_as_its_phrases(tail: float) -> None:
    plans = phrases.plan(dataclasses.replace(CORPUS, tail_share=tail), FORM, AUGMENT)
    for planned in plans.values():
        assert len(planned) == sum(len(batch) for batch in planned.batches())


def test_a_phrase_may_be_as_long_as_the_longest_piece_and_no_longer() -> None:
    # GRID has four steps to a beat: three beats and half of one, and two beats.
    corpus = pieces(train=[piece("long", random_tokens(14, 4)), piece("short", random_tokens(8, 4))])
    form = changed(FORM, beats_per_phrase=3)
    assert phrases.build(corpus, form, AUGMENT)["train"].tokens.shape[1] == 12
    with pytest.raises(DatasetError, match=r"beats_per_phrase is 4, but the longest piece has 3 whole beats; make"):
        phrases.plan(corpus, changed(FORM, beats_per_phrase=4), AUGMENT)


def test_the_lowest_held_pitch_is_transposed_too() -> None:
    held = np.full((1, 4, 4), REST, np.uint8)
    held[0, 0, 0] = ALPHABET.held
    moved, fits = phrases.transpose(held, 1, ALPHABET)
    assert (int(moved[0, 0, 0]), fits.tolist()) == (ALPHABET.held + 1, [True])
    noisy = phrases.noise(held, 2, 2, ALPHABET, np.random.default_rng(0))
    assert int(noisy[0, 0, 0]) == ALPHABET.held + 2
