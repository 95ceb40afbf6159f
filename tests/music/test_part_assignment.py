"""Which track is whose: by names, programs, order and register."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from quartetvae.music import part_assignment
from quartetvae.music.ensemble import PARTS, STRING_QUARTET
from quartetvae.music.tracks import Music, Track
from tests.building import line, quartet, track

LATE = range(1920, 3840, 240)
"""Onsets after the eight notes of `building.quartet`."""


def assigned(music: Music, label: str = "") -> Sequence[str | None]:
    found = part_assignment.assign(music, label=label)
    assert found.refusal is None
    return found.parts


def test_a_quartet_is_known_by_its_names_in_any_order() -> None:
    names = ("Cello", "Violin II", "Viola", "Violin I")
    assert assigned(quartet(names=names, programs=(0, 0, 0, 0))) == ("cello", "violin_2", "viola", "violin_1")


def test_a_quartet_is_known_by_its_programs() -> None:
    assert assigned(quartet(names=("", "", "", ""))) == PARTS
    assert assigned(quartet(names=("", "", "", ""), programs=(42, 40, 41, 40))) == (
        "cello",
        "violin_1",
        "viola",
        "violin_2",
    )


def test_empty_tracks_and_drums_are_no_parts() -> None:
    more = track("Copyright", 0), track("Drums", 0, *line(40), is_drum=True)
    assert assigned(quartet(*more)) == (*PARTS, None, None)


@pytest.mark.parametrize("part", range(4))
def test_a_pizzicato_track_joins_its_part_by_name(part: int) -> None:
    name = ("Violin I pizz.", "Violin II pizz.", "Viola pizz.", "Cello pizz.")[part]
    assert assigned(quartet(track(name, 45, *line(60, onsets=LATE)))) == (*PARTS, PARTS[part])


def test_a_technique_joins_the_track_of_the_same_name() -> None:
    names = ("Anna", "Bert", "Carl", "Dora")
    assert assigned(quartet(track("Carl", 44, *line(90)), names=names)) == (*PARTS, "viola")


@pytest.mark.parametrize("silent", range(4))
def test_an_unnamed_pizzicato_track_joins_the_part_that_rests_meanwhile(silent: int) -> None:
    lows = (76, 69, 60, 48)
    players = [
        track("", program, *line(low, onsets=range(0, 3840 if k != silent else 1920, 240)))
        for k, (program, low) in enumerate(zip((40, 40, 41, 42), lows, strict=True))
    ]
    # In the register of the first violin, so that register alone would mislead.
    pizzicato = track("", 45, *line(76, onsets=LATE))
    assert assigned(Music(480, (*players, pizzicato))) == (*PARTS, PARTS[silent])


def test_where_all_parts_rest_the_nearest_register_decides() -> None:
    assert assigned(quartet(track("", 45, *line(47, onsets=LATE)))) == (*PARTS, "cello")
    assert assigned(quartet(track("", 45, *line(68, onsets=LATE)))) == (*PARTS, "violin_2")


def test_two_unnamed_tracks_that_sound_together_go_to_two_parts() -> None:
    # Both are nearest to the viola; the lower of them is nearer to the cello than the upper.
    more = track("", 45, *line(61, onsets=LATE)), track("", 45, *line(57, onsets=LATE))
    assert assigned(quartet(*more)) == (*PARTS, "violin_2", "viola")


def test_two_unnamed_tracks_that_take_turns_may_go_to_one_part() -> None:
    more = track("", 45, *line(61, onsets=LATE)), track("", 44, *line(59, onsets=range(3840, 5760, 240)))
    assert assigned(quartet(*more)) == (*PARTS, "viola", "viola")


def test_the_bowed_track_is_a_parts_main_one() -> None:
    # The pizzicato track has more notes and comes first, but the unnamed tremolo plays where it does.
    pizzicato = track("Viola", 45, *line(60, onsets=range(1920, 5760, 240)))
    found = part_assignment.assign(Music(480, (pizzicato, *quartet().tracks)))
    assert (found.parts, found.refusal) == (("viola", *PARTS), None)


def test_a_small_surplus_track_joins_a_part() -> None:
    divided = track("Viola", 41, (0, 200, 67), (240, 200, 67))
    assert assigned(quartet(divided)) == (*PARTS, "viola")


@pytest.mark.parametrize(
    ("name", "program"), [("Viola II", 41), ("Piano", 0), ("Contrabass", 43), ("Cello 2", 42), ("Flute", 73)]
)
def test_a_fifth_part_is_refused(name: str, program: int) -> None:
    found = part_assignment.assign(quartet(track(name, program, *line(60))))
    assert found.refusal == f"a fifth part: {name} (program {program}), 8 notes"


def test_a_piano_quintet_is_refused_whatever_its_metadata_say() -> None:
    found = part_assignment.assign(quartet(track("Piano", 0, *line(60))), label="String Quartet")
    assert found.refusal is not None
    assert "a fifth part: Piano" in found.refusal


def refused(music: Music, label: str = "") -> str:
    found = part_assignment.assign(music, label=label)
    assert found.refusal is not None
    return found.refusal


# Violins that no number tells apart

TOP_DOWN, BOTTOM_UP = (76, 69, 60, 48), (48, 60, 69, 76)


def players(names: Sequence[str], programs: Sequence[int], lows: Sequence[int]) -> Music:
    every = zip(names, programs, lows, strict=True)
    return Music(480, tuple(track(name, program, *line(low)) for name, program, low in every))


@pytest.mark.parametrize(
    "violins",
    [
        *(("Violin", "Violin"), ("Violin", "Violin 2"), ("Violin 1", "Violin"), ("Violin", "Violin (2)")),
        *(("Violin", "Violin (copy)"), ("Violin", "Violin copy 2"), ("Violin", "Violin II"), ("Violon", "Violon")),
        *(("1 Violin", "2 Violin"), ("Violin", "Solo Violin"), ("小提琴", "小提琴"), ("Violin A", "Violin B")),
    ],
)
@pytest.mark.parametrize("program", [0, 40])
def test_two_violins_in_the_order_of_a_score(violins: tuple[str, str], program: int) -> None:
    music = players((*violins, "Viola", "Cello"), (program, program, 0, 0), TOP_DOWN)
    assert assigned(music) == PARTS


@pytest.mark.parametrize(
    "names", [("Cello", "Viola", "Violin", "Violin"), ("4 Cello", "3 Viola", "2 Violin", "1 Violin")]
)
def test_in_a_file_from_the_bottom_up_the_last_violin_is_the_first(names: tuple[str, ...]) -> None:
    # Their registers do not tell: they differ by a semitone.
    for lows in ((48, 60, 69, 70), (48, 60, 70, 69)):
        found = part_assignment.assign(players(names, (0,) * 4, lows))
        assert (found.parts, found.refusal) == (PARTS[::-1], None)
        assert found.reasons[2:] == ("its name, in a file from the bottom up",) * 2


def test_programs_alone_tell_a_file_from_the_bottom_up() -> None:
    assert assigned(players(("",) * 4, (42, 41, 40, 40), BOTTOM_UP)) == PARTS[::-1]


def test_numbers_are_stronger_than_order() -> None:
    names = ("Cello", "Viola", "Violin 1", "Violin 2")
    assert assigned(players(names, (0,) * 4, (48, 60, 76, 69))) == ("cello", "viola", "violin_1", "violin_2")
    assert assigned(players(names, (0,) * 4, BOTTOM_UP)) == ("cello", "viola", "violin_1", "violin_2")


@pytest.mark.parametrize(
    ("names", "lows"),
    [
        (("Viola", "Violin", "Violin", "Cello"), (60, 69, 76, 48)),
        (("Viola", "Cello", "Violin", "Violin"), (60, 48, 69, 76)),
        (("Cello", "Viola", "Violin", "Violin"), (48, 60, 69, 76)),
        (("Violin", "Cello", "Viola", "Violin"), (69, 48, 60, 76)),
        # From the top down; but never does a first violin lie a fifth below the second throughout.
        (("Violin", "Violin", "Viola", "Cello"), (69, 76, 60, 48)),
    ],
)
def test_where_order_says_nothing_or_is_clearly_wrong_the_higher_violin_is_the_first(
    names: tuple[str, ...], lows: tuple[int, ...]
) -> None:
    found = assigned(players(names, (40,) * 4, lows))
    assert (found[lows.index(76)], found[lows.index(69)]) == ("violin_1", "violin_2")


def test_a_violin_that_lies_a_little_lower_is_the_first_where_it_stands_first() -> None:
    assert assigned(players(("Violin", "Violin", "Viola", "Cello"), (40,) * 4, (69, 70, 60, 48))) == PARTS


def test_a_violins_pizzicato_joins_one_of_the_violins() -> None:
    names = ("Violin", "Violin", "Viola", "Cello")
    low = track("Violin", 45, *line(48, onsets=LATE))
    assert assigned(quartet(low, names=names)) == (*PARTS, "violin_2")


def test_a_violins_pizzicato_is_not_the_other_violin() -> None:
    names = ("Violin", "Violin pizz.", "Viola", "Cello", "Piano")
    assert refused(players(names, (40, 45, 41, 42, 0), (76, 77, 60, 48, 50))).startswith("no track for violin_2 (")


# Voices, and what says nothing


def test_voices_are_no_quartet() -> None:
    names = ("Soprano", "Alto", "Tenor", "Bass")
    for program in (0, 48, 52):
        found = part_assignment.assign(quartet(names=names, programs=(program,) * 4))
        assert found.parts == (None,) * 4
        assert found.refusal is not None
        assert found.refusal.startswith("no track for violin_1, violin_2, viola, cello (found: Soprano (program")


@pytest.mark.parametrize(("third", "fourth", "programs"), [("Alto", "Cello", (65, 42)), ("Viola", "Basso", (41, 43))])
def test_a_name_that_may_be_anothers_yields_to_the_program(third: str, fourth: str, programs: tuple[int, int]) -> None:
    music = quartet(names=("Violin I", "Violin II", third, fourth), programs=(40, 40, *programs))
    assert refused(music).startswith("no track for ")
    same = quartet(names=("Violin I", "Violin II", third, fourth), programs=(40, 40, 0, 0))
    assert assigned(same) == PARTS


def test_voices_that_strings_play_are_a_quartet() -> None:
    assert assigned(quartet(names=("Soprano", "Alto", "Tenor", "Bass"))) == PARTS


def test_names_that_say_strings_say_nothing() -> None:
    names = tuple(f"Strings {k}" for k in range(1, 5))
    assert refused(quartet(names=names, programs=(0,) * 4)).startswith("no track for violin_1, violin_2, viola, cello")


@pytest.mark.parametrize("fourth", ["Contrabass", "Double Bass", "Kontrabass", "Contrabajo", "Violone", "Contrebasse"])
@pytest.mark.parametrize("program", [0, 42, 43, 48])
def test_a_contrabass_is_no_cello(fourth: str, program: int) -> None:
    music = quartet(names=("Violin I", "Violin II", "Viola", fourth), programs=(40, 40, 41, program))
    assert refused(music).startswith("no track for cello (")
    assert refused(music, label="String Quartet").startswith("no track for cello (")


@pytest.mark.parametrize("program", [43, 45, 48, 40, 42])
def test_a_contrabass_joins_no_part(program: int) -> None:
    bass = track("Contrabass", program, *line(40, onsets=LATE))
    assert refused(quartet(bass)) == f"a fifth part: Contrabass (program {program}), 8 notes"
    few = track("Contrabass", program, (3840, 200, 40), (4080, 200, 41))
    assert assigned(quartet(few)) == (*PARTS, None)


# Parts more than four


def test_an_orchestra_is_refused() -> None:
    names = ("Flute", "Oboe", "Clarinet in A", "Bassoon", "Horn in F", "Trumpet", "Timpani")
    winds = [track(name, 73, *line(70)) for name in names]
    found = refused(Music(480, (*winds, *quartet().tracks, track("Contrabass", 43, *line(36)))))
    assert found == (
        "more parts: Flute (program 73), 8 notes; Oboe (program 73), 8 notes; Clarinet in A (program 73), 8 notes; "
        "Bassoon (program 73), 8 notes; Horn in F (program 73), 8 notes; Trumpet (program 73), 8 notes; 2 more"
    )


@pytest.mark.parametrize("programs", [(71, 70, 60), (0, 0, 0), (40, 41, 42), (73, 48, 43)])
def test_small_parts_count_together(programs: tuple[int, ...]) -> None:
    # Each has 5 % of the notes.
    names = ("Clarinet", "Bassoon", "Horn")
    more = [track(name, program, (0, 200, 60), (960, 200, 62)) for name, program in zip(names, programs, strict=True)]
    assert refused(quartet(*more)).startswith("more parts: Clarinet (program")
    assert assigned(quartet(more[0])) == (*PARTS, None)


def test_twelve_equal_string_players_are_no_quartet() -> None:
    every = [track(name, program, *line(low)) for _ in range(3) for name, program, low in STRINGS]
    assert refused(Music(480, tuple(every))).startswith("more parts: Violin I (program 40), 8 notes; Violin I")


STRINGS = [("Violin I", 40, 76), ("Violin II", 40, 69), ("Viola", 41, 60), ("Cello", 42, 48)]


@pytest.mark.parametrize(
    "more",
    [
        ("Violin III", "Violin IV", "Viola II", "Cello II"),
        ("Violin 3", "Violin 4", "Viola 2", "Cello 2"),
        ("Violin", "Violin", "Viola", "Cello"),
    ],
)
@pytest.mark.parametrize("program", [0, 40])
def test_a_string_octet_is_refused(more: tuple[str, ...], program: int) -> None:
    assert "part" in refused(quartet(*(track(name, program, *line(60)) for name in more)))


def test_further_players_of_few_notes_count_together() -> None:
    names = ("Violin III", "Viola II", "Cello II")
    more = [track(name, 40, (0, 200, 60), (960, 200, 62)) for name in names]
    assert refused(quartet(*more)).startswith("more parts: Violin III (program 40), 2 notes; Viola II")


def test_second_staves_of_all_parts_join_them_however_many() -> None:
    # 5 % of the notes each, and 17 % together.
    more = [track(f"{name} div.", 40, (0, 200, 60), (960, 200, 62)) for name, *_ in STRINGS]
    assert assigned(quartet(*more)) == (*PARTS, *PARTS)


def test_second_staves_of_one_part_that_have_many_notes_are_parts() -> None:
    more = [track("Viola", 41, (0, 200, 60), (960, 200, 62)) for _ in range(2)]
    assert refused(quartet(*more)) == "more parts: Viola (program 41), 2 notes; Viola (program 41), 2 notes"


def test_four_tracks_that_rise_are_from_the_bottom_up() -> None:
    assert assigned(players(("",) * 4, (48,) * 4, BOTTOM_UP)) == PARTS[::-1]
    assert assigned(players(("",) * 4, (0,) * 4, BOTTOM_UP), label="String Quartet") == PARTS[::-1]


FOUR_CELLOS = quartet(names=("", "", "", ""), programs=(42, 42, 42, 42))
UNNAMED = quartet(names=("", "", "", ""), programs=(0, 0, 0, 0))


@pytest.mark.parametrize("music", [FOUR_CELLOS, UNNAMED])
def test_four_tracks_that_nothing_tells_apart_are_refused(music: Music) -> None:
    found = part_assignment.assign(music)
    assert found.refusal is not None
    assert "no track for violin_1, violin_2, viola" in found.refusal
    assert "unnamed (program" in found.refusal


@pytest.mark.parametrize("music", [FOUR_CELLOS, UNNAMED])
def test_four_tracks_of_a_known_quartet_are_in_the_order_of_a_score(music: Music) -> None:
    assert assigned(music, label="String Quartet") == PARTS


def test_four_ensemble_tracks_are_in_the_order_of_a_score() -> None:
    assert assigned(quartet(names=("", "", "", ""), programs=(48, 48, 48, 48))) == PARTS


def test_a_track_out_of_place_speaks_against_the_order_of_a_score() -> None:
    found = part_assignment.assign(quartet(names=("Cello", "", "", ""), programs=(48, 48, 48, 48)))
    assert found.refusal is not None
    assert found.refusal.startswith("no track for violin_1, violin_2, viola (found: Cello (program 48)")


def test_another_ensemble_is_refused_but_its_parts_are_found() -> None:
    found = part_assignment.assign(quartet(), label="Solo Violin")
    assert (found.parts, found.refusal) == (PARTS, "its ensemble is Solo Violin")


@pytest.mark.parametrize("music", [Music(480, ()), Music(480, (track("Violin I", 40),))])
def test_a_file_without_notes_is_refused(music: Music) -> None:
    assert part_assignment.assign(music).refusal == "no track for violin_1, violin_2, viola, cello (found: no notes)"


def test_one_name_for_all_tracks_tells_nothing() -> None:
    assert assigned(quartet(names=("Violin 1",) * 4)) == PARTS
    assert assigned(quartet(track("Cello", 45, *line(61, onsets=LATE)), names=("Cello",) * 4)) == (*PARTS, "viola")


def test_what_decided_about_each_track() -> None:
    by_name = part_assignment.assign(
        quartet(track("Viola", 45, *line(60, onsets=LATE)), track("", 48, *line(77, onsets=LATE)))
    )
    assert by_name.reasons == (*["its name"] * 4, "joins it by its name", "joins it by rests and register")
    by_program = part_assignment.assign(quartet(names=("", "", "", "")))
    assert by_program.reasons == tuple(f"its program, {program}" for program in (40, 40, 41, 42))
    by_place = part_assignment.assign(UNNAMED, label="String Quartet")
    assert by_place.reasons == tuple(f"{place} of four tracks" for place in ("first", "second", "third", "fourth"))


@pytest.mark.parametrize(
    ("surplus", "reason"),
    [
        (track("Piano", 0, *line(60)), "a part of its own: 20% of all notes"),
        (track("Piano", 0, (0, 1, 60)), "neither name nor program tells a part"),
        (track("Piano", 48, (0, 1, 60)), "its name is another instrument's, whatever its program"),
        (track("Violin III", 0, (0, 1, 60)), "its name is another player's"),
        (track("Anna", 0, (0, 1, 60)), "neither name nor program tells a part"),
        (track("Viola", 41, *line(60)), "a part of its own: 20% of all notes"),
        (track("", 0), "no notes"),
        (replace(track("Kit", 0, *line(60)), is_drum=True), "percussion"),
    ],
)
def test_why_a_track_has_no_part(surplus: Track, reason: str) -> None:
    assert part_assignment.assign(quartet(surplus)).reasons[4] == reason


@pytest.mark.parametrize(
    ("names", "reason"),
    [(("Viola", "Viola", "", "Cello"), "one more of this name"), (("",) * 4, "one more of program 42")],
)
def test_why_a_quartet_was_not_found(names: tuple[str, ...], reason: str) -> None:
    found = part_assignment.assign(quartet(names=names, programs=(42,) * 4))
    assert found.refusal is not None
    assert reason in found.reasons


def test_merging_joins_the_tracks_of_a_part_in_order_of_onset() -> None:
    tracks = [track("a", 40, (480, 10, 60)), track("b", 45, (0, 10, 62), (480, 10, 55)), track("c", 0, (0, 1, 1))]
    first, second, viola, cello = part_assignment.merge(tracks, ["violin_1", "violin_1", None])
    assert first[["onset", "pitch"]].tolist() == [(0, 62), (480, 55), (480, 60)]
    assert len(second) == len(viola) == len(cello) == 0


# What mutants survived (trust/mutants.py)


@pytest.mark.parametrize(("lowered", "first"), [(0, "violin_2"), (1, "violin_1")])
def test_three_semitones_higher_is_clearly_higher_and_a_little_less_is_not(lowered: int, first: str) -> None:
    first_violin, *others = players(("Violin", "Violin", "Viola", "Cello"), (40,) * 4, (69, 72, 60, 48)).tracks
    (onset, duration, pitch), *rest = line(72)
    others[0] = track("Violin", 40, (onset, duration, pitch - lowered), *rest)
    assert assigned(Music(480, (first_violin, *others)))[0] == first


@pytest.mark.parametrize(("notes", "is_fifth"), [(4, True), (3, False)])
def test_a_tenth_of_all_notes_is_a_part_of_its_own(notes: int, is_fifth: bool) -> None:
    # Four parts of nine notes, and four of 40 or three of 39.
    nine = [track(name, program, *line(low, onsets=range(0, 2160, 240))) for name, program, low in STRINGS]
    piano = track("Piano", 0, *line(60)[:notes])
    found = part_assignment.assign(Music(480, (*nine, piano)))
    assert found.refusal == ("a fifth part: Piano (program 0), 4 notes" if is_fifth else None)


def test_programs_tell_a_file_from_the_bottom_up_where_registers_do_not() -> None:
    for lows in ((48, 60, 69, 70), (48, 60, 70, 69)):
        assert assigned(players(("",) * 4, (42, 41, 40, 40), lows)) == PARTS[::-1]


@pytest.mark.parametrize(
    ("names", "lows"),
    [
        (("Viola", "Violin", "Violin", "Cello"), (60, 69, 70, 48)),
        (("Cello", "Violin", "Violin", "Viola"), (48, 69, 70, 60)),
        (("Viola", "Cello", "Violin", "Violin"), (60, 48, 69, 70)),
        (("Violin", "Cello", "Viola", "Violin"), (69, 48, 60, 70)),
        (("Cello", "Violin", "Viola", "Violin"), (48, 69, 60, 70)),
    ],
)
def test_where_order_says_nothing_the_higher_violin_is_the_first_by_however_little(
    names: tuple[str, ...], lows: tuple[int, ...]
) -> None:
    found = part_assignment.assign(players(names, (40,) * 4, lows))
    assert (found.parts[lows.index(70)], found.parts[lows.index(69)]) == ("violin_1", "violin_2")
    assert found.reasons[lows.index(70)] == "its name, and its register"


def test_a_track_that_plays_while_a_parts_first_note_sounds_is_not_that_parts() -> None:
    violins = [track(name, 40, *line(low)) for name, low in (("Violin I", 76), ("Violin II", 69))]
    lower = track("Viola", 41, (0, 3840, 62)), track("Cello", 42, *line(48))
    # Nearest to the viola, whose one note sounds on; of those that rest, to the second violin.
    pizzicato = track("", 45, *line(62, onsets=LATE))
    assert assigned(Music(480, (*violins, *lower, pizzicato))) == (*PARTS, "violin_2")


def test_the_name_of_the_only_track_tells_its_part() -> None:
    found = part_assignment.assign(Music(480, (track("Viola", 0, *line(60)),)))
    assert found.parts == ("viola",)
    assert found.refusal == "no track for violin_1, violin_2, cello (found: Viola (program 0))"


def test_four_tracks_of_one_register_are_from_the_top_down() -> None:
    assert assigned(players(("",) * 4, (48,) * 4, (60,) * 4)) == PARTS


def test_a_name_that_two_tracks_share_tells_nothing_and_that_of_a_single_one_does() -> None:
    one = track("Cello", 40, *line(76))
    assert part_assignment.assign(Music(480, (one,))).parts == ("cello",)
    other = track("Cello", 40, *line(69))
    assert part_assignment.assign(Music(480, (one, other))).parts == ("violin_1", "violin_2")


def test_a_part_that_has_many_notes_is_one_whatever_else_has_few() -> None:
    few = track("Piano", 0, (0, 200, 60))
    assert refused(quartet(few, track("Viola", 41, *line(60)))) == "a fifth part: Viola (program 41), 8 notes"


def test_one_lower_part_does_not_tell_a_file_from_the_bottom_up() -> None:
    found = part_assignment.assign(players(("Cello", "Violin", "Violin"), (42, 40, 40), (48, 70, 69)))
    assert found.parts == ("cello", "violin_1", "violin_2")
    assert found.reasons[1:] == ("its name, and its register",) * 2


def test_one_note_of_hundreds_that_sounds_over_a_part_does_not_keep_a_track_from_it() -> None:
    _, *others = quartet().tracks
    first = track("Violin I", 40, *line(76), (4000, 300, 76))
    pizzicato = track("", 45, *line(76, onsets=range(1920, 1920 + 300 * 240, 240)))
    assert assigned(Music(480, (first, *others, pizzicato))) == (*PARTS, "violin_1")


THIRD_VIOLIN = replace(STRING_QUARTET.parts[1], id="violin_3", name="Violin III")
THREE_VIOLINS = replace(
    STRING_QUARTET, parts=(*STRING_QUARTET.parts[:2], THIRD_VIOLIN, STRING_QUARTET.parts[3]), name="three violins"
)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_violin_with_a_number_says_nothing_of_the_order_of_two_without(number: int) -> None:
    # The second of those without a number lies a semitone higher, which is not clearly higher.
    music = players((f"Violin {number}", "Violin", "Violin", "Cello"), (40, 40, 40, 42), (69, 69, 70, 48))
    found = part_assignment.assign(music, ensemble=THREE_VIOLINS)
    others = [f"violin_{k}" for k in (1, 2, 3) if k != number]
    assert found.parts == (f"violin_{number}", *others, "cello")
    assert found.reasons[1:3] == ("its name",) * 2


@pytest.mark.parametrize(
    ("cello", "parts", "reason"),
    [
        (3, ("violin_1", "violin_2", "violin_3", "cello"), "its name"),
        (2, ("violin_3", "violin_2", "cello", "violin_1"), "its name, and its register"),
        (1, ("violin_3", "cello", "violin_2", "violin_1"), "its name, and its register"),
        (0, ("cello", "violin_3", "violin_2", "violin_1"), "its name, and its register"),
    ],
)
def test_three_violins_are_in_the_order_of_the_file_only_if_the_cello_stands_below_them_all(
    cello: int, parts: tuple[str, ...], reason: str
) -> None:
    names, lows = ["Violin"] * 3, [69, 70, 71]
    names.insert(cello, "Cello")
    lows.insert(cello, 48)
    found = part_assignment.assign(players(names, (0,) * 4, lows), ensemble=THREE_VIOLINS)
    assert found.parts == parts
    assert found.reasons == tuple("its name" if name == "Cello" else reason for name in names)
