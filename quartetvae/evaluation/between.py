"""What lies between two phrases, beside real music: by models, and by tricks that need none.

Conventions
-----------
Random pairs of held-out phrases of different pieces, A and B; from each pair every way makes one phrase. `real` is A
itself, `training` real music that was trained on: the ceilings. All are held against further held-out phrases, none of
which is an A. Figures are those of `quartetvae.metrics`; what `two_sample` measures is on the grid of sixteenths, the
rest on the model's own. A set's phrases belong to the piece of their A, those of `training` to their own; intervals are
of the middle 95 % of a bootstrap over pieces.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quartetvae.composing import exchange, keys, originality
from quartetvae.composing.exchange import Manner
from quartetvae.composing.originality import Index
from quartetvae.config import PathKind
from quartetvae.corpus.records import PhraseSet, join
from quartetvae.errors import DatasetError
from quartetvae.latent import codes, paths
from quartetvae.metrics import bigram, comparison, interpolation, sixteenths, two_sample
from quartetvae.metrics.figures import BetweenFigures, KeptOnsets, ToldApart
from quartetvae.metrics.tonality import scale_consistency
from quartetvae.model.autoencoder import Autoencoder, Codes
from quartetvae.model.composer import Composer
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import VOICES


@dataclass(frozen=True)
class Ends:
    """Pairs of phrases A and B (pairs, steps, columns), and their codes, the posteriors' means (pairs, latent_dim)."""

    a: Tokens
    b: Tokens
    z_a: Codes
    z_b: Codes
    alphabet: Alphabet

    def in_key(self, model: Autoencoder) -> "Ends":
        """Move each B to the key of its A."""
        b = keys.to_key(self.b, self.a, self.alphabet)
        return replace(self, b=b, z_b=model.encode(b)[0])


Make = Callable[[Autoencoder, Ends, np.random.Generator], Tokens]


@dataclass(frozen=True)
class Way:
    """How a phrase is made of each pair."""

    make: Make
    in_key: bool = False
    """Whether B is moved to A's key first, with a code of its own there."""


