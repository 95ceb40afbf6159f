"""The page to listen on, as files: nothing is missing, nothing comes from elsewhere, and what it shows is so."""

import base64
import dataclasses
import gzip
import itertools
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from quartetvae.errors import RenderingError
from quartetvae.io import audio, engraving, piano_roll, read
from quartetvae.io.picture import DPI
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet, Tokens
from quartetvae.music.ensemble import PARTS, STRING_QUARTET
from quartetvae.music.quartet import Grid, Quartet
from quartetvae.report import overview, players, score, sound
from quartetvae.report import page as pages
from quartetvae.report import piano_roll as svg_roll
from quartetvae.report.players import Player
from tests.building import piece

GRID = Grid(4, Alphabet(36, 99))
STEP = svg_roll.BEAT / GRID.steps_per_beat


def music(seed: int, steps: int = 8, title: str = "Toys", **options: Any) -> Quartet:
    """Notes in the parts' ranges, some held, some rests; 0.5 seconds for four steps."""
    rng = np.random.default_rng(seed)
    tokens: Tokens = np.stack([rng.integers(low, low + 20, steps, dtype=np.uint8) for low in (30, 24, 18, 4)], axis=1)
    tokens[rng.random(tokens.shape) < 0.5] = GRID.alphabet.sustain
    tokens[rng.random(tokens.shape) < 0.1] = GRID.alphabet.rest
    tokens[0] = 30
    return Quartet(tokens, GRID, title=title, composer="Haydn", tempo_qpm=120.0, **options)


def toy_path(name: str, steps: int = 8, *, points: int = 3, a: str = "One", b: str = "Two") -> Player:
    """A path of so many points from copy to copy, all of it random."""
    first, *walked, last = (music(seed, steps, title) for seed, title in enumerate((a, *[""] * points, b)))
    return players.path(name, first, walked, last, notes=("", "in training"))


def toy_reconstruction(id: str, steps: int = 8) -> Player:
    """An original and something else."""
    return players.reconstruction(id, music(5, steps), music(6, steps))


def toy_metrics(**changes: Any) -> Any:
    """What metrics/reconstruct.json has, with other numbers; `changes` to those of the test works."""
    of = {"token_accuracy": 0.91234, "onset_f1": 0.8, "exact_phrase": 0.0, "kl_nats": 0.66, "elbo_nats": -123.45}
    split = {
        **{"phrases": 1234, "works": 1, **of},
        "parts": {part: {"token_accuracy": 0.5 + k / 10, "onset_f1": 0.25} for k, part in enumerate(PARTS)},
        "baselines": {"nearest_phrase": {"token_accuracy": 0.333, "onset_f1": None}},
    }
    return {"validation": {**split, "elbo_nats": -99.0}, "test": {**split, **changes}}


def build(
    folder: Path, *, paths: Sequence[Player] = (), reconstructions: Sequence[Player] = (), **metrics: Any
) -> Path:
    """A small report with a picture, in a folder of its own beside the picture."""
    folder.mkdir(exist_ok=True)
    picture = folder / "loss & more.png"
    tokens = np.zeros((8, 4), np.uint8)
    piano_roll.draw(picture, [("", tokens)], GRID.alphabet, steps_per_beat=4, title="")
    target = folder / "page"
    target.mkdir()
    pages.build(
        target,
        paths=paths,
        reconstructions=reconstructions,
        metrics=toy_metrics(**metrics),
        pictures={picture: "Loss & more"},
    )
    return target


class Read(HTMLParser):
    """What is in a page: tags, what it refers to, anchors, players, and the text of headings and cells."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.refers: list[str] = []
        self.anchors: set[str] = set()
        self.headings: list[str] = []
        self.rows: list[list[str]] = []
        self.players: list[dict[str, Any]] = []
        self._into: list[str] | None = None
        self._script = False
        self.feed(file.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.anchors |= {value for name, value in attrs if name == "id" and value}
        self.refers += [value for name, value in attrs if name in ("src", "href") and value]
        self._script = tag == "script" and ("id", "players") in attrs
        if tag == "tr":
            self.rows.append([])
        if tag in ("h2", "td", "th"):
            self._into = self.headings if tag == "h2" else self.rows[-1]
            self._into.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h2", "td", "th"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._script:
            self.players, self._script = json.loads(data), False
        elif self._into is not None:
            self._into[-1] += data


KINDS = ("ogg", "mp3", "mid", "mxl", "roll.svg")
"""The files of each stop."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of one path and one reconstruction."""
    ugly = toy_path("1-2", a='Bread & <b>"butter"</b>', b="It's")
    return build(tmp_path_factory.mktemp("report"), paths=[ugly], reconstructions=[toy_reconstruction("3")])


