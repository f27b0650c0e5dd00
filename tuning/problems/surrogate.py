"""A model of learning curves, fitted on trained configurations: the source of a `TableProblem`'s answers.

    weights   how near each row of the table is to a configuration: the share of trees in which both share a leaf
    row       one row, drawn with these weights and the trial's seed
    curve     the weighted average of the rows' curves, plus or minus the drawn row's residual

The trees are extremely randomized (Geurts, Ernst and Wehenkel, Machine Learning 63, 2006), and their weights estimate
the distribution of curves at a configuration (Meinshausen, JMLR 7, 2006). Forests are the usual model of surrogate
benchmarks (Eggensperger et al., AAAI 2015): they handle conditional and categorical hyperparameters directly. A
Gaussian process fits smooth spaces better, but would favour a tuner that uses one itself; no tuner here uses forests.

Where configurations were trained several times, a row's residual is its difference from its configuration's mean: the
noise of seeds and splits. Else residuals come from cross-validation: they hold that noise and what the model could not
explain, so scores spread as in the table; what is not explained looks like noise, and a tuner that would have exploited
it gains less here than in training. Their sign is drawn, so that a residual is noise and does not shift the mean. A row
that FAILED fails the trials that draw it, at its epoch and with its error; a row that ended early ends them early.

Metrics are modelled by their normal scores (the normal quantiles of their ranks over the whole table), so that a few
diverged trainings do not dominate. They are converted back by interpolation between observed values, never beyond.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from tuning.configuration import Configuration
from tuning.journal.records import Trial, TrialState
from tuning.objective import Objective
from tuning.space.hyperparameter import finite_values, is_active
from tuning.space.space import Space

TREES = 100
FOLDS = 10
INACTIVE = -1.0  # outside the unit interval, so that one split separates active from inactive
Floats = npt.NDArray[np.float64]


class Surrogate:
    """Learning curves as a function of configuration and seed.

    Args:
        space: Of the configurations.
        rows: Trials from scratch, trained in full or FAILED, in random order; at least `FOLDS` configurations with a
            score, each once or several times.
        objective: The trees are fitted to its metric, and predict all metrics.
        max_epochs: Of a full training.

    Attributes:
        metrics: Those that every epoch of every trained row reports as a finite number.
        errors: `fit_errors` of the cross-validated means, against what configurations were trained to on average.
    """

    def __init__(self, space: Space, rows: Sequence[Trial], objective: Objective, max_epochs: int) -> None:
        self.space = space
        self.rows = list(rows)
        self.trained = np.array([row.state != TrialState.FAILED for row in self.rows])
        whole = [row.curve for row in self.rows if row.state != TrialState.FAILED]
        epochs = [epoch for curve in whole for epoch in curve]
        self.metrics = [
            name for name in whole[0][0] if all(math.isfinite(epoch.get(name, math.nan)) for epoch in epochs)
        ]
        curves = np.full((len(self.rows), max_epochs, len(self.metrics)), np.nan)
        curves[self.trained] = [
            [[epoch[name] for name in self.metrics] for epoch in _padded(curve, max_epochs)] for curve in whole
        ]
        self._scales = [_NormalScores(curves[self.trained, :, place]) for place in range(len(self.metrics))]
        self._scored = np.stack([scale.of(curves[:, :, place]) for place, scale in enumerate(self._scales)], axis=2)
        heights = curves[:, :, self.metrics.index(objective.metric)] * (1.0 if objective.direction == "max" else -1.0)
        target = _NormalScores(heights[self.trained]).of(heights)
        target[~self.trained] = np.nanmin(target)  # a configuration that fails is no better than the worst
        inputs = np.array([self._encoded(row.configuration) for row in self.rows], dtype=np.float32)
        self._forest = _Forest(inputs, target)
        numbers = self._numbered()
        means = self._cross_validated(inputs, target, numbers)
        rows_trained = np.flatnonzero(self.trained)
        places = rows_trained[np.unique(numbers[rows_trained], return_index=True)[1]]  # one of each configuration
        self._residuals = self._noise(numbers) if len(places) < len(rows_trained) else self._scored - means
        trained = np.array([curves[self.trained & (numbers == numbers[place])].mean(axis=0) for place in places])
        self.errors = fit_errors(self.metrics, self._values(means)[places], trained)

    def curve(self, configuration: Configuration, seed: int) -> tuple[list[dict[str, float]], str]:
        """The metrics of each epoch, and the error of a training that fails (else empty); deterministic."""
        weights = self._forest.weights(np.array([self._encoded(configuration)], dtype=np.float32))[0]
        generator = np.random.default_rng(seed)
        drawn = int(generator.choice(len(weights), p=weights))
        row = self.rows[drawn]
        if not self.trained[drawn]:
            return [dict(epoch) for epoch in row.curve], row.error
        noise = generator.choice([-1.0, 1.0]) * self._residuals[drawn]
        values = self._values(self._mean(weights) + noise)[: len(row.curve)]
        return [dict(zip(self.metrics, epoch, strict=True)) for epoch in values.tolist()], ""

    def _encoded(self, configuration: Configuration) -> list[float]:
        """A configuration as numbers: KerasTuner's position in the unit interval; for text values, one-hot columns."""
        numbers: list[float] = []
        for hp in self.space.hyperparameters:
            known = finite_values(hp) or ()
            words = [value for value in known if isinstance(value, str)]
            value = configuration[hp.name] if is_active(hp, configuration) else None
            if words:
                numbers += [INACTIVE if value is None else float(value == word) for word in words]
            else:
                numbers.append(INACTIVE if value is None else float(hp.value_to_prob(value)))
        return numbers

    def _mean(self, weights: Floats, rows: slice | npt.NDArray[np.bool_] = slice(None)) -> Floats:
        """(max_epochs, num_metrics): the average of the trained rows among `rows`, in normal scores."""
        kept = weights * self.trained[rows]
        if not kept.any():  # all near rows FAILED
            kept = self.trained[rows].astype(float)
        return np.asarray(np.tensordot(kept / kept.sum(), np.nan_to_num(self._scored[rows]), axes=1))

    def _numbered(self) -> npt.NDArray[np.intp]:
        """(num_rows,): the number of each row's configuration, in order of first appearance."""
        numbers: dict[str, int] = {}
        return np.array(
            [numbers.setdefault(repr(sorted(row.configuration.items())), len(numbers)) for row in self.rows]
        )

    def _noise(self, numbers: npt.NDArray[np.intp]) -> Floats:
        """Each row's difference from its configuration's mean, widened so that its variance is not too small.

        A configuration with one trained row says nothing of noise: it borrows that of the others.
        """
        noise = np.full_like(self._scored, np.nan)
        for number in np.unique(numbers[self.trained]):
            rows = np.flatnonzero(self.trained & (numbers == number))
            if len(rows) > 1:
                differences = self._scored[rows] - self._scored[rows].mean(axis=0)
                noise[rows] = differences * math.sqrt(len(rows) / (len(rows) - 1))
        known = np.flatnonzero(~np.isnan(noise).any(axis=(1, 2)))
        alone = np.flatnonzero(self.trained & np.isnan(noise).any(axis=(1, 2)))
        noise[alone] = noise[np.resize(known, len(alone))]
        return noise

    def _cross_validated(
        self, inputs: npt.NDArray[np.float32], target: Floats, numbers: npt.NDArray[np.intp]
    ) -> Floats:
        """Each row's prediction by a forest fitted on the other folds' rows; the rows' order is random already.

        All rows of a configuration are in one fold, and the folds hold equally many that FAILED throughout.
        """
        fold = np.empty(len(inputs), dtype=int)
        scored = np.isin(numbers, numbers[self.trained])
        for part in (scored, ~scored):
            places = np.unique(numbers[part], return_inverse=True)[1]
            fold[part] = places % FOLDS
        means = np.empty_like(self._scored)
        for number in range(FOLDS):
            others, held_out = fold != number, fold == number
            weights = _Forest(inputs[others], target[others]).weights(inputs[held_out])
            means[held_out] = [self._mean(row_weights, others) for row_weights in weights]
        return means

    def _values(self, scores: Floats) -> Floats:
        """(..., num_metrics) normal scores as the metrics' values."""
        return np.stack([scale.back(scores[..., place]) for place, scale in enumerate(self._scales)], axis=-1)


