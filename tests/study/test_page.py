"""The page of a study tells listeners nothing, and its key all."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quartetvae.errors import RenderingError
from quartetvae.study import page
from quartetvae.study.answers import EXPERIENCE, QUESTIONS, StudyError, read_key
from quartetvae.study.excerpts import Excerpt
from tests.study.answering import excerpt

SOURCES = ("Zelenka", "Quasimodo")
DRAWN = [excerpt(source, number) for source in SOURCES for number in range(4)]


def data(text: str) -> dict[str, Any]:
    """What the page knows."""
    found = re.search(r'<script type="application/json" id="study">(.*?)</script>', text)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


@pytest.fixture(scope="module")
def built() -> tuple[str, dict[str, Any]]:
    text, key = page.build(DRAWN)
    return text, key.model_dump()


def test_nothing_in_the_page_tells_a_source(built: tuple[str, dict[str, Any]]) -> None:
    text, key = built
    for name in (*SOURCES, ".mid", "from_beat"):
        assert name.lower() not in text.lower()
    for shown in data(text)["excerpts"]:
        assert shown.keys() == {"id", "sound"}
        assert not any(name.encode() in base64.b64decode(shown["sound"]) for name in SOURCES)
    assert {origin["source"] for origin in key["excerpts"].values()} == set(SOURCES)


def test_the_order_of_the_data_hangs_on_the_sound_only(built: tuple[str, dict[str, Any]]) -> None:
    text, _ = built
    ids = [shown["id"] for shown in data(text)["excerpts"]]
    assert ids == sorted(ids)
    for shown in data(text)["excerpts"]:
        assert hashlib.sha256(base64.b64decode(shown["sound"])).hexdigest().startswith(shown["id"])
    # The same excerpts in another order and under other names make the same page.
    renamed = [Excerpt(f"x{one.source}", "y.mid", 0, one.sound) for one in reversed(DRAWN)]
    assert page.build(renamed)[0] == text


def test_the_key_tells_where_each_excerpt_is_from(built: tuple[str, dict[str, Any]]) -> None:
    text, key = built
    assert key["excerpts"].keys() == {shown["id"] for shown in data(text)["excerpts"]}
    found = sorted((origin["source"], origin["file"], origin["from_beat"]) for origin in key["excerpts"].values())
    assert found == sorted((one.source, one.file, one.from_beat) for one in DRAWN)


def test_the_hash_is_that_of_the_page_without_it(built: tuple[str, dict[str, Any]]) -> None:
    text, key = built
    assert data(text)["page"] == key["page"]
    blank = text.replace(key["page"], page.HASH_PLACE)
    assert hashlib.sha256(blank.encode()).hexdigest() == key["page"]
    other, _ = page.build(DRAWN[:-1])
    assert data(other)["page"] != key["page"]


def test_the_page_fetches_nothing(built: tuple[str, dict[str, Any]]) -> None:
    assert not re.findall(r"(?:src|href)=\"(?!data:)[^\"]*\"|https?://|@import|url\(", built[0])


def test_all_questions_stand_there(built: tuple[str, dict[str, Any]]) -> None:
    text, _ = built
    for name, (word, question) in QUESTIONS.items():
        assert text.count(f'name="{name}"') == 7
        assert word in text
        assert question in text
    assert all(kind[1:] in text for kind in EXPERIENCE)
    assert "8 excerpts" in text
    assert "of 6 seconds each" in text


def test_page_and_key_are_written_side_by_side(tmp_path: Path) -> None:
    beside = page.write(tmp_path / "new" / "study.html", DRAWN)
    assert beside == tmp_path / "new" / "study.key.json"
    assert read_key(beside).page == data((tmp_path / "new" / "study.html").read_text(encoding="utf-8"))["page"]


def test_one_source_is_too_few() -> None:
    with pytest.raises(StudyError, match="a study of 1 sources; two are needed"):
        page.build(DRAWN[:4])


def test_the_same_music_twice_is_refused() -> None:
    twice = Excerpt("other", "copy.mid", 8, DRAWN[0].sound)
    with pytest.raises(StudyError, match=r"Zelenka/Zelenka-0\.mid, beat 0 and other/copy\.mid, beat 8: the same sound"):
        page.build([*DRAWN, twice])


def test_silence_is_refused() -> None:
    with pytest.raises(RenderingError, match="silence"):
        page.build([*DRAWN, Excerpt("other", "a.mid", 0, np.zeros((100_000, 2), np.float32))])


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RenderingError, match="cannot be written"):
        page.write(tmp_path / "file" / "study.html", DRAWN)
