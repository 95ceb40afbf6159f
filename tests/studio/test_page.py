"""The studio's page without a browser: what it holds, and what it refuses."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

import quartetvae
from quartetvae.errors import ModelError, RenderingError
from quartetvae.model.architecture import Architecture
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.studio import packing, page
from quartetvae.studio.page import Corner

FEWEST, MOST = 2, 4


@pytest.fixture(scope="module")
def model() -> NumpyAutoencoder:
    """The package's network."""
    return quartetvae.load()


@pytest.fixture(scope="module")
def corners(model: NumpyAutoencoder) -> list[Corner]:
    """Five corners, one more than a page has."""
    made = dataclasses.replace(quartetvae.sample(model, beats=8, seed=0), tempo_qpm=300.0)
    return [Corner(made, quartetvae.encode(model, made), f"Composer {number}") for number in range(MOST + 1)]


def data(written: str) -> dict[str, Any]:
    """What the page gives its script."""
    found = re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', written, re.DOTALL)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def other(model: NumpyAutoencoder, folder: Path | None = None, **changes: Any) -> NumpyAutoencoder:
    """The same network under another description."""
    made = NumpyAutoencoder.__new__(NumpyAutoencoder)
    made.__dict__.update(model.__dict__)
    made.folder = folder
    network = model.architecture.network.model_copy(update=changes)
    made.architecture = dataclasses.replace(model.architecture, network=network)
    return made


@pytest.mark.parametrize("count", [FEWEST - 1, MOST + 1])
def test_too_few_pieces_and_too_many_are_refused(count: int, model: NumpyAutoencoder, corners: list[Corner]) -> None:
    with pytest.raises(RenderingError, match=f"a studio of {count} pieces; two to four are needed"):
        page.build(model, corners[:count])


def test_a_model_of_no_folder_is_refused(model: NumpyAutoencoder, corners: list[Corner]) -> None:
    with pytest.raises(ModelError, match=r"a model without a folder.*quartetvae\.load\(FOLDER\)"):
        page.build(other(model), corners[:FEWEST])


def test_a_network_that_the_browser_has_not_is_named(model: NumpyAutoencoder, corners: list[Corner]) -> None:
    changed = other(model, model.folder, cell="lstm", decoder_layers=2)
    with pytest.raises(ModelError, match=r"a network of cell lstm, decoder_layers 2: .*there is decoder hierarchical"):
        page.build(changed, corners[:FEWEST])


def test_phrases_that_begin_otherwise_are_refused(model: NumpyAutoencoder) -> None:
    form = model.architecture.form.model_copy(update={"boundary": "onset"})
    wrong: Architecture = dataclasses.replace(model.architecture, form=form)
    with pytest.raises(ModelError, match="a network of boundary onset: "):
        packing.check(wrong)


def test_the_tempo_is_the_pieces_within_limits(model: NumpyAutoencoder, corners: list[Corner]) -> None:
    # The pieces' is 300; a page has 30 to 240.
    assert data(page.build(model, corners[:FEWEST], composer=None))["tempo"] == 240
    assert data(page.build(model, corners[:FEWEST], tempo_qpm=71.26, composer=None))["tempo"] == 71.3


def test_a_page_without_a_composer(model: NumpyAutoencoder, corners: list[Corner]) -> None:
    alone = data(page.build(model, corners[:FEWEST], composer=None))
    assert alone["composer"] is None
    assert [piece["who"] for piece in alone["pieces"]] == ["Composer 0", "Composer 1"]
    hired = data(page.build(model, corners[:FEWEST]))
    assert hired["composer"]["sizes"]
    # A network on another grid gets no help from the package's.
    grid = dataclasses.replace(model.architecture.grid, steps_per_beat=4)
    elsewhere = other(model, model.folder)
    elsewhere.architecture = dataclasses.replace(model.architecture, grid=grid)
    assert data(page.build(elsewhere, corners[:FEWEST]))["composer"] is None


def test_a_page_that_cannot_be_written_is_an_error(
    tmp_path: Path, model: NumpyAutoencoder, corners: list[Corner]
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RenderingError, match=r"studio\.html: cannot be written \(.*\); choose another place"):
        page.write(tmp_path / "file" / "studio.html", model, corners[:FEWEST], composer=None)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
