"""The commands for music of one's own: what they write and print, that every option counts, and what bad input gets."""

import functools
import hashlib
import json
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import h5py
import numpy as np
import pytest
from click.testing import CliRunner, Result

from quartetvae import api, cli
from quartetvae.errors import QuartetError
from quartetvae.io import audio, midi, write
from quartetvae.latent import directions, neighbours
from quartetvae.metrics.attributes import ATTRIBUTES
from quartetvae.model import architecture as architectures
from quartetvae.model import pretrained
from quartetvae.model.architecture import WEIGHTS
from quartetvae.music import tracks
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, PARTS
from quartetvae.music.quartet import Quartet
from tests import building
from tests.building import line, track
from tests.composing import composers

WIDTH = 128
SIGNATURES = {
    "mid": b"MThd",
    "musicxml": b"<?xml",
    "svg": b"<svg",
    "png": b"\x89PNG",
    "wav": b"RIFF",
    "ogg": b"OggS",
    "mp3": b"\xff",
    "pdf": b"%PDF",
    "roll.png": b"\x89PNG",
}


def long_quartet(lift: int = 0, *more: tracks.Track, count: int = 32, skip: str = "") -> tracks.Music:
    """Notes on every half beat, 16 beats of them; without a part if one is to be skipped."""
    onsets = range(0, count * 240, 240)
    lows = (76, 69, 60, 48)
    players = [
        track(name, program, *line(low + lift, onsets=onsets))
        for name, program, low in zip(DEFAULT_ENSEMBLE.names, DEFAULT_ENSEMBLE.programs, lows, strict=True)
        if name != skip
    ]
    return tracks.Music(480, (*players, *more))


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in with pieces, codes, and directions and a corpus of the package's width."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "load_composer", composers.loaded)
    midi.write(tmp_path / "a.mid", long_quartet(), tempo_qpm=90)
    midi.write(tmp_path / "b.mid", long_quartet(5), tempo_qpm=120)
    midi.write(tmp_path / "trio.mid", long_quartet(skip="Violin II"), tempo_qpm=120)
    midi.write(tmp_path / "five.mid", long_quartet(0, track("Piano", 0, *line(60))), tempo_qpm=120)
    rng = np.random.default_rng(0)
    api.write_codes(tmp_path / "codes.npy", rng.normal(size=(3, WIDTH)).astype(np.float32))
    for name, scale in (("ways.json", 1.0), ("others.json", -1.0)):
        ways = {of: scale * rng.normal(size=(1, WIDTH)).astype(np.float32) for of in ATTRIBUTES}
        directions.write(tmp_path / name, ways)
    for name, seed in (("corpus.npz", 1), ("other.npz", 2)):
        drawn = np.random.default_rng(seed).normal(size=(20, WIDTH)).astype(np.float32)
        places: list[dict[str, object]] = [
            {"piece": f"{name} {k}", "composer": "Dvořák", "work": "No 12", "bar": k, "beat": 4 * k} for k in range(20)
        ]
        neighbours.write(tmp_path / name, neighbours.Corpus(places, drawn))
    return tmp_path


def run(*words: str | Path | float) -> Result:
    """The command, in this process; an error of ours is passed on as it is, and there is no other."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def contents(folder: str | Path = "quartetvae-out") -> dict[str, bytes]:
    """The files of a folder by name, but for those that say where music comes from."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if ".origin." not in path.name}


def made(*words: str | Path | float) -> tuple[str, ...]:
    """What a command makes: its files' contents in order, and what it prints if it writes none."""
    before = set(Path().rglob("*"))
    result = run(*words)
    assert result.exit_code == 0, result.output
    new = sorted(path for path in set(Path().rglob("*")) - before if path.is_file())
    found = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in new) or (result.stdout,)
    for path in new:
        path.unlink()
    return found


@functools.cache
def plain(*words: str) -> tuple[str, ...]:
    """What a command makes without further options; once for all tests, since `work` has the same files every time."""
    return made(*words)


def heard(path: str | Path) -> list[building.Ends]:
    """The notes of each part of a file."""
    return building.ends_in_file(Path(path), api.load().architecture.grid)


WRITTEN = ("original", "reconstruction")

COMMANDS = tuple(name for name, module in cli.COMMANDS.items() if module == "music")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"quartetvae {command} " in result.output.split("Examples:")[1]


# What the commands make


def test_interpolate_writes_the_points_and_its_ends_are_the_reconstructions(work: Path) -> None:
    result = run("interpolate", "a.mid", "b.mid", "--points", 3, "--out", "points")
    assert result.stdout.split() == [str(Path("points", f"point_{k}.mid")) for k in range(3)]
    model = api.load()
    for name, point in (("a.mid", "point_0.mid"), ("b.mid", "point_2.mid")):
        assert heard(work / "points" / point) == building.ends(api.reconstruct(model, api.read(name, model)))


