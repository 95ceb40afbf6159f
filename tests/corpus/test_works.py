"""Works: the same music is found whatever it is called, and nothing else is."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartetvae.corpus import encoding, metadata, works
from quartetvae.corpus.works import Windows
from quartetvae.music import part_assignment
from quartetvae.music.notes import Notes, make_notes

TICKS = 480
LOWS = (72, 65, 58, 45)
PREFER = ("musicnet", "openscore")


def music(seed: int, beats: int = 64) -> list[Notes]:
    """Four parts of random eighths and quarters on random steps of a scale."""
    rng = np.random.default_rng(seed)
    parts = []
    for low in LOWS:
        onsets = np.flatnonzero(rng.random(2 * beats) < 0.7) * TICKS // 2
        pitches = low + np.array([0, 2, 4, 5, 7, 9, 11])[rng.integers(0, 7, len(onsets))]
        parts.append(make_notes(onsets, TICKS // 2, pitches))
    return parts


def changed(parts: list[Notes], *, semitones: int = 0, later: int = 0, times: int = 1, length: int = 0) -> list[Notes]:
    return [
        make_notes(
            (notes["onset"] + later) * times, length or notes["duration"], notes["pitch"].astype(int) + semitones
        )
        for notes in parts
    ]


def after(*sections: list[Notes], beats: int = 64) -> list[Notes]:
    """Sections of so many beats, one after the other."""
    moved = [changed(section, later=k * beats * TICKS) for k, section in enumerate(sections)]
    return [np.concatenate(part) for part in zip(*moved, strict=True)]


def share(one: list[Notes], other: list[Notes], *, ticks: int = TICKS) -> float:
    found = works.matches([works.windows(one, TICKS), works.windows(other, ticks)])
    return found[0].share if found else 0.0


# Windows

MUSIC = music(0)


def test_the_windows_of_a_piece_in_figures() -> None:
    # A window for each onset on which enough follows: by hand, from the definition.
    events = sorted({(onset, pitch) for part in MUSIC for onset, _, pitch, _ in part.tolist()})
    wanted = set()
    for anchor in sorted({onset for onset, _ in events}):
        inside = [(onset - anchor, pitch) for onset, pitch in events if anchor <= onset < anchor + 4 * TICKS]
        chords = {tuple(p for o, p in inside if o == onset) for onset, _ in inside}
        if len(inside) >= 8 and len({pitch for _, pitch in inside}) >= 4 and len(chords) >= 4:
            wanted.add(tuple((onset, pitch - inside[0][1]) for onset, pitch in inside))
    found = works.windows(MUSIC, TICKS)
    assert len(found) == len(wanted) > 80
    assert sorted(set(found.tolist())) == found.tolist()


@pytest.mark.parametrize("semitones", [-13, -1, 5, 12])
def test_a_transposed_piece_is_the_same(semitones: int) -> None:
    assert share(MUSIC, changed(MUSIC, semitones=semitones)) == 1


@pytest.mark.parametrize("later", [TICKS // 4, TICKS // 2, TICKS, 3 * TICKS])
def test_a_piece_with_another_pickup_is_the_same(later: int) -> None:
    assert share(MUSIC, changed(MUSIC, later=later)) == 1


def test_lengths_of_notes_and_a_files_resolution_do_not_matter() -> None:
    assert share(MUSIC, changed(MUSIC, times=2, length=10), ticks=2 * TICKS) == 1


def test_who_plays_a_note_does_not_matter_nor_do_unisons() -> None:
    one, two, three, four = MUSIC
    assert share(MUSIC, [np.concatenate([two, one[::2]]), one, four, np.concatenate([three, two[:9]])]) == 1


def test_a_repeat_that_one_edition_plays_takes_away_no_more_than_its_seams() -> None:
    other = music(1)
    assert share(after(MUSIC, MUSIC, other), after(MUSIC, other)) > 0.95


def test_ornaments_take_away_the_windows_that_they_are_in() -> None:
    graces = make_notes(np.arange(4, 64, 16) * TICKS - 40, 40, 90)
    found = share(MUSIC, [np.concatenate([MUSIC[0], graces]), *MUSIC[1:]])
    assert 0.5 < found < 0.9


def test_other_music_is_not_the_same() -> None:
    assert share(MUSIC, music(1)) == 0


def test_a_movement_of_a_whole_work_is_found_in_it() -> None:
    # All but the windows that go on into the next movement.
    assert share(after(music(1), MUSIC, music(2)), MUSIC) > 0.95


PLAIN = np.arange(64) * TICKS
SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12])[np.arange(64) % 8] + 60


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([make_notes([], [], [])] * 4, id="silence"),
        pytest.param([make_notes([0], [480], [60]), *[make_notes([], [], [])] * 3], id="a note"),
        pytest.param([make_notes(PLAIN, 480, SCALE), *[make_notes([], [], [])] * 3], id="a scale"),
        pytest.param([make_notes(PLAIN, 480, SCALE)] * 4, id="a scale in unison"),
        pytest.param(
            [make_notes(np.delete(PLAIN, np.arange(k, 64, 4 + k)) // 2, 240, 60 + k) for k in range(3)],
            id="three pitches",
        ),
        pytest.param([make_notes(PLAIN // 4, 100, pitch) for pitch in (48, 60, 64, 67)], id="a repeated chord"),
    ],
)
def test_what_tells_nothing_is_in_no_window(parts: list[Notes]) -> None:
    assert not len(works.windows(parts, TICKS))


@given(st.lists(st.sets(st.integers(0, 60), max_size=12), max_size=8))
def test_the_index_finds_what_all_pairs_would(sets: list[set[int]]) -> None:
    pieces: list[Windows] = [np.array(sorted(one), np.uint64) for one in sets]
    found = {(match.first, match.second): (match.common, match.share) for match in works.matches(pieces)}
    wanted = {}
    for (a, one), (b, other) in itertools.combinations(enumerate(sets), 2):
        if one & other:
            wanted[a, b] = len(one & other), len(one & other) / min(len(one), len(other))
    assert found == wanted
    assert list(found) == sorted(found)


def test_a_window_of_many_pieces_is_no_sign() -> None:
    one: Windows = np.array([7], np.uint64)
    assert len(works.matches([one] * works.COMMON)) == works.COMMON * (works.COMMON - 1) // 2
    assert works.matches([one] * (works.COMMON + 1)) == []
    # Nor does it count among the windows of a piece.
    pieces: list[Windows] = [np.array([7, k // 2 + 100], np.uint64) for k in range(works.COMMON + 2)]
    assert {match.share for match in works.matches(pieces)} == {1}


# Works


@dataclass(frozen=True)
class File:
    """A candidate (id, source, composer, work and fingerprint), and its windows."""

    candidate: tuple[str, str, str, str, str]
    windows: Windows


@dataclass(frozen=True)
class Place:
    """Where a candidate belongs, by ids; "" for no duplicate."""

    work_id: str
    duplicate_of: str = ""
    share: float = 0.0
    same_notes: bool = False


def candidate(id: str, title: str, windows: range | list[int], *, notes: str = "", composer: str = "Mozart") -> File:
    """A file of `source` (the first part of its id); windows are numbers."""
    hashes: Windows = np.array(windows, np.uint64)
    return File((id, id.split("-", maxsplit=1)[0], composer, title, notes or id), hashes)


def places(*files: File, prefer: tuple[str, ...] = PREFER) -> dict[str, Place]:
    rows = [dict(zip(works.CANDIDATE.names, file.candidate, strict=True)) for file in files]
    same = [match for match in works.matches([file.windows for file in files]) if match.is_same]
    found = works.sort_out(pa.Table.from_pylist(rows, schema=works.CANDIDATE), same, prefer)
    ids = [row["id"] for row in rows]
    return {
        id: Place(ids[work], ids[other] if other >= 0 else "", share, same_notes)
        for id, work, other, share, same_notes in zip(
            ids,
            found.work.tolist(),
            found.duplicate_of.tolist(),
            found.share.tolist(),
            found.same_notes.tolist(),
            strict=True,
        )
    }


M1 = candidate("musicnet-1", "Dissonance", range(100))
M2 = candidate("musicnet-2", "Dissonance", range(100, 200))
O1 = candidate("openscore-1", "K. 465", range(40, 140))
"""60 of its 100 windows are of M1, 40 of M2."""
O2 = candidate("openscore-2", "K. 465", range(190, 290))
O3 = candidate("openscore-3", "K. 465", range(300, 400))
"""Which MusicNet lacks."""
OTHER = candidate("openscore-4", "Dissonance", range(500, 600))
"""Of another work that bears the same title in another source."""


def test_a_work_of_two_sources_is_one_and_the_preferred_edition_is_used() -> None:
    found = places(O1, O2, O3, OTHER, M1, M2)
    assert found == {
        "openscore-1": Place("musicnet-1", "musicnet-1", 0.6),
        "openscore-2": Place("musicnet-1", "musicnet-2", 0.1),
        # A movement that the preferred edition lacks is used, and lies with its work.
        "openscore-3": Place("musicnet-1"),
        "openscore-4": Place("openscore-4"),
        "musicnet-1": Place("musicnet-1"),
        "musicnet-2": Place("musicnet-1"),
    }


def test_the_other_edition_is_used_if_it_is_preferred() -> None:
    found = places(M1, M2, O1, O2, O3, prefer=("openscore",))
    assert {id: place.duplicate_of for id, place in found.items()} == {
        **{"musicnet-1": "openscore-1", "musicnet-2": "openscore-1"},
        **{"openscore-1": "", "openscore-2": "", "openscore-3": ""},
    }
    assert {place.work_id for place in found.values()} == {"openscore-1"}


def test_without_a_preference_the_edition_that_comes_first_is_used() -> None:
    assert [place.duplicate_of for place in places(O1, M1, prefer=()).values()] == ["", "openscore-1"]
    assert [place.duplicate_of for place in places(M1, O1, prefer=()).values()] == ["", "musicnet-1"]


def test_editions_of_one_source_are_two_as_well() -> None:
    other = candidate("musicnet-9", "KV 465", range(20, 120))
    assert places(M1, M2, other)["musicnet-9"] == Place("musicnet-1", "musicnet-1", 0.8)


def test_an_edition_is_of_one_source_one_composer_and_one_title() -> None:
    # Each differs from M1 in one of them alone.
    others = (
        candidate("openscore-9", "Dissonance", range(500, 600)),
        candidate("musicnet-8", "Dissonance", range(600, 700), composer="Haydn"),
        candidate("musicnet-9", "Jeunehomme", range(700, 800)),
    )
    found = places(M1, M2, *others)
    assert [place.work_id for place in found.values()] == ["musicnet-1", "musicnet-1", *list(found)[2:]]


def test_movements_of_one_edition_that_are_alike_are_both_used() -> None:
    again = candidate("musicnet-9", "Dissonance", range(20, 120))
    assert places(M1, again)["musicnet-9"] == Place("musicnet-1")


def test_the_same_notes_are_one_piece_even_in_one_edition() -> None:
    again = candidate("musicnet-9", "Dissonance", M1.windows.tolist(), notes=M1.candidate[-1])
    elsewhere = candidate("musicnet-8", "Another", M1.windows.tolist(), notes=M1.candidate[-1])
    found = places(M1, again, elsewhere)
    assert found["musicnet-9"] == Place("musicnet-1", "musicnet-1", 1.0, same_notes=True)
    assert found["musicnet-8"] == Place("musicnet-1", "musicnet-1", 1.0, same_notes=True)


@pytest.mark.parametrize(
    ("common", "of", "same"), [(8, 100, True), (7, 100, False), (30, 1000, True), (29, 1000, False), (8, 8, True)]
)
def test_a_few_windows_in_common_are_chance(common: int, of: int, same: bool) -> None:
    one, other = (
        candidate("musicnet-1", "a", range(of)),
        candidate("openscore-1", "b", range(of - common, 2 * of - common)),
    )
    assert (places(one, other)["openscore-1"].work_id == "musicnet-1") is same


def test_works_hang_together_through_a_third() -> None:
    third = candidate("directory-1", "all of it", range(60, 160))
    found = places(M1, candidate("musicnet-7", "Finale", range(110, 200)), third)
    assert {place.work_id for place in found.values()} == {"musicnet-1"}


def test_a_corpus_without_quartets_has_no_works() -> None:
    assert places() == {}


def test_no_two_works_of_musicnet_are_alike(musicnet_raw: Path) -> None:
    table = metadata.read(musicnet_raw)
    rows = table[table["ensemble"] == "String Quartet"].to_dict("records")
    pieces = []
    for row in rows:
        music, found = encoding.read(musicnet_raw / row["file"], label=row["ensemble"])
        pieces.append(works.windows(part_assignment.merge(music.tracks, found.parts), music.ticks_per_beat))
    assert min(map(len, pieces)) > 100
    titles = pd.Series([row["work"] for row in rows])
    found_shares = {(match.first, match.second): match.share for match in works.matches(pieces)}
    others = [share for (a, b), share in found_shares.items() if titles[a] != titles[b]]
    assert max(others, default=0) < works.SAME / 10
    # Four pairs are there twice, exactly; no other two movements of a work are alike.
    alike = [share for (a, b), share in found_shares.items() if titles[a] == titles[b]]
    assert sorted(alike)[-4:] == [1, 1, 1, 1]
    assert max(sorted(alike)[:-4], default=0) < works.SAME / 10
