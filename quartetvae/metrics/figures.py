"""What the files of metrics/ hold, as types: a key renamed where it is written is a type error where it is read.

A share is 0..1; None stands where there was nothing to count. Definitions are where the figures are made, which each
class names.
"""

from typing import Literal, NotRequired, TypedDict

# metrics/filter.json: quartetvae.corpus.survey


class FilterCounts(TypedDict):
    """Files, and works among those selected."""

    files_read: int
    unreadable: int
    quartets: int
    duplicates: int
    selected: int
    works: int


class Losses(TypedDict):
    """What becomes of the notes of the selected files on the grid."""

    notes: int
    notes_dropped_from_chords: int
    notes_merged_on_grid: int
    notes_moved_into_range: int


class SourceFilterCounts(FilterCounts, Losses):
    """Those of one source."""

    composers: int
    beats: float
    left_out: dict[str, int]
    """Notes that were not read on purpose, by kind."""
    refused: dict[str, int]
    """Files that are no quartets or cannot be read, by reason."""


class Edition(TypedDict):
    """An edition of a work that another source has, too."""

    composer: str
    work: str
    files_used: int
    duplicates: int
    share_lowest: float | None
    share_highest: float | None
    """Of windows that its duplicates have in common with the files used in their place."""


class SharedWork(TypedDict):
    """A work of which several sources have files."""

    composer: str
    work: str
    """As its preferred source calls it."""
    editions: dict[str, Edition]
    """By source, the preferred one first."""


class FilterFigures(FilterCounts):
    """metrics/filter.json."""

    composers: dict[str, FilterCounts]
    sources: dict[str, SourceFilterCounts]
    works_in_several_sources: dict[str, SharedWork]


# metrics/encode.json: quartetvae.corpus.encoding


class SplitCounts(TypedDict):
    """What is in one split."""

    works: int
    pieces: int
    steps: int
    beats: int


class SourceEncodeCounts(Losses):
    """The pieces of one source."""

    works: int
    composers: int
    pieces: int
    steps: int
    beats: int
    splits: dict[str, SplitCounts]


class EncodeFigures(Losses):
    """metrics/encode.json."""

    pieces: int
    steps: int
    phrases: int
    beats: int
    alphabet: int
    symbols_used: int
    pitch_lowest: int
    pitch_highest: int
    onsets_off_grid_share: float
    splits: dict[str, SplitCounts]
    sources: dict[str, SourceEncodeCounts]


# metrics/augment.json: quartetvae.corpus.phrases


class SourcePhraseCounts(TypedDict):
    """The phrases of one source in a split."""

    phrases: int
    windows: int
    pieces: int


class PhraseCounts(SourcePhraseCounts):
    """The phrases of one split; metrics/augment.json has them by split."""

    sources: dict[str, SourcePhraseCounts]


# metrics/train.json: quartetvae.training.loop


class TrainFigures(TypedDict):
    """metrics/train.json; losses in nats per phrase."""

    parameters: int
    phrases: int
    epoch_phrases: int
    """After how many of them an epoch ends."""
    epochs: int
    best_epoch: int
    stopped: Literal["epochs", "patience"]
    loss: float
    reconstruction: float
    kl: float
    val_loss: float
    val_reconstruction: float
    val_kl: float


class ComposeFigures(TypedDict):
    """metrics/compose.json; losses in nats per beat of a part, of what is unknown."""

    parameters: int
    windows: int
    epochs: int
    best_epoch: int
    stopped: Literal["epochs", "patience"]
    loss: float
    val_loss: float


# metrics/reconstruct.json: quartetvae.metrics.reconstruction, quartetvae.metrics.whole_files, quartetvae.evaluation


class CellScores(TypedDict):
    """How many cells and onsets are right."""

    token_accuracy: float | None
    onset_f1: float | None


class GroupScores(CellScores):
    """Those of some phrases: a composer's, a work's."""

    phrases: int
    exact_phrase: float | None
    kl_nats: NotRequired[float]
    elbo_nats: NotRequired[float]


class BigramScore(TypedDict):
    """Of a bigram model per part."""

    nats_per_phrase: float | None


class NearestPhraseScores(CellScores):
    """Of the most similar training phrase, for some phrases among some training phrases."""

    phrases: int
    training: int


class Baselines(TypedDict):
    """What guesses without a model of music reach."""

    sustain: CellScores
    likeliest_symbol: CellScores
    nearest_phrase: NearestPhraseScores
    wrong_pitch: CellScores
    bigram: BigramScore


class PhraseScores(TypedDict):
    """Decoded phrases against the true ones."""

    token_accuracy: float | None
    onset_precision: float | None
    onset_recall: float | None
    onset_f1: float | None
    exact_phrase: float | None
    parts: dict[str, CellScores]


class KindScores(TypedDict):
    """Notes of one kind."""

    share_of_notes: float | None
    """Of the true notes, how many are of this kind."""
    share_of_missed: float | None
    """Of those that did not come back, likewise."""
    onset_precision: float | None
    onset_recall: float | None
    onset_f1: float | None


