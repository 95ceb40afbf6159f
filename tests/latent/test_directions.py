"""Directions of attributes: found on a toy, drawn out as far as they lead, written and read."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from quartetvae.errors import ModelError
from quartetvae.latent import directions
from quartetvae.metrics.attributes import ATTRIBUTES
from quartetvae.metrics.figures import AttributesFigures
from quartetvae.model.autoencoder import Codes
from quartetvae.music.codec import Tokens
from tests.building import ALPHABET, REST, part_array, random_tokens
from tests.toy import STEPS, TOY, Toy

WIDTH = 4 * STEPS
UP = np.ones((1, WIDTH), np.float32)
"""A semitone up: the toy's codes are the tokens."""


def judged(
    model: Toy, ways: dict[str, Codes], phrases: Tokens, amounts: Sequence[float] = directions.AMOUNTS
) -> AttributesFigures:
    """What becomes of phrases along directions."""
    return directions.judge(ways, directions.move(model, ways, phrases, amounts=amounts), amounts=amounts)


def notes_only(count: int, low: int, high: int, seed: int = 0) -> Tokens:
    """Phrases without rests and sustains, with the tokens from `low` to below `high`."""
    return np.random.default_rng(seed).integers(low, high, (count, STEPS, 4), dtype=np.uint8)


def test_moving_along_a_direction_shows_in_the_means() -> None:
    phrases = notes_only(30, 4, 7)
    found = judged(TOY, {"register": UP}, phrases)
    mean = 60 + float(phrases.mean())
    assert found["amounts"] == [-2, -1, 0, 1, 2]
    assert found["phrases"] == 30
    assert found["register"]["means"] == pytest.approx([mean + amount for amount in (-2, -1, 0, 1, 2)])
    assert found["register"]["spearman"] == pytest.approx(1)
    assert found["register"]["spearman_by_phrase"] == pytest.approx(1)
    assert found["register"]["changing"] == 1
    assert found["register"]["length"] == pytest.approx(WIDTH**0.5)
    assert judged(TOY, {"register": -UP}, phrases)["register"]["spearman"] == pytest.approx(-1)


def test_a_direction_in_which_nothing_happens_is_seen() -> None:
    found = judged(TOY, {"register": 0 * UP}, notes_only(5, 4, 7))["register"]
    assert found["changing"] == 0
    assert found["spearman"] == 0
    assert found["spearman_by_phrase"] is None
    silent = judged(TOY, {"register": UP}, np.full((3, STEPS, 4), REST, np.uint8), amounts=(-1, 0))
    assert silent["register"]["means"] == [None, None]
    assert silent["register"]["spearman"] is None


def test_what_depends_on_the_scale_takes_its_phrases_scale() -> None:
    ways = np.arange(12, dtype=np.float32)[:, np.newaxis] * UP
    in_c, in_d = part_array("60 62 64 65", "67 69 71 60"), part_array("62 64 66 67", "69 71 61 62")
    along = directions.of_each(ways, np.stack([in_c, in_d]), ALPHABET)
    assert along[:, 0].tolist() == [0, 2]
    assert directions.of_each(UP, np.stack([in_c, in_d]), ALPHABET).shape == (2, WIDTH)


def test_the_direction_of_register_is_up() -> None:
    calls: list[None] = []
    called = functools.partial(calls.append, None)
    found = directions.fit(TOY, notes_only(400, 3, 8), notes_only(60, 3, 8, seed=1), progress=called)
    assert list(found) == list(ATTRIBUTES)
    directions.move(TOY, {"register": UP}, notes_only(3, 4, 7), progress=called)
    assert len(calls) == len(ATTRIBUTES) + 1
    assert {name: way.shape for name, way in found.items() if way.shape != (1, WIDTH)} == {"chromaticism": (12, WIDTH)}
    (way,) = found["register"]
    length = float(np.linalg.norm(way))
    assert length == pytest.approx(max(directions.LENGTHS), rel=1e-5)
    assert way.sum() / WIDTH**0.5 > 0.95 * length
    # No phrase has a rest or a sustain, so that density is the same everywhere.
    assert not found["note_density"].any()


