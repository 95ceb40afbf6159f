"""Where the music comes from: MusicNet, music21's own corpus, or a folder of the user's.

Conventions
-----------
Every source leaves the same thing: a folder of MIDI files and, beside them, `metadata.csv` with the columns `id`,
`composer`, `work`, `movement`, `ensemble` and `file` (relative to the folder, with `/`), sorted by `file`. The folder
is whole or not there, and the same source gives the same bytes on every machine.

What a source may do
--------------------
MusicNet's files are checked one by one against the sha256 list that the project keeps, so any mirror and any tarball
will do if the music in it is right. No source stands in for another: one that cannot be reached is an error, which
names the command for the corpus that needs no network.
"""

import csv
import hashlib
import importlib.metadata
import importlib.resources
import io
import itertools
import multiprocessing
import os
import re
import shutil
import sys
import tarfile
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from tqdm import tqdm

from quartetvae import midi, params, score
from quartetvae.codec import PART_NAMES, PARTS, PROGRAMS
from quartetvae.errors import ScoreError, SourceError
from quartetvae.files import replacing_folder
from quartetvae.parts import part_by_name

MIDI_SUFFIXES = frozenset({".mid", ".midi"})
METADATA = "metadata.csv"

ZENODO = "https://zenodo.org/records/5120004/files/{name}?download=1"
MUSICNET_MIDIS = "musicnet_midis.tar.gz"
MUSICNET_METADATA = "musicnet_metadata.csv"

RETRY_WAITS = (1.0, 2.0, 4.0)
"""Seconds before each new try of a download that broke off."""

TIMEOUT = 30.0
"""Seconds without an answer or a byte after which a connection counts as broken."""

CHUNK = 1 << 13
"""Bytes read at a time; up to as many are lost where a download breaks off."""

TEMPO_QPM = 120.0
"""Of the MIDI files written from scores."""


@dataclass(frozen=True)
class Piece:
    """A row of `metadata.csv`."""

    id: str
    composer: str
    work: str
    movement: str
    ensemble: str
    file: str


COLUMNS = tuple(field.name for field in fields(Piece))


def fetch(download: params.Download, raw: Path, *, cache: Path, mirror: str | None, workers: int) -> None:
    """Fill the folder `raw` from the source that `download` names; what it held before is gone afterwards.

    Parameters
    ----------
    cache
        Folder for what is downloaded; a file that is there is not downloaded again.
    mirror
        Where to get MusicNet instead of Zenodo: a folder, or a file://, http:// or https:// URL of one, with
        `musicnet_midis.tar.gz` and `musicnet_metadata.csv`. None or "" for Zenodo.
    workers
        How many processes convert scores.

    Raises
    ------
    SourceError
        If the source cannot be reached, is damaged or incomplete, or holds no music.
    """
    if download.source == "musicnet":
        fetch_musicnet(raw, cache=cache, mirror=mirror)
    elif download.source == "music21":
        fetch_music21(raw, workers=workers)
    else:
        fetch_directory(Path(download.directory), raw, workers=workers)


def workers(setting: str) -> int:
    """How many processes to convert scores in: the number that the environment sets, as many as cores if it is "".

    Raises `SourceError` for anything but a whole number of 1 or more.
    """
    if not setting:
        return os.cpu_count() or 1
    if not setting.isdecimal() or int(setting) < 1:
        raise SourceError(f"QUARTETVAE_WORKERS is '{setting}'; a number of processes, 1 or more, is needed.")
    return int(setting)


# MusicNet


@dataclass(frozen=True)
class _Obtained:
    path: Path
    origin: str
    is_cached: bool


def fetch_musicnet(raw: Path, *, cache: Path, mirror: str | None) -> None:
    """MusicNet's 330 MIDI files, from Zenodo or a mirror; see `fetch`."""
    checksums = _musicnet_checksums()
    table_checksum = {MUSICNET_METADATA: checksums.pop(MUSICNET_METADATA)}
    # The small file first: a mirror that is not there is found out sooner.
    table = _verified(_obtain(MUSICNET_METADATA, cache, mirror), _read_table, table_checksum)[MUSICNET_METADATA]
    contents = _verified(_obtain(MUSICNET_MIDIS, cache, mirror), _read_archive, checksums)

    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(table.decode("utf-8")))}
    pieces = []
    for name in contents:
        row = rows[PurePosixPath(name).name.partition("_")[0]]
        pieces.append(Piece(row["id"], row["composer"], row["composition"], row["movement"], row["ensemble"], name))
    with replacing_folder(raw) as folder:
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        _write_metadata(folder, pieces)


