"""The headline figures are those of the stages, each by the right name."""

import json
from typing import Any

import pytest

from quartetvae.metrics import summary
from tests.imports import ROOT

STAGES = ("filter", "train", "compose", "reconstruct", "evaluate")


@pytest.fixture
def committed() -> dict[str, Any]:
    """The figures of the last run, by stage."""
    return {name: json.loads((ROOT / "metrics" / f"{name}.json").read_text(encoding="utf-8")) for name in STAGES}


def collected(figures: dict[str, Any]) -> dict[str, Any]:
    """The headline figures as a plain dictionary."""
    return {**summary.collect(*figures.values())}


# Where a headline figure stands: the stage, then the keys.
PLACES = {
    "quartets": ("filter", "selected"),
    "val_loss": ("train", "val_loss"),
    "composer_val_loss": ("compose", "val_loss"),
    "file_onset_f1": ("reconstruct", "test", "file", "model", "onset", "f1"),
    "phrase_onset_f1": ("reconstruct", "test", "onset_f1"),
    "exact_phrases": ("reconstruct", "test", "exact_phrase"),
    "kl_nats": ("reconstruct", "test", "kl_nats"),
    "spherical_auc": ("evaluate", "two_sample", "spherical_half", "auc"),
    "exchange_auc": ("evaluate", "two_sample", "exchange_half", "auc"),
    "dissonant_ends": ("evaluate", "dissonant", "reconstructions"),
    "dissonant_spherical": ("evaluate", "dissonant", "spherical_half"),
    "dissonant_exchange": ("evaluate", "dissonant", "exchange_half"),
    "prior_overlap": ("evaluate", "prior", "mean_overlap"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_headline_figure_follows_the_figure_of_its_stage(committed: dict[str, Any], name: str) -> None:
    *above, last = PLACES[name]
    holder = committed
    for key in above:
        holder = holder[key]
    before = collected(committed)
    holder[last] = -7.5
    assert collected(committed) == {**before, name: -7.5}


@pytest.mark.parametrize("path", ["spherical", "exchange"])
def test_what_a_path_keeps_is_the_mean_of_both_ends(committed: dict[str, Any], path: str) -> None:
    committed["evaluate"]["kept"][f"{path}_half"] = {"a": 0.5, "b": 0.25}
    assert collected(committed)[f"{path}_kept"] == 0.375
    committed["evaluate"]["kept"][f"{path}_half"] = {"a": None, "b": 0.25}
    assert collected(committed)[f"{path}_kept"] is None


def test_the_committed_headline_figures_are_of_the_committed_run(committed: dict[str, Any]) -> None:
    found = json.loads((ROOT / "metrics" / "summary.json").read_text(encoding="utf-8"))
    assert found == pytest.approx(collected(committed), abs=5.1e-7)
