"""Where the music comes from: MusicNet, OpenScore, music21's own corpus, a folder of the user's; one or several.

Conventions
-----------
Every source leaves the same thing: a folder of its name with MIDI files. Beside these folders is one `metadata.csv` for
all, with the columns `id`, `source`, `composer`, `work`, `movement`, `ensemble`, `file` (relative to it, with `/`)
and `left_out`, sorted by `file`; no two files have one id, whatever their source. Where there would be more than 2,000
files, a source's folder has packs (`quartetvae.corpus.packs`). All is whole or not there, and the same sources give the
same bytes on every machine. A score becomes a MIDI file for each of its movements; MIDI files stay as they are.

What a source may do
--------------------
MusicNet's and OpenScore's files are checked one by one against the sha256 lists that the project keeps, so any mirror
and any tarball will do if the music in it is right. No source stands in for another: one that cannot be reached is an
error, which names the command for the corpus that needs no network.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from quartetvae.config import Source
from quartetvae.corpus import metadata, packs
from quartetvae.corpus.metadata import MetadataRow
from quartetvae.corpus.parallel.engines import Engine, Processes
from quartetvae.corpus.sources import directory as folders
from quartetvae.corpus.sources import embedded, musicnet, openscore
from quartetvae.errors import ArgumentError, SourceError, check_mode
from quartetvae.files import replacing_folder

ONE = Processes(1)
"""A process beside this one: what hangs or ends there does not end this one."""


def fetch(
    sources: Sequence[Source],
    raw: Path,
    *,
    directory: Path,
    cache: Path,
    mirror: str | None = None,
    engine: Engine = ONE,
) -> None:
    """Fill the folder `raw` from one or several sources; what it held before is gone afterwards.

    Parameters
    ----------
    directory
        The user's folder, for the source `directory`.
    cache
        Folder for what is downloaded and what is converted; neither is done again while it is there.
    mirror
        Where to get MusicNet and OpenScore instead of Zenodo and GitHub: a folder, or a file://, http:// or https://
        URL of one, with a source's files, or with folders `musicnet` and `openscore`. None or "" for no mirror.
    engine
        Where scores are converted.

    Raises
    ------
    ArgumentError
        If no source is named, or one that does not exist, or one twice.
    SourceError
        If a source cannot be reached, is damaged or incomplete, or holds no music; or if two files have one id.
    SystemExit
        With status 130, after a line on stderr, if Ctrl-C was pressed.
    """
    if not sources:
        raise ArgumentError("no sources found; one at least is needed: 'musicnet', say.")
    for source in sources:
        check_mode("source", source, Source)
        if sources.count(source) > 1:
            raise ArgumentError(f"source '{source}' is there twice; name each once.")
    fetchers: dict[Source, Callable[[Path], list[MetadataRow]]] = {
        "musicnet": lambda folder: musicnet.fetch(folder, cache=cache, mirror=mirror),
        "openscore": lambda folder: openscore.fetch(folder, cache=cache, mirror=mirror, engine=engine),
        "music21": lambda folder: embedded.fetch(folder, cache=cache, engine=engine),
        "directory": lambda folder: folders.fetch(directory, folder, raw=raw, cache=cache, engine=engine),
    }
    try:
        with replacing_folder(raw) as everything:
            rows: list[MetadataRow] = []
            for source in sources:
                folder = everything / source
                folder.mkdir()
                rows += [replace(row, file=f"{source}/{row.file}") for row in fetchers[source](folder)]
            _check_ids(rows)
            if len(rows) + 1 > packs.MOST_FILES:
                rows = _packed(everything, rows)
            metadata.write(everything, rows)
    except KeyboardInterrupt:
        tqdm.write("interrupted; what was downloaded and converted is kept, run the command again", file=sys.stderr)
        raise SystemExit(130) from None


def _packed(everything: Path, rows: Sequence[MetadataRow]) -> list[MetadataRow]:
    """Pack the files of each source, in the order of metadata.csv; see `quartetvae.corpus.packs`."""
    files: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.file):
        source, _, file = row.file.partition("/")
        files.setdefault(source, []).append(file)
    packed = {
        f"{source}/{file}": f"{source}/{new}"
        for source, some in files.items()
        for file, new in packs.pack(everything / source, some).items()
    }
    return [replace(row, file=packed[row.file]) for row in rows]


def _check_ids(rows: Sequence[MetadataRow]) -> None:
    files: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: row.file):
        if row.id in files:
            own, other = sorted((row.file, files[row.id]), key=lambda file: not file.startswith("directory/"))
            raise SourceError(
                f"{own}: its id '{row.id}' is also that of {other}; give it another one in the {metadata.FILE} of "
                "download.directory."
            )
        files[row.id] = row.file
