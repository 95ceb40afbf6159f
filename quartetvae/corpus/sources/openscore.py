"""OpenScore String Quartets, version 3.0.0: 122 MusicXML scores of the long 19th century, from GitHub or a mirror.

Their tables name composers and works. A composer is called by surname without accents, as in MusicNet, so that figures
by composer are of one composer whatever the source: `Dvorak`, `Faure`; `Mendelssohn` is Felix, and his sister is
`Hensel`. Where two composers of the corpus share a surname, both get their forenames too.
"""

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from quartetvae.corpus.metadata import MetadataRow, left_out_text
from quartetvae.corpus.parallel.engines import Engine
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.corpus.sources import fetching
from quartetvae.corpus.sources.archives import Converted
from quartetvae.corpus.sources.conversion import Conversion, convert_all
from quartetvae.corpus.sources.fetching import Publication
from quartetvae.corpus.sources.movements import movement_name, warn_of_silence
from quartetvae.errors import SourceError, shortened
from quartetvae.music.ensemble import STRING_QUARTET

COMMIT = "2c723a5b7b4ea5420826116dfa912956c6a022c2"
"""Of version 3.0.0."""

OPENSCORE = Publication(
    name="openscore",
    title="OpenScore String Quartets",
    home=f"https://raw.githubusercontent.com/OpenScore/StringQuartets/{COMMIT}/{{name}}",
    host="GitHub",
    contents=f"the folders data and scores of OpenScore/StringQuartets at commit {COMMIT[:7]}",
)


def fetch(folder: Path, *, cache: Path, mirror: str | None, engine: Engine) -> list[MetadataRow]:
    """Fill a folder with the movements of OpenScore's quartets; see `quartetvae.corpus.sources.fetch`."""
    files = fetching.obtain_checked(OPENSCORE, _checksums(), cache=cache, mirror=mirror)
    tables = {PurePosixPath(name).stem: _read_table(path) for name, path in files.items() if name.endswith(".tsv")}
    paths = [path for name, path in files.items() if name.endswith(".mxl")]
    results = convert_all([Conversion(path) for path in paths], cache=cache, engine=engine)
    failures = [
        f"{path.name} ({result.reason})"
        for path, result in zip(paths, results, strict=True)
        if isinstance(result, Failure)
    ]
    if failures:
        raise SourceError(
            f"{OPENSCORE.title}: {len(failures)} of {len(paths)} scores cannot be read: {shortened(failures)} They are "
            "as they were published: run the command again, which keeps what was read, or leave `openscore` out of "
            "download.sources."
        )
    names = composer_names(tables["composers"])
    rows = []
    for path, result in zip(paths, results, strict=True):
        assert isinstance(result, Converted)
        score = tables["scores"][path.stem.removeprefix("sq")]
        composer = names[tables["sets"][score["set_id"]]["composer_id"]]
        warn_of_silence(path.name, result)
        for movement in result.movements:
            id = f"{path.stem}-{movement.number}"
            file = f"{composer}/{id}.mid"
            result.write(movement, folder / file)
            rows.append(
                MetadataRow(
                    id=id,
                    source="openscore",
                    composer=composer,
                    work=score["name"],
                    movement=movement_name(movement, is_one=result.is_one),
                    ensemble=STRING_QUARTET.name.title(),
                    file=file,
                    left_out=left_out_text(result.left_out_of(movement)),
                )
            )
    return rows


def composer_names(composers: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Choose what each composer is called, by id, from the rows of composers.tsv.

    Their `path` is the name as in a catalogue, `Beethoven,_Ludwig_van`.
    """
    catalogue = {id: _plain(row["path"].replace("_", " ")) for id, row in composers.items()}
    surnames = {id: name.partition(",")[0] for id, name in catalogue.items()}
    times = Counter(surnames.values())
    return {
        id: surname if times[surname] == 1 else " ".join(part.strip() for part in reversed(catalogue[id].split(",", 1)))
        for id, surname in surnames.items()
    }


def _plain(text: str) -> str:
    """Take the accents off."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    text = path.read_text(encoding="utf-8")
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)}


def _checksums() -> dict[str, str]:
    """Read the sha256 of each score and table."""
    return fetching.read_checksums("openscore.sha256")
