"""Write what listeners say of our measures into docs/measures.md: `python -m tools.listeners`, or `--check`.

The figures are those of benchmarks/listeners.json (`python -m benchmarks.listeners FOLDER`, which calls this). All
between the two markers is made here: tables, and which measures agree with listeners, by the rule of `verdict`.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
FIGURES, PAGE = ROOT / "benchmarks" / "listeners.json", ROOT / "docs" / "measures.md"
BEGIN, END = "<!-- listeners: begin, written by tools/listeners.py -->", "<!-- listeners: end -->"

Scope = Literal["all", "within"]
SETS = ("agreement", "agreement_unseen")

Verdict = Literal["yes", "partly", "sources", "no"]
VERDICTS: dict[Verdict, str] = {
    "yes": "**Agree with listeners**, over all excerpts and within sources, on every question",
    "partly": "Agree on some questions only, within sources",
    "sources": "Tell sources apart as listeners do, but not which excerpt of a source is better",
    "no": "Agree with listeners on no question",
}
"""How a measure stands to listeners, and how the page says so."""


def block(figures: dict[str, Any]) -> str:
    """Make what stands between the markers."""
    agreement, known = figures["agreement"], figures["known_to_training"]
    told = ", ".join(f"{count} of {name}" for name, count in known.items() if count) or "none"
    real = figures["real_music"]
    return "\n".join(
        [
            f"{figures['excerpts']} excerpts of {len(known)} sources, {figures['ratings']:,} ratings. Training had, "
            f"in part at least: {told}. Spearman's rho and its 95 % interval (bootstrap over excerpts, "
            f"{figures['replicates']:,} replicates), **bold** where that leaves 0 out. A perfect measure would reach "
            "the ceiling: the root of the ratings' reliability "
            f"({_ends(figures, 'all')} over all excerpts, {_ends(figures, 'within')} within sources; split halves).",
            "",
            "Over all excerpts:",
            "",
            *_table(figures, "all"),
            "",
            "Within sources, each source's mean taken off:",
            "",
            *_table(figures, "within"),
            "",
            "Between sources, of their means, which are few:",
            "",
            f"| | {_heads(agreement)} |",
            f"|---|{'---|' * len(_questions(agreement))}",
            *(
                f"| {name.replace('_', ' ')} | {' | '.join(_figure(each['between']) for each in of.values())} |"
                for name, of in _sorted(agreement, "within")
            ),
            "",
            "Which of them stand for listeners? Counted is an interval that leaves 0 out both with all excerpts and "
            "without those that training had; + says that listeners like more of it, - less.",
            "",
            *_verdicts(figures),
            "",
            f"(`{figures['command']}`; {figures['date']}, {figures['minutes']:.0f} minutes, {figures['hardware']}, at "
            f"{figures['commit']}. Real music: {real['excerpts']} held-out excerpts of {real['beats']} beats; "
            f"{real['pieces_left_out']} held-out pieces that share a passage with an excerpt are left out.)",
        ]
    )


def _table(figures: dict[str, Any], scope: Scope) -> list[str]:
    agreement = figures["agreement"]
    ceilings = [_figure(each[scope] ** 0.5) for each in figures["reliability"].values()]
    rows = [
        f"| {name.replace('_', ' ')} | {' | '.join(_cell(each[scope]) for each in of.values())} |"
        for name, of in _sorted(agreement, scope)
    ]
    return [
        f"| | {_heads(agreement)} |",
        f"|---|{'---|' * len(ceilings)}",
        f"| ceiling | {' | '.join(ceilings)} |",
        *rows,
    ]


def _questions(agreement: dict[str, Any]) -> list[str]:
    return list(next(iter(agreement.values())))


def _heads(agreement: dict[str, Any]) -> str:
    return " | ".join(question.replace("_", " ") for question in _questions(agreement))


def _sorted(agreement: dict[str, Any], scope: Scope) -> list[tuple[str, dict[str, Any]]]:
    """Put the measures that agree most first, by the mean over questions, whatever the sign."""
    return sorted(agreement.items(), key=lambda item: -abs(sum(each[scope]["rho"] for each in item[1].values())))


def _figure(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1)


def _cell(found: dict[str, float]) -> str:
    text = f"{_figure(found['rho'])} ({_figure(found['low'])} to {_figure(found['high'])})"
    return f"**{text}**" if sign(found) else text


def _ends(figures: dict[str, Any], scope: Scope) -> str:
    values = [each[scope] for each in figures["reliability"].values()]
    return f"{_figure(min(values))} to {_figure(max(values))}"


def sign(found: dict[str, float]) -> int:
    """Give 1 or -1 where an interval lies above or below 0, 0 where it has it."""
    return int(found["low"] > 0) - int(found["high"] < 0)


def counted(figures: dict[str, Any], name: str, scope: Scope) -> dict[str, int]:
    """Give the sign of each question, 0 unless the intervals with and without what training had are of one sign."""
    found = [{q: sign(each[scope]) for q, each in figures[part][name].items()} for part in SETS]
    return {question: first if first == found[1][question] else 0 for question, first in found[0].items()}


def verdict(figures: dict[str, Any], name: str) -> Verdict:
    """Judge a measure by the signs of its intervals; see `VERDICTS`."""
    every, within = (list(counted(figures, name, scope).values()) for scope in ("all", "within"))
    if set(within) in ({1}, {-1}) and every == within:
        return "yes"
    if any(within):
        return "partly"
    return "sources" if any(every) else "no"


def _verdicts(figures: dict[str, Any]) -> list[str]:
    lines = []
    names = [name for name, _ in _sorted(figures["agreement"], "within")]
    for kind, text in VERDICTS.items():
        told = [_told(figures, name, kind) for name in names if verdict(figures, name) == kind]
        lines.append(f"- {text}: {', '.join(told) or 'none'}.")
    return lines


def _told(figures: dict[str, Any], name: str, kind: Verdict) -> str:
    """Name a measure, its direction, and in part the questions on which it agrees."""
    signs = counted(figures, name, "all" if kind == "sources" else "within")
    marks = {1: "+", -1: "-"}
    label = name.replace("_", " ")
    if kind == "no":
        return label
    directions = "/".join(marks[one] for one in sorted(set(signs.values()) - {0}, reverse=True))
    questions = [question.replace("_", " ") for question, one in signs.items() if one]
    if kind == "yes" or len(questions) == len(signs):
        return f"{label} ({directions})"
    return f"{label} ({directions}; {len(questions)} of {len(signs)} questions)"


def updated(text: str, made: str) -> str:
    """Put what was made between the two markers of a page."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def write(*, check: bool = False) -> None:
    """Write the page anew, or see whether it is up to date."""
    text = PAGE.read_text(encoding="utf-8")
    new = updated(text, block(json.loads(FIGURES.read_text(encoding="utf-8"))))
    if check and new != text:
        sys.exit(
            "docs/measures.md: its tables are not those of benchmarks/listeners.json; run `python -m tools.listeners`"
        )
    PAGE.write_text(new, encoding="utf-8")


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(prog="python -m tools.listeners", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the page is not up to date")
    write(check=parser.parse_args().check)


if __name__ == "__main__":
    main()
