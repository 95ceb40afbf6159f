"""Try ways to make the music between two phrases, and keep what they found in experiments/ways/.

    python -m experiments.ways                        # what there is, and what has been run
    python -m experiments.ways run NAME --minutes 30  # train for so long, judge, write experiments/ways/NAME.json
    python -m experiments.ways table                  # the tables of what was run, as docs/results.md has them

Takes the corpus of the last run of the pipeline (data/). All are judged on the same random pairs of validation phrases.
"""

import datetime
from pathlib import Path

from experiments.ways import records
from experiments.ways.records import ABOUT, TRAINED, Record
from quartetvae import errors, files, terminal

MINUTES = 30.0
"""Of training, unless others are asked for."""

PHRASES = 1000
"""Of the validation set, evenly spread, whose nats are computed, at most."""


def run(name: str, minutes: float, *, pairs: int | None = None) -> Record:
    """Train and judge one way; `pairs` in place of `evaluate.pairs`."""
    # Keras is imported here: a table needs none.
    from benchmarks import hardware
    from experiments.ways import trials
    from quartetvae.composing import originality
    from quartetvae.corpus import piece_file, tables
    from quartetvae.evaluation import between
    from quartetvae.model import pretrained
    from quartetvae.model.keras import devices
    from quartetvae.model.numpy import network
    from quartetvae.pipeline import locations, params

    devices.share_threads()
    section, composer, compose, augment, train = params.load("evaluate", "composer", "compose", "augment", "train")
    training, validation = (tables.read_phrases(locations.phrases(split)) for split in ("train", "validation"))
    material = trials.Material(
        pieces=piece_file.read(locations.PIECES),
        training=training,
        validation=validation,
        model=network.load(pretrained.FOLDER),
        composer=composer,
        compose=compose,
        augment=augment,
        train=train,
    )
    trial = trials.TRIALS[name](material, 60 * minutes)
    figures = between.figures(
        material.model,
        None,
        validation,
        training,
        originality.build(material.pieces),
        pairs=section.pairs if pairs is None else pairs,
        temperature=section.temperature,
        replicates=section.replicates,
        seed=section.seed,
        ways=trial.ways,
    )
    found: Record = {
        "about": ABOUT[name],
        "commit": hardware.commit(),
        "date": datetime.date.today().isoformat(),
        "command": f"python -m experiments.ways run {name}"
        + (f" --minutes {minutes:g}" if name in TRAINED else "")
        + (f" --pairs {pairs}" if pairs is not None else ""),
        "hardware": hardware.used(),
        "between": figures,
    }
    if trial.spent is not None:
        found |= {"minutes": minutes, "spent": trial.spent}
    if trial.nats is not None:
        found["nats_per_phrase"] = float(trial.nats(validation.spread(PHRASES).tokens).mean())
    return found


def main() -> None:
    """Read the command line."""
    parser = terminal.parser("python -m experiments.ways", __doc__)
    parser.add_argument("action", choices=["list", "run", "table"], nargs="?", default="list")
    parser.add_argument("name", nargs="?", choices=list(ABOUT), help="of the way")
    parser.add_argument("--minutes", type=float, help=f"of training ({MINUTES:g}); more than 0")
    parser.add_argument("--pairs", type=int, help="judge on so many pairs (evaluate.pairs), to try it out")
    parser.add_argument("--out", type=Path, help="write the record there (experiments/ways/NAME.json)")
    arguments = parser.parse_args()
    if arguments.action != "run":
        if any(value is not None for value in (arguments.name, arguments.minutes, arguments.pairs, arguments.out)):
            parser.error(f"{arguments.action}: takes nothing else; a way and its options belong to run")
        found = records.read()
        if arguments.action == "list":
            rows = [(name, "done" if name in found else "", about) for name, about in ABOUT.items()]
            print(terminal.table(("name", "run", "about"), rows))
        else:
            print("\n".join(records.table(found)) or "Nothing was run yet: python -m experiments.ways run NAME")
        return
    if arguments.name is None:
        parser.error(f"run: which? There are {', '.join(ABOUT)}")
    if arguments.minutes is not None and arguments.name not in TRAINED:
        parser.error(f"--minutes: nothing is trained for {arguments.name}; leave it out")
    minutes = MINUTES if arguments.minutes is None else arguments.minutes
    if not minutes > 0:
        parser.error(f"--minutes {minutes:g}: more than 0 is needed")
    if arguments.pairs is not None and arguments.pairs < 1:
        parser.error(f"--pairs {arguments.pairs}: 1 at least is needed")
    record = run(arguments.name, minutes, pairs=arguments.pairs)
    files.write_json(arguments.out or records.FOLDER / f"{arguments.name}.json", record)
    print("\n".join(records.sets({arguments.name: record})))


if __name__ == "__main__":
    errors.run(main)
