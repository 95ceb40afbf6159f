"""Sets of music beside each other: properties of overlap and divergence, degenerate sets, intervals."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats
from scipy.spatial.distance import cdist, pdist

from quartetvae.errors import CodecError
from quartetvae.metrics import comparison, features
from quartetvae.metrics.comparison import Likeness, likeness
from quartetvae.music.codec import Alphabet
from tests.building import random_tokens

seeds = st.integers(0, 10_000)


def sample(seed: int, count: int = 40) -> Any:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(rng.uniform(-3, 3), rng.uniform(0.2, 3), count), rng.exponential(2, count)])


@settings(max_examples=25)
@given(seeds, seeds)
def test_overlap_is_that_of_scipys_densities(one: int, other: int) -> None:
    a, b = sample(one), sample(other)
    densities = [stats.gaussian_kde(values, bw_method="scott") for values in (a, b)]
    low, high = min(a.min(), b.min()) - 20, max(a.max(), b.max()) + 20
    x = np.linspace(low, high, 20_001)
    p, q = (density(x) for density in densities)
    found = likeness(a, b)
    assert found.overlap == pytest.approx(np.trapezoid(np.minimum(p, q), x), abs=1e-6)
    assert found.kl_nats == pytest.approx(
        np.trapezoid(p * (densities[0].logpdf(x) - densities[1].logpdf(x)), x), rel=1e-4, abs=1e-6
    )


@given(seeds)
def test_a_sample_is_like_itself(seed: int) -> None:
    found = likeness(sample(seed), sample(seed))
    assert found.overlap == pytest.approx(1.0, abs=1e-9)
    assert found.kl_nats == pytest.approx(0.0, abs=1e-9)


@given(seeds, seeds)
def test_overlap_is_symmetric_and_a_share(one: int, other: int) -> None:
    found = likeness(sample(one), sample(other)).overlap
    assert found == pytest.approx(likeness(sample(other), sample(one)).overlap, abs=1e-9)
    assert found is not None
    assert 0 <= found <= 1


@given(seeds, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_a_common_affine_map_and_reordering_change_nothing(seed: int, factor: float, shift: float) -> None:
    a, b = sample(seed), sample(seed + 1)
    plain, moved = likeness(a, b), likeness(factor * a[::-1] + shift, np.roll(factor * b + shift, 7))
    assert moved.overlap == pytest.approx(plain.overlap, abs=1e-6)
    assert moved.kl_nats == pytest.approx(plain.kl_nats, rel=1e-4, abs=1e-6)


def test_a_sample_moved_far_away_is_another() -> None:
    a = sample(0)
    found = likeness(a, a + 100)
    assert found.overlap == pytest.approx(0.0, abs=1e-12)
    # The divergence of one density from itself far away: kernels of bandwidth h reach it at (distance / h)^2 / 2.
    width = a.std(ddof=1) * len(a) ** (-1 / 5)
    nearest = a.min() + 100 - a
    assert found.kl_nats is not None
    assert 0.5 * (nearest.min() / width) ** 2 < found.kl_nats < 0.5 * (nearest.max() / width + 3) ** 2


@pytest.mark.parametrize("factor", [1e-5, 1e5])
def test_a_divergence_from_far_away_has_no_unit(factor: float) -> None:
    a = sample(0)
    plain, scaled = likeness(a, a + 100), likeness(factor * a, factor * (a + 100))
    assert scaled.kl_nats == pytest.approx(plain.kl_nats, rel=1e-4)


def test_divergence_of_two_normal_distributions() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, 40_000), rng.normal(1, 2, 40_000)
    expected, _ = integrate.quad(
        lambda x: stats.norm.pdf(x) * (stats.norm.logpdf(x) - stats.norm.logpdf(x, 1, 2)), -10, 10
    )
    # Kernels widen the narrower one by a few percent.
    assert likeness(a, b).kl_nats == pytest.approx(expected, rel=0.05)


ONES, TWOS = np.ones(5), np.full(5, 2.0)


def test_far_from_the_data_the_density_is_that_of_the_nearest_kernels_on_both_sides() -> None:
    # Two stretches of more points than kernels are summed, each seen so often that a kernel is narrow.
    values = np.r_[500.0:2500, 4500.0:6500]
    sample = comparison.Sample(values, np.full(len(values), 1e12))
    assert sample.bandwidth < 3
    grid = comparison._Grid(0.0, 1.0, 7000)
    places = np.array([0, 499, 500, 2499, 2600, 3499, 3500, 4400, 4500, 6499, 6500, 6999])
    kernels = stats.norm.logpdf(places[:, np.newaxis], values, sample.bandwidth)
    found = grid.log_density(places, sample)
    np.testing.assert_allclose(found, special.logsumexp(kernels, axis=1) - np.log(len(values)), rtol=1e-12)


def grid_over(bandwidths: float) -> tuple[comparison._Grid, float]:
    """A replicate's grid over two samples so far apart, and their bandwidth."""
    # Scott's rule, of three values with a standard deviation of 1.
    width = 3 ** (-1 / 5)
    samples = [comparison.Sample(np.arange(3.0) + place, np.ones(3)) for place in (0.0, bandwidths * width)]
    return comparison._Grid.over(samples, comparison.COARSE), width