def test_all_paths_are_in_one_picture_a_row_for_each(tmp_path: Path) -> None:
    sizes = []
    for count in (1, 3):
        overview.draw(tmp_path / "paths.png", [toy_path(f"1-{k}", 16) for k in range(count)])
        height, width, _ = imread(tmp_path / "paths.png").shape
        sizes.append((width, height))
    assert sizes[0][0] == sizes[1][0]
    assert sizes[1][1] - sizes[0][1] == pytest.approx(2 * overview.ROW_HEIGHT * DPI, abs=1)
    with pytest.raises(RenderingError, match="2 paths of \\[5, 7\\] stops"):
        overview.draw(tmp_path / "none.png", [toy_path("1-2", 16, points=3), toy_path("1-3", 16, points=5)])
    with pytest.raises(RenderingError, match="0 paths"):
        overview.draw(tmp_path / "none.png", [])
    assert not (tmp_path / "none.png").exists()


def test_all_that_is_referred_to_is_there_and_nothing_else(page: Path) -> None:
    refers = {"index.html", "figures.html"}
    for name in ("index.html", "figures.html"):
        shown = Read(page / name)
        refers |= {refer.replace("%20", " ") for refer in shown.refers if not refer.startswith(("#", "data:"))}
        for player in shown.players:
            stops = range(len(player["stops"]))
            refers |= {f"{player['id']}/{player['id']}-{number}.{kind}" for number in stops for kind in KINDS}
            refers.add(f"{player['id']}/scores.js")
    there = {file.relative_to(page).as_posix() for file in page.rglob("*") if file.is_file()}
    assert refers == there
    assert len([file for file in there if file.endswith(".mp3")]) == 5 + 2
    assert all((page / file).stat().st_size for file in there)


def test_paths_come_first_and_each_player_has_its_link(page: Path) -> None:
    shown = Read(page / "index.html")
    ids = [player["id"] for player in shown.players]
    assert ids == ["path-1-2", "reconstruction-3"]
    assert [refer[1:] for refer in shown.refers if refer.startswith("#")] == ids
    assert shown.headings == ["", "Paths", "Reconstructions"]
    assert "table" not in shown.tags
    assert "audio" not in shown.tags


def test_nothing_comes_from_elsewhere(page: Path) -> None:
    for file in (*page.rglob("*.html"), *page.rglob("*.css"), *page.rglob("*.js"), *page.rglob("*.svg")):
        text = re.sub(r'\bxmlns(:\w+)?="[^"]*"', "", file.read_text(encoding="utf-8"))
        if file.name == "scores.js":
            text = re.sub(r'"svg":"[A-Za-z0-9+/=]*"', "", text)
        assert not re.findall(r"""https?:|["'(]//|@import|url\(|@font-face|\bimport\b|fetch\(""", text), file.name


def test_titles_are_text_and_never_markup(page: Path) -> None:
    shown = Read(page / "index.html")
    assert shown.players[0]["ends"] == [
        {"composer": "Haydn", "title": 'Bread & <b>"butter"</b>', "note": ""},
        {"composer": "Haydn", "title": "It's", "note": "in training"},
    ]
    text = (page / "index.html").read_text(encoding="utf-8")
    assert "Bread &amp; &lt;b&gt;&#34;butter&#34;&lt;/b&gt;" in text
    assert "</script" not in text.split('id="players">')[1].split("</script>")[0]
    assert '<b>"butter"' not in text


def test_a_page_of_one_path_stays_small(page: Path) -> None:
    """18 paths of 7 stops are to be below 30 MB: of a second of sound no stop may have more than 12 kB in all."""
    shown = Read(page / "index.html")
    seconds = shown.players[0]["beats"] * 60 / shown.players[0]["tempo"] + audio.TAIL
    size = sum(file.stat().st_size for file in (page / "path-1-2").iterdir())
    # What a file has whatever it holds (heads, clefs) is much of a toy.
    assert size / 5 < 12_000 * seconds + 12_000


def test_a_path_says_what_is_original_and_what_is_made() -> None:
    stops = [(stop.label, stop.kind) for stop in toy_path("1-2").stops]
    assert stops == [
        ("A", "original"),
        ("A", "rebuilt"),
        ("50 %", "between"),
        ("B", "rebuilt"),
        ("B", "original"),
    ]
    thirds = players.path("1-2", music(0), [music(k) for k in range(4)], music(1))
    assert [stop.label for stop in thirds.stops if stop.kind == "between"] == ["33 %", "67 %"]


