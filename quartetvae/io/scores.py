"""Scores (MusicXML and kern) to notes, by music21.

Conventions
-----------
A score becomes the same `Music` that a MIDI file does: a track per part (a piano's two staves are two parts), in
the order of the page, at sounding pitch. Tied notes are one note; all notes of a chord stay; grace notes, chord symbols
and unpitched percussion do not; of a unison of two voices one note stays, the longer one.

Times are rounded to a grid of `TICKS_PER_BEAT`, which holds dotted 64ths, triplets, quintuplets, septuplets and
nonuplets exactly; rarer tuplets lose under a thousandth of a beat.

Bars
----
Editors leave bars too short or too full in one part of many a score, and music21 then sets that part's next bars early
or late for the rest of the piece. Here the parts meet again at every bar: a bar is as long as most parts have it, and a
note that goes on beyond its bar's end without a tie is cut there. (Parts that don't have the same number of bars can't
be set side by side; each is then played by itself.) A pickup bar gets a time signature of its own length, so that
bars lie where the score has them.

Repeats
-------
Repeat barlines and first and second endings are played as the top part has them. "D.C.", "D.S." and codas are not: in
a file that holds a whole work they would lead back to its first movement, and all that they add is music heard before.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

from quartetvae.errors import ScoreError, no_file
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.tracks import Music, Tempo, TimeSignature, Track

SUFFIXES = {".xml": "musicxml", ".musicxml": "musicxml", ".mxl": "musicxml", ".krn": "humdrum"}
"""File suffixes of scores, in lower case, and music21's name for their format."""

TICKS_PER_BEAT = 10080


@dataclass(frozen=True)
class _Note:
    """A written note; times in ticks from its bar's start, or from the piece's."""

    onset: int
    end: int
    pitch: int
    tied_from: bool
    tied_to: bool


@dataclass(frozen=True)
class _Bar:
    """A bar of one part; times in ticks."""

    start: int
    length: int
    notes: tuple[_Note, ...]
    signature: tuple[int, int] | None
    tempos: tuple[Tempo, ...]
    """In force at its start, if any, and changes within it."""


@dataclass(frozen=True)
class Marks:
    """What a bar says about repeats: a section begins or ends here; the endings it is under, if any."""

    begins: bool = False
    ends: bool = False
    times: int = 2
    """How often the section that ends here is played."""
    endings: frozenset[int] = frozenset()


