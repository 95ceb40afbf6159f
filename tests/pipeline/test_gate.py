"""The gate: what got worse, vanished or is no number fails with a line of its own; everything else passes."""

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quartetvae.errors import GateError
from quartetvae.pipeline import gate
from quartetvae.pipeline.gate import Rule, Unreadable, Verdict, compare
from tests.imports import ROOT

BASE: dict[str, Any] = {
    "train": {"parameters": 1000, "stopped": "epochs"},
    "reconstruct": {
        "test": {
            "token_accuracy": 0.996,
            "kl_nats": 146.0,
            "forced": None,
            "parts": {"viola": {"onset_f1": 0.99}, "cello": {"onset_f1": 0.98}},
        }
    },
    "augment": {"phrases": 7},
}
ACCURACY, KL, PARAMETERS = "reconstruct.test.token_accuracy", "reconstruct.test.kl_nats", "train.parameters"
FORCED, PARTS = "reconstruct.test.forced", "reconstruct.test.parts.*.onset_f1"
RULES: list[dict[str, Any]] = [
    {"metric": ACCURACY, "direction": "higher", "tolerance": 0.002, "floor": 0.5},
    {"metric": KL, "direction": "lower", "tolerance": 4, "ceiling": 200},
    {"metric": PARTS, "direction": "higher", "tolerance": 0.006},
    {"metric": FORCED, "direction": "higher", "tolerance": 0.1},
    {"metric": PARAMETERS, "direction": "same", "tolerance": 2},
]


def rules(*changes: dict[str, Any]) -> list[Rule]:
    return [Rule.model_validate(rule) for rule in changes or RULES]


def changed(name: str, value: Any) -> dict[str, Any]:
    """`BASE` with another value for one figure; without the figure if the value is `ABSENT`."""
    now = copy.deepcopy(BASE)
    *above, key = name.split(".")
    holder = now
    for part in above:
        holder = holder[part]
    if value is gate.ABSENT:
        del holder[key]
    else:
        holder[key] = value
    return now


def failing(now: dict[str, Any], *, base: dict[str, Any] = BASE) -> dict[str, str]:
    """What fails, and why."""
    return {verdict.metric: verdict.says for verdict in compare(base, now, rules()) if verdict.fails}


def says(metric: str, now: dict[str, Any], *, base: dict[str, Any] = BASE) -> str:
    (verdict,) = [verdict for verdict in compare(base, now, rules()) if verdict.metric == metric]
    return verdict.says


def test_what_did_not_change_passes() -> None:
    verdicts = compare(BASE, copy.deepcopy(BASE), rules())
    assert [(verdict.metric, verdict.says) for verdict in verdicts if not verdict.fails] == [
        (ACCURACY, "ok"),
        (KL, "ok"),
        ("reconstruct.test.parts.viola.onset_f1", "ok"),
        ("reconstruct.test.parts.cello.onset_f1", "ok"),
        (FORCED, "n/a"),
        (PARAMETERS, "ok"),
    ]
    assert len(verdicts) == 6


@pytest.mark.parametrize(
    ("metric", "value", "reason"),
    [
        (ACCURACY, 0.992, "worse by more than 0.002"),
        (KL, 154.0, "worse by more than 4"),
        ("reconstruct.test.parts.cello.onset_f1", 0.968, "worse by more than 0.006"),
        (PARAMETERS, 996, "moved by more than 2"),
        (PARAMETERS, 1004, "moved by more than 2"),
    ],
)
def test_worse_by_twice_the_tolerance_fails_alone(metric: str, value: float, reason: str) -> None:
    assert failing(changed(metric, value)) == {metric: reason}


@pytest.mark.parametrize(
    ("metric", "value"),
    [(ACCURACY, 0.995), (ACCURACY, 0.994), (KL, 148.0), (KL, 150.0), (PARAMETERS, 999), (PARAMETERS, 1002)],
)
def test_worse_by_half_the_tolerance_or_just_by_it_passes(metric: str, value: float) -> None:
    # In binary fractions 0.996 - 0.994 is more than 0.002.
    assert says(metric, changed(metric, value)) == "ok"
    assert failing(changed(metric, value)) == {}


