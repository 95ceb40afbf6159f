"""`python -m benchmarks`: what it writes, what it refuses, and that each item counts what it says it counts."""

import copy
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as program
from benchmarks import (
    augment,
    backends,
    evaluate,
    growth,
    hardware,
    idle,
    ingest,
    items,
    page,
    processes,
    results,
    turns,
)
from benchmarks.items import ITEMS, Asked, FailedError, Item
from quartetvae import config, files
from quartetvae.corpus import records
from quartetvae.io import midi, read
from quartetvae.io.scores import read as read_score
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid
from tests.building import piece, random_tokens

RESULTS = results.read()


def test_the_page_is_what_the_program_makes_of_the_results() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(RESULTS)


def test_the_results_are_those_of_the_files_of_items() -> None:
    assert json.loads(results.FILE.read_text(encoding="utf-8")) == RESULTS


@pytest.mark.parametrize("name", RESULTS)
def test_an_entry_has_what_it_is_of_and_its_figures(name: str) -> None:
    entry = RESULTS[name]
    assert set(entry) == {"about", "figures"}
    assert entry["figures"]
    assert all(value > 0 for key, value in entry["figures"].items() if key.startswith("ratio") and value is not None)
    for asked in ITEMS[name].asked:
        assert items.figure(entry["figures"], asked.figure) is None or asked.figure in page.page({name: entry})


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_is_a_module_that_says_what_it_measures(name: str) -> None:
    assert (items.HERE / f"{name}.py").is_file()
    assert len(page._doc(ITEMS[name])) > 40


def test_a_wrong_name_is_an_error_that_lists_the_items(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["ingestion"])
    assert "no item ingestion; there are ingest, scores," in capsys.readouterr().err


def test_a_number_of_files_without_growth_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["ingest", "--files", "330"])
    assert "--files 330 is for the item growth" in capsys.readouterr().err


def test_an_item_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(self: Item, number: int | None = None) -> dict[str, Any]:
        if self.name == "ingest":
            raise FailedError("no music")
        return {"ratio_peer": 2.0, "files": number}

    before = {"ingest": {"about": {"date": "before"}, "figures": {"ratio_music21": 7.0}}}
    files.write_json(tmp_path / "results.json", before)
    monkeypatch.setattr(Item, "measure", measured)
    monkeypatch.setattr(results, "read", lambda: json.loads((tmp_path / "results.json").read_text(encoding="utf-8")))
    monkeypatch.setattr(results, "write", lambda found: files.write_json(tmp_path / "results.json", found))
    monkeypatch.setattr(page, "write", lambda found: None)
    monkeypatch.setattr(hardware, "used", lambda: "a machine")
    assert program.main(["growth", "ingest", "--files", "330"]) == 1
    said = capsys.readouterr()
    found = results.read()
    assert "ingest: no music" in said.err
    assert "[2/2] growth" in said.out
    assert found["ingest"] == before["ingest"]
    assert found["growth"]["figures"] == {"ratio_peer": 2.0, "files": 330}
    assert found["growth"]["about"]["command"] == "python -m benchmarks growth --files 330"


def test_write_runs_nothing_and_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[results.Results] = []
    monkeypatch.setattr(Item, "measure", lambda self, number=None: pytest.fail("an item was run"))
    monkeypatch.setattr(results, "write", written.append)
    monkeypatch.setattr(page, "write", written.append)
    assert program.main(["--write"]) == 0
    assert written == [RESULTS, RESULTS]


def test_a_module_that_raises_fails_with_its_words() -> None:
    # Of 20 files and 330 nothing can be compared: it ends at once.
    with pytest.raises(FailedError, match="--files 20: 3300 at least are needed"):
        ITEMS["growth"].measure(20)


def test_figures_of_an_item_with_a_file_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "HERE", tmp_path)
    files.write_json(tmp_path / "one.json", {"ratio": 9, "rates": {"ours": 6, "plain": 3}, "commit": "abc"})
    item = Item("one", "one", file="one.json", ratios={"ratio_plain": ("rates/ours", "rates/plain")})
    assert item.own_figures() == {"rates": {"ours": 6, "plain": 3}, "ratio_plain": 2}


