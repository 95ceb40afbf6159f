"""What the name of a track says: which instrument, and which of its players.

Conventions
-----------
Names are compared word by word, in plain form: no accents, one case, letters and digits apart, `&` for what stands
between two (`words`).

A name says an instrument if it has a name of one, and none of another one; and a number, if one stands beside it:
`2. Violine`, `Solo Violin II pizz.`; not so `Track 2 Violin`, `Violin, op. 2`. The names of a file say more together:
`1 Violin`, `2 Violin`, `3 Viola`, `4 Cello` are counted through (`read_together`).
"""

# ruff: noqa: RUF001 (letters that look like those of other scripts are meant)

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quartetvae.music import instrument_names
from quartetvae.music.instrument_names import CELLO, NUMBERS, OTHER_INSTRUMENTS, VIOLA, VIOLIN, VOICES, Instrument

Words = tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What a name says."""

    instrument: Instrument | None = None
    """None if it says none, several, or another than those asked for."""
    number: int | None = None
    """Which of several players; 0 if it says two or more of them."""
    is_clear: bool = True
    """Whether the instrument's name can mean nothing else."""
    is_other: bool = False
    """Whether it says another instrument."""
    is_voice: bool = False
    """Whether it says a voice, of a choir or of music in general."""


# These say it only right behind the instrument, where nothing else does; `Vioara a II-a` is the second.
_LETTERS = {"a": 1, "b": 2, "c": 3, "d": 4}


def _set(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(","))


# What may follow figures: `1er`, `2-я`.
_ORDINAL_ENDS = _set("""
st, nd, rd, th, er, ere, ers, eres, re, res, eme, emes, e, es, me, de, nde, nds, ste, te, den, der, o, a, os, as, ro,
ra, do, da, to, ta, io, iio, mo, imo, ndo, sta, ja, tra, y, ya, я, ая, и, ыи,
го, ва, ра, ша, га, та, ο, η
""")
# Between an instrument and its number, and beside `Alto`: how is played, by how many.
_FILLERS = _ORDINAL_ENDS | _set("""
solo, soli, soloist, section, sect, sec, part, parte, partie, stimme, no, nr, n, num, number, numero, a, e, er, я, ая,
и, ыи, the, di, de, la, le, pizz, pizzicato, arco, tremolo, trem, legato, spiccato, spicc, staccato, stacc, sus,
sustain, sustained, long, short, con, sord, sordino, muted, div, divisi, unis, unisono, tutti, copy, copie, kopie,
copia, 第, pt, desk, 部, 組, 组
""")
# The number that they have beside them is no player's: `Track 2`, `op. 1`.
_COUNTERS = _set("""
op, opus, no, nr, k, kv, bwv, hob, woo, d, rv, quartet, quartett, quatuor, quartetto, cuarteto, concerto, sonata,
sonate, suite, symphony, movement, mvt, mov, satz, track, tracks, trk, spur, pista, piste, staff, stave, channel, ch,
chan, kanal, midi, port, bar, measure, vol, take
""")
# Before them an instrument's name is part of a title: `Violin Sonata`.
_TITLES = _set("""
sonata, sonatas, sonate, sonaten, sonatina, concerto, concertos, concierto, konzert, koncert, duo, duos, duet, duets,
trio, quartet, quartets, quartett, quatuor, quintet, quintett, quintette, sextet, sextett, suite, suites
""")
# Between the numbers of two players.
_JOINTS = _set("&, and, und, et, och, og, en, y, i, e, u, ja, es, и")
# Behind an ordinal they say what it counts: `First Movement`.
_MOVEMENTS = _set("""
movement, mvt, mov, mouvement, movimento, movimiento, satz, tempo, position, ending, theme, subject
""")
_MOST = 8
"""The highest number that a player has; higher ones say something else, such as a program."""
_WITHOUT_SPACES = ("CJK", "KATAKANA", "HIRAGANA", "HANGUL", "THAI")


@functools.lru_cache(maxsize=4096)
def words(name: str) -> Words:
    """Bring a name into plain form: `ViolínII.arco` is `violin`, `ii`, `arco`; `第一小提琴` is `第一`, `小提琴`."""
    split = []
    for word in _rough(name):
        if any(map(_has_no_spaces, word)):
            split += _known_in_a_row().sub(r" \g<0> ", word).split()
        else:
            split.append(word)
    return tuple(split)