def _reconstructed(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
    return model.decode(ends.z_a)


def _sampled(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
    return model.decode(codes.encode(model, ends.a, decode="sample", rng=rng))


def on_path(kind: PathKind, quarters: int) -> Make:
    """Make the point so many quarters of the way from A to B."""

    def point(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
        return model.decode(paths.between(ends.z_a, ends.z_b, points=5, kind=kind)[:, quarters])

    return point


def _crossfaded(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
    return interpolation.crossfade(ends.a, ends.b, np.array([0.5]), rng=rng)[:, 0]


def _parts(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
    """Take each part, its second notes too, from A or B by coin."""
    from_b = np.tile(rng.random((len(ends.a), 1, VOICES)) < 0.5, ends.a.shape[2] // VOICES)
    return np.where(from_b, ends.b, ends.a)


def _halves(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
    """Take the first half of A and the second of B; what B holds there is struck."""
    half = ends.a.shape[1] // 2
    steps = np.arange(half + 1)[:, np.newaxis]
    before = ends.b[:, : half + 1]
    spoken = np.maximum.accumulate(np.where(before != ends.alphabet.sustain, steps, 0), axis=1)[:, -1:]
    seam = np.take_along_axis(before, spoken, axis=1)
    seam = np.where(seam >= ends.alphabet.held, seam - ends.alphabet.held, seam).astype(np.uint8)
    return np.concatenate([ends.a[:, :half], seam, ends.b[:, half + 1 :]], axis=1)


WAYS: Mapping[str, Way] = {
    "reconstructions": Way(_reconstructed),
    "posterior_sample": Way(_sampled),
    "linear_quarter": Way(on_path("linear", 1)),
    "linear_half": Way(on_path("linear", 2)),
    "spherical_quarter": Way(on_path("spherical", 1)),
    "spherical_half": Way(on_path("spherical", 2)),
    "crossfade": Way(_crossfaded),
    "parts": Way(_parts),
    "parts_in_key": Way(_parts, in_key=True),
    "halves": Way(_halves),
}
"""By name; another one needs a line here, and stands in the figures and the picture."""

OF_COMPOSER = ("exchange_quarter", "exchange_half", "infilled", "harmonised", "composed")
"""Ways of a composer, see `by_composer`."""

NAMES = ("real", *WAYS, *OF_COMPOSER, "prior", "training")
"""All sets, in the order in which they are measured; without a composer those of one are left out."""


def by_composer(composer: Composer, *, seed: int) -> dict[str, Way]:
    """List the ways that ask a composer.

    `exchange_quarter`, `exchange_half`: paths by exchange. Of A alone: `infilled`, its middle half composed;
    `harmonised`, the three lower parts; `composed`, all of it, from nothing.
    """

    def exchanged(share: float) -> Make:
        def make(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
            return exchange.between(composer, ends.a, ends.b, [share], Manner(seed=seed))[:, 0]

        return make

    def filled(steps: slice, parts: slice) -> Make:
        def make(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
            unknown = np.zeros((*ends.a.shape[:2], VOICES), np.bool_)
            unknown[:, steps, parts] = True
            return composer.fill(ends.a, unknown, seed=seed)

        return make

    def infilled(model: Autoencoder, ends: Ends, rng: np.random.Generator) -> Tokens:
        quarter = ends.a.shape[1] // 4
        return filled(slice(quarter, -quarter), slice(None))(model, ends, rng)

    lower, everything = slice(1, None), slice(None)
    makes = (exchanged(0.25), exchanged(0.5), infilled, filled(everything, lower), filled(everything, everything))
    return {name: Way(make, in_key=name.startswith("exchange")) for name, make in zip(OF_COMPOSER, makes, strict=True)}


def held_out(test: PhraseSet, validation: PhraseSet) -> PhraseSet:
    """Choose the phrases that pairs are drawn from: of the test pieces, with those for validation if there is but one.

    Of one piece there are no pairs; small corpora hold out no more.
    """
    return test if len(set(test.pieces.tolist())) > 1 else join([test, validation])


@dataclass(frozen=True)
class Drawn:
    """Rows of the held-out phrases: those of pairs, each A beside its B, and as many to hold all against."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    reference: NDArray[np.int64]


def draw(held_out: PhraseSet, *, pairs: int, rng: np.random.Generator) -> Drawn:
    """Draw pairs of phrases of different pieces, or as many as half the phrases allow.

    Raises
    ------
    DatasetError
        If the phrases are not of two pieces at least.
    """
    pieces = held_out.pieces
    if len(held_out) < 2 or len(set(pieces.tolist())) < 2:
        raise DatasetError(
            f"evaluate.pairs: {len(held_out)} held-out phrases of {len(set(pieces.tolist()))} piece(s); pairs need "
            "phrases of two pieces: make split.test or split.validation larger."
        )
    order = rng.permutation(len(pieces))
    count = min(pairs, len(pieces) // 2)
    a, reference = order[:count], order[count : 2 * count]
    b = rng.integers(len(pieces), size=count)
    while (same := pieces[a] == pieces[b]).any():
        b[same] = rng.integers(len(pieces), size=int(same.sum()))
    return Drawn(a, b, reference)


def figures(
    model: Autoencoder,
    composer: Composer | None,
    held_out: PhraseSet,
    training: PhraseSet,
    index: Index,
    *,
    pairs: int,
    temperature: float,
    replicates: int,
    seed: int,
    ways: Mapping[str, Way] | None = None,
    progress: Callable[[], object] = lambda: None,
) -> BetweenFigures:
    """Measure every set: its figures in metrics/evaluate.json.

    Parameters
    ----------
    composer
        On the model's grid; without one its ways are left out.
    held_out, training
        Phrases that were never trained on, of two pieces at least; all phrases of training.
    index
        The windows of training, by which copies are known.
    pairs, temperature
        How many pairs, or as many as there are phrases for; at which temperature the prior is decoded.
    replicates, seed
        Of the bootstrap, 0 gives no intervals; of everything that is drawn.
    ways
        Measured in place of `WAYS` and those of the composer; `real`, `prior` and `training` stand beside them.
    progress
        Called after each set.
    """
    model.architecture.check(held_out)
    grid, rng = model.architecture.grid, np.random.default_rng(seed)
    drawn = draw(held_out, pairs=pairs, rng=rng)
    count, pieces = len(drawn.a), held_out.pieces[drawn.a]
    a, b, reference = (held_out.tokens[rows] for rows in (drawn.a, drawn.b, drawn.reference))
    free = Ends(a, b, model.encode(a)[0], model.encode(b)[0], grid.alphabet)
    moved = free.in_key(model)
    likelihood = bigram.fit(training.tokens, grid.alphabet)
    # Where no phrase of training holds a note from before, one that holds it is heard as if it struck it.
    holds = bool((training.tokens >= grid.alphabet.held).any())
    own_keys = training.take(training.semitones == 0)
    seen = own_keys.take(rng.choice(len(own_keys), min(count, len(own_keys)), replace=False))

    def rounded(phrases: Tokens) -> Tokens:
        return sixteenths.of_phrases(phrases, grid.alphabet, steps_per_beat=grid.steps_per_beat)

    real = rounded(reference)
    of_real = held_out.pieces[drawn.reference]
    found = BetweenFigures(
        pairs=count,
        two_sample={},
        kept={},
        dissonant={},
        scale_consistency={},
        bigram_nats={},
        originality={},
        copied={},
    )

    def measure(name: str, phrases: Tokens, groups: NDArray[np.object_], ends: Ends | None) -> None:
        coarse = rounded(phrases)
        scores = two_sample.told_apart(real, of_real, coarse, groups, grid.alphabet, seed=seed)
        found["two_sample"][name] = _told_apart(scores, replicates, seed)
        if ends is not None:
            found["kept"][name] = KeptOnsets(
                a=two_sample.kept(coarse, rounded(ends.a), grid.alphabet),
                b=two_sample.kept(coarse, rounded(ends.b), grid.alphabet),
            )
        found["dissonant"][name] = two_sample.dissonant_share(coarse, grid.alphabet)
        consistent = scale_consistency(phrases, grid.alphabet)
        known = consistent[~np.isnan(consistent)]
        found["scale_consistency"][name] = float(known.mean()) if known.size else None
        known_kinds = phrases if holds else codec.struck(phrases, grid.alphabet)
        found["bigram_nats"][name] = float(likelihood.nats(known_kinds).mean())
        memorised = originality.memorised(index, phrases, grid)
        found["originality"][name], found["copied"][name] = memorised.originality, memorised.copied
        progress()

    measure("real", a, pieces, free)
    if ways is None:
        ways = {**WAYS, **(by_composer(composer, seed=seed) if composer else {})}
    for name, way in ways.items():
        ends = moved if way.in_key else free
        measure(name, way.make(model, ends, rng), pieces, ends)
    z = codes.sample_prior(count, model.architecture.network.latent_dim, rng=rng)
    measure("prior", model.decode(z, temperature=temperature, seed=seed + 1), pieces, free)
    measure("training", seen.tokens, seen.pieces, None)
    return found


def _told_apart(scores: two_sample.Scores | None, replicates: int, seed: int) -> ToldApart:
    if scores is None:
        return ToldApart(auc=None, low=None, high=None)
    auc = scores.auc()
    low, high = comparison.interval(auc, scores.replicates(replicates, rng=np.random.default_rng(seed)))
    return ToldApart(auc=auc, low=low, high=high)
