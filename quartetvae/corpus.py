"""A corpus: which of its files are quartets, which are the same, and their part arrays.

A corpus is a folder of MIDI files with metadata.csv (id, composer, work, movement, ensemble, file). `survey` makes a
table with a row for EVERY file: the decision on it and the reason. `encode_all` encodes the selected ones.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quartetvae import codec, paper, parts
from quartetvae.codec import Alphabet, Losses
from quartetvae.dataset import SPLITS, Grid, Piece
from quartetvae.errors import CorpusError, MidiError
from quartetvae.midi import Midi, read
from quartetvae.notes import Notes

METADATA = ("id", "composer", "work", "movement", "ensemble", "file")

SELECTED, DUPLICATE, REJECTED, UNREADABLE = "selected", "duplicate", "rejected", "unreadable"
"""The decisions on a file."""


def read_metadata(raw: Path) -> pd.DataFrame:
    """Read raw/metadata.csv: one row per file, all columns strings.

    Raises
    ------
    CorpusError
        If it is missing, lacks a column, names an id twice or a file that is not there.
    """
    path = raw / "metadata.csv"
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path}: not a readable table ({error}); run the stage `download` first.") from error
    lacking = [name for name in METADATA if name not in table.columns]
    if lacking:
        raise CorpusError(f"{path}: no column {', '.join(lacking)}; needed are {', '.join(METADATA)}.")
    twice = table["id"][table["id"].duplicated()].tolist()
    if twice:
        raise CorpusError(f"{path}: id {twice[0]} is there twice; each file needs an id of its own.")
    absent = [file for file in table["file"] if not (raw / file).is_file()]
    if absent:
        raise CorpusError(f"{path}: names {absent[0]}, which is not in {raw}; run the stage `download` again.")
    return table[list(METADATA)]


def survey(raw: Path, *, match: Literal["quartet", "paper"]) -> pd.DataFrame:
    """Decide on every file of a corpus.

    Parameters
    ----------
    raw
        Folder with MIDI files and metadata.csv.
    match
        `quartet`: every distinct string quartet. `paper`: the paper's 36 files, its duplicates and solo among them.

    Returns
    -------
    table
        A row per file, in the order of metadata.csv: the metadata, `sha256` of the file, `decision`, `reason`,
        `programs`, `tracks` and `parts` (lists, an entry per track), `notes`, `beats`, `duplicate_of` (an id or ""),
        and `position`: the place among the selected pieces, -1 for other files.

    Raises
    ------
    CorpusError
        If no file is selected, or one of the paper's is missing.
    """
    rows: list[dict[str, Any]] = []
    first_with: dict[str, str] = {}
    for metadata in read_metadata(raw).to_dict("records"):
        row = {str(key): value for key, value in metadata.items()} | _look_at(raw / metadata["file"], metadata, match)
        fingerprint = row.pop("fingerprint")
        if row["decision"] == SELECTED and match == "quartet":
            original = first_with.setdefault(fingerprint, row["id"])
            if original != row["id"]:
                row |= {"decision": DUPLICATE, "reason": f"same notes as {original}", "duplicate_of": original}
        rows.append(row)

    selected = [row["id"] for row in rows if row["decision"] == SELECTED]
    if match == "paper":
        absent = [id for id in paper.IDS if id not in selected]
        if absent:
            raise CorpusError(
                f"{raw}: filter.match is 'paper', but {len(absent)} of its {len(paper.IDS)} files are not there "
                f"or not readable ({', '.join(absent[:3])} ...); it needs download.source 'musicnet'."
            )
        selected = list(paper.IDS)
    if not selected:
        counts = pd.Series([row["decision"] for row in rows]).value_counts().to_dict()
        found = ", ".join(f"{count} {decision}" for decision, count in counts.items()) or "none"
        example = f"; {rows[0]['file']}: {rows[0]['reason']}" if rows else ""
        raise CorpusError(
            f"{raw}: no string quartet among {len(rows)} files ({found}{example}). A quartet has tracks for two "
            "violins, viola and cello, known by their names or programs 40, 40, 41, 42; a metadata.csv may say so "
            "in its column `ensemble` (String Quartet)."
        )
    position = {id: k for k, id in enumerate(selected)}
    table = pd.DataFrame(rows)
    table["position"] = [position.get(id, -1) for id in table["id"]]
    return table


def _look_at(path: Path, metadata: dict[Any, Any], match: str) -> dict[str, Any]:
    """The decision on one file, but for duplicates."""
    row: dict[str, Any] = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **{"decision": REJECTED, "reason": "", "programs": [], "tracks": [], "parts": []},
        **{"notes": 0, "beats": 0.0, "duplicate_of": "", "fingerprint": ""},
    }
    try:
        midi = read(path)
    except MidiError as error:
        return row | {"decision": UNREADABLE, "reason": str(error)}
    paper_file = metadata["id"] in paper.IDS
    # What the paper took for quartets is judged by its tracks alone.
    found = parts.assign(midi, ensemble="" if match == "paper" and paper_file else metadata["ensemble"])
    row |= {
        "programs": [track.program for track in midi.tracks],
        "tracks": [track.name for track in midi.tracks],
        "parts": [part or "" for part in found.parts],
        "notes": sum(len(track.notes) for track in midi.tracks),
        "beats": midi.end / midi.ticks_per_beat,
    }
    if found.refusal:
        return row | {"reason": found.refusal}
    if match == "paper" and not paper_file:
        return row | {"reason": "not among the paper's 36 files"}
    reason = "among the paper's 36 files" if match == "paper" else "two violins, viola and cello"
    left_out = [track.name or "unnamed" for track, part in zip(midi.tracks, found.parts, strict=True) if not part]
    if left_out:
        reason += f"; left out: {', '.join(left_out)}"
    notes = parts.merge(midi.tracks, found.parts)
    return row | {
        "decision": SELECTED,
        "reason": reason,
        "fingerprint": _fingerprint(notes, midi.ticks_per_beat),
    }


def _fingerprint(quartet: list[Notes], ticks_per_beat: int) -> str:
    """A hash of who plays what when, whatever the file's resolution, velocities and track layout."""
    times = [np.concatenate([notes["onset"], notes["duration"]]) for notes in quartet]
    unit = int(np.gcd.reduce(np.concatenate([*times, [ticks_per_beat]])))
    digest = hashlib.sha256(str(ticks_per_beat // unit).encode())
    for notes in quartet:
        for column in (notes["onset"] // unit, notes["duration"] // unit, notes["pitch"]):
            digest.update(np.ascontiguousarray(column).tobytes())
        digest.update(b"|")
    return digest.hexdigest()


def counts(table: pd.DataFrame) -> dict[str, Any]:
    """The figures of metrics/filter.json from the table of `survey`."""
    decisions = table["decision"].value_counts()
    selected = table[table["decision"] == SELECTED]

    def figures(rows: pd.DataFrame) -> dict[str, int]:
        of = rows["decision"].value_counts()
        chosen = rows[rows["decision"] == SELECTED]
        return {
            "files_read": len(rows),
            "unreadable": int(of.get(UNREADABLE, 0)),
            "quartets": int(of.get(SELECTED, 0) + of.get(DUPLICATE, 0)),
            "duplicates": int(of.get(DUPLICATE, 0)),
            "selected": int(of.get(SELECTED, 0)),
            "works": len(chosen[["composer", "work"]].drop_duplicates()),
        }

    assert decisions.sum() == len(table)
    with_quartets = sorted(set(selected["composer"]) | set(table.loc[table["decision"] == DUPLICATE, "composer"]))
    return figures(table) | {"composers": {name: figures(table[table["composer"] == name]) for name in with_quartets}}


def encode_all(
    raw: Path, table: pd.DataFrame, *, steps_per_beat: int, alphabet: Alphabet
) -> Iterator[tuple[Piece, Losses]]:
    """Encode the selected files of a corpus, in the order of their `position`."""
    selected = table[table["position"] >= 0].sort_values("position")
    for row in selected.to_dict("records"):
        yield encode_file(raw, row, steps_per_beat=steps_per_beat, alphabet=alphabet)


def encode_file(raw: Path, row: Any, *, steps_per_beat: int, alphabet: Alphabet) -> tuple[Piece, Losses]:
    """Encode one file by its row of the table of `survey`; any file whose four parts were found will do."""
    path = raw / row["file"]
    found = {part or None for part in row["parts"]}
    if not found.issuperset(codec.PARTS):
        raise CorpusError(f"{row['id']} ({row['file']}): its four parts were not found ({row['reason']}).")
    midi = read(path)
    notes = parts.merge(midi.tracks, [part or None for part in row["parts"]])
    tokens, losses = codec.encode(
        notes, ticks_per_beat=midi.ticks_per_beat, steps_per_beat=steps_per_beat, alphabet=alphabet
    )
    bars = bar_numbers(midi, steps=len(tokens), steps_per_beat=steps_per_beat)
    return Piece(row["id"], row["composer"], row["work"], tokens, bars), losses


def bar_numbers(midi: Midi, *, steps: int, steps_per_beat: int) -> NDArray[np.int64]:
    """The bar that each grid step is in, from 0; shape (steps,). Bar lines are rounded to the grid.

    Without a time signature, and until the first, bars are of four beats.
    """
    end = max(midi.end, steps * midi.ticks_per_beat // steps_per_beat + 1)
    # Of several at one tick the last counts; `sorted` keeps their order.
    signatures = [
        (s.tick, s.numerator * 4 * midi.ticks_per_beat // s.denominator)
        for s in sorted(midi.time_signatures, key=lambda s: s.tick)
    ]
    if not signatures or signatures[0][0] > 0:
        signatures.insert(0, (0, 4 * midi.ticks_per_beat))
    lines: list[int] = []
    for (start, length), (stop, _) in zip(signatures, [*signatures[1:], (end, 0)], strict=True):
        lines.extend(range(start, stop, max(length, 1)))
    at = codec.to_steps(
        np.array(lines, dtype=np.int64), ticks_per_beat=midi.ticks_per_beat, steps_per_beat=steps_per_beat
    )
    return np.searchsorted(np.unique(at), np.arange(steps), side="right") - 1


def encoding_figures(encoded: Sequence[tuple[Piece, Losses]], splits: Mapping[str, str], grid: Grid) -> dict[str, Any]:
    """The figures of metrics/encode.json, counts of notes but for the share off the grid.

    `phrases` are of four beats, whatever length params.yaml gives to the phrases that the model sees.
    """
    losses = sum((losses for _, losses in encoded), Losses())
    tokens = np.concatenate([piece.tokens for piece, _ in encoded])
    pitches = np.unique(tokens[codec.onset_mask(tokens, grid.alphabet)]).astype(int) + grid.alphabet.pitch_min
    beats = -(-len(tokens) // grid.steps_per_beat)
    in_split = {name: [p for p, _ in encoded if splits[p.id] == name] for name in SPLITS}
    return {
        "pieces": len(encoded),
        "steps": len(tokens),
        "phrases": sum(-(-len(piece.tokens) // (4 * grid.steps_per_beat)) for piece, _ in encoded),
        "beats": beats,
        "alphabet": grid.alphabet.size,
        "symbols_used": len(np.unique(tokens)),
        "pitch_lowest": pitches.min(),
        "pitch_highest": pitches.max(),
        "notes": losses.notes,
        "notes_moved_into_range": losses.moved_into_range,
        "notes_dropped_from_chords": losses.dropped_from_chords,
        "notes_merged_on_grid": losses.merged_on_grid,
        "onsets_off_grid_share": losses.off_grid / losses.notes,
        "splits": {
            name: {
                "works": len({(p.composer, p.work) for p in chosen}),
                "pieces": len(chosen),
                "steps": sum(len(p.tokens) for p in chosen),
            }
            for name, chosen in in_split.items()
        },
    }
