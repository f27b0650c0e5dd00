"""Wilcoxon's signed-rank test of paired differences, exact even with ties; Holm's adjustment; the typical shift.

The caller chooses the pairs; differences of different problems must not be pooled.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.power import critical_value

LEVEL = 0.05  # a difference is declared if its Holm-adjusted p is at most this


def signed_rank_p(differences: npt.ArrayLike) -> float:
    """Exact two-sided p of Wilcoxon's signed-rank test for (num_pairs,) paired differences.

    Zeros are dropped (Wilcoxon 1945); tied differences share mid-ranks and the distribution is exact given those ranks;
    scipy's ``method="exact"`` is exact for untied ranks only. NaN without pairs, 1 if all are zero.
    """
    values = np.asarray(differences, dtype=float)
    return min(1.0, 2 * min(one_sided_p(values), one_sided_p(-values))) if len(values) else math.nan


def one_sided_p(differences: npt.ArrayLike) -> float:
    """As `signed_rank_p`, against differences above 0 alone."""
    values = np.asarray(differences, dtype=float)
    if not len(values):
        return math.nan
    ranks, values = doubled_ranks(values)
    if not len(values):
        return 1.0
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0] = 1.0
    for rank in ranks:
        shifted = np.zeros_like(chances)
        shifted[rank:] = chances[:-rank]
        chances = (chances + shifted) / 2
    return float(chances[int(ranks[values > 0].sum()) :].sum())


def doubled_ranks(differences: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Twice the mid-ranks of the nonzero differences, and those differences.

    Doubled they are whole numbers, so the sums of all 2^n sign patterns are counted by n convolutions.
    """
    values = differences[differences != 0]
    return np.rint(2 * stats.rankdata(np.abs(values))).astype(np.int64), values


def smallest_p(num_pairs: int) -> float:
    """The smallest two-sided p possible with this many pairs: all of one sign, 2 of 2^n patterns."""
    return min(1.0, 2.0 ** (1 - num_pairs)) if num_pairs else math.nan


def replicates_needed(num_comparisons: int, level: float = LEVEL) -> int:
    """Fewest replicates with which the smallest p, adjusted by Holm over `num_comparisons`, reaches `level`."""
    return 1 + math.ceil(round(math.log2(max(1, num_comparisons) / level), 9))


def holm(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Holm's step-down adjustment of (num_comparisons,) p-values (Holm 1979); a NaN counts as p = 1."""
    p = np.nan_to_num(np.asarray(p_values, dtype=float), nan=1.0)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p), dtype=np.float64)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def shift_estimate(differences: npt.ArrayLike) -> tuple[float, float, float]:
    """The typical paired difference and the exact `CONFIDENCE` interval that goes with the signed-rank test.

    Hodges and Lehmann's estimate, the median of all means of two differences (also of one with itself), and the shifts
    that the test would not reject (Hollander & Wolfe, Nonparametric Statistical Methods, 1999, sections 3.2, 3.3). The
    interval assumes that differences are symmetric about their centre. With fewer than 6 pairs there is none: NaN.

    Args:
        differences: (num_pairs,).
    """
    values = np.sort(np.asarray(differences, dtype=float))
    if not len(values):
        return math.nan, math.nan, math.nan
    first, second = np.triu_indices(len(values))
    means = np.sort((values[first] + values[second]) / 2)
    critical = critical_value(len(values), 1 - CONFIDENCE)
    if critical < 0:
        return float(np.median(means)), math.nan, math.nan
    return float(np.median(means)), float(means[critical]), float(means[-1 - critical])
