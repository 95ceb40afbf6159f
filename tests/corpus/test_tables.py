"""The Parquet tables: what goes in comes out, the same bytes each time."""

import dataclasses
import json
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quartetvae.corpus import piece_file, records, survey, tables
from quartetvae.corpus.records import Origin, PhraseSet, Pieces
from quartetvae.errors import DatasetError
from quartetvae.music.quartet import Piece
from quartetvae.music.tracks import Music
from tests.building import FORM, GRID, phrase_set, piece, quartet, random_tokens, write_corpus

PIECES = Pieces(
    (
        piece("2313", random_tokens(40, 4), work="Quatuor, en fa", steps_per_bar=12),
        piece("0007", random_tokens(17, 4, seed=1)),
        piece("x", random_tokens(1, 4, seed=2)),
    ),
    ("train", "test", "validation"),
    GRID,
    0.25,
)
PHRASES = dataclasses.replace(
    phrase_set(random_tokens(5, 4, 4)),
    pieces=np.array(["b", "b", "long id", "a", "b"]),
    semitones=np.array([0, -6, 5, 11, -12]),
    form=FORM.model_copy(update={"boundary": "sustain", "align": "bar"}),
)


def write_pieces(path: Path, content: Pieces = PIECES) -> Path:
    splits = {piece.id: split for piece, split in zip(content.pieces, content.splits, strict=True)}
    piece_file.write(path, content.pieces, splits, grid=content.grid, tail_share=content.tail_share)
    return path


def write_phrases(path: Path, content: PhraseSet = PHRASES) -> Path:
    tables.write_phrases(path, [content], content.grid, content.form)
    return path


def write_quartets(path: Path) -> Path:
    files: dict[str, Music | bytes] = {"a": quartet(), "b": b"no MIDI", "c": quartet()}
    with survey.surveyed(write_corpus(path.parent / "raw", files), match="quartet") as found:
        tables.write_quartets(path, found.rows())
    return path


WRITERS: dict[str, Callable[[Path], Path]] = {
    "pieces": write_pieces,
    "phrases": write_phrases,
    "pieces, one by one": write_pieces,
    "quartets": write_quartets,
}


def read_one_by_one(path: Path) -> list[Piece]:
    file = piece_file.opened(path)
    return [file.piece(number) for number in range(len(file.steps)) if file.content(number)]


READERS: dict[str, Callable[[Path], object]] = {
    "pieces": piece_file.read,
    "phrases": tables.read_phrases,
    "pieces, one by one": read_one_by_one,
    "quartets": tables.read_quartets,
}


def test_pieces_survive_writing_and_reading(tmp_path: Path) -> None:
    found = piece_file.read(write_pieces(tmp_path / "pieces.parquet"))
    assert (found.grid, found.splits, found.tail_share) == (PIECES.grid, PIECES.splits, 0.25)
    assert len(found.pieces) == 3
    for one, other in zip(found.pieces, PIECES.pieces, strict=True):
        assert (one.id, one.composer, one.work) == (other.id, other.composer, other.work)
        assert one.tokens.dtype == np.uint8
        assert one.tokens.tolist() == other.tokens.tolist()
        assert one.bars.tolist() == other.bars.tolist()


def test_where_pieces_come_from_survives_writing_and_reading(tmp_path: Path) -> None:
    origins = {PIECES.pieces[0].id: Origin("musicnet", "work"), PIECES.pieces[2].id: Origin("", "own")}
    splits = {piece.id: "train" for piece in PIECES.pieces}
    piece_file.write(tmp_path / "pieces.parquet", PIECES.pieces, splits, grid=GRID, origins=origins)
    found = piece_file.read(tmp_path / "pieces.parquet")
    assert found.origins == origins
    assert [found.source(piece) for piece in found.pieces] == ["musicnet", "", ""]


