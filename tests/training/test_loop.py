"""Training: repeatable, stopped in time, every parameter at work. Its networks are tiny."""

import dataclasses
import threading
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import pytest
import tensorflow as tf

from quartetvae import config
from quartetvae.corpus import streams
from quartetvae.errors import ModelError, TrainingError
from quartetvae.model.autoencoder import LOSSES
from quartetvae.model.keras import devices, saving
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid
from quartetvae.training import history, loop
from quartetvae.training.history import COLUMNS
from quartetvae.training.loop import Outcome
from tests.building import ALPHABET, architecture, phrase_set, random_tokens, train
from tests.networks import network

GRID = Grid(1, ALPHABET)
"""Of phrases of one step."""

# Four phrases that come back again and again can be learnt.
TRAINING = phrase_set(np.tile(random_tokens(4, 1, 4), (10, 1, 1)), grid=GRID)
VALIDATION = phrase_set(random_tokens(4, 1, 4)[[0, 1, 2, 3, 0]], grid=GRID)
SETS = streams.of(TRAINING), streams.of(VALIDATION)
TRAIN = train(epochs=3, batch_size=16, learning_rate=0.02, beta=0.1, patience=3)


def model_for(section: config.Train) -> QuartetVAE:
    # 8 latent dimensions, 1 step: a mean KL is another one than a sum.
    return network(grid=GRID, latent_dim=8, precision=section.precision)


def fit(**changes: Any) -> tuple[Outcome, bytes]:
    """The outcome of a training and the bytes of its weights."""
    section = config.Train.model_validate(TRAIN.model_dump() | changes)
    model = model_for(section)
    outcome = loop.fit(model, *SETS, section)
    return outcome, b"".join(weights.tobytes() for weights in model.get_weights())


@pytest.fixture(scope="module")
def baseline() -> tuple[Outcome, bytes]:
    return fit()


def test_the_same_seed_gives_the_same_history_and_the_same_bytes(baseline: tuple[Outcome, bytes]) -> None:
    # Whatever was drawn before.
    np.random.default_rng().random()
    assert fit() == baseline


@pytest.mark.slow
def test_a_traced_graph_trains_alike(baseline: tuple[Outcome, bytes]) -> None:
    tf.config.run_functions_eagerly(False)
    try:
        traced, _ = fit()
    finally:
        tf.config.run_functions_eagerly(True)
    for row, one in zip(traced.history, baseline[0].history, strict=True):
        # The same operations; a compiler may add up in another order.
        assert row == pytest.approx(one, rel=1e-4)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", 2),
        ("batch_size", 8),
        ("learning_rate", 0.01),
        ("schedule", "cosine"),
        ("warmup_steps", 3),
        ("weight_decay", 0.1),
        ("adam_beta_2", 0.9),
        ("clip_norm", 0.1),
        ("beta", 0.2),
        ("beta_warmup", 0.5),
        ("free_bits", 50.0),
        ("onset_weight", 2.0),
        ("kl_reduction", "mean"),
        ("precision", "mixed_bfloat16"),
        ("seed", 1),
    ],
)
def test_every_parameter_changes_the_outcome(baseline: tuple[Outcome, bytes], key: str, value: Any) -> None:
    outcome, weights = fit(**{key: value})
    assert outcome.history != baseline[0].history
    assert weights != baseline[1]


def test_cycles_of_beta_change_the_outcome() -> None:
    one, two = (fit(beta_warmup=0.5, beta_cycles=cycles) for cycles in (1, 2))
    assert one[0].history != two[0].history


def test_what_was_trained_in_mixed_precision_is_saved_and_loaded_whole(tmp_path: Path) -> None:
    section = train(precision="mixed_bfloat16")
    model = model_for(section)
    loop.fit(model, *SETS, section)
    saving.save(tmp_path / "model", model)
    loaded = saving.load(tmp_path / "model")
    assert {str(weights.dtype) for weights in loaded.get_weights()} == {"float32"}
    assert loaded.encoder.compute_dtype == loaded.decoder.compute_dtype == "float32"


def test_the_loss_falls_on_music_that_repeats(baseline: tuple[Outcome, bytes]) -> None:
    rows = baseline[0].history
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[0]["loss"] > rows[1]["loss"] > rows[2]["loss"]
    assert rows[2]["val_reconstruction"] < rows[0]["val_reconstruction"]


