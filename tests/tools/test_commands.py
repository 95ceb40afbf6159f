"""docs/commands/ and the README's examples: the commands exist, take these options, and say what stands there."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import quartetvae
from quartetvae.cli import COMMANDS, app
from quartetvae.io import midi
from tests.imports import ROOT
from tests.workspace import write_corpus
from tools import commands

PLACE = commands.DOCS / "commands"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in PLACE.glob("*.md")}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def shown() -> list[list[str]]:
    """The words of every `quartetvae ...` that stands in a page or in a shell block of the README."""
    lines = [command for page in PAGES.values() for command in commands.commands(page)]
    for block in re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL):
        lines += block.splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("quartetvae ")]


def test_every_command_has_a_page_and_the_index_names_it() -> None:
    assert set(PAGES) == {*COMMANDS, "README"}
    assert all(f"({name}.md)" in PAGES["README"] for name in COMMANDS)


@pytest.mark.parametrize("words", shown(), ids=" ".join)
def test_a_command_that_is_shown_is_understood(words: list[str]) -> None:
    context = click.Context(app, **app.context_settings)
    command = app.get_command(context, words[0])
    assert command is not None
    if "--help" not in words:
        command.make_context(words[0], words[1:], parent=context)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_has_the_help_of_today(name: str) -> None:
    # click leaves two columns free, and its runner takes 80 columns whatever the environment says.
    width = min(commands.COLUMNS, app.context_settings["max_content_width"]) - 2
    said = CliRunner().invoke(app, [name, "--help"], prog_name="quartetvae", terminal_width=width).output
    assert f"$ quartetvae {name} --help\n{said}" in PAGES[name]


def test_pictures_exist() -> None:
    found = [PLACE / target for page in PAGES.values() for target in re.findall(r"\]\((pictures/[^)]*)\)", page)]
    assert len(found) > 5
    assert all(path.stat().st_size > 1000 for path in found)


def test_the_readmes_lines_of_python_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(tmp_path, works=2, pieces_per_work=1, beats=8)
    for name, source in (("a.mid", "work0_0.mid"), ("b.mid", "work1_0.mid")):
        (tmp_path / source).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(block.replace(".ogg", ".mid"), names)
    assert names["codes"].shape == (2, 128)
    assert [path.name for path in sorted(tmp_path.glob("point_*"))] == [f"point_{k}.mid" for k in range(5)]
    assert midi.read(tmp_path / "point_0.mid").end > 0


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name
)
def test_every_link_leads_somewhere(page: Path) -> None:
    found = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in found if "://" not in target]
    assert all((page.parent / target).exists() for target in local), local


def test_the_readme_is_a_door() -> None:
    assert len(README.splitlines()) <= 150


def test_what_is_named_after_the_package_can_be_called() -> None:
    pages = [README, *(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))]
    named = {name for page in pages for name in re.findall(r"`quartetvae\.(\w+)\(", page)}
    assert named
    assert all(callable(getattr(quartetvae, name)) for name in named)


@pytest.mark.parametrize("name", [name for name in quartetvae.__all__ if name != "Quartet"])
def test_the_readme_names_every_function(name: str) -> None:
    assert re.search(rf"\b{name}\b", README.split("## From Python")[1].split("## ")[0])
