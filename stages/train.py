"""Stage `train`: phrases make a variational autoencoder."""

import os
from pathlib import Path

from quartetvae import errors, files
from quartetvae.corpus import streams
from quartetvae.model.architecture import Architecture
from quartetvae.model.keras import devices, saving
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.pipeline import locations, params
from quartetvae.training import checkpoints, history, loop


def main() -> None:
    """Train on data/phrases, or go on with a training that was killed."""
    network, train = params.load("model", "train")
    paths = [locations.phrases(split) for split in ("train", "validation")]
    phrases, validation = (streams.opened(path) for path in paths)
    name = checkpoints.key((network, train), paths, devices.backend())
    devices.share_threads()
    root = Path(os.environ.get("DVC_ROOT", "."))
    with checkpoints.opened(root / locations.CHECKPOINTS / name) as checkpoint:
        with devices.used(train.devices) as number:
            architecture = Architecture(network, phrases.grid, phrases.form)
            model = QuartetVAE(architecture, seed=train.seed, precision=train.precision)
            outcome = loop.fit(model, phrases, validation, train, checkpoint, devices=number)
        saving.save(locations.MODEL, model)
        history.write(locations.LOSS, outcome.history)
        files.write_json(locations.metrics("train"), loop.figures(outcome, model, phrases, train))
    print(outcome)
    # experiments/queue.py reads this line.
    print(f"trained in {outcome.seconds / 60:.1f} minutes")


if __name__ == "__main__":
    errors.run(main)
