"""Whether one value of each block is better than the others of its block, exact even with ties.

The rank of the one within its block, summed over blocks; under the hypothesis that the one is no different, each place
in its block is as likely (van Elteren, Bulletin of the International Statistical Institute 37, 1960). It shows
something with few blocks: three blocks of six values give a p of 0.009 at best, where the signed-rank test gives 0.25.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats


def block_rank_p(ones: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Two-sided p; NaN without a block that has both.

    Args:
        ones: (num_blocks,).
        others: (num_blocks, num_others); NaN where one is missing, in either.
    """
    chances, total = np.ones(1), 0
    for one, rest in zip(np.asarray(ones, dtype=float), np.asarray(others, dtype=float), strict=True):
        known = rest[~np.isnan(rest)]
        if np.isnan(one) or not len(known):
            continue
        doubled = np.rint(2 * stats.rankdata([one, *known])).astype(np.int64)
        total += int(doubled[0])
        here = np.bincount(doubled) / len(doubled)
        chances = np.convolve(chances, here)
    if len(chances) == 1:
        return math.nan
    return float(min(1.0, 2 * min(chances[: total + 1].sum(), chances[total:].sum())))
