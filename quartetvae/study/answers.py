"""What is asked, the answers of a listener, and the key that tells which source an excerpt is from; as JSON files.

The six questions are those that 50 musicians answered in Yin, Reuben, Stepney & Collins (Machine Learning 112, 2023),
on its scale; the wording is our own. The six kinds of experience are those of the Ollen Musical Sophistication Index
(Ollen 2006), whose single question tells most of the whole (Zhang & Schubert 2019).
"""

import json
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from quartetvae import config
from quartetvae.config import Record
from quartetvae.errors import QuartetError, no_file

LOWEST, HIGHEST = 1, 7
"""Of the scale."""

QUESTIONS = {
    "stylistic_success": (
        "Style",
        "How well does it succeed as a string quartet in the classical style, of about 1750 to 1830?",
    ),
    "aesthetic_pleasure": ("Pleasure", "How much do you enjoy listening to it?"),
    "repetition": ("Repetition", "How well does it take up again what was heard before, changed or unchanged?"),
    "melody": ("Melody", "How good are its melodies?"),
    "harmony": ("Harmony", "How good is its harmony?"),
    "rhythm": ("Rhythm", "How good is its rhythm?"),
}
"""By the name under which the answer is kept: a word that stands for the question, and the question."""

EXPERIENCE = (
    "no musician",
    "no musician, but a lover of music",
    "amateur musician",
    "serious amateur musician",
    "semi-professional musician",
    "professional musician",
)
"""What a listener may say of oneself, the number that is kept being the place in this list."""

Score = Annotated[int, Field(ge=LOWEST, le=HIGHEST, description=f"a whole number {LOWEST} to {HIGHEST} is needed")]


class StudyError(QuartetError):
    """Answers that cannot be evaluated: of another page, with ratings missing or out of range, too few."""


class Rating(Record):
    """What a listener says of an excerpt; times are ISO 8601, in UTC."""

    played: str
    rated: str
    heard_seconds: Annotated[float, Field(ge=0)]
    """How far the excerpt was played at most."""
    stylistic_success: Score
    aesthetic_pleasure: Score
    repetition: Score
    melody: Score
    harmony: Score
    rhythm: Score


class Answers(Record):
    """What the page saves."""

    page: str
    """The page's hash."""
    listener: Annotated[str, Field(min_length=1)]
    experience: Annotated[int, Field(ge=0, lt=len(EXPERIENCE))]
    seed: int
    order: list[str]
    """The excerpts as they were heard; it follows from the seed."""
    started: str
    finished: str
    ratings: dict[str, Any]
    """A `Rating` for each excerpt, by id."""


class Origin(Record):
    """Where an excerpt is from."""

    source: str
    file: str
    from_beat: int


class Key(Record):
    """Which source each excerpt of a page is from; listeners must not have it."""

    page: str
    excerpts: dict[str, Origin]
    """By id."""


_Kind = TypeVar("_Kind", bound=Record)


def read_key(path: Path) -> Key:
    """Read a key; raises `StudyError` if it is missing or no key."""
    return _read(path, Key)


def read_answers(path: Path, key: Key) -> tuple[Answers, dict[str, Rating]]:
    """Read the answers of a listener to the page that a key is of, with the rating of each excerpt by id.

    Raises
    ------
    StudyError
        If the file is missing or damaged, of another page, or a rating is missing or out of range.
    """
    answers = _read(path, Answers)
    if answers.page != key.page:
        raise StudyError(
            f"{path}: answers to page {answers.page[:12]}; the key is that of page {key.page[:12]}. Name the key that "
            "was written with their page (--key)."
        )
    ids = key.excerpts.keys()
    if missing := sorted(ids - answers.ratings.keys()):
        raise StudyError(
            f"{path}: no rating of {len(missing)} of {len(ids)} excerpts ({missing[0]}); all are needed. Ask the "
            "listener to go on where the page was left, and to save again."
        )
    if other := sorted(answers.ratings.keys() - ids):
        raise StudyError(f"{path}: a rating of '{other[0]}', which is no excerpt of this page; take the file as saved.")
    return answers, {id: _checked(path, Rating, found, f"ratings.{id}") for id, found in answers.ratings.items()}


def _read(path: Path, record: type[_Kind]) -> _Kind:
    if reason := no_file(path):
        raise StudyError(reason)
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise StudyError(f"{path}: no JSON ({error}); take the file as it was saved.") from error
    return _checked(path, record, content, "")


def _checked(path: Path, record: type[_Kind], content: Any, name: str) -> _Kind:
    try:
        return record.model_validate(content)
    except ValidationError as error:
        raise StudyError(
            f"{path}, {config.explain(error, record, content, name=name)}; take the file as saved."
        ) from error
