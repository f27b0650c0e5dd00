"""A model of learning curves, fitted on trained configurations: the source of a `TableProblem`'s answers.

    table     the configurations trained, drawn with replacement: another draw for each replicate
    weights   how near each row of that table is to a configuration: the share of trees in which both share a leaf
    mean      the weighted average of the rows' curves: what a configuration is worth
    row       one row, drawn with these weights and the trial's seed
    curve     the mean, plus or minus the drawn row's residual

The trees are extremely randomized (Geurts, Ernst and Wehenkel, Machine Learning 63, 2006), and their weights estimate
the distribution of curves at a configuration (Meinshausen, JMLR 7, 2006). Forests are the usual model of surrogate
benchmarks (Eggensperger et al., AAAI 2015): they handle conditional and categorical hyperparameters directly. A
Gaussian process fits smooth spaces better, but would favour a tuner that uses one itself; no tuner here uses forests.

A table is a sample of the space, and another one would give another surrogate. One surrogate for all replicates makes
its accidents certain; so each replicate has one that is fitted on a bootstrap sample of the configurations (Efron,
Annals of Statistics 7, 1979), as it has a split of its own where models are trained.

Where configurations were trained several times, a row's residual is its difference from its configuration's mean: the
noise of seeds and splits. Else residuals come from cross-validation: they hold that noise and what the model could not
explain, so scores spread as in the table; what is not explained looks like noise, and a tuner that would have exploited
it gains less here than in training. Their sign is drawn, so that a residual is noise and does not shift the mean. A row
that FAILED fails the trials that draw it, at its epoch and with its error; a row that ended early ends them early.

Metrics are modelled by their normal scores (the normal quantiles of their ranks over the whole table), so that a few
diverged trainings do not dominate. They are converted back by interpolation between observed values, and beyond them
in a straight line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from tuning.configuration import Configuration, key_of
from tuning.journal.records import Trial, TrialState
from tuning.objective import Objective
from tuning.problems.forest import Floats, Forest, NormalScores
from tuning.space.hyperparameter import finite_values, is_active
from tuning.space.space import Space

FOLDS = 10
BEST, FEWEST = 0.1, 5  # the best tenth of the configurations, or so many: their error is told beside that of all
INACTIVE = -1.0  # outside the unit interval, so that one split separates active from inactive


class Surrogate:
    """Learning curves as a function of table, configuration and seed.

    Args:
        space: Of the configurations.
        rows: Trials from scratch, trained in full or FAILED, in random order; at least `FOLDS` configurations with a
            score, each once or several times.
        objective: The trees are fitted to its metric, and predict all metrics.
        max_epochs: Of a full training.

    Attributes:
        metrics: Those that every epoch of every trained row reports as a finite number.
        best: Number of configurations in the best tenth, at least `FEWEST`.
        errors: `fit_errors` of the cross-validated means, against what configurations were trained to on average.
    """

    def __init__(self, space: Space, rows: Sequence[Trial], objective: Objective, max_epochs: int) -> None:
        self.space = space
        self.objective = objective
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
        self._scales = [NormalScores(curves[self.trained, :, place]) for place in range(len(self.metrics))]
        self.scored = np.stack([scale.of(curves[:, :, place]) for place, scale in enumerate(self._scales)], axis=2)
        heights = curves[:, :, self.metrics.index(objective.metric)] * (1.0 if objective.direction == "max" else -1.0)
        self.target = NormalScores(heights[self.trained]).of(heights)
        self.target[~self.trained] = np.nanmin(self.target)  # a configuration that fails is no better than the worst
        self.inputs = np.array([self.encoded(row.configuration) for row in self.rows], dtype=np.float32)
        self.numbers = self._numbered()
        means = self._cross_validated()
        rows_trained = np.flatnonzero(self.trained)
        places = rows_trained[np.unique(self.numbers[rows_trained], return_index=True)[1]]  # one of each configuration
        self.residuals = self._noise() if len(places) < len(rows_trained) else self.scored - means
        trained = np.array([curves[self.trained & (self.numbers == self.numbers[at])].mean(axis=0) for at in places])
        order = np.argsort([-objective.sign * objective.score(self.logs(curve)) for curve in trained])
        self.best = max(FEWEST, round(BEST * len(places)))
        self.errors = fit_errors(self.metrics, self.values(means)[places], trained, order[: self.best])

    def table(self, seed: int) -> Curves:
        """The model on a bootstrap sample of the configurations, each with all its rows."""
        generator = np.random.default_rng(seed)
        configurations = int(self.numbers.max()) + 1
        while True:  # until one that was trained is among them
            drawn = generator.integers(configurations, size=configurations)
            times = np.bincount(drawn, minlength=configurations)[self.numbers]
            if self.trained[times > 0].any():
                return Curves(self, times)

    def values(self, scores: Floats) -> Floats:
        """(..., num_metrics) normal scores as the metrics' values."""
        return np.stack([scale.back(scores[..., place]) for place, scale in enumerate(self._scales)], axis=-1)

    def logs(self, values: Floats) -> list[dict[str, float]]:
        """(num_epochs, num_metrics) values as the metrics of each epoch."""
        return [dict(zip(self.metrics, epoch, strict=True)) for epoch in values.tolist()]

    def mean(self, weights: Floats, rows: npt.NDArray[np.intp]) -> Floats:
        """(max_epochs, num_metrics): the average of the trained ones among these rows, in normal scores."""
        kept = weights * self.trained[rows]
        if not kept.any():  # all near rows FAILED
            kept = self.trained[rows].astype(float)
        return np.asarray(np.tensordot(kept / kept.sum(), np.nan_to_num(self.scored[rows]), axes=1))

    def encoded(self, configuration: Configuration) -> list[float]:
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

    def _numbered(self) -> npt.NDArray[np.intp]:
        """(num_rows,): the number of each row's configuration, in order of first appearance."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(key_of(row.configuration), len(numbers)) for row in self.rows])

    def _noise(self) -> Floats:
        """Each row's difference from its configuration's mean, widened so that its variance is not too small.

        A configuration with one trained row says nothing of noise: it borrows that of the others.
        """
        noise = np.full_like(self.scored, np.nan)
        for number in np.unique(self.numbers[self.trained]):
            rows = np.flatnonzero(self.trained & (self.numbers == number))
            if len(rows) > 1:
                differences = self.scored[rows] - self.scored[rows].mean(axis=0)
                noise[rows] = differences * math.sqrt(len(rows) / (len(rows) - 1))
        known = np.flatnonzero(~np.isnan(noise).any(axis=(1, 2)))
        alone = np.flatnonzero(self.trained & np.isnan(noise).any(axis=(1, 2)))
        noise[alone] = noise[np.resize(known, len(alone))]
        return noise

    def _cross_validated(self) -> Floats:
        """Each row's prediction by a forest fitted on the other folds' rows; the rows' order is random already.

        All rows of a configuration are in one fold, and the folds hold equally many that FAILED throughout.
        """
        fold = np.empty(len(self.rows), dtype=int)
        scored = np.isin(self.numbers, self.numbers[self.trained])
        for part in (scored, ~scored):
            places = np.unique(self.numbers[part], return_inverse=True)[1]
            fold[part] = places % FOLDS
        means = np.empty_like(self.scored)
        for number in range(FOLDS):
            others, held_out = np.flatnonzero(fold != number), fold == number
            forest = Forest(self.inputs[others], self.target[others], np.ones(len(others)))
            means[held_out] = [self.mean(weights, others) for weights in forest.weights(self.inputs[held_out])]
        return means


class Curves:
    """The learning curves of one table.

    Args:
        surrogate: With all rows.
        times: (num_rows,) whole numbers: how often each is in the table.
    """

    def __init__(self, surrogate: Surrogate, times: npt.NDArray[np.intp]) -> None:
        self._of = surrogate
        self._rows = np.flatnonzero(times)
        inputs, target = surrogate.inputs[self._rows], surrogate.target[self._rows]
        self._forest = Forest(inputs, target, times[self._rows].astype(float))

    def curve(self, configuration: Configuration, seed: int) -> tuple[list[dict[str, float]], str]:
        """The metrics of each epoch, and the error of a training that fails (else empty); deterministic."""
        weights = self._weights(configuration)
        generator = np.random.default_rng(seed)
        drawn = int(self._rows[generator.choice(len(weights), p=weights)])
        row = self._of.rows[drawn]
        if not self._of.trained[drawn]:
            return [dict(epoch) for epoch in row.curve], row.error
        noise = generator.choice([-1.0, 1.0]) * self._of.residuals[drawn]
        values = self._of.values(self._of.mean(weights, self._rows) + noise)
        return self._of.logs(values[: len(row.curve)]), ""

    def mean(self, configuration: Configuration) -> list[dict[str, float]]:
        """The same without noise: the metrics of each epoch of a full training."""
        return self._of.logs(self._of.values(self._of.mean(self._weights(configuration), self._rows)))

    @cached_property
    def best(self) -> float:
        """The best score, by the objective, of the means of the table's own configurations."""
        rows = self._rows[self._of.trained[self._rows]]
        each = rows[np.unique(self._of.numbers[rows], return_index=True)[1]]
        weights = self._forest.weights(self._of.inputs[each])
        curves = [self._of.logs(self._of.values(self._of.mean(near, self._rows))) for near in weights]
        return self._of.objective.best([self._of.objective.score(curve) for curve in curves])

    def _weights(self, configuration: Configuration) -> Floats:
        """(num_rows_of_the_table,)"""
        inputs = np.array([self._of.encoded(configuration)], dtype=np.float32)
        return np.asarray(self._forest.weights(inputs)[0])