def test_the_same_music_gives_the_same_bytes(page: Path, tmp_path: Path) -> None:
    one, other = (build(tmp_path / name, reconstructions=[toy_reconstruction("3")]) for name in ("one", "other"))
    files = sorted(file.relative_to(one) for file in one.rglob("*") if file.is_file())
    assert len(files) == 2 * 5 + 1 + 5
    for file in files:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file
    assert (page / "reconstruction-3/reconstruction-3-0.ogg").read_bytes() == (
        one / "reconstruction-3/reconstruction-3-0.ogg"
    ).read_bytes()


# The table


def test_the_table_has_the_metrics_figures(page: Path) -> None:
    head, *rows = Read(page / "figures.html").rows
    assert head == ["works", "token accuracy", "onset F1", "exact phrases", "KL, nats", "ELBO, nats"]
    none = "\u2013"
    assert rows == [
        ["validation", "0.912", "0.800", "0.000", "0.7", "\u221299.0"],
        ["test", "0.912", "0.800", "0.000", "0.7", "\u2212123.5"],
        ["test, Violin I", "0.500", "0.250", none, none, none],
        ["test, Violin II", "0.600", "0.250", none, none, none],
        ["test, Viola", "0.700", "0.250", none, none, none],
        ["test, Cello", "0.800", "0.250", none, none, none],
        ["test, nearest training phrase", "0.333", none, none, none, none],
    ]
    text = (page / "figures.html").read_text(encoding="utf-8")
    assert re.search(r"\(1 work,\s+1,234 phrases\)", text)


# Too little


def test_without_paths_there_is_no_word_of_them(tmp_path: Path) -> None:
    page = build(tmp_path, reconstructions=[toy_reconstruction("3")], phrases=1)
    shown = Read(page / "index.html")
    assert shown.headings == ["", "Reconstructions"]
    assert [refer for refer in shown.refers if refer.startswith("#")] == ["#reconstruction-3"]
    text = " ".join((page / "index.html").read_text(encoding="utf-8").split())
    assert "Go hear" not in text
    assert "Hear 1 movement of works that it never met" in text


def test_without_anything_to_listen_to_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(RenderingError, match="no paths and no reconstructions"):
        build(tmp_path)
    assert not any((tmp_path / "page").iterdir())


def test_a_missing_picture_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(RenderingError, match=r"none\.png: no such picture"):
        pages.build(
            tmp_path,
            paths=[toy_path("1-2")],
            reconstructions=[],
            metrics=toy_metrics(),
            pictures={tmp_path / "none.png": "Nothing"},
        )
    assert not any(tmp_path.iterdir())


# The piano roll


@pytest.mark.parametrize("seed", range(3))
def test_a_rolls_rectangles_are_the_notes(seed: int) -> None:
    made = music(seed, 32)
    pitches = made.tokens[made.tokens < GRID.alphabet.rest]
    low, high = int(pitches.min()), int(pitches.max())
    svg = ElementTree.fromstring(svg_roll.svg(made, low, high))
    width, height = (int(svg.attrib[name]) for name in ("width", "height"))
    parts = [group for group in svg if group.tag.endswith("}g")]
    assert [part.get("fill") for part in parts] == list(STRING_QUARTET.colours)
    for part, notes in zip(parts, codec.decode(made.tokens, GRID.alphabet), strict=True):
        shown = []
        for note in part:
            x, y, wide, tall = (int(note.attrib[name]) for name in ("x", "y", "width", "height"))
            assert 0 <= x < x + wide <= width
            assert 0 < y < y + tall < height
            # A sliver less than the note lasts, so that a note struck again is seen.
            shown.append([x / STEP, (wide + 1) / STEP, y / tall])
        expected = [
            [on, length, high + 1 - (pitch - GRID.alphabet.pitch_min)] for on, length, pitch, _ in notes.tolist()
        ]
        assert shown == expected


def test_a_roll_has_a_line_for_each_beat_and_a_darker_one_for_each_bar() -> None:
    bars = np.repeat([0, 1, 2], [6, 2, 8])
    svg = ElementTree.fromstring(svg_roll.svg(music(0, 16, bars=bars), 0, 60))
    lines = [[int(x) / STEP for x in re.findall(r"M(\d+)", path.attrib["d"])] for path in svg[:2]]
    assert lines == [[0, 4, 12], [6, 8]]


