"""kern (Humdrum) to the bars of parts.

Conventions
-----------
A `**kern` spine is a part; other spines are passed over. Spines stand in a file from the bottom up, parts here from
the top down. The cells of a line begin together; a spine that splits (`*^`) is one part with several voices. Bar lines
part bars, numbered or not, also in mid-bar (a repeat sign there makes two short bars). Ties, chords, lengths of any
kind (`3%2`) are read; grace notes are left out.

Who plays: the instrument's name (`*I"`), else its label (`*I:`), else its code (`*Icello`), else its abbreviation
(`*I'Vc`). Four spines that say none of these are a string quartet if the file's title or instrumentation says so: a
string quartet, or a quartet without another instrument or voices; or if their clefs are F4, C3, G2 and G2, and the
title names no other instrument or voices either.

An expansion list (`*>[A,A1,A,A2,B]`) says in which order sections (`*>A`) are played; repeat signs count where there is
none. Variants with a name (`*>norep[A,B]`) are not followed.

The syntax is that of the Humdrum Guide (humdrum.org/guide/ch05); read here, not by music21, which puts time signatures
after unnumbered bar lines beside the bars and knows no expansion lists.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from quartetvae.errors import ScoreError
from quartetvae.io import limits
from quartetvae.music.bars import DENOMINATORS, Bar, Score, ScorePart, WrittenNote, ticks
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES, Ensemble
from quartetvae.music.repeats import Marks
from quartetvae.music.tracks import Credits, Tempo

INSTRUMENTS = {
    **{"violn": "Violin", "viola": "Viola", "cello": "Cello", "cbass": "Contrabass", "gamba": "Viola da gamba"},
    **{"flt": "Flute", "oboe": "Oboe", "clars": "Clarinet", "fagot": "Bassoon", "cor": "Horn", "piano": "Piano"},
    **{"soprn": "Soprano", "alto": "Alto", "tenor": "Tenor", "bass": "Bass", "cemba": "Harpsichord"},
}
"""Humdrum's codes of instruments, as far as they are not names themselves."""

CLEFS = ("G2", "G2", "C3", "F4")
"""Of a string quartet, from the top down."""

BEFORE = Fraction(-1)
"""A time before a bar's first line."""

STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}

_DURATION = re.compile(r"([0-9]{1,6})(?:%([0-9]{1,6}))?(\.{0,9})")
_PITCH = re.compile(r"([a-gA-G])\1*(#+|-+|n)?")
_STRING_QUARTET = re.compile(
    r"\b(strings?|streich|strijk|stråk|stryke?)[\s-]?(qu|kv|kw)artet"
    r"|\b(quatuor|quartett?o?s?|cuarteto)\s+(d['\u2019]\s?|(à|a|de|per|da|di|for|für|pour|para)\s+)?"
    r"(archi|cordes|cuerdas|cordas?|strings|streicher)\b",
    re.IGNORECASE,
)
"""What a title says of a string quartet, whatever else it says: its name may be that of a harp."""

_QUARTET = re.compile(r"\b(quartett?o?s?|quatuors?|cuarteto|kvartett?o?|kwartet)\b", re.IGNORECASE)
_GROUP = re.compile(
    r"\b(wood)?winds?\b|\bbrass|\bbl(ä|ae)ser|\bblech|\bfiati\b|\bvents\b|\bvientos?\b"
    r"|\bvo[ck]al|\bvoix\b|\bvoices?\b|\bvoc[ei]s?\b|stimmen\b|\bgesang|\bbarbershop|\bcho[ri]|\bsing(ers?|stimme)",
    re.IGNORECASE,
)
_LIST = re.compile(r"\*>\[([^\]]*)\]")


@dataclass
class _Path:
    """A column of the file at one line: whose it is, and until when it is filled."""

    part: int | None
    ready: Fraction = Fraction(0)
    """In beats from the bar's start."""


@dataclass
class _Open:
    """What is read of one part; `notes`, `tempos` and `length` of the bar that is open."""

    bars: list[Bar] = field(default_factory=list)
    notes: list[WrittenNote] = field(default_factory=list)
    tempos: list[Tempo] = field(default_factory=list)
    tempo: tuple[Tempo, ...] = ()
    length: Fraction = Fraction(0)
    signature: tuple[int, int] | None = None
    """The last that was said."""
    metre: tuple[int, int] | None = None
    """The one at the start of the bar that is open."""
    name: str = ""
    label: str = ""
    abbreviation: str = ""
    code: str = ""
    clef: str = ""


