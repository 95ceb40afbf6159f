"""Scores of quartets: MusicXML by music21, engraved by Verovio, as a picture by resvg.

The key is the one that fits the notes best (Krumhansl's profiles, as music21 has them), for all of the music; spelling
follows it. Metre follows the bars: a bar shorter or longer than the last one gets a time signature of its own.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartetvae.music import codec, metre

if TYPE_CHECKING:
    from quartetvae.music.quartet import Quartet


FIFTHS = "FCGDAEB"
"""Letters along the line of fifths; F is at -1."""


PAGE_WIDTH, PAGE_HEIGHT = 2100, 60_000
"""Of an engraved page at most, in Verovio's unit, a tenth of a millimetre."""


def spelling(pitch: int, sharps: int) -> tuple[str, int, int]:
    """Spell a MIDI pitch in a key with so many sharps (flats if negative): letter, alteration and octave.

    Of the names of a pitch class that one is taken which lies from three fifths below the signature's notes to three
    above them: the flat seventh and third, the raised fourth, first and fifth (and the leading note of the minor key).
    """
    place = next(at for at in range(sharps - 3, sharps + 9) if (7 * at) % 12 == pitch % 12)
    alteration, letter = divmod(place + 1, len(FIFTHS))
    # C flat and B sharp belong to the octave of their letter.
    return FIFTHS[letter], alteration, (pitch - alteration) // 12 - 1


def musicxml(quartet: "Quartet") -> str:
    """Write the quartet as MusicXML; notes over bar lines are tied."""
    from music21 import clef, duration, instrument, key, layout, metadata, meter, note, stream, tempo
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    steps_per_beat = quartet.grid.steps_per_beat
    columns = codec.decode(quartet.tokens, quartet.grid.alphabet)
    sharps = _sharps(quartet)
    signatures = list(metre.time_signatures(quartet.bars, steps_per_beat=steps_per_beat))
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
        part.insert(0, instrument_)
        part.insert(0, getattr(clef, player.clef)())
        part.insert(0, key.KeySignature(sharps))
        for start, numerator, denominator in signatures:
            part.insert(start / steps_per_beat, meter.TimeSignature(f"{numerator}/{denominator}"))
        if not score.parts:
            part.insert(0, tempo.MetronomeMark(number=quartet.tempo_qpm))
        for onset, length, pitch, _ in notes.tolist():
            letter, alteration, octave = spelling(pitch, sharps)
            sign = ("#" if alteration > 0 else "-") * abs(alteration)
            written: Any = note.Note(f"{letter}{sign}{octave}")
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
        score.insert(0, part)
    score.insert(0, layout.StaffGroup(list(score.parts), symbol="bracket", barTogether=True))
    # Without the day, the same music gives the same bytes.
    return re.sub(r"\s*<encoding-date>.*?</encoding-date>", "", GeneralObjectExporter(score).parse().decode("utf-8"))


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
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            **{"pageWidth": PAGE_WIDTH, "adjustPageWidth": True},
            **{"pageHeight": PAGE_HEIGHT, "adjustPageHeight": True, "scale": 40},
            **{"breaks": "auto", "header": "none", "footer": "none", "svgViewBox": True, "xmlIdSeed": 1},
            **{"svgFormatRaw": True, "smuflTextFont": "none"},
        }
    )
    toolkit.loadData(content)
    # The note in the tempo is the only text in the music font, which would add 58 kB to every score.
    return re.sub(
        r'<tspan font-family="Leipzig"[^>]*>\uECA5',
        '<tspan font-size="500px">\u2669',
        _stacked([toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]),
    )


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
