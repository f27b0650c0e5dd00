"""What makes the scores of one tuner differ: the split, the search's seed, the seed of the training.

A linear model with random effects, y = tuner + split + search + training, estimated by the method of moments (Searle,
Casella and McCulloch, Variance Components, 1992, chapter 4). The split's effect is what all tuners of a replicate
share; the search's effect also holds what one split does for one tuner alone. Bouthillier et al., Accounting for
Variance in Machine Learning Benchmarks (MLSys 2021), find the split to be the largest part.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Components(NamedTuple):
    """Variances, in the square of the metric's unit; estimates below 0 are 0. NaN: it cannot be told.

    Attributes:
        split: What the replicates' splits make of the scores of all tuners.
        search: What remains between searches; with one split for all replicates, all that is not the training.
        training: Between seeds of one configuration.
    """

    split: float
    search: float
    training: float

    def shares(self) -> dict[str, float]:
        """Each known part's share of their sum, by name; empty if nothing varies."""
        known = {name: value for name, value in self._asdict().items() if not math.isnan(value)}
        total = sum(known.values())
        return {name: value / total for name, value in known.items()} if total > 0 else {}


def components(scores: npt.ArrayLike, *, split_each: bool) -> Components:
    """The parts of the variance of (num_tuners, num_replicates, num_seeds) scores, NaN where one is missing.

    A replicate counts if every tuner has a score in it, so that all parts are of the same searches.

    Args:
        scores: Of each search's winner on each of its seeds.
        split_each: Whether every replicate has a split of its own, which its tuners share.
    """
    values = np.asarray(scores, dtype=float)
    known = ~np.isnan(values)
    values = values[:, known.any(axis=2).all(axis=0)]
    num_tuners, num_replicates = values.shape[:2]
    if num_replicates < 2 or not num_tuners:
        return Components(math.nan, math.nan, math.nan)
    seeds = (~np.isnan(values)).sum(axis=2)
    means = np.nanmean(values, axis=2)
    freedom = int((seeds - 1).sum())
    training = float(np.nansum((values - means[..., None]) ** 2) / freedom) if freedom else math.nan
    within = means - means.mean(axis=1, keepdims=True)
    noise = 0.0 if math.isnan(training) else training * float((1 / seeds).mean())
    if not split_each or num_tuners < 2:
        search = float((within**2).sum() / (num_tuners * (num_replicates - 1)))
        return Components(math.nan, max(0.0, search - noise), training)
    of_split = within.mean(axis=0)
    residual = float(((within - of_split) ** 2).sum() / ((num_tuners - 1) * (num_replicates - 1)))
    between = float(num_tuners * (of_split**2).sum() / (num_replicates - 1))
    return Components(max(0.0, (between - residual) / num_tuners), max(0.0, residual - noise), training)
