"""The pipeline as DVC sees it: what each stage depends on, and what a change of a parameter reruns."""

import ast
import functools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.corpus import piece_file
from quartetvae.errors import ParamsError
from quartetvae.io import midi
from quartetvae.metrics.figures import SummaryFigures
from quartetvae.pipeline import params, profiles
from tests import workspace
from tests.imports import ROOT, modules_of

PIPELINE = params.read_yaml(ROOT / "dvc.yaml")["stages"]
STAGES = (
    *("download", "filter", "encode", "augment", "train", "compose", "reconstruct", "interpolate", "evaluate"),
    *("describe", "report", "summary"),
)
FROM = {name: list(STAGES[STAGES.index(name) :]) for name in ("download", "filter", "encode")}
# The network that composes cuts its own windows, of pieces.
FROM |= {name: [stage for stage in STAGES[STAGES.index(name) :] if stage != "compose"] for name in ("augment", "train")}
# What directions and neighbours tell does not hang on reconstructions and paths.
FROM |= {
    "reconstruct": ["reconstruct", "evaluate", "report", "summary"],
    "interpolate": ["interpolate", "evaluate", "report", "summary"],
    "evaluate": ["evaluate", "report", "summary"],
    "describe": ["describe"],
    "report": ["report"],
    "compose": ["compose", "interpolate", "evaluate", "report", "summary"],
    "summary": ["summary"],
}

NOT_COMPUTING = {
    *(
        Path("quartetvae") / name
        for name in ("__init__.py", "config.py", "errors.py", "machine.py", "metrics/figures.py")
    ),
    *(Path("quartetvae/pipeline") / name for name in ("locations.py", "params.py", "sharding.py")),
    # By which names tracks are known: the ensemble brings them, and training asks nobody's name.
    *(Path("quartetvae/music") / name for name in ("instrument_names.py", "track_names.py")),
}
"""They check, name or describe, and never compute: DVC tracks the parameters' values themselves."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the whole pipeline has run on a small corpus."""
    folder = workspace.make(tmp_path_factory.mktemp("done"))
    result = workspace.run(folder, "dvc", "repro")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose stages have run, and do nothing but write files."""
    return workspace.wire(workspace.make(tmp_path_factory.mktemp("wired")))


def test_the_pipeline_has_the_stages_of_the_design() -> None:
    assert tuple(PIPELINE) == STAGES


def code_of(stage: str) -> list[Path]:
    """The deps of a stage that hold code: files, or folders of them."""
    return [Path(dep) for dep in PIPELINE[stage]["deps"] if dep.endswith(".py") or dep.startswith("quartetvae/")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_modules_that_it_imports(stage: str) -> None:
    imported = modules_of(Path(f"stages/{stage}.py"))
    deps = code_of(stage)
    covered = {path for path in imported if any(path == dep or dep in path.parents for dep in deps)}
    assert imported - covered <= NOT_COMPUTING
    assert all(any(path == dep or dep in path.parents for path in imported) for dep in deps)


@pytest.mark.parametrize("stage", ["train", "compose"])
def test_training_depends_on_the_very_files_that_it_imports(stage: str) -> None:
    assert set(code_of(stage)) == modules_of(Path(f"stages/{stage}.py")) - NOT_COMPUTING


def test_the_pipeline_fits_four_screens() -> None:
    assert len((ROOT / "dvc.yaml").read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_the_params_sections_that_it_loads(stage: str) -> None:
    tree = ast.parse((ROOT / "stages" / f"{stage}.py").read_text(encoding="utf-8"))
    loaded = [
        str(argument.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    ]
    assert sorted(loaded) == sorted(PIPELINE[stage].get("params", []))


def test_every_section_is_a_dependency_of_a_stage() -> None:
    listed = {section for stage in PIPELINE.values() for section in stage.get("params", [])}
    assert listed == set(params.Params.model_fields)


@functools.cache
def read_by(stage: str) -> set[str]:
    """The attributes that a stage's script and the modules that it imports ask for."""
    files = {Path("stages") / f"{stage}.py", *modules_of(Path(f"stages/{stage}.py"))} - CHECKING
    trees = [ast.parse((ROOT / path).read_text(encoding="utf-8")) for path in files]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


