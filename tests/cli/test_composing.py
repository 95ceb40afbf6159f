"""The commands of a composer: what they write and keep, that every option counts, and what bad input gets."""

import json
import wave
from collections.abc import Sequence
from pathlib import Path

import click
import mido
import numpy as np
import pytest

from quartetvae import cli
from quartetvae.composing import requests
from quartetvae.errors import ArgumentError, QuartetError
from quartetvae.io import audio, midi
from quartetvae.music import tracks
from quartetvae.music.quartet import Quartet
from tests import building
from tests.building import line, track
from tests.cli.test_music import A, B, contents, heard, long_quartet, made, plain, run, work

__all__ = ["work"]

COMMANDS = tuple(name for name, module in cli.COMMANDS.items() if module == "composing")
INFILL = ("infill", A, "--bars", "2-3", "--parts", "viola")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"quartetvae {command} " in result.output.split("Examples:")[1]


def events(path: str | Path) -> list[list[tuple[int, str]]]:
    """The events of each track with their ticks, as mido reads them."""
    found = []
    for of in mido.MidiFile(path).tracks:
        ticks = np.cumsum([message.time for message in of]).tolist()
        found.append(sorted((tick, str(message.copy(time=0))) for tick, message in zip(ticks, of, strict=True)))
    return found


def test_infill_changes_bars_and_parts_of_a_file_and_not_one_other_event(work: Path) -> None:
    assert run(*INFILL, "--count", 2).stdout.split() == [str(Path("quartetvae-out", f"infill_{k}.mid")) for k in (0, 1)]
    before, *after = (events(path) for path in (A, "quartetvae-out/infill_0.mid", "quartetvae-out/infill_1.mid"))
    assert after[0] != after[1]
    viola = next(k for k, track in enumerate(before) if any("'Viola'" in event for _, event in track))
    for one in after:
        assert [of for k, of in enumerate(one) if k != viola] == [of for k, of in enumerate(before) if k != viola]
        changed = set(one[viola]) ^ set(before[viola])
        assert {event.split()[0] for _, event in changed} == {"note_on", "note_off"}
        # Bars 2 and 3: beats 4 to 12 of 480 ticks.
        assert all(4 * 480 <= tick <= 12 * 480 for tick, _ in changed)


def test_beats_are_other_words_for_bars(work: Path) -> None:
    assert made("infill", A, "--beats", "4-11", "--parts", "viola") == plain(*INFILL)
    assert made("infill", A, "--bars", "2") == made("infill", A, "--beats", "4-7")


def test_infill_of_a_score_or_as_a_score_writes_the_whole(work: Path) -> None:
    run(*INFILL, "--as", "mid,musicxml", "--out", "both")
    assert set(contents("both")) == {"infill_0.mid", "infill_0.musicxml"}
    result = run("infill", "both/infill_0.musicxml", "--bars", 1)
    assert result.stderr == ""
    assert list(contents()) == ["infill_0.mid"]


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        # Bars of four beats, of 24: from two bars before what is new on, 32 beats or up to the end.
        (("infill", "long.mid", "--bars", 15, "--parts", "viola"), 12, 20),
        (("infill", "long.mid", "--bars", 2, "--parts", "viola"), 0, 8),
        (("continue", "long.mid", "--beats", 4), 22, 25),
        (("harmonise", "long.mid"), 0, 8),
        (("infill", "long.mid", "--bars", 15, "--parts", "viola", "--whole"), 0, 24),
        (("continue", "long.mid", "--beats", 4, "--whole"), 0, 25),
        (("harmonise", "long.mid", "--whole"), 0, 24),
    ],
    ids=lambda words: " ".join(map(str, words)) if isinstance(words, tuple) else "",
)
def test_scores_and_sound_are_of_what_is_new(words: Sequence[str | int], first: int, last: int, work: Path) -> None:
    midi.write(work / "long.mid", long_quartet(count=2 * 96), tempo_qpm=240)
    run(*words, "--as", "mid,wav")
    (name,) = (path.stem for path in (work / "quartetvae-out").glob("*.mid"))
    with wave.open(str(work / "quartetvae-out" / f"{name}.wav")) as file:
        seconds = file.getnframes() / file.getframerate() - audio.TAIL
    assert seconds == pytest.approx(last - first, abs=0.05)
    assert events(f"quartetvae-out/{name}.mid")[-1][-1][0] >= 24 * 4 * 480 - 480


