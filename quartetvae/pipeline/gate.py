"""Gate: compare the figures in metrics/ with those of a git revision, and fail where they got worse.

    python -m quartetvae.pipeline.gate --base HEAD                      # what is not committed yet
    python -m quartetvae.pipeline.gate --base "$(git merge-base origin/main HEAD)"   # a branch
    python -m quartetvae.pipeline.gate --base origin/main --markdown    # as a comment for a pull request

gate.yaml says which figures count, which way is better, and by how much one may get worse. The gate fails, with exit
status 1, when

- a figure got worse by more than its tolerance, or lies under its floor or above its ceiling, whatever the base says;
- any figure, whether or not a rule concerns it, is gone, is no finite number or no number any more. Null may stay null,
  unless a floor or ceiling asks for a number;
- a file of metrics/ is gone or cannot be read.

A figure that was no number in the base is new, and only its floor or ceiling counts. What is meant is said in
gate.yaml, in the same commit: a figure that is no longer made, or may be null, by `direction: gone`; one that got worse
for a good reason by `accept`, a value up to which it may be worse. Where no comparison can be made
(wrong usage, an unknown revision, rules that cannot be read or concern nothing), the exit status is 2.
"""

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from quartetvae import config, terminal
from quartetvae.config import Record
from quartetvae.errors import GateError, QuartetError
from quartetvae.pipeline import params

Name = tuple[str, ...]
"""Of a figure: the file's name, then the keys; joined by dots only when shown, since a work's title may hold a dot."""

ABSENT = object()
"""Stands where a figure or file is not there at all; None is JSON's null."""


@dataclass(frozen=True)
class Unreadable:
    """Stands where the content of a metrics file should be."""

    problem: str


class Rule(Record):
    """What is asked of the figures whose name fits `metric`.

    In it a `*` is any one part between dots, and a `**` at its end any number of them.
    """

    metric: Annotated[str, Field(min_length=1)]
    direction: Literal["higher", "lower", "same", "gone"]
    """Which way is better; `same`: neither; `gone`: it is no longer made, or need not be."""
    tolerance: Annotated[float | None, Field(ge=0)] = None
    """In the unit of the figure; none for `gone`."""
    floor: float | None = None
    ceiling: float | None = None
    accept: float | None = None
    """A value that is accepted though it is worse than the base's by more than the tolerance."""

    @model_validator(mode="after")
    def _tolerance_unless_gone(self) -> "Rule":
        if (self.tolerance is None) != (self.direction == "gone"):
            raise ValueError(
                f"direction '{self.direction}' {'takes no' if self.direction == 'gone' else 'needs a'} tolerance"
            )
        return self

    @model_validator(mode="after")
    def _bound_on_the_worse_side(self) -> "Rule":
        if self.floor is not None and self.direction != "higher":
            raise ValueError(f"a floor is for direction 'higher', not '{self.direction}'")
        if self.ceiling is not None and self.direction != "lower":
            raise ValueError(f"a ceiling is for direction 'lower', not '{self.direction}'")
        if self.accept is not None and self.direction not in ("higher", "lower"):
            raise ValueError(f"accept is for directions 'higher' and 'lower', not '{self.direction}'")
        return self

    def concerns(self, name: Name) -> bool:
        """Tell whether the figure of this name is one of the rule's."""
        parts = self.metric.split(".")
        if parts[-1] == "**" and len(name) >= len(parts):
            parts = parts[:-1]
            name = name[: len(parts)]
        return len(parts) == len(name) and all(part in ("*", found) for part, found in zip(parts, name, strict=True))


@dataclass(frozen=True)
class Verdict:
    """A line of the gate's table: on a figure, or on a metrics file (`metric` is then the file's name)."""

    metric: str
    base: Any
    now: Any
    says: str
    """`ok`, `new`, `n/a`, or what is wrong."""
    fails: bool = False
    is_file: bool = False


