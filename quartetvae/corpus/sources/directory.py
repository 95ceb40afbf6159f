"""A folder of the user's: MIDI files, MusicXML and kern scores, with a metadata.csv if there is one."""

import csv
import itertools
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from quartetvae import machine
from quartetvae.corpus import metadata
from quartetvae.corpus.metadata import MetadataRow
from quartetvae.corpus.parallel.engines import Engine
from quartetvae.corpus.parallel.made import Made
from quartetvae.corpus.parallel.processes import Failure
from quartetvae.corpus.sources import naming
from quartetvae.corpus.sources.archives import Converted, ConvertedMovement
from quartetvae.corpus.sources.conversion import Conversion, convert_all
from quartetvae.corpus.sources.movements import movement_name, warn_of_silence
from quartetvae.errors import SourceError
from quartetvae.io import scores
from quartetvae.io.read import MIDI_SUFFIXES
from quartetvae.music.tracks import Credits

COLUMNS = tuple(name for name in metadata.COLUMNS if name not in ("source", "left_out"))
"""Of the user's metadata.csv."""


def fetch(directory: Path, folder: Path, *, raw: Path, cache: Path, engine: Engine) -> list[MetadataRow]:
    """Fill `folder`, which will be in `raw`, with the music from anywhere below the user's `directory`.

    MIDI files are copied as they are, scores are converted, each movement to a file: `name.mid`, or `name-1.mid`,
    `name-2.mid` of several. A score that cannot be read is copied as it is too, with a line on stderr, so that the
    stage that chooses files can report on it. Hidden files are passed over. See `quartetvae.corpus.sources.fetch`.

    `metadata.csv` in the folder may describe files: column `file`, and `id`, `composer`, `work`, `movement` and
    `ensemble` as far as they are known; of a score of several movements the id gets `-1`, `-2` ... What it does not say
    is told by the scores, by folders and names; see `quartetvae.corpus.sources.naming`.
    """
    music, has_metadata = _music(directory, raw)
    known = _read_metadata(directory / metadata.FILE, music) if has_metadata else {}
    converted = _converted(directory, music, cache, engine)
    several = {name for name, result in converted.items() if not result.is_one}

    def movements(name: str) -> tuple[ConvertedMovement, ...]:
        return converted[name].movements if name in converted else ()

    described, doubts = naming.describe(
        music,
        known=known,
        credits={name: result.credits for name, result in converted.items() if result.credits != Credits()},
        whole=several,
        top=directory.resolve().name,
    )
    for doubt in doubts:
        _warn(doubt)
    machine.release()
    files = _target_names(music, movements, several)
    ids = _ids(music, known, movements, several)
    rows = []
    for name in music:
        # Taken out: what becomes a row of metadata.csv is not wanted twice.
        own, description, score = known.get(name, {}), described.pop(name), converted.pop(name, None)
        targets = files.pop(name)
        titles, left_out = [description.movement], [""]
        if score is not None:
            for movement, file in zip(score.movements, targets, strict=True):
                score.write(movement, folder / file)
            left_out = [metadata.left_out_text(score.left_out_of(movement)) for movement in score.movements]
            if name in several:
                given = own.get("movement", "")
                titles = [movement_name(movement, is_one=False, known=given) for movement in score.movements]
        else:
            (folder / targets[0]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(directory / name, folder / targets[0])
        for id, title, file, lacking in zip(ids.pop(name), titles, targets, left_out, strict=True):
            rows.append(
                MetadataRow(
                    id=id,
                    source="directory",
                    composer=description.composer,
                    work=description.work,
                    movement=title,
                    ensemble=own.get("ensemble", ""),
                    file=file,
                    left_out=lacking,
                )
            )
    return rows


def _music(directory: Path, raw: Path) -> tuple[list[str], bool]:
    """List the files of music below a folder, with `/`, sorted; and say whether there is a metadata.csv."""
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
    everything = sorted(_files(directory))
    music = [
        name
        for name in everything
        if PurePosixPath(name).suffix.lower() in wanted and not any(part[0] == "." for part in name.split("/"))
    ]
    for name in music:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError as error:
            raise SourceError(
                f"{directory}: the name {os.fsencode(name)!r} is not UTF-8; give the file, or its folder, another one."
            ) from error
        if not (directory / name).exists():
            _warn(f"{name} is left out: a link to a file that is not there")
    music = [name for name in music if (directory / name).is_file()]
    if not music:
        raise SourceError(
            f"{directory}: {len(everything)} files found, none of them music; {', '.join(wanted)} files are needed."
        )
    return music, metadata.FILE in everything


def _files(directory: Path) -> Iterator[str]:
    """Find all that is no folder below a folder, hidden folders apart, by paths from there with `/`.

    Raises `OSError` for a folder that cannot be read: its music would be missed without a word.
    """

    def fail(error: OSError) -> None:
        raise error

    for folder, inner, names in os.walk(directory, onerror=fail):
        inner[:] = [name for name in inner if not name.startswith(".")]
        yield from ((Path(folder) / name).relative_to(directory).as_posix() for name in names)


def _converted(directory: Path, music: Sequence[str], cache: Path, engine: Engine) -> dict[str, Converted]:
    """Convert the scores among the files; those that cannot be read are named on stderr."""
    written = [name for name in music if PurePosixPath(name).suffix.lower() in scores.SUFFIXES]
    jobs = Made(len(written), lambda number: Conversion(directory / written[number]))
    converted = {}
    for name, result in zip(written, convert_all(jobs, cache=cache, engine=engine), strict=True):
        if isinstance(result, Failure):
            _warn(f"{name} is not converted: {result.reason}")
        else:
            warn_of_silence(name, result)
            converted[name] = result
    machine.release()
    return converted


def _warn(line: str) -> None:
    tqdm.write(f"warning: {line}", file=sys.stderr)


def _target_names(
    music: Sequence[str], movements: Callable[[str], Sequence[ConvertedMovement]], several: set[str]
) -> dict[str, tuple[str, ...]]:
    """Name the MIDI files of each file; no two are the same, and none is that of another original."""
    taken = set(music)
    files: dict[str, tuple[str, ...]] = {}
    for name in music:
        if not movements(name):
            files[name] = (name,)
            continue
        endings = _endings(movements(name), name in several)
        starts = itertools.chain(
            [PurePosixPath(name).with_suffix("").as_posix()], (name + ".mid" * k for k in itertools.count())
        )
        files[name] = next(
            targets
            for start in starts
            if not taken & {*(targets := tuple(f"{start}{ending}.mid" for ending in endings))}
        )
        taken |= {*files[name]}
    return files


def _ids(
    music: Sequence[str],
    known: Mapping[str, Mapping[str, str]],
    movements: Callable[[str], Sequence[ConvertedMovement]],
    several: set[str],
) -> dict[str, tuple[str, ...]]:
    """Choose the ids of the MIDI files of each file: the user's, else its path in small letters."""

    def endings(name: str) -> tuple[str, ...]:
        return _endings(movements(name), name in several) or _NO_ENDING

    # Added rather than formatted: with an empty ending it is the user's string, and not one more.
    ids = {name: tuple(row["id"] + ending for ending in endings(name)) for name, row in known.items() if "id" in row}
    left = [name for name in music if name not in ids]
    taken = {id for some in ids.values() for id in some} if left else set()
    for name in left:
        slug = re.sub(r"\W+", "-", str(PurePosixPath(name).with_suffix(""))).strip("-").lower() or "piece"
        ids[name] = next(
            candidates
            for start in _numbered(slug)
            if not taken & {*(candidates := tuple(f"{start}{ending}" for ending in endings(name)))}
        )
        taken |= {*ids[name]}
    return ids


_NO_ENDING = ("",)


def _endings(movements: Sequence[ConvertedMovement], is_several: bool) -> tuple[str, ...]:
    if not is_several:
        return _NO_ENDING[: len(movements)]
    return tuple(f"-{movement.number}" for movement in movements)


def _numbered(slug: str) -> Iterator[str]:
    return (slug if k == 1 else f"{slug}-{k}" for k in itertools.count(1))


@dataclass(frozen=True)
class _Known(Mapping[str, Mapping[str, str]]):
    """What the user says of files: the columns that are filled in. Held as tuples, which are smaller."""

    columns: Sequence[str]
    rows: dict[str, tuple[str, ...]]

    def __getitem__(self, file: str) -> dict[str, str]:
        named = zip(self.columns, self.rows[file], strict=True)
        return {column: value for column, value in named if value}

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _read_metadata(path: Path, music: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Read the user's metadata: for each file that it describes, the columns that are filled in."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            # Read to the end first: that it is no UTF-8 is to be said before what that makes of its rows.
            file.read()
            file.seek(0)
            return _known(path, csv.DictReader(file), {name: name for name in music})
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: not a CSV table in UTF-8 ({error}); save it again as UTF-8.") from error


def _known(path: Path, rows: "csv.DictReader[str]", music: Mapping[str, str]) -> _Known:
    """Read rows of the user's metadata; `music` has the string of each file's name that all others are to share."""
    header = list(rows.fieldnames or ())
    if "file" not in header or not set(header) <= set(COLUMNS) or len(set(header)) < len(header):
        raise SourceError(
            f"{path}: columns {', '.join(header) or 'none'} found; 'file' is needed, and of "
            f"{', '.join(COLUMNS)} any others may be there, each once."
        )
    columns = [column for column in header if column != "file"]
    known = _Known(columns, {})
    ids: dict[str, str] = {}
    # They come again and again.
    names: dict[str, str] = {}
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
        name = values["file"] = music[name]
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
        known.rows[name] = tuple(names.setdefault(values[column], values[column]) for column in columns)
    return known
