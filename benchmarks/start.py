"""How long music of one's own takes, beside Keras: `python -m benchmarks.start`.

interpolate
    `quartetvae interpolate a.mid b.mid` from a cold start.
keras
    Loading the same network with Keras, before it does anything.
phrases
    500 phrases, encoded and decoded in Python by `quartetvae.load()`'s network, which is loaded already.

Both ends are whole movements from music21's corpus, five points, MIDI out; each command is a process of its own. In
turns, so that what else the machine does weighs on both alike; the median counts. Writes benchmarks/start.json.
"""

import datetime
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import hardware, music
from quartetvae import files
from quartetvae.model import architecture, pretrained

ROOT = Path(__file__).resolve().parent.parent
TURNS = 5
PHRASES = 500

COMMANDS = {
    "interpolate": ["-m", "quartetvae.cli", "interpolate", "a.mid", "b.mid"],
    "keras": ["-c", "import quartetvae; quartetvae.load_pretrained()"],
}
"""Each is a process of its own."""

CODES = """
import time, numpy as np, quartetvae
model = quartetvae.load()
phrases = model.decode(np.random.default_rng(0).normal(size=({phrases}, {latent})).astype("float32"))
start = time.perf_counter()
model.decode(model.encode(phrases)[0])
print(time.perf_counter() - start)
"""
"""Encode and decode phrases, once, as the first thing but for those that make them."""


def main() -> None:
    """Time both."""
    seconds: dict[str, list[float]] = {name: [] for name in (*COMMANDS, "phrases")}
    with tempfile.TemporaryDirectory() as folder:
        music.prepare(Path(folder))
        for name, source in (("a.mid", "haydn/opus74no1_movement1.mid"), ("b.mid", "mozart/k458_movement1.mid")):
            (Path(folder) / source).rename(Path(folder) / name)
        for _ in range(TURNS):
            for name, command in COMMANDS.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
                seconds[name].append(time.perf_counter() - start)
            seconds["phrases"].append(_codes())
    found = {name: round(statistics.median(times), 2) for name, times in seconds.items()}
    about = {
        "command": "python -m benchmarks.start",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "hardware": hardware.used(),
        "commit": hardware.commit(),
    }
    files.write_json(ROOT / "benchmarks" / "start.json", {**about, "seconds": found})
    print(
        f"interpolate: {found['interpolate']} s; loading the network with Keras alone: {found['keras']} s; "
        f"{PHRASES} phrases encoded and decoded: {found['phrases']} s"
    )


def _codes() -> float:
    """Time `CODES` in a process of its own."""
    code = CODES.format(phrases=PHRASES, latent=architecture.read(pretrained.FOLDER).network.latent_dim)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()
