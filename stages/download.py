"""Stage `download`: a source of music becomes MIDI files and metadata.csv in one folder."""

import os
from pathlib import Path

from quartetvae import errors, params, sources


def main() -> None:
    """Fetch the source; mirror, cache and processes come from the environment, since they must not change a hash."""
    (download,) = params.load("download")
    sources.fetch(
        download,
        Path("data/raw"),
        cache=Path(os.environ.get("QUARTETVAE_CACHE", ".work/downloads")),
        mirror=os.environ.get("QUARTETVAE_MIRROR") or None,
        workers=sources.workers(os.environ.get("QUARTETVAE_WORKERS", "")),
    )


if __name__ == "__main__":
    errors.run(main)
