"""A page to listen on: one folder that opens from disk, with sound, scores and piano rolls.

Nothing on it comes from elsewhere: no script, font or picture is loaded but those beside index.html.
"""

import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import jinja2
import numpy as np

from quartetvae.errors import RenderingError
from quartetvae.io import audio, engraving, write
from quartetvae.metrics.figures import ReconstructFigures
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE
from quartetvae.report import piano_roll
from quartetvae.report.players import BETWEEN, ORIGINAL, REBUILT, Player

SPLITS: tuple[Literal["validation", "test"], ...] = ("validation", "test")

FIGURES = {
    "token_accuracy": ("token accuracy", ".3f"),
    "onset_f1": ("onset F1", ".3f"),
    "exact_phrase": ("exact phrases", ".3f"),
    "kl_nats": ("KL, nats", ".1f"),
    "elbo_nats": ("ELBO, nats", ".1f"),
}
"""The columns of the table: a figure's name there, and its format."""


def build(
    folder: Path,
    *,
    paths: Sequence[Player],
    reconstructions: Sequence[Player],
    metrics: ReconstructFigures,
    pictures: Mapping[Path, str],
    progress: Callable[[], object] = lambda: None,
) -> None:
    """Write the page and all that it shows into a folder.

    Parameters
    ----------
    paths, reconstructions
        Without any of the one, the page has no section for it.
    metrics
        Those of metrics/reconstruct.json.
    pictures
        PNG files, and what each shows.
    progress
        Called after each stop of each player.

    Raises
    ------
    RenderingError
        If there is nothing to listen to, or a picture is missing.
    """
    if not (paths or reconstructions):
        raise RenderingError("a page to listen on: no paths and no reconstructions were given; one player is needed.")
    if missing := [path for path in pictures if not path.is_file()]:
        raise RenderingError(f"{missing[0]}: no such picture; draw it first, or leave it out of the page.")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quartetvae", "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = {
        name: [_player(folder, player, progress) for player in players]
        for name, players in (("paths", paths), ("reconstructions", reconstructions))
    }
    for picture in pictures:
        shutil.copyfile(picture, folder / picture.name)
    font = audio.soundfont().stem
    page = environment.get_template("page.html").render(
        parts=list(zip(DEFAULT_ENSEMBLE.names, DEFAULT_ENSEMBLE.colours, strict=True)),
        kinds={"original": ORIGINAL, "rebuilt": REBUILT, "between": BETWEEN},
        test=metrics["test"],
        table=_table(metrics),
        pictures=[{"file": picture.name, "about": about} for picture, about in pictures.items()],
        soundfont="TimGM6mb by Tim Brechbill" if font == "TimGM6mb" else font,
        **shown,
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    for name in ("style.css", "player.js"):
        source = resources.files("quartetvae") / "report" / name
        (folder / name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def _player(folder: Path, player: Player, progress: Callable[[], object]) -> dict[str, Any]:
    """Write what a player needs, and give the template its part."""
    (folder / player.id).mkdir(parents=True, exist_ok=True)
    tokens = [stop.music.tokens for stop in player.stops]
    low, high = _range(tokens, player.stops[0].music.grid.alphabet)
    stops = []
    for number, stop in enumerate(player.stops):
        names = {kind: f"{player.id}/{number}.{kind}" for kind in ("ogg", "roll.svg", "score.svg")}
        write.write(folder / names["ogg"], stop.music)
        (folder / names["roll.svg"]).write_text(piano_roll.svg(stop.music, low, high), encoding="utf-8")
        score = engraving.compact(engraving.svg(engraving.musicxml(dataclasses.replace(stop.music, title=""))))
        (folder / names["score.svg"]).write_text(score, encoding="utf-8")
        stops.append(
            {
                "label": stop.label,
                "kind": stop.kind,
                "audio": names["ogg"],
                "roll": names["roll.svg"],
                "score": names["score.svg"],
                "seconds": round(stop.music.seconds, 3),
            }
        )
        progress()
    return {"id": player.id, "titles": player.titles, "stops": stops}


def _range(tokens: Sequence[Tokens], alphabet: Alphabet) -> tuple[int, int]:
    """Find the lowest and highest pitch token of all, so that rolls of one player can be compared."""
    found = [array[array < alphabet.rest] for array in tokens]
    every = np.concatenate(found)
    return (int(every.min()), int(every.max())) if every.size else (0, alphabet.pitches - 1)


def _table(metrics: ReconstructFigures) -> list[list[str]]:
    """Put the reconstruction figures into rows of text, the head first; what cannot be said is a dash."""
    rows = [["works", *(name for name, _ in FIGURES.values())]]
    test = metrics["test"]
    parts = {f"test, {part.name}": test["parts"][part.id] for part in DEFAULT_ENSEMBLE.parts}
    guess = {"test, nearest training phrase": test["baselines"]["nearest_phrase"]}
    splits: dict[str, Mapping[str, Any]] = {name: metrics[name] for name in SPLITS}
    for name, figures in ({**splits, **parts, **guess}).items():
        cells = []
        for key, (_, form) in FIGURES.items():
            value = figures.get(key)
            # A true minus sign is as wide as a digit.
            cells.append("\u2013" if value is None else f"{value:{form}}".replace("-", "\u2212"))
        rows.append([name, *cells])
    return rows
