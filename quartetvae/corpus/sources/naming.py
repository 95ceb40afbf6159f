"""Composer, work and movement of files in a folder: from what the user says, what scores say, folders and names.

Who is believed
---------------
The user's metadata.csv wins; then comes what a score says of itself; then folders and names. What most of the scores of
one work say holds for all its files, and what the user says of the composer and work of one movement for the others.

Which files are one work
------------------------
Names are taken apart into a work, the number of a movement and its heading; files of one folder with the same work are
its movements. Sure signs of a movement are:

- the word: `op59no2-movement1`, `K465 mvt. 2`, `2. Satz`, `Third movement`;
- a number after a work that has a number of its own: `k465-1`, `op59no2_3`, `op. 132 iv`, `quartet01-1`;
- a number between dashes, `Smetana - From my life - 2 - Polka`, after what two or more files of the folder begin with;
- a heading that is a tempo or a dance: `01 Allegro`, `k465 - 2 - Andante`, `K465 Menuetto`. Without a work before it,
  it is a movement of what the folder is named for. A number before all that, `07 K. 465 - 2. Andante`, says nothing.

A number or Roman numeral alone, `Op. 67/i`, is a movement of what its folder is named for.

A number after No., Op., K. and their kind is the work's own: `op18no1` and `op18no2` are two works. Numbers above
12 are no movements.

What is doubtful is said in a warning: `Quartet I` and `Quartet II`, `op18-1` and `op18-2`, files that are nothing but
numbers beside each other in no folder of a work. Where the numbers begin with 1 such files are taken as one work, so
that no work lies on both sides of a split by mistake; else each is a work. Scores that name their works leave no doubt.

The composer is the nearest folder above the work whose name has no digit and says more than `midi` or `quartets`
do: `Haydn/op 20/no 4.krn` is by Haydn. Without such a folder it is the first word of a name like `mozart-k465`, or
`Haydn - Quartet in D - 1. Allegro`.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from quartetvae.errors import shortened
from quartetvae.music.tracks import Credits

UNKNOWN = "unknown"
"""The composer of what nobody knows the composer of."""

UNTITLED = "untitled"
"""The work of files whose names and folders name none."""

MOST_MOVEMENTS = 12

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_SPELT = ("first", "second", "third", "fourth", "fifth", "sixth")
_NUMBERS = {
    **{str(n): n for n in range(1, MOST_MOVEMENTS + 1)},
    **{f"{n:02}": n for n in range(1, 10)},
    **{numeral: n for n, numeral in enumerate(_ROMAN, start=1)},
    **{word: n for n, word in enumerate(_SPELT, start=1)},
}

# Longer ones first: a pattern takes the first that fits. A single small letter is no numeral.
_CAPITALS = "|".join(sorted((numeral.upper() for numeral in _ROMAN), key=len, reverse=True))
_SMALL = "|".join(sorted((numeral for numeral in _ROMAN if len(numeral) > 1), key=len, reverse=True))
_NUMBER = rf"(?:1[0-2]|0?[1-9](?!\d)|(?-i:{_CAPITALS}|{_SMALL})(?![^\W\d]))"
_GAP = r"[\s\-.,:()]"
_WORD = (
    r"(?:movements?|movts?|mvmts?|mvts?|mov|mv|satz|mouvement|mouv|movimento|movimiento|věta|část|tétel|deel|sats|"
    r"часть)(?![^\W\d])"
)
_ORDINAL = rf"(?:0?[1-9](?:st|nd|rd|th|er|re|e|ème|eme|\.|-)?|{'|'.join(_SPELT)}|{_NUMBER})"
_HEADING = (
    r"(?:allegr\w*|andant\w*|adagi\w*|largh?\w*|lent[oe]?(?!\w)|prest\w*|vivac\w*|vivo(?!\w)|moderat\w*|menuet\w*|"
    r"minuet\w*|scherz\w*|final[e]?(?!\w)|grave(?!\w)|langsam\w*|lebhaft\w*)"
)
_MODIFIED_HEADING = rf"(?:(?:un|poco|molto|assai|pi[uù]|non|quasi|tempo di|alla|tr[eè]s|assez|sehr)\s+)*{_HEADING}"
_LOOSE_HEADING = (
    rf"(?:{_HEADING}|poco(?!\w)|molto(?!\w)|assai(?!\w)|un(?!\w)|tempo(?!\w)|rond\w*|th[eè]m\w*|tema(?!\w)|variation\w*|"
    r"variazion\w*|fug(?:a|e|ue)(?!\w)|introdu\w*|maestoso(?!\w)|sostenuto(?!\w)|intermezzo(?!\w)|cavatina(?!\w)|"
    r"romanz\w*|alla(?!\w)|assez(?!\w)|vif(?!\w)|tr[eè]s(?!\w)|sehr(?!\w)|m(?:ä|ae?)ssig\w*|schnell\w*|ruhig\w*|bewegt\w*)"
)
_CATALOGUE = r"(?:op(?:us)?|kv?|hob|woo|bwv|rv|sz|no|nr|n°|№|n|(?<!in )(?:d|g|h))"
"""Whose number follows; not the key of a quartet in D."""

_CATALOGUED = re.compile(rf"(?<![^\W\d]){_CATALOGUE}[\s.\-]*(?:\d|[ivx]+:)|\d(?:no|n|nr|op|k)\.?\s?\d", re.I)
_KIND = (
    r"(?:quartet\w*|quatuor\w*|quartett\w*|streichquartett\w*|cuarteto\w*|kvartet\w*|kwartet\w*|sonat\w*|quintet\w*)"
)

_NUMBERED_WORD = re.compile(rf"^(?P<work>.*?){_GAP}*(?<![^\W\d_]){_WORD}{_GAP}*(?P<n>{_NUMBER})(?P<title>.*)$", re.I)
_ORDINAL_WORD = re.compile(rf"^(?P<work>.*?)(?<!\w)(?P<n>{_ORDINAL}){_GAP}*{_WORD}(?P<title>.*)$", re.I)
_NUMBER_FIRST = re.compile(
    rf"^(?P<n>\d\d?(?!\d)|(?-i:{_CAPITALS})(?=[\s\-.)]|$))(?:{_GAP}*(?P<title>[^\s\-.,:()].*))?$", re.I
)
_TRACK_NUMBER = re.compile(r"^\d\d?[\s\-.)]+(?P<rest>[^\W_].*)$")
_NUMBER_BETWEEN = re.compile(rf"^(?P<work>.+?){_GAP}+(?P<n>{_NUMBER}){_GAP}*(?P<title>{_LOOSE_HEADING}.*)$", re.I)
_NUMBER_APART = re.compile(rf"^(?P<work>.+) - (?P<n>{_NUMBER})(?P<mark>[.):]| -)? +(?P<title>[^\s\-].*)$", re.I)
_HEADING_APART = re.compile(rf"^(?P<work>.+?) - (?P<title>{_LOOSE_HEADING}.*)$", re.I)
_HEADING_LAST = re.compile(rf"^(?P<work>.+?){_GAP}+(?P<title>{_MODIFIED_HEADING}.*)$", re.I)
_NUMBER_LAST = re.compile(rf"^(?P<work>.+?)(?P<gap>{_GAP}+)(?P<n>\d+|(?:{_CAPITALS}))\)?$", re.I)
_NUMBER_JOINED = re.compile(r"^(?P<work>.*[^\W\d])(?P<gap>)(?P<n>\d+)$")
_INTRODUCED = re.compile(rf"(?<![^\W\d]){_CATALOGUE}[\s.\-#]*$|\d(?:no|n|nr|op|k)\.?$|[#№°]\s*$", re.I)
_OPUS_LAST = re.compile(r"(?<![^\W\d])op(?:us)?[\s.\-]*\d+$", re.I)
_BARE_NUMBER = re.compile(r"(?:(?:no|nr|n°|№|#|quartet|quartett|quatuor)?[\s.\-]*)?\d+[ab]?", re.I)
_COMPOSER_FIRST = re.compile(
    rf"^(?P<composer>[^\W\d]{{3,}}){_GAP}+(?:string\s+)?(?:{_KIND}|{_CATALOGUE}[\s.\-]*\d)", re.I
)

_GENERIC = frozenset(
    (
        *("midi", "mid", "midis", "smf", "score", "scores", "kern", "krn", "humdrum", "musicxml", "mxl", "xml"),
        *("music", "files", "file", "data", "corpus", "collection", "pieces", "raw", "own", "my", "and", "the", "of"),
        *("for", "in", "quartet", "quartets", "quartett", "quartette", "quatuor", "quatuors", "string", "strings"),
        *("streichquartett", "streichquartette", "movements", "work", "works", "complete"),
    )
)
"""Words that name no work and nobody."""

_Key = TypeVar("_Key", bound=Hashable)

_Work = tuple[str, list[str]]
"""Its title, and its files."""


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a file."""

    composer: str
    work: str
    movement: str
    """Its number and heading, as far as they are known."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A file's name taken apart."""

    work: str
    """"" if it is the folder's."""
    number: int | None = None
    title: str = ""
    is_sure: bool = True

    @property
    def movement(self) -> str:
        return ". ".join(filter(None, (str(self.number or ""), self.title)))


