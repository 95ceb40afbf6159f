"""Four parts of any tracks: of a melody, a piano piece, a score with more or fewer parts.

Tracks that have a part keep it, single lines go to the free part that lies nearest, and the notes of what plays chords
are spread over the parts that are left (`over_parts`); over all four, if none are left.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from quartetvae.music import part_assignment
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.tracks import Music


def spread(music: Music, parts: Sequence[str | None], *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> list[Notes]:
    """Make four parts of all tracks but drums; `parts` says for each track which part it is known to be, or None.

    Returns the notes of the four parts, in the order of the ensemble.
    """
    within = max(1, music.ticks_per_beat // 16)
    centres = {part.id: part.centre for part in ensemble.parts}
    pitched = [k for k in music.playing if not music.tracks[k].is_drum]
    # A player's double stops are few; a track of chords is more than its one part, whatever its name.
    kept = [
        part if part and _single_share(track.notes, within) >= 0.5 else None
        for track, part in zip(music.tracks, parts, strict=True)
    ]
    taken = dict(zip(ensemble.ids, part_assignment.merge(music.tracks, kept, ensemble=ensemble), strict=True))
    free = [part for part in ensemble.ids if not len(taken[part])]
    left = [k for k in pitched if kept[k] is None]
    lines = [k for k in left if _single_share(music.tracks[k].notes, within) == 1]
    chords = [music.tracks[k].notes for k in left if k not in lines]
    if len(lines) + bool(chords) > len(free):
        return over_parts([music.tracks[k].notes for k in pitched], within=within, ensemble=ensemble)
    for k in sorted(lines, key=lambda k: -float(music.tracks[k].notes["pitch"].mean())):
        mean = float(music.tracks[k].notes["pitch"].mean())
        nearest = min(free, key=lambda part: abs(centres[part] - mean))
        taken[nearest] = music.tracks[k].notes
        free.remove(nearest)
    if chords:
        found = over_parts(chords, among=free, within=within, ensemble=ensemble)
        taken |= {part: notes for part, notes in zip(ensemble.ids, found, strict=True) if part in free}
    return [taken[part] for part in ensemble.ids]


def _single_share(notes: Notes, within: int) -> float:
    """Give the share of notes with which no other begins; 1 without any."""
    apart = np.concatenate([[True], np.diff(np.sort(notes["onset"])) >= within, [True]])
    return float((apart[:-1] & apart[1:])[: len(notes)].mean()) if len(notes) else 1.0


def over_parts(
    tracks: Sequence[Notes],
    *,
    among: Sequence[str] | None = None,
    within: int = 1,
    ensemble: Ensemble = DEFAULT_ENSEMBLE,
) -> list[Notes]:
    """Spread the notes of any number of tracks over four parts, of which `among` play (all of them by default).

    Of notes that begin together the highest goes to the highest part that plays, and so on downwards, each note to one
    part; which parts play is what leads to the smallest leaps, from each part's last note and the middle of its range.
    Of more than there are parts the highest ones and the lowest stay. Notes that begin less than `within`
    ticks after the first of them begin together: fingers do not come down at once.
    """
    among = ensemble.ids if among is None else among
    centres = {part.id: part.centre for part in ensemble.parts}
    every = np.concatenate([make_notes([], [], []), *tracks])
    every = every[np.lexsort((every["pitch"], every["onset"]))]
    last = {part: float(centre) for part, centre in centres.items()}
    taken: dict[str, list[Notes]] = {part: [] for part in ensemble.ids}
    begins: list[int] = []
    for place, onset in enumerate(every["onset"].tolist()):
        if not begins or onset - every["onset"][begins[-1]] >= within:
            begins.append(place)
    for chord in np.split(every, begins[1:]) if begins else []:
        together = chord[np.argsort(chord["pitch"], kind="stable")][::-1]
        _, first = np.unique(together["pitch"], return_index=True)
        together = together[np.sort(first)]
        if len(together) > len(among):
            together = together[[*range(len(among) - 1), len(together) - 1]]
        pitches = together["pitch"].tolist()
        best = min(
            itertools.combinations(among, len(together)),
            key=lambda playing: _leaps(pitches, playing, last, centres),
        )
        for part, note in zip(best, together, strict=True):
            taken[part].append(note.reshape(1))
            last[part] = float(note["pitch"])
    return [np.concatenate([make_notes([], [], []), *taken[part]]) for part in ensemble.ids]


def _leaps(
    pitches: Sequence[int], playing: Sequence[str], last: Mapping[str, float], centres: Mapping[str, int]
) -> float:
    return sum(
        abs(pitch - last[part]) + abs(pitch - centres[part]) for pitch, part in zip(pitches, playing, strict=True)
    )
