"""What a network looks like, as a record of its own, and what its two implementations share; no Keras here.

The record is written beside the weights, so that whatever loads them needs no params.yaml.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from quartetvae import config
from quartetvae.corpus.records import Cut
from quartetvae.errors import ModelError, shortened
from quartetvae.files import replacing
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import PARTS, VOICES
from quartetvae.music.quartet import Grid

FILE = "architecture.json"
FORMAT = 4
WEIGHTS = "model.weights.h5"
"""The file of weights, beside `FILE`."""

BATCH, SMALL_BATCH = 512, 64
"""Phrases at a time where no gradient is needed: many, or a few. Noise is drawn for as many together."""

STEP_DIM, Z_STEP_DIM = 16, 64
"""Of the autoregressive decoder: the vector of each step, and what of z goes to each step."""

NEVER = -1e9
"""Logit of what cannot be: a note held from before, anywhere but at the beginning of a phrase."""

DIRECT_UNITS, STEP_UNITS = 256, 128
"""Of the encoder's dense layer over all inputs, with `pooling` `full` or `dense`; and of that over each step, with
`dense`."""

SYMBOL_DIM = 48
"""What a head gives to the output layer that all columns share, with `symbols` `shared`."""


def order(columns: int) -> tuple[int, ...]:
    """Say in which order the columns of a step are chosen: from the bass upwards, a part's second note after its first.

    Of a string quartet cello, viola, violin II, violin I.
    """
    return tuple(column for part in reversed(range(VOICES)) for column in range(part, columns, VOICES))


def head_widths(columns: int, units: int) -> list[int]:
    """Say how wide the hidden layers of heads are, in their order: `units`, less for second notes, mostly rests."""
    return [units if column < VOICES else max(1, units * 3 // 8) for column in order(columns)]


@dataclass(frozen=True)
class Architecture:
    """Layers (`network`), what tokens mean (`grid`), and how phrases are cut (`form`)."""

    network: config.Model
    grid: Grid
    form: config.Phrases

    @property
    def steps(self) -> int:
        """Grid steps of a phrase."""
        return self.form.beats_per_phrase * self.grid.steps_per_beat

    @property
    def segments(self) -> int:
        """Segments of a phrase that a hierarchical network takes one by one; 1 for the others."""
        if self.network.decoder != "hierarchical":
            return 1
        segments, rest = divmod(self.form.beats_per_phrase, self.network.segment_beats)
        if rest or segments < 2:
            raise ModelError(
                f"phrases of {self.form.beats_per_phrase} beats in segments of {self.network.segment_beats}: a "
                "hierarchical decoder needs two whole segments at least. Change phrases.beats_per_phrase or "
                "model.segment_beats, or take model.decoder autoregressive."
            )
        if self.network.latent_dim % segments:
            raise ModelError(
                f"model.latent_dim {self.network.latent_dim} in {segments} segments: each has its share of the "
                f"dimensions; make it a multiple of {segments}."
            )
        return segments

    @property
    def columns(self) -> int:
        """Columns of a phrase: one or two for each part."""
        return self.grid.columns

    @property
    def symbols(self) -> int:
        """Symbols of a cell; those of held notes among them if phrases begin with them."""
        alphabet = self.grid.alphabet
        return alphabet.size_with_held if self.form.boundary == "held" else alphabet.size

    @property
    def never(self) -> NDArray[np.float32]:
        """What is added to logits of cells, (steps, 1, symbols): `NEVER` for held notes after a phrase's first step."""
        added = np.zeros((self.steps, 1, self.symbols), np.float32)
        added[1:, :, self.grid.alphabet.held :] = NEVER
        return added

    def check_tokens(self, tokens: Tokens) -> None:
        """Raise `ModelError` unless these are phrases (phrases, steps, columns) of the network's shape."""
        wanted = (self.steps, self.columns)
        if tokens.ndim != 3 or tokens.shape[1:] != wanted:
            raise ModelError(
                f"phrases of shape {tokens.shape}; (phrases, {wanted[0]}, {wanted[1]}) is needed: cut them into "
                f"phrases of {self.form.beats_per_phrase} beats."
            )

    def check_codes(self, z: NDArray[Any]) -> None:
        """Raise `ModelError` unless these are codes (codes, latent_dim)."""
        if z.ndim != 2 or z.shape[1] != self.network.latent_dim:
            raise ModelError(f"codes of shape {z.shape}; (codes, {self.network.latent_dim}) is needed.")

    def check(self, phrases: Cut) -> None:
        """Raise `ModelError` unless these phrases are what the network was built for."""
        if (phrases.grid, phrases.steps) != (self.grid, self.steps):
            raise ModelError(
                f"phrases of {phrases.steps} steps ({phrases.grid}) found; the model was trained on {self.steps} "
                f"steps ({self.grid}). Train again (dvc repro) or load the model that belongs to them."
            )


def write(folder: Path, architecture: Architecture, weights: bytes) -> None:
    """Write `architecture.json` and the file of weights, whose sha256 is in it, into a model's folder."""
    content = {
        "format": FORMAT,
        "network": architecture.network.model_dump(),
        **described(architecture.grid),
        "phrases": architecture.form.model_dump(),
    }
    write_files(folder, content, WEIGHTS, weights)


