"""How soon the studio answers, in Chromium: `python -m benchmarks.studio`.

beat
    From a movement of the pointer to the notes of the beat that is heard.
phrase
    The same to as many beats as a phrase has.
sound
    From a movement to when all that should sound at the playhead has been given to the sound card, while it plays.
encode
    A MIDI file of 32 beats, dropped: read, put on the grid and encoded.
start
    From opening the page to all 32 beats of its first point.

The page of the minuets of Haydn and Mozart (`benchmarks.music`) in a window of a desktop and of a phone, each at the
machine's own speed and slowed down to a quarter: the page by Chromium, and since that leaves workers as they are, each
of their answers comes four times as late. A movement is made when the phrase of the one before is written.
Milliseconds, the median and the 95th percentile. `load` is the machine's load average before it began: what else ran
there makes all times longer. Writes benchmarks/studio.json.
"""

import argparse
import datetime
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import quartetvae
from benchmarks import hardware, music
from quartetvae import files
from quartetvae.studio import page as pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "studio.json"

MOVES, FILES, STARTS, BEATS = 40, 5, 5, 32

WINDOWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
SLOWER = (1, 4)

WRITTEN = "timings.start && !waiting.length && !busy && Number(document.body.dataset.written) === version"
"""What is true in the page when all beats are as the point wants them."""

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--mute-audio", "--autoplay-policy=no-user-gesture-required")

LATE = """
const asked = onmessage, answer = self.postMessage.bind(self);
let began = 0;
onmessage = (event) => {
  began = performance.now();
  asked(event);
};
self.postMessage = (reply) => {
  const until = began + SLOWER * (performance.now() - began);
  while (performance.now() < until);
  answer(reply);
};
"""
"""What makes a worker slower, at the end of its script."""

END = "  postMessage(reply);\n};\n"
"""Of the worker's script."""


def slowed(path: Path, slower: int) -> Path:
    """Write a page whose workers are slower beside a page."""
    content = path.read_text(encoding="utf-8")
    if END not in content:
        raise RuntimeError(f"{path.name}: its worker does not end as quartetvae/studio/worker.js did; see END.")
    made = path.with_stem(f"{path.stem}-{slower}")
    made.write_text(content.replace(END, END + LATE.replace("SLOWER", str(slower))), encoding="utf-8")
    return made


@contextmanager
def launched() -> "Iterator[Browser]":
    """Start the system's Chromium."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


def summary(times: Sequence[float]) -> dict[str, float]:
    """Compute median and 95th percentile of milliseconds.

    >>> summary([10.0, 20.0, 30.0])
    {'median': 20.0, 'p95': 29.0}
    """
    return {"median": round(float(np.median(times)), 1), "p95": round(float(np.percentile(times, 95)), 1)}


def opened(browser: "Browser", path: Path, window: dict[str, Any], slower: int) -> "Page":
    """Open a page in a new window, slowed down from the beginning."""
    page = browser.new_context(**window).new_page()
    if slower > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(path.as_uri())
    page.wait_for_function(WRITTEN, timeout=120_000)
    return page


def measure(
    browser: "Browser",
    path: Path,
    midi: Path,
    window: dict[str, Any],
    slower: int,
    *,
    moves: int,
    drops: int,
    starts: int,
) -> dict[str, dict[str, float]]:
    """Time one window at one speed."""
    begun, path = [], slowed(path, slower)
    for _ in range(starts):
        page = opened(browser, path, window, slower)
        begun.append(page.evaluate("timings.start"))
        page.context.close()
    page = opened(browser, path, window, slower)
    page.evaluate("toggle()")
    page.wait_for_timeout(2000)
    box = page.locator("#pad").bounding_box()
    if box is None:
        raise RuntimeError("the page shows no pad")
    rng = np.random.default_rng(0)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_function("timings.phrase.length === 1", timeout=120_000)
    for number, (x, y) in enumerate(rng.uniform(0.05, 0.95, (moves, 2)), start=1):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_function(f"timings.phrase.length > {number}", timeout=120_000)
        page.wait_for_timeout(50)
    page.mouse.up()
    found: dict[str, list[float]] = page.evaluate("timings")
    page.evaluate("toggle()")
    for count in range(1, drops + 1):
        page.locator("#file").set_input_files(midi)
        page.wait_for_function(f"timings.encode.length === {count}", timeout=120_000)
        page.wait_for_function(WRITTEN, timeout=120_000)
    encoded = page.evaluate("timings.encode")
    page.context.close()
    # The first one sets the point down, and may come while sounds are still computed.
    return {
        "start": summary(begun),
        **{name: summary(found[name][1:]) for name in ("beat", "phrase", "sound")},
        "encode": summary(encoded),
    }


def prepare(folder: Path) -> tuple[Path, Path]:
    """Make the page and the file to drop."""
    music.prepare(folder)
    model = quartetvae.load()
    found = [quartetvae.read(folder / name, model, beats=BEATS) for name in ("haydn.mxl", "mozart.mxl")]
    corners = [pages.Corner(one, quartetvae.encode(model, one), one.title) for one in found]
    pages.write(folder / "studio.html", model, corners)
    quartetvae.write(folder / "own.mid", found[1])
    return folder / "studio.html", folder / "own.mid"


def main() -> None:
    """Time all."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.studio", description=(__doc__ or "").split("\n\n")[0]
    ).parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        path, midi = prepare(Path(folder))
        times = {
            name: {
                str(slower): measure(browser, path, midi, window, slower, moves=MOVES, drops=FILES, starts=STARTS)
                for slower in SLOWER
            }
            for name, window in WINDOWS.items()
        }
        about = {
            "command": "python -m benchmarks.studio",
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "hardware": f"{hardware.processor()}, Chromium {browser.version}",
            "commit": hardware.commit(),
            "load": round(load, 1),
            "bytes": path.stat().st_size,
        }
    files.write_json(FIGURES, {**about, "milliseconds": times})
    for name, speeds in times.items():
        for slower, found in speeds.items():
            said = ", ".join(f"{what} {of['median']} ({of['p95']})" for what, of in found.items())
            print(f"{name}, 1/{slower} of the speed: {said}")


if __name__ == "__main__":
    main()
