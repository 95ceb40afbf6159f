"""Training from a table that memory does not hold: `python -m benchmarks.streaming`.

memory
    The most that a process holds that builds the default network, trains it for some batches (on the first steps of
    their phrases) and then takes all other batches of an epoch from a made-up table of phrases of 768 bytes: one that
    fits into the pool, and is kept, and one of some millions of phrases (`--phrases`).
speed
    Phrases per second of training the default network, out of a pool that has to be filled up all the time, against
    batches of an array in memory. The two take turns in one process; what counts is the ratio.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import hardware
from benchmarks.training import ROOT, settings
from quartetvae import config, files
from quartetvae.corpus import streams, tables
from quartetvae.corpus.records import PhraseSet
from quartetvae.model.architecture import Architecture
from quartetvae.model.keras import devices
from quartetvae.model.keras.vae import QuartetVAE
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid

TRAINED = 40
"""Batches that the network is trained on where memory is measured."""


def made_up(grid: Grid, form: config.Phrases, count: int) -> Iterator[PhraseSet]:
    """Make phrases of random tokens, in batches as the stage `augment` makes them."""
    rng, steps = np.random.default_rng(0), form.beats_per_phrase * grid.steps_per_beat
    for start in range(0, count, 65_536):
        number = min(65_536, count - start)
        tokens = rng.integers(0, grid.alphabet.size, (number, steps, grid.columns), dtype=np.uint8)
        zeros = np.zeros(number, np.int32)
        yield PhraseSet(tokens, np.full(number, "one", object), zeros, zeros.astype(np.int8), grid, form)


def _long(architecture: Architecture) -> tuple[Grid, config.Phrases]:
    """Choose phrases of 96 steps: 768 bytes of two columns a part."""
    form = architecture.form.model_copy(update={"beats_per_phrase": 8})
    return replace(architecture.grid, steps_per_beat=12), form


def peak(path: Path) -> tuple[float, int]:
    """Train a little, take all batches of an epoch, and tell the most memory in GiB, and how many phrases came."""
    devices.share_threads()
    architecture, train = settings("default")
    model, stream, phrases = QuartetVAE(architecture), streams.opened(path), 0
    model.prepare(train, 1_000_000)
    with closing(stream.mixed(train.batch_size, seed=0, epoch=1, count=len(stream))) as batches:
        for number, batch in enumerate(batches):
            phrases += len(batch)
            if number < TRAINED:
                model.train_batch(batch[:, : architecture.steps], number)
    # Linux counts in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, phrases


def rates(path: Path, rounds: int, batches: int) -> dict[str, float]:
    """Measure phrases per second from the table and from memory, the median over rounds in which they take turns."""
    devices.share_threads()
    architecture, train = settings("default")
    model, size = QuartetVAE(architecture), train.batch_size
    model.prepare(train, 1_000_000)
    tokens = tables.read_phrases(path).tokens
    # A pool so small that every batch makes room for another row group soon.
    stream = replace(streams.opened(path), pool=tables.GROUP * tokens[0].size)

    def from_memory(turn: int) -> Iterator[Tokens]:
        shuffled = tokens[np.random.default_rng([0, turn]).permutation(len(tokens))]
        yield from (shuffled[start : start + size] for start in range(0, len(shuffled), size))

    found: dict[str, list[float]] = {"memory": [], "table": []}
    # The first round compiles.
    for turn in tqdm(range(rounds + 1), unit="round"):
        for name in found:
            began = time.perf_counter()
            source = stream.mixed(size, seed=0, epoch=turn, count=len(stream)) if name == "table" else from_memory(turn)
            for batch in islice(source, batches):
                model.train_batch(batch, 0)
            if turn:
                found[name].append(batches * size / (time.perf_counter() - began))
    return {name: statistics.median(each) for name, each in found.items()}


def main() -> None:
    """Measure, print, and write benchmarks/streaming.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streaming", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--phrases", type=int, default=4_000_000, help="of the large table (4000000)")
    parser.add_argument("--rounds", type=int, default=7, help="how often table and memory take turns (7)")
    parser.add_argument("--batches", type=int, default=60, help="batches in a turn (60)")
    arguments = parser.parse_args()
    default, _ = settings("default")
    grid, form = _long(default)
    size = form.beats_per_phrase * grid.steps_per_beat * grid.columns
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.parquet"
        for count in (streams.POOL // size, arguments.phrases):
            tables.write_phrases(path, made_up(grid, form, count), grid, form)
            memory[str(count)], phrases = _apart().apply(peak, (path,))
            assert phrases == count
            print(f"{count:>9,} phrases, {count * size / 2**30:.2f} GiB: {memory[str(count)]:.2f} GiB at most")
        tables.write_phrases(path, made_up(default.grid, default.form, 100_000), default.grid, default.form)
        speed = _apart().apply(rates, (path, arguments.rounds, arguments.batches))
    ratio = speed["table"] / speed["memory"]
    print(f"{speed['table']:.0f} phrases/s from the table, {speed['memory']:.0f} from memory: {ratio:.3f}")
    print(hardware.used())
    files.write_json(
        ROOT / "benchmarks" / "streaming.json",
        {
            "peak_gib_by_phrases": memory,
            "phrases_per_second": speed,
            "ratio": ratio,
            "command": f"python -m benchmarks.streaming --phrases {arguments.phrases}",
            "date": time.strftime("%Y-%m-%d"),
            "hardware": hardware.used(),
            "commit": hardware.commit(),
        },
    )


def _apart() -> Pool:
    """Make a new process, whose memory is its own."""
    return multiprocessing.get_context("spawn").Pool(1)


if __name__ == "__main__":
    main()
