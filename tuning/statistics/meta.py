"""What several problems say together of each pair of tuners: on these problems, and on problems like these.

A random-effects meta-analysis. The difference d_p of two tuners on problem p, in `effects.Effects`' unit, is the mean
over problems in general, plus what this problem does for the two (the tuner x problem interaction), plus the sampling
of its searches. Each problem counts once, whatever its replicates; problems that share data are one draw of a problem,
and count once together.

- **These problems**: the mean of their true differences. Its error comes from the searches alone: from the variances
  of d_p, with Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946).
- **Problems like these, on average**: the mean over those that might have been drawn instead. Its error also holds
  which problems were drawn, so it is estimated from how much d_p varies: Student's t with one degree of freedom less
  than there are draws. With the same weight for every problem that is Hartung and Knapp's interval (Statistics in
  Medicine 20, 2001); IntHout, Ioannidis and Borm (BMC Medical Research Methodology 14, 2014) find that it covers with
  few studies, where the usual one does not. It is never said to be narrower than that of these problems.
- **A new problem**: what the same study of one more problem would find, Student's prediction interval.

**Assumed**: problems are drawn independently, and differences vary over them about normally; each pair has a variance
of its own, so tuners may be alike on all problems or not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from tuning.statistics.effects import Floats
from tuning.statistics.intervals import TAIL


class Together(NamedTuple):
    """Each pair over problems: the row's tuner minus the column's, (..., num_tuners, num_tuners) each.

    NaN where a pair has no problem in common, or too few draws: one for these problems, two for the others.

    Attributes:
        problems, draws: Number of problems that have both, and of independent draws of a problem among them.
        mean: Of the differences, in spreads.
        these_low, these_high, these_p: Interval for these problems, and the p of no difference.
        general_low, general_high, general_p: For problems like these, on average.
        new_low, new_high: What a study of one more problem would find.
        varies: Standard deviation of the true differences over problems; 0 where their variation is not more than the
            searches explain.
        varies_p: Of Cochran's test that they do not vary (Biometrics 10, 1954).
    """

    problems: Floats
    draws: Floats
    mean: Floats
    these_low: Floats
    these_high: Floats
    these_p: Floats
    general_low: Floats
    general_high: Floats
    general_p: Floats
    new_low: Floats
    new_high: Floats
    varies: Floats
    varies_p: Floats


def together(difference: Floats, variance: Floats, freedom: Floats, draws: npt.ArrayLike | None = None) -> Together:
    """The pairs of several problems.

    Args:
        difference: (..., num_problems, num_tuners, num_tuners), `effects.Effects.difference` of each problem.
        variance: Likewise.
        freedom: Likewise.
        draws: (num_problems,) which draw of a problem each belongs to; None for one draw each.
    """
    known = ~(np.isnan(difference) | np.isnan(variance))
    each = _indicators(np.arange(difference.shape[-3]) if draws is None else np.asarray(draws))
    size = np.einsum("dp,...pij->...dij", each, known)  # problems of a draw
    number = (size > 0).sum(axis=-3).astype(float)
    weight = known * np.einsum("dp,...dij->...pij", each, 1 / np.maximum(size, 1))
    found = _of_draws(each, weight * np.nan_to_num(difference), size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(found, axis=-3) / number
        half, these_p = _of_these(mean, (weight / number[..., None, :, :]) ** 2 * variance, freedom, known)
        spread2 = np.nansum((found - mean[..., None, :, :]) ** 2, axis=-3) / np.where(number > 1, number - 1, np.nan)
        wide, general_p = _student(mean, np.sqrt(spread2 / number), number - 1)
        wide, general_p = np.maximum(wide, half), np.maximum(general_p, these_p)
        new = np.maximum(stats.t.ppf(1 - TAIL, number - 1) * np.sqrt(spread2 * (1 + 1 / number)), wide)
        error2 = _of_draws(each, weight**2 * np.nan_to_num(variance), size)
        varies = np.sqrt(np.maximum(spread2 - np.nansum(error2, axis=-3) / number, 0))
    return Together(
        problems=known.sum(axis=-3).astype(float),
        draws=number,
        mean=mean,
        these_low=mean - half,
        these_high=mean + half,
        these_p=these_p,
        general_low=mean - wide,
        general_high=mean + wide,
        general_p=general_p,
        new_low=mean - new,
        new_high=mean + new,
        varies=varies,
        varies_p=_cochran(found, error2, number),
    )


def _indicators(draws: npt.NDArray[np.int64]) -> Floats:
    """(num_draws, num_problems): 1 where a problem belongs to a draw."""
    return np.asarray(np.unique(draws)[:, None] == draws, dtype=float)


def _of_draws(each: Floats, values: Floats, size: Floats) -> Floats:
    """Sums over the problems of each draw; NaN in a draw without any."""
    return np.asarray(np.where(size > 0, np.einsum("dp,...pij->...dij", each, values), np.nan))


def _of_these(mean: Floats, parts: Floats, freedom: Floats, known: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Half the width of the interval for these problems, and its p, from each problem's part of the variance."""
    variance = np.where(known.any(axis=-3), np.where(known, parts, 0).sum(axis=-3), np.nan)
    free = variance**2 / np.where(known, parts**2 / freedom, 0).sum(axis=-3)
    return _student(mean, np.sqrt(variance), free)


def _student(mean: Floats, error: Floats, free: Floats) -> tuple[Floats, Floats]:
    """Half the width of Student's interval, and the two-sided p of a mean of zero."""
    p = np.where(error > 0, 2 * stats.t.sf(np.abs(mean) / error, free), np.where(error == 0, mean == 0, np.nan))
    return np.asarray(stats.t.ppf(1 - TAIL, free) * error), np.asarray(p)


def _cochran(found: Floats, error2: Floats, number: Floats) -> Floats:
    """The p of Cochran's test; NaN with fewer than two draws."""
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = 1 / error2
        centre = np.nansum(weights * found, axis=-3) / np.nansum(weights, axis=-3)
        off = np.nansum(weights * (found - centre[..., None, :, :]) ** 2, axis=-3)
    return np.where(number > 1, stats.chi2.sf(off, np.maximum(number - 1, 1)), np.nan)
