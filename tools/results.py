"""Write docs/results.md and the table of README.md: `python -m tools.results`, or `--check` to see whether they agree.

They come from metrics/ (the last run of the pipeline), experiments/runs/ (`python -m experiments`) and
experiments/ways/ (`python -m experiments.ways`). Everything between the two markers of each file is made here, so that
no figure is typed by hand, and so is plots/operating_points.png.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Literal, TypedDict, cast, get_args

from experiments import definitions, tolerances
from experiments.definitions import Run
from experiments.ways import records
from quartetvae.metrics import comparison
from quartetvae.metrics.figures import (
    AttributeName,
    AttributesFigures,
    CodeUse,
    ComposedFigures,
    EvaluateFigures,
    Feature,
    FileFigures,
    FileScores,
    GroupScores,
    InterpolateFigures,
    KindScores,
    Level,
    NoteKind,
    ReconstructFigures,
    SetName,
    SplitScores,
    TrainFigures,
)
from quartetvae.plots import training

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- results: begin, written by tools/results.py -->", "<!-- results: end -->"

README, RESULTS = ROOT / "README.md", ROOT / "docs" / "results.md"


class Metrics(TypedDict):
    """The files of metrics/ that results are made from."""

    train: TrainFigures
    reconstruct: ReconstructFigures
    interpolate: InterpolateFigures
    evaluate: EvaluateFigures
    attributes: AttributesFigures


Group = dict[str, Run]
"""Runs of a group of experiments, by name."""

METRICS = ("train", "reconstruct", "interpolate", "evaluate", "attributes")


Baseline = Literal["sustain", "likeliest_symbol", "nearest_phrase", "wrong_pitch"]

BASELINES: dict[Baseline, str] = {
    "sustain": "always `sustain`",
    "likeliest_symbol": "the likeliest symbol of each step and part",
    "nearest_phrase": "the nearest training phrase",
    "wrong_pitch": "every rest and sustain right, every pitch wrong",
}

FILES = "onset F1 | with ends | precision | recall | recall from G sharp 6 up | worst work"
"""Columns of `_file_scores`."""

BEFORE = "version-0.1"
"""The default before this one: its record in experiments/files/, and the experiment."""

PAPER = "| the paper, on its own validation set (noisy copies of training pieces) | .717 | | | 134 | -191 |"
"""Facts about the paper, from its training history; not measured here."""


COMMON = "Mozart: String Quartet No 19 in C major"
"""K. 465: a test work of every experiment, whether on the paper's 36 files or on all."""


def table(metrics: Metrics, before: FileFigures) -> str:
    """Make the README's tables: whole files in five rows, phrases in six. `before`: version 0.1 on the same files."""
    test = metrics["reconstruct"]["test"]
    bigram = test["baselines"]["bigram"]["nats_per_phrase"]
    return "\n".join(
        [
            *_files(metrics["reconstruct"], before),
            "",
            "| | token accuracy | onset F1 | exact phrases | KL, nats | ELBO, nats |",
            "|---|---|---|---|---|---|",
            f"| **test**: {test['works']} works, {test['phrases']:,} phrases never trained on | {_scores(test)} |",
            _split_row(metrics["reconstruct"]["validation"]),
            *(_baseline_row(test, name) for name in ("nearest_phrase", "wrong_pitch")),
            f"| baseline: bigram model per part | | | | | {_minus(bigram)} |",
            PAPER,
        ]
    )