def test_batches_survive_writing_and_reading(tmp_path: Path) -> None:
    batches = [PHRASES.take(slice(0, 2)), PHRASES.take(slice(2, 2)), PHRASES.take(slice(2, None))]
    tables.write_phrases(tmp_path / "train.parquet", iter(batches), PHRASES.grid, PHRASES.form)
    found = tables.read_phrases(tmp_path / "train.parquet")
    for name in ("tokens", "pieces", "starts", "semitones"):
        assert getattr(found, name).tolist() == getattr(PHRASES, name).tolist(), name
    assert [str(column.dtype) for column in (found.starts, found.semitones, found.pieces)] == [
        "int32",
        "int8",
        "object",
    ]


def test_a_piece_has_one_string_in_whichever_batches_it_is(tmp_path: Path) -> None:
    tables.write_phrases(tmp_path / "train.parquet", [PHRASES, PHRASES], PHRASES.grid, PHRASES.form)
    found = tables.read_phrases(tmp_path / "train.parquet")
    assert len({id(name) for name in found.pieces if name == "long id"}) == 1


def test_a_batch_is_a_row_group(tmp_path: Path) -> None:
    tables.write_phrases(tmp_path / "t.parquet", [PHRASES, PHRASES.take(slice(0, 2))], PHRASES.grid, PHRASES.form)
    with pq.ParquetFile(tmp_path / "t.parquet") as file:
        assert [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)] == [5, 2]


def test_a_large_batch_is_several_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "GROUP", 2)
    path = write_phrases(tmp_path / "t.parquet")
    with pq.ParquetFile(path) as file:
        assert [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)] == [2, 2, 1]
    found = tables.read_phrases(path)
    for name in ("tokens", "pieces", "starts", "semitones"):
        assert getattr(found, name).tolist() == getattr(PHRASES, name).tolist(), name


def test_batches_that_fail_leave_no_table(tmp_path: Path) -> None:
    def batches() -> Iterator[PhraseSet]:
        yield PHRASES
        raise KeyError("a piece")

    with pytest.raises(KeyError):
        tables.write_phrases(tmp_path / "t.parquet", batches(), PHRASES.grid, PHRASES.form)
    assert list(tmp_path.iterdir()) == []


def test_phrases_survive_writing_and_reading(tmp_path: Path) -> None:
    found = tables.read_phrases(write_phrases(tmp_path / "train.parquet"))
    assert (found.grid, found.form, found.steps, len(found)) == (PHRASES.grid, PHRASES.form, 4, 5)
    assert found.tokens.dtype == np.uint8
    for name in ("tokens", "pieces", "starts", "semitones"):
        assert getattr(found, name).tolist() == getattr(PHRASES, name).tolist(), name


def test_the_table_of_quartets_survives_writing_and_reading(tmp_path: Path) -> None:
    path = write_quartets(tmp_path / "quartets.parquet")
    found = tables.read_quartets(path)
    wanted = survey.survey(tmp_path / "raw", match="quartet")
    # The table has an order of its own.
    assert sorted(found.columns) == sorted(wanted.columns)
    for name in wanted.columns:
        assert [as_plain(value) for value in found[name]] == [as_plain(value) for value in wanted[name]], name


def test_quartets_are_written_in_row_groups_of_one_size_however_they_come(tmp_path: Path) -> None:
    rows = pq.read_table(write_quartets(tmp_path / "quartets.parquet"))
    ids = list(map(str, range(2 * tables.QUARTETS_GROUP + 10)))
    many = rows.take(np.zeros(len(ids), int)).set_column(0, rows.schema.field("id"), pa.array(ids))
    written = []
    for name, step in (("all.parquet", len(many)), ("some.parquet", 1000), ("exactly.parquet", tables.QUARTETS_GROUP)):
        tables.write_quartets(tmp_path / name, (many.slice(at, step) for at in range(0, len(many), step)))
        sizes = pq.ParquetFile(tmp_path / name).metadata
        assert [sizes.row_group(k).num_rows for k in range(sizes.num_row_groups)] == [
            tables.QUARTETS_GROUP,
            tables.QUARTETS_GROUP,
            10,
        ]
        assert pq.read_table(tmp_path / name).equals(many)
        written.append((tmp_path / name).read_bytes())
    assert len(set(written)) == 1


