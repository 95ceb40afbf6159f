"""Ways that are tried between two phrases: music in C and back, shares of codes, records, the command line."""

import copy
import dataclasses
import math
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from experiments.ways import __main__ as command
from experiments.ways import in_c, records, trials
from quartetvae import config, files
from quartetvae.corpus import windows
from quartetvae.evaluation.between import Ends, Way
from quartetvae.music.codec import Alphabet, Tokens
from tests.building import FORM, part_array, piece, pieces, random_tokens
from tests.composing.composers import fake
from tests.toy import STEPS, TOY
from tools import results

WIDE = Alphabet(36, 107)
A_MINOR = part_array("69 71 72 74 76 77 76 68 69 - .", "57 - - - 64 - - - 57 - -", alphabet=WIDE)[np.newaxis]
AUGMENT = config.Augment(kind="none", semitones_min=0, semitones_max=0, hop_steps=4, seed=0)


def transposed(phrases: Tokens, semitones: int, alphabet: Alphabet = WIDE) -> Tokens:
    return np.where(phrases < alphabet.rest, phrases.astype(int) + semitones, phrases).astype(np.uint8)


def test_music_of_every_key_is_the_same_in_c() -> None:
    home = in_c.to_c(A_MINOR, WIDE)
    for semitones in range(-5, 7):
        other = transposed(A_MINOR, semitones)
        assert in_c.shifts(other, WIDE).tolist() == [-semitones]
        assert np.array_equal(in_c.to_c(other, WIDE), home)
    # a minor is at home: the same pitches, in an alphabet that begins six semitones lower.
    pitched = np.less(A_MINOR, WIDE.rest)
    assert np.array_equal(home[pitched], A_MINOR[pitched] + in_c.FARTHEST)


def test_there_and_back_is_the_same_music() -> None:
    rng = np.random.default_rng(0)
    phrases = random_tokens(30, 8, 8, alphabet=WIDE)
    phrases[:, 0] = rng.integers(WIDE.held, WIDE.size_with_held, phrases[:, 0].shape)
    semitones, wide = rng.integers(-6, 6, 30), in_c.wide(WIDE)
    there = in_c.moved(phrases, semitones, WIDE, wide)
    assert (there != phrases).mean() > 0.5
    assert np.array_equal(in_c.moved(there, -semitones, wide, WIDE), phrases)


def test_what_leaves_the_alphabet_is_moved_by_octaves() -> None:
    ends = np.array([0, 71, WIDE.held, WIDE.held + 71, WIDE.rest, WIDE.sustain], np.uint8).reshape(1, 1, 6)
    down, up = (in_c.moved(ends, np.array([by]), WIDE, WIDE).ravel().tolist() for by in (-1, 1))
    assert down == [11, 70, WIDE.held + 11, WIDE.held + 70, WIDE.rest, WIDE.sustain]
    assert up == [1, 60, WIDE.held + 1, WIDE.held + 60, WIDE.rest, WIDE.sustain]


def test_windows_in_c_are_those_of_the_pieces_moved() -> None:
    corpus = pieces(train=[piece("one", random_tokens(32, 4)), piece("two", random_tokens(24, 4, seed=1))])
    plain = windows.of(corpus, FORM, AUGMENT)["train"]
    moved = in_c.WindowsInC(plain)
    alphabet = plain.grid.alphabet
    assert (len(moved), moved.steps) == (len(plain), plain.steps)
    assert moved.grid.alphabet == in_c.wide(alphabet)
    options: dict[str, Any] = {"seed": 3, "epoch": 1, "count": len(plain)}
    for found, of in (
        (moved.mixed(5, **options), plain.mixed(5, **options)),
        (moved.in_order(5, count=9), plain.in_order(5, count=9)),
    ):
        for batch, own in zip(found, of, strict=True):
            assert np.array_equal(batch, in_c.to_c(own, alphabet))


