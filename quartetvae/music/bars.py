"""From the bars of a score's parts to what is heard: bars that fit, repeats, movements, the beat grid, ties.

Conventions
-----------
Times are in ticks, `TICKS_PER_BEAT` to a beat (quarter note): a number that holds dotted 64ths, triplets, quintuplets,
septuplets and nonuplets exactly; rarer tuplets lose under a thousandth of a beat.

Bars fit
--------
Editors leave bars too short or too full in one part of many a score. Here the parts meet again at every bar: a bar is
as long as most parts have it, be it longer than its metre (a cadenza; rests alone make no bar longer); where no length
has a majority, as the time signature says, or nearest to that. A part that says nothing in a bar has no vote, nor has
in a pickup one that only rests; a part that plays on while all others rest is not cut. A part with a metre of its own
(6/8 beside 2/4) plays its bar in the time of the others. A note that goes on beyond its bar's end without a tie is cut
there, one that begins behind it is left out, and counted. (Parts that don't have the same number of bars can't be set
side by side; each is then played by itself.)

Movements and the beat grid
---------------------------
A movement begins where bar numbers begin anew, or where a new system or page after a final bar line is headed by a
number ("IV."). Nothing is repeated across it, and its notes are struck anew. Each has the beat grid of its own: a
pickup, and any irregular bar that leaves the beat, is filled up with rests to the next beat, so that beats of the grid
are beats of the music. A bar that is cut in two (before and after a repeat sign: 3 1/2 beats, then 1/2) needs no
filling where the two meet. The rests stand before a pickup (a short bar that begins a section), behind any other bar;
the bar is that much longer, and so is a note that is tied over the rests. Bars of a metre that has no whole beats (3/8)
follow each other as they are; where a metre of whole beats comes after them for good, rests before it find the beat
again, and so do rests behind the last of them before the next movement.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from quartetvae.errors import ScoreError
from quartetvae.music import repeats
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.repeats import Marks
from quartetvae.music.tracks import MOST_BEATS, Credits, Movement, Music, Tempo, TimeSignature, Track

TICKS_PER_BEAT = 10080

ROUNDING = TICKS_PER_BEAT // 32
"""What tuplets may lose in a file that rounds them: less than a 128th note."""

DENOMINATORS = (1, 2, 4, 8, 16, 32, 64, 128)
"""Of time signatures, as MIDI files can say them."""

FOR_GOOD = 4
"""Bars of a metre after which it is no passing change."""

PIECES_OF_BAR = 4
"""Into how many bars a bar may be cut by repeat signs and double bar lines."""


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A written note; times in ticks from its bar's start, or from the piece's."""

    onset: int
    end: int
    pitch: int
    tied_from: bool
    tied_to: bool


@dataclass(frozen=True)
class Bar:
    """A bar of one part; times in ticks."""

    length: int
    """As far as the part has anything, rests included; 0 for nothing at all."""
    notes: tuple[WrittenNote, ...] = ()
    signature: tuple[int, int] | None = None
    """In force at its start, numerator and denominator; None if nothing was said yet."""
    tempos: tuple[Tempo, ...] = ()
    """In force at its start, if any, and changes within it."""
    marks: Marks = field(default_factory=Marks)
    number: int | None = None
    """As printed; None for bars that are not counted."""
    begins_movement: bool = False
    """The page says so, whatever the numbers."""
    title: str = ""
    """A movement's, if it begins here."""
    label: str = ""
    """Of the section that it lies in, for an expansion list."""
    start: int = 0
    """Where it is played."""

    @property
    def full(self) -> int:
        """The length that its time signature asks for; of 4/4 where there is none."""
        numerator, denominator = self.signature or (4, 4)
        return ticks(Fraction(4 * numerator, denominator))

    @property
    def sounding(self) -> int:
        """The end of its last note."""
        return max((note.end for note in self.notes), default=0)


