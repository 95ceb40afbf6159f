"""Where the music comes from: whole or not there, the same bytes each time, and clear errors."""

import csv
import gzip
import hashlib
import importlib.metadata
import io
import os
import re
import shutil
import signal
import socket
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from urllib3.util import Retry

from quartetvae.config import Source
from quartetvae.corpus import sources
from quartetvae.corpus.metadata import MetadataRow
from quartetvae.corpus.parallel import processes, versions
from quartetvae.corpus.parallel.engines import Processes
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.corpus.sources import (
    archives,
    conversion,
    embedded,
    fetching,
    movements,
    musicnet,
    naming,
    openscore,
)
from quartetvae.corpus.sources.conversion import Conversion, convert_all
from quartetvae.errors import ArgumentError, ScoreError, SourceError
from quartetvae.io import midi, scores
from quartetvae.music.ensemble import Ensemble
from quartetvae.music.tracks import Credits, Movement, Music
from tests.building import track

ARCHIVE, TABLE = musicnet.MIDIS, musicnet.TABLE


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["internet"], "source 'internet' found; one of 'musicnet', 'openscore', 'music21', 'directory'"),
        (["directory", "MusicNet"], "source 'MusicNet' found"),
        ([""], "source '' found"),
        ([], "no sources found; one at least is needed"),
        (["directory", "music21", "directory"], "source 'directory' is there twice"),
    ],
)
def test_sources_that_are_none_or_twice_are_refused(tmp_path: Path, names: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        sources.fetch(names, tmp_path / "raw", directory=tmp_path, cache=tmp_path / "cache")
    assert not (tmp_path / "raw").exists()


# MusicNet, made small: a list of two files and archives to check against it.

MUSIC = {"Bach/1_a.mid": b"one", "Haydn/2_b.mid": b"two"}
CSV = (
    b'"id","composer","composition","movement","ensemble"\n'
    b'1,"Bach","Suite","1. Prelude","Solo Cello"\n'
    b'2,"Haydn","Quartet","","String Quartet"\n'
)


def pack(path: Path, files: dict[str, bytes], *, top: str = "musicnet_midis/") -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of a MusicNet of two files."""
    monkeypatch.setattr(
        musicnet,
        "_checksums",
        lambda: {name: hashlib.sha256(content).hexdigest() for name, content in {**MUSIC, TABLE: CSV}.items()},
    )
    monkeypatch.setattr(fetching, "CHUNK", 1)
    folder = tmp_path / "mirror"
    folder.mkdir()
    pack(folder / ARCHIVE, MUSIC)
    (folder / TABLE).write_bytes(CSV)
    return folder


def fetch(tmp_path: Path, mirror: str | Path | None, *names: Source) -> Path:
    raw = tmp_path / "raw"
    sources.fetch(
        names or ("musicnet",),
        raw,
        directory=tmp_path / "own",
        cache=tmp_path / "cache",
        mirror=None if mirror is None else str(mirror),
    )
    return raw


def test_musicnet_is_330_files_with_their_metadata(tmp_path: Path, mirror: Path) -> None:
    raw = fetch(tmp_path, mirror)
    table = rows(raw)
    assert tuple(table[0]) == ("id", "source", "composer", "work", "movement", "ensemble", "file", "left_out")
    assert [row["file"] for row in table] == sorted(tree(raw).keys() - {"metadata.csv"})
    assert len(table) == 330
    assert table[[row["id"] for row in table].index("2313")] == {
        "id": "2313",
        "source": "musicnet",
        "composer": "Beethoven",
        "work": "String Quartet No 15 in A minor",
        "movement": "1. Allegro",
        "ensemble": "String Quartet",
        "file": "musicnet/Beethoven/2313_qt15_1.mid",
        "left_out": "",
    }


def test_the_list_of_checksums_names_330_files_and_the_metadata() -> None:
    checksums = musicnet._checksums()
    assert len(checksums) == 331
    assert TABLE in checksums
    assert all(len(checksum) == 64 for checksum in checksums.values())


def test_a_mirror_may_be_a_path_or_a_file_url(tmp_path: Path, small: Path) -> None:
    by_path = tree(fetch(tmp_path, small))
    assert by_path == tree(fetch(tmp_path, small.as_uri()))
    assert set(by_path) == {*(f"musicnet/{name}" for name in MUSIC), "metadata.csv"}


def test_a_mirror_may_be_a_relative_path(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.parent)
    assert len(rows(fetch(tmp_path, small.name))) == 2


def test_what_the_folder_held_before_is_gone(tmp_path: Path, small: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "old.mid").write_bytes(b"old")
    assert "old.mid" not in tree(fetch(tmp_path, small))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"Bach/1_a.mid": b"one"}, r"1 missing: Haydn/2_b\.mid"),
        ({**MUSIC, "Bach/1_a.mid": b"other"}, r"1 not the published file \(sha256\): Bach/1_a\.mid"),
        ({**MUSIC, "Bach/3_c.mid": b"more"}, r"1 unknown: Bach/3_c\.mid"),
    ],
)
def test_wrong_files_are_named_and_nothing_is_written(
    tmp_path: Path, small: Path, files: dict[str, bytes], message: str
) -> None:
    pack(small / ARCHIVE, files)
    before = tree(small)
    with pytest.raises(SourceError, match=message):
        fetch(tmp_path, small)
    assert not (tmp_path / "raw").exists()
    assert tree(small) == before  # a mirror's own files are not ours to remove


def test_wrong_metadata_are_an_error(tmp_path: Path, small: Path) -> None:
    (small / TABLE).write_bytes(CSV + b"\n")
    with pytest.raises(SourceError, match=TABLE):
        fetch(tmp_path, small)


@pytest.mark.parametrize("name", ["../1_a.mid", "/1_a.mid", "musicnet_midis/../../1_a.mid"])
def test_an_archive_that_leads_out_of_the_folder_is_refused(tmp_path: Path, small: Path, name: str) -> None:
    pack(small / ARCHIVE, {name: b"one"}, top="")
    before = tree(tmp_path)
    with pytest.raises(SourceError, match="leads out of it; nothing was unpacked"):
        fetch(tmp_path, small)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_an_archive_with_links_or_devices_is_refused(tmp_path: Path, small: Path, kind: bytes) -> None:
    with tarfile.open(small / ARCHIVE, "w:gz") as archive:
        member = tarfile.TarInfo("musicnet_midis/Bach/1_a.mid")
        member.type, member.linkname = kind, "elsewhere"
        archive.addfile(member)
    with pytest.raises(SourceError, match="a link, a device"):
        fetch(tmp_path, small)


@pytest.mark.parametrize("cut", [0, 5, 60])
def test_a_damaged_archive_is_an_error(tmp_path: Path, small: Path, cut: int) -> None:
    (small / ARCHIVE).write_bytes((small / ARCHIVE).read_bytes()[:cut])
    with pytest.raises(SourceError, match="Replace the mirror's file"):
        fetch(tmp_path, small)


def _tar_of_zeros(kind: bytes) -> bytes:
    """An archive with a member of 65 MB of zeros, or with a name or header as long; packed it has 64 KB."""
    member = tarfile.TarInfo("musicnet_midis/Bach/1_a.mid")
    member.type, member.size = kind, 65 << 20
    return gzip.compress(member.tobuf() + bytes(member.size), compresslevel=1)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_an_archive_that_grows_is_refused(tmp_path: Path, small: Path, kind: bytes) -> None:
    (small / ARCHIVE).write_bytes(_tar_of_zeros(kind))
    with pytest.raises(SourceError, match="more than 67,108,864 bytes unpacked, which is the most that is read"):
        fetch(tmp_path, small)
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_member_that_says_it_is_larger_than_the_archive_is_an_error(tmp_path: Path, small: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("musicnet_midis/Bach/1_a.mid")
    member.type, member.size = kind, 1 << 40
    (small / ARCHIVE).write_bytes(gzip.compress(member.tobuf() + bytes(10_240)))
    with pytest.raises(SourceError, match=r"not a whole \.tar\.gz archive|missing"):
        fetch(tmp_path, small)


def test_a_mirror_without_the_files_is_an_error(tmp_path: Path, small: Path) -> None:
    (small / ARCHIVE).unlink()
    with pytest.raises(SourceError, match=rf"no file {ARCHIVE} there.*make demo"):
        fetch(tmp_path, small)


# Downloads, from a server of our own.


class Server(HTTPServer):
    """Serves a folder, and writes down what it was asked for."""

    folder: Path
    busy: list[int]
    """Statuses that come before the archive does."""
    cuts: list[int]
    """After how many bytes the next answers with the archive break off."""
    encoding: str
    """What it calls the encoding of the archive, if anything."""
    elsewhere: str
    """Where it sends who asks for the archive, if anywhere."""
    length: int | None
    """What it says is the archive's length; None for what it is, 0 for nothing said."""
    asked: list[str]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a broken connection is what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        name = unquote(self.path.strip("/"))
        self.server.asked.append(name)
        path = self.server.folder / name
        if not path.is_file():
            self.send_error(404)
            return
        if name == ARCHIVE and self.server.busy:
            self.send_error(self.server.busy.pop(0))
            return
        if name == ARCHIVE and self.server.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.server.elsewhere)
            self.end_headers()
            return
        content = path.read_bytes()
        self.send_response(200)
        length = self.server.length if name == ARCHIVE and self.server.length is not None else len(content)
        if length:
            self.send_header("Content-Length", str(length))
        if name == ARCHIVE and self.server.encoding:
            self.send_header("Content-Encoding", self.server.encoding)
        self.end_headers()
        self.wfile.write(content[: self.server.cuts.pop(0)] if name == ARCHIVE and self.server.cuts else content)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Instead of waiting before it tries again, the client writes down for how many seconds it would."""
    seconds: list[float] = []
    monkeypatch.setattr(Retry, "sleep", lambda self, response=None: seconds.append(self.get_backoff_time()))
    return seconds


@pytest.fixture
def server(small: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with Server(("127.0.0.1", 0), Handler) as http:
        http.folder, http.busy, http.cuts, http.asked, http.encoding = small, [], [], [], ""
        http.elsewhere, http.length = "", None
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_mirror_may_be_on_http_and_is_asked_once(tmp_path: Path, server: Server) -> None:
    first = tree(fetch(tmp_path, url(server)))
    assert tree(fetch(tmp_path, url(server))) == first
    assert server.asked == [TABLE, ARCHIVE]


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_an_archive_that_a_server_calls_encoded_is_kept_as_it_is(encoding: str, tmp_path: Path, server: Server) -> None:
    server.encoding = encoding
    assert len(rows(fetch(tmp_path, url(server)))) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_tried_again(status: int, tmp_path: Path, server: Server) -> None:
    server.busy = [status, status]
    assert len(rows(fetch(tmp_path, url(server)))) == 2
    assert server.asked == [TABLE, *[ARCHIVE] * 3]


def test_a_server_that_stays_busy_is_given_up(tmp_path: Path, server: Server, waits: list[float]) -> None:
    server.busy = [503] * 10
    with pytest.raises(SourceError, match=r"HTTP status 503.*QUARTETVAE_MIRROR"):
        fetch(tmp_path, url(server))
    assert server.asked.count(ARCHIVE) == 4
    assert waits == [0, 2, 4]


def test_a_file_that_the_server_lacks_is_asked_for_once(tmp_path: Path, server: Server, small: Path) -> None:
    (small / ARCHIVE).unlink()
    with pytest.raises(SourceError, match="HTTP status 404"):
        fetch(tmp_path, url(server))
    assert server.asked.count(ARCHIVE) == 1


@pytest.mark.parametrize("cut", [0, 20])
def test_a_download_that_breaks_off_leaves_nothing_behind(cut: int, tmp_path: Path, server: Server) -> None:
    server.cuts = [cut]
    with pytest.raises(SourceError, match=rf"{ARCHIVE}: cannot be downloaded.*QUARTETVAE_MIRROR") as caught:
        fetch(tmp_path, url(server))
    assert "\n" not in str(caught.value)
    assert list(tree(tmp_path / "cache")) == [f"musicnet/{TABLE}"]
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("length", [1 << 40, 0], ids=["said", "counted"])
def test_a_download_without_end_is_given_up(
    length: int, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.length = length
    monkeypatch.setattr(fetching, "MOST_BYTES", 150)
    with pytest.raises(SourceError, match=rf"{ARCHIVE}: cannot be downloaded \([\d,]+ bytes, of 150 at most\)"):
        fetch(tmp_path, url(server))
    assert list(tree(tmp_path / "cache")) == [f"musicnet/{TABLE}"]


def test_an_answer_shorter_than_it_says_is_no_file(tmp_path: Path, server: Server, small: Path) -> None:
    server.length = (small / ARCHIVE).stat().st_size + 10
    with pytest.raises(SourceError, match=rf"{ARCHIVE}: cannot be downloaded"):
        fetch(tmp_path, url(server))
    assert list(tree(tmp_path / "cache")) == [f"musicnet/{TABLE}"]


def test_a_server_that_falls_silent_is_given_up(
    tmp_path: Path, server: Server, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    done = threading.Event()
    answer = Handler.do_GET

    def stalling(handler: Handler) -> None:
        answer(handler)
        if handler.path.endswith(ARCHIVE):
            done.wait(5)

    monkeypatch.setattr(Handler, "do_GET", stalling)
    server.cuts = [20] * 10
    try:
        with pytest.raises(SourceError, match=rf"{ARCHIVE}: cannot be downloaded \(ReadTimeoutError\)"):
            fetch(tmp_path, url(server))
    finally:
        done.set()
    assert list(tree(tmp_path / "cache")) == [f"musicnet/{TABLE}"]


@pytest.mark.parametrize("scheme", ["file", "ftp"])
def test_a_redirect_leads_nowhere_but_to_http(scheme: str, tmp_path: Path, server: Server, small: Path) -> None:
    server.elsewhere = (small / ARCHIVE).as_uri().replace("file", scheme, 1)
    with pytest.raises(SourceError, match=rf"{ARCHIVE}: cannot be downloaded \(InvalidSchema\)"):
        fetch(tmp_path, url(server))
    assert list(tree(tmp_path / "cache")) == [f"musicnet/{TABLE}"]


HEAD = b"HTTP/1.0 200 OK\r\n"
FOUND = b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\nLocation: "

ANSWERS: dict[str, tuple[bytes, str]] = {
    "not there": (b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP status 404"),
    "busy for a day": (b"HTTP/1.0 429 Too Many\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n", "HTTP status 429"),
    "broken": (b"HTTP/1.0 500 Error\r\nContent-Length: 0\r\n\r\n", "HTTP status 500"),
    "a circle": (FOUND + b"/%s\r\n\r\n" % ARCHIVE.encode(), "TooManyRedirects"),
    "to a file": (FOUND + b"file:///etc/hostname\r\n\r\n", "InvalidSchema"),
    "to data": (FOUND + b"data:,music\r\n\r\n", "InvalidSchema"),
    "to no address": (FOUND + b"http://[::1\r\n\r\n", "ValueError"),
    "to no host": (FOUND + b"http://..\r\n\r\n", "LocationParseError|InvalidURL"),
    "nothing": (b"", "ConnectionError"),
    "no http": (b"music\r\n\r\n", "ConnectionError"),
    "half a head": (b"HTTP/1.0 20", "ConnectionError"),
    "a head without end": (HEAD + b"X: " + b"x" * 100_000, "ConnectionError"),
    "a thousand heads": (HEAD + b"X: x\r\n" * 1_000 + b"\r\n", "ConnectionError"),
    "cut": (HEAD + b"Content-Length: 100\r\n\r\nmusic", "IncompleteRead|ProtocolError"),
    "no length": (HEAD + b"Content-Length: many\r\n\r\nmusic", "not a whole"),
    "a length below 0": (HEAD + b"Content-Length: -9\r\n\r\nmusic", "not a whole"),
    "shorter than it is": (HEAD + b"Content-Length: 2\r\n\r\nmusic", "not a whole"),
    "no chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nmusic",
        "ProtocolError|InvalidChunkLength",
    ),
    "half a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nmusic", "ProtocolError"),
    "empty": (HEAD + b"Content-Length: 0\r\n\r\n", "not a whole"),
    "a page": (HEAD + b"Content-Type: text/html\r\n\r\n<html>Log in first</html>", "not a whole"),
}
"""What a server may answer, to the byte, and what is said of it."""


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_a_server_answers_is_one_error_and_earlier_music_stays(
    answer: str, tmp_path: Path, server: Server, small: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tree(fetch(tmp_path, small))
    content, said = ANSWERS[answer]
    plain = Handler.do_GET

    def answering(handler: Handler) -> None:
        if handler.path.endswith(ARCHIVE):
            handler.wfile.write(content)
        else:
            plain(handler)

    monkeypatch.setattr(Handler, "do_GET", answering)
    with pytest.raises(SourceError, match=said) as caught:
        fetch(tmp_path, url(server))
    assert "\n" not in str(caught.value)
    assert ARCHIVE in str(caught.value)
    assert re.search("QUARTETVAE_MIRROR|removed from the cache", str(caught.value))
    assert tree(tmp_path / "raw") == earlier
    assert list(tree(tmp_path / "cache")) == [f"musicnet/{TABLE}"]
    assert not [*tmp_path.rglob(".partial-*"), *tmp_path.rglob(".earlier-*")]
    # Not for a day, whatever a server asks for.
    assert sum(waits) <= 6


def test_a_later_run_downloads_what_an_earlier_one_did_not(tmp_path: Path, server: Server) -> None:
    server.cuts = [20]
    with pytest.raises(SourceError):
        fetch(tmp_path, url(server))
    server.asked.clear()
    assert len(rows(fetch(tmp_path, url(server)))) == 2
    assert server.asked == [ARCHIVE]
    assert list(tree(tmp_path / "cache" / "musicnet")) == [TABLE, ARCHIVE]


@pytest.mark.parametrize("is_archive", [False, True])
def test_a_damaged_download_leaves_the_cache(is_archive: bool, tmp_path: Path, server: Server, small: Path) -> None:
    good = (small / ARCHIVE).read_bytes()
    (small / ARCHIVE).write_bytes(b"a page that says sorry")
    if is_archive:
        pack(small / ARCHIVE, {**MUSIC, "Bach/1_a.mid": b"other"})
    with pytest.raises(SourceError, match="removed from the cache"):
        fetch(tmp_path, url(server))
    (small / ARCHIVE).write_bytes(good)
    assert len(rows(fetch(tmp_path, url(server)))) == 2


@pytest.mark.usefixtures("small", "waits")
def test_a_dead_network_ends_in_one_error_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/{{name}}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(musicnet, "MUSICNET", replace(musicnet.MUSICNET, home=dead))
    with pytest.raises(SourceError, match=r"cannot be downloaded.*QUARTETVAE_MIRROR.*make demo") as caught:
        fetch(tmp_path, None)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "raw").exists()


# music21's corpus


@pytest.fixture(scope="module")
def quartets() -> list[tuple[Path, MetadataRow]]:
    return embedded.embedded_quartets()


def test_the_embedded_corpus_has_51_files_of_17_quartets(quartets: list[tuple[Path, MetadataRow]]) -> None:
    pieces = [piece for _, piece in quartets]
    assert len(pieces) == len({piece.id for piece in pieces}) == 51
    assert len({(piece.composer, piece.work) for piece in pieces}) == 17
    assert {piece.composer for piece in pieces} == {"Haydn", "Mozart", "Beethoven", "Schumann"}
    assert all(path.suffix == ".mxl" for path, _ in quartets)


def test_embedded_quartets_are_described(quartets: list[tuple[Path, MetadataRow]]) -> None:
    pieces = {piece.id: piece for _, piece in quartets}
    assert pieces["beethoven-opus18no1-movement1"] == MetadataRow(
        id="beethoven-opus18no1-movement1",
        source="music21",
        composer="Beethoven",
        work="String Quartet op. 18 no. 1",
        movement="1",
        ensemble="String Quartet",
        file="Beethoven/beethoven-opus18no1-movement1.mid",
    )
    assert (pieces["beethoven-opus132"].work, pieces["beethoven-opus132"].movement) == ("String Quartet op. 132", "")
    assert pieces["mozart-k458-movement4"].work == "String Quartet K. 458"


@pytest.mark.slow
def test_embedded_quartets_become_four_named_tracks_by_any_number_of_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quartets: list[tuple[Path, MetadataRow]]
) -> None:
    # Their programs are a string ensemble's and a solo's; the two by Haydn have bars that are too short in some parts.
    chosen = {"haydn-opus1no1-movement4", "mozart-k80-movement3", "haydn-opus74no1-movement4"}
    some = [pair for pair in quartets if pair[1].id in chosen]
    monkeypatch.setattr(embedded, "embedded_quartets", lambda: some)
    for workers in (1, 2):
        raw = tmp_path / str(workers) / "raw"
        sources.fetch(
            ["music21"], raw, directory=tmp_path, cache=tmp_path / str(workers) / "cache", engine=Processes(workers)
        )
    assert tree(tmp_path / "1" / "raw") == tree(tmp_path / "2" / "raw")
    assert {row["id"] for row in rows(tmp_path / "1" / "raw")} == chosen
    for row in rows(tmp_path / "1" / "raw"):
        piece = midi.read(tmp_path / "1" / "raw" / row["file"])
        assert [(track.name, track.program) for track in piece.tracks] == [
            ("Violin I", 40),
            ("Violin II", 40),
            ("Viola", 41),
            ("Cello", 42),
        ]
        ends = [int((track.notes["onset"] + track.notes["duration"]).max()) for track in piece.tracks]
        assert max(ends) - min(ends) <= 4 * piece.ticks_per_beat


def test_a_music21_without_its_corpus_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ensemble, "part_by_name", lambda self, name: None)
    with pytest.raises(SourceError, match="install music21"):
        embedded.embedded_quartets()


# A folder

SCORE = (
    '<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Viola</part-name></score-part></part-list>'
    '<part id="P1"><measure number="1"><attributes><divisions>1</divisions></attributes>'
    "<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note></measure></part></score-partwise>"
)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a MIDI file, a score in a folder below, and things that are no music."""
    folder = tmp_path / "own"
    (folder / "Haydn" / "op 20").mkdir(parents=True)
    midi.write(folder / "Trio.mid", Music(480, (track("Cello", 42, (0, 480, 48)),)), tempo_qpm=100)
    (folder / "Haydn" / "op 20" / "no 4.musicxml").write_text(SCORE)
    (folder / "notes.txt").write_text("no music")
    (folder / ".hidden.mid").write_bytes(b"")
    return folder


