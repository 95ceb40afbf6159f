"""Stage `encode`: the selected MIDI files become part arrays in one Parquet table, each with its split."""

from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.corpus import encoding, split, tables
from quartetvae.pipeline import locations, params


def main() -> None:
    """Encode data/raw by data/quartets.parquet."""
    encode, shares = params.load("encode", "split")
    grid = encoding.grid_for(encode)
    table = tables.read_quartets(locations.QUARTETS)
    selected = int((table["position"] >= 0).sum())
    encoded = list(tqdm(encoding.encode_all(locations.RAW, table, grid), desc="encode", total=selected, unit="piece"))
    pieces, origins = [piece for piece, _ in encoded], encoding.origins(table)
    splits = split.by_work(pieces, shares, origins)
    tail_share = shares.validation if shares.by == "tail" else 0.0
    tables.write_pieces(locations.PIECES, pieces, splits, grid=grid, tail_share=tail_share, origins=origins)
    figures = encoding.figures(encoded, splits, grid, origins)
    files.write_json(locations.metrics("encode"), figures)
    print("{pieces} pieces, {steps} steps, alphabet of {alphabet} symbols".format(**figures))


if __name__ == "__main__":
    errors.run(main)
