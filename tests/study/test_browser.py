"""The page of a study in a real browser: played, answered, left and taken up again, saved; by keyboard, on a phone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from quartetvae.study import analysis, answers
from quartetvae.study import page as pages
from quartetvae.study.answers import QUESTIONS
from tests import browser as browsers
from tests.study.answering import excerpt

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = browsers.needed

EACH = 2
COUNT = 2 * EACH
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two sources."""
    path = tmp_path_factory.mktemp("study") / "study.html"
    pages.write(path, [excerpt(source, number) for source in ("left", "right!") for number in range(EACH)])
    return path


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A browser with a profile of its own."""
    with browsers.opened("--no-sandbox") as browser:
        yield browser


@pytest.fixture(params=[{}], ids=["desktop"])
def context(request: pytest.FixtureRequest, browser: "Browser") -> "Iterator[BrowserContext]":
    """A listener's browser."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **request.param})
    yield context
    context.close()


@pytest.fixture
def page(context: "BrowserContext", file: Path) -> "Iterator[Page]":
    """The study, opened from disk; nothing may be fetched, nor be complained of."""
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    yield page
    assert [url for url in asked if not url.startswith((file.as_uri(), "data:", "blob:"))] == []
    assert said == []


def begin(page: "Page", listener: str = "") -> None:
    """Say who one is."""
    if listener:
        page.get_by_label("Your code").fill(listener)
    page.get_by_label("What describes you best?").select_option("Amateur musician")
    page.get_by_role("button", name="Begin").click()
    page.locator("#trial").wait_for()


def listen(page: "Page") -> None:
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("!ratings.disabled")


def rate(page: "Page", score: int) -> None:
    """Give all answers one score."""
    for name in QUESTIONS:
        page.locator(f"[name={name}][value='{score}']").check()
    page.locator("#next").click()


def saved(page: "Page", path: Path) -> dict[str, Any]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save answers").click()
    waiting.value.save_as(path)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def order(page: "Page") -> list[str]:
    found: list[str] = page.evaluate("state.order")
    return found


def test_a_study_is_heard_answered_saved_and_evaluated(page: "Page", file: Path, tmp_path: Path) -> None:
    begin(page, "Ann O'Nymous")
    key = answers.read_key(file.with_name("study.key.json"))
    for number, id in enumerate(order(page)):
        assert page.get_by_role("heading").inner_text() == f"Excerpt {number + 1} of {COUNT}"
        assert page.locator("#done").evaluate("bar => bar.value") == number
        listen(page)
        rate(page, 2 if key.excerpts[id].source == "left" else 6)
    content = saved(page, tmp_path / "one.json")
    found, ratings = answers.read_answers(tmp_path / "one.json", key)
    assert found.listener == "Ann O'Nymous"
    assert found.experience == answers.EXPERIENCE.index("amateur musician")
    assert found.order == list(ratings)
    times = [found.started, *(time for one in ratings.values() for time in (one.played, one.rated)), found.finished]
    assert times == sorted(times)
    other = {**content, "listener": "two"}
    (tmp_path / "two.json").write_text(json.dumps(other), encoding="utf-8")
    both = [answers.read_answers(tmp_path / name, key) for name in ("one.json", "two.json")]
    means = analysis.analyse(key, both, replicates=100, seed=0)["means"]
    assert [means[source]["rhythm"]["mean"] for source in ("left", "right!")] == [2.0, 6.0]


def test_nothing_can_be_rated_before_it_is_played(page: "Page") -> None:
    begin(page)
    assert page.locator("#ratings input:enabled").count() == 0
    assert page.locator("#next").is_disabled()
    assert page.locator("#say").inner_text().startswith("Play the excerpt")
    page.evaluate("answer.requestSubmit()")
    assert page.evaluate("Object.keys(state.ratings)") == []
    listen(page)
    rate(page, 4)
    assert page.locator("#ratings input:enabled").count() == 0


def test_a_missing_answer_is_asked_for(page: "Page") -> None:
    begin(page)
    listen(page)
    for name in list(QUESTIONS)[:-1]:
        page.locator(f"[name={name}][value='3']").check()
    page.locator("#next").click()
    assert page.get_by_role("heading").inner_text() == f"Excerpt 1 of {COUNT}"
    assert page.evaluate("document.activeElement.name") == "rhythm"