def test_a_roll_is_as_wide_on_a_finer_grid_and_shows_both_notes_of_a_part() -> None:
    fine = Grid(12, GRID.alphabet, "double")
    coarse = music(0, 32, bars=np.repeat([0, 1], 16))
    tokens: Tokens = np.full((96, 8), GRID.alphabet.rest, np.uint8)
    tokens[:, :4] = np.repeat(coarse.tokens, 3, axis=0)
    later = np.arange(96) % 3 > 0
    tokens[later] = np.where(tokens[later] < GRID.alphabet.rest, GRID.alphabet.sustain, tokens[later])
    same = Quartet(tokens, fine, np.repeat(coarse.bars, 3))
    assert svg_roll.svg(same, 0, 60) == svg_roll.svg(coarse, 0, 60)
    tokens = tokens.copy()
    tokens[:2, 4] = [3, GRID.alphabet.sustain]
    both = svg_roll.svg(Quartet(tokens, fine, same.bars), 0, 60)
    assert both.count("<rect") == svg_roll.svg(same, 0, 60).count("<rect") + 1


def test_rolls_of_one_player_have_one_scale(page: Path) -> None:
    rolls = [ElementTree.parse(file).getroot().get("viewBox") for file in (page / "path-1-2").glob("*.roll.svg")]
    assert len(rolls) == 5
    assert len(set(rolls)) == 1


# Downloads


