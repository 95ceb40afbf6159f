"""Write the outputs and pictures in docs/commands/: `python -m tools.commands` runs every command that stands there.

In a fenced block of kind `console` each line that begins with `$ ` is a command; what follows it, up to the next or
the end of the block, is what it printed, and is written anew. All commands of a page run in one folder. In it are two
scores out of music21's corpus, haydn.mxl (op. 74 no. 1, minuet) and mozart.mxl (K. 458, minuet), and the movements of a
few quartets in haydn/ and mozart/. A picture is taken from there: `<!-- from out/point_2.png -->` stands above it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import music

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

COLUMNS = 110
"""Of the terminal that commands print to."""

BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", flags=re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r"<!-- from (\S+) -->\n!\[[^]]*\]\((\S+)\)")


def commands(page: str) -> list[str]:
    """List the commands that stand in a page, in their order."""
    return [line.removeprefix("$ ") for block in BLOCK.findall(page) for line in block.splitlines() if line[:2] == "$ "]


def run(command: str, folder: Path) -> str:
    """Run a command, and give what it printed, to either stream."""
    environment = os.environ | {"COLUMNS": str(COLUMNS)}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{command}: exit status {done.returncode}\n{done.stderr}")
    return (done.stdout + done.stderr).rstrip() + "\n" if done.stdout or done.stderr else ""


def written(page: str, folder: Path) -> str:
    """Write a page anew, with what its commands print now."""

    def anew(block: re.Match[str]) -> str:
        return "".join(f"$ {command}\n{run(command, folder)}" for command in commands(f"```console\n{block[0]}```"))

    return BLOCK.sub(anew, page)


def photograph(page: Path, target: Path) -> None:
    """Take a picture of the page to listen on, at a point between, in Chromium."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser).new_page(viewport={"width": 1180, "height": 1180})
        window.goto(page.resolve().as_uri())
        window.get_by_role("radio").nth(3).click()
        window.get_by_text("Score", exact=True).click()
        window.get_by_role("img", name="Score:").wait_for()
        window.wait_for_timeout(4000)
        window.screenshot(path=target)


def main() -> None:
    """Write one page, or all."""
    parser = argparse.ArgumentParser(prog="python -m tools.commands", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of pages, as interpolate; by default all")
    parser.add_argument("--photograph", action="store_true", help="the page in outputs/report instead (needs Chromium)")
    arguments = parser.parse_args()
    names = arguments.names
    if arguments.photograph:
        photograph(ROOT / "outputs" / "report" / "index.html", DOCS / "pictures" / "report.png")
        return
    with tempfile.TemporaryDirectory() as start:
        music.prepare(Path(start))
        for path in sorted((DOCS / "commands").glob("*.md")):
            if names and path.stem not in names:
                continue
            with tempfile.TemporaryDirectory() as folder:
                shutil.copytree(start, folder, dirs_exist_ok=True)
                page = written(path.read_text(encoding="utf-8"), Path(folder))
                for source, target in PICTURE.findall(page):
                    shutil.copyfile(Path(folder) / source, path.parent / target)
            path.write_text(page, encoding="utf-8")
            print(path.relative_to(ROOT), flush=True)


if __name__ == "__main__":
    main()
