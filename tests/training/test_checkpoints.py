"""Training that is killed goes on where it was, to the same bytes. Networks are tiny."""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.corpus import streams, tables
from quartetvae.errors import TrainingError
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.music.quartet import Grid
from quartetvae.pipeline import locations
from quartetvae.training import checkpoints, history, loop
from quartetvae.training.checkpoints import Checkpoint, Progress
from tests import workspace
from tests.building import ALPHABET, TRAIN, architecture, phrase_set, random_tokens, train
from tests.imports import ROOT
from tests.networks import network

GRID = Grid(2, ALPHABET)
TRAINING, VALIDATION = (
    phrase_set(random_tokens(count, 2, 4, seed=seed), grid=GRID) for seed, count in enumerate((40, 6))
)
SETS = streams.of(TRAINING), streams.of(VALIDATION)
SECTION = train(epochs=4, batch_size=16, schedule="cosine", warmup_steps=2, beta_warmup=0.5, patience=4)
NETWORK: dict[str, Any] = {
    **{"decoder": "autoregressive", "word_dropout": 0.3, "encoder_layers": 2, "dropout": 0.2},
    "grid": GRID,
}


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


@pytest.mark.slow
def test_a_resumed_training_is_the_uninterrupted_one(tmp_path: Path) -> None:
    whole = network(**NETWORK)
    expected = loop.fit(whole, *SETS, SECTION)
    weights = whole.get_weights()
    with pytest.raises(Killed):
        loop.fit(network(**NETWORK), *SETS, SECTION, Stopping(tmp_path, after=2))
    # Nothing of its own matters.
    resumed = network(scale=3, **NETWORK)
    assert loop.fit(resumed, *SETS, SECTION, Checkpoint(tmp_path)) == expected
    assert all(np.array_equal(one, other) for one, other in zip(weights, resumed.get_weights(), strict=True))