def test_the_history_adds_up(baseline: tuple[Outcome, bytes]) -> None:
    for row in baseline[0].history:
        for prefix in ("", "val_"):
            assert row[f"{prefix}loss"] == pytest.approx(
                row[f"{prefix}reconstruction"] + 0.1 * row[f"{prefix}kl"], rel=1e-5
            )


def test_training_ends_with_the_weights_of_the_best_epoch() -> None:
    model = model_for(TRAIN)
    # So fast that it overshoots; held-out phrases that are not those of the training.
    section = TRAIN.model_copy(update={"learning_rate": 0.2, "epochs": 6, "patience": 6, "beta": 0.0})
    held_out = phrase_set(random_tokens(12, 1, 4, seed=9), grid=GRID)
    outcome = loop.fit(model, SETS[0], streams.of(held_out), section)
    losses = [row["val_loss"] for row in outcome.history]
    assert losses[outcome.best_epoch - 1] == min(losses) < losses[-1]
    model.reseed(section.seed, 0)
    assert model.test_batch(held_out.tokens)["loss"] == pytest.approx(min(losses), rel=1e-6)


# With losses told beforehand


@dataclasses.dataclass
class Told:
    """In place of a model: its validation losses are told; its weights are the number of epochs it has seen."""

    losses: list[float]
    training_loss: float = 1.0
    epochs: int = 0
    batches: list[Tokens] = dataclasses.field(default_factory=list)
    told_steps: list[int] = dataclasses.field(default_factory=list)
    steps: int = 0
    restored: int = -1
    architecture: Any = dataclasses.field(default_factory=lambda: architecture(grid=GRID))

    def prepare(self, train: config.Train, steps: int) -> None:
        self.steps = steps

    def reseed(self, *numbers: int) -> None: ...

    def train_batch(self, tokens: Tokens, step: int) -> dict[str, float]:
        self.batches.append(tokens)
        self.told_steps.append(step)
        return dict.fromkeys(LOSSES, self.training_loss * len(tokens))

    def test_batch(self, tokens: Tokens) -> dict[str, float]:
        self.epochs += 1
        return dict.fromkeys(LOSSES, self.losses[self.epochs - 1])

    def state(self) -> list[Any]:
        return [np.array(self.epochs)]

    def get_weights(self) -> int:
        return self.epochs

    def set_weights(self, weights: int) -> None:
        self.restored = weights


def fit_told(told: Told, **changes: Any) -> Outcome:
    section = config.Train.model_validate(TRAIN.model_dump() | {"epochs": len(told.losses)} | changes)
    return loop.fit(cast(QuartetVAE, told), *SETS, section)


@pytest.mark.parametrize(
    ("losses", "patience", "best", "epochs", "stopped"),
    [
        ([3, 2, 1], 1, 3, 3, "epochs"),
        ([3, 2, 4, 1], 1, 2, 3, "patience"),
        ([3, 2, 4, 1], 2, 4, 4, "epochs"),
        ([3, 2, 4, 5, 1], 2, 2, 4, "patience"),
        ([1, 2, 3, 4], 9, 1, 4, "epochs"),
        ([2, 1, 1, 3], 2, 3, 4, "epochs"),  # of equals the later
    ],
)
def test_training_stops_after_so_many_epochs_without_a_better_one(
    losses: list[float], patience: int, best: int, epochs: int, stopped: str
) -> None:
    told = Told(losses)
    outcome = fit_told(told, patience=patience)
    assert (outcome.best_epoch, len(outcome.history), outcome.stopped) == (best, epochs, stopped)
    assert told.restored == best


def test_patience_does_not_run_while_beta_rises() -> None:
    losses = [1.0, 2, 3, 4, 5, 6, 7, 8]
    assert len(fit_told(Told(losses), patience=2).history) == 3
    assert len(fit_told(Told(losses), patience=2, beta_warmup=0.5).history) == 6
    # Two cycles of four epochs: it has risen for the last time after the sixth.
    assert len(fit_told(Told(losses), patience=1, beta_warmup=0.5, beta_cycles=2).history) == 7


def test_a_training_says_why_it_stopped() -> None:
    assert str(fit_told(Told([3, 2, 4, 5, 1]), patience=2)) == (
        "stopped after epoch 4: no better validation loss in 2 epoch(s). Weights of epoch 2, validation loss 2.00 "
        "nats; in the last epoch it changed by +1.00."
    )
    assert "stopped after epoch 2: all epochs are done." in str(fit_told(Told([3, 2])))
    assert "nothing to be compared with" in str(fit_told(Told([3])))


