"""Faults are put into a module one at a time; what the tests of the module do not see is counted and listed."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import ROOT
from trust import mutants, mutating
from trust.mutants import Drawn, Outcome, Result

TOY = """
LIMIT = 3

def larger(a, b):
    if a > b:
        return a
    return b

def steps(n):
    while n > LIMIT:
        n -= 1
    return n
"""

TESTS = """
from toy import larger, steps

def test_larger():
    assert larger(2, 1) == 2
    assert larger(1, 2) == 2

def test_steps():
    assert steps(6) == 3
"""


def made(source: str) -> list[tuple[str, str]]:
    return [(of.before, of.after) for of in mutating.mutants(source)]


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a == b", ["a != b"]),
        ("a < b < 1", ["a <= b < 1", "a >= b < 1", "a < b <= 1", "a < b >= 1", "a < b < 2"]),
        ("a = b + 1", ["a = b - 1", "a = b + 2"]),
        ("a = b // c", ["a = b / c"]),
        ("a += b", ["a -= b"]),
        ("a = -b", ["a = b"]),
        ("a = b and c", ["a = b or c"]),
        ("a = True", ["a = False"]),
        ("a = np.maximum(b, c)", ["a = np.minimum(b, c)"]),
        ("a = any(b)", ["a = all(b)"]),
        ("a[b] = c", ["pass"]),
        ("a(b)", ["pass"]),
        ("a = [b for b in c if b]", ["a = [b for b in c if not b]"]),
        ("a = b if c else d", ["a = b if not c else d"]),
    ],
)
def test_faults_counted_by_hand(source: str, others: list[str]) -> None:
    assert made(source) == [(source, other) for other in others]


@pytest.mark.parametrize(
    "source",
    [
        *("'a text'", "a = 'b'", "assert a < 1", "a: Literal[1]", "@a(1)\ndef f(b: t[2]) -> t[3]:\n    pass"),
        *("a = zip(b, c, strict=True)", "def f():\n    return None"),
    ],
)
def test_what_no_test_could_see_is_left_alone(source: str) -> None:
    assert made(source) == []


def test_a_fault_knows_where_it_is() -> None:
    source = "class A:\n    def b(self, c=1):\n        for d in c:\n            if d:\n                continue"
    found = mutating.mutants(source)
    assert [(of.where, of.line, of.before, of.after) for of in found] == [
        ("A.b", 2, "def b(self, c=1):", "def b(self, c=2):"),
        ("A.b", 4, "if d:", "if not d:"),
        ("A.b", 5, "continue", "break"),
    ]
    assert [of.number for of in found] == [0, 1, 2]
    assert mutating.with_fault(source, 2) == ast.unparse(ast.parse(source.replace("continue", "break")))


def test_faults_are_killed_and_the_one_that_changes_nothing_survives(tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "test_toy.py").write_text(TESTS)
    code = (
        "import json, sys; from pathlib import Path; from trust import mutants\n"
        "root = Path(sys.argv[1]); sys.path.insert(0, str(root)); mutants.SLOWER = mutants.SECONDS = 1.0\n"
        "print(json.dumps(mutants.trial(root, {'toy.py': ['test_toy.py']}, {}, 0, 0)))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    # One of the limit; in `larger` two of the comparison, two results; in `steps` two of the comparison, the sign, the
    # number and the result.
    assert (found["mutants"], found["tried"], found["killed"], found["survived"]) == (10, 10, 9, 1)
    # To count up has no end.
    assert found["timed_out"] == 1
    told = {"file": "toy.py", "line": 5, "where": "larger", "before": "if a > b:", "after": "if a >= b:"}
    assert found["survivors"] == [told]
    # Wilson's interval of 9 of 10 with z of 1.96: 10.92 / 13.84 -+ 1.96 / 13.84 * sqrt(0.9 + 0.96).
    assert found["interval"] == pytest.approx([0.5958, 0.9821], abs=0.0002)
    assert found["findings"] == []


def tried(outcome: Outcome, *, is_equivalent: bool) -> tuple[Drawn, Result]:
    (mutant,) = mutating.mutants("a = b and c")
    by = "" if outcome == "survived" else "a test"
    return Drawn("a.py", mutant, is_equivalent), Result(outcome, by, 0.0, {}, ())


def test_what_is_known_to_be_equivalent_is_counted_apart() -> None:
    found = mutants.summed([tried("killed", is_equivalent=False), tried("survived", is_equivalent=True)])
    assert (found["killed"], found["survived"], found["equivalent"], found["share"]) == (1, 0, 1, 1.0)
    assert found["survivors"] == found["findings"] == []


def test_an_equivalent_that_is_killed_is_a_finding() -> None:
    found = mutants.summed([tried("killed", is_equivalent=True)])
    assert (found["killed"], found["equivalent"], len(found["findings"])) == (0, 1, 1)


def test_an_entry_that_fits_no_mutant_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = b and c")
    known = {"a.py": [{"where": "", "before": "a = b and c", "after": "a = c", "why": ""}]}
    with pytest.raises(ValueError, match=r"a\.py: no mutant is .*'a = c'.*remove the entry"):
        mutants.draw(tmp_path, {"a.py": []}, known, 0, 0)


def test_mutants_are_drawn_by_their_seed() -> None:
    tested = mutants.TARGETS["codec"]
    made, one = mutants.draw(ROOT, tested, {}, 20, 0)
    assert one == mutants.draw(ROOT, tested, {}, 20, 0)[1]
    assert one != mutants.draw(ROOT, tested, {}, 20, 1)[1]
    assert len(one) == 20 < made


def test_each_target_and_its_tests_are_there() -> None:
    for tested in mutants.TARGETS.values():
        for file, tests in tested.items():
            assert [name for name in (file, *tests) if not (ROOT / name).is_file()] == []
            assert any(mutating.mutants((ROOT / file).read_text(encoding="utf-8")))


def test_equivalents_say_why() -> None:
    known = mutants.equivalents()
    for tested in mutants.TARGETS.values():
        mutants.draw(ROOT, tested, known, 1, 0)
    assert all(entry["why"] for entries in known.values() for entry in entries)
    assert known.keys() <= {file for tested in mutants.TARGETS.values() for file in tested}