@pytest.mark.parametrize(("metric", "value"), [(ACCURACY, 1.0), (KL, 1.0)])
def test_better_by_far_passes(metric: str, value: float) -> None:
    assert says(metric, changed(metric, value)) == "ok"
    assert failing(changed(metric, value)) == {}


@pytest.mark.parametrize(
    ("metric", "value", "reason"),
    [(ACCURACY, 0.4, "under the floor of 0.5"), (KL, 300.0, "above the ceiling of 200")],
)
def test_a_bound_holds_whatever_the_base_has(metric: str, value: float, reason: str) -> None:
    low = changed(metric, value)
    assert failing(low, base=low) == {metric: reason}
    new = failing(low, base=changed(metric, gate.ABSENT))
    assert new == {metric: reason}


def test_both_reasons_are_said() -> None:
    assert failing(changed(ACCURACY, 0.4)) == {ACCURACY: "worse by more than 0.002, under the floor of 0.5"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), None, "0.996", True], ids=repr)
@pytest.mark.parametrize("metric", [ACCURACY, KL, PARAMETERS])
def test_what_is_no_finite_number_fails(metric: str, value: Any) -> None:
    assert failing(changed(metric, value)) == {metric: "a finite number is needed"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "epochs"], ids=repr)
def test_it_fails_even_if_the_base_had_the_same(value: Any) -> None:
    now = changed(PARAMETERS, value)
    assert failing(now, base=now) == {PARAMETERS: "a finite number is needed"}


def test_null_stays_null_only_where_no_bound_asks_for_a_number() -> None:
    now = changed(ACCURACY, None)
    assert failing(now, base=now) == {ACCURACY: "a finite number is needed"}
    now = changed(PARAMETERS, None)
    assert failing(now, base=now) == {}
    assert says(PARAMETERS, now, base=now) == "n/a"


def test_a_new_figure_must_be_a_number() -> None:
    now = changed(PARAMETERS, None)
    assert failing(now, base=changed(PARAMETERS, gate.ABSENT)) == {PARAMETERS: "a finite number is needed"}


def test_a_figure_that_is_gone_fails() -> None:
    assert failing(changed("reconstruct.test.parts.cello", gate.ABSENT)) == {
        "reconstruct.test.parts.cello.onset_f1": "gone"
    }


def test_an_object_in_place_of_a_figure_is_a_figure_gone() -> None:
    assert failing(changed(ACCURACY, {"mean": 0.996})) == {ACCURACY: "gone"}


@pytest.mark.parametrize("value", [gate.ABSENT, None, float("nan"), "many"], ids=["absent", "null", "NaN", "string"])
def test_a_figure_that_was_no_number_is_new_and_passes(value: Any) -> None:
    base = changed(ACCURACY, value)
    assert says(ACCURACY, BASE, base=base) == "new"
    assert failing(BASE, base=base) == {}


def test_a_file_that_is_gone_fails_and_so_does_each_figure_of_it() -> None:
    now = {name: content for name, content in BASE.items() if name != "train"}
    assert failing(now) == {"train.json": "the file is gone", PARAMETERS: "gone"}


def test_a_file_without_rules_must_not_go_either() -> None:
    now = {name: content for name, content in BASE.items() if name != "augment"}
    assert failing(now) == {"augment.json": "the file is gone"}


def test_an_unreadable_file_fails_with_its_problem() -> None:
    now = BASE | {"train": Unreadable("not valid JSON (line 3)")}
    assert failing(now) == {"train.json": "not valid JSON (line 3)", PARAMETERS: "gone"}


def test_an_unreadable_new_file_is_not_taken_for_a_typo_in_the_rules() -> None:
    base = {name: content for name, content in BASE.items() if name != "train"}
    now = BASE | {"train": Unreadable("not valid JSON (line 3)")}
    assert failing(now, base=base) == {"train.json": "not valid JSON (line 3)"}