@dataclass(frozen=True)
class ScorePart:
    """A part of a score: its name, General MIDI program and bars."""

    name: str
    program: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Score:
    """What a file of a score holds."""

    parts: tuple[ScorePart, ...]
    credits: Credits = field(default_factory=Credits)
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Notes that are not played, by kind."""
    expansion: tuple[str, ...] = ()
    """Labels of sections in the order that they are played; empty where repeat signs say it."""


def ticks(beats: float | Fraction) -> int:
    """Round beats to ticks."""
    return round(Fraction(beats) * TICKS_PER_BEAT)


def perform(parts: Sequence[ScorePart], *, expansion: Sequence[str] = ()) -> Music:
    """Play a score: its parts as tracks, repeats played, movements on their beat grids.

    Parameters
    ----------
    expansion
        Labels of sections in the order that they are played; empty where repeat signs say it.

    Raises
    ------
    ScoreError
        If a repeat would not end, or the piece is longer than `tracks.MOST_BEATS`.
    """
    columns = [part.bars for part in parts]
    movements: tuple[Movement, ...] = ()
    left_out: Counter[str] = Counter()
    if columns and columns[0] and len({len(column) for column in columns}) == 1:
        rows = [aligned(row, begins=not index) for index, row in enumerate(zip(*columns, strict=True))]
        left_out = _left_out(columns, rows)
        columns, movements = _together(rows, expansion)
    else:
        columns = [tuple(bar for (bar,) in _placed([(bar,) for bar in column])) for column in columns]
    tracks = tuple(
        Track(part.name, part.program, is_drum=False, notes=_sounding(column))
        for part, column in zip(parts, columns, strict=True)
    )
    return Music(
        TICKS_PER_BEAT,
        tracks,
        tuple(_time_signatures(columns[0])) if columns else (),
        _tempos(columns),
        movements,
        left_out=dict(left_out),
    )


def _left_out(columns: Sequence[Sequence[Bar]], rows: Sequence[Sequence[Bar]]) -> Counter[str]:
    """Count the written notes that are not in the aligned bars."""
    written = sum(len(bar.notes) for column in columns for bar in column)
    kept = sum(len(bar.notes) for row in rows for bar in row)
    return Counter({"notes behind their bar": written - kept} if written > kept else {})


def _together(
    rows: Sequence[tuple[Bar, ...]], expansion: Sequence[str]
) -> tuple[list[tuple[Bar, ...]], tuple[Movement, ...]]:
    """Play bars, given for all parts, in movements."""
    played: list[tuple[Bar, ...]] = []
    movements: list[Movement] = []
    start = 0
    for movement in _movements(rows):
        if start % TICKS_PER_BEAT:
            # The last one ends within a beat (an odd number of bars of 3/8).
            missing = -start % TICKS_PER_BEAT
            played[-1] = _filled(played[-1], 0, missing)
            start += missing
        movements.append(Movement(start, movement[0][0].title))
        ordered = _on_grid(_in_order(movement, expansion))
        if played:
            ordered[0] = tuple(_struck(bar) for bar in ordered[0])
        start += sum(row[0].length for row in ordered)
        played += ordered
    return [tuple(column) for column in zip(*_placed(played), strict=True)], tuple(movements)


def _placed(rows: Sequence[tuple[Bar, ...]]) -> list[tuple[Bar, ...]]:
    """Put bars one after the other."""
    placed, start = [], 0
    for row in rows:
        placed.append(tuple(replace(bar, start=start) for bar in row))
        start += row[0].length
        if start > MOST_BEATS * TICKS_PER_BEAT:
            raise ScoreError(
                f"more than {MOST_BEATS:,} beats with all repeats; correct the repeat signs or the lengths."
            )
    return placed


def aligned(row: Sequence[Bar], *, begins: bool = False) -> tuple[Bar, ...]:
    """Give one bar of all parts one length, and the signature that most parts have; cut notes that go beyond.

    `begins`: it is the first one of a score; so is, of a movement, a bar with the number 0.
    """
    signatures = Counter(bar.signature for bar in row if bar.signature is not None)
    signature = signatures.most_common(1)[0][0] if signatures else None
    common = [replace(bar, signature=signature) for bar in row]
    length = _rounded(_common_length(common, begins=begins or row[0].number == 0))
    row = [
        _stretched(bar, length) if own.signature != signature and own.length == own.full else bar
        for own, bar in zip(row, common, strict=True)
    ]
    return tuple(
        replace(
            bar,
            length=length,
            notes=tuple(
                replace(n, end=min(n.end, length)) if n.end > length else n for n in bar.notes if n.onset < length
            ),
            tempos=tuple(tempo for tempo in bar.tempos if tempo.tick < length),
        )
        for bar in row
    )


def _stretched(bar: Bar, length: int) -> Bar:
    """Play a bar in the time of another: one of 6/8 while others play one of 2/4."""
    if not bar.length or bar.length == length:
        return bar
    notes = (replace(n, onset=n.onset * length // bar.length, end=n.end * length // bar.length) for n in bar.notes)
    return replace(bar, length=length, notes=tuple(notes))


def _common_length(row: Sequence[Bar], *, begins: bool) -> int:
    """Choose the length of a bar in all parts."""
    full = row[0].full
    sounding = [bar.length for bar in row if bar.notes]
    if begins and sounding and max(sounding) < full:
        # A pickup; where a part rests, its bar may be written as a whole one.
        return max(sounding)
    lengths = [bar.length for bar in row if bar.length]
    if not lengths:
        return full
    length, votes = Counter(lengths).most_common(1)[0]
    # A bar is longer than its metre if notes say so: a whole rest is written for a bar of any metre.
    is_said = length <= full or length in sounding
    if 2 * votes <= len(lengths) or not is_said:
        # Beyond a full bar may be nothing but rests, left over by the editor.
        trimmed = [min(bar.length, max(full, bar.sounding)) for bar in row if bar.length]
        length = max(
            set(trimmed), key=lambda found: (2 * trimmed.count(found) > len(trimmed), -abs(found - full), found)
        )
    longer = [bar.sounding for bar in row if bar.sounding > length]
    if longer and not any(bar.notes for bar in row if bar.sounding <= length):
        length = max(longer)
    return length


def _rounded(length: int) -> int:
    """Round a length to quarters of a beat if it misses one by less than `ROUNDING`."""
    nearest = max(1, round(4 * length / TICKS_PER_BEAT)) * TICKS_PER_BEAT // 4
    return nearest if abs(nearest - length) < ROUNDING else length


def _movements(rows: Sequence[tuple[Bar, ...]]) -> Iterator[list[tuple[Bar, ...]]]:
    """Cut a score where its movements begin."""
    found: list[tuple[Bar, ...]] = []
    last: int | None = None
    for row in rows:
        number = row[0].number
        anew = number is not None and last is not None and number <= 1 and number < last
        if found and (anew or row[0].begins_movement):
            yield found
            found, last = [], None
        found.append(row)
        last = number if number is not None else last
    if found:
        yield found


def _in_order(movement: Sequence[tuple[Bar, ...]], expansion: Sequence[str]) -> list[tuple[Bar, ...]]:
    """Put the bars of a movement in the order in which they are played."""
    labels = [row[0].label for row in movement]
    if expansion and set(expansion) & set(labels):
        order = repeats.expanded(labels, expansion)
    else:
        order = repeats.play_order(
            repeats.vote([[row[part].marks for row in movement] for part in range(len(movement[0]))])
        )
    return [movement[index] for index in order]


def _on_grid(rows: Sequence[tuple[Bar, ...]]) -> list[tuple[Bar, ...]]:
    """Fill bars up with rests to the beat; see the header."""
    filled: list[tuple[Bar, ...]] = []
    position = 0
    pending = 0
    """Bars to come that complete a beat with those before."""
    for index, row in enumerate(rows):
        bar = row[0]
        before = after = 0
        irregular = bar.length != bar.full
        off = (position + bar.length) % _unit(bar)
        if pending:
            pending -= 1
        elif not index:
            before = -bar.length % TICKS_PER_BEAT if irregular else 0
        elif irregular and off:
            pending = _completed_by(rows[index + 1 : index + PIECES_OF_BAR], position + bar.length)
            if not pending:
                missing = -(position + bar.length) % _unit(bar)
                before, after = (missing, 0) if _is_pickup(rows, index) else (0, missing)
        elif position % TICKS_PER_BEAT and not bar.full % TICKS_PER_BEAT and _stays(rows[index:]):
            before = -position % TICKS_PER_BEAT
        filled.append(_filled(row, before, after) if before or after else row)
        position += before + bar.length + after
    return filled


def _struck(bar: Bar) -> Bar:
    """Begin a bar with notes of its own: each movement is to be a piece."""
    return replace(bar, notes=tuple(replace(n, tied_from=False) if not n.onset else n for n in bar.notes))


def _unit(bar: Bar) -> int:
    """Give what a bar is counted in: the beat, or less where its metre has no whole beats."""
    denominator = (bar.signature or (4, 4))[1]
    return TICKS_PER_BEAT if not bar.full % TICKS_PER_BEAT else max(1, ticks(Fraction(4, denominator)))


def _completed_by(following: Sequence[tuple[Bar, ...]], position: int) -> int:
    """Count the irregular bars that follow and lead back to the beat; 0 if they don't."""
    for count, row in enumerate(following, start=1):
        bar = row[0]
        if bar.length == bar.full:
            return 0
        position += bar.length
        if not position % _unit(bar):
            return count
    return 0


