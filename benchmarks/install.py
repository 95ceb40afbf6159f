"""What the package takes to install, and that it runs: `python -m benchmarks.install` writes benchmarks/install.json.

Builds the wheel, installs it into an empty environment, counts packages, MB and seconds, and runs what makes music
there: MIDI files, and the page of `listen`; then the same with the extras `scores` and `sound`, for pictures and sound.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from quartetvae import files

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "install.json"

LARGEST_MB = 200
"""Of the base package with all that it needs."""

STEPS = {"base": ("", "mid"), "scores, sound": ("[scores,sound]", "ogg,png,pdf")}
"""What is installed, by extras, and as what music is written then."""

A, B = "sample_0.mid", "sample_1.mid"

COMMANDS = (
    ("interpolate", A, B, "--points", "2"),
    ("infill", A, "--bars", "1", "--parts", "viola"),
    ("harmonise", A),
    ("continue", A, "--beats", "4"),
    ("sample", "--by", "composer", "--beats", "4"),
)
"""What is run, of two pieces that the command `sample` made."""


def run(*command: str | Path, **environment: str) -> str:
    """Run a command; end with what it said if it fails."""
    # Without this checkout, which the wheel must not need.
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=rest | environment)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def megabytes(folder: Path) -> float:
    """Add up the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    """Measure and write, or say what does not work."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "empty", with_pip=False)
        bin = folder / "empty" / ("Scripts" if os.name == "nt" else "bin")
        pip = (sys.executable, "-m", "pip", "--python", folder / "empty")
        for step, (extras, kinds) in STEPS.items():
            start = time.perf_counter()
            run(*pip, "install", "--quiet", f"{wheel}{extras}")
            seconds = time.perf_counter() - start
            packages = json.loads(run(*pip, "list", "--format", "json"))
            found[step] = {
                "packages": len(packages),
                "megabytes": round(megabytes(folder / "empty")),
                "seconds": round(seconds),
                "python": sys.version.split()[0],
            }
            quartetvae = bin / "quartetvae"
            run(quartetvae, "sample", "--count", "2", "--beats", "8", "-o", folder)
            for command in COMMANDS:
                words = (folder / word if word in (A, B) else word for word in command)
                run(quartetvae, *words, "--as", kinds, "-o", folder / command[0])
            run(quartetvae, "listen", folder / A, folder / B, "--no-open", "-o", folder / "page.html")
            print(f"{step}: {found[step]}; as {kinds} and a page run {', '.join(command[0] for command in COMMANDS)}")
    files.write_json(RESULT, found)
    if found["base"]["megabytes"] > LARGEST_MB:
        sys.exit(f"the base package takes {found['base']['megabytes']} MB; {LARGEST_MB} is the limit.")


if __name__ == "__main__":
    main()
