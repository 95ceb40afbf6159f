"""Write the README's results: `python -m benchmarks.results`, or `--check` to see whether they agree.

They come from metrics/ (the last run of the pipeline) and benchmarks/runs/ (experiments; benchmarks/experiments.py).
Everything between the two markers in README.md is made here, so that no figure is typed by hand, and so is
plots/operating_points.png.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import experiments, tolerances
from quartetvae.metrics import comparison
from quartetvae.plots import training

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- results: begin, written by benchmarks/results.py -->", "<!-- results: end -->"

BASELINES = {
    "sustain": "always `sustain`",
    "likeliest_symbol": "the likeliest symbol of each step and part",
    "nearest_phrase": "the nearest training phrase",
    "wrong_pitch": "every rest and sustain right, every pitch wrong",
}

PAPER = "| the paper, on its own validation set (noisy copies of training pieces) | .717 | | | 134 | -191 |"
"""Facts about the paper, from its training history; not measured here."""


COMMON = "Mozart: String Quartet No 19 in C major"
"""K. 465: a test work of every experiment, whether on the paper's 36 files or on all."""


def block(metrics: dict[str, Any], runs: dict[str, Any]) -> str:
    """The results as Markdown; `runs` by group, then name, as benchmarks/runs/ holds them."""
    model, data = metrics["train"], metrics["encode"]["splits"]
    splits = metrics["reconstruct"]
    test = splits["test"]
    lines = [
        "| | token accuracy | onset F1 | exact phrases | KL, nats | ELBO, nats |",
        "|---|---|---|---|---|---|",
        f"| **test**: {test['works']} works, {test['phrases']:,} phrases never trained on | {_scores(test)} |",
        f"| validation: {splits['validation']['works']} works, likewise | {_scores(splits['validation'])} |",
        *(
            f"| baseline: {label} | {_figure(test['baselines'][name]['token_accuracy'])} | "
            f"{_figure(test['baselines'][name]['onset_f1'])} | | | |"
            for name, label in BASELINES.items()
        ),
        f"| baseline: bigram model per part | | | | | -{test['baselines']['bigram']['nats_per_phrase']:.0f} |",
        PAPER,
        "",
        *_provenance(metrics, runs),
        f"Network: {model['parameters']:,} parameters; {model['epochs']} epochs over {model['phrases']:,} phrases of "
        f"{data['train']['works']} works, best on validation after epoch {model['best_epoch']}. By part on test, onset "
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
        *_code(metrics["evaluate"]["latent"]),
        "",
        *_directions(metrics["attributes"]),
    ]
    if "paper" in runs:
        lines += ["", *_comparison(runs, metrics)]
        lines += _claims(runs["paper"], runs.get("paper-seeds", {}))
    if "long" in runs:
        lines += ["", *_long(runs["long"])]
    if "sweep" in runs:
        lines += ["", *_sweep(runs["sweep"], test["baselines"]["bigram"]["nats_per_phrase"])]
    speed, start = (
        json.loads((ROOT / "benchmarks" / f"{name}.json").read_text(encoding="utf-8")) for name in ("speed", "start")
    )
    lines += ["", _speed(speed), "", _start(start)]
    return "\n".join(lines)


def _provenance(metrics: dict[str, Any], runs: dict[str, Any]) -> list[str]:
    """When, on what and for how long the model was trained, if the experiment of the default profile is this one."""
    run = runs.get("main", {}).get("default")
    if run is None or run["train"] != metrics["train"]:
        return []
    spent = f"{run['minutes']:.0f} minutes on {run['hardware']}"
    return [f"Trained {run['date']} in {spent}, at commit {run['commit'][:7]}."]


def _gap(splits: dict[str, Any]) -> list[str]:
    """The distance between validation and test, and the worst work."""
    gap = splits["validation"]["onset_f1"] - splits["test"]["onset_f1"]
    works = {name: of for split in splits.values() for name, of in split["by_work"].items()}
    worst = min(works, key=lambda name: works[name]["onset_f1"])
    of = works[worst]
    return [
        f"Validation minus test, onset F1: {gap:+.3f}. The worst held-out work: {worst}, token accuracy "
        f"{_figure(of['token_accuracy'])}, onset F1 {_figure(of['onset_f1'])}, exact phrases "
        f"{_figure(of['exact_phrase'])} ({of['phrases']} phrases)."
    ]


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}".removeprefix("0")