def read(path: Path, *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Score:
    """Read a kern file.

    Raises
    ------
    ScoreError
        If it has no `**kern` spines, or a line does not fit the spines.
    """
    try:
        content = limits.read(path, limits.KERN_BYTES, ScoreError)
    except OSError as error:
        raise ScoreError(f"{path.name}: cannot be read ({error.strerror}).") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    reader = _Reader(path.name)
    # Not splitlines(): in Latin-1 text it splits at characters that are no ends of lines.
    for number, line in enumerate(re.split(r"\r\n?|\n", text), start=1):
        reader.line(number, line)
    if not reader.parts:
        raise ScoreError(f"{path.name}: not a readable kern file (no **kern spine); export it again or leave it out.")
    reader.close_bar()
    parts = reader.parts[::-1]
    names = _names(parts, reader.references, ensemble)
    return Score(
        tuple(ScorePart(name, program, tuple(part.bars)) for part, (name, program) in zip(parts, names, strict=True)),
        _credits(reader.references),
        dict(reader.left_out),
        reader.expansion,
    )


class _Reader:
    """Reads a file line by line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.references: dict[str, str] = {}
        self.parts: list[_Open] = []
        self.left_out: Counter[str] = Counter()
        self.expansion: tuple[str, ...] = ()
        self._paths: list[_Path] = []
        self._scores = 0
        """How many have begun in the file."""
        self._is_listed = False
        """Whether the score that is read has said in which order its sections are played."""
        self._now = BEFORE
        self._marks = Marks()
        self._number: int | None = None
        self._section = ""
        self._movement = False
        """Whether the bar that is open begins one."""

    def line(self, number: int, line: str) -> None:
        """Read one line."""
        if not line.strip():
            return
        if line.startswith("!"):
            found = re.match(r"!!!([A-Za-z]+)[\d@]*[^:\t]*:\s*(.*)", line)
            if found and found[2].strip():
                self.references.setdefault(found[1].upper(), found[2].strip())
            return
        cells = line.split("\t")
        if any(cell.startswith("**") for cell in cells) and not self._paths:
            self._begin(cells)
            return
        if not self._paths:
            raise ScoreError(
                f"{self.name}: not a readable kern file (line {number} comes before any **kern spine); export it again "
                "or leave it out."
            )
        if len(cells) != len(self._paths):
            raise ScoreError(
                f"{self.name}, line {number}: {len(cells)} columns where the spines are {len(self._paths)}; correct "
                "the tabs between them."
            )
        if line.startswith("*"):
            self._interpretations(cells)
        elif line.startswith("="):
            self._bar_line(next((t for t, p in zip(cells, self._paths, strict=True) if p.part is not None), cells[0]))
        else:
            self._data(number, cells)

    def _begin(self, cells: Sequence[str]) -> None:
        """Begin a score: its spines."""
        count = sum(cell == "**kern" for cell in cells)
        self._scores += 1
        if self._scores > 1:
            # Another score in the file: a movement, if it is for as many.
            if count != len(self.parts):
                raise ScoreError(f"{self.name}: scores of {len(self.parts)} and {count} parts in one file; part them.")
            self.close_bar()
            self._marks, self._number, self._section, self._movement = Marks(), None, "", True
            self._is_listed = False
        else:
            self.parts = [_Open() for _ in range(count)]
        parts = iter(range(count))
        self._paths = [_Path(next(parts) if cell == "**kern" else None) for cell in cells]

    def _interpretations(self, cells: Sequence[str]) -> None:
        """Read a line of interpretations (`*`)."""
        for path, cell in zip(self._paths, cells, strict=True):
            if cell.startswith("*>"):
                self._section_mark(cell)
            elif path.part is not None:
                self._interpretation(self.parts[path.part], path, cell)
        self._paths = list(_continued(self._paths, cells))

    def _section_mark(self, cell: str) -> None:
        """Read an expansion list, of which the first of a score counts, or the label of a section."""
        listed = _LIST.fullmatch(cell)
        if listed and not self._is_listed:
            self._is_listed = True
            self.expansion += tuple(self._label(label.strip()) for label in listed[1].split(","))
        elif "[" not in cell and self._label(cell[2:]) != self._section:
            if any(part.length for part in self.parts):
                self.close_bar()
            self._section = self._label(cell[2:])

    def _label(self, section: str) -> str:
        """Tell sections of several scores in a file apart."""
        return f"{self._scores}>{section}"

    def _interpretation(self, part: _Open, path: _Path, cell: str) -> None:
        """Read what a cell says of its part: metre, tempo, instrument, clef."""
        if metre := re.fullmatch(r"\*M(\d{1,3}(?:\+\d{1,3})*)/(\d{1,3})", cell):
            numerator, denominator = sum(map(int, metre[1].split("+"))), int(metre[2])
            if 0 < numerator <= 255 and denominator in DENOMINATORS:
                part.signature = numerator, denominator
        elif tempo := re.fullmatch(r"\*MM(\d{1,4}(?:\.\d{1,9})?)", cell):
            qpm = float(tempo[1])
            if 1 <= qpm <= 1000:
                part.tempos.append(Tempo(ticks(path.ready), qpm))
        elif cell.startswith('*I"'):
            part.name = part.name or cell[3:].strip()
        elif cell.startswith("*I:"):
            part.label = part.label or cell[3:].strip()
        elif cell.startswith("*I'"):
            part.abbreviation = part.abbreviation or cell[3:].strip()
        elif code := re.fullmatch(r"\*I([a-z]\w*)", cell):
            part.code = part.code or code[1]
        elif clef := re.fullmatch(r"\*clef([A-Z]v*\^*\d)", cell):
            part.clef = part.clef or clef[1]

    def _bar_line(self, cell: str) -> None:
        """End a bar and begin one, with the signs that the bar line has."""
        signs = re.sub(r"[^:|!]", "", cell)
        ends, begins = signs.startswith(":"), signs.endswith(":") and len(signs) > 1
        self._marks = Marks(self._marks.begins, ends or self._marks.ends)
        self.close_bar()
        self._marks = Marks(begins or self._marks.begins)
        number = re.match(r"=+([0-9]{1,6})", cell)
        self._number = int(number[1]) if number else None

    def close_bar(self) -> None:
        """End the bar that is open; one without anything is none, and its marks are the next one's."""
        if not any(part.length for part in self.parts):
            if self._marks.ends and self.parts and self.parts[0].bars:
                for part in self.parts:
                    last = part.bars[-1]
                    part.bars[-1] = replace(last, marks=Marks(last.marks.begins, ends=True))
            self._marks = Marks(self._marks.begins)
            return
        for part in self.parts:
            part.bars.append(
                Bar(
                    ticks(part.length),
                    tuple(part.notes),
                    part.metre if part.length else part.signature,
                    (*part.tempo, *part.tempos),
                    self._marks,
                    self._number,
                    self._movement,
                    label=self._section,
                )
            )
            part.tempo = tuple(Tempo(0, tempo.qpm) for tempo in [*part.tempo, *part.tempos][-1:])
            part.notes, part.tempos, part.length = [], [], Fraction(0)
        for path in self._paths:
            path.ready = Fraction(0)
        self._now = BEFORE
        self._marks, self._number, self._movement = Marks(), None, False

    def _data(self, number: int, cells: Sequence[str]) -> None:
        """Read a line of notes."""
        playing = [
            (path, cell) for path, cell in zip(self._paths, cells, strict=True) if path.part is not None and cell != "."
        ]
        if any("q" not in cell.lower() for _, cell in playing):
            # A voice that was silent without rests lags behind: it begins with the others.
            ends = [path.ready for path in self._paths if path.part is not None and path.ready > self._now]
            self._now = min(ends, default=self._now)
        for path, cell in playing:
            assert path.part is not None
            part = self.parts[path.part]
            if not part.length:
                # A metre that is said later in the bar is the next one's.
                part.metre = part.signature
            begun = max(path.ready, self._now)
            shortest: Fraction | None = None
            for single in cell.split():
                if "q" in single.lower():
                    self.left_out["grace notes"] += 1
                    continue
                length = self._length(number, single, shortest)
                shortest = min(length, shortest or length)
                note = _note(single, begun, length)
                if note is not None and 0 <= note.pitch <= 127:
                    part.notes.append(note)
                elif note is not None:
                    self.left_out["notes out of MIDI's range"] += 1
            path.ready = begun + shortest if shortest else path.ready
            part.length = max(part.length, path.ready)

    def _length(self, number: int, cell: str, chord: Fraction | None) -> Fraction:
        """Read a duration, in beats; a note of a chord that says none has that of the `chord`."""
        found = _DURATION.search(cell)
        if found is None and chord is not None:
            return chord
        if found is None:
            raise ScoreError(f"{self.name}, line {number}: '{cell}' has no duration; a number such as 4 is needed.")
        digits, over, dots = found.groups()
        # 0 is a breve, 00 twice as long.
        beats = Fraction(4 * int(over or 1), int(digits)) if digits.strip("0") else Fraction(4 * 2 ** len(digits))
        return beats * (2 - Fraction(1, 2 ** len(dots)))


def _continued(paths: Sequence[_Path], cells: Sequence[str]) -> Iterator[_Path]:
    """Follow columns from one line to the next: split, joined, exchanged, added, ended."""
    index = 0
    while index < len(paths):
        path, cell = paths[index], cells[index]
        if cell == "*^":
            yield path
            yield _Path(path.part, path.ready)
        elif cell == "*v":
            last = index
            while last + 1 < len(paths) and cells[last + 1] == "*v" and paths[last + 1].part == path.part:
                last += 1
            yield _Path(path.part, max(one.ready for one in paths[index : last + 1]))
            index = last
        elif cell == "*x" and index + 1 < len(paths) and cells[index + 1] == "*x":
            yield paths[index + 1]
            yield path
            index += 1
        elif cell == "*+":
            yield path
            yield _Path(None)
        elif cell != "*-":
            yield path
        index += 1


def _note(cell: str, onset: Fraction, length: Fraction) -> WrittenNote | None:
    """Read a note of a chord, be it in MIDI's range or not; None for a rest, or what has no pitch or length."""
    found = _PITCH.search(cell)
    if "r" in cell or found is None or not length:
        return None
    letters, sign = found[0].rstrip("#-n"), found[2] or ""
    octave = 3 + len(letters) if letters[0].islower() else 4 - len(letters)
    moved = sign.count("#") - sign.count("-")
    pitch = 12 * (octave + 1) + STEPS[letters[0].lower()] + moved
    return WrittenNote(
        ticks(onset), ticks(onset + length), pitch, "]" in cell or "_" in cell, "[" in cell or "_" in cell
    )


def _names(parts: Sequence[_Open], references: dict[str, str], ensemble: Ensemble) -> list[tuple[str, int]]:
    """Find the names and programs of parts, from the top down."""
    names = [part.name or part.label or INSTRUMENTS.get(part.code, part.code) or part.abbreviation for part in parts]
    if not any(names) and len(parts) == VOICES:
        said = " ".join(references.get(key, "") for key in ("OTL", "OPR", "AIN", "AGN", "AST"))
        seems = _QUARTET.search(said) is not None or tuple(part.clef for part in parts) == CLEFS
        if _STRING_QUARTET.search(said) or (seems and not _says_others(said, ensemble)):
            return list(zip(ensemble.names, ensemble.programs, strict=True))
    programs = []
    for part, name in zip(parts, names, strict=True):
        told = (name, INSTRUMENTS.get(part.code, part.code))
        programs.append(next((found for one in told if (found := ensemble.program_by_name(one)) is not None), 0))
    return list(zip(names, programs, strict=True))


def _says_others(said: str, ensemble: Ensemble) -> bool:
    """Whether a title names an instrument that a string quartet lacks, or voices: `Flute Quartet`, `Oboenquartett`."""
    if _GROUP.search(said):
        return True
    # Alone, since instruments' names before `Quartet` are passed over; `basse` beside violins is a cello.
    single = re.sub(r"(\w)(?=(quartet|kwartet|kvartet))", r"\1 ", said, flags=re.IGNORECASE).split()
    forms = [form for word in single for form in (word, word.removesuffix("n"), word.removesuffix("en"))]
    readings = [ensemble.read_name(INSTRUMENTS.get(form, form)) for form in forms]
    has_violins = re.search("vio", said, re.IGNORECASE) is not None
    return any(reading.is_other or (reading.is_voice and not has_violins) for reading in readings)


def _credits(references: dict[str, str]) -> Credits:
    """Read composer (COM, the surname first), work (OPR, else OTL) and movement (OMV and OMD)."""
    surname, _, given = references.get("COM", "").partition(",")
    composer = f"{given.strip()} {surname.strip()}".strip()
    work, title = references.get("OPR", ""), references.get("OTL", "")
    movement = " ".join(filter(None, (references.get("OMV", ""), references.get("OMD", "") or (title if work else ""))))
    return Credits(composer, work or title, movement)
