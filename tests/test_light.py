"""The base package, without its extras: everything that no extra is needed for runs, and what is missing is named."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from quartetvae.errors import EXTRAS, MissingError, missing
from tests.imports import ROOT
from tests.study import answering

HIDING = f"""
import sys
for name in {sorted({name for names in EXTRAS.values() for name in names})!r}:
    sys.modules[name] = None
from quartetvae.cli import main
sys.argv[0] = "quartetvae"
main()
"""
"""The command, where nothing of an extra can be imported."""


def light(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, without the packages of the extras."""
    return subprocess.run([sys.executable, "-c", HIDING, *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two pieces, made by the base package alone, and what two listeners said in a study."""
    folder = tmp_path_factory.mktemp("light")
    made = light(folder, "sample", "--beats", "8", "--count", "2", "--out", ".")
    assert (made.returncode, made.stderr) == (0, "")
    answering.write(folder / "study.key.json", answering.key(a=1, b=1).model_dump())
    for listener, scores in (("anna", {"a0": 2, "b0": 6}), ("ben", {"a0": 3, "b0": 4})):
        answering.write(folder / f"{listener}.json", answering.answers(listener, scores))
    return folder


A, B = "sample_0.mid", "sample_1.mid"
BASE = (
    ("--help",),
    ("interpolate", A, B, "--points", "3"),
    ("reconstruct", A),
    ("vary", A),
    ("morph", A, "--toward", "note_density"),
    ("nearest", A, "--beats", "4"),
    ("encode", A, "codes.npy"),
    ("inspect", A),
    ("features", A),
    ("interpolate", A, B, "--points", "3", "--path", "spherical"),
    ("interpolate", A, B, A, B, "--points", "2", "--path", "linear"),
    ("infill", A, "--bars", "1", "--parts", "viola"),
    ("harmonise", A, "--key", "D major"),
    ("continue", A, "--beats", "4"),
    ("bridge", A, B, "--beats", "4"),
    ("sample", "--by", "composer", "--beats", "4"),
    ("listen", A, B, "--no-open"),
)


@pytest.mark.parametrize("words", BASE, ids=" ".join)
def test_the_base_package_runs(words: tuple[str, ...], folder: Path) -> None:
    result = light(folder, *words)
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert "Traceback" not in result.stderr


def test_codes_go_to_numpys_files_and_back(folder: Path) -> None:
    assert light(folder, "encode", A, "there.npy").returncode == 0
    assert light(folder, "decode", "there.npy", "--out", "back").returncode == 0
    assert (folder / "back" / "there.mid").is_file()


MISSING = (
    (("sample", "--beats", "4", "--as", "musicxml"), "music21", "scores"),
    (("sample", "--beats", "4", "--as", "roll.png"), "matplotlib", "scores"),
    (("sample", "--beats", "4", "--as", "ogg"), "soundfile", "sound"),
    (("encode", A, "codes.parquet"), "pyarrow", "train"),
    (("match", A, B), "mir_eval", "measures"),
    (("compare", ".", "."), "scipy", "measures"),
    (("study", "composed", "generated"), "jinja2", "study"),
    (("study", "--analyse", "anna.json", "ben.json", "--key", "study.key.json"), "scipy", "measures"),
    (("export-split", "truth", "--pieces", "pieces.parquet"), "pyarrow", "train"),
)


@pytest.mark.parametrize(("words", "package", "extra"), MISSING, ids=[" ".join(words) for words, _, _ in MISSING])
def test_what_is_missing_is_named_with_its_command(
    words: tuple[str, ...], package: str, extra: str, folder: Path
) -> None:
    result = light(folder, *words)
    assert result.returncode == 1
    assert f"'{package}' is not installed" in result.stderr
    assert f"pip install 'quartetvae[{extra}]'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_notes_that_cannot_be_counted_leave_a_reconstruction(folder: Path) -> None:
    result = light(folder, "reconstruct", A, "--out", "rebuilt")
    assert "not counted" in result.stderr
    assert (folder / "rebuilt" / "reconstruction.mid").is_file()


def test_a_package_of_no_extra_is_a_bug() -> None:
    broken = ImportError("gone", name="numpy.gone")
    with pytest.raises(ImportError, match="gone"):
        missing(broken)
    assert "quartetvae[scores]" in str(missing(ImportError(name="verovio.toolkit")))
    assert issubclass(MissingError, ValueError)


def test_the_extras_are_those_of_the_package() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    modules = {"ruamel-yaml": "ruamel", "resvg-py": "resvg_py", "pretty-midi": "pretty_midi"}
    modules["scikit-learn"] = "sklearn"
    for extra, names in EXTRAS.items():
        asked = {entry.split(">")[0].strip() for entry in extras[extra] if not entry.startswith("quartetvae[")}
        # PyYAML is asked for by name, for nobody imports it here.
        assert {modules.get(name, name) for name in asked} - {"pyyaml"} == set(names), extra
