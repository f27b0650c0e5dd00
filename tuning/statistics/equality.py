"""Whether a mean difference is shown to be smaller than what matters."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

RARE = 0.2  # share of replicates in which something may go wrong that equality must not overlook
FEWEST = math.ceil(math.log(0.05) / math.log(1 - RARE))
"""Replicates from which on an event of this share would have shown itself with 95 %: 14."""


def mean_within(differences: npt.ArrayLike, rope: float, other: npt.ArrayLike | None = None) -> float:
    """The p of two one-sided t-tests that the mean difference is `rope` or more in either direction.

    Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987; with two samples, Welch's. Tests on ranks ask
    about the median, which a tuner that fails in one of five searches leaves where it is; this asks about the mean. If
    nothing has failed yet, that says little of a few searches: with fewer than `FEWEST` values it is 1.

    Args:
        differences: (n,) differences within replicates; with `other`, the first of two samples.
        rope: Above 0, in the unit of the values.
        other: (m,) the second sample.
    """
    first = np.asarray(differences, dtype=float)
    second = None if other is None else np.asarray(other, dtype=float)
    if min(len(first), len(first) if second is None else len(second)) < FEWEST:
        return 1.0
    variances = [sample.var(ddof=1) / len(sample) for sample in (first, second) if sample is not None]
    mean = float(first.mean() - (0.0 if second is None else second.mean()))
    error = math.sqrt(sum(variances))
    away = rope - abs(mean)
    if error == 0:
        return 0.0 if away > 0 else 1.0
    sizes = [len(sample) for sample in (first, second) if sample is not None]
    freedom = error**4 / sum(part**2 / (size - 1) for part, size in zip(variances, sizes, strict=True))
    return float(stats.t(freedom).sf(away / error))