def test_an_excerpt_strikes_what_sounds_into_it() -> None:
    tokens = building.part_array("60 - - -  62 - - -", "67 - - -  - - - -")
    found = requests.excerpt(Quartet(tokens, building.GRID, bars=np.arange(8) // 4), 6, 20)
    assert np.array_equal(found.tokens, building.part_array("62 -", "67 -"))
    assert found.bars.tolist() == [0, 0]


def test_infill_of_what_is_no_quartet_is_written_anew(work: Path) -> None:
    result = run("infill", "trio.mid", "--bars", 1, "--spread")
    assert "note: trio.mid: violin_2 is no track" in result.stderr or "is no track with notes" in result.stderr
    assert list(contents()) == ["infill_0.mid"]


def test_where_held_notes_leave_nothing_to_compose_it_is_said(work: Path) -> None:
    long = [track(of.name, of.program, (0, 480 * 16, 60 - 5 * k)) for k, of in enumerate(building.quartet().tracks)]
    midi.write(work / "long.mid", tracks.Music(480, tuple(long)), tempo_qpm=120)
    result = run("infill", "long.mid", "--bars", "2-3")
    assert result.stderr == "note: nothing to compose there: notes that are held over the edges fill it.\n"
    assert events("quartetvae-out/infill_0.mid") == events("long.mid")


def test_harmonise_keeps_the_part(work: Path) -> None:
    run("harmonise", A, "--part", "Violin II")
    assert heard("quartetvae-out/harmony_0.mid")[1] == heard(A)[1]
    assert all(heard("quartetvae-out/harmony_0.mid"))


def test_a_melody_is_the_only_track_or_the_one_that_is_named(work: Path) -> None:
    melody = track("Flute", 73, *line(76))
    midi.write(work / "melody.mid", tracks.Music(480, (melody,)), tempo_qpm=120)
    midi.write(work / "two.mid", tracks.Music(480, (track("Oboe", 68, *line(64)), melody)), tempo_qpm=120)
    one, two = made("harmonise", "melody.mid"), made("harmonise", "two.mid", "--track", 1)
    assert one == two
    assert made("harmonise", "two.mid", "--track", 0) != two
    with pytest.raises(QuartetError, match=r"two\.mid: no quartet, and 2 tracks .* \(--track\): 0 Oboe .*; 1 Flute"):
        run("harmonise", "two.mid")
    with pytest.raises(QuartetError, match=r"two\.mid: track 7 asked for; one with notes is needed, of: 0 Oboe"):
        run("harmonise", "two.mid", "--track", 7)


def test_a_continuation_begins_with_the_piece(work: Path) -> None:
    run("continue", A, "--beats", 8)
    # The piece's notes end 40 ticks before its 16th beat does.
    for part, more in zip(heard(A), heard("quartetvae-out/continuation_0.mid"), strict=True):
        assert {note: end for note, end in more.items() if note[0] < 16 * 12} == part
        assert len(more) > len(part)
    assert midi.read(work / "quartetvae-out/continuation_0.mid").end / 480 == pytest.approx(24, abs=1)


def test_a_bridge_begins_as_a_and_ends_as_b(work: Path) -> None:
    run("bridge", A, B, "--beats", 8, "--of-each", 4)
    found = heard("quartetvae-out/bridge_0.mid")
    for part, first, last in zip(found, heard(A), heard(B), strict=True):
        assert {note for note in part if note[0] < 48} == {note for note in first if note[0] < 48}
        assert {(onset - 144, pitch) for onset, pitch in part if onset >= 144} == {
            (onset - 144, pitch) for onset, pitch in last if onset >= 144
        }
    assert tracks.mean_tempo(midi.read(work / "quartetvae-out/bridge_0.mid")) == pytest.approx(105, abs=0.01)


def test_the_same_key_moves_b(work: Path) -> None:
    song = mido.MidiFile(A)
    for one in song.tracks:
        for message in one:
            if message.type in ("note_on", "note_off"):
                message.note += 3
    song.save("up.mid")
    # Moved back by the three semitones, B ends as A does.
    result = run("bridge", A, "up.mid", "--beats", 4, "--of-each", 4, "--same-key")
    assert "note: up.mid is moved by -3 semitones." in result.stderr
    for part, last in zip(heard("quartetvae-out/bridge_0.mid"), heard(A), strict=True):
        ends = {(onset - 96, pitch) for onset, pitch in part if onset >= 96}
        assert ends == {(onset - 144, pitch) for onset, pitch in last if onset >= 144}
    moved = contents_of("interpolate", A, "up.mid", "--beats", 4, "--points", 2, "--same-key")
    assert moved["point_0.mid"] == moved["point_1.mid"]
    apart = contents_of("interpolate", A, "up.mid", "--beats", 4, "--points", 2)
    assert apart["point_0.mid"] != apart["point_1.mid"]


def contents_of(*words: str | int) -> dict[str, bytes]:
    """What a command writes, by name."""
    run(*words, "--out", "own")
    return contents("own")


BEATS = {
    INFILL: [4, 8],
    ("harmonise", A): [0, 4, 8, 12],
    ("continue", A, "--beats", "8"): [16, 20],
    ("bridge", A, B, "--of-each", "5", "--beats", "6"): [4, 8],
}
"""What is asked, and the beats of the phrases that have something new in them."""


@pytest.mark.parametrize("words", BEATS, ids=" ".join)
def test_what_is_composed_is_told_where_it_comes_from(words: tuple[str, ...], work: Path) -> None:
    run(*words)
    (path,) = Path("quartetvae-out").glob("*_0.origin.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert [phrase["beat"] for phrase in found["phrases"]] == BEATS[words]


# Every option counts

DRAWING = [["--temperature", "0.5"], ["--seed", "1"], ["--count", "2"], ["--key", "F# major", "--strict-key"]]
OUTPUT = [["--as", "roll.png"], ["--composer", "other"]]
EVERY = [*DRAWING, *OUTPUT]
HARMONISE, CONTINUE, BRIDGE = ("harmonise", A), ("continue", A), ("bridge", A, B)
REVERSED = "3,2,1,0"
STRONG = ["--key-strength", "8"]

CHANGES: list[tuple[Sequence[str], Sequence[str]]] = [
    *[(INFILL, more) for more in [*EVERY, ["--bars", "1-3"], ["--parts", "cello,viola"], ["--tracks", REVERSED]]],
    (("infill", A, "--beats", "2-3"), ["--beats", "2-4"]),
    *[(HARMONISE, more) for more in [*EVERY, ["--part", "cello"], ["--track", "2"], ["--tempo", "50"]]],
    *[(CONTINUE, more) for more in [*EVERY, ["--beats", "4"], ["--parts", REVERSED], ["--tempo", "50"]]],
    *[(BRIDGE, more) for more in [*EVERY, ["--beats", "4"], ["--of-each", "3"], ["--tempo", "50"]]],
    (BRIDGE, ["--parts", "auto", "--parts", REVERSED]),
    *[([*words, "--key", "F# major"], STRONG) for words in (INFILL, HARMONISE, CONTINUE, BRIDGE)],
    *[([*words, "--key", "F# major"], ["--key", "auto"]) for words in (INFILL, HARMONISE, CONTINUE, BRIDGE)],
]


@pytest.mark.parametrize(("words", "more"), CHANGES, ids=lambda words: " ".join(words))
def test_every_option_changes_something(words: Sequence[str], more: Sequence[str], work: Path) -> None:
    assert made(*words, *more) != plain(*words)


@pytest.mark.parametrize("words", [INFILL, HARMONISE, CONTINUE, BRIDGE], ids=" ".join)
def test_the_same_words_make_the_same(words: Sequence[str], work: Path) -> None:
    assert made(*words) == plain(*words)


def test_the_list_of_changes_has_every_option() -> None:
    """An option that is added is to be tried as well."""
    # The whole wants a file that is long, and the same key two that are in others: tried above.
    apart = {"--out", "--spread", "--help", "--whole", "--same-key"}
    for name in COMMANDS:
        command = cli.app.get_command(click.Context(cli.app), name)
        assert command is not None
        there = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        tried = {word for words, more in CHANGES if words[0] == name for word in more if word.startswith("--")}
        assert there - apart == tried, name


@pytest.mark.parametrize(
    "words", [("infill", "trio.mid", "--bars", "1"), ("continue", "trio.mid"), ("bridge", A, "trio.mid")]
)
def test_spread_reads_what_is_no_quartet(words: Sequence[str], work: Path) -> None:
    with pytest.raises(QuartetError, match=r"trio\.mid: no quartet found .*--spread"):
        run(*words)
    assert run(*words, "--spread").exit_code == 0


# Bad input


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["infill", A], "which bars? Say --bars 5-8, or --beats 16-31"),
        (["infill", A, "--bars", "1", "--beats", "1"], "which bars?"),
        (["infill", A, "--bars", "1-x"], "'1-x' is no range; as 5-8, or 5"),
        (["infill", A, "--bars", "1", "--parts", "flute"], "part 'flute'; one of violin_1, violin_2, viola, cello"),
        (["infill", A, "--bars", "1", "--tracks", "0,1,2,3", "--spread"], "--tracks says where the parts are"),
        (["infill", A, "--bars", "1", "--key", "C dorian"], "key 'C dorian'; free, auto or the name of a key"),
        (["harmonise", A, "--part", "flute"], "part 'flute'"),
        (["continue", A, "--beats", "0"], "0 is not in the range"),
        (["bridge", A], "Missing argument 'B'"),
        (["bridge", A, B, *["--parts", "0,1,2,3"] * 3], "--parts 3 times for 2 pieces"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_wrong_usage_is_2_and_writes_nothing(words: list[str], message: str, work: Path) -> None:
    before = sorted(work.rglob("*"))
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(work.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["infill", A, "--bars", "3-5"], "bars 3 to 5; the music has bars 1 to 4"),
        (["infill", A, "--bars", "0"], "bars 0 to 0; the music has bars 1 to 4"),
        (["infill", A, "--beats", "15-16"], "beats 15 to 16; the music has beats 0 to 15"),
        (["infill", "none.mid", "--bars", "1"], r"none\.mid: there is no such file"),
        (["infill", A, "--bars", "1", "--strict-key"], "strict about the key, and key 'free'"),
        (["harmonise", "none.mid"], r"none\.mid: there is no such file"),
        (["continue", A, "--out", A], r"--out a\.mid: no folder there"),
        (["infill", A, "--bars", "1", "--out", "taken"], r"infill_0\.mid: cannot be written \(Is a directory\)"),
    ],
    ids=lambda words: " ".join(words)[:60] if isinstance(words, list) else "",
)
def test_bad_input_is_1_with_one_line_and_nothing_half_written(words: list[str], message: str, work: Path) -> None:
    (work / "taken" / "infill_0.mid").mkdir(parents=True)
    before = sorted(path for path in work.rglob("*") if path.is_file())
    with pytest.raises(QuartetError, match=message) as error:
        run(*words)
    assert "\n" not in str(error.value)
    assert sorted(path for path in work.rglob("*") if path.is_file()) == before


def test_a_composer_that_is_not_there_is_trained_by_a_command_that_is_named(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    with pytest.raises(QuartetError, match=r"no composer there; run the stage `compose` first \(dvc repro compose\)"):
        run("sample", "--by", "composer", "--composer", work / "nowhere")
    with pytest.raises(QuartetError, match=r"no composer there; .*dvc repro compose"):
        run("infill", work / A, "--bars", 1, "--composer", work / "nowhere")


EXCHANGE = ("interpolate", A, B, "--points", 3)


def test_interpolate_by_exchange_writes_points_whose_ends_are_those_of_a_path(work: Path) -> None:
    found = {}
    for out, words in (("by", EXCHANGE), ("codes", (*EXCHANGE, "--path", "spherical"))):
        assert run(*words, "--out", out).exit_code == 0
        found[out] = contents(out)
    assert list(found["by"]) == list(found["codes"]) == ["point_0.mid", "point_1.mid", "point_2.mid"]
    assert [name for name in found["by"] if found["by"][name] == found["codes"][name]] == ["point_0.mid", "point_2.mid"]


@pytest.mark.parametrize(
    "option",
    [("--freedom", 1), ("--seed", 2), ("--composer", "folder"), ("--tries", 1), ("--temperature", 3)],
)
def test_options_of_an_exchange_count_and_are_for_nothing_else(work: Path, option: tuple[str, str | int]) -> None:
    assert made(*EXCHANGE, *option) != made(*EXCHANGE)
    with pytest.raises(ArgumentError, match=f"{option[0][2:]} with path 'spherical'"):
        run("interpolate", A, B, "--path", "spherical", *option)


def test_spacing_is_of_a_path_between_two_by_codes(work: Path) -> None:
    by_codes = ("interpolate", A, B, "--points", 3, "--path", "spherical")
    assert made(*by_codes) != made(*by_codes, "--spacing", "codes")
    with pytest.raises(ArgumentError, match="spacing 'codes' with path 'exchange'"):
        run(*EXCHANGE, "--spacing", "codes")
    result = run("interpolate", A, B, A, B, "--spacing", "codes", "--path", "linear")
    assert result.exit_code == 2
    assert "--spacing with four pieces" in result.stderr


def test_four_pieces_by_exchange_are_a_grid(work: Path) -> None:
    assert run("interpolate", A, B, A, B, "--points", 3, "--out", "grid").exit_code == 0
    assert len(contents("grid")) == 9
