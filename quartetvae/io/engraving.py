"""Scores of quartets: MusicXML by music21, engraved by Verovio, as a picture by resvg.

The key is the one that fits the notes best (Krumhansl's profiles, as music21 has them), for all of the music; spelling
follows it. Metre follows the bars: a bar shorter or longer than the last one gets a time signature of its own.

Notes of a grid that halves the beat, one at a time, are written as they are. All others are written as a musician would
(`quartetvae.music.rhythm`): onsets are exact, but the end of a note gives way to what is easy to read, since a gap of a
twelfth of a beat is articulation and no rest. MIDI files have the ends of the grid.
"""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quartetvae.music import codec, metre, rhythm
from quartetvae.music.ensemble import VOICES
from quartetvae.music.notes import Notes
from quartetvae.music.rhythm import Written

if TYPE_CHECKING:
    from quartetvae.music.quartet import Quartet


FIFTHS = "FCGDAEB"
"""Letters along the line of fifths; F is at -1."""


PAGE_WIDTH, PAGE_HEIGHT, SHEET_HEIGHT = 2100, 60_000, 2970
"""Of an engraved page at most, and of a sheet of A4, in Verovio's unit, a tenth of a millimetre."""


def spelling(pitch: int, sharps: int) -> tuple[str, int, int]:
    """Spell a MIDI pitch in a key with so many sharps (flats if negative): letter, alteration and octave.

    Of the names of a pitch class that one is taken which lies from three fifths below the signature's notes to three
    above them: the flat seventh and third, the raised fourth, first and fifth (and the leading note of the minor key).
    """
    place = next(at for at in range(sharps - 3, sharps + 9) if (7 * at) % 12 == pitch % 12)
    alteration, letter = divmod(place + 1, len(FIFTHS))
    # C flat and B sharp belong to the octave of their letter.
    return FIFTHS[letter], alteration, (pitch - alteration) // 12 - 1


def _in_print(tempo_qpm: float) -> float:
    """Round a tempo for people: MIDI files have whole microseconds for each beat, 394,737 for 152 beats a minute.

    >>> _in_print(151.99994), _in_print(120.0), _in_print(72.256)
    (152, 120, 72.26)
    """
    rounded = round(tempo_qpm, 2)
    return int(rounded) if rounded.is_integer() else rounded


def musicxml(quartet: "Quartet") -> str:
    """Write the quartet as MusicXML; notes over bar lines are tied."""
    from music21 import clef, instrument, key, layout, metadata, stream, tempo
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    grid = quartet.grid
    columns = codec.decode(quartet.tokens, grid.alphabet)
    sharps = _sharps(quartet)
    lines = rhythm.bar_lines(quartet.bars, steps_per_beat=grid.steps_per_beat)
    score: Any = stream.Score()
    name = quartet.ensemble.name
    title = quartet.title or name[:1].upper() + name[1:]
    score.metadata = metadata.Metadata(title=title, composer=quartet.composer or " ")
    for player, notes in zip(quartet.ensemble.parts, columns, strict=True):
        part: Any = stream.Part(id=player.name)
        part.partName, part.partAbbreviation = player.name, player.short_name
        instrument_: Any = instrument.instrumentFromMidiProgram(player.program)
        instrument_.partName, instrument_.partAbbreviation = player.name, player.short_name
        # Written as it sounds, also for instruments that transpose.
        instrument_.transposition = None
        # Otherwise drawn by chance.
        instrument_.partId, instrument_.instrumentId = f"P{len(score.parts) + 1}", f"I{len(score.parts) + 1}"
        head: list[Any] = [instrument_, getattr(clef, player.clef)(), key.KeySignature(sharps)]
        if not score.parts:
            head.append(tempo.MetronomeMark(number=_in_print(quartet.tempo_qpm)))
        if grid.columns == VOICES and grid.steps_per_beat % 3:
            _as_it_is(part, head, notes, quartet, sharps)
        else:
            bars = rhythm.write(notes, lines, steps_per_beat=grid.steps_per_beat)
            _in_bars(part, head, bars, lines, sharps)
        score.insert(0, part)
    score.insert(0, layout.StaffGroup(list(score.parts), symbol="bracket", barTogether=True))
    # Without the day, the same music gives the same bytes.
    return re.sub(r"\s*<encoding-date>.*?</encoding-date>", "", GeneralObjectExporter(score).parse().decode("utf-8"))


