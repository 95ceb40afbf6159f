"""Records that describe data and networks: how music is encoded, cut and augmented, what the network is, how it trains.

Each checks itself: an unknown or missing key, a wrong type and a value out of range raise pydantic's `ValidationError`,
which `explain` puts into words. They check and never compute.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Align = Literal["beat", "bar"]
"""Where phrases begin: on the beat grid of their piece, or on bar lines."""

Chords = Literal["lowest", "double"]
"""How many notes a part has at a time: one, of a chord the lowest; or two, of a chord the outer ones."""

Boundary = Literal["held", "onset", "sustain"]
"""How a phrase begins inside a held note: it says which one is held, strikes it again, or begins with a sustain."""

Posterior = Literal["mean", "sample"]
"""Which code of a phrase is decoded: the mean of its posterior, or a draw from it."""

PathKind = Literal["linear", "spherical"]
"""How codes between two codes are found; see `latent.paths.between`."""

Way = Literal["exchange", "linear", "spherical"]
"""How music between two pieces is found: by a composer, `composing.exchange`, or by codes between theirs."""

Spacing = Literal["heard", "codes"]
"""How points are spread over a path of codes: even steps of what is decoded, or of the codes."""

Decoder = Literal["autoregressive", "flat", "hierarchical"]
Cell = Literal["lstm", "gru"]
Pooling = Literal["last", "full", "dense"]
Symbols = Literal["by_column", "shared"]
Schedule = Literal["constant", "cosine"]
Precision = Literal["float32", "mixed_bfloat16"]
Devices = Literal["one", "all"]
"""Of the network and its training; params.yaml says what each is."""

Storage = Literal["float32", "float16"]
"""Of what size the numbers of a weights file are: whole, or half for half the bytes; they are read as float32."""

Source = Literal["musicnet", "openscore", "music21", "directory"]
"""Where music comes from; see `quartetvae.corpus.sources`."""

Match = Literal["quartet", "paper"]
"""Which files of a corpus are selected: every distinct quartet, or the paper's 36 files."""

Share = Annotated[float, Field(ge=0, lt=1)]
SplitShare = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Width = Annotated[int, Field(ge=1, le=8192)]
"""Of a layer; more is a slip of the finger and would not end."""
Depth = Annotated[int, Field(ge=1, le=16)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Record(BaseModel):
    """A record that is strict about keys and types, and cannot be changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Encode(Record):
    """The grid and the alphabet."""

    steps_per_beat: Annotated[int, Field(ge=1, le=96)]
    chords: Chords
    pitch_min: Annotated[int, Field(ge=0, le=127)]
    pitch_max: Annotated[int, Field(ge=0, le=127)]

    @model_validator(mode="after")
    def _octave(self) -> "Encode":
        if self.pitch_max - self.pitch_min < 11:
            raise ValueError("pitch_min and pitch_max must span an octave at least (pitch_max >= pitch_min + 11)")
        return self


class Split(Record):
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


class Phrases(Record):
    """How pieces are cut."""

    beats_per_phrase: Annotated[int, Field(ge=1, le=256)]
    boundary: Boundary
    align: Align


class Augment(Record):
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


class Model(Record):
    """The network."""

    decoder: Decoder
    cell: Cell
    bidirectional: bool
    encoder_units: Width
    encoder_layers: Depth
    pooling: Pooling
    symbols: Symbols
    decoder_units: Width
    decoder_layers: Depth
    head_units: Width
    latent_dim: Width
    embedding_dim: Width
    dropout: Share
    word_dropout: Share
    segment_beats: Annotated[int, Field(ge=1, le=256)]

    @model_validator(mode="after")
    def _dense_reads_segments(self) -> "Model":
        if self.pooling == "dense" and self.decoder != "hierarchical":
            raise ValueError(
                f"pooling 'dense' is for segments: decoder 'hierarchical' is needed, '{self.decoder}' found; or take "
                "pooling 'full'"
            )
        return self


class Fitting(Record):
    """How a network is trained, whatever it is."""

    epochs: Count
    epoch_phrases: Annotated[int, Field(ge=0)]
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Schedule
    warmup_steps: Annotated[int, Field(ge=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    adam_beta_2: Annotated[float, Field(gt=0, lt=1)]
    clip_norm: Annotated[float, Field(ge=0)]
    patience: Count
    seed: Seed

    @property
    def settled(self) -> float:
        """Epochs after which validation losses can be compared: all of them."""
        return 0.0


class Train(Fitting):
    """How the variational autoencoder is trained."""

    beta: Annotated[float, Field(ge=0)]
    beta_warmup: Annotated[float, Field(ge=0, le=1)]
    beta_cycles: Count
    free_bits: Annotated[float, Field(ge=0)]
    onset_weight: Annotated[float, Field(gt=0)]
    kl_reduction: Literal["sum", "mean"]
    precision: Precision
    devices: Devices

    @property
    def settled(self) -> float:
        """Epochs after which beta has risen for the last time: before, the validation loss says little."""
        return self.epochs * (1 - (1 - self.beta_warmup) / self.beta_cycles)

    @model_validator(mode="after")
    def _cycles_rise(self) -> "Train":
        if self.beta_cycles > 1 and self.beta_warmup == 0:
            raise ValueError("beta_cycles above 1 need a beta_warmup above 0, the share of each in which beta rises")
        return self


class Composer(Record):
    """The network that fills in what is unknown of a quartet."""

    window_beats: Annotated[int, Field(ge=2, le=256)]
    units: Width
    decoder_units: Width
    head_units: Width
    embedding_dim: Width
    attention_heads: Depth


class Compose(Fitting):
    """How that network is trained; its phrases are windows of `Composer.window_beats` beats."""

    dropout: Share


def explain(error: ValidationError, record: type[BaseModel], content: Any, *, name: str = "") -> str:
    """Say what is wrong with the content of a record, its problems in one line.

    Parameters
    ----------
    record, content
        The record's class, and what was to become one.
    name
        What the record is called, before the names of its keys: a section of params.yaml, say.
    """
    # A value that fits none of several kinds has an error for each; one will do.
    return "; ".join(dict.fromkeys(_problem(detail, record, content, name) for detail in error.errors()))


def _problem(detail: Any, record: type[BaseModel], content: Any, name: str) -> str:
    # Union members and list positions are pydantic's affair; the user knows the key.
    key = str(detail["loc"][0]) if detail["loc"] else ""
    where = ".".join(filter(None, (name, key)))
    where = f"{where}: " if where else ""
    if detail["type"] == "extra_forbidden":
        return f"{where}unknown key; {name or f'a {record.__name__.lower()}'} has {', '.join(record.model_fields)}"
    if detail["type"] == "missing":
        return f"{where}missing"
    if detail["type"] == "value_error":
        # A rule for several keys names what it found itself.
        found = f"{detail['input']!r} found; " if key else ""
        return f"{where}{found}{detail['ctx']['error']}"
    described = record.model_fields[key].description if key in record.model_fields else None
    if described:
        return f"{where}{content[key]!r} found; {described}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"{where}{detail['input']!r} found; {message}"
