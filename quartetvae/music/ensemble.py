"""Ensembles of four voices: who plays, how their parts are called, and how they are written, drawn and heard.

All that tells one ensemble from another stands here. To model another one, make an `Ensemble` and let
`DEFAULT_ENSEMBLE` be it.

Conventions
-----------
Parts stand in the order of a score, from the top down. Pitches are MIDI numbers, programs General MIDI's, from 0. Names
are read as quartetvae/music/track_names.py says. Parts of one instrument are numbered from the top down.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from quartetvae.errors import ArgumentError
from quartetvae.music import instrument_names, track_names
from quartetvae.music.instrument_names import Instrument
from quartetvae.music.track_names import Reading

VOICES = 4
"""Parts of every ensemble, and columns of every part array."""


@dataclass(frozen=True)
class Part:
    """One part of an ensemble."""

    id: str
    """In tables, figures and dictionaries; no spaces."""
    name: str
    """For people."""
    short_name: str
    """In scores, from the second system on."""
    program: int
    clef: str
    """music21's name of its class."""
    pan: float
    """Where it sits, from left (0) to right (1)."""
    colour: str
    """In pictures, `#RRGGBB`."""
    centre: int
    """The pitch about which it lies."""
    lowest: int
    """The lowest pitch it has: an open string, as a rule."""
    highest: int
    """The highest pitch it has in ordinary writing."""
    instrument: Instrument
    """What plays it, and how that is called."""


@dataclass(frozen=True)
class Ensemble:
    """Four parts.

    Raises
    ------
    ArgumentError
        If there are not four parts, two have one id, or a part's range is empty.

    Examples
    --------
    >>> STRING_QUARTET.ids
    ('violin_1', 'violin_2', 'viola', 'cello')
    >>> STRING_QUARTET.part_by_name("Violin 2 pizz.")
    'violin_2'
    """

    name: str
    """As metadata call it."""
    instruments: str
    """What one asks for in a message."""
    parts: tuple[Part, ...]
    techniques: frozenset[int] = frozenset()
    """Programs that say how is played, not who plays."""
    others: str = field(default="", repr=False)
    """Words of names, with commas between, that are another instrument's whatever else they say."""
    voices: str = field(default="", repr=False)
    """Words of names that are, or may be, a voice's: beside them a name that may be one says nothing else."""

    def __hash__(self) -> int:
        """Hash the name only: what is remembered by ensemble asks again and again."""
        return hash(self.name)

    def __post_init__(self) -> None:
        if len(self.parts) != VOICES or len(set(self.ids)) != VOICES:
            found = ", ".join(self.ids) or "none"
            raise ArgumentError(f"ensemble '{self.name}': parts {found}; {VOICES} parts with different ids are needed.")
        for part in self.parts:
            if not 0 <= part.lowest < part.highest <= 127:
                raise ArgumentError(
                    f"ensemble '{self.name}', {part.id}: a range of {part.lowest} to {part.highest}; MIDI pitches, the "
                    "lowest first, are needed."
                )

    @property
    def ids(self) -> tuple[str, ...]:
        """The parts' ids."""
        return tuple(part.id for part in self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The parts' names."""
        return tuple(part.name for part in self.parts)

    @property
    def programs(self) -> tuple[int, ...]:
        """The parts' programs."""
        return tuple(part.program for part in self.parts)

    @property
    def colours(self) -> tuple[str, ...]:
        """The parts' colours."""
        return tuple(part.colour for part in self.parts)

    @property
    def players(self) -> tuple[Instrument, ...]:
        """The instruments of the parts, each once."""
        return tuple(dict.fromkeys(part.instrument for part in self.parts))

    def read_name(self, name: str) -> Reading:
        """Tell which instrument of the ensemble the name of a track says, and which of its players."""
        return track_names.read(name, self.players, others=self.others, voices=self.voices)

    def read_names(self, names: Sequence[str]) -> list[Reading]:
        """Read the names of all the tracks of a file, which say more together than alone."""
        return track_names.read_together(names, self.players, others=self.others, voices=self.voices)

    def parts_of(self, reading: Reading) -> tuple[str, ...]:
        """Give the parts that a name may mean: `Violin` both violins, `Violin 2` one of them, `Violin 3` none."""
        players = [part.id for part in self.parts if part.instrument == reading.instrument]
        if len(players) < 2 or reading.number is None:
            return tuple(players)
        return tuple(players[reading.number - 1 : reading.number]) if reading.number else ()

    def part_by_name(self, name: str) -> str | None:
        """Tell the part by a track's name, or None: `Violin 2 pizz` is `violin_2`; `Violin` alone tells nothing."""
        found = self.parts_of(self.read_name(name))
        return found[0] if len(found) == 1 else None

    def program_by_name(self, name: str) -> int | None:
        """Tell the program by the name of an instrument; None for names of others, and where it may be a voice's."""
        reading = self.read_name(name)
        found = [part.program for part in self.parts if part.instrument == reading.instrument]
        return found[0] if found and reading.is_clear else None

    def out_of_range(self, part: str, pitches: Sequence[int]) -> int:
        """Count the pitches that lie below or above what a part has."""
        found = self.parts[self.ids.index(part)]
        return sum(not found.lowest <= pitch <= found.highest for pitch in pitches)


# Colours after Okabe and Ito (Color Universal Design, 2008), which the colour-blind can tell apart. Ranges: open
# strings, and the highest notes of orchestral writing (Adler, The Study of Orchestration).
STRING_QUARTET = Ensemble(
    name="string quartet",
    instruments="two violins, viola and cello",
    parts=(
        Part(
            id="violin_1",
            name="Violin I",
            short_name="Vln. I",
            program=40,
            clef="TrebleClef",
            pan=0.25,
            colour="#D55E00",
            centre=76,
            lowest=55,
            highest=100,
            instrument=instrument_names.VIOLIN,
        ),
        Part(
            id="violin_2",
            name="Violin II",
            short_name="Vln. II",
            program=40,
            clef="TrebleClef",
            pan=0.45,
            colour="#E69F00",
            centre=69,
            lowest=55,
            highest=100,
            instrument=instrument_names.VIOLIN,
        ),
        Part(
            id="viola",
            name="Viola",
            short_name="Vla.",
            program=41,
            clef="AltoClef",
            pan=0.6,
            colour="#009E73",
            centre=62,
            lowest=48,
            highest=93,
            instrument=instrument_names.VIOLA,
        ),
        Part(
            id="cello",
            name="Cello",
            short_name="Vc.",
            program=42,
            clef="BassClef",
            pan=0.75,
            colour="#0072B2",
            centre=50,
            lowest=36,
            highest=84,
            instrument=instrument_names.CELLO,
        ),
    ),
    # Tremolo, pizzicato, harp-like plucking, ensembles.
    techniques=frozenset({44, 45, 46, 48, 49, 50, 51}),
    others=instrument_names.OTHER_INSTRUMENTS,
    voices=instrument_names.VOICES,
)

DEFAULT_ENSEMBLE = STRING_QUARTET
"""The ensemble of the pipeline, the command line and, unless another is given, of every function here."""

PARTS = DEFAULT_ENSEMBLE.ids
"""The ids of the default ensemble's parts, which name columns of tables and keys of figures."""