def test_a_training_that_is_done_does_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loop.fit(network(grid=GRID), *SETS, SECTION, Checkpoint(tmp_path))

    def refuse(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(QuartetVAE, "train_batch", refuse)
    assert loop.fit(network(grid=GRID), *SETS, SECTION, Checkpoint(tmp_path)) == first


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


def test_a_checkpoint_that_is_not_of_this_network_is_an_error(tmp_path: Path) -> None:
    model = network(grid=GRID)
    model.prepare(SECTION, 12)
    row, state, weights = dict.fromkeys(history.COLUMNS, 1.0), model.state(), model.get_weights()
    wrong = [np.full_like(weights[0], np.inf), *weights[1:]]
    place = next(k for k, array in enumerate(state) if array.dtype.kind == "f")
    nan = [np.full_like(array, np.nan) if k == place else array for k, array in enumerate(state)]
    for progress, message in (
        (Progress((row,), 1, state[:-1], weights), r"a checkpoint of another network .*remove it to start anew"),
        (
            Progress((row,), 1, state, [array[None] for array in weights]),
            r"a checkpoint of another network \(.* of other shapes\)",
        ),
        (Progress((row,), 1, state, wrong), r"numbers that are not finite in it; remove it"),
        (Progress((row,), 1, nan, weights), r"numbers that are not finite in it; remove it"),
        (Progress((row,), 2, state, weights), r"a damaged checkpoint \(best epoch 2 of 1\); remove it"),
        (Progress((), 0, state, weights), r"a damaged checkpoint \(best epoch 0 of 0\); remove it"),
        (Progress(({"epoch": 1.0},), 1, state, weights), r"a damaged checkpoint \('val_loss'\); remove it"),
    ):
        Checkpoint(tmp_path).write(progress)
        with pytest.raises(TrainingError, match=rf"progress\.npz: {message}"):
            loop.fit(network(grid=GRID), *SETS, SECTION, Checkpoint(tmp_path))


def test_a_training_is_known_by_parameters_data_and_settings(tmp_path: Path) -> None:
    data = tmp_path / "train.parquet"
    data.write_bytes(b"one")
    section = architecture().network
    name = checkpoints.key((section, TRAIN), [data], "tensorflow")
    assert name == checkpoints.key((section, TRAIN), [data], "tensorflow")
    others = {
        checkpoints.key((section, train(beta=0.3)), [data], "tensorflow"),
        checkpoints.key((architecture(latent_dim=5).network, TRAIN), [data], "tensorflow"),
        checkpoints.key((section, TRAIN), [data], "jax"),
    }
    data.write_bytes(b"two")
    others.add(checkpoints.key((section, TRAIN), [data], "tensorflow"))
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


WITHOUT_FCNTL = """
import os, sys
from pathlib import Path
for name in ("fcntl", "grp"):
    sys.modules[name] = None
del os.sched_getaffinity
from quartetvae import files, machine
from quartetvae.errors import TrainingError
from quartetvae.training import checkpoints
with checkpoints.opened(Path("key")):
    try:
        with checkpoints.opened(Path("key")):
            print("twice")
    except TrainingError as error:
        print(f"in process {os.getpid()}," in str(error))
print(Path("key").exists(), machine.cores() == os.cpu_count())
Path(f".partial-{os.getppid()}-a").touch()
with files.replacing(Path("a")) as temporary:
    temporary.touch()
print(sorted(os.listdir()) == sorted([f".partial-{os.getppid()}-a", "a"]))
"""


def test_where_the_system_has_no_such_locks_there_are_others(tmp_path: Path) -> None:
    """As Windows has it: no fcntl, no affinity."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", WITHOUT_FCNTL]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["True", "False True", "True"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_checkpoint_that_cannot_be_written_keeps_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    Checkpoint(tmp_path).write(progress())
    before = (tmp_path / "progress.npz").read_bytes()

    def refuse(path: Path, content: bytes) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refuse)
        with pytest.raises(
            TrainingError, match=rf"progress\.npz: cannot be written \({os.strerror(number)}\); make room .*goes on"
        ):
            Checkpoint(tmp_path).write(progress())
    assert [path.name for path in tmp_path.iterdir()] == ["progress.npz"]
    assert (tmp_path / "progress.npz").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(TrainingError, match=r"key: cannot be written \(.+\); make room"),
        checkpoints.opened(tmp_path / "file" / "key"),
    ):
        pass


def test_data_larger_than_memory_have_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.parquet").write_bytes(b"one")
    plain = Path.read_bytes

    def read(path: Path) -> bytes:
        assert path.suffix == ".py"
        return plain(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    assert checkpoints.key((TRAIN,), [tmp_path / "train.parquet"])


def test_an_error_keeps_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(Killed), checkpoints.opened(tmp_path / "key") as checkpoint:
        checkpoint.write(progress())
        raise Killed
    with checkpoints.opened(tmp_path / "key") as checkpoint:
        assert checkpoint.read() is not None


@pytest.mark.slow
def training(*, times: int) -> list[str]:
    """A program that runs the stage some times, and moves what each made to a folder of its own."""
    program = f"""
import shutil
from pathlib import Path
from stages.train import main
for time in range({times}):
    main()
    shutil.move("models/quartetvae", f"made/{{time}}")
    shutil.move("plots/loss.csv", f"made/{{time}}/loss.csv")
"""
    return [sys.executable, "-c", program]


@pytest.mark.slow
def test_a_killed_stage_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    small: dict[str, dict[str, Any]] = {
        "model": {"decoder": "flat", "bidirectional": False, "pooling": "last"},
        "train": {"epochs": 3},
    }
    for changes in (workspace.committed_params(), workspace.TINY, small):
        workspace.change_params(tmp_path, changes)
    for split, phrases in (("train", TRAINING), ("validation", VALIDATION)):
        tables.write_phrases(tmp_path / locations.phrases(split), [phrases], phrases.grid, phrases.form)
    (tmp_path / "made").mkdir()
    start: Any = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(ROOT)}}

    with (tmp_path / "log").open("w") as log, subprocess.Popen(training(times=1), stderr=log, **start) as killed:
        deadline = time.monotonic() + 300
        while not list((tmp_path / locations.CHECKPOINTS).glob("*/progress.npz")):
            assert killed.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(killed.pid, signal.SIGKILL)
    assert not any((tmp_path / "made").iterdir())

    # Goes on; then once more from the beginning.
    result = subprocess.run(training(times=2), capture_output=True, text=True, check=False, **start)
    assert result.returncode == 0, result.stderr
    assert re.findall(r"^train: +0%", result.stderr, flags=re.MULTILINE) == ["train:   0%"]
    assert result.stdout.count("stopped after epoch 3") == 2
    assert re.search(r"^trained in \d+\.\d minutes$", result.stdout, flags=re.MULTILINE)
    resumed, whole = (
        {path.name: path.read_bytes() for path in (tmp_path / "made" / name).iterdir()} for name in ("0", "1")
    )
    assert set(resumed) == {"architecture.json", "model.weights.h5", "loss.csv"}
    assert resumed == whole
    assert list((tmp_path / locations.CHECKPOINTS).iterdir()) == []
