"""A page to listen on: one folder that opens from disk, with sound, scores and piano rolls.

Nothing on it comes from elsewhere: no script, font or picture is loaded but those beside index.html.
"""

import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from quartetvae import codec, engraving, quartet
from quartetvae.codec import PARTS, Alphabet, Tokens
from quartetvae.plots import PART_COLOURS
from quartetvae.quartet import Quartet

ROLL_STEP, ROLL_SEMITONE = 6, 5
"""Of a piano roll's drawing, in its own unit."""

FIGURES = {
    "token_accuracy": "token accuracy",
    "onset_f1": "onset F1",
    "exact_phrase": "exact phrases",
    "kl_nats": "KL, nats",
    "elbo_nats": "ELBO, nats",
}


@dataclass(frozen=True)
class Stop:
    """One thing to listen to: its label and the music."""

    label: str
    music: Quartet


@dataclass(frozen=True)
class Player:
    """Several stops between which one moves: a path, or an original and its reconstruction."""

    id: str
    title: str
    stops: Sequence[Stop]


def build(
    folder: Path,
    *,
    paths: Sequence[Player],
    reconstructions: Sequence[Player],
    metrics: Mapping[str, Any],
    pictures: Mapping[Path, str],
    progress: Callable[[], object] = lambda: None,
) -> None:
    """Write the page and all that it shows into a folder.

    Parameters
    ----------
    metrics
        Those of metrics/reconstruct.json.
    pictures
        PNG files, and what each shows.
    progress
        Called after each stop of each player.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quartetvae", "report"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    shown = {
        name: [_player(folder, player, progress) for player in players]
        for name, players in (("paths", paths), ("reconstructions", reconstructions))
    }
    for path in pictures:
        shutil.copyfile(path, folder / path.name)
    test = metrics["test"]
    page = environment.get_template("page.html").render(
        title="What lies between two quartets",
        lead=(
            f"{len(paths)} paths through the latent space of string quartets, and {len(reconstructions)} movements "
            f"that the model gives back without having heard them: {test['works']} works, {test['phrases']:,} phrases."
        ),
        table=_table(metrics),
        pictures=[{"file": path.name, "about": about} for path, about in pictures.items()],
        foot="Made by quartetvae. Sound: TimGM6mb by Tim Brechbill. Scores: Verovio.",
        **shown,
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    for name in ("style.css", "player.js"):
        source = resources.files("quartetvae") / "report" / name
        (folder / name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def path(name: str, a: Quartet, points: Sequence[Quartet], b: Quartet) -> Player:
    """The player of a path: the original that it leaves, its points, the original that it reaches."""
    last = len(points) - 1
    labels = ["A", *(f"{k}/{last}" for k in range(1, last)), "B"]
    stops = [Stop("original A", a), *map(Stop, labels, points), Stop("original B", b)]
    return Player(f"path-{name}", f"{_named(a)} \u2192 {_named(b)}", stops)


def _named(music: Quartet) -> str:
    return ", ".join(part for part in (music.composer, music.title) if part)


def _player(folder: Path, player: Player, progress: Callable[[], object]) -> dict[str, Any]:
    """Write what a player needs, and give the template its part."""
    (folder / player.id).mkdir(parents=True, exist_ok=True)
    pitches = [stop.music.tokens for stop in player.stops]
    low, high = _range(pitches, player.stops[0].music.grid.alphabet)
    stops = []
    for number, stop in enumerate(player.stops):
        names = {kind: f"{player.id}/{number}.{kind}" for kind in ("ogg", "roll.svg", "score.svg")}
        quartet.write(folder / names["ogg"], stop.music)
        (folder / names["roll.svg"]).write_text(roll(stop.music, low, high), encoding="utf-8")
        score = engraving.svg(engraving.musicxml(dataclasses.replace(stop.music, title="")))
        (folder / names["score.svg"]).write_text(score, encoding="utf-8")
        stops.append(
            {
                "label": stop.label,
                "audio": names["ogg"],
                "roll": names["roll.svg"],
                "score": names["score.svg"],
                "seconds": round(stop.music.seconds, 3),
            }
        )
        progress()
    return {"id": player.id, "title": player.title, "stops": stops}


def _range(tokens: Sequence[Tokens], alphabet: Alphabet) -> tuple[int, int]:
    """The lowest and highest pitch token of all, so that rolls of one player can be compared."""
    found = [array[array < alphabet.rest] for array in tokens]
    every = np.concatenate(found)
    return (int(every.min()), int(every.max())) if every.size else (0, alphabet.pitches - 1)


def roll(music: Quartet, low: int, high: int) -> str:
    """A piano roll as SVG, the pitch tokens `low` to `high`; colours are those of the parts everywhere."""
    alphabet, beat = music.grid.alphabet, music.grid.steps_per_beat
    steps = len(music.tokens)
    width, height = steps * ROLL_STEP, (high - low + 3) * ROLL_SEMITONE
    lines = [
        f'<line x1="{step * ROLL_STEP}" x2="{step * ROLL_STEP}" y1="0" y2="{height}" stroke="#888" '
        f'stroke-opacity="{0.5 if bar else 0.2}"/>'
        for step, bar in (
            (step, bool(step and music.bars[step] != music.bars[step - 1])) for step in range(0, steps, beat)
        )
    ]
    notes = [
        f'<rect x="{onset * ROLL_STEP}" y="{(high + 1 - (pitch - alphabet.pitch_min)) * ROLL_SEMITONE}" '
        f'width="{max(1, length * ROLL_STEP - 1)}" height="{ROLL_SEMITONE - 1}" rx="1" fill="{colour}"/>'
        for part, colour in zip(codec.decode(music.tokens, alphabet), PART_COLOURS, strict=True)
        for onset, length, pitch, _ in part.tolist()
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'preserveAspectRatio="none">{"".join(lines)}{"".join(notes)}</svg>\n'
    )


def _table(metrics: Mapping[str, Any]) -> list[list[str]]:
    """The reconstruction figures as rows of text, the head first."""
    rows = [["", *FIGURES.values()]]
    for split, of in metrics.items():
        rows.append(
            [split, *(f"{of[key]:.3f}" if of[key] <= 1 and of[key] >= 0 else f"{of[key]:.0f}" for key in FIGURES)]
        )
    for part in PARTS:
        of = metrics["test"]["parts"][part]
        label = f"test, {part.replace('_', ' ')}"
        rows.append([label, f"{of['token_accuracy']:.3f}", f"{of['onset_f1']:.3f}", "", "", ""])
    return rows