def test_interpolate_as_html_is_the_page_of_listen(work: Path) -> None:
    midi.write(work / "long.mid", long_quartet(2, count=80), tempo_qpm=120)
    result = run("interpolate", "a.mid", "long.mid", "--points", 2, "--as", "html,mid", "--out", "points")
    names = ["studio.html", "point_0.mid", "point_1.mid"]
    assert result.stdout.split() == [str(Path("points", name)) for name in names]
    run("listen", "a.mid", "long.mid", "--no-open", "-o", "listen.html")
    assert (work / "points" / "studio.html").read_bytes() == (work / "listen.html").read_bytes()
    # Asked for alone, nothing else is computed.
    run("interpolate", "a.mid", "long.mid", "--as", "html", "--tempo", "77", "--beats", "3", "--out", "page")
    assert list(contents("page")) == ["studio.html"]
    assert '"tempo":77' in (work / "page" / "studio.html").read_text(encoding="utf-8")


def test_a_page_is_of_the_beginning_unless_all_is_asked_for(work: Path) -> None:
    midi.write(work / "long.mid", long_quartet(2, count=80), tempo_qpm=120)
    steps = []
    for more in ([], ["--whole"]):
        run("interpolate", "long.mid", "long.mid", "--as", "html", *more)
        found = (work / "quartetvae-out" / "studio.html").read_text(encoding="utf-8")
        steps.append([int(number) for number in re.findall(r'"what":"[^"]*","steps":(\d+)', found)])
    model = api.load()
    whole = len(api.read("long.mid", model).tokens)
    shown = 32 * model.architecture.grid.steps_per_beat
    assert whole > shown
    assert steps == [[shown] * 2, [whole] * 2]


def test_a_page_is_of_two_pieces_or_more(work: Path) -> None:
    result = run("vary", "a.mid", "--as", "html")
    assert result.exit_code == 2
    assert "'html' is none of mid, musicxml" in result.stderr


def test_points_of_an_earlier_path_are_named(work: Path) -> None:
    assert run("interpolate", "a.mid", "b.mid", "--points", 4, "--out", "points").stderr == ""
    assert run("interpolate", "a.mid", "b.mid", "--points", 4, "--out", "points").stderr == ""
    (work / "points" / "notes.txt").write_text("mine")
    again = run("interpolate", "b.mid", "a.mid", "--points", 2, "--out", "points")
    assert (
        again.stderr
        == "note: point_2.mid to point_3.mid (2 files) in points are of an earlier run, not of this path.\n"
    )
    # Nothing is removed.
    assert set(contents("points")) == {"notes.txt", *(f"point_{k}.mid" for k in range(4))}


def test_a_grid_has_the_four_pieces_at_its_corners(work: Path) -> None:
    midi.write(work / "c.mid", long_quartet(2), tempo_qpm=120)
    midi.write(work / "d.mid", long_quartet(-3), tempo_qpm=120)
    run("interpolate", "a.mid", "b.mid", "c.mid", "d.mid", "--points", 3, "--out", "grid", "--beats", 8)
    assert set(contents("grid")) == {f"row_{i}_{j}.mid" for i in range(3) for j in range(3)}
    model = api.load()
    for name, corner in (("a", "row_0_0"), ("b", "row_0_2"), ("c", "row_2_0"), ("d", "row_2_2")):
        music = api.read(f"{name}.mid", model, beats=8)
        assert heard(work / "grid" / f"{corner}.mid") == building.ends(api.reconstruct(model, music))


def test_reconstruct_writes_the_piece_as_it_was_read_too(work: Path) -> None:
    run("reconstruct", "a.mid", "--from-beat", 2, "--beats", 6)
    model = api.load()
    music = api.read("a.mid", model, from_beat=2, beats=6)
    assert heard("quartetvae-out/original.mid") == building.ends(music)
    assert heard("quartetvae-out/reconstruction.mid") == building.ends(api.reconstruct(model, music))


def matched(result: Result) -> dict[str, list[str]]:
    """The table at the end of what `reconstruct` prints: its head, and what stands behind the name of each row."""
    head, grid, model = result.stdout.splitlines()[-3:]
    return {
        "head": head.split("  ")[0].split(),
        "grid": grid.removeprefix("on the grid").split(),
        "model": model.removeprefix("by the model").split(),
    }


def test_reconstruct_says_how_many_notes_come_back(work: Path) -> None:
    result = run("reconstruct", A)
    assert result.stdout.splitlines()[:2] == [str(Path("quartetvae-out", f"{of}.mid")) for of in WRITTEN]
    said = matched(result)
    # Everything is on the grid; notes of 200 ticks become such of 240.
    assert said["head"] == ["of", "128", "notes"]
    assert said["grid"] == ["1.000"] * 6
    assert run("match", A, "quartetvae-out/reconstruction.mid").stdout.splitlines()[-1].split()[3:] == said["model"]
    # Of four parts that play every half beat, five beats have 40 notes.
    assert matched(run("reconstruct", A, "--from-beat", 3, "--beats", 5))["head"] == ["of", "40", "notes"]


