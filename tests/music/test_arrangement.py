"""Four parts of what is no quartet: whole lines keep their order of pitch."""

import itertools
from collections.abc import Sequence

import pytest
from music21 import corpus

from quartetvae.io import scores
from quartetvae.music import arrangement, part_assignment
from quartetvae.music.ensemble import PARTS
from quartetvae.music.tracks import Music, Track
from tests.building import line, track


def spread(*tracks: Track) -> list[str]:
    """The lowest pitch of each part, which tells the track that it is; "" where a part rests."""
    music = Music(480, tracks)
    notes = arrangement.spread(music, part_assignment.assign(music).parts)
    return [str(of["pitch"].min()) if len(of) else "" for of in notes]


def voices(*lows: int) -> list[Track]:
    return [track("", 0, *line(low)) for low in lows]


@pytest.mark.parametrize("lows", [*itertools.permutations((67, 62, 57, 45))])
def test_four_lines_go_by_their_pitch_in_whatever_order_they_stand(lows: Sequence[int]) -> None:
    assert spread(*voices(*lows)) == ["67", "62", "57", "45"]


@pytest.mark.parametrize(
    "lows", [(90, 88, 86, 84), (40, 38, 36, 34), (79, 78, 77, 40), (80, 50, 49, 48)], ids=lambda lows: f"{lows}"
)
def test_lines_that_crowd_in_one_register_keep_their_order(lows: Sequence[int]) -> None:
    assert spread(*voices(*lows)) == list(map(str, lows))


def test_a_choir_keeps_its_order() -> None:
    names = {"Soprano": 67, "Alto": 62, "Tenor": 57, "Bass": 45}
    assert spread(*(track(name, 52, *line(low)) for name, low in names.items())) == ["67", "62", "57", "45"]


@pytest.mark.parametrize(
    ("lows", "parts"),
    [
        # From the parts' centres, 76, 69, 62 and 50, to the lines' means, 1.75 above these.
        ((75,), ["75", "", "", ""]),
        ((49,), ["", "", "", "49"]),
        ((75, 49), ["75", "", "", "49"]),
        ((68, 61), ["", "68", "61", ""]),
        # The lower one is nearest to the viola too, but the higher one has to stay above it.
        ((62, 60), ["", "62", "60", ""]),
        ((48, 47), ["", "", "48", "47"]),
        # One by one, the highest would take the part that the next one needs.
        ((72, 71, 70), ["72", "71", "70", ""]),
        ((60, 53, 47), ["", "60", "53", "47"]),
    ],
)
def test_fewer_lines_take_the_nearest_parts_together(lows: Sequence[int], parts: list[str]) -> None:
    for order in itertools.permutations(lows):
        assert spread(*voices(*order)) == parts


def test_a_flute_above_a_string_trio_is_the_first_violin() -> None:
    flute, violin = track("Flute", 73, *line(81)), track("Violin", 40, *line(72))
    viola, cello = track("Viola", 41, *line(60)), track("Violoncello", 42, *line(48))
    assert spread(flute, violin, viola, cello) == ["81", "72", "60", "48"]
    assert spread(cello, viola, violin, flute) == ["81", "72", "60", "48"]


def test_a_known_part_stays_where_lines_can_keep_their_order_around_it() -> None:
    # The line is nearest to the cello, which would be nearer for it than for the cello itself.
    assert spread(track("Viola", 41, *line(60)), track("", 0, *line(57))) == ["", "", "60", "57"]
    assert spread(track("Cello", 42, *line(60)), track("", 0, *line(62))) == ["", "", "62", "60"]
    assert spread(track("Violin 1", 40, *line(60)), track("", 0, *line(57))) == ["60", "", "57", ""]


def test_a_known_part_makes_room_for_a_line_that_lies_beyond_it() -> None:
    assert spread(track("Cello", 42, *line(52)), track("", 0, *line(40))) == ["", "", "52", "40"]
    assert spread(track("Violin 1", 40, *line(72)), track("", 0, *line(84))) == ["84", "72", "", ""]


def test_parts_that_are_known_keep_their_own_order() -> None:
    assert spread(track("Viola", 41, *line(50)), track("Cello", 42, *line(55)), track("", 0, *line(72))) == [
        "72",
        "",
        "50",
        "55",
    ]


def test_a_line_with_a_double_stop_is_a_line() -> None:
    tenor = track("", 0, *line(57, onsets=range(0, 4800, 240)), (0, 200, 52))
    assert spread(*voices(67, 62), tenor, *voices(45)) == ["67", "62", "52", "45"]


def test_the_lines_of_more_than_four_tracks_are_spread_note_by_note() -> None:
    first, *_, last = spread(*voices(79, 72, 65, 57, 45))
    assert (first, last) == ("79", "45")


@pytest.mark.parametrize("name", ["bwv66.6", "bwv269", "bwv10.7", "bwv40.3"])
def test_a_chorale_keeps_its_order(name: str) -> None:
    music = scores.read(corpus.getWork(f"bach/{name}"))
    notes = arrangement.spread(music, part_assignment.assign(music).parts)
    means = [of["pitch"].mean() for of in notes]
    assert means == sorted(means, reverse=True)
    assert sorted(map(len, notes)) == sorted(len(of.notes) for of in music.tracks)
    assert len(PARTS) == len(notes)