def read(name: str, instruments: Sequence[Instrument], *, others: str = "", voices: str = "") -> Reading:
    """Tell which of some instruments a name says, and which of its players.

    Parameters
    ----------
    others
        Words of names that are none of these instruments', with commas between.
    voices
        Words of names that are a voice's, or may be.
    """
    return _read(words(name), tuple(instruments), _known(tuple(instruments), others, voices))


def read_together(
    names: Sequence[str], instruments: Sequence[Instrument], *, others: str = "", voices: str = ""
) -> list[Reading]:
    """Read the names of all the tracks of a file.

    Numbers that count the tracks, and words that all of them have, say nothing. What may be a voice is one where voices
    are; and it says an instrument only where another one is named clearly, and this one by no other track.
    """
    known = _known(tuple(instruments), others, voices)
    every = _without_counts(_without_common([words(name) for name in names], known))
    readings = [_read(name, tuple(instruments), known) for name in every]
    clear = [reading.instrument for reading in readings if reading.instrument and reading.is_clear]
    with_voices = any(reading.is_voice for reading in readings)
    return [
        Reading(is_voice=True)
        if reading.instrument and not reading.is_clear and (with_voices or not clear or reading.instrument in clear)
        else reading
        for reading in readings
    ]


@dataclass(frozen=True, eq=False)
class _Known:
    """The names that are asked for, in plain form; `_known` makes each once."""

    names: Mapping[Words, tuple[int, str]]
    """The place of their instrument, -1 if it is none of those asked for, and their kind."""
    players: frozenset[str]
    """All words of the instruments asked for."""
    clefs: frozenset[str]
    """The words that clefs end with, without which they would be voices."""
    ends_of_others: tuple[str, ...]
    """Long names of other instruments, with which composed words may end."""


@functools.lru_cache(maxsize=8)
def _known(instruments: tuple[Instrument, ...], others: str, voices: str) -> _Known:
    known = dict.fromkeys(listed(others), (-1, "other")) | dict.fromkeys(listed(voices), (-1, "voice"))
    known |= dict.fromkeys(listed(instrument_names.CLEFS), (-1, "clef"))
    for place, instrument in enumerate(instruments):
        known |= {name: (place, kind) for name, kind in kinds(instrument).items()}
    return _Known(
        known,
        frozenset(word for name, (place, _) in known.items() if place >= 0 for word in name),
        frozenset(name[-1] for name, (_, kind) in known.items() if kind == "clef"),
        tuple(name[0] for name, (_, kind) in known.items() if kind == "other" and len(name) == 1 and len(name[0]) > 4),
    )


def _without_common(names: list[Words], known: _Known) -> list[Words]:
    """Drop the words with which all the names begin or end, but for those of instruments and clefs."""
    if len(names) < 2 or len(set(names)) == 1:
        return names
    kept = known.players | known.clefs
    first = last = 0
    shortest = min(map(len, names))
    while first < shortest and len({name[first] for name in names}) == 1 and names[0][first] not in kept:
        first += 1
    while last < shortest - first and len({name[-1 - last] for name in names}) == 1 and names[0][-1 - last] not in kept:
        last += 1
    left = [name[first : len(name) - last] for name in names]
    # `Contrabass 1`, `Contrabass 2`: what all have says who plays.
    return left if all(_find(name, known) for name in left) else names


def _without_counts(names: list[Words]) -> list[Words]:
    """Drop numbers, before or behind each of the names, that only count the tracks."""
    for last in (False, True):
        places = [len(name) - 1 if last else int(bool(name) and name[0] in _COUNTERS) for name in names]
        found = [_value(name[k]) if 0 <= k < len(name) else None for name, k in zip(names, places, strict=True)]
        counts = [count for count in found if count is not None]
        if len(names) == len(counts) > 2 and sorted(set(counts)) in (counts, counts[::-1]):
            names = [name[:k] if last else name[k + 1 :] for name, k in zip(names, places, strict=True)]
    return names


