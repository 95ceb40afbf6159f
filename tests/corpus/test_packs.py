"""Packs: a corpus of many files as few archives, read as if it lay there file by file."""

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from quartetvae.corpus import encoding, metadata, packs, sources, survey
from quartetvae.corpus.parallel.engines import Processes
from quartetvae.corpus.parallel.shards import Shards
from quartetvae.errors import CorpusError
from quartetvae.io import midi
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid
from tests.building import canonical, random_tokens

ALPHABET = Alphabet(36, 99)
GRID = Grid(4, ALPHABET)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """A folder of five files, one of them in a folder that is called as a pack is."""
    folder = tmp_path / "some"
    for number, name in enumerate(("0000.zip/a.mid", "b.mid", "Dvořák/č d.mid", "Dvořák/e.mid", "f.mid")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes([number]) * (number + 1))
    return folder


def test_a_pack_holds_some_files_after_another(some: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "SIZE", 2)
    names, before = list(tree(some)), tree(some)
    found = packs.pack(some, names)
    assert sorted(path.name for path in some.iterdir()) == ["0000.zip", "0001.zip", "0002.zip"]
    assert list(some.parent.iterdir()) == [some]
    assert list(found) == names
    assert [new.split("/")[0] for new in found.values()] == ["0000.zip", "0000.zip", "0001.zip", "0001.zip", "0002.zip"]
    for name, new in found.items():
        assert packs.is_file(some / new)
        with packs.opened(some / new) as file:
            assert file.read() == before[name]
        with packs.on_disk(some / new) as path:
            assert (path.name, path.read_bytes()) == (Path(name).name, before[name])
        assert not path.exists()
        assert packs.sha256(some / new) == hashlib.sha256(before[name]).hexdigest()
    # As another program reads it.
    with zipfile.ZipFile(some / "0001.zip") as archive:
        assert archive.namelist() == names[2:4]
        assert archive.read(names[3]) == before[names[3]]
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_files_make_the_same_packs(tmp_path: Path, some: Path) -> None:
    other = tmp_path / "other"
    for name, content in reversed(tree(some).items()):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes(content)
        os.utime(other / name, (1, 1))
        (other / name).chmod(0o600)
    for folder in (some, other):
        packs.pack(folder, list(tree(folder)))
    assert tree(some) == tree(other)


def test_a_file_of_more_than_two_gigabytes_is_packed(some: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The limit of zip's first form, made small.
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 3)
    before = tree(some)
    for name, new in packs.pack(some, list(before)).items():
        with packs.opened(some / new) as file:
            assert file.read() == before[name]


def test_what_is_not_packed_is_read_where_it_lies(some: Path) -> None:
    path = some / "0000.zip" / "a.mid"
    with packs.on_disk(path) as there:
        assert there == path
    assert packs.is_file(path)
    assert not packs.is_file(some / "0000.zip" / "b.mid")
    assert packs.sha256(path) == hashlib.sha256(b"\0").hexdigest()


def corpus(folder: Path, count: int = 7) -> Path:
    """A folder of quartets of one composer, the third of them damaged and the last no MIDI file by its name."""
    for number in range(count):
        path = folder / f"Haydn/op. {number // 3}/q{number}.mid"
        tokens = canonical(random_tokens(24, 4, seed=number))
        midi.write_quartet(path, tokens, ALPHABET, steps_per_beat=4, tempo_qpm=100.0)
    (folder / "Haydn/op. 0/q2.mid").write_bytes(b"MThd, and no more")
    (folder / "Haydn/op. 2/z.krn").write_text("no score", encoding="utf-8")
    return folder


def test_a_packed_corpus_is_surveyed_and_encoded_as_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = corpus(tmp_path / "own")
    found = {}
    for name, most in (("files", 2_000), ("packs", 7)):
        monkeypatch.setattr(packs, "MOST_FILES", most)
        monkeypatch.setattr(packs, "SIZE", 3)
        raw = tmp_path / name
        sources.fetch(["directory"], raw, directory=own, cache=tmp_path / "cache")
        # Processes that are forked open the packs for themselves.
        shards = Shards(tmp_path / "shards" / name, Processes(2), size=2)
        table = survey.survey(raw, match="quartet", shards=shards)
        pieces = [piece for piece, _ in encoding.encode_all(raw, table, GRID)]
        with encoding.encoded(raw, table, GRID, Shards(tmp_path / "encoded" / name, Processes(2), size=2)) as same:
            for one, other in zip(pieces, same, strict=True):
                np.testing.assert_array_equal(one.tokens, other.tokens)
        found[name] = table, pieces
    (table, pieces), (packed, same_pieces) = found["files"], found["packs"]
    assert sorted(path.name for path in (tmp_path / "packs" / "directory").iterdir()) == [
        "0000.zip",
        "0001.zip",
        "0002.zip",
    ]
    assert len(table) == 8
    assert table["decision"].value_counts().to_dict() == {"selected": 6, "unreadable": 2}
    assert packed["file"][3] == "directory/0001.zip/Haydn/op. 1/q3.mid"
    assert packed.drop(columns="file").equals(table.drop(columns="file"))
    for one, other in zip(pieces, same_pieces, strict=True):
        assert (one.id, one.composer, one.work) == (other.id, other.composer, other.work)
        np.testing.assert_array_equal(one.tokens, other.tokens)