@pytest.mark.parametrize(
    ("asked", "value", "holds"),
    [
        (Asked("a", least=5), 5, True),
        (Asked("a", least=5), 4.9, False),
        (Asked("a", most=3), 3.1, False),
        (Asked("a", least=0.8, most=1.2), 0.7, False),
        (Asked("a", most=3), None, False),
    ],
)
def test_what_is_asked_holds_within_its_bounds(asked: Asked, value: float | None, holds: bool) -> None:
    assert asked.holds(value) is holds


def test_the_page_says_what_is_not_reached_and_that_the_machine_was_busy() -> None:
    entry = {
        "about": {"command": "python -m benchmarks idle", "load_before": 4.25, "commit": "abc-dirty"},
        "figures": {"slower_of_both": 4.0, "seconds": {"status": 4.0, "repro": None}, "not_installed": ["muspy"]},
    }
    made = page.page({"idle": entry})
    assert "| [idle](#idle) | slower_of_both | at most 3 | 4 | **not reached** |" in made
    assert "| [ingest](#ingest) | ratio_music21 | at least 500 | not measured |  |" in made
    assert "at abc with changes that were not committed" in made
    assert "**Other work ran beside it**: a load of 4.2 before it began." in made
    assert "| repro | n/a |" in made
    assert "Not installed: muspy." in made
    entry = copy.deepcopy(entry)
    entry["about"]["load_before"] = 0.0
    assert "Other work" not in page.page({"idle": entry})


def test_turns_take_the_median_and_leave_the_first_out() -> None:
    clock = iter(np.cumsum([0, 100, 0, 1, 0, 3, 0, 2]).tolist())
    found = turns.medians({"one": lambda: None}, 3, clock=lambda: float(next(clock)), warm=True)
    assert found == {"one": 2.0}


GRID = Grid(12, Alphabet(36, 107), "double")


def quartet_file(folder: Path) -> Path:
    """Two beats at 12 steps: C5, then two halves of a beat E5; the others hold a note each."""
    tokens = np.full((24, 4), GRID.alphabet.sustain, np.uint8)
    tokens[0] = [72 - 36, 67 - 36, 60 - 36, 48 - 36]
    tokens[[12, 18], 0] = 76 - 36
    midi.write_quartet(folder / "a.mid", tokens, GRID.alphabet, steps_per_beat=12, tempo_qpm=90)
    return folder / "a.mid"


@pytest.mark.parametrize("peer", ingest.PEERS)
def test_every_peer_makes_the_piano_roll(tmp_path: Path, peer: str) -> None:
    if peer == "muspy":
        pytest.importorskip("muspy")
    expected = np.zeros((24, 128), bool)
    expected[:, [67, 60, 48]] = True
    expected[:12, 72] = expected[12:, 76] = True
    np.testing.assert_array_equal(ingest._by_peer(ingest.PEERS[peer], 12, quartet_file(tmp_path)), expected)


def test_files_are_spread_from_the_smallest_to_the_largest() -> None:
    paths = [Path(str(number)) for number in range(9)]
    assert [path.name for path in ingest.spread(paths, 3)] == ["0", "4", "8"]
    assert ingest.spread(paths[:2], 5) == paths[:2]


def test_ingest_compares_ours_with_all_that_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "corpus", lambda folder: ("one file", [quartet_file(folder)]))
    monkeypatch.setattr(ingest, "PEERS", {"pretty_midi": ingest.of_pretty_midi, "nothing": ingest.of_muspy})
    found = ingest.measure(turns_of_all=1, files=1)
    assert found["not_installed"] == ["nothing"]
    assert found["ratio_next_best"] == found["ratio_pretty_midi"]
    assert set(found["milliseconds_per_file"]) == {"ours", "pretty_midi"}