def describe(
    names: Sequence[str],
    *,
    known: Mapping[str, Mapping[str, str]] | None = None,
    credits: Mapping[str, Credits] | None = None,
    whole: Collection[str] = (),
    top: str = "",
) -> tuple[dict[str, Description], list[str]]:
    """Tell the composer, work and movement of each file of a folder.

    Parameters
    ----------
    names
        Paths from the folder, with `/`.
    known
        What the user says: for a file any of `composer`, `work` and `movement`.
    credits
        What scores say of themselves.
    whole
        Files that hold several movements, so that none of them is one.
    top
        The folder's own name: a work's, where files in it are headings of movements.

    Returns
    -------
    descriptions, warnings
        By file; and a line for each guess that may be wrong.
    """
    said, credited = known or {}, credits or {}
    warnings: list[str] = []
    parsed = {}
    for name in names:
        stem = PurePosixPath(name).stem
        parsed[name] = _Name(_tidy(stem)) if name in whole else take_apart(stem)
    for files in _by(
        [name for name in names if name not in whole], lambda name: str(PurePosixPath(name).parent)
    ).values():
        parsed |= _numbered_apart(files)

    def told(name: str) -> bool:
        return bool(said.get(name, {}).get("work") or (name in credited and credited[name].work))

    works: list[_Work] = []
    for folder, files in _by(names, lambda name: str(PurePosixPath(name).parent)).items():
        works += _Folder(folder, files, parsed, told, top, warnings).works()
    described: dict[str, Description] = {}
    for title, files in works:
        own_work, own_composer = (
            _only(said[n].get(key, "") for n in files if n in said) for key in ("work", "composer")
        )
        credits_here = [credited[name] for name in files if name in credited]
        work = own_work or _most([" ".join(c.work.split()) for c in credits_here]) or title
        composer = own_composer or _most([_person(c.composer) for c in credits_here]) or _composer(files[0], title)
        for name in files:
            own, name_says = said.get(name, {}), parsed.pop(name)
            movement = credited[name].movement if name in credited else ""
            is_movement = len(files) > 1 or title != _tidy(PurePosixPath(name).stem)
            described[name] = Description(
                own.get("composer") or composer,
                own.get("work") or work,
                own.get("movement") or movement or (name_says.movement if is_movement else ""),
            )
    warnings += _alike(works, described, said, credited)
    return described, warnings


