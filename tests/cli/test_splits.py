"""`quartetvae export-split` and `score`: a split goes out as files, and comes back as figures."""

import json
import shutil
from pathlib import Path

import mido
import pytest
from click.testing import CliRunner, Result

from quartetvae import cli
from quartetvae.corpus import piece_file
from quartetvae.errors import CorpusError, QuartetError, RenderingError
from tests.building import GRID, piece, random_tokens


def run(*words: str | Path) -> Result:
    """The command, in this process; an error of ours is passed on as it is."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    if isinstance(result.exception, QuartetError):
        raise result.exception
    return result


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """The test split, two pieces of two works, as files."""
    made = [
        piece(id, random_tokens(1, 64, 4, seed=k)[0], work=f"W {k}") for k, id in enumerate(("one", "two", "three"))
    ]
    splits = {"one": "test", "two": "test", "three": "validation"}
    piece_file.write(tmp_path / "pieces.parquet", made, splits, grid=GRID)
    result = run("export-split", tmp_path / "truth", "--pieces", tmp_path / "pieces.parquet")
    assert result.output.rstrip().endswith("manifest.json: 2 pieces of 2 works")
    return tmp_path / "truth"


def test_the_manifest_names_pieces_works_and_grid(truth: Path) -> None:
    manifest = json.loads((truth / "manifest.json").read_text())
    assert manifest["split"] == "test"
    assert manifest["grid"]["steps_per_beat"] == GRID.steps_per_beat
    assert manifest["pieces"][0] == {"file": "one.mid", "composer": "Haydn", "work": "Haydn: W 0"}
    assert {path.name for path in truth.iterdir()} == {"manifest.json", "one.mid", "two.mid"}
    run("export-split", truth.parent / "other", "--pieces", truth.parent / "pieces.parquet", "--split", "validation")
    assert (truth.parent / "other" / "three.mid").is_file()


def test_what_comes_back_whole_scores_one_and_what_does_not_less(truth: Path) -> None:
    output = truth.parent / "output"
    shutil.copytree(truth, output)
    found = json.loads(run("score", truth, output, "--json").stdout)
    assert found["whole"]["onset"] == found["whole"]["offset"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    shutil.copyfile(truth / "one.mid", output / "two.mid")
    found = json.loads(run("score", truth, output, "--json").stdout)
    works = found["by_work"]
    assert works["Haydn: W 0"]["onset"]["f1"] == 1
    assert works["Haydn: W 1"]["onset"]["f1"] < 0.5
    assert found["whole"] == found["by_composer"]["Haydn"]
    assert found["whole"]["notes"] == sum(of["notes"] for of in works.values())
    rows = run("score", truth, output).stdout.splitlines()
    assert [row.split("  ")[0] for row in rows[1:-2]] == ["all pieces", "Haydn", "Haydn: W 0", "Haydn: W 1"]


def test_phrases_are_compared_cell_by_cell(truth: Path) -> None:
    output = truth.parent / "output"
    shutil.copytree(truth, output)
    # Two pieces of 64 steps, four to a beat: eight phrases of four beats.
    found = json.loads(run("score", truth, output, "--json").stdout)["phrases"]
    assert (found["count"], found["token_accuracy"], found["exact_phrase"], found["onset_f1"]) == (8, 1, 1, 1)
    assert json.loads(run("score", truth, output, "--json", "--beats", "3").stdout)["phrases"]["count"] == 12
    # One note of the cello in one of the pieces, a beat before its end, a semitone lower; it lasts a step.
    file = mido.MidiFile(output / "two.mid")
    sounded = [message for message in reversed(file.tracks[-1]) if message.type in ("note_on", "note_off")]
    end, note = sounded[:2]
    assert (end.type == "note_off" or not end.velocity) and note.type == "note_on"
    assert note.note == end.note
    note.note = end.note = note.note - 1
    file.save(output / "two.mid")
    result = run("score", truth, output, "--json")
    found = json.loads(result.stdout)["phrases"]
    assert found["exact_phrase"] == 7 / 8
    assert found["token_accuracy"] == 1 - 1 / (8 * 16 * 4)
    assert {part for part, of in found["parts"].items() if of["token_accuracy"] < 1} == {"cello"}
    assert "8 phrases of 4 beats on the grid: token accuracy .998, " in run("score", truth, output).stdout


def test_an_output_that_ends_early_lacks_the_rest(truth: Path) -> None:
    output = truth.parent / "output"
    shutil.copytree(truth, output)
    shutil.copyfile(output / "one.mid", output / "two.mid")
    file = mido.MidiFile(output / "one.mid")
    for track in file.tracks[1:]:
        del track[len(track) // 2 : -1]
    file.save(output / "one.mid")
    found = json.loads(run("score", truth, output, "--json").stdout)["phrases"]
    assert found["count"] == 8
    assert 0 < found["exact_phrase"] < 0.5


def test_what_is_missing_is_named(truth: Path) -> None:
    output = truth.parent / "output"
    shutil.copytree(truth, output)
    (output / "two.mid").unlink()
    with pytest.raises(CorpusError, match=r"output: 1 of 2 pieces are not there \(two\.mid\)"):
        run("score", truth, output)
    with pytest.raises(CorpusError, match=r"manifest\.json: cannot be read .*export-split` wrote is needed"):
        run("score", truth.parent, output)
    (truth / "manifest.json").write_text('{"pieces": [{"name": "one"}]}')
    with pytest.raises(CorpusError, match="no manifest of `quartetvae export-split`"):
        run("score", truth, output)


def test_nothing_is_exported_over_what_is_there(truth: Path) -> None:
    with pytest.raises(RenderingError, match="something is there already; name a new folder"):
        run("export-split", truth, "--pieces", truth.parent / "pieces.parquet")
    with pytest.raises(CorpusError, match="no pieces in the split 'train'"):
        run("export-split", truth.parent / "new", "--pieces", truth.parent / "pieces.parquet", "--split", "train")
