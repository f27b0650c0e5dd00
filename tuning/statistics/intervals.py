"""Intervals that cover what they say with few values: exact for medians and shares, Student's for means.

A percentile bootstrap of three to six values covers a median in 75 to 93 % of cases, not in 95 %, and its interval of a
share of 5 of 5 is the point 1 (`tests.simulations.intervals` measures both). All work on columns: values are
(n, ...) and ends (...), NaN in columns with a NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from tuning.statistics.bootstrap import CONFIDENCE

TAIL = (1 - CONFIDENCE) / 2
SKEWED_COVERAGE = {2: 0.91, 3: 0.87, 4: 0.87, 5: 0.87, 8: 0.88, 15: 0.90, 30: 0.91, 60: 0.92, 100: 0.93}
"""By the fewest values, how often Student's interval holds the mean of skewed scores, `tests.simulations.intervals`."""
WELCH_COVERAGE = {2: 0.89, 3: 0.91, 30: 0.92, 100: 0.93}
"""The same of Welch's interval of the difference of five tuners' searches together and a baseline."""
WITHIN_COVERAGE = {2: 0.93, 10: 0.92, 100: 0.93}
"""The same of Student's, of the differences of the tuners' mean and the baseline within replicates."""
Floats = npt.NDArray[np.float64]
Ends = tuple[Floats, Floats]


def student(values: npt.ArrayLike) -> Ends:
    """Student's interval of the mean of (n, ...) values; NaN of fewer than two.

    Exact for normal values; for skewed ones with few replicates it covers less, as every interval of a mean does.
    """
    known = np.asarray(values, dtype=float)
    n = len(known)
    if n < 2:
        return _nothing(known)
    half = _quantile(n - 1) * known.std(axis=0, ddof=1) / math.sqrt(n)
    return known.mean(axis=0) - half, known.mean(axis=0) + half


def student_coverage(n: int) -> float:
    """How often `student` holds the mean of n skewed values."""
    return by_fewest(SKEWED_COVERAGE, n)


def welch(first: npt.ArrayLike, second: npt.ArrayLike) -> Ends:
    """The interval of the difference of the means of (n, ...) and (m, ...) values; NaN with fewer than two of either.

    Welch's (Biometrika 34, 1947): the two may vary differently. Skewness that both have goes out of the difference only
    where they are as many and as wide.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if min(len(a), len(b)) < 2:
        return _nothing(a)
    parts = [sample.var(axis=0, ddof=1) / len(sample) for sample in (a, b)]
    squared = parts[0] + parts[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = squared**2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    half = np.where(squared == 0, 0.0, stats.t.ppf(1 - TAIL, freedom) * np.sqrt(squared))
    difference = a.mean(axis=0) - b.mean(axis=0)
    return difference - half, difference + half


def together_coverage(n: int, *, paired: bool) -> float:
    """How often the interval of several tuners together and a baseline holds what is true of n skewed scores each."""
    return by_fewest(WITHIN_COVERAGE if paired else WELCH_COVERAGE, n)


def median_ends(values: npt.ArrayLike) -> Ends:
    """The interval of the median of (n, ...) values between two of them; NaN of fewer than two.

    The median lies below the k-th smallest value with the chance that fewer than k of n fair coins show heads
    (Hahn and Meeker, Statistical Intervals, 1991, section 5.2): whatever the distribution. Of fewer than 6 values it is
    from the smallest to the largest; `median_coverage` tells what that covers.
    """
    known = np.sort(np.asarray(values, dtype=float), axis=0)
    n = len(known)
    if n < 2:
        return _nothing(known)
    low, high = known[_left_out(n)], known[n - 1 - _left_out(n)]
    missing = np.isnan(known[-1])
    return np.where(missing, np.nan, low), np.where(missing, np.nan, high)


def median_coverage(n: int) -> float:
    """How often `median_ends` of n values holds the median: 75 % of 3, 94 % of 5, at least 95 % from 6 on."""
    return 1 - 2 * float(stats.binom.cdf(_left_out(n), n, 0.5)) if n > 1 else math.nan


def median_level(sizes: Iterable[int]) -> float:
    """What all of several `median_ends` cover, by their numbers of values: `CONFIDENCE`, or less where few are."""
    return min((CONFIDENCE, *(median_coverage(int(n)) for n in sizes if n > 1)))


@lru_cache(maxsize=512)
def _left_out(n: int) -> int:
    """Values that may be left out at each end."""
    cumulated = stats.binom.cdf(np.arange(n // 2 + 1), n, 0.5)
    return max(0, int((cumulated <= TAIL).sum()) - 1)


class Trimmed(NamedTuple):
    """Interquartile means of (n, ...) values: what they are, their variance, and its degrees of freedom."""

    mean: Floats
    variance: Floats
    freedom: int


def trimmed(values: npt.ArrayLike) -> Trimmed:
    """The interquartile mean, with the variance from values drawn in to the quartiles.

    A quarter of the values, rounded down, is cut at each end; with fewer than four it is the mean (Tukey and
    McLaughlin, Sankhya A 25, 1963; Yuen, Biometrika 61, 1974).
    """
    known = np.sort(np.asarray(values, dtype=float), axis=0)
    n, cut = len(known), len(known) // 4
    kept = n - 2 * cut
    if n < 2:
        return Trimmed(known.mean(axis=0) if n else _nothing(known)[0], _nothing(known)[0], 0)
    known = np.where(np.isnan(known[-1]), np.nan, known)  # NaN are sorted last, and may be cut off
    drawn_in = np.clip(known, known[cut], known[n - 1 - cut])
    squares = ((drawn_in - drawn_in.mean(axis=0)) ** 2).sum(axis=0)
    return Trimmed(known[cut : n - cut].mean(axis=0), squares / (kept * (kept - 1)), kept - 1)


def trimmed_ends(values: npt.ArrayLike) -> Ends:
    """The interval of the interquartile mean of (n, ...) values, by Student's t; NaN of fewer than two."""
    found = trimmed(values)
    if not found.freedom:
        return _nothing(np.asarray(values, dtype=float))
    half = _quantile(found.freedom) * np.sqrt(found.variance)
    return found.mean - half, found.mean + half


