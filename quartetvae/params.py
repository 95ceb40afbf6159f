"""params.yaml: typed sections, read by the rules that DVC reads them by.

A stage loads just the sections that it declares in dvc.yaml. Unknown keys, missing keys, wrong types and values out of
range are errors that name the key.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from quartetvae.errors import ParamsError


class Yaml12Loader(yaml.SafeLoader):
    """PyYAML's safe loader by the rules of YAML 1.2 for numbers and booleans, which DVC reads and writes by.

    A key that is there twice is an error.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML declares it as an instance variable
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":float", ":int"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a mapping with two values for one key."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    digits = node.value.replace("_", "").lower()
    # Without a prefix it is decimal, leading zeros or not.
    return int(digits, 0 if re.match(r"[-+]?0[box]", digits) else 10)


_SIGN_OR_DIGIT = list("-+0123456789")
Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^[-+]?(?:\.[0-9_]+|[0-9][0-9_]*\.[0-9_]*)(?:[eE][-+]?[0-9]+)?$|^[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+$"
        r"|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
    ),
    [*_SIGN_OR_DIGIT, "."],
)
Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$"),
    _SIGN_OR_DIGIT,
)
Yaml12Loader.add_constructor("tag:yaml.org,2002:int", _integer)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, lt=1)]
SplitShare = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Width = Annotated[int, Field(ge=1, le=8192)]
"""Of a layer; more is a slip of the finger and would not end."""
Depth = Annotated[int, Field(ge=1, le=16)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Tempo = Annotated[float, Field(ge=10, le=400)]


PieceId = Annotated[str, BeforeValidator(lambda found: str(found) if type(found) is int else found)]
"""A MusicNet id is a number, and YAML reads it as one."""

Pairs = Annotated[
    Literal["paper", "auto"]
    | Annotated[list[Annotated[list[PieceId], Field(min_length=2, max_length=2)]], Field(min_length=1)],
    Field(description="'paper', 'auto' or a list of pairs of ids, such as [['2104', '2178']], is needed"),
]


class Download(_Section):
    """Where the music comes from."""

    source: Literal["musicnet", "music21", "directory"]
    directory: str
    """Folder of MIDI, MusicXML or kern files for the source `directory`; from the project's root, or absolute."""


class Filter(_Section):
    """Which files are quartets."""

    match: Literal["quartet", "paper"]


class Encode(_Section):
    """The grid and the alphabet."""

    steps_per_beat: Annotated[int, Field(ge=1, le=96)]
    pitch_min: Annotated[int, Field(ge=0, le=127)]
    pitch_max: Annotated[int, Field(ge=0, le=127)]

    @model_validator(mode="after")
    def _octave(self) -> "Encode":
        if self.pitch_max - self.pitch_min < 11:
            raise ValueError("pitch_min and pitch_max must span an octave at least (pitch_max >= pitch_min + 11)")
        return self


class Split(_Section):
    """Which works are held out."""

    by: Literal["work", "tail"]
    seed: Seed
    validation: SplitShare
    test: SplitShare

    @model_validator(mode="after")
    def _rest_for_training(self) -> "Split":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test must leave a share for training (their sum must be under 1)")
        return self


class Phrases(_Section):
    """How pieces are cut."""

    beats_per_phrase: Annotated[int, Field(ge=1, le=256)]
    boundary: Literal["onset", "sustain"]
    align: Literal["beat", "bar"]


class Augment(_Section):
    """What training sees besides the phrases themselves."""

    kind: Literal["none", "transpose", "noise"]
    semitones_min: Annotated[int, Field(ge=-24, le=24)]
    semitones_max: Annotated[int, Field(ge=-24, le=24)]
    hop_steps: Count
    seed: Seed

    @model_validator(mode="after")
    def _range(self) -> "Augment":
        if self.semitones_min > self.semitones_max:
            raise ValueError("semitones_min must not be above semitones_max")
        return self


class Model(_Section):
    """The network."""

    decoder: Literal["autoregressive", "flat", "hierarchical"]
    cell: Literal["lstm", "gru"]
    bidirectional: bool
    encoder_units: Width
    encoder_layers: Depth
    pooling: Literal["last", "full"]
    decoder_units: Width
    decoder_layers: Depth
    latent_dim: Width
    embedding_dim: Width
    dropout: Share
    word_dropout: Share
    segment_beats: Annotated[int, Field(ge=1, le=256)]


class Train(_Section):
    """How it is trained."""

    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Literal["constant", "cosine"]
    warmup_steps: Annotated[int, Field(ge=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    adam_beta_2: Annotated[float, Field(gt=0, lt=1)]
    clip_norm: Annotated[float, Field(ge=0)]
    beta: Annotated[float, Field(ge=0)]
    beta_warmup: Annotated[float, Field(ge=0, le=1)]
    beta_cycles: Count
    free_bits: Annotated[float, Field(ge=0)]
    onset_weight: Annotated[float, Field(gt=0)]
    kl_reduction: Literal["sum", "mean"]
    patience: Count
    precision: Literal["float32", "mixed_bfloat16"]
    devices: Literal["one", "all"]
    seed: Seed

    @model_validator(mode="after")
    def _cycles_rise(self) -> "Train":
        if self.beta_cycles > 1 and self.beta_warmup == 0:
            raise ValueError("beta_cycles above 1 need a beta_warmup above 0, the share of each in which beta rises")
        return self


class Reconstruct(_Section):
    """How held-out pieces are reconstructed."""

    decode: Literal["mean", "sample"]
    seed: Seed
    tempo_qpm: Tempo
    plot_beats: Count


class Interpolate(_Section):
    """Between which pieces, and how."""

    pairs: Pairs
    points: Annotated[int, Field(ge=3, le=1025)]
    """Both ends included, so that there is one between them."""
    path: Literal["linear", "spherical"]
    beats: Count
    decode: Literal["mean", "sample"]
    seed: Seed
    tempo_qpm: Tempo


class Evaluate(_Section):
    """What the figures are taken from."""

    excerpt_beats: Count
    excerpts: Count
    replicates: Annotated[int, Field(ge=0, le=10_000)]
    temperature: Annotated[float, Field(ge=0, le=10)]
    seed: Seed


class Report(_Section):
    """What is on the page to listen on."""

    beats: Count
    tempo_qpm: Tempo


class Params(_Section):
    """All of params.yaml."""

    download: Download
    filter: Filter
    encode: Encode
    split: Split
    phrases: Phrases
    augment: Augment
    model: Model
    train: Train
    reconstruct: Reconstruct
    interpolate: Interpolate
    evaluate: Evaluate
    report: Report


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping, by YAML 1.2 rules; raises `ParamsError`."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read ({error.strerror}); run from the project's root.") from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: not valid YAML ({error}).") from error


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """As `read_yaml`, of the text that was read from `path`."""
    try:
        content = yaml.load(text, Loader=Yaml12Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: not valid YAML ({' '.join(str(error).split())}).") from error
    if not isinstance(content, dict):
        raise ParamsError(f"{path}: {type(content).__name__} found; a mapping of sections is needed.")
    return content


def load(*names: str, path: Path = Path("params.yaml")) -> tuple[Any, ...]:
    """The named sections of params.yaml, each as its typed record, in the order asked for.

    Raises
    ------
    ParamsError
        For a section that nobody knows; for an unknown or missing key, a wrong type or a value out of range in the
        sections asked for.
    """
    content = read_yaml(path)
    _check_names(content, path)
    return tuple(_section(name, content, path) for name in names)


def check(content: dict[str, Any], path: Path) -> Params:
    """All sections at once; raises `ParamsError` as `load` does."""
    _check_names(content, path)
    sections: Any = {name: _section(name, content, path) for name in Params.model_fields}
    return Params(**sections)


def _check_names(content: dict[str, Any], path: Path) -> None:
    for name in content:
        if name not in Params.model_fields:
            known = ", ".join(Params.model_fields)
            raise ParamsError(f"{path}: unknown section '{name}'; the sections are {known}.")


def _section(name: str, content: dict[str, Any], path: Path) -> _Section:
    kind = Params.model_fields[name].annotation
    assert isinstance(kind, type) and issubclass(kind, _Section)
    if name not in content:
        raise ParamsError(f"{path}: section '{name}' is missing; it holds {', '.join(kind.model_fields)}.")
    try:
        return kind.model_validate(content[name])
    except ValidationError as error:
        # A value that fits none of several kinds has an error for each; one line will do.
        problems = "; ".join(dict.fromkeys(_problem(name, kind, content[name], detail) for detail in error.errors()))
        raise ParamsError(f"{path}, {problems}.") from error


def _problem(section: str, kind: type[_Section], content: Any, detail: Any) -> str:
    location = [str(part) for part in detail["loc"]]
    # Union members and list positions are pydantic's affair; the user knows the key.
    where = ".".join([section, *location[:1]])
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key; {section} has {', '.join(kind.model_fields)}"
    if detail["type"] == "missing":
        return f"{where}: missing"
    if detail["type"] == "value_error":
        return f"{where}: {detail['ctx']['error']}"
    described = kind.model_fields[location[0]].description if location else None
    if described:
        return f"{where}: {content[location[0]]!r} found; {described}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"{where}: {detail['input']!r} found; {message}"
