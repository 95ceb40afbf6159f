"""MIDI files and pictures of what a model made."""

from pathlib import Path

import numpy as np
import pytest
import symusic

from quartetvae.corpus import tables
from quartetvae.errors import MidiError
from quartetvae.io import midi
from quartetvae.latent import paths
from quartetvae.music import codec, tracks
from quartetvae.music.codec import Alphabet
from quartetvae.music.quartet import Grid
from quartetvae.pipeline import artifacts, params
from tests.building import ALPHABET, GRID, canonical, part_array, piece, quartet, random_tokens

ONE = piece("2313", canonical(random_tokens(24, 4)))
OTHER = piece("1788", canonical(random_tokens(24, 4, seed=1))[: len(ONE.tokens)])
RECONSTRUCT = params.Reconstruct(decode="mean", seed=0, tempo_qpm=90.0, plot_beats=4)
INTERPOLATE = params.Interpolate(pairs="auto", points=3, path="linear", beats=4, decode="mean", seed=0, tempo_qpm=72.0)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def written(path: Path) -> symusic.Score:
    return symusic.Score(str(path))


def test_a_quartet_has_four_named_tracks_with_their_programs_and_its_tempo(tmp_path: Path) -> None:
    midi.write_quartet(tmp_path / "a.mid", ONE.tokens, ALPHABET, steps_per_beat=4, tempo_qpm=72)
    score = written(tmp_path / "a.mid")
    assert [(track.name, track.program, track.is_drum) for track in score.tracks] == [
        ("Violin I", 40, False),
        ("Violin II", 40, False),
        ("Viola", 41, False),
        ("Cello", 42, False),
    ]
    # MIDI keeps whole microseconds of a beat.
    assert [tempo.qpm for tempo in score.tempos] == pytest.approx([72], abs=1e-3)


def test_the_right_notes_are_read_back(tmp_path: Path) -> None:
    tokens = part_array("60 - . 62", "- - 64 -", "71 71 71 71", ". . - -")
    midi.write_quartet(tmp_path / "a.mid", tokens, ALPHABET, steps_per_beat=4, tempo_qpm=120)
    score = written(tmp_path / "a.mid")
    unit = score.ticks_per_quarter // 4
    assert unit * 4 == score.ticks_per_quarter
    found = [[(n.time / unit, n.duration / unit, n.pitch) for n in track.notes] for track in score.tracks]
    # symusic passes over a track without notes; it is in the file all the same.
    assert found == [[(0, 2, 60), (3, 1, 62)], [(2, 2, 64)], [(k, 1, 71) for k in range(4)]]
    assert (tmp_path / "a.mid").read_bytes().count(b"MTrk") == 4
    assert b"Cello" in (tmp_path / "a.mid").read_bytes()


