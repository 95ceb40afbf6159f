"""Mutants: `python -m trust.mutants --count 100 --seed 0` puts faults into modules and sees whether their tests fail.

Of each of the `TARGETS` so many mutants (`trust.mutating`) are drawn, or all with `--count 0`. Each is imported in the
place of its module, in a process of its own, and the module's tests run, quickest first, until one fails: then the
mutant is killed. So is one that takes many times the processor's time or the memory. Survivors are either a test that
is missing, or the same program as before: those that were read and found to be that stand in trust/equivalents.yaml,
each with the reason, and are counted apart. One that is killed all the same is a finding. Tests draw what is random
from seeds: the same mutants die each time. Writes trust/mutants.json.

Of the tools that there are, mutmut 3 passes over properties and all that stands outside of functions, which are the
alphabet of the codec and the limits of the assignment, and cosmic-ray starts Python anew for each mutant.
"""

import argparse
import contextlib
import importlib
import importlib.util
import json
import multiprocessing
import multiprocessing.connection
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Literal, NamedTuple

from tqdm import tqdm

from trust import about, mutating
from trust.mutating import Mutant

Tested = Mapping[str, Sequence[str]]
"""Modules, and the tests of each: files, named from the project's root."""

TARGETS: dict[str, Tested] = {
    "codec": {"quartetvae/music/codec.py": ["tests/music/test_codec.py"]},
    "phrases": {"quartetvae/corpus/phrases.py": ["tests/corpus/test_phrases.py"]},
    "metrics": {
        **{
            f"quartetvae/metrics/{name}.py": [f"tests/metrics/test_{name}.py"]
            for name in (
                *("attributes", "bootstrap", "comparison", "diagnostics", "features", "interpolation", "paper"),
                *("reconstruction", "self_similarity", "sixteenths", "summary", "two_sample", "whole_files"),
            )
        },
        "quartetvae/metrics/bigram.py": ["tests/metrics/test_interpolation.py", "tests/metrics/test_reconstruction.py"],
        "quartetvae/metrics/tonality.py": ["tests/metrics/test_tonality.py", "tests/metrics/test_interpolation.py"],
    },
    "part assignment": {
        "quartetvae/music/part_assignment.py": ["tests/music/test_part_assignment.py"],
        "quartetvae/music/track_names.py": [
            "tests/music/test_instrument_names.py",
            "tests/music/test_part_assignment.py",
        ],
    },
}
"""What is tried, by the name under which it is counted."""

EQUIVALENTS = about.ROOT / "trust" / "equivalents.yaml"

NEEDED = 0.85
"""The share of mutants that must be killed, of each target."""

SLOWER, SECONDS = 3.0, 5.0
"""A mutant may take so many times the processor's time of the module as it is, and so many seconds more."""

MEMORY = 2 * 1024**3
"""Bytes that a process may have more than at its start."""

HANG = 900.0
"""Seconds by the clock after which a process is ended, whatever it does."""

Outcome = Literal["killed", "survived", "timed out"]


class Result(NamedTuple):
    """What came of the tests of a module."""

    outcome: Outcome
    by: str
    """The test that failed first, or how the process ended; "" if none did."""
    seconds: float
    """Of the processor."""
    tests: Mapping[str, float]
    """The tests that were run, and how long each took."""
    libraries: Sequence[str]
    """What was imported from elsewhere, in its order."""


