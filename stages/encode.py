"""Stage `encode`: the selected MIDI files become part arrays in one Parquet table, each with its split."""

from pathlib import Path

from quartetvae import corpus, dataset, errors, files, params, phrases
from quartetvae.codec import Alphabet


def main() -> None:
    """Encode data/raw by data/quartets.parquet."""
    encode, split = params.load("encode", "split")
    grid = dataset.Grid(encode.steps_per_beat, Alphabet(encode.pitch_min, encode.pitch_max))
    table = dataset.read_quartets(Path("data/quartets.parquet"))
    encoded = list(
        corpus.encode_all(Path("data/raw"), table, steps_per_beat=grid.steps_per_beat, alphabet=grid.alphabet)
    )
    pieces = [piece for piece, _ in encoded]
    splits = phrases.split_by_work(pieces, split)
    tail_share = split.validation if split.by == "tail" else 0.0
    dataset.write_pieces(Path("data/pieces.parquet"), pieces, splits, grid=grid, tail_share=tail_share)
    figures = corpus.encoding_figures(encoded, splits, grid)
    files.write_json(Path("metrics/encode.json"), figures)
    print("{pieces} pieces, {steps} steps, alphabet of {alphabet} symbols".format(**figures))


if __name__ == "__main__":
    errors.run(main)