def block(metrics: Metrics, runs: dict[str, Group], before: FileFigures) -> str:
    """Make the results of docs/results.md.

    `runs` by group, then name, as experiments/runs/ holds them; `before` is version 0.1 on the same files.
    """
    model = metrics["train"]
    splits = metrics["reconstruct"]
    test = splits["test"]
    lines = [
        *_files(splits, before),
        "",
        *_files_in_groups(splits),
        "",
        "The same works, phrase by phrase on the grid:",
        "",
        "| | token accuracy | onset F1 | exact phrases | KL, nats | ELBO, nats |",
        "|---|---|---|---|---|---|",
        f"| **test**: {test['works']} works, {test['phrases']:,} phrases never trained on | {_scores(test)} |",
        _split_row(splits["validation"]),
        *(_baseline_row(test, name) for name in BASELINES),
        f"| baseline: bigram model per part | | | | | {_minus(test['baselines']['bigram']['nats_per_phrase'])} |",
        PAPER,
        "",
        *_kinds(splits),
        *_per_beat(test, runs),
        *_provenance(metrics, runs),
        f"Network: {model['parameters']:,} parameters; {model['epochs']} epochs of {model['epoch_phrases']:,} of the "
        f"{model['phrases']:,} phrases, best on validation after epoch {model['best_epoch']}. By part on test, onset "
        "F1: "
        + ", ".join(f"{part.replace('_', ' ')} {_figure(of['onset_f1'])}" for part, of in test["parts"].items())
        + f". Active latent dimensions: {test['active_units']}.",
        "",
        *_gap(splits),
        "",
        *_paths(metrics["interpolate"]),
        "",
        *_sets(metrics["evaluate"]),
        "",
        *_between(metrics["evaluate"]),
        "",
        *_composed(metrics["evaluate"]),
        *_code(metrics["evaluate"]["latent"]),
        "",
        *_directions(metrics["attributes"]),
    ]
    if "fidelity" in runs:
        lines += ["", *_steps(runs["fidelity"]), *_spread(runs.get("seeds", {}))]
    if "fidelity-long" in runs:
        lines += ["", *_longer(runs["fidelity-long"])]
    if "paper" in runs:
        lines += ["", *_comparison(runs)]
        lines += _claims(runs["paper"], runs.get("paper-seeds", {}))
    if "long" in runs:
        lines += ["", *_long(runs["long"])]
    if "sweep" in runs:
        lines += ["", *_sweep(runs["sweep"])]
    if ways := records.table(records.read()):
        lines += ["", *ways]
    speed, streaming, start, studio = (
        json.loads((ROOT / "benchmarks" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("speed", "streaming", "start", "studio")
    )
    lines += ["", _speed(speed), "", _streaming(streaming), "", _start(start), "", *_studio(studio)]
    return "\n".join(lines)


def _files(splits: ReconstructFigures, before: FileFigures) -> list[str]:
    """Tabulate how many notes of whole files come back, of the grid alone and of the model, now and before."""
    file, validation = splits["test"]["file"], splits["validation"]["file"]["model"]
    works, others = len(file["model"]["by_work"]), len(validation["by_work"])
    return [
        f"| whole files of {works} test works, {file['model']['notes']:,} notes | {FILES} |",
        f"|---|{'---|' * len(FILES.split('|'))}",
        f"| **through the model** | {_file_scores(file['model'])} |",
        f"| {others} validation works, likewise: {validation['notes']:,} notes | {_file_scores(validation)} |",
        f"| through the grid alone: what no model can exceed | {_file_scores(file['codec'])} |",
        f"| version 0.1: through the model | {_file_scores(before['model'])} |",
        f"| version 0.1: through the grid alone | {_file_scores(before['codec'])} |",
    ]


def _file_scores(scores: FileScores) -> str:
    onset, worst = scores["onset"], scores["worst_work"]
    shares = (onset["f1"], scores["offset"]["f1"], onset["precision"], onset["recall"], scores["recall_from_92"])
    lowest = "n/a" if worst is None else f"{_figure(worst['onset_f1'])} {worst['name']}"
    return f"{' | '.join(map(_figure, shares))} | {lowest}"


def _files_in_groups(splits: ReconstructFigures) -> list[str]:
    """Tabulate the same by corpus and by composer, of the test works, and of the validation works as a whole."""
    test, validation = splits["test"]["file"], splits["validation"]["file"]
    head = "notes | onset F1 | with ends | precision | recall | of the grid alone: onset F1"
    lines = [
        "By corpus, for the validation works, and by composer of the test works:",
        "",
        f"| | {head} |",
        f"|---|{'---|' * len(head.split('|'))}",
    ]
    for split, file in (("test", test), ("validation", validation)):
        lines += [
            f"| {split}, {SOURCES.get(name, name)} | {_file_group(file, 'by_source', name)} |"
            for name in file["model"]["by_source"]
        ]
    lines += [f"| {name} | {_file_group(test, 'by_composer', name)} |" for name in test["model"]["by_composer"]]
    return lines


SOURCES = {"musicnet": "MusicNet", "openscore": "OpenScore"}


def _file_group(file: FileFigures, by: Literal["by_source", "by_composer"], name: str) -> str:
    model, codec = file["model"][by][name], file["codec"][by][name]
    shares = (model["onset_f1"], model["offset_f1"], model["onset_precision"], model["onset_recall"], codec["onset_f1"])
    return f"{model['notes']:,} | {' | '.join(map(_figure, shares))}"


KINDS: dict[NoteKind, str] = {
    "second_notes": "second notes of a part",
    "off_sixteenths": "notes off the sixteenths (triplets, thirty-seconds)",
    "others": "all others",
}


def _kinds(splits: ReconstructFigures) -> list[str]:
    """Tabulate phrases' onsets by kind of note; nothing where the figures are older than that."""
    columns = "onset F1 | precision | recall | share of notes | share of those that are lost"
    rows = [
        f"| {split}, {label} | {_kind(scores['by_kind'][kind])} |"
        for split, scores in (("test", splits["test"]), ("validation", splits["validation"]))
        for kind, label in KINDS.items()
        if kind in scores.get("by_kind", {})
    ]
    if not rows:
        return []
    about = "By kind of note, phrase by phrase (one may be of both of the first two kinds):"
    return [about, "", f"| | {columns} |", f"|---|{'---|' * len(columns.split('|'))}", *rows, ""]


def _kind(scores: KindScores) -> str:
    shares = (
        *(scores["onset_f1"], scores["onset_precision"], scores["onset_recall"]),
        *(scores["share_of_notes"], scores["share_of_missed"]),
    )
    return " | ".join(map(_figure, shares))


def _steps(group: Group) -> list[str]:
    """Tabulate what each step from version 0.1 to the default brings, by whole files of each corpus."""
    head = "MusicNet: onset F1 | with ends | grid alone | OpenScore: onset F1 | with ends | grid alone | minutes"
    rows = []
    for run in group.values():
        file, cells = run["reconstruct"]["test"]["file"], []
        for name in SOURCES:
            scores = (
                (
                    file["model"]["by_source"][name]["onset_f1"],
                    file["model"]["by_source"][name]["offset_f1"],
                    file["codec"]["by_source"][name]["onset_f1"],
                )
                if name in file["model"]["by_source"]
                else (None,) * 3
            )
            cells += [_figure(score) for score in scores]
        rows.append(f"| {run['about']} | {' | '.join(cells)} | {run['minutes']:.0f} |")
    return [
        "What each step from version 0.1 to the default brings: the default, trained for a twelfth of its time, and "
        "with one step taken back at a time; whole files of the test works; minutes as they were, some beside other "
        f"work {_made('fidelity', group)}:",
        "",
        f"| | {head} |",
        f"|---|{'---|' * len(head.split('|'))}",
        *rows,
    ]


def _spread(seeds: Group) -> list[str]:
    """Say how far the default's seeds lie apart, so that nobody reads more into a table; needs two of them."""
    if len(seeds) < 2:
        return []
    told = []
    for source, name in SOURCES.items():
        scores = [
            run["reconstruct"]["test"]["file"]["model"]["by_source"][source]["onset_f1"] for run in seeds.values()
        ]
        found = [score for score in scores if score is not None]
        told.append(f"{_figure(min(found))} to {_figure(max(found))} of {name}'s files")
    return [
        "",
        f"{len(seeds)} seeds of the default at this length reach {' and '.join(told)}: what differs by less does not "
        "differ. What two notes a part bring can be read from the grid alone, and what they cost a network that was "
        "trained for so short a time from the rest.",
    ]


def _longer(group: Group) -> list[str]:
    """Tabulate longer phrases on the default's grid."""
    head = f"whole files: onset F1 | with ends | {COLUMNS} | parameters | minutes"
    return [
        "Longer phrases on the default's grid, with its network and as many dimensions for each four beats, trained "
        f"for less long {_made('fidelity-long', group)}:",
        "",
        f"| | {head} |",
        f"|---|{'---|' * len(head.split('|'))}",
        *(
            f"| {run['about']} | {_figure(test['file']['model']['onset']['f1'])} | "
            f"{_figure(test['file']['model']['offset']['f1'])} | {_scores(test)} | {run['train']['parameters']:,} | "
            f"{run['minutes']:.0f} |"
            for run, test in ((run, run["reconstruct"]["test"]) for run in group.values())
        ),
    ]


def _split_row(split: SplitScores) -> str:
    return f"| validation: {split['works']} works, likewise | {_scores(split)} |"


def _baseline_row(split: SplitScores, name: Baseline) -> str:
    scores = split["baselines"][name]
    return (
        f"| baseline: {BASELINES[name]} | {_figure(scores['token_accuracy'])} | {_figure(scores['onset_f1'])} | | | |"
    )


def _minus(nats: float | None) -> str:
    return "n/a" if nats is None else f"-{nats:.0f}"


def _provenance(metrics: Metrics, runs: dict[str, Group]) -> list[str]:
    """Say when, on what and for how long the model was trained, if the experiment `default` is this one."""
    run = runs.get("main", {}).get("default")
    if run is None or run["train"] != metrics["train"]:
        return []
    spent = f"{run['minutes']:.0f} minutes on {run['hardware']}"
    return [f"Trained {run['date']} in {spent}, at commit {run['commit'][:7]}."]


def _per_beat(test: SplitScores, runs: dict[str, Group]) -> list[str]:
    """Give nats by the beat, so that phrases of other lengths can be held against these."""
    run, bigram = runs.get("main", {}).get("default"), test["baselines"]["bigram"]["nats_per_phrase"]
    if run is None:
        return []
    beats = run["params"]["phrases"]["beats_per_phrase"]
    kl, elbo = test["kl_nats"] / beats, test["elbo_nats"] / beats
    told = f"Per beat of the test works: KL {kl:.1f} nats, ELBO {elbo:.1f}"
    return [told + (f", the bigram model -{bigram / beats:.1f}." if bigram is not None else "."), ""]


def _gap(splits: ReconstructFigures) -> list[str]:
    """Tell the distance between validation and test, and the worst work."""
    validation, test = splits["validation"], splits["test"]
    gap = (validation["onset_f1"] or 0.0) - (test["onset_f1"] or 0.0)
    works = {**validation["by_work"], **test["by_work"]}
    worst = min(works, key=lambda name: works[name]["onset_f1"] or 0.0)
    scores = works[worst]
    return [
        f"Validation minus test, onset F1: {gap:+.3f}. The worst held-out work: {worst}, token accuracy "
        f"{_figure(scores['token_accuracy'])}, onset F1 {_figure(scores['onset_f1'])}, exact phrases "
        f"{_figure(scores['exact_phrase'])} ({scores['phrases']} phrases)."
    ]


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}".removeprefix("0")


def _tenths(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1f}"


def _scores(scores: SplitScores | GroupScores) -> str:
    shares = (scores["token_accuracy"], scores["onset_f1"], scores["exact_phrase"])
    return f"{' | '.join(map(_figure, shares))} | {scores['kl_nats']:.0f} | {scores['elbo_nats']:.0f}"


def _directions(figures: AttributesFigures) -> list[str]:
    """Show what becomes of attributes as phrases move along their directions."""
    amounts = figures["amounts"]
    names: tuple[AttributeName, ...] = get_args(AttributeName)
    rows = [
        f"| {name.replace('_', ' ')} | "
        + " | ".join("n/a" if mean is None else f"{mean:.3g}" for mean in moved["means"])
        + f" | {_correlation(moved['spearman'])} | {_correlation(moved['spearman_by_phrase'])} | "
        + f"{moved['changing']:.0%} |"
        if moved["length"]
        else f"| {name.replace('_', ' ')} | no direction |" + " |" * (len(amounts) + 2)
        for name, moved in ((name, figures[name]) for name in names)
    ]
    return [
        f"Attributes of the {figures['phrases']:,} test phrases, moved along the direction of each and decoded: means, "
        "their rank correlation with the distance, the same of single phrases (mean over those in which the attribute "
        "changes), and how many these are:",
        "",
        f"| moved by | {' | '.join(f'{amount:g}' for amount in amounts)} | Spearman | by phrase | changing |",
        f"|---|{'---|' * (len(amounts) + 3)}",
        *rows,
    ]


def _correlation(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


COLUMNS = "token accuracy | onset F1 | exact phrases | KL, nats | ELBO, nats"
"""Of `_scores`."""


def _comparison(runs: dict[str, Group]) -> list[str]:
    """Compare the paper's network, its defects switched off one by one, and version 0.1; on one work for all."""
    group = runs["paper"]
    rows = [
        (
            run["about"] + (" †" if run["params"]["reconstruct"]["decode"] == "sample" else ""),
            run["train"],
            run["reconstruct"],
            f"{run['minutes']:.0f}",
        )
        for run in group.values()
    ]
    seen = ""
    if before := runs.get("main", {}).get(BEFORE):
        train = before["train"]
        about = "**`autoregressive`, the whole profile `musicnet` (version 0.1)**"
        rows.append((about, train, before["reconstruct"], f"{before['minutes']:.0f}"))
        seen = f"; the last row: {train['epochs'] * train['phrases'] / 1e6:.1f} million"
    return [
        "The paper's network, its defects switched off one by one, and version 0.1's, all on four steps a beat, on "
        f"{COMMON}, the one work that none of them has seen (the paper's list has two of its movements twice, so on "
        f"its list they count twice). About 400,000 training windows each (the paper: 5 million{seen}). With †, a "
        "sample of the posterior is decoded, as the paper's code does; otherwise its mean "
        f"{_made('paper', group)}:",
        "",
        f"| | phrases | {COLUMNS} | parameters | minutes |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {about} | {figures['test']['by_work'][COMMON]['phrases']:,} | "
            f"{_scores(figures['test']['by_work'][COMMON])} | {train['parameters']:,} | {minutes} |"
            for about, train, figures, minutes in rows
        ),
        *(_rhythm_alone(group["paper-as-coded"]) if "paper-as-coded" in group else []),
    ]


def _rhythm_alone(run: Run) -> list[str]:
    """Tell what token accuracy is worth on the paper's own validation set."""
    own = run["reconstruct"]["validation"]
    return [
        "",
        "On the paper's own validation set, as its code makes it, every rest and sustain right and every pitch wrong "
        f"has a token accuracy of {_figure(own['baselines']['wrong_pitch']['token_accuracy'])}; the paper, .717; the "
        f"first row's network, {_figure(own['token_accuracy'])}.",
    ]


def _objective(run: Run) -> float:
    """Compute what a run was trained to make small, on the common work: nats per phrase, KL by its weight."""
    section, scores = run["params"], run["reconstruct"]["test"]["by_work"][COMMON]
    weight = float(section["train"]["beta"])
    if section["train"]["kl_reduction"] == "mean":
        steps = section["phrases"]["beats_per_phrase"] * section["encode"]["steps_per_beat"]
        weight *= steps / section["model"]["latent_dim"]
    return float(-scores["elbo_nats"] - scores["kl_nats"] + weight * scores["kl_nats"])


def _claims(group: Group, seeds: Group) -> list[str]:
    """Judge three claims of the paper, each by rows that differ in that alone; needs to know what seeds do."""
    if "corrected" not in group or len(seeds) < 2:
        return []
    repeated = [_objective(run) for run in (group["corrected"], *seeds.values())]
    same = tolerances.tolerance({"objective": repeated}, sides=2)

    def losses(*names: str) -> list[float] | None:
        return [_objective(group[name]) for name in names] if set(names) <= set(group) else None

    def verdict(ours: float, other: float) -> str:
        if abs(ours - other) < same:
            return "no difference"
        return "better" if ours < other else "worse"

    said = []
    if noise := losses("paper-as-coded", "paper-no-augmentation"):
        said.append(
            f"- *Augmentation helps.* With the paper's, which is noise, {noise[0]:.1f}, without any {noise[1]:.1f}: "
            f"{verdict(*noise)}."
        )
    if keys := losses("corrected", "corrected-no-augmentation"):
        said.append(f"- The same of ours. With transposition {keys[0]:.1f}, without {keys[1]:.1f}: {verdict(*keys)}.")
    if cells := losses("corrected", "corrected-gru"):
        said.append(
            f"- *LSTM or GRU, no matter.* Both really built, LSTM {cells[0]:.1f}, GRU {cells[1]:.1f}: "
            f"{verdict(*cells)}."
        )
    if sizes := losses("corrected", "corrected-latent-128", "corrected-latent-32"):
        said.append(
            f"- *512 latent dimensions are best.* 512 have {sizes[0]:.1f}; beside 128 ({sizes[1]:.1f}) "
            f"{verdict(sizes[0], sizes[1])}, beside 32 ({sizes[2]:.1f}) {verdict(sizes[0], sizes[2])}."
        )
    if not said:
        return []
    head = (
        "Three of the paper's claims, by what each network was trained to make small on this work: reconstruction and "
        "weighted KL divergence, nats per phrase. (After so short a training hardly a note comes back, so onset F1 "
        f"does not tell.) Two seeds of `all corrected` lie less than {same:g} apart in 99 cases of 100, by "
        f"{len(repeated)} of them; what lies nearer counts as no difference."
    )
    tests = [run["reconstruct"]["test"] for name, run in group.items() if name.startswith(("paper", "corrected"))]
    better = sum(test["elbo_nats"] > -(test["baselines"]["bigram"]["nats_per_phrase"] or 0.0) for test in tests)
    if better < len(tests):
        head += (
            f" By the ELBO on its test works {better or 'none'} of these {len(tests)} networks of the paper's beats "
            "the bigram model: longer training may judge otherwise."
        )
    return ["", head, "", *said]


def _long(group: Group) -> list[str]:
    """Tabulate phrases of 16 and 64 beats, by decoder, and what is reached without one."""
    lines = [
        "Long phrases, test works, as many epochs for each as were to take half an hour on two quiet cores (minutes as "
        "they were, some beside other work). Best epoch: on validation, whose weights are kept. `hierarchical` "
        f"has dimensions of the code, and an encoder's view, for each four beats {_made('long', group)}:",
        "",
        f"| | {COLUMNS} | parameters | phrases a batch | best epoch | minutes |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    by_length: dict[int, list[Run]] = {}
    for run in group.values():
        by_length.setdefault(run["params"]["phrases"]["beats_per_phrase"], []).append(run)
    for beats, runs in by_length.items():
        lines += [
            f"| {run['about']} | {_scores(run['reconstruct']['test'])} | {run['train']['parameters']:,} | "
            f"{run['params']['train']['batch_size']} | {run['train']['best_epoch']} of {run['train']['epochs']} | "
            f"{run['minutes']:.0f} |"
            for run in runs
        ]
        baselines = runs[0]["reconstruct"]["test"]["baselines"]
        nearest, nats = baselines["nearest_phrase"], baselines["bigram"]["nats_per_phrase"]
        lines.append(
            f"| {beats} beats, baselines: the nearest training phrase; bigram | {_figure(nearest['token_accuracy'])} | "
            f"{_figure(nearest['onset_f1'])} | | | -{nats:.0f} | | | | |"
        )
    return lines


def _made(name: str, group: Group) -> str:
    """Say by what command, when and on what a group of experiments was run."""
    dates = sorted({run["date"] for run in group.values()})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    hardware = ", ".join(sorted({run["hardware"] for run in group.values()}))
    commits = list(dict.fromkeys(run["commit"][:7] for run in group.values()))
    # Runs that follow one another are at a commit each, for the record of the one before is committed.
    at = ", ".join(commits) if len(commits) <= 3 else "the commits in their records, experiments/runs/"
    known = [one for one, entry in definitions.experiments().items() if entry["group"] == name]
    missing = [one for one in known if one not in group]
    done = f"(`python -m experiments run {' '.join(group) if missing else name}`; {when}, {hardware}, at "
    return done + at + (f"; not run yet: {', '.join(missing)})" if missing else ")")


def _sweep(group: Group) -> list[str]:
    """Tabulate onset F1 against KL divergence, by beta."""
    first = next(iter(group.values()))["reconstruct"]["test"]
    bigram = first["baselines"]["bigram"]["nats_per_phrase"] or 0.0
    epochs = next(iter(group.values()))["train"]["epochs"]
    lines = [
        f"Faithful or smooth, test works: {epochs} epochs for each beta, from the start {_made('sweep', group)}:",
        "",
        "| beta | KL, nats | token accuracy | onset F1 | exact phrases | ELBO, nats | active dimensions | minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in sorted(group.values(), key=_beta):
        test = run["reconstruct"]["test"]
        elbo = f"{test['elbo_nats']:.1f}"
        lines.append(
            f"| {_beta(run):g} | {test['kl_nats']:.1f} | {_figure(test['token_accuracy'])} | "
            f"{_figure(test['onset_f1'])} | {_figure(test['exact_phrase'])} | "
            f"{f'**{elbo}**' if test['elbo_nats'] > -bigram else elbo} | {test['active_units']} | "
            f"{run['minutes']:.0f} |"
        )
    return [*lines, "", f"In bold: better than the bigram model's -{bigram:.1f}."]


def _paths(paths: InterpolateFigures) -> list[str]:
    nats, scale = paths["bigram_nats"], paths["scale_consistency"]
    return [
        f"Paths ({paths['pairs']} pairs, {paths['points']} points, {paths['path']}; {paths['pairs_of_test_works']} of "
        "the pairs are of test works only):",
        "",
        "| | inner points | ends | crossfade (baseline) |",
        "|---|---|---|---|",
        f"| nats per phrase of a bigram model | {_tenths(nats['path'])} | "
        f"{_tenths(nats['ends'])} | {_tenths(nats['crossfade'])} |",
        f"| scale consistency | {_figure(scale['path'])} | {_figure(scale['ends'])} | {_figure(scale['crossfade'])} |",
    ]


SETS: dict[SetName, str] = {
    "real": "other real music (the ceiling)",
    "reconstructions": "reconstructions of it",
    "interpolations": "inner points of paths",
    "prior": "decoded from the prior",
    "aggregate": "decoded from the aggregate posterior",
    "crossfade": "crossfades of the paths' ends (baseline)",
}


def _sets(evaluated: EvaluateFigures) -> list[str]:
    """Set sets beside real music: overlap of Yang & Lerch's features, and the paper's own figures."""
    lines = [
        f"Beside real test music, {evaluated['real']['excerpts']} excerpts each: overlap, mean of Yang & Lerch's nine "
        "features, with its 95 % interval and the feature that overlaps least; then the paper's own figures.",
        "",
        "| | overlap | lowest | distinct pitches, median | pitch range, semitones, mean | same pitch class again, "
        "share of transitions |",
        "|---|---|---|---|---|---|",
    ]
    for name, label in SETS.items():
        found = evaluated[name]
        every = {feature: found[feature]["overlap"] for feature in comparison.FEATURES}
        known: dict[Feature, float] = {feature: overlap for feature, overlap in every.items() if overlap is not None}
        lowest: list[Feature] = sorted(known, key=lambda feature: known[feature])[:1]
        least = "".join(f"{_figure(known[feature])} {feature.replace('_', ' ')}" for feature in lowest) or "n/a"
        span = "" if found["mean_low"] is None else f" ({_figure(found['mean_low'])} to {_figure(found['mean_high'])})"
        paper = [
            "n/a" if value is None else form.format(value)
            for value, form in (
                (found["distinct_pitches_median"], "{:.0f}"),
                (found["pitch_range_mean"], "{:.1f}"),
                (found["same_pitch_class_share"], "{:.0%}"),
            )
        ]
        lines.append(f"| {label} | {_figure(found['mean_overlap'])}{span} | {least} | {' | '.join(paper)} |")
    return lines


BETWEEN = {
    "real": "A itself",
    "training": "real music of training",
    "reconstructions": "A reconstructed",
    "posterior_sample": "A from a draw of its code",
    "exchange_quarter": "by exchange, a quarter of the way",
    "exchange_half": "**by exchange, half-way**",
    "spherical_quarter": "spherical path, a quarter",
    "spherical_half": "spherical path, half-way",
    "linear_quarter": "linear path, a quarter",
    "linear_half": "linear path, half-way",
    "parts_in_key": "trick: whole parts of A or B by coin, in one key",
    "parts": "trick: the same, B in its own key",
    "halves": "trick: first half of A, second of B",
    "crossfade": "trick: cells of A or B by coin",
    "infilled": "A, its middle half composed",
    "harmonised": "A, its lower three parts composed",
    "composed": "composed from nothing",
    "prior": "decoded from the prior",
}


def _between(evaluated: EvaluateFigures) -> list[str]:
    """Say of what lies between two phrases how easily it is told from music, what is kept of both, how it sounds."""
    lines = [
        f"Between two phrases, {evaluated['pairs']:,} random pairs A and B of test pieces; one phrase is made of each. "
        "AUC: how easily a classifier tells them from other real test phrases (.5: not at all), and its 95 % interval; "
        "kept: share of the onsets of A and of B; dissonant: share of the pairs of parts that sound together; new: "
        "share of the beats that training never had in any key; copies: phrases that stand in training as they are.",
        "",
        "| | AUC | kept of A | kept of B | dissonant | scale consistency | bigram, nats | new | copies |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, label in BETWEEN.items():
        if name not in evaluated["two_sample"]:
            continue
        told, kept = evaluated["two_sample"][name], evaluated["kept"].get(name)
        span = "" if told["low"] is None else f" ({_figure(told['low'])} to {_figure(told['high'])})"
        ends = ["", ""] if kept is None else [_figure(kept["a"]), _figure(kept["b"])]
        figures = [evaluated["dissonant"][name], evaluated["scale_consistency"][name]]
        cells = [*ends, *map(_figure, figures), _tenths(evaluated["bigram_nats"][name])]
        if "originality" in evaluated:
            cells += [_figure(evaluated["originality"][name]), f"{evaluated['copied'][name]:,}"]
        lines.append(f"| {label} | {_figure(told['auc'])}{span} | {' | '.join(cells)} |")
    return lines


TASKS = {
    "infill": "a quarter of the window, all parts",
    "viola": "the viola, throughout",
    "harmonise": "all parts but the first violin",
}

WAYS = {
    "composed": "**composed**",
    "copy": "trick: the four beats before",
    "repeat": "trick: the window before",
    "nearest": "the nearest training window",
}

SOURCES_OF = {
    "infill": "a quarter of the window",
    "harmonise": "the window, its lower three parts",
    "pieces": "a piece from nothing",
}


def _composed(evaluated: EvaluateFigures) -> list[str]:
    """Say how the composer fills in windows of test pieces, and what it writes from nothing; if it was measured."""
    if "composed" not in evaluated:
        return []
    found = evaluated["composed"]
    lines = [
        f"The composer on {found['windows']:,} windows of {found['pieces']} test pieces, at temperature 1: onset F1 of "
        "what was unknown, and its 95 % interval.",
        "",
        "| unknown | " + " | ".join(WAYS.values()) + " |",
        f"|---|{'---|' * len(WAYS)}",
    ]
    for task, label in TASKS.items():
        ways = found["onset_f1"][task]
        lines.append(f"| {label} | " + " | ".join(_level(ways[way]) if way in ways else "" for way in WAYS) + " |")
    lines += [
        "",
        "Originality: share of beats that training did not have; copied: share of passages of four beats that it had.",
        "",
        "| | originality | of test music | copied | of test music |",
        "|---|---|---|---|---|",
    ]
    for task, label in SOURCES_OF.items():
        made, real = found["originality"][task]["composed"], found["originality"][task]["real"]
        levels = (made["originality"], real["originality"], made["copied"], real["copied"])
        lines.append(f"| {label} | {' | '.join(map(_level, levels))} |")
    return [*lines, "", _costs(found), ""]


def _costs(found: ComposedFigures) -> str:
    """Say what phrases cost the composer, and how much of its bars comes again."""
    language, alike = found["language_model"], found["self_similarity"]
    told = (
        f"A phrase of which nothing is known costs the composer {language['composer_nats']:.1f} nats and a bigram "
        f"model per part {language['bigram_nats']:.1f}, mean of {language['phrases']:,} test phrases: "
        f"{_level(language['share'])} of it."
    )
    if alike["within"] is None:
        return told
    near, far = (_figure(alike[name][0]["value"]) for name in ("composed", "real"))
    return (
        f"{told} Bars of {alike['composed_pieces']} pieces composed from nothing have {near} of their onsets in common "
        f"with the next one, those of test pieces {far} (Jaccard); of {len(alike['real'])} distances, composed music "
        f"lies within the 95 % interval of test music at {alike['within']}."
    )


def _level(level: Level) -> str:
    """Write a figure with its interval."""
    span = "" if level["low"] is None else f" ({_figure(level['low'])} to {_figure(level['high'])})"
    return f"{_figure(level['value'])}{span}"


def _code(use: CodeUse) -> list[str]:
    """Tell what the code of a phrase is used for."""
    own, others = use["shuffled_z"]["own_nats"], use["shuffled_z"]["others_nats"]
    known, limit = use["mutual_information_nats"], use["mutual_information_limit"]
    return [
        f"The code of a test phrase has {use['kl_nats']:.0f} nats in {use['active_units']} active dimensions. Mutual "
        f"information of phrase and code: {known:.2f} nats, of {limit:.2f} that so many phrases allow. From its own "
        f"code a phrase costs {own:.2f} nats, from another's {others:.0f}."
    ]


def _at(commit: str) -> str:
    """Say at what commit a benchmark ran, as `benchmarks.hardware.commit` tells it."""
    clean = commit.removesuffix("-dirty")
    return f"at {clean}" + (" with changes that were not committed" if clean != commit else "")


def _speed(speed: dict[str, Any]) -> str:
    """Tell the training speed of the paper's network against plain layers."""
    rates = speed["phrases_per_second"]
    return (
        f"Training speed (`{speed['command']}`; {speed['date']}, {speed['hardware']}, {_at(speed['commit'])}): the "
        f"paper's network at its batch size takes {rates['ours']:,.0f} phrases a second, put together from plain Keras "
        "layers "
        f"{rates['plain']:,.0f}: {speed['ratio']:.2f} times as many. With our settings of "
        f"threads for both it is {speed['ratio_with_our_threads']:.2f} times; the rest comes from letting TensorFlow "
        f"run several operations at once. The default profile: {rates['default']:,.0f}."
    )


def _streaming(streaming: dict[str, Any]) -> str:
    """Tell memory and speed of training from a table that memory does not hold."""
    peaks, rates = streaming["peak_gib_by_phrases"], streaming["phrases_per_second"]
    most = max(map(int, peaks))
    return (
        f"Training from Parquet (`{streaming['command']}`; {streaming['date']}, {streaming['hardware']}, "
        f"{_at(streaming['commit'])}): the most memory, with a table of {most:,} phrases, is "
        f"{peaks[str(most)]:.2f} GiB; the default network of that commit takes {rates['table']:,.0f} phrases a second "
        f"from a table, {rates['memory']:,.0f} from memory."
    )


def _start(start: dict[str, Any]) -> str:
    """Time the command from a cold start, against Keras."""
    seconds = start["seconds"]
    composed = ""
    if "path" in seconds:
        composed = (
            f"; a path of 32 beats by exchange {seconds['path']:.1f}, `sample --by composer` of 32 bars "
            f"{seconds['bars']:.1f}"
        )
    return (
        f"A cold start (`{start['command']}`; {start['date']}, {start['hardware']}, {_at(start['commit'])}): "
        f"`quartetvae interpolate --path spherical` of two whole movements takes {seconds['interpolate']:.1f} "
        f"seconds{composed}; loading the model's network with Keras alone takes {seconds['keras']:.1f}. By the network "
        f"in NumPy 500 phrases are encoded and decoded in {seconds['phrases']:.1f}. Of `interpolate`, in Python: "
        + ", ".join(f"{step} {spent:.1f}" for step, spent in start["steps"].items())
        + ". Such times hang on the machine's day: Keras', taken in turns with the command's, is the yardstick."
    )


TIMES = {
    "beat": "movement to beat written",
    "phrase": "to phrase written",
    "sound": "to sound",
    "encode": "file of 32 beats encoded",
    "start": "page opened to 32 beats written",
}
"""Columns of `_studio`, by their names in benchmarks/studio.json."""


def _studio(studio: dict[str, Any]) -> list[str]:
    """Tabulate how soon the studio answers, by window and speed."""
    rows = [
        f"| {window}{'' if slower == '1' else f', 1/{slower} of the speed'} | "
        + " | ".join(f"{found[name]['median']:,.0f} ({found[name]['p95']:,.0f})" for name in TIMES)
        + " |"
        for window, speeds in studio["milliseconds"].items()
        for slower, found in speeds.items()
    ]
    return [
        f"The [studio](studio.md) (`{studio['command']}`; {studio['date']}, {studio['hardware']}, "
        f"{_at(studio['commit'])}, load average {studio['load']:.1f} before it began), a page of "
        f"{studio['bytes'] / 1e6:.1f} MB: milliseconds, the median and in brackets the 95th percentile. The pointer "
        "moves while the music plays; sound is when all that should sound is with the sound card.",
        "",
        "| | " + " | ".join(TIMES.values()) + " |",
        f"|---|{'---|' * len(TIMES)}",
        *rows,
    ]


def _beta(run: Run) -> float:
    return float(run["params"]["train"]["beta"])


def _points(runs: dict[str, Group]) -> dict[str, list[tuple[str, float, float]]]:
    """List the points of plots/operating_points.png: for each curve, label, KL divergence and onset F1."""
    curves = {
        "sweep of beta": runs["sweep"],
        "profile musicnet": {name: run for name, run in runs.get("main", {}).items() if name == BEFORE},
    }
    return {
        name: sorted(
            (
                (
                    f"{_beta(run):g}",
                    run["reconstruct"]["test"]["kl_nats"],
                    run["reconstruct"]["test"]["onset_f1"] or 0.0,
                )
                for run in group.values()
            ),
            key=lambda point: point[1],
        )
        for name, group in curves.items()
        if group
    }


def updated(text: str, results: str) -> str:
    """Put results between the two markers of a file's text."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{results}\n{END}{after}"


def read_metrics(folder: Path) -> Metrics:
    """Read the files of metrics/ that results are made from."""
    if missing := [f"{name}.json" for name in METRICS if not (folder / f"{name}.json").is_file()]:
        sys.exit(
            f"{folder}: {', '.join(missing)} is not there; results are of a whole run: `make repro`, or go back to the "
            "committed figures by `git checkout HEAD -- metrics`."
        )
    content = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in METRICS}
    return cast(Metrics, content)


def read_before() -> FileFigures:
    """Read what version 0.1 reaches on the files of the test works: experiments/files/."""
    content = json.loads((ROOT / "experiments" / "files" / f"{BEFORE}.json").read_text(encoding="utf-8"))
    return cast(FileFigures, content["test"])


def read_runs() -> dict[str, Group]:
    """Read what experiments found, by group, then name, in the order of experiments.yaml."""
    found: dict[str, Group] = {}
    for name, entry in definitions.experiments().items():
        if (path := definitions.RUNS / f"{name}.json").exists():
            run: Run = json.loads(path.read_text(encoding="utf-8"))
            found.setdefault(entry["group"], {})[name] = {**run, "about": entry["about"]}
    return found


def main() -> None:
    """Write or check both files."""
    parser = argparse.ArgumentParser(prog="python -m tools.results", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file is not up to date")
    arguments = parser.parse_args()
    metrics = read_metrics(ROOT / "metrics")
    if COMMON not in metrics["reconstruct"]["test"]["by_work"]:
        sys.exit(
            f"metrics/reconstruct.json: no test work '{COMMON}'. Results are of the default profile: `make repro`, "
            "or go back to the committed ones by `git checkout HEAD -- .`."
        )
    runs = read_runs()
    before = read_before()
    for path, results in ((README, table(metrics, before)), (RESULTS, block(metrics, runs, before))):
        text = path.read_text(encoding="utf-8")
        new = updated(text, results)
        if arguments.check and new != text:
            sys.exit(f"{path.relative_to(ROOT)}: its results are not those of metrics/; run `python -m tools.results`")
        path.write_text(new, encoding="utf-8")
    if "sweep" in runs and not arguments.check:
        training.operating_points(ROOT / "plots" / "operating_points.png", _points(runs))


if __name__ == "__main__":
    main()