def ratio_ends(first: Trimmed, second: Trimmed, origin: float) -> Ends:
    """The interval of (origin - first) / (origin - second), of two independent samples.

    Fieller's (Journal of the Royal Statistical Society B 16, 1954), with Welch's degrees of freedom: the ratios r at
    which origin - first is not told from r times origin - second. NaN where the denominator may be 0.
    """
    a, b = origin - first.mean, origin - second.mean
    if not first.freedom or not second.freedom:
        return np.full_like(a, np.nan), np.full_like(a, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (a / b) ** 2 * second.variance
        welch = scaled + first.variance
        freedom = welch**2 / (first.variance**2 / first.freedom + scaled**2 / second.freedom)
        squared = stats.t(np.nan_to_num(freedom, nan=1.0)).ppf(1 - TAIL) ** 2
        bounded = b**2 - squared * second.variance
        both = first.variance * second.variance
        root = np.sqrt(squared * (a**2 * second.variance + b**2 * first.variance - squared * both))
        low, high = (a * b - root) / bounded, (a * b + root) / bounded
    known = bounded > 0
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def share_ends(successes: npt.ArrayLike, n: int) -> Ends:
    """Clopper and Pearson's interval of a share (Biometrika 26, 1934): never too narrow; NaN without any case.

    A tie may count as half a success, and any case as a part of one: no variable between 0 and 1 varies more than one
    that is either (Hoeffding, Annals of Mathematical Statistics 27, 1956).
    """
    found = np.asarray(successes, dtype=float)
    if not n:
        return _nothing(found[None])
    with np.errstate(invalid="ignore"):
        low = np.where(found > 0, stats.beta.ppf(TAIL, found, n - found + 1), 0.0)
        high = np.where(found < n, stats.beta.ppf(1 - TAIL, found + 1, n - found), 1.0)
    return low, high


def by_fewest(coverage: dict[int, float], n: int) -> float:
    """The coverage of an interval of n values, from one by the fewest values that have it; NaN of fewer."""
    return next((share for fewest, share in reversed(coverage.items()) if n >= fewest), math.nan)


@lru_cache(maxsize=512)
def _quantile(freedom: int) -> float:
    return float(stats.t(freedom).ppf(1 - TAIL))


def _nothing(values: Floats) -> Ends:
    """NaN for each column of (n, ...) values."""
    nothing = np.full(values.shape[1:], np.nan)
    return nothing, nothing
