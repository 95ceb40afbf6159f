"""Stage `train`: phrases make a variational autoencoder."""

import os
from pathlib import Path

from quartetvae import checkpoints, dataset, errors, files, history, params, training
from quartetvae.architecture import Architecture
from quartetvae.model import devices, saving
from quartetvae.model.vae import QuartetVAE


def main() -> None:
    """Train on data/phrases, or go on with a training that was killed."""
    network, train = params.load("model", "train")
    paths = [Path("data/phrases/train.parquet"), Path("data/phrases/validation.parquet")]
    phrases, validation = (dataset.read_phrases(path) for path in paths)
    name = checkpoints.key((network, train), paths, devices.backend())
    devices.share_threads()
    root = Path(os.environ.get("DVC_ROOT", "."))
    with checkpoints.opened(root / ".work" / "checkpoints" / name) as checkpoint:
        with devices.used(train.devices) as number:
            architecture = Architecture(network, phrases.grid, phrases.form)
            model = QuartetVAE(architecture, seed=train.seed, precision=train.precision)
            outcome = training.fit(model, phrases, validation, train, checkpoint, devices=number)
        saving.save(Path("models/quartetvae"), model)
        history.write(Path("plots/loss.csv"), outcome.history)
        files.write_json(Path("metrics/train.json"), training.figures(outcome, model, phrases))
    print(outcome)
    # benchmarks/experiments.py reads this line.
    print(f"trained in {outcome.seconds / 60:.1f} minutes")


if __name__ == "__main__":
    errors.run(main)
