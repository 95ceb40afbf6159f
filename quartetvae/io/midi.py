"""MIDI files, by symusic.

Conventions
-----------
Times are in ticks, as in `quartetvae.music.tracks`. symusic splits a track that changes its program (arco, pizzicato)
into one track per program, all with the same name.
"""

from collections.abc import Iterable
from pathlib import Path

import symusic

from quartetvae.errors import MidiError, no_file
from quartetvae.files import replacing
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.notes import make_notes
from quartetvae.music.tracks import Music, Tempo, TimeSignature, Track


def read(path: Path) -> Music:
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
    return Music(score.ticks_per_quarter, tuple(tracks), signatures, tempos)


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
    """Write a part array, uint8 (steps, 4), as a MIDI file of four tracks with the ensemble's names and programs.

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
