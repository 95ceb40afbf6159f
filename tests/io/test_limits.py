"""Files that would fill the memory are refused before they do, with what was found and what is allowed."""

import gzip
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from quartetvae.errors import MidiError, QuartetError, ScoreError
from quartetvae.io import limits, midi_events, musicxml, read

MEGABYTE = 1 << 20


@contextmanager
def little_memory(most: int) -> Iterator[None]:
    """Check that no more than `most` bytes of memory are taken at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def zipped(path: Path, name: str, *, megabytes: int, said: int | None = None) -> Path:
    """An archive of one file of spaces; `said` is the size that its directory claims."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(megabytes):
            file.write(b" " * MEGABYTE)
    if said is not None:
        content = bytearray(path.read_bytes())
        # APPNOTE.TXT, 4.3.12: the size stands 24 bytes after the signature of an entry of the directory.
        at = content.index(b"PK\x01\x02") + 24
        content[at : at + 4] = struct.pack("<I", said)
        path.write_bytes(content)
    return path


def test_a_score_that_grows_when_unpacked_is_refused_by_the_size_that_it_says(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.mxl", "a.xml", megabytes=65)
    assert path.stat().st_size < MEGABYTE
    with (
        little_memory(4 * MEGABYTE),
        pytest.raises(ScoreError, match=r"a\.mxl: a\.xml in it: 68,157,440 bytes; 67,108,864 at most are read: cut"),
    ):
        musicxml.read(path)


def test_a_score_that_says_it_is_small_and_is_not_is_refused_by_its_bytes(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.mxl", "a.xml", megabytes=65, said=1000)
    with little_memory(4 * MEGABYTE), pytest.raises(ScoreError, match=r"a\.mxl: cannot be unpacked"):
        musicxml.read(path)


def test_a_container_that_grows_is_passed_over(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.mxl", musicxml.CONTAINER, megabytes=65)
    with little_memory(4 * MEGABYTE), pytest.raises(ScoreError, match=r"a\.mxl: no score in the archive"):
        musicxml.read(path)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("a.mxl", limits.XML_BYTES),
        ("a.xml", limits.XML_BYTES),
        ("a.krn", limits.KERN_BYTES),
        ("a.mid", limits.MIDI_BYTES),
    ],
)
def test_a_file_that_is_too_large_is_refused_by_its_size(tmp_path: Path, name: str, most: int) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        # A hole: it takes no room.
        file.truncate(10 * most)
    with little_memory(MEGABYTE), pytest.raises(QuartetError, match=f"{name}: {10 * most:,} bytes; {most:,} at most"):
        read.read(path)


def test_a_large_archive_is_refused_before_its_list_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PACKED_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as archive:
        for number in range(1000):
            archive.writestr(f"{number}.xml", b"")
    with pytest.raises(ScoreError, match=r"a\.mxl: [\d,]+ bytes; 10,000 at most"):
        musicxml.read(tmp_path / "a.mxl")


def test_bytes_are_counted_where_the_size_is_not_known(tmp_path: Path) -> None:
    """A file of /proc says that it is empty."""
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("no /proc on this system")
    with pytest.raises(MidiError, match="status: more than the 0 bytes that it says; 10 at most are read"):
        limits.read(status, 10, MidiError)


def test_the_events_of_a_large_file_are_not_read_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mid").write_bytes(bytes(1001))
    monkeypatch.setattr(limits, "MIDI_BYTES", 1000)
    with pytest.raises(MidiError, match=r"a\.mid: 1,001 bytes; 1,000 at most are read"):
        midi_events.read(tmp_path / "a.mid")


def entities(*declared: str) -> str:
    return f"<!DOCTYPE a [{''.join(declared)}]><score-partwise>&e9;</score-partwise>"


@pytest.mark.parametrize(
    "content",
    [
        entities('<!ENTITY e0 "ha">', *(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))),
        entities(f'<!ENTITY e0 "{"a" * 100_000}"><!ENTITY e9 "{"&e0;" * 10_000}">'),
        entities('<!ENTITY e9 SYSTEM "file:///etc/passwd">'),
        entities('<!ENTITY % e SYSTEM "http://127.0.0.1:9/a.dtd">%e;'),
    ],
    ids=["nested", "long", "of a file", "of an address"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_a_scores_own_are_refused(tmp_path: Path, content: str, encoding: str) -> None:
    (tmp_path / "a.xml").write_bytes(content.encode(encoding))
    with little_memory(4 * MEGABYTE), pytest.raises(ScoreError, match=r"a\.xml: not a readable.*declares entities"):
        musicxml.read(tmp_path / "a.xml")


@pytest.mark.parametrize("element", ["<a/>", '<a b=""/>'])
def test_more_tags_and_attributes_than_any_score_has_are_refused(
    tmp_path: Path, element: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "XML_SIGNS", 300_000)
    (tmp_path / "a.xml").write_text(f"<score-partwise>{element * 300_000}</score-partwise>")
    with little_memory(8 * MEGABYTE), pytest.raises(ScoreError, match="tags and attributes; 300,000 at most"):
        musicxml.read(tmp_path / "a.xml")


def test_what_is_within_the_limits_is_read_though_it_is_packed_well(tmp_path: Path) -> None:
    """A limit on how much smaller a file is when packed would refuse real scores: fifty times is common."""
    bar = '<measure number="1"><note><rest/><duration>4</duration></note></measure>'
    note = bar.replace("<rest/>", "<pitch><step>C</step><octave>4</octave></pitch>")
    parts = '<part-list><score-part id="P"><part-name>Violin</part-name></score-part></part-list>'
    content = f'<score-partwise>{parts}<part id="P">{note}{bar * 5000}</part></score-partwise>'
    with zipfile.ZipFile(tmp_path / "a.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", content)
    assert len(gzip.compress(content.encode())) * 50 < len(content)
    assert len(musicxml.read(tmp_path / "a.mxl").parts[0].bars) == 5001
