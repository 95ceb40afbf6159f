"""Repeats: in which order written bars are played.

Conventions
-----------
- A section is played from its beginning to its repeat sign, twice or as often as the sign says. A repeat that nobody
  began goes back to the end of the last one, or to the first bar.
- Under an ending bars are played in its turns only. An ending is as long as its bracket, however many bars that is;
  endings that follow each other belong together. Where none of them has a repeat sign they are played one after the
  other, as they stand: their brackets alone do not say where to go back to.
- Parts vote: a sign counts if half the parts have it. Where one part alone has any (the top one, as a rule: some
  programs write them there only), it speaks for all.
- An expansion list (Humdrum: `*>[A,A1,A,A2,B]`) says the order outright, and signs count no more.

"D.C.", "D.S." and codas are not followed: whether the inner repeats are played again is custom, not notation, and all
that they add is music heard before.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quartetvae.errors import ScoreError

MOST_TIMES = 32
"""How often a section may be played: more is a slip of the pen, and would not end."""

MOST_BARS = 200_000
"""How many bars an expansion list may come to."""


@dataclass(frozen=True)
class Marks:
    """What a bar says about repeats: a section begins or ends here; the turns of the ending it is under, if any."""

    begins: bool = False
    ends: bool = False
    times: int = 2
    """How often the section that ends here is played."""
    endings: frozenset[int] = frozenset()


def vote(parts: Sequence[Sequence[Marks]]) -> list[Marks]:
    """Let the parts decide, bar by bar; all must have the same number of bars.

    >>> sign, plain = [Marks(ends=True)], [Marks()]
    >>> vote([plain, sign, sign, sign]), vote([sign, plain, plain, plain]), vote([plain, plain, plain, sign])
    ([Marks(begins=False, ends=True, times=2, endings=frozenset())], \
[Marks(begins=False, ends=True, times=2, endings=frozenset())], \
[Marks(begins=False, ends=False, times=2, endings=frozenset())])
    """
    voters = list(parts)
    speaking = [bars for bars in parts if any(bar.begins or bar.ends for bar in bars)]
    if len(speaking) == 1 and speaking[0] is parts[0]:
        voters = speaking
    brackets = [bars for bars in parts if any(bar.endings for bar in bars)]
    decided = []
    for index in range(len(parts[0]) if parts else 0):
        row = [bars[index] for bars in voters]
        ending = [bar for bar in row if bar.ends]
        endings = Counter(bars[index].endings for bars in brackets)
        decided.append(
            Marks(
                begins=2 * sum(bar.begins for bar in row) >= len(row),
                ends=2 * len(ending) >= len(row),
                times=Counter(bar.times for bar in ending).most_common(1)[0][0] if ending else 2,
                endings=endings.most_common(1)[0][0] if endings else frozenset(),
            )
        )
    return decided


def play_order(bars: Sequence[Marks]) -> list[int]:
    """Find the order in which bars are played, as indices.

    Raises
    ------
    ScoreError
        If a section is to be played more than `MOST_TIMES` times.

    Examples
    --------
    >>> play_order([Marks(), Marks(ends=True, endings=frozenset({1})), Marks(endings=frozenset({2}))])
    [0, 1, 0, 2]
    """
    bars = _mended(bars)
    order: list[int] = []
    start, index, turn = 0, 0, 1
    while index < len(bars):
        bar = bars[index]
        if bar.begins and index != start:
            start, turn = index, 1
        if bar.endings and turn not in bar.endings:
            index += 1
        else:
            order.append(index)
            index += 1
            if bar.ends and turn < _times(bars, index - 1):
                index, turn = start, turn + 1
                continue
            if bar.ends and not bar.endings:
                start, turn = index, 1
        # Behind the last ending a new section begins.
        if bar.endings and index < len(bars) and not bars[index].endings:
            start, turn = index, 1
    return order


def _times(bars: Sequence[Marks], index: int) -> int:
    """Say how often the section is played whose repeat sign the bar at `index` has."""
    bar = bars[index]
    found = bar.times
    if bar.endings:
        groups = _groups(bars, _chain(bars, index))
        highest = max(number for group in groups for number in bars[group[0]].endings)
        # An ending without another one is left out the last time.
        found = max(2, highest if len(groups) > 1 else highest + 1)
    if found > MOST_TIMES:
        raise ScoreError(
            f"bar {index + 1} of its movement: a section to be played {found} times; {MOST_TIMES} at most are played. "
            "Correct the repeat sign."
        )
    return found


def _chain(bars: Sequence[Marks], index: int) -> range:
    """Find the bars of the endings that follow each other, with the one at `index` among them."""
    first = last = index
    while first > 0 and bars[first - 1].endings:
        first -= 1
    while last + 1 < len(bars) and bars[last + 1].endings:
        last += 1
    return range(first, last + 1)


def _groups(bars: Sequence[Marks], chain: range) -> list[list[int]]:
    """Part the bars of endings that follow each other into the endings."""
    groups: list[list[int]] = []
    for k in chain:
        before = bars[k - 1] if groups else None
        if before is not None and bars[k].endings == before.endings and not before.ends:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def _mended(bars: Sequence[Marks]) -> list[Marks]:
    """Read endings as they are meant; see the header.

    - Brackets among which no repeat sign stands are passed over.
    - An ending after which others follow has a repeat sign, be it written or not; so has the last one if an earlier one
      has a later turn (a rondo's theme, which comes back in the end).
    - A section that begins under an ending but the first is a new one, and the bracket ends there.
    """
    mended = list(bars)
    index = 0
    while index < len(bars):
        if not bars[index].endings:
            index += 1
            continue
        chain = _chain(bars, index)
        index = chain.stop
        groups = _groups(bars, chain)
        if not any(bars[k].ends for k in chain):
            for k in chain:
                mended[k] = replace(bars[k], endings=frozenset())
            continue
        begun = next((k for group in groups[1:] for k in group if bars[k].begins), chain.stop)
        for k in range(begun, chain.stop):
            mended[k] = replace(bars[k], endings=frozenset())
        turns = [max(bars[group[0]].endings) for group in groups]
        for number, group in enumerate(groups):
            is_last = number == len(groups) - 1
            if group[-1] < begun and (not is_last or max(turns) > turns[-1]) and not any(bars[k].ends for k in group):
                mended[group[-1]] = replace(mended[group[-1]], ends=True)
    return mended


def expanded(labels: Sequence[str], expansion: Sequence[str]) -> list[int]:
    """Find the order of bars of which each lies in a section with a label ("" for none), by a list of labels.

    Bars before the first label are played once, first. Labels that no bar has are passed over.

    Raises
    ------
    ScoreError
        If it comes to more than `MOST_BARS`.

    Examples
    --------
    >>> expanded(["A", "A", "A1", "A2"], ["A", "A1", "A", "A2"])
    [0, 1, 2, 0, 1, 3]
    """
    sections: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        sections.setdefault(label, []).append(index)
    order = sections.get("", []).copy()
    for label in expansion:
        order += sections.get(label, []) if label else []
        if len(order) > MOST_BARS:
            raise ScoreError(f"an expansion list of more than {MOST_BARS:,} bars; correct it.")
    return order
