"""MusicNet: 330 MIDI files from Zenodo or a mirror, each checked against its sha256."""

import csv
import hashlib
import importlib.resources
import io
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from quartetvae.corpus import metadata
from quartetvae.corpus.metadata import MetadataRow
from quartetvae.errors import SourceError, shortened
from quartetvae.files import replacing, replacing_folder
from quartetvae.io.read import MIDI_SUFFIXES

ZENODO = "https://zenodo.org/records/5120004/files/{name}?download=1"
MIDIS = "musicnet_midis.tar.gz"
TABLE = "musicnet_metadata.csv"

RETRIES = 3
"""New tries where a server cannot be reached or is busy: at once, then after 2 and 4 seconds."""

BUSY = (408, 429, 500, 502, 503, 504)
"""HTTP statuses of a server that may answer a little later."""

TIMEOUT = 30.0
"""Seconds without an answer or a byte after which a connection counts as broken."""

CHUNK = 1 << 13
"""Bytes read at a time."""


@dataclass(frozen=True)
class _Obtained:
    path: Path
    origin: str
    is_cached: bool


def fetch(raw: Path, *, cache: Path, mirror: str | None) -> None:
    """Fill the folder `raw` with MusicNet's 330 MIDI files; see `quartetvae.corpus.sources.fetch`."""
    checksums = _checksums()
    table_checksum = {TABLE: checksums.pop(TABLE)}
    # The small file first: a mirror that is not there is found out sooner.
    table = _verified(_obtain(TABLE, cache, mirror), _read_table, table_checksum)[TABLE]
    contents = _verified(_obtain(MIDIS, cache, mirror), _read_archive, checksums)

    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(table.decode("utf-8")))}
    pieces = []
    for name in contents:
        row = rows[PurePosixPath(name).name.partition("_")[0]]
        pieces.append(
            MetadataRow(row["id"], row["composer"], row["composition"], row["movement"], row["ensemble"], name)
        )
    with replacing_folder(raw) as folder:
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        metadata.write(folder, pieces)


def _checksums() -> dict[str, str]:
    """Read the sha256 of each MIDI file (`Composer/name.mid`) and of the metadata."""
    text = (importlib.resources.files(__package__) / "musicnet.sha256").read_text(encoding="utf-8")
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {name: checksum for checksum, name in pairs}


def _scheme(mirror: str) -> str:
    try:
        return urlsplit(mirror).scheme
    except ValueError as error:
        raise SourceError(f"QUARTETVAE_MIRROR={mirror}: neither a folder nor a URL ({error}).") from error


def _obtain(name: str, cache: Path, mirror: str | None) -> _Obtained:
    """Find a file of MusicNet: the mirror's own where the mirror is a folder, else one in the cache."""
    if mirror and _scheme(mirror) not in ("http", "https"):
        parts = urlsplit(mirror)
        folder = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(mirror)
        path = folder / name
        if not path.is_file():
            raise SourceError(
                f"QUARTETVAE_MIRROR={mirror}: no file {name} there; a folder, or a file:// or http:// URL of one, with "
                f"{MIDIS} and {TABLE} is needed. Without the variable they come from Zenodo; "
                "`make demo` needs neither."
            )
        return _Obtained(path, str(path), is_cached=False)
    url = f"{mirror.rstrip('/')}/{name}" if mirror else ZENODO.format(name=name)
    path = cache / name
    if not path.is_file():
        _download(url, path)
    return _Obtained(path, url, is_cached=True)


def _download(url: str, path: Path) -> None:
    """Download a file, whole or not at all."""
    session = requests.Session()
    # A server that asks for an hour of patience does not get it: one may try again oneself.
    retry = Retry(
        total=RETRIES,
        backoff_factor=1.0,
        status_forcelist=BUSY,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    try:
        # No compression on the way: what is wanted is the file itself, though a server may call its .gz one.
        plain = {"Accept-Encoding": "identity"}
        with session.get(url, headers=plain, stream=True, timeout=TIMEOUT) as response, replacing(path) as temporary:
            response.raise_for_status()
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            with (
                temporary.open("wb") as file,
                tqdm(desc=path.name, total=total, unit="B", unit_scale=True) as progress,
            ):
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    progress.update(file.write(chunk))
    except (requests.RequestException, HTTPError) as error:
        answer = getattr(error, "response", None)
        status = None if answer is None else answer.status_code
        reason = f"HTTP status {status}" if status is not None else type(error).__name__
        raise SourceError(
            f"{url}: cannot be downloaded ({reason}). Try again later, set QUARTETVAE_MIRROR to a folder or URL that "
            f"holds {MIDIS} and {TABLE}, or run `make demo`, which works on music21's own corpus and needs no network."
        ) from error


def _verified(
    obtained: _Obtained, read: Callable[[Path], dict[str, bytes]], checksums: Mapping[str, str]
) -> dict[str, bytes]:
    """Read a file's contents, sorted by name, if they are exactly what the checksums list."""
    try:
        contents = read(obtained.path)
        _compare(contents, checksums)
    except SourceError as error:
        if obtained.is_cached:
            obtained.path.unlink()
            remedy = "It was removed from the cache: run the command again to download it anew."
        else:
            remedy = "Replace the mirror's file, or unset QUARTETVAE_MIRROR to download from Zenodo."
        raise SourceError(f"{obtained.origin}: {error} {remedy}") from error
    return dict(sorted(contents.items()))


def _read_table(path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes()}


def _read_archive(path: Path) -> dict[str, bytes]:
    """Read the MIDI files of MusicNet's archive, by name without the top folder."""
    contents = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
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
