"""Decoders that see what they chose: in training and alone they are the same function. Networks are tiny."""

from typing import Any

import numpy as np
import pytest

from quartetvae import config
from quartetvae.errors import ModelError
from quartetvae.model.keras.decoders import DECODERS
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid
from tests import networks
from tests.building import ALPHABET, FORM, architecture, random_phrases, train


def form(beats: int) -> config.Phrases:
    return FORM.model_copy(update={"beats_per_phrase": beats})


HALVES, WHOLES = Grid(2, ALPHABET), Grid(1, ALPHABET)
"""Steps of half a beat, and of a beat."""

SHARED: dict[str, Any] = {"grid": HALVES, "form": form(2), "latent_dim": 8, "decoder_units": 24}
KINDS: dict[str, dict[str, Any]] = {
    "flat": SHARED,
    "autoregressive": SHARED | {"decoder": "autoregressive", "pooling": "full", "word_dropout": 0.3},
    "autoregressive, two layers of LSTM": {
        **SHARED,
        **{"decoder": "autoregressive", "cell": "lstm", "bidirectional": True},
        **{"encoder_layers": 2, "decoder_layers": 2, "dropout": 0.2},
    },
    "hierarchical": SHARED | {"decoder": "hierarchical", "pooling": "full"},
}
HELD: dict[str, Any] = {"grid": Grid(2, ALPHABET, "double"), "form": form(2).model_copy(update={"boundary": "held"})}
KINDS["hierarchical, shared symbols"] = KINDS["hierarchical"] | {"symbols": "shared", "pooling": "dense"}
KINDS |= {f"{kind}, two notes a part": KINDS[kind] | HELD for kind in ("flat", "autoregressive", *list(KINDS)[-2:])}


def built(kind: str) -> QuartetVAE:
    """A network with weights large enough that logits differ."""
    return networks.network(scale=3, **KINDS[kind])


@pytest.fixture(params=list(KINDS))
def network(request: pytest.FixtureRequest) -> QuartetVAE:
    return built(request.param)


@pytest.fixture(params=[kind for kind in KINDS if not kind.startswith("flat")])
def with_feedback(request: pytest.FixtureRequest) -> QuartetVAE:
    return built(request.param)


def codes(network: QuartetVAE, count: int) -> Any:
    size = (count, network.architecture.network.latent_dim)
    return np.random.default_rng(0).standard_normal(size).astype(np.float32)


def tokens_for(network: QuartetVAE, count: int, seed: int = 0) -> Tokens:
    return random_phrases(count, network.architecture, seed=seed)


def logits(network: QuartetVAE, z: Any, tokens: Tokens) -> Any:
    return np.asarray(network.decoder(z, tokens.astype("int32")))


def test_every_cell_has_logits_and_a_token(network: QuartetVAE) -> None:
    z, of = codes(network, 5), network.architecture
    assert logits(network, z, tokens_for(network, 5)).shape == (5, of.steps, of.columns, of.symbols)
    decoded = network.decode(z)
    assert decoded.shape == (5, of.steps, of.columns)
    assert decoded.dtype == np.uint8
    assert decoded.max() < of.symbols


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.endswith("two notes a part")])
def test_notes_are_held_from_before_at_the_beginning_only(kind: str) -> None:
    network = built(kind)
    drawn = network.decode(codes(network, 300), temperature=5.0, seed=1)
    held = [bool((drawn[:, step] >= ALPHABET.held).any()) for step in range(drawn.shape[1])]
    assert held == [True] + [False] * (len(held) - 1)
    codec.check_phrases(drawn, ALPHABET)


def test_the_truth_fed_back_is_what_it_would_have_chosen_itself(with_feedback: QuartetVAE) -> None:
    # What it decodes alone is, cell by cell, the likeliest token when that same music is fed back.
    z = codes(with_feedback, 70)
    alone = with_feedback.decode(z)
    assert len(np.unique(alone)) > 3
    forced = with_feedback.teacher_forced(alone, z)
    assert forced is not None
    assert np.array_equal(forced, alone)


def test_teacher_forcing_is_nothing_without_feedback() -> None:
    flat = built("flat")
    assert flat.teacher_forced(tokens_for(flat, 3), codes(flat, 3)) is None