def test_a_grid_has_sixteen_points_to_a_bandwidth_where_values_lie_16000_apart() -> None:
    grid, width = grid_over(16_000)
    assert grid.step == pytest.approx(width / 16, rel=1e-4)


@pytest.mark.parametrize("bandwidths", [17_000, 1e9])
def test_a_grid_over_values_farther_apart_has_a_quarter_of_a_million_points(bandwidths: float) -> None:
    grid, width = grid_over(bandwidths)
    assert grid.points == 262_144
    # It reaches from one end to the other all the same.
    assert grid.start + grid.step * (grid.points - 1) == pytest.approx((bandwidths + 8) * width + 2)


@pytest.mark.parametrize(
    ("within", "between", "expected"),
    [
        (ONES, ONES, Likeness(1.0, 0.0)),
        (ONES, ONES * (1 + 1e-12), Likeness(1.0, 0.0)),
        (np.zeros(4), np.zeros(9), Likeness(1.0, 0.0)),
        (ONES, TWOS, Likeness(0.0, math.inf)),
        (ONES, sample(0), Likeness(None, None, "all distances within sets are the same")),
        (sample(0), ONES, Likeness(None, None, "all distances between sets are the same")),
        (sample(0), TWOS[:2], Likeness(None, None, "2 distances; 3 at least are needed")),
    ],
)
def test_where_there_is_no_density(within: Any, between: Any, expected: Likeness) -> None:
    assert likeness(within, between) == expected


# Sets

ALPHABET = Alphabet(60, 71)


def features_of(seed: int, count: int = 30) -> dict[str, Any]:
    tokens = random_tokens(count, 16, 4, seed=seed)
    return features.features(features.of_phrases(tokens, ALPHABET, steps_per_beat=4, tempo_qpm=120))


def known(value: float | None) -> float:
    assert value is not None
    return value


def test_a_set_has_every_feature_and_their_mean() -> None:
    found = comparison.compare(features_of(0), {"made": features_of(1)}, seed=0, replicates=20)["made"]
    overlaps = [known(found[name]["overlap"]) for name in comparison.FEATURES]
    assert found["mean_overlap"] == pytest.approx(np.mean(overlaps))
    assert found["excerpts"] == 30
    assert set(found) == {*comparison.FEATURES, "excerpts", "mean_overlap", "mean_low", "mean_high"}
    for name in comparison.FEATURES:
        low, overlap, high = (known(found[name][key]) for key in ("low", "overlap", "high"))
        assert 0 <= low <= overlap <= high <= 1
    assert known(found["mean_low"]) < known(found["mean_overlap"]) < known(found["mean_high"])


def test_intervals_are_their_seed_and_narrow_with_more_excerpts() -> None:
    def width(count: int, seed: int = 0) -> float:
        sets = {"made": features_of(1, count)}
        found = comparison.compare(features_of(0, count), sets, seed=seed, replicates=60)["made"]
        return known(found["mean_high"]) - known(found["mean_low"])

    assert width(20) == width(20)
    assert width(20) != width(20, seed=1)
    assert width(160) < width(20)


@pytest.mark.slow
def test_an_interval_covers_the_overlap_of_other_samples() -> None:
    """Of 20 pairs of sets of one kind, nearly all intervals reach the mean overlap of such pairs."""
    found = [
        comparison.compare(features_of(2 * k), {"made": features_of(2 * k + 1)}, seed=k, replicates=40)["made"]
        for k in range(20)
    ]
    mean = float(np.mean([known(of["mean_overlap"]) for of in found]))
    assert sum(known(of["mean_low"]) <= mean <= known(of["mean_high"]) for of in found) >= 16


