"""Training: epochs, early stopping, history, resuming. What happens within a batch is the model's affair.

The same phrases and parameters give the same weights on the same machine and backend, killed and resumed or not: the
order of the batches and the state of every random generator come from the seed and the epoch alone, and a checkpoint
holds the rest. (On a GPU only as far as its kernels add up in one order.)

An epoch is what lies between two looks at the validation phrases, after each of which a checkpoint is written: one pass
over the training phrases, or `train.epoch_phrases` of them, where the next epoch goes on.
"""

import itertools
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from quartetvae import config
from quartetvae.corpus.records import Cut
from quartetvae.errors import TrainingError
from quartetvae.metrics.figures import ComposeFigures, TrainFigures
from quartetvae.music.codec import Tokens
from quartetvae.training.checkpoints import Checkpoint, Progress
from quartetvae.training.history import Epoch

VALIDATION_BATCH = 512
"""Phrases at a time; on several devices the multiple of their number below it."""


class Phrases(Cut, Protocol):
    """Phrases as a stream of batches; see `quartetvae.corpus.streams.PhraseStream`."""

    def __len__(self) -> int:
        """Count them."""

    def mixed(self, size: int, *, seed: int, epoch: int, count: int) -> Generator[Tokens]:
        """Give the batches of an epoch, `count` phrases in a mixed order."""

    def in_order(self, size: int, *, count: int) -> Generator[Tokens]:
        """Give the batches of the first `count` phrases."""


class Fits(Protocol):
    """What phrases have to fit: an architecture."""

    def check(self, phrases: Cut) -> None:
        """Raise `ModelError` unless these phrases are what the network was built for."""


class Trainable(Protocol):
    """A network that can be trained; see `quartetvae.model.keras.vae.QuartetVAE`, whose methods these are."""

    @property
    def architecture(self) -> Fits:
        """What it was built for."""

    def prepare(self, train: Any, steps: int) -> None:
        """Make ready for a training of so many steps, by its own kind of `config.Fitting`."""

    def state(self) -> list[NDArray[Any]]:
        """Collect what a training goes on from."""

    def set_state(self, state: list[NDArray[Any]]) -> None:
        """Go back to a `state`."""

    def get_weights(self) -> list[NDArray[Any]]:
        """Copy the weights."""

    def set_weights(self, weights: list[NDArray[Any]]) -> None:
        """Take weights over."""

    def count_params(self) -> int:
        """Count the weights' numbers."""

    def reseed(self, *numbers: int) -> None:
        """Set the state of every random generator from these numbers."""

    def train_batch(self, tokens: Tokens, step: int) -> dict[str, float]:
        """Take a step of the optimizer; gives the losses of the batch, `loss` among them."""

    def test_batch(self, tokens: Tokens) -> dict[str, float]:
        """Compute the losses of a batch."""


@dataclass(frozen=True)
class Outcome:
    """The history of a training, and the epoch (from 1) whose weights the model now has."""

    history: tuple[Epoch, ...]
    best_epoch: int
    stopped: Literal["epochs", "patience"]
    """Why it ended: `epochs` (all of them done) or `patience` (no better validation loss for so many)."""
    seconds: float = field(default=0.0, compare=False)
    """How long it took. It belongs in the log: no two runs have the same."""

    def __str__(self) -> str:
        losses = [epoch["val_loss"] for epoch in self.history]
        why = {
            "epochs": "all epochs are done",
            "patience": f"no better validation loss in {len(losses) - self.best_epoch} epoch(s)",
        }[self.stopped]
        return (
            f"stopped after epoch {len(losses)}: {why}. Weights of epoch {self.best_epoch}, validation loss "
            f"{min(losses):.2f} nats; in the last epoch it {_change(losses)}."
        )


def _change(losses: list[float]) -> str:
    if len(losses) < 2:
        return "had nothing to be compared with"
    return f"changed by {losses[-1] - losses[-2]:+.2f}"


