"""How long music of one's own takes, beside Keras: `python -m benchmarks.start`.

interpolate
    `quartetvae interpolate a.mid b.mid --path spherical` from a cold start.
path
    The same with `--beats 32`, by exchange, the default.
bars
    32 bars from nothing, `quartetvae sample --by composer --beats 128`.
keras
    Loading the same network with Keras, before it does anything.
phrases
    500 phrases, encoded and decoded in Python by `quartetvae.load()`'s network, which is loaded already.
steps
    Where the time of `interpolate` goes: the same in Python, step by step.

Both ends are whole movements from music21's corpus, five points, MIDI out; each command is a process of its own. In
turns, so that what else the machine does weighs on both alike; the median counts. Writes benchmarks/start.json.
"""

import datetime
import json
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
PHRASES = 500

COMMANDS = {
    "interpolate": ["-m", "quartetvae.cli", "interpolate", "a.mid", "b.mid", "--path", "spherical"],
    "path": ["-m", "quartetvae.cli", "interpolate", "a.mid", "b.mid", "--beats", "32"],
    "bars": ["-m", "quartetvae.cli", "sample", "--by", "composer", "--beats", "128"],
    "keras": ["-c", "import quartetvae; quartetvae.load_pretrained()"],
}
"""Each is a process of its own."""

STEPS = """
import json, time

found, start = {}, time.perf_counter()

def took(step):
    global start
    found[step], start = time.perf_counter() - start, time.perf_counter()

from quartetvae import api
took("import")
model = api.load()
took("load")
ends = [api.read(path, model) for path in ("a.mid", "b.mid")]
took("read")
points = api.interpolate(model, *ends, points=5, path="spherical")
took("encode and decode")
for k, point in enumerate(points):
    api.write(f"{k}.mid", point)
took("write")
import numpy as np
codes = np.random.default_rng(0).normal(size=(PHRASES, model.architecture.network.latent_dim))
phrases = model.decode(codes.astype(np.float32))
start = time.perf_counter()
model.decode(model.encode(phrases)[0])
took("phrases")
print(json.dumps(found))
"""


def main() -> None:
    """Time all."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    steps: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        music.prepare(Path(folder))
        for name, source in (("a.mid", "haydn/opus74no1_movement1.mid"), ("b.mid", "mozart/k458_movement1.mid")):
            (Path(folder) / source).rename(Path(folder) / name)
        for _ in range(TURNS):
            for name, command in COMMANDS.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
                seconds[name].append(time.perf_counter() - start)
            code = [sys.executable, "-c", STEPS.replace("PHRASES", str(PHRASES))]
            steps.append(json.loads(subprocess.run(code, cwd=folder, check=True, capture_output=True).stdout))
    found = {name: round(statistics.median(times), 2) for name, times in seconds.items()}
    parts = {step: round(statistics.median(one[step] for one in steps), 2) for step in steps[0]}
    found["phrases"] = parts.pop("phrases")
    about = {
        "command": "python -m benchmarks.start",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "hardware": hardware.used(),
        "commit": hardware.commit(),
    }
    files.write_json(ROOT / "benchmarks" / "start.json", {**about, "seconds": found, "steps": parts})
    print(
        f"interpolate: {found['interpolate']} s; a path of 32 beats by exchange: {found['path']} s; "
        f"32 bars from nothing: {found['bars']} s; loading the network with Keras alone: {found['keras']} s; "
        f"{PHRASES} phrases encoded and decoded: {found['phrases']} s"
    )


if __name__ == "__main__":
    main()
