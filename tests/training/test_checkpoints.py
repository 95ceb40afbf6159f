"""Training that is killed goes on where it was, to the same bytes. Networks are tiny."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import TrainingError
from quartetvae.model.architecture import WEIGHTS
from quartetvae.model.keras import saving
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.training import checkpoints, history, loop
from quartetvae.training.checkpoints import Checkpoint, Progress
from tests import workspace
from tests.building import TRAIN, architecture, phrase_set, random_tokens, train

TRAINING, VALIDATION = phrase_set(random_tokens(40, 4, 4)), phrase_set(random_tokens(6, 4, 4, seed=1))
SECTION = train(epochs=4, batch_size=16, schedule="cosine", warmup_steps=2, beta_warmup=0.5, patience=4)
NETWORK: dict[str, Any] = {"decoder": "autoregressive", "word_dropout": 0.3, "encoder_layers": 2, "dropout": 0.2}


class Killed(BaseException):
    """In place of a signal."""


class Stopping(Checkpoint):
    """A checkpoint in whose writing the process dies, after so many epochs."""

    def __init__(self, folder: Path, after: int) -> None:
        super().__init__(folder)
        self.after = after

    def write(self, progress: Progress) -> None:
        super().write(progress)
        if len(progress.history) == self.after:
            raise Killed


def test_a_resumed_training_is_the_uninterrupted_one(tmp_path: Path) -> None:
    whole = QuartetVAE(architecture(**NETWORK))
    expected = loop.fit(whole, TRAINING, VALIDATION, SECTION)
    with pytest.raises(Killed):
        loop.fit(QuartetVAE(architecture(**NETWORK)), TRAINING, VALIDATION, SECTION, Stopping(tmp_path, after=2))
    resumed = QuartetVAE(architecture(**NETWORK), seed=9)
    assert loop.fit(resumed, TRAINING, VALIDATION, SECTION, Checkpoint(tmp_path)) == expected
    for name, network in (("whole", whole), ("resumed", resumed)):
        saving.save(tmp_path / name, network)
    assert (tmp_path / "whole" / WEIGHTS).read_bytes() == (tmp_path / "resumed" / WEIGHTS).read_bytes()


def test_a_training_that_is_done_does_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loop.fit(QuartetVAE(architecture()), TRAINING, VALIDATION, SECTION, Checkpoint(tmp_path))

    def refuse(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(QuartetVAE, "train_batch", refuse)
    assert loop.fit(QuartetVAE(architecture()), TRAINING, VALIDATION, SECTION, Checkpoint(tmp_path)) == first


def progress() -> Progress:
    row = dict.fromkeys(history.COLUMNS, 0.1 + 0.2)
    return Progress((row, row), 1, [np.arange(3, dtype=np.float32), np.array(7)], [np.ones((2, 2))])


def test_a_checkpoint_gives_back_what_was_written(tmp_path: Path) -> None:
    assert Checkpoint(tmp_path).read() is None
    Checkpoint(tmp_path).write(progress())
    found = Checkpoint(tmp_path).read()
    assert found is not None
    assert (found.history, found.best_epoch) == (progress().history, 1)
    for one, other in zip(found.state + found.best_weights, progress().state + progress().best_weights, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


@pytest.mark.parametrize("keep", [0, 100, 700])
def test_a_damaged_checkpoint_is_an_error(tmp_path: Path, keep: int) -> None:
    Checkpoint(tmp_path).write(progress())
    path = tmp_path / "progress.npz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TrainingError, match=r"progress\.npz: a damaged checkpoint .*remove it to start anew"):
        Checkpoint(tmp_path).read()


def test_a_training_is_known_by_parameters_data_and_settings(tmp_path: Path) -> None:
    data = tmp_path / "train.parquet"
    data.write_bytes(b"one")
    network = architecture().network
    name = checkpoints.key((network, TRAIN), [data], "tensorflow")
    assert name == checkpoints.key((network, TRAIN), [data], "tensorflow")
    others = {
        checkpoints.key((network, train(beta=0.3)), [data], "tensorflow"),
        checkpoints.key((architecture(latent_dim=5).network, TRAIN), [data], "tensorflow"),
        checkpoints.key((network, TRAIN), [data], "jax"),
    }
    data.write_bytes(b"two")
    others.add(checkpoints.key((network, TRAIN), [data], "tensorflow"))
    assert len(others) == 4
    assert name not in others


def test_the_same_training_twice_at_once_is_an_error(tmp_path: Path) -> None:
    with (
        checkpoints.opened(tmp_path / "key"),
        pytest.raises(
            TrainingError, match=rf"the same training is running already, in process {os.getpid()}.*kill {os.getpid()}"
        ),
        checkpoints.opened(tmp_path / "key"),
    ):
        pass
    assert not (tmp_path / "key").exists()


def test_an_error_keeps_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(Killed), checkpoints.opened(tmp_path / "key") as checkpoint:
        checkpoint.write(progress())
        raise Killed
    with checkpoints.opened(tmp_path / "key") as checkpoint:
        assert checkpoint.read() is not None


def test_a_killed_stage_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path / "project")
    workspace.change_params(folder, {"train": {"epochs": 3}})
    for stage in ("download", "filter", "encode", "augment"):
        assert workspace.run(folder, f"stages.{stage}").returncode == 0
    killed = subprocess.Popen([sys.executable, "-m", "stages.train"], cwd=folder, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list((folder / ".work" / "checkpoints").glob("*/progress.npz")):
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (folder / "models").exists()

    result = workspace.run(folder, "stages.train")
    assert result.returncode == 0, result.stderr
    assert "stopped after epoch 3" in result.stdout
    assert re.search(r"^trained in \d+\.\d minutes$", result.stdout, flags=re.MULTILINE)
    resumed = {path.name: path.read_bytes() for path in (folder / "models" / "quartetvae").iterdir()}
    losses = (folder / "plots" / "loss.csv").read_bytes()
    assert list((folder / ".work" / "checkpoints").iterdir()) == []

    assert workspace.run(folder, "stages.train").returncode == 0
    assert {path.name: path.read_bytes() for path in (folder / "models" / "quartetvae").iterdir()} == resumed
    assert (folder / "plots" / "loss.csv").read_bytes() == losses