def fetch_own(tmp_path: Path, folder: Path) -> Path:
    raw = tmp_path / "raw"
    sources.fetch(["directory"], raw, directory=folder, cache=tmp_path / "cache")
    return raw


def test_midi_is_copied_and_scores_are_converted(tmp_path: Path, own: Path) -> None:
    raw = fetch_own(tmp_path, own)
    assert set(tree(raw)) == {"directory/Haydn/op 20/no 4.mid", "directory/Trio.mid", "metadata.csv"}
    assert (raw / "directory/Trio.mid").read_bytes() == (own / "Trio.mid").read_bytes()
    assert midi.read(raw / "directory/Haydn/op 20/no 4.mid").tracks[0].notes["pitch"].tolist() == [60]


def test_a_folder_without_metadata_is_described_by_its_paths(tmp_path: Path, own: Path) -> None:
    assert [tuple(row.values()) for row in rows(fetch_own(tmp_path, own))] == [
        ("haydn-op-20-no-4", "directory", "Haydn", "op 20 no 4", "", "", "directory/Haydn/op 20/no 4.mid", ""),
        ("trio", "directory", "unknown", "Trio", "", "", "directory/Trio.mid", ""),
    ]


def test_the_users_metadata_are_kept(tmp_path: Path, own: Path) -> None:
    # As a spreadsheet writes it: with a byte order mark and \r\n.
    text = "file,id,composer,ensemble\r\nHaydn/op 20/no 4.musicxml,h-20.4,J. Haydn,String Quartet\r\n"
    (own / "metadata.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert [tuple(row.values()) for row in rows(fetch_own(tmp_path, own))] == [
        ("h-20.4", "directory", "J. Haydn", "op 20 no 4", "", "String Quartet", "directory/Haydn/op 20/no 4.mid", ""),
        ("trio", "directory", "unknown", "Trio", "", "", "directory/Trio.mid", ""),
    ]


