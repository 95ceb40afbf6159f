"""Files that a source publishes: found in a mirror or in the cache, else downloaded; what all such sources share.

A mirror is a folder, or a file://, http:// or https:// URL of one, with a source's files under the names that they are
published by. It may hold several sources, each in a folder of its name (`musicnet/`, `openscore/`), or one alone. The
cache has a folder for each source too, so that it is a mirror itself.
"""

import hashlib
import importlib.resources
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from quartetvae.errors import SourceError, shortened
from quartetvae.files import replacing

RETRIES = 3
"""New tries where a server cannot be reached or is busy: at once, then after 2 and 4 seconds."""

BUSY = (408, 429, 500, 502, 503, 504)
"""HTTP statuses of a server that may answer a little later."""

TIMEOUT = 30.0
"""Seconds without an answer or a byte after which a connection counts as broken."""

AT_ONCE = 6
"""Downloads at a time."""

CHUNK = 1 << 13
"""Bytes read at a time."""

MOST_BYTES = 64 << 20
"""Of a file that is downloaded: twenty times the largest, MusicNet's archive. A server may send without end."""


@dataclass(frozen=True)
class Publication:
    """What a source publishes, and where."""

    name: str
    """Of its folder in the cache, and in a mirror of several sources."""
    title: str
    home: str
    """URL of a file, with `{name}` for its name."""
    host: str
    contents: str
    """What a mirror has to hold, for messages."""


@dataclass(frozen=True)
class Obtained:
    """A file on this machine, and where it came from."""

    path: Path
    origin: str
    is_cached: bool

    def remedy(self, publication: Publication) -> str:
        """Say what to do about a file that is not the published one; one in the cache is removed."""
        if self.is_cached:
            self.path.unlink(missing_ok=True)
            return "It was removed from the cache: run the command again to download it anew."
        return f"Replace the mirror's file, or unset QUARTETVAE_MIRROR to download from {publication.host}."


def read_checksums(name: str) -> dict[str, str]:
    """Read a list of the package, as `sha256sum` writes it: the sha256 of each file by its name."""
    text = (importlib.resources.files(__package__) / name).read_text(encoding="utf-8")
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {file: checksum for checksum, file in pairs}


def obtain(publication: Publication, names: Sequence[str], *, cache: Path, mirror: str | None) -> list[Obtained]:
    """Find files of a source, one after the other: the mirror's own where the mirror is a folder, else in the cache.

    What they hold is for the caller to check: see `Obtained.remedy`.

    Raises
    ------
    SourceError
        If the mirror lacks one, or one cannot be downloaded.
    """
    found = []
    place = _Place(publication, cache, mirror)
    for name in names:
        obtained = place.find(name)
        if not obtained.path.is_file():
            place.download(name, obtained.path, with_progress=True)
        found.append(obtained)
    return found


def obtain_checked(
    publication: Publication, checksums: Mapping[str, str], *, cache: Path, mirror: str | None
) -> dict[str, Path]:
    """Find files of a source, each checked against its sha256; several are downloaded at a time.

    A file in the cache with the right sum is not downloaded again, one with a wrong sum is.

    Raises
    ------
    SourceError
        If the mirror lacks one, one cannot be downloaded, or one is not the published file.
    """
    place = _Place(publication, cache, mirror)
    files = {name: place.find(name) for name in checksums}
    if not place.is_folder:
        wanted = [name for name, file in files.items() if _sha256(file.path) != checksums[name]]
        _download_all(place, {name: files[name].path for name in wanted})
    wrong = [name for name, file in files.items() if _sha256(file.path) != checksums[name]]
    if wrong:
        remedies = {files[name].remedy(publication) for name in wrong}
        raise SourceError(
            f"{files[wrong[0]].origin}: of {publication.title}'s {len(checksums)} files {len(wrong)} not the published "
            f"file (sha256): {shortened(wrong)}. {' '.join(remedies)}"
        )
    return {name: file.path for name, file in files.items()}


def _download_all(place: "_Place", files: Mapping[str, Path]) -> None:
    names = list(files)
    if not names:
        return
    with tqdm(desc=place.publication.title, total=len(names), unit="file") as progress:
        # The first alone: it finds out where in a mirror the files are, or that there is none.
        place.download(names[0], files[names[0]])
        progress.update()
        with ThreadPoolExecutor(AT_ONCE) as executor:
            downloads = [executor.submit(place.download, name, files[name]) for name in names[1:]]
            try:
                for done in as_completed(downloads):
                    done.result()
                    progress.update()
            finally:
                executor.shutdown(cancel_futures=True)