@functools.lru_cache(maxsize=4096)
def _read(name: Words, instruments: tuple[Instrument, ...], known: _Known) -> Reading:
    parts = tuple(_apart(name, known))
    # `Violin Sonata` is a title.
    found = [of for of in _find(parts, known) if not {*parts[of[1] : of[1] + 1]} & _TITLES]
    if not any(kind == "clear" for *_, kind in found):
        found += _misspelled(parts, instruments, known)
    is_other = any(kind == "other" for *_, kind in found) or any(_ends_in_other(word, known) for word in parts)
    is_voice = any(kind == "voice" for *_, kind in found)
    clear = [of for of in found if of[3] == "clear"]
    said = clear or [of for of in found if of[3] in ("numbered", "unclear")]
    # `Tenor Violin` is neither.
    if is_other or (is_voice and clear) or len({place for _, _, place, _ in said}) != 1:
        return Reading(is_other=is_other, is_voice=is_voice)
    if clear and any(kind == "unclear" and place != said[0][2] for *_, place, kind in found):
        return Reading(is_voice=is_voice)
    start, end, place, kind = said[0]
    numbers = {_number(parts, begin, stop) for begin, stop, *_ in said} - {None}
    number = next(iter(numbers), None) if len(numbers) < 2 else 0
    rest = parts[:start] + parts[end:]
    if kind != "clear" and not all(word in _FILLERS or _value(word) is not None for word in rest):
        return Reading(is_voice=kind == "unclear")
    if kind == "numbered" and not number:
        return Reading()
    return Reading(instruments[place], number, is_clear=kind != "unclear", is_voice=is_voice)


def _find(name: Words, known: _Known) -> list[tuple[int, int, int, str]]:
    """Find the known names in a name, the longest first: where each begins and ends, its instrument and its kind."""
    found, start = [], 0
    while start < len(name):
        for end in range(min(start + 3, len(name)), start, -1):
            if name[start:end] in known.names:
                found.append((start, end, *known.names[name[start:end]]))
                start = end - 1
                break
        start += 1
    return found


def _apart(name: Words, known: _Known) -> list[str]:
    """Part words that were written as one: `vlnii`, `solovioline`, `violinsolo`."""
    parts: list[str] = []
    for word in name:
        pair = None
        if (word,) not in known.names and _value(word) is None:
            pair = next(
                (
                    (word[:cut], word[cut:])
                    for cut in range(2, len(word))
                    if (
                        known.names.get((word[:cut],), (0, ""))[1] == "clear"
                        and word[cut:] in ("i", "ii", "iii", "solo")
                    )
                    or (known.names.get((word[cut:],), (0, ""))[1] == "clear" and word[:cut] == "solo")
                ),
                None,
            )
        parts += pair or (word,)
    return parts


def _ends_in_other(word: str, known: _Known) -> bool:
    """Whether a word is composed, such as `altblockflöte`, of which the end is another instrument's name."""
    return (word,) not in known.names and word.endswith(known.ends_of_others)


def _misspelled(name: Words, instruments: Sequence[Instrument], known: _Known) -> list[tuple[int, int, int, str]]:
    return [
        (k, k + 1, place, "clear")
        for k, word in enumerate(name)
        if len(word) > 4 and (word,) not in known.names and _value(word) is None
        for place, instrument in enumerate(instruments)
        if name[k + 1 : k + 2] == () or name[k + 1] not in _TITLES
        if any(word[0] == right[0] and _is_one_slip_from(word, right) for right in instrument.misspelled)
    ]


def _is_one_slip_from(word: str, right: str) -> bool:
    """Whether one letter is wrong, missing or too many, or two neighbours have changed places."""
    if len(word) > len(right):
        word, right = right, word
    same = next((k for k, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), len(word))
    if len(word) < len(right):
        return word[same:] == right[same + 1 :] and len(right) == len(word) + 1
    exchanged = word[same + 1 : same + 2] + word[same : same + 1] + word[same + 2 :]
    return word[same + 1 :] == right[same + 1 :] or exchanged == right[same:]