def test_names_that_would_meet_stay_apart(tmp_path: Path, own: Path) -> None:
    (own / "Trio.xml").write_text(SCORE)
    (own / "Trio.mxl").write_text(SCORE)
    table = rows(fetch_own(tmp_path, own))
    assert sorted((row["id"], row["file"]) for row in table if row["id"].startswith("trio")) == [
        ("trio", "directory/Trio.mid"),
        ("trio-2", "directory/Trio.mxl.mid"),
        ("trio-3", "directory/Trio.xml.mid"),
    ]
    assert (tmp_path / "raw" / "directory" / "Trio.mid").read_bytes() == (own / "Trio.mid").read_bytes()


def test_an_unreadable_score_is_passed_on_as_it_is_with_a_warning(
    tmp_path: Path, own: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (own / "bad.krn").write_bytes(b"")
    raw = fetch_own(tmp_path, own)
    assert (raw / "directory" / "bad.krn").read_bytes() == b""
    assert [row["file"] for row in rows(raw)] == [
        "directory/Haydn/op 20/no 4.mid",
        "directory/Trio.mid",
        "directory/bad.krn",
    ]
    assert "warning: bad.krn is not converted" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,id\nTrio.mid,a\n", "'file' is needed"),
        (b"", "columns none found"),
        (b"file,composre\nTrio.mid,Haydn\n", "columns file, composre found"),
        (b"file,source\nTrio.mid,directory\n", "columns file, source found"),
        (b"file,left_out\nTrio.mid,cue notes 1\n", "columns file, left_out found"),
        (b"file\nDuo.mid\n", r"row 1: file 'Duo\.mid' is no music file"),
        (b"file\nTrio.mid\nTrio.mid\n", "row 2: file .* described twice"),
        (b"file,id\nTrio.mid,a\nHaydn/op 20/no 4.musicxml,a\n", r"row 2: id 'a' is also that of Trio\.mid"),
        (b"file,id\nTrio.mid,../a\n", "row 1: id '../a'"),
        (b"file,id\nTrio.mid,pieces.parquet\n", r"row 1: id 'pieces\.parquet'"),
        (b"file,work,work\nTrio.mid,a,b\n", "each once"),
        (b"file,work\nTrio.mid,Trio, in G\n", "row 1: more cells than columns"),
        ("file,composer\nTrio.mid,Dvo\u0159\u00e1k\n".encode("iso8859-2"), "UTF-8"),
    ],
)
def test_broken_metadata_are_an_error(tmp_path: Path, own: Path, content: bytes, message: str) -> None:
    (own / "metadata.csv").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        fetch_own(tmp_path, own)
    assert not (tmp_path / "raw").exists()