def test_a_way_in_c_sees_c_and_gives_back_the_key_of_a() -> None:
    a, b = transposed(A_MINOR, 3), transposed(A_MINOR, 3 + 2)
    seen: list[Ends] = []

    def make(model: Any, ends: Ends, rng: np.random.Generator) -> Tokens:
        seen.append(ends)
        return ends.b

    ends = Ends(a, b, np.zeros((1, 2), np.float32), np.zeros((1, 2), np.float32), WIDE)
    way = in_c.made_in_c(Way(make, in_key=True))
    assert way.in_key
    assert np.array_equal(way.make(TOY, ends, np.random.default_rng(0)), b)
    assert np.array_equal(seen[0].a, in_c.to_c(A_MINOR, WIDE))
    assert seen[0].alphabet == in_c.wide(WIDE)


def test_shares_of_codes_are_exchanged_whole() -> None:
    a, b = random_tokens(40, STEPS, 4, seed=2), random_tokens(40, STEPS, 4, seed=3)
    ends = Ends(a, b, TOY.encode(a)[0], TOY.encode(b)[0], TOY.architecture.grid.alphabet)
    codes: list[Any] = []

    @dataclasses.dataclass
    class Model:
        def decode(self, z: Any) -> Any:
            codes.append(z.reshape(40, 4, -1))
            return z

    model: Any = Model()
    for share, in_order in ((0.25, False), (0.5, False), (0.5, True)):
        trials.exchanged_shares(4, share, in_order=in_order)(model, ends, np.random.default_rng(0))
    z_a, z_b = (z.reshape(40, 4, -1) for z in (ends.z_a, ends.z_b))
    from_b = [(found == z_b).all(axis=-1) for found in codes]
    for found, where in zip(codes, from_b, strict=True):
        assert np.array_equal(found, np.where(where[..., None], z_b, z_a))
    assert [set(where.sum(axis=1).tolist()) for where in from_b] == [{1}, {2}, {2}]
    assert len(np.unique(from_b[1], axis=0)) > 1
    assert (from_b[2] == [False, False, True, True]).all()


def test_nats_from_nothing_are_of_every_cell() -> None:
    composer = fake(TOY.architecture.grid)
    phrases = random_tokens(3, STEPS, 4)
    assert trials.nats_from_nothing(composer, phrases).tolist() == [STEPS * 4] * 3


def record(**changes: Any) -> records.Record:
    sets = ("real", "half", "prior", "training")
    between: Any = {
        "pairs": 1000,
        "two_sample": {name: {"auc": 0.75, "low": 0.7, "high": 0.8} for name in sets},
        "kept": {name: {"a": 0.5, "b": None} for name in sets[:-1]},
        **{name: dict.fromkeys(sets, 0.25) for name in ("dissonant", "scale_consistency")},
        "bigram_nats": dict.fromkeys(sets, 130.04),
    }
    made = {"commit": "abc", "date": "2026-11-27", "command": "python", "hardware": "2 cores"}
    return cast(records.Record, {"about": "", **made, "between": between, **changes})


SPENT: Any = {
    "seconds": 1799.0,
    "processor_seconds": 2521.0,
    "steps": 3,
    "windows": 96000,
    "parameters": 2312579,
    "val_loss": 3.1,
}


def test_tables_have_what_was_trained_and_a_row_for_each_set() -> None:
    found = {"baselines": record(), "composer": record(date="2026-11-28", spent=SPENT, nats_per_phrase=99.96)}
    lines = records.table(found)
    assert "1,000 random pairs of validation phrases" in lines[0]
    assert "2026-11-27 to 2026-11-28, 2 cores" in lines[0]
    assert "not run yet: shares, in-c, noised" in lines[0]
    assert f"| `composer` | {records.ABOUT['composer']} | 2,312,579 | 30 | 42 | 96,000 | 100.0 |" in lines
    assert f"| `baselines` | {records.ABOUT['baselines']} |  |  |  |  |  |" in lines
    rows = [line for line in lines if line.startswith(("| `baselines` | ", "| `composer` | ")) and "(.7" in line]
    assert len(rows) == 4 + 1
    assert rows[-1] == "| `composer` | half | .750 (.700 to .800) | .500 | n/a | .250 | .250 | 130.0 |"
    assert rows[3] == "| `baselines` | training | .750 (.700 to .800) |  |  | .250 | .250 | 130.0 |"
    assert records.table({}) == []


