"""Write the README's results from metrics/: `python -m benchmarks.results`, or `--check` to see whether they agree.

Everything between the two markers in README.md comes from here, so that no figure is typed by hand.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

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


def block(metrics: dict[str, Any]) -> str:
    """The results as Markdown."""
    model, data = metrics["train"], metrics["encode"]["splits"]
    splits = metrics["reconstruct"]
    test = splits["test"]
    lines = [
        "| | token accuracy | onset F1 | exact phrases | KL, nats | ELBO, nats |",
        "|---|---|---|---|---|---|",
        _row(f"**test**: {test['works']} works, {test['phrases']:,} phrases never trained on", test),
        _row(f"validation: {splits['validation']['works']} works, likewise", splits["validation"]),
        *(
            f"| baseline: {label} | {_figure(test['baselines'][name]['token_accuracy'])} | "
            f"{_figure(test['baselines'][name]['onset_f1'])} | | | |"
            for name, label in BASELINES.items()
        ),
        f"| baseline: bigram model per part | | | | | -{test['baselines']['bigram']['nats_per_phrase']:.0f} |",
        PAPER,
        "",
        f"Network: {model['parameters']:,} parameters; {model['epochs']} epochs over {model['phrases']:,} phrases of "
        f"{data['train']['works']} works, best on validation after epoch {model['best_epoch']}. By part on test, onset "
        "F1: "
        + ", ".join(f"{part.replace('_', ' ')} {_figure(of['onset_f1'])}" for part, of in test["parts"].items())
        + f". Active latent dimensions: {test['active_units']}.",
        "",
        *_paths(metrics["interpolate"]),
        "",
        *_paper_figures(metrics["evaluate"]),
    ]
    return "\n".join(lines)


def _row(label: str, figures: dict[str, Any]) -> str:
    shares = " | ".join(_figure(figures[key]) for key in ("token_accuracy", "onset_f1", "exact_phrase"))
    elbo = f"{figures['elbo_nats']:.0f}"
    return f"| {label} | {shares} | {figures['kl_nats']:.0f} | {elbo} |"


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}".removeprefix("0")


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


def _paper_figures(sets: dict[str, Any]) -> list[str]:
    names = list(sets)
    return [
        f"The paper's own figures, on {sets[names[0]]['excerpts']} excerpts each:",
        "",
        f"| | {' | '.join(names)} |",
        "|---|" + "---|" * len(names),
        _set_row("distinct pitches, median", sets, "distinct_pitches_median", "{:.0f}"),
        _set_row("pitch range, semitones, mean", sets, "pitch_range_mean", "{:.1f}"),
        _set_row("same pitch class again, share of transitions", sets, "same_pitch_class_share", "{:.0%}"),
    ]


def _set_row(label: str, sets: dict[str, Any], key: str, form: str) -> str:
    values = ["n/a" if of[key] is None else form.format(of[key]) for of in sets.values()]
    return f"| {label} | {' | '.join(values)} |"


def updated(readme: str, metrics: dict[str, Any]) -> str:
    """README.md with the results of these metrics in it."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{block(metrics)}\n{END}{after}"


def main() -> None:
    """Write or check README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description="Write the README's results.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if README.md is not up to date")
    arguments = parser.parse_args()
    metrics = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "metrics").glob("*.json")}
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    new = updated(text, metrics)
    if arguments.check and new != text:
        sys.exit("README.md: its results are not those of metrics/; run `python -m benchmarks.results`")
    path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