def test_it_is_taken_up_where_it_was_left(page: "Page") -> None:
    begin(page)
    listen(page)
    rate(page, 4)
    listen(page)
    page.locator("[name=melody][value='5']").check()
    before = page.evaluate("({ ...state, ratings: Object.keys(state.ratings) })")
    # What a page keeps goes to the browser's own process, which a busy machine may delay.
    page.wait_for_timeout(1000)
    page.reload()
    assert page.get_by_role("heading").inner_text() == f"Excerpt 2 of {COUNT}"
    assert page.evaluate("({ ...state, ratings: Object.keys(state.ratings) })") == before
    assert page.locator("[name=melody][value='5']").is_checked()
    assert page.locator("#ratings input:checked").count() == 1
    rate(page, 6)
    assert page.get_by_role("heading").inner_text() == f"Excerpt 3 of {COUNT}"


def test_the_order_is_that_of_the_seed_and_another_listeners_is_another(page: "Page") -> None:
    begin(page)
    ids = page.evaluate("study.excerpts.map(({ id }) => id)")
    assert page.evaluate("shuffled(study.excerpts.map(({ id }) => id), state.seed)") == order(page)
    assert sorted(order(page)) == ids
    many = {tuple(page.evaluate("([ids, seed]) => shuffled(ids, seed)", [ids, seed])) for seed in range(400)}
    # All orders of four come up.
    assert len(many) == 24
    assert all(sorted(one) == ids for one in many)


def test_another_listener_begins_anew_once_answers_are_saved(page: "Page", tmp_path: Path) -> None:
    begin(page)
    first = page.evaluate("state.listener")
    for _ in range(COUNT):
        listen(page)
        rate(page, 4)
    anew = page.get_by_role("button", name="Begin anew")
    assert anew.is_disabled()
    assert saved(page, tmp_path / "one.json")["listener"] == first
    anew.click()
    assert page.get_by_label("Your code").input_value() not in ("", first)
    page.reload()
    assert page.get_by_role("heading").inner_text() == "A listening study"


def test_the_keyboard_is_enough(page: "Page") -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#trial").wait_for()
    page.keyboard.press("Space")
    page.wait_for_function("!ratings.disabled")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "play"
    page.keyboard.press("Space")
    page.wait_for_function("sound.paused")
    for _ in QUESTIONS:
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
    assert page.evaluate("study.questions.map((name) => state.ratings[current()][name])") == [2] * len(QUESTIONS)
    page.keyboard.press("Enter")
    assert page.get_by_role("heading").inner_text() == f"Excerpt 2 of {COUNT}"
    assert page.evaluate("document.activeElement.id") == "which"


def test_who_does_not_see_it_is_told(page: "Page") -> None:
    begin(page)
    listen(page)
    for word, text in QUESTIONS.values():
        group = page.get_by_role("group", name=f"{word} {text}")
        assert group.get_by_role("radio").count() == 7
        assert group.get_by_role("radio", name="1 low").count() == 1
        assert group.get_by_role("radio", name="7 high").count() == 1
    assert page.get_by_role("progressbar", name="Excerpts answered").count() == 1
    assert page.get_by_role("button", name="Pause").count() == 1
    assert page.evaluate("document.documentElement.lang") == "en"


def test_an_excerpt_ends_and_is_played_again(page: "Page") -> None:
    begin(page)
    listen(page)
    page.evaluate("sound.currentTime = sound.duration - 0.3")
    page.wait_for_function("sound.ended")
    assert page.evaluate("state.ratings[current()].heard_seconds") == pytest.approx(6, abs=0.2)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("!sound.paused && sound.currentTime < 2")


@pytest.mark.parametrize(
    "context", [{}, PHONE, {"reduced_motion": "reduce"}], indirect=True, ids=["light", "dark", "still"]
)
def test_it_can_be_read_on_any_screen(page: "Page") -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    begin(page)
    listen(page)
    page.locator("[name=melody][value='5']").check()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("h1", "#say", "legend b", ".scale span", ".scale small", ".scale :checked + span", "#next", "#time"):
        assert page.locator(name).first.evaluate(browsers.CONTRAST) >= 4.5, name
    box = page.locator(".scale label").first.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    still = page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    moving = page.locator(".scale span").first.evaluate("element => getComputedStyle(element).transitionDuration")
    assert (moving == "0s") is still


def test_a_browser_that_keeps_nothing_says_so(context: "BrowserContext", file: Path) -> None:
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    page = context.new_page()
    page.goto(file.as_uri())
    begin(page)
    assert page.locator("#kept").inner_text().startswith("This browser keeps nothing")
