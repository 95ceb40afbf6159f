"""MusicXML to the bars of parts: what is played of what is written.

Read here rather than by music21, which needs minutes for a quartet of many bars (each bar that it adds, it goes through
all bars before) and refuses a whole file for one empty tempo mark. music21 is what the reading is tested against.

What is read
------------
Plain files in any encoding that they declare, compressed ones (.mxl: the file that the container names), by part or by
bar (score-timewise). A part on several staves (a piano's two) is a part for each. Pitches are as they sound. Lengths
are what the file says in divisions.

What is not
-----------
Cue notes are to be seen, not played: they count as rests (small print alone makes no cue note). Grace notes, chord
symbols, unpitched percussion and notes without length are left out; notes that are left out are counted. An element
that says nothing (an empty tempo mark, a transposition that lacks a half) is passed over; one that the time of notes
hangs on is an error.
"""

import io
import lzma
import math
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from quartetvae.errors import ScoreError
from quartetvae.io import limits
from quartetvae.music.bars import DENOMINATORS, TICKS_PER_BEAT, Bar, Score, ScorePart, WrittenNote
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.repeats import Marks
from quartetvae.music.tracks import Credits, Tempo

MOST_DIGITS = 40
"""Of a number; what has more is cut there."""

UNPACKING_ERRORS = (
    *(OSError, KeyError, EOFError, OverflowError, struct.error, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    NotImplementedError,  # a compression that Python lacks
    RuntimeError,  # a password
    ValueError,  # names that cannot be decoded
)
"""What Python's zipfile raises, by the kind of damage."""

Rational = int | Fraction
"""A number of divisions; whole in all but odd files."""

CONTAINER = "META-INF/container.xml"
"""What names the score in a compressed file."""

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

BEAT_UNITS = {
    **{"long": 16.0, "breve": 8.0, "whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25},
    **{"32nd": 0.125, "64th": 0.0625},
}
"""Quarter notes of what a metronome mark counts."""

NOT_PLAYED = {"grace": "grace notes", "cue": "cue notes", "unpitched": "unpitched notes"}
"""Elements that make a note one that is left out, and what such notes are called."""

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
"""A decimal number, without an exponent: `1e999999999` would take all memory."""

TEMPO = re.compile(r"[^\W\d_a-z]\w\w")
"""How the name of a tempo or form begins: with a capital, and with letters."""

NUMERAL = re.compile(r"(?:no\.?\s*|nr\.?\s*)?(?:[ivx]{1,5}|\d{1,2})\s*[.:)]?", re.IGNORECASE)
"""The number of a movement, where it stands alone."""

HEADING = re.compile(
    r"((?:[Nn][or]\.?\s*)?(?:[IVX]{1,5}|\d{1,2})\s*[.:)]|(?:[Nn][or]\.?\s*)\d{1,2}|[IVX]{1,5})\s+(?!Corda)([^\W\d_a-z]\w.*)"
)
"""A number and a title in one text: `II. Menuetto`, `No. 2 Andante`, `III Rondo`; `IV Corda` is a string."""


def read(path: Path, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Score:
    """Read a MusicXML file.

    Raises
    ------
    ScoreError
        If it is damaged, no MusicXML, or too large.
    """
    root = _root(path)
    if root.tag == "opus":
        raise ScoreError(f"{path.name}: an opus, a list of scores; name one of the scores.")
    if root.tag not in ("score-partwise", "score-timewise"):
        raise ScoreError(
            f"{path.name}: not a readable musicxml file (its root is '{root.tag}', no 'score-partwise'); export it "
            "again or leave it out."
        )
    content = _by_part(root)
    if not content:
        raise ScoreError(f"{path.name}: no parts in it; export it again or leave it out.")
    left_out: Counter[str] = Counter()
    heads = {part.get("id", ""): part for part in root.iterfind("part-list/score-part")}
    parts: list[ScorePart] = []
    for id, measures in content.items():
        name, program = _name_and_program(heads.get(id), ensemble)
        reader = _PartReader(f"{path.name}, part {name or id}", left_out)
        parts += [ScorePart(name, program, bars) for bars in reader.read(measures)]
    return Score(tuple(parts), _credits(root), dict(left_out))


def part_names(path: Path) -> list[str]:
    """List the names of a file's parts, from its head alone, so in no time.

    Raises
    ------
    ScoreError
        If there is no list of parts to read.
    """
    try:
        # S314: `_content` refuses entities, and expat loads none from elsewhere.
        for _, element in ElementTree.iterparse(io.BytesIO(_content(path))):  # noqa: S314 - safe by our limits
            if element.tag == "part-list":
                return [part.findtext("part-name") or "" for part in element.iter("score-part")]
    except ElementTree.ParseError as error:
        raise ScoreError(f"{path.name}: no list of parts ({error}); a MusicXML file is needed.") from error
    return []


def _content(path: Path) -> bytes:
    """Read the XML of a file, out of its container if it is in one."""
    try:
        content = _unpacked(path) if zipfile.is_zipfile(path) else limits.read(path, limits.XML_BYTES, ScoreError)
    except ScoreError:
        raise
    except UNPACKING_ERRORS as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise ScoreError(f"{path.name}: cannot be unpacked ({detail}); export it again or leave it out.") from error
    limits.check_xml(content, path.name)
    return content


def _unpacked(path: Path) -> bytes:
    """Read the score in a container."""
    # All of it, which is little: its list of files is read whole, too.
    packed = limits.read(path, limits.PACKED_BYTES, ScoreError)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return limits.unpack(archive, _root_file(archive, path), path, limits.XML_BYTES)


def _root_file(archive: zipfile.ZipFile, path: Path) -> str:
    """Find the score in a container: what META-INF names; the first score there is where it names none."""
    names = archive.namelist()
    try:
        content = limits.unpack(archive, CONTAINER, path, limits.CONTAINER_BYTES)
        limits.check_xml(content, path.name)
        container = _parsed(content)
        listed = [element for element in container.iter() if element.tag.rpartition("}")[2] == "rootfile"]
    except (KeyError, LookupError, ValueError, ElementTree.ParseError):
        listed = []
    for element in listed:
        kind = element.get("media-type", "")
        name = element.get("full-path", "").removeprefix("/")
        # Later ones are pictures of the same: PDF, say.
        if name in names and ("musicxml" in kind or not kind or kind.endswith("xml")):
            return name
    for name in names:
        inner = PurePosixPath(name)
        if inner.suffix.lower() in (".xml", ".musicxml") and inner.parts[0] not in ("META-INF", "__MACOSX"):
            return name
    raise ScoreError(f"{path.name}: no score in the archive ({len(names)} files); export it again.")


def _parsed(content: bytes) -> Element:
    """Parse XML."""
    # S314: what declares entities (billion laughs) is refused before, and expat loads none from elsewhere.
    return ElementTree.fromstring(content)  # noqa: S314 - safe by our limits


def _root(path: Path) -> Element:
    """Read a file's XML, its tags without namespaces."""
    content = _content(path)
    try:
        root = _parsed(content)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise ScoreError(
            f"{path.name}: not a readable musicxml file ({error}); export it again or leave it out."
        ) from error
    if root.tag.startswith("{"):
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
    return root


def _by_part(root: Element) -> dict[str, list[Element]]:
    """Collect the bars of each part, also of a score that is written bar by bar."""
    parts: dict[str, list[Element]] = {}
    if root.tag == "score-partwise":
        for part in root.iterfind("part"):
            parts.setdefault(part.get("id", ""), []).extend(part.iterfind("measure"))
        return parts
    for measure in root.iterfind("measure"):
        for part in measure.iterfind("part"):
            part.attrib |= {key: value for key, value in measure.attrib.items() if key != "id"}
            parts.setdefault(part.get("id", ""), []).append(part)
    return parts


def _name_and_program(head: Element | None, ensemble: Ensemble) -> tuple[str, int]:
    """Read a part's name, and its General MIDI program (0-based): as the file says, or by a name of the ensemble."""
    if head is None:
        return "", 0
    instrument = head.findtext("score-instrument/instrument-name") or ""
    name = " ".join((head.findtext("part-name") or instrument).split())
    program = _integer(head.findtext("midi-instrument/midi-program"))
    if program is not None and 1 <= program <= 128:
        return name, program - 1
    return name, next((found for one in (name, instrument) if (found := ensemble.program_by_name(one)) is not None), 0)


def _credits(root: Element) -> Credits:
    """Read composer, work and movement."""

    def text(where: str) -> str:
        return " ".join((root.findtext(where) or "").split())

    composer = next(
        (
            " ".join((creator.text or "").split())
            for creator in root.iterfind("identification/creator")
            if creator.get("type", "composer").lower() == "composer"
        ),
        "",
    )
    return Credits(composer, text("work/work-title"), text("movement-title"))


@dataclass
class _PartReader:
    """Reads the bars of one part; keeps what holds from bar to bar."""

    part: str
    """Where it is, for messages."""
    left_out: Counter[str]
    divisions: Rational = 1
    signature: tuple[int, int] | None = None
    transposition: dict[int, int] = field(default_factory=dict)
    """By staff (0 for all), semitones from what is written to what sounds."""
    tempo: tuple[Tempo, ...] = ()
    bar: str = ""
    """The number of the bar that is read, as printed."""

    def read(self, measures: Sequence[Element]) -> list[tuple[Bar, ...]]:
        """Give the bars of each staff, from the top down."""
        begins = _beginnings(measures)
        bars: list[tuple[Bar, dict[int, list[WrittenNote]]]] = []
        for index, (measure, ending) in enumerate(zip(measures, _endings(measures), strict=True)):
            self.bar = measure.get("number", "")
            by_staff, length, tempos = self._measure(measure)
            empty = Bar(
                length,
                signature=self.signature,
                tempos=(*self.tempo, *tempos),
                marks=_marks(measure, ending),
                number=_counted(measure),
                begins_movement=index in begins,
                title=_heading(measure)[0],
            )
            self.tempo = tuple(Tempo(0, tempo.qpm) for tempo in (self.tempo + tempos)[-1:])
            bars.append((empty, by_staff))
        staves = sorted({staff for _, by_staff in bars for staff in by_staff}) or [1]
        return [tuple(replace(bar, notes=tuple(by_staff.get(staff, ()))) for bar, by_staff in bars) for staff in staves]

    def _measure(self, measure: Element) -> tuple[dict[int, list[WrittenNote]], int, tuple[Tempo, ...]]:
        """Read the notes by staff, the length, and the changes of tempo of a bar."""
        # In divisions: whole numbers in all but odd files, so that no fraction is reckoned with.
        position: Rational = 0
        length: Rational = 0
        begun: Rational = 0
        by_staff: dict[int, list[WrittenNote]] = {}
        tempos: list[Tempo] = []
        for element in measure:
            if element.tag == "note":
                duration = self._duration(element) if element.find("grace") is None else 0
                if element.find("chord") is None:
                    begun, position = position, position + duration
                notes = by_staff.setdefault(_integer(element.findtext("staff")) or 1, [])
                notes += self._note(element, begun, begun + duration)
            elif element.tag == "backup":
                position = max(0, position - self._duration(element))
            elif element.tag == "forward":
                position += self._duration(element)
            elif element.tag == "attributes":
                before = self.divisions
                self._attributes(element)
                if self.divisions != before:
                    position, length, begun = (
                        Fraction(time) * self.divisions / before for time in (position, length, begun)
                    )
            elif element.tag in ("direction", "sound"):
                qpm = _tempo(element)
                if qpm is not None:
                    tempos.append(Tempo(max(0, self._ticks(position + self._offset(element))), qpm))
            length = max(length, position)
        return by_staff, self._ticks(length), tuple(sorted(tempos, key=lambda tempo: tempo.tick))

    def _ticks(self, divisions: Rational) -> int:
        """Round a time in divisions to ticks."""
        return int((2 * divisions * TICKS_PER_BEAT + self.divisions) // (2 * self.divisions))

    def _duration(self, element: Element) -> Rational:
        """Read a duration, in divisions."""
        text = element.findtext("duration")
        found = _number(text)
        if found is None or found < 0:
            raise ScoreError(
                f"{self._where()}: a duration of '{text or ''}' divisions; a number is needed: export the score again."
            )
        return found

    def _offset(self, direction: Element) -> Rational:
        """Read how far from where it stands a direction holds, in divisions."""
        return _number(direction.findtext("offset")) or 0

    def _attributes(self, element: Element) -> None:
        """Take over what holds from here on: divisions, time signature, transposition."""
        text = element.findtext("divisions")
        if text is not None:
            found = _number(text)
            if found is None or found <= 0:
                raise ScoreError(f"{self._where()}: '{text}' divisions to a beat; a number above 0 is needed.")
            self.divisions = found
        time = element.find("time")
        if time is not None:
            self.signature = _signature(time) or self.signature
        for transpose in element.iterfind("transpose"):
            chromatic = _number(transpose.findtext("chromatic")) or 0
            octaves = _number(transpose.findtext("octave-change")) or 0
            staff = _integer(transpose.get("number")) or 0
            if staff == 0:
                self.transposition.clear()
            self.transposition[staff] = round(chromatic + 12 * octaves)

    def _note(self, element: Element, onset: Rational, end: Rational) -> Iterator[WrittenNote]:
        """Make a note of an element; none of what is not played."""
        if element.find("rest") is not None:
            return
        pitch = element.find("pitch")
        kind = next((kind for tag, kind in NOT_PLAYED.items() if element.find(tag) is not None), "")
        if not kind and pitch is not None and end <= onset:
            kind = "notes without length"
        if kind:
            self.left_out[kind] += 1
        if kind or pitch is None:
            return
        midi = self._pitch(pitch, _integer(element.findtext("staff")) or 1)
        if not 0 <= midi <= 127:
            self.left_out["notes out of MIDI's range"] += 1
            return
        ties = {tie.get("type") for tie in element.iterfind("tie")} or {
            tie.get("type") for tie in element.iterfind("notations/tied")
        }
        yield WrittenNote(
            self._ticks(onset),
            self._ticks(end),
            midi,
            bool(ties & {"stop", "continue"}),
            bool(ties & {"start", "continue"}),
        )

    def _pitch(self, pitch: Element, staff: int) -> int:
        """Read a pitch as it sounds, as a MIDI number, which may be out of MIDI's range."""
        step = STEPS.get((pitch.findtext("step") or "").strip().upper())
        octave = _integer(pitch.findtext("octave"))
        if step is None or octave is None:
            raise ScoreError(f"{self._where()}: a pitch without step or octave; export the score again.")
        moved = self.transposition.get(staff, self.transposition.get(0, 0))
        # Quarter tones are rounded to semitones, upwards.
        alter = math.floor((_number(pitch.findtext("alter")) or 0) + Fraction(1, 2))
        return 12 * (octave + 1) + step + alter + moved

    def _where(self) -> str:
        return f"{self.part}, bar {self.bar}" if self.bar else self.part


@lru_cache(maxsize=4096)
def _number(text: str | None) -> Rational | None:
    """Read a number; None for anything else."""
    found = (text or "").strip()
    if not NUMBER.fullmatch(found):
        return None
    return int(found) if found.isdecimal() and len(found) < 10 else Fraction(found[:MOST_DIGITS])


def _integer(text: str | None) -> int | None:
    """Read a number below 10,000, cut to a whole one; None for anything else."""
    found = _number(text)
    return int(found) if found is not None and -10_000 < found < 10_000 else None


def _signature(time: Element) -> tuple[int, int] | None:
    """Read a time signature, `3+2`/8 and several in a row among them; None for one that says nothing.

    Denominators are powers of two, as in MIDI files.
    """
    total, finest = Fraction(0), 1
    for beats, beat_type in zip(time.iterfind("beats"), time.iterfind("beat-type"), strict=False):
        numbers = [_integer(number) for number in (beats.text or "").split("+")]
        denominator = _integer(beat_type.text)
        if None in numbers or denominator is None or denominator not in DENOMINATORS:
            return None
        total += Fraction(sum(number or 0 for number in numbers), denominator)
        finest = max(finest, denominator)
    numerator = total * finest
    return (int(numerator), finest) if 0 < numerator <= 255 and numerator.denominator == 1 else None


def _tempo(element: Element) -> float | None:
    """Read a tempo in quarter notes per minute: what is to be played, else the metronome mark, if it says anything."""
    sound = element if element.tag == "sound" else element.find("sound")
    said = [_number(sound.get("tempo"))] if sound is not None else []
    for mark in element.iterfind("direction-type/metronome"):
        unit = BEAT_UNITS.get((mark.findtext("beat-unit") or "").strip())
        count = re.search(r"\d{1,4}(?:\.\d{1,9})?", mark.findtext("per-minute") or "")
        if unit is not None and count:
            dots = min(len(mark.findall("beat-unit-dot")), 4)
            said.append(Fraction(count[0]) * Fraction(unit) * (2 - Fraction(1, 2**dots)))
    return next((float(tempo) for tempo in said if tempo is not None and 1 <= tempo <= 1000), None)


def _numbers(text: str) -> frozenset[int]:
    """Read the turns of an ending: `1`, `1, 2`, `1.`, `1-3`."""
    found: set[int] = set()
    for first, last in re.findall(r"(\d{1,3})(?:\s*[-\N{EN DASH}]\s*(\d{1,3}))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found - {0})


def _endings(measures: Sequence[Element]) -> list[frozenset[int]]:
    """Find the turns of the ending that each bar is under; empty for most.

    A bracket that is never closed lasts until the repeat sign, and one bar where there is none before the next bracket.
    One that was never opened, and closes at a repeat sign before another bracket, is a first ending of one bar.
    """
    found: list[frozenset[int]] = [frozenset()] * len(measures)
    opened: tuple[int, frozenset[int]] | None = None

    def close(last: int) -> None:
        nonlocal opened
        if opened is not None:
            first, numbers = opened
            found[first : last + 1] = [numbers] * (last + 1 - first)
            opened = None

    def close_unclosed(before: int) -> None:
        if opened is not None:
            first = opened[0]
            close(next((k for k in range(first, before) if _repeats(measures[k], "backward")), first))

    for index, measure in enumerate(measures):
        for bracket in measure.iterfind("barline/ending"):
            if bracket.get("type") == "start":
                close_unclosed(index)
                opened = index, _numbers(bracket.get("number", "").strip() or bracket.text or "")
            elif opened is not None:
                close(index)
            elif _repeats(measure, "backward") and index + 1 < len(measures):
                following = measures[index + 1].find("barline/ending[@type='start']")
                if following is not None:
                    before = min(_numbers(following.get("number", "")), default=2)
                    found[index] = frozenset(range(1, max(2, before)))
    close_unclosed(len(measures))
    return found


def _repeats(measure: Element, direction: str) -> list[Element]:
    """Find the repeat signs of a bar that look `forward` or `backward`."""
    return [sign for sign in measure.iterfind("barline/repeat") if sign.get("direction") == direction]


def _marks(measure: Element, endings: frozenset[int]) -> Marks:
    """Read what a bar, of which the endings are known, says about repeats."""
    back = _repeats(measure, "backward")
    times = (_number(back[0].get("times")) if back else None) or 2
    return Marks(bool(_repeats(measure, "forward")), bool(back), max(2, min(int(times), 1_000_000)), endings)


def _beginnings(measures: Sequence[Element]) -> set[int]:
    """Find the bars with which a movement begins, whatever their numbers.

    They follow a final bar line, and either a new system begins there with a numbered heading (a trio's heading, or a
    letter of rehearsal, is none), or the bar is a pickup that is not counted and the next one is the first. On a new
    page a Roman number, or one with a point, with a tempo does without the final bar line.
    """
    numbers = [_counted(measure) for measure in measures]
    found = set()
    for index in range(1, len(measures)):
        if _is_final(measures[index - 1]):
            is_headed = _starts(measures[index], "new-system", "new-page") and _heading(measures[index])[1]
            is_pickup = numbers[index] is None and (numbers[index + 1 : index + 2] or [None])[0] in (0, 1)
            if is_headed or is_pickup:
                found.add(index)
        elif _starts(measures[index], "new-page"):
            title, is_numbered = _heading(measures[index])
            # A number of rehearsal (`2`) may stand there too.
            if is_numbered and re.match(r"[IVX]+\b\.?\s+\S|\d+\.\s+\S", title):
                found.add(index)
    return found


def _counted(measure: Element) -> int | None:
    """Read the number of a bar; None for one that is not counted (`X1`)."""
    number = measure.get("number", "")
    return int(number) if re.fullmatch(r"[0-9]{1,6}", number) else None


def _is_final(measure: Element) -> bool:
    """Tell whether a bar ends with the bar line that ends a movement."""
    return any(
        line.get("location", "right") == "right" and line.findtext("bar-style") == "light-heavy"
        for line in measure.iterfind("barline")
    )


def _starts(measure: Element, *what: str) -> bool:
    """Tell whether a bar is the first of a `new-system` or `new-page`."""
    return any(mark.get(name) == "yes" for mark in measure.iterfind("print") for name in what)


def _heading(measure: Element) -> tuple[str, bool]:
    """Read what stands over the beginning of a bar, as a title of a movement; whether it begins with a number."""
    words: list[tuple[str, bool]] = []
    for element in measure:
        if element.tag in ("note", "backup", "forward"):
            break
        if element.tag == "direction":
            words += _words(element)
    numeral = next((text for text, _ in words if NUMERAL.fullmatch(text)), None)
    # A tempo is printed in bold; how to play ("Sourd.") and editors' remarks are not.
    tempos = [
        text for text, is_bold in sorted(words, key=lambda word: not word[1]) if TEMPO.match(text) and len(text) <= 60
    ]
    tempo = next((text for text in tempos if not NUMERAL.fullmatch(text)), "")
    return " ".join(filter(None, (numeral, tempo))), numeral is not None


def _words(direction: Element) -> Iterator[tuple[str, bool]]:
    """List the texts of a direction, without metronome marks, and whether they are in bold."""
    for words in direction.iterfind("direction-type/words"):
        # A mark is written into the text, or its bracket is and the rest is not: `Presto. (M.M.`, `Vif (`.
        text = " ".join(re.split(r"\([^)]*$|\bM\.\s?M\b", words.text or "")[0].split())
        headed = HEADING.fullmatch(text)
        for part in headed.groups() if headed else (text,):
            if part:
                yield part, words.get("font-weight") == "bold"