@pytest.mark.parametrize(("most", "files"), [(9, 9), (8, 4)])
def test_metadata_csv_counts_among_the_files_of_a_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, files: int
) -> None:
    monkeypatch.setattr(packs, "MOST_FILES", most)
    monkeypatch.setattr(packs, "SIZE", 3)
    raw = tmp_path / "raw"
    # Of eight pieces.
    sources.fetch(["directory"], raw, directory=corpus(tmp_path / "own"), cache=tmp_path / "cache")
    assert sum(path.is_file() for path in raw.rglob("*")) == files


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(packs, "MOST_FILES", 2)
    sources.fetch(["directory"], tmp_path / "raw", directory=corpus(tmp_path / "own"), cache=tmp_path / "cache")
    return tmp_path / "raw"


def test_a_pack_that_is_no_archive_is_one_error(packed: Path) -> None:
    path = packed / "directory" / "0000.zip"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        CorpusError, match=r"0000\.zip: a damaged pack of music .*run the stage `download` again"
    ) as told:
        metadata.read(packed)
    assert str(told.value).count("damaged pack") == 1
    with pytest.raises(CorpusError) as told:
        packs.sha256(path / "Haydn/op. 0/q0.mid")
    assert str(told.value).count("damaged pack") == 1


def test_a_name_in_a_pack_that_is_no_text_is_one_error(packed: Path) -> None:
    path = packed / "directory" / "0000.zip"
    content = bytearray(path.read_bytes())
    # Of the list at the end: that the name is UTF-8 (bit 11), and a byte that is none.
    entry = content.index(b"PK\x01\x02")
    content[entry + 9] |= 8
    content[entry + 46] = 0xFF
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"0000\.zip: a damaged pack of music \(.*codec can't decode"):
        metadata.read(packed)


@pytest.mark.parametrize("change", ["removed", "a folder"])
def test_a_pack_that_is_gone_when_pieces_are_encoded_is_one_error(packed: Path, change: str) -> None:
    table = survey.survey(packed, match="quartet")
    path = packed / "directory" / "0000.zip"
    path.unlink()
    if change == "a folder":
        path.mkdir()
    with (
        pytest.raises(CorpusError, match=r"q0\.mid: not there any more; run the stage `download` again"),
        encoding.encoded(packed, table, GRID),
    ):
        pass


def test_a_pack_that_is_damaged_while_files_are_read_rejects_none_of_them(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damage(path: Path) -> str:
        archive = packed / "directory" / "0000.zip"
        archive.write_bytes(archive.read_bytes()[:-30])
        return "its sha256"

    monkeypatch.setattr(packs, "sha256", damage)
    entry = dict.fromkeys(metadata.COLUMNS, "")
    with pytest.raises(CorpusError, match="a damaged pack of music"):
        survey._decide(packed / "directory/0000.zip/Haydn/op. 0/q0.mid", entry, "quartet")


def test_what_is_raised_while_a_file_is_open_is_not_the_packs(packed: Path) -> None:
    path = packed / "directory/0000.zip/Haydn/op. 0/q0.mid"
    with pytest.raises(RecursionError, match="a bug of ours"), packs.opened(path):
        raise RecursionError("a bug of ours")
    with pytest.raises(KeyError), packs.opened(path):
        raise KeyError("a bug of ours")


def test_a_file_that_changed_in_a_pack_is_one_error(packed: Path) -> None:
    path = packed / "directory" / "0000.zip"
    content = bytearray(path.read_bytes())
    content[content.index(b"MTrk") + 20] ^= 255
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"0000\.zip: a damaged pack of music \(Bad CRC-32"):
        survey.survey(packed, match="quartet")


def test_a_file_that_a_pack_lacks_is_named(packed: Path) -> None:
    table = packed / metadata.FILE
    table.write_text(table.read_text("utf-8").replace("q4.mid", "q9.mid"), "utf-8")
    with pytest.raises(CorpusError, match=r"names directory/0000\.zip/Haydn/op\. 1/q9\.mid, which is not in"):
        metadata.read(packed)
    with (
        pytest.raises(CorpusError, match="a damaged pack of music"),
        packs.opened(packed / "directory/0000.zip/none.mid"),
    ):
        pass