def take_apart(stem: str) -> _Name:
    """Take a file's name (without its suffix) apart into work, number and heading of a movement."""
    text = _tidy(stem)
    if found := _TRACK_NUMBER.match(text):
        rest = take_apart(found["rest"])
        # `07 K. 465 - 2. Andante`: where there is all that, the first number is a place on a record.
        if rest.work and (rest.number is not None or rest.title):
            return rest
    for pattern in (_NUMBERED_WORD, _ORDINAL_WORD):
        if found := pattern.match(text):
            return _Name(_trimmed(found["work"]), _number(found["n"]), _trimmed(found["title"]))
    if re.match(_LOOSE_HEADING, text, re.I):
        return _Name("", None, text)
    if text in _ROMAN:
        return _Name("", _number(text))
    if found := _NUMBER_FIRST.match(text):
        number, title = _number(found["n"]), found["title"] or ""
        if re.match(_LOOSE_HEADING, title, re.I) or (number and not title):
            return _Name("", number, title)
        if _CATALOGUED.search(title) or re.search(_KIND, title, re.I):
            return _Name(text)
        if number and not re.fullmatch(r"\d+", title) and not _NUMBER_BETWEEN.match(text):
            return _Name("", number, title, is_sure=False)
    if (found := _NUMBER_BETWEEN.match(text)) and not _INTRODUCED.search(found["work"]):
        return _Name(_trimmed(found["work"]), _number(found["n"]), found["title"])
    if (found := _HEADING_APART.match(text) or _HEADING_LAST.match(text)) and not _CATALOGUED.search(found["title"]):
        return _Name(_trimmed(found["work"]), None, found["title"], is_sure=bool(re.search(r"\d", found["work"])))
    if (found := _NUMBER_LAST.match(text) or _NUMBER_JOINED.match(text)) and not _INTRODUCED.search(found["work"]):
        work = _trimmed(found["work"])
        has_gap = found["gap"] and re.search(r"\d", work)
        is_sure = bool(has_gap and not (found["n"].isdigit() and _OPUS_LAST.search(work)))
        # What is no movement's number is kept too: it tells what its neighbours are.
        return _Name(work, _number(found["n"]) or MOST_MOVEMENTS + 1, is_sure=is_sure)
    return _Name(text)


