"""Names of works, for figures by work: two sources, or movements of one, may have two titles for the same."""

from quartetvae.corpus.records import Pieces


def names(pieces: Pieces) -> dict[str, str]:
    """Name the work of each piece, by the piece's id: composer and title as the first piece of the work has them.

    A piece of whose origin nothing is known names its own work.
    """
    by_id = {piece.id: piece for piece in pieces.pieces}
    homes = {id: by_id.get(origin.work_id) for id, origin in pieces.origins.items()}
    firsts = {piece.id: homes.get(piece.id) or piece for piece in pieces.pieces}
    return {id: f"{first.composer}: {first.work}" for id, first in firsts.items()}
