"""Put a handful of the quartets that come with music21 into a folder, as one would one's own: `corpus.py FOLDER`."""

import csv
import dataclasses
import shutil
import sys
from pathlib import Path

from quartetvae.corpus import metadata
from quartetvae.corpus.sources import directory, embedded

IDS = (
    "haydn-opus1no1-movement2",
    "haydn-opus1no1-movement4",
    "mozart-k80-movement3",
    "mozart-k155-movement2",
    "mozart-k156-movement3",
    "mozart-k156-movement4",
    "mozart-k458-movement2",
)
"""The shortest: seven movements of five works."""


def main() -> None:
    """Copy the scores, and describe them in metadata.csv."""
    folder = Path(sys.argv[1])
    with (folder / metadata.FILE).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, directory.COLUMNS, extrasaction="ignore")
        table.writeheader()
        for path, piece in embedded.embedded_quartets():
            if piece.id in IDS:
                name = f"{piece.id}{path.suffix}"
                shutil.copyfile(path, folder / name)
                table.writerow(dataclasses.asdict(dataclasses.replace(piece, file=name)))


if __name__ == "__main__":
    main()