@pytest.mark.parametrize("metric", ["reconstruct.test.token_acuracy", "reconstruct.test", "reconstruct.*"])
def test_a_rule_that_concerns_nothing_is_an_error(metric: str) -> None:
    rule = {"metric": metric, "direction": "higher", "tolerance": 1}
    with pytest.raises(GateError, match=rf"'{metric.replace('*', '[*]')}' concerns no figure"):
        compare(BASE, BASE, rules(*RULES, rule))


def test_two_rules_for_one_figure_are_an_error() -> None:
    rule = {"metric": "reconstruct.test.*", "direction": "higher", "tolerance": 1}
    with pytest.raises(GateError, match=rf"{ACCURACY}: rules '{ACCURACY}' and 'reconstruct.test.\*' both"):
        compare(BASE, BASE, rules(*RULES, rule))


COUNT = "augment.phrases"
"""A figure that no rule concerns."""


def test_a_figure_without_a_rule_may_change_and_come() -> None:
    assert failing(changed(COUNT, 999)) == {}
    assert failing(changed("augment.more", 5)) == {}
    assert failing(changed("augment.more", [1, 2])) == {}
    null = changed("augment.more", None)
    assert failing(null, base=null) == {}


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "many", gate.ABSENT])
def test_a_figure_without_a_rule_must_stay_a_number(value: Any) -> None:
    reason = "gone" if value is gate.ABSENT else "a finite number is needed"
    assert failing(changed(COUNT, value)) == {COUNT: reason}


@pytest.mark.parametrize("value", [None, float("nan"), float("-inf")])
def test_a_new_figure_without_a_rule_must_be_finite(value: Any) -> None:
    assert failing(changed("augment.more", value)) == {"augment.more": "a finite number is needed"}


def test_lists_are_figures_by_their_places() -> None:
    base = changed("augment.more", [1.0, {"x": 2.0}, True])
    assert failing(base, base=base) == {}
    broken = changed("augment.more", [float("nan"), {"x": float("inf")}])
    assert failing(broken, base=base) == {
        **dict.fromkeys(("augment.more.0", "augment.more.1.x"), "a finite number is needed"),
        "augment.more.2": "gone",
    }
    assert set(failing(changed("augment.more", []), base=base).values()) == {"gone"}


def test_a_worse_value_can_be_accepted_and_no_worse_one() -> None:
    def verdicts(metric: str, value: float, **more: Any) -> list[Verdict]:
        others = [rule for rule in RULES if rule["metric"] != metric]
        (rule,) = [rule for rule in RULES if rule["metric"] == metric]
        return [v for v in compare(BASE, changed(metric, value), rules(*others, rule | more)) if v.fails]

    for metric, accepted, worse in ((ACCURACY, 0.98, 0.979), (KL, 160.0, 161.0)):
        assert verdicts(metric, accepted)
        assert not verdicts(metric, accepted, accept=accepted)
        assert verdicts(metric, worse, accept=accepted)
    # A floor holds whatever is accepted.
    assert verdicts(ACCURACY, 0.4, accept=0.3)


def test_what_is_no_longer_made_needs_a_rule_that_says_so() -> None:
    gone = {"metric": "augment.**", "direction": "gone"}
    for now in (changed(COUNT, gate.ABSENT), changed(COUNT, None), BASE):
        assert not any(verdict.fails for verdict in compare(BASE, now, rules(*RULES, gone)))
    # Once the base has it no longer either, the rule is idle and no error.
    without = changed(COUNT, gate.ABSENT)
    assert not any(verdict.fails for verdict in compare(without, without, rules(*RULES, gone)))


