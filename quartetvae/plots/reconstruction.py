"""Scores of reconstructions, as PNG files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from quartetvae.errors import QuartetError
from quartetvae.io.picture import STYLE, save
from quartetvae.metrics.figures import CellScores, ReconstructFigures, SplitScores
from quartetvae.plots.colours import ACCENT, SET_COLOURS, check_sets


def reconstructions(path: Path, figures: ReconstructFigures) -> None:
    """Draw metrics/reconstruct.json: test beside validation, as a whole, by part, by composer and by work."""
    splits = {"test": figures["test"], "validation": figures["validation"]}

    def block(group: Callable[[SplitScores], Mapping[str, CellScores]]) -> dict[str, dict[str, CellScores]]:
        names = dict.fromkeys(name for split in splits.values() for name in group(split))
        return {
            name.replace("_", " "): {
                split: group(scores)[name] for split, scores in splits.items() if name in group(scores)
            }
            for name in names
        }

    test = figures["test"]
    draw(
        path,
        [
            block(lambda split: {"all": {"token_accuracy": split["token_accuracy"], "onset_f1": split["onset_f1"]}}),
            block(lambda split: split["parts"]),
            block(lambda split: split["by_composer"]),
            block(lambda split: split["by_work"]),
        ],
        title=f"Works that training never saw: {test['works']} for testing, {test['phrases']:,} phrases",
    )


def draw(path: Path, blocks: Sequence[Mapping[str, Mapping[str, CellScores]]], *, title: str) -> None:
    """Draw token accuracy and onset F1 of groups of phrases as points, one group below the other.

    Parameters
    ----------
    blocks
        Groups that belong together (parts, composers ...), with a gap between blocks: by the name of the group, then of
        the set of phrases (`test`, `validation`), its `token_accuracy` and `onset_f1`. None draws no point; the first
        set has its figures written beside.

    Raises
    ------
    QuartetError
        If there is no group, or more sets than there are colours.
    """
    rows = [(block, name, sets) for block, groups in enumerate(blocks) for name, sets in groups.items()]
    if not rows:
        raise QuartetError(f"{path.name}: no groups found; a picture needs one at least.")
    names = list(dict.fromkeys(name for _, _, sets in rows for name in sets))
    check_sets(path, dict.fromkeys(names))
    panels: dict[Literal["token_accuracy", "onset_f1"], str] = {
        "token_accuracy": "Token accuracy",
        "onset_f1": "Onset F1",
    }
    heights = [row + 0.5 * block for row, (block, _, _) in enumerate(rows)]
    lowest = 1.0
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 1.5 + 0.3 * heights[-1]), layout="constrained")
        both = figure.subplots(1, 2, sharey=True, sharex=True)
        for axes, (key, label) in zip(both, panels.items(), strict=True):
            axes.set_title(label)
            for height, (_, _, sets) in zip(heights, rows, strict=True):
                for name, figures in reversed(list(sets.items())):
                    value = figures[key]
                    if value is None:
                        continue
                    lowest = min(lowest, value)
                    first = name == names[0]
                    colour = ACCENT if first else SET_COLOURS[names.index(name) - 1]
                    axes.plot([value], [height], "o", color=colour, markersize=7 if first else 5, clip_on=False)
                    if first:
                        beside: dict[str, Any] = {"textcoords": "offset points", "va": "bottom", "ha": "center"}
                        axes.annotate(f"{value:.3f}", (value, height), (0, 3.5), fontsize=7, **beside)
            axes.grid(True)
        both[0].set_xlim(max(0.0, np.floor(20 * lowest - 0.2) / 20), 1)
        both[0].set_yticks(heights, [name for _, name, _ in rows])
        both[0].set_ylim(heights[-1] + 0.7, -0.9)
        figure.suptitle(title, x=0.005, horizontalalignment="left")
        colours = [ACCENT, *SET_COLOURS][: len(names)]
        dots = [
            Line2D([], [], color=colour, marker="o", linestyle="", label=name)
            for name, colour in zip(names, colours, strict=True)
        ]
        figure.legend(handles=dots, loc="outside lower center", ncols=len(dots))
        save(figure, path)
