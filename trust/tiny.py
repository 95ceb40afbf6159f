"""The tiny pipeline (profiles/tiny.yaml) in a folder of its own, as .ci/tiny runs it: made ready, run and compared."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from quartetvae.pipeline import params
from trust.about import ROOT

PASSED_OVER = {".git", "__pycache__"}
"""Folders that no run of the pipeline writes, or whose files it may write anew."""

Digests = dict[str, str]
"""The sha256 of files, by their paths from the root of the project."""


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """Make the environment of a run in a folder: this interpreter, the folder's own code, nothing from elsewhere."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    temporary = folder / ".work" / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    own = {"PATH": path, "PYTHONPATH": str(folder), "CI": "true", "QUARTETVAE_MIRROR": "", "TMPDIR": str(temporary)}
    # Written bytes of code would be one more thing that a kill can halve.
    return os.environ | own | {"PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"} | changes


def prepare(folder: Path, profiles: Sequence[Path] = ()) -> Path:
    """Copy the project into a folder, with the tiny corpus and profile; further profiles change its parameters."""
    subprocess.run([ROOT / ".ci" / "copy", folder], check=True)
    setting = environment(folder)
    run = [
        [".ci/tiny/corpus.py", "data/own"],
        *(["-m", "quartetvae.pipeline.profiles", str(path)] for path in (Path("profiles/tiny.yaml"), *profiles)),
    ]
    for command in run:
        subprocess.run([sys.executable, *command], cwd=folder, env=setting, check=True, stdout=subprocess.DEVNULL)
    return folder


def stages() -> dict[str, list[str]]:
    """Give what each stage of dvc.yaml makes, in the order in which DVC runs them."""
    found = {}
    for name, stage in params.read_yaml(ROOT / "dvc.yaml")["stages"].items():
        outs = [*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())]
        found[name] = [out if isinstance(out, str) else next(iter(out)) for out in outs]
    return found


def digests(folder: Path, outs: Sequence[str]) -> Digests:
    """Read what there is of some outs: files, and the files of folders. What vanishes meanwhile is left out."""
    found = {}
    for out in outs:
        paths = [folder / out] if (folder / out).is_file() else sorted((folder / out).rglob("*"))
        for path in paths:
            try:
                if path.is_file():
                    found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
            except FileNotFoundError:
                continue
    return found


def everything(folder: Path) -> Digests:
    """Read all that the pipeline made, and dvc.lock, which says the same."""
    return digests(folder, [*(out for outs in stages().values() for out in outs), "dvc.lock"])


def different(a: Digests, b: Digests) -> list[str]:
    """Name the files that are not the same in both, or in one only."""
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def partial(folder: Path) -> list[str]:
    """Name what was begun and not put in its place, and what was moved out of it."""
    found = (path.relative_to(folder) for kind in (".partial-*", ".earlier-*") for path in folder.rglob(kind))
    return sorted(path.as_posix() for path in found if not PASSED_OVER & set(path.parts))


def damaged_cache(folder: Path) -> list[str]:
    """Name the files of DVC's cache whose content is not what they are called by."""
    cache = folder / ".dvc" / "cache" / "files" / "md5"
    found = []
    for path in sorted(path for path in cache.rglob("*") if path.is_file()):
        name = (path.parent.name + path.name).removesuffix(".dir")
        # DVC names files by it, which guards nothing.
        if hashlib.md5(path.read_bytes()).hexdigest() != name:
            found.append(path.relative_to(folder).as_posix())
    return found


def repro(folder: Path, log: Path, setting: Mapping[str, str], *more: str) -> "subprocess.Popen[bytes]":
    """Start `dvc repro`, or another command of DVC, as the leader of a session and group of its own."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "dvc", *(more or ("repro",))],
            cwd=folder,
            env=setting,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