def test_reconstruct_counts_what_the_grid_loses(work: Path) -> None:
    midi.write(work / "rich.mid", losing(), tempo_qpm=120)
    # Of 25 notes of parts two are gone, of a chord and of a step; one of those kept, 20 ticks late, is just within. A
    # pitch is moved by octaves. 22 of 23 match, of 25.
    assert matched(run("reconstruct", "rich.mid"))["grid"][:3] == [f"{22 / 23:.3f}"[1:], ".880", f"{44 / 48:.3f}"[1:]]


def test_reconstruct_counts_what_is_held_over_the_ends_of_an_excerpt(work: Path) -> None:
    long = [track(of.name, of.program, (0, 1920, 60 - 5 * k)) for k, of in enumerate(building.quartet().tracks)]
    midi.write(work / "long.mid", tracks.Music(480, tuple(long)), tempo_qpm=120)
    said = matched(run("reconstruct", "long.mid", "--from-beat", 1, "--beats", 2))
    assert (said["head"], said["grid"]) == (["of", "4", "notes"], ["1.000"] * 6)


def test_samples_and_variations_are_named_by_their_seeds(work: Path) -> None:
    run("sample", "--count", 2, "--seed", 7, "--beats", 4, "--out", "samples")
    assert list(contents("samples")) == ["sample_7.mid", "sample_8.mid"]
    run("vary", "a.mid", "--count", 2, "--seed", 3, "--out", "variations")
    assert list(contents("variations")) == ["variation_3.mid", "variation_4.mid"]
    assert len(set(contents("variations").values())) == 2
    # Each is the one that its own seed makes.
    run("sample", "--seed", 8, "--beats", 4, "--out", "one")
    assert contents("one")["sample_8.mid"] == contents("samples")["sample_8.mid"]


ORIGINS = {
    "interpolate": (["a.mid", "b.mid", "--points", "4"], ["point_1", "point_2"]),
    "vary": (["a.mid", "--count", "2"], ["variation_0", "variation_1"]),
    "morph": (["a.mid", "--toward", "register"], ["register_+1"]),
    "sample": (["--seed", "3"], ["sample_3"]),
}


@pytest.mark.parametrize("command", ORIGINS)
def test_what_is_made_is_told_where_it_comes_from(command: str, work: Path) -> None:
    words, names = ORIGINS[command]
    run(command, *words)
    assert sorted(path.name for path in Path("quartetvae-out").glob("*.json")) == [f"{of}.origin.json" for of in names]
    found = json.loads(Path(f"quartetvae-out/{names[0]}.origin.json").read_text(encoding="utf-8"))
    assert set(found) == {"originality", "copied", "phrases"}
    assert [phrase["beat"] for phrase in found["phrases"]] == [0, 4, 8, 12]
    assert set(found["phrases"][0]["nearest"]) == {"piece", "composer", "work", "bar", "beat", "distance"}


def test_a_model_without_a_corpus_tells_nothing_of_origins(work: Path, other_model: Path) -> None:
    run("sample", "--model", other_model)
    assert [path.name for path in Path("quartetvae-out").iterdir()] == ["sample_0.mid"]


def test_morph_by_nothing_is_the_reconstruction(work: Path) -> None:
    for by, name in ((0, "register_+0.mid"), (-1.5, "register_-1.5.mid")):
        run("morph", "a.mid", "--toward", "register", "--by", by, "--directions", "ways.json")
        assert name in contents()
    run("reconstruct", "a.mid", "--out", "plain")
    assert contents()["register_+0.mid"] == contents("plain")["reconstruction.mid"]
    assert contents()["register_-1.5.mid"] != contents("plain")["reconstruction.mid"]


@pytest.mark.parametrize("suffix", [".npy", ".parquet"])
def test_encode_then_decode_is_reconstruct(suffix: str, work: Path) -> None:
    result = run("encode", "a.mid", f"of_a{suffix}")
    assert result.stdout == f"of_a{suffix}: 4 phrases, 128 dimensions\n"
    codes = api.read_codes(work / f"of_a{suffix}")
    assert np.array_equal(codes, api.encode(api.load(), api.read("a.mid", api.load())))
    run("decode", f"of_a{suffix}", "--tempo", 90)
    run("reconstruct", "a.mid", "--out", "plain", "--tempo", 90)
    assert contents()["of_a.mid"] == contents("plain")["reconstruction.mid"]


def test_nearest_as_json_and_as_text(work: Path) -> None:
    words = ("nearest", "a.mid", "--corpus", "corpus.npz", "--from-beat", 4, "--beats", 8, "--count", 2)
    found = json.loads(run(*words, "--json").stdout)
    assert [one["beat"] for one in found] == [4, 8]
    for one in found:
        first, second = one["nearest"]
        assert first["distance"] <= second["distance"]
        assert set(first) == {"piece", "composer", "work", "bar", "beat", "distance"}
    text = run(*words).stdout
    assert "beat 4:" in text
    first = found[0]["nearest"][0]
    assert f"{first['distance']:.2f}  Dvořák: No 12 ({first['piece']}), bar {first['bar']}" in text