def test_some_columns_of_quartets_are_read_and_one_that_lacks_is_named(tmp_path: Path) -> None:
    path = write_quartets(tmp_path / "quartets.parquet")
    found = tables.read_quartets(path, ("parts", "id"))
    assert sorted(found.columns) == ["id", "parts"]
    with pytest.raises(DatasetError, match=r"quartets\.parquet: no column nothing, none in it; run `dvc repro filter`"):
        tables.read_quartets(path, ("id", "nothing", "none"))


def test_an_empty_cell_of_quartets_is_an_error(tmp_path: Path) -> None:
    path = write_quartets(tmp_path / "quartets.parquet")
    rows = pq.read_table(path)
    pq.write_table(rows.set_column(0, "id", pa.array([None] * len(rows), pa.string())), path)
    with pytest.raises(DatasetError, match=r"quartets\.parquet: empty cells in column id; run `dvc repro filter`"):
        tables.read_quartets(path)


def as_plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_content_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    one, two = (WRITERS[kind](tmp_path / name / "table.parquet") for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("kind", WRITERS)
def test_nothing_is_left_beside_a_table(kind: str, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path / "table.parquet")
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]


@pytest.mark.parametrize(
    ("rows", "groups"), [(1, [40, 17, 1]), (41, [57, 1]), (57, [57, 1]), (58, [58]), (1 << 16, [58])]
)
def test_row_groups_have_whole_pieces(
    rows: int, groups: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piece_file, "GROUP", rows)
    path = write_pieces(tmp_path / "pieces.parquet")
    with pq.ParquetFile(path) as file:
        assert [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)] == groups
        assert json.loads(file.metadata.metadata[b"steps"]) == [40, 17, 1]
    found = piece_file.opened(path)
    assert list(found.steps) == [40, 17, 1]
    assert tuple(found.splits) == PIECES.splits
    for number in (2, 0, 1, 1, 0):
        one, wanted = found.piece(number), PIECES.pieces[number]
        assert (one.id, one.composer, one.work) == (wanted.id, wanted.composer, wanted.work)
        assert (one.tokens.tolist(), one.bars.tolist()) == (wanted.tokens.tolist(), wanted.bars.tolist())


def test_a_writer_holds_one_group_of_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece_file, "GROUP", 40)
    made: list[weakref.ref[Piece]] = []
    alive = []

    def pieces() -> Iterator[Piece]:
        for number in range(12):
            one = piece(str(number), random_tokens(20, 4, seed=number))
            made.append(weakref.ref(one))
            alive.append(sum(ref() is not None for ref in made))
            yield one

    piece_file.write(tmp_path / "t.parquet", pieces(), {str(k): "test" for k in range(12)}, grid=GRID)
    # Two of a group, and those that come next.
    assert max(alive) <= 5


def test_pieces_have_their_own_names_in_one_row_group(tmp_path: Path) -> None:
    origins = {"2313": Origin("musicnet", "2313"), "x": Origin("openscore", "x")}
    splits = {piece.id: split for piece, split in zip(PIECES.pieces, PIECES.splits, strict=True)}
    piece_file.write(tmp_path / "t.parquet", PIECES.pieces, splits, grid=GRID, origins=origins)
    frame = pd.read_parquet(tmp_path / "t.parquet")
    # As someone with pandas alone reads it.
    assert frame.groupby("piece", sort=False, observed=True).size().to_dict() == {"2313": 40, "0007": 17, "x": 1}
    assert frame.groupby("piece", sort=False, observed=True)["source"].first().tolist() == ["musicnet", "", "openscore"]
    assert tuple(piece_file.opened(tmp_path / "t.parquet").sources) == ("musicnet", "", "openscore")


@pytest.mark.parametrize(
    "steps",
    [
        *(b"[40,17,2]", b"[40,17]", b"[40,17,1,1]", b"[40,0,18]", b"[41,16,1]", b"[58]", b"[-1,58,1]", b"[40,17,0,1]"),
        *(b"[]", b"{}", b"7", b"[40,17,", b"\xff", b'["a"]', b"[[40],17,1]", b"[40,17,null]"),
        *(b"[40.9,17.2,1]", b'{"40":1,"17":2,"1":3}', b'["40","17","1"]', b"[40,17,true]", b"[" * 100_000),
    ],
)
def test_a_wrong_list_of_steps_is_an_error(steps: bytes, tmp_path: Path) -> None:
    path = with_steps(write_pieces(tmp_path / "pieces.parquet"), steps)
    for read in (piece_file.read, read_one_by_one):
        with pytest.raises(DatasetError, match=r"pieces\.parquet: .*run `dvc repro encode`"):
            read(path)


