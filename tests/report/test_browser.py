"""The page to listen on, in a real browser: opened from disk, heard, moved through by keyboard, read on a phone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import browser as browsers
from tests.report.test_report import build, toy_path, toy_reconstruction

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = browsers.needed


WATCH = """() => {
  window.places = [];
  const look = () => {
    places.push(parseFloat(document.querySelector("#roll .playhead").style.left));
    requestAnimationFrame(look);
  };
  look();
}"""
"""Note down in each frame where the playhead is."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of six seconds a stop, with a title that is long."""
    work = "Quartet for Two Violins, Viola and Violoncello in B-flat major, Op. 130, with the Grosse Fuge as its finale"
    return build(
        tmp_path_factory.mktemp("report"),
        paths=[toy_path("1-2", 48, points=5, a=work, b="Donaudampfschifffahrtsgesellschaftskapitaensmuetzenquartett")],
        reconstructions=[toy_reconstruction("3", 48)],
    )


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A browser with a profile of its own."""
    with browsers.opened() as browser:
        yield browser


@pytest.fixture(params=[{}], ids=["desktop"])
def page(request: pytest.FixtureRequest, browser: "Browser", folder: Path) -> "Iterator[Page]":
    """The page, opened from disk; whatever a test does, nothing may be fetched from elsewhere, nor be complained of."""
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **request.param})
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: said.append(f"{request.url}: {request.failure}"))
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((folder / "index.html").as_uri())
    yield page
    context.close()
    assert [url for url in asked if not url.startswith((f"{folder.as_uri()}/", "data:", "blob:"))] == []
    # A sound or picture that another one replaces while it is being read.
    assert [text for text in said if not text.endswith("net::ERR_ABORTED")] == []
    assert len(asked) >= 3


def place(page: "Page") -> float:
    """Where the sound is, in seconds."""
    return float(page.evaluate("sound.currentTime"))


PLAYHEAD = """() => {
    const [head, roll] = ["#roll .playhead", "#roll img"].map((name) =>
        document.querySelector(name).getBoundingClientRect());
    return (head.x + 1 - roll.x) / roll.width;
}"""


def playhead(page: "Page") -> float:
    """How far from the left of the roll the playhead is, from 0 to 1."""
    return float(page.evaluate(PLAYHEAD))


def state(page: "Page") -> dict[str, Any]:
    """What the player shows."""
    return {
        "stop": page.locator("[aria-checked=true]").inner_text().split(),
        "roll": page.locator("#roll img").get_attribute("src"),
        "alt": page.locator("#roll img").get_attribute("alt"),
        "sound": page.evaluate("sound.src.split('/').slice(-2).join('/')"),
    }


def hash_of(page: "Page") -> list[str]:
    """The address's player, point and beat."""
    return str(page.evaluate("location.hash.slice(1)")).split("/")


def test_keys_work_before_anything_has_the_focus(page: "Page") -> None:
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 0.3")
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("ArrowRight")
    assert state(page)["stop"] == ["A", "rebuilt"]
    assert page.evaluate("document.activeElement === document.body")
    page.wait_for_function("sound.src.endsWith('path-1-2/path-1-2-1.ogg') && sound.currentTime > 0.3")
    page.keyboard.press("Space")
    page.wait_for_function("sound.paused")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # there is none
    assert state(page)["stop"] == ["A", "original"]
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("#which").inner_text() == "Reconstruction 1 of 1"
    page.keyboard.press("Shift+ArrowRight")  # there is none
    page.keyboard.press("Shift+ArrowLeft")
    assert page.locator("#which").inner_text() == "Path 1 of 1"
    page.keyboard.press("Control+ArrowRight")  # the browser's
    assert state(page)["stop"] == ["A", "original"]


def test_a_clip_plays_and_the_playhead_moves_with_it(page: "Page") -> None:
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.currentTime > 0.3")
    # Asked in the page itself: between two questions from outside a busy machine may have played it to its end.
    page.wait_for_function(f"({PLAYHEAD})() > 0.15")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function("sound.paused")
    page.get_by_role("button", name="Play").wait_for()
    assert playhead(page) == pytest.approx(place(page) / 6, abs=0.01)
    # How far it came hangs on how busy the machine is.
    assert page.locator("#time").inner_text() == f"0:0{int(place(page))} / 0:06"
    stood = place(page)
    page.wait_for_timeout(200)
    assert place(page) == stood