def read(path: Path, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Music:
    """Read a score; its format is told by its suffix, one of `SUFFIXES`.

    Where the file says no program, the name of an instrument of the ensemble does.

    Raises
    ------
    ScoreError
        If the file is missing, damaged, holds several scores, or no notes.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise ScoreError(f"{path.name}: not a score by its suffix; one of {', '.join(SUFFIXES)} is needed.")
    if reason := no_file(path):
        raise ScoreError(reason)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # music21 warns of bars too full, which are mended here
            music = _convert(path, kind, ensemble)
    except ScoreError:
        raise
    # music21 raises whatever its parsers stumble over, KeyError and AttributeError among them.
    except Exception as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise ScoreError(
            f"{path.name}: not a readable {kind} file ({detail}); export it again or leave it out."
        ) from error
    if music.end == 0:
        raise ScoreError(f"{path.name}: no notes found; export it again or leave it out.")
    return music


def part_names(path: Path) -> list[str]:
    """List the names of a MusicXML file's parts, from its head alone, so in no time.

    Raises
    ------
    ScoreError
        If there is no list of parts to read.
    """
    try:
        if not zipfile.is_zipfile(path):
            return _listed_parts(path)
        with zipfile.ZipFile(path) as archive:
            container = ElementTree.fromstring(archive.read("META-INF/container.xml"))  # noqa: S314 - see below
            root = next(
                element.get("full-path", "") for element in container.iter() if element.tag.endswith("rootfile")
            )
            with archive.open(root) as file:
                return _listed_parts(file)
    except (OSError, KeyError, StopIteration, zipfile.BadZipFile, zlib.error, ElementTree.ParseError) as error:
        raise ScoreError(f"{path.name}: no list of parts ({error}); a MusicXML file is needed.") from error


def _listed_parts(file: Path | IO[bytes]) -> list[str]:
    # Its expat stops entities that blow up and loads none from elsewhere; music21 reads the whole file by the same.
    for _, element in ElementTree.iterparse(file):  # noqa: S314 - see above
        if element.tag == "part-list":
            return [part.findtext("part-name") or "" for part in element.iter("score-part")]
    return []


def play_order(bars: Sequence[Marks]) -> list[int]:
    """Find the order in which bars are played, as indices: repeats twice (or as often as they say), endings in turn.

    A repeat that nobody began goes back to the end of the last one, or to the first bar.
    """
    order = []
    start, index, turn = 0, 0, 1
    while index < len(bars):
        bar = bars[index]
        leaves_endings = index > 0 and bars[index - 1].endings and not bar.endings
        if (bar.begins or leaves_endings) and index != start:
            start, turn = index, 1
        if bar.endings and turn not in bar.endings:
            index += 1
            continue
        order.append(index)
        index += 1
        if bar.ends:
            times = max(bar.endings) + 1 if 1 in bar.endings else bar.times
            if turn < times:
                index, turn = start, turn + 1
            else:
                start, turn = index, 1
    return order


def _convert(path: Path, kind: str, ensemble: Ensemble) -> Music:
    from music21 import converter, stream

    parser: Any = converter.Converter()
    # Without its cache of pickles the result depends on the file alone.
    parser.parseFile(path, format=kind, forceSource=True, storePickle=False)
    parsed: Any = parser.stream
    if isinstance(parsed, stream.Opus):
        raise ScoreError(f"{path.name}: {len(parsed.scores)} scores in one file; a file for each is needed.")
    parsed.toSoundingPitch(inPlace=True)
    parts: list[Any] = list(parsed.parts) if isinstance(parsed, stream.Score) else [parsed]
    columns = [_bars(part) for part in parts]
    if len({len(column) for column in columns}) == 1:
        columns = _aligned(columns)
        order = play_order(_marks(parts[0]))
        columns = [_played(column, order) for column in columns]
    tracks = tuple(
        Track(*_name_and_program(part, ensemble), is_drum=False, notes=_sounding(column))
        for part, column in zip(parts, columns, strict=True)
    )
    return Music(TICKS_PER_BEAT, tracks, _time_signatures(columns[0]) if columns else (), _tempos(columns))


def _measures(part: Any) -> list[Any]:
    """List the bars of a part; the part itself if it has none."""
    from music21 import stream

    return list(part.getElementsByClass(stream.Measure)) or [part]


def _ticks(beats: float | Fraction) -> int:
    return round(Fraction(beats) * TICKS_PER_BEAT)


def _bars(part: Any) -> list[_Bar]:
    measures = _measures(part)
    starts = [0 if measure is part else _ticks(part.elementOffset(measure)) for measure in measures]
    signature = None
    tempo: tuple[Tempo, ...] = ()
    bars = []
    for measure, start, end in zip(measures, starts, [*starts[1:], _ticks(part.highestTime)], strict=True):
        written = measure.recurse().getElementsByClass("TimeSignature").first()
        if written is not None:
            signature = (int(written.numerator), int(written.denominator))
        changes = tuple(_written_tempos(measure))
        bars.append(_Bar(start, end - start, tuple(_notes(measure)), signature, (*tempo, *changes)))
        tempo = tuple(replace(change, tick=0) for change in (tempo + changes)[-1:])
    return bars


def _written_tempos(measure: Any) -> Iterator[Tempo]:
    """List metronome marks; a word alone (Adagio) counts as music21 takes it, if it knows the word."""
    for mark in measure.recurse().getElementsByClass("MetronomeMark"):
        qpm = mark.getQuarterBPM()
        if qpm is not None:
            yield Tempo(_ticks(mark.getOffsetInHierarchy(measure)), float(qpm))


def _notes(measure: Any) -> Iterator[_Note]:
    from music21 import chord, harmony, note

    for element in measure.recurse().notes:
        is_pitched = isinstance(element, note.Note | chord.Chord) and not isinstance(element, harmony.Harmony)
        if element.duration.isGrace or not is_pitched:
            continue
        offset = element.getOffsetInHierarchy(measure)
        onset, end = _ticks(offset), _ticks(offset + element.duration.quarterLength)
        for single in element.notes if isinstance(element, chord.Chord) else [element]:
            tie = single.tie.type if single.tie is not None else ""
            yield _Note(onset, end, int(single.pitch.midi), tie in ("stop", "continue"), tie in ("start", "continue"))


def _marks(part: Any) -> list[Marks]:
    from music21 import bar, spanner

    measures = _measures(part)
    endings: dict[int, frozenset[int]] = {}
    for bracket in part.recurse().getElementsByClass(spanner.RepeatBracket):
        numbers = frozenset(int(number) for number in bracket.numberRange)
        endings |= {id(measure): numbers for measure in bracket.getSpannedElements()}
    marks = []
    for measure in measures:
        left: Any = getattr(measure, "leftBarline", None)
        right: Any = getattr(measure, "rightBarline", None)
        ends = isinstance(right, bar.Repeat) and right.direction == "end"
        marks.append(
            Marks(
                begins=isinstance(left, bar.Repeat) and left.direction == "start",
                ends=ends,
                times=(right.times if ends else None) or 2,
                endings=endings.get(id(measure), frozenset()),
            )
        )
    return marks


def _aligned(columns: Sequence[Sequence[_Bar]]) -> list[list[_Bar]]:
    """Give the parts' bars one length for each bar of the score."""
    lengths = [_common_length(row) for row in zip(*columns, strict=True)]
    return [[replace(bar, length=length) for bar, length in zip(column, lengths, strict=True)] for column in columns]


def _common_length(row: Sequence[_Bar]) -> int:
    """Choose the length of a bar in all parts: what most have, else the time signature's, or the nearest to it."""
    numerator, denominator = row[0].signature or (4, 4)
    full = _ticks(Fraction(4 * numerator, denominator))
    # Beyond a full bar may be nothing but rests, left over by the editor.
    lengths = [min(bar.length, max(full, max((n.end for n in bar.notes), default=0))) for bar in row]
    return max(
        set(lengths),
        key=lambda length: (2 * lengths.count(length) > len(lengths), -abs(length - full), length),
    )


def _played(column: Sequence[_Bar], order: Sequence[int]) -> list[_Bar]:
    """Put bars in the order that they are played, one after the other."""
    bars = []
    start = 0
    for index in order:
        bar = column[index]
        notes = tuple(replace(n, end=min(n.end, bar.length)) for n in bar.notes if n.onset < bar.length)
        bars.append(replace(bar, start=start, notes=notes))
        start += bar.length
    return bars


def _sounding(column: Sequence[_Bar]) -> Notes:
    """Collect the notes of a part as they are heard: tied ones as one, none struck while it sounds."""
    written = [replace(n, onset=bar.start + n.onset, end=bar.start + n.end) for bar in column for n in bar.notes]
    heard: list[tuple[int, int, int]] = []
    last: dict[int, tuple[int, bool]] = {}
    """By pitch, the place of its last note in `heard`, and whether a tie leads on from it."""
    for note in sorted(written, key=lambda n: (n.onset, n.pitch)):
        if note.pitch in last:
            place, open_tie = last[note.pitch]
            onset, _, end = heard[place]
            is_unison = note.onset == onset
            # Onset and end of neighbours may be rounded apart by a tick.
            if is_unison or (note.tied_from and open_tie and abs(note.onset - end) <= 1):
                heard[place] = (onset, note.pitch, max(end, note.end))
                last[note.pitch] = (place, note.tied_to or (is_unison and open_tie))
                continue
            heard[place] = (onset, note.pitch, min(end, note.onset))
        last[note.pitch] = (len(heard), note.tied_to)
        heard.append((note.onset, note.pitch, note.end))
    return make_notes(
        [onset for onset, _, _ in heard],
        [max(1, end - onset) for onset, _, end in heard],
        [pitch for _, pitch, _ in heard],
    )


def _name_and_program(part: Any, ensemble: Ensemble) -> tuple[str, int]:
    instrument = part.getInstrument()
    name = " ".join((part.partName or instrument.partName or instrument.instrumentName or "").split())
    program = instrument.midiProgram
    if program is None:
        names = (name, instrument.instrumentName or "")
        program = next(filter(None, map(ensemble.program_by_name, names)), 0)
    return name, int(program)


def _time_signatures(column: Sequence[_Bar]) -> tuple[TimeSignature, ...]:
    found: list[TimeSignature] = []
    for index, bar in enumerate(column):
        signature = bar.signature
        if signature is not None and index == 0 and len(column) > 1:
            signature = _pickup(bar.length, signature)
        if signature is not None and (not found or signature != (found[-1].numerator, found[-1].denominator)):
            found.append(TimeSignature(bar.start, *signature))
    return tuple(found)


def _tempos(columns: Sequence[Sequence[_Bar]]) -> tuple[Tempo, ...]:
    """Collect the tempos of the first part that has any: they stand above the score, so in its first part."""
    for column in columns:
        said = [replace(tempo, tick=bar.start + tempo.tick) for bar in column for tempo in bar.tempos]
        changes = [tempo for k, tempo in enumerate(said) if not k or tempo.qpm != said[k - 1].qpm]
        if changes:
            return tuple(changes)
    return ()


def _pickup(length: int, signature: tuple[int, int]) -> tuple[int, int]:
    """Choose the time signature of a first bar that may be shorter than `signature`."""
    numerator, denominator = signature
    share = Fraction(length, 4 * TICKS_PER_BEAT)
    if not 0 < share < Fraction(numerator, denominator) or 64 % share.denominator:
        return signature
    denominator = max(denominator, share.denominator)
    return int(share * denominator), denominator