def test_two_stars_at_the_end_are_any_parts_of_the_name() -> None:
    metrics = {"a": {"x": 1, "b": {"x": 2, "Op. 18": {"x": 3}}}, "c": {"x": 4}}
    rule = {"metric": "a.b.**", "direction": "same", "tolerance": 0}
    assert [verdict.now for verdict in compare(metrics, metrics, rules(rule))] == [2, 3]
    (wrong,) = rules({**rule, "metric": "a.**.x"})
    assert not wrong.concerns(("a", "b", "x"))


def test_a_wildcard_is_one_part_of_the_name() -> None:
    metrics = {"a": {"x": 1, "b": {"x": 2, "c": {"x": 3}}, "Op. 18": {"x": 4}}}
    found = compare(metrics, metrics, rules({"metric": "a.*.x", "direction": "same", "tolerance": 0}))
    assert [(verdict.metric, verdict.now) for verdict in found] == [("a.b.x", 2), ("a.Op. 18.x", 4)]


VERDICTS = [
    Verdict("a.count", 2169991.0, 2169992.0, "ok"),
    Verdict("a.fine", 0.123456789, 0.123456789, "ok"),
    Verdict("a.bad|worse", 0.996366, 0.9, "worse", fails=True),
    Verdict("a.none", gate.ABSENT, None, "a finite number is needed", fails=True),
]


def test_no_change_has_no_sign_and_what_is_no_number_is_cut_short() -> None:
    # 0.1 + 0.2 is a little more than 0.3.
    assert gate.table([Verdict("a", 0.1 + 0.2, 0.3, "ok")]).splitlines()[1].split() == ["a", "0.3", "0.3", "0", "ok"]
    long = gate.table([Verdict("a", 1.0, "x" * 50, "", fails=True)]).splitlines()[1]
    assert f' "{"x" * 19}... ' in long


def test_the_table_is_aligned_and_its_numbers_are_short() -> None:
    assert gate.table(VERDICTS).splitlines() == [
        "metric           base       now     change  verdict",
        "a.count       2169991   2169992         +1  ok",
        "a.fine       0.123457  0.123457          0  ok",
        "a.bad|worse  0.996366       0.9  -0.096366  FAIL: worse",
        "a.none                     null             FAIL: a finite number is needed",
    ]


def test_in_markdown_what_fails_comes_first_and_in_bold() -> None:
    assert gate.markdown(VERDICTS).splitlines() == [
        "| metric | base | now | change | verdict |",
        "|---|--:|--:|--:|---|",
        r"| **`a.bad\|worse`** | **0.996366** | **0.9** | **-0.096366** | **FAIL: worse** |",
        "| **`a.none`** |  | **null** |  | **FAIL: a finite number is needed** |",
        "| `a.count` | 2169991 | 2169992 | +1 | ok |",
        "| `a.fine` | 0.123457 | 0.123457 | 0 | ok |",
    ]


def test_the_summary_counts_figures_and_files() -> None:
    file = Verdict("a.json", gate.ABSENT, gate.ABSENT, "the file is gone", fails=True, is_file=True)
    assert gate.summary(VERDICTS[:2], "main") == "gate: all 2 figures hold against main"
    assert gate.summary(VERDICTS, "main") == "gate: 2 of 4 figures fail against main"
    assert gate.summary([file, *VERDICTS], "main") == "gate: 2 of 4 figures and 1 file fail against main"
    assert gate.summary([file, file, VERDICTS[0]], "main") == "gate: 0 of 1 figures and 2 files fail against main"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: [", "not valid YAML"),
        ("- metric: a", "mapping"),
        ("rules: []", "'rules' found; one key"),
        ("rule: [{metric: a, direction: same, tolerance: 0}]", "'rule' found; one key"),
        ("rules: [a]", "rule 1: 'a' found"),
        ("rules: [{metric: a.b, direction: same}]", r"rule 1 \(a.b\): direction 'same' needs a tolerance"),
        ("rules: [{metric: a.b, direction: gone, tolerance: 0}]", "direction 'gone' takes no tolerance"),
        ("rules: [{metric: a, direction: up, tolerance: 0}]", "direction: 'up' found"),
        ("rules: [{metric: a, direction: same, tolerance: -1}]", "tolerance: -1 found"),
        ("rules: [{metric: a, direction: same, tolerance: .nan}]", "tolerance: nan found"),
        ("rules: [{metric: a, direction: same, tolerance: true}]", "tolerance: True found"),
        ("rules: [{metric: a, direction: higher, tolerance: 0, floor: .nan}]", "floor: nan found"),
        ("rules: [{metric: a, direction: same, tolerance: 0, flor: 1}]", "flor: unknown key; a rule has metric"),
        ("rules: [{metric: a, direction: same, tolerance: 0, accept: 1}]", "accept is for directions"),
        ("rules: [{metric: a, direction: lower, tolerance: 0, floor: 1}]", "a floor is for direction 'higher'"),
        ("rules: [{metric: a, direction: same, tolerance: 0, ceiling: 1}]", "a ceiling is for direction 'lower'"),
    ],
)
def test_wrong_rules_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"gate\.yaml.*{message}"):
        gate.read_rules(path)


