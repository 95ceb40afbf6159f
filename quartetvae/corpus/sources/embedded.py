"""The string quartets of the corpus that music21 brings along: no network."""

import importlib.metadata
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from quartetvae.corpus.metadata import MetadataRow, left_out_text
from quartetvae.corpus.parallel.engines import Engine
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.corpus.sources.archives import Converted
from quartetvae.corpus.sources.conversion import Conversion, convert_all
from quartetvae.corpus.sources.movements import movement_name, warn_of_silence
from quartetvae.errors import SourceError, shortened
from quartetvae.io import musicxml, scores
from quartetvae.music.ensemble import STRING_QUARTET, VOICES


def fetch(folder: Path, *, cache: Path, engine: Engine) -> list[MetadataRow]:
    """Fill a folder with the string quartets of music21's corpus; see `quartetvae.corpus.sources.fetch`."""
    found = embedded_quartets()
    results = convert_all([Conversion(path, is_quartet=True) for path, _ in found], cache=cache, engine=engine)
    failures = [result.reason for result in results if isinstance(result, Failure)]
    if failures:
        raise SourceError(f"music21's corpus: {shortened(failures)} Install music21 anew from its package.")
    rows = []
    for (path, piece), result in zip(found, results, strict=True):
        assert isinstance(result, Converted)
        warn_of_silence(path.name, result)
        for movement in result.movements:
            ending = "" if result.is_one else f"-{movement.number}"
            row = replace(
                piece,
                id=f"{piece.id}{ending}",
                movement=movement_name(movement, is_one=result.is_one, known=piece.movement),
                file=f"{piece.composer}/{piece.id}{ending}.mid",
                left_out=left_out_text(result.left_out_of(movement)),
            )
            result.write(movement, folder / row.file)
            rows.append(row)
    return rows


def embedded_quartets() -> list[tuple[Path, MetadataRow]]:
    """Find the string quartets in music21's corpus, each with its row of metadata, sorted by `file`.

    They are the MusicXML scores of four parts, of which the names say violin I, violin II, viola and cello. (The kern
    files among the quartets hold movements that are there as MusicXML too.)
    """
    from music21 import common, corpus

    bundle: Any = corpus.corpora.CoreCorpus().metadataBundle
    suffixes = tuple(suffix for suffix, kind in scores.SUFFIXES.items() if kind == "musicxml")
    root = Path(common.getCorpusFilePath())
    found = []
    for entry in bundle.search(VOICES, field="numberOfParts", fileExtensions=suffixes):
        inner = PurePosixPath(str(entry.sourcePath).replace("\\", "/"))
        if tuple(map(STRING_QUARTET.part_by_name, musicxml.part_names(root / inner))) == STRING_QUARTET.ids:
            found.append((root / inner, _embedded_piece(inner)))
    if not found:
        version = importlib.metadata.version("music21")
        raise SourceError(
            f"music21 {version}: no string quartets in its corpus, which some distributions leave out; install music21 "
            "from the Python Package Index."
        )
    return sorted(found, key=lambda pair: pair[1].file)


def _embedded_piece(inner: PurePosixPath) -> MetadataRow:
    """Tell metadata from a path like `beethoven/opus18no1/movement1.mxl` or `beethoven/opus132.mxl`."""
    folder, work, *movement = inner.with_suffix("").parts
    # `schumann_robert`; a surname is enough where there is one composer of quartets to it.
    composer = folder.partition("_")[0].capitalize()
    title = re.sub(r"^opus(\d+)", r"op. \1", work)
    title = re.sub(r"no(\d+)$", r" no. \1", title)
    title = re.sub(r"^k(\d+)", r"K. \1", title)
    name = "-".join([composer.lower(), work, *movement])
    return MetadataRow(
        id=name,
        source="music21",
        composer=composer,
        work=f"String Quartet {title}",
        movement=" ".join(movement).removeprefix("movement"),
        ensemble=STRING_QUARTET.name.title(),
        file=f"{composer}/{name}.mid",
    )
