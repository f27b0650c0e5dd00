"""Ranks of tuners, the Friedman test over them, and Nemenyi's critical difference.

Demsar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7 (2006). Tuners are ranked within a
block: a replicate if one problem is judged, a problem if there are several.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankTest:
    """Mean ranks of tuners over blocks, and which are shown to differ.

    Attributes:
        tuners: The tuners ranked, in order of mean rank.
        ranks: Their mean ranks; 1 is best.
        blocks: Number of blocks.
        block: What a block is: "replicate" or "problem".
        p: Of Friedman's test that all tuners are equal; NaN for fewer than three tuners or two blocks.
        critical_difference: Mean ranks further apart than this differ at `level` (Nemenyi).
        groups: Maximal groups of tuners that are not shown to differ.
        left_out: Tuners without a score, which could not be ranked.
    """

    tuners: tuple[str, ...]
    ranks: tuple[float, ...]
    blocks: int
    block: str
    p: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...] = ()


def rank(scores: npt.ArrayLike, direction: str) -> Floats:
    """Ranks within each block, 1 the best, ties sharing the mean of their ranks, as ``scipy.stats.rankdata`` does.

    Args:
        scores: (num_blocks, num_tuners, ...).
        direction: "max" or "min".

    Returns:
        Same shape; all NaN in a block with any NaN score.
    """
    values = np.asarray(scores, dtype=float) * (1.0 if direction == "max" else -1.0)
    above = (values[:, None] > values[:, :, None]).sum(axis=2)
    level = (values[:, None] == values[:, :, None]).sum(axis=2)
    return np.where(np.isnan(values).any(axis=1, keepdims=True), np.nan, above + (level + 1) / 2)


@lru_cache(maxsize=64)
def critical_difference(num_tuners: int, num_blocks: int, level: float) -> float:
    """Nemenyi's: q / sqrt(2) * sqrt(k * (k + 1) / (6 * N)), with q of the studentised range (Demsar, section 3.2.2)."""
    q = float(stats.studentized_range.ppf(1 - level, num_tuners, np.inf)) / math.sqrt(2)
    return q * math.sqrt(num_tuners * (num_tuners + 1) / (6 * num_blocks))


def rank_test(
    scores: npt.ArrayLike, tuners: Sequence[str], direction: str, block: str, level: float
) -> RankTest | None:
    """Friedman's test and Nemenyi's critical difference.

    Args:
        scores: (num_blocks, num_tuners). A tuner without any score is left out and named; then blocks with a
            missing score are left out.
        tuners: (num_tuners,) names.
        direction: "max" or "min".
        block: What a row is: "replicate" or "problem".
        level: Of the critical difference.

    Returns:
        None with fewer than two tuners, or fewer than two blocks that they all share.
    """
    values = np.asarray(scores, dtype=float)
    known = ~np.isnan(values).all(axis=0) if len(values) else np.zeros(len(tuners), dtype=bool)
    names = [name for name, there in zip(tuners, known, strict=True) if there]
    values = values[:, known]
    values = values[~np.isnan(values).any(axis=1)]
    if len(names) < 2 or len(values) < 2:
        return None
    ranks = rank(values, direction)
    alike = bool((ranks == ranks[:, :1]).all())
    p = float(stats.friedmanchisquare(*ranks.T).pvalue) if len(names) > 2 and not alike else 1.0 if alike else math.nan
    means = ranks.mean(axis=0)
    order = np.argsort(means, kind="stable")
    ordered, sizes = [names[place] for place in order], means[order]
    difference = critical_difference(len(names), len(values), level)
    return RankTest(
        tuple(ordered),
        tuple(float(size) for size in sizes),
        len(values),
        block,
        p,
        difference,
        tuple(tuple(ordered[first:last]) for first, last in _groups(sizes, difference)),
        tuple(name for name in tuners if name not in names),
    )


def _groups(means: Floats, difference: float) -> list[tuple[int, int]]:
    """First and past-the-last place of each maximal run of sorted mean ranks no wider than `difference`."""
    runs: list[tuple[int, int]] = []
    for first in range(len(means)):
        last = int(np.searchsorted(means, means[first] + difference, side="right"))
        if last - first > 1 and (not runs or last > runs[-1][1]):
            runs.append((first, last))
    return runs
