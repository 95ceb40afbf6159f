"""Scores on the page: engraved, small, and with the place of each beat in them.

A score of 32 beats is 50 to 100 kB of SVG and an eighth of that when packed, which decides how large the page is. What
is packed is carried by a script, since a page that is opened from disk may run scripts beside it, but not fetch files.
"""

import base64
import dataclasses
import gzip
import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import TypedDict

from quartetvae.io import engraving
from quartetvae.music.quartet import Quartet


class System(TypedDict):
    """Where the music of one system is: shares of the picture's height and width."""

    top: float
    bottom: float
    places: list[tuple[float, float]]
    """A beat, and how far from the left it stands; in order, the end of the system's last bar too."""


class Score(TypedDict):
    """A score, as the page's script takes it."""

    svg: str
    """Base64 of gzip."""
    systems: list[System]


def score(music: Quartet) -> Score:
    """Engrave music, without its title, for the page."""
    content = engraving.musicxml(dataclasses.replace(music, title=""))
    picture = engraving.svg(content)
    beats = len(music.tokens) / music.grid.steps_per_beat
    packed = gzip.compress(engraving.compact(picture).encode(), 9, mtime=0)
    return {"svg": base64.b64encode(packed).decode(), "systems": systems(picture, content, beats)}


def systems(picture: str, content: str, beats: float) -> list[System]:
    """Find where beats are in an engraved score: `picture` is what `engraving.svg` makes of `content`.

    A place is where the notes of a time stand, the leftmost of them; where nothing begins, the page goes evenly from
    place to place. Of a score that is more than one page nothing is found.
    """
    sizes = re.findall(r'class="definition-scale"[^>]* viewBox="0 0 (\S+) (\S+)"', picture)
    if len(sizes) != 1:
        return []
    width, height = map(float, sizes[0])
    margin = re.findall(r'class="page-margin" transform="translate\((\S+), (\S+)\)"', picture)
    left, above = map(float, margin[0])
    heads = re.findall(r'<g id="([^"]+)" class="note[^"]*">.*?translate\(([\d.-]+)', picture)
    across = {name: float(x) for name, x in heads}
    bars = {}
    for name, bar in re.findall(r'<g id="([^"]+)" class="measure">(.*?)(?=<g id="[^"]+" class="measure">|$)', picture):
        lines = re.findall(r'<path d="M(\S+) (\S+) L(\S+) \2" stroke-width', bar)
        bars[name] = [[float(number) for number in line] for line in lines]
    found: list[System] = []
    right = 0.0
    for moment in engraving.timemap(content):
        beat, shown = moment["qstamp"], [across[note] for note in moment.get("on", ()) if note in across]
        if name := moment.get("measureOn"):
            (begin, top, end), bottom = bars[name][0], bars[name][-1][1]
            place = round((above + top) / height, 4)
            if not found or found[-1]["top"] != place:
                if found:
                    found[-1]["places"].append((beat, right))
                found.append({"top": place, "bottom": round((above + bottom) / height, 4), "places": []})
            right = round((left + end) / width, 4)
            if not shown:
                shown = [begin]
        if shown and found:
            found[-1]["places"].append((beat, round((left + min(shown)) / width, 4)))
    if found:
        found[-1]["places"].append((beats, right))
    return found


def compressed(music: Quartet) -> bytes:
    """Write music as compressed MusicXML (.mxl), the same bytes for the same music."""
    container = (
        '<?xml version="1.0" encoding="UTF-8"?><container><rootfiles><rootfile full-path="score.musicxml" '
        'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"META-INF/container.xml": container, "score.musicxml": engraving.musicxml(music)}.items():
            # Of one day, whenever it is written.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def script(name: str, scores: Sequence[Score]) -> str:
    """Write the script that hands the scores of a player's stops to the page."""
    return f"scores[{json.dumps(name)}] = {json.dumps(scores, separators=(',', ':'))};\n"