class _Forest:
    """Extremely randomized trees, grown until each leaf holds one row; only their leaves are used."""

    def __init__(self, inputs: npt.NDArray[np.float32], target: Floats) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        forest = ExtraTreesRegressor(TREES, random_state=0).fit(inputs, target)
        self._trees = [estimator.tree_ for estimator in forest.estimators_]
        self._leaves = self._leaves_of(inputs)

    def weights(self, inputs: npt.NDArray[np.float32]) -> Floats:
        """(num_inputs, num_rows); each row sums to 1."""
        same = self._leaves_of(inputs)[:, :, None] == self._leaves.T
        shares: Floats = same / same.sum(axis=2, keepdims=True)
        return np.asarray(shares.mean(axis=1))

    def _leaves_of(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
        # One tree at a time: the forest's own `apply` spends milliseconds on checks and threads.
        return np.stack([tree.apply(inputs) for tree in self._trees], axis=1)


class _NormalScores:
    """A monotone map from a metric's values to the normal quantiles of their ranks, and back."""

    def __init__(self, values: Floats) -> None:
        self._values, counts = np.unique(values, return_counts=True)
        self._scores = stats.norm.ppf((np.cumsum(counts) - counts / 2) / counts.sum())

    def of(self, values: Floats) -> Floats:
        """NaN stays NaN."""
        return np.asarray(np.interp(values, self._values, self._scores))

    def back(self, scores: Floats) -> Floats:
        """Interpolates between observed values; beyond them, gives the nearest."""
        return np.asarray(np.interp(scores, self._scores, self._values))


def fit_errors(metrics: Sequence[str], predicted: Floats, trained: Floats) -> pd.DataFrame:
    """How far predicted curves are from the trained ones, both (num_rows, max_epochs, num_metrics).

    Returns:
        (num_metrics * max_epochs, 5): metric, epoch (from 1), rmse (in the metric's unit), r2 (share of the variance
        explained), rank_correlation (Spearman's); NaN if all trained or all predicted values are equal.
    """
    rows = []
    for place, metric in enumerate(metrics):
        for epoch in range(trained.shape[1]):
            guess, truth = predicted[:, epoch, place], trained[:, epoch, place]
            square = float(np.mean((guess - truth) ** 2))
            varied = bool(np.ptp(truth) > 0)
            correlated = varied and bool(np.ptp(guess) > 0)
            rows.append(
                {
                    "metric": metric,
                    "epoch": epoch + 1,
                    "rmse": square**0.5,
                    "r2": 1.0 - square / float(np.var(truth)) if varied else np.nan,
                    "rank_correlation": float(stats.spearmanr(guess, truth).statistic) if correlated else np.nan,
                }
            )
    return pd.DataFrame(rows)


def _padded(curve: Sequence[Mapping[str, float]], length: int) -> list[Mapping[str, float]]:
    """Extends a curve that ended early by its last values."""
    return [*curve, *[curve[-1]] * (length - len(curve))]