@pytest.mark.parametrize("outlier", [None, 20_000.0, 2e5])
def test_a_replicate_is_the_overlap_of_the_excerpts_drawn(outlier: float | None) -> None:
    """By hand: repeat each excerpt as often as it was drawn; the pairs of an excerpt and its copy are left out."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(300, 30, 20), rng.normal(320, 40, 15)
    if outlier is not None:
        one[3] = outlier
    drawn = [rng.multinomial(len(of), np.full(len(of), 1 / len(of)), 12) for of in (one, other)]
    within, between = pdist(one[:, None]), cdist(one[:, None], other[:, None]).ravel()
    found = comparison._replicates(within, {"other": between}, drawn[0], {"other": drawn[1]})["other"]
    for replicate, (times, others) in enumerate(zip(*drawn, strict=True)):
        index = np.repeat(np.arange(20), times)
        pairs = [(a, b) for k, a in enumerate(index) for b in index[k + 1 :] if a != b]
        expected = likeness(
            np.array([abs(one[a] - one[b]) for a, b in pairs]),
            np.array([abs(one[a] - other[b]) for a in index for b in np.repeat(np.arange(15), others)]),
        )
        assert found[replicate] == pytest.approx(expected.overlap, abs=0.005)


def test_a_feature_without_replicates_takes_no_interval_from_the_mean() -> None:
    plain = comparison.Compared(Likeness(0.8, 0.1), np.array([0.7, 0.8, 0.9]), 0)
    gaps = comparison.Compared(Likeness(0.6, 0.1), np.array([np.nan, np.nan, 0.6]), 0)
    gap = comparison.Compared(Likeness(0.6, 0.1), np.array([0.5, np.nan, 0.7]), 0)
    none = comparison.Compared(Likeness(None, None, "constant"), np.full(3, np.nan), 0)
    assert comparison._mean_replicates([plain, gaps, none]).tolist() == [0.7, 0.8, 0.9]
    assert comparison._mean_replicates([plain, gap]) == pytest.approx([0.6, 0.7, 0.8])


def test_no_replicates_give_no_intervals() -> None:
    found = comparison.compare(features_of(0), {"made": features_of(1)}, seed=0, replicates=0)["made"]
    assert found["pitch_count"]["low"] is found["mean_low"] is None
    assert found["mean_overlap"] is not None


def test_progress_is_told_after_each_of_the_nine_features() -> None:
    told: list[int] = []
    sets = {"made": features_of(1), "more": features_of(2)}
    comparison.compare(features_of(0), sets, seed=0, replicates=0, progress=lambda: told.append(1))
    assert len(told) == 9


def test_excerpts_without_a_value_are_left_out_and_counted() -> None:
    plain, missing = features_of(1), features_of(1)
    missing["pitch_interval"] = plain["pitch_interval"].copy()
    missing["pitch_interval"][:4] = np.nan
    found = comparison.compare(features_of(0), {"missing": missing}, seed=0, replicates=5)["missing"]
    assert found["pitch_interval"]["left_out"] == 4
    assert found["pitch_count"]["left_out"] == 0
    assert not math.isnan(known(found["pitch_interval"]["overlap"]))


def test_histograms_are_compared_by_their_shares() -> None:
    one = features_of(0)
    louder = {name: of * 3 if of.ndim > 1 else of for name, of in features_of(1).items()}
    sets = {"plain": features_of(1), "louder": louder}
    found = comparison.compare(one, sets, seed=0, replicates=0)
    assert found["plain"]["note_length_histogram"] == found["louder"]["note_length_histogram"]


def test_the_same_value_everywhere_is_said_and_not_averaged() -> None:
    flat = {name: np.ones_like(of) for name, of in features_of(0).items()}
    found = comparison.compare(features_of(0), {"flat": flat}, seed=0, replicates=5)["flat"]
    assert found["mean_overlap"] is not None
    every = comparison.compare(flat, {"flat": features_of(0)}, seed=0, replicates=5)["flat"]
    assert every["pitch_count"]["overlap"] is every["pitch_count"]["low"] is None
    assert every["pitch_count"]["reason"] == "all distances within sets are the same"


def test_a_set_without_excerpts_is_refused() -> None:
    with pytest.raises(CodecError, match="made: no excerpts"):
        comparison.compare(features_of(0), {"made": features_of(0, 0)}, seed=0, replicates=0)
