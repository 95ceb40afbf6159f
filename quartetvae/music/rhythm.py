"""Notes on a grid as they are written: chords, voices, note values, ties, triplets and beams.

Conventions
-----------
Times are in ticks, `TICKS` to a beat (quarter note): enough for sixty-fourths and their triplets. Written times count
from the beginning of the bar.

What is written differs from what sounds
----------------------------------------
- Onsets are exact: on a grid of the same steps they are the same again. A thirty-second note is written as one, though
  a grid of 12 steps has it a little late (at 2 of 12, not 1.5).
- How long a note is held is articulation, which a score leaves to the player: an end that lies less than a sixteenth
  from an onset of its part is that onset, and one less than a sixteenth before a beat is the beat. Others are moved to
  the nearest sixteenth, in triplets to the nearest note of the triplet. Notes that begin together, and end less than a
  sixteenth apart, are a chord. All in all an end moves by half a beat at most.
- A beat is written in twos or threes, as its onsets ask for at the lowest price; ends alone make no triplet.
- Two voices are written in bars where notes of a part overlap otherwise, and in no others.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from quartetvae.music import codec, metre
from quartetvae.music.notes import Notes

TICKS = 48
"""To a beat."""

SIXTEENTH = TICKS // 4

VALUES = {384: "breve", 192: "whole", 96: "half", 48: "quarter", 24: "eighth", 12: "16th", 6: "32nd", 3: "64th"}
"""Note values by their ticks."""

BEAMS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}

EXACT = (1, 2, 3, 4, 6, 8, 12, 16, 24)
"""Steps to a beat for which every onset can be written."""

TRIPLET, UNFILLED, SPLIT, SYNCOPATED = 1.5, 0.5, 0.3, 0.6
"""What is paid for a triplet, for one within the beat that begins with no note, and for each note that is struck at the
half of one of the three, after one at its beginning or after none."""

FINE = {6: (1.0, 1.6), 3: (1.6, 2.0)}
"""What is paid for thirty-seconds and sixty-fourths, by their ticks: where a note comes before them, and where none."""


@dataclass(frozen=True)
class Written:
    """A note, chord or rest as it is written."""

    onset: int
    length: int
    value: str
    """One of `VALUES`."""
    dots: int = 0
    pitches: tuple[int, ...] = ()
    """MIDI numbers; none for a rest."""
    tied_from: bool = False
    tied_to: bool = False
    tuplet: tuple[int, int] | None = None
    """So many notes in the time of so many."""
    tuplet_begins: bool = False
    tuplet_ends: bool = False
    bracket: bool = False
    """Of its tuplet: beams alone do not show which notes it has."""
    beams: tuple[str, ...] = ()
    """Of each beam, the eighths' first: start, continue, stop, right or left (a hook)."""
    is_hidden: bool = False
    """A rest that is not drawn."""
    is_bar: bool = False
    """A rest for the whole bar."""


@dataclass
class _Event:
    """Notes of a part that begin and end together; ticks from the beginning of the piece."""

    onset: int
    end: int
    pitches: tuple[int, ...]
    voice: int = 0
    place: int = 0
    """Where it is written."""
    stop: int = 0
    """Until where it is written."""


@dataclass(frozen=True)
class _Span:
    """A part of a bar that is divided in one way: not at all, or in three."""

    start: int
    size: int
    unit: int = 0
    """Of a triplet, the ticks between the places in it: a third of its size, or a sixth."""
    notes: int = 0
    """Of a triplet, what number stands above it."""

    @property
    def end(self) -> int:
        return self.start + self.size

    @property
    def ends(self) -> range:
        """Places where a note may end in it."""
        return range(self.start, self.end + 1, self.unit or min(SIXTEENTH, self.size))


@dataclass
class _Line:
    """One voice of a bar: what begins in it decides how it is divided."""

    spans: list[_Span]
    places: dict[int, int]
    """Where its onsets are written."""
    events: list[_Event]


