"""The examples in docstrings work, and every function of the API is described in the same way."""

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import quartetvae
from quartetvae import api
from quartetvae.model import pretrained
from tests.imports import ROOT

ELSEWHERE: tuple[str, ...] = ("quartetvae.model.keras", "quartetvae.api.load_pretrained")
"""These need Keras, which takes seconds to import; tests/model/test_pretrained.py has the example."""

COMPOSERS = tuple(f"quartetvae.api.{name}" for name in ("load_composer", "infill", "harmonise", "continue_", "bridge"))
"""These need a composer: they run where one came with the package, which is made by a training of its own."""

if not pretrained.COMPOSER.is_dir():
    ELSEWHERE += COMPOSERS

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(Path(quartetvae.__path__[0]).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]
FUNCTIONS = [name for name in quartetvae.__all__ if inspect.isfunction(getattr(api, name))]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(ELSEWHERE[0])])
def test_the_examples_of_a_module_work(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
    runner = doctest.DocTestRunner()
    for test in (test for test in found if test.name not in ELSEWHERE):
        runner.run(test)
    assert runner.failures == 0
    assert runner.tries > 0


def sections(text: str) -> dict[str, str]:
    """The sections of a docstring by their names; what comes before the first is the summary."""
    parts = re.split(r"^(\w+)\n-+\n", text, flags=re.MULTILINE)
    return {"summary": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_the_api_has_examples_names_its_errors_and_tells_its_parameters(name: str) -> None:
    function = getattr(api, name)
    found = sections(inspect.getdoc(function) or "")
    assert found.keys() >= {"summary", "Raises", "Examples"}
    assert ">>> " in found["Examples"]
    told = set(re.findall(r"\w+", found.get("Parameters", "")))
    signature = inspect.signature(function)
    assert set(signature.parameters) - told == set()
    assert "Returns" in found or signature.return_annotation is None
