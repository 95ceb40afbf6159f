"""Whose part is which track: the tracks of a file and the four parts of an ensemble.

A part may be spread over several tracks: one for each technique (of strings arco 40-42, tremolo 44, pizzicato
45, ensemble 48-51), or a second staff for a few divided bars. Such a track joins the part that it belongs to: by its
name, else the part that rests while it plays, else the part nearest in register.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, VOICES, Ensemble
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.tracks import Music, Track

FIFTH_PART = 0.1
"""A surplus track with this share of all notes or more is a part of its own, so the piece is no quartet."""

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
    names = {k: ensemble.part_by_name(tracks[k].name) for k in playing}
    reasons = [_unknown(track) for track in music.tracks]
    programs = {*ensemble.programs, *ensemble.techniques}
    players = [k for k in playing if names[k] or music.tracks[k].program in programs]

    joining = _assign_players(tracks, players, names, parts, reasons, ensemble)
    if set(ensemble.ids) - set(parts) and len(playing) == VOICES:
        # Four tracks and nothing else: the order of a score, if the metadata say so or no track speaks against it.
        if is_known or all(_fits(tracks[k], names[k], place, ensemble) for place, k in enumerate(playing)):
            for part, k, place in zip(ensemble.ids, playing, _ORDINALS, strict=True):
                parts[k], reasons[k] = part, f"{place} of four tracks"
            joining = []
    absent = [part for part in ensemble.ids if part not in parts]
    if absent:
        found = ", ".join(_label(music.tracks[k]) for k in playing) or "no notes"
        return Assignment(tuple(parts), f"no track for {', '.join(absent)} (found: {found})", tuple(reasons))

    total = sum(len(music.tracks[k].notes) for k in playing)
    for k in playing:
        track = music.tracks[k]
        surplus = k in joining and track.program not in ensemble.techniques
        if (surplus or (k not in players and parts[k] is None)) and len(track.notes) >= FIFTH_PART * total:
            reasons[k] = f"a part of its own: {len(track.notes) / total:.0%} of all notes"
            refusal = f"a fifth part: {_label(track)}, {len(track.notes)} notes"
            return Assignment(tuple(parts), refusal, tuple(reasons))
    for k, (part, reason) in _join(tracks, joining, parts, ensemble).items():
        parts[k], reasons[k] = part, reason
    return Assignment(tuple(parts), None, tuple(reasons))


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
    """Put the notes of the four parts together, in the ensemble's order, each from all the tracks assigned to it."""
    return [_together(t.notes for t, p in zip(tracks, parts, strict=True) if p == part) for part in ensemble.ids]


def _assign_players(
    tracks: Sequence[Track],
    players: list[int],
    names: dict[int, str | None],
    parts: list[str | None],
    reasons: list[str],
    ensemble: Ensemble,
) -> list[int]:
    """Give each part its main track, in `parts`, and say why in `reasons`; return the tracks left to join one."""
    # A part's main track is bowed if it has a bowed one; of several, the one with most notes.
    order = sorted(players, key=lambda k: (tracks[k].program in ensemble.techniques, -len(tracks[k].notes)))
    for k in order:
        if names[k] and names[k] not in parts:
            parts[k], reasons[k] = names[k], "its name"
        elif names[k]:
            reasons[k] = "one more of this name"
    for k in players:
        if parts[k] is None and not names[k] and tracks[k].program in ensemble.programs:
            free = [part.id for part in ensemble.parts if part.program == tracks[k].program]
            parts[k] = next((part for part in free if part not in parts), None)
            reasons[k] = f"its program, {tracks[k].program}" if parts[k] else f"one more of program {tracks[k].program}"
    return [k for k in players if parts[k] is None]


def _fits(track: Track, name: str | None, place: int, ensemble: Ensemble) -> bool:
    part = ensemble.parts[place]
    return name in (None, part.id) and track.program in {part.program, *ensemble.techniques}


def _join(
    tracks: Sequence[Track], joining: Sequence[int], parts: Sequence[str | None], ensemble: Ensemble
) -> dict[int, tuple[str, str]]:
    """Find the part that each of the tracks `joining` belongs to, and why."""
    mains = {part: tracks[parts.index(part)] for part in ensemble.ids}
    found: dict[int, tuple[str, str]] = {}
    for k in joining:
        same_name = next((p for p, main in mains.items() if tracks[k].name and main.name == tracks[k].name), None)
        part = ensemble.part_by_name(tracks[k].name) or same_name
        if part:
            found[k] = part, "joins it by its name"
    unknown = [k for k in joining if k not in found]
    # All the ways at once: two tracks that sound together belong to two parts. A crowd is placed one by one.
    groups = [unknown] if len(unknown) <= VOICES else [[k] for k in unknown]
    for group in groups:
        best = min(itertools.product(ensemble.ids, repeat=len(group)), key=lambda ps: _cost(tracks, group, ps, mains))
        found |= {k: (part, "joins it by rests and register") for k, part in zip(group, best, strict=True)}
    return found


def _cost(
    tracks: Sequence[Track], group: Sequence[int], parts: Sequence[str], mains: Mapping[str, Track]
) -> tuple[float, float]:
    """Count how often these tracks play over their part, or each other; then, squared semitones from its register."""
    overlap = register = 0.0
    for position, (k, part) in enumerate(zip(group, parts, strict=True)):
        notes, main = tracks[k].notes, mains[part].notes
        overlap += _overlap(notes, main)
        overlap += sum(
            _overlap(notes, tracks[other].notes)
            for other, taken in zip(group[:position], parts, strict=False)
            if taken == part
        )
        register += float(notes["pitch"].mean() - main["pitch"].mean()) ** 2
    return round(overlap, 2), register


def _overlap(notes: Notes, others: Notes) -> float:
    """Share of the notes that begin while one of the others sounds."""
    others = others[np.argsort(others["onset"], kind="stable")]
    ends = np.maximum.accumulate(others["onset"] + others["duration"])
    before = np.searchsorted(others["onset"], notes["onset"], side="right") - 1
    sounding = (before >= 0) & (ends[before] > notes["onset"])
    return float(sounding.mean())


def _together(notes: Iterable[Notes]) -> Notes:
    joined = np.concatenate([make_notes([], [], []), *notes])
    return joined[np.lexsort((joined["pitch"], joined["onset"]))]


def _label(track: Track) -> str:
    return f"{track.name or 'unnamed'} (program {track.program})"