def _scores(figures: dict[str, Any]) -> str:
    shares = " | ".join(_figure(figures[key]) for key in ("token_accuracy", "onset_f1", "exact_phrase"))
    return f"{shares} | {figures['kl_nats']:.0f} | {figures['elbo_nats']:.0f}"


def _directions(figures: dict[str, Any]) -> list[str]:
    """What becomes of attributes as phrases move along their directions."""
    amounts = figures["amounts"]
    names = [name for name, of in figures.items() if isinstance(of, dict)]
    rows = [
        f"| {name.replace('_', ' ')} | "
        + " | ".join("n/a" if mean is None else f"{mean:.3g}" for mean in of["means"])
        + f" | {_correlation(of['spearman'])} | {_correlation(of['spearman_by_phrase'])} | {of['changing']:.0%} |"
        for name, of in ((name, figures[name]) for name in names)
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


def _comparison(runs: dict[str, Any], metrics: dict[str, Any]) -> list[str]:
    """The paper's network with its defects, with one after the other switched off, and ours; on one work for all."""
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
    default = runs.get("main", {}).get("default")
    spent = f"{default['minutes']:.0f}" if default and default["train"] == metrics["train"] else ""
    rows.append(("**`autoregressive`, the whole default profile**", metrics["train"], metrics["reconstruct"], spent))
    seen = metrics["train"]["epochs"] * metrics["train"]["phrases"] / 1e6
    return [
        f"The paper's network, its defects switched off one by one, and ours, on {COMMON}, the one work that none of "
        "them has seen (the paper's list has two of its movements twice, so on its list they count twice). About "
        f"400,000 training windows each (the paper: 5 million; the last row: {seen:.1f} million). With †, a sample of "
        f"the posterior is decoded, as the paper's code does; otherwise its mean {_made('paper', group)}:",
        "",
        f"| | phrases | {COLUMNS} | parameters | minutes |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {about} | {of['test']['by_work'][COMMON]['phrases']:,} | {_scores(of['test']['by_work'][COMMON])} | "
            f"{train['parameters']:,} | {minutes} |"
            for about, train, of, minutes in rows
        ),
        *(_rhythm_alone(group["paper-as-coded"]) if "paper-as-coded" in group else []),
    ]


def _rhythm_alone(run: dict[str, Any]) -> list[str]:
    """What token accuracy is worth on the paper's own validation set."""
    own = run["reconstruct"]["validation"]
    return [
        "",
        "On the paper's own validation set, as its code makes it, every rest and sustain right and every pitch wrong "
        f"has a token accuracy of {_figure(own['baselines']['wrong_pitch']['token_accuracy'])}; the paper, .717; the "
        f"first row's network, {_figure(own['token_accuracy'])}.",
    ]


def _objective(run: dict[str, Any]) -> float:
    """What a run was trained to make small, on the common work: reconstruction + weight * KL, nats per phrase."""
    section, of = run["params"], run["reconstruct"]["test"]["by_work"][COMMON]
    weight = float(section["train"]["beta"])
    if section["train"]["kl_reduction"] == "mean":
        steps = section["phrases"]["beats_per_phrase"] * section["encode"]["steps_per_beat"]
        weight *= steps / section["model"]["latent_dim"]
    return float(-of["elbo_nats"] - of["kl_nats"] + weight * of["kl_nats"])


def _claims(group: dict[str, Any], seeds: dict[str, Any]) -> list[str]:
    """What became of three claims of the paper, each by rows that differ in that alone; needs to know what seeds do."""
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
    better = sum(of["elbo_nats"] > -of["baselines"]["bigram"]["nats_per_phrase"] for of in tests)
    if better < len(tests):
        head += (
            f" By the ELBO on its test works {better or 'none'} of these {len(tests)} networks of the paper's beats "
            "the bigram model: longer training may judge otherwise."
        )
    return ["", head, "", *said]


