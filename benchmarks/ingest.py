"""MIDI files to what a model reads: ours against music21, pretty_midi and muspy, as their users would write it.

Ours reads a file, mends it, finds whose part each track is and encodes the four parts on the grid of params.yaml. The
others make a piano roll of the same steps, (steps, 128), and find no parts. Beside them stands symusic, which ours
reads MIDI by, with its own piano roll: `ratio_next_best` is of the others alone. The files are some of MusicNet's
string quartets, from the smallest to the largest, if QUARTETVAE_MIRROR names where they lie; else those that come with
music21. CPU seconds of one core, imports left out; names of tracks that were read once are known from then on.

muspy is no dependency of the project: `pip install muspy`, into an environment of one's own, to have it compared.
"""

import functools
import importlib.util
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import music, turns
from quartetvae.corpus.sources import musicnet
from quartetvae.io import read
from quartetvae.music.quartet import Grid

TURNS = 3
FILES = 20
"""Of the corpus, that all read; music21 takes seconds for each."""

PITCHES = 128

Roll = NDArray[np.bool_]
"""Which pitches sound at each step: (steps, 128)."""


def of_music21(path: Path, steps_per_beat: int) -> Roll:
    """Make a piano roll by music21, whose caches are left alone."""
    from music21 import converter

    notes = converter.parse(path, format="midi", forceSource=True, storePickle=False).flatten().notes
    times = [(round(float(note.offset) * steps_per_beat), note) for note in notes]
    spans = [(start, start + _steps(float(note.quarterLength) * steps_per_beat), note) for start, note in times]
    roll = np.zeros((max(end for _, end, _ in spans), PITCHES), dtype=bool)
    for start, end, note in spans:
        for pitch in note.pitches:
            roll[start:end, pitch.midi] = True
    return roll


def of_pretty_midi(path: Path, steps_per_beat: int) -> Roll:
    """Make a piano roll by pretty_midi. Its own has steps of a second's parts, not of a beat's."""
    import pretty_midi

    file = pretty_midi.PrettyMIDI(str(path))
    scale = steps_per_beat / file.resolution
    spans = []
    for instrument in file.instruments:
        for note in instrument.notes:
            start, end = (file.time_to_tick(time) for time in (note.start, note.end))
            first = round(start * scale)
            spans.append((first, first + _steps((end - start) * scale), note.pitch))
    roll = np.zeros((max(end for _, end, _ in spans), PITCHES), dtype=bool)
    for first, last, pitch in spans:
        roll[first:last, pitch] = True
    return roll


def of_muspy(path: Path, steps_per_beat: int) -> Roll:
    """Make a piano roll by muspy, all its own; it ends with an empty step, which is cut off."""
    import muspy

    file = muspy.read_midi(path)
    file.adjust_resolution(steps_per_beat)
    return np.asarray(muspy.to_pianoroll_representation(file, encode_velocity=False))[:-1]


def of_symusic(path: Path, steps_per_beat: int) -> Roll:
    """Make a piano roll by symusic, all its own; it ends with an empty step, which is cut off."""
    import symusic

    rolls = symusic.Score(path).resample(steps_per_beat, min_dur=1).pianoroll(modes=["frame"])
    return np.asarray(rolls.any(axis=(0, 1)).T)[:-1]


PEERS: dict[str, Callable[[Path, int], Roll]] = {
    "music21": of_music21,
    "pretty_midi": of_pretty_midi,
    "muspy": of_muspy,
    "symusic": of_symusic,
}

NEXT_BEST = ("pretty_midi", "muspy")
"""The best of these is asked to take five times as long. symusic is no peer, but what ours is built upon."""


def measure(*, turns_of_all: int = TURNS, files: int = FILES) -> dict[str, Any]:
    """Time all on the same files, and ours on all quartets."""
    grid = music.grid()
    with tempfile.TemporaryDirectory() as name:
        source, paths = corpus(Path(name))
        sample = spread(paths, files)
        left_out = [peer for peer in PEERS if importlib.util.find_spec(peer) is None]
        readers: dict[str, Callable[[Path], Any]] = {"ours": functools.partial(_ours, grid=grid)}
        for peer in PEERS:
            if peer not in left_out:
                readers[peer] = functools.partial(_by_peer, PEERS[peer], grid.steps_per_beat)
        contenders = {peer: functools.partial(_each, reader, sample) for peer, reader in readers.items()}
        for reader in readers.values():
            reader(sample[0])  # imports, tables
        seconds = turns.medians(contenders, turns_of_all)
        everything = turns.medians({"ours": functools.partial(_each, readers["ours"], paths)}, turns_of_all)["ours"]
        megabytes = sum(path.stat().st_size for path in sample) / 1e6
    ratios = {peer: seconds[peer] / seconds["ours"] for peer in seconds if peer != "ours"}
    return {
        "source": source,
        "files": len(sample),
        "megabytes": megabytes,
        "milliseconds_per_file": {peer: 1000 * spent / len(sample) for peer, spent in seconds.items()},
        **{f"ratio_{peer}": ratio for peer, ratio in ratios.items()},
        "ratio_next_best": min(ratios[peer] for peer in NEXT_BEST if peer in ratios),
        "all_quartets": {"files": len(paths), "files_per_second": len(paths) / everything},
        "not_installed": left_out,
    }


def corpus(folder: Path) -> tuple[str, list[Path]]:
    """Put MIDI files of quartets into a folder; tell where they are from, and list them by size."""
    mirror = os.environ.get("QUARTETVAE_MIRROR")
    if mirror:
        rows = musicnet.fetch(folder, cache=folder / "cache", mirror=mirror)
        source, paths = "MusicNet", [folder / row.file for row in rows if row.ensemble == "String Quartet"]
    else:
        music.prepare(folder)
        source, paths = "music21", list(folder.glob("*/*.mid"))
    return source, sorted(paths, key=lambda path: path.stat().st_size)


def spread(paths: list[Path], count: int) -> list[Path]:
    """Take so many, from the first to the last at even distances; all if there are no more."""
    return [paths[place] for place in np.unique(np.linspace(0, len(paths) - 1, count).round().astype(int))]


def _each(reader: Callable[[Path], Any], paths: list[Path]) -> None:
    for path in paths:
        reader(path)


def _ours(path: Path, *, grid: Grid) -> Any:
    return read.read_piece(path, grid, spread=True).tokens


def _by_peer(reader: Callable[[Path, int], Roll], steps_per_beat: int, path: Path) -> Roll:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bars that are too full, of tempo marks on other tracks
        return reader(path, steps_per_beat)


def _steps(length: float) -> int:
    """Round a note's length to steps; one at least."""
    return max(1, round(length))