def test_downloads_read_back_as_the_music(page: Path) -> None:
    true = toy_path("1-2", a="One").stops[2].music
    notes = [part[["onset", "duration", "pitch"]].tolist() for part in codec.decode(true.tokens, GRID.alphabet)]
    for kind in ("mid", "mxl"):
        found = read.read(page / f"path-1-2/path-1-2-2.{kind}").music
        beat = found.ticks_per_beat
        assert [
            [(on * 4 // beat, long * 4 // beat, pitch) for on, long, pitch, _ in track.notes.tolist()]
            for track in found.tracks
        ] == notes, kind


def test_sound_is_the_music_in_both_kinds(tmp_path: Path) -> None:
    made = music(0, 64)
    sound.write(tmp_path / "x.ogg", made)
    true = audio.samples(made)
    for kind, rate, channels in (("ogg", 48_000, 2), ("mp3", 32_000, 1)):
        info = soundfile.info(tmp_path / f"x.{kind}")
        assert (info.samplerate, info.channels) == (rate, channels)
        heard, _ = soundfile.read(tmp_path / f"x.{kind}", always_2d=True)
        assert len(heard) / rate == pytest.approx(len(true) / audio.RATE, abs=0.1)
        # How loud it is from tenth to tenth of a second, which is what an encoder must keep.
        loud = [
            np.sqrt(np.square(one.mean(axis=1))[: 90 * (hz // 10)].reshape(90, -1).mean(axis=1))
            for one, hz in ((true, audio.RATE), (heard, rate))
        ]
        assert np.corrcoef(*loud)[0, 1] > 0.97, kind
        assert (tmp_path / f"x.{kind}").stat().st_size / (len(true) / audio.RATE) < 6_000


# The score


def test_beats_stand_where_their_notes_are_engraved() -> None:
    made = music(0, 64, bars=np.repeat(np.arange(4), 16))
    packed = score.score(made)
    svg = gzip.decompress(base64.b64decode(packed["svg"])).decode()
    assert svg == engraving.compact(engraving.svg(engraving.musicxml(dataclasses.replace(made, title=""))))
    systems = packed["systems"]
    assert systems
    assert all(0 < one["top"] < one["bottom"] < 1 for one in systems)
    assert all(one["bottom"] < other["top"] for one, other in itertools.pairwise(systems))
    places = [place for system in systems for place in system["places"]]
    beats = [beat for beat, _ in places]
    assert beats == sorted(beats)
    assert (beats[0], beats[-1]) == (0, 16)
    for system in systems:
        across = [x for _, x in system["places"]]
        assert across == sorted(across)
        assert 0 < across[0] < across[-1] <= 1
    onsets = {on / 4 for part in codec.decode(made.tokens, GRID.alphabet) for on in part["onset"].tolist()}
    assert onsets <= set(beats)


# Smaller files


def _pixels(svg: str) -> np.ndarray[Any, Any]:
    return np.asarray(imread(BytesIO(engraving.png(svg))), dtype=np.float64)


def test_a_lean_score_looks_the_same() -> None:
    full = engraving.svg(engraving.musicxml(music(0, 32)))
    lean = engraving.compact(full)
    assert len(lean) < 0.75 * len(full)
    one, other = _pixels(full), _pixels(lean)
    assert one.shape == other.shape
    assert (one < 0.5).mean() > 0.01
    # Lines that meet are one line now, whose joints are not smoothed: an eighth of full black, in few places.
    assert np.abs(one - other).max() < 0.125


def test_a_score_brings_no_font_along_and_its_tempo_is_a_letter_of_any() -> None:
    svg = engraving.svg(engraving.musicxml(music(0)))
    assert "\u2669" in svg
    assert "Leipzig" not in svg
    assert "font-face" not in svg


def test_letters_of_a_scores_picture_need_no_font_of_the_machine() -> None:
    svg = engraving.svg(engraving.musicxml(music(0)))
    assert "Violin II" in svg
    without = re.sub(r"<text.*?</text>", "", svg)
    assert (_pixels(svg) < 0.5).sum() > (_pixels(without) < 0.5).sum() + 500


def test_an_ogg_file_is_whole_small_and_the_same_each_time(tmp_path: Path) -> None:
    made = music(0, 64)
    for name in ("one.ogg", "other.ogg"):
        audio.write(tmp_path / name, made)
    assert (tmp_path / "one.ogg").read_bytes() == (tmp_path / "other.ogg").read_bytes()
    # libogg skips pages whose checksum is wrong, so what is missing would be heard.
    heard, rate = soundfile.read(tmp_path / "one.ogg")
    true = audio.samples(made)
    assert rate == audio.RATE
    assert heard.shape == true.shape
    assert np.corrcoef(heard.ravel(), true.ravel())[0, 1] > 0.99
    seconds = len(true) / audio.RATE
    assert (tmp_path / "one.ogg").stat().st_size * 8 / seconds < 110_000


EXCERPTS = players.Excerpts(GRID, beats=3, tempo_qpm=90.0, movements={"a": "I. Allegro"})


def test_a_piece_is_heard_from_its_beginning() -> None:
    one = piece("a", music(0, 40).tokens, work="Op. 20", steps_per_bar=16)
    heard = EXCERPTS.music(one)
    assert (heard.title, heard.composer, heard.tempo_qpm) == ("Op. 20, I. Allegro", one.composer, 90.0)
    assert np.array_equal(heard.tokens, one.tokens[:12])
    assert np.array_equal(heard.bars, one.bars[:12])
    assert len(EXCERPTS.music(one, 20).tokens) == 20
    assert EXCERPTS.music(piece("b", one.tokens, work="Op. 20")).title == "Op. 20"


def test_paths_lead_between_originals_that_are_as_long_as_their_points() -> None:
    a, b = piece("a", music(0, 40).tokens, work="One"), piece("b", music(1, 40).tokens, work="Two")
    points = [piece(f"{name}/{k}", music(k, 8).tokens, work=name) for name in ("a-b", "b-a") for k in range(4)]
    found = players.paths({"b-a": (b, a), "a-b": (a, b)}, points, EXCERPTS, trained={"b"})
    assert [player.id for player in found] == ["path-b-a", "path-a-b"]
    first = found[0]
    assert [(end.title, end.note) for end in first.ends] == [("Two", "in training"), ("One, I. Allegro", "")]
    assert [stop.label for stop in first.stops] == ["A", "A", "33 %", "67 %", "B", "B"]
    assert [stop.kind for stop in first.stops] == [
        *(players.ORIGINAL, players.REBUILT),
        *(players.BETWEEN, players.BETWEEN),
        *(players.REBUILT, players.ORIGINAL),
    ]
    wanted = [b.tokens[:8], *(point.tokens for point in points[4:]), a.tokens[:8]]
    for stop, tokens in zip(first.stops, wanted, strict=True):
        assert np.array_equal(stop.music.tokens, tokens)


def test_a_reconstruction_stands_beside_the_original_of_its_id() -> None:
    originals = [piece(name, music(seed, 40).tokens) for seed, name in enumerate("abc")]
    rebuilt = [piece(name, music(seed, 40).tokens) for seed, name in ((7, "c"), (8, "a"))]
    found = players.reconstructions(originals, rebuilt, EXCERPTS)
    assert [player.id for player in found] == ["reconstruction-c", "reconstruction-a"]
    for player, original, made in zip(found, (originals[2], originals[0]), rebuilt, strict=True):
        assert [stop.kind for stop in player.stops] == [players.ORIGINAL, players.REBUILT]
        for stop, tokens in zip(player.stops, (original.tokens, made.tokens), strict=True):
            assert np.array_equal(stop.music.tokens, tokens[:12])
