"""The command `quartetvae`: what it prints, and what it says of bad input."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from quartetvae import cli
from quartetvae.cli import measures
from quartetvae.errors import QuartetError
from quartetvae.evaluation import file_features
from quartetvae.io import midi, midi_events, read, write
from quartetvae.metrics import comparison, features
from quartetvae.music import tracks
from quartetvae.music.codec import Alphabet
from quartetvae.music.ensemble import PARTS
from quartetvae.music.quartet import Grid, Quartet
from tests.building import line, quartet, track


def run(*words: str | Path | int) -> Result:
    """The command, in this process; an error of ours is passed on as it is."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    if isinstance(result.exception, QuartetError):
        raise result.exception
    return result


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A quartet of eight notes a part."""
    midi.write(tmp_path / "quartet.mid", quartet(), tempo_qpm=120)
    return tmp_path / "quartet.mid"


def folder(path: Path, *lifts: int, more_notes: int = 0) -> Path:
    """A folder of quartets that differ in pitch and in the length of one part."""
    path.mkdir(parents=True)
    for k, lift in enumerate(lifts):
        more = track("Violin I", 40, *line(70, onsets=range(2000, 2000 + 240 * (k % 4 + 1 + more_notes), 240)))
        midi.write(path / f"{k}.mid", quartet(more, lift=lift), tempo_qpm=120)
    return path


@pytest.mark.parametrize("command", [[], ["features"], ["compare"], ["match"]])
def test_help_has_examples(command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    if command:
        assert "Examples:" in result.output
        assert f"quartetvae {command[0]} " in result.output


def test_features_as_json_are_those_of_the_library(file: Path) -> None:
    result = run("features", file, "--json")
    found = json.loads(result.stdout)
    assert set(found) == {"whole", "parts"}
    assert tuple(found["parts"]) == PARTS
    table = file_features.table(midi_events.read(file))
    assert found["whole"] == features.plain(features.features(table))
    assert found["parts"]["cello"]["note_count"] == 8
    assert found["whole"]["note_count"] == 32
    assert set(found["whole"]["inter_onset_interval"]) == {"beats", "seconds"}


def test_features_as_a_table(file: Path) -> None:
    result = run("features", file)
    (counts,) = [row.split() for row in result.stdout.splitlines() if row.startswith("note count")]
    assert counts == ["note", "count", "32", "8", "8", "8", "8"]
    assert "inter onset interval, seconds" in result.stdout
    assert result.stderr == ""


def test_what_is_no_quartet_has_tracks_for_parts_and_says_why(tmp_path: Path) -> None:
    midi.write(tmp_path / "duo.mid", tracks.Music(480, quartet().tracks[:2], ()), tempo_qpm=120)
    found = json.loads(run("features", tmp_path / "duo.mid", "--json").stdout)
    assert all(name.startswith("track_") for name in found["parts"])
    assert found["not_a_quartet"]
    assert found["not_a_quartet"] in run("features", tmp_path / "duo.mid").stderr


@pytest.mark.parametrize("content", [b"", b"no music\n", b"MThd\x00\x00\x00\x06\x00\x01"])
def test_features_of_no_midi_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.mid").write_bytes(content)
    (tmp_path / "score.mxl").write_bytes(content)
    for name, message in {
        "bad.mid": "not a readable MIDI file",
        "missing.mid": "there is no such file",
        "missing.mxl": "there is no such file",
        "score.mxl": "a score; features are of what is played: export it as MIDI",
        "": "a folder; a file is needed",
    }.items():
        with pytest.raises(QuartetError, match=rf"{name}: {message}"):
            run("features", tmp_path / name, "--json")


def test_a_folder_is_like_itself_and_less_like_another(tmp_path: Path) -> None:
    a, b = folder(tmp_path / "a", *range(8)), folder(tmp_path / "b", *range(8), more_notes=30)

    def figures(one: Path, other: Path) -> Any:
        return json.loads(run("compare", one, other, "--json", "--replicates", 20).stdout)

    same, different = figures(a, a), figures(a, b)
    assert set(same) == {"b", "equal_numbers"}
    assert set(same["equal_numbers"]) == {"real", "b"}
    assert all(of["excerpts"] == 4 for of in same["equal_numbers"].values())
    assert same["b"]["excerpts"] == 8
    assert set(comparison.FEATURES) <= set(same["b"])
    assert same["b"]["note_count"]["overlap"] > 0.5
    assert different["b"]["note_count"]["overlap"] < 0.01
    assert different["b"]["mean_overlap"] < same["b"]["mean_overlap"]
    assert figures(a, b) == different


def test_compare_draws_and_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    a, b = folder(tmp_path / "a", *range(8)), folder(tmp_path / "b" / "below", *range(4))
    result = run("compare", a, b.parent, "--plot", tmp_path / "overlap.png", "--replicates", 5, "--seed", 3)
    assert result.exit_code == 0
    assert (tmp_path / "overlap.png").read_bytes().startswith(b"\x89PNG")
    # A line each, also where a terminal is narrow.
    lines = result.stdout.splitlines()
    assert [line.split("  ")[0].replace(" ", "_") for line in lines[1:-1]] == list(comparison.FEATURES)
    assert "8 files in A, 4 in B; at equal numbers 4 of each" in result.stderr


def test_the_seed_draws_other_halves_and_replicates(tmp_path: Path) -> None:
    a, b = folder(tmp_path / "a", *range(9)), folder(tmp_path / "b", *range(4))
    one, other = (
        json.loads(run("compare", a, b, "--json", "--replicates", 20, "--seed", seed).stdout) for seed in (0, 1)
    )
    for name in ("real", "b"):
        assert one["equal_numbers"][name]["mean_overlap"] != other["equal_numbers"][name]["mean_overlap"]
    assert one["b"]["mean_low"] != other["b"]["mean_low"]
    assert one["b"]["mean_overlap"] == other["b"]["mean_overlap"]


def test_files_that_cannot_be_read_are_named_and_left_out(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", *range(6))
    b = folder(tmp_path / "b", *range(3))
    (b / "broken.mid").write_bytes(b"no music")
    result = run("compare", a, b, "--json", "--replicates", 0)
    assert json.loads(result.stdout)["b"]["excerpts"] == 3
    assert "left out: broken.mid" in result.stderr


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("missing", "a", "missing: no folder"), ("a", "empty", "empty: 0 MIDI files"), ("few", "a", "few: 3 MIDI files")],
)
def test_folders_that_cannot_be_compared(one: str, other: str, expected: str, tmp_path: Path) -> None:
    folder(tmp_path / "a", *range(6))
    folder(tmp_path / "few", *range(3))
    (tmp_path / "empty").mkdir()
    with pytest.raises(QuartetError, match=expected):
        run("compare", tmp_path / one, tmp_path / other)


def test_the_halves_of_the_reference_are_of_different_files() -> None:
    """Each file has a number: none is in both halves, and B's are B's."""
    numbers = {name: np.arange(count) + start for name, count, start in (("a", 9, 0), ("b", 7, 100))}
    of = {name: {"note_count": values, "pitch_count": values} for name, values in numbers.items()}
    found = measures._equal_numbers(of["a"], of["b"], np.random.default_rng(0))
    drawn = {name: set(rows["note_count"].tolist()) for name, rows in found.items()}
    assert all(len(rows) == 4 for rows in drawn.values())
    assert not drawn["reference"] & drawn["real"]
    assert drawn["reference"] | drawn["real"] <= set(range(9))
    assert drawn["b"] <= set(range(100, 107))


def test_too_few_files_that_can_be_read(tmp_path: Path) -> None:
    a, b = folder(tmp_path / "a", *range(6)), folder(tmp_path / "b", *range(3))
    (b / "0.mid").write_bytes(b"no music")
    with pytest.raises(QuartetError, match="b: 2 MIDI files that can be read; 3 at least"):
        run("compare", a, b)


@pytest.mark.parametrize("name", ["overlap.txt", ".", "a/0.mid/x.png"])
def test_a_plot_that_cannot_be_drawn(name: str, tmp_path: Path) -> None:
    a, b = folder(tmp_path / "a", *range(6)), folder(tmp_path / "b", *range(3))
    result = CliRunner().invoke(
        cli.app, ["compare", str(a), str(b), "--json", "--replicates", "0", "--plot", str(tmp_path / name)]
    )
    assert isinstance(result.exception, QuartetError)
    assert "--plot" in str(result.exception)
    # What was computed is not lost.
    assert not name.endswith(".png") or "mean_overlap" in result.stdout


def test_a_folder_of_broken_files(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", *range(6))
    (tmp_path / "b").mkdir()
    for name in ("x.mid", "y.mid", "z.mid"):
        (tmp_path / "b" / name).write_bytes(b"no music")
    with pytest.raises(QuartetError, match="none of 3 MIDI files can be read"):
        run("compare", a, tmp_path / "b")


# match


def copied(path: Path) -> Path:
    """The quartet of `file`, the viola's first note 21 ticks too late (20 are 1/24 beat), the cello's last held on."""
    first, second, viola, cello = quartet().tracks
    viola.notes["onset"][0] += 21
    cello.notes["duration"][-1] = 480
    midi.write(path, tracks.Music(480, (first, second, viola, cello)), tempo_qpm=90)
    return path


def test_match_as_json(file: Path, tmp_path: Path) -> None:
    found = json.loads(run("match", file, copied(tmp_path / "copy.mid"), "--json").stdout)
    assert set(found) == {"whole", "parts"}
    assert tuple(found["parts"]) == PARTS
    whole, same = found["whole"], {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert (whole["notes"], whole["notes_of_copy"]) == (32, 32)
    assert whole["onset"] == dict.fromkeys(same, 31 / 32)
    # The cello's last note is 200 ticks long: its end may be 60 away, and is 280.
    assert whole["offset"] == dict.fromkeys(same, 30 / 32)
    assert found["parts"]["violin_1"]["offset"] == found["parts"]["cello"]["onset"] == same
    assert found["parts"]["viola"]["onset"] == found["parts"]["cello"]["offset"] == dict.fromkeys(same, 7 / 8)
    # Violin I goes from 76 to 79.
    assert (whole["notes_from_92"], whole["recall_from_92"]) == (0, None)


def test_match_counts_what_lies_high(tmp_path: Path) -> None:
    # From 76 + 14 on violin I plays 93, 92, 91, 90, 91, 92, 93, 92.
    midi.write(tmp_path / "high.mid", quartet(lift=14), tempo_qpm=120)
    high = json.loads(run("match", tmp_path / "high.mid", tmp_path / "high.mid", "--json").stdout)
    assert (high["whole"]["notes_from_92"], high["whole"]["recall_from_92"]) == (5, 1.0)
    assert high["parts"]["violin_2"]["notes_from_92"] == 0


def test_match_as_a_table(file: Path, tmp_path: Path) -> None:
    result = run("match", file, copied(tmp_path / "copy.mid"))
    assert result.stderr == ""
    assert [row.split() for row in result.stdout.splitlines()[1:]] == [
        ["violin", "1", "8", "8", *["1.000"] * 6],
        ["violin", "2", "8", "8", *["1.000"] * 6],
        ["viola", "8", "8", *[".875"] * 6],
        ["cello", "8", "8", *["1.000"] * 3, *[".875"] * 3],
        ["whole", "32", "32", *[".969"] * 3, *[".938"] * 3],
    ]


def test_match_takes_any_resolution_and_notation(file: Path, tmp_path: Path) -> None:
    coarse = [replace(of, notes=of.notes.copy()) for of in quartet().tracks]
    for of in coarse:
        of.notes["onset"] //= 10
        of.notes["duration"] //= 10
    midi.write(tmp_path / "coarse.mid", tracks.Music(48, tuple(coarse)), tempo_qpm=50)
    assert "whole" in run("match", tmp_path / "coarse.mid", file).stdout
    assert json.loads(run("match", file, tmp_path / "coarse.mid", "--json").stdout)["whole"]["offset"]["f1"] == 1
    tokens = read.read_piece(file, Grid(4, Alphabet(36, 99))).tokens
    write.write(tmp_path / "score.musicxml", Quartet(tokens, Grid(4, Alphabet(36, 99))))
    # Of the 200 ticks of each note the grid makes 240, and 60 would be allowed.
    assert json.loads(run("match", file, tmp_path / "score.musicxml", "--json").stdout)["whole"]["offset"]["f1"] == 1


def test_match_of_parts_that_are_named(file: Path, tmp_path: Path) -> None:
    nameless = [track(f"line {k}", 0, *line(low)) for k, low in enumerate((48, 60, 69, 76))]
    other = tmp_path / "lines.mid"
    midi.write(other, tracks.Music(480, (*nameless, track("more", 0, *line(90)))), tempo_qpm=120)
    with pytest.raises(QuartetError, match=r"lines\.mid: no quartet found .*--parts 0,1,2,3.*--spread"):
        run("match", file, other)
    result = run("match", file, other, "--parts", "auto", "--parts", "3,2,1,0", "--json")
    assert json.loads(result.stdout)["whole"]["onset"]["f1"] == 1
    assert result.stderr == "note: lines.mid: 8 notes of no part left out.\n"
    both = run("match", other, other, "--parts", "0,1,2,4", "--json")
    assert json.loads(both.stdout)["parts"]["cello"]["notes"] == 8
    assert run("match", file, other, "--spread", "--json").exit_code == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--parts", "0,1,2"], "'0,1,2' is not the numbers of four tracks"),
        (["--parts", "0,1,2,3"] * 3, "--parts 3 times for 2 pieces; say it once, or once for each"),
        (["--parts", "0,1,2,3", "--spread"], "--parts says where the parts are, --spread that they are nowhere"),
    ],
)
def test_wrong_usage_of_match(more: list[str], message: str, file: Path) -> None:
    result = run("match", file, file, *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_match_of_files_that_cannot_be_read(file: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mid").write_bytes(b"no music")
    for words, message in {
        ("bad.mid",): r"bad\.mid: not a readable MIDI file",
        ("missing.mid",): r"missing\.mid: there is no such file",
        ("",): "neither MIDI nor a score by its name",
        ("quartet.mid", "--parts", "0,1,2,9"): r"quartet\.mid: tracks 0,1,2,9 asked for; four different ones",
    }.items():
        with pytest.raises(QuartetError, match=message):
            run("match", file, tmp_path / words[0], *words[1:])


def test_wrong_usage_is_2() -> None:
    assert run("compare", "one").exit_code == 2
    assert run("match", "one").exit_code == 2
    assert run("features", "x.mid", "--yaml").exit_code == 2