NoteKind = Literal["second_notes", "off_sixteenths", "others"]
"""Second notes of their parts (on a grid of two notes a part); notes that begin between the sixteenths, as triplets and
thirty-seconds do; neither. A note may be of both of the first two."""


class PhraseFigures(PhraseScores):
    """What comes back of the phrases of one split."""

    by_kind: dict[NoteKind, KindScores]
    """The kinds that the grid has."""

    phrases: int
    works: int
    teacher_forced_accuracy: float | None
    kl_nats: float
    reconstruction_nats: float
    elbo_nats: float
    active_units: int
    by_source: dict[str, GroupScores]
    by_composer: dict[str, GroupScores]
    by_work: dict[str, GroupScores]
    baselines: Baselines


class MatchScores(TypedDict):
    """How many notes match: shares of those that came out, of those there were, and their harmonic mean."""

    precision: float | None
    recall: float | None
    f1: float | None


class FileGroupScores(TypedDict):
    """Notes of some files and what came out: a composer's, a work's."""

    notes: int
    """Of the files."""
    onset_precision: float | None
    onset_recall: float | None
    onset_f1: float | None
    offset_f1: float | None


class WorstWork(TypedDict):
    """The work of the lowest onset F1."""

    name: str
    onset_f1: float


class FileScores(TypedDict):
    """Notes of the files of one split against what came out."""

    notes: int
    """Of the files."""
    onset: MatchScores
    """Part, pitch and onset match."""
    offset: MatchScores
    """The end, too."""
    notes_from_92: int
    """Of the files, from MIDI pitch 92 (G sharp 6) up."""
    recall_from_92: float | None
    """Of those, by onset."""
    by_source: dict[str, FileGroupScores]
    by_composer: dict[str, FileGroupScores]
    by_work: dict[str, FileGroupScores]
    worst_work: WorstWork | None


class FileFigures(TypedDict):
    """Whole files: through the grid and back, and through the model."""

    codec: FileScores
    model: FileScores


class SplitScores(PhraseFigures):
    """One split of metrics/reconstruct.json."""

    file: FileFigures


class ReconstructFigures(TypedDict):
    """metrics/reconstruct.json."""

    validation: SplitScores
    test: SplitScores


# metrics/interpolate.json: quartetvae.metrics.interpolation, quartetvae.evaluation.model


class StepDistance(TypedDict):
    """Of neighbouring points of paths."""

    mean: float | None
    max: float | None


class AlongPaths(TypedDict):
    """A figure of inner points, of the ends, and of the baseline."""

    path: float | None
    ends: float | None
    crossfade: float | None


class SilentPhrases(TypedDict):
    """Phrases without notes."""

    path: int
    ends: int
    crossfade: int


class PathFigures(TypedDict):
    """What can be read off decoded paths."""

    endpoint_token_accuracy: float | None
    step_distance: StepDistance
    monotonicity: float | None
    constant_paths: int
    bigram_nats: AlongPaths
    scale_consistency: AlongPaths
    silent_phrases: SilentPhrases


class InterpolateFigures(PathFigures):
    """metrics/interpolate.json."""

    pairs: int
    pairs_of_test_works: int
    points: int
    path: str
    phrases: int
    round_trip: float | None


# metrics/evaluate.json: quartetvae.metrics.comparison, quartetvae.metrics.paper, quartetvae.evaluation


class FeatureLikeness(TypedDict):
    """One feature of a set beside the reference."""

    overlap: float | None
    kl_nats: float | None
    low: float | None
    high: float | None
    left_out: int
    reason: NotRequired[str]


class SetLikeness(TypedDict):
    """A set beside the reference: Yang & Lerch's features, and the mean of their overlaps."""

    excerpts: int
    pitch_count: FeatureLikeness
    pitch_class_histogram: FeatureLikeness
    pitch_class_transition_matrix: FeatureLikeness
    pitch_range: FeatureLikeness
    pitch_interval: FeatureLikeness
    note_count: FeatureLikeness
    inter_onset_interval_beats: FeatureLikeness
    note_length_histogram: FeatureLikeness
    note_length_transition_matrix: FeatureLikeness
    mean_overlap: float | None
    mean_low: float | None
    mean_high: float | None


Feature = Literal[
    "pitch_count",
    "pitch_class_histogram",
    "pitch_class_transition_matrix",
    "pitch_range",
    "pitch_interval",
    "note_count",
    "inter_onset_interval_beats",
    "note_length_histogram",
    "note_length_transition_matrix",
]
"""The keys of `SetLikeness` that are features."""


class PaperFigures(TypedDict):
    """The paper's own four."""

    distinct_pitches_median: float | None
    pitch_range_mean: float | None
    same_pitch_class_share: float | None
    pitch_classes: dict[str, float | None]
    silent_phrases: int


class SetFigures(SetLikeness, PaperFigures):
    """One set of metrics/evaluate.json."""


