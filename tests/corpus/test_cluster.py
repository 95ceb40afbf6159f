"""A real Dask cluster of several workers, of which one is killed on the way: the same bytes as from one process."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae import config
from quartetvae.config import Match
from quartetvae.corpus import augmentation, encoding, piece_file, sources, split, survey, tables
from quartetvae.corpus.parallel import engines, versions
from quartetvae.corpus.parallel.engines import Cluster, Engine, Function, Here, Processes
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.corpus.parallel.shards import Shards
from quartetvae.errors import EngineError, MissingError, missing
from quartetvae.io import midi
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid
from tests.sharding import files, lengths

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    # Of a worker that was killed, and of a cluster that is closed.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

GRID = Grid(4, Alphabet(36, 99))
MATCH: Match = "quartet"
FORM = config.Phrases(beats_per_phrase=2, boundary="held", align="beat")
AUGMENT = config.Augment(kind="transpose", semitones_min=-1, semitones_max=1, hop_steps=4, seed=0)
SHARES = config.Split(by="work", seed=0, validation=0.2, test=0.2)

SCORE = """<score-partwise version="3.1">
<part-list><score-part id="P1"><part-name>Viola</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions></attributes>
<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>4</duration></note></measure></part>
</score-partwise>"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three worker processes, that may start processes of their own."""
    settings = {"distributed.worker.daemon": False, "distributed.comm.timeouts.connect": "120s"}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", memory_limit=0
        ) as running,
    ):
        yield running


class Killing:
    """The cluster; after the first result of each call one of its workers is killed."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.killed: list[int] = []

    def each(
        self, function: Function, arguments: Sequence[Any], *, seconds: float | None = None, renew_after: int
    ) -> Iterator[tuple[int, Any]]:
        """See `Engine.each`."""
        running = Cluster(self.cluster.scheduler_address)
        results = running.each(function, arguments, seconds=seconds, renew_after=renew_after)
        yield next(results)
        # Whatever it was at, another has to do.
        victim = next(worker.pid for worker in self.cluster.workers.values() if worker.pid)
        os.kill(victim, signal.SIGKILL)
        self.killed.append(victim)
        yield from results


def write_own(folder: Path) -> None:
    """Music of the user's: quartets, of which some are there twice, in another key; and scores."""
    folder.mkdir()
    alphabet = GRID.alphabet
    rows = ["file,id,composer,work"]
    for number in range(12):
        # The last four are the first four again.
        rng, up = np.random.default_rng(number % 8), number // 8
        tokens = np.full((80, 4), alphabet.sustain, np.uint8)
        for part, low in enumerate((40, 33, 24, 9)):
            tokens[::2, part] = low + up + rng.integers(0, 12, len(tokens[::2]))
        midi.write_quartet(folder / f"{number:02}.mid", tokens, alphabet, steps_per_beat=4, tempo_qpm=120)
        rows.append(f"{number:02}.mid,q{number:02},Haydn,work {number}")
    for step in "CD":
        (folder / f"{step}.musicxml").write_text(SCORE.format(step=step))
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")


def stages(folder: Path, own: Path, engine: Engine, *, size: int) -> dict[str, bytes]:
    """What the stages before training write, from the same music."""
    raw = folder / "raw"
    sources.fetch(["directory"], raw, directory=own, cache=folder / "cache", engine=engine)
    with survey.surveyed(raw, match=MATCH, grid=GRID, shards=Shards(folder / "filter", engine, size)) as found:
        tables.write_quartets(folder / "quartets.parquet", found.rows())
    table = tables.read_quartets(folder / "quartets.parquet")
    origins = encoding.origins(table)
    with encoding.encoded(raw, table, GRID, Shards(folder / "encode", engine, size)) as pieces:
        splits = split.by_work(pieces.outlines(), SHARES, origins)
        piece_file.write(folder / "pieces.parquet", pieces, splits, grid=GRID, origins=origins)
    file = piece_file.opened(folder / "pieces.parquet")
    with augmentation.planned(file, FORM, AUGMENT, Shards(folder / "augment", engine, size)) as plans:
        for name, plan in plans.items():
            tables.write_phrases(folder / f"{name}.parquet", plan.batches(), GRID, FORM)
    outs = [*raw.rglob("*.*"), *folder.glob("*.parquet")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(outs)}


def test_a_cluster_of_which_a_worker_is_killed_gives_the_same_bytes(tmp_path: Path, cluster: Any) -> None:
    write_own(tmp_path / "own")
    engine = Killing(cluster)
    found = stages(tmp_path / "cluster", tmp_path / "own", engine, size=1)
    # Converting scores, filtering, encoding, augmenting.
    assert len(set(engine.killed)) == 4
    # Scores are converted in a process, shards in this one.
    assert found == stages(tmp_path / "here", tmp_path / "own", Processes(1), size=5)
    decisions = tables.read_quartets(tmp_path / "cluster" / "quartets.parquet")["decision"].value_counts()
    assert decisions.to_dict() == {"selected": 8, "duplicate": 4, "rejected": 2}