def test_a_folder_without_music_is_an_error(tmp_path: Path, own: Path) -> None:
    (own / "Trio.mid").unlink()
    shutil.rmtree(own / "Haydn")
    with pytest.raises(SourceError, match=r"2 files found, none of them music; \.krn, \.mid"):
        fetch_own(tmp_path, own)


@pytest.mark.parametrize(("make", "found"), [(lambda path: None, "nothing"), (Path.touch, "a file")])
def test_no_folder_is_an_error(tmp_path: Path, make: Callable[[Path], None], found: str) -> None:
    make(tmp_path / "music")
    with pytest.raises(SourceError, match=f"{found} found; a folder of music"):
        fetch_own(tmp_path, tmp_path / "music")


def test_a_name_that_is_no_text_is_named_before_anything_is_copied(tmp_path: Path, own: Path) -> None:
    try:
        shutil.copyfile(next(own.rglob("*.mid")), own / os.fsdecode(b"bad\xff.mid"))
    except OSError:
        pytest.skip("this file system takes no such names")
    with pytest.raises(SourceError, match=r"the name b'bad\\xff\.mid' is not UTF-8; give the file"):
        fetch_own(tmp_path, own)
    assert not (tmp_path / "raw").exists()


def test_a_link_to_nothing_is_left_out_with_a_word(
    tmp_path: Path, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "gone.mid").symlink_to("none.mid")
    found = fetch_own(tmp_path, own)
    assert "gone.mid is left out: a link to a file that is not there" in capsys.readouterr().err
    assert not any("gone" in row["file"] for row in rows(found))


