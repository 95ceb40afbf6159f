"""Which track is whose: by names, programs, order and register."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from quartetvae.music import part_assignment
from quartetvae.music.ensemble import PARTS
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