def _musicnet_checksums() -> dict[str, str]:
    """The sha256 of each MIDI file (`Composer/name.mid`) and of the metadata."""
    text = (importlib.resources.files("quartetvae") / "data" / "musicnet.sha256").read_text(encoding="utf-8")
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {name: checksum for checksum, name in pairs}


def _scheme(mirror: str) -> str:
    try:
        return urlsplit(mirror).scheme
    except ValueError as error:
        raise SourceError(f"QUARTETVAE_MIRROR={mirror}: neither a folder nor a URL ({error}).") from error


def _obtain(name: str, cache: Path, mirror: str | None) -> _Obtained:
    """A file of MusicNet: the mirror's own where the mirror is a folder, else one in the cache."""
    if mirror and _scheme(mirror) not in ("http", "https"):
        parts = urlsplit(mirror)
        folder = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(mirror)
        path = folder / name
        if not path.is_file():
            raise SourceError(
                f"QUARTETVAE_MIRROR={mirror}: no file {name} there; a folder, or a file:// or http:// URL of one, with "
                f"{MUSICNET_MIDIS} and {MUSICNET_METADATA} is needed. Without the variable they come from Zenodo; "
                "`make demo` needs neither."
            )
        return _Obtained(path, str(path), is_cached=False)
    url = f"{mirror.rstrip('/')}/{name}" if mirror else ZENODO.format(name=name)
    path = cache / name
    if not path.is_file():
        _download(url, path)
    return _Obtained(path, url, is_cached=True)


def _download(url: str, path: Path) -> None:
    """Download a file, going on where an earlier try broke off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # By URL: the rest of one server's file must not be put after the beginning of another's.
    part = path.with_name(f"{path.name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}.part")
    for wait in (*RETRY_WAITS, None):
        try:
            _resume(url, part, path.name)
            break
        except requests.RequestException as error:
            status = error.response.status_code if error.response is not None else None
            is_final = status is not None and status < 500 and status not in (408, 429)
            if wait is None or is_final:
                reason = f"HTTP status {status}" if status is not None else type(error).__name__
                raise SourceError(
                    f"{url}: cannot be downloaded ({reason}). Try again later (what has arrived is kept), set "
                    f"QUARTETVAE_MIRROR to a folder or URL that holds {MUSICNET_MIDIS} and {MUSICNET_METADATA}, or run "
                    "`make demo`, which works on music21's own corpus and needs no network."
                ) from error
            time.sleep(wait)
    part.replace(path)


def _resume(url: str, part: Path, name: str) -> None:
    """Download what `part` lacks; raises `requests.RequestException` if that breaks off."""
    have = part.stat().st_size if part.exists() else 0
    # No compression on the way: a range counts the bytes of the file itself.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        is_rest = response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if have and response.status_code in (206, 416) and not is_rest:
            part.unlink()
            _resume(url, part, name)
            return
        response.raise_for_status()
        if not is_rest:
            have = 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else None
        with (
            part.open("ab" if is_rest else "wb") as file,
            tqdm(desc=name, total=total, initial=have, unit="B", unit_scale=True) as progress,
        ):
            for chunk in response.iter_content(CHUNK):
                progress.update(file.write(chunk))


def _verified(
    obtained: _Obtained, read: Callable[[Path], dict[str, bytes]], checksums: Mapping[str, str]
) -> dict[str, bytes]:
    """What `read` finds in a file, sorted by name, if it is exactly what the checksums list."""
    try:
        contents = read(obtained.path)
        _compare(contents, checksums)
    except SourceError as error:
        if obtained.is_cached:
            obtained.path.unlink()
            remedy = "It was removed from the cache: run the command again to download it anew."
        else:
            remedy = "Replace the mirror's file, or unset QUARTETVAE_MIRROR to download from Zenodo."
        raise SourceError(f"{obtained.origin}: {error} {remedy}") from error
    return dict(sorted(contents.items()))


def _read_table(path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes()}


def _read_archive(path: Path) -> dict[str, bytes]:
    """The MIDI files of MusicNet's archive, by name without the top folder."""
    contents = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
                    raise SourceError(
                        f"'{member.name}' in the archive is a link, a device or leads out of it; nothing was unpacked."
                    )
                file = archive.extractfile(member)
                if file is not None and name.suffix.lower() in MIDI_SUFFIXES:
                    inner = name.relative_to("musicnet_midis") if name.parts[0] == "musicnet_midis" else name
                    contents[inner.as_posix()] = file.read()
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise SourceError(f"not a whole .tar.gz archive ({error}).") from error
    return contents


