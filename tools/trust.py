"""Write docs/trust.md: `python -m tools.trust`, or `--check` to see whether it agrees.

It is made of trust/kills.json, bytes.json, mutations.json, mutants.json and coverage.json there, which the programs of
the same names write; of what was not run the page says so.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "trust.md"
NAMES = ("kills", "bytes", "mutations", "mutants", "coverage")

Figures = Mapping[str, Any]

INTRODUCTION = """# What may be trusted

What happens where something goes wrong is tried out at random, by programs that anyone can run again: `make trust`
runs them all and writes this page anew. Their seeds make the same kills and the same damaged files; where a kill falls
to the millisecond hangs on the machine."""

KILLS = """## Killed at any moment

`dvc repro` of the tiny pipeline is killed and said again, at once, until it has come to its end. Each time must come
out what comes out undisturbed, byte for byte, and no person is needed in between: no process to be ended, no half of a
file to be found, and no lock to be removed but one that DVC itself leaves (below)."""

HALVED = """DVC does not write dvc.lock in one step, nor .dvc/tmp/rwlock, its list of who is at work. Killed in that
moment, which comes after each stage, it leaves half of the one, and says from then on that the file's validation
failed, or an empty other, and says that its JSON structure is corrupted. Then remove that file and say `dvc repro`:
what was made comes from DVC's cache, nothing is trained anew. The program does just this, and counts it."""

BYTES = """## The same bytes elsewhere

The tiny pipeline runs in two folders. All that it makes must be the same, byte for byte: tables, networks, figures,
plots, pages, MIDI and MusicXML files."""

MUTATIONS = """## Damaged files

Whole files, made from the quartets that come with music21, are damaged at random: bytes flipped, cut out, repeated,
numbers and lengths changed; of what is packed, inside too. Whatever is read must end in a result or in one line of
this package's own, within the limits of time and memory. (Of weights the check sum is made right first; as it is, it
tells all damage at once.)"""

MUTANTS = """## Faults in the code

Small faults are put into the modules that everything else hangs on, one at a time: a comparison at its boundary, a
sign, a number, a condition, a call left out. The tests of the module must fail. A fault that none of them sees
survives: it is listed in trust/mutants.json, and a test is missing. Some faults change nothing that could be seen from
outside; each of these was read, and trust/equivalents.yaml says why. They are counted apart."""

COVERAGE = """## What the tests run

Branches of the package that `make test` takes, in all processes that it starts (coverage.py). Left out of the count is
what pyproject.toml names, each with its reason."""

NOT_PROMISED = """## What is not promised

- **At once.** A stage ends a moment after its `dvc`; in the middle of a library's long call it may take longer. `dvc`
  killed in the tenth of a second in which a stage's Python starts leaves it running; it then writes the same bytes as
  the next run, or, if it trains, the next run names it and how to end it.
- **Temporary files** of a killed process stay in the system's folder for them.
- **Checkpoints of trainings that never went on** stay in .work/checkpoints: a training removes its own, not those with
  other parameters, since somebody may yet want to go on with them. `python -m stages` names them with size and age,
  `python -m stages --clean` removes those that were not written to for 30 days, `--clean 0` all that are not running.
- **A loss of power.** Nothing is flushed to the disk by force: afterwards a file in its place may be empty.
- **Other machines.** The same bytes are promised on one machine and with one number of cores; what a network learns may
  differ in its last digits elsewhere.
- **Sense.** Damage that leaves a file readable is read: a changed pitch is another pitch. Only weights have a sum.
- **Ill will.** Random damage is no attack by someone who knows the readers."""


def page(found: Mapping[str, Figures | None]) -> str:
    """Make the page, of what each of `NAMES` found; None for what was not run."""
    sections = {
        "kills": (KILLS, _kills),
        "bytes": (BYTES, _bytes),
        "mutations": (MUTATIONS, _mutations),
        "mutants": (MUTANTS, _mutants),
        "coverage": (COVERAGE, _coverage),
    }
    blocks = [INTRODUCTION]
    for name, (introduction, told) in sections.items():
        figures = found[name]
        blocks.append(introduction)
        if figures is None:
            blocks.append(f"Not run yet: `python -m trust.{name}`.")
        else:
            blocks += [_made(figures), told(figures)]
    return "\n\n".join([*blocks, NOT_PROMISED]) + "\n"