def test_a_browser_without_opus_plays_mp3(page: "Page") -> None:
    page.add_init_script("HTMLMediaElement.prototype.canPlayType = () => ''")
    page.reload()
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 0.3 && sound.src.endsWith('-0.mp3')")


def test_at_its_end_a_clip_goes_back_to_its_beginning(page: "Page") -> None:
    page.get_by_role("slider").fill("5.8")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.paused && at === 0 && sound.currentTime > 5.9")
    page.get_by_role("button", name="Play").wait_for()
    assert playhead(page) == pytest.approx(0, abs=0.01)
    assert hash_of(page) == ["path-1-2", "0", "0"]


def test_the_arrow_keys_go_along_a_path_and_keep_the_place(page: "Page") -> None:
    page.locator("[role=radio]").first.focus()
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 0.8")
    assert state(page)["sound"] == "path-1-2/path-1-2-0.ogg"
    before = place(page)
    page.evaluate(WATCH)
    page.keyboard.press("ArrowRight")
    assert state(page) == {
        "stop": ["A", "rebuilt"],
        "roll": "path-1-2/path-1-2-1.roll.svg",
        "alt": "Piano roll: A, rebuilt",
        "sound": "path-1-2/path-1-2-1.ogg",
    }
    assert page.evaluate("document.activeElement.getAttribute('aria-checked')") == "true"
    # Before the next sound has been opened, too.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    assert state(page)["stop"] == ["25", "%", "between"]
    assert state(page)["sound"] == "path-1-2/path-1-2-2.ogg"
    page.wait_for_function(f"sound.readyState > 2 && sound.currentTime > {before + 0.1}")
    # Neither back to the beginning, nor on by more than the moments since; 100 is the roll's width.
    places = page.evaluate("places")
    assert 100 * before / 6 - 1 <= min(places) <= max(places) < 100 * (before + 3) / 6
    page.keyboard.press("Space")
    page.wait_for_function("sound.paused")
    page.keyboard.press("End")
    assert state(page)["stop"] == ["B", "original"]
    page.keyboard.press("ArrowRight")  # there is none
    assert state(page)["roll"] == "path-1-2/path-1-2-6.roll.svg"
    page.keyboard.press("Home")
    assert state(page)["stop"] == ["A", "original"]
    assert playhead(page) > before / 6
    assert page.evaluate("sound.paused")


def test_a_path_takes_one_tab_stop_and_tabs_go_on_to_its_transport(page: "Page") -> None:
    page.locator("[role=radio]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "play"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.innerText.split(/\\s+/)") == ["A", "rebuilt"]


def test_every_control_has_a_name_and_what_is_chosen_is_said(page: "Page") -> None:
    page.locator("#score summary").click()
    tree = page.locator("body").aria_snapshot()
    for line in (
        'radiogroup "Haydn',
        'radio "50 % between"',
        'button "Play"',
        'slider "Place in the music"',
        'img "Piano roll: A, original"',
        'link "MIDI of A, original"',
        'link "MusicXML of A, original"',
        'link "MP3 of A, original"',
        'navigation "What there is to hear"',
        'button "Next"',
    ):
        assert line in tree, line
    page.keyboard.press("ArrowRight")
    assert page.locator("[aria-live=polite]").inner_text() == "Haydn: what the model gives back of the notes."
    page.get_by_role("radio", name="50 %").click()
    assert "50 % of the way from A to B" in page.locator("[aria-live=polite]").inner_text()


def test_an_original_is_one_click_from_its_reconstruction(page: "Page") -> None:
    page.locator(".list a[href='#reconstruction-3']").click()
    page.wait_for_function("location.hash === '#reconstruction-3/0/0'")
    page.get_by_role("radio", name="model rebuilt").click()
    page.wait_for_function("sound.currentTime > 0.3")
    before = place(page)
    page.get_by_role("radio", name="composer original").click()
    page.wait_for_function(
        f"sound.src.endsWith('reconstruction-3/reconstruction-3-0.ogg') && sound.currentTime > {before}"
    )
    assert page.locator("#roll img").get_attribute("src") == "reconstruction-3/reconstruction-3-0.roll.svg"


def test_another_path_begins_at_its_beginning(page: "Page") -> None:
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 1")
    page.locator(".list a[href='#reconstruction-3']").click()
    page.wait_for_function("sound.src.endsWith('reconstruction-3/reconstruction-3-0.ogg') && sound.currentTime > 0.1")
    assert place(page) < 0.9
    current = page.locator(".list [aria-current]")
    assert [link.get_attribute("href") for link in current.all()] == ["#reconstruction-3"]


