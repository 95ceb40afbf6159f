"""Training: epochs, early stopping, history. What happens within a batch is the model's affair.

The same phrases and parameters give the same weights on the same machine: the order of the batches and the state of
every random generator come from the seed and the epoch alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from quartetvae import params
from quartetvae.codec import Tokens
from quartetvae.dataset import PhraseSet
from quartetvae.errors import TrainingError
from quartetvae.history import LOSSES, Epoch
from quartetvae.model.vae import QuartetVAE

VALIDATION_BATCH = 512


@dataclass(frozen=True)
class Outcome:
    """The history of a training, and the epoch (from 1) whose weights the model now has."""

    history: tuple[Epoch, ...]
    best_epoch: int
    stopped: str
    """Why it ended: `epochs` (all of them done) or `patience` (no better validation loss for so many)."""


def fit(model: QuartetVAE, training: PhraseSet, validation: PhraseSet, train: params.Train) -> Outcome:
    """Train a model; it ends with the weights of the epoch with the lowest validation loss.

    Raises
    ------
    TrainingError
        If a set is empty or a loss is no longer finite.
    """
    for name, phrases in (("training", training), ("validation", validation)):
        if not len(phrases):
            raise TrainingError(f"no phrases for {name}; give this split a share in params.yaml (section `split`).")
        model.architecture.check(phrases)
    model.prepare(train)
    history: list[Epoch] = []
    best_weights, best_epoch, stopped = model.get_weights(), 0, "epochs"
    batches = -(-len(training) // train.batch_size)
    with tqdm(total=train.epochs * batches, unit="batch", desc="train", smoothing=0.05) as progress:
        for epoch in range(1, train.epochs + 1):
            history.append(_epoch(model, training, validation, train, epoch, progress))
            losses = [done["val_loss"] for done in history]
            if not np.isfinite(losses[-1]):
                raise TrainingError(_diverged(epoch, "validation loss", losses[-1], train))
            if losses[-1] <= min(losses):
                best_weights, best_epoch = model.get_weights(), epoch
            progress.set_postfix_str(
                f"epoch {epoch}/{train.epochs}, val_loss {losses[-1]:.2f} (best {min(losses):.2f}, epoch {best_epoch})"
            )
            if epoch - best_epoch >= train.patience:
                stopped = "patience"
                break
    model.set_weights(best_weights)
    return Outcome(tuple(history), best_epoch, stopped)


def _epoch(
    model: QuartetVAE,
    training: PhraseSet,
    validation: PhraseSet,
    train: params.Train,
    epoch: int,
    progress: "tqdm[Any]",
) -> Epoch:
    model.reseed(train.seed, epoch)
    order = np.random.default_rng([train.seed, epoch]).permutation(len(training))
    totals = dict.fromkeys(LOSSES, 0.0)
    for batch in _batches(training.tokens[order], train.batch_size):
        losses = model.train_batch(batch)
        if not np.isfinite(losses["loss"]):
            raise TrainingError(_diverged(epoch, "loss", losses["loss"], train))
        for name in LOSSES:
            totals[name] += losses[name] * len(batch)
        progress.update()
    # The same noise in every epoch, so that epochs are compared on their weights.
    model.reseed(train.seed, 0)
    val_totals = dict.fromkeys(LOSSES, 0.0)
    for batch in _batches(validation.tokens, VALIDATION_BATCH):
        for name, value in model.test_batch(batch).items():
            val_totals[name] += value * len(batch)
    return {
        "epoch": epoch,
        **{name: totals[name] / len(training) for name in LOSSES},
        **{f"val_{name}": val_totals[name] / len(validation) for name in LOSSES},
    }


def _diverged(epoch: int, name: str, value: float, train: params.Train) -> str:
    return f"epoch {epoch}: the {name} is {value}; lower train.learning_rate ({train.learning_rate:g})."


def _batches(tokens: Tokens, size: int) -> Iterator[Tokens]:
    for start in range(0, len(tokens), size):
        yield tokens[start : start + size]


def figures(outcome: Outcome, model: QuartetVAE, training: PhraseSet) -> dict[str, Any]:
    """The figures of metrics/train.json; losses are of the best epoch, in nats per phrase."""
    best = outcome.history[outcome.best_epoch - 1]
    return {
        "parameters": model.count_params(),
        "phrases": len(training),
        "epochs": len(outcome.history),
        "best_epoch": outcome.best_epoch,
        "stopped": outcome.stopped,
        **{name: value for name, value in best.items() if name != "epoch"},
    }