def _numbered_apart(files: Iterable[str]) -> dict[str, _Name]:
    """Take apart the names of a folder's files that begin alike, before ` - 2 - `, whatever comes after that."""
    found: dict[str, _Name] = {}
    for name in files:
        text = _tidy(PurePosixPath(name).stem)
        track = _TRACK_NUMBER.match(text)
        parts = _NUMBER_APART.match(track["rest"] if track else text) or _NUMBER_APART.match(text)
        if not parts or _INTRODUCED.search(parts["work"]):
            continue
        work, title = _trimmed(parts["work"]), _trimmed(parts["title"])
        # `Haydn - 1 - Emperor`: what is a composer's name alone leaves a doubt.
        is_sure = _is_work(work) or " - " in work
        is_work = _CATALOGUED.search(title) or re.match(_KIND, title, re.I)
        if work and title and not is_work and (parts["mark"] or is_sure):
            found[name] = _Name(work, _number(parts["n"]), title, is_sure)
    alike = Counter(parts.work.casefold() for parts in found.values())
    return {name: parts for name, parts in found.items() if alike[parts.work.casefold()] > 1}


@dataclass(frozen=True)
class _Folder:
    """The files of one folder, which are grouped to works: the title of each by names alone, and its files."""

    path: str
    files: Sequence[str]
    parsed: Mapping[str, _Name]
    told: Callable[[str], bool]
    """Whether the user or the score itself says what work a file is."""
    top: str
    warnings: list[str]

    def works(self) -> list[_Work]:
        works: list[_Work] = []
        for key, files in _by(self.files, lambda name: _folded(self.parsed[name].work)).items():
            if not key:
                works += self._named_for_the_folder(files)
                continue
            title = self._whole(self.parsed[files[0]].work)
            marked = [name for name in files if self.parsed[name].number is not None or self.parsed[name].title]
            plain = [name for name in files if name not in marked] if marked else files
            works += [(title, plain)] if plain else []
            # A number above all others says that none of them is a movement's.
            if any((self.parsed[name].number or 0) > MOST_MOVEMENTS for name in marked):
                works += self._each(marked)
            elif all(self.parsed[name].is_sure for name in marked):
                works += [(title, marked)] if marked else []
            else:
                works += self._doubtful(title, marked)
        return self._loose_together(works)

    def _named_for_the_folder(self, files: Sequence[str]) -> list[_Work]:
        """Group files whose names hold nothing but a movement: they belong to what their folder is named for."""
        title = _work_folder(self.path)
        sure = [name for name in files if self.parsed[name].is_sure]
        rest = [name for name in files if not self.parsed[name].is_sure]
        if title and (_is_work(title) or len(sure) > len(rest)):
            sure, rest = list(files), []
        if title and not rest and len(sure) == 1 and (_is_work(title) or self._is_nested):
            return [(title, sure)]
        numbers_only = not any(self.parsed[name].title for name in sure)
        if title and not (numbers_only and (not _is_work(title) or _OPUS_LAST.search(title))):
            works = [(title, sure)] if sure else []
        else:
            works = self._doubtful(title or _tidy(self.top) or UNTITLED, sure)
        return [*works, *self._doubtful(title or _tidy(self.top) or UNTITLED, rest, is_one=False)]

    @property
    def _is_nested(self) -> bool:
        """Whether there is a folder above that may be the composer's."""
        return sum(not _is_generic(_tidy(part)) for part in PurePosixPath(self.path).parts) > 1

    def _loose_together(self, works: list[_Work]) -> list[_Work]:
        """Put single files without a number of their own together where their folder has one: `K. 465/slow.mid`."""
        title = _work_folder(self.path)
        if not _CATALOGUED.search(title):
            return works
        loose = [
            name
            for _, (name, *others) in works
            if not others
            and not self.told(name)
            and self.parsed[name].work
            and not _CATALOGUED.search(_tidy(PurePosixPath(name).stem))
        ]
        if len(loose) < 2:
            return works
        return [*((work, files) for work, files in works if files[0] not in loose), *self._doubtful(title, loose)]

    def _doubtful(self, title: str, files: Sequence[str], *, is_one: bool | None = None) -> list[_Work]:
        """Group files that may be movements of one work, and may be works; say so where nobody else does."""
        works = self._each([name for name in files if self.told(name)])
        left = [name for name in files if not self.told(name)]
        if len(left) < 2:
            return [*works, *self._each(left)]
        if is_one is None:
            numbers = [self.parsed[name].number for name in left if self.parsed[name].number]
            is_one = not numbers or 1 in numbers
        if is_one:
            guess, remedy = f"movements of one work, '{title}'; if each is a work", "say so"
        else:
            guess, remedy = "a work each; if they are movements of one", "give them the same work"
        self.warnings.append(f"{shortened(left)}: taken as {guess}, {remedy} in metadata.csv (columns file and work)")
        return [*works, (title, left)] if is_one else [*works, *self._each(left)]

    def _each(self, files: Iterable[str]) -> list[_Work]:
        return [(self._whole(_tidy(PurePosixPath(name).stem) or UNTITLED), [name]) for name in files]

    def _whole(self, work: str) -> str:
        """Complete a work's name: `no 4` in the folder `op 20` is `op 20 no 4`."""
        above = _work_folder(self.path)
        return f"{above} {work}" if _is_work(above) and _BARE_NUMBER.fullmatch(work) else work


