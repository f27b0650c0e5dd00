"""Differences between the tuners of a problem in a unit that problems share: the spread of a search.

Scores of different metrics cannot be averaged, and a difference of 0.01 is much on one problem and nothing on another.
So a difference of means is divided by the problem's spread, the standard deviation of the scores of one tuner's
searches, pooled over tuners; where replicates have splits of their own, what a split does to all tuners is taken out of
it. That is a standardised mean difference, with Hedges' correction of its bias and his variance (Hedges, Journal of
Educational Statistics 6, 1981; Hedges and Olkin, Statistical Methods for Meta-Analysis, 1985, chapter 5). It does not
depend on the metric's unit, and tells how far apart two tuners are beside how far apart two searches of one tuner are.
Its price: where searches hardly vary, small differences are many spreads. And a spread of skewed or outlying scores is
known worse than Hedges' variance says, which is that of normal ones: where Miller's jackknife of the logarithm of a
variance (Annals of Mathematical Statistics 39, 1968) finds more, that counts.

Shapes: ``...`` is any number of simulated studies; a report's problem has none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]
FEWEST_FREE = 3  # degrees of freedom of a spread; with fewer its reciprocal has no variance
PRIOR_FREE = 4  # degrees of freedom that the pooled variance is worth beside a tuner's own


class Effects(NamedTuple):
    """The tuners of one problem, in units of its spread; NaN where there is nothing to compare.

    Attributes:
        spread: (...,) in the metric's unit; NaN with fewer than `FEWEST_FREE` degrees of freedom, or 0.
        means: (..., num_tuners) mean scores; what is added to all of them means nothing.
        noise: (..., num_tuners) sampling variances of these means.
        difference: (..., num_tuners, num_tuners) of the row's tuner minus the column's.
        variance: (..., num_tuners, num_tuners) its sampling variance.
        freedom: (..., num_tuners, num_tuners) degrees of freedom of that.
    """

    spread: Floats
    means: Floats
    noise: Floats
    difference: Floats
    variance: Floats
    freedom: Floats


class _Raw(NamedTuple):
    """In the metric's unit: squared spread and its degrees of freedom; means, variances and freedoms of pairs.

    ``residuals``, as the scores: what is left of each without its tuner's mean, and without its replicate's if paired.
    """

    squares: Floats
    free: Floats
    difference: Floats
    variance: Floats
    freedom: Floats
    residuals: Floats


def effects(scores: npt.ArrayLike, *, paired: bool) -> Effects:
    """The tuners of one problem. A tuner with a single score counts as not run, because that has no spread.

    Args:
        scores: (..., num_replicates, num_tuners), higher is better; NaN where a score is missing.
        paired: Whether the scores of a replicate share a split.
    """
    values = np.asarray(scores, dtype=float)
    values = np.where((~np.isnan(values)).sum(axis=-2, keepdims=True) >= 2, values, np.nan)
    count = (~np.isnan(values)).sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        raw = (_paired if paired else _apart)(values, count)
        spread = np.sqrt(
            np.where((raw.free >= FEWEST_FREE) & (raw.squares > _rounded_off(values)), raw.squares, np.nan)
        )
        shrink, widen = _hedges(np.where(np.isnan(spread), np.nan, raw.free))
        unit, shrink, widen = (part[..., None, None] for part in (spread, shrink, widen))
        difference = shrink * raw.difference / unit
        # The sampling of the means, and that of the spread by which they are divided; unbiased for normal scores.
        of_spread = np.fmax(1 - 1 / widen, _jackknifed(raw.residuals, raw.free)[..., None, None])
        variance = raw.variance / unit**2 + difference**2 * of_spread
        own = np.ones(count.shape) if paired else _own(values, count, spread)
        noise = np.where(count >= 2, widen[..., 0] * own / count, np.nan)
        # Of a pair's own variance beside the pooled one, which it is a part of.
        left = 1 / raw.freedom - 1 / raw.free[..., None, None]
        freedom = np.where(left > 1e-9, 1 / left, np.where(np.isnan(left), np.nan, np.inf))
    return Effects(spread, _row_means(difference), noise, difference, variance, freedom)


def _apart(values: Floats, count: npt.NDArray[np.int64]) -> _Raw:
    """Samples of each tuner; Welch's degrees of freedom."""
    means, squares = _mean_and_squares(values)
    free = (np.maximum(count - 1, 0)).sum(axis=-1)
    error = squares / (count - 1) / count
    variance = error[..., :, None] + error[..., None, :]
    parts = error**2 / (count - 1)
    freedom = variance**2 / (parts[..., :, None] + parts[..., None, :])
    difference = means[..., :, None] - means[..., None, :]
    residuals = values - means[..., None, :]
    return _Raw(np.nansum(squares, axis=-1) / free, free.astype(float), difference, variance, freedom, residuals)