class Narrow(Toy):
    """Falls silent where a code leaves the tokens 3.4 to 7.6."""

    def decode(self, z: Codes, *, temperature: float = 0.0, seed: int = 0) -> Tokens:
        tokens = super().decode(z)
        tokens[((z < 3.4) | (z > 7.6)).any(axis=1)] = REST
        return tokens


def test_a_direction_is_as_long_as_it_leads_upwards() -> None:
    # 1.25 x 2 times a length of 2.5 moves each of 16 tokens, 5 or 6, by 1.56: 3 would leave the range.
    phrases = notes_only(40, 5, 7)
    unit = UP / WIDTH**0.5
    for model, length in ((TOY, 4.0), (Narrow(TOY.architecture), 2.5)):
        found = directions._lengthened(model, "register", unit, phrases)
        assert np.linalg.norm(found) == pytest.approx(length)
    # None where no length does: the other way, and where every step leaves the range.
    assert not directions._lengthened(TOY, "register", -unit, phrases).any()
    assert not directions._lengthened(Narrow(TOY.architecture), "register", unit, notes_only(40, 3, 4)).any()


def test_rising_is_by_more_than_chance() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 1))
    rise = np.arange(3.0) * 0.5
    assert directions._rising(noise + rise)
    assert not directions._rising(noise + rise[::-1])
    assert not directions._rising(noise + rise[[0, 2, 1]])
    # Each step 0.1 in the mean, and as wide as 1 over 200 phrases: an error of 0.07. Over 800 it is 0.035.
    steps = rng.normal(size=(200, 2))
    steps = (steps - steps.mean(axis=0)) / steps.std(axis=0) + 0.1
    doubtful = np.cumsum(np.concatenate([noise, steps], axis=1), axis=1)
    assert not directions._rising(doubtful)
    assert directions._rising(np.tile(doubtful, (4, 1)))
    # Phrases without the attribute somewhere say nothing; of one phrase no chance is known.
    assert directions._rising(np.concatenate([noise + rise, [[0.0, np.nan, -9.0]]]))
    assert not directions._rising(rise[np.newaxis])


def test_directions_read_back(tmp_path: Path) -> None:
    made: directions.Directions = {
        "register": np.full((1, WIDTH), 1 / 3, np.float32),
        "chromaticism": np.random.default_rng(0).normal(size=(12, WIDTH)).astype(np.float32),
    }
    directions.write(tmp_path / "ways.json", made)
    read = directions.read(tmp_path / "ways.json")
    assert list(read) == list(made)
    for name, way in made.items():
        assert read[name].dtype == np.float32
        np.testing.assert_allclose(read[name], way, atol=1e-6)  # files have six decimals


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1]",
        "{}",
        '{"register": 1}',
        '{"register": [1, 2]}',
        '{"register": [[1], [2, 3]]}',
        '{"register": [[1], [2], [3]]}',  # neither one row nor twelve
        '{"register": [["a"]]}',
        '{"register": null}',
        json.dumps({"register": [[1.0]], "syncopation": [[1.0, 2.0]]}),
        "\x93NUMPY",
    ],
)
def test_what_are_no_directions_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "ways.json").write_text(content, encoding="latin-1")
    with pytest.raises(ModelError, match=r"ways\.json: .*the stage `describe` writes directions\.json"):
        directions.read(tmp_path / "ways.json")
    with pytest.raises(ModelError, match=r"none\.json: no directions"):
        directions.read(tmp_path / "none.json")


def test_the_models_phrases_are_not_changed() -> None:
    phrases = random_tokens(10, STEPS, 4)
    before = phrases.copy()
    judged(TOY, {"register": UP, "chromaticism": np.repeat(UP, 12, axis=0)}, phrases)
    assert np.array_equal(phrases, before)
