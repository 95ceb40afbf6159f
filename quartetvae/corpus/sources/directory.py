"""A folder of the user's: MIDI files, MusicXML and kern scores, with a metadata.csv if there is one."""

import csv
import itertools
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from quartetvae.corpus import metadata
from quartetvae.corpus.metadata import MetadataRow
from quartetvae.corpus.sources.conversion import Conversion, convert_all
from quartetvae.errors import SourceError
from quartetvae.files import replacing_folder
from quartetvae.io import scores
from quartetvae.io.read import MIDI_SUFFIXES


def fetch(directory: Path, raw: Path, *, workers: int) -> None:
    """Fill `raw` with the music from anywhere below a folder; see `quartetvae.corpus.sources.fetch`.

    MIDI files are copied as they are, scores are converted. A score that cannot be read is copied as it is too, with a
    line on stderr, so that the stage that chooses files can report on it. Hidden files are passed over.

    `metadata.csv` in the folder may describe files: column `file`, and `id`, `composer`, `work`, `movement` and
    `ensemble` as far as they are known.
    """
    wanted = sorted({*MIDI_SUFFIXES, *scores.SUFFIXES})
    if not directory.is_dir():
        what = "a file" if directory.exists() else "nothing"
        raise SourceError(
            f"{directory}: {what} found; a folder of music ({', '.join(wanted)}) is needed. Set download.directory."
        )
    here, there = directory.resolve(), raw.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise SourceError(
            f"download.directory {directory} and {raw}, which is written anew, lie within each other; put the music "
            "in a folder of its own."
        )
    everything = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    music = [
        name
        for name in everything
        if PurePosixPath(name).suffix.lower() in wanted and not any(part[0] == "." for part in name.split("/"))
    ]
    if not music:
        raise SourceError(
            f"{directory}: {len(everything)} files found, none of them music; {', '.join(wanted)} files are needed."
        )
    known = _read_metadata(directory / metadata.FILE, music) if metadata.FILE in everything else {}
    converted = [name for name in music if PurePosixPath(name).suffix.lower() in scores.SUFFIXES]
    files = _target_names(music, converted)
    with replacing_folder(raw) as folder:
        for name in music:
            target = folder / files[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            if name not in converted:
                shutil.copyfile(directory / name, target)
        jobs = [Conversion(directory / name, folder / files[name], is_quartet=False) for name in converted]
        for name, reason in zip(converted, convert_all(jobs, workers), strict=True):
            if reason is not None:
                tqdm.write(f"warning: {name} is not converted: {reason}", file=sys.stderr)
                shutil.copyfile(directory / name, folder / name)
                files[name] = name
        metadata.write(folder, _described(music, files, known))


def _target_names(music: Sequence[str], converted: Sequence[str]) -> dict[str, str]:
    """Name each file as MIDI; no two are the same, and none is that of another original."""
    files = {name: name for name in music if name not in converted}
    taken = set(music)
    for name in converted:
        longer, target = name, PurePosixPath(name).with_suffix(".mid").as_posix()
        while target in taken:
            target = longer = f"{longer}.mid"
        taken.add(target)
        files[name] = target
    return files


def _read_metadata(path: Path, music: Sequence[str]) -> dict[str, dict[str, str]]:
    """Read the user's metadata: for each file that it describes, the columns that are filled in."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header, rows = list(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: not a CSV table in UTF-8 ({error}); save it again as UTF-8.") from error
    if "file" not in header or not set(header) <= set(metadata.COLUMNS) or len(set(header)) < len(header):
        raise SourceError(
            f"{path}: columns {', '.join(header) or 'none'} found; 'file' is needed, and of "
            f"{', '.join(metadata.COLUMNS)} any others may be there, each once."
        )
    known: dict[str, dict[str, str]] = {}
    ids: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        # DictReader keeps surplus cells under None and gives None for those that lack.
        if None in row:
            raise SourceError(f"{path}, row {number}: more cells than columns; put text with a comma in quotes.")
        values = {column: (value or "").strip() for column, value in row.items()}
        name = values["file"] = PurePosixPath(values["file"]).as_posix()
        if name not in music:
            raise SourceError(
                f"{path}, row {number}: file '{name}' is no music file in the folder; give its path from there with /."
            )
        if name in known:
            raise SourceError(f"{path}, row {number}: file '{name}' is described twice; keep one row.")
        piece_id = values.get("id", "")
        # Outputs have a folder of this name, beside a table that ends in .parquet.
        if piece_id and (not re.fullmatch(r"\w[\w.-]*", piece_id) or piece_id.endswith(".parquet")):
            raise SourceError(
                f"{path}, row {number}: id '{piece_id}' is to name folders too; use letters, digits, '_', '-' and '.', "
                "and no .parquet at the end."
            )
        if piece_id in ids:
            raise SourceError(
                f"{path}, row {number}: id '{piece_id}' is also that of {ids[piece_id]}; an id is for one file."
            )
        if piece_id:
            ids[piece_id] = name
        known[name] = {column: value for column, value in values.items() if value}
    return known


def _described(
    music: Sequence[str], files: Mapping[str, str], known: Mapping[str, Mapping[str, str]]
) -> list[MetadataRow]:
    """Make a row for each file: what its path tells, under what the user's metadata say."""
    taken = {row["id"] for row in known.values() if "id" in row}
    pieces = []
    for name in music:
        path = PurePosixPath(name)
        row = {
            "composer": path.parent.name or "unknown",
            "work": path.stem,
            "movement": "",
            "ensemble": "",
            **known.get(name, {}),
        }
        if "id" not in row:
            slug = re.sub(r"\W+", "-", str(path.with_suffix(""))).strip("-").lower() or "piece"
            row["id"] = next(
                candidate for k in itertools.count(1) if (candidate := slug if k == 1 else f"{slug}-{k}") not in taken
            )
            taken.add(row["id"])
        pieces.append(MetadataRow(**{**row, "file": files[name]}))
    return pieces