def test_a_table_of_pieces_without_a_list_of_steps_is_of_an_earlier_version(tmp_path: Path) -> None:
    path = with_steps(write_pieces(tmp_path / "pieces.parquet"), None)
    with pytest.raises(DatasetError, match=r"of an earlier version \(no `steps` in its metadata\); run `dvc repro`"):
        piece_file.read(path)


@pytest.mark.parametrize("size", [39, 41, 50])
def test_a_piece_in_two_row_groups_is_an_error(size: int, tmp_path: Path) -> None:
    path = write_pieces(tmp_path / "pieces.parquet")
    steps, table = pq.read_metadata(path).metadata[b"steps"], pq.read_table(path)
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table, row_group_size=size)
        writer.add_key_value_metadata({"steps": steps})
    with pytest.raises(
        DatasetError, match=r"piece [01] has (40|17) steps by the metadata, but not so many rows in a row"
    ):
        piece_file.read(path)


def test_rows_of_another_piece_are_an_error(tmp_path: Path) -> None:
    path = write_pieces(tmp_path / "pieces.parquet")
    table = pq.read_table(path)
    names = table["piece"].to_pylist()
    names[5] = "0007"
    column = pa.array(names).dictionary_encode().cast(tables.NAME)
    pq.write_table(table.set_column(0, table.schema.field("piece"), column), path)
    with_steps(path, b"[40,17,1]")
    with pytest.raises(DatasetError, match="the rows of piece 0 have several ids: 2313, 0007"):
        piece_file.read(path)


def test_a_piece_without_steps_is_not_written(tmp_path: Path) -> None:
    empty = piece("empty", random_tokens(1, 4)[:0])
    with pytest.raises(DatasetError, match="piece empty: no grid steps in it; leave it out"):
        piece_file.write(tmp_path / "t.parquet", [empty], {"empty": "test"}, grid=GRID)
    assert list(tmp_path.iterdir()) == []


def with_steps(path: Path, steps: bytes | None) -> Path:
    """Write a table of pieces again, with another list of steps."""
    table = pq.read_table(path)
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        if steps is not None:
            writer.add_key_value_metadata({"steps": steps})
    return path


def test_the_ids_of_pieces_are_a_dictionary(tmp_path: Path) -> None:
    schema = pq.read_schema(write_pieces(tmp_path / "pieces.parquet"))
    for name in ("piece", "composer", "work", "source", "work_id", "split"):
        assert schema.field(name).type == pa.dictionary(pa.int32(), pa.string()), name
    for part in ("violin_1", "violin_2", "viola", "cello"):
        assert schema.field(part).type == pa.uint8(), part
    assert not any(field.nullable for field in schema)


def test_a_phrase_is_a_list_of_fixed_size_for_each_part(tmp_path: Path) -> None:
    schema = pq.read_schema(write_phrases(tmp_path / "train.parquet"))
    assert schema.field("piece").type == pa.dictionary(pa.int32(), pa.string())
    for part in ("violin_1", "violin_2", "viola", "cello"):
        assert schema.field(part).type.list_size == 4, part
        assert schema.field(part).type.value_type == pa.uint8(), part


@pytest.mark.parametrize(
    ("kind", "units"),
    [
        ("pieces", {"step": b"grid steps", "bar": b"bars from", "cello": b"token: 0 is pitch_min"}),
        ("phrases", {"start": b"first grid step", "semitones": b"upwards", "viola": b"token: 0 is pitch_min"}),
        ("quartets", {"beats": b"quarter notes", "position": b"place among the selected"}),
    ],
)
def test_units_are_in_the_schema(kind: str, units: dict[str, bytes], tmp_path: Path) -> None:
    schema = pq.read_schema(WRITERS[kind](tmp_path / "table.parquet"))
    for name, unit in units.items():
        assert unit in schema.field(name).metadata[b"unit"], name


