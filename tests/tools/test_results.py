"""README and docs tell the truth: their figures are those of metrics/, their commands and parameters exist."""

import copy
import importlib.util
import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from experiments import definitions
from quartetvae.metrics import comparison
from quartetvae.metrics.figures import FileFigures
from quartetvae.pipeline import params
from tests.imports import ROOT
from tools import results

Found = tuple[results.Metrics, dict[str, results.Group], FileFigures]


def committed(path: str) -> str:
    """A file as it was committed: a `make demo` since then has changed metrics/ in the working tree."""
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return shown.stdout if shown.returncode == 0 else (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture
def found() -> Found:
    """Committed metrics, committed runs of experiments, and version 0.1 on whole files."""
    runs: dict[str, Any] = {}
    for name, entry in definitions.experiments().items():
        if (definitions.RUNS / f"{name}.json").exists():
            run = json.loads(committed(f"experiments/runs/{name}.json"))
            runs.setdefault(entry["group"], {})[name] = {**run, "about": entry["about"]}
    metrics: Any = {name: json.loads(committed(f"metrics/{name}.json")) for name in results.METRICS}
    before: Any = json.loads(committed(f"experiments/files/{results.BEFORE}.json"))["test"]
    return metrics, runs, before


def pages(found: Found) -> tuple[tuple[str, str], ...]:
    """What the program writes into each page."""
    metrics, runs, before = found
    return ("README.md", results.table(metrics, before)), ("docs/results.md", results.block(metrics, runs, before))


def test_the_results_are_those_of_the_committed_metrics(
    found: Found,
) -> None:
    for name, made in pages(found):
        page = committed(name)
        assert results.BEGIN in page
        assert results.updated(page, made) == page


def test_a_changed_figure_would_be_seen(found: Found) -> None:
    found[0]["reconstruct"]["test"]["token_accuracy"] = 0.1
    for name, made in pages(found):
        page = committed(name)
        assert results.updated(page, made) != page


def test_the_readme_has_whole_files_first_then_phrases(found: Found) -> None:
    files, phrases = (part.splitlines() for part in results.table(found[0], found[2]).split("\n\n"))
    assert len(files) == 2 + 5
    assert len(phrases) == 2 + 6
    for rows in (files, phrases):
        assert len({row.count("|") for row in rows}) == 1


def test_what_the_composer_writes_is_told_where_it_was_measured(found: Found) -> None:
    metrics, runs, before = found
    metrics["evaluate"].pop("composed", None)
    without = results.block(metrics, runs, before)
    level: Any = {"value": 0.125, "low": 0.1, "high": 0.15}
    sources: Any = {way: {"originality": level, "copied": level} for way in ("composed", "real")}
    written: Any = {
        **{"windows": 300, "pieces": 70},
        "language_model": {"phrases": 1200, "composer_nats": 72.5, "bigram_nats": 142.4, "share": level},
        "onset_f1": {
            **{"infill": dict.fromkeys(("composed", "copy", "nearest"), level)},
            **dict.fromkeys(("viola", "harmonise"), dict.fromkeys(("composed", "repeat", "nearest"), level)),
        },
        "self_similarity": {
            **{"excerpts": 9, "composed_pieces": 30, "real": [level] * 15, "composed": [level] * 15, "within": 7}
        },
        "originality": dict.fromkeys(("infill", "harmonise", "pieces"), sources),
    }
    metrics["evaluate"]["composed"] = written
    told = results.block(metrics, runs, before)
    new = [line for line in told.splitlines() if line not in without.splitlines()]
    rows = [line for line in new if line.startswith("| ")]
    assert [row.count("|") for row in rows] == [6] * 4 + [6] * 4
    assert sum(row.count(".125 (.100 to .150)") for row in rows) == 3 * 3 + 3 * 4
    assert "at 7." in new[-1]
    written["self_similarity"]["within"] = None
    assert "Jaccard" not in results.block(metrics, runs, before)


EXPERIMENTS = definitions.experiments()


def content_of(name: str) -> dict[str, Any]:
    """params.yaml as an experiment has it."""
    content = params.read_yaml(ROOT / "params.yaml")
    for section, values in definitions.settings(EXPERIMENTS[name]).items():
        content[section].update(values)
    return content


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_can_be_queued(name: str) -> None:
    command = definitions.command(name, EXPERIMENTS[name])
    content = params.read_yaml(ROOT / "params.yaml")
    for setting in [word for before, word in itertools.pairwise(command) if before == "-S"]:
        key, value = setting.split("=", 1)
        section, key = key.split(".")
        content[section][key] = params.parse_yaml(f"value: {value}", ROOT)["value"]
    assert content == content_of(name)
    params.check(content, ROOT / "params.yaml")


def test_no_experiment_is_called_like_a_group() -> None:
    assert not set(EXPERIMENTS) & {entry["group"] for entry in EXPERIMENTS.values()}


def test_every_run_is_of_an_experiment() -> None:
    assert {path.stem for path in definitions.RUNS.glob("*.json")} <= set(EXPERIMENTS)


@pytest.mark.parametrize("path", sorted(definitions.RUNS.glob("*.json")), ids=lambda path: path.stem)
def test_a_run_was_of_what_the_experiment_is_now(path: Path) -> None:
    run, now = json.loads(path.read_text(encoding="utf-8")), content_of(path.stem)
    for section in ("filter", "encode", "split", "phrases", "augment", "model", "train"):
        # A parameter that came after a run has a value that would have changed nothing in it.
        assert run["params"][section] == {key: now[section][key] for key in run["params"][section]}
    assert run["params"]["reconstruct"]["decode"] == now["reconstruct"]["decode"]


def test_tables_of_experiments_have_a_row_for_each(found: Found) -> None:
    metrics, runs, before = found
    one: Any = {**runs["main"]["version-0.1"], "train": metrics["train"], "reconstruct": metrics["reconstruct"]}
    counts = {"paper": 10, "long": 11, "fidelity": 9, "fidelity-long": 11}
    made_up: Any = {
        **runs,
        **{group: {f"{group} {k}": {**one, "about": f"{group} no {k}"} for k in (1, 2)} for group in counts},
    }
    text = results.block(metrics, made_up, before)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    for group, count in counts.items():
        for label in (f"| {group} no 1 |", f"| {group} no 2 |"):
            (line,) = [row for row in rows if row.startswith(label)]
            assert line.count("|") == count
    assert sum("the whole profile `musicnet` (version 0.1)" in row for row in rows) == 1
    (bigram,) = [line for line in text.splitlines() if line.startswith("| 4 beats, baselines")]
    assert bigram.count("|") == 11
    assert f"| {metrics['train']['parameters']:,} |" in text


def test_kinds_of_notes_have_a_row_each_and_older_figures_none(found: Found) -> None:
    splits: Any = copy.deepcopy(found[0]["reconstruct"])
    for split in ("validation", "test"):
        splits[split].pop("by_kind", None)
    assert results._kinds(splits) == []
    shares = ("onset_f1", "onset_precision", "onset_recall", "share_of_notes", "share_of_missed")
    splits["test"]["by_kind"] = {"off_sixteenths": dict(zip(shares, (0.6, 0.7, 0.5, 0.04, None), strict=True))}
    rows = [line for line in results._kinds(splits) if line.startswith("| test")]
    assert rows == ["| test, notes off the sixteenths (triplets, thirty-seconds) | .600 | .700 | .500 | .040 | n/a |"]


def test_missing_figures_are_named(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text("{}")
    with pytest.raises(
        SystemExit, match=r"reconstruct\.json, .*is not there; results are of a whole run: `make repro`"
    ):
        results.read_metrics(tmp_path)


def test_a_benchmark_of_code_that_was_not_committed_says_so() -> None:
    assert results._at("e8fabc1") == "at e8fabc1"
    assert results._at("fdce934-dirty") == "at fdce934 with changes that were not committed"


def test_a_step_without_a_corpus_has_no_figures_of_it(found: Found) -> None:
    """Of an experiment on MusicNet alone."""
    metrics, runs, _ = found
    test: Any = copy.deepcopy(metrics["reconstruct"]["test"])
    for which in ("codec", "model"):
        test["file"][which]["by_source"].pop("openscore")
    run: Any = {**runs["main"]["version-0.1"], "about": "one corpus", "reconstruct": {"test": test}}
    (row,) = [line for line in results._steps({"fidelity-musicnet": run}) if line.startswith("| one corpus")]
    assert row.count("n/a") == 3


def test_a_table_of_steps_says_how_far_seeds_lie_apart(found: Found) -> None:
    def run(musicnet: float, openscore: float) -> Any:
        scores = {"musicnet": {"onset_f1": musicnet}, "openscore": {"onset_f1": openscore}}
        return {"reconstruct": {"test": {"file": {"model": {"by_source": scores}}}}}

    seeds: Any = {"seed-0": run(0.881, 0.93), "seed-1": run(0.895, 0.925)}
    said = "".join(results._spread(seeds))
    assert "2 seeds of the default at this length reach .881 to .895 of MusicNet's files" in said
    assert ".925 to .930 of OpenScore's files" in said
    assert results._spread({"seed-0": seeds["seed-0"]}) == []


def test_sets_have_a_row_each_and_what_has_no_figure_says_so(
    found: Found,
) -> None:
    evaluated = found[0]["evaluate"]
    for feature in comparison.FEATURES:
        evaluated["prior"][feature]["overlap"] = None
    evaluated["prior"] |= {"mean_overlap": None, "mean_low": None, "same_pitch_class_share": None}
    rows = [line for line in results._sets(evaluated) if line.startswith("| ")]
    assert len(rows) == len(results.SETS) + 1
    assert all(row.count("|") == 7 for row in rows)
    (prior,) = [row for row in rows if "from the prior" in row]
    assert prior.count("n/a") == 3


def test_claims_are_judged_by_the_figures() -> None:
    def run(reconstruction: float, kl: float = 30.0, bigram: float = 90.0) -> dict[str, Any]:
        of = {"elbo_nats": -reconstruction - kl, "kl_nats": kl}
        sections = {"train": {"beta": 0.1, "kl_reduction": "sum"}}
        test = {**of, "baselines": {"bigram": {"nats_per_phrase": bigram}}, "by_work": {results.COMMON: of}}
        return {"params": sections, "reconstruct": {"test": test}}

    # The KL divergence counts a tenth.
    group: Any = {
        **{"paper-as-coded": run(160.0), "paper-no-augmentation": run(161.5, 40.0)},
        **{"corrected": run(107.0), "corrected-no-augmentation": run(117.0), "corrected-gru": run(97.0)},
        **{"corrected-latent-128": run(121.0), "corrected-latent-32": run(127.0)},
    }
    seeds: Any = {"corrected-seed-1": run(107.5), "corrected-seed-2": run(106.5)}

    def claims() -> str:
        return "".join(results._claims(group, seeds))

    text = claims()
    # A standard deviation of 0.5, times 9.925 (Student's t for 2 degrees of freedom at .995) times the root of 2.
    for expected in (
        "lie less than 7.1 apart in 99 cases of 100, by 3 of them",
        "none of these 7 networks of the paper's beats the bigram model",
        "which is noise, 163.0, without any 165.5: no difference.",
        "With transposition 110.0, without 120.0: better.",
        "LSTM 110.0, GRU 100.0: worse.",
        "512 have 110.0; beside 128 (124.0) better, beside 32 (130.0) better.",
    ):
        assert expected in text
    group["corrected-latent-128"] = run(111.0)
    group["corrected-latent-32"] = run(99.0)
    assert "beside 128 (114.0) no difference, beside 32 (102.0) worse." in claims()
    group["corrected-no-augmentation"] = run(97.0)
    assert "without 100.0: worse." in claims()
    # Each by the bigram model of its own test works.
    group["corrected-gru"] = run(107.0, bigram=138.0)
    assert "1 of these 7 networks" in claims()
    assert "LSTM 110.0, GRU 110.0: no difference." in claims()
    del group["corrected-gru"]
    assert "LSTM" not in claims()
    assert results._claims(group, {}) == results._claims({}, seeds) == []


def test_the_divergence_as_a_mean_counts_by_length_and_dimensions() -> None:
    of = {"elbo_nats": -160.0, "kl_nats": 60.0}
    sections = {
        **{"train": {"beta": 1.0, "kl_reduction": "mean"}, "phrases": {"beats_per_phrase": 4}},
        **{"encode": {"steps_per_beat": 4}, "model": {"latent_dim": 512}},
    }
    run: Any = {"params": sections, "reconstruct": {"test": {"by_work": {results.COMMON: of}}}}
    assert results._objective(run) == pytest.approx(100 + 60 * 16 / 512)


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROSE = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)\b", PROSE, flags=re.MULTILINE))))
def test_each_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_each_parameter_named_exists() -> None:
    named = re.findall(r"`([a-z]+)\.([a-z_]+)(?::[^`]*)?`", PROSE)
    sections = {name: field.annotation for name, field in params.Params.model_fields.items()}
    named = [(section, key) for section, key in named if section in sections]
    assert len(named) > 5
    for section, key in named:
        assert key in getattr(sections[section], "model_fields", {}), f"{section}.{key}"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"python -m ([a-z_.]+[a-z])", PROSE))))
def test_each_program_named_exists(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`(?:quartetvae|tests|stages|tools|experiments|benchmarks)/[\w./]*`", PROSE)))
)
def test_each_file_of_ours_that_is_named_exists(name: str) -> None:
    assert (ROOT / name.strip("`")).exists()