class ShuffledCodes(TypedDict):
    """Cross-entropy of phrases given their own codes and others', nats per phrase."""

    own_nats: float
    others_nats: float


class CodeUse(TypedDict):
    """What codes of held-out phrases are used for."""

    phrases: int
    kl_nats: float
    active_units: int
    mutual_information_nats: float
    mutual_information_limit: float
    shuffled_z: ShuffledCodes


class ToldApart(TypedDict):
    """How well a classifier tells a set from real music: the area under its ROC curve, 0.5 if not at all."""

    auc: float | None
    low: float | None
    high: float | None


class KeptOnsets(TypedDict):
    """Shares of the onsets of both ends that are in what lies between them."""

    a: float | None
    b: float | None


class BetweenFigures(TypedDict):
    """What lies between pairs of held-out phrases, by set: quartetvae.evaluation.between."""

    pairs: int
    two_sample: dict[str, ToldApart]
    kept: dict[str, KeptOnsets]
    """Of all sets but `training`, whose phrases belong to no pair."""
    dissonant: dict[str, float | None]
    scale_consistency: dict[str, float | None]
    bigram_nats: dict[str, float]
    originality: dict[str, float | None]
    copied: dict[str, int]
    """Phrases, of as many as there are pairs; see quartetvae.composing.originality."""


class Level(TypedDict):
    """A figure, and the middle 95 % of its bootstrap over pieces: quartetvae.metrics.bootstrap."""

    value: float | None
    low: float | None
    high: float | None


class LanguageModelFigures(TypedDict):
    """What phrases cost of which nothing is known, mean nats per phrase, and the composer's share of the bigram's."""

    phrases: int
    composer_nats: float
    bigram_nats: float
    share: Level


class SelfSimilarityFigures(TypedDict):
    """How alike bars are, the first one at a distance of one bar, and so on."""

    excerpts: int
    """Of test pieces."""
    composed_pieces: int
    real: list[Level]
    composed: list[Level]
    within: int | None
    """At how many distances composed lies within real's interval; None where there is none."""


class Sources(TypedDict):
    """Of beats what training did not have, and of passages what it had: quartetvae.composing.originality."""

    originality: Level
    copied: Level


class ComposedFigures(TypedDict):
    """What a composer writes on test pieces: quartetvae.evaluation.composed."""

    windows: int
    pieces: int
    """That the windows are of."""
    language_model: LanguageModelFigures
    onset_f1: dict[str, dict[str, Level]]
    """By task, then by what filled it in."""
    self_similarity: SelfSimilarityFigures
    originality: dict[str, dict[str, Sources]]
    """By task, `composed` and `real`."""


class OfComposer(TypedDict):
    """What needs a composer."""

    composed: NotRequired[ComposedFigures]


class EvaluateFigures(BetweenFigures, OfComposer):
    """metrics/evaluate.json."""

    real: SetFigures
    reconstructions: SetFigures
    interpolations: SetFigures
    prior: SetFigures
    aggregate: SetFigures
    crossfade: SetFigures
    latent: CodeUse


SetName = Literal["real", "reconstructions", "interpolations", "prior", "aggregate", "crossfade"]
"""The keys of `EvaluateFigures` that are sets."""


# metrics/attributes.json: quartetvae.latent.directions


class AttributeFigures(TypedDict):
    """What becomes of one attribute as phrases move along its direction."""

    length: float
    means: list[float | None]
    spearman: float | None
    spearman_by_phrase: float | None
    changing: float


class AttributesFigures(TypedDict):
    """metrics/attributes.json."""

    amounts: list[float]
    phrases: int
    note_density: AttributeFigures
    register: AttributeFigures
    chromaticism: AttributeFigures
    syncopation: AttributeFigures
    rhythmic_unison: AttributeFigures


AttributeName = Literal["note_density", "register", "chromaticism", "syncopation", "rhythmic_unison"]
"""The keys of `AttributesFigures` that are attributes."""


# metrics/summary.json: quartetvae.metrics.summary


class SummaryFigures(TypedDict):
    """metrics/summary.json: of unseen works, if nothing else is said; losses as where they come from."""

    quartets: int
    """Distinct quartet files of all splits."""
    val_loss: float
    composer_val_loss: float
    file_onset_f1: float | None
    """Of the notes of whole files."""
    phrase_onset_f1: float | None
    exact_phrases: float | None
    """The share of phrases without an error."""
    kl_nats: float
    spherical_auc: float | None
    """Half-way on spherical paths: how easily it is told from music."""
    spherical_kept: float | None
    """Likewise: the share of the onsets of both ends, their mean."""
    exchange_auc: float | None
    exchange_kept: float | None
    dissonant_ends: float | None
    """Of the pairs of parts that sound together in reconstructions, the ends of paths."""
    dissonant_spherical: float | None
    dissonant_exchange: float | None
    prior_overlap: float | None
    """Of samples of the prior with real music."""