def _long(group: dict[str, Any]) -> list[str]:
    """Phrases of 16 and 64 beats, by decoder, and what is reached without one."""
    lines = [
        "Long phrases, test works, as many epochs for each as were to take half an hour on two quiet cores (minutes as "
        "they were, some beside other work). Best epoch: on validation, whose weights are kept. `hierarchical` "
        f"has dimensions of the code, and an encoder's view, for each four beats {_made('long', group)}:",
        "",
        f"| | {COLUMNS} | parameters | phrases a batch | best epoch | minutes |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    by_length: dict[int, list[dict[str, Any]]] = {}
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


def _made(name: str, group: dict[str, Any]) -> str:
    """By what command, when and on what a group of experiments was run."""
    dates = sorted({run["date"] for run in group.values()})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    hardware = ", ".join(sorted({run["hardware"] for run in group.values()}))
    commits = list(dict.fromkeys(run["commit"][:7] for run in group.values()))
    # Runs that follow one another are at a commit each, for the record of the one before is committed.
    at = ", ".join(commits) if len(commits) <= 3 else "the commits in their records, benchmarks/runs/"
    known = [one for one, entry in experiments.experiments().items() if entry["group"] == name]
    missing = [one for one in known if one not in group]
    done = f"(`python -m benchmarks.experiments run {' '.join(group) if missing else name}`; {when}, {hardware}, at "
    return done + at + (f"; not run yet: {', '.join(missing)})" if missing else ")")


def _sweep(group: dict[str, Any], bigram: float) -> list[str]:
    """Onset F1 against KL divergence, by beta."""
    epochs = next(iter(group.values()))["train"]["epochs"]
    lines = [
        f"Faithful or smooth, test works: {epochs} epochs for each beta, from the start {_made('sweep', group)}:",
        "",
        "| beta | KL, nats | token accuracy | onset F1 | exact phrases | ELBO, nats | active dimensions | minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in sorted(group.values(), key=_beta):
        of = run["reconstruct"]["test"]
        elbo = f"{of['elbo_nats']:.1f}"
        lines.append(
            f"| {_beta(run):g} | {of['kl_nats']:.1f} | {_figure(of['token_accuracy'])} | {_figure(of['onset_f1'])} | "
            f"{_figure(of['exact_phrase'])} | {f'**{elbo}**' if of['elbo_nats'] > -bigram else elbo} | "
            f"{of['active_units']} | {run['minutes']:.0f} |"
        )
    return [*lines, "", f"In bold: better than the bigram model's -{bigram:.1f}."]


def _paths(paths: dict[str, Any]) -> list[str]:
    nats, scale = paths["bigram_nats"], paths["scale_consistency"]
    return [
        f"Paths ({paths['pairs']} pairs, {paths['points']} points, {paths['path']}; {paths['pairs_of_test_works']} of "
        "the pairs are of test works only):",
        "",
        "| | inner points | ends | crossfade (baseline) |",
        "|---|---|---|---|",
        f"| nats per phrase of a bigram model | {nats['path']:.1f} | {nats['ends']:.1f} | {nats['crossfade']:.1f} |",
        f"| scale consistency | {_figure(scale['path'])} | {_figure(scale['ends'])} | {_figure(scale['crossfade'])} |",
    ]


SETS = {
    "real": "other real music (the ceiling)",
    "reconstructions": "reconstructions of it",
    "interpolations": "inner points of paths",
    "prior": "decoded from the prior",
    "aggregate": "decoded from the aggregate posterior",
    "crossfade": "crossfades of the paths' ends (baseline)",
}


def _sets(evaluated: dict[str, Any]) -> list[str]:
    """What is beside real music: overlap of Yang & Lerch's features, and the paper's own figures."""
    lines = [
        f"Beside real test music, {evaluated['real']['excerpts']} excerpts each: overlap, mean of Yang & Lerch's nine "
        "features, with its 95 % interval and the feature that overlaps least; then the paper's own figures.",
        "",
        "| | overlap | lowest | distinct pitches, median | pitch range, semitones, mean | same pitch class again, "
        "share of transitions |",
        "|---|---|---|---|---|---|",
    ]
    for name, label in SETS.items():
        of = evaluated[name]
        every = {feature: of[feature]["overlap"] for feature in comparison.FEATURES}
        known = {feature: overlap for feature, overlap in every.items() if overlap is not None}
        lowest = min(known, key=lambda feature: known[feature]) if known else None
        least = "n/a" if lowest is None else f"{_figure(known[lowest])} {lowest.replace('_', ' ')}"
        span = "" if of["mean_low"] is None else f" ({_figure(of['mean_low'])} to {_figure(of['mean_high'])})"
        paper = [
            "n/a" if of[key] is None else form.format(of[key])
            for key, form in (
                ("distinct_pitches_median", "{:.0f}"),
                ("pitch_range_mean", "{:.1f}"),
                ("same_pitch_class_share", "{:.0%}"),
            )
        ]
        lines.append(f"| {label} | {_figure(of['mean_overlap'])}{span} | {least} | {' | '.join(paper)} |")
    return lines


def _code(of: dict[str, Any]) -> list[str]:
    """What the code of a phrase is used for."""
    own, others = of["shuffled_z"]["own_nats"], of["shuffled_z"]["others_nats"]
    known, limit = of["mutual_information_nats"], of["mutual_information_limit"]
    return [
        f"The code of a test phrase has {of['kl_nats']:.0f} nats in {of['active_units']} active dimensions. Mutual "
        f"information of phrase and code: {known:.2f} nats, of {limit:.2f} that so many phrases allow. From its own "
        f"code a phrase costs {own:.2f} nats, from another's {others:.0f}."
    ]


def _speed(speed: dict[str, Any]) -> str:
    """Training speed of the paper's network against plain layers."""
    rates = speed["phrases_per_second"]
    return (
        f"Training speed (`{speed['command']}`; {speed['date']}, {speed['hardware']}, at {speed['commit']}): the "
        f"paper's network at its batch size takes {rates['ours']:,.0f} phrases a second, put together from plain Keras "
        "layers "
        f"{rates['plain']:,.0f}: {speed['ratio']:.2f} times as many. With our settings of "
        f"threads for both it is {speed['ratio_with_our_threads']:.2f} times; the rest comes from letting TensorFlow "
        f"run several operations at once. The default profile: {rates['default']:,.0f}."
    )


def _start(start: dict[str, Any]) -> str:
    """The command from a cold start, against Keras."""
    seconds = start["seconds"]
    return (
        f"A cold start (`{start['command']}`; {start['date']}, {start['hardware']}, at {start['commit']}): "
        f"`quartetvae interpolate` of two whole movements takes {seconds['interpolate']:.1f} seconds; loading the same "
        "network with Keras alone takes "
        f"{seconds['keras']:.1f}."
    )


def _beta(run: dict[str, Any]) -> float:
    return float(run["params"]["train"]["beta"])


def _points(runs: dict[str, Any]) -> dict[str, list[tuple[str, float, float]]]:
    """Points of plots/operating_points.png: for each curve, label, KL divergence and onset F1."""
    curves = {"sweep of beta": runs["sweep"], "default profile": runs.get("main", {})}
    return {
        name: sorted(
            (
                (
                    f"{_beta(run):g}",
                    run["reconstruct"]["test"]["kl_nats"],
                    run["reconstruct"]["test"]["onset_f1"],
                )
                for run in of.values()
            ),
            key=lambda point: point[1],
        )
        for name, of in curves.items()
        if of
    }


def updated(readme: str, metrics: dict[str, Any], runs: dict[str, Any]) -> str:
    """README.md with the results of these metrics and experiments in it."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{block(metrics, runs)}\n{END}{after}"


def read_runs() -> dict[str, Any]:
    """What experiments found, by group, then name, in the order of experiments.yaml."""
    found: dict[str, Any] = {}
    for name, entry in experiments.experiments().items():
        if (path := experiments.RUNS / f"{name}.json").exists():
            run = json.loads(path.read_text(encoding="utf-8"))
            found.setdefault(entry["group"], {})[name] = {**run, "about": entry["about"]}
    return found


def main() -> None:
    """Write or check README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description="Write the README's results.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if README.md is not up to date")
    arguments = parser.parse_args()
    metrics = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "metrics").glob("*.json")}
    if COMMON not in metrics.get("reconstruct", {}).get("test", {}).get("by_work", {}):
        sys.exit(
            f"metrics/reconstruct.json: no test work '{COMMON}'. The README's results are of the default profile: "
            "`make repro`, or go back to the committed ones by `git checkout HEAD -- .`."
        )
    found = read_runs()
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    new = updated(text, metrics, found)
    if arguments.check:
        if new != text:
            sys.exit("README.md: its results are not those of metrics/; run `python -m benchmarks.results`")
        return
    path.write_text(new, encoding="utf-8")
    if "sweep" in found:
        training.operating_points(ROOT / "plots" / "operating_points.png", _points(found))


if __name__ == "__main__":
    main()