def _is_pickup(rows: Sequence[tuple[Bar, ...]], index: int) -> bool:
    """Tell whether an irregular bar leads to the next one: short, and the first of its section."""
    bar, previous = rows[index][0], rows[index - 1][0]
    if 2 * bar.length >= bar.full or bar.marks.ends:
        return False
    return bar.marks.begins or previous.marks.ends or previous.length == previous.full


def _stays(rows: Sequence[tuple[Bar, ...]]) -> bool:
    """Tell whether a metre stays for some bars."""
    coming = [row[0].signature for row in rows[:FOR_GOOD]]
    return len(coming) == FOR_GOOD and len(set(coming)) == 1


def _filled(row: tuple[Bar, ...], before: int, after: int) -> tuple[Bar, ...]:
    """Add rests before and behind a bar of all parts; a note that is tied over them lasts through them."""
    length = before + row[0].length + after
    return tuple(
        replace(
            bar,
            length=length,
            notes=tuple(
                replace(
                    note,
                    onset=0 if note.tied_from and not note.onset else note.onset + before,
                    end=length if note.tied_to and note.end == bar.length else note.end + before,
                )
                for note in bar.notes
            ),
            tempos=tuple(t._replace(tick=t.tick + before if t.tick else 0) for t in bar.tempos),
        )
        for bar in row
    )


