"""Which pieces are walked between."""

from pathlib import Path

import pandas as pd
import pytest

from quartetvae.corpus import encoding, pairs, paper_files, survey
from quartetvae.corpus.pairs import Wanted
from quartetvae.corpus.records import Pieces
from quartetvae.errors import ArgumentError, CorpusError
from quartetvae.music.quartet import Grid, Piece
from quartetvae.music.tracks import Music
from tests.building import ALPHABET, line, piece, pieces, quartet, random_tokens, track, write_corpus


def some(*ids: str) -> list[Piece]:
    return [piece(id, random_tokens(4, 4)) for id in ids]


PIECES = pieces(train=some("a", "b"), validation=some("v"), test=some("t1", "t2", "t3", "t4"))
NO_TABLE = pd.DataFrame({"id": pd.Series([], dtype=str)})


def choose(wanted: Wanted, content: Pieces = PIECES) -> list[tuple[str, str]]:
    return [(a.id, b.id) for a, b in pairs.choose(wanted, content, NO_TABLE, Path())]


def test_the_paper_has_36_files_and_18_pairs() -> None:
    assert len(paper_files.IDS) == len(set(paper_files.IDS)) == 36
    assert len(paper_files.PAIRS) == 18
    assert paper_files.PAIRS[0] == ("2104", "2178")
    assert paper_files.PAIRS[-1] == ("2377", "2381")
    assert sorted(id for pair in paper_files.PAIRS for id in pair) == sorted(paper_files.IDS)


@pytest.mark.parametrize(
    ("ids", "folded"),
    [("", []), ("a", []), ("ab", [("a", "b")]), ("abcd", [("a", "d"), ("b", "c")]), ("abc", [("a", "c")])],
)
def test_folding_pairs_the_first_with_the_last(ids: str, folded: list[tuple[str, str]]) -> None:
    assert paper_files.fold(list(ids)) == folded


def test_auto_pairs_the_test_pieces() -> None:
    assert choose("auto") == [("t1", "t4"), ("t2", "t3")]


def test_a_lone_test_piece_is_paired_with_those_for_validation() -> None:
    assert choose("auto", pieces(train=some("a"), validation=some("v"), test=some("t"))) == [("t", "v")]


def test_auto_needs_two_pieces() -> None:
    with pytest.raises(CorpusError, match=r"no two pieces are held out; raise split\.test"):
        choose("auto", pieces(train=some("a", "b"), test=some("t")))


def test_a_list_is_taken_as_it_is() -> None:
    assert choose([["a", "t1"], ["t1", "a"], ["b", "b"]]) == [("a", "t1"), ("t1", "a"), ("b", "b")]


def test_other_words_and_pairs_are_errors() -> None:
    with pytest.raises(ArgumentError, match="pairs 'papers' found; one of 'paper', 'auto' is needed"):
        choose("papers")
    with pytest.raises(CorpusError, match="a pair of other than two ids"):
        choose([["1", "2", "3"]])


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(CorpusError, match=r"no piece 'z' in the corpus; see `id` in data/raw/metadata\.csv"):
        choose([["a", "z"]])


def test_the_papers_pairs_need_its_corpus() -> None:
    with pytest.raises(CorpusError, match=r"no piece '2104' in the corpus; it needs musicnet in download\.sources"):
        choose("paper")


def test_a_duplicate_is_encoded_from_its_file(tmp_path: Path) -> None:
    folder = write_corpus(
        tmp_path, {"one": quartet(), "again": quartet(), "solo": Music(480, (track("Cello", 42, *line(48)),))}
    )
    table = survey.survey(folder, match="quartet")
    encoded = [one for one, _ in encoding.encode_all(folder, table, Grid(4, ALPHABET))]
    content = Pieces(tuple(encoded), ("train",), Grid(4, ALPHABET), 0.0)
    ((one, again),) = pairs.choose([["one", "again"]], content, table, folder)
    assert (one.id, again.id) == ("one", "again")
    assert again.tokens.tolist() == one.tokens.tolist()
    with pytest.raises(CorpusError, match=r"solo \(solo\.mid\): its four parts were not found"):
        pairs.choose([["one", "solo"]], content, table, folder)


def test_all_of_the_papers_pairs_are_found_in_musicnet(musicnet_raw: Path) -> None:
    # Two duplicates and the solo fugue among them, which the filter passes over.
    table = survey.survey(musicnet_raw, match="quartet")
    empty = Pieces((), (), Grid(4, ALPHABET), 0.0)
    found = pairs.choose("paper", empty, table, musicnet_raw)
    assert tuple((a.id, b.id) for a, b in found) == paper_files.PAIRS


@pytest.mark.parametrize("wanted", [[["a", "b"], ["a", "b"]], [["a-b", "t1"], ["a", "b-t1"]]])
def test_two_pairs_whose_files_would_have_one_name_are_an_error(wanted: list[list[str]]) -> None:
    content = pieces(train=some("a", "b", "a-b", "b-t1"), test=some("t1", "t2"))
    with pytest.raises(CorpusError, match="two pairs are called a-b"):
        choose(wanted, content)