def test_inspect_as_json_and_as_text(work: Path) -> None:
    found = json.loads(run("inspect", "five.mid", "--json").stdout)
    assert (found["file"], found["beats"]) == ("five.mid", pytest.approx(16, abs=0.1))
    assert found["not_a_quartet"] is None  # eight notes beside 128 are no part
    assert [of["part"] for of in found["tracks"]] == [*PARTS, None]
    assert found["tracks"][4] == {
        **{"track": 4, "name": "Piano", "program": 0, "drums": False, "notes": 8, "part": None},
        **{"why": "neither name nor program tells a part", "out_of_range": 0},
    }
    assert found["tracks"][2]["why"] == "its name"
    text = run("inspect", "a.mid").stdout
    assert "A string quartet" in text
    assert text.count("(its name)") == 4
    trio = run("inspect", "trio.mid").stdout
    assert "No string quartet: no track for violin_2" in trio
    assert "--spread" in trio
    assert json.loads(run("inspect", "trio.mid", "--json").stdout)["not_a_quartet"].startswith("no track for violin_2")


def test_inspect_counts_the_notes_that_an_instrument_does_not_have(work: Path) -> None:
    # A cello's lowest string is C2, 36: of 37 36 35 34 35 36 37 36 three notes lie below.
    players = building.quartet().tracks[:3]
    midi.write(work / "low.mid", tracks.Music(480, (*players, track("Cello", 42, *line(34)))), tempo_qpm=120)
    found = json.loads(run("inspect", "low.mid", "--json").stdout)
    assert [of["out_of_range"] for of in found["tracks"]] == [0, 0, 0, 3]
    told = [row for row in run("inspect", "low.mid").stdout.splitlines() if "range" in row]
    assert told == ["  3 Cello (program 42, 8 notes): cello (its name; 3 notes out of its range)"]


def losing() -> tracks.Music:
    """A quartet of which the grid loses: a chord of three, two notes on one step, a pitch too low; and a bell."""
    first, second, viola, cello = building.quartet().tracks
    rows = [(0, 480, 72), (0, 480, 74), (0, 480, 76), (480, 10, 74), (492, 440, 76), (980, 460, 77)]
    chord = track(first.name, 40, *rows)
    low = track(second.name, 40, (0, 480, 69), (480, 480, 30), (960, 480, 71))
    return tracks.Music(480, (chord, low, viola, cello, track("Bell", 14, (0, 480, 80), (480, 480, 80))))


def test_what_the_grid_loses_is_said(work: Path) -> None:
    midi.write(work / "rich.mid", losing(), tempo_qpm=120)
    # Six and three notes, twice eight; of them those at 492 and 980 are on no step of 40 ticks.
    assert json.loads(run("inspect", "rich.mid", "--json").stdout)["grid"] == {
        **{"steps_per_beat": 12, "notes": 25, "off_grid": 2, "moved_into_range": 1, "dropped_from_chords": 1},
        **{"merged_on_grid": 1, "of_no_part": 2},
    }
    lines = run("inspect", "rich.mid").stdout.splitlines()
    assert "2 of 25 onsets are off the grid of 12 steps a beat." in lines
    said = "f 25 notes 2 are lost on the grid of 12 steps a beat: 1 of chords, 1 merged; 1 moved by octaves"
    assert f"O{said}." in lines
    assert "2 notes of no part left out." in lines
    note = f"note: rich.mid: o{said}; 2 notes of no part left out.\n"
    assert run("reconstruct", "rich.mid").stderr == note
    assert run("interpolate", A, "rich.mid").stderr.startswith(note)
    assert run("reconstruct", A).stderr == ""
    assert "Nothing is lost on the grid of 12 steps a beat." in run("inspect", A).stdout
    # On a grid of 24 steps a beat nothing merges.
    assert (
        json.loads(run("inspect", "rich.mid", "--steps-per-beat", 24, "--json").stdout)["grid"]["merged_on_grid"] == 0
    )
    # With one note a part two of the chord's three are lost.
    one_note = json.loads(run("inspect", "rich.mid", "--chords", "lowest", "--json").stdout)["grid"]
    assert one_note["dropped_from_chords"] == 2


def test_what_is_moved_by_octaves_is_not_said_to_be_as_it_was(work: Path) -> None:
    first, *others = long_quartet().tracks
    high = tracks.Track(
        first.name, first.program, False, np.concatenate([first.notes, building.notes((8000, 240, 120))])
    )
    midi.write(work / "high.mid", tracks.Music(480, (high, *others)), tempo_qpm=120)
    said = run("inspect", "high.mid").stdout
    assert "; 1 moved by octaves." in said
    assert "Nothing is lost" not in said


def test_what_was_not_read_is_said(work: Path) -> None:
    first, *others = building.quartet().tracks
    keys = [(240 * k, 20, 12 + k % 3) for k in range(8)]
    switched = tracks.Track(first.name, 40, False, np.concatenate([first.notes, building.notes(*keys)]))
    midi.write(work / "keys.mid", tracks.Music(480, (switched, *others)), tempo_qpm=120)
    assert json.loads(run("inspect", "keys.mid", "--json").stdout)["left_out"] == {"keyswitches": 8}
    assert "Not read: 8 keyswitches." in run("inspect", "keys.mid").stdout
    assert run("reconstruct", "keys.mid").stderr == "note: keys.mid: not read: 8 keyswitches.\n"
    midi.write(work / "duo.mid", tracks.Music(480, (switched, others[0])), tempo_qpm=120)
    assert "Not read: 8 keyswitches." in run("inspect", "duo.mid").stdout