def test_a_cell_sees_only_the_cells_chosen_before_it(with_feedback: QuartetVAE) -> None:
    """Cells are chosen step by step, within a step from the cello up, second notes after the first ones of their part.

    A changed cell changes later ones only.
    """
    z, truth = codes(with_feedback, 1), tokens_for(with_feedback, 1)
    plain = logits(with_feedback, z, truth)
    steps, columns = with_feedback.architecture.steps, with_feedback.architecture.columns
    order = [3, 2, 1, 0] if columns == 4 else [3, 7, 2, 6, 1, 5, 0, 4]
    segment = steps // with_feedback.architecture.segments
    for step in range(steps):
        for column in range(columns):
            changed = truth.copy()
            changed[0, step, column] = (changed[0, step, column] + 1) % ALPHABET.size
            moved = np.abs(logits(with_feedback, z, changed) - plain).max(axis=(0, 3)) > 0
            expected = np.zeros((steps, columns), dtype=bool)
            expected[step, order[order.index(column) + 1 :]] = True
            # A hierarchical decoder begins anew with each segment.
            end = (step // segment + 1) * segment
            expected[step + 1 : end] = True
            assert np.array_equal(moved, expected), (step, column)


def test_flat_cells_depend_on_the_code_alone() -> None:
    flat = built("flat")
    z = codes(flat, 2)
    one, other = (logits(flat, z, tokens_for(flat, 2, seed=seed)) for seed in (0, 1))
    assert np.array_equal(one, other)


def test_the_code_matters(network: QuartetVAE) -> None:
    truth = tokens_for(network, 1)
    one, other = codes(network, 2)[:, None]
    assert not np.allclose(logits(network, one, truth), logits(network, other, truth))


def test_temperature_0_is_greedy_and_a_draw_has_a_seed(network: QuartetVAE) -> None:
    z = codes(network, 20)
    greedy, cold = network.decode(z), network.decode(z, temperature=1e-6, seed=3)
    assert np.array_equal(greedy, cold)
    warm = network.decode(z, temperature=1.0, seed=3)
    assert not np.array_equal(warm, greedy)
    assert np.array_equal(warm, network.decode(z, temperature=1.0, seed=3))
    assert not np.array_equal(warm, network.decode(z, temperature=1.0, seed=4))


def test_draws_at_temperature_1_are_as_frequent_as_the_softmax_says() -> None:
    network = built("autoregressive")
    z = np.repeat(codes(network, 1), 4000, axis=0)
    # The first cell chosen: the cello's at the first step.
    drawn = network.decode(z, temperature=1.0, seed=0)[:, 0, 3]
    scores = logits(network, z[:1], tokens_for(network, 1))[0, 0, 3].astype(np.float64)
    expected = np.exp(scores - scores.max())
    expected /= expected.sum()
    found = np.bincount(drawn, minlength=ALPHABET.size) / len(drawn)
    # Five standard errors of a share of 4000.
    assert np.abs(found - expected).max() < 5 * 0.5 / np.sqrt(4000)


def test_word_dropout_hides_the_last_step_in_training_only() -> None:
    network = built("autoregressive")
    z, truth = codes(network, 1), tokens_for(network, 1).astype("int32")
    repeated = np.repeat(truth, 200, axis=0), np.repeat(z, 200, axis=0)
    trained = np.asarray(network.decoder(repeated[1], repeated[0], training=True))
    tested = np.asarray(network.decoder(repeated[1], repeated[0], training=False))
    assert np.ptp(tested, axis=0).max() < 1e-4
    # Nothing comes before the first step; later ones differ between copies.
    assert np.ptp(trained[:, 0], axis=0).max() < 1e-4
    assert np.ptp(trained[:, 1:], axis=0).max() > 0.1
    # A step that sees all four words sees them as they are: 0.7 ** 4 of the copies have the second step's plain logits.
    plain = np.abs(trained[:, 1] - tested[:, 1]).max(axis=(1, 2)) < 1e-4
    assert 0.12 < plain.mean() < 0.38


@pytest.mark.parametrize("kind", list(KINDS))
def test_mixed_precision_computes_in_bfloat16_and_ends_in_float32(kind: str) -> None:
    network = networks.network(precision="mixed_bfloat16", **KINDS[kind] | {"grid": WHOLES})
    below = getattr(network.decoder, "below", network.decoder)
    assert below.recurrent.forwards[0].compute_dtype == "bfloat16"
    phrases = tokens_for(network, 70)
    network.prepare(train(), 2)
    assert network.train_batch(phrases, 0)["loss"] > 0
    mean, _ = network.encode(phrases)
    assert str(mean.dtype) == "float32"
    # As good as greedy, by the way of a draw.
    decoded = network.decode(mean, temperature=1e-6)
    assert decoded.shape == phrases.shape
    forced = network.teacher_forced(decoded, mean)
    # Rounding may turn a cell whose two best are near; hardly ever more.
    assert forced is None or (forced == decoded).mean() > 0.95
    assert {str(weights.dtype) for weights in network.get_weights()} == {"float32"}


def test_a_negative_temperature_is_refused(network: QuartetVAE) -> None:
    with pytest.raises(ModelError, match="temperature -1; 0"):
        network.decode(codes(network, 1), temperature=-1)


def test_a_hierarchical_network_needs_whole_segments() -> None:
    for beats, segment in ((3, 2), (2, 2), (2, 4)):
        with pytest.raises(ModelError, match=f"phrases of {beats} beats in segments of {segment}: .* two whole"):
            QuartetVAE(architecture(decoder="hierarchical", segment_beats=segment, form=form(beats)))


def test_segments_are_another_network() -> None:
    counts = set()
    for beats in (1, 2):
        decoder = DECODERS["hierarchical"](
            architecture(decoder="hierarchical", segment_beats=beats, grid=WHOLES, form=form(4))
        )
        decoder(np.zeros((1, 4), np.float32), np.zeros((1, 4, 4), np.int32))
        counts.add(decoder.count_params())
    assert len(counts) == 2


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_learns_four_phrases_by_heart(kind: str) -> None:
    network = networks.network(**KINDS[kind])
    phrases = tokens_for(network, 4)
    network.prepare(train(learning_rate=0.02, beta=0.01, clip_norm=1.0), 150)
    for step in range(150):
        network.train_batch(phrases, step)
    assert (network.decode(network.encode(phrases)[0]) == phrases).mean() > 0.9


def test_segments_share_the_dimensions() -> None:
    with pytest.raises(ModelError, match=r"model.latent_dim 6 in 4 segments: .* multiple of 4"):
        QuartetVAE(architecture(decoder="hierarchical", latent_dim=6, segment_beats=1, form=form(4)))


@pytest.mark.parametrize("kind", list(DECODERS))
def test_dropout_acts_in_the_decoder(kind: str) -> None:
    of = architecture(decoder=kind, decoder_layers=2, dropout=0.5, grid=WHOLES, form=form(2))
    decoder = DECODERS[kind](of)
    z, truth = np.ones((3, 4), np.float32), random_phrases(3, of).astype("int32")
    plain, dropped = (np.asarray(decoder(z, truth, training=training)) for training in (False, True))
    assert not np.allclose(plain, dropped)


def test_the_conductor_tells_a_segment_of_those_before_it() -> None:
    network = networks.network(decoder="hierarchical", latent_dim=6, bidirectional=True, grid=WHOLES, form=form(3))
    z, truth = codes(network, 1), tokens_for(network, 1)
    changed = z.copy()
    changed[0, 2:4] += 1.0  # the share of the second segment
    moved = np.abs(logits(network, changed, truth) - logits(network, z, truth)).reshape(3, -1).max(axis=1) > 1e-7
    # The first hears of it by the conductor's initial state, the third by the conductor.
    assert moved.all()


def test_the_encoder_tells_a_segments_share_of_the_others() -> None:
    network = networks.network(decoder="hierarchical", latent_dim=6, bidirectional=True, grid=WHOLES, form=form(3))
    phrase = tokens_for(network, 1)
    changed = phrase.copy()
    changed[0, 1] = (changed[0, 1] + 1) % ALPHABET.size  # the second segment
    (one, _), (other, _) = network.encode(phrase), network.encode(changed)
    assert (np.abs(one - other)[0].reshape(3, 2).max(axis=1) > 1e-7).all()
