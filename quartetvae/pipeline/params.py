"""params.yaml: typed sections, read by the rules that DVC reads them by (YAML 1.2).

A stage takes just the sections that it declares in dvc.yaml, but all of them are checked first: a mistake under
`evaluate` must not show after an hour of training. Unknown keys, missing keys, wrong types and values out of range are
errors that name the key.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML, YAMLError

from quartetvae import config
from quartetvae.config import (
    Augment,
    Compose,
    Composer,
    Count,
    Encode,
    Model,
    Phrases,
    Posterior,
    Record,
    Seed,
    Split,
    Train,
)
from quartetvae.errors import ParamsError

Tempo = Annotated[float, Field(ge=10, le=400)]

PieceId = Annotated[str, BeforeValidator(lambda found: str(found) if type(found) is int else found)]
"""A MusicNet id is a number, and YAML reads it as one."""

Pairs = Annotated[
    Literal["paper", "auto"]
    | Annotated[list[Annotated[list[PieceId], Field(min_length=2, max_length=2)]], Field(min_length=1)],
    Field(description="'paper', 'auto' or a list of pairs of ids, such as [['2104', '2178']], is needed"),
]


def _each_once(sources: list[config.Source]) -> list[config.Source]:
    twice = next((source for source in sources if sources.count(source) > 1), None)
    if twice:
        raise ValueError(f"{twice} is there twice; name each source once, the preferred one first")
    return sources


_KEY = re.compile(r"free|auto|[a-g][ -]?(#|\u266f|sharp|b|\u266d|flat|)[ -]+(major|minor)", re.IGNORECASE)


def _key(name: str) -> str:
    """Check the name of a key, or `free` or `auto`, as `composing.keys` reads it, which no stage but one may import."""
    if not _KEY.fullmatch(name):
        raise ValueError("'free', 'auto' or the name of a key, as 'C major', 'a minor', 'F# minor', is needed")
    return name


class Download(Record):
    """Where the music comes from."""

    sources: Annotated[
        list[config.Source],
        Field(
            min_length=1,
            description=f"a list of {', '.join(get_args(config.Source))} (one at least) is needed, such as [musicnet]",
        ),
    ]
    directory: str
    """Folder of MIDI, MusicXML or kern files for the source `directory`; from the project's root, or absolute."""

    @model_validator(mode="before")
    @classmethod
    def _one_became_several(cls, content: Any) -> Any:
        if isinstance(content, dict) and "source" in content and "sources" not in content:
            raise ValueError(
                f"source {content['source']!r} found; it is called sources now and is a list: write "
                f"`sources: [{content['source']}]`"
            )
        return content

    @field_validator("sources")
    @classmethod
    def _no_source_twice(cls, sources: list[config.Source]) -> list[config.Source]:
        twice = [source for source in dict.fromkeys(sources) if sources.count(source) > 1]
        if twice:
            raise ValueError(f"'{twice[0]}' is there twice; name each source once")
        return sources


class Filter(Record):
    """Which files are quartets."""

    match: config.Match
    prefer: Annotated[list[config.Source], AfterValidator(_each_once)]
    """Sources, the one first whose edition is used where several have the same music; those not named come last."""


class Reconstruct(Record):
    """How held-out pieces are reconstructed."""

    decode: Posterior
    seed: Seed
    tempo_qpm: Tempo
    plot_beats: Count


class Interpolate(Record):
    """Between which pieces, and how."""

    pairs: Pairs
    points: Annotated[int, Field(ge=3, le=1025)]
    """Both ends included, so that there is one between them."""
    path: config.Way
    spacing: config.Spacing
    """Of points on the paths between codes, linear and spherical."""
    freedom: Annotated[float, Field(ge=0, le=1)]
    """Of paths by exchange: the share that is composed half-way."""
    tries: Annotated[int, Field(ge=1, le=24)]
    """Of paths by exchange: orders in which parts may give way."""
    temperature: Annotated[float, Field(ge=0, le=10)]
    """Of paths by exchange: at which the composer draws."""
    key: Annotated[str, AfterValidator(_key)]
    beats: Count
    decode: Posterior
    seed: Seed
    tempo_qpm: Tempo


class Evaluate(Record):
    """What the figures are taken from."""

    excerpt_beats: Count
    excerpts: Count
    pairs: Count
    """Of held-out phrases, between which ways are compared."""
    windows: Count
    """Of test pieces, that the composer fills in."""
    replicates: Annotated[int, Field(ge=0, le=10_000)]
    temperature: Annotated[float, Field(ge=0, le=10)]
    seed: Seed


class Describe(Record):
    """What directions of attributes are fitted on."""

    phrases: Annotated[int, Field(ge=8)]
    """Training phrases, at most."""
    held_out: Annotated[int, Field(ge=8)]
    """Validation phrases that choose a direction's length, and test phrases that it is judged on, at most each."""


class Report(Record):
    """What is on the page to listen on."""

    beats: Count
    tempo_qpm: Tempo


class Params(Record):
    """All of params.yaml."""

    download: Download
    filter: Filter
    encode: Encode
    split: Split
    phrases: Phrases
    augment: Augment
    model: Model
    train: Train
    composer: Composer
    compose: Compose
    reconstruct: Reconstruct
    interpolate: Interpolate
    evaluate: Evaluate
    describe: Describe
    report: Report


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping; raises `ParamsError`."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read ({error.strerror}); run from the project's root.") from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: not valid YAML ({error}).") from error


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """Parse the text that was read from `path`, as `read_yaml` does.

    A key that is there twice is an error.
    """
    try:
        content = YAML(typ="safe", pure=True).load(text)
    # Its constructor raises ValueError for scalars that look like a number or date and are none.
    except (YAMLError, ValueError) as error:
        raise ParamsError(f"{path}: not valid YAML ({' '.join(str(error).split())}).") from error
    if not isinstance(content, dict):
        raise ParamsError(f"{path}: {type(content).__name__} found; a mapping of sections is needed.")
    return content


def load(*names: str, path: Path = Path("params.yaml")) -> tuple[Any, ...]:
    """Check all of params.yaml; give the named sections, each as its typed record, in the order asked for.

    Raises
    ------
    ParamsError
        For an unknown or missing section or key, a wrong type or a value out of range, in whatever section.
    """
    everything = check(read_yaml(path), path)
    return tuple(getattr(everything, name) for name in names)


def check(content: dict[str, Any], path: Path) -> Params:
    """Check the content of params.yaml; raises `ParamsError` as `load` does."""
    for name in content:
        if name not in Params.model_fields:
            known = ", ".join(Params.model_fields)
            raise ParamsError(f"{path}: unknown section '{name}'; the sections are {known}.")
    sections: Any = {name: _section(name, content, path) for name in Params.model_fields}
    return Params(**sections)


def _section(name: str, content: dict[str, Any], path: Path) -> Record:
    record = Params.model_fields[name].annotation
    assert isinstance(record, type) and issubclass(record, Record)
    if name not in content:
        raise ParamsError(f"{path}: section '{name}' is missing; it holds {', '.join(record.model_fields)}.")
    try:
        return record.model_validate(content[name])
    except ValidationError as error:
        raise ParamsError(f"{path}, {config.explain(error, record, content[name], name=name)}.") from error
