"""MIDI files and pictures of what a model made."""

from pathlib import Path

import numpy as np
import pytest
import symusic

from quartetvae.corpus import piece_file
from quartetvae.io import midi
from quartetvae.latent import paths
from quartetvae.music import codec
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid
from quartetvae.pipeline import artifacts
from tests.building import ALPHABET, GRID, canonical, piece, random_tokens

ONE = piece("2313", canonical(random_tokens(24, 4)))
OTHER = piece("1788", canonical(random_tokens(24, 4, seed=1))[: len(ONE.tokens)])


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def written(path: Path) -> symusic.Score:
    return symusic.Score(str(path))


def test_a_reconstruction_is_written_beside_its_original(tmp_path: Path) -> None:
    artifacts.reconstructions(tmp_path, [ONE], [OTHER], GRID, tempo_qpm=90.0, plot_beats=4)
    assert set(tree(tmp_path)) == {
        "pieces.parquet",
        "2313/original.mid",
        "2313/reconstruction.mid",
        "2313/piano_roll.png",
    }
    for name, tokens in (("original", ONE.tokens), ("reconstruction", OTHER.tokens)):
        read = midi.read(tmp_path / "2313" / f"{name}.mid")
        for track, wanted in zip(read.tracks, codec.decode(tokens, ALPHABET), strict=True):
            assert track.notes["pitch"].tolist() == wanted["pitch"].tolist()
        assert written(tmp_path / "2313" / f"{name}.mid").tempos[0].qpm == pytest.approx(90, abs=1e-3)
    kept = piece_file.read(tmp_path / "pieces.parquet")
    assert [piece.tokens.tolist() for piece in kept.pieces] == [OTHER.tokens.tolist()]


def test_of_many_pieces_some_are_written_and_all_are_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(artifacts, "HEARD", 2)
    pieces = [piece(str(number), ONE.tokens) for number in range(5)]
    artifacts.reconstructions(tmp_path, pieces, pieces, GRID, tempo_qpm=90.0, plot_beats=4)
    # Numbers 0 and 5 * 1 / 2, cut off.
    assert {path.name for path in tmp_path.iterdir()} == {"0", "2", "pieces.parquet"}
    assert [one.id for one in piece_file.read(tmp_path / "pieces.parquet").pieces] == list("01234")
    assert "2 of 5 pieces are taken to listen to" in capsys.readouterr().err


def test_no_out_of_the_listening_stages_has_more_than_2000_files() -> None:
    # Three files for a reconstruction and the table; on the page five for each of two stops and the scores.
    assert 3 * artifacts.HEARD + 1 <= 2_000
    assert 11 * artifacts.SHOWN + 10 <= 2_000


def a_walk() -> paths.LatentPath:
    """Three points: A's array, one of its own, B's."""
    between = canonical(random_tokens(24, 4, seed=2))[: len(ONE.tokens)]
    arrays = [np.resize(tokens, (20, 4)) for tokens in (ONE.tokens, between, OTHER.tokens)]
    points = np.stack([tokens.reshape(5, 4, 4) for tokens in arrays], axis=1)
    ends = paths.excerpt(ONE, steps=18), paths.excerpt(OTHER, steps=18)
    return paths.LatentPath(ends, np.zeros((5, 3, 2), np.float32), points, np.arange(0, 20, 4), ALPHABET)


def test_a_walk_is_a_file_for_each_point_and_both_originals(tmp_path: Path) -> None:
    artifacts.interpolations(tmp_path, [a_walk()], GRID, tempo_qpm=72.0)
    names = {f"point_{k}.mid" for k in range(3)} | {"original_2313.mid", "original_1788.mid", "piano_roll.png"}
    assert set(tree(tmp_path)) == {"pieces.parquet", *(f"2313-1788/{name}" for name in names)}
    assert written(tmp_path / "2313-1788" / "point_1.mid").tempos[0].qpm == pytest.approx(72, abs=1e-3)


def test_the_points_of_a_walk_are_kept_as_pieces(tmp_path: Path) -> None:
    walk = a_walk()
    artifacts.interpolations(tmp_path, [walk], GRID, tempo_qpm=72.0)
    kept = piece_file.read(tmp_path / "pieces.parquet")
    assert [piece.id for piece in kept.pieces] == ["2313-1788/0", "2313-1788/1", "2313-1788/2"]
    assert kept.splits == ("end", "between", "end")
    for k, one in enumerate(kept.pieces):
        assert one.tokens.tolist() == walk.point(k).tolist()
        assert len(one.tokens) == 18


def test_the_same_music_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        artifacts.reconstructions(tmp_path / name / "r", [ONE], [OTHER], GRID, tempo_qpm=90.0, plot_beats=4)
        artifacts.interpolations(tmp_path / name / "i", [a_walk()], GRID, tempo_qpm=72.0)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_the_grid_decides_how_long_a_step_sounds(tmp_path: Path) -> None:
    fine = Grid(8, Alphabet(60, 71))
    artifacts.reconstructions(tmp_path / "fine", [ONE], [ONE], fine, tempo_qpm=90.0, plot_beats=4)
    artifacts.reconstructions(tmp_path / "plain", [ONE], [ONE], GRID, tempo_qpm=90.0, plot_beats=4)
    beats = []
    for name in ("fine", "plain"):
        read = midi.read(tmp_path / name / "2313" / "original.mid")
        beats.append(read.end / read.ticks_per_beat)
    assert beats == [len(ONE.tokens) / 8, len(ONE.tokens) / 4]
