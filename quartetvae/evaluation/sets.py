"""Sets of music beside real music: Yang & Lerch's features, and the paper's four figures."""

from collections.abc import Callable, Mapping

from quartetvae.evaluation.excerpts import REFERENCE
from quartetvae.metrics import comparison, features, paper
from quartetvae.metrics.figures import SetFigures
from quartetvae.music.codec import Tokens
from quartetvae.music.quartet import Grid

TEMPO_QPM = 120.0
"""Of excerpts, which are compared in beats: a tempo is needed to say the same in seconds."""


def figures(
    drawn: Mapping[str, Tokens],
    grid: Grid,
    *,
    replicates: int,
    seed: int,
    progress: Callable[[], object] = lambda: None,
) -> dict[str, SetFigures]:
    """Compare each set of excerpts with the `reference` among them.

    Parameters
    ----------
    drawn
        Excerpts (excerpts, steps, columns) by the name of their set.
    replicates
        Of the bootstrap; 0 gives no intervals.
    progress
        Called after each feature.
    """
    found = {
        name: features.features(
            features.of_phrases(tokens, grid.alphabet, steps_per_beat=grid.steps_per_beat, tempo_qpm=TEMPO_QPM)
        )
        for name, tokens in drawn.items()
    }
    others = {name: values for name, values in found.items() if name != REFERENCE}
    compared = comparison.compare(found[REFERENCE], others, seed=seed, replicates=replicates, progress=progress)
    return {name: {**likeness, **paper.figures(drawn[name], grid.alphabet)} for name, likeness in compared.items()}