def _alike(
    works: Sequence[_Work],
    described: Mapping[str, Description],
    said: Mapping[str, Mapping[str, str]],
    credited: Mapping[str, Credits],
) -> list[str]:
    """Warn of works that scores call by one name without a number, though their files' names keep them apart."""
    first = [files[0] for _, files in works if files[0] in credited and credited[files[0]].work]
    warnings = []
    for (composer, work), files in _by(first, lambda name: (described[name].composer, described[name].work)).items():
        if len(files) > 1 and not re.search(r"\d", work) and not any("work" in said.get(name, {}) for name in files):
            warnings.append(
                f"{shortened(files)}: all say that they are '{work}' by {composer}, and are taken as one work; if they "
                "are several, say so in metadata.csv (columns file and work)"
            )
    return warnings


def _composer(name: str, title: str) -> str:
    """Tell the composer from the folders above a file, else from its name."""
    folders = list(PurePosixPath(name).parent.parts)
    for folder in map(_tidy, reversed(folders)):
        is_title = folder == title
        if not is_title and not re.search(r"\d", folder) and not _is_generic(folder) and not _is_work(folder):
            if not re.match(_LOOSE_HEADING, folder, re.I):
                return folder
    for text in (title, _tidy(PurePosixPath(name).stem)):
        segments = [segment.strip() for segment in text.split(" - ")]
        is_name = len(segments) > 1 and not re.search(r"\d", segments[0]) and not _is_generic(segments[0])
        if is_name and not _is_work(segments[0]) and not re.match(_LOOSE_HEADING, segments[0], re.I):
            return segments[0]
        found = _COMPOSER_FIRST.match(text)
        if found and found["composer"].lower() not in _GENERIC and not _is_work(found["composer"]):
            composer = str(found["composer"])
            return composer.capitalize() if composer.islower() else composer
    return UNKNOWN


