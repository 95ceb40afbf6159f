"""`quartetvae study`: a page for listeners, and what their answers say."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from tqdm import tqdm

from quartetvae import terminal
from quartetvae.cli.common import FILE, share, spread_option
from quartetvae.cli.options import seed_option
from quartetvae.music.quartet import TEMPO_QPM
from quartetvae.study import analysis, answers, excerpts
from quartetvae.study.answers import QUESTIONS

OF_THE_PAGE = ("out", "count", "seconds", "tempo", "own_tempo", "spread")
OF_THE_ANSWERS = ("key", "replicates", "as_json")
"""Parameters that mean something in one of the two uses only."""


@click.command()
@click.argument("paths", nargs=-1, type=FILE, required=True, metavar="FOLDER... | ANSWERS.json...")
@click.option("--analyse", is_flag=True, help="Evaluate answers that the page saved.")
@click.option("-o", "--out", type=FILE, default=Path("study.html"), show_default=True, help="The page to write.")
@click.option(
    "--excerpts", "count", default=8, show_default=True, type=click.IntRange(1), help="How many of each source."
)
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(5, 300), help="Of each excerpt.")
@click.option(
    "--tempo",
    default=TEMPO_QPM,
    show_default=True,
    type=click.FloatRange(30, 240),
    help="Quarter notes a minute of all music.",
)
@click.option("--own-tempo", is_flag=True, help="Play each file at its own mean tempo instead.")
@spread_option
@seed_option
@click.option("--key", type=FILE, default=Path("study.key.json"), show_default=True, help="The key of the page.")
@click.option(
    "--replicates", default=2000, show_default=True, type=click.IntRange(100), help="Of the bootstrap of intervals."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.pass_context
def study(
    ctx: click.Context,
    paths: tuple[Path, ...],
    analyse: bool,
    out: Path,
    count: int,
    seconds: float,
    tempo: float,
    own_tempo: bool,
    spread: bool,
    seed: int,
    key: Path,
    replicates: int,
    as_json: bool,
) -> None:
    """Ask listeners: a page that plays excerpts of several sources and asks six questions about each.

    Each FOLDER is a source: MIDI files, scores, or sound that this program wrote. The page is one file, works offline,
    and does not tell which source an excerpt is from; that stands in the key beside it, which listeners must not have.
    Excerpts are as long and as loud as each other, and played by the same instruments at the same tempo.

    With --analyse the answers that listeners saved are evaluated: means with 95 % intervals, tests of one source
    against another (Wilcoxon's by Holm's correction, Bayes factors), and how far listeners agree (Krippendorff's
    alpha).

    \b
    Examples:
      quartetvae study composed/ generated/ --excerpts 8 -o study.html
      quartetvae study --analyse answers-*.json --key study.key.json
    """
    _refuse(ctx, OF_THE_PAGE if analyse else OF_THE_ANSWERS, analyse)
    if analyse:
        _evaluate(paths, key, replicates, seed, as_json)
        return
    if own_tempo and ctx.get_parameter_source("tempo") == ParameterSource.COMMANDLINE:
        raise click.UsageError("--tempo says one tempo for all, --own-tempo one for each file; say one of them.")
    # Not in the base package: Jinja. Imported before sound is made, which takes long.
    from quartetvae.study import page

    names = [path.resolve().name for path in paths]
    if len(set(names)) < max(2, len(names)):
        raise click.UsageError(f"sources {', '.join(names)}; two folders at least, of different names, are needed.")
    found: list[excerpts.Excerpt] = []
    for folder, name in zip(paths, tqdm(names, unit="source", leave=False, disable=None), strict=True):
        found += excerpts.draw(
            folder,
            source=name,
            count=count,
            seconds=seconds,
            tempo_qpm=None if own_tempo else tempo,
            spread=spread,
            seed=seed,
            left_out=lambda line: click.echo(f"left out: {line}", err=True),
        )
    beside = page.write(out, found)
    click.echo(out)
    click.echo(f"{beside} says which source an excerpt is from: keep it from listeners.", err=True)


def _refuse(ctx: click.Context, names: Sequence[str], analyse: bool) -> None:
    """Raise `UsageError` if an option is said that means nothing here."""
    given = [name for name in names if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE]
    if given:
        option = next(param.opts[-1] for param in ctx.command.params if param.name == given[0])
        where = "is of the page, and answers are evaluated" if analyse else "goes with --analyse only"
        raise click.UsageError(f"{option} {where}; leave it out.")


def _evaluate(paths: Sequence[Path], key_path: Path, replicates: int, seed: int, as_json: bool) -> None:
    key = answers.read_key(key_path)
    found = analysis.analyse(key, [answers.read_answers(path, key) for path in paths], replicates=replicates, seed=seed)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for lines in _tables(found):
        click.echo(f"{lines}\n")
    counts = ", ".join(f"{count} of {name}" for name, count in found["excerpts"].items())
    kinds = ", ".join(f"{count} {kind}" for kind, count in found["experience"].items())
    click.echo(f"{found['listeners']} listeners ({kinds}); excerpts: {counts}.", err=True)


def _tables(found: Mapping[str, Any]) -> list[str]:
    sources = list(found["means"])
    rows = []
    for question in QUESTIONS:
        alpha = found["agreement"][question]
        spans = (found["means"][source][question] for source in sources)
        said = (f"{span['mean']:.2f} ({span['low']:.2f}-{span['high']:.2f})" for span in spans)
        rows.append((_name(question), *said, share(alpha["interval"]), share(alpha["ordinal"])))
    means = terminal.table(("mean (95 %)", *sources, "alpha, interval", "ordinal"), rows)
    tests = [
        (
            *(_name(test["question"]), f"{test['a']} - {test['b']}"),
            *(f"{test['difference']:+.2f}", _probability(test["p"]), _probability(test["p_holm"])),
            "n/a" if (factor := test["log10_bayes_factor"]) is None else f"{factor:+.2f}",
        )
        for test in found["tests"]
    ]
    head = ("question", "sources", "difference", "p", "p (Holm)", "log10 Bayes factor")
    return [means, terminal.table(head, tests, right=range(2, len(head)))]


def _name(question: str) -> str:
    return question.replace("_", " ")


def _probability(value: float) -> str:
    return "<.001" if value < 0.001 else share(value)
