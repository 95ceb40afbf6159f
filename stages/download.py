"""Stage `download`: a source of music becomes MIDI files and metadata.csv in one folder."""

import os
from pathlib import Path

from quartetvae import errors, params, sources
from quartetvae.errors import SourceError


def main() -> None:
    """Fetch the source; mirror, cache and processes come from the environment, since they must not change a hash."""
    (download,) = params.load("download")
    sources.fetch(
        download,
        Path("data/raw"),
        cache=Path(os.environ.get("QUARTETVAE_CACHE", ".work/downloads")),
        mirror=os.environ.get("QUARTETVAE_MIRROR") or None,
        workers=_workers(os.environ.get("QUARTETVAE_WORKERS", "")),
    )


def _workers(setting: str) -> int:
    if not setting:
        return os.cpu_count() or 1
    if not setting.isdecimal() or setting == "0":
        raise SourceError(f"QUARTETVAE_WORKERS is '{setting}'; a number of processes, 1 or more, is needed.")
    return int(setting)


if __name__ == "__main__":
    errors.run(main)
