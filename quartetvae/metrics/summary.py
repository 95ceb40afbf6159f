"""The headline figures of a run: about a dozen of the hundreds in metrics/, for a table with a row per experiment."""

from quartetvae.metrics.figures import (
    ComposeFigures,
    EvaluateFigures,
    FilterFigures,
    KeptOnsets,
    ReconstructFigures,
    SummaryFigures,
    TrainFigures,
)


def collect(
    filtered: FilterFigures,
    trained: TrainFigures,
    composed: ComposeFigures,
    reconstructed: ReconstructFigures,
    evaluated: EvaluateFigures,
) -> SummaryFigures:
    """Take the headline figures over from those of the stages; None stays None."""
    test = reconstructed["test"]
    told, kept, dissonant = evaluated["two_sample"], evaluated["kept"], evaluated["dissonant"]
    return {
        "quartets": filtered["selected"],
        "val_loss": trained["val_loss"],
        "composer_val_loss": composed["val_loss"],
        "file_onset_f1": test["file"]["model"]["onset"]["f1"],
        "phrase_onset_f1": test["onset_f1"],
        "exact_phrases": test["exact_phrase"],
        "kl_nats": test["kl_nats"],
        "spherical_auc": told["spherical_half"]["auc"],
        "spherical_kept": _mean(kept["spherical_half"]),
        "exchange_auc": told["exchange_half"]["auc"],
        "exchange_kept": _mean(kept["exchange_half"]),
        "dissonant_ends": dissonant["reconstructions"],
        "dissonant_spherical": dissonant["spherical_half"],
        "dissonant_exchange": dissonant["exchange_half"],
        "prior_overlap": evaluated["prior"]["mean_overlap"],
    }


def _mean(kept: KeptOnsets) -> float | None:
    a, b = kept["a"], kept["b"]
    return None if a is None or b is None else (a + b) / 2