def test_every_committed_rule_concerns_a_committed_figure_and_all_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    metrics = gate.read_revision("HEAD", Path("metrics"))
    committed = gate.read_rules(ROOT / "gate.yaml")
    verdicts = compare(metrics, metrics, committed)
    # What need not be made may stand there as null.
    told = [verdict for verdict in verdicts if verdict.now is not None or verdict.says != "still there"]
    assert [verdict for verdict in told if verdict.fails or verdict.says != "ok"] == []
    assert len(verdicts) >= len(committed)


# From here on by the command, in a git repository of its own.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with `BASE` and `RULES` committed; the tests run in it."""
    for name in [
        name for name in os.environ if name.startswith("GIT_")
    ]:  # a hook's: they would name another repository
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    for name, content in BASE.items():
        (tmp_path / "metrics" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "gate.yaml").write_text(json.dumps({"rules": RULES}), encoding="utf-8")  # JSON is YAML
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *who, "commit", "--quiet", "--message", "metrics"], cwd=folder, check=True)


def replace(old: str, new: str) -> Callable[[Path], None]:
    """Change the text of metrics/reconstruct.json."""

    def change(folder: Path) -> None:
        path = folder / "metrics" / "reconstruct.json"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


def test_the_committed_metrics_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.main(["--base", "HEAD"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "gate: all 6 figures hold against HEAD"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (replace("0.996", "0.992"), f"{ACCURACY} 0.996 0.992 -0.004 FAIL: worse by more than 0.002"),
        (replace("0.996", "NaN"), f"{ACCURACY} 0.996 NaN FAIL: a finite number is needed"),
        (replace("0.996", "-Infinity"), f"{ACCURACY} 0.996 -Infinity FAIL: a finite number is needed"),
        (replace("0.996", "1e999"), f"{ACCURACY} 0.996 Infinity FAIL: a finite number is needed"),
        (replace("0.996", "9" * 5000), f"{ACCURACY} 0.996 Infinity FAIL: a finite number is needed"),
        (replace("0.996", "null"), f"{ACCURACY} 0.996 null FAIL: a finite number is needed"),
        (replace("0.996", '"high"'), f'{ACCURACY} 0.996 "high" FAIL: a finite number is needed'),
        (replace('"token_accuracy": 0.996, ', ""), f"{ACCURACY} 0.996 FAIL: gone"),
        (
            replace("0.996", ""),
            "reconstruct.json FAIL: not valid JSON (Expecting value: line 1 column 29 (char 28))",
        ),
        (
            lambda folder: (folder / "metrics" / "reconstruct.json").write_bytes(b'{"caf\xe9": 1}'),
            "reconstruct.json FAIL: not valid JSON ('utf-8' codec can't decode byte 0xe9 in position 5: "
            "invalid continuation byte)",
        ),
        (
            lambda folder: (folder / "metrics" / "reconstruct.json").write_text("[0.996]"),
            "reconstruct.json FAIL: not a JSON object of figures",
        ),
        (
            lambda folder: (folder / "metrics" / "augment.json").unlink(),
            "augment.json FAIL: the file is gone",
        ),
    ],
    ids=["worse", "NaN", "-Infinity", "overflow", "huge", "null", "string", "key", "JSON", "bytes", "list", "file"],
)
def test_a_defect_of_the_workspace_fails_with_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None], line: str
) -> None:
    change(folder)
    assert gate.main(["--base", "HEAD"]) == 1
    assert line in [" ".join(printed.split()) for printed in capsys.readouterr().out.splitlines()]