def _sounding(column: Sequence[Bar]) -> Notes:
    """Collect the notes of a part as they are heard: tied ones as one, none struck while it sounds."""
    written = [(bar.start + n.onset, n.pitch, bar.start + n.end, n) for bar in column for n in bar.notes]
    heard: list[tuple[int, int, int]] = []
    last: dict[int, tuple[int, bool]] = {}
    """By pitch, the place of its last note in `heard`, and whether a tie leads on from it."""
    for begin, pitch, stop, note in sorted(written, key=lambda entry: entry[:2]):
        if pitch in last:
            place, open_tie = last[pitch]
            onset, _, end = heard[place]
            is_unison = begin == onset
            if is_unison or (note.tied_from and open_tie and abs(begin - end) < ROUNDING):
                heard[place] = (onset, pitch, max(end, stop))
                last[pitch] = (place, note.tied_to or (is_unison and open_tie))
                continue
            heard[place] = (onset, pitch, min(end, begin))
        last[pitch] = (len(heard), note.tied_to)
        heard.append((begin, pitch, stop))
    return make_notes(
        [onset for onset, _, _ in heard],
        [max(1, end - onset) for onset, _, end in heard],
        [pitch for _, pitch, _ in heard],
    )


def _time_signatures(column: Sequence[Bar]) -> Iterator[TimeSignature]:
    """List the time signatures under which bar lines lie where the bars are played.

    A bar that is shorter or longer than its metre has one of its own; that of a last bar that is cut short stays.
    """
    said: tuple[int, int] | None = None
    silent: tuple[int, int] | None = None
    for index, bar in enumerate(column):
        wanted = bar.signature or silent
        is_last = index == len(column) - 1
        is_exact = True
        if bar.length != bar.full and not (is_last and bar.length < bar.full and index):
            wanted = _signature(bar.length)
            is_exact = replace(bar, signature=wanted).full == bar.length
        if wanted is not None and wanted != said:
            yield TimeSignature(bar.start, *wanted)
            # Where the score says nothing 4/4 is meant, and has to be said after a bar of another length.
            silent = (4, 4)
        said = wanted if is_exact else None


def _signature(length: int) -> tuple[int, int]:
    """Choose a time signature for a bar of any length: the next one ends it where none of 255 at most fits."""
    share = Fraction(length, 4 * TICKS_PER_BEAT)
    exact = next((d for d in (4, 8, 16, 32, 64) if not length * d % (4 * TICKS_PER_BEAT) and share * d <= 255), None)
    denominator = exact or next((d for d in (64, 16, 4) if share * d <= 255), 1)
    return min(255, max(1, math.ceil(share * denominator))), denominator


def _tempos(columns: Sequence[Sequence[Bar]]) -> tuple[Tempo, ...]:
    """Collect the tempos of the first part that has any: they stand above the score, so in its first part."""
    for column in columns:
        said = [tempo._replace(tick=bar.start + tempo.tick) for bar in column for tempo in bar.tempos]
        changes = [tempo for k, tempo in enumerate(said) if not k or tempo.qpm != said[k - 1].qpm]
        if changes:
            return tuple(changes)
    return ()