def test_a_folder_that_cannot_be_read_is_an_error_unless_it_is_hidden(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refusing(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    (own / ".locked").mkdir()
    fetch_own(tmp_path, own)
    (own / "locked").mkdir()
    with pytest.raises(PermissionError, match="locked"):
        fetch_own(tmp_path, own)


@pytest.mark.parametrize("inner", [".", "raw", "raw/own"])
def test_the_users_folder_is_never_overwritten(tmp_path: Path, own: Path, inner: str) -> None:
    folder = tmp_path / inner
    shutil.copytree(own, folder, dirs_exist_ok=True)
    before = tree(tmp_path)
    with pytest.raises(SourceError, match="a folder of its own"):
        fetch_own(tmp_path, folder)
    assert tree(tmp_path) == before


# Scores of several movements; `pack` of archives.py reads them, and is stood in for where the reader's cuts matter.

HEARD = Music(480, (track("Cello", 42, (0, 480, 48), (480, 480, 50), (1920, 480, 52)),))


def cut(*titles: str, silent: int = 0) -> Music:
    """Music of as many movements of two beats; the last `silent` of them have no notes."""
    notes = [(960 * k, 480, 48 + k) for k in range(len(titles) - silent)]
    starts = tuple(Movement(960 * k, title) for k, title in enumerate(titles))
    return Music(480, (track("Cello", 42, *notes),), movements=starts if len(starts) > 1 else ())


def packed(music: Music, path: Path, monkeypatch: pytest.MonkeyPatch) -> archives.Converted:
    """What the music is converted to, if the reader finds it in a score."""
    with monkeypatch.context() as reader:
        reader.setattr(scores, "read", lambda path: music)
        path.write_bytes(archives.pack(Path("score.mxl"), is_quartet=False))
    found = archives.read(path)
    assert found is not None
    return found


def test_each_movement_with_notes_becomes_a_midi_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = packed(cut("I. Allegro", "", "III", silent=1), tmp_path / "a.zip", monkeypatch)
    assert [(movement.number, movement.title) for movement in found.movements] == [(1, "I. Allegro"), (2, "")]
    assert (found.silent, found.is_one) == ((3,), False)
    for movement in found.movements:
        found.write(movement, tmp_path / f"{movement.number}.mid")
    pitches = [midi.read(tmp_path / name).tracks[0].notes["pitch"].tolist() for name in ("1.mid", "2.mid")]
    assert pitches == [[48], [49]]


def test_what_a_score_leaves_out_is_said_of_its_first_movement_with_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music = cut("1", "2", "3")
    music = replace(
        music,
        tracks=(replace(music.tracks[0], notes=music.tracks[0].notes[1:]),),
        left_out={"grace notes": 12, "cue notes": 3},
    )
    found = packed(music, tmp_path / "a.zip", monkeypatch)
    assert found.left_out == music.left_out
    assert (found.silent, [movement.number for movement in found.movements]) == ((1,), [2, 3])
    assert [found.left_out_of(movement) for movement in found.movements] == [music.left_out, {}]


def test_what_a_users_score_leaves_out_is_in_its_row(tmp_path: Path, own: Path) -> None:
    path = own / "Haydn" / "op 20" / "no 4.musicxml"
    grace = "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
    path.write_text(SCORE.replace("<note>", f"{grace}{grace}<note>", 1))
    assert [row["left_out"] for row in rows(fetch_own(tmp_path, own))] == ["grace notes 2", ""]


def test_ctrl_c_ends_in_one_line(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("quartetvae.corpus.sources.folders.fetch", interrupted)
    with pytest.raises(SystemExit) as caught:
        fetch_own(tmp_path, own)
    assert caught.value.code == 130
    assert capfd.readouterr().err.splitlines() == [
        "interrupted; what was downloaded and converted is kept, run the command again"
    ]
    assert not (tmp_path / "raw").exists()


def test_a_score_of_one_movement_is_called_by_its_credits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    music = replace(HEARD, credits=Credits("Haydn", "Quartet", "Finale"), movements=(Movement(0, "4"),))
    found = packed(music, tmp_path / "a.zip", monkeypatch)
    assert (found.credits, found.movements[0].title, found.is_one) == (music.credits, "Finale", True)
    again = packed(replace(music, credits=Credits()), tmp_path / "a.zip", monkeypatch)
    assert again.movements[0].title == "4"


def test_an_archive_has_the_same_movements_whenever_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (packed(cut("a", "b"), tmp_path / name, monkeypatch) for name in ("1.zip", "2.zip"))
    for found in (one, two):
        found.write(found.movements[1], tmp_path / Path(found.archive).stem / "2.mid")
    assert (tmp_path / "1" / "2.mid").read_bytes() == (tmp_path / "2" / "2.mid").read_bytes()


@pytest.mark.parametrize("keep", [0, 1, 30, 200, -1, -30])
def test_half_an_archive_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: int) -> None:
    path = Path(packed(cut("a", "b"), tmp_path / "a.zip", monkeypatch).archive)
    path.write_bytes(path.read_bytes()[:keep])
    assert archives.read(path) is None


def test_an_archive_that_is_larger_than_any_score_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(packed(cut("a", "b"), tmp_path / "a.zip", monkeypatch).archive)
    assert archives.read(path) is not None
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    assert archives.read(path) is None


def test_an_archive_with_a_changed_byte_or_without_a_movement_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(packed(cut("a", "b"), tmp_path / "a.zip", monkeypatch).archive)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("1.mid").header_offset + 40
        index = archive.read("score.json")
    path.write_bytes(whole[:start] + bytes([whole[start] ^ 255]) + whole[start + 1 :])
    assert archives.read(path) is None
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("score.json", index)
    assert archives.read(path) is None
    path.unlink()
    assert archives.read(path) is None


@pytest.mark.parametrize(
    ("title", "is_one", "known", "expected"),
    [
        ("II. Andante", False, "", "II. Andante"),
        ("", False, "", "2"),
        ("II. Andante", True, "", "II. Andante"),
        ("II. Andante", True, "3", "3"),
        ("", True, "", ""),
        ("II. Andante", False, "4", "4.2"),
    ],
)
def test_a_movement_is_called_by_its_title_or_number(title: str, is_one: bool, known: str, expected: str) -> None:
    movement = archives.ConvertedMovement(2, title)
    assert movements.movement_name(movement, is_one=is_one, known=known) == expected


# What is converted is kept.


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the scores that are converted, in this process; `bad` ones cannot be read."""
    read: list[str] = []

    def each(function: Any, arguments: Any, **settings: Any) -> Iterator[tuple[int, Any]]:
        for number, (path, is_quartet) in enumerate(arguments):
            read.append(path.name)
            yield number, function((path, is_quartet))

    def reader(path: Path) -> Music:
        if path.read_bytes() == b"bad":
            raise ScoreError(f"{path.name}: damaged")
        return replace(HEARD, credits=Credits(work=path.read_text()))

    monkeypatch.setattr(processes, "each", each)
    monkeypatch.setattr(scores, "read", reader)
    return read


def scores_in(folder: Path, **contents: str) -> list[Conversion]:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.mxl").write_text(content)
    return [Conversion(folder / f"{name}.mxl") for name in contents]


def test_a_score_is_converted_once(tmp_path: Path, counted: list[str]) -> None:
    jobs = scores_in(tmp_path / "in", a="A", b="BB")
    first = convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))
    assert counted == ["b.mxl", "a.mxl"]  # the longer one first
    assert convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1)) == first
    assert [found.credits.work for found in first if isinstance(found, archives.Converted)] == ["A", "BB"]
    assert len(counted) == 2


def test_only_what_changed_is_converted_anew(tmp_path: Path, counted: list[str]) -> None:
    convert_all(scores_in(tmp_path / "in", a="A", b="B"), cache=tmp_path / "cache", engine=Processes(1))
    counted.clear()
    (found, _) = convert_all(scores_in(tmp_path / "in", a="new", b="B"), cache=tmp_path / "cache", engine=Processes(1))
    assert counted == ["a.mxl"]
    assert isinstance(found, archives.Converted)
    assert found.credits.work == "new"


def test_a_score_may_be_renamed_but_not_to_another_kind(tmp_path: Path, counted: list[str]) -> None:
    convert_all(scores_in(tmp_path / "in", a="A"), cache=tmp_path / "cache", engine=Processes(1))
    (tmp_path / "in" / "a.mxl").rename(tmp_path / "in" / "b.mxl")
    convert_all([Conversion(tmp_path / "in" / "b.mxl")], cache=tmp_path / "cache", engine=Processes(1))
    assert counted == ["a.mxl"]
    (tmp_path / "in" / "b.mxl").rename(tmp_path / "in" / "b.krn")
    convert_all([Conversion(tmp_path / "in" / "b.krn")], cache=tmp_path / "cache", engine=Processes(1))
    assert counted == ["a.mxl", "b.krn"]


def test_a_new_reader_converts_anew(tmp_path: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = scores_in(tmp_path / "in", a="A")
    convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))
    monkeypatch.setattr(conversion, "reader_version", lambda: "another")
    convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))
    assert counted == ["a.mxl", "a.mxl"]


def test_a_damaged_archive_is_made_anew(tmp_path: Path, counted: list[str]) -> None:
    jobs = scores_in(tmp_path / "in", a="A")
    convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))
    (archive,) = (tmp_path / "cache").rglob("*.zip")
    archive.write_bytes(archive.read_bytes()[:50])
    (found,) = convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))
    assert isinstance(found, archives.Converted)
    assert found.credits.work == "A"
    assert len(counted) == 2


def test_a_run_that_was_ended_goes_on_where_it_stopped(
    tmp_path: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = scores_in(tmp_path / "in", a="AAA", b="BB", c="C")
    with monkeypatch.context() as ended:
        whole = processes.each

        def stopped(function: Any, arguments: Any, **settings: Any) -> Iterator[tuple[int, Any]]:
            yield next(iter(whole(function, arguments, **settings)))
            raise KeyboardInterrupt

        ended.setattr(processes, "each", stopped)
        with pytest.raises(KeyboardInterrupt):
            convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))
    assert counted == ["a.mxl"]
    assert len(convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))) == 3
    assert counted == ["a.mxl", "b.mxl", "c.mxl"]


def test_two_scores_of_one_content_are_converted_once(tmp_path: Path, counted: list[str]) -> None:
    found = convert_all(scores_in(tmp_path / "in", a="A", b="A"), cache=tmp_path / "cache", engine=Processes(1))
    assert len(counted) == 1
    assert found[0] == found[1]


def test_a_failure_is_its_scores_own_and_is_tried_again(tmp_path: Path, counted: list[str]) -> None:
    jobs = scores_in(tmp_path / "in", a="A", b="bad")
    for _ in range(2):
        good, bad = convert_all(jobs, cache=tmp_path / "cache", engine=Processes(1))
        assert isinstance(good, archives.Converted)
        assert bad == Failure("b.mxl: damaged")
    assert counted == ["b.mxl", "a.mxl", "b.mxl"]


def test_the_version_of_the_reader_is_that_of_all_that_it_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = versions.texts(conversion.READER)
    assert {
        "quartetvae.corpus.sources.archives",
        "quartetvae.io.midi",
        "quartetvae.io.scores",
        "quartetvae.music.notes",
        "quartetvae.music.tracks",
    } <= texts.keys()
    assert not {"quartetvae.corpus.sources.directory", "quartetvae.errors", "quartetvae.io.audio"} & texts.keys()
    version = conversion.reader_version()
    assert version == conversion.reader_version()
    changed = {**texts, "quartetvae.io.scores": texts["quartetvae.io.scores"] + "# changed\n"}
    monkeypatch.setattr(versions, "texts", lambda module: changed)
    assert conversion.reader_version() != version
    monkeypatch.setattr(versions, "texts", lambda module: texts)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0")
    assert conversion.reader_version() != version


def test_processes_give_each_result_its_number_and_survive_failures() -> None:
    # int("x") raises; the others are converted by several processes, each replaced after two.
    arguments = ["1", "x", "3", "4", "5"]
    found = dict(processes.each(int, arguments, processes=2, seconds=60, renew_after=2))
    reason = found.pop(1)
    assert found == {0: 1, 2: 3, 3: 4, 4: 5}
    assert isinstance(reason, Failure)
    assert "ValueError: invalid literal" in reason.reason


def end_with(status: int) -> None:
    # A function of this file: of `os._exit` itself coverage.py makes another one, which cannot be sent.
    os._exit(status)


def test_a_process_that_ends_is_the_failure_of_one_argument() -> None:
    # A status that os._exit does not take raises: the process lives on.
    found = dict(processes.each(end_with, [3, "none"], processes=1, seconds=60, renew_after=9))
    assert found[0] == Failure("the process that read it ended with status 3")
    assert "TypeError" in found[1].reason


def test_a_process_that_is_killed_says_by_what() -> None:
    found = dict(processes.each(signal.raise_signal, [signal.SIGKILL], processes=1, seconds=60, renew_after=9))
    assert "signal 9, perhaps for want of memory" in found[0].reason


def test_a_process_that_hangs_is_ended_and_the_rest_goes_on() -> None:
    began = time.monotonic()
    found = dict(processes.each(time.sleep, [600, 0.0, 0.0], processes=1, seconds=2, renew_after=9))
    assert found == {0: Failure("it took longer than 2 seconds"), 1: None, 2: None}
    assert time.monotonic() - began < 120


def test_no_arguments_are_no_processes() -> None:
    assert list(processes.each(int, [], processes=2, seconds=1, renew_after=1)) == []


# OpenScore, made small: two scores by two composers.

OPEN = {
    "data/composers.tsv": "id\tpath\tname\n1\tDvořák,_Antonín\tAntonín Dvořák\n2\tHaydn,_Joseph\tJoseph Haydn\n",
    "data/sets.tsv": "id\tname\tcomposer_id\n10\tNo. 1 “American”\t1\n20\tOp. 1\t2\n",
    "data/scores.tsv": "id\tname\tset_id\n100\tNo. 1 “American”\t10\n200\tOp. 1\t20\n",
    "scores/Dvořák,_Antonín/No._1_“American”/sq100.mxl": SCORE,
    "scores/Haydn,_Joseph/Op._1/sq200.mxl": SCORE.replace("<step>C<", "<step>D<"),
}


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of an OpenScore of two scores."""
    checksums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in OPEN.items()}
    monkeypatch.setattr(openscore, "_checksums", lambda: checksums)
    folder = tmp_path / "scores mirror"
    for name, text in OPEN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in for the reader: the first score has two movements, and a third without notes."""

    def each(function: Any, arguments: Any, **settings: Any) -> Iterator[tuple[int, Any]]:
        yield from ((number, function(argument)) for number, argument in enumerate(arguments))

    music = cut("I. Allegro", "", "silence", silent=1)
    monkeypatch.setattr(processes, "each", each)
    monkeypatch.setattr(scores, "read", lambda path: HEARD if "200" in path.name else music)


def test_the_list_of_openscore_names_122_scores_and_three_tables() -> None:
    checksums = openscore._checksums()
    assert sum(name.endswith(".mxl") for name in checksums) == 122
    assert {name for name in checksums if not name.endswith(".mxl")} == {
        "data/composers.tsv",
        "data/scores.tsv",
        "data/sets.tsv",
    }
    assert all(len(checksum) == 64 for checksum in checksums.values())


@pytest.mark.usefixtures("read_here")
def test_each_movement_of_openscore_is_a_piece(tmp_path: Path, little: Path, capfd: pytest.CaptureFixture[str]) -> None:
    raw = fetch(tmp_path, little, "openscore")
    assert [tuple(row.values()) for row in rows(raw)] == [
        *(
            (f"sq100-{n}", "openscore", "Dvorak", "No. 1 “American”", title, "String Quartet", file, "")
            for n, title, file in (
                (1, "I. Allegro", "openscore/Dvorak/sq100-1.mid"),
                (2, "2", "openscore/Dvorak/sq100-2.mid"),
            )
        ),
        ("sq200-1", "openscore", "Haydn", "Op. 1", "", "String Quartet", "openscore/Haydn/sq200-1.mid", ""),
    ]
    assert tree(raw).keys() == {"metadata.csv", *(row["file"] for row in rows(raw))}
    assert "warning: sq100.mxl: no notes in movement 3 of 3" in capfd.readouterr().err


def test_openscore_is_read_by_the_real_reader(tmp_path: Path, little: Path) -> None:
    raw = fetch(tmp_path, little, "openscore")
    assert midi.read(raw / "openscore/Haydn/sq200-1.mid").tracks[0].notes["pitch"].tolist() == [62]


@pytest.mark.usefixtures("read_here")
def test_a_folder_may_hold_the_mirrors_of_both(tmp_path: Path, small: Path, little: Path) -> None:
    apart = {
        **tree(fetch(tmp_path, small, "musicnet")),
        **tree(fetch(tmp_path, little, "openscore")),
    }
    small.rename(tmp_path / "both").rename(tmp_path / "musicnet")
    (tmp_path / "both").mkdir()
    (tmp_path / "musicnet").rename(tmp_path / "both" / "musicnet")
    little.rename(tmp_path / "both" / "openscore")
    raw = fetch(tmp_path, tmp_path / "both", "openscore", "musicnet")
    together = tree(raw)
    apart.pop("metadata.csv")
    assert together.pop("metadata.csv")
    assert together == apart
    assert [row["source"] for row in rows(raw)] == ["musicnet"] * 2 + ["openscore"] * 3


@pytest.mark.usefixtures("read_here", "small")
def test_a_mirror_that_lacks_a_source_is_an_error_that_says_so(tmp_path: Path, little: Path) -> None:
    with pytest.raises(SourceError, match=r"no file musicnet_metadata\.csv there, nor in a folder musicnet; MusicNet"):
        fetch(tmp_path, little, "openscore", "musicnet")
    with pytest.raises(SourceError, match=r"no file data/composers\.tsv there, nor in a folder openscore; OpenScore"):
        fetch(tmp_path, tmp_path / "mirror", "musicnet", "openscore")
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("name", ["data/sets.tsv", "scores/Haydn,_Joseph/Op._1/sq200.mxl"])
def test_a_score_or_table_with_a_wrong_sum_is_named(tmp_path: Path, little: Path, name: str) -> None:
    (little / name).write_text("other")
    with pytest.raises(SourceError, match=rf"5 files 1 not the published file \(sha256\): {name}\. Replace the mirror"):
        fetch(tmp_path, little, "openscore")
    assert not (tmp_path / "raw").exists()
    assert (little / name).read_text() == "other"


def test_a_mirror_without_one_score_is_an_error(tmp_path: Path, little: Path) -> None:
    (little / "scores/Haydn,_Joseph/Op._1/sq200.mxl").unlink()
    with pytest.raises(SourceError, match=r"no file scores/Haydn,_Joseph/Op\._1/sq200\.mxl there"):
        fetch(tmp_path, little, "openscore")


@pytest.fixture
def open_server(server: Server, little: Path) -> Server:
    server.folder = little
    return server


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize("inner", ["", "openscore"])
def test_scores_are_downloaded_once_from_a_mirror_of_one_source_or_several(
    tmp_path: Path, open_server: Server, little: Path, inner: str
) -> None:
    if inner:
        little.rename(tmp_path / "inner")
        little.mkdir()
        (tmp_path / "inner").rename(little / inner)
    first = tree(fetch(tmp_path, url(open_server), "openscore"))
    found = [name.removeprefix("openscore/") for name in open_server.asked]
    # Where the files are is found out by the first of them.
    assert sorted(found) == sorted([*OPEN, *(["data/composers.tsv"] if inner else [])])
    open_server.asked.clear()
    assert tree(fetch(tmp_path, url(open_server), "openscore")) == first
    assert open_server.asked == []


@pytest.mark.usefixtures("read_here")
def test_only_what_the_cache_lacks_or_has_damaged_is_downloaded(tmp_path: Path, open_server: Server) -> None:
    first = tree(fetch(tmp_path, url(open_server), "openscore"))
    open_server.asked.clear()
    damaged, absent = "data/sets.tsv", "scores/Haydn,_Joseph/Op._1/sq200.mxl"
    (tmp_path / "cache" / "openscore" / damaged).write_text("half")
    (tmp_path / "cache" / "openscore" / absent).unlink()
    assert tree(fetch(tmp_path, url(open_server), "openscore")) == first
    assert sorted(open_server.asked) == [damaged, absent]


@pytest.mark.usefixtures("read_here")
def test_what_was_downloaded_before_an_error_is_kept(tmp_path: Path, open_server: Server, little: Path) -> None:
    name = "scores/Haydn,_Joseph/Op._1/sq200.mxl"
    (little / name).rename(tmp_path / "away")
    with pytest.raises(SourceError, match=r"sq200\.mxl: cannot be downloaded \(HTTP status 404\)"):
        fetch(tmp_path, url(open_server), "openscore")
    kept = tree(tmp_path / "cache" / "openscore").keys()
    assert "data/composers.tsv" in kept
    (tmp_path / "away").rename(little / name)
    open_server.asked.clear()
    fetch(tmp_path, url(open_server), "openscore")
    assert set(open_server.asked) == OPEN.keys() - kept


def test_a_wrong_download_is_an_error_and_leaves_the_cache(tmp_path: Path, open_server: Server, little: Path) -> None:
    (little / "data/sets.tsv").write_text("a page that says sorry")
    with pytest.raises(SourceError, match=r"not the published file .*data/sets\.tsv.*removed from the cache"):
        fetch(tmp_path, url(open_server), "openscore")
    assert not (tmp_path / "cache" / "openscore" / "data" / "sets.tsv").exists()


def test_a_score_that_cannot_be_read_is_the_sources_error(
    tmp_path: Path, little: Path, read_here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Music:
        raise ScoreError(f"{path.name}: too modern")

    monkeypatch.setattr(scores, "read", refuse)
    with pytest.raises(SourceError, match=r"2 of 2 scores cannot be read: sq100\.mxl \(sq100\.mxl: too modern\)"):
        fetch(tmp_path, little, "openscore")


def test_composers_are_called_as_in_musicnet_and_stay_apart() -> None:
    paths = {
        "1": "Beethoven,_Ludwig_van",
        "2": "Fauré,_Gabriel",
        "3": "Mendelssohn,_Felix",
        "4": "Hensel,_Fanny_(Mendelssohn)",
        "5": "Schumann,_Robert",
        "6": "Schumann,_Clara",
        "7": "Saint-Georges,_Joseph_Bologne",
    }
    assert list(openscore.composer_names({id: {"path": path} for id, path in paths.items()}).values()) == [
        "Beethoven",
        "Faure",
        "Mendelssohn",
        "Hensel",
        "Robert Schumann",
        "Clara Schumann",
        "Saint-Georges",
    ]


@pytest.mark.usefixtures("read_here")
def test_openscore_has_47_composers_of_whom_musicnet_has_eight(
    tmp_path: Path, both: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "reader_version", lambda: "a stand-in")
    raw = fetch(tmp_path, both, "musicnet", "openscore")
    names: dict[str, set[str]] = {"musicnet": set(), "openscore": set()}
    for row in rows(raw):
        names[row["source"]].add(row["composer"])
    assert len(names["openscore"]) == 47
    assert names["openscore"] & names["musicnet"] == {
        *("Beethoven", "Brahms", "Dvorak", "Faure", "Haydn", "Mozart", "Ravel", "Schubert")
    }


@pytest.fixture
def both(mirror: Path) -> Path:
    if not (mirror / "openscore").is_dir() or not (mirror / "musicnet").is_dir():
        pytest.skip("set QUARTETVAE_MIRROR to a folder with folders musicnet and openscore to run this test")
    return mirror


def test_two_sources_with_one_id_are_an_error_that_names_the_users_file(tmp_path: Path, small: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    midi.write(own / "1.mid", HEARD, tempo_qpm=100)
    with pytest.raises(SourceError, match=r"directory/1\.mid: its id '1' is also that of musicnet/Bach/1_a\.mid; give"):
        fetch(tmp_path, small, "musicnet", "directory")
    assert not (tmp_path / "raw").exists()
    (own / "metadata.csv").write_text("file,id\n1.mid,mine\n")
    assert {row["id"] for row in rows(fetch(tmp_path, small, "directory", "musicnet"))} == {"1", "2", "mine"}


# A folder with scores of several movements


@pytest.mark.usefixtures("read_here")
def test_a_users_score_becomes_a_file_for_each_movement(tmp_path: Path, own: Path) -> None:
    (own / "Trio.mxl").write_text("three movements, one of them silent")
    (own / "Trio-1.mid").write_bytes((own / "Trio.mid").read_bytes())
    (own / "metadata.csv").write_text("file,id,movement\nHaydn/op 20/no 4.musicxml,h,IV\n")
    table = rows(fetch_own(tmp_path, own))
    assert [(row["id"], row["work"], row["movement"], row["file"].removeprefix("directory/")) for row in table] == [
        ("h-1", "op 20 no 4", "IV.1", "Haydn/op 20/no 4-1.mid"),
        ("h-2", "op 20 no 4", "IV.2", "Haydn/op 20/no 4-2.mid"),
        ("trio-1", "Trio-1", "", "Trio-1.mid"),
        ("trio", "Trio", "", "Trio.mid"),
        ("trio-2-1", "Trio", "I. Allegro", "Trio.mxl-1.mid"),
        ("trio-2-2", "Trio", "2", "Trio.mxl-2.mid"),
    ]


def test_scores_of_the_embedded_corpus_may_hold_several_movements(
    tmp_path: Path, read_here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for id, movement in (("beethoven-opus132", ""), ("haydn-opus1-movement2", "2")):
        score = tmp_path / f"{id}.mxl"
        score.write_text(id)
        found.append((score, MetadataRow(id, "music21", "Beethoven", "op", movement, "", f"Beethoven/{id}.mid")))
    monkeypatch.setattr(embedded, "embedded_quartets", lambda: found)
    parts = tuple(track("", 0, (0, 480, 48), (960, 480, 50)) for _ in range(4))
    one = Music(480, parts)
    music = replace(one, movements=(Movement(0), Movement(960, "Lento")))
    monkeypatch.setattr(scores, "read", lambda path: music if "132" in path.name else one)
    assert [(row["id"], row["movement"], row["file"]) for row in rows(fetch(tmp_path, None, "music21"))] == [
        ("beethoven-opus132-1", "1", "music21/Beethoven/beethoven-opus132-1.mid"),
        ("beethoven-opus132-2", "Lento", "music21/Beethoven/beethoven-opus132-2.mid"),
        ("haydn-opus1-movement2", "2", "music21/Beethoven/haydn-opus1-movement2.mid"),
    ]


# Names


def described(
    *names: str, credits: dict[str, Credits] | None = None, **known: dict[str, str]
) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Composer, work and movement of files `name.mid`; and the warnings."""
    files = [f"{name}.mid" for name in names]
    said = {f"{name}.mid": row for name, row in known.items()}
    written = {f"{name}.mid": credit for name, credit in (credits or {}).items()}
    found, warnings = naming.describe(files, known=said, credits=written, top="own")
    return [(found[name].composer, found[name].work, found[name].movement) for name in files], warnings


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["k465-1", "k465-2"], [("k465", "1"), ("k465", "2")]),
        (["k465_01", "k465_02"], [("k465", "1"), ("k465", "2")]),
        (["op59no2-movement1", "op59no3-movement1"], [("op59no2", "1"), ("op59no3", "1")]),
        (["op18no1", "op18no2"], [("op18no1", ""), ("op18no2", "")]),
        (["op17n1-01", "op17n1-02", "op17n2-01"], [("op17n1", "1"), ("op17n1", "2"), ("op17n2", "1")]),
        (["quartet01-1", "quartet01-2", "quartet16-1"], [("quartet01", "1"), ("quartet01", "2"), ("quartet16", "1")]),
        (
            ["String Quartet No. 1", "String Quartet No. 2"],
            [("String Quartet No. 1", ""), ("String Quartet No. 2", "")],
        ),
        (["Quartett Nr. 1", "Quartett Nr. 2"], [("Quartett Nr. 1", ""), ("Quartett Nr. 2", "")]),
        (["op18", "op59", "D810", "K465"], [("op18", ""), ("op59", ""), ("D810", ""), ("K465", "")]),
        (["K465 mvt. 2", "K465_Mv4", "K465, 3rd movement"], [("K465", "2"), ("K465", "4"), ("K465", "3")]),
        (["K465 III", "K465 IV"], [("K465", "3"), ("K465", "4")]),
        (["op132_i", "op132_ii"], [("op132", "1"), ("op132", "2")]),
        (["k465 - 2 - Andante", "k465-1-adagio"], [("k465", "2. Andante"), ("k465", "1. adagio")]),
        (["K465 Menuetto", "K465 Allegro molto"], [("K465", "Menuetto"), ("K465", "Allegro molto")]),
        (["K465 - Molto allegro", "K465 - Rondo"], [("K465", "Molto allegro"), ("K465", "Rondo")]),
        (["K465 Molto allegro", "K465 Un poco adagio"], [("K465", "Molto allegro"), ("K465", "Un poco adagio")]),
        (["07 K465 - 2. Andante", "08 K465 mvt 3"], [("K465", "2. Andante"), ("K465", "3")]),
        (["465-1 Adagio", "465-2"], [("465", "1. Adagio"), ("465", "2")]),
        (
            ["01 - Quartet in C, K465 - I. Adagio", "13 Quartet in C, K465 - II"],
            [("Quartet in C, K465", "1. Adagio"), ("Quartet in C, K465", "2")],
        ),
        (["K465-1", "k465-2"], [("K465", "1"), ("K465", "2")]),
        (["String Quartet No. 1 Allegro"], [("String Quartet No. 1", "Allegro")]),
        (["Opus 18 nr 1 deel 2", "Opus 18 nr 1 deel 1"], [("Opus 18 nr 1", "2"), ("Opus 18 nr 1", "1")]),
        (["Opus 18 Nr 1, 2. Satz"], [("Opus 18 Nr 1", "2")]),
        (["Emperor", "Lark", "Trio"], [("Emperor", ""), ("Lark", ""), ("Trio", "")]),
        (["Grosse Fuge", "Italian Serenade"], [("Grosse Fuge", ""), ("Italian Serenade", "")]),
        (["Barber Adagio for Strings"], [("Barber Adagio for Strings", "")]),
        (["quartet-1", "quartet-14"], [("quartet-1", ""), ("quartet-14", "")]),
        (["chorale 266", "chorale 267"], [("chorale 266", ""), ("chorale 267", "")]),
        (["Quartet I"], [("Quartet I", "")]),
        (["mozart 1785", "mozart 1786"], [("mozart 1785", ""), ("mozart 1786", "")]),
        (["K. 80/1", "K. 80/2"], [("K. 80", "1"), ("K. 80", "2")]),
        (["op18/no1/1", "op18/no1/2", "op18/no2/1"], [("op18 no1", "1"), ("op18 no1", "2"), ("op18 no2", "1")]),
        (["K465 \u2161", "K465 \u2163"], [("K465", "2"), ("K465", "4")]),
        (
            ["Debussy - Quatuor - 1 - Animé et très décidé", "Debussy - Quatuor - 2 - Assez vif"],
            [("Debussy - Quatuor", "1. Animé et très décidé"), ("Debussy - Quatuor", "2. Assez vif")],
        ),
        (
            ["Janacek - Kreutzer Sonata - 1 - Con moto", "Janacek - Kreutzer Sonata - 2 - Con moto vivo"],
            [("Janacek - Kreutzer Sonata", "1. Con moto"), ("Janacek - Kreutzer Sonata", "2. Con moto vivo")],
        ),
        (
            ["Smetana - From my life - 1 - Allegro", "Smetana - From my life - 2 - Polka"],
            [("Smetana - From my life", "1. Allegro"), ("Smetana - From my life", "2. Polka")],
        ),
        (
            ["Beethoven op130 - 6 - Grosse Fuge", "Beethoven op130 - 5 - Cavatina"],
            [("Beethoven op130", "6. Grosse Fuge"), ("Beethoven op130", "5. Cavatina")],
        ),
        (
            ["op132 - 1 - Assai sostenuto", "op132 - 3 - Heiliger Dankgesang"],
            [("op132", "1. Assai sostenuto"), ("op132", "3. Heiliger Dankgesang")],
        ),
        (
            ["Bartok 4 - 1 - Allegro", "Bartok 4 - 3 - Non troppo lento"],
            [("Bartok 4", "1. Allegro"), ("Bartok 4", "3. Non troppo lento")],
        ),
        (
            ["07 Smetana - From my life - II. Polka", "08 Smetana - From my life - III. Largo"],
            [("Smetana - From my life", "2. Polka"), ("Smetana - From my life", "3. Largo")],
        ),
        (
            ["Haydn - Quartets - 1 - Op. 1 No. 1", "Haydn - Quartets - 2 - Op. 1 No. 2"],
            [("Haydn - Quartets - 1 - Op. 1 No. 1", ""), ("Haydn - Quartets - 2 - Op. 1 No. 2", "")],
        ),
        (["Op51/No2/i", "Op67/i", "Op67a/1"], [("Op51 No2", "1"), ("Op67", "1"), ("Op67a", "1")]),
    ],
)
def test_works_and_movements_are_told_by_names(names: list[str], expected: list[tuple[str, str]]) -> None:
    found, warnings = described(*names)
    assert [(work, movement) for _, work, movement in found] == expected
    assert warnings == []


