"""Where the stages before training work on many files, as the environment says: it must not change a hash."""

import os

from quartetvae.corpus.parallel import engines
from quartetvae.corpus.parallel.engines import Engine
from quartetvae.corpus.parallel.shards import Shards
from quartetvae.pipeline import locations


def engine() -> Engine:
    """Choose processes of this machine, or the cluster that the environment names."""
    return engines.chosen(
        workers=os.environ.get("QUARTETVAE_WORKERS", "").strip(),
        scheduler=os.environ.get("QUARTETVAE_DASK", "").strip(),
    )


def shards(stage: str) -> Shards:
    """Say how a stage goes over many files, and where its finished shards are kept."""
    return Shards(locations.SHARDS / stage, engine())
