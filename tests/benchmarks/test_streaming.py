"""The benchmark of streaming makes phrases of the default's grid, which the default network takes."""

from pathlib import Path

import pytest

from benchmarks import streaming
from benchmarks.training import settings
from quartetvae.corpus import streams, tables


@pytest.mark.parametrize("long", [False, True])
def test_made_up_phrases_are_of_the_default(tmp_path: Path, long: bool) -> None:
    architecture, _ = settings("default")
    grid, form = streaming._long(architecture) if long else (architecture.grid, architecture.form)
    tables.write_phrases(tmp_path / "made.parquet", streaming.made_up(grid, form, 130), grid, form)
    stream = streams.opened(tmp_path / "made.parquet")
    batch = next(stream.mixed(64, seed=0, epoch=1, count=64))
    assert len(stream) == 130
    assert batch.shape == (64, (2 if long else 1) * architecture.steps, architecture.columns)
    architecture.check_tokens(batch[:, : architecture.steps])
