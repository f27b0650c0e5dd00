"""Two independent samples: the exact rank-sum test, the shift between them, and how often one value beats the other.

Wilcoxon's rank-sum test (Biometrics Bulletin 1, 1945; Mann and Whitney, Annals of Mathematical Statistics 18, 1947) for
replicates that share nothing. It needs fewer of them than the signed-rank test: 6 instead of 9 to show a difference
among 10 pairs, because all n m pairs of values count.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from tuning.statistics.bootstrap import CONFIDENCE

Floats = npt.NDArray[np.float64]
MOST_TIED = 40  # values of a sample; with ties and more, a normal approximation, off by less than 0.001 there
_Z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))


def rank_sum_p(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Two-sided p of the rank-sum test, exact also with ties (given the mid-ranks); NaN if a sample is empty."""
    return float(np.minimum(1.0, 2 * np.minimum(*rank_sum_sides(a, b))))  # not Python's, which drops NaN


def rank_sum_sides(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[float, float]:
    """One-sided p: that values of (n,) `a` are above those of (m,) `b`, and that they are below."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    n, m = len(first), len(second)
    if not n or not m:
        return math.nan, math.nan
    ranks = stats.rankdata(np.concatenate([first, second]))
    tied = len(np.unique(ranks)) < n + m
    if tied and max(n, m) > MOST_TIED:
        return _approximate(ranks, n, m)
    doubled = np.rint(2 * ranks).astype(np.int64) if tied else np.rint(ranks).astype(np.int64)
    chances = _tied_chances(tuple(sorted(doubled.tolist())), n) if tied else _chances(n, m)
    # Without ties the distribution is that of the sum of ranks above its minimum.
    place = int(doubled[:n].sum()) - (0 if tied else n * (n + 1) // 2)
    return float(min(1.0, chances[place:].sum())), float(min(1.0, chances[: place + 1].sum()))


def smallest_rank_sum_p(n: int, m: int) -> float:
    """The smallest two-sided p of two samples of these sizes: all values of one above all of the other."""
    return min(1.0, 2 / math.comb(n + m, n)) if n and m else math.nan


def replicates_needed(num_comparisons: int, level: float) -> int:
    """Fewest values of each sample with which the smallest p, adjusted over `num_comparisons`, reaches `level`."""
    n = 1
    while smallest_rank_sum_p(n, n) * max(1, num_comparisons) > level:
        n += 1
    return n


def shift_between(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[float, float, float]:
    """The typical difference a - b and the exact `CONFIDENCE` interval that goes with the rank-sum test.

    Hodges and Lehmann's estimate, the median of all n m differences, and the shifts that the test would not reject
    (Hollander & Wolfe, Nonparametric Statistical Methods, 1999, section 4.2). The interval assumes that the two
    distributions differ by a shift only. With fewer than 4 values each there is none: NaN.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if not len(first) or not len(second):
        return math.nan, math.nan, math.nan
    differences = np.sort((first[:, None] - second[None]).ravel())
    cumulated = np.cumsum(_chances(len(first), len(second)))
    critical = int(np.searchsorted(cumulated, (1 - CONFIDENCE) / 2 * (1 + 1e-12), side="right")) - 1
    if critical < 0:
        return float(np.median(differences)), math.nan, math.nan
    return float(np.median(differences)), float(differences[critical]), float(differences[-1 - critical])


def beats(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[float, float, float]:
    """The chance that a value of `a` is above one of `b`, ties counted half, with its `CONFIDENCE` interval.

    Newcombe's fifth method (Statistics in Medicine 25, 2006, part 2): a score interval with Hanley and McNeil's
    variance at the end itself, so that it exists and is not a point where all values of one are above all of the other.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    n, m = len(first), len(second)
    if not n or not m:
        return math.nan, math.nan, math.nan
    share = float(((first[:, None] > second).mean() + (first[:, None] >= second).mean()) / 2)
    grid = np.linspace(0, 1, 2001)
    half = (n + m) / 2 - 1
    spread = grid * (1 - grid) * (1 + half * (1 - grid) / (2 - grid) + half * grid / (1 + grid)) / (n * m)
    inside = grid[np.abs(grid - share) <= _Z * np.sqrt(spread) + 1e-9]
    return share, float(inside.min(initial=share)), float(inside.max(initial=share))


@lru_cache(maxsize=256)
def _chances(n: int, m: int) -> Floats:
    """(n m + 1,): the chance of each number of pairs in which the first sample's value is above, without ties.

    The coefficients of the Gaussian binomial: prod (1 - q^(m + i)) / (1 - q^i), i = 1..n.
    """
    counts = np.zeros(n * m + 1)
    counts[0] = 1.0
    for step in range(1, n + 1):
        top = m + step
        if top <= n * m:
            counts[top:] -= counts[:-top].copy()
        for start in range(step):  # division by 1 - q^step: a running sum at that stride
            counts[start::step] = np.cumsum(counts[start::step])
        counts /= counts.sum() or 1.0
        counts = np.maximum(counts, 0.0)
    return np.asarray(counts / counts.sum())


@lru_cache(maxsize=256)
def _tied_chances(doubled: tuple[int, ...], n: int) -> Floats:
    """The chance of each sum of `n` of these doubled mid-ranks, all choices alike."""
    counts = np.zeros((n + 1, sum(doubled[-n:]) + 1))
    counts[0, 0] = 1.0
    for rank in doubled:
        counts[1:, rank:] += counts[:-1, : counts.shape[1] - rank].copy()
    return np.asarray(counts[n] / counts[n].sum())


def _approximate(ranks: Floats, n: int, m: int) -> tuple[float, float]:
    """`rank_sum_sides` by the normal distribution, corrected for ties and continuity."""
    found = stats.mannwhitneyu(ranks[:n], ranks[n:], alternative="greater", method="asymptotic")
    other = stats.mannwhitneyu(ranks[:n], ranks[n:], alternative="less", method="asymptotic")
    return float(found.pvalue), float(other.pvalue)
