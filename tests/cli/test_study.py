"""`quartetvae study`: a page from folders, tables from answers, and what is said of bad input."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from quartetvae import cli
from quartetvae.errors import QuartetError
from quartetvae.io import midi
from quartetvae.study.answers import QUESTIONS, StudyError, read_key
from tests.study.answering import answers, key, write
from tests.study.test_excerpts import music


def run(*words: str | Path | int) -> Result:
    """The command, in this process; an error of ours is passed on as it is."""
    result = CliRunner().invoke(cli.app, ["study", *(str(word) for word in words)])
    if isinstance(result.exception, QuartetError):
        raise result.exception
    return result


def write_sources(place: Path) -> list[Path]:
    """Two folders of three quartets each."""
    folders = [place / name for name in ("composed", "generated")]
    for lift, folder in zip((0, 5), folders, strict=True):
        folder.mkdir()
        for number in range(3):
            midi.write(folder / f"{number}.mid", music(24, lift=lift + number), tempo_qpm=90)
    return folders


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    return write_sources(tmp_path)


@pytest.fixture
def given(tmp_path: Path) -> list[Path]:
    """The key and the answers of six listeners."""
    scores = 2 * ({"a0": 2, "b0": 6}, {"a0": 1, "b0": 7}, {"a0": 3, "b0": 4})
    files = [write(tmp_path / f"{k}.json", answers(f"listener {k}", one)) for k, one in enumerate(scores)]
    return [write(tmp_path / "study.key.json", key(a=1, b=1).model_dump()), *files]


def test_a_page_and_its_key_are_written(sources: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = run(*sources, "--excerpts", 2, "--seconds", 5, "-o", out)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{out}\n"
    assert "keep it from listeners" in result.stderr
    found = read_key(tmp_path / "page.key.json").excerpts.values()
    assert sorted(one.source for one in found) == ["composed"] * 2 + ["generated"] * 2


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The hash of the page of two excerpts of five seconds, with more options."""
    place = tmp_path_factory.mktemp("pages")
    folders = write_sources(place)

    def page(*words: str | int) -> str:
        run(*folders, "--excerpts", 2, "--seconds", 5, *words, "-o", place / "page.html")
        return read_key(place / "page.key.json").page

    return page


@pytest.fixture(scope="module")
def plain(pages: Callable[..., str]) -> str:
    return pages()


def test_the_same_command_makes_the_same_page(pages: Callable[..., str], plain: str) -> None:
    assert pages() == plain


@pytest.mark.parametrize(
    "changed", [("--seed", 3), ("--tempo", 120), ("--own-tempo",), ("--seconds", 6), ("--excerpts", 1)]
)
def test_each_option_changes_the_page(pages: Callable[..., str], plain: str, changed: tuple[str | int, ...]) -> None:
    assert pages(*changed) != plain


def test_spread_takes_in_what_is_no_quartet(sources: list[Path], tmp_path: Path) -> None:
    whole = music(24)
    for path in sources[1].glob("*.mid"):
        midi.write(path, type(whole)(480, whole.tracks[:1]), tempo_qpm=90)
    words = [*map(str, sources), "--excerpts", "1", "--seconds", "5", "-o", str(tmp_path / "page.html")]
    with pytest.raises(QuartetError, match="generated: none of its 3 files can be read"):
        run(*words)
    assert run(*words, "--spread").exit_code == 0


def test_the_table_has_means_tests_and_agreement(given: list[Path]) -> None:
    result = run("--analyse", *given[1:], "--key", given[0])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].split() == ["mean", "(95", "%)", "a", "b", "alpha,", "interval", "ordinal"]
    for question in QUESTIONS:
        assert question.replace("_", " ") in result.stdout
    assert "2.00 (1." in result.stdout
    assert "a - b" in result.stdout
    assert "-3.67" in result.stdout
    assert "6 listeners (6 amateur musician); excerpts: 1 of a, 1 of b." in result.stderr


def test_json_has_the_same(given: list[Path]) -> None:
    found = json.loads(run("--analyse", *given[1:], "--key", given[0], "--json").stdout)
    assert found["means"]["b"]["harmony"]["mean"] == pytest.approx(17 / 3)
    assert [test["question"] for test in found["tests"]] == list(QUESTIONS)
    assert set(found["agreement"]["melody"]) == {"interval", "ordinal"}
    other = json.loads(
        run("--analyse", *given[1:], "--key", given[0], "--json", "--seed", 1, "--replicates", 150).stdout
    )
    assert other["means"] != found["means"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a",), "sources a; two folders at least"),
        (("a", "x/a"), "sources a, a; two folders at least, of different names"),
        (("a", "b", "--json"), "--json goes with --analyse only"),
        (("a", "b", "--key", "k.json"), "--key goes with --analyse only"),
        (("a", "b", "--replicates", "200"), "--replicates goes with --analyse only"),
        (("--analyse", "a.json", "--excerpts", "2"), "--excerpts is of the page"),
        (("--analyse", "a.json", "--spread"), "--spread is of the page"),
        (("a", "b", "--tempo", "90", "--own-tempo"), "say one of them"),
        (("a", "b", "--seconds", "1"), "5<=x<=300"),
        (("a", "b", "--excerpts", "0"), "x>=1"),
        ((), "Missing argument"),
    ],
)
def test_wrong_usage_is_said(words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_an_empty_folder_is_said(sources: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(QuartetError, match="empty: no music in it"):
        run(sources[0], tmp_path / "empty", "--excerpts", 1, "--seconds", 5)


def test_answers_of_another_page_are_said(given: list[Path], tmp_path: Path) -> None:
    other = write(tmp_path / "other.json", {**json.loads(given[1].read_text()), "page": "b" * 64})
    with pytest.raises(StudyError, match=r"other\.json: answers to page bbb"):
        run("--analyse", given[1], other, "--key", given[0])
