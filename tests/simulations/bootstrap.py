"""Percentile bootstrap intervals, which reports had before `tuning.statistics.intervals`: what those are compared with.

Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tuning.statistics.bootstrap import BOOTSTRAP_SEED, CONFIDENCE, Floats

BOOTSTRAP_RESAMPLES = 10_000


def iqm_weights(n: int) -> Floats:
    """(n,): the interquartile mean's weight for each of n sorted values, as ``scipy.stats.trim_mean(values, 0.25)``.

    A quarter of the values, rounded down, is cut at each end; with fewer than four values it is the mean.
    """
    cut = n // 4
    weights = np.zeros(n)
    weights[cut : n - cut] = 1 / (n - 2 * cut)
    return weights


def mean_weights(n: int) -> Floats:
    """(n,): the weight that the mean gives to each of n values."""
    return np.full(n, 1 / n)


def replicated(values: npt.ArrayLike, weights: Floats, stratum: int = 0) -> Floats:
    """A weighted sum of sorted values, in every resample of the rows.

    Args:
        values: (n, k); columns are sorted separately, which is valid for independent rows. With `mean_weights`, for
            which order does not matter, rows are kept, so that columns are drawn together.
        weights: (n,) by rank, smallest value first.
        stratum: Which stream of draws.

    Returns:
        (BOOTSTRAP_RESAMPLES, k); NaN in columns that contain a NaN.
    """
    rows = np.asarray(values, dtype=float)
    sorts = not np.array_equal(weights, mean_weights(len(weights)))
    replicates: Floats = _masses(tuple(weights), stratum) @ (np.sort(rows, axis=0) if sorts else rows)
    return replicates


def percentile_interval(replicates: Floats) -> tuple[Floats, Floats]:
    """The two ends, each (k,), of the `CONFIDENCE` interval of (BOOTSTRAP_RESAMPLES, k) bootstrap replicates."""
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(np.ascontiguousarray(replicates.T), [tail, 100 - tail], axis=1)
    return low, high


@lru_cache(maxsize=16)
def _masses(weights: tuple[float, ...], stratum: int) -> Floats:
    """(BOOTSTRAP_RESAMPLES, n): the weight that each original value, in order of size, gets in each resample.

    If the draws are sorted, the resample of sorted values is sorted too; so every statistic that weights values by
    their order is one matrix product for all tuners and budgets.
    """
    n = len(weights)
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([BOOTSTRAP_SEED, stratum])))
    draws = np.sort(generator.integers(0, n, (BOOTSTRAP_RESAMPLES, n)), axis=1)
    flat = (draws + n * np.arange(BOOTSTRAP_RESAMPLES)[:, None]).ravel()
    masses: Floats = np.bincount(flat, np.tile(weights, BOOTSTRAP_RESAMPLES), BOOTSTRAP_RESAMPLES * n).astype(float)
    return masses.reshape(BOOTSTRAP_RESAMPLES, n)
