"""Music made small: MIDI, notes, part arrays, pieces and phrases from short readable lists."""

import csv
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from quartetvae import config
from quartetvae.corpus import metadata
from quartetvae.corpus.records import PhraseSet, Pieces
from quartetvae.io import midi, read
from quartetvae.model.architecture import Architecture
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, PARTS
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.quartet import Grid, Piece, Quartet
from quartetvae.music.tracks import Music, TimeSignature, Track

ALPHABET = Alphabet(60, 71)
"""An octave from middle C: the tokens 0 to 11, then rest, then sustain."""
REST, SUSTAIN = ALPHABET.rest, ALPHABET.sustain
GRID = Grid(4, ALPHABET)
FORM = config.Phrases(beats_per_phrase=1, boundary="onset", align="beat")

Row = tuple[int, int, int]
"""A note: onset and duration in ticks, MIDI pitch."""

Ends = dict[tuple[int, int], int]
"""When each note of a part ends, by its onset and pitch; in steps."""

HALF = Fraction(1, 2)


def notes(*rows: Row) -> Notes:
    """Notes from (onset, duration, pitch)."""
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return make_notes(*(np.array(column, dtype=np.int64) for column in columns))


def track(name: str, program: int, *rows: Row, is_drum: bool = False) -> Track:
    """A track from (onset, duration, pitch)."""
    return Track(name, program, is_drum, notes(*rows))


def line(low: int, *, onsets: Sequence[int] = tuple(range(0, 1920, 240))) -> list[Row]:
    """Notes of 200 ticks at these onsets, on a rising and falling line above `low`."""
    return [(onset, 200, low + abs(k % 6 - 3)) for k, onset in enumerate(onsets)]


def quartet(
    *more: Track,
    names: Sequence[str] = DEFAULT_ENSEMBLE.names,
    programs: Sequence[int] = DEFAULT_ENSEMBLE.programs,
    signatures: Sequence[TimeSignature] = (),
    lift: int = 0,
) -> Music:
    """A quartet of eight notes a part, 480 ticks to the beat, with further tracks; `lift` moves it up in pitch."""
    lows = (76, 69, 60, 48)
    players = [
        track(name, program, *line(low + lift)) for name, program, low in zip(names, programs, lows, strict=True)
    ]
    return Music(480, (*players, *more), tuple(signatures))


