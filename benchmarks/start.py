"""How long `quartetvae interpolate a.mid b.mid` takes from a cold start, beside Keras: `python -m benchmarks.start`.

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

ROOT = Path(__file__).resolve().parent.parent
TURNS = 5

COMMANDS = {
    "interpolate": ["-m", "quartetvae.cli", "interpolate", "a.mid", "b.mid"],
    "keras": ["-c", "import quartetvae; quartetvae.load_pretrained()"],
}
"""What is timed: the whole command, and loading the same network with Keras, before it does anything."""


def main() -> None:
    """Time both."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        music.prepare(Path(folder))
        for name, source in (("a.mid", "haydn/opus74no1_movement1.mid"), ("b.mid", "mozart/k458_movement1.mid")):
            (Path(folder) / source).rename(Path(folder) / name)
        for _ in range(TURNS):
            for name, command in COMMANDS.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
                seconds[name].append(time.perf_counter() - start)
    found = {name: round(statistics.median(times), 2) for name, times in seconds.items()}
    about = {
        "command": "python -m benchmarks.start",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "hardware": hardware.used(),
        "commit": hardware.commit(),
    }
    files.write_json(ROOT / "benchmarks" / "start.json", {**about, "seconds": found})
    print(f"interpolate: {found['interpolate']} s; loading the network with Keras alone: {found['keras']} s")


if __name__ == "__main__":
    main()
