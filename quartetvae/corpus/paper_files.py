"""The files of the paper: the 36 that it calls string quartets, in its order, and the 18 pairs that it interpolates.

One of them, 2242, is a solo violin fugue written on four tracks; 1792 and 1793 have the same notes as 1788 and 1789.
"""

IDS = (
    *("2104", "2105", "2106", "2497", "2433", "2368", "2314", "2480", "2481", "2379", "2365", "2562"),
    *("2494", "2403", "2376", "2384", "2560", "2377", "2381", "2621", "2242", "1916", "1788", "1789"),
    *("1790", "1793", "1805", "1835", "1792", "1791", "1807", "1859", "1822", "2177", "2179", "2178"),
)
"""MusicNet ids."""


def fold(ids: list[str]) -> list[tuple[str, str]]:
    """Pair the first half of a list with its second half reversed: the first with the last, and so on."""
    half = len(ids) // 2
    return list(zip(ids[:half], ids[::-1][:half], strict=True))


PAIRS = tuple(fold(list(IDS)))
"""The first half of the list with the second half reversed."""