def _paired(values: Floats, count: npt.NDArray[np.int64]) -> _Raw:
    """Differences within replicates: half the variance of a difference is a spread without the split's part."""
    differences = values[..., :, None] - values[..., None, :]
    common = (~np.isnan(differences)).sum(axis=-3)
    means, squares = _mean_and_squares(differences, axis=-3)
    within = squares / (common - 1)
    known = ~np.isnan(values)
    rows = (known.sum(axis=-1) >= 2).sum(axis=-1)
    free = (known & (known.sum(axis=-1, keepdims=True) >= 2)).sum(axis=(-2, -1)) - rows - (count >= 2).sum(axis=-1) + 1
    places = np.triu_indices(values.shape[-1], 1)
    pooled = np.nansum(squares[..., *places], axis=-1) / np.maximum(common - 1, 0)[..., *places].sum(axis=-1) / 2
    variance = np.where(common >= 2, within / common, np.nan)
    residuals = _row_means(differences - means[..., None, :, :])
    means = np.where(common >= 2, means, np.nan)
    return _Raw(pooled, free.astype(float), means, variance, common - 1.0, residuals)


def _mean_and_squares(values: Floats, axis: int = -2) -> tuple[Floats, Floats]:
    """Means along an axis, and the sums of squares around them; NaN where nothing is known."""
    known = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    means = np.nansum(values, axis=axis, keepdims=True) / np.where(known > 0, known, np.nan)
    squares = np.nansum((values - means) ** 2, axis=axis)
    means = np.squeeze(means, axis=axis)
    return means, np.where(np.isnan(means), np.nan, squares)


def _hedges(free: Floats) -> tuple[Floats, Floats]:
    """Hedges' correction J, and J² m / (m - 2): what a variance grows by because the spread is estimated."""
    shrink = np.exp(gammaln(free / 2) - gammaln((free - 1) / 2)) / np.sqrt(free / 2)
    return shrink, shrink**2 * free / (free - 2)


def _jackknifed(residuals: Floats, free: Floats) -> Floats:
    """(...,): the variance of the logarithm of the spread, by leaving out one score at a time.

    Squares are weighted by the share of its score that a residual is (Wu, Annals of Statistics 14, 1986). That share is
    exact where no score is missing. Where one score makes all the spread, nothing would be left without it, and the
    logarithm is kept finite.
    """
    squares = np.where(np.isnan(residuals), 0, residuals**2)
    number = (~np.isnan(residuals)).sum(axis=(-2, -1), keepdims=True)
    free = free[..., None, None]
    share = free / number
    left = 1 - squares / share / squares.sum(axis=(-2, -1), keepdims=True)
    logs = np.log(np.maximum(left, 1 / free**2)) / 2
    logs = np.where(np.isnan(residuals), np.nan, logs)
    off = logs - np.nansum(logs, axis=(-2, -1), keepdims=True) / number
    return np.asarray(np.nansum(share * off**2, axis=(-2, -1)))


def _own(values: Floats, count: npt.NDArray[np.int64], spread: Floats) -> Floats:
    """(..., num_tuners): a tuner's own variance beside the pooled one, drawn towards 1 where it has few scores."""
    _, squares = _mean_and_squares(values)
    return np.asarray((PRIOR_FREE + squares / spread[..., None] ** 2) / (PRIOR_FREE + count - 1))


def _row_means(difference: Floats) -> Floats:
    """(..., num_tuners): how far each tuner is above the average tuner."""
    known = (~np.isnan(difference)).sum(axis=-1)
    return np.asarray(np.nansum(difference, axis=-1) / np.where(known > 0, known, np.nan))


def _rounded_off(values: Floats) -> Floats:
    """(...,): the square of what the last bits of the scores may be off."""
    largest = np.where(np.isnan(values), 0, np.abs(values)).max(axis=(-2, -1), initial=0)
    return np.asarray((1e-12 * largest) ** 2)