def attempt(path: Path, source: str, tests: Sequence[Path], before: Result | None = None) -> Result:
    """Run tests with another source in the place of a module.

    `before` is what came of the module as it is, and sets the limit of time and the order of the tests.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as temporary:
        process = context.Process(target=_serve, args=(theirs, path, source, tests, before, Path(temporary)))
        process.start()
        theirs.close()
        result = None
        if ours.poll(HANG):
            with contextlib.suppress(EOFError):
                result = Result(*ours.recv())
        else:
            process.kill()
        process.join()
    # Without a result: ended by the limit of time, or by a fault of the mutant's.
    return result or Result("timed out", f"exit status {process.exitcode}", 0.0, {}, ())


def _serve(
    connection: multiprocessing.connection.Connection,
    path: Path,
    source: str,
    tests: Sequence[Path],
    before: Result | None,
    temporary: Path,
) -> None:
    """Run tests in a process of its own, within the limits, and send what came of them."""
    import psutil
    import pytest

    most = int(psutil.Process().memory_info().data) + MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    if before is not None:
        seconds = int(time.process_time() + SLOWER * before.seconds + SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, _Finder(_name(path), path, source))
    watch = _Watch(before.tests if before else {})
    began = time.process_time()
    code = pytest.main(
        [
            *("--quiet", "--exitfirst", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not corpus"),
            *("-W", "ignore::pytest.PytestAssertRewriteWarning", f"--basetemp={temporary / 'tests'}"),
            *map(str, tests),
        ],
        plugins=[watch],
    )
    outcome: Outcome = "survived" if code == pytest.ExitCode.OK else "killed"
    by = "" if outcome == "survived" else watch.failed or f"pytest's status {int(code)}"
    here = [name for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", "") or "")]
    connection.send((outcome, by, time.process_time() - began, watch.seconds, here))


class _Loader(SourceFileLoader):
    """Loads a module of another source than its file's."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        super().__init__(name, str(path))
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")


class _Finder(MetaPathFinder):
    """Finds one module, with another source."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        assert name not in sys.modules
        self.name, self.path = name, path
        self.loader = _Loader(name, path, source)

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self.loader)


class _Watch:
    """A plugin of pytest: the quickest tests first, without chance; notes how long each takes and which fails."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self.known = seconds
        self.seconds: Counter[str] = Counter()
        self.failed = ""

    def pytest_sessionstart(self) -> None:
        from hypothesis import Phase, settings

        # What fails need not be made small, and a database would tell one mutant's tests what another's found.
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", deadline=None, derandomize=True, database=None, phases=phases)
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: self.known.get(item.nodeid, 0.0))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or f"import of {report.nodeid}"

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed = self.failed or report.nodeid


def _name(path: Path) -> str:
    """Give the dotted name of a module of the project, or the bare one of another."""
    if path.is_relative_to(about.ROOT):
        return ".".join(path.relative_to(about.ROOT).with_suffix("").parts)
    return path.stem


class Drawn(NamedTuple):
    """A mutant to be tried."""

    file: str
    mutant: Mutant
    is_equivalent: bool


Equivalents = Mapping[str, Sequence[Mapping[str, str]]]
"""Of each file the mutants that are the same program: `where`, `before`, `after`, and `why`."""


def draw(root: Path, tested: Tested, known: Equivalents, count: int, seed: int) -> tuple[int, list[Drawn]]:
    """Make all mutants of a target and draw some, 0 for all; gives how many there are, and these in their order.

    Raises
    ------
    ValueError
        If an entry of the equivalents fits no mutant.
    """
    found = []
    for file in tested:
        entries = {(of["where"], of["before"], of["after"]) for of in known.get(file, ())}
        made = mutating.mutants((root / file).read_text(encoding="utf-8"))
        if stale := sorted(entries - {(of.where, of.before, of.after) for of in made}):
            raise ValueError(
                f"{EQUIVALENTS.name}, {file}: no mutant is {stale[0]}; write where, before and after as "
                "trust/mutants.json lists them, or remove the entry."
            )
        found += [Drawn(file, of, (of.where, of.before, of.after) in entries) for of in made]
    places = range(len(found))
    chosen = sorted(random.Random(seed).sample(places, count)) if 0 < count < len(found) else places
    return len(found), [found[place] for place in chosen]


