"""What the tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def mirror() -> Path:
    """A folder with MusicNet's two files."""
    folder = os.environ.get("QUARTETVAE_MIRROR")
    if not folder:
        pytest.skip("set QUARTETVAE_MIRROR to a folder with MusicNet's two files to run this test")
    return Path(folder)
