"""What our measures say of an excerpt: a number each.

Conventions
-----------
An excerpt is a part array of whole beats, uint8 (steps, columns), on the models' grid, its parts assigned as
`stimuli` says. Tempo counts for nothing: time is in beats. What is defined on phrases is a mean over those of four
beats that tile the excerpt, what is defined on longer music one over segments of `SEGMENT` beats; those in which
nothing begins are left out. `ABOUT` says of each measure what it is and where it is defined.

Of the measures that learned from music:

composer
    Windows overlap by half: of each the second half is asked for, its first half known, of the first one all. So each
    beat is counted once, most of them after eight beats or more of the excerpt.
real_by_classifier
    The trees of `metrics.two_sample` learn to tell phrases of held-out quartets from those of machines, as many of
    each, and give the probability that a phrase is real. For an excerpt of a machine that machine's excerpts are left
    out, so nothing of its source was learned.
distance_to_real
    What Yang & Lerch's overlap is made of: the distance between the excerpt's features and those of held-out real
    segments, for each of the nine features in units of the mean distance of real ones from each other; their mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import cdist, pdist
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from quartetvae.composing import originality
from quartetvae.composing.originality import Index
from quartetvae.corpus import phrases
from quartetvae.errors import DatasetError
from quartetvae.latent import codes, neighbours
from quartetvae.metrics import attributes, comparison, features, paper, reconstruction, sixteenths, tonality, two_sample
from quartetvae.metrics.bigram import Bigram
from quartetvae.model.autoencoder import Autoencoder
from quartetvae.model.composer import Composer
from quartetvae.music import codec
from quartetvae.music.codec import Tokens
from quartetvae.music.ensemble import VOICES
from quartetvae.music.quartet import TEMPO_QPM, Grid

Floats = NDArray[np.float64]

SEGMENT = 16
"""Beats."""

ABOUT = {
    "scale_consistency": "scale consistency of phrases (metrics/tonality.py); chromaticism is 1 less this",
    "scale_consistency_long": "scale consistency of segments (metrics/tonality.py)",
    "dissonant": "share of sounding pairs of parts that are dissonant (metrics/two_sample.py)",
    "note_density": "notes per beat (metrics/attributes.py)",
    "register": "mean pitch (metrics/attributes.py)",
    "syncopation": "share of notes that are syncopated (metrics/attributes.py)",
    "rhythmic_unison": "how many other parts begin a note with one (metrics/attributes.py)",
    "distinct_pitches": "distinct pitches of a phrase, median (metrics/paper.py)",
    "same_pitch_class": "share of transitions on one pitch class (metrics/paper.py)",
    "pitch_range": "pitch range of segments, semitones (metrics/features.py)",
    "pitch_interval": "mean interval from note to note, semitones (metrics/features.py)",
    "inter_onset_interval": "mean time from onset to onset, beats (metrics/features.py)",
    "pitch_class_entropy": "entropy of the pitch class histogram, nats (metrics/features.py)",
    "pitch_class_transition_entropy": "entropy of the pitch class transition matrix, nats (metrics/features.py)",
    "note_length_entropy": "entropy of the note length histogram, nats (metrics/features.py)",
    "note_length_transition_entropy": "entropy of the note length transition matrix, nats (metrics/features.py)",
    "distance_to_real": "distance to real segments, mean of nine features (metrics/features.py, comparison.py)",
    "real_by_classifier": "probability of being real, by a classifier (metrics/two_sample.py)",
    "originality": "share of one-beat windows that training did not have (composing/originality.py)",
    "bigram_nats": "bigram model, nats per phrase (metrics/bigram.py)",
    "bigram_nats_per_note": "bigram model, nats per note (metrics/bigram.py)",
    "vae_kl_nats": "VAE: divergence from the prior, nats per phrase (latent/codes.py)",
    "vae_reconstruction_nats": "VAE: reconstruction loss, nats per phrase (latent/codes.py)",
    "vae_elbo_nats_per_note": "VAE: negative ELBO, nats per note (latent/codes.py)",
    "vae_onset_f1": "VAE: onset F1 of the reconstruction (metrics/reconstruction.py)",
    "vae_neighbour_distance": "VAE: distance of a phrase's code to the nearest of the corpus (latent/neighbours.py)",
    "composer_nats_per_beat": "composer, nats per beat (model/composer.py)",
    "composer_nats_per_note": "composer, nats per note (model/composer.py)",
}
"""Of each measure what it is, its unit, and where it is defined, below quartetvae/.