def _made(figures: Figures) -> str:
    """Say by what figures were made."""
    return (
        f"`{figures['command']}`: {figures['date']}, {_time(figures['seconds'])}, {figures['hardware']}, at commit "
        f"{figures['commit']}."
    )


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"


def _kills(figures: Figures) -> str:
    rows = [
        f"- {figures['kills']} kills: {figures['in_stage']} in a stage, {figures['while_storing']} while DVC stored "
        "what it had made.",
        f"- By signal and target: {_counted(figures['by_signal'])}.",
        f"- By the stage at which they were aimed: {_counted(figures['by_stage'])}.",
        f"- Of these, while it ran: {_counted(figures['in_stage_by_stage'])}.",
        f"- {figures['files_compared']} files compared with those of the undisturbed run.",
        f"- The longest that a process outlived its `dvc`: {figures['longest_outlived_seconds']:.1f} seconds.",
        f"- Left in the folder for temporary files: {figures['temporary_bytes_left']:,} bytes.",
        f"- DVC left half of a file that it needs: {_counted(figures['halved_by_dvc'])}; see below.",
        f"- {_listed('Findings', figures['findings'])}",
    ]
    return "\n".join([*rows, "", HALVED])


def _bytes(figures: Figures) -> str:
    one, other = figures["conditions"]
    rows = ["| condition | one | the other |", "|---|---|---|"]
    rows += [f"| {name} | {one[name]} | {other[name]} |" for name in one]
    counted = f"{figures['files_compared']} files compared. {_listed('Different', figures['differ'])}"
    return "\n".join([*rows, "", counted])


def _mutations(figures: Figures) -> str:
    rows = [
        f"{figures['count']:,} files; {figures['seconds_limit']:g} seconds of the processor and "
        f"{figures['memory_limit_mib']} MiB for each.",
        "",
        "| file | read | refused | findings | slowest, seconds |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {kind} | {of['read']} | {of['refused']} | {of['finding']} | {of['slowest_seconds']:.2f} |"
        for kind, of in figures["kinds"].items()
    ]
    rows += ["", _listed("Findings", [f"{of['kind']}: {of['error']}" for of in figures["findings"]])]
    return "\n".join(rows)


def _mutants(figures: Figures) -> str:
    rows = [
        "| what | at commit | seed | faults | tried | equivalent | killed | survived | share killed, 95 % interval |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {name} | {of['commit']} | {of['seed']} | {of['mutants']} | {of['tried']} | {of['equivalent']} | "
        f"{of['killed']} | {of['survived']} | {of['share']:.1%}, {of['interval'][0]:.1%} to {of['interval'][1]:.1%} |"
        for name, of in figures["targets"].items()
    ]
    findings = [f"{name}: {finding}" for name, of in figures["targets"].items() for finding in of["findings"]]
    each = "Each row is of a run of its own with `--target`; the latest is named above."
    return "\n".join([*rows, "", each, "", _listed("Findings", findings)])


def _coverage(figures: Figures) -> str:
    rows = ["| folder | lines | branches | branches taken | lines and branches |", "|---|---|---|---|---|"]
    rows += [
        f"| {name} | {of['num_statements']:,} | {of['num_branches']:,} | {of['branch_percent']:.1f} % | "
        f"{of['percent']:.1f} % |"
        for name, of in [*figures["folders"].items(), ("all", figures["total"])]
    ]
    failed = [] if figures["passed"] else ["", "Not all tests passed in this run."]
    return "\n".join([*rows, *failed])


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _listed(what: str, found: Sequence[str]) -> str:
    return f"{what}: {'; '.join(found)}." if found else f"{what}: none."


def main() -> None:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(prog="python -m tools.trust", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if the page is another")
    options = parser.parse_args()
    wanted = page(read())
    if options.check:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted:
            sys.exit("error: docs/trust.md is not what trust/*.json say; run `python -m tools.trust`.")
        return
    PAGE.write_text(wanted, encoding="utf-8")


def read() -> dict[str, Figures | None]:
    """Read what the programs wrote last."""
    paths = {name: ROOT / "trust" / f"{name}.json" for name in NAMES}
    return {
        name: json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None for name, path in paths.items()
    }


if __name__ == "__main__":
    main()