@pytest.mark.parametrize(
    ("names", "work"),
    [
        (["Quartet I", "Quartet II"], "Quartet"),
        (["quartet1", "quartet2"], "quartet"),
        (["Quartet (1)", "Quartet (2)"], "Quartet"),
        (["op18-1", "op18-2"], "op18"),
        (["op 20/1", "op 20/2"], "op 20"),
        (["op132/i", "op132/ii", "op132/v"], "op132"),
        (["1", "2", "3"], "own"),
        (["Haydn - 1 - Emperor", "Haydn - 2 - Lark"], "Haydn"),
        (["01 Allegro", "02 Andante"], "own"),
        (["First movement", "Second movement"], "own"),
        (["Mozart/1", "Mozart/2"], "Mozart"),
        (["K. 465/slow", "K. 465/fast"], "K. 465"),
        (["Barber Adagio", "Barber Presto"], "Barber"),
    ],
)
def test_what_may_be_movements_is_one_work_with_a_warning(names: list[str], work: str) -> None:
    found, (warning,) = described(*names)
    assert {title for _, title, _ in found} == {work}
    assert "taken as movements of one work" in warning
    assert "say so in metadata.csv (columns file and work)" in warning


@pytest.mark.parametrize(
    "names", [["quartet-4", "quartet-5"], ["01 Emperor", "02 Lark"], ["Haydn/1. Joke", "Haydn/2. Lark"]]
)
def test_what_may_be_works_is_a_work_each_with_a_warning(names: list[str]) -> None:
    found, (warning,) = described(*names)
    assert len({title for _, title, _ in found}) == 2
    assert "taken as a work each" in warning
    assert "give them the same work in metadata.csv" in warning


