"""Ten times as many files: time per file and peak memory of download, filter and encode.

Made-up scores, no two alike (MusicXML, four parts, eight bars), go through the source `directory`, whose conversion
makes MIDI files of them, and through the stages `filter` and `encode`, each a process of its own as under DVC, in a
temporary folder with params.yaml. Time is CPU seconds of a stage and the processes that it starts. What a stage takes
to start is the same for few files as for many, so `per_file` has what each further file takes: the difference of two
sizes. The smallest is one at which all processes have been started: at 33 files one does all, and what the others take
to start would count for the files beyond. Memory is the most that any one process of a stage held.

    python -m benchmarks growth               # 330, 3,300 and 33,000 files: a quarter of an hour
    python -m benchmarks growth --files 3300  # two sizes, of which no growth of time can be told: two minutes
"""

import itertools
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from tqdm import tqdm

from benchmarks import processes
from benchmarks.processes import Spent
from quartetvae.pipeline import locations

ROOT = Path(__file__).resolve().parent.parent

SMALLEST, LARGEST = 330, 33_000
STAGES = ("download", "filter", "encode")

TURNS = 3
MANY = 1_000
"""From so many files on, once is enough: they are many turns by themselves."""

BARS, BEATS = 8, 4

PARTS = (("Violin I", 72), ("Violin II", 67), ("Viola", 60), ("Violoncello", 48))
"""Names, and about what pitch they play."""

STEPS = ("C", "C", "D", "E", "E", "F", "F", "G", "A", "A", "B", "B")
ALTERS = (0, 1, 0, -1, 0, 0, 1, 0, -1, 0, -1, 0)
"""How the twelve pitch classes are written."""


def measure(*, largest: int = LARGEST, smallest: int = SMALLEST, turns: int = TURNS) -> dict[str, Any]:
    """Run the stages on `smallest` files, ten times as many, and so on up to `largest`."""
    found: dict[int, dict[str, Spent]] = {}
    for size in _sizes(smallest, largest):
        times = turns if size < MANY else 1
        with tempfile.TemporaryDirectory() as name:
            project = prepare(Path(name), size)
            rounds = [run(project) for _ in tqdm(range(times), desc=f"{size:,} files", unit="turn")]
        found[size] = {stage: processes.median([one[stage] for one in rounds]) for stage in STAGES}
    return figures(found)


def figures(found: dict[int, dict[str, Spent]]) -> dict[str, Any]:
    """Sum up what the stages took for each number of files, of which there are two at least.

    `growth_of_time` is the longest time per file, of all spans from one size to the next, over the shortest. Of two
    sizes alone it cannot be told: null. `growth_of_memory` is that of the stage of which it is the largest, from the
    smallest size to the largest.
    """
    sizes = list(found)
    more = {
        f"{few:,} to {many:,}": {
            stage: 1000 * (found[many][stage].cpu - found[few][stage].cpu) / (many - few) for stage in STAGES
        }
        for few, many in itertools.pairwise(sizes)
    }
    per_file = {span: sum(by_stage.values()) for span, by_stage in more.items()}
    all_files = list(per_file.values())
    memory = {stage: found[sizes[-1]][stage].peak / found[sizes[0]][stage].peak for stage in STAGES}
    peaks = {str(size): {stage: found[size][stage].peak for stage in STAGES} for size in sizes}
    return {
        "cpu_seconds": {str(size): {stage: found[size][stage].cpu for stage in STAGES} for size in sizes},
        "wall_seconds": {str(size): {stage: found[size][stage].wall for stage in STAGES} for size in sizes},
        "per_file_milliseconds": {span: {**more[span], "all": per_file[span]} for span in more},
        "files_per_core_second": 1000 / all_files[-1],
        "peak_mebibytes": peaks,
        "growth_of_time": max(all_files) / min(all_files) if len(all_files) > 1 else None,
        "growth_of_memory_by_stage": memory,
        "growth_of_memory": max(memory.values()),
    }


def _sizes(smallest: int, largest: int) -> list[int]:
    if largest < 10 * smallest:
        raise SystemExit(f"--files {largest}: {10 * smallest} at least are needed, to compare with {smallest}.")
    sizes = [smallest]
    while 10 * sizes[-1] <= largest:
        sizes.append(10 * sizes[-1])
    return sizes


def prepare(folder: Path, count: int) -> Path:
    """Make a project of so many scores in an empty folder: params.yaml, data/own and metadata.csv."""
    yaml = YAML()
    content = yaml.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    content["download"] = {"sources": ["directory"], "directory": "data/own"}
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    own = folder / "data" / "own"
    own.mkdir(parents=True)
    rows = ["file,id,composer,work,movement,ensemble"]
    for number in range(count):
        (own / f"{number}.musicxml").write_text(score(number), encoding="utf-8")
        rows.append(f"{number}.musicxml,n{number},Composer {number % 50},Quartet {number},1,String Quartet")
    (own / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def score(number: int) -> str:
    """Make up a score, MusicXML: quarter notes, each part's about its own pitch; another number, other notes."""
    rng = np.random.default_rng(number)
    names = "".join(
        f'<score-part id="P{part}"><part-name>{name}</part-name></score-part>' for part, (name, _) in enumerate(PARTS)
    )
    parts = "".join(
        f'<part id="P{part}">{_bars(middle + rng.integers(-6, 7, (BARS, BEATS)))}</part>'
        for part, (_, middle) in enumerate(PARTS)
    )
    return f'<score-partwise version="4.0"><part-list>{names}</part-list>{parts}</score-partwise>\n'


def _bars(pitches: NDArray[np.int64]) -> str:
    head = (
        f"<attributes><divisions>1</divisions><time><beats>{BEATS}</beats><beat-type>4</beat-type></time></attributes>"
    )
    return "".join(
        f'<measure number="{bar}">{head if bar == 1 else ""}{"".join(map(_note, row))}</measure>'
        for bar, row in enumerate(pitches.tolist(), start=1)
    )


def _note(pitch: int) -> str:
    step, alter = STEPS[pitch % 12], ALTERS[pitch % 12]
    return (
        f"<note><pitch><step>{step}</step><alter>{alter}</alter><octave>{pitch // 12 - 1}</octave></pitch>"
        "<duration>1</duration><type>quarter</type></note>"
    )


def run(project: Path) -> dict[str, Spent]:
    """Run the stages in a project that `prepare` made; what was converted or read before is so again."""
    shutil.rmtree(project / locations.SHARDS, ignore_errors=True)
    with tempfile.TemporaryDirectory() as cache:
        environment = {"PYTHONPATH": str(ROOT), "QUARTETVAE_CACHE": cache, "QUARTETVAE_WORKERS": ""}
        return {
            stage: processes.spent([sys.executable, "-m", f"stages.{stage}"], project, os.environ | environment)
            for stage in STAGES
        }
