"""How alike are two sets of music, feature by feature?

After Yang & Lerch, *On the Evaluation of Generative Models in Music* (2020).

Conventions
-----------
A feature has one row per excerpt. The reference set's distances among itself (each pair once) are set beside its
distances to the other set (all pairs); if the other set is like it, the two are distributed alike. Distances are
Euclidean; histograms and matrices are divided by their sums first. Distributions are Gaussian kernel densities with
Scott's bandwidth, std(ddof=1) * n ** (-1/5):

overlap
    The integral of the lower of the two densities over the whole line, 0..1. (Yang & Lerch's OA; Pastore & Calcagni
    2019 have its properties.)
kl_nats
    Kullback-Leibler divergence of the distances between the sets from those within, in nats, over one support common to
    both; never negative.

Differs from the authors' toolbox (mgeval): there each density of the divergence has a grid of its own, so that a set
and the same set moved by 100 come out alike.

Where there is no density
-------------------------
Fewer than 3 distances, or all within 1e-9 of the largest: constant. Both constant and equal: overlap 1, divergence 0.
Both constant, different: 0 and infinity. One constant: None, with a `reason`. Excerpts whose feature is NaN are left
out and counted.

Densities are computed on a grid by linear binning and a convolution (Silverman 1982); far from all data, where a
convolution has rounding errors only, their logarithms are summed up.

Intervals are 95 % bootstrap intervals (Efron 1979) over excerpts: those of both sets are drawn anew with replacement,
and the distances of an excerpt to its own copies left out. A draw has fewer distinct excerpts than the set, so that its
overlap is lower on average; the draws are therefore moved until their mean is the figure itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import fft, special
from scipy.spatial.distance import cdist, pdist

from quartetvae.errors import CodecError
from quartetvae.metrics.figures import Feature, FeatureLikeness, SetLikeness

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEATURES: tuple[Feature, ...] = get_args(Feature)
"""What sets are compared by: Yang & Lerch's nine. (At one tempo, seconds say what beats say.)"""

REACH = 8.0
"""The grid goes so many bandwidths beyond the data, where a kernel is 1e-14 of its height."""

FINE, COARSE = 256, 16
"""Points of the grid to a bandwidth: for a figure, for a bootstrap replicate."""

MOST_POINTS = 1 << 18
"""Enough for values that lie 16,000 bandwidths apart (a replicate's); beyond, densities are as fine as that allows."""

ROUNDING, NEAR = 1e-14, 1e-9
"""Shares of a density's peak: below the first a convolution gives noise, above the second it is good for a logarithm.
"""

NEIGHBOURS, BLOCK = 1024, 4096

MIN_VALUES = 3
SPREAD = 1e-9


@dataclass(frozen=True)
class Likeness:
    """Two samples of distances compared; None where nothing can be said, with the reason."""

    overlap: float | None
    kl_nats: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Sample:
    """Values with weights, as a density: (n,) each."""

    values: Floats
    weights: Floats

    @property
    def bandwidth(self) -> float:
        """Scott's; the weights are how often each value was seen."""
        n = self.weights.sum()
        mean = self.weights @ self.values / n
        variance = self.weights @ np.square(self.values - mean) / (n - 1)
        return float(np.sqrt(variance) * n ** (-1 / 5))

    @property
    def is_constant(self) -> bool:
        """Whether it has no density."""
        seen = self.values[self.weights > 0]
        return bool(np.ptp(seen) <= SPREAD * np.abs(seen).max())

    @property
    def has_density(self) -> bool:
        """Whether there are values enough, and not all the same."""
        return bool(self.weights.sum() >= MIN_VALUES) and not self.is_constant