def test_inspect_names_work_and_movements(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As scores have them: the second movement begins at beat 2, of 4 in all."""
    score = replace(
        building.quartet(),
        movements=(tracks.Movement(0, "I. Largo"), tracks.Movement(960)),
        credits=tracks.Credits("Haydn", "Op. 20 No. 4"),
    )
    monkeypatch.setattr(midi, "read", lambda path, ensemble: score)
    found = json.loads(run("inspect", "a.mid", "--json").stdout)
    assert (found["composer"], found["work"], found["movement"]) == ("Haydn", "Op. 20 No. 4", "")
    end = pytest.approx((1880 - 960) / 480)
    assert found["movements"] == [
        {"number": 1, "title": "I. Largo", "from_beat": 0.0, "beats": 2.0},
        {"number": 2, "title": "", "from_beat": 2.0, "beats": end},
    ]
    lines = run("inspect", "a.mid").stdout.splitlines()
    assert lines[1:3] == ["Haydn, Op. 20 No. 4", "  movement 1, I. Largo: 2 beats, from beat 0 on"]
    assert lines[3].startswith("  movement 2: 1.9")


def test_one_note_is_one(work: Path) -> None:
    midi.write(work / "one.mid", tracks.Music(480, (track("Viola", 41, (0, 480, 60)),)), tempo_qpm=120)
    head, told, *_ = run("inspect", "one.mid").stdout.splitlines()
    assert head == "one.mid: 1 track, 1 beat"
    assert told == "  0 Viola (program 41, 1 note): viola (its name)"


def test_a_part_that_rests_throughout_is_shown(work: Path) -> None:
    first, second, viola, cello = building.quartet().tracks
    midi.write(work / "rests.mid", tracks.Music(480, (first, track("Violin II", 40), viola, cello)), tempo_qpm=120)
    found = run("inspect", "rests.mid").stdout.splitlines()
    assert "  3 Violin II (program 40, 0 notes): violin 2 (its name; it rests throughout)" in found
    assert found[0].startswith("rests.mid: 4 tracks, ")
    assert found[-1] == "A string quartet."
    assert second.name == "Violin II"


def test_every_kind_of_file(work: Path) -> None:
    result = run("sample", "--beats", 8, "--as", ",".join(SIGNATURES), "--tempo", 60)
    assert set(contents()) == {f"sample_0.{kind}" for kind in SIGNATURES}
    assert len(result.stdout.split()) == len(SIGNATURES)
    for kind, signature in SIGNATURES.items():
        assert contents()[f"sample_0.{kind}"].startswith(signature)
    assert contents()["sample_0.roll.png"] != contents()["sample_0.png"]
    sampled = building.ends(api.sample(api.load(), beats=8))
    assert heard("quartetvae-out/sample_0.mid") == sampled
    # A score has every onset; how long a note is held it leaves to the player, by half a beat at most.
    for found, part in zip(heard("quartetvae-out/sample_0.musicxml"), sampled, strict=True):
        assert found.keys() == part.keys()
        assert all(abs(found[note] - end) <= 6 for note, end in part.items())
    # Eight beats at 60 a minute are eight seconds, and a second or two to fade.
    with wave.open("quartetvae-out/sample_0.wav") as file:
        assert 8 < file.getnframes() / file.getframerate() < 10
    (mark,) = ElementTree.parse("quartetvae-out/sample_0.musicxml").iter("per-minute")
    assert float(mark.text or "") == 60


# Every option counts

A, B, TRIO, FIVE = "a.mid", "b.mid", "trio.mid", "five.mid"
MORPH = ("morph", A, "--toward", "register", "--directions", "ways.json")
NEAREST = ("nearest", A, "--corpus", "corpus.npz")
EXCERPTS = [["--from-beat", "3"], ["--beats", "5"], ["--parts", "3,2,1,0"]]
WRITING = [["--as", "musicxml"], ["--as", "mid,roll.png"], ["--tempo", "50"], ["--model", "model"]]

EXCHANGE = ("interpolate", A, B, "--points", "3")
BY_CODES = ("interpolate", A, B, "--path", "spherical")
KEY, STRICT = ["--key", "F# major"], ["--key", "F# major", "--strict-key"]
STRONG = ["--key-strength", "8"]

CHANGES: list[tuple[Sequence[str], Sequence[str]]] = [
    *[(["interpolate", A, B], more) for more in [*EXCERPTS, *WRITING, ["--points", "3"], ["--path", "linear"]]],
    (["interpolate", A, B], ["--parts", "auto", "--parts", "3,2,1,0"]),
    *[(EXCHANGE, more) for more in [["--seed", "1"], ["--freedom", "0.9"], ["--composer", "other"]]],
    *[(EXCHANGE, more) for more in [["--tries", "1"], ["--temperature", "2"], STRICT]],
    (BY_CODES, ["--spacing", "codes"]),
    (BY_CODES, ["--as", "mid,html"]),
    *[(["reconstruct", A], more) for more in [*EXCERPTS, *WRITING]],
    *[(["sample"], more) for more in [*WRITING, ["--beats", "5"], ["--count", "2"], ["--temperature", "2"]]],
    (["sample"], ["--seed", "1"]),
    (["sample", "--temperature", "2", "--seed", "1"], ["--seed", "2"]),
    *[(["vary", A], more) for more in [*EXCERPTS, *WRITING, ["--amount", "2"], ["--count", "2"], ["--seed", "1"]]],
    (["vary", A], ["--temperature", "2"]),
    *[(words, STRICT) for words in (BY_CODES, ["sample"], ["vary", A], MORPH)],
    *[([*words, *KEY], STRONG) for words in (BY_CODES, ["sample"], ["vary", A], MORPH)],
    (["sample"], ["--by", "composer"]),
    (["sample", "--by", "composer"], ["--composer", "other"]),
    *[(["sample", "--by", "composer"], more) for more in [STRICT, ["--seed", "1"], ["--temperature", "0.5"]]],
    *[(MORPH, more) for more in [*EXCERPTS, *WRITING, ["--by", "-2"], ["--toward", "syncopation"]]],
    (MORPH, ["--directions", "others.json"]),
    *[(NEAREST, more) for more in [*EXCERPTS, ["--model", "model"], ["--count", "1"], ["--json"]]],
    (NEAREST, ["--corpus", "other.npz"]),
    *[(["encode", A, "new.npy"], more) for more in [*EXCERPTS, ["--model", "model"]]],
    *[(["decode", "codes.npy"], more) for more in [*WRITING, ["--temperature", "2"]]],
    (["decode", "codes.npy", "--temperature", "2"], ["--seed", "1"]),
    *[(["inspect", A], more) for more in [["--json"], ["--steps-per-beat", "2"]]],
]


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's model with other weights."""
    folder = tmp_path_factory.mktemp("model") / "model"
    shutil.copytree(pretrained.FOLDER, folder, ignore=shutil.ignore_patterns("*.npz", "directions.json"))
    with h5py.File(folder / WEIGHTS, "r+") as file:
        found: list[Any] = []
        file.visititems(lambda _, of: found.append(of) if isinstance(of, h5py.Dataset) else None)
        for of in found:
            of[...] = 0.5 * of[...]
    architectures.write(folder, architectures.read(folder), (folder / WEIGHTS).read_bytes())
    return folder


@pytest.mark.parametrize(("words", "more"), CHANGES, ids=lambda words: " ".join(words))
def test_every_option_changes_something(
    words: Sequence[str], more: Sequence[str], work: Path, other_model: Path
) -> None:
    (work / "model").symlink_to(other_model)
    assert made(*words, *more) != plain(*words)


@pytest.mark.parametrize("words", sorted({tuple(words) for words, _ in CHANGES}), ids=" ".join)
def test_the_same_words_make_the_same(words: Sequence[str], work: Path) -> None:
    assert made(*words) == plain(*words)


def test_the_list_of_changes_has_every_option() -> None:
    """An option that is added is to be tried as well."""
    # Chords want a file that has some: see what inspect says of what is lost. The whole wants one that is long.
    apart = {"--out", "--spread", "--help", "--chords", "--whole", "--same-key"}
    for name in COMMANDS:
        command = cli.app.get_command(click.Context(cli.app), name)
        assert command is not None
        there = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        tried = {word for words, more in CHANGES if words[0] == name for word in more if word.startswith("--")}
        assert there - apart == tried, name


@pytest.mark.parametrize("words", [["reconstruct", TRIO], ["vary", TRIO], ["interpolate", A, TRIO], MORPH[:1]])
def test_spread_reads_what_is_no_quartet(words: Sequence[str], work: Path) -> None:
    words = ["morph", TRIO, *MORPH[2:]] if words == MORPH[:1] else words
    with pytest.raises(QuartetError, match=r"trio\.mid: no quartet found .*--spread"):
        run(*words)
    assert run(*words, "--spread").exit_code == 0
    # What is one is read as it is.
    assert made("reconstruct", A, "--spread") == made("reconstruct", A)


def test_out_is_where_things_go(work: Path) -> None:
    run("sample", "--beats", 4, "--out", "new/folder")
    assert list(contents("new/folder")) == ["sample_0.mid"]
    assert not (work / "quartetvae-out").exists()


def test_the_tempo_is_the_inputs_unless_it_is_given(work: Path) -> None:
    for more, tempo in (((), 90), (("--tempo", 50), 50)):
        run("reconstruct", "a.mid", *more)
        assert tracks.mean_tempo(midi.read(work / "quartetvae-out/reconstruction.mid")) == pytest.approx(
            tempo, abs=0.01
        )


# Bad input


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["interpolate", A], "1 piece; two, or four for a grid, are needed"),
        (["interpolate", A, A, A], "3 pieces; two, or four for a grid, are needed"),
        (["interpolate"], "Missing argument"),
        (["interpolate", A, B, "--points", "1"], "1 is not in the range"),
        (["interpolate", A, B, "--path", "bent"], "'bent' is not one of 'exchange', 'linear', 'spherical'"),
        (["interpolate", A, B, *["--parts", "0,1,2,3"] * 3], "--parts 3 times for 2 pieces"),
        (["reconstruct", A, "--as", "wma"], "'wma' is none of mid, musicxml, svg"),
        (["reconstruct", A, "--as", ""], "none of mid"),
        (["reconstruct", A, "--beats", "0"], "0 is not in the range"),
        (["reconstruct", A, "--from-beat", "-1"], "-1 is not in the range"),
        (["reconstruct", A, "--from-beat", "1.5"], "'1.5' is not a valid integer"),
        (["reconstruct", A, "--tempo", "0"], "not in the range"),
        (["reconstruct", A, "--parts", "0,1,2"], "not the numbers of four tracks"),
        (["reconstruct", A, "--parts", "0,1,2,x"], "not the numbers of four tracks"),
        (["sample", "--temperature", "-1"], "not in the range"),
        (["sample", "--composer", "x"], "--by codes, and --composer, which has no part in it"),
        (["sample", "--by", "composer", "--model", "x"], "--by composer, and --model, which has no part in it"),
        (["sample", "--key", "H major"], "key 'H major'; free, auto or the name of a key"),
        (["sample", "--seed", "-1"], "not in the range"),
        (["vary", A, "--amount", "-1"], "not in the range"),
        (["morph", A, "--toward", "loudness"], "'loudness' is not one of 'note_density'"),
        (["morph", A], "Missing option '--toward'"),
        (["morph", A, "--toward", "register", "--model", "x"], "name them with --directions"),
        (["nearest", A, "--model", "x"], "name them with --corpus"),
        (["encode", A], "Missing argument 'CODES'"),
        (["decode"], "Missing argument 'CODES'"),
        (["merge"], "No such command 'merge'"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_wrong_usage_is_2_and_writes_nothing(words: list[str], message: str, work: Path) -> None:
    before = sorted(work.rglob("*"))
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert sorted(work.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reconstruct", "none.mid"], r"none\.mid: there is no such file"),
        (["reconstruct", "none.mxl"], r"none\.mxl: there is no such file"),
        (["reconstruct", "folder.mid"], r"folder\.mid: a folder; a file is needed"),
        (["inspect", "folder.xml"], r"folder\.xml: a folder; a file is needed"),
        (["decode", A], r"a\.mid: no codes by its name; \.npy or \.parquet"),
        (["decode", "none.npy"], r"none\.npy: there is no such file"),
        (["inspect", "song.mp3"], r"song\.mp3: neither MIDI nor a score.* \.mid, \.midi, \.xml, \.musicxml, \.mxl"),
        (["inspect", "folder"], "folder: neither MIDI nor a score"),
        (["reconstruct", A, "--from-beat", "16"], r"a\.mid: nothing from beat 16 on; it has 16 beats"),
        (["interpolate", A, B, "--from-beat", "9999"], r"a\.mid: nothing from beat 9999 on"),
        (["reconstruct", A, "--parts", "0,1,2,4"], r"tracks 0,1,2,4 asked for; four different ones.*3 Cello"),
        (["reconstruct", A, "--parts", "0,1,2,2"], "tracks 0,1,2,2 asked for; four different ones"),
        (["reconstruct", A, "--model", "nowhere"], "nowhere"),
        (["reconstruct", A, "--model", "folder"], "no trained model"),
        (["reconstruct", A, "--tempo", "nan"], "a tempo of nan"),
        (["sample", "--temperature", "nan"], "not finite"),
        (["sample", "--key", "auto"], "there are none; name a key"),
        (["vary", A, "--strict-key"], "strict about the key, and key 'free'"),
        (["vary", A, "--amount", "nan"], "an amount of nan"),
        ([*MORPH, "--by", "nan"], "by nan"),
        ([*MORPH, "--by", "inf"], "by inf"),
        ([*MORPH[:4], "--directions", "none.json"], r"none\.json: no directions"),
        ([*MORPH[:4], "--directions", A], r"a\.mid: no directions"),
        (["nearest", A, "--corpus", "none.parquet"], r"none\.parquet: no codes of a corpus"),
        (["nearest", A, "--corpus", "ways.json"], r"ways\.json: no codes of a corpus"),
        (["encode", A, "codes.txt"], r"codes\.txt: codes are written as \.npy or \.parquet"),
        (["encode", A, "a.mid/codes.npy"], "codes.npy: cannot be written"),
        (["encode", A, "folder.npy"], r"folder\.npy: cannot be written"),
        (["decode", "narrow.npy"], r"codes of shape \(2, 5\); \(codes, 128\) is needed"),
        (["decode", "nan.npy"], r"nan\.npy: codes of shape \(2, 128\), 1 of their numbers not finite"),
        (["decode", "codes.npy", "--out", A], r"--out a\.mid: no folder there"),
        (["decode", "codes.npy", "--out", "a.mid/below"], "--out a.mid/below: no folder there"),
        (["decode", "codes.npy", "--out", "taken"], r"codes\.mid: cannot be written \(Is a directory\)"),
        (["decode", f"{'x' * 245}.npy"], r"xx\.mid: cannot be written \(File name too long\)"),
    ],
    ids=lambda words: " ".join(words)[:60] if isinstance(words, list) else "",
)
def test_bad_input_is_1_with_one_line_and_nothing_half_written(words: list[str], message: str, work: Path) -> None:
    for name in ("folder", "folder.mid", "folder.xml", "folder.npy", "taken/codes.mid"):
        (work / name).mkdir(parents=True)
    (work / "song.mp3").write_bytes(b"ID3")
    np.save(work / "narrow.npy", np.zeros((2, 5), np.float32))
    np.save(work / f"{'x' * 245}.npy", np.zeros((2, WIDTH), np.float32))
    broken = np.zeros((2, WIDTH), np.float32)
    broken[1, 7] = np.nan
    np.save(work / "nan.npy", broken)
    before = sorted(path for path in work.rglob("*") if path.is_file())
    with pytest.raises(QuartetError, match=message) as error:
        run(*words)
    assert "\n" not in str(error.value)
    assert sorted(path for path in work.rglob("*") if path.is_file()) == before