def test_an_address_names_a_point_and_a_place(page: "Page", folder: Path) -> None:
    """6 seconds are 12 beats."""
    page.goto((folder / "index.html").as_uri() + "#path-1-2/4/9")
    page.reload()
    assert state(page)["stop"] == ["75", "%", "between"]
    assert playhead(page) == pytest.approx(0.75, abs=0.01)
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 4.6")
    page.keyboard.press("Space")
    page.wait_for_function("sound.paused")
    page.wait_for_function("Number(location.hash.split('/')[2]) > 9.1")
    assert hash_of(page)[:2] == ["path-1-2", "4"]
    assert page.locator("#here").get_attribute("href") == page.evaluate("location.hash")
    # By a link within the page, and back.
    page.evaluate("location.hash = '#reconstruction-3/1/3'")
    page.wait_for_function(
        "document.querySelector('#roll img').src.endsWith('reconstruction-3/reconstruction-3-1.roll.svg')"
    )
    assert playhead(page) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("wrong", ["#path-7-8/1/2", "#path-1-2/99/99", "#path-1-2/x/-1", "#//"])
def test_an_address_of_nothing_opens_what_there_is(wrong: str, page: "Page", folder: Path) -> None:
    page.goto((folder / "index.html").as_uri() + wrong)
    page.reload()
    assert state(page)["stop"] == ["A", "original"]
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 0.1")


def test_a_click_on_the_roll_and_the_slider_choose_the_place(page: "Page") -> None:
    roll = page.locator("#roll img").bounding_box()
    assert roll
    page.mouse.click(roll["x"] + roll["width"] / 2, roll["y"] + 5)
    assert playhead(page) == pytest.approx(0.5, abs=0.01)
    assert hash_of(page) == ["path-1-2", "0", "6"] or abs(float(hash_of(page)[2]) - 6) < 0.1
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.currentTime >= 3.1")
    slider = page.get_by_role("slider", name="Place in the music")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_function("sound.currentTime < 2")
    assert str(slider.get_attribute("aria-valuetext")).startswith(("0:00 of 0:06", "0:01 of 0:06"))
    # Within the slider arrows are its own.
    page.keyboard.press("ArrowRight")
    assert state(page)["stop"] == ["A", "original"]


def test_a_score_opens_and_follows_the_choice(page: "Page") -> None:
    page.get_by_text("Score", exact=True).click()
    for number, name in ((0, "A, original"), (1, "A, rebuilt")):
        page.get_by_role("radio").nth(number).focus()
        page.get_by_role("img", name=f"Score: {name}").wait_for()
        page.wait_for_function("page.complete && page.naturalWidth > 100")
        page.keyboard.press("ArrowRight")


def test_the_score_has_a_playhead_where_the_music_is(page: "Page") -> None:
    page.get_by_text("Score", exact=True).click()
    page.get_by_role("img", name="Score: A, original").wait_for()
    page.wait_for_function("shown && page.complete && page.naturalWidth > 100")
    places = [
        (system["top"], beat, x)
        for system in page.evaluate("scores['path-1-2'][0].systems")
        for beat, x in system["places"][:-1]  # the last is where the next system begins
    ]
    for top, beat, x in places[::3]:
        page.evaluate(f"seek({beat} / 2)")
        # Both at once: the page may be scrolling to the place.
        mark, sheet = page.evaluate(
            "['.sheet .playhead', '.sheet img'].map(name => document.querySelector(name).getBoundingClientRect())"
            ".map(({x, y, width, height}) => ({x, y, width, height}))"
        )
        assert (mark["x"] + 1 - sheet["x"]) / sheet["width"] == pytest.approx(x, abs=0.01)
        assert (mark["y"] - sheet["y"]) / sheet["height"] == pytest.approx(top, abs=0.01)
    # A click on a note goes there.
    top, beat, x = places[4]
    page.evaluate("sheet.scrollTop = 0")
    sheet = page.locator(".sheet img").bounding_box()
    assert sheet
    page.locator(".sheet").scroll_into_view_if_needed()
    sheet = page.locator(".sheet img").bounding_box()
    assert sheet
    page.mouse.click(sheet["x"] + x * sheet["width"], sheet["y"] + (top + 0.01) * sheet["height"])
    assert page.evaluate("at") == pytest.approx(beat / 2, abs=0.05)


