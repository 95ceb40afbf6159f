"""Where stages go over many files: the environment says it."""

import pytest

from quartetvae.corpus.parallel.engines import Cluster, Processes
from quartetvae.pipeline import locations, sharding


def test_the_environment_names_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUARTETVAE_DASK", raising=False)
    monkeypatch.setenv("QUARTETVAE_WORKERS", "3")
    assert sharding.engine() == Processes(3)
    monkeypatch.setenv("QUARTETVAE_DASK", "tcp://host:8786")
    assert sharding.engine() == Cluster("tcp://host:8786")


def test_each_stage_keeps_its_own_shards() -> None:
    assert sharding.shards("filter").folder == locations.SHARDS / "filter"
    assert sharding.shards("filter").folder != sharding.shards("encode").folder