def _compare(contents: Mapping[str, bytes], checksums: Mapping[str, str]) -> None:
    found = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    problems = {
        "missing": checksums.keys() - found.keys(),
        "not the published file (sha256)": {n for n in checksums.keys() & found.keys() if checksums[n] != found[n]},
        "unknown": found.keys() - checksums.keys(),
    }
    if any(problems.values()):
        listed = "; ".join(f"{len(names)} {problem}: {_few(names)}" for problem, names in problems.items() if names)
        raise SourceError(f"of the {len(checksums)} files needed {listed}.")


def _few(names: Iterable[str]) -> str:
    first, rest = sorted(names)[:3], len(sorted(names)) - 3
    return ", ".join(first) + (f" and {rest} more" if rest > 0 else "")


# music21's corpus


def fetch_music21(raw: Path, *, workers: int) -> None:
    """The string quartets of the corpus that music21 brings along, converted to MIDI; see `fetch`."""
    found = embedded_quartets()
    with replacing_folder(raw) as folder:
        jobs = [_Job(path, folder / piece.file, is_quartet=True) for path, piece in found]
        failures = [reason for reason in _convert_all(jobs, workers) if reason is not None]
        if failures:
            raise SourceError(f"music21's corpus: {_few(failures)} Install music21 anew from its package.")
        _write_metadata(folder, [piece for _, piece in found])


def embedded_quartets() -> list[tuple[Path, Piece]]:
    """The string quartets in music21's corpus, each with its row of metadata, sorted by `file`.

    They are the MusicXML scores of four parts, of which the names say violin I, violin II, viola and cello. (The kern
    files among the quartets hold movements that are there as MusicXML too.)
    """
    from music21 import common, corpus

    bundle: Any = corpus.corpora.CoreCorpus().metadataBundle
    suffixes = tuple(suffix for suffix, kind in score.SUFFIXES.items() if kind == "musicxml")
    root = Path(common.getCorpusFilePath())
    found = []
    for entry in bundle.search(len(PARTS), field="numberOfParts", fileExtensions=suffixes):
        inner = PurePosixPath(str(entry.sourcePath).replace("\\", "/"))
        if tuple(part_by_name(name) for name in score.part_names(root / inner)) == PARTS:
            found.append((root / inner, _embedded_piece(inner)))
    if not found:
        version = importlib.metadata.version("music21")
        raise SourceError(
            f"music21 {version}: no string quartets in its corpus, which some distributions leave out; install music21 "
            "from the Python Package Index."
        )
    return sorted(found, key=lambda pair: pair[1].file)


def _embedded_piece(inner: PurePosixPath) -> Piece:
    """Metadata from a path like `beethoven/opus18no1/movement1.mxl` or `beethoven/opus132.mxl`."""
    folder, work, *movement = inner.with_suffix("").parts
    # `schumann_robert`; a surname is enough where there is one composer of quartets to it.
    composer = folder.partition("_")[0].capitalize()
    title = re.sub(r"^opus(\d+)", r"op. \1", work)
    title = re.sub(r"no(\d+)$", r" no. \1", title)
    title = re.sub(r"^k(\d+)", r"K. \1", title)
    name = "-".join([composer.lower(), work, *movement])
    return Piece(
        id=name,
        composer=composer,
        work=f"String Quartet {title}",
        movement=" ".join(movement).removeprefix("movement"),
        ensemble="String Quartet",
        file=f"{composer}/{name}.mid",
    )


