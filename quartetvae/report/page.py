"""A page to listen on: one folder that opens from disk, with sound, scores and piano rolls; a second one has figures.

Nothing on them comes from elsewhere: no script, font or picture is loaded but those beside index.html. Of each stop
there are sound (.ogg, .mp3), MIDI, compressed MusicXML and a piano roll; the scores of a player are in its scores.js.
An address can name a place: `#path-1-2/3/12.5` is beat 12.5 of point 3 of that path, both from 0.
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
from quartetvae.io import audio, write
from quartetvae.metrics.figures import ReconstructFigures
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE
from quartetvae.report import piano_roll, score, sound
from quartetvae.report.players import BETWEEN, ORIGINAL, Player, Stop

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
    content = {
        "count": lambda number, word: f"{number:,} {word}{'' if number == 1 else 's'}",
        "parts": list(zip(DEFAULT_ENSEMBLE.names, DEFAULT_ENSEMBLE.colours, strict=True)),
        "players": [*shown["paths"], *shown["reconstructions"]],
        "test": metrics["test"],
        "table": _table(metrics),
        "pictures": [{"file": picture.name, "about": about} for picture, about in pictures.items()],
        "soundfont": "TimGM6mb by Tim Brechbill" if font == "TimGM6mb" else font,
        **shown,
    }
    for name in ("index.html", "figures.html"):
        page = environment.get_template(name).render(**content)
        (folder / name).write_text(page, encoding="utf-8")
    for name in ("style.css", "page.js"):
        source = resources.files("quartetvae") / "report" / name
        (folder / name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def _player(folder: Path, player: Player, progress: Callable[[], object]) -> dict[str, Any]:
    """Write what a player needs, and give the page its part."""
    within = folder / player.id
    within.mkdir(parents=True, exist_ok=True)
    tokens = [stop.music.tokens for stop in player.stops]
    first = player.stops[0].music
    low, high = _range(tokens, first.grid.alphabet)
    stops, scores = [], []
    for number, stop in enumerate(player.stops):
        sound.write(within / f"{player.id}-{number}.ogg", stop.music)
        write.write(within / f"{player.id}-{number}.mid", stop.music)
        (within / f"{player.id}-{number}.mxl").write_bytes(score.compressed(stop.music))
        (within / f"{player.id}-{number}.roll.svg").write_text(piano_roll.svg(stop.music, low, high), encoding="utf-8")
        scores.append(score.score(stop.music))
        name = f"{stop.label}, {stop.kind}"
        stops.append({"label": stop.label, "kind": stop.kind, "name": name, "about": _about(player, stop)})
        progress()
    (within / "scores.js").write_text(score.script(player.id, scores), encoding="utf-8")
    return {
        "id": player.id,
        "kind": "Path" if len(player.ends) > 1 else "Reconstruction",
        "ends": [dataclasses.asdict(end) for end in player.ends],
        "beats": len(first.tokens) / first.grid.steps_per_beat,
        "tempo": first.tempo_qpm,
        "stops": stops,
    }


def _about(player: Player, stop: Stop) -> str:
    """Say in a sentence what a stop is."""
    if stop.kind == BETWEEN:
        return f"{stop.label} of the way from A to B: made by the model, composed by no one."
    whose = {"A": player.ends[0], "B": player.ends[-1]}.get(stop.label, player.ends[0])
    name = whose.composer or whose.title or "the composer"
    if stop.kind == ORIGINAL:
        return f"{name}: the notes as composed, on the grid of the model."
    return f"{name}: what the model gives back of the notes."


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