def read_rules(path: Path) -> list[Rule]:
    """Read the rules of a YAML file.

    Raises
    ------
    QuartetError
        If it cannot be read, holds no rules, or one of them has an unknown or missing key or a wrong value.
    """
    content = params.read_yaml(path)
    entries = content.get("rules")
    if list(content) != ["rules"] or not isinstance(entries, list) or not entries:
        found = ", ".join(f"'{key}'" for key in content) or "nothing"
        raise GateError(f"{path}: {found} found; one key, 'rules', with a list of rules is needed.")
    rules = []
    for number, entry in enumerate(entries, start=1):
        try:
            rules.append(Rule.model_validate(entry))
        except ValidationError as error:
            named = f" ({entry['metric']})" if isinstance(entry, dict) and "metric" in entry else ""
            raise GateError(f"{path}, rule {number}{named}: {config.explain(error, Rule, entry)}.") from error
    return rules


def read_workspace(folder: Path) -> dict[str, Any]:
    """Read a folder's *.json by name without suffix; `Unreadable` for a file that holds no JSON object."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name.startswith("."):  # left behind by a run that was killed
            continue
        try:
            found[path.stem] = _content(path.read_bytes())
        except OSError as error:
            found[path.stem] = Unreadable(f"cannot be read ({error.strerror})")
    return found


def read_revision(revision: str, folder: Path) -> dict[str, Any]:
    """Read, as `read_workspace` does, of the folder as it was in a commit.

    Raises
    ------
    GateError
        If git does not know the revision, it has no metrics there, or one of them cannot be read.
    """
    # As a commit's number it can be mistaken neither for an option nor for a path.
    commit = _git(
        f"no commit '{revision}' is known here; in a shallow clone, `git fetch` it first",
        *("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"),
    )
    where = f"{revision}:{folder.as_posix()}"
    listing = _git(f"{where} cannot be listed", "ls-tree", "-z", commit.decode().strip(), "--", f"{folder.as_posix()}/")
    found = {}
    for entry in listing.decode(errors="surrogateescape").split("\0"):
        about, _, name = entry.partition("\t")
        path = Path(name)
        if path.suffix != ".json" or path.name.startswith("."):
            continue
        content = _content(_git(f"{where}/{path.name} cannot be read", "cat-file", "blob", about.split()[2]))
        if isinstance(content, Unreadable):
            raise GateError(f"{where}/{path.name}: {content.problem}. Choose another revision with --base.")
        found[path.stem] = content
    if not found:
        raise GateError(
            f"{where} has no *.json to compare with. Choose another --base, or another folder with --metrics."
        )
    return found


def _git(failure: str, *words: str) -> bytes:
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False)
    except OSError as error:
        raise GateError(f"git cannot be run ({error.strerror}); it is needed to read what was committed.") from error
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise GateError(f"{failure}{f' ({said})' if said else ''}.")
    return done.stdout


def _content(text: bytes) -> Any:
    try:
        # Python reads NaN and Infinity, and `compare` finds them; an integer too large for a float becomes infinite.
        content = json.loads(text, parse_int=float)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"not valid JSON ({error})")
    return content if isinstance(content, dict) else Unreadable("not a JSON object of figures")


def flatten(metrics: dict[str, Any], above: Name = ()) -> dict[Name, Any]:
    """List all that is no object and no list, by the keys that lead to it; those of a list are its places.

    `{"a": {"b": [1, 2]}}` becomes `{("a", "b", "0"): 1, ("a", "b", "1"): 2}`.
    """
    found: dict[Name, Any] = {}
    for key, value in metrics.items():
        if isinstance(value, list):
            value = {str(place): item for place, item in enumerate(value)}
        found |= flatten(value, (*above, key)) if isinstance(value, dict) else {(*above, key): value}
    return found


def compare(base: dict[str, Any], now: dict[str, Any], rules: Sequence[Rule]) -> list[Verdict]:
    """Judge what `read_workspace` and `read_revision` found.

    First come files that fail, then figures rule by rule, then those without a rule that fail.

    Raises
    ------
    GateError
        If a rule concerns no figure, or two concern the same.
    """
    verdicts = [
        Verdict(f"{name}.json", ABSENT, ABSENT, problem, fails=True, is_file=True)
        for name, problem in _failing_files(base, now).items()
    ]
    figures_before, figures_now = flatten(base), flatten(now)
    by_figure: dict[Name, Rule] = {}
    for rule in rules:
        # Both sides, so that what is gone is seen, and what is new.
        concerned = [name for name in figures_before | figures_now if rule.concerns(name)]
        # What an unreadable file would have held, nobody knows; that it is unreadable has been said.
        has_unreadable = any(isinstance(content, Unreadable) for content in now.values())
        if not concerned and not has_unreadable and rule.direction != "gone":
            raise GateError(
                f"rule '{rule.metric}' concerns no figure, neither of the base nor of now; correct its name or remove "
                "it. (A * stands for one whole part between dots, also for a part that has dots of its own.)"
            )
        for name in concerned:
            if (other := by_figure.get(name)) is not None:
                raise GateError(
                    f"{'.'.join(name)}: rules '{other.metric}' and '{rule.metric}' both concern it; keep one."
                )
            by_figure[name] = rule
    # Of a file that is gone or unreadable, that has been said.
    read = [name for name, content in now.items() if not isinstance(content, Unreadable)]
    without_rule = [name for name in figures_before | figures_now if name not in by_figure and name[0] in read]
    for name in [*by_figure, *without_rule]:
        before, after = figures_before.get(name, ABSENT), figures_now.get(name, ABSENT)
        rule_of = by_figure.get(name)
        label = ".".join(name)
        verdict = _judged(label, before, after, rule_of) if rule_of else _without_rule(label, before, after)
        if rule_of or verdict.fails:
            verdicts.append(verdict)
    return verdicts


def _failing_files(base: dict[str, Any], now: dict[str, Any]) -> dict[str, str]:
    unreadable = {name: content.problem for name, content in now.items() if isinstance(content, Unreadable)}
    return {name: "the file is gone" for name in base if name not in now} | unreadable


def _without_rule(metric: str, base: Any, now: Any) -> Verdict:
    """Judge one figure that may change as it likes, as long as it is there."""
    if now is ABSENT:
        return Verdict(metric, base, now, "gone", fails=True)
    is_broken = isinstance(now, float) and not math.isfinite(now)
    is_lost = (_is_number(base) and not _is_number(now)) or (base is ABSENT and now is None)
    if is_broken or is_lost:
        return Verdict(metric, base, now, "a finite number is needed", fails=True)
    return Verdict(metric, base, now, "ok")


def _judged(metric: str, base: Any, now: Any, rule: Rule) -> Verdict:
    """Judge one figure by its rule."""
    if rule.tolerance is None:
        return Verdict(metric, base, now, "gone" if now is ABSENT else "still there")
    bounded = rule.floor is not None or rule.ceiling is not None
    if now is ABSENT:
        return Verdict(metric, base, now, "gone", fails=True)
    if now is None and base is None and not bounded:
        return Verdict(metric, base, now, "n/a")
    if not _is_number(now):
        return Verdict(metric, base, now, "a finite number is needed", fails=True)
    problems = []
    is_accepted = rule.accept is not None and _loss(rule.accept, now, rule) <= 0
    if _is_number(base) and _loss(base, now, rule) > rule.tolerance and not is_accepted:
        what = "moved" if rule.direction == "same" else "worse"
        problems.append(f"{what} by more than {_number(rule.tolerance)}")
    if rule.floor is not None and now < rule.floor:
        problems.append(f"under the floor of {_number(rule.floor)}")
    if rule.ceiling is not None and now > rule.ceiling:
        problems.append(f"above the ceiling of {_number(rule.ceiling)}")
    says = ", ".join(problems) or ("ok" if _is_number(base) else "new")
    return Verdict(metric, base, now, says, fails=bool(problems))


def _loss(base: float, now: float, rule: Rule) -> float:
    """Tell by how much a figure got worse; negative if it got better."""
    change = _change(base, now)
    return {"higher": -change, "lower": change, "same": abs(change)}[rule.direction]


def _change(base: float, now: float) -> float:
    # Figures have six decimals; more would be what binary fractions add (0.996 - 0.994 is more than 0.002).
    return round(now - base, 9) + 0.0  # no -0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


HEAD = ("metric", "base", "now", "change", "verdict")


def table(verdicts: Sequence[Verdict]) -> str:
    """Lay the verdicts out, a line each, in aligned columns."""
    return terminal.table(HEAD, [_cells(verdict) for verdict in verdicts], right=(1, 2, 3))


def markdown(verdicts: Sequence[Verdict]) -> str:
    """Lay them out as a Markdown table; what fails comes first, in bold."""
    lines = [f"| {' | '.join(HEAD)} |", "|---|--:|--:|--:|---|"]
    for verdict in sorted(verdicts, key=lambda verdict: not verdict.fails):
        metric, *others = (cell.replace("|", "\\|") for cell in _cells(verdict))
        cells = [f"`{metric}`", *others]
        lines.append(f"| {' | '.join(f'**{cell}**' if verdict.fails and cell else cell for cell in cells)} |")
    return "\n".join(lines)


def summary(verdicts: Sequence[Verdict], revision: str) -> str:
    """Sum up: `gate: 2 of 31 figures fail against main`."""
    figures = [verdict for verdict in verdicts if not verdict.is_file]
    files = len(verdicts) - len(figures)
    failing = sum(verdict.fails for verdict in figures)
    if not failing and not files:
        return f"gate: all {len(figures)} figures hold against {revision}"
    and_files = f" and {files} file{'s' if files > 1 else ''}" if files else ""
    return f"gate: {failing} of {len(figures)} figures{and_files} fail against {revision}"


def _cells(verdict: Verdict) -> tuple[str, str, str, str, str]:
    known = _is_number(verdict.base) and _is_number(verdict.now)
    change = _number(_change(verdict.base, verdict.now), signed=True) if known else ""
    says = f"FAIL: {verdict.says}" if verdict.fails else verdict.says
    return verdict.metric, _shown(verdict.base), _shown(verdict.now), change, says


LONGEST = 20
"""Characters of something that is no number, as shown."""


def _shown(value: Any) -> str:
    if value is ABSENT:
        return ""
    if _is_number(value):
        return _number(value)
    text = json.dumps(value, ensure_ascii=False)  # as the file has it: null, NaN, "high"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _number(value: float, *, signed: bool = False) -> str:
    """Give six significant digits, but counts in full."""
    sign = "+" if signed and value else ""
    return f"{value:{sign}.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:{sign}.6g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command `python -m quartetvae.pipeline.gate`; gives the exit status."""
    parser = terminal.parser("python -m quartetvae.pipeline.gate", __doc__)
    parser.add_argument("--base", required=True, metavar="REV", help="the git revision to compare with")
    parser.add_argument("--rules", type=Path, default=Path("gate.yaml"), help="what counts (gate.yaml)")
    parser.add_argument("--metrics", type=Path, default=Path("metrics"), help="the folder of *.json (metrics)")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    chosen = parser.parse_args(arguments)
    try:
        rules = read_rules(chosen.rules)
        verdicts = compare(read_revision(chosen.base, chosen.metrics), read_workspace(chosen.metrics), rules)
    except QuartetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    said = summary(verdicts, chosen.base)
    print(f"{said}\n\n{markdown(verdicts)}" if chosen.markdown else f"{table(verdicts)}\n{said}")
    return int(any(verdict.fails for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
