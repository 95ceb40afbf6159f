"""Which two pieces to walk between: from `interpolate.pairs` to encoded pieces."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from quartetvae.corpus import encoding, paper_files
from quartetvae.corpus.records import Pieces
from quartetvae.errors import CorpusError, check_mode
from quartetvae.music.quartet import Piece

Wanted = Literal["paper", "auto"] | Sequence[Sequence[str]]


def choose(wanted: Wanted, pieces: Pieces, table: pd.DataFrame, raw: Path) -> list[tuple[Piece, Piece]]:
    """Find the pairs of pieces that are asked for.

    Parameters
    ----------
    wanted
        `paper`: the paper's 18. `auto`: the test pieces (with those for validation if there is but one), the first half
        with the second half reversed. Or a list of pairs of ids.
    pieces
        The encoded corpus.
    table, raw
        The table of `corpus.survey.survey` and its folder. A file that the filter passed over but whose four parts were
        found (a duplicate; the solo fugue among the paper's 36) is encoded from there.

    Raises
    ------
    CorpusError
        For an id that is not in the corpus or has no four parts, for two pairs of one name, or if there are no two
        pieces to pair.
    """
    if isinstance(wanted, str):
        check_mode("pairs", wanted, Literal["paper", "auto"])
    elif not all(len(pair) == 2 for pair in wanted):
        raise CorpusError("interpolate.pairs: a pair of other than two ids; two are needed, as ['2104', '2178'].")
    if wanted == "auto":
        held_out = pieces.in_split("test")
        if len(held_out) < 2:
            held_out = [*held_out, *pieces.in_split("validation")]
        if len(held_out) < 2:
            raise CorpusError("interpolate.pairs is 'auto', but no two pieces are held out; raise split.test.")
        ids = paper_files.fold([piece.id for piece in held_out])
    elif wanted == "paper":
        ids = list(paper_files.PAIRS)
    else:
        ids = [(a, b) for a, b in wanted]
    names = ["-".join(pair) for pair in ids]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise CorpusError(f"interpolate.pairs: two pairs are called {twice}; their files would be the same. Keep one.")
    encoded = {piece.id: piece for piece in pieces.pieces}
    rows = {str(row["id"]): row for row in table.to_dict("records")}

    def find(id: str) -> Piece:
        if id in encoded:
            return encoded[id]
        if id not in rows:
            hint = "it needs musicnet in download.sources" if wanted == "paper" else "see `id` in data/raw/metadata.csv"
            raise CorpusError(f"interpolate.pairs: no piece '{id}' in the corpus; {hint}, or use 'auto'.")
        piece, _ = encoding.encode_file(raw, rows[id], pieces.grid)
        return piece

    return [(find(a), find(b)) for a, b in ids]