def _number(name: Words, start: int, end: int) -> int | None:
    """Find the number of a player beside the instrument that stands from `start` to `end`: behind it, else before."""
    said = [_says_player(name, k) for k in range(len(name))]
    after = [k for k in range(end, len(name)) if said[k]]
    beside = next((k for k in after if all(word in _FILLERS for word in name[end:k])), None)
    if beside is None:
        before = next((k for k in range(start - 1, -1, -1) if name[k] not in _FILLERS), -1)
        if before >= 0 and said[before] and not _is_counted(name, before):
            beside = before
    if beside is None and name[end : end + 1] and name[end] in _LETTERS:
        return _LETTERS[name[end]]
    if beside is None:
        beside = next((k for k in after if not {*name[end:k]} & _COUNTERS), None)
    if beside is None:
        return None
    for joint, other in ((beside + 1, beside + 2), (beside - 1, beside - 2)):
        if 0 <= other < len(name) and name[joint] in _JOINTS and said[other]:
            return 0
    return _value(name[beside])


def _says_player(name: Words, place: int) -> bool:
    """Whether a word may say which player: not `40`, and not `first` in `First Movement`."""
    number = _value(name[place])
    return number is not None and number <= _MOST and not {*name[place + 1 : place + 2]} & _MOVEMENTS


def _is_counted(name: Words, place: int) -> bool:
    """Whether a number counts something other than players: `Track 2`, `Quartet no. 2`, but not `No. 2`."""
    return place > 0 and name[place - 1] in _COUNTERS and (place > 1 or name[place - 1] not in ("no", "nr"))


@functools.cache
def listed(names: str) -> tuple[Words, ...]:
    """Bring names with commas between into plain form."""
    return tuple(tuple(_rough(name)) for name in names.split(",") if name.strip())


@functools.lru_cache(maxsize=64)
def kinds(instrument: Instrument) -> dict[Words, str]:
    """Give the names of an instrument in plain form, each with its kind: `clear`, `numbered` or `unclear`."""
    less = dict.fromkeys(listed(instrument.unclear), "unclear") | dict.fromkeys(listed(instrument.numbered), "numbered")
    return less | dict.fromkeys(listed(",".join(instrument.names.values())), "clear")


def _value(word: str) -> int | None:
    """Give the number that a word says, up to nine digits, or None."""
    figures = re.match(r"\d{1,9}", word)
    return int(figures[0]) if figures else _numbers().get(word)


@functools.cache
def _numbers() -> dict[str, int]:
    found = {word: number for number, names in NUMBERS.items() for (word,) in listed(names) if word not in _LETTERS}
    return {word: number for word, number in found.items() if not word[:1].isdecimal()}


def _rough(name: str) -> list[str]:
    """Cut a name into words, without knowing any."""
    signs = [
        sign
        for sign in unicodedata.normalize("NFKD", _repaired(name))
        if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf"
    ]
    text = ""
    for before, sign in zip(["", *signs], signs, strict=False):
        if (before.islower() and sign.isupper()) or (before.isalpha() and sign.isdecimal()):
            text += " "
        text += sign if unicodedata.category(sign)[0] in "LMN" else " & " if sign in "&+/" else " "
    cut: list[str] = []
    for word in text.casefold().split():
        number = re.match(r"(\d+)(?:st|nd)?(?=\D)", word)
        is_ordinal = number and word[number.end(1) :] in _ORDINAL_ENDS
        cut += [number[1], word[number.end() :]] if number and not is_ordinal else [word]
    return cut


def _repaired(name: str) -> str:
    """Undo that UTF-8 was read as Latin-1, as libraries of MIDI do."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _has_no_spaces(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith(_WITHOUT_SPACES)


@functools.cache
def _known_in_a_row() -> re.Pattern[str]:
    """Match what stands in a row without spaces: names, numbers, the longest first."""
    every = [name for instrument in (VIOLIN, VIOLA, CELLO) for name in kinds(instrument)]
    every += [*listed(OTHER_INSTRUMENTS), *listed(VOICES), *listed("第, 제"), *((word,) for word in _numbers())]
    known = {name[0] for name in every if _has_no_spaces(name[0][0])}
    return re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True))) + r"|\d+|[a-z]+")