def fit(
    model: Trainable,
    training: Phrases,
    validation: Phrases,
    train: config.Fitting,
    checkpoint: Checkpoint | None = None,
    *,
    devices: int = 1,
) -> Outcome:
    """Train a model; it ends with the weights of the epoch with the lowest validation loss.

    With a checkpoint it goes on after the last epoch found there, and writes each epoch to it. On several devices
    a few phrases are left out of each set, down to a multiple of their number.

    Raises
    ------
    TrainingError
        If a set is empty or smaller than the number of devices, `batch_size` is no multiple of that, the training is
        too short for its `warmup_steps` or `beta_cycles`, or a loss is no longer finite.
    """
    for name, phrases in (("training", training), ("validation", validation)):
        if len(phrases) < devices:
            raise TrainingError(
                f"{len(phrases) or 'no'} phrases for {name} on {devices} device(s); give this split a larger share "
                "in params.yaml (section `split`)."
            )
        model.architecture.check(phrases)
    if train.batch_size % devices:
        raise TrainingError(
            f"{_section(train)}.batch_size {train.batch_size} cannot be shared by {devices} devices; make it a "
            "multiple."
        )
    batches = _batches_of_an_epoch(training, train, devices)
    _check_steps(train, batches)
    model.prepare(train, train.epochs * batches)
    done = checkpoint.read() if checkpoint else None
    if checkpoint and done:
        _check_fits(done, model, checkpoint)
        model.set_state(done.state)
    else:
        done = Progress((), 0, model.state(), model.get_weights())
    with tqdm(
        total=train.epochs * batches, initial=len(done.history) * batches, unit="batch", desc="train", smoothing=0.05
    ) as progress:
        while len(done.history) < train.epochs and not _patience_ran_out(done, train):
            done = _next_epoch(model, training, validation, train, done, progress, devices)
            if checkpoint:
                checkpoint.write(done)
    model.set_weights(done.best_weights)
    stopped: Literal["epochs", "patience"] = "epochs" if len(done.history) == train.epochs else "patience"
    return Outcome(done.history, done.best_epoch, stopped, done.seconds)


def _check_fits(done: Progress, model: Trainable, checkpoint: Checkpoint) -> None:
    """Raise `TrainingError` unless a checkpoint is one of this network, with numbers that are finite."""
    for found, wanted in ((done.state, model.state()), (done.best_weights, model.get_weights())):
        shapes = [[array.shape for array in arrays] for arrays in (found, wanted)]
        if shapes[0] != shapes[1]:
            raise TrainingError(
                f"{checkpoint.path}: a checkpoint of another network ({len(found)} arrays, {_numbers(found):,} numbers "
                f"in it; this one has {len(wanted)}, {_numbers(wanted):,}, of other shapes); remove it to start anew."
            )
        if not all(np.isfinite(array).all() for array in found):
            raise TrainingError(f"{checkpoint.path}: numbers that are not finite in it; remove it to start anew.")


def _numbers(arrays: list[NDArray[Any]]) -> int:
    return sum(array.size for array in arrays)


def _shared(phrases: Phrases, devices: int) -> int:
    """Count the phrases that devices can share."""
    return len(phrases) - len(phrases) % devices