def bar_lines(bars: NDArray[np.int64], *, steps_per_beat: int) -> list[int]:
    """Find the bar lines in ticks, the first at 0 and the last one at the end, from the bar of each step.

    A last bar that is cut short is filled up, so that it is as long as the one before. Bar lines that lie between the
    sixteenths, where no time signature could have them, are moved to the nearest one that is on the grid.
    """
    unit = math.lcm(SIXTEENTH, TICKS // _exact(steps_per_beat))
    lines = TICKS * np.concatenate(([0], np.cumsum(metre.bar_lengths(bars))))
    at = (2 * lines + unit * steps_per_beat) // (2 * unit * steps_per_beat)
    at[-1] = -(-lines[-1] // (unit * steps_per_beat))
    found = sorted({int(line) * unit for line in at})
    if len(found) > 2:
        found[-1] = max(found[-1], 2 * found[-2] - found[-3])
    return found


def _exact(steps_per_beat: int) -> int:
    """Choose the grid on which notes are written."""
    return steps_per_beat if steps_per_beat in EXACT else max(EXACT)


def write(notes: Notes, lines: Sequence[int], *, steps_per_beat: int) -> list[list[list[Written]]]:
    """Write the notes of a part, times in steps: for each bar its one or two voices, the upper one first.

    Parameters
    ----------
    lines
        Bar lines, as `bar_lines` gives them.
    steps_per_beat
        Of the grid; one that is none of `EXACT` is rounded to 24ths of a beat.
    """
    steps = _exact(steps_per_beat)
    step = TICKS // steps
    onsets, ends = (
        codec.to_steps(times.astype(np.int64), ticks_per_beat=steps_per_beat, steps_per_beat=steps)
        for times in (notes["onset"], notes["onset"] + notes["duration"])
    )
    events = _events((onsets * step).tolist(), (ends * step).tolist(), notes["pitch"].tolist(), lines)
    _give_voices(events)
    bars = _in_bars(events, lines, step)
    for event in events:
        event.place = _line_at(bars, lines, event, event.onset).places[event.onset]
    for event in events:
        # The bar before, if it ends there.
        line = _line_at(bars, lines, event, event.end - 1)
        event.stop = line.places.get(event.end) or _nearest_end(line.spans, event)
    return [
        [_written(line, start, end, voice) for voice, line in enumerate(bar)]
        for bar, (start, end) in zip(bars, pairwise(lines), strict=True)
    ]


def _events(onsets: list[int], ends: list[int], pitches: list[int], lines: Sequence[int]) -> list[_Event]:
    """Make chords of a part's notes, their ends as they are written but for the division of the beat."""
    struck = sorted(set(onsets))
    chords: dict[tuple[int, int], list[int]] = {}
    last = (-1, -1)
    # Of those that begin together the longest comes first.
    for onset, end, pitch in sorted(zip(onsets, ends, pitches, strict=True), key=lambda note: (note[0], -note[1])):
        is_same = onset == last[0] and last[1] - end < SIXTEENTH and not _any_begins(struck, end, last[1])
        last = last if is_same else (onset, end)
        chords.setdefault((onset, _meant_end(*last, struck, lines)), []).append(pitch)
    return [_Event(onset, end, tuple(sorted(set(chord)))) for (onset, end), chord in sorted(chords.items())]


def _any_begins(struck: Sequence[int], start: int, end: int) -> bool:
    """Tell whether something begins at `start` or later, before `end`."""
    return bisect_left(struck, start) < bisect_left(struck, end)


def _meant_end(onset: int, end: int, struck: Sequence[int], lines: Sequence[int]) -> int:
    """Take an end that lies less than a sixteenth from an onset, or before a beat, to be there; on a beat it stays."""
    bar = bisect_right(lines, end) - 1
    if end == lines[-1] or not (end - lines[bar]) % TICKS:
        return end
    index = bisect_left(struck, end)
    near = [at for at in struck[max(0, index - 1) : index + 1] if at > onset and abs(at - end) < SIXTEENTH]
    if near:
        return min(near, key=lambda at: abs(at - end))
    beat = min(end + (lines[bar] - end) % TICKS, lines[bar + 1])
    return beat if beat - end < SIXTEENTH else end


def _give_voices(events: Sequence[_Event]) -> None:
    """Give events that overlap different voices: 0 to what lies above, for the most part, and 1 to what lies below."""
    group: list[_Event] = []
    ends = [0, 0]
    for event in events:
        if max(ends) <= event.onset:
            _put_upper_first(group)
            group, ends = [], [0, 0]
        event.voice = ends.index(min(ends))
        ends[event.voice] = event.end
        group.append(event)
    _put_upper_first(group)


def _put_upper_first(group: Sequence[_Event]) -> None:
    """Exchange the voices of events that hang together by overlaps, if the second one lies above the first."""
    higher = 0
    for index, event in enumerate(group):
        for other in group[index + 1 :]:
            if other.onset >= event.end:
                break
            above = 1 if max(event.pitches) > max(other.pitches) else -1
            higher += above if event.voice < other.voice else -above
    if higher < 0:
        for event in group:
            event.voice = 1 - event.voice


def _in_bars(events: Sequence[_Event], lines: Sequence[int], step: int) -> list[list[_Line]]:
    """Put events into the bars in which they sound, one line for a bar or two where they overlap; divide the bars."""
    sounding: list[list[_Event]] = [[] for _ in lines[1:]]
    for event in events:
        for number in range(bisect_right(lines, event.onset) - 1, bisect_left(lines, event.end)):
            sounding[number].append(event)
    bars: list[list[_Line]] = []
    for inside, (start, end) in zip(sounding, pairwise(lines), strict=True):
        overlap = any(other.onset < event.end for event, other in pairwise(inside))
        voices = [[e for e in inside if e.voice == voice] for voice in (0, 1)] if overlap else [inside]
        bars.append([_line(voice, start, end, step) for voice in voices])
    return bars


def _line(events: list[_Event], start: int, end: int, step: int) -> _Line:
    """Divide a bar as the onsets of a voice in it ask for."""
    onsets = sorted({event.onset for event in events if event.onset >= start})
    spans = _divided(start, end, onsets, step)
    return _Line(spans, _places(spans, onsets, step), events)


def _line_at(bars: Sequence[list[_Line]], lines: Sequence[int], event: _Event, tick: int) -> _Line:
    """Find the line that has an event at a tick."""
    bar = bars[bisect_right(lines, tick) - 1]
    return bar[event.voice if len(bar) > 1 else 0]


def _beat(length: int) -> int:
    """Tell the beat of a bar: a quarter note, or a dotted one where quarter notes do not fill the bar (3/8, 9/8)."""
    return 72 if length % TICKS and not length % 72 else TICKS


# Division: twos or threes


def _divided(start: int, end: int, onsets: Sequence[int], step: int) -> list[_Span]:
    """Divide a bar."""
    spans: list[_Span] = []
    at = start
    beat = _beat(end - start)
    while at < end:
        size = TICKS if beat == TICKS else TICKS // 2
        while at + size > end:
            size //= 2
        if size == TICKS and _is_pair(at, start, end, onsets, step):
            spans.append(_Span(at, 2 * TICKS, PAIR_THIRD // 2, 3))
            at += 2 * TICKS
            continue
        spans += _best(at, size, _inside(onsets, at, size), step)[1]
        at += size
    return spans


PAIR_THIRD = 2 * TICKS // 3


def _is_pair(at: int, start: int, end: int, onsets: Sequence[int], step: int) -> bool:
    """Tell whether two beats of a bar are three quarter notes in the time of two."""
    shows_bar = not (at - start) % (2 * TICKS) or (end - start) % (2 * TICKS)
    inner = [onset - at for onset in _inside(onsets, at, 2 * TICKS) if onset > at]
    return bool(shows_bar) and at + 2 * TICKS <= end and not PAIR_THIRD % step and inner == [PAIR_THIRD, 2 * PAIR_THIRD]


def _inside(onsets: Sequence[int], start: int, size: int) -> list[int]:
    return list(onsets[bisect_left(onsets, start) : bisect_left(onsets, start + size)])


def _best(start: int, size: int, onsets: Sequence[int], step: int) -> tuple[float, list[_Span]]:
    """Choose the division of a span of a beat that costs least: its price, infinite if there is none."""
    inner = [onset for onset in onsets if _on_grid(start, step) != onset]
    if not inner:
        return 0.0, [_Span(start, size)]
    choices = []
    third, half = size // 3, size // 2
    if size % 3 == 0 and third % step == 0:
        off = [onset for onset in inner if (onset - start) % third]
        are_sixths = all((onset - start) % third == third // 2 for onset in off) and not third // 2 % step
        # What is struck at its middle shows a beat of two halves, unless it runs in sixths.
        is_two = start + half in inner and size == TICKS and len(onsets) < 5
        if (not off or are_sixths) and not is_two:
            price = TRIPLET + UNFILLED * (len(inner) == len(onsets) and size < TICKS)
            price += sum(SPLIT if onset - third // 2 in onsets else SYNCOPATED for onset in off)
            number = 6 if off and len(onsets) >= 5 else 3
            choices.append((price, [_Span(start, size, third // 2 if off else third, number)]))
    if half >= max(step, min(FINE)):
        halves = [_best(at, half, _inside(onsets, at, half), step) for at in (start, start + half)]
        price = FINE[half][len(inner) == len(onsets)] if half in FINE else 0.0
        choices.append((sum(cost for cost, _ in halves) + price, [*halves[0][1], *halves[1][1]]))
    return min(choices, key=lambda choice: choice[0], default=(math.inf, []))


def _on_grid(place: int, step: int) -> int:
    """Give the onset, in ticks, as which the grid reads what is written at a place."""
    return (2 * place + step) // (2 * step) * step


def _places(spans: Sequence[_Span], onsets: Sequence[int], step: int) -> dict[int, int]:
    """Find where onsets are written."""
    places = {}
    for span in spans:
        for place in range(span.start, span.end, span.unit or span.size):
            places[_on_grid(place, step)] = place
    return {onset: places[onset] for onset in onsets}


def _nearest_end(spans: Sequence[_Span], event: _Event) -> int:
    """Find where an event ends that nothing follows at once."""
    span = next(span for span in spans if event.end <= span.end)
    ends = [end for end in span.ends if end > event.place]
    return min(ends, key=lambda end: (abs(end - event.end), -end))


# Values


def _written(line: _Line, start: int, end: int, voice: int) -> list[Written]:
    """Write one voice of a bar."""
    found: list[Written] = []
    at = start
    for index, event in enumerate(line.events):
        following = line.events[index + 1].place if index + 1 < len(line.events) else end
        begin, stop = max(event.place, start), min(event.stop, end, following)
        if stop <= begin:
            continue
        found += _rests(line, at, begin, start, end, voice)
        notes = [replace(w, pitches=event.pitches) for w in _values(line, begin, stop, start, end, is_rest=False)]
        for k, note in enumerate(notes):
            is_first, is_last = not k and begin == event.place, k == len(notes) - 1 and event.stop <= end
            found.append(replace(note, tied_from=not is_first, tied_to=not is_last))
        at = stop
    found += _rests(line, at, end, start, end, voice)
    return _beamed(_with_tuplets(found, line.spans, start), end - start)


def _rests(line: _Line, at: int, stop: int, start: int, end: int, voice: int) -> Iterator[Written]:
    """Write a rest; in a second voice only between its notes, so that it is not drawn where it says nothing."""
    if at == stop:
        return
    if (at, stop) == (start, end):
        yield Written(0, end - start, "whole", is_bar=True, is_hidden=voice > 0)
        return
    is_hidden = voice > 0 and (at == start or stop == end)
    for rest in _values(line, at, stop, start, end, is_rest=True):
        yield replace(rest, is_hidden=is_hidden)


def _values(line: _Line, at: int, stop: int, start: int, end: int, *, is_rest: bool) -> Iterator[Written]:
    """Cut what lasts from one place to another into note values; ticks of the piece to those of the bar."""
    plain = at
    for span in line.spans:
        if not span.unit or span.end <= at or span.start >= stop or (at <= span.start and span.end <= stop):
            continue
        if plain < span.start:
            yield from _plain(plain - start, span.start - start, end - start, is_rest=is_rest)
        inside = max(plain, span.start), min(stop, span.end)
        for begin, length in _of_triplet(
            inside[0] - span.start, inside[1] - span.start, span.size // 3, is_rest=is_rest
        ):
            value, dots = _value(length * 3 // 2) or ("", 0)
            place = span.start + begin - start
            yield Written(place, length, value, dots, tuplet=(span.notes, span.notes * 2 // 3))
        plain = inside[1]
    if plain < stop:
        yield from _plain(plain - start, stop - start, end - start, is_rest=is_rest)


def _value(length: int) -> tuple[str, int] | None:
    """Find the note value and the dots of a length; None for one that needs ties.

    >>> _value(72), _value(60)
    (('quarter', 1), None)
    """
    for dots, numerator, denominator in ((0, 1, 1), (1, 2, 3), (2, 4, 7)):
        if length * numerator % denominator == 0 and length * numerator // denominator in VALUES:
            return VALUES[length * numerator // denominator], dots
    return None


def _of_triplet(at: int, stop: int, third: int, *, is_rest: bool) -> Iterator[tuple[int, int]]:
    """Cut what lies in a triplet, at the places where its notes begin if need be: place and length of each."""
    value = _value((stop - at) * 3 // 2)
    is_within = at // third == (stop - 1) // third
    shows = not at % third or is_within or (not is_rest and (not value or not value[1] or not stop % third))
    if value and value[1] < 2 and shows:
        yield at, stop - at
        return
    cut = at + third - at % third if at % third else (stop - 1) // third * third
    yield from _of_triplet(at, cut, third, is_rest=is_rest)
    yield from _of_triplet(cut, stop, third, is_rest=is_rest)


def _plain(at: int, stop: int, bar: int, *, is_rest: bool) -> Iterator[Written]:
    """Cut what lies in no triplet where it needs ties, or should show the beat."""
    beat, length = _beat(bar), stop - at
    value = _value(length)
    fits = _rest_fits if is_rest else _note_fits
    if value and fits(at, length, value[1], beat, bar):
        yield Written(at, length, *value)
        return
    if at // beat != (stop - 1) // beat:
        if at % beat:
            cut = at + beat - at % beat
        elif is_rest:
            cut = at + (2 * beat if length > 2 * beat and _rest_fits(at, 2 * beat, 0, beat, bar) else beat)
        elif stop % beat:
            cut = stop - stop % beat
        else:
            # Whole beats.
            cut = at + max(whole for whole in range(beat, length, beat) if (_value(whole) or ("", 2))[1] < 2)
    else:
        # The strongest place inside.
        inside = at % beat, (stop - 1) % beat + 1
        level = next(level for level in (24, 12, 6, 3, 1) if inside[0] // level < (inside[1] - 1) // level)
        first, last = at - at % level + level, stop - 1 - (stop - 1) % level
        cut = last if not at % level else first
    yield from _plain(at, cut, bar, is_rest=is_rest)
    yield from _plain(cut, stop, bar, is_rest=is_rest)


def _note_fits(at: int, length: int, dots: int, beat: int, bar: int) -> bool:
    """Tell whether one note value, at its place, shows the beat well enough."""
    if dots > 1:
        # The long note of a sharply dotted rhythm.
        return beat == TICKS and not at % beat and length < 2 * beat
    if at // beat == (at + length - 1) // beat:
        return True
    if beat != TICKS:
        return not at % beat and not length % beat
    return not at % beat or (not at % 24 and not length % 24 and length <= 72)


def _rest_fits(at: int, length: int, dots: int, beat: int, bar: int) -> bool:
    """Tell the same of a rest, which is to show more of the beat."""
    inside = at % beat
    if length > beat:
        return length == 2 * beat == 2 * TICKS and not dots and not at % length and not bar % length
    if length == beat:
        return not inside
    if dots:
        return dots == 1 and not inside % (length * 4 // 3)
    return inside + length <= beat and not inside % length


# Tuplets and beams


def _with_tuplets(found: Sequence[Written], spans: Sequence[_Span], start: int) -> list[Written]:
    """Mark where tuplets begin and end."""
    marked = list(found)
    for span in spans:
        of = [k for k, w in enumerate(marked) if w.tuplet and span.start - start <= w.onset < span.end - start]
        if of:
            marked[of[0]] = replace(marked[of[0]], tuplet_begins=True)
            marked[of[-1]] = replace(marked[of[-1]], tuplet_ends=True)
            if not all(marked[k].pitches and marked[k].value in BEAMS for k in of) or span.size > TICKS:
                marked[of[0]] = replace(marked[of[0]], bracket=True)
    return marked


def _beamed(found: Sequence[Written], bar: int) -> list[Written]:
    """Beam the notes of each beat; rests and quarter notes come between beams."""
    beat = _beat(bar)
    beamed = list(found)
    group: list[int] = []
    for index in range(len(found) + 1):
        note = found[index] if index < len(found) else None
        goes_on = note is not None and note.pitches and note.value in BEAMS
        if group and (not goes_on or note is None or note.onset // beat != found[group[0]].onset // beat):
            for k, beams in zip(group, _beams([found[k] for k in group]), strict=True):
                beamed[k] = replace(beamed[k], beams=beams)
            group = []
        if goes_on:
            group.append(index)
    return beamed


def _beams(group: Sequence[Written]) -> list[tuple[str, ...]]:
    """Give the beams of notes that are beamed together."""
    if len(group) < 2:
        return [()] * len(group)
    beams: list[list[str]] = [[] for _ in group]
    is_fine = any(BEAMS[note.value] > 2 for note in group)
    for level in range(1, 1 + max(BEAMS[note.value] for note in group)):
        runs: list[list[int]] = []
        for k, note in enumerate(group):
            if BEAMS[note.value] < level:
                continue
            # Fast notes show halves of the beat, and triplets, by their second beam.
            parts = level > 1 and k and ((is_fine and not note.onset % 24) or group[k - 1].tuplet_ends)
            if runs and runs[-1][-1] == k - 1 and not parts:
                runs[-1].append(k)
            else:
                runs.append([k])
        for run in runs:
            if len(run) > 1:
                for k in run:
                    beams[k].append("start" if k == run[0] else "stop" if k == run[-1] else "continue")
            else:
                k = run[0]
                towards_next = k == 0 or (k < len(group) - 1 and not group[k].onset % (2 * TICKS >> level))
                beams[k].append("right" if towards_next else "left")
    return [tuple(of) for of in beams]
