"""Notes from and to MIDI files, by symusic.

Conventions
-----------
Times are integers in ticks; a beat is a quarter note and has `ticks_per_beat` ticks. Tracks keep the order of the
file. symusic splits a track that changes its program (arco, pizzicato) into one track per program, all with the
same name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import symusic

from quartetvae.codec import PART_NAMES, PROGRAMS, Alphabet, Tokens, decode
from quartetvae.errors import MidiError, no_file
from quartetvae.files import replacing
from quartetvae.notes import Notes, make_notes


@dataclass(frozen=True)
class Track:
    """One track: its name, General MIDI program (0-based; 40 is a violin) and notes."""

    name: str
    program: int
    is_drum: bool
    notes: Notes


@dataclass(frozen=True)
class TimeSignature:
    """From `tick` on, bars of `numerator`/`denominator`."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Tempo:
    """From `tick` on, `qpm` quarter notes per minute."""

    tick: int
    qpm: float


@dataclass(frozen=True)
class Midi:
    """A MIDI file's music: tracks with their notes, and its time signatures and tempos in order."""

    ticks_per_beat: int
    tracks: tuple[Track, ...]
    time_signatures: tuple[TimeSignature, ...] = ()
    tempos: tuple[Tempo, ...] = ()

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 without notes."""
        ends = [int((t.notes["onset"] + t.notes["duration"]).max()) for t in self.tracks if len(t.notes)]
        return max(ends, default=0)


def read(path: Path) -> Midi:
    """Read a MIDI file.

    Raises
    ------
    MidiError
        If the file is missing, empty or damaged. A file without notes is no error here.
    """
    if reason := no_file(path):
        raise MidiError(reason)
    try:
        score = symusic.Score(str(path))
    # symusic raises RuntimeError, ValueError or OSError by the kind of damage.
    except Exception as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise MidiError(
            f"{path.name}: not a readable MIDI file ({detail}); export it again or leave it out."
        ) from error
    tracks = []
    for track in score.tracks:
        columns = track.notes.numpy()
        notes = make_notes(columns["time"], columns["duration"], columns["pitch"], columns["velocity"])
        tracks.append(Track(track.name.rstrip("\0").strip(), track.program, track.is_drum, notes))
    # Damaged ones (bars of 0 beats, or of beats of 0) say nothing; the music can be read without.
    signatures = tuple(
        TimeSignature(s.time, s.numerator, s.denominator)
        for s in score.time_signatures
        if s.numerator > 0 and s.denominator > 0
    )
    tempos = tuple(Tempo(tempo.time, float(tempo.qpm)) for tempo in sorted(score.tempos, key=lambda t: t.time))
    return Midi(score.ticks_per_quarter, tuple(tracks), signatures, tempos)


def write(path: Path, midi: Midi, *, tempo_qpm: float) -> None:
    """Write a MIDI file (type 1) of one tempo, in quarter notes per minute; replaces `path` in one step.

    `midi.tempos` are passed over. The same arguments give the same bytes.
    """
    score = symusic.Score(midi.ticks_per_beat)
    score.tempos.append(symusic.Tempo(0, tempo_qpm))
    for signature in midi.time_signatures:
        score.time_signatures.append(symusic.TimeSignature(signature.tick, signature.numerator, signature.denominator))
    for track in midi.tracks:
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
    metre: Iterable[tuple[int, int, int]] = (),
) -> None:
    """Write a part array, uint8 (steps, 4), as a MIDI file of four named tracks, programs 40, 40, 41, 42.

    `metre`: time signatures, each the step from which it holds, its numerator and its denominator.
    """
    # A step becomes a whole number of ticks; few programs read resolutions as coarse as 4.
    ticks_per_step = max(1, 480 // steps_per_beat)
    tracks = []
    for name, program, notes in zip(PART_NAMES, PROGRAMS, decode(tokens, alphabet), strict=True):
        scaled = notes.copy()
        scaled["onset"] *= ticks_per_step
        scaled["duration"] *= ticks_per_step
        tracks.append(Track(name, program, False, scaled))
    signatures = tuple(TimeSignature(step * ticks_per_step, upper, lower) for step, upper, lower in metre)
    write(path, Midi(ticks_per_step * steps_per_beat, tuple(tracks), signatures), tempo_qpm=tempo_qpm)
