"""Where the music comes from: whole or not there, the same bytes each time, and clear errors."""

import csv
import hashlib
import io
import shutil
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from urllib3.util import Retry

from quartetvae.corpus import sources
from quartetvae.corpus.metadata import MetadataRow
from quartetvae.corpus.sources import embedded, musicnet
from quartetvae.errors import ArgumentError, SourceError
from quartetvae.io import midi
from quartetvae.music.ensemble import Ensemble
from quartetvae.music.tracks import Music
from tests.building import track

ARCHIVE, TABLE = musicnet.MIDIS, musicnet.TABLE


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("source", ["internet", "MusicNet", ""])
def test_a_source_that_is_none_is_refused(tmp_path: Path, source: Any) -> None:
    with pytest.raises(ArgumentError, match=f"source '{source}' found; one of 'musicnet', 'music21', 'directory'"):
        sources.fetch(source, tmp_path / "raw", directory=tmp_path, cache=tmp_path / "cache")
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
    monkeypatch.setattr(musicnet, "CHUNK", 1)
    folder = tmp_path / "mirror"
    folder.mkdir()
    pack(folder / ARCHIVE, MUSIC)
    (folder / TABLE).write_bytes(CSV)
    return folder


def fetch(tmp_path: Path, mirror: str | Path | None) -> Path:
    raw = tmp_path / "raw"
    musicnet.fetch(raw, cache=tmp_path / "cache", mirror=None if mirror is None else str(mirror))
    return raw


def test_musicnet_is_330_files_with_their_metadata(tmp_path: Path, mirror: Path) -> None:
    raw = tmp_path / "raw"
    sources.fetch("musicnet", raw, directory=tmp_path, cache=tmp_path / "cache", mirror=str(mirror))
    table = rows(raw)
    assert tuple(table[0]) == ("id", "composer", "work", "movement", "ensemble", "file")
    assert [row["file"] for row in table] == sorted(tree(raw).keys() - {"metadata.csv"})
    assert len(table) == 330
    assert table[[row["id"] for row in table].index("2313")] == {
        "id": "2313",
        "composer": "Beethoven",
        "work": "String Quartet No 15 in A minor",
        "movement": "1. Allegro",
        "ensemble": "String Quartet",
        "file": "Beethoven/2313_qt15_1.mid",
    }


def test_the_list_of_checksums_names_330_files_and_the_metadata() -> None:
    checksums = musicnet._checksums()
    assert len(checksums) == 331
    assert TABLE in checksums
    assert all(len(checksum) == 64 for checksum in checksums.values())


def test_a_mirror_may_be_a_path_or_a_file_url(tmp_path: Path, small: Path) -> None:
    by_path = tree(fetch(tmp_path, small))
    assert by_path == tree(fetch(tmp_path, small.as_uri()))
    assert set(by_path) == {*MUSIC, "metadata.csv"}


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
    asked: list[str]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a broken connection is what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        name = self.path.strip("/")
        self.server.asked.append(name)
        path = self.server.folder / name
        if not path.is_file():
            self.send_error(404)
            return
        if name == ARCHIVE and self.server.busy:
            self.send_error(self.server.busy.pop(0))
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
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
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [TABLE]
    assert not (tmp_path / "raw").exists()


def test_a_later_run_downloads_what_an_earlier_one_did_not(tmp_path: Path, server: Server) -> None:
    server.cuts = [20]
    with pytest.raises(SourceError):
        fetch(tmp_path, url(server))
    server.asked.clear()
    assert len(rows(fetch(tmp_path, url(server)))) == 2
    assert server.asked == [ARCHIVE]
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [TABLE, ARCHIVE]


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
    monkeypatch.setattr(musicnet, "ZENODO", dead)
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
        raw = tmp_path / str(workers)
        sources.fetch("music21", raw, directory=tmp_path, cache=tmp_path / "cache", workers=workers)
    assert tree(tmp_path / "1") == tree(tmp_path / "2")
    assert {row["id"] for row in rows(tmp_path / "1")} == chosen
    for row in rows(tmp_path / "1"):
        piece = midi.read(tmp_path / "1" / row["file"])
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
    sources.fetch("directory", raw, directory=folder, cache=tmp_path / "cache")
    return raw


def test_midi_is_copied_and_scores_are_converted(tmp_path: Path, own: Path) -> None:
    raw = fetch_own(tmp_path, own)
    assert set(tree(raw)) == {"Haydn/op 20/no 4.mid", "Trio.mid", "metadata.csv"}
    assert (raw / "Trio.mid").read_bytes() == (own / "Trio.mid").read_bytes()
    assert midi.read(raw / "Haydn/op 20/no 4.mid").tracks[0].notes["pitch"].tolist() == [60]


def test_a_folder_without_metadata_is_described_by_its_paths(tmp_path: Path, own: Path) -> None:
    assert [tuple(row.values()) for row in rows(fetch_own(tmp_path, own))] == [
        ("haydn-op-20-no-4", "op 20", "no 4", "", "", "Haydn/op 20/no 4.mid"),
        ("trio", "unknown", "Trio", "", "", "Trio.mid"),
    ]


def test_the_users_metadata_are_kept(tmp_path: Path, own: Path) -> None:
    # As a spreadsheet writes it: with a byte order mark and \r\n.
    text = "file,id,composer,ensemble\r\nHaydn/op 20/no 4.musicxml,h-20.4,Haydn,String Quartet\r\n"
    (own / "metadata.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert [tuple(row.values()) for row in rows(fetch_own(tmp_path, own))] == [
        ("h-20.4", "Haydn", "no 4", "", "String Quartet", "Haydn/op 20/no 4.mid"),
        ("trio", "unknown", "Trio", "", "", "Trio.mid"),
    ]


def test_names_that_would_meet_stay_apart(tmp_path: Path, own: Path) -> None:
    (own / "Trio.xml").write_text(SCORE)
    (own / "Trio.mxl").write_text(SCORE)
    table = rows(fetch_own(tmp_path, own))
    assert sorted((row["id"], row["file"]) for row in table if row["id"].startswith("trio")) == [
        ("trio", "Trio.mid"),
        ("trio-2", "Trio.mxl.mid"),
        ("trio-3", "Trio.xml.mid"),
    ]
    assert (tmp_path / "raw" / "Trio.mid").read_bytes() == (own / "Trio.mid").read_bytes()


def test_an_unreadable_score_is_passed_on_as_it_is_with_a_warning(
    tmp_path: Path, own: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (own / "bad.krn").write_bytes(b"")
    raw = fetch_own(tmp_path, own)
    assert (raw / "bad.krn").read_bytes() == b""
    assert [row["file"] for row in rows(raw)] == ["Haydn/op 20/no 4.mid", "Trio.mid", "bad.krn"]
    assert "warning: bad.krn is not converted" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,id\nTrio.mid,a\n", "'file' is needed"),
        (b"", "columns none found"),
        (b"file,composre\nTrio.mid,Haydn\n", "columns file, composre found"),
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


@pytest.mark.parametrize("inner", [".", "raw", "raw/own"])
def test_the_users_folder_is_never_overwritten(tmp_path: Path, own: Path, inner: str) -> None:
    folder = tmp_path / inner
    shutil.copytree(own, folder, dirs_exist_ok=True)
    before = tree(tmp_path)
    with pytest.raises(SourceError, match="a folder of its own"):
        fetch_own(tmp_path, folder)
    assert tree(tmp_path) == before
