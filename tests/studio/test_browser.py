"""The studio in a real browser: dragged, heard, asked for keys, given files, read back; on a desktop and on a phone."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest

import quartetvae
from quartetvae.composing import filling, keys
from quartetvae.corpus import phrases
from quartetvae.io import engraving, read
from quartetvae.model import composer as composers
from quartetvae.model.numpy.composer import NumpyComposer
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music import codec
from quartetvae.music.quartet import Quartet
from quartetvae.studio import page as pages
from tests import browser as browsers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = browsers.needed

PHRASES = 400
BEATS = 16
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}

WRITTEN = "!waiting.length && !busy && Number(document.body.dataset.written) === version"
"""What is true in the page when all beats are as the point wants them."""

LOUDNESS = """() => {
  const data = new Float32Array(2048);
  player.out.analyser.getFloatTimeDomainData(data);
  return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
}"""


@pytest.fixture(scope="module")
def model() -> NumpyAutoencoder:
    """The package's network."""
    return quartetvae.load()


@pytest.fixture(scope="module")
def pieces(model: Any) -> list[Quartet]:
    """Four pieces: music of the prior."""
    return [quartetvae.sample(model, beats=BEATS, seed=seed) for seed in range(4)]


@pytest.fixture(scope="module")
def file(model: Any, pieces: list[Quartet], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The studio of these four, whose names are no markup."""
    names = ("Mozart", "Haydn", "<b>Beethoven</b></script>", "Dvorak")
    corners = [
        pages.Corner(music, quartetvae.encode(model, music), who, "a quartet")
        for music, who in zip(pieces, names, strict=True)
    ]
    path = tmp_path_factory.mktemp("studio") / "studio.html"
    pages.write(path, model, corners, tempo_qpm=120.0)
    assert path.stat().st_size < 6_000_000
    return path


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A browser with a profile of its own."""
    with browsers.opened("--no-sandbox", "--autoplay-policy=no-user-gesture-required") as browser:
        yield browser


@pytest.fixture(params=[{}], ids=["desktop"])
def page(request: pytest.FixtureRequest, browser: "Browser", file: Path) -> "Iterator[Page]":
    """The studio, opened from disk; nothing may be fetched, nor be complained of."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **request.param})
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function(WRITTEN)
    yield page
    context.close()
    assert [url for url in asked if not url.startswith((file.as_uri(), "data:", "blob:"))] == []
    assert said == []


def tokens(page: "Page") -> np.ndarray[Any, Any]:
    """The part array that the page shows."""
    return np.array(page.evaluate("[...whole]"), np.uint8).reshape(-1, 8)


def as_base64(array: np.ndarray[Any, Any]) -> str:
    """The bytes of an array as text."""
    return base64.b64encode(array.tobytes()).decode("ascii")


def heldout(model: Any) -> np.ndarray[Any, Any]:
    """Phrases that training never saw where the repository has them, else music of the prior."""
    path = Path(__file__).parents[2] / "data" / "phrases" / "test.parquet"
    if path.is_file():
        import pyarrow.parquet as parquet

        table = parquet.read_table(path)
        columns = [np.stack(table[name].to_numpy()) for name in table.column_names[3:]]
        found = np.stack(columns, axis=-1).astype(np.uint8)
        return found[np.random.default_rng(1).choice(len(found), PHRASES, replace=False)]
    drawn = np.random.default_rng(1).standard_normal((PHRASES, model.architecture.network.latent_dim))
    return np.asarray(model.decode(drawn.astype(np.float32)))


def test_tokens_are_those_of_the_numpy_network(page: "Page", model: Any) -> None:
    given = heldout(model)
    found = page.evaluate(
        """async ([text, count]) => {
          const all = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const size = sizes.steps * sizes.columns;
          const given = Array.from({ length: count }, (_, k) => all.slice(k * size, (k + 1) * size));
          const { codes } = await ask({ encode: given });
          const out = [];
          for (const z of codes) out.push(...(await ask({ decode: { z } })).tokens);
          return out;
        }""",
        [as_base64(given), PHRASES],
    )
    wanted = model.decode(model.encode(given)[0])
    same = (np.array(found, np.uint8).reshape(wanted.shape) == wanted).all(axis=(1, 2))
    assert same.sum() >= PHRASES - 1


@pytest.mark.parametrize(("x", "y", "row", "column"), [(0, 0, 0, 0), (1, 0, 0, 2), (0.5, 0.5, 1, 1), (1, 1, 2, 2)])
def test_a_point_is_that_of_the_grid(
    page: "Page", model: Any, pieces: list[Quartet], x: float, y: float, row: int, column: int
) -> None:
    page.evaluate(f"move({x}, {y})")
    page.wait_for_function(WRITTEN)
    wanted = quartetvae.interpolate_grid(model, pieces, points=3, path="spherical")[row][column].tokens
    assert (tokens(page) == wanted).mean() > 0.99


def test_the_point_is_dragged_and_says_where_it_is(page: "Page") -> None:
    before = tokens(page)
    box = page.locator("#pad").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 4, box["y"] + box["height"] * 0.25, steps=8)
    page.mouse.up()
    page.wait_for_function(WRITTEN)
    assert page.locator("#shares").inner_text().startswith("74 % Mozart, 25 % <b>Beethoven</b></script>")
    assert (tokens(page) != before).any()
    assert page.locator("#corners p b").nth(2).inner_text() == "<b>Beethoven</b></script>"


def test_it_sounds_and_movements_are_heard(page: "Page") -> None:
    page.locator("#play").click()
    page.wait_for_function(f"({LOUDNESS})() > 0.005")
    for k in range(6):
        page.evaluate(f"move({k / 5}, {1 - k / 5})")
        page.wait_for_timeout(250)
    # How soon is told by `python -m benchmarks.studio`: here other tests run beside this one.
    assert len(page.evaluate("timings.sound")) >= 2
    for part in range(4):
        page.keyboard.press(str(part + 1))
    page.wait_for_function(f"({LOUDNESS})() < 0.001")
    page.locator("#play").click()
    assert page.evaluate("player.playing") is False


KEYS = [(0, "C major"), (3, "A major"), (12, "A minor"), (15, "F# minor"), (-1, "free")]
"""Keys by their number on the page, and as the command has them."""


@pytest.mark.parametrize(("key", "name"), KEYS)
@pytest.mark.parametrize(("strength", "strict"), [(1.0, False), (4.0, False), (0.0, True), (1.0, True)])
def test_a_key_adds_what_the_commands_key_adds(
    page: "Page", model: Any, key: int, name: str, strength: float, strict: bool
) -> None:
    found = page.evaluate(f"[...(keyBias({key}, {strength}, {int(strict)}, sizes) ?? [])]")
    alphabet = model.architecture.grid.alphabet
    if name == "free":
        assert found == []
    else:
        wanted = keys.bias(name, None, alphabet, strength=strength, strict=strict)
        assert np.allclose(found, wanted, atol=1e-6)


def test_music_in_a_key_is_that_of_the_command(page: "Page", model: Any, pieces: list[Quartet]) -> None:
    page.evaluate("move(0, 0)")
    page.wait_for_function(WRITTEN)
    free = tokens(page)
    page.locator("#dial [data-key='2']").click()
    page.locator("#strength").fill("3")
    page.wait_for_function(WRITTEN)
    wanted = quartetvae.vary(model, pieces[0], amount=0.0, key="D major", key_strength=3.0).tokens
    assert (tokens(page) != free).any()
    assert (tokens(page) == wanted).mean() > 0.99
    assert page.locator("#key-name").inner_text() == "D major"


@pytest.mark.parametrize(("key", "scale"), [(0, {0, 2, 4, 5, 7, 9, 11}), (12, {0, 2, 4, 5, 6, 7, 8, 9, 11})])
def test_of_a_strict_key_no_note_is_outside(page: "Page", key: int, scale: set[int]) -> None:
    assert not {pitch % 12 for pitch in page.evaluate("notes.map((note) => note.pitch)")} <= scale
    page.locator(f"#dial [data-key='{key}']").click()
    page.locator("#strict").check()
    page.wait_for_function(WRITTEN)
    found = {pitch % 12 for pitch in page.evaluate("notes.map((note) => note.pitch)")}
    assert found
    assert found <= scale


def test_the_key_of_notes_is_the_one_that_python_finds(page: "Page") -> None:
    counts = np.random.default_rng(2).integers(0, 9, (40, 12))
    found = page.evaluate(
        "(all) => all.map((counts) => keyOf(counts.flatMap((count, pitch) => Array(count).fill({ pitch }))))",
        counts.tolist(),
    )
    assert [key % 12 * 7 % 12 for key in found] == keys.scales(counts).tolist()


def test_pitches_are_spelled_as_in_python(page: "Page") -> None:
    found = page.evaluate(
        """() => Array.from({ length: 12 }, (_, k) => k - 5).map((sharps) =>
          Array.from({ length: 72 }, (_, k) => spell(k + 36, sharps)).map((of) => [of.letter, of.alter, of.octave]))"""
    )
    assert [[tuple(one) for one in row] for row in found] == [
        [engraving.spelling(pitch, sharps) for pitch in range(36, 108)] for sharps in range(-5, 7)
    ]


def test_density_and_freedom_and_another_draw_change_the_music(page: "Page") -> None:
    plain = len(page.evaluate("notes"))
    counts = []
    for value in ("-2", "2"):
        page.locator("#density").fill(value)
        page.wait_for_function(WRITTEN)
        counts.append(len(page.evaluate("notes")))
    assert counts[0] < plain < counts[1]
    page.locator("#density").fill("0")
    page.locator("#freedom").fill("1")
    page.wait_for_function(WRITTEN)
    free = tokens(page)
    page.locator("#again").click()
    page.wait_for_function(WRITTEN)
    assert (tokens(page) != free).any()


@pytest.mark.parametrize("kind", ["mid", "musicxml"])
def test_what_is_downloaded_reads_back_equal(page: "Page", model: Any, tmp_path: Path, kind: str) -> None:
    with page.expect_download() as waiting:
        page.locator(f"[data-download='{kind}']").click()
    path = tmp_path / f"between.{kind}"
    waiting.value.save_as(path)
    read = quartetvae.read(path, model)
    assert read.tempo_qpm == pytest.approx(120, abs=0.1)
    # Columns of a part may change places; its notes may not.
    alphabet = model.architecture.grid.alphabet
    for wanted, found in zip(codec.decode(tokens(page), alphabet), codec.decode(read.tokens, alphabet), strict=True):
        assert sorted(note[:3] for note in found.tolist()) == sorted(note[:3] for note in wanted.tolist())


def made_up(seed: int, grids: tuple[int, ...], steps: int) -> list[dict[str, int]]:
    """Notes of four parts in two columns each, each column without a gap or with rests, that begin and end on grids."""
    rng = np.random.default_rng(seed)
    found = []
    for column in range(8):
        part, voice, at = column % 4, column // 4, 0
        while at < steps:
            grid = int(rng.choice(grids))
            # Where finer grids meet, a note begins on the next place of its own.
            at = -(-at // grid) * grid
            length = min(grid * int(rng.integers(1, 9)), steps - at)
            if length > 0 and rng.random() < (0.5 if voice else 0.9):
                # Columns never share a pitch: of a unison one note stays.
                pitch = 50 + 2 * int(rng.integers(0, 12)) + voice
                found.append({"part": part, "voice": voice, "onset": at, "duration": length, "pitch": pitch})
            at += max(length, 1)
    return found


IRREGULAR = [0, 36, 72, 120, 150, 186, 203, 251]
"""Bars of 3/4, 4/4, 5/8, one that no time signature has, and a last one that is cut short; 12 steps a beat."""

WHOLE = [0, 3, 6, 10, 13, 16, 17, 21]
"""At which bars of whole beats begin: our reader fills others up with rests."""


def joined(part: Any) -> list[tuple[float, float, int]]:
    """Onset, duration and pitch of a music21 part's notes in steps; tied ones are joined, also from voice to voice."""
    pieces = sorted(
        (12 * float(one.offset), 12 * float(one.quarterLength), each.pitch.midi, each.tie.type if each.tie else "")
        for one in part.flatten().notes
        for each in (one.notes if one.isChord else [one])
    )
    found: list[list[Any]] = []
    sounding: dict[int, list[Any]] = {}
    for onset, length, pitch, tie in pieces:
        if tie in ("stop", "continue"):
            sounding[pitch][1] += length
        else:
            sounding[pitch] = [onset, length, pitch]
            found.append(sounding[pitch])
    return sorted((round(onset, 3), round(length, 3), pitch) for onset, length, pitch in found)


@pytest.mark.parametrize("whole", [True, False], ids=["whole beats", "irregular"])
@pytest.mark.parametrize(
    ("grids", "steps_per_beat"), [((12,), 12), ((3,), 12), ((4,), 12), ((3, 4), 12), ((1,), 12), ((1,), 4), ((1,), 10)]
)
def test_each_note_of_a_score_reads_back(
    page: "Page", tmp_path: Path, grids: tuple[int, ...], steps_per_beat: int, whole: bool
) -> None:
    from music21 import converter

    steps = 23 * steps_per_beat if whole else 275
    bars = [beat * steps_per_beat for beat in WHOLE] if whole else IRREGULAR
    notes = made_up(3, grids, steps)
    content = page.evaluate(
        "([notes, options]) => writeMusicXml(notes, options)",
        [
            notes,
            {"stepsPerBeat": steps_per_beat, "tempo": 96, "bars": bars, "steps": steps, "title": "A & <B>", "key": 9},
        ],
    )
    path = tmp_path / "made.musicxml"
    path.write_text(content, encoding="utf-8")
    music = read.read(path).music
    score: Any = converter.parse(path)
    assert [track.name for track in music.tracks] == ["Violin I", "Violin II", "Viola", "Cello"]
    assert music.tempos[0].qpm == 96
    assert score.metadata.title == "A & <B>"
    assert score.parts[0].flatten().keySignature.sharps == -3
    scale = music.ticks_per_beat / steps_per_beat
    for number, track in enumerate(music.tracks):
        wanted = sorted((n["onset"], n["duration"], n["pitch"]) for n in notes if n["part"] == number)
        if whole:
            found = sorted((o / scale, d / scale, p) for o, d, p, *_ in track.notes.tolist())
            assert np.array(found) == pytest.approx(np.array(wanted, np.float64))
        of_music21 = [(o * steps_per_beat / 12, d * steps_per_beat / 12, p) for o, d, p in joined(score.parts[number])]
        assert np.array(of_music21, np.float64) == pytest.approx(np.array(wanted, np.float64), abs=0.01)


SCORES = {
    "a note over a bar line is tied": (
        [(0, 36, 24, 60)],
        [("half", 1, None, None), ("quarter", 0, None, "start"), ("quarter", 0, None, "stop"), ("half", 1, None, None)],
    ),
    "three in a beat are a triplet": (
        [(0, 0, 4, 60), (0, 4, 4, 62), (0, 8, 4, 64)],
        [("eighth", 0, "3:2", None)] * 3 + [("half", 1, None, None)],
    ),
    "a sixth of a beat begins in the second half": (
        [(0, 0, 6, 60), (0, 6, 2, 62), (0, 8, 2, 64), (0, 10, 2, 65), (0, 12, 36, 60)],
        [("eighth", 0, None, None), *[("16th", 0, "3:2", None)] * 3, ("half", 1, None, None)],
    ),
    "from the middle of a beat a quarter is one note": (
        [(0, 0, 6, 60), (0, 6, 12, 62), (0, 18, 30, 64)],
        [
            ("eighth", 0, None, None),
            ("quarter", 0, None, None),
            ("eighth", 0, None, "start"),
            ("half", 0, None, "stop"),
        ],
    ),
    "eleven twelfths of a beat are two values, and a rest": (
        [(0, 0, 11, 60), (0, 12, 36, 60)],
        [("quarter", 0, "3:2", "start"), ("16th", 1, "3:2", "stop"), ("32nd", 0, "3:2", None), ("half", 1, None, None)],
    ),
}
"""Notes (voice, onset, duration, pitch) of 4/4, and type, dots, tuplet and tie of what is written of the first part."""


@pytest.mark.parametrize("name", SCORES)
def test_values_are_those_that_a_copyist_would_write(page: "Page", name: str) -> None:
    given, wanted = SCORES[name]
    notes = [dict(zip(("voice", "onset", "duration", "pitch"), one, strict=True), part=0) for one in given]
    bars = [0, 48] if max(one[1] + one[2] for one in given) > 48 else [0]
    options = {"stepsPerBeat": 12, "tempo": 96, "bars": bars, "steps": 48 * len(bars), "title": "", "key": 0}
    part = ElementTree.fromstring(
        page.evaluate("([notes, options]) => writeMusicXml(notes, options)", [notes, options])
    )
    found = []
    for note in part.findall("part[@id='P1']/measure/note"):
        ratio = note.find("time-modification")
        tie = note.find("tie")
        found.append(
            (
                note.findtext("type"),
                len(note.findall("dot")),
                None if ratio is None else f"{ratio.findtext('actual-notes')}:{ratio.findtext('normal-notes')}",
                None if tie is None else tie.get("type"),
            )
        )
    assert found == wanted


def test_audio_is_downloaded(page: "Page", tmp_path: Path) -> None:
    with page.expect_download() as waiting:
        page.locator("[data-download='wav']").click()
    waiting.value.save_as(tmp_path / "between.wav")
    content = (tmp_path / "between.wav").read_bytes()
    assert content[:4] == b"RIFF"
    sound = np.frombuffer(content[44:], "<i2").reshape(-1, 2)
    assert len(sound) / 44_100 == pytest.approx(BEATS * 0.5 + 1.5, abs=0.01)
    assert np.abs(sound).max() > 10_000


def test_a_midi_file_is_dropped_and_encoded_as_python_does(page: "Page", model: Any, tmp_path: Path) -> None:
    music = quartetvae.sample(model, beats=BEATS, seed=9)
    quartetvae.write(tmp_path / "mine.mid", music)
    page.locator("#file").set_input_files(tmp_path / "mine.mid")
    page.wait_for_function("document.querySelector('#told').textContent.startsWith('mine.mid is')")
    page.wait_for_function(WRITTEN)
    found = np.array(page.evaluate("pieces.find((piece) => piece.who === 'mine').codes.map((code) => [...code])"))
    wanted = quartetvae.encode(model, quartetvae.read(tmp_path / "mine.mid", model))
    assert np.abs(found - wanted).max() < 0.01
    data = as_base64(np.frombuffer((tmp_path / "mine.mid").read_bytes(), np.uint8))
    page.evaluate(
        """(text) => {
          const files = new DataTransfer();
          files.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], "two.mid"));
          files.items.add(new File(["no music"], "bad.mid"));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }""",
        data,
    )
    page.wait_for_function("document.querySelector('#told').textContent === 'bad.mid: not a MIDI file.'")
    assert page.locator(".corner b", has_text="two").count() == 1


def test_phrases_are_joined_and_cut_as_python_does(page: "Page", model: Any) -> None:
    music = quartetvae.sample(model, beats=BEATS, seed=3)
    alphabet = model.architecture.grid.alphabet
    cut = phrases.cut(music.tokens, [0, 48, 96, 144], 48, alphabet=alphabet, boundary="held")
    found = page.evaluate(
        """(text) => {
          const given = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const cut = tile(given, sizes);
          return [cut.flatMap((phrase) => [...phrase]), [...untile(cut, given.length / sizes.columns, sizes)]];
        }""",
        as_base64(music.tokens),
    )
    assert np.array_equal(np.array(found[0], np.uint8), cut.ravel())
    starts = np.arange(4) * 48
    wanted = phrases.untile(cut, starts, len(music.tokens), alphabet=alphabet)
    assert np.array_equal(np.array(found[1], np.uint8), wanted.ravel())


@pytest.fixture(scope="module")
def composer() -> NumpyComposer:
    """The package's composer."""
    return quartetvae.load_composer()


def hire(page: "Page") -> None:
    """Have the page unpack its composer."""
    page.evaluate(
        """async () => {
          await ask({ hire: { ...DATA.composer, text: document.querySelector("#composer").textContent } });
        }"""
    )


def test_the_composer_gives_music_the_nats_that_it_has_in_python(
    page: "Page", model: Any, composer: NumpyComposer
) -> None:
    form = composer.architecture
    alphabet = form.grid.alphabet
    lengths = (form.steps, form.steps // 2)
    made = [quartetvae.sample(model, beats=length // 12, seed=20 + length).tokens for length in lengths]
    hire(page)
    for number, tokens in enumerate(made):
        window = phrases.cut(tokens, [0], len(tokens), alphabet=alphabet, boundary="held")
        unknown = composers.masks(1, form, np.random.default_rng(number))[:, : len(tokens)]
        unknown[0, 12:24, 1] = True
        found = page.evaluate(
            """async ([tokens, unknown]) =>
              (await ask({ nats: { tokens: Uint8Array.from(tokens), unknown: Uint8Array.from(unknown) } })).nats""",
            [window.ravel().tolist(), unknown.ravel().astype(int).tolist()],
        )
        # Weights of eight bits are not those of the package; without that the two agree to six digits.
        assert found == pytest.approx(composer.nats(window, unknown)[0], rel=0.003)


def given(model: Any, seed: int) -> np.ndarray[Any, Any]:
    """A part array of any make, with sustains that follow nothing, too."""
    alphabet = model.architecture.grid.alphabet
    rng = np.random.default_rng(seed)
    kinds = rng.choice(3, (16 * 12, 8), p=(0.15, 0.1, 0.75))
    pitches = rng.integers(0, alphabet.pitches, kinds.shape)
    return np.where(kinds == 0, pitches, np.where(kinds == 1, alphabet.rest, alphabet.sustain)).astype(np.uint8)


@pytest.mark.parametrize(("first", "last"), [(0, 36), (36, 84), (150, 192), (41, 47)])
def test_notes_over_the_edges_of_a_bar_are_kept_as_in_python(page: "Page", model: Any, first: int, last: int) -> None:
    alphabet = model.architecture.grid.alphabet
    for seed in range(5):
        tokens = given(model, seed)
        unknown = np.zeros((len(tokens), 4), np.bool_)
        unknown[first:last] = True
        wanted, remaining = filling.settle(tokens, unknown, alphabet)
        found = page.evaluate(
            """([tokens, first, last]) => {
              const found = settled(Uint8Array.from(tokens), first, last, sizes);
              return [[...found.tokens], [...found.unknown]];
            }""",
            [tokens.ravel().tolist(), first, last],
        )
        assert found == [wanted.ravel().tolist(), remaining.ravel().astype(int).tolist()]


def test_the_composers_window_is_cut_as_in_python(page: "Page", model: Any) -> None:
    tokens = np.concatenate([given(model, seed) for seed in range(2)])
    unknown = np.zeros((len(tokens), 4), np.bool_)
    unknown[200:236] = True
    settled, _ = filling.settle(tokens, unknown, model.architecture.grid.alphabet)
    start, window = page.evaluate(
        """(tokens) => {
          const found = windowAround(Uint8Array.from(tokens), 200, 236, sizes, DATA.composer.sizes);
          return [found.start, [...found.tokens]];
        }""",
        tokens.ravel().tolist(),
    )
    assert start == filling.windows(unknown[:, 0], length=192, beat=12)[0].start
    cut = phrases.cut(settled, [start], 192, alphabet=model.architecture.grid.alphabet, boundary="held")
    assert window == cut.ravel().tolist()


def compose(page: "Page", step: float) -> np.ndarray[Any, Any]:
    """Click the bar at a step of the piano roll, and give the music when it is composed."""
    count = page.evaluate("composed.length")
    roll = page.locator("#roll")
    box = roll.bounding_box()
    assert box
    steps = page.evaluate("steps")
    roll.click(position={"x": 14 + (step + 0.5) / steps * (box["width"] - 28), "y": 40})
    page.wait_for_function(f"composed.length === {count + 1} && !filling")
    return tokens(page)


def test_a_bar_that_is_clicked_is_composed_and_undone(page: "Page", file: Path) -> None:
    before = tokens(page)
    page.locator("#fill").click()
    first = compose(page, 60)
    inside = slice(48, 96)
    assert (first[inside] != before[inside]).any()
    assert (np.delete(first, range(48, 96), axis=0) == np.delete(before, range(48, 96), axis=0)).all()
    assert page.locator("#told").inner_text().startswith("Bar 2 is composed")
    assert page.locator("#roll").get_attribute("aria-label") == "Piano roll of the music at the point; composed: bar 2"
    with page.expect_download() as waiting:
        page.locator("[data-download='musicxml']").click()
    assert "composed: bar 2</work-title>" in Path(waiting.value.path()).read_text(encoding="utf-8")
    second = compose(page, 60)
    assert (second != first).any()
    page.keyboard.press("u")
    assert (tokens(page) == first).all()
    page.locator("#undo").click()
    assert (tokens(page) == before).all()
    assert not page.locator("#undo").is_visible()
    # The same clicks in the same page give the same.
    page.goto(f"{file.as_uri()}#seed=1")
    page.reload()
    page.wait_for_function(WRITTEN)
    page.locator("#fill").click()
    assert (compose(page, 60) == first).all()
    # What was composed for a point goes with it.
    page.keyboard.press("ArrowRight")
    page.wait_for_function(WRITTEN)
    assert page.evaluate("composed.length") == 0


def test_a_bar_is_composed_by_the_keyboard_in_a_key_and_within_the_parts_ranges(page: "Page") -> None:
    page.locator("#dial [data-key='4']").click()
    page.locator("#strict").check()
    page.wait_for_function(WRITTEN)
    for _ in range(3):
        count = page.evaluate("composed.length")
        page.keyboard.press("c")
        page.wait_for_function(f"composed.length === {count + 1} && !filling")
    notes = page.evaluate("notes.filter((note) => note.onset < 48)")
    assert notes
    assert {note["pitch"] % 12 for note in notes} <= {4, 6, 8, 9, 11, 1, 3}
    assert all(note["pitch"] >= (55, 55, 48, 36)[note["part"]] for note in notes)
    page.keyboard.press("Control+z")
    assert page.evaluate("composed.length") == 2


def test_a_page_may_do_without_a_composer(
    browser: "Browser", model: Any, pieces: list[Quartet], tmp_path: Path
) -> None:
    corners = [pages.Corner(music, quartetvae.encode(model, music), "a") for music in pieces[:2]]
    pages.write(tmp_path / "plain.html", model, corners, composer=None)
    assert (tmp_path / "plain.html").stat().st_size < 3_500_000
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((tmp_path / "plain.html").as_uri())
        page.wait_for_function(WRITTEN)
        assert not page.locator("#fill").is_visible()


def test_the_address_restores_the_point(page: "Page", file: Path) -> None:
    page.goto(f"{file.as_uri()}#x=0.25&y=0.75&key=3&tempo=90&freedom=0.5&seed=nonsense")
    page.reload()
    page.wait_for_function(WRITTEN)
    assert page.evaluate("[state.x, state.y, state.key, state.tempo, state.freedom, state.seed]") == [
        0.25,
        0.75,
        3,
        90,
        0.5,
        1,
    ]
    first = tokens(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.hash.includes('x=0.270')")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(WRITTEN)
    assert (tokens(page) == first).all()


def test_the_keyboard_is_enough(page: "Page") -> None:
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("[state.x, state.y]") == pytest.approx([0.4, 0.48])
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Pause").count() == 1
    page.keyboard.press("Space")
    reached = []
    for _ in range(24):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        if reached[-1] == "any":
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowDown")
    for name in (
        *("point", "play", "Violin I", "Cello", "any", "strength", "strict"),
        *("freedom", "density", "tempo", "again", "MIDI", "Score", "file"),
    ):
        assert name in reached
    assert page.evaluate("state.key") == 12


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_on_a_phone_the_roll_and_play_are_under_the_pad(page: "Page") -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    boxes = [page.locator(name).bounding_box() for name in ("#pad", "#roll", "#play", "#dial")]
    places = [box["y"] for box in boxes if box]
    assert places == sorted(places)
    assert places[2] + 58 < 844
    page.locator("#point").tap()
    page.locator("#play").tap()
    page.wait_for_function(f"({LOUDNESS})() > 0.005")


def test_at_a_quarter_of_the_speed_a_movement_is_soon_written(page: "Page") -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.locator("#play").click()
    page.wait_for_function(f"({LOUDNESS})() > 0.005")
    for k in range(6):
        page.evaluate(f"move({k / 5}, {k / 5})")
        page.wait_for_timeout(400)
    assert len(page.evaluate("timings.sound")) >= 1
    page.wait_for_function(WRITTEN)
