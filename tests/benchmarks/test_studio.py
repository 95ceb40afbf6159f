"""The benchmark of the studio times each thing that its table has, and slows the page's worker down."""

from pathlib import Path

import pytest

import quartetvae
from benchmarks import studio
from quartetvae.studio import page as pages
from tests import browser as browsers
from tools import results

pytestmark = browsers.needed


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small page, and a file to drop on it."""
    folder = tmp_path_factory.mktemp("studio")
    model = quartetvae.load()
    music = [quartetvae.sample(model, beats=8, seed=seed) for seed in range(2)]
    corners = [pages.Corner(one, quartetvae.encode(model, one), str(k)) for k, one in enumerate(music)]
    pages.write(folder / "studio.html", model, corners, composer=None)
    quartetvae.write(folder / "own.mid", music[0])
    return folder / "studio.html", folder / "own.mid"


def test_all_that_the_table_has_is_timed(files: tuple[Path, Path]) -> None:
    page, midi = files
    with studio.launched() as browser:
        found = studio.measure(browser, page, midi, studio.WINDOWS["phone"], 1, moves=3, drops=2, starts=1)
    assert set(found) == set(results.TIMES)
    assert all(0 < of["median"] <= of["p95"] for of in found.values())
    assert found["beat"]["median"] <= found["phrase"]["median"]


def test_a_worker_that_is_slowed_down_answers_later(files: tuple[Path, Path]) -> None:
    tone = "async () => { const at = performance.now(); await ask({ tone: { program: 40, pitch: 60, rate: 44100 } }); "
    times = {}
    with studio.launched() as browser:
        # By far more than other work on the machine may make of either.
        for slower in (1, 60):
            page = browser.new_page()
            page.goto(studio.slowed(files[0], slower).as_uri())
            # Sixty times as slow, on a machine that may be at other work.
            page.wait_for_function(studio.WRITTEN, timeout=180_000)
            page.evaluate(f"{tone} }}")
            times[slower] = min(page.evaluate(f"{tone} return performance.now() - at; }}") for _ in range(3))
    assert times[60] > 3 * times[1]


def test_a_page_of_another_make_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>nothing</p>")
    with pytest.raises(RuntimeError, match=r"a\.html: its worker does not end"):
        studio.slowed(tmp_path / "a.html", 4)


def test_times_are_summed_up_by_median_and_percentile() -> None:
    assert studio.summary([10.0, 20.0, 30.0]) == {"median": 20.0, "p95": 29.0}
