"""Stage `train`: phrases make a variational autoencoder."""

from pathlib import Path

from quartetvae import dataset, errors, files, history, params, training
from quartetvae.model import saving
from quartetvae.model.architecture import Architecture
from quartetvae.model.vae import QuartetVAE


def main() -> None:
    """Train on data/phrases."""
    network, train = params.load("model", "train")
    phrases = dataset.read_phrases(Path("data/phrases/train.parquet"))
    validation = dataset.read_phrases(Path("data/phrases/validation.parquet"))
    model = QuartetVAE(Architecture(network, phrases.grid, phrases.form), seed=train.seed)
    outcome = training.fit(model, phrases, validation, train)
    saving.save(Path("models/quartetvae"), model)
    history.write(Path("plots/loss.csv"), outcome.history)
    files.write_json(Path("metrics/train.json"), training.figures(outcome, model, phrases))


if __name__ == "__main__":
    errors.run(main)
