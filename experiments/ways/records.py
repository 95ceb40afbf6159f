"""What trials found: experiments/ways/<name>.json, and the tables that are made of it."""

import json
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict, cast

from experiments.definitions import ROOT
from experiments.ways.budget import Spent
from quartetvae.metrics.figures import BetweenFigures

FOLDER = ROOT / "experiments" / "ways"

ABOUT = {
    "baselines": "the published autoencoder, and whole parts of A or B by coin",
    "shares": "the published autoencoder; beats of its code exchanged, not averaged",
    "composer": "the composer, from nothing, by exchange",
    "in-c": "the same on music moved to C",
    "noised": "the published decoder, trained further to know how much of a code is noise",
}
"""Of each trial, in the order of the tables."""

TRAINED = ("composer", "in-c", "noised")

EVERYWHERE = ("real", "prior", "training")
"""Sets that are in every record; shown once, of the baselines."""


class Record(TypedDict):
    """The record of a trial."""

    about: str
    commit: str
    date: str
    command: str
    hardware: str
    minutes: NotRequired[float]
    """What a training was allowed."""
    spent: NotRequired[Spent]
    nats_per_phrase: NotRequired[float]
    """Of validation phrases, from nothing; a bound from above where there is a code."""
    between: BetweenFigures


def read() -> dict[str, Record]:
    """Read the records that there are, by name, in the order of the tables."""
    paths = {name: FOLDER / f"{name}.json" for name in ABOUT}
    return {
        name: cast(Record, json.loads(path.read_text(encoding="utf-8")))
        for name, path in paths.items()
        if path.exists()
    }


def table(records: Mapping[str, Record]) -> list[str]:
    """Write the tables of docs/results.md, lines of Markdown; none where nothing was tried yet."""
    if not records:
        return []
    first = next(iter(records.values()))
    when = sorted({record["date"] for record in records.values()})
    made = ", ".join(
        [
            " to ".join(dict.fromkeys((when[0], when[-1]))),
            *sorted({record["hardware"] for record in records.values()}),
        ]
    )
    missing = [name for name in ABOUT if name not in records]
    return [
        f"Ways to make what lies between two phrases, on {first['between']['pairs']:,} random pairs of validation "
        "phrases; each training was given as many steps as fit into the same time at the pace that was timed before "
        f"it began (`python -m experiments.ways run NAME`; {made}; commits in their records, "
        f"experiments/ways/{_not_run(missing)}); minutes are what it took, more where other work ran beside it. Nats "
        "per phrase: what a validation phrase costs from nothing, a bound from above where there is a code.",
        "",
        *_rows(
            "way | what it is | parameters trained | minutes | of one core | windows seen | nats per phrase",
            [_training(name, record) for name, record in records.items()],
        ),
        "",
        "Figures as between two test phrases above:",
        "",
        *sets(records),
    ]


def sets(records: Mapping[str, Record]) -> list[str]:
    """Tabulate the figures of every set that a way made."""
    return _rows(
        "way | set | AUC | kept of A | kept of B | dissonant | scale consistency | bigram, nats",
        [
            _set(name, of, record)
            for name, record in records.items()
            for of in record["between"]["two_sample"]
            if name == "baselines" or of not in EVERYWHERE
        ],
    )


def _not_run(names: Sequence[str]) -> str:
    return f"; not run yet: {', '.join(names)}" if names else ""


def _rows(head: str, rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {head} |", f"|{'---|' * len(head.split('|'))}", *(f"| {' | '.join(cells)} |" for cells in rows)]


def _training(name: str, record: Record) -> list[str]:
    spent, nats = record.get("spent"), record.get("nats_per_phrase")
    told = [""] * 4
    if spent is not None:
        minutes = [f"{seconds / 60:.0f}" for seconds in (spent["seconds"], spent["processor_seconds"])]
        told = [f"{spent['parameters']:,}", *minutes, f"{spent['windows']:,}"]
    return [f"`{name}`", ABOUT[name], *told, "" if nats is None else f"{nats:.1f}"]


def _set(name: str, of: str, record: Record) -> list[str]:
    found = record["between"]
    told, kept = found["two_sample"][of], found["kept"].get(of)
    span = "" if told["low"] is None else f" ({_figure(told['low'])} to {_figure(told['high'])})"
    return [
        *(f"`{name}`", of.replace("_", " "), _figure(told["auc"]) + span),
        *(("", "") if kept is None else (_figure(kept["a"]), _figure(kept["b"]))),
        *(_figure(found["dissonant"][of]), _figure(found["scale_consistency"][of])),
        f"{found['bigram_nats'][of]:.1f}",
    ]


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}".removeprefix("0")