def _batches_of_an_epoch(training: Phrases, train: config.Fitting, devices: int) -> int:
    return -(-(train.epoch_phrases or _shared(training, devices)) // train.batch_size)


def _check_steps(train: config.Fitting, batches: int) -> None:
    """Raise `TrainingError` if the training is over before learning rate or beta have risen."""
    steps = train.epochs * batches
    told = f"a training of {steps} step(s) ({batches} batch(es) an epoch, epochs {train.epochs})"
    if train.warmup_steps >= steps:
        raise TrainingError(
            f"{_section(train)}.warmup_steps {train.warmup_steps} in {told}: the learning rate would never be whole; "
            f"{_lowered(steps - 1, least=0)}train for more epochs."
        )
    if isinstance(train, config.Train) and train.beta_warmup and steps < 2 * train.beta_cycles:
        raise TrainingError(
            f"train.beta_cycles {train.beta_cycles} in {told}: a cycle needs 2 steps, or beta stays 0; "
            f"{_lowered(steps // 2, least=1)}train for more epochs, or set train.beta_warmup to 0."
        )


def _lowered(most: int, *, least: int) -> str:
    """Begin the advice: to lower a value, where it has values that are as low."""
    return f"lower it to {most}{' or less' if most > least else ''}, or " if most >= least else ""


def _patience_ran_out(done: Progress, train: config.Fitting) -> bool:
    return len(done.history) - max(done.best_epoch, round(train.settled)) >= train.patience


def _next_epoch(
    model: Trainable,
    training: Phrases,
    validation: Phrases,
    train: config.Fitting,
    done: Progress,
    progress: "tqdm[Any]",
    devices: int,
) -> Progress:
    """Train and validate once more."""
    began = monotonic()
    epoch = len(done.history) + 1
    row = _epoch(model, training, validation, train, epoch, progress, devices)
    if not np.isfinite(row["val_loss"]):
        raise TrainingError(_diverged(epoch, "validation loss", row["val_loss"], train))
    history = (*done.history, row)
    best, best_epoch, best_weights = min(past["val_loss"] for past in history), done.best_epoch, done.best_weights
    if row["val_loss"] <= best:
        best_epoch, best_weights = epoch, model.get_weights()
    progress.set_postfix_str(
        f"epoch {epoch}/{train.epochs}, val_loss {row['val_loss']:.2f} (best {best:.2f}, epoch {best_epoch})"
    )
    return Progress(history, best_epoch, model.state(), best_weights, done.seconds + monotonic() - began)


def _epoch(
    model: Trainable,
    training: Phrases,
    validation: Phrases,
    train: config.Fitting,
    epoch: int,
    progress: "tqdm[Any]",
    devices: int,
) -> Epoch:
    model.reseed(train.seed, epoch)
    totals, steps = _Totals(), _batches_of_an_epoch(training, train, devices)
    first = (epoch - 1) * steps
    # Closed, so that no thread reads on after an error.
    with closing(_following(training, train, first, steps, _shared(training, devices))) as batches:
        for step, batch in enumerate(batches, start=first):
            losses = model.train_batch(batch, step)
            if not np.isfinite(losses["loss"]):
                raise TrainingError(_diverged(epoch, "loss", losses["loss"], train))
            totals.add(losses, len(batch))
            progress.update()
    # The same noise in every epoch, so that epochs are compared on their weights.
    model.reseed(train.seed, 0)
    held_out, size = _Totals(), VALIDATION_BATCH - VALIDATION_BATCH % devices
    with closing(validation.in_order(size, count=_shared(validation, devices))) as batches:
        for batch in batches:
            held_out.add(model.test_batch(batch), len(batch))
    return {
        "epoch": epoch,
        **totals.means(),
        **{f"val_{name}": value for name, value in held_out.means().items()},
    }


def _following(training: Phrases, train: config.Fitting, first: int, steps: int, count: int) -> Generator[Tokens]:
    """Give so many batches from the `first` of all batches of a training on: one pass after the other."""
    of_a_pass = -(-count // train.batch_size)
    passes, skipped = divmod(first, of_a_pass)
    while steps:
        mixed = training.mixed(train.batch_size, seed=train.seed, epoch=passes + 1, count=count)
        with closing(mixed) as batches:
            for batch in itertools.islice(batches, skipped, skipped + steps):
                steps -= 1
                yield batch
        passes, skipped = passes + 1, 0


class _Totals:
    """Losses added up over batches."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.phrases = 0

    def add(self, losses: dict[str, float], phrases: int) -> None:
        self.phrases += phrases
        for name, loss in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + loss * phrases

    def means(self) -> dict[str, float]:
        return {name: total / self.phrases for name, total in self.sums.items()}


def _diverged(epoch: int, name: str, value: float, train: config.Fitting) -> str:
    return f"epoch {epoch}: the {name} is {value}; lower {_section(train)}.learning_rate ({train.learning_rate:g})."


def _section(train: config.Fitting) -> str:
    """Name the section of params.yaml that a record comes from."""
    return type(train).__name__.lower()


def figures(outcome: Outcome, model: Trainable, training: Phrases, train: config.Train) -> TrainFigures:
    """Sum a training up: the figures of metrics/train.json; losses are of the best epoch, in nats per phrase."""
    best = outcome.history[outcome.best_epoch - 1]
    return {
        "parameters": model.count_params(),
        "phrases": len(training),
        "epoch_phrases": train.epoch_phrases or len(training),
        "epochs": len(outcome.history),
        "best_epoch": outcome.best_epoch,
        "stopped": outcome.stopped,
        "loss": best["loss"],
        "reconstruction": best["reconstruction"],
        "kl": best["kl"],
        "val_loss": best["val_loss"],
        "val_reconstruction": best["val_reconstruction"],
        "val_kl": best["val_kl"],
    }


def composer_figures(outcome: Outcome, model: Trainable, training: Phrases) -> ComposeFigures:
    """Sum the training of a composer up: the figures of metrics/compose.json; losses are of the best epoch."""
    best = outcome.history[outcome.best_epoch - 1]
    return {
        "parameters": model.count_params(),
        "windows": len(training),
        "epochs": len(outcome.history),
        "best_epoch": outcome.best_epoch,
        "stopped": outcome.stopped,
        "loss": best["loss"],
        "val_loss": best["val_loss"],
    }