def test_the_model_is_told_the_steps_of_the_whole_training() -> None:
    told = Told([3, 2])
    fit_told(told)
    assert told.steps == 6
    assert told.told_steps == [0, 1, 2, 3, 4, 5]


def test_an_epoch_sees_every_phrase_once_in_an_order_of_its_own() -> None:
    told = Told([1, 1])
    fit_told(told)
    assert [len(batch) for batch in told.batches] == [16, 16, 8] * 2
    first, second = np.concatenate(told.batches[:3]), np.concatenate(told.batches[3:])
    assert sorted(first.tolist()) == sorted(second.tolist()) == sorted(TRAINING.tokens.tolist())
    assert first.tolist() != second.tolist()


def test_the_losses_of_an_epoch_are_means_over_phrases() -> None:
    # A batch's loss is told as its size: (16 * 16 + 16 * 16 + 8 * 8) / 40.
    assert fit_told(Told([1.0])).history[0]["loss"] == 14.4


def test_the_figures_are_those_of_the_best_epoch() -> None:
    outcome = fit_told(Told([3, 2, 4]))
    model = model_for(TRAIN)
    figures = loop.figures(outcome, model, SETS[0], TRAIN)
    assert figures == {
        "parameters": model.count_params(),
        "phrases": 40,
        "epoch_phrases": 40,
        "epochs": 3,
        "best_epoch": 2,
        "stopped": "epochs",
        **{"loss": 14.4, "reconstruction": 14.4, "kl": 14.4},
        **{"val_loss": 2.0, "val_reconstruction": 2.0, "val_kl": 2.0},
    }


# Errors


def test_a_diverging_learning_rate_is_an_error() -> None:
    with pytest.raises(
        TrainingError, match=r"epoch \d+: the .*loss is (nan|inf); lower train\.learning_rate \(1e\+30\)"
    ):
        fit(learning_rate=1e30)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_an_error(value: float) -> None:
    with pytest.raises(TrainingError, match=r"epoch 2: the validation loss is (nan|inf)"):
        fit_told(Told([1.0, value]))
    with pytest.raises(TrainingError, match=r"epoch 1: the loss is (nan|inf)"):
        fit_told(Told([1.0], training_loss=value))


@pytest.mark.parametrize("empty", ["training", "validation"])
def test_a_set_without_phrases_is_an_error(empty: str) -> None:
    none = streams.of(TRAINING.take(slice(0, 0)))
    sets = (none, SETS[1]) if empty == "training" else (SETS[0], none)
    with pytest.raises(TrainingError, match=f"no phrases for {empty} on 1 device.*; give this split a"):
        loop.fit(cast(QuartetVAE, Told([1])), *sets, TRAIN)


def test_batches_that_devices_cannot_share_are_an_error() -> None:
    with pytest.raises(TrainingError, match=r"train\.batch_size 16 cannot be shared by 3 devices"):
        loop.fit(cast(QuartetVAE, Told([1])), *SETS, TRAIN, devices=3)