def test_names_in_any_script(work: Path) -> None:
    name = "Дворжак 四重奏 № 12 “Ämerican”.mid"
    shutil.copy("a.mid", name)
    run("reconstruct", name, "--as", "mid,musicxml", "--out", "выход", "--beats", 4)
    assert len(contents("выход")) == 4
    title = ElementTree.parse("выход/original.musicxml").findtext("work/work-title")
    assert title == name.removesuffix(".mid")
    assert json.loads(run("inspect", name, "--json").stdout)["file"] == name


def test_scores_and_sound_are_of_the_first_32_beats_unless_more_is_asked_for(work: Path) -> None:
    midi.write(Path("long.mid"), long_quartet(count=96), tempo_qpm=120)
    seconds = {}
    for name, words in {"first": (), "whole": ("--whole",), "said": ("--beats", 40)}.items():
        run("vary", "long.mid", "--as", "wav,mid", "-o", name, *words)
        with wave.open(f"{name}/variation_0.wav") as file:
            seconds[name] = file.getnframes() / file.getframerate() - audio.TAIL
    assert seconds == pytest.approx({"first": 16, "whole": 24, "said": 20}, abs=0.05)
    assert len(Path("first/variation_0.mid").read_bytes()) == len(Path("whole/variation_0.mid").read_bytes())


