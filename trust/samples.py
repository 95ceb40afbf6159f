"""A small whole file of each kind that is read, made here from music21's own quartets, and how each is read.

Of networks the file of weights is damaged and its check sum in architecture.json made anew: so what reads the weights
is tried, and not the check sum alone.
"""

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quartetvae import config
from quartetvae.composing import originality
from quartetvae.corpus import encoding, metadata, packs, phrases, piece_file, survey, tables
from quartetvae.corpus.records import Pieces
from quartetvae.corpus.sources import archives, musicnet
from quartetvae.io import read, write
from quartetvae.latent import code_files, neighbours
from quartetvae.model import architecture
from quartetvae.model import composer as composers
from quartetvae.model.architecture import Architecture
from quartetvae.model.composer import ComposerArchitecture
from quartetvae.model.numpy import composer, network
from quartetvae.music.codec import Alphabet
from quartetvae.music.ensemble import STRING_QUARTET
from quartetvae.music.quartet import Grid, Piece, Quartet
from trust.damage import Packing, packed

GRID = Grid(4, Alphabet(36, 99))
FORM = config.Phrases(beats_per_phrase=2, boundary="onset", align="beat")

SCORE = "haydn/opus1no1/movement2.mxl"
KERN = "beethoven/opus18no1/movement3.krn"
"""The shortest of music21's quartets in their formats."""

BEATS = 48
"""Of the music that is written here, from its beginning."""

NETWORK = config.Model(
    decoder="autoregressive",
    cell="gru",
    bidirectional=True,
    encoder_units=8,
    encoder_layers=1,
    pooling="full",
    symbols="by_column",
    decoder_units=8,
    decoder_layers=1,
    head_units=8,
    latent_dim=4,
    embedding_dim=4,
    dropout=0.0,
    word_dropout=0.0,
    segment_beats=2,
)
COMPOSER = config.Composer(window_beats=4, units=8, decoder_units=8, head_units=8, embedding_dim=4, attention_heads=2)


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    file: str
    """The one that is damaged, in the kind's folder; others may lie beside it."""
    read: Callable[[Path], Any]
    """Read it, given its path; what it gives back is not looked at."""
    packing: Packing = ""


def _piece(path: Path) -> Piece:
    return read.read_piece(path, GRID, spread=True)


def _archive(path: Path) -> None:
    """Read an archive of a converted score, and write the music in it; a damaged one is told by None."""
    converted = archives.read(path)
    if converted is None:
        return
    for movement in converted.movements:
        converted.write(movement, path.with_name("movement.mid"))


def _pack(path: Path) -> None:
    """Read all that a corpus has in packs."""
    for file in metadata.read(path.parent)["file"]:
        packs.sha256(path.parent / file)
        encoding.read(path.parent / file)


def _tokens(path: Path) -> None:
    """Read a table of phrases as training does."""
    opened = tables.open_phrases(path)
    for _ in opened.tokens(range(len(opened.rows))):
        pass


def _one_by_one(path: Path) -> None:
    """Read a table of pieces as the stage `augment` does."""
    file = piece_file.opened(path)
    for number in range(len(file.steps)):
        file.piece(number)
        file.content(number)


