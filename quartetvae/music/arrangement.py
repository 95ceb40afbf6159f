"""Four parts of any tracks: of a melody, a piano piece, a score with more or fewer parts.

Tracks that have a part keep it, single lines go as wholes to parts that are free, so that lines keep their order of
pitch: of two, the higher one goes to the upper part (`by_pitch`). The notes of what plays chords are spread over the
parts that are left (`over_parts`); over all four, if none are left.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from quartetvae.music import part_assignment
from quartetvae.music.ensemble import DEFAULT_ENSEMBLE, Ensemble
from quartetvae.music.notes import Notes, make_notes
from quartetvae.music.tracks import Music

SINGLE = 0.9
"""A track is one line if with this share of its notes no other begins: a few double stops do not make chords."""


def spread(music: Music, parts: Sequence[str | None], *, ensemble: Ensemble = DEFAULT_ENSEMBLE) -> list[Notes]:
    """Make four parts of all tracks but drums; `parts` says for each track which part it is known to be, or None.

    Returns the notes of the four parts, in the order of the ensemble.
    """
    within = max(1, music.ticks_per_beat // 16)
    pitched = [k for k in music.playing if not music.tracks[k].is_drum]
    # A player's double stops are few; a track of chords is more than its one part, whatever its name.
    kept = [
        part if part and _single_share(track.notes, within) >= 0.5 else None
        for track, part in zip(music.tracks, parts, strict=True)
    ]
    known = dict(zip(ensemble.ids, part_assignment.merge(music.tracks, kept, ensemble=ensemble), strict=True))
    known = {part: notes for part, notes in known.items() if len(notes)}
    left = [k for k in pitched if kept[k] is None]
    lines = [music.tracks[k].notes for k in left if _single_share(music.tracks[k].notes, within) >= SINGLE]
    chords = [music.tracks[k].notes for k in left if _single_share(music.tracks[k].notes, within) < SINGLE]
    if len(known) + len(lines) + bool(chords) > len(ensemble.ids):
        return over_parts([music.tracks[k].notes for k in pitched], within=within, ensemble=ensemble)
    taken = by_pitch(known, lines, ensemble=ensemble)
    if chords:
        free = [part for part in ensemble.ids if part not in taken]
        found = over_parts(chords, among=free, within=within, ensemble=ensemble)
        taken |= {part: notes for part, notes in zip(ensemble.ids, found, strict=True) if part in free}
    return [taken.get(part, make_notes([], [], [])) for part in ensemble.ids]


def by_pitch(
    known: Mapping[str, Notes], lines: Sequence[Notes], *, ensemble: Ensemble = DEFAULT_ENSEMBLE
) -> dict[str, Notes]:
    """Give lines to the parts of an ensemble, all at once, so that the higher of two goes to the upper part.

    What is `known` to be a part stays, unless a line that must be placed can then not keep its order; parts that are
    known keep their own order, whatever their pitches. Else those parts are taken that lie nearest.

    Parameters
    ----------
    known
        By part, its notes.
    lines
        Notes of lines, no more than there are parts left; how high one lies is the mean of its pitches.
    """
    every = [*known.values(), *lines]
    means = [float(notes["pitch"].mean()) for notes in every]
    centres = [part.centre for part in ensemble.parts]
    homes = [ensemble.ids.index(part) for part in known]

    def cost(places: Sequence[int]) -> tuple[int, int, float]:
        """Count what lies in the wrong order, then known parts that move; then semitones from the parts' centres."""
        disorder = sum(
            homes[a] < homes[b] if max(a, b) < len(homes) else means[a] > means[b]
            for a, b in itertools.permutations(range(len(every)), 2)
            if places[a] > places[b]
        )
        moved = sum(place != home for place, home in zip(places, homes, strict=False))
        return disorder, moved, sum(abs(mean - centres[place]) for mean, place in zip(means, places, strict=True))

    best = min(itertools.permutations(range(len(ensemble.ids)), len(every)), key=cost)
    return {ensemble.ids[place]: notes for place, notes in zip(best, every, strict=True)}


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
