"""One HTML file with all that it takes to hear what lies between pieces: codes, network, sound, interface.

It opens from disk, asks nobody for anything, and runs in any browser of these years.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from quartetvae.errors import ModelError, RenderingError
from quartetvae.files import replacing
from quartetvae.model import architecture as architectures
from quartetvae.model import composer as composers
from quartetvae.model import pretrained
from quartetvae.model.autoencoder import Codes
from quartetvae.model.numpy import weights
from quartetvae.model.numpy.network import NumpyAutoencoder
from quartetvae.music.quartet import Quartet
from quartetvae.studio import packing

WORKER = ("network.js", "composer.js", "tones.js", "worker.js")
SCRIPT = (
    *("codec.js", "paths.js", "keys.js", "midi.js", "notation.js", "musicxml.js", "wav.js"),
    *("filling.js", "player.js", "drawing.js", "main.js"),
)

DIGITS = 5
"""Of a code's numbers, after the point."""


@dataclass(frozen=True)
class Corner:
    """A piece at a corner of the pad: its music, codes (phrases, latent_dim), and the lines that name it."""

    music: Quartet
    codes: Codes
    who: str
    what: str = ""


def build(
    model: NumpyAutoencoder,
    corners: Sequence[Corner],
    *,
    tempo_qpm: float | None = None,
    composer: Path | None = pretrained.COMPOSER,
) -> str:
    """Make the page.

    Parameters
    ----------
    model
        Whose weights the page gets: read from a folder, of the kind that `packing.check` knows.
    corners
        Two to four, the first two at the top (or, of two, left and right).
    tempo_qpm
        Quarter notes per minute to begin with, 30 to 240; by default the mean of the pieces'.
    composer
        Folder of the network that fills in bars; the page does without where it is None or on another grid.

    Raises
    ------
    ModelError
        If the network is of another kind, or was not read from a folder; if there is no composer in its folder.
    RenderingError
        If there are too few corners or too many.
    """
    if not 2 <= len(corners) <= 4:
        raise RenderingError(f"a studio of {len(corners)} pieces; two to four are needed, one for each corner.")
    packing.check(model.architecture)
    if model.folder is None:
        raise ModelError("a model without a folder; the studio takes the weights from one: quartetvae.load(FOLDER).")
    _, content = architectures.read_with_weights(model.folder)
    head, packed = packing.pack(weights.read(content).arrays, 12).written()
    hired, composing = _composer(composer, model) if composer else (None, "")
    tempo = float(np.mean([corner.music.tempo_qpm for corner in corners])) if tempo_qpm is None else tempo_qpm
    data = {
        "sizes": packing.sizes(model.architecture),
        "network": head,
        "composer": hired,
        "tempo": round(min(240.0, max(30.0, tempo)), 1),
        "pieces": [_piece(corner) for corner in corners],
    }
    names = [corner.who for corner in corners]
    parts = {
        "style": _text("style.css"),
        "title": escape(f"Between {', '.join(names[:-1])} and {names[-1]}"),
        # Nothing that a title holds may end the script that it stands in.
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "weights": packed,
        "composer": composing,
        "worker": "\n".join(map(_text, WORKER)),
        "script": "\n".join(map(_text, SCRIPT)),
    }
    page, *rest = _text("page.html").split("{{")
    for piece in rest:
        name, after = piece.split("}}", 1)
        page += parts[name] + after
    return page


def write(
    path: Path,
    model: NumpyAutoencoder,
    corners: Sequence[Corner],
    *,
    tempo_qpm: float | None = None,
    composer: Path | None = pretrained.COMPOSER,
) -> None:
    """Write the page that `build` makes; raises what it raises, and `RenderingError` where no file can be written."""
    page = build(model, corners, tempo_qpm=tempo_qpm, composer=composer)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RenderingError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error


def _composer(folder: Path, model: NumpyAutoencoder) -> tuple[dict[str, Any] | None, str]:
    """Pack a composer, if it is on the model's grid: what there is to know of it, and its weights as text."""
    architecture, arrays = composers.load(folder)
    if architecture.grid != model.architecture.grid:
        return None, ""
    head, packed = packing.pack(arrays, 8).written()
    return {"head": head, "sizes": packing.composer_sizes(architecture)}, packed


def _piece(corner: Corner) -> dict[str, Any]:
    return {
        "who": corner.who,
        "what": corner.what,
        "steps": len(corner.music.tokens),
        "bars": [0, *(np.flatnonzero(np.diff(corner.music.bars)) + 1).tolist()],
        "codes": [[round(float(number), DIGITS) for number in code] for code in corner.codes],
    }


def _text(name: str) -> str:
    return (resources.files("quartetvae") / "studio" / name).read_text(encoding="utf-8")