def _work_folder(folder: str) -> str:
    """Name the work that a folder may be named for; "" if its name says nothing."""
    parts = [_tidy(part) for part in PurePosixPath(folder).parts]
    while parts and _is_generic(parts[-1]):
        parts.pop()
    if not parts:
        return ""
    if len(parts) > 1 and _BARE_NUMBER.fullmatch(parts[-1]) and not _is_generic(parts[-2]):
        return f"{parts[-2]} {parts[-1]}"
    return parts[-1]


def _is_work(text: str) -> bool:
    """Whether a name is a work's rather than a person's."""
    return bool(re.search(r"\d", text) or re.search(_KIND, text, re.I))


def _is_generic(text: str) -> bool:
    return all(word in _GENERIC for word in re.findall(r"[^\W\d]+", text.lower())) and not re.search(r"\d", text)


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("_", " ").split())


def _person(text: str) -> str:
    """Take the years of a life off a name."""
    return re.sub(r"\s*[(\[]?\*?\d{4}(\s*[-\u2013\u2014]\s*(\d{4})?)?[)\]]?\s*$", "", " ".join(text.split()))


def _trimmed(text: str) -> str:
    return text.strip(" -.,:(").removesuffix(")") if "(" not in text.strip(" -.,:(") else text.strip(" -.,:")


def _number(text: str) -> int | None:
    digits = re.match(r"\d+", text)
    return _NUMBERS.get(digits[0] if digits else text.lower())


def _most(texts: Sequence[str]) -> str:
    """Choose what is there most often, the first of several; "" where all differ."""
    counts = Counter(filter(None, texts))
    if not counts or (len(counts) > 1 and len(counts) == counts.total()):
        return ""
    return counts.most_common(1)[0][0]


def _only(texts: Iterable[str]) -> str:
    """Give the one text that is there; "" if there is none, or several that differ."""
    found = set(filter(None, texts))
    return found.pop() if len(found) == 1 else ""


def _folded(text: str) -> str:
    """Give a text without its case: the same string where it has none, since there may be many."""
    folded = text.casefold()
    return text if folded == text else folded


def _by(names: Iterable[str], key: Callable[[str], _Key]) -> dict[_Key, list[str]]:
    found: defaultdict[_Key, list[str]] = defaultdict(list)
    for name in names:
        found[key(name)].append(name)
    return found