CHECKING = {Path("quartetvae/config.py"), Path("quartetvae/pipeline/params.py")}
"""Where parameters are checked, which is no use of them."""


@pytest.mark.parametrize(
    ("section", "key"), [(s, key) for s, of in params.read_yaml(ROOT / "params.yaml").items() for key in of]
)
def test_every_key_is_read_by_a_stage_that_depends_on_it(section: str, key: str) -> None:
    assert any(key in read_by(stage) for stage, of in PIPELINE.items() if section in of.get("params", []))


@pytest.mark.parametrize("stage", ["encode", "train", "compose"])
def test_new_versions_of_libraries_rerun_what_computes_by_them(stage: str) -> None:
    assert "numerics.lock" in PIPELINE[stage]["deps"]


def test_the_libraries_that_figures_hang_on_are_those_of_the_lock_file() -> None:
    locked = [line.removesuffix(" \\") for line in (ROOT / "requirements.lock").read_text().splitlines()]
    repeated = (ROOT / "numerics.lock").read_text().splitlines()
    names = {line.split("==")[0] for line in repeated}
    assert {"keras", "numpy", "scipy", "symusic", "tensorflow"} <= names
    assert repeated == [line for line in locked if line.split("==")[0] in names and "==" in line]


def test_metrics_and_plots_belong_to_git_and_other_outs_to_dvc() -> None:
    made = [out for stage in PIPELINE.values() for out in workspace.made(stage)]
    kept_by_git = {
        path
        for stage in PIPELINE.values()
        for out in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
        if isinstance(out, dict)
        for path, options in out.items()
        if options == {"cache": False}
    }
    assert kept_by_git == {path for path in made if path.startswith(("metrics/", "plots/"))}


def test_dvc_shows_the_headline_figures_only() -> None:
    shown = [path for stage in PIPELINE.values() for kept in stage.get("metrics", []) for path in kept]
    assert shown == ["metrics/summary.json"]
    figures = json.loads((ROOT / shown[0]).read_text(encoding="utf-8"))
    assert set(figures) == SummaryFigures.__annotations__.keys()
    assert 10 <= len(figures) <= 16


@pytest.mark.slow
def test_the_whole_pipeline_runs_and_then_nothing_is_left_to_do(done: Path) -> None:
    assert workspace.stages_to_run(done) == []
    for stage in PIPELINE.values():
        for out in workspace.made(stage):
            assert (done / out).exists(), out


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("model", "latent_dim", 5, FROM["train"]),
        ("train", "epochs", 3, FROM["train"]),
        ("composer", "units", 4, FROM["compose"]),
        ("compose", "epochs", 3, FROM["compose"]),
        ("phrases", "beats_per_phrase", 2, FROM["augment"]),
        # The filter says what is lost on the grid.
        ("encode", "steps_per_beat", 8, FROM["filter"]),
        ("interpolate", "points", 4, FROM["interpolate"]),
        ("evaluate", "excerpt_beats", 2, FROM["evaluate"]),
        ("evaluate", "excerpts", 3, FROM["evaluate"]),
        ("evaluate", "windows", 3, FROM["evaluate"]),
        ("evaluate", "seed", 3, FROM["evaluate"]),
        ("download", "sources", ["directory", "music21"], FROM["download"]),
        ("filter", "match", "paper", FROM["filter"]),
        ("filter", "prefer", ["directory", "openscore", "music21", "musicnet"], FROM["filter"]),
        ("augment", "hop_steps", 12, [*FROM["augment"][:2], "compose", *FROM["augment"][2:]]),
        ("split", "seed", 9, FROM["encode"]),
        ("reconstruct", "tempo_qpm", 90.0, FROM["reconstruct"]),
        ("describe", "phrases", 100, FROM["describe"]),
        ("describe", "held_out", 100, FROM["describe"]),
        ("report", "beats", 2, FROM["report"]),
        ("report", "tempo_qpm", 90.0, FROM["report"]),
    ],
)
def test_a_parameter_reruns_just_what_depends_on_it(
    wired: Path, section: str, key: str, value: Any, expected: list[str]
) -> None:
    before = (wired / "params.yaml").read_text(encoding="utf-8")
    try:
        workspace.change_params(wired, {section: {key: value}})
        assert workspace.stages_to_run(wired) == expected
    finally:
        (wired / "params.yaml").write_text(before, encoding="utf-8")