def test_augment_counts_windows_and_their_copies() -> None:
    form = config.Phrases(beats_per_phrase=1, boundary="onset", align="beat")
    moved = config.Augment(kind="transpose", semitones_min=0, semitones_max=1, hop_steps=12, seed=0)
    one = np.full((48, 8), GRID.alphabet.sustain, np.uint8)
    one[::6] = 20
    # By hand: a window at each of four beats, each as it is and a semitone higher.
    corpus = records.Pieces((piece("a", one),), ("train",), GRID, 0.0)
    assert augment.of(corpus, form, moved, turns_of_all=1)["phrases"] == 8


def test_evaluate_times_each_feature_of_each_size() -> None:
    every = random_tokens(12, 48, 8, alphabet=GRID.alphabet)
    found = evaluate.of(every, GRID, counts=(4, 8), replicates=2, turns=1)
    assert set(found["seconds_by_excerpts"]) == {"4", "8"}
    assert "pitch_count" in found["seconds_by_feature"]
    few, many = found["seconds_by_excerpts"].values()
    assert found["exponent"] == pytest.approx(math.log2(many / few))


def test_backends_count_the_products_of_a_program() -> None:
    import jax
    from jax import numpy as jnp

    def program(a: Any, b: Any) -> Any:
        state, _ = jax.lax.scan(lambda state, _: (state @ b, None), a, None, length=5)
        return jax.jit(lambda x: jnp.sin(x) @ x.T)(state)

    made = jax.make_jaxpr(program)(np.ones((2, 3), np.float32), np.ones((3, 3), np.float32))
    # By hand: five products of (2, 3) and (3, 3), one of (2, 3) and (3, 2).
    step = backends.products(made.jaxpr)
    assert step == {(1, 2, 3, 3): 5, (1, 2, 3, 2): 1}
    assert backends.operations(step) == 5 * 2 * 2 * 3 * 3 + 2 * 2 * 3 * 2


def test_backends_tell_products_of_several_matrices_at_once() -> None:
    import jax
    from jax import numpy as jnp

    def program(a: Any, b: Any) -> Any:
        return jnp.einsum("bmk,bnk->bmn", a, b), jnp.einsum("bmk,bml->kl", a, a)

    made = jax.make_jaxpr(program)(np.ones((4, 2, 3), np.float32), np.ones((4, 5, 3), np.float32))
    # By hand: four of (2, 3) and (3, 5); one of (3, 8) and (8, 3), over both axes.
    assert backends.products(made.jaxpr) == {(4, 2, 3, 5): 1, (1, 3, 8, 3): 1}


def test_backends_do_a_steps_products_by_themselves() -> None:
    pairs = backends.pairs({(1, 2, 3, 4): 2, (5, 6, 7, 8): 1})
    assert [(one @ other).shape for one, other in pairs] == [(1, 2, 4), (1, 2, 4), (5, 6, 8)]
    assert {array.dtype for pair in pairs for array in pair} == {np.dtype(np.float32)}
    backends.multiply(pairs)


def test_backends_share_is_of_the_product_of_the_same_process() -> None:
    found = backends.figures({"graph": {32: (100.0, 1e9)}, "JAX": {}}, 2e6, (32, 64), {64: 0.5})
    assert found["share_of_products_alone"] == {"NumPy": {"32": None, "64": 0.5}}
    assert found["share_of_product"] == {"graph": {"32": 0.2, "64": None}, "JAX": {"32": None, "64": None}}
    assert found["best_share"] == 0.2
    assert found["ratio_JAX"] is None
    assert found["not_finished"] == ["graph", "JAX"]
    assert backends.figures({"graph": {32: (100.0, 1e9)}}, 0.0, (32,), {})["best_share"] is None


def test_backends_end_a_way_that_takes_too_long() -> None:
    assert list(backends._said("graph", (2,), 0.1, "tiny")) == []


@pytest.mark.slow
def test_backends_train_by_the_graph() -> None:
    ((what, batch, rate, peak),) = backends._said("graph", (2,), 120, "tiny")
    assert (what, batch) == ("rate", 2)
    assert rate > 0
    assert peak > rate


