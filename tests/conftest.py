"""What the tests share."""

import os
from pathlib import Path

# Before NumPy is imported. Networks are small: threads would wait for each other, and each worker of xdist has its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from quartetvae.corpus import sources

# A loaded machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def mirror() -> Path:
    """A folder with MusicNet's two files, or one that holds OpenScore's as well."""
    folder = os.environ.get("QUARTETVAE_MIRROR")
    if not folder:
        pytest.skip("set QUARTETVAE_MIRROR to a folder with MusicNet's two files (and OpenScore's) to run this test")
    return Path(folder)


@pytest.fixture(scope="session")
def musicnet_raw(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MusicNet as the stage `download` leaves it: 330 MIDI files and metadata.csv."""
    folder = tmp_path_factory.mktemp("musicnet")
    sources.fetch(["musicnet"], folder / "raw", directory=folder, cache=folder / "cache", mirror=str(mirror))
    return folder / "raw"