def test_a_real_run_does_what_the_dry_run_says(wired: Path) -> None:
    before = (wired / "params.yaml").read_text(encoding="utf-8")
    workspace.change_params(wired, {"interpolate": {"points": 4}})
    try:
        assert workspace.reproduce(wired) == FROM["interpolate"]
        assert workspace.stages_to_run(wired) == []
    finally:
        (wired / "params.yaml").write_text(before, encoding="utf-8")
        workspace.reproduce(wired)


@pytest.mark.slow
def test_the_reconstructions_are_quartets_as_long_as_the_originals(done: Path) -> None:
    folders = [path for path in (done / "outputs" / "reconstructions").iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        original, rebuilt = (midi.read(folder / name) for name in ("original.mid", "reconstruction.mid"))
        for file in (original, rebuilt):
            # A part that rests throughout comes last.
            players = sorted((track.program, track.name) for track in file.tracks)
            assert players == [(40, "Violin I"), (40, "Violin II"), (41, "Viola"), (42, "Cello")]
        assert rebuilt.end <= original.end
        assert (folder / "piano_roll.png").stat().st_size > 1000


@pytest.mark.slow
def test_the_ends_of_a_path_are_the_reconstructions(done: Path) -> None:
    figures = json.loads((done / "metrics" / "interpolate.json").read_text())
    assert figures["endpoint_token_accuracy"] == 1.0
    between = piece_file.read(done / "outputs" / "interpolations" / "pieces.parquet")
    rebuilt = {p.id: p for p in piece_file.read(done / "outputs" / "reconstructions" / "pieces.parquet").pieces}
    first = {p.id: p for p in between.pieces}
    pairs = {piece.work for piece in between.pieces}
    assert pairs
    for pair in pairs:
        a, b = pair.split("-")
        for id, end in ((a, f"{pair}/0"), (b, f"{pair}/2")):
            tokens = first[end].tokens
            assert np.array_equal(tokens, rebuilt[id].tokens[: len(tokens)])


@pytest.mark.parametrize("profile", ["default", "musicnet", "sixteenths", "paper", "demo", "tiny"])
def test_a_profile_gives_valid_params_and_leaves_nothing_of_the_last_one(profile: str, tmp_path: Path) -> None:
    target, direct = tmp_path / "params.yaml", tmp_path / "direct.yaml"
    shutil.copy(ROOT / "params.yaml", target)
    shutil.copy(ROOT / "params.yaml", direct)
    for name in ("paper", "demo", "default", profile):
        profiles.apply(ROOT / "profiles" / f"{name}.yaml", target)
    profiles.apply(ROOT / "profiles" / f"{profile}.yaml", direct)
    assert target.read_text() == direct.read_text()
    wanted = params.read_yaml(ROOT / "profiles" / f"{profile}.yaml")
    content = params.read_yaml(target)
    assert all(content[section][key] == value for section in wanted for key, value in wanted[section].items())
    params.check(content, target)


def test_all_profiles_set_the_same_keys() -> None:
    keys = {
        path.stem: {(section, key) for section, values in params.read_yaml(path).items() for key in values}
        for path in (ROOT / "profiles").glob("*.yaml")
    }
    assert set(keys) == {"default", "demo", "musicnet", "paper", "sixteenths", "tiny"}
    assert all(of == keys["default"] for of in keys.values())


def test_a_profile_with_an_unknown_key_or_a_bad_value_changes_nothing(tmp_path: Path) -> None:
    target, profile = tmp_path / "params.yaml", tmp_path / "mine.yaml"
    shutil.copy(ROOT / "params.yaml", target)
    for text, match in (
        ("model: {latent_dimension: 3}", r"model\.latent_dimension is no key"),
        ("modle: {latent_dim: 3}", "'modle' is no section"),
        ("model: {latent_dim: 0}", r"model\.latent_dim: 0 found"),
    ):
        profile.write_text(text)
        with pytest.raises(ParamsError, match=match):
            profiles.apply(profile, target)
        assert target.read_text() == (ROOT / "params.yaml").read_text()