def test_scores_of_growth_are_quartets_of_which_no_two_are_alike(tmp_path: Path) -> None:
    made = growth.prepare(tmp_path, 3) / "data" / "own"
    assert len(list(made.glob("*.musicxml"))) == 3
    assert len({growth.score(number) for number in range(3)}) == 3
    file = read.read(made / "0.musicxml")
    assert file.assignment.refusal is None
    assert [len(track.notes) for track in file.music.tracks] == [growth.BARS * growth.BEATS] * 4
    assert not read_score(made / "0.musicxml").left_out


def test_growth_is_of_what_each_further_file_takes() -> None:
    def spent(cpu: float, peak: float) -> dict[str, processes.Spent]:
        return {stage: processes.Spent(cpu, 2 * cpu, peak) for stage in growth.STAGES}

    # By hand: 9 seconds for 90 more files by three stages, then 135 for 900: 300 and 450 ms a file.
    few = {**spent(1, 100), "download": processes.Spent(1, 2, 50)}
    many = {**spent(145, 120), "download": processes.Spent(145, 290, 65)}
    found = growth.figures({10: few, 100: spent(10, 110), 1000: many})
    assert found["per_file_milliseconds"]["10 to 100"]["all"] == pytest.approx(300)
    assert found["growth_of_time"] == pytest.approx(1.5)
    # Of the stage that grows most, not of the one that has most.
    assert found["growth_of_memory_by_stage"] == pytest.approx({"download": 1.3, "filter": 1.2, "encode": 1.2})
    assert found["growth_of_memory"] == pytest.approx(1.3)
    assert found["files_per_core_second"] == pytest.approx(1 / 0.45)
    assert growth.figures({10: spent(1, 100), 100: spent(10, 110)})["growth_of_time"] is None
    # 300, 150, 300 ms a file: what falls and rises again is not constant.
    wavy = {10: spent(1, 1), 100: spent(10, 1), 1000: spent(55, 1), 10_000: spent(955, 1)}
    assert growth.figures(wavy)["growth_of_time"] == pytest.approx(2)


def test_what_a_process_took_is_its_own_and_its_childrens(tmp_path: Path) -> None:
    large = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'bytearray(300 << 20)'])"
    assert processes.spent([sys.executable, "-c", large], tmp_path, dict(os.environ)).peak > 300
    with pytest.raises(subprocess.CalledProcessError, match="status 1"):
        processes.spent([sys.executable, "-c", "raise SystemExit('no')"], tmp_path, dict(os.environ))


@pytest.mark.slow
def test_growth_runs_the_stages(tmp_path: Path) -> None:
    found = growth.run(growth.prepare(tmp_path, 12))
    assert set(found) == set(growth.STAGES)
    assert (tmp_path / "data" / "pieces.parquet").is_file()


@pytest.mark.slow
def test_dvc_finds_nothing_to_do() -> None:
    found = idle.measure(files=3, turns=1)
    assert found["slower_of_both"] == max(found["seconds"][name]["wall"] for name in ("status", "repro"))


def test_records_say_versions_of_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "used", lambda: "a machine")
    found = results.record(Item("a", "a", packages=("numpy", "not-there")), {}, command="c", load=1.0)
    assert found["about"]["versions"].keys() == {"python", "numpy"}
    assert found["about"]["versions"]["numpy"] == np.__version__


def test_what_another_run_wrote_is_not_taken_for_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "HERE", tmp_path)
    monkeypatch.setattr(results, "ITEMS", {"one": Item("one", "one", file="one.json")})
    files.write_json(tmp_path / "one.json", {"a": 1, "date": "today", "commit": "abc"})
    kept = {"one": {"about": {"date": "today", "commit": "abc", "load_before": 3.0}, "figures": {}}}
    files.write_json(tmp_path / "results.json", kept)
    assert results.read(tmp_path / "results.json")["one"]["about"]["load_before"] == 3.0
    files.write_json(tmp_path / "one.json", {"a": 1, "date": "tomorrow", "commit": "abc"})
    assert results.read(tmp_path / "results.json")["one"]["about"] == {"date": "tomorrow", "commit": "abc"}