def _summed(path: Path) -> Path:
    """Make the sum of a file of weights right, and name its folder."""
    told = path.with_name(architecture.FILE)
    content = json.loads(told.read_text(encoding="utf-8"))
    content["weights"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    told.write_text(json.dumps(content), encoding="utf-8")
    return path.parent


KINDS = {
    "MIDI": Kind("a.mid", _piece),
    "MusicXML": Kind("a.musicxml", _piece),
    "compressed MusicXML": Kind("a.mxl", _piece, "zip"),
    "kern": Kind("a.krn", _piece),
    "zip of a converted score": Kind("a.zip", _archive, "zip"),
    "tar.gz of MIDI files": Kind("a.tar.gz", musicnet._read_archive, "gzip"),
    "pack of a corpus": Kind("0000.zip", _pack, "zip"),
    "metadata.csv": Kind(metadata.FILE, lambda path: metadata.read(path.parent)),
    "Parquet of quartets": Kind("quartets.parquet", tables.read_quartets),
    "Parquet of pieces": Kind("pieces.parquet", piece_file.read),
    "Parquet of pieces, one by one": Kind("pieces.parquet", _one_by_one),
    "Parquet of phrases": Kind("phrases.parquet", tables.read_phrases),
    "Parquet of phrases, streamed": Kind("phrases.parquet", _tokens),
    "architecture.json": Kind(architecture.FILE, lambda path: network.load(path.parent)),
    "weights": Kind(architecture.WEIGHTS, lambda path: network.load(_summed(path))),
    "composer's weights": Kind(composers.WEIGHTS, lambda path: composer.load(_summed(path)), "zip"),
    "codes, .npy": Kind("codes.npy", code_files.read),
    "codes, .parquet": Kind("codes.parquet", code_files.read),
    "codes of a corpus": Kind("corpus.npz", neighbours.read, "zip"),
    "windows of a corpus": Kind("windows.npz", originality.read, "zip"),
}
"""All that is tried, by the name in the table."""


def make(folder: Path) -> None:
    """Make a folder for each kind, with its file and what belongs to that."""
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    for name in KINDS:
        (folder / name).mkdir(parents=True)
    shutil.copyfile(corpus / SCORE, folder / "compressed MusicXML" / "a.mxl")
    shutil.copyfile(corpus / KERN, folder / "kern" / "a.krn")
    whole = read.read_piece(corpus / SCORE, GRID)
    steps = BEATS * GRID.steps_per_beat
    piece = Piece("a", "Haydn", "Op. 1 No. 1", whole.tokens[:steps], whole.bars[:steps])
    music = Quartet(piece.tokens, GRID, bars=piece.bars)
    for name in ("MIDI", "MusicXML"):
        write.write(folder / name / KINDS[name].file, music)
    content = (folder / "MIDI" / "a.mid").read_bytes()
    with zipfile.ZipFile(io.BytesIO(archives.pack(corpus / SCORE, is_quartet=True))) as archive:
        converted = packed({name: archive.read(name) for name in archive.namelist()})
    (folder / "zip of a converted score" / "a.zip").write_bytes(converted)
    _tar(folder / "tar.gz of MIDI files" / "a.tar.gz", content)
    _corpus(folder / "metadata.csv", content)
    _corpus(folder / "pack of a corpus", content, in_pack=True)
    _tables(folder, piece)
    _networks(folder, piece)


def _tar(path: Path, content: bytes) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in ("musicnet_midis/Haydn/1_a.mid", "musicnet_midis/Haydn/2_b.mid"):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    path.write_bytes(gzip.compress(made.getvalue(), mtime=0))


def _corpus(folder: Path, content: bytes, *, in_pack: bool = False) -> None:
    """Make a corpus of two files, as a source leaves it; of many files it has packs."""
    rows = []
    for name in ("a", "b"):
        (folder / f"{name}.mid").write_bytes(content)
        row = (name, "directory", "Haydn", f"Op. 1 {name}", "1", STRING_QUARTET.name.title(), f"{name}.mid")
        rows.append(metadata.MetadataRow(*row))
    if in_pack:
        new = packs.pack(folder, [row.file for row in rows])
        rows = [replace(row, file=new[row.file]) for row in rows]
    metadata.write(folder, rows)


def _tables(folder: Path, piece: Piece) -> None:
    with survey.surveyed(folder / "metadata.csv", match="quartet", grid=GRID) as found:
        tables.write_quartets(folder / "Parquet of quartets" / "quartets.parquet", found.rows())
    for name in ("Parquet of pieces", "Parquet of pieces, one by one"):
        piece_file.write(folder / name / "pieces.parquet", [piece], {"a": "train"}, grid=GRID)
    cut = phrases.tile(piece, FORM, GRID)
    for name in ("Parquet of phrases", "Parquet of phrases, streamed"):
        tables.write_phrases(folder / name / "phrases.parquet", [cut], GRID, FORM)


def _networks(folder: Path, piece: Piece) -> None:
    """Make what a training leaves, of networks that were not trained."""
    from quartetvae.model.keras import saving
    from quartetvae.model.keras.composer import ComposerNetwork
    from quartetvae.model.keras.vae import QuartetVAE

    for name in ("architecture.json", "weights"):
        saving.save(folder / name, QuartetVAE(Architecture(NETWORK, GRID, FORM)))
    of = ComposerArchitecture(COMPOSER, GRID)
    composers.save(folder / "composer's weights", of, ComposerNetwork(of).arrays())
    model = network.load(folder / "weights")
    pieces = Pieces((piece,), ("train",), GRID, 0.0)
    corpus = neighbours.build(model, pieces)
    for name in ("codes, .npy", "codes, .parquet"):
        code_files.write(folder / name / KINDS[name].file, corpus.codes)
    neighbours.write(folder / "codes of a corpus" / "corpus.npz", corpus)
    originality.write(folder / "windows of a corpus" / "windows.npz", originality.build(pieces))