@pytest.mark.parametrize("kind", ["pieces", "phrases"])
def test_the_grid_is_in_the_schema(kind: str, tmp_path: Path) -> None:
    metadata = pq.read_schema(WRITERS[kind](tmp_path / "table.parquet")).metadata
    assert metadata[b"steps_per_beat"] == b"4"
    assert (metadata[b"pitch_min"], metadata[b"pitch_max"]) == (b"60", b"71")


def test_a_split_without_phrases_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    path = write_phrases(tmp_path / "test.parquet", PHRASES.take(slice(0, 0)))
    with pytest.raises(DatasetError, match=r"test\.parquet: no phrases in it; give this split a share"):
        tables.read_phrases(path)


def test_a_table_without_pieces_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    path = write_pieces(tmp_path / "pieces.parquet", dataclasses.replace(PIECES, pieces=(), splits=()))
    with pytest.raises(DatasetError, match=r"pieces\.parquet: no pieces"):
        piece_file.read(path)


@pytest.mark.parametrize(("kind", "stage"), [("pieces", "encode"), ("phrases", "augment"), ("quartets", "filter")])
def test_a_missing_table_names_the_stage_that_makes_it(kind: str, stage: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=rf"none\.parquet: not there; run the stage `{stage}` first"):
        READERS[kind](tmp_path / "none.parquet")


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing", b"x" * 1000])
def test_a_damaged_table_is_an_error(kind: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(content)
    with pytest.raises(DatasetError, match=r"table\.parquet: not a readable Parquet table"):
        READERS[kind](tmp_path / "table.parquet")


@pytest.mark.parametrize("kind", READERS)
def test_a_cut_table_is_an_error(kind: str, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path / "table.parquet")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DatasetError, match=r"table\.parquet: not a readable Parquet table"):
        READERS[kind](path)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_damage_anywhere_in_a_table_is_read_over_or_an_error(kind: str, share: float, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path / "table.parquet")
    content = bytearray(path.read_bytes())
    for place in range(int(share * len(content)), int(share * len(content)) + 6):
        content[place] ^= 0xFF
    path.write_bytes(content)
    with suppress(DatasetError):
        READERS[kind](path)


@pytest.mark.parametrize("kind", ["pieces", "phrases", "pieces, one by one"])
def test_a_schema_with_metadata_that_are_no_text_is_an_error(kind: str, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path / "table.parquet")
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"\xa0": b""}), path)
    with pytest.raises(DatasetError, match=r"table\.parquet: "):
        READERS[kind](path)


@pytest.mark.parametrize("kind", ["pieces", "phrases"])
def test_a_foreign_table_is_an_error(kind: str, tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "table.parquet")
    with pytest.raises(DatasetError, match=r"table\.parquet: not a table of this project"):
        READERS[kind](tmp_path / "table.parquet")


@pytest.mark.parametrize(("reader", "writer"), [("pieces", "phrases"), ("phrases", "pieces")])
def test_pieces_are_no_phrases(reader: str, writer: str, tmp_path: Path) -> None:
    path = WRITERS[writer](tmp_path / "table.parquet")
    with pytest.raises(DatasetError, match=r"table\.parquet: "):
        READERS[reader](path)


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = write_pieces(tmp_path / "pieces.parquet")
    before = path.read_bytes()
    with pytest.raises(KeyError):
        piece_file.write(path, PIECES.pieces, {"2313": "train"}, grid=GRID)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_taking_and_joining_phrases() -> None:
    some = records.join([PHRASES.take(slice(0, 2)), PHRASES.take(np.array([False, False, True, True, True]))])
    for name in ("tokens", "pieces", "starts", "semitones"):
        assert getattr(some, name).tolist() == getattr(PHRASES, name).tolist(), name
    assert PHRASES.take(np.array([3, 0])).pieces.tolist() == ["a", "b"]


def test_pieces_of_a_split() -> None:
    assert [piece.id for piece in PIECES.in_split("test")] == ["0007"]
    assert PIECES.in_split("nothing") == []