def test_a_worker_is_killed_in_the_middle_of_many_shards(tmp_path: Path, cluster: Any) -> None:
    items = files(tmp_path / "in", *map(str, range(30)))
    engine = Killing(cluster)
    with Shards(tmp_path / "cluster", engine, 1).parts(lengths, items, label="test") as parts:
        found = [(path.name, path.read_bytes()) for path in parts]
    with Shards(tmp_path / "here", Here(), 1).parts(lengths, items, label="test") as parts:
        assert found == [(path.name, path.read_bytes()) for path in parts]
    assert engine.killed


def test_an_argument_that_ends_every_worker_is_a_failure(cluster: Any) -> None:
    found = dict(Cluster(cluster.scheduler_address).each(os._exit, [3], renew_after=1))
    assert isinstance(found[0], Failure)
    assert "KilledWorker" in found[0].reason


def test_with_a_limit_of_time_a_crash_is_that_of_one_argument(cluster: Any) -> None:
    engine = Cluster(cluster.scheduler_address)
    found = dict(engine.each(os._exit, [3, "none"], seconds=60, renew_after=9))
    assert found[0] == Failure("the process that read it ended with status 3")
    assert "TypeError" in found[1].reason


def test_workers_that_may_not_start_processes_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Daemon:
        daemon = True

    monkeypatch.setattr("multiprocessing.current_process", Daemon)
    (found,) = engines._answers(int, ["1"], 60, 1, versions.package())
    assert "DASK_DISTRIBUTED__WORKER__DAEMON=False" in found.reason


def test_a_scheduler_that_does_not_answer_is_named() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(EngineError, match=r"QUARTETVAE_DASK is 'tcp://127\.0\.0\.1:9': no scheduler answers"),
    ):
        list(Cluster("tcp://127.0.0.1:9").each(int, ["1"], renew_after=1))


@pytest.mark.parametrize(
    "address", ["garbage", "tcp://", "http://localhost:8786", "tcp://127.0.0.1:port", "inproc://x"]
)
def test_what_is_no_address_is_refused_at_once(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(
        EngineError, match=f"QUARTETVAE_DASK is '{address}'; the address of a scheduler is needed, as tcp"
    ):
        list(Cluster(address).each(int, ["1"], renew_after=1))


LOST = """
import subprocess, sys, time
import dask
from quartetvae.corpus.parallel.engines import Cluster
from quartetvae.errors import run

def main():
    results = Cluster(sys.argv[1]).each(time.sleep, [0.2] * 60, renew_after=1)
    next(results)
    subprocess.run(["kill", "-KILL", sys.argv[2]], check=True)
    list(results)

with dask.config.set({"distributed.comm.timeouts.connect": "2s"}):
    run(main)
"""


def test_a_scheduler_that_is_lost_on_the_way_is_one_error_in_one_line(tmp_path: Path) -> None:
    told = tmp_path / "scheduler.json"

    def start(program: str, *words: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(told), "--no-dashboard"]
        return subprocess.Popen([*line, *words], stderr=subprocess.DEVNULL)

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    worker = start("dask_worker", "--nthreads", "1", "--no-nanny")
    try:
        until = time.monotonic() + 60
        while not told.exists() and time.monotonic() < until:
            time.sleep(0.1)
        address = json.loads(told.read_text())["address"]
        line = [sys.executable, "-c", LOST, address, str(scheduler.pid)]
        found = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    assert found.returncode == 1
    (line_told,) = found.stderr.splitlines()
    assert line_told.startswith(f"error: QUARTETVAE_DASK is '{address}': the scheduler answers no more")
    assert "What was done is kept; start it again and run the command again." in line_told


def test_dask_logs_nothing_of_its_own_beside_our_errors(cluster: Any) -> None:
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.INFO)
    loggers = [logging.getLogger(f"distributed.{name}") for name in ("client", "batched", "comm.tcp", "utils")]
    answers = Cluster(cluster.scheduler_address).each(int, ["1"], renew_after=1)
    next(answers)
    assert not any(logger.isEnabledFor(logging.ERROR) for logger in loggers)
    assert list(answers) == []
    # Nor does anybody else's log lose a line afterwards.
    assert all(logger.isEnabledFor(logging.INFO) for logger in loggers)


def test_a_cluster_without_workers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "WORKERS_WITHIN", 1)
    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, protocol="tcp://", dashboard_address="127.0.0.1:0"
        ) as empty,
        pytest.raises(EngineError, match="no worker within 1 seconds; start some"),
    ):
        list(Cluster(empty.scheduler_address).each(int, ["1"], renew_after=1))


def test_without_the_extra_the_error_names_it() -> None:
    assert "pip install 'quartetvae[dask]'" in str(missing(ImportError(name="distributed.client")))
    assert isinstance(missing(ImportError(name="distributed")), MissingError)