def test_results_show_the_tables_where_there_are_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    assert records.read() == {}
    metrics, runs, before = results.read_metrics(results.ROOT / "metrics"), results.read_runs(), results.read_before()
    plain = results.block(metrics, runs, before)
    for name in ("composer", "baselines"):
        files.write_json(tmp_path / f"{name}.json", record())
    assert list(records.read()) == ["baselines", "composer"]
    lines = results.block(metrics, runs, before).splitlines()
    assert set(plain.splitlines()) < set(lines)
    assert "| `composer` | half | .750 (.700 to .800) | .500 | n/a | .250 | .250 | 130.0 |" in lines


def test_committed_records_are_of_the_same_pairs() -> None:
    found = [one["between"] for one in records.read().values()]
    assert len({(figures["pairs"], figures["kept"]["real"]["b"]) for figures in found}) <= 1


def test_every_trial_is_described() -> None:
    assert list(records.ABOUT) == list(trials.TRIALS)
    assert set(records.TRAINED) < set(records.ABOUT)


def called(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["ways", *words])
    command.main()


def test_the_command_lists_and_tabulates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    called(monkeypatch)
    listed = capsys.readouterr().out
    assert all(name in listed for name in records.ABOUT)
    called(monkeypatch, "table")
    assert "Nothing was run yet" in capsys.readouterr().out


def test_the_command_writes_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def run(name: str, minutes: float, *, pairs: int | None = None) -> records.Record:
        asked.append((name, minutes, pairs))
        return copy.deepcopy(record())

    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    called(monkeypatch, "run", "in-c")
    called(monkeypatch, "run", "noised", "--minutes", "2", "--pairs", "50", "--out", str(tmp_path / "other.json"))
    assert asked == [("in-c", 30.0, None), ("noised", 2.0, 50)]
    assert {path.name for path in tmp_path.iterdir()} == {"in-c.json", "other.json"}
    assert "| `in-c` | half |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "run: which? There are baselines, shares"),
        (["run", "shares", "--minutes", "3"], "nothing is trained for shares; leave it out"),
        (["run", "noised", "--minutes", "0"], "more than 0 is needed"),
        (["run", "noised", "--minutes", "nan"], "more than 0 is needed"),
        (["run", "noised", "--pairs", "0"], "--pairs 0: 1 at least is needed"),
        (["table", "noised"], "a way and its options belong to run"),
        (["run", "other"], "invalid choice"),
    ],
)
def test_what_cannot_be_asked(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        called(monkeypatch, *words)
    assert said in capsys.readouterr().err


def test_to_say_in_which_key_a_phrase_is_costs_the_logarithm_of_twelve(monkeypatch: pytest.MonkeyPatch) -> None:
    composer = fake(dataclasses.replace(TOY.architecture.grid, alphabet=in_c.wide(TOY.architecture.grid.alphabet)))
    monkeypatch.setattr(trials, "_composer", lambda *given: (composer, SPENT))
    corpus = pieces(train=[piece("one", random_tokens(64, 4))], validation=[piece("two", random_tokens(64, 4))])
    layers = composer.architecture.network.model_copy(update={"window_beats": 2})
    material: Any = dataclasses.make_dataclass("Material", ["pieces", "composer", "compose", "augment"])
    compose = dataclasses.make_dataclass("Compose", ["seed"])(0)
    trial = trials.composer_in_c(material(corpus, layers, compose, AUGMENT), 60.0)
    assert trial.nats is not None
    assert trial.nats(random_tokens(2, STEPS, 4)) == pytest.approx([STEPS * 4 + math.log(12)] * 2)
    assert all(name in trial.ways for name in ("quarter", "half", "from_nothing"))