def test_a_package_that_is_missing_is_named(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(QuartetError, match=r"\.ogg: the package 'soundfile' .*'quartetvae\[sound\]'"):
        run("sample", "--beats", 4, "--as", "mid,ogg")
    # It was said before anything was made.
    assert not list(Path().glob("**/sample_0.mid"))


def test_a_writer_that_cannot_open_its_file_is_no_bug_of_ours(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As symusic and libsndfile say it of a folder that is not writable."""

    def refuse(path: Path, music: Quartet) -> None:
        raise RuntimeError("File not found")

    monkeypatch.setitem(write.WRITERS, ".mid", refuse)
    with pytest.raises(QuartetError, match=r"sample_0\.mid: cannot be written \(File not found\)"):
        run("sample", "--beats", 4)


# As a program of its own


def program(*words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """`python -m quartetvae.cli` in the folder; `before` is code that runs first."""
    start = ["-c", f"{before}; from quartetvae.cli import main; main()"] if before else ["-m", "quartetvae.cli"]
    return subprocess.run([sys.executable, *start, *words], capture_output=True, text=True, encoding="utf-8")


def test_results_go_to_stdout_and_errors_to_stderr_without_a_traceback(work: Path) -> None:
    good, bad, wrong = program("inspect", A, "--json"), program("inspect", "none.mid"), program("inspect")
    assert (good.returncode, good.stderr) == (0, "")
    assert len(json.loads(good.stdout)["tracks"]) == 4
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("error: none.mid: there is no such file")
    assert bad.stderr.count("\n") == 1
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Traceback" not in wrong.stderr


FULL = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
)
"""From then on no file can be longer than 1000 bytes: what a full disk does."""


@pytest.mark.parametrize("words", [["sample", "--as", "wav"], ["sample", "--beats", "64"], ["encode", A, "new.npy"]])
def test_a_full_disk_leaves_nothing_half_written(words: list[str], work: Path) -> None:
    before = sorted(path for path in work.rglob("*") if path.is_file())
    result = program(*words, before=FULL)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "cannot be written" in result.stderr
    assert sorted(path for path in work.rglob("*") if path.is_file()) == before
