"""MusicNet: 330 MIDI files from Zenodo or a mirror, each checked against its sha256."""

import csv
import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from quartetvae.corpus.metadata import MetadataRow
from quartetvae.corpus.sources import fetching
from quartetvae.corpus.sources.fetching import Obtained, Publication
from quartetvae.errors import SourceError, shortened
from quartetvae.io.read import MIDI_SUFFIXES

MIDIS = "musicnet_midis.tar.gz"
TABLE = "musicnet_metadata.csv"

MOST_BYTES = 64 << 20
"""Of the archive, unpacked: six times what it has."""

MUSICNET = Publication(
    name="musicnet",
    title="MusicNet",
    home="https://zenodo.org/records/5120004/files/{name}?download=1",
    host="Zenodo",
    contents=f"{MIDIS} and {TABLE}",
)


def fetch(folder: Path, *, cache: Path, mirror: str | None) -> list[MetadataRow]:
    """Fill a folder with MusicNet's 330 MIDI files, and describe them; see `quartetvae.corpus.sources.fetch`."""
    checksums = _checksums()
    table_checksum = {TABLE: checksums.pop(TABLE)}
    # The small file first: a mirror that is not there is found out sooner.
    small, large = fetching.obtain(MUSICNET, (TABLE, MIDIS), cache=cache, mirror=mirror)
    table = _verified(small, _read_table, table_checksum)[TABLE]
    contents = _verified(large, _read_archive, checksums)

    known = {row["id"]: row for row in csv.DictReader(io.StringIO(table.decode("utf-8")))}
    rows = []
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        row = known[PurePosixPath(name).name.partition("_")[0]]
        rows.append(
            MetadataRow(
                id=row["id"],
                source="musicnet",
                composer=row["composer"],
                work=row["composition"],
                movement=row["movement"],
                ensemble=row["ensemble"],
                file=name,
            )
        )
    return rows


def _checksums() -> dict[str, str]:
    """Read the sha256 of each MIDI file (`Composer/name.mid`) and of the metadata."""
    return fetching.read_checksums("musicnet.sha256")


def _verified(
    obtained: Obtained, read: Callable[[Path], dict[str, bytes]], checksums: Mapping[str, str]
) -> dict[str, bytes]:
    """Read a file's contents, sorted by name, if they are exactly what the checksums list."""
    try:
        contents = read(obtained.path)
        _compare(contents, checksums)
    except SourceError as error:
        raise SourceError(f"{obtained.origin}: {error} {obtained.remedy(MUSICNET)}") from error
    return dict(sorted(contents.items()))


def _read_table(path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes()}


def _read_archive(path: Path) -> dict[str, bytes]:
    """Read the MIDI files of MusicNet's archive, by name without the top folder."""
    contents = {}
    try:
        # All at once, and counted: what an archive says of its members (their sizes, names of any length) is not to be
        # trusted before.
        with gzip.open(path) as packed:
            unpacked = packed.read(MOST_BYTES + 1)
        if len(unpacked) > MOST_BYTES:
            raise SourceError(f"more than {MOST_BYTES:,} bytes unpacked, which is the most that is read.")
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
                    raise SourceError(
                        f"'{member.name}' in the archive is a link, a device or leads out of it; nothing was unpacked."
                    )
                file = archive.extractfile(member)
                if file is not None and name.suffix.lower() in MIDI_SUFFIXES:
                    inner = name.relative_to("musicnet_midis") if name.parts[0] == "musicnet_midis" else name
                    contents[inner.as_posix()] = file.read()
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise SourceError(f"not a whole .tar.gz archive ({error}).") from error
    return contents


def _compare(contents: Mapping[str, bytes], checksums: Mapping[str, str]) -> None:
    found = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    problems = {
        "missing": checksums.keys() - found.keys(),
        "not the published file (sha256)": {n for n in checksums.keys() & found.keys() if checksums[n] != found[n]},
        "unknown": found.keys() - checksums.keys(),
    }
    if any(problems.values()):
        listed = "; ".join(
            f"{len(names)} {problem}: {shortened(names)}" for problem, names in problems.items() if names
        )
        raise SourceError(f"of the {len(checksums)} files needed {listed}.")
