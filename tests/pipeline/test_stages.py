"""A stage that is given something bad ends in one clear line, without a traceback, and leaves nothing half-written."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from quartetvae import errors
from tests import workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the project with a small corpus, in which nothing has run."""
    return workspace.make(tmp_path, works=3, pieces_per_work=1, beats=8)


def run(folder: Path, stage: str, monkeypatch: pytest.MonkeyPatch, **environment: str) -> str | None:
    """Run a stage in the folder, in this process; give what it ends with, None if all is well."""
    monkeypatch.chdir(folder)
    for name, value in {"QUARTETVAE_MIRROR": "", **environment}.items():
        monkeypatch.setenv(name, value)
    try:
        errors.run(importlib.import_module(f"stages.{stage}").main)
    except SystemExit as end:
        return str(end.code)
    return None


def fails_with(folder: Path, monkeypatch: pytest.MonkeyPatch, stage: str, *words: str, **environment: str) -> None:
    """Run a stage and check that it ends in one line with these words, and that it wrote nothing."""
    before = _files(folder)
    said = run(folder, stage, monkeypatch, **environment)
    assert said is not None
    assert said.startswith("error: ")
    assert len(said.splitlines()) == 1
    for word in words:
        assert word in said
    assert _files(folder) == before


def _files(folder: Path) -> set[Path]:
    # .work is where downloads are kept, to go on with them.
    passed_over = {".git", ".work", "__pycache__"}
    return {path for path in folder.rglob("*") if not passed_over & set(path.parts)}


@pytest.mark.parametrize(
    ("stage", "section", "key", "value", "words"),
    [
        (
            "train",
            "model",
            "latent_dim",
            0,
            ("params.yaml", "model.latent_dim", "0 found", "greater than or equal to 1"),
        ),
        ("train", "model", "latent_dim", "many", ("model.latent_dim", "'many' found", "integer")),
        ("train", "model", "latent_dims", 3, ("model.latent_dims", "unknown key", "latent_dim")),
        ("train", "train", "beta", True, ("train.beta", "True found")),
        # Whatever the stage, all of params.yaml is checked before it works.
        ("download", "evaluate", "excerpt_beets", 4, ("evaluate.excerpt_beets", "unknown key")),
        ("download", "download", "sources", ["internet"], ("download.sources", "['internet'] found", "musicnet")),
        ("filter", "filter", "match", None, ("filter.match", "None found")),
        ("encode", "split", "test", 1.5, ("split.test", "1.5 found")),
        ("encode", "split", "test", 0.0, ("split.test", "0.0 found", "greater than 0")),
        ("interpolate", "interpolate", "pairs", [], ("interpolate.pairs", "[] found", "'auto'")),
        ("interpolate", "interpolate", "pairs", [["a"]], ("interpolate.pairs", "[['a']] found", "pairs of ids")),
        ("interpolate", "interpolate", "points", 2, ("interpolate.points", "2 found", "equal to 3")),
    ],
)
def test_bad_params(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    section: str,
    key: str,
    value: Any,
    words: tuple[str, ...],
) -> None:
    workspace.change_params(folder, {section: {key: value}})
    fails_with(folder, monkeypatch, stage, *words)


def test_an_unknown_section(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "params.yaml").open("a") as file:
        file.write("trian:\n  epochs: 3\n")
    fails_with(folder, monkeypatch, "filter", "params.yaml", "unknown section 'trian'", "train")


def test_an_empty_folder_of_music(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "nothing").mkdir()
    workspace.change_params(folder, {"download": {"directory": "nothing"}})
    fails_with(folder, monkeypatch, "download", "nothing")


def test_a_folder_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.change_params(folder, {"download": {"directory": "elsewhere"}})
    fails_with(folder, monkeypatch, "download", "elsewhere")


def test_a_mirror_that_is_not_there_names_the_demo_and_the_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.change_params(folder, {"download": {"sources": ["musicnet"]}})
    fails_with(folder, monkeypatch, "download", "make demo", "QUARTETVAE_MIRROR", QUARTETVAE_MIRROR="no-such-folder")


def test_a_network_that_fails_names_the_demo_and_the_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.change_params(folder, {"download": {"sources": ["musicnet"]}})
    # Nothing listens on port 9 of this machine.
    fails_with(
        folder, monkeypatch, "download", "make demo", "QUARTETVAE_MIRROR", QUARTETVAE_MIRROR="http://127.0.0.1:9/"
    )


def test_a_number_of_processes_that_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(folder, monkeypatch, "download", "QUARTETVAE_WORKERS", "'many'", QUARTETVAE_WORKERS="many")


def test_a_mirror_that_is_neither_folder_nor_url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.change_params(folder, {"download": {"sources": ["musicnet"]}})
    fails_with(
        folder,
        monkeypatch,
        "download",
        "QUARTETVAE_MIRROR",
        "neither a folder nor a URL",
        QUARTETVAE_MIRROR="http://[::1/x",
    )


def test_phrases_longer_than_every_piece(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.change_params(folder, {"phrases": {"beats_per_phrase": 9}})
    for stage in ("download", "filter", "encode"):
        assert run(folder, stage, monkeypatch) is None
    fails_with(folder, monkeypatch, "augment", "beats_per_phrase is 9", "8 whole beats")


def test_a_stage_before_the_one_it_needs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(folder, monkeypatch, "encode", "quartets.parquet", "filter")
    fails_with(folder, monkeypatch, "train", "train.parquet", "augment")
    fails_with(folder, monkeypatch, "reconstruct", "models/quartetvae", "train")


def test_a_corpus_without_quartets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = folder / "data" / "own"
    lines = (own / "metadata.csv").read_text().replace("String Quartet", "Piano Quartet")
    (own / "metadata.csv").write_text(lines)
    assert run(folder, "download", monkeypatch) is None
    fails_with(folder, monkeypatch, "filter", "no string quartet", "Piano Quartet", "metadata.csv")


def test_a_damaged_file_is_a_row_in_the_table_and_the_others_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = folder / "data" / "own" / "work0_0.mid"
    damaged.write_bytes(damaged.read_bytes()[:40])
    for stage in ("download", "filter"):
        assert run(folder, stage, monkeypatch) is None
    assert "3 files read, 2 quartets selected" in capsys.readouterr().out


def test_stages_say_how_far_they_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "download", monkeypatch) is None
    for stage in ("filter", "encode", "augment"):
        capsys.readouterr()
        assert run(folder, stage, monkeypatch) is None
        assert re.search(rf"^\r?{stage}.*: 100%\|", capsys.readouterr().err.split("\r")[-1])


def test_too_few_works_to_split(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = folder / "data" / "own"
    lines = (own / "metadata.csv").read_text().replace("Quartet 1", "Quartet 0").replace("Composer 1", "Composer 0")
    (own / "metadata.csv").write_text(lines.replace("Quartet 2", "Quartet 0"))
    for stage in ("download", "filter"):
        assert run(folder, stage, monkeypatch) is None
    fails_with(folder, monkeypatch, "encode", "1 work(s) found", "split")


def test_a_stage_that_fails_says_one_line_to_stderr_and_exits_with_1(folder: Path) -> None:
    workspace.change_params(folder, {"filter": {"match": "all"}})
    result = workspace.run(folder, "stages.filter")
    assert result.returncode == 1
    assert result.stderr.startswith("error: params.yaml, filter.match: 'all' found")
    assert len(result.stderr.splitlines()) == 1
