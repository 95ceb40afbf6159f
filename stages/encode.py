"""Stage `encode`: the selected MIDI files become part arrays in one Parquet table, each with its split."""

from quartetvae import errors, files, machine
from quartetvae.corpus import encoding, piece_file, split, tables
from quartetvae.pipeline import locations, params, sharding


def main() -> None:
    """Encode data/raw by data/quartets.parquet; what is no longer wanted is let go, since there may be much of it."""
    encode, shares = params.load("encode", "split")
    grid = encoding.grid_for(encode)
    origins = encoding.origins(tables.read_quartets(locations.QUARTETS, encoding.OF_ORIGIN))
    with encoding.encoded(
        locations.RAW, tables.read_quartets(locations.QUARTETS, encoding.COLUMNS), grid, sharding.shards("encode")
    ) as pieces:
        outlines = pieces.outlines()
        splits = split.by_work(outlines, shares, origins)
        figures = encoding.figures(outlines, splits, grid, origins)
        del outlines
        machine.release()
        tail_share = shares.validation if shares.by == "tail" else 0.0
        piece_file.write(locations.PIECES, pieces, splits, grid=grid, tail_share=tail_share, origins=origins)
    files.write_json(locations.metrics("encode"), figures)
    print("{pieces} pieces, {steps} steps, alphabet of {alphabet} symbols".format(**figures))


if __name__ == "__main__":
    errors.run(main)
