"""How far raters agree: Krippendorff's alpha.

alpha = 1 - D_o / D_e: the disagreement that is observed within units (what is rated), divided by what is to be expected
if values were given to units by chance. 1: all agree; 0: no more than by chance; below: less. Disagreement is the
squared difference of values (`interval`), or of their places among all values (`ordinal`).

Source: K. Krippendorff, *Computing Krippendorff's Alpha-Reliability* (2011), for any number of raters and with missing
values. The packages that have it are not among this project's dependencies.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quartetvae.errors import check_mode

Scale = Literal["interval", "ordinal"]


def alpha(units: Sequence[Sequence[float]], scale: Scale) -> float | None:
    """Compute alpha.

    Parameters
    ----------
    units
        The values that each unit was given, in any order; a unit with one value or none does not count.

    Returns
    -------
    At most 1; None where no unit has two values, or all values are equal, so that no disagreement is to be expected.

    Examples
    --------
    >>> alpha([[1, 1], [2, 2], [3, 3]], "interval")
    1.0
    """
    check_mode("scale", scale, Scale)
    paired = [unit for unit in units if len(unit) > 1]
    if not paired:
        return None
    values = np.concatenate([np.asarray(unit, np.float64) for unit in paired])
    if scale == "ordinal":
        from scipy import stats

        # The ordinal difference of two values is that of their mean ranks.
        values = stats.rankdata(values)
    expected = _pairs(values) / (len(values) - 1)
    if expected == 0:
        return None
    ends = np.cumsum([len(unit) for unit in paired])[:-1]
    observed = sum(_pairs(unit) / (len(unit) - 1) for unit in np.split(values, ends))
    return float(1 - observed / expected)


def _pairs(values: NDArray[np.float64]) -> float:
    """Sum the squared differences over all ordered pairs."""
    return float(2 * len(values) * np.square(values - values.mean()).sum())
