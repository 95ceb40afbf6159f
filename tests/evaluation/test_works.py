"""Names of works in figures by work."""

from dataclasses import replace

from quartetvae.corpus.records import Origin
from quartetvae.evaluation import works
from tests.building import piece, pieces, random_tokens


def test_a_work_has_one_name_whatever_its_editions_call_it() -> None:
    made = [
        piece("b-1", random_tokens(8, 4), work="Quartet no. 2"),
        piece("a-1", random_tokens(8, 4), work="Op. 18 No. 2"),
        piece("c-1", random_tokens(8, 4), work="Op. 1"),
        piece("d-1", random_tokens(8, 4), work="Op. 3"),
    ]
    origins = {
        "b-1": Origin("openscore", "a-1"),
        "a-1": Origin("musicnet", "a-1"),
        # The first piece of this work is not there.
        "c-1": Origin("openscore", "c-0"),
    }
    corpus = replace(pieces(train=[], test=made), origins=origins)
    assert works.names(corpus) == {
        "b-1": "Haydn: Op. 18 No. 2",
        "a-1": "Haydn: Op. 18 No. 2",
        "c-1": "Haydn: Op. 1",
        "d-1": "Haydn: Op. 3",
    }
