"""Scores over several splits of one data set: their spread is smaller than the uncertainty of their mean.

The splits share rows, so their scores are correlated, and S² / J is too small a variance of a mean of J of them: tests
that use it find differences that other data of the same kind do not show. Nadeau and Bengio, Inference for the
Generalization Error, Machine Learning 52, 2003, section 3, estimate the correlation by the share of test rows, which
makes the variance (1 / J + num_test / num_train) S². It does not shrink to zero with more splits: one data set says
only so much.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from tuning.statistics.bootstrap import CONFIDENCE


class ResampledMean(NamedTuple):
    """A mean over splits of one data set, and what it says of other data of the same kind.

    Attributes:
        mean: Of the differences.
        low: End of the `CONFIDENCE` interval.
        high: Its other end.
        p: Two-sided, of no difference.
    """

    mean: float
    low: float
    high: float
    p: float


def corrected_variance(differences: npt.ArrayLike, num_train: int, num_test: int) -> float:
    """Nadeau and Bengio's variance of the mean of (num_splits,) differences; NaN of fewer than two.

    Args:
        differences: One for each random split.
        num_train: Rows that are learned from in each split; those that a tuner validates on are among them.
        num_test: Rows that are scored on.

    Raises:
        ValueError: A part has no rows.
    """
    values = np.asarray(differences, dtype=float)
    if num_train < 1 or num_test < 1:
        raise ValueError(f"num_train={num_train}, num_test={num_test}: expected at least one row in each")
    if len(values) < 2:
        return math.nan
    return float((1 / len(values) + num_test / num_train) * values.var(ddof=1))


def resampled_t(differences: npt.ArrayLike, num_train: int, num_test: int) -> ResampledMean:
    """The corrected resampled t-test of (num_splits,) paired differences, with num_splits - 1 degrees of freedom.

    Interval and p are NaN with fewer than two splits; p is 1 where all differences are zero.

    Args:
        differences: As in `corrected_variance`.
        num_train: Likewise.
        num_test: Likewise.
    """
    values = np.asarray(differences, dtype=float)
    mean = float(values.mean()) if len(values) else math.nan
    error = math.sqrt(corrected_variance(values, num_train, num_test))
    if math.isnan(error):
        return ResampledMean(mean, math.nan, math.nan, math.nan)
    if error == 0:
        return ResampledMean(mean, mean, mean, float(mean == 0))
    distribution = stats.t(len(values) - 1)
    half = float(distribution.ppf((1 + CONFIDENCE) / 2)) * error
    return ResampledMean(mean, mean - half, mean + half, float(2 * distribution.sf(abs(mean) / error)))