def test_the_base_is_the_revision_that_was_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace("0.996", "0.992")(folder)
    commit(folder)
    assert gate.main(["--base", "HEAD"]) == 0
    assert gate.main(["--base", "HEAD~1"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "gate: 1 of 6 figures fail against HEAD~1"


def test_a_new_file_passes_and_its_figure_is_called_new(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "metrics" / "speed.json").write_text('{"rate": 3}')
    rule = {"metric": "speed.rate", "direction": "higher", "tolerance": 0}
    (folder / "gate.yaml").write_text(json.dumps({"rules": [*RULES, rule]}), encoding="utf-8")
    assert gate.main(["--base", "HEAD"]) == 0
    assert ["speed.rate", "3", "new"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_what_a_killed_run_left_is_no_metrics_file(folder: Path) -> None:
    (folder / "metrics" / ".partial-1-train.json").write_text("{")
    assert gate.main(["--base", "HEAD"]) == 0


def test_it_runs_from_below_the_root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    words = ["--base", "HEAD", "--rules", "../gate.yaml", "--metrics"]
    replace("0.996", "0.992")(folder)
    assert gate.main([*words, "../metrics"]) == 1
    assert gate.main([*words, str(folder / "metrics")]) == 1


def test_markdown_is_a_summary_and_a_table_with_failures_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "metrics" / "train.json").write_text(json.dumps(BASE["train"] | {"parameters": 5}))
    assert gate.main(["--base", "HEAD", "--markdown"]) == 1
    first, empty, *rows = capsys.readouterr().out.splitlines()
    assert (first, empty) == ("gate: 1 of 6 figures fail against HEAD", "")
    assert rows[2] == "| **`train.parameters`** | **1000** | **5** | **-995** | **FAIL: moved by more than 2** |"
    assert len(rows) == 2 + 6
    assert not any("**" in row for row in rows[3:])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--base", "nowhere"], "no commit 'nowhere' is known here"),
        (["--base=--all"], "no commit '--all' is known here"),
        (["--base", "HEAD", "--rules", "none.yaml"], "none.yaml: cannot be read"),
        (["--base", "HEAD", "--metrics", "metric"], "HEAD:metric has no *.json to compare with"),
        (["--base", "HEAD", "--metrics", "/"], "HEAD:/ cannot be listed"),
    ],
)
def test_what_cannot_be_compared_exits_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert gate.main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_rules_that_concern_nothing_exit_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = {"metric": "train.parameter", "direction": "same", "tolerance": 0}
    (folder / "gate.yaml").write_text(json.dumps({"rules": [rule]}), encoding="utf-8")
    assert gate.main(["--base", "HEAD"]) == 2
    assert "'train.parameter' concerns no figure" in capsys.readouterr().err


def test_a_base_that_cannot_be_read_exits_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "metrics" / "train.json").write_text("{")
    commit(folder)
    assert gate.main(["--base", "HEAD"]) == 2
    assert "HEAD:metrics/train.json: not valid JSON" in capsys.readouterr().err


def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        gate.main([])
    assert left.value.code == 2
    assert "--base" in capsys.readouterr().err


def test_outside_a_repository_it_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".git").rename(folder / "git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    assert gate.main(["--base", "HEAD"]) == 2
    assert "not a git repository" in capsys.readouterr().err
