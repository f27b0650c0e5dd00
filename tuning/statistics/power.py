"""What replicates can show: critical values of the signed-rank test, and the number of replicates needed.

How many are needed is a guide for the next study, no evidence about this one (Hoenig & Heisey, The American
Statistician 55, 2001), and as uncertain as the difference that was seen: so it is a range.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

ENOUGH = 0.8  # the power that "replicates needed" refers to
MOST = 100  # replicates; above, only "more than 100" is said
Floats = npt.NDArray[np.float64]
_NORMAL = NormalDist()


@lru_cache(maxsize=512)
def null_distribution(num_pairs: int) -> Floats:
    """(n * (n + 1) / 2 + 1,): chance of each sum of positive ranks if no pair favours either side."""
    chances = np.ones(1)
    for rank in range(1, num_pairs + 1):
        wider = np.zeros(len(chances) + rank)
        wider[: len(chances)] += chances / 2
        wider[rank:] += chances / 2
        chances = wider
    chances.flags.writeable = False
    return chances


@lru_cache(maxsize=4096)
def critical_value(num_pairs: int, level: float) -> int:
    """The largest sum of ranks that is two-sided significant at `level`; -1 if none is."""
    tail = 2 * np.cumsum(null_distribution(num_pairs)[: num_pairs * (num_pairs + 1) // 4 + 1])
    return int(np.searchsorted(tail, level * (1 + 1e-12), side="right")) - 1


def replicates_range(low: float, high: float, level: float, *, paired: bool) -> tuple[float, float]:
    """Replicates of each tuner for a power of `ENOUGH`, if one beats the other as often as it may.

    Noether's approximation (JASA 82, 1987, sections 2.2 and 2.3), at both ends of the interval of that chance. For
    differences within replicates the chance that the sum of two favours a tuner stands for the chance that one does,
    as for normal differences. Where differences are as large as their spread, it asks for some replicates too many.

    Args:
        low: End of the interval of the chance that the first beats the second.
        high: Its other end.
        level: Two-sided, of the test.
        paired: Whether differences within replicates are tested, or two samples.

    Returns:
        Fewest and most, whole numbers; infinity where the interval holds one half; NaN without an interval.
    """
    if math.isnan(low):
        return math.nan, math.nan
    far, near = (high, low) if high - 0.5 >= 0.5 - low else (low, high)
    same_side = (far - 0.5) * (near - 0.5) > 0
    return _noether(far, level, paired), _noether(near, level, paired) if same_side else math.inf


def _noether(chance: float, level: float, paired: bool) -> float:
    wanted = _NORMAL.inv_cdf(1 - level / 2) + _NORMAL.inv_cdf(ENOUGH)
    edge = min(max(chance, 1e-6), 1 - 1e-6)
    summed = _NORMAL.cdf(math.sqrt(2) * _NORMAL.inv_cdf(edge)) if paired else edge
    away = (summed - 0.5) ** 2
    return math.ceil(wanted**2 / ((3 if paired else 6) * away)) if away else math.inf