Not the share of copied windows: it says which excerpts training had, and is 0 for the others.
"""

ENTROPIES = {
    "pitch_class_histogram": "pitch_class_entropy",
    "pitch_class_transition_matrix": "pitch_class_transition_entropy",
    "note_length_histogram": "note_length_entropy",
    "note_length_transition_matrix": "note_length_transition_entropy",
}


@dataclass(frozen=True)
class Models:
    """What learned from the corpus: networks, a bigram model, the windows of training, and the file of its codes."""

    autoencoder: Autoencoder
    composer: Composer
    bigram: Bigram
    index: Index
    corpus: Path

    @property
    def grid(self) -> Grid:
        """The grid of all of them."""
        return self.autoencoder.architecture.grid


def of_excerpt(tokens: Tokens, models: Models) -> dict[str, float]:
    """Take all measures of an excerpt alone: those of `ABOUT` but two, and `copied`, which tells what training had."""
    return {
        **of_notes(tokens, models.grid),
        **of_training(tokens, models),
        **of_autoencoder(tokens, models),
        **of_composer(tokens, models.composer),
    }


def tiles(tokens: Tokens, grid: Grid, *, beats: int) -> Tokens:
    """Cut an excerpt into phrases or segments, (n, steps, columns), without those in which nothing begins."""
    steps = beats * grid.steps_per_beat
    cut = phrases.cut(tokens, range(0, len(tokens), steps), steps, alphabet=grid.alphabet, boundary="held")
    return cut[codec.onset_mask(cut, grid.alphabet).any(axis=(1, 2))]


def segments(tokens: Tokens, grid: Grid) -> Tokens:
    """Cut an excerpt into its segments; one that is cut short counts only if there is no other."""
    whole = len(tokens) // (SEGMENT * grid.steps_per_beat) * SEGMENT * grid.steps_per_beat
    return tiles(tokens[:whole] if whole else tokens, grid, beats=SEGMENT)


PHRASE = 4
"""Beats of a phrase, where no model says."""


def of_notes(tokens: Tokens, grid: Grid) -> dict[str, float]:
    """Take the measures that count notes and know no corpus."""
    short, long, alphabet = tiles(tokens, grid, beats=PHRASE), segments(tokens, grid), grid.alphabet
    rounded = sixteenths.of_phrases(short, alphabet, steps_per_beat=grid.steps_per_beat)
    told = paper.figures(short, alphabet)
    found = {
        "scale_consistency": mean(tonality.scale_consistency(short, alphabet)),
        "scale_consistency_long": mean(tonality.scale_consistency(long, alphabet)),
        "dissonant": mean(two_sample.dissonant(rounded, alphabet)),
        "distinct_pitches": _number(told["distinct_pitches_median"]),
        "same_pitch_class": _number(told["same_pitch_class_share"]),
    }
    for name in ("note_density", "register", "syncopation", "rhythmic_unison"):
        found[name] = mean(attributes.ATTRIBUTES[name](short, alphabet, grid.steps_per_beat))
    counted = of_segments(long, grid)
    found["pitch_range"] = mean(counted["pitch_range"])
    found["pitch_interval"] = mean(counted["pitch_interval"])
    found["inter_onset_interval"] = mean(counted["inter_onset_interval_beats"])
    for feature, name in ENTROPIES.items():
        shares = comparison.normalised(counted[feature])
        found[name] = mean(stats.entropy(shares, axis=1))
    return found


def of_segments(long: Tokens, grid: Grid) -> dict[str, Floats]:
    """Compute Yang & Lerch's features of segments (n, steps, columns)."""
    table = features.of_phrases(long, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=TEMPO_QPM)
    return features.features(table)


def of_training(tokens: Tokens, models: Models) -> dict[str, float]:
    """Hold an excerpt against what training had: windows, and a bigram model of phrases."""
    grid = models.grid
    short = tiles(tokens, grid, beats=models.autoencoder.architecture.form.beats_per_phrase)
    found = originality.measure(models.index, tokens, grid, phrase_beats=PHRASE)
    nats = models.bigram.nats(short)
    return {
        "originality": _number(found.originality),
        "copied": _number(found.copied),
        "bigram_nats": float(nats.mean()),
        "bigram_nats_per_note": float(nats.sum() / _notes(short, grid)),
    }


def of_autoencoder(tokens: Tokens, models: Models) -> dict[str, float]:
    """Ask the autoencoder: how dear are the phrases, do they come back, how near is the corpus?"""
    model, grid = models.autoencoder, models.grid
    short = tiles(tokens, grid, beats=model.architecture.form.beats_per_phrase)
    posterior = model.encode(short)
    bounds = codes.bounds(model, short, posterior, rng=np.random.default_rng(0))
    back = reconstruction.onset_scores(short, model.decode(posterior[0]), grid.alphabet)
    near = neighbours.nearest_in(models.corpus, posterior[0])
    return {
        "vae_kl_nats": float(bounds["kl_nats"].mean()),
        "vae_reconstruction_nats": float(bounds["reconstruction_nats"].mean()),
        "vae_elbo_nats_per_note": float(-bounds["elbo_nats"].sum() / _notes(short, grid)),
        "vae_onset_f1": _number(back.f1),
        "vae_neighbour_distance": float(np.mean([one.distance for one in near])),
    }


