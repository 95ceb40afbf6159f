"""docs/corpus.md: every figure of metrics/ in its place, and a check that can fail."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tools import corpus


def _losses(notes: int) -> dict[str, int]:
    lost = {"notes_dropped_from_chords": notes // 10, "notes_merged_on_grid": notes // 20, "notes_moved_into_range": 0}
    return {"notes": notes, **lost}


def _files(selected: int, duplicates: int, works: int) -> dict[str, int]:
    quartets = selected + duplicates
    return {
        **{"files_read": quartets + 2, "unreadable": 1, "quartets": quartets, "duplicates": duplicates},
        **{"selected": selected, "works": works},
    }


def _splits(*pieces: int) -> dict[str, Any]:
    names = ("train", "validation", "test")
    return {
        name: {"works": count // 2, "pieces": count, "steps": 4000 * count, "beats": 1000 * count}
        for name, count in zip(names, pieces, strict=True)
    }


def _phrases(count: int) -> dict[str, int]:
    return {"phrases": 10 * count, "windows": count, "pieces": 2}


EDITIONS = {
    "musicnet": {"composer": "Mozart", "work": "No 19", "files_used": 3, "duplicates": 0},
    "openscore": {"composer": "Mozart", "work": "K. 465", "files_used": 1, "duplicates": 3},
}
METRICS: Any = {
    "filter": {
        **_files(53, 4, 21),
        "composers": {"Haydn": _files(3, 0, 1), "Nobody": _files(0, 4, 0), "Mozart": _files(5, 0, 1)},
        "sources": {
            "musicnet": {
                **_files(3, 0, 1),
                **_losses(1000),
                **{"composers": 1, "beats": 1234.4, "left_out": {}, "refused": {"its ensemble is Solo Piano": 2}},
            },
            "openscore": {
                **_files(50, 4, 20),
                **_losses(90_000),
                **{"composers": 41, "beats": 300_000.0, "left_out": {"cue notes": 7}, "refused": {}},
            },
        },
        "works_in_several_sources": {
            "1788": {
                "composer": "Mozart",
                "work": "No 19",
                "editions": {
                    "musicnet": {**EDITIONS["musicnet"], "share_lowest": None, "share_highest": None},
                    "openscore": {**EDITIONS["openscore"], "share_lowest": 0.272, "share_highest": 0.584},
                },
            }
        },
    },
    "encode": {
        **_losses(91_000),
        "splits": _splits(44, 4, 5),
        "sources": {
            "musicnet": {**_losses(1000), "splits": _splits(2, 0, 1)},
            "openscore": {**_losses(90_000), "splits": _splits(42, 4, 4)},
        },
    },
    "augment": {
        split: {**_phrases(count), "sources": {"musicnet": _phrases(count // 5), "openscore": _phrases(4 * count // 5)}}
        for split, count in {"train": 500, "validation": 50, "test": 60}.items()
    },
}


def test_the_page_has_the_figures_of_each_source() -> None:
    lines = corpus.page(METRICS).splitlines()
    for row in (
        "| musicnet | 5 | 3 | 0 | 3 | 1 | 1 | 1,234 |",
        "| openscore | 56 | 54 | 4 | 50 | 20 | 41 | 300,000 |",
        "| **all** | 59 | 57 | 4 | 53 | 21 | 2 | 301,234 |",
        "| musicnet | validation | 0 | 0 | 0 | 10 | 100 |",
        "| openscore | test | 2 | 4 | 4,000 | 48 | 480 |",
        "| **all** | train | 22 | 44 | 44,000 | 500 | 5,000 |",
        "| Mozart: No 19 | musicnet | 3 | 0 |  |",
        "| Mozart: K. 465 | openscore | 1 | 3 | 0.27 to 0.58 |",
        "| musicnet | its ensemble is Solo Piano | 2 |",
        "| openscore | 90,000 | 9,000 (10.0%) | 4,500 (5.0%) | 0 (0.0%) | 7 cue notes |",
        "| **all** | 91,000 | 9,100 (10.0%) | 4,550 (5.0%) | 0 (0.0%) | 7 cue notes |",
    ):
        assert row in lines, row


def test_the_page_says_what_is_left_out() -> None:
    assert "a score's grace notes, cue notes" in corpus.page(METRICS)


def test_all_rows_of_a_table_have_its_columns() -> None:
    counts: list[int] = []
    for line in corpus.page(METRICS).splitlines():
        if not line.startswith("|"):
            counts = []
            continue
        counts.append(line.count("|"))
        assert set(counts) == {counts[0]}, line


def test_a_corpus_without_duplicates_or_refusals_says_so() -> None:
    alone = copy.deepcopy(METRICS)
    alone["filter"]["works_in_several_sources"] = {}
    alone["filter"]["sources"]["musicnet"]["refused"] = {}
    found = corpus.page(alone)
    assert "No work is in two sources." in found
    assert "Nothing: every file is a quartet." in found


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(corpus, "ROOT", tmp_path)
    monkeypatch.setattr(corpus, "PAGE", tmp_path / "corpus.md")
    (tmp_path / "metrics").mkdir()
    for name, figures in METRICS.items():
        (tmp_path / "metrics" / f"{name}.json").write_text(json.dumps(figures))
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr("sys.argv", ["tools.corpus", *words])
    corpus.main()


def test_the_check_passes_after_writing_and_fails_when_a_figure_has_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"corpus\.md: not what metrics/ say; run `python -m tools\.corpus`"):
        run(monkeypatch, "--check")
    assert not (root / "corpus.md").exists()
    run(monkeypatch)
    run(monkeypatch, "--check")
    changed = copy.deepcopy(METRICS["encode"])
    changed["sources"]["openscore"]["splits"]["test"]["beats"] += 1
    (root / "metrics" / "encode.json").write_text(json.dumps(changed))
    with pytest.raises(SystemExit, match=r"corpus\.md"):
        run(monkeypatch, "--check")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, r"filter\.json: cannot be read"), ("{", r"filter\.json: cannot be read"), ("{}", "no figures by source")],
)
def test_metrics_that_are_missing_or_old_say_what_to_do(
    root: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, message: str
) -> None:
    path = root / "metrics" / "filter.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch)
