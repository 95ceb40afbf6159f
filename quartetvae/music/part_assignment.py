"""Whose part is which track: the tracks of a file and the four parts of an ensemble.

A part may be spread over several tracks: one for each technique (of strings arco 40-42, tremolo 44, pizzicato
45, ensemble 48-51), or a second staff for a few divided bars. Such a track joins the part that it belongs to: by its
name, else the part that rests while it plays, else the part nearest in register. What is named as another instrument,
such as a contrabass, joins none.

Two violins that nothing else tells apart are told by their order, which is that of the file (from the top down, or from
the bottom up if the cello comes first, then the viola), unless their registers clearly say the contrary.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES, Ensemble
from quartetvae.music.notes import Notes, in_order, make_notes
from quartetvae.music.track_names import Reading
from quartetvae.music.tracks import Music, Track

FIFTH_PART = 0.1
"""Surplus tracks that have this share of all notes or more, together, are parts of their own: this is no quartet."""

CLEARLY_HIGHER = 3.0
"""A part of which the mean pitch lies so many semitones higher is the upper one of two.

In each of 53 quartets of MusicNet violin I lies at least 3.9 semitones above violin II.
"""

_LISTED = 6
"""So many surplus tracks are named in a refusal."""

_ORDINALS = ("first", "second", "third", "fourth")


@dataclass(frozen=True)
class Assignment:
    """For each track its part, or None; why this is no quartet, or None if it is one; what decided about each track.

    A piece for another ensemble is refused, but its parts are found if it has them.
    """

    parts: tuple[str | None, ...]
    refusal: str | None
    reasons: tuple[str, ...]


def assign(music: Music, *, label: str = "", ensemble: Ensemble = DEFAULT_ENSEMBLE) -> Assignment:
    """Find the four parts of an ensemble among the tracks of a file.

    Parameters
    ----------
    label
        What the corpus' metadata call the ensemble; "" if unknown. Any but this one is refused.
    """
    is_known = ensemble.name.lower() in label.lower()
    found = _assign(music, is_known, ensemble)
    if label and not is_known:
        return replace(found, refusal=f"its ensemble is {label}")
    return found


def _assign(music: Music, is_known: bool, ensemble: Ensemble) -> Assignment:
    parts: list[str | None] = [None] * len(music.tracks)
    playing = [k for k, track in enumerate(music.tracks) if len(track.notes) and not track.is_drum]
    tracks = _told_apart(music.tracks, playing)
    readings = dict(zip(playing, ensemble.read_names([tracks[k].name for k in playing]), strict=True))
    for k, reading in readings.items():
        # `Alto` with the program of a saxophone.
        if not reading.is_clear and tracks[k].program not in {0, *ensemble.programs, *ensemble.techniques}:
            readings[k] = Reading(is_voice=True)
    reasons = [_unknown(track) for track in music.tracks]
    players = [k for k in playing if _plays(tracks[k], readings[k], ensemble)]
    for k in set(playing) - set(players):
        if readings[k].is_other and tracks[k].program in {*ensemble.programs, *ensemble.techniques}:
            reasons[k] = "its name is another instrument's, whatever its program"
        elif readings[k].instrument:
            reasons[k] = "its name is another player's"

    joining = _assign_players(tracks, players, readings, parts, reasons, ensemble)
    if set(ensemble.ids) - set(parts) and len(playing) == VOICES:
        # Four tracks and nothing else: the order of a score, if the metadata say so or no track speaks against it.
        rises = all(_mean(tracks[a]) < _mean(tracks[b]) for a, b in itertools.pairwise(playing))
        order = playing[::-1] if rises else playing
        fits = all(_fits(tracks[k], readings[k], place, ensemble) for place, k in enumerate(order))
        if fits or (is_known and not any(readings[k].is_other for k in playing)):
            for part, k in zip(ensemble.ids, order, strict=True):
                parts[k], reasons[k] = part, f"{_ORDINALS[playing.index(k)]} of four tracks"
            joining = []
    absent = [part for part in ensemble.ids if part not in parts]
    if absent:
        found = ", ".join(_label(music.tracks[k]) for k in playing) or "no notes"
        return Assignment(tuple(parts), f"no track for {', '.join(absent)} (found: {found})", tuple(reasons))

    total = sum(len(music.tracks[k].notes) for k in playing)
    for group in _surplus(tracks, playing, joining, readings, parts, ensemble):
        notes = [len(music.tracks[k].notes) for k in group]
        if sum(notes) < FIFTH_PART * total:
            continue
        for k, count in zip(group, notes, strict=True):
            reasons[k] = f"a part of its own: {count / total:.0%} of all notes"
        told = [f"{_label(music.tracks[k])}, {count} notes" for k, count in zip(group, notes, strict=True)]
        more = [f"{len(told) - _LISTED} more"] if len(told) > _LISTED else []
        refusal = f"a fifth part: {told[0]}" if len(told) == 1 else f"more parts: {'; '.join(told[:_LISTED] + more)}"
        return Assignment(tuple(parts), refusal, tuple(reasons))
    for k, (part, reason) in _join(tracks, joining, readings, parts, ensemble).items():
        parts[k], reasons[k] = part, reason
    return Assignment(tuple(parts), None, tuple(reasons))


def _plays(track: Track, reading: Reading, ensemble: Ensemble) -> bool:
    """Whether a track is a player of the ensemble, or a technique of one, by its name or else its program."""
    if reading.is_other or reading.instrument:
        return bool(ensemble.parts_of(reading))
    # A voice may be played by what its program says, but is no technique of a player.
    return track.program in ensemble.programs or (track.program in ensemble.techniques and not reading.is_voice)


def _surplus(
    tracks: Sequence[Track],
    playing: Sequence[int],
    joining: Sequence[int],
    readings: Mapping[int, Reading],
    parts: Sequence[str | None],
    ensemble: Ensemble,
) -> list[list[int]]:
    """Group the tracks that may be parts of their own: what is nobody's or another player's; second staves by part."""
    groups: dict[str, list[int]] = {"": []}
    for k in playing:
        if parts[k] is not None or (k in joining and tracks[k].program in ensemble.techniques):
            continue
        named = ensemble.parts_of(readings[k])
        is_staff = k in joining and len(named) == 1 and not _is_further(readings[k], ensemble)
        groups.setdefault(named[0] if is_staff else "", []).append(k)
    return [group for group in groups.values() if group]


def _is_further(reading: Reading, ensemble: Ensemble) -> bool:
    """Whether a name says a player whom the ensemble lacks: `Viola 2`."""
    players = sum(part.instrument == reading.instrument for part in ensemble.parts)
    return reading.number is not None and reading.number > players


def _told_apart(tracks: Sequence[Track], playing: Sequence[int]) -> Sequence[Track]:
    """Drop the names of tracks if all share one, which then tells nothing (type-0 files)."""
    if len(playing) > 1 and len({tracks[k].name for k in playing}) == 1:
        return [replace(track, name="") for track in tracks]
    return tracks


def _unknown(track: Track) -> str:
    """Say why a track has no part, if nothing else is found."""
    if track.is_drum:
        return "percussion"
    return "neither name nor program tells a part" if len(track.notes) else "no notes"


def merge(
    tracks: Sequence[Track], parts: Sequence[str | None], *, ensemble: Ensemble = DEFAULT_ENSEMBLE
) -> list[Notes]:
    """Put the notes of the four parts together, in the ensemble's order, each from all the tracks assigned to it.

    Those of a part that is one track are that track's own: what changes them changes it.
    """
    return [_together(t.notes for t, p in zip(tracks, parts, strict=True) if p == part) for part in ensemble.ids]


def _assign_players(
    tracks: Sequence[Track],
    players: list[int],
    readings: Mapping[int, Reading],
    parts: list[str | None],
    reasons: list[str],
    ensemble: Ensemble,
) -> list[int]:
    """Give each part its main track, in `parts`, and say why in `reasons`; return the tracks left to join one."""
    # A part's main track is bowed if it has a bowed one; of several, the one with most notes.
    best_first = sorted(
        players,
        key=lambda k: (
            tracks[k].program in ensemble.techniques,
            _is_further(readings[k], ensemble),
            -len(tracks[k].notes),
        ),
    )
    named = {k: ensemble.parts_of(readings[k]) for k in players}
    for k in best_first:
        if len(named[k]) == 1 and named[k][0] not in parts:
            parts[k], reasons[k] = named[k][0], "its name"
    # From the bass upwards, for where the lower parts stand tells in which order the upper ones do.
    options = {k: named[k] or _by_program(tracks[k], ensemble) for k in players}
    for every in sorted(set(options.values()) - {()}, key=lambda ids: ensemble.ids.index(ids[0]), reverse=True):
        free = [part for part in every if part not in parts]
        open_ = [k for k in best_first if parts[k] is None and options[k] == every and len(named[k]) != 1]
        bowed = [k for k in open_ if tracks[k].program not in ensemble.techniques]
        chosen = (bowed or open_)[: len(free)]
        lower = ensemble.ids[ensemble.ids.index(every[-1]) + 1 :]
        below = [parts.index(part) for part in lower if part in parts]
        order, why = _from_the_top(tracks, sorted(chosen), below)
        for part, k in zip(free, order, strict=False):
            parts[k] = part
            reasons[k] = ("its name" if named[k] else f"its program, {tracks[k].program}") + why
    left = [k for k in players if parts[k] is None]
    for k in left:
        if options[k]:
            reasons[k] = f"one more of {'this name' if named[k] else f'program {tracks[k].program}'}"
    return left


def _by_program(track: Track, ensemble: Ensemble) -> tuple[str, ...]:
    return tuple(part.id for part in ensemble.parts if part.program == track.program)


def _from_the_top(tracks: Sequence[Track], chosen: list[int], below: list[int]) -> tuple[list[int], str]:
    """Put tracks of one instrument in the order of its parts, and say what told it; `below`: those of lower parts."""
    if len(chosen) < 2:
        return chosen, ""
    by_pitch = sorted(chosen, key=lambda k: -_mean(tracks[k]))
    if all(k > chosen[-1] for k in below):
        order, why = chosen, ""
    elif len(below) > 1 and max(below) < chosen[0] and below == sorted(below, reverse=True):
        order, why = chosen[::-1], ", in a file from the bottom up"
    else:
        return by_pitch, ", and its register"
    crossing = max(_mean(tracks[b]) - _mean(tracks[a]) for a, b in itertools.combinations(order, 2))
    return (by_pitch, ", and its register") if crossing >= CLEARLY_HIGHER else (order, why)


def _mean(track: Track) -> float:
    return float(track.notes["pitch"].mean())


def _fits(track: Track, reading: Reading, place: int, ensemble: Ensemble) -> bool:
    part = ensemble.parts[place]
    says_nothing = not (reading.instrument or reading.is_other or reading.is_voice)
    fits = says_nothing or part.id in ensemble.parts_of(reading)
    return fits and track.program in {part.program, *ensemble.techniques}


def _join(
    tracks: Sequence[Track],
    joining: Sequence[int],
    readings: Mapping[int, Reading],
    parts: Sequence[str | None],
    ensemble: Ensemble,
) -> dict[int, tuple[str, str]]:
    """Find the part that each of the tracks `joining` belongs to, and why."""
    mains = {part: parts.index(part) for part in ensemble.ids}
    found: dict[int, tuple[str, str]] = {}
    for k in joining:
        named = ensemble.parts_of(readings[k])
        same_name = [p for p, main in mains.items() if tracks[k].name and tracks[main].name == tracks[k].name]
        if len(named) == 1 or len(same_name) == 1:
            found[k] = (named if len(named) == 1 else same_name)[0], "joins it by its name"
    unknown = [k for k in joining if k not in found]
    # All the ways at once: two tracks that sound together belong to two parts. A crowd is placed one by one.
    groups = [unknown] if len(unknown) <= VOICES else [[k] for k in unknown]
    # The ways are many, pairs of tracks few.
    overlap = functools.cache(lambda k, other: _overlap(tracks[k].notes, tracks[other].notes))
    mean = functools.cache(lambda k: _mean(tracks[k]))
    for group in groups:
        choices = [ensemble.parts_of(readings[k]) or ensemble.ids for k in group]
        best = min(itertools.product(*choices), key=lambda ps: _cost(group, [mains[p] for p in ps], overlap, mean))
        found |= {k: (part, "joins it by rests and register") for k, part in zip(group, best, strict=True)}
    return found


def _cost(
    group: Sequence[int], mains: Sequence[int], overlap: Callable[[int, int], float], mean: Callable[[int], float]
) -> tuple[float, float]:
    """Count how often these tracks play over their part's main one, or each other; then, squared semitones from it."""
    overlaps = register = 0.0
    for position, (k, main) in enumerate(zip(group, mains, strict=True)):
        overlaps += overlap(k, main)
        overlaps += sum(
            overlap(k, other) for other, taken in zip(group[:position], mains, strict=False) if taken == main
        )
        register += (mean(k) - mean(main)) ** 2
    return round(overlaps, 2), register


def _overlap(notes: Notes, others: Notes) -> float:
    """Share of the notes that begin while one of the others sounds."""
    others = in_order(others)
    ends = np.maximum.accumulate(others["onset"] + others["duration"])
    before = np.searchsorted(others["onset"], notes["onset"], side="right") - 1
    sounding = (before >= 0) & (ends[before] > notes["onset"])
    return float(sounding.mean())


def _together(notes: Iterable[Notes]) -> Notes:
    found = list(notes)
    # Mostly a part is one track.
    return found[0] if len(found) == 1 else in_order(np.concatenate([make_notes([], [], []), *found]))


def _label(track: Track) -> str:
    return f"{track.name or 'unnamed'} (program {track.program})"