def trial(root: Path, tested: Tested, known: Equivalents, count: int, seed: int) -> dict[str, Any]:
    """Try mutants of a target, and count what came of them."""
    made, drawn = draw(root, tested, known, count, seed)
    tried: list[tuple[Drawn, Result]] = []
    with tqdm(total=len(drawn), unit="mutant") as progress:
        for file, names in tested.items():
            path, tests = root / file, [root / name for name in names]
            source = path.read_text(encoding="utf-8")
            jobs = [job for job in drawn if job.file == file]
            before = _undisturbed(path, tests) if jobs else None
            for job in jobs:
                result = attempt(path, mutating.with_fault(source, job.mutant.number), tests, before)
                tried.append((job, result))
                progress.update()
                if result.outcome == "survived" and not job.is_equivalent:
                    progress.write(f"survived: {_listed(job)}", file=sys.stderr)
    return {"mutants": made, **summed(tried)}


def _undisturbed(path: Path, tests: Sequence[Path]) -> Result:
    """Run the tests of a module as it is, which must pass; import here what they import from elsewhere."""
    import ast

    source = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
    result = attempt(path, source, tests)
    if result.outcome != "survived":
        sys.exit(f"error: {path.name}: its tests fail without a mutant: {result.by}.")
    for name in result.libraries:
        # What is there already when a process is forked need not be imported in it.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return result


def summed(tried: Sequence[tuple[Drawn, Result]]) -> dict[str, Any]:
    """Count what came of mutants; list the survivors and the findings. The interval is Wilson's, of 95 %."""
    from scipy.stats import binomtest

    equal = [(job, result) for job, result in tried if job.is_equivalent]
    others = [(job, result) for job, result in tried if not job.is_equivalent]
    survivors = [job for job, result in others if result.outcome == "survived"]
    killed = len(others) - len(survivors)
    interval = binomtest(killed, len(others)).proportion_ci(method="wilson") if others else (0.0, 1.0)
    return {
        "tried": len(tried),
        "killed": killed,
        "timed_out": sum(result.outcome == "timed out" for _, result in others),
        "survived": len(survivors),
        "equivalent": len(equal),
        "share": killed / len(others) if others else 1.0,
        "interval": [float(bound) for bound in interval],
        "survivors": [_listed(job) for job in survivors],
        "findings": [f"killed, though said to be equivalent: {_listed(job)}" for job, of in equal if of.by],
    }


def _listed(job: Drawn) -> dict[str, str | int]:
    of = job.mutant
    return {"file": job.file, "line": of.line, "where": of.where, "before": of.before, "after": of.after}


def equivalents() -> Equivalents:
    """Read trust/equivalents.yaml."""
    from ruamel.yaml import YAML

    read: Equivalents = YAML(typ="safe").load(EQUIVALENTS.read_text(encoding="utf-8"))
    return read


def main() -> None:
    """Try all, write trust/mutants.json, and end with status 1 on a finding or too small a share."""
    parser = argparse.ArgumentParser(prog="python -m trust.mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100, help="how many mutants of each target; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--target", choices=TARGETS, action="append", help="only this one; what was found of others stays as it is"
    )
    options = parser.parse_args()
    # Before NumPy is imported, as in tests/conftest.py.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    commit = about.commit()
    path = about.ROOT / "trust" / "mutants.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["targets"] if path.is_file() and options.target else {}
    known = equivalents()
    for name in options.target or TARGETS:
        began = time.monotonic()
        found = trial(about.ROOT, TARGETS[name], known, options.count, options.seed)
        made = {"commit": commit, "seed": options.seed, "count": options.count, "seconds": time.monotonic() - began}
        kept[name] = {**made, **found}
        print(f"{name}: {found['killed']} of {found['tried'] - found['equivalent']} killed")
    only = "".join(f' --target "{name}"' for name in options.target or ())
    command = f"python -m trust.mutants --count {options.count} --seed {options.seed}{only}"
    targets = {name: kept[name] for name in TARGETS if name in kept}
    seconds = sum(of["seconds"] for of in targets.values())
    about.write("mutants", command, commit, {"seconds": seconds, "targets": targets})
    wrong = [f"{name}: {finding}" for name, of in targets.items() for finding in of["findings"]]
    wrong += [f"{name}: only {of['share']:.0%} are killed" for name, of in targets.items() if of["share"] < NEEDED]
    if wrong:
        sys.exit(f"error: {'; '.join(wrong)}.")


if __name__ == "__main__":
    main()
