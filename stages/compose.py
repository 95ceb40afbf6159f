"""Stage `compose`: pieces make a network that fills in what is unknown of four parts."""

import os
from pathlib import Path

from quartetvae import errors, files
from quartetvae.corpus import piece_file, windows
from quartetvae.model import composer
from quartetvae.model.composer import ComposerArchitecture
from quartetvae.model.keras import devices
from quartetvae.model.keras.composer import ComposerNetwork
from quartetvae.pipeline import locations, params
from quartetvae.training import checkpoints, history, loop


def main() -> None:
    """Train on data/pieces.parquet."""
    network, train, augment = params.load("composer", "compose", "augment")
    pieces = piece_file.read(locations.PIECES)
    architecture = ComposerArchitecture(network, pieces.grid)
    found = windows.of(pieces, architecture.form, augment)
    name = checkpoints.key((network, train, augment), [locations.PIECES], devices.backend())
    devices.share_threads()
    root = Path(os.environ.get("DVC_ROOT", "."))
    with checkpoints.opened(root / locations.CHECKPOINTS / name) as checkpoint:
        model = ComposerNetwork(architecture, seed=train.seed, dropout=train.dropout)
        outcome = loop.fit(model, found["train"], found["validation"], train, checkpoint)
        with files.replacing_folder(locations.COMPOSER) as folder:
            composer.save(folder, architecture, model.arrays())
        history.write(locations.COMPOSE_LOSS, outcome.history)
        files.write_json(locations.metrics("compose"), loop.composer_figures(outcome, model, found["train"]))
    print(outcome)
    print(f"trained in {outcome.seconds / 60:.1f} minutes")


if __name__ == "__main__":
    errors.run(main)