def of_composer(tokens: Tokens, composer: Composer) -> dict[str, float]:
    """Ask the composer how many nats an excerpt costs, everything unknown, beat after beat."""
    form = composer.architecture
    grid, per_beat = form.grid, form.grid.steps_per_beat
    beats = len(tokens) // per_beat
    places = windows(beats, form.beats)
    steps = min(beats, form.beats) * per_beat
    starts = [start * per_beat for start, _ in places]
    cut = phrases.cut(tokens, starts, steps, alphabet=grid.alphabet, boundary="held")
    unknown = np.zeros((*cut.shape[:2], VOICES), np.bool_)
    for window, (start, first) in zip(unknown, places, strict=True):
        window[(first - start) * per_beat :] = True
    nats = float(composer.nats(cut, unknown).sum())
    notes = int(codec.onset_mask(tokens, grid.alphabet).sum())
    return {"composer_nats_per_beat": nats / beats, "composer_nats_per_note": nats / notes}


def windows(beats: int, length: int) -> list[tuple[int, int]]:
    """List for each window the beat it begins with and the first that it is asked for; so each beat is asked for once.

    >>> windows(21, 8)
    [(0, 0), (4, 8), (8, 12), (12, 16), (13, 20)]
    """
    last = max(0, beats - length)
    starts = [*range(0, last, length // 2), last]
    ends = [0, *(start + length for start in starts[:-1])]
    return list(zip(starts, ends, strict=True))


def of_real_music(
    excerpts: Sequence[Tokens], sources: Sequence[str], real: Sequence[Tokens], grid: Grid, *, people: Sequence[str]
) -> dict[str, Floats]:
    """Compare excerpts with held-out real ones: `real_by_classifier` and `distance_to_real`, (excerpts,) each.

    Parameters
    ----------
    people
        The sources whose music is no machine's.

    Raises
    ------
    DatasetError
        If there are not two sources of machines, of which one is left to learn from, and some real music.
    """
    machines = sorted(set(sources) - set(people))
    if len(machines) < 2 or not real:
        raise DatasetError(
            f"stimuli of the machines {', '.join(machines) or 'none'} and {len(real)} real excerpts found; two "
            "machines and a real excerpt at least are needed to learn what is real."
        )
    return {
        "distance_to_real": _distance_to_real(excerpts, real, grid),
        "real_by_classifier": _probability_of_real(excerpts, sources, real, grid, machines),
    }


def _distance_to_real(excerpts: Sequence[Tokens], real: Sequence[Tokens], grid: Grid) -> Floats:
    reference = of_segments(np.concatenate([segments(tokens, grid) for tokens in real]), grid)
    rows = {name: _known(comparison.normalised(reference[name])) for name in comparison.FEATURES}
    # What is the same in all real music has no unit, and is left out.
    units = {name: unit for name, values in rows.items() if (unit := mean(pdist(values))) > 0}
    found = []
    for tokens in excerpts:
        own = of_segments(segments(tokens, grid), grid)
        away = {name: cdist(_known(comparison.normalised(own[name])), rows[name]) for name in units}
        found.append(mean(np.array([mean(away[name].ravel()) / unit for name, unit in units.items()])))
    return np.array(found)


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values).any(axis=1)]


def _probability_of_real(
    excerpts: Sequence[Tokens], sources: Sequence[str], real: Sequence[Tokens], grid: Grid, machines: Sequence[str]
) -> Floats:
    def counted(tokens: Tokens) -> Floats:
        rounded = sixteenths.of_phrases(
            tiles(tokens, grid, beats=PHRASE), grid.alphabet, steps_per_beat=grid.steps_per_beat
        )
        return two_sample.features(rounded, grid.alphabet)

    own, of_real = [counted(tokens) for tokens in excerpts], np.concatenate([counted(tokens) for tokens in real])
    found = np.zeros(len(excerpts))
    left_out = [name if name in machines else "" for name in sources]
    with threadpool_limits(1, user_api="openmp"):
        for absent in sorted(set(left_out)):
            made = np.concatenate(
                [rows for rows, name in zip(own, sources, strict=True) if name in machines and name != absent]
            )
            rng = np.random.default_rng(0)
            count = min(len(made), len(of_real))
            both = [rows[rng.choice(len(rows), count, replace=False)] for rows in (of_real, made)]
            trees = HistGradientBoostingClassifier(**two_sample.TREES, random_state=0)
            trees.fit(np.concatenate(both), np.arange(2 * count) < count)
            for place in [place for place, name in enumerate(left_out) if name == absent]:
                found[place] = trees.predict_proba(own[place])[:, 1].mean()
    return found


def _notes(short: Tokens, grid: Grid) -> int:
    """Count the notes that begin in phrases."""
    return int(codec.onset_mask(short, grid.alphabet).sum())


def mean(values: Floats) -> float:
    """Average the values that are not NaN; NaN if there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
