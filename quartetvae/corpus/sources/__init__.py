"""Where the music comes from: MusicNet, music21's own corpus, or a folder of the user's.

Conventions
-----------
Every source leaves the same thing: a folder of MIDI files and, beside them, `metadata.csv` with the columns `id`,
`composer`, `work`, `movement`, `ensemble` and `file` (relative to the folder, with `/`), sorted by `file`. The folder
is whole or not there, and the same source gives the same bytes on every machine.

What a source may do
--------------------
MusicNet's files are checked one by one against the sha256 list that the project keeps, so any mirror and any tarball
will do if the music in it is right. No source stands in for another: one that cannot be reached is an error, which
names the command for the corpus that needs no network.
"""

from collections.abc import Callable
from pathlib import Path

from quartetvae.config import Source
from quartetvae.corpus.sources import directory as folders
from quartetvae.corpus.sources import embedded, musicnet
from quartetvae.errors import check_mode


def fetch(
    source: Source, raw: Path, *, directory: Path, cache: Path, mirror: str | None = None, workers: int = 1
) -> None:
    """Fill the folder `raw` from a source; what it held before is gone afterwards.

    Parameters
    ----------
    directory
        The user's folder, for the source `directory`.
    cache
        Folder for what is downloaded; a file that is there is not downloaded again.
    mirror
        Where to get MusicNet instead of Zenodo: a folder, or a file://, http:// or https:// URL of one, with
        `musicnet_midis.tar.gz` and `musicnet_metadata.csv`. None or "" for Zenodo.
    workers
        How many processes convert scores.

    Raises
    ------
    SourceError
        If the source cannot be reached, is damaged or incomplete, or holds no music.
    """
    check_mode("source", source, Source)
    fetchers: dict[Source, Callable[[], None]] = {
        "musicnet": lambda: musicnet.fetch(raw, cache=cache, mirror=mirror),
        "music21": lambda: embedded.fetch(raw, workers=workers),
        "directory": lambda: folders.fetch(directory, raw, workers=workers),
    }
    fetchers[source]()