def test_downloads_are_of_the_point_that_is_chosen(page: "Page", folder: Path) -> None:
    page.get_by_role("radio", name="50 %").click()
    for name, ending in {"MIDI": "mid", "MusicXML": "mxl"}.items():
        with page.expect_download() as coming:
            page.get_by_role("link", name=f"{name} of 50 %, between").click()
        assert coming.value.suggested_filename == f"path-1-2-3.{ending}"
        assert Path(coming.value.path()).read_bytes() == (folder / "path-1-2" / f"path-1-2-3.{ending}").read_bytes()
    # Opened from disk, a browser plays sound whatever the link says; at least not in the page's place.
    for name, ending in {"MP3": "mp3", "Ogg": "ogg"}.items():
        link = page.get_by_role("link", name=f"{name} of 50 %, between")
        assert link.get_attribute("href") == f"path-1-2/path-1-2-3.{ending}"
        assert link.get_attribute("target") == "_blank"


@pytest.mark.parametrize("page", [{"reduced_motion": "reduce"}], indirect=True, ids=["still"])
def test_with_reduced_motion_playheads_go_from_beat_to_beat(page: "Page") -> None:
    page.evaluate(WATCH)
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 1.2")
    places = {round(12 * one / 100, 3) for one in page.evaluate("places")}
    assert places <= {0, 1, 2, 3, 4, 5}
    assert len(places) > 1


def test_figures_are_on_a_page_of_their_own(page: "Page") -> None:
    assert page.locator("table").count() == 0
    page.get_by_role("link", name="Figures").click()
    page.wait_for_url("**/figures.html")
    assert page.locator("h1").inner_text() == "Figures"
    assert page.get_by_role("row").count() == 8
    pictures = page.locator("img").all()
    assert len(pictures) == 1
    for picture in pictures:
        picture.scroll_into_view_if_needed()
        page.wait_for_function("[...document.images].every((image) => image.complete)")
        assert picture.evaluate("image => image.naturalWidth") > 0
        assert picture.get_attribute("alt")
    page.get_by_role("link", name="Listen").click()
    page.wait_for_url(re.compile("index.html"))


PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_in_its_width(page: "Page") -> None:
    page.get_by_text("Score", exact=True).tap()
    page.get_by_role("img", name="Score: A, original").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for text in (*page.locator("#ends small").all(), *page.locator("#stops small").all()):
        assert text.evaluate("text => text.scrollWidth <= text.clientWidth || text.clientWidth === 0"), (
            text.inner_text()
        )
    boxes = [button.bounding_box() for button in page.get_by_role("radio").all()]
    assert len({box["y"] for box in boxes if box}) == 1  # in one line, as a path is
    assert all(box and min(box["width"], box["height"]) >= 44 for box in boxes)  # as wide as a finger
    page.get_by_role("radio", name="50 %").tap()
    page.wait_for_function("sound.currentTime > 0.2")
    assert state(page)["stop"] == ["50", "%", "between"]
    # What sounds, and what makes it sound, are on the first screen.
    page.evaluate("scrollTo(0, 0)")
    play = page.locator("#play").bounding_box()
    assert play
    assert play["y"] + play["height"] < 844
    # A sheet that is wider than the phone goes along with the music.
    page.wait_for_function("shown")
    page.evaluate("seek(2.4)")
    mark, sheet = (page.locator(name).bounding_box() for name in (".sheet .playhead", ".sheet"))
    assert mark and sheet
    assert sheet["x"] <= mark["x"] <= sheet["x"] + sheet["width"]


@pytest.mark.parametrize("page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=str)
def test_text_stands_out_from_what_is_behind_it(page: "Page") -> None:
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(250, 247, 241)") == page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    shown = ("h1", "header p", ".quiet", "#here", "#ends b", "#ends small", "#stops button", "#stops small", "#which")
    for name in (
        *shown,
        "[aria-checked=true]",
        "#play",
        "#time",
        ".list small",
        ".label",
        "[aria-current=page]",
        "kbd",
    ):
        assert page.locator(name).first.evaluate(browsers.CONTRAST) >= 4.5, name
    page.get_by_role("link", name="Figures").click()
    for name in ("h1", "td", "figcaption", "[aria-current=page]"):
        assert page.locator(name).first.evaluate(browsers.CONTRAST) >= 4.5, name
