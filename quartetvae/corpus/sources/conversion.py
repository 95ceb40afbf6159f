"""Scores to MIDI files, a file for each movement; several scores at a time (`parallel.engines`), and none twice.

What was converted is kept in a folder of the cache, under a key of the score's content and of all that reads it (the
text of the modules, the versions of the libraries): a score is converted anew when it or its reader has changed, and a
run that was killed goes on where it stopped. An archive that is damaged is made anew, so that the cache saves time and
changes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from quartetvae.corpus.parallel import versions
from quartetvae.corpus.parallel.engines import Engine
from quartetvae.corpus.parallel.made import Made
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
    # As bytes, and jobs by their numbers: there may be many.
    keys = [_key(job, version) for job in jobs]

    def archive(key: bytes) -> Path:
        # In folders of some: writing looks around in the folder for what a killed process left.
        return cache / _KEPT / key.hex()[:2] / f"{key.hex()}.zip"

    wanted = {key: number for number, key in enumerate(keys) if archives.read(archive(key)) is None}
    failures: dict[bytes, Failure] = {}
    # The longest first: one that came last would keep all others waiting.
    todo = sorted(wanted, key=lambda key: -jobs[wanted[key]].path.stat().st_size)

    def argument(number: int) -> tuple[Path, bool]:
        job = jobs[wanted[todo[number]]]
        return job.path.absolute(), job.is_quartet

    total = len(set(keys))
    with tqdm(desc="scores to MIDI", total=total, initial=total - len(todo), unit="score") as bar:
        for number, result in engine.each(
            _convert, Made(len(todo), argument), seconds=SECONDS, renew_after=RENEW_AFTER
        ):
            if isinstance(result, Failure):
                failures[todo[number]] = result
            else:
                with replacing(archive(todo[number])) as temporary:
                    temporary.write_bytes(result)
            bar.update()
    # What the scores of one work say of it comes again and again.
    known: dict[Any, Any] = {}
    found: list[Converted | Failure] = []
    for key in keys:
        if key in failures:
            found.append(failures[key])
        else:
            score = _loaded(archive(key))
            credits, movements = (known.setdefault(said, said) for said in (score.credits, score.movements))
            found.append(replace(score, credits=credits, movements=movements))
    return found


def reader_version() -> str:
    """Give a hash of all that the result of a conversion hangs on, but for the score."""
    return versions.of(READER, LIBRARIES)


def _key(job: Conversion, version: str) -> bytes:
    with job.path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    # A file's format is told by its suffix.
    return hashlib.sha256(f"{version} {content} {job.path.suffix.lower()} {job.is_quartet}".encode()).digest()


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
