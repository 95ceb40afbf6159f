"""The page to listen on, in a real browser: opened from disk, heard, moved through by keyboard, read on a phone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.report.test_report import build, toy_path, toy_reconstruction

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")

ARGUMENTS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--mute-audio"),
)

CONTRAST = """element => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = element;
  while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor].map(light);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
"""Of text on what is behind it, as WCAG 2 defines it."""


WATCH = """() => {
  window.places = [];
  const look = () => {
    places.push(parseFloat(document.querySelector(".playhead").style.left));
    requestAnimationFrame(look);
  };
  look();
}"""
"""Note down in each frame where the first player's playhead is."""


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
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=list(ARGUMENTS))
        yield browser
        browser.close()


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
    assert [url for url in asked if not url.startswith((f"{folder.as_uri()}/", "data:"))] == []
    # A sound that another one replaces while it is being read.
    assert [text for text in said if not text.endswith(".ogg: net::ERR_ABORTED")] == []
    assert len(asked) >= 3


def place(page: "Page") -> float:
    """Where the sound is, in seconds."""
    return float(page.evaluate("sound.currentTime"))


def playhead(page: "Page") -> float:
    """How far from the left of its roll the first player's playhead is, from 0 to 1."""
    head, roll = (page.locator(name).first.bounding_box() for name in (".playhead", ".roll"))
    assert head and roll
    return float((head["x"] + 1 - roll["x"]) / roll["width"])


def state(page: "Page") -> dict[str, Any]:
    """What the first player shows."""
    player = page.locator(".player").first
    return {
        "stop": player.locator("[aria-checked=true]").inner_text().split(),
        "roll": player.locator(".roll img").get_attribute("src"),
        "alt": player.locator(".roll img").get_attribute("alt"),
        "sound": page.evaluate("sound.src.split('/').slice(-2).join('/')"),
        "focus": page.evaluate("document.activeElement.textContent.split(/\\s+/).filter(Boolean)"),
    }


def test_a_clip_plays_and_the_playhead_moves_with_it(page: "Page") -> None:
    player = page.locator(".player").first
    assert not player.locator(".playhead").is_visible()
    player.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.currentTime > 0.3")
    first = playhead(page)
    page.wait_for_function("sound.currentTime > 1.1")
    assert playhead(page) > first + 0.1
    player.get_by_role("button", name="Pause").click()
    page.wait_for_function("sound.paused")
    assert playhead(page) == pytest.approx(place(page) / 6, abs=0.01)
    # How far it came hangs on how busy the machine is.
    assert player.locator(".time").inner_text() == f"0:0{int(place(page))} / 0:06"
    stood = place(page)
    page.wait_for_timeout(200)
    assert place(page) == stood


def test_at_its_end_a_clip_goes_back_to_its_beginning(page: "Page") -> None:
    player = page.locator(".player").first
    player.get_by_role("slider").fill("5.9")
    player.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.ended")
    player.get_by_role("button", name="Play").wait_for()
    assert playhead(page) == pytest.approx(0, abs=0.01)


def test_the_arrow_keys_go_along_a_path_and_keep_the_place(page: "Page") -> None:
    page.locator("[role=radio]").first.focus()
    page.keyboard.press("Space")
    page.wait_for_function("sound.currentTime > 0.8")
    assert state(page)["sound"] == "path-1-2/0.ogg"
    before = place(page)
    page.evaluate(WATCH)
    page.keyboard.press("ArrowRight")
    assert state(page) == {
        "stop": ["A", "rebuilt"],
        "roll": "path-1-2/1.roll.svg",
        "alt": "Piano roll: A, rebuilt",
        "sound": "path-1-2/1.ogg",
        "focus": ["A", "rebuilt"],
    }
    # Before the next sound has been opened, too.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert state(page)["stop"] == ["25", "%", "between"]
    assert state(page)["sound"] == "path-1-2/2.ogg"
    page.wait_for_function(f"sound.readyState > 2 && sound.currentTime > {before + 0.1}")
    # Neither back to the beginning, nor on by more than the moments since; 100 is the roll's width.
    places = page.evaluate("places")
    assert 100 * before / 6 - 1 <= min(places) <= max(places) < 100 * (before + 3) / 6
    page.keyboard.press("Space")
    page.wait_for_function("sound.paused")
    page.keyboard.press("End")
    assert state(page)["stop"] == ["B", "original"]
    page.keyboard.press("ArrowRight")  # there is none
    assert state(page)["roll"] == "path-1-2/6.roll.svg"
    page.keyboard.press("Home")
    assert state(page)["focus"] == ["A", "original"]
    assert playhead(page) > before / 6
    assert page.evaluate("sound.paused")


