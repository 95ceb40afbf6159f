"""Trainings of one length in time, whatever is trained: how fast a network's steps are decides how many it gets.

First some steps are timed, and the weights put back. So the number of steps is known before the training begins, and
its learning rate falls to 0 at its end, as in a training by epochs. Both times are by the clock: on a machine that has
other work meanwhile a training may get more or less than its share, and what it took of the processor tells.
"""

from contextlib import closing
from dataclasses import dataclass
from time import monotonic, process_time
from typing import TypedDict

from quartetvae import config
from quartetvae.errors import TrainingError
from quartetvae.training import loop
from quartetvae.training.loop import Phrases, Trainable

TIMED_SHARE, LONGEST = 0.1, 60.0
"""For how much of the budget steps are timed before it begins; in seconds, at most."""

RISING = 0.1
"""The share of the steps in which the learning rate rises, at most."""


class Spent(TypedDict):
    """What a training took, and what it came to."""

    seconds: float
    """With the look at the validation windows at its end; the steps that were timed before are not among them."""
    processor_seconds: float
    """The same, of all cores together."""
    steps: int
    windows: int
    """That it saw, one as often as it came."""
    parameters: int
    val_loss: float


@dataclass(frozen=True)
class Pace:
    """Seconds that a network takes for its first step, in which it is compiled, and for each of the others."""

    first: float
    each: float

    def steps(self, seconds: float) -> int:
        """Tell how many steps fit into so many seconds; one at least."""
        return max(1, 1 + int((seconds - self.first) / self.each))


def pace(model: Trainable, training: Phrases, train: config.Fitting, *, seconds: float) -> Pace:
    """Time steps of a training for so many seconds after the first one; the network's weights are as before.

    Raises
    ------
    TrainingError
        If there is only one batch to time.
    """
    weights = model.get_weights()
    model.prepare(train, 1)
    model.reseed(train.seed, 0)
    times = [monotonic()]
    with closing(training.mixed(train.batch_size, seed=train.seed, epoch=0, count=len(training))) as batches:
        for step, batch in enumerate(batches):
            model.train_batch(batch, step)
            times.append(monotonic())
            if step and times[-1] - times[1] >= seconds:
                break
    model.set_weights(weights)
    if len(times) < 3:
        raise TrainingError(
            f"{len(training)} windows in batches of {train.batch_size}: two batches are needed to time a step; make "
            "compose.batch_size (train.batch_size) smaller."
        )
    return Pace(times[1] - times[0], (times[-1] - times[1]) / (len(times) - 2))


def fit(model: Trainable, training: Phrases, validation: Phrases, train: config.Fitting, *, seconds: float) -> Spent:
    """Train for so many seconds, as `train` says but for its epochs; raises as `pace` and `loop.fit` do."""
    found = pace(model, training, train, seconds=min(TIMED_SHARE * seconds, LONGEST))
    steps = found.steps(seconds)
    print(f"{found.first:.1f} s for the first step, {found.each:.3f} for another: {steps:,} steps", flush=True)
    whole = {
        "epochs": 1,
        "epoch_phrases": steps * train.batch_size,
        "warmup_steps": min(train.warmup_steps, int(RISING * steps)),
    }
    before = process_time()
    outcome = loop.fit(model, training, validation, train.model_copy(update=whole))
    return {
        "seconds": outcome.seconds,
        "processor_seconds": process_time() - before,
        "steps": steps,
        "windows": steps * train.batch_size,
        "parameters": model.count_params(),
        "val_loss": outcome.history[-1]["val_loss"],
    }