def write_corpus(folder: Path, files: Mapping[str, Music | bytes], **columns: Mapping[str, str]) -> Path:
    """A corpus: `<id>.mid` for each id and metadata.csv; `columns` gives ids a work, ensemble ... of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / metadata.FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, metadata.COLUMNS)
        writer.writeheader()
        for id, content in files.items():
            path = folder / f"{id}.mid"
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                midi.write(path, content, tempo_qpm=120)
            own = {name: values.get(id, "") for name, values in columns.items()}
            row = {"composer": "Haydn", "work": f"work {id}", "movement": "1", "ensemble": ""} | own
            writer.writerow({"id": id, "file": path.name, **row})
    return folder


def part_array(*parts: str, alphabet: Alphabet = ALPHABET) -> Tokens:
    """A part array from a line for each part: MIDI pitches, `.` a rest, `-` a sustain. Missing parts rest."""
    signs = {".": alphabet.rest, "-": alphabet.sustain}
    columns = [[signs[c] if c in signs else int(c) - alphabet.pitch_min for c in part.split()] for part in parts]
    columns += [[alphabet.rest] * len(columns[0])] * (len(PARTS) - len(columns))
    return np.array(columns, dtype=np.uint8).T


def canonical(tokens: Tokens, alphabet: Alphabet = ALPHABET) -> Tokens:
    """The array as encoding would write it: no sustain without a note before it, no silent rows at the end."""
    tidy = tokens.copy()
    for column in tidy.T:
        for step, token in enumerate(column):
            if token == alphabet.sustain and (step == 0 or column[step - 1] == alphabet.rest):
                column[step] = alphabet.rest
    sounding = np.flatnonzero((tidy != alphabet.rest).any(axis=1))
    return tidy[: sounding[-1] + 1 if len(sounding) else 0]


def ends(music: Quartet) -> list[Ends]:
    """The notes of each part of an array, those of both its columns; of one pitch there is one at a time."""
    alphabet, found = music.grid.alphabet, []
    for part in range(len(PARTS)):
        known: Ends = {}
        for column in music.tokens.T[part :: len(PARTS)].tolist():
            for onset, token in enumerate(column):
                if token < alphabet.rest:
                    after = column[onset + 1 :]
                    held = next((k for k, other in enumerate(after) if other != alphabet.sustain), len(after))
                    note = onset, token + alphabet.pitch_min
                    known[note] = max(onset + 1 + held, known.get(note, 0))
        again = {(o, p): [later for later, other in known if other == p and later > o] for o, p in known}
        found.append({note: min([end, *again[note]]) for note, end in known.items()})
    return found


def ends_in_file(path: Path, grid: Grid) -> list[Ends]:
    """The notes of each part of a file, each time moved to the nearest step, halves upwards."""
    file = read.read(path)
    per_tick = Fraction(grid.steps_per_beat, file.music.ticks_per_beat)
    return [
        {
            (math.floor(onset * per_tick + HALF), pitch): math.floor((onset + duration) * per_tick + HALF)
            for onset, duration, pitch, _ in part.tolist()
        }
        for part in read.part_notes(file)
    ]


def random_tokens(*shape: int, seed: int = 0, alphabet: Alphabet = ALPHABET) -> Tokens:
    """Tokens of any kind, about a third of them sustains."""
    rng = np.random.default_rng(seed)
    held = rng.random(shape) < 0.3
    return np.where(held, alphabet.sustain, rng.integers(0, alphabet.rest + 1, shape)).astype(np.uint8)


def random_phrases(count: int, of: Architecture, *, seed: int = 0) -> Tokens:
    """Phrases as a network takes them, tokens of any kind: held notes among the first ones, if it knows any."""
    alphabet = of.grid.alphabet
    tokens = random_tokens(count, of.steps, of.columns, seed=seed, alphabet=alphabet)
    if of.symbols > alphabet.size:
        first = tokens[:, 0]
        held = np.random.default_rng(seed + 1).random(first.shape) < 0.5
        first[held & (first < alphabet.rest)] += np.uint8(alphabet.held)
    return tokens


def piece(id: str, tokens: Tokens, *, work: str = "", steps_per_bar: int = 16) -> Piece:
    """A piece with bars of one length; without a `work` it is one of its own."""
    return Piece(id, "Haydn", work or f"work {id}", tokens, np.arange(len(tokens), dtype=np.int64) // steps_per_bar)


def pieces(*, train: Sequence[Piece], validation: Sequence[Piece] = (), test: Sequence[Piece] = ()) -> Pieces:
    """Pieces with their splits."""
    sets = {"train": train, "validation": validation, "test": test}
    names = tuple(name for name, members in sets.items() for _ in members)
    return Pieces(tuple(p for members in sets.values() for p in members), names, GRID, 0.0)


def phrase_set(tokens: Tokens, *, grid: Grid = GRID, form: config.Phrases = FORM) -> PhraseSet:
    """Phrases, all of one piece."""
    count, steps = tokens.shape[:2]
    starts = np.arange(count, dtype=np.int64) * steps
    return PhraseSet(tokens, np.full(count, "one"), starts, np.zeros(count, np.int64), grid, form)


TRAIN = config.Train.model_validate(
    {
        **{"epochs": 1, "epoch_phrases": 0, "batch_size": 8, "learning_rate": 0.01, "schedule": "constant"},
        **{"warmup_steps": 0},
        **{"weight_decay": 0.0, "adam_beta_2": 0.999, "clip_norm": 0.0, "beta": 0.5, "beta_warmup": 0.0},
        **{"beta_cycles": 1, "free_bits": 0.0, "onset_weight": 1.0, "kl_reduction": "sum", "patience": 1},
        **{"precision": "float32", "devices": "one", "seed": 0},
    }
)
"""Everything at its neutral value."""


def train(**changes: Any) -> config.Train:
    """Section `train` with changes, checked."""
    return config.Train.model_validate(TRAIN.model_dump() | changes)


def architecture(*, grid: Grid = GRID, form: config.Phrases = FORM, **changes: Any) -> Architecture:
    """A tiny network; `changes` to section `model`."""
    tiny: dict[str, Any] = {
        **{"decoder": "flat", "cell": "gru", "bidirectional": False, "pooling": "last", "symbols": "by_column"},
        **{"segment_beats": 1},
        **{"encoder_units": 8, "encoder_layers": 1, "decoder_units": 8, "decoder_layers": 1},
        **{"head_units": 192},
        **{"latent_dim": 4, "embedding_dim": 2, "dropout": 0.0, "word_dropout": 0.0},
    }
    return Architecture(config.Model(**{**tiny, **changes}), grid, form)
