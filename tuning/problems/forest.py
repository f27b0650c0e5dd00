"""The regression of a surrogate: how near each row of a table is to a configuration, and a scale for its metrics."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

TREES = 100
TAIL = 1.0  # the outermost stretch of the normal scores, whose slope is kept beyond what was observed
Floats = npt.NDArray[np.float64]
Inputs = npt.NDArray[np.float32]


class Forest:
    """Extremely randomized trees, grown until each leaf holds one row; only their leaves are used.

    Args:
        inputs: (num_rows, num_inputs).
        target: (num_rows, num_outputs); what the splits are to tell apart.
        times: (num_rows,); how often each row counts, as in a sample with replacement.
    """

    def __init__(self, inputs: Inputs, target: Floats, times: Floats) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        forest = ExtraTreesRegressor(TREES, random_state=0).fit(inputs, target, sample_weight=times)
        self._trees = [estimator.tree_ for estimator in forest.estimators_]
        self._leaves = self._leaves_of(inputs)
        self._times = times

    def weights(self, inputs: Inputs) -> Floats:
        """(num_inputs, num_rows); each row sums to 1."""
        same = (self._leaves_of(inputs)[:, :, None] == self._leaves.T) * self._times
        shares: Floats = same / same.sum(axis=2, keepdims=True)
        return np.asarray(shares.mean(axis=1))

    def _leaves_of(self, inputs: Inputs) -> npt.NDArray[np.intp]:
        # One tree at a time: the forest's own `apply` spends milliseconds on checks and threads.
        return np.stack([tree.apply(inputs) for tree in self._trees], axis=1)


class NormalScores:
    """A monotone map from a metric's values to the normal quantiles of their ranks, and back.

    Beyond the values observed it goes on in a straight line, with the slope of the outermost `TAIL` of the scores:
    ending there would make the best score seen that of many a search. Where all values lie between 0 and 1, as an
    accuracy's do, or none is below 0, as of a loss, it ends there.
    """

    def __init__(self, values: Floats) -> None:
        observed, counts = np.unique(values, return_counts=True)
        scores = stats.norm.ppf((np.cumsum(counts) - counts / 2) / counts.sum())
        self._low = 0.0 if observed[0] >= 0 else -np.inf
        self._high = 1.0 if observed[0] >= 0 and observed[-1] <= 1 else np.inf
        inner = np.interp([scores[0] + TAIL, scores[-1] - TAIL], scores, observed)
        self._values, self._scores = observed, scores
        self._below, self._above = (float(inner[0] - observed[0]) / TAIL, float(observed[-1] - inner[1]) / TAIL)

    def of(self, values: Floats) -> Floats:
        """Of observed values, or those between. NaN stays NaN."""
        return np.asarray(np.interp(values, self._values, self._scores))

    def back(self, scores: Floats) -> Floats:
        """Interpolates between observed values."""
        under, over = np.minimum(scores - self._scores[0], 0), np.maximum(scores - self._scores[-1], 0)
        values = np.interp(scores, self._scores, self._values) + self._below * under + self._above * over
        return np.asarray(np.clip(values, self._low, self._high))
