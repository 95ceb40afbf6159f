"""Stage `interpolate`: music on the way between pairs of pieces."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from quartetvae import errors, files
from quartetvae.composing import exchange, keys
from quartetvae.corpus import pairs, piece_file, tables
from quartetvae.evaluation import model as evaluation
from quartetvae.latent import paths
from quartetvae.latent.paths import LatentPath
from quartetvae.model.autoencoder import Autoencoder
from quartetvae.model.keras import saving
from quartetvae.model.numpy import composer, network
from quartetvae.music.quartet import Grid, Piece
from quartetvae.pipeline import artifacts, locations, params
from quartetvae.pipeline.params import Interpolate
from quartetvae.plots import latent


def walk_all(
    model: Autoencoder, chosen: Sequence[tuple[Piece, Piece]], grid: Grid, section: Interpolate
) -> list[LatentPath]:
    """Walk between each pair, as the section says."""
    rng = np.random.default_rng(section.seed)
    if section.path == "exchange":
        exchanging = partial(exchange.walk, model, composer.load(locations.COMPOSER))

        def walk(a: Piece, b: Piece, dial: NDArray[np.float32] | None) -> LatentPath:
            manner = exchange.Manner(section.freedom, section.tries, section.temperature, section.seed, dial)
            return exchanging(a, b, points=section.points, manner=manner, decode=section.decode, rng=rng)
    else:
        interpolating = partial(paths.interpolate, model, kind=section.path, spacing=section.spacing)

        def walk(a: Piece, b: Piece, dial: NDArray[np.float32] | None) -> LatentPath:
            walked = interpolating(a, b, points=section.points, decode=section.decode, rng=rng)
            return paths.in_key(model, walked, range(1, section.points - 1), dial)

    walks = []
    for pair in tqdm(chosen, desc="interpolate", unit="pair"):
        a, b = paths.same_length([paths.excerpt(end, steps=section.beats * grid.steps_per_beat) for end in pair])
        given = np.concatenate([a.tokens, b.tokens])
        walks.append(walk(a, b, None if section.key == keys.FREE else keys.bias(section.key, given, grid.alphabet)))
    return walks


def main() -> None:
    """Walk between the pairs of params, write each point as MIDI, and judge the paths."""
    (section,) = params.load("interpolate")
    # The network in NumPy has a key dial, and decodes the same without it.
    model = saving.load(locations.MODEL) if section.key == keys.FREE else network.load(locations.MODEL)
    pieces = piece_file.read(locations.PIECES)
    table = tables.read_quartets(locations.QUARTETS)
    walks = walk_all(model, pairs.choose(section.pairs, pieces, table, locations.RAW), pieces.grid, section)
    with files.replacing_folder(locations.INTERPOLATIONS) as folder:
        artifacts.interpolations(folder, walks, pieces.grid, tempo_qpm=section.tempo_qpm)
    artifacts.path_roll(locations.plot("interpolation"), walks[0], pieces.grid)
    latent.step_distances(locations.plot("step_distance"), evaluation.step_distances(walks, seed=section.seed))
    training = tables.read_phrases(locations.phrases("train"))
    figures = evaluation.interpolations(model, walks, training, pieces, kind=section.path, seed=section.seed)
    files.write_json(locations.metrics("interpolate"), figures)


if __name__ == "__main__":
    errors.run(main)