def described(grid: Grid) -> dict[str, Any]:
    """Say in `architecture.json` what tokens mean; `grid_of` reads it."""
    alphabet = {**asdict(grid.alphabet), "rest": grid.alphabet.rest, "sustain": grid.alphabet.sustain}
    return {
        "alphabet": alphabet,
        "steps_per_beat": grid.steps_per_beat,
        "chords": grid.chords,
    }


def grid_of(content: Mapping[str, Any]) -> Grid:
    """Read what tokens mean in the content of `architecture.json`; raises as a mapping and a record do."""
    encoded = config.Encode(
        steps_per_beat=content["steps_per_beat"],
        chords=content["chords"],
        pitch_min=content["alphabet"]["pitch_min"],
        pitch_max=content["alphabet"]["pitch_max"],
    )
    return Grid(encoded.steps_per_beat, Alphabet(encoded.pitch_min, encoded.pitch_max), encoded.chords)


def write_files(folder: Path, content: Mapping[str, Any], name: str, weights: bytes) -> None:
    """Write `architecture.json`, with the parts' names and the sha256 of the weights, and the file of weights."""
    content = {**content, "parts": list(PARTS), "weights": {"sha256": sha256(weights).hexdigest()}}
    with replacing(folder / FILE) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    with replacing(folder / name) as temporary:
        temporary.write_bytes(weights)


def read(folder: Path) -> Architecture:
    """Read `architecture.json` of a model's folder; raises `ModelError`."""
    path = folder / FILE
    content: Any = None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        check_content(content, FORMAT)
        found = Architecture(config.Model(**content["network"]), grid_of(content), config.Phrases(**content["phrases"]))
        _ = found.segments
        return found
    except OSError as error:
        raise ModelError(f"{path}: no trained model there; run the stage `train` first (dvc repro train).") from error
    except NO_ARCHITECTURE as error:
        raise ModelError(
            f"{path}: not the architecture of a model of this project ({explain(error, content)}); train again."
        ) from error


NO_ARCHITECTURE = (ValueError, KeyError, TypeError, RecursionError)
"""What the content of `architecture.json` raises that is not ours: no JSON, or of another form."""


def explain(error: Exception, content: Any) -> str:
    """Say in one line what is wrong with the content of `architecture.json`."""
    if isinstance(error, ValidationError):
        records: Any = {"Model": config.Model, "Phrases": config.Phrases, "Composer": config.Composer}
        names = {"Model": "network", "Phrases": "phrases", "Composer": "composer"}
        name = names.get(error.title, "alphabet")
        return config.explain(error, records.get(error.title, config.Encode), content.get(name), name=name)
    return " ".join(str(error).split())


def check_content(content: Mapping[str, Any], form: int) -> None:
    """Raise `ValueError` or `KeyError` unless `architecture.json` is of this format, for our parts, with a sha256."""
    if content["format"] != form:
        raise ValueError(f"format {content['format']}, this version reads {form}")
    if tuple(content["parts"]) != PARTS:
        raise ValueError(f"parts {', '.join(content['parts'])}, this ensemble has {', '.join(PARTS)}")
    weights = content.get("weights")
    if not isinstance(weights, dict) or not isinstance(weights.get("sha256"), str):
        raise ValueError("weights.sha256, a text by which damaged weights are told, is missing")


def read_with_weights(folder: Path) -> tuple[Architecture, bytes]:
    """Read a model's folder: what the network looks like, and the bytes of its weights.

    Raises
    ------
    ModelError
        If a file is missing or damaged, or the two do not belong together.
    """
    return read(folder), read_weights(folder, WEIGHTS)


def read_weights(folder: Path, name: str) -> bytes:
    """Read the file of weights of a model's folder; raises `ModelError` unless it is the one of its architecture."""
    path = folder / name
    wanted = json.loads((folder / FILE).read_text(encoding="utf-8"))["weights"]["sha256"]
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); copy the model's folder whole, or train again (dvc repro)."
        ) from error
    found = sha256(weights).hexdigest()
    if found != wanted:
        raise ModelError(
            f"{path}: damaged, or another model's: {len(weights):,} bytes of sha256 {found[:12]}..., and {FILE} says "
            f"{wanted[:12]}...; copy the model's folder whole, or train again (dvc repro)."
        )
    return weights


def check_sizes(arrays: Mapping[str, int], size: int) -> None:
    """Raise `OSError` if an array, of so many bytes, says that it is larger than its file.

    Nothing is packed in a file of weights: what says so would only fill the memory.
    """
    for place, said in arrays.items():
        if said > size:
            raise OSError(f"{place}: {said:,} bytes in a file of {size:,}")


def check_finite(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    """Raise `ModelError` if there are NaN or infinite numbers among the weights of a file, by their places."""
    wrong = [place for place, values in weights.items() if not np.isfinite(values).all()]
    if wrong:
        raise ModelError(
            f"{path}: numbers that are not finite in {shortened(wrong)}; no music can be made of them. Train again "
            "(dvc repro), with a lower train.learning_rate."
        )
