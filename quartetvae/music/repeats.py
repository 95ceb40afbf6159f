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
        index += 1
        if not bar.endings or turn in bar.endings:
            order.append(index - 1)
            if bar.ends and turn < _times(bar, index):
                index, turn = start, turn + 1
                continue
            if bar.ends and not bar.endings:
                start, turn = index, 1
        # Behind the last ending a new section begins.
        if bar.endings and index < len(bars) and not bars[index].endings:
            start, turn = index, 1
    return order


def _times(bar: Marks, number: int) -> int:
    """Say how often the section is played that ends with a bar, whose number is for the message."""
    if bar.times > MOST_TIMES:
        raise ScoreError(
            f"bar {number} of its movement: a section to be played {bar.times} times; {MOST_TIMES} at most are played. "
            "Correct the repeat sign."
        )
    return bar.times


def _mended(bars: Sequence[Marks]) -> list[Marks]:
    """Read endings as they are meant, those together that follow each other."""
    mended: list[Marks] = []
    while len(mended) < len(bars):
        first = last = len(mended)
        while last < len(bars) and bars[last].endings:
            last += 1
        mended += _as_meant(bars[first:last]) if last > first else [bars[first]]
    return mended


def _as_meant(bars: Sequence[Marks]) -> list[Marks]:
    """Read the bars of endings that follow each other; how often their section is played stands with each of them.

    - Brackets among which no repeat sign stands are passed over.
    - An ending after which others follow has a repeat sign, be it written or not; so has the last one if an earlier one
      has a later turn (a rondo's theme, which comes back in the end).
    - A section that begins under an ending but the first is a new one, and the bracket ends there.
    """
    mended = [replace(bar, endings=frozenset()) for bar in bars]
    if not any(bar.ends for bar in bars):
        return mended
    groups = _groups(bars)
    begun = next((k for group in groups[1:] for k in group if bars[k].begins), len(bars))
    groups = [[k for k in group if k < begun] for group in groups if group[0] < begun]
    turns = _turns([bars[group[0]].endings for group in groups])
    highest = max(max(own) for own in turns)
    # An ending without another one is left out the last time.
    times = max(2, highest if len(groups) > 1 else highest + 1)
    for group, own in zip(groups, turns, strict=True):
        for k in group:
            mended[k] = replace(bars[k], endings=own, times=times)
        goes_on = group is not groups[-1] or max(own) < highest
        if goes_on and not any(bars[k].ends for k in group):
            mended[group[-1]] = replace(mended[group[-1]], ends=True)
    return mended


def _groups(bars: Sequence[Marks]) -> list[list[int]]:
    """Part the bars of endings that follow each other into the endings."""
    groups: list[list[int]] = []
    for k, bar in enumerate(bars):
        if k and bar.endings == bars[k - 1].endings and not bars[k - 1].ends:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def _turns(endings: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Number the turns of endings that follow each other, so that each is played and none is left out.

    An ending with no turn but those of earlier ones (`1`, `1`) is the next; numbers that nobody has (`1`, `3`) are
    passed over.

    >>> [sorted(turns) for turns in _turns([frozenset({1, 4}), frozenset({2}), frozenset({2})])]
    [[1, 3], [2], [4]]
    """
    used: set[int] = set()
    found: list[set[int]] = []
    highest = 0
    for own in endings:
        fresh = set(own) - used or {highest + 1}
        highest = max(highest, *fresh)
        used |= fresh
        found.append(fresh)
    rank = {turn: number for number, turn in enumerate(sorted(used), start=1)}
    return [frozenset(rank[turn] for turn in own) for own in found]


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