def test_several_devices_under_tensorflow_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0", "gpu:1"])
    with devices.used("one") as number:
        assert number == 1
    with pytest.raises(ModelError, match=r"'all' with 2 devices.*KERAS_BACKEND=jax"), devices.used("all"):
        pass


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        # 40 phrases in batches of 16, twice.
        (
            {"warmup_steps": 6},
            r"train\.warmup_steps 6 in a training of 6 step\(s\) \(3 batch\(es\) an epoch, epochs 2\): .* to 5 or less",
        ),
        ({"warmup_steps": 200}, r"train\.warmup_steps 200 in a training of 6 step"),
        (
            {"beta_cycles": 4, "beta_warmup": 0.5},
            r"train\.beta_cycles 4 in a training of 6 step\(s\) .*: a cycle needs 2 steps, .*lower it to 3 or less",
        ),
        # A training of one step has no room for anything that rises.
        ({"warmup_steps": 1, "epochs": 1, "batch_size": 40}, r"lower it to 0, or train for more epochs"),
        ({"beta_warmup": 0.5, "epochs": 1, "batch_size": 40}, r"beta stays 0; train for more epochs, or set"),
    ],
)
def test_a_training_too_short_for_its_schedules_is_an_error(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(TrainingError, match=match):
        fit_told(Told([2, 1]), **changes)


def test_the_longest_schedules_that_fit_are_none() -> None:
    fit_told(Told([2, 1]), warmup_steps=5)
    fit_told(Told([2, 1]), beta_cycles=3, beta_warmup=0.5)
    # Beta has risen from the beginning.
    fit_told(Told([2]), batch_size=64, beta_warmup=0.0)


def test_an_error_in_a_batch_ends_the_thread_that_reads_on() -> None:
    with pytest.raises(TrainingError, match="epoch 1: the loss is nan"):
        fit_told(Told([1.0], training_loss=float("nan")), batch_size=1)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


@pytest.mark.parametrize("pool", [40 * 4, 8 * 4])
def test_a_small_pool_trains_on_every_phrase_too(pool: int) -> None:
    told = Told([1, 1])
    training = streams.of(TRAINING, group=4, pool=pool)
    loop.fit(cast(QuartetVAE, told), training, SETS[1], TRAIN.model_copy(update={"epochs": 2}))
    assert [len(batch) for batch in told.batches] == [16, 16, 8] * 2
    assert sorted(np.concatenate(told.batches[:3]).tolist()) == sorted(TRAINING.tokens.tolist())


def test_epochs_of_some_phrases_follow_one_another_pass_after_pass() -> None:
    whole, some = Told([1, 1]), Told([1, 1, 1, 1])
    loop.fit(cast(QuartetVAE, whole), *SETS, TRAIN.model_copy(update={"epochs": 2}))
    # Two batches an epoch of three that a pass has: the second epoch begins with the third one, the fourth ends amid
    # the third pass.
    section = TRAIN.model_copy(update={"epochs": 4, "epoch_phrases": 32})
    outcome = loop.fit(cast(QuartetVAE, some), *SETS, section)
    assert [len(batch) for batch in some.batches] == [16, 16, 8, 16, 16, 8, 16, 16]
    for one, other in zip(some.batches, whole.batches, strict=False):
        assert one.tolist() == other.tolist()
    assert len(outcome.history) == 4
    figures = loop.figures(outcome, model_for(TRAIN), SETS[0], section)
    assert (figures["phrases"], figures["epoch_phrases"]) == (40, 32)


@pytest.mark.parametrize("other", ["training", "validation"])
def test_phrases_of_another_length_are_an_error(other: str) -> None:
    long = streams.of(phrase_set(random_tokens(3, 2, 4), grid=GRID))
    sets = (long, SETS[1]) if other == "training" else (SETS[0], long)
    with pytest.raises(ModelError, match=r"phrases of 2 steps .* found; the model was trained on 1 steps"):
        loop.fit(cast(QuartetVAE, Told([1])), *sets, TRAIN)


# The history on disk


def test_a_history_survives_writing_and_reading(tmp_path: Path) -> None:
    rows = [dict(zip(COLUMNS, (k, 1.5, 1.25, 0.25, 2.5, 2.125, 0.0625), strict=True)) for k in (1, 2)]
    history.write(tmp_path / "loss.csv", rows)
    assert history.read(tmp_path / "loss.csv") == {name: [row[name] for row in rows] for name in COLUMNS}


def test_a_history_is_a_table_of_four_decimals(tmp_path: Path) -> None:
    history.write(tmp_path / "plots" / "loss.csv", [dict.fromkeys(COLUMNS, 1) | {"loss": 2 / 3}])
    assert (tmp_path / "plots" / "loss.csv").read_bytes() == (
        b"epoch,loss,reconstruction,kl,val_loss,val_reconstruction,val_kl\n"
        b"1,0.6667,1.0000,1.0000,1.0000,1.0000,1.0000\n"
    )


@pytest.mark.parametrize("content", [None, "epoch,loss\n1,2\n", ",".join(COLUMNS) + "\n1,x,0,0,0,0,0\n"])
def test_what_is_no_history_is_an_error(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "loss.csv").write_text(content)
    with pytest.raises(TrainingError, match=r"loss\.csv: no history of a training .*dvc repro train"):
        history.read(tmp_path / "loss.csv")


@pytest.mark.parametrize("content", ["", "epoch,loss\n", ",".join(COLUMNS) + "\n1,2\n"])
def test_an_empty_or_cut_history_is_an_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "loss.csv").write_text(content)
    with pytest.raises(TrainingError, match=r"loss\.csv: no history of a training"):
        history.read(tmp_path / "loss.csv")