def fit_errors(
    metrics: Sequence[str], predicted: Floats, trained: Floats, best: Sequence[int] | npt.NDArray[np.intp]
) -> pd.DataFrame:
    """How far predicted curves are from the trained ones, both (num_rows, max_epochs, num_metrics).

    Args:
        best: The rows whose errors are told apart. A search ends among them, and there configurations differ little:
            an error that is small beside the differences of all may be large beside theirs.

    Returns:
        (num_metrics * max_epochs, 7): metric, epoch (from 1), rmse (in the metric's unit), r2 (share of the variance
        explained), rank_correlation (Spearman's), best_rmse and best_rank_correlation (of `best` alone); NaN if all
        trained or all predicted values are equal.
    """
    rows = []
    for place, metric in enumerate(metrics):
        for epoch in range(trained.shape[1]):
            guess, truth = predicted[:, epoch, place], trained[:, epoch, place]
            square = float(np.mean((guess - truth) ** 2))
            rows.append(
                {
                    "metric": metric,
                    "epoch": epoch + 1,
                    "rmse": square**0.5,
                    "r2": 1.0 - square / float(np.var(truth)) if np.ptp(truth) > 0 else np.nan,
                    "rank_correlation": _rank_correlation(guess, truth),
                    "best_rmse": float(np.mean((guess[best] - truth[best]) ** 2)) ** 0.5,
                    "best_rank_correlation": _rank_correlation(guess[best], truth[best]),
                }
            )
    return pd.DataFrame(rows)


def _rank_correlation(guess: Floats, truth: Floats) -> float:
    varied = bool(np.ptp(truth) > 0 and np.ptp(guess) > 0)
    return float(stats.spearmanr(guess, truth).statistic) if varied else math.nan


def _padded(curve: Sequence[Mapping[str, float]], length: int) -> list[Mapping[str, float]]:
    """Extends a curve that ended early by its last values."""
    return [*curve, *[curve[-1]] * (length - len(curve))]
