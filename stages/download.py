"""Stage `download`: one or several sources of music become MIDI files and metadata.csv in one folder."""

import os
from pathlib import Path

from quartetvae import errors
from quartetvae.corpus import sources
from quartetvae.pipeline import locations, params, sharding


def main() -> None:
    """Fetch the sources; mirror, cache and engine come from the environment, since they must not change a hash."""
    (download,) = params.load("download")
    sources.fetch(
        download.sources,
        locations.RAW,
        directory=Path(download.directory),
        cache=Path(os.environ.get("QUARTETVAE_CACHE", locations.DOWNLOADS)),
        mirror=os.environ.get("QUARTETVAE_MIRROR") or None,
        engine=sharding.engine(),
    )


if __name__ == "__main__":
    errors.run(main)