def test_a_path_takes_one_tab_stop_and_tabs_go_on_to_its_transport(page: "Page") -> None:
    page.locator("[role=radio]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert state(page)["focus"] == ["Play"]
    page.keyboard.press("Shift+Tab")
    assert state(page)["focus"] == ["A", "rebuilt"]


def test_an_original_is_one_click_from_its_reconstruction(page: "Page") -> None:
    player = page.locator("#reconstruction-3")
    player.get_by_role("radio", name="model rebuilt").click()
    page.wait_for_function("sound.currentTime > 0.3")
    before = place(page)
    player.get_by_role("radio", name="composer original").click()
    page.wait_for_function(f"sound.src.endsWith('reconstruction-3/0.ogg') && sound.currentTime > {before}")
    assert player.locator(".roll img").get_attribute("src") == "reconstruction-3/0.roll.svg"


def test_one_player_sounds_at_a_time(page: "Page") -> None:
    first, other = page.locator(".player").all()
    first.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.currentTime > 0.3")
    other.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.src.endsWith('reconstruction-3/0.ogg') && sound.currentTime > 0.1")
    assert [player.locator(".play").inner_text() for player in (first, other)] == ["Play", "Pause"]
    stood = playhead(page)
    page.wait_for_timeout(200)
    assert playhead(page) == stood > 0


def test_a_click_on_the_roll_and_the_slider_choose_the_place(page: "Page") -> None:
    player = page.locator(".player").first
    roll = player.locator(".roll").bounding_box()
    assert roll
    page.mouse.click(roll["x"] + roll["width"] / 2, roll["y"] + 5)
    assert playhead(page) == pytest.approx(0.5, abs=0.01)
    player.get_by_role("button", name="Play").click()
    page.wait_for_function("sound.currentTime >= 3.1")
    slider = player.get_by_role("slider", name="Place in the music")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_function("sound.currentTime < 2")
    assert slider.get_attribute("aria-valuetext") in ("0:00 of 0:06", "0:01 of 0:06")


def test_a_score_opens_and_follows_the_choice(page: "Page") -> None:
    player = page.locator(".player").first
    player.get_by_text("Score").click()
    for number, name in ((0, "A, original"), (1, "A, rebuilt")):
        player.get_by_role("radio").nth(number).focus()
        score = player.get_by_role("img", name=f"Score: {name}")
        score.wait_for()
        assert score.get_attribute("src") == f"path-1-2/{number}.score.svg"
        page.wait_for_function("document.querySelector('.score').complete")
        assert score.evaluate("image => image.naturalWidth") > 100
        page.keyboard.press("ArrowRight")


def test_every_picture_can_be_seen(page: "Page") -> None:
    pictures = page.locator("img:not(.score)").all()
    assert len(pictures) == 2 + 1
    for picture in pictures:
        picture.scroll_into_view_if_needed()
        page.wait_for_function(
            "document.images.length && [...document.images].every((image) => !image.src || image.complete)"
        )
        assert picture.evaluate("image => image.naturalWidth") > 0
        assert picture.get_attribute("alt")


PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_in_its_width(page: "Page") -> None:
    page.get_by_text("Score").first.tap()
    page.get_by_role("img", name="Score: A, original").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for text in (*page.locator("h3 span").all(), *page.locator(".stops small").all()):
        assert text.evaluate("text => text.scrollWidth <= text.clientWidth"), text.inner_text()
    boxes = [button.bounding_box() for button in page.locator(".player").first.get_by_role("radio").all()]
    assert len({box["y"] for box in boxes if box}) == 1  # in one line, as a path is
    assert all(box and min(box["width"], box["height"]) >= 44 for box in boxes)  # as wide as a finger
    page.get_by_role("radio", name="50 %").tap()
    page.wait_for_function("sound.currentTime > 0.2")
    assert state(page)["stop"] == ["50", "%", "between"]


@pytest.mark.parametrize("page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=str)
def test_text_stands_out_from_what_is_behind_it(page: "Page") -> None:
    grounds = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (grounds == "rgb(255, 255, 255)") == page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    for name in ("h1", "p", ".quiet", "a", "h3", ".stops button", "[aria-checked=true]", ".play", ".time", "td"):
        assert page.locator(name).first.evaluate(CONTRAST) >= 4.5, name
