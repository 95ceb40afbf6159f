"""What changes in the course of a training: the learning rate and beta, as functions of the optimizer's step."""

import math
from typing import Any

import keras
from keras import ops

from quartetvae.config import Schedule
from quartetvae.errors import check_mode


@keras.saving.register_keras_serializable("quartetvae")
class LearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly over `warmup` steps; then `constant`, or falls to 0 at the last step as half a `cosine`."""

    def __init__(self, peak: float, kind: Schedule, warmup: int, steps: int) -> None:
        check_mode("schedule", kind, Schedule)
        self.peak, self.kind, self.warmup, self.steps = peak, kind, warmup, steps

    def __call__(self, step: Any) -> Any:
        """Compute the rate of a step, from 0."""
        step = ops.cast(step, "float32")
        rate = self.peak * ops.minimum(1.0, (step + 1.0) / max(self.warmup, 1))
        if self.kind == "cosine":
            share = (step - self.warmup) / max(self.steps - self.warmup, 1)
            rate = rate * 0.5 * (1.0 + ops.cos(math.pi * ops.clip(share, 0.0, 1.0)))
        return rate

    def get_config(self) -> dict[str, Any]:
        """List the constructor's arguments."""
        return {"peak": self.peak, "kind": self.kind, "warmup": self.warmup, "steps": self.steps}


def beta_share(step: int, *, rise: float, cycle: float) -> float:
    """Compute beta as a share of its final value, at a step from 0.

    A cycle is so many steps; in the first `rise` (a share) of it beta rises linearly from 0, then it stays (cyclical
    annealing, Fu et al. 2019; with one cycle the warm-up of Bowman et al. 2016). With `rise` 0 it is 1 throughout.
    """
    rising = rise * cycle
    return min(1.0, step % cycle / rising) if rising else 1.0
