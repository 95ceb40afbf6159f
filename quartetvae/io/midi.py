"""MIDI files, by symusic; what it would misread is mended before (`quartetvae.io.midi_repair`).

Conventions
-----------
Times are in ticks, as in `quartetvae.music.tracks`. symusic splits a track that changes its program (arco, pizzicato)
into one track per program, all with the same name.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import symusic
from numpy.typing import NDArray

from quartetvae.errors import MidiError, no_file
from quartetvae.files import replacing
from quartetvae.io import limits, midi_repair
from quartetvae.io.midi_repair import Repaired
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.notes import NOTE, Notes, make_notes
from quartetvae.music.tracks import Music, Tempo, TimeSignature, Track

LONGEST_NAME = 32
"""Characters of the name of a part that rests throughout."""


def read(path: Path, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Music:
    """Read a MIDI file.

    After the tracks with notes come those without any that bear a name of a part that no other bears: parts that rest
    throughout.

    Parameters
    ----------
    ensemble
        Whose parts and instruments names and programs may tell.

    Raises
    ------
    MidiError
        If the file is missing, empty or damaged, of songs (type 2), or counts no ticks per beat. A file without notes
        is no error here.
    """
    if reason := no_file(path):
        raise MidiError(reason)
    content = limits.read(path, limits.MIDI_BYTES, MidiError)
    return of_repaired(midi_repair.repair(content, path.name, ensemble=ensemble), path.name, ensemble=ensemble)


def of_repaired(repaired: Repaired, name: str, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Music:
    """Read a file that has been mended, as `read` does; `name` is for messages."""
    try:
        score = symusic.Score.from_midi(repaired.content)
    # symusic raises RuntimeError, ValueError or OSError by the kind of damage.
    except Exception as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise MidiError(f"{name}: not a readable MIDI file ({detail}); export it again or leave it out.") from error
    tracks = []
    for track in score.tracks:
        notes = _notes(track.notes.numpy())
        tracks.append(Track(track.name.rstrip("\0").strip(), track.program, track.is_drum, notes))
    tracks += _resting(repaired, tracks, ensemble)
    # Damaged ones (bars of 0 beats, or of beats of 0) say nothing; the music can be read without.
    signatures = tuple(
        TimeSignature(s.time, s.numerator, s.denominator)
        for s in score.time_signatures
        if s.numerator > 0 and s.denominator > 0
    )
    return Music(score.ticks_per_quarter, tuple(tracks), signatures, _tempos(score), left_out=repaired.left_out)


def _tempos(score: Any) -> tuple[Tempo, ...]:
    """Put symusic's tempos, of microseconds for a beat, in order."""
    columns = score.tempos.numpy()
    order = np.argsort(columns["time"], kind="stable")
    with np.errstate(divide="ignore"):  # damaged ones say 0
        qpm = 60e6 / columns["mspq"][order]
    return tuple(map(Tempo._make, zip(columns["time"][order].tolist(), qpm.tolist(), strict=True)))


def _notes(columns: Mapping[str, NDArray[Any]]) -> Notes:
    """Put the columns of symusic's notes together."""
    key = columns["time"].astype(np.int64) * 256 + columns["pitch"]
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    if (sorted_key[1:] == sorted_key[:-1]).any():
        # Of equal onset and pitch the longest stands first, and so counts where one has to do.
        order = np.lexsort((-columns["duration"], key))
    # As `make_notes` does, which would look again whether they are in order.
    notes = np.empty(len(order), dtype=NOTE)
    for name, of in (("onset", "time"), ("duration", "duration"), ("pitch", "pitch"), ("velocity", "velocity")):
        notes[name] = columns[of][order]
    return notes


def _resting(repaired: Repaired, tracks: Sequence[Track], ensemble: Ensemble) -> list[Track]:
    """Make tracks of the parts that have a name and no notes; symusic leaves them out."""
    there = {midi_repair.told(track.name, ensemble)[0] for track in tracks if len(track.notes)}
    resting = []
    for name, track in zip(repaired.names, repaired.tracks, strict=True):
        # A longer one is a title, whatever instruments it names.
        is_name = 0 < len(name) <= LONGEST_NAME and not track.begins.any()
        part = midi_repair.told(name, ensemble)[0] if is_name else None
        if part is not None and part not in there:
            there.add(part)
            own = track.events["first"][track.programs].tolist()
            program = own[0] if own else ensemble.programs[ensemble.ids.index(part)]
            resting.append(Track(name, program, False, make_notes([], [], [])))
    return resting


def write(path: Path, music: Music, *, tempo_qpm: float) -> None:
    """Write a MIDI file (type 1) of one tempo, in quarter notes per minute; replaces `path` in one step.

    `music.tempos` are passed over. The same arguments give the same bytes.
    """
    score = symusic.Score(music.ticks_per_beat)
    score.tempos.append(symusic.Tempo(0, tempo_qpm))
    for signature in music.time_signatures:
        score.time_signatures.append(symusic.TimeSignature(signature.tick, signature.numerator, signature.denominator))
    for track in music.tracks:
        out = symusic.Track(track.name, track.program, track.is_drum)
        for note in track.notes:
            onset, duration, pitch, velocity = (int(value) for value in note.item())
            out.notes.append(symusic.Note(onset, duration, pitch, velocity))
        score.tracks.append(out)
    with replacing(path) as temporary:
        # By Python's own file: where the disk is full symusic's says nothing.
        temporary.write_bytes(score.dumps_midi())


def write_quartet(
    path: Path,
    tokens: Tokens,
    alphabet: Alphabet,
    *,
    steps_per_beat: int,
    tempo_qpm: float,
    time_signatures: Iterable[tuple[int, int, int]] = (),
    ensemble: Ensemble = DEFAULT_ENSEMBLE,
) -> None:
    """Write a part array, uint8 (steps, columns), as a MIDI file of four tracks with the ensemble's names and programs.

    Notes of one part that sound together are on one track: they differ in pitch.

    `time_signatures`: each the step from which it holds, its numerator and its denominator.
    """
    # A step becomes a whole number of ticks; few programs read resolutions as coarse as 4.
    ticks_per_step = max(1, 480 // steps_per_beat)
    tracks = []
    for part, notes in zip(ensemble.parts, codec.decode(tokens, alphabet), strict=True):
        scaled = notes.copy()
        scaled["onset"] *= ticks_per_step
        scaled["duration"] *= ticks_per_step
        tracks.append(Track(part.name, part.program, False, scaled))
    signatures = tuple(TimeSignature(step * ticks_per_step, upper, lower) for step, upper, lower in time_signatures)
    write(path, Music(ticks_per_step * steps_per_beat, tuple(tracks), signatures), tempo_qpm=tempo_qpm)