# A folder


def fetch_directory(directory: Path, raw: Path, *, workers: int) -> None:
    """MIDI files, MusicXML and kern scores from anywhere below a folder; see `fetch`.

    MIDI files are copied as they are, scores are converted. A score that cannot be read is copied as it is too, with a
    line on stderr, so that the stage that chooses files can report on it. Hidden files are passed over.

    `metadata.csv` in the folder may describe files: column `file`, and `id`, `composer`, `work`, `movement` and
    `ensemble` as far as they are known.
    """
    wanted = sorted(MIDI_SUFFIXES | score.SUFFIXES.keys())
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
    known = _read_metadata(directory / METADATA, music) if METADATA in everything else {}
    scores = [name for name in music if PurePosixPath(name).suffix.lower() in score.SUFFIXES]
    files = _target_names(music, scores)
    with replacing_folder(raw) as folder:
        for name in music:
            target = folder / files[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            if name not in scores:
                shutil.copyfile(directory / name, target)
        jobs = [_Job(directory / name, folder / files[name], is_quartet=False) for name in scores]
        for name, reason in zip(scores, _convert_all(jobs, workers), strict=True):
            if reason is not None:
                tqdm.write(f"warning: {name} is not converted: {reason}", file=sys.stderr)
                shutil.copyfile(directory / name, folder / name)
                files[name] = name
        _write_metadata(folder, _described(music, files, known))


def _target_names(music: Sequence[str], scores: Sequence[str]) -> dict[str, str]:
    """For each file its name as MIDI; no two are the same, and none is that of another original."""
    files = {name: name for name in music if name not in scores}
    taken = set(music)
    for name in scores:
        longer, target = name, PurePosixPath(name).with_suffix(".mid").as_posix()
        while target in taken:
            target = longer = f"{longer}.mid"
        taken.add(target)
        files[name] = target
    return files


def _read_metadata(path: Path, music: Sequence[str]) -> dict[str, dict[str, str]]:
    """The user's metadata: for each file that it describes, the columns that are filled in."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header, rows = list(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: not a CSV table in UTF-8 ({error}); save it again as UTF-8.") from error
    if "file" not in header or not set(header) <= set(COLUMNS) or len(set(header)) < len(header):
        raise SourceError(
            f"{path}: columns {', '.join(header) or 'none'} found; 'file' is needed, and of {', '.join(COLUMNS)} any "
            "others may be there, each once."
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


def _described(music: Sequence[str], files: Mapping[str, str], known: Mapping[str, Mapping[str, str]]) -> list[Piece]:
    """A row for each file: what its path tells, under what the user's metadata say."""
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
        pieces.append(Piece(**{**row, "file": files[name]}))
    return pieces


# What the sources share


@dataclass(frozen=True)
class _Job:
    """A score to convert; the tracks of a known quartet get the names and programs of its parts."""

    source: Path
    target: Path
    is_quartet: bool


def _convert_all(jobs: Sequence[_Job], workers: int) -> list[str | None]:
    """Convert scores in several processes; for each, in order, why it could not be read, or None."""
    if not jobs:
        return []
    # Started afresh: a fork of a process with threads (TensorFlow's, say) may hang.
    context = multiprocessing.get_context("spawn")
    processes = max(1, min(workers, len(jobs)))
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent) as executor:
        return list(tqdm(executor.map(_convert, jobs), desc="scores to MIDI", total=len(jobs), unit="score"))


def _end_with_parent() -> None:
    """Let this process end when the one that started it does: killed, it cannot say so any more."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _convert(job: _Job) -> str | None:
    try:
        music = score.read(job.source)
    except ScoreError as error:
        return str(error)
    if job.is_quartet:
        named = zip(music.tracks, PART_NAMES, PROGRAMS, strict=True)
        tracks = tuple(replace(track, name=name, program=program) for track, name, program in named)
        music = replace(music, tracks=tracks)
    midi.write(job.target, music, tempo_qpm=TEMPO_QPM)
    return None


def _write_metadata(folder: Path, pieces: Iterable[Piece]) -> None:
    with (folder / METADATA).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(piece) for piece in sorted(pieces, key=lambda piece: piece.file))