def _sha256(path: Path) -> str | None:
    """Give a file's checksum; None if there is no file."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Place:
    """Where the files of a source come from."""

    def __init__(self, publication: Publication, cache: Path, mirror: str | None) -> None:
        self.publication = publication
        self.cache = cache / publication.name
        self.mirror = mirror
        self.is_folder = bool(mirror) and _scheme(str(mirror)) not in ("http", "https")
        self._address: Callable[[str], str] | None = None
        """Of a file by its name, once one was found there."""

    def find(self, name: str) -> Obtained:
        """Say where a file is, or is to be if it has to be downloaded."""
        if not self.mirror or not self.is_folder:
            return Obtained(self.cache / name, self._addresses()[0](name), is_cached=True)
        parts = urlsplit(self.mirror)
        folder = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(self.mirror)
        for path in (folder / self.publication.name / name, folder / name):
            if path.is_file():
                return Obtained(path, str(path), is_cached=False)
        raise SourceError(
            f"QUARTETVAE_MIRROR={self.mirror}: no file {name} there, nor in a folder {self.publication.name}; "
            f"{self.publication.title} needs a folder, or a file:// or http:// URL of one, with "
            f"{self.publication.contents}. Without the variable they come from {self.publication.host}; `make demo` "
            "needs neither."
        )

    def download(self, name: str, path: Path, *, with_progress: bool = False) -> None:
        """Download a file, whole or not at all."""
        *others, last = [self._address] if self._address else self._addresses()
        for address in others:
            try:
                _download(address(name), path, with_progress)
            except _HttpError as error:
                if error.status != 404:
                    raise self._unreachable(address(name), error) from error
                continue
            self._address = address
            return
        try:
            _download(last(name), path, with_progress)
        except _HttpError as error:
            raise self._unreachable(last(name), error) from error
        self._address = last

    def _addresses(self) -> list[Callable[[str], str]]:
        if not self.mirror:
            return [lambda name: self.publication.home.replace("{name}", quote(name))]
        root = self.mirror.rstrip("/")
        return [lambda name: f"{root}/{quote(name)}", lambda name: f"{root}/{self.publication.name}/{quote(name)}"]

    def _unreachable(self, url: str, error: Exception) -> SourceError:
        return SourceError(
            f"{url}: cannot be downloaded ({error}). Try again later, set QUARTETVAE_MIRROR to a folder or URL that "
            f"holds {self.publication.contents} (by themselves or in a folder {self.publication.name}), or run "
            "`make demo`, which works on music21's own corpus and needs no network."
        )


def _scheme(mirror: str) -> str:
    try:
        return urlsplit(mirror).scheme
    except ValueError as error:
        raise SourceError(f"QUARTETVAE_MIRROR={mirror}: neither a folder nor a URL ({error}).") from error


class _HttpError(Exception):
    """A download that failed; with the HTTP status, if there was an answer."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


def _check_size(size: int) -> None:
    """Refuse a file that says it is too large, or is."""
    if size > MOST_BYTES:
        raise _HttpError(f"{size:,} bytes, of {MOST_BYTES:,} at most", None)


def _download(url: str, path: Path, with_progress: bool) -> None:
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
        with (
            session,
            session.get(url, headers=plain, stream=True, timeout=TIMEOUT) as response,
            replacing(path) as temporary,
        ):
            response.raise_for_status()
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            _check_size(total or 0)
            received = 0
            with (
                temporary.open("wb") as file,
                tqdm(desc=path.name, total=total, unit="B", unit_scale=True, disable=not with_progress) as progress,
            ):
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    received += len(chunk)
                    _check_size(received)
                    progress.update(file.write(chunk))
    # A redirect to what is no address is a ValueError of Python's own.
    except (requests.RequestException, HTTPError, ValueError) as error:
        # Other errors may have an answer too: that of the last redirect, which says nothing.
        answer = error.response if isinstance(error, requests.HTTPError) else None
        status = None if answer is None else answer.status_code
        reason = f"HTTP status {status}" if status is not None else type(error).__name__
        raise _HttpError(reason, status) from error