@pytest.mark.parametrize("steps_per_beat", [1, 4, 7, 8, 12, 96])
def test_a_written_quartet_encodes_to_itself_on_any_grid(steps_per_beat: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    midi.write_quartet(path, ONE.tokens, ALPHABET, steps_per_beat=steps_per_beat, tempo_qpm=120)
    read = midi.read(path)
    again, losses = codec.encode(
        [track.notes for track in read.tracks],
        ticks_per_beat=read.ticks_per_beat,
        steps_per_beat=steps_per_beat,
        alphabet=ALPHABET,
    )
    assert again.tolist() == ONE.tokens.tolist()
    assert losses.off_grid == 0


def test_the_same_quartet_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        midi.write_quartet(tmp_path / name, ONE.tokens, ALPHABET, steps_per_beat=4, tempo_qpm=120)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_midi_survives_writing_and_reading(tmp_path: Path) -> None:
    before = quartet(signatures=[tracks.TimeSignature(0, 3, 4), tracks.TimeSignature(1440, 6, 8)])
    midi.write(tmp_path / "a.mid", before, tempo_qpm=100)
    after = midi.read(tmp_path / "a.mid")
    assert (after.ticks_per_beat, after.time_signatures, after.end) == (480, before.time_signatures, before.end)
    for one, other in zip(before.tracks, after.tracks, strict=True):
        assert (one.name, one.program, one.is_drum) == (other.name, other.program, other.is_drum)
        assert one.notes.tolist() == other.notes.tolist()


@pytest.mark.parametrize("content", [b"", b"MThd", b"not MIDI at all"])
def test_what_is_no_midi_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(content)
    with pytest.raises(
        MidiError, match=r"^a\.mid: not a readable MIDI file \(.*\); export it again or leave it out\.$"
    ):
        midi.read(tmp_path / "a.mid")


def test_a_file_that_is_missing_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(MidiError, match=r"a\.mid: there is no such file; check its name and folder\.$"):
        midi.read(tmp_path / "a.mid")
    with pytest.raises(MidiError, match="a folder; a file is needed"):
        midi.read(tmp_path)


def test_a_reconstruction_is_written_beside_its_original(tmp_path: Path) -> None:
    artifacts.reconstructions(tmp_path, [ONE], [OTHER], GRID, RECONSTRUCT)
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
    kept = tables.read_pieces(tmp_path / "pieces.parquet")
    assert [piece.tokens.tolist() for piece in kept.pieces] == [OTHER.tokens.tolist()]


def a_walk() -> paths.Walk:
    """Three points: A's array, one of its own, B's."""
    between = canonical(random_tokens(24, 4, seed=2))[: len(ONE.tokens)]
    arrays = [np.resize(tokens, (20, 4)) for tokens in (ONE.tokens, between, OTHER.tokens)]
    points = np.stack([tokens.reshape(5, 4, 4) for tokens in arrays], axis=1)
    ends = paths.excerpt(ONE, steps=18), paths.excerpt(OTHER, steps=18)
    return paths.Walk(("2313", "1788"), ends, np.zeros((5, 3, 2), np.float32), points, np.arange(0, 20, 4))


def test_a_walk_is_a_file_for_each_point_and_both_originals(tmp_path: Path) -> None:
    artifacts.interpolations(tmp_path, [a_walk()], GRID, INTERPOLATE)
    names = {f"point_{k}.mid" for k in range(3)} | {"original_2313.mid", "original_1788.mid", "piano_roll.png"}
    assert set(tree(tmp_path)) == {"pieces.parquet", *(f"2313-1788/{name}" for name in names)}
    assert written(tmp_path / "2313-1788" / "point_1.mid").tempos[0].qpm == pytest.approx(72, abs=1e-3)


def test_the_points_of_a_walk_are_kept_as_pieces(tmp_path: Path) -> None:
    walk = a_walk()
    artifacts.interpolations(tmp_path, [walk], GRID, INTERPOLATE)
    kept = tables.read_pieces(tmp_path / "pieces.parquet")
    assert [piece.id for piece in kept.pieces] == ["2313-1788/0", "2313-1788/1", "2313-1788/2"]
    assert kept.splits == ("end", "between", "end")
    for k, one in enumerate(kept.pieces):
        assert one.tokens.tolist() == walk.point(k).tolist()
        assert len(one.tokens) == 18


def test_the_same_music_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        artifacts.reconstructions(tmp_path / name / "r", [ONE], [OTHER], GRID, RECONSTRUCT)
        artifacts.interpolations(tmp_path / name / "i", [a_walk()], GRID, INTERPOLATE)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_the_grid_decides_how_long_a_step_sounds(tmp_path: Path) -> None:
    fine = Grid(8, Alphabet(60, 71))
    artifacts.reconstructions(tmp_path / "fine", [ONE], [ONE], fine, RECONSTRUCT)
    artifacts.reconstructions(tmp_path / "plain", [ONE], [ONE], GRID, RECONSTRUCT)
    beats = []
    for name in ("fine", "plain"):
        read = midi.read(tmp_path / name / "2313" / "original.mid")
        beats.append(read.end / read.ticks_per_beat)
    assert beats == [len(ONE.tokens) / 8, len(ONE.tokens) / 4]