@pytest.mark.parametrize(
    ("name", "composer", "work", "movement"),
    [
        ("Mozart/K465/01 Allegro", "Mozart", "K465", "1. Allegro"),
        ("Haydn/Emperor/02 Poco adagio", "Haydn", "Emperor", "2. Poco adagio"),
        ("Haydn, Joseph/Op. 33 No. 2 (Joke)/I. Allegro", "Haydn, Joseph", "Op. 33 No. 2 (Joke)", "1. Allegro"),
        ("Haydn/Emperor", "Haydn", "Emperor", ""),
        ("Haydn/op 20/no 4", "Haydn", "op 20 no 4", ""),
        ("mozart/quartets/k080-01", "mozart", "k080", "1"),
        ("Schubert/Quartet in D minor/Scherzo", "Schubert", "Quartet in D minor", "Scherzo"),
        ("midi/mozart-k465-1", "Mozart", "mozart-k465", "1"),
        ("Haydn_Op76_No3_1", "Haydn", "Haydn Op76 No3", "1"),
        ("Beethoven Op.18 No.1 - Mvt 1", "Beethoven", "Beethoven Op.18 No.1", "1"),
        ("Ravel - String Quartet in F - II. Assez vif", "Ravel", "Ravel - String Quartet in F", "2. Assez vif"),
        ("Haydn - Quartet in D - 1. Allegro", "Haydn", "Haydn - Quartet in D", "1. Allegro"),
        ("Schubert D 810 - 2", "Schubert", "Schubert D 810", "2"),
        ("String Quartet op 20", "unknown", "String Quartet op 20", ""),
        ("quartets/op 20", "unknown", "op 20", ""),
        ("Brahms/Op51/No2/i", "Brahms", "Op51 No2", "1"),
        ("Brahms/Op67/vi", "Brahms", "Op67", "6"),
        ("Schubert/Death and the Maiden/2", "Schubert", "Death and the Maiden", "2"),
        ("Brahms/1", "Brahms", "1", ""),
    ],
)
def test_composers_are_told_by_folders_then_by_names(name: str, composer: str, work: str, movement: str) -> None:
    assert described(name) == ([(composer, work, movement)], [])


