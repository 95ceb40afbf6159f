"""Modes of the network that no one knows are refused, also where no type checker looks."""

from collections.abc import Callable
from typing import Any

import pytest

from quartetvae.errors import ArgumentError
from quartetvae.model.keras import devices
from quartetvae.model.keras.layers import RecurrentStack, Summary
from quartetvae.model.keras.schedules import LearningRate
from quartetvae.model.keras.vae import QuartetVAE
from tests.building import architecture

STACK: dict[str, Any] = {"units": 2, "depth": 1, "steps": 2, "dropout": 0.0}
WRONG: dict[str, Any] = {name: f"{name}s" for name in ("devices", "schedule", "pooling", "cell", "precision")}


def use_devices() -> None:
    with devices.used(WRONG["devices"]):
        pass


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("devices", use_devices),
        ("schedule", lambda: LearningRate(0.1, WRONG["schedule"], 0, 1)),
        ("pooling", lambda: Summary(WRONG["pooling"], "steps", {"cell": "gru", **STACK})),
        ("cell", lambda: RecurrentStack(WRONG["cell"], **STACK)),
        ("precision", lambda: QuartetVAE(architecture(), precision=WRONG["precision"])),
    ],
)
def test_an_unknown_mode_is_refused(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ArgumentError, match=rf"{name} '{name}s' found; one of '"):
        call()
