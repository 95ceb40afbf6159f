"""The card of the weights: a head that hubs of models read, and every figure from card.json."""

from typing import Any

import pytest

from quartetvae.pipeline import params
from tests.imports import ROOT
from tools import model_card, weights


def file_scores(onset: float, offset: float) -> dict[str, Any]:
    """Of the files of one split, through the model."""
    both = {"precision": onset, "recall": onset, "f1": onset}
    group = {"notes": 1200, "onset_precision": onset, "onset_recall": onset, "onset_f1": onset, "offset_f1": offset}
    return {
        **{"notes": 2400, "onset": both, "offset": {**both, "f1": offset}, "notes_from_92": 7, "recall_from_92": 0.5},
        **{"by_source": {"musicnet": group, "openscore": {**group, "onset_f1": 0.625}}, "by_work": {"a": group}},
        "worst_work": {"name": "a", "onset_f1": onset},
    }


def split(onset: float) -> dict[str, Any]:
    """Of metrics/reconstruct.json."""
    scores = {"token_accuracy": 0.75, "onset_f1": 0.5, "exact_phrase": 0.25, "kl_nats": 101.4, "elbo_nats": -110.0}
    file = {"model": file_scores(onset, 0.875), "codec": file_scores(1.0, 1.0)}
    return {"works": 3, "phrases": 40, **scores, "by_work": {"a": {}}, "file": file}


@pytest.fixture
def card() -> dict[str, Any]:
    """card.json, of made-up figures."""
    run = {
        **{"commit": "0123456789", "date": "2026-11-26", "command": "dvc repro", "minutes": 170.2},
        **{"hardware": "2 cores", "params": {"download": {"sources": ["musicnet", "openscore"]}}},
    }
    train = {"parameters": 1234567, "phrases": 900, "epoch_phrases": 300, "epochs": 12}
    metrics = {"train": train, "reconstruct": {"validation": split(0.5), "test": split(0.9375)}, "attributes": {}}
    return weights.card(run, metrics, {"model": "a.dir", "latent": "b.dir"})


ARCHITECTURE: dict[str, Any] = {
    **{"network": {"latent_dim": 128, "decoder": "hierarchical"}, "steps_per_beat": 12, "chords": "double"},
    "phrases": {"beats_per_phrase": 4},
}


def test_the_head_names_what_hubs_require(card: dict[str, Any]) -> None:
    """Of a result: the task's type, the dataset's type and name, a metric's type and value (hub-docs, modelcard.md)."""
    before, head, text = model_card.markdown(card, ARCHITECTURE).split("---\n", 2)
    found = params.parse_yaml(head, ROOT)
    assert before == ""
    assert text.startswith("\n# quartetvae\n")
    assert found["license"] == "mit"
    ((model,), results) = found["model-index"], found["model-index"][0]["results"]
    assert model["name"] == "quartetvae"
    assert [result["dataset"]["type"] for result in results] == ["musicnet", "openscore"]
    for result in results:
        assert result["task"]["type"]
        assert result["dataset"]["name"]
        assert all(metric["type"] for metric in result["metrics"])
    assert [metric["value"] for metric in results[1]["metrics"]] == [0.625, 0.875]


def test_the_text_has_data_licences_training_and_figures(card: dict[str, Any]) -> None:
    text = model_card.markdown(card, ARCHITECTURE)
    for expected in (
        *("CC BY 4.0", "CC0 1.0", "12 steps a beat and two notes a part", "a code of 128 numbers"),
        *("1,234,567 parameters", "12 epochs of 300 phrases", "170 minutes on 2 cores", "commit 0123456"),
        *("| MusicNet | 1,200 | 0.938 | 0.875 |", "| both | 2,400 | 0.938 | 0.875 |", "3 test works"),
    ):
        assert expected in text


def test_nothing_by_work_goes_along(card: dict[str, Any]) -> None:
    assert "by_work" not in card["reconstruct"]["test"]
    assert "by_work" not in card["reconstruct"]["test"]["file"]


def test_one_corpus_has_one_licence(card: dict[str, Any]) -> None:
    card["data"] = card["data"][1:]
    assert "CC BY 4.0" not in model_card.markdown(card, ARCHITECTURE)