def test_a_score_knows_better_than_folders_and_names() -> None:
    credits = {
        "Haydn/a-1": Credits("W. A. Mozart (1756\u20131791)", "Quartet  K. 465", "Adagio"),
        "Haydn/x": Credits(work="Quartet K. 465"),
    }
    found, warnings = described("Haydn/a-1", "Haydn/x", credits=credits)
    assert found == [("W. A. Mozart", "Quartet K. 465", "Adagio"), ("Haydn", "Quartet K. 465", "")]
    assert warnings == []


def test_what_most_scores_of_a_work_say_holds_for_all_its_files() -> None:
    credits = {
        "k465-1": Credits("Mozart", "K. 465"),
        "k465-2": Credits("Mozart", "K. 465: Andante"),
        "k465-3": Credits("Mozart", "K. 465"),
    }
    found, _ = described("k465-1", "k465-2", "k465-3", "k465-4", credits=credits)
    assert {(composer, work) for composer, work, _ in found} == {("Mozart", "K. 465")}
    assert [movement for _, _, movement in found] == ["1", "2", "3", "4"]


def test_where_all_scores_of_a_work_call_it_something_else_their_names_decide() -> None:
    credits = {"k465-1": Credits(work="Dissonance: Adagio"), "k465-2": Credits(work="Dissonance: Andante")}
    found, _ = described("k465-1", "k465-2", credits=credits)
    assert {work for _, work, _ in found} == {"k465"}


def test_scores_that_name_their_works_leave_no_doubt() -> None:
    credits = {"Quartet I": Credits(work="Op. 1"), "Quartet II": Credits(work="Op. 2")}
    found, warnings = described("Quartet I", "Quartet II", credits=credits)
    assert [work for _, work, _ in found] == ["Op. 1", "Op. 2"]
    assert warnings == []


def test_scores_of_one_title_without_a_number_are_one_work_with_a_warning() -> None:
    credits = {name: Credits("Haydn", "String Quartet") for name in ("op17no5", "op77no1")}
    found, (warning,) = described("op17no5", "op77no1", credits=credits)
    assert {(composer, work) for composer, work, _ in found} == {("Haydn", "String Quartet")}
    assert "all say that they are 'String Quartet' by Haydn" in warning


def test_the_user_knows_best_and_for_all_movements_of_a_work() -> None:
    known = {"k465-1": {"composer": "Mozart", "work": "Dissonance", "movement": "Adagio"}}
    found, _ = described("k465-1", "k465-2", credits={"k465-1": Credits("?", "?", "?")}, **known)
    assert found == [("Mozart", "Dissonance", "Adagio"), ("Mozart", "Dissonance", "2")]


def test_the_user_ends_a_doubt() -> None:
    known = {"Quartet I.mid": {"work": "A"}, "Quartet II.mid": {"work": "B"}}
    found, warnings = naming.describe(list(known), known=known)
    assert [description.work for description in found.values()] == ["A", "B"]
    assert warnings == []


def test_a_work_that_nothing_names_is_untitled() -> None:
    found, (warning,) = naming.describe(["I. Allegro.mid", "II. Adagio.mid"])
    assert {description.work for description in found.values()} == {"untitled"}
    assert "taken as movements of one work, 'untitled'" in warning


def test_a_score_of_several_movements_is_no_movement() -> None:
    found, warnings = naming.describe(["Quartet I.mxl", "Quartet II.mxl"], whole={"Quartet I.mxl", "Quartet II.mxl"})
    assert [description.work for description in found.values()] == ["Quartet I", "Quartet II"]
    assert warnings == []


def test_doubts_are_said_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in ("I", "II"):
        midi.write(tmp_path / "own" / f"Quartet {number}.mid", HEARD, tempo_qpm=100)
    fetch(tmp_path, None, "directory")
    assert "warning: Quartet I.mid, Quartet II.mid: taken as movements of one work, 'Quartet'" in capfd.readouterr().err