def likeness(within: Floats, between: Floats) -> Likeness:
    """Compute the overlap of the densities of two samples, and the divergence of the first from the second."""
    samples = [Sample(values, np.ones(len(values))) for values in (within, between)]
    if (fewest := min(len(within), len(between))) < MIN_VALUES:
        return Likeness(None, None, f"{fewest} distances; {MIN_VALUES} at least are needed")
    constant = [sample.is_constant for sample in samples]
    if all(constant):
        both = np.concatenate([within, between])
        return Likeness(1.0, 0.0) if Sample(both, np.ones(len(both))).is_constant else Likeness(0.0, float("inf"))
    if any(constant):
        return Likeness(None, None, f"all distances {'within' if constant[0] else 'between'} sets are the same")
    grid = _Grid.over(samples, FINE)
    densities = [grid.density(grid.binned(sample), sample.bandwidth) for sample in samples]
    return Likeness(grid.overlap(*densities), grid.divergence(densities[0], densities[1], samples[1]))


@dataclass(frozen=True)
class _Grid:
    """Evenly spaced points."""

    start: float
    step: float
    points: int

    @classmethod
    def over(cls, samples: list[Sample], to_a_bandwidth: int, widths: Sequence[float] = ()) -> "_Grid":
        """Lay a grid for the densities of these samples, and for others of their values with these bandwidths."""
        widths = [*widths, *(sample.bandwidth for sample in samples)]
        low, high = (pick(pick(sample.values) for sample in samples) for pick in (min, max))
        low, high = low - REACH * max(widths), high + REACH * max(widths)
        points = min(MOST_POINTS, int(to_a_bandwidth * (high - low) / min(widths)) + 2)
        return cls(float(low), float((high - low) / (points - 1)), points)

    def binned(self, sample: Sample) -> Floats:
        """Put the weights of a sample at the points, each value shared by the two next to it; they sum to 1."""
        place = (sample.values - self.start) / self.step
        left = place.astype(np.int64)
        right_share = place - left
        total = np.bincount(left, sample.weights * (1 - right_share), self.points)
        total += np.bincount(left + 1, sample.weights * right_share, self.points + 1)[: self.points]
        return np.asarray(total / sample.weights.sum())

    def density(self, binned: Floats, width: float) -> Floats:
        """Estimate the Gaussian kernel density at the points."""
        size = fft.next_fast_len(2 * self.points, real=True)
        frequency = 2 * np.pi * np.arange(size // 2 + 1) / (size * self.step)
        kernel = np.exp(-0.5 * np.square(frequency * width))
        return np.asarray(fft.irfft(fft.rfft(binned, size) * kernel, size)[: self.points] / self.step)

    def nearest(self, values: Floats) -> Ints:
        """Find the point nearest to each value."""
        return np.rint((values - self.start) / self.step).astype(np.int64)

    def density_of(self, places: Ints, weights: NDArray[Any]) -> Floats | None:
        """Estimate the density of values at points, with weights; None if they have none."""
        points: Floats = self.start + self.step * np.arange(self.points, dtype=np.float64)
        sample = Sample(points, np.asarray(np.bincount(places, weights, self.points), dtype=np.float64))
        if not sample.has_density:
            return None
        return self.density(sample.weights / sample.weights.sum(), sample.bandwidth)

    def log_density(self, places: Ints, sample: Sample) -> Floats:
        """Sum up logarithms of the density at some points, kernel by kernel: they do not run out of digits."""
        binned, width = self.binned(sample), sample.bandwidth
        taken = np.flatnonzero(binned)
        # Far from the data, kernels beyond the nearest ones are lost in rounding.
        count = min(len(taken), NEIGHBOURS)
        first = np.clip(np.searchsorted(taken, places) - count // 2, 0, len(taken) - count)
        result = np.empty(len(places))
        for start in range(0, len(places), BLOCK):
            block = slice(start, start + BLOCK)
            near = taken[first[block, np.newaxis] + np.arange(count)]
            away = (places[block, np.newaxis] - near) * self.step / width
            result[block] = special.logsumexp(np.log(binned[near]) - 0.5 * np.square(away), axis=1)
        return np.asarray(result - np.log(width * np.sqrt(2 * np.pi)))

    def overlap(self, one: Floats, other: Floats) -> float:
        """Compute the integral of the lower density, by the trapezoid rule."""
        return float(np.clip(np.trapezoid(np.minimum(one, other), dx=self.step), 0.0, 1.0))

    def divergence(self, one: Floats, other: Floats, sample: Sample) -> float:
        """Compute KL(one || other), by the trapezoid rule; `sample` is what `other` is the density of."""
        counts = one > ROUNDING * one.max()
        far = counts & (other < NEAR * other.max())
        logs = np.log(np.where(counts & ~far, other, 1.0))
        logs[far] = self.log_density(np.flatnonzero(far), sample)
        integrand = np.where(counts, one * (np.log(np.where(counts, one, 1.0)) - logs), 0.0)
        return max(0.0, float(np.trapezoid(integrand, dx=self.step)))


def normalised(values: Floats) -> Floats:
    """Put features into rows (excerpts, numbers): histograms and matrices divided by their sums, NaN without any."""
    rows = values.reshape(len(values), -1)
    if rows.shape[1] == 1:
        return rows
    total = rows.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(rows, total, out=np.full(rows.shape, np.nan), where=total > 0))


@dataclass(frozen=True)
class Compared:
    """One feature of one set beside the reference: the figures, and the overlap in each bootstrap replicate."""

    likeness: Likeness
    replicates: Floats
    left_out: int
    """Excerpts of the set without a value."""

    def figures(self) -> FeatureLikeness:
        """Give `overlap`, `kl_nats`, `low` and `high` of the overlap, `left_out`; a `reason` where there are none."""
        low, high = interval(self.likeness.overlap, self.replicates)
        kl, reason = self.likeness.kl_nats, self.likeness.reason
        if kl is not None and np.isinf(kl):  # which JSON does not know
            kl, reason = None, "infinite divergence: each set's distances are the same, the two are not"
        values = FeatureLikeness(overlap=self.likeness.overlap, kl_nats=kl, low=low, high=high, left_out=self.left_out)
        if reason is not None:
            values["reason"] = reason
        return values


def interval(overlap: float | None, replicates: Floats, *, highest: float = 1.0) -> tuple[float | None, float | None]:
    """Find the middle 95 % of bootstrap replicates, moved to the overlap; None if half of them or more gave nothing.

    Any other figure, too, from 0 to `highest`.
    """
    known = replicates[~np.isnan(replicates)]
    if overlap is None or 2 * len(known) <= len(replicates):
        return None, None
    low, high = np.clip(overlap + np.quantile(known, [0.025, 0.975]) - known.mean(), 0.0, highest)
    return float(low), float(high)


def compare(
    reference: Mapping[str, Floats],
    sets: Mapping[str, Mapping[str, Floats]],
    *,
    seed: int,
    replicates: int,
    progress: Callable[[], object] = lambda: None,
) -> dict[str, SetLikeness]:
    """Set each set beside the reference, by the features of `FEATURES`.

    Parameters
    ----------
    reference, sets
        By feature, one row per excerpt; as `features.features` gives them.
    seed, replicates
        Of the bootstrap; 0 replicates give no intervals.
    progress
        Called after each feature.

    Returns
    -------
    dict
        For each set, `excerpts`, for each feature what `Compared.figures` says, and `mean_overlap` with `low` and
        `high` as `mean_low` and `mean_high`, over the features that have one.

    Raises
    ------
    CodecError
        If a set has no excerpts.
    """
    sizes = {"the reference": _size(reference), **{name: _size(rows) for name, rows in sets.items()}}
    if empty := [name for name, size in sizes.items() if not size]:
        raise CodecError(f"{', '.join(empty)}: no excerpts; two in each set are needed to compare.")
    rng = np.random.default_rng(seed)
    drawn = {name: rng.multinomial(size, np.full(size, 1 / size), replicates) for name, size in sizes.items()}
    found: dict[str, dict[str, Compared]] = {name: {} for name in sets}
    for feature in FEATURES:
        rows = {name: normalised(features[feature]) for name, features in {"the reference": reference, **sets}.items()}
        for name, compared in _compare_feature(rows, drawn).items():
            found[name][feature] = compared
        progress()
    return {name: _summary(sizes[name], compared) for name, compared in found.items()}


def _summary(excerpts: int, features: Mapping[str, Compared]) -> SetLikeness:
    overlaps = [one.likeness.overlap for one in features.values() if one.likeness.overlap is not None]
    mean = float(np.mean(overlaps)) if overlaps else None
    low, high = interval(mean, _mean_replicates(list(features.values())))
    figures = {name: one.figures() for name, one in features.items()}
    # Features are in their order, and all of them are there.
    return cast(
        SetLikeness,
        {"excerpts": excerpts, **figures, "mean_overlap": mean, "mean_low": low, "mean_high": high},
    )


def _mean_replicates(features: Sequence[Compared]) -> Floats:
    """Average the overlap in each replicate, of the features that have one in most; a gap is filled by their mean."""
    every = [
        compared.replicates
        for compared in features
        if compared.likeness.overlap is not None and compared.replicates.size
    ]
    known = [overlaps for overlaps in every if 2 * np.isnan(overlaps).sum() < len(overlaps)]
    if not known:
        return np.zeros(0)
    return np.asarray(
        np.mean([np.where(np.isnan(overlaps), np.nanmean(overlaps), overlaps) for overlaps in known], axis=0)
    )


def _size(features: Mapping[str, Floats]) -> int:
    return len(features[FEATURES[0]])


def _compare_feature(rows: Mapping[str, Floats], drawn: Mapping[str, Ints]) -> dict[str, Compared]:
    """Compare one feature of every set with the first; `drawn` says how often an excerpt is in a replicate."""
    known = {name: ~np.isnan(values).any(axis=1) for name, values in rows.items()}
    kept = {name: values[known[name]] for name, values in rows.items()}
    times = {name: counts[:, known[name]] for name, counts in drawn.items()}
    reference, *others = rows
    within = pdist(kept[reference])
    between = {name: cdist(kept[reference], kept[name]).ravel() for name in others}
    replicates = _replicates(within, between, times.pop(reference), times)
    return {
        name: Compared(likeness(within, between[name]), replicates[name], int((~known[name]).sum())) for name in others
    }


def _replicates(
    within: Floats, between: Mapping[str, Floats], one: Ints, others: Mapping[str, Ints]
) -> dict[str, Floats]:
    """Find each set's overlap in each bootstrap replicate; how often an excerpt is in it say `one` and `others`.

    Those are (replicates, n). All sets have one grid, so that the reference's density is made once a replicate.
    """
    found = {name: np.full(len(one), np.nan) for name in between}
    reference, *samples = (Sample(values, np.ones(len(values))) for values in (within, *between.values()))
    dense = {name: sample for name, sample in zip(between, samples, strict=True) if sample.has_density}
    if not reference.has_density:
        dense = {}
    for name in between.keys() - dense.keys():
        if (overlap := likeness(within, between[name]).overlap) is not None:
            found[name][:] = overlap
    if not dense:
        return found
    first, second = np.triu_indices(one.shape[1], 1)
    # A replicate may leave an outlier out, and then have far narrower a density than the whole sample.
    drawn = (Sample(within, of_one[first] * of_one[second]) for of_one in one)
    widths = [sample.bandwidth for sample in drawn if sample.has_density]
    grid = _Grid.over([reference, *dense.values()], COARSE, widths)
    places = {name: grid.nearest(sample.values) for name, sample in dense.items()}
    places_within = grid.nearest(within)
    for replicate, of_one in enumerate(one):
        expected = grid.density_of(places_within, of_one[first] * of_one[second])
        for name, at in places.items():
            density = grid.density_of(at, np.outer(of_one, others[name][replicate]).ravel())
            if expected is not None and density is not None:
                found[name][replicate] = grid.overlap(expected, density)
    return found
