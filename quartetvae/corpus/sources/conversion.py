"""Scores to MIDI files, a file for each movement; several scores at a time (`parallel.engines`), and none twice.

What was converted is kept in a folder of the cache, under a key of the score's content and of all that reads it (the
text of the modules, the versions of the libraries): a score is converted anew when it or its reader has changed, and a
run that was killed goes on where it stopped. An archive that is damaged is made anew, so that the cache saves time and
changes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from quartetvae.corpus.parallel import versions
from quartetvae.corpus.parallel.engines import Engine
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.corpus.sources import archives
from quartetvae.corpus.sources.archives import Converted
from quartetvae.errors import ScoreError, SourceError
from quartetvae.files import replacing

SECONDS = 300.0
"""For one score; the longest take seconds."""

RENEW_AFTER = 40
"""Scores that a process converts before a new one takes its place, so that its memory stays bounded."""

READER = archives.__name__
"""The module that converts; those that it imports count too."""

LIBRARIES = ("numpy", "symusic")

_KEPT = "converted"


@dataclass(frozen=True, slots=True)
class Conversion:
    """A score to convert; the tracks of a known quartet get the names and programs of its parts."""

    path: Path
    is_quartet: bool = False


def convert_all(jobs: Sequence[Conversion], *, cache: Path, engine: Engine) -> list[Converted | Failure]:
    """Convert scores, each in a process with a limit of time; for each, in order, what came of it, or why nothing did.

    Failures are not kept: a later run tries again.
    """
    if not jobs:
        return []
    version = reader_version()
    keys = [_key(job, version) for job in jobs]

    def archive(key: str) -> Path:
        # In folders of some: writing looks around in the folder for what a killed process left.
        return cache / _KEPT / key[:2] / f"{key}.zip"

    wanted = {key: job for key, job in zip(keys, jobs, strict=True) if archives.read(archive(key)) is None}
    failures: dict[str, Failure] = {}
    # The longest first: one that came last would keep all others waiting.
    todo = sorted(wanted, key=lambda key: -wanted[key].path.stat().st_size)
    with tqdm(desc="scores to MIDI", total=len(set(keys)), initial=len(set(keys) - {*todo}), unit="score") as bar:
        for number, result in engine.each(
            _convert,
            [(wanted[key].path.absolute(), wanted[key].is_quartet) for key in todo],
            seconds=SECONDS,
            renew_after=RENEW_AFTER,
        ):
            if isinstance(result, Failure):
                failures[todo[number]] = result
            else:
                with replacing(archive(todo[number])) as temporary:
                    temporary.write_bytes(result)
            bar.update()
    return [failures.get(key) or _loaded(archive(key)) for key in keys]


def reader_version() -> str:
    """Give a hash of all that the result of a conversion hangs on, but for the score."""
    return versions.of(READER, LIBRARIES)


def _key(job: Conversion, version: str) -> str:
    with job.path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    # A file's format is told by its suffix.
    return hashlib.sha256(f"{version} {content} {job.path.suffix.lower()} {job.is_quartet}".encode()).hexdigest()


def _convert(job: tuple[Path, bool]) -> bytes | Failure:
    path, is_quartet = job
    try:
        return archives.pack(path, is_quartet=is_quartet)
    except ScoreError as error:
        return Failure(str(error))


def _loaded(archive: Path) -> Converted:
    found = archives.read(archive)
    if found is None:
        raise SourceError(f"{archive}: not what was written a moment ago; is another program at work in the cache?")
    return found
