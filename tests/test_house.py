"""The house: arrows between the packages of quartetvae/ point one way, and only `pipeline` knows the pipeline."""

import ast
import re
from pathlib import Path

import pytest

import quartetvae
from quartetvae.pipeline import params
from tests.imports import ROOT, imported_by

LAYERS = (
    *(
        "errors",
        "machine",
        "files",
        "terminal",
        "config",
        "music",
        "io",
        "metrics",
        "corpus",
        "model",
        "training",
        "latent",
        "composing",
        "api",
    ),
    *("evaluation", "plots", "report", "studio", "study", "cli", "pipeline"),
)
"""From the ground up: what stands later may import what stands earlier."""

SOURCES = sorted((ROOT / "quartetvae").rglob("*.py"))

ENTRANCE = ROOT / "quartetvae" / "__init__.py"
"""Imports `api` when it is asked for, and belongs to no layer."""


def layer(name: str) -> str:
    """The layer of a module's dotted name, or of a path's."""
    return name.split(".")[1]


def module(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_module_has_a_layer() -> None:
    found = {layer(module(path)) for path in SOURCES if path != ENTRANCE}
    assert found == set(LAYERS)


@pytest.mark.parametrize("path", [path for path in SOURCES if path != ENTRANCE], ids=module)
def test_a_module_imports_only_its_own_layer_and_those_below(path: Path) -> None:
    own = LAYERS.index(layer(module(path)))
    above = [
        name for name in imported_by(path, typing=True) if name != "quartetvae" and LAYERS.index(layer(name)) > own
    ]
    assert not above


def test_a_wrong_arrow_would_be_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def late():\n    from quartetvae import cli\n    from quartetvae.pipeline.params import load\n")
    assert {layer(name) for name in imported_by(wrong, typing=True) if name != "quartetvae"} == {"cli", "pipeline"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = {module(path): path for path in SOURCES if path != ENTRANCE}
    arrows = {name: imported_by(path, typing=True) & known.keys() - {name} for name, path in known.items()}
    # A package's own __init__ holds a docstring only, or what its modules need before they are imported.
    arrows = {name: {other for other in to if not name.startswith(f"{other}.")} for name, to in arrows.items()}
    while free := {name for name, to in arrows.items() if not to & arrows.keys()}:
        arrows = {name: to for name, to in arrows.items() if name not in free}
    assert not arrows


@pytest.mark.parametrize("path", [path for path in SOURCES if layer(f"{module(path)}.") != "pipeline"], ids=module)
def test_only_the_pipeline_knows_its_paths(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documented]
    # In a message a path may tell the user where to look; by itself it is opened.
    opened = re.compile(r"(data|models|outputs|metrics|plots|params\.yaml|dvc\.yaml)(/[\w./]*)?(\.\w+)?")
    values = [text.value for text in texts if isinstance(text.value, str) and opened.fullmatch(text.value)]
    assert [value for value in values if "/" in value or "." in value] == []


@pytest.mark.parametrize("path", [path for path in SOURCES if layer(f"{module(path)}.") != "pipeline"], ids=module)
def test_only_the_pipeline_takes_sections_of_params(path: Path) -> None:
    own = {"Download", "Filter", "Reconstruct", "Interpolate", "Evaluate", "Describe", "Report"}
    assert own <= {field.annotation.__name__ for field in params.Params.model_fields.values() if field.annotation}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & own


def test_tests_have_the_folders_of_the_library() -> None:
    packages = {path.parent.name for path in (ROOT / "quartetvae").glob("*/__init__.py")}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and any(path.glob("test_*.py"))}
    assert folders <= packages | {"benchmarks", "experiments", "tools", "trust"}
    assert packages - folders == set()


def test_the_citation_is_of_this_version() -> None:
    citation = params.read_yaml(ROOT / "CITATION.cff")
    assert citation["version"] == quartetvae.__version__


def _runs_what_it_reads(tree: ast.AST) -> list[str]:
    """What there is in a module by which a file could have its contents run."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            found += [
                name
                for name in names
                if name.partition(".")[0] in {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
            ]
        if isinstance(node, ast.Call):
            name, said = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
            if name in {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}:
                found.append(name)
            if name == "np.load" and said.get("allow_pickle") != "False":
                found.append("np.load with pickles")
            if said.get("shell", "False") != "False" or said.get("safe_mode", "True") != "True":
                found.append(f"{name} of what is not safe")
            is_tagged = name == "YAML" and said.get("typ", "'safe'") not in SAFE_YAML
            if is_tagged or (name == "yaml.load" and "Loader" in said):
                found.append("YAML with tags")
    return found


SAFE_YAML = ("'safe'", "'rt'")
"""Kinds of ruamel.yaml that make plain values only; of a YAML without a kind, `rt`, too."""

MODULES = [*SOURCES, *sorted((ROOT / "stages").glob("*.py"))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_read_is_run(path: Path) -> None:
    assert _runs_what_it_reads(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        *("import pickle", "from joblib import load", "import marshal", "eval(text)", "exec(text)"),
        *("os.system(name)", "np.load(path)", "np.load(path, allow_pickle=True)", "run(name, shell=True)"),
        *("yaml.load(text, Loader=yaml.Loader)", "YAML(typ='unsafe')", "load_model(path, safe_mode=False)"),
    ],
)
def test_what_runs_what_it_reads_would_be_seen(wrong: str) -> None:
    assert len(_runs_what_it_reads(ast.parse(wrong))) == 1
