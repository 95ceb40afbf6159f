"""The history of a training: a row per epoch, as plots/loss.csv holds it."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from quartetvae.errors import TrainingError
from quartetvae.files import replacing
from quartetvae.model.autoencoder import LOSSES

COLUMNS = ("epoch", *LOSSES, *(f"val_{name}" for name in LOSSES))
"""Of an autoencoder's history."""

Epoch = dict[str, float]
"""`epoch` (from 1), the losses of the network, and `val_` of each on held-out phrases. In nats; an autoencoder has, per
phrase, loss, reconstruction and kl."""


def write(path: Path, history: Sequence[Epoch]) -> None:
    """Write the history as CSV with four decimals; it has an epoch at least, whose keys are the columns."""
    text, (epoch, *losses) = io.StringIO(), history[0]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([epoch, *losses])
    for row in history:
        writer.writerow([int(row[epoch]), *(f"{row[name]:.4f}" for name in losses)])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def read(path: Path) -> dict[str, list[float]]:
    """Read the history of an autoencoder as columns; raises `TrainingError` if there is none."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if lacking or not rows:
            raise ValueError(f"no column {', '.join(lacking)}" if lacking else "no epochs")
        return {name: [float(row[name]) for row in rows] for name in COLUMNS}
    except (OSError, TypeError, ValueError) as error:
        raise TrainingError(f"{path}: no history of a training ({error}); run `dvc repro train`.") from error
