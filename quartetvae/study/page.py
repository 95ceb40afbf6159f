"""The page of a study: one HTML file that plays excerpts one by one, asks six questions of each, and saves the answers.

It opens from disk and asks nobody for anything. Nothing in it tells the source of an excerpt: the id of one is a hash
of its sound, and they stand in the order of their ids. The order in which they are heard is drawn in the browser.
Which source an excerpt is from stands in the key, a file beside the page that stays with whoever runs the study.

The page's hash is the SHA-256 of the page with `HASH_PLACE` where the hash stands.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from quartetvae.errors import RenderingError
from quartetvae.files import replacing, write_json
from quartetvae.study import sound
from quartetvae.study.answers import EXPERIENCE, HIGHEST, LOWEST, QUESTIONS, Key, Origin, StudyError
from quartetvae.study.excerpts import Excerpt

HASH_PLACE = "0" * 64
ID_LENGTH = 16

ENDS = {LOWEST: "low", HIGHEST: "high"}
"""What the ends of the scale are called."""


def build(excerpts: Sequence[Excerpt]) -> tuple[str, Key]:
    """Make the page and its key.

    Parameters
    ----------
    excerpts
        Of two sources at least, as they were drawn; they are made as loud as each other here.

    Raises
    ------
    StudyError
        If there are fewer than two sources, or two excerpts are the same music.
    RenderingError
        If an excerpt is silent.
    """
    if len(sources := {excerpt.source for excerpt in excerpts}) < 2:
        raise StudyError(f"a study of {len(sources)} sources; two are needed, for there is nothing to compare.")
    shown: dict[str, str] = {}
    origins: dict[str, Origin] = {}
    for excerpt, samples in zip(excerpts, sound.level([excerpt.sound for excerpt in excerpts]), strict=True):
        content = sound.mp3(samples)
        id = hashlib.sha256(content).hexdigest()[:ID_LENGTH]
        origin = Origin(source=excerpt.source, file=excerpt.file, from_beat=excerpt.from_beat)
        if id in origins:
            both = " and ".join(f"{one.source}/{one.file}, beat {one.from_beat}" for one in (origins[id], origin))
            raise StudyError(f"{both}: the same sound twice; take one of the files out of its folder.")
        shown[id] = base64.b64encode(content).decode("ascii")
        origins[id] = origin
    data = {
        "page": HASH_PLACE,
        "questions": list(QUESTIONS),
        "excerpts": [{"id": id, "sound": shown[id]} for id in sorted(shown)],
    }
    seconds = max(len(excerpt.sound) for excerpt in excerpts) / sound.RATE
    page = _render(data, count=len(shown), seconds=seconds)
    hash = hashlib.sha256(page.encode("utf-8")).hexdigest()
    return page.replace(HASH_PLACE, hash), Key(page=hash, excerpts={id: origins[id] for id in sorted(origins)})


def write(path: Path, excerpts: Sequence[Excerpt]) -> Path:
    """Write the page that `build` makes, and its key beside it, whose path is returned; raises what `build` does.

    Raises
    ------
    RenderingError
        If no file can be written there, too.
    """
    page, key = build(excerpts)
    beside = key_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(page, encoding="utf-8")
        write_json(beside, key.model_dump())
    except OSError as error:
        raise RenderingError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error
    return beside


def key_path(page: Path) -> Path:
    """Say where the key of a page lies.

    >>> key_path(Path("study.html")).name
    'study.key.json'
    """
    return page.with_name(f"{page.stem}.key.json")


def _render(data: dict[str, Any], *, count: int, seconds: float) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quartetvae", "study"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page: str = environment.get_template("page.html").render(
        # The look is that of the page to listen on; what a study has of its own comes after it.
        style=_text("report", "style.css") + _text("study", "style.css"),
        script=_text("study", "page.js"),
        data=json.dumps(data, separators=(",", ":")),
        questions=QUESTIONS,
        scores=range(LOWEST, HIGHEST + 1),
        ends=ENDS,
        experience=EXPERIENCE,
        count=count,
        seconds=f"{seconds:g}",
        # Hearing an excerpt and six answers.
        minutes=round(count * (seconds + 30) / 60),
    )
    return page


def _text(package: str, name: str) -> str:
    return (resources.files("quartetvae") / package / name).read_text(encoding="utf-8")