def _as_it_is(part: Any, head: Sequence[Any], notes: Notes, quartet: "Quartet", sharps: int) -> None:
    """Add notes to a music21 part, one after the other; music21 makes bars, ties and beams."""
    from music21 import duration, meter, note

    steps_per_beat = quartet.grid.steps_per_beat
    for element in head:
        part.insert(0, element)
    for start, numerator, denominator in metre.time_signatures(quartet.bars, steps_per_beat=steps_per_beat):
        part.insert(start / steps_per_beat, meter.TimeSignature(f"{numerator}/{denominator}"))
    for onset, length, pitch, _ in notes.tolist():
        written: Any = note.Note(_name(pitch, sharps))
        written.duration = duration.Duration(length / steps_per_beat)
        part.insert(onset / steps_per_beat, written)
    # Rests up to the end, so that all parts have the same bars.
    silence: Any = note.Rest()
    end = len(quartet.tokens)
    ended = max((int(row["onset"] + row["duration"]) for row in notes[-1:]), default=0)
    if end > ended:
        silence.duration = duration.Duration((end - ended) / steps_per_beat)
        part.insert(ended / steps_per_beat, silence)
    part.makeRests(fillGaps=True, inPlace=True)


def _in_bars(
    part: Any, head: Sequence[Any], bars: Sequence[Sequence[Sequence[Written]]], lines: Sequence[int], sharps: int
) -> None:
    """Add bars with one or two voices to a music21 part."""
    from music21 import meter, stream

    steps = np.repeat(np.arange(len(bars)), np.diff(lines) // rhythm.SIXTEENTH)
    starts = {start: signature for start, *signature in metre.time_signatures(steps, steps_per_beat=4)}
    for number, (voices, start) in enumerate(zip(bars, lines, strict=False), 1):
        bar: Any = stream.Measure(number=number)
        for element in head if number == 1 else ():
            bar.insert(0, element)
        if signature := starts.get(start // rhythm.SIXTEENTH):
            bar.timeSignature = meter.TimeSignature("/".join(map(str, signature)))
        for voice, content in enumerate(voices, 1):
            into: Any = bar if len(voices) == 1 else stream.Voice(id=voice)
            for written in content:
                into.insert(written.onset / rhythm.TICKS, _note_or_rest(written, sharps))
            if into is not bar:
                bar.insert(0, into)
        if number == len(bars):
            bar.rightBarline = "final"
        part.insert(start / rhythm.TICKS, bar)
    part.streamStatus.beams = part.streamStatus.tuplets = True


def _note_or_rest(written: Written, sharps: int) -> Any:
    """Make music21's note, chord or rest."""
    from music21 import chord, duration, note, tie

    length: Any = duration.Duration(type=written.value, dots=written.dots)
    if written.tuplet:
        actual, normal = written.tuplet
        tuplet: Any = duration.Tuplet(actual, normal, ("eighth", 0))
        both = written.tuplet_begins and written.tuplet_ends
        tuplet.type = "startStop" if both else "start" if written.tuplet_begins else "stop"
        if not (written.tuplet_begins or written.tuplet_ends):
            tuplet.type = None
        tuplet.bracket = written.bracket
        length.appendTuplet(tuplet)
    if not written.pitches:
        rest: Any = note.Rest()
        rest.duration = length
        if written.is_bar:
            rest.duration = duration.Duration(written.length / rhythm.TICKS)
            rest.fullMeasure = True
        rest.style.hideObjectOnPrint = written.is_hidden
        return rest
    notes: list[Any] = [note.Note(_name(pitch, sharps)) for pitch in written.pitches]
    if written.tied_from or written.tied_to:
        kind = "continue" if written.tied_from and written.tied_to else "start" if written.tied_to else "stop"
        for one in notes:
            one.tie = tie.Tie(kind)
    made: Any = notes[0] if len(notes) == 1 else chord.Chord(notes)
    made.duration = length
    for beam in written.beams:
        made.beams.append(*(("partial", beam) if beam in ("left", "right") else (beam,)))
    return made


def _name(pitch: int, sharps: int) -> str:
    """Name a pitch as music21 does, spelled in a key."""
    letter, alteration, octave = spelling(pitch, sharps)
    return f"{letter}{('#' if alteration > 0 else '-') * abs(alteration)}{octave}"


def _sharps(quartet: "Quartet") -> int:
    """Find the signature of the key that fits best: sharps, or flats if negative."""
    from music21 import note, stream

    flat: Any = stream.Stream()
    for notes in codec.decode(quartet.tokens, quartet.grid.alphabet):
        for onset, length, pitch, _ in notes.tolist():
            flat.insert(onset, note.Note(pitch, quarterLength=length))
    return int(flat.analyze("key").sharps) if len(flat.notes) else 0


def svg(content: str) -> str:
    """Engrave a score in MusicXML as one page, SVG; what makes sound and what is seen have the same ids.

    The page is as wide and high as the music needs. Music for which Verovio wants further pages has them below it.
    """
    return _stacked(_drawn(_loaded(content)))


def timemap(content: str) -> list[dict[str, Any]]:
    """Tell when what `svg` shows of a score begins: in order of time, with the same ids.

    Of each time `qstamp`, in beats from the beginning; `on`, the notes that begin; `measureOn`, the bar that begins,
    if any does.
    """
    toolkit = _loaded(content)
    toolkit.renderToSVG(1)
    found: list[dict[str, Any]] = toolkit.renderToTimemap({"includeMeasures": True})
    return found


def pages(content: str, *, whole_sheets: bool = False) -> list[str]:
    """Engrave a score in MusicXML page by page, an SVG for each: of A4, or cut down to the music."""
    cut = not whole_sheets
    return _drawn(_loaded(content, pageHeight=SHEET_HEIGHT, adjustPageWidth=cut, adjustPageHeight=cut))


def _drawn(toolkit: Any) -> list[str]:
    """Draw the pages of what a toolkit has loaded, an SVG for each."""
    drawn = [toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]
    # The note in the tempo is the only text in the music font, which would add 58 kB to every score.
    return [re.sub(r'<tspan font-family="Leipzig"[^>]*>\uECA5', '<tspan font-size="500px">\u2669', of) for of in drawn]


def _loaded(content: str, **size: Any) -> Any:
    """Load a score into a toolkit of Verovio, for one page as large as the music or for pages of a size."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            **{"pageWidth": PAGE_WIDTH, "scale": 40},
            **{"pageHeight": PAGE_HEIGHT, "adjustPageWidth": True, "adjustPageHeight": True},
            **{"breaks": "auto", "header": "none", "footer": "none", "svgViewBox": True, "xmlIdSeed": 1},
            **{"svgFormatRaw": True, "smuflTextFont": "none"},
            **size,
        }
    )
    toolkit.loadData(content)
    return toolkit


def _stacked(pages: Sequence[str]) -> str:
    """Put pages one below the other, as one picture."""
    if len(pages) == 1:
        return pages[0]
    sizes = [[float(size) for size in re.findall(r'viewBox="0 0 (\S+) (\S+)"', page)[0]] for page in pages]
    width, height = max(size[0] for size in sizes), sum(size[1] for size in sizes)
    placed, top = "", 0.0
    for page, size in zip(pages, sizes, strict=True):
        placed += page.replace("<svg ", f'<svg y="{top:g}" width="{size[0]:g}" height="{size[1]:g}" ', 1)
        top += size[1]
    return f'<svg viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg">{placed}</svg>'


def compact(picture: str) -> str:
    """Make what `svg` gives smaller, the same to the eye: no ids and classes but those that its style mentions."""
    head, body = picture.split("</style>", 1)
    page = re.findall(r'<svg[^>]* id="([^"]*)"', head)[0]
    styled = set(re.findall(r"g\.(\w+)", head))
    body = re.sub(r' id="[^"]*"', "", body)
    body = re.sub(r' class="([^"]*)"', lambda found: found[0] if styled & set(found[1].split()) else "", body)
    # A staff's lines, which follow one another, as one.
    body = re.sub(r'" stroke-width="(\d+)"\s*/><path d="(?=[^"]*" stroke-width="\1"\s*/>)', "", body)
    while (less := re.sub(r"<g\s*/>|<g>\s*</g>", "", body)) != body:
        body = less
    # Glyphs are named after the page, so that two pages could be in one document.
    return f"{head}</style>{body}".replace(f"-{page}", "")


def png(content: str) -> bytes:
    """Make a picture of an SVG, on white; its letters are in the fonts that matplotlib brings along."""
    import matplotlib
    import resvg_py

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    letters = [str(fonts / f"STIXGeneral{kind}.ttf") for kind in ("", "Bol", "Italic", "BolIta")]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=content,
            background="white",
            width=1400,
            skip_system_fonts=True,
            font_files=letters,
            serif_family="STIXGeneral",
        )
    )


def pdf(sheets: Sequence[str]) -> bytes:
    """Put whole sheets, as `pages` gives them, into a PDF by Typst, as vectors; letters are in matplotlib's fonts."""
    import matplotlib
    import typst

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    with tempfile.TemporaryDirectory() as folder:
        source = ["#set page(width: 210mm, height: 297mm, margin: 0mm)", "#set document(date: none)"]
        for number, sheet in enumerate(sheets):
            text = re.sub(r'font-family="Times, ?serif"', 'font-family="STIXGeneral"', sheet)
            (Path(folder) / f"{number}.svg").write_text(text, encoding="utf-8")
            source.append(f'#image("{number}.svg", width: 100%)')
        path = Path(folder) / "score.typ"
        path.write_text("\n".join(source), encoding="utf-8")
        return bytes(typst.compile(str(path), font_paths=[str(fonts)], ignore_system_fonts=True))
