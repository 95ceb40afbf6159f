"""A corpus: what is a quartet in it, what is there twice, and what comes of encoding it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from quartetvae import config
from quartetvae.corpus import encoding, metadata, outlines, paper_files, split, survey, survey_figures, tables
from quartetvae.corpus.outlines import Outline
from quartetvae.corpus.records import Origin
from quartetvae.errors import ArgumentError, CorpusError
from quartetvae.io import limits, midi
from quartetvae.music import codec, part_assignment
from quartetvae.music.codec import Alphabet
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, PARTS
from quartetvae.music.quartet import Grid, Piece
from quartetvae.music.tracks import Music, TimeSignature
from quartetvae.pipeline import params
from tests import building
from tests.building import line, quartet, track, write_corpus

WIDE = Alphabet(36, 99)
GRID = Grid(4, WIDE)


def known(encoded: Sequence[tuple[Piece, codec.Losses]]) -> list[Outline]:
    return [outlines.outline(piece, losses) for piece, losses in encoded]


# MusicNet


@pytest.fixture(scope="module")
def table(musicnet_raw: Path) -> pd.DataFrame:
    return survey.survey(musicnet_raw, match="quartet")


@pytest.fixture(scope="module")
def encoded(musicnet_raw: Path, table: pd.DataFrame) -> list[tuple[Piece, codec.Losses]]:
    return list(encoding.encode_all(musicnet_raw, table, GRID))


def test_the_counts_of_musicnet(table: pd.DataFrame) -> None:
    figures = survey_figures.figures(table)
    composers = figures["composers"]
    assert figures["works_in_several_sources"] == {}
    assert list(figures["sources"]) == ["musicnet"]
    assert figures["sources"]["musicnet"]["refused"]["its ensemble is String Sextet"] == 5
    assert sum(figures["sources"]["musicnet"]["refused"].values()) == 330 - 57
    assert {name: count for name, count in figures.items() if isinstance(count, int)} == {
        "files_read": 330,
        "unreadable": 0,
        "quartets": 57,
        "duplicates": 4,
        "selected": 53,
        "works": 21,
    }
    assert {name: (of["selected"], of["works"]) for name, of in composers.items()} == {
        "Beethoven": (28, 11),
        "Brahms": (2, 1),
        "Dvorak": (6, 2),
        "Haydn": (3, 1),
        "Mozart": (10, 5),
        "Ravel": (4, 1),
    }


def test_every_file_of_musicnet_has_a_row_and_a_reason(table: pd.DataFrame) -> None:
    assert len(table) == table["id"].nunique() == 330
    assert (table["reason"] != "").all()
    assert (table["sha256"].str.len() == 64).all()
    assert sorted(table["position"][table["position"] >= 0]) == list(range(53))
    assert ((table["position"] >= 0) == (table["decision"] == survey.SELECTED)).all()


def test_damaged_files_of_musicnet_are_read_all_the_same(table: pd.DataFrame) -> None:
    # symusic alone refuses them; see `quartetvae.io.midi_repair`.
    damaged = table[table["id"].isin(["2194", "2211", "2227", "2230", "2292", "2305", "2310"])]
    assert set(damaged["reason"]) == {"its ensemble is Solo Piano"}
    assert (damaged["notes"] > 100).all()


def test_the_duplicates_of_musicnet(table: pd.DataFrame) -> None:
    twice = table[table["duplicate_of"] != ""]
    assert dict(zip(twice["id"], twice["duplicate_of"], strict=True)) == {
        "1792": "1788",
        "1793": "1789",
        "1922": "1918",
        "1923": "1919",
    }
    assert set(twice["decision"]) == {survey.DUPLICATE}


def test_on_musicnet_quartets_are_what_its_metadata_call_so(table: pd.DataFrame) -> None:
    known = table[(table["ensemble"] == "String Quartet") & (table["decision"] != survey.UNREADABLE)]
    found = table[table["decision"].isin([survey.SELECTED, survey.DUPLICATE])]
    assert set(found["id"]) == set(known["id"])


def test_the_papers_files_are_selected_in_its_order(musicnet_raw: Path) -> None:
    table = survey.survey(musicnet_raw, match="paper")
    selected = table[table["position"] >= 0].sort_values("position")
    assert tuple(selected["id"]) == paper_files.IDS
    assert (selected["decision"] == survey.SELECTED).all()
    assert (table["decision"] == survey.SELECTED).sum() == 36


def test_without_metadata_the_same_quartets_of_musicnet_are_found_and_the_solo_fugue(
    musicnet_raw: Path, table: pd.DataFrame
) -> None:
    found = {
        row["id"]
        for row in table[table["decision"] != survey.UNREADABLE].to_dict("records")
        if part_assignment.assign(midi.read(musicnet_raw / row["file"])).refusal is None
    }
    known = set(table["id"][table["decision"].isin([survey.SELECTED, survey.DUPLICATE])])
    assert found == known | {"2242"}


def test_musicnet_fills_the_alphabet_of_66_symbols(encoded: list[tuple[Piece, codec.Losses]]) -> None:
    assert len(encoded) == 53
    used = np.unique(np.concatenate([piece.tokens for piece, _ in encoded]))
    assert used.tolist() == list(range(66))  # pitches 36 to 99, rest, sustain
    assert sum(losses.moved_into_range for _, losses in encoded) == 0


def test_encoding_what_was_decoded_is_the_identity_on_musicnet(encoded: list[tuple[Piece, codec.Losses]]) -> None:
    for piece, _ in encoded:
        again, losses = codec.encode(
            codec.decode(piece.tokens, WIDE), ticks_per_beat=4, steps_per_beat=4, alphabet=WIDE
        )
        assert np.array_equal(again, piece.tokens), piece.id
        assert losses == codec.Losses(notes=losses.notes), piece.id


def test_every_part_of_musicnet_keeps_its_onsets_within_half_a_step(
    musicnet_raw: Path, table: pd.DataFrame, encoded: list[tuple[Piece, codec.Losses]]
) -> None:
    rows = {row["id"]: row for row in table.to_dict("records")}
    for piece, _ in encoded:
        row = rows[piece.id]
        source = midi.read(musicnet_raw / row["file"])
        for k, part in enumerate(PARTS):
            steps = np.flatnonzero(piece.tokens[:, k] < WIDE.rest) / 4 * source.ticks_per_beat
            tracks = [t.notes["onset"] for t, p in zip(source.tracks, row["parts"], strict=True) if p == part]
            ticks = np.unique(np.concatenate(tracks))
            for some, others in ((steps, ticks), (ticks, steps)):
                right = np.clip(np.searchsorted(others, some), 1, len(others) - 1)
                nearest = np.minimum(np.abs(others[right] - some), np.abs(others[right - 1] - some))
                assert nearest.max() <= source.ticks_per_beat / 8, (piece.id, part)


@pytest.mark.parametrize("steps_per_beat", [8, 12])
def test_musicnet_on_finer_grids_is_as_long_and_loses_less(
    musicnet_raw: Path, table: pd.DataFrame, encoded: list[tuple[Piece, codec.Losses]], steps_per_beat: int
) -> None:
    fine = list(encoding.encode_all(musicnet_raw, table, Grid(steps_per_beat, WIDE)))
    assert len(fine) == 53
    for (piece, losses), (coarse, coarse_losses) in zip(fine, encoded, strict=True):
        assert piece.id == coarse.id
        assert abs(len(piece.tokens) / steps_per_beat - len(coarse.tokens) / 4) <= 1 / 4
        assert losses.merged_on_grid <= coarse_losses.merged_on_grid
    assert sum(losses.off_grid for _, losses in fine) < sum(losses.off_grid for _, losses in encoded)


def test_the_figures_of_encoding_musicnet(encoded: list[tuple[Piece, codec.Losses]]) -> None:
    splits = {piece.id: "train" for piece, _ in encoded[1:]} | {encoded[0][0].id: "test"}
    figures = encoding.figures(known(encoded), splits, GRID)
    assert (figures["pieces"], figures["alphabet"], figures["symbols_used"]) == (53, 66, 66)
    assert (figures["pitch_lowest"], figures["pitch_highest"]) == (36, 99)
    assert figures["steps"] == sum(len(piece.tokens) for piece, _ in encoded)
    assert figures["phrases"] == sum(-(-len(piece.tokens) // 16) for piece, _ in encoded)
    assert 0 < figures["onsets_off_grid_share"] < 1
    steps = len(encoded[0][0].tokens)
    assert figures["splits"]["test"] == {"works": 1, "pieces": 1, "steps": steps, "beats": -(-steps // 4)}
    assert figures["splits"]["train"]["pieces"] == 52
    assert figures["splits"]["validation"] == {"works": 0, "pieces": 0, "steps": 0, "beats": 0}


def test_musicnet_holds_out_the_works_that_it_always_did(
    encoded: list[tuple[Piece, codec.Losses]], table: pd.DataFrame
) -> None:
    pieces, origins = [piece for piece, _ in encoded], encoding.origins(table)
    shares = config.Split(by="work", seed=2, validation=0.1, test=0.15)
    # Beside another source of random works, too.
    more = [building.piece(f"sq{k}", np.zeros((400 + 10 * k, 4), np.uint8)) for k in range(20)]
    others = {one.id: Origin("openscore", one.id) for one in more}
    for together, of in ((pieces, origins), ([*more, *pieces], origins | others)):
        splits = split.by_work(outlines.outlines(together), shares, of)
        held_out = {name: {p.id for p in pieces if splits[p.id] == name} for name in ("test", "validation")}
        assert held_out == {
            "test": {"2560", "2562", "1931", "1932", "1933", "1788", "1789", "1790", "1791"},
            "validation": {"2451", "2494", "2497", "2104", "2105", "2106", "1859"},
        }


def test_figures_by_source_add_up(encoded: list[tuple[Piece, codec.Losses]], table: pd.DataFrame) -> None:
    origins = encoding.origins(table)
    # As if every third piece, with its work, were of another source.
    other = {id: Origin("openscore" if int(of.work_id) % 3 else "musicnet", of.work_id) for id, of in origins.items()}
    splits = split.by_work(known(encoded), config.Split(by="work", seed=2, validation=0.1, test=0.2))
    figures = encoding.figures(known(encoded), splits, GRID, other)
    assert set(figures["sources"]) == {"musicnet", "openscore"}
    sources = list(figures["sources"].values())
    for name in ("pieces", "steps", "notes", *tables.LOST):
        assert sum(dict(of)[name] for of in sources) == dict(figures)[name], name  # type: ignore[misc]
    for name, whole in figures["splits"].items():
        assert sum(of["splits"][name]["pieces"] for of in sources) == whole["pieces"]
        assert sum(of["splits"][name]["works"] for of in sources) == whole["works"]
        assert sum(of["splits"][name]["steps"] for of in sources) == whole["steps"]


# Corpora made small


def decisions(folder: Path) -> dict[str, tuple[str, str]]:
    return {
        row["id"]: (row["decision"], row["reason"]) for row in survey.survey(folder, match="quartet").to_dict("records")
    }


def test_a_damaged_file_is_a_row_and_no_error(tmp_path: Path) -> None:
    whole = write_corpus(tmp_path / "whole", {"a": quartet()}) / "a.mid"
    damaged = {"half": whole.read_bytes()[:60], "empty": b"", "text": b"not MIDI at all"}
    found = decisions(write_corpus(tmp_path / "raw", {**damaged, "good": quartet()}))
    assert found.pop("good") == (survey.SELECTED, "two violins, viola and cello")
    assert set(found) == set(damaged)
    for id, (decision, reason) in found.items():
        assert decision == survey.UNREADABLE
        assert reason.startswith(f"{id}.mid: not a readable MIDI file (")
        assert "\n" not in reason


def test_files_that_are_no_quartets_are_rows_with_reasons(tmp_path: Path) -> None:
    files = {
        "good": quartet(),
        "silent": Music(480, ()),
        "solo": Music(480, (track("Cello", 42, *line(48)),)),
        "fugue": quartet(lift=1),
        "quintet": quartet(track("Piano", 0, *line(60))),
    }
    found = decisions(write_corpus(tmp_path, files, ensemble={"fugue": "Solo Violin"}))
    assert found == {
        "good": (survey.SELECTED, "two violins, viola and cello"),
        "silent": (survey.REJECTED, "silent.mid: no notes; a file with notes is needed."),
        "solo": (survey.REJECTED, "no track for violin_1, violin_2, viola (found: Cello (program 42))"),
        "fugue": (survey.REJECTED, "its ensemble is Solo Violin"),
        "quintet": (survey.REJECTED, "a fifth part: Piano (program 0), 8 notes"),
    }


def test_the_same_notes_are_one_piece_whatever_the_file_is_like(tmp_path: Path) -> None:
    plain = quartet()
    finer = Music(
        960,
        tuple(track(t.name, t.program, *((2 * o, 2 * d, p) for o, d, p, _ in t.notes.tolist())) for t in plain.tracks),
    )
    files = {"one": plain, "finer": finer, "renamed": quartet(names=("", "", "", "")), "other": quartet(lift=1)}
    table = survey.survey(write_corpus(tmp_path, files), match="quartet").set_index("id")
    assert table["duplicate_of"].to_dict() == {"one": "", "finer": "one", "renamed": "one", "other": ""}
    assert table["position"].to_dict() == {"one": 0, "finer": -1, "renamed": -1, "other": 1}
    assert table.loc["finer", "reason"] == "same notes as one"


def test_exchanged_parts_are_another_piece(tmp_path: Path) -> None:
    exchanged = quartet(names=("Violin II", "Violin I", "Viola", "Cello"))
    assert set(
        survey.survey(write_corpus(tmp_path, {"a": quartet(), "b": exchanged}), match="quartet")["decision"]
    ) == {survey.SELECTED}


def test_a_part_that_rests_throughout_is_a_part(tmp_path: Path) -> None:
    resting = Music(480, tuple(track(t.name, t.program) if t.name == "Viola" else t for t in quartet().tracks))
    folder = write_corpus(tmp_path, {"a": resting})
    table = survey.survey(folder, match="quartet")
    assert table["decision"].tolist() == [survey.SELECTED]
    ((piece, _),) = encoding.encode_all(folder, table, GRID)
    assert (piece.tokens[:, 2] == WIDE.rest).all()


def random_quartet(seed: int, *, semitones: int = 0, beats: int = 64, changed: int = 0) -> Music:
    """A quartet of random eighths; those of the first `changed` beats are of another one."""
    players = []
    for k, (name, program) in enumerate(zip(DEFAULT_ENSEMBLE.names, DEFAULT_ENSEMBLE.programs, strict=True)):
        pitches = [np.random.default_rng([s, k]).integers(0, 12, 2 * beats) for s in (seed, seed + 1000)]
        chosen = np.where(np.arange(2 * beats) < 2 * changed, pitches[1], pitches[0]) + (72, 65, 58, 45)[k] + semitones
        players.append(track(name, program, *((240 * step, 200, int(pitch)) for step, pitch in enumerate(chosen))))
    return Music(480, tuple(players))


TWO_SOURCES = {
    **{"m1": random_quartet(1), "m2": random_quartet(2)},
    **{"o1": random_quartet(1, semitones=2, changed=16), "o2": random_quartet(2, changed=40), "o3": random_quartet(3)},
    "o9": random_quartet(9),
}
"""Two movements of one source; the same and a third one of another, where they are called otherwise; another work."""


def two_sources(folder: Path) -> Path:
    return write_corpus(
        folder,
        TWO_SOURCES,
        source={id: "musicnet" if id.startswith("m") else "openscore" for id in TWO_SOURCES},
        composer={id: "Mozart" if id[0] == "m" else "Mozart, Wolfgang" for id in TWO_SOURCES},
        work={**dict.fromkeys(TWO_SOURCES, "K. 465"), "m1": "No 19", "m2": "No 19", "o9": "K. 590"},
    )


@pytest.mark.parametrize(("prefer", "used"), [("musicnet", "m1 m2 o3 o9"), ("openscore", "o1 o2 o3 o9")])
def test_of_two_sources_the_preferred_edition_is_used(tmp_path: Path, prefer: str, used: str) -> None:
    table = survey.survey(two_sources(tmp_path), match="quartet", prefer=[prefer]).set_index("id")
    assert table.index[table["decision"] == survey.SELECTED].tolist() == used.split()
    assert (table.loc[["m1", "m2", "o1", "o2", "o3"], "work_id"] == f"{prefer[0]}1").all()
    assert table.loc["o9", "work_id"] == "o9"
    twice = table[table["decision"] == survey.DUPLICATE]
    assert twice["duplicate_of"].to_dict() == {id: f"{prefer[0]}{str(id)[1]}" for id in twice.index}
    # 16 of 64 beats are others, and the windows that reach into them.
    assert 0.6 < table.loc[["m1", "o1"], "share"].max() < 0.76
    assert (twice["position"] == -1).all()


def test_a_duplicate_says_of_what_and_how_much_of_it(tmp_path: Path) -> None:
    table = survey.survey(two_sources(tmp_path), match="quartet", prefer=["musicnet"]).set_index("id")
    share = float(table["share"].to_numpy()[table.index == "o1"][0])
    assert table.loc["o1", "reason"] == (
        f"same music as m1, {share:.0%} of its windows of 4 beats (Mozart: No 19); the edition of musicnet is used"
    )


def test_the_figures_tell_of_each_source_and_of_works_in_both(tmp_path: Path) -> None:
    table = survey.survey(two_sources(tmp_path), match="quartet", prefer=["musicnet"])
    figures = survey_figures.figures(table)
    counted = {name: (of["selected"], of["duplicates"], of["works"]) for name, of in figures["sources"].items()}
    assert counted == {"musicnet": (2, 0, 1), "openscore": (2, 2, 2)}
    assert (figures["selected"], figures["works"]) == (4, 2)
    (work,) = figures["works_in_several_sources"].values()
    assert (work["composer"], work["work"]) == ("Mozart", "No 19")
    assert list(work["editions"]) == ["musicnet", "openscore"]
    other = work["editions"]["openscore"]
    assert (other["work"], other["files_used"], other["duplicates"]) == ("K. 465", 1, 2)
    shares = sorted(table["share"][table["duplicate_of"] != ""])
    assert [other["share_lowest"], other["share_highest"]] == shares
    assert work["editions"]["musicnet"]["share_lowest"] is None


def test_a_work_counts_once_whatever_its_editions_are_called(tmp_path: Path) -> None:
    folder = two_sources(tmp_path)
    table = survey.survey(folder, match="quartet", prefer=["musicnet"])
    encoded = list(encoding.encode_all(folder, table, GRID))
    splits = {piece.id: "train" for piece, _ in encoded}
    figures = encoding.figures(known(encoded), splits, GRID, encoding.origins(table))
    assert figures["splits"]["train"]["works"] == 2
    # A work with movements of both sources counts for both.
    assert {name: of["works"] for name, of in figures["sources"].items()} == {"musicnet": 1, "openscore": 2}


@pytest.mark.parametrize(
    ("prefer", "message"),
    [
        (["musicnet", "openscore", "musicnet"], "musicnet is there twice; name each source once"),
        (["zenodo"], "Input should be 'musicnet'"),
        ("musicnet", "Input should be a valid list"),
    ],
)
def test_a_preference_that_is_none_is_refused(prefer: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        params.Filter.model_validate({"match": "quartet", "prefer": prefer})


def test_no_edition_leaks_through_the_split(tmp_path: Path) -> None:
    folder = two_sources(tmp_path)
    table = survey.survey(folder, match="quartet", prefer=["musicnet"])
    pieces = [piece for piece, _ in encoding.encode_all(folder, table, GRID)]
    for seed in range(8):
        shares = config.Split(by="tail", seed=seed, validation=0.1, test=0.4)
        more = [building.piece(f"w{k}", np.zeros((300, 4), np.uint8)) for k in range(3)]
        of = {one.id: Origin("musicnet", one.id) for one in more} | encoding.origins(table)
        splits = split.by_work(outlines.outlines([*pieces, *more]), shares, of)
        assert splits["m1"] == splits["m2"] == splits["o3"]


def test_what_is_lost_on_the_grid_is_in_the_table(tmp_path: Path) -> None:
    chord = track("Violin I pizz.", 45, (0, 200, 90), (480, 200, 91), (490, 10, 95), (960, 200, 110))
    folder = write_corpus(tmp_path, {"a": quartet(chord), "solo": Music(480, (track("Cello", 42, *line(48)),))})

    def lost(grid: Grid) -> dict[str, int]:
        table = survey.survey(folder, match="quartet", grid=grid)
        ((_, losses),) = encoding.encode_all(folder, table, grid)
        row, solo = ([int(row[name]) for name in tables.LOST] for row in table.to_dict("records"))
        assert row == [losses.dropped_from_chords, losses.merged_on_grid, losses.moved_into_range]
        assert solo == [0, 0, 0]
        return dict(zip(tables.LOST, row, strict=True))

    coarse, fine = lost(GRID), lost(Grid(48, Alphabet(36, 83)))
    assert coarse == {"notes_dropped_from_chords": 3, "notes_merged_on_grid": 1, "notes_moved_into_range": 0}
    assert fine["notes_merged_on_grid"] == 0
    assert fine["notes_moved_into_range"] == 1


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("its ensemble is Solo Piano", "its ensemble is Solo Piano"),
        ("a fifth part: Piano (program 0), 8 notes", "a fifth part"),
        ("no track for violin_1, violin_2 (found: Cello (program 42))", "no track for violin_1, violin_2"),
        ("a.mid: not a readable MIDI file (bad header)", "not a readable MIDI file"),
    ],
)
def test_refusals_are_counted_by_kind(tmp_path: Path, reason: str, kind: str) -> None:
    table = survey.survey(
        write_corpus(tmp_path, {"a": quartet(), "b": quartet(lift=1)}, source={"b": "x", "a": "x"}), match="quartet"
    )
    table.loc[table["id"] == "a", ["decision", "reason"]] = survey.REJECTED, reason
    assert survey_figures.figures(table)["sources"]["x"]["refused"] == {kind: 1}


def test_a_track_left_out_is_named(tmp_path: Path) -> None:
    click = track("Click", 115, (0, 10, 60))
    found = decisions(write_corpus(tmp_path, {"a": quartet(click)}))
    assert found == {"a": (survey.SELECTED, "two violins, viola and cello; left out: Click")}


def test_a_row_tells_what_is_in_the_file(tmp_path: Path) -> None:
    (row,) = survey.survey(write_corpus(tmp_path, {"a": quartet()}), match="quartet").to_dict("records")
    assert row["programs"] == [40, 40, 41, 42]
    assert row["tracks"] == ["Violin I", "Violin II", "Viola", "Cello"]
    assert row["parts"] == list(PARTS)
    assert row["notes"] == 32
    assert row["beats"] == (7 * 240 + 200) / 480


def test_a_folder_without_quartets_is_one_error(tmp_path: Path) -> None:
    files: dict[str, Music | bytes] = {"solo": Music(480, (track("Cello", 42, *line(48)),)), "text": b"no MIDI"}
    with pytest.raises(CorpusError, match=r"no string quartet among 2 files \(.*1 rejected") as caught:
        survey.survey(write_corpus(tmp_path, files), match="quartet")
    assert "solo.mid: no track for" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_corpus_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no string quartet among 0 files \(none\)"):
        survey.survey(write_corpus(tmp_path, {}), match="quartet")


def test_another_corpus_than_the_papers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"35 of its 36 files.*needs musicnet in download.sources"):
        survey.survey(write_corpus(tmp_path, {"2104": quartet()}), match="paper")


@pytest.mark.parametrize("match", ["quartets", "Quartet", ""])
def test_a_match_that_is_none_is_refused(tmp_path: Path, match: Any) -> None:
    with pytest.raises(ArgumentError, match=f"match '{match}' found; one of 'quartet', 'paper' is needed"):
        survey.survey(write_corpus(tmp_path, {"a": quartet()}), match=match)


def test_missing_metadata_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"metadata\.csv: not a readable table.*run the stage `download`"):
        metadata.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'id,file\n"a,b'])
def test_damaged_metadata_are_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "metadata.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=r"metadata\.csv: ") as raised:
        metadata.read(tmp_path)
    assert len(str(raised.value).splitlines()) == 1


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("id,source,composer,work,movement,file\n")
    with pytest.raises(CorpusError, match="no column ensemble, left_out; needed are id, source, composer, work"):
        metadata.read(tmp_path)


def test_what_a_score_and_its_midi_file_leave_out_is_counted_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_corpus(
        tmp_path,
        {"a": quartet(), "b": quartet(lift=1)},
        source={"a": "x", "b": "x"},
        left_out={"a": "cue notes 3; grace notes 12", "b": "grace notes 1"},
    )
    read = encoding.read

    def with_keyswitches(path: Path, *, label: str = "") -> tuple[Music, part_assignment.Assignment]:
        music, found = read(path, label=label)
        return replace(music, left_out={"grace notes": 1, "keyswitches": 2}) if path.stem == "b" else music, found

    monkeypatch.setattr(encoding, "read", with_keyswitches)
    table = survey.survey(folder, match="quartet")
    assert dict(zip(table["id"], table["left_out"], strict=True)) == {
        "a": [("cue notes", 3), ("grace notes", 12)],
        "b": [("grace notes", 2), ("keyswitches", 2)],
    }
    assert survey_figures.figures(table)["sources"]["x"]["left_out"] == {
        "cue notes": 3,
        "grace notes": 14,
        "keyswitches": 2,
    }


@pytest.mark.parametrize("text", ["grace notes", "12", "grace notes -1", "cue notes 3;grace notes x"])
def test_left_out_notes_that_are_no_counts_are_an_error(text: str) -> None:
    with pytest.raises(CorpusError, match=f"left_out '{text}' found"):
        metadata.left_out_counts(text)


def test_an_id_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, {"a": quartet(), "b": quartet()})
    with (folder / "metadata.csv").open("a") as file:
        file.write("b,,Haydn,w,1,,b.mid,\n")
    with pytest.raises(CorpusError, match="id b is there twice"):
        metadata.read(folder)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, {"a": quartet(), "b": quartet()})
    (folder / "b.mid").unlink()
    with pytest.raises(CorpusError, match=r"names b\.mid, which is not in"):
        metadata.read(folder)


def test_metadata_stay_strings(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, {"0010": quartet()}, work={"0010": "NA"})
    (row,) = metadata.read(folder).to_dict("records")
    assert (row["id"], row["work"], row["ensemble"]) == ("0010", "NA", "")


def test_metadata_are_read_some_rows_at_a_time_and_are_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_corpus(tmp_path, {name: quartet() for name in ("a", "1", "", "é", "NA")})
    whole = metadata.read(folder)
    monkeypatch.setattr(metadata, "ROWS", 2)
    pd.testing.assert_frame_equal(metadata.read(folder), whole)


def test_a_piece_is_encoded_with_its_techniques(tmp_path: Path) -> None:
    pizzicato = track("Cello pizz.", 45, (1920, 480, 60))
    folder = write_corpus(tmp_path, {"a": quartet(pizzicato)}, work={"a": "op. 1"})
    ((piece, losses),) = encoding.encode_all(folder, survey.survey(folder, match="quartet"), GRID)
    assert (piece.id, piece.composer, piece.work) == ("a", "Haydn", "op. 1")
    assert piece.tokens[16:, 3].tolist() == [60 - 36, WIDE.sustain, WIDE.sustain, WIDE.sustain]
    assert losses.notes == 33
    assert piece.bars.tolist() == [0] * 16 + [1] * 4


def test_a_file_whose_parts_were_not_found_cannot_be_encoded(tmp_path: Path) -> None:
    files = {"good": quartet(), "solo": Music(480, (track("Cello", 42, *line(48)),))}
    folder = write_corpus(tmp_path, files)
    row = survey.survey(folder, match="quartet").to_dict("records")[1]
    with pytest.raises(CorpusError, match=r"solo \(solo\.mid\): its four parts were not found \(no track for"):
        encoding.encode_file(folder, row, GRID)


# Absurd files


def test_absurd_files_are_refused_by_name_and_the_good_ones_go_on(tmp_path: Path) -> None:
    far = quartet(track("Violin I", 40, (200_000_000, 480, 60)))
    beat = 480
    # No rest of them is longer than music may be silent, but there are 120 of 900 beats.
    long = quartet(track("Violin I", 40, *line(60, onsets=range(0, 120 * 900 * beat, 900 * beat))))
    endless = quartet(track("Violin I", 40, (0, 200_000_000, 60)))
    # A beat of one tick, so that two hundred million of them are bars of their own.
    ages = Music(1, tuple(track(f"Violin {k}", 40, (0, 2, 60)) for k in "12"), (TimeSignature(200_000_000, 1, 4),))
    large = bytes(limits.MIDI_BYTES + 1)
    raw = write_corpus(
        tmp_path,
        {"good": quartet(), "far": far, "long": long, "endless": endless, "ages": ages, "large": large},
        ensemble={"good": "String Quartet"},
    )
    table = survey.survey(raw, match="quartet").set_index("id")
    assert table["decision"].to_dict() == {
        "good": survey.SELECTED,
        "far": survey.DUPLICATE,
        "long": survey.UNREADABLE,
        "endless": survey.UNREADABLE,
        "ages": survey.REJECTED,
        "large": survey.UNREADABLE,
    }
    assert table["reason"]["long"].startswith("long.mid: 107,100 beats; 100,000 at most are read: cut it in pieces")
    assert table["reason"]["endless"].startswith("endless.mid: a note of 416667 beats")
    assert table["reason"]["large"].startswith("large.mid: 4,194,305 bytes; 4,194,304 at most are read: cut")
    assert dict(table["left_out"]["far"]) == {"stray notes": 1}
    encoded = list(encoding.encode_all(raw, table.reset_index(), GRID))
    assert [len(piece.tokens) < 100 for piece, _ in encoded] == [True]
