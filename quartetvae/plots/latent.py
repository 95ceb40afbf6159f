"""Pictures of the latent space and of paths through it, as PNG files.

Conventions are those of `quartetvae.io.picture`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.errors import QuartetError
from quartetvae.io.piano_roll import octaves, pitch_name
from quartetvae.io.picture import STYLE, save
from quartetvae.metrics import attributes as measures
from quartetvae.metrics.figures import AttributeName, AttributesFigures
from quartetvae.plots import colours, labels
from quartetvae.plots.colours import SET_COLOURS

Floats = NDArray[np.float64]


def step_distances(path: Path, distances: Mapping[str, Floats]) -> None:
    """Draw how far each point of a path is from the one before it: the median, and the middle 90 % as a band.

    `distances`: shares of cells (paths, points - 1), by the kind of path. Raises `QuartetError` without paths.
    """
    colours.check_sets(path, distances)
    if not all(shares.size for shares in distances.values()):
        raise QuartetError(f"{path.name}: no paths found; a picture needs one at least.")
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.subplots()
        for (name, shares), colour in zip(distances.items(), (colours.ACCENT, *SET_COLOURS), strict=False):
            low, middle, high = np.quantile(shares, [0.05, 0.5, 0.95], axis=0)
            places = np.arange(shares.shape[1])
            axes.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(places, middle, "o-", color=colour, label=name)
        steps = next(iter(distances.values())).shape[1]
        axes.set_xticks(range(steps), [f"{k} \u2192 {k + 1}" for k in range(steps)])
        axes.set_ylim(0, 1)
        axes.grid(True, axis="y")
        axes.set_xlabel("From point to point of a path, 0 is its beginning")
        axes.set_ylabel("Share of cells that change")
        axes.legend(loc="upper right")
        save(figure, path)


def kl_by_dimension(path: Path, kl: Floats) -> None:
    """Draw the divergence of each dimension from the prior, in nats, largest first; (latent_dim,)."""
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.bar(np.arange(1, len(kl) + 1), np.sort(kl)[::-1], width=1.0, color=colours.ACCENT)
        axes.set_xlim(0.5, len(kl) + 0.5)
        axes.grid(True, axis="y")
        axes.set_title(f"{kl.sum():.1f} nats per phrase in {len(kl)} dimensions")
        axes.set_xlabel("Dimension of the code, by rank")
        axes.set_ylabel("KL divergence, nats")
        save(figure, path)


def latent_map(path: Path, mean: NDArray[Any], phrases: PhraseSet, pieces: Pieces) -> None:
    """Draw the posterior means (phrases, latent_dim) by what can be read off them: note density and register.

    Each axis is the linear function of the code that tells the attribute best, fitted on half of the works and shown on
    the other half. Two maps of all phrases, coloured by what their notes say; beside them, larger, the means of the
    composers, with the share of the codes' variance that lies between composers and between works. A phrase without
    notes is left out.
    """
    grid = pieces.grid
    density, register = (
        measure(phrases.tokens, grid.alphabet, grid.steps_per_beat)
        for measure in (measures.note_density, measures.register)
    )
    sounds = ~np.isnan(register)
    codes = (mean - mean.mean(axis=0, dtype=np.float64))[sounds]
    by_id = {piece.id: piece for piece in pieces.pieces}
    ids = phrases.pieces[sounds].tolist()
    composers = np.array([by_id[id].composer for id in ids])
    of_work = np.array([pieces.origins[id].work_id if id in pieces.origins else by_id[id].work for id in ids])
    halves = np.unique(of_work, return_inverse=True)[1] % 2
    if not halves.any():
        halves = np.arange(len(codes)) % 2
    values = (density[sounds], register[sounds])
    places = np.stack([_read_off(codes, of_attribute, halves) for of_attribute in values], axis=1)
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12, 4.8), layout="constrained")
        *maps, beside = figure.subplots(1, 3)
        names = np.unique(composers).tolist()
        middle = np.array([places[composers == composer].mean(axis=0) for composer in names]).reshape(-1, 2)
        frame = _frame(middle, 0.3)
        shown = np.quantile(places, [0.001, 0.999], axis=0) if len(places) else np.zeros((2, 2))
        for axes, of_attribute, what in zip(maps, values, ("note density", "register"), strict=True):
            if len(places):
                bins: dict[str, Any] = {"gridsize": 34, "mincnt": 1 + len(places) // 4000, "linewidths": 0.1}
                image = axes.hexbin(*places.T, C=of_attribute, cmap="viridis", **bins)
                image.set_clim(*np.quantile(of_attribute, [0.05, 0.95]))
                bar = figure.colorbar(image, ax=axes, location="bottom", shrink=0.8)
                bar.set_label("notes per beat" if what == "note density" else "mean pitch")
                if what == "register":
                    bar.set_ticks(octaves(*image.get_clim()))
                    bar.ax.xaxis.set_major_formatter(lambda pitch, _: pitch_name(round(pitch)))
            share = 100 * _told(places[:, maps.index(axes)], of_attribute)
            axes.set_title(f"Coloured by {what}: the code tells {share:.0f} %")
            _limits(axes, _frame(shown, 0.05))
            axes.add_patch(Rectangle(frame[0], *(frame[1] - frame[0]), fill=False, edgecolor="#333333", linewidth=0.9))
        beside.plot(*middle.T, "o", color=colours.ACCENT)
        _limits(beside, frame)
        beside.set_title(
            f"Composers' means: the frame, larger.\nOf the variance of codes {_between(codes, composers)} lies\n"
            f"between composers, {_between(codes, of_work)} between works"
        )
        for axes in (*maps, beside):
            axes.yaxis.set_major_formatter(lambda pitch, _: pitch_name(round(pitch)))
            axes.set_xlabel("Note density that the code tells")
            axes.yaxis.set_major_locator(MultipleLocator(12 if axes in maps else 1))
        maps[0].set_ylabel("Register that the code tells")
        title = f"What codes are sorted by: {len(places):,} phrases that training never saw"
        figure.suptitle(title, x=0.005, horizontalalignment="left")
        labels.place(figure, beside, [(name, x, y) for name, (x, y) in zip(names, middle.tolist(), strict=True)])
        save(figure, path)


def _frame(points: Floats, share: float) -> Floats:
    """Find the corners (2, 2) of the rectangle around points (n, 2), wider by a share of itself on each side."""
    low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (np.zeros(2), np.ones(2))
    margin = np.maximum(share * (high - low), 0.5)
    return np.stack([low - margin, high + margin])


def _limits(axes: Axes, frame: Floats) -> None:
    axes.set_xlim(*frame[:, 0])
    axes.set_ylim(*frame[:, 1])


def _read_off(codes: Floats, values: Floats, halves: NDArray[Any]) -> Floats:
    """Read an attribute off codes (phrases, latent_dim): of each half by the linear function that fits the other best.

    With too few phrases for a function, their mean.
    """
    found = np.full(len(codes), values.mean() if len(values) else 0.0)
    for half in (0, 1):
        fitted, asked = halves != half, halves == half
        if fitted.sum() > 2 * codes.shape[1]:
            known, others = (np.column_stack([codes[rows], np.ones(rows.sum())]) for rows in (fitted, asked))
            found[asked] = others @ np.linalg.lstsq(known, values[fitted], rcond=None)[0]
    return found


def _told(read: Floats, values: Floats) -> float:
    """Give the share of the variance of values that what was read off explains; 0 if it explains nothing."""
    if not len(values) or np.ptp(values) == 0:
        return 0.0
    return max(0.0, float(1 - np.square(values - read).mean() / values.var()))


def _between(codes: Floats, groups: NDArray[Any]) -> str:
    """Give the share of the variance of centred codes (phrases, latent_dim) that lies between groups, as text."""
    total = max(np.square(codes).sum(), 1e-12)
    members = [codes[groups == group] for group in np.unique(groups)]
    return f"{100 * sum(len(own) * np.square(own.mean(axis=0)).sum() for own in members) / total:.0f} %"


UNITS: Mapping[AttributeName, tuple[str, str]] = {
    "note_density": ("notes per beat", "{:g}"),
    "register": ("mean pitch", "pitch"),
    "chromaticism": ("notes outside the scale", "percent"),
    "syncopation": ("notes that are syncopated", "percent"),
    "rhythmic_unison": ("other parts that begin too", "percent"),
}
"""Of attributes: what is counted, and how its ticks are written."""


def attributes(path: Path, figures: AttributesFigures, moved: Mapping[str, Floats]) -> None:
    """Draw what becomes of attributes as phrases move along their directions: the mean, and the phrases' spread.

    Parameters
    ----------
    figures
        As `directions.judge` gives them.
    moved
        By attribute the values of phrases (phrases, amounts), NaN for a phrase without: the middle half of them is a
        dark band, the middle 90 % a light one.

    Raises
    ------
    QuartetError
        If there is no attribute.
    """
    every: tuple[AttributeName, ...] = get_args(AttributeName)
    names = [name for name in every if name in figures]
    if not names:
        raise QuartetError(f"{path.name}: no attributes found; a picture needs one at least.")
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(2.5 * len(names), 3.5), layout="constrained")
        panels = figure.subplots(1, len(names), squeeze=False)[0]
        for axes, name in zip(panels, names, strict=True):
            unit, form = UNITS[name]
            values = moved[name][~np.isnan(moved[name]).any(axis=1)]
            if len(values):
                for outer, shade in ((0.05, 0.15), (0.25, 0.3)):
                    low, high = np.quantile(values, [outer, 1 - outer], axis=0)
                    axes.fill_between(figures["amounts"], low, high, color=colours.ACCENT, alpha=shade, linewidth=0)
            # Where no phrase has the attribute there is no point.
            means = [np.nan if mean is None else mean for mean in figures[name]["means"]]
            axes.plot(figures["amounts"], means, "o-", color=colours.ACCENT)
            axes.set_title(f"{name.replace('_', ' ')}\n{unit}")
            if not figures[name]["length"]:
                axes.text(0.5, 0.94, "no direction found", transform=axes.transAxes, ha="center", va="top")
            axes.set_xticks(figures["amounts"], [f"{amount:+g}" if amount else "0" for amount in figures["amounts"]])
            if form == "pitch":
                axes.yaxis.set_major_locator(MultipleLocator(12))
                axes.yaxis.set_major_formatter(lambda pitch, _: pitch_name(round(pitch)))
            elif form == "percent":
                axes.set_ylim(bottom=0)
                axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
            else:
                axes.set_ylim(bottom=0)
            axes.grid(True, axis="y")
        figure.supxlabel("How far phrases are moved along the direction of the attribute", fontsize=9)
        figure.suptitle(
            f"What {figures['phrases']:,} test phrases become: the mean, the middle half and the middle 90 %",
            x=0.005,
            horizontalalignment="left",
        )
        save(figure, path)
